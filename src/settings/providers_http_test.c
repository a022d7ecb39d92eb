#include "settings/test_house.h"

#include <pthread.h>

static const char *below(struct house *house, const char *path, const char *verb)
{
    return arena_cstr(house->arena, arena_printf(house->arena, "%s/%s", path, verb));
}

static bool load(struct house *house, int64_t provider_id, struct provider_binding *out,
                 struct error *err)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;

    assert_true(db_borrow(house->pool, &db, err));
    return settings_provider_load(house->settings, db, provider_id, house->arena, out, err);
}

/* ---- providers ---- */

static void test_a_new_house_has_a_mock_and_keeps_it_deleted(void **state)
{
    struct house *house = *state;
    struct answer answer = ask(house, "GET", "/api/v1/models", STR("Cookie: sid=viewer\r\n"), NULL);
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error err = {0};
    struct str path;

    assert_true(json_read(answer.body, &json, &err));
    assert_true(str_equal(json_text(json_path(json, "items.0.name")), STR("mock")));
    assert_true(json_bool(json_path(json, "items.0.is_default"), false));
    path = arena_printf(house->arena, "/api/v1/providers/%.*s",
                        STR_ARGS(json_text(json_path(json, "items.0.provider_id"))));
    start_settings(house, 7); /* a second start adds no second */
    EXPECT(house, "DELETE", arena_cstr(house->arena, path), NULL, 204, NULL);
    EXPECT(house, "GET", "/api/v1/providers", NULL, 200, "{\"items\":[]}");
    start_settings(house, 7);
    EXPECT(house, "GET", "/api/v1/providers", NULL, 200, "{\"items\":[]}");
    EXPECT(house, "GET", "/api/v1/models", NULL, 200, "{\"items\":[]}");
    buf_finish(&answer.bytes);
}

static void test_a_key_goes_in_and_never_comes_out(void **state)
{
    struct house *house = *state;
    const char *path =
        add_provider(house, "{\"kind\":\"openai\",\"name\":\"Shop\",\"key\":\"" CANARY "\"}");
    struct provider_binding record;
    struct error err = {0};
    char bytes[KIB(64)];
    bool is_found = false;
    size_t size;
    FILE *file;

    EXPECT(house, "GET", path, NULL, 200, "\"has_key\":true,\"key_hint\":\"3f9a\"");
    EXPECT(house, "GET", "/api/v1/providers", NULL, 200, "Shop");
    assert_true(load(house, provider_at(house, path).id, &record, &err));
    assert_true(str_equal(secret_expose(record.account.key), STR(CANARY)));
    fixture_end(&house->http);
    house->http.server = NULL;
    db_pool_close(house->pool); /* checkpoints: all is in one file */
    file = fopen(house->path, "rb");
    assert_non_null(file);
    while ((size = fread(bytes, 1, sizeof bytes, file)) > 0)
        is_found |= memmem(bytes, size, "canary", 6) != NULL;
    fclose(file);
    house->pool = NULL;
    assert_false(is_found);
}

static bool work_copy_key(struct db *db, void *context, struct error *err)
{
    return key_store_add(db, context, err);
}

/* S46: a sealed key opens in its own row, under its own master key, and nowhere else. */
static void test_a_sealed_key_opens_nowhere_else(void **state)
{
    struct house *house = *state;
    const char *from =
        add_provider(house, "{\"kind\":\"openai\",\"name\":\"A\",\"key\":\"" CANARY "\"}");
    const char *to = add_provider(house, "{\"kind\":\"openai\",\"name\":\"B\"}");
    struct key_row copy = provider_at(house, from).keys[0];
    struct provider_binding record;
    struct error err = {0};

    copy.public_id = STR("01JD00000000000000000000AA");
    copy.provider_id = provider_at(house, to).id;
    assert_true(accounts_transact(house->settings, "test", work_copy_key, &copy, &err));
    EXPECT(house, "GET", to, NULL, 200, "\"is_lost\":true");
    assert_true(load(house, copy.provider_id, &record, &err));
    assert_int_equal(secret_expose(record.account.key).size, 0);
    assert_true(load(house, provider_at(house, from).id, &record, &err));
    assert_true(str_equal(secret_expose(record.account.key), STR(CANARY)));
    assert_false(record.is_paused);

    /* A house that lost its master key starts, waits, and says what to do. */
    start_settings(house, 8);
    assert_true(load(house, provider_at(house, from).id, &record, &err));
    assert_int_equal(secret_expose(record.account.key).size, 0);
    assert_true(record.is_paused);
    /* What is under way knows its key by that id, and waits for it. */
    assert_int_equal(record.key_count, 1);
    assert_true(record.keys[0].is_sealed && !record.keys[0].is_enabled);
    EXPECT(house, "GET", from, NULL, 200, "\"pause_reason\":\"" PROVIDER_KEY_LOST "\"");
    EXPECT(house, "POST", below(house, from, "test"), NULL, 200, "\"failure_class\":\"auth\"");
    EXPECT(house, "PATCH", from, "{\"key\":\"" CANARY "\"}", 200, "\"is_paused\":false");
    assert_true(load(house, provider_at(house, from).id, &record, &err));
    assert_true(str_equal(secret_expose(record.account.key), STR(CANARY)));
}

static void test_another_address_needs_the_key_again(void **state)
{
    struct house *house = *state;
    const char *path =
        add_provider(house, "{\"kind\":\"openai\",\"name\":\"Shop\",\"key\":\"" CANARY "\"}");
    struct provider_binding record;
    struct error err = {0};

    EXPECT(house, "PATCH", path, "{\"base_url\":\"https://thief.example/v1\"}", 422,
           "\"field\":\"key\"");
    EXPECT(house, "GET", path, NULL, 200, "\"base_url\":\"\"");
    EXPECT(house, "PATCH", path, "{\"name\":\"Shop 2\"}", 200, "\"has_key\":true");
    EXPECT(house, "PATCH", path,
           "{\"base_url\":\"https://other.example/v1\",\"key\":\"sk-another-key-00\"}", 200,
           "\"base_url\":\"https://other.example/v1\"");
    assert_true(load(house, provider_at(house, path).id, &record, &err));
    assert_true(str_equal(secret_expose(record.account.key), STR("sk-another-key-00")));
    EXPECT(house, "PATCH", path, "{\"key\":\"\"}", 200, "\"has_key\":false");
    EXPECT(house, "PATCH", path, "{\"base_url\":\"\"}", 200, "\"base_url\":\"\"");
}

static void test_a_change_leaves_what_it_does_not_name(void **state)
{
    struct house *house = *state;
    const char *path = add_provider(
        house,
        "{\"kind\":\"mock\",\"name\":\"Fast\",\"concurrency\":9,\"per_minute\":6,"
        "\"units_per_minute\":20,\"options\":{\"latency_ms\":1},\"on_unknown\":\"once_below\","
        "\"once_below_micro\":500}");

    EXPECT(house, "PATCH", path, "{\"is_enabled\":false}", 200, "\"options\":{\"latency_ms\":1}");
    EXPECT(house, "GET", path, NULL, 200, "\"is_enabled\":false");
    EXPECT(house, "GET", path, NULL, 200,
           "\"concurrency\":9,\"per_minute\":6,\"units_per_minute\":20,\"on_unknown\":"
           "\"once_below\",\"once_below_micro\":500");
    EXPECT(house, "PATCH", path, "{\"options\":{}}", 200, "\"options\":{}");
    EXPECT(house, "PATCH", path, "{\"kind\":\"openai\"}", 422, "unknown_field");
}

static void test_stand_ins_are_kept_in_their_order(void **state)
{
    struct house *house = *state;
    const char *path = add_provider(house, "{\"kind\":\"mock\",\"name\":\"A\"}");
    const char *first = add_provider(house, "{\"kind\":\"mock\",\"name\":\"B\"}");
    const char *second = add_provider(house, "{\"kind\":\"mock\",\"name\":\"C\"}");
    const struct provider_row b = provider_at(house, first), c = provider_at(house, second);
    const struct str own = provider_at(house, path).public_id;
    struct provider_binding binding;
    struct error err = {0};
#define STAND_INS(...)                                                                             \
    arena_cstr(house->arena, arena_printf(house->arena, "{\"stand_ins\":[" __VA_ARGS__))

    EXPECT(house, "PATCH", path,
           STAND_INS("\"%.*s\",\"%.*s\"]}", STR_ARGS(c.public_id), STR_ARGS(b.public_id)), 200,
           arena_cstr(house->arena, arena_printf(house->arena, "\"stand_ins\":[\"%.*s\",\"%.*s\"]",
                                                 STR_ARGS(c.public_id), STR_ARGS(b.public_id))));
    assert_true(load(house, provider_at(house, path).id, &binding, &err));
    assert_int_equal(binding.stand_in_count, 2);
    assert_int_equal(binding.stand_ins[0], c.id);
    assert_int_equal(binding.stand_ins[1], b.id);
    EXPECT(house, "PATCH", path, STAND_INS("\"%.*s\"]}", STR_ARGS(own)), 422, "\"stand_ins\"");
    EXPECT(house, "PATCH", path,
           STAND_INS("\"%.*s\",\"%.*s\"]}", STR_ARGS(b.public_id), STR_ARGS(b.public_id)), 422,
           "\"stand_ins\"");
    EXPECT(house, "PATCH", path, "{\"stand_ins\":[\"01JDNB0DY00000000000000000\"]}", 422,
           "not_in_list");
    EXPECT(house, "PATCH", path, "{\"stand_ins\":[\"C\"]}", 422, "not_in_list");
    EXPECT(house, "PATCH", path, "{\"stand_ins\":[\"\",\"\",\"\",\"\",\"\"]}", 422, "\"limit\":4");
    EXPECT(house, "PATCH", path, "{\"is_enabled\":false}", 200, "\"stand_ins\":[\"0");
    /* One that is off may be on again before the engine asks anew; one that is gone is gone. */
    EXPECT(house, "PATCH", second, "{\"is_enabled\":false}", 200, "");
    assert_true(load(house, provider_at(house, path).id, &binding, &err));
    assert_int_equal(binding.stand_in_count, 2);
    EXPECT(house, "DELETE", first, NULL, 204, "");
    assert_true(load(house, provider_at(house, path).id, &binding, &err));
    assert_int_equal(binding.stand_in_count, 1);
    assert_int_equal(binding.stand_ins[0], c.id);
    EXPECT(house, "PATCH", path, "{\"stand_ins\":[]}", 200, "\"stand_ins\":[]");
}

static void test_providers_that_are_refused(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *has;
    } cases[] = {
        {"{\"kind\":\"none\",\"name\":\"x\"}",                                              422, "\"kind\""            },
        {"{\"kind\":\"mock\"}",                                                             422, "\"name\""            },
        {"{\"kind\":\"mock\",\"name\":\"MOCK\"}",                                           409, "\"name\""            },
        {"{\"kind\":\"mock\",\"name\":\"x\",\"concurrency\":0}",                            422, "\"concurrency\""     },
        {"{\"kind\":\"mock\",\"name\":\"x\",\"units_per_minute\":-1}",                      422, "\"units_per_minute\""},
        {"{\"kind\":\"mock\",\"name\":\"x\",\"units_per_minute\":10001}",                   422,
         "\"units_per_minute\""                                                                                        },
        {"{\"kind\":\"mock\",\"name\":\"x\",\"options\":{\"no\":1}}",                       422, "\"options.no\""      },
        {"{\"kind\":\"mock\",\"name\":\"x\",\"on_unknown\":\"pay\"}",                       422, "\"on_unknown\""      },
        {"{\"kind\":\"mock\",\"name\":\"x\",\"id\":\"01HF7YAT000000000000000001\"}",        422,
         "unknown_field"                                                                                               },
        {"{\"kind\":\"openai\",\"name\":\"x\",\"base_url\":\"http://10.0.0.1/v1\"}",        422,
         "\"base_url\""                                                                                                },
        {"{\"kind\":\"openai\",\"name\":\"x\",\"base_url\":\"https://a\",\"key\":\"a b\"}", 422,
         "\"key\""                                                                                                     },
    };
    struct house *house = *state;

    for (size_t i = 0; i < COUNT(cases); i++)
        EXPECT(house, "POST", "/api/v1/providers", cases[i].body, cases[i].status, cases[i].has);
    assert_int_equal(atomic_load(&house->announced), 0);
}

static void test_models_are_switched_priced_added_and_forgotten(void **state)
{
    struct house *house = *state;
    const char *path =
        add_provider(house, "{\"kind\":\"mock\",\"name\":\"B\",\"models\":[{\"name\":"
                            "\"house\",\"is_enabled\":true,\"is_default\":true,"
                            "\"price_micro\":12}]}");
    struct model_choice choice;
    struct error err = {0};

    assert_true(
        settings_model_find(house->settings, STR(""), NEED_GENERATE, house->arena, &choice, &err));
    assert_true(str_equal(choice.model.name, STR("house")));
    assert_int_equal(choice.model.price_micro, 12);
    assert_int_equal(choice.provider_id, provider_at(house, path).id);
    EXPECT(house, "PATCH", path,
           "{\"models\":[{\"name\":\"house\",\"is_enabled\":true,\"is_default\":false,"
           "\"price_micro\":-1,\"is_forgotten\":true}]}",
           200, "\"name\":\"mock\"");
    assert_true(
        settings_model_find(house->settings, STR(""), NEED_GENERATE, house->arena, &choice, &err));
    assert_true(str_equal(choice.model.name, STR("mock")));
    assert_true(str_equal(choice.provider_name, STR("mock")));
    assert_false(settings_model_find(house->settings, STR("house"), NEED_GENERATE, house->arena,
                                     &choice, &err));
    EXPECT(house, "PATCH", path,
           "{\"models\":[{\"name\":\"a b\",\"is_enabled\":true,\"is_default\":false,"
           "\"price_micro\":-1}]}",
           422, "\"models\"");
}

#define MODEL(name, more)                                                                          \
    "{\"models\":[{\"name\":\"" name "\",\"is_enabled\":true,\"price_micro\":-1," more "}]}"

static void test_a_price_of_the_house_is_kept_shown_used_and_taken_back(void **state)
{
    struct house *house = *state;
    const char *path =
        add_provider(house, "{\"kind\":\"openai\",\"name\":\"O\",\"key\":\"sk-0123456789\"}");
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct provider_binding provider;
    const struct provider_own_price *own;
    struct error err = {0};

#define PRICED(price)                                                                              \
    "{\"models\":[{\"name\":\"gpt-image-2\",\"is_enabled\":true,\"is_default\":false,"             \
    "\"price_micro\":-1,\"price\":" price "}]}"
    EXPECT(house, "PATCH", path, PRICED("{\"rule\":\"percent\"}"), 422,
           "\"field\":\"models[0].price.percent\"");
    EXPECT(
        house, "PATCH", path,
        PRICED(
            "{\"rule\":\"pictures\",\"currency\":\"CNY\",\"pictures\":[{\"price_micro\":90000}]}"),
        200,
        "\"price_micro\":90000,\"currency\":\"CNY\",\"price_as_of\":\"\",\"has_own_price\":true");
    assert_true(db_borrow(house->pool, &db, &err));
    assert_true(settings_provider_load(house->settings, db, provider_at(house, path).id,
                                       house->arena, &provider, &err));
    assert_int_equal(provider.account.price_count, 1);
    own = provider_price_find(&provider.account, STR("gpt-image-2"));
    assert_non_null(own);
    assert_string_equal(own->currency, "CNY");
    EXPECT(house, "PATCH", path, PRICED("null"), 200, "\"has_own_price\":false,\"own_price\":null");
    db_refresh(db);
    assert_true(settings_provider_load(house->settings, db, provider_at(house, path).id,
                                       house->arena, &provider, &err));
    assert_int_equal(provider.account.price_count, 0);
}

static void test_a_model_is_the_default_for_what_it_can_do(void **state)
{
    struct house *house = *state;
    const char *path = add_provider(house, "{\"kind\":\"openai\",\"name\":\"Shop\"}");
    const char *other = add_provider(house, "{\"kind\":\"openai\",\"name\":\"Other\"}");

    EXPECT(house, "PATCH", path,
           MODEL("gpt-image-2", "\"is_default\":false,\"purposes\":[\"image\",\"edit\"]"), 200,
           "\"purposes\":[\"image\",\"edit\"]");
    EXPECT(house, "PATCH", path,
           MODEL("gpt-6-luna", "\"is_default\":false,\"purposes\":[\"text\",\"vision\"]"), 200,
           "\"purposes\":[\"text\",\"vision\"]");
    /* One who says nothing of purposes leaves them, but for the one that is_default is. */
    EXPECT(house, "PATCH", path, MODEL("gpt-image-2", "\"is_default\":false"), 200,
           "\"purposes\":[\"edit\"]");
    EXPECT(house, "PATCH", path, MODEL("gpt-image-2", "\"is_default\":true"), 200,
           "\"purposes\":[\"image\",\"edit\"]");
    /* Another takes one of two. */
    EXPECT(house, "PATCH", other,
           MODEL("gpt-image-2", "\"is_default\":false,\"purposes\":[\"edit\"]"), 200,
           "\"purposes\":[\"edit\"]");
    EXPECT(house, "GET", path, NULL, 200, "\"purposes\":[\"image\"]");
    EXPECT(house, "PATCH", path,
           MODEL("gpt-image-2", "\"is_default\":true,\"purposes\":[\"text\"]"), 422,
           "\"field\":\"models[0].purposes\"");
    EXPECT(house, "PATCH", path, MODEL("gpt-image-2", "\"is_default\":true,\"purposes\":[\"tea\"]"),
           422, "\"field\":\"models[0].purposes\"");
    EXPECT(house, "PATCH", path,
           MODEL("gpt-image-2", "\"is_default\":true,\"purposes\":[\"image\",\"image\"]"), 422,
           "\"field\":\"models[0].purposes\"");
    EXPECT(house, "PATCH", path,
           MODEL("gpt-image-2", "\"is_default\":true,\"purposes\":[\"a\",\"b\",\"c\",\"d\",\"e\"]"),
           422, "\"field\":\"models[0].purposes\",\"limit\":4");
    EXPECT(house, "PATCH", path, MODEL("gpt-image-2", "\"is_default\":false,\"purposes\":[]"), 200,
           NULL);
    /* The providers are gone: the mock, the first that can, is it for all. */
    EXPECT(house, "DELETE", path, NULL, 204, NULL);
    EXPECT(house, "DELETE", other, NULL, 204, NULL);
    EXPECT(house, "GET", "/api/v1/models", NULL, 200, "\"purposes\":[\"image\",\"edit\"]");
    EXPECT(house, "GET", "/api/v1/models", NULL, 200, "\"purposes\":[\"text\",\"vision\"]");
}

static void test_a_provider_is_paused_and_resumed(void **state)
{
    struct house *house = *state;
    const char *path = add_provider(house, "{\"kind\":\"mock\",\"name\":\"B\"}");

    EXPECT(house, "POST", below(house, path, "pause"), "{\"reason\":\"night\"}", 200,
           "\"is_paused\":true");
    EXPECT(house, "GET", path, NULL, 200, "\"pause_reason\":\"night\"");
    EXPECT(house, "POST", below(house, path, "resume"), NULL, 200, "\"is_paused\":false");
    assert_int_equal(atomic_load(&house->changed_id), provider_at(house, path).id);
}

static void test_what_is_not_there_is_not_found(void **state)
{
    static const char *const paths[] = {"/api/v1/providers/01HF7YAT000000000000000009",
                                        "/api/v1/providers/nonsense"};
    struct house *house = *state;

    for (size_t i = 0; i < COUNT(paths); i++) {
        EXPECT(house, "GET", paths[i], NULL, 404, NULL);
        EXPECT(house, "PATCH", paths[i], "{}", 404, NULL);
        EXPECT(house, "DELETE", paths[i], NULL, 404, NULL);
        EXPECT(house, "POST", below(house, paths[i], "test"), NULL, 404, NULL);
        EXPECT(house, "POST", below(house, paths[i], "pause"), "{}", 404, NULL);
        EXPECT(house, "POST", below(house, paths[i], "resume"), NULL, 404, NULL);
    }
}

/* ---- the free call ---- */

/* A provider of one reply, or two, on a free port of this machine. */
struct scripted {
    int listener, port;
    const char *reply, *second;
    char request[4096];
    pthread_t thread;
};

static void serve_one(struct scripted *scripted, const char *reply)
{
    int fd = accept(scripted->listener, NULL, NULL);
    size_t size = 0;

    while (fd >= 0 && size < sizeof scripted->request - 1) {
        ssize_t more = recv(fd, scripted->request + size, sizeof scripted->request - 1 - size, 0);

        if (more <= 0)
            break;
        size += (size_t)more;
        if (memmem(scripted->request, size, "\r\n\r\n", 4) != NULL)
            break;
    }
    if (fd >= 0) {
        client_send(fd, str_of(reply));
        shutdown(fd, SHUT_WR);
        close(fd);
    }
}

static void *serve(void *context)
{
    struct scripted *scripted = context;

    serve_one(scripted, scripted->reply);
    if (scripted->second != NULL)
        serve_one(scripted, scripted->second);
    return NULL;
}

static void scripted_start_two(struct scripted *scripted, const char *reply, const char *second)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;

    memset(scripted, 0, sizeof *scripted);
    scripted->reply = reply;
    scripted->second = second;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    scripted->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(scripted->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(scripted->listener, 4), 0);
    assert_int_equal(getsockname(scripted->listener, (struct sockaddr *)&address, &size), 0);
    scripted->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&scripted->thread, NULL, serve, scripted), 0);
}

static void scripted_start(struct scripted *scripted, const char *reply)
{
    scripted_start_two(scripted, reply, NULL);
}

static void scripted_end(struct scripted *scripted)
{
    shutdown(scripted->listener, SHUT_RDWR); /* wakes accept() when nobody came */
    assert_int_equal(pthread_join(scripted->thread, NULL), 0);
    close(scripted->listener);
}

static const char *add_scripted(struct house *house, const struct scripted *scripted)
{
    return add_provider(
        house, arena_cstr(house->arena,
                          arena_printf(house->arena,
                                       "{\"kind\":\"openai\",\"name\":\"S%d\",\"key\":\"" CANARY
                                       "\",\"base_url\":\"http://127.0.0.1:%d/v1\","
                                       "\"is_private_allowed\":true}",
                                       scripted->port, scripted->port)));
}

#define AT(host) "{\"base_url\":\"http://" host "/v1\"}"

static void test_private_addresses_are_the_owners_to_allow(void **state)
{
    struct house *house = *state;
    const char *refused = "\"field\":\"is_private_allowed\"";
    const char *path;

    EXPECT(house, "POST", "/api/v1/providers",
           "{\"kind\":\"openai\",\"name\":\"A\",\"base_url\":\"http://10.0.0.9/v1\","
           "\"is_private_allowed\":true}",
           403, refused);
    path = add_provider(house, "{\"kind\":\"openai\",\"name\":\"A\"}");
    EXPECT(house, "PATCH", path, "{\"is_private_allowed\":true}", 403, refused);
    expect_at(house, "PATCH", path, OWNER, "{\"is_private_allowed\":true}", 200, NULL, __LINE__);
    EXPECT(house, "PATCH", path, AT("10.0.0.9"), 403, refused);
    expect_at(house, "PATCH", path, OWNER, AT("10.0.0.9"), 200, NULL, __LINE__);
    /* What was allowed stays so, also when an admin sends the whole form. */
    EXPECT(house, "PATCH", path, "{\"name\":\"B\",\"is_private_allowed\":true}", 200, NULL);
    EXPECT(house, "PATCH", path, AT("10.0.0.9"), 200, NULL);
    EXPECT(house, "PATCH", path, AT("10.0.0.8"), 403, refused);
    EXPECT(house, "PATCH", path, "{\"base_url\":\"https://example.com/v1\"}", 200, NULL);
    EXPECT(house, "PATCH", path, "{\"is_private_allowed\":false}", 200, NULL);
}

static void test_the_mock_passes_its_test_without_a_network(void **state)
{
    struct house *house = *state;
    const char *path = add_provider(house, "{\"kind\":\"mock\",\"name\":\"B\",\"options\":"
                                           "{\"latency_ms\":60000}}");

    EXPECT(house, "POST", below(house, path, "test"), NULL, 200,
           "\"models\":[\"mock\",\"mock-fast\",\"mock-text\"],\"failure_class\":\"\"");
}

static void test_a_test_calls_the_provider_with_its_key(void **state)
{
    static const char body[] = "{\"data\":[{\"id\":\"painter-1\"},{\"id\":\"painter-2\"}]}";
    struct house *house = *state;
    struct scripted scripted;
    char reply[256];
    const char *path;

    snprintf(reply, sizeof reply,
             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    scripted_start(&scripted, reply);
    path = add_scripted(house, &scripted);
    EXPECT(house, "POST", below(house, path, "test"), NULL, 200,
           "\"models\":[\"painter-1\",\"painter-2\"]");
    scripted_end(&scripted);
    assert_non_null(strstr(scripted.request, "GET /v1/models"));
    assert_non_null(strstr(scripted.request, "Bearer " CANARY));
}

static void test_a_refused_key_is_said_and_not_repeated(void **state)
{
    static const char body[] = "{\"error\":{\"message\":\"Incorrect API key: " CANARY "\"}}";
    struct house *house = *state;
    struct scripted scripted;
    char reply[256];
    const char *path;

    snprintf(reply, sizeof reply,
             "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    scripted_start(&scripted, reply);
    path = add_scripted(house, &scripted);
    EXPECT(house, "POST", below(house, path, "test"), NULL, 200, "\"failure_class\":\"auth\"");
    scripted_end(&scripted);
}

static void test_each_key_is_tested_and_the_wrong_one_named(void **state)
{
    static const char good[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                               "Connection: close\r\nContent-Length: 11\r\n\r\n{\"data\":[]}";
    static const char bad[] = "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\n"
                              "Connection: close\r\nContent-Length: 2\r\n\r\n{}";
    struct house *house = *state;
    struct scripted scripted;
    const char *path;

    scripted_start_two(&scripted, good, bad);
    path = add_scripted(house, &scripted);
    EXPECT(house, "POST", below(house, path, "keys"), "{\"key\":\"sk-second-77aa\"}", 201, NULL);
    EXPECT(house, "POST", below(house, path, "test"), NULL, 200, "\"key_hint\":\"77aa\"");
    scripted_end(&scripted);
    assert_non_null(strstr(scripted.request, "Bearer sk-second-77aa"));

    scripted_start_two(&scripted, good, good);
    path = add_scripted(house, &scripted);
    EXPECT(house, "POST", below(house, path, "keys"), "{\"key\":\"sk-second-77aa\"}", 201, NULL);
    EXPECT(house, "POST", below(house, path, "test"), NULL, 200, "\"ok\":true");
    scripted_end(&scripted); /* nobody listens any more: no key's fault */
    EXPECT(house, "POST", below(house, path, "test"), NULL, 200,
           "\"reason\":\"refused\",\"message\":\"127.0.0.1 cannot be reached\",\"key_hint\":\"\"");
}

/* What a submission is held to; NULL: a text, whatever is written. */
static const char *const *samplers_of(struct house *house, const char *path, const char *model)
{
    struct model_choice choice;
    struct error err = {0};

    assert_true(settings_model_find(
        house->settings,
        arena_printf(house->arena, "%s/%s", path + strlen("/api/v1/providers/"), model),
        NEED_GENERATE, house->arena, &choice, &err));
    assert_string_equal(choice.model.options[0]->name, "sampler");
    return choice.model.options[0]->choices;
}

#define HTTP_OK(size, body)                                                                        \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"                   \
    "Content-Length: " size "\r\n\r\n" body

static void test_what_a_server_has_is_asked_kept_offered_and_forgotten(void **state)
{
    static const char files[] =
        HTTP_OK("97", "{\"CheckpointLoaderSimple\":{\"input\":{\"required\":{\"ckpt_name\":"
                      "[[\"a.ckpt\",\"canary-key-77.ckpt\"]]}}}}");
    static const char nodes[] =
        HTTP_OK("89", "{\"KSampler\":{\"input\":{\"required\":{\"sampler_name\":"
                      "[[\"euler\",\"canary-key-77\",\"uni_pc\"]]}}}}");
    static const char gone[] = "HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    const char *const shown = "\"choices\":[\"euler\",\"uni_pc\"]";
    struct house *house = *state;
    struct scripted scripted;
    const char *path;
    int announced, changes;

    scripted_start_two(&scripted, files, nodes);
    path = add_provider(
        house,
        arena_cstr(house->arena, arena_printf(house->arena,
                                              "{\"kind\":\"comfyui\",\"name\":\"Own\",\"base_url\":"
                                              "\"http://127.0.0.1:%d\",\"is_private_allowed\":true,"
                                              "\"key\":\"canary-key-77\"}",
                                              scripted.port)));
    assert_null(samplers_of(house, path, "txt2img")); /* never asked */
    announced = atomic_load(&house->announced);
    changes = atomic_load(&house->changed);
    EXPECT(house, "POST", below(house, path, "test"), NULL, 200, "\"a.ckpt\"]"); /* no key in it */
    scripted_end(&scripted);
    assert_non_null(strstr(scripted.request, "GET /object_info/KSampler "));
    assert_int_equal(atomic_load(&house->announced), announced + 1);
    /* Pages hear of it; what is held or rests is not let go by a look. */
    assert_int_equal(atomic_load(&house->changed), changes);
    assert_int_equal(atomic_load(&house->told), 1);
    EXPECT(house, "GET", "/api/v1/models", NULL, 200, shown);
    EXPECT(house, "GET", path, NULL, 200, shown);
    assert_string_equal(samplers_of(house, path, "txt2img")[1], "uni_pc");
    start_settings(house, 7); /* another start knows it too */
    assert_string_equal(samplers_of(house, path, "flux")[0], "euler");

    /* Nobody there now, and other options: what was told stands. */
    EXPECT(house, "POST", below(house, path, "test"), NULL, 200, "\"ok\":false");
    EXPECT(house, "PATCH", path, "{\"options\":{\"denoise\":0.5}}", 200, shown);
    assert_non_null(samplers_of(house, path, "txt2img"));
    expect_at(house, "PATCH", path, OWNER, "{\"base_url\":\"http://127.0.0.1:9\",\"key\":\"\"}",
              200, NULL, __LINE__);
    assert_null(samplers_of(house, path, "txt2img"));

    /* A server that does not tell all of it told nothing. */
    scripted_start_two(&scripted, files, gone);
    expect_at(
        house, "PATCH", path, OWNER,
        arena_cstr(house->arena,
                   arena_printf(house->arena,
                                "{\"base_url\":\"http://127.0.0.1:%d\",\"key\":\"canary-key-77\"}",
                                scripted.port)),
        200, NULL, __LINE__);
    EXPECT(house, "POST", below(house, path, "test"), NULL, 200, "\"ok\":true");
    scripted_end(&scripted);
    assert_null(samplers_of(house, path, "txt2img"));
}

/* Somebody changed the account while its old address was asked. */
static void test_what_another_address_told_is_not_kept(void **state)
{
    struct house *house = *state;
    const char *path =
        add_provider(house, "{\"kind\":\"comfyui\",\"name\":\"Own\",\"is_private_allowed\":true}");
    struct provider_row asked = provider_at(house, path);
    const struct str offers =
        STR("{\"items\":[{\"model\":\"\",\"option\":\"sampler\",\"choices\":[\"euler\"]}]}");
    struct error err = {0};

    asked.base_url = STR("http://10.0.0.1");
    assert_true(offers_save(house->settings, &asked, offers, 1, house->arena, &err));
    assert_null(samplers_of(house, path, "txt2img"));
    asked = provider_at(house, path);
    assert_true(offers_save(house->settings, &asked, offers, 1, house->arena, &err));
    assert_string_equal(samplers_of(house, path, "txt2img")[0], "euler");
    /* One that this build cannot read is none. */
    assert_true(offers_save(house->settings, &asked, STR("[7]"), 1, house->arena, &err));
    assert_null(samplers_of(house, path, "txt2img"));
    EXPECT(house, "DELETE", path, NULL, 204, NULL);
    assert_false(offers_save(house->settings, &asked, offers, 1, house->arena, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
}

static void test_a_provider_that_is_away_is_said(void **state)
{
    struct house *house = *state;
    struct scripted scripted;
    const char *path;

    scripted_start(&scripted, "");
    path = add_scripted(house, &scripted);
    scripted_end(&scripted); /* nobody listens any more */
    EXPECT(house, "POST", below(house, path, "test"), NULL, 200, "\"ok\":false");
    EXPECT(house, "POST", below(house, path, "test"), NULL, 200,
           "\"failure_class\":\"not_sent\",\"reason\":\"refused\"");
    EXPECT(house, "PATCH", path, "{\"base_url\":\"https://nowhere.invalid/v1\",\"key\":\"\"}", 200,
           NULL);
    EXPECT(house, "POST", below(house, path, "test"), NULL, 200, "\"reason\":\"name\"");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_a_new_house_has_a_mock_and_keeps_it_deleted),
        TEST(test_a_key_goes_in_and_never_comes_out),
        TEST(test_a_sealed_key_opens_nowhere_else),
        TEST(test_another_address_needs_the_key_again),
        TEST(test_a_change_leaves_what_it_does_not_name),
        TEST(test_stand_ins_are_kept_in_their_order),
        TEST(test_providers_that_are_refused),
        TEST(test_models_are_switched_priced_added_and_forgotten),
        TEST(test_a_price_of_the_house_is_kept_shown_used_and_taken_back),
        TEST(test_a_model_is_the_default_for_what_it_can_do),
        TEST(test_a_provider_is_paused_and_resumed),
        TEST(test_what_is_not_there_is_not_found),
        TEST(test_private_addresses_are_the_owners_to_allow),
        TEST(test_the_mock_passes_its_test_without_a_network),
        TEST(test_a_test_calls_the_provider_with_its_key),
        TEST(test_a_refused_key_is_said_and_not_repeated),
        TEST(test_each_key_is_tested_and_the_wrong_one_named),
        TEST(test_a_provider_that_is_away_is_said),
        TEST(test_what_a_server_has_is_asked_kept_offered_and_forgotten),
        TEST(test_what_another_address_told_is_not_kept),
    };
    struct error err;

    log_configure(LOG_ERROR, false);
    if (!secret_init(&err))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
