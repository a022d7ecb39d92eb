#include "blob/blob_private.h"
#include "core/fault.h"

/* A row of another size is of other bytes: no row changes then, and that is a conflict. */
static bool row_keep(struct db *db, const struct blob *blob, int64_t now_ms, struct error *err)
{
    static const struct sql keep = {
        "blob_keep",
        "INSERT INTO blob (sha256, size, state, state_at_ms, created_at_ms)"
        " VALUES ($1, $2, 'live', $3, $3)"
        " ON CONFLICT (sha256) DO UPDATE SET"
        " state_at_ms = CASE blob.state WHEN 'live' THEN blob.state_at_ms ELSE $3 END,"
        " state = 'live', unreferenced_at_ms = NULL"
        " WHERE blob.size = excluded.size",
        NULL};
    const struct sql_value args[] = {SQL_CSTR(blob->name), SQL_INT64(blob->size),
                                     SQL_INT64(now_ms)};

    return db_exec_one(db, &keep, args, COUNT(args), err);
}

bool blob_ref_add(struct db *db, const struct blob *blob, struct str owner, int64_t now_ms,
                  struct error *err)
{
    static const struct sql add = {"blob_ref_add",
                                   "INSERT INTO blob_ref (sha256, owner, created_at_ms)"
                                   " VALUES ($1, $2, $3) ON CONFLICT (sha256, owner) DO NOTHING",
                                   NULL};
    const struct sql_value args[] = {SQL_CSTR(blob->name), SQL_TEXT(owner), SQL_INT64(now_ms)};

    if (!row_keep(db, blob, now_ms, err))
        return false;
    FAULT(BLOB_ROW);
    return db_exec(db, &add, args, COUNT(args), NULL, err);
}

bool blob_ref_drop(struct db *db, struct str name, struct str owner, int64_t now_ms,
                   struct error *err)
{
    static const struct sql drop = {"blob_ref_drop",
                                    "DELETE FROM blob_ref WHERE sha256 = $1 AND owner = $2", NULL};
    static const struct sql note = {
        "blob_note_unreferenced",
        "UPDATE blob SET unreferenced_at_ms = $2"
        " WHERE sha256 = $1 AND unreferenced_at_ms IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM blob_ref WHERE blob_ref.sha256 = $1)",
        NULL};
    const struct sql_value drop_args[] = {SQL_TEXT(name), SQL_TEXT(owner)};
    const struct sql_value note_args[] = {SQL_TEXT(name), SQL_INT64(now_ms)};

    return db_exec(db, &drop, drop_args, COUNT(drop_args), NULL, err) &&
           db_exec(db, &note, note_args, COUNT(note_args), NULL, err);
}
