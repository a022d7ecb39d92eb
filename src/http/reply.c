/* reply.c: replies: the headers of every class (S19-S21), JSON by shape, errors (RFC 9457), files.
 */
#include "http/http_private.h"

#include "core/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* S19, in the order of security.md. */
static const char policy_page[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types default; "
    "report-uri /api/v1/csp-report; report-to csp";
/* S21: whatever a user uploaded, it is nobody's origin and loads nothing. */
static const char policy_file[] = "sandbox; default-src 'none'";

#define COMPRESS_MIN KIB(2)

void reply_head_add(struct reply_head *head, const char *name, const char *value)
{
    assert(head->count < REPLY_FIELDS_MAX);
    head->fields[head->count++] = (struct reply_field){name, value};
}

static void rate_add(struct http_call *call, struct reply_head *head)
{
    if (!call->is_rated)
        return;
    reply_head_add(head, "RateLimit-Policy", call->server->rate_policy);
    reply_head_add(head, "RateLimit",
                   arena_cstr(call->request.arena,
                              arena_printf(call->request.arena, "\"default\";r=%lld;t=%lld",
                                           (long long)call->rate.remaining,
                                           (long long)(call->rate.reset_ms + 999) / 1000)));
}

void reply_head_common(struct http_call *call, enum reply_class class, struct reply_head *head)
{
    reply_head_add(head, "Content-Security-Policy",
                   class == REPLY_USER_FILE ? policy_file : policy_page);
    reply_head_add(head, "X-Content-Type-Options", "nosniff");
    reply_head_add(head, "Referrer-Policy", "no-referrer");
    reply_head_add(head, "Cross-Origin-Opener-Policy", "same-origin");
    reply_head_add(head, "Cross-Origin-Resource-Policy", "same-origin");
    reply_head_add(head, "Permissions-Policy",
                   "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), "
                   "usb=()");
    reply_head_add(head, "Reporting-Endpoints", "csp=\"/api/v1/csp-report\"");
    if (call->is_https)
        reply_head_add(head, "Strict-Transport-Security", "max-age=31536000");
    if (class == REPLY_API)
        reply_head_add(head, "Cache-Control", "no-store");
    reply_head_add(head, "X-Trace-Id", call->trace);
    rate_add(call, head);
    for (size_t i = 0; i < call->field_count; i++)
        reply_head_add(head, call->fields[i].name, call->fields[i].value);
}

void reply_set(struct http_call *call, int status, const struct reply_head *head,
               struct MHD_Response *response)
{
    assert(call->response == NULL && call->stream == NULL && call->produce == NULL);
    if (response == NULL)
        abort(); /* no memory for a few hundred bytes */
    for (size_t i = 0; i < head->count; i++) {
        enum MHD_Result added =
            MHD_add_response_header(response, head->fields[i].name, head->fields[i].value);

        /* Refused: a control character in the value, which no caller may let through. */
        assert(added == MHD_YES);
    }
    if (call->is_close)
        (void)MHD_add_response_header(response, "Connection", "close");
    call->response = response;
    call->status = status;
}

void reply_forget(struct http_call *call)
{
    if (call->response != NULL)
        MHD_destroy_response(call->response);
    call->response = NULL;
    if (call->stream != NULL)
        stream_abandon(call->stream);
    call->stream = NULL;
    produce_destroy(call->produce);
    call->produce = NULL;
}

/*
 * gzip in 32 KiB of memory for small bodies, since zlib's usual 256 KiB cost more than the work.
 * False: it would not be smaller.
 */
static bool compress_body(struct buf *body)
{
    struct buf out = {0};
    z_stream zlib = {0};
    bool is_small = body->size < KIB(32);
    int rc;

    rc = deflateInit2(&zlib, 3, Z_DEFLATED, (is_small ? 12 : 15) + 16, is_small ? 5 : 8,
                      Z_DEFAULT_STRATEGY);
    if (rc != Z_OK)
        return false;
    buf_reserve(&out, body->size);
    zlib.next_in = (Bytef *)body->data;
    zlib.avail_in = (uInt)body->size;
    zlib.next_out = (Bytef *)out.data;
    zlib.avail_out = (uInt)body->size - 1;
    rc = deflate(&zlib, Z_FINISH);
    out.size = zlib.total_out;
    deflateEnd(&zlib);
    if (rc != Z_STREAM_END) {
        buf_finish(&out);
        return false;
    }
    buf_finish(body);
    *body = out;
    return true;
}

static bool is_json(const char *mime) { return strcmp(mime, "application/json") == 0; }

void reply_bytes(struct http_call *call, int status, enum reply_class class, const char *mime,
                 struct buf *body)
{
    struct reply_head head = {0};
    char *data;

    reply_head_common(call, class, &head);
    reply_head_add(&head, "Content-Type", mime);
    /*
     * BREACH needs a secret and an attacker's text in one compressed answer to a request that
     * another site can cause.  Ours: JSON to GET only, no answer repeats a session or key, and the
     * session cookie is SameSite.
     */
    if (is_json(mime) && body->size > COMPRESS_MIN && str_equal(call->head.method, STR("GET"))) {
        reply_head_add(&head, "Vary", "Accept-Encoding");
        if (guard_accepts_coding(call_header(call, "Accept-Encoding"), STR("gzip")) &&
            compress_body(body))
            reply_head_add(&head, "Content-Encoding", "gzip");
    }
    data = body->data == NULL ? calloc(1, 1) : body->data;
    reply_set(call, status, &head,
              MHD_create_response_from_buffer_with_free_callback(body->size, data, free));
    *body = (struct buf){0};
}

void reply_static(struct http_call *call, int status, const struct reply_head *head,
                  struct str body)
{
    union {
        const char *in;
        void *out;
    } data = {.in = body.data == NULL ? ""
                                      : body.data}; /* the library takes a void * it only reads */

    reply_set(call, status, head,
              MHD_create_response_from_buffer(body.size, data.out, MHD_RESPMEM_PERSISTENT));
}

void http_problem(const struct error *err, struct str trace_id, struct buf *out)
{
    struct json_writer writer;
    const char *code = error_wire_name(err->code);
    CLEANUP(buf_finish) struct buf type = {0};

    buf_printf(&type, "/docs/errors#%s", code);
    json_writer_init(&writer, out);
    json_begin_object(&writer);
    json_name(&writer, "type");
    json_add_text(&writer, buf_str(&type));
    json_name(&writer, "title");
    json_add_text(&writer, str_of(err->message[0] == '\0' ? code : err->message));
    json_name(&writer, "status");
    json_add_int(&writer, error_http_status(err->code));
    json_name(&writer, "detail");
    json_add_text(&writer, str_of(err->message[0] == '\0' ? code : err->message));
    json_name(&writer, "code");
    json_add_text(&writer, str_of(code));
    if (err->field[0] != '\0') {
        json_name(&writer, "field");
        json_add_text(&writer, str_of(err->field));
    }
    if (err->limit > 0) {
        json_name(&writer, "limit");
        json_add_int(&writer, err->limit);
    }
    if (err->unit[0] != '\0') {
        json_name(&writer, "left");
        json_add_int(&writer, err->left);
        json_name(&writer, "unit");
        json_add_text(&writer, str_of(err->unit));
    }
    if (err->whose[0] != '\0') {
        json_name(&writer, "whose");
        json_add_text(&writer, str_of(err->whose));
    }
    if (err->retry_after_ms > 0) {
        json_name(&writer, "retry_after_ms");
        json_add_int(&writer, err->retry_after_ms);
    }
    json_name(&writer, "trace_id");
    json_add_text(&writer, trace_id);
    json_end_object(&writer);
}

void reply_error(struct http_call *call, const struct error *err)
{
    const struct http_route *route = call->request.route;
    int status = error_http_status(err->code);
    struct buf body = {0};
    bool is_foreign = route != NULL && (route->flags & HTTP_OWN_ERRORS) != 0 &&
                      call->server->config.foreign_error != NULL;

    if (status >= 500 && err->code != ERROR_UNAVAILABLE)
        log_error("http_failed", err, LOG_CSTR("trace", call->trace),
                  LOG_CSTR("route", route == NULL ? "" : route->path));
    reply_forget(call);
    if (err->retry_after_ms > 0)
        http_reply_header(&call->request, "Retry-After",
                          arena_printf(call->request.arena, "%lld",
                                       (long long)(err->retry_after_ms + 999) / 1000));
    if (err->code == ERROR_METHOD_NOT_ALLOWED)
        http_reply_header(&call->request, "Allow", str_of(call->match.allow));
    if (err->code == ERROR_UNAUTHENTICATED) /* RFC 9110 15.5.2 */
        http_reply_header(&call->request, "WWW-Authenticate", STR("Bearer realm=\"vitrine\""));
    if (is_foreign)
        call->server->config.foreign_error(err, str_of(call->trace), &body);
    else
        http_problem(err, str_of(call->trace), &body);
    reply_bytes(call, status, REPLY_API,
                is_foreign ? "application/json" : "application/problem+json", &body);
}

void reply_head_print(int status, const struct reply_head *head, struct buf *out)
{
    char date[CLOCK_TEXT_SIZE];

    clock_format_http(clock_wall_ms(&clock_system), date);
    buf_printf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\n", status,
               MHD_get_reason_phrase_for((unsigned)status), date);
    for (size_t i = 0; i < head->count; i++)
        buf_printf(out, "%s: %s\r\n", head->fields[i].name, head->fields[i].value);
    buf_add(out, STR("\r\n"));
}

/* ---- what handlers call ---- */

bool http_reply_shape(struct request *req, int status, const struct shape *shape, const void *out,
                      struct error *err)
{
    struct json_writer writer;
    struct buf body = {0};

    (void)err;
    json_writer_init(&writer, &body);
    shape_write(shape, out, &writer);
    reply_bytes(req->call, status, REPLY_API, "application/json", &body);
    return true;
}

bool http_reply(struct request *req, int status, const void *out, struct error *err)
{
    assert(req->route->out != NULL);
    return http_reply_shape(req, status, req->route->out, out, err);
}

bool http_reply_empty(struct request *req, int status, struct error *err)
{
    struct reply_head head = {0};

    (void)err;
    reply_head_common(req->call, REPLY_API, &head);
    reply_static(req->call, status, &head, STR_EMPTY);
    return true;
}

bool http_reply_text(struct request *req, int status, const char *mime, struct str text,
                     struct error *err)
{
    struct buf body = {0};

    (void)err;
    buf_add(&body, text);
    reply_bytes(req->call, status, REPLY_API, mime, &body);
    return true;
}

void http_reply_header(struct request *req, const char *name, struct str value)
{
    struct http_call *call = req->call;
    char *copy;

    if (call->fields == NULL)
        call->fields = ARENA_ARRAY(req->arena, struct reply_field, 16);
    assert(call->field_count < 16);
    copy = arena_alloc(req->arena, value.size + 1);
    for (size_t i = 0; i < value.size; i++) {
        char c = value.data[i];

        copy[i] = (char)((unsigned char)c < 0x20 || c == 0x7f ? ' ' : c); /* none ends a line */
    }
    call->fields[call->field_count++] =
        (struct reply_field){arena_cstr(req->arena, str_of(name)), copy};
}

void http_reply_session(struct request *req, struct str token, int64_t max_age_s)
{
    bool is_https = req->call->is_https;
    struct str cookie;

    if (token.size == 0)
        max_age_s = 0;
    /* S7.  A __Host- cookie is taken from https only, so plain HTTP needs the plain name. */
    cookie = arena_printf(req->arena, "%s=%.*s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Lax%s",
                          is_https ? "__Host-sid" : "sid", STR_ARGS(token), (long long)max_age_s,
                          is_https ? "; Secure" : "");
    http_reply_header(req, "Set-Cookie", cookie);
}

/* Rasters that a browser shows without running anything (S21). */
static bool is_inline_mime(const char *mime)
{
    static const char *const shown[] = {"image/png", "image/jpeg", "image/webp", "image/gif",
                                        "image/avif"};

    for (size_t i = 0; i < COUNT(shown); i++)
        if (strcmp(mime, shown[i]) == 0)
            return true;
    return false;
}

static void file_head(struct request *req, const struct http_file_reply *file,
                      struct reply_head *head)
{
    bool is_inline = file->download_name.size == 0 && is_inline_mime(file->mime);

    reply_head_common(req->call, REPLY_USER_FILE, head);
    reply_head_add(
        head, "ETag",
        arena_cstr(req->arena, arena_printf(req->arena, "\"%.*s\"", STR_ARGS(file->etag))));
    reply_head_add(head, "Cache-Control",
                   file->is_immutable ? "private, max-age=31536000, immutable"
                                      : "private, no-cache");
    reply_head_add(head, "Content-Type", file->mime);
    reply_head_add(head, "Content-Disposition",
                   arena_cstr(req->arena, disposition(req->arena, is_inline, file->download_name)));
    reply_head_add(head, "Accept-Ranges", "bytes");
}

/* If-Range wants a strong match; a date is none of ours, so it never matches. */
static bool if_range_holds(struct str header, struct str etag)
{
    if (header.size == 0)
        return true;
    return header.size == etag.size + 2 && header.data[0] == '"' &&
           str_equal(str_slice(header, 1, etag.size), etag);
}

bool http_reply_file(struct request *req, const struct http_file_reply *file, struct error *err)
{
    struct http_call *call = req->call;
    struct reply_head head = {0};
    int64_t first = 0, last = file->size - 1;
    enum range_kind kind = RANGE_WHOLE;
    int status = 200;

    file_head(req, file, &head);
    if (etag_matches(call_header(call, "If-None-Match"), file->etag)) {
        close(file->fd);
        reply_static(call, 304, &head, STR_EMPTY);
        return true;
    }
    if (if_range_holds(call_header(call, "If-Range"), file->etag))
        kind = range_parse(call_header(call, "Range"), file->size, &first, &last);
    if (kind == RANGE_OUTSIDE) {
        close(file->fd);
        http_reply_header(req, "Content-Range",
                          arena_printf(req->arena, "bytes */%lld", (long long)file->size));
        return error_set(err, ERROR_RANGE, "the file has %lld bytes", (long long)file->size);
    }
    if (kind == RANGE_PART) {
        status = 206;
        reply_head_add(&head, "Content-Range",
                       arena_cstr(req->arena,
                                  arena_printf(req->arena, "bytes %lld-%lld/%lld", (long long)first,
                                               (long long)last, (long long)file->size)));
    }
    if (file->size == 0) {
        close(file->fd);
        reply_static(call, status, &head, STR_EMPTY);
        return true;
    }
    /* sendfile(2): the bytes never pass through us.  The response closes the descriptor. */
    reply_set(call, status, &head,
              MHD_create_response_from_fd_at_offset64((uint64_t)(last - first + 1), file->fd,
                                                      (uint64_t)first));
    return true;
}
