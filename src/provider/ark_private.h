/* provider/ark_private.h: what the ark kind's files share: families of models, one call. */
#pragma once

#include "provider/provider_private.h"

/* What only some models take: a refusal that names one is answered by a call without it
 * (facts 4A).  Bits of exchange.dropped. */
enum ark_field {
    ARK_STREAM,
    ARK_SEQUENCE,
    ARK_FORMAT,
    ARK_OPTIMIZE,
    ARK_BACKGROUND,
    ARK_SEARCH,
    ARK_LAYERS,
    ARK_SEED,
    ARK_SCALE,
    ARK_SCHEMA, /* of text: the schema then stands in the system message */
    ARK_THINKING,
    ARK_TOKENS,       /* of text: the limit by its newer name, then by the older one */
    ARK_TOKENS_OTHER, /* never beside it */
    ARK_FIELD_COUNT
};
#define ARK_RETRIES_MAX 4

struct ark_price {
    int64_t micro, large_micro; /* a picture up to `pixels_max`, and above; -1: unknown */
    int64_t pixels_max;
    int64_t input_micro; /* each input picture from the second on */
};

/* What a family of models has in common beyond provider_model. */
struct ark_family {
    const char *profile;      /* the account's choice for "ep-…" ids, which say nothing */
    const char *part;         /* stands in the ids of the family */
    const char *const *tiers; /* sizes by name; NULL: none */
    bool can_fast, can_search;
    struct ark_price cny, usd;
};

#define ARK_MODEL_COUNT 14
extern const struct provider_model ark_models[ARK_MODEL_COUNT];
extern const struct provider_model ark_model_default;
extern const char *const ark_profiles[]; /* for the form */
extern const char *const ark_tiers[];

#define ARK_FORM_COUNT 9
extern const struct provider_field ark_form[ARK_FORM_COUNT];

/* One request on its way. */
struct ark_call {
    const struct provider_account *account;
    const struct provider_request *request;
    struct provider_model model;
    const struct ark_family *family; /* NULL: nothing is known */
    struct str base;
    uint64_t dropped;
};

MUST_CHECK bool ark_call_init(struct ark_call *call, const struct provider_account *account,
                              const struct provider_request *request, uint64_t dropped,
                              struct arena *arena, struct error *err);
/* The model and the family of it that this account means; known without an address. */
void ark_find_model(struct ark_call *call, const struct provider_account *account,
                    const struct provider_request *request);
bool ark_is_international(const struct provider_account *account);
/* Pixels of a named size: "2K"; 0 when it is none. */
int64_t ark_tier_pixels(struct str tier);
/* What is sent for the size: "1024x768", "2K"; empty: the model's own. */
struct str ark_size(const struct ark_call *call, struct arena *arena);
/* In micro-units of the model's currency; -1 unknown. */
int64_t ark_cost(const struct ark_call *call, int64_t pixels);
/* The same of a layer, by what a picture costs. */
int64_t ark_layer_cost(const struct ark_call *call, int64_t picture_micro);
int64_t ark_input_cost(const struct ark_call *call);

/* Everything of an exchange but its body, and of a probe. */
MUST_CHECK bool ark_exchange_init(const struct provider_account *account, struct str base,
                                  const char *path, struct arena *arena, struct exchange *out,
                                  struct error *err);
MUST_CHECK bool ark_base(const struct provider_account *account, struct arena *arena,
                         struct str *out, struct error *err);
/* Fails with the field that the model does not take. */
MUST_CHECK bool ark_check(const struct ark_call *call, struct error *err);
MUST_CHECK bool ark_build(const struct ark_call *call, struct arena *arena, struct exchange *out,
                          struct error *err);
static inline bool ark_may_send(const struct ark_call *call, enum ark_field field)
{
    return (call->dropped >> field & 1) == 0;
}
bool ark_is_sent(const struct ark_call *call, enum ark_field field);
/* A picture taken apart: a base and at most ARK_LAYERS_MAX layers come. */
bool ark_decomposes(const struct provider_request *request);
#define ARK_LAYERS_MAX 16
extern const char *const ark_field_names[ARK_FIELD_COUNT];

/* Text (ark_chat.c). */
MUST_CHECK bool ark_chat_check(const struct ark_call *call, struct error *err);
MUST_CHECK bool ark_chat_build(const struct ark_call *call, struct arena *arena,
                               struct exchange *out, struct error *err);
/* True when the verdict is made, done or failed; false: the reply is an error to be classified. */
bool ark_chat_read(const struct ark_call *call, const struct exchange_reply *reply,
                   struct arena *arena, struct provider_verdict *out);
/* The fields of a text, when they are sent. */
bool ark_chat_is_sent(const struct ark_call *call, enum ark_field field);
/* {"type":"image_url",…} parts and the picture field want the same data URI. */
void ark_write_data_uri(struct json_writer *writer, struct str bytes);
MUST_CHECK bool ark_check_pictures(const struct ark_call *call, struct error *err);

struct provider_stream *ark_stream_begin(struct arena *arena);
void ark_stream_feed(struct provider_stream *stream, struct str piece,
                     void (*on_partial)(void *context, const struct provider_partial *partial),
                     void *context);
struct str ark_stream_end(struct provider_stream *stream);
/* The code of the error body that stands for a stream without a picture. */
#define ARK_STREAM_CODE "stream_incomplete"
