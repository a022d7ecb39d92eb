/* An account's gate: its minute, what it learned, its breaker. */
#include "core/test.h"
#include "engine/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct random_seeded generator;
static struct random chance;

static struct gate gate_of(int64_t capacity, int64_t per_minute)
{
    struct gate gate = {0};

    chance = random_of_seed(&generator, 1);
    gate_set(&gate, capacity, per_minute, 0, 0);
    return gate;
}

static void start(struct gate *gate, int64_t units, int64_t now)
{
    gate_take(gate, units, now);
    gate_send(gate, units, now);
}

static int64_t started(struct gate *gate, int64_t from_ms, int64_t until_ms)
{
    int64_t count = 0;

    for (int64_t now = from_ms; now < until_ms; now += 10)
        if (gate_may_start(gate, 1, now)) {
            start(gate, 1, now);
            count++;
        }
    return count;
}

static void test_without_a_bound_all_may_start(void **state)
{
    struct gate gate = gate_of(4, 0);

    (void)state;
    assert_int_equal(started(&gate, 0, 1000), 100);
    assert_int_equal(gate_next_ms(&gate, 1), 0);
    assert_int_equal(gate_capacity(&gate, 0), 4);
}

/* What was started in the newest sixty seconds. */
struct latest {
    int64_t at_ms[20000], units[20000];
    size_t first, count;
};

static int64_t sum_of(struct latest *latest, int64_t now, int64_t units)
{
    int64_t sum = 0;

    latest->at_ms[latest->count] = now;
    latest->units[latest->count++] = units;
    while (now - latest->at_ms[latest->first] >= 60000)
        latest->first++;
    for (size_t at = latest->first; at < latest->count; at++)
        sum += latest->units[at];
    return sum;
}

/* Wherever one begins to count, and however late what was taken is sent. */
static void test_no_sixty_seconds_have_more_than_their_requests(void **state)
{
    static const int64_t bounds[] = {1, 5, 9, 20, 31, 60, 100, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        for (int64_t late_ms = 0; late_ms <= 7000; late_ms += 3500) {
            struct gate gate = gate_of(4, bounds[i]);
            static struct latest latest;
            int64_t held[4], count = 0;

            latest = (struct latest){0};
            for (int64_t now = 0; now < 600000; now += 10) {
                /* In the first half of each two minutes nothing waits, and a tenth is saved. */
                if (count < 4 && now % 120000 >= 60000 - bounds[i] &&
                    gate_may_start(&gate, 1, now)) {
                    gate_take(&gate, 1, now);
                    held[count++] = now;
                }
                for (int64_t at = 0; at < count; at++)
                    if (now - held[at] >= late_ms * (at % 2)) {
                        gate_send(&gate, 1, now);
                        held[at--] = held[--count];
                        assert_true(sum_of(&latest, now, 1) <= bounds[i]);
                    }
            }
            assert_true((int64_t)latest.count > bounds[i]);
        }
    }
}

static void test_a_bound_of_requests_is_also_reached(void **state)
{
    static const int64_t bounds[] = {1, 5, 9, 20, 31, 60, 100, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        struct gate gate = gate_of(4, bounds[i]);

        /* Of the first minute nothing is saved. */
        assert_in_range(started(&gate, 0, 660000), bounds[i] * 10, bounds[i] * 11);
    }
}

static void test_a_start_has_nothing_saved(void **state)
{
    struct gate gate = gate_of(4, 6);

    (void)state;
    assert_false(gate_may_start(&gate, 1, 0));
    assert_int_equal(gate_next_ms(&gate, 1), 10000);
    assert_false(gate_may_start(&gate, 1, 9999));
    assert_true(gate_may_start(&gate, 1, 10000));
    start(&gate, 1, 10000);
    assert_false(gate_may_start(&gate, 1, 10000));
    assert_int_equal(gate_next_ms(&gate, 1), 20000);
    /* A clock that is set back gives nothing and takes nothing. */
    assert_false(gate_may_start(&gate, 1, 5000));
}

static struct gate gate_of_units(int64_t units_per_minute)
{
    struct gate gate = {0};

    gate_set(&gate, 64, 0, units_per_minute, 0);
    return gate;
}

static void test_no_sixty_seconds_have_more_than_their_units(void **state)
{
    static const struct {
        int64_t bound, units;
    } cases[] = {
        {10,  1 },
        {10,  4 },
        {10,  10},
        {3,   1 },
        {100, 4 },
        {7,   5 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gate gate = gate_of_units(cases[i].bound);
        static struct latest latest;

        latest = (struct latest){0};
        for (int64_t minute = 0; minute < 10; minute++) {
            int64_t asked = 0;

            for (int64_t now = minute * 60000; now < (minute + 1) * 60000; now += 10)
                if (gate_may_start(&gate, cases[i].units, now)) {
                    start(&gate, cases[i].units, now);
                    assert_true(sum_of(&latest, now, cases[i].units) <= cases[i].bound);
                    asked += cases[i].units;
                }
            assert_true(asked >= cases[i].bound - cases[i].units);
        }
    }
}

static void test_more_than_a_minute_has_goes_alone(void **state)
{
    struct gate gate = gate_of_units(6);

    (void)state;
    assert_int_equal(gate_next_ms(&gate, 16), 60000); /* a whole minute is saved for it */
    assert_false(gate_may_start(&gate, 16, 59999));
    assert_true(gate_may_start(&gate, 16, 60000));
    start(&gate, 16, 60000);
    /* Ten are owed, and one is needed: 110 seconds. */
    assert_int_equal(gate_next_ms(&gate, 1), 170000);
    assert_false(gate_may_start(&gate, 1, 169999));
    assert_true(gate_may_start(&gate, 1, 170000));
    /* The next big one comes as late as its size says: its minute after what was owed. */
    assert_int_equal(gate_next_ms(&gate, 16), 220000);
    assert_true(gate_may_start(&gate, 16, 220000));
}

static void test_a_thousand_units_at_one_a_minute_are_owed_and_end(void **state)
{
    struct gate gate = gate_of_units(1);

    (void)state;
    start(&gate, 1000, 60000);
    assert_int_equal(gate_next_ms(&gate, 1), 60000 + 1000 * 60000);
    assert_false(gate_may_start(&gate, 1, 1000 * 60000));
    assert_true(gate_may_start(&gate, 1, 60000 + 1000 * 60000));
}

static void test_what_was_not_used_comes_back_and_no_more(void **state)
{
    struct gate gate = {0};

    (void)state;
    gate_set(&gate, 4, 6, 12, 0);
    gate_take(&gate, 4, 60000);
    assert_false(gate_may_start(&gate, 4, 60000));
    gate_give_back(&gate, 4, 0, 60000); /* nothing was sent */
    assert_true(gate_may_start(&gate, 4, 60000));
    assert_int_equal(gate.units.saved, 4 * 60000); /* a saved minute is not saved twice */
    assert_int_equal(gate.requests.saved, 60000);
    start(&gate, 4, 60000);
    gate_give_back(&gate, 4, 60000, 60000); /* it was asked, and cost nothing */
    assert_int_equal(gate.units.saved, 4 * 60000);
    assert_false(gate_may_start(&gate, 4, 60000)); /* the request itself was one */
    assert_true(gate_may_start(&gate, 4, 70000));
    assert_int_equal(window_used(&gate.units.sent, 70000), 0);
    assert_int_equal(window_used(&gate.requests.sent, 70000), 1);
}

static void test_a_429_lowers_once_and_successes_raise_again(void **state)
{
    struct gate gate = gate_of(10, 0);

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(gate_report(&gate, GATE_THROTTLED, 1000, &chance), 0);
    assert_int_equal(gate_capacity(&gate, 1000), 7);
    gate_report(&gate, GATE_THROTTLED, 2000, &chance);
    assert_int_equal(gate_capacity(&gate, 2000), 4);
    for (int64_t at = 3000; at < 20000; at += 1000)
        gate_report(&gate, GATE_THROTTLED, at, &chance);
    assert_int_equal(gate_capacity(&gate, 20000), 1);
    for (int i = 0; i < 20; i++)
        gate_report(&gate, GATE_DONE, 21000, &chance);
    assert_int_equal(gate_capacity(&gate, 21000), 2);
    for (int i = 0; i < 1000; i++)
        gate_report(&gate, GATE_DONE, 22000, &chance);
    assert_int_equal(gate_capacity(&gate, 22000), 10);
}

static int64_t trip(struct gate *gate, int64_t now_ms)
{
    int64_t until = 0;

    for (int i = 0; i < 5; i++)
        until = gate_report(gate, GATE_TROUBLED, now_ms, &chance);
    return until;
}

static void test_five_troubles_of_ten_open_and_three_answers_close(void **state)
{
    struct gate gate = gate_of(8, 0);
    int64_t until;

    (void)state;
    for (int i = 0; i < 6; i++)
        assert_int_equal(gate_report(&gate, GATE_DONE, 0, &chance), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(gate_report(&gate, GATE_TROUBLED, 1, &chance), 0);
    assert_int_equal(gate_breaker(&gate, 1), BREAKER_CLOSED); /* five of eleven */
    until = gate_report(&gate, GATE_TROUBLED, 1, &chance);
    assert_true(until >= 10000 && until <= 13000);
    assert_int_equal(gate_breaker(&gate, 1), BREAKER_OPEN);
    assert_int_equal(gate_report(&gate, GATE_TROUBLED, 2, &chance), 0); /* was on its way */
    assert_int_equal(gate_breaker(&gate, until), BREAKER_HALF_OPEN);
    assert_int_equal(gate_capacity(&gate, until), 1);
    gate_report(&gate, GATE_ANSWERED, until, &chance);
    gate_report(&gate, GATE_DONE, until, &chance);
    assert_int_equal(gate_breaker(&gate, until), BREAKER_HALF_OPEN);
    gate_report(&gate, GATE_DONE, until, &chance);
    assert_int_equal(gate_breaker(&gate, until), BREAKER_CLOSED);
}

/* "Not now" says that the service is there, but not that it works. */
static void test_429s_do_not_close_a_breaker_and_do_not_open_it_again(void **state)
{
    struct gate gate = gate_of(8, 0);
    int64_t until = trip(&gate, 0);

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_int_equal(gate_report(&gate, GATE_THROTTLED, until + i, &chance), 0);
    until += 10;
    assert_int_equal(gate_breaker(&gate, until), BREAKER_HALF_OPEN);
    assert_int_equal(gate_capacity(&gate, until), 1);
    gate_report(&gate, GATE_DONE, until, &chance);
    gate_report(&gate, GATE_THROTTLED, until, &chance);
    gate_report(&gate, GATE_DONE, until, &chance);
    assert_int_equal(gate_breaker(&gate, until), BREAKER_HALF_OPEN);
    gate_report(&gate, GATE_DONE, until, &chance);
    assert_int_equal(gate_breaker(&gate, until), BREAKER_CLOSED);
}

static void test_each_time_it_opens_longer_up_to_six_minutes(void **state)
{
    struct gate gate = gate_of(8, 0);
    int64_t now = 0, until = trip(&gate, now), shut_ms = until - now;

    (void)state;
    for (int i = 0; i < 12; i++) {
        int64_t last_ms = shut_ms;

        now = until;
        until = gate_report(&gate, GATE_TROUBLED, now, &chance);
        shut_ms = until - now;
        assert_true(shut_ms <= 360000);
        assert_true(shut_ms > last_ms || last_ms >= 300000);
    }
    gate_set(&gate, 8, 0, 0, 0); /* the owner changed something: it is tried at once */
    assert_int_equal(gate_breaker(&gate, now), BREAKER_CLOSED);
}

static void test_troubles_in_a_row_end_with_an_answer_that_is_one(void **state)
{
    struct gate gate = gate_of(8, 0);

    (void)state;
    gate_report(&gate, GATE_TROUBLED, 0, &chance);
    gate_report(&gate, GATE_THROTTLED, 0, &chance); /* says neither */
    gate_report(&gate, GATE_TROUBLED, 0, &chance);
    assert_int_equal(gate.in_a_row, 2);
    gate_report(&gate, GATE_ANSWERED, 0, &chance);
    assert_int_equal(gate.in_a_row, 0);
    trip(&gate, 1); /* the third of these is the fifth of thirty seconds, and opens it */
    gate_report(&gate, GATE_TROUBLED, 2, &chance); /* were on their way when it opened */
    gate_report(&gate, GATE_DONE, 3, &chance);
    assert_int_equal(gate.in_a_row, 3);
    gate_report(&gate, GATE_TROUBLED, gate.shut_until, &chance); /* the one that tried */
    assert_int_equal(gate.in_a_row, 4);
    gate_report(&gate, GATE_DONE, gate.shut_until, &chance);
    assert_int_equal(gate.in_a_row, 0);
    trip(&gate, 400000);
    gate_set(&gate, 8, 0, 0, 0);
    assert_int_equal(gate.in_a_row, 0);
}

static void test_old_troubles_are_forgotten(void **state)
{
    struct gate gate = gate_of(8, 0);

    (void)state;
    for (int64_t at = 0; at < 100; at++)
        assert_int_equal(gate_report(&gate, GATE_TROUBLED, at * 10000, &chance), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_bound_all_may_start),
        cmocka_unit_test(test_no_sixty_seconds_have_more_than_their_requests),
        cmocka_unit_test(test_a_bound_of_requests_is_also_reached),
        cmocka_unit_test(test_a_start_has_nothing_saved),
        cmocka_unit_test(test_no_sixty_seconds_have_more_than_their_units),
        cmocka_unit_test(test_more_than_a_minute_has_goes_alone),
        cmocka_unit_test(test_a_thousand_units_at_one_a_minute_are_owed_and_end),
        cmocka_unit_test(test_what_was_not_used_comes_back_and_no_more),
        cmocka_unit_test(test_a_429_lowers_once_and_successes_raise_again),
        cmocka_unit_test(test_five_troubles_of_ten_open_and_three_answers_close),
        cmocka_unit_test(test_429s_do_not_close_a_breaker_and_do_not_open_it_again),
        cmocka_unit_test(test_each_time_it_opens_longer_up_to_six_minutes),
        cmocka_unit_test(test_troubles_in_a_row_end_with_an_answer_that_is_one),
        cmocka_unit_test(test_old_troubles_are_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
