/*
 * sink.c: bodies made piece by piece.  A producing thread owns the socket and writes chunks to it,
 * waiting while the client is slow; there are two such threads, so at most two run at once.
 */
#include "core/log.h"
#include "http/http_private.h"

#include <assert.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define POLL_SLICE_MS 200

struct http_sink {
    struct http_server *server;
    int fd;
    bool is_chunked; /* HTTP/1.0 knows no chunks: its body ends with the connection */
    bool is_gone;
    /* The pace of each window, which counts the time that we wait for the client alone. */
    int64_t waited_ms;
    uint64_t acknowledged_base;
};

struct produce {
    struct http_server *server;
    bool (*run)(struct http_sink *sink, void *context, struct error *err);
    void *context;
    void (*context_free)(void *context);
    struct buf head;
    struct http_sink sink;
    struct ip_key ip;
    char trace[TRACE_ID_SIZE + 1];
};

void produce_destroy(struct produce *produce)
{
    if (produce == NULL)
        return;
    if (produce->context_free != NULL)
        produce->context_free(produce->context);
    buf_finish(&produce->head);
    free(produce);
}

/* The rule of every reader (conn.c, write_check). */
static bool is_too_slow(struct http_sink *sink)
{
    const struct http_limits *limits = &sink->server->limits;
    uint64_t acknowledged;

    if (sink->waited_ms < limits->write_stall_ms)
        return false;
    acknowledged = socket_acknowledged(sink->fd);
    if (acknowledged - sink->acknowledged_base < (uint64_t)limits->write_progress_min) {
        metrics_refuse(sink->server->metrics, REFUSED_WRITE_SLOW);
        return true;
    }
    sink->waited_ms = 0;
    sink->acknowledged_base = acknowledged;
    return false;
}

/* Until there may be room; false: the client is gone or too slow, or the server ends. */
static bool room_wait(struct http_sink *sink)
{
    struct pollfd wait = {.fd = sink->fd, .events = POLLOUT};
    int64_t since_ms = clock_mono_ms(&clock_system);
    int count = poll(&wait, 1, POLL_SLICE_MS);

    sink->waited_ms += clock_mono_ms(&clock_system) - since_ms;
    return !(count > 0 && (wait.revents & (POLLERR | POLLHUP)) != 0) &&
           !atomic_load(&sink->server->is_ending) && !is_too_slow(sink);
}

/* All of it, or the client is gone or too slow, or the server ends. */
static bool socket_write(struct http_sink *sink, const char *data, size_t size)
{
    while (size > 0 && !sink->is_gone) {
        ssize_t sent = send(sink->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent >= 0) {
            data += sent;
            size -= (size_t)sent;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            sink->is_gone = !room_wait(sink);
        } else if (errno != EINTR) {
            sink->is_gone = true;
        }
    }
    return !sink->is_gone;
}

bool http_sink_write(struct http_sink *sink, const void *data, size_t size)
{
    char line[24];
    int line_size;

    if (size == 0)
        return !sink->is_gone;
    if (!sink->is_chunked)
        return socket_write(sink, data, size);
    line_size = snprintf(line, sizeof(line), "%zx\r\n", size);
    return socket_write(sink, line, (size_t)line_size) && socket_write(sink, data, size) &&
           socket_write(sink, "\r\n", 2);
}

/* The client must see that what it has is not whole: a reset, not an end. */
static void socket_cut(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void produce_run(void *context)
{
    struct produce *produce = context;
    struct http_server *server = produce->server;
    struct http_sink *sink = &produce->sink;
    struct error err = {0};
    bool ok;

    ok = socket_write(sink, produce->head.data, produce->head.size);
    if (ok) {
        ok = produce->run(sink, produce->context, &err);
        if (!ok && !sink->is_gone)
            log_error("http_produce_failed", &err, LOG_CSTR("trace", produce->trace));
    }
    if (ok && sink->is_chunked)
        ok = socket_write(sink, "0\r\n\r\n", 5);
    if (ok)
        (void)shutdown(sink->fd, SHUT_WR);
    else
        socket_cut(sink->fd);
    close(sink->fd);
    ip_counts_drop(server->ip_counts, &produce->ip);
    produce_destroy(produce);
    server_work_done(server);
}

bool produce_start(struct http_call *call, int fd, struct error *err)
{
    struct produce *produce = call->produce;
    struct http_server *server = call->server;
    int on = 1, off = 0;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_CORK, &off, sizeof(off));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    produce->sink.fd = fd;
    produce->sink.acknowledged_base = socket_acknowledged(fd); /* by earlier answers */
    produce->ip = call->conn->ip;
    pthread_mutex_lock(&server->work_lock);
    if (!server->is_stopping && worker_submit(server->producers, produce_run, produce)) {
        server->work_count++;
        call->produce = NULL;
    }
    pthread_mutex_unlock(&server->work_lock);
    if (call->produce != NULL) {
        error_set(err, ERROR_UNAVAILABLE, "too many downloads run at this moment");
        err->retry_after_ms = 5000;
        return false;
    }
    (void)ip_counts_add(server->ip_counts, &call->conn->ip);
    return true;
}

bool http_reply_produce(struct request *req, const char *mime, struct str download_name,
                        bool (*produce)(struct http_sink *sink, void *context, struct error *err),
                        void *context, void (*context_free)(void *context), struct error *err)
{
    struct http_call *call = req->call;
    struct produce *made = calloc(1, sizeof(*made));
    struct reply_head head = {0};

    (void)err;
    if (made == NULL)
        abort();
    assert(call->response == NULL && call->stream == NULL && call->produce == NULL);
    reply_head_common(call, REPLY_USER_FILE, &head);
    reply_head_add(&head, "Cache-Control", "private, no-store");
    reply_head_add(&head, "Content-Type", mime);
    reply_head_add(&head, "Content-Disposition",
                   arena_cstr(req->arena, disposition(req->arena, false, download_name)));
    *made = (struct produce){
        .server = call->server,
        .run = produce,
        .context = context,
        .context_free = context_free,
        .sink = {.server = call->server,
                 .fd = -1,
                 .is_chunked = str_equal(call->head.version, STR("HTTP/1.1"))}
    };
    if (call->is_head_method) {
        produce_destroy(made);
        reply_static(call, 200, &head, STR_EMPTY);
        return true;
    }
    reply_head_add(&head, "Connection", "close");
    if (made->sink.is_chunked)
        reply_head_add(&head, "Transfer-Encoding", "chunked");
    reply_head_print(200, &head, &made->head);
    memcpy(made->trace, call->trace, sizeof(made->trace));
    call->produce = made;
    return true;
}
