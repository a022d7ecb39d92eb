#include "engine/core_private.h"

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
    core->scheduler = scheduler_create();
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
/* When the core must look again: the next of its timers, or what the scheduler waits for. */
void core_arm(struct core *core)
{
    const int64_t now = core_mono_ms(core);
    const int64_t waits_ms = scheduler_next_ms(core->scheduler);
    int64_t next = timers_next_ms(&core->drive_timers);

    if (timers_next_ms(&core->remote_timers) < next)
        next = timers_next_ms(&core->remote_timers);
    if (waits_ms != INT64_MAX && !core->is_draining) {
        const int64_t wall_ms = core_wall_ms(core);
        const int64_t due = now + (waits_ms > wall_ms ? waits_ms - wall_ms : 0);

        if (due < next)
            next = due;
    }
    if (next != INT64_MAX)
        core->world.wake_after(core->world.context, next > now ? next - now : 0);
}

void core_put_ready(struct core *core, const struct task_entry *entry)
{
    struct lane_limits limits;

    if (!scheduler_has_lane(core->scheduler, entry->provider_id)) {
        if (!core->world.load_lane(core->world.context, entry->provider_id, &limits))
            limits = (struct lane_limits){.capacity = 1}; /* its tasks will fail with a reason */
        scheduler_set_lane(core->scheduler, entry->provider_id, &limits);
    }
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

static void on_claimed(void *arg, bool ok, const struct error *err)
{
    struct drive *drive = arg;
    struct core *core = drive->core;

    if (!ok) {
        struct task_entry entry = drive->entry;

        drive_log_storage(drive, err);
        entry.run_at_ms = core_wall_ms(core) + AGAIN_MS;
        core_put_ready(core, &entry);
        drive_free(drive);
        core_arm(core);
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
    drive->repeat_of = drive->command.claim.doubtful_call_id;
    core->world.on_events(core->world.context, drive->entry.user_id);
    if (drive->operation == NULL) {
        drive_fail_locally(drive, FAILURE_INVALID, "this version does not know the operation");
        return;
    }
    if (drive->command.claim.has_prior && drive->prior.state == CALL_FINISHED) {
        core->counts.late_results++;
        drive->attempt->prior = &drive->prior;
        drive_adopt(drive);
        return;
    }
    if (drive->command.claim.has_prior) {
        drive->attempt->call_key = drive->prior.public_id; /* the same call: the same key */
    } else {
        const struct id id = id_make(core->world.clock, core->world.random);

        drive->attempt->call_key = arena_str(drive->arena, id_str(&id));
    }
    if (drive->is_cancelled)
        drive_fail_locally(drive, FAILURE_CANCELLED, "");
    else if (core->is_draining)
        drive_give_back(drive);
    else
        drive_begin(drive);
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
        core->world.wake_after(core->world.context, NO_ROOM_MS);
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

/* What is under way for a task may end only after what came next was told: that is kept for then.
 */
static void apply_to_drive(struct drive *drive, const struct task_entry *entry)
{
    if (entry->cancel_at_ms != 0) {
        drive_cancel(drive);
    } else if (entry->state == TASK_READY && entry->fence > drive->entry.fence) {
        drive->pending = *entry;
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

        if (remote != NULL && entry->cancel_at_ms != 0 && !remote->is_cancelled) {
            remote->is_cancelled = true;
            if (drive == NULL)
                timer_set(&core->remote_timers, &remote->timer, core_mono_ms(core));
        }
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
    scheduler_set_lane(core->scheduler, lane, limits);
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
    while ((drive = idmap_next(&core->drives, &at)) != NULL)
        out->running += drive->is_poll ? 0 : 1;
}

const struct scheduler *core_scheduler(const struct core *core) { return core->scheduler; }

bool core_is_wanted(const struct core *core, int64_t task_id)
{
    const struct drive *drive = idmap_get(&core->drives, task_id);

    return drive != NULL && !drive->is_cancelled;
}

const struct core_counts *core_counts(const struct core *core) { return &core->counts; }
