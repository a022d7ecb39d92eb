#include "engine/core_private.h"

#include "engine/decide.h"

#include <stdlib.h>

enum { NO_ROOM_MS = 5000 }; /* until a full disk is looked at again */

struct core *core_create(const struct core_config *config)
{
    struct core *core = calloc(1, sizeof(*core));
    struct lane_limits local = {.capacity = config->local_concurrency};

    if (core == NULL)
        abort();
    core->config = *config;
    core->world = config->world;
    core->scheduler = scheduler_create(clock_wall_ms(config->world.clock));
    scheduler_set_lane(core->scheduler, 0, &local);
    return core;
}

void core_destroy(struct core *core)
{
    struct drive *drive;
    struct remote *remote;
    size_t at = 0;

    if (core == NULL)
        return;
    while ((drive = idmap_next(&core->drives, &at)) != NULL) {
        arena_destroy(drive->arena);
        free(drive);
    }
    at = 0;
    while ((remote = idmap_next(&core->remotes, &at)) != NULL)
        free(remote);
    idmap_finish(&core->drives);
    idmap_finish(&core->remotes);
    timers_finish(&core->drive_timers);
    timers_finish(&core->remote_timers);
    scheduler_destroy(core->scheduler);
    free(core);
}

/* When the scheduler must be looked at again, on the monotonic clock.  What nothing may start is
 * not waited for: that would be a loop without a pause. */
static int64_t scheduler_due(const struct core *core, bool may_start)
{
    const int64_t wall_ms = core_wall_ms(core);
    int64_t waits_ms = scheduler_expires_ms(core->scheduler);

    if (core->is_draining)
        return INT64_MAX;
    if (may_start && !core->is_paused && scheduler_next_ms(core->scheduler) < waits_ms)
        waits_ms = scheduler_next_ms(core->scheduler);
    if (waits_ms == INT64_MAX)
        return INT64_MAX;
    return core_mono_ms(core) + (waits_ms > wall_ms ? waits_ms - wall_ms : 0);
}

static void arm(struct core *core, bool may_start, int64_t at_most_ms)
{
    const int64_t now = core_mono_ms(core);
    int64_t next = scheduler_due(core, may_start);

    if (at_most_ms != INT64_MAX && now + at_most_ms < next)
        next = now + at_most_ms;
    if (timers_next_ms(&core->drive_timers) < next)
        next = timers_next_ms(&core->drive_timers);
    if (timers_next_ms(&core->remote_timers) < next)
        next = timers_next_ms(&core->remote_timers);
    if (next != INT64_MAX)
        core->world.wake_after(core->world.context, next > now ? next - now : 0);
}

void core_arm(struct core *core) { arm(core, true, INT64_MAX); }

static void set_model(struct core *core, int64_t lane, struct str model)
{
    struct model_limits limits = {0};

    core->world.load_model(core->world.context, lane, model, &limits);
    scheduler_set_model(core->scheduler, lane, model, &limits);
}

/* Limits that were not read yet, of the lane and of the model. */
static void ensure_limits(struct core *core, int64_t lane, struct str model)
{
    struct lane_limits limits;

    if (scheduler_limits(core->scheduler, lane) == NULL) {
        core->world.load_lane(core->world.context, lane, &limits);
        scheduler_set_lane(core->scheduler, lane, &limits);
    }
    if (!scheduler_has_model(core->scheduler, lane, model))
        set_model(core, lane, model);
}

/* With those that stand in for it: they may never have had a task of their own. */
static void ensure_all_limits(struct core *core, int64_t lane, struct str model)
{
    const struct lane_limits *limits;

    ensure_limits(core, lane, model);
    limits = scheduler_limits(core->scheduler, lane);
    for (size_t index = 0; index < limits->stand_in_count; index++)
        ensure_limits(core, limits->stand_ins[index], model);
}

void core_put_ready(struct core *core, const struct task_entry *entry)
{
    ensure_all_limits(core, entry->provider_id, entry->model);
    scheduler_put(core->scheduler, entry, core_wall_ms(core));
}

const struct engine_operation *core_find_operation(const struct core *core, struct str name)
{
    for (size_t index = 0; core->config.operations[index] != NULL; index++)
        if (str_equal(name, str_of(core->config.operations[index]->name)))
            return core->config.operations[index];
    return NULL;
}

/* ---- Claims ---- */

static bool can_look_up(const struct drive *drive)
{
    return decide_can_look_up(&drive->attempt->provider) && drive->operation->look_up != NULL;
}

/* A call that is open is sent again under its key, while that is safe, or asked for; else its
 * outcome stays unknown, and the account's rule decides. */
static void resend(struct drive *drive)
{
    struct core *core = drive->core;
    const struct provider_failure unknown = {
        .class = FAILURE_UNKNOWN,
        .charged = CHARGED_MAYBE,
        .retry_after_ms = -1,
        .message = STR("nobody knows what became of the call before"),
    };

    drive->attempt->call_key = drive->prior.public_id; /* the same call: the same key */
    drive->is_resend = true;
    drive->intent_at_ms = drive->prior.intent_at_ms;
    if (drive->is_key_sealed) {
        drive_fail_locally(drive, FAILURE_NOT_SENT, "the key of its call cannot be opened");
        return;
    }
    if (!drive->is_key_gone &&
        decide_key_holds(&drive->attempt->provider, drive->intent_at_ms, core_wall_ms(core))) {
        drive_begin(drive);
        return;
    }
    if (can_look_up(drive)) {
        drive_look_up(drive);
        return;
    }
    drive->call_id = drive->prior.id;
    drive->is_sent = true;
    drive_fail(drive, &unknown);
}

/* The first step of what was claimed: what earlier attempts left is used before anything new. */
static void start(struct drive *drive)
{
    struct core *core = drive->core;
    const struct command_claim *claim = &drive->command.claim;
    const struct id id = id_make(core->world.clock, core->world.random);

    if (drive->operation == NULL) {
        drive_fail_locally(drive, FAILURE_INVALID, "this version does not know the operation");
    } else if (claim->has_prior && drive->prior.state == CALL_FINISHED) {
        core->counts.late_results++;
        drive_adopt(drive);
    } else if (claim->has_prior && drive->prior.state == CALL_ACCEPTED) {
        remote_adopt(drive);
    } else if (drive->is_cancelled) {
        drive_fail_locally(drive, FAILURE_CANCELLED, "");
    } else if (core->is_draining) {
        drive_give_back(drive);
    } else if (claim->has_prior) {
        resend(drive);
    } else {
        drive->repeat_of = claim->doubtful_call_id;
        drive->attempt->call_key = arena_str(drive->arena, id_str(&id));
        drive_begin(drive);
    }
}

void drive_take_attempt(struct drive *drive)
{
    struct core *core = drive->core;
    const struct command_claim *claim = &drive->command.claim;

    drive->attempt = claim->attempt;
    drive->attempt->engine = core->config.engine;
    drive->attempt->services = core->config.services;
    drive->operation = core_find_operation(core, drive->attempt->operation);
    drive->prior = claim->prior;
    drive->tries = claim->tries;
    drive->tries_max = claim->tries_max;
    drive->estimate_micro = claim->estimate_micro;
    drive->currency = claim->currency;
    drive->repeats = claim->repeats;
    drive_take_key(drive);
}

/* It waits again, for its own account. */
static void put_back(struct drive *drive, int64_t after_ms)
{
    struct task_entry entry = drive->entry;

    if (entry.home_id != 0)
        entry.provider_id = entry.home_id;
    entry.home_id = 0;
    if (drive->is_cancelled) /* and its result waits to be taken */
        entry.cancel_at_ms = core_wall_ms(drive->core);
    if (after_ms > 0)
        entry.run_at_ms = core_wall_ms(drive->core) + after_ms;
    core_put_ready(drive->core, &entry);
    drive_free(drive);
}

static void on_claimed(void *arg, bool ok, const struct error *err)
{
    struct drive *drive = arg;
    struct core *core = drive->core;

    if (!ok) {
        drive_log_storage(drive, err);
        put_back(drive, AGAIN_MS);
        core_arm(core);
        return;
    }
    if (drive->command.claim.is_refused) {
        const int64_t task_id = drive->entry.id, stand_in = drive->entry.provider_id;

        put_back(drive, 0);
        scheduler_refuse(core->scheduler, task_id, stand_in);
        core_tick(core);
        return;
    }
    if (!drive->command.claim
             .is_claimed) { /* cancelled or moved meanwhile: whoever did it told us */
        drive_free(drive);
        core_tick(core);
        return;
    }
    core->counts.claims++;
    drive_take_attempt(drive);
    drive->entry.fence = drive->attempt->fence;
    drive->entry.state = TASK_RUNNING;
    drive->entry.home_id = 0;
    core->world.on_events(core->world.context, drive->entry.user_id);
    start(drive);
}

static void claim(struct core *core, const struct task_entry *entry)
{
    struct drive *drive = drive_make(core, entry);

    drive->has_slot = true;
    drive->command.claim = (struct command_claim){
        .task_id = entry->id,
        .fence = entry->fence,
        .owner = core->config.owner,
    };
    if (entry->home_id != 0) {
        drive->command.claim.stand_in_id = entry->provider_id;
        drive->command.claim.reason = arena_str(
            drive->arena, str_of(scheduler_trouble(core->scheduler, entry->home_id, entry->model)));
    }
    drive_store(drive, COMMAND_CLAIM, on_claimed);
    drive->doing = DO_CLAIM;
}

/* A task that waited past its time ends without having been claimed. */
static void expire(struct core *core, const struct task_entry *entry)
{
    struct drive *drive = drive_make(core, entry);

    drive_begin_end(drive, TASK_FAIL);
    drive->command.end.class = FAILURE_DEADLINE;
    drive->command.end.message = STR("it could not start in time");
    drive_send_end(drive);
}

void core_tick(struct core *core)
{
    const int64_t now = core_mono_ms(core);
    struct task_entry entry;
    struct remote *remote;
    struct drive *drive;
    int claims = 0;

    while ((drive = timers_take(&core->drive_timers, now)) != NULL)
        drive->on_timer(drive);
    for (int asked = 0;
         asked < CLAIMS_PER_TICK && (remote = timers_take(&core->remote_timers, now)) != NULL;
         asked++)
        remote_ask(core, remote);
    while (!core->is_draining && scheduler_expire(core->scheduler, core_wall_ms(core), &entry))
        expire(core, &entry);
    if (core->is_paused || core->is_draining) {
        core_arm(core);
        return;
    }
    if (scheduler_count(core->scheduler) > 0 && !core->world.has_room(core->world.context)) {
        arm(core, false, NO_ROOM_MS);
        return;
    }
    while (claims < CLAIMS_PER_TICK &&
           scheduler_pick(core->scheduler, core_wall_ms(core), &entry)) {
        claim(core, &entry);
        claims++;
    }
    if (claims == CLAIMS_PER_TICK)
        core->world.wake_after(core->world.context, 0);
    else
        core_arm(core);
}

/* Whatever becomes of the remote work, the task goes on with what was last said of it. */
static void apply_to_remote(struct core *core, struct remote *remote, bool is_asked,
                            const struct task_entry *entry)
{
    remote->entry.priority = entry->priority;
    remote->entry.rank = entry->rank;
    remote->entry.is_run_paused = entry->is_run_paused;
    if (entry->cancel_at_ms == 0 || remote->is_cancelled)
        return;
    remote->is_cancelled = true;
    if (!is_asked)
        timer_set(&core->remote_timers, &remote->timer, core_mono_ms(core));
}

/* What is under way for a task may end only after what came next was told: that is kept for then.
 */
static void apply_to_drive(struct drive *drive, const struct task_entry *entry)
{
    if (entry->cancel_at_ms != 0) {
        drive_cancel(drive);
    } else if (entry->state == TASK_READY && entry->fence > drive->entry.fence) {
        drive->pending = *entry;
        scheduler_own_model(drive->core->scheduler, &drive->pending);
        drive->has_pending = true;
    } else if (entry->fence == drive->entry.fence) {
        drive->entry.priority = entry->priority;
        drive->entry.rank = entry->rank;
        drive->entry.is_run_paused = entry->is_run_paused;
    }
}

void core_apply(struct core *core, const struct task_entry *entries, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        const struct task_entry *entry = &entries[index];
        struct drive *drive = idmap_get(&core->drives, entry->id);
        struct remote *remote = idmap_get(&core->remotes, entry->id);

        if (remote != NULL)
            apply_to_remote(core, remote, drive != NULL, entry);
        if (drive != NULL)
            apply_to_drive(drive, entry);
        else if (entry->state == TASK_READY)
            core_put_ready(core, entry);
        else if (entry->state == TASK_WAITING && remote == NULL)
            remote_remember(core, entry, 0);
        else
            (void)scheduler_remove(core->scheduler, entry->id);
    }
    core_tick(core);
}

void core_pause(struct core *core, bool is_paused)
{
    core->is_paused = is_paused;
    core_tick(core);
}

void core_set_lane(struct core *core, int64_t lane, const struct lane_limits *limits)
{
    struct str model;

    scheduler_set_lane(core->scheduler, lane, limits);
    for (size_t index = 0; scheduler_model_at(core->scheduler, lane, index, &model); index++) {
        set_model(core, lane, model);
        ensure_all_limits(core, lane, model);
    }
    core_tick(core);
}

void core_drain(struct core *core) { core->is_draining = true; }

void core_view(const struct core *core, struct core_view *out)
{
    const struct drive *drive;
    size_t at = 0;

    *out = (struct core_view){
        .ready = (int64_t)scheduler_count(core->scheduler),
        .waiting = (int64_t)core->remotes.count,
        .is_draining = core->is_draining,
    };
    while ((drive = idmap_next(&core->drives, &at)) != NULL) {
        out->running += drive->is_poll ? 0 : 1;
        out->fetching += remote_is_fetching(drive) ? 1 : 0;
    }
}

const struct scheduler *core_scheduler(const struct core *core) { return core->scheduler; }

bool core_is_wanted(const struct core *core, int64_t task_id)
{
    const struct drive *drive = idmap_get(&core->drives, task_id);

    return drive != NULL && !drive->is_cancelled;
}

const struct core_counts *core_counts(const struct core *core) { return &core->counts; }
