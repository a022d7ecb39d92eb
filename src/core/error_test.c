#include "core/error.h"
#include "core/test.h"
#include "core/text.h"

static void test_set_replaces_the_whole_error(void **state)
{
    struct error err = {0};

    (void)state;
    assert_false(error_field(&err, ERROR_TOO_LONG, "a.b[2]", 20, "%s of %d", "ten", 20));
    assert_false(error_detail(&err, "row %d", 7));
    assert_int_equal(err.code, ERROR_TOO_LONG);
    assert_string_equal(err.field, "a.b[2]");
    assert_int_equal(err.limit, 20);
    assert_string_equal(err.message, "ten of 20");
    assert_string_equal(err.detail, "row 7");
    err.retry_after_ms = 5;
    assert_false(error_set(&err, ERROR_NOT_FOUND, "gone"));
    assert_string_equal(err.field, "");
    assert_string_equal(err.detail, "");
    assert_int_equal(err.limit, 0);
    assert_int_equal(err.retry_after_ms, 0);
}

static void test_an_error_can_be_made_of_itself(void **state)
{
    struct error err = {0};

    (void)state;
    error_field(&err, ERROR_INVALID, "name", 0, "bad");
    error_field(&err, ERROR_CONFLICT, err.field, 3, "again: %s", err.message);
    assert_string_equal(err.field, "name");
    assert_string_equal(err.message, "again: bad");
}

static void test_details_are_added_one_behind_the_other(void **state)
{
    struct error err = {0};

    (void)state;
    error_set(&err, ERROR_INTERNAL, "x");
    error_detail(&err, "one");
    error_detail(&err, "two");
    assert_string_equal(err.detail, "one; two");
    for (int i = 0; i < 200; i++)
        error_detail(&err, "more and more");
    assert_in_range(strlen(err.detail), sizeof(err.detail) - 20, sizeof(err.detail) - 1);
}

static void test_long_texts_are_cut_between_characters(void **state)
{
    /* Shifted by one byte at a time, so that the end falls on every byte of a character. */
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        struct error err = {0};
        char text[1024];

        memset(text, 'a', shift);
        for (size_t i = shift; i + 3 < sizeof(text); i += 3)
            memcpy(text + i, "茶", 4);
        error_field(&err, ERROR_INVALID, text, 0, "%s", text);
        error_detail(&err, "%s", text);
        assert_true(text_is_utf8(str_of(err.field)));
        assert_true(text_is_utf8(str_of(err.message)));
        assert_true(text_is_utf8(str_of(err.detail)));
        assert_true(strlen(err.field) > sizeof(err.field) - 4);
        assert_true(strlen(err.message) > sizeof(err.message) - 4);
        assert_true(strlen(err.detail) > sizeof(err.detail) - 4);
    }
}

static void test_every_code_has_its_own_wire_name_and_a_status(void **state)
{
    (void)state;
    for (int i = ERROR_NONE + 1; i < ERROR_CODE_COUNT; i++) {
        enum error_code code = (enum error_code)i;

        assert_int_equal(error_of_wire_name(str_of(error_wire_name(code))), code);
        assert_in_range(error_http_status(code), 400, 599);
    }
    assert_int_equal(error_of_wire_name(STR("none")), ERROR_NONE);
    assert_int_equal(error_of_wire_name(STR("")), ERROR_NONE);
    assert_int_equal(error_of_wire_name(STR("Not_found")), ERROR_NONE);
}

static void test_columns_belong_to_their_rows(void **state)
{
    (void)state;
    assert_int_equal(error_http_status(ERROR_NOT_FOUND), 404);
    assert_string_equal(error_wire_name(ERROR_NOT_FOUND), "not_found");
    assert_int_equal(error_retry_of(ERROR_NOT_FOUND), RETRY_NEVER);
    assert_int_equal(error_http_status(ERROR_CANCELLED), 409);
    assert_string_equal(error_wire_name(ERROR_CANCELLED), "cancelled");
    assert_int_equal(error_retry_of(ERROR_PROVIDER_THROTTLED), RETRY_LATER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_replaces_the_whole_error),
        cmocka_unit_test(test_an_error_can_be_made_of_itself),
        cmocka_unit_test(test_details_are_added_one_behind_the_other),
        cmocka_unit_test(test_long_texts_are_cut_between_characters),
        cmocka_unit_test(test_every_code_has_its_own_wire_name_and_a_status),
        cmocka_unit_test(test_columns_belong_to_their_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
