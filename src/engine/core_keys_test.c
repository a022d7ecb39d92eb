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
    assert_true(sim_load_lane(sim, SIM_SYNC, &limits));
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
        PLACE_TEST(test_a_rejected_key_rests_and_another_one_goes_on),
        PLACE_TEST(test_when_all_are_rejected_the_account_stops_and_asks),
        PLACE_TEST(test_remote_work_is_asked_for_with_the_key_that_began_it),
        PLACE_TEST(test_an_open_call_is_sent_again_with_its_own_key),
        PLACE_TEST(test_an_open_call_whose_key_is_rejected_waits_for_its_owner),
        PLACE_TEST(test_work_whose_key_is_gone_is_in_doubt_and_not_lost),
        PLACE_TEST(test_a_key_that_went_before_the_intent_is_not_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
