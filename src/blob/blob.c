#include "blob/blob.h"

#include "blob/blob_private.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct blob_io io_system = {
    .write = write,
    .fsync = fsync,
    .linkat = linkat,
    .mkdirat = mkdirat,
    .fstatvfs = fstatvfs,
    .fallocate = fallocate,
};

/* ---- names and errors ---- */

bool blob_name_is_valid(struct str name)
{
    if (name.size != SHA256_HEX_SIZE)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
    }
    return true;
}

void blob_path(const char *name, char out[BLOB_PATH_SIZE])
{
    (void)snprintf(out, BLOB_PATH_SIZE, "%.2s/%.2s/%.64s", name, name + 2, name);
}

#undef blob_errno
bool blob_errno(int code, const char *what, struct error *err)
{
    if (code == ENOSPC || code == EDQUOT)
        (void)error_set(err, ERROR_STORAGE_FULL, "the disk is full");
    else if (code == EMFILE || code == ENFILE || code == ENOMEM)
        (void)error_set(err, ERROR_UNAVAILABLE, "the server has too much to do at once");
    else
        (void)error_set(err, ERROR_INTERNAL, "the file store failed");
    return error_detail(err, "%s (errno %d)", what, code);
}

/* ---- locks ---- */

bool blob_lock(int fd, bool is_waiting)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int rc;

    do
        rc = fcntl(fd, is_waiting ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
    while (rc != 0 && errno == EINTR);
    return rc == 0;
}

void blob_unlock(int fd)
{
    struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

    (void)fcntl(fd, F_OFD_SETLK, &lock); /* giving up a lock does not fail */
}

/* ---- open and close ---- */

static bool open_folder(int at, const char *name, int *fd, struct error *err)
{
    if (mkdirat(at, name, 0700) != 0 && errno != EEXIST)
        return blob_errno(errno, name, err);
    *fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *fd >= 0 || blob_errno(errno, name, err);
}

/* Its name is on disk before anything is put into it.  At every start: the one that made it may
 * have been killed before it came so far. */
static bool open_root(struct blob_store *store, const char *directory, struct error *err)
{
    bool ok;
    int parent;

    if (!open_folder(AT_FDCWD, directory, &store->root_fd, err))
        return false;
    parent = openat(store->root_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ok = (parent >= 0 && fsync(parent) == 0) || blob_errno(errno, "fsync of a folder", err);
    if (parent >= 0)
        (void)close(parent);
    return ok;
}

static bool open_lock(int at, int *fd, struct error *err)
{
    *fd = openat(at, ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return *fd >= 0 || blob_errno(errno, ".lock", err);
}

/* A folder of our own for temporary files.  Made under the common lock, so that a sweep never sees
 * one that is not locked yet and takes it for a dead one. */
static bool open_boot(struct blob_store *store, struct error *err)
{
    bool ok;

    if (!open_folder(store->root_fd, "tmp", &store->temps_fd, err) ||
        !open_lock(store->temps_fd, &store->temps_lock_fd, err))
        return false;
    if (!blob_lock(store->temps_lock_fd, true))
        return blob_errno(errno, "tmp/.lock", err);
    store->boot = id_make(store->clock, &random_system);
    ok = open_folder(store->temps_fd, store->boot.text, &store->boot_fd, err) &&
         open_lock(store->boot_fd, &store->boot_lock_fd, err);
    if (ok && !blob_lock(store->boot_lock_fd, false))
        ok = blob_errno(errno, "tmp/<boot>/.lock", err);
    blob_unlock(store->temps_lock_fd);
    return ok;
}

bool blob_store_open(const struct blob_config *config, struct blob_store **out, struct error *err)
{
    struct blob_store *store = calloc(1, sizeof(*store));
    int rc;

    if (store == NULL)
        abort();
    store->pool = config->pool;
    store->clock = config->clock;
    store->io = io_system;
    store->uploads_min = config->free_bytes_uploads_min;
    store->jobs_min = config->free_bytes_jobs_min;
    store->root_fd = store->temps_fd = store->temps_lock_fd = -1;
    store->trash_fd = store->boot_fd = store->boot_lock_fd = -1;
    rc = pthread_mutex_init(&store->sweep_lock, NULL);
    assert(rc == 0);
    if (open_root(store, config->directory, err) &&
        open_folder(store->root_fd, "trash", &store->trash_fd, err) && open_boot(store, err)) {
        *out = store;
        return true;
    }
    blob_store_close(store);
    return false;
}

void blob_store_close(struct blob_store *store)
{
    if (store == NULL)
        return;
    if (store->sweep.trash != NULL)
        (void)closedir(store->sweep.trash);
    /* What stays behind is swept by the next start. */
    if (store->boot_lock_fd >= 0) {
        (void)unlinkat(store->boot_fd, ".lock", 0);
        (void)unlinkat(store->temps_fd, store->boot.text, AT_REMOVEDIR);
    }
    const int fds[] = {store->boot_lock_fd, store->boot_fd,  store->temps_lock_fd,
                       store->temps_fd,     store->trash_fd, store->root_fd};
    for (size_t i = 0; i < COUNT(fds); i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]); /* nothing was written through these */
    }
    pthread_mutex_destroy(&store->sweep_lock);
    free(store);
}

/* ---- folders ---- */

static bool sync_once(struct blob_store *store, atomic_bool *is_durable, int fd, struct error *err)
{
    if (atomic_load(is_durable))
        return true;
    if (store->io.fsync(fd) != 0)
        return blob_errno(errno, "fsync of a folder", err);
    atomic_store(is_durable, true);
    return true;
}

static bool sub_folder_open(struct blob_store *store, int at, const char *name, int *fd,
                            struct error *err)
{
    if (store->io.mkdirat(at, name, 0700) != 0 && errno != EEXIST)
        return blob_errno(errno, "mkdir", err);
    *fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return *fd >= 0 || blob_errno(errno, "open of a folder", err);
}

/* A folder that is there may have been made a moment ago by a thread that has not synced it yet, so
 * each process syncs each entry once, whoever made it. */
bool blob_folder_open(struct blob_store *store, const char *name, int *fd, struct error *err)
{
    const char outer_name[] = {name[0], name[1], '\0'};
    const char inner_name[] = {name[2], name[3], '\0'};
    unsigned long number =
        strtoul((const char[]){name[0], name[1], name[2], name[3], '\0'}, NULL, 16);
    int outer = -1;
    int inner = -1;
    bool ok;

    ok = sub_folder_open(store, store->root_fd, outer_name, &outer, err) &&
         sync_once(store, &store->outer_durable[number >> 8], store->root_fd, err) &&
         sub_folder_open(store, outer, inner_name, &inner, err) &&
         sync_once(store, &store->inner_durable[number], outer, err);
    if (outer >= 0)
        (void)close(outer);
    if (ok)
        *fd = inner;
    else if (inner >= 0)
        (void)close(inner);
    return ok;
}
