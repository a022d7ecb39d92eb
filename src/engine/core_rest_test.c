/* When the core comes to rest, what it does when others refuse, and how it stops. */
#include "engine/sim_play_private.h"

/* ---- Looking a call up ---- */

static int64_t look_ups(const struct sim *sim)
{
    int64_t count = 0;

    for (const struct sim_exchange *exchange = sim->exchanges; exchange != NULL;
         exchange = exchange->next)
        count += exchange->purpose == EXCHANGE_LOOK_UP;
    return count;
}

/* The account's rule is to hold and ask; but nobody needs to be asked what the provider knows. */
static void test_a_lost_answer_is_asked_for_and_nothing_is_held(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_ASYNC_FOUND);

    PLAY(sim, SIM_LOST_AFTER);
    run_until(sim, task, "done");
    assert_int_equal(sim->charges[task], 1);
    assert_int_equal(look_ups(sim), 1);
    assert_int_equal(ask(sim->place, "SELECT count(*) AS n FROM call", 0), 1);
    finish(sim, "found");
}

static void test_a_death_at_any_event_is_looked_up(void **state)
{
    struct place *place = *state;
    bool is_over = false;
    int64_t found = 0;

    for (int64_t at = 0; !is_over; at++) {
        struct sim *sim = start(place);
        const int64_t task = submit_paid(sim, SIM_ASYNC_FOUND);

        sim->work_ms = 3000;
        PLAY(sim, SIM_OK);
        for (int64_t step = 0; step < at && !is_over; step++)
            is_over = !sim_step(sim, sim_now(sim) + 60 * MINUTE_MS);
        sim_kill(sim);
        assert_true(sim_boot(sim, false));
        sim_run_for(sim, 60 * MINUTE_MS);
        /* What arrived is found; what did not may be asked about, and is never sent again. */
        if (sim->charges[task] == 1)
            expect_state(place, task, "done", "charged, so found");
        else if (!is_in(sim, task, "none"))
            check_text(ask_text(place, "SELECT hold_reason AS n FROM task WHERE id = $1", task),
                       "unknown", "not there");
        found += look_ups(sim) > 0 && is_in(sim, task, "done");
        finish(sim, "after a death");
        arena_reset(place->arena);
    }
    check(found > 0, "some were looked up");
}

/* Not there is no proof: it may be on its way for a minute, and forgotten afterwards. */
static void test_what_is_not_found_is_never_taken_for_unsent(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_ASYNC_FOUND);
    struct sim_job *job;

    PLAY(sim, SIM_LOST_AFTER);
    while (sim->job_count == 0)
        assert_true(sim_step(sim, INT64_MAX - 1));
    job = &sim->jobs[0];
    job->is_forgotten = true;
    run_until(sim, task, "held");
    check(sim_now(sim) - job->first_at_ms > MINUTE_MS - 10000, "asked for a minute");
    check(look_ups(sim) > 1, "more than once");
    expect_call(sim->place, task, "unknown", "not found");
    control(sim, task, TASK_CONTROL_LOOK_UP);
    sim_run_for(sim, 60000);
    expect_state(sim->place, task, "held", "still not there");
    job->is_forgotten = false;
    control(sim, task, TASK_CONTROL_LOOK_UP);
    run_until(sim, task, "done");
    assert_int_equal(sim->charges[task], 1);
    finish(sim, "remembered");
}

static void test_a_look_up_that_fails_is_made_again(void **state)
{
    static const enum sim_outcome troubles[] = {SIM_NOT_SENT, SIM_LOST_BEFORE, SIM_LOST_AFTER,
                                                SIM_THROTTLED, SIM_SERVER};

    for (size_t row = 0; row < COUNT(troubles); row++) {
        struct sim *sim = start(*state);
        const int64_t task = submit_paid(sim, SIM_ASYNC_FOUND);

        PLAY(sim, SIM_LOST_AFTER);
        sim->faults.outcomes[troubles[row]] = 1000; /* of all but the submission */
        sim_run_for(sim, 10 * MINUTE_MS);
        expect_state(sim->place, task, "ready", "the question is open");
        assert_int_equal(ask(sim->place, "SELECT tries AS n FROM task WHERE id = $1", task), 1);
        sim->faults.outcomes[troubles[row]] = 0;
        run_until(sim, task, "done");
        assert_int_equal(sim->charges[task], 1);
        finish(sim, "asked until it was told");
    }
}

static void test_only_who_can_be_asked_is_asked(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_ASYNC);

    PLAY(sim, SIM_LOST_AFTER);
    run_until(sim, task, "held");
    control(sim, task, TASK_CONTROL_LOOK_UP);
    sim_run_for(sim, MINUTE_MS);
    expect_state(sim->place, task, "held", "it knows no call by its key");
    expect_call(sim->place, task, "unknown", "as before");
    finish(sim, "refused");
}

/* ---- Rest ---- */

/* What the core does while nothing can happen: a handful of wake-ups, no more. */
static void expect_rest(struct sim *sim, const char *because)
{
    uint64_t before;

    sim_run_for(sim, 20000); /* what was under way */
    before = sim->fired;
    sim_run_for(sim, 10 * MINUTE_MS);
    check(sim->fired - before < 20, because);
}

static void test_a_stopped_lane_lets_the_core_rest(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);

    sim->providers[SIM_SYNC].concurrency = 1;
    PLAY(sim, SIM_THROTTLED, SIM_AUTH);
    run_until(sim, task, "running");
    (void)submit_paid(sim, SIM_SYNC);
    (void)submit_paid(sim, SIM_SYNC);
    expect_rest(sim, "a rest that is over is nothing to wake up for");
    assert_int_equal(ask(sim->place, "SELECT count(*) AS n FROM task WHERE state = 'held'", 0), 1);
    finish(sim, "stopped");
}

static void test_a_paused_engine_rests(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);

    PLAY(sim, SIM_SERVER);
    run_until(sim, task, "running");
    run_until(sim, task, "ready");
    core_pause(sim->core, true);
    expect_rest(sim, "a task whose time has come may not start");
    expect_state(sim->place, task, "ready", "paused");
    core_pause(sim->core, false);
    run_until(sim, task, "done");
    finish(sim, "resumed");
}

static void test_a_full_disk_starts_nothing_but_waits_for_what_runs(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_ASYNC), second = task + 1;
    int64_t asked, from_ms;

    sim->work_ms = 2 * MINUTE_MS;
    run_until(sim, task, "waiting");
    sim->faults.no_room = 1000;
    assert_int_equal(submit_paid(sim, SIM_SYNC), second);
    from_ms = sim_now(sim);
    run_until(sim, task, "done");
    check(sim_now(sim) - from_ms < 3 * MINUTE_MS, "asked for in time");
    expect_state(sim->place, second, "ready", "no room to begin");
    sim->faults.no_room = 0;
    asked = sim_now(sim);
    run_until(sim, second, "done");
    check(sim_now(sim) - asked < MINUTE_MS, "seen soon");
    finish(sim, "room again");
}

/* The answer waits in memory: the task neither fails nor asks a person, and nothing is paid twice.
 */
static void test_a_paid_result_without_a_place_waits_until_there_is_one(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);

    sim->faults.no_place = 1000;
    sim_run_for(sim, 50 * MINUTE_MS);
    expect_state(sim->place, task, "running", "its answer is here");
    expect_call(sim->place, task, "sent", "not kept yet");
    control(sim, task, TASK_CONTROL_CANCEL); /* what is paid for is not thrown away */
    sim_run_for(sim, MINUTE_MS);
    sim->faults.no_place = 0;
    run_until(sim, task, "done");
    assert_int_equal(sim->charges[task], 1);
    assert_int_equal(ask(sim->place, "SELECT tries AS n FROM task WHERE id = $1", task), 0);
    finish(sim, "kept at last");
}

static void test_an_expired_task_fails_even_while_all_is_paused(void **state)
{
    struct sim *sim = start(*state);
    int64_t task;

    core_pause(sim->core, true);
    task = submit_one(sim, "sim.local", 0, 5 * MINUTE_MS);
    sim_run_for(sim, 5 * MINUTE_MS + 1000);
    expect_state(sim->place, task, "failed", "its time to start has passed");
    finish(sim, "expired");
}

/* ---- Limits that a service tells of ---- */

/* The model's rest, which must be the only thing told; 0: there is none. */
static int64_t rest_of(const struct sim *sim, const char *reason)
{
    struct lane_model_view models[4];
    const int64_t now_ms = sim->place->time.wall_ms;
    const size_t count = scheduler_models(core_scheduler(sim->core), now_ms, models, COUNT(models));

    for (size_t at = 0; at < count; at++) {
        if (models[at].pause_until_ms == 0)
            continue;
        check_text(str_of(models[at].reason), reason, "why it rests");
        return models[at].pause_until_ms;
    }
    return 0;
}

static void test_what_is_used_up_is_not_asked_for_until_there_is_some_again(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC), second = task + 1;
    int64_t until_ms;

    sim->faults.used_up = 1000;
    run_until(sim, task, "done"); /* the answer itself is as good as any */
    until_ms = rest_of(sim, "used_up");
    check(until_ms > sim->place->time.wall_ms, "it rests");
    check(until_ms <= sim->place->time.wall_ms + 44000, "not longer than it was told, and a tenth");
    sim->faults.used_up = 0;
    assert_int_equal(submit_paid(sim, SIM_SYNC), second);
    sim_run_for(sim, until_ms - sim->place->time.wall_ms - 1);
    expect_state(sim->place, second, "ready", "it waits, and no try is counted");
    assert_int_equal(sim->charges[second], 0);
    run_until(sim, second, "done");
    check(sim->place->time.wall_ms - until_ms < 10000, "and goes by itself");
    assert_int_equal(ask(sim->place, "SELECT max(tries) AS n FROM task", 0), 0);
    assert_int_equal(rest_of(sim, ""), 0);
    finish(sim, "used up");
}

static void test_a_429_and_what_is_used_up_rest_once_and_for_the_refusal(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);

    sim->faults.used_up = 1000;
    PLAY(sim, SIM_THROTTLED);
    run_until(sim, task, "running");
    run_until(sim, task, "ready");
    check(rest_of(sim, "throttled") > sim->place->time.wall_ms, "it was refused");
    sim->faults.used_up = 0;
    run_until(sim, task, "done");
    finish(sim, "refused");
}

/* A poll has limits of its own, and what is fetched lies elsewhere. */
static void test_polls_and_fetches_tell_nothing_of_a_submissions_limits(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_ASYNC);

    run_until(sim, task, "waiting");
    sim->faults.used_up = sim->faults.fetch = 1000;
    run_until(sim, task, "done");
    assert_int_equal(rest_of(sim, ""), 0);
    finish(sim, "of submissions alone");
}

/* ---- Storage and nouns that refuse ---- */

static void test_storage_that_refuses_is_asked_until_it_takes_it(void **state)
{
    for (int64_t provider = SIM_SYNC; provider < SIM_PROVIDERS; provider++) {
        struct sim *sim = start(*state);
        const int64_t task = submit_paid(sim, provider);

        run_until(sim, task, "running");
        sim->faults.storage = 700;
        run_until(sim, task, "done");
        assert_int_equal(sim->charges[task], 1);
        sim->faults.storage = 0;
        finish(sim, "taken in the end");
    }
}

static void test_a_result_that_no_noun_wants_fails_its_task_and_stays_with_its_call(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);

    sim->faults.record = 1000;
    run_until(sim, task, "failed");
    check_text(ask_text(sim->place, "SELECT error_message AS n FROM task", 0), "no noun wants it",
               "why");
    expect_call(sim->place, task, "finished", "it was paid for");
    assert_int_equal(ask(sim->place, "SELECT tries AS n FROM task", 0), TEST_TRIES);
    sim->faults.record = 0;
    control(sim, task, TASK_CONTROL_RETRY);
    run_until(sim, task, "done");
    assert_int_equal(sim->charges[task], 1);
    finish(sim, "wanted after all");
}

/* Paid and kept, then the process died: the task stands ready to adopt its result. */
static void test_a_cancel_keeps_what_was_paid_also_of_a_run_that_is_paused(void **state)
{
    for (int is_run_paused = 0; is_run_paused < 2; is_run_paused++) {
        struct sim *sim = start(*state);
        const int64_t task = submit_paid(sim, SIM_SYNC);

        while (ask(sim->place, "SELECT count(*) AS n FROM call WHERE state = 'finished'", 0) == 0)
            assert_true(sim_step(sim, INT64_MAX - 1));
        sim_kill(sim);
        assert_true(sim_boot(sim, false));
        core_pause(sim->core, true);
        if (is_run_paused) {
            control_its_run(sim, task, RUN_PAUSE);
            sim_run_for(sim, 1000);
        }
        control(sim, task, TASK_CONTROL_CANCEL);
        sim_run_for(sim, 1000);
        core_pause(sim->core, false);
        run_until(sim, task, "done");
        assert_true(sim->is_recorded[task]);
        assert_int_equal(sim->charges[task], 1);
        finish(sim, "adopted");
    }
}

static void test_a_task_that_was_deleted_is_forgotten(void **state)
{
    static const char *const states[] = {"running", "waiting"};

    for (size_t row = 0; row < COUNT(states); row++) {
        struct sim *sim = start(*state);
        const int64_t task = submit_paid(sim, SIM_ASYNC);
        struct core_view view;

        run_until(sim, task, states[row]);
        assert_true(execute(sim->place, "DELETE FROM run"));
        sim_run_for(sim, 10 * MINUTE_MS);
        core_view(sim->core, &view);
        assert_int_equal(view.running, 0);
        assert_int_equal(view.waiting, 0);
        expect_rest(sim, "nothing is left to ask for");
        sim_destroy(sim);
    }
}

static void test_an_operation_nobody_knows_fails(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_one(sim, "sim.tomorrow", 0, 0);

    run_until(sim, task, "failed");
    finish(sim, "failed");
}

/* ---- Stop and crash ---- */

static void test_a_drain_gives_back_what_has_sent_nothing(void **state)
{
    struct sim *sim = start(*state);
    const int64_t sent = submit_paid(sim, SIM_SYNC), fresh = sent + 1, waits = sent + 2;
    struct core_view view;

    sim->providers[SIM_SYNC].concurrency = 2;
    while (sim->charges[sent] == 0)
        assert_true(sim_step(sim, INT64_MAX - 1));
    assert_int_equal(submit_paid(sim, SIM_SYNC), fresh);
    run_until(sim, fresh, "running");
    core_drain(sim->core);
    assert_int_equal(submit_paid(sim, SIM_SYNC), waits);
    sim_run_for(sim, MINUTE_MS);
    core_view(sim->core, &view);
    assert_true(view.is_draining);
    assert_int_equal(view.running, 0);
    expect_state(sim->place, sent, "done", "its call may end");
    expect_state(sim->place, fresh, "ready", "given back");
    expect_state(sim->place, waits, "ready", "not begun");
    assert_int_equal(ask(sim->place, "SELECT tries AS n FROM task WHERE id = $1", fresh), 0);
    sim_kill(sim);
    assert_true(sim_boot(sim, false));
    run_until(sim, fresh, "done");
    run_until(sim, waits, "done");
    finish(sim, "drained");
}

static void test_a_task_that_kills_each_time_is_held_in_the_end(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_one(sim, "sim.local", 0, 0);

    for (int death = 1; death <= 5; death++) {
        run_until(sim, task, "running");
        sim_kill(sim);
        assert_true(sim_boot(sim, false));
        expect_state(sim->place, task, death < 5 ? "ready" : "held", "after one more death");
    }
    check_text(ask_text(sim->place, "SELECT hold_reason AS n FROM task", 0), "poison", "why");
    control(sim, task, TASK_CONTROL_REPEAT);
    run_until(sim, task, "done");
    finish(sim, "a person took the risk");
}

static void test_a_death_in_the_recovery_is_as_one_before_it(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_ASYNC);

    run_until(sim, task, "running");
    sim_kill(sim);
    for (int deaths = 0; deaths < 3; deaths++) {
        assert_false(sim_boot(sim, true));
        expect_state(sim->place, task, "running", "rolled back");
        assert_int_equal(ask(sim->place, "SELECT crash_count AS n FROM task", 0), 0);
    }
    assert_true(sim_boot(sim, false));
    run_until(sim, task, "done");
    finish(sim, "recovered");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_a_lost_answer_is_asked_for_and_nothing_is_held),
        PLACE_TEST(test_a_death_at_any_event_is_looked_up),
        PLACE_TEST(test_what_is_not_found_is_never_taken_for_unsent),
        PLACE_TEST(test_a_look_up_that_fails_is_made_again),
        PLACE_TEST(test_only_who_can_be_asked_is_asked),
        PLACE_TEST(test_a_stopped_lane_lets_the_core_rest),
        PLACE_TEST(test_a_paused_engine_rests),
        PLACE_TEST(test_a_full_disk_starts_nothing_but_waits_for_what_runs),
        PLACE_TEST(test_an_expired_task_fails_even_while_all_is_paused),
        PLACE_TEST(test_a_paid_result_without_a_place_waits_until_there_is_one),
        PLACE_TEST(test_what_is_used_up_is_not_asked_for_until_there_is_some_again),
        PLACE_TEST(test_a_429_and_what_is_used_up_rest_once_and_for_the_refusal),
        PLACE_TEST(test_polls_and_fetches_tell_nothing_of_a_submissions_limits),
        PLACE_TEST(test_storage_that_refuses_is_asked_until_it_takes_it),
        PLACE_TEST(test_a_result_that_no_noun_wants_fails_its_task_and_stays_with_its_call),
        PLACE_TEST(test_a_cancel_keeps_what_was_paid_also_of_a_run_that_is_paused),
        PLACE_TEST(test_a_task_that_was_deleted_is_forgotten),
        PLACE_TEST(test_an_operation_nobody_knows_fails),
        PLACE_TEST(test_a_drain_gives_back_what_has_sent_nothing),
        PLACE_TEST(test_a_task_that_kills_each_time_is_held_in_the_end),
        PLACE_TEST(test_a_death_in_the_recovery_is_as_one_before_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
