/* request.c: the parts of a request, for handlers. */
#include "core/id.h"
#include "core/text.h"
#include "http/http_private.h"

#include <assert.h>
#include <string.h>

struct str call_header(const struct http_call *call, const char *name)
{
    return head_field(call->head.fields, call->head.count, name);
}

struct str request_path(struct request *req, const char *name)
{
    const struct route_match *match = &req->call->match;

    for (size_t i = 0; i < match->param_count; i++)
        if (str_equal(match->param_names[i], str_of(name)))
            return match->params[i];
    assert(false && "the route has no such part");
    return STR_EMPTY;
}

bool request_path_id(struct request *req, const char *name, struct str *out, struct error *err)
{
    struct id id;

    if (!id_parse(request_path(req, name), &id))
        return error_set(err, ERROR_NOT_FOUND, "there is nothing of that id");
    *out = arena_str(req->arena, id_str(&id));
    return true;
}

/* RFC 9110 13.1.1: our tags are versions; "*" is any. */
bool request_match(struct request *req, int64_t *version, struct error *err)
{
    struct str match = str_trim(request_header(req, "If-Match"));

    *version = 0;
    if (match.size == 0 || str_equal(match, STR("*")))
        return true;
    if (match.size < 3 || match.data[0] != '"' || match.data[match.size - 1] != '"' ||
        !str_to_int64(str_slice(match, 1, match.size - 2), version) || *version <= 0)
        return error_field(err, ERROR_PRECONDITION, "If-Match", 0, "this is no ETag of ours");
    return true;
}

static const struct query_value *query_find(struct request *req, const char *name)
{
    for (size_t i = 0; i < req->call->query_count; i++)
        if (str_equal(req->call->queries[i].name, str_of(name)))
            return &req->call->queries[i];
    return NULL;
}

bool request_has_query(struct request *req, const char *name)
{
    return query_find(req, name) != NULL;
}

struct str request_query(struct request *req, const char *name)
{
    const struct query_value *found = query_find(req, name);

    return found == NULL ? STR_EMPTY : found->value;
}

int64_t request_query_int(struct request *req, const char *name, int64_t fallback)
{
    int64_t value;

    return str_to_int64(request_query(req, name), &value) ? value : fallback;
}

int64_t request_query_time(struct request *req, const char *name, int64_t fallback)
{
    int64_t value;

    return clock_parse(request_query(req, name), &value) ? value : fallback;
}

bool request_query_bool(struct request *req, const char *name, bool fallback)
{
    struct str value = request_query(req, name);

    if (value.size == 0)
        return fallback;
    return str_equal(value, STR("true")) || str_equal(value, STR("1"));
}

struct str request_header(struct request *req, const char *name)
{
    return call_header(req->call, name);
}

struct str request_cookie(struct request *req, const char *name)
{
    struct http_call *call = req->call;
    struct str value;

    if (call->has_bearer)
        return STR_EMPTY;
    if (strcmp(name, "sid") == 0 && call->is_https)
        name = "__Host-sid";
    /* RFC 6265 5.4: a client sends one Cookie header; a second was slipped in. */
    if (head_field_count(call->head.fields, call->head.count, "Cookie") != 1 ||
        !guard_cookie(call_header(call, "Cookie"), str_of(name), &value))
        return STR_EMPTY;
    return value;
}

struct str request_text(struct request *req, const char *field)
{
    for (size_t i = 0; i < req->text_count; i++)
        if (str_equal(req->texts[i].field, str_of(field)))
            return req->texts[i].value;
    return STR_EMPTY;
}
