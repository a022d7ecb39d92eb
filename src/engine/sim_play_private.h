/* engine/sim_play_private.h: words for tests that play one short history in the simulated world. */
#pragma once

#include "engine/sim_private.h"

enum { MINUTE_MS = 60000 };

static inline struct sim *start(struct place *place)
{
    struct sim *sim = sim_create(place, 1);

    log_configure(LOG_ERROR + 1, false); /* failures are what these tests are about */
    assert_true(sim_boot(sim, false));
    return sim;
}

static inline void play(struct sim *sim, size_t count, const enum sim_outcome *outcomes)
{
    assert_true(count <= SIM_SCRIPT_MAX);
    memcpy(sim->script, outcomes, count * sizeof(outcomes[0]));
    sim->script_count = count;
    sim->script_next = 0;
}
#define PLAY(sim, ...)                                                                             \
    play((sim), COUNT(((const enum sim_outcome[]){__VA_ARGS__})),                                  \
         (const enum sim_outcome[]){__VA_ARGS__})

/* A run of one task; the row of the task it will have. */
static inline int64_t submit_one(struct sim *sim, const char *operation, int64_t provider_id,
                                 int64_t deadline_ms)
{
    struct place *place = sim->place;
    struct run_node *node = ARENA_NEW(place->arena, struct run_node);
    struct run_spec *spec = ARENA_NEW(place->arena, struct run_spec);
    struct command command;

    *node = test_node("a");
    node->operation = str_of(operation);
    node->provider_id = provider_id;
    *spec = (struct run_spec){.user_id = TEST_USER,
                              .title = STR("test"),
                              .priority = PRIORITY_NORMAL,
                              .nodes = node,
                              .node_count = 1,
                              .currency = STR("USD"),
                              .deadline_ms = deadline_ms};
    command = submit_of(place, spec);
    sim_person(sim, &command, NULL);
    return ask(place, "SELECT coalesce(max(id), 0) + 1 AS n FROM task", 0);
}

static inline int64_t submit_paid(struct sim *sim, int64_t provider_id)
{
    return submit_one(sim, "sim.paid", provider_id, 0);
}

static inline void control(struct sim *sim, int64_t task, enum task_control what)
{
    const struct command command = task_control_of(sim->place, task, what);

    sim_person(sim, &command, NULL);
}

static inline void control_its_run(struct sim *sim, int64_t task, enum run_control what)
{
    const struct command command = run_control_of(sim->place, task, what);

    sim_person(sim, &command, NULL);
}

static inline bool is_in(struct sim *sim, int64_t task, const char *state)
{
    return str_equal(
        ask_text(sim->place, "SELECT coalesce((SELECT state FROM task WHERE id = $1), 'none') AS n",
                 task),
        str_of(state));
}

/* Runs until the task is in that state, an hour at most. */
static inline void run_until(struct sim *sim, int64_t task, const char *state)
{
    const int64_t until_ms = sim_now(sim) + 60 * MINUTE_MS;

    while (!is_in(sim, task, state) && sim_step(sim, until_ms))
        ;
    expect_state(sim->place, task, state, "reached in an hour");
}

static inline void finish(struct sim *sim, const char *because)
{
    expect_sound(sim->place, because);
    sim_destroy(sim);
}
