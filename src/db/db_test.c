#include "db/test_private.h"

#include <fcntl.h>
#include <sys/stat.h>

static struct db *borrow(struct place *place)
{
    struct error err = {0};
    struct db *db;

    if (!db_borrow(place->pool, &db, &err))
        fail_msg("%s: %s", err.message, err.detail);
    return db;
}

static void put(struct place *place, int64_t id)
{
    struct error err = {0};

    assert_true(put_item(place->pool, id, &err));
}

/* ---- views ---- */

static void test_a_reader_sees_one_state_until_it_is_refreshed(void **state)
{
    struct place *place = *state;
    struct db *db = borrow(place);

    assert_ptr_equal(db_pool_of(db), place->pool);
    put(place, 1);
    assert_int_equal(query_number(db, &count_items_sql), 1); /* begins at its first query */
    put(place, 2);
    assert_int_equal(query_number(db, &count_items_sql), 1);
    db_refresh(db);
    assert_int_equal(query_number(db, &count_items_sql), 2);
    put(place, 3);
    db_give_back(db);
    db = borrow(place);
    assert_int_equal(query_number(db, &count_items_sql), 3);
    db_refresh(db);
    db_refresh(db); /* there is no view to end */
    db_give_back_cleanup(&db);
    assert_null(db);
    db_give_back(NULL);
}

/* ---- the pool ---- */

struct borrower {
    struct place *place;
    sem_t started;
    bool ok;
};

static void *borrow_one(void *context)
{
    struct borrower *borrower = context;
    struct error err = {0};
    struct db *db;

    (void)sem_post(&borrower->started);
    borrower->ok = db_borrow(borrower->place->pool, &db, &err);
    if (borrower->ok)
        db_give_back(db);
    return NULL;
}

static void test_a_request_waits_for_a_reader_to_come_back(void **state)
{
    struct borrower borrower = {.place = *state};
    struct db *readers[3];
    pthread_t thread;

    for (size_t i = 0; i < COUNT(readers); i++)
        readers[i] = borrow(borrower.place);
    (void)sem_init(&borrower.started, 0, 0);
    assert_int_equal(pthread_create(&thread, NULL, borrow_one, &borrower), 0);
    wait_for(&borrower.started);
    db_give_back(readers[1]);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(borrower.ok);
    db_give_back(readers[0]);
    db_give_back(readers[2]);
}

static void test_a_request_does_not_wait_for_ever(void **state)
{
    struct place *place = *state;
    struct error err = {0};
    struct db *readers[3];
    struct db *db;

    place->pool->borrow_ms = 20;
    for (size_t i = 0; i < COUNT(readers); i++)
        readers[i] = borrow(place);
    assert_false(db_borrow(place->pool, &db, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    assert_true(err.retry_after_ms > 0);
    for (size_t i = 0; i < COUNT(readers); i++)
        db_give_back(readers[i]);
    db_give_back(borrow(place));
}

static void test_readers_are_opened_when_needed_and_kept(void **state)
{
    struct place *place = *state;
    struct db *first;
    struct db *second;

    assert_int_equal(place->pool->reader_count, 0);
    first = borrow(place);
    db_give_back(first);
    second = borrow(place);
    assert_ptr_equal(first, second);
    assert_int_equal(place->pool->reader_count, 1);
    db_give_back(second);
}

static void test_a_reader_that_cannot_be_opened_takes_no_place(void **state)
{
    struct place *place = *state;
    char *path = place->pool->path;
    struct db *readers[3];
    struct error err = {0};
    struct db *db;
    char nowhere[] = "/nonexistent/vitrine.db";

    place->pool->path = nowhere;
    for (int i = 0; i < 5; i++) {
        assert_false(db_borrow(place->pool, &db, &err));
        assert_int_equal(err.code, ERROR_INTERNAL);
    }
    place->pool->path = path;
    for (size_t i = 0; i < COUNT(readers); i++)
        readers[i] = borrow(place);
    for (size_t i = 0; i < COUNT(readers); i++)
        db_give_back(readers[i]);
}

static void test_a_query_that_runs_too_long_is_ended(void **state)
{
    static const struct sql endless = {
        "test_endless",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT count(*) AS number FROM n",
        NULL};
    struct place *place = *state;
    CLEANUP(rows_finish) struct rows rows = {0};
    struct error err = {0};
    struct db *db;

    place->pool->step_ms = 20;
    db = borrow(place);
    assert_false(db_query(db, &endless, NULL, 0, &rows, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    assert_int_equal(query_number(db, &count_items_sql), 0); /* the connection works on */
    db_give_back(db);
}

/* ---- how a connection is set ---- */

static int64_t pragma(sqlite3 *handle, const char *name)
{
    sqlite3_stmt *statement;
    char text[64];
    int64_t value;

    (void)snprintf(text, sizeof(text), "PRAGMA %s", name);
    assert_int_equal(sqlite3_prepare_v2(handle, text, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    value = strcmp(name, "journal_mode") == 0
                ? strcmp((const char *)sqlite3_column_text(statement, 0), "wal") == 0
                : sqlite3_column_int64(statement, 0);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    return value;
}

static void test_every_connection_is_set_as_the_design_says(void **state)
{
    static const struct {
        const char *pragma;
        int64_t writer;
        int64_t reader;
    } cases[] = {
        {"page_size",          4096,  4096},
        {"journal_mode",       1,     1   }, /* write-ahead log */
        {"synchronous",        2,     2   }, /* FULL */
        {"foreign_keys",       1,     1   },
        {"trusted_schema",     0,     0   },
        {"cell_size_check",    1,     1   },
        {"wal_autocheckpoint", 0,     1000}, /* a reader never commits */
        {"query_only",         0,     1   },
        {"cache_size",         -2048, -512},
        {"mmap_size",          0,     0   },
        {"busy_timeout",       5000,  5000},
    };
    struct place *place = *state;
    struct db *db = borrow(place);

    for (size_t i = 0; i < COUNT(cases); i++) {
        sqlite3 *writer = place->pool->writer.db->handle;

        if (pragma(writer, cases[i].pragma) != cases[i].writer ||
            pragma(db->handle, cases[i].pragma) != cases[i].reader)
            fail_msg("%s: %d and %d", cases[i].pragma, (int)pragma(writer, cases[i].pragma),
                     (int)pragma(db->handle, cases[i].pragma));
    }
    db_give_back(db);
}

static void test_the_schema_cannot_be_written_as_a_table(void **state)
{
    struct place *place = *state;
    sqlite3 *handle = place->pool->writer.db->handle;

    assert_int_equal(sqlite3_exec(handle, "PRAGMA writable_schema = ON", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(handle, "DELETE FROM sqlite_schema", NULL, NULL, NULL),
                         SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(handle, "SELECT load_extension('x')", NULL, NULL, NULL),
                         SQLITE_OK);
}

/* ---- opening ---- */

static void test_only_the_owner_may_read_the_files(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    struct place *place = *state;
    char path[128];
    struct stat info;

    put(place, 1);
    for (size_t i = 0; i < COUNT(suffixes); i++) {
        (void)snprintf(path, sizeof(path), "%s%s", place->path, suffixes[i]);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 07777, 0600);
    }
}

static void test_two_pools_may_share_a_file(void **state)
{
    struct place *place = *state;
    struct place other = *place;

    put(place, 1);
    place_open(&other); /* as `vitrine token create` does while the server runs */
    put(&other, 2);
    put(place, 3);
    assert_int_equal(count_items(other.pool), 3);
    place_close(&other);
    put(place, 4);
    assert_int_equal(count_items(place->pool), 4);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void make_foreign(const char *path)
{
    sqlite3 *handle;

    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, "CREATE TABLE note (text)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static void test_a_file_that_is_not_ours_is_refused_and_left_alone(void **state)
{
    struct place *place = *state;
    struct db_config config = place_config(place);
    struct error err = {0};
    struct db_pool *pool;
    char path[128];
    sqlite3 *handle;

    config.path = path;
    (void)snprintf(path, sizeof(path), "%s/text", place->directory);
    write_file(path, "this is a text and no database, and it is long enough to have a header of"
                     " one hundred bytes, which it is not");
    assert_false(db_pool_open(&config, &pool, &err));
    assert_string_equal(err.message, "the database file is not one of vitrine's");

    (void)snprintf(path, sizeof(path), "%s/foreign.db", place->directory);
    make_foreign(path);
    assert_false(db_pool_open(&config, &pool, &err));
    assert_string_equal(err.message, "the database file is not one of vitrine's");
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(pragma(handle, "journal_mode"), 0); /* not made a log of */
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);

    (void)snprintf(path, sizeof(path), "%s/no/such/folder.db", place->directory);
    assert_false(db_pool_open(&config, &pool, &err));
    assert_int_equal(err.code, ERROR_INTERNAL);
    assert_non_null(strstr(err.message, "cannot be created"));
}

static void test_closing_empties_and_removes_the_log(void **state)
{
    struct place *place = *state;
    char path[128];

    put(place, 1);
    db_give_back(borrow(place));
    place_close(place);
    (void)snprintf(path, sizeof(path), "%s-wal", place->path);
    assert_int_not_equal(access(path, F_OK), 0);
    db_pool_close(NULL);
}

/* ---- looking ---- */

/* Its bytes as they are now; the caller frees. */
static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *bytes;

    *size = 0;
    if (file == NULL)
        return NULL;
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *size = (size_t)ftell(file);
    rewind(file);
    bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    assert_int_equal(fclose(file), 0);
    return bytes;
}

static void copy_file(const char *from, const char *to)
{
    size_t size;
    char *bytes = read_file(from, &size);
    FILE *file = fopen(to, "wb");

    assert_non_null(bytes);
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    free(bytes);
}

static void assert_same_bytes(const char *path, const char *copy)
{
    size_t size, copied;
    char *bytes = read_file(path, &size);
    char *others = read_file(copy, &copied);

    assert_non_null(bytes);
    assert_non_null(others);
    assert_int_equal(size, copied);
    assert_memory_equal(bytes, others, size);
    free(bytes);
    free(others);
}

/* What a killed process leaves is the next one's to repair, also when the one that looks is the
 * only one and closes last. */
static void test_who_only_looks_leaves_a_dead_ones_log_as_it_is(void **state)
{
    struct place *place = *state;
    struct place dead = {.pool = NULL};
    struct db_config config;
    struct error err = {0};
    char log[128], copy[4][128];
    struct db *db;

    put(place, 1);
    put(place, 2);
    (void)snprintf(log, sizeof(log), "%s-wal", place->path);
    for (int i = 0; i < 4; i++)
        (void)snprintf(copy[i], sizeof(copy[i]), "%s/%s%s", place->directory,
                       i < 2 ? "dead.db" : "kept.db", i % 2 == 0 ? "" : "-wal");
    for (int i = 0; i < 4; i++)
        copy_file(i % 2 == 0 ? place->path : log, copy[i]);
    (void)snprintf(dead.path, sizeof(dead.path), "%s/dead.db", place->directory);

    config = place_config(&dead);
    config.is_read_only = true;
    assert_true(db_pool_open(&config, &dead.pool, &err));
    db = borrow(&dead);
    assert_int_equal(query_number(db, &count_items_sql), 2); /* what is in the log is seen */
    db_give_back(db);
    assert_false(put_item(dead.pool, 3, &err)); /* and nothing is added to it */
    place_close(&dead);
    for (int i = 0; i < 2; i++)
        assert_same_bytes(copy[i], copy[i + 2]);

    config.is_read_only = false; /* the next one finds all of it, and closes as ever */
    assert_true(db_pool_open(&config, &dead.pool, &err));
    db = borrow(&dead);
    assert_int_equal(query_number(db, &count_items_sql), 2);
    db_give_back(db);
    place_close(&dead);
    assert_int_equal(access(copy[1], F_OK), -1);
}

static void test_who_only_looks_makes_nothing_and_leaves_nothing_behind(void **state)
{
    struct place *place = *state;
    struct db_config config = place_config(place);
    struct error err = {0};
    struct db_pool *pool;
    char path[128];

    config.is_read_only = true;
    (void)snprintf(path, sizeof(path), "%s/none.db", place->directory);
    config.path = path;
    assert_false(db_pool_open(&config, &pool, &err));
    assert_int_equal(access(path, F_OK), -1);

    put(place, 1);
    place_close(place); /* cleanly: there is no log */
    config.path = place->path;
    assert_true(db_pool_open(&config, &place->pool, &err));
    db_give_back(borrow(place));
    place_close(place);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof(path), "%s%s", place->path, i == 0 ? "-wal" : "-shm");
        assert_int_equal(access(path, F_OK), -1);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_place, teardown_place)
    const struct CMUnitTest tests[] = {
        T(test_a_reader_sees_one_state_until_it_is_refreshed),
        T(test_a_request_waits_for_a_reader_to_come_back),
        T(test_a_request_does_not_wait_for_ever),
        T(test_readers_are_opened_when_needed_and_kept),
        T(test_a_reader_that_cannot_be_opened_takes_no_place),
        T(test_a_query_that_runs_too_long_is_ended),
        T(test_every_connection_is_set_as_the_design_says),
        T(test_the_schema_cannot_be_written_as_a_table),
        T(test_only_the_owner_may_read_the_files),
        T(test_two_pools_may_share_a_file),
        T(test_a_file_that_is_not_ours_is_refused_and_left_alone),
        T(test_closing_empties_and_removes_the_log),
        T(test_who_only_looks_leaves_a_dead_ones_log_as_it_is),
        T(test_who_only_looks_makes_nothing_and_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
