/* Accounts go from house to house as a file without secrets; what else comes as a file is refused
 * whole. */
#include "settings/test_house.h"

#define EXPORT "/api/v1/providers/export"
#define IMPORT "/api/v1/providers/import"
#define PREVIEW "/api/v1/providers/import/preview"
#define HEAD                                                                                       \
    "{\"format\":\"vitrine-providers\",\"version\":1,\"exported_at\":\"2026-11-28T10:00:00Z\","    \
    "\"providers\":["
#define REST                                                                                       \
    "\"options\":{},\"is_enabled\":true,\"concurrency\":4,\"on_unknown\":\"hold\","                \
    "\"once_below_micro\":0,\"models\":["
#define ROW(kind, name, url)                                                                       \
    "{\"kind\":\"" kind "\",\"name\":\"" name "\",\"base_url\":\"" url "\"," REST
#define FILE_OF(row) HEAD row "]}]}"

/* `text` is a literal; statements are known by where they stand. */
static int64_t count_rows(struct house *house, const char *text)
{
    static struct sql texts[20];
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    CLEANUP(rows_finish) struct rows rows = {0};
    struct error err = {0};
    size_t i = 0;

    while (i < COUNT(texts) && texts[i].text != NULL && strcmp(texts[i].text, text) != 0)
        i++;
    assert_true(i < COUNT(texts));
    texts[i] = (struct sql){"test_count", text, NULL};
    if (!db_borrow(house->pool, &db, &err) || !db_query(db, &texts[i], NULL, 0, &rows, &err) ||
        !rows_next(&rows))
        fail_msg("%s", err.message);
    return rows_int64(&rows, "n");
}

static int64_t provider_count(struct house *house)
{
    static const char text[] = "SELECT count(*) AS n FROM provider WHERE deleted_at_ms IS NULL";

    return count_rows(house, text);
}

/* ---- what goes out ---- */

static void test_a_file_holds_everything_but_secrets(void **state)
{
    struct house *house = *state;
    struct answer answer;

    EXPECT(
        house, "POST", "/api/v1/providers",
        "{\"kind\":\"openai\",\"name\":\"Shop\",\"key\":\"" CANARY "\",\"concurrency\":7,"
        "\"on_unknown\":\"once_below\",\"once_below_micro\":90000,\"options\":{\"organisation\":"
        "\"org-1\"},\"models\":[{\"name\":\"gpt-image-2\",\"is_enabled\":true,\"is_default\":true,"
        "\"price_micro\":40000},{\"name\":\"own\",\"is_enabled\":false,\"is_default\":false,"
        "\"price_micro\":-1,\"price\":{\"rule\":\"tokens\",\"out_micro\":7},"
        "\"limits\":{\"concurrency\":2,\"per_minute\":30,\"units_per_minute\":60,"
        "\"is_paused\":true}}]}",
        201, NULL);
    answer = ask(house, "GET", EXPORT, ADMIN, NULL);
    assert_int_equal(answer.status, 200);
    assert_true(answer_has(&answer, "Content-Disposition: attachment; "
                                    "filename=\"vitrine-providers-2023-11-14.json\""));
    assert_true(answer_has(&answer,
                           "{\"format\":\"vitrine-providers\",\"version\":1,\"exported_at\":"
                           "\"2023-11-14T22:13:20"));
    assert_true(answer_has(
        &answer,
        "{\"kind\":\"openai\",\"name\":\"Shop\",\"base_url\":\"\",\"options\":{\"organisation\":"
        "\"org-1\"},\"is_enabled\":true,\"concurrency\":7,\"per_minute\":0,"
        "\"units_per_minute\":0,\"on_unknown\":"
        "\"once_below\","
        "\"once_below_micro\":90000,\"stand_ins\":[],\"models\":[{\"name\":\"gpt-image-2\",\"is_enabled\":true,"
        "\"purposes\":[\"image\"],\"price_micro\":40000,\"price\":null,"
        "\"limits\":{\"concurrency\":0,\"per_minute\":0,\"units_per_minute\":0,"
        "\"is_paused\":false}},"
        "{\"name\":\"own\",\"is_enabled\":false,\"purposes\":[],\"price_micro\":-1,\"price\":{\"rule\":\"tokens\","));
    assert_true(answer_has(
        &answer, "\"limits\":{\"concurrency\":2,\"per_minute\":30,\"units_per_minute\":60,"
                 "\"is_paused\":true}}]}"));
    assert_false(answer_has(&answer, "canary"));
    assert_false(answer_has(&answer, "3f9a"));
    buf_finish(&answer.bytes);
    expect_at(house, "GET", EXPORT, STR("Cookie: sid=viewer\r\n"), NULL, 403, NULL, __LINE__);
}

/* ---- what comes in ---- */

static void test_a_file_comes_back_under_other_names_without_keys(void **state)
{
    struct house *house = *state;
    struct answer answer;
    const char *file;

    EXPECT(house, "POST", "/api/v1/providers",
           "{\"kind\":\"openai\",\"name\":\"Shop\",\"key\":\"" CANARY "\"}", 201, NULL);
    answer = ask(house, "GET", EXPORT, ADMIN, NULL);
    file = arena_cstr(house->arena, answer.body);
    EXPECT(house, "POST", PREVIEW, file, 200,
           "{\"id\":null,\"name\":\"Shop\",\"as_name\":\"Shop (2)\",\"kind\":\"openai\","
           "\"is_renamed\":true,\"needs_key\":true,\"needs_private\":false,\"is_enabled\":false,");
    assert_int_equal(provider_count(house), 2);
    EXPECT(house, "POST", IMPORT, file, 201, "\"as_name\":\"mock (2)\"");
    EXPECT(house, "POST", IMPORT, file, 201, "\"as_name\":\"Shop (3)\"");
    assert_int_equal(provider_count(house), 6);
    EXPECT(house, "GET", "/api/v1/providers", NULL, 200,
           "\"name\":\"Shop (2)\",\"base_url\":\"\",\"has_key\":false,\"key_hint\":\"\",\"keys\":[],");
    assert_int_equal(count_rows(house, "SELECT count(*) AS n FROM provider_key"),
                     1);
    assert_int_equal(
        count_rows(house,
                   "SELECT count(*) AS n FROM provider WHERE kind = 'openai' AND is_enabled"),
        1);
    buf_finish(&answer.bytes);
}

#define STANDS_IN(names) "\"stand_ins\":[" names "],"
#define ROW_WITH(name, names)                                                                      \
    "{\"kind\":\"mock\",\"name\":\"" name "\",\"base_url\":\"\"," STANDS_IN(names) REST

static void test_stand_ins_go_by_name(void **state)
{
    struct house *house = *state;
    static const char wanted[] =
        "SELECT count(*) AS n FROM provider a JOIN provider b ON a.stand_ins = b.public_id"
        " WHERE a.name = 'A (2)' AND b.name = 'B (2)'";
    struct answer answer;

    EXPECT(house, "POST", IMPORT,
           HEAD ROW_WITH("A", "\"B\"") "]}," ROW_WITH("B", "") "]}]}", 201, "\"as_name\":\"B\"");
    answer = ask(house, "GET", EXPORT, ADMIN, NULL);
    assert_true(str_find(answer.body, STR("\"stand_ins\":[\"B\"]")) >= 0);
    EXPECT(house, "POST", IMPORT, arena_cstr(house->arena, answer.body), 201, "\"A (2)\"");
    assert_int_equal(count_rows(house, wanted), 1);
    EXPECT(house, "POST", IMPORT, HEAD ROW_WITH("C", "\"D\"") "]}]}", 422,
           "\"field\":\"providers[0].stand_ins\"");
    EXPECT(house, "POST", IMPORT, HEAD ROW_WITH("C", "\"C\"") "]}]}", 422,
           "\"field\":\"providers[0].stand_ins\"");
    buf_finish(&answer.bytes);
}

#define BOUNDED(limits)                                                                            \
    FILE_OF(ROW("mock", "A", "") "{\"name\":\"mock\",\"is_enabled\":true,\"purposes\":[],"         \
                                 "\"price_micro\":-1" limits "}")
#define BOUNDED_BY(json) BOUNDED(",\"limits\":" json)

static void test_bounds_of_a_model_come_back(void **state)
{
    struct house *house = *state;
    static const char bounded[] =
        "SELECT count(*) AS n FROM provider_model m JOIN provider p ON p.id = m.provider_id"
        " WHERE p.name = 'A (2)' AND m.name = 'mock' AND m.concurrency = 2 AND m.per_minute = 30"
        " AND m.units_per_minute = 60";
    static const char unbounded[] =
        "SELECT count(*) AS n FROM provider_model m JOIN provider p ON p.id = m.provider_id"
        " WHERE p.name LIKE 'A (%' AND m.concurrency + m.per_minute + m.units_per_minute = 0";
    struct answer answer;

    EXPECT(house, "POST", IMPORT,
           BOUNDED_BY("{\"concurrency\":2,\"per_minute\":30,\"units_per_minute\":60}"), 201,
           "\"as_name\":\"A\"");
    answer = ask(house, "GET", EXPORT, ADMIN, NULL);
    EXPECT(house, "POST", IMPORT, arena_cstr(house->arena, answer.body), 201, "\"A (2)\"");
    assert_int_equal(count_rows(house, bounded), 1);
    /* A file of before there were any. */
    EXPECT(house, "POST", IMPORT, BOUNDED(""), 201, "\"A (3)\"");
    EXPECT(house, "POST", IMPORT, BOUNDED_BY("null"), 201, "\"A (4)\"");
    assert_int_equal(count_rows(house, unbounded), 2);
    buf_finish(&answer.bytes);
}

static void test_a_pause_of_a_model_comes_back(void **state)
{
    struct house *house = *state;
    static const char paused[] =
        "SELECT count(*) AS n FROM provider_model m JOIN provider p ON p.id = m.provider_id"
        " WHERE p.name LIKE 'A%' AND m.name = 'mock' AND m.is_paused = 1";
    struct answer answer;

    EXPECT(house, "POST", IMPORT,
           BOUNDED_BY("{\"concurrency\":0,\"per_minute\":0,\"units_per_minute\":0,"
                      "\"is_paused\":true}"),
           201, "\"as_name\":\"A\"");
    answer = ask(house, "GET", EXPORT, ADMIN, NULL);
    EXPECT(house, "POST", IMPORT, arena_cstr(house->arena, answer.body), 201, "\"A (2)\"");
    assert_int_equal(count_rows(house, paused), 2);
    /* A file of before models could be paused. */
    EXPECT(house, "POST", IMPORT,
           BOUNDED_BY("{\"concurrency\":0,\"per_minute\":0,\"units_per_minute\":0}"), 201,
           "\"A (3)\"");
    assert_int_equal(count_rows(house, paused), 2);
    buf_finish(&answer.bytes);
}

static void test_bounds_that_are_none_refuse_the_whole_file(void **state)
{
    struct house *house = *state;
#define LIMIT_FIELD(name) "\"field\":\"providers[0].models[0].limits." name "\""
    EXPECT(house, "POST", IMPORT,
           BOUNDED_BY("{\"concurrency\":65,\"per_minute\":0,\"units_per_minute\":0}"), 422,
           LIMIT_FIELD("concurrency") ",\"limit\":64");
    EXPECT(house, "POST", PREVIEW,
           BOUNDED_BY("{\"concurrency\":0,\"per_minute\":-1,\"units_per_minute\":0}"), 422,
           LIMIT_FIELD("per_minute"));
    EXPECT(house, "POST", IMPORT,
           BOUNDED_BY("{\"concurrency\":0,\"per_minute\":0,\"units_per_minute\":\"9\"}"), 422,
           LIMIT_FIELD("units_per_minute"));
    EXPECT(house, "POST", IMPORT, BOUNDED_BY("{\"concurrency\":1}"), 422,
           LIMIT_FIELD("per_minute"));
    assert_int_equal(provider_count(house), 1);
}

static void test_a_private_address_comes_in_switched_off_and_not_allowed(void **state)
{
    struct house *house = *state;
    const char *file = FILE_OF(ROW("comfyui", "Attic", "http://192.168.0.9:8188"));
    struct answer answer;

    EXPECT(house, "POST", PREVIEW, file, 200, "\"needs_private\":true,\"is_enabled\":false");
    answer = ask(house, "POST", IMPORT, ADMIN, file);
    assert_int_equal(answer.status, 201);
    assert_int_equal(count_rows(house, "SELECT count(*) AS n FROM provider WHERE name = 'Attic'"
                                       " AND is_enabled = 0 AND is_private_allowed = 0"),
                     1);
    {
        CLEANUP(json_cleanup) struct json *json = NULL;
        struct error err = {0};
        const char *path;

        assert_true(json_read(answer.body, &json, &err));
        path = arena_cstr(house->arena,
                          arena_printf(house->arena, "/api/v1/providers/%.*s",
                                       STR_ARGS(json_text(json_path(json, "items.0.id")))));
        /* Nobody switches it on without saying that they know. */
        EXPECT(house, "PATCH", path, "{\"is_enabled\":true}", 422, "\"base_url\"");
        expect_at(house, "PATCH", path, OWNER,
                  "{\"is_enabled\":true,\"is_private_allowed\":true}", 200, NULL, __LINE__);
    }
    buf_finish(&answer.bytes);
}

static void test_a_default_of_the_house_stays(void **state)
{
    struct house *house = *state;
    const char *file = FILE_OF(ROW("mock", "Other", "") "{\"name\":\"mock\",\"is_enabled\":true,"
                                                        "\"purposes\":[\"image\"],"
                                                        "\"price_micro\":-1}");

    EXPECT(house, "POST", IMPORT, file, 201, "\"is_enabled\":true,\"model_count\":1");
    assert_int_equal(count_rows(house, "SELECT count(*) AS n FROM provider_model m JOIN provider p"
                                       " ON p.id = m.provider_id WHERE m.purposes = 1"
                                       " AND p.name = 'Other'"),
                     1);
    EXPECT(house, "POST", IMPORT, file, 201, "\"as_name\":\"Other (2)\"");
    assert_int_equal(count_rows(house, "SELECT count(*) AS n FROM provider_model m JOIN provider p"
                                       " ON p.id = m.provider_id WHERE m.purposes = 1"
                                       " AND p.name = 'Other'"),
                     1);
}

#define LONG "123456789012345678901234567890123456789012345678901234567890" /* 60 */
static void test_a_name_with_a_number_is_free_and_short_enough(void **state)
{
    struct house *house = *state;

    EXPECT(house, "POST", IMPORT, FILE_OF(ROW("mock", LONG, "")), 201, LONG);
    EXPECT(house, "POST", IMPORT, FILE_OF(ROW("mock", LONG, "")), 201,
           "\"as_name\":\"12345678901234567890123456789012345678901234567890123456 (2)\"");
    /* The number that would come is a name of the same file. */
    EXPECT(house, "POST", IMPORT,
           HEAD ROW("mock", "mock", "") "]}," ROW("mock", "MOCK (2)", "") "]}]}", 201,
           "\"as_name\":\"mock (3)\"");
}

static void test_what_is_no_such_file_is_refused_whole(void **state)
{
    struct house *house = *state;
    static const struct {
        const char *body;
        int status;
        const char *has, *why;
    } rows[] = {
        {"not JSON", 400, NULL, "no JSON"},
        {"[]", 422, NULL, "a list"},
        {"{}", 422, "\"format\"", "nothing at all"},
        {"{\"format\":\"vitrine-graphs\"}", 422, "\"field\":\"format\"", "another file"},
        {"{\"format\":\"vitrine-providers\",\"version\":2,\"news\":1}", 422,
         "\"field\":\"version\",\"limit\":1", "a newer version, before what is new in it"},
        {"{\"format\":\"vitrine-providers\",\"version\":\"1\"}", 422, "\"field\":\"version\"",
         "a wrong type"},
        {HEAD "]}", 422, "\"field\":\"providers\",\"limit\":1", "nobody in it"},
        {HEAD "7]}", 422, "\"field\":\"providers[0]\"", "a number as a provider"},
        {HEAD "],\"keys\":[]}", 422, "\"field\":\"keys\"", "something unknown"},
        {FILE_OF(ROW("mock", "A", "") "]},{\"kind\":\"openai\",\"key\":\"x\",\"models\":["), 422,
         "\"field\":\"providers[1].key\"", "a key"},
        {HEAD "{\"is_private_allowed\":true}]}", 422,
         "\"field\":\"providers[0].is_private_allowed\"", "a permission"},
        {FILE_OF(ROW("mock", "A", "") "]}," ROW("teapot", "B", "")), 422,
         "\"field\":\"providers[1].kind\"", "an unknown kind"},
        {FILE_OF(ROW("mock", "A", "") "]}," ROW("mock", " a ", "")), 422,
         "\"field\":\"providers[1].name\"", "a name twice"},
        {FILE_OF(ROW("mock", "a/b", "")), 422, "\"field\":\"providers[0].name\"", "a slash"},
        {FILE_OF(ROW("mock", LONG "1", "")), 422, "\"field\":\"providers[0].name\",\"limit\":60",
         "a long name"},
        {FILE_OF(ROW("openai", "A", "ftp://example.com")), 422,
         "\"field\":\"providers[0].base_url\"", "an address of another scheme"},
        {FILE_OF(ROW("openai", "A", "https://a:b@example.com")), 422,
         "\"field\":\"providers[0].base_url\"", "an address with a password"},
        {HEAD "{\"kind\":\"mock\",\"name\":\"A\",\"base_url\":\"\",\"options\":{\"root\":1},"
              "\"is_enabled\":true,\"concurrency\":4,\"on_unknown\":\"hold\","
              "\"once_below_micro\":0,\"models\":[]}]}",
         422, "\"field\":\"providers[0].options.root\"", "an unknown option"},
        {HEAD "{\"kind\":\"mock\",\"name\":\"A\",\"base_url\":\"\",\"options\":{},"
              "\"is_enabled\":true,\"concurrency\":65,\"on_unknown\":\"hold\","
              "\"once_below_micro\":0,\"models\":[]}]}",
         422, "\"field\":\"providers[0].concurrency\",\"limit\":64", "too many at once"},
        {FILE_OF(ROW("mock", "A", "") "{\"name\":\"a b\",\"is_enabled\":true,\"purposes\":[],"
                                      "\"price_micro\":-1}"),
         422, "\"field\":\"providers[0].models[0].name\"", "a model with a space"},
        {FILE_OF(ROW("mock", "A", "") "{\"name\":\"m\",\"is_enabled\":true,\"purposes\":[\"tea\"],"
                                      "\"price_micro\":-1}"),
         422, "\"field\":\"providers[0].models[0].purposes\"", "an unknown purpose"},
        {FILE_OF(
             ROW("mock", "A", "") "{\"name\":\"m\",\"is_enabled\":true,\"purposes\":[\"image\"],"
                                  "\"price_micro\":-1},{\"name\":\"n\",\"is_enabled\":true,"
                                  "\"purposes\":[\"image\"],\"price_micro\":-1}"),
         422, "\"field\":\"providers[0].models[1].purposes\"", "two defaults"},
        {FILE_OF(ROW("mock", "A", "") "{\"name\":\"m\",\"is_enabled\":true,\"purposes\":[],"
                                      "\"price_micro\":-1},{\"name\":\"m\",\"is_enabled\":true,"
                                      "\"purposes\":[],\"price_micro\":-1}"),
         422, "\"field\":\"providers[0].models[1].name\"", "a model twice"},
        {FILE_OF(ROW("mock", "A", "") "{\"name\":\"m\",\"is_enabled\":true,\"purposes\":[],"
                                      "\"price_micro\":-2}"),
         422, "\"field\":\"providers[0].models[0].price_micro\"", "a price below none"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        static const char *const paths[] = {PREVIEW, IMPORT};

        for (size_t p = 0; p < COUNT(paths); p++) {
            struct answer answer = ask(house, "POST", paths[p], ADMIN, rows[i].body);

            if (answer.status != rows[i].status ||
                (rows[i].has != NULL && !answer_has(&answer, rows[i].has)))
                fail_msg("%s: %s: %d %.*s", rows[i].why, paths[p], answer.status,
                         STR_ARGS(answer.body));
            buf_finish(&answer.bytes);
        }
    }
    assert_int_equal(provider_count(house), 1);
    expect_at(house, "POST", IMPORT, STR("Cookie: sid=viewer\r\n"), FILE_OF(ROW("mock", "A", "")),
              403, NULL, __LINE__);
}

static void test_huge_and_deep_files_are_refused_early(void **state)
{
    struct house *house = *state;
    /* Refused by what it says of itself: nothing of it is sent, or waited for. */
    const struct str huge = arena_printf(house->arena,
                                         "POST " IMPORT " HTTP/1.1\r\n%%H%.*sX-Vitrine: 1\r\n"
                                         "Sec-Fetch-Site: same-origin\r\n"
                                         "Content-Type: application/json\r\n"
                                         "Content-Length: %lu\r\n\r\n",
                                         STR_ARGS(ADMIN), PROVIDER_FILE_SIZE_MAX + 1);
    struct answer answer = exchange_bytes(&house->http, huge);
    char deep[4000];
    size_t at = 0;

    assert_int_equal(answer.status, 413);
    buf_finish(&answer.bytes);
    at += (size_t)snprintf(deep, sizeof deep, "%s{\"kind\":\"mock\",\"options\":", HEAD);
    for (int i = 0; i < 1000; i++)
        deep[at++] = '[';
    for (int i = 0; i < 1000; i++)
        deep[at++] = ']';
    snprintf(deep + at, sizeof deep - at, "}]}");
    EXPECT(house, "POST", IMPORT, deep, 400, NULL);
    assert_int_equal(provider_count(house), 1);
}

static bool fill_house(struct db *db, void *context, struct error *err)
{
    static const struct sql update = {
        "test_fill_house",
        "UPDATE provider SET options = json_object('sampler', printf('%.*c', 8388580, 'x'))", NULL};

    (void)context;
    return db_exec(db, &update, NULL, 0, NULL, err);
}

/* What an import would refuse, its preview refuses. */
static void test_a_preview_knows_what_is_there_already(void **state)
{
    struct house *house = *state;
    CLEANUP(buf_finish) struct buf file = {0};
    struct error err = {0};

    buf_printf(&file,
               "%s{\"kind\":\"comfyui\",\"name\":\"Long\",\"base_url\":\"\",\"options\":"
               "{\"sampler\":\"%*s\"},\"is_enabled\":true,\"concurrency\":4,"
               "\"on_unknown\":\"hold\",\"once_below_micro\":0,\"models\":[]}]}",
               HEAD, 100, "x");
    buf_add_char(&file, '\0');
    EXPECT(house, "POST", PREVIEW, file.data, 200, "\"id\":null");
    assert_int_equal(provider_count(house), 1);
    assert_true(db_transact(house->pool, "test", fill_house, NULL, &err));
    EXPECT(house, "POST", PREVIEW, file.data, 422, "\"field\":\"options\"");
    EXPECT(house, "POST", IMPORT, file.data, 422, "\"field\":\"options\"");
    assert_int_equal(provider_count(house), 1);
}

/* Each may have what it has, all of them together may not: said before any is read further. */
static void test_a_file_with_more_options_than_a_house_may_have_is_refused(void **state)
{
    struct house *house = *state;
    CLEANUP(buf_finish) struct buf file = {0};
    const int size = PROVIDER_OPTIONS_SIZE_MAX - 100;

    buf_add(&file, STR(HEAD));
    for (int i = 0; i < 3; i++)
        buf_printf(&file,
                   "%s{\"kind\":\"comfyui\",\"name\":\"Long %d\",\"base_url\":\"\","
                   "\"options\":{\"sampler\":\"%*s\"},\"is_enabled\":true,\"concurrency\":4,"
                   "\"on_unknown\":\"hold\",\"once_below_micro\":0,\"models\":[]}",
                   i == 0 ? "" : ",", i, size, "x");
    buf_add(&file, STR("]}"));
    buf_add_char(&file, '\0');
    EXPECT(house, "POST", IMPORT, file.data, 422, "\"field\":\"providers\"");
    assert_int_equal(provider_count(house), 1);
}

static void test_a_house_has_room_for_a_hundred_or_takes_none(void **state)
{
    struct house *house = *state;
    CLEANUP(buf_finish) struct buf file = {0};

    buf_add(&file, STR(HEAD));
    for (int i = 0; i < 99; i++)
        buf_printf(&file, "%s" ROW("mock", "N%d", "") "]}", i == 0 ? "" : ",", i);
    buf_add(&file, STR("]}"));
    buf_add_char(&file, '\0');
    EXPECT(house, "POST", PREVIEW, buf_str(&file).data, 200, "N98");
    EXPECT(house, "POST", IMPORT, buf_str(&file).data, 201, "N98");
    assert_int_equal(provider_count(house), 100);
    EXPECT(house, "POST", PREVIEW, FILE_OF(ROW("mock", "A", "")), 422,
           "\"field\":\"providers\",\"limit\":100");
    EXPECT(house, "POST", IMPORT, FILE_OF(ROW("mock", "A", "")), 422,
           "\"field\":\"providers\",\"limit\":100");
    assert_int_equal(provider_count(house), 100);
}

/* The announcement of the last one fails: none is there. */
static void test_all_are_made_or_none(void **state)
{
    struct house *house = *state;
    const char *file = HEAD ROW("mock", "A", "") "]}," ROW("mock", "B", "") "]}]}";
    int announced = atomic_load(&house->announced), changed = atomic_load(&house->changed);

    atomic_store(&house->is_announcing_broken, true);
    EXPECT(house, "POST", IMPORT, file, 500, NULL);
    assert_int_equal(provider_count(house), 1);
    assert_int_equal(atomic_load(&house->changed), changed);
    atomic_store(&house->is_announcing_broken, false);
    EXPECT(house, "POST", IMPORT, file, 201, NULL);
    assert_int_equal(provider_count(house), 3);
    assert_int_equal(atomic_load(&house->announced), announced + 2);
    assert_int_equal(atomic_load(&house->changed), changed + 2);
}

static void *import_one(void *context)
{
    struct house *house = context;
    struct settings *settings = house->settings;
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    struct file_provider provider = {.kind = STR("mock"),
                                     .name = STR("Same"),
                                     .options = STR("{}"),
                                     .is_enabled = true,
                                     .concurrency = 1,
                                     .on_unknown = STR("hold")};
    struct provider_file file = {.providers = {.items = &provider, .count = 1}};
    struct import_item item;
    struct error err = {0};

    if (!provider_file_check(&file, arena, &err) ||
        !providers_import(settings, &file, false, 1, arena, &item, &err))
        fail_msg("%s %s", err.message, err.detail);
    return NULL;
}

static void test_imports_at_once_get_names_of_their_own(void **state)
{
    struct house *house = *state;
    pthread_t threads[8];

    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, import_one, house), 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(provider_count(house), 9);
    assert_int_equal(
        count_rows(house, "SELECT count(*) AS n FROM provider WHERE name = 'Same (8)'"), 1);
}

/* ---- purposes of an older house ---- */

static void open_old(struct house *house, const char *path, size_t count, struct db_pool **pool)
{
    const struct db_config config = {.path = path,
                                     .readers = 1,
                                     .migrations = db_migrations,
                                     .migration_count = count,
                                     .clock = &clock_system};
    struct error err = {0};

    (void)house;
    if (!db_pool_open(&config, pool, &err))
        fail_msg("%s %s", err.message, err.detail);
}

static bool add_old_default(struct db *db, void *context, struct error *err)
{
    static const struct sql provider = {
        "test_old_provider",
        "INSERT INTO provider (id, public_id, kind, name, base_url, sealed_key, key_hint, options,"
        " is_enabled, is_private_allowed, concurrency, on_unknown, once_below_micro, created_at_ms)"
        " VALUES (1, 'p', 'mock', 'm', '', '', '', '{}', 1, 0, 1, 'hold', 0, 0)",
        NULL};
    static const struct sql model = {
        "test_old_model",
        "INSERT INTO provider_model (provider_id, name, is_enabled, is_default, price_micro)"
        " VALUES (1, 'a', 1, 0, 7), (1, 'b', 0, 1, NULL)",
        NULL};

    (void)context;
    return db_exec(db, &provider, NULL, 0, NULL, err) && db_exec(db, &model, NULL, 0, NULL, err);
}

static void test_the_default_of_an_older_house_is_it_for_all_purposes(void **state)
{
    struct house *house = *state;
    const char *path =
        arena_cstr(house->arena, arena_printf(house->arena, "%s/old.db", house->directory));
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    struct db_pool *pool;
    struct model_override *items;
    size_t before = 0, count;
    struct error err = {0};

    while (before < db_migration_count && strcmp(db_migrations[before].name, "0011_purpose") != 0)
        before++;
    assert_true(before < db_migration_count);
    open_old(house, path, before, &pool);
    assert_true(db_transact(pool, "test", add_old_default, NULL, &err));
    db_pool_close(pool);
    open_old(house, path, db_migration_count, &pool);
    {
        CLEANUP(db_give_back_cleanup) struct db *db = NULL;

        assert_true(db_borrow(pool, &db, &err));
        assert_true(model_store_list(db, arena, &items, &count, &err));
    }
    db_pool_close(pool);
    assert_int_equal(count, 2);
    assert_int_equal(items[0].purposes, 0);
    assert_int_equal(items[0].price_micro, 7);
    assert_int_equal(items[0].limits.concurrency, 0);
    assert_int_equal(items[0].limits.per_minute, 0);
    assert_int_equal(items[0].limits.units_per_minute, 0);
    assert_int_equal(items[1].purposes, PURPOSES_ALL);
    assert_false(items[1].is_enabled);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_file_holds_everything_but_secrets),
        TEST(test_a_file_comes_back_under_other_names_without_keys),
        TEST(test_stand_ins_go_by_name),
        TEST(test_bounds_of_a_model_come_back),
        TEST(test_a_pause_of_a_model_comes_back),
        TEST(test_bounds_that_are_none_refuse_the_whole_file),
        TEST(test_a_private_address_comes_in_switched_off_and_not_allowed),
        TEST(test_a_default_of_the_house_stays),
        TEST(test_a_name_with_a_number_is_free_and_short_enough),
        TEST(test_what_is_no_such_file_is_refused_whole),
        TEST(test_huge_and_deep_files_are_refused_early),
        TEST(test_a_preview_knows_what_is_there_already),
        TEST(test_a_file_with_more_options_than_a_house_may_have_is_refused),
        TEST(test_a_house_has_room_for_a_hundred_or_takes_none),
        TEST(test_all_are_made_or_none),
        TEST(test_imports_at_once_get_names_of_their_own),
        TEST(test_the_default_of_an_older_house_is_it_for_all_purposes),
    };
    struct error err;

    log_configure(LOG_ERROR, false);
    if (!secret_init(&err))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
