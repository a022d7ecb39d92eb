#include "core/fault.h"
#include "core/hash.h"
#include "core/log.h"
#include "db/db_private.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define APPLICATION_ID 1986622578 /* "vitr", by which we know our files */

static const struct sql begin = {"db_migrate_begin", "BEGIN IMMEDIATE", NULL};
static const struct sql commit = {"db_migrate_commit", "COMMIT", NULL};
static const struct sql rollback = {"db_migrate_rollback", "ROLLBACK", NULL};

static bool run(struct db *db, const struct sql *sql, struct error *err)
{
    int rc = statement_run(db, sql);

    return rc == SQLITE_OK || database_error(db->handle, rc, sql->name, err);
}

static bool query_number(struct db *db, const struct sql *sql, int64_t *out, struct error *err)
{
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, sql, NULL, 0, &rows, err))
        return false;
    *out = rows_next(&rows) ? rows_int64(&rows, "number") : 0;
    return !rows_failed(&rows);
}

/* Whose file is it?  An empty one is anybody's. */
static bool identify(struct db *db, bool *is_fresh, struct error *err)
{
    static const struct sql application = {
        "db_application_id", "SELECT application_id AS number FROM pragma_application_id", NULL};
    static const struct sql tables = {"db_tables", "SELECT count(*) AS number FROM sqlite_schema",
                                      NULL};
    int64_t id;
    int64_t count;

    if (!query_number(db, &application, &id, err) || !query_number(db, &tables, &count, err))
        return false;
    if (id != APPLICATION_ID && (id != 0 || count != 0))
        return error_set(err, ERROR_INTERNAL, "the database file is not one of vitrine's");
    *is_fresh = id == 0;
    return true;
}

static bool check_row(const struct db_config *config, size_t index, struct rows *rows,
                      struct arena *arena, struct error *err)
{
    int64_t number = rows_int64(rows, "number");
    struct str name = rows_str(rows, "name", arena);
    struct str version = rows_str(rows, "version", arena);
    size_t newest = config->migration_count;
    const struct migration *known;
    char hex[SHA256_HEX_SIZE + 1];
    struct sha256 hash;

    if (index >= newest)
        return error_set(err, ERROR_INTERNAL,
                         "the database was last used by vitrine %.*s (schema %.*s), which is newer"
                         " than this one (schema %s)",
                         STR_ARGS(version), STR_ARGS(name),
                         newest == 0 ? "none" : config->migrations[newest - 1].name);
    known = &config->migrations[index];
    if (number != known->number || !str_equal(name, str_of(known->name)))
        return error_set(err, ERROR_INTERNAL,
                         "the database has migration %.*s where this vitrine has %s",
                         STR_ARGS(name), known->name);
    hash = sha256_of((struct str){.data = known->text, .size = known->size});
    sha256_hex(&hash, hex);
    if (!str_equal(rows_str(rows, "sha256", arena), str_of(hex)))
        return error_set(err, ERROR_INTERNAL,
                         "migration %s was changed after it had been applied to this database",
                         known->name);
    return true;
}

/* How many of our migrations the database has.  A changed or unknown one is refused; of several
 * newer ones the last is named. */
static bool read_applied(struct db *db, const struct db_config *config, size_t *applied,
                         struct error *err)
{
    static const struct sql list = {"db_applied_migrations",
                                    "SELECT number, name, sha256, version FROM schema_migration"
                                    " ORDER BY number LIMIT 100000",
                                    NULL};
    CLEANUP(rows_finish) struct rows rows = {0};
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(64));
    struct error row_err = {0};
    size_t index = 0;
    bool ok = true;

    if (!db_query(db, &list, NULL, 0, &rows, err))
        return false;
    while (rows_next(&rows)) {
        if (ok || index >= config->migration_count)
            ok = check_row(config, index, &rows, arena, &row_err) && ok;
        index++;
    }
    if (rows_failed(&rows))
        return false;
    if (!ok) {
        *err = row_err;
        return false;
    }
    *applied = index;
    return true;
}

/* What the database is and has, read in one transaction. */
static bool look(struct db *db, const struct db_config *config, size_t *applied, struct error *err)
{
    bool is_fresh = false;
    bool ok;

    *applied = 0;
    if (!database_exec(db->handle, "db_migrate_look", "BEGIN", err))
        return false;
    ok = identify(db, &is_fresh, err) && (is_fresh || read_applied(db, config, applied, err));
    if (!ok) {
        (void)statement_run(db, &rollback); /* the first failure counts */
        return false;
    }
    return run(db, &commit, err);
}

static bool check_references(struct db *db, struct error *err)
{
    static const struct sql broken = {
        "db_broken_references", "SELECT count(*) AS number FROM pragma_foreign_key_check", NULL};
    int64_t count;

    if (!query_number(db, &broken, &count, err))
        return false;
    return count == 0 || error_set(err, ERROR_INTERNAL,
                                   "%" PRId64 " rows point to rows that are not there", count);
}

static bool record(struct db *db, const struct migration *migration, int64_t now_ms,
                   struct error *err)
{
    static const struct sql insert = {
        "db_record_migration",
        "INSERT INTO schema_migration (number, name, sha256, applied_at_ms, version)"
        " VALUES ($1, $2, $3, $4, $5)",
        NULL};
    struct sha256 hash = sha256_of((struct str){.data = migration->text, .size = migration->size});
    char hex[SHA256_HEX_SIZE + 1];

    sha256_hex(&hash, hex);
    const struct sql_value args[] = {SQL_INT64(migration->number), SQL_CSTR(migration->name),
                                     SQL_CSTR(hex), SQL_INT64(now_ms), SQL_CSTR(VITRINE_VERSION)};

    return db_exec_one(db, &insert, args, COUNT(args), err);
}

/* One migration inside its transaction; does nothing when another process was faster. */
static bool apply(struct db *db, const struct migration *migration, int64_t now_ms,
                  struct error *err)
{
    static const struct sql last = {
        "db_last_migration", "SELECT coalesce(max(number), 0) AS number FROM schema_migration",
        NULL};
    char text[512];
    int64_t number;

    (void)snprintf(text, sizeof(text),
                   "CREATE TABLE IF NOT EXISTS schema_migration ("
                   " number INTEGER PRIMARY KEY,"
                   " name TEXT NOT NULL,"
                   " sha256 TEXT NOT NULL,"
                   " applied_at_ms INTEGER NOT NULL,"
                   " version TEXT NOT NULL) STRICT;"
                   "PRAGMA application_id = %d",
                   APPLICATION_ID);
    if (!database_exec(db->handle, "db_migrate_table", text, err) ||
        !query_number(db, &last, &number, err))
        return false;
    if (number >= migration->number)
        return true;
    if (!database_exec(db->handle, migration->name, migration->text, err))
        return false;
    if (sqlite3_get_autocommit(db->handle))
        return error_set(err, ERROR_INTERNAL, "migration %s ends the transaction it runs in",
                         migration->name);
    if (!check_references(db, err) || !record(db, migration, now_ms, err))
        return false;
    FAULT(MIGRATE_MID);
    return true;
}

static bool migrate_one(struct db *db, const struct migration *migration, int64_t now_ms,
                        struct error *err)
{
    struct error cause = {0};
    char detail[sizeof(cause.detail)];

    if (!run(db, &begin, err))
        return false;
    if (apply(db, migration, now_ms, &cause) && run(db, &commit, &cause)) {
        FAULT(MIGRATE_NEXT);
        return true;
    }
    if (!sqlite3_get_autocommit(db->handle))
        (void)statement_run(db, &rollback); /* the first failure counts */
    /* The code stays: a full disk is not a broken migration. */
    (void)snprintf(detail, sizeof(detail), "%s",
                   cause.detail[0] == '\0' ? cause.message : cause.detail);
    (void)error_set(err, cause.code, "migration %s failed: %.100s", migration->name, cause.message);
    return error_detail(err, "%s", detail);
}

static bool back_up(struct db *db, const struct db_config *config, size_t applied,
                    struct error *err)
{
    char *path;
    bool ok;

    if (mkdir(config->backup_directory, 0700) != 0 && errno != EEXIST) {
        (void)error_set(err, ERROR_INTERNAL,
                        "the folder for the copy before a migration cannot be made (errno %d)",
                        errno);
        return error_detail(err, "%s", config->backup_directory);
    }
    if (asprintf(&path, "%s/schema-%04d.db", config->backup_directory,
                 config->migrations[applied - 1].number) < 0)
        abort();
    ok = backup_copy(sqlite3_db_filename(db->handle, "main"), path, true, err);
    if (ok)
        log_info("database_backed_up", LOG_CSTR("path", path));
    free(path);
    return ok;
}

/* A table is rebuilt by a copy and a rename, which references must survive: they are off meanwhile
 * and checked before each commit. */
static bool apply_missing(struct db *db, const struct db_config *config, size_t applied,
                          struct error *err)
{
    if (!database_exec(db->handle, "db_references_off", "PRAGMA foreign_keys = OFF", err))
        return false;
    for (size_t i = applied; i < config->migration_count; i++) {
        if (!migrate_one(db, &config->migrations[i], clock_wall_ms(config->clock), err))
            return false;
        log_info("database_migrated", LOG_CSTR("migration", config->migrations[i].name));
    }
    return database_exec(db->handle, "db_references_on", "PRAGMA foreign_keys = ON", err) &&
           integrity_check(db->handle, err);
}

/* The change to a write-ahead log needs the file for a moment alone, and SQLite does not wait for
 * that as it waits for other locks: two processes may start at once. */
static bool use_wal(struct db *db, struct error *err)
{
    int64_t give_up_ms = db_mono_ms() + DB_BUSY_MS;
    const struct timespec pause = {.tv_nsec = 5000000};
    int rc;

    for (;;) {
        rc = sqlite3_exec(db->handle, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if ((rc & 0xff) != SQLITE_BUSY || db_mono_ms() >= give_up_ms)
            break;
        (void)nanosleep(&pause, NULL);
    }
    return rc == SQLITE_OK || database_error(db->handle, rc, "db_use_wal", err);
}

/* A full disk hinders those who write, not those who read; and who is in the way keeps the log
 * himself. */
static bool take_log(struct db *db, bool is_written_next, struct error *err)
{
    struct error why = {0};
    int rc = log_store(db);

    if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY)
        return true;
    (void)database_error(db->handle, rc, "db_log_store", &why);
    db->pool->writer.is_log_doubtful = true;
    if (why.code == ERROR_STORAGE_FULL && !is_written_next)
        return true;
    *err = why;
    return false;
}

static bool is_newest(const struct db_config *config, size_t applied, struct error *err)
{
    return applied == config->migration_count ||
           error_set(err, ERROR_CONFLICT,
                     "the database has %zu of the %zu steps of this version; its server, started "
                     "once, brings it up to date",
                     applied, config->migration_count);
}

bool migrate(struct db *db, const struct db_config *config, struct error *err)
{
    size_t applied;
    bool ok;

    for (size_t i = 0; i < config->migration_count; i++)
        assert(config->migrations[i].number == (int)i + 1);
    db->is_in_work = true;
    /* Only a file that is ours is changed in any way. */
    ok = look(db, config, &applied, err) &&
         (config->is_as_found || config->is_read_only
              ? is_newest(config, applied, err)
              : use_wal(db, err) && take_log(db, applied < config->migration_count, err));
    if (ok && applied < config->migration_count) {
        ok = (applied == 0 || config->backup_directory == NULL ||
              back_up(db, config, applied, err)) &&
             apply_missing(db, config, applied, err) &&
             look(db, config, &applied, err); /* another process may have been faster, and newer */
    }
    db->is_in_work = false;
    return ok;
}
