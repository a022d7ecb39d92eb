#include "blob/blob_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A sweep may carry the file to the trash or back between two looks, never out of both while a row
 * needs it: so place, trash, place. */
static const enum { PLACE, TRASH } looks[] = {PLACE, TRASH, PLACE};

bool blob_find_file(struct blob_store *store, const char *name, int64_t *size)
{
    char path[BLOB_PATH_SIZE];
    struct stat info;

    blob_path(name, path);
    for (size_t i = 0; i < COUNT(looks); i++) {
        bool is_trash = looks[i] == TRASH;

        if (fstatat(is_trash ? store->trash_fd : store->root_fd, is_trash ? name : path, &info,
                    AT_SYMLINK_NOFOLLOW) == 0) {
            *size = info.st_size;
            return true;
        }
    }
    return false;
}

bool blob_open(struct blob_store *store, struct str name, int *fd, int64_t *size, struct error *err)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
    char text[SHA256_HEX_SIZE + 1] = "";
    char path[BLOB_PATH_SIZE];
    struct stat info;
    int found = -1;

    if (!blob_name_is_valid(name))
        return error_set(err, ERROR_NOT_FOUND, "there is no such file");
    memcpy(text, name.data, name.size);
    blob_path(text, path);
    errno = ENOENT;
    for (size_t i = 0; i < COUNT(looks) && found < 0 && errno == ENOENT; i++)
        found = looks[i] == TRASH ? openat(store->trash_fd, text, flags)
                                  : openat(store->root_fd, path, flags);
    if (found < 0 && errno == ENOENT)
        return error_set(err, ERROR_NOT_FOUND, "there is no such file");
    if (found < 0)
        return blob_errno(errno, "open", err);
    if (fstat(found, &info) != 0 || !S_ISREG(info.st_mode)) {
        (void)close(found);
        return blob_errno(errno, "it is not a file", err);
    }
    *fd = found;
    *size = info.st_size;
    return true;
}

static bool read_whole(int fd, char *data, size_t size, struct error *err)
{
    size_t at = 0;

    while (at < size) {
        ssize_t done = pread(fd, data + at, size - at, (off_t)at);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return blob_errno(done == 0 ? EIO : errno, "read", err);
        at += (size_t)done;
    }
    return true;
}

static bool read_into(int fd, size_t size, struct arena *arena, struct str *out, struct error *err)
{
    char *data = size == 0 ? NULL : arena_try_alloc(arena, size);

    if (size > 0 && data == NULL)
        return error_set(err, ERROR_TOO_LARGE, "there is no memory for a file of %zu bytes", size);
    if (!read_whole(fd, data, size, err))
        return false;
    *out = (struct str){.data = data, .size = size};
    return true;
}

bool blob_get(struct blob_store *store, struct str name, size_t size_max, struct arena *arena,
              struct str *out, struct error *err)
{
    int64_t size;
    bool ok;
    int fd;

    if (!blob_open(store, name, &fd, &size, err))
        return false;
    if ((uint64_t)size > size_max)
        ok = error_field(err, ERROR_TOO_LARGE, "", (int64_t)size_max,
                         "the file has %" PRId64 " bytes, %zu are the limit", size, size_max);
    else
        ok = read_into(fd, (size_t)size, arena, out, err);
    (void)close(fd);
    return ok;
}

bool blob_head(struct blob_store *store, struct str name, size_t size, struct arena *arena,
               struct str *out, struct error *err)
{
    int64_t whole;
    bool ok;
    int fd;

    if (!blob_open(store, name, &fd, &whole, err))
        return false;
    ok = read_into(fd, (uint64_t)whole < size ? (size_t)whole : size, arena, out, err);
    (void)close(fd);
    return ok;
}
