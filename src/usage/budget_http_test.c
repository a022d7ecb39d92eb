#include "http/test_server.h"

#include "core/log.h"
#include "usage/test_private.h"

/* test_authenticate() knows the cookies viewer (user 1), member (ANN) and admin (BOB). */
#define MEMBER "Cookie: sid=member\r\n"
#define ADMIN "Cookie: sid=admin\r\n"
#define READER "Authorization: Bearer reader\r\n"
#define STUDIO "01JDA00000000000000000000A"
#define TWIN "01JDA00000000000000000000B"
#define AT_STUDIO "\"who_id\":\"" STUDIO "\","

#define LONG40 "0123456789012345678901234567890123456789"
#define LONGEST LONG40 LONG40 LONG40 LONG40 LONG40

/* What the application answers for the settings room: three models, all of the studio. */
bool app_has_model(void *app, int64_t provider_id, struct str model)
{
    (void)app;
    return provider_id == 1 &&
           (str_equal(model, STR("gpt-image-2")) || str_equal(model, STR("dall-e-3")) ||
            str_equal(model, STR(LONGEST)));
}

struct house {
    struct fixture http;
    struct book book;
    struct clock_fake time;
    struct clock clock;
};

static int set_up(void **state)
{
    static const struct http_route *const tables[] = {budget_routes, NULL};
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
    house.http.config.authenticate = test_authenticate;
    fixture_start(&house.http);
    add_provider(&house.book, (struct provider_spec){1, STUDIO, "Studio", false});
    *state = &house;
    return 0;
}

static int tear_down(void **state)
{
    struct house *house = *state;

    fixture_end(&house->http);
    return book_close(&house->book);
}

/* Sends, expects the status and a part of the body, and returns the body. */
static struct str ask_at(struct house *house, const char *method, const char *path, const char *who,
                         const char *body, int status, const char *has, int line)
{
    struct arena *arena = house->book.arena;
    const struct str head =
        body == NULL
            ? STR_EMPTY
            : arena_printf(arena, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                           str_of(body).size);
    struct answer answer = exchange_bytes(
        &house->http, arena_printf(arena,
                                   "%s /api/v1/budgets%s HTTP/1.1\r\n%%H%sX-Vitrine: 1\r\n%.*s"
                                   "Sec-Fetch-Site: same-origin\r\n"
                                   "Connection: close\r\n\r\n%s",
                                   method, path, who, STR_ARGS(head), body == NULL ? "" : body));
    struct str out = arena_str(arena, answer.body);

    if (answer.status != status || str_find(out, str_of(has)) < 0)
        fail_msg("line %d: %d: %.*s", line, answer.status, STR_ARGS(out));
    buf_finish(&answer.bytes);
    return out;
}
#define ASK(...) ask_at(house, __VA_ARGS__, __LINE__)

#define MONTH                                                                                      \
    "{\"scope\":\"everyone\",\"period\":\"month\",\"currency\":\"USD\",\"limit_micro\":100}"

/* The path of what was just made: its body begins with its id. */
static const char *path_of(struct house *house, struct str body)
{
    return arena_cstr(house->book.arena, arena_printf(house->book.arena, "/%.26s",
                                                      body.data + sizeof("{\"id\":\"") - 1));
}

static void test_a_budget_is_made_listed_changed_and_deleted(void **state)
{
    struct house *house = *state;
    const char *path;

    ASK("GET", "", ADMIN, NULL, 200, "{\"items\":[]}");
    path = path_of(house, ASK("POST", "", ADMIN, MONTH, 201, "\"share\":0"));
    reserve(&house->book, (struct deed){.task_id = 1, .micro = 30});
    reserve(&house->book, (struct deed){.task_id = 2, .micro = 9});
    reserve(&house->book, (struct deed){.task_id = 3, .micro = 5, .user_id = BOB});
    settle(&house->book, 1, 40, "USD");
    settle(&house->book, 2, -1, "USD");
    ASK("GET", "", ADMIN, NULL, 200,
        "\"scope\":\"everyone\",\"who_id\":null,\"who_name\":\"\",\"model\":\"\","
        "\"period\":\"month\",\"from\":\"2025-11-01\",\"currency\":\"USD\",\"limit_micro\":100,"
        "\"cost_micro\":40,"
        "\"reserved_micro\":5,\"doubtful_micro\":9,\"left_micro\":46,\"share\":54,");
    ASK("PATCH", path, ADMIN, "{\"limit_micro\":50}", 200, "\"left_micro\":0,\"share\":108");
    ASK("DELETE", path, ADMIN, NULL, 204, "");
    ASK("DELETE", path, ADMIN, NULL, 404, "not_found");
    ASK("PATCH", path, ADMIN, "{\"limit_micro\":50}", 404, "not_found");
}

static void test_a_provider_has_a_budget_of_its_own(void **state)
{
    static const char body[] = "{\"scope\":\"provider\",\"who_id\":\"" STUDIO
                               "\",\"period\":\"day\",\"currency\":\"USD\",\"limit_micro\":7}";
    struct house *house = *state;

    ASK("POST", "", ADMIN, body, 201,
        "\"who_id\":\"" STUDIO "\",\"who_name\":\"Studio\",\"model\":\"\",\"period\":\"day\"");
    ASK("POST", "", ADMIN, body, 409, "\"field\":\"period\"");
}

#define OF_MODEL(model, period)                                                                    \
    "{\"scope\":\"model\",\"who_id\":\"" STUDIO "\",\"model\":\"" model "\",\"period\":\"" period  \
    "\",\"currency\":\"USD\",\"limit_micro\":100}"

static void test_a_model_has_budgets_of_its_own(void **state)
{
    struct house *house = *state;
    const char *path;

    add_provider(&house->book, (struct provider_spec){2, TWIN, "Twin", false});
    path = path_of(house, ASK("POST", "", ADMIN, OF_MODEL("gpt-image-2", "day"), 201,
                              "\"scope\":\"model\",\"who_id\":\"" STUDIO
                              "\",\"who_name\":\"Studio\",\"model\":\"gpt-image-2\","));
    ASK("POST", "", ADMIN, OF_MODEL("gpt-image-2", "day"), 409, "\"field\":\"period\"");
    ASK("POST", "", ADMIN, OF_MODEL("gpt-image-2", "month"), 201, "");
    ASK("POST", "", ADMIN, OF_MODEL("dall-e-3", "day"), 201, "");
    ASK("POST", "", ADMIN, OF_MODEL(LONGEST, "day"), 201, LONGEST);
    reserve(&house->book, (struct deed){.task_id = 1, .micro = 30});
    reserve(&house->book, (struct deed){.task_id = 2, .micro = 7, .model = "dall-e-3"});
    reserve(&house->book, (struct deed){.task_id = 3, .micro = 9, .provider_id = 2});
    settle(&house->book, 1, 40, "USD");
    ASK("PATCH", path, ADMIN, "{\"limit_micro\":80}", 200,
        "\"limit_micro\":80,\"cost_micro\":40,\"reserved_micro\":0,\"doubtful_micro\":0,"
        "\"left_micro\":40,\"share\":50,");
    ASK("GET", "/mine", MEMBER, NULL, 200, "\"model\":\"dall-e-3\"");
    ASK("DELETE", path, ADMIN, NULL, 204, "");
}

static void test_bad_budgets_are_told_what_is_wrong(void **state)
{
#define OF(scope, who, period, currency, limit)                                                    \
    "{\"scope\":\"" scope "\"," who "\"period\":\"" period "\",\"currency\":\"" currency           \
    "\",\"limit_micro\":" limit "}"
    static const struct {
        const char *body, *has;
    } cases[] = {
        {OF("house",    "",                                                   "day",  "USD", "1"),                "\"field\":\"scope\""                      },
        {OF("everyone", "",                                                   "week", "USD", "1"),                "\"field\":\"period\""                     },
        {OF("everyone", "",                                                   "day",  "usd", "1"),                "\"field\":\"currency\""                   },
        {OF("everyone", "",                                                   "day",  "US",  "1"),                "\"field\":\"currency\""                   },
        {OF("everyone", "",                                                   "day",  "USD", "0"),                "\"field\":\"limit_micro\""                },
        {OF("everyone", "",                                                   "day",  "USD", "1000000000000001"), "\"limit\":1000000000000000"               },
        {OF("everyone", "\"who_id\":\"" STUDIO "\",",                         "day",  "USD", "1"),                "\"field\":\"who_id\""                     },
        {OF("user",     "",                                                   "day",  "USD", "1"),                "\"code\":\"required\""                    },
        {OF("user",     "\"who_id\":\"" STUDIO "\",",                         "day",  "USD", "1"),                "\"field\":\"who_id\""                     },
        {OF("model",    "\"model\":\"gpt-image-2\",",                         "day",  "USD", "1"),
         "\"code\":\"required\",\"field\":\"who_id\""                                                                                                        },
        {OF("model",    "\"who_id\":\"" TWIN "\",\"model\":\"gpt-image-2\",", "day",  "USD", "1"),
         "\"field\":\"who_id\""                                                                                                                              },
        {OF("model",    AT_STUDIO,                                            "day",  "USD", "1"),                "\"code\":\"required\",\"field\":\"model\""},
        {OF("model",    AT_STUDIO "\"model\":\"\",",                          "day",  "USD", "1"),
         "\"code\":\"required\",\"field\":\"model\""                                                                                                         },
        {OF("model",    AT_STUDIO "\"model\":7,",                             "day",  "USD", "1"),
         "\"code\":\"wrong_type\",\"field\":\"model\""                                                                                                       },
        {OF("model",    AT_STUDIO "\"model\":\"gpt-image-9\",",               "day",  "USD", "1"),
         "\"code\":\"not_in_list\",\"field\":\"model\""                                                                                                      },
        {OF("model",    AT_STUDIO "\"model\":\"dall-e-3\\u0000\",",           "day",  "USD", "1"),
         "\"field\":\"model\""                                                                                                                               },
        {OF("model",    AT_STUDIO "\"model\":\"" LONGEST "0\",",              "day",  "USD", "1"),
         "\"code\":\"too_long\",\"field\":\"model\",\"limit\":200"                                                                                           },
        {OF("provider", AT_STUDIO "\"model\":\"dall-e-3\",",                  "day",  "USD", "1"),
         "\"code\":\"invalid\",\"field\":\"model\""                                                                                                          },
        {OF("everyone", "\"model\":\"dall-e-3\",",                            "day",  "USD", "1"),                "\"field\":\"model\""                      },
    };
    struct house *house = *state;

    for (size_t i = 0; i < COUNT(cases); i++)
        ASK("POST", "", ADMIN, cases[i].body, 422, cases[i].has);
    ASK("GET", "", ADMIN, NULL, 200, "{\"items\":[]}");
}

static void test_budgets_are_an_admins_and_people_see_theirs(void **state)
{
    struct house *house = *state;

    ASK("POST", "", MEMBER, MONTH, 403, "forbidden");
    ASK("GET", "", MEMBER, NULL, 403, "forbidden");
    ASK("GET", "", READER, NULL, 403, "forbidden"); /* an admin's token, only to read */
    ASK("POST", "", ADMIN, MONTH, 201, "");
    ASK("GET", "/mine", MEMBER, NULL, 200, "\"limit_micro\":100");
    ASK("GET", "/mine", "", NULL, 401, "unauthenticated");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_a_budget_is_made_listed_changed_and_deleted),
        TEST(test_a_provider_has_a_budget_of_its_own),
        TEST(test_a_model_has_budgets_of_its_own),
        TEST(test_bad_budgets_are_told_what_is_wrong),
        TEST(test_budgets_are_an_admins_and_people_see_theirs),
    };

    log_configure(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
