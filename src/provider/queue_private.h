/*
 * provider/queue_private.h: what fal, replicate and bfl share: many models behind one door, which
 * differ in the names and forms of their inputs (data here, not code), and work that goes on under
 * a remote id.
 */
#pragma once

#include "provider/provider_private.h"

#define QUEUE_POLL_MS 1000 /* facts 6.1 and 6.3: half a second to one and a half */

/* How an endpoint is told a size. */
enum queue_size {
    QUEUE_SIZE_NONE,
    QUEUE_SIZE_OBJECT, /* size_name: {"width": …, "height": …} */
    QUEUE_SIZE_PAIR,   /* width and height; and size_name, when there is one, says "custom" */
    QUEUE_SIZE_RATIO,  /* size_name: the nearest of `ratios`; tier_name: how large */
};

/* How an endpoint wants its input: the names of its fields, NULL where it has none. */
struct queue_form {
    const char *image;  /* one picture goes here */
    const char *images; /* a list: several pictures, or even a single one without `image` */
    bool is_numbered;   /* several go to IMAGE, IMAGE_2, IMAGE_3 … */
    const char *mask;   /* white is to be changed */
    enum queue_size size;
    const char *size_name;
    const char *const *ratios; /* "16:9", …; NULL-terminated */
    const char *tier_name;
    const char *const *tiers; /* of pictures like 1024, 2048 and 4096 px square: "1K", "2K", "4K" */
    const char *count, *seed, *steps, *scale, *negative, *quality, *background, *format,
        *compression;
    int64_t steps_min, steps_max; /* 0: no bound is known */
    double scale_min, scale_max;
    const char *jpeg;    /* its word for JPEG; NULL: "jpeg" */
    const char *checker; /* true: its filter of pictures is on; `unchecker`: true: it is off */
    const char *unchecker;
    const char *tolerance; /* how much the filter lets pass */
    int64_t tolerance_min, tolerance_max;
    bool tolerance_is_text;
    const char *rewriter; /* true: the prompt may be rewritten; `unrewriter`: true: it may not */
    const char *unrewriter;
    /* Options of the model that it takes under their own names; NULL-terminated; NULL: none. */
    const struct provider_field *const *extras;
};

/* Where a request goes.  No form: the model cannot. */
struct queue_place {
    const struct queue_form *form;
    const char *endpoint; /* NULL: the model's own id */
};

/* One model's inputs, beside its row of the catalogue. */
struct queue_row {
    const char *model;
    struct queue_place generate, edit, several, mask; /* several: of two pictures and more, when
                                                         that is another place than edit */
    /* Where the price grows with the size: of a picture's first megapixel, of each further one, of
     * each megapixel that goes in.  first_micro 0: the catalogue's price per picture. */
    int64_t first_micro, further_micro, input_micro;
};

struct queue_catalogue {
    const struct provider_kind *kind;
    const struct queue_row *rows;
    size_t row_count;
    /* The row of an unknown id: the commonest names. */
    const struct queue_row *(*row_default)(struct str model);
    size_t picture_size_max;
};

/* One request on its way to one endpoint. */
struct queue_call {
    const struct provider_account *account;
    const struct provider_request *request;
    struct provider_model model;
    const struct queue_row *row;
    const struct queue_form *form;
    struct str endpoint;
    const struct str *urls; /* where references, and behind them the mask, were uploaded to; empty:
                               it travels inside.  NULL: they all do */
    bool is_bare;           /* inside: as bare base64 instead of a data URI */
};

/* --- queue_form.c --- */

/* Finds place and form.  Fails: with the field, what the model cannot do. */
MUST_CHECK bool queue_call_init(struct queue_call *call, const struct queue_catalogue *catalogue,
                                const struct provider_account *account,
                                const struct provider_request *request, struct error *err);
/* The members of the input object. */
void queue_write_input(const struct queue_call *call, struct json_writer *writer);
/* Of one picture that size, with so many pictures given; -1 unknown. */
int64_t queue_price(const struct queue_row *row, const struct provider_model *model, int64_t width,
                    int64_t height, int64_t references);
const struct queue_row *queue_row_find(const struct queue_catalogue *catalogue, struct str model);
int64_t queue_estimate(const struct queue_catalogue *catalogue,
                       const struct provider_request *request, const char **currency);

/* --- queue.c --- */

/* A part of a path: letters, digits, '-', '_' and '.', but neither "." nor "..". */
bool queue_segment_is_plain(struct str segment);
/* `count_min` and more of them, with slashes between. */
bool queue_path_is_plain(struct str path, size_t count_min, size_t size_max);

/* A service's address and how it is shown the key. */
struct queue_door {
    const char *base_url, *path_default, *key_header, *key_before;
};
MUST_CHECK bool queue_base(const struct queue_door *door, const struct provider_account *account,
                           struct arena *arena, struct str *out, struct error *err);
/* An exchange with the service itself, `path` behind its base. */
MUST_CHECK bool queue_exchange_init(const struct queue_door *door,
                                    const struct provider_account *account,
                                    enum exchange_purpose purpose, const char *method,
                                    struct str path, struct arena *arena, struct exchange *out,
                                    struct error *err);
/* The paid call: POST, with the key of the request, room and time for an answer. */
void queue_exchange_pay(struct exchange *exchange, struct arena *arena, struct str body);

/* FAILED, nothing known. */
void queue_verdict_init(struct provider_verdict *out);
bool queue_reply_is_good(const struct exchange_reply *reply); /* 2xx, whole */
/* DONE with what is in the list; says what is missing of `count`. */
void queue_verdict_done(struct provider_verdict *out, const struct picture_list *list,
                        int64_t count, struct arena *arena);
void queue_verdict_wait(struct provider_verdict *out, struct str remote_id);
void queue_verdict_fail(struct provider_verdict *out, enum failure_class class,
                        enum charged charged, struct str message);
/* The provider's own words, clean: `text`, or `fallback` when there are none. */
struct str queue_words(const struct provider_account *account, struct str text,
                       const char *fallback, struct arena *arena);
/* It tells of a filter of content, in the words these services use. */
bool queue_words_refuse(struct str text);
/* The probe's answer when the service lists no models: those of the catalogue. */
void queue_read_probe(const struct queue_catalogue *catalogue,
                      const struct provider_account *account, const struct exchange_reply *reply,
                      bool is_good, struct arena *arena, struct str **models, size_t *count,
                      struct provider_failure *failure);

/* facts 6.11: white is changed at all of them, so far as their masks are offered here. */
bool queue_wants_white_mask(const struct provider_account *account);

/* --- rows that the forms of their accounts share --- */

extern const char *const queue_tolerances[]; /* "auto", "0" … "6" */
extern const char *const queue_rewrites[];   /* "auto", "on", "off" */

#define QUEUE_FIELD_TOLERANCE                                                                      \
    {                                                                                              \
        .name = "safety_tolerance", .type = PROVIDER_FIELD_CHOICE,                                 \
        .label_en = "What the filter lets pass", .label_zh = "过滤宽松度",                         \
        .help_en = "0 is the strictest, 6 lets most pass; auto leaves it to the model.",           \
        .help_zh = "0 最严格，6 最宽松；auto 由模型决定。", .fallback = "auto",                    \
        .choices = queue_tolerances                                                                \
    }
#define QUEUE_FIELD_REWRITING                                                                      \
    {                                                                                              \
        .name = "prompt_rewriting", .type = PROVIDER_FIELD_CHOICE, .label_en = "Prompt rewriting", \
        .label_zh = "改写提示词",                                                                  \
        .help_en = "Whether the model may reword the prompt; auto leaves it to the model.",        \
        .help_zh = "是否允许模型改写提示词；auto 由模型决定。", .fallback = "auto",                \
        .choices = queue_rewrites                                                                  \
    }

/* The same as options of a model: the names that write_options() has words for. */
extern const struct provider_field queue_option_tolerance, queue_option_rewriting,
    queue_option_checker;

/* --- shapes that their catalogues share: one size a ratio, for what is wanted is the shape --- */

#define QUEUE_RATIOS "1:1", "21:9", "16:9", "3:2", "4:3", "5:4", "4:5", "3:4", "2:3", "9:16"
#define QUEUE_SIZES_1K                                                                             \
    "1024x1024", "1536x672", "1344x768", "1248x832", "1184x864", "1152x896", "896x1152",           \
        "864x1184", "832x1248", "768x1344"
#define QUEUE_SIZES_2K                                                                             \
    "2048x2048", "3072x1344", "2688x1536", "2496x1664", "2368x1728", "2304x1792", "1792x2304",     \
        "1728x2368", "1664x2496", "1536x2688"
#define QUEUE_SIZES_4K                                                                             \
    "4096x4096", "6144x2688", "5376x3072", "4992x3328", "4736x3456", "4608x3584", "3584x4608",     \
        "3456x4736", "3328x4992", "3072x5376"
