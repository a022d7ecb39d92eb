#include "blob/check.h"

#include "blob/blob_private.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROWS_MAX 1000                       /* of a batch */
#define SAMPLE_MAX 256                      /* newest files whose bytes are read */
#define SAMPLE_SIZE_MAX ((int64_t)MIB(256)) /* of all of them */
#define ROUND_MS (INT64_C(60) * 60 * 1000)  /* a sweep has looked everywhere within it */
#define FOLDER_COUNT 65536

static const struct sql rules[] = {
    {.name = "check_i11_reference",
     .text = "SELECT 'blob ' || b.sha256 || ' is ' || b.state || CASE"
             " WHEN b.unreferenced_at_ms IS NULL THEN ' and counts as needed, but nobody refers to"
             " it' ELSE ' and counts as needed by nobody, but is referred to' END AS what"
             " FROM blob b WHERE (b.unreferenced_at_ms IS NULL) <> EXISTS"
             " (SELECT 1 FROM blob_ref r WHERE r.sha256 = b.sha256) ORDER BY b.sha256 LIMIT 10"},
};
static const char rule_file[] = "check_i11_file";
static const char rule_content[] = "check_i11_content";
static const char rule_orphan[] = "check_i11_orphan";
#define FILE_RULES 3

struct look {
    const struct blob_check_config *config;
    struct db_pool *pool;
    /* What the private functions of the room ask for: folders and clock alone, -1 for those that
     * are not there. */
    struct blob_store store;
    struct arena *arena;
    struct check_report *report;
    struct blob_check_counts *counts;
    int told[FILE_RULES]; /* of each rule */
};

struct row {
    char name[SHA256_HEX_SIZE + 1];
    int64_t size;
    int64_t created_at_ms;
    bool is_due; /* the sweep may be taking it away at this moment */
};
struct batch {
    struct row rows[ROWS_MAX];
    size_t count;
};

static void tell(struct look *look, const char *rule, struct str what)
{
    int *told = &look->told[rule == rule_file ? 0 : rule == rule_content ? 1 : 2];

    if (*told < CHECK_FAULTS_PER_RULE && check_tell(look->report, rule, what))
        ++*told;
}

static bool batch_read(struct look *look, const struct sql *list, const struct sql_value *args,
                       size_t count, struct batch *batch, struct error *err)
{
    const int64_t now_ms = clock_wall_ms(look->config->clock);
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    CLEANUP(rows_finish) struct rows rows = {0};
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));

    batch->count = 0;
    if (!db_borrow(look->pool, &db, err) || !db_query(db, list, args, count, &rows, err))
        return false;
    for (; batch->count < ROWS_MAX && rows_next(&rows); batch->count++) {
        struct row *row = &batch->rows[batch->count];

        (void)snprintf(row->name, sizeof(row->name), "%.*s",
                       STR_ARGS(rows_str(&rows, "sha256", arena)));
        row->size = rows_int64(&rows, "size");
        row->created_at_ms = rows_int64(&rows, "created_at_ms");
        row->is_due = rows_bool(&rows, "is_trashed") &&
                      now_ms - rows_int64(&rows, "state_at_ms") >= BLOB_GRACE_MS - ROUND_MS;
    }
    return !rows_failed(&rows);
}

/* ---- what is there ---- */

static void check_size(struct look *look, const struct row *row)
{
    int64_t found;

    if (row->is_due)
        return;
    look->counts->files++;
    if (!blob_name_is_valid(str_of(row->name)) || !blob_find_file(&look->store, row->name, &found))
        tell(look, rule_file,
             arena_printf(look->arena, "blob %s of %" PRId64 " bytes has no file", row->name,
                          row->size));
    else if (found != row->size)
        tell(look, rule_file,
             arena_printf(look->arena,
                          "the file of blob %s has %" PRId64 " bytes, its row says %" PRId64,
                          row->name, found, row->size));
}

/* Takes the descriptor. */
static void check_bytes(struct look *look, const char *name, int fd)
{
    char found[SHA256_HEX_SIZE + 1];
    const bool is_read = blob_hash_file(fd, found);

    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED); /* people look at other files */
    (void)close(fd);
    look->counts->read++;
    if (!is_read)
        tell(look, rule_content,
             arena_printf(look->arena, "the file of blob %s cannot be read to its end", name));
    else if (strcmp(found, name) != 0)
        tell(look, rule_content,
             arena_printf(look->arena, "the file of blob %s has the bytes of %s", name, found));
}

/* What has no file was told already. */
static void check_content(struct look *look, const struct row *row)
{
    struct error ignored;
    int64_t size;
    int fd;

    if (!row->is_due && blob_open(&look->store, str_of(row->name), &fd, &size, &ignored))
        check_bytes(look, row->name, fd);
}

/* All rows of the list in order of their names, batch by batch: $1 is the last one's, $2 how many.
 */
static bool check_each(struct look *look, const struct sql *list,
                       void (*check)(struct look *look, const struct row *row), struct batch *batch,
                       struct error *err)
{
    char after[SHA256_HEX_SIZE + 1] = "";

    do {
        const struct sql_value args[] = {SQL_CSTR(after), SQL_INT64(ROWS_MAX)};

        if (!batch_read(look, list, args, COUNT(args), batch, err))
            return false;
        for (size_t i = 0; i < batch->count; i++)
            check(look, &batch->rows[i]);
        if (batch->count > 0)
            memcpy(after, batch->rows[batch->count - 1].name, sizeof(after));
    } while (batch->count == ROWS_MAX);
    return true;
}

static bool check_rows(struct look *look, struct batch *batch, struct error *err)
{
    static const struct sql list = {
        "blob_check_rows",
        "SELECT sha256, size, created_at_ms, state_at_ms, state = 'trashed' AS is_trashed FROM blob"
        " WHERE sha256 > $1 ORDER BY sha256 LIMIT $2",
        NULL};

    return check_each(look, &list, check_size, batch, err);
}

/* Results that are paid for and that no picture stands for yet, all of them. */
static bool check_kept(struct look *look, struct batch *batch, struct error *err)
{
    static const struct sql list = {
        "blob_check_kept",
        "SELECT b.sha256, b.size, b.created_at_ms, b.state_at_ms, 0 AS is_trashed FROM blob b"
        " WHERE b.sha256 > $1 AND EXISTS (SELECT 1 FROM blob_ref r WHERE r.sha256 = b.sha256"
        " AND r.owner >= 'call:' AND r.owner < 'call;') ORDER BY b.sha256 LIMIT $2",
        NULL};

    return check_each(look, &list, check_content, batch, err);
}

static bool check_newest(struct look *look, struct batch *batch, struct error *err)
{
    static const struct sql list = {
        "blob_check_newest",
        "SELECT sha256, size, created_at_ms, state_at_ms, state = 'trashed' AS is_trashed FROM blob"
        " ORDER BY created_at_ms DESC LIMIT $1",
        NULL};
    const struct sql_value args[] = {SQL_INT64(SAMPLE_MAX)};
    int64_t size = 0;

    if (!batch_read(look, &list, args, COUNT(args), batch, err))
        return false;
    for (size_t i = 0; i < batch->count && size < SAMPLE_SIZE_MAX; i++) {
        check_content(look, &batch->rows[i]);
        size += batch->rows[i].size;
    }
    return true;
}

/* ---- what nobody knows ---- */

/* A folder's stream is this thread's alone. */
static const struct dirent *next_entry(DIR *folder)
{
    return readdir(folder); /* NOLINT(concurrency-mt-unsafe): glibc's is safe for two streams */
}

/* NULL: it is not there (errno ENOENT), or cannot be read. */
static DIR *open_folder(int at, const char *path)
{
    const int fd = at < 0 ? -1 : openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);

    if (at < 0)
        errno = ENOENT;
    if (fd >= 0 && folder == NULL)
        (void)close(fd);
    return folder;
}

/* Since when a server has the store open, by the lock in its folder of temporary files; 0: none. */
static int64_t open_since_ms(struct look *look)
{
    DIR *boots = open_folder(look->store.temps_fd, ".");
    int64_t since_ms = 0;
    const struct dirent *entry;
    struct stat info;
    struct id id;

    while (boots != NULL && (entry = next_entry(boots)) != NULL) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        char path[ID_SIZE + 8];
        int fd;

        if (!id_parse(str_of(entry->d_name), &id))
            continue;
        (void)snprintf(path, sizeof(path), "%s/.lock", id.text);
        fd = openat(look->store.temps_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK &&
            fstat(fd, &info) == 0)
            since_ms = (int64_t)info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000;
        if (fd >= 0)
            (void)close(fd);
    }
    if (boots != NULL)
        (void)closedir(boots);
    return since_ms;
}

static bool has_row(struct db *db, const char *name, bool *out, struct error *err)
{
    static const struct sql find = {"blob_check_row", "SELECT 1 FROM blob WHERE sha256 = $1", NULL};
    const struct sql_value args[] = {SQL_CSTR(name)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    *out = rows_next(&rows);
    return !rows_failed(&rows);
}

/* A file that goes away meanwhile is nobody's. */
static bool judge(struct look *look, struct db *db, int folder, const char *name, bool is_swept,
                  struct error *err)
{
    const int64_t now_ms = clock_wall_ms(look->config->clock);
    struct stat info;
    int64_t age_ms;
    bool is_known;
    int fd;

    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode))
        return true;
    /* One without a row too: the same bytes, sent again, would be taken for stored. */
    fd = look->config->is_whole ? openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (fd >= 0)
        check_bytes(look, name, fd);
    age_ms = now_ms - ((int64_t)info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000);
    if (age_ms < BLOB_GRACE_MS + ROUND_MS)
        return true;
    db_refresh(db); /* the newest rows: one may have come while the folder was read */
    if (!has_row(db, name, &is_known, err))
        return false;
    db_refresh(db);
    if (is_known || fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return true;
    if (is_swept)
        tell(look, rule_orphan,
             arena_printf(look->arena, "file %s has no row, and is %" PRId64 " hours old", name,
                          age_ms / 3600000));
    else
        look->counts->waiting++;
    return true;
}

static bool check_folder(struct look *look, struct db *db, int at, const char *path, bool is_swept,
                         struct error *err)
{
    DIR *folder = open_folder(at, path);
    const struct dirent *entry;
    bool ok = true;

    if (folder == NULL)
        return errno == ENOENT || blob_errno(errno, path, err);
    while (ok && (entry = next_entry(folder)) != NULL)
        ok = !blob_name_is_valid(str_of(entry->d_name)) ||
             judge(look, db, dirfd(folder), entry->d_name, is_swept, err);
    (void)closedir(folder);
    return ok;
}

static bool check_files(struct look *look, struct error *err)
{
    const int64_t since_ms = open_since_ms(look);
    const bool is_swept = since_ms > 0 && clock_wall_ms(look->config->clock) - since_ms >= ROUND_MS;
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    char path[8];

    if (!db_borrow(look->pool, &db, err) ||
        !check_folder(look, db, look->store.trash_fd, ".", is_swept, err))
        return false;
    for (unsigned number = 0; number < FOLDER_COUNT; number++) {
        (void)snprintf(path, sizeof(path), "%02x", number >> 8);
        if ((number & 0xff) == 0 && faccessat(look->store.root_fd, path, F_OK, 0) != 0) {
            number += 255;
            continue;
        }
        (void)snprintf(path, sizeof(path), "%02x/%02x", number >> 8, number & 0xff);
        if (!check_folder(look, db, look->store.root_fd, path, is_swept, err))
            return false;
    }
    return true;
}

/* ---- all of it ---- */

static bool check_all(struct look *look, struct batch *batch, struct error *err)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    bool ok = db_borrow(look->pool, &db, err) &&
              check_apply_all(db, rules, COUNT(rules), look->arena, look->report, err);

    db_give_back(db);
    db = NULL;
    look->report->rule_count += FILE_RULES;
    return ok && check_rows(look, batch, err) &&
           (look->config->is_whole ||
            (check_kept(look, batch, err) && check_newest(look, batch, err))) &&
           check_files(look, err);
}

bool blob_check(const struct blob_check_config *config, struct db_pool *pool, struct arena *arena,
                struct check_report *out, struct blob_check_counts *counts, struct error *err)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    struct look look = {.config = config,
                        .pool = pool,
                        .store = {.clock = config->clock},
                        .arena = arena,
                        .report = out,
                        .counts = counts};
    CLEANUP(arena_cleanup) struct arena *own = arena_create(KIB(256));
    struct batch *batch = ARENA_NEW(own, struct batch);
    bool ok;

    *counts = (struct blob_check_counts){0};
    /* Where no server has been yet there is no store: then every row lacks its file. */
    look.store.root_fd = openat(AT_FDCWD, config->directory, flags);
    if (look.store.root_fd < 0 && errno != ENOENT)
        return blob_errno(errno, "the folder of files cannot be read", err);
    look.store.trash_fd = look.store.root_fd < 0 ? -1 : openat(look.store.root_fd, "trash", flags);
    look.store.temps_fd = look.store.root_fd < 0 ? -1 : openat(look.store.root_fd, "tmp", flags);
    ok = check_all(&look, batch, err);
    const int fds[] = {look.store.root_fd, look.store.trash_fd, look.store.temps_fd};
    for (size_t i = 0; i < COUNT(fds); i++)
        if (fds[i] >= 0)
            (void)close(fds[i]); /* nothing was written through these */
    return ok;
}
