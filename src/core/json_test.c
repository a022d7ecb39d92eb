#include "core/json.h"
#include "core/test.h"

#include <math.h>

/* One value in `depth` lists. */
static void nest(struct buf *text, size_t depth)
{
    buf_clear(text);
    for (size_t i = 0; i < depth; i++)
        buf_add_char(text, '[');
    buf_add_char(text, '1');
    for (size_t i = 0; i < depth; i++)
        buf_add_char(text, ']');
}

static void test_documents_read_and_print_again(void **state)
{
    static const struct {
        const char *text, *printed;
        const char *because;
    } rows[] = {
        {"null",                                          "null",                              "null alone"                          },
        {" \t\r\ntrue\n",                                 "true",                              "space on both sides"                 },
        {"false",                                         "false",                             "false"                               },
        {"0",                                             "0",                                 "a number ends with the text"         },
        {"-0",                                            "0",                                 "minus zero as an integer"            },
        {"12 ",                                           "12",                                "a number and space"                  },
        {"9223372036854775807",                           "9223372036854775807",               "the largest integer, exactly"        },
        {"-9223372036854775808",                          "-9223372036854775808",              "the smallest, exactly"               },
        {"9223372036854775808",                           "9.223372036854776e+18",             "beyond: a double"                    },
        {"-9223372036854775809",                          "-9.223372036854776e+18",            "below: a double"                     },
        {"[18446744073709551616,1,99999999999999999999]", "[1.8446744073709552e+19,1,1e+20]",
         "several of them"                                                                                                           },
        {"1.0",                                           "1.0",                               "a double stays one"                  },
        {"[1e2,1E+2,1e-2,-0.5]",                          "[100.0,100.0,0.01,-0.5]",           "exponents"                           },
        {"1e-400",                                        "0.0",                               "too small is zero"                   },
        {"\"\"",                                          "\"\"",                              "the empty text"                      },
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",                "\"\\\"\\\\/\\b\\f\\n\\r\\t\"",      "every escape"                        },
        {"\"\\u0041\\u00e9\\u8336\\ud83d\\ude00\"",       "\"Aé茶😀\"",                    "Unicode escapes"                     },
        {"\"a\\u0000b\"",                                 "\"a\\u0000b\"",                     "a NUL in a text"                     },
        {"\"\\u2028\\u007f\"",                            "\"\\u2028\\u007f\"",                "line ends of JavaScript stay escaped"},
        {"[]",                                            "[]",                                "an empty list"                       },
        {"{}",                                            "{}",                                "an empty object"                     },
        {"[ ]",                                           "[]",                                "an empty list with space"            },
        {"{\"b\":1,\"a\":[{},null]}",                     "{\"b\":1,\"a\":[{},null]}",         "the order stays"                     },
        {"{\"\":1}",                                      "{\"\":1}",                          "the empty name"                      },
        {"{\"a\":{\"a\":1},\"b\":{\"a\":1}}",             "{\"a\":{\"a\":1},\"b\":{\"a\":1}}",
         "one name in several objects"                                                                                               },
    };
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(json_cleanup) struct json *strict = NULL;
        CLEANUP(json_cleanup) struct json *liberal = NULL;
        struct error err = {0};

        check(json_read(str_of(rows[i].text), &strict, &err), rows[i].because);
        check_text(json_print(strict, arena), rows[i].printed, rows[i].because);
        check(json_read_liberal(str_of(rows[i].text), &liberal, &err), rows[i].because);
        check_text(json_print(liberal, arena), rows[i].printed, rows[i].because);
    }
}

static void test_what_is_no_json_is_refused_by_both_readers(void **state)
{
    static const struct {
        const char *text;
        const char *message; /* how it begins behind "JSON: " */
    } rows[] = {
        {"",                  "an early end at byte 0"                 },
        {"  ",                "an early end at byte 2"                 },
        {"[1",                "an early end at byte 2"                 },
        {"{\"a\":",           "an early end at byte 5"                 },
        {"[1,",               "an early end"                           },
        {"\"abc",             "a text that does not end at byte 0"     },
        {"\"abc\\",           "an unknown escape"                      },
        {"[1,]",              "no value at byte 3"                     },
        {"[,1]",              "no value at byte 1"                     },
        {"[1 2]",             "no comma at byte 3"                     },
        {"{\"a\":1,}",        "no name at byte 7"                      },
        {"{,}",               "no name at byte 1"                      },
        {"{a:1}",             "no name at byte 1"                      },
        {"{'a':1}",           "no name at byte 1"                      },
        {"{1:1}",             "no name at byte 1"                      },
        {"{\"a\" 1}",         "no colon at byte 5"                     },
        {"{\"a\":}",          "no value at byte 5"                     },
        {"{\"a\":1 \"b\":2}", "no comma at byte 7"                     },
        {"[1}",               "no comma at byte 2"                     },
        {"{\"a\":1]",         "no comma at byte 6"                     },
        {"]",                 "no value at byte 0"                     },
        {"1 2",               "something after the value at byte 2"    },
        {"{}{}",              "something after the value at byte 2"    },
        {"{}x",               "something after the value at byte 2"    },
        {"01",                "something after the value at byte 1"    },
        {"-01",               "something after the value at byte 2"    },
        {"+1",                "no value at byte 0"                     },
        {".5",                "no value at byte 0"                     },
        {"5.",                "no digit at byte 2"                     },
        {"-",                 "no digit at byte 1"                     },
        {"1e",                "no digit at byte 2"                     },
        {"1e+",               "no digit at byte 3"                     },
        {"0x10",              "something after the value at byte 1"    },
        {"1_000",             "something after the value at byte 1"    },
        {"1e400",             "a number too large at byte 0"           },
        {"[-1e400]",          "a number too large at byte 1"           },
        {"NaN",               "no value"                               },
        {"Infinity",          "no value"                               },
        {"-Infinity",         "no digit at byte 1"                     },
        {"nul",               "no value"                               },
        {"nulll",             "something after the value at byte 4"    },
        {"True",              "no value"                               },
        {"undefined",         "no value"                               },
        {"'a'",               "no value"                               },
        {"// c\n1",           "no value at byte 0"                     },
        {"[1/* c */]",        "no comma at byte 2"                     },
        {"\"a\nb\"",          "a control character in a text at byte 2"},
        {"\"\\x41\"",         "an unknown escape at byte 2"            },
        {"\"\\'\"",           "an unknown escape"                      },
        {"\"\\u12\"",         "a broken \\u escape"                    },
        {"\"\\u12G4\"",       "a broken \\u escape at byte 5"          },
        {"\"\xff\"",          "broken UTF-8 at byte 1"                 },
        {"\"\xed\xa0\x80\"",  "broken UTF-8 at byte 1"                 },
        {"\xef\xbb\xbf{}",    "no value at byte 0"                     }, /* a byte order mark */
        {"\xc2\xa0{}",        "no value at byte 0"                     }, /* a space of Unicode */
        {"\f1",               "no value at byte 0"                     }, /* ASCII space, but none of JSON */
        {"{\"a\\u0000b\":1}", "a NUL in a name"                        },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct json *json = NULL;
        struct error err = {0};

        check(!json_read(str_of(rows[i].text), &json, &err), rows[i].text);
        assert_int_equal(err.code, ERROR_MALFORMED);
        check(str_starts_with(str_of(err.message + strlen("JSON: ")), str_of(rows[i].message)),
              err.message);
        check(!json_read_liberal(str_of(rows[i].text), &json, &err), rows[i].text);
        assert_null(json);
    }
}

static void test_only_the_strict_reader_refuses_half_a_surrogate_pair(void **state)
{
    static const struct {
        const char *text, *read;
    } rows[] = {
        {"\"\\ud83d\"",               "\uFFFD"      },
        {"\"\\ud83dx\"",              "\uFFFDx"     },
        {"\"\\ud83d\\n\"",            "\uFFFD\n"    },
        {"\"\\ud83d\\ud83d\"",        "\uFFFD\uFFFD"},
        {"\"\\ud83d\\ud83d\\ude00\"", "\uFFFD😀"  },
        {"\"\\ud83d\\u0041\"",        "\uFFFDA"     },
        {"\"\\ude00\"",               "\uFFFD"      },
        {"\"\\ude00\\ud83d\"",        "\uFFFD\uFFFD"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(json_cleanup) struct json *json = NULL;
        struct error err = {0};

        check(!json_read(str_of(rows[i].text), &json, &err), rows[i].text);
        assert_non_null(strstr(err.message, "half a surrogate pair at byte "));
        check(json_read_liberal(str_of(rows[i].text), &json, &err), rows[i].text);
        check_text(json_text(json), rows[i].read, rows[i].text);
    }
}

static void test_nul_bytes_are_refused_everywhere(void **state)
{
    static const struct str rows[] = {
        {"1\0",     2},
        {"\0001",   2},
        {"[1\0]",   4},
        {"\"a\0\"", 4}
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct json *json = NULL;
        struct error err = {0};

        assert_false(json_read(rows[i], &json, &err));
        assert_false(json_read_liberal(rows[i], &json, &err));
    }
}

static void test_only_the_strict_reader_refuses_names_that_stand_twice(void **state)
{
    static const struct {
        const char *text, *printed;
    } rows[] = {
        {"{\"a\":1,\"a\":2}",                   "{\"a\":2}"                  },
        {"[{\"b\":{\"a\":1,\"x\":0,\"a\":2}}]", "[{\"b\":{\"a\":2,\"x\":0}}]"},
        {"{\"a\":1,\"\\u0061\":2}",             "{\"a\":2}"                  }, /* escaped, yet the same */
        {"{\"\":1,\"\":2}",                     "{\"\":2}"                   },
        {"{\"a\":{\"deep\":1},\"a\":null}",     "{\"a\":null}"               }, /* members fall away with the first */
    };
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(json_cleanup) struct json *json = NULL;
        struct error err = {0};

        check(!json_read(str_of(rows[i].text), &json, &err), rows[i].text);
        assert_int_equal(err.code, ERROR_MALFORMED);
        check(json_read_liberal(str_of(rows[i].text), &json, &err), rows[i].text);
        check_text(json_print(json, arena), rows[i].printed, rows[i].text);
    }
}

static void test_depth_is_limited(void **state)
{
    CLEANUP(buf_finish) struct buf text = {0};
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    static const struct {
        size_t depth;
        bool is_strict, is_liberal;
    } rows[] = {
        {32,     true,  true },
        {33,     false, true },
        {64,     false, true },
        {65,     false, false},
        {100000, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(json_cleanup) struct json *strict = NULL;
        CLEANUP(json_cleanup) struct json *liberal = NULL;
        struct error err = {0};

        nest(&text, rows[i].depth);
        assert_int_equal(json_read(buf_str(&text), &strict, &err), rows[i].is_strict);
        assert_int_equal(json_read_liberal(buf_str(&text), &liberal, &err), rows[i].is_liberal);
        if (rows[i].is_liberal)
            assert_true(str_equal(json_print(liberal, arena), buf_str(&text)));
    }
}

static void test_the_number_of_values_is_limited(void **state)
{
    CLEANUP(buf_finish) struct buf text = {0};

    (void)state;
    for (int more = 0; more < 2; more++) {
        CLEANUP(json_cleanup) struct json *json = NULL;
        struct error err = {0};

        buf_clear(&text);
        buf_add(&text, STR("[0")); /* the list is a value too */
        for (int i = 2; i < JSON_NODES_MAX + more; i++)
            buf_add(&text, STR(",0"));
        buf_add_char(&text, ']');
        assert_int_equal(json_read(buf_str(&text), &json, &err), more == 0);
        assert_int_equal(json_count(json), more == 0 ? JSON_NODES_MAX - 1 : 0);
        json_cleanup(&json);
        assert_true(json_read_wide(buf_str(&text), &json, &err));
        assert_int_equal(json_count(json), JSON_NODES_MAX - 1 + more);
    }
}

static void test_getters_take_what_is_absent_or_of_another_type(void **state)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error err = {0};
    const struct json *absent;
    struct json_cursor cursor = {0};
    struct str name;
    const struct json *value;
    int64_t number = 42;
    double real = 42;

    (void)state;
    assert_true(json_read(STR("{\"null\":null,\"text\":\"x\"}"), &json, &err));
    absent = json_get(json, "nothing");
    assert_null(absent);
    assert_false(json_is(absent, JSON_NULL));
    assert_true(json_is(json_get(json, "null"), JSON_NULL));
    assert_null(json_get(json_get(json, "null"), "x"));
    assert_null(json_get(json_get(json, "text"), "x"));
    assert_null(json_item(json, 0));
    assert_int_equal(json_count(absent), 0);
    assert_int_equal(json_count(json_get(json, "null")), 0);
    assert_int_equal(json_text(absent).size, 0);
    assert_int_equal(json_text(json).size, 0);
    assert_int_equal(json_text(json_get(json, "null")).size, 0);
    assert_true(json_bool(absent, true));
    assert_false(json_bool(json_get(json, "text"), false));
    assert_false(json_int(json_get(json, "text"), &number));
    assert_false(json_double(json_get(json, "null"), &real));
    assert_int_equal(number, 42);
    assert_int_equal(json_int_or(absent, 7), 7);
    assert_false(json_next(absent, &cursor, &name, &value));
    json_free(NULL);
}

static void test_numbers_are_taken_exactly_or_not(void **state)
{
    static const struct {
        const char *text;
        bool is_int;
        int64_t number;
    } rows[] = {
        {"1.0",                 true,  1                        },
        {"1e3",                 true,  1000                     },
        {"-2.0",                true,  -2                       },
        {"1.5",                 false, 0                        },
        {"9007199254740992.0",  true,  INT64_C(9007199254740992)},
        {"9007199254740994.0",  false, 0                        }, /* beyond 2^53 a double may have been rounded */
        {"9223372036854775807", true,  INT64_MAX                },
        {"9223372036854775808", false, 0                        },
        {"true",                false, 0                        },
        {"\"1\"",               false, 0                        },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(json_cleanup) struct json *json = NULL;
        struct error err = {0};
        int64_t number = 42;

        assert_true(json_read(str_of(rows[i].text), &json, &err));
        check(json_int(json, &number) == rows[i].is_int, rows[i].text);
        check(number == (rows[i].is_int ? rows[i].number : 42), rows[i].text);
    }
}

/* A double beside them would be another number. */
static void test_integers_beyond_int64_keep_their_digits(void **state)
{
    static const struct {
        const char *text, *digits; /* of the last item */
    } rows[] = {
        {"[18446744073709551615]",                          "18446744073709551615"},
        {"[9223372036854775808]",                           "9223372036854775808" },
        {"[ -9223372036854775809 ]",                        "-9223372036854775809"},
        {"[99999999999999999999999, 18446744073709551617]", "18446744073709551617"},
        {"[9223372036854775807]",                           ""                    },
        {"[1.0]",                                           ""                    },
        {"[-0.0]",                                          ""                    },
        {"[0.5]",                                           ""                    },
        {"[1e30]",                                          ""                    },
        {"[\"18446744073709551615\"]",                      ""                    },
        {"[null]",                                          ""                    },
        {"[]",                                              ""                    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(json_cleanup) struct json *strict = NULL, *liberal = NULL;
        struct error err = {0};

        assert_true(json_read(str_of(rows[i].text), &strict, &err));
        assert_true(json_read_liberal(str_of(rows[i].text), &liberal, &err));
        check_text(json_digits(json_item(strict, json_count(strict) - 1)), rows[i].digits,
                   rows[i].text);
        check_text(json_digits(json_item(liberal, json_count(liberal) - 1)), rows[i].digits,
                   rows[i].text);
    }
}

static void test_paths_walk_names_and_indices(void **state)
{
    static const struct {
        const char *path, *text; /* NULL: absent */
    } rows[] = {
        {"data.0.b64_json",   "x"   },
        {"data.1.b64_json",   NULL  },
        {"data.x",            NULL  },
        {"data.-1",           NULL  },
        {"data.0.b64_json.0", NULL  },
        {"0",                 "zero"},
        {"data.2",            NULL  },
        {"nothing.at.all",    NULL  },
        {"data.0.",           NULL  },
    };
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error err = {0};

    (void)state;
    assert_true(
        json_read(STR("{\"data\":[{\"b64_json\":\"x\"},null],\"0\":\"zero\"}"), &json, &err));
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct json *found = json_path(json, rows[i].path);

        check((found == NULL) == (rows[i].text == NULL), rows[i].path);
        if (rows[i].text != NULL)
            check_text(json_text(found), rows[i].text, rows[i].path);
    }
    assert_true(json_is(json_path(json, "data.1"), JSON_NULL));
}

static void test_members_are_walked_in_their_order(void **state)
{
    static const char *const names[] = {"z", "a", "", "m"};
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct json_cursor cursor = {0};
    struct error err = {0};
    const struct json *value;
    struct str name;
    size_t count = 0;

    (void)state;
    assert_true(json_read(STR("{\"z\":0,\"a\":1,\"\":2,\"m\":3}"), &json, &err));
    for (; json_next(json, &cursor, &name, &value); count++) {
        check_text(name, names[count], "a name");
        assert_int_equal(json_int_or(value, -1), count);
    }
    assert_int_equal(count, COUNT(names));
    assert_false(json_next(json, &cursor, &name, &value)); /* and stays at the end */
}

static void test_the_writer_sets_commas_and_escapes(void **state)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct json_writer writer;

    (void)state;
    json_writer_init(&writer, &buf);
    json_begin_object(&writer);
    json_name(&writer, "a\"b");
    json_begin_list(&writer);
    json_add_int(&writer, INT64_MIN);
    json_add_double(&writer, 0.1);
    json_add_double(&writer, NAN);
    json_add_double(&writer, -INFINITY);
    json_add_bool(&writer, false);
    json_begin_object(&writer);
    json_end_object(&writer);
    json_begin_list(&writer);
    json_end_list(&writer);
    json_end_list(&writer);
    json_name_str(&writer, STR("茶"));
    json_add_text(&writer, STR("\x01\x1f\n\"\\/<\xff\xc2\x85"));
    json_name(&writer, "raw");
    json_add_raw(&writer, STR("[1, 2]"));
    json_name(&writer, "at");
    json_add_time(&writer, 1795341600000);
    json_name(&writer, "never");
    json_add_time(&writer, 0);
    json_end_object(&writer);
    check_text(buf_str(&buf),
               "{\"a\\\"b\":[-9223372036854775808,0.1,null,null,false,{},[]],"
               "\"茶\":\"\\u0001\\u001f\\n\\\"\\\\/<\xef\xbf\xbd\\u0085\","
               "\"raw\":[1, 2],\"at\":\"2026-11-22T10:00:00.000Z\",\"never\":null}",
               "one of everything");
}

static struct json_writer start(struct buf *buf, bool is_object)
{
    struct json_writer writer;

    json_writer_init(&writer, buf);
    if (is_object)
        json_begin_object(&writer);
    else
        json_begin_list(&writer);
    return writer;
}

static void value_without_name(void)
{
    struct buf buf = {0};
    struct json_writer writer = start(&buf, true);

    json_add_int(&writer, 1);
}

static void name_in_list(void)
{
    struct buf buf = {0};
    struct json_writer writer = start(&buf, false);

    json_name(&writer, "a");
}

static void name_without_value(void)
{
    struct buf buf = {0};
    struct json_writer writer = start(&buf, true);

    json_name(&writer, "a");
    json_end_object(&writer);
}

static void end_of_the_other_kind(void)
{
    struct buf buf = {0};
    struct json_writer writer = start(&buf, true);

    json_end_list(&writer);
}

static void an_end_too_many(void)
{
    struct buf buf = {0};
    struct json_writer writer = start(&buf, true);

    json_end_object(&writer);
    json_end_object(&writer);
}

static void two_documents(void)
{
    struct buf buf = {0};
    struct json_writer writer = start(&buf, true);

    json_end_object(&writer);
    json_add_int(&writer, 1);
}

static void too_deep(void)
{
    struct buf buf = {0};
    struct json_writer writer = start(&buf, false);

    for (int i = 0; i < JSON_DEPTH_MAX * 2; i++)
        json_begin_list(&writer);
}

static void test_misuse_of_the_writer_aborts(void **state)
{
    static void (*const misuses[])(void) = {value_without_name,
                                            name_in_list,
                                            name_without_value,
                                            end_of_the_other_kind,
                                            an_end_too_many,
                                            two_documents,
                                            too_deep};

    (void)state;
    for (size_t i = 0; i < COUNT(misuses); i++)
        assert_true(aborts(misuses[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents_read_and_print_again),
        cmocka_unit_test(test_what_is_no_json_is_refused_by_both_readers),
        cmocka_unit_test(test_only_the_strict_reader_refuses_half_a_surrogate_pair),
        cmocka_unit_test(test_nul_bytes_are_refused_everywhere),
        cmocka_unit_test(test_only_the_strict_reader_refuses_names_that_stand_twice),
        cmocka_unit_test(test_depth_is_limited),
        cmocka_unit_test(test_the_number_of_values_is_limited),
        cmocka_unit_test(test_getters_take_what_is_absent_or_of_another_type),
        cmocka_unit_test(test_numbers_are_taken_exactly_or_not),
        cmocka_unit_test(test_integers_beyond_int64_keep_their_digits),
        cmocka_unit_test(test_paths_walk_names_and_indices),
        cmocka_unit_test(test_members_are_walked_in_their_order),
        cmocka_unit_test(test_the_writer_sets_commas_and_escapes),
        cmocka_unit_test(test_misuse_of_the_writer_aborts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
