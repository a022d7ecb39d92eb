/* server.c: the listening socket, the library's daemon, and the order of starting and ending. */
#include "core/log.h"
#include "core/random.h"
#include "http/http_private.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* A head of 16 KiB, 100 fields and their cookies fit; of more than 32 KiB, so that the library maps
 * it and gives it back: after its first request a connection has touched all of it. */
#define CONNECTION_MEMORY KIB(36)
#define PRODUCERS 2

const struct http_limits http_limits_default = {
    .head_size_max = KIB(16),
    .head_fields_max = 100,
    .target_size_max = KIB(8),
    .head_ms = 10000,
    .body_window_ms = 10000,
    .body_rate_min = 1024,
    .write_stall_ms = 30000,
    .write_progress_min = 8192,
    .idle_ms = 60000,
    .crowded_ms = 2000,
    .linger_ms = 2000,
    .tick_ms = 1000,
    .looks_max = 32, /* in a full house a round takes a second as well */
    .ends_max = 8,
    .look_ms = 15,
    .heartbeat_ms = 15000,
    .connections_max = 2048,
    .per_ip_max = 100,
    .per_ip_loopback_max = 1000,
    .streams_max = 20000,
    .streams_per_user_max = 100,
    .stream_unsent_max = KIB(64),
    .discard_max = KIB(256),
    .queue_max = 1024,
    .produce_max = 16,
};

/* ---- the address ---- */

static bool address_bad(const char *listen_at, struct error *err)
{
    return error_set(err, ERROR_INVALID,
                     "\"%.60s\" is no address as 127.0.0.1:29281 or [::1]:29281", listen_at);
}

static bool address_read(const char *listen_at, struct sockaddr_storage *out, socklen_t *size,
                         struct error *err)
{
    struct str text = str_of(listen_at), host, port_text;
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    char copy[64] = {0};
    size_t colon = text.size;
    int64_t port;

    while (colon > 0 && text.data[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return address_bad(listen_at, err);
    host = str_slice(text, 0, colon - 1);
    port_text = str_slice(text, colon, text.size);
    if (!str_to_int64(port_text, &port) || port < 0 || port > 65535)
        return address_bad(listen_at, err);
    if (str_equal(host, STR("localhost")))
        host = STR("127.0.0.1");
    if (host.size >= 2 && host.data[0] == '[' && host.data[host.size - 1] == ']')
        host = str_slice(host, 1, host.size - 2);
    else if (str_find_char(host, ':') >= 0) /* "::1:80" might be an address without a port */
        return address_bad(listen_at, err);
    if (host.size == 0 || host.size >= sizeof(copy))
        return address_bad(listen_at, err);
    memcpy(copy, host.data, host.size);
    if (inet_pton(AF_INET, copy, &in.sin_addr) == 1) {
        in.sin_port = htons((uint16_t)port);
        memcpy(out, &in, sizeof(in));
        *size = sizeof(in);
        return true;
    }
    if (inet_pton(AF_INET6, copy, &in6.sin6_addr) != 1)
        return address_bad(listen_at, err);
    in6.sin6_port = htons((uint16_t)port);
    memcpy(out, &in6, sizeof(in6));
    *size = sizeof(in6);
    return true;
}

static bool is_loopback(const struct sockaddr_storage *address)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    if (address->ss_family == AF_INET) {
        memcpy(&in, address, sizeof(in));
        return ntohl(in.sin_addr.s_addr) >> 24 == 127;
    }
    memcpy(&in6, address, sizeof(in6));
    return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
}

static bool listen_failed(const char *listen_at, struct error *err)
{
    int cause = errno;

    if (cause == EADDRINUSE)
        return error_set(err, ERROR_CONFLICT,
                         "%.60s is in use: another vitrine or another program listens there",
                         listen_at);
    if (cause == EACCES)
        return error_set(err, ERROR_FORBIDDEN, "%.60s: ports below 1024 need a privilege",
                         listen_at);
    if (cause == EADDRNOTAVAIL)
        return error_set(err, ERROR_INVALID, "%.60s is no address of this machine", listen_at);
    return error_set(err, ERROR_INTERNAL, "cannot listen at %.60s (errno %d)", listen_at, cause);
}

static bool server_listen(struct http_server *server, struct error *err)
{
    const char *listen_at = server->config.listen;
    struct sockaddr_storage address = {0};
    socklen_t size = 0;
    int on = 1;

    if (!address_read(listen_at, &address, &size, err))
        return false;
    server->is_loopback = is_loopback(&address);
    if (!server->is_loopback && !server->config.is_insecure_allowed) /* S31 */
        return error_set(err, ERROR_FORBIDDEN,
                         "%.60s is reachable by others and there is no TLS: listen on 127.0.0.1 "
                         "behind a proxy, or allow insecure listening",
                         listen_at);
    server->listen_fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->listen_fd < 0)
        return listen_failed(listen_at, err);
    /* Restart without waiting for old connections; a second listener is still refused. */
    (void)setsockopt(server->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(server->listen_fd, (struct sockaddr *)&address, size) != 0 ||
        listen(server->listen_fd, SOMAXCONN) != 0)
        return listen_failed(listen_at, err);
    if (getsockname(server->listen_fd, (struct sockaddr *)&address, &size) != 0)
        return listen_failed(listen_at, err);
    if (address.ss_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, &address, sizeof(in));
        server->port = ntohs(in.sin_port);
    } else {
        struct sockaddr_in6 in6;

        memcpy(&in6, &address, sizeof(in6));
        server->port = ntohs(in6.sin6_port);
    }
    return true;
}

/* ---- making ---- */

static bool origin_read(struct http_server *server, struct error *err)
{
    struct str origin = str_of(server->config.public_origin);
    struct str host;

    server->host_rules = (struct host_rules){.names = server->config.hosts, .port = server->port};
    if (origin.size == 0) {
        server->config.public_origin = NULL;
        return true;
    }
    if (str_starts_with(origin, STR("https://")))
        host = str_slice(origin, 8, origin.size);
    else if (str_starts_with(origin, STR("http://")))
        host = str_slice(origin, 7, origin.size);
    else
        return error_set(err, ERROR_INVALID, "the public origin must start with https://");
    if (host.size == 0 || host.size >= sizeof(server->public_host) || str_find_char(host, '/') >= 0)
        return error_set(err, ERROR_INVALID,
                         "the public origin is scheme and host, as https://studio.example");
    memcpy(server->public_host, host.data, host.size);
    server->host_rules.public_host = str_of(server->public_host);
    return true;
}

/* The config's tables and ours, in one list. */
static void tables_join(struct http_server *server)
{
    const struct http_route *const *tables = server->config.tables;
    size_t count = 0;

    while (tables != NULL && tables[count] != NULL)
        count++;
    server->tables = calloc(count + 2, sizeof(struct http_route *));
    if (server->tables == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        server->tables[i] = tables[i];
    server->tables[count] = builtin_routes;
}

static bool pools_create(struct http_server *server, struct error *err)
{
    struct worker_config handlers = {.name = "http",
                                     .threads = server->config.handler_threads,
                                     .queue_max = server->limits.queue_max,
                                     .thread_end = server->config.handler_thread_end};
    struct worker_config producers = {.name = "http-body",
                                      .threads = PRODUCERS,
                                      .queue_max = server->limits.produce_max,
                                      .thread_end = server->config.handler_thread_end};

    return worker_pool_create(&handlers, &server->handlers, err) &&
           worker_pool_create(&producers, &server->producers, err);
}

/* What the largest JSON body may become as texts, beside what handlers make. */
static size_t arena_max(const struct route_tree *tree)
{
    size_t largest = 0;

    for (size_t i = 0; i < route_tree_count(tree); i++) {
        const struct http_route *route = route_tree_row(tree, i);

        if (route->body == BODY_JSON && body_limit(route) > largest)
            largest = body_limit(route);
    }
    return ARENA_REQUEST_MAX + 2 * largest;
}

/* What the process may open, less what the rest of us needs. */
static size_t connection_limit(const struct http_server *server)
{
    struct rlimit files;
    size_t limit = server->limits.connections_max;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY) {
        size_t room = files.rlim_cur > 256 ? (size_t)files.rlim_cur - 256 : 64;

        if (room < limit)
            limit = room;
    }
    /* The library divides it among its threads and refuses a limit below their number. */
    return limit < server->config.io_threads ? server->config.io_threads : limit;
}

bool http_server_create_limited(const struct http_config *config, const struct http_limits *limits,
                                struct http_server **out, struct error *err)
{
    struct http_server *server = calloc(1, sizeof(*server));

    if (server == NULL)
        abort();
    server->config = *config;
    server->limits = *limits;
    server->clock = config->clock == NULL ? clock_system : *config->clock;
    server->listen_fd = -1;
    if (server->config.io_threads == 0)
        server->config.io_threads = 1;
    server->limits.connections_max = connection_limit(server);
    if (server->config.handler_threads == 0)
        server->config.handler_threads = 4;
    server->uploads_max = (server->config.handler_threads + 1) / 2;
    if (server->config.rate_per_minute <= 0)
        server->config.rate_per_minute = 1200;
    (void)snprintf(server->rate_policy, sizeof(server->rate_policy), "\"default\";q=%lld;w=60",
                   (long long)server->config.rate_per_minute);
    random_fill(&random_system, &server->trace_seed, sizeof(server->trace_seed));
    pthread_mutex_init(&server->conn_lock, NULL);
    pthread_mutex_init(&server->work_lock, NULL);
    pthread_mutex_init(&server->csp_lock, NULL);
    pthread_cond_init(&server->work_done, NULL);
    tables_join(server);
    server->ip_counts = ip_counts_create();
    server->rate = rate_create(server->config.rate_per_minute, config->rate_memory);
    if (!route_tree_create(server->tables, &server->tree, err) || !server_listen(server, err) ||
        !origin_read(server, err) || !builtin_prepare(server, err)) {
        http_server_destroy(server);
        return false;
    }
    server->metrics = metrics_create(server->tree);
    server->arena_max = arena_max(server->tree);
    *out = server;
    return true;
}

bool http_server_create(const struct http_config *config, struct http_server **out,
                        struct error *err)
{
    return http_server_create_limited(config, &http_limits_default, out, err);
}

int http_server_port(struct http_server *server) { return server->port; }

/* ---- running ---- */

/* The library tells every closed connection; what matters is in our metrics. */
PRINTF_LIKE(2, 0)
static void library_log(void *cls, const char *format, va_list args)
{
    char text[200];

    (void)cls;
    (void)vsnprintf(text, sizeof(text), format, args);
    log_debug("http_library", LOG_CSTR("text", text));
}

/* Escapes are decoded once, by us, after the guards. */
static size_t keep_escapes(void *cls, struct MHD_Connection *mhd, char *text)
{
    (void)cls;
    (void)mhd;
    return strlen(text);
}

static bool threads_start(struct http_server *server, struct error *err)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_ERROR_LOG;
    unsigned threads = (unsigned)server->config.io_threads;
    struct MHD_OptionItem pool[] = {
        {threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, threads, NULL},
        {MHD_OPTION_END,                                             0,       NULL},
    };

    if (!pools_create(server, err) || !streams_create(server, &server->streams, err))
        return false;
    server->daemon = MHD_start_daemon(
        flags, 0, conn_accept, server, dispatch_access, server, /* */
        MHD_OPTION_EXTERNAL_LOGGER, library_log, NULL,          /* first, so that it hears all */
        MHD_OPTION_LISTEN_SOCKET, server->listen_fd,            /* */
        /* Not strict: it would answer in its own words what our guards answer in ours. */
        MHD_OPTION_STRICT_FOR_CLIENT, 0,                                       /* */
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,                 /* */
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)server->limits.connections_max, /* */
        MHD_OPTION_CONNECTION_TIMEOUT, 0U,                       /* ours are absolute: conn.c */
        MHD_OPTION_URI_LOG_CALLBACK, dispatch_target, server,    /* */
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,        /* */
        MHD_OPTION_NOTIFY_COMPLETED, dispatch_completed, server, /* */
        MHD_OPTION_NOTIFY_CONNECTION, conn_notify, server,       /* */
        MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
    if (server->daemon == NULL)
        return error_set(err, ERROR_INTERNAL, "the HTTP library cannot start (errno %d)", errno);
    server->listen_fd = -1; /* the library's */
    return true;
}

bool http_server_start(struct http_server *server, struct error *err)
{
    sigset_t all, before;
    bool ok;

    /* Signals are main's: the threads begin with all of them blocked. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ok = threads_start(server, err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

static bool submitted(bool is_taken, struct error *err)
{
    if (is_taken)
        return true;
    error_set(err, ERROR_UNAVAILABLE, "the server has too much to do at this moment");
    err->retry_after_ms = 1000;
    return false;
}

bool server_submit(struct http_server *server, void (*work)(void *context), void *context,
                   struct error *err)
{
    bool is_taken;

    pthread_mutex_lock(&server->work_lock);
    is_taken = !server->is_stopping && worker_submit(server->handlers, work, context);
    if (is_taken)
        server->work_count++;
    pthread_mutex_unlock(&server->work_lock);
    return submitted(is_taken, err);
}

bool server_submit_upload(struct http_server *server, struct http_call *call, struct error *err)
{
    bool is_taken = false;

    pthread_mutex_lock(&server->work_lock);
    if (server->is_stopping) {
        /* not taken */
    } else if (server->upload_count < server->uploads_max) {
        is_taken = worker_submit(server->handlers, dispatch_uploads, call);
        server->upload_count += is_taken;
    } else {
        if (server->uploads_waiting == NULL)
            server->uploads_waiting = call;
        else
            server->uploads_last->next_upload = call;
        server->uploads_last = call;
        is_taken = true;
    }
    server->work_count += is_taken;
    pthread_mutex_unlock(&server->work_lock);
    return submitted(is_taken, err);
}

struct http_call *server_next_upload(struct http_server *server)
{
    struct http_call *next;

    pthread_mutex_lock(&server->work_lock);
    next = server->uploads_waiting;
    if (next == NULL)
        server->upload_count--;
    else
        server->uploads_waiting = next->next_upload;
    pthread_mutex_unlock(&server->work_lock);
    return next;
}

void server_work_done(struct http_server *server)
{
    pthread_mutex_lock(&server->work_lock);
    if (--server->work_count == 0)
        pthread_cond_broadcast(&server->work_done);
    pthread_mutex_unlock(&server->work_lock);
}

void http_server_drain(struct http_server *server)
{
    atomic_store(&server->is_draining, true);
    if (server->streams != NULL)
        streams_drain(server->streams);
}

/* ---- ending ---- */

/* No request is with a handler after this, and none goes to one. */
static void work_end(struct http_server *server)
{
    atomic_store(&server->is_ending, true);
    pthread_mutex_lock(&server->work_lock);
    server->is_stopping = true;
    while (server->work_count > 0)
        pthread_cond_wait(&server->work_done, &server->work_lock);
    pthread_mutex_unlock(&server->work_lock);
}

void http_server_destroy(struct http_server *server)
{
    if (server == NULL)
        return;
    work_end(server);
    /* The library must find no suspended connection: work_end saw to that. */
    if (server->daemon != NULL)
        MHD_stop_daemon(server->daemon);
    streams_destroy(server->streams);
    worker_pool_destroy(server->handlers);
    worker_pool_destroy(server->producers);
    conn_lingers_end(server, true);
    if (server->listen_fd >= 0)
        close(server->listen_fd);
    metrics_destroy(server->metrics);
    rate_destroy(server->rate);
    ip_counts_destroy(server->ip_counts);
    route_tree_destroy(server->tree);
    free(server->tables);
    buf_finish(&server->openapi);
    pthread_cond_destroy(&server->work_done);
    pthread_mutex_destroy(&server->csp_lock);
    pthread_mutex_destroy(&server->work_lock);
    pthread_mutex_destroy(&server->conn_lock);
    free(server);
}
