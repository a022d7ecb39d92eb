/* What was paid for on its way home: by address, and as a kept result. */
#include "engine/sim_play_private.h"

static struct sim *start_by_address(struct place *place)
{
    struct sim *sim = start(place);

    sim->faults.own = 1000;
    return sim;
}

static int64_t held_files(struct sim *sim)
{
    return ask(sim->place, "SELECT count(*) AS n FROM blob_ref WHERE owner LIKE 'call:%'", 0);
}

static int64_t fetches(const struct sim *sim)
{
    int64_t count = 0;

    for (const struct sim_exchange *exchange = sim->exchanges; exchange != NULL;
         exchange = exchange->next)
        count += exchange->purpose == EXCHANGE_FETCH;
    return count;
}

/* ---- By address ---- */

/* The account honours no key and its rule is to ask: so nothing but the addresses saves it. */
static void test_a_death_in_the_download_costs_nothing_and_asks_nobody(void **state)
{
    struct place *place = *state;
    bool is_over = false;
    int64_t resumed = 0;

    for (int64_t at = 0; !is_over; at++) {
        struct sim *sim = start_by_address(place);
        const int64_t task = submit_paid(sim, SIM_SYNC);
        bool is_known;

        PLAY(sim, SIM_OK);
        for (int64_t step = 0; step < at && !is_over; step++)
            is_over = !sim_step(sim, sim_now(sim) + 60 * MINUTE_MS);
        is_known = ask(place, "SELECT count(*) AS n FROM call WHERE state = 'accepted'", 0) == 1;
        sim_kill(sim);
        assert_true(sim_boot(sim, false));
        sim_run_for(sim, 60 * MINUTE_MS);
        if (is_known) {
            expect_state(place, task, "done", "brought home");
            assert_int_equal(sim->charges[task], 1);
            assert_int_equal(ask(place, "SELECT count(*) AS n FROM call", 0), 1);
            resumed++;
        }
        check(sim->charges[task] <= 1, "never made again");
        finish(sim, "after a death");
        arena_reset(place->arena);
    }
    check(resumed > 3, "some died on the way");
}

/* An address may be signed: whoever has it has the picture. */
static void check_it_is_shown_to_nobody(struct sim *sim, int64_t task)
{
    struct place *place = sim->place;
    const struct attempt_view *attempts;
    const struct call_view *call;
    struct list list;
    struct db *db;

    assert_int_equal(ask(place, "SELECT count(*) AS n FROM call WHERE remote_id LIKE 'own:_%'", 0),
                     1);
    assert_int_equal(ask(place, "SELECT count(*) AS n FROM event WHERE body LIKE '%own:%'", 0), 0);
    assert_true(db_borrow(place->pool, &db, &place->err));
    assert_true(view_attempts(db, task, place->arena, &list, &place->err));
    db_give_back(db);
    assert_int_equal(list.count, 1);
    attempts = list.items;
    assert_int_equal(attempts[0].calls.count, 1);
    call = attempts[0].calls.items;
    check_text(call->state, "accepted", "its state is");
    check_text(call->remote_id, "", "its name is not");
}

static void test_an_address_is_asked_while_its_provider_keeps_it_and_holds_no_slot(void **state)
{
    struct sim *sim = start_by_address(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);
    int64_t other;

    sim->is_patient = true;
    sim->providers[SIM_SYNC].concurrency = 1;
    PLAY(sim, SIM_OK, SIM_OK);
    sim->faults.outcomes[SIM_SERVER] = 1000; /* of the fetches */
    run_until(sim, task, "waiting");
    check_it_is_shown_to_nobody(sim, task);
    sim_run_for(sim, 20 * MINUTE_MS);
    expect_state(sim->place, task, "waiting", "its address may be good yet");
    check(fetches(sim) > 10 && fetches(sim) < 200, "and is asked ever more rarely");
    sim->faults.own = 0;
    other = submit_paid(sim, SIM_SYNC);
    run_until(sim, other, "done");
    sim->faults.outcomes[SIM_SERVER] = 0;
    run_until(sim, task, "done");
    assert_int_equal(sim->charges[task], 1);
    check_text(ask_text(sim->place, "SELECT remote_id AS n FROM call WHERE task_id = $1", task), "",
               "the address is forgotten");
    finish(sim, "home in the end");
}

/* An hour when nothing is known of the provider: it may say more, or less. */
static void test_an_address_that_never_answers_is_lost_in_the_end(void **state)
{
    static const struct provider_kind minutes = {.name = "sim", .result_ttl_ms = 10 * MINUTE_MS};
    const struct provider_kind *const kinds[] = {NULL, &minutes};
    const int64_t lives_ms[] = {60 * MINUTE_MS, 10 * MINUTE_MS};

    for (size_t row = 0; row < COUNT(kinds); row++) {
        struct sim *sim = start_by_address(*state);
        const int64_t task = submit_paid(sim, SIM_SYNC);
        int64_t from_ms;

        if (kinds[row] != NULL)
            sim->providers[SIM_SYNC].kind = kinds[row];
        sim->is_patient = true;
        PLAY(sim, SIM_OK);
        sim->faults.outcomes[SIM_SERVER] = 1000;
        run_until(sim, task, "waiting");
        from_ms = sim_now(sim);
        while (!is_in(sim, task, "failed"))
            assert_true(sim_step(sim, from_ms + 2 * lives_ms[row]));
        check(sim_now(sim) - from_ms >= lives_ms[row], "not before its time");
        check(sim_now(sim) - from_ms < lives_ms[row] + 2 * MINUTE_MS, "and not long after it");
        check_text(ask_text(sim->place, "SELECT error_class AS n FROM task WHERE id = $1", task),
                   "result_lost", "why");
        assert_int_equal(ask(sim->place, "SELECT cost_micro AS n FROM call", 0), TEST_PRICE);
        assert_int_equal(sim->charges[task], 1);
        finish(sim, "lost");
    }
}

static void test_who_cancels_does_not_wait_for_an_address_that_never_answers(void **state)
{
    for (int heals = 0; heals < 2; heals++) {
        struct sim *sim = start_by_address(*state);
        const int64_t task = submit_paid(sim, SIM_SYNC);
        int64_t from_ms;

        sim->is_patient = true;
        PLAY(sim, SIM_OK);
        sim->faults.outcomes[SIM_SERVER] = 1000;
        run_until(sim, task, "waiting");
        sim_run_for(sim, MINUTE_MS);
        control(sim, task, TASK_CONTROL_CANCEL);
        from_ms = sim_now(sim);
        if (heals == 1)
            sim->faults.outcomes[SIM_SERVER] = 0;
        run_until(sim, task, heals == 1 ? "done" : "cancelled");
        check(sim_now(sim) - from_ms < 10 * MINUTE_MS, "a minute of patience, and a last try");
        assert_int_equal(sim->charges[task], 1);
        finish(sim, "left");
    }
}

/* Neither the account's row nor its key is needed for an address. */
static void test_an_address_outlives_its_account(void **state)
{
    struct sim *sim = start_by_address(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);

    sim->is_patient = true;
    PLAY(sim, SIM_OK);
    sim->faults.outcomes[SIM_SERVER] = 1000;
    run_until(sim, task, "waiting");
    sim->is_gone[SIM_SYNC] = true;
    sim_run_for(sim, MINUTE_MS);
    sim->faults.outcomes[SIM_SERVER] = 0;
    run_until(sim, task, "done");
    assert_int_equal(sim->charges[task], 1);
    finish(sim, "home without it");
}

/* Nor must its key open. */
static void test_an_address_waits_for_no_key(void **state)
{
    struct sim *sim = start_by_address(*state);
    struct provider_key *key = &sim->keys[SIM_SYNC][0];
    int64_t task;

    *key = (struct provider_key){.id = sim->next_key++, .weight = 1, .is_enabled = true};
    sim->providers[SIM_SYNC].key_count = 1;
    task = submit_paid(sim, SIM_SYNC);
    sim->is_patient = true;
    PLAY(sim, SIM_OK);
    sim->faults.outcomes[SIM_SERVER] = 1000;
    run_until(sim, task, "waiting");
    key->is_sealed = true;
    key->is_enabled = false;
    sim_run_for(sim, MINUTE_MS);
    sim->faults.outcomes[SIM_SERVER] = 0;
    run_until(sim, task, "done");
    assert_int_equal(sim->charges[task], 1);
    finish(sim, "home without it");
}

static void test_a_stop_waits_for_what_may_expire(void **state)
{
    struct sim *sim = start_by_address(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);
    struct core_view view = {0};

    PLAY(sim, SIM_OK);
    run_until(sim, task, "waiting");
    while (view.fetching == 0) {
        assert_true(sim_step(sim, INT64_MAX - 1));
        core_view(sim->core, &view);
    }
    core_drain(sim->core);
    while (view.running + view.fetching > 0) {
        assert_true(sim_step(sim, sim_now(sim) + MINUTE_MS));
        core_view(sim->core, &view);
    }
    expect_state(sim->place, task, "done", "before the end");
    finish(sim, "drained");
}

/* ---- Kept ---- */

static void test_a_kept_file_is_held_until_somebody_has_it(void **state)
{
    struct sim *sim = start(*state);
    const int64_t task = submit_paid(sim, SIM_SYNC);

    sim->faults.refine = 1000;
    run_until(sim, task, "failed");
    assert_int_equal(held_files(sim), 1); /* it may be retried, next year too */
    assert_int_equal(
        ask(sim->place, "SELECT count(*) AS n FROM blob WHERE unreferenced_at_ms IS NULL", 0), 1);
    sim->faults.refine = 0;
    control(sim, task, TASK_CONTROL_RETRY);
    run_until(sim, task, "done");
    assert_int_equal(held_files(sim), 0);
    assert_int_equal(sim->charges[task], 1);
    finish(sim, "adopted");
}

static void test_a_kept_result_of_no_use_is_let_go_and_a_retry_makes_a_new_one(void **state)
{
    for (int dies = 0; dies < 2; dies++) {
        struct sim *sim = start(*state);
        const int64_t task = submit_paid(sim, SIM_SYNC);

        if (dies) { /* found out by who adopts it */
            while (held_files(sim) == 0)
                assert_true(sim_step(sim, INT64_MAX - 1));
            sim_kill(sim);
            assert_true(sim_boot(sim, false));
        }
        sim->faults.lose = 1000;
        run_until(sim, task, "failed");
        expect_call(sim->place, task, "finished", "it stays paid for");
        check_text(
            ask_text(sim->place,
                     "SELECT result || class || cost_micro AS n FROM call WHERE task_id = $1",
                     task),
            "result_lost1000", "and has nothing to adopt");
        check_text(ask_text(sim->place, "SELECT error_class AS n FROM task WHERE id = $1", task),
                   "result_lost", "why");
        assert_int_equal(held_files(sim), 0);
        sim->faults.lose = 0;
        control(sim, task, TASK_CONTROL_RETRY);
        run_until(sim, task, "done");
        assert_int_equal(sim->charges[task], 2); /* a person asked for it */
        assert_int_equal(ask(sim->place, "SELECT cost_micro AS n FROM task WHERE id = $1", task),
                         2 * TEST_PRICE);
        finish(sim, "made anew");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_a_death_in_the_download_costs_nothing_and_asks_nobody),
        PLACE_TEST(test_an_address_is_asked_while_its_provider_keeps_it_and_holds_no_slot),
        PLACE_TEST(test_an_address_that_never_answers_is_lost_in_the_end),
        PLACE_TEST(test_who_cancels_does_not_wait_for_an_address_that_never_answers),
        PLACE_TEST(test_an_address_outlives_its_account),
        PLACE_TEST(test_an_address_waits_for_no_key),
        PLACE_TEST(test_a_stop_waits_for_what_may_expire),
        PLACE_TEST(test_a_kept_file_is_held_until_somebody_has_it),
        PLACE_TEST(test_a_kept_result_of_no_use_is_let_go_and_a_retry_makes_a_new_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
