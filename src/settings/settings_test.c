#include "settings/settings_private.h"

#include "core/log.h"
#include "core/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A file that holds `text`; its path, static. */
static const char *file_of(const char *text)
{
    static char path[64];
    int fd;

    snprintf(path, sizeof path, "/tmp/vitrine-ini-XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static bool create(const char *file, const char *variable, struct settings **out, struct error *err)
{
    const char *const environment[] = {"PATH=/bin", "HOME=/", variable, NULL};
    const char *path = file == NULL ? NULL : file_of(file);
    bool ok = settings_create(path, true, environment, out, err);

    if (path != NULL)
        unlink(path);
    return ok;
}

static void test_every_default_is_within_its_own_bounds(void **state)
{
    struct error err;

    (void)state;
    for (size_t row = 0; row < setting_table_count; row++) {
        const struct setting *setting = &setting_table[row];

        if (setting->fallback[0] == '\0')
            assert_true(setting->type == SETTING_TEXT);
        else if (!setting_check(setting, str_of(setting->fallback), "", &err))
            fail_msg("%s", err.message);
        assert_true(strlen(setting->name) <= SETTING_NAME_MAX);
        assert_int_equal(setting_find(str_of(setting->name)), row); /* no name twice */
        assert_true(strlen(setting->label_en) > 0 && strlen(setting->help_en) > 0);
        assert_true(strlen(setting->label_zh) > 0 && strlen(setting->help_zh) > 0);
        assert_true(text_is_utf8(str_of(setting->help_zh)));
        assert_true(strcmp(setting->help_en, setting->help_zh) != 0);
    }
}

static void test_a_value_comes_from_the_last_place_that_gives_it(void **state)
{
    static const struct {
        const char *file, *variable;
        int64_t tries;
        enum setting_origin origin;
    } cases[] = {
        {NULL,                       NULL,                        5, ORIGIN_DEFAULT    },
        {"queue.tries_max = 7\n",    NULL,                        7, ORIGIN_FILE       },
        {"[queue]\ntries_max = 7\n", NULL,                        7, ORIGIN_FILE       },
        {"; a comment\n\n# too\n",   NULL,                        5, ORIGIN_DEFAULT    },
        {NULL,                       "VITRINE_QUEUE_TRIES_MAX=9", 9, ORIGIN_ENVIRONMENT},
        {"queue.tries_max = 7\n",    "VITRINE_QUEUE_TRIES_MAX=9", 9, ORIGIN_ENVIRONMENT},
        {"queue.tries_max = 7\n",    "VITRINE_QUEUE_TRIES_MAX=",  7, ORIGIN_FILE       },
        {NULL,                       "VITRINE_QUEUE_TRYS_MAX=9",  5, ORIGIN_DEFAULT    },
    };
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct settings *settings = NULL;
        enum setting_origin origin;
        struct error err = {0};

        if (!create(cases[i].file, cases[i].variable, &settings, &err))
            fail_msg("%s", err.message);
        assert_int_equal(settings_int(settings, "queue.tries_max"), cases[i].tries);
        settings_current(settings, setting_find(STR("queue.tries_max")), arena, &origin);
        assert_int_equal(origin, cases[i].origin);
        settings_destroy(settings);
    }
}

static void test_a_bad_value_is_refused_by_name_bound_and_place(void **state)
{
    static const struct {
        const char *file, *variable;
        enum error_code code;
        const char *field, *has, *has_too;
    } cases[] = {
        {NULL,                              "VITRINE_QUEUE_TRIES_MAX=0",                    ERROR_TOO_SMALL,      "queue.tries_max",
         "VITRINE_QUEUE_TRIES_MAX",                                                                                                                           "from 1 to 20"  },
        {NULL,                              "VITRINE_QUEUE_TRIES_MAX=21",                   ERROR_TOO_BIG,        "queue.tries_max",
         "VITRINE_QUEUE_TRIES_MAX",                                                                                                                           "from 1 to 20"  },
        {NULL,                              "VITRINE_QUEUE_TRIES_MAX=5x",                   ERROR_WRONG_TYPE,     "queue.tries_max",
         "VITRINE_QUEUE_TRIES_MAX",                                                                                                                           "a whole number"},
        {NULL,                              "VITRINE_QUEUE_TRIES_MAX=99999999999999999999", ERROR_WRONG_TYPE,     "queue.tries_max",
         "VITRINE_QUEUE_TRIES_MAX",                                                                                                                           "from 1 to 20"  },
        {NULL,                              "VITRINE_INSECURE=maybe",                       ERROR_WRONG_TYPE,     "insecure",            "VITRINE_INSECURE",
         "true or false"                                                                                                                                                      },
        {NULL,                              "VITRINE_LOG_LEVEL=loud",                       ERROR_NOT_IN_LIST,    "log.level",           "VITRINE_LOG_LEVEL",
         "debug, info, warn, error"                                                                                                                                           },
        {NULL,                              "VITRINE_PUBLIC_ORIGIN=studio.example",         ERROR_INVALID,        "public_origin",
         "VITRINE_PUBLIC_ORIGIN",                                                                                                                             "https://"      },
        {NULL,                              "VITRINE_PUBLIC_ORIGIN=https://a/b",            ERROR_INVALID,        "public_origin",
         "VITRINE_PUBLIC_ORIGIN",                                                                                                                             "without a path"},
        {NULL,                              "VITRINE_HOSTS=a,,b",                           ERROR_INVALID,        "hosts",               "VITRINE_HOSTS",     "commas"        },
        {NULL,                              "VITRINE_LABEL_PRODUCER_CODE=0011",             ERROR_INVALID,        "label.producer_code",
         "VITRINE_LABEL_PRODUCER_CODE",                                                                                                                       "27"            },
        {NULL,                              "VITRINE_LISTEN=a\nb",                          ERROR_WRONG_ENCODING, "listen",              "VITRINE_LISTEN",    "one line"      },
        {"queue.tries_max = 0\n",           NULL,                                           ERROR_TOO_SMALL,      "queue.tries_max",     "vitrine-ini",
         "from 1 to 20"                                                                                                                                                       },
        {"queue.trys = 1\n",                NULL,                                           ERROR_UNKNOWN_FIELD,  "",                    "vitrine-ini",       "queue.trys"    },
        {"admin_key = abcdefghijklmn\n",    NULL,                                           ERROR_FORBIDDEN,      "admin_key",           "vitrine-ini",
         "environment"                                                                                                                                                        },
        {"log.json = on\nlog.json = off\n", NULL,                                           ERROR_CONFLICT,       "log.json",            "vitrine-ini",
         "twice"                                                                                                                                                              },
        {"[queue\ntries_max = 1\n",         NULL,                                           ERROR_MALFORMED,      "",                    "vitrine-ini",       "line 1"        },
        {"just words\n",                    NULL,                                           ERROR_MALFORMED,      "",                    "vitrine-ini",       "line 1"        },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct settings *settings = NULL;
        struct error err = {0};

        if (create(cases[i].file, cases[i].variable, &settings, &err))
            fail_msg("row %zu was taken", i);
        if (err.code != cases[i].code || strcmp(err.field, cases[i].field) != 0 ||
            strstr(err.message, cases[i].has) == NULL ||
            strstr(err.message, cases[i].has_too) == NULL)
            fail_msg("row %zu: %s, %s: %s", i, error_wire_name(err.code), err.field, err.message);
        assert_null(settings);
    }
}

/* What is refused is said; what is secret is not. */
static void test_a_secret_stands_in_no_error(void **state)
{
    char variable[600] = "VITRINE_MASTER_KEY=";
    struct settings *settings = NULL;
    struct error err = {0};

    (void)state;
    for (size_t i = strlen(variable), end = i + 120; i < end; i += 6)
        memcpy(variable + i, "canary", 7);
    assert_false(create(NULL, variable, &settings, &err));
    assert_int_equal(err.code, ERROR_TOO_LONG);
    assert_null(strstr(err.message, "canary"));
    assert_null(strstr(err.detail, "canary"));
}

static void test_a_file_that_is_no_settings_file_is_refused(void **state)
{
    char line[400];
    struct settings *settings = NULL;
    struct error err = {0};

    (void)state;
    assert_false(settings_create("/nonexistent/vitrine.ini", true, NULL, &settings, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_true(settings_create("/nonexistent/vitrine.ini", false, NULL, &settings, &err));
    settings_destroy(settings);
    settings = NULL;
    /* The library would cut it in two and read "bbbb" as a name. */
    snprintf(line, sizeof line, "hosts = %0*d\n", 300, 1);
    assert_false(create(line, NULL, &settings, &err));
    assert_int_equal(err.code, ERROR_TOO_LONG);
    assert_non_null(strstr(err.message, "line 1"));
}

static void test_values_are_read_by_their_type(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    struct settings *settings = NULL;
    const char *const *hosts;
    struct error err = {0};

    (void)state;
    assert_true(create("hosts = studio.example , 192.0.2.1\nlog.json = Yes\n",
                       "VITRINE_ADMIN_KEY=a key of some length", &settings, &err));
    hosts = settings_list(settings, "hosts", arena);
    assert_string_equal(hosts[0], "studio.example");
    assert_string_equal(hosts[1], "192.0.2.1");
    assert_null(hosts[2]);
    assert_null(settings_list(settings, "proxies", arena)[0]);
    assert_true(settings_bool(settings, "log.json"));
    assert_false(settings_bool(settings, "insecure"));
    assert_true(str_equal(settings_text(settings, "log.level", arena), STR("info")));
    assert_true(str_equal(secret_expose(settings_secret(settings, "admin_key", arena)),
                          STR("a key of some length")));
    assert_int_equal(secret_expose(settings_secret(settings, "master_key", arena)).size, 0);
    settings_destroy(settings);
}

static void test_help_names_every_setting_and_its_variable(void **state)
{
    CLEANUP(buf_finish) struct buf help = {0};
    char variable[SETTING_NAME_MAX + 9];

    (void)state;
    settings_help(&help);
    for (size_t row = 0; row < setting_table_count; row++) {
        setting_variable(&setting_table[row], variable);
        assert_true(str_find(buf_str(&help), str_of(setting_table[row].help_en)) > 0);
        assert_true(str_find(buf_str(&help), str_of(variable)) > 0);
    }
    assert_true(str_find(buf_str(&help), STR("queue.tries_max  1-20  [5]")) > 0);
}

static void test_a_json_value_has_the_settings_type(void **state)
{
    static const struct {
        const char *name, *json, *text; /* NULL: refused */
        enum error_code code;
    } cases[] = {
        {"queue.tries_max",     "7",                               "7",                           ERROR_NONE       },
        {"queue.tries_max",     "7.0",                             "7",                           ERROR_NONE       },
        {"queue.tries_max",     "7.5",                             NULL,                          ERROR_WRONG_TYPE },
        {"queue.tries_max",     "\"7\"",                           NULL,                          ERROR_WRONG_TYPE },
        {"queue.tries_max",     "0",                               NULL,                          ERROR_TOO_SMALL  },
        {"log.json",            "true",                            "true",                        ERROR_NONE       },
        {"log.json",            "1",                               NULL,                          ERROR_WRONG_TYPE },
        {"log.level",           "\"warn\"",                        "warn",                        ERROR_NONE       },
        {"log.level",           "\"loud\"",                        NULL,                          ERROR_NOT_IN_LIST},
        {"label.producer_code", "\"001191110102MACQD9K64010000\"", "001191110102MACQD9K64010000",
         ERROR_NONE                                                                                                },
        {"label.producer_code", "\"\"",                            "",                            ERROR_NONE       },
        {"label.producer_code", "\"001191110102macqd9k64010000\"", NULL,                          ERROR_INVALID    },
    };
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct setting *setting = &setting_table[setting_find(str_of(cases[i].name))];
        CLEANUP(json_cleanup) struct json *json = NULL;
        struct str text = STR_EMPTY;
        struct error err = {0};

        assert_true(json_read(str_of(cases[i].json), &json, &err));
        assert_int_equal(setting_of_json(setting, json, arena, &text, &err), cases[i].text != NULL);
        assert_int_equal(err.code, cases[i].code);
        if (cases[i].text != NULL)
            assert_true(str_equal(text, str_of(cases[i].text)));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_default_is_within_its_own_bounds),
        cmocka_unit_test(test_a_value_comes_from_the_last_place_that_gives_it),
        cmocka_unit_test(test_a_bad_value_is_refused_by_name_bound_and_place),
        cmocka_unit_test(test_a_secret_stands_in_no_error),
        cmocka_unit_test(test_a_file_that_is_no_settings_file_is_refused),
        cmocka_unit_test(test_values_are_read_by_their_type),
        cmocka_unit_test(test_help_names_every_setting_and_its_variable),
        cmocka_unit_test(test_a_json_value_has_the_settings_type),
    };

    log_configure(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
