/*
 * provider/provider_private.h: what the kinds share with each other: options, headers, addresses,
 * error bodies, multipart bodies, pictures found in replies.  Pure, as the whole room is.
 */
#pragma once

#include "provider/provider.h"

extern const struct provider_kind provider_mock;
extern const struct provider_kind provider_openai;
extern const struct provider_kind provider_gemini;
extern const struct provider_kind provider_xai;
extern const struct provider_kind provider_ark;
extern const struct provider_kind provider_volc_visual;
extern const struct provider_kind provider_dashscope;
extern const struct provider_kind provider_minimax;
extern const struct provider_kind provider_zhipu;
extern const struct provider_kind provider_siliconflow;
extern const struct provider_kind provider_comfyui;
extern const struct provider_kind provider_ideogram;
extern const struct provider_kind provider_stability;
extern const struct provider_kind provider_fal;
extern const struct provider_kind provider_replicate;
extern const struct provider_kind provider_bfl;
extern const struct provider_kind provider_anthropic;
#ifdef VITRINE_FAULTS
extern const struct provider_kind provider_ledger;
extern const struct provider_kind provider_ledger_asked;
#endif

/* --- options: members of account.options, liberal in type: 5, "5"; true, "true" --- */
struct str account_option_text(const struct provider_account *account, const char *name);
/* Clamped to the bounds; `fallback` when absent or unreadable. */
int64_t account_option_int(const struct provider_account *account, const char *name,
                           int64_t fallback, int64_t min, int64_t max);
double account_option_double(const struct provider_account *account, const char *name,
                             double fallback, double min, double max);
bool account_option_bool(const struct provider_account *account, const char *name, bool fallback);

/* --- the same of one call: what the request sets, else what the account does (option.c) --- */
struct str call_option_text(const struct provider_account *account,
                            const struct provider_request *request, const char *name);
int64_t call_option_int(const struct provider_account *account,
                        const struct provider_request *request, const char *name, int64_t fallback,
                        int64_t min, int64_t max);
double call_option_double(const struct provider_account *account,
                          const struct provider_request *request, const char *name, double fallback,
                          double min, double max);
bool call_option_bool(const struct provider_account *account,
                      const struct provider_request *request, const char *name, bool fallback);
/* A row of a model's options. */
#define OPTION_ROW(kind_of, wire_name, en, zh, told_en, told_zh, ...)                              \
    {                                                                                              \
        .name = (wire_name), .type = PROVIDER_FIELD_##kind_of, .label_en = (en), .label_zh = (zh), \
        .help_en = (told_en), .help_zh = (told_zh), __VA_ARGS__                                    \
    }
/* The request's own; NULL: it is silent. */
const struct provider_setting *request_setting(const struct provider_request *request,
                                               const char *name);

/* --- headers --- */
#define EXCHANGE_HEADERS_MAX 12
/* `name` is a literal, `value` must outlive the exchange (arena or static). */
void exchange_add_header(struct exchange *exchange, struct arena *arena, const char *name,
                         struct str value);
/* "Authorization: Bearer KEY", nothing for an empty key.  Fails: INVALID when the key has a space
 * or a control character, which would break the head. */
MUST_CHECK bool exchange_add_bearer(struct exchange *exchange,
                                    const struct provider_account *account, struct arena *arena,
                                    struct error *err);
/* The same in a header of another name, `before` (a literal, may be "") in front of the key. */
MUST_CHECK bool exchange_add_key(struct exchange *exchange, const struct provider_account *account,
                                 const char *name, const char *before, struct arena *arena,
                                 struct error *err);
/* Visible ASCII and spaces inside only: what may stand in a header without an escape. */
bool header_value_is_plain(struct str value);
void exchange_set_body(struct exchange *exchange, struct arena *arena, struct str body);

/* --- addresses --- */
/*
 * What people paste, made a base: trimmed, trailing slashes and a known endpoint cut off, and
 * `path_default` ("/v1") appended when there is no path (facts 1B.0.7).  Fails: INVALID or TOO_LONG
 * with field "base_url".
 */
MUST_CHECK bool provider_url_base(struct str base_url, const char *path_default,
                                  struct arena *arena, struct str *out, struct error *err);
/* Letters, digits, - and _ alone, `size_max` at most: an id that may become a part of a path. */
bool remote_id_is_plain(struct str id, size_t size_max);
/* Host without port of an http(s) URL, as written; empty when there is none. */
struct str provider_url_host(struct str url);

/* --- what an error body says --- */
struct provider_said {
    struct str message, code, type, param; /* in the arena, unmasked: for deciding only */
    bool has_error;                        /* the body says that something went wrong */
    bool is_page;                          /* HTML */
    bool is_flagged;                       /* a moderation verdict stands beside the message */
};
void provider_said_read(struct str body, struct arena *arena, struct provider_said *out);
/* exchange_classify() that also masks the account's key in what the provider said. */
void exchange_classify_for(const struct provider_account *account,
                           const struct exchange_reply *reply, struct arena *arena,
                           struct provider_failure *out);
#define PROVIDER_MESSAGE_MAX 500
/* Valid UTF-8 on one line, the key and any beginning of it of 8 bytes or more as "***", cut. */
struct str provider_text_clean(struct str key, struct str text, size_t size_max,
                               struct arena *arena);
/* The same with the account's own key. */
struct str provider_text_clean_for(const struct provider_account *account, struct str text,
                                   size_t size_max, struct arena *arena);
bool text_has_nocase(struct str text, const char *part); /* ASCII case only */

/* --- multipart/form-data --- */
#define MULTIPART_PARTS_MAX 64
struct multipart_part {
    const char *name;
    struct str file_name, mime; /* empty: a text field */
    struct str bytes;           /* borrowed */
};
struct multipart {
    struct multipart_part parts[MULTIPART_PARTS_MAX];
    size_t count;
};
void multipart_add_text(struct multipart *multipart, const char *name, struct str value);
void multipart_add_file(struct multipart *multipart, const char *name, struct str file_name,
                        struct str mime, struct str bytes);
/* Writes body segments and Content-Type.  The boundary is a hash of the parts, so that the same
 * parts are the same bytes for ever; file bytes are not copied. */
void multipart_finish(const struct multipart *multipart, struct arena *arena,
                      struct exchange *exchange);

/* --- what a model can do --- */
bool text_is_listed(struct str text, const char *const *list); /* `list` ends with NULL */
/* 0 x 0 leaves the size to the provider.  Fails with field "size". */
MUST_CHECK bool provider_check_size(const struct provider_model *model,
                                    const struct provider_request *request, struct error *err);
/* Refuses, with its field, whatever of a picture request `model` has no name for: seed, quality,
 * mask and the like; a quality or format it does not list; too many pictures. */
MUST_CHECK bool provider_check_fields(const struct provider_model *model,
                                      const struct provider_request *request, struct error *err);
/* Pictures to work on: at most `model->references_max` of them, of `types` (ends with NULL; NULL:
 * any we know), `each_max` bytes each (0: no bound) and `all_max` in all.  Fails with field
 * "references" or "references[N]". */
MUST_CHECK bool provider_check_references(const struct provider_model *model,
                                          const struct provider_request *request,
                                          const char *const *types, size_t each_max, size_t all_max,
                                          struct error *err);
MUST_CHECK bool provider_check_picture(const struct provider_image *image, const char *field,
                                       const char *const *types, size_t size_max,
                                       struct error *err);
/* About how many tokens a text is. */
int64_t provider_count_tokens(struct str text);
/* What a service takes whatever the model. */
struct provider_limits {
    int64_t prompt_max; /* characters */
    int64_t seed_max;
    size_t picture_size_max; /* bytes of one reference or mask */
    bool prompt_is_optional;
    bool mask_is_white; /* the form of the mask; kind->wants_white_mask() says the same */
};
/* Refuses what the model or the service cannot do, with the field. */
MUST_CHECK bool provider_check_request(const struct provider_model *model,
                                       const struct provider_request *request,
                                       const struct provider_limits *limits, struct error *err);
/* micro-units for `tokens` at `rate_micro` a million, rounded up; -1 for what cannot be. */
int64_t provider_token_cost(int64_t tokens, int64_t rate_micro);

/* --- sizes of services that are told a shape and a class of size, not pixels (ratio.c) --- */
struct ratio {
    const char *name;      /* "16:9", as the service wants it */
    int64_t width, height; /* of a picture of class 1K */
};
struct ratio_class {
    const char *name; /* "2K" */
    int64_t quarters; /* of a 1K picture's sides: 8 */
    int64_t tokens;   /* what such a picture takes, where pictures are billed so */
};
/*
 * Shape and class of which `width` x `height` is the picture; both lists end with a NULL name.
 * `is_exact`: to the pixel, as `sizes` of the catalogue has them; else a shape within 3 % and a
 * class within an eighth of its side, for models that nothing is known of.  False: there is none.
 */
bool ratio_find(const struct ratio *ratios, const struct ratio_class *classes, int64_t width,
                int64_t height, bool is_exact, const struct ratio **ratio,
                const struct ratio_class **class);

/* --- pictures --- */
#define PICTURES_MAX 64
#define PICTURE_SIZE_MAX MIB(64)
struct picture_list {
    struct arena *arena;
    struct provider_picture *items;
    struct sha256 *hashes;
    size_t count;
    size_t
        broken; /* what should have been a picture and is none: cut short, not base64, no image */
};
/* NULL when the bytes are no picture we know. */
const char *picture_mime(struct str bytes);
/* False when the container itself says that bytes are missing. */
bool picture_is_whole(struct str bytes);
void picture_list_init(struct picture_list *list, struct arena *arena);
/* Finds pictures in all the places of facts 1B.0.1; equal ones once. */
void picture_list_read(struct picture_list *list, const struct json *body);
/* A body that is itself a picture. */
void picture_list_add_bytes(struct picture_list *list, struct str bytes);
/* One object's own picture, with what stands beside it: {"b64_json" | "url", "revised_prompt"}. */
void picture_list_read_item(struct picture_list *list, const struct json *item);
/* Of a PNG or JPEG, the types our references come in; false when it cannot be told. */
bool picture_size(struct str bytes, int64_t *width, int64_t *height);
/* As a JSON text: bare base64, or a data URI. */
void picture_write_base64(struct json_writer *writer, struct str bytes, bool is_uri);

/* --- lists of models --- */
/* read_probe of kinds whose list is {"data":[{"id":…}]}, {"models":[…]} or a bare list. */
void provider_read_models(const struct provider_account *account,
                          const struct exchange_reply *reply, struct arena *arena,
                          struct str **models, size_t *count, struct provider_failure *failure);

/* --- text (PROVIDER_WRITE) --- */
/* A member of an object; none for a NULL name, and none for an empty text. */
void provider_add_text(struct json_writer *writer, const char *name, struct str text);
void provider_add_int(struct json_writer *writer, const char *name, int64_t number);
/* A member of an object; none for a NULL name, and none for an empty text. */
#define WRITE_TOKENS_DEFAULT 4096 /* what is allowed when the request leaves it open */
/* The same of a model that thinks by itself and was not told how much: as of one told to think
 * much. */
#define WRITE_TOKENS_OPEN (INT64_C(4) * WRITE_TOKENS_DEFAULT)
/*
 * What holds for every kind: the model writes, looks at as many pictures as there are, and these
 * are png, jpeg or webp of at most `picture_size_max` bytes; prompt and schema are in order.  Fails
 * with the field.
 */
MUST_CHECK bool provider_check_write(const struct provider_model *model,
                                     const struct provider_request *request,
                                     int64_t picture_size_max, struct error *err);
int64_t provider_write_tokens(const struct provider_request *request);
/* Rows of write_options that several kinds have. */
extern const struct provider_field provider_option_temperature; /* 0 to 2 */
extern const struct provider_field provider_option_verbosity;   /* low, medium, high */
#define EFFORT_ROW(levels)                                                                         \
    OPTION_ROW(CHOICE, "effort", "Thinking", "思考程度",                                           \
               "More is slower and better at detailed wishes; its tokens are paid for.",           \
               "越高越慢，复杂要求完成得更好；思考用量会计费。", .choices = (levels))
/* Empty becomes "answer". */
struct str provider_schema_name(const struct provider_request *request);
/* The system text; with `tells_schema` the schema too, in words, for a service that takes none. */
struct str provider_write_system(const struct provider_request *request, bool tells_schema,
                                 struct arena *arena);
/*
 * What a model wrote becomes the verdict's text: valid UTF-8 without control characters, trimmed,
 * without a <think> block; with a schema it must hold one JSON object, which is all that stays.
 * False: there is no such answer in it.
 */
MUST_CHECK bool provider_answer_read(const struct provider_request *request, struct str text,
                                     struct arena *arena, struct str *out);
