/* "METHOD TARGET": what a route is handed stood in the target, and every parameter keeps its row.
 */
#include "core/text.h"
#include "fuzz.h"
#include "http/http_private.h"

#include <string.h>

static bool never(struct request *req, struct error *err)
{
    (void)req, (void)err;
    return false;
}

static const char *const colours[] = {"red", "green", NULL};
static const struct http_query query[] = {
    {.name = "flag",      .type = FIELD_BOOL},
    {.name = "count",                   .type = FIELD_INT, .min = -5, .max = 50},
    {.name = "any",.type = FIELD_INT},
    {.name = "text",          .type = FIELD_TEXT, .min = 2, .max = 10},
    {.name = "id",       .type = FIELD_ID},
    {.name = "at",                   .type = FIELD_TIME},
    {.name = "colour",.type = FIELD_ENUM, .values = colours},
    {.name = NULL         }
};
static const struct http_route routes[] = {
    {"GET",             "/a", ACCESS_PUBLIC, .handler = never, .query = query},
    {"POST",    "/a", ACCESS_PUBLIC, .handler = never},
    {"GET",   "/a/{id}", ACCESS_PUBLIC, .handler = never},
    {"DELETE",            "/a/{id}", ACCESS_PUBLIC, .handler = never},
    {"GET",    "/a/list", ACCESS_PUBLIC, .handler = never},
    {"GET",                 "/a/{id}/b/{name}", ACCESS_PUBLIC, .handler = never},
    {"PUT",      "/a/{id}/b/c", ACCESS_PUBLIC, .handler = never},
    {"PATCH", "/{other}/d", ACCESS_PUBLIC, .handler = never},
    {.method = NULL         }
};

static const struct route_tree *the_tree(void)
{
    static const struct http_route *const tables[] = {routes, NULL};
    static struct route_tree *tree;
    struct error err;

    MUST(tree != NULL || route_tree_create(tables, &tree, &err));
    return tree;
}

/* Each segment is the row's, or a parameter's that has it. */
static void check_match(const struct route_match *match, const struct path *path, struct str method)
{
    struct str rest = str_of(match->route->path + 1);
    size_t params = 0;

    MUST(match->is_path_known);
    MUST(str_equal(method, str_of(match->route->method)) ||
         (str_equal(method, STR("HEAD")) && strcmp(match->route->method, "GET") == 0));
    for (size_t i = 0; i < path->count; i++) {
        struct str segment = str_cut(&rest, '/');

        if (segment.data[0] != '{') {
            MUST(str_equal(segment, path->segments[i]));
            continue;
        }
        MUST(str_equal(match->param_names[params], str_slice(segment, 1, segment.size - 2)));
        MUST(str_equal(match->params[params++], path->segments[i]));
    }
    MUST(rest.data == NULL && params == match->param_count);
}

static bool is_in(const char *const *list, struct str value)
{
    while (*list != NULL && !str_equal(value, str_of(*list)))
        list++;
    return *list != NULL;
}

static void check_value(const struct query_value *value)
{
    const struct http_query *row = query;
    int64_t number;

    while (row->name != NULL && !str_equal(value->name, str_of(row->name)))
        row++;
    MUST(row->name != NULL);
    if (row->type == FIELD_INT) {
        MUST(str_to_int64(value->value, &number));
        MUST(row->max == 0 || (number >= row->min && number <= row->max));
    } else if (row->type == FIELD_TEXT) {
        MUST(text_is_utf8(value->value) && !text_has_control(value->value));
        MUST(text_count(value->value) >= 2 && text_count(value->value) <= 10);
    } else if (row->type == FIELD_ID) {
        MUST(value->value.size == 26);
    } else if (row->type == FIELD_ENUM) {
        MUST(is_in(colours, value->value));
    } else {
        MUST(value->value.size > 0); /* a flag or a time */
    }
}

static void check_query(struct str raw, struct arena *arena)
{
    struct query_value *values;
    struct error err = {0};
    size_t count;

    if (!query_read(raw, query, arena, &values, &count, &err)) {
        MUST(err.code != ERROR_NONE && err.code != ERROR_INTERNAL);
        return;
    }
    MUST(count < COUNT(query));
    for (size_t i = 0; i < count; i++) {
        check_value(&values[i]);
        for (size_t j = 0; j < i; j++)
            MUST(!str_equal(values[i].name, values[j].name));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str raw = {.data = (const char *)data, .size = size};
    struct str method = str_cut(&raw, ' ');
    struct arena *arena = arena_create(MIB(16));
    struct route_match match = {0};
    struct target target;
    struct path path;
    struct error err = {0};

    if (guard_target(raw, &target, &err)) {
        if (guard_path(target.path, arena, &path, &err)) {
            route_tree_match(the_tree(), method, &path, &match);
            if (match.route != NULL)
                check_match(&match, &path, method);
            else
                MUST(match.is_path_known == (match.allow[0] != '\0'));
        } else {
            MUST(err.code == ERROR_MALFORMED || err.code == ERROR_NOT_FOUND);
        }
        check_query(target.query, arena);
    } else {
        MUST(err.code == ERROR_MALFORMED);
    }
    arena_destroy(arena);
    return 0;
}
