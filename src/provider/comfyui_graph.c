/*
 * provider/comfyui_graph.c: a workflow as nodes and links, for whoever walks it.  What cannot be
 * walked is refused here, so that nobody else has to look: a link to nothing, and one that leads
 * back to where it came from.
 */
#include "provider/comfyui_private.h"

#include "core/text.h"

#include <stdlib.h>

#define LINKS_MAX 10000
#define SHOWN_MAX 40
#define NAME_SIZE_MAX 200 /* of an id, a class, an input: each is shown many times */

static void *must_alloc(size_t count, size_t size)
{
    void *memory = calloc(count == 0 ? 1 : count, size);

    if (memory == NULL)
        abort();
    return memory;
}

struct sorted_id {
    struct str id;
    uint16_t node;
};

static int compare_ids(const void *a, const void *b)
{
    return str_compare(((const struct sorted_id *)a)->id, ((const struct sorted_id *)b)->id);
}

static void sort_ids(struct comfyui_graph *graph)
{
    struct sorted_id *ids = must_alloc(graph->count, sizeof(*ids));

    for (size_t i = 0; i < graph->count; i++)
        ids[i] = (struct sorted_id){graph->nodes[i].id, (uint16_t)i};
    qsort(ids, graph->count, sizeof(*ids), compare_ids);
    for (size_t i = 0; i < graph->count; i++)
        graph->by_id[i] = ids[i].node;
    free(ids);
}

static bool find_node(const struct comfyui_graph *graph, struct str id, uint16_t *out)
{
    size_t low = 0, high = graph->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = str_compare(graph->nodes[graph->by_id[middle]].id, id);

        if (order == 0) {
            *out = graph->by_id[middle];
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool refuse(const struct comfyui_node *node, struct str input, struct error *err,
                   const char *why, struct str shown)
{
    const struct str id = text_clip(node->id, SHOWN_MAX), class = text_clip(node->class, SHOWN_MAX),
                     name = text_clip(input, SHOWN_MAX);

    shown = text_clip(shown, SHOWN_MAX);
    return error_field(err, ERROR_INVALID, "workflow", 0,
                       "node \"%.*s\" (%.*s), input %.*s: %s%.*s", STR_ARGS(id), STR_ARGS(class),
                       STR_ARGS(name), why, STR_ARGS(shown));
}

/* ["4", 0]: the first output of node 4.  ComfyUI takes every list of two for a link. */
static bool is_link(const struct json *value, struct str *id, int64_t *output)
{
    *id = json_text(json_item(value, 0));
    return json_is(value, JSON_LIST) && json_count(value) == 2 &&
           json_is(json_item(value, 0), JSON_TEXT) && json_int(json_item(value, 1), output);
}

static bool refuse_long(const struct comfyui_node *node, const char *what, struct error *err)
{
    const struct str id = text_clip(node->id, SHOWN_MAX);

    return error_field(err, ERROR_TOO_LONG, "workflow", NAME_SIZE_MAX,
                       "node \"%.*s\": its %s has at most %d bytes", STR_ARGS(id), what,
                       NAME_SIZE_MAX);
}

static bool read_links(struct comfyui_graph *graph, size_t at, struct error *err)
{
    struct comfyui_node *node = &graph->nodes[at];
    struct json_cursor cursor = {0};
    const struct json *value;
    struct str name, id;

    if (node->id.size > NAME_SIZE_MAX)
        return refuse_long(node, "id", err);
    if (node->class.size > NAME_SIZE_MAX)
        return refuse_long(node, "class", err);
    node->first = (uint16_t)graph->link_count;
    while (json_next(node->inputs, &cursor, &name, &value)) {
        struct comfyui_link link = {.to = (uint16_t)at, .input = name};

        if (name.size > NAME_SIZE_MAX)
            return refuse_long(node, "input's name", err);
        if (!is_link(value, &id, &link.output))
            continue;
        if (!find_node(graph, id, &link.from))
            return refuse(node, name, err, "it is linked to a node that is not there: ", id);
        if (graph->link_count == LINKS_MAX)
            return error_field(err, ERROR_TOO_BIG, "workflow", LINKS_MAX,
                               "a workflow has at most %d links", LINKS_MAX);
        graph->links[graph->link_count++] = link;
    }
    node->end = (uint16_t)graph->link_count;
    return true;
}

/* Of a node that leads nowhere: some way back from it is a circle, for each has another one. */
static bool refuse_circle(const struct comfyui_graph *graph, const bool *is_done, struct error *err)
{
    const struct comfyui_link *link = graph->links; /* there is one that leads round */
    size_t at = 0;

    while (is_done[at])
        at++;
    for (size_t steps = 0; steps <= graph->count; steps++) {
        const struct comfyui_node *node = &graph->nodes[at];

        for (size_t i = node->first; i < node->end; i++)
            if (!is_done[graph->links[i].from])
                link = &graph->links[i];
        at = link->from;
    }
    return refuse(&graph->nodes[link->to], link->input, err,
                  "the links lead round in a circle, back to node ", graph->nodes[link->to].id);
}

/* Whatever has all that it is made of, again and again: what is left goes round. */
static bool check_circles(const struct comfyui_graph *graph, struct error *err)
{
    bool *is_done = must_alloc(graph->count, sizeof(*is_done));
    size_t done = 0, before;
    bool ok = true;

    do {
        before = done;
        for (size_t at = 0; at < graph->count; at++) {
            const struct comfyui_node *node = &graph->nodes[at];
            bool is_ready = !is_done[at];

            for (size_t i = node->first; i < node->end && is_ready; i++)
                is_ready = is_done[graph->links[i].from];
            if (is_ready) {
                is_done[at] = true;
                done++;
            }
        }
    } while (done > before);
    if (done < graph->count)
        ok = refuse_circle(graph, is_done, err);
    free(is_done);
    return ok;
}

bool comfyui_graph_init(const struct json *checked, struct comfyui_graph *out, struct error *err)
{
    struct comfyui_graph graph = {.count = json_count(checked)};
    struct json_cursor cursor = {0};
    const struct json *value;
    struct str id;
    size_t at = 0;
    bool ok = true;

    if (graph.count > COMFYUI_NODES_MAX)
        return error_field(err, ERROR_TOO_BIG, "workflow", COMFYUI_NODES_MAX,
                           "a workflow has at most %d nodes; this one has %zu", COMFYUI_NODES_MAX,
                           graph.count);
    graph.nodes = must_alloc(graph.count, sizeof(*graph.nodes));
    graph.by_id = must_alloc(graph.count, sizeof(*graph.by_id));
    graph.links = must_alloc(LINKS_MAX, sizeof(*graph.links));
    while (json_next(checked, &cursor, &id, &value))
        graph.nodes[at++] = (struct comfyui_node){
            .id = id,
            .class = json_text(json_get(value, "class_type")),
            .inputs = json_get(value, "inputs"),
        };
    sort_ids(&graph);
    for (at = 0; at < graph.count && ok; at++)
        ok = read_links(&graph, at, err);
    if (!ok || !check_circles(&graph, err)) {
        comfyui_graph_finish(&graph);
        return false;
    }
    *out = graph;
    return true;
}

void comfyui_graph_finish(struct comfyui_graph *graph)
{
    free(graph->nodes);
    free(graph->by_id);
    free(graph->links);
    *graph = (struct comfyui_graph){0};
}

const struct comfyui_link *comfyui_graph_link(const struct comfyui_graph *graph, size_t node,
                                              const char *input)
{
    for (size_t i = graph->nodes[node].first; i < graph->nodes[node].end; i++)
        if (str_equal(graph->links[i].input, str_of(input)))
            return &graph->links[i];
    return NULL;
}
