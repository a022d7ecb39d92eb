#include "engine/idmap.h"

#include "core/random.h"
#include "core/test.h"

enum { IDS = 700 };

static void test_finds_what_was_put_and_nothing_else(void **state)
{
    struct idmap map = {0};
    int first, second;

    (void)state;
    assert_null(idmap_get(&map, 7)); /* an empty map has no slots at all */
    idmap_remove(&map, 7);
    idmap_put(&map, 7, &first);
    idmap_put(&map, 7, &second);
    assert_int_equal(map.count, 1);
    assert_ptr_equal(idmap_get(&map, 7), &second);
    assert_null(idmap_get(&map, 8));
    idmap_remove(&map, 7);
    assert_null(idmap_get(&map, 7));
    assert_int_equal(map.count, 0);
    idmap_finish(&map);
}

/* Against a plain array: ids near each other, far apart, and all on one home slot. */
static void test_random_operations_agree_with_an_array(void **state)
{
    struct random_seeded seed;
    const struct random random = random_of_seed(&seed, 1);

    (void)state;
    for (int64_t spread = 1; spread <= INT64_C(1) << 40; spread *= 1 << 10) {
        struct idmap map = {0};
        static int values[IDS];
        int *model[IDS] = {0};
        size_t count = 0;

        for (int step = 0; step < 20000; step++) {
            const size_t at = (size_t)random_below(&random, IDS);
            const int64_t id = 1 + (int64_t)at * spread;

            if (random_below(&random, 5) < 3) {
                count += model[at] == NULL;
                model[at] = &values[random_below(&random, IDS)];
                idmap_put(&map, id, model[at]);
            } else {
                count -= model[at] != NULL;
                model[at] = NULL;
                idmap_remove(&map, id);
            }
            assert_int_equal(map.count, count);
            assert_ptr_equal(idmap_get(&map, id), model[at]);
        }
        for (size_t at = 0; at < IDS; at++)
            assert_ptr_equal(idmap_get(&map, 1 + (int64_t)at * spread), model[at]);
        idmap_finish(&map);
    }
}

static void test_a_walk_sees_each_once(void **state)
{
    static int values[IDS];
    struct idmap map = {0};
    size_t at = 0, seen = 0;
    int *value;

    (void)state;
    for (int64_t id = 1; id <= IDS; id++)
        idmap_put(&map, id * 3, &values[id - 1]);
    while ((value = idmap_next(&map, &at)) != NULL) {
        assert_int_equal(*value, 0);
        *value = 1;
        seen++;
    }
    assert_int_equal(seen, IDS);
    idmap_finish(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_what_was_put_and_nothing_else),
        cmocka_unit_test(test_random_operations_agree_with_an_array),
        cmocka_unit_test(test_a_walk_sees_each_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
