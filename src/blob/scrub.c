#include "blob/blob_private.h"
#include "core/log.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)
#define PARTS 30 /* of all names, one a day */
#define ROWS_MAX 64
#define READ_SIZE 32768
#define FILE_COST 4096 /* what opening one counts */
#define FOLDER_COUNT 65536

/* The part of a day is a range of names: hashes are spread evenly, so no state is kept on disk. */
static void bound_of(int64_t part, char *out)
{
    (void)snprintf(out, 5, "%04x", (unsigned)(part * FOLDER_COUNT / PARTS));
}

bool blob_hash_file(int fd, char out[SHA256_HEX_SIZE + 1])
{
    struct hasher *hasher = hasher_create();
    struct sha256 hash;
    char buffer[READ_SIZE];
    ssize_t got;

    while ((got = read(fd, buffer, sizeof(buffer))) > 0)
        hasher_add(hasher, buffer, (size_t)got);
    hash = hasher_end(hasher);
    hasher_destroy(hasher);
    sha256_hex(&hash, out);
    return got == 0;
}

/* A blob that went away meanwhile is nobody's; one that is missing is the sweep's to tell. */
static void check(struct blob_store *store, const char *name, struct blob_scrub_counts *counts)
{
    char found[SHA256_HEX_SIZE + 1];
    struct error ignored;
    int64_t size;
    bool is_read;
    int fd;

    if (!blob_open(store, str_of(name), &fd, &size, &ignored))
        return;
    is_read = blob_hash_file(fd, found);
    /* What is read here is no reason to forget what people look at. */
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    (void)close(fd);
    counts->checked++;
    if (is_read && strcmp(found, name) == 0)
        return;
    counts->damaged++;
    log_write(LOG_ERROR, "blob_damaged",
              LOG_PAIRS(LOG_CSTR("blob", name), LOG_CSTR("found", is_read ? found : "unreadable")));
}

struct batch {
    char names[ROWS_MAX][SHA256_HEX_SIZE + 1];
    int64_t sizes[ROWS_MAX];
    size_t count;
};

/* The next names of the day's part; the reader is given back before any of them is read. */
static bool batch_read(struct blob_store *store, struct batch *batch, struct error *err)
{
    static const struct sql list = {"blob_list_scrub",
                                    "SELECT sha256, size FROM blob"
                                    " WHERE sha256 > $1 AND sha256 < $2 AND state = 'live'"
                                    " ORDER BY sha256 LIMIT $3",
                                    NULL};
    const int64_t part = store->scrub.day % PARTS;
    char end[5];
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    CLEANUP(rows_finish) struct rows rows = {0};
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));

    bound_of(part + 1, end);
    /* "g" is above all names. */
    const struct sql_value args[] = {SQL_CSTR(store->scrub.row_after),
                                     SQL_CSTR(part + 1 < PARTS ? end : "g"), SQL_INT64(ROWS_MAX)};
    if (!db_borrow(store->pool, &db, err) || !db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    for (; rows_next(&rows); batch->count++) {
        (void)snprintf(batch->names[batch->count], sizeof(batch->names[0]), "%.*s",
                       STR_ARGS(rows_str(&rows, "sha256", arena)));
        batch->sizes[batch->count] = rows_int64(&rows, "size");
    }
    return !rows_failed(&rows);
}

bool blob_scrub(struct blob_store *store, int64_t bytes_max, struct blob_scrub_counts *out,
                bool *more, struct error *err)
{
    const int64_t today = clock_wall_ms(store->clock) / DAY_MS;
    struct scrub *scrub = &store->scrub;
    struct batch batch = {.count = 0};
    size_t done = 0;
    bool ok;
    int rc = pthread_mutex_trylock(&store->sweep_lock);

    assert(rc == 0); /* one at a time */
    if (scrub->day != today) {
        scrub->day = today;
        bound_of(today % PARTS, scrub->row_after);
    }
    *out = (struct blob_scrub_counts){0};
    ok = batch_read(store, &batch, err);
    for (; done < batch.count && bytes_max > 0; done++) {
        memcpy(scrub->row_after, batch.names[done], sizeof(scrub->row_after));
        check(store, scrub->row_after, out);
        bytes_max -= batch.sizes[done] + FILE_COST;
    }
    *more = ok && (done < batch.count || batch.count == ROWS_MAX);
    pthread_mutex_unlock(&store->sweep_lock);
    return ok;
}
