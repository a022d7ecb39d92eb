/*
 * provider/provider.h: a provider is a pure translation: our request to its HTTP exchanges, its
 * replies to our result.  No sockets, no clock, no database: it includes core alone.  One file per
 * kind, a row in the registry.
 */
#pragma once

#include "core/arena.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/secret.h"
#include "core/shape.h"
#include "core/str.h"

/* WRITE: text out, from the prompt and the pictures to look at (references). */
enum provider_action { PROVIDER_GENERATE, PROVIDER_EDIT, PROVIDER_WRITE };

/* Output tokens of one picture, by quality and shape: what a token-billed model is estimated with.
 */
struct provider_tokens {
    const char *quality;
    int64_t square, portrait, landscape; /* at about a megapixel; larger ones grow from it */
};

struct provider_field;

/* What a model can do; the form on the page is drawn from it. */
struct provider_model {
    struct str name;  /* the wire id */
    struct str label; /* for people; empty: the name */
    bool is_known; /* a row of the catalogue; false: nothing is known, the request passes through */
    bool is_own;   /* the account's own, of its options: kind->own_models */
    bool can_generate, can_edit, can_mask, has_seed, has_negative, has_steps, has_scale,
        has_transparency, has_stream;
    bool can_write;         /* text */
    bool can_see;           /* pictures to write about: references_max of them */
    bool has_schema;        /* writes JSON that fits a schema */
    int64_t references_max; /* 0: takes none */
    int64_t count_max;      /* pictures per call */
    const char *const
        *sizes; /* "1024x1024", …; NULL-terminated; NULL: any within the bounds below */
    int64_t side_px_min, side_px_max, side_px_step, pixels_min, pixels_max; /* 0: no bound */
    int64_t ratio_max;            /* long side to short side; 0: no bound */
    const char *quality_default;  /* what is sent when the request leaves it open; NULL: nothing */
    const char *const *qualities; /* NULL: none */
    const char *const *formats;   /* "png", "jpeg", "webp"; NULL: not chosen */
    int64_t price_micro;     /* per picture at default size and quality, or per text, in `currency`;
                                -1 unknown */
    const char *currency;    /* "USD" */
    const char *price_as_of; /* "2026-11-22" */
    /* Token-billed models: micro-units of `currency` per million tokens; all 0: billed by picture.
     */
    int64_t rate_text_in_micro, rate_image_in_micro, rate_out_micro;
    const struct provider_tokens *tokens; /* ends with a row whose quality is NULL; may be NULL */
    int64_t rate_cached_in_micro; /* of what the provider read from its cache; 0: no discount */
    int64_t reference_tokens;     /* what one reference picture costs at most */
    int64_t partial_tokens;       /* what one partial picture costs */
    /* What one call may also say, each under the name it has in the service's words or in the
     * account's options, which then are what is meant when a call is silent.  NULL-terminated;
     * NULL: nothing. */
    const struct provider_field *const *options;
    const struct provider_field *const *write_options; /* the same of a text */
};

/*
 * What a house pays for a model when that is not the catalogue's price: one of three rules, in one
 * currency.  What a service tells of a call's cost goes before all of them.
 */
struct provider_price {
    struct str rule;      /* "percent", "pictures", "tokens" */
    struct str currency;  /* three capitals; empty: the catalogue's, as always of percent */
    int64_t percent;      /* of what the catalogue says */
    struct list pictures; /* of struct provider_picture_price; a text costs what a picture does */
    int64_t text_in_micro, image_in_micro, cached_in_micro, out_micro; /* per million tokens */
};
struct provider_picture_price {
    struct str quality; /* empty: any */
    int64_t pixels_max; /* 0: any size */
    int64_t price_micro;
};
struct provider_own_price {
    struct str model;
    struct provider_price price;
    const char *currency; /* of `price`; NULL: the catalogue's */
};
#define PROVIDER_PRICE_ROWS_MAX 20
#define PROVIDER_PRICE_MICRO_MAX (1000000 * (int64_t)1000000)
extern const struct shape provider_price_shape;
/* What the shape cannot say.  Fails naming the member of the price. */
MUST_CHECK bool provider_price_check(const struct provider_price *price,
                                     const struct provider_model *model, struct error *err);
/* A checked price as text, and back: in `arena`. */
struct str provider_price_write(const struct provider_price *price, struct arena *arena);
MUST_CHECK bool provider_price_read(struct str text, struct str model, struct arena *arena,
                                    struct provider_own_price *out, struct error *err);
/* One price for every picture or text. */
struct provider_own_price provider_price_flat(struct str model, int64_t price_micro,
                                              struct arena *arena);

/* One account as the registry's functions need it.  All borrowed. */
struct provider_account {
    struct str kind;
    struct str base_url; /* empty: the kind's own */
    struct secret key;   /* empty: none */
    const struct json
        *options; /* the kind's own fields: organisation, profile, the mock's knobs; may be NULL */
    const struct provider_own_price *prices; /* the house's own */
    size_t price_count;
};

struct provider_image {
    struct str bytes;
    struct str mime;
    struct str name; /* file name for multipart: "reference-1.png" */
};

/* One of the model's options as a call sets it; numbers and truths as JSON writes them. */
struct provider_setting {
    struct str name, text;
};
#define PROVIDER_SETTINGS_MAX 24

struct provider_request {
    enum provider_action action;
    struct str model;
    struct str prompt, negative_prompt;
    int64_t count;               /* >= 1 */
    int64_t width_px, height_px; /* 0: the provider's choice */
    bool has_seed;
    int64_t seed;
    int64_t steps;                           /* 0: default */
    double scale;                            /* guidance; 0: default */
    struct str quality, background, format;  /* empty: default */
    int64_t compression;                     /* 0..100; -1: default */
    int64_t partial_images;                  /* 0: no streaming */
    const struct provider_setting *settings; /* of the model's options, of a text its
                                                write_options; names once */
    size_t setting_count;
    /* Of WRITE: what the model is told before the prompt; the JSON schema its answer must fit and a
     * name for it (a-z and _), empty: plain text; tokens at most, 0: default. */
    struct str system, schema, schema_name;
    int64_t output_tokens_max;
    const struct provider_image *references;
    size_t reference_count;
    const struct provider_image *mask; /* NULL: none; transparent = to be changed */
    bool mask_is_white; /* the mask was turned into black and white, white = to be changed, because
                           kind->wants_white_mask() said so */
    struct str idempotency_key; /* the same for the same call for ever */
    struct str safety_id;       /* a stable hash of the user; may be empty */
};

enum exchange_purpose {
    EXCHANGE_SUBMIT,
    EXCHANGE_POLL,
    EXCHANGE_FETCH,
    EXCHANGE_CANCEL,
    EXCHANGE_LOOK_UP,
    EXCHANGE_PROBE
};

struct exchange_header {
    struct str name, value;
};

/* Volcengine's "HMAC-SHA256" (facts 4C), made when the request leaves, for it holds the time. Signs
 * Host, adds X-Date, X-Content-Sha256, X-Security-Token when there is one, and Authorization:
 * exchange_headers(). */
struct exchange_signing {
    struct str key_id, region, service;
    struct secret key, session_token; /* the token of a temporary key; empty: none */
};

/*
 * One request to be performed.  Everything in the arena it was made in, but for body segments that
 * are the request's own picture bytes: those are borrowed from the request.  A `card` exchange is
 * the mock's: no bytes leave; after `delay_ms` the reply is made from `card` by the operation, with
 * the help of provider/mock.h.
 */
struct exchange {
    enum exchange_purpose purpose;
    bool is_paid;       /* its intent is committed before a byte leaves */
    bool is_own_origin; /* goes to the account's own base URL: the owner's address rules; else
                           public only */
    struct str method, url;
    struct exchange_header *headers;
    size_t header_count;
    const struct exchange_signing *signing; /* NULL: not signed; in the arena */
    struct str *body;                       /* segments */
    size_t body_count;
    bool is_stream; /* the reply is server-sent events, fed to kind->stream */
    int64_t first_byte_ms, idle_ms, total_ms; /* 0: net's defaults */
    int64_t reply_size_max;
    struct str card;
    int64_t delay_ms;
    unsigned retry_stage; /* which liberal fall-back this is (0: first); bounded by the kind */
    uint64_t dropped;     /* optional fields the server refused by name, left out here */
    struct str memo;      /* the kind's own: what it must know when it reads the reply, such as the
                             names of pictures uploaded so far */
};

enum exchange_outcome {
    EXCHANGE_REPLIED,  /* a whole reply, whatever its status */
    EXCHANGE_NOT_SENT, /* provably not processed */
    EXCHANGE_LOST,     /* sent in part or whole, no whole reply */
};

struct exchange_reply {
    enum exchange_outcome outcome;
    int status;
    const struct exchange_header *headers; /* names in lower case */
    size_t header_count;
    struct str body;  /* whole; for a 2xx stream what stream_end() gave instead, also when it was
                         LOST half way: a picture may have come before */
    struct error err; /* when not REPLIED: why */
    int64_t now_ms;   /* wall clock, for kinds that count */
    const struct str *parts; /* binary pictures that came beside the body: the mock's drawn cards */
    size_t part_count;
};

/* The classes of engine.md 6. */
enum failure_class {
    FAILURE_NONE,
    FAILURE_NOT_SENT,
    FAILURE_THROTTLED,
    FAILURE_QUOTA,
    FAILURE_AUTH,
    FAILURE_INVALID,
    FAILURE_REFUSED,
    FAILURE_SERVER,
    FAILURE_UNKNOWN,
    FAILURE_REMOTE,
    FAILURE_RESULT_LOST,
    FAILURE_LOCAL,
    FAILURE_DEADLINE,
    FAILURE_CANCELLED,
    FAILURE_CLASS_COUNT
};
const char *failure_class_name(enum failure_class class); /* "throttled" */
enum failure_class failure_class_of(struct str name);     /* FAILURE_NONE when unknown */
enum error_code failure_error_code(enum failure_class class);

enum charged { CHARGED_NO, CHARGED_YES, CHARGED_MAYBE };

struct provider_failure {
    enum failure_class class;
    enum charged charged;
    int64_t retry_after_ms; /* -1: not said */
    bool is_final;          /* asked again it would say the same: exchange_is_final() */
    struct str message;     /* the provider's own words, clipped to 500 bytes, no secrets */
    struct str code;        /* the provider's own code; may be empty */
};

struct provider_picture {
    struct str bytes; /* decoded; or empty and */
    struct str url;   /* to be fetched at once, with these headers alone: credentials only where the
                         address is the account's own origin */
    const struct exchange_header *headers;
    size_t header_count;
    struct str revised_prompt;
    bool has_seed;
    int64_t seed;
};

/* "Not reported" is -1. */
struct provider_usage {
    int64_t text_tokens_in, image_tokens_in, tokens_in, tokens_out, images;
    int64_t cost_micro; /* as the provider said it */
    const char *currency;
};

enum verdict_type {
    VERDICT_DONE,   /* pictures, or text when that was asked for */
    VERDICT_WAIT,   /* accepted: remote_id; poll after poll_after_ms */
    VERDICT_NEXT,   /* perform `next`: a fall-back after a refusal that cost nothing, the call after
                       its uploads (which are not paid), the result after a poll */
    VERDICT_FAILED, /* failure */
};
struct provider_verdict {
    enum verdict_type type;
    struct provider_picture *pictures;
    size_t picture_count;
    struct str missing; /* DONE with fewer pictures than asked for, or with a text that was cut:
                           why, in the provider's words */
    struct str text;    /* of WRITE: not empty; UTF-8; a JSON object when a schema was asked for */
    struct provider_usage usage;
    bool is_list_cost; /* usage.cost_micro is not the service's word: the kind took it from the
                          catalogue, so that the house's own price goes before it */
    bool is_cut; /* DONE, but the stream broke before it said what all of it used: of what was made
                    and never came nobody knows the cost */
    int64_t cached_tokens_in; /* of usage.tokens_in: read from the provider's cache, so cheaper */
    struct str remote_id;     /* ours to keep: enough to poll after a restart */
    struct str request_id;    /* x-request-id and the like */
    int64_t poll_after_ms;    /* -1: the engine's own rhythm */
    double progress;          /* 0..1; < 0 unknown */
    struct str dropped; /* fields this reply went without, for the server refused them by name:
                           "seed, quality"; empty: none */
    struct exchange next;
    struct provider_failure failure;
};

/* What a stream said so far. */
struct provider_partial {
    int64_t index;    /* which partial, 0-based */
    struct str bytes; /* decoded picture; valid until the next feed */
};
struct provider_stream; /* opaque: one per streamed exchange; in the attempt's arena */

/* What a service tells of its work while it goes on: news for whoever watches, never the truth. */
struct provider_news {
    double progress;     /* 0..1; < 0: not said */
    int64_t step, steps; /* of the node; steps 0: not said */
    struct str node;     /* the part of the work that goes on, 60 bytes at most; may be empty */
    struct str picture;  /* as it looks so far, within the message; empty: none */
    const char *mime;    /* of the picture */
    bool is_over;        /* it has ended, and can be asked for at once */
};

/* A row of an account's form, or of a model's options.  Of an account "base_url" and "key" fill
 * account.base_url and account.key, every other name is a member of account.options.  Of a model's
 * text `max` is its characters. */
struct provider_field {
    const char *name, *label_en, *label_zh, *help_en, *help_zh, *fallback;
    enum {
        PROVIDER_FIELD_TEXT,
        PROVIDER_FIELD_URL,
        PROVIDER_FIELD_SECRET,
        PROVIDER_FIELD_CHOICE,
        PROVIDER_FIELD_INT,
        PROVIDER_FIELD_DOUBLE,
        PROVIDER_FIELD_BOOL,
        PROVIDER_FIELD_LONG_TEXT, /* of several lines */
        PROVIDER_FIELD_WORKFLOWS, /* a list of workflows, `max` at most: kind->check_own */
    } type;
    bool is_required;
    double min, max;
    const char *const *choices; /* NULL-terminated, for CHOICE */
    bool is_offered;            /* the account's service told the choices: provider_model_offer() */
    struct text_list offered;   /* these, shared by all rows that have them */
};

/* What an account's own service has for one option of its models (provider/offer.c). */
struct provider_offer {
    struct str model;         /* wire id; empty: of every model but the account's own ones, which
                                 have what they have under their names */
    struct str option;        /* its name */
    struct text_list choices; /* none: whatever is written */
    const struct provider_field *row,
        *made; /* provider_model_offer()'s: of that row it made this */
};
struct provider_offers {
    struct list items; /* of struct provider_offer */
};
#define PROVIDER_OFFERS_MAX 40
#define PROVIDER_CHOICES_MAX 500
/* Of all lists of an account together, in bytes and names: every model of a house is shown at once.
 */
#define PROVIDER_OFFERS_SIZE_MAX 24000
#define PROVIDER_OFFERED_MAX 1000

/*
 * A workflow as somebody looks at it before it is kept.  `parameters` are what takes a call's
 * values: declared ones, or as they were found; `inputs` all that could; `notes` what could not be
 * decided, or was by a rule.  Everything in the arena.
 */
struct provider_workflow_input {
    struct str parameter; /* "prompt", …; empty in `inputs` */
    struct str node, title, class, input;
    struct str type;  /* "text", "number", "picture" */
    struct str value; /* what stands there, 200 characters at most */
};
struct provider_workflow_note {
    struct str code, node, title, input;
};
struct provider_workflow {
    struct list parameters, inputs; /* of struct provider_workflow_input */
    struct list notes;              /* of struct provider_workflow_note */
    bool is_marked;                 /* by placeholders: there is nothing to declare */
    int64_t node_count;
};
#define PROVIDER_WORKFLOW_INPUTS_MAX 2000
extern const char *const provider_workflow_notes[];      /* codes; ended by NULL */
extern const char *const provider_workflow_parameters[]; /* names; ended by NULL */

struct provider_kind {
    const char *name, *label, *about_en, *about_zh, *default_base_url,
        *key_page; /* where a person gets a key */
    const struct provider_field *fields;
    size_t field_count;
    const struct provider_model
        *models; /* the catalogue; unknown ids pass through with the kind's defaults */
    size_t model_count;
    const struct provider_model *model_default; /* what an unknown id is given */
    bool honours_key; /* re-sending with the same idempotency key cannot charge twice */
    int64_t key_window_ms;
    bool can_look_up; /* `look_up` is there: a call can be asked for without its remote id */
    /* How long the service keeps what it made; 0: it is in the reply, or for ever.  Nothing waits:
     * a result is fetched at once. */
    int64_t result_ttl_ms;
    /* First exchange for a request.  Fails: what the model cannot do (ERROR_INVALID… with the
     * field). */
    bool (*begin)(const struct provider_account *account, const struct provider_request *request,
                  struct arena *arena, struct exchange *out, struct error *err);
    /* Reads a reply to `exchange`; total: whatever the bytes are, a verdict comes out.  Takes at
     * most the body's size and 4 MiB of the arena, and for VERDICT_NEXT what begin() took once
     * more; a stream takes 512 MiB at most, however much it is fed. */
    void (*read)(const struct provider_account *account, const struct provider_request *request,
                 const struct exchange *exchange, const struct exchange_reply *reply,
                 struct arena *arena, struct provider_verdict *out);
    /* True when this account's service wants masks in black and white; NULL: never.  begin()
     * refuses a mask of the other form, field "mask". */
    bool (*wants_white_mask)(const struct provider_account *account);
    /* The exchange that asks for, or gives up, remote work.  NULL when sync. */
    bool (*poll)(const struct provider_account *account, struct str remote_id, struct arena *arena,
                 struct exchange *out, struct error *err);
    bool (*cancel)(const struct provider_account *account, struct str remote_id,
                   struct arena *arena, struct exchange *out, struct error *err);
    /* The WebSocket that tells of the work under this remote id, whose call had this key; and one
     * of its messages, whatever it is: a picture is one by its bytes.  NULL: it tells nothing. */
    bool (*watch)(const struct provider_account *account, struct str idempotency_key,
                  struct str remote_id, struct arena *arena, struct exchange *out,
                  struct error *err);
    void (*read_news)(struct str remote_id, bool is_text, struct str message, struct arena *arena,
                      struct provider_news *out);
    /*
     * Asks, for nothing, what became of a submission nobody knows the outcome of, by the key it was
     * sent with.  read() then says WAIT with its remote id when the service has it, and fails
     * otherwise: INVALID only when the service itself said that it does not know it.  NULL: no way.
     */
    bool (*look_up)(const struct provider_account *account, struct str idempotency_key,
                    struct arena *arena, struct exchange *out, struct error *err);
    /* A free call that proves address and key, and lists models. */
    bool (*probe)(const struct provider_account *account, struct arena *arena, struct exchange *out,
                  struct error *err);
    /* Model ids found in the probe's reply. */
    void (*read_probe)(const struct provider_account *account, const struct exchange_reply *reply,
                       struct arena *arena, struct str **models, size_t *count,
                       struct provider_failure *failure);
    /*
     * Free calls after a probe that passed, which tell what the account's service has for options
     * of its models: the reply to the probe itself is number 0, from 1 on each is asked for until
     * ask_offer() says false.  read_offer() adds to `offers`, in `arena`; false: the reply is none
     * that says it, and nothing is known.  Both NULL: what can be chosen stands in the catalogue.
     */
    bool (*ask_offer)(const struct provider_account *account, size_t number, struct arena *arena,
                      struct exchange *out);
    bool (*read_offer)(const struct provider_account *account, size_t number,
                       const struct exchange_reply *reply, struct arena *arena,
                       struct provider_offers *offers);
    /*
     * Models that an account has beside the catalogue, by its options, in `arena`; how many.
     * own_ids() are the names of all of them, of those too that this build does not read.
     * check_own() looks at the option of type WORKFLOWS that says so and fails naming the place in
     * it ("options.workflows[2].graph"); what is as it was `kept` (NULL: nothing was) may be what
     * this build reads no more, which is then no model.  carry_over() writes options of an earlier
     * form anew, in `arena`; false: there is nothing to write.  read_workflow() reads what somebody
     * chose, by the parameters that were declared (a list; NULL: none were).  All NULL: there are
     * none.
     */
    size_t (*own_models)(const struct provider_account *account, struct arena *arena,
                         struct provider_model **out);
    struct text_list (*own_ids)(const struct json *options, struct arena *arena);
    bool (*check_own)(const struct json *value, const struct json *kept, struct error *err);
    bool (*carry_over)(const struct json *options, struct arena *arena, struct str *out);
    bool (*read_workflow)(struct str text, const struct json *parameters, struct arena *arena,
                          struct provider_workflow *out, struct error *err);
    /* Server-sent events.  stream_feed calls `on_partial`; stream_end gives the body that `read`
     * understands. */
    struct provider_stream *(*stream_begin)(struct arena *arena);
    void (*stream_feed)(struct provider_stream *stream, struct str piece,
                        void (*on_partial)(void *context, const struct provider_partial *partial),
                        void *context);
    struct str (*stream_end)(struct provider_stream *stream);
    /* An estimate that depends on the account's options; NULL: from the catalogue. */
    int64_t (*estimate)(const struct provider_account *account,
                        const struct provider_request *request, const char **currency);
    /* What another model of the kind writes in the course of a picture's call and is paid for
     * beside it: in *out as the PROVIDER_WRITE that it would be by itself, of whose references the
     * number alone counts, which is added to the estimate.  False: nothing; NULL: in no call. */
    bool (*writes_beside)(const struct provider_account *account,
                          const struct provider_request *request, struct provider_request *out);
    /* How many tokens the answer to a PROVIDER_WRITE may have, thinking included, as the call says
     * it: all of them are reserved.  NULL: what is usual within provider_write_tokens(). */
    int64_t (*write_tokens_max)(const struct provider_request *request);
    /* Whether this account honours keys when that depends on its options; NULL: `honours_key`. */
    bool (*account_honours_key)(const struct provider_account *account);
    /* Takes from a row of the catalogue what this account's service has no word for; NULL: every
     * account takes all of it. */
    void (*narrow)(const struct provider_account *account, struct provider_model *model);
};

const struct provider_kind *provider_kind_find(struct str name); /* NULL: none */
const struct provider_kind *const *provider_kinds(size_t *count);
/* The catalogue's row (a dated snapshot "NAME-2026-09-08" or "NAME-20260908" is its family's), or
 * the kind's defaults under that name: an unknown id passes through. */
struct provider_model provider_model_find(const struct provider_kind *kind, struct str model);
/* The row as this account's service takes it: kind->narrow. */
void provider_model_narrow(const struct provider_kind *kind, const struct provider_account *account,
                           struct provider_model *model);
/* What is needed of a model: bits. */
enum provider_need {
    NEED_GENERATE = 1, /* pictures from words */
    NEED_EDIT = 2,     /* pictures from pictures */
    NEED_WRITE = 4,    /* text */
    NEED_SEE = 8,      /* text about pictures */
    NEED_MASK = 16,    /* edits within a mask */
};
/* Fails: INVALID with field "model" and a sentence that says what it cannot do. */
MUST_CHECK bool provider_model_check(const struct provider_model *model, unsigned needs,
                                     struct error *err);
/* That the request's settings are options of the model for what it asks, with values they take.
 * Fails: INVALID, WRONG_TYPE, NOT_IN_LIST, TOO_SMALL, TOO_BIG or TOO_LONG with field
 * "options.NAME". */
MUST_CHECK bool provider_check_settings(const struct provider_model *model,
                                        const struct provider_request *request, struct error *err);
/* Drops names that hold the key, and lists for which there is no room: then whatever is written. */
void provider_offers_bound(struct provider_offers *offers, struct str key);
/* An account's offers as text, and back in `arena`, bounded; empty text: none. */
struct str provider_offers_write(const struct provider_offers *offers, struct arena *arena);
MUST_CHECK bool provider_offers_read(struct str text, struct arena *arena,
                                     struct provider_offers *out, struct error *err);
struct provider_offer *provider_offer_find(const struct provider_offers *offers, struct str model,
                                           struct str option); /* NULL: none of just these */
/* What is of one model alone may be whatever is written: what it is made of has changed. */
void provider_offers_forget_own(struct provider_offers *offers);
/* The model's options with what is offered as their choices, in `arena`; models share the lists. */
void provider_model_offer(struct provider_model *model, struct provider_offers *offers,
                          struct arena *arena);
/* The house's own price of a model; NULL: none. */
const struct provider_own_price *provider_price_find(const struct provider_account *account,
                                                     struct str model);
/* Puts the house's own rates and currency into a row, when it has some; false: it has none. */
bool provider_model_reprice(const struct provider_account *account, struct provider_model *model);
/* An estimate in micro-units of *currency for the whole request, by the house's own price, else the
 * catalogue's; -1 unknown. */
int64_t provider_estimate(const struct provider_kind *kind, const struct provider_account *account,
                          const struct provider_request *request, const char **currency);
/* kind->honours_key, or what this account's options say. */
bool provider_honours_key(const struct provider_kind *kind, const struct provider_account *account);
/* The cost from what was reported, else from the house's own price, else from the catalogue; 0 for
 * a failure that was not charged; -1 unknown. */
int64_t provider_cost(const struct provider_kind *kind, const struct provider_account *account,
                      const struct provider_request *request,
                      const struct provider_verdict *verdict, const char **currency);

/* What an exchange leaves with: its own headers and, when it is signed, what the signature of this
 * moment adds.  In the exchange, or in the arena. */
const struct exchange_header *exchange_headers(const struct exchange *exchange, int64_t wall_ms,
                                               struct arena *arena, size_t *count);

/* Of what is asked for, without what changes from send to send. */
struct sha256 exchange_hash(const struct exchange *exchange);

/*
 * An account's key may have a second line: the session token of a temporary key, which is sealed
 * with it, and comes and goes with it.  Only kinds with a field "session_token" have one.
 */
struct str provider_key_part(struct secret key);      /* the key, trimmed */
struct str provider_session_token(struct secret key); /* empty: none */
bool provider_has_session_tokens(const struct provider_kind *kind);

/* Shared by kinds (provider/common.c). */
/* Empty when absent; `name` in lower case. */
struct str exchange_reply_header(const struct exchange_reply *reply, const char *name);
/* retry-after-ms, then Retry-After (seconds or HTTP-date); -1 when absent, negative or absurd (> 1
 * h). */
int64_t exchange_retry_after_ms(const struct exchange_reply *reply);
/*
 * Whether the service says of its own answer that asking again is in vain: `x-should-retry: false`
 * (OpenAI, Anthropic, and whoever speaks like them).  It is believed in that direction alone.
 * `true` changes nothing: what may be asked again is, unasked; what is refused for its contents,
 * its key or its credit would only be refused again; and where nobody knows whether it was made and
 * paid, no header may be the reason to send it once more.
 */
bool exchange_is_final(const struct exchange_reply *reply);
/* How long nothing is left of one of the service's limits, as the reply's head says: x-ratelimit-*,
 * anthropic-ratelimit-*; a minute at most, 0: it says no such thing (provider/used_up.c). */
int64_t exchange_used_up_ms(const struct exchange_reply *reply);
/* Classes by HTTP status as in facts 0.4; kinds refine. */
void exchange_classify(const struct exchange_reply *reply, struct arena *arena,
                       struct provider_failure *out);
