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
    const char *graph;      /* API format; NULL: of the account's own, what its places default to */
    int64_t steps, side_px; /* side 0: the picture's own */
    double cfg;
    const char *sampler, *scheduler;
    const char *family; /* a checkpoint for it has this in its name; NULL: none of the others' */
};
extern const struct comfyui_template comfyui_templates[];
extern const size_t comfyui_template_count;
extern const struct comfyui_template comfyui_template_own;
#define COMFYUI_MODEL_COUNT 4
extern const struct provider_model comfyui_models[COMFYUI_MODEL_COUNT];
extern const struct provider_model comfyui_model_default;
extern const struct provider_model comfyui_model_own; /* before comfyui_own_model() */
/* What a call may set of a workflow that leaves it open. */
#define COMFYUI_OPTION_COUNT 4
extern const struct comfyui_option {
    enum comfyui_parameter parameter;
    struct provider_field field;
} comfyui_options[COMFYUI_OPTION_COUNT];
/* NULL: none of that name. */
const struct comfyui_template *comfyui_template_find(struct str name);

/* --- workflows --- */

/* An input that a call's value takes the place of, as it was declared or found. */
struct comfyui_target {
    enum comfyui_parameter parameter;
    size_t image;             /* of COMFYUI_IMAGE: which, from 0 */
    struct str node, input;   /* names in the workflow */
    const struct json *value; /* what stands there: it stays when a call is silent */
};
#define COMFYUI_TARGETS_MAX 64
#define COMFYUI_WORKFLOW_SIZE_MAX 100000 /* bytes of its text */
#define COMFYUI_PLACES_MAX 64            /* placeholders, however often one of them stands there */
#define COMFYUI_NODES_MAX 1000
#define COMFYUI_MASK_NODE "vitrine-mask" /* added where a mask was a picture's alpha */

/* A workflow in API format, parsed, and what it leaves open: either by placeholders, or by inputs
 * that were declared or found. */
struct comfyui_workflow {
    struct json *graph; /* owned */
    uint32_t places;    /* placeholders: bits by enum comfyui_parameter */
    uint32_t declared;  /* targets: the same bits */
    size_t image_count; /* the highest N of %imageN%, or targets that are pictures */
    struct comfyui_target targets[COMFYUI_TARGETS_MAX];
    size_t target_count;
    const struct json *channel; /* of the node of the mask: is always red; NULL: has none */
    struct str mask_node;       /* whose second output, a picture's alpha, gives way to the mask */
    const struct json *preview; /* the node that is sent as one that saves; NULL: none */
};
/*
 * What of the workflow takes a call's values: with `parameters` (a list of {"name","node","input"};
 * NULL: none was declared) those and no others; without, its placeholders; has it no %prompt%, what
 * comfyui_workflow_find() finds.  Fails, with field "workflow", "parameters[N]" or
 * "parameters[N].name", ".node", ".input": no JSON, not API format, too many placeholders, no
 * prompt, a node or an input that is not there or of another type.
 */
MUST_CHECK bool comfyui_workflow_read(struct str text, const struct json *parameters,
                                      struct comfyui_workflow *out, struct error *err);
/* The first half of it: the graph and its placeholders, whether or not a prompt is among them. */
MUST_CHECK bool comfyui_workflow_parse(struct str text, struct comfyui_workflow *out,
                                       struct error *err);
void comfyui_workflow_finish(struct comfyui_workflow *workflow); /* for CLEANUP() */
static inline bool comfyui_workflow_uses(const struct comfyui_workflow *workflow,
                                         enum comfyui_parameter parameter)
{
    return ((workflow->places | workflow->declared) >> parameter & 1) != 0;
}
/* The names of parameters as they are declared: "prompt", …; all pictures are "image". */
const char *comfyui_parameter_name(enum comfyui_parameter parameter);
/* Whether what stands in an input is of the parameter's type: a number or a text, no placeholder in
 * it. */
bool comfyui_input_fits(enum comfyui_parameter parameter, const struct json *value);
/* json_get() of a name that is no literal. */
const struct json *comfyui_member(const struct json *object, struct str wanted);

/* --- what an unmarked workflow leaves open (comfyui_graph.c, comfyui_find.c) --- */

/* What could not be decided, or was decided by a rule that one may want otherwise. */
enum comfyui_note {
    COMFYUI_NOTE_NO_PROMPT, /* no text leads to the sampler */
    COMFYUI_NOTE_SAMPLERS,  /* several that are not one after the other: this one is taken */
    COMFYUI_NOTE_DIFFERS,   /* a later sampler has another value here, which stays */
    COMFYUI_NOTE_TEXTS,     /* several texts are joined: this one stays */
    COMFYUI_NOTE_SHARED,    /* the negative text is the prompt itself */
    COMFYUI_NOTE_STEPS,     /* the sampler stops before its last step for another one */
    COMFYUI_NOTE_LINKED,    /* the value comes from a node that holds none */
    COMFYUI_NOTE_PREVIEW,   /* only a preview shows the picture: it is sent as one that saves */
    COMFYUI_NOTE_MORE,      /* more pictures or masks than a call may have: this one stays */
    COMFYUI_NOTE_CROWD,     /* more samplers than are looked at: this one is taken of the nearest */
    COMFYUI_NOTE_COUNT
};
struct comfyui_found {
    struct comfyui_target targets[COMFYUI_TARGETS_MAX];
    size_t target_count;
    struct {
        enum comfyui_note note;
        struct str node, input; /* input may be empty */
    } notes[16];
    size_t note_count;
};
/*
 * Finds the parameters of a graph in API format.  The sampler is the one that the saved picture
 * comes from; of several after each other the first, and what the later ones have alike is changed
 * alike; beyond the sixteen nearest to the picture none is looked at.  Total but for what no server
 * would work: fails, with field "workflow" and a sentence naming node and input: too many nodes, a
 * link to nothing, a circle, nothing that saves a picture.
 */
MUST_CHECK bool comfyui_workflow_find(const struct json *graph, struct comfyui_found *out,
                                      struct error *err);

struct comfyui_node {
    struct str id, class;
    const struct json *inputs;
    uint16_t first, end; /* its links in comfyui_graph.links */
};
struct comfyui_link {
    uint16_t from, to; /* nodes, by number */
    int64_t output;
    struct str input; /* of `to` */
};
struct comfyui_graph {
    struct comfyui_node *nodes; /* in the file's order */
    struct comfyui_link *links; /* by `to` */
    uint16_t *by_id;
    size_t count, link_count;
};
/* Of a checked graph.  Fails: too many nodes or links, a link to nothing, a circle. */
MUST_CHECK bool comfyui_graph_init(const struct json *checked, struct comfyui_graph *out,
                                   struct error *err);
void comfyui_graph_finish(struct comfyui_graph *graph); /* for CLEANUP() */
/* NULL: that input is no link. */
const struct comfyui_link *comfyui_graph_link(const struct comfyui_graph *graph, size_t node,
                                              const char *input);

/* An input that is one of the parameters and nothing else: a place, or a target. */
struct comfyui_input {
    enum comfyui_parameter parameter;
    struct str class, name; /* of the node and of its input; in the workflow */
};
/* Up to `max` of the inputs that hold a parameter which an option sets. */
size_t comfyui_workflow_inputs(const struct comfyui_workflow *workflow, struct comfyui_input *out,
                               size_t max);
/* The node that loads the file of %model%, the first where there are more; that of checkpoints when
 * it only stands within a longer text. */
struct comfyui_input comfyui_workflow_model(const struct comfyui_workflow *workflow);

struct comfyui_value {
    enum { VALUE_TEXT, VALUE_INT, VALUE_DOUBLE } type;
    struct str text;
    int64_t number;
    double fraction;
};
struct comfyui_values {
    struct comfyui_value items[COMFYUI_PARAMETER_COUNT]; /* COMFYUI_IMAGE is unused */
    struct str images[COMFYUI_IMAGES_MAX];
    uint32_t asked; /* bits: said by the call itself; a target of what was not said stays */
};
/* Writes the graph with the values in place: a target, or a text that is a placeholder and nothing
 * else, becomes the value with its own type; within longer text it becomes text. */
void comfyui_workflow_write(const struct comfyui_workflow *workflow,
                            const struct comfyui_values *values, struct json_writer *writer);

/* --- the account's own (comfyui_own.c) --- */

#define COMFYUI_OWN_MAX 12
#define COMFYUI_OWN_SIZE_MAX                                                                       \
    400000 /* of all their graphs; written as JSON they may be twice that */
/* One of them in the account's options, by its id or its place; NULL: there is none. */
const struct json *comfyui_own_find(const struct provider_account *account, struct str id);
const struct json *comfyui_own_at(const struct provider_account *account, size_t index);
MUST_CHECK bool comfyui_own_read(const struct json *own, struct comfyui_workflow *out,
                                 struct error *err); /* as comfyui_workflow_read() */
/* The model that a workflow is, by what it leaves open; `options` has room for all and a NULL. */
struct provider_model comfyui_own_model(struct str id, const struct comfyui_workflow *workflow,
                                        bool has_checkpoint, const struct provider_field **options);
/* provider_kind's: own_models, check_own, carry_over; comfyui_view.c: read_workflow. */
bool comfyui_read_workflow(struct str text, const struct json *parameters, struct arena *arena,
                           struct provider_workflow *out, struct error *err);
struct text_list comfyui_own_ids(const struct json *options, struct arena *arena);
size_t comfyui_own_models(const struct provider_account *account, struct arena *arena,
                          struct provider_model **out);
MUST_CHECK bool comfyui_own_check(const struct json *value, const struct json *kept,
                                  struct error *err);
bool comfyui_own_carry_over(const struct json *options, struct arena *arena, struct str *out);

/* --- one call --- */

struct comfyui_call {
    const struct provider_account *account;
    const struct provider_request *request;
    const struct comfyui_template *template;
    bool is_own;
    struct provider_model model; /* with what its workflow leaves open */
    const struct provider_field *options[COMFYUI_OPTION_COUNT + 1]; /* the same of its options */
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
/* A place for a file's name is to be filled, and nobody named one. */
bool comfyui_lacks_file(const struct comfyui_call *call, const struct comfyui_steps *steps);
/* The next exchange of a call: the list of files for %model%, an upload, or the paid one. */
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
#define COMFYUI_LOADER "CheckpointLoaderSimple"
#define COMFYUI_LOADER_FILE "ckpt_name"
#define COMFYUI_CHECKPOINTS "/object_info/" COMFYUI_LOADER
/* "/object_info/CLASS", whatever is in its name. */
struct str comfyui_class_path(struct str class, struct arena *arena);
/* The list of files in a reply to COMFYUI_CHECKPOINTS; NULL when it is none. */
const struct json *comfyui_checkpoints(const struct json *json);
/* What one input of a class can be, in a reply to /object_info/CLASS; NULL when it is no list. */
const struct json *comfyui_list_of(const struct json *json, struct str class, struct str name);
/* comfyui_offer.c: what the server lists for the options of its workflows. */
bool comfyui_ask_offer(const struct provider_account *account, size_t number, struct arena *arena,
                       struct exchange *out);
bool comfyui_read_offer(const struct provider_account *account, size_t number,
                        const struct exchange_reply *reply, struct arena *arena,
                        struct provider_offers *offers);

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
