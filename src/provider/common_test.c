#include "provider/provider_test.h"

#include "core/clock.h"
#include "core/hash.h"

static void test_a_pasted_base_url_becomes_a_base(void **state)
{
    /* clang-format off */
    static const struct {
        const char *pasted, *path_default, *base, *why;
    } rows[] = {
        {"https://host", "/v1", "https://host/v1", "no path"},
        {"https://host/", "/v1", "https://host/v1", "a lone slash"},
        {"https://host/v1", "/v1", "https://host/v1", "as it should be"},
        {"https://host/v1/", "/v1", "https://host/v1", "a slash too many"},
        {"https://host/v1///", "/v1", "https://host/v1", "slashes too many"},
        {" https://host/v1\n", "/v1", "https://host/v1", "pasted with space"},
        {"https://host/v1/chat/completions", "/v1", "https://host/v1", "the chat endpoint"},
        {"https://host/v1/images/edits", "/v1", "https://host/v1", "the edits endpoint"},
        {"https://host/v1/images/generations/", "/v1", "https://host/v1", "endpoint and slash"},
        {"https://host/v1/Models", "/v1", "https://host/v1", "any case"},
        {"https://host/chat/completions", "/v1", "https://host/v1", "no path is left"},
        {"https://ark.cn/api/v3", "/v1", "https://ark.cn/api/v3", "a path of its own"},
        {"https://a/compatible-mode/v1", "/v1", "https://a/compatible-mode/v1", "another one"},
        {"http://127.0.0.1:8080", "/v1", "http://127.0.0.1:8080/v1", "a port"},
        {"http://[::1]:8080", "/v1", "http://[::1]:8080/v1", "IPv6"},
        {"https://openrouter.ai", "/api/v1", "https://openrouter.ai/api/v1", "its own path"},
        {"HTTPS://Host", "/v1", "HTTPS://Host/v1", "any case, kept"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error err;
        struct str base;
        if (!provider_url_base(str_of(rows[i].pasted), rows[i].path_default, fixture->arena, &base,
                               &err))
            fail_msg("%s: %s", rows[i].why, err.message);
        assert_text(base, rows[i].base);
    }
}

static void test_a_bad_base_url_is_refused_with_the_field(void **state)
{
    static const struct {
        const char *pasted, *why;
    } rows[] = {
        {"",                      "nothing"                  },
        {"host/v1",               "no scheme"                },
        {"ftp://host",            "another scheme"           },
        {"https://",              "no host"                  },
        {"https:///v1",           "no host, a path"          },
        {"https://u:p@host",      "credentials in an address"},
        {"https://host/v1?key=1", "a query"                  },
        {"https://host/v1#a",     "a fragment"               },
        {"https://ho st",         "a space"                  },
        {"https://host/\r\nX: y", "a line break"             },
        {"https://h\xc3\xb6st",   "not ASCII"                },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error err = {0};
        struct str base = STR("untouched");
        if (provider_url_base(str_of(rows[i].pasted), "/v1", fixture->arena, &base, &err))
            fail_msg("taken: %s", rows[i].why);
        assert_string_equal(err.field, "base_url");
        assert_text(base, "untouched");
    }
}

static void test_host_is_found_in_an_address(void **state)
{
    static const struct {
        const char *url, *host;
    } rows[] = {
        {"https://api.openai.com/v1", "api.openai.com"},
        {"http://a:80",               "a"             },
        {"https://a?b",               "a"             },
        {"http://[::1]:9/x",          "[::1]"         },
        {"http://[::1",               ""              },
        {"a.b/c",                     ""              },
        {"",                          ""              },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_text(provider_url_host(str_of(rows[i].url)), rows[i].host);
}

static void test_retry_after_is_read_or_ignored(void **state)
{
    static const struct {
        const char *name, *value;
        int64_t ms;
        const char *why;
    } rows[] = {
        {"retry-after",    "2",                             2000,    "seconds"          },
        {"retry-after",    "0",                             0,       "at once"          },
        {"retry-after",    "1.5",                           1500,    "a fraction"       },
        {"retry-after-ms", "250",                           250,     "milliseconds"     },
        {"retry-after-ms", "250.2",                         251,     "never too early"  },
        {"retry-after",    "Sun, 22 Nov 2026 10:00:30 GMT", 30000,   "a date"           },
        {"retry-after",    "Sun, 22 Nov 2026 09:00:30 GMT", -1,      "a date gone by"   },
        {"retry-after",    "3600",                          3600000, "an hour"          },
        {"retry-after",    "3601",                          -1,      "more than an hour"},
        {"retry-after",    "-1",                            -1,      "negative"         },
        {"retry-after",    "soon",                          -1,      "no number"        },
        {"retry-after",    "",                              -1,      "empty"            },
        {"retry-after",    "1e99",                          -1,      "absurd"           },
        {"x-other",        "5",                             -1,      "absent"           },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_header header = {str_of(rows[i].name), str_of(rows[i].value)};
        struct exchange_reply reply = {.headers = &header, .header_count = 1};
        int64_t ms;
        assert_true(clock_parse(STR("2026-11-22T10:00:00Z"), &reply.now_ms));
        ms = exchange_retry_after_ms(&reply);
        if (ms != rows[i].ms)
            fail_msg("%s: %lld", rows[i].why, (long long)ms);
    }
}

static void test_milliseconds_win_over_seconds(void **state)
{
    const struct exchange_header headers[] = {
        {STR("retry-after"),    STR("9") },
        {STR("retry-after-ms"), STR("70")},
    };
    const struct exchange_reply reply = {.headers = headers, .header_count = 2};

    (void)state;
    assert_int_equal(exchange_retry_after_ms(&reply), 70);
}

static void test_options_are_liberal_in_type_and_bounded(void **state)
{
    struct fixture *fixture = *state;
    const struct provider_account *account = &fixture->account;

    assert_int_equal(account_option_int(account, "a", 7, 0, 10), 7); /* no options at all */
    fixture_options(fixture, "{\"a\":5,\"b\":\"6\",\"c\":99,\"d\":-4,\"e\":\"x\",\"f\":\"true\","
                             "\"g\":false,\"h\":\" t \",\"i\":0.25,\"j\":\"0\"}");
    assert_int_equal(account_option_int(account, "a", 7, 0, 10), 5);
    assert_int_equal(account_option_int(account, "b", 7, 0, 10), 6);
    assert_int_equal(account_option_int(account, "c", 7, 0, 10), 10);
    assert_int_equal(account_option_int(account, "d", 7, 0, 10), 0);
    assert_int_equal(account_option_int(account, "e", 7, 0, 10), 7);
    assert_true(account_option_bool(account, "f", false));
    assert_false(account_option_bool(account, "g", true));
    assert_false(account_option_bool(account, "j", true));
    assert_true(account_option_bool(account, "none", true));
    assert_text(account_option_text(account, "h"), "t");
    assert_true(account_option_double(account, "i", 0, 0, 1) == 0.25);
}

static void test_a_key_that_would_break_the_head_is_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char *const keys[] = {"a\r\nX: y", "a b", "\x01", "schl\xc3\xbcssel"};

    for (size_t i = 0; i < COUNT(keys); i++) {
        struct exchange exchange = {0};
        struct error err = {0};
        fixture->account.key.hidden = str_of(keys[i]);
        assert_false(exchange_add_bearer(&exchange, &fixture->account, fixture->arena, &err));
        assert_string_equal(err.field, "key");
        assert_null(strstr(err.message, "schl"));
    }
}

/* --- signatures --- */

static const struct exchange_signing signing = {
    .key_id = {"AKLTEXAMPLEACCESSKEYID", 22},
    .region = {"cn-north-1",                        10},
    .service = {"cv",2},
    .key = {{"EXAMPLESECRETKEY0123456789abcdefABCDEF==", 40}                    },
};

static void test_a_signed_exchange_gets_its_headers_when_it_leaves(void **state)
{
    /* Vector A of facts 4C, its body in two segments. */
    struct str body[] = {STR("{\"req_key\":\"jimeng_t2i_v40\",\"prompt\":\"a red bicycle against "),
                         STR("a white wall\",\"width\":1024,\"height\":1024}")};
    struct fixture *fixture = *state;
    struct exchange exchange = {
        .method = STR("POST"),
        .url = STR("https://visual.volcengineapi.com/?Action=CVSync2AsyncSubmitTask&Version="
                   "2022-08-31"),
        .body = body,
        .body_count = COUNT(body),
        .signing = &signing,
    };
    struct exchange signed_exchange = {0};
    struct exchange_header *headers;
    size_t count;
    int64_t wall_ms;

    assert_true(clock_parse(STR("2026-11-22T08:00:00Z"), &wall_ms));
    exchange_add_header(&exchange, fixture->arena, "Content-Type", STR("application/json"));
    headers = ARENA_ARRAY(fixture->arena, struct exchange_header, 4);
    memcpy(headers, exchange_headers(&exchange, wall_ms, fixture->arena, &count),
           4 * sizeof headers[0]);
    assert_int_equal(count, 4);
    signed_exchange.headers = headers;
    signed_exchange.header_count = count;
    assert_text(header_of(&signed_exchange, "Content-Type"), "application/json");
    assert_text(header_of(&signed_exchange, "X-Date"), "20261122T080000Z");
    assert_text(header_of(&signed_exchange, "X-Content-Sha256"),
                "b1cd60472e3c43144e3231ebb2836cf88800c45393cef21a29e1272fa0a52b2b");
    assert_text(header_of(&signed_exchange, "Authorization"),
                "HMAC-SHA256 Credential=AKLTEXAMPLEACCESSKEYID/20261122/cn-north-1/cv/request, "
                "SignedHeaders=host;x-content-sha256;x-date, Signature="
                "2c8d044b958b5ac37ef0756b79e0b3d9776f175dce970426f048b6a2a499a35b");
    assert_int_equal(exchange.header_count, 1); /* the exchange itself stays as it was */
}

/* Vector D of facts 4C: a temporary key says and signs its session token. */
static void test_a_session_token_is_sent_and_signed(void **state)
{
    struct str body[] = {
        STR("{\"req_key\":\"jimeng_t2i_v40\",\"prompt\":\"一辆红色自行车，白墙前 🚲\"}")};
    struct exchange_signing temporary = signing;
    struct fixture *fixture = *state;
    struct exchange exchange = {
        .method = STR("POST"),
        .url = STR("https://visual.volcengineapi.com/?Action=CVSync2AsyncSubmitTask&Version="
                   "2022-08-31"),
        .body = body,
        .body_count = COUNT(body),
        .signing = &temporary,
    };
    struct exchange signed_exchange = {0};
    struct exchange_header headers[8];
    size_t count;
    int64_t wall_ms;

    temporary.session_token.hidden = STR("STSTOKENEXAMPLE");
    assert_true(clock_parse(STR("2026-11-22T08:00:00Z"), &wall_ms));
    exchange_add_header(&exchange, fixture->arena, "Content-Type", STR("application/json"));
    memcpy(headers, exchange_headers(&exchange, wall_ms, fixture->arena, &count),
           5 * sizeof headers[0]);
    assert_int_equal(count, 5);
    signed_exchange.headers = headers;
    signed_exchange.header_count = count;
    assert_text(header_of(&signed_exchange, "X-Security-Token"), "STSTOKENEXAMPLE");
    assert_text(header_of(&signed_exchange, "X-Content-Sha256"),
                "65b47992dd2fb2782f291fbe59c9108f47551edb6376edf719cf6b8682281258");
    assert_text(header_of(&signed_exchange, "Authorization"),
                "HMAC-SHA256 Credential=AKLTEXAMPLEACCESSKEYID/20261122/cn-north-1/cv/request, "
                "SignedHeaders=host;x-content-sha256;x-date;x-security-token, Signature="
                "8cc1e8118a0f7f2320298c355c441c73f2f048e0da9be400dcf9c454accec6cc");
}

static void test_a_key_may_have_its_session_token_on_a_second_line(void **state)
{
    static const struct {
        const char *secret, *key, *token;
    } rows[] = {
        {"key",            "key", ""     },
        {" key \n token ", "key", "token"},
        {"key\n",          "key", ""     },
        {"",               "",    ""     },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct secret secret = {str_of(rows[i].secret)};

        assert_text(provider_key_part(secret), rows[i].key);
        assert_text(provider_session_token(secret), rows[i].token);
    }
}

static struct str authorization_of(struct fixture *fixture, const char *url)
{
    struct exchange exchange = {.method = STR("GET"), .url = str_of(url), .signing = &signing};
    size_t count;
    const struct exchange_header *headers =
        exchange_headers(&exchange, 1790000000000, fixture->arena, &count);

    return headers[count - 1].value;
}

static void test_a_signature_holds_the_host_as_it_is_sent(void **state)
{
    static const struct {
        const char *one, *other;
        bool is_same;
    } rows[] = {
        {"https://host/",      "https://host",           true },
        {"https://host/",      "https://host:443/",      true },
        {"http://host/",       "http://host:80",         true },
        {"https://host/",      "https://host:80/",       false},
        {"http://host:8080/",  "http://host/",           false},
        {"https://host/?a=1",  "https://host?a=1",       true },
        {"https://host/?a=1",  "https://host/a=1",       false},
        {"http://[::1]:8080/", "http://[::1]:8080",      true },
        {"https://host/a",     "https://host/b",         false},
        {"https://a/?b&c=1",   "https://a/?c=%31&b=",    true },
        {"https://a/?b=1",     "https://b/?b=1",         false},
        {"nonsense",           "more nonsense, no host", true }, /* an empty host; and no crash */
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++)
        if (str_equal(authorization_of(fixture, rows[i].one),
                      authorization_of(fixture, rows[i].other)) != rows[i].is_same)
            fail_msg("%s and %s", rows[i].one, rows[i].other);
}

static void test_an_unsigned_exchange_leaves_with_its_own_headers(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange = {0};
    size_t count;

    exchange_add_header(&exchange, fixture->arena, "Accept", STR("*/*"));
    assert_ptr_equal(exchange_headers(&exchange, 0, fixture->arena, &count), exchange.headers);
    assert_int_equal(count, 1);
}

static void test_an_id_that_may_be_a_part_of_a_path_is_plain(void **state)
{
    static const struct {
        const char *id;
        bool is_plain;
    } rows[] = {
        {"aZ09-_",    true },
        {"12345678",  true },
        {"123456789", false},
        {"",          false},
        {"a/b",       false},
        {"..",        false},
        {"a b",       false},
        {"a%2f",      false},
        {"ü",        false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(remote_id_is_plain(str_of(rows[i].id), 8), rows[i].is_plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_pasted_base_url_becomes_a_base),
        TEST(test_a_bad_base_url_is_refused_with_the_field),
        TEST(test_host_is_found_in_an_address),
        TEST(test_retry_after_is_read_or_ignored),
        TEST(test_milliseconds_win_over_seconds),
        TEST(test_options_are_liberal_in_type_and_bounded),
        TEST(test_a_key_that_would_break_the_head_is_refused),
        TEST(test_a_signed_exchange_gets_its_headers_when_it_leaves),
        TEST(test_a_session_token_is_sent_and_signed),
        TEST(test_a_key_may_have_its_session_token_on_a_second_line),
        TEST(test_a_signature_holds_the_host_as_it_is_sent),
        TEST(test_an_unsigned_exchange_leaves_with_its_own_headers),
        TEST(test_an_id_that_may_be_a_part_of_a_path_is_plain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
