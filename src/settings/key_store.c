#include "settings/settings_private.h"

#define KEY_COLUMNS "id, public_id, provider_id, sealed, hint, weight, is_enabled, created_at_ms"

static bool read_keys(struct db *db, const struct sql *sql, struct sql_value arg, size_t most,
                      struct arena *arena, struct key_row **items, size_t *count, struct error *err)
{
    struct key_row *found = NULL;
    size_t found_count = 0;
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, sql, &arg, 1, &rows, err))
        return false;
    while (found_count < most && rows_next(&rows)) {
        found = arena_more(arena, found, sizeof(*found), found_count);
        found[found_count++] = (struct key_row){
            .id = rows_int64(&rows, "id"),
            .public_id = rows_str(&rows, "public_id", arena),
            .provider_id = rows_int64(&rows, "provider_id"),
            .sealed = rows_str(&rows, "sealed", arena),
            .hint = rows_str(&rows, "hint", arena),
            .weight = rows_int64(&rows, "weight"),
            .is_enabled = rows_bool(&rows, "is_enabled"),
            .created_at_ms = rows_int64(&rows, "created_at_ms"),
        };
    }
    if (rows_failed(&rows))
        return false;
    *items = found;
    *count = found_count;
    return true;
}

bool key_store_list_of(struct db *db, int64_t provider_id, struct arena *arena,
                       struct key_row **items, size_t *count, struct error *err)
{
    static const struct sql list = {"key_store_list_of",
                                    "SELECT " KEY_COLUMNS " FROM provider_key"
                                    " WHERE provider_id = $1 ORDER BY id LIMIT 8",
                                    NULL};

    return read_keys(db, &list, SQL_INT64(provider_id), PROVIDER_KEYS_MAX, arena, items, count,
                     err);
}

bool key_store_list(struct db *db, struct arena *arena, struct key_row **items, size_t *count,
                    struct error *err)
{
    static const struct sql list = {"key_store_list",
                                    "SELECT " KEY_COLUMNS " FROM provider_key"
                                    " ORDER BY provider_id, id LIMIT $1",
                                    NULL};
    const size_t most = PROVIDERS_MAX * (size_t)PROVIDER_KEYS_MAX;

    return read_keys(db, &list, SQL_INT64((int64_t)most), most, arena, items, count, err);
}

bool key_store_has(struct db *db, int64_t key_id, bool *out, struct error *err)
{
    static const struct sql find = {
        "key_store_has", "SELECT EXISTS (SELECT 1 FROM provider_key WHERE id = $1) AS is_there",
        NULL};
    const struct sql_value args[] = {SQL_INT64(key_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "nothing was counted");
    *out = rows_bool(&rows, "is_there");
    return true;
}

bool key_store_add(struct db *db, const struct key_row *row, struct error *err)
{
    static const struct sql add = {
        "key_store_add",
        "INSERT INTO provider_key (public_id, provider_id, sealed, hint, weight, is_enabled,"
        " created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        NULL};
    const struct sql_value args[] = {SQL_TEXT(row->public_id),     SQL_INT64(row->provider_id),
                                     SQL_TEXT(row->sealed),        SQL_TEXT(row->hint),
                                     SQL_INT64(row->weight),       SQL_BOOL(row->is_enabled),
                                     SQL_INT64(row->created_at_ms)};

    return db_exec_one(db, &add, args, COUNT(args), err);
}

bool key_store_update(struct db *db, const struct key_row *row, struct error *err)
{
    static const struct sql update = {
        "key_store_update",
        "UPDATE provider_key SET sealed = $2, hint = $3, weight = $4, is_enabled = $5"
        " WHERE id = $1",
        NULL};
    const struct sql_value args[] = {SQL_INT64(row->id), SQL_TEXT(row->sealed), SQL_TEXT(row->hint),
                                     SQL_INT64(row->weight), SQL_BOOL(row->is_enabled)};

    return db_exec_one(db, &update, args, COUNT(args), err);
}

bool key_store_remove(struct db *db, int64_t key_id, struct error *err)
{
    static const struct sql remove = {"key_store_remove", "DELETE FROM provider_key WHERE id = $1",
                                      NULL};
    const struct sql_value args[] = {SQL_INT64(key_id)};

    return db_exec_one(db, &remove, args, COUNT(args), err);
}

bool key_store_remove_all(struct db *db, int64_t provider_id, struct error *err)
{
    static const struct sql remove = {"key_store_remove_all",
                                      "DELETE FROM provider_key WHERE provider_id = $1", NULL};
    const struct sql_value args[] = {SQL_INT64(provider_id)};

    return db_exec(db, &remove, args, COUNT(args), NULL, err);
}
