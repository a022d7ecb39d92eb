/* An account's keys: by weight, without those that rest. */
#include "core/test.h"
#include "engine/keyring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { NOW_MS = 1000 };

static struct provider_key key_of(int64_t id, int64_t weight)
{
    return (struct provider_key){.id = id, .weight = weight, .is_enabled = true};
}

static void test_weights_are_kept_and_spread(void **state)
{
    const struct provider_key keys[] = {key_of(1, 5), key_of(2, 1), key_of(3, 1)};
    struct keyring ring = {0};
    char said[15] = "";

    (void)state;
    for (size_t at = 0; at < 14; at++)
        said[at] = (char)('0' + keyring_pick(&ring, keys, 3, NOW_MS)->id);
    /* Not five of the first in a row: that is what is smooth about it. */
    assert_string_equal(said, "11213111121311");
}

static void test_shares_are_exact_over_each_round(void **state)
{
    const struct provider_key keys[] = {key_of(1, 100), key_of(2, 37), key_of(3, 1), key_of(4, 60)};
    struct keyring ring = {0};

    (void)state;
    for (int round = 0; round < 3; round++) {
        int64_t picks[5] = {0};

        for (int at = 0; at < 198; at++)
            picks[keyring_pick(&ring, keys, 4, NOW_MS)->id]++;
        for (size_t index = 0; index < 4; index++)
            assert_int_equal(picks[keys[index].id], keys[index].weight);
    }
}

static void test_one_that_rests_or_is_off_is_left_out(void **state)
{
    struct provider_key keys[] = {key_of(1, 1), key_of(2, 100), key_of(3, 1)};
    struct keyring ring = {0};

    (void)state;
    keyring_rest(&ring, 2, "auth", 0);
    keys[2].is_enabled = false;
    for (int at = 0; at < 5; at++)
        assert_int_equal(keyring_pick(&ring, keys, 3, NOW_MS)->id, 1);
    assert_true(keyring_has_one(&ring, keys, 3, 0, NOW_MS));
    keyring_rest(&ring, 1, "a reason longer than there is room for", 0);
    assert_int_equal(strlen(ring.entries[1].reason), sizeof(ring.entries[1].reason) - 1);
    assert_false(keyring_has_one(&ring, keys, 3, 0, NOW_MS));
    /* All rest: whoever asks all the same gets one, but never one that its owner switched off. */
    for (int at = 0; at < 101; at++)
        assert_int_not_equal(keyring_pick(&ring, keys, 3, NOW_MS)->id, 3);
    keyring_forgive(&ring);
    assert_true(keyring_has_one(&ring, keys, 3, 0, NOW_MS));
    keys[0].is_enabled = keys[1].is_enabled = false;
    assert_null(keyring_pick(&ring, keys, 3, NOW_MS));
    assert_null(keyring_pick(&ring, NULL, 0, NOW_MS));
}

static void test_a_rest_that_ends_by_time_ends(void **state)
{
    const struct provider_key keys[] = {key_of(1, 1), key_of(2, 1)};
    struct keyring ring = {0};

    (void)state;
    assert_true(keyring_has_one(&ring, keys, 1, 0, NOW_MS));
    assert_false(keyring_has_one(&ring, keys, 1, 1, NOW_MS));
    keyring_rest(&ring, 1, "throttled", NOW_MS + 50);
    keyring_rest(&ring, 1, "throttled", NOW_MS + 20); /* the longer one stands */
    for (int at = 0; at < 3; at++)
        assert_int_equal(keyring_pick(&ring, keys, 2, NOW_MS + 49)->id, 2);
    assert_false(keyring_has_one(&ring, keys, 2, 2, NOW_MS + 49));
    assert_true(keyring_has_one(&ring, keys, 2, 2, NOW_MS + 50));
    /* When all rest, one that only waits is taken before one that is rejected. */
    keyring_rest(&ring, 2, "auth", 0);
    for (int at = 0; at < 3; at++)
        assert_int_equal(keyring_pick(&ring, keys, 2, NOW_MS + 10)->id, 1);
    assert_true(keyring_has_one(&ring, keys, 2, 0, KEYRING_EVER));
    /* A rejection is for good, also for one that is throttled afterwards. */
    keyring_rest(&ring, 1, "auth", 0);
    keyring_rest(&ring, 1, "throttled", NOW_MS + 90);
    assert_false(keyring_has_one(&ring, keys, 1, 0, NOW_MS + 1000));
    assert_string_equal(ring.entries[0].reason, "auth");
    keyring_forgive(&ring);
    assert_true(keyring_has_one(&ring, keys, 1, 0, NOW_MS));
}

static void test_keys_come_and_go(void **state)
{
    struct provider_key keys[PROVIDER_KEYS_MAX];
    struct keyring ring = {0};

    (void)state;
    for (int64_t first = 1; first < 50; first++) {
        int64_t picks = 0;

        for (int64_t index = 0; index < PROVIDER_KEYS_MAX; index++)
            keys[index] = key_of(first + index, 1);
        for (int at = 0; at < PROVIDER_KEYS_MAX; at++)
            picks |= 1 << (keyring_pick(&ring, keys, PROVIDER_KEYS_MAX, NOW_MS)->id - first);
        assert_int_equal(picks, 255); /* each once, also those that have just come */
        keyring_rest(&ring, 1000 + first, "auth", 0); /* of a call whose key is gone meanwhile */
        assert_int_equal(ring.count, PROVIDER_KEYS_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_are_kept_and_spread),
        cmocka_unit_test(test_shares_are_exact_over_each_round),
        cmocka_unit_test(test_one_that_rests_or_is_off_is_left_out),
        cmocka_unit_test(test_a_rest_that_ends_by_time_ends),
        cmocka_unit_test(test_keys_come_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
