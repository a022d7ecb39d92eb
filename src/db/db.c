#include "db/db.h"

#include "db/db_private.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct sql end_read = {"db_end_read", "COMMIT", NULL};

void *db_alloc(size_t size)
{
    void *memory = calloc(1, size == 0 ? 1 : size);

    if (memory == NULL)
        abort();
    return memory;
}

int64_t db_mono_ms(void)
{
    struct timespec now;
    int rc = clock_gettime(CLOCK_MONOTONIC, &now);

    assert(rc == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct timespec db_timespec(int64_t mono_ms)
{
    return (struct timespec){.tv_sec = (time_t)(mono_ms / 1000),
                             .tv_nsec = (long)(mono_ms % 1000) * 1000000};
}

void db_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    int rc = pthread_condattr_init(&attributes);

    assert(rc == 0);
    rc = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    assert(rc == 0);
    rc = pthread_cond_init(cond, &attributes);
    assert(rc == 0);
    (void)pthread_condattr_destroy(&attributes);
}

/* ---- connections ---- */

/* Each connection belongs to one thread at a time and memory is not counted, so that threads meet
 * in no lock of SQLite's.  Once, before SQLite's own start; a program that used it before keeps its
 * settings, which are slower and as right. */
static void configure_sqlite(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    /* What a savepoint could have to undo stays in memory, in small pieces: with a limit SQLite
     * takes 64 KiB at once for each request. */
    (void)sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
}

/* Ends a reader's step that runs too long. */
static int step_watch(void *context)
{
    struct db *db = context;
    int64_t now_ms = db_mono_ms();

    if (db->slow_since_ms == 0)
        db->slow_since_ms = now_ms;
    return now_ms - db->slow_since_ms > db->pool->step_ms;
}

static bool configure_connection(struct db *db, struct error *err)
{
    const struct {
        int option;
        int value;
    } options[] = {
        {SQLITE_DBCONFIG_DEFENSIVE,             1                    },
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0                    },
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA,        0                    },
        {SQLITE_DBCONFIG_ENABLE_FKEY,           1                    },
        {SQLITE_DBCONFIG_DQS_DML,               0                    }, /* "x" is a name, so a typing error is found */
        {SQLITE_DBCONFIG_DQS_DDL,               0                    },
        {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,      db->pool->is_log_kept},
    };
    char text[256];

    for (size_t i = 0; i < COUNT(options); i++) {
        int rc = sqlite3_db_config(db->handle, options[i].option, options[i].value, NULL);

        if (rc != SQLITE_OK)
            return database_error(db->handle, rc, "db_config", err);
    }
    (void)sqlite3_busy_timeout(db->handle, DB_BUSY_MS);
    (void)snprintf(text, sizeof(text),
                   "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -%d;"
                   "%s",
                   db->is_writer ? DB_WRITER_CACHE_KIB : DB_READER_CACHE_KIB,
                   db->is_writer ? "PRAGMA page_size = 4096; PRAGMA synchronous = FULL;"
                                   "PRAGMA wal_autocheckpoint = 0"
                                 : "PRAGMA query_only = ON");
    if (!db->is_writer)
        sqlite3_progress_handler(db->handle, 10000, step_watch, db);
    return database_exec(db->handle, "db_configure", text, err) &&
           (!db->pool->is_read_only ||
            database_exec(db->handle, "db_look_only", "PRAGMA query_only = ON", err));
}

bool connection_open(struct db_pool *pool, bool is_writer, struct db **out, struct error *err)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE |
                (is_writer ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
    struct db *db = db_alloc(sizeof(*db));
    int rc;

    db->pool = pool;
    db->is_writer = is_writer;
    rc = sqlite3_open_v2(pool->path, &db->handle, flags, NULL);
    if (rc != SQLITE_OK) {
        (void)database_error(db->handle, rc, "db_open", err);
    } else if (configure_connection(db, err)) {
        *out = db;
        return true;
    }
    connection_close(db);
    return false;
}

void connection_close(struct db *db)
{
    int rc;

    if (db == NULL)
        return;
    statements_finish(db);
    rc = sqlite3_close(db->handle);
    assert(rc == SQLITE_OK);
    free(db);
}

/* ---- readers ---- */

static void end_view(struct db *db)
{
    assert(db->taken_count == 0); /* each struct rows is finished */
    if (sqlite3_get_autocommit(db->handle))
        return;
    /* After a failed read SQLite may refuse COMMIT; a reader has nothing to lose by ROLLBACK. */
    if (statement_run(db, &end_read) != SQLITE_OK)
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    assert(sqlite3_get_autocommit(db->handle));
}

static bool has_reader(const struct db_pool *pool)
{
    return pool->idle != NULL || pool->reader_count < pool->reader_max;
}

/* Under the lock, when there is one.  NULL: the caller opens it. */
static struct db *take_reader(struct db_pool *pool)
{
    struct db *db = pool->idle;

    if (db != NULL) {
        pool->idle = db->next;
        db->next = NULL;
    } else {
        pool->reader_count++;
    }
    pool->reader_lent++;
    return db;
}

static bool open_reader(struct db_pool *pool, struct db **out, struct error *err)
{
    if (connection_open(pool, false, out, err))
        return true;
    pthread_mutex_lock(&pool->lock);
    pool->reader_count--;
    pool->reader_lent--;
    pthread_cond_signal(&pool->reader_back);
    pthread_mutex_unlock(&pool->lock);
    return false;
}

bool db_borrow(struct db_pool *pool, struct db **out, struct error *err)
{
    struct timespec until = db_timespec(db_mono_ms() + pool->borrow_ms);
    struct db *db = NULL;
    bool is_there;
    int rc = 0;

    pthread_mutex_lock(&pool->lock);
    while (rc == 0 && !has_reader(pool))
        rc = pthread_cond_timedwait(&pool->reader_back, &pool->lock, &until);
    is_there = has_reader(pool);
    if (is_there)
        db = take_reader(pool);
    pthread_mutex_unlock(&pool->lock);
    if (!is_there) {
        (void)error_set(err, ERROR_UNAVAILABLE, "the database is busy");
        err->retry_after_ms = 1000;
        return error_detail(err, "no reader came back in %" PRId64 " ms", pool->borrow_ms);
    }
    if (db == NULL)
        return open_reader(pool, out, err);
    *out = db;
    return true;
}

struct db *db_borrow_now(struct db_pool *pool)
{
    struct db *db = NULL;
    struct error ignored;
    bool is_there;

    pthread_mutex_lock(&pool->lock);
    is_there = has_reader(pool);
    if (is_there)
        db = take_reader(pool);
    pthread_mutex_unlock(&pool->lock);
    if (is_there && db == NULL && !open_reader(pool, &db, &ignored))
        return NULL;
    return db;
}

void db_give_back(struct db *db)
{
    struct db_pool *pool;

    if (db == NULL)
        return;
    assert(!db->is_writer);
    end_view(db);
    pool = db->pool;
    pthread_mutex_lock(&pool->lock);
    db->next = pool->idle; /* the warmest is lent first */
    pool->idle = db;
    pool->reader_lent--;
    pthread_cond_signal(&pool->reader_back);
    pthread_mutex_unlock(&pool->lock);
}

void db_give_back_cleanup(struct db **db)
{
    db_give_back(*db);
    *db = NULL;
}

void db_refresh(struct db *db)
{
    assert(!db->is_writer);
    end_view(db);
}

struct db_pool *db_pool_of(struct db *db) { return db->pool; }

/* ---- the pool ---- */

/* What SQLite makes later (the log, its index) takes the mode of the database file.  A file that is
 * there is not touched: closing a descriptor of it would drop SQLite's locks in this process. */
static bool create_private(const char *path, struct error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);

    if (fd >= 0) {
        (void)close(fd); /* nothing was written */
        return parent_sync(path, err);
    }
    if (errno == EEXIST)
        return true;
    (void)error_set(err, errno == ENOSPC ? ERROR_STORAGE_FULL : ERROR_INTERNAL,
                    "the database cannot be created (errno %d)", errno);
    return error_detail(err, "%s", path);
}

/* Whoever closes a database last moves its log into it.  What a dead server left there is the next
 * one's; where there is none, its empty file is taken away as ever. */
static bool has_log(const char *path)
{
    struct stat info;
    char *log;
    bool is_there;

    if (asprintf(&log, "%s-wal", path) < 0)
        abort();
    is_there = stat(log, &info) == 0 && info.st_size > 0;
    free(log);
    return is_there;
}

static void pool_free(struct db_pool *pool)
{
    pthread_cond_destroy(&pool->reader_back);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->writer.wake);
    pthread_mutex_destroy(&pool->writer.lock);
    free(pool->path);
    free(pool);
}

bool db_pool_open(const struct db_config *config, struct db_pool **out, struct error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct db_pool *pool = db_alloc(sizeof(*pool));
    int rc;

    assert(config->readers > 0);
    (void)pthread_once(&once, configure_sqlite);
    pool->path = strdup(config->path);
    assert(pool->path != NULL);
    pool->clock = config->clock;
    pool->reader_max = config->readers;
    pool->borrow_ms = DB_BORROW_MS;
    pool->step_ms = config->is_read_only ? DB_LOOK_MS : DB_STEP_MS;
    pool->is_read_only = config->is_read_only;
    pool->is_log_kept = config->is_read_only && has_log(config->path);
    rc = pthread_mutex_init(&pool->lock, NULL);
    assert(rc == 0);
    rc = pthread_mutex_init(&pool->writer.lock, NULL);
    assert(rc == 0);
    db_cond_init(&pool->reader_back);
    db_cond_init(&pool->writer.wake);

    if ((config->is_read_only || create_private(pool->path, err)) &&
        connection_open(pool, true, &pool->writer.db, err) &&
        migrate(pool->writer.db, config, err) && writer_start(&pool->writer, err)) {
        *out = pool;
        return true;
    }
    connection_close(pool->writer.db);
    pool_free(pool);
    return false;
}

void db_pool_close(struct db_pool *pool)
{
    if (pool == NULL)
        return;
    assert(pool->reader_lent == 0);
    writer_stop(&pool->writer);
    /* The readers first: SQLite lets a writer that is the last empty and remove the log. */
    while (pool->idle != NULL) {
        struct db *next = pool->idle->next;

        connection_close(pool->idle);
        pool->idle = next;
    }
    connection_close(pool->writer.db);
    pool_free(pool);
}

bool db_backup(struct db_pool *pool, const char *path, struct error *err)
{
    return backup_copy(pool->path, path, false, err);
}
