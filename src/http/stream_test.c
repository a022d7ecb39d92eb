#include "http/test_server.h"

#include <errno.h>
#include <time.h>

#define EVENTS                                                                                     \
    "GET /api/v1/events HTTP/1.1\r\n%HCookie: sid=viewer\r\nSec-Fetch-Site: same-origin\r\n\r\n"

static int setup(void **state)
{
    static struct fixture fixture;

    fixture_prepare(&fixture);
    fixture.limits.streams_per_user_max = 3;
    fixture.limits.heartbeat_ms = 100;
    fixture_start(&fixture);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    fixture_end(*state);
    return 0;
}

/* Reads until `text` was seen; false at the end of the connection. */
static bool read_until(int fd, struct buf *seen, const char *text)
{
    while (str_find(buf_str(seen), str_of(text)) < 0) {
        char bytes[4096];
        ssize_t size = recv(fd, bytes, sizeof(bytes), 0);

        if (size <= 0)
            return false;
        buf_add(seen, (struct str){bytes, (size_t)size});
    }
    return true;
}

/* True when the connection ended, after whatever was still to read. */
static bool is_ended(int fd)
{
    char bytes[65536];
    ssize_t size;

    do
        size = recv(fd, bytes, sizeof(bytes), 0);
    while (size > 0);
    return size == 0 || errno == ECONNRESET;
}

static void send_text(const char *text)
{
    struct http_bytes *bytes = http_bytes_create(str_of(text));

    (void)http_stream_send(atomic_load(&world.stream), bytes);
    http_bytes_drop(bytes);
}

static void test_a_stream_opens_speaks_and_breathes(void **state)
{
    struct buf seen = {0};
    int fd = request_open(*state, EVENTS);

    assert_true(read_until(fd, &seen, "event: hello\ndata: 1\n\n"));
    assert_true(str_starts_with(buf_str(&seen), STR("HTTP/1.1 200 OK\r\n")));
    assert_true(str_find(buf_str(&seen), STR("Content-Type: text/event-stream\r\n")) > 0);
    assert_true(str_find(buf_str(&seen), STR("Cache-Control: no-store\r\n")) > 0);
    assert_true(str_find(buf_str(&seen), STR("X-Accel-Buffering: no\r\n")) > 0);
    assert_true(str_find(buf_str(&seen), STR("Content-Security-Policy: ")) > 0);
    assert_true(str_find(buf_str(&seen), STR("\r\n\r\nretry: ")) > 0);
    send_text("data: second\n\n");
    assert_true(read_until(fd, &seen, "data: second\n\n"));
    assert_true(read_until(fd, &seen, ": still here\n\n"));
    assert_int_equal(atomic_load(&world.streams_closed), 0);
    close(fd);
    wait_for(&world.streams_closed, 1);
    buf_finish(&seen);
}

static void test_a_stranger_gets_no_stream(void **state)
{
    struct answer answer = exchange(*state, "GET /api/v1/events HTTP/1.1\r\n%H\r\n");

    assert_int_equal(answer.status, 401);
    buf_finish(&answer.bytes);
    answer = exchange(*state, "GET /api/v1/events HTTP/1.1\r\n%HCookie: sid=viewer\r\n"
                              "Sec-Fetch-Site: cross-site\r\n\r\n");
    assert_int_equal(answer.status, 403);
    buf_finish(&answer.bytes);
}

static void test_a_lost_right_closes_its_streams_only(void **state)
{
    struct fixture *fixture = *state;
    struct buf seen = {0};
    int viewer = request_open(fixture, EVENTS);
    int member;

    assert_true(read_until(viewer, &seen, "hello"));
    buf_clear(&seen);
    member = request_open(fixture, "GET /api/v1/events HTTP/1.1\r\n%HCookie: sid=member\r\n\r\n");
    assert_true(read_until(member, &seen, "hello"));
    http_streams_close_session(fixture->server, 1, 99, 0); /* another session of the viewer */
    http_streams_close_session(fixture->server, 1, 0, 21); /* a token of the viewer */
    assert_int_equal(streams_count(fixture->server->streams), 2);
    http_streams_close_session(fixture->server, 1, 11, 0);
    assert_true(is_ended(viewer));
    wait_for(&world.streams_closed, 1);
    send_text("data: on\n\n");
    assert_true(read_until(member, &seen, "data: on"));
    http_streams_close_session(fixture->server, 2, 0, 0); /* all of the member's */
    assert_true(is_ended(member));
    close(viewer);
    close(member);
    buf_finish(&seen);
}

static void test_a_right_that_ends_by_itself_closes_its_streams_only(void **state)
{
    struct fixture *fixture = *state;
    struct buf seen = {0};
    int brief, viewer;

    brief = request_open(fixture, "GET /api/v1/events HTTP/1.1\r\n%HCookie: sid=brief\r\n\r\n");
    assert_true(read_until(brief, &seen, "hello"));
    buf_clear(&seen);
    viewer = request_open(fixture, EVENTS);
    assert_true(read_until(viewer, &seen, "hello"));
    wait_for(&world.streams_closed, 1);
    assert_true(is_ended(brief));
    send_text("data: on\n\n");
    assert_true(read_until(viewer, &seen, "data: on"));
    close(brief);
    close(viewer);
    buf_finish(&seen);
}

/* The client reads nothing: what the kernel does not take piles up to the limit, then it is closed.
 */
static void test_a_slow_stream_is_closed_and_told_nothing_twice(void **state)
{
    struct buf seen = {0};
    int fd = request_open(*state, EVENTS);
    char *large = calloc(1, 30000);
    struct http_bytes *bytes;
    int sent = 0;

    assert_non_null(large);
    memset(large, 'x', 30000 - 1);
    bytes = http_bytes_create(str_of(large));
    assert_true(read_until(fd, &seen, "hello"));
    while (sent < 10000 && http_stream_send(atomic_load(&world.stream), bytes))
        sent++;
    assert_true(sent >= 1); /* one fits at least */
    assert_true(sent < 10000);
    wait_for(&world.streams_closed, 1);
    assert_true(is_ended(fd));
    http_bytes_drop(bytes);
    free(large);
    close(fd);
    buf_finish(&seen);
}

static void test_a_user_has_so_many_streams(void **state)
{
    struct fixture *fixture = *state;
    int fds[3];
    struct answer answer;

    for (size_t i = 0; i < COUNT(fds); i++) {
        struct buf seen = {0};

        fds[i] = request_open(fixture, EVENTS);
        assert_true(read_until(fds[i], &seen, "hello"));
        buf_finish(&seen);
    }
    answer = exchange(fixture, EVENTS);
    assert_int_equal(answer.status, 429);
    assert_true(answer_field(&answer, "Retry-After").size > 0);
    buf_finish(&answer.bytes);
    for (size_t i = 0; i < COUNT(fds); i++)
        close(fds[i]);
    wait_for(&world.streams_closed, 3);
}

static void test_draining_sends_streams_away_and_refuses_work(void **state)
{
    struct fixture *fixture = *state;
    struct buf seen = {0};
    int fd = request_open(fixture, EVENTS);
    struct answer answer;

    assert_true(read_until(fd, &seen, "hello"));
    buf_clear(&seen);
    http_server_drain(fixture->server);
    assert_true(read_until(fd, &seen, "retry: "));
    assert_true(is_ended(fd));
    close(fd);
    buf_finish(&seen);
    answer = exchange(fixture, "GET /readyz HTTP/1.1\r\n%H\r\n");
    assert_int_equal(answer.status, 503);
    buf_finish(&answer.bytes);
    answer = exchange(fixture, "GET /healthz HTTP/1.1\r\n%H\r\n");
    assert_int_equal(answer.status, 200);
    buf_finish(&answer.bytes);
    answer = exchange(fixture, "GET /api/v1/me HTTP/1.1\r\n%HCookie: sid=viewer\r\n\r\n");
    assert_int_equal(answer.status, 503);
    assert_true(answer_field(&answer, "Retry-After").size > 0);
    buf_finish(&answer.bytes);
}

static void test_not_ready_says_so(void **state)
{
    struct answer answer;

    atomic_store(&world.is_not_ready, true);
    answer = exchange(*state, "GET /readyz HTTP/1.1\r\n%H\r\n");
    assert_int_equal(answer.status, 503);
    assert_true(answer_has(&answer, "the database is away"));
    buf_finish(&answer.bytes);
}

/* ---- produced bodies ---- */

#define ZIP "GET /api/v1/zip HTTP/1.1\r\n%H\r\n"

static void test_a_produced_body_comes_whole(void **state)
{
    struct buf seen = {0};
    struct answer answer;
    int fd;

    world.produce_size = 3 * 1024;
    fd = request_open(*state, ZIP);
    assert_true(read_until(fd, &seen, "\r\n0\r\n\r\n"));
    assert_true(str_find(buf_str(&seen), STR("Transfer-Encoding: chunked\r\n")) > 0);
    assert_true(str_find(buf_str(&seen), STR("filename=\"Bilder _.zip\"")) > 0);
    assert_true(str_find(buf_str(&seen), STR("\r\n\r\n400\r\nx")) > 0);
    assert_true(is_ended(fd));
    close(fd);
    buf_finish(&seen);
    answer = exchange(*state, "GET /api/v1/zip HTTP/1.0\r\n%H\r\n");
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body.size, 3 * 1024); /* unchunked, to the end */
    buf_finish(&answer.bytes);
    answer = exchange(*state, "HEAD /api/v1/zip HTTP/1.1\r\n%H\r\n");
    assert_int_equal(answer.status, 200);
    buf_finish(&answer.bytes);
    wait_for(&world.contexts_freed, 3);
}

/* The client must not believe that it has everything. */
static void test_a_broken_body_is_cut(void **state)
{
    struct buf seen = {0};
    int fd;

    world.produce_size = 2 * 1024;
    world.is_produce_broken = true;
    fd = request_open(*state, ZIP);
    assert_false(read_until(fd, &seen, "\r\n0\r\n\r\n"));
    wait_for(&world.contexts_freed, 1);
    close(fd);
    buf_finish(&seen);
}

static void test_a_client_that_leaves_ends_the_production(void **state)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    struct buf seen = {0};
    int fd;

    world.produce_size = (size_t)1 << 40; /* without end */
    fd = request_open(*state, ZIP);
    assert_true(read_until(fd, &seen, "\r\n\r\n400\r\n"));
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close(fd);
    wait_for(&world.contexts_freed, 1);
    buf_finish(&seen);
}

/* Opens a body without end and reads it in sips; the bytes it has got when it was cut, or after so
 * many. */
static size_t sip(struct fixture *fixture, int64_t progress_min, int sips)
{
    struct timespec pause = {.tv_nsec = 10000000};
    int fd;
    size_t total = 0;

    http_server_destroy(fixture->server);
    fixture->limits.write_stall_ms = 500;
    fixture->limits.write_progress_min = progress_min;
    fixture_start(fixture);
    world.produce_size = (size_t)1 << 40;
    fd = request_open(fixture, ZIP);
    for (int i = 0; i < sips && atomic_load(&world.contexts_freed) == 0; i++) {
        char bytes[16384];
        ssize_t size = recv(fd, bytes, sizeof(bytes), 0);

        total += size > 0 ? (size_t)size : 0;
        nanosleep(&pause, NULL);
    }
    close(fd);
    return total;
}

/* There are two threads that make bodies: who takes a little now and then must not keep one. */
static void test_a_reader_that_sips_is_cut(void **state)
{
    (void)sip(*state, MIB(64), 500);
    assert_int_equal(atomic_load(&world.contexts_freed), 1);
}

static void test_a_reader_that_keeps_its_pace_is_not_cut(void **state)
{
    assert_true(sip(*state, KIB(1), 200) > KIB(4)); /* two seconds: four windows */
    assert_int_equal(atomic_load(&world.contexts_freed), 0);
    wait_for(&world.contexts_freed, 1);
}

/* With both threads held by clients that do not read, the server still ends at once. */
static void test_the_server_ends_with_streams_and_bodies_open(void **state)
{
    struct fixture *fixture = *state;
    int fds[3];

    world.produce_size = (size_t)1 << 40;
    for (size_t i = 0; i < COUNT(fds); i++) {
        struct buf seen = {0};

        fds[i] = request_open(fixture, i == 0 ? EVENTS : ZIP);
        assert_true(read_until(fds[i], &seen, "\r\n\r\n"));
        buf_finish(&seen);
    }
    http_server_destroy(fixture->server);
    fixture->server = NULL;
    assert_int_equal(atomic_load(&world.streams_closed), 1);
    assert_int_equal(atomic_load(&world.contexts_freed), 2);
    for (size_t i = 0; i < COUNT(fds); i++)
        close(fds[i]);
}

int main(void)
{
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_a_stream_opens_speaks_and_breathes),
        WITH_SERVER(test_a_stranger_gets_no_stream),
        WITH_SERVER(test_a_lost_right_closes_its_streams_only),
        WITH_SERVER(test_a_right_that_ends_by_itself_closes_its_streams_only),
        WITH_SERVER(test_a_slow_stream_is_closed_and_told_nothing_twice),
        WITH_SERVER(test_a_user_has_so_many_streams),
        WITH_SERVER(test_draining_sends_streams_away_and_refuses_work),
        WITH_SERVER(test_not_ready_says_so),
        WITH_SERVER(test_a_produced_body_comes_whole),
        WITH_SERVER(test_a_broken_body_is_cut),
        WITH_SERVER(test_a_client_that_leaves_ends_the_production),
        WITH_SERVER(test_a_reader_that_sips_is_cut),
        WITH_SERVER(test_a_reader_that_keeps_its_pace_is_not_cut),
        WITH_SERVER(test_the_server_ends_with_streams_and_bodies_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
