#include "db/db_private.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const struct sql begin_read = {"db_begin_read", "BEGIN DEFERRED", NULL};

bool database_is_fsync_error(int rc)
{
    return rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC;
}

/* SQLite reports a passed quota as a plain failed write, and a log that cannot be made as one that
 * cannot be opened. */
static bool is_out_of_room(sqlite3 *handle, int rc)
{
    int system_errno = handle == NULL ? 0 : sqlite3_system_errno(handle);

    return ((rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN) &&
           !database_is_fsync_error(rc) && (system_errno == ENOSPC || system_errno == EDQUOT);
}

/* The extended code is looked for first, then the plain one in its low byte. */
static const struct {
    int rc;
    enum error_code code;
    const char *message;
} failures[] = {
    {SQLITE_IOERR_FSYNC,           ERROR_INTERNAL,     "the disk failed to store data"              },
    {SQLITE_IOERR_DIR_FSYNC,       ERROR_INTERNAL,     "the disk failed to store data"              },
    {SQLITE_CONSTRAINT_UNIQUE,     ERROR_CONFLICT,     "it exists already"                          },
    {SQLITE_CONSTRAINT_PRIMARYKEY, ERROR_CONFLICT,     "it exists already"                          },
    {SQLITE_CONSTRAINT_ROWID,      ERROR_CONFLICT,     "it exists already"                          },
    {SQLITE_CONSTRAINT_FOREIGNKEY, ERROR_CONFLICT,     "what it belongs to is missing, or is in use"},
    {SQLITE_BUSY,                  ERROR_UNAVAILABLE,  "the database is busy"                       },
    {SQLITE_LOCKED,                ERROR_UNAVAILABLE,  "the database is busy"                       },
    {SQLITE_INTERRUPT,             ERROR_UNAVAILABLE,  "the database took too long"                 },
    {SQLITE_NOMEM,                 ERROR_UNAVAILABLE,  "there is not enough memory"                 },
    {SQLITE_FULL,                  ERROR_STORAGE_FULL, "the disk is full"                           },
    {SQLITE_TOOBIG,                ERROR_TOO_LARGE,    "a value is larger than the database takes"  },
    {SQLITE_IOERR,                 ERROR_INTERNAL,     "the disk failed under the database"         },
    {SQLITE_CANTOPEN,              ERROR_INTERNAL,     "the database cannot be opened"              },
    {SQLITE_READONLY,              ERROR_INTERNAL,     "the database file cannot be written"        },
    {SQLITE_NOTADB,                ERROR_INTERNAL,     "the database file is not one of vitrine's"  },
    {SQLITE_CORRUPT,               ERROR_INTERNAL,     "the database is damaged"                    },
};

bool database_error(sqlite3 *handle, int rc, const char *name, struct error *err)
{
    enum error_code code = ERROR_INTERNAL;
    const char *message = "the database failed";

    /* From the last row to the first, so that the most exact one stays. */
    for (size_t i = COUNT(failures); i > 0; i--) {
        if (failures[i - 1].rc == rc || failures[i - 1].rc == (rc & 0xff)) {
            code = failures[i - 1].code;
            message = failures[i - 1].message;
        }
    }
    if (is_out_of_room(handle, rc)) {
        code = ERROR_STORAGE_FULL;
        message = "the disk is full";
    }
    (void)error_set(err, code, "%s", message);
    return error_detail(err, "%s: %s (SQLite %d)", name,
                        handle == NULL ? sqlite3_errstr(rc) : sqlite3_errmsg(handle), rc);
}

bool database_exec(sqlite3 *handle, const char *name, const char *text, struct error *err)
{
    int rc = sqlite3_exec(handle, text, NULL, NULL, NULL);

    return rc == SQLITE_OK || database_error(handle, rc, name, err);
}

/* ---- the statements of a connection ---- */

static void statement_destroy(struct statement *statement)
{
    for (int i = 0; i < statement->column_count; i++)
        free(statement->columns[i]);
    free(statement->columns);
    free(statement->asked);
    free(statement->column_after);
    free(statement->argument_of);
    (void)sqlite3_finalize(statement->handle); /* says again what the last step said */
    free(statement);
}

/* SQLite numbers $n by first appearance, so the name says which argument it is. */
static int argument_of_name(const char *name)
{
    long number;
    char *end;

    assert(name != NULL && name[0] == '$');
    errno = 0;
    number = strtol(name + 1, &end, 10);
    assert(errno == 0 && *end == '\0');
    assert(number >= 1 && number <= INT_MAX);
    return (int)(number - 1);
}

static struct statement *statement_create(const struct sql *sql, sqlite3_stmt *handle)
{
    struct statement *statement = db_alloc(sizeof(*statement));

    statement->sql = sql;
    statement->text = sql->text;
    statement->handle = handle;
    statement->is_reading = sqlite3_stmt_readonly(handle) != 0;
    statement->parameter_count = sqlite3_bind_parameter_count(handle);
    statement->column_count = sqlite3_column_count(handle);
    statement->argument_of = db_alloc((size_t)statement->parameter_count * sizeof(int));
    statement->columns = db_alloc((size_t)statement->column_count * sizeof(char *));
    statement->asked = db_alloc((size_t)statement->column_count * sizeof(char *));
    statement->column_after = db_alloc(((size_t)statement->column_count + 1) * sizeof(int));
    for (int i = 0; i < statement->parameter_count; i++)
        statement->argument_of[i] = argument_of_name(sqlite3_bind_parameter_name(handle, i + 1));
    for (int i = 0; i < statement->column_count; i++) {
        statement->columns[i] = strdup(sqlite3_column_name(handle, i));
        assert(statement->columns[i] != NULL);
    }
    return statement;
}

static struct statement **bucket_of(struct db *db, const struct sql *sql)
{
    uint64_t mixed = (uint64_t)(uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15);

    return &db->buckets[(mixed >> 32) % DB_STATEMENT_BUCKETS];
}

/* Ends the statement that was not used for the longest time. */
static void evict_one(struct db *db)
{
    struct statement **oldest = NULL;
    struct statement *victim;

    for (size_t i = 0; i < DB_STATEMENT_BUCKETS; i++) {
        for (struct statement **at = &db->buckets[i]; *at != NULL; at = &(*at)->next) {
            if (!(*at)->is_taken && (oldest == NULL || (*at)->used_at < (*oldest)->used_at))
                oldest = at;
        }
    }
    if (oldest == NULL)
        return;
    victim = *oldest;
    *oldest = victim->next;
    statement_destroy(victim);
    db->statement_count--;
}

/* The prepared form of `sql`, taken until statement_give_back().  NULL: `*rc` says why. */
static struct statement *statement_take(struct db *db, const struct sql *sql, int *rc)
{
    struct statement **bucket = bucket_of(db, sql);
    struct statement *found = *bucket;
    sqlite3_stmt *handle = NULL;

    while (found != NULL && (found->sql != sql || found->is_taken))
        found = found->next;
    if (found == NULL) {
        *rc =
            sqlite3_prepare_v3(db->handle, sql->text, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL);
        if (*rc != SQLITE_OK)
            return NULL;
        assert(handle != NULL);
        if (db->statement_count >= DB_STATEMENTS_MAX)
            evict_one(db);
        found = statement_create(sql, handle);
        found->next = *bucket;
        *bucket = found;
        db->statement_count++;
    }
    assert(found->text == sql->text); /* a literal's; its address is what it is found by */
    found->is_taken = true;
    db->has_written |= !found->is_reading;
    found->used_at = ++db->use_count;
    found->column_last = found->column_count;
    db->taken_count++;
    *rc = SQLITE_OK;
    return found;
}

static void statement_give_back(struct db *db, struct statement *statement)
{
    assert(statement->is_taken);
    (void)sqlite3_reset(statement->handle); /* says again what the last step said */
    if (statement->parameter_count > 0)
        (void)sqlite3_clear_bindings(statement->handle); /* always SQLITE_OK */
    statement->is_taken = false;
    db->taken_count--;
}

void statements_reset(struct db *db)
{
    if (db->taken_count == 0)
        return;
    for (size_t i = 0; i < DB_STATEMENT_BUCKETS; i++) {
        for (struct statement *at = db->buckets[i]; at != NULL; at = at->next) {
            if (at->is_taken)
                statement_give_back(db, at);
        }
    }
    assert(db->taken_count == 0);
}

void statements_finish(struct db *db)
{
    for (size_t i = 0; i < DB_STATEMENT_BUCKETS; i++) {
        while (db->buckets[i] != NULL) {
            struct statement *next = db->buckets[i]->next;

            statement_destroy(db->buckets[i]);
            db->buckets[i] = next;
        }
    }
    db->statement_count = 0;
    db->taken_count = 0;
}

int statement_run(struct db *db, const struct sql *sql)
{
    int rc;
    struct statement *statement = statement_take(db, sql, &rc);

    if (statement == NULL)
        return rc;
    db->slow_since_ms = 0;
    rc = sqlite3_step(statement->handle);
    statement_give_back(db, statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* ---- values ---- */

static int bind_one(sqlite3_stmt *handle, int at, const struct sql_value *value,
                    sqlite3_destructor_type lifetime)
{
    struct str text = value->text;

    switch (value->type) {
    case SQL_TYPE_NULL:
        return sqlite3_bind_null(handle, at);
    case SQL_TYPE_INT64:
        return sqlite3_bind_int64(handle, at, value->number);
    case SQL_TYPE_DOUBLE:
        return sqlite3_bind_double(handle, at, value->real);
    case SQL_TYPE_TEXT:
        /* A NULL pointer would be bound as NULL: empty text is not that. */
        return sqlite3_bind_text64(handle, at, text.size == 0 ? "" : text.data, text.size, lifetime,
                                   SQLITE_UTF8);
    case SQL_TYPE_BLOB:
        if (text.size == 0)
            return sqlite3_bind_zeroblob(handle, at, 0);
        return sqlite3_bind_blob64(handle, at, text.data, text.size, lifetime);
    }
    assert(false && "a value of no type");
    return SQLITE_MISUSE;
}

static int bind_all(struct statement *statement, const struct sql_value *args, size_t count,
                    sqlite3_destructor_type lifetime)
{
    int argument_max = -1;

    for (int i = 0; i < statement->parameter_count; i++) {
        int argument = statement->argument_of[i];
        int rc;

        assert((size_t)argument < count);
        if (argument > argument_max)
            argument_max = argument;
        rc = bind_one(statement->handle, i + 1, &args[argument], lifetime);
        if (rc != SQLITE_OK)
            return rc;
    }
    assert(argument_max + 1 == (int)count); /* none too many */
    return SQLITE_OK;
}

/* On the writer a statement runs inside the group's transaction or not at all: were that gone,
 * SQLite would commit the statement by itself. */
static bool writer_ready(struct db *db, const struct sql *sql, struct error *err)
{
    assert(db->is_in_work);
    if (!sqlite3_get_autocommit(db->handle))
        return true;
    (void)error_set(err, db->lost_code == ERROR_NONE ? ERROR_INTERNAL : db->lost_code,
                    "the transaction was rolled back");
    return error_detail(err, "%s: the transaction is gone", sql->name);
}

static bool statement_error(struct db *db, const struct sql *sql, int rc, struct error *err)
{
    (void)database_error(db->handle, rc, sql->name, err);
    if (!db->is_writer)
        return false;
    if (sqlite3_get_autocommit(db->handle) && db->lost_code == ERROR_NONE)
        db->lost_code = err->code;
    if (database_is_fsync_error(rc))
        db->pool->writer.is_broken = true;
    return false;
}

/* ---- queries ---- */

static int rows_step(struct rows *rows)
{
    struct statement *statement = rows->statement;
    int rc;

    rows->db->slow_since_ms = 0;
    rc = sqlite3_step(statement->handle);
    if (rc == SQLITE_ROW)
        return rc;
    rows->is_done = rc == SQLITE_DONE;
    if (!rows->is_done)
        (void)statement_error(rows->db, statement->sql, rc, rows->err);
    rows->statement = NULL;
    statement_give_back(rows->db, statement);
    return rc;
}

bool db_query(struct db *db, const struct sql *sql, const struct sql_value *args, size_t count,
              struct rows *out, struct error *err)
{
    struct statement *statement;
    int rc = SQLITE_OK;

    assert(out->statement == NULL);
    if (db->is_writer && !writer_ready(db, sql, err))
        return false;
    if (!db->is_writer && sqlite3_get_autocommit(db->handle))
        rc = statement_run(db, &begin_read);
    if (rc != SQLITE_OK)
        return statement_error(db, &begin_read, rc, err);
    statement = statement_take(db, sql, &rc);
    if (statement == NULL)
        return statement_error(db, sql, rc, err);
    rc = bind_all(statement, args, count, SQLITE_TRANSIENT);
    if (rc != SQLITE_OK) {
        (void)statement_error(db, sql, rc, err);
        statement_give_back(db, statement);
        return false;
    }
    *out = (struct rows){.statement = statement, .db = db, .err = err};
    rc = rows_step(out);
    out->is_stepped = rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

bool rows_next(struct rows *rows)
{
    if (rows->is_stepped) { /* db_query() took this step */
        rows->is_stepped = false;
        return true;
    }
    return rows->statement != NULL && rows_step(rows) == SQLITE_ROW;
}

bool rows_failed(const struct rows *rows)
{
    return rows->db != NULL && rows->statement == NULL && !rows->is_done;
}

void rows_finish(struct rows *rows)
{
    if (rows->statement != NULL)
        statement_give_back(rows->db, rows->statement);
    *rows = (struct rows){0};
}

static int column_search(const struct statement *statement, const char *column)
{
    int at = 0;

    while (at < statement->column_count && statement->asked[at] != column)
        at++;
    if (at < statement->column_count)
        return at;
    at = 0;
    while (at < statement->column_count && strcmp(statement->columns[at], column) != 0)
        at++;
    assert(at < statement->column_count && "a column of that name");
    return at;
}

/* Every row is read in the same order, whatever that is: after a column comes the one that came
 * after it before.  Names are literals, so the same address is the same name. */
static int column_find(struct rows *rows, const char *column)
{
    struct statement *statement = rows->statement;
    int *guess;

    assert(statement != NULL && statement->column_count > 0);
    guess = &statement->column_after[statement->column_last];
    if (statement->asked[*guess] != column) {
        *guess = column_search(statement, column);
        statement->asked[*guess] = column;
    }
    statement->column_last = *guess;
    return *guess;
}

static sqlite3_stmt *row_handle(const struct rows *rows)
{
    return ((const struct statement *)rows->statement)->handle;
}

int64_t rows_int64(struct rows *rows, const char *column)
{
    int at = column_find(rows, column);

    return sqlite3_column_int64(row_handle(rows), at);
}

double rows_double(struct rows *rows, const char *column)
{
    int at = column_find(rows, column);

    return sqlite3_column_double(row_handle(rows), at);
}

bool rows_bool(struct rows *rows, const char *column) { return rows_int64(rows, column) != 0; }

bool rows_is_null(struct rows *rows, const char *column)
{
    int at = column_find(rows, column);

    return sqlite3_column_type(row_handle(rows), at) == SQLITE_NULL;
}

struct str rows_str(struct rows *rows, const char *column, struct arena *arena)
{
    int at = column_find(rows, column);
    sqlite3_stmt *handle = row_handle(rows);
    struct str text = STR_EMPTY;

    /* The pointer first: asking for it may change the form, and with it the size. */
    if (sqlite3_column_type(handle, at) == SQLITE_BLOB)
        text.data = sqlite3_column_blob(handle, at);
    else
        text.data = (const char *)sqlite3_column_text(handle, at);
    if (text.data == NULL)
        return STR_EMPTY;
    text.size = (size_t)sqlite3_column_bytes(handle, at);
    return arena_str(arena, text);
}

/* ---- changes ---- */

bool db_exec(struct db *db, const struct sql *sql, const struct sql_value *args, size_t count,
             int64_t *changed, struct error *err)
{
    struct statement *statement;
    int rc;

    assert(db->is_writer);
    if (!writer_ready(db, sql, err))
        return false;
    statement = statement_take(db, sql, &rc);
    if (statement == NULL)
        return statement_error(db, sql, rc, err);
    rc = bind_all(statement, args, count, SQLITE_STATIC);
    if (rc == SQLITE_OK) {
        do
            rc = sqlite3_step(statement->handle);
        while (rc == SQLITE_ROW); /* RETURNING: nobody asked */
    }
    if (rc != SQLITE_DONE)
        (void)statement_error(db, sql, rc, err);
    else if (changed != NULL)
        *changed = sqlite3_changes64(db->handle);
    statement_give_back(db, statement);
    return rc == SQLITE_DONE;
}

bool db_exec_one(struct db *db, const struct sql *sql, const struct sql_value *args, size_t count,
                 struct error *err)
{
    int64_t changed;

    if (!db_exec(db, sql, args, count, &changed, err))
        return false;
    if (changed == 1)
        return true;
    (void)error_set(err, ERROR_CONFLICT, "it was changed by someone else meanwhile");
    return error_detail(err, "%s: %" PRId64 " rows instead of 1", sql->name, changed);
}

int64_t db_last_id(struct db *db)
{
    assert(db->is_in_work);
    return sqlite3_last_insert_rowid(db->handle);
}
