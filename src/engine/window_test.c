/* What was sent within a minute, against a list that forgets nothing. */
#include "core/test.h"
#include "engine/window.h"

#include "core/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void send(struct window *window, int64_t count, int64_t now_ms)
{
    window_hold(window, count);
    window_send(window, count, now_ms);
}

static void test_what_was_sent_counts_for_a_minute_to_the_millisecond(void **state)
{
    struct window window = {0};

    (void)state;
    window_hold(&window, 3);
    assert_int_equal(window_used(&window, 0), 3); /* it may go at any moment */
    assert_int_equal(window_opens_ms(&window, 2), INT64_MAX);
    window_send(&window, 3, 1000);
    send(&window, 2, 1500);
    assert_int_equal(window_used(&window, 60999), 5);
    assert_int_equal(window_used(&window, 61000), 2);
    assert_int_equal(window_used(&window, 61500), 0);
    assert_int_equal(window_opens_ms(&window, 5), 0);
    assert_int_equal(window_opens_ms(&window, 4), 61000);
    assert_int_equal(window_opens_ms(&window, 1), 61500);
    window_hold(&window, 1);
    assert_int_equal(window_opens_ms(&window, 1), 61500);
    assert_int_equal(window_opens_ms(&window, 0), INT64_MAX);
    window_hold(&window, -1);
    assert_int_equal(window_opens_ms(&window, 0), 61500);
}

static void test_a_clock_that_is_set_back_forgets_nothing(void **state)
{
    struct window window = {0};

    (void)state;
    send(&window, 1, 100000);
    send(&window, 1, 20000);
    assert_int_equal(window_used(&window, 20000), 2);
    assert_int_equal(window_used(&window, 159999), 2);
    assert_int_equal(window_used(&window, 160000), 0);
}

static void test_what_did_not_count_is_taken_off_once_and_not_after_its_minute(void **state)
{
    struct window window = {0};

    (void)state;
    send(&window, 4, 1000);
    send(&window, 4, 50000);
    window_forgive(&window, 4, 1000, 61000); /* gone by itself: the others stay */
    assert_int_equal(window_used(&window, 61000), 4);
    window_forgive(&window, 3, 50000, 62000);
    assert_int_equal(window_used(&window, 62000), 1);
    window_forgive(&window, 9, 50000, 62000);
    assert_int_equal(window_used(&window, 62000), 0);
}

enum { SENDS = 3000 };

struct list {
    int64_t at_ms[SENDS], count[SENDS];
    size_t size;
};

static int64_t truly_used(const struct list *list, int64_t now_ms)
{
    int64_t used = 0;

    for (size_t at = 0; at < list->size; at++)
        used += now_ms - list->at_ms[at] < 60000 ? list->count[at] : 0;
    return used;
}

/* Never less than the truth; the very truth while little is sent; and of more, no longer than two
 * seconds more. */
static void test_any_minute_is_known_and_never_too_little(void **state)
{
    static const int64_t gaps_ms[] = {20, 300, 1000, 2500, 9000};

    (void)state;
    for (size_t row = 0; row < COUNT(gaps_ms); row++) {
        struct random_seeded generator;
        const struct random chance = random_of_seed(&generator, row);
        static struct list list;
        struct window window = {0};
        int64_t now = 0;

        list.size = 0;
        while (list.size < SENDS) {
            const int64_t count = 1 + (int64_t)random_below(&chance, 5);
            int64_t opens_ms, used;

            now += (int64_t)random_below(&chance, (uint64_t)gaps_ms[row] * 2);
            send(&window, count, now);
            list.at_ms[list.size] = now;
            list.count[list.size++] = count;
            if (random_below(&chance, 10) == 0) { /* what is forgiven was one of the latest */
                const size_t index = list.size - 1 - random_below(&chance, list.size < 9 ? 1 : 9);

                window_forgive(&window, list.count[index], list.at_ms[index], now);
                list.count[index] = 0;
            } else if (gaps_ms[row] >= 9000 && random_below(&chance, 2) == 0) {
                now += 100;
            }
            used = window_used(&window, now);
            assert_true(used >= truly_used(&list, now));
            assert_true(window.slot_count <= WINDOW_SLOTS);
            if (used == 0)
                continue;
            opens_ms = window_opens_ms(&window, used - 1);
            assert_true(window_used(&window, opens_ms) < used);
            assert_int_equal(window_used(&window, opens_ms - 1), used);
        }
    }
}

static void test_what_is_sent_evenly_is_known_as_it_is(void **state)
{
    static const int64_t gaps_ms[] = {10, 100, 500, 1000, 2000, 60000};

    (void)state;
    for (size_t row = 0; row < COUNT(gaps_ms); row++) {
        static struct list list;
        struct window window = {0};

        list.size = 0;
        for (int64_t now = 0; list.size < SENDS; now += gaps_ms[row]) {
            const int64_t late = gaps_ms[row] >= 2000 ? 0 : 2000;

            send(&window, 1, now);
            list.at_ms[list.size] = now;
            list.count[list.size++] = 1;
            assert_in_range(window_used(&window, now), truly_used(&list, now),
                            truly_used(&list, now - late) + late / gaps_ms[row]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_sent_counts_for_a_minute_to_the_millisecond),
        cmocka_unit_test(test_a_clock_that_is_set_back_forgets_nothing),
        cmocka_unit_test(test_what_did_not_count_is_taken_off_once_and_not_after_its_minute),
        cmocka_unit_test(test_any_minute_is_known_and_never_too_little),
        cmocka_unit_test(test_what_is_sent_evenly_is_known_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
