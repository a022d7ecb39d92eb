/*
 * engine/sim_storm_private.h: what seldom comes about by chance alone: a service that answers
 * nothing but trouble while many wait for it, a task that kills its process each time, a key that
 * must wait beside one that is rejected, and a word of a dead process that meets what the next one
 * does for the same task.
 */
#pragma once

#include "engine/sim_crowd_private.h"

enum { SIM_STORM_MS = 180000, SIM_POISON_CRASHES = 5 };

/* For three minutes; of bounds of their own the account and its model have none. */
static inline void sim_storm(struct sim *sim)
{
    const int64_t account = SIM_SYNC + sim_below(sim, SIM_PROVIDERS - SIM_SYNC);
    const struct str model = sim_below(sim, 2) == 0 ? SIM_BOUNDED : STR("free");
    const int64_t until_ms = sim_now(sim) + SIM_STORM_MS;
    const struct sim_faults before = sim->faults;

    sim->faults = (struct sim_faults){0};
    sim->faults.outcomes[SIM_SERVER] = 700;
    sim->faults.outcomes[SIM_NOT_SENT] = 300;
    sim->providers[account].concurrency = 4;
    sim->providers[account].per_minute = sim->providers[account].units_per_minute = 0;
    sim->bounds[account] = (struct model_limits){0};
    sim_restore_provider(sim, account);
    if (sim->is_paused)
        sim_pause_all(sim, false);
    sim_submit_many(sim, SIM_CROWD_FIRST, STR("sim.paid"), account, model, SIM_CROWD_NODES_MAX);
    while (sim_now(sim) < until_ms)
        sim_step(sim, until_ms);
    sim->faults = before;
    sim->faults.outcomes[SIM_SERVER] /= 2;
}

static inline bool sim_is_in(struct sim *sim, int64_t task, struct str state)
{
    return str_equal(ask_text(sim->place,
                              "SELECT coalesce((SELECT state FROM task WHERE id = $1), '') AS n",
                              task),
                     state);
}

static inline void sim_wait_for(struct sim *sim, int64_t task, struct str state)
{
    while (!sim_is_in(sim, task, state))
        sim_step(sim, sim_now(sim) + 60000);
}

/* A person cancels it, and it ends. */
static inline void sim_end_scene(struct sim *sim, int64_t task, const struct sim_faults *before)
{
    struct command command = {.type = COMMAND_TASK_CONTROL};

    command.control = (struct command_control){
        .user_id = SIM_CROWD_FIRST,
        .public_id = ask_text(sim->place, "SELECT public_id AS n FROM task WHERE id = $1", task),
        .task_control = TASK_CONTROL_CANCEL,
        .tries_max = TEST_TRIES,
        .deadline_ms = SIM_DEADLINE_MS};
    while (ask(sim->place,
               "SELECT count(*) AS n FROM task WHERE id = $1 AND finished_at_ms IS NULL",
               task) > 0) {
        sim_person(sim, &command, NULL);
        sim_run_for(sim, 60000);
    }
    sim->faults = *before;
}

/* It is held in the end, so that its process lives; a person gives it up. */
static inline void sim_poison(struct sim *sim)
{
    const int64_t task = ask(sim->place, "SELECT coalesce(max(id), 0) + 1 AS n FROM task", 0);
    const struct sim_faults before = sim->faults;

    sim->faults = (struct sim_faults){.storage_ms = before.storage_ms};
    sim_submit_many(sim, SIM_CROWD_FIRST, STR("sim.local"), 0, STR(""), 1);
    for (int crashes = 0; !sim_is_in(sim, task, STR("held")); crashes++) {
        check(crashes < SIM_POISON_CRASHES, "what kills its process each time is held");
        sim_wait_for(sim, task, STR("running"));
        sim_kill(sim);
        while (!sim_boot(sim, sim_below(sim, 4) == 0))
            ;
    }
    sim_end_scene(sim, task, &before);
}

/* The lighter one, whose turn it would be, is rejected while the heavier one has to wait. */
static inline void sim_spare_key(struct sim *sim)
{
    const int64_t task = ask(sim->place, "SELECT coalesce(max(id), 0) + 1 AS n FROM task", 0);
    const int64_t weight = 2 + sim_below(sim, 3);
    const struct sim_faults before = sim->faults;

    sim->faults = (struct sim_faults){0};
    sim->providers[SIM_SYNC].key_count = 2;
    for (int64_t index = 0; index < 2; index++)
        sim->keys[SIM_SYNC][index] = (struct provider_key){
            .id = sim->next_key++, .weight = weight + 1 - index, .is_enabled = true};
    sim_mend_provider(sim, SIM_SYNC);
    sim->script[0] = SIM_THROTTLED;
    sim->script[1] = SIM_AUTH;
    sim->script_count = 2;
    sim_submit_many(sim, SIM_CROWD_FIRST, STR("sim.paid"), SIM_SYNC, STR("free"), 1);
    sim_wait_for(sim, task, STR("done"));
    sim_end_scene(sim, task, &before);
}

static inline bool sim_has_sent(const struct sim *sim, int64_t task, enum command_type type)
{
    for (size_t index = 0; index < sim->event_count; index++) {
        const struct sim_command *stored = sim->events[index].arg;

        if (sim_can_come_late(&sim->events[index]) && stored->command->type == type &&
            (type == COMMAND_KEEP ? stored->command->keep.task_id
                                  : stored->command->claim.task_id) == task)
            return true;
    }
    return false;
}

/*
 * A result that is kept while its call is made again and its person cancels it (P7); or a question
 * for remote work that has failed meanwhile, and was begun anew (I3).
 */
static inline void sim_tell_late(struct sim *sim)
{
    const bool is_result = sim_below(sim, 2) == 0;
    const enum command_type type = is_result ? COMMAND_KEEP : COMMAND_RESUME;
    const int64_t task = ask(sim->place, "SELECT coalesce(max(id), 0) + 1 AS n FROM task", 0);
    const struct sim_faults before = sim->faults;
    const int64_t until_ms = sim_now(sim) + 4 * 3600000;

    sim->faults = (struct sim_faults){
        .late = 1000, .remote_fails = is_result ? 0 : 700, .storage_ms = sim_below(sim, 2) * 1000};
    sim->drawn.late = 1000;
    sim_submit_many(sim, SIM_CROWD_FIRST, STR("sim.paid"), is_result ? SIM_KEYED : SIM_ASYNC,
                    STR("free"), 1);
    while (!sim_has_sent(sim, task, type) && sim_step(sim, until_ms))
        ;
    if (sim_has_sent(sim, task, type)) {
        sim->late_ms = !is_result                   ? 5000 + sim_below(sim, 20000)
                       : sim->faults.storage_ms > 0 ? 50 + sim_below(sim, 2500)
                                                    : 50 + sim_below(sim, 6000);
        sim->is_kept_late = false;
        sim_kill(sim);
        while (!sim_boot(sim, false))
            ;
        while (is_result && !sim->is_kept_late)
            sim_step(sim, sim_now(sim) + 60000);
        if (!is_result)
            sim_run_for(sim, sim->late_ms + 1000);
        sim->late_ms = 0;
    }
    sim_end_scene(sim, task, &before);
}
