#include "settings/test_house.h"

/* ---- access ---- */

static void test_every_route_is_for_admins_but_the_models(void **state)
{
    static const struct http_route *const tables[] = {setting_routes, provider_kind_routes,
                                                      provider_routes, model_routes};
    struct house *house = *state;

    for (size_t t = 0; t < COUNT(tables); t++)
        for (const struct http_route *route = tables[t]; route->method != NULL; route++) {
            const char *body = route->in == NULL ? NULL : "{}";
            bool is_models = route->access == ACCESS_VIEWER;

            expect_at(house, route->method, route->path, STR_EMPTY, body, 401, NULL, __LINE__);
            expect_at(house, route->method, route->path, STR("Cookie: sid=member\r\n"), body,
                      is_models ? 200 : 403, NULL, __LINE__);
            expect_at(house, route->method, route->path, STR("Authorization: Bearer reader\r\n"),
                      body, is_models ? 200 : 403, NULL, __LINE__);
            assert_int_equal(is_models, tables[t] == model_routes);
        }
}

/* ---- settings ---- */

static void test_settings_are_shown_with_their_place(void **state)
{
    struct house *house = *state;

    EXPECT(house, "GET", "/api/v1/settings", NULL, 200,
           "{\"name\":\"queue.tries_max\",\"type\":\"int\",\"value\":9,\"default\":5,"
           "\"origin\":\"environment\",");
    EXPECT(house, "GET", "/api/v1/settings", NULL, 200,
           "{\"name\":\"admin_key\",\"type\":\"text\",\"value\":null,\"default\":null,"
           "\"origin\":\"environment\",");
}

static void test_a_saved_setting_counts_most_and_survives_a_restart(void **state)
{
    struct house *house = *state;

    EXPECT(house, "PATCH", "/api/v1/settings",
           "{\"changes\":[{\"name\":\"queue.tries_max\",\"value\":3},"
           "{\"name\":\"trash.days\",\"value\":7}]}",
           200,
           "\"name\":\"queue.tries_max\",\"type\":\"int\",\"value\":3,\"default\":5,"
           "\"origin\":\"saved\"");
    assert_int_equal(settings_int(house->settings, "queue.tries_max"), 3);
    assert_int_equal(atomic_load(&house->announced), 1);
    assert_int_equal(atomic_load(&house->changed), 1);
    start_settings(house, 7);
    assert_int_equal(settings_int(house->settings, "queue.tries_max"), 3);
    assert_int_equal(settings_int(house->settings, "trash.days"), 7);
    EXPECT(house, "PATCH", "/api/v1/settings",
           "{\"changes\":[{\"name\":\"queue.tries_max\",\"value\":null}]}", 200,
           "\"value\":9,\"default\":5,\"origin\":\"environment\"");
    start_settings(house, 7);
    assert_int_equal(settings_int(house->settings, "queue.tries_max"), 9);
}

struct changer {
    struct settings *settings;
    char value[4];
    pthread_t thread;
};

static void *change_tries(void *context)
{
    struct changer *changer = context;
    const struct setting_change change = {.setting =
                                              &setting_table[setting_find(STR("queue.tries_max"))],
                                          .value = str_of(changer->value)};
    struct error err = {0};

    return settings_change(changer->settings, &change, 1, 1, 1, &err) ? changer : NULL;
}

/* They are told in any order that they are saved. */
static void test_what_was_saved_last_is_in_force(void **state)
{
    struct house *house = *state;

    for (int round = 0; round < 60; round++) {
        struct changer changers[6];
        int64_t in_force;

        for (size_t i = 0; i < COUNT(changers); i++) {
            changers[i] = (struct changer){.settings = house->settings};
            snprintf(changers[i].value, sizeof(changers[i].value), "%d", (int)i + 1);
            assert_int_equal(pthread_create(&changers[i].thread, NULL, change_tries, &changers[i]),
                             0);
        }
        for (size_t i = 0; i < COUNT(changers); i++) {
            void *done;

            assert_int_equal(pthread_join(changers[i].thread, &done), 0);
            assert_non_null(done);
        }
        in_force = settings_int(house->settings, "queue.tries_max");
        start_settings(house, 7);
        assert_int_equal(settings_int(house->settings, "queue.tries_max"), in_force);
    }
}

static void test_of_several_changes_all_are_saved_or_none(void **state)
{
    struct house *house = *state;

    EXPECT(house, "PATCH", "/api/v1/settings",
           "{\"changes\":[{\"name\":\"trash.days\",\"value\":7},"
           "{\"name\":\"queue.tries_max\",\"value\":0}]}",
           422, "\"field\":\"queue.tries_max\",\"limit\":1");
    assert_int_equal(settings_int(house->settings, "trash.days"), 30);
    atomic_store(&house->is_announcing_broken, true);
    EXPECT(house, "PATCH", "/api/v1/settings",
           "{\"changes\":[{\"name\":\"trash.days\",\"value\":7}]}", 500, NULL);
    assert_int_equal(settings_int(house->settings, "trash.days"), 30);
    start_settings(house, 7);
    assert_int_equal(settings_int(house->settings, "trash.days"), 30);
    assert_int_equal(atomic_load(&house->changed), 0);
}

static void test_changes_that_are_refused(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *has;
    } cases[] = {
        {"{\"changes\":[{\"name\":\"listen\",\"value\":\"0.0.0.0:80\"}]}",      403, "\"listen\""   },
        {"{\"changes\":[{\"name\":\"listen\",\"value\":null}]}",                403, "\"listen\""   },
        {"{\"changes\":[{\"name\":\"admin_key\",\"value\":\"abcdefghijkl\"}]}", 403, "admin_key"    },
        {"{\"changes\":[{\"name\":\"nothing\",\"value\":1}]}",                  422, "not_in_list"  },
        {"{\"changes\":[{\"name\":\"trash.days\",\"value\":\"7\"}]}",           422, "wrong_type"   },
        {"{\"changes\":[{\"name\":\"trash.days\"}]}",                           422, "required"     },
        {"{\"changes\":[]}",                                                    422, "changes"      },
        {"{\"changes\":[{\"name\":\"trash.days\",\"value\":7,\"by\":1}]}",      422, "unknown_field"},
    };
    struct house *house = *state;

    for (size_t i = 0; i < COUNT(cases); i++)
        EXPECT(house, "PATCH", "/api/v1/settings", cases[i].body, cases[i].status, cases[i].has);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_every_route_is_for_admins_but_the_models),
        TEST(test_settings_are_shown_with_their_place),
        TEST(test_a_saved_setting_counts_most_and_survives_a_restart),
        TEST(test_what_was_saved_last_is_in_force),
        TEST(test_of_several_changes_all_are_saved_or_none),
        TEST(test_changes_that_are_refused),
    };
    struct error err;

    log_configure(LOG_ERROR, false);
    if (!secret_init(&err))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
