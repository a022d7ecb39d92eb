#include "core/fault.h"
#include "core/log.h"
#include "db/db_private.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP_PAGES 256 /* 1 MiB at a time */
#define PART ".part-"
#define PART_UNIQUE "XXXXXX"
#define PART_TRIES 3

static bool file_error(const char *what, const char *path, struct error *err)
{
    int code = errno;

    (void)error_set(err, code == ENOSPC || code == EDQUOT ? ERROR_STORAGE_FULL : ERROR_INTERNAL,
                    "%s (errno %d)", what, code);
    return error_detail(err, "%s", path);
}

static bool path_sync(const char *path, int flags, struct error *err)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        (void)file_error("the disk failed to store data", path, err);
    if (fd >= 0)
        (void)close(fd); /* nothing is buffered any more */
    return ok;
}

/* The caller frees it. */
static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);

    if (folder == NULL)
        abort();
    return folder;
}

bool parent_sync(const char *path, struct error *err)
{
    char *folder = parent_of(path);
    bool ok = path_sync(folder, O_RDONLY | O_DIRECTORY, err);

    free(folder);
    return ok;
}

/* The first line of what the check says; "ok" when all is well. */
static int first_line(void *context, int count, char **values, char **names)
{
    char *line = context;

    (void)names;
    if (count > 0 && values[0] != NULL && line[0] == '\0')
        (void)snprintf(line, 200, "%s", values[0]);
    return 0;
}

bool integrity_check(sqlite3 *handle, struct error *err)
{
    char line[200] = "";
    int rc = sqlite3_exec(handle, "PRAGMA integrity_check(1)", first_line, line, NULL);

    if (rc != SQLITE_OK)
        return database_error(handle, rc, "db_integrity_check", err);
    if (strcmp(line, "ok") == 0)
        return true;
    (void)error_set(err, ERROR_INTERNAL, "the database is damaged");
    return error_detail(err, "integrity_check: %s", line);
}

/* The read transaction is held open for the whole copy.  Without it every commit of the writer
 * would make SQLite begin the copy again, and under load it would never end. */
static bool copy_pages(sqlite3 *source, sqlite3 *target, struct error *err)
{
    sqlite3_backup *backup;
    int rc;

    if (!database_exec(source, "db_backup_begin", "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1",
                       err))
        return false;
    backup = sqlite3_backup_init(target, "main", source, "main");
    if (backup == NULL)
        return database_error(target, sqlite3_extended_errcode(target), "db_backup", err);
    do {
        rc = sqlite3_backup_step(backup, STEP_PAGES);
        FAULT(BACKUP_MID);
    } while (rc == SQLITE_OK);
    (void)sqlite3_backup_finish(backup); /* tells `target` what the last step said */
    if (rc != SQLITE_DONE)
        (void)database_error(target, rc, "db_backup", err);
    return rc == SQLITE_DONE && database_exec(source, "db_backup_end", "COMMIT", err) &&
           /* One file without a log beside it. */
           database_exec(target, "db_backup_journal", "PRAGMA journal_mode = DELETE", err) &&
           integrity_check(target, err);
}

static bool open_plain(const char *path, int flags, sqlite3 **out, struct error *err)
{
    int rc = sqlite3_open_v2(
        path, out, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
        NULL);

    if (rc != SQLITE_OK)
        return database_error(*out, rc, "db_backup_open", err);
    (void)sqlite3_busy_timeout(*out, DB_BUSY_MS);
    return true;
}

static bool copy_file(const char *source_path, const char *part_path, struct error *err)
{
    sqlite3 *source = NULL;
    sqlite3 *target = NULL;
    bool ok;

    /* We fsync once at the end; until then the file has no name that counts. */
    ok = open_plain(source_path, SQLITE_OPEN_READONLY, &source, err) &&
         open_plain(part_path, SQLITE_OPEN_READWRITE, &target, err) &&
         database_exec(target, "db_backup_target", "PRAGMA synchronous = OFF", err) &&
         copy_pages(source, target, err);
    (void)sqlite3_close(target);
    (void)sqlite3_close(source);
    return ok && path_sync(part_path, O_RDONLY, err);
}

/* Gives the finished copy its name. */
static bool publish(const char *part_path, const char *target, bool is_replacing, struct error *err)
{
    if (is_replacing ? rename(part_path, target) == 0 : link(part_path, target) == 0)
        return parent_sync(target, err);
    if (errno == EEXIST)
        return error_set(err, ERROR_CONFLICT, "a file of that name exists already");
    return file_error("the backup cannot be named", target, err);
}

/* The lock of its maker, if that lives, is on it: flock(2)'s, for SQLite's own on the same file are
 * fcntl(2)'s. */
static void part_remove_dead(int folder, const char *name)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char journal[NAME_MAX + 1];

    if (fd < 0)
        return;
    (void)snprintf(journal, sizeof(journal), "%s-journal", name);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        (void)unlinkat(folder, journal, 0);
        if (unlinkat(folder, name, 0) == 0)
            log_info("backup_part_removed", LOG_CSTR("name", name));
    }
    (void)close(fd);
}

/* Copies of `target` that a crash left half made, which nobody else would ever remove. */
static void parts_remove_dead(const char *target)
{
    const char *slash = strrchr(target, '/');
    const char *name = slash == NULL ? target : slash + 1;
    const size_t size = strlen(name);
    char *path = parent_of(target);
    DIR *folder = opendir(path);
    const struct dirent *entry;

    free(path);
    if (folder == NULL)
        return; /* the copy itself will say why */
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): glibc's is safe for two streams */
    while ((entry = readdir(folder)) != NULL)
        if (strncmp(entry->d_name, name, size) == 0 &&
            strncmp(entry->d_name + size, PART, strlen(PART)) == 0 &&
            strlen(entry->d_name) == size + strlen(PART PART_UNIQUE))
            part_remove_dead(dirfd(folder), entry->d_name);
    (void)closedir(folder);
}

/* Makes the file that the copy goes to, mode 0600, and locks it; the caller frees *path. */
static bool part_open(const char *target, char **path, int *out, struct error *err)
{
    for (int tries = 0; tries < PART_TRIES; tries++) {
        struct stat info;
        int fd;

        if (asprintf(path, "%s" PART PART_UNIQUE, target) < 0)
            abort();
        fd = mkostemp(*path, O_CLOEXEC);
        if (fd >= 0) {
            /* Where there are no such locks, nobody takes a part for dead either. */
            (void)flock(fd, LOCK_EX);
            if (fstat(fd, &info) == 0 && info.st_nlink > 0) {
                *out = fd;
                return true;
            }
            (void)close(fd); /* somebody came between, and took it for a dead one's */
        }
        (void)file_error("the backup cannot be created", target, err);
        free(*path);
    }
    return false;
}

bool backup_copy(const char *source, const char *target, bool is_replacing, struct error *err)
{
    char *part_path;
    bool ok;
    int fd;

    if (!is_replacing && access(target, F_OK) == 0)
        return error_set(err, ERROR_CONFLICT, "a file of that name exists already");
    parts_remove_dead(target);
    if (!part_open(target, &part_path, &fd, err))
        return false;
    ok = copy_file(source, part_path, err);
    FAULT(BACKUP_COPIED);
    ok = ok && publish(part_path, target, is_replacing, err);
    if (unlink(part_path) != 0 && errno != ENOENT && ok)
        ok = file_error("the backup's temporary file stays", part_path, err);
    (void)close(fd); /* not before: it would drop SQLite's locks on the file as well */
    free(part_path);
    return ok;
}
