#include "generate/generate.h"

#include "core/log.h"
#include "engine/event.h"
#include "engine/idmap.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
    CATCH_UP_MAX = 200, /* events a stream is brought up with, */
    FRAME_MAX = 32768,  /* and bytes; further behind it is told to start anew.  The server cuts
                           streams at 64 KiB unsent, and a stream cut for that would come again
                           and again */
    PROGRESS_MAX = 256, /* lines of progress waiting per user */
    RETRY_MS = 1000,    /* after the database could not be read */
};

struct subscriber {
    struct feed *feed;
    struct watcher *watcher;
    struct http_stream *stream; /* NULL until it is known; after closed() never touched again */
    int64_t seq;                /* the last event it was sent; < 0: from now on */
    bool is_new;                /* not greeted yet */
    bool wants_reset;
    struct subscriber *next;
};

/* A user who watches. */
struct watcher {
    int64_t user_id;
    struct subscriber *subscribers;
    size_t count;
    struct buf *progress; /* PROGRESS_MAX of them */
    size_t progress_count;
    bool is_due;
};

struct feed {
    struct feed_config config;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t due;
    struct idmap watchers;
    size_t streams;
    bool is_due, is_ending;
    bool has_failed; /* a watcher waits for another try */
};

/* ---- Frames ---- */

static void add_frame(struct buf *out, struct str epoch, int64_t seq, struct str kind,
                      struct str body)
{
    if (epoch.size > 0)
        buf_printf(out, "id: %.*s-%" PRId64 "\n", STR_ARGS(epoch), seq);
    buf_printf(out, "event: %.*s\ndata: %.*s\n\n", STR_ARGS(kind), STR_ARGS(body));
}

static void send_frame(const struct subscriber *subscriber, const struct buf *frame)
{
    struct http_bytes *bytes = http_bytes_create(buf_str(frame));

    (void)http_stream_send(subscriber->stream, bytes); /* a closing stream tells closed() */
    http_bytes_drop(bytes);
}

/* ---- One round of the thread for one user ---- */

struct round {
    struct str epoch;
    int64_t first, last;
    int64_t from;  /* the oldest position that it was made for */
    int64_t after; /* the events behind it were read; from further back they are too many bytes */
    struct event_row *events;
    size_t count;
};

/* The lowest number some stream of the watcher still needs; INT64_MAX: nobody needs any. */
static int64_t lowest_seq(const struct watcher *watcher)
{
    int64_t lowest = INT64_MAX;

    for (const struct subscriber *each = watcher->subscribers; each != NULL; each = each->next)
        if (each->seq >= 0 && each->seq < lowest)
            lowest = each->seq;
    return lowest;
}

static bool read_round(struct feed *feed, int64_t user_id, int64_t after, struct arena *arena,
                       struct round *out, struct error *err)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;

    if (!db_borrow(feed->config.pool, &db, err) ||
        !event_epoch(db, user_id, arena, &out->epoch, err) ||
        !event_range(db, user_id, &out->first, &out->last, err))
        return false;
    if (after > out->last)
        after = out->last;
    /* Whoever is further behind than that starts anew, so nobody needs older ones. */
    if (after < out->last - CATCH_UP_MAX)
        after = out->last - CATCH_UP_MAX;
    out->from = after;
    return event_after_size(db, user_id, after, FRAME_MAX, &out->after, err) &&
           event_list(db, user_id, out->after, CATCH_UP_MAX, arena, &out->events, &out->count, err);
}

static void greet(struct feed *feed, struct subscriber *subscriber, const struct round *round)
{
    CLEANUP(buf_finish) struct buf frame = {0};
    CLEANUP(buf_finish) struct buf body = {0};
    struct json_writer writer;

    json_writer_init(&writer, &body);
    json_begin_object(&writer);
    json_name(&writer, "build");
    json_add_text(&writer, feed->config.build);
    json_end_object(&writer);
    if (subscriber->seq > round->last ||
        (subscriber->seq >= 0 && subscriber->seq < round->last - CATCH_UP_MAX) ||
        (subscriber->seq >= 0 && round->first > 0 && subscriber->seq < round->first - 1))
        subscriber->wants_reset = true;
    if (subscriber->seq < 0 || subscriber->wants_reset)
        subscriber->seq = round->last;
    add_frame(&frame, round->epoch, subscriber->seq, STR("hello"), buf_str(&body));
    if (subscriber->wants_reset)
        add_frame(&frame, round->epoch, round->last, STR("reset"), STR("{}"));
    subscriber->is_new = false;
    subscriber->wants_reset = false;
    send_frame(subscriber, &frame);
}

/* What the stream has not got of the round; instead of too much of it, the order to start anew. */
static void add_events(struct subscriber *subscriber, const struct round *round, struct buf *frame)
{
    bool is_too_far = subscriber->seq < round->after;
    int64_t seq = subscriber->seq;

    for (size_t index = 0; index < round->count && !is_too_far; index++) {
        const struct event_row *event = &round->events[index];

        if (event->seq <= seq)
            continue;
        add_frame(frame, round->epoch, event->seq, event->kind, event->body);
        seq = event->seq;
        is_too_far = frame->size > FRAME_MAX;
    }
    if (is_too_far) {
        buf_finish(frame);
        seq = round->last;
        add_frame(frame, round->epoch, seq, STR("reset"), STR("{}"));
    }
    subscriber->seq = seq;
}

static void send_round(struct feed *feed, struct watcher *watcher, const struct round *round)
{
    for (struct subscriber *each = watcher->subscribers; each != NULL; each = each->next) {
        CLEANUP(buf_finish) struct buf frame = {0};

        if (each->is_new)
            greet(feed, each, round);
        /* It came while the events were read, with an older position than theirs. */
        if (each->seq < round->from && each->seq >= round->last - CATCH_UP_MAX) {
            watcher->is_due = true;
            continue;
        }
        add_events(each, round, &frame);
        for (size_t index = 0; index < watcher->progress_count && frame.size < FRAME_MAX; index++)
            add_frame(&frame, STR_EMPTY, 0, STR("task.progress"),
                      buf_str(&watcher->progress[index]));
        if (frame.size > 0)
            send_frame(each, &frame);
    }
    for (size_t index = 0; index < watcher->progress_count; index++)
        buf_finish(&watcher->progress[index]);
    watcher->progress_count = 0;
}

/* The lock is given up while the database is read: a watcher may go meanwhile, so it is looked up
 * again. */
static void serve(struct feed *feed, int64_t user_id)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(64));
    struct watcher *watcher = idmap_get(&feed->watchers, user_id);
    struct round round = {0};
    struct error err = {0};
    int64_t after;
    bool ok;

    if (watcher == NULL || watcher->count == 0)
        return;
    after = lowest_seq(watcher);
    pthread_mutex_unlock(&feed->lock);
    ok = read_round(feed, user_id, after, arena, &round, &err);
    if (!ok)
        log_error("feed_read_failed", &err, LOG_INT("user", user_id));
    pthread_mutex_lock(&feed->lock);
    watcher = idmap_get(&feed->watchers, user_id);
    if (watcher == NULL)
        return;
    if (!ok) {
        watcher->is_due = true;
        feed->has_failed = true;
        return;
    }
    send_round(feed, watcher, &round);
}

/* The watchers that are due, at most `max`; they are no longer due. */
static size_t take_due(struct feed *feed, int64_t *users, size_t max)
{
    struct watcher *watcher;
    size_t at = 0, count = 0;

    while (count < max && (watcher = idmap_next(&feed->watchers, &at)) != NULL) {
        if (!watcher->is_due)
            continue;
        watcher->is_due = false;
        users[count++] = watcher->user_id;
    }
    return count;
}

/* Until there is work.  What failed is tried again after a while, not at once and for ever. */
static void wait_due(struct feed *feed)
{
    const int64_t at_ms = clock_mono_ms(&clock_system) + RETRY_MS;
    const struct timespec at = {.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000};

    while (!feed->is_due && !feed->is_ending) {
        if (!feed->has_failed)
            pthread_cond_wait(&feed->due, &feed->lock);
        else if (pthread_cond_clockwait(&feed->due, &feed->lock, CLOCK_MONOTONIC, &at) != 0)
            break;
    }
    feed->is_due = false;
    feed->has_failed = false;
}

static void *run(void *context)
{
    struct feed *feed = context;
    int64_t users[64];

    pthread_setname_np(pthread_self(), "feed");
    pthread_mutex_lock(&feed->lock);
    while (!feed->is_ending) {
        size_t count;

        wait_due(feed);
        while (!feed->is_ending && !feed->has_failed &&
               (count = take_due(feed, users, COUNT(users))) > 0)
            for (size_t index = 0; index < count; index++)
                serve(feed, users[index]);
    }
    pthread_mutex_unlock(&feed->lock);
    return NULL;
}

/* ---- Life ---- */

bool feed_create(const struct feed_config *config, struct feed **out, struct error *err)
{
    struct feed *feed = calloc(1, sizeof(*feed));

    if (feed == NULL)
        abort();
    feed->config = *config;
    pthread_mutex_init(&feed->lock, NULL);
    pthread_cond_init(&feed->due, NULL);
    if (pthread_create(&feed->thread, NULL, run, feed) != 0) {
        pthread_cond_destroy(&feed->due);
        pthread_mutex_destroy(&feed->lock);
        free(feed);
        return error_set(err, ERROR_INTERNAL, "the feed's thread cannot start");
    }
    *out = feed;
    return true;
}

static void free_watcher(struct watcher *watcher)
{
    while (watcher->subscribers != NULL) {
        struct subscriber *next = watcher->subscribers->next;

        free(watcher->subscribers);
        watcher->subscribers = next;
    }
    for (size_t index = 0; index < watcher->progress_count; index++)
        buf_finish(&watcher->progress[index]);
    free(watcher->progress);
    free(watcher);
}

void feed_destroy(struct feed *feed)
{
    struct watcher *watcher;
    size_t at = 0;

    if (feed == NULL)
        return;
    pthread_mutex_lock(&feed->lock);
    feed->is_ending = true;
    pthread_cond_signal(&feed->due);
    pthread_mutex_unlock(&feed->lock);
    pthread_join(feed->thread, NULL);
    while ((watcher = idmap_next(&feed->watchers, &at)) != NULL)
        free_watcher(watcher);
    idmap_finish(&feed->watchers);
    pthread_cond_destroy(&feed->due);
    pthread_mutex_destroy(&feed->lock);
    free(feed);
}

static void make_due(struct feed *feed, struct watcher *watcher)
{
    watcher->is_due = true;
    feed->is_due = true;
    pthread_cond_signal(&feed->due);
}

void feed_wake(struct feed *feed, int64_t user_id)
{
    struct watcher *watcher;

    pthread_mutex_lock(&feed->lock);
    watcher = idmap_get(&feed->watchers, user_id);
    if (watcher != NULL && watcher->count > 0)
        make_due(feed, watcher);
    pthread_mutex_unlock(&feed->lock);
}

void feed_wake_all(struct feed *feed)
{
    struct watcher *watcher;
    size_t at = 0;

    pthread_mutex_lock(&feed->lock);
    while ((watcher = idmap_next(&feed->watchers, &at)) != NULL)
        if (watcher->count > 0)
            make_due(feed, watcher);
    pthread_mutex_unlock(&feed->lock);
}

void feed_progress(struct feed *feed, int64_t user_id, struct str body)
{
    struct watcher *watcher;

    pthread_mutex_lock(&feed->lock);
    watcher = idmap_get(&feed->watchers, user_id);
    if (watcher != NULL && watcher->count > 0 && watcher->progress_count < PROGRESS_MAX) {
        struct buf *line = &watcher->progress[watcher->progress_count++];

        *line = (struct buf){0};
        buf_add(line, body);
        make_due(feed, watcher);
    }
    pthread_mutex_unlock(&feed->lock);
}

size_t feed_streams(struct feed *feed)
{
    size_t streams;

    pthread_mutex_lock(&feed->lock);
    streams = feed->streams;
    pthread_mutex_unlock(&feed->lock);
    return streams;
}

bool feed_announce(struct db *db, const char *kind, struct str body, int64_t now_ms,
                   struct error *err)
{
    static const struct sql everybody = {
        .name = "feed_everybody",
        .text = "SELECT id FROM user WHERE is_disabled = 0 ORDER BY id LIMIT 10000"};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &everybody, NULL, 0, &rows, err))
        return false;
    while (rows_next(&rows))
        if (!event_append(db, rows_int64(&rows, "id"), kind, body, now_ms, err))
            return false;
    return !rows_failed(&rows);
}

/* ---- GET /api/v1/events ---- */

static void closed(void *context)
{
    struct subscriber *subscriber = context;
    struct feed *feed = subscriber->feed;
    struct watcher *watcher = subscriber->watcher;
    struct subscriber **place = &watcher->subscribers;

    pthread_mutex_lock(&feed->lock);
    while (*place != NULL && *place != subscriber)
        place = &(*place)->next;
    if (*place == subscriber) {
        *place = subscriber->next;
        watcher->count--;
        feed->streams--;
    }
    pthread_mutex_unlock(&feed->lock);
    free(subscriber);
}

/* "EPOCH-SEQ", or nothing: from now on.  Another epoch's number is not believed. */
static void read_position(struct request *req, struct str epoch, struct subscriber *subscriber)
{
    struct str given = request_header(req, "last-event-id");
    struct str number;
    int64_t seq;
    int64_t dash;

    subscriber->seq = -1;
    if (given.size == 0)
        given = request_query(req, "after");
    if (given.size == 0)
        return;
    dash = str_find_char(given, '-');
    number = dash < 0 ? STR_EMPTY : str_slice(given, (size_t)dash + 1, given.size);
    if (dash < 0 || !str_equal(str_slice(given, 0, (size_t)dash), epoch) ||
        !str_to_int64(number, &seq) || seq < 0)
        subscriber->wants_reset = true;
    else
        subscriber->seq = seq;
}

static struct watcher *watcher_of(struct feed *feed, int64_t user_id)
{
    struct watcher *watcher = idmap_get(&feed->watchers, user_id);

    if (watcher != NULL)
        return watcher;
    watcher = calloc(1, sizeof(*watcher));
    if (watcher == NULL)
        abort();
    watcher->user_id = user_id;
    watcher->progress = calloc(PROGRESS_MAX, sizeof(struct buf));
    if (watcher->progress == NULL)
        abort();
    idmap_put(&feed->watchers, user_id, watcher);
    return watcher;
}

static bool stream_events(struct request *req, struct error *err)
{
    struct feed *feed = app_feed(req->app);
    struct subscriber *subscriber;
    struct http_stream *stream;
    struct str epoch;

    if (!event_epoch(req->db, req->user.id, req->arena, &epoch, err))
        return false;
    subscriber = calloc(1, sizeof(*subscriber));
    if (subscriber == NULL)
        abort();
    *subscriber = (struct subscriber){.feed = feed, .is_new = true};
    read_position(req, epoch, subscriber);
    pthread_mutex_lock(&feed->lock);
    subscriber->watcher = watcher_of(feed, req->user.id);
    pthread_mutex_unlock(&feed->lock);
    if (!http_reply_stream(req, closed, subscriber, &stream, err)) {
        free(subscriber);
        return false;
    }
    /* Only now: before it had a stream nobody may send to it. */
    pthread_mutex_lock(&feed->lock);
    subscriber->stream = stream;
    subscriber->next = subscriber->watcher->subscribers;
    subscriber->watcher->subscribers = subscriber;
    subscriber->watcher->count++;
    feed->streams++;
    make_due(feed, subscriber->watcher);
    pthread_mutex_unlock(&feed->lock);
    return true;
}

static const struct http_query events_query[] = {
    {.name = "after",
     .type = FIELD_TEXT,
     .max = 64,
     .help = "The id of the last event seen; as Last-Event-ID."},
    {0      },
};

const struct http_route feed_routes[] = {
    {.method = "GET",
     .path = "/api/v1/events",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = stream_events,
     .query = events_query,
     .summary = "What changes, as it changes (server-sent events)",
     .tag = "events",
     .flags = HTTP_STREAM},
    {0},
};
