#include "settings/settings_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_an_address_is_https_and_public_unless_allowed(void **state)
{
    static const struct {
        const char *url;
        bool is_private_allowed;
        bool ok;
        const char *why;
    } cases[] = {
        {"",                             false, true,  "the kind's own"               },
        {"https://api.example.com/v1",   false, true,  "public"                       },
        {"http://api.example.com/v1",    false, false, "the key would travel in clear"},
        {"https://api.example.com:8443", false, false, "another port"                 },
        {"https://u:p@api.example.com",  false, false, "a name and password in it"    },
        {"https://a.example/v1?key=x",   false, false, "a key in it"                  },
        {"https://a.example/v1#key",     false, false, "what no server sees"          },
        {"http://a.example/v1?",         true,  false, "also where all is allowed"    },
        {"ftp://api.example.com",        false, false, "another scheme"               },
        {"api.example.com",              false, false, "no scheme"                    },
        {"http://192.168.1.5:8188",      true,  true,  "a server at home, allowed"    },
        {"http://192.168.1.5:8188",      false, false, "a server at home, not allowed"},
        {"http://u:p@192.168.1.5:8188",  true,  false, "never a password in it"       },
        {"file:///etc/passwd",           true,  false, "never a file"                 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};

        if (provider_check_url(str_of(cases[i].url), cases[i].is_private_allowed, &err) !=
            cases[i].ok)
            fail_msg("%s: %s", cases[i].why, err.message);
        if (!cases[i].ok)
            assert_string_equal(err.field, "base_url");
    }
}

static void test_a_key_cannot_end_a_header(void **state)
{
    static const struct {
        struct str key;
        bool ok;
    } cases[] = {
        {{"sk-abc_DEF.123", 14},   true },
        {{"", 0},                  true },
        {{"a\r\nX: y", 7},         false},
        {{"a b", 3},               false},
        {{"a\0b", 3},              false},
        {{"schl\xc3\xbcssel", 10}, false},
        {{"a\x7f", 2},             false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};

        assert_int_equal(provider_check_key(cases[i].key, &err), cases[i].ok);
        if (!cases[i].ok)
            assert_string_equal(err.field, "key");
    }
}

static void test_a_hint_is_given_of_long_keys_only(void **state)
{
    (void)state;
    assert_true(str_equal(provider_key_hint(STR("sk-0123456789-3f9a")), STR("3f9a")));
    assert_true(str_equal(provider_key_hint(STR("elevenchars")), STR("")));
    assert_true(str_equal(provider_key_hint(STR("")), STR("")));
}

/* The text of one workflow, as files of before there were several have it. */
#define WORKFLOW(text)                                                                             \
    "{\"workflow\":\"{\\\"a\\\":{\\\"class_type\\\":\\\"A\\\",\\\"inputs\\\":{\\\"t\\\":\\\"" text \
    "\\\"}}}\"}"

static void test_options_are_what_the_kind_asks_for(void **state)
{
    static const struct {
        const char *kind, *options, *field; /* NULL: taken */
        enum error_code code;
    } cases[] = {
        {"mock",    "",                                NULL,                         ERROR_NONE         },
        {"mock",    "{}",                              NULL,                         ERROR_NONE         },
        {"mock",    "{\"latency_ms\":5}",              NULL,                         ERROR_NONE         },
        {"mock",    "{\"latency_ms\":-1}",             "options.latency_ms",         ERROR_TOO_SMALL    },
        {"mock",    "{\"latency_ms\":99999999}",       "options.latency_ms",         ERROR_TOO_BIG      },
        {"mock",    "{\"latency_ms\":1.5}",            "options.latency_ms",         ERROR_WRONG_TYPE   },
        {"mock",    "{\"latency_ms\":\"5\"}",          "options.latency_ms",         ERROR_WRONG_TYPE   },
        {"mock",    "{\"failure_rate\":0.5}",          NULL,                         ERROR_NONE         },
        {"mock",    "{\"failure_rate\":1.5}",          "options.failure_rate",       ERROR_TOO_BIG      },
        {"mock",    "{\"failure_kind\":\"boom\"}",     "options.failure_kind",       ERROR_NOT_IN_LIST  },
        {"mock",    "{\"async\":true}",                NULL,                         ERROR_NONE         },
        {"mock",    "{\"async\":1}",                   "options.async",              ERROR_WRONG_TYPE   },
        {"mock",    "{\"nonsense\":1}",                "options.nonsense",           ERROR_UNKNOWN_FIELD},
        {"mock",    "[]",                              "options",                    ERROR_WRONG_TYPE   },
        {"mock",    "{",                               "",                           ERROR_MALFORMED    },
        {"openai",  "{\"organisation\":\"org\"}",      NULL,                         ERROR_NONE         },
        {"openai",  "{\"organisation\":\"a\\u0007\"}", "options.organisation",       ERROR_INVALID      },
        {"openai",  "{\"key\":\"sk-in-clear\"}",       "options.key",                ERROR_UNKNOWN_FIELD},
        {"openai",  "{\"base_url\":\"https://a\"}",    "options.base_url",           ERROR_UNKNOWN_FIELD},
        {"comfyui", WORKFLOW("%prompt%"),              NULL,                         ERROR_NONE         },
        {"comfyui", WORKFLOW("a\\u0007"),              "options.workflows[0].graph", ERROR_MALFORMED    },
        {"comfyui", "{\"workflow\":7}",                "options.workflow",           ERROR_UNKNOWN_FIELD},
        {"comfyui", "{\"workflows\":7}",               "options.workflows",          ERROR_WRONG_TYPE   },
    };
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};
        struct str out = STR_EMPTY;

        if (provider_check_options(provider_kind_find(str_of(cases[i].kind)),
                                   str_of(cases[i].options), STR_EMPTY, arena, &out,
                                   &err) != (cases[i].field == NULL) ||
            err.code != cases[i].code)
            fail_msg("%s: %s %s", cases[i].options, error_wire_name(err.code), err.message);
        if (cases[i].field != NULL)
            assert_string_equal(err.field, cases[i].field);
        else
            assert_true(str_starts_with(out, STR("{")));
    }
}

static void test_a_pasted_workflow_may_be_long_but_not_endless(void **state)
{
    static const struct {
        size_t size;
        const char *field; /* NULL: taken */
    } cases[] = {
        {99900,                     NULL                        },
        {100000,                    "options.workflows[0].graph"},
        {PROVIDER_OPTIONS_SIZE_MAX, "options"                   },
    };
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(16));

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(buf_finish) struct buf options = {0};
        struct error err = {0};
        struct str out = STR_EMPTY;

        buf_add(&options,
                STR("{\"workflow\":\"{\\\"a\\\":{\\\"class_type\\\":\\\"A\\\",\\\"inputs\\\":"
                    "{\\\"t\\\":\\\"%prompt%"));
        for (size_t at = 0; at < cases[i].size; at++)
            buf_add_char(&options, 'x');
        buf_add(&options, STR("\\\"}}}\"}"));
        assert_int_equal(provider_check_options(provider_kind_find(STR("comfyui")),
                                                buf_str(&options), STR_EMPTY, arena, &out, &err),
                         cases[i].field == NULL);
        if (cases[i].field != NULL) {
            assert_int_equal(err.code, ERROR_TOO_LONG);
            assert_string_equal(err.field, cases[i].field);
        }
    }
}

/* Options are kept and shown in clear: a secret among them would be too. */
static void test_no_kind_has_a_secret_beside_its_key_and_what_is_sealed_with_it(void **state)
{
    size_t count;
    const struct provider_kind *const *kinds = provider_kinds(&count);

    (void)state;
    assert_true(count > 0);
    for (size_t k = 0; k < count; k++)
        for (size_t f = 0; f < kinds[k]->field_count; f++)
            if (kinds[k]->fields[f].type == PROVIDER_FIELD_SECRET)
                assert_true(strcmp(kinds[k]->fields[f].name, "key") == 0 ||
                            strcmp(kinds[k]->fields[f].name, "session_token") == 0);
}

static void test_names_that_would_be_mistaken_are_refused(void **state)
{
    static const struct {
        const char *name;
        enum error_code code;
    } cases[] = {
        {"OpenAI, the shop's", ERROR_NONE          },
        {"方舟",             ERROR_NONE          },
        {"",                   ERROR_REQUIRED      },
        {"   ",                ERROR_REQUIRED      },
        {"a/b",                ERROR_INVALID       },
        {"a\nb",               ERROR_INVALID       },
        {"\xff",               ERROR_WRONG_ENCODING},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};

        assert_int_equal(provider_check_name(str_of(cases[i].name), &err),
                         cases[i].code == ERROR_NONE);
        assert_int_equal(err.code, cases[i].code);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_address_is_https_and_public_unless_allowed),
        cmocka_unit_test(test_a_key_cannot_end_a_header),
        cmocka_unit_test(test_a_hint_is_given_of_long_keys_only),
        cmocka_unit_test(test_options_are_what_the_kind_asks_for),
        cmocka_unit_test(test_a_pasted_workflow_may_be_long_but_not_endless),
        cmocka_unit_test(test_no_kind_has_a_secret_beside_its_key_and_what_is_sealed_with_it),
        cmocka_unit_test(test_names_that_would_be_mistaken_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
