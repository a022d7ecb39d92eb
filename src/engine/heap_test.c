#include "engine/heap.h"

#include "core/test.h"

#include <stdlib.h>

struct thing {
    int value;
    size_t index;
};

static bool is_less(const void *first, const void *second)
{
    const struct thing *a = first, *b = second;

    return a->value < b->value;
}

static struct heap new_heap(void)
{
    return (struct heap){.is_before = is_less, .offset = offsetof(struct thing, index)};
}

static void test_the_first_is_first_whatever_leaves(void **state)
{
    enum { COUNT_OF_THINGS = 200 };
    struct thing things[COUNT_OF_THINGS];
    struct heap heap = new_heap();
    int last = -1;

    (void)state;
    for (int i = 0; i < COUNT_OF_THINGS; i++) {
        things[i] = (struct thing){.value = i * 7919 % COUNT_OF_THINGS};
        heap_add(&heap, &things[i]);
    }
    for (int i = 0; i < COUNT_OF_THINGS; i += 3) /* from the middle */
        heap_remove(&heap, things[i].index);
    while (heap.count > 0) {
        const struct thing *first = heap.items[0];

        assert_true(first->value > last);
        assert_int_equal(first->index, 0);
        assert_int_not_equal((first - things) % 3, 0);
        last = first->value;
        heap_remove(&heap, 0);
    }
    free(heap.items);
}

static void test_the_last_one_leaves(void **state)
{
    struct thing one = {.value = 1};
    struct heap heap = new_heap();

    (void)state;
    heap_add(&heap, &one);
    heap_remove(&heap, one.index);
    assert_int_equal(heap.count, 0);
    free(heap.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_is_first_whatever_leaves),
        cmocka_unit_test(test_the_last_one_leaves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
