/* Deadlines and limits (S25, S26), with a clock that stands until it is moved. */
#include "http/test_server.h"

#include <errno.h>
#include <time.h>

#define BIG_SIZE MIB(16)

/* core's fake clock is one thread's; this one is moved while others look. */
static _Atomic int64_t fake_ms;

static int64_t fake_now(void *context)
{
    (void)context;
    return atomic_load(&fake_ms);
}

static const struct clock fake_clock = {.wall_ms = fake_now, .mono_ms = fake_now};
static char *big;
static struct http_asset big_assets[] = {
    {"/assets/big",     "text/plain", {NULL, BIG_SIZE}, {NULL, 0}, {NULL, 0}, "b1"},
    {0},
};

static int setup_with(void **state, bool has_fake_clock, size_t per_ip)
{
    static struct fixture fixture;

    fixture_prepare(&fixture);
    big = malloc(BIG_SIZE);
    memset(big, 'b', BIG_SIZE);
    big_assets[0].plain.data = big;
    atomic_store(&fake_ms, 1000);
    fixture.config.assets = big_assets;
    fixture.config.clock = has_fake_clock ? &fake_clock : &clock_system;
    fixture.config.io_threads = 1;
    fixture.config.rate_per_minute = 50;
    fixture.limits.tick_ms = has_fake_clock ? 0 : 10;
    fixture.limits.per_ip_loopback_max = per_ip;
    fixture.limits.connections_max = 4;
    fixture_start(&fixture);
    *state = &fixture;
    return 0;
}

static int setup(void **state) { return setup_with(state, true, 4); }
/* Fewer from an address than the server takes in all. */
static int setup_few(void **state) { return setup_with(state, true, 3); }
static int setup_ticking(void **state) { return setup_with(state, false, 4); }

/* Two are looked at and one ends at a time; the server's own ticks are an hour away. */
static int setup_in_turn(void **state)
{
    static struct fixture fixture;

    fixture_prepare(&fixture);
    atomic_store(&fake_ms, 1000);
    fixture.config.clock = &fake_clock;
    fixture.config.io_threads = 1;
    fixture.limits.tick_ms = INT64_C(3600000);
    fixture.limits.ends_max = 1;
    fixture.limits.looks_max = 2;
    fixture_start(&fixture);
    *state = &fixture;
    return 0;
}

static int teardown_in_turn(void **state)
{
    fixture_end(*state);
    return 0;
}

static int teardown(void **state)
{
    fixture_end(*state);
    free(big);
    return 0;
}

static void connections_wait(const struct fixture *fixture, size_t count)
{
    struct timespec pause = {.tv_nsec = 1000000};

    for (int i = 0; http_connection_count(fixture->server) != count; i++) {
        if (i == 10000)
            fail_msg("%zu connections instead of %zu", http_connection_count(fixture->server),
                     count);
        nanosleep(&pause, NULL);
    }
}

/* The only connection's phase: a client may have its reply before the server has put it down. */
static void phase_wait(const struct fixture *fixture, enum conn_phase phase)
{
    struct timespec pause = {.tv_nsec = 1000000};
    bool is_there = false;

    for (int i = 0; !is_there; i++) {
        if (i == 10000)
            fail_msg("the phase never came");
        pthread_mutex_lock(&fixture->server->conn_lock);
        is_there = fixture->server->conns != NULL &&
                   atomic_load(&fixture->server->conns->phase) == (int)phase;
        pthread_mutex_unlock(&fixture->server->conn_lock);
        if (!is_there)
            nanosleep(&pause, NULL);
    }
}

static void send_with_host(const struct fixture *fixture, int fd, const char *first,
                           const char *last)
{
    struct buf bytes = {0};

    buf_printf(&bytes, "%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s", first, fixture->port, last);
    client_send(fd, buf_str(&bytes));
    buf_finish(&bytes);
}

static void pass(const struct fixture *fixture, int64_t ms)
{
    atomic_fetch_add(&fake_ms, ms);
    http_deadlines_check(fixture->server);
}

static void test_a_head_has_ten_seconds_however_busy(void **state)
{
    const struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    struct answer answer;

    client_send(fd, STR("GET /healthz HTTP/1.1\r\n"));
    connections_wait(fixture, 1);
    for (int i = 0; i < 9; i++) { /* a byte a second is activity, and no excuse */
        pass(fixture, 1000);
        client_send(fd, STR("X"));
    }
    assert_int_equal(http_connection_count(fixture->server), 1);
    pass(fixture, 1000);
    answer = client_read(fd, false);
    assert_int_equal(answer.status, 408);
    connections_wait(fixture, 0);
    buf_finish(&answer.bytes);
    close(fd);
}

static void test_an_idle_connection_is_closed_after_a_minute(void **state)
{
    const struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    struct answer answer;

    connections_wait(fixture, 1);
    pass(fixture, 1000);
    pass(fixture, 58000);
    send_with_host(fixture, fd, "GET /healthz", "\r\n"); /* in time: the minute starts again */
    answer = client_read(fd, false);
    assert_int_equal(answer.status, 200);
    buf_finish(&answer.bytes);
    phase_wait(fixture, CONN_IDLE);
    pass(fixture, 1000);
    pass(fixture, 58000);
    assert_int_equal(http_connection_count(fixture->server), 1);
    pass(fixture, 2000);
    answer = client_read(fd, false);
    assert_int_equal(answer.bytes.size, 0);
    connections_wait(fixture, 0);
    buf_finish(&answer.bytes);
    close(fd);
}

static void test_a_second_head_is_timed_like_the_first(void **state)
{
    const struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    struct answer answer;

    send_with_host(fixture, fd, "GET /healthz", "\r\n");
    answer = client_read(fd, false);
    assert_int_equal(answer.status, 200);
    buf_finish(&answer.bytes);
    phase_wait(fixture, CONN_IDLE);
    pass(fixture, 1000);
    pass(fixture, 1000);
    client_send(fd, STR("GET /heal"));
    pass(fixture, 1000);
    pass(fixture, 10000);
    answer = client_read(fd, false);
    assert_int_equal(answer.status, 408);
    buf_finish(&answer.bytes);
    close(fd);
}

static int body_begin_test(const struct fixture *fixture)
{
    int fd = client_connect(fixture);
    char bytes[64];

    send_with_host(fixture, fd, "POST /api/v1/login",
                   "Content-Type: application/json\r\nContent-Length: 4000\r\n"
                   "Expect: 100-continue\r\n\r\n");
    assert_int_equal(recv(fd, bytes, sizeof(bytes), 0), 25); /* HTTP/1.1 100 Continue */
    phase_wait(fixture, CONN_BODY);
    return fd;
}

static void body_wait(const struct fixture *fixture, uint64_t size)
{
    struct timespec pause = {.tv_nsec = 1000000};

    for (int i = 0; atomic_load(&fixture->server->conns->body_bytes) != size; i++) {
        if (i == 10000)
            fail_msg("the body never came");
        nanosleep(&pause, NULL);
    }
}

static void test_a_body_must_keep_a_pace(void **state)
{
    const struct fixture *fixture = *state;
    int slow = body_begin_test(fixture);
    struct answer answer;

    client_send(slow, STR("{\"a\":"));
    body_wait(fixture, 5);
    pass(fixture, 9000);
    assert_int_equal(http_connection_count(fixture->server), 1);
    pass(fixture, 1000);
    answer = client_read(slow, false);
    assert_int_equal(answer.status, 408);
    connections_wait(fixture, 0);
    buf_finish(&answer.bytes);
    close(slow);
}

static void test_a_megabyte_at_once_buys_no_hour_of_silence(void **state)
{
    const struct fixture *fixture = *state;
    int fd = body_begin_test(fixture);
    char quick[3000];
    struct answer answer;

    memset(quick, ' ', sizeof(quick));
    client_send(fd, (struct str){quick, sizeof(quick)});
    pass(fixture, 0);
    body_wait(fixture, sizeof(quick));
    atomic_store(&fixture->server->conns->body_bytes, MIB(1)); /* as if it had been so much */
    pass(fixture, 10000);
    assert_int_equal(http_connection_count(fixture->server), 1);
    pass(fixture, 10000);
    answer = client_read(fd, false);
    assert_int_equal(answer.status, 408);
    connections_wait(fixture, 0);
    buf_finish(&answer.bytes);
    close(fd);
}

static void test_a_crowd_is_not_waited_for(void **state)
{
    const struct fixture *fixture = *state;
    int idle = client_connect(fixture), slow = client_connect(fixture), third;
    struct answer answer;

    client_send(slow, STR("GET /heal"));
    connections_wait(fixture, 2);
    pass(fixture, 1000);
    pass(fixture, 3000);
    assert_int_equal(http_connection_count(fixture->server), 2);
    third = client_connect(fixture); /* of four: that is crowded */
    connections_wait(fixture, 3);
    pass(fixture, 0);
    connections_wait(fixture, 1);
    answer = client_read(idle, false);
    assert_int_equal(answer.bytes.size, 0);
    buf_finish(&answer.bytes);
    answer = client_read(slow, false);
    assert_int_equal(answer.status, 408);
    buf_finish(&answer.bytes);
    send_with_host(fixture, third, "GET /healthz", "\r\n");
    answer = client_read(third, false);
    assert_int_equal(answer.status, 200);
    buf_finish(&answer.bytes);
    close(idle);
    close(slow);
    close(third);
}

/* As many as come may end, or the I/O threads would do nothing else for a while. */
static void test_many_end_in_turn(void **state)
{
    const struct fixture *fixture = *state;
    const struct http_limits *limits = &fixture->server->limits;
    int fds[3];

    for (size_t i = 0; i < 3; i++)
        fds[i] = client_connect(fixture);
    connections_wait(fixture, 3);
    assert_int_equal(http_deadlines_check(fixture->server), limits->look_ms); /* two of three */
    assert_int_equal(http_deadlines_check(fixture->server), limits->tick_ms);
    atomic_fetch_add(&fake_ms, limits->idle_ms);
    for (size_t left = 3; left > 1; left--) {
        assert_int_equal(http_deadlines_check(fixture->server), limits->look_ms);
        connections_wait(fixture, left - 1);
    }
    atomic_fetch_add(&fake_ms, 100);
    /* The last of the round, and the pause to the next one is from where this one began. */
    assert_int_equal(http_deadlines_check(fixture->server), limits->tick_ms - 100);
    connections_wait(fixture, 0);
    for (size_t i = 0; i < 3; i++)
        close(fds[i]);
}

/* A round is not lost when the next of it goes by itself. */
static void test_one_leaves_between_two_looks(void **state)
{
    const struct fixture *fixture = *state;
    const struct http_limits *limits = &fixture->server->limits;
    int fds[3];

    for (size_t i = 0; i < 3; i++) {
        fds[i] = client_connect(fixture);
        connections_wait(fixture, i + 1);
    }
    atomic_fetch_add(&fake_ms, limits->idle_ms);
    assert_int_equal(http_deadlines_check(fixture->server), limits->look_ms); /* the newest */
    connections_wait(fixture, 2);
    close(fds[1]);
    connections_wait(fixture, 1);
    assert_int_equal(http_deadlines_check(fixture->server), limits->tick_ms);
    connections_wait(fixture, 0);
    close(fds[0]);
    close(fds[2]);
}

/* A large text waits for its sender's name; a small one costs less than asking. */
static void test_large_texts_come_from_those_who_may(void **state)
{
    const struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    struct answer answer;

    char *text = malloc(20000);

    assert_non_null(text);
    memset(text, ' ', 20000);
    memcpy(text, "{\"text\":\"a\"}", 12);
    send_with_host(fixture, fd, "POST /api/v1/essay",
                   "Content-Type: application/json\r\nContent-Length: 300000\r\n\r\n");
    client_send(fd, (struct str){text, 20000}); /* the rest never comes */
    answer = client_read(fd, false);
    assert_int_equal(answer.status, 401);
    buf_finish(&answer.bytes);
    close(fd);
    fd = client_connect(fixture);
    send_with_host(fixture, fd, "POST /api/v1/essay",
                   "Content-Type: application/json\r\nAuthorization: Bearer writer\r\n"
                   "Content-Length: 20000\r\n\r\n");
    client_send(fd, (struct str){text, 20000});
    answer = client_read(fd, false);
    assert_int_equal(answer.status, 201);
    buf_finish(&answer.bytes);
    free(text);
    close(fd);
}

/* The client takes a megabyte of the answer and then no more. */
static void test_an_answer_nobody_reads_is_given_up(void **state)
{
    const struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    char *bytes = malloc(MIB(1));
    size_t got = 0;

    assert_non_null(bytes);
    send_with_host(fixture, fd, "GET /assets/big", "\r\n");
    while (got < MIB(1)) {
        ssize_t size = recv(fd, bytes, MIB(1), 0);

        assert_true(size > 0);
        got += (size_t)size;
    }
    phase_wait(fixture, CONN_WRITE);
    pass(fixture, 0); /* the window begins */
    pass(fixture, 29000);
    assert_int_equal(http_connection_count(fixture->server), 1);
    while (got < MIB(8)) { /* it reads again: another window */
        ssize_t size = recv(fd, bytes, MIB(1), 0);

        assert_true(size > 0);
        got += (size_t)size;
    }
    pass(fixture, 1000);
    assert_int_equal(http_connection_count(fixture->server), 1);
    pass(fixture, 29000);
    assert_int_equal(http_connection_count(fixture->server), 1);
    pass(fixture, 31000); /* whatever was still on its way is counted by now */
    pass(fixture, 31000);
    connections_wait(fixture, 0);
    free(bytes);
    close(fd);
}

static void test_an_address_has_so_many_connections(void **state)
{
    const struct fixture *fixture = *state;
    int fds[3], more;
    struct answer answer;
    char byte;

    for (size_t i = 0; i < COUNT(fds); i++)
        fds[i] = client_connect(fixture);
    connections_wait(fixture, COUNT(fds));
    more = client_connect(fixture);
    /* Closed at once, not left to wait. */
    assert_true(recv(more, &byte, 1, 0) == 0 || errno == ECONNRESET);
    close(more);
    close(fds[0]);
    connections_wait(fixture, COUNT(fds) - 1);
    answer = exchange(fixture, "GET /healthz HTTP/1.1\r\n%H\r\n");
    assert_int_equal(answer.status, 200);
    buf_finish(&answer.bytes);
    for (size_t i = 1; i < COUNT(fds); i++)
        close(fds[i]);
}

static void test_requests_have_a_budget(void **state)
{
    const struct fixture *fixture = *state;
    struct answer answer;

    for (int i = 0; i < 50; i++) {
        answer = exchange(fixture, "GET /api/v1/ping HTTP/1.1\r\n%H\r\n");
        assert_int_equal(answer.status, 200);
        buf_finish(&answer.bytes);
    }
    answer = exchange(fixture, "GET /api/v1/ping HTTP/1.1\r\n%H\r\n");
    assert_int_equal(answer.status, 429);
    assert_true(str_equal(answer_field(&answer, "Retry-After"), STR("2")));
    assert_true(str_equal(answer_field(&answer, "RateLimit-Policy"), STR("\"default\";q=50;w=60")));
    assert_true(answer_has(&answer, "\"retry_after_ms\":1200"));
    buf_finish(&answer.bytes);
    /* Somebody known has a bucket of his own; the health of the server has none. */
    answer = exchange(fixture, "GET /api/v1/me HTTP/1.1\r\n%HCookie: sid=viewer\r\n\r\n");
    assert_int_equal(answer.status, 200);
    buf_finish(&answer.bytes);
    answer = exchange(fixture, "GET /healthz HTTP/1.1\r\n%H\r\n");
    assert_int_equal(answer.status, 200);
    buf_finish(&answer.bytes);
    atomic_fetch_add(&fake_ms, 1200);
    answer = exchange(fixture, "GET /api/v1/ping HTTP/1.1\r\n%H\r\n");
    assert_int_equal(answer.status, 200);
    buf_finish(&answer.bytes);
}

/* Sends far more than is read; the answer must not drown in a reset. */
static void refused_while_sending(const struct fixture *fixture, const char *framing,
                                  const char *chunk_line)
{
    int fd = client_connect(fixture);
    char *piece = malloc(KIB(64));
    struct answer answer;

    assert_non_null(piece);
    memset(piece, 'x', KIB(64));
    send_with_host(fixture, fd, "POST /api/v1/login", framing);
    for (int i = 0; i < 32; i++) {
        client_send(fd, str_of(chunk_line));
        client_send(fd, (struct str){piece, KIB(64)});
        if (chunk_line[0] != '\0')
            client_send(fd, STR("\r\n"));
    }
    answer = client_read(fd, false);
    assert_int_equal(answer.status, 413);
    assert_true(answer_has(&answer, "\"limit\":4096"));
    buf_finish(&answer.bytes);
    free(piece);
    close(fd);
}

static void test_a_refused_sender_hears_why(void **state)
{
    refused_while_sending(*state,
                          "Content-Type: application/json\r\nContent-Length: 2097152\r\n\r\n", "");
    refused_while_sending(*state,
                          "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
                          "10000\r\n");
}

#define FORM "--b\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\na cup of tea\r\n--b--"

static size_t uploads_waiting(const struct fixture *fixture)
{
    size_t count = 0;

    pthread_mutex_lock(&fixture->server->work_lock);
    for (const struct http_call *call = fixture->server->uploads_waiting; call != NULL;
         call = call->next_upload)
        count++;
    pthread_mutex_unlock(&fixture->server->work_lock);
    return count;
}

static struct answer form_send(const struct fixture *fixture, const char *bearer, const char *body)
{
    struct buf bytes = {0};
    struct answer answer;

    buf_printf(&bytes,
               "POST /api/v1/upload HTTP/1.1\r\n%%HAuthorization: Bearer %s\r\n"
               "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %zu\r\n\r\n%s",
               bearer, strlen(body), body);
    answer = exchange_bytes(fixture, buf_str(&bytes));
    buf_finish(&bytes);
    return answer;
}

static void test_forms_come_from_those_who_may(void **state)
{
    static const struct {
        const char *bearer, *body;
        int status;
        const char *has, *why;
    } rows[] = {
        {"writer", FORM,                                                                        200, "{\"text\":\"a cup of tea\",\"number\":1}", "a member"              },
        {"no",     FORM,                                                                        401, "unauthenticated",                          "a stranger"            },
        {"reader", FORM,                                                                        403, "forbidden",                                "a token for reading"   },
        {"writer", "--b\r\n",                                                                   400, "malformed",                                "half a form"           },
        {"writer", "",                                                                          400, "malformed",                                "no form"               },
        {"writer",
         "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\nx\r\n--b--", 503,
         "keeps no files",                                                                                                                       "a file without a store"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct answer answer = form_send(*state, rows[i].bearer, rows[i].body);

        if (answer.status != rows[i].status || !answer_has(&answer, rows[i].has))
            fail_msg("%s: %.*s", rows[i].why, STR_ARGS(buf_str(&answer.bytes)));
        buf_finish(&answer.bytes);
    }
}

/* Of two handler threads one is for uploads; what waits for it keeps its order. */
static void test_uploads_leave_threads_to_others(void **state)
{
    const struct fixture *fixture = *state;
    struct timespec pause = {.tv_nsec = 1000000};
    struct buf bytes = {0};
    struct answer answer;
    int fds[3];

    buf_printf(&bytes,
               "POST /api/v1/hold HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer "
               "writer\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: "
               "%zu\r\n\r\n" FORM,
               fixture->port, strlen(FORM));
    for (size_t i = 0; i < COUNT(fds); i++) {
        fds[i] = client_connect(fixture);
        client_send(fds[i], buf_str(&bytes));
    }
    for (int i = 0; atomic_load(&world.held) != 1 || uploads_waiting(fixture) != 2; i++) {
        if (i == 10000)
            fail_msg("%d are held", atomic_load(&world.held));
        nanosleep(&pause, NULL);
    }
    answer = exchange(fixture, "GET /api/v1/ping HTTP/1.1\r\n%H\r\n");
    assert_int_equal(answer.status, 200);
    buf_finish(&answer.bytes);
    for (size_t i = 0; i < COUNT(fds); i++)
        (void)sem_post(&world.hold);
    for (size_t i = 0; i < COUNT(fds); i++) {
        answer = client_read(fds[i], false);
        assert_int_equal(answer.status, 200);
        buf_finish(&answer.bytes);
        close(fds[i]);
    }
    buf_finish(&bytes);
}

static void test_large_json_is_compressed_when_asked(void **state)
{
    struct answer answer;

    answer = exchange(*state, "GET /api/v1/long HTTP/1.1\r\n%H\r\n");
    assert_int_equal(answer.body.size, 5022);
    assert_true(str_equal(answer_field(&answer, "Vary"), STR("Accept-Encoding")));
    buf_finish(&answer.bytes);
    answer = exchange(*state, "GET /api/v1/long HTTP/1.1\r\n%HAccept-Encoding: gzip\r\n\r\n");
    assert_true(str_equal(answer_field(&answer, "Content-Encoding"), STR("gzip")));
    assert_true(answer.body.size < 200);
    assert_true(str_starts_with(answer.body, STR("\x1f\x8b")));
    buf_finish(&answer.bytes);
}

int main(void)
{
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_a_head_has_ten_seconds_however_busy),
        WITH_SERVER(test_an_idle_connection_is_closed_after_a_minute),
        WITH_SERVER(test_a_second_head_is_timed_like_the_first),
        WITH_SERVER(test_a_body_must_keep_a_pace),
        WITH_SERVER(test_a_megabyte_at_once_buys_no_hour_of_silence),
        WITH_SERVER(test_a_crowd_is_not_waited_for),
        cmocka_unit_test_setup_teardown(test_many_end_in_turn, setup_in_turn, teardown_in_turn),
        cmocka_unit_test_setup_teardown(test_one_leaves_between_two_looks, setup_in_turn,
                                        teardown_in_turn),
        WITH_SERVER(test_large_texts_come_from_those_who_may),
        WITH_SERVER(test_an_answer_nobody_reads_is_given_up),
        cmocka_unit_test_setup_teardown(test_an_address_has_so_many_connections, setup_few,
                                        teardown),
        WITH_SERVER(test_requests_have_a_budget),
        cmocka_unit_test_setup_teardown(test_a_refused_sender_hears_why, setup_ticking, teardown),
        WITH_SERVER(test_forms_come_from_those_who_may),
        WITH_SERVER(test_uploads_leave_threads_to_others),
        WITH_SERVER(test_large_json_is_compressed_when_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
