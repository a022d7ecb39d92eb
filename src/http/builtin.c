/* builtin.c: the routes every server has: health, metrics, the API's description, CSP reports. */
#include "core/hash.h"
#include "core/log.h"
#include "http/http_private.h"

#include <string.h>

static bool healthz(struct request *req, struct error *err)
{
    return http_reply_text(req, 200, "text/plain; charset=utf-8", STR("ok\n"), err);
}

static bool readyz(struct request *req, struct error *err)
{
    const struct http_config *config = &req->server->config;

    if (atomic_load(&req->server->is_draining)) {
        error_set(err, ERROR_UNAVAILABLE, "the server is shutting down");
        err->retry_after_ms = 2000;
        return false;
    }
    if (config->is_ready != NULL && !config->is_ready(config->app, err)) {
        err->code = ERROR_UNAVAILABLE; /* whatever is missing, the answer is: not yet */
        if (err->retry_after_ms == 0)
            err->retry_after_ms = 1000;
        return false;
    }
    return http_reply_text(req, 200, "text/plain; charset=utf-8", STR("ready\n"), err);
}

/*
 * For anybody on this machine, for admins elsewhere.  Behind a proxy on this machine that is not
 * configured every request comes from loopback: the proxy's own header gives that away.
 */
static bool metrics_may(struct request *req)
{
    static const char *const hop_headers[] = {"X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP",
                                              "Forwarded", "Via"};

    if ((int)req->user.role >= (int)ROLE_ADMIN)
        return true;
    for (size_t i = 0; i < COUNT(hop_headers); i++)
        if (request_header(req, hop_headers[i]).size > 0)
            return false;
    return guard_host_is_loopback(req->remote_ip);
}

static bool metrics(struct request *req, struct error *err)
{
    struct http_server *server = req->server;
    struct buf body = {0};

    if (!metrics_may(req))
        return error_set(err, req->user.id == 0 ? ERROR_UNAUTHENTICATED : ERROR_FORBIDDEN,
                         "metrics are for admins");
    metrics_print(server->metrics, server->tree, &body);
    buf_printf(&body,
               "# TYPE http_connections gauge\nhttp_connections %zu\n"
               "# TYPE http_streams gauge\nhttp_streams %zu\n"
               "# TYPE http_queue gauge\nhttp_queue %zu\n",
               http_connection_count(server), streams_count(server->streams),
               worker_queued(server->handlers));
    if (server->config.metrics != NULL)
        server->config.metrics(server->config.app, &body);
    buf_add(&body, STR("# EOF\n"));
    reply_bytes(req->call, 200, REPLY_API,
                "application/openmetrics-text; version=1.0.0; charset=utf-8", &body);
    return true;
}

static bool openapi(struct request *req, struct error *err)
{
    struct http_server *server = req->server;
    struct reply_head head = {0};
    struct buf copy = {0};

    (void)err;
    if (etag_matches(request_header(req, "If-None-Match"), str_of(server->openapi_etag))) {
        reply_head_common(req->call, REPLY_PAGE, &head);
        reply_head_add(
            &head, "ETag",
            arena_cstr(req->arena, arena_printf(req->arena, "\"%s\"", server->openapi_etag)));
        reply_static(req->call, 304, &head, STR_EMPTY);
        return true;
    }
    http_reply_header(req, "ETag", arena_printf(req->arena, "\"%s\"", server->openapi_etag));
    http_reply_header(req, "Cache-Control", STR("no-cache"));
    buf_add(&copy, buf_str(&server->openapi));
    reply_bytes(req->call, 200, REPLY_PAGE, "application/json", &copy);
    return true;
}

static void html_add(struct buf *out, const char *text)
{
    for (const char *c = text == NULL ? "" : text; *c != '\0'; c++)
        if (*c == '<' || *c == '>' || *c == '&' || *c == '"')
            buf_printf(out, "&#%d;", *c);
        else
            buf_add_char(out, *c);
}

static bool page_reply(struct request *req, struct buf *body)
{
    http_reply_header(req, "Cache-Control", STR("no-cache"));
    reply_bytes(req->call, 200, REPLY_PAGE, "text/html; charset=utf-8", body);
    return true;
}

static void page_begin(struct buf *out, const char *title)
{
    buf_printf(out,
               "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
               "<meta name=\"viewport\" content=\"width=device-width\"><title>%s</title></head>"
               "<body><h1>%s</h1>",
               title, title);
}

static bool docs(struct request *req, struct error *err)
{
    const struct route_tree *tree = req->server->tree;
    const struct http_asset *page = static_find(req->server, STR("/index.html"));
    struct buf body = {0};

    (void)err;
    if (page != NULL) /* it has a reader */
        return static_serve(req->call, page);
    page_begin(&body, "vitrine API");
    buf_add(&body, STR("<p><a href=\"/openapi.json\">openapi.json</a>, "
                       "<a href=\"/docs/errors\">errors</a></p><table><thead><tr><th>Method</th>"
                       "<th>Path</th><th>What it does</th></tr></thead><tbody>"));
    for (size_t i = 0; i < route_tree_count(tree); i++) {
        const struct http_route *route = route_tree_row(tree, i);

        buf_printf(&body, "<tr><td>%s</td><td><code>", route->method);
        html_add(&body, route->path);
        buf_add(&body, STR("</code></td><td>"));
        html_add(&body, route->summary);
        buf_add(&body, STR("</td></tr>"));
    }
    buf_add(&body, STR("</tbody></table></body></html>\n"));
    return page_reply(req, &body);
}

/* What the `type` of a problem points to. */
static bool docs_errors(struct request *req, struct error *err)
{
    const struct http_asset *page = static_find(req->server, STR("/index.html"));
    struct buf body = {0};

    (void)err;
    if (page != NULL) /* in both languages, with causes */
        return static_serve(req->call, page);
    page_begin(&body, "vitrine errors");
    buf_add(&body, STR("<table><thead><tr><th>Code</th><th>Status</th><th>Try again</th></tr>"
                       "</thead><tbody>"));
    for (int code = 1; code < ERROR_CODE_COUNT; code++)
        buf_printf(&body, "<tr id=\"%s\"><td><code>%s</code></td><td>%d</td><td>%s</td></tr>",
                   error_wire_name((enum error_code)code), error_wire_name((enum error_code)code),
                   error_http_status((enum error_code)code),
                   error_retry_of((enum error_code)code) == RETRY_LATER ? "later" : "no");
    buf_add(&body, STR("</tbody></table></body></html>\n"));
    return page_reply(req, &body);
}

/* True the first time a kind is seen; at most as many kinds as there is room for. */
static bool csp_is_new(struct http_server *server, uint64_t kind)
{
    bool is_new = true;

    pthread_mutex_lock(&server->csp_lock);
    for (size_t i = 0; i < server->csp_seen_count; i++)
        is_new = is_new && server->csp_seen[i] != kind;
    is_new = is_new && server->csp_seen_count < COUNT(server->csp_seen);
    if (is_new)
        server->csp_seen[server->csp_seen_count++] = kind;
    pthread_mutex_unlock(&server->csp_lock);
    return is_new;
}

static void csp_log(struct http_server *server, const struct json *report)
{
    struct str directive = json_text(json_get(report, "effective-directive"));
    struct str blocked = json_text(json_get(report, "blocked-uri"));
    uint64_t kind;

    if (directive.size == 0)
        directive = json_text(json_get(report, "effectiveDirective"));
    if (directive.size == 0)
        directive = json_text(json_get(report, "violated-directive"));
    if (blocked.size == 0)
        blocked = json_text(json_get(report, "blockedURL"));
    if (directive.size == 0)
        return;
    blocked = str_slice(blocked, 0, 120);
    kind = hash_u64(blocked, hash_u64(directive, 1));
    if (csp_is_new(server, kind))
        log_warn("csp_report", LOG_STR("directive", str_slice(directive, 0, 80)),
                 LOG_STR("blocked", blocked));
}

/* Both forms: report-uri's {"csp-report": {…}} and the Reporting API's [{"body": {…}}]. */
static bool csp_report(struct request *req, struct error *err)
{
    CLEANUP(json_cleanup) struct json *json = NULL;

    if (!json_read_liberal(req->body, &json, err))
        return false;
    csp_log(req->server, json_get(json, "csp-report"));
    for (size_t i = 0; json_is(json, JSON_LIST) && i < json_count(json) && i < 10; i++)
        csp_log(req->server, json_get(json_item(json, i), "body"));
    return http_reply_empty(req, 204, err);
}

const struct http_route builtin_routes[] = {
    {"GET",                             "/healthz", ACCESS_PUBLIC, 0, BODY_NONE, 0, healthz, NULL, NULL, NULL,
     "Says that the process is alive.", "system", 0, HTTP_FILE | HTTP_BARE},
    {"GET",                    "/readyz", ACCESS_PUBLIC, 0, BODY_NONE, 0, readyz, NULL, NULL, NULL,
     "Says whether the server can take requests.", "system", 0, HTTP_FILE | HTTP_BARE},
    {"GET",                        "/metrics", ACCESS_PUBLIC, 0, BODY_NONE, 0, metrics, NULL, NULL, NULL,
     "OpenMetrics, for this machine and for admins.", "system", 0, HTTP_FILE},
    {"GET",                          "/openapi.json", ACCESS_PUBLIC, 0, BODY_NONE, 0, openapi, NULL, NULL, NULL,
     "This description.", "system", 0, HTTP_FILE | HTTP_BARE},
    {"GET",                             "/docs", ACCESS_PUBLIC, 0, BODY_NONE, 0, docs, NULL, NULL, NULL,
     "This description, for people.", "system", 0, HTTP_FILE | HTTP_BARE},
    {"GET", "/docs/errors", ACCESS_PUBLIC, 0, BODY_NONE, 0, docs_errors, NULL, NULL, NULL,
     "Every error code.", "system", 0, HTTP_FILE | HTTP_BARE},
    {"POST",                                "/api/v1/csp-report", ACCESS_PUBLIC, 0, BODY_JSON, KIB(16), csp_report, NULL, NULL,
     NULL, "Where browsers report what the page's policy blocked.", "system", 0,
     HTTP_ANY_TYPE | HTTP_NO_HEADER},
    {0                                },
};

bool builtin_prepare(struct http_server *server, struct error *err)
{
    struct sha256 hash;

    (void)err;
    http_openapi(server->tables, VITRINE_VERSION, &server->openapi);
    hash = sha256_of(buf_str(&server->openapi));
    sha256_hex(&hash, server->openapi_etag);
    return true;
}
