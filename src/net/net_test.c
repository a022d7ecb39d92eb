#include "net/test_server.h"

#define LAST_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

/* ---- names and addresses ---- */

/* "pinned.test" is here, "two-faced.test" here and in a private network, "turning.test" here when
 * it is asked first and there ever after; none of them is known to the system. */
static _Atomic int turns;

static bool fake_names(const char *host, struct guard_address *list, size_t *count)
{
    static const struct guard_address here = {
        AF_INET, {127, 0, 0, 1}
    };
    static const struct guard_address there = {
        AF_INET, {10, 0, 0, 1}
    };

    *count = 1;
    list[0] = here;
    if (strcmp(host, "pinned.test") == 0 || strcmp(host, "other.test") == 0)
        return true;
    if (strcmp(host, "two-faced.test") == 0) {
        list[1] = there;
        *count = 2;
        return true;
    }
    if (strcmp(host, "turning.test") == 0) {
        if (turns++ > 0)
            list[0] = there;
        return true;
    }
    return false;
}

static void set_url(struct call *call, const char *scheme_and_host, const struct server *server,
                    const char *path)
{
    snprintf(call->url, sizeof(call->url), "%s:%u%s", scheme_and_host, (unsigned)server->port,
             path);
    call->request.url = str_of(call->url);
}

static void test_a_name_is_connected_to_by_the_address_that_was_checked(void **state)
{
    static const struct server_script script = REPLY(LAST_REPLY);
    struct world world = world_start((struct net_config){.allow_private = true}, fake_names);
    struct server *server = server_start(&script, 1);
    char host[64];
    struct call call;

    (void)state;
    call_init(&call, &world, NULL, "");
    call.request.reach = NET_PUBLIC;
    set_url(&call, "http://pinned.test", server, "/");
    call_run(&call);
    assert_int_equal(call.reply.outcome, NET_DONE);
    snprintf(host, sizeof(host), "\r\nHost: pinned.test:%u\r\n", (unsigned)server->port);
    assert_true(server_has_seen(server, host)); /* the name stays */
    call_finish(&call);
    world_stop(&world);
    server_stop(server);
}

static void test_a_name_with_one_bad_address_is_refused(void **state)
{
    static const struct server_script script = REPLY(LAST_REPLY);
    struct world world = world_start((struct net_config){.allow_private = true}, fake_names);
    struct server *server = server_start(&script, 1);
    struct call call;

    (void)state;
    call_init(&call, &world, NULL, "");
    call.request.reach = NET_PUBLIC;
    set_url(&call, "http://two-faced.test", server, "/");
    call_run(&call);
    assert_int_equal(call.reply.outcome, NET_NOT_SENT);
    assert_int_equal(call.reply.err.code, ERROR_ADDRESS_REFUSED);
    assert_int_equal(server_connections(server), 0);
    call_finish(&call);
    world_stop(&world);
    server_stop(server);
}

static void test_a_name_that_turns_inwards_is_refused(void **state)
{
    static const struct server_script script = REPLY(LAST_REPLY);
    struct world world = world_start((struct net_config){.allow_private = true}, fake_names);
    struct server *server = server_start(&script, 1);

    (void)state;
    turns = 0;
    for (int i = 0; i < 2; i++) {
        struct call call;

        call_init(&call, &world, NULL, "");
        call.request.reach = NET_PUBLIC;
        set_url(&call, "http://turning.test", server, "/");
        call_run(&call);
        assert_int_equal(call.reply.outcome, i == 0 ? NET_DONE : NET_NOT_SENT);
        assert_int_equal(call.reply.err.code, i == 0 ? ERROR_NONE : ERROR_ADDRESS_REFUSED);
        call_finish(&call);
    }
    assert_int_equal(turns, 2); /* once each: nobody asks again between check and connection */
    assert_int_equal(server_connections(server), 1);
    world_stop(&world);
    server_stop(server);
}

static void test_loopback_is_not_public(void **state)
{
    static const char *const urls[] = {"http://127.0.0.1/", "http://[::1]/", "http://localhost/",
                                       "http://[::ffff:127.0.0.1]/"};
    struct world world = world_start((struct net_config){0}, NULL);

    (void)state;
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct call call;

        call_init(&call, &world, NULL, urls[i]);
        call.request.reach = NET_PUBLIC;
        call_run(&call);
        assert_int_equal(call.reply.outcome, NET_NOT_SENT);
        assert_int_equal(call.reply.err.code, ERROR_ADDRESS_REFUSED);
        call_finish(&call);
    }
    world_stop(&world);
}

static void test_the_system_is_asked_for_names(void **state)
{
    static const struct server_script script = REPLY(LAST_REPLY);
    struct world world = world_start((struct net_config){0}, NULL);
    struct server *server = server_start(&script, 1);
    struct call calls[3];

    (void)state;
    for (size_t i = 0; i < COUNT(calls); i++) { /* the second shares the first's question */
        call_init(&calls[i], &world, NULL, "");
        set_url(&calls[i], "http://localhost", server, "/");
        if (i == 2)
            call_wait(&calls[0]); /* the third finds the answer kept */
        call_start(&calls[i]);
    }
    for (size_t i = 0; i < COUNT(calls); i++) {
        call_wait(&calls[i]);
        assert_int_equal(calls[i].reply.outcome, NET_DONE);
        call_finish(&calls[i]);
    }
    world_stop(&world);
    server_stop(server);
}

/* ---- redirects ---- */

static void follow(struct call *call, struct world *world, struct server *server, int redirects_max)
{
    call_init(call, world, server, "/first");
    call->request.reach = NET_PUBLIC;
    call->request.redirects_max = redirects_max;
}

static void test_redirects_are_followed_up_to_their_limit(void **state)
{
    static const struct {
        int max, status;
        size_t connections;
    } rows[] = {
        {0, 302, 1},
        {1, 301, 2},
        {2, 308, 3},
        {3, 200, 4}
    };
    static const struct server_script scripts[] = {
        REPLY("HTTP/1.1 302 Found\r\nLocation: /second\r\nContent-Length: 5\r\n\r\nthere"),
        REPLY("HTTP/1.1 301 Moved\r\nLocation: third\r\nContent-Length: 0\r\n\r\n"),
        REPLY("HTTP/1.1 308 Moved\r\nLocation: ?fourth\r\nContent-Length: 0\r\n\r\n"),
        REPLY(OK_REPLY),
    };
    struct world world = world_start((struct net_config){.allow_private = true}, NULL);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct server *server = server_start(scripts, COUNT(scripts));
        struct call call;

        follow(&call, &world, server, rows[i].max);
        call_run(&call);
        assert_int_equal(call.reply.outcome, NET_DONE);
        assert_int_equal(call.reply.status, rows[i].status);
        assert_int_equal(server_connections(server), rows[i].connections);
        assert_int_equal(call.sent_calls, 1);
        assert_int_equal(call.reply.sent_bytes, server->seen.size);
        if (rows[i].status == 200) {
            assert_true(str_equal(call.reply.body, STR("ok")));
            assert_true(str_ends_with(call.reply.final_url, STR("/third?fourth")));
        }
        call_finish(&call);
        server_stop(server);
    }
    world_stop(&world);
}

static void test_a_redirect_inwards_is_refused(void **state)
{
    static const char *const replies[] = {
        "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/meta\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: //two-faced.test/\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://u:p@pinned.test/\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://0x7f000001/\r\n\r\n",
    };
    struct world world = world_start((struct net_config){.allow_private = true}, fake_names);

    (void)state;
    for (size_t i = 0; i < COUNT(replies); i++) {
        const struct server_script script = REPLY(replies[i]);
        struct server *server = server_start(&script, 1);
        struct call call;

        follow(&call, &world, server, 3);
        call_run(&call);
        if (call.reply.outcome != NET_LOST || /* the first request has left */
            (call.reply.err.code != ERROR_ADDRESS_REFUSED && call.reply.err.code != ERROR_INVALID))
            fail_msg("%s: outcome %d, %s", replies[i], (int)call.reply.outcome,
                     call.reply.err.message);
        assert_int_equal(server_connections(server), 1);
        call_finish(&call);
        server_stop(server);
    }
    world_stop(&world);
}

static void test_keys_stay_with_the_origin_they_were_given_for(void **state)
{
    static const struct net_header headers[] = {
        {{"Authorization", 13}, {"Bearer k1", 9}},
        {{"X-Api-Key", 9},      {"k2", 2}       },
        {{"Cookie", 6},         {"a=k3", 4}     },
        {{"Accept", 6},         {"image/*", 7}  }
    };
    (void)state;
    for (int other = 0; other < 2; other++) {
        struct world world = world_start((struct net_config){.allow_private = true}, fake_names);
        const struct server_script last = REPLY(LAST_REPLY);
        struct server *target = server_start(&last, 1);
        char reply[256];
        struct server_script scripts[] = {REPLY(reply), REPLY(LAST_REPLY)};
        struct server *source;
        struct call call;

        snprintf(reply, sizeof(reply),
                 "HTTP/1.1 307 Found\r\nLocation: http://other.test:%u/\r\n\r\n",
                 (unsigned)target->port);
        if (!other)
            snprintf(reply, sizeof(reply), "HTTP/1.1 307 Found\r\nLocation: /second\r\n\r\n");
        source = server_start(scripts, COUNT(scripts));
        follow(&call, &world, source, 1);
        set_url(&call, "http://pinned.test", source, "/");
        call.request.headers = headers;
        call.request.header_count = COUNT(headers);
        call_run(&call);
        assert_int_equal(call.reply.status, 200);
        if (other) {
            assert_true(server_has_seen(target, "\r\nAccept: image/*\r\n"));
            assert_false(server_has_seen(target, "k1"));
            assert_false(server_has_seen(target, "k2"));
            assert_false(server_has_seen(target, "k3"));
        } else {
            const char *second;

            buf_add_char(&source->seen, '\0');
            second = strstr(source->seen.data, "GET /second");

            assert_non_null(second);
            assert_non_null(strstr(second, "Bearer k1"));
        }
        call_finish(&call);
        world_stop(&world);
        server_stop(source);
        server_stop(target);
    }
}

static void test_a_redirected_post_changes_as_the_status_says(void **state)
{
    static const struct {
        const char *reply, *line;
        bool has_body;
    } rows[] = {
        {"HTTP/1.1 301 x\r\nLocation: /b\r\n\r\n", "GET /b HTTP/1.1\r\n",  false},
        {"HTTP/1.1 302 x\r\nLocation: /b\r\n\r\n", "GET /b HTTP/1.1\r\n",  false},
        {"HTTP/1.1 303 x\r\nLocation: /b\r\n\r\n", "GET /b HTTP/1.1\r\n",  false},
        {"HTTP/1.1 307 x\r\nLocation: /b\r\n\r\n", "POST /b HTTP/1.1\r\n", true },
        {"HTTP/1.1 308 x\r\nLocation: /b\r\n\r\n", "POST /b HTTP/1.1\r\n", true },
    };
    static const struct net_header header = {
        {"Content-Type", 12},
        {"a/b",          3 }
    };
    struct world world = world_start((struct net_config){.allow_private = true}, NULL);
    struct str body = STR("payload");

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct server_script scripts[] = {REPLY(rows[i].reply), REPLY(LAST_REPLY)};
        struct server *server = server_start(scripts, COUNT(scripts));
        const char *second;
        struct call call;

        follow(&call, &world, server, 1);
        call.request.method = STR("POST");
        call.request.headers = &header;
        call.request.header_count = 1;
        call.request.body = &body;
        call.request.body_count = 1;
        call_run(&call);
        assert_int_equal(call.reply.status, 200);
        pthread_mutex_lock(&server->lock);
        buf_add_char(&server->seen, '\0');
        pthread_mutex_unlock(&server->lock);
        second = strstr(server->seen.data, rows[i].line);
        assert_non_null(second);
        assert_int_equal(strstr(second, "payload") != NULL, rows[i].has_body);
        assert_int_equal(strstr(second, "Content-Type") != NULL, rows[i].has_body);
        call_finish(&call);
        server_stop(server);
    }
    world_stop(&world);
}

/* ---- bodies ---- */

static void test_a_body_comes_in_pieces_when_it_is_asked_for(void **state)
{
    static const struct {
        const char *reply, *pieces, *collected;
        size_t take_max;
        enum net_outcome outcome;
    } rows[] = {
        {OK_REPLY,                                          "ok", "",    0, NET_DONE     },
        {"HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nwhy", "",   "why", 0, NET_DONE     },
        {OK_REPLY,                                          "ok", "",    1, NET_TOO_LARGE},
    };
    struct world world = world_start((struct net_config){0}, NULL);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct server_script script = REPLY(rows[i].reply);
        struct server *server = server_start(&script, 1);
        struct call call;

        call_init(&call, &world, server, "/");
        call.request.method = STR("POST");
        call.takes_body = true;
        call.take_max = rows[i].take_max;
        call_run(&call);
        assert_int_equal(call.reply.outcome, rows[i].outcome);
        assert_true(str_equal(buf_str(&call.pieces), str_of(rows[i].pieces)));
        assert_true(str_equal(call.reply.body, str_of(rows[i].collected)));
        call_finish(&call);
        server_stop(server);
    }
    world_stop(&world);
}

/* ---- cancelling ---- */

static const struct server_script silent = {
    {DO(ACT_READ), DO(ACT_HOLD)}
};

static void check_cancelled(const struct call *call)
{
    assert_int_equal(call->reply.outcome, NET_CANCELLED);
    assert_int_equal(call->reply.err.code, ERROR_CANCELLED);
    assert_int_equal(call->done_calls, 1);
}

static void start_and_cancel(void *context)
{
    struct call *call = context;

    call_start_here(call);
    net_cancel(call->transfer);
    net_cancel(call->transfer); /* twice is once */
    if (call->done_calls != 0)
        abort(); /* not a test thread: cmocka cannot fail here */
}

static void test_a_cancelled_transfer_says_whether_anything_had_left(void **state)
{
    enum { AT_ONCE, ON_SENT, WHILE_WAITING, ON_BODY, BY_ANOTHER, WAY_COUNT };
    struct world world = world_start((struct net_config){0}, NULL);

    (void)state;
    for (int way = 0; way < WAY_COUNT; way++) {
        const struct server_script flood = {
            {DO(ACT_READ), SEND("HTTP/1.1 200 OK\r\n\r\nbody"), FLOOD("more and more")}
        };
        struct server *server = server_start(way == ON_BODY ? &flood : &silent, 1);
        struct call call, other;

        call_init(&call, &world, server, "/");
        call_init(&other, &world, server, "/other");
        call.request.method = STR("POST");
        call.cancel_on_sent = way == ON_SENT;
        call.cancel_on_body = call.takes_body = way == ON_BODY;
        if (way == AT_ONCE)
            net_loop_post(world.loop, start_and_cancel, &call);
        else
            call_start(&call);
        if (way == WHILE_WAITING) {
            call_wait_sent(&call);
            call_cancel(&call);
        }
        if (way == BY_ANOTHER) {
            call_wait_sent(&call);
            other.cancel_other = &call;
            other.cancel_on_sent = true;
            call_run(&other);
            check_cancelled(&other);
        }
        call_wait(&call);
        check_cancelled(&call);
        if (way == AT_ONCE)
            assert_int_equal(call.reply.sent_bytes, 0);
        else
            assert_true(call.reply.sent_bytes > 0);
        call_finish(&call);
        call_finish(&other);
        server_stop(server);
    }
    world_stop(&world);
}

static void test_the_end_cancels_what_runs_and_what_waits(void **state)
{
    struct world world = world_start((struct net_config){.transfers_max = 3}, NULL);
    struct server *server = server_start(&silent, 1);
    struct net_stats stats;
    struct call calls[6];

    (void)state;
    for (size_t i = 0; i < COUNT(calls); i++) {
        call_init(&calls[i], &world, server, "/");
        calls[i].request.method = STR("POST");
        call_start(&calls[i]);
    }
    for (size_t i = 0; i < 3; i++)
        call_wait_sent(&calls[i]);
    net_stats(world.net, &stats);
    assert_int_equal(stats.active, 3);
    assert_int_equal(stats.waiting, 3);
    net_destroy(world.net);
    for (size_t i = 0; i < COUNT(calls); i++) {
        assert_true(calls[i].has_ended);
        check_cancelled(&calls[i]);
        assert_int_equal(calls[i].reply.sent_bytes > 0, i < 3);
        call_finish(&calls[i]);
    }
    net_loop_destroy(world.loop);
    server_stop(server);
}

static void test_a_net_ends_before_its_loop_began_and_amid_a_question(void **state)
{
    struct world world;
    struct error err = {0};
    struct net_config config = {.transfers_max = 1};
    struct call call;

    (void)state;
    assert_true(net_loop_create(&config.loop, &err));
    assert_true(net_create(&config, &world.net, &err));
    net_destroy(world.net);
    net_destroy(NULL);
    net_loop_destroy(config.loop);

    world = world_start((struct net_config){0}, NULL);
    call_init(&call, &world, NULL, "http://localhost:1/");
    call_start(&call); /* the question is with a thread when the end is posted, or answered */
    world_stop(&world);
    assert_int_equal(call.done_calls, 1);
    call_finish(&call);
}

/* ---- many ---- */

#define MANY 200

static void test_two_hundred_run_at_once(void **state)
{
    static const struct server_script script = {
        {DO(ACT_READ), {ACT_GATHER, NULL, MANY}, SEND(LAST_REPLY)}
    };
    struct world world = world_start((struct net_config){0}, NULL);
    struct server *server = server_start(&script, 1);
    struct call *calls = calloc(MANY, sizeof(*calls));
    struct net_stats stats;

    (void)state;
    assert_non_null(calls);
    for (size_t i = 0; i < MANY; i++) {
        call_init(&calls[i], &world, server, "/");
        calls[i].request.method = STR("POST");
        call_start(&calls[i]);
    }
    for (size_t i = 0; i < MANY; i++) {
        call_wait(&calls[i]);
        assert_int_equal(calls[i].reply.outcome, NET_DONE);
    }
    net_stats(world.net, &stats);
    assert_int_equal(stats.started, MANY);
    assert_int_equal(stats.done, MANY);
    assert_int_equal(stats.sent_bytes, server->seen.size);
    assert_int_equal(stats.received_bytes, 2 * MANY);
    world_stop(&world);
    for (size_t i = 0; i < MANY; i++)
        call_finish(&calls[i]);
    free(calls);
    server_stop(server);
}

static void test_those_who_wait_go_in_order(void **state)
{
    static const struct server_script script = REPLY(LAST_REPLY);
    struct world world = world_start((struct net_config){.transfers_max = 1}, NULL);
    struct server *server = server_start(&script, 1);
    struct call calls[20];
    const char *at;

    (void)state;
    for (size_t i = 0; i < COUNT(calls); i++) {
        char path[16];

        snprintf(path, sizeof(path), "/%zu.", i);
        call_init(&calls[i], &world, server, path);
        call_start(&calls[i]);
    }
    for (size_t i = 0; i < COUNT(calls); i++) {
        call_wait(&calls[i]);
        assert_int_equal(calls[i].reply.outcome, NET_DONE);
    }
    buf_add_char(&server->seen, '\0');
    at = server->seen.data;
    for (size_t i = 0; i < COUNT(calls); i++) {
        char line[24];

        snprintf(line, sizeof(line), "GET /%zu. ", i);
        at = strstr(at, line);
        assert_non_null(at);
        call_finish(&calls[i]);
    }
    world_stop(&world);
    server_stop(server);
}

/* ---- from another thread ---- */

static void test_another_thread_fetches_and_waits(void **state)
{
    static const struct server_script scripts[] = {
        REPLY("HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 2\r\n\r\nok"),
        REPLY("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"),
    };
    struct world world = world_start((struct net_config){0}, NULL);
    struct server *server = server_start(scripts, COUNT(scripts));
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    struct net_reply reply = {0};
    struct error err = {0};
    struct call call;

    (void)state;
    call_init(&call, &world, server, "/");
    call.request.method = STR("POST");
    assert_true(net_fetch(world.net, &call.request, arena, &reply, &err));
    assert_int_equal(reply.status, 200);
    assert_true(str_equal(reply.body, STR("ok")));
    assert_true(str_equal(reply.headers[0].name, STR("x-a")));
    assert_true(str_equal(reply.headers[0].value, STR("b")));
    assert_true(str_equal(reply.final_url, call.request.url));
    reply.status = 7;
    assert_false(net_fetch(world.net, &call.request, arena, &reply, &err));
    assert_int_equal(err.code, ERROR_UNREACHABLE);
    assert_int_equal(reply.status, 7); /* untouched */
    call_finish(&call);
    world_stop(&world);
    server_stop(server);
}

static void test_a_fetch_that_does_not_fit_fails(void **state)
{
    static const struct server_script script = {
        {DO(ACT_READ), SEND("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
         FLOOD("0123456789")}
    };
    struct world world = world_start((struct net_config){0}, NULL);
    struct server *server = server_start(&script, 1);
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    struct net_reply reply;
    struct error err = {0};
    struct call call;

    (void)state;
    call_init(&call, &world, server, "/");
    call.request.method = STR("POST");
    assert_false(net_fetch(world.net, &call.request, arena, &reply, &err));
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    call_finish(&call);
    world_stop(&world);
    server_stop(server);
}

/* ---- a proxy ---- */

static void test_a_proxy_is_asked_for_a_tunnel(void **state)
{
    static const struct server_script scripts[] = {
        {{DO(ACT_READ), SEND("HTTP/1.1 200 Connected\r\nX-Proxy: a\r\n\r\n"), DO(ACT_READ),
          SEND(LAST_REPLY)}},
        REPLY("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
    };
    struct server *server = server_start(scripts, COUNT(scripts));
    char proxy[64];
    struct world world;
    struct call call;

    (void)state;
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", (unsigned)server->port);
    world = world_start((struct net_config){.proxy = proxy}, fake_names);
    call_init(&call, &world, NULL, "http://far.test/x");
    call.request.reach = NET_PUBLIC;
    call_run(&call);
    assert_int_equal(call.reply.outcome, NET_DONE);
    assert_null(call_header(&call, "x-proxy"));
    assert_true(server_has_seen(server, "CONNECT far.test:80 HTTP/1.1\r\n"));
    assert_true(server_has_seen(server, "GET /x HTTP/1.1\r\n"));
    assert_true(call.reply.sent_bytes < (int64_t)server->seen.size); /* CONNECT is not counted */
    call_finish(&call);

    call_init(&call, &world, NULL, "http://far.test/x"); /* refused by the proxy */
    call.request.method = STR("POST");
    call_run(&call);
    assert_int_equal(call.reply.outcome, NET_NOT_SENT);
    assert_int_equal(call.reply.err.code, ERROR_UNREACHABLE);
    call_finish(&call);

    call_init(&call, &world, NULL, "http://10.0.0.1/x"); /* refused by us */
    call.request.reach = NET_PUBLIC;
    call_run(&call);
    assert_int_equal(call.reply.err.code, ERROR_ADDRESS_REFUSED);
    assert_int_equal(server_connections(server), 2);
    call_finish(&call);
    world_stop(&world);
    server_stop(server);
}

static void test_a_missing_file_of_certificates_is_told(void **state)
{
    struct net_config config = {.transfers_max = 1, .ca_file = "/nonexistent/ca.pem"};
    struct error err = {0};
    struct net *net;

    (void)state;
    assert_true(net_loop_create(&config.loop, &err));
    assert_false(net_create(&config, &net, &err));
    assert_string_equal(err.field, "ca_file");
    net_loop_destroy(config.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_name_is_connected_to_by_the_address_that_was_checked),
        cmocka_unit_test(test_a_name_with_one_bad_address_is_refused),
        cmocka_unit_test(test_a_name_that_turns_inwards_is_refused),
        cmocka_unit_test(test_loopback_is_not_public),
        cmocka_unit_test(test_the_system_is_asked_for_names),
        cmocka_unit_test(test_redirects_are_followed_up_to_their_limit),
        cmocka_unit_test(test_a_redirect_inwards_is_refused),
        cmocka_unit_test(test_keys_stay_with_the_origin_they_were_given_for),
        cmocka_unit_test(test_a_redirected_post_changes_as_the_status_says),
        cmocka_unit_test(test_a_body_comes_in_pieces_when_it_is_asked_for),
        cmocka_unit_test(test_a_cancelled_transfer_says_whether_anything_had_left),
        cmocka_unit_test(test_the_end_cancels_what_runs_and_what_waits),
        cmocka_unit_test(test_a_net_ends_before_its_loop_began_and_amid_a_question),
        cmocka_unit_test(test_two_hundred_run_at_once),
        cmocka_unit_test(test_those_who_wait_go_in_order),
        cmocka_unit_test(test_another_thread_fetches_and_waits),
        cmocka_unit_test(test_a_fetch_that_does_not_fit_fails),
        cmocka_unit_test(test_a_proxy_is_asked_for_a_tunnel),
        cmocka_unit_test(test_a_missing_file_of_certificates_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
