/* db/db_private.h: what the files of this room share: connections, their statements, the writer. */
#pragma once

#include "core/fault.h"
#include "db/db.h"

#include <pthread.h>
#include <sqlite3.h>

#define DB_BUSY_MS 5000          /* how long one statement waits for another process's lock */
#define DB_BUSY_TRIES 3          /* how often a group waits that long */
#define DB_STEP_MS 5000          /* how long one step of a reader may take */
#define DB_LOOK_MS 600000        /* and of one that only looks, at all there is */
#define DB_BORROW_MS 5000        /* how long a request waits for a reader */
#define DB_STATEMENTS_MAX 256    /* prepared statements a connection keeps */
#define DB_STATEMENT_BUCKETS 128 /* a power of two */
#define DB_GROUP_MAX 256
#define DB_QUEUE_MAX 65536
#define DB_LAZY_MS 1000
#define DB_READER_CACHE_KIB 512
#define DB_WRITER_CACHE_KIB 2048
#define DB_WAL_IDLE_BYTES                                                                          \
    FAULT_SOONER(MIB(4), KIB(64))  /* above: emptied when there is nothing else to do */
#define DB_WAL_LIMIT_BYTES MIB(64) /* above: emptied and cut at once */

/* A prepared statement of one connection. */
struct statement {
    struct statement *next; /* of its bucket */
    const struct sql *sql;
    const char *text; /* its text when this was prepared */
    sqlite3_stmt *handle;
    uint64_t used_at; /* the connection's use_count when it was last taken */
    int parameter_count;
    int column_count;
    int column_last;  /* found last; `column_count`: none yet */
    int *argument_of; /* [parameter_count]: which of the arguments, from 0, goes there */
    char **columns;   /* [column_count]: own copies, since SQLite's change when it prepares again */
    const char **asked; /* [column_count]: by which literal each was found last */
    int *column_after; /* [column_count + 1]: which was found after each, the last one after none */
    bool is_taken;
    bool is_reading; /* it cannot change the file */
};

/* One connection.  One thread at a time. */
struct db {
    struct db_pool *pool;
    sqlite3 *handle;
    struct db *next; /* of the idle readers */
    struct statement *buckets[DB_STATEMENT_BUCKETS];
    size_t statement_count;
    size_t taken_count; /* statements being walked */
    uint64_t use_count;
    int64_t slow_since_ms;     /* when the running step was first seen to be long; 0: not yet */
    enum error_code lost_code; /* what ended the writer's transaction under a running `work` */
    bool is_writer;
    bool is_in_work;  /* the writer's, between begin and commit */
    bool has_written; /* this request ran a statement that can change the file */
};

struct request; /* writer.c */

struct writer {
    struct db *db;
    pthread_t thread;
    bool is_started; /* main only */

    pthread_mutex_t lock;
    pthread_cond_t wake;   /* CLOCK_MONOTONIC */
    struct request *head;  /* guarded by lock */
    struct request *tail;  /* guarded by lock */
    size_t queued;         /* guarded by lock */
    size_t urgent;         /* guarded by lock: those of them that are not lazy */
    bool is_closing;       /* guarded by lock */
    struct db_stats stats; /* guarded by lock; queue_depth is filled on reading */

    /* The writer thread's own. */
    struct request *group[DB_GROUP_MAX];
    struct error errors[DB_GROUP_MAX];
    bool is_out[DB_GROUP_MAX]; /* it ended the transaction of all: not run again */
    uint64_t wal_bytes;
    uint64_t checkpoint_at; /* the size of the log at which the next try makes sense */
    bool is_log_doubtful;   /* log_store() found no room: tried again before anything is written */
    bool is_broken;
};

struct db_pool {
    char *path;
    const struct clock *clock;

    pthread_mutex_t lock;
    pthread_cond_t reader_back; /* CLOCK_MONOTONIC */
    struct db *idle;            /* guarded by lock */
    size_t reader_count;        /* guarded by lock: open or being opened */
    size_t reader_lent;         /* guarded by lock */
    size_t reader_max;          /* read-only after open */
    bool is_read_only;          /* the same */
    bool is_log_kept;           /* the same: who is the last to close does not empty the log */
    int64_t borrow_ms;          /* DB_BORROW_MS; a test may shorten it before the first borrow */
    int64_t step_ms;            /* DB_STEP_MS; likewise */

    struct writer writer;
};

/* Small allocations: zeroed, never NULL. */
void *db_alloc(size_t size);
int64_t db_mono_ms(void);
/* A time of CLOCK_MONOTONIC for a condition's timed wait. */
struct timespec db_timespec(int64_t mono_ms);
/* A lock's condition that counts by CLOCK_MONOTONIC. */
void db_cond_init(pthread_cond_t *cond);

/* Opens a connection with everything set that engine.md 11 asks for. */
MUST_CHECK bool connection_open(struct db_pool *pool, bool is_writer, struct db **out,
                                struct error *err);
void connection_close(struct db *db); /* takes NULL */

/* Turns the last failure of `handle` into one of ours; returns false. */
bool database_error(sqlite3 *handle, int rc, const char *name, struct error *err);
/* True for a failed fsync: what the disk holds is unknown from then on. */
bool database_is_fsync_error(int rc);
/* Runs a statement without values or rows, as BEGIN; the result code is SQLite's. */
int statement_run(struct db *db, const struct sql *sql);
/* Runs SQL text that is not kept, one or several statements. */
MUST_CHECK bool database_exec(sqlite3 *handle, const char *name, const char *text,
                              struct error *err);
/* Resets what a `work` left unfinished. */
void statements_reset(struct db *db);
void statements_finish(struct db *db);

/* The database of `pool` is brought to the newest schema.  Before the writer's thread starts. */
MUST_CHECK bool migrate(struct db *db, const struct db_config *config, struct error *err);

/* A checked, durable copy of the database file `source`.  An existing `target` is replaced whole
 * or refused. */
MUST_CHECK bool backup_copy(const char *source, const char *target, bool is_replacing,
                            struct error *err);
MUST_CHECK bool integrity_check(sqlite3 *handle, struct error *err);
/* fsync of the folder in which `path` lies. */
MUST_CHECK bool parent_sync(const char *path, struct error *err);

/*
 * Copies all of the log to the database file, syncs that, and begins the log anew; the result code
 * is SQLite's.  A start does it before anything is added: after an fsync that failed and a crash,
 * the log's last transactions may be readable, from memory, and on no disk.  Their pages count as
 * clean, so that no later fsync of the log stores them, and a power cut would take what follows
 * them too.
 */
int log_store(struct db *db);
MUST_CHECK bool writer_start(struct writer *writer, struct error *err);
/* Commits what is queued and ends the thread. */
void writer_stop(struct writer *writer);
