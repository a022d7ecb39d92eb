/* An account's keys: how many, whose turn, what may be done with one that calls under way need. */
#include "settings/test_house.h"

static const char *with_key(struct house *house, const char *name, const char *key)
{
    return add_provider(
        house, arena_cstr(house->arena,
                          arena_printf(house->arena,
                                       "{\"kind\":\"openai\",\"name\":\"%s\",\"key\":\"%s\"}", name,
                                       key)));
}

static const char *keys_of(struct house *house, const char *path)
{
    return arena_cstr(house->arena, arena_printf(house->arena, "%s/keys", path));
}

static const char *key_path(struct house *house, const char *path, size_t index)
{
    const struct provider_row row = provider_at(house, path);

    assert_true(index < row.key_count);
    return arena_cstr(house->arena, arena_printf(house->arena, "%s/keys/%.*s", path,
                                                 STR_ARGS(row.keys[index].public_id)));
}

static struct provider_binding load(struct house *house, const char *path)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct provider_binding binding;
    struct error err = {0};

    assert_true(db_borrow(house->pool, &db, &err));
    assert_true(settings_provider_load(house->settings, db, provider_at(house, path).id,
                                       house->arena, &binding, &err));
    return binding;
}

static void test_an_account_has_up_to_eight_keys_with_weights(void **state)
{
    struct house *house = *state;
    const char *path = with_key(house, "Shop", CANARY);
    const char *keys = keys_of(house, path);
    struct provider_binding binding;

    EXPECT(house, "POST", keys, "{\"key\":\"sk-canary-second-4b1c\",\"weight\":7}", 201,
           "\"hint\":\"4b1c\",\"weight\":7,\"is_enabled\":true,\"is_lost\":false");
    EXPECT(house, "GET", path, NULL, 200, "\"has_key\":true,\"key_hint\":\"3f9a\",\"keys\":[{");
    binding = load(house, path);
    assert_int_equal(binding.key_count, 2);
    assert_true(str_equal(secret_expose(binding.account.key), STR(CANARY)));
    assert_true(str_equal(secret_expose(binding.keys[1].secret), STR("sk-canary-second-4b1c")));
    assert_int_equal(binding.keys[1].weight, 7);
    for (int number = 3; number <= PROVIDER_KEYS_MAX; number++)
        EXPECT(house, "POST", keys,
               arena_cstr(house->arena,
                          arena_printf(house->arena, "{\"key\":\"sk-canary-%d-aaaaaa\"}", number)),
               201, NULL);
    EXPECT(house, "POST", keys, "{\"key\":\"sk-canary-ninth-aaaa\"}", 422, "\"too_many\"");
    assert_int_equal(provider_at(house, path).key_count, PROVIDER_KEYS_MAX);
}

static void test_keys_that_are_refused(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *has;
    } cases[] = {
        {"{}",                                             422, "\"key\""   },
        {"{\"key\":\"\"}",                                 422, "\"key\""   },
        {"{\"key\":\"   \"}",                              422, "\"key\""   },
        {"{\"key\":\"with space\"}",                       422, "\"key\""   },
        {"{\"key\":\"" CANARY "\"}",                       409, "\"key\""   }, /* it has that one */
        {"{\"key\":\"sk-new-key-0000\",\"weight\":0}",     422, "\"weight\""},
        {"{\"key\":\"sk-new-key-0000\",\"weight\":101}",   422, "\"weight\""},
        {"{\"key\":\"sk-new-key-0000\",\"weight\":\"1\"}", 422, "\"weight\""},
        {"{\"key\":\"sk-new-key-0000\",\"no\":1}",         422, "\"no\""    },
    };
    struct house *house = *state;
    const char *path = with_key(house, "Shop", CANARY);
    const char *other = with_key(house, "Other", "sk-other-key-0000");

    for (size_t i = 0; i < COUNT(cases); i++)
        EXPECT(house, "POST", keys_of(house, path), cases[i].body, cases[i].status, cases[i].has);
    assert_int_equal(provider_at(house, path).key_count, 1);
    /* Another account's key is not this one's. */
    EXPECT(house, "DELETE",
           arena_cstr(house->arena,
                      arena_printf(house->arena, "%s/keys/%.*s", path,
                                   STR_ARGS(provider_at(house, other).keys[0].public_id))),
           NULL, 404, NULL);
    expect_at(house, "POST", keys_of(house, path), STR("Cookie: sid=viewer\r\n"),
              "{\"key\":\"sk-new-key-0000\"}", 403, NULL, __LINE__);
    assert_int_equal(provider_at(house, other).key_count, 1);
}

#define VOLC(more)                                                                                 \
    "{\"kind\":\"volc_visual\",\"name\":\"Jimeng\",\"options\":{\"access_key_id\":"                \
    "\"AKTPTEST\"}" more "}"
#define TOKEN "sts-canary-token-77"

static void test_a_session_token_is_sealed_with_its_key_and_goes_with_it(void **state)
{
    struct house *house = *state;
    const char *path =
        add_provider(house, VOLC(",\"key\":\"" CANARY "\",\"session_token\":\" " TOKEN " \""));
    const char *keys = keys_of(house, path), *first = key_path(house, path, 0);
    struct provider_binding binding = load(house, path);

    assert_true(str_equal(provider_key_part(binding.account.key), STR(CANARY)));
    assert_true(str_equal(provider_session_token(binding.account.key), STR(TOKEN)));
    assert_true(str_find(provider_at(house, path).keys[0].sealed, STR("sts-")) < 0);
    EXPECT(house, "GET", path, NULL, 200,
           "\"hint\":\"3f9a\",\"weight\":1,\"is_enabled\":true,\"is_lost\":false,"
           "\"has_session_token\":true");
    /* A weight leaves both as they are; the same key with another token is no second key. */
    EXPECT(house, "PATCH", first, "{\"weight\":3}", 200, "\"has_session_token\":true");
    EXPECT(house, "POST", keys, "{\"key\":\"" CANARY "\",\"session_token\":\"sts-other-77\"}", 409,
           "\"key\"");
    EXPECT(house, "POST", keys,
           "{\"key\":\"sk-second-key-4b1c\",\"session_token\":\"sts-other-77\"}", 201,
           "\"hint\":\"4b1c\",\"weight\":1,\"is_enabled\":true,\"is_lost\":false,"
           "\"has_session_token\":true");
    EXPECT(house, "PATCH", first, "{\"key\":\"sk-third-key-0000\"}", 200,
           "\"hint\":\"0000\",\"weight\":3,\"is_enabled\":true,\"is_lost\":false,"
           "\"has_session_token\":false");
    binding = load(house, path);
    assert_int_equal(provider_session_token(binding.account.key).size, 0);
    EXPECT(house, "PATCH", path, "{\"key\":\"sk-fifth-key-1111\",\"session_token\":\"" TOKEN "\"}",
           200, "\"has_session_token\":true");
    assert_true(str_equal(provider_session_token(load(house, path).account.key), STR(TOKEN)));
}

static void test_session_tokens_that_are_refused(void **state)
{
    static const char *const alone[] = {"{\"session_token\":\"sts-1234\"}",
                                        "{\"session_token\":\"sts-1234\",\"key\":\"\"}"};
    struct house *house = *state;
    const char *path = add_provider(house, VOLC(",\"key\":\"" CANARY "\""));
    const char *other = with_key(house, "Other", "sk-other-key-0000");

    EXPECT(house, "PATCH", path, alone[0], 422, "\"field\":\"key\"");
    EXPECT(house, "PATCH", path, alone[1], 422, "\"field\":\"key\"");
    EXPECT(house, "PATCH", key_path(house, path, 0), alone[0], 422, "\"field\":\"key\"");
    EXPECT(house, "POST", keys_of(house, path),
           "{\"key\":\"sk-new-key-0000\",\"session_token\":\"two words\"}", 422,
           "\"field\":\"session_token\"");
    EXPECT(house, "POST", keys_of(house, other),
           "{\"key\":\"sk-new-key-0000\",\"session_token\":\"sts-1234\"}", 422,
           "\"field\":\"session_token\"");
    EXPECT(house, "POST", "/api/v1/providers",
           "{\"kind\":\"openai\",\"name\":\"B\",\"key\":\"sk-new-key-0000\",\"session_token\":"
           "\"sts-1\"}",
           422, "\"field\":\"session_token\"");
    EXPECT(house, "PATCH", path,
           "{\"options\":{\"access_key_id\":\"AKTPTEST\",\"session_token\":\"sts-1234\"}}", 422,
           "options.session_token"); /* options are kept in clear */
    assert_int_equal(provider_at(house, path).key_count, 1);
}

static void test_the_first_that_is_on_is_the_accounts_and_none_makes_it_wait(void **state)
{
    struct house *house = *state;
    const char *path = with_key(house, "Shop", CANARY);

    EXPECT(house, "POST", keys_of(house, path), "{\"key\":\"sk-second-key-4b1c\"}", 201, NULL);
    EXPECT(house, "PATCH", key_path(house, path, 0), "{\"is_enabled\":false,\"weight\":100}", 200,
           "\"weight\":100,\"is_enabled\":false");
    assert_true(str_equal(secret_expose(load(house, path).account.key), STR("sk-second-key-4b1c")));
    EXPECT(house, "PATCH", key_path(house, path, 1), "{\"is_enabled\":false}", 200,
           "\"is_paused\":true,\"pause_reason\":\"" PROVIDER_KEYS_OFF "\"");
    EXPECT(house, "PATCH", key_path(house, path, 0), "{\"is_enabled\":true}", 200,
           "\"is_paused\":false");
    /* The account's own `key` is its first one. */
    EXPECT(house, "PATCH", path, "{\"key\":\"sk-third-key-7777\"}", 200, "\"key_hint\":\"7777\"");
    EXPECT(house, "PATCH", path, "{\"key\":\"\"}", 200, "\"key_hint\":\"4b1c\"");
    EXPECT(house, "PATCH", path, "{\"key\":\"\"}", 200, "\"has_key\":false");
    assert_false(load(house, path).is_paused);
}

static void test_another_address_needs_all_keys_again(void **state)
{
    struct house *house = *state;
    const char *path = with_key(house, "Shop", CANARY);

    EXPECT(house, "POST", keys_of(house, path), "{\"key\":\"sk-second-key-4b1c\"}", 201, NULL);
    EXPECT(house, "PATCH", path,
           "{\"base_url\":\"https://thief.example/v1\",\"key\":\"sk-mine-aaaaaaaa\"}", 422,
           "\"field\":\"key\"");
    EXPECT(house, "GET", path, NULL, 200, "\"base_url\":\"\"");
    EXPECT(house, "DELETE", key_path(house, path, 1), NULL, 200, NULL);
    EXPECT(house, "PATCH", path,
           "{\"base_url\":\"https://other.example/v1\",\"key\":\"sk-mine-aaaaaaaa\"}", 200,
           "\"base_url\":\"https://other.example/v1\"");
}

/* ---- Calls under way ---- */

struct call_work {
    int64_t key_id;
    const char *task, *call;
};

static bool put_call(struct db *db, void *context, struct error *err)
{
    static const struct sql run = {
        "test_run",
        "INSERT OR IGNORE INTO run (id, public_id, user_id, title, state, priority, task_count,"
        " left_count, created_at_ms, request_hash) VALUES (1, 'r', 1, '', 'done', 1, 1, 0, 0, x'')",
        NULL};
    static const struct sql task = {
        "test_task",
        "INSERT OR REPLACE INTO task (id, public_id, run_id, user_id, node_key, operation, state,"
        " priority, rank, parameters, inputs, deps_left, run_at_ms, start_by_ms, deadline_at_ms,"
        " tries_max, created_at_ms) VALUES (1, 't', 1, 1, 'a', 'o', $1, 1, 1, '{}', '{}', 0,"
        " 0, 0, 0, 1, 0)",
        NULL};
    static const struct sql call = {
        "test_call",
        "INSERT OR REPLACE INTO call (id, public_id, task_id, attempt, provider_id, model, state,"
        " request_hash, estimate_micro, currency, intent_at_ms, key_id) VALUES"
        " (1, 'c', 1, 1, 1, 'gpt-image-2', $1, x'', 0, 'USD', 0, $2)",
        NULL};
    const struct call_work *work = context;
    const struct sql_value task_args[] = {SQL_CSTR(work->task)};
    const struct sql_value call_args[] = {SQL_CSTR(work->call), SQL_INT64(work->key_id)};

    return db_exec(db, &run, NULL, 0, NULL, err) &&
           db_exec(db, &task, task_args, COUNT(task_args), NULL, err) &&
           db_exec(db, &call, call_args, COUNT(call_args), NULL, err);
}

static void set_call(struct house *house, struct call_work work)
{
    struct error err = {0};

    if (!db_transact(house->pool, "test", put_call, &work, &err))
        fail_msg("%s %s", err.message, err.detail);
}

/* A temporary key runs out while calls are under way: its next token is for them too. */
static void test_a_session_token_is_renewed_while_calls_are_under_way(void **state)
{
    struct house *house = *state;
    const char *path =
        add_provider(house, VOLC(",\"key\":\"" CANARY "\",\"session_token\":\"" TOKEN "\""));
    const struct provider_row row = provider_at(house, path);

    set_call(house, (struct call_work){row.keys[0].id, "waiting", "accepted"});
    EXPECT(house, "PATCH", key_path(house, path, 0),
           "{\"key\":\"sk-another-key-0001\",\"session_token\":\"sts-next-77\"}", 409, NULL);
    EXPECT(house, "PATCH", key_path(house, path, 0),
           "{\"key\":\"" CANARY "\",\"session_token\":\"sts-next-77\"}", 200, NULL);
    assert_true(
        str_equal(provider_session_token(load(house, path).account.key), STR("sts-next-77")));
}

static void test_a_key_that_calls_under_way_need_stays(void **state)
{
    struct house *house = *state;
    const char *path = with_key(house, "Shop", CANARY);
    const char *keys = keys_of(house, path), *first, *second;
    struct provider_row row;

    EXPECT(house, "POST", keys, "{\"key\":\"sk-second-key-4b1c\"}", 201, NULL);
    row = provider_at(house, path);
    first = key_path(house, path, 0);
    second = key_path(house, path, 1);
    set_call(house, (struct call_work){row.keys[0].id, "waiting", "accepted"});
    EXPECT(house, "DELETE", first, NULL, 409, "1 calls under way were made with this key");
    EXPECT(house, "PATCH", first, "{\"key\":\"sk-another-key-0001\"}", 409, "\"limit\":1");
    EXPECT(house, "PATCH", path, "{\"key\":\"sk-another-key-0001\"}", 409, "\"field\":\"key\"");
    EXPECT(house, "PATCH", path, "{\"key\":\"\"}", 409, "\"field\":\"key\"");
    EXPECT(house, "PATCH", first, "{\"key\":\"" CANARY "\"}", 200, NULL); /* the same again */
    EXPECT(house, "PATCH", first, "{\"weight\":3,\"is_enabled\":false}", 200, "\"weight\":3");
    EXPECT(house, "DELETE", second, NULL, 200, NULL); /* nobody needs that one */
    /* One that is off is asked with all the same, so it is opened. */
    assert_int_equal(load(house, path).key_count, 1);

    /* One that is throttled goes on soon, and what is under way needs it. */
    pthread_mutex_lock(&house->lane_lock);
    house->lane = (struct lane_view){
        .provider_id = row.id,
        .resting = {{.id = row.keys[0].id, .reason = "throttled", .until_ms = 4102444800000}},
        .resting_count = 1};
    pthread_mutex_unlock(&house->lane_lock);
    EXPECT(house, "GET", arena_cstr(house->arena, arena_printf(house->arena, "%s/health", path)),
           NULL, 200, "\"reason\":\"throttled\",\"until\":\"2100-01-01");
    EXPECT(house, "PATCH", first, "{\"key\":\"sk-another-key-0003\"}", 409, NULL);

    /* A rejected key is no use to anybody: another one may take its place, but it may not go. */
    pthread_mutex_lock(&house->lane_lock);
    house->lane = (struct lane_view){.provider_id = row.id,
                                     .resting = {{.id = row.keys[0].id, .reason = "auth"}},
                                     .resting_count = 1};
    pthread_mutex_unlock(&house->lane_lock);
    EXPECT(house, "GET", arena_cstr(house->arena, arena_printf(house->arena, "%s/health", path)),
           NULL, 200, "\"reason\":\"auth\",\"until\":null}]");
    EXPECT(house, "DELETE", first, NULL, 409, NULL);
    EXPECT(house, "PATCH", first, "{\"key\":\"sk-another-key-0001\"}", 200, "\"hint\":\"0001\"");
    EXPECT(house, "PATCH", path, "{\"key\":\"sk-another-key-0002\"}", 200, "\"hint\":\"0002\"");

    set_call(house, (struct call_work){row.keys[0].id, "done", "finished"});
    EXPECT(house, "DELETE", first, NULL, 200, "\"keys\":[]");
}

/* ---- From an older house ---- */

struct old_work {
    struct str sealed;
};

static bool put_old(struct db *db, void *context, struct error *err)
{
    static const struct sql provider = {
        "test_old_provider",
        "INSERT INTO provider (id, public_id, kind, name, base_url, sealed_key, key_hint, options,"
        " is_enabled, is_private_allowed, concurrency, on_unknown, once_below_micro, created_at_ms)"
        " VALUES (5, '01JD00000000000000000000AA', 'openai', 'Old', '', $1, '3f9a', '{}', 1, 0, 1,"
        " 'hold', 0, 0), (6, '01JD00000000000000000000AB', 'mock', 'None', '', '', '', '{}', 1, 0,"
        " 1, 'hold', 0, 0)",
        NULL};
    static const struct sql run = {
        "test_run",
        "INSERT INTO run (id, public_id, user_id, title, state, priority, task_count, left_count,"
        " created_at_ms, request_hash) VALUES (1, 'r', 1, '', 'active', 1, 2, 2, 0, x'')",
        NULL};
    static const struct sql task = {
        "test_task",
        "INSERT INTO task (id, public_id, run_id, user_id, node_key, operation, state, priority,"
        " rank, parameters, inputs, deps_left, run_at_ms, start_by_ms, deadline_at_ms, tries_max,"
        " created_at_ms) VALUES (1, 't', 1, 1, 'a', 'o', 'waiting', 1, 1, '{\"n\":4}', '{}', 0, 0,"
        " 0, 0, 1, 0), (2, 'u', 1, 1, 'b', 'o', 'ready', 1, 2, '{\"n\":\"x\"}', '{}', 0, 0, 0, 0,"
        " 1, 0)",
        NULL};
    static const struct sql call = {
        "test_call",
        "INSERT INTO call (public_id, task_id, attempt, provider_id, model, state, request_hash,"
        " estimate_micro, currency, intent_at_ms) VALUES ('c', 1, 1, 5, 'm', 'accepted', x'', 0,"
        " 'USD', 0), ('d', 1, 1, 6, 'm', 'accepted', x'', 0, 'USD', 0)",
        NULL};
    const struct old_work *work = context;
    const struct sql_value args[] = {SQL_TEXT(work->sealed)};

    return db_exec(db, &provider, args, COUNT(args), NULL, err) &&
           db_exec(db, &run, NULL, 0, NULL, err) && db_exec(db, &task, NULL, 0, NULL, err) &&
           db_exec(db, &call, NULL, 0, NULL, err);
}

static struct db_pool *open_old(const char *path, size_t migration_count)
{
    const struct db_config config = {.path = path,
                                     .readers = 1,
                                     .migrations = db_migrations,
                                     .migration_count = migration_count,
                                     .clock = &clock_system};
    struct db_pool *pool = NULL;
    struct error err = {0};

    if (!db_pool_open(&config, &pool, &err))
        fail_msg("%s %s", err.message, err.detail);
    return pool;
}

enum { KEY_OF_ONE, KEY_OF_NONE, UNITS_OF_FOUR, UNITS_OF_A_WORD };

static int64_t number_of(struct db *db, int which)
{
    static const struct sql numbers[] = {
        [KEY_OF_ONE] = {"test_key_of_one",      "SELECT key_id AS n FROM call WHERE public_id = 'c'",
                        NULL                                                                              },
        [KEY_OF_NONE] = {"test_key_of_none",     "SELECT key_id AS n FROM call WHERE public_id = 'd'",
                        NULL                                                                              },
        [UNITS_OF_FOUR] = {"test_units_of_four",   "SELECT units AS n FROM task WHERE id = 1",           NULL},
        [UNITS_OF_A_WORD] = {"test_units_of_a_word", "SELECT units AS n FROM task WHERE id = 2",
                        NULL                                                                              },
    };
    CLEANUP(rows_finish) struct rows rows = {0};
    struct error err = {0};

    assert_true(db_query(db, &numbers[which], NULL, 0, &rows, &err));
    assert_true(rows_next(&rows));
    return rows_int64(&rows, "n");
}

static void test_the_one_key_of_an_older_house_is_the_first(void **state)
{
    struct house *house = *state;
    const char *path =
        arena_cstr(house->arena, arena_printf(house->arena, "%s/old.db", house->directory));
    struct old_work work;
    struct db_pool *pool;
    struct provider_binding binding;
    struct error err = {0};
    size_t before = 0;

    work.sealed = secret_seal(
        &house->settings->services.master_key, STR(CANARY),
        provider_seal_context(STR("01JD00000000000000000000AA"), house->arena), house->arena);
    while (before < db_migration_count && strcmp(db_migrations[before].name, "0019_lanes") != 0)
        before++;
    assert_true(before < db_migration_count);
    pool = open_old(path, before);
    if (!db_transact(pool, "test", put_old, &work, &err))
        fail_msg("%s %s", err.message, err.detail);
    db_pool_close(pool);
    pool = open_old(path, db_migration_count);
    {
        CLEANUP(db_give_back_cleanup) struct db *db = NULL;

        assert_true(db_borrow(pool, &db, &err));
        assert_true(settings_provider_load(house->settings, db, 5, house->arena, &binding, &err));
        assert_int_equal(binding.key_count, 1);
        assert_true(str_equal(secret_expose(binding.account.key), STR(CANARY)));
        /* What is under way is asked for with it, and what had none with none. */
        assert_int_equal(number_of(db, KEY_OF_ONE), binding.keys[0].id);
        assert_int_equal(number_of(db, KEY_OF_NONE), 0);
        assert_int_equal(number_of(db, UNITS_OF_FOUR), 4);
        assert_int_equal(number_of(db, UNITS_OF_A_WORD), 1);
    }
    db_pool_close(pool);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_account_has_up_to_eight_keys_with_weights),
        TEST(test_keys_that_are_refused),
        TEST(test_a_session_token_is_sealed_with_its_key_and_goes_with_it),
        TEST(test_session_tokens_that_are_refused),
        TEST(test_the_first_that_is_on_is_the_accounts_and_none_makes_it_wait),
        TEST(test_another_address_needs_all_keys_again),
        TEST(test_a_session_token_is_renewed_while_calls_are_under_way),
        TEST(test_a_key_that_calls_under_way_need_stays),
        TEST(test_the_one_key_of_an_older_house_is_the_first),
    };
    struct error err;

    log_configure(LOG_ERROR, false);
    if (!secret_init(&err))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
