/* An account with several keys, played through the core. */
#include "engine/sim_play_private.h"

static void give_keys(struct sim *sim, int64_t provider_id, size_t count)
{
    for (size_t index = 0; index < count; index++)
        sim->keys[provider_id][index] =
            (struct provider_key){.id = sim->next_key++, .weight = 1, .is_enabled = true};
    sim->providers[provider_id].key_count = count;
}

static int64_t key_of_call(struct sim *sim, int64_t task)
{
    return ask(sim->place,
               "SELECT coalesce((SELECT key_id FROM call WHERE task_id = $1"
               " ORDER BY id DESC LIMIT 1), -1) AS n",
               task);
}

static void test_keys_take_turns_and_calls_keep_theirs(void **state)
{
    struct sim *sim = start(*state);
    int64_t tasks[6], of_first = 0;

    give_keys(sim, SIM_SYNC, 2);
    for (size_t index = 0; index < COUNT(tasks); index++) {
        tasks[index] = submit_paid(sim, SIM_SYNC);
        run_until(sim, tasks[index], "done");
        of_first += key_of_call(sim, tasks[index]) == sim->keys[SIM_SYNC][0].id;
    }
    assert_int_equal(of_first, COUNT(tasks) / 2);
    finish(sim, "two keys");
}

static void test_a_rejected_key_rests_and_another_one_goes_on(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);
    struct lane_view lanes[8];
    size_t count, at = 0;

    give_keys(sim, SIM_SYNC, 2);
    PLAY(sim, SIM_AUTH);
    run_until(sim, task, "done");
    assert_int_equal(ask(sim->place, "SELECT tries AS n FROM task WHERE id = $1", task), 0);
    assert_int_equal(key_of_call(sim, task), sim->keys[SIM_SYNC][1].id);
    for (int more = 0; more < 3; more++) {
        const int64_t next = submit_paid(sim, SIM_SYNC);

        run_until(sim, next, "done");
        assert_int_equal(key_of_call(sim, next), sim->keys[SIM_SYNC][1].id);
    }
    count = scheduler_lanes(core_scheduler(sim->core), 0, lanes, COUNT(lanes));
    while (at < count && lanes[at].provider_id != SIM_SYNC)
        at++;
    assert_true(at < count);
    assert_false(lanes[at].is_paused);
    assert_int_equal(lanes[at].resting_count, 1);
    assert_int_equal(lanes[at].resting[0].id, sim->keys[SIM_SYNC][0].id);
    assert_string_equal(lanes[at].resting[0].reason, "auth");
    finish(sim, "one is enough");
}

/* Another master key, say: what was begun with it is neither doubted nor made again (P4). */
static void test_a_sealed_key_drops_nothing(void **state)
{
    for (int rule = ON_UNKNOWN_HOLD; rule <= ON_UNKNOWN_RETRY; rule++) {
        for (int provider = SIM_KEYED; provider <= SIM_ASYNC; provider++) {
            struct sim *sim = start(*state);
            const char *const under_way = provider == SIM_ASYNC ? "waiting" : "running";
            int64_t task;

            sim->providers[provider].on_unknown = (enum on_unknown)rule;
            give_keys(sim, provider, 1);
            task = submit_paid(sim, provider);
            sim->work_ms = 5 * MINUTE_MS;
            run_until(sim, task, under_way);
            while (ask(sim->place, "SELECT count(*) AS n FROM call", 0) == 0)
                check(sim_step(sim, INT64_MAX - 1), "it is on its way");
            sim->keys[provider][0].is_sealed = true;
            sim->keys[provider][0].is_enabled = false;
            sim->down_ms = 1000;
            sim_kill(sim);
            check(sim_boot(sim, false), "a start with the wrong one");
            sim_run_for(sim, 5 * MINUTE_MS); /* the keyed one honours it for longer */
            check(is_in(sim, task, provider == SIM_ASYNC ? "waiting" : "ready"), "it waits");
            sim->keys[provider][0].is_sealed = false;
            sim->keys[provider][0].is_enabled = true;
            sim_kill(sim);
            check(sim_boot(sim, false), "and with the right one");
            run_until(sim, task, "done");
            check(sim->charges[task] == 1, "paid for once");
            check(ask(sim->place, "SELECT count(*) AS n FROM call", 0) == 1, "and asked once");
            finish(sim, "the same call");
        }
    }
}

/* How many accounts rest as a whole. */
static int resting(const struct sim *sim)
{
    struct lane_view lanes[8];
    const size_t count =
        scheduler_lanes(core_scheduler(sim->core), sim->place->time.wall_ms, lanes, COUNT(lanes));
    int rests = 0;

    for (size_t at = 0; at < count; at++)
        rests += lanes[at].pause_until_ms > 0;
    return rests;
}

static int64_t throttled_calls(const struct sim *sim)
{
    return ask(sim->place, "SELECT count(*) AS n FROM call WHERE class = 'throttled'", 0);
}

static void test_a_throttled_key_rests_and_the_other_is_asked_at_once(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);

    give_keys(sim, SIM_SYNC, 2);
    PLAY(sim, SIM_THROTTLED);
    run_until(sim, task, "done");
    assert_int_equal(ask(sim->place, "SELECT tries AS n FROM task WHERE id = $1", task), 0);
    assert_int_equal(key_of_call(sim, task), sim->keys[SIM_SYNC][1].id);
    assert_int_equal(throttled_calls(sim), 1);
    assert_int_equal(resting(sim), 0);
    finish(sim, "only a key had enough");
}

static void test_an_only_key_that_is_throttled_rests_its_model(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);

    give_keys(sim, SIM_SYNC, 1);
    PLAY(sim, SIM_THROTTLED);
    while (throttled_calls(sim) < 1)
        assert_true(sim_step(sim, sim_now(sim) + 60 * MINUTE_MS));
    assert_int_equal(resting(sim), 1);
    run_until(sim, task, "done");
    assert_int_equal(ask(sim->place, "SELECT tries AS n FROM task WHERE id = $1", task), 0);
    finish(sim, "it had enough");
}

static void test_a_key_that_is_used_up_rests_and_the_model_does_when_it_was_the_last(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);
    struct lane_view lanes[8];
    size_t count, at = 0;

    give_keys(sim, SIM_SYNC, 2);
    sim->faults.used_up = 1000;
    run_until(sim, task, "done");
    assert_int_equal(resting(sim), 0);
    count =
        scheduler_lanes(core_scheduler(sim->core), sim->place->time.wall_ms, lanes, COUNT(lanes));
    while (at < count && lanes[at].provider_id != SIM_SYNC)
        at++;
    assert_true(at < count);
    assert_int_equal(lanes[at].resting_count, 1);
    assert_int_equal(lanes[at].resting[0].id, key_of_call(sim, task));
    assert_string_equal(lanes[at].resting[0].reason, "used_up");
    check(lanes[at].resting[0].until_ms > sim->place->time.wall_ms, "it goes on by itself");
    run_until(sim, submit_paid(sim, SIM_SYNC), "done");
    assert_int_equal(key_of_call(sim, task + 1), sim->keys[SIM_SYNC][1].id);
    assert_int_equal(resting(sim), 1);
    finish(sim, "one after the other");
}

static void test_when_all_are_rejected_the_account_stops_and_asks(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);
    struct lane_limits limits;

    give_keys(sim, SIM_SYNC, 3);
    PLAY(sim, SIM_AUTH, SIM_AUTH, SIM_AUTH);
    run_until(sim, task, "held");
    assert_int_equal(ask(sim->place, "SELECT count(DISTINCT key_id) AS n FROM call", 0), 3);
    assert_true(scheduler_is_stopped(core_scheduler(sim->core), SIM_SYNC));
    assert_int_equal(
        ask(sim->place, "SELECT count(*) AS n FROM task WHERE hold_reason = 'auth'", 0), 1);
    /* The owner looks: all are asked again. */
    sim_load_lane(sim, SIM_SYNC, &limits);
    core_set_lane(sim->core, SIM_SYNC, &limits);
    control(sim, task, TASK_CONTROL_REPEAT);
    run_until(sim, task, "done");
    finish(sim, "asked again");
}

static void test_remote_work_is_asked_for_with_the_key_that_began_it(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_ASYNC);
    int64_t began;

    sim->work_ms = 20000;
    give_keys(sim, SIM_ASYNC, 2);
    run_until(sim, task, "waiting");
    began = key_of_call(sim, task);
    sim->keys[SIM_ASYNC][began == sim->keys[SIM_ASYNC][0].id ? 0 : 1].is_enabled = false;
    sim_kill(sim);
    assert_true(sim_boot(sim, false));
    run_until(sim, task, "done"); /* the simulation fails a poll with another key */
    assert_int_equal(key_of_call(sim, task), began);
    finish(sim, "its own key");
}

static void test_an_open_call_is_sent_again_with_its_own_key(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_KEYED);
    int64_t began;

    give_keys(sim, SIM_KEYED, 3);
    PLAY(sim, SIM_LOST_AFTER, SIM_LOST_BEFORE, SIM_OK);
    run_until(sim, task, "done");
    began = key_of_call(sim, task);
    assert_true(began > 0);
    assert_int_equal(ask(sim->place, "SELECT count(*) AS n FROM call", 0), 1);
    assert_int_equal(sim->charges[task], 1);
    finish(sim, "sent again");
}

static void test_an_open_call_whose_key_is_rejected_waits_for_its_owner(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_KEYED);

    give_keys(sim, SIM_KEYED, 2);
    PLAY(sim, SIM_LOST_AFTER, SIM_AUTH);
    run_until(sim, task, "held");
    assert_int_equal(ask(sim->place, "SELECT count(*) AS n FROM call WHERE state = 'sent'", 0), 1);
    /* The other key goes on with other tasks. */
    assert_false(scheduler_is_stopped(core_scheduler(sim->core), SIM_KEYED));
    run_until(sim, submit_paid(sim, SIM_KEYED), "done");
    finish(sim, "no stranger's key");
}

static void test_work_whose_key_is_gone_is_in_doubt_and_not_lost(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_ASYNC);

    sim->work_ms = 20000;
    give_keys(sim, SIM_ASYNC, 1);
    run_until(sim, task, "waiting");
    give_keys(sim, SIM_ASYNC, 1); /* against the rule of the settings */
    run_until(sim, task, "held");
    assert_int_equal(ask(sim->place, "SELECT count(*) AS n FROM call WHERE state = 'unknown'", 0),
                     1);
    finish(sim, "in doubt");
}

static void test_a_key_that_went_before_the_intent_is_not_used(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);

    give_keys(sim, SIM_SYNC, 1);
    run_until(sim, task, "running");
    give_keys(sim, SIM_SYNC, 1);
    run_until(sim, task, "done");
    assert_int_equal(key_of_call(sim, task), sim->keys[SIM_SYNC][0].id);
    assert_int_equal(ask(sim->place, "SELECT count(*) AS n FROM call", 0), 1);
    finish(sim, "another one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_keys_take_turns_and_calls_keep_theirs),
        PLACE_TEST(test_a_sealed_key_drops_nothing),
        PLACE_TEST(test_a_rejected_key_rests_and_another_one_goes_on),
        PLACE_TEST(test_a_throttled_key_rests_and_the_other_is_asked_at_once),
        PLACE_TEST(test_an_only_key_that_is_throttled_rests_its_model),
        PLACE_TEST(test_a_key_that_is_used_up_rests_and_the_model_does_when_it_was_the_last),
        PLACE_TEST(test_when_all_are_rejected_the_account_stops_and_asks),
        PLACE_TEST(test_remote_work_is_asked_for_with_the_key_that_began_it),
        PLACE_TEST(test_an_open_call_is_sent_again_with_its_own_key),
        PLACE_TEST(test_an_open_call_whose_key_is_rejected_waits_for_its_owner),
        PLACE_TEST(test_work_whose_key_is_gone_is_in_doubt_and_not_lost),
        PLACE_TEST(test_a_key_that_went_before_the_intent_is_not_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
