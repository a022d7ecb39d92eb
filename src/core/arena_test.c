#include "core/arena.h"
#include "core/test.h"

#include <stdalign.h>

static void test_memory_is_zeroed_and_aligned_even_after_reset(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(4));

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 3000; size += 7) {
            unsigned char *data = arena_alloc(arena, size);

            assert_non_null(data);
            assert_int_equal((uintptr_t)data % alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(data[i], 0);
            memset(data, 0xee, size);
        }
        assert_true(arena_used(arena) > 0);
        arena_reset(arena);
        assert_int_equal(arena_used(arena), 0);
    }
}

static void test_items_do_not_overlap_and_stay(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(4));
    uint32_t *items[500];

    (void)state;
    for (uint32_t i = 0; i < COUNT(items); i++) {
        items[i] = ARENA_ARRAY(arena, uint32_t, i + 1);
        for (uint32_t k = 0; k <= i; k++)
            items[i][k] = i;
    }
    for (uint32_t i = 0; i < COUNT(items); i++)
        for (uint32_t k = 0; k <= i; k++)
            assert_int_equal(items[i][k], i);
}

static void test_try_alloc_stops_at_the_limit(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));

    (void)state;
    assert_null(arena_try_alloc(arena, KIB(64) + 1));
    assert_null(arena_try_alloc(arena, SIZE_MAX));
    assert_null(arena_try_alloc(arena, SIZE_MAX - 3));
    assert_non_null(arena_try_alloc(arena, KIB(60)));
    assert_null(arena_try_alloc(arena, KIB(5)));
    assert_non_null(arena_try_alloc(arena, KIB(4)));
    assert_null(arena_try_alloc(arena, 1));
    arena_reset(arena);
    assert_non_null(arena_try_alloc(arena, KIB(64)));
}

static void pass_the_limit(void) { arena_alloc(arena_create(100), 101); }

static void overflow_the_product(void)
{
    ARENA_ARRAY(arena_create(MIB(1)), uint64_t, SIZE_MAX / 8 + 2);
}

static void test_alloc_aborts_when_there_is_no_room(void **state)
{
    (void)state;
    assert_true(aborts(pass_the_limit));
    assert_true(aborts(overflow_the_product));
}

static void test_a_list_grows_and_keeps_its_items(void **state)
{
    struct arena *arena = arena_create(MIB(1));
    int64_t *items = NULL;
    size_t moves = 0;

    (void)state;
    for (int64_t count = 0; count < 1000; count++) {
        int64_t *before = items;

        items = arena_more(arena, items, sizeof(*items), (size_t)count);
        moves += items != before;
        items[count] = count;
    }
    for (int64_t at = 0; at < 1000; at++)
        assert_int_equal(items[at], at);
    assert_int_equal(moves, 9); /* 4, 8, … 1024 */
    arena_destroy(arena);
}

static void test_texts_are_copies(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    char source[] = "abc";
    struct str copy = arena_str(arena, str_of(source));
    const char *cstr = arena_cstr(arena, (struct str){.data = source, .size = 2});
    struct str printed = arena_printf(arena, "%s-%d-%5000d", source, 7, 1);

    (void)state;
    source[0] = 'x';
    check_text(copy, "abc", "arena_str");
    assert_string_equal(cstr, "ab");
    assert_int_equal(printed.size, 5006);
    assert_true(str_starts_with(printed, STR("abc-7- ")));
    assert_string_equal(arena_cstr(arena, STR_EMPTY), "");
    assert_int_equal(arena_str(arena, STR_EMPTY).size, 0);
}

static void note_end(void *context)
{
    char *said = *(char **)context; /* still there */

    said[strlen(said)] = 'e';
}

static void note_more(void *context)
{
    char *said = context;

    said[strlen(said)] = 'm';
}

static void test_what_is_borrowed_is_given_back_at_the_end_the_last_first(void **state)
{
    struct arena *arena = arena_create(MIB(1));
    char said[16] = "";
    char **inside = ARENA_NEW(arena, char *);

    (void)state;
    *inside = said;
    arena_at_end(arena, note_more, said);
    arena_at_end(arena, note_end, inside);
    assert_string_equal(said, "");
    arena_reset(arena);
    assert_string_equal(said, "em");
    arena_at_end(arena, note_more, said);
    arena_destroy(arena);
    assert_string_equal(said, "emm"); /* each once */
}

static void test_destroy_takes_null(void **state)
{
    (void)state;
    arena_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_and_aligned_even_after_reset),
        cmocka_unit_test(test_items_do_not_overlap_and_stay),
        cmocka_unit_test(test_try_alloc_stops_at_the_limit),
        cmocka_unit_test(test_alloc_aborts_when_there_is_no_room),
        cmocka_unit_test(test_a_list_grows_and_keeps_its_items),
        cmocka_unit_test(test_texts_are_copies),
        cmocka_unit_test(test_what_is_borrowed_is_given_back_at_the_end_the_last_first),
        cmocka_unit_test(test_destroy_takes_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
