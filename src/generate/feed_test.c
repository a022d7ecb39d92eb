#include "http/test_server.h"

#include "db/migrations.h"
#include "engine/event.h"
#include "generate/generate.h"

#include <ftw.h>
#include <inttypes.h>
#include <pthread.h>
#include <time.h>

#define MEMBER 2
#define ADMIN 3
#define WAIT_MS 60000

struct house {
    struct fixture http;
    char directory[64];
    struct arena *arena;
    struct db_pool *pool;
    struct feed *feed;
    struct str epoch, others_epoch; /* MEMBER's, ADMIN's */
};

/* The one definition of this program. */
struct feed *app_feed(void *app) { return ((struct house *)app)->feed; }

static void no_error(bool ok, const struct error *err, const char *what)
{
    if (!ok)
        fail_msg("%s: %s (%s)", what, err->message, err->detail);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static bool run_sql(struct db *db, void *context, struct error *err)
{
    return db_exec(db, context, NULL, 0, NULL, err);
}

/* One statement in a transaction of its own. */
static void execute(struct house *house, struct sql *sql)
{
    struct error err = {0};

    no_error(db_transact(house->pool, sql->name, run_sql, sql, &err), &err, sql->name);
}

static int set_up(void **state)
{
    static struct sql epoch = {
        .name = "epoch",
        .text = "INSERT INTO engine_meta (name, value)"
                " VALUES ('epoch', '01JDAAAAAAAAAAAAAAAAAAAAAA')"};

    static const struct http_route *const tables[] = {feed_routes, NULL};
    static struct house house;
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct db_config config;
    struct feed_config feed = {.clock = &clock_system, .build = STR("test-build")};
    struct error err = {0};

    house = (struct house){.directory = "/tmp/vitrine-feed-XXXXXX", .arena = arena_create(MIB(64))};
    assert_non_null(mkdtemp(house.directory));
    config = (struct db_config){
        .path =
            arena_cstr(house.arena, arena_printf(house.arena, "%s/vitrine.db", house.directory)),
        .readers = 4,
        .migrations = db_migrations,
        .migration_count = db_migration_count,
        .clock = &clock_system};
    no_error(db_pool_open(&config, &house.pool, &err), &err, "db_pool_open");
    execute(&house, &epoch);
    no_error(db_borrow(house.pool, &db, &err), &err, "db_borrow");
    no_error(event_epoch(db, MEMBER, house.arena, &house.epoch, &err), &err, "event_epoch");
    no_error(event_epoch(db, ADMIN, house.arena, &house.others_epoch, &err), &err, "event_epoch");
    feed.pool = house.pool;
    no_error(feed_create(&feed, &house.feed, &err), &err, "feed_create");
    fixture_prepare(&house.http);
    house.http.config.tables = tables;
    house.http.config.app = &house;
    house.http.config.pool = house.pool;
    house.http.config.is_ready = NULL;
    house.http.config.rate_per_minute = 100000;
    fixture_start(&house.http);
    *state = &house;
    return 0;
}

/* Whatever streams a test left open are ended here, in the order of app_stop(). */
static int tear_down(void **state)
{
    struct house *house = *state;

    fixture_end(&house->http);
    feed_destroy(house->feed);
    db_pool_close(house->pool);
    arena_destroy(house->arena);
    return nftw(house->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- Events ---- */

struct append {
    int64_t user_id;
    int count;
    size_t padding; /* bytes more in each body */
};

static bool append_work(struct db *db, void *context, struct error *err)
{
    const struct append *append = context;
    CLEANUP(buf_finish) struct buf body = {0};

    buf_add(&body, STR("{\"text\":\""));
    for (size_t i = 0; i < append->padding; i++)
        buf_add_char(&body, 'x');
    buf_add(&body, STR("\"}"));
    for (int i = 0; i < append->count; i++)
        if (!event_append(db, append->user_id, "test.event", buf_str(&body), 1, err))
            return false;
    return true;
}

/* All in one transaction. */
static void append(struct house *house, int64_t user_id, int count, size_t padding)
{
    struct append work = {.user_id = user_id, .count = count, .padding = padding};
    struct error err = {0};

    no_error(db_transact(house->pool, "append", append_work, &work, &err), &err, "append");
    feed_wake(house->feed, user_id);
}

/* ---- A reader of streams ---- */

struct reader {
    int fd;
    bool is_admin;
    struct buf bytes;
    size_t at;
};

struct frame {
    struct str id, event, data;
};

static struct reader open_stream(struct house *house, const char *who, const char *query,
                                 struct str last_event_id)
{
    struct reader reader = {.fd = client_connect(&house->http)};
    CLEANUP(buf_finish) struct buf request = {0};

    buf_printf(&request,
               "GET /api/v1/events%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nCookie: sid=%s\r\n"
               "X-Vitrine: 1\r\nSec-Fetch-Site: same-origin\r\n",
               query, house->http.port, who);
    if (last_event_id.size > 0)
        buf_printf(&request, "Last-Event-ID: %.*s\r\n", STR_ARGS(last_event_id));
    buf_add(&request, STR("\r\n"));
    client_send(reader.fd, buf_str(&request));
    reader.is_admin = str_equal(str_of(who), STR("admin"));
    return reader;
}

static void close_stream(struct reader *reader)
{
    close(reader->fd);
    buf_finish(&reader->bytes);
}

/* Up to the next blank line; the head of the reply ends in one too. */
static struct str next_block(struct reader *reader)
{
    for (;;) {
        struct str rest =
            str_slice(buf_str(&reader->bytes), reader->at, reader->bytes.size - reader->at);
        const int64_t end = str_find(rest, STR("\n\n"));
        const int64_t head = str_find(rest, STR("\r\n\r\n"));
        char piece[16384];
        ssize_t size;

        if (head >= 0 && (end < 0 || head < end)) {
            reader->at += (size_t)head + 4;
            return str_slice(rest, 0, (size_t)head);
        }
        if (end >= 0) {
            reader->at += (size_t)end + 2;
            return str_slice(rest, 0, (size_t)end);
        }
        size = recv(reader->fd, piece, sizeof(piece), 0);
        if (size <= 0)
            fail_msg("the stream ended or fell silent after: %.*s",
                     STR_ARGS(buf_str(&reader->bytes)));
        buf_add(&reader->bytes, (struct str){piece, (size_t)size});
    }
}

/* Views that hold until the next one is read. */
static struct frame next_frame(struct reader *reader)
{
    struct frame frame = {0};

    while (frame.event.size == 0) {
        struct str block = next_block(reader);

        while (block.size > 0) {
            struct str value = str_cut(&block, '\n');
            const struct str name = str_cut(&value, ':');

            if (str_equal(name, STR("id")))
                frame.id = str_trim(value);
            else if (str_equal(name, STR("event")))
                frame.event = str_trim(value);
            else if (str_equal(name, STR("data")))
                frame.data = str_trim(value);
        }
    }
    return frame;
}

static void expect_frame(struct house *house, struct reader *reader, const char *event, int64_t seq,
                         const char *because)
{
    const struct frame frame = next_frame(reader);
    CLEANUP(buf_finish) struct buf id = {0};

    buf_printf(&id, "%.*s-%" PRId64,
               STR_ARGS(reader->is_admin ? house->others_epoch : house->epoch), seq);
    if (!str_equal(frame.event, str_of(event)) || !str_equal(frame.id, buf_str(&id)))
        fail_msg("%s: %.*s %.*s came, not %s %" PRId64, because, STR_ARGS(frame.event),
                 STR_ARGS(frame.id), event, seq);
}

static struct str position(struct house *house, int64_t seq)
{
    return arena_printf(house->arena, "%.*s-%" PRId64, STR_ARGS(house->epoch), seq);
}

static struct str others_position(struct house *house, int64_t seq)
{
    return arena_printf(house->arena, "%.*s-%" PRId64, STR_ARGS(house->others_epoch), seq);
}

static void wait_for_streams(struct house *house, size_t count)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    for (int i = 0; i < WAIT_MS; i++) {
        if (feed_streams(house->feed) == count)
            return;
        nanosleep(&pause, NULL);
    }
    fail_msg("%zu streams, not %zu", feed_streams(house->feed), count);
}

/* ---- The tests ---- */

static void test_a_stream_is_greeted_and_starts_with_what_comes(void **state)
{
    struct house *house = *state;
    struct reader reader;
    struct frame frame;

    append(house, MEMBER, 7, 0);
    reader = open_stream(house, "member", "", STR_EMPTY);
    frame = next_frame(&reader);
    assert_true(str_equal(frame.event, STR("hello")));
    assert_true(str_equal(frame.id, position(house, 7)));
    assert_true(str_equal(frame.data, STR("{\"build\":\"test-build\"}")));
    append(house, MEMBER, 2, 0);
    expect_frame(house, &reader, "test.event", 8, "what came");
    expect_frame(house, &reader, "test.event", 9, "and the next");
    assert_int_equal(feed_streams(house->feed), 1);
    close_stream(&reader);
    wait_for_streams(house, 0);
}

static void test_a_stream_shows_its_own_user_alone(void **state)
{
    struct house *house = *state;
    struct reader member = open_stream(house, "member", "", STR_EMPTY);
    struct reader admin = open_stream(house, "admin", "", STR_EMPTY);

    expect_frame(house, &member, "hello", 0, "member");
    expect_frame(house, &admin, "hello", 0, "admin");
    append(house, ADMIN, 3, 0);
    feed_progress(house->feed, ADMIN, STR("{\"progress\":0.5}"));
    append(house, MEMBER, 1, 0);
    expect_frame(house, &member, "test.event", 1, "nothing of the other's before");
    expect_frame(house, &admin, "test.event", 1, "its own");
    close_stream(&member);
    close_stream(&admin);
}

static void test_who_comes_again_is_given_what_was_missed(void **state)
{
    struct house *house = *state;
    struct reader by_header, by_query;
    const char *query;

    append(house, MEMBER, 5, 0);
    query = arena_cstr(house->arena,
                       arena_printf(house->arena, "?after=%.*s", STR_ARGS(position(house, 3))));
    by_header = open_stream(house, "member", "", position(house, 3));
    by_query = open_stream(house, "member", query, STR_EMPTY);
    for (int i = 0; i < 2; i++) {
        struct reader *reader = i == 0 ? &by_header : &by_query;

        expect_frame(house, reader, "hello", 3, "its own position");
        expect_frame(house, reader, "test.event", 4, "missed");
        expect_frame(house, reader, "test.event", 5, "missed too");
    }
    append(house, MEMBER, 1, 0);
    expect_frame(house, &by_header, "test.event", 6, "then what comes");
    expect_frame(house, &by_query, "test.event", 6, "then what comes");
    close_stream(&by_header);
    close_stream(&by_query);
}

static void test_a_position_is_believed_within_bounds(void **state)
{
    struct house *house = *state;
    const struct {
        struct str position;
        bool is_believed;
        const char *reason;
    } cases[] = {
        {position(house, 250), true, "at the end"},
        {position(house, 50), true, "200 behind"},
        {position(house, 49), false, "more than 200 behind"},
        {position(house, 0), false, "from the start"},
        {position(house, 251), false, "ahead of the log: a restored database"},
        {STR("01JDZZZZZZZZZZZZZZZZZZZZZZ-249"), false, "another epoch"},
        {others_position(house, 249), false, "of who was signed in before"},
        {STR("249"), false, "no epoch"},
        {STR("-249"), false, "an empty epoch"},
        {position(house, -1), false, "below nothing"},
        {arena_printf(house->arena, "%.*s-", STR_ARGS(house->epoch)), false, "no number"},
        {arena_printf(house->arena, "%.*s-9x", STR_ARGS(house->epoch)), false, "no whole number"},
    };

    append(house, MEMBER, 250, 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct reader reader = open_stream(house, "member", "", cases[i].position);
        struct frame frame = next_frame(&reader);

        if (!str_equal(frame.event, STR("hello")))
            fail_msg("%s: no hello", cases[i].reason);
        if (cases[i].is_believed) {
            if (!str_equal(frame.id, cases[i].position))
                fail_msg("%s: greeted at %.*s", cases[i].reason, STR_ARGS(frame.id));
        } else {
            expect_frame(house, &reader, "reset", 250, cases[i].reason);
        }
        close_stream(&reader);
    }
}

static void test_a_reset_stream_goes_on_with_what_comes(void **state)
{
    struct house *house = *state;
    struct reader reader;

    append(house, MEMBER, 300, 0);
    reader = open_stream(house, "member", "", position(house, 1));
    expect_frame(house, &reader, "hello", 300, "hello first");
    expect_frame(house, &reader, "reset", 300, "then the order to start anew");
    append(house, MEMBER, 1, 0);
    expect_frame(house, &reader, "test.event", 301, "nothing between");
    close_stream(&reader);
}

static void test_an_open_stream_left_far_behind_is_told_so(void **state)
{
    struct house *house = *state;
    struct reader reader = open_stream(house, "member", "", STR_EMPTY);

    expect_frame(house, &reader, "hello", 0, "hello");
    append(house, MEMBER, 300, 0);
    expect_frame(house, &reader, "reset", 300, "no gap without a word");
    append(house, MEMBER, 1, 0);
    expect_frame(house, &reader, "test.event", 301, "and on");
    close_stream(&reader);
}

/* More than the server holds unsent would cut the stream, and cut it again each time it resumed. */
static void test_much_that_was_missed_is_a_reset_and_no_cut(void **state)
{
    struct house *house = *state;
    struct reader reader;

    append(house, MEMBER, 100, 2000);
    reader = open_stream(house, "member", "", position(house, 0));
    expect_frame(house, &reader, "hello", 0, "hello");
    expect_frame(house, &reader, "reset", 100, "200 KB are too much");
    append(house, MEMBER, 1, 0);
    expect_frame(house, &reader, "test.event", 101, "and on");
    close_stream(&reader);
}

/* Nor are they all read for that: a run of many nodes is one event of a megabyte. */
static void test_huge_events_are_not_read_to_be_left_out(void **state)
{
    struct house *house = *state;
    struct reader far, near;

    append(house, MEMBER, 70, 1000000);
    append(house, MEMBER, 1, 0);
    far = open_stream(house, "member", "", position(house, 0));
    expect_frame(house, &far, "hello", 0, "hello");
    expect_frame(house, &far, "reset", 71, "70 MB are too much");
    near = open_stream(house, "member", "", position(house, 70));
    expect_frame(house, &near, "hello", 70, "hello");
    expect_frame(house, &near, "test.event", 71, "what fits is sent");
    append(house, MEMBER, 1, 0);
    expect_frame(house, &far, "test.event", 72, "and on");
    expect_frame(house, &near, "test.event", 72, "and on");
    close_stream(&far);
    close_stream(&near);
}

static void test_progress_comes_without_an_id_and_is_not_kept(void **state)
{
    struct house *house = *state;
    struct reader reader;
    struct frame frame;

    feed_progress(house->feed, MEMBER, STR("{\"progress\":0.1}")); /* nobody watches */
    reader = open_stream(house, "member", "", STR_EMPTY);
    expect_frame(house, &reader, "hello", 0, "hello");
    feed_progress(house->feed, MEMBER, STR("{\"progress\":0.2}"));
    frame = next_frame(&reader);
    assert_true(str_equal(frame.event, STR("task.progress")));
    assert_true(str_equal(frame.data, STR("{\"progress\":0.2}")));
    assert_int_equal(frame.id.size, 0);
    close_stream(&reader);
}

struct writing {
    struct house *house;
    int count;
};

static void *write_events(void *context)
{
    const struct writing *writing = context;

    for (int i = 0; i < writing->count; i++)
        append(writing->house, MEMBER, 1, 0);
    return NULL;
}

/* Streams of all ages: one from the start, others that come in the middle with a position. */
static void test_no_event_is_missing_while_many_are_written(void **state)
{
    enum { WRITERS = 3, EACH = 60, READERS = 12, LAST = WRITERS * EACH };
    struct house *house = *state;
    struct writing writing = {house, EACH};
    struct reader readers[READERS];
    pthread_t writers[WRITERS];

    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, write_events, &writing), 0);
    for (int i = 0; i < READERS; i++) {
        readers[i] = open_stream(house, "member", "", position(house, 0));
        expect_frame(house, &readers[i], "hello", 0, "hello first");
    }
    for (int i = 0; i < READERS; i++)
        for (int64_t seq = 1; seq <= LAST; seq++)
            expect_frame(house, &readers[i], "test.event", seq, "in order");
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_join(writers[i], NULL), 0);
    for (int i = 0; i < READERS; i++)
        close_stream(&readers[i]);
    wait_for_streams(house, 0);
}

static void test_a_slow_reader_is_cut_and_others_are_not(void **state)
{
    struct house *house = *state;
    struct reader slow = open_stream(house, "member", "", STR_EMPTY);
    struct reader quick = open_stream(house, "admin", "", STR_EMPTY);
    const struct timespec pause = {.tv_nsec = 500000};
    char body[8192];

    memset(body, 'x', sizeof(body));
    expect_frame(house, &slow, "hello", 0, "slow");
    expect_frame(house, &quick, "hello", 0, "quick");
    for (int i = 0; i < WAIT_MS && feed_streams(house->feed) == 2; i++) {
        for (int line = 0; line < 3; line++)
            feed_progress(house->feed, MEMBER, (struct str){body, sizeof(body)});
        nanosleep(&pause, NULL);
    }
    assert_int_equal(feed_streams(house->feed), 1);
    append(house, ADMIN, 1, 0);
    expect_frame(house, &quick, "test.event", 1, "the quick one goes on");
    close_stream(&slow);
    close_stream(&quick);
}

/* Without a new wake, and without asking the broken database at full speed. */
static void test_a_log_that_could_not_be_read_is_read_later(void **state)
{
    static struct sql away = {.name = "away", .text = "ALTER TABLE event RENAME TO event_away"};
    static struct sql back = {.name = "back", .text = "ALTER TABLE event_away RENAME TO event"};
    struct house *house = *state;
    struct reader reader = open_stream(house, "member", "", STR_EMPTY);

    expect_frame(house, &reader, "hello", 0, "hello");
    execute(house, &away);
    feed_wake(house->feed, MEMBER);
    execute(house, &back);
    append(house, MEMBER, 1, 0);
    expect_frame(house, &reader, "test.event", 1, "after it came back");
    close_stream(&reader);
}

static bool announce_work(struct db *db, void *context, struct error *err)
{
    (void)context;
    return feed_announce(db, "provider.changed", STR("{\"id\":\"x\"}"), 1, err);
}

static void test_an_announcement_reaches_everybody_who_may_come(void **state)
{
    static struct sql people = {
        .name = "people",
        .text = "INSERT INTO user (id, public_id, name, name_key, role, device_key, is_disabled,"
                " created_at_ms) VALUES (2, 'a', 'a', 'a', 'owner', zeroblob(32), 0, 1),"
                " (3, 'b', 'b', 'b', 'member', zeroblob(32), 0, 1),"
                " (4, 'c', 'c', 'c', 'member', zeroblob(32), 1, 1)"};
    struct house *house = *state;
    struct reader member = open_stream(house, "member", "", STR_EMPTY);
    struct reader admin = open_stream(house, "admin", "", STR_EMPTY);
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct error err = {0};
    int64_t first, last;

    expect_frame(house, &member, "hello", 0, "member");
    expect_frame(house, &admin, "hello", 0, "admin");
    execute(house, &people);
    no_error(db_transact(house->pool, "announce", announce_work, NULL, &err), &err, "announce");
    feed_wake_all(house->feed);
    expect_frame(house, &member, "provider.changed", 1, "member");
    expect_frame(house, &admin, "provider.changed", 1, "admin");
    no_error(db_borrow(house->pool, &db, &err), &err, "db_borrow");
    no_error(event_range(db, 4, &first, &last, &err), &err, "event_range");
    assert_int_equal(last, 0); /* switched off */
    close_stream(&member);
    close_stream(&admin);
}

/* tear_down() ends server and feed; the clients leave after that. */
static void test_the_house_closes_with_streams_open(void **state)
{
    enum { STREAMS = 5 };
    struct house *house = *state;
    struct reader readers[STREAMS];

    for (int i = 0; i < STREAMS; i++) {
        readers[i] = open_stream(house, "member", "", STR_EMPTY);
        expect_frame(house, &readers[i], "hello", 0, "hello");
    }
    append(house, MEMBER, 1, 0);
    feed_progress(house->feed, MEMBER, STR("{}"));
    fixture_end(&house->http);
    assert_int_equal(feed_streams(house->feed), 0);
    feed_progress(house->feed, MEMBER, STR("{}")); /* nobody is left */
    feed_wake_all(house->feed);
    fixture_prepare(&house->http); /* for tear_down() */
    for (int i = 0; i < STREAMS; i++)
        close_stream(&readers[i]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_a_stream_is_greeted_and_starts_with_what_comes),
        T(test_a_stream_shows_its_own_user_alone),
        T(test_who_comes_again_is_given_what_was_missed),
        T(test_a_position_is_believed_within_bounds),
        T(test_a_reset_stream_goes_on_with_what_comes),
        T(test_an_open_stream_left_far_behind_is_told_so),
        T(test_much_that_was_missed_is_a_reset_and_no_cut),
        T(test_huge_events_are_not_read_to_be_left_out),
        T(test_progress_comes_without_an_id_and_is_not_kept),
        T(test_no_event_is_missing_while_many_are_written),
        T(test_a_slow_reader_is_cut_and_others_are_not),
        T(test_a_log_that_could_not_be_read_is_read_later),
        T(test_an_announcement_reaches_everybody_who_may_come),
        T(test_the_house_closes_with_streams_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
