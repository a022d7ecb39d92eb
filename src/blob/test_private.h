/* blob/test_private.h: what the tests of this room share: a folder, a database, a standing clock.
 */
#pragma once

#include "blob/blob_private.h"
#include "db/migrations.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOON INT64_C(1790000000000) /* when the tests begin */

struct place {
    char directory[64]; /* vitrine.db, blobs/ */
    struct clock_fake time;
    struct clock clock;
    struct db_pool *pool;
    struct blob_store *store;
};

static inline struct blob_config place_config(const struct place *place, char folder[96])
{
    (void)snprintf(folder, 96, "%s/blobs", place->directory);
    return (struct blob_config){.directory = folder,
                                .pool = place->pool,
                                .clock = &place->clock,
                                .free_bytes_uploads_min = 1,
                                .free_bytes_jobs_min = 1};
}

static inline struct blob_store *open_store(const struct place *place)
{
    char folder[96];
    struct blob_config config = place_config(place, folder);
    struct blob_store *store;
    struct error err = {0};

    if (!blob_store_open(&config, &store, &err))
        fail_msg("%s: %s", err.message, err.detail);
    return store;
}

static inline void open_pool(struct place *place)
{
    char path[96];
    const struct db_config config = {.path = path,
                                     .readers = 2,
                                     .migrations = db_migrations,
                                     .migration_count = db_migration_count,
                                     .clock = &place->clock};
    struct error err = {0};

    (void)snprintf(path, sizeof(path), "%s/vitrine.db", place->directory);
    if (!db_pool_open(&config, &place->pool, &err))
        fail_msg("%s: %s", err.message, err.detail);
}

static inline int remove_entry(const char *path, const struct stat *info, int type,
                               struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

/* For cmocka's fixtures: *state is a place with all open. */
static inline int setup_place(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    assert_non_null(place);
    (void)snprintf(place->directory, sizeof(place->directory), "/tmp/vitrine-blob-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    place->time = (struct clock_fake){.wall_ms = NOON};
    place->clock = clock_of_fake(&place->time);
    open_pool(place);
    place->store = open_store(place);
    *state = place;
    return 0;
}

static inline int teardown_place(void **state)
{
    struct place *place = *state;

    blob_store_close(place->store);
    db_pool_close(place->pool);
    assert_int_equal(nftw(place->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(place);
    return 0;
}

static inline struct blob put_text(struct place *place, const char *text)
{
    struct error err = {0};
    struct blob blob;

    if (!blob_put(place->store, str_of(text), &blob, &err))
        fail_msg("%s: %s", err.message, err.detail);
    return blob;
}

static inline const char *file_of(const struct place *place, const struct blob *blob, char out[200])
{
    char path[BLOB_PATH_SIZE];

    blob_path(blob->name, path);
    (void)snprintf(out, 200, "%s/blobs/%s", place->directory, path);
    return out;
}

static inline const char *trash_of(const struct place *place, const struct blob *blob,
                                   char out[200])
{
    (void)snprintf(out, 200, "%s/blobs/trash/%s", place->directory, blob->name);
    return out;
}

static inline bool is_there(const char *path) { return access(path, F_OK) == 0; }

static size_t counted_files;

static inline int count_file(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    if (type == FTW_F && strcmp(path + walk->base, ".lock") != 0)
        counted_files++;
    return 0;
}

/* Files below blobs/`folder`, the locks not counted. */
static inline size_t count_files(const struct place *place, const char *folder)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/blobs/%s", place->directory, folder);
    counted_files = 0;
    assert_int_equal(nftw(path, count_file, 16, FTW_PHYS), 0);
    return counted_files;
}

/* ---- rows ---- */

struct ref {
    struct blob blob;
    const char *owner;
    int64_t now_ms;
};

static inline bool add_ref_work(struct db *db, void *context, struct error *err)
{
    const struct ref *ref = context;

    return blob_ref_add(db, &ref->blob, str_of(ref->owner), ref->now_ms, err);
}

static inline bool drop_ref_work(struct db *db, void *context, struct error *err)
{
    const struct ref *ref = context;

    return blob_ref_drop(db, str_of(ref->blob.name), str_of(ref->owner), ref->now_ms, err);
}

static inline void add_ref(struct place *place, const struct blob *blob, const char *owner)
{
    struct ref ref = {*blob, owner, place->time.wall_ms};
    struct error err = {0};

    if (!db_transact(place->pool, "test_add_ref", add_ref_work, &ref, &err))
        fail_msg("%s: %s", err.message, err.detail);
}

static inline void drop_ref(struct place *place, const struct blob *blob, const char *owner)
{
    struct ref ref = {*blob, owner, place->time.wall_ms};
    struct error err = {0};

    if (!db_transact(place->pool, "test_drop_ref", drop_ref_work, &ref, &err))
        fail_msg("%s: %s", err.message, err.detail);
}

/* A row as text: "live 12 refs=1 unreferenced=0"; "none" without one. */
static inline const char *row_of(struct place *place, const struct blob *blob, char out[128])
{
    static const struct sql find = {
        "test_row",
        "SELECT state, size, coalesce(unreferenced_at_ms, 0) AS unreferenced_at_ms,"
        " (SELECT count(*) FROM blob_ref WHERE blob_ref.sha256 = blob.sha256) AS refs"
        " FROM blob WHERE sha256 = $1",
        NULL};
    const struct sql_value args[] = {SQL_CSTR(blob->name)};
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    CLEANUP(rows_finish) struct rows rows = {0};
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    struct error err = {0};

    if (!db_borrow(place->pool, &db, &err) || !db_query(db, &find, args, 1, &rows, &err))
        fail_msg("%s: %s", err.message, err.detail);
    (void)snprintf(out, 128, "none");
    if (rows_next(&rows))
        (void)snprintf(out, 128, "%.*s %d refs=%d unreferenced=%lld",
                       STR_ARGS(rows_str(&rows, "state", arena)), (int)rows_int64(&rows, "size"),
                       (int)rows_int64(&rows, "refs"),
                       (long long)rows_int64(&rows, "unreferenced_at_ms"));
    return out;
}
