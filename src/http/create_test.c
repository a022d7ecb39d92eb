/* What a server refuses to start with, and how it says so. */
#include "http/test_server.h"

static bool create(const struct http_config *config, struct error *err)
{
    struct http_server *server = NULL;
    bool ok;

    *err = (struct error){0};
    ok = http_server_create(config, &server, err);
    http_server_destroy(server);
    return ok;
}

static void test_addresses_are_read_strictly(void **state)
{
    static const struct {
        const char *listen;
        enum error_code code;
        const char *why;
    } rows[] = {
        {"127.0.0.1:0",     ERROR_NONE,      "loopback"                                },
        {"[::1]:0",         ERROR_NONE,      "IPv6 loopback"                           },
        {"localhost:0",     ERROR_NONE,      "by name"                                 },
        {"0.0.0.0:0",       ERROR_FORBIDDEN, "S31: everywhere, without TLS"            },
        {"[::]:0",          ERROR_FORBIDDEN, "S31: the same"                           },
        {"192.0.2.1:0",     ERROR_FORBIDDEN, "S31: an address of others"               },
        {"127.0.0.1",       ERROR_INVALID,   "no port"                                 },
        {"127.0.0.1:",      ERROR_INVALID,   "an empty port"                           },
        {"127.0.0.1:70000", ERROR_INVALID,   "no such port"                            },
        {"127.0.0.1:x",     ERROR_INVALID,   "no number"                               },
        {"example.com:80",  ERROR_INVALID,   "a name"                                  },
        {"::1:80",          ERROR_INVALID,   "IPv6 without brackets is another address"},
        {":80",             ERROR_INVALID,   "no address"                              },
        {"",                ERROR_INVALID,   "nothing"                                 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_config config = {.listen = rows[i].listen, .tables = test_tables};
        struct error err;

        if (create(&config, &err) != (rows[i].code == ERROR_NONE) || err.code != rows[i].code)
            fail_msg("%s: %d %s", rows[i].why, (int)err.code, err.message);
    }
}

static void test_insecure_listening_can_be_allowed(void **state)
{
    struct http_config config = {
        .listen = "0.0.0.0:0", .tables = test_tables, .is_insecure_allowed = true};
    struct error err;

    (void)state;
    assert_true(create(&config, &err));
}

static void test_two_servers_do_not_share_a_port(void **state)
{
    struct http_config config = {.listen = "127.0.0.1:0", .tables = test_tables};
    struct http_server *first = NULL;
    struct error err = {0};
    char listen[32];

    (void)state;
    assert_true(http_server_create(&config, &first, &err));
    snprintf(listen, sizeof(listen), "127.0.0.1:%d", http_server_port(first));
    config.listen = listen;
    assert_false(create(&config, &err));
    assert_int_equal(err.code, ERROR_CONFLICT);
    assert_non_null(strstr(err.message, "is in use"));
    http_server_destroy(first);
}

static void test_tables_are_checked(void **state)
{
    static const struct http_route twice[] = {
        {"GET",          "/a/{x}", ACCESS_PUBLIC, 0, BODY_NONE, 0, ping_handler, NULL, NULL, NULL, "a", "a",
         0, 0},
        {"GET", "/a/{x}", ACCESS_PUBLIC, 0, BODY_NONE, 0, ping_handler, NULL, NULL, NULL, "a", "a",
         0, 0},
        {0    },
    };
    static const struct http_route handlerless[] = {
        {"GET",          "/a", ACCESS_PUBLIC, 0, BODY_NONE, 0, NULL, NULL, NULL, NULL, "a", "a", 0, 0},
        {0},
    };
    static const struct http_route changing[] = {
        {"POST",         "/a", ACCESS_PUBLIC, 0, BODY_NONE, 0, ping_handler, NULL, NULL, NULL, "a", "a", 0,
         HTTP_QUICK},
        {0},
    };
    static const struct http_route *const tables[][2] = {
        {twice,       NULL},
        {handlerless, NULL},
        {changing,    NULL}
    };

    (void)state;
    for (size_t i = 0; i < COUNT(tables); i++) {
        struct http_config config = {.listen = "127.0.0.1:0", .tables = tables[i]};
        struct error err;

        assert_false(create(&config, &err));
        assert_int_equal(err.code, ERROR_INTERNAL);
    }
}

static void test_public_origins_are_scheme_and_host(void **state)
{
    static const struct {
        const char *origin;
        bool is_good;
    } rows[] = {
        {"https://studio.example",  true },
        {"http://box:8080",         true },
        {"https://studio.example/", false},
        {"studio.example",          false},
        {"https://",                false},
        {"ftp://studio.example",    false}
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_config config = {
            .listen = "127.0.0.1:0", .tables = test_tables, .public_origin = rows[i].origin};
        struct error err;

        if (create(&config, &err) != rows[i].is_good)
            fail_msg("%s: %s", rows[i].origin, err.message);
    }
}

/* Behind TLS the session has its safe name, HSTS is sent, and the proxy names the client. */
static void test_behind_a_proxy_the_client_sees_https(void **state)
{
    static const char *const proxies[] = {"127.0.0.1", NULL};
    struct fixture fixture;
    struct answer answer;

    (void)state;
    fixture_prepare(&fixture);
    fixture.config.proxies = proxies;
    fixture_start(&fixture);
#define LOGIN "POST /api/v1/login HTTP/1.1\r\n%HContent-Length: 0\r\n"
    answer = exchange(&fixture, LOGIN "\r\n");
    assert_int_equal(answer.status, 204);
    assert_true(str_equal(answer_field(&answer, "Set-Cookie"),
                          STR("sid=secret-token; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax")));
    buf_finish(&answer.bytes);
    answer = exchange(&fixture, LOGIN "X-Forwarded-Proto: https\r\n\r\n");
    assert_true(str_equal(
        answer_field(&answer, "Set-Cookie"),
        STR("__Host-sid=secret-token; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure")));
    assert_true(
        str_equal(answer_field(&answer, "Strict-Transport-Security"), STR("max-age=31536000")));
    buf_finish(&answer.bytes);
    answer = exchange(&fixture, "GET /api/v1/me HTTP/1.1\r\n%HX-Forwarded-Proto: https\r\n"
                                "X-Forwarded-For: 9.9.9.9, 1.2.3.4\r\n"
                                "Cookie: __Host-sid=viewer\r\n\r\n");
    assert_int_equal(answer.status, 200);
    assert_true(answer_has(&answer, "\"1.2.3.4\""));
    buf_finish(&answer.bytes);
    answer = exchange(&fixture, "GET /api/v1/ping HTTP/1.1\r\n%HX-Forwarded-For: 9.9.9.9\r\n"
                                "X-Forwarded-For: 1.2.3.4\r\n\r\n");
    assert_true(answer_has(&answer, "\"1.2.3.4\"")); /* the proxy's own line is the last */
    buf_finish(&answer.bytes);
    answer =
        exchange(&fixture, "GET /healthz HTTP/1.1\r\n%HX-Forwarded-Host: evil.example\r\n\r\n");
    assert_int_equal(answer.status, 421);
    buf_finish(&answer.bytes);
    fixture_end(&fixture);
}

/* Every description, and every error, is JSON that reads; the document names each row once. */
static void test_the_description_is_whole(void **state)
{
    CLEANUP(buf_finish) struct buf text = {0};
    CLEANUP(json_cleanup) struct json *json = NULL;
    const struct json *paths, *schemas;
    struct error err = {0};

    (void)state;
    http_openapi(test_tables, "1.2.3", &text);
    assert_true(json_read(buf_str(&text), &json, &err));
    paths = json_get(json, "paths");
    schemas = json_get(json_get(json, "components"), "schemas");
    for (const struct http_route *route = test_routes; route->method != NULL; route++) {
        const struct json *path = json_get(paths, route->path);
        const struct json *operation =
            json_get(path, strcmp(route->method, "GET") == 0 ? "get" : "post");

        if (!json_is(operation, JSON_OBJECT))
            fail_msg("no %s %s", route->method, route->path);
        assert_true(json_text(json_get(operation, "operationId")).size > 0);
        assert_int_equal(json_count(json_get(operation, "security")),
                         route->access == ACCESS_PUBLIC ? 0 : 2);
    }
    assert_true(json_is(json_get(schemas, "Echo"), JSON_OBJECT));
    assert_true(json_is(json_get(schemas, "Problem"), JSON_OBJECT));
}

static void test_a_problem_says_what_the_page_needs(void **state)
{
    CLEANUP(buf_finish) struct buf text = {0};
    struct error err = {0};

    (void)state;
    error_field(&err, ERROR_TOO_LONG, "name", 40, "name has more than 40 characters");
    error_detail(&err, "for the log");
    http_problem(&err, STR("0123456789abcdef"), &text);
    assert_true(str_equal(
        buf_str(&text),
        STR("{\"type\":\"/docs/errors#too_long\",\"title\":\"name has more than 40 characters\","
            "\"status\":422,\"detail\":\"name has more than 40 characters\",\"code\":\"too_long\","
            "\"field\":\"name\",\"limit\":40,\"trace_id\":\"0123456789abcdef\"}")));
}

static void test_a_problem_says_whose_limit_it_is(void **state)
{
    CLEANUP(buf_finish) struct buf text = {0};
    struct error err = {0};

    (void)state;
    error_field(&err, ERROR_BUDGET, "budget.day.model", 9, "no");
    err.left = 4;
    (void)snprintf(err.unit, sizeof(err.unit), "USD");
    (void)snprintf(err.whose, sizeof(err.whose), "Studio · \"m\"");
    http_problem(&err, STR("0"), &text);
    assert_true(str_find(buf_str(&text), STR("\"field\":\"budget.day.model\",\"limit\":9,"
                                             "\"left\":4,\"unit\":\"USD\","
                                             "\"whose\":\"Studio · \\\"m\\\"\",")) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_are_read_strictly),
        cmocka_unit_test(test_insecure_listening_can_be_allowed),
        cmocka_unit_test(test_two_servers_do_not_share_a_port),
        cmocka_unit_test(test_tables_are_checked),
        cmocka_unit_test(test_public_origins_are_scheme_and_host),
        cmocka_unit_test(test_behind_a_proxy_the_client_sees_https),
        cmocka_unit_test(test_the_description_is_whole),
        cmocka_unit_test(test_a_problem_says_what_the_page_needs),
        cmocka_unit_test(test_a_problem_says_whose_limit_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
