#include "core/clock.h"
#include "core/test.h"

static void test_times_are_written_as_rfc_3339(void **state)
{
    static const struct {
        int64_t wall_ms;
        const char *text, *http;
    } rows[] = {
        {0,               "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
        {-1,              "1969-12-31T23:59:59.999Z", "Wed, 31 Dec 1969 23:59:59 GMT"},
        {784111777000,    "1994-11-06T08:49:37.000Z", "Sun, 06 Nov 1994 08:49:37 GMT"},
        {951782400000,    "2000-02-29T00:00:00.000Z", "Tue, 29 Feb 2000 00:00:00 GMT"},
        {1795341600000,   "2026-11-22T10:00:00.000Z", "Sun, 22 Nov 2026 10:00:00 GMT"},
        {4107542400000,   "2100-03-01T00:00:00.000Z", "Mon, 01 Mar 2100 00:00:00 GMT"},
        {-62167219200000, "0000-01-01T00:00:00.000Z", "Sat, 01 Jan 0000 00:00:00 GMT"},
        {253402300799999, "9999-12-31T23:59:59.999Z", "Fri, 31 Dec 9999 23:59:59 GMT"},
        {INT64_MAX,       "9999-12-31T23:59:59.999Z", "Fri, 31 Dec 9999 23:59:59 GMT"}, /* clamped */
        {INT64_MIN,       "0000-01-01T00:00:00.000Z", "Sat, 01 Jan 0000 00:00:00 GMT"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[CLOCK_TEXT_SIZE];

        clock_format(rows[i].wall_ms, text);
        assert_string_equal(text, rows[i].text);
        clock_format_http(rows[i].wall_ms, text);
        assert_string_equal(text, rows[i].http);
    }
}

static void test_every_day_reads_back(void **state)
{
    (void)state;
    /* 4000 years in steps of 29 days and some: leap days and centuries are among them. */
    for (int64_t ms = -62167219200000; ms < 64092211200000; ms += INT64_C(2505612347)) {
        char text[CLOCK_TEXT_SIZE];
        int64_t back = 0;

        clock_format(ms, text);
        assert_true(clock_parse(str_of(text), &back));
        assert_true(back == ms);
        clock_format_http(ms, text);
        assert_true(clock_parse_http(str_of(text), &back));
        assert_true(back == ms - ((ms % 1000 + 1000) % 1000));
    }
}

static void test_rfc_3339_is_read_strictly(void **state)
{
    static const struct {
        const char *text;
        bool is_read;
        int64_t wall_ms;
        const char *because;
    } rows[] = {
        {"2026-11-22",                        true,  1795305600000, "a date alone is midnight UTC"},
        {"2026-11-22T10:00:00Z",              true,  1795341600000, "no fraction"                 },
        {"2026-11-22t10:00:00z",              true,  1795341600000, "either case"                 },
        {"2026-11-22T11:30:00+01:30",         true,  1795341600000, "east"                        },
        {"2026-11-22T04:30:00-05:30",         true,  1795341600000, "west"                        },
        {"2026-11-22T10:00:00-00:00",         true,  1795341600000, "unknown offset"              },
        {"2026-11-22T10:00:00.1Z",            true,  1795341600100, "one digit"                   },
        {"2026-11-22T10:00:00.123999999999Z", true,  1795341600123, "what is finer is dropped"    },
        {"2024-02-29",                        true,  1709164800000, "a leap day"                  },
        {"2016-12-31T23:59:60Z",              true,  1483228800000, "a leap second"               },
        {"2017-01-01T00:59:60+01:00",         true,  1483228800000, "a leap second to the east"   },
        {"2016-12-31T12:59:60Z",              false, 0,             "a leap second at noon"       },
        {"2023-02-29",                        false, 0,             "no leap day"                 },
        {"2100-02-29",                        false, 0,             "a century is none"           },
        {"2026-13-01",                        false, 0,             "month 13"                    },
        {"2026-00-01",                        false, 0,             "month 0"                     },
        {"2026-04-31",                        false, 0,             "day 31 of April"             },
        {"2026-04-00",                        false, 0,             "day 0"                       },
        {"2026-11-22T24:00:00Z",              false, 0,             "hour 24"                     },
        {"2026-11-22T10:60:00Z",              false, 0,             "minute 60"                   },
        {"2026-11-22T10:00:61Z",              false, 0,             "second 61"                   },
        {"2026-11-22T10:00:00",               false, 0,             "no offset"                   },
        {"2026-11-22T10:00Z",                 false, 0,             "no seconds"                  },
        {"2026-11-22 10:00:00Z",              false, 0,             "a space"                     },
        {"2026-11-22T10:00:00.Z",             false, 0,             "a point without digits"      },
        {"2026-11-22T10:00:00+0130",          false, 0,             "an offset without colon"     },
        {"2026-11-22T10:00:00+24:00",         false, 0,             "an offset of a day"          },
        {"2026-11-22T10:00:00+01:60",         false, 0,             "an offset with minute 60"    },
        {"2026-11-22T10:00:00Z ",             false, 0,             "something behind"            },
        {"2026-11-22T",                       false, 0,             "half of it"                  },
        {" 2026-11-22",                       false, 0,             "something before"            },
        {"26-11-22",                          false, 0,             "a short year"                },
        {"2026-1-2",                          false, 0,             "short numbers"               },
        {"+2026-11-22",                       false, 0,             "a sign"                      },
        {"0000-01-01T00:00:00+01:00",         false, 0,             "before year 0"               },
        {"9999-12-31T23:59:59-01:00",         false, 0,             "after year 9999"             },
        {"",                                  false, 0,             "nothing"                     },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t wall_ms = 42;

        check(clock_parse(str_of(rows[i].text), &wall_ms) == rows[i].is_read, rows[i].because);
        check(wall_ms == (rows[i].is_read ? rows[i].wall_ms : 42), rows[i].because);
    }
}

static void test_all_three_http_dates_are_read(void **state)
{
    static const struct {
        const char *text;
        bool is_read;
        int64_t wall_ms;
        const char *because;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT",  true,  784111777000,  "IMF-fixdate"            },
        {"Sunday, 06-Nov-94 08:49:37 GMT", true,  784111777000,  "RFC 850"                },
        {"Sun Nov  6 08:49:37 1994",       true,  784111777000,  "asctime"                },
        {"Wed Nov 16 08:49:37 1994",       true,  784975777000,  "asctime, two digits"    },
        {"Sunday, 06-Nov-69 08:49:37 GMT", true,  3150953377000, "2069"                   },
        {"Sunday, 06-Nov-70 08:49:37 GMT", true,  26729377000,   "1970"                   },
        {"Sun, 06 Nov 1994 08:49:37",      false, 0,             "no zone"                },
        {"Sun, 06 Nov 1994 08:49:37 UTC",  false, 0,             "another zone"           },
        {"Sun, 6 Nov 1994 08:49:37 GMT",   false, 0,             "one digit"              },
        {"sun, 06 Nov 1994 08:49:37 GMT",  false, 0,             "small letters"          },
        {"Sun, 06 Nox 1994 08:49:37 GMT",  false, 0,             "no month"               },
        {"Sun, 31 Nov 1994 08:49:37 GMT",  false, 0,             "no such day"            },
        {"Sun, 06 Nov 1994 08:49:37 GMT ", false, 0,             "something behind"       },
        {"Sun, 06-Nov-94 08:49:37 GMT",    false, 0,             "a mixture"              },
        {"Sun Nov  16 08:49:37 1994",      false, 0,             "padded twice"           },
        {"784111777",                      false, 0,             "a number"               },
        {"0",                              false, 0,             "what Expires often says"},
        {"",                               false, 0,             "nothing"                },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t wall_ms = 42;

        check(clock_parse_http(str_of(rows[i].text), &wall_ms) == rows[i].is_read, rows[i].because);
        check(wall_ms == (rows[i].is_read ? rows[i].wall_ms : 42), rows[i].because);
    }
}

static void test_a_fake_clock_stands_until_it_is_moved(void **state)
{
    struct clock_fake fake = {.wall_ms = 5, .mono_ms = 7};
    struct clock clock = clock_of_fake(&fake);

    (void)state;
    assert_int_equal(clock_wall_ms(&clock), 5);
    assert_int_equal(clock_mono_ms(&clock), 7);
    fake.wall_ms = 4;
    fake.mono_ms += 10;
    assert_int_equal(clock_wall_ms(&clock), 4);
    assert_int_equal(clock_mono_ms(&clock), 17);
}

static void test_the_system_clock_runs_forward(void **state)
{
    int64_t before = clock_mono_ms(&clock_system);

    (void)state;
    assert_true(clock_wall_ms(&clock_system) > INT64_C(1700000000000));
    assert_true(clock_mono_ms(&clock_system) >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_are_written_as_rfc_3339),
        cmocka_unit_test(test_every_day_reads_back),
        cmocka_unit_test(test_rfc_3339_is_read_strictly),
        cmocka_unit_test(test_all_three_http_dates_are_read),
        cmocka_unit_test(test_a_fake_clock_stands_until_it_is_moved),
        cmocka_unit_test(test_the_system_clock_runs_forward),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
