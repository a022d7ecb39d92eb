#include "db/shim_vfs.h"

#include "core/random.h"
#include "core/str.h"
#include "db/shim_disk_private.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct shim_file {
    sqlite3_file base;
    sqlite3_file *real;     /* stands right behind */
    struct disk_file *file; /* NULL: a temporary file, or one elsewhere */
};

static struct {
    pthread_mutex_t lock; /* guards all below that may change after shim_install() */
    sqlite3_vfs vfs, *real;
    int (*open_directory)(const char *path, int *fd);
    size_t open_count; /* watched files that SQLite has open */
    struct shim_plan plan;
    long left, hits;
    bool is_planned, is_cut;
} shim = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* What an operation that fails says. */
static const struct {
    enum shim_op op;
    int io_error, disk_full; /* SQLITE_OK: it needs no room */
} failures[] = {
    {SHIM_OPEN,     SQLITE_CANTOPEN,       SQLITE_CANTOPEN     },
    {SHIM_READ,     SQLITE_IOERR_READ,     SQLITE_OK           },
    {SHIM_WRITE,    SQLITE_IOERR_WRITE,    SQLITE_FULL         },
    {SHIM_TRUNCATE, SQLITE_IOERR_TRUNCATE, SQLITE_OK           },
    {SHIM_SYNC,     SQLITE_IOERR_FSYNC,    SQLITE_OK           },
    {SHIM_DELETE,   SQLITE_IOERR_DELETE,   SQLITE_OK           },
    {SHIM_LOCK,     SQLITE_IOERR_LOCK,     SQLITE_OK           },
    {SHIM_MAP,      SQLITE_IOERR_SHMMAP,   SQLITE_IOERR_SHMSIZE},
};

const char *shim_fault_name(enum shim_fault fault)
{
    static const char *const names[] = {
        [SHIM_IO_ERROR] = "I/O error",
        [SHIM_DISK_FULL] = "full disk",
        [SHIM_SHORT] = "short write",
        [SHIM_POWER_CUT] = "power cut",
    };

    return names[fault];
}

/* ---- faults ---- */

static int failure_of(enum shim_op op, enum shim_fault fault)
{
    const bool is_full = fault == SHIM_DISK_FULL || fault == SHIM_SHORT;

    for (size_t i = 0; i < COUNT(failures); i++)
        if (failures[i].op == op)
            return is_full ? failures[i].disk_full : failures[i].io_error;
    assert(false && "an operation of no kind");
    return SQLITE_INTERNAL;
}

/* Whether this operation fails, and how; the lock is held.  *is_cut: it is the one during which the
 * power goes, so that it may have been done. */
static int step(enum shim_op op, bool *is_cut)
{
    int rc;

    *is_cut = false;
    if (shim.is_cut) {
        errno = EIO;
        return failure_of(op, SHIM_POWER_CUT);
    }
    if (!shim.is_planned || (shim.plan.ops & op) == 0)
        return SQLITE_OK;
    rc = failure_of(op, shim.plan.fault);
    if (rc == SQLITE_OK || (shim.left > 0 && --shim.left > 0) ||
        (shim.left < 0 && !shim.plan.is_lasting))
        return SQLITE_OK;
    shim.left = -1;
    shim.hits++;
    if (shim.plan.fault == SHIM_POWER_CUT) {
        disk_look();
        shim.is_cut = *is_cut = true;
    }
    errno = shim.plan.fault == SHIM_DISK_FULL || shim.plan.fault == SHIM_SHORT ? ENOSPC : EIO;
    return rc;
}

/* For what leaves nothing to remember. */
static int step_only(enum shim_op op)
{
    bool is_cut;
    int rc;

    pthread_mutex_lock(&shim.lock);
    rc = step(op, &is_cut);
    pthread_mutex_unlock(&shim.lock);
    return rc;
}

/* ---- SQLite's files ---- */

#define SHIM(file) ((struct shim_file *)(void *)(file))
#define REAL(file) (SHIM(file)->real)

static int file_close(sqlite3_file *file)
{
    pthread_mutex_lock(&shim.lock);
    shim.open_count -= SHIM(file)->file != NULL;
    pthread_mutex_unlock(&shim.lock);
    return REAL(file)->pMethods == NULL ? SQLITE_OK : REAL(file)->pMethods->xClose(REAL(file));
}

static int file_read(sqlite3_file *file, void *out, int size, sqlite3_int64 at)
{
    int rc = step_only(SHIM_READ);

    return rc != SQLITE_OK ? rc : REAL(file)->pMethods->xRead(REAL(file), out, size, at);
}

static int file_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
    struct disk_change change = {.at = at, .size = size};
    bool is_cut;
    int rc;

    pthread_mutex_lock(&shim.lock);
    rc = step(SHIM_WRITE, &is_cut);
    if (rc != SQLITE_OK && shim.plan.fault == SHIM_SHORT && !shim.is_cut) {
        change.size = size / 2;
        if (change.size > 0 &&
            REAL(file)->pMethods->xWrite(REAL(file), data, (int)change.size, at) == SQLITE_OK)
            disk_note(SHIM(file)->file, change, data);
    } else if (rc == SQLITE_OK || is_cut) {
        if (rc == SQLITE_OK)
            rc = REAL(file)->pMethods->xWrite(REAL(file), data, size, at);
        disk_note(SHIM(file)->file, change, data);
    }
    pthread_mutex_unlock(&shim.lock);
    return rc;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    const struct disk_change change = {.at = size, .is_truncation = true};
    bool is_cut;
    int rc;

    pthread_mutex_lock(&shim.lock);
    rc = step(SHIM_TRUNCATE, &is_cut);
    if (rc == SQLITE_OK)
        rc = REAL(file)->pMethods->xTruncate(REAL(file), size);
    if (rc == SQLITE_OK || is_cut)
        disk_note(SHIM(file)->file, change, "");
    pthread_mutex_unlock(&shim.lock);
    return rc;
}

/* The real one syncs the folder of a new log too, and says so by way of open_directory(). */
static int file_sync(sqlite3_file *file, int flags)
{
    bool is_cut;
    int rc;

    pthread_mutex_lock(&shim.lock);
    rc = step(SHIM_SYNC, &is_cut);
    if (rc != SQLITE_OK && !shim.is_cut)
        disk_lose(SHIM(file)->file);
    pthread_mutex_unlock(&shim.lock);
    if (rc != SQLITE_OK)
        return rc;
    rc = REAL(file)->pMethods->xSync(REAL(file), flags);
    pthread_mutex_lock(&shim.lock);
    if (rc == SQLITE_OK && !shim.is_cut)
        disk_sync_file(SHIM(file)->file);
    pthread_mutex_unlock(&shim.lock);
    return rc;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    int rc = step_only(SHIM_READ);

    return rc != SQLITE_OK ? SQLITE_IOERR_FSTAT : REAL(file)->pMethods->xFileSize(REAL(file), size);
}

static int file_lock(sqlite3_file *file, int level)
{
    int rc = step_only(SHIM_LOCK);

    return rc != SQLITE_OK ? rc : REAL(file)->pMethods->xLock(REAL(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    return REAL(file)->pMethods->xUnlock(REAL(file), level);
}

static int file_reserved(sqlite3_file *file, int *out)
{
    return REAL(file)->pMethods->xCheckReservedLock(REAL(file), out);
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
    return REAL(file)->pMethods->xFileControl(REAL(file), op, arg);
}

static int file_sector(sqlite3_file *file) { return REAL(file)->pMethods->xSectorSize(REAL(file)); }

static int file_device(sqlite3_file *file)
{
    return REAL(file)->pMethods->xDeviceCharacteristics(REAL(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    int rc = step_only(SHIM_MAP);

    return rc != SQLITE_OK ? rc
                           : REAL(file)->pMethods->xShmMap(REAL(file), page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *file, int at, int count, int flags)
{
    int rc = (flags & SQLITE_SHM_LOCK) != 0 ? step_only(SHIM_LOCK) : SQLITE_OK;

    return rc != SQLITE_OK ? SQLITE_IOERR_SHMLOCK
                           : REAL(file)->pMethods->xShmLock(REAL(file), at, count, flags);
}

static void file_shm_barrier(sqlite3_file *file) { REAL(file)->pMethods->xShmBarrier(REAL(file)); }

static int file_shm_unmap(sqlite3_file *file, int is_delete)
{
    return REAL(file)->pMethods->xShmUnmap(REAL(file), is_delete);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_device,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                    int *out_flags)
{
    struct shim_file *wrapped = SHIM(file);
    int rc = step_only(SHIM_OPEN);

    (void)vfs;
    wrapped->base.pMethods = NULL;
    if (rc != SQLITE_OK)
        return rc;
    wrapped->real = (sqlite3_file *)(void *)(wrapped + 1);
    wrapped->real->pMethods = NULL;
    rc = shim.real->xOpen(shim.real, name, wrapped->real, flags, out_flags);
    if (rc != SQLITE_OK)
        return rc;
    pthread_mutex_lock(&shim.lock);
    wrapped->file = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0 ? NULL : disk_file(name);
    shim.open_count += wrapped->file != NULL;
    pthread_mutex_unlock(&shim.lock);
    wrapped->base.pMethods = &methods;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int is_folder_synced)
{
    bool is_cut;
    int rc;

    (void)vfs;
    pthread_mutex_lock(&shim.lock);
    rc = step(SHIM_DELETE, &is_cut);
    if (is_cut && disk_has(name))
        disk_note_delete(name);
    pthread_mutex_unlock(&shim.lock);
    return rc != SQLITE_OK ? rc : shim.real->xDelete(shim.real, name, is_folder_synced);
}

/* ---- folders, and fsync() by our own code ---- */

/* SQLite opens a folder for nothing but its sync. */
static int open_directory(const char *path, int *fd)
{
    int rc = shim.open_directory(path, fd);

    pthread_mutex_lock(&shim.lock);
    if (rc == SQLITE_OK && disk_has(path) && !shim.is_cut)
        disk_sync_parent(path);
    pthread_mutex_unlock(&shim.lock);
    return rc;
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __real_fsync(int fd);
int __wrap_fsync(int fd);

int __wrap_fsync(int fd)
{
    char link[64], path[DISK_PATH_SIZE] = "";
    struct stat info;
    bool is_cut;
    int rc;

    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof(path) - 1) < 0 || fstat(fd, &info) != 0)
        return __real_fsync(fd);
    pthread_mutex_lock(&shim.lock);
    if (!disk_has(path)) {
        pthread_mutex_unlock(&shim.lock);
        return __real_fsync(fd);
    }
    rc = step(SHIM_SYNC, &is_cut);
    if (rc == SQLITE_OK && S_ISDIR(info.st_mode))
        disk_sync_folder(path);
    else if (rc == SQLITE_OK)
        disk_sync_file(disk_file(path));
    else if (!shim.is_cut && !S_ISDIR(info.st_mode))
        disk_lose(disk_file(path));
    pthread_mutex_unlock(&shim.lock);
    return rc == SQLITE_OK ? 0 : -1;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* ---- the face ---- */

void shim_install(void)
{
    int rc;

    shim.real = sqlite3_vfs_find(NULL);
    assert(shim.real != NULL);
    shim.vfs = *shim.real; /* its other methods look at their VFS only to find system calls */
    shim.vfs.pNext = NULL;
    shim.vfs.zName = "shim";
    shim.vfs.szOsFile = (int)sizeof(struct shim_file) + shim.real->szOsFile;
    shim.vfs.xOpen = vfs_open;
    shim.vfs.xDelete = vfs_delete;
    shim.open_directory =
        (int (*)(const char *, int *))shim.real->xGetSystemCall(shim.real, "openDirectory");
    rc = shim.real->xSetSystemCall(shim.real, "openDirectory", (sqlite3_syscall_ptr)open_directory);
    assert(rc == SQLITE_OK);
    rc = sqlite3_vfs_register(&shim.vfs, 1);
    assert(rc == SQLITE_OK);
}

static void forget_plan(void)
{
    assert(shim.open_count == 0);
    shim.is_planned = shim.is_cut = false;
    shim.left = shim.hits = 0;
}

void shim_watch(const char *folder)
{
    forget_plan();
    disk_watch(folder);
}

void shim_finish(void)
{
    forget_plan();
    disk_forget();
}

void shim_power_on(void)
{
    assert(shim.is_cut);
    forget_plan();
    disk_power_on();
}

void shim_plan(const struct shim_plan *plan)
{
    pthread_mutex_lock(&shim.lock);
    assert(plan->nth > 0 && !shim.is_cut);
    shim.plan = *plan;
    shim.left = plan->nth;
    shim.hits = 0;
    shim.is_planned = true;
    disk_seed(plan->seed);
    pthread_mutex_unlock(&shim.lock);
}

void shim_heal(void)
{
    pthread_mutex_lock(&shim.lock);
    shim.is_planned = false;
    pthread_mutex_unlock(&shim.lock);
}

long shim_hits(void)
{
    long hits;

    pthread_mutex_lock(&shim.lock);
    hits = shim.hits;
    pthread_mutex_unlock(&shim.lock);
    return hits;
}

void shim_cut(uint64_t seed)
{
    pthread_mutex_lock(&shim.lock);
    assert(!shim.is_cut);
    disk_seed(seed);
    disk_look();
    shim.is_cut = true;
    pthread_mutex_unlock(&shim.lock);
}

bool shim_is_cut(void)
{
    bool is_cut;

    pthread_mutex_lock(&shim.lock);
    is_cut = shim.is_cut;
    pthread_mutex_unlock(&shim.lock);
    return is_cut;
}

long shim_next(long nth, long stride)
{
    static struct random_seeded seed;
    static struct random random;
    static bool is_drawn;
    const char *whole = getenv("SWEEP"); /* NOLINT(concurrency-mt-unsafe): a test's own thread */
    const char *from = getenv("SWEEP_SEED"); /* NOLINT(concurrency-mt-unsafe): the same */

    const long only = whole == NULL ? 0 : strtol(whole, NULL, 10);

    if (only > 0)
        return nth < only ? only : LONG_MAX; /* where nothing strikes: the sweep is over */
    if (nth == 0 || (whole != NULL && strcmp(whole, "all") == 0))
        return nth + 1;
    if (!is_drawn)
        random = random_of_seed(&seed, from == NULL ? 1 : strtoull(from, NULL, 10));
    is_drawn = true;
    return nth + 1 + (long)random_below(&random, (uint64_t)(2 * stride - 1));
}
