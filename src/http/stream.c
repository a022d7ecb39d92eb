/*
 * stream.c: event streams.  One thread owns every stream's socket and does all its writing; others
 * only queue bytes and wake it.  An idle stream is one small struct and one socket.
 *
 * The body has no length and no chunks: it ends when the connection does (RFC 9112 6.3).
 */
#include "core/random.h"
#include "http/http_private.h"

#include <assert.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct http_bytes {
    _Atomic size_t holders;
    size_t size;
    char data[];
};

struct item {
    struct item *next;
    struct http_bytes *bytes;
};

struct http_stream {
    struct streams *streams;
    void (*closed)(void *context);
    void *context;
    int64_t user_id, session_id, token_id;
    int64_t ends_at_ms; /* INT64_MAX: never */
    struct ip_key ip;
    int fd; /* -1 until attached; stream thread and attach */
    /* guarded by streams->lock: */
    struct http_stream *prev, *next;
    struct http_stream *next_dirty;
    struct item *first, *last;
    size_t unsent; /* bytes queued and not yet taken by the kernel */
    size_t offset; /* into the first item; stream thread */
    bool is_held;  /* its request still points to it: not to be freed */
    bool is_dirty, is_attached, is_closing;
    bool is_waiting; /* the kernel is full: EPOLLOUT will come */
};

struct streams {
    struct http_server *server;
    int epoll_fd, wake_fd;
    pthread_t thread;
    bool is_started;
    struct http_bytes *heartbeat;
    pthread_mutex_t lock;
    struct http_stream *head;  /* guarded by lock, like all below */
    struct http_stream *dirty; /* have something to do */
    size_t count;
    int64_t next_end_ms; /* no stream's right ends before */
    bool is_stopping, is_draining;
};

/* ---- counted bytes ---- */

struct http_bytes *http_bytes_create(struct str text)
{
    struct http_bytes *bytes = malloc(sizeof(*bytes) + text.size);

    if (bytes == NULL)
        abort();
    atomic_init(&bytes->holders, 1);
    bytes->size = text.size;
    if (text.size > 0)
        memcpy(bytes->data, text.data, text.size);
    return bytes;
}

struct http_bytes *http_bytes_hold(struct http_bytes *bytes)
{
    atomic_fetch_add_explicit(&bytes->holders, 1, memory_order_relaxed);
    return bytes;
}

void http_bytes_drop(struct http_bytes *bytes)
{
    if (bytes != NULL && atomic_fetch_sub_explicit(&bytes->holders, 1, memory_order_acq_rel) == 1)
        free(bytes);
}

/* ---- under the lock ---- */

static void wake(struct streams *streams)
{
    uint64_t one = 1;

    while (write(streams->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        continue;
}

static void dirty_mark(struct http_stream *stream)
{
    struct streams *streams = stream->streams;

    if (stream->is_dirty)
        return;
    stream->is_dirty = true;
    stream->next_dirty = streams->dirty;
    if (streams->dirty == NULL)
        wake(streams);
    streams->dirty = stream;
}

/* Takes a hold of its own. */
static void item_add(struct http_stream *stream, struct http_bytes *bytes)
{
    struct item *item = malloc(sizeof(*item));

    if (item == NULL)
        abort();
    *item = (struct item){.bytes = http_bytes_hold(bytes)};
    if (stream->last == NULL)
        stream->first = item;
    else
        stream->last->next = item;
    stream->last = item;
    stream->unsent += bytes->size;
}

static void items_drop(struct item *item)
{
    while (item != NULL) {
        struct item *next = item->next;

        http_bytes_drop(item->bytes);
        free(item);
        item = next;
    }
}

static void closing_mark(struct http_stream *stream)
{
    stream->is_closing = true;
    dirty_mark(stream);
}

/* ---- any thread ---- */

bool http_stream_send(struct http_stream *stream, struct http_bytes *bytes)
{
    struct streams *streams = stream->streams;
    bool is_open;

    pthread_mutex_lock(&streams->lock);
    is_open = !stream->is_closing;
    if (is_open && stream->unsent + bytes->size > streams->server->limits.stream_unsent_max) {
        metrics_refuse(streams->server->metrics, REFUSED_STREAM_SLOW);
        closing_mark(stream);
        is_open = false;
    }
    if (is_open && bytes->size > 0) {
        item_add(stream, bytes);
        if (stream->is_attached && !stream->is_waiting)
            dirty_mark(stream);
    }
    pthread_mutex_unlock(&streams->lock);
    return is_open;
}

void http_stream_close(struct http_stream *stream)
{
    struct streams *streams = stream->streams;

    pthread_mutex_lock(&streams->lock);
    if (!stream->is_closing)
        closing_mark(stream);
    pthread_mutex_unlock(&streams->lock);
}

void http_streams_close_session(struct http_server *server, int64_t user_id, int64_t session_id,
                                int64_t token_id)
{
    struct streams *streams = server->streams;

    pthread_mutex_lock(&streams->lock);
    for (struct http_stream *stream = streams->head; stream != NULL; stream = stream->next) {
        bool is_whole_user = session_id == 0 && token_id == 0;
        bool is_session = session_id != 0 && stream->session_id == session_id;
        bool is_token = token_id != 0 && stream->token_id == token_id;

        if (stream->user_id == user_id && (is_whole_user || is_session || is_token) &&
            !stream->is_closing)
            closing_mark(stream);
    }
    pthread_mutex_unlock(&streams->lock);
}

/* ---- opening ---- */

static struct http_bytes *opening_bytes(struct http_call *call)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct reply_head head = {0};

    reply_head_common(call, REPLY_API, &head);
    reply_head_add(&head, "Content-Type", "text/event-stream");
    reply_head_add(&head, "X-Accel-Buffering", "no"); /* nginx: pass each event on at once */
    reply_head_add(&head, "Connection", "close");
    reply_head_print(200, &head, &buf);
    buf_add(&buf, STR("retry: 2000\n\n"));
    return http_bytes_create(buf_str(&buf));
}

static size_t streams_of_user(const struct streams *streams, int64_t user_id)
{
    size_t count = 0;

    for (const struct http_stream *stream = streams->head; stream != NULL; stream = stream->next)
        count += stream->user_id == user_id && !stream->is_closing;
    return count;
}

static bool room_check(struct streams *streams, const struct http_user *user, struct error *err)
{
    const struct http_limits *limits = &streams->server->limits;

    if (streams->is_draining || streams->is_stopping || streams->count >= limits->streams_max) {
        error_set(err, ERROR_UNAVAILABLE, "this server takes no more streams now");
        err->retry_after_ms = 2000;
        return false;
    }
    if (user->id != 0 && streams_of_user(streams, user->id) >= limits->streams_per_user_max) {
        error_field(err, ERROR_RATE_LIMITED, "", (int64_t)limits->streams_per_user_max,
                    "you have %zu streams open; close one", limits->streams_per_user_max);
        err->retry_after_ms = 30000;
        return false;
    }
    return true;
}

bool http_reply_stream(struct request *req, void (*closed)(void *context), void *context,
                       struct http_stream **out, struct error *err)
{
    struct http_call *call = req->call;
    struct streams *streams = call->server->streams;
    struct http_stream *stream = calloc(1, sizeof(*stream));
    struct http_bytes *opening = opening_bytes(call);
    bool has_room;

    if (stream == NULL)
        abort();
    assert(call->response == NULL && call->stream == NULL && call->produce == NULL);
    *stream = (struct http_stream){.streams = streams,
                                   .closed = closed,
                                   .context = context,
                                   .user_id = req->user.id,
                                   .session_id = req->user.session_id,
                                   .token_id = req->user.token_id,
                                   .ends_at_ms =
                                       req->user.ends_at_ms == 0 ? INT64_MAX : req->user.ends_at_ms,
                                   .fd = -1,
                                   .is_held = true};
    pthread_mutex_lock(&streams->lock);
    has_room = room_check(streams, &req->user, err);
    if (has_room) {
        item_add(stream, opening);
        stream->next = streams->head;
        if (streams->head != NULL)
            streams->head->prev = stream;
        streams->head = stream;
        streams->count++;
        if (stream->ends_at_ms < streams->next_end_ms)
            streams->next_end_ms = stream->ends_at_ms;
    }
    pthread_mutex_unlock(&streams->lock);
    http_bytes_drop(opening);
    if (!has_room) {
        free(stream);
        return false;
    }
    call->stream = stream;
    *out = stream;
    return true;
}

bool stream_attach(struct http_stream *stream, int fd, const struct ip_key *ip)
{
    struct streams *streams = stream->streams;
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data.ptr = stream};
    int on = 1, off = 0, patience_ms = 60000;
    bool is_watched;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_CORK, &off, sizeof(off));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    /* A client that vanished without a word: the heartbeats stay unanswered. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof(patience_ms));
    stream->ip = *ip;
    (void)ip_counts_add(streams->server->ip_counts, ip);
    pthread_mutex_lock(&streams->lock);
    stream->fd = fd;
    is_watched = epoll_ctl(streams->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
    stream->is_attached = true;
    stream->is_held = false;
    if (!is_watched)
        stream->is_closing = true;
    dirty_mark(stream);
    pthread_mutex_unlock(&streams->lock);
    return is_watched;
}

void stream_abandon(struct http_stream *stream)
{
    struct streams *streams = stream->streams;

    pthread_mutex_lock(&streams->lock);
    stream->is_held = false;
    closing_mark(stream);
    pthread_mutex_unlock(&streams->lock);
}

/* ---- the stream thread ---- */

static void stream_destroy(struct http_stream *stream)
{
    struct streams *streams = stream->streams;

    if (stream->fd >= 0) {
        /* The library may not have closed its own descriptor yet, so ours alone does not end it. */
        (void)epoll_ctl(streams->epoll_fd, EPOLL_CTL_DEL, stream->fd, NULL);
        (void)shutdown(stream->fd, SHUT_WR);
        close(stream->fd);
        ip_counts_drop(streams->server->ip_counts, &stream->ip);
    }
    stream->closed(stream->context); /* after which nobody sends to it */
    items_drop(stream->first);
    free(stream);
}

/* Under the lock. */
static void stream_unlink(struct http_stream *stream)
{
    struct streams *streams = stream->streams;

    if (stream->prev == NULL)
        streams->head = stream->next;
    else
        stream->prev->next = stream->next;
    if (stream->next != NULL)
        stream->next->prev = stream->prev;
    streams->count--;
}

/*
 * Writes the items until the kernel is full; never blocks, holds no lock.  What is left comes back
 * in `*items`; `*sent` counts bytes.  False: the client is gone.
 */
static bool items_write(struct http_stream *stream, struct item **items, size_t *sent)
{
    while (*items != NULL) {
        struct item *item = *items;
        ssize_t size = send(stream->fd, item->bytes->data + stream->offset,
                            item->bytes->size - stream->offset, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK;
        *sent += (size_t)size;
        stream->offset += (size_t)size;
        if (stream->offset < item->bytes->size)
            continue;
        stream->offset = 0;
        *items = item->next;
        item->next = NULL;
        items_drop(item);
    }
    return true;
}

/* Writes what is queued.  Called and returns with the lock held, writes without it. */
static void stream_write(struct http_stream *stream)
{
    struct streams *streams = stream->streams;
    struct item *items = stream->first;
    size_t sent = 0;
    bool is_alive;

    stream->first = stream->last = NULL;
    pthread_mutex_unlock(&streams->lock);
    is_alive = items_write(stream, &items, &sent);
    if (is_alive && items != NULL) {
        struct epoll_event event = {.events = EPOLLRDHUP | EPOLLOUT | EPOLLET, .data.ptr = stream};

        is_alive = epoll_ctl(streams->epoll_fd, EPOLL_CTL_MOD, stream->fd, &event) == 0;
    }
    pthread_mutex_lock(&streams->lock);
    stream->unsent -= sent;
    if (items != NULL) { /* before what was queued meanwhile */
        struct item *last = items;

        while (last->next != NULL)
            last = last->next;
        last->next = stream->first;
        if (stream->first == NULL)
            stream->last = last;
        stream->first = items;
        stream->is_waiting = true;
    }
    if (!is_alive)
        stream->is_closing = true;
}

/* Does what the marked streams want.  Those that end are ended outside the lock. */
static void dirty_serve(struct streams *streams)
{
    struct http_stream *ended = NULL;

    pthread_mutex_lock(&streams->lock);
    while (streams->dirty != NULL) {
        struct http_stream *stream = streams->dirty;

        streams->dirty = stream->next_dirty;
        stream->is_dirty = false;
        if (stream->is_attached && !stream->is_waiting && stream->first != NULL)
            stream_write(stream);
        if (stream->is_closing && !stream->is_held && !stream->is_dirty) {
            stream_unlink(stream);
            stream->next_dirty = ended;
            ended = stream;
            stream->is_dirty = true; /* nobody marks it again */
        }
    }
    pthread_mutex_unlock(&streams->lock);
    while (ended != NULL) {
        struct http_stream *next = ended->next_dirty;

        stream_destroy(ended);
        ended = next;
    }
}

static void event_serve(struct streams *streams, const struct epoll_event *event)
{
    struct http_stream *stream = event->data.ptr;

    if (stream == NULL) {
        uint64_t count;

        while (read(streams->wake_fd, &count, sizeof(count)) < 0 && errno == EINTR)
            continue;
        return;
    }
    pthread_mutex_lock(&streams->lock);
    if ((event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
        closing_mark(stream);
    } else if (stream->is_waiting) {
        stream->is_waiting = false;
        dirty_mark(stream);
    }
    pthread_mutex_unlock(&streams->lock);
}

/* A comment, so that every hop sees life, and we see death. */
static void heartbeat(struct streams *streams)
{
    pthread_mutex_lock(&streams->lock);
    for (struct http_stream *stream = streams->head; stream != NULL; stream = stream->next) {
        if (!stream->is_attached || stream->is_closing || stream->first != NULL)
            continue;
        item_add(stream, streams->heartbeat);
        dirty_mark(stream);
    }
    pthread_mutex_unlock(&streams->lock);
}

/* Closes the streams whose right is over: nobody says so when a moment passes (S23). */
static void ends_check(struct streams *streams)
{
    int64_t now_ms = clock_wall_ms(&streams->server->clock);

    pthread_mutex_lock(&streams->lock);
    if (now_ms >= streams->next_end_ms) {
        streams->next_end_ms = INT64_MAX;
        for (struct http_stream *stream = streams->head; stream != NULL; stream = stream->next) {
            if (stream->is_closing)
                continue;
            if (now_ms >= stream->ends_at_ms)
                closing_mark(stream);
            else if (stream->ends_at_ms < streams->next_end_ms)
                streams->next_end_ms = stream->ends_at_ms;
        }
    }
    pthread_mutex_unlock(&streams->lock);
}

static int64_t now_ms(void) { return clock_mono_ms(&clock_system); }

static bool is_stopped(struct streams *streams)
{
    bool is_stopped;

    pthread_mutex_lock(&streams->lock);
    is_stopped = streams->is_stopping && streams->head == NULL;
    pthread_mutex_unlock(&streams->lock);
    return is_stopped;
}

static void *streams_run(void *argument)
{
    struct streams *streams = argument;
    const struct http_limits *limits = &streams->server->limits;
    int64_t beat_at = now_ms() + limits->heartbeat_ms;
    int64_t tick_at = now_ms() + limits->tick_ms;
    struct epoll_event events[128];

    while (!is_stopped(streams)) {
        int64_t now = now_ms();
        int64_t wake_at = limits->tick_ms > 0 && tick_at < beat_at ? tick_at : beat_at;
        int count = epoll_wait(streams->epoll_fd, events, COUNT(events),
                               wake_at > now ? (int)(wake_at - now) : 0);

        for (int i = 0; i < count; i++)
            event_serve(streams, &events[i]);
        ends_check(streams);
        dirty_serve(streams);
        now = now_ms();
        if (now >= beat_at) {
            beat_at = now + limits->heartbeat_ms;
            heartbeat(streams);
        }
        if (limits->tick_ms > 0 && now >= tick_at)
            tick_at = now + http_deadlines_check(streams->server);
    }
    return NULL;
}

/* ---- life ---- */

bool streams_create(struct http_server *server, struct streams **out, struct error *err)
{
    struct streams *streams = calloc(1, sizeof(*streams));
    struct epoll_event event = {.events = EPOLLIN};

    if (streams == NULL)
        abort();
    streams->server = server;
    streams->next_end_ms = INT64_MAX;
    pthread_mutex_init(&streams->lock, NULL);
    streams->heartbeat = http_bytes_create(STR(": still here\n\n"));
    streams->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    streams->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (streams->epoll_fd < 0 || streams->wake_fd < 0 ||
        epoll_ctl(streams->epoll_fd, EPOLL_CTL_ADD, streams->wake_fd, &event) != 0 ||
        pthread_create(&streams->thread, NULL, streams_run, streams) != 0) {
        streams_destroy(streams);
        return error_set(err, ERROR_INTERNAL, "the event streams cannot start (errno %d)", errno);
    }
    pthread_setname_np(streams->thread, "http-stream");
    streams->is_started = true;
    *out = streams;
    return true;
}

size_t streams_count(struct streams *streams)
{
    size_t count;

    pthread_mutex_lock(&streams->lock);
    count = streams->count;
    pthread_mutex_unlock(&streams->lock);
    return count;
}

/* Each is asked to come back at its own moment, so that not all do at once. */
void streams_drain(struct streams *streams)
{
    pthread_mutex_lock(&streams->lock);
    streams->is_draining = true;
    for (struct http_stream *stream = streams->head; stream != NULL; stream = stream->next) {
        char text[32];
        int size;
        struct http_bytes *bytes;

        if (stream->is_closing)
            continue;
        size = snprintf(text, sizeof(text), "retry: %u\n\n",
                        1000 + (unsigned)(random_u64(&random_system) % 4000));
        bytes = http_bytes_create((struct str){text, (size_t)size});
        item_add(stream, bytes);
        http_bytes_drop(bytes);
        /* One not attached yet is written when it is. */
        closing_mark(stream);
    }
    pthread_mutex_unlock(&streams->lock);
}

void streams_stop(struct streams *streams)
{
    if (streams == NULL || !streams->is_started)
        return;
    pthread_mutex_lock(&streams->lock);
    streams->is_stopping = true;
    for (struct http_stream *stream = streams->head; stream != NULL; stream = stream->next)
        if (!stream->is_closing)
            closing_mark(stream);
    wake(streams);
    pthread_mutex_unlock(&streams->lock);
    pthread_join(streams->thread, NULL);
    streams->is_started = false;
}

void streams_destroy(struct streams *streams)
{
    if (streams == NULL)
        return;
    streams_stop(streams);
    if (streams->epoll_fd >= 0)
        close(streams->epoll_fd);
    if (streams->wake_fd >= 0)
        close(streams->wake_fd);
    http_bytes_drop(streams->heartbeat);
    pthread_mutex_destroy(&streams->lock);
    free(streams);
}
