/* The core in the simulated world, one lesson at a time (sim_private.h). */
#include "engine/sim_play_private.h"

/* ---- Money ---- */

static void test_each_kind_of_work_is_done_and_paid_once(void **state)
{
    static const char *const operations[] = {"sim.local", "sim.card", "sim.paid"};

    for (size_t row = 0; row < COUNT(operations); row++)
        for (int64_t provider = SIM_SYNC; provider < SIM_PROVIDERS; provider++) {
            struct sim *sim = start(*state);
            const int64_t task = submit_one(sim, operations[row], provider, 0);

            run_until(sim, task, "done");
            assert_int_equal(sim->charges[task], row == 2);
            finish(sim, operations[row]);
        }
}

static void test_a_key_is_sent_again_until_it_is_answered(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_KEYED);

    /* The first was charged.  What the later ones meet says nothing of that. */
    PLAY(sim, SIM_LOST_AFTER, SIM_NOT_SENT, SIM_THROTTLED, SIM_SERVER, SIM_OK);
    run_until(sim, task, "done");
    assert_int_equal(sim->script_next, 5);
    assert_int_equal(sim->charges[task], 1);
    assert_int_equal(ask(sim->place, "SELECT count(*) AS n FROM call", 0), 1);
    finish(sim, "one call, one charge");
}

static void test_an_outdated_key_is_not_sent_again(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_KEYED);

    PLAY(sim, SIM_LOST_AFTER);
    run_until(sim, task, "running");
    run_until(sim, task, "ready");
    control_its_run(sim, task, RUN_PAUSE);
    sim_run_for(sim, SIM_KEY_WINDOW_MS);
    expect_state(sim->place, task, "ready", "paused until the key is forgotten");
    control_its_run(sim, task, RUN_RESUME);
    run_until(sim, task, "held");
    expect_call(sim->place, task, "unknown", "nobody knows");
    assert_int_equal(sim->charges[task], 1);
    finish(sim, "held");
}

static void test_an_outdated_key_is_not_sent_again_after_a_death(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_KEYED);

    while (sim->charges[task] == 0)
        assert_true(sim_step(sim, INT64_MAX - 1));
    sim_kill(sim);
    sim_pass(sim, SIM_KEY_WINDOW_MS);
    assert_true(sim_boot(sim, false));
    expect_state(sim->place, task, "held", "a person must answer");
    finish(sim, "held");
}

static void test_a_rule_repeats_once_and_then_asks(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);

    sim->providers[SIM_SYNC].on_unknown = ON_UNKNOWN_ONCE_BELOW;
    PLAY(sim, SIM_LOST_AFTER, SIM_LOST_AFTER, SIM_LOST_AFTER);
    run_until(sim, task, "held");
    assert_int_equal(sim->charges[task], 2);
    assert_int_equal(core_counts(sim->core)->repeats, 1);
    control(sim, task, TASK_CONTROL_REPEAT);
    run_until(sim, task, "running");
    run_until(sim, task, "held");
    assert_int_equal(sim->charges[task], 3);
    control(sim, task, TASK_CONTROL_GIVE_UP);
    run_until(sim, task, "failed");
    finish(sim, "given up");
}

static void test_a_paid_result_that_cannot_be_kept_is_not_bought_again_unasked(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);

    sim->faults.spoil = 1000;
    run_until(sim, task, "held");
    assert_int_equal(sim->charges[task], 1);
    finish(sim, "held");
}

static void test_a_kept_result_is_refined_again_not_bought_again(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);

    sim->faults.refine = 1000;
    run_until(sim, task, "running");
    run_until(sim, task, "ready");
    sim_kill(sim);
    assert_true(sim_boot(sim, false));
    sim->faults.refine = 0;
    run_until(sim, task, "done");
    assert_int_equal(sim->charges[task], 1);
    assert_int_equal(sim->script_next, 0);
    finish(sim, "adopted");
}

static void test_without_permission_a_doubtful_task_is_held_not_cancelled(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);
    struct test_work work;
    struct command end;

    PLAY(sim, SIM_LOST_AFTER);
    run_until(sim, task, "held");
    /* As if the permission had got lost: ready behind a call in doubt. */
    sim_kill(sim);
    end = task_control_of(sim->place, task, TASK_CONTROL_REPEAT);
    end.arena = sim->place->arena;
    work = (struct test_work){.place = sim->place, .command = &end};
    assert_true(db_transact(sim->place->pool, "test", test_apply_work, &work, &sim->place->err));
    assert_true(execute(sim->place, "UPDATE task SET may_repeat = 0"));
    assert_true(sim_boot(sim, false));
    run_until(sim, task, "running");
    run_until(sim, task, "held");
    assert_int_equal(sim->charges[task], 1);
    finish(sim, "asked again");
}

static void test_work_that_was_accepted_is_never_submitted_again(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_ASYNC);

    sim->work_ms = 10 * MINUTE_MS;
    run_until(sim, task, "waiting");
    sim_kill(sim);
    /* As if an owner had been taken over before it could tell of the remote id. */
    assert_true(execute(sim->place, "UPDATE task SET state = 'ready', owner = ''"));
    assert_true(execute(sim->place, "UPDATE attempt SET ended_at_ms = 1"));
    assert_true(sim_boot(sim, false));
    run_until(sim, task, "waiting");
    run_until(sim, task, "done");
    assert_int_equal(sim->charges[task], 1);
    finish(sim, "adopted");
}

/* ---- At any event ---- */

static void test_what_stands_behind_starts_when_its_time_has_come(void **state)
{
    struct sim *sim = start(*state);
    struct place *place = sim->place;
    const int64_t first = submit_graph(place, 4, "ab ac bd cd");

    /* Submitted behind the core's back: it hears of the first alone, from a control. */
    assert_true(execute(place, "UPDATE task SET operation = 'sim.local', provider_id = 0"));
    control_its_run(sim, first, RUN_RESUME);
    run_until(sim, first + 3, "done");
    finish(sim, "one after the other");
}

/* Plays the same history again and again, and at its n-th event something happens. */
static void sweep(struct place *place, void (*happen)(struct sim *sim, int64_t task),
                  const char *operation, int64_t provider, bool is_failing)
{
    bool is_over = false;

    for (int64_t at = 0; !is_over; at++) {
        struct sim *sim = start(place);
        const int64_t task = submit_one(sim, operation, provider, 0);

        if (is_failing)
            PLAY(sim, SIM_LOST_AFTER, SIM_SERVER, SIM_OK);
        sim->work_ms = 3000;
        for (int64_t step = 0; step < at && !is_over; step++)
            is_over = !sim_step(sim, sim_now(sim) + 60 * MINUTE_MS);
        if (ask(place, "SELECT count(*) AS n FROM task", 0) == 1)
            happen(sim, task);
        sim_run_for(sim, 60 * MINUTE_MS);
        expect_sound(place, "after it all");
        if (!is_in(sim, task, "held") && !is_in(sim, task, "none"))
            check(ask(place, "SELECT left_count AS n FROM run", 0) == 0, "the run has ended");
        check(sim->charges[task] <= 1, "charged once at most");
        sim_destroy(sim);
        arena_reset(place->arena);
    }
}

static void sweep_all(struct place *place, void (*happen)(struct sim *sim, int64_t task))
{
    sweep(place, happen, "sim.local", 0, false);
    sweep(place, happen, "sim.card", SIM_SYNC, false);
    for (int64_t provider = SIM_SYNC; provider < SIM_PROVIDERS; provider++) {
        sweep(place, happen, "sim.paid", provider, false);
        sweep(place, happen, "sim.paid", provider, true);
    }
}

static void cancel_it(struct sim *sim, int64_t task)
{
    if (!is_in(sim, task, "done"))
        control(sim, task, TASK_CONTROL_CANCEL);
}

static void test_a_cancel_at_any_event_ends_well(void **state) { sweep_all(*state, cancel_it); }

/* A cancel comes too late for what was answered: it is paid for, and only to be brought home. */
static void test_a_cancel_does_not_throw_away_what_is_being_fetched(void **state)
{
    for (int64_t after_ms = 0; after_ms < 12000; after_ms += 300) {
        struct sim *sim = start(*state);
        const int64_t task = submit_paid(sim, SIM_SYNC);
        size_t fetches = 0;

        sim->faults.fetch = 1000;
        sim->faults.outcomes[SIM_SERVER] = 1000; /* of the fetches */
        PLAY(sim, SIM_OK);
        while (fetches == 0) { /* the answer has come when its address is asked */
            assert_true(sim_step(sim, INT64_MAX - 1));
            for (const struct sim_exchange *exchange = sim->exchanges; exchange != NULL;
                 exchange = exchange->next)
                fetches += exchange->purpose == EXCHANGE_FETCH;
        }
        sim_run_for(sim, after_ms);
        cancel_it(sim, task);
        sim->faults.outcomes[SIM_SERVER] = 0;
        sim_run_for(sim, 10 * MINUTE_MS);
        if (!is_in(sim, task, "failed")) /* tried four times in vain */
            expect_state(sim->place, task, "done", "brought home");
        finish(sim, "fetched");
    }
}

static void kill_it(struct sim *sim, int64_t task)
{
    (void)task;
    sim_kill(sim);
    expect_sound(sim->place, "after the death");
    assert_true(sim_boot(sim, false));
    expect_sound(sim->place, "after the recovery");
}

static void test_a_death_at_any_event_costs_nothing_twice(void **state)
{
    sweep_all(*state, kill_it);
}

static void cancel_and_kill_it(struct sim *sim, int64_t task)
{
    cancel_it(sim, task);
    for (int steps = 0; steps < 2; steps++)
        (void)sim_step(sim, sim_now(sim) + 1000);
    kill_it(sim, task);
    kill_it(sim, task);
}

static void test_a_cancel_is_not_forgotten_by_a_death(void **state)
{
    sweep_all(*state, cancel_and_kill_it);
}

static void cancel_and_retry_it(struct sim *sim, int64_t task)
{
    cancel_it(sim, task);
    control_its_run(sim, task, RUN_RETRY);
}

/* The retry may be known before the claim, or whatever was under way, has heard of the cancel. */
static void test_a_retry_right_behind_a_cancel_starts_again(void **state)
{
    struct place *place = *state;
    bool is_over = false;

    for (int64_t at = 0; !is_over; at++) {
        struct sim *sim = start(place);
        const int64_t task = submit_one(sim, "sim.local", 0, 0);

        for (int64_t step = 0; step < at && !is_over; step++)
            is_over = !sim_step(sim, sim_now(sim) + 60 * MINUTE_MS);
        if (ask(place, "SELECT count(*) AS n FROM task", 0) == 1)
            cancel_and_retry_it(sim, task);
        sim_run_for(sim, 60 * MINUTE_MS);
        check(is_in(sim, task, "done") || is_in(sim, task, "cancelled"), "it has ended");
        if (ask(place, "SELECT fence AS n FROM task", 0) > 1)
            expect_state(place, task, "done", "it was started again");
        finish(sim, "after it all");
    }
}

/* ---- Remote work ---- */

static void test_remote_work_ends_at_its_deadline(void **state)
{
    for (int can_stop = 0; can_stop <= 1; can_stop++) {
        struct sim *sim = start(*state);
        const int64_t task = submit_one(sim, "sim.paid", SIM_ASYNC, 5 * MINUTE_MS);
        int64_t late_ms;

        sim->work_ms = 600 * MINUTE_MS;
        run_until(sim, task, "waiting");
        if (!can_stop) /* the provider answers no wish to stop */
            sim->faults.outcomes[SIM_SERVER] = 1000;
        run_until(sim, task, "failed");
        late_ms = ask(sim->place, "SELECT finished_at_ms - deadline_at_ms AS n FROM task", 0);
        check(late_ms >= 0 && late_ms < (can_stop ? 30000 : 90000), "soon after its deadline");
        check_text(ask_text(sim->place, "SELECT error_class AS n FROM task", 0), "deadline",
                   "class");
        finish(sim, "too late");
    }
}

/* Runs until that long from now, the house being dead meanwhile. */
static void be_away(struct sim *sim, int64_t for_ms)
{
    const int64_t until_ms = sim_now(sim) + for_ms;

    sim->down_ms = for_ms;
    sim_kill(sim);
    while (sim_step(sim, until_ms))
        ;
    check(sim_boot(sim, false), "the next start");
}

/* P7: whoever looks at the clock first. */
static void test_what_was_finished_in_time_is_taken_behind_the_deadline(void **state)
{
    enum { JUST_IN_TIME, AWAY, AWAY_AND_THE_NETWORK_IS_LATE, COUNT_OF_WAYS };

    for (int way = 0; way < COUNT_OF_WAYS; way++) {
        struct sim *sim = start(*state);
        const int64_t task = submit_one(sim, "sim.paid", SIM_ASYNC, 5 * MINUTE_MS);

        sim->work_ms = way == JUST_IN_TIME ? 5 * MINUTE_MS - 1500 : MINUTE_MS;
        run_until(sim, task, "waiting");
        if (way != JUST_IN_TIME)
            be_away(sim, 10 * MINUTE_MS);
        if (way == AWAY_AND_THE_NETWORK_IS_LATE) {
            sim->faults.outcomes[SIM_NOT_SENT] = 1000;
            sim_run_for(sim, 5000);
            sim->faults.outcomes[SIM_NOT_SENT] = 0;
        }
        run_until(sim, task, "done");
        expect_call(sim->place, task, "finished", "paid for, and kept");
        finish(sim, "late, and all the same");
    }
}

static void test_what_was_kept_is_taken_behind_the_deadline(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_one(sim, "sim.paid", SIM_SYNC, 5 * MINUTE_MS);

    while (ask(sim->place, "SELECT count(*) AS n FROM call WHERE state = 'finished'", 0) == 0)
        check(sim_step(sim, INT64_MAX - 1), "the result is kept");
    be_away(sim, 10 * MINUTE_MS);
    run_until(sim, task, "done");
    check(sim->charges[task] == 1, "paid for once");
    finish(sim, "late, and all the same");
}

static void test_a_cancel_does_not_wait_on_a_provider_that_answers_nothing(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_ASYNC);
    int64_t from_ms;

    sim->work_ms = 600 * MINUTE_MS;
    run_until(sim, task, "waiting");
    sim->faults.outcomes[SIM_SERVER] = 1000;
    control(sim, task, TASK_CONTROL_CANCEL);
    from_ms = sim_now(sim);
    run_until(sim, task, "cancelled");
    check(sim_now(sim) - from_ms < 2 * MINUTE_MS, "a minute of patience");
    expect_call(sim->place, task, "abandoned", "what it cost stays in doubt");
    finish(sim, "cancelled");
}

static void test_work_of_a_provider_that_is_gone_is_held_or_cancelled(void **state)
{
    for (int is_cancelled = 0; is_cancelled <= 1; is_cancelled++) {
        struct sim *sim = start(*state);
        const int64_t task = submit_paid(sim, SIM_ASYNC);

        sim->work_ms = 600 * MINUTE_MS;
        run_until(sim, task, "waiting");
        sim->is_gone[SIM_ASYNC] = true;
        if (is_cancelled)
            control(sim, task, TASK_CONTROL_CANCEL);
        run_until(sim, task, is_cancelled ? "cancelled" : "held");
        finish(sim, "nobody to ask");
    }
}

static void test_a_task_whose_provider_is_gone_fails_with_a_reason(void **state)
{
    struct sim *sim = start(*state);
    int64_t task;

    sim->is_gone[SIM_SYNC] = true;
    task = submit_paid(sim, SIM_SYNC);
    run_until(sim, task, "failed");
    check_text(ask_text(sim->place, "SELECT error_class AS n FROM task", 0), "invalid", "class");
    finish(sim, "failed");
}

static void test_a_lost_remote_id_is_given_a_minute(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_ASYNC);

    sim->work_ms = 10000;
    run_until(sim, task, "waiting");
    sim->faults.outcomes[SIM_MISSING] = 1000;
    sim_run_for(sim, 40000);
    expect_state(sim->place, task, "waiting", "it may not be known yet");
    sim->faults.outcomes[SIM_MISSING] = 0;
    run_until(sim, task, "done");
    finish(sim, "found");
    sim = start(*state);
    assert_int_equal(submit_paid(sim, SIM_ASYNC), task);
    run_until(sim, task, "waiting");
    sim->faults.outcomes[SIM_MISSING] = 1000;
    run_until(sim, task, "held");
    expect_call(sim->place, task, "unknown", "lost there");
    finish(sim, "lost");
}

static void test_a_pause_while_it_waits_counts_when_it_must_run_again(void **state)
{
    for (int is_resumed = 0; is_resumed <= 1; is_resumed++) {
        struct sim *sim = start(*state);
        const int64_t task = submit_paid(sim, SIM_ASYNC);

        sim->work_ms = 30000;
        sim->faults.remote_fails = 1000;
        run_until(sim, task, "waiting");
        control_its_run(sim, task, RUN_PAUSE);
        sim_run_for(sim, 5000);
        if (is_resumed)
            control_its_run(sim, task, RUN_RESUME);
        run_until(sim, task, "ready");
        sim->faults.remote_fails = 0;
        if (is_resumed) {
            run_until(sim, task, "done");
        } else {
            sim_run_for(sim, 30 * MINUTE_MS);
            expect_state(sim->place, task, "ready", "paused");
        }
        finish(sim, "after a pause");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_each_kind_of_work_is_done_and_paid_once),
        PLACE_TEST(test_a_key_is_sent_again_until_it_is_answered),
        PLACE_TEST(test_an_outdated_key_is_not_sent_again),
        PLACE_TEST(test_an_outdated_key_is_not_sent_again_after_a_death),
        PLACE_TEST(test_a_rule_repeats_once_and_then_asks),
        PLACE_TEST(test_a_paid_result_that_cannot_be_kept_is_not_bought_again_unasked),
        PLACE_TEST(test_a_kept_result_is_refined_again_not_bought_again),
        PLACE_TEST(test_without_permission_a_doubtful_task_is_held_not_cancelled),
        PLACE_TEST(test_work_that_was_accepted_is_never_submitted_again),
        PLACE_TEST(test_what_stands_behind_starts_when_its_time_has_come),
        PLACE_TEST(test_a_cancel_at_any_event_ends_well),
        PLACE_TEST(test_a_cancel_does_not_throw_away_what_is_being_fetched),
        PLACE_TEST(test_a_death_at_any_event_costs_nothing_twice),
        PLACE_TEST(test_a_cancel_is_not_forgotten_by_a_death),
        PLACE_TEST(test_a_retry_right_behind_a_cancel_starts_again),
        PLACE_TEST(test_remote_work_ends_at_its_deadline),
        PLACE_TEST(test_what_was_finished_in_time_is_taken_behind_the_deadline),
        PLACE_TEST(test_what_was_kept_is_taken_behind_the_deadline),
        PLACE_TEST(test_a_cancel_does_not_wait_on_a_provider_that_answers_nothing),
        PLACE_TEST(test_work_of_a_provider_that_is_gone_is_held_or_cancelled),
        PLACE_TEST(test_a_task_whose_provider_is_gone_fails_with_a_reason),
        PLACE_TEST(test_a_lost_remote_id_is_given_a_minute),
        PLACE_TEST(test_a_pause_while_it_waits_counts_when_it_must_run_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
