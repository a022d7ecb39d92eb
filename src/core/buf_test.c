#include "core/buf.h"
#include "core/test.h"

static void test_a_zeroed_buf_is_ready(void **state)
{
    struct buf buf = {0};

    (void)state;
    assert_int_equal(buf_str(&buf).size, 0);
    buf_add(&buf, STR_EMPTY);
    buf_clear(&buf);
    buf_finish(&buf);
    buf_finish(&buf);
    buf_add_char(&buf, 'x');
    check_text(buf_str(&buf), "x", "used again after its end");
    buf_finish(&buf);
    assert_null(buf.data);
}

static void test_bytes_are_added_at_the_end(void **state)
{
    CLEANUP(buf_finish) struct buf buf = {0};

    (void)state;
    buf_add(&buf, STR("ab"));
    buf_add_char(&buf, 'c');
    buf_printf(&buf, "%d%s", 12, "d");
    check_text(buf_str(&buf), "abc12d", "text, char and format");
    buf_clear(&buf);
    buf_add_u16be(&buf, 0x0102);
    buf_add_u32be(&buf, 0x03040506);
    buf_add_u32le(&buf, 0x0a090807);
    check_text(buf_str(&buf), "\1\2\3\4\5\6\7\x8\x9\xa", "numbers");
}

static void test_it_grows_over_many_steps(void **state)
{
    CLEANUP(buf_finish) struct buf buf = {0};

    (void)state;
    for (size_t i = 0; i < 100000; i++)
        buf_add_char(&buf, (char)('a' + i % 26));
    assert_int_equal(buf.size, 100000);
    for (size_t i = 0; i < buf.size; i++)
        assert_int_equal(buf.data[i], 'a' + (int)(i % 26));
    buf_printf(&buf, "%4000d", 1);
    assert_int_equal(buf.size, 104000);
}

static void reserve_everything(void)
{
    struct buf buf = {0};

    buf_add_char(&buf, 'x');
    buf_reserve(&buf, SIZE_MAX);
}

static void test_a_size_that_overflows_aborts(void **state)
{
    (void)state;
    assert_true(aborts(reserve_everything));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_zeroed_buf_is_ready),
        cmocka_unit_test(test_bytes_are_added_at_the_end),
        cmocka_unit_test(test_it_grows_over_many_steps),
        cmocka_unit_test(test_a_size_that_overflows_aborts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
