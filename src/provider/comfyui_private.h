/* provider/comfyui_private.h: what the comfyui kind's files share: workflows, one call. */
#pragma once

#include "provider/provider_private.h"

/* What a workflow may leave open as "%name%" (comfyui_workflow.c). */
enum comfyui_parameter {
    COMFYUI_PROMPT,
    COMFYUI_NEGATIVE,
    COMFYUI_SEED,
    COMFYUI_WIDTH,
    COMFYUI_HEIGHT,
    COMFYUI_COUNT,
    COMFYUI_STEPS,
    COMFYUI_CFG,
    COMFYUI_SAMPLER,
    COMFYUI_SCHEDULER,
    COMFYUI_DENOISE,
    COMFYUI_MODEL,
    COMFYUI_MASK,
    COMFYUI_IMAGE, /* %image%, %image2%, … */
    COMFYUI_PARAMETER_COUNT
};
#define COMFYUI_IMAGES_MAX 8

/* One of ours, with what counts when the request leaves a thing open. */
struct comfyui_template {
    const char *name;
    const char *graph;      /* API format; NULL: the account's own workflow */
    int64_t steps, side_px; /* side 0: the picture's own */
    double cfg;
    const char *sampler, *scheduler;
    const char *family; /* a checkpoint for it has this in its name; NULL: none of the others' */
};
extern const struct comfyui_template comfyui_templates[];
extern const size_t comfyui_template_count;
#define COMFYUI_MODEL_COUNT 5
extern const struct provider_model comfyui_models[COMFYUI_MODEL_COUNT];
extern const struct provider_model comfyui_model_default;
/* NULL: none of that name. */
const struct comfyui_template *comfyui_template_find(struct str name);

/* --- workflows --- */

/* A workflow in API format, parsed, and what it leaves open. */
struct comfyui_workflow {
    struct json *graph; /* owned */
    uint32_t uses;      /* bits by enum comfyui_parameter */
    size_t image_count; /* the highest N of %imageN% */
};
/* Fails, with field "workflow": no JSON, not API format, no %prompt%. */
MUST_CHECK bool comfyui_workflow_read(struct str text, struct comfyui_workflow *out,
                                      struct error *err);
void comfyui_workflow_finish(struct comfyui_workflow *workflow); /* for CLEANUP() */
static inline bool comfyui_workflow_uses(const struct comfyui_workflow *workflow,
                                         enum comfyui_parameter parameter)
{
    return (workflow->uses >> parameter & 1) != 0;
}

struct comfyui_value {
    enum { VALUE_TEXT, VALUE_INT, VALUE_DOUBLE } type;
    struct str text;
    int64_t number;
    double fraction;
};
struct comfyui_values {
    struct comfyui_value items[COMFYUI_PARAMETER_COUNT]; /* COMFYUI_IMAGE is unused */
    struct str images[COMFYUI_IMAGES_MAX];
};
/* Writes the graph with the values in place: a text that is a placeholder and nothing else becomes
 * the value with its own type; within longer text it becomes text. */
void comfyui_workflow_write(const struct comfyui_workflow *workflow,
                            const struct comfyui_values *values, struct json_writer *writer);

/* --- one call --- */

struct comfyui_call {
    const struct provider_account *account;
    const struct provider_request *request;
    const struct comfyui_template *template;
    struct provider_model model; /* with what its workflow leaves open */
    struct comfyui_workflow workflow;
    struct str checkpoint; /* as asked for; empty: the first that the server lists */
};
MUST_CHECK bool comfyui_call_init(struct comfyui_call *call, const struct provider_account *account,
                                  const struct provider_request *request, struct error *err);
void comfyui_call_finish(struct comfyui_call *call); /* for CLEANUP() */
/* The seed that is sent: the request's, or one made of the call's key. */
int64_t comfyui_seed(const struct provider_request *request);
/* A UUID of the call with this key, the same for ever; empty when it has no key. */
struct str comfyui_uuid(struct str idempotency_key, const char *use, struct arena *arena);

/* What the unpaid steps brought so far; exchange.memo while a call is being made. */
struct comfyui_steps {
    struct str checkpoint;
    struct str names[COMFYUI_IMAGES_MAX + 1]; /* as the server calls them: references, then mask */
    size_t count;
};
/* The next exchange of a call: the list of checkpoints, an upload, or the paid one. */
MUST_CHECK bool comfyui_step(const struct comfyui_call *call, const struct comfyui_steps *steps,
                             struct arena *arena, struct exchange *out, struct error *err);
MUST_CHECK bool comfyui_steps_read(struct str memo, struct arena *arena, struct comfyui_steps *out);

/* Everything of an exchange with this account but its body. */
MUST_CHECK bool comfyui_exchange_init(const struct provider_account *account,
                                      enum exchange_purpose purpose, const char *method,
                                      struct str path, struct arena *arena, struct exchange *out,
                                      struct error *err);
/* For people: without the key, in whatever form it was sent. */
struct str comfyui_clean(const struct provider_account *account, struct str text, size_t size_max,
                         struct arena *arena);
#define COMFYUI_CHECKPOINTS "/object_info/CheckpointLoaderSimple"
/* The list of files in a reply to COMFYUI_CHECKPOINTS; NULL when it is none. */
const struct json *comfyui_checkpoints(const struct json *json);

/* The stages of asking for remote work, and of giving it up; exchange.retry_stage. */
enum comfyui_stage {
    COMFYUI_HISTORY,       /* finished? */
    COMFYUI_QUEUE,         /* if not: waiting, or running? */
    COMFYUI_HISTORY_AGAIN, /* if neither: finished in between? */
    COMFYUI_DELETE,        /* cancel: out of the queue */
    COMFYUI_QUEUE_RUNNING, /* is it the one that runs? */
    COMFYUI_INTERRUPT,     /* then stop it */
    COMFYUI_FIND_QUEUE,    /* look a call up: is it in the queue? */
    COMFYUI_FIND_HISTORY,  /* finished, under the id that we gave it? */
    COMFYUI_FIND_RECENT,   /* or under one of the server's own (facts 10.7)? */
};
#define COMFYUI_ID_SIZE_MAX 64 /* the server's own are UUIDs */
MUST_CHECK bool comfyui_ask(const struct provider_account *account, struct str remote_id,
                            enum comfyui_stage stage, bool is_given_up, struct arena *arena,
                            struct exchange *out, struct error *err);
/* Looks the call up whose prompt and client have these ids. */
MUST_CHECK bool comfyui_find(const struct provider_account *account, struct str id,
                             struct str client, enum comfyui_stage stage, struct arena *arena,
                             struct exchange *out, struct error *err);
/* comfyui_news.c */
bool comfyui_watch(const struct provider_account *account, struct str idempotency_key,
                   struct str remote_id, struct arena *arena, struct exchange *out,
                   struct error *err);
void comfyui_read_news(struct str remote_id, bool is_text, struct str message, struct arena *arena,
                       struct provider_news *out);
void comfyui_read(const struct provider_account *account, const struct provider_request *request,
                  const struct exchange *exchange, const struct exchange_reply *reply,
                  struct arena *arena, struct provider_verdict *out);
