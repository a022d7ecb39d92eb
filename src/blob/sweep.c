#include "blob/blob_private.h"
#include "core/fault.h"
#include "core/log.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What one call does at most. */
#define TEMPS_MAX 1000
#define ROWS_MAX 64 /* that are marked, moved or removed, in one transaction */
#define TRASH_MAX 256
#define FOLDERS_MAX 1024
#define ORPHAN_FILES_MAX 4096
#define CHECKS_MAX 1000
#define FOLDER_COUNT 65536
#define ALARMS_MAX 10 /* lines in the log; the count has them all */

/*
 * Who may be in the way: a thread that has just found the file (blob_write_end) and has not added
 * its row yet.  So bytes go for good only from the trash, a day after they came there, and only
 * when their row was ended by a transaction or there is none; and what lies in the trash of a row
 * that lives is carried back.  Readers look in both places.
 */

struct batch {
    char names[ROWS_MAX][SHA256_HEX_SIZE + 1];
    bool is_changed[ROWS_MAX];
    size_t count;
    int64_t now_ms;
};

enum row_state { ROW_NONE, ROW_LIVE, ROW_LEAVING };

static void name_copy(char out[SHA256_HEX_SIZE + 1], struct str name)
{
    assert(blob_name_is_valid(name));
    memcpy(out, name.data, SHA256_HEX_SIZE);
    out[SHA256_HEX_SIZE] = '\0';
}

/* ---- files ---- */

/* A stream is read by the one thread that opened it, or under the sweep's turn; NULL at the end. */
static const struct dirent *next_entry(DIR *folder)
{
    return readdir(folder); /* NOLINT(concurrency-mt-unsafe): glibc's is safe for two streams */
}

static bool to_trash(struct blob_store *store, const char *name)
{
    char path[BLOB_PATH_SIZE];

    blob_path(name, path);
    return renameat(store->root_fd, path, store->trash_fd, name) == 0;
}

/* From the trash back to its place, never out of sight in between and never over a newer copy. */
static bool restore(struct blob_store *store, const char *name, struct error *err)
{
    int folder;
    bool ok;

    if (!blob_folder_open(store, name, &folder, err))
        return false;
    ok = linkat(store->trash_fd, name, folder, name, 0) == 0 || errno == EEXIST;
    if (!ok && errno == ENOENT) { /* it is not in the trash */
        (void)close(folder);
        return true;
    }
    if (!ok || store->io.fsync(folder) != 0)
        ok = blob_errno(errno, "a file cannot be brought back from the trash", err);
    (void)close(folder);
    FAULT(SWEEP_RESTORED);
    if (ok && unlinkat(store->trash_fd, name, 0) != 0 && errno != ENOENT)
        ok = blob_errno(errno, "unlink", err);
    return ok;
}

static bool is_older(struct blob_store *store, int at, const char *name, int64_t age_ms)
{
    struct stat info;
    int64_t changed_at_ms;

    if (fstatat(at, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode))
        return false;
    changed_at_ms = (int64_t)info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000;
    return clock_wall_ms(store->clock) - changed_at_ms >= age_ms;
}

static bool row_state(struct db *db, const char *name, enum row_state *out, struct error *err)
{
    static const struct sql find = {
        "blob_state", "SELECT state = 'live' AS is_live FROM blob WHERE sha256 = $1", NULL};
    const struct sql_value args[] = {SQL_CSTR(name)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    *out = ROW_NONE;
    if (rows_next(&rows))
        *out = rows_bool(&rows, "is_live") ? ROW_LIVE : ROW_LEAVING;
    return true;
}

/* ---- temporary files of dead boots ---- */

/* Removes up to `*left` files of a dead boot; its folder too when it is empty then. */
static void boot_remove(struct blob_store *store, const char *name, int boot, size_t *left,
                        struct blob_sweep_counts *counts)
{
    int list = openat(boot, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = list < 0 ? NULL : fdopendir(list);
    const struct dirent *entry;

    if (folder == NULL) {
        if (list >= 0)
            (void)close(list);
        return;
    }
    while (*left > 0 && (entry = next_entry(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        if (unlinkat(boot, entry->d_name, 0) == 0)
            counts->temps++;
        --*left;
    }
    (void)closedir(folder);
    if (*left == 0)
        return;
    (void)unlinkat(boot, ".lock", 0);
    FAULT(SWEEP_TEMPS);
    (void)unlinkat(store->temps_fd, name, AT_REMOVEDIR); /* not empty: tried again next time */
}

/* Ours, or one whose owner still holds its lock, is left alone. */
static void boot_judge(struct blob_store *store, const char *name, size_t *left,
                       struct blob_sweep_counts *counts)
{
    int boot = openat(store->temps_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int lock;

    if (boot < 0)
        return;
    lock = openat(boot, ".lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (lock >= 0 ? blob_lock(lock, false) : errno == ENOENT)
        boot_remove(store, name, boot, left, counts);
    if (lock >= 0)
        (void)close(lock);
    (void)close(boot);
}

static bool sweep_temps(struct blob_store *store, struct blob_sweep_counts *counts, bool *is_done,
                        struct error *err)
{
    int list = openat(store->temps_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = list < 0 ? NULL : fdopendir(list);
    size_t left = TEMPS_MAX;
    const struct dirent *entry;
    struct id id;

    if (folder == NULL) {
        (void)blob_errno(errno, "tmp/", err);
        if (list >= 0)
            (void)close(list);
        return false;
    }
    if (!blob_lock(store->temps_lock_fd, true)) {
        (void)blob_errno(errno, "tmp/.lock", err);
        (void)closedir(folder);
        return false;
    }
    while (left > 0 && (entry = next_entry(folder)) != NULL) {
        if (id_parse(str_of(entry->d_name), &id) && strcmp(entry->d_name, store->boot.text) != 0)
            boot_judge(store, entry->d_name, &left, counts);
    }
    blob_unlock(store->temps_lock_fd);
    (void)closedir(folder);
    *is_done = left > 0;
    return true;
}

/* ---- blobs nobody refers to ---- */

static bool mark_work(struct db *db, void *context, struct error *err)
{
    static const struct sql mark = {"blob_mark",
                                    "UPDATE blob SET state = 'marked', state_at_ms = $1"
                                    " WHERE sha256 IN (SELECT sha256 FROM blob"
                                    " WHERE state = 'live' AND unreferenced_at_ms IS NOT NULL"
                                    " AND unreferenced_at_ms <= $2"
                                    " ORDER BY unreferenced_at_ms LIMIT $3)",
                                    NULL};
    struct batch *batch = context;
    const struct sql_value args[] = {SQL_INT64(batch->now_ms),
                                     SQL_INT64(batch->now_ms - BLOB_GRACE_MS), SQL_INT64(ROWS_MAX)};
    int64_t changed;

    if (!db_exec(db, &mark, args, COUNT(args), &changed, err))
        return false;
    batch->count = (size_t)changed;
    return true;
}

static bool sweep_marks(struct blob_store *store, struct blob_sweep_counts *counts, bool *is_done,
                        struct error *err)
{
    struct batch batch = {.now_ms = clock_wall_ms(store->clock)};

    if (!db_transact(store->pool, "blob_mark", mark_work, &batch, err))
        return false;
    counts->marked += (int64_t)batch.count;
    *is_done = batch.count < ROWS_MAX;
    return true;
}

/* The rows that have been in `state` since `until_ms` or longer, oldest first. */
static bool batch_read(struct blob_store *store, const char *state, int64_t until_ms,
                       struct batch *batch, struct error *err)
{
    static const struct sql list = {"blob_list_leaving",
                                    "SELECT sha256 FROM blob"
                                    " WHERE state = $1 AND state <> 'live' AND state_at_ms <= $2"
                                    " ORDER BY state_at_ms LIMIT $3",
                                    NULL};
    const struct sql_value args[] = {SQL_CSTR(state), SQL_INT64(until_ms), SQL_INT64(ROWS_MAX)};
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    CLEANUP(rows_finish) struct rows rows = {0};
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));

    if (!db_borrow(store->pool, &db, err) || !db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (rows_next(&rows))
        name_copy(batch->names[batch->count++], rows_str(&rows, "sha256", arena));
    return !rows_failed(&rows);
}

static bool batch_apply(struct db *db, const struct sql *sql, struct batch *batch,
                        struct error *err)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct sql_value args[] = {SQL_CSTR(batch->names[i]), SQL_INT64(batch->now_ms)};
        int64_t changed;

        if (!db_exec(db, sql, args, COUNT(args), &changed, err))
            return false;
        batch->is_changed[i] = changed > 0;
    }
    return true;
}

static bool trash_work(struct db *db, void *context, struct error *err)
{
    static const struct sql trash = {"blob_trash",
                                     "UPDATE blob SET state = 'trashed', state_at_ms = $2"
                                     " WHERE sha256 = $1 AND state = 'marked'",
                                     NULL};

    return batch_apply(db, &trash, context, err);
}

/* Files first, rows after: a crash between leaves marked rows, and the next round finds the files
 * in the trash already. */
static bool sweep_moves(struct blob_store *store, struct blob_sweep_counts *counts, bool *is_done,
                        struct error *err)
{
    struct batch batch = {.now_ms = clock_wall_ms(store->clock)};

    if (!batch_read(store, "marked", INT64_MAX, &batch, err))
        return false;
    *is_done = batch.count < ROWS_MAX;
    if (batch.count == 0)
        return true;
    for (size_t i = 0; i < batch.count; i++) {
        if (!to_trash(store, batch.names[i]) && errno != ENOENT)
            return blob_errno(errno, "a file cannot be moved to the trash", err);
        FAULT(SWEEP_MOVED);
    }
    if (!db_transact(store->pool, "blob_trash", trash_work, &batch, err))
        return false;
    for (size_t i = 0; i < batch.count; i++) {
        if (batch.is_changed[i])
            counts->trashed++;
        else if (!restore(store, batch.names[i], err)) /* it was wanted again meanwhile */
            return false;
    }
    return true;
}

static bool remove_work(struct db *db, void *context, struct error *err)
{
    static const struct sql remove = {
        "blob_remove",
        "DELETE FROM blob WHERE sha256 = $1 AND state = 'trashed' AND state_at_ms <= $2"
        " AND NOT EXISTS (SELECT 1 FROM blob_ref WHERE blob_ref.sha256 = $1)",
        NULL};

    return batch_apply(db, &remove, context, err);
}

/* Rows first, files after: a crash between leaves a file without a row in the trash. */
static bool sweep_removals(struct blob_store *store, struct blob_sweep_counts *counts,
                           bool *is_done, struct error *err)
{
    struct batch batch = {.now_ms = clock_wall_ms(store->clock) - BLOB_GRACE_MS};

    if (!batch_read(store, "trashed", batch.now_ms, &batch, err))
        return false;
    *is_done = batch.count < ROWS_MAX;
    if (batch.count == 0)
        return true;
    if (!db_transact(store->pool, "blob_remove", remove_work, &batch, err))
        return false;
    for (size_t i = 0; i < batch.count; i++) {
        if (!batch.is_changed[i])
            continue;
        if (unlinkat(store->trash_fd, batch.names[i], 0) != 0 && errno != ENOENT)
            return blob_errno(errno, "unlink", err);
        counts->removed++;
    }
    return true;
}

/* ---- files in the trash ---- */

static bool judge_trashed(struct blob_store *store, struct db *db, const char *name,
                          struct blob_sweep_counts *counts, struct error *err)
{
    enum row_state state;

    if (!row_state(db, name, &state, err))
        return false;
    if (state == ROW_LIVE)
        return restore(store, name, err);
    if (state == ROW_LEAVING || !is_older(store, store->trash_fd, name, BLOB_GRACE_MS))
        return true; /* its row decides, or its age */
    if (unlinkat(store->trash_fd, name, 0) != 0 && errno != ENOENT)
        return blob_errno(errno, "unlink", err);
    counts->removed++;
    return true;
}

static bool sweep_trash(struct blob_store *store, struct blob_sweep_counts *counts, bool *is_done,
                        struct error *err)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    const struct dirent *entry;

    if (store->sweep.trash == NULL) {
        int list = openat(store->trash_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        store->sweep.trash = list < 0 ? NULL : fdopendir(list);
        if (store->sweep.trash == NULL) {
            (void)blob_errno(errno, "trash/", err);
            if (list >= 0)
                (void)close(list);
            return false;
        }
    }
    if (!db_borrow(store->pool, &db, err))
        return false;
    for (int i = 0; i < TRASH_MAX; i++) {
        entry = next_entry(store->sweep.trash);
        if (entry == NULL) {
            *is_done = true;
            return true;
        }
        if (blob_name_is_valid(str_of(entry->d_name)) &&
            !judge_trashed(store, db, entry->d_name, counts, err))
            return false;
    }
    *is_done = false;
    return true;
}

/* ---- files without a row ---- */

static bool judge_file(struct blob_store *store, struct db *db, int folder, const char *name,
                       struct blob_sweep_counts *counts, struct error *err)
{
    enum row_state state;

    if (!is_older(store, folder, name, BLOB_GRACE_MS))
        return true;
    if (!row_state(db, name, &state, err))
        return false;
    if (state != ROW_NONE)
        return true;
    if (!to_trash(store, name))
        return errno == ENOENT || blob_errno(errno, "a file cannot be moved to the trash", err);
    FAULT(SWEEP_ORPHAN);
    if (!blob_touch(store, store->trash_fd, name) && errno != ENOENT)
        return blob_errno(errno, "utimensat", err); /* its time in the trash begins now */
    counts->orphans++;
    return true;
}

/* All of aa/bb.  `*files` counts what was looked at. */
static bool judge_folder(struct blob_store *store, struct db *db, uint32_t number, size_t *files,
                         struct blob_sweep_counts *counts, struct error *err)
{
    char path[8];
    const struct dirent *entry;
    DIR *folder;
    bool ok = true;
    int list;

    (void)snprintf(path, sizeof(path), "%02x/%02x", (number >> 8) & 0xff, number & 0xff);
    list = openat(store->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (list < 0)
        return errno == ENOENT || blob_errno(errno, path, err);
    folder = fdopendir(list);
    if (folder == NULL) {
        (void)blob_errno(errno, path, err);
        (void)close(list);
        return false;
    }
    while (ok && (entry = next_entry(folder)) != NULL) {
        const char *name = entry->d_name;
        bool is_here = blob_name_is_valid(str_of(name)) && strncmp(name, path, 2) == 0 &&
                       strncmp(name + 2, path + 3, 2) == 0;

        ++*files;
        ok = !is_here || judge_file(store, db, dirfd(folder), name, counts, err);
    }
    (void)closedir(folder);
    return ok;
}

static bool sweep_orphans(struct blob_store *store, struct blob_sweep_counts *counts, bool *is_done,
                          struct error *err)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct sweep *sweep = &store->sweep;
    size_t files = 0;

    if (!db_borrow(store->pool, &db, err))
        return false;
    for (int i = 0; i < FOLDERS_MAX && files < ORPHAN_FILES_MAX && sweep->folder < FOLDER_COUNT;
         i++) {
        char outer[4];

        (void)snprintf(outer, sizeof(outer), "%02x", (sweep->folder >> 8) & 0xff);
        if ((sweep->folder & 0xff) == 0 && faccessat(store->root_fd, outer, F_OK, 0) != 0) {
            sweep->folder += 256;
            continue;
        }
        if (!judge_folder(store, db, sweep->folder, &files, counts, err))
            return false;
        sweep->folder++;
    }
    *is_done = sweep->folder >= FOLDER_COUNT;
    return true;
}

/* ---- rows without a file ---- */

static void check_file(struct blob_store *store, const char *name, int64_t size,
                       struct blob_sweep_counts *counts)
{
    int64_t found = -1;

    if (blob_find_file(store, name, &found) && found == size)
        return;
    if (counts->missing++ < ALARMS_MAX)
        log_write(
            LOG_ERROR, "blob_missing",
            LOG_PAIRS(LOG_CSTR("blob", name), LOG_INT("size", size), LOG_INT("found", found)));
}

static bool sweep_rows(struct blob_store *store, struct blob_sweep_counts *counts, bool *is_done,
                       struct error *err)
{
    static const struct sql list = {"blob_list_live",
                                    "SELECT sha256, size FROM blob"
                                    " WHERE sha256 > $1 AND state = 'live'"
                                    " ORDER BY sha256 LIMIT $2",
                                    NULL};
    const struct sql_value args[] = {SQL_CSTR(store->sweep.row_after), SQL_INT64(CHECKS_MAX)};
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    CLEANUP(rows_finish) struct rows rows = {0};
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    size_t count = 0;

    if (!db_borrow(store->pool, &db, err) || !db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    for (; rows_next(&rows); count++) {
        name_copy(store->sweep.row_after, rows_str(&rows, "sha256", arena));
        check_file(store, store->sweep.row_after, rows_int64(&rows, "size"), counts);
    }
    *is_done = count < CHECKS_MAX;
    return !rows_failed(&rows);
}

/* ---- the round ---- */

static const struct {
    const char *name;
    bool (*run)(struct blob_store *store, struct blob_sweep_counts *counts, bool *is_done,
                struct error *err);
} phases[] = {
    {"temps",    sweep_temps   },
    {"marks",    sweep_marks   },
    {"moves",    sweep_moves   },
    {"removals", sweep_removals},
    {"trash",    sweep_trash   },
    {"orphans",  sweep_orphans },
    {"rows",     sweep_rows    },
};

/* The next phase starts from its beginning. */
static void phase_end(struct sweep *sweep)
{
    if (sweep->trash != NULL)
        (void)closedir(sweep->trash);
    *sweep = (struct sweep){.phase = (sweep->phase + 1) % COUNT(phases)};
}

bool blob_sweep(struct blob_store *store, struct blob_sweep_counts *out, bool *more,
                struct error *err)
{
    struct blob_sweep_counts counts = {0};
    bool is_done = false;
    bool ok;
    int rc = pthread_mutex_trylock(&store->sweep_lock);

    assert(rc == 0); /* one at a time */
    ok = phases[store->sweep.phase].run(store, &counts, &is_done, err);
    /* A phase that fails is left for this round, so that one bad folder does not stop all else. */
    if (!ok || is_done)
        phase_end(&store->sweep);
    if (ok) {
        *out = counts;
        *more = store->sweep.phase != 0 || !is_done;
    }
    pthread_mutex_unlock(&store->sweep_lock);
    return ok;
}
