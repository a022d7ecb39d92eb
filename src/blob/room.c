/* room.c: how full the disk may become, and the reserve that lets running work end (engine.md 19).
 */
#include "blob/blob_private.h"
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#define RESERVE "reserve"

/* How much must be free: the larger of `least` and a share of the disk, unless the operator chose.
 * Capped, since a tenth of a large disk is room for years, and `least` may be most of a small one.
 */
struct watermark {
    const char *what;
    int64_t least;
    int64_t most;
    int64_t share;     /* one part in … of the disk */
    int64_t share_max; /* never more than one part in … */
};

static const struct watermark watermarks[] = {
    [BLOB_UPLOADS] = {"uploads",   (int64_t)MIB(2048), (int64_t)MIB(20480), 10,      4 },
    [BLOB_JOBS] = {"new jobs",  (int64_t)MIB(1024), (int64_t)MIB(10240), 20,      8 },
    [BLOB_CLAIMS] = {"work",      (int64_t)MIB(512),  (int64_t)MIB(512),   1000000, 16},
 /* Results of running work land as long as the database keeps room to say so. */
    [BLOB_RESULTS] = {"new files", (int64_t)MIB(64),   (int64_t)MIB(64),    1000000, 32},
};

int64_t blob_watermark(enum blob_use use, int64_t total)
{
    const struct watermark *mark = &watermarks[use];
    int64_t needed = total / mark->share > mark->least ? total / mark->share : mark->least;

    needed = needed < mark->most ? needed : mark->most;
    return needed < total / mark->share_max ? needed : total / mark->share_max;
}

static bool disk_of(struct blob_store *store, int64_t *available, int64_t *total, struct error *err)
{
    struct statvfs disk;

    if (store->io.fstatvfs(store->root_fd, &disk) != 0)
        return blob_errno(errno, "statvfs", err);
    *available = (int64_t)(disk.f_bavail * disk.f_frsize);
    *total = (int64_t)(disk.f_blocks * disk.f_frsize);
    return true;
}

static bool room_check(struct blob_store *store, enum blob_use use, int64_t chosen,
                       struct error *err)
{
    int64_t available, needed, total;

    if (!disk_of(store, &available, &total, err))
        return false;
    needed = chosen != 0 ? chosen : blob_watermark(use, total);
    if (available >= needed)
        return true;
    (void)error_set(err, ERROR_STORAGE_FULL, "the disk is nearly full: no %s until there is room",
                    watermarks[use].what);
    err->retry_after_ms = 60000;
    return error_detail(err, "%" PRId64 " bytes free, %" PRId64 " needed", available, needed);
}

bool blob_room_for_upload(struct blob_store *store, struct error *err)
{
    return room_check(store, BLOB_UPLOADS, store->uploads_min, err);
}

bool blob_room_for_jobs(struct blob_store *store, struct error *err)
{
    return room_check(store, BLOB_JOBS, store->jobs_min, err);
}

bool blob_room_for_claims(struct blob_store *store, struct error *err)
{
    return room_check(store, BLOB_CLAIMS, store->jobs_min == 0 ? 0 : store->jobs_min / 2, err);
}

/* ---- The reserve ---- */

static bool release_reserve(struct blob_store *store)
{
    if (unlinkat(store->root_fd, RESERVE, 0) != 0)
        return false;
    log_write(LOG_WARN, "disk_reserve_released", NULL, 0);
    return true;
}

/* Blocks that are the file's own, or no file: one that only claims its size gives nothing back. */
static void make_reserve(struct blob_store *store, int64_t size)
{
    int fd =
        openat(store->root_fd, RESERVE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return; /* it is there */
    if (store->io.fallocate(fd, 0, 0, size) != 0)
        (void)unlinkat(store->root_fd, RESERVE, 0); /* this file system cannot, or not now */
    (void)close(fd);                                /* nothing was written */
}

void blob_tend_reserve(struct blob_store *store)
{
    int64_t available, total;
    struct error err;

    if (!disk_of(store, &available, &total, &err))
        return;
    if (available < blob_watermark(BLOB_RESULTS, total))
        (void)release_reserve(store);
    else if (blob_room_for_jobs(store, &err))
        make_reserve(store, blob_watermark(BLOB_RESULTS, total));
}

bool blob_room_for_results(struct blob_store *store, struct error *err)
{
    if (room_check(store, BLOB_RESULTS, 0, err))
        return true;
    if (!release_reserve(store))
        return false;
    *err = (struct error){0};
    return room_check(store, BLOB_RESULTS, 0, err);
}
