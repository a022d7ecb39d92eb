/* db/test_private.h: what the tests of this room share: a place on disk, a small schema, works. */
#pragma once

#include "db/db_private.h"

#include <errno.h>
#include <ftw.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define TEST_MIGRATION(n, label, sql)                                                              \
    {                                                                                              \
        .number = (n), .name = (label), .text = (sql), .size = sizeof(sql) - 1                     \
    }

static const struct migration test_migrations[] = {
    TEST_MIGRATION(1, "0001_item",
                   "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE, value INTEGER,"
                   " real REAL, bytes BLOB, parent INTEGER REFERENCES item (id),"
                   " late INTEGER REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED);"),
};

/* A folder of its own for each test. */
struct place {
    char directory[64];
    char path[96];
    struct db_pool *pool;
};

static inline struct db_config place_config(const struct place *place)
{
    return (struct db_config){.path = place->path,
                              .readers = 3,
                              .migrations = test_migrations,
                              .migration_count = COUNT(test_migrations),
                              .clock = &clock_system};
}

static inline void place_open(struct place *place)
{
    struct db_config config = place_config(place);
    struct error err = {0};

    if (!db_pool_open(&config, &place->pool, &err))
        fail_msg("%s: %s", err.message, err.detail);
}

static inline void place_close(struct place *place)
{
    db_pool_close(place->pool);
    place->pool = NULL;
}

/* In memory where there is such a folder: what a test writes need not outlive the machine. */
static inline void place_make(struct place *place)
{
    const bool is_memory = access("/dev/shm", W_OK) == 0;

    *place = (struct place){.pool = NULL};
    (void)snprintf(place->directory, sizeof(place->directory), "%s/vitrine-db-XXXXXX",
                   is_memory ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(place->directory));
    (void)snprintf(place->path, sizeof(place->path), "%s/vitrine.db", place->directory);
}

static inline int remove_entry(const char *path, const struct stat *info, int type,
                               struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline void place_remove(struct place *place)
{
    place_close(place);
    assert_int_equal(nftw(place->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* For cmocka's fixtures: *state is an open place. */
static inline int setup_place(void **state)
{
    struct place *place = db_alloc(sizeof(*place));

    place_make(place);
    place_open(place);
    *state = place;
    return 0;
}

static inline int teardown_place(void **state)
{
    place_remove(*state);
    free(*state);
    return 0;
}

/* ---- works ---- */

struct item {
    int64_t id;
    const char *name; /* NULL: none */
    size_t runs;      /* how often it was tried */
};

static inline bool insert_item(struct db *db, void *context, struct error *err)
{
    static const struct sql insert = {"test_insert_item",
                                      "INSERT INTO item (id, name) VALUES ($1, $2)", NULL};
    struct item *item = context;
    const struct sql_value args[] = {SQL_INT64(item->id),
                                     item->name == NULL ? SQL_NULL : SQL_CSTR(item->name)};

    item->runs++;
    return db_exec(db, &insert, args, COUNT(args), NULL, err);
}

static inline bool put_item(struct db_pool *pool, int64_t id, struct error *err)
{
    struct item item = {.id = id};

    return db_transact(pool, "test_put_item", insert_item, &item, err);
}

static inline int64_t query_number(struct db *db, const struct sql *sql)
{
    CLEANUP(rows_finish) struct rows rows = {0};
    struct error err = {0};

    if (!db_query(db, sql, NULL, 0, &rows, &err))
        fail_msg("%s: %s", err.message, err.detail);
    assert_true(rows_next(&rows));
    return rows_int64(&rows, "number");
}

static const struct sql count_items_sql = {"test_count_items",
                                           "SELECT count(*) AS number FROM item", NULL};

static inline int64_t count_items(struct db_pool *pool)
{
    struct error err = {0};
    struct db *db;
    int64_t count;

    if (!db_borrow(pool, &db, &err))
        fail_msg("%s: %s", err.message, err.detail);
    count = query_number(db, &count_items_sql);
    db_give_back(db);
    return count;
}

static inline bool has_item(struct db_pool *pool, int64_t id)
{
    static const struct sql find = {"test_has_item", "SELECT id FROM item WHERE id = $1", NULL};
    const struct sql_value args[] = {SQL_INT64(id)};
    CLEANUP(rows_finish) struct rows rows = {0};
    struct error err = {0};
    struct db *db;
    bool found;

    if (!db_borrow(pool, &db, &err) || !db_query(db, &find, args, 1, &rows, &err))
        fail_msg("%s: %s", err.message, err.detail);
    found = rows_next(&rows);
    rows_finish(&rows);
    db_give_back(db);
    return found;
}

/* Holds the writer inside a transaction until it is opened, so that a queue can build up. */
struct gate {
    sem_t entered;
    sem_t opened;
};

static inline void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0)
        assert_int_equal(errno, EINTR);
}

static inline bool gate_work(struct db *db, void *context, struct error *err)
{
    struct gate *gate = context;

    (void)db;
    (void)err;
    (void)sem_post(&gate->entered);
    wait_for(&gate->opened);
    return true;
}

/* Returns when the writer stands in the gate. */
static inline void gate_shut(struct gate *gate, struct db_pool *pool)
{
    struct error err = {0};

    (void)sem_init(&gate->entered, 0, 0);
    (void)sem_init(&gate->opened, 0, 0);
    assert_true(db_transact_async(pool, "test_gate", gate_work, gate, NULL, false, &err));
    wait_for(&gate->entered);
}

static inline void gate_open(struct gate *gate) { (void)sem_post(&gate->opened); }

/* An item and what its `done` saw. */
struct put {
    struct item item; /* first: insert_item() takes it */
    sem_t *answered;  /* posted */
    bool ok;
    struct error err;
    size_t calls;
};

static inline void note_answer(void *context, bool ok, const struct error *err)
{
    struct put *put = context;

    put->ok = ok;
    put->err = *err;
    put->calls++;
    (void)sem_post(put->answered);
}

/* True when `body` ends in a failed assert. */
static inline bool dies(void (*body)(void *context), void *context)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        (void)signal(SIGABRT, SIG_DFL);
        body(context);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}
