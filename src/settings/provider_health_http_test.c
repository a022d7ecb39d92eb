#include "settings/test_house.h"

#define NOW INT64_C(1700000000000)

/* Adds a provider; its public id, and its row's. */
static const char *add(struct house *house, const char *body, int64_t *row_id)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct answer answer = ask(house, "POST", "/api/v1/providers", ADMIN, body);
    struct provider_row row;
    struct error err = {0};
    const char *id;

    assert_int_equal(answer.status, 201);
    assert_true(json_read(answer.body, &json, &err));
    id = arena_cstr(house->arena, json_text(json_get(json, "id")));
    assert_true(db_borrow(house->pool, &db, &err));
    assert_true(provider_store_find(db, str_of(id), house->arena, &row, &err));
    *row_id = row.id;
    buf_finish(&answer.bytes);
    return id;
}

static const char *health_path(struct house *house, const char *id)
{
    return arena_cstr(house->arena, arena_printf(house->arena, "/api/v1/providers/%s/health", id));
}

struct call_work {
    int64_t provider_id, ended_ms;
    const char *state, *class, *message;
};

static bool add_call_work(struct db *db, void *context, struct error *err)
{
    static const struct sql run = {
        "test_run",
        "INSERT OR IGNORE INTO run (id, public_id, user_id, title, state, priority, task_count,"
        " left_count, created_at_ms, request_hash) VALUES (1, 'r', 1, '', 'done', 1, 1, 0, 0, x'')",
        NULL};
    static const struct sql task = {
        "test_task",
        "INSERT OR IGNORE INTO task (id, public_id, run_id, user_id, node_key, operation, state,"
        " priority, rank, parameters, inputs, deps_left, run_at_ms, start_by_ms, deadline_at_ms,"
        " tries_max, created_at_ms) VALUES (1, 't', 1, 1, 'a', 'o', 'done', 1, 1, '{}', '{}', 0,"
        " 0, 0, 0, 1, 0)",
        NULL};
    static const struct sql call = {
        "test_call",
        "INSERT INTO call (public_id, task_id, attempt, provider_id, model, state, request_hash,"
        " class, message, estimate_micro, currency, intent_at_ms, sent_at_ms, ended_at_ms) VALUES"
        " (hex(randomblob(13)), 1, 1, $1, 'gpt-image-2', $2, x'', $3, $4, 0, 'USD', 0, $5, $6)",
        NULL};
    const struct call_work *work = context;
    const struct sql_value args[] = {SQL_INT64(work->provider_id),    SQL_CSTR(work->state),
                                     SQL_CSTR(work->class),           SQL_CSTR(work->message),
                                     SQL_INT64(work->ended_ms - 800), SQL_INT64(work->ended_ms)};

    return db_exec(db, &run, NULL, 0, NULL, err) && db_exec(db, &task, NULL, 0, NULL, err) &&
           db_exec_one(db, &call, args, COUNT(args), err);
}

static void add_call(struct house *house, struct call_work work)
{
    struct error err = {0};

    if (!db_transact(house->pool, "test", add_call_work, &work, &err))
        fail_msg("%s %s", err.message, err.detail);
}

static void set_lane(struct house *house, struct lane_view lane)
{
    pthread_mutex_lock(&house->lane_lock);
    house->lane = lane;
    pthread_mutex_unlock(&house->lane_lock);
}

static void test_a_provider_that_was_never_asked_is_healthy_and_empty(void **state)
{
    struct house *house = *state;
    int64_t row_id;
    const char *path =
        health_path(house, add(house, "{\"kind\":\"openai\",\"name\":\"A\"}", &row_id));

    EXPECT(house, "GET", path, NULL, 200,
           "{\"last_24h\":{\"calls\":0,\"finished\":0,\"cancelled\":0,\"success_rate\":null,"
           "\"p50_ms\":null,\"p95_ms\":null,\"failures\":[]}");
    EXPECT(house, "GET", path, NULL, 200,
           "\"last_error\":null,\"lane\":\"open\",\"lane_reason\":\"\",\"lane_until\":null,"
           "\"breakers\":[],\"paused_models\":[],\"resting_keys\":[]}");
}

static void test_models_that_a_person_paused_are_named(void **state)
{
    struct house *house = *state;
    int64_t row_id;
    const char *id = add(house,
                         "{\"kind\":\"mock\",\"name\":\"A\",\"models\":["
                         "{\"name\":\"mock\",\"is_enabled\":true,\"is_default\":false,"
                         "\"price_micro\":-1,\"limits\":{\"concurrency\":0,\"per_minute\":0,"
                         "\"units_per_minute\":0,\"is_paused\":true}},"
                         "{\"name\":\"mock-fast\",\"is_enabled\":true,\"is_default\":false,"
                         "\"price_micro\":7}]}",
                         &row_id);

    EXPECT(house, "GET", health_path(house, id), NULL, 200,
           "\"lane\":\"open\",\"lane_reason\":\"\",\"lane_until\":null,\"breakers\":[],"
           "\"paused_models\":[\"mock\"],");
}

static void test_calls_and_the_last_error_are_told(void **state)
{
    struct house *house = *state;
    int64_t row_id;
    const char *path =
        health_path(house, add(house, "{\"kind\":\"openai\",\"name\":\"A\"}", &row_id));

    add_call(house, (struct call_work){row_id, NOW - 5000, "finished", "", ""});
    add_call(house, (struct call_work){row_id, NOW - 4000, "failed", "server", "out of order"});
    add_call(house, (struct call_work){row_id, NOW - 3 * 86400000, "failed", "auth", "who?"});
    EXPECT(house, "GET", path, NULL, 200,
           "{\"last_24h\":{\"calls\":2,\"finished\":1,\"cancelled\":0,\"success_rate\":0.5,"
           "\"p50_ms\":800,\"p95_ms\":800,\"failures\":[{\"class\":\"server\",\"count\":1}]},"
           "\"last_7d\":{\"calls\":3,");
    EXPECT(house, "GET", path, NULL, 200,
           "\"last_error\":{\"class\":\"server\",\"message\":\"out of order\","
           "\"model\":\"gpt-image-2\",\"http_status\":0,\"at\":\"2023-11-14T22:13:16");
}

static void test_the_lane_says_who_closed_it_and_why(void **state)
{
    struct house *house = *state;
    int64_t row_id;
    const char *id =
        add(house, "{\"kind\":\"openai\",\"name\":\"A\",\"key\":\"" CANARY "\"}", &row_id);
    const char *path = health_path(house, id);
    const char *own =
        arena_cstr(house->arena, arena_printf(house->arena, "/api/v1/providers/%s", id));
    const char *pause = arena_cstr(house->arena, arena_printf(house->arena, "%s/pause", own));
    const char *resume = arena_cstr(house->arena, arena_printf(house->arena, "%s/resume", own));

    set_lane(house,
             (struct lane_view){.provider_id = row_id, .is_paused = true, .reason = "quota"});
    EXPECT(house, "GET", path, NULL, 200,
           "\"lane\":\"stopped\",\"lane_reason\":\"quota\",\"lane_until\":null");
    set_lane(house, (struct lane_view){.provider_id = row_id,
                                       .pause_until_ms = NOW + 60000,
                                       .reason = "throttled"});
    EXPECT(
        house, "GET", path, NULL, 200,
        "\"lane\":\"resting\",\"lane_reason\":\"throttled\",\"lane_until\":\"2023-11-14T22:14:20");
    set_lane(house, (struct lane_view){.provider_id = row_id, .pause_until_ms = NOW - 1});
    EXPECT(house, "GET", path, NULL, 200, "\"lane\":\"open\",\"lane_reason\":\"\"");
    EXPECT(house, "POST", pause, "{\"reason\":\"too dear\"}", 200, NULL);
    EXPECT(house, "GET", path, NULL, 200, "\"lane\":\"paused\",\"lane_reason\":\"too dear\"");
    EXPECT(house, "POST", resume, NULL, 200, NULL);
    start_settings(house, 9); /* another master key: the key is lost */
    EXPECT(house, "GET", path, NULL, 200,
           "\"lane\":\"paused\",\"lane_reason\":\"its key was sealed");
    EXPECT(house, "PATCH", own, "{\"is_enabled\":false}", 200, NULL);
    EXPECT(house, "GET", path, NULL, 200, "\"lane\":\"off\",\"lane_reason\":\"\"");
}

static void test_a_breaker_says_what_failed_how_often_and_until_when(void **state)
{
    struct house *house = *state;
    int64_t row_id;
    const char *path =
        health_path(house, add(house, "{\"kind\":\"openai\",\"name\":\"A\"}", &row_id));

    pthread_mutex_lock(&house->lane_lock);
    house->lane = (struct lane_view){.provider_id = row_id};
    house->models[0] = (struct lane_model_view){.name = STR("well")};
    house->models[1] = (struct lane_model_view){.name = STR("left-alone"),
                                                .breaker = BREAKER_OPEN,
                                                .failure = "server",
                                                .failures_in_row = 6,
                                                .breaker_until_ms = NOW + 60000};
    house->models[2] = (struct lane_model_view){
        .name = STR("tried"), .breaker = BREAKER_HALF_OPEN, .failure = "unknown"};
    pthread_mutex_unlock(&house->lane_lock);
    EXPECT(house, "GET", path, NULL, 200,
           "\"lane\":\"open\",\"lane_reason\":\"\",\"lane_until\":null,\"breakers\":["
           "{\"model\":\"left-alone\",\"breaker\":\"open\",\"failure\":\"server\","
           "\"failures_in_row\":6,\"until\":\"2023-11-14T22:14:20.000Z\"},"
           "{\"model\":\"tried\",\"breaker\":\"half_open\",\"failure\":\"unknown\","
           "\"failures_in_row\":0,\"until\":null}],\"paused_models\":[],\"resting_keys\":[]}");
    pthread_mutex_lock(&house->lane_lock);
    memset(house->models, 0, sizeof house->models);
    pthread_mutex_unlock(&house->lane_lock);
}

static void test_health_is_for_admins_of_providers_that_are(void **state)
{
    struct house *house = *state;
    int64_t row_id;
    const char *id = add(house, "{\"kind\":\"openai\",\"name\":\"A\"}", &row_id);
    const char *own =
        arena_cstr(house->arena, arena_printf(house->arena, "/api/v1/providers/%s", id));

    expect_at(house, "GET", health_path(house, id), STR("Cookie: sid=viewer\r\n"), NULL, 403, NULL,
              __LINE__);
    EXPECT(house, "GET", "/api/v1/providers/nonsense/health", NULL, 404, NULL);
    EXPECT(house, "GET", "/api/v1/providers/01ARZ3NDEKTSV4RRFFQ69G5FAV/health", NULL, 404, NULL);
    EXPECT(house, "DELETE", own, NULL, 204, NULL);
    EXPECT(house, "GET", health_path(house, id), NULL, 404, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_provider_that_was_never_asked_is_healthy_and_empty),
        TEST(test_models_that_a_person_paused_are_named),
        TEST(test_calls_and_the_last_error_are_told),
        TEST(test_the_lane_says_who_closed_it_and_why),
        TEST(test_a_breaker_says_what_failed_how_often_and_until_when),
        TEST(test_health_is_for_admins_of_providers_that_are),
    };

    log_configure(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
