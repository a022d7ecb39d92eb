#include "http/http_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A constant view; its text may hold NULs. */
#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

/* ---- the head, as the library leaves it ---- */

#define FIELDS_MAX 8

/* Does to `text` what the library does: separators become NULs, fields are found leniently. */
struct parsed {
    char bytes[512];
    struct head_field fields[FIELDS_MAX];
    struct head head;
};

static void field_parse(struct parsed *parsed, char *line)
{
    char *colon = strchr(line, ':');
    char *value;

    assert_non_null(colon);
    *colon = '\0';
    value = colon + 1;
    while (*value == ' ' || *value == '\t')
        value++;
    parsed->fields[parsed->head.count++] = (struct head_field){str_of(line), str_of(value)};
}

/* Lines end at LF, with or without CR before; both become NULs. */
static void lenient_parse(struct parsed *parsed, struct str text)
{
    char *line = parsed->bytes, *end = parsed->bytes + text.size;
    bool is_first = true;

    memset(parsed, 0, sizeof(*parsed));
    assert_true(text.size < sizeof(parsed->bytes));
    memcpy(parsed->bytes, text.data, text.size);
    while (line < end) {
        char *lf = memchr(line, '\n', (size_t)(end - line));

        assert_non_null(lf);
        *lf = '\0';
        if (lf > line && lf[-1] == '\r')
            lf[-1] = '\0';
        if (is_first) {
            char *space = strchr(line, ' ');
            char *version = strrchr(line, ' ');

            *space = '\0';
            *version = '\0';
            parsed->head.method = str_of(line);
            parsed->head.version = str_of(version + 1);
            while (*++space == ' ')
                continue;
            parsed->head.target_size = strlen(space);
            is_first = false;
        } else if (*line != '\0') {
            field_parse(parsed, line);
        }
        line = lf + 1;
    }
    parsed->head.bytes = parsed->bytes;
    parsed->head.size = text.size;
    parsed->head.fields = parsed->fields;
}

static void test_head_takes_one_reading_only(void **state)
{
    static const struct {
        struct str text;
        bool is_good;
        const char *why;
    } rows[] = {
        {TEXT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),           true,  "plain"                         },
        {TEXT("GET / HTTP/1.1\r\n\r\n"),                      true,  "no fields"                     },
        {TEXT("GET / HTTP/1.0\r\nHost: a\r\n\r\n"),           true,  "the older version"             },
        {TEXT("GET / HTTP/1.1\r\nHost: \t a \r\nX:\r\n\r\n"), true,  "white space around values"     },
        {TEXT("GET / HTTP/1.1\nHost: a\n\n"),                 false, "bare LF everywhere"            },
        {TEXT("GET / HTTP/1.1\r\nHost: a\n\r\n"),             false, "bare LF after a field"         },
        {TEXT("GET / HTTP/1.1\r\nHost: a\r\n\n"),             false, "bare LF for the blank line"    },
        {TEXT("GET / HTTP/1.1\nHost: a\r\n\r\n"),             false, "bare LF after the request line"},
        {TEXT("GET / HTTP/1.1\r\nHost : a\r\n\r\n"),          false, "space before the colon"        },
        {TEXT("GET / HTTP/1.1\r\n Host: a\r\n\r\n"),          false, "space before the name"         },
        {TEXT("GET / HTTP/1.1\r\n: a\r\n\r\n"),               false, "no name"                       },
        {TEXT("GET / HTTP/1.1\r\nX: a\x01\r\n\r\n"),          false, "a control character"           },
        {TEXT("GET / HTTP/1.1\r\nX: a\rb\r\n\r\n"),           false, "bare CR"                       },
        {TEXT("GET / HTTP/1.1\r\nX: a\0b\r\n\r\n"),           false, "NUL in a value"                },
        {TEXT("GET / HTTP/1.1\r\nX: a\0\0Y: b\r\n\r\n"),      false, "NULs that look like a line end"},
        {TEXT("GET / HTTP/1.1\r\nX: a\0\0\r\n\r\n"),          false, "NULs before the end"           },
        {TEXT("GET  / HTTP/1.1\r\nX: a\r\n\r\n"),             false, "two spaces"                    },
        {TEXT("G\x01T / HTTP/1.1\r\nX: a\r\n\r\n"),           false, "no method"                     },
        {TEXT("GET / HTTP/1.2\r\nX: a\r\n\r\n"),              false, "no version of ours"            },
        {TEXT("GET / http/1.1\r\nX: a\r\n\r\n"),              false, "versions have capitals"        },
        {TEXT("GET /\0b HTTP/1.1\r\nX: a\r\n\r\n"),           false, "NUL in the target"             },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct parsed parsed;
        struct error err = {0};

        lenient_parse(&parsed, rows[i].text);
        if (guard_head(&parsed.head, &err) != rows[i].is_good)
            fail_msg("%s: %s", rows[i].why, err.message);
        if (!rows[i].is_good)
            assert_int_equal(err.code, ERROR_MALFORMED);
    }
}

static void test_head_refuses_fields_that_lie_elsewhere(void **state)
{
    struct parsed parsed;
    struct error err = {0};
    char folded[] = "a b";

    (void)state;
    /* A folded value is put together in other memory. */
    lenient_parse(&parsed, STR("GET / HTTP/1.1\r\nX: a\r\n\r\n"));
    parsed.fields[0].value = str_of(folded);
    assert_false(guard_head(&parsed.head, &err));
    lenient_parse(&parsed, STR("GET / HTTP/1.1\r\nX: a\r\nY: b\r\n\r\n"));
    parsed.fields[1] = parsed.fields[0];
    assert_false(guard_head(&parsed.head, &err));
    lenient_parse(&parsed, STR("GET / HTTP/1.1\r\nX: a\r\nY: b\r\n\r\n"));
    parsed.head.count = 1; /* one that the library did not see */
    assert_false(guard_head(&parsed.head, &err));
}

static void test_framing_is_never_in_doubt(void **state)
{
    static const struct {
        const char *version, *coding[2], *length[2];
        bool is_good, is_chunked;
        uint64_t size;
        const char *why;
    } rows[] = {
        {"HTTP/1.1", {NULL, NULL},                {NULL, NULL},                   true,  false, 0,  "no body"          },
        {"HTTP/1.1", {NULL, NULL},                {"12", NULL},                   true,  false, 12, "a length"         },
        {"HTTP/1.1", {"chunked", NULL},           {NULL, NULL},                   true,  true,  0,  "chunks"           },
        {"HTTP/1.1", {"CHUNKED", NULL},           {NULL, NULL},                   true,  true,  0,  "in capitals"      },
        {"HTTP/1.1", {"chunked", NULL},           {"12", NULL},                   false, false, 0,  "both"             },
        {"HTTP/1.1", {NULL, NULL},                {"12", "12"},                   false, false, 0,  "two lengths"      },
        {"HTTP/1.1", {NULL, NULL},                {"12, 12", NULL},               false, false, 0,  "two in one"       },
        {"HTTP/1.1", {NULL, NULL},                {"+12", NULL},                  false, false, 0,  "a sign"           },
        {"HTTP/1.1", {NULL, NULL},                {"-1", NULL},                   false, false, 0,  "less than nothing"},
        {"HTTP/1.1", {NULL, NULL},                {"0x10", NULL},                 false, false, 0,  "hexadecimal"      },
        {"HTTP/1.1", {NULL, NULL},                {"", NULL},                     false, false, 0,  "no number"        },
        {"HTTP/1.1", {NULL, NULL},                {"99999999999999999999", NULL}, false, false, 0,  "too long"         },
        {"HTTP/1.1", {"gzip, chunked", NULL},     {NULL, NULL},                   false, false, 0,  "another coding"   },
        {"HTTP/1.1", {"chunked", "chunked"},      {NULL, NULL},                   false, false, 0,  "twice chunked"    },
        {"HTTP/1.1", {"chunked, identity", NULL}, {NULL, NULL},                   false, false, 0,  "and more"         },
        {"HTTP/1.1", {"\vchunked", NULL},         {NULL, NULL},                   false, false, 0,  "odd white space"  },
        {"HTTP/1.1", {"", NULL},                  {NULL, NULL},                   false, false, 0,  "nothing said"     },
        {"HTTP/1.0", {"chunked", NULL},           {NULL, NULL},                   false, false, 0,  "before its time"  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct head_field fields[4];
        struct head head = {.version = str_of(rows[i].version), .fields = fields};
        struct framing framing = {0};
        struct error err = {0};

        for (size_t j = 0; j < 2; j++) {
            if (rows[i].coding[j] != NULL)
                fields[head.count++] =
                    (struct head_field){STR("transfer-encoding"), str_of(rows[i].coding[j])};
            if (rows[i].length[j] != NULL)
                fields[head.count++] =
                    (struct head_field){STR("CONTENT-LENGTH"), str_of(rows[i].length[j])};
        }
        if (guard_framing(&head, &framing, &err) != rows[i].is_good ||
            framing.is_chunked != rows[i].is_chunked || framing.length != rows[i].size)
            fail_msg("%s: %s", rows[i].why, err.message);
    }
}

static void test_target_is_a_path_or_an_address(void **state)
{
    static const struct {
        const char *raw, *authority, *path, *query; /* NULL path: refused */
        const char *why;
    } rows[] = {
        {"/a/b?c=d",     "",    "/a/b", "c=d", "a path and a query"          },
        {"/",            "",    "/",    "",    "the root"                    },
        {"/?a?b",        "",    "/",    "a?b", "a second mark is the query's"},
        {"http://h:1/a", "h:1", "/a",   "",    "absolute"                    },
        {"http://h",     "h",   "/",    "",    "absolute without a path"     },
        {"http://u@h/",  NULL,  NULL,   NULL,  "with a user"                 },
        {"http:///a",    NULL,  NULL,   NULL,  "without a host"              },
        {"http://h?a",   NULL,  NULL,   NULL,  "a query for a host"          },
        {"*",            NULL,  NULL,   NULL,  "the server itself"           },
        {"h:80",         NULL,  NULL,   NULL,  "a tunnel"                    },
        {"",             NULL,  NULL,   NULL,  "nothing"                     },
        {"/a#b",         NULL,  NULL,   NULL,  "a fragment"                  },
        {"/a\\b",        NULL,  NULL,   NULL,  "a backslash"                 },
        {"/\xc3\xa4",    NULL,  NULL,   NULL,  "not escaped"                 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct target target;
        struct error err = {0};
        bool is_good = guard_target(str_of(rows[i].raw), &target, &err);

        if (is_good != (rows[i].path != NULL))
            fail_msg("%s", rows[i].why);
        if (!is_good)
            continue;
        if (!str_equal(target.authority, str_of(rows[i].authority)) ||
            !str_equal(target.path, str_of(rows[i].path)) ||
            !str_equal(target.query, str_of(rows[i].query)))
            fail_msg("%s", rows[i].why);
    }
}

static void test_host_is_one_of_ours(void **state)
{
    static const char *const names[] = {"studio.lan", "box:8080", NULL};
    static const struct host_rules rules = {
        .names = names, .public_host = {"studio.example", 14},
             .port = 29281
    };
    static const struct {
        const char *host;
        bool is_good;
        const char *why;
    } rows[] = {
        {"127.0.0.1:29281",              true,  "loopback"                   },
        {"localhost:29281",              true,  "its name"                   },
        {"LOCALHOST:29281",              true,  "in capitals"                },
        {"[::1]:29281",                  true,  "IPv6 loopback"              },
        {"127.9.9.9:29281",              true,  "all of 127/8"               },
        {"192.168.1.5:29281",            true,  "the address that was called"},
        {"192.168.1.6:29281",            false, "another address"            },
        {"127.0.0.1",                    false, "port 80 is not ours"        },
        {"127.0.0.1:80",                 false, "nor when said"              },
        {"localhost.evil.example:29281", false, "a name that begins so"      },
        {"127.0.0.1.evil.example:29281", false, "an address that begins so"  },
        {"evil.example:29281",           false, "rebinding"                  },
        {"studio.lan",                   true,  "configured"                 },
        {"studio.lan:1234",              true,  "configured for any port"    },
        {"box:8080",                     true,  "configured with its port"   },
        {"box:8081",                     false, "and no other"               },
        {"studio.example",               true,  "the public origin"          },
        {"studio.example.",              false, "one dot more"               },
        {"",                             false, "nothing"                    },
        {":29281",                       false, "no name"                    },
        {"localhost:",                   false, "no port"                    },
        {"localhost:29281:1",            false, "two ports"                  },
        {"localhost:029281x",            false, "no number"                  },
        {"user@localhost:29281",         false, "a user"                     },
        {"localhost/:29281",             false, "a path"                     },
        {"[::1%z]:29281",                false, "a zone"                     },
        {"[::1:29281",                   false, "half an address"            },
        {"[::ffff:127.0.0.1]:29281",     true,  "the same, mapped"           },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error err = {0};

        if (guard_host(&rules, str_of(rows[i].host), STR("192.168.1.5"), &err) != rows[i].is_good)
            fail_msg("%s: %s", rows[i].host, rows[i].why);
        assert_int_equal(err.code, rows[i].is_good ? ERROR_NONE : ERROR_WRONG_HOST);
    }
}

static void test_site_must_be_ours_to_change_anything(void **state)
{
    static const struct {
        bool is_unsafe, is_stream, has_bearer, has_session, has_header;
        const char *fetch_site, *origin;
        bool is_good;
        const char *why;
    } rows[] = {
        {true,  false, false, true,  true,  "same-origin", "",               true,  "our page"                          },
        {true,  false, false, true,  true,  "same-origin", "http://us",      true,  "our page, both said"               },
        {true,  false, false, true,  true,  "",            "http://us",      true,  "an older browser"                  },
        {true,  false, false, true,  false, "same-origin", "",               false, "without our header"                },
        {true,  false, false, true,  true,  "cross-site",  "",               false, "another site"                      },
        {true,  false, false, true,  true,  "same-site",   "",               false, "a sub-domain"                      },
        {true,  false, false, true,  true,  "none",        "",               false, "typed: nobody types a POST"        },
        {true,  false, false, true,  true,  "cross-site",  "http://us",      false, "a lying origin"                    },
        {true,  false, false, true,  true,  "",            "http://evil",    false, "another origin"                    },
        {true,  false, false, true,  true,  "",            "null",           false, "a sandbox"                         },
        {true,  false, false, true,  true,  "",            "http://us.evil", false, "one that begins so"                },
        {true,  false, false, true,  true,  "",            "",               false, "a session and neither"             },
        {true,  false, false, false, true,  "cross-site",  "",               false, "login from another site"           },
        {true,  false, false, false, true,  "",            "http://evil",    false, "the same, older browser"           },
        {true,  false, false, false, true,  "same-origin", "",               true,  "login from our page"               },
        {true,  false, false, false, false, "same-origin", "",               false, "login without the header"          },
        {true,  false, false, false, false, "",            "",               true,  "a script without anybody's session"},
        {true,  false, true,  true,  false, "cross-site",  "http://evil",    true,  "a bearer"                          },
        {false, false, false, true,  false, "cross-site",  "",               true,  "a link to us"                      },
        {false, true,  false, true,  false, "same-origin", "",               true,  "our stream"                        },
        {false, true,  false, true,  false, "cross-site",  "",               false, "S23: a foreign stream"             },
        {false, true,  false, true,  false, "",            "http://evil",    false, "S23"                               },
        {false, true,  false, true,  false, "",            "",               true,  "curl with a cookie reads a stream" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct site_facts facts = {.is_unsafe = rows[i].is_unsafe,
                                   .is_stream = rows[i].is_stream,
                                   .has_bearer = rows[i].has_bearer,
                                   .has_session = rows[i].has_session,
                                   .has_own_header = rows[i].has_header,
                                   .fetch_site = str_of(rows[i].fetch_site),
                                   .origin = str_of(rows[i].origin),
                                   .own_origin = STR("http://us")};
        struct error err = {0};

        if (guard_site(&facts, &err) != rows[i].is_good)
            fail_msg("%s", rows[i].why);
        assert_int_equal(err.code, rows[i].is_good ? ERROR_NONE : ERROR_CROSS_SITE);
    }
}

static void test_cookie_is_found_once_or_not_at_all(void **state)
{
    static const struct {
        const char *header, *value; /* NULL: none */
        const char *why;
    } rows[] = {
        {"sid=abc",           "abc", "alone"              },
        {"a=b; sid=abc; c=d", "abc", "among others"       },
        {"sid=a=b",           "a=b", "a sign in the value"},
        {"sid=\"abc\"",       "abc", "in quotes"          },
        {"sid=",              "",    "empty"              },
        {"sid=a; sid=b",      NULL,  "twice"              },
        {"xsid=a",            NULL,  "a longer name"      },
        {"SID=a",             NULL,  "names have case"    },
        {"sid",               NULL,  "no value"           },
        {";;; =;",            NULL,  "nothing at all"     },
        {"",                  NULL,  "empty"              },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str value;

        if (guard_cookie(str_of(rows[i].header), STR("sid"), &value) != (rows[i].value != NULL))
            fail_msg("%s", rows[i].why);
        if (rows[i].value != NULL)
            assert_true(str_equal(value, str_of(rows[i].value)));
    }
}

static void test_client_is_the_rightmost_hop_we_cannot_vouch_for(void **state)
{
    static const char *const proxies[] = {"10.0.0.1", "::1", NULL};
    static const struct {
        const char *peer, *forwarded, *ip, *why;
    } rows[] = {
        {"1.2.3.4",         "9.9.9.9",                    "1.2.3.4",     "no proxy of ours: its header is a lie"},
        {"10.0.0.1",        "1.2.3.4",                    "1.2.3.4",     "ours"                                 },
        {"10.0.0.1",        "9.9.9.9, 1.2.3.4",           "1.2.3.4",     "what the client added stands left"    },
        {"10.0.0.1",        "9.9.9.9, 1.2.3.4, 10.0.0.1", "1.2.3.4",     "two of ours"                          },
        {"10.0.0.1",        "10.0.0.1",                   "10.0.0.1",    "only ours"                            },
        {"10.0.0.1",        "",                           "10.0.0.1",    "it said nothing"                      },
        {"10.0.0.1",        "1.2.3.4, nonsense",          "10.0.0.1",    "it said nonsense"                     },
        {"::1",             "2001:db8::1",                "2001:db8::1", "IPv6"                                 },
        {"::ffff:10.0.0.1", "1.2.3.4",                    "1.2.3.4",     "mapped"                               },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (!str_equal(guard_client_ip(str_of(rows[i].peer), str_of(rows[i].forwarded), proxies),
                       str_of(rows[i].ip)))
            fail_msg("%s", rows[i].why);
}

static void test_coding_is_used_when_it_is_accepted(void **state)
{
    (void)state;
    assert_true(guard_accepts_coding(STR("gzip, br"), STR("br")));
    assert_true(guard_accepts_coding(STR("br;q=0.5"), STR("br")));
    assert_true(guard_accepts_coding(STR("BR"), STR("br")));
    assert_false(guard_accepts_coding(STR("gzip, br;q=0"), STR("br")));
    assert_false(guard_accepts_coding(STR("br;q=x"), STR("br")));
    assert_false(guard_accepts_coding(STR("brotli"), STR("br")));
    assert_false(guard_accepts_coding(STR(""), STR("br")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head_takes_one_reading_only),
        cmocka_unit_test(test_head_refuses_fields_that_lie_elsewhere),
        cmocka_unit_test(test_framing_is_never_in_doubt),
        cmocka_unit_test(test_target_is_a_path_or_an_address),
        cmocka_unit_test(test_host_is_one_of_ours),
        cmocka_unit_test(test_site_must_be_ours_to_change_anything),
        cmocka_unit_test(test_cookie_is_found_once_or_not_at_all),
        cmocka_unit_test(test_client_is_the_rightmost_hop_we_cannot_vouch_for),
        cmocka_unit_test(test_coding_is_used_when_it_is_accepted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
