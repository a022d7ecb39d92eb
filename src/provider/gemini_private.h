/* provider/gemini_private.h: what the gemini kind's files share: its models, one call, one reply.
 */
#pragma once

#include "provider/provider_private.h"

/* What a model's row in the catalogue has no room for. */
struct gemini_traits {
    const char *name;           /* of the row in the catalogue, or of Imagen's own; NULL: the end */
    const struct ratio *ratios; /* pictures: never NULL */
    const struct ratio_class *classes;
    bool says_class;              /* imageSize is a member it knows (facts 2.1: a 400 otherwise) */
    int64_t rate_words_out_micro; /* of text and thoughts, which are not billed as pictures are */
};

#define GEMINI_MODEL_COUNT 13
extern const struct provider_model gemini_models[GEMINI_MODEL_COUNT];
extern const struct provider_model gemini_model_default;

/* One request on its way. */
struct gemini_call {
    const struct provider_account *account;
    const struct provider_request *request;
    struct provider_model model;
    const struct gemini_traits *traits;
    bool is_repriced; /* `model` has the house's own rates */
    bool is_imagen;   /* :predict, another language (facts 2.4) */
    bool is_vertex;   /* Google Cloud's own host: a bearer token instead of a key */
    bool is_google;   /* the Gemini API's own host */
    struct str base;
    struct str wire_name;            /* without "models/" */
    const struct ratio *ratio;       /* NULL: left to the model */
    const struct ratio_class *class; /* NULL with it */
};

/* Capabilities and traits under this name: the catalogue's, Imagen's, or the defaults. */
void gemini_model_of(struct str name, struct provider_model *model,
                     const struct gemini_traits **traits, bool *is_imagen);
MUST_CHECK bool gemini_call_init(struct gemini_call *call, const struct provider_account *account,
                                 const struct provider_request *request, struct arena *arena,
                                 struct error *err);
/* What is sent as maxOutputTokens, and reserved: thoughts count into it. */
int64_t gemini_write_tokens_max(const struct provider_request *request);
/* The model cannot: fails with the field.  Finds shape and class. */
MUST_CHECK bool gemini_check(struct gemini_call *call, struct error *err);
/* `is_old_schema`: the schema as responseSchema, for who does not know responseJsonSchema. */
MUST_CHECK bool gemini_build(const struct gemini_call *call, bool is_old_schema,
                             struct arena *arena, struct exchange *out, struct error *err);
/* Method, headers and base of any exchange with this account. */
MUST_CHECK bool gemini_exchange_init(const struct gemini_call *call, struct arena *arena,
                                     struct exchange *out, struct error *err);

/*
 * A JSON schema in the words Gemini knows (facts 2.2): other keywords are left out, for the API
 * refuses or ignores them.  `is_old`: in OpenAPI's form, types in capitals.  Fails: INVALID, field
 * "schema".
 */
MUST_CHECK bool gemini_schema_write(struct json_writer *writer, struct str schema, bool is_old,
                                    struct error *err);
/* Whether OpenAPI's form can say all that this schema says. */
bool gemini_schema_has_old_form(struct str schema);

void gemini_read_reply(const struct gemini_call *call, const struct exchange *exchange,
                       const struct exchange_reply *reply, struct arena *arena,
                       struct provider_verdict *out);
/* exchange_classify_for() with Google's statuses and delays (facts 2.6). */
void gemini_classify(const struct provider_account *account, const struct exchange_reply *reply,
                     struct arena *arena, struct provider_failure *out);
