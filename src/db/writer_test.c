#include "db/test_private.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/stat.h>

enum { MANY = 100 };

/* ---- groups ---- */

static void test_requests_that_wait_together_share_one_commit(void **state)
{
    struct place *place = *state;
    struct put puts[MANY] = {0};
    struct error err = {0};
    struct db_stats stats;
    struct gate gate;
    sem_t answered;

    (void)sem_init(&answered, 0, 0);
    gate_shut(&gate, place->pool);
    for (int i = 0; i < MANY; i++) {
        puts[i] = (struct put){.item.id = i + 1, .answered = &answered};
        assert_true(db_transact_async(place->pool, "test_insert", insert_item, &puts[i],
                                      note_answer, false, &err));
    }
    db_pool_stats(place->pool, &stats);
    assert_int_equal(stats.queue_depth, MANY);
    gate_open(&gate);
    for (int i = 0; i < MANY; i++)
        wait_for(&answered);
    db_pool_stats(place->pool, &stats);
    assert_int_equal(stats.commits, 2); /* the gate's and theirs */
    assert_int_equal(stats.requests, MANY + 1);
    assert_int_equal(stats.group_last, MANY);
    assert_int_equal(stats.queue_depth, 0);
    assert_true(stats.fsync_us_max >= stats.fsync_us_last);
    for (int i = 0; i < MANY; i++)
        assert_true(puts[i].ok && puts[i].calls == 1 && puts[i].err.code == ERROR_NONE);
    assert_int_equal(count_items(place->pool), MANY);
}

static void test_a_group_has_a_bound(void **state)
{
    enum { TOO_MANY = DB_GROUP_MAX + 44 };
    struct place *place = *state;
    struct item *items = db_alloc(TOO_MANY * sizeof(*items));
    struct error err = {0};
    struct db_stats stats;
    struct gate gate;

    gate_shut(&gate, place->pool);
    for (int i = 0; i < TOO_MANY; i++) {
        items[i].id = i + 1;
        assert_true(db_transact_async(place->pool, "test_insert", insert_item, &items[i], NULL,
                                      false, &err));
    }
    gate_open(&gate);
    assert_true(put_item(place->pool, TOO_MANY + 1, &err)); /* answered after all of them */
    db_pool_stats(place->pool, &stats);
    assert_int_equal(stats.group_max, DB_GROUP_MAX);
    assert_int_equal(stats.requests, TOO_MANY + 2);
    assert_int_equal(count_items(place->pool), TOO_MANY + 1);
    free(items);
}

struct note {
    int *order;
    int *count;
    int number;
};

static bool note_work(struct db *db, void *context, struct error *err)
{
    struct note *note = context;

    (void)db;
    (void)err;
    note->order[(*note->count)++] = note->number;
    return true;
}

static void note_done(void *context, bool ok, const struct error *err)
{
    assert_true(ok);
    (void)note_work(NULL, context, NULL);
    (void)err;
}

static void test_requests_are_run_and_answered_in_the_order_they_came(void **state)
{
    struct place *place = *state;
    int order[2 * MANY] = {0};
    struct note notes[MANY];
    struct error err = {0};
    struct gate gate;
    int count = 0;

    gate_shut(&gate, place->pool);
    for (int i = 0; i < MANY; i++) {
        notes[i] = (struct note){order, &count, i};
        /* lazy or not makes no difference to the order */
        assert_true(db_transact_async(place->pool, "test_note", note_work, &notes[i], note_done,
                                      i % 3 == 0, &err));
    }
    gate_open(&gate);
    /* All that entered earlier has been answered when this returns. */
    assert_true(put_item(place->pool, 1, &err));
    assert_int_equal(count, 2 * MANY);
    for (int i = 0; i < 2 * MANY; i++)
        assert_int_equal(order[i], i % MANY);
}

/* ---- one bad request among others ---- */

static bool insert_then_fail(struct db *db, void *context, struct error *err)
{
    return insert_item(db, context, err) && error_set(err, ERROR_GONE, "changed its mind");
}

static bool insert_leaving_a_walk(struct db *db, void *context, struct error *err)
{
    struct rows rows = {0};

    return insert_item(db, context, err) && db_query(db, &count_items_sql, NULL, 0, &rows, err) &&
           rows_next(&rows);
}

static bool insert_late_orphan(struct db *db, void *context, struct error *err)
{
    static const struct sql insert = {"test_orphan",
                                      "INSERT INTO item (id, late) VALUES ($1, 12345)", NULL};
    const struct item *item = context;
    const struct sql_value args[] = {SQL_INT64(item->id)};

    return db_exec(db, &insert, args, COUNT(args), NULL, err);
}

static void test_a_failed_request_is_rolled_back_alone(void **state)
{
    static const struct {
        db_work work;
        enum error_code code;
        const char *reason;
    } cases[] = {
        {insert_item,           ERROR_NONE,     "well"                                    },
        {insert_then_fail,      ERROR_GONE,     "says no after it wrote"                  },
        {insert_item,           ERROR_NONE,     "well"                                    },
        {insert_late_orphan,    ERROR_CONFLICT, "would fail the commit of all"            },
        {insert_leaving_a_walk, ERROR_NONE,     "leaves a statement, which is only untidy"},
        {insert_item,           ERROR_NONE,     "well"                                    },
    };
    struct place *place = *state;
    struct put puts[COUNT(cases)] = {0};
    struct error err = {0};
    struct db_stats stats;
    struct gate gate;
    sem_t answered;

    (void)sem_init(&answered, 0, 0);
    gate_shut(&gate, place->pool);
    for (size_t i = 0; i < COUNT(cases); i++) {
        puts[i] = (struct put){.item.id = (int64_t)i + 1, .answered = &answered};
        assert_true(db_transact_async(place->pool, "test_case", cases[i].work, &puts[i],
                                      note_answer, false, &err));
    }
    gate_open(&gate);
    for (size_t i = 0; i < COUNT(cases); i++)
        wait_for(&answered);
    db_pool_stats(place->pool, &stats);
    assert_int_equal(stats.group_last, COUNT(cases)); /* they were one group */
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (puts[i].err.code != cases[i].code)
            fail_msg("%s", cases[i].reason);
        assert_int_equal(puts[i].ok, cases[i].code == ERROR_NONE);
        assert_int_equal(has_item(place->pool, puts[i].item.id), puts[i].ok);
    }
}

static atomic_int runs;

static bool insert_counted(struct db *db, void *context, struct error *err)
{
    atomic_fetch_add(&runs, 1);
    return insert_item(db, context, err);
}

static bool refuse(struct db *db, void *context, struct error *err)
{
    (void)db, (void)context;
    return error_set(err, ERROR_GONE, "no");
}

/* How often a request runs beside one that fails. */
static int runs_beside(struct place *place, db_work failing, int64_t id)
{
    struct put puts[2] = {{.item.id = id}, {.item.id = id + 1}};
    struct error err = {0};
    struct gate gate;
    sem_t answered;

    (void)sem_init(&answered, 0, 0);
    puts[0].answered = puts[1].answered = &answered;
    atomic_store(&runs, 0);
    gate_shut(&gate, place->pool);
    assert_true(db_transact_async(place->pool, "test_counted", insert_counted, &puts[0],
                                  note_answer, false, &err));
    assert_true(db_transact_async(place->pool, "test_failing", failing, &puts[1], note_answer,
                                  false, &err));
    gate_open(&gate);
    wait_for(&answered);
    wait_for(&answered);
    assert_true(puts[0].ok);
    assert_false(puts[1].ok);
    assert_true(has_item(place->pool, id));
    return atomic_load(&runs);
}

static void test_only_a_failure_that_has_written_costs_the_others_a_second_run(void **state)
{
    assert_int_equal(runs_beside(*state, refuse, 1), 1);
    assert_int_equal(runs_beside(*state, insert_then_fail, 11), 2);
}

/* ---- lazy ones ---- */

static void test_a_lazy_request_rides_along(void **state)
{
    struct place *place = *state;
    struct put put = {.item.id = 1};
    struct error err = {0};
    struct db_stats stats;
    sem_t answered;

    (void)sem_init(&answered, 0, 0);
    put.answered = &answered;
    assert_true(
        db_transact_async(place->pool, "test_lazy", insert_item, &put, note_answer, true, &err));
    assert_true(put_item(place->pool, 2, &err));
    assert_int_equal(put.calls, 1);
    db_pool_stats(place->pool, &stats);
    assert_int_equal(stats.commits, 1);
    assert_int_equal(stats.group_last, 2);
}

static void test_a_lazy_request_alone_commits_after_its_second(void **state)
{
    struct place *place = *state;
    struct put put = {.item.id = 1};
    struct error err = {0};
    int64_t started_ms = db_mono_ms();
    sem_t answered;

    (void)sem_init(&answered, 0, 0);
    put.answered = &answered;
    assert_true(
        db_transact_async(place->pool, "test_lazy", insert_item, &put, note_answer, true, &err));
    wait_for(&answered);
    assert_true(put.ok);
    assert_true(db_mono_ms() - started_ms >= DB_LAZY_MS);
    assert_int_equal(count_items(place->pool), 1);
}

/* ---- closing, limits ---- */

static void test_what_was_written_survives_a_restart(void **state)
{
    struct place *place = *state;
    struct error err = {0};

    assert_true(put_item(place->pool, 1, &err));
    place_close(place);
    place_open(place);
    assert_true(has_item(place->pool, 1));
}

static void test_closing_commits_what_is_queued(void **state)
{
    struct place *place = *state;
    struct item items[MANY] = {0};
    struct error err = {0};

    for (int i = 0; i < MANY; i++) {
        items[i].id = i + 1;
        assert_true(
            db_transact_async(place->pool, "test_lazy", insert_item, &items[i], NULL, true, &err));
    }
    place_close(place);
    place_open(place);
    assert_int_equal(count_items(place->pool), MANY);
}

struct late {
    struct gate gate; /* first: gate_work() takes it */
    struct db_pool *pool;
    struct item item;
    bool was_taken;
    struct error err;
};

static void ask_again(void *context, bool ok, const struct error *err)
{
    struct late *late = context;

    assert_true(ok);
    assert_int_equal(err->code, ERROR_NONE);
    late->was_taken = db_transact_async(late->pool, "test_late", insert_item, &late->item, NULL,
                                        false, &late->err);
}

static void *close_pool(void *context)
{
    db_pool_close(context);
    return NULL;
}

/* The gate's `done` asks for more: while the pool is open that is taken, while it closes not. */
static bool asks_again_while_closing(struct place *place, bool is_closing, struct error *err)
{
    struct writer *writer = &place->pool->writer;
    struct late late = {.pool = place->pool, .item = {.id = 1}};
    pthread_t closer;

    (void)sem_init(&late.gate.entered, 0, 0);
    (void)sem_init(&late.gate.opened, 0, 0);
    assert_true(
        db_transact_async(place->pool, "test_gate", gate_work, &late, ask_again, false, err));
    wait_for(&late.gate.entered);
    if (!is_closing)
        gate_open(&late.gate);
    if (!is_closing)
        assert_true(put_item(place->pool, 2, err));
    assert_int_equal(pthread_create(&closer, NULL, close_pool, place->pool), 0);
    while (is_closing) {
        pthread_mutex_lock(&writer->lock);
        is_closing = !writer->is_closing;
        pthread_mutex_unlock(&writer->lock);
        (void)sched_yield();
        if (!is_closing)
            gate_open(&late.gate);
    }
    assert_int_equal(pthread_join(closer, NULL), 0);
    place->pool = NULL;
    *err = late.err;
    return late.was_taken;
}

static void test_a_closing_pool_takes_nothing_new(void **state)
{
    struct place *place = *state;
    struct error err = {0};

    assert_true(asks_again_while_closing(place, false, &err));
    place_open(place);
    assert_int_equal(count_items(place->pool), 2);
    assert_false(asks_again_while_closing(place, true, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    assert_true(err.retry_after_ms > 0);
}

static void count_answer(void *context, bool ok, const struct error *err)
{
    size_t *count = context;

    (void)err;
    *count += ok ? 1 : 0;
}

static bool do_nothing(struct db *db, void *context, struct error *err)
{
    (void)db;
    (void)context;
    (void)err;
    return true;
}

static void test_a_full_queue_refuses_and_goes_on(void **state)
{
    struct place *place = *state;
    struct error err = {0};
    struct gate gate;
    size_t count = 0;

    gate_shut(&gate, place->pool);
    for (size_t i = 0; i < DB_QUEUE_MAX; i++)
        assert_true(db_transact_async(place->pool, "test_nothing", do_nothing, &count, count_answer,
                                      false, &err));
    assert_false(db_transact_async(place->pool, "test_nothing", do_nothing, &count, count_answer,
                                   false, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    assert_true(err.retry_after_ms > 0);
    err = (struct error){0};
    assert_false(put_item(place->pool, 1, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    gate_open(&gate);
    place_close(place);
    assert_int_equal(count, DB_QUEUE_MAX);
}

/* ---- many threads ---- */

enum { THREADS = 8, EACH = 25 };

struct crowd {
    struct db_pool *pool;
    int64_t first;
};

static void *put_some(void *context)
{
    const struct crowd *crowd = context;
    struct error err = {0};

    for (int64_t i = 0; i < EACH; i++) {
        assert_true(put_item(crowd->pool, crowd->first + i, &err));
        assert_true(has_item(crowd->pool, crowd->first + i)); /* one reads what one wrote */
    }
    return NULL;
}

static void test_many_threads_write_and_read_at_once(void **state)
{
    struct place *place = *state;
    struct crowd crowds[THREADS];
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++) {
        crowds[i] = (struct crowd){place->pool, i * EACH};
        assert_int_equal(pthread_create(&threads[i], NULL, put_some, &crowds[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(count_items(place->pool), THREADS * EACH);
}

/* ---- another process ---- */

static sqlite3 *other_connection(struct place *place)
{
    sqlite3 *other;

    assert_int_equal(sqlite3_open_v2(place->path, &other, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    return other;
}

static void run(sqlite3 *handle, const char *text)
{
    assert_int_equal(sqlite3_exec(handle, text, NULL, NULL, NULL), SQLITE_OK);
}

static void test_a_group_waits_for_another_process(void **state)
{
    struct place *place = *state;
    sqlite3 *other = other_connection(place);
    struct put put = {.item.id = 1};
    struct error err = {0};
    sem_t answered;

    (void)sem_init(&answered, 0, 0);
    put.answered = &answered;
    run(other, "BEGIN IMMEDIATE; INSERT INTO item (id) VALUES (100)");
    assert_true(
        db_transact_async(place->pool, "test_insert", insert_item, &put, note_answer, false, &err));
    run(other, "COMMIT");
    wait_for(&answered);
    assert_true(put.ok);
    assert_int_equal(count_items(place->pool), 2);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

static void test_a_lock_that_is_never_given_up_is_unavailable(void **state)
{
    struct place *place = *state;
    sqlite3 *other = other_connection(place);
    struct error err = {0};

    /* Nothing was asked of the writer yet, so its connection is ours to set. */
    (void)sqlite3_busy_timeout(place->pool->writer.db->handle, 1);
    run(other, "BEGIN IMMEDIATE");
    assert_false(put_item(place->pool, 1, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    run(other, "ROLLBACK");
    assert_true(put_item(place->pool, 2, &err));
    assert_false(has_item(place->pool, 1));
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

/* ---- the log ---- */

struct bulk {
    int64_t rows;
    int64_t bytes;
};

static bool insert_bulk(struct db *db, void *context, struct error *err)
{
    static const struct sql insert = {
        "test_bulk",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)"
        " INSERT INTO item (bytes) SELECT zeroblob($2) FROM n",
        NULL};
    const struct bulk *bulk = context;
    const struct sql_value args[] = {SQL_INT64(bulk->rows), SQL_INT64(bulk->bytes)};

    return db_exec(db, &insert, args, COUNT(args), NULL, err);
}

static struct db_stats put_bulk(struct place *place, int64_t rows, int64_t bytes)
{
    struct bulk bulk = {rows, bytes};
    struct error err = {0};
    struct db_stats stats;

    if (!db_transact(place->pool, "test_bulk", insert_bulk, &bulk, &err))
        fail_msg("%s: %s", err.message, err.detail);
    db_pool_stats(place->pool, &stats);
    return stats;
}

static void test_a_long_log_is_cut_at_once(void **state)
{
    struct place *place = *state;
    struct stat info;
    char path[128];

    (void)snprintf(path, sizeof(path), "%s-wal", place->path);
    assert_true(put_bulk(place, 70, (int64_t)MIB(1)).wal_bytes > DB_WAL_LIMIT_BYTES);
    /* The next group runs after the cut. */
    assert_true(put_bulk(place, 1, 1).wal_bytes < KIB(64));
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_size < (off_t)KIB(64));
    assert_int_equal(count_items(place->pool), 71);
}

static void test_a_log_is_emptied_when_there_is_nothing_to_do(void **state)
{
    struct place *place = *state;
    struct put put = {.item.id = 1000000};
    struct error err = {0};
    struct db_stats stats;
    sem_t answered;

    (void)sem_init(&answered, 0, 0);
    put.answered = &answered;
    assert_true(put_bulk(place, 6, (int64_t)MIB(1)).wal_bytes > DB_WAL_IDLE_BYTES);
    /* A lazy request leaves the writer idle before it. */
    assert_true(
        db_transact_async(place->pool, "test_lazy", insert_item, &put, note_answer, true, &err));
    wait_for(&answered);
    db_pool_stats(place->pool, &stats);
    assert_true(stats.wal_bytes < KIB(64));
}

static void test_a_view_keeps_the_log_and_loses_nothing(void **state)
{
    struct place *place = *state;
    struct error err = {0};
    struct db *db;

    assert_true(db_borrow(place->pool, &db, &err));
    assert_int_equal(query_number(db, &count_items_sql), 0);
    (void)put_bulk(place, 6, (int64_t)MIB(1));
    assert_true(put_bulk(place, 1, 1).wal_bytes > DB_WAL_IDLE_BYTES);
    assert_int_equal(query_number(db, &count_items_sql), 0);
    db_refresh(db);
    assert_int_equal(query_number(db, &count_items_sql), 7);
    db_give_back(db);
}

/* ---- our own faults ---- */

static void transact_in_done(void *context, bool ok, const struct error *err)
{
    struct error again = {0};

    (void)err;
    if (ok && put_item(context, 1, &again))
        (void)put_item(context, 2, &again);
}

static void wait_on_the_writers_thread(void *context)
{
    struct place *place = context;
    struct error err = {0};

    place_open(place); /* its threads are this process's */
    if (db_transact_async(place->pool, "test_nothing", do_nothing, place->pool, transact_in_done,
                          false, &err))
        (void)put_item(place->pool, 3, &err);
}

static bool fail_without_a_word(struct db *db, void *context, struct error *err)
{
    (void)db;
    (void)context;
    (void)err;
    return false;
}

static void fail_silently(void *context)
{
    struct place *place = context;
    struct error err = {0};

    place_open(place);
    if (db_transact(place->pool, "test_silent", fail_without_a_word, NULL, &err))
        place_close(place);
}

static void test_a_programmers_fault_is_an_assert(void **state)
{
    struct place *place = *state;

    place_close(place); /* a fork with one thread only */
    assert_true(dies(wait_on_the_writers_thread, place));
    assert_true(dies(fail_silently, place));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_place, teardown_place)
    const struct CMUnitTest tests[] = {
        T(test_requests_that_wait_together_share_one_commit),
        T(test_a_group_has_a_bound),
        T(test_requests_are_run_and_answered_in_the_order_they_came),
        T(test_a_failed_request_is_rolled_back_alone),
        T(test_only_a_failure_that_has_written_costs_the_others_a_second_run),
        T(test_a_lazy_request_rides_along),
        T(test_a_lazy_request_alone_commits_after_its_second),
        T(test_what_was_written_survives_a_restart),
        T(test_closing_commits_what_is_queued),
        T(test_a_closing_pool_takes_nothing_new),
        T(test_a_full_queue_refuses_and_goes_on),
        T(test_many_threads_write_and_read_at_once),
        T(test_a_group_waits_for_another_process),
        T(test_a_lock_that_is_never_given_up_is_unavailable),
        T(test_a_long_log_is_cut_at_once),
        T(test_a_log_is_emptied_when_there_is_nothing_to_do),
        T(test_a_view_keeps_the_log_and_loses_nothing),
        T(test_a_programmers_fault_is_an_assert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
