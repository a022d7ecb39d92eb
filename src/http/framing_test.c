/* The smuggling corpus over real sockets (S24): what the library lets through, we refuse. */
#include "http/test_server.h"

static int setup(void **state)
{
    static struct fixture fixture;

    fixture_prepare(&fixture);
    fixture_start(&fixture);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    fixture_end(*state);
    return 0;
}

/* A constant view. */
#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }
#define OK "GET /healthz HTTP/1.1\r\n%H\r\n"
#define ECHO                                                                                       \
    "POST /api/v1/echo HTTP/1.1\r\n%HAuthorization: Bearer writer\r\nContent-Type: "               \
    "application/json\r\n"
#define SMUGGLED "GET /api/v1/names/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

/* After each of these the connection is closed: what follows must never be read as a request. */
static void test_no_doubtful_framing_is_answered_twice(void **state)
{
    static const struct {
        struct str text;
        int status; /* 0: closed without an answer, or with the library's own */
        const char *why;
    } rows[] = {
        {TEXT(ECHO "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED),
         400,                                                                                         "CL and TE"                     },
        {TEXT(ECHO "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" SMUGGLED),
         400,                                                                                         "TE and CL"                     },
        {TEXT(ECHO "Content-Length: 0\r\nContent-Length: 44\r\n\r\n" SMUGGLED),                  400, "two CL"                        },
        {TEXT(ECHO "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" SMUGGLED),                 400,
         "the same twice"                                                                                                             },
        {TEXT(ECHO "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" SMUGGLED),                400, "gzip"                          },
        {TEXT(ECHO "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" SMUGGLED),                     400, "not quite"                     },
        {TEXT(ECHO "Transfer-Encoding:\vchunked\r\n\r\n0\r\n\r\n" SMUGGLED),                     400, "vertical tab"                  },
        {TEXT(ECHO "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" SMUGGLED),                     400, "space, colon"                  },
        {TEXT(ECHO "Transfer-Encoding\r\n : chunked\r\n\r\n0\r\n\r\n" SMUGGLED),                 400, "no colon"                      },
        {TEXT(ECHO "X: y\r\n Transfer-Encoding: chunked\r\n\r\n" SMUGGLED),                      400, "obs-fold"                      },
        {TEXT(ECHO "X: y\r\n\tfolded\r\nContent-Length: 0\r\n\r\n" SMUGGLED),                    400,
         "folded by a tab"                                                                                                            },
        {TEXT("GET /healthz HTTP/1.1\r\n X: y\r\n%H\r\n" SMUGGLED),                              400, "a folded first line"           },
        {TEXT(ECHO "Content-Length: +2\r\n\r\n{}" SMUGGLED),                                     400, "a sign"                        },
        {TEXT(ECHO "Content-Length: 0x2\r\n\r\n{}" SMUGGLED),                                    400, "hexadecimal"                   },
        {TEXT(ECHO "Content-Length: 2,2\r\n\r\n{}" SMUGGLED),                                    400, "a list"                        },
        {TEXT("GET /healthz HTTP/1.1\n%H\r\n" SMUGGLED),                                         400, "bare LF after the request line"},
        {TEXT("GET /healthz HTTP/1.1\r\n%HX: y\n\r\n" SMUGGLED),                                 400, "bare LF after a field"         },
        {TEXT("GET /healthz HTTP/1.1\r\n%HX: y\r\n\n" SMUGGLED),                                 400, "bare LF at the end"            },
        {TEXT("GET /healthz HTTP/1.1\r\n%HX: y\n\n" SMUGGLED),                                   400, "two of them"                   },
        {TEXT("GET /healthz HTTP/1.1\r\n%HX: a\rb\r\n\r\n" SMUGGLED),                            400, "bare CR"                       },
        {TEXT("GET /healthz HTTP/1.1\r\n%HX: a\0b\r\n\r\n" SMUGGLED),                            400, "NUL"                           },
        {TEXT("GET /healthz HTTP/1.1\r\n%HX: a\0\0Y: b\r\n\r\n" SMUGGLED),                       400,
         "NULs as a line end"                                                                                                         },
        {TEXT("GET /healthz HTTP/1.1\r\n%HX\0: a\r\n\r\n" SMUGGLED),                             400, "NUL in a name"                 },
        {TEXT("GET  /healthz HTTP/1.1\r\n%H\r\n" SMUGGLED),                                      400, "two spaces"                    },
        {TEXT("GET\t/healthz HTTP/1.1\r\n%H\r\n" SMUGGLED),                                      0,   "a tab"                         },
        {TEXT("GET /healthz x HTTP/1.1\r\n%H\r\n" SMUGGLED),                                     400, "a space in the URL"            },
        {TEXT("GET /healthz HTTP/1.1 \r\n%H\r\n" SMUGGLED),                                      0,   "a space after the version"     },
        {TEXT("GET /healthz HTTP/1.2\r\n%H\r\n" SMUGGLED),                                       0,   "no version of ours"            },
        {TEXT("GET /healthz HTTP/2.0\r\n%H\r\n" SMUGGLED),                                       0,   "another version"               },
        {TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" SMUGGLED),                                      0,   "the preface of HTTP/2"         },
        {TEXT("GET /healthz\r\n%H\r\n" SMUGGLED),                                                0,   "HTTP/0.9"                      },
        {TEXT("\x16\x03\x01\x02\x00\x01\r\n\r\n" SMUGGLED),                                      0,   "TLS"                           },
        {TEXT(ECHO "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n" SMUGGLED),                     0,   "no chunk size"                 },
        {TEXT(ECHO "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n" SMUGGLED),          0,
         "a longer chunk"                                                                                                             },
        {TEXT(ECHO "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" SMUGGLED),          0,
         "a chunk size that overflows"                                                                                                },
        {TEXT(ECHO "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" SMUGGLED),                     0,   "a negative chunk"              },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        int fd = client_connect(*state);
        struct buf bytes = {0}, rest = {0};
        struct answer answer;
        int64_t at = str_find(rows[i].text, STR("%H"));
        size_t cut = at < 0 ? rows[i].text.size : (size_t)at;
        const struct fixture *fixture = *state;
        char more[4096];
        ssize_t size;

        buf_add(&bytes, str_slice(rows[i].text, 0, cut));
        buf_printf(&bytes, "Host: 127.0.0.1:%d\r\n", fixture->port);
        if (at >= 0)
            buf_add(&bytes, str_slice(rows[i].text, cut + 2, rows[i].text.size));
        client_send(fd, buf_str(&bytes));
        shutdown(fd, SHUT_WR);
        answer = client_read(fd, false);
        while ((size = recv(fd, more, sizeof(more), 0)) > 0)
            buf_add(&answer.bytes, (struct str){more, (size_t)size});
        if (rows[i].status != 0 ? answer.status != rows[i].status
                                : answer.status != 0 && answer.status < 400)
            fail_msg("%s: %d: %.*s", rows[i].why, answer.status, STR_ARGS(buf_str(&answer.bytes)));
        if (rest.size > 0 || answer_has(&answer, "smuggled"))
            fail_msg("%s: a second request was read", rows[i].why);
        if (rows[i].status != 0 && !str_equal(answer_field(&answer, "Connection"), STR("close")))
            fail_msg("%s: it goes on: %.*s", rows[i].why, STR_ARGS(buf_str(&answer.bytes)));
        close(fd);
        buf_finish(&bytes);
        buf_finish(&rest);
        buf_finish(&answer.bytes);
    }
}

/* However the library read its chunks, the connection ends with a chunked body. */
static void test_nothing_is_read_behind_a_chunked_body(void **state)
{
    static const struct {
        const char *body, *why;
    } rows[] = {
        {"c\r\n{\"text\":\"a\"}\r\n0\r\n\r\n",                      "as it should be"        },
        {"c;a=b\r\n{\"text\":\"a\"}\r\n0\r\n\r\n",                  "an extension"           },
        {"c\n{\"text\":\"a\"}\n0\n\n",                              "bare line feeds"        },
        {"c\r\n{\"text\":\"a\"}\r\n0\r\nContent-Length: 9\r\n\r\n", "a field behind the body"},
    };
    const struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        int fd = client_connect(fixture);
        struct buf bytes = {0};
        struct answer answer;
        char more[16];

        buf_printf(&bytes,
                   "POST /api/v1/echo HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer "
                   "writer\r\nContent-Type: application/json\r\nTransfer-Encoding: "
                   "chunked\r\n\r\n%s" SMUGGLED,
                   fixture->port, rows[i].body);
        client_send(fd, buf_str(&bytes));
        answer = client_read(fd, false);
        if (answer.status != 201 || recv(fd, more, sizeof(more), 0) > 0 ||
            !str_equal(answer_field(&answer, "Connection"), STR("close")))
            fail_msg("%s: %.*s", rows[i].why, STR_ARGS(buf_str(&answer.bytes)));
        buf_finish(&answer.bytes);
        buf_finish(&bytes);
        close(fd);
    }
}

static void test_a_connection_carries_many_requests(void **state)
{
    const struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    struct buf bytes = {0};

    for (int i = 0; i < 3; i++) /* all at once: pipelined */
        buf_printf(&bytes, "GET /api/v1/names/n%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", i,
                   fixture->port);
    buf_printf(
        &bytes,
        "POST /api/v1/echo HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer writer\r\n"
        "Content-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"text\":\"a\"}"
        "GET /api/v1/names/last HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n",
        fixture->port, fixture->port);
    client_send(fd, buf_str(&bytes));
    buf_clear(&bytes);
    while (true) {
        char more[4096];
        ssize_t size = recv(fd, more, sizeof(more), 0);

        if (size <= 0)
            break;
        buf_add(&bytes, (struct str){more, (size_t)size});
    }
    {
        static const char *const in_order[] = {"\"n0\"", "\"n1\"", "\"n2\"", "201 Created",
                                               "\"last\""};
        struct str rest = buf_str(&bytes);

        for (size_t i = 0; i < COUNT(in_order); i++) {
            int64_t at = str_find(rest, str_of(in_order[i]));

            if (at < 0)
                fail_msg("no %s in %.*s", in_order[i], STR_ARGS(buf_str(&bytes)));
            rest = str_slice(rest, (size_t)at + 1, rest.size);
        }
    }
    close(fd);
    buf_finish(&bytes);
}

/* A small body that is refused is read to its end; the connection goes on. */
static void test_a_refused_body_does_not_cost_the_connection(void **state)
{
    const struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    struct buf bytes = {0};
    struct answer answer;

    buf_printf(&bytes,
               "POST /api/v1/none HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 5\r\n\r\nhello",
               fixture->port);
    client_send(fd, buf_str(&bytes));
    answer = client_read(fd, false);
    assert_int_equal(answer.status, 404);
    buf_finish(&answer.bytes);
    buf_clear(&bytes);
    buf_printf(&bytes, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", fixture->port);
    client_send(fd, buf_str(&bytes));
    answer = client_read(fd, false);
    assert_int_equal(answer.status, 200);
    buf_finish(&answer.bytes);
    buf_finish(&bytes);
    close(fd);
}

static void test_heads_and_urls_have_limits(void **state)
{
    static const struct {
        size_t url, value, fields;
        int status;
        const char *why;
    } rows[] = {
        {8000,   10,     3,   404, "a long URL"   },
        {8300,   10,     3,   414, "a longer one" },
        {10,     15000,  1,   404, "a large field"},
        {10,     17000,  1,   431, "a larger one" },
        {10,     10,     98,  404, "many fields"  },
        {10,     10,     101, 431, "more"         },
        {10,     300000, 1,   431, "far too much" },
        {200000, 10,     1,   414, "far too long" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf bytes = {0};
        struct answer answer;

        buf_add(&bytes, STR("GET /api/"));
        for (size_t j = 0; j < rows[i].url; j++)
            buf_add_char(&bytes, 'u');
        buf_add(&bytes, STR(" HTTP/1.1\r\n%H"));
        for (size_t j = 0; j < rows[i].fields; j++) {
            buf_printf(&bytes, "X-%zu: ", j);
            for (size_t k = 0; k < rows[i].value; k++)
                buf_add_char(&bytes, 'v');
            buf_add(&bytes, STR("\r\n"));
        }
        buf_add(&bytes, STR("\r\n"));
        answer = exchange_bytes(*state, buf_str(&bytes));
        /* Far beyond the limits the library's own answer may be lost to the bytes it never read. */
        if (answer.status != rows[i].status &&
            !(answer.status == 0 && (rows[i].value > 100000 || rows[i].url > 100000)))
            fail_msg("%s: %d", rows[i].why, answer.status);
        buf_finish(&answer.bytes);
        buf_finish(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_doubtful_framing_is_answered_twice, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_nothing_is_read_behind_a_chunked_body, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_connection_carries_many_requests, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_refused_body_does_not_cost_the_connection, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_heads_and_urls_have_limits, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
