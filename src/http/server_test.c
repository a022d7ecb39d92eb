#include "http/test_server.h"

static int setup(void **state)
{
    static struct fixture fixture;

    fixture_prepare(&fixture);
    fixture_start(&fixture);
    *state = &fixture;
    return 0;
}

static int setup_without_page(void **state)
{
    static const struct http_asset none[] = {{0}};
    static struct fixture fixture;

    fixture_prepare(&fixture);
    fixture.config.assets = none;
    fixture_start(&fixture);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    fixture_end(*state);
    return 0;
}

#define EXPECT(answer_, status_)                                                                   \
    do {                                                                                           \
        if ((answer_).status != (status_))                                                         \
            fail_msg("%d instead of %d: %.*s", (answer_).status, (status_),                        \
                     STR_ARGS(buf_str(&(answer_).bytes)));                                         \
    } while (0)

static void test_answers_json_with_every_header(void **state)
{
    static const struct {
        const char *name, *value;
    } headers[] = {
        {"Content-Type",                 "application/json"},
        {"Cache-Control",                "no-store"        },
        {"X-Content-Type-Options",       "nosniff"         },
        {"Referrer-Policy",              "no-referrer"     },
        {"Cross-Origin-Opener-Policy",   "same-origin"     },
        {"Cross-Origin-Resource-Policy", "same-origin"     },
        {"Server",                       ""                },
        {"Strict-Transport-Security",    ""                },
    };
    struct answer answer = exchange(*state, "GET /api/v1/ping HTTP/1.1\r\n%H\r\n");

    EXPECT(answer, 200);
    for (size_t i = 0; i < COUNT(headers); i++)
        if (!str_equal(answer_field(&answer, headers[i].name), str_of(headers[i].value)))
            fail_msg("%s: %.*s", headers[i].name, STR_ARGS(answer_field(&answer, headers[i].name)));
    assert_true(str_starts_with(answer_field(&answer, "Content-Security-Policy"),
                                STR("default-src 'none'; script-src 'self';")));
    assert_true(answer_has(&answer, "require-trusted-types-for 'script'"));
    assert_true(answer_has(&answer, "frame-ancestors 'none'"));
    assert_int_equal(answer_field(&answer, "X-Trace-Id").size, TRACE_ID_SIZE);
    assert_true(answer_field(&answer, "RateLimit").size > 0);
    assert_true(answer_has(&answer, "{\"text\":\"127.0.0.1\",\"number\":0}"));
    buf_finish(&answer.bytes);
}

/* A column as wide as the longest request would leave nothing to read. */
/* clang-format off */
static const struct {
    const char *request;
    int status;
    const char *has; /* in head or body; NULL: nothing more */
    const char *why;
} rows[] = {
    /* matching */
    {"GET /api/v1/none HTTP/1.1\r\n%H\r\n", 404, "\"code\":\"not_found\"", "no such path"},
    {"PUT /api/v1/ping HTTP/1.1\r\n%HX-Vitrine: 1\r\n\r\n", 405, "Allow: GET, HEAD, OPTIONS",
     "RFC 9110 15.5.6"},
    {"TRACE /api/v1/ping HTTP/1.1\r\n%H\r\n", 405, NULL, "S29"},
    {"OPTIONS /api/v1/echo HTTP/1.1\r\n%H\r\n", 204, "Allow: POST, OPTIONS", "what it takes"},
    {"HEAD /api/v1/ping HTTP/1.1\r\n%H\r\n", 200, "Content-Length: 31", "GET without its body"},
    {"GET /api/v1/names/tea%20cup HTTP/1.1\r\n%H\r\n", 200, "{\"text\":\"tea cup\",\"number\":7}",
     "decoded once"},
    {"GET /api/v1/names/%2541 HTTP/1.1\r\n%H\r\n", 200, "\"%41\"", "and only once"},
    {"GET /api/v1/names/a%2fb HTTP/1.1\r\n%H\r\n", 400, NULL, "an escaped slash"},
    {"GET /api/v1/names/.. HTTP/1.1\r\n%H\r\n", 404, NULL, "dots"},
    {"GET /api/v1/names/%2e%2e HTTP/1.1\r\n%H\r\n", 404, NULL, "escaped dots"},
    {"GET /api//v1/ping HTTP/1.1\r\n%H\r\n", 404, NULL, "an empty segment"},
    {"GET /api/v1/names/%00 HTTP/1.1\r\n%H\r\n", 400, NULL, "NUL"},
    {"GET /api/v1/names/%ff HTTP/1.1\r\n%H\r\n", 400, NULL, "no UTF-8"},
    {"GET /api/v1/names/%zz HTTP/1.1\r\n%H\r\n", 400, NULL, "a broken escape"},
    /* queries */
    {"GET /api/v1/names/a?limit=9 HTTP/1.1\r\n%H\r\n", 200, "\"number\":9", "a known one"},
    {"GET /api/v1/names/a?limit=900 HTTP/1.1\r\n%H\r\n", 422, "\"limit\":100", "its bound"},
    {"GET /api/v1/names/a?limit=x HTTP/1.1\r\n%H\r\n", 422, "wrong_type", "its type"},
    {"GET /api/v1/names/a?limit=1&limit=2 HTTP/1.1\r\n%H\r\n", 422, "invalid", "twice"},
    {"GET /api/v1/names/a?other=1 HTTP/1.1\r\n%H\r\n", 422, "\"field\":\"other\"", "unknown"},
    /* who may */
    {"GET /api/v1/me HTTP/1.1\r\n%H\r\n", 401, "WWW-Authenticate: Bearer", "nobody"},
    {"GET /api/v1/me HTTP/1.1\r\n%HCookie: sid=viewer\r\n\r\n", 200, "\"number\":1", "a viewer"},
    {"GET /api/v1/me HTTP/1.1\r\n%HCookie: sid=viewer; sid=admin\r\n\r\n", 401, NULL,
     "two of one name"},
    {"GET /api/v1/me HTTP/1.1\r\n%HCookie: __Host-sid=viewer\r\n\r\n", 401, NULL,
     "the name of https over http"},
    {"GET /api/v1/me HTTP/1.1\r\n%HCookie: sid=viewer\r\nAuthorization: Bearer x\r\n\r\n", 401,
     NULL, "a bearer silences the cookie"},
    {"GET /api/v1/admin HTTP/1.1\r\n%HCookie: sid=member\r\n\r\n", 403, NULL, "a role too low"},
    {"GET /api/v1/admin HTTP/1.1\r\n%HCookie: sid=admin\r\n\r\n", 200, NULL, "the role"},
    {"GET /api/v1/admin HTTP/1.1\r\n%HAuthorization: Bearer reader\r\n\r\n", 403, NULL,
     "the role without the scope"},
    {"GET /api/v1/nobody HTTP/1.1\r\n%HCookie: sid=admin\r\n\r\n", 403, NULL, "S14"},
    /* bodies */
    {"POST /api/v1/echo HTTP/1.1\r\n%HAuthorization: Bearer writer\r\nContent-Type: "
     "application/json\r\nContent-Length: 12\r\n\r\n{\"text\":\"a\"}",
     201, "{\"text\":\"a\",\"number\":0}", "the shape, both ways"},
    {"POST /api/v1/echo HTTP/1.1\r\n%HAuthorization: Bearer writer\r\nContent-Type: "
     "application/json; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"tex\r\n"
     "7;x=y\r\nt\":\"a\"}\r\n0\r\nTrailer: 1\r\n\r\n",
     201, "{\"text\":\"a\",\"number\":0}", "in chunks, with an extension and a trailer"},
    {"POST /api/v1/echo HTTP/1.1\r\n%HAuthorization: Bearer writer\r\nContent-Type: "
     "text/plain\r\nContent-Length: 12\r\n\r\n{\"text\":\"a\"}",
     415, NULL, "S18: the type of a simple request"},
    {"POST /api/v1/upload HTTP/1.1\r\n%HContent-Type: application/json\r\n"
     "Content-Length: 2\r\n\r\n{}",
     401, NULL, "who asks comes before what is sent"},
    {"POST /api/v1/upload HTTP/1.1\r\n%HAuthorization: Bearer writer\r\nContent-Type: "
     "application/json\r\nContent-Length: 2\r\n\r\n{}",
     415, NULL, "no form"},
    {"POST /api/v1/echo HTTP/1.1\r\n%HAuthorization: Bearer writer\r\nContent-Type: "
     "application/json\r\nContent-Length: 8\r\n\r\n{\"text\":",
     400, "malformed", "half a document"},
    {"POST /api/v1/echo HTTP/1.1\r\n%HAuthorization: Bearer writer\r\nContent-Length: 0\r\n\r\n",
     422, "\"field\":\"text\"", "nothing is an empty object"},
    {"POST /api/v1/echo HTTP/1.1\r\n%HAuthorization: Bearer writer\r\nContent-Type: "
     "application/json\r\nContent-Length: 99999999\r\n\r\n",
     413, "\"limit\":4096", "refused before it is read"},
    {"GET /api/v1/ping HTTP/1.1\r\n%HContent-Length: 3\r\n\r\nabc", 413, NULL, "no body here"},
    /* host */
    {"GET /api/v1/ping HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421, "wrong_host", "S28"},
    {"GET /api/v1/ping HTTP/1.1\r\n\r\n", 400, NULL, "HTTP/1.1 without Host"},
    {"GET /api/v1/ping HTTP/1.0\r\n\r\n", 421, NULL, "nobody's name"},
    {"GET /api/v1/ping HTTP/1.1\r\n%HHost: x\r\n\r\n", 400, NULL, "two hosts"},
    {"GET http://evil.example/api/v1/ping HTTP/1.1\r\n%H\r\n", 400, NULL, "absolute-form"},
    {"HEAD /api/v1/events HTTP/1.1\r\n%HCookie: sid=viewer\r\n\r\n", 405, "Allow: GET, OPTIONS",
     "a stream is not opened to be asked about"},
    /* errors */
    {"GET /api/v1/broken HTTP/1.1\r\n%H\r\n", 500, "something went wrong here", "S29"},
    /* the page */
    {"GET / HTTP/1.1\r\n%H\r\n", 200, "<p>page</p>", "the page"},
    {"GET /products/01H HTTP/1.1\r\n%H\r\n", 200, "Cache-Control: no-cache", "the page's own path"},
    {"GET /assets/none.js HTTP/1.1\r\n%H\r\n", 404, NULL, "a missing asset is missing"},
    {"GET /none.png HTTP/1.1\r\n%H\r\n", 404, NULL, "and so is a missing file"},
    {"GET /assets/a.js HTTP/1.1\r\n%H\r\n", 200, "plain", "as it is"},
    {"GET /assets/a.js HTTP/1.1\r\n%HAccept-Encoding: gzip, br\r\n\r\n", 200,
     "Content-Encoding: br", "brotli first"},
    {"GET /assets/a.js HTTP/1.1\r\n%HAccept-Encoding: gzip, br;q=0\r\n\r\n", 200,
     "Content-Encoding: gzip", "a refused one"},
    {"GET /assets/a.js HTTP/1.1\r\n%HIf-None-Match: \"a1\"\r\n\r\n", 304, "immutable", "unchanged"},
    {"POST / HTTP/1.1\r\n%HContent-Length: 0\r\n\r\n", 404, NULL, "the page takes nothing"},
    /* built in */
    {"GET /healthz HTTP/1.1\r\n%H\r\n", 200, "ok", "alive"},
    {"GET /readyz HTTP/1.1\r\n%H\r\n", 200, "ready", "ready"},
    {"GET /metrics HTTP/1.1\r\n%H\r\n", 200, "# EOF", "on this machine"},
    {"GET /metrics HTTP/1.1\r\n%HX-Forwarded-For: 1.2.3.4\r\n\r\n", 401, NULL,
     "through somebody's proxy"},
    {"GET /openapi.json HTTP/1.1\r\n%H\r\n", 200, "\"openapi\":\"3.1.0\"", "described"},
    {"GET /docs HTTP/1.1\r\n%H\r\n", 200, "<p>page</p>", "for people, by the page"},
    {"GET /openapi.json HTTP/1.1\r\n%H\r\n", 200,
     "{\"code\":\"not_found\",\"status\":404,\"is_retried\":false}", "with the codes of errors"},
    {"GET /docs/errors HTTP/1.1\r\n%H\r\n", 200, "<p>page</p>", "what problems point to"},
    {"POST /api/v1/csp-report HTTP/1.1\r\n%HSec-Fetch-Site: same-origin\r\nContent-Type: "
     "application/csp-report\r\nContent-Length: 2\r\n\r\n{}", 204, NULL, "a browser's own report"},
    /* files */
    {"GET /api/v1/file HTTP/1.1\r\n%HRange: bytes=26-28\r\n\r\n", 206,
     "Content-Range: bytes 26-28/1000", "a part"},
    {"GET /api/v1/file HTTP/1.1\r\n%HRange: bytes=5000-\r\n\r\n", 416,
     "Content-Range: bytes */1000", "outside"},
    {"GET /api/v1/file HTTP/1.1\r\n%HRange: bytes=0-1,3-4\r\n\r\n", 200, "Content-Length: 1000",
     "several are the whole"},
    {"GET /api/v1/file HTTP/1.1\r\n%HIf-None-Match: W/\"abc123\"\r\n\r\n", 304, NULL, "unchanged"},
    {"GET /api/v1/file HTTP/1.1\r\n%HRange: bytes=0-1\r\nIf-Range: \"old\"\r\n\r\n", 200,
     "Content-Length: 1000", "changed since"},
    {"GET /api/v1/file HTTP/1.1\r\n%HRange: bytes=0-1\r\nIf-Range: \"abc123\"\r\n\r\n", 206, NULL,
     "the same still"},
    {"HEAD /api/v1/file HTTP/1.1\r\n%H\r\n", 200, "Content-Length: 1000", "its size"},
    {"GET /api/v1/file HTTP/1.1\r\n%H\r\n", 200, "Content-Disposition: inline", "a raster"},
    {"GET /api/v1/file?html=true HTTP/1.1\r\n%H\r\n", 200, "Content-Disposition: attachment",
     "S21: nothing that runs is shown"},
    {"GET /api/v1/file?name=%E8%8C%B6.png HTTP/1.1\r\n%H\r\n", 200,
     "filename=\"_.png\"; filename*=UTF-8''%E8%8C%B6.png", "RFC 6266"},
    {"GET /api/v1/file HTTP/1.1\r\n%H\r\n", 200,
     "Content-Security-Policy: sandbox; default-src 'none'", "S21"},
};
/* clang-format on */

static void test_answers_each_request_as_it_deserves(void **state)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct answer answer = exchange(*state, rows[i].request);

        if (answer.status != rows[i].status ||
            (rows[i].has != NULL && !answer_has(&answer, rows[i].has)))
            fail_msg("%s: %d instead of %d\n%s\n%.*s", rows[i].why, answer.status, rows[i].status,
                     rows[i].request, STR_ARGS(buf_str(&answer.bytes)));
        assert_false(answer_has(&answer, "SELECT"));
        assert_true(answer_field(&answer, "Content-Security-Policy").size > 0);
        assert_true(str_equal(answer_field(&answer, "X-Content-Type-Options"), STR("nosniff")));
        buf_finish(&answer.bytes);
    }
}

static void test_without_a_page_the_api_is_still_described_for_people(void **state)
{
    struct answer answer = exchange(*state, "GET /docs HTTP/1.1\r\n%H\r\n");

    EXPECT(answer, 200);
    assert_true(answer_has(&answer, "/api/v1/names/{name}"));
    assert_true(answer_has(&answer, "href=\"/openapi.json\""));
    buf_finish(&answer.bytes);
    answer = exchange(*state, "GET /docs/errors HTTP/1.1\r\n%H\r\n");
    assert_true(answer_has(&answer, "id=\"not_found\""));
    buf_finish(&answer.bytes);
}

static void test_quick_answers_come_from_the_thread_that_read_the_request(void **state)
{
    static const struct {
        const char *request;
        int status;
        bool is_handed_over;
        const char *why;
    } asked[] = {
        {"GET /api/v1/quick HTTP/1.1\r\n%HAuthorization: Bearer reader\r\n\r\n",                  200, false,
         "plain"                                                                                                                           },
        {"GET /api/v1/quick?limit=5&cursor=x HTTP/1.1\r\n%HAuthorization: Bearer reader\r\n\r\n",
         200,                                                                                          false, "a page of it"               },
        {"GET /api/v1/quick?q=tea HTTP/1.1\r\n%HAuthorization: Bearer reader\r\n\r\n",            200, true,
         "a search may take its time"                                                                                                      },
        {"GET /api/v1/quick HTTP/1.1\r\n%H\r\n",                                                  401, false, "access is checked there too"},
        {"GET /api/v1/quick?limit=0 HTTP/1.1\r\n%HAuthorization: Bearer reader\r\n\r\n",          422, false,
         "and input"                                                                                                                       },
    };

    for (size_t i = 0; i < COUNT(asked); i++) {
        struct answer answer = exchange(*state, asked[i].request);

        if (answer.status != asked[i].status)
            fail_msg("%s: %d", asked[i].why, answer.status);
        if (answer.status == 200 &&
            answer_has(&answer, "\"text\":\"http-") != asked[i].is_handed_over)
            fail_msg("%s: %.*s", asked[i].why, STR_ARGS(answer.body));
        buf_finish(&answer.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_quick_answers_come_from_the_thread_that_read_the_request, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answers_json_with_every_header, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answers_each_request_as_it_deserves, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_a_page_the_api_is_still_described_for_people,
                                        setup_without_page, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
