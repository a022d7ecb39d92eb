#include "net/test_server.h"

/* Every way in which a call can go wrong once the server is there, and what is said of it. */
static const struct outcome_row {
    const char *why;
    struct server_script script;
    size_t body_size;
    int64_t first_byte_ms, idle_ms, total_ms;
    enum net_outcome outcome;
    enum error_code code;
    int status;
    bool all_sent;
} outcome_rows[] = {
    {.why = "a whole reply",
     .script = REPLY(OK_REPLY),
     .body_size = 100,
     .outcome = NET_DONE,
     .status = 200,
     .all_sent = true},
    {.why = "a large request, a whole reply",
     .script = REPLY(OK_REPLY),
     .body_size = MIB(4),
     .outcome = NET_DONE,
     .status = 200,
     .all_sent = true},
    {.why = "an error is a whole reply too",
     .script = REPLY("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"),
     .body_size = 100,
     .outcome = NET_DONE,
     .status = 500,
     .all_sent = true},
    {.why = "the end of the connection ends the reply",
     .script = REPLY("HTTP/1.1 200 OK\r\n\r\nok"),
     .body_size = 100,
     .outcome = NET_DONE,
     .status = 200,
     .all_sent = true},
    {.why = "half is read, then a reset",
     .script = {{DO(ACT_PART), DO(ACT_RESET)}},
     .body_size = MIB(16),
     .outcome = NET_LOST,
     .code = ERROR_UNREACHABLE                                },
    {.why = "half is read, then the end",
     .script = {{DO(ACT_PART), DO(ACT_END)}},
     .body_size = MIB(16),
     .outcome = NET_LOST,
     .code = ERROR_UNREACHABLE},
    {.why = "half is read, then nothing, until server_let_go()",
     .script = {{DO(ACT_PART), {ACT_GATHER, NULL, 1}}},
     .body_size = MIB(16),
     .idle_ms = 40,
     .outcome = NET_LOST,
     .code = ERROR_TIMED_OUT},
    {.why = "all is read, then a reset",
     .script = {{DO(ACT_READ), DO(ACT_RESET)}},
     .body_size = 5000,
     .outcome = NET_LOST,
     .code = ERROR_UNREACHABLE,
     .all_sent = true},
    {.why = "all is read, then the end",
     .script = {{DO(ACT_READ)}},
     .body_size = 5000,
     .outcome = NET_LOST,
     .code = ERROR_UNREACHABLE,
     .all_sent = true},
    {.why = "all is read, no reply",
     .script = {{DO(ACT_READ), DO(ACT_HOLD)}},
     .body_size = 100,
     .first_byte_ms = 40,
     .outcome = NET_LOST,
     .code = ERROR_TIMED_OUT,
     .all_sent = true},
    {.why = "half a status line",
     .script = REPLY("HTTP/1.1 20"),
     .body_size = 100,
     .outcome = NET_LOST,
     .code = ERROR_UNREACHABLE,
     .all_sent = true},
    {.why = "half a head",
     .script = REPLY("HTTP/1.1 200 OK\r\nContent-Le"),
     .body_size = 100,
     .outcome = NET_LOST,
     .code = ERROR_UNREACHABLE,
     .status = 200,
     .all_sent = true},
    {.why = "a head without its end",
     .script = REPLY("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"),
     .body_size = 100,
     .outcome = NET_LOST,
     .code = ERROR_UNREACHABLE,
     .status = 200,
     .all_sent = true},
    {.why = "only an interim reply",
     .script = REPLY("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"),
     .body_size = 100,
     .outcome = NET_LOST,
     .code = ERROR_UNREACHABLE,
     .all_sent = true},
    {.why = "half a body",
     .script = REPLY("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
     .body_size = 100,
     .outcome = NET_LOST,
     .code = ERROR_UNREACHABLE,
     .status = 200,
     .all_sent = true},
    {.why = "half a chunked body",
     .script = REPLY("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
     .body_size = 100,
     .outcome = NET_LOST,
     .code = ERROR_UNREACHABLE,
     .status = 200,
     .all_sent = true},
    {.why = "a reset in the body",
     .script = {{DO(ACT_READ), SEND("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"),
                 DO(ACT_RESET)}},
     .body_size = 100,
     .outcome = NET_LOST,
     .code = ERROR_UNREACHABLE,
     .status = -1, /* the reset may overtake the head */
     .all_sent = true},
    {.why = "a body that stops",
     .script = {{DO(ACT_READ), SEND("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
                 DO(ACT_HOLD)}},
     .body_size = 100,
     .idle_ms = 40,
     .outcome = NET_LOST,
     .code = ERROR_TIMED_OUT,
     .status = 200,
     .all_sent = true},
    {.why = "a head that stops",
     .script = {{DO(ACT_READ), SEND("HTTP/1.1 200 OK\r\nA: b\r\n"), DO(ACT_HOLD)}},
     .body_size = 100,
     .idle_ms = 40,
     .outcome = NET_LOST,
     .code = ERROR_TIMED_OUT,
     .status = 200,
     .all_sent = true},
    {.why = "never idle, never at an end",
     .script = {{DO(ACT_READ), SEND("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                 FLOOD("0001;0123456789012345678901234567890123456789\r\na\r\n")}},
     .body_size = 100,
     .total_ms = 60,
     .outcome = NET_LOST,
     .code = ERROR_TIMED_OUT,
     .status = 200,
     .all_sent = true},
    {.why = "not HTTP",
     .script = REPLY("220 ready\r\n\r\n"),
     .body_size = 100,
     .outcome = NET_LOST,
     .code = ERROR_UNREACHABLE,
     .all_sent = true},
    {.why = "a head without end",
     .script = {{DO(ACT_READ), SEND("HTTP/1.1 200 OK\r\n"),
                 FLOOD("X: 0123456789012345678901234567890123456789\r\n")}},
     .body_size = 100,
     .outcome = NET_TOO_LARGE,
     .code = ERROR_TOO_LARGE,
     .status = 200,
     .all_sent = true},
    {.why = "a body without end",
     .script = {{DO(ACT_READ), SEND("HTTP/1.1 200 OK\r\n\r\n"),
                 FLOOD("0123456789012345678901234567890123456789")}},
     .body_size = 100,
     .outcome = NET_TOO_LARGE,
     .code = ERROR_TOO_LARGE,
     .status = 200,
     .all_sent = true},
    {.why = "refused early, unread",
     .script = {{DO(ACT_PART), SEND("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"),
                 DO(ACT_HOLD)}},
     .body_size = MIB(16),
     .outcome = NET_DONE,
     .status = 413         },
};

/* Wakes those who gather for requests that never come whole. */
static void server_let_go(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    server->requests += 1000;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static void check_outcome(const struct outcome_row *row, struct call *call, struct server *server)
{
    if (call->reply.outcome != row->outcome || call->reply.err.code != row->code)
        fail_msg("%s: outcome %d, %s (%s)", row->why, (int)call->reply.outcome,
                 call->reply.err.message, call->reply.err.detail);
    if (row->status >= 0 && call->reply.status != row->status)
        fail_msg("%s: status %d", row->why, call->reply.status);
    if (call->sent_calls != (row->all_sent ? 1 : 0))
        fail_msg("%s: on_sent %d times", row->why, call->sent_calls);
    if (row->all_sent && call->reply.sent_bytes <= (int64_t)row->body_size)
        fail_msg("%s: %lld bytes sent", row->why, (long long)call->reply.sent_bytes);
    if (!row->all_sent && call->reply.sent_bytes > (int64_t)row->body_size)
        fail_msg("%s: %lld bytes sent", row->why, (long long)call->reply.sent_bytes);
    assert_true(call->reply.sent_bytes > 0);
    assert_int_equal(call->done_calls, 1);
    /* Whatever went wrong: a POST is tried once. */
    assert_int_equal(server_connections(server), 1);
}

static void test_the_outcome_says_how_far_a_post_came(void **state)
{
    struct world world = world_start((struct net_config){0}, NULL);
    char *bytes = calloc(1, MIB(16));

    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < COUNT(outcome_rows); i++) {
        const struct outcome_row *row = &outcome_rows[i];
        struct server *server = server_start(&row->script, 1);
        struct str body = {bytes, row->body_size};
        struct call call;

        call_init(&call, &world, server, "/");
        call.request.method = STR("POST");
        call.request.body = &body;
        call.request.body_count = 1;
        call.request.first_byte_ms = row->first_byte_ms;
        call.request.idle_ms = row->idle_ms;
        call.request.total_ms = row->total_ms;
        call.request.reply_size_max = row->total_ms != 0 ? (int64_t)MIB(512) : 20000;
        call_run(&call);
        check_outcome(row, &call, server);
        call_finish(&call);
        server_let_go(server);
        server_stop(server);
    }
    free(bytes);
    world_stop(&world);
}

static bool no_such_name(const char *host, struct guard_address *list, size_t *count)
{
    (void)host;
    (void)list;
    (void)count;
    return false;
}

static void test_nothing_is_sent_when_nobody_is_reached(void **state)
{
    static const struct server_script not_tls = {
        {DO(ACT_PART), SEND("220 ready\r\n")}
    };
    static const struct server_script silent = {{DO(ACT_HOLD)}};
    static const struct {
        const char *why, *url; /* the server's port and a slash follow */
        const struct server_script *script;
        enum error_code code;
    } rows[] = {
        {"nobody listens",  "http://127.0.0.1:",                NULL,     ERROR_UNREACHABLE    },
        {"no such name",    "http://nobody.test:",              NULL,     ERROR_UNREACHABLE    },
        {"no TLS",          "https://127.0.0.1:",               &not_tls, ERROR_UNREACHABLE    },
        {"no TLS, nothing", "https://127.0.0.1:",               &silent,  ERROR_TIMED_OUT      },
        {"metadata",        "http://169.254.169.254/",          NULL,     ERROR_ADDRESS_REFUSED},
        {"mapped metadata", "http://[::ffff:169.254.169.254]/", NULL,     ERROR_ADDRESS_REFUSED},
        {"a broken URL",    "http:/127.0.0.1:",                 NULL,     ERROR_INVALID        },
    };
    struct world world = world_start((struct net_config){0}, no_such_name);
    struct str body = STR("paid");

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        static const struct server_script unused = {{DO(ACT_END)}};
        struct server *server = server_start(rows[i].script == NULL ? &unused : rows[i].script, 1);
        unsigned port = server->port;
        struct call call;

        if (rows[i].script == NULL) {
            server_stop(server);
            server = NULL;
        }
        call_init(&call, &world, NULL, "");
        snprintf(call.url, sizeof(call.url), "%s%u/", rows[i].url, port);
        call.request.url = str_of(call.url);
        call.request.method = STR("POST");
        call.request.body = &body;
        call.request.body_count = 1;
        call.request.connect_ms = rows[i].code == ERROR_TIMED_OUT ? 40 : 0;
        call_run(&call);
        if (call.reply.outcome != NET_NOT_SENT || call.reply.err.code != rows[i].code)
            fail_msg("%s: outcome %d, %s (%s)", rows[i].why, (int)call.reply.outcome,
                     call.reply.err.message, call.reply.err.detail);
        assert_int_equal(call.reply.sent_bytes, 0);
        assert_int_equal(call.sent_calls, 0);
        call_finish(&call);
        if (server != NULL)
            server_stop(server);
    }
    world_stop(&world);
}

/* The client's bytes and the server's end race; whoever wins, outcome and count agree. */
static void test_a_connection_closed_at_once_is_not_sent_only_without_a_byte(void **state)
{
    static const struct server_script scripts[] = {{{DO(ACT_END)}}, {{DO(ACT_RESET)}}};
    struct world world = world_start((struct net_config){0}, NULL);
    struct str body = STR("paid");

    (void)state;
    for (int i = 0; i < 40; i++) {
        struct server *server = server_start(&scripts[i % 2], 1);
        struct call call;

        call_init(&call, &world, server, "/");
        call.request.method = STR("POST");
        call.request.body = &body;
        call.request.body_count = 1;
        call_run(&call);
        assert_int_equal(call.reply.err.code, ERROR_UNREACHABLE);
        assert_int_equal(call.reply.outcome, call.reply.sent_bytes == 0 ? NET_NOT_SENT : NET_LOST);
        assert_int_equal(server_connections(server), 1);
        call_finish(&call);
        server_stop(server);
    }
    world_stop(&world);
}

static void test_a_post_goes_over_its_own_connection_once(void **state)
{
    static const struct server_script scripts[] = {
        {{DO(ACT_READ), SEND(OK_REPLY), DO(ACT_READ), DO(ACT_END)}},
        {{DO(ACT_READ), DO(ACT_END)}},
        REPLY(OK_REPLY),
    };
    static const struct str bodies[] = {
        {"paid", 4},
        {"",     0}
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct world world = world_start((struct net_config){0}, NULL);
        struct server *server = server_start(scripts, COUNT(scripts));
        struct call first, post;

        call_init(&first, &world, server, "/first");
        call_run(&first);
        assert_int_equal(first.reply.outcome, NET_DONE);
        call_init(&post, &world, server, "/post");
        post.request.method = STR("POST");
        post.request.body = &bodies[i];
        post.request.body_count = 1;
        call_run(&post);
        assert_int_equal(post.reply.outcome, NET_LOST);
        assert_int_equal(server_connections(server), 2); /* no third: curl does not try again */
        assert_int_equal(server_requests(server), 2);    /* and has not tried on the kept one */
        call_finish(&first);
        call_finish(&post);
        world_stop(&world);
        server_stop(server);
    }
}

static void test_a_get_reuses_a_connection_and_survives_its_death(void **state)
{
    static const struct server_script scripts[] = {
        {{DO(ACT_READ), SEND(OK_REPLY), DO(ACT_READ), SEND(OK_REPLY), DO(ACT_READ), DO(ACT_END)}},
        REPLY(OK_REPLY),
    };
    static const size_t connections[] = {1, 1, 2};
    struct world world = world_start((struct net_config){0}, NULL);
    struct server *server = server_start(scripts, COUNT(scripts));

    (void)state;
    for (size_t i = 0; i < COUNT(connections); i++) {
        struct call call;

        call_init(&call, &world, server, "/");
        call_run(&call);
        assert_int_equal(call.reply.outcome, NET_DONE);
        assert_int_equal(server_connections(server), connections[i]);
        call_finish(&call);
    }
    world_stop(&world);
    server_stop(server);
}

static void test_a_public_connection_is_used_once(void **state)
{
    static const struct server_script script = {
        {DO(ACT_READ), SEND(OK_REPLY), DO(ACT_READ), SEND(OK_REPLY)}
    };
    struct world world = world_start((struct net_config){.allow_private = true}, NULL);
    struct server *server = server_start(&script, 1);
    static const enum net_reach reaches[] = {NET_PUBLIC, NET_OWNER, NET_PUBLIC, NET_OWNER};
    static const size_t connections[] = {1, 2, 3, 3};

    (void)state;
    for (size_t i = 0; i < COUNT(reaches); i++) {
        struct call call;

        call_init(&call, &world, server, "/");
        call.request.reach = reaches[i];
        call_run(&call);
        assert_int_equal(call.reply.outcome, NET_DONE);
        assert_int_equal(server_connections(server), connections[i]);
        call_finish(&call);
    }
    world_stop(&world);
    server_stop(server);
}

static void test_the_request_leaves_as_it_was_given(void **state)
{
    static const struct server_script script = REPLY(OK_REPLY);
    static const struct net_header headers[] = {
        {{"X-Key", 5},         {"abc", 3}},
        {{"X-Empty", 7},       {"", 0}   },
        {{"Content-Type", 12}, {"a/b", 3}}
    };
    static const struct str body[] = {
        {"one", 3},
        {"",    0},
        {"two", 3},
        {NULL,  0},
        {"\n",  1}
    };
    static const char *const expected[] = {
        "POST /path?q=1 HTTP/1.1\r\n", "\r\nX-Key: abc\r\n",        "\r\nX-Empty:\r\n",
        "\r\nContent-Type: a/b\r\n",   "\r\nContent-Length: 7\r\n", "\r\n\r\nonetwo\n",
    };
    static const char *const unexpected[] = {"Expect", "urlencoded", "Transfer-Encoding", "Cookie"};
    struct world world = world_start((struct net_config){0}, NULL);
    struct server *server = server_start(&script, 1);
    struct call call;

    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1/", 1); /* S36: not asked */
    setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
    call_init(&call, &world, server, "/path?q=1#part");
    call.request.method = STR("POST");
    call.request.headers = headers;
    call.request.header_count = COUNT(headers);
    call.request.body = body;
    call.request.body_count = COUNT(body);
    call_run(&call);
    assert_int_equal(call.reply.outcome, NET_DONE);
    assert_int_equal(call.reply.sent_bytes, server->seen.size);
    for (size_t i = 0; i < COUNT(expected); i++)
        if (!server_has_seen(server, expected[i]))
            fail_msg("not sent: %s", expected[i]);
    for (size_t i = 0; i < COUNT(unexpected); i++)
        if (server_has_seen(server, unexpected[i]))
            fail_msg("sent: %s", unexpected[i]);
    call_finish(&call);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    world_stop(&world);
    server_stop(server);
}

static void test_each_method_has_its_framing(void **state)
{
    static const struct {
        const char *method, *body, *line;
        bool length;
    } rows[] = {
        {"GET",    NULL, "GET / HTTP/1.1",    false},
        {"POST",   NULL, "POST / HTTP/1.1",   true },
        {"PUT",    "x",  "PUT / HTTP/1.1",    true },
        {"DELETE", NULL, "DELETE / HTTP/1.1", false},
        {"DELETE", "x",  "DELETE / HTTP/1.1", true },
        {"HEAD",   NULL, "HEAD / HTTP/1.1",   false},
    };
    static const struct server_script script = {
        {DO(ACT_READ), SEND("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")}
    };
    struct world world = world_start((struct net_config){0}, NULL);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct server *server = server_start(&script, 1);
        struct str body = str_of(rows[i].body);
        struct call call;

        call_init(&call, &world, server, "/");
        call.request.method = str_of(rows[i].method);
        call.request.body = &body;
        call.request.body_count = rows[i].body == NULL ? 0 : 1;
        call_run(&call);
        assert_int_equal(call.reply.outcome, NET_DONE);
        assert_int_equal(call.sent_calls, 1);
        assert_true(server_has_seen(server, rows[i].line));
        assert_int_equal(server_has_seen(server, "Content-Length"), rows[i].length);
        call_finish(&call);
        server_stop(server);
    }
    world_stop(&world);
}

static void test_what_cannot_be_sent_is_refused(void **state)
{
    static const struct {
        const char *method, *name;
        struct str value;
        const char *field, *why;
    } rows[] = {
        {"GET",               "X: y",              {"z", 1},         "headers", "a name that is no token"  },
        {"GET",               "",                  {"z", 1},         "headers", "no name"                  },
        {"GET",               "X",                 {"a\r\nY: b", 7}, "headers", "a line end in a value"    },
        {"GET",               "X",                 {"a\0b", 3},      "headers", "a NUL in a value"         },
        {"GET",               "host",              {"a", 1},         "headers", "another host"             },
        {"GET",               "Content-Length",    {"1", 1},         "headers", "a second length"          },
        {"GET",               "Transfer-Encoding", {"chunked", 7},   "headers", "another framing"          },
        {"G T",               "X",                 {"a", 1},         "method",  "a method that is no token"},
        {"",                  "X",                 {"a", 1},         "method",  "no method"                },
        {"ABCDEFGHIJKLMNOPQ", "X",                 {"a", 1},         "method",  "a long method"            },
    };
    struct world world = world_start((struct net_config){0}, NULL);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct net_header header = {str_of(rows[i].name), rows[i].value};
        struct call call;

        call_init(&call, &world, NULL, "http://127.0.0.1:1/");
        call.request.method = str_of(rows[i].method);
        call.request.headers = &header;
        call.request.header_count = 1;
        call_run(&call);
        if (call.reply.outcome != NET_NOT_SENT || call.reply.err.code != ERROR_INVALID ||
            strcmp(call.reply.err.field, rows[i].field) != 0)
            fail_msg("%s: %s", rows[i].why, call.reply.err.message);
        call_finish(&call);
    }
    world_stop(&world);
}

static void test_the_replys_head_is_read(void **state)
{
    static const struct server_script script =
        REPLY("HTTP/1.1 100 Continue\r\nX-Early: no\r\n\r\n"
              "HTTP/1.1 201 Created\r\nX-TWICE: a\r\nx-twice:  b \r\nNo Token: c\r\n"
              "X-Empty:\r\nX-Colon: a:b\r\nTransfer-Encoding: chunked\r\n\r\n"
              "2\r\nok\r\n0\r\nX-Trailer: no\r\n\r\n");
    struct world world = world_start((struct net_config){0}, NULL);
    struct server *server = server_start(&script, 1);
    struct call call;

    (void)state;
    call_init(&call, &world, server, "/");
    call_run(&call);
    assert_int_equal(call.reply.outcome, NET_DONE);
    assert_int_equal(call.reply.status, 201);
    assert_int_equal(call.reply.header_count, 5);
    assert_true(str_equal(call.reply.headers[1].name, STR("x-twice")));
    assert_true(str_equal(call.reply.headers[1].value, STR("b")));
    assert_string_equal(call_header(&call, "x-twice"), "a");
    assert_string_equal(call_header(&call, "x-empty"), "");
    assert_string_equal(call_header(&call, "x-colon"), "a:b");
    assert_null(call_header(&call, "x-early"));
    assert_null(call_header(&call, "x-trailer"));
    assert_true(str_equal(call.reply.body, STR("ok")));
    assert_true(str_equal(call.reply.final_url, str_of(call.url)));
    call_finish(&call);
    world_stop(&world);
    server_stop(server);
}

/* 64 KiB of zeros, compressed by gzip. */
static const unsigned char bomb[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x01, 0x01, 0x00, 0x00,
    0x00, 0x80, 0x90, 0xfe, 0xaf, 0xee, 0x08, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x6a, 0xeb, 0x8e, 0x97, 0xd7, 0x00, 0x00, 0x01, 0x00};

static void test_the_size_limit_counts_decoded_bytes(void **state)
{
    static const struct {
        int64_t max;
        enum net_outcome outcome;
    } rows[] = {
        {65536, NET_DONE     },
        {65535, NET_TOO_LARGE},
        {1000,  NET_TOO_LARGE}
    };
    struct server_script script = {
        {DO(ACT_READ),
         SEND("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"),
         {ACT_SEND, (const char *)bomb, sizeof(bomb)}}
    };
    struct world world = world_start((struct net_config){0}, NULL);
    struct server *server = server_start(&script, 1);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct call call;

        call_init(&call, &world, server, "/");
        call.request.reply_size_max = rows[i].max;
        call_run(&call);
        assert_int_equal(call.reply.outcome, rows[i].outcome);
        if (rows[i].outcome == NET_DONE) {
            assert_int_equal(call.reply.body.size, 65536);
        } else {
            assert_int_equal(call.reply.err.code, ERROR_TOO_LARGE);
            assert_int_equal(call.reply.err.limit, rows[i].max);
            assert_true((int64_t)call.reply.body.size <= rows[i].max);
        }
        call_finish(&call);
    }
    assert_true(server_has_seen(server, "Accept-Encoding: identity\r\n"));
    world_stop(&world);
    server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_outcome_says_how_far_a_post_came),
        cmocka_unit_test(test_nothing_is_sent_when_nobody_is_reached),
        cmocka_unit_test(test_a_connection_closed_at_once_is_not_sent_only_without_a_byte),
        cmocka_unit_test(test_a_post_goes_over_its_own_connection_once),
        cmocka_unit_test(test_a_get_reuses_a_connection_and_survives_its_death),
        cmocka_unit_test(test_a_public_connection_is_used_once),
        cmocka_unit_test(test_the_request_leaves_as_it_was_given),
        cmocka_unit_test(test_each_method_has_its_framing),
        cmocka_unit_test(test_what_cannot_be_sent_is_refused),
        cmocka_unit_test(test_the_replys_head_is_read),
        cmocka_unit_test(test_the_size_limit_counts_decoded_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
