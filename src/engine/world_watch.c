/* The real world's sockets that tell of remote work, and what of it is shown. */
#include "engine/engine_private.h"

#include <stdlib.h>

enum {
    FIRST_BYTE_MS = 10000,
    IDLE_MS = 600000, /* a queue may be long, and says nothing */
    TOTAL_MS = 86400000,
    MESSAGE_SIZE_MAX = 4 << 20, /* a preview */
    NEWS_MEMORY_MAX = 1 << 20,
    SHOWN_EVERY_MS = 500,
};

/* One socket: lives until the net has ended it. */
struct watched {
    struct engine *engine;
    struct arena *arena;
    struct attempt attempt; /* who it is for; what is under way for it may be gone */
    const struct provider_kind *kind;
    struct str remote_id;
    struct news_handlers handlers;
    void *arg; /* NULL: nobody listens any more */
    struct net_transfer *transfer;
    int64_t shown_at_ms;
};

static void show(struct watched *watched, const struct provider_news *news)
{
    const int64_t now = clock_mono_ms(watched->engine->config.clock);

    if (news->progress >= 0 || news->node.size > 0)
        engine_show_news(watched->engine, &watched->attempt, news);
    if (news->picture.size == 0 ||
        (watched->shown_at_ms != 0 && now - watched->shown_at_ms < SHOWN_EVERY_MS))
        return;
    watched->shown_at_ms = now;
    attempt_publish_partial(&watched->attempt, 0, news->picture, str_of(news->mime));
}

static void on_message(void *context, bool is_text, struct str message)
{
    struct watched *watched = context;
    CLEANUP(arena_cleanup) struct arena *arena = NULL;
    struct provider_news news;

    if (watched->arg == NULL || watched->engine->is_stopped)
        return;
    arena = arena_create(NEWS_MEMORY_MAX);
    watched->kind->read_news(watched->remote_id, is_text, message, arena, &news);
    show(watched, &news);
    if (news.progress >= 0)
        watched->handlers.on_told(watched->arg);
    if (news.is_over)
        watched->handlers.on_over(watched->arg);
}

static void on_done(void *context, const struct net_reply *reply)
{
    struct watched *watched = context;

    (void)reply; /* why it ended is no news for anybody: it is polled all the same */
    if (watched->arg != NULL && !watched->engine->is_stopped)
        watched->handlers.on_lost(watched->arg);
    arena_destroy(watched->arena);
    free(watched);
}

void *engine_watch(void *context, const struct attempt *attempt, const struct exchange *exchange,
                   struct str remote_id, const struct news_handlers *handlers, void *arg)
{
    static const struct net_watch_handlers net_handlers = {.on_message = on_message,
                                                           .on_done = on_done};
    struct engine *engine = context;
    struct arena *arena = arena_create(KIB(64));
    struct net_header *headers =
        ARENA_ARRAY(attempt->arena, struct net_header, exchange->header_count);
    const struct net_request request = {
        .url = exchange->url,
        .headers = headers,
        .header_count = exchange->header_count,
        .reach = exchange->is_own_origin && attempt->provider.is_private_allowed ? NET_OWNER
                                                                                 : NET_PUBLIC,
        .first_byte_ms = FIRST_BYTE_MS,
        .idle_ms = IDLE_MS,
        .total_ms = TOTAL_MS,
        .reply_size_max = MESSAGE_SIZE_MAX,
    };
    struct watched *watched = calloc(1, sizeof(*watched));

    if (watched == NULL)
        abort();
    for (size_t index = 0; index < exchange->header_count; index++)
        headers[index] = (struct net_header){.name = exchange->headers[index].name,
                                             .value = exchange->headers[index].value};
    *watched = (struct watched){
        .engine = engine,
        .arena = arena,
        .attempt = {.task_id = attempt->task_id,
                    .user_id = attempt->user_id,
                    .task_public_id = arena_str(arena, attempt->task_public_id),
                    .run_public_id = arena_str(arena, attempt->run_public_id),
                    .engine = engine},
        .kind = attempt->provider.kind,
        .remote_id = arena_str(arena, remote_id),
        .handlers = *handlers,
        .arg = arg,
    };
    watched->transfer = net_watch(engine->config.net, &request, &net_handlers, watched);
    return watched;
}

void engine_unwatch(void *context, void *handle)
{
    const struct engine *engine = context;
    struct watched *watched = handle;

    watched->arg = NULL;
    if (!engine->is_stopped)
        net_cancel(watched->transfer);
}
