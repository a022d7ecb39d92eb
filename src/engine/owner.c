#include "engine/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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
    owner->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (owner->fd < 0 || !take_lock(owner->fd)) {
        error_set(err, ERROR_INTERNAL, "the owner's lock cannot be taken (errno %d)", errno);
        goto fail;
    }
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
