#include "engine/graph.h"

#include "core/test.h"

#include <stdio.h>

enum { KEY_SIZE = 8 };
static struct run_node nodes[RUN_NODES_MAX + 1];
static struct run_edge edges[RUN_EDGES_MAX + 1];
static char keys[RUN_NODES_MAX + 1][KEY_SIZE];

static struct run_spec spec_of(size_t node_count, size_t edge_count)
{
    for (size_t row = 0; row < COUNT(nodes); row++) {
        snprintf(keys[row], KEY_SIZE, "n%zu", row);
        nodes[row] = (struct run_node){.key = str_of(keys[row])};
    }
    memset(edges, 0, sizeof(edges));
    return (struct run_spec){
        .nodes = nodes, .node_count = node_count, .edges = edges, .edge_count = edge_count};
}

static void expect_refusal(const struct run_spec *spec, enum error_code code, const char *field,
                           int64_t limit, const char *because)
{
    struct error err = {0};

    check(!graph_check(spec, &err), because);
    if (err.code != code || strcmp(err.field, field) != 0 || err.limit != limit)
        fail_msg("%s: %s, field \"%s\", limit %lld", because, error_wire_name(err.code), err.field,
                 (long long)err.limit);
}

static void expect_run(const struct run_spec *spec, const char *because)
{
    struct error err = {0};

    if (!graph_check(spec, &err))
        fail_msg("%s: %s: %s", because, err.field, err.message);
}

static void test_small_graphs(void **state)
{
    static const struct {
        size_t node_count, edge_count;
        size_t edges[5][2];
        bool is_run;
        const char *field, *because;
    } cases[] = {
        {1, 0, {{0}},                            true,  "",         "a node alone"           },
        {2, 0, {{0}},                            true,  "",         "two that stand apart"   },
        {4, 4, {{0, 1}, {0, 2}, {1, 3}, {2, 3}}, true,  "",         "a diamond"              },
        {3, 2, {{2, 1}, {1, 0}},                 true,  "",         "against the rows' order"},
        {1, 1, {{0, 0}},                         false, "edges",    "a node behind itself"   },
        {2, 2, {{0, 1}, {1, 0}},                 false, "edges",    "a circle of two"        },
        {4, 4, {{0, 1}, {1, 2}, {2, 3}, {3, 1}}, false, "edges",    "a circle behind a node" },
        {2, 2, {{0, 1}, {0, 1}},                 false, "edges[1]", "the same edge twice"    },
        {2, 1, {{0, 2}},                         false, "edges[0]", "an edge to nowhere"     },
        {2, 1, {{2, 0}},                         false, "edges[0]", "an edge from nowhere"   },
    };

    (void)state;
    for (size_t row = 0; row < COUNT(cases); row++) {
        struct run_spec spec = spec_of(cases[row].node_count, cases[row].edge_count);

        for (size_t edge = 0; edge < cases[row].edge_count; edge++)
            edges[edge] = (struct run_edge){.from = cases[row].edges[edge][0],
                                            .to = cases[row].edges[edge][1]};
        if (cases[row].is_run)
            expect_run(&spec, cases[row].because);
        else
            expect_refusal(&spec, ERROR_INVALID, cases[row].field, 0, cases[row].because);
    }
}

static void test_two_ports_make_two_edges(void **state)
{
    struct run_spec spec = spec_of(2, 2);

    (void)state;
    edges[0] = (struct run_edge){.from = 0, .to = 1, .to_port = STR("images")};
    edges[1] = (struct run_edge){.from = 0, .to = 1, .to_port = STR("mask")};
    expect_run(&spec, "one task before another in two ways");
}

static void test_keys_name_one_node_each(void **state)
{
    struct run_spec spec = spec_of(3, 0);

    (void)state;
    nodes[2].key = STR("n0");
    expect_refusal(&spec, ERROR_INVALID, "nodes[2].key", 0, "a key twice");
    nodes[2].key = STR_EMPTY;
    expect_refusal(&spec, ERROR_REQUIRED, "nodes[2].key", 0, "no key");
}

static void test_each_limit_holds_and_one_more_does_not(void **state)
{
    struct run_spec spec = spec_of(0, 0);

    (void)state;
    expect_refusal(&spec, ERROR_REQUIRED, "nodes", 1, "no node");
    spec = spec_of(RUN_NODES_MAX, 0);
    expect_run(&spec, "as many nodes as may be");
    spec = spec_of(RUN_NODES_MAX + 1, 0);
    expect_refusal(&spec, ERROR_TOO_MANY, "nodes", RUN_NODES_MAX, "a node too many");
    spec = spec_of(2, RUN_EDGES_MAX + 1);
    expect_refusal(&spec, ERROR_TOO_MANY, "edges", RUN_EDGES_MAX, "an edge too many");

    spec = spec_of(RUN_DEPTH_MAX, RUN_DEPTH_MAX - 1);
    for (size_t edge = 0; edge < spec.edge_count; edge++)
        edges[edge] = (struct run_edge){.from = edge, .to = edge + 1};
    expect_run(&spec, "as deep as may be");
    spec = spec_of(RUN_DEPTH_MAX + 1, RUN_DEPTH_MAX);
    for (size_t edge = 0; edge < spec.edge_count; edge++)
        edges[edge] = (struct run_edge){.from = edge, .to = edge + 1};
    expect_refusal(&spec, ERROR_TOO_MANY, "edges", RUN_DEPTH_MAX, "a node too deep");

    spec = spec_of(RUN_IN_DEGREE_MAX + 2, RUN_IN_DEGREE_MAX);
    for (size_t edge = 0; edge < spec.edge_count; edge++)
        edges[edge] = (struct run_edge){.from = edge + 1, .to = 0};
    expect_run(&spec, "as many edges into a node as may be");
    spec.edge_count++;
    edges[RUN_IN_DEGREE_MAX] = (struct run_edge){.from = RUN_IN_DEGREE_MAX + 1, .to = 0};
    expect_refusal(&spec, ERROR_TOO_MANY, "edges[200]", RUN_IN_DEGREE_MAX, "an edge too many into");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_graphs),
        cmocka_unit_test(test_two_ports_make_two_edges),
        cmocka_unit_test(test_keys_name_one_node_each),
        cmocka_unit_test(test_each_limit_holds_and_one_more_does_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
