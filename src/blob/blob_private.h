/* blob/blob_private.h: what the files of this room share: the store, its folders, its names. */
#pragma once

#include "blob/blob.h"
#include "core/id.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/statvfs.h>
#include <sys/types.h>

#define BLOB_GRACE_MS                                                                              \
    (INT64_C(24) * 60 * 60 * 1000)           /* engine.md 17: each stage of going lasts it */
#define BLOB_PATH_SIZE (SHA256_HEX_SIZE + 7) /* "aa/bb/<sha256>" and a NUL */

/* The calls by which bytes reach the disk.  Tests put failing ones here before the first write. */
struct blob_io {
    ssize_t (*write)(int fd, const void *data, size_t size);
    int (*fsync)(int fd);
    int (*linkat)(int from_fd, const char *from, int to_fd, const char *to, int flags);
    int (*mkdirat)(int fd, const char *path, mode_t mode);
    int (*fstatvfs)(int fd, struct statvfs *out);
    int (*fallocate)(int fd, int mode, off_t offset, off_t size);
};

/* Where today's part of the scrub stands. */
struct scrub {
    int64_t day;                         /* since 1970, UTC; 0: none was begun */
    char row_after[SHA256_HEX_SIZE + 1]; /* the last row looked at; empty: none */
};

/* Where the sweep stands.  A round is the phases one after the other. */
struct sweep {
    size_t phase;
    void *trash;                         /* DIR: the walk through trash/ */
    uint32_t folder;                     /* the next aa/bb as a number, 0 … 65535 */
    char row_after[SHA256_HEX_SIZE + 1]; /* the last row looked at; empty: none */
};

struct blob_store {
    struct db_pool *pool;
    const struct clock *clock;
    struct blob_io io; /* read-only after open */
    int64_t uploads_min;
    int64_t jobs_min;
    int root_fd;
    int temps_fd;      /* tmp/ */
    int temps_lock_fd; /* tmp/.lock: held while a boot's folder is made or judged */
    int trash_fd;      /* trash/ */
    int boot_fd;       /* tmp/<boot>/ */
    int boot_lock_fd;  /* tmp/<boot>/.lock: held for the store's life */
    struct id boot;
    atomic_uint_fast64_t temp_next;
    atomic_bool outer_durable[256];   /* the entry of aa/ is known to be on disk */
    atomic_bool inner_durable[65536]; /* the entry of aa/bb/ too */
    pthread_mutex_t sweep_lock;
    struct sweep sweep; /* guarded by sweep_lock */
    struct scrub scrub; /* the same */
};

/* Lower-case hexadecimal, 64 characters.  Nothing else ever becomes part of a path. */
bool blob_name_is_valid(struct str name);
void blob_path(const char *name, char out[BLOB_PATH_SIZE]);
/* Says what errno means for the caller; returns false. */
bool blob_errno(int code, const char *what, struct error *err);
#define blob_errno(...) error_is_false(blob_errno(__VA_ARGS__)) /* as error_set() */

/* Takes the lock on a whole file, by open file description (fcntl(2), F_OFD_SETLK).  False: someone
 * else has it, or, waiting, an error. */
MUST_CHECK bool blob_lock(int fd, bool is_waiting);
void blob_unlock(int fd);

/* Is the file in its place, or still in the trash?  `*size` gets its size. */
bool blob_find_file(struct blob_store *store, const char *name, int64_t *size);
/* The name that the file's bytes have.  False: it cannot be read to its end. */
bool blob_hash_file(int fd, char out[SHA256_HEX_SIZE + 1]);
/* Gives a file the time of the store's clock: an orphan's age counts from there. */
bool blob_touch(struct blob_store *store, int at, const char *name);
/* The folder aa/bb of `name`, made and durable when missing; the caller closes it. */
MUST_CHECK bool blob_folder_open(struct blob_store *store, const char *name, int *fd,
                                 struct error *err);
/* Who must leave how many bytes free on a disk of `total` (engine.md 19). */
enum blob_use { BLOB_UPLOADS, BLOB_JOBS, BLOB_CLAIMS, BLOB_RESULTS };
int64_t blob_watermark(enum blob_use use, int64_t total);
/* For everything that is written; the lowest.  Gives the reserve away before it says no. */
MUST_CHECK bool blob_room_for_results(struct blob_store *store, struct error *err);
