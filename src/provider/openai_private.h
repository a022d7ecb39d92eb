/* provider/openai_private.h: what the openai kind's files share: profiles as data, one call. */
#pragma once

#include "provider/provider_private.h"

/* Optional things a request may carry; a server that refuses one by name gets the next try without
 * (facts 1B.0.4).  Bits of exchange.dropped. */
enum openai_field {
    OPENAI_COUNT,
    OPENAI_SIZE,
    OPENAI_QUALITY,
    OPENAI_BACKGROUND,
    OPENAI_FORMAT,
    OPENAI_COMPRESSION,
    OPENAI_MODERATION,
    OPENAI_COMPLEXITY,
    OPENAI_STREAM,
    OPENAI_PARTIALS,
    OPENAI_RESPONSE_FORMAT,
    OPENAI_SEED,
    OPENAI_NEGATIVE,
    OPENAI_STEPS,
    OPENAI_SCALE,
    OPENAI_USER,
    OPENAI_IMAGE_LIST, /* not a field: the name image[]; without it, image is repeated */
    OPENAI_FIELD_COUNT
};
#define OPENAI_RETRIES_MAX 8

/* How reference pictures travel. */
enum openai_edits {
    EDITS_LIST,       /* multipart: image, image[] for several */
    EDITS_REPEATED,   /* multipart: image, again and again */
    EDITS_JSON,       /* JSON: images: [{image_url}] */
    EDITS_REFERENCES, /* JSON: input_references: [{type, image_url: {url}}] (OpenRouter) */
    EDITS_NUMBERED,   /* JSON: image, image2, image3 (SiliconFlow) */
    EDITS_URLS,       /* JSON: image_url, or reference_images for several (Together) */
    EDITS_FILES,      /* JSON: file, or ref_images for several, bare base64 (LocalAI) */
};

enum openai_prompt {
    PROMPT_PLAIN,
    PROMPT_SD_ARGS, /* other controls ride in the prompt as <sd_cpp_extra_args> (sd-server) */
    PROMPT_PIPE,    /* positive|negative (LocalAI) */
};

/* How text is asked for: facts 1.6 and 1.5. */
enum openai_api { API_NONE, API_CHAT, API_RESPONSES };

/* How an answer is made to fit a schema; each falls back to the one before. */
enum openai_schema {
    SCHEMA_TOLD,   /* the schema stands in the system text */
    SCHEMA_OBJECT, /* and the service holds the answer to be JSON */
    SCHEMA_STRICT, /* the service holds the answer to the schema */
};

/* What a request for text may go without, when a server refuses it by name.  Bits of
 * exchange.dropped. */
enum openai_write_field {
    WRITE_TOKENS,       /* the limit under the profile's name; then */
    WRITE_TOKENS_OTHER, /* under its other name */
    WRITE_VERBOSITY,    /* beside the schema: looked at before it */
    WRITE_TEMPERATURE,
    WRITE_SCHEMA, /* the schema; then */
    WRITE_OBJECT, /* JSON at all */
    WRITE_EFFORT,
    WRITE_STORE,
    WRITE_USER,
    WRITE_FIELD_COUNT
};

struct openai_profile {
    const char *name;
    const char *const
        *hosts;           /* "auto" knows it by these: exact, or "api.together." as a beginning */
    const char *base_url; /* when the account names none; NULL: it must */
    const char *path_default; /* of a base URL without a path */
    const char *generate_path, *edit_path, *mask_path,
        *models_path; /* generate_path NULL: makes no pictures */
    enum openai_edits edits;
    enum openai_prompt prompt;
    int64_t references_max;
    const char *mask_field;      /* NULL: takes no masks */
    const char *response_format; /* sent to models that are not GPT-image; NULL: never sent */
    bool mask_is_white, size_is_pair, needs_model, can_stream;
    bool chat_is_google;             /* a picture's shape rides in a chat as extra_body.google */
    const char *const *mask_fields;  /* words of a call with a mask; NULL: `fields` */
    uint64_t edits_only, draws_only; /* bits of fields that the other sort of call does not know */
    int64_t count_max;               /* pictures per call; 0: the model's own */
    const char *cfg_models;          /* part of the names of models whose scale is "cfg" */
    bool refusals_cost;              /* facts 8: a blocked request is billed for its input */
    bool errors_are_free;            /* facts 8: a 5xx of the service itself is not billed */
    const char *fields[OPENAI_FIELD_COUNT]; /* wire names; NULL: cannot be said */
    enum openai_api text_api;
    enum openai_schema schema;
    const char *tokens, *tokens_other; /* names of the limit of a chat; the latter may be NULL */
};

/* "auto", NULL-terminated, for the form */
extern const char *const openai_profile_names[];
#define OPENAI_MODEL_COUNT 19
extern const struct provider_model openai_models[OPENAI_MODEL_COUNT];
extern const struct provider_model openai_model_default;

const struct openai_profile *openai_profile_of(const struct provider_account *account);
/* How this account's texts are asked for. */
enum openai_api openai_text_api_of(const struct provider_account *account);
/* kind->narrow */
void openai_narrow(const struct provider_account *account, struct provider_model *model);

/* One request on its way to one kind of server. */
struct openai_call {
    const struct provider_account *account;
    const struct provider_request *request;
    const struct openai_profile *profile;
    struct provider_model model;
    enum openai_edits edits;
    enum openai_api text_api;
    bool uses_tool;              /* a picture through the Responses API */
    bool uses_chat;              /* or through Chat Completions */
    const char *response_format; /* NULL: none */
    struct str base;
    uint64_t dropped;
};

/* The model cannot, or the profile cannot: fails with the field (openai_check.c). */
MUST_CHECK bool openai_check(const struct openai_call *call, struct error *err);
MUST_CHECK bool openai_call_init(struct openai_call *call, const struct provider_account *account,
                                 const struct provider_request *request, uint64_t dropped,
                                 struct arena *arena, struct error *err);
/* Everything of an exchange with this account but its body. */
MUST_CHECK bool openai_exchange_init(const struct provider_account *account, struct arena *arena,
                                     struct exchange *out, struct error *err);
MUST_CHECK bool openai_build(const struct openai_call *call, struct arena *arena,
                             struct exchange *out, struct error *err);
/* The Idempotency-Key; a call after a refused one has a key of its own, the same for ever again. */
MUST_CHECK bool openai_add_idempotency(const struct openai_call *call, struct arena *arena,
                                       struct exchange *out, struct error *err);
/* A paid JSON order at this path below the base, with its key: everything but its body. */
MUST_CHECK bool openai_order_init(const struct openai_call *call, const char *path,
                                  struct arena *arena, struct exchange *out, struct error *err);
/* The pictures go to the edits' own place: references or a mask are there. */
static inline bool openai_is_edit(const struct provider_request *request)
{
    return request->reference_count > 0 || request->mask != NULL;
}
/* What this call says for `field`; NULL: it has no word for it. */
const char *openai_field_name(const struct openai_call *call, enum openai_field field);
bool openai_is_gpt_image(struct str model);
/* What is sent for quality: the request's, else the model's default; may be empty. */
struct str openai_quality(const struct openai_call *call);
/* How much a GPT Image 2.6 plans, when its owner wants less than the model's own; else empty. */
struct str openai_complexity(const struct openai_call *call);
/* What is sent for background; may be empty. */
struct str openai_background(const struct openai_call *call);
bool openai_streams(const struct openai_call *call);
/* The wire name of a field that may be sent; NULL when the profile has none or it was refused. */
const char *openai_name(const struct openai_call *call, enum openai_field field);

/* --- replies --- */
void openai_read_usage(const struct json *body, const struct exchange_reply *reply,
                       struct provider_usage *out);
struct str openai_request_id(const struct openai_call *call, const struct exchange_reply *reply,
                             struct arena *arena);

/* --- fall-backs (openai_fallback.c) --- */
bool openai_said_names(const struct provider_said *said, const char *name);
/* "unknown parameter" in all its words. */
bool openai_said_unknown(const struct provider_said *said);
/* The call without the optional field that a 400 or 422 named; false: it named none. */
bool openai_find_next(const struct openai_call *call, const struct exchange *exchange,
                      const struct exchange_reply *reply, struct arena *arena,
                      struct exchange *next);
struct str openai_list_dropped(const struct openai_call *call, struct arena *arena);

/* --- text (openai_write.c, openai_write_read.c) --- */
MUST_CHECK bool openai_write_check(const struct openai_call *call, struct error *err);
MUST_CHECK bool openai_write_build(const struct openai_call *call, struct arena *arena,
                                   struct exchange *out, struct error *err);
void openai_write_read(const struct openai_call *call, const struct exchange *exchange,
                       const struct exchange_reply *reply, bool can_retry, struct arena *arena,
                       struct provider_verdict *out);
/* A chat's message of a person: its pictures, then its words; without pictures the words are plain
 * text where `may_be_plain`, for some know no parts. */
void openai_add_user_message(struct json_writer *writer, const struct provider_request *request,
                             bool may_be_plain);
/* What the call says for `field`; NULL: it does not send it. */
const char *openai_write_name(const struct openai_call *call, enum openai_write_field field);

/* --- pictures through the Responses API (openai_tool.c) --- */
bool openai_wants_tool(const struct provider_account *account,
                       const struct provider_request *request);
/* kind->writes_beside: the text model that calls the tool. */
bool openai_tool_writes(const struct provider_account *account,
                        const struct provider_request *request, struct provider_request *out);
bool openai_is_tool(const struct exchange *exchange);
bool openai_tool_streams(const struct openai_call *call);
MUST_CHECK bool openai_tool_check(const struct openai_call *call, struct error *err);
MUST_CHECK bool openai_tool_build(const struct openai_call *call, struct arena *arena,
                                  struct exchange *out, struct error *err);
void openai_tool_read(const struct openai_call *call, const struct exchange *exchange,
                      const struct exchange_reply *reply, bool can_retry, struct arena *arena,
                      struct provider_verdict *out);
MUST_CHECK bool openai_poll(const struct provider_account *account, struct str remote_id,
                            struct arena *arena, struct exchange *out, struct error *err);
MUST_CHECK bool openai_cancel(const struct provider_account *account, struct str remote_id,
                              struct arena *arena, struct exchange *out, struct error *err);

/* --- pictures through Chat Completions (openai_chat.c) --- */
bool openai_wants_chat(const struct provider_account *account,
                       const struct provider_request *request);
MUST_CHECK bool openai_chat_check(const struct openai_call *call, struct error *err);
MUST_CHECK bool openai_chat_build(const struct openai_call *call, struct arena *arena,
                                  struct exchange *out, struct error *err);
/* Of a reply without a picture: what was said instead. */
void openai_chat_explain(const struct openai_call *call, const struct exchange_reply *reply,
                         struct arena *arena, struct provider_failure *failure);

struct provider_stream *openai_stream_begin(struct arena *arena);
void openai_stream_feed(struct provider_stream *stream, struct str piece,
                        void (*on_partial)(void *context, const struct provider_partial *partial),
                        void *context);
struct str openai_stream_end(struct provider_stream *stream);
/* The code of the error body that stands for a stream without an end. */
#define OPENAI_STREAM_CODE "stream_incomplete"
