#include "app/limits.h"

#include "account/account.h"
#include "core/log.h"
#include "http/http.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Another number for another layout of what the rooms keep there. */
static const char magic[16] = "vitrine limits1";

static size_t aligned(size_t size)
{
    return (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
}

/* All blocks are there before it is mapped: a write to one that the disk has no room for would be a
 * signal, not an error. */
static bool prepare(int fd, size_t size)
{
    char found[sizeof(magic)];
    struct stat info;

    if (fstat(fd, &info) != 0)
        return false;
    if ((size_t)info.st_size == size && pread(fd, found, sizeof(found), 0) == sizeof(found) &&
        memcmp(found, magic, sizeof(magic)) == 0)
        return true;
    if (ftruncate(fd, 0) != 0)
        return false;
    errno = posix_fallocate(fd, 0, (off_t)size);
    return errno == 0 && pwrite(fd, magic, sizeof(magic), 0) == sizeof(magic);
}

void limits_open(const char *path, struct limits *out)
{
    const size_t rate_at = aligned(sizeof(magic));
    const size_t login_at = rate_at + aligned(http_rate_memory_size());
    const size_t size = login_at + aligned(account_limit_memory_size());
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    char *map = MAP_FAILED;

    *out = (struct limits){.rate = NULL};
    if (fd >= 0 && prepare(fd, size))
        map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        log_write(LOG_WARN, "limits_not_kept", LOG_PAIRS(LOG_INT("errno", errno)));
    else
        *out = (struct limits){
            .rate = map + rate_at, .login = map + login_at, .map = map, .map_size = size};
    if (fd >= 0)
        (void)close(fd); /* the mapping stays */
}

void limits_close(struct limits *limits)
{
    if (limits->map != NULL)
        (void)munmap(limits->map, limits->map_size);
    *limits = (struct limits){.rate = NULL};
}
