#include "blob/blob_private.h"
#include "core/fault.h"
#include "core/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINK_TRIES 3 /* the sweep may move a file away between a link that found it and a look */

struct blob_writer {
    struct blob_store *store;
    struct hasher *hasher;
    int64_t size_max;
    int64_t written;
    int fd;
    bool is_failed;
    char temp[24]; /* its name in tmp/<boot>/ */
};

bool blob_write_begin(struct blob_store *store, int64_t size_max, struct blob_writer **out,
                      struct error *err)
{
    struct blob_writer *writer;
    char temp[24];
    int fd;

    assert(size_max >= 0);
    if (!blob_room_for_results(store, err))
        return false;
    (void)snprintf(temp, sizeof(temp), "%" PRIuFAST64, atomic_fetch_add(&store->temp_next, 1));
    fd = openat(store->boot_fd, temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return blob_errno(errno, "a temporary file", err);
    writer = calloc(1, sizeof(*writer));
    if (writer == NULL)
        abort();
    *writer = (struct blob_writer){
        .store = store, .hasher = hasher_create(), .size_max = size_max, .fd = fd};
    (void)snprintf(writer->temp, sizeof(writer->temp), "%s", temp);
    *out = writer;
    return true;
}

bool blob_write(struct blob_writer *writer, const void *data, size_t size, struct error *err)
{
    const char *rest = data;
    size_t left = size;

    assert(!writer->is_failed);
    if (size > (uint64_t)(writer->size_max - writer->written)) {
        writer->is_failed = true;
        return error_field(err, ERROR_TOO_LARGE, "", writer->size_max,
                           "it is larger than %" PRId64 " bytes", writer->size_max);
    }
    hasher_add(writer->hasher, data, size);
    while (left > 0) {
        ssize_t done = FAULT_WRITE(BLOB_WRITE, writer->store->io.write, writer->fd, rest, left);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            writer->is_failed = true;
            return blob_errno(done == 0 ? ENOSPC : errno, "write", err);
        }
        rest += done;
        left -= (size_t)done;
    }
    writer->written += (int64_t)size;
    return true;
}

bool blob_touch(struct blob_store *store, int at, const char *name)
{
    int64_t now_ms = clock_wall_ms(store->clock);
    struct timespec now = {.tv_sec = (time_t)(now_ms / 1000),
                           .tv_nsec = (long)(now_ms % 1000) * 1000000};
    const struct timespec times[2] = {now, now};

    return utimensat(at, name, times, AT_SYMLINK_NOFOLLOW) == 0;
}

/* True when the bytes are there already and were told apart from an orphan.  A file of that name
 * was synced before it got it. */
static bool keep_existing(struct blob_store *store, int folder, const struct blob *blob)
{
    struct stat info;

    return fstatat(folder, blob->name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode) &&
           info.st_size == blob->size && blob_touch(store, folder, blob->name);
}

/* Something of that name and another size cannot be these bytes: a damaged copy makes way. */
static bool replace_damaged(struct blob_writer *writer, int folder, const struct blob *blob)
{
    struct stat info;

    if (fstatat(folder, blob->name, &info, AT_SYMLINK_NOFOLLOW) != 0 || info.st_size == blob->size)
        return false;
    if (renameat(writer->store->boot_fd, writer->temp, folder, blob->name) != 0)
        return false;
    log_warn("blob_repaired", LOG_CSTR("blob", blob->name), LOG_INT("size", info.st_size));
    return true;
}

static bool link_in(struct blob_writer *writer, int folder, const struct blob *blob,
                    struct error *err)
{
    struct blob_store *store = writer->store;
    int code = EEXIST;

    if (keep_existing(store, folder, blob))
        return true;
    if (!blob_touch(store, store->boot_fd, writer->temp))
        return blob_errno(errno, "utimensat", err);
    FAULT(BLOB_TMP_WRITTEN);
    if (store->io.fsync(writer->fd) != 0 || FAULT_FAILS(BLOB_FSYNCED))
        return blob_errno(errno, "fsync of a file", err);
    for (int tries = 0; tries < LINK_TRIES && code == EEXIST; tries++) {
        if (store->io.linkat(store->boot_fd, writer->temp, folder, blob->name, 0) == 0 &&
            !FAULT_FAILS(BLOB_LINKED))
            return true;
        code = errno;
        if (code == EEXIST &&
            (keep_existing(store, folder, blob) || replace_damaged(writer, folder, blob)))
            return true;
    }
    return blob_errno(code, "link", err);
}

/* The folder is synced also when the file was there: who linked it may not have come so far.  When
 * that fails the file stays, for someone else may just have been told that it is there; without a
 * row it is swept. */
static bool publish(struct blob_writer *writer, const struct blob *blob, struct error *err)
{
    int folder;
    bool ok;

    if (!blob_folder_open(writer->store, blob->name, &folder, err))
        return false;
    ok = link_in(writer, folder, blob, err);
    if (ok && (writer->store->io.fsync(folder) != 0 || FAULT_FAILS(BLOB_DIR_FSYNCED)))
        ok = blob_errno(errno, "fsync of a folder", err);
    (void)close(folder);
    return ok;
}

void blob_write_abort(struct blob_writer *writer)
{
    if (writer == NULL)
        return;
    (void)close(writer->fd); /* what matters was synced */
    (void)unlinkat(writer->store->boot_fd, writer->temp, 0);
    hasher_destroy(writer->hasher);
    free(writer);
}

bool blob_write_end(struct blob_writer *writer, struct blob *out, struct error *err)
{
    struct blob blob = {.size = writer->written, .hash = hasher_end(writer->hasher)};
    bool ok;

    assert(!writer->is_failed);
    sha256_hex(&blob.hash, blob.name);
    ok = publish(writer, &blob, err);
    blob_write_abort(writer); /* its temporary name goes in either case */
    if (ok)
        *out = blob;
    return ok;
}

int64_t blob_written(const struct blob_writer *writer) { return writer->written; }

bool blob_put(struct blob_store *store, struct str bytes, struct blob *out, struct error *err)
{
    struct blob_writer *writer;

    if (!blob_write_begin(store, (int64_t)bytes.size, &writer, err))
        return false;
    if (blob_write(writer, bytes.data, bytes.size, err))
        return blob_write_end(writer, out, err);
    blob_write_abort(writer);
    return false;
}
