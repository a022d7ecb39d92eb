/*
 * operation/operation.h: what a node can do: its parameters, ports and the code behind them.  Joins
 * engine, provider, image and blob; knows no noun.  A new operation is one file here and a row in
 * the registry: validation, OpenAPI's list, the page's form and the docs come from its tables.
 */
#pragma once

#include "blob/blob.h"
#include "core/shape.h"
#include "db/check.h"
#include "engine/engine.h"
#include "image/image.h"

enum parameter_type {
    PARAMETER_TEXT,
    PARAMETER_LONG_TEXT,
    PARAMETER_INT,
    PARAMETER_DOUBLE,
    PARAMETER_BOOL,
    PARAMETER_CHOICE,
    PARAMETER_SIDE, /* pixels; 0: the provider's choice */
    PARAMETER_SEED, /* integer; null: chosen by chance */
    PARAMETER_URL,
    PARAMETER_MODEL,   /* "PROVIDERID/wire-id", a wire id, a provider's name; empty: the default */
    PARAMETER_OPTIONS, /* an object: the model's own options by their names */
    PARAMETER_ROLES,   /* a list of choices, one for each picture that is put in, in their order */
};

struct operation_parameter {
    const char *name;
    enum parameter_type type;
    bool is_required;
    int64_t min, max;     /* of numbers; of texts: characters */
    const char *fallback; /* JSON; NULL: null */
    const char *const
        *choices;           /* NULL-terminated; NULL with PARAMETER_CHOICE: what the model offers */
    const char *capability; /* the model's capability that shows it: "has_seed"; NULL: always */
    const char *label_en, *label_zh, *help_en, *help_zh;
};

enum port_type { PORT_IMAGE, PORT_TEXT };

struct operation_port {
    const char *name;
    enum port_type type;
    bool is_list, is_required;
    int64_t max; /* items; 0: one */
};

struct operation {
    struct engine_operation engine; /* its name, and what runs */
    const char *label_en, *label_zh, *help_en, *help_zh;
    const struct operation_parameter *parameters;
    size_t parameter_count;
    const struct operation_port *inputs;
    size_t input_count;
    const struct operation_port *outputs;
    size_t output_count;
    /* What the model must be able to do, bits of enum provider_need: alone, and when pictures are
     * put in. */
    unsigned needs, needs_fed;
    /* The request a provider would be sent, for begin() and for estimates; NULL: needs no provider.
     */
    bool (*request)(const struct json *parameters, size_t reference_count, bool has_mask,
                    struct arena *arena, struct provider_request *out, struct error *err);
};

const struct operation *operation_find(struct str name); /* NULL: none */
/* All of them; NULL-terminated, static. */
const struct operation *const *operations(void);
/* As the engine wants them. */
const struct engine_operation *const *operations_for_engine(void);

/*
 * Checks `parameters` against the table and gives them back whole: fall-backs filled in, nothing
 * unknown. `prefix` stands before the field at fault: "nodes[0].parameters.".  Fails:
 * UNKNOWN_FIELD, REQUIRED, WRONG_TYPE, TOO_LONG, TOO_SMALL, TOO_BIG, NOT_IN_LIST, INVALID.
 */
MUST_CHECK bool operation_check(const struct operation *operation, const struct json *parameters,
                                const char *prefix, struct arena *arena, struct str *out,
                                struct error *err);
/* The same of what is there: nothing is required and no fall-back filled in; null is absent. */
MUST_CHECK bool operation_check_given(const struct operation *operation,
                                      const struct json *parameters, const char *prefix,
                                      struct arena *arena, struct str *out, struct error *err);

/* What the nouns put into a task's inputs, per port: pictures by their bytes. */
struct input_picture {
    struct str asset; /* public id; empty: none */
    struct str blob;  /* name */
    struct str mime;
    int64_t width_px, height_px; /* for the nouns: not written; 0: not known */
};
struct task_inputs {
    struct list images;         /* of struct input_picture: references */
    struct input_picture *mask; /* NULL: none */
};
extern const struct shape task_inputs_shape;
void task_inputs_write(const struct task_inputs *inputs, struct buf *out);
MUST_CHECK bool task_inputs_read(struct str json, struct arena *arena, struct task_inputs *out,
                                 struct error *err);

/* A task's result: JSON in call.result (before refinement) and task.output (after). */
struct result_variant {
    struct str name; /* "thumb" */
    struct str blob;
    int64_t size;
};
struct result_picture {
    struct str blob, mime, kind; /* kind: "generated", "uploaded" (fetched) */
    int64_t size, width_px, height_px;
    struct str thumbhash; /* base64 */
    struct str color;     /* "#rrggbb" */
    struct list variants; /* of struct result_variant */
    bool has_seed;
    int64_t seed;
    struct str revised_prompt, source_type, system, labelled_at, name, source_url;
};
struct result {
    struct list pictures;  /* of struct result_picture */
    struct str request_id; /* the provider's */
    struct str provider_name;
    struct str dropped; /* fields the provider refused by name and the request went without */
    struct str missing; /* why there are fewer pictures than asked for, or why the text was cut: in
                           the provider's words */
    struct str text;    /* what was written; empty: nothing */
    struct text_list keywords; /* of image.describe */
    double confidence;         /* of image.describe: 0..1; 0: not said */
};
void result_write(const struct result *result, struct buf *out);
MUST_CHECK bool result_read(struct str json, struct arena *arena, struct result *out,
                            struct error *err);

/* What engine_check() is for the engine's rows: a result that a task may still adopt can be read,
 * and its files are held for it. */
MUST_CHECK bool result_check(struct db *db, struct arena *arena, struct check_report *out,
                             struct error *err);

/* attempt->services. */
struct operation_services {
    struct blob_store *blobs;
    struct image_limits limits;
    int64_t fetch_size_max; /* bytes of a fetched picture */
    /* The TC260 producer code now; may be empty.  In `arena`. */
    struct str (*producer_code)(void *context, struct arena *arena);
    void *context;
};
