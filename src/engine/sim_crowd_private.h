/*
 * engine/sim_crowd_private.h: people who all want the same account's same model and never run dry,
 * and one who comes in late: what the onlooker of sim_fair_private.h measures shares by.
 */
#pragma once

#include "engine/sim_private.h"

enum {
    SIM_CROWD_FIRST = 4, /* their ids: nobody else's */
    SIM_CROWD_MAX = 4,
    SIM_CROWD_LATE = SIM_CROWD_FIRST + SIM_CROWD_MAX,
    SIM_CROWD_NODES_MAX = 80,
    SIM_CROWD_ROUNDS_MAX = 10000,
    SIM_CROWD_COMES_MAX = 4,
    SIM_CROWD_DEADLINE_MS = 86400000,
};

/* A run of so many tasks side by side. */
static inline void sim_submit_many(struct sim *sim, int64_t user, struct str operation,
                                   int64_t provider, struct str model, size_t count)
{
    struct arena *arena = sim->place->arena;
    struct run_node *nodes = ARENA_ARRAY(arena, struct run_node, count);
    struct run_spec *spec = ARENA_NEW(arena, struct run_spec);
    struct id *ids = ARENA_ARRAY(arena, struct id, count + 1);
    struct command command = {.type = COMMAND_SUBMIT};

    assert_true(count <= SIM_CROWD_NODES_MAX);
    for (size_t row = 0; row < count; row++)
        nodes[row] = (struct run_node){.key = arena_printf(arena, "n%zu", row),
                                       .operation = operation,
                                       .provider_id = provider,
                                       .model = model,
                                       .parameters = STR("{}"),
                                       .inputs = STR("{}"),
                                       .estimate_micro = TEST_PRICE,
                                       .currency = STR("USD"),
                                       .units = 1};
    for (size_t index = 0; index <= count; index++)
        ids[index] = id_make(&sim->place->clock, &sim->chance);
    *spec = (struct run_spec){.user_id = user,
                              .title = STR("crowd"),
                              .priority = PRIORITY_NORMAL,
                              .nodes = nodes,
                              .node_count = count,
                              .currency = STR("USD")};
    command.submit = (struct command_submit){.spec = spec,
                                             .ids = ids,
                                             .queue_user_max = 1000,
                                             .queue_max = 1000,
                                             .tries_max = TEST_TRIES,
                                             .deadline_ms = SIM_CROWD_DEADLINE_MS};
    sim_person(sim, &command, NULL);
}

static inline int64_t sim_crowd_left(struct sim *sim)
{
    return ask(sim->place,
               "SELECT count(*) AS n FROM task WHERE user_id >= $1"
               " AND state NOT IN ('done', 'failed', 'cancelled')",
               SIM_CROWD_FIRST);
}

/* Trouble that leaves what failed to be tried again by itself. */
static inline void sim_keep_mild_faults(struct sim *sim)
{
    const struct sim_faults drawn = sim->faults;

    sim->faults = (struct sim_faults){.storage_ms = drawn.storage_ms,
                                      .local = drawn.local,
                                      .fetch = drawn.fetch,
                                      .used_up = drawn.used_up};
    sim->faults.outcomes[SIM_NOT_SENT] = drawn.outcomes[SIM_NOT_SENT];
    sim->faults.outcomes[SIM_THROTTLED] = drawn.outcomes[SIM_THROTTLED];
    sim->faults.outcomes[SIM_SERVER] = drawn.outcomes[SIM_SERVER] / 4;
}

/* So many that a hundred picks find all of them waiting. */
static inline void sim_crowd_comes(struct sim *sim, int64_t people, int64_t provider,
                                   struct str model)
{
    const int64_t there = sim_crowd_left(sim);

    for (int64_t user = 0; user < people; user++)
        sim_submit_many(sim, SIM_CROWD_FIRST + user, STR("sim.paid"), provider, model,
                        (size_t)(SIM_SHARE_OVER / people + 25));
    while (sim_crowd_left(sim) <= there)
        sim_step(sim, sim_now(sim) + 1000);
}

static inline void sim_crowd(struct sim *sim)
{
    const int64_t provider = SIM_SYNC + sim_below(sim, SIM_PROVIDERS - SIM_SYNC);
    const struct str model = sim_below(sim, 2) == 0 ? SIM_BOUNDED : STR("free");
    const int64_t people = 2 + sim_below(sim, SIM_CROWD_MAX - 1);
    const int64_t seen = sim->shares_seen;
    int comes = 0;
    bool has_late = false;

    sim_keep_mild_faults(sim);
    sim_restore_provider(sim, provider);
    for (int round = 0; round == 0 || sim_crowd_left(sim) > 0; round++) {
        check(round < SIM_CROWD_ROUNDS_MAX, "a crowd is served in the end");
        /* Others who wanted the same may have come between. */
        if (!has_late && comes < SIM_CROWD_COMES_MAX && sim_crowd_left(sim) < people * 10) {
            sim_crowd_comes(sim, people, provider, model);
            comes++;
        }
        /* An old answer may have stopped the account, and a person all. */
        if (round % 16 == 15)
            sim_mend_provider(sim, provider);
        if (sim->is_paused)
            sim_pause_all(sim, false);
        for (int step = 0; step < 16; step++)
            sim_step(sim, sim_now(sim) + 60000);
        if (!has_late && sim->shares_seen > seen) {
            sim_submit_many(sim, SIM_CROWD_LATE, STR("sim.paid"), provider, model, 10);
            has_late = true;
        }
    }
    check(has_late, "a crowd is served in turn");
}
