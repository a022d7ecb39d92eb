#include "operation/operation.h"

#include "core/test.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

static const char *const colours[] = {"red", "green", NULL};

/* A row of each type. */
static const struct operation_parameter parameters[] = {
    {.name = "prompt",        .type = PARAMETER_LONG_TEXT,       .is_required = true, .min = 1,                                                                                .max = 5},
    {.name = "word",                       .type = PARAMETER_TEXT,                                           .min = 2,                  .max = 4,                                                       .fallback = "\"abc\""},
    {.name = "count",  .type = PARAMETER_INT,                                   .min = 1,                                        .max = 10,                                                   .fallback = "1"},
    {.name = "scale",              .type = PARAMETER_DOUBLE,                                .min = 0,            .max = 50,                                   .fallback = "7.5"},
    {.name = "is_on",               .type = PARAMETER_BOOL,        .fallback = "false"},
    {.name = "colour",.type = PARAMETER_CHOICE,.choices = colours,               .fallback = "\"red\""                                                   },
    {.name = "quality",     .type = PARAMETER_CHOICE,                        .fallback = "\"\""                            },
    {.name = "width",     .type = PARAMETER_SIDE,               .max = 8192,.fallback = "0"                                                                                      },
    {.name = "seed",        .type = PARAMETER_SEED,                                         .max = 4294967295                                                       },
    {.name = "url",                       .type = PARAMETER_URL,                                            .min = 8,.max = 40                                                },
    {.name = "options",                       .type = PARAMETER_OPTIONS,                                        .max = 3,            .fallback = "{}"                                                    },
    {.name = "roles",                       .type = PARAMETER_ROLES,                                          .max = 2,                .fallback = "[]",                            .choices = colours},
    {.name = "model",     .type = PARAMETER_MODEL,                                      .max = 10,                                           .fallback = "\"\""},
};
static const struct operation sample = {
    .engine = {.name = "test.sample"},
    .parameters = parameters,
    .parameter_count = COUNT(parameters),
};

static bool check_json(const struct operation *operation, const char *text, const char *prefix,
                       struct arena *arena, struct str *out, struct error *err)
{
    CLEANUP(json_cleanup) struct json *json = NULL;

    *err = (struct error){0};
    assert_true(json_read(str_of(text), &json, err));
    return operation_check(operation, json, prefix, arena, out, err);
}

static void test_parameters_are_checked_by_their_rows(void **state)
{
    static const struct {
        const char *json;
        enum error_code code;
        const char *field; /* behind the prefix */
        int64_t limit;
        const char *reason;
    } cases[] = {
        {"{}",                                                               ERROR_REQUIRED,      "prompt",    0,          "absent"                     },
        {"null",                                                             ERROR_REQUIRED,      "prompt",    0,          "no parameters at all"       },
        {"{\"prompt\":null}",                                                ERROR_REQUIRED,      "prompt",    0,          "null is absent"             },
        {"{\"prompt\":\"\"}",                                                ERROR_REQUIRED,      "prompt",    1,          "empty"                      },
        {"{\"prompt\":\" \\n \"}",                                           ERROR_TOO_SHORT,     "prompt",    1,          "only spaces"                },
        {"{\"prompt\":7}",                                                   ERROR_WRONG_TYPE,    "prompt",    0,          "a number for a text"        },
        {"{\"prompt\":\"123456\"}",                                          ERROR_TOO_LONG,      "prompt",    5,          "one too many"               },
        {"{\"prompt\":\"茶茶茶茶茶\"}",                                 ERROR_NONE,          "",          0,          "characters count, not bytes"},
        {"{\"prompt\":\"a\\u0007\"}",                                        ERROR_INVALID,       "prompt",    0,          "a control character"        },
        {"{\"prompt\":\"a\\n\\tb\"}",                                        ERROR_NONE,          "",          0,          "lines and tabs are text"    },
        {"{\"prompt\":\"a\",\"word\":\"a\"}",                                ERROR_TOO_SHORT,     "word",      2,          "too short"                  },
        {"{\"prompt\":\"a\",\"word\":\"abcde\"}",                            ERROR_TOO_LONG,      "word",      4,          "too long"                   },
        {"{\"prompt\":\"a\",\"count\":0}",                                   ERROR_TOO_SMALL,     "count",     1,          "below"                      },
        {"{\"prompt\":\"a\",\"count\":1}",                                   ERROR_NONE,          "",          0,          "the least"                  },
        {"{\"prompt\":\"a\",\"count\":10}",                                  ERROR_NONE,          "",          0,          "the most"                   },
        {"{\"prompt\":\"a\",\"count\":11}",                                  ERROR_TOO_BIG,       "count",     10,         "above"                      },
        {"{\"prompt\":\"a\",\"count\":1.5}",                                 ERROR_WRONG_TYPE,    "count",     0,          "a fraction"                 },
        {"{\"prompt\":\"a\",\"count\":\"1\"}",                               ERROR_WRONG_TYPE,    "count",     0,          "a text"                     },
        {"{\"prompt\":\"a\",\"count\":1e300}",                               ERROR_WRONG_TYPE,    "count",     0,          "no whole number"            },
        {"{\"prompt\":\"a\",\"count\":true}",                                ERROR_WRONG_TYPE,    "count",     0,          "a bool"                     },
        {"{\"prompt\":\"a\",\"scale\":-0.1}",                                ERROR_TOO_SMALL,     "scale",     0,          "below"                      },
        {"{\"prompt\":\"a\",\"scale\":50.5}",                                ERROR_TOO_BIG,       "scale",     50,         "above"                      },
        {"{\"prompt\":\"a\",\"scale\":3}",                                   ERROR_NONE,          "",          0,          "a whole number is one too"  },
        {"{\"prompt\":\"a\",\"scale\":[1]}",                                 ERROR_WRONG_TYPE,    "scale",     0,          "a list"                     },
        {"{\"prompt\":\"a\",\"is_on\":1}",                                   ERROR_WRONG_TYPE,    "is_on",     0,          "1 is not true"              },
        {"{\"prompt\":\"a\",\"is_on\":true}",                                ERROR_NONE,          "",          0,          "true is"                    },
        {"{\"prompt\":\"a\",\"colour\":\"blue\"}",                           ERROR_NOT_IN_LIST,   "colour",    0,          "no choice"                  },
        {"{\"prompt\":\"a\",\"colour\":\"Red\"}",                            ERROR_NOT_IN_LIST,   "colour",    0,          "case counts"                },
        {"{\"prompt\":\"a\",\"colour\":1}",                                  ERROR_WRONG_TYPE,    "colour",    0,          "a number"                   },
        {"{\"prompt\":\"a\",\"colour\":\"green\"}",                          ERROR_NONE,          "",          0,          "a choice"                   },
        {"{\"prompt\":\"a\",\"quality\":\"anything\"}",                      ERROR_NONE,          "",          0,          "the model's list"           },
        {"{\"prompt\":\"a\",\"quality\":\"1234567890123456789012345678901234567890"
         "1234567890123456789012345\"}",                            ERROR_TOO_LONG,      "quality",   64,         "bounded all the same"       },
        {"{\"prompt\":\"a\",\"width\":8193}",                                ERROR_TOO_BIG,       "width",     8192,       "too wide"                   },
        {"{\"prompt\":\"a\",\"width\":-1}",                                  ERROR_TOO_SMALL,     "width",     0,          "below nothing"              },
        {"{\"prompt\":\"a\",\"seed\":4294967295}",                           ERROR_NONE,          "",          0,          "the largest seed"           },
        {"{\"prompt\":\"a\",\"seed\":4294967296}",                           ERROR_TOO_BIG,       "seed",      4294967295, "32 bits"                    },
        {"{\"prompt\":\"a\",\"seed\":-1}",                                   ERROR_TOO_SMALL,     "seed",      0,          "chance is null, not -1"     },
        {"{\"prompt\":\"a\",\"seed\":null}",                                 ERROR_NONE,          "",          0,          "chance"                     },
        {"{\"prompt\":\"a\",\"url\":\"http://\"}",                           ERROR_TOO_SHORT,     "url",       8,          "no host"                    },
        {"{\"prompt\":\"a\",\"url\":\"http://a/b\"}",                        ERROR_NONE,          "",          0,          "an address"                 },
        {"{\"prompt\":\"a\",\"url\":\"HTTPS://a/b\"}",                       ERROR_NONE,          "",          0,          "schemes have no case"       },
        {"{\"prompt\":\"a\",\"url\":\"file:///etc/passwd\"}",                ERROR_INVALID,       "url",       0,          "a file"                     },
        {"{\"prompt\":\"a\",\"url\":\"example.com/a.png\"}",                 ERROR_INVALID,       "url",       0,          "no scheme"                  },
        {"{\"prompt\":\"a\",\"model\":\"12345678901\"}",                     ERROR_TOO_LONG,      "model",     10,         "too long"                   },
        {"{\"prompt\":\"a\",\"options\":[]}",                                ERROR_WRONG_TYPE,    "options",   0,          "a list of options"          },
        {"{\"prompt\":\"a\",\"options\":{\"a\":1,\"b\":\"x\",\"c\":true}}",  ERROR_NONE,          "",          0,
         "options"                                                                                                                                      },
        {"{\"prompt\":\"a\",\"options\":{\"a\":1,\"b\":2,\"c\":3,\"d\":4}}", ERROR_TOO_MANY,
         "options",                                                                                            3,          "one option too many"        },
        {"{\"prompt\":\"a\",\"options\":{\"a\":{}}}",                        ERROR_WRONG_TYPE,    "options.a", 0,
         "an option of parts"                                                                                                                           },
        {"{\"prompt\":\"a\",\"options\":{\"a\":\"\\u0007\"}}",               ERROR_INVALID,       "options.a", 0,
         "a control character in an option"                                                                                                             },
        {"{\"prompt\":\"a\",\"roles\":\"green\"}",                           ERROR_WRONG_TYPE,    "roles",     0,
         "no list of roles"                                                                                                                             },
        {"{\"prompt\":\"a\",\"roles\":[\"green\",\"green\"]}",               ERROR_NONE,          "",          0,          "roles"                      },
        {"{\"prompt\":\"a\",\"roles\":[\"green\",\"pink\"]}",                ERROR_NOT_IN_LIST,   "roles[1]",  0,
         "no such role"                                                                                                                                 },
        {"{\"prompt\":\"a\",\"roles\":[1]}",                                 ERROR_WRONG_TYPE,    "roles[0]",  0,
         "a role that is no text"                                                                                                                       },
        {"{\"prompt\":\"a\",\"roles\":[\"green\",\"green\",\"green\"]}",     ERROR_TOO_MANY,      "roles",     2,
         "one role too many"                                                                                                                            },
        {"{\"prompt\":\"a\",\"Prompt\":\"b\"}",                              ERROR_UNKNOWN_FIELD, "Prompt",    0,          "no such name"               },
        {"{\"prompt\":\"a\",\"\":1}",                                        ERROR_UNKNOWN_FIELD, "",          0,          "a name of nothing"          },
    };
    static const char *const prefixes[] = {"nodes[12].parameters.", ""};
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));

    (void)state;
    for (size_t i = 0; i < COUNT(cases) * COUNT(prefixes); i++) {
        const size_t row = i / COUNT(prefixes);
        const char *prefix = prefixes[i % COUNT(prefixes)];
        struct error err;
        struct str out;
        char field[80] = "";

        if (cases[row].code != ERROR_NONE)
            snprintf(field, sizeof(field), "%s%s", prefix, cases[row].field);
        if (check_json(&sample, cases[row].json, prefix, arena, &out, &err) !=
                (cases[row].code == ERROR_NONE) ||
            err.code != cases[row].code || strcmp(err.field, field) != 0 ||
            err.limit != cases[row].limit)
            fail_msg("%s: %s at '%s' (limit %lld)", cases[row].reason, error_wire_name(err.code),
                     err.field, (long long)err.limit);
    }
}

static void test_what_is_no_object_is_refused_where_it_stands(void **state)
{
    static const char *const values[] = {"[]", "\"prompt\"", "1", "true"};
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));

    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        struct error err;
        struct str out;

        assert_false(check_json(&sample, values[i], "nodes[0].parameters.", arena, &out, &err));
        assert_int_equal(err.code, ERROR_WRONG_TYPE);
        assert_string_equal(err.field, "nodes[0].parameters");
    }
}

static void test_a_long_unknown_name_is_clipped_between_characters(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    CLEANUP(buf_finish) struct buf json = {0};
    struct error err;
    struct str out;

    (void)state;
    buf_printf(&json, "{\"prompt\":\"a\",\"x");
    for (size_t i = 0; i < 1000; i++)
        buf_add(&json, STR("茶"));
    buf_printf(&json, "\":1}");
    assert_false(check_json(&sample, arena_cstr(arena, buf_str(&json)), "nodes[0].parameters.",
                            arena, &out, &err));
    assert_int_equal(err.code, ERROR_UNKNOWN_FIELD);
    assert_true(text_is_utf8(str_of(err.field)));
    assert_true(str_starts_with(str_of(err.field), STR("nodes[0].parameters.x茶茶")));
}

static void test_what_is_absent_takes_its_fallback(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    struct error err;
    struct str out;

    (void)state;
    assert_true(
        check_json(&sample, "{\"word\":null,\"prompt\":\"a\\\"b\"}", "", arena, &out, &err));
    assert_string_equal(arena_cstr(arena, out),
                        "{\"prompt\":\"a\\\"b\",\"word\":\"abc\",\"count\":1,\"scale\":7.5,"
                        "\"is_on\":false,\"colour\":\"red\",\"quality\":\"\",\"width\":0,"
                        "\"seed\":null,\"url\":null,\"options\":{},\"roles\":[],\"model\":\"\"}");
}

/* ---- The registry ---- */

static void expect_text(const char *text, const char *of, const char *what)
{
    if (text == NULL || text[0] == '\0' || !text_is_utf8(str_of(text)))
        fail_msg("%s has no %s", of, what);
}

static bool has_letters_beyond_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text >= 0x80)
            return true;
    return false;
}

static void test_every_row_has_a_name_of_its_own_and_both_languages(void **state)
{
    size_t count = 0;

    (void)state;
    for (; operations()[count] != NULL; count++) {
        const struct operation *operation = operations()[count];
        const char *name = operation->engine.name;

        assert_ptr_equal(operation_find(str_of(name)), operation); /* so it is unique */
        assert_ptr_equal(operations_for_engine()[count], &operation->engine);
        expect_text(operation->label_en, name, "label");
        expect_text(operation->label_zh, name, "Chinese label");
        expect_text(operation->help_en, name, "help");
        expect_text(operation->help_zh, name, "Chinese help");
        assert_true(operation->output_count > 0);
        assert_true(operation->engine.needs_provider == (operation->request != NULL));
        /* What asks a model says what the model must be able to do. */
        assert_true(operation->engine.needs_provider == (operation->needs != 0));
        assert_true(operation->engine.needs_provider == (operation->needs_fed != 0));
        for (size_t row = 0; row < operation->parameter_count; row++) {
            const struct operation_parameter *parameter = &operation->parameters[row];

            expect_text(parameter->label_en, parameter->name, "label");
            expect_text(parameter->help_en, parameter->name, "help");
            expect_text(parameter->label_zh, parameter->name, "Chinese label");
            expect_text(parameter->help_zh, parameter->name, "Chinese help");
            assert_true(has_letters_beyond_ascii(parameter->label_zh));
            assert_true(has_letters_beyond_ascii(parameter->help_zh));
            assert_false(parameter->is_required && parameter->fallback != NULL);
            for (size_t other = 0; other < row; other++)
                assert_string_not_equal(operation->parameters[other].name, parameter->name);
        }
    }
    assert_int_equal(count, 5);
    assert_null(operations_for_engine()[count]);
    assert_null(operation_find(STR("image")));
    assert_null(operation_find(STR("")));
}

/* A document of each operation's own fallbacks is right for that operation. */
static void test_every_fallback_passes_its_own_check(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));

    (void)state;
    for (size_t i = 0; operations()[i] != NULL; i++) {
        const struct operation *operation = operations()[i];
        CLEANUP(buf_finish) struct buf json = {0};
        struct error err;
        struct str whole, again;
        const char *separator = "";

        buf_printf(&json, "{");
        for (size_t row = 0; row < operation->parameter_count; row++) {
            const struct operation_parameter *parameter = &operation->parameters[row];

            buf_printf(&json, "%s\"%s\":%s", separator, parameter->name,
                       parameter->is_required
                           ? parameter->type == PARAMETER_URL ? "\"https://a/b\"" : "\"x\""
                       : parameter->fallback == NULL ? "null"
                                                     : parameter->fallback);
            separator = ",";
        }
        buf_printf(&json, "}");
        if (!check_json(operation, arena_cstr(arena, buf_str(&json)), "", arena, &whole, &err))
            fail_msg("%s: %s: %s", operation->engine.name, err.field, err.message);
        /* What is whole stays as it is. */
        assert_true(check_json(operation, arena_cstr(arena, whole), "", arena, &again, &err));
        assert_true(str_equal(whole, again));
    }
}

static void test_what_is_given_is_checked_alone(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    CLEANUP(json_cleanup) struct json *json = NULL;
    CLEANUP(json_cleanup) struct json *wrong = NULL;
    struct error err = {0};
    struct str out;

    (void)state;
    assert_true(json_read(STR("{\"seed\":null,\"is_on\":true,\"count\":3}"), &json, &err));
    assert_true(operation_check_given(&sample, json, "parameters.", arena, &out, &err));
    assert_true(str_equal(out, STR("{\"count\":3,\"is_on\":true}")));
    assert_true(operation_check_given(&sample, NULL, "parameters.", arena, &out, &err));
    assert_true(str_equal(out, STR("{}")));
    assert_true(json_read(STR("{\"prompt\":\"123456\"}"), &wrong, &err));
    assert_false(operation_check_given(&sample, wrong, "parameters.", arena, &out, &err));
    assert_string_equal(err.field, "parameters.prompt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parameters_are_checked_by_their_rows),
        cmocka_unit_test(test_what_is_no_object_is_refused_where_it_stands),
        cmocka_unit_test(test_a_long_unknown_name_is_clipped_between_characters),
        cmocka_unit_test(test_what_is_absent_takes_its_fallback),
        cmocka_unit_test(test_what_is_given_is_checked_alone),
        cmocka_unit_test(test_every_row_has_a_name_of_its_own_and_both_languages),
        cmocka_unit_test(test_every_fallback_passes_its_own_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
