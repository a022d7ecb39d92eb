#include "settings/test_house.h"

#include <pthread.h>

#define MODEL(name, more)                                                                          \
    "{\"name\":\"" name "\",\"is_enabled\":true,\"is_default\":false,\"price_micro\":-1" more "}"
#define CHANGE(models) "{\"models\":[" models "]}"
#define LIMITS(concurrency, per_minute, units)                                                     \
    "\"limits\":{\"concurrency\":" concurrency ",\"per_minute\":" per_minute                       \
    ",\"units_per_minute\":" units "}"
#define SHOWN(concurrency, per_minute, units)                                                      \
    "\"limits\":{\"concurrency\":" concurrency ",\"per_minute\":" per_minute                       \
    ",\"units_per_minute\":" units ",\"is_paused\":false}"
#define LIMITED(concurrency, per_minute, units)                                                    \
    CHANGE(MODEL("mock", "," LIMITS(concurrency, per_minute, units)))

static struct model_limits limits_of(struct house *house, const char *path, const char *model)
{
    struct model_limits limits = {-1, -1, -1, true};

    settings_model_limits(house->settings, provider_at(house, path).id, str_of(model), &limits);
    return limits;
}

static void expect_limits(struct house *house, const char *path, const char *model,
                          int64_t concurrency, int64_t per_minute, int64_t units_per_minute)
{
    const struct model_limits limits = limits_of(house, path, model);

    assert_int_equal(limits.concurrency, concurrency);
    assert_int_equal(limits.per_minute, per_minute);
    assert_int_equal(limits.units_per_minute, units_per_minute);
}

static void test_a_model_is_bounded_beside_its_account(void **state)
{
    struct house *house = *state;
    const char *path = add_provider(house, "{\"kind\":\"mock\",\"name\":\"B\",\"concurrency\":9}");
    int announced, changed;

    expect_limits(house, path, "mock", 0, 0, 0);
    EXPECT(house, "GET", path, NULL, 200, SHOWN("0", "0", "0"));
    announced = atomic_load(&house->announced);
    changed = atomic_load(&house->changed);
    atomic_store(&house->changed_id, 0);
    EXPECT(house, "PATCH", path, LIMITED("2", "30", "60"), 200, SHOWN("2", "30", "60"));
    /* The engine asks anew, and pages hear of it. */
    assert_int_equal(atomic_load(&house->announced), announced + 1);
    assert_int_equal(atomic_load(&house->changed), changed + 1);
    assert_int_equal(atomic_load(&house->changed_id), provider_at(house, path).id);
    expect_limits(house, path, "mock", 2, 30, 60);
    EXPECT(house, "GET", "/api/v1/models", NULL, 200, SHOWN("2", "30", "60"));
    /* Nobody else's: neither another model's, nor the account's, nor the same one's elsewhere. */
    expect_limits(house, path, "mock-fast", 0, 0, 0);
    expect_limits(house, path, "nobody knows it", 0, 0, 0);
    assert_int_equal(provider_at(house, path).concurrency, 9);
    assert_int_equal(provider_at(house, path).per_minute, 0);
    expect_limits(house, add_provider(house, "{\"kind\":\"mock\",\"name\":\"C\"}"), "mock", 0, 0,
                  0);
}

static void test_bounds_stay_when_other_things_of_the_model_change(void **state)
{
    struct house *house = *state;
    const char *path =
        add_provider(house, "{\"kind\":\"mock\",\"name\":\"B\",\"models\":[" MODEL(
                                "house", "," LIMITS("1", "2", "3")) "," MODEL("mock", "") "]}");

    expect_limits(house, path, "house", 1, 2, 3);
    EXPECT(house, "PATCH", path,
           CHANGE("{\"name\":\"house\",\"is_enabled\":false,\"is_default\":true,"
                  "\"price_micro\":7,\"purposes\":[\"image\"]}"),
           200, NULL);
    EXPECT(house, "PATCH", path, CHANGE(MODEL("house", ",\"limits\":null")), 200, NULL);
    EXPECT(house, "PATCH", path, "{\"name\":\"D\",\"concurrency\":1}", 200, NULL);
    EXPECT(house, "PATCH", path, LIMITED("64", "10000", "10000"), 200, NULL);
    expect_limits(house, path, "house", 1, 2, 3);
    expect_limits(house, path, "mock", 64, 10000, 10000);
    EXPECT(house, "PATCH", path, LIMITED("0", "0", "0"), 200, SHOWN("0", "0", "0"));
    expect_limits(house, path, "mock", 0, 0, 0);
    /* With the rest of what was said of it. */
    EXPECT(house, "PATCH", path, CHANGE(MODEL("house", ",\"is_forgotten\":true")), 200, NULL);
    expect_limits(house, path, "house", 0, 0, 0);
}

#define PAUSE(more, is_paused)                                                                     \
    CHANGE(MODEL("mock", more ",\"limits\":{\"concurrency\":2,\"per_minute\":0,"                   \
                              "\"units_per_minute\":0" is_paused "}"))

static void test_a_paused_model_stays_so_until_somebody_says_otherwise(void **state)
{
    struct house *house = *state;
    const char *path = add_provider(house, "{\"kind\":\"mock\",\"name\":\"B\"}");
    int announced = atomic_load(&house->announced);

    EXPECT(house, "PATCH", path, PAUSE("", ",\"is_paused\":true"), 200, "\"is_paused\":true}");
    assert_int_equal(atomic_load(&house->announced), announced + 1); /* the engine asks anew */
    assert_true(limits_of(house, path, "mock").is_paused);
    assert_false(limits_of(house, path, "mock-fast").is_paused);
    assert_false(provider_at(house, path).is_paused);
    /* Of clients that never heard of pauses, and of other forms. */
    EXPECT(house, "PATCH", path, LIMITED("3", "0", "0"), 200, "\"is_paused\":true}");
    EXPECT(house, "PATCH", path, CHANGE(MODEL("mock", "")), 200, NULL);
    EXPECT(house, "PATCH", path, CHANGE(MODEL("mock", ",\"limits\":null")), 200, NULL);
    EXPECT(house, "PATCH", path, "{\"concurrency\":5}", 200, NULL);
    assert_true(limits_of(house, path, "mock").is_paused);
    EXPECT(house, "PATCH", path, PAUSE("", ",\"is_paused\":null"), 422,
           "\"field\":\"models[0].limits.is_paused\"");
    EXPECT(house, "PATCH", path, PAUSE("", ",\"is_paused\":1"), 422,
           "\"field\":\"models[0].limits.is_paused\"");
    assert_true(limits_of(house, path, "mock").is_paused);
    EXPECT(house, "PATCH", path, PAUSE("", ",\"is_paused\":false"), 200, SHOWN("2", "0", "0"));
    assert_false(limits_of(house, path, "mock").is_paused);
    EXPECT(house, "PATCH", path, PAUSE("", ",\"is_paused\":true"), 200, NULL);
    EXPECT(house, "PATCH", path, PAUSE(",\"is_forgotten\":true", ""), 200, NULL);
    assert_false(limits_of(house, path, "mock").is_paused);
}

static void test_an_account_may_come_with_a_paused_model(void **state)
{
    struct house *house = *state;
    const char *path =
        add_provider(house, "{\"kind\":\"mock\",\"name\":\"B\",\"models\":[" MODEL(
                                "mock", ",\"limits\":{\"concurrency\":0,\"per_minute\":0,"
                                        "\"units_per_minute\":0,\"is_paused\":true}") "]}");

    assert_true(limits_of(house, path, "mock").is_paused);
}

static void test_bounds_of_a_deleted_account_are_gone(void **state)
{
    struct house *house = *state;
    const char *path = add_provider(house, "{\"kind\":\"mock\",\"name\":\"B\"}");
    const int64_t provider_id = provider_at(house, path).id;
    struct model_limits limits = {-1, -1, -1, true};

    EXPECT(house, "PATCH", path, LIMITED("2", "30", "60"), 200, NULL);
    EXPECT(house, "DELETE", path, NULL, 204, NULL);
    settings_model_limits(house->settings, provider_id, STR("mock"), &limits);
    assert_int_equal(limits.concurrency, 0);
    assert_int_equal(limits.per_minute, 0);
    assert_int_equal(limits.units_per_minute, 0);
}

/* One of the three that is none, and what else is no good. */
#define AT_ONCE(value) LIMITED(value, "0", "0")
#define REQUESTS(value) LIMITED("0", value, "0")
#define PICTURES(value) LIMITED("0", "0", value)
#define BOUNDED_BY(json) CHANGE(MODEL("mock", ",\"limits\":" json))
#define TWICE CHANGE(MODEL("mock", "," LIMITS("1", "1", "1")) "," MODEL("mock", ""))
#define HALF_WRONG                                                                                 \
    CHANGE(MODEL("mock", "," LIMITS("1", "1", "1")) "," MODEL("other", "," LIMITS("1", "1", "-1")))

static void test_bounds_that_are_none_are_refused_and_change_nothing(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *has;
    } cases[] = {
        {AT_ONCE("-1"),                     422, "\"field\":\"models[0].limits.concurrency\""                     },
        {AT_ONCE("65"),                     422, "\"field\":\"models[0].limits.concurrency\",\"limit\":64"        },
        {AT_ONCE("\"4\""),                  422, "\"field\":\"models[0].limits.concurrency\""                     },
        {AT_ONCE("1.5"),                    422, "\"field\":\"models[0].limits.concurrency\""                     },
        {AT_ONCE("null"),                   422, "\"field\":\"models[0].limits.concurrency\""                     },
        {REQUESTS("-1"),                    422, "\"field\":\"models[0].limits.per_minute\""                      },
        {REQUESTS("10001"),                 422, "\"field\":\"models[0].limits.per_minute\",\"limit\":10000"      },
        {REQUESTS("9223372036854775808"),   422, "\"field\":\"models[0].limits.per_minute\""                      },
        {REQUESTS("1,\"per_minute\":2"),    400, NULL                                                             },
        {PICTURES("-1"),                    422, "\"field\":\"models[0].limits.units_per_minute\""                },
        {PICTURES("10001"),                 422, "\"field\":\"models[0].limits.units_per_minute\",\"limit\":10000"},
        {BOUNDED_BY("4"),                   422, "\"field\":\"models[0].limits\""                                 },
        {BOUNDED_BY("[]"),                  422, "\"field\":\"models[0].limits\""                                 },
        {BOUNDED_BY("{\"concurrency\":1}"), 422, "\"field\":\"models[0].limits.per_minute\""                      },
        {BOUNDED_BY("{\"tea\":1}"),         422, "\"field\":\"models[0].limits.tea\""                             },
        {TWICE,                             422, "\"field\":\"models[1].name\""                                   },
        {HALF_WRONG,                        422, "\"field\":\"models[1].limits.units_per_minute\""                },
    };
    struct house *house = *state;
    const char *path = add_provider(house, "{\"kind\":\"mock\",\"name\":\"B\"}");
    int announced;

    EXPECT(house, "PATCH", path, LIMITED("2", "30", "60"), 200, NULL);
    announced = atomic_load(&house->announced);
    for (size_t i = 0; i < COUNT(cases); i++)
        EXPECT(house, "PATCH", path, cases[i].body, cases[i].status, cases[i].has);
    expect_at(house, "PATCH", path, STR("Cookie: sid=viewer\r\n"), LIMITED("1", "1", "1"), 403,
              NULL, __LINE__);
    assert_int_equal(atomic_load(&house->announced), announced);
    expect_limits(house, path, "mock", 2, 30, 60);
    expect_limits(house, path, "other", 0, 0, 0);
}

static bool has_model(struct house *house, int64_t provider_id, const char *model)
{
    return settings_has_model(house->settings, provider_id, str_of(model));
}

static void test_an_account_has_the_catalogues_models_and_its_own(void **state)
{
    struct house *house = *state;
    const char *path = add_provider(
        house, "{\"kind\":\"mock\",\"name\":\"B\",\"models\":[" MODEL("house", "") "]}");
    const int64_t id = provider_at(house, path).id;
    const int64_t other =
        provider_at(house, add_provider(house, "{\"kind\":\"mock\",\"name\":\"C\"}")).id;

    assert_true(has_model(house, id, "mock"));
    assert_true(has_model(house, id, "house"));
    assert_false(has_model(house, other, "house"));
    assert_false(has_model(house, id, "Mock")); /* names are exact */
    assert_false(has_model(house, id, ""));
    assert_false(has_model(house, 4711, "mock"));
    EXPECT(house, "PATCH", path,
           "{\"models\":[{\"name\":\"mock\",\"is_enabled\":false,\"is_default\":false,"
           "\"price_micro\":-1}]}",
           200, NULL);
    assert_true(has_model(house, id, "mock")); /* switched off, and still there */
    EXPECT(house, "PATCH", path, CHANGE(MODEL("house", ",\"is_forgotten\":true")), 200, NULL);
    assert_false(has_model(house, id, "house"));
    EXPECT(house, "DELETE", path, NULL, 204, NULL);
    assert_false(has_model(house, id, "mock"));
}

/* The form is drawn from them. */
static void test_a_model_shows_its_own_options(void **state)
{
    struct house *house = *state;

    (void)add_provider(house, "{\"kind\":\"minimax\",\"name\":\"M\",\"key\":\"k\"}");
    EXPECT(house, "GET", "/api/v1/models", NULL, 200,
           "{\"name\":\"style_weight\",\"type\":\"double\",\"label_en\":\"Weight of the style\"");
    EXPECT(house, "GET", "/api/v1/models", NULL, 200, "\"options\":[]"); /* the mock's */
}

struct switcher {
    struct settings *settings;
    struct str provider;
};

static void *switch_often(void *context)
{
    const struct switcher *switcher = context;
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    const struct model_change model = {.name = STR("mock"), .is_enabled = true, .price_micro = -1};
    const struct provider_change change = {.models = &model, .model_count = 1};
    struct error err;
    int failures = 0;

    for (int i = 0; i < 20; i++)
        failures +=
            !providers_update(switcher->settings, switcher->provider, &change, 0, arena, &err);
    return failures == 0 ? context : NULL;
}

static void test_bounds_stay_while_somebody_else_changes_the_model(void **state)
{
    struct house *house = *state;
    const char *path = add_provider(house, "{\"kind\":\"mock\",\"name\":\"B\"}");
    struct switcher switcher = {house->settings, provider_at(house, path).public_id};
    pthread_t thread;
    void *done;

    assert_int_equal(pthread_create(&thread, NULL, switch_often, &switcher), 0);
    for (int i = 0; i < 20; i++)
        EXPECT(house, "PATCH", path, LIMITED("2", "30", "60"), 200, NULL);
    assert_int_equal(pthread_join(thread, &done), 0);
    assert_ptr_equal(done, &switcher);
    expect_limits(house, path, "mock", 2, 30, 60);
}

/* What a server lists says what the house has there: it is for those who may choose among it. */
static void test_files_of_a_server_are_for_those_who_may_choose(void **state)
{
    static const char file[] = "secret-client.safetensors", option[] = "\"name\":\"checkpoint\"";
    static const struct {
        const char *who;
        bool sees;
    } people[] = {
        {"Cookie: sid=viewer\r\n", false},
        {"Cookie: sid=member\r\n", true },
        {"Cookie: sid=admin\r\n",  true },
    };
    struct house *house = *state;
    const char *path =
        add_provider(house, "{\"kind\":\"comfyui\",\"name\":\"Own\",\"is_private_allowed\":true}");
    const struct provider_row asked = provider_at(house, path);
    struct error err = {0};

    assert_true(offers_save(house->settings, &asked,
                            STR("{\"items\":[{\"model\":\"\",\"option\":\"checkpoint\",\"choices\":"
                                "[\"secret-client.safetensors\"]}]}"),
                            1, house->arena, &err));
    for (size_t i = 0; i < COUNT(people); i++) {
        struct answer answer = ask(house, "GET", "/api/v1/models", str_of(people[i].who), NULL);

        assert_int_equal(answer.status, 200);
        assert_true(answer_has(&answer, "\"name\":\"txt2img\"")); /* the model itself */
        assert_true(answer_has(&answer, "\"name\":\"sampler\"")); /* and what nobody listed */
        assert_int_equal(answer_has(&answer, file), people[i].sees);
        assert_int_equal(answer_has(&answer, option), people[i].sees);
        buf_finish(&answer.bytes);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_model_is_bounded_beside_its_account),
        TEST(test_bounds_stay_when_other_things_of_the_model_change),
        TEST(test_a_paused_model_stays_so_until_somebody_says_otherwise),
        TEST(test_an_account_may_come_with_a_paused_model),
        TEST(test_bounds_of_a_deleted_account_are_gone),
        TEST(test_bounds_that_are_none_are_refused_and_change_nothing),
        TEST(test_an_account_has_the_catalogues_models_and_its_own),
        TEST(test_a_model_shows_its_own_options),
        TEST(test_files_of_a_server_are_for_those_who_may_choose),
        TEST(test_bounds_stay_while_somebody_else_changes_the_model),
    };
    struct error err;

    log_configure(LOG_ERROR, false);
    if (!secret_init(&err))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
