/*
 * db/db.h: one face for the database: literal SQL with bound values, readers in a pool, one writer
 * with group commit, forward migrations.  Knows no noun.  SQLite's header is included in this room
 * only.
 */
#pragma once

#include "core/arena.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/str.h"

struct db; /* one lent connection: a reader's, or the writer's inside a transaction.  One thread at
              a time */
struct db_pool; /* opaque: db.c */

/* A statement: a name said aloud in logs and metrics, and its text; prepared once per connection.
 */
struct sql {
    const char *name;
    const char *text; /* SQLite, and PostgreSQL when `postgres` is NULL; values are $1, $2, … bound
                         by name */
    const char *postgres; /* where they must differ */
};

enum sql_type { SQL_TYPE_NULL, SQL_TYPE_INT64, SQL_TYPE_DOUBLE, SQL_TYPE_TEXT, SQL_TYPE_BLOB };
struct sql_value {
    enum sql_type type;
    int64_t number;
    double real;
    struct str text; /* borrowed until the call returns */
};
#define SQL_NULL ((struct sql_value){.type = SQL_TYPE_NULL})
#define SQL_INT64(value) ((struct sql_value){.type = SQL_TYPE_INT64, .number = (value)})
#define SQL_BOOL(value) SQL_INT64((value) ? 1 : 0)
#define SQL_DOUBLE(value) ((struct sql_value){.type = SQL_TYPE_DOUBLE, .real = (value)})
#define SQL_TEXT(value) ((struct sql_value){.type = SQL_TYPE_TEXT, .text = (value)})
#define SQL_CSTR(value) SQL_TEXT(str_of(value))
#define SQL_BLOB(value) ((struct sql_value){.type = SQL_TYPE_BLOB, .text = (value)})
/* Empty text becomes NULL; 0 becomes NULL. */
#define SQL_TEXT_OR_NULL(value) ((value).size == 0 ? SQL_NULL : SQL_TEXT(value))
#define SQL_INT64_OR_NULL(value) ((value) == 0 ? SQL_NULL : SQL_INT64(value))

/* A result being walked.  Zero-initialise; CLEANUP(rows_finish). */
struct rows {
    void *statement;
    struct db *db;
    bool is_stepped;
    bool is_done;
    struct error *err;
};

/* Runs a query.  Fails: ERROR_INTERNAL, ERROR_STORAGE_FULL, ERROR_UNAVAILABLE (busy). */
MUST_CHECK bool db_query(struct db *db, const struct sql *sql, const struct sql_value *args,
                         size_t count, struct rows *out, struct error *err);
/* Steps to the next row; false at the end and on failure (then `err` of db_query is set: see
 * rows_failed). */
bool rows_next(struct rows *rows);
bool rows_failed(const struct rows *rows);
void rows_finish(struct rows *rows);
/* Columns by name; an unknown name is an assert.  NULL reads as 0, 0.0, empty. */
int64_t rows_int64(struct rows *rows, const char *column);
double rows_double(struct rows *rows, const char *column);
bool rows_bool(struct rows *rows, const char *column);
struct str rows_str(struct rows *rows, const char *column,
                    struct arena *arena); /* text or blob, in `arena` */
bool rows_is_null(struct rows *rows, const char *column);

/* Runs a statement that changes; `*changed` (may be NULL) gets the number of rows.  Only inside a
 * transaction. Fails as db_query, and ERROR_CONFLICT for a broken unique or foreign key. */
MUST_CHECK bool db_exec(struct db *db, const struct sql *sql, const struct sql_value *args,
                        size_t count, int64_t *changed, struct error *err);
/* As db_exec, and exactly one row must change: otherwise ERROR_CONFLICT. */
MUST_CHECK bool db_exec_one(struct db *db, const struct sql *sql, const struct sql_value *args,
                            size_t count, struct error *err);
int64_t db_last_id(struct db *db); /* rowid of the last insert in this transaction */

/*
 * A transaction: `work` runs on the writer's thread inside a savepoint of the next group, may run
 * again after a conflict, so it touches its arguments only, sends nothing, calls nobody.  False
 * from `work` rolls its savepoint back alone.
 */
typedef bool (*db_work)(struct db *db, void *context, struct error *err);

/* Runs `work` and returns after the group's fsync: what it did is durable.  Not on the writer's own
 * thread. */
MUST_CHECK bool db_transact(struct db_pool *pool, const char *name, db_work work, void *context,
                            struct error *err);

/*
 * The same without waiting: `done` runs on the writer's thread after the commit (ok) or the
 * failure.  Requests of one thread are applied in their order.  False: the queue is full or the
 * pool is closing; `done` is not called. `is_lazy`: rides along with the next group and forces a
 * commit of its own after 1 s only.
 */
typedef void (*db_done)(void *context, bool ok, const struct error *err);
MUST_CHECK bool db_transact_async(struct db_pool *pool, const char *name, db_work work,
                                  void *context, db_done done, bool is_lazy, struct error *err);

/* A reader's connection, lent: sees what was committed when its first query ran until given back
 * (so every query of a request sees one state).  Waits 5 s at most.  Fails: ERROR_UNAVAILABLE. */
MUST_CHECK bool db_borrow(struct db_pool *pool, struct db **out, struct error *err);
void db_give_back(struct db *db); /* takes NULL */
void db_give_back_cleanup(struct db **db);
/* Ends the reader's view, so that the next query sees what is newest (read your own write). */
void db_refresh(struct db *db);
struct db_pool *db_pool_of(struct db *db);

/* One forward step, frozen once landed. */
struct migration {
    int number;       /* 1, 2, …: NNNN of its file */
    const char *name; /* "0001_start" */
    const char *text; /* the whole file; NUL-terminated */
    size_t size;
};

struct db_config {
    const char *path; /* the database file; its folder must exist */
    size_t readers;   /* connections in the pool */
    const struct migration *migrations;
    size_t migration_count;
    const struct clock *clock;
    const char *backup_directory; /* an online backup goes here before a migration of a database
                                     with data */
};

/*
 * Opens or creates the database, migrates it (each file in a transaction of its own, recorded with
 * its SHA-256; a changed or newer one is refused by name), starts the writer.  Fails:
 * ERROR_INTERNAL with a sentence for people.
 */
MUST_CHECK bool db_pool_open(const struct db_config *config, struct db_pool **out,
                             struct error *err);
/* Commits what is queued, checkpoints, closes.  Every borrowed connection must be back.  Takes
 * NULL. */
void db_pool_close(struct db_pool *pool);

struct db_stats {
    uint64_t commits, requests, group_last, group_max, wal_bytes, fsync_us_last, fsync_us_max,
        queue_depth;
    bool is_broken; /* an fsync failed: nothing more is written; the process should end */
};
void db_pool_stats(struct db_pool *pool, struct db_stats *out);
/* An online copy of the database at `path`, checked.  Any thread. */
MUST_CHECK bool db_backup(struct db_pool *pool, const char *path, struct error *err);
