/*
 * db/fault_vfs_private.h: for tests: SQLite's files with faults by number.  The nth operation of a
 * kind on the database or its log fails, once or from there on; everything else is the system's.
 */
#pragma once

#include <assert.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum fault_kind { FAULT_WRITE, FAULT_SYNC, FAULT_KINDS };

struct fault {
    atomic_long countdown; /* the operation that reaches 0 fails; below: none */
    atomic_int rc;
    atomic_bool is_lasting; /* all after it fail too */
    atomic_long hits;
};

static struct fault faults[FAULT_KINDS];
static sqlite3_vfs *fault_real;
static sqlite3_vfs fault_vfs;

struct fault_file {
    sqlite3_file base;
    sqlite3_file *real; /* stands right behind */
};

/* The `nth` (from 1) operation of `kind` from now on fails with `rc`. */
static inline void fault_set(enum fault_kind kind, long nth, int rc, bool is_lasting)
{
    atomic_store(&faults[kind].rc, rc);
    atomic_store(&faults[kind].is_lasting, is_lasting);
    atomic_store(&faults[kind].hits, 0);
    atomic_store(&faults[kind].countdown, nth);
}

static inline void fault_clear(enum fault_kind kind) { fault_set(kind, -1, SQLITE_OK, false); }

static inline long fault_hits(enum fault_kind kind) { return atomic_load(&faults[kind].hits); }

static inline int fault_check(enum fault_kind kind)
{
    struct fault *fault = &faults[kind];
    long left = atomic_load(&fault->countdown);

    if (left < 0 || (left == 0 && !atomic_load(&fault->is_lasting)))
        return SQLITE_OK;
    if (left > 0)
        left = atomic_fetch_sub(&fault->countdown, 1) - 1;
    if (left > 0)
        return SQLITE_OK;
    atomic_fetch_add(&fault->hits, 1);
    return atomic_load(&fault->rc);
}

#define FAULT_REAL(file) (((struct fault_file *)(void *)(file))->real)

static inline int fault_close(sqlite3_file *file)
{
    return FAULT_REAL(file)->pMethods == NULL
               ? SQLITE_OK
               : FAULT_REAL(file)->pMethods->xClose(FAULT_REAL(file));
}
static inline int fault_read(sqlite3_file *file, void *out, int size, sqlite3_int64 at)
{
    return FAULT_REAL(file)->pMethods->xRead(FAULT_REAL(file), out, size, at);
}
static inline int fault_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
    int rc = fault_check(FAULT_WRITE);

    return rc != SQLITE_OK ? rc
                           : FAULT_REAL(file)->pMethods->xWrite(FAULT_REAL(file), data, size, at);
}
static inline int fault_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return FAULT_REAL(file)->pMethods->xTruncate(FAULT_REAL(file), size);
}
static inline int fault_sync(sqlite3_file *file, int flags)
{
    int rc = fault_check(FAULT_SYNC);

    return rc != SQLITE_OK ? rc : FAULT_REAL(file)->pMethods->xSync(FAULT_REAL(file), flags);
}
static inline int fault_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return FAULT_REAL(file)->pMethods->xFileSize(FAULT_REAL(file), size);
}
static inline int fault_lock(sqlite3_file *file, int level)
{
    return FAULT_REAL(file)->pMethods->xLock(FAULT_REAL(file), level);
}
static inline int fault_unlock(sqlite3_file *file, int level)
{
    return FAULT_REAL(file)->pMethods->xUnlock(FAULT_REAL(file), level);
}
static inline int fault_reserved(sqlite3_file *file, int *out)
{
    return FAULT_REAL(file)->pMethods->xCheckReservedLock(FAULT_REAL(file), out);
}
static inline int fault_control(sqlite3_file *file, int op, void *arg)
{
    return FAULT_REAL(file)->pMethods->xFileControl(FAULT_REAL(file), op, arg);
}
static inline int fault_sector(sqlite3_file *file)
{
    return FAULT_REAL(file)->pMethods->xSectorSize(FAULT_REAL(file));
}
static inline int fault_device(sqlite3_file *file)
{
    return FAULT_REAL(file)->pMethods->xDeviceCharacteristics(FAULT_REAL(file));
}
static inline int fault_shm_map(sqlite3_file *file, int page, int size, int extend,
                                void volatile **out)
{
    return FAULT_REAL(file)->pMethods->xShmMap(FAULT_REAL(file), page, size, extend, out);
}
static inline int fault_shm_lock(sqlite3_file *file, int at, int count, int flags)
{
    return FAULT_REAL(file)->pMethods->xShmLock(FAULT_REAL(file), at, count, flags);
}
static inline void fault_shm_barrier(sqlite3_file *file)
{
    FAULT_REAL(file)->pMethods->xShmBarrier(FAULT_REAL(file));
}
static inline int fault_shm_unmap(sqlite3_file *file, int is_delete)
{
    return FAULT_REAL(file)->pMethods->xShmUnmap(FAULT_REAL(file), is_delete);
}

static const sqlite3_io_methods fault_methods = {
    .iVersion = 2,
    .xClose = fault_close,
    .xRead = fault_read,
    .xWrite = fault_write,
    .xTruncate = fault_truncate,
    .xSync = fault_sync,
    .xFileSize = fault_size,
    .xLock = fault_lock,
    .xUnlock = fault_unlock,
    .xCheckReservedLock = fault_reserved,
    .xFileControl = fault_control,
    .xSectorSize = fault_sector,
    .xDeviceCharacteristics = fault_device,
    .xShmMap = fault_shm_map,
    .xShmLock = fault_shm_lock,
    .xShmBarrier = fault_shm_barrier,
    .xShmUnmap = fault_shm_unmap,
};

static inline int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                             int *out_flags)
{
    struct fault_file *wrapped = (struct fault_file *)(void *)file;
    int rc;

    (void)vfs;
    wrapped->real = (sqlite3_file *)(void *)(wrapped + 1);
    wrapped->real->pMethods = NULL;
    rc = fault_real->xOpen(fault_real, name, wrapped->real, flags, out_flags);
    wrapped->base.pMethods = rc == SQLITE_OK ? &fault_methods : NULL;
    return rc;
}

/* Makes it the default.  Once, before anything is opened. */
static inline void fault_vfs_install(void)
{
    int rc;

    fault_clear(FAULT_WRITE);
    fault_clear(FAULT_SYNC);
    fault_real = sqlite3_vfs_find(NULL);
    assert(fault_real != NULL);
    fault_vfs = *fault_real; /* its other methods look at their VFS only to find system calls */
    fault_vfs.pNext = NULL;
    fault_vfs.zName = "fault";
    fault_vfs.szOsFile = (int)sizeof(struct fault_file) + fault_real->szOsFile;
    fault_vfs.xOpen = fault_open;
    rc = sqlite3_vfs_register(&fault_vfs, 1);
    assert(rc == SQLITE_OK);
    (void)rc;
}
