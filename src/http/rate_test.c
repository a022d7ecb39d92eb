#include "http/http_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct rate_key user = {RATE_USER, 7};

static void test_exactly_the_budget_is_spent(void **state)
{
    struct rate_table *table = rate_create(60);

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
    struct rate_table *table = rate_create(60);
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
    struct rate_table *table = rate_create(60);

    (void)state;
    assert_true(rate_take(table, user, 500, 0).is_allowed);
    assert_false(rate_take(table, user, 500, 59999).is_allowed);
    assert_true(rate_take(table, user, 500, 60000).is_allowed);
    rate_destroy(table);
}

static void test_buckets_are_apart(void **state)
{
    struct rate_table *table = rate_create(1);

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
    struct rate_table *table = rate_create(2);

    (void)state;
    for (uint64_t id = 0; id < 100000; id++)
        assert_true(rate_take(table, (struct rate_key){RATE_IP, id}, 1, (int64_t)id).is_allowed);
    rate_destroy(table);
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
