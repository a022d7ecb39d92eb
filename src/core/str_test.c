#include "core/test.h"

#include <locale.h>
#include <math.h>

static void test_equal_compares_bytes_and_sizes(void **state)
{
    static const struct {
        const char *a, *b;
        bool is_equal, is_equal_nocase;
        int order;
    } rows[] = {
        {"",     "",     true,  true,  0 },
        {"a",    "a",    true,  true,  0 },
        {"a",    "A",    false, true,  1 },
        {"a",    "ab",   false, false, -1},
        {"abc",  "abd",  false, false, -1},
        {"\xff", "a",    false, false, 1 }, /* unsigned */
        {"K-Z",  "k-z",  false, true,  -1},
        {"[",    "{",    false, false, -1}, /* 0x20 apart */
        {"\xc4", "\xe4", false, false, -1}, /* ASCII case only */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str a = str_of(rows[i].a), b = str_of(rows[i].b);

        assert_int_equal(str_equal(a, b), rows[i].is_equal);
        assert_int_equal(str_equal_secret(a, b), rows[i].is_equal);
        assert_int_equal(str_equal_nocase(a, b), rows[i].is_equal_nocase);
        assert_int_equal(str_compare(a, b), rows[i].order);
        assert_int_equal(str_compare(b, a), -rows[i].order);
    }
    assert_true(str_equal(STR_EMPTY, STR("")));
    assert_false(str_equal(STR("a"), (struct str){.data = "a\0", .size = 2}));
}

static void test_find_gives_the_first_place_or_less_than_none(void **state)
{
    static const struct {
        const char *text, *part;
        int64_t at;
    } rows[] = {
        {"abcabc", "c",    2 },
        {"abcabc", "bca",  1 },
        {"abc",    "abcd", -1},
        {"abc",    "",     0 },
        {"",       "a",    -1},
        {"aab",    "ab",   1 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(str_find(str_of(rows[i].text), str_of(rows[i].part)), rows[i].at);
    assert_int_equal(str_find_char(STR("a\0b"), '\0'), 1);
    assert_int_equal(str_find_char(STR_EMPTY, 'a'), -1);
    assert_true(str_starts_with(STR("abc"), STR("ab")));
    assert_true(str_starts_with(STR_EMPTY, STR("")));
    assert_false(str_starts_with(STR("a"), STR("ab")));
    assert_true(str_ends_with(STR("abc"), STR("bc")));
    assert_false(str_ends_with(STR("c"), STR("bc")));
}

static void test_slices_stay_inside(void **state)
{
    (void)state;
    check_text(str_slice(STR("abc"), 1, 1), "b", "inside");
    check_text(str_slice(STR("abc"), 1, SIZE_MAX), "bc", "size beyond the end");
    check_text(str_slice(STR("abc"), 3, 1), "", "start at the end");
    check_text(str_slice(STR("abc"), SIZE_MAX, SIZE_MAX), "", "start beyond the end");
    check_text(str_trim(STR(" \t\r\n\f\va b \n")), "a b", "space at both ends");
    check_text(str_trim(STR(" \n ")), "", "only space");
    check_text(str_trim(STR("\xc2\xa0")), "\xc2\xa0", "a no-break space is no ASCII");
}

static void test_cut_tells_an_empty_rest_from_none(void **state)
{
    struct str rest = STR("a=b=");

    (void)state;
    check_text(str_cut(&rest, '='), "a", "first");
    check_text(str_cut(&rest, '='), "b", "second");
    assert_int_equal(rest.size, 0);
    assert_non_null(rest.data); /* something, though empty, follows the separator */
    check_text(str_cut(&rest, '='), "", "third");
    assert_null(rest.data);
    check_text(str_cut(&rest, '='), "", "at the end for ever");
}

static void test_whole_numbers_take_digits_and_sign_only(void **state)
{
    static const struct {
        const char *text;
        bool is_int, is_uint;
        int64_t value;
        const char *because;
    } rows[] = {
        {"0",                       true,  true,  0,         "zero"                                    },
        {"007",                     true,  true,  7,         "leading zeros"                           },
        {"-0",                      true,  false, 0,         "a sign"                                  },
        {"+5",                      true,  false, 5,         "a plus"                                  },
        {"9223372036854775807",     true,  true,  INT64_MAX, "the largest"                             },
        {"-9223372036854775808",    true,  false, INT64_MIN, "the smallest"                            },
        {"9223372036854775808",     false, true,  INT64_MIN, "one too large, as unsigned the same bits"},
        {"-9223372036854775809",    false, false, 0,         "one too small"                           },
        {"18446744073709551615",    false, true,  -1,        "the largest unsigned"                    },
        {"18446744073709551616",    false, false, 0,         "beyond unsigned"                         },
        {"99999999999999999999999", false, false, 0,         "far beyond"                              },
        {"",                        false, false, 0,         "nothing"                                 },
        {"-",                       false, false, 0,         "only a sign"                             },
        {"--1",                     false, false, 0,         "two signs"                               },
        {" 1",                      false, false, 0,         "space before"                            },
        {"1 ",                      false, false, 0,         "space behind"                            },
        {"0x10",                    false, false, 0,         "hexadecimal"                             },
        {"1.0",                     false, false, 0,         "a fraction"                              },
        {"\xd9\xa1",                false, false, 0,         "an Arabic digit"                         },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t value = 42;
        uint64_t unsigned_value = 42;
        struct str text = str_of(rows[i].text);

        check(str_to_int64(text, &value) == rows[i].is_int, rows[i].because);
        check(value == (rows[i].is_int ? rows[i].value : 42), rows[i].because);
        check(str_to_uint64(text, &unsigned_value) == rows[i].is_uint, rows[i].because);
        check(unsigned_value == (rows[i].is_uint ? (uint64_t)rows[i].value : 42), rows[i].because);
    }
}

static void test_printed_whole_numbers_read_back(void **state)
{
    static const struct {
        int64_t number;
        const char *text;
    } rows[] = {
        {0,         "0"                   },
        {7,         "7"                   },
        {-7,        "-7"                  },
        {10,        "10"                  },
        {1000000,   "1000000"             },
        {INT64_MAX, "9223372036854775807" },
        {INT64_MIN, "-9223372036854775808"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[STR_INT64_SIZE];
        int64_t again;

        assert_true(str_equal(str_print_int64(rows[i].number, text), str_of(rows[i].text)));
        assert_true(str_to_int64(str_print_int64(rows[i].number, text), &again));
        assert_int_equal(again, rows[i].number);
    }
}

static void test_doubles_are_decimal_and_finite(void **state)
{
    static const struct {
        const char *text;
        bool is_read;
        double value;
    } rows[] = {
        {"1.5",                                                                      true,  1.5 },
        {"-.5",                                                                      true,  -0.5},
        {"5.",                                                                       true,  5   },
        {"+1e3",                                                                     true,  1000},
        {"1E-2",                                                                     true,  0.01},
        {"0",                                                                        true,  0   },
        {"",                                                                         false, 0   },
        {".",                                                                        false, 0   },
        {"1e",                                                                       false, 0   },
        {"e5",                                                                       false, 0   },
        {"inf",                                                                      false, 0   },
        {"nan",                                                                      false, 0   },
        {"0x1p3",                                                                    false, 0   },
        {" 1",                                                                       false, 0   },
        {"1,5",                                                                      false, 0   },
        {"1e999",                                                                    false, 0   },
        {"1e-999",                                                                   true,  0   },
        {"1.5.2",                                                                    false, 0   },
        {"--1",                                                                      false, 0   },
        {"0.1000000000000000000000000000000000000000000000000000000000000000000000", true,  0.1 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        double value = 42;

        check(str_to_double(str_of(rows[i].text), &value) == rows[i].is_read, rows[i].text);
        check(value == (rows[i].is_read ? rows[i].value : 42), rows[i].text);
    }
}

static void test_printed_doubles_are_short_and_read_back(void **state)
{
    static const struct {
        double number;
        const char *text;
    } rows[] = {
        {0.1,                    "0.1"          },
        {3,                      "3.0"          },
        {-0.0,                   "-0.0"         },
        {1e22,                   "1e+22"        },
        {1.0 / 3,                NULL           },
        {5e-324,                 NULL           },
        {1.7976931348623157e308, NULL           },
        {123456789.125,          "123456789.125"},
        {2.5e-7,                 "2.5e-07"      },
    };

    (void)state;
    /* A comma for the point must not reach JSON; where the locale is not installed, nothing is
     * lost. */
    setlocale(LC_ALL, "de_DE.UTF-8");
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[STR_DOUBLE_SIZE];
        double back = 42;
        struct str text = str_print_double(rows[i].number, out);

        assert_true(str_to_double(text, &back));
        assert_memory_equal(&back, &rows[i].number, sizeof(back));
        assert_int_equal(strlen(out), text.size);
        if (rows[i].text != NULL)
            check_text(text, rows[i].text, rows[i].text);
    }
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_compares_bytes_and_sizes),
        cmocka_unit_test(test_find_gives_the_first_place_or_less_than_none),
        cmocka_unit_test(test_slices_stay_inside),
        cmocka_unit_test(test_cut_tells_an_empty_rest_from_none),
        cmocka_unit_test(test_whole_numbers_take_digits_and_sign_only),
        cmocka_unit_test(test_printed_whole_numbers_read_back),
        cmocka_unit_test(test_doubles_are_decimal_and_finite),
        cmocka_unit_test(test_printed_doubles_are_short_and_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
