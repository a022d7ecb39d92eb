#include "core/random.h"
#include "core/str.h"
#include "core/test.h"

static void test_a_seed_gives_the_published_numbers(void **state)
{
    /* splitmix64 from seed 0, as its author prints it: the state xoshiro begins with. */
    static const uint64_t states[] = {UINT64_C(0xe220a8397b1dcdaf), UINT64_C(0x6e789e6aa1b965f4),
                                      UINT64_C(0x06c45d188009454f), UINT64_C(0xf88bb8a8724c81ec)};
    struct random_seeded generator;
    struct random random = random_of_seed(&generator, 0);

    (void)state;
    assert_memory_equal(generator.state, states, sizeof(states));
    /* xoshiro256** of state 1, 2, 3, 4, as the reference prints it. */
    generator = (struct random_seeded){
        .state = {1, 2, 3, 4}
    };
    assert_true(random_u64(&random) == 11520);
    assert_true(random_u64(&random) == 0);
    assert_true(random_u64(&random) == 1509978240);
    assert_true(random_u64(&random) == UINT64_C(1215971899390074240));
}

static void test_seeds_repeat_and_differ(void **state)
{
    struct random_seeded a, b, c;
    struct random first = random_of_seed(&a, 7);
    struct random second = random_of_seed(&b, 7);
    struct random other = random_of_seed(&c, 8);

    (void)state;
    for (int i = 0; i < 100; i++) {
        uint64_t value = random_u64(&first);

        assert_true(value == random_u64(&second));
        assert_true(value != random_u64(&other));
    }
}

static void test_below_is_even_and_bounded(void **state)
{
    struct random_seeded generator;
    struct random random = random_of_seed(&generator, 1);
    int counts[6] = {0};

    (void)state;
    assert_int_equal(random_below(&random, 0), 0);
    assert_int_equal(random_below(&random, 1), 0);
    for (int i = 0; i < 60000; i++)
        counts[random_below(&random, COUNT(counts))]++;
    for (size_t i = 0; i < COUNT(counts); i++)
        assert_in_range(counts[i], 9600, 10400);
    for (int i = 0; i < 1000; i++)
        assert_true(random_below(&random, UINT64_MAX / 2 + 2) <= UINT64_MAX / 2 + 1);
}

static void test_the_kernel_fills_every_byte(void **state)
{
    unsigned char seen[70] = {0};

    (void)state;
    for (int round = 0; round < 16; round++) {
        unsigned char bytes[70] = {0};

        random_fill(&random_system, bytes, sizeof(bytes) - 1);
        for (size_t i = 0; i < sizeof(bytes); i++)
            seen[i] |= bytes[i];
    }
    for (size_t i = 0; i + 1 < sizeof(seen); i++)
        assert_int_not_equal(seen[i], 0);
    assert_int_equal(seen[sizeof(seen) - 1], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_seed_gives_the_published_numbers),
        cmocka_unit_test(test_seeds_repeat_and_differ),
        cmocka_unit_test(test_below_is_even_and_bounded),
        cmocka_unit_test(test_the_kernel_fills_every_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
