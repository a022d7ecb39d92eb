#include "settings/settings_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define TEXT_SIZE_MAX 256

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static bool decode(struct str text, const char *where, struct master_key *out, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(16));
    struct str bytes = STR_EMPTY;
    bool ok = base64_read(str_trim(text), sizeof out->bytes, arena, &bytes) &&
              bytes.size == sizeof out->bytes;

    if (ok)
        memcpy(out->bytes, bytes.data, sizeof out->bytes);
    if (bytes.size > 0) /* NOLINTNEXTLINE(performance-no-int-to-ptr): our arena's, not const */
        secret_wipe((char *)(uintptr_t)bytes.data, bytes.size);
    return ok || error_field(err, ERROR_INVALID, "master_key", sizeof out->bytes,
                             "the master key in %.80s has to be 32 bytes in base64", where);
}

/* *is_missing instead of an error when there is no such file. */
static bool read_key(int folder, const char *path, struct master_key *out, bool *is_missing,
                     struct error *err)
{
    CLEANUP(close_fd) int fd = openat(folder, "master.key", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char text[TEXT_SIZE_MAX];
    struct stat info;
    ssize_t size;
    bool ok;

    *is_missing = fd < 0 && errno == ENOENT;
    if (fd < 0)
        return error_set(err, ERROR_INTERNAL, "%.100s cannot be opened (errno %d)", path, errno);
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return error_set(err, ERROR_INTERNAL, "%.100s is no file", path);
    if ((info.st_mode & 077) != 0)
        return error_set(err, ERROR_FORBIDDEN, "%.80s may be read by others; chmod 400 it", path);
    size = read(fd, text, sizeof text);
    if (size < 0)
        return error_set(err, ERROR_INTERNAL, "%.100s cannot be read (errno %d)", path, errno);
    ok = decode((struct str){text, (size_t)size}, path, out, err);
    secret_wipe(text, sizeof text);
    return ok;
}

static bool write_whole(int fd, struct str text)
{
    size_t done = 0;

    while (done < text.size) {
        ssize_t size = write(fd, text.data + done, text.size - done);

        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return false;
        done += (size_t)size;
    }
    return fsync(fd) == 0;
}

/*
 * Under another name first, then linked: whoever sees master.key sees all of it, and one that
 * stands there already is never written over.  Returns 0 or an errno.
 */
static int write_key(int folder, const char *temporary, struct str text)
{
    int rc = 0;

    {
        CLEANUP(close_fd)
        int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);

        if (fd < 0)
            return errno;
        if (!write_whole(fd, text))
            rc = errno == 0 ? EIO : errno;
    }
    if (rc == 0 && linkat(folder, temporary, folder, "master.key", 0) != 0 && errno != EEXIST)
        rc = errno;
    unlinkat(folder, temporary, 0);
    if (rc == 0 && fsync(folder) != 0)
        rc = errno;
    return rc;
}

static bool make_key(int folder, const char *path, const struct random *random, struct error *err)
{
    CLEANUP(buf_finish) struct buf text = {0};
    uint8_t bytes[32];
    char temporary[40];
    int rc;

    random_fill(random, bytes, sizeof bytes);
    base64_add(&text, (struct str){(const char *)bytes, sizeof bytes});
    buf_add_char(&text, '\n');
    snprintf(temporary, sizeof temporary, ".master.key.%016llx",
             (unsigned long long)random_u64(random));
    rc = write_key(folder, temporary, buf_str(&text));
    secret_wipe(bytes, sizeof bytes);
    secret_wipe(text.data, text.size);
    return rc == 0 || error_set(err, ERROR_INTERNAL, "%.100s cannot be made (errno %d)", path, rc);
}

bool settings_master_key_load(const char *directory, struct secret encoded,
                              const struct random *random, struct master_key *out,
                              struct error *err)
{
    struct str text = secret_expose(encoded);
    char path[PATH_SIZE];
    bool is_missing = false;

    if (text.size > 0)
        return decode(text, "VITRINE_MASTER_KEY", out, err);
    {
        CLEANUP(close_fd) int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        snprintf(path, sizeof path, "%s/master.key", directory);
        if (folder < 0)
            return error_set(err, ERROR_INTERNAL, "%.100s cannot be opened (errno %d)", directory,
                             errno);
        if (read_key(folder, path, out, &is_missing, err))
            return true;
        return is_missing && make_key(folder, path, random, err) &&
               read_key(folder, path, out, &is_missing, err);
    }
}
