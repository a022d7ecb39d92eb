/* Archives that were asked for. */
#include "asset/asset_private.h"

bool archive_store_add(struct db *db, int64_t user_id, struct str id, struct str selection,
                       int64_t now_ms, struct error *err)
{
    static const struct sql insert = {"archive_store_add",
                                      "INSERT INTO archive (public_id, user_id, selection, "
                                      "created_at_ms) VALUES ($1, $2, $3, $4)",
                                      NULL};
    const struct sql_value args[] = {SQL_TEXT(id), SQL_INT64(user_id), SQL_TEXT(selection),
                                     SQL_INT64(now_ms)};

    return db_exec_one(db, &insert, args, COUNT(args), err);
}

bool archive_store_find(struct db *db, int64_t user_id, struct str id, int64_t now_ms,
                        struct arena *arena, struct str *selection, struct error *err)
{
    static const struct sql find = {
        "archive_store_find",
        "SELECT selection, created_at_ms FROM archive WHERE public_id = $1 AND user_id = $2", NULL};
    const struct sql_value args[] = {SQL_TEXT(id), SQL_INT64(user_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_NOT_FOUND, "no such archive");
    if (rows_int64(&rows, "created_at_ms") + ARCHIVE_LIFE_MS <= now_ms)
        return error_set(err, ERROR_GONE, "this archive's link has ended; ask for another");
    *selection = rows_str(&rows, "selection", arena);
    return true;
}

bool archive_store_trim(struct db *db, int64_t before_ms, struct error *err)
{
    static const struct sql remove = {"archive_store_trim",
                                      "DELETE FROM archive WHERE id IN (SELECT id FROM archive"
                                      " WHERE created_at_ms < $1 LIMIT 1000)",
                                      NULL};
    const struct sql_value args[] = {SQL_INT64(before_ms)};

    return db_exec(db, &remove, args, COUNT(args), NULL, err);
}
