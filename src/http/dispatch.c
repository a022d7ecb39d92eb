/*
 * dispatch.c: a request on its I/O thread: what the library tells us of it, the guards that need no
 * database, the body, and handing it to a handler thread and back.
 */
#include "core/log.h"
#include "http/http_private.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Sixteen hexadecimal characters, different for every request; names, never protects. */
static void trace_make(struct http_server *server, char out[TRACE_ID_SIZE + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint64_t x =
        server->trace_seed + 0x9e3779b97f4a7c15u * atomic_fetch_add_explicit(&server->trace_next, 1,
                                                                             memory_order_relaxed);

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
    for (size_t i = 0; i < TRACE_ID_SIZE; i++)
        out[i] = digits[x >> (60 - 4 * i) & 15];
    out[TRACE_ID_SIZE] = '\0';
}

static struct conn *conn_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

void *dispatch_target(void *cls, const char *uri, struct MHD_Connection *mhd)
{
    struct http_server *server = cls;
    struct http_call *call = calloc(1, sizeof(*call));
    size_t size = uri == NULL ? 0 : strlen(uri);

    if (call == NULL || (call->target = malloc(size + 1)) == NULL)
        abort();
    if (size > 0)
        memcpy(call->target, uri, size);
    call->target[size] = '\0';
    call->target_size = size;
    call->server = server;
    call->mhd = mhd;
    call->conn = conn_of(mhd);
    call->started_us = now_us();
    call->request.call = call;
    call->request.server = server;
    call->request.app = server->config.app;
    call->request.pool = server->config.pool;
    trace_make(server, call->trace);
    call->request.trace_id = str_of(call->trace);
    return call;
}

void call_destroy(struct http_call *call)
{
    reply_forget(call);
    body_finish(call);
    arena_destroy(call->request.arena);
    free(call->target);
    free(call);
}

void dispatch_completed(void *cls, struct MHD_Connection *mhd, void **context,
                        enum MHD_RequestTerminationCode code)
{
    struct http_server *server = cls;
    struct http_call *call = *context;

    (void)mhd;
    (void)code;
    if (call == NULL)
        return;
    if (call->status != 0)
        metrics_count(server->metrics, call->request.route == NULL ? SIZE_MAX : call->match.index,
                      call->status, now_us() - call->started_us);
    atomic_store_explicit(&call->conn->is_used, true, memory_order_relaxed);
    conn_phase_set(call->conn, CONN_IDLE);
    call_destroy(call);
    *context = NULL;
}

/* ---- the head ---- */

struct field_list {
    struct head_field *fields;
    size_t count, max;
};

static enum MHD_Result field_add(void *cls, enum MHD_ValueKind kind, const char *name,
                                 size_t name_size, const char *value, size_t value_size)
{
    struct field_list *list = cls;

    (void)kind;
    if (list->count < list->max)
        list->fields[list->count] = (struct head_field){
            {name,                       name_size },
            {value == NULL ? "" : value, value_size}
        };
    list->count++;
    return MHD_YES;
}

static bool head_read(struct http_call *call, const char *method, const char *version,
                      struct error *err)
{
    const struct http_limits *limits = &call->server->limits;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(call->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    struct field_list list = {.max = limits->head_fields_max};

    list.fields = ARENA_ARRAY(call->request.arena, struct head_field, list.max);
    (void)MHD_get_connection_values_n(call->mhd, MHD_HEADER_KIND, field_add, &list);
    call->head = (struct head){.bytes = method,
                               .size = info == NULL ? 0 : info->header_size,
                               .method = str_of(method),
                               .version = str_of(version),
                               .target_size = call->target_size,
                               .fields = list.fields,
                               .count = list.count < list.max ? list.count : list.max};
    if (list.count > list.max)
        return error_field(err, ERROR_HEADERS_TOO_LARGE, "", (int64_t)list.max,
                           "a request has at most %zu header fields", list.max);
    if (call->head.size > limits->head_size_max)
        return error_field(err, ERROR_HEADERS_TOO_LARGE, "", (int64_t)limits->head_size_max,
                           "the head of a request has at most %zu bytes", limits->head_size_max);
    if (call->target_size > limits->target_size_max)
        return error_field(err, ERROR_URL_TOO_LONG, "", (int64_t)limits->target_size_max,
                           "a URL has at most %zu bytes", limits->target_size_max);
    if (!guard_head(&call->head, err) || !guard_framing(&call->head, &call->framing, err)) {
        metrics_refuse(call->server->metrics, REFUSED_FRAMING);
        return false;
    }
    /* The library takes bare line feeds and any extension between chunks; a front that does not
     * sees another end of the body.  So nothing behind it is ever read as a request (S24). */
    call->is_close = call->framing.is_chunked;
    return true;
}

/* All lines of a list header as one: some proxies add a line of their own behind the client's. */
static struct str header_list(struct http_call *call, const char *name)
{
    struct str list = call_header(call, name);
    bool is_first = true;

    if (head_field_count(call->head.fields, call->head.count, name) < 2)
        return list;
    for (size_t i = 0; i < call->head.count; i++) {
        if (!str_equal_nocase(call->head.fields[i].name, str_of(name)))
            continue;
        if (!is_first)
            list = arena_printf(call->request.arena, "%.*s,%.*s", STR_ARGS(list),
                                STR_ARGS(call->head.fields[i].value));
        is_first = false;
    }
    return list;
}

/* Where we are, as the client sees it, and who it is: believes a configured proxy only (S27). */
static bool origin_find(struct http_call *call, struct str authority, struct error *err)
{
    struct http_server *server = call->server;
    struct request *req = &call->request;
    struct str peer = str_of(call->conn->peer);
    struct str host = call_header(call, "Host");
    bool is_proxied = guard_is_proxy(peer, server->config.proxies);

    if (head_field_count(call->head.fields, call->head.count, "Host") > 1)
        return error_set(err, ERROR_MALFORMED, "the Host header stands there twice");
    if (host.size == 0 && str_equal(call->head.version, STR("HTTP/1.1")))
        return error_set(err, ERROR_MALFORMED, "the Host header is missing");
    if (authority.size > 0 && !str_equal_nocase(authority, host))
        return error_set(err, ERROR_MALFORMED, "the URL and the Host header differ");
    req->remote_ip =
        guard_client_ip(peer, header_list(call, "X-Forwarded-For"), server->config.proxies);
    if (is_proxied) {
        struct str forwarded = guard_last_of_list(header_list(call, "X-Forwarded-Host"));
        struct str scheme = guard_last_of_list(header_list(call, "X-Forwarded-Proto"));

        if (forwarded.size > 0)
            host = forwarded;
        call->is_https = str_equal_nocase(scheme, STR("https"));
    }
    if (!guard_host(&server->host_rules, host, str_of(call->conn->local), err)) {
        metrics_refuse(server->metrics, REFUSED_HOST);
        return false;
    }
    if (server->config.public_origin != NULL) {
        req->origin = str_of(server->config.public_origin);
        call->is_https = str_starts_with(req->origin, STR("https://"));
    } else {
        req->origin = arena_printf(req->arena, "%s://%.*s", call->is_https ? "https" : "http",
                                   STR_ARGS(host));
    }
    return true;
}

static bool site_check(struct http_call *call, struct error *err)
{
    struct str method = call->head.method;
    struct str cookies = call_header(call, "Cookie");
    unsigned flags = call->request.route->flags;
    bool is_safe = str_equal(method, STR("GET")) || str_equal(method, STR("HEAD"));
    struct site_facts facts = {
        .is_unsafe = !is_safe,
        .is_stream = (flags & HTTP_STREAM) != 0,
        .has_bearer = call->has_bearer,
        .has_session = str_find(cookies, STR("sid=")) >= 0,
        .has_own_header =
            (flags & HTTP_NO_HEADER) != 0 || str_equal(call_header(call, "X-Vitrine"), STR("1")),
        .fetch_site = call_header(call, "Sec-Fetch-Site"),
        .origin = call_header(call, "Origin"),
        .own_origin = call->request.origin,
    };

    if (guard_site(&facts, err))
        return true;
    metrics_refuse(call->server->metrics, REFUSED_CROSS_SITE);
    return false;
}

/* Everything that can be said before the body.  True with call->is_static: the reply is set. */
static bool head_check(struct http_call *call, const char *method, const char *version,
                       struct error *err)
{
    struct request *req = &call->request;
    struct target target;

    if (!head_read(call, method, version, err) ||
        !guard_target((struct str){call->target, call->target_size}, &target, err)) {
        call->is_close = true; /* where its body ends, and the next request starts, is unsure */
        return false;
    }
    req->method = call->head.method;
    call->is_head_method = str_equal(req->method, STR("HEAD"));
    call->has_bearer =
        str_equal_nocase(str_slice(call_header(call, "Authorization"), 0, 7), STR("Bearer "));
    if (!origin_find(call, target.authority, err)) {
        call->is_close |=
            err->code == ERROR_MALFORMED; /* two hosts or none: no client of anybody */
        return false;
    }
    if (!guard_path(target.path, req->arena, &call->path, err))
        return false;
    req->path = call->path.whole;
    route_tree_match(call->server->tree, req->method, &call->path, &call->match);
    req->route = call->match.route;
    if (req->route == NULL) {
        if (!call->match.is_path_known) {
            call->is_static = static_reply(call);
            return call->is_static ||
                   error_set(err, ERROR_NOT_FOUND, "there is nothing at this path");
        }
        if (str_equal(req->method, STR("OPTIONS"))) {
            http_reply_header(req, "Allow", str_of(call->match.allow));
            call->is_static = http_reply_empty(req, 204, err);
            return call->is_static;
        }
        return error_set(err, ERROR_METHOD_NOT_ALLOWED, "this path does not know that method");
    }
    if (call->is_head_method && (req->route->flags & HTTP_STREAM) != 0) {
        memcpy(call->match.allow, "GET, OPTIONS", sizeof("GET, OPTIONS"));
        return error_set(err, ERROR_METHOD_NOT_ALLOWED, "a stream has no length to ask for");
    }
    if (atomic_load_explicit(&call->server->is_draining, memory_order_relaxed) &&
        (req->route->access != ACCESS_PUBLIC || req->route->body != BODY_NONE)) {
        error_set(err, ERROR_UNAVAILABLE, "the server is shutting down");
        err->retry_after_ms = 2000;
        return false;
    }
    if (!site_check(call, err) || !body_begin(call, err))
        return false;
    return query_read(target.query, req->route->query, req->arena, &call->queries,
                      &call->query_count, err);
}

/* ---- hand over and back ---- */

static void submit(struct http_call *call, void (*work)(void *call))
{
    enum call_phase phase = call->phase;

    /* The handler may be done before submitting returns: all is said before. */
    conn_phase_set(call->conn, CONN_WORK);
    call->phase = work == dispatch_gate ? CALL_GATE : CALL_WORK;
    MHD_suspend_connection(call->mhd);
    if (work == dispatch_uploads ? server_submit_upload(call->server, call, &call->failure)
                                 : server_submit(call->server, work, call, &call->failure))
        return;
    call->phase = phase;
    metrics_refuse(call->server->metrics, REFUSED_QUEUE);
    reply_error(call, &call->failure);
    call->is_failed = true;
    if (work == dispatch_gate) /* its body is still on its way */
        call->conn->linger_fd = fcntl(call->conn->fd, F_DUPFD_CLOEXEC, 3);
    call->phase = CALL_REPLY;
    MHD_resume_connection(call->mhd);
}

/* Takes the socket from the library: a duplicate is ours, its own is closed without a word. */
static enum MHD_Result take_over(struct http_call *call)
{
    int fd = fcntl(call->conn->fd, F_DUPFD_CLOEXEC, 3);

    call->status = 200;
    if (fd < 0) {
        log_warn("http_no_descriptor", LOG_CSTR("trace", call->trace));
        return MHD_NO;
    }
    if (call->stream != NULL) {
        struct http_stream *stream = call->stream;

        call->stream = NULL;
        (void)stream_attach(stream, fd, &call->conn->ip);
        return MHD_NO;
    }
    if (produce_start(call, fd, &call->failure))
        return MHD_NO;
    (void)close(fd);
    reply_error(call, &call->failure);
    return MHD_YES;
}

static enum MHD_Result reply_send(struct http_call *call)
{
    enum MHD_Result queued;

    call->phase = CALL_DONE;
    if ((call->stream != NULL || call->produce != NULL) && take_over(call) == MHD_NO)
        return MHD_NO;
    conn_phase_set(call->conn, CONN_WRITE);
    queued = MHD_queue_response(call->mhd, (unsigned)call->status, call->response);
    MHD_destroy_response(call->response);
    call->response = NULL;
    return queued;
}

/*
 * A refused request whose body is small is read to its end, so that the client hears the answer and
 * the connection goes on; a large one is answered at once, and what still arrives is drained after
 * the connection was closed, since a reset would take our answer with it.
 */
static enum MHD_Result refuse(struct http_call *call)
{
    bool is_small =
        !call->framing.is_chunked && call->framing.length <= call->server->limits.discard_max;

    reply_error(call, &call->failure);
    if (call->is_close || !is_small || call_header(call, "Expect").size > 0) {
        call->conn->linger_fd = fcntl(call->conn->fd, F_DUPFD_CLOEXEC, 3);
        return reply_send(call);
    }
    call->phase = CALL_DISCARD;
    conn_phase_set(call->conn, CONN_BODY);
    return MHD_YES;
}

/*
 * Files, and texts larger than any form, are not taken from strangers: who it is comes first.  What
 * is public has small limits.
 */
static bool is_gated(const struct http_call *call)
{
    const struct http_route *route = call->request.route;
    uint64_t size = call->framing.is_chunked ? body_limit(route) : call->framing.length;

    return route->body == BODY_MULTIPART ||
           (route->body == BODY_JSON && route->access != ACCESS_PUBLIC && size > BODY_UNASKED_MAX);
}

static enum MHD_Result head_arrived(struct http_call *call, const char *method, const char *version)
{
    struct request *req = &call->request;

    req->arena = arena_create(call->server->arena_max);
    req->now_ms = clock_wall_ms(&call->server->clock);
    call->phase = CALL_BODY;
    if (!head_check(call, method, version, &call->failure)) {
        call->is_failed = true;
        return refuse(call);
    }
    if (call->is_static && !call->framing.is_chunked && call->framing.length == 0)
        return MHD_YES;
    if (call->framing.is_chunked || call->framing.length > 0)
        conn_phase_set(call->conn, CONN_BODY);
    if (call->is_static) { /* nobody sends a body with a GET of the page: not read */
        call->is_close = true;
        reply_forget(call);
        error_set(&call->failure, ERROR_TOO_LARGE, "this route takes no body");
        return refuse(call);
    }
    if (is_gated(call))
        submit(call, dispatch_gate);
    return MHD_YES;
}

/* The library takes no reply in the middle of a body, so this one is written past it. */
static void refuse_raw(struct http_call *call)
{
    CLEANUP(buf_finish) struct buf out = {0};
    CLEANUP(buf_finish) struct buf body = {0};
    struct reply_head head = {0};

    call->status = error_http_status(call->failure.code);
    http_problem(&call->failure, str_of(call->trace), &body);
    reply_head_common(call, REPLY_API, &head);
    reply_head_add(&head, "Content-Type", "application/problem+json");
    reply_head_add(&head, "Connection", "close");
    reply_head_print(call->status, &head, &out);
    buf_add(&out, buf_str(&body));
    (void)send(call->conn->fd, out.data, out.size, MSG_NOSIGNAL | MSG_DONTWAIT);
    call->conn->linger_fd = fcntl(call->conn->fd, F_DUPFD_CLOEXEC, 3);
}

static enum MHD_Result body_arrived(struct http_call *call, struct str bytes)
{
    atomic_fetch_add_explicit(&call->conn->body_bytes, bytes.size, memory_order_relaxed);
    if (call->phase == CALL_DISCARD) {
        call->discarded += bytes.size;
        if (call->discarded <= call->server->limits.discard_max)
            return MHD_YES;
        refuse_raw(call);
        return MHD_NO;
    }
    if (call->phase != CALL_BODY)
        return MHD_NO;
    if (body_add(call, bytes, &call->failure))
        return MHD_YES;
    call->is_failed = true;
    reply_error(call, &call->failure);
    call->phase = CALL_DISCARD;
    return MHD_YES;
}

/* Nothing in its query but what a page of a list has. */
static bool is_plain(const struct http_call *call)
{
    for (size_t i = 0; i < call->query_count; i++)
        if (!str_equal(call->queries[i].name, STR("limit")) &&
            !str_equal(call->queries[i].name, STR("cursor")))
            return false;
    return true;
}

/* Answers what is quick here and now, if a reader is at hand. */
static bool is_answered(struct http_call *call)
{
    struct request *req = &call->request;

    if ((req->route->flags & HTTP_QUICK) == 0 || !is_plain(call))
        return false;
    if (req->pool != NULL && (req->db = db_borrow_now(req->pool)) == NULL)
        return false;
    dispatch_answer(call);
    return true;
}

static enum MHD_Result body_whole(struct http_call *call)
{
    switch (call->phase) {
    case CALL_BODY:
        if (call->is_static || is_answered(call))
            return reply_send(call);
        submit(call, call->multipart != NULL ? dispatch_uploads : dispatch_run);
        return MHD_YES;
    case CALL_DISCARD:
    case CALL_REPLY:
        return reply_send(call);
    case CALL_HEAD:
    case CALL_GATE:
    case CALL_GATED:
    case CALL_WORK:
    case CALL_DONE:
        break;
    }
    /* The library asks again while a handler has it. */
    return MHD_YES;
}

enum MHD_Result dispatch_access(void *cls, struct MHD_Connection *mhd, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *data_size, void **context)
{
    struct http_call *call = *context;
    size_t size = *data_size;

    (void)cls;
    (void)mhd;
    (void)url;
    if (call == NULL || call->conn == NULL)
        return MHD_NO;
    if (call->phase == CALL_HEAD)
        return head_arrived(call, method, version);
    if (call->phase == CALL_GATED) {
        conn_phase_set(call->conn, CONN_BODY);
        call->phase = CALL_BODY;
        if (call->is_failed)
            return refuse(call);
        return MHD_YES;
    }
    if (size > 0) {
        *data_size = 0;
        return body_arrived(call, (struct str){data, size});
    }
    return body_whole(call);
}
