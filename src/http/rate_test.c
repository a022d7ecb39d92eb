#include "http/http_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct rate_key user = {RATE_USER, 7};

static void test_exactly_the_budget_is_spent(void **state)
{
    struct rate_table *table = rate_create(60, NULL);

    (void)state;
    for (int i = 0; i < 60; i++) {
        struct rate_verdict verdict = rate_take(table, user, 1, 1000);

        assert_true(verdict.is_allowed);
        assert_int_equal(verdict.remaining, 59 - i);
    }
    assert_false(rate_take(table, user, 1, 1000).is_allowed);
    assert_int_equal(rate_take(table, user, 1, 1000).wait_ms, 1000);
    assert_false(rate_take(table, user, 1, 1999).is_allowed);
    assert_true(rate_take(table, user, 1, 2000).is_allowed);
    assert_false(rate_take(table, user, 1, 2000).is_allowed);
    rate_destroy(table);
}

static void test_what_costs_more_spends_more(void **state)
{
    struct rate_table *table = rate_create(60, NULL);
    struct rate_verdict verdict;

    (void)state;
    assert_true(rate_take(table, user, 50, 0).is_allowed);
    verdict = rate_take(table, user, 20, 0);
    assert_false(verdict.is_allowed);
    assert_int_equal(verdict.wait_ms, 10000);
    assert_int_equal(verdict.remaining, 10);
    assert_true(rate_take(table, user, 10, 0).is_allowed);
    rate_destroy(table);
}

static void test_a_cost_above_the_budget_waits_for_a_full_bucket(void **state)
{
    struct rate_table *table = rate_create(60, NULL);

    (void)state;
    assert_true(rate_take(table, user, 500, 0).is_allowed);
    assert_false(rate_take(table, user, 500, 59999).is_allowed);
    assert_true(rate_take(table, user, 500, 60000).is_allowed);
    rate_destroy(table);
}

static void test_buckets_are_apart(void **state)
{
    struct rate_table *table = rate_create(1, NULL);

    (void)state;
    assert_true(rate_take(table, user, 1, 0).is_allowed);
    assert_false(rate_take(table, user, 1, 0).is_allowed);
    assert_true(rate_take(table, (struct rate_key){RATE_TOKEN, 7}, 1, 0).is_allowed);
    assert_true(rate_take(table, (struct rate_key){RATE_USER, 8}, 1, 0).is_allowed);
    rate_destroy(table);
}

static void test_an_ipv6_household_is_one(void **state)
{
    struct rate_key a = rate_key_of_ip(STR("2001:db8:1:2::1"));

    (void)state;
    assert_true(a.id == rate_key_of_ip(STR("2001:db8:1:2:ffff::9")).id);
    assert_true(a.id != rate_key_of_ip(STR("2001:db8:1:3::1")).id);
    assert_true(rate_key_of_ip(STR("1.2.3.4")).id != rate_key_of_ip(STR("1.2.3.5")).id);
}

/* More clients than there is room for: the table stays what it is, newcomers are let in. */
static void test_a_flood_of_addresses_displaces_but_never_grows(void **state)
{
    struct rate_table *table = rate_create(2, NULL);

    (void)state;
    for (uint64_t id = 0; id < 100000; id++)
        assert_true(rate_take(table, (struct rate_key){RATE_IP, id}, 1, (int64_t)id).is_allowed);
    rate_destroy(table);
}

/* What a process that was killed left behind, read by the next. */
static void test_a_restart_gives_nothing_back(void **state)
{
    static const struct {
        int64_t later_ms;
        int64_t per_minute;
        int64_t remaining;
        const char *reason;
    } cases[] = {
        {0,       60, 10, "at once"                                            },
        {5000,    60, 15, "it filled while nobody served"                      },
        {60000,   60, 60, "full, not fuller"                                   },
        {-999000, 60, 10, "the machine was started again: the clock is younger"},
        {0,       5,  5,  "a smaller budget"                                   },
        {0,       90, 10, "a larger one"                                       },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        void *memory = calloc(1, http_rate_memory_size());
        struct rate_table *table = rate_create(60, memory);
        struct rate_verdict verdict;

        assert_true(rate_take(table, user, 50, 1000000).is_allowed);
        rate_destroy(table);
        table = rate_create(cases[i].per_minute, memory);
        verdict = rate_take(table, user, 0, 1000000 + cases[i].later_ms);
        if (verdict.remaining != cases[i].remaining)
            fail_msg("%s: %d", cases[i].reason, (int)verdict.remaining);
        rate_destroy(table);
        free(memory);
    }
}

static void test_broken_memory_is_mended(void **state)
{
    void *memory = malloc(http_rate_memory_size());
    struct rate_table *table;

    (void)state;
    assert_non_null(memory);
    memset(memory, 0xff, http_rate_memory_size());
    table = rate_create(60, memory);
    for (uint64_t id = 0; id < 1000; id++) {
        struct rate_verdict verdict = rate_take(table, (struct rate_key){RATE_IP, id}, 1, 1000);

        assert_true(verdict.remaining >= 0 && verdict.remaining < 60);
        assert_true(verdict.wait_ms >= 0 && verdict.wait_ms <= 60000);
    }
    rate_destroy(table);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exactly_the_budget_is_spent),
        cmocka_unit_test(test_what_costs_more_spends_more),
        cmocka_unit_test(test_a_cost_above_the_budget_waits_for_a_full_bucket),
        cmocka_unit_test(test_buckets_are_apart),
        cmocka_unit_test(test_an_ipv6_household_is_one),
        cmocka_unit_test(test_a_flood_of_addresses_displaces_but_never_grows),
        cmocka_unit_test(test_a_restart_gives_nothing_back),
        cmocka_unit_test(test_broken_memory_is_mended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
