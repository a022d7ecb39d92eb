#include "engine/engine_private.h"

#include "core/log.h"
#include "engine/graph.h"
#include "engine/recover.h"
#include "engine/view.h"

#include <assert.h>
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const call_state_names[] = {
    [CALL_INTENT] = "intent",       [CALL_SENT] = "sent",     [CALL_ACCEPTED] = "accepted",
    [CALL_FINISHED] = "finished",   [CALL_FAILED] = "failed", [CALL_UNKNOWN] = "unknown",
    [CALL_ABANDONED] = "abandoned",
};

const char *call_state_name(enum call_state state) { return call_state_names[state]; }

bool call_state_of(struct str name, enum call_state *out)
{
    for (size_t index = 0; index < COUNT(call_state_names); index++) {
        if (str_equal(name, str_of(call_state_names[index]))) {
            *out = (enum call_state)index;
            return true;
        }
    }
    return false;
}

/* ---- Life ---- */

static void set_defaults(struct engine_config *config)
{
    if (config->local_concurrency <= 0)
        config->local_concurrency = 4;
    if (config->queue_user_max <= 0)
        config->queue_user_max = 1000;
    if (config->queue_max <= 0)
        config->queue_max = 100000;
    if (config->tries_max <= 0)
        config->tries_max = 5;
    if (config->deadline_ms <= 0)
        config->deadline_ms = INT64_C(86400000);
}

bool engine_create(const struct engine_config *config, struct engine **out, struct error *err)
{
    struct engine *engine = calloc(1, sizeof(*engine));
    const struct id id = id_make(config->clock, config->random);

    if (engine == NULL)
        abort();
    engine->config = *config;
    set_defaults(&engine->config);
    engine->started_at_ms = clock_wall_ms(config->clock);
    if (!owner_open(config->boot_directory, &id, &engine->owner, err)) {
        free(engine);
        return false;
    }
    pthread_mutex_init(&engine->lock, NULL);
    *out = engine;
    return true;
}

struct ask {
    struct engine *engine;
    void (*ask)(struct engine *engine, void *context);
    void *context;
    sem_t answered;
};

static void answer(void *context)
{
    struct ask *ask = context;

    ask->ask(ask->engine, ask->context);
    (void)sem_post(&ask->answered); /* from here it may be gone */
}

/* Waits for it and ends it. */
static void wait_for(sem_t *answered)
{
    int rc;

    do
        rc = sem_wait(answered);
    while (rc != 0 && errno == EINTR);
    assert(rc == 0);
    (void)sem_destroy(answered);
}

void engine_ask(struct engine *engine, void (*what)(struct engine *engine, void *context),
                void *context)
{
    struct ask ask = {.engine = engine, .ask = what, .context = context};

    assert(!net_loop_is_here(engine->config.loop));
    (void)sem_init(&ask.answered, 0, 0);
    net_loop_post(engine->config.loop, answer, &ask);
    wait_for(&ask.answered);
}

static bool is_dead(void *context, struct str owner) { return owner_is_dead(context, owner); }

static bool recover_work(struct db *db, void *context, struct error *err)
{
    return recover(db, context, err);
}

static void on_timer(void *context)
{
    struct engine *engine = context;

    core_tick(engine->core);
}

static void start_core(struct engine *engine, void *context)
{
    const struct recover_context *recovered = context;
    struct core_config config = {
        .owner = owner_name(engine->owner),
        .operations = engine->config.operations,
        .engine = engine,
        .services = engine->config.services,
        .local_concurrency = engine->config.local_concurrency,
    };

    engine_world_init(engine, &config.world);
    engine->timer = net_timer_create(engine->config.loop, on_timer, engine);
    engine->core = core_create(&config);
    if (recovered->is_paused)
        core_pause(engine->core, true);
    core_apply(engine->core, recovered->entries, recovered->entry_count);
}

static void set_pause(struct engine *engine, bool is_paused, struct str reason)
{
    pthread_mutex_lock(&engine->lock);
    engine->is_paused = is_paused;
    snprintf(engine->pause_reason, sizeof(engine->pause_reason), "%.*s", STR_ARGS(reason));
    pthread_mutex_unlock(&engine->lock);
}

bool engine_start(struct engine *engine, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create((size_t)1 << 32);
    struct recover_context context = {
        .hooks = &engine->config.hooks,
        .apply = store_apply,
        .is_dead = is_dead,
        .is_dead_context = engine->owner,
        .arena = arena,
        .now_ms = clock_wall_ms(engine->config.clock),
    };

    if (!db_transact(engine->config.pool, "engine_recover", recover_work, &context, err))
        return false;
    set_pause(engine, context.is_paused, context.pause_reason);
    if (context.entry_count > 0 || context.taken_over > 0)
        log_info("engine_recovered", LOG_INT("live", (int64_t)context.entry_count),
                 LOG_INT("taken_over", context.taken_over));
    engine_ask(engine, start_core, &context);
    return true;
}

static void ask_drain(struct engine *engine, void *context)
{
    (void)context;
    core_drain(engine->core);
}

/* From here on nothing new is started; what still runs is left as a kill would leave it. */
static void ask_stop(struct engine *engine, void *context)
{
    (void)context;
    net_timer_destroy(engine->timer);
    engine->timer = NULL;
    engine->is_stopped = true;
}

static void ask_core_view(struct engine *engine, void *context)
{
    core_view(engine->core, context);
}

void engine_drain(struct engine *engine, int64_t drain_ms)
{
    const int64_t until = clock_mono_ms(engine->config.clock) + drain_ms;
    const struct timespec pause = {.tv_nsec = 20000000};
    struct core_view view;

    if (engine->core == NULL)
        return;
    pthread_mutex_lock(&engine->lock);
    engine->is_draining = true;
    pthread_mutex_unlock(&engine->lock);
    engine_ask(engine, ask_drain, NULL);
    for (;;) {
        engine_ask(engine, ask_core_view, &view);
        /* A result may expire at its provider while nobody is here to fetch it. */
        if (view.running + view.fetching == 0 || clock_mono_ms(engine->config.clock) >= until)
            break;
        (void)nanosleep(&pause, NULL);
    }
    engine_ask(engine, ask_stop, NULL);
}

void engine_destroy(struct engine *engine)
{
    struct live *live;
    size_t at = 0;

    if (engine == NULL)
        return;
    core_destroy(engine->core);
    while ((live = idmap_next(&engine->lives, &at)) != NULL) {
        for (size_t index = 0; index < PARTIALS_MAX; index++)
            buf_finish(&live->pictures[index]);
        free(live);
    }
    idmap_finish(&engine->lives);
    idmap_finish(&engine->unwanted);
    owner_close(engine->owner);
    pthread_mutex_destroy(&engine->lock);
    free(engine);
}

/* ---- Commands of handlers ---- */

static void mark_unwanted(struct engine *engine, const struct task_entry *entries, size_t count)
{
    pthread_mutex_lock(&engine->lock);
    for (size_t index = 0; index < count; index++)
        if (entries[index].cancel_at_ms != 0 && !task_state_is_final(entries[index].state))
            idmap_put(&engine->unwanted, entries[index].id, engine);
    pthread_mutex_unlock(&engine->lock);
}

struct handler_command {
    struct engine *engine;
    struct command command;
    struct error *err;
    sem_t ended;
    bool ok;
};

static bool handler_work(struct db *db, void *context, struct error *err)
{
    struct handler_command *work = context;

    return store_apply(db, &work->engine->config.hooks, &work->command, err);
}

/* The core hears of new tasks from the arena of whoever waits for it, and says where they stand. */
static void tell_submitted(void *context)
{
    struct handler_command *work = context;
    const struct command_submit *submit = &work->command.submit;
    struct core *core = work->engine->core;

    core_apply(core, submit->ready, submit->ready_count);
    for (size_t index = 0; index < submit->created.task_count; index++)
        submit->created.tasks[index].position =
            scheduler_position(core_scheduler(core), submit->created.tasks[index].row_id);
    (void)sem_post(&work->ended); /* from here it may be gone */
}

static void tell_paused(void *context)
{
    struct handler_command *work = context;
    const struct command_control *control = &work->command.control;

    set_pause(work->engine, control->is_paused, control->is_paused ? control->reason : STR_EMPTY);
    core_pause(work->engine->core, control->is_paused);
    (void)sem_post(&work->ended); /* from here it may be gone */
}

/*
 * On the writer's thread, so that the core hears of changes in the order of their commits, between
 * the answers to its own commands: news that came late would put back what was long overtaken.
 */
static void handler_done(void *context, bool ok, const struct error *err)
{
    struct handler_command *work = context;
    const struct command *command = &work->command;

    work->ok = ok;
    if (ok && command->type == COMMAND_SUBMIT) {
        net_loop_post(work->engine->config.loop, tell_submitted, work);
        return;
    }
    if (ok && command->type == COMMAND_PAUSE_ALL) {
        net_loop_post(work->engine->config.loop, tell_paused, work);
        return;
    }
    if (ok) {
        mark_unwanted(work->engine, command->control.changed, command->control.changed_count);
        engine_tell_core(work->engine, command->control.changed, command->control.changed_count);
    } else {
        *work->err = *err;
    }
    (void)sem_post(&work->ended); /* from here it may be gone */
}

/* Applies a handler's command and waits until it is durable. */
static bool perform(struct handler_command *work, struct error *err)
{
    work->err = err;
    (void)sem_init(&work->ended, 0, 0);
    if (db_transact_async(work->engine->config.pool, command_name(work->command.type), handler_work,
                          work, handler_done, false, err))
        wait_for(&work->ended);
    else
        (void)sem_destroy(&work->ended);
    return work->ok;
}

static void tell_user(struct engine *engine, int64_t user_id)
{
    if (engine->config.on_events != NULL)
        engine->config.on_events(engine->config.context, user_id);
}

static bool is_draining(struct engine *engine)
{
    bool draining;

    pthread_mutex_lock(&engine->lock);
    draining = engine->is_draining;
    pthread_mutex_unlock(&engine->lock);
    return draining;
}

bool engine_run_create(struct engine *engine, const struct run_spec *spec, struct arena *arena,
                       struct run_created *out, struct error *err)
{
    struct handler_command work = {.engine = engine};
    struct id *ids;

    if (!graph_check(spec, err))
        return false;
    if (is_draining(engine)) {
        error_set(err, ERROR_UNAVAILABLE, "the server is stopping; try again in a moment");
        err->retry_after_ms = 5000;
        return false;
    }
    if (engine->config.blobs != NULL && !blob_room_for_jobs(engine->config.blobs, err))
        return false;
    ids = ARENA_ARRAY(arena, struct id, spec->node_count + 1);
    for (size_t index = 0; index <= spec->node_count; index++)
        ids[index] = id_make(engine->config.clock, engine->config.random);
    work.command = (struct command){
        .type = COMMAND_SUBMIT, .arena = arena, .now_ms = clock_wall_ms(engine->config.clock)};
    work.command.submit = (struct command_submit){
        .spec = spec,
        .ids = ids,
        .queue_user_max = engine->config.queue_user_max,
        .queue_max = engine->config.queue_max,
        .tries_max = engine->config.tries_max,
        .deadline_ms = engine->config.deadline_ms,
    };
    if (!perform(&work, err))
        return false;
    *out = work.command.submit.created;
    if (!out->is_repeat)
        tell_user(engine, spec->user_id);
    return true;
}

bool engine_run_submit(struct engine *engine, const struct run_spec *spec, struct id *run_id,
                       bool *is_repeat, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(64));
    struct run_created created;

    if (!engine_run_create(engine, spec, arena, &created, err))
        return false;
    *run_id = created.run_id;
    *is_repeat = created.is_repeat;
    return true;
}

/* Read on the core's thread: limits that another had read earlier cannot come after newer ones. */
static void ask_lane(struct engine *engine, void *context)
{
    const int64_t *provider_id = context;
    struct lane_limits limits = {0};
    struct world world;

    engine_world_init(engine, &world);
    world.load_lane(engine, *provider_id, &limits);
    core_set_lane(engine->core, *provider_id, &limits);
}

/* One that only rests after a 429 rests on. */
static void ask_lane_if_stopped(struct engine *engine, void *context)
{
    const int64_t *provider_id = context;

    if (scheduler_is_stopped(core_scheduler(engine->core), *provider_id))
        ask_lane(engine, context);
}

/* The account's limits as its row has them: what a rejection stopped goes on with that. */
static void open_lane(struct engine *engine, int64_t provider_id,
                      void (*ask)(struct engine *engine, void *context))
{
    engine_ask(engine, ask, &provider_id);
}

/* Whoever sends a task to an account again wants it asked again; another rejection stops it again.
 */
static void open_lanes(struct engine *engine, const struct command_control *done)
{
    int64_t last = 0;

    for (size_t index = 0; index < done->changed_count; index++) {
        const int64_t provider_id = done->changed[index].provider_id;

        if (provider_id != 0 && provider_id != last)
            open_lane(engine, provider_id, ask_lane_if_stopped);
        last = provider_id;
    }
}

static bool is_again(enum command_type type, const struct command_control *given)
{
    return (type == COMMAND_RUN_CONTROL &&
            (given->run_control == RUN_RETRY || given->run_control == RUN_RETRY_FAILED)) ||
           (type == COMMAND_TASK_CONTROL && (given->task_control == TASK_CONTROL_RETRY ||
                                             given->task_control == TASK_CONTROL_REPEAT));
}

bool engine_control(struct engine *engine, enum command_type type,
                    const struct command_control *given, struct command_control *told,
                    struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(64));
    struct handler_command work = {.engine = engine};

    work.command = (struct command){
        .type = type, .arena = arena, .now_ms = clock_wall_ms(engine->config.clock)};
    work.command.control = *given;
    work.command.control.tries_max = engine->config.tries_max;
    work.command.control.deadline_ms = engine->config.deadline_ms;
    if (!perform(&work, err))
        return false;
    if (given->user_id != 0)
        tell_user(engine, given->user_id);
    if (is_again(type, given))
        open_lanes(engine, &work.command.control);
    for (size_t index = 0;
         type == COMMAND_RELEASE_HELD && index < work.command.control.changed_count; index++)
        tell_user(engine, work.command.control.changed[index].user_id);
    if (told != NULL)
        *told = work.command.control;
    return true;
}

static bool control(struct engine *engine, enum command_type type,
                    const struct command_control *given, struct error *err)
{
    return engine_control(engine, type, given, NULL, err);
}

bool engine_run_cancel(struct engine *engine, int64_t user_id, struct str run, struct error *err)
{
    const struct command_control given = {
        .user_id = user_id, .public_id = run, .run_control = RUN_CANCEL};

    return control(engine, COMMAND_RUN_CONTROL, &given, err);
}

bool engine_run_pause(struct engine *engine, int64_t user_id, struct str run, bool is_paused,
                      struct error *err)
{
    const struct command_control given = {
        .user_id = user_id, .public_id = run, .run_control = is_paused ? RUN_PAUSE : RUN_RESUME};

    return control(engine, COMMAND_RUN_CONTROL, &given, err);
}

bool engine_run_retry(struct engine *engine, int64_t user_id, struct str run, bool is_failed_only,
                      struct error *err)
{
    const struct command_control given = {.user_id = user_id,
                                          .public_id = run,
                                          .run_control =
                                              is_failed_only ? RUN_RETRY_FAILED : RUN_RETRY};

    return control(engine, COMMAND_RUN_CONTROL, &given, err);
}

bool engine_task_cancel(struct engine *engine, int64_t user_id, struct str task, struct error *err)
{
    const struct command_control given = {
        .user_id = user_id, .public_id = task, .task_control = TASK_CONTROL_CANCEL};

    return control(engine, COMMAND_TASK_CONTROL, &given, err);
}

bool engine_task_retry(struct engine *engine, int64_t user_id, struct str task, struct error *err)
{
    const struct command_control given = {
        .user_id = user_id, .public_id = task, .task_control = TASK_CONTROL_RETRY};

    return control(engine, COMMAND_TASK_CONTROL, &given, err);
}

bool engine_task_resolve(struct engine *engine, int64_t user_id, struct str task,
                         enum task_answer answer, struct error *err)
{
    static const enum task_control controls[] = {
        [ANSWER_REPEAT] = TASK_CONTROL_REPEAT,
        [ANSWER_GIVE_UP] = TASK_CONTROL_GIVE_UP,
        [ANSWER_LOOK_UP] = TASK_CONTROL_LOOK_UP,
    };
    const struct command_control given = {
        .user_id = user_id, .public_id = task, .task_control = controls[answer]};

    return control(engine, COMMAND_TASK_CONTROL, &given, err);
}

bool engine_pause(struct engine *engine, bool is_paused, struct str reason, struct error *err)
{
    const struct command_control given = {.is_paused = is_paused, .reason = reason};

    return control(engine, COMMAND_PAUSE_ALL, &given, err);
}

void engine_provider_changed(struct engine *engine, int64_t provider_id)
{
    const struct command_control given = {.provider_id = provider_id};
    struct error err = {0};

    open_lane(engine, provider_id, ask_lane);
    if (!control(engine, COMMAND_RELEASE_HELD, &given, &err))
        log_error("engine_release_failed", &err, LOG_INT("provider", provider_id));
}

/* ---- What is shown ---- */

bool engine_partial(struct engine *engine, int64_t user_id, struct str task, int64_t index,
                    struct arena *arena, struct str *bytes, struct str *mime, struct error *err)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct task_view view;
    const struct live *live;

    if (!db_borrow(engine->config.pool, &db, err) ||
        !view_task(db, user_id, task, arena, &view, err))
        return false;
    *bytes = STR_EMPTY;
    pthread_mutex_lock(&engine->lock);
    live = idmap_get(&engine->lives, view.row_id);
    if (live != NULL && index >= 0 && index < PARTIALS_MAX && live->pictures[index].size > 0) {
        *bytes = arena_str(arena, buf_str(&live->pictures[index]));
        *mime = arena_str(arena, str_of(live->mime));
    }
    pthread_mutex_unlock(&engine->lock);
    return bytes->size > 0 ||
           error_set(err, ERROR_NOT_FOUND, "there is no such partial picture now");
}

struct lives_ask {
    const int64_t *ids;
    size_t count;
    struct task_live *out;
};

static void ask_positions(struct engine *engine, void *context)
{
    const struct lives_ask *ask = context;

    for (size_t index = 0; index < ask->count; index++)
        ask->out[index].position =
            scheduler_position(core_scheduler(engine->core), ask->ids[index]);
}

void engine_tasks_live(struct engine *engine, const int64_t *task_ids, size_t count,
                       struct task_live *out)
{
    struct lives_ask ask = {.ids = task_ids, .count = count, .out = out};

    if (count == 0)
        return;
    engine_ask(engine, ask_positions, &ask);
    pthread_mutex_lock(&engine->lock);
    for (size_t index = 0; index < count; index++) {
        const struct live *live = idmap_get(&engine->lives, task_ids[index]);

        out[index].progress = live == NULL ? -1 : live->progress;
        out[index].partial_count = live == NULL ? 0 : live->count;
        out[index].partial_version = live == NULL ? 0 : live->version;
    }
    pthread_mutex_unlock(&engine->lock);
}

static void ask_view(struct engine *engine, void *context)
{
    struct engine_view *out = context;
    struct core_view view;

    core_view(engine->core, &view);
    out->ready = view.ready;
    out->running = view.running;
    out->waiting = view.waiting;
    out->is_draining = view.is_draining;
    out->lane_count =
        scheduler_lanes(core_scheduler(engine->core), clock_wall_ms(engine->config.clock),
                        out->lanes, COUNT(out->lanes));
    out->model_count =
        scheduler_models(core_scheduler(engine->core), clock_wall_ms(engine->config.clock),
                         out->models, COUNT(out->models));
}

void engine_view(struct engine *engine, struct engine_view *out)
{
    *out = (struct engine_view){0};
    engine_ask(engine, ask_view, out);
    pthread_mutex_lock(&engine->lock);
    out->is_paused = engine->is_paused;
    memcpy(out->pause_reason, engine->pause_reason, sizeof(out->pause_reason));
    pthread_mutex_unlock(&engine->lock);
}

static void ask_counts(struct engine *engine, void *context)
{
    *(struct core_counts *)context = *core_counts(engine->core);
}

void engine_metrics(struct engine *engine, struct buf *out)
{
    struct core_counts counts;
    struct engine_view view;

    engine_ask(engine, ask_counts, &counts);
    engine_view(engine, &view);
    buf_printf(out, "# TYPE vitrine_tasks gauge\n");
    buf_printf(out, "vitrine_tasks{state=\"ready\"} %" PRId64 "\n", view.ready);
    buf_printf(out, "vitrine_tasks{state=\"running\"} %" PRId64 "\n", view.running);
    buf_printf(out, "vitrine_tasks{state=\"waiting\"} %" PRId64 "\n", view.waiting);
    buf_printf(out, "# TYPE vitrine_claims counter\nvitrine_claims_total %" PRIu64 "\n",
               counts.claims);
    buf_printf(out, "# TYPE vitrine_calls counter\nvitrine_calls_total %" PRIu64 "\n",
               counts.calls);
    buf_printf(out,
               "# TYPE vitrine_calls_repeated counter\nvitrine_calls_repeated_total %" PRIu64 "\n",
               counts.repeats);
    buf_printf(out,
               "# TYPE vitrine_calls_unknown counter\nvitrine_calls_unknown_total %" PRIu64 "\n",
               counts.unknowns);
    buf_printf(out,
               "# TYPE vitrine_fenced_writes counter\nvitrine_fenced_writes_total %" PRIu64 "\n",
               counts.fenced);
    buf_printf(out,
               "# TYPE vitrine_late_results_adopted counter\n"
               "vitrine_late_results_adopted_total %" PRIu64 "\n",
               counts.late_results);
    buf_printf(out, "# TYPE vitrine_tasks_ended counter\n");
    for (int state = TASK_DONE; state <= TASK_CANCELLED; state++)
        buf_printf(out, "vitrine_tasks_ended_total{state=\"%s\"} %" PRIu64 "\n",
                   task_state_name((enum task_state)state), counts.ended[state]);
    buf_printf(out, "# TYPE vitrine_attempts_retried counter\n");
    for (int class = 1; class < FAILURE_CLASS_COUNT; class ++)
        buf_printf(out, "vitrine_attempts_retried_total{class=\"%s\"} %" PRIu64 "\n",
                   failure_class_name((enum failure_class) class), counts.retries[class]);
}
