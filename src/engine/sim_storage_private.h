/*
 * engine/sim_storage_private.h: the simulated world's storage, which refuses, is slow and takes
 * what the dead had sent, and its workers.
 */
#pragma once

#include "engine/sim_when_private.h"

/* ---- Storage: one queue, answered in its order ---- */

struct sim_command {
    struct sim *sim;
    struct command *command;
    bool is_persons; /* of a handler, not of the core */
    bool is_late;    /* its process is dead: nobody hears of it */
    void (*done)(void *arg, bool ok, const struct error *err);
    void *arg;
    bool ok;
    struct error err;
};

static inline void sim_drop_command(void *arg)
{
    struct sim_command *stored = arg;

    if (stored->is_persons || stored->command->type == COMMAND_SENT)
        arena_destroy(stored->command->arena); /* it is in its own */
    free(stored);
}

/* What a person's commit allows is known from then on, whether or not anybody hears of it. */
static inline void sim_note_permits(struct sim *sim, const struct command *command)
{
    const bool is_retry =
        (command->type == COMMAND_RUN_CONTROL && command->control.run_control == RUN_RETRY) ||
        (command->type == COMMAND_TASK_CONTROL &&
         (command->control.task_control == TASK_CONTROL_RETRY ||
          command->control.task_control == TASK_CONTROL_REPEAT));

    const bool is_question = command->type == COMMAND_TASK_CONTROL &&
                             command->control.task_control == TASK_CONTROL_LOOK_UP;

    for (size_t index = 0; (is_retry || is_question) && index < command->control.changed_count;
         index++) {
        sim->permits[command->control.changed[index].id] += is_retry;
        sim->wishes[command->control.changed[index].id]++;
    }
}

static inline void sim_answer(struct sim *sim, void *arg)
{
    struct sim_command *stored = arg;
    const struct command *command = stored->command;

    sim_trace(sim, command_name(command->type), stored->ok);
    if (command->type == COMMAND_CLAIM)
        sim->picked_at_ms[command->claim.task_id] = sim_now(sim);
    if (!stored->is_persons) {
        stored->done(stored->arg, stored->ok, &stored->err);
        free(stored);
        return;
    }
    if (stored->ok && command->type == COMMAND_SUBMIT) {
        core_apply(sim->core, command->submit.ready, command->submit.ready_count);
    } else if (stored->ok && command->type == COMMAND_PAUSE_ALL) {
        sim->is_paused = command->control.is_paused;
        core_pause(sim->core, command->control.is_paused);
    } else if (stored->ok) {
        sim_note_wishes(sim, command->control.changed, command->control.changed_count);
        core_apply(sim->core, command->control.changed, command->control.changed_count);
    }
    if (stored->done != NULL)
        stored->done(stored, stored->ok, &stored->err);
    sim_drop_command(stored);
}

struct sim_work {
    struct place *place;
    struct command *command;
};

static inline bool sim_store_work(struct db *db, void *context, struct error *err)
{
    const struct sim_work *work = context;

    return store_apply(db, &work->place->hooks, work->command, err);
}

/* P7: what was paid for and kept is not cancelled, it is adopted.  But for the result of a call
 * that was repeated meanwhile by its owner's rule, which a dead owner kept late. */
static inline void sim_check_cancel(struct sim *sim, const struct command *command)
{
    if (command->type == COMMAND_END && command->end.is_applied &&
        command->end.became == TASK_CANCELLED &&
        ask(sim->place,
            "SELECT count(*) AS n FROM call WHERE task_id = $1 AND state = 'finished'"
            " AND result <> '' AND id NOT IN (SELECT repeat_of FROM call WHERE task_id = $1"
            " AND repeat_of IS NOT NULL)",
            command->end.task_id) > 0)
        fail_msg("task %" PRId64 " was cancelled with its result at hand", command->end.task_id);
}

/* I3: nothing is done to a task under an old fence, by whoever asked for it, however late. */
static inline void sim_check_fence(struct sim *sim, const struct command *command)
{
    int64_t task_id = 0, fence = 0;

    if (command->type == COMMAND_CLAIM && command->claim.is_claimed) {
        task_id = command->claim.task_id;
        fence = command->claim.fence + 1;
    } else if (command->type == COMMAND_RESUME && command->claim.is_claimed) {
        task_id = command->claim.task_id;
        fence = command->claim.fence;
    } else if (command->type == COMMAND_INTENT && command->intent.is_allowed) {
        task_id = command->intent.task_id;
        fence = command->intent.fence;
    } else if (command->type == COMMAND_ACCEPT && command->accept.is_applied) {
        task_id = command->accept.task_id;
        fence = command->accept.fence;
    } else if (command->type == COMMAND_END && command->end.is_applied) {
        task_id = command->end.task_id;
        fence = command->end.fence;
    }
    if (task_id != 0 &&
        ask(sim->place, "SELECT fence AS n FROM task WHERE id = $1", task_id) != fence)
        fail_msg("task %" PRId64 ": %s under an old fence", task_id, command_name(command->type));
}

/* P7: what is here is not asked for. */
static inline void sim_check_intent(struct sim *sim, const struct command *command)
{
    if (command->type == COMMAND_INTENT && command->intent.is_allowed &&
        ask(sim->place,
            "SELECT count(*) AS n FROM call WHERE task_id = $1 AND state = 'intent'"
            " AND coalesce(result, '') <> ''",
            command->intent.task_id) > 0)
        fail_msg("task %" PRId64 ": a call is made again whose result is here",
                 command->intent.task_id);
}

static inline void sim_store(struct sim *sim, void *arg)
{
    struct sim_command *stored = arg;
    struct sim_work work = {.place = sim->place, .command = stored->command};

    if (sim_often(sim, sim->faults.storage))
        error_set(&stored->err, ERROR_STORAGE_FULL, "no room");
    else
        stored->ok = db_transact(sim->place->pool, "sim", sim_store_work, &work, &stored->err);
    if (!stored->ok && stored->err.code == ERROR_INTERNAL)
        fail_msg("%s: %s", command_name(stored->command->type), stored->err.message);
    if (stored->ok) {
        sim_note_permits(sim, stored->command);
        sim_check_cancel(sim, stored->command);
        sim_check_fence(sim, stored->command);
        sim_check_intent(sim, stored->command);
        if (stored->command->type == COMMAND_END)
            sim_note_final_end(sim, &stored->command->end);
    }
    if (stored->is_late) {
        sim->is_kept_late |= stored->ok && stored->command->type == COMMAND_KEEP;
        sim->has_unseen |=
            stored->ok && stored->command->type == COMMAND_END && stored->command->end.is_applied &&
            (stored->command->end.ready_count > 0 || stored->command->end.became == TASK_READY);
        sim_trace(sim, "late", stored->ok);
        sim_drop_command(stored);
        return;
    }
    sim->done_at_ms = sim->done_at_ms > sim_now(sim) ? sim->done_at_ms : sim_now(sim);
    sim->done_at_ms += sim_below(sim, 3);
    sim_push(sim, sim->done_at_ms, true, sim_answer, sim_drop_command, stored);
}

/*
 * What a dead process's database had received already: written later, when another may own the
 * task.  With one server over SQLite there is none; the fences are for the day of several.  But a
 * claim: a lease will say whether its owner lives.
 */
static inline bool sim_can_come_late(const struct sim_event *event)
{
    const struct sim_command *stored = event->arg;

    return event->fire == sim_store && !stored->is_persons &&
           stored->command->type != COMMAND_CLAIM;
}

static inline void sim_queue(struct sim *sim, struct sim_command given)
{
    struct sim_command *stored = calloc(1, sizeof(*stored));

    assert_non_null(stored);
    *stored = given;
    stored->sim = sim;
    sim->store_at_ms = sim->store_at_ms > sim_now(sim) ? sim->store_at_ms : sim_now(sim);
    sim->store_at_ms += sim_below(sim, 5 + sim->faults.storage_ms);
    sim_push(sim, sim->store_at_ms, true, sim_store, sim_drop_command, stored);
}

/* ---- Workers ---- */

struct sim_job_of_worker {
    void (*work)(void *arg);
    void (*done)(void *arg);
    void *arg;
};

static inline void sim_work_done(struct sim *sim, void *arg)
{
    struct sim_job_of_worker *job = arg;

    (void)sim;
    job->done(job->arg);
    free(job);
}

static inline void sim_work_run(struct sim *sim, void *arg)
{
    struct sim_job_of_worker *job = arg;

    job->work(job->arg);
    sim_push(sim, sim_soon(sim, SIM_DELIVERY_MAX_MS), true, sim_work_done, free, job);
}

static inline void sim_work(void *context, void (*work)(void *arg), void (*done)(void *arg),
                            void *arg)
{
    struct sim *sim = context;
    struct sim_job_of_worker *job = calloc(1, sizeof(*job));

    assert_non_null(job);
    *job = (struct sim_job_of_worker){.work = work, .done = done, .arg = arg};
    sim_push(sim, sim_soon(sim, SIM_DELIVERY_MAX_MS), true, sim_work_run, free, job);
}
