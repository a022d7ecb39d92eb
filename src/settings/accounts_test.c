/* What is in memory of the accounts is what their rows say, after each kind of change. */
#include "settings/test_house.h"

#define MODEL "gpt-image-2"

static bool find(struct house *house, const char *path, struct arena *arena,
                 struct model_choice *out)
{
    const struct str asked = arena_printf(arena, "%s/" MODEL, path + strlen("/api/v1/providers/"));
    struct error err = {0};

    return settings_model_find(house->settings, asked, NEED_GENERATE, arena, out, &err);
}

/* The account as it is chosen, beside its rows. */
static struct provider_account expect_as_stored(struct house *house, const char *path)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct provider_binding stored, account;
    struct model_choice choice;
    struct error err = {0};

    assert_true(find(house, path, house->arena, &choice));
    assert_true(db_borrow(house->pool, &db, &err));
    assert_true(settings_provider_load(house->settings, db, choice.provider_id, house->arena,
                                       &stored, &err));
    assert_true(str_equal(choice.provider_public_id, stored.public_id));
    assert_true(str_equal(choice.provider_name, stored.name));
    assert_ptr_equal(choice.kind, stored.kind);
    assert_true(str_equal(choice.account.base_url, stored.account.base_url));
    assert_true(str_equal(secret_expose(choice.account.key), secret_expose(stored.account.key)));
    assert_ptr_equal(choice.account.options, stored.account.options); /* kept once per text */
    assert_int_equal(choice.account.price_count, stored.account.price_count);
    for (size_t index = 0; index < stored.account.price_count; index++) {
        const struct provider_own_price *b = &stored.account.prices[index],
                                        *a = provider_price_find(&choice.account, b->model);

        assert_non_null(a);
        assert_true(str_equal(provider_price_write(&a->price, house->arena),
                              provider_price_write(&b->price, house->arena)));
        assert_string_equal(a->currency, b->currency);
    }
    assert_true(settings_account(house->settings, stored.id, house->arena, &account));
    assert_int_equal(account.concurrency, stored.concurrency);
    assert_int_equal(account.is_paused, stored.is_paused);
    assert_int_equal(account.key_count, stored.key_count);
    assert_int_equal(account.stand_in_count, stored.stand_in_count);
    assert_memory_equal(account.stand_ins, stored.stand_ins, sizeof(account.stand_ins));
    return choice.account;
}

static void test_each_change_is_seen_by_whoever_asks_next(void **state)
{
    struct house *house = *state;
    const char *path = add_provider(
        house, "{\"kind\":\"openai\",\"name\":\"Studio\",\"key\":\"sk-first-key-0001\"}");
    const char *keys = arena_cstr(house->arena, arena_printf(house->arena, "%s/keys", path));
    const char *other = add_provider(house, "{\"kind\":\"openai\",\"name\":\"Other\"}");
    struct provider_binding account;
    struct model_choice choice;

    expect_as_stored(house, path);
    EXPECT(house, "PATCH", path,
           "{\"name\":\"Atelier\",\"base_url\":\"https://example.org/"
           "v1\",\"key\":\"sk-other-key-0009\"}",
           200, "Atelier");
    expect_as_stored(house, path);
    EXPECT(house, "PATCH", path,
           "{\"models\":[{\"name\":\"" MODEL
           "\",\"is_enabled\":true,\"is_default\":false,\"price_micro\":-1,\"price\":{\"rule\":"
           "\"pictures\",\"currency\":"
           "\"CNY\",\"pictures\":[{\"price_micro\":300000}]}}]}",
           200, NULL);
    assert_int_equal(expect_as_stored(house, path).price_count, 1);
    /* Of the text model that a picture's call may have in it too. */
    EXPECT(house, "PATCH", path,
           "{\"models\":[{\"name\":\"a-relays-text\",\"is_enabled\":true,\"is_default\":false,"
           "\"price_micro\":-1,\"price\":{\"rule\":\"pictures\",\"currency\":\"CNY\","
           "\"pictures\":[{\"price_micro\":7}]}}]}",
           200, NULL);
    assert_int_equal(expect_as_stored(house, path).price_count, 2);
    EXPECT(house, "POST", keys, "{\"key\":\"sk-second-key-0002\"}", 201, NULL);
    EXPECT(house, "PATCH",
           arena_cstr(house->arena,
                      arena_printf(house->arena, "%s/%.*s", keys,
                                   STR_ARGS(provider_at(house, path).keys[0].public_id))),
           "{\"is_enabled\":false}", 200, NULL);
    assert_true(
        str_equal(secret_expose(expect_as_stored(house, path).key), STR("sk-second-key-0002")));
    EXPECT(house, "PATCH", path,
           arena_cstr(house->arena, arena_printf(house->arena, "{\"stand_ins\":[\"%s\"]}",
                                                 other + strlen("/api/v1/providers/"))),
           200, NULL);
    expect_as_stored(house, path);
    EXPECT(house, "DELETE", other, NULL, 204, NULL);
    expect_as_stored(house, path); /* one that was deleted stands in no more */
    start_settings(house, 7);
    expect_as_stored(house, path);
    EXPECT(house, "PATCH", path, "{\"is_enabled\":false}", 200, NULL);
    assert_false(find(house, path, house->arena, &choice));
    EXPECT(house, "PATCH", path, "{\"is_enabled\":true}", 200, NULL);
    expect_as_stored(house, path);
    assert_true(find(house, path, house->arena, &choice));
    EXPECT(house, "DELETE", path, NULL, 204, NULL);
    assert_false(settings_account(house->settings, choice.provider_id, house->arena, &account));
    assert_false(find(house, path, house->arena, &choice));
}

static void test_a_change_that_is_refused_leaves_what_was(void **state)
{
    struct house *house = *state;
    const char *path = add_provider(
        house, "{\"kind\":\"openai\",\"name\":\"Studio\",\"key\":\"sk-first-key-0001\"}");

    add_provider(house, "{\"kind\":\"mock\",\"name\":\"Other\"}");
    EXPECT(house, "PATCH", path,
           "{\"name\":\"Other\",\"base_url\":\"https://example.org/"
           "v1\",\"key\":\"sk-other-key-0009\"}",
           409, "name");
    assert_int_equal(expect_as_stored(house, path).base_url.size, 0);
}

/* A request gives back what it held a moment after its answer. */
static void expect_options(struct options_cache *cache, size_t count)
{
    for (int waited_ms = 0; options_count(cache) != count && waited_ms < 60000; waited_ms += 10)
        usleep(10000);
    assert_int_equal(options_count(cache), count);
}

/* A long text is there once, and only as long as anybody has it. */
static void test_options_stay_for_those_who_have_them_and_no_longer(void **state)
{
    struct house *house = *state;
    struct options_cache *cache = house->settings->options;
    const char *path = add_provider(
        house, "{\"kind\":\"openai\",\"name\":\"Studio\",\"key\":\"sk-first-key-0001\"}");
    struct arena *arena = arena_create(MIB(1));
    size_t before;
    struct model_choice choice;

    expect_options(cache, 2); /* the mock's and this one's */
    before = options_count(cache);
    assert_true(find(house, path, arena, &choice));
    expect_options(cache, before);
    for (int change = 0; change < 20; change++)
        EXPECT(house, "PATCH", path,
               arena_cstr(house->arena,
                          arena_printf(house->arena, "{\"options\":{\"organisation\":\"org-%d\"}}",
                                       change)),
               200, NULL);
    expect_options(cache, before + 1);
    assert_int_equal(json_count(choice.account.options), 0); /* as it was when it was asked */
    arena_destroy(arena);
    expect_options(cache, before);
}

/* ---- While it changes ---- */

enum { ASKERS = 3, CHANGES = 40 };

struct asker {
    struct house *house;
    const char *path;
    atomic_bool *is_over;
    int64_t found, torn;
};

static void *keep_asking(void *arg)
{
    struct asker *asker = arg;

    while (!atomic_load(asker->is_over)) {
        CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
        struct model_choice choice;

        /* One name goes with one address. */
        if (!find(asker->house, asker->path, arena, &choice) ||
            str_equal(choice.provider_name, STR("Even")) !=
                str_equal(choice.account.base_url, STR("https://even.example/v1")))
            asker->torn++;
        asker->found++;
    }
    return NULL;
}

static void test_whoever_asks_while_it_changes_gets_one_or_the_other(void **state)
{
    struct house *house = *state;
    const char *path =
        add_provider(house, "{\"kind\":\"openai\",\"name\":\"Odd\",\"key\":\"sk-first-key-0001\"}");
    atomic_bool is_over = false;
    struct asker askers[ASKERS];
    pthread_t threads[ASKERS];

    for (int index = 0; index < ASKERS; index++) {
        askers[index] = (struct asker){.house = house, .path = path, .is_over = &is_over};
        assert_int_equal(pthread_create(&threads[index], NULL, keep_asking, &askers[index]), 0);
    }
    for (int change = 0; change < CHANGES; change++)
        EXPECT(house, "PATCH", path,
               change % 2 == 0 ? "{\"name\":\"Even\",\"base_url\":\"https://even.example/"
                                 "v1\",\"key\":\"sk-other-key-0009\"}"
                               : "{\"name\":\"Odd\",\"base_url\":\"https://odd.example/"
                                 "v1\",\"key\":\"sk-other-key-0009\"}",
               200, NULL);
    atomic_store(&is_over, true);
    for (int index = 0; index < ASKERS; index++) {
        pthread_join(threads[index], NULL);
        assert_true(askers[index].found > 0);
        assert_int_equal(askers[index].torn, 0);
    }
    expect_as_stored(house, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_change_is_seen_by_whoever_asks_next, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_change_that_is_refused_leaves_what_was, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_options_stay_for_those_who_have_them_and_no_longer,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_whoever_asks_while_it_changes_gets_one_or_the_other,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
