#include "generate/request.h"

#include "asset/asset.h"
#include "core/text.h"
#include "operation/operation.h"
#include "product/product.h"

#include <stdio.h>
#include <string.h>

/* ---- Shapes ---- */

static const struct field node_fields[] = {
    {"key",        FIELD_TEXT, offsetof(struct node_input, key),        FIELD_REQUIRED, 1, 64,     NULL, NULL,
     "The node's name in this run."                                                                                                            },
    {"operation",  FIELD_TEXT, offsetof(struct node_input, operation),  FIELD_REQUIRED, 1, 64,     NULL,
     NULL,                                                                                                     "One of GET /api/v1/operations."},
    {"parameters", FIELD_JSON, offsetof(struct node_input, parameters), 0,              0, 200000, NULL, NULL,
     "An object: the operation's parameters."                                                                                                  },
    {"inputs",     FIELD_JSON, offsetof(struct node_input, inputs),     0,              0, 20000,  NULL, NULL,
     "An object: per input port a list of asset ids."                                                                                          },
};
static const struct shape node_shape = SHAPE("RunNode", struct node_input, node_fields);

static const struct field edge_fields[] = {
    {"from",      FIELD_TEXT, offsetof(struct edge_input, from),      FIELD_REQUIRED, 1, 64, NULL, NULL,
     "A node's key."                },
    {"to",        FIELD_TEXT, offsetof(struct edge_input, to),        FIELD_REQUIRED, 1, 64, NULL, NULL,
     "A node's key."                },
    {"from_port", FIELD_TEXT, offsetof(struct edge_input, from_port), 0,              0, 64, NULL, NULL,
     "Its output; empty: the first."},
    {"to_port",   FIELD_TEXT, offsetof(struct edge_input, to_port),   0,              0, 64, NULL, NULL,
     "Its input; empty: the first." },
};
static const struct shape edge_shape = SHAPE("RunEdge", struct edge_input, edge_fields);

static const char *const priorities[] = {"front", "normal", "low", NULL};
static const struct field run_input_fields[] = {
    {"title",      FIELD_TEXT, offsetof(struct run_input, title),    0,              0, 200,           NULL,        NULL,
     "For people; empty: made from the prompt."                                                                                                                                           },
    {"priority",   FIELD_ENUM, offsetof(struct run_input, priority), 0,              0, 0,             NULL,        priorities,
     "Before or behind what else waits; normal when absent."                                                                                                                              },
    {"product_id", FIELD_ID,   offsetof(struct run_input, product),  FIELD_NULLABLE, 0, 0,             NULL,        NULL,
     "One of my products, that this is made for."                                                                                                                                         },
    {"nodes",      FIELD_LIST, offsetof(struct run_input, nodes),    FIELD_REQUIRED, 1, RUN_NODES_MAX,
     &node_shape,                                                                                                   NULL,       "What is to be done; nodes without edges go side by side."},
    {"edges",      FIELD_LIST, offsetof(struct run_input, edges),    0,              0, RUN_EDGES_MAX, &edge_shape, NULL,
     "What feeds what."                                                                                                                                                                   },
};
const struct shape run_input_shape = SHAPE("RunRequest", struct run_input, run_input_fields);

#define PICTURES_FED_MAX 100 /* more of one node is no request that is accepted */

/* ---- One node ---- */

struct node_context {
    const struct run_context *run;
    const struct node_input *input;
    const struct operation *operation;
    struct json *parameters; /* checked, whole */
    struct task_inputs pictures;
    int64_t references_max; /* of its model */
    struct run_node *out;
    int64_t *made;   /* pictures that each node of the run makes; 0: not read yet.  NULL: no run */
    char prefix[48]; /* "nodes[2]." */
};

static const struct operation_port *find_port(const struct operation_port *ports, size_t count,
                                              struct str name)
{
    for (size_t index = 0; index < count; index++)
        if (str_equal(name, str_of(ports[index].name)))
            return &ports[index];
    return NULL;
}

static const struct operation_port *port_of(const struct operation *operation, struct str name)
{
    return find_port(operation->inputs, operation->input_count, name);
}

static bool read_ids(const struct node_context *node, const struct operation_port *port,
                     const struct json *value, struct str **ids, size_t *count, struct error *err)
{
    const size_t max = port->is_list ? (size_t)port->max : 1;
    char field[80];

    snprintf(field, sizeof(field), "%sinputs.%s", node->prefix, port->name);
    if (!json_is(value, JSON_LIST))
        return error_field(err, ERROR_WRONG_TYPE, field, 0, "a list of asset ids is wanted");
    *count = json_count(value);
    if (*count > max)
        return error_field(err, ERROR_TOO_MANY, field, (int64_t)max, "at most %zu pictures", max);
    *ids = ARENA_ARRAY(node->run->arena, struct str, *count);
    for (size_t index = 0; index < *count; index++) {
        struct id id;

        if (!id_parse(json_text(json_item(value, index)), &id))
            return error_field(err, ERROR_INVALID, field, 0, "item %zu is no asset id", index);
        (*ids)[index] = arena_str(node->run->arena, id_str(&id));
    }
    return true;
}

static bool read_port(struct node_context *node, struct str name, const struct json *value,
                      struct error *err)
{
    const struct operation_port *port = port_of(node->operation, name);
    struct input_picture *pictures;
    struct str *ids = NULL;
    size_t count = 0;
    char field[80];

    snprintf(field, sizeof(field), "%sinputs.%.*s", node->prefix, (int)str_slice(name, 0, 30).size,
             name.data == NULL ? "" : name.data);
    if (port == NULL)
        return error_field(err, ERROR_UNKNOWN_FIELD, field, 0, "the operation has no such input");
    if (!read_ids(node, port, value, &ids, &count, err))
        return false;
    pictures = ARENA_ARRAY(node->run->arena, struct input_picture, count);
    if (port->is_list || count == 0
            ? !asset_store_inputs(node->run->db, node->run->user_id, field, ids, count,
                                  node->run->arena, pictures, err)
            : !asset_store_mask(node->run->db, node->run->user_id, field, ids[0], node->run->arena,
                                pictures, err)) {
        if (err->code == ERROR_NOT_FOUND) /* a part of the request, not the address asked for */
            err->code = ERROR_INVALID;
        return false;
    }
    if (port->is_list)
        node->pictures.images = (struct list){.items = pictures, .count = count};
    else if (count == 1)
        node->pictures.mask = pictures;
    return true;
}

/* A mask covers the first picture, pixel by pixel; what an edge brings is seen when it is there. */
static bool check_mask(const struct node_context *node, struct error *err)
{
    const struct input_picture *picture = node->pictures.images.items;
    const struct input_picture *mask = node->pictures.mask;
    char field[80];

    if (mask == NULL || node->pictures.images.count == 0 ||
        (mask->width_px == picture->width_px && mask->height_px == picture->height_px))
        return true;
    snprintf(field, sizeof(field), "%sinputs.mask", node->prefix);
    return error_field(err, ERROR_INVALID, field, 0,
                       "the mask has %lld x %lld pixels, its picture %lld x %lld",
                       (long long)mask->width_px, (long long)mask->height_px,
                       (long long)picture->width_px, (long long)picture->height_px);
}

static bool read_inputs(struct node_context *node, struct error *err)
{
    CLEANUP(json_cleanup) struct json *inputs = NULL;
    CLEANUP(buf_finish) struct buf text = {0};
    struct json_cursor cursor = {0};
    const struct json *value;
    struct str name;

    if (node->input->inputs.size > 0) {
        if (!json_read(node->input->inputs, &inputs, err))
            return false;
        if (!json_is(inputs, JSON_OBJECT) && !json_is(inputs, JSON_NULL)) {
            char field[80];

            snprintf(field, sizeof(field), "%sinputs", node->prefix);
            return error_field(err, ERROR_WRONG_TYPE, field, 0, "an object is wanted");
        }
    }
    while (json_next(inputs, &cursor, &name, &value))
        if (!read_port(node, name, value, err))
            return false;
    if (!check_mask(node, err))
        return false;
    task_inputs_write(&node->pictures, &text);
    node->out->inputs = arena_str(node->run->arena, buf_str(&text));
    return true;
}

static bool read_parameters(struct node_context *node, struct error *err)
{
    CLEANUP(json_cleanup) struct json *given = NULL;
    struct str whole;
    char prefix[64];

    snprintf(prefix, sizeof(prefix), "%sparameters.", node->prefix);
    if (node->input->parameters.size > 0 && !json_read(node->input->parameters, &given, err))
        return false;
    if (!operation_check(node->operation, given, prefix, node->run->arena, &whole, err))
        return false;
    node->out->parameters = whole;
    return json_read(whole, &node->parameters, err);
}

/* A field of a provider's refusal, where the client put it. */
static bool at_parameter(const struct node_context *node, struct error *err)
{
    char field[sizeof(err->field) + sizeof(node->prefix) + 16];
    const char *name = err->field;

    if (name[0] == '\0' || err->code == ERROR_INTERNAL)
        return false;
    if (strcmp(name, "count") == 0)
        name = "n"; /* what a provider's request calls it */
    snprintf(field, sizeof(field), "%sparameters.%s", node->prefix, name);
    field[sizeof(err->field) - 1] = '\0';
    memcpy(err->field, field, sizeof(err->field));
    return false;
}

/* Pictures go in: they are named, or an edge brings them. */
static bool is_fed(const struct node_context *node, const struct run_input *input)
{
    const struct edge_input *edges = input->edges.items;

    for (size_t edge = 0; edge < input->edges.count; edge++)
        if (str_equal(edges[edge].to, node->input->key))
            return true;
    return node->pictures.images.count > 0 || node->pictures.mask != NULL;
}

static bool is_masked(const struct node_context *node, const struct run_input *input)
{
    const struct edge_input *edges = input->edges.items;

    for (size_t edge = 0; edge < input->edges.count; edge++)
        if (str_equal(edges[edge].to, node->input->key) &&
            str_equal(edges[edge].to_port, STR("mask")))
            return true;
    return node->pictures.mask != NULL;
}

/* Without pictures the provider's file can say at once what its model cannot do. */
static bool can_try(const struct node_context *node, const struct provider_request *request,
                    const struct provider_model *model)
{
    struct error ignored;

    return node->pictures.images.count == 0 && node->pictures.mask == NULL &&
           (request->action != PROVIDER_GENERATE ||
            provider_model_check(model, NEED_GENERATE, &ignored));
}

static bool find_node(const struct run_input *input, struct str key, size_t *out)
{
    const struct node_input *nodes = input->nodes.items;

    for (size_t row = 0; row < input->nodes.count; row++) {
        if (str_equal(nodes[row].key, key)) {
            *out = row;
            return true;
        }
    }
    return false;
}

static int64_t read_made(struct str text)
{
    CLEANUP(json_cleanup) struct json *parameters = NULL;
    struct error ignored;
    int64_t count;

    if (text.size == 0 || !json_read(text, &parameters, &ignored))
        return 1;
    count = json_int_or(json_get(parameters, "n"), 1);
    return count < 1 || count > PICTURES_FED_MAX ? 1 : count;
}

/* How many pictures one run of a node makes: its parameter `n`, checked when its turn comes.  Read
 * once, however many edges lead away from it: its parameters may be as long as the request. */
static int64_t made_by(const struct node_context *node, const struct run_input *input,
                       struct str key)
{
    const struct node_input *nodes = input->nodes.items;
    size_t row;

    if (node->made == NULL || !find_node(input, key, &row))
        return 1;
    if (node->made[row] == 0)
        node->made[row] = read_made(nodes[row].parameters);
    return node->made[row];
}

/* The pictures that are named, and those that edges will bring: both are paid for. */
static size_t count_pictures(const struct node_context *node, const struct run_input *input)
{
    const struct edge_input *edges = input->edges.items;
    int64_t fed = 0, most = 0;

    for (size_t row = 0; row < input->edges.count; row++) {
        const struct operation_port *port = node->operation->inputs;

        if (!str_equal(edges[row].to, node->input->key) || node->operation->input_count == 0)
            continue;
        if (edges[row].to_port.size > 0)
            port = port_of(node->operation, edges[row].to_port);
        if (port == NULL || !port->is_list)
            continue; /* refused with the edges, or the mask */
        fed += made_by(node, input, edges[row].from);
        most = port->max;
    }
    return node->pictures.images.count + (size_t)(fed < most ? fed : most);
}

/*
 * What it is asked with here is dropped with the node: an account with its keys and prices, and a
 * call that is only tried, are larger than all that is kept of it, and a run has hundreds.
 */
static bool resolve_model(struct node_context *node, const struct run_input *input,
                          struct str asked, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *scratch = arena_create(MIB(64));
    const struct run_context run = *node->run;
    struct model_choice choice;
    struct provider_request request, priced;
    struct exchange exchange;
    const struct provider_image unseen = {0};
    const char *currency = "";
    const bool has_mask = is_masked(node, input);
    const size_t images = count_pictures(node, input);
    const unsigned needs =
        (is_fed(node, input) ? node->operation->needs_fed : node->operation->needs) |
        (has_mask ? NEED_MASK : 0U);

    if (!settings_model_find(run.settings, asked, needs, scratch, &choice, err))
        return at_parameter(node, err);
    node->out->provider_id = choice.provider_id;
    node->references_max = choice.model.references_max;
    node->out->model = arena_str(run.arena, choice.model.name);
    if (!node->operation->request(node->parameters, node->pictures.images.count, has_mask, scratch,
                                  &request, err) ||
        !node->operation->request(node->parameters, images, has_mask, scratch, &priced, err))
        return false;
    if (!provider_check_settings(&choice.model, &request, err))
        return at_parameter(node, err);
    request.model = priced.model = node->out->model;
    priced.reference_count = images; /* none is loaded before it is begun */
    priced.mask = has_mask ? &unseen : NULL;
    node->out->units = request.count;
    node->out->estimate_micro = provider_estimate(choice.kind, &choice.account, &priced, &currency);
    node->out->currency = arena_str(run.arena, str_of(currency));
    if (can_try(node, &request, &choice.model) &&
        !choice.kind->begin(&choice.account, &request, scratch, &exchange, err))
        return at_parameter(node, err);
    return true;
}

static bool check_required_ports(const struct node_context *node, const struct run_input *input,
                                 struct error *err)
{
    for (size_t index = 0; index < node->operation->input_count; index++) {
        const struct operation_port *port = &node->operation->inputs[index];
        const struct edge_input *edges = input->edges.items;
        bool is_fed = port->is_list && node->pictures.images.count > 0;
        const bool is_first = index == 0; /* where an edge without a port goes */
        char field[80];

        for (size_t edge = 0; edge < input->edges.count; edge++)
            is_fed = is_fed || (str_equal(edges[edge].to, node->input->key) &&
                                (str_equal(edges[edge].to_port, str_of(port->name)) ||
                                 (is_first && edges[edge].to_port.size == 0)));
        if (!port->is_required || is_fed)
            continue;
        snprintf(field, sizeof(field), "%sinputs.%s", node->prefix, port->name);
        return error_field(err, ERROR_REQUIRED, field, 1, "%s needs a picture",
                           node->operation->engine.name);
    }
    return true;
}

static bool resolve_node(const struct run_context *run, const struct run_input *input, size_t row,
                         int64_t *made, struct run_node *out, struct error *err)
{
    struct node_context node = {
        .run = run,
        .input = &((const struct node_input *)input->nodes.items)[row],
        .out = out,
        .made = made,
    };
    bool ok;

    snprintf(node.prefix, sizeof(node.prefix), "nodes[%zu].", row);
    node.operation = operation_find(node.input->operation);
    if (node.operation == NULL) {
        char field[80];

        snprintf(field, sizeof(field), "%soperation", node.prefix);
        return error_field(err, ERROR_NOT_IN_LIST, field, 0, "there is no such operation");
    }
    *out =
        (struct run_node){.key = node.input->key, .operation = str_of(node.operation->engine.name)};
    ok = read_parameters(&node, err) && read_inputs(&node, err) &&
         check_required_ports(&node, input, err) &&
         (!node.operation->engine.needs_provider ||
          resolve_model(&node, input, json_text(json_get(node.parameters, "model")), err));
    json_free(node.parameters);
    return ok;
}

/* ---- With another account ---- */

/* As it would be asked for there; what feeds it is known by name only, and is a picture each. */
static bool resolve_there(struct node_context *node, const struct stand_in_ask *ask,
                          struct error *err)
{
    struct arena *arena = node->run->arena;
    struct edge_input *edges = ARENA_ARRAY(arena, struct edge_input, ask->upstream_count);
    const struct run_input input = {
        .edges = {.items = edges, .count = ask->upstream_count}
    };
    struct provider_binding account;

    for (size_t row = 0; row < ask->upstream_count; row++)
        edges[row] = (struct edge_input){.from = ask->upstream[row].from_key,
                                         .to = node->input->key,
                                         .from_port = ask->upstream[row].from_port,
                                         .to_port = ask->upstream[row].to_port};
    if (!json_read(ask->parameters, &node->parameters, err) ||
        !task_inputs_read(ask->inputs, arena, &node->pictures, err) ||
        !settings_provider_load(node->run->settings, node->run->db, ask->provider_id, arena,
                                &account, err) ||
        !resolve_model(
            node, &input,
            arena_printf(arena, "%.*s/%.*s", STR_ARGS(account.public_id), STR_ARGS(ask->model)),
            err))
        return false;
    if ((int64_t)count_pictures(node, &input) > node->references_max)
        return error_field(err, ERROR_TOO_MANY, "references", node->references_max,
                           "the model takes fewer pictures");
    return true;
}

bool request_stand_in(const struct run_context *context, const struct stand_in_ask *ask,
                      struct stand_in *out, struct error *err)
{
    const struct node_input self = {.key = STR("self")};
    struct run_node there = {0};
    struct node_context node = {
        .run = context, .input = &self, .operation = operation_find(ask->operation), .out = &there};
    bool ok;

    *out = (struct stand_in){.can = false};
    if (node.operation == NULL)
        return true;
    ok = resolve_there(&node, ask, err);
    json_free(node.parameters);
    if (ok)
        *out = (struct stand_in){.can = true,
                                 .model = there.model,
                                 .estimate_micro = there.estimate_micro,
                                 .currency = there.currency};
    else if (error_retry_of(err->code) != RETRY_NEVER)
        return false;
    *err = (struct error){0};
    return true;
}

/* ---- The whole ---- */

static bool resolve_edges(const struct run_context *context, const struct run_input *input,
                          struct run_spec *out, struct error *err)
{
    const struct edge_input *given = input->edges.items;
    struct run_edge *edges = ARENA_ARRAY(context->arena, struct run_edge, input->edges.count);

    for (size_t row = 0; row < input->edges.count; row++) {
        const struct operation *from, *to;
        const struct operation_port *output, *port;
        char field[48];

        edges[row] =
            (struct run_edge){.from_port = given[row].from_port, .to_port = given[row].to_port};
        snprintf(field, sizeof(field), "edges[%zu].from", row);
        if (!find_node(input, given[row].from, &edges[row].from))
            return error_field(err, ERROR_INVALID, field, 0, "there is no node with this key");
        snprintf(field, sizeof(field), "edges[%zu].to", row);
        if (!find_node(input, given[row].to, &edges[row].to))
            return error_field(err, ERROR_INVALID, field, 0, "there is no node with this key");
        from = operation_find(out->nodes[edges[row].from].operation);
        to = operation_find(out->nodes[edges[row].to].operation);
        if (edges[row].to_port.size == 0 && to->input_count > 0)
            edges[row].to_port = str_of(to->inputs[0].name);
        if (edges[row].from_port.size == 0 && from->output_count > 0)
            edges[row].from_port = str_of(from->outputs[0].name);
        snprintf(field, sizeof(field), "edges[%zu].from_port", row);
        output = find_port(from->outputs, from->output_count, edges[row].from_port);
        if (output == NULL)
            return error_field(err, ERROR_INVALID, field, 0, "the operation has no such output");
        snprintf(field, sizeof(field), "edges[%zu].to_port", row);
        port = port_of(to, edges[row].to_port);
        if (port == NULL)
            return error_field(err, ERROR_INVALID, field, 0, "the operation has no such input");
        if (port->type != output->type)
            return error_field(err, ERROR_INVALID, field, 0,
                               port->type == PORT_TEXT ? "this input takes a text, not pictures"
                                                       : "this input takes pictures, not a text");
    }
    out->edges = edges;
    out->edge_count = input->edges.count;
    return true;
}

static struct str title_of(const struct run_context *context, const struct run_input *input,
                           const struct run_node *first)
{
    CLEANUP(json_cleanup) struct json *parameters = NULL;
    struct error err;

    if (input->title.size > 0)
        return input->title;
    if (!json_read(first->parameters, &parameters, &err))
        return first->operation;
    if (json_text(json_get(parameters, "prompt")).size == 0)
        return first->operation;
    return arena_str(context->arena, text_clip(json_text(json_get(parameters, "prompt")), 120));
}

static enum task_priority priority_of(struct str name)
{
    if (str_equal(name, STR("front")))
        return PRIORITY_FRONT;
    return str_equal(name, STR("low")) ? PRIORITY_LOW : PRIORITY_NORMAL;
}

/* A product that is gone is a part of the request, not the address asked for. */
static bool resolve_product(const struct run_context *context, struct str product,
                            struct run_spec *out, struct error *err)
{
    struct id id;

    if (product.size == 0)
        return true;
    if (!id_parse(product, &id))
        return error_field(err, ERROR_INVALID, "product_id", 0, "this is no id");
    out->product = arena_str(context->arena, id_str(&id));
    if (product_find(context->db, context->user_id, out->product, err))
        return true;
    if (err->code != ERROR_NOT_FOUND)
        return false;
    return error_field(err, ERROR_INVALID, "product_id", 0, "there is no such product");
}

bool request_resolve(const struct run_context *context, const struct run_input *input,
                     struct run_spec *out, struct error *err)
{
    struct run_node *nodes = ARENA_ARRAY(context->arena, struct run_node, input->nodes.count);
    int64_t *made = ARENA_ARRAY(context->arena, int64_t, input->nodes.count);

    for (size_t row = 0; row < input->nodes.count; row++)
        if (!resolve_node(context, input, row, made, &nodes[row], err))
            return false;
    *out = (struct run_spec){
        .user_id = context->user_id,
        .priority = priority_of(input->priority),
        .nodes = nodes,
        .node_count = input->nodes.count,
    };
    /* What costs nothing has none. */
    for (size_t row = 0; row < input->nodes.count && out->currency.size == 0; row++)
        out->currency = nodes[row].currency;
    out->title = title_of(context, input, &nodes[0]);
    return resolve_product(context, input->product, out, err) &&
           resolve_edges(context, input, out, err);
}

int64_t request_estimate(const struct run_spec *spec, bool *is_known)
{
    int64_t sum = 0;

    *is_known = true;
    for (size_t row = 0; row < spec->node_count; row++) {
        if (spec->nodes[row].estimate_micro < 0 ||
            (spec->nodes[row].estimate_micro > 0 &&
             !str_equal(spec->nodes[row].currency, spec->currency)))
            *is_known = false;
        else
            sum += spec->nodes[row].estimate_micro;
    }
    return sum;
}
