/* generate/request.h: what a client asks for becomes a run's spec: operations, models, pictures,
 * prices. */
#pragma once

#include "core/shape.h"
#include "db/db.h"
#include "engine/engine.h"
#include "settings/settings.h"

struct node_input {
    struct str key, operation, parameters, inputs; /* the last two: JSON objects; may be empty */
};
struct edge_input {
    struct str from, to, from_port, to_port;
};
struct run_input {
    struct str title, priority, product;
    struct list nodes; /* of struct node_input */
    struct list edges; /* of struct edge_input */
};
extern const struct shape run_input_shape;

struct run_context {
    struct settings *settings;
    struct db *db; /* a reader */
    struct arena *arena;
    int64_t user_id;
};

/*
 * Fills `*out` (all of it in context->arena) but for user key and hash: operations and parameters
 * checked by their tables, models found, pictures found among the user's own, estimates made.  A
 * spec that says it is right here is right for graph_check() too, but for cycles.  Fails with the
 * field at fault: "nodes[2].parameters.width".
 */
MUST_CHECK bool request_resolve(const struct run_context *context, const struct run_input *input,
                                struct run_spec *out, struct error *err);

/*
 * How a task that was resolved before would be with another account: the model of the same name
 * there, and its price.  That the account has none that can do it is no failure.  Fits
 * engine_hooks.stand_in; context->db may be the writer.  Fails: as db_query().
 */
MUST_CHECK bool request_stand_in(const struct run_context *context, const struct stand_in_ask *ask,
                                 struct stand_in *out, struct error *err);

/* The sum of what is known; false in *is_known when a part of it is not. */
int64_t request_estimate(const struct run_spec *spec, bool *is_known);
