/*
 * engine/sim_private.h: a world of its own for the engine's core, for tests: a clock that jumps to
 * the next event, seeded chance, the SQL store on a real database, and providers that keep a ledger
 * of what they charged.  One thread; the same seed makes the same history.  The process can die at
 * any event: what it had in memory is gone, what it had sent goes on.
 */
#pragma once

#include "engine/sim_fair_private.h"
#include "engine/sim_operation_private.h"

/* ---- The rest of the world ---- */

static inline void sim_apply(void *context, struct command *command, bool is_lazy,
                             void (*done)(void *arg, bool ok, const struct error *err), void *arg)
{
    struct sim *sim = context;

    (void)is_lazy;
    /* I7: what people paused is not begun. */
    if (command->type == COMMAND_CLAIM) {
        sim->claimed_at_ms[command->claim.task_id] = sim_now(sim);
        check(!sim->is_paused, "nothing is claimed while all is paused");
        check(!sim->is_held_back[command->claim.task_id], "no task of a paused run is claimed");
        sim_check_claim(sim, command->claim.task_id);
        sim_check_paused_models(sim, command->claim.task_id, command->claim.stand_in_id);
        sim_see_pick(sim, command->claim.task_id);
    } else if (command->type == COMMAND_END) {
        sim_note_backoff(sim, &command->end);
    }
    sim_queue(sim, (struct sim_command){.command = command, .done = done, .arg = arg});
}

static inline void sim_wake_after(void *context, int64_t after_ms)
{
    struct sim *sim = context;

    assert_true(after_ms >= 0);
    sim->wake_at_ms = sim_now(sim) + after_ms;
}

static inline void sim_load_lane(void *context, int64_t provider_id, struct lane_limits *out)
{
    const struct sim *sim = context;

    *out = (struct lane_limits){.capacity = sim->providers[provider_id].concurrency,
                                .is_gone = sim->is_gone[provider_id],
                                .per_minute = sim->providers[provider_id].per_minute,
                                .units_per_minute = sim->providers[provider_id].units_per_minute,
                                .stand_in_count = sim->providers[provider_id].stand_in_count};
    memcpy(out->stand_ins, sim->providers[provider_id].stand_ins, sizeof(out->stand_ins));
}

static inline void sim_load_model(void *context, int64_t provider_id, struct str model,
                                  struct model_limits *out)
{
    const struct sim *sim = context;

    *out = str_equal(model, SIM_BOUNDED) ? sim->bounds[provider_id] : (struct model_limits){0};
    out->is_paused = sim->is_model_paused[provider_id][str_equal(model, SIM_BOUNDED)];
}

/* Most of it is not true. */
static inline void sim_tell_news(struct sim *sim, void *arg)
{
    struct sim_watch *watch = arg;
    void *listener = watch->arg;

    if (listener == NULL)
        return;
    switch (watch->left-- == 0 ? 2 : sim_below(sim, 3)) {
    case 0:
        watch->handlers.on_told(listener);
        break;
    case 1:
        watch->handlers.on_over(listener);
        break;
    default:
        watch->arg = NULL;
        sim->watch_count--;
        watch->handlers.on_lost(listener);
        return;
    }
    sim_push(sim, sim_soon(sim, 4000), true, sim_tell_news, NULL, watch);
}

static inline void *sim_watch(void *context, const struct attempt *attempt,
                              const struct exchange *exchange, struct str remote_id,
                              const struct news_handlers *handlers, void *arg)
{
    struct sim *sim = context;
    struct sim_watch *watch = calloc(1, sizeof(*watch));

    (void)exchange;
    assert_non_null(watch);
    assert_true(attempt->task_id > 0 && remote_id.size == ID_SIZE);
    *watch = (struct sim_watch){
        .next = sim->watches, .handlers = *handlers, .arg = arg, .left = sim_below(sim, 5)};
    sim->watches = watch;
    sim->watch_count++;
    check(sim->watch_count <= 32, "no more sockets than the bound");
    sim_push(sim, sim_soon(sim, 4000), true, sim_tell_news, NULL, watch);
    return watch;
}

static inline void sim_unwatch(void *context, void *handle)
{
    struct sim *sim = context;
    struct sim_watch *watch = handle;

    assert_non_null(watch->arg);
    watch->arg = NULL;
    sim->watch_count--;
}

static inline bool sim_find_socket(const struct provider_account *account, struct str key,
                                   struct str remote_id, struct arena *arena, struct exchange *out,
                                   struct error *err)
{
    (void)account, (void)arena, (void)err;
    assert_int_equal(key.size, ID_SIZE);
    *out = (struct exchange){.purpose = EXCHANGE_POLL, .url = remote_id};
    return true;
}

static inline void sim_on_events(void *context, int64_t user_id)
{
    (void)context;
    assert_true(user_id > 0);
}

static inline void sim_on_progress(void *context, const struct attempt *attempt, double progress)
{
    (void)context;
    assert_true(attempt->task_id > 0 && progress >= 0);
}

static inline void sim_on_end(void *context, int64_t task_id)
{
    struct sim *sim = context;

    sim_trace(sim, "end", task_id);
}

static inline bool sim_has_room(void *context)
{
    struct sim *sim = context;

    return !sim_often(sim, sim->faults.no_room);
}

/* As they are now: the owner may change them while an attempt runs. */
static inline const struct provider_key *sim_copy_keys(const struct sim *sim, int64_t provider_id,
                                                       struct arena *arena)
{
    struct provider_key *keys = ARENA_ARRAY(arena, struct provider_key, SIM_KEYS);

    memcpy(keys, sim->keys[provider_id], sizeof(sim->keys[provider_id]));
    return keys;
}

static inline bool sim_load_provider(void *context, struct db *db, int64_t provider_id,
                                     struct arena *arena, struct provider_binding *out,
                                     struct error *err)
{
    const struct sim *sim = context;

    (void)db;
    if (sim->is_gone[provider_id])
        return error_set(err, ERROR_NOT_FOUND, "no such provider");
    *out = sim->providers[provider_id];
    out->keys = sim_copy_keys(sim, provider_id, arena);
    return true;
}

static inline bool sim_stand_in(void *context, struct db *db, const struct stand_in_ask *ask,
                                struct arena *arena, struct stand_in *out, struct error *err)
{
    struct sim *sim = context;

    (void)db, (void)arena, (void)err;
    *out = (struct stand_in){.can = !sim->is_gone[ask->provider_id] && sim_below(sim, 4) > 0,
                             .model = ask->model,
                             .estimate_micro = TEST_PRICE,
                             .currency = STR("USD")};
    sim->moves += out->can ? 1 : 0;
    return true;
}

static inline bool sim_has_key(void *context, struct db *db, int64_t key_id, bool *out,
                               struct error *err)
{
    const struct sim *sim = context;

    (void)db, (void)err;
    *out = false;
    for (int64_t id = SIM_SYNC; id < SIM_PROVIDERS; id++)
        for (size_t index = 0; index < sim->providers[id].key_count; index++)
            *out |= sim->keys[id][index].id == key_id;
    return true;
}

static inline bool sim_record(void *context, struct db *db, const struct task_result *result,
                              struct error *err)
{
    struct sim *sim = context;

    (void)db;
    assert_true(result->task_id > 0 && result->user_id > 0);
    if (sim_often(sim, sim->faults.record))
        return error_set(err, ERROR_INVALID, "no noun wants it");
    sim->is_recorded[result->task_id] = true; /* or storage refuses it, and it comes again */
    return true;
}

/* ---- Life and death of the process ---- */

static inline bool sim_is_dead(void *context, struct str owner)
{
    const struct sim *sim = context;

    return !str_equal(owner, str_of(sim->owner));
}

struct sim_boot {
    struct recover_context context;
    bool dies; /* in the middle: what it wrote is rolled back */
};

static inline bool sim_recover_work(struct db *db, void *context, struct error *err)
{
    struct sim_boot *boot = context;

    return recover(db, &boot->context, err) &&
           (!boot->dies || error_set(err, ERROR_UNAVAILABLE, "killed"));
}

/* Starts the process; false: it died again while it recovered. */
static inline bool sim_boot(struct sim *sim, bool dies)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(64));
    struct sim_boot boot = {.dies = dies};
    struct core_config config = {
        .world = {.context = sim,
                  .clock = &sim->place->clock,
                  .random = &sim->core_random,
                  .apply = sim_apply,
                  .wake_after = sim_wake_after,
                  .work = sim_work,
                  .exchange = sim_exchange,
                  .cancel_exchange = sim_cancel_exchange,
                  .watch = sim_watch,
                  .unwatch = sim_unwatch,
                  .load_lane = sim_load_lane,
                  .load_model = sim_load_model,
                  .on_events = sim_on_events,
                  .on_progress = sim_on_progress,
                  .on_end = sim_on_end,
                  .has_room = sim_has_room},
        .operations = sim_operations,
        .services = sim,
        .local_concurrency = 2,
    };
    struct error err = {0};

    assert_null(sim->core);
    snprintf(sim->owner, sizeof(sim->owner), "boot-%" PRId64, ++sim->boots);
    boot.context = (struct recover_context){.hooks = &sim->place->hooks,
                                            .apply = store_apply,
                                            .is_dead = sim_is_dead,
                                            .is_dead_context = sim,
                                            .arena = arena,
                                            .now_ms = sim->place->time.wall_ms};
    if (!db_transact(sim->place->pool, "sim_recover", sim_recover_work, &boot, &err)) {
        if (!dies)
            fail_msg("recovery: %s %s", err.message, err.detail);
        return false;
    }
    assert_int_equal(boot.context.foreign, 0);
    sim->wake_at_ms = INT64_MAX;
    config.owner = str_of(sim->owner);
    sim->core = core_create(&config);
    sim->has_unseen = false;
    sim->is_paused = boot.context.is_paused;
    if (boot.context.is_paused)
        core_pause(sim->core, true);
    memset(sim->is_held_back, 0, sizeof(sim->is_held_back));
    memset(sim->turns, 0, sizeof(sim->turns)); /* of turns nothing outlives a process */
    for (int64_t id = SIM_SYNC; id < SIM_PROVIDERS; id++)
        sim_forget_account(sim, id);
    memset(sim->cancelled_at_ms, 0, sizeof(sim->cancelled_at_ms));
    memset(sim->is_asked_to_stop, 0, sizeof(sim->is_asked_to_stop));
    memset(sim->may_be_rejected, 0, sizeof(sim->may_be_rejected));
    memset(sim->rejected_at_ms, 0, sizeof(sim->rejected_at_ms)); /* a new process asks again */
    sim_forget_finals(sim);
    sim_note_wishes(sim, boot.context.entries, boot.context.entry_count);
    core_apply(sim->core, boot.context.entries, boot.context.entry_count);
    sim_trace(sim, "boot", (int64_t)boot.context.taken_over);
    return true;
}

/* What a provider said is on its way to the database: where a death and a late write hurt most. */
static inline bool sim_is_telling(const struct sim *sim)
{
    for (size_t index = 0; index < sim->event_count; index++) {
        const struct sim_command *stored = sim->events[index].arg;

        if (sim_can_come_late(&sim->events[index]) && !stored->is_late &&
            (stored->command->type == COMMAND_ACCEPT || stored->command->type == COMMAND_KEEP))
            return true;
    }
    return false;
}

/* kill -9. */
static inline void sim_kill(struct sim *sim)
{
    const bool is_late = sim_often(sim, sim->faults.late);
    const int64_t within_ms = 300 + 2 * sim->faults.storage_ms;
    /* Often just when the next process has begun: so late writes and new claims meet. */
    const int64_t late_ms = !is_late                 ? 0
                            : sim->late_ms > 0       ? sim->late_ms
                            : sim_below(sim, 2) == 0 ? 1 + sim_below(sim, 20000)
                                                     : sim->down_ms + sim_below(sim, within_ms);
    size_t kept = 0;

    for (size_t index = 0; index < sim->event_count; index++) {
        struct sim_event *event = &sim->events[index];

        if (late_ms > 0 && sim_can_come_late(event)) {
            ((struct sim_command *)event->arg)->is_late = true;
            event->is_process = false;
            event->at_ms += late_ms; /* all of them, in their order */
        }
        if (!event->is_process)
            sim->events[kept++] = *event;
        else if (event->drop != NULL)
            event->drop(event->arg);
    }
    sim->event_count = kept;
    sim->watch_count = 0;
    for (struct sim_watch *watch = sim->watches; watch != NULL; watch = watch->next)
        watch->arg = NULL;
    for (struct sim_exchange *exchange = sim->exchanges; exchange != NULL;
         exchange = exchange->next)
        exchange->has_ended = true; /* nobody is there to hear */
    assert_true(sim->dead_count < SIM_DEAD_MAX);
    sim->dead[sim->dead_count++] = sim->core; /* late commands lie in its memory */
    sim->core = NULL;
    sim->wake_at_ms = INT64_MAX;
    sim_trace(sim, "kill", (int64_t)kept);
}

static inline void sim_pass(struct sim *sim, int64_t ms)
{
    sim->place->time.mono_ms += ms;
    sim->place->time.wall_ms += ms;
}

static inline size_t sim_first(const struct sim *sim)
{
    size_t first = 0;

    for (size_t index = 1; index < sim->event_count; index++) {
        const struct sim_event *a = &sim->events[index], *b = &sim->events[first];

        if (a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->number < b->number))
            first = index;
    }
    return first;
}

/* Fires the next event, or wakes the core, whichever comes first; false: nothing will happen before
 * `until_ms`, to which the clock is set. */
static inline bool sim_step(struct sim *sim, int64_t until_ms)
{
    const size_t first = sim_first(sim);
    const int64_t event_at_ms = sim->event_count == 0 ? INT64_MAX : sim->events[first].at_ms;
    const bool is_wake = sim->wake_at_ms < event_at_ms;
    const int64_t at_ms = is_wake ? sim->wake_at_ms : event_at_ms;
    struct sim_event event;

    if (at_ms > until_ms) {
        if (until_ms != INT64_MAX && until_ms > sim_now(sim))
            sim_pass(sim, until_ms - sim_now(sim));
        return false;
    }
    if (at_ms > sim_now(sim))
        sim_pass(sim, at_ms - sim_now(sim));
    sim->stalled = sim->stalled_at_ms == sim_now(sim) ? sim->stalled + 1 : 0;
    sim->stalled_at_ms = sim_now(sim);
    check(sim->stalled < SIM_STALL_MAX, "the core comes to rest");
    sim->fired++;
    if (is_wake) {
        sim->wake_at_ms = INT64_MAX;
        core_tick(sim->core);
        return true;
    }
    event = sim->events[first];
    sim->events[first] = sim->events[--sim->event_count];
    event.fire(sim, event.arg);
    return true;
}

static inline void sim_run_for(struct sim *sim, int64_t ms)
{
    const int64_t until_ms = sim_now(sim) + ms;

    while (sim_step(sim, until_ms))
        ;
}

static inline struct sim *sim_create(struct place *place, uint64_t seed)
{
    static const struct provider_kind keyed = {.name = "sim", .key_window_ms = SIM_KEY_WINDOW_MS};
    static const struct provider_kind plain = {.name = "sim"};
    static const struct provider_kind found = {
        .name = "sim", .can_look_up = true, .watch = sim_find_socket};
    struct sim *sim = calloc(1, sizeof(*sim));

    assert_non_null(sim);
    sim->place = place;
    sim->chance = random_of_seed(&sim->chance_seed, seed * 2 + 1);
    sim->core_random = random_of_seed(&sim->core_seed, seed * 2);
    sim->wake_at_ms = INT64_MAX;
    sim->next_key = 1;
    for (size_t task = 0; task < SIM_TASKS_MAX; task++)
        sim->finals[task].wishes = -1;
    for (int64_t id = SIM_SYNC; id < SIM_PROVIDERS; id++) {
        const bool has_key = id == SIM_KEYED || id == SIM_ASYNC_KEYED;

        sim->providers[id] = (struct provider_binding){.id = id,
                                                       .kind = has_key                 ? &keyed
                                                               : id == SIM_ASYNC_FOUND ? &found
                                                                                       : &plain,
                                                       .honours_key = has_key,
                                                       .is_enabled = true,
                                                       .concurrency = 3,
                                                       .once_below_micro = TEST_PRICE};
    }
    place->time = (struct clock_fake){.wall_ms = TEST_START_MS, .mono_ms = 5000};
    place->hooks.context = sim;
    place->hooks.load_provider = sim_load_provider;
    place->hooks.has_key = sim_has_key;
    place->hooks.record_result = sim_record;
    place->hooks.stand_in = sim_stand_in;
    place->hooks.move_reserve = NULL;
    place->hooks.reserve = NULL;
    place->hooks.settle = NULL;
    return sim;
}

static inline bool sim_wipe_work(struct db *db, void *context, struct error *err)
{
    static const char *const wipes[] = {
        "DELETE FROM blob_ref",   "DELETE FROM blob",        "DELETE FROM task_move",
        "DELETE FROM call",       "DELETE FROM attempt",     "DELETE FROM edge",
        "DELETE FROM task",       "DELETE FROM run",         "DELETE FROM event",
        "DELETE FROM event_head", "DELETE FROM engine_meta", "DELETE FROM queued"};

    (void)context;
    for (size_t index = 0; index < COUNT(wipes); index++)
        if (!db_exec(db, test_sql(wipes[index]), NULL, 0, NULL, err))
            return false;
    return true;
}

/* P7: what was kept and not given to anybody has its file held, and what was given has not, but for
 * what a dead owner kept late of a call that was repeated. */
static inline void sim_check_files(struct sim *sim)
{
    const struct str wrong = ask_text(
        sim->place,
        "SELECT coalesce(group_concat('call ' || c.id || ' of task ' || t.id || ', which is '"
        " || t.state || CASE WHEN r.owner IS NULL THEN ', is not held' ELSE ', is held' END, '; '),"
        " '') AS n FROM task t JOIN call c ON c.id = (SELECT max(l.id) FROM call l"
        " WHERE l.task_id = t.id) LEFT JOIN blob_ref r ON r.owner = 'call:' || c.id"
        " WHERE t.state <> 'cancelled' AND (r.owner IS NOT NULL)"
        " <> (t.state <> 'done' AND c.state = 'finished' AND c.result <> '')",
        0);

    check_text(wrong, "", "files of results");
    if (sim->drawn.late == 0)
        assert_int_equal(
            ask(sim->place,
                "SELECT count(*) AS n FROM blob_ref r WHERE NOT EXISTS (SELECT 1 FROM call c"
                " WHERE r.owner = 'call:' || c.id AND c.state = 'finished' AND c.result <> '')",
                0),
            0);
}

/* Ends it and empties the tables, so that the next one finds a new database. */
static inline void sim_destroy(struct sim *sim)
{
    struct sim_exchange *exchange, *next;
    struct sim_watch *watch, *following;

    sim->faults.late = 0;
    if (sim->core != NULL)
        sim_kill(sim);
    while (sim->dead_count > 0)
        core_destroy(sim->dead[--sim->dead_count]);
    for (exchange = sim->exchanges; exchange != NULL; exchange = next) {
        next = exchange->next;
        free(exchange);
    }
    for (watch = sim->watches; watch != NULL; watch = following) {
        following = watch->next;
        free(watch);
    }
    if (!db_transact(sim->place->pool, "sim_wipe", sim_wipe_work, NULL, &sim->place->err))
        fail_msg("%s %s", sim->place->err.message, sim->place->err.detail);
    free(sim);
}

/* ---- What people do ---- */

/* Puts a command of a person into the store's queue; it is copied.  `done` may be NULL. */
static inline void sim_person(struct sim *sim, const struct command *given,
                              void (*done)(void *arg, bool ok, const struct error *err))
{
    struct arena *arena = arena_create(MIB(16));
    struct command *command = ARENA_NEW(arena, struct command);

    *command = *given;
    command->arena = arena;
    command->now_ms = sim->place->time.wall_ms;
    sim_queue(sim, (struct sim_command){.command = command, .is_persons = true, .done = done});
}

/* A provider's row was written: its key is right again, and what it held is freed. */
static inline void sim_mend_provider(struct sim *sim, int64_t provider_id)
{
    struct command command = {.type = COMMAND_RELEASE_HELD};
    struct lane_limits limits = {.capacity = 1};

    for (size_t index = 0; index < sim->providers[provider_id].key_count; index++) {
        const int64_t key = sim->keys[provider_id][index].id;

        /* A worker may read the rejection at this moment, and tell of it after the change. */
        sim->may_be_rejected[key] =
            sim->rejected_at_ms[key] != 0 &&
            sim_now(sim) - sim->rejected_at_ms[key] <= 2 * SIM_DELIVERY_MAX_MS;
        sim->rejected_at_ms[key] = 0;
    }
    sim_load_lane(sim, provider_id, &limits);
    sim_forget_account(sim, provider_id);
    core_set_lane(sim->core, provider_id, &limits);
    command.control = (struct command_control){
        .provider_id = provider_id, .tries_max = TEST_TRIES, .deadline_ms = SIM_DEADLINE_MS};
    sim_person(sim, &command, NULL);
}

/* Its owner pauses one of its models, or has it go on. */
static inline void sim_pause_model(struct sim *sim, int64_t provider_id, bool is_bounded,
                                   bool is_paused)
{
    if (is_paused && !sim->is_model_paused[provider_id][is_bounded])
        sim->model_paused_ms[provider_id][is_bounded] = sim_now(sim);
    sim->is_model_paused[provider_id][is_bounded] = is_paused;
    /* Who waits on comes in anew when it goes on. */
    sim->turns[provider_id].rounds[is_bounded] = (struct sim_round){0};
    sim_mend_provider(sim, provider_id);
}

/* It is there, all its models go on, and its owner looked. */
static inline void sim_restore_provider(struct sim *sim, int64_t provider_id)
{
    sim->is_gone[provider_id] = false;
    memset(sim->is_model_paused[provider_id], 0, sizeof(sim->is_model_paused[provider_id]));
    sim_mend_provider(sim, provider_id);
}

static inline void sim_pause_all(struct sim *sim, bool is_paused)
{
    struct command command = {.type = COMMAND_PAUSE_ALL};

    command.control = (struct command_control){.is_paused = is_paused, .reason = STR("tea")};
    sim_person(sim, &command, NULL);
}
