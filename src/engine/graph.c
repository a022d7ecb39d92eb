#include "engine/graph.h"

#include <stdio.h>

static bool check_nodes(const struct run_spec *spec, struct error *err)
{
    if (spec->node_count == 0)
        return error_field(err, ERROR_REQUIRED, "nodes", 1, "a run needs at least one node");
    if (spec->node_count > RUN_NODES_MAX)
        return error_field(err, ERROR_TOO_MANY, "nodes", RUN_NODES_MAX,
                           "a run has at most %d nodes", RUN_NODES_MAX);
    if (spec->edge_count > RUN_EDGES_MAX)
        return error_field(err, ERROR_TOO_MANY, "edges", RUN_EDGES_MAX,
                           "a run has at most %d edges", RUN_EDGES_MAX);
    for (size_t row = 0; row < spec->node_count; row++) {
        char field[32];

        snprintf(field, sizeof(field), "nodes[%zu].key", row);
        if (spec->nodes[row].key.size == 0)
            return error_field(err, ERROR_REQUIRED, field, 0, "a node needs a key");
        for (size_t other = 0; other < row; other++)
            if (str_equal(spec->nodes[row].key, spec->nodes[other].key))
                return error_field(err, ERROR_INVALID, field, 0, "two nodes have this key");
    }
    return true;
}

static bool check_edges(const struct run_spec *spec, struct error *err)
{
    int degree[RUN_NODES_MAX] = {0};

    for (size_t row = 0; row < spec->edge_count; row++) {
        const struct run_edge *edge = &spec->edges[row];
        char field[32];

        snprintf(field, sizeof(field), "edges[%zu]", row);
        if (edge->from >= spec->node_count || edge->to >= spec->node_count)
            return error_field(err, ERROR_INVALID, field, 0, "an edge joins two nodes of the run");
        for (size_t other = 0; other < row; other++) {
            const struct run_edge *twin = &spec->edges[other];

            if (twin->from == edge->from && twin->to == edge->to &&
                str_equal(twin->from_port, edge->from_port) &&
                str_equal(twin->to_port, edge->to_port))
                return error_field(err, ERROR_INVALID, field, 0, "this edge is there twice");
        }
        if (++degree[edge->to] > RUN_IN_DEGREE_MAX)
            return error_field(err, ERROR_TOO_MANY, field, RUN_IN_DEGREE_MAX,
                               "at most %d edges lead into a node", RUN_IN_DEGREE_MAX);
    }
    return true;
}

/* Layer by layer: what no edge leads into any more is taken away; what stays for ever is a cycle.
 */
static bool check_order(const struct run_spec *spec, struct error *err)
{
    int open[RUN_NODES_MAX] = {0};
    bool is_taken[RUN_NODES_MAX] = {0};
    size_t left = spec->node_count;

    for (size_t row = 0; row < spec->edge_count; row++)
        open[spec->edges[row].to]++;
    for (int depth = 0; left > 0; depth++) {
        size_t layer[RUN_NODES_MAX];
        size_t count = 0;

        if (depth == RUN_DEPTH_MAX)
            return error_field(err, ERROR_TOO_MANY, "edges", RUN_DEPTH_MAX,
                               "a run is at most %d nodes deep", RUN_DEPTH_MAX);
        for (size_t row = 0; row < spec->node_count; row++)
            if (!is_taken[row] && open[row] == 0)
                layer[count++] = row;
        if (count == 0)
            return error_field(err, ERROR_INVALID, "edges", 0, "the graph runs in a circle");
        for (size_t index = 0; index < count; index++) {
            is_taken[layer[index]] = true;
            for (size_t row = 0; row < spec->edge_count; row++)
                if (spec->edges[row].from == layer[index])
                    open[spec->edges[row].to]--;
        }
        left -= count;
    }
    return true;
}

bool graph_check(const struct run_spec *spec, struct error *err)
{
    return check_nodes(spec, err) && check_edges(spec, err) && check_order(spec, err);
}
