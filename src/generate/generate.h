/*
 * generate/generate.h: what people ask the engine for: runs of graphs, one picture in one line, the
 * queue, and the stream of events.  Knows assets and settings by their faces; the engine does the
 * work.
 *
 * The room in reading order: request.c (a request becomes a run's spec; no HTTP), run_http.c,
 * task_http.c, queue_http.c, quick_http.c (the two lines of the README), operation_http.c,
 * prompt_store.c and prompt_http.c (prompts that were used), feed.c (events to streams).
 */
#pragma once

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "db/db.h"
#include "engine/engine.h"
#include "http/http.h"

/* ---- The feed: each user's events to that user's streams ---- */

struct feed; /* opaque: feed.c; one thread of its own */

struct feed_config {
    struct db_pool *pool; /* borrowed for the feed's life */
    const struct clock *clock;
    struct str build; /* told in the first event, so that a page knows when it is older; static */
};
/* Starts the thread.  The caller owns *out.  Fails: ERROR_INTERNAL.  Thread: main. */
MUST_CHECK bool feed_create(const struct feed_config *config, struct feed **out, struct error *err);
/* After the HTTP server is gone.  Takes NULL. */
void feed_destroy(struct feed *feed);
/* There may be events of this user that were not sent yet.  Any thread, cheap. */
void feed_wake(struct feed *feed, int64_t user_id);
/* What is not logged: progress, as JSON.  Dropped when nobody watches.  Any thread. */
void feed_progress(struct feed *feed, int64_t user_id, struct str body);
/* Inside a transaction: an event for everybody (providers and settings are everybody's); then
 * feed_wake_all(). */
MUST_CHECK bool feed_announce(struct db *db, const char *kind, struct str body, int64_t now_ms,
                              struct error *err);
void feed_wake_all(struct feed *feed);
size_t feed_streams(struct feed *feed); /* open now */

/* Fits engine_hooks.run_added: what pictures are asked for with stands in the person's history of
 * prompts.  Fails: as db_exec(). */
MUST_CHECK bool prompt_keep(void *context, struct db *db, int64_t run_id, struct error *err);
/* Drops some of the prompts that their people deleted before then.  Not on the writer's thread. */
MUST_CHECK bool prompt_purge(struct db_pool *pool, int64_t before_ms, struct error *err);

/* Given by the application (src/app/): the services behind req->app. */
struct engine *app_engine(void *app);
struct feed *app_feed(void *app);
/* The house as GET /system/info tells it. */
struct system_view {
    struct str version;
    bool api_connected; /* a provider that is not the mock is set up and on */
    struct text_list models;
    int64_t quota_used, quota_limit; /* of the user's queue */
    int64_t uptime_s, database_bytes, blob_bytes, free_bytes;
    bool is_draining;
};

/* Each ended by a NULL method. */
extern const struct http_route run_routes[], task_routes[], queue_routes[], quick_routes[],
    operation_routes[], prompt_routes[], feed_routes[];
