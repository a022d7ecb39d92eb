/* Presets over HTTP: whose they are, what they may hold, and that nothing is lost to a second tab.
 */
#include "settings/test_house.h"

#include "settings/preset_private.h"

#define PRESETS "/api/v1/presets"
#define MEMBER STR("Cookie: sid=member\r\n")
#define NIGHT                                                                                      \
    "{\"name\":\" Night \",\"operation\":\"image.generate\",\"count\":2,\"parameters\":{"          \
    "\"prompt\":\"lamp\",\"model\":\"mock/one\",\"width\":1024,\"height\":768,\"seed\":null}"

static bool add_people(struct db *db, void *context, struct error *err)
{
    static const struct sql add = {
        "test_people",
        "INSERT INTO user (id, public_id, name, name_key, role, device_key, created_at_ms) VALUES"
        " (1, '1', 'Vi', 'vi', 'viewer', zeroblob(32), 1),"
        " (2, '2', 'Ann', 'ann', 'member', zeroblob(32), 1),"
        " (3, '3', 'Bob', 'bob', 'admin', zeroblob(32), 1)",
        NULL};

    (void)context;
    return db_exec(db, &add, NULL, 0, NULL, err);
}

static int set_up_people(void **state)
{
    struct error err = {0};
    const int rc = set_up(state);
    const struct house *house = *state;

    return rc == 0 && db_transact(house->pool, "test_people", add_people, NULL, &err) ? 0 : 1;
}

/* Makes one as `who` and gives its path: its body begins with its id. */
static const char *make(struct house *house, struct str who, const char *body)
{
    struct answer answer = ask(house, "POST", PRESETS, who, body);
    const char *path;

    if (answer.status != 201)
        fail_msg("%d: %.*s", answer.status, STR_ARGS(answer.body));
    path = arena_cstr(house->arena, arena_printf(house->arena, PRESETS "/%.26s",
                                                 answer.body.data + sizeof("{\"id\":\"") - 1));
    buf_finish(&answer.bytes);
    return path;
}

static void test_a_preset_is_kept_changed_and_deleted(void **state)
{
    struct house *house = *state;
    const char *path = make(house, MEMBER, NIGHT "}");
    const struct str tag = STR("Cookie: sid=member\r\nIf-Match: \"1\"\r\n");

    assert_int_equal(atomic_load(&house->announced), 1);
    assert_int_equal(atomic_load(&house->changed), 1); /* whoever waits for events is woken */
    expect_at(house, "GET", path, MEMBER, NULL, 200, "ETag: \"1\"", __LINE__);
    expect_at(house, "GET", PRESETS, MEMBER, NULL, 200,
              "\"etag\":\"1\",\"name\":\"Night\",\"owner_name\":\"Ann\",\"is_mine\":true,"
              "\"is_shared\":false,\"is_default\":false,\"operation\":\"image.generate\","
              "\"count\":2,\"parameters\":{\"prompt\":\"lamp\",\"model\":\"mock/one\","
              "\"width\":1024,\"height\":768}",
              __LINE__);
    expect_at(house, "PATCH", path, tag, "{\"name\":\"Day\",\"parameters\":{}}", 200,
              "\"etag\":\"2\",\"name\":\"Day\"", __LINE__);
    /* The other tab does not know of it. */
    expect_at(house, "PATCH", path, tag, "{\"name\":\"Dawn\"}", 412, "precondition_failed",
              __LINE__);
    expect_at(house, "DELETE", path, tag, NULL, 412, "precondition_failed", __LINE__);
    expect_at(house, "PATCH", path, STR("Cookie: sid=member\r\nIf-Match: W/\"2\"\r\n"),
              "{\"count\":1}", 412, "If-Match", __LINE__);
    expect_at(house, "GET", path, MEMBER, NULL, 200, "\"name\":\"Day\",\"owner_name\":\"Ann\"",
              __LINE__);
    expect_at(house, "DELETE", path, MEMBER, NULL, 204, NULL, __LINE__);
    expect_at(house, "DELETE", path, MEMBER, NULL, 404, "not_found", __LINE__);
    expect_at(house, "GET", PRESETS, MEMBER, NULL, 200, "{\"items\":[]}", __LINE__);
}

static void test_a_name_is_one_of_a_kind_among_its_owners(void **state)
{
    struct house *house = *state;
    const char *other;

    (void)make(house, MEMBER, NIGHT "}");
    expect_at(house, "POST", PRESETS, MEMBER, NIGHT "}", 409, "\"field\":\"name\"", __LINE__);
    (void)make(house, ADMIN, NIGHT "}");
    other = make(house, MEMBER,
                 "{\"name\":\"Day\",\"operation\":\"image.generate\",\"count\":1,"
                 "\"parameters\":{}}");
    expect_at(house, "PATCH", other, MEMBER, "{\"name\":\"nIGHT\"}", 409, "\"field\":\"name\"",
              __LINE__);
    expect_at(house, "PATCH", other, MEMBER, "{\"name\":\"DAY\"}", 200, "\"name\":\"DAY\"",
              __LINE__);
}

static void test_a_shared_one_is_everybodys_to_use_and_its_owners_to_change(void **state)
{
    struct house *house = *state;
    const char *path = make(house, MEMBER, NIGHT "}");

    EXPECT(house, "GET", path, NULL, 404, "not_found");
    EXPECT(house, "PATCH", path, "{\"is_default\":true}", 404, "not_found");
    EXPECT(house, "GET", PRESETS, NULL, 200, "{\"items\":[]}");
    expect_at(house, "PATCH", path, MEMBER, "{\"is_shared\":true}", 200, "\"is_shared\":true",
              __LINE__);
    EXPECT(house, "GET", path, NULL, 200, "\"owner_name\":\"Ann\",\"is_mine\":false");
    EXPECT(house, "PATCH", path, "{\"name\":\"Mine\"}", 403, "forbidden");
    EXPECT(house, "PATCH", path, "{\"is_default\":true,\"count\":1}", 403, "forbidden");
    EXPECT(house, "DELETE", path, NULL, 403, "forbidden");
    EXPECT(house, "PATCH", path, "{\"is_default\":true}", 200, "\"is_default\":true");
    expect_at(house, "GET", path, MEMBER, NULL, 200, "\"is_default\":false", __LINE__);
    expect_at(house, "GET", PRESETS, STR("Cookie: sid=viewer\r\n"), NULL, 403, "forbidden",
              __LINE__);
    expect_at(house, "GET", PRESETS, STR_EMPTY, NULL, 401, "unauthenticated", __LINE__);
    expect_at(house, "POST", PRESETS, STR("Authorization: Bearer reader\r\n"), NIGHT "}", 403,
              "forbidden", __LINE__);
    /* Taken back: it is gone from where it was the default, too. */
    expect_at(house, "PATCH", path, MEMBER, "{\"is_shared\":false}", 200, NULL, __LINE__);
    EXPECT(house, "GET", PRESETS, NULL, 200, "{\"items\":[]}");
}

static void test_one_is_the_default_and_the_next_takes_its_place(void **state)
{
    struct house *house = *state;
    const char *night = make(house, ADMIN, NIGHT ",\"is_default\":true}");
    const char *day =
        make(house, ADMIN,
             "{\"name\":\"Day\",\"operation\":\"image.generate\",\"count\":1,\"parameters\":{}}");

    EXPECT(house, "GET", night, NULL, 200, "\"is_default\":true");
    EXPECT(house, "PATCH", day, "{\"is_default\":true}", 200, "\"etag\":\"1\"");
    EXPECT(house, "GET", night, NULL, 200, "\"is_default\":false");
    EXPECT(house, "PATCH", night, "{\"is_default\":false}", 200, NULL);
    EXPECT(house, "GET", day, NULL, 200, "\"is_default\":true");
    EXPECT(house, "PATCH", day, "{\"is_default\":false}", 200, "\"is_default\":false");
    EXPECT(house, "PATCH", day, "{\"is_default\":true}", 200, NULL);
    EXPECT(house, "DELETE", day, NULL, 204, NULL);
    EXPECT(house, "GET", PRESETS, NULL, 200, "\"is_default\":false");
}

static void test_what_a_preset_may_not_hold_is_told(void **state)
{
#define OF(name, operation, count, parameters)                                                     \
    "{\"name\":\"" name "\",\"operation\":\"" operation "\",\"count\":" count                      \
    ",\"parameters\":" parameters "}"
    static const struct {
        const char *body, *has;
    } cases[] = {
        {OF("",         "image.generate",        "1", "{}"), "\"field\":\"name\""},
        {OF("  ",        "image.generate",           "1", "{}"), "\"code\":\"required\""},
        {OF("a\\tb",       "image.generate",       "1", "{}"), "\"field\":\"name\""},
        {OF("a\\u0007",        "image.generate",        "1", "{}"), "\"field\":\"name\""},
        {OF("a",    "image.nothing",     "1", "{}"), "\"field\":\"operation\""},
        {OF("a",        "image.generate",           "0", "{}"), "\"field\":\"count\""},
        {OF("a", "image.generate", "65", "{}"), "\"limit\":64"},
        {OF("a",        "image.generate",           "1", "[]"), "\"field\":\"parameters\""},
        {OF("a",        "image.generate",             "1", "{\"key\":\"sk-1\"}"), "\"field\":\"parameters.key\""},
        {OF("a",        "image.generate",      "1", "{\"images\":[\"01JDA00000000000000000000A\"]}"),
         "\"field\":\"parameters.images\""},
        {OF("a",        "image.generate",        "1", "{\"width\":\"wide\"}"), "\"field\":\"parameters.width\""},
        {"{\"name\":\"a\",\"operation\":\"image.generate\",\"count\":1}",
         "\"field\":\"parameters\""         },
        {"{\"name\":\"a\",\"references\":[]}",        "\"code\":\"unknown_field\""              },
    };
    struct house *house = *state;
    struct str prompt = STR_EMPTY;
    char *letters = arena_alloc(house->arena, PRESET_PARAMETERS_SIZE_MAX + 1);

    for (size_t i = 0; i < COUNT(cases); i++)
        EXPECT(house, "POST", PRESETS, cases[i].body, 422, cases[i].has);
    memset(letters, 'a', PRESET_PARAMETERS_SIZE_MAX);
    letters[PRESET_PARAMETERS_SIZE_MAX] = '\0';
    prompt =
        arena_printf(house->arena, OF("a", "image.generate", "1", "{\"prompt\":\"%s\"}"), letters);
    EXPECT(house, "POST", PRESETS, arena_cstr(house->arena, prompt), 422,
           "\"field\":\"parameters\"");
    EXPECT(house, "GET", PRESETS, NULL, 200, "{\"items\":[]}");
    assert_int_equal(atomic_load(&house->announced), 0);
}

static const char *numbered(struct house *house, int number, const char *more)
{
    return arena_cstr(house->arena,
                      arena_printf(house->arena,
                                   "{\"name\":\"n%d\",\"operation\":\"image.generate\",\"count\":1,"
                                   "\"parameters\":{}%s}",
                                   number, more));
}

static bool add_shared(struct db *db, void *context, struct error *err)
{
    static const struct sql add = {
        "test_shared",
        "INSERT INTO preset (public_id, user_id, name, operation, count, parameters, is_shared,"
        " version, created_at_ms, changed_at_ms) VALUES ('1', 1, 'a', 'b', 1, '{}', 1, 1, 1, 1)",
        NULL};

    (void)context;
    return db_exec(db, &add, NULL, 0, NULL, err);
}

static void test_there_is_an_end_to_how_many(void **state)
{
    struct house *house = *state;
    const char *hidden;
    struct error err = {0};

    for (int i = 0; i < PRESETS_OWN_MAX; i++)
        (void)make(house, MEMBER, numbered(house, i, ",\"is_shared\":true"));
    expect_at(house, "POST", PRESETS, MEMBER, numbered(house, 100, ""), 422, "\"limit\":100",
              __LINE__);
    for (int i = 0; i < PRESETS_OWN_MAX - 1; i++)
        (void)make(house, ADMIN, numbered(house, i, ",\"is_shared\":true"));
    hidden = make(house, ADMIN, numbered(house, 99, ""));
    assert_true(db_transact(house->pool, "test_shared", add_shared, NULL, &err));
    EXPECT(house, "PATCH", hidden, "{\"is_shared\":true}", 422, "\"limit\":200");
    EXPECT(house, "POST", PRESETS, numbered(house, 100, ""), 422, "\"limit\":100");
    EXPECT(house, "PATCH", hidden, "{\"count\":3}", 200, "\"is_shared\":false");
}

/* The announcement of a change fails: nothing of it is there. */
static void test_a_change_that_fails_half_way_leaves_nothing(void **state)
{
    struct house *house = *state;
    const char *path = make(house, ADMIN, NIGHT "}");

    atomic_store(&house->is_announcing_broken, true);
    EXPECT(house, "PATCH", path, "{\"name\":\"Day\",\"is_default\":true}", 500, "internal");
    EXPECT(house, "DELETE", path, NULL, 500, "internal");
    EXPECT(house, "POST", PRESETS, numbered(house, 1, ",\"is_default\":true"), 500, "internal");
    atomic_store(&house->is_announcing_broken, false);
    EXPECT(house, "GET", PRESETS, NULL, 200,
           "\"etag\":\"1\",\"name\":\"Night\",\"owner_name\":\"Bob\",\"is_mine\":true,"
           "\"is_shared\":false,\"is_default\":false");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_people, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_preset_is_kept_changed_and_deleted),
        TEST(test_a_name_is_one_of_a_kind_among_its_owners),
        TEST(test_a_shared_one_is_everybodys_to_use_and_its_owners_to_change),
        TEST(test_one_is_the_default_and_the_next_takes_its_place),
        TEST(test_what_a_preset_may_not_hold_is_told),
        TEST(test_there_is_an_end_to_how_many),
        TEST(test_a_change_that_fails_half_way_leaves_nothing),
    };

    log_configure(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
