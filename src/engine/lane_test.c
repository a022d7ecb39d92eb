/* One model of an account: bounds, rests, pauses and turns of its own, beside its account's. */
#include "engine/test_lanes.h"

enum { ACCOUNT = 7 };

static struct scheduler *one_account(int64_t capacity)
{
    const struct lane_limits limits = {.capacity = capacity};
    struct scheduler *scheduler = scheduler_create(0);

    scheduler_set_lane(scheduler, ACCOUNT, &limits);
    return scheduler;
}

static struct task_entry asked(int64_t id, int64_t user_id, const char *model)
{
    struct task_entry entry = entry_of(id, user_id, ACCOUNT);

    entry.model = str_of(model);
    return entry;
}

static void release_of(struct scheduler *scheduler, int64_t user_id, const char *model)
{
    const struct task_entry entry = asked(0, user_id, model);

    scheduler_free(scheduler, &entry);
}

static void test_a_full_model_keeps_nothing_else_of_its_account_back(void **state)
{
    const struct model_limits one = {.concurrency = 1};
    struct scheduler *scheduler = one_account(3);
    const struct task_entry first = asked(1, 1, "slow");

    (void)state;
    scheduler_set_model(scheduler, ACCOUNT, STR("slow"), &one);
    put(scheduler, asked(1, 1, "slow"));
    put(scheduler, asked(2, 1, "slow"));
    put(scheduler, asked(3, 1, "quick"));
    put(scheduler, asked(4, 2, "slow"));
    put(scheduler, asked(5, 2, "quick"));
    assert_int_equal(pick(scheduler, 0), 1);
    assert_int_equal(pick(scheduler, 0), 5); /* the other's turn, of what may start */
    assert_int_equal(pick(scheduler, 0), 3);
    scheduler_free(scheduler, &first);
    assert_int_equal(pick(scheduler, 0), 4); /* 2 is first in its row, and not its person's turn */
    scheduler_destroy(scheduler);
}

static void test_what_a_person_put_first_goes_first_whatever_its_model(void **state)
{
    struct scheduler *scheduler = one_account(3);
    struct task_entry urgent = asked(2, 1, "b");

    (void)state;
    urgent.priority = PRIORITY_FRONT;
    put(scheduler, asked(1, 1, "a"));
    put(scheduler, urgent);
    put(scheduler, asked(3, 1, "a"));
    assert_int_equal(pick(scheduler, 0), 2);
    assert_int_equal(pick(scheduler, 0), 1);
    assert_int_equal(pick(scheduler, 0), 3);
    scheduler_destroy(scheduler);
}

static void test_a_model_that_rests_says_when_it_goes_on(void **state)
{
    struct scheduler *scheduler = one_account(3);
    const struct task_entry resting = asked(0, 1, "a");
    struct lane_view lane;
    struct lane_model_view models[4];

    (void)state;
    put(scheduler, asked(1, 1, "a"));
    put(scheduler, asked(2, 1, "b"));
    scheduler_rest(scheduler, &resting, 500, "throttled");
    assert_int_equal(pick(scheduler, 0), 2);
    assert_int_equal(pick(scheduler, 0), 0);
    assert_int_equal(scheduler_next_ms(scheduler), 500);
    assert_int_equal(scheduler_lanes(scheduler, 0, &lane, 1), 1);
    assert_int_equal(lane.pause_until_ms, 0); /* not all of it rests */
    assert_int_equal(scheduler_models(scheduler, 0, models, COUNT(models)), 2);
    assert_string_equal(models[0].reason, "throttled");
    assert_int_equal(models[0].pause_until_ms, 500);
    assert_int_equal(models[0].ready, 1);
    assert_int_equal(models[1].running, 1);
    assert_int_equal(pick(scheduler, 500), 1);
    scheduler_destroy(scheduler);
}

/* A minute that the account has room in and the model has not, and the other way round. */
static void test_the_minutes_of_account_and_model_both_hold(void **state)
{
    const struct lane_limits account = {.capacity = 100, .per_minute = 12};
    const struct model_limits model = {.per_minute = 6};
    struct scheduler *scheduler = scheduler_create(0);
    int64_t now = 0, of_bounded = 0, all = 0;

    (void)state;
    scheduler_set_lane(scheduler, ACCOUNT, &account);
    scheduler_set_model(scheduler, ACCOUNT, STR("bounded"), &model);
    for (int64_t id = 1; id <= 40; id++)
        put(scheduler, asked(id, 1, id <= 20 ? "bounded" : "free"));
    while (now < 120000) {
        struct task_entry entry;

        if (scheduler_pick(scheduler, now, &entry)) {
            scheduler_send(scheduler, &entry, now);
            all++;
            of_bounded += entry.id <= 20;
            continue;
        }
        assert_true(scheduler_next_ms(scheduler) > now); /* it says when to come again */
        now = scheduler_next_ms(scheduler);
    }
    assert_int_equal(all, 23); /* the first after five seconds */
    assert_in_range(of_bounded, 10, 11);
    scheduler_destroy(scheduler);
}

/* Many small ones of others do not keep a big one of the model waiting for ever. */
static void test_a_big_one_of_a_model_is_saved_for(void **state)
{
    const struct model_limits model = {.units_per_minute = 10};
    struct scheduler *scheduler = one_account(100);
    struct task_entry big = asked(1000, 2, "bounded");
    int64_t now = 0, picked = 0;

    (void)state;
    big.units = 8;
    scheduler_set_model(scheduler, ACCOUNT, STR("bounded"), &model);
    for (int64_t id = 1; id <= 60; id++)
        put(scheduler, asked(id, 1, "bounded"));
    put(scheduler, big);
    for (int64_t at = 0; at < 70 && picked != 1000; at++) {
        picked = pick(scheduler, now);
        if (picked == 0)
            now = scheduler_next_ms(scheduler);
    }
    assert_int_equal(picked, 1000);
    assert_true(now <= 60000);
    scheduler_destroy(scheduler);
}

static void test_what_waits_for_a_deleted_account_goes_at_once(void **state)
{
    const struct lane_limits gone = {.capacity = 2, .is_gone = true};
    struct scheduler *scheduler = one_account(1);
    struct task_entry throttled = asked(1, 1, "slow"), later = asked(3, 1, "slow");

    (void)state;
    throttled.run_at_ms = later.run_at_ms = 50000;
    put(scheduler, throttled);
    scheduler_rest(scheduler, &throttled, 50000, "throttled");
    put(scheduler, asked(2, 1, "slow"));
    assert_int_equal(pick(scheduler, 1000), 0);
    scheduler_set_lane(scheduler, ACCOUNT, &gone);
    assert_int_equal(pick(scheduler, 1000), 1);
    assert_int_equal(pick(scheduler, 1000), 2);
    scheduler_free(scheduler, &throttled);
    put(scheduler, later); /* it was under way when its account went */
    assert_int_equal(pick(scheduler, 1000), 3);
    scheduler_destroy(scheduler);
}

static void test_what_is_delayed_does_not_wait_for_an_account_that_is_gone(void **state)
{
    const struct lane_limits there = {.capacity = 9}, gone = {.capacity = 9, .is_gone = true};
    struct scheduler *scheduler = one_lane(9);
    struct task_entry entry;

    (void)state;
    for (int64_t id = 1; id <= 2; id++) {
        entry = entry_of(id, 1, 0);
        entry.run_at_ms = 1000 * id;
        put(scheduler, entry);
    }
    assert_int_equal(scheduler_next_ms(scheduler), 1000);
    scheduler_set_lane(scheduler, 0, &gone);
    assert_int_equal(pick(scheduler, 10), 1);
    scheduler_set_lane(scheduler, 0, &there); /* it is there again, and so is the time */
    assert_int_equal(pick(scheduler, 20), 0);
    assert_int_equal(scheduler_next_ms(scheduler), 2000);
    assert_int_equal(pick(scheduler, 2000), 2);
    scheduler_destroy(scheduler);
}

static void test_a_service_in_trouble_is_left_alone_and_then_tried_by_one(void **state)
{
    const struct lane_limits limits = {.capacity = 3};
    struct scheduler *scheduler = scheduler_create(0);
    struct random_seeded generator;
    struct random chance = random_of_seed(&generator, 7);
    const struct task_entry of_seven = entry_of(0, 1, 7);
    struct lane_model_view view;
    int64_t until;

    (void)state;
    scheduler_set_lane(scheduler, 7, &limits);
    for (int64_t id = 1; id <= 9; id++)
        put(scheduler, entry_of(id, 1, 7));
    for (int i = 0; i < 5; i++)
        scheduler_report(scheduler, &of_seven, GATE_TROUBLED, i == 0 ? "unknown" : "server", 100,
                         &chance);
    assert_int_equal(pick(scheduler, 100), 0);
    until = scheduler_next_ms(scheduler);
    assert_true(until >= 10100);
    /* One that was under way and comes late has not opened it. */
    scheduler_report(scheduler, &of_seven, GATE_TROUBLED, "unknown", 101, &chance);
    assert_int_equal(scheduler_models(scheduler, 100, &view, 1), 1);
    assert_int_equal(view.breaker, BREAKER_OPEN);
    assert_string_equal(view.reason, "breaker");
    assert_string_equal(view.failure, "server");
    assert_int_equal(view.failures_in_row, 5);
    assert_int_equal(view.breaker_until_ms, until);
    assert_int_equal(pick(scheduler, until), 1);
    assert_int_equal(scheduler_models(scheduler, until, &view, 1), 1);
    assert_int_equal(view.breaker, BREAKER_HALF_OPEN);
    assert_string_equal(view.failure, "server");
    assert_int_equal(view.failures_in_row, 5);
    assert_int_equal(view.breaker_until_ms, 0);
    assert_int_equal(pick(scheduler, until), 0); /* one tries for all */
    for (int64_t id = 1; id <= 3; id++) {
        scheduler_report(scheduler, &of_seven, GATE_DONE, "none", until, &chance);
        assert_int_equal(scheduler_models(scheduler, until, &view, 1), 1);
        assert_int_equal(view.failures_in_row, 0);
        assert_string_equal(view.failure, id < 3 ? "server" : "");
        release(scheduler, 7, 1);
        assert_int_equal(pick(scheduler, until), id + 1);
    }
    assert_int_not_equal(pick(scheduler, until), 0);
    scheduler_destroy(scheduler);
}

/* Zeroed when there is nothing to tell of it. */
static struct lane_model_view view_of(const struct scheduler *scheduler, const char *model)
{
    struct lane_model_view views[4];
    const size_t count = scheduler_models(scheduler, 0, views, COUNT(views));

    for (size_t index = 0; index < count; index++)
        if (str_equal(views[index].name, str_of(model)))
            return views[index];
    return (struct lane_model_view){0};
}

static void test_a_paused_model_keeps_what_waits_for_it_and_nothing_else(void **state)
{
    const struct model_limits paused = {.is_paused = true}, free = {0};
    struct scheduler *scheduler = one_account(3);
    const struct task_entry first = asked(1, 1, "a");

    (void)state;
    put(scheduler, first);
    put(scheduler, asked(2, 1, "a"));
    put(scheduler, asked(3, 1, "b"));
    assert_int_equal(pick(scheduler, 0), 1);
    scheduler_set_model(scheduler, ACCOUNT, STR("a"), &paused);
    assert_int_equal(pick(scheduler, 0), 3);
    assert_int_equal(pick(scheduler, 0), 0);
    assert_int_equal(scheduler_next_ms(scheduler), INT64_MAX); /* time alone wakes it never */
    assert_true(view_of(scheduler, "a").is_paused);
    assert_int_equal(view_of(scheduler, "a").running, 1); /* what is under way goes on */
    assert_int_equal(view_of(scheduler, "a").ready, 1);
    assert_false(view_of(scheduler, "b").is_paused);
    scheduler_free(scheduler, &first);
    assert_int_equal(pick(scheduler, 0), 0);
    scheduler_set_model(scheduler, ACCOUNT, STR("a"), &free);
    assert_int_equal(pick(scheduler, 0), 2);
    scheduler_destroy(scheduler);
}

static void test_a_paused_model_says_so_when_nothing_was_asked_of_it(void **state)
{
    const struct model_limits paused = {.is_paused = true};
    struct scheduler *scheduler = one_account(3);

    (void)state;
    scheduler_set_model(scheduler, ACCOUNT, STR("a"), &paused);
    assert_true(view_of(scheduler, "a").is_paused);
    scheduler_destroy(scheduler);
}

static void test_what_waits_for_a_paused_model_expires_all_the_same(void **state)
{
    const struct model_limits paused = {.is_paused = true};
    struct scheduler *scheduler = one_account(3);
    struct task_entry entry = asked(1, 1, "a");

    (void)state;
    scheduler_set_model(scheduler, ACCOUNT, STR("a"), &paused);
    entry.start_by_ms = 50;
    put(scheduler, entry);
    assert_false(scheduler_expire(scheduler, 49, &entry));
    assert_true(scheduler_expire(scheduler, 50, &entry));
    scheduler_destroy(scheduler);
}

/* Else whoever waited for it would have the account alone for as long as it was paused. */
static void test_a_pause_saves_no_credit(void **state)
{
    const struct model_limits paused = {.is_paused = true}, free = {0};
    struct scheduler *scheduler = one_account(1);
    int64_t picked[3] = {0};

    (void)state;
    scheduler_set_model(scheduler, ACCOUNT, STR("a"), &paused);
    for (int64_t id = 1; id <= 60; id++) {
        put(scheduler, asked(id, 1, "a"));
        put(scheduler, asked(100 + id, 2, "b"));
    }
    for (int at = 0; at < 30; at++) {
        assert_int_equal(pick(scheduler, 0), 101 + at);
        release_of(scheduler, 2, "b");
    }
    put(scheduler, asked(61, 1, "b")); /* nor for another model meanwhile */
    assert_in_range(pick(scheduler, 0), 61, 131);
    release_of(scheduler, scheduler_find(scheduler, 61) == NULL ? 1 : 2, "b");
    scheduler_set_model(scheduler, ACCOUNT, STR("a"), &free);
    for (int at = 0; at < 20; at++) {
        struct task_entry entry;

        assert_true(scheduler_pick(scheduler, 0, &entry));
        picked[entry.user_id]++;
        scheduler_free(scheduler, &entry);
    }
    assert_in_range(picked[1], 9, 11);
    scheduler_destroy(scheduler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_full_model_keeps_nothing_else_of_its_account_back),
        cmocka_unit_test(test_what_a_person_put_first_goes_first_whatever_its_model),
        cmocka_unit_test(test_a_model_that_rests_says_when_it_goes_on),
        cmocka_unit_test(test_the_minutes_of_account_and_model_both_hold),
        cmocka_unit_test(test_a_big_one_of_a_model_is_saved_for),
        cmocka_unit_test(test_what_waits_for_a_deleted_account_goes_at_once),
        cmocka_unit_test(test_what_is_delayed_does_not_wait_for_an_account_that_is_gone),
        cmocka_unit_test(test_a_service_in_trouble_is_left_alone_and_then_tried_by_one),
        cmocka_unit_test(test_a_paused_model_keeps_what_waits_for_it_and_nothing_else),
        cmocka_unit_test(test_a_paused_model_says_so_when_nothing_was_asked_of_it),
        cmocka_unit_test(test_what_waits_for_a_paused_model_expires_all_the_same),
        cmocka_unit_test(test_a_pause_saves_no_credit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
