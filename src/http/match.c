/* match.c: the route tables as a tree of path segments; a literal wins over a {name}. */
#include "http/http_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct node {
    struct node *sibling, *child; /* literals first, then at most one parameter */
    struct str text;              /* the literal, or the parameter's name */
    bool is_param;
    size_t *rows; /* of the routes that end here */
    size_t row_count;
};

struct route_tree {
    struct node *root;
    const struct http_route **routes;
    size_t count;
};

/* NOLINTNEXTLINE(misc-no-recursion): PATH_SEGMENTS_MAX deep */
static void node_destroy(struct node *node)
{
    while (node != NULL) {
        struct node *sibling = node->sibling;

        node_destroy(node->child);
        free(node->rows);
        free(node);
        node = sibling;
    }
}

void route_tree_destroy(struct route_tree *tree)
{
    if (tree == NULL)
        return;
    node_destroy(tree->root);
    free(tree->routes);
    free(tree);
}

static void *grow(void *old, size_t size)
{
    void *memory = realloc(old, size);

    if (memory == NULL)
        abort();
    return memory;
}

static struct node *node_create(struct str text, bool is_param)
{
    struct node *node = calloc(1, sizeof(*node));

    if (node == NULL)
        abort();
    node->text = text;
    node->is_param = is_param;
    return node;
}

static struct node *node_child(struct node *node, struct str segment)
{
    bool is_param = segment.size > 2 && segment.data[0] == '{';
    struct str text = is_param ? str_slice(segment, 1, segment.size - 2) : segment;
    struct node **link = &node->child;
    struct node *child;

    while (*link != NULL && !((*link)->is_param == is_param && str_equal((*link)->text, text)))
        link = &(*link)->sibling;
    if (*link != NULL)
        return *link;
    child = node_create(text, is_param);
    if (is_param) { /* after the literals; {a} and {b} at one place are two branches */
        *link = child;
    } else {
        child->sibling = node->child;
        node->child = child;
    }
    return child;
}

static bool tree_add(struct route_tree *tree, const struct http_route *route, struct error *err)
{
    struct str rest = str_of(route->path);
    struct node *node = tree->root;
    size_t segments = 0, params = 0;

    if (rest.size == 0 || rest.data[0] != '/' || route->handler == NULL)
        return error_set(err, ERROR_INTERNAL, "the route %s %s is not well formed", route->method,
                         route->path);
    if ((route->flags & HTTP_QUICK) != 0 &&
        (strcmp(route->method, "GET") != 0 || route->body != BODY_NONE ||
         (route->flags & (HTTP_STREAM | HTTP_FILE)) != 0))
        return error_set(err, ERROR_INTERNAL, "the route %s %s cannot be quick", route->method,
                         route->path);
    rest = str_slice(rest, 1, rest.size);
    while (rest.data != NULL && rest.size > 0) {
        struct str segment = str_cut(&rest, '/');

        node = node_child(node, segment);
        segments++;
        params += node->is_param;
    }
    if (segments > PATH_SEGMENTS_MAX || params > PATH_PARAMS_MAX)
        return error_set(err, ERROR_INTERNAL, "the route %s is too long", route->path);
    for (size_t i = 0; i < node->row_count; i++) {
        assert(node->rows[i] < tree->count);
        if (strcmp(tree->routes[node->rows[i]]->method, route->method) == 0)
            return error_set(err, ERROR_INTERNAL, "the route %s %s stands there twice",
                             route->method, route->path);
    }
    node->rows = grow(node->rows, (node->row_count + 1) * sizeof(*node->rows));
    node->rows[node->row_count++] = tree->count;
    tree->routes = grow(tree->routes, (tree->count + 1) * sizeof(struct http_route *));
    tree->routes[tree->count++] = route;
    return true;
}

bool route_tree_create(const struct http_route *const *tables, struct route_tree **out,
                       struct error *err)
{
    struct route_tree *tree = calloc(1, sizeof(*tree));

    if (tree == NULL)
        abort();
    tree->root = node_create(STR_EMPTY, false);
    for (size_t i = 0; tables != NULL && tables[i] != NULL; i++)
        for (const struct http_route *route = tables[i]; route->method != NULL; route++)
            if (!tree_add(tree, route, err)) {
                route_tree_destroy(tree);
                return false;
            }
    *out = tree;
    return true;
}

size_t route_tree_count(const struct route_tree *tree) { return tree->count; }

const struct http_route *route_tree_row(const struct route_tree *tree, size_t index)
{
    return tree->routes[index];
}

/* The row of the node for the method; HEAD is answered by GET's. */
static bool row_find(const struct route_tree *tree, const struct node *node, struct str method,
                     size_t *index)
{
    for (size_t i = 0; i < node->row_count; i++)
        if (str_equal(str_of(tree->routes[node->rows[i]]->method), method)) {
            *index = node->rows[i];
            return true;
        }
    return false;
}

static void allow_add(char allow[96], const char *method)
{
    size_t used = strlen(allow);
    size_t size = strlen(method);

    if (strstr(allow, method) != NULL || used + size + 3 > 96)
        return;
    if (used > 0) {
        memcpy(allow + used, ", ", sizeof(", "));
        used += 2;
    }
    memcpy(allow + used, method, size + 1);
}

static void allow_of(const struct route_tree *tree, const struct node *node, char allow[96])
{
    for (size_t i = 0; i < node->row_count; i++) {
        const char *method = tree->routes[node->rows[i]]->method;

        allow_add(allow, method);
        if (strcmp(method, "GET") == 0)
            allow_add(allow, "HEAD");
    }
    allow_add(allow, "OPTIONS");
}

/* Depth first.
 * NOLINTNEXTLINE(misc-no-recursion): PATH_SEGMENTS_MAX deep, the table's own branches wide */
static bool match_from(const struct route_tree *tree, const struct node *node, struct str method,
                       const struct path *path, size_t at, struct route_match *out)
{
    if (at == path->count) {
        size_t index;

        if (node->row_count == 0)
            return false;
        out->is_path_known = true;
        if (row_find(tree, node, method, &index) ||
            (str_equal(method, STR("HEAD")) && row_find(tree, node, STR("GET"), &index))) {
            out->route = tree->routes[index];
            out->index = index;
            return true;
        }
        allow_of(tree, node, out->allow);
        return false;
    }
    for (const struct node *child = node->child; child != NULL; child = child->sibling) {
        if (!child->is_param) {
            if (str_equal(child->text, path->segments[at]) &&
                match_from(tree, child, method, path, at + 1, out))
                return true;
            continue;
        }
        out->param_names[out->param_count] = child->text;
        out->params[out->param_count++] = path->segments[at];
        if (match_from(tree, child, method, path, at + 1, out))
            return true;
        out->param_count--;
    }
    return false;
}

void route_tree_match(const struct route_tree *tree, struct str method, const struct path *path,
                      struct route_match *out)
{
    *out = (struct route_match){0};
    (void)match_from(tree, tree->root, method, path, 0, out);
}
