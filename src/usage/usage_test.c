#include "usage/test_private.h"

#include "engine/engine.h"

#define FROM 1
#define TO 2

static int64_t at(const char *text)
{
    int64_t wall_ms = 0;

    assert_true(clock_parse(str_of(text), &wall_ms));
    return wall_ms;
}

static void test_a_day_is_the_date_of_utc(void **state)
{
    static const struct {
        const char *time, *day;
    } cases[] = {
        {"2026-11-22T00:00:00.000Z",      "2026-11-22"}, /* its first millisecond */
        {"2026-11-22T23:59:59.999Z",      "2026-11-22"}, /* its last */
        {"2026-11-22T01:00:00.000+08:00",
         "2026-11-21"                                 }, /* morning in China, evening in Greenwich */
        {"2028-02-29T12:00:00.000Z",      "2028-02-29"}, /* a leap day */
        {"1969-12-31T23:59:59.999Z",      "1969-12-31"}, /* before the clock began */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct usage_day day = usage_day_of(at(cases[i].time));

        check_text(usage_day_str(&day), cases[i].day, cases[i].time);
        assert_int_equal(day.text[10], '\0');
    }
}

static void test_a_range_has_both_its_days_and_a_bound(void **state)
{
    static const struct {
        unsigned given;
        const char *from, *to;
        const char *first, *last; /* NULL: refused */
        enum error_code code;
        const char *field, *because;
    } cases[] = {
        {0,         "2000-01-01",           "2000-01-01",           "2025-10-24", "2025-11-22", ERROR_NONE,     "",
         "nothing given: 30 days with today"                                                                                                                        },
        {TO,        "2000-01-01",           "2025-01-10",           "2024-12-12", "2025-01-10", ERROR_NONE,     "",
         "an end alone: the 30 days before it"                                                                                                                      },
        {FROM,      "2025-11-01",           "2000-01-01",           "2025-11-01", "2025-11-22", ERROR_NONE,     "",
         "a beginning alone: until today"                                                                                                                           },
        {FROM | TO, "2025-11-01",           "2025-11-01",           "2025-11-01", "2025-11-01", ERROR_NONE,     "",
         "one day"                                                                                                                                                  },
        {FROM | TO, "2025-11-01T23:00:00Z", "2025-11-02T01:00:00Z", "2025-11-01", "2025-11-02",
         ERROR_NONE,                                                                                            "",     "dates count, not hours"                    },
        {FROM | TO, "2025-11-02T23:00:00Z", "2025-11-02T01:00:00Z", "2025-11-02", "2025-11-02",
         ERROR_NONE,                                                                                            "",     "within a day there is no before"           },
        {FROM | TO, "1969-12-31T23:00:00Z", "1970-01-01",           "1969-12-31", "1970-01-01", ERROR_NONE,
         "",                                                                                                            "days before 1970 are as long as the others"},
        {FROM | TO, "2024-01-01",           "2025-02-03",           "2024-01-01", "2025-02-03", ERROR_NONE,     "",
         "400 days"                                                                                                                                                 },
        {FROM | TO, "2024-01-01",           "2025-02-04",           NULL,         NULL,         ERROR_TOO_MANY, "from", "401 days"                                  },
        {FROM,      "2024-01-01",           "2000-01-01",           NULL,         NULL,         ERROR_TOO_MANY, "from",
         "401 days and more, until today"                                                                                                                           },
        {FROM | TO, "0000-01-01",           "9999-12-31",           NULL,         NULL,         ERROR_TOO_MANY, "from",
         "all the days there are"                                                                                                                                   },
        {FROM | TO, "2025-11-02",           "2025-11-01",           NULL,         NULL,         ERROR_INVALID,  "to",
         "it ends before it begins"                                                                                                                                 },
        {FROM,      "2025-11-23",           "2000-01-01",           NULL,         NULL,         ERROR_INVALID,  "from",
         "it begins tomorrow and ends today"                                                                                                                        },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct usage_range range = {0};
        struct error err = {0};
        bool is_made =
            usage_range_make((cases[i].given & FROM) != 0, at(cases[i].from),
                             (cases[i].given & TO) != 0, at(cases[i].to), NOON, &range, &err);

        check(is_made == (cases[i].first != NULL), cases[i].because);
        check(err.code == cases[i].code, cases[i].because);
        check_text(str_of(err.field), cases[i].field, cases[i].because);
        if (is_made) {
            check_text(usage_day_str(&range.from), cases[i].first, cases[i].because);
            check_text(usage_day_str(&range.to), cases[i].last, cases[i].because);
        } else {
            check(range.from.text[0] == '\0', cases[i].because); /* outputs are untouched */
        }
    }
}

/* The compiler is the test: the engine takes the hooks as they are. */
static void test_the_hooks_fit_the_engine(void **state)
{
    const struct engine_hooks hooks = {.reserve = usage_reserve, .settle = usage_settle};

    (void)state;
    assert_ptr_equal(hooks.reserve, usage_reserve);
    assert_ptr_equal(hooks.settle, usage_settle);
}

static void test_groups_are_read_by_their_names(void **state)
{
    enum usage_by by = USAGE_BY_DAY;

    (void)state;
    assert_true(usage_by_read(STR("product"), &by));
    assert_int_equal(by, USAGE_BY_PRODUCT);
    assert_true(usage_by_read(STR("operation"), &by));
    assert_int_equal(by, USAGE_BY_OPERATION);
    assert_true(usage_by_read(STR("provider"), &by));
    assert_int_equal(by, USAGE_BY_PROVIDER);
    assert_false(usage_by_read(STR("week"), &by));
    assert_false(usage_by_read(STR_EMPTY, &by));
    assert_int_equal(by, USAGE_BY_PROVIDER);
}

static void test_cells_of_csv_are_quoted_and_no_formulas(void **state)
{
    static const struct {
        const char *text, *cell, *because;
    } cases[] = {
        {"",            "",                   "nothing"               },
        {"gpt-image-2", "gpt-image-2",        "a plain word"          },
        {"a,b",         "\"a,b\"",            "a comma"               },
        {"a\"b",        "\"a\"\"b\"",         "a quote"               },
        {"a\r\nb",      "\"a\r\nb\"",         "a line's end"          },
        {"=1+1",        "'=1+1",              "a formula"             },
        {"+1",          "'+1",                "a formula"             },
        {"-1",          "'-1",                "a formula"             },
        {"@SUM(A1)",    "'@SUM(A1)",          "a formula"             },
        {"\t=1",        "'\t=1",              "a tab before one"      },
        {"\r=1",        "\"'\r=1\"",          "a return before one"   },
        {"\n=1",        "\"'\n=1\"",          "a line feed before one"},
        {"＝1+1",      "'＝1+1",            "a wide formula"        },
        {"＠SUM",      "'＠SUM",            "a wide formula"        },
        {"=A1,\"x\"",   "\"'=A1,\"\"x\"\"\"", "all of it"             },
        {"工作室",   "工作室",          "other letters"         },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(buf_finish) struct buf out = {0};

        usage_csv_cell(&out, str_of(cases[i].text));
        check_text(buf_str(&out), cases[i].cell, cases[i].because);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_day_is_the_date_of_utc),
        cmocka_unit_test(test_a_range_has_both_its_days_and_a_bound),
        cmocka_unit_test(test_the_hooks_fit_the_engine),
        cmocka_unit_test(test_groups_are_read_by_their_names),
        cmocka_unit_test(test_cells_of_csv_are_quoted_and_no_formulas),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
