#include "core/fault.h"
#include "core/log.h"
#include "db/db_private.h"

#include <assert.h>
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

/* Of a log with `frames` pages, header and page headers included. */
#define WAL_BYTES(frames) ((frames) == 0 ? 0 : 32 + (uint64_t)(frames) * (4096 + 24))
#define CHECKPOINT_AGAIN_BYTES MIB(1) /* growth before an incomplete one is tried again */
#define CHECKPOINT_WAIT_MS 500        /* how long the truncating one may hold up the writers */
#define LOSSES_MAX 3                  /* transactions ended under a group before all of it fails */

/* A waiting one stands on the stack of its caller, others are the queue's. */
struct request {
    struct request *next;
    const char *name;
    db_work work;
    void *context;
    db_done done;
    int64_t queued_at_ms;
    bool is_lazy;
    bool is_waiting; /* a db_transact(): answered by what follows */
    bool ok;
    struct error *err;
    sem_t answered;
};

enum group_outcome {
    GROUP_COMMITTED,
    GROUP_AGAIN,
    GROUP_UNDO, /* nothing was kept: a request failed half-way, and only all could be undone */
    GROUP_FAILED,
};

static const struct sql begin = {"db_begin", "BEGIN IMMEDIATE", NULL};
static const struct sql commit = {"db_commit", "COMMIT", NULL};
static const struct sql rollback = {"db_rollback", "ROLLBACK", NULL};
static const struct sql savepoint = {"db_savepoint", "SAVEPOINT request", NULL};
static const struct sql release = {"db_release", "RELEASE request", NULL};
static const struct sql rollback_to = {"db_rollback_to", "ROLLBACK TO request", NULL};

static int64_t mono_us(void)
{
    struct timespec now;
    int rc = clock_gettime(CLOCK_MONOTONIC, &now);

    assert(rc == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- one request ---- */

static bool transaction_is_gone(struct db *db) { return sqlite3_get_autocommit(db->handle) != 0; }

/* A deferred reference that is still open would fail the commit of the whole group. */
static bool references_hold(struct db *db, const char *name, struct error *err)
{
    int open = 0;
    int peak = 0;
    int rc = sqlite3_db_status(db->handle, SQLITE_DBSTATUS_DEFERRED_FKS, &open, &peak, 0);

    assert(rc == SQLITE_OK);
    if (open == 0)
        return true;
    (void)database_error(NULL, SQLITE_CONSTRAINT_FOREIGNKEY, name, err);
    return false;
}

static bool request_work(struct db *db, const struct request *request, struct error *err)
{
    bool ok;

    db->lost_code = ERROR_NONE;
    db->has_written = false;
    db->is_in_work = true;
    ok = request->work(db, request->context, err);
    db->is_in_work = false;
    statements_reset(db);
    assert(ok || err->code != ERROR_NONE);
    if (!transaction_is_gone(db))
        return ok && references_hold(db, request->name, err);
    if (ok) { /* it overlooked the failure */
        (void)error_set(err, db->lost_code == ERROR_NONE ? ERROR_INTERNAL : db->lost_code,
                        "the transaction was rolled back");
        (void)error_detail(err, "%s", request->name);
    }
    return false;
}

/* Runs one request in its savepoint.  False: its effects are gone, `*err` says why; look whether
 * the transaction is gone too. */
static bool request_run(struct db *db, const struct request *request, struct error *err)
{
    int rc = statement_run(db, &savepoint);
    bool ok;

    if (rc != SQLITE_OK) {
        (void)database_error(db->handle, rc, request->name, err);
        if (!transaction_is_gone(db))
            (void)statement_run(db, &rollback);
        return false;
    }
    ok = request_work(db, request, err);
    if (transaction_is_gone(db))
        return false;
    rc = ok ? SQLITE_OK : statement_run(db, &rollback_to);
    if (rc == SQLITE_OK)
        rc = statement_run(db, &release);
    if (rc == SQLITE_OK)
        return ok;
    /* Neither kept nor undone: then nothing of this transaction may be kept. */
    (void)database_error(db->handle, rc, request->name, err);
    if (!transaction_is_gone(db))
        (void)statement_run(db, &rollback);
    return false;
}

/* ---- a group ---- */

static enum group_outcome group_fail(struct writer *writer, int rc, const struct sql *sql,
                                     struct error *err)
{
    (void)database_error(writer->db->handle, rc, sql->name, err);
    if (!transaction_is_gone(writer->db))
        (void)statement_run(writer->db, &rollback);
    if (database_is_fsync_error(rc))
        writer->is_broken = true;
    return (rc & 0xff) == SQLITE_BUSY ? GROUP_AGAIN : GROUP_FAILED;
}

#ifdef VITRINE_FAULTS
/* What its commit fails with: all of a group share it. */
static int group_fault(const struct writer *writer, size_t count, enum fault_phase phase)
{
    int rc = SQLITE_OK;

    for (size_t i = 0; i < count; i++)
        if (writer->group[i]->ok && FAULT_COMMIT(writer->group[i]->name, phase))
            rc = errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    return rc;
}
#else
#define group_fault(writer, count, phase) SQLITE_OK
#endif

/*
 * One try: begin, each request, commit.  GROUP_FAILED: nothing was kept.  A savepoint copies every
 * page that a request touches, and hardly any is ever undone; so the first try goes without, and
 * when a request fails that has written, the next one is in savepoints.
 */
static enum group_outcome group_try(struct writer *writer, size_t count, bool has_savepoints,
                                    size_t *losses, int64_t *commit_us, struct error *err)
{
    struct db *db = writer->db;
    int64_t started_us;
    int rc = statement_run(db, &begin);

    if (rc != SQLITE_OK)
        return group_fail(writer, rc, &begin, err);
    for (size_t i = 0; i < count; i++) {
        struct request *request = writer->group[i];

        if (writer->is_out[i])
            continue;
        writer->errors[i] = (struct error){0};
        (void)FAULT_COMMIT(request->name, FAULT_BEFORE_COMMIT);
        request->ok = has_savepoints ? request_run(db, request, &writer->errors[i])
                                     : request_work(db, request, &writer->errors[i]);
        if (!transaction_is_gone(db)) {
            if (request->ok || has_savepoints || !db->has_written)
                continue;
            rc = statement_run(db, &rollback);
            return rc == SQLITE_OK ? GROUP_UNDO : group_fail(writer, rc, &rollback, err);
        }
        /* What those before it did is gone as well: run them again, without this one. */
        writer->is_out[i] = true;
        *err = writer->errors[i];
        return ++*losses < LOSSES_MAX ? GROUP_AGAIN : GROUP_FAILED;
    }
    started_us = mono_us();
    rc = group_fault(writer, count, FAULT_IN_COMMIT);
    if (rc == SQLITE_OK)
        rc = statement_run(db, &commit);
    *commit_us = mono_us() - started_us;
    return rc == SQLITE_OK ? GROUP_COMMITTED : group_fail(writer, rc, &commit, err);
}

int log_store(struct db *db)
{
    int rc;

    (void)sqlite3_busy_timeout(db->handle, CHECKPOINT_WAIT_MS);
    rc = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    (void)sqlite3_busy_timeout(db->handle, DB_BUSY_MS);
    return rc;
}

/* Nothing is added to a log that may not be on the disk. */
static bool log_is_sound(struct writer *writer, struct error *err)
{
    int rc = writer->is_log_doubtful ? log_store(writer->db) : SQLITE_OK;

    writer->is_log_doubtful = rc != SQLITE_OK;
    writer->is_broken = database_is_fsync_error(rc);
    return rc == SQLITE_OK || database_error(writer->db->handle, rc, "db_log_store", err);
}

static void group_run(struct writer *writer, size_t count)
{
    enum group_outcome outcome = GROUP_AGAIN;
    struct error err = {0};
    size_t losses = 0;
    size_t tries = 0;
    bool has_savepoints = false;
    int64_t commit_us = 0;

    for (size_t i = 0; i < count; i++)
        writer->is_out[i] = false;
    if (writer->is_broken) {
        /* The kernel may have dropped what it could not write and call it clean: what the file
         * holds is unknown until a start reads it again. */
        (void)error_set(&err, ERROR_UNAVAILABLE,
                        "the disk failed to store data; nothing is written until a restart");
        outcome = GROUP_FAILED;
    } else if (!log_is_sound(writer, &err)) {
        outcome = GROUP_FAILED;
    }
    while (outcome == GROUP_AGAIN && tries < DB_BUSY_TRIES + losses) {
        tries++;
        outcome = group_try(writer, count, has_savepoints, &losses, &commit_us, &err);
        if (outcome == GROUP_UNDO) {
            tries--;
            has_savepoints = true;
            outcome = GROUP_AGAIN;
        }
    }
    if (outcome == GROUP_COMMITTED)
        (void)group_fault(writer, count, FAULT_AFTER_COMMIT);
    if (outcome != GROUP_COMMITTED) {
        if (writer->is_broken && tries > 0)
            log_error("database_broken", &err, LOG_INT("requests", (int64_t)count));
        for (size_t i = 0; i < count; i++) {
            if (!writer->is_out[i])
                writer->errors[i] = err;
            writer->group[i]->ok = false;
        }
    }

    pthread_mutex_lock(&writer->lock);
    struct db_stats *stats = &writer->stats;
    stats->requests += count;
    stats->is_broken = writer->is_broken;
    stats->wal_bytes = writer->wal_bytes;
    if (outcome == GROUP_COMMITTED) {
        stats->commits++;
        stats->group_last = count;
        stats->group_max = count > stats->group_max ? count : stats->group_max;
        stats->fsync_us_last = (uint64_t)commit_us;
        if (stats->fsync_us_last > stats->fsync_us_max)
            stats->fsync_us_max = stats->fsync_us_last;
    }
    pthread_mutex_unlock(&writer->lock);
}

static void group_answer(struct writer *writer, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct request *request = writer->group[i];

        if (request->is_waiting) {
            if (!request->ok)
                *request->err = writer->errors[i];
            (void)sem_post(&request->answered); /* from here it may be gone */
            continue;
        }
        if (request->done != NULL)
            request->done(request->context, request->ok, &writer->errors[i]);
        free(request);
    }
}

/* ---- the log ---- */

static int wal_watch(void *context, sqlite3 *handle, const char *name, int frames)
{
    struct writer *writer = context;

    (void)handle;
    (void)name;
    writer->wal_bytes = WAL_BYTES((uint64_t)frames);
    return SQLITE_OK;
}

/*
 * Moves what is in the log to the database file.  When idle a passive one, which waits for nobody;
 * above the hard limit one that waits a little for readers and cuts the file.  Not complete: tried
 * again when the log has grown by a good piece.
 */
static void checkpoint(struct writer *writer, bool is_idle)
{
    bool is_truncating = writer->wal_bytes > DB_WAL_LIMIT_BYTES;
    int frames = 0;
    int moved = 0;
    struct error err;
    int rc;

    if (writer->is_broken || writer->wal_bytes <= writer->checkpoint_at ||
        (!is_idle && !is_truncating))
        return;
    (void)sqlite3_busy_timeout(writer->db->handle, CHECKPOINT_WAIT_MS);
    rc = sqlite3_wal_checkpoint_v2(
        writer->db->handle, NULL,
        is_truncating ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, &frames, &moved);
    (void)sqlite3_busy_timeout(writer->db->handle, DB_BUSY_MS);
    if (rc == SQLITE_OK && is_truncating)
        writer->wal_bytes = 0;
    /* A full disk or a reader in the way is nobody's loss yet: all is in the log. */
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY) {
        (void)database_error(writer->db->handle, rc, "db_checkpoint", &err);
        writer->is_broken = database_is_fsync_error(rc);
        log_failure(writer->is_broken ? LOG_ERROR : LOG_WARN, "checkpoint_failed", &err,
                    LOG_PAIRS(LOG_INT("wal_bytes", (int64_t)writer->wal_bytes)));
    }
    writer->checkpoint_at = rc == SQLITE_OK && moved == frames
                                ? DB_WAL_IDLE_BYTES
                                : writer->wal_bytes + CHECKPOINT_AGAIN_BYTES;
}

#ifdef VITRINE_FAULTS
/* With a log, the database file is written by a checkpoint alone.  One pool is open at a time. */
static sqlite3_io_methods file_methods;
static const sqlite3_io_methods *file_methods_own;

static int file_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
    if (FAULT_FAILS(CHECKPOINT_MID))
        return errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    return file_methods_own->xWrite(file, data, size, at);
}

static int file_sync(sqlite3_file *file, int flags)
{
    FAULT(CHECKPOINT_MOVED);
    return file_methods_own->xSync(file, flags);
}

static void watch_file(sqlite3 *handle)
{
    sqlite3_file *file;
    int rc = sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);

    assert(rc == SQLITE_OK);
    file_methods_own = file->pMethods;
    file_methods = *file_methods_own;
    file_methods.xWrite = file_write;
    file_methods.xSync = file_sync;
    file->pMethods = &file_methods;
}
#else
#define watch_file(handle) ((void)0)
#endif

/* ---- the thread ---- */

/* Waits for something to do; false: closing, and all is done. */
static bool wait_for_work(struct writer *writer)
{
    while (writer->urgent == 0 && !writer->is_closing) {
        if (writer->queued == 0) {
            pthread_cond_wait(&writer->wake, &writer->lock);
            continue;
        }
        /* Only lazy ones, and the oldest stands first. */
        int64_t due_at_ms = writer->head->queued_at_ms + DB_LAZY_MS;
        struct timespec until = db_timespec(due_at_ms);

        if (db_mono_ms() >= due_at_ms)
            break;
        (void)pthread_cond_timedwait(&writer->wake, &writer->lock, &until);
    }
    return writer->queued > 0;
}

static size_t take_group(struct writer *writer)
{
    size_t count = 0;

    while (count < DB_GROUP_MAX && writer->head != NULL) {
        struct request *request = writer->head;

        writer->head = request->next;
        writer->queued--;
        writer->urgent -= request->is_lazy ? 0 : 1;
        writer->group[count++] = request;
    }
    return count;
}

static void *writer_main(void *context)
{
    struct writer *writer = context;

    pthread_mutex_lock(&writer->lock);
    while (wait_for_work(writer)) {
        const size_t count = take_group(writer);
        bool is_idle;

        pthread_mutex_unlock(&writer->lock);
        group_run(writer, count);
        group_answer(writer, count);
        pthread_mutex_lock(&writer->lock);
        is_idle = writer->urgent == 0;
        pthread_mutex_unlock(&writer->lock);
        checkpoint(writer, is_idle);
        pthread_mutex_lock(&writer->lock);
        writer->stats.is_broken = writer->is_broken;
        writer->stats.wal_bytes = writer->wal_bytes;
    }
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

bool writer_start(struct writer *writer, struct error *err)
{
    sigset_t all;
    sigset_t before;
    int rc;

    writer->checkpoint_at = DB_WAL_IDLE_BYTES;
    sqlite3_wal_hook(writer->db->handle, wal_watch, writer);
    watch_file(writer->db->handle);
    /* Signals are main's. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&writer->thread, NULL, writer_main, writer);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return error_set(err, ERROR_INTERNAL, "the database writer cannot start (errno %d)", rc);
    (void)pthread_setname_np(writer->thread, "db-writer");
    writer->is_started = true;
    return true;
}

void writer_stop(struct writer *writer)
{
    int rc;

    if (!writer->is_started)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->is_closing = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->lock);
    rc = pthread_join(writer->thread, NULL);
    assert(rc == 0);
    writer->is_started = false;
    /* Passive: another process may be using the file; who closes last empties the log. */
    writer->checkpoint_at = 0;
    checkpoint(writer, true);
}

/* ---- requests in ---- */

static bool enqueue(struct writer *writer, struct request *request, struct error *err)
{
    const char *refusal = NULL;
    bool is_sleeping = false;

    pthread_mutex_lock(&writer->lock);
    if (writer->is_closing) {
        refusal = "the server is stopping";
    } else if (writer->queued >= DB_QUEUE_MAX) {
        refusal = "too many changes are waiting";
    } else {
        request->next = NULL;
        request->queued_at_ms = db_mono_ms();
        if (writer->head == NULL)
            writer->head = request;
        else
            writer->tail->next = request;
        writer->tail = request;
        writer->queued++;
        writer->urgent += request->is_lazy ? 0 : 1;
        /* The writer sleeps only with nothing urgent; the first lazy one starts its clock. */
        is_sleeping = writer->queued == 1 || (!request->is_lazy && writer->urgent == 1);
    }
    pthread_mutex_unlock(&writer->lock);
    if (is_sleeping)
        pthread_cond_signal(&writer->wake); /* not under the lock that it would wait for at once */
    if (refusal == NULL)
        return true;
    (void)error_set(err, ERROR_UNAVAILABLE, "%s", refusal);
    err->retry_after_ms = 1000;
    return false;
}

bool db_transact(struct db_pool *pool, const char *name, db_work work, void *context,
                 struct error *err)
{
    struct writer *writer = &pool->writer;
    struct request request = {
        .name = name, .work = work, .context = context, .is_waiting = true, .err = err};
    int rc;

    assert(!pthread_equal(pthread_self(), writer->thread));
    rc = sem_init(&request.answered, 0, 0);
    assert(rc == 0);
    if (!enqueue(writer, &request, err)) {
        (void)sem_destroy(&request.answered);
        return false;
    }
    do
        rc = sem_wait(&request.answered);
    while (rc != 0 && errno == EINTR);
    assert(rc == 0);
    (void)sem_destroy(&request.answered);
    return request.ok;
}

bool db_transact_async(struct db_pool *pool, const char *name, db_work work, void *context,
                       db_done done, bool is_lazy, struct error *err)
{
    struct writer *writer = &pool->writer;
    struct request *request = db_alloc(sizeof(*request));

    /* A `work` may run again, and then would ask twice. */
    assert(!pthread_equal(pthread_self(), writer->thread) || !writer->db->is_in_work);
    request->name = name;
    request->work = work;
    request->context = context;
    request->done = done;
    request->is_lazy = is_lazy;
    if (enqueue(writer, request, err))
        return true;
    free(request);
    return false;
}

void db_pool_stats(struct db_pool *pool, struct db_stats *out)
{
    struct writer *writer = &pool->writer;

    pthread_mutex_lock(&writer->lock);
    *out = writer->stats;
    out->queue_depth = writer->queued;
    pthread_mutex_unlock(&writer->lock);
}
