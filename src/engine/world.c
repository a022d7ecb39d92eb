/* The real world of the core: the database's writer, the loop's timer, worker threads, the network.
 */
#include "engine/engine_private.h"

#include "core/fault.h"
#include "core/log.h"
#include "core/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS_FULL_MS = 50 };

static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

/* ---- Storage ---- */

struct pending_command {
    struct engine *engine;
    struct command *command;
    void (*done)(void *arg, bool ok, const struct error *err);
    void *arg;
    bool ok;
    struct error err;
};

static bool apply_command(struct db *db, void *context, struct error *err)
{
    struct pending_command *pending = context;

    return store_apply(db, &pending->engine->config.hooks, pending->command, err);
}

static void deliver_command(void *context)
{
    struct pending_command *pending = context;

    pending->done(pending->arg, pending->ok, &pending->err);
    free(pending);
}

static void command_done(void *context, bool ok, const struct error *err)
{
    struct pending_command *pending = context;

    pending->ok = ok;
    if (!ok)
        pending->err = *err;
    net_loop_post(pending->engine->config.loop, deliver_command, pending);
}

static void apply(void *context, struct command *command, bool is_lazy,
                  void (*done)(void *arg, bool ok, const struct error *err), void *arg)
{
    struct engine *engine = context;
    struct pending_command *pending;

    if (engine->is_stopped) /* left as a kill would leave it; core_destroy() frees it */
        return;
    pending = must(calloc(1, sizeof(*pending)));
    *pending =
        (struct pending_command){.engine = engine, .command = command, .done = done, .arg = arg};
    if (!db_transact_async(engine->config.pool, command_name(command->type), apply_command, pending,
                           command_done, is_lazy, &pending->err))
        net_loop_post(engine->config.loop, deliver_command, pending); /* ok is false */
}

/* ---- Time ---- */

static void wake_after(void *context, int64_t after_ms)
{
    struct engine *engine = context;

    if (!engine->is_stopped)
        net_timer_set(engine->timer, after_ms);
}

/* ---- Workers ---- */

struct pending_work {
    struct engine *engine;
    void (*work)(void *arg);
    void (*done)(void *arg);
    void *arg;
    struct net_timer *retry;
};

static void deliver_work(void *context)
{
    struct pending_work *pending = context;

    net_timer_destroy(pending->retry);
    pending->done(pending->arg);
    free(pending);
}

static void on_worker(void *context)
{
    struct pending_work *pending = context;

    pending->work(pending->arg);
    net_loop_post(pending->engine->config.loop, deliver_work, pending);
}

static void submit_work(void *context)
{
    struct pending_work *pending = context;

    if (pending->engine->is_stopped) { /* the workers may have ended */
        net_timer_destroy(pending->retry);
        free(pending);
        return;
    }
    if (worker_submit(pending->engine->config.workers, on_worker, pending))
        return;
    if (pending->retry == NULL)
        pending->retry = net_timer_create(pending->engine->config.loop, submit_work, pending);
    net_timer_set(pending->retry, WORKERS_FULL_MS);
}

static void work(void *context, void (*run)(void *arg), void (*done)(void *arg), void *arg)
{
    const struct engine *engine = context;
    struct pending_work *pending;

    if (engine->is_stopped)
        return;
    pending = must(calloc(1, sizeof(*pending)));
    *pending = (struct pending_work){.engine = context, .work = run, .done = done, .arg = arg};
    submit_work(pending);
}

/* ---- The network ---- */

struct pending_exchange {
    struct engine *engine;
    enum exchange_purpose purpose;
    struct exchange_handlers handlers;
    void *arg;
    struct net_transfer *transfer;
};

static void net_on_sent(void *context)
{
    const struct pending_exchange *pending = context;

    FAULT_IF(pending->purpose == EXCHANGE_SUBMIT, CALL_SENT_FULL);
    FAULT_IF(pending->purpose == EXCHANGE_POLL, POLL_SENT);
    FAULT_IF(pending->purpose == EXCHANGE_CANCEL, GIVE_UP_SENT);
    FAULT_IF(pending->purpose == EXCHANGE_LOOK_UP, LOOK_UP_SENT);
    FAULT_IF(pending->purpose == EXCHANGE_FETCH, DOWNLOAD_SENT);
    if (!pending->engine->is_stopped)
        pending->handlers.on_sent(pending->arg);
}

static bool net_on_body(void *context, struct str piece)
{
    const struct pending_exchange *pending = context;

    FAULT(CALL_STREAM_MID);
    if (!pending->engine->is_stopped)
        pending->handlers.on_piece(pending->arg, piece);
    return true;
}

static enum exchange_outcome outcome_of(const struct net_reply *reply)
{
    switch (reply->outcome) {
    case NET_DONE:
        return EXCHANGE_REPLIED;
    case NET_NOT_SENT:
        return EXCHANGE_NOT_SENT;
    case NET_LOST:
    case NET_TOO_LARGE:
        return EXCHANGE_LOST;
    case NET_CANCELLED:
        return reply->sent_bytes > 0 ? EXCHANGE_LOST : EXCHANGE_NOT_SENT;
    }
    return EXCHANGE_LOST;
}

static void net_on_done(void *context, const struct net_reply *reply)
{
    struct pending_exchange *pending = context;
    struct arena *arena = arena_create(MIB(1));
    struct exchange_header *headers =
        ARENA_ARRAY(arena, struct exchange_header, reply->header_count);
    struct exchange_reply out = {
        .outcome = outcome_of(reply),
        .status = reply->status,
        .headers = headers,
        .header_count = reply->header_count,
        .body = reply->body,
        .err = reply->err,
    };

    FAULT_IF(pending->purpose == EXCHANGE_SUBMIT, CALL_REPLIED);
    FAULT_IF(pending->purpose == EXCHANGE_POLL, POLL_REPLIED);
    FAULT_IF(pending->purpose == EXCHANGE_CANCEL, GIVE_UP_REPLIED);
    FAULT_IF(pending->purpose == EXCHANGE_LOOK_UP, LOOK_UP_REPLIED);
    FAULT_IF(pending->purpose == EXCHANGE_FETCH, DOWNLOAD_DONE);
    for (size_t index = 0; index < reply->header_count; index++)
        headers[index] = (struct exchange_header){.name = reply->headers[index].name,
                                                  .value = reply->headers[index].value};
    /* The net ends what still runs at a stop.  Nobody cancelled that: the next start decides. */
    if (!pending->engine->is_stopped)
        pending->handlers.on_reply(pending->arg, &out, reply->sent_bytes,
                                   reply->outcome == NET_CANCELLED);
    arena_destroy(arena);
    free(pending);
}

static void *start_exchange(void *context, struct attempt *attempt, const struct exchange *exchange,
                            const struct exchange_handlers *handlers, void *arg)
{
    struct engine *engine = context;
    struct pending_exchange *pending;
    size_t header_count;
    /* Signed now: a signature holds the time and is good for some minutes. */
    const struct exchange_header *signed_headers = exchange_headers(
        exchange, clock_wall_ms(engine->config.clock), attempt->arena, &header_count);
    struct net_header *headers = ARENA_ARRAY(attempt->arena, struct net_header, header_count);
    const struct provider_kind *kind = attempt->provider.kind;
    const struct net_request request = {
        .method = exchange->method,
        .url = exchange->url,
        .headers = headers,
        .header_count = header_count,
        .body = exchange->body,
        .body_count = exchange->body_count,
        /* Only the account's own address may be one that the owner allowed. */
        .reach = exchange->is_own_origin && attempt->provider.is_private_allowed ? NET_OWNER
                                                                                 : NET_PUBLIC,
        /* What is paid for is sent once, unless the key makes a second one nothing. */
        .is_repeatable = exchange->is_paid && attempt->provider.honours_key,
        .redirects_max = exchange->purpose == EXCHANGE_FETCH ? 3 : 0,
        .first_byte_ms = exchange->first_byte_ms,
        .idle_ms = exchange->idle_ms,
        .total_ms = exchange->total_ms,
        .reply_size_max = exchange->reply_size_max,
    };
    const struct net_handlers net_handlers = {
        .on_sent = net_on_sent,
        .on_body =
            exchange->is_stream && kind != NULL && kind->stream_begin != NULL ? net_on_body : NULL,
        .on_done = net_on_done,
    };

    if (engine->is_stopped)
        return NULL;
    pending = must(calloc(1, sizeof(*pending)));
    for (size_t index = 0; index < header_count; index++)
        headers[index] = (struct net_header){.name = signed_headers[index].name,
                                             .value = signed_headers[index].value};
    *pending = (struct pending_exchange){
        .engine = engine, .purpose = exchange->purpose, .handlers = *handlers, .arg = arg};
    pending->transfer = net_start(engine->config.net, &request, &net_handlers, pending);
    return pending;
}

static void cancel_exchange(void *context, void *handle)
{
    const struct engine *engine = context;
    const struct pending_exchange *pending = handle;

    if (!engine->is_stopped)
        net_cancel(pending->transfer);
}

/* ---- The house around ---- */

static void load_lane(void *context, int64_t provider_id, struct lane_limits *out)
{
    struct engine *engine = context;
    const struct engine_hooks *hooks = &engine->config.hooks;
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(4));
    struct provider_binding account;

    *out = (struct lane_limits){.capacity = 1};
    if (hooks->find_account == NULL)
        return;
    out->is_gone = !hooks->find_account(hooks->context, provider_id, arena, &account);
    if (out->is_gone)
        return;
    if (account.concurrency > 0)
        out->capacity = account.concurrency;
    out->per_minute = account.per_minute;
    out->units_per_minute = account.units_per_minute;
    out->is_paused = account.is_paused;
    memcpy(out->reason, account.pause_reason.data == NULL ? "" : account.pause_reason.data,
           text_clip(account.pause_reason, sizeof(out->reason) - 1).size);
    out->stand_in_count = account.stand_in_count;
    memcpy(out->stand_ins, account.stand_ins, sizeof(out->stand_ins));
}

static void load_model(void *context, int64_t provider_id, struct str model,
                       struct model_limits *out)
{
    const struct engine *engine = context;
    const struct engine_hooks *hooks = &engine->config.hooks;

    *out = (struct model_limits){0};
    if (hooks->model_limits != NULL && provider_id != 0)
        hooks->model_limits(hooks->context, provider_id, model, out);
}

static void on_events(void *context, int64_t user_id)
{
    struct engine *engine = context;

    if (engine->config.on_events != NULL)
        engine->config.on_events(engine->config.context, user_id);
}

static void on_progress(void *context, const struct attempt *attempt, double progress);

static void on_end(void *context, int64_t task_id) { engine_forget_live(context, task_id); }

static bool has_room(void *context)
{
    struct engine *engine = context;
    struct error err;

    return engine->config.blobs == NULL || blob_room_for_claims(engine->config.blobs, &err);
}

void engine_world_init(struct engine *engine, struct world *world)
{
    *world = (struct world){
        .context = engine,
        .clock = engine->config.clock,
        .random = engine->config.random,
        .apply = apply,
        .wake_after = wake_after,
        .work = work,
        .exchange = start_exchange,
        .cancel_exchange = cancel_exchange,
        .watch = engine_watch,
        .unwatch = engine_unwatch,
        .load_lane = load_lane,
        .load_model = load_model,
        .on_events = on_events,
        .on_progress = on_progress,
        .on_end = on_end,
        .has_room = has_room,
    };
}

/* ---- What is shown of running tasks ---- */

static struct live *live_of(struct engine *engine, int64_t task_id)
{
    struct live *live = idmap_get(&engine->lives, task_id);

    if (live == NULL) {
        live = must(calloc(1, sizeof(*live)));
        live->task_id = task_id;
        live->progress = -1;
        idmap_put(&engine->lives, task_id, live);
    }
    return live;
}

void engine_forget_live(struct engine *engine, int64_t task_id)
{
    struct live *live;

    pthread_mutex_lock(&engine->lock);
    live = idmap_get(&engine->lives, task_id);
    idmap_remove(&engine->lives, task_id);
    idmap_remove(&engine->unwanted, task_id);
    pthread_mutex_unlock(&engine->lock);
    if (live == NULL)
        return;
    for (size_t index = 0; index < PARTIALS_MAX; index++)
        buf_finish(&live->pictures[index]);
    free(live);
}

static void tell_progress(struct engine *engine, const struct attempt *attempt,
                          const struct live *live)
{
    CLEANUP(buf_finish) struct buf body = {0};
    struct json_writer writer;

    if (engine->config.on_progress == NULL)
        return;
    json_writer_init(&writer, &body);
    json_begin_object(&writer);
    json_name(&writer, "id");
    json_add_text(&writer, attempt->task_public_id);
    json_name(&writer, "run_id");
    json_add_text(&writer, attempt->run_public_id);
    json_name(&writer, "progress");
    if (live->progress < 0)
        json_add_null(&writer);
    else
        json_add_double(&writer, live->progress);
    json_name(&writer, "step");
    json_add_int(&writer, live->step);
    json_name(&writer, "steps");
    json_add_int(&writer, live->steps);
    json_name(&writer, "node");
    json_add_text(&writer, str_of(live->node));
    json_name(&writer, "partial_count");
    json_add_int(&writer, live->count);
    json_name(&writer, "partial_version");
    json_add_int(&writer, live->version);
    json_end_object(&writer);
    engine->config.on_progress(engine->config.context, attempt->user_id, buf_str(&body));
}

void engine_show_news(struct engine *engine, const struct attempt *attempt,
                      const struct provider_news *news)
{
    const int64_t now = clock_mono_ms(engine->config.clock);
    const struct str node = str_slice(news->node, 0, sizeof(((struct live *)0)->node) - 1);
    struct live copy;
    struct live *live;
    bool is_due;

    pthread_mutex_lock(&engine->lock);
    live = live_of(engine, attempt->task_id);
    if (news->progress >= 0)
        live->progress = news->progress;
    live->step = news->step;
    live->steps = news->steps;
    memcpy(live->node, node.data == NULL ? "" : node.data, node.size);
    live->node[node.size] = '\0';
    is_due = live->told_at_ms == 0 || now - live->told_at_ms >= 500;
    if (is_due)
        live->told_at_ms = now;
    copy = *live;
    pthread_mutex_unlock(&engine->lock);
    if (is_due)
        tell_progress(engine, attempt, &copy);
}

void attempt_publish_partial(struct attempt *attempt, int64_t index, struct str bytes,
                             struct str mime)
{
    struct engine *engine = attempt->engine;
    struct live copy;
    struct live *live;

    if (engine == NULL || index < 0 || index >= PARTIALS_MAX || bytes.size == 0)
        return;
    pthread_mutex_lock(&engine->lock);
    live = live_of(engine, attempt->task_id);
    buf_clear(&live->pictures[index]);
    buf_add(&live->pictures[index], bytes);
    if (index + 1 > live->count)
        live->count = index + 1;
    live->version++;
    mime = str_slice(mime, 0, sizeof(live->mime) - 1);
    memcpy(live->mime, mime.data == NULL ? "" : mime.data, mime.size);
    live->mime[mime.size] = '\0';
    copy = *live;
    pthread_mutex_unlock(&engine->lock);
    tell_progress(engine, attempt, &copy);
}

static void on_progress(void *context, const struct attempt *attempt, double progress)
{
    engine_show_news(context, attempt, &(struct provider_news){.progress = progress});
}

bool attempt_is_wanted(const struct attempt *attempt)
{
    struct engine *engine = attempt->engine;
    bool is_unwanted;

    if (engine == NULL)
        return true;
    pthread_mutex_lock(&engine->lock);
    is_unwanted = idmap_get(&engine->unwanted, attempt->task_id) != NULL;
    pthread_mutex_unlock(&engine->lock);
    return !is_unwanted;
}
