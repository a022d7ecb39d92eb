/*
 * The whole engine but its loop, in a simulated world: random people, providers that fail in every
 * way, storage that refuses, and a process that dies at any event, also while it recovers.
 *
 * Each seed is played twice and must go the same way.  In the environment: SIM_SEEDS=N plays so
 * many seeds, SIM_SEED=N that one alone, SIM_ONCE=1 each but once, SIM_TRACE=1 tells each event;
 * SIM_KEEP=FILE has a seed that fails written there, and is played first from then on.
 */
#include "engine/sim_draw_private.h"
#include "engine/sim_people_private.h"
#include "engine/sim_storm_private.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { HEAL_ROUNDS_MAX = 60, HEAL_ROUND_MS = 600000 };

/* ---- Death ---- */

/* SIGTERM: nothing new is started, what is under way may end, and the rest is left as it is. */
static void drain(struct history *history)
{
    struct sim *sim = history->sim;
    const int64_t until_ms = sim_now(sim) + sim_below(sim, 20000);
    struct core_view view = {.running = 1};

    core_drain(sim->core);
    while (view.running > 0 && sim_step(sim, until_ms))
        core_view(sim->core, &view);
}

static int64_t draw_down_ms(struct sim *sim)
{
    static const int64_t downs[] = {0, 10, 5000, 70000, 700000, 4000000};

    return sim->faults.late > 0 && sim_below(sim, 2) == 0 ? sim_below(sim, 20)
                                                          : downs[sim_below(sim, COUNT(downs))];
}

/* Between two lives nobody owns a running task, so everything must add up at once. */
static void die_and_come_back(struct history *history)
{
    struct sim *sim = history->sim;

    history->kills++;
    if (sim_below(sim, 3) == 0)
        drain(history);
    sim->down_ms = draw_down_ms(sim);
    sim_kill(sim);
    expect_sound(sim->place, "after a kill");
    do {
        const int64_t until_ms = sim_now(sim) + sim->down_ms;

        while (sim_step(sim, until_ms)) /* what had been sent arrives */
            ;
        sim->down_ms = draw_down_ms(sim);
    } while (!sim_boot(sim, sim_below(sim, 4) == 0));
    expect_sound(sim->place, "after a recovery");
}

/* While nothing is on its way, memory and rows know the same tasks: none is forgotten until the
 * next start. */
static void check_memory(struct sim *sim)
{
    struct core_view view;

    /* What storage refused is held back for some seconds. */
    if (sim->core == NULL || sim->event_count > 0 || sim->faults.storage > 0 || sim->has_unseen)
        return;
    core_view(sim->core, &view);
    assert_int_equal(
        view.ready + view.running,
        ask(sim->place, "SELECT count(*) AS n FROM task WHERE state IN ('ready', 'running')", 0));
    assert_int_equal(view.waiting,
                     ask(sim->place, "SELECT count(*) AS n FROM task WHERE state = 'waiting'", 0));
}

/* ---- The end: everything heals, people answer, and all must come to rest ---- */

static bool is_at_rest(struct sim *sim)
{
    return ask(sim->place, "SELECT count(*) AS n FROM run WHERE state = 'active'", 0) == 0;
}

/* I9: what may run, runs: in a healthy world nothing stands ready for long. */
static void check_nothing_starves(struct sim *sim)
{
    const struct str waits = ask_text(
        sim->place,
        "SELECT coalesce(group_concat('task ' || t.id || ' of account ' || t.provider_id), '')"
        " AS n FROM task t JOIN run r ON r.id = t.run_id"
        " WHERE t.state = 'ready' AND t.run_at_ms < $1 / 4096 AND r.is_paused = 0"
        " AND ($1 % 4096 >> (t.provider_id * 2 + (t.model = 'bounded'))) & 1 = 0",
        (sim->place->time.wall_ms - HEAL_ROUND_MS) * 4096 + sim_paused_models(sim));
    /* I13: what a provider is not done with by then is asked for once more, given up, and left. */
    const struct str late = ask_text(
        sim->place,
        "SELECT coalesce(group_concat('task ' || id || ' of account ' || provider_id), '') AS n"
        " FROM task WHERE state = 'waiting' AND deadline_at_ms < $1",
        sim->place->time.wall_ms - HEAL_ROUND_MS);

    check_text(waits, "", "no ready task waits while there is room");
    check_text(late, "", "no task waits for its provider long after its deadline");
}

/* Ready and waiting for a paused model, with time left to wait. */
static bool is_kept_waiting(struct sim *sim, int64_t task_id)
{
    const struct task_entry *entry = scheduler_find(core_scheduler(sim->core), task_id);

    return entry != NULL && entry->cancel_at_ms == 0 &&
           sim->is_model_paused[entry->provider_id][str_equal(entry->model, SIM_BOUNDED)] &&
           entry->start_by_ms > sim->place->time.wall_ms + 2 * HEAL_ROUND_MS;
}

/* -1: it is not ready. */
static int64_t fence_of_ready(struct sim *sim, int64_t task_id)
{
    return ask(sim->place,
               "SELECT coalesce((SELECT fence FROM task WHERE id = $1 AND state = 'ready'), -1)"
               " AS n",
               task_id);
}

/* I7: in a healthy world what others wait for goes on beside a paused model, what is under way
 * there ends, and what waits for it waits on: none is begun, none is lost. */
static void wait_beside_pauses(struct sim *sim)
{
    int64_t fences[SIM_TASKS_MAX] = {0};

    for (int64_t id = SIM_SYNC; id < SIM_PROVIDERS; id++)
        if (sim_below(sim, 2) == 0)
            sim_pause_model(sim, id, sim_below(sim, 2) == 0, true);
    for (int round = 0; round < 3; round++) {
        for (int64_t id = SIM_SYNC; id < SIM_PROVIDERS; id++)
            sim_mend_provider(sim, id); /* as ever: an old answer may have stopped it */
        sim_run_for(sim, HEAL_ROUND_MS);
        check_memory(sim);
        if (round > 0)
            check_nothing_starves(sim);
        for (int64_t task = 1; round == 1 && task < SIM_TASKS_MAX; task++) {
            fences[task] = is_kept_waiting(sim, task) ? fence_of_ready(sim, task) + 1 : 0;
            sim->kept_waiting += fences[task] != 0;
        }
    }
    for (int64_t task = 1; task < SIM_TASKS_MAX; task++)
        if (fences[task] != 0 && fence_of_ready(sim, task) + 1 != fences[task]) {
            sim_print_task(sim, task);
            fail_msg("task %" PRId64 " does not wait on for its paused model", task);
        }
    assert_int_equal(ask(sim->place, "SELECT count(*) AS n FROM task WHERE state = 'running'", 0),
                     0);
}

static void heal(struct history *history)
{
    struct sim *sim = history->sim;

    sim->faults = (struct sim_faults){0};
    if (sim->has_unseen)
        die_and_come_back(history);
    memset(sim->is_gone, 0, sizeof(sim->is_gone));
    sim_pause_all(sim, false);
    if (sim->has_pauses)
        wait_beside_pauses(sim);
    for (int64_t id = SIM_SYNC; sim->has_pauses && id < SIM_PROVIDERS; id++)
        sim_restore_provider(sim, id);
    for (int round = 0; round < HEAL_ROUNDS_MAX; round++) {
        for (int64_t id = SIM_SYNC; id < SIM_PROVIDERS; id++)
            sim_mend_provider(sim, id);
        sim_run_for(sim, HEAL_ROUND_MS);
        check_memory(sim);
        if (round > 0) /* in the first an old answer may have stopped an account again */
            check_nothing_starves(sim);
        if (is_at_rest(sim)) {
            sim_run_for(sim, 60000); /* what nobody waits for any more arrives */
            return;
        }
        for (size_t index = 0; index < history->run_count; index++) {
            const struct client_run *run = &history->runs[index];

            control_some_run(history, run, RUN_RESUME);
            for (size_t task = 0; task < run->spec.node_count; task++) {
                struct command command = {.type = COMMAND_TASK_CONTROL};

                command.control = (struct command_control){
                    .user_id = run->spec.user_id,
                    .public_id = id_str(&run->ids[1 + task]),
                    .task_control =
                        sim_below(sim, 2) == 0 ? TASK_CONTROL_REPEAT : TASK_CONTROL_GIVE_UP,
                    .tries_max = TEST_TRIES,
                    .deadline_ms = SIM_DEADLINE_MS};
                sim_person(sim, &command, NULL);
            }
        }
    }
    fail_msg("not at rest: %.*s",
             STR_ARGS(ask_text(sim->place,
                               "SELECT group_concat(id || ' ' || state || ' ' || hold_reason"
                               " || ' of run ' || run_id, '; ') AS n FROM task"
                               " WHERE state NOT IN ('done', 'failed', 'cancelled')",
                               0)));
}

/* A client that followed the events knows the state of every task (I10). */
static void check_events(struct sim *sim)
{
    const struct str wrong = ask_text(
        sim->place,
        "SELECT coalesce(group_concat(t.id || ' is ' || t.state || ', told ' || coalesce(x.said,"
        " 'nothing'), '; '), '') AS n FROM task t LEFT JOIN (SELECT user_id,"
        " json_extract(body, '$.task.id') AS id, json_extract(body, '$.task.state') AS said,"
        " max(seq) FROM event WHERE kind = 'task.changed' GROUP BY 1, 2) x"
        " ON x.id = t.public_id AND x.user_id = t.user_id WHERE t.state <> coalesce(x.said, '')",
        0);

    check_text(wrong, "", "the last event of each task tells its state");
}

/* P7: a result that was kept is handed to the nouns, also of a task that was cancelled meanwhile;
 * unless it was spoilt, or they refused it, or it came to a task that had ended, late, from an
 * owner who was dead by then and tells nobody. */
static void check_nothing_paid_is_lost(struct sim *sim)
{
    if (sim->drawn.record > 0 || sim->drawn.refine > 0 || sim->drawn.lose > 0 ||
        sim->drawn.late > 0)
        return;
    for (int64_t task = ask(sim->place, "SELECT coalesce(max(id), 0) AS n FROM task", 0); task > 0;
         task--)
        if (!sim->is_recorded[task] &&
            ask(sim->place,
                "SELECT count(*) AS n FROM call c JOIN task t ON t.id = c.task_id WHERE t.id = $1"
                " AND c.state = 'finished' AND c.result <> ''",
                task) > 0) {
            sim_print_task(sim, task);
            fail_msg("task %" PRId64 " was paid, kept, and its result given to nobody", task);
        }
}

static void check_end(struct history *history)
{
    struct sim *sim = history->sim;
    struct core_view view;

    expect_sound(sim->place, "at the end");
    check_events(sim);
    core_view(sim->core, &view);
    assert_int_equal(view.ready, 0);
    assert_int_equal(view.running, 0);
    assert_int_equal(view.waiting, 0);
    assert_int_equal(sim->event_count, 0);
    for (size_t index = 0; index < history->run_count; index++) {
        const struct client_run *run = &history->runs[index];

        if (run->is_acked) /* I1: once, and it has ended, as all have */
            assert_int_equal(ask(sim->place,
                                 "SELECT count(*) AS n FROM run WHERE idem_key = 'key-' || $1",
                                 (int64_t)index),
                             1);
    }
    check_nothing_paid_is_lost(sim);
    sim_check_files(sim);
    /* I5: what a task gives as its result, its provider was paid for under that call's key. */
    for (int64_t task = ask(sim->place, "SELECT coalesce(max(id), 0) AS n FROM task", 0); task > 0;
         task--) {
        const struct str key = ask_text(
            sim->place,
            "SELECT coalesce((SELECT json_extract(output, '$.key') FROM task WHERE id = $1"
            " AND state = 'done' AND operation = 'sim.paid'), '') AS n", /* cards cost nobody */
            task);
        const struct sim_job *job;

        if (key.size == 0)
            continue;
        job = sim_find_job(sim, arena_cstr(sim->place->arena, key));
        assert_non_null(job);
        assert_int_equal(job->charges, 1);
        assert_int_equal(job->task_id, task);
    }
}

/* ---- One seed ---- */

struct plays {
    int64_t kills, moves, shares, breakers, backoffs, backoff_shares, finals, kept_waiting;
};

static uint64_t simulate(struct place *place, uint64_t seed, struct core_counts *counts,
                         struct plays *plays)
{
    static struct history history;
    struct sim *sim = sim_create(place, seed);
    const int kill_rate = sim_below(sim, 3) == 0 ? 0 : (int)(1 + sim_below(sim, 25));
    const int64_t length = 300 + sim_below(sim, 700);
    uint64_t trace;

    history = (struct history){.sim = sim};
    history_of = &history;
    sim_draw_faults(sim);
    if (seed % 3 == 0)
        sim_draw_stand_ins(sim);
    if (seed % 7 == 4 || seed % 7 == 6) /* and so in 2 of 7 of all scenes below */
        sim_draw_advice_and_pauses(sim);
    while (!sim_boot(sim, sim_below(sim, 4) == 0))
        ;
    if (seed % 32 == 21)
        sim_poison(sim);
    if (seed % 32 == 17)
        sim_spare_key(sim);
    if (seed % 16 == 9)
        sim_tell_late(sim);
    for (int64_t at = 0; at < length; at++) {
        if (sim->is_kept_late && sim_often(sim, 500))
            cancel_what_is_kept(&history);
        else if (sim_often(sim, 90))
            act(&history);
        if (!sim_step(sim, sim_now(sim) + 60000))
            act(&history);
        check_memory(sim);
        if (sim_often(sim, kill_rate > 0 && sim->drawn.late > 0 && sim_is_telling(sim) ? 250
                                                                                       : kill_rate))
            die_and_come_back(&history);
    }
    if (seed % 32 == 5 && !sim_has_stand_ins(sim))
        sim_crowd(sim);
    if (seed % 32 == 13)
        sim_storm(sim);
    heal(&history);
    check_end(&history);
    for (int class = 0; class < FAILURE_CLASS_COUNT; class ++)
        counts->retries[class] += core_counts(sim->core)->retries[class];
    counts->claims += core_counts(sim->core)->claims;
    plays->kills += history.kills;
    plays->moves += sim->moves;
    plays->shares += sim->shares_seen;
    plays->breakers += sim->breakers_seen;
    plays->finals += sim->finals_seen;
    plays->kept_waiting += sim->kept_waiting;
    plays->backoffs += sim->backoffs;
    plays->backoff_shares += sim->backoff_shares;
    sim_trace(sim, "end", ask(place, "SELECT coalesce(sum(seq), 0) AS n FROM event_head", 0));
    trace = sim->trace;
    sim_destroy(sim);
    arena_reset(place->arena);
    return trace;
}

/* At which a fault of the engine was found once: always played. */
static const uint64_t kept[] = {960};

static uint64_t playing; /* the seed */
static bool is_over, is_of_file;

static void play_twice(struct place *place, uint64_t seed, struct core_counts *counts,
                       struct plays *plays)
{
    uint64_t trace;

    playing = seed;
    trace = simulate(place, seed, counts, plays);
    if (getenv("SIM_ONCE") == NULL && simulate(place, seed, counts, plays) != trace)
        fail_msg("seed %" PRIu64 " went two ways", seed);
}

/* What failed on this machine before, a seed a line. */
static void play_file(struct place *place, struct core_counts *counts, struct plays *plays)
{
    const char *path = getenv("SIM_KEEP");
    FILE *in = path == NULL ? NULL : fopen(path, "re");
    uint64_t seed;

    is_of_file = true;
    while (in != NULL && fscanf(in, "%" SCNu64, &seed) == 1)
        play_twice(place, seed, counts, plays);
    is_of_file = false;
    if (in != NULL)
        (void)fclose(in);
}

static void test_every_seed_keeps_the_invariants_and_comes_to_rest(void **state)
{
    const char *one = getenv("SIM_SEED"), *many = getenv("SIM_SEEDS");
    const uint64_t first = one != NULL ? strtoull(one, NULL, 10) : 0;
    const uint64_t count = one != NULL ? 1 : many != NULL ? strtoull(many, NULL, 10) : 100;
    struct place *place = *state;
    struct core_counts counts = {0};
    struct plays plays = {0};

    log_configure(LOG_ERROR + 1, false); /* refusals of storage are part of the play */
    for (size_t index = 0; one == NULL && index < COUNT(kept); index++)
        play_twice(place, kept[index], &counts, &plays);
    if (one == NULL)
        play_file(place, &counts, &plays);
    for (uint64_t seed = first; seed < first + count; seed++)
        play_twice(place, seed, &counts, &plays);
    /* Chance has each wait between none and the longest. */
    if (plays.backoffs > 1000)
        check(llabs(plays.backoff_shares / plays.backoffs - 500) < 50,
              "tries are as far apart as they are meant to be");
    if (count >= 100) {
        check(plays.breakers > 0, "a breaker was seen to open");
        check(plays.finals > 0, "a provider's final word was heard");
        check(plays.kept_waiting > 0, "a task was seen to wait for a paused model");
    }
    is_over = true;
    print_message("%" PRIu64 " seeds twice, %" PRId64 " kills, %" PRIu64 " claims, %" PRId64
                  " by a stand-in, %" PRId64 " hundreds of picks shared, %" PRId64
                  " breakers open, %" PRId64 " final words, %" PRId64
                  " tasks kept by a paused model, %" PRId64 " waits between tries of %" PRId64
                  " thousandths of their longest\n",
                  count, plays.kills, counts.claims, plays.moves, plays.shares, plays.breakers,
                  plays.finals, plays.kept_waiting, plays.backoffs,
                  plays.backoffs == 0 ? 0 : plays.backoff_shares / plays.backoffs);
}

/* Also when an assertion of the engine itself ends the process. */
static void tell_seed(void)
{
    const char *path = getenv("SIM_KEEP");
    FILE *out = is_over || is_of_file || path == NULL ? NULL : fopen(path, "ae");

    if (!is_over)
        fprintf(stderr, "seed %" PRIu64 " fails; again: SIM_SEED=%" PRIu64 " SIM_TRACE=1 %s\n",
                playing, playing, program_invocation_name);
    if (out != NULL && fprintf(out, "%" PRIu64 "\n", playing) > 0)
        (void)fclose(out);
}

static void on_abort(int number)
{
    (void)number;
    tell_seed();
    _exit(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_every_seed_keeps_the_invariants_and_comes_to_rest),
    };

    (void)atexit(tell_seed);
    (void)signal(SIGABRT, on_abort);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
