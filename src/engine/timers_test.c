#include "engine/timers.h"

#include "core/random.h"
#include "core/test.h"

enum { TIMERS = 300 };

struct timed {
    struct timer timer;
    int64_t due_ms; /* what the model knows; -1: off */
};

static int64_t next_of(const struct timed *all)
{
    int64_t next = INT64_MAX;

    for (size_t index = 0; index < TIMERS; index++)
        if (all[index].due_ms >= 0 && all[index].due_ms < next)
            next = all[index].due_ms;
    return next;
}

static void test_random_operations_agree_with_a_search(void **state)
{
    static struct timed all[TIMERS];
    struct timers timers = {0};
    struct random_seeded seed;
    const struct random random = random_of_seed(&seed, 2);
    int64_t now = 0;

    (void)state;
    for (size_t index = 0; index < TIMERS; index++) {
        all[index].timer.owner = &all[index];
        all[index].due_ms = -1;
    }
    for (int step = 0; step < 30000; step++) {
        struct timed *timed = &all[random_below(&random, TIMERS)];

        switch (random_below(&random, 4)) {
        case 0:
        case 1:
            timed->due_ms = now + (int64_t)random_below(&random, 50);
            timer_set(&timers, &timed->timer, timed->due_ms);
            break;
        case 2:
            timed->due_ms = -1;
            timer_clear(&timers, &timed->timer);
            break;
        default:
            now += (int64_t)random_below(&random, 3);
            timed = timers_take(&timers, now);
            if (timed == NULL) {
                assert_true(next_of(all) > now);
            } else {
                assert_int_equal(timed->due_ms, next_of(all));
                assert_true(timed->due_ms <= now);
                assert_int_equal(timed->timer.place, 0); /* off already */
                timed->due_ms = -1;
            }
            break;
        }
        assert_int_equal(timers_next_ms(&timers), next_of(all));
    }
    timers_finish(&timers);
}

static void test_nothing_is_due_of_none(void **state)
{
    struct timers timers = {0};
    struct timer off = {0};

    (void)state;
    timer_clear(&timers, &off);
    assert_null(timers_take(&timers, INT64_MAX));
    assert_int_equal(timers_next_ms(&timers), INT64_MAX);
    timers_finish(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_operations_agree_with_a_search),
        cmocka_unit_test(test_nothing_is_due_of_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
