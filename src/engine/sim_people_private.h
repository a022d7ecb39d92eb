/*
 * engine/sim_people_private.h: people of the simulated world, who order, change their minds and
 * answer; and the owner of its accounts, who looks after them.
 */
#pragma once

#include "engine/sim_private.h"

enum { RUNS_MAX = 64, NODES_MAX = 5, USERS = 3 };

/* What a client knows: what it asked for, and whether it was told that it has it. */
struct client_run {
    struct run_spec spec;
    struct run_node nodes[NODES_MAX];
    struct run_edge edges[NODES_MAX * NODES_MAX];
    struct id ids[NODES_MAX + 1];
    char key[24];
    bool is_acked;
};

struct history {
    struct sim *sim;
    struct client_run runs[RUNS_MAX];
    size_t run_count;
    int64_t actions, kills;
};

static struct history *history_of; /* of the person whose answer comes back */

static inline void on_submitted(void *arg, bool ok, const struct error *err)
{
    const struct sim_command *stored = arg;
    const struct command_submit *submit = &stored->command->submit;

    /* I15: nothing but storage refuses what was asked, also when it is asked again. */
    check(ok || err->code == ERROR_STORAGE_FULL, "a submission is taken");
    if (!ok)
        return;
    for (size_t index = 0; index < history_of->run_count; index++) {
        struct client_run *run = &history_of->runs[index];

        if (&run->spec != submit->spec)
            continue;
        /* I15: the same key and request give the same run. */
        check_text(id_str(&submit->created.run_id), run->ids[0].text, "one key, one run");
        run->is_acked = true;
    }
}

static inline void submit_again(struct history *history, const struct client_run *run)
{
    struct command command = {.type = COMMAND_SUBMIT};

    command.submit = (struct command_submit){.spec = &run->spec,
                                             .ids = run->ids,
                                             .queue_user_max = 1000,
                                             .queue_max = 1000,
                                             .tries_max = TEST_TRIES,
                                             .deadline_ms = SIM_DEADLINE_MS};
    sim_person(history->sim, &command, on_submitted);
}

static inline void submit_new(struct history *history)
{
    static const char *const keys[NODES_MAX] = {"a", "b", "c", "d", "e"};
    static const int64_t estimates[] = {TEST_PRICE, TEST_PRICE, TEST_PRICE * 2, -1};
    struct sim *sim = history->sim;
    struct client_run *run = &history->runs[history->run_count];
    const size_t node_count = 1 + (size_t)sim_below(sim, NODES_MAX);
    const int64_t units = sim_below(sim, 2) == 0 ? 1 : 1 + sim_below(sim, 6);

    if (history->run_count == RUNS_MAX)
        return;
    snprintf(run->key, sizeof(run->key), "key-%zu", history->run_count++);
    run->spec = (struct run_spec){.user_id = 1 + sim_below(sim, USERS),
                                  .title = STR("simulated"),
                                  .priority = (enum task_priority)sim_below(sim, 3),
                                  .nodes = run->nodes,
                                  .node_count = node_count,
                                  .edges = run->edges,
                                  .idem_key = str_of(run->key),
                                  .deadline_ms = sim_below(sim, 4) == 0 ? 60000 : 0,
                                  .currency = STR("USD")};
    for (size_t row = 0; row < node_count; row++) {
        const bool is_local = sim_below(sim, 6) == 0;
        const bool is_card = sim_below(sim, 8) == 0;

        run->nodes[row] = (struct run_node){
            .key = str_of(keys[row]),
            .operation = is_local  ? STR("sim.local")
                         : is_card ? STR("sim.card")
                                   : STR("sim.paid"),
            .provider_id = is_local ? 0 : 1 + sim_below(sim, SIM_PROVIDERS - 1),
            .model = is_local                 ? STR("")
                     : sim_below(sim, 2) == 0 ? SIM_BOUNDED
                                              : STR("free"),
            .parameters = STR("{}"),
            .inputs = STR("{}"),
            .estimate_micro = estimates[sim_below(sim, COUNT(estimates))],
        };
        run->nodes[row].units = sim_below(sim, 20) == 0 ? SIM_UNITS_MAX : units;
        if (run->nodes[row].estimate_micro >= 0)
            run->nodes[row].currency = STR("USD");
        for (size_t from = 0; from < row; from++)
            if (sim_below(sim, 3) == 0)
                run->edges[run->spec.edge_count++] = (struct run_edge){.from = from, .to = row};
    }
    for (size_t index = 0; index <= node_count; index++)
        run->ids[index] = id_make(&sim->place->clock, &sim->chance);
    submit_again(history, run);
}

static inline void control_some_run(struct history *history, const struct client_run *run,
                                    enum run_control control)
{
    struct command command = {.type = COMMAND_RUN_CONTROL};

    command.control = (struct command_control){
        .user_id = run->spec.user_id,
        .public_id = id_str(&run->ids[0]),
        .run_control = control,
        .priority = (enum task_priority)sim_below(history->sim, 3),
        .tries_max = TEST_TRIES,
        .deadline_ms = SIM_DEADLINE_MS,
    };
    sim_person(history->sim, &command, NULL);
}

static inline const struct client_run *run_of_task(const struct history *history, struct str task)
{
    for (size_t index = 0; index < history->run_count; index++)
        for (size_t at = 1; at <= history->runs[index].spec.node_count; at++)
            if (str_equal(task, id_str(&history->runs[index].ids[at])))
                return &history->runs[index];
    return NULL;
}

/* People look at what goes on: often the task is one that runs, asks or waits to be tried again. */
static inline struct str choose_task(struct history *history, const struct client_run **run)
{
    struct sim *sim = history->sim;
    const struct str busy =
        ask_text(sim->place,
                 "SELECT coalesce((SELECT public_id FROM task WHERE state IN ('running',"
                 " 'waiting', 'held') OR (state = 'ready' AND fence > 0)"
                 " ORDER BY (id * 7919 + $1) % 101, id LIMIT 1), '') AS n",
                 sim_below(sim, 1000));
    const struct client_run *owner = run_of_task(history, busy);

    if (sim_below(sim, 2) == 0 && owner != NULL) {
        *run = owner;
        return busy;
    }
    return id_str(&(*run)->ids[1 + sim_below(sim, (int64_t)(*run)->spec.node_count)]);
}

static inline void control_one_task(struct history *history, const struct client_run *run,
                                    struct str task, enum task_control control)
{
    struct sim *sim = history->sim;
    const struct client_run *other = &history->runs[sim_below(sim, (int64_t)history->run_count)];
    struct command command = {.type = COMMAND_TASK_CONTROL};

    command.control = (struct command_control){
        .user_id = run->spec.user_id,
        .public_id = task,
        .task_control = control,
        .place = (enum task_place)sim_below(sim, 3),
        .before = id_str(&other->ids[1]),
        .tries_max = TEST_TRIES,
        .deadline_ms = SIM_DEADLINE_MS,
    };
    sim_person(sim, &command, NULL);
}

static inline void control_some_task(struct history *history, const struct client_run *run,
                                     enum task_control control)
{
    const struct str task = choose_task(history, &run);

    control_one_task(history, run, task, control);
}

/* A task that will be tried again and whose result a dead owner kept late: seldom there, and soon
 * gone, so who cancels must look for it. */
static inline bool cancel_what_is_kept(struct history *history)
{
    struct sim *sim = history->sim;
    const struct str kept =
        ask_text(sim->place,
                 "SELECT coalesce((SELECT t.public_id FROM task t JOIN call c ON c.task_id = t.id"
                 " WHERE t.state IN ('ready', 'running', 'waiting') AND c.state = 'finished' AND "
                 "c.result <> ''"
                 " ORDER BY t.state <> 'running', t.id LIMIT 1), '') AS n",
                 0);
    const struct client_run *run = run_of_task(history, kept);

    sim->is_kept_late = false;
    if (run == NULL)
        return false;
    control_one_task(history, run, kept, TASK_CONTROL_CANCEL);
    return true;
}

/* As the settings have it: what calls under way were made with is not taken away. */
static inline bool is_needed(struct sim *sim, int64_t key_id)
{
    int64_t count = 0;
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;

    assert_true(db_borrow(sim->place->pool, &db, &sim->place->err));
    assert_true(view_key_calls(db, key_id, &count, &sim->place->err));
    return count > 0;
}

/* Its owner adds a key, takes one away, weighs it or switches it off. */
static inline void change_keys(struct sim *sim, int64_t provider_id)
{
    struct provider_binding *provider = &sim->providers[provider_id];
    struct provider_key *keys = sim->keys[provider_id];
    const size_t count = provider->key_count;
    const size_t index = count == 0 ? 0 : (size_t)sim_below(sim, (int64_t)count);

    switch (sim_below(sim, 3)) {
    case 0:
        if (count < SIM_KEYS && sim->next_key < SIM_KEY_IDS)
            keys[provider->key_count++] = (struct provider_key){
                .id = sim->next_key++, .weight = 1 + sim_below(sim, 5), .is_enabled = true};
        break;
    case 1:
        if (count > 1 && !is_needed(sim, keys[index].id))
            keys[index] = keys[--provider->key_count];
        break;
    default:
        if (count > 0)
            keys[index].is_enabled = index == 0 || !keys[index].is_enabled;
        break;
    }
    sim_mend_provider(sim, provider_id);
}

/* For a while nothing new is to be sent to one of its models. */
static inline void change_a_pause(struct sim *sim)
{
    const int64_t provider_id = SIM_SYNC + sim_below(sim, SIM_PROVIDERS - SIM_SYNC);
    const bool is_bounded = sim_below(sim, 2) == 0;

    if (!sim->is_gone[provider_id])
        sim_pause_model(sim, provider_id, is_bounded,
                        !sim->is_model_paused[provider_id][is_bounded]);
}

static inline void act(struct history *history)
{
    struct sim *sim = history->sim;
    const struct client_run *run;

    history->actions++;
    if (history->run_count == 0 || sim_below(sim, 4) == 0) {
        submit_new(history);
        return;
    }
    if (sim_below(sim, 2) == 0 && cancel_what_is_kept(history))
        return;
    if (sim->has_pauses && sim_below(sim, 8) == 0) {
        change_a_pause(sim);
        return;
    }
    run = &history->runs[sim_below(sim, (int64_t)history->run_count)];
    switch (sim_below(sim, 25)) {
    case 0:
        submit_again(history, run);
        break;
    case 1:
        control_some_run(history, run, RUN_CANCEL);
        break;
    case 2:
    case 3:
        control_some_run(history, run, RUN_RETRY);
        break;
    case 4:
        control_some_run(history, run, RUN_PAUSE);
        break;
    case 5:
    case 6:
        control_some_run(history, run, RUN_RESUME);
        break;
    case 7:
        control_some_run(history, run, RUN_PRIORITISE);
        break;
    case 8:
    case 9:
        control_some_task(history, run, TASK_CONTROL_CANCEL);
        break;
    case 10:
    case 11:
        control_some_task(history, run, TASK_CONTROL_RETRY);
        break;
    case 12:
    case 13:
        control_some_task(history, run, TASK_CONTROL_REPEAT);
        break;
    case 14:
        control_some_task(history, run, TASK_CONTROL_GIVE_UP);
        break;
    case 21:
        control_some_task(history, run, TASK_CONTROL_LOOK_UP);
        break;
    case 15:
    case 16:
        control_some_task(history, run, TASK_CONTROL_MOVE);
        break;
    case 17:
        sim_pause_all(sim, sim_below(sim, 3) == 0);
        break;
    case 18:
    case 19:
        sim_mend_provider(sim, 1 + sim_below(sim, SIM_PROVIDERS - 1));
        break;
    case 20: { /* its owner deletes it, or has it again */
        const int64_t provider_id = 1 + sim_below(sim, SIM_PROVIDERS - 1);

        sim->is_gone[provider_id] = !sim->is_gone[provider_id] && sim_below(sim, 4) == 0;
        if (sim->is_gone[provider_id]) /* and what was said of its models */
            memset(sim->is_model_paused[provider_id], 0, sizeof(sim->is_model_paused[0]));
        sim_mend_provider(sim, provider_id);
        break;
    }
    case 22:
    case 23:
        change_keys(sim, 1 + sim_below(sim, SIM_PROVIDERS - 1));
        break;
    default: /* a provider forgets what it was given */
        if (sim->job_count > 0)
            sim->jobs[sim_below(sim, (int64_t)sim->job_count)].is_forgotten |=
                sim_below(sim, 3) == 0;
        break;
    }
}
