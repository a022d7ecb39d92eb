#include "engine/owner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_TRIES = 3 };

struct owner {
    char *directory;
    struct id id;
    int fd;
};

static bool path_of(const struct owner *owner, struct str name, char *out, size_t size)
{
    const int length = snprintf(out, size, "%s/%.*s.lock", owner->directory, STR_ARGS(name));

    return length > 0 && (size_t)length < size;
}

/* An open file description's lock, not the process's: it survives other closes of the file. */
static bool take_lock(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

/* Between the two steps somebody may take the new file for a dead one's, and remove it. */
static bool make_lock(struct owner *owner, const char *path)
{
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        struct stat info;

        owner->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (owner->fd < 0)
            return false;
        if (take_lock(owner->fd) && fstat(owner->fd, &info) == 0 && info.st_nlink > 0)
            return true;
        (void)close(owner->fd);
        owner->fd = -1;
    }
    return false;
}

/* Who owned nothing when it was killed is asked for by nobody: its file would stay for ever. */
static void remove_dead(const struct owner *owner)
{
    DIR *folder = opendir(owner->directory);
    const struct dirent *entry;

    if (folder == NULL)
        return;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): glibc's is safe for two streams */
    while ((entry = readdir(folder)) != NULL) {
        struct str name = str_of(entry->d_name);
        struct id id;

        if (str_ends_with(name, STR(".lock")) && id_parse(str_slice(name, 0, ID_SIZE), &id) &&
            name.size == ID_SIZE + strlen(".lock"))
            (void)owner_is_dead(owner, id_str(&id));
    }
    (void)closedir(folder);
}

bool owner_open(const char *directory, const struct id *id, struct owner **out, struct error *err)
{
    struct owner *owner = calloc(1, sizeof(*owner));
    char path[4096];

    if (owner == NULL)
        abort();
    *owner = (struct owner){.directory = realpath(directory, NULL), .id = *id, .fd = -1};
    if (owner->directory == NULL && mkdir(directory, 0700) == 0)
        owner->directory = realpath(directory, NULL);
    if (owner->directory == NULL || !path_of(owner, id_str(id), path, sizeof(path))) {
        error_set(err, ERROR_INTERNAL, "the folder for locks cannot be made (errno %d)", errno);
        goto fail;
    }
    if (!make_lock(owner, path)) {
        error_set(err, ERROR_INTERNAL, "the owner's lock cannot be taken (errno %d)", errno);
        goto fail;
    }
    remove_dead(owner);
    *out = owner;
    return true;

fail:
    owner_close(owner);
    return false;
}

void owner_close(struct owner *owner)
{
    char path[4096];

    if (owner == NULL)
        return;
    if (owner->fd >= 0) {
        if (path_of(owner, id_str(&owner->id), path, sizeof(path)))
            (void)unlink(path);
        (void)close(owner->fd);
    }
    free(owner->directory);
    free(owner);
}

struct str owner_name(const struct owner *owner) { return id_str(&owner->id); }

bool owner_is_dead(const struct owner *owner, struct str name)
{
    char path[4096];
    bool is_dead;
    int fd;

    if (str_equal(name, id_str(&owner->id)))
        return false;
    if (name.size != ID_SIZE || !path_of(owner, name, path, sizeof(path)))
        return true; /* no name we ever gave */
    fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT;
    is_dead = take_lock(fd);
    if (is_dead)
        (void)unlink(path);
    (void)close(fd);
    return is_dead;
}
