#include "account/login_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct random_seeded seed;
    struct login_limit *limit;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct random random = random_of_seed(&fixture.seed, 42);

    fixture.limit = login_limit_create(&random, NULL, 0);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    login_limit_destroy(((struct fixture *)*state)->limit);
    return 0;
}

static const struct login_guess ann = {
    .name = {"ann",       3},
      .ip = {"192.0.2.1", 9}
};

/* How many of `count` guesses at one moment pass. */
static int pass(struct login_limit *limit, const struct login_guess *guess, int count,
                int64_t now_ms)
{
    int passed = 0;
    int64_t wait_ms;

    for (int i = 0; i < count; i++)
        passed += login_limit_take(limit, guess, now_ms, &wait_ms);
    return passed;
}

static void test_a_burst_of_a_thousand_guesses_gets_five(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(pass(fixture->limit, &ann, 1000, 5000), 5);
}

static void test_each_further_guess_waits_twice_as_long_up_to_a_quarter_of_an_hour(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_ms = 5000, expected_ms = 1000, wait_ms = 0;

    assert_int_equal(pass(fixture->limit, &ann, 5, now_ms), 5);
    for (int i = 0; i < 16; i++) {
        assert_false(login_limit_take(fixture->limit, &ann, now_ms, &wait_ms));
        assert_int_equal(wait_ms, expected_ms);
        assert_false(login_limit_take(fixture->limit, &ann, now_ms + wait_ms - 1, &wait_ms));
        assert_int_equal(wait_ms, 1);
        now_ms += expected_ms;
        assert_true(login_limit_take(fixture->limit, &ann, now_ms, &wait_ms));
        expected_ms = expected_ms * 2 > 15 * 60 * 1000 ? 15 * 60 * 1000 : expected_ms * 2;
    }
}

static void test_a_right_guess_forgets_the_wrong_ones_of_its_name(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(pass(fixture->limit, &ann, 4, 5000), 4);
    login_limit_forgive(fixture->limit, &ann);
    assert_int_equal(pass(fixture->limit, &ann, 1000, 5000), 5);
}

static void test_a_guess_that_was_not_looked_at_is_taken_back(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 50; i++) {
        assert_int_equal(pass(fixture->limit, &ann, 1, 5000), 1);
        login_limit_refund(fixture->limit, &ann);
    }
    assert_int_equal(pass(fixture->limit, &ann, 1000, 5000), 5);
}

static void test_an_hour_of_quiet_forgets(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(pass(fixture->limit, &ann, 5, 5000), 5);
    assert_int_equal(pass(fixture->limit, &ann, 1, 5000), 0);
    assert_int_equal(pass(fixture->limit, &ann, 1000, 5000 + 60 * 60 * 1000 + 1), 5);
}

static void test_one_address_trying_many_names_gets_twenty(void **state)
{
    struct fixture *fixture = *state;
    int passed = 0;

    for (int i = 0; i < 200; i++) {
        char name[16];
        int size = snprintf(name, sizeof name, "user%d", i);
        struct login_guess guess = {
            .name = {name, (size_t)size},
              .ip = ann.ip
        };

        passed += pass(fixture->limit, &guess, 1, 5000);
    }
    assert_int_equal(passed, 20);
}

static void test_neighbours_in_one_ipv6_network_count_as_one_address(void **state)
{
    struct fixture *fixture = *state;
    int passed = 0, passed_elsewhere = 0;

    for (int i = 0; i < 40; i++) {
        char name[16], ip[32];
        struct login_guess guess = {
            .name = {name, (size_t)snprintf(name, sizeof name, "user%d",           i)    },
            .ip = {ip,   (size_t)snprintf(ip,   sizeof ip,   "2001:db8:1:2::%x", i + 1)}
        };

        passed += pass(fixture->limit, &guess, 1, 5000);
    }
    assert_int_equal(passed, 20);
    for (int i = 0; i < 5; i++) {
        char ip[32];
        struct login_guess guess = {
            .name = {"eve",               3     },
            .ip = { ip, (size_t)snprintf(ip, sizeof ip, "2001:db8:1:%x::1", i + 3)}
        };

        passed_elsewhere += pass(fixture->limit, &guess, 1, 5000);
    }
    assert_int_equal(passed_elsewhere, 5);
}

static void test_a_thousand_addresses_together_get_thirty_and_one_a_second(void **state)
{
    struct fixture *fixture = *state;
    int passed = 0, passed_later = 0;

    for (int i = 0; i < 2000; i++) {
        char name[16], ip[32];
        struct login_guess guess = {
            .name = {name,                 (size_t)snprintf(name, sizeof name,  "user%d", i)      },
            .ip = { ip, (size_t)snprintf(ip,             sizeof ip, "10.0.%d.%d",  i / 200, i % 200)}
        };

        if (i < 1000)
            passed += pass(fixture->limit, &guess, 1, 5000);
        else
            passed_later += pass(fixture->limit, &guess, 1, 15000);
    }
    assert_int_equal(passed, 30);
    assert_int_equal(passed_later, 10);
}

/* The table is small, and names are made up for nothing. */
static void test_refused_guesses_push_nobody_out(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_ms = 5000, wait_ms;

    assert_int_equal(pass(fixture->limit, &ann, 5, now_ms), 5);
    now_ms++; /* what is refused from here on is younger */
    for (int i = 0; i < 15; i++) {
        char name[16];
        struct login_guess guess = {
            .name = {name, (size_t)snprintf(name, sizeof name, "user%d", i)},
              .ip = ann.ip
        };

        assert_int_equal(pass(fixture->limit, &guess, 1, now_ms), 1);
    }
    for (int i = 0; i < 100000; i++) {
        char name[16];
        struct login_guess guess = {
            .name = {name, (size_t)snprintf(name, sizeof name, "made%d", i)},
              .ip = ann.ip
        };

        if (login_limit_take(fixture->limit, &guess, now_ms, &wait_ms))
            fail_msg("the address was forgotten after %d names", i);
    }
    assert_false(login_limit_take(fixture->limit, &ann, now_ms, &wait_ms));
    assert_int_equal(wait_ms, 999);
}

/* What the hash gate sends away was counted and is taken back; nothing bounds how many do that. */
static void test_guesses_taken_back_push_nobody_out(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_ms = 5000, wait_ms;

    assert_int_equal(pass(fixture->limit, &ann, 5, now_ms), 5);
    now_ms++;
    for (int i = 0; i < 100000; i++) {
        char name[16];
        struct login_guess guess = {
            .name = {name,      (size_t)snprintf(name, sizeof name, "made%d", i)},
            .ip = {"192.0.2.2", 9                   }
        };

        assert_true(login_limit_take(fixture->limit, &guess, now_ms, &wait_ms));
        login_limit_refund(fixture->limit, &guess);
    }
    assert_false(login_limit_take(fixture->limit, &ann, now_ms, &wait_ms));
    assert_int_equal(wait_ms, 999);
}

static void test_strangers_do_not_keep_a_known_device_out(void **state)
{
    struct fixture *fixture = *state;
    struct login_guess known = ann;

    known.device = (struct str){"ID.NONCE.MAC", 12};
    assert_int_equal(pass(fixture->limit, &ann, 1000, 5000), 5);
    for (int i = 0; i < 1000; i++) {
        char ip[32];
        struct login_guess guess = {
            .name = {"eve",        3       },
              .ip = { ip, (size_t)snprintf(ip, sizeof ip, "10.1.%d.1", i % 250)}
        };

        (void)pass(fixture->limit, &guess, 1, 5000);
    }
    /* Neither the account's row, nor the address's, nor everyone's is asked; its own is. */
    assert_int_equal(pass(fixture->limit, &known, 1000, 5000), 5);
}

/* What a process that was killed left behind, read by the next. */
static void test_a_restart_forgives_nobody(void **state)
{
    static const struct {
        int64_t later_ms;
        int64_t wait_ms;
        const char *reason;
    } cases[] = {
        {0,       1000, "at once"                                            },
        {600,     400,  "some of the wait has passed"                        },
        {-900000, 1000, "the machine was started again: the clock is younger"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct random_seeded seed;
        struct random random = random_of_seed(&seed, 42);
        void *memory = calloc(1, login_limit_memory_size());
        struct login_limit *limit = login_limit_create(&random, memory, 1000000);
        const int64_t now_ms = 1000000 + cases[i].later_ms;
        int64_t wait_ms = 0;

        assert_int_equal(pass(limit, &ann, 5, 1000000), 5);
        login_limit_destroy(limit);
        limit = login_limit_create(&random, memory, now_ms); /* another salt would forget */
        assert_false(login_limit_take(limit, &ann, now_ms, &wait_ms));
        if (wait_ms != cases[i].wait_ms)
            fail_msg("%s: %d", cases[i].reason, (int)wait_ms);
        login_limit_destroy(limit);
        free(memory);
    }
}

static void test_broken_memory_is_mended(void **state)
{
    static const int fills[] = {0x00, 0x7f, 0x80, 0xff};

    (void)state;
    for (size_t i = 0; i < COUNT(fills); i++) {
        struct random_seeded seed;
        struct random random = random_of_seed(&seed, 42);
        void *memory = malloc(login_limit_memory_size());
        struct login_limit *limit;
        int64_t wait_ms = 0, now_ms = 1000;

        assert_non_null(memory);
        memset(memory, fills[i], login_limit_memory_size());
        limit = login_limit_create(&random, memory, now_ms);
        if (!login_limit_take(limit, &ann, now_ms, &wait_ms)) {
            assert_in_range(wait_ms, 1, 15 * 60 * 1000);
            now_ms += 15 * 60 * 1000;
            assert_true(login_limit_take(limit, &ann, now_ms, &wait_ms));
        }
        login_limit_destroy(limit);
        free(memory);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_a_burst_of_a_thousand_guesses_gets_five),
        TEST(test_each_further_guess_waits_twice_as_long_up_to_a_quarter_of_an_hour),
        TEST(test_a_right_guess_forgets_the_wrong_ones_of_its_name),
        TEST(test_a_guess_that_was_not_looked_at_is_taken_back),
        TEST(test_an_hour_of_quiet_forgets),
        TEST(test_one_address_trying_many_names_gets_twenty),
        TEST(test_neighbours_in_one_ipv6_network_count_as_one_address),
        TEST(test_a_thousand_addresses_together_get_thirty_and_one_a_second),
        TEST(test_refused_guesses_push_nobody_out),
        TEST(test_guesses_taken_back_push_nobody_out),
        TEST(test_strangers_do_not_keep_a_known_device_out),
        cmocka_unit_test(test_a_restart_forgives_nobody),
        cmocka_unit_test(test_broken_memory_is_mended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
