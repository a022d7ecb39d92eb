/* Workflows of an account's own over HTTP: looked at, kept, each a model, taken away, carried from
 * house to house and from the schema of before. */
#include "settings/test_house.h"

#include "db/migrations.h"

#define GRAPH(prompt) GRAPH_TO("SaveImage", prompt)
#define SPOILT GRAPH_TO("Gone", "a cup")
#define GRAPH_TO(class, prompt)                                                                    \
    "\"{\\\"6\\\":{\\\"class_type\\\":\\\"CLIPTextEncode\\\",\\\"inputs\\\":{\\\"text\\\":"        \
    "\\\"" prompt "\\\"}},\\\"3\\\":{\\\"class_type\\\":\\\"KSampler\\\",\\\"inputs\\\":{"         \
    "\\\"seed\\\":1,\\\"positive\\\":[\\\"6\\\",0]}},\\\"9\\\":{\\\"class_type\\\":"               \
    "\\\"" class "\\\",\\\"inputs\\\":{\\\"images\\\":[\\\"3\\\",0]}}}\""
#define OWN(id, more) "{\"id\":\"" id "\",\"graph\":" GRAPH("a cup") more "}"
#define OPTIONS(list) "{\"options\":{\"workflows\":[" list "]}}"
#define NEW(list)                                                                                  \
    "{\"kind\":\"comfyui\",\"name\":\"Attic\",\"base_url\":\"\",\"options\":{\"workflows\":[" list \
    "]}}"

static bool finds(struct house *house, const char *path, const char *model, struct error *err)
{
    struct model_choice choice;

    *err = (struct error){0};
    return settings_model_find(
        house->settings,
        arena_printf(house->arena, "%s/%s", path + strlen("/api/v1/providers/"), model),
        NEED_GENERATE, house->arena, &choice, err);
}

static void test_each_is_a_model_that_is_asked_for_switched_off_and_gone(void **state)
{
    struct house *house = *state;
    struct error err;
    const char *path =
        add_provider(house, NEW(OWN("lamp", ",\"name\":\"Lamp\"") "," OWN("cup", "")));

    EXPECT(house, "GET", "/api/v1/models", NULL, 200, "\"name\":\"lamp\",\"label\":\"Lamp\"");
    EXPECT(house, "GET", path, NULL, 200, "\"name\":\"cup\",\"label\":\"cup\"");
    assert_true(finds(house, path, "lamp", &err) && finds(house, path, "cup", &err));
    assert_false(finds(house, path, "custom", &err));
    assert_true(settings_has_model(house->settings, provider_at(house, path).id, STR("lamp")));
    EXPECT(house, "PATCH", path,
           "{\"models\":[{\"name\":\"lamp\",\"is_enabled\":false,\"is_default\":false,"
           "\"price_micro\":-1}]}",
           200, NULL);
    assert_false(finds(house, path, "lamp", &err));
    assert_string_equal(err.message, "this model or its provider is switched off");
    /* What was changed of it goes with it: left behind, it would be an added model. */
    EXPECT(house, "PATCH", path, OPTIONS(OWN("cup", "")), 200, "\"cup\"");
    assert_false(finds(house, path, "lamp", &err));
    assert_string_equal(err.field, "model");
    assert_string_equal(err.message, "there is no such model");
    assert_false(settings_has_model(house->settings, provider_at(house, path).id, STR("lamp")));
    assert_true(finds(house, path, "cup", &err));
    EXPECT(house, "PATCH", path, OPTIONS(OWN("cup", "") "," OWN("lamp", "")), 200, NULL);
    assert_true(finds(house, path, "lamp", &err)); /* on again, as a new one is */
}

static void test_a_bad_one_is_refused_with_its_place(void **state)
{
    struct house *house = *state;

    EXPECT(house, "POST", "/api/v1/providers",
           NEW(OWN("lamp", "") ",{\"id\":\"b\",\"graph\":\"{\\\"nodes\\\":[],\\\"links\\\":[]}\"}"),
           422, "options.workflows[1].graph");
    EXPECT(house, "POST", "/api/v1/providers", NEW(OWN("lamp", "") "," OWN("LAMP", "")), 409,
           "options.workflows[1].id");
}

static void test_one_is_looked_at_before_it_is_kept(void **state)
{
    struct house *house = *state;
    static const char path[] = "/api/v1/provider-kinds/workflow";

    EXPECT(house, "POST", path, "{\"kind\":\"comfyui\",\"graph\":" GRAPH("a cup") "}", 200,
           "\"parameters\":[{\"parameter\":\"prompt\",\"node\":\"6\",\"title\":\"\",\"class\":"
           "\"CLIPTextEncode\",\"input\":\"text\",\"type\":\"text\",\"value\":\"a cup\"},"
           "{\"parameter\":\"seed\",\"node\":\"3\"");
    EXPECT(
        house, "POST", path,
        "{\"kind\":\"comfyui\",\"graph\":" GRAPH("a cup") ",\"parameters\":[{\"name\":\"prompt\","
                                                          "\"node\":\"6\",\"input\":\"text\"}]}",
        200, "\"value\":\"a cup\"}],\"inputs\":");
    EXPECT(house, "POST", path, "{\"kind\":\"comfyui\",\"graph\":" GRAPH("%prompt%") "}", 200,
           "{\"is_marked\":true,\"node_count\":3,\"parameters\":[]");
    EXPECT(house, "POST", path, "{\"kind\":\"comfyui\",\"graph\":\"{\\\"nodes\\\":[]}\"}", 422,
           "\"field\":\"graph\"");
    EXPECT(house, "POST", path, "{\"kind\":\"mock\",\"graph\":\"{}\"}", 422, "\"kind\"");
}

static void test_a_file_carries_them_and_one_of_before_is_taken(void **state)
{
    struct house *house = *state;

    (void)add_provider(house, NEW(OWN("lamp", ",\"name\":\"Lamp\"")));
    EXPECT(house, "GET", "/api/v1/providers/export", NULL, 200,
           "\"options\":{\"workflows\":[{\"id\":\"lamp\",\"graph\":\"{\\\"6\\\":");
    EXPECT(house, "POST", "/api/v1/providers/import",
           "{\"format\":\"vitrine-providers\",\"version\":1,\"exported_at\":"
           "\"2023-11-14T22:13:20.000Z\",\"providers\":[{\"kind\":\"comfyui\",\"name\":\"Old\","
           "\"base_url\":\"\",\"options\":{\"workflow\":" GRAPH(
               "%prompt%") "},\"is_enabled\":true,"
                           "\"concurrency\":1,\"on_unknown\":\"hold\",\"once_below_micro\":0,"
                           "\"models\":[]}]}",
           201, "\"Old\"");
    EXPECT(house, "GET", "/api/v1/models", NULL, 200, "\"name\":\"custom\",\"label\":\"custom\"");
}

/* ---- the schema of before ---- */

#define PROVIDER_ROW(id, options)                                                                  \
    "INSERT INTO provider (public_id, kind, name, base_url, options, is_enabled,"                  \
    " is_private_allowed, concurrency, on_unknown, once_below_micro, created_at_ms)"               \
    " VALUES ('" id "', 'comfyui', '" id "', '', '" options "', 1, 0, 1, 'hold', 0, 1)"

static bool fill(struct db *db, void *context, struct error *err)
{
    static const struct sql rows[] = {
        {"test_with",           PROVIDER_ROW("with", "{\"sampler\":\"heun\",\"workflow\":\"{\\\"a\\\":1}\"}"),
         NULL},
        {"test_empty",                     PROVIDER_ROW("empty",                             "{\"workflow\":\" \"}"),                                             NULL},
        {"test_without",                 PROVIDER_ROW("without",                                    "{\"denoise\":0.6}"),                                   NULL},
        {"test_models",
         "INSERT INTO provider_model (provider_id, name, is_enabled, purposes)"
         " SELECT id, 'custom', 0, 0 FROM provider",NULL  },
    };

    (void)context;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (!db_exec(db, &rows[i], NULL, 0, NULL, err))
            return false;
    return true;
}

static struct str ask_one(struct house *house, const struct sql *sql, struct str id)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    CLEANUP(rows_finish) struct rows rows = {0};
    const struct sql_value args[] = {SQL_TEXT(id)};
    struct error err = {0};

    if (!db_borrow(house->pool, &db, &err) || !db_query(db, sql, args, 1, &rows, &err) ||
        !rows_next(&rows))
        fail_msg("%s", err.message);
    return rows_str(&rows, "found", house->arena);
}

static void test_the_one_of_the_schema_before_is_the_first_of_several(void **state)
{
    static const struct sql options = {
        "test_options", "SELECT options AS found FROM provider WHERE public_id = $1", NULL};
    static const struct sql models = {
        "test_count",
        "SELECT CAST(count(*) AS TEXT) AS found FROM provider_model JOIN provider"
        " ON provider.id = provider_id WHERE public_id = $1",
        NULL};
    struct house *house = *state;
    struct db_pool *pool = house->pool;
    struct db_config config = {
        .path = arena_cstr(house->arena, arena_printf(house->arena, "%s/old.db", house->directory)),
        .readers = 1,
        .migrations = db_migrations,
        .clock = &clock_system};
    struct error err = {0};

    while (strcmp(db_migrations[config.migration_count].name, "0026_workflows") != 0)
        config.migration_count++;
    assert_true(db_pool_open(&config, &house->pool, &err));
    if (!db_transact(house->pool, "test_fill", fill, NULL, &err))
        fail_msg("%s %s", err.message, err.detail);
    db_pool_close(house->pool);
    config.migration_count = db_migration_count;
    if (!db_pool_open(&config, &house->pool, &err))
        fail_msg("%s %s", err.message, err.detail);
    assert_true(str_equal(ask_one(house, &options, STR("with")),
                          STR("{\"sampler\":\"heun\",\"workflows\":[{\"id\":\"custom\",\"graph\":"
                              "\"{\\\"a\\\":1}\"}]}")));
    assert_true(str_equal(ask_one(house, &options, STR("empty")), STR("{}")));
    assert_true(str_equal(ask_one(house, &options, STR("without")), STR("{\"denoise\":0.6}")));
    assert_true(str_equal(ask_one(house, &models, STR("with")), STR("1")));
    assert_true(str_equal(ask_one(house, &models, STR("without")), STR("0")));
    db_pool_close(house->pool);
    house->pool = pool;
}

static bool fatten(struct db *db, void *context, struct error *err)
{
    static const struct sql update = {
        "test_fatten",
        "UPDATE provider SET options = json_object('sampler', printf('%.*c', 1000000, 'x'))"
        " WHERE kind = 'comfyui'",
        NULL};

    (void)context;
    return db_exec(db, &update, NULL, 0, NULL, err);
}

static bool spoil(struct db *db, void *context, struct error *err)
{
    static const struct sql update = {
        "test_spoil",
        "UPDATE provider SET options = replace(options, 'SaveImage', 'Gone') WHERE kind ="
        " 'comfyui'",
        NULL};

    (void)context;
    return db_exec(db, &update, NULL, 0, NULL, err);
}

/* Another build kept it, and this one finds no prompt in it: it is no model, and in nobody's way.
 */
static void test_one_that_reads_no_more_hinders_nothing_else(void **state)
{
    struct house *house = *state;
    const char *path = add_provider(house, NEW(OWN("lamp", "")));
    struct answer export, answer;
    const char *file;
    struct error err = {0};

    EXPECT(house, "PATCH", path,
           "{\"models\":[{\"name\":\"lamp\",\"is_enabled\":true,\"is_default\":false,\"price_"
           "micro\":777}]}",
           200, NULL);
    assert_true(db_transact(house->pool, "test", spoil, NULL, &err));
    start_settings(house, 7);
    assert_false(finds(house, path, "lamp", &err));
    EXPECT(house, "PATCH", path, OPTIONS("{\"id\":\"lamp\",\"graph\":" SPOILT "}"), 200, "Gone");
    EXPECT(house, "PATCH", path, OPTIONS("{\"id\":\"lamp\",\"graph\":" SPOILT "}," OWN("cup", "")),
           200, "\"cup\"");
    assert_true(finds(house, path, "cup", &err));
    EXPECT(house, "POST", "/api/v1/providers",
           "{\"kind\":\"comfyui\",\"name\":\"New\",\"options\":{\"workflows\":[{\"id\":\"lamp\","
           "\"graph\":" SPOILT "}]}}",
           422, "\"field\":\"options.workflows[0].graph\"");
    /* Nor is the file of it of no use, where there is no such account yet. */
    export = ask(house, "GET", "/api/v1/providers/export", ADMIN, NULL);
    assert_int_equal(export.status, 200);
    file = arena_cstr(house->arena, export.body);
    buf_finish(&export.bytes);
    EXPECT(house, "PATCH", path, "{\"name\":\"Cellar\"}", 200, NULL);
    EXPECT(house, "POST", "/api/v1/providers/import/preview", file, 200,
           "\"as_name\":\"Attic\",\"kind\":\"comfyui\",\"is_renamed\":false,\"needs_key\":false,"
           "\"needs_private\":true,\"is_enabled\":false,\"model_count\":1,\"unread_workflows\":1");
    EXPECT(house, "POST", "/api/v1/providers/import", file, 201, "\"as_name\":\"Attic\"");
    /* Taken away at last, and what the house changed of it with it. */
    EXPECT(house, "PATCH", path, OPTIONS(OWN("cup", "")), 200, NULL);
    answer = ask(house, "GET", path, ADMIN, NULL);
    assert_false(answer_has(&answer, "lamp"));
    buf_finish(&answer.bytes);
}

static void test_it_is_the_default_for_what_it_can(void **state)
{
    struct house *house = *state;
    const char *path = add_provider(house, NEW(OWN("lamp", "")));

    EXPECT(house, "PATCH", path,
           "{\"models\":[{\"name\":\"lamp\",\"is_enabled\":true,\"is_default\":false,\"price_"
           "micro\":-1,\"purposes\":[\"edit\"]}]}",
           422, "\"field\":\"models[0].purposes\"");
    EXPECT(house, "PATCH", path,
           "{\"models\":[{\"name\":\"lamp\",\"is_enabled\":true,\"is_default\":false,\"price_"
           "micro\":-1,\"purposes\":[\"image\"]}]}",
           200, "\"purposes\":[\"image\"]");
}

static bool fatten_models(struct db *db, void *context, struct error *err)
{
    static const struct sql insert = {
        "test_fatten_models",
        "INSERT INTO provider_model (provider_id, name, is_enabled, purposes, price)"
        " SELECT id, 'fat', 1, 0, printf('%.*c', 4194304, 'x') FROM provider ORDER BY id LIMIT 1",
        NULL};

    (void)context;
    return db_exec(db, &insert, NULL, 0, NULL, err);
}

/* Of names and prices of models too. */
static void test_a_house_with_too_many_prices_may_have_fewer(void **state)
{
    struct house *house = *state;
    const char *path = add_provider(house, "{\"kind\":\"mock\",\"name\":\"Thin\"}");
    struct error err = {0};

    assert_true(db_transact(house->pool, "test", fatten_models, NULL, &err));
    EXPECT(house, "PATCH", path,
           "{\"models\":[{\"name\":\"more\",\"is_enabled\":true,\"is_default\":false,\"price_"
           "micro\":-1}]}",
           422, "\"field\":\"models\"");
    EXPECT(house, "PATCH", path, "{\"name\":\"Thinner\"}", 200, NULL);
}

/* As a house of before may have: nothing is added, and what is there can be changed and taken away.
 */
static void test_a_house_that_has_too_much_may_have_less(void **state)
{
    struct house *house = *state;
    struct error err = {0};
    const char *path = NULL;

    for (int i = 0; i < 9; i++)
        path =
            add_provider(house, arena_cstr(house->arena,
                                           arena_printf(house->arena,
                                                        "{\"kind\":\"comfyui\",\"name\":\"Fat %d\","
                                                        "\"base_url\":\"http://127.0.0.1:9\","
                                                        "\"is_private_allowed\":true}",
                                                        i)));
    assert_true(db_transact(house->pool, "test", fatten, NULL, &err));
    EXPECT(house, "POST", "/api/v1/providers",
           "{\"kind\":\"mock\",\"name\":\"One more\",\"options\":{\"latency_ms\":1}}", 422,
           "\"field\":\"options\"");
    EXPECT(house, "PATCH", path, "{\"name\":\"Fat and named\"}", 200, NULL);
    EXPECT(house, "DELETE", path, NULL, 204, NULL); /* and has none any more */
    EXPECT(house, "POST", "/api/v1/providers",
           "{\"kind\":\"mock\",\"name\":\"One more\",\"options\":{\"latency_ms\":1}}", 201, NULL);
    path = add_provider(house, "{\"kind\":\"mock\",\"name\":\"Thin\"}");
    assert_true(db_transact(house->pool, "test", fatten, NULL, &err));
    EXPECT(house, "PATCH", path, "{\"options\":{}}", 200, "\"options\":{}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_is_a_model_that_is_asked_for_switched_off_and_gone),
        TEST(test_a_bad_one_is_refused_with_its_place),
        TEST(test_one_is_looked_at_before_it_is_kept),
        TEST(test_a_file_carries_them_and_one_of_before_is_taken),
        TEST(test_the_one_of_the_schema_before_is_the_first_of_several),
        TEST(test_one_that_reads_no_more_hinders_nothing_else),
        TEST(test_it_is_the_default_for_what_it_can),
        TEST(test_a_house_with_too_many_prices_may_have_fewer),
        TEST(test_a_house_that_has_too_much_may_have_less),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
