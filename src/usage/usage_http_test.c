#include "http/test_server.h"

#include "core/log.h"
#include "usage/test_private.h"

/* test_authenticate() knows the cookies viewer (user 1), member (ANN) and admin (BOB), and the
 * bearers reader (an admin's, to read) and writer (a member's). */
#define MEMBER "Cookie: sid=member\r\n"
#define ADMIN "Cookie: sid=admin\r\n"
#define VIEWER "Cookie: sid=viewer\r\n"
#define READER "Authorization: Bearer reader\r\n"

struct house {
    struct fixture http;
    struct book book;
    struct clock_fake time;
    struct clock clock;
};

/* As test_authenticate(), and a token that may administrate. */
static bool authenticate(struct request *req, struct error *err)
{
    if (!test_authenticate(req, err))
        return false;
    if (str_equal(request_header(req, "Authorization"), STR("Bearer ruler")))
        req->user = (struct http_user){
            .id = BOB, .role = ROLE_ADMIN, .token_id = 23, .scopes = SCOPE_READ | SCOPE_ADMIN};
    if (str_equal(request_header(req, "Authorization"), STR("Bearer climber")))
        req->user = (struct http_user){
            .id = ANN, .role = ROLE_MEMBER, .token_id = 24, .scopes = SCOPE_READ | SCOPE_ADMIN};
    return true;
}

static int set_up(void **state)
{
    static const struct http_route *const tables[] = {usage_routes, NULL};
    static struct house house;

    house = (struct house){
        .time = {.wall_ms = NOON, .mono_ms = 5000}
    };
    house.clock = clock_of_fake(&house.time);
    book_open(&house.book);
    fixture_prepare(&house.http);
    house.http.config.tables = tables;
    house.http.config.pool = house.book.pool;
    house.http.config.clock = &house.clock;
    house.http.config.authenticate = authenticate;
    fixture_start(&house.http);
    *state = &house;
    return 0;
}

static int tear_down(void **state)
{
    struct house *house = *state;

    fixture_end(&house->http);
    return book_close(&house->book);
}

/* The status and, when it is not NULL, the whole body or (of errors) a part of it. */
static void expect_at(struct house *house, const char *query, const char *who, int status,
                      const char *body, int line)
{
    struct str request = arena_printf(house->book.arena,
                                      "GET /api/v1/usage%s HTTP/1.1\r\n%%H%sX-Vitrine: 1\r\n"
                                      "Connection: close\r\n\r\n",
                                      query, who);
    struct answer answer = exchange_bytes(&house->http, request);
    bool is_as_expected = status == 200 ? str_equal(str_trim(answer.body), str_of(body))
                                        : str_find(answer.body, str_of(body)) >= 0;

    if (answer.status != status || !is_as_expected)
        fail_msg("line %d: %d: %.*s", line, answer.status, STR_ARGS(answer.body));
    buf_finish(&answer.bytes);
}
#define EXPECT(house, query, who, status, body) expect_at(house, query, who, status, body, __LINE__)

/* Ann spent 40, Bob 50, and Ann is about to spend 9. */
static void fill(struct house *house)
{
    add_provider(&house->book,
                 (struct provider_spec){1, "01JDA00000000000000000000A", "Studio", false});
    reserve(&house->book, (struct deed){.task_id = 1, .micro = 30});
    reserve(&house->book, (struct deed){.task_id = 2, .micro = 30, .user_id = BOB});
    reserve(&house->book, (struct deed){.task_id = 3, .micro = 9});
    add_call(&house->book, 1, "finished", true);
    settle(&house->book, 1, 40, "USD");
    settle(&house->book, 2, 50, "USD");
}

static void test_members_see_their_own(void **state)
{
    struct house *house = *state;

    fill(house);
    EXPECT(house, "", MEMBER, 200,
           "{\"items\":[{\"key\":\"2025-11-22\",\"label\":\"2025-11-22\",\"calls\":1,"
           "\"cost_micro\":40,\"reserved_micro\":9,\"doubtful_micro\":0,\"currency\":\"USD\"}],"
           "\"rests\":[],\"totals\":[{\"currency\":\"USD\",\"cost_micro\":40,\"reserved_micro\":9,"
           "\"doubtful_micro\":0}]}");
    EXPECT(house, "?by=provider&all=false", MEMBER, 200,
           "{\"items\":[{\"key\":\"01JDA00000000000000000000A\",\"label\":\"Studio\",\"calls\":1,"
           "\"cost_micro\":40,\"reserved_micro\":9,\"doubtful_micro\":0,\"currency\":\"USD\"}],"
           "\"rests\":[],\"totals\":[{\"currency\":\"USD\",\"cost_micro\":40,\"reserved_micro\":9,"
           "\"doubtful_micro\":0}]}");
    EXPECT(house, "", VIEWER, 200, "{\"items\":[],\"rests\":[],\"totals\":[]}");
}

static void test_the_house_is_for_admins(void **state)
{
    static const char house_of_all[] =
        "{\"items\":[{\"key\":\"gpt-image-2\",\"label\":\"gpt-image-2\",\"calls\":1,"
        "\"cost_micro\":90,\"reserved_micro\":9,\"doubtful_micro\":0,\"currency\":\"USD\"}],"
        "\"rests\":[],\"totals\":[{\"currency\":\"USD\",\"cost_micro\":90,\"reserved_micro\":9,"
        "\"doubtful_micro\":0}]}";
    struct house *house = *state;

    fill(house);
    EXPECT(house, "?all=true&by=model", ADMIN, 200, house_of_all);
    EXPECT(house, "?all=true&by=model", "Authorization: Bearer ruler\r\n", 200, house_of_all);
    EXPECT(house, "?by=operation", ADMIN, 200,
           "{\"items\":[{\"key\":\"image.generate\",\"label\":\"image.generate\",\"calls\":0,"
           "\"cost_micro\":50,\"reserved_micro\":0,\"doubtful_micro\":0,\"currency\":\"USD\"}],"
           "\"rests\":[],\"totals\":[{\"currency\":\"USD\",\"cost_micro\":50,\"reserved_micro\":0,"
           "\"doubtful_micro\":0}]}");
    EXPECT(house, "?all=true", MEMBER, 403, "\"field\":\"all\"");
    EXPECT(house, "?all=true", VIEWER, 403, "forbidden");
    EXPECT(house, "?all=true", READER, 403, "forbidden"); /* an admin's token, only to read */
    EXPECT(house, "?all=true", "Authorization: Bearer climber\r\n", 403, "forbidden");
    EXPECT(house, "", "", 401, "unauthenticated");
}

static void test_days_are_asked_for_by_date(void **state)
{
    static const char nothing[] = "{\"items\":[],\"rests\":[],\"totals\":[]}";
    static const char doubtful[] =
        "{\"items\":[{\"key\":\"2025-10-23\",\"label\":\"2025-10-23\",\"calls\":0,"
        "\"cost_micro\":0,\"reserved_micro\":0,\"doubtful_micro\":7,\"currency\":\"USD\"}],"
        "\"rests\":[],\"totals\":[{\"currency\":\"USD\",\"cost_micro\":0,\"reserved_micro\":0,"
        "\"doubtful_micro\":7}]}";
    struct house *house = *state;

    reserve(&house->book, (struct deed){.task_id = 1, .micro = 7, .at_ms = NOON - 30 * DAY_MS});
    settle(&house->book, 1, -1, "USD");
    EXPECT(house, "", MEMBER, 200, nothing); /* the 31st day before today */
    EXPECT(house, "?from=2025-10-23", MEMBER, 200, doubtful);
    EXPECT(house, "?from=2025-10-23T23:00:00Z&to=2025-10-23T01:00:00Z", MEMBER, 200, doubtful);
    EXPECT(house, "?to=2025-10-23", MEMBER, 200, doubtful);
    EXPECT(house, "?to=2025-10-22", MEMBER, 200, nothing);
}

static void test_wrong_questions_are_told_what_is_wrong(void **state)
{
    static const struct {
        const char *query, *has;
    } cases[] = {
        {"?by=week",                       "not_in_list"     }, /* no such group */
        {"?by=",                           "not_in_list"     }, /* an empty one */
        {"?from=yesterday",                "\"from\""        }, /* no date */
        {"?from=2025-11-02&to=2025-11-01", "\"field\":\"to\""}, /* backwards */
        {"?from=2024-01-01",               "\"limit\":400"   }, /* too many days */
        {"?all=maybe",                     "wrong_type"      }, /* no bool */
        {"?user=3",                        "unknown_field"   }, /* nothing of ours */
    };
    struct house *house = *state;

    for (size_t i = 0; i < COUNT(cases); i++)
        EXPECT(house, cases[i].query, MEMBER, 422, cases[i].has);
}

static void test_the_same_comes_as_csv(void **state)
{
    struct house *house = *state;
    struct answer answer;

    fill(house);
    add_provider(&house->book,
                 (struct provider_spec){2, "01JDA00000000000000000000B", "=cmd,\"x\"", false});
    reserve(&house->book, (struct deed){.task_id = 9, .micro = 5, .provider_id = 2});
    settle(&house->book, 9, 1234567, "USD");
    answer = exchange_bytes(&house->http, STR("GET /api/v1/usage.csv?by=provider&from=2025-11-01"
                                              " HTTP/1.1\r\n%H" MEMBER
                                              "X-Vitrine: 1\r\nConnection: close\r\n\r\n"));
    assert_int_equal(answer.status, 200);
    assert_true(answer_has(&answer, "text/csv; charset=utf-8"));
    assert_true(
        answer_has(&answer, "attachment; filename=\"vitrine-usage-2025-11-01-to-2025-11-22.csv\""));
    assert_true(answer_has(
        &answer, "\xEF\xBB\xBFprovider,name,calls,cost,reserved,in_doubt,currency\r\n"
                 "01JDA00000000000000000000B,\"'=cmd,\"\"x\"\"\",0,1.234567,0.000000,0.000000,"
                 "USD\r\n01JDA00000000000000000000A,Studio,1,0.000040,0.000009,0.000000,USD\r\n"));
    buf_finish(&answer.bytes);
    answer = exchange_bytes(&house->http, STR("GET /api/v1/usage.csv?by=day HTTP/1.1\r\n%H" MEMBER
                                              "X-Vitrine: 1\r\nConnection: close\r\n\r\n"));
    assert_int_equal(answer.status, 200);
    assert_true(answer_has(&answer, "\xEF\xBB\xBF"
                                    "day,name,calls,cost,reserved,in_doubt,currency\r\n"
                                    "2025-11-22,2025-11-22,1,1.234607,0.000009,0.000000,USD\r\n"));
    buf_finish(&answer.bytes);
    answer = exchange_bytes(&house->http, STR("GET /api/v1/usage.csv?all=true HTTP/1.1\r\n%H" MEMBER
                                              "X-Vitrine: 1\r\nConnection: close\r\n\r\n"));
    assert_int_equal(answer.status, 403);
    buf_finish(&answer.bytes);
}

/* Each of 20,000 models has a name of 240 bytes: a table of 10 MB, more than is sent at once. */
static bool work_add_models(struct db *db, void *context, struct error *err)
{
    static const struct sql add = {
        "test_add_models",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        " INSERT INTO usage (task_id, user_id, provider_id, model, operation, state,"
        " estimate_micro, cost_micro, currency, reserved_at_ms, day)"
        " SELECT i, 2, 1, printf('%240d', i), 'o', 'settled', 0, 1000000 + i, 'USD', 0,"
        " '2025-11-22' FROM n",
        NULL};

    (void)context;
    return db_exec(db, &add, NULL, 0, NULL, err);
}

static void test_the_table_has_each_group_where_the_answer_has_a_rest(void **state)
{
    struct house *house = *state;
    struct answer answer;
    size_t lines = 0;

    book_do(&house->book, work_add_models, NULL);
    answer = exchange_bytes(&house->http, STR("GET /api/v1/usage?by=model HTTP/1.1\r\n%H" MEMBER
                                              "X-Vitrine: 1\r\nConnection: close\r\n\r\n"));
    assert_int_equal(answer.status, 200);
    assert_true(answer_has(&answer, "\"rests\":[{\"currency\":\"USD\",\"count\":18000,\"calls\":0,"
                                    "\"cost_micro\":18162009000,\"reserved_micro\":0,"
                                    "\"doubtful_micro\":0}]"));
    buf_finish(&answer.bytes);
    answer = exchange_bytes(&house->http, STR("GET /api/v1/usage.csv?by=model HTTP/1.0\r\n%H" MEMBER
                                              "X-Vitrine: 1\r\n\r\n"));
    assert_int_equal(answer.status, 200);
    for (size_t i = 0; i < answer.body.size; i++)
        lines += answer.body.data[i] == '\n' ? 1 : 0;
    assert_int_equal(lines, 1 + 20000);
    assert_true(answer.body.size > MIB(9));
    assert_true(answer_has(&answer, "20000,0,1.020000,")); /* the dearest */
    assert_true(answer_has(&answer, "     1,0,1.000001,0.000000,0.000000,USD\r\n"));
    buf_finish(&answer.bytes);
}

static void test_admins_see_who_spent(void **state)
{
    struct house *house = *state;

    fill(house);
    EXPECT(house, "?by=user&all=true", ADMIN, 200,
           "{\"items\":[{\"key\":\"\",\"label\":\"\",\"calls\":0,\"cost_micro\":50,"
           "\"reserved_micro\":0,\"doubtful_micro\":0,\"currency\":\"USD\"},{\"key\":\"\","
           "\"label\":\"\",\"calls\":1,"
           "\"cost_micro\":40,\"reserved_micro\":9,\"doubtful_micro\":0,\"currency\":\"USD\"}],"
           "\"rests\":[],\"totals\":[{\"currency\":\"USD\",\"cost_micro\":90,\"reserved_micro\":9,"
           "\"doubtful_micro\":0}]}");
    EXPECT(house, "?by=user&all=true", MEMBER, 403, "forbidden");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_members_see_their_own),
        TEST(test_the_house_is_for_admins),
        TEST(test_days_are_asked_for_by_date),
        TEST(test_wrong_questions_are_told_what_is_wrong),
        TEST(test_the_same_comes_as_csv),
        TEST(test_admins_see_who_spent),
        TEST(test_the_table_has_each_group_where_the_answer_has_a_rest),
    };

    log_configure(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
