/* openapi.c: the OpenAPI 3.1 document, printed from the route tables and their shapes. */
#include "http/http_private.h"

#include <assert.h>
#include <string.h>

#define SHAPES_MAX 512

struct shape_set {
    const struct shape *shapes[SHAPES_MAX];
    size_t count;
};

/* NOLINTNEXTLINE(misc-no-recursion): SHAPES_MAX deep, since none is added twice */
static void shape_add(struct shape_set *set, const struct shape *shape)
{
    if (shape == NULL)
        return;
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->shapes[i]->name, shape->name) == 0)
            return;
    assert(set->count < SHAPES_MAX);
    set->shapes[set->count++] = shape;
    for (size_t i = 0; i < shape->count; i++)
        shape_add(set, shape->fields[i].shape);
}

static void text_add(struct json_writer *json, const char *name, const char *text)
{
    json_name(json, name);
    json_add_text(json, str_of(text));
}

/* "GET /api/v1/assets/{id}" -> "get_assets_id": unique because the pair is. */
static void operation_id_add(struct json_writer *json, const struct http_route *route)
{
    CLEANUP(buf_finish) struct buf id = {0};
    struct str path = str_of(route->path);
    bool is_word = false;

    for (const char *c = route->method; *c != '\0'; c++)
        buf_add_char(&id, (char)(*c + ('a' - 'A')));
    if (str_starts_with(path, STR("/api/v1/")))
        path = str_slice(path, 7, path.size);
    for (size_t i = 0; i < path.size; i++) {
        char c = path.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (is_letter) {
            if (!is_word)
                buf_add_char(&id, '_');
            buf_add_char(&id, c);
        }
        is_word = is_letter;
    }
    json_name(json, "operationId");
    json_add_text(json, buf_str(&id));
}

static void ref_add(struct json_writer *json, const char *kind, const char *name)
{
    CLEANUP(buf_finish) struct buf ref = {0};

    buf_printf(&ref, "#/components/%s/%s", kind, name);
    json_begin_object(json);
    json_name(json, "$ref");
    json_add_text(json, buf_str(&ref));
    json_end_object(json);
}

static void bounds_add(struct json_writer *json, const struct http_query *row, const char *min_name,
                       const char *max_name)
{
    if (row->min == 0 && row->max == 0)
        return;
    json_name(json, min_name);
    json_add_int(json, row->min);
    json_name(json, max_name);
    json_add_int(json, row->max);
}

static void query_schema_add(struct json_writer *json, const struct http_query *row)
{
    json_begin_object(json);
    switch (row->type) {
    case FIELD_BOOL:
        text_add(json, "type", "boolean");
        break;
    case FIELD_INT:
        text_add(json, "type", "integer");
        bounds_add(json, row, "minimum", "maximum");
        break;
    case FIELD_TIME:
        text_add(json, "type", "string");
        text_add(json, "format", "date-time");
        break;
    case FIELD_ID:
        text_add(json, "type", "string");
        text_add(json, "pattern", "^[0-9A-HJKMNP-TV-Z]{26}$");
        break;
    case FIELD_ENUM:
        text_add(json, "type", "string");
        json_name(json, "enum");
        json_begin_list(json);
        for (size_t i = 0; row->values != NULL && row->values[i] != NULL; i++)
            json_add_text(json, str_of(row->values[i]));
        json_end_list(json);
        break;
    case FIELD_TEXT:
        text_add(json, "type", "string");
        bounds_add(json, row, "minLength", "maxLength");
        break;
    case FIELD_DOUBLE:
    case FIELD_TEXTS:
    case FIELD_OBJECT:
    case FIELD_MAYBE:
    case FIELD_LIST:
    case FIELD_JSON:
        assert(false && "a query parameter of a type that has no text");
    }
    json_end_object(json);
}

static void parameters_add(struct json_writer *json, const struct http_route *route)
{
    struct str rest = str_of(route->path);

    json_name(json, "parameters");
    json_begin_list(json);
    while (rest.data != NULL && rest.size > 0) {
        struct str segment = str_cut(&rest, '/');

        if (segment.size < 3 || segment.data[0] != '{')
            continue;
        json_begin_object(json);
        json_name(json, "name");
        json_add_text(json, str_slice(segment, 1, segment.size - 2));
        text_add(json, "in", "path");
        json_name(json, "required");
        json_add_bool(json, true);
        json_name(json, "schema");
        json_begin_object(json);
        text_add(json, "type", "string");
        json_end_object(json);
        json_end_object(json);
    }
    for (const struct http_query *row = route->query; row != NULL && row->name != NULL; row++) {
        json_begin_object(json);
        text_add(json, "name", row->name);
        text_add(json, "in", "query");
        if (row->help != NULL)
            text_add(json, "description", row->help);
        json_name(json, "schema");
        query_schema_add(json, row);
        json_end_object(json);
    }
    json_end_list(json);
}

static void body_add_schema(struct json_writer *json, const struct http_route *route)
{
    bool is_multipart = route->body == BODY_MULTIPART;

    if (route->body == BODY_NONE)
        return;
    json_name(json, "requestBody");
    json_begin_object(json);
    json_name(json, "required");
    json_add_bool(json, true);
    json_name(json, "content");
    json_begin_object(json);
    json_name(json, is_multipart                          ? "multipart/form-data"
                    : (route->flags & HTTP_ANY_TYPE) != 0 ? "*/*"
                                                          : "application/json");
    json_begin_object(json);
    json_name(json, "schema");
    if (is_multipart) {
        json_begin_object(json);
        text_add(json, "type", "object");
        json_name(json, "additionalProperties");
        json_begin_object(json);
        json_name(json, "type");
        json_begin_list(json);
        json_add_text(json, STR("string"));
        json_end_list(json);
        text_add(json, "contentMediaType", "application/octet-stream");
        json_end_object(json);
        json_end_object(json);
    } else if (route->in != NULL) {
        ref_add(json, "schemas", route->in->name);
    } else {
        json_begin_object(json);
        json_end_object(json);
    }
    json_end_object(json);
    json_end_object(json);
    json_end_object(json);
}

static void responses_add(struct json_writer *json, const struct http_route *route)
{
    const char *mime = (route->flags & HTTP_STREAM) != 0 ? "text/event-stream"
                       : (route->flags & HTTP_FILE) != 0 ? "*/*"
                                                         : "application/json";

    json_name(json, "responses");
    json_begin_object(json);
    json_name(json, "2XX");
    json_begin_object(json);
    text_add(json, "description", "Done.");
    if (route->out != NULL || (route->flags & (HTTP_STREAM | HTTP_FILE)) != 0) {
        json_name(json, "content");
        json_begin_object(json);
        json_name(json, mime);
        json_begin_object(json);
        json_name(json, "schema");
        if (route->out != NULL) {
            ref_add(json, "schemas", route->out->name);
        } else {
            json_begin_object(json);
            text_add(json, "type", "string");
            json_end_object(json);
        }
        json_end_object(json);
        json_end_object(json);
    }
    json_end_object(json);
    json_name(json, "4XX");
    ref_add(json, "responses", "Problem");
    json_name(json, "default");
    ref_add(json, "responses", "Problem");
    json_end_object(json);
}

static void security_add(struct json_writer *json, const struct http_route *route)
{
    static const char *const schemes[] = {"session", "bearer"};

    json_name(json, "security");
    json_begin_list(json);
    if (route->access != ACCESS_PUBLIC)
        for (size_t i = 0; i < COUNT(schemes); i++) {
            if (i == 1 && (route->scope & SCOPE_SESSION) != 0)
                continue;
            json_begin_object(json);
            json_name(json, schemes[i]);
            json_begin_list(json);
            json_end_list(json);
            json_end_object(json);
        }
    json_end_list(json);
}

static void operation_add(struct json_writer *json, const struct http_route *route)
{
    char method[16] = {0};

    for (size_t i = 0; i + 1 < sizeof(method) && route->method[i] != '\0'; i++)
        method[i] = (char)(route->method[i] + ('a' - 'A'));
    json_name(json, method);
    json_begin_object(json);
    operation_id_add(json, route);
    text_add(json, "summary", route->summary == NULL ? route->path : route->summary);
    json_name(json, "tags");
    json_begin_list(json);
    json_add_text(json, str_of(route->tag == NULL ? "other" : route->tag));
    json_end_list(json);
    parameters_add(json, route);
    body_add_schema(json, route);
    responses_add(json, route);
    security_add(json, route);
    json_end_object(json);
}

/* Each path once, at the first row that names it, with the methods of all rows that do. */
static void paths_add(struct json_writer *json, const struct route_tree *tree)
{
    size_t count = route_tree_count(tree);

    json_name(json, "paths");
    json_begin_object(json);
    for (size_t i = 0; i < count; i++) {
        const char *path = route_tree_row(tree, i)->path;
        bool is_first = true;

        for (size_t j = 0; j < i && is_first; j++)
            is_first = strcmp(route_tree_row(tree, j)->path, path) != 0;
        if (!is_first)
            continue;
        json_name(json, path);
        json_begin_object(json);
        for (size_t j = i; j < count; j++)
            if (strcmp(route_tree_row(tree, j)->path, path) == 0)
                operation_add(json, route_tree_row(tree, j));
        json_end_object(json);
    }
    json_end_object(json);
}

static const char problem_schema[] =
    "{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\",\"code\",\"trace_id\"],"
    "\"properties\":{"
    "\"type\":{\"type\":\"string\",\"description\":\"Where the code is explained.\"},"
    "\"title\":{\"type\":\"string\"},"
    "\"status\":{\"type\":\"integer\"},"
    "\"detail\":{\"type\":\"string\"},"
    "\"code\":{\"type\":\"string\",\"description\":\"Stable; translate by it.\"},"
    "\"field\":{\"type\":\"string\",\"description\":\"The field at fault.\"},"
    "\"limit\":{\"type\":\"integer\",\"description\":\"The limit that was passed.\"},"
    "\"left\":{\"type\":\"integer\",\"description\":\"What is left of the limit.\"},"
    "\"unit\":{\"type\":\"string\",\"description\":"
    "\"Of limit and left: a currency, in millionths.\"},"
    "\"whose\":{\"type\":\"string\",\"description\":"
    "\"Whose limit it is: a user's name, a provider's, or a provider's and its model's.\"},"
    "\"retry_after_ms\":{\"type\":\"integer\"},"
    "\"trace_id\":{\"type\":\"string\",\"description\":\"Names this answer in the log.\"}}}";

static const char problem_response[] =
    "{\"Problem\":{\"description\":\"What went wrong (RFC 9457).\",\"content\":{"
    "\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}}";

static const char security_schemes[] =
    "{\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"sid\",\"description\":"
    "\"A browser's session; __Host-sid over https. Changes also need the header X-Vitrine: 1.\"},"
    "\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":\"An API token.\"}}";

/* OpenAPI has no place for them: what the page's reader shows of each code. */
static void error_codes_add(struct json_writer *json)
{
    json_name(json, "x-error-codes");
    json_begin_list(json);
    for (int code = 1; code < ERROR_CODE_COUNT; code++) {
        json_begin_object(json);
        text_add(json, "code", error_wire_name((enum error_code)code));
        json_name(json, "status");
        json_add_int(json, error_http_status((enum error_code)code));
        json_name(json, "is_retried");
        json_add_bool(json, error_retry_of((enum error_code)code) == RETRY_LATER);
        json_end_object(json);
    }
    json_end_list(json);
}

static void components_add(struct json_writer *json, const struct route_tree *tree)
{
    struct shape_set set = {.count = 0};

    for (size_t i = 0; i < route_tree_count(tree); i++) {
        shape_add(&set, route_tree_row(tree, i)->in);
        shape_add(&set, route_tree_row(tree, i)->out);
    }
    json_name(json, "components");
    json_begin_object(json);
    json_name(json, "schemas");
    json_begin_object(json);
    json_name(json, "Problem");
    json_add_raw(json, STR(problem_schema));
    for (size_t i = 0; i < set.count; i++) {
        json_name(json, set.shapes[i]->name);
        shape_write_schema(set.shapes[i], json);
    }
    json_end_object(json);
    json_name(json, "responses");
    json_add_raw(json, STR(problem_response));
    json_name(json, "securitySchemes");
    json_add_raw(json, STR(security_schemes));
    error_codes_add(json);
    json_end_object(json);
}

void http_openapi(const struct http_route *const *tables, const char *version, struct buf *out)
{
    struct json_writer json;
    struct route_tree *tree;
    struct error err;
    bool is_well_formed = route_tree_create(tables, &tree, &err);

    assert(is_well_formed); /* the server refused such tables at its start */
    json_writer_init(&json, out);
    json_begin_object(&json);
    text_add(&json, "openapi", "3.1.0");
    json_name(&json, "info");
    json_begin_object(&json);
    text_add(&json, "title", "vitrine");
    text_add(&json, "version", version);
    text_add(&json, "description", "A self-hosted studio for product pictures, copy and listings.");
    json_name(&json, "license");
    json_begin_object(&json);
    text_add(&json, "name", "MIT");
    text_add(&json, "identifier", "MIT");
    json_end_object(&json);
    json_end_object(&json);
    json_name(&json, "servers");
    json_begin_list(&json);
    json_begin_object(&json);
    text_add(&json, "url", "/");
    json_end_object(&json);
    json_end_list(&json);
    paths_add(&json, tree);
    components_add(&json, tree);
    json_end_object(&json);
    route_tree_destroy(tree);
}
