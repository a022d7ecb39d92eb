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

/*
 * A statement: a name said aloud in logs and metrics, and its text; prepared once per connection.
 * Static and never changed: a connection finds its prepared form by the address of this struct
 * (another text at the same address is an assert).  Every $n up to `count` appears in the text and
 * no other; text in double quotes is an identifier, never a string.
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

/*
 * Runs a query, up to its first row: what fails at the start fails here, not in rows_next().  The
 * arguments are copied; `err` is borrowed until rows_finish().  On a reader it begins the read
 * transaction; one step may take 5 s at most.  Inside a transaction it may change things too
 * (INSERT … RETURNING), and then fails as db_exec.  Walks may nest, also over one statement.
 * Fails: ERROR_INTERNAL, ERROR_STORAGE_FULL, ERROR_UNAVAILABLE (busy, too slow).
 */
MUST_CHECK bool db_query(struct db *db, const struct sql *sql, const struct sql_value *args,
                         size_t count, struct rows *out, struct error *err);
/* Steps to the next row; false at the end and on failure (then `err` of db_query is set: see
 * rows_failed). */
bool rows_next(struct rows *rows);
bool rows_failed(const struct rows *rows);
void rows_finish(struct rows *rows);
/* Columns by name, which is static text; an unknown name is an assert.  NULL reads as 0, 0.0,
 * empty. */
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
 * A transaction: `work` runs on the writer's thread in the next group, and again after a conflict
 * or when another request of the group failed half-way, so it touches its arguments only, sends
 * nothing, calls nobody.  It must therefore begin by giving what it fills in `context` its first
 * value.  False from `work`, with `*err` set, undoes what it did alone; the rest of the group
 * commits.  It sees what the requests before it in its group wrote, although that is not durable
 * yet.  A statement left unfinished is reset after it.
 */
typedef bool (*db_work)(struct db *db, void *context, struct error *err);

/*
 * Runs `work` and returns after the group's fsync: what it did is durable.  Not on the writer's own
 * thread (assert).  Fails: what `work` said; else nothing of it was kept: ERROR_UNAVAILABLE (queue
 * full, closing, another process holds the lock for 15 s, the pool is broken), ERROR_STORAGE_FULL,
 * ERROR_INTERNAL.
 */
MUST_CHECK bool db_transact(struct db_pool *pool, const char *name, db_work work, void *context,
                            struct error *err);

/*
 * The same without waiting: `done` (may be NULL) runs on the writer's thread after the commit (ok)
 * or the failure, exactly once; `err` is never NULL and borrowed for the call.  Any thread, also
 * from inside a `done`, never from inside a `work` (assert).  `name` is static.
 *
 * Order: there is one queue.  Requests are applied in the order in which they entered it, lazy or
 * not, from one thread or several, and answered in that order: when a db_transact() returns or a
 * `done` runs, each `done` of a request that entered earlier has returned.  So a `done` must be
 * short (hand over and wake), takes no lock that is held around a db_transact*(), and does not
 * wait: the next commit starts after the last of its group.
 *
 * False: the queue (65,536) is full or the pool is closing; `done` is not called and `context`
 * stays the caller's.  `is_lazy`: rides along with the next group and forces a commit of its own
 * after 1 s only.
 */
typedef void (*db_done)(void *context, bool ok, const struct error *err);
MUST_CHECK bool db_transact_async(struct db_pool *pool, const char *name, db_work work,
                                  void *context, db_done done, bool is_lazy, struct error *err);

/*
 * A reader's connection, lent: sees what was committed when its first query ran until given back
 * (so every query of a request sees one state).  Waits 5 s at most.  Do not wait for anything slow
 * while holding a view: it keeps the write-ahead log from being emptied; db_refresh() first.
 * Fails: ERROR_UNAVAILABLE, ERROR_INTERNAL.
 */
MUST_CHECK bool db_borrow(struct db_pool *pool, struct db **out, struct error *err);
/* The same for a thread that must not wait for others: NULL when all are lent. */
struct db *db_borrow_now(struct db_pool *pool);
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
    size_t readers;   /* connections in the pool at most; each is opened when first needed */
    const struct migration *migrations;
    size_t migration_count;
    const struct clock *clock;
    const char *backup_directory; /* made when missing: a copy "schema-NNNN.db" goes here before a
                                     migration of a database with data, the newest per schema; NULL:
                                     no copies */
    bool is_as_found;  /* another process may be at work: nothing is migrated and the log is left
                          alone; a database of an older schema is refused, ERROR_CONFLICT */
    bool is_read_only; /* as found, and only looked at: neither it nor a log that somebody left is
                          changed, a step may take ten minutes, and a database that is not there is
                          not made.  The log cannot be emptied while such a step runs. */
};

/*
 * Opens or creates the database (mode 0600), migrates it (each file in a transaction of its own,
 * recorded with its SHA-256; a changed or newer one is refused by name), starts the writer.
 * `config` is borrowed for the call, its `clock` for the pool's life.  Fails: ERROR_INTERNAL with a
 * sentence for people.
 */
MUST_CHECK bool db_pool_open(const struct db_config *config, struct db_pool **out,
                             struct error *err);
/* Commits what is queued, checkpoints, closes.  Every borrowed connection must be back.  Takes
 * NULL. */
void db_pool_close(struct db_pool *pool);

/* `fsync_us_*` is the time of a COMMIT: the write to the log and its fsync. */
struct db_stats {
    uint64_t commits, requests, group_last, group_max, wal_bytes, fsync_us_last, fsync_us_max,
        queue_depth;
    bool is_broken; /* an fsync failed: nothing more is written; the process should end */
};
void db_pool_stats(struct db_pool *pool, struct db_stats *out);
/*
 * An online copy of the database at `path`: one state, checked, on disk when this returns, one file
 * with no log beside it.  Writers are not held up.  Any thread but the writer's.  Fails:
 * ERROR_CONFLICT when `path` exists, ERROR_STORAGE_FULL, ERROR_UNAVAILABLE, ERROR_INTERNAL; then
 * nothing is left at `path`.
 */
MUST_CHECK bool db_backup(struct db_pool *pool, const char *path, struct error *err);
