#include "net/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define OK ERROR_NONE
#define BAD ERROR_INVALID
#define NOT ERROR_ADDRESS_REFUSED

static const struct {
    const char *url;
    enum error_code public_code, owner_code;
    const char *why;
} rows[] = {
    {"https://example.com/a.png?x=1",        OK,  OK,  "plain"                            },
    {"HTTPS://EXAMPLE.com",                  OK,  OK,  "capitals"                         },
    {"http://example.com:80/",               OK,  OK,  "port 80"                          },
    {"http://example.com:443/",              OK,  OK,  "port 443"                         },
    {"https://example.com:8443/",            NOT, OK,  "another port"                     },
    {"http://example.com:22/",               NOT, OK,  "ssh's port"                       },
    {"http://example.com:0/",                BAD, BAD, "port 0"                           },
    {"http://example.com:65536/",            BAD, BAD, "no such port"                     },
    {"http://example.com:/",                 BAD, BAD, "an empty port"                    },
    {"http://example.com:80:80/",            BAD, BAD, "two ports"                        },
    {"http://example.com:+80/",              BAD, BAD, "a signed port"                    },
    {"http://localhost:8188/x",              NOT, OK,  "a model server at home"           },
    {"http://192.168.1.5:11434/v1",          NOT, OK,  "a model server near by"           },
    {"https://example.com/#part",            OK,  OK,  "a fragment"                       },
    {"https://example.com?a=b",              OK,  OK,  "a query without a path"           },
    {"https://example.com/\xe8\x8c\xb6.png", OK,  OK,  "UTF-8 in the path"                },
    {"https://xn--fsq.com/",                 OK,  OK,  "punycode"                         },
    {"https://a_b.example.com/",             OK,  OK,  "an underscore"                    },

    {"",                                     BAD, BAD, "empty"                            },
    {"example.com",                          BAD, BAD, "no scheme"                        },
    {"//example.com/",                       BAD, BAD, "no scheme"                        },
    {"ftp://example.com/",                   BAD, BAD, "another scheme"                   },
    {"file:///etc/passwd",                   BAD, BAD, "a file"                           },
    {"gopher://example.com/",                BAD, BAD, "another scheme"                   },
    {"javascript:alert(1)",                  BAD, BAD, "not a place"                      },
    {"http:example.com",                     BAD, BAD, "no slashes"                       },
    {"http:/example.com/",                   BAD, BAD, "one slash; curl would take it"    },
    {"http:///example.com/",                 NOT, NOT, "three slashes"                    },
    {"http://",                              NOT, NOT, "no host"                          },
    {"http://?x",                            NOT, NOT, "no host"                          },

    {"http://user@example.com/",             NOT, NOT, "a user"                           },
    {"http://user:pw@example.com/",          NOT, NOT, "a password"                       },
    {"http://@example.com/",                 NOT, NOT, "an empty user"                    },
    {"http://a.com@b.com/",                  NOT, NOT, "a host as a user"                 },
    {"http://a.com\\@b.com/",                BAD, BAD, "a backslash before @"             },
    {"http://a.com\\b.com/",                 BAD, BAD, "a backslash"                      },
    {"http://a.com#@b.com/",                 OK,  OK,  "@ in the fragment"                },
    {"http://a.com?@b.com/",                 OK,  OK,  "@ in the query"                   },
    {"http://a.com/@b.com",                  OK,  OK,  "@ in the path"                    },
    {"http://a.com:80#@b.com:8080/",         OK,  OK,  "@ in the fragment"                },
    {"http://exa\tmple.com/",                BAD, BAD, "a tab"                            },
    {"http://example.com/\r\nHost: x",       BAD, BAD, "a line end"                       },
    {"http://example.com/a b",               BAD, BAD, "a space"                          },
    {" http://example.com/",                 BAD, BAD, "a space before"                   },
    {"http://example.com/\x7f",              BAD, BAD, "a control character"              },

    {"http://127.1/",                        NOT, NOT, "short IPv4"                       },
    {"http://0x7f000001/",                   NOT, NOT, "hexadecimal IPv4"                 },
    {"http://0x7f.0.0.1/",                   NOT, NOT, "hexadecimal IPv4"                 },
    {"http://0177.0.0.1/",                   NOT, NOT, "octal IPv4"                       },
    {"http://2130706433/",                   NOT, NOT, "IPv4 as a number"                 },
    {"http://127.0.0.1./",                   NOT, NOT, "a dot at the end"                 },
    {"http://1.2.3.4.5/",                    NOT, NOT, "five numbers"                     },
    {"http://1.2.3.256/",                    NOT, NOT, "no such quad"                     },
    {"http://a.0x1/",                        NOT, NOT, "ends in a number"                 },
    {"http://%31%32%37.0.0.1/",              NOT, NOT, "escapes in the host"              },
    {"http://exa%6dple.com/",                NOT, NOT, "escapes in the host"              },
    {"http://\xe2\x91\xa0.com/",             NOT, NOT, "a host for IDN"                   },
    {"http://example\xe3\x80\x82"
     "com/",                            NOT, NOT, "IDN's dot"                        },
    {"http://example.com./",                 NOT, NOT, "a dot at the end"                 },
    {"http://.example.com/",                 NOT, NOT, "a dot at the start"               },
    {"http://a..b/",                         NOT, NOT, "an empty label"                   },
    {"http://*/",                            NOT, NOT, "curl's wildcard"                  },
    {"http://a,b/",                          NOT, NOT, "not a name"                       },

    {"http://[::1]/",                        OK,  OK,  "IPv6; the address is judged later"},
    {"http://[::1]:80/",                     OK,  OK,  "IPv6 and a port"                  },
    {"http://[0:0::0:1]/",                   OK,  OK,  "IPv6, written otherwise"          },
    {"http://[::1/",                         BAD, BAD, "an open bracket"                  },
    {"http://[::1]x/",                       BAD, BAD, "text after the bracket"           },
    {"http://[::1%25lo]/",                   BAD, BAD, "a zone"                           },
    {"http://[127.0.0.1]/",                  BAD, BAD, "IPv4 in brackets"                 },
    {"http://[]/",                           BAD, BAD, "nothing in brackets"              },
    {"http://::1/",                          BAD, BAD, "IPv6 without brackets"            },
};

static enum error_code code_of(struct str url, enum net_reach reach)
{
    struct error err = {0};

    if (net_url_check(url, reach, &err))
        return ERROR_NONE;
    assert_string_equal(err.field, "url");
    assert_true(err.message[0] != '\0');
    return err.code;
}

static void test_each_form_of_url_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str url = str_of(rows[i].url);

        if (code_of(url, NET_PUBLIC) != rows[i].public_code)
            fail_msg("public: %s (%s)", rows[i].url, rows[i].why);
        if (code_of(url, NET_OWNER) != rows[i].owner_code)
            fail_msg("owner: %s (%s)", rows[i].url, rows[i].why);
    }
}

static void test_long_urls_and_hosts_are_refused_with_their_limit(void **state)
{
    char text[NET_URL_SIZE_MAX + 2];
    struct error err = {0};

    (void)state;
    memset(text, 'a', sizeof(text));
    memcpy(text, "http://b/", 9);
    assert_true(net_url_check((struct str){text, NET_URL_SIZE_MAX}, NET_PUBLIC, &err));
    assert_false(net_url_check((struct str){text, NET_URL_SIZE_MAX + 1}, NET_PUBLIC, &err));
    assert_int_equal(err.code, ERROR_TOO_LONG);
    assert_int_equal(err.limit, NET_URL_SIZE_MAX);
    memcpy(text, "http://aa", 9);
    assert_int_equal(code_of((struct str){text, 7 + 63}, NET_PUBLIC), ERROR_NONE);
    assert_int_equal(code_of((struct str){text, 7 + 64}, NET_PUBLIC), ERROR_ADDRESS_REFUSED);
    for (size_t i = 7; i < 400; i += 2)
        memcpy(&text[i - 1], "a.", 2);
    memcpy(text, "http://", 7);
    assert_int_equal(code_of((struct str){text, 7 + 300}, NET_PUBLIC), ERROR_ADDRESS_REFUSED);
}

static void test_an_address_that_is_private_is_known_by_its_digits_alone(void **state)
{
    static const char *const private[] = {"https://127.0.0.1/", "https://[::1]/",
                                          "https://169.254.169.254/", "http://192.168.1.5:11434/v1",
                                          "https://[::ffff:10.0.0.1]/"};
    static const char *const other[] = {"https://1.1.1.1/", "https://localhost/",
                                        "https://example.com/", "https://[2606:4700::1111]/",
                                        "no url"};

    (void)state;
    for (size_t i = 0; i < COUNT(private); i++)
        if (!net_url_is_private(str_of(private[i])))
            fail_msg("%s", private[i]);
    for (size_t i = 0; i < COUNT(other); i++)
        if (net_url_is_private(str_of(other[i])))
            fail_msg("%s", other[i]);
}

static void test_a_nul_is_refused(void **state)
{
    (void)state;
    assert_int_equal(code_of(STR("http://a.com\0.b.com/"), NET_PUBLIC), ERROR_INVALID);
}

static void test_parts_are_read(void **state)
{
    struct error err = {0};
    struct url url;
    char *text;

    (void)state;
    assert_true(url_parse(STR("https://EXAMPLE.com/a?b#c"), NET_PUBLIC, false, &url, &err));
    assert_string_equal(url.host, "example.com");
    assert_int_equal(url.port, 443);
    assert_true(url.secure);
    assert_false(url.literal);
    text = url_text(&url);
    assert_string_equal(text, "https://EXAMPLE.com/a?b");
    curl_free(text);
    url_finish(&url);

    assert_true(url_parse(STR("http://[::1]:8080"), NET_OWNER, false, &url, &err));
    assert_string_equal(url.host, "::1");
    assert_int_equal(url.port, 8080);
    assert_true(url.literal && guard_is_loopback(&url.address));
    url_finish(&url);
}

static void test_redirects_are_followed_as_written(void **state)
{
    static const struct {
        const char *from, *location, *to; /* NULL: refused */
        const char *why;
    } cases[] = {
        {"https://a.com/x/y", "/z",                  "https://a.com/z",     "an absolute path"},
        {"https://a.com/x/y", "z",                   "https://a.com/x/z",   "a relative path" },
        {"https://a.com/x/y", "?q",                  "https://a.com/x/y?q", "a query"         },
        {"https://a.com/x/y", "//b.com/z",           "https://b.com/z",     "another host"    },
        {"http://a.com/",     "https://b.com/",      "https://b.com/",      "up to https"     },
        {"https://a.com/",    "http://a.com/",       NULL,                  "down to http"    },
        {"http://a.com/",     "http://b.com/",       "http://b.com/",       "http to http"    },
        {"https://a.com/",    "file:///etc/passwd",  NULL,                  "a file"          },
        {"https://a.com/",    "https:/b.com/",       NULL,                  "one slash"       },
        {"https://a.com/",    "///b.com/",           NULL,                  "three slashes"   },
        {"https://a.com/",    "https://u@b.com/",    NULL,                  "a user"          },
        {"https://a.com/",    "//u@b.com/",          NULL,                  "a user"          },
        {"https://a.com/",    "https://b.com:22/",   NULL,                  "a port"          },
        {"https://a.com/",    "//0x7f000001/",       NULL,                  "hexadecimal IPv4"},
        {"https://a.com/",    "/\\b.com/",           NULL,                  "a backslash"     },
        {"https://a.com/",    "javascript:alert(1)", NULL,                  "another scheme"  },
        {"https://a.com/",    "",                    NULL,                  "nothing"         },
        {"https://a.com/",    "//",                  NULL,                  "no host"         },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};
        struct url from, to;
        char *text;

        assert_true(url_parse(str_of(cases[i].from), NET_PUBLIC, false, &from, &err));
        if (url_follow(&from, str_of(cases[i].location), NET_PUBLIC, false, &to, &err)) {
            if (cases[i].to == NULL)
                fail_msg("%s was followed (%s)", cases[i].location, cases[i].why);
            text = url_text(&to);
            assert_string_equal(text, cases[i].to);
            curl_free(text);
            url_finish(&to);
        } else if (cases[i].to != NULL) {
            fail_msg("%s was not followed (%s): %s", cases[i].location, cases[i].why, err.message);
        }
        url_finish(&from);
    }
}

static void test_origins_differ_by_scheme_host_and_port(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"https://a.com/x",  "https://A.com:443/y", true },
        {"https://a.com/",   "http://a.com/",       false},
        {"http://a.com/",    "http://a.com:443/",   false},
        {"https://a.com/",   "https://b.a.com/",    false},
        {"http://[0:0::1]/", "http://[::1]/",       true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error err = {0};
        struct url a, b;

        assert_true(url_parse(str_of(cases[i].a), NET_PUBLIC, false, &a, &err));
        assert_true(url_parse(str_of(cases[i].b), NET_PUBLIC, false, &b, &err));
        assert_int_equal(url_same_origin(&a, &b), cases[i].same);
        url_finish(&a);
        url_finish(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_form_of_url_is_judged),
        cmocka_unit_test(test_long_urls_and_hosts_are_refused_with_their_limit),
        cmocka_unit_test(test_an_address_that_is_private_is_known_by_its_digits_alone),
        cmocka_unit_test(test_a_nul_is_refused),
        cmocka_unit_test(test_parts_are_read),
        cmocka_unit_test(test_redirects_are_followed_as_written),
        cmocka_unit_test(test_origins_differ_by_scheme_host_and_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
