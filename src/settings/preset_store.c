#include "settings/preset_private.h"

#include "core/text.h"

/* Of whoever asks, $1. */
#define PRESET                                                                                     \
    "SELECT p.id AS row_id, p.user_id, p.public_id, p.name, u.name AS owner_name, p.operation,"    \
    " p.count, p.parameters, p.is_shared, p.version, p.created_at_ms, p.changed_at_ms,"            \
    " p.user_id = $1 AS is_mine, d.preset_id IS NOT NULL AS is_default"                            \
    " FROM preset p JOIN user u ON u.id = p.user_id"                                               \
    " LEFT JOIN preset_default d ON d.user_id = $1 AND d.preset_id = p.id"                         \
    " WHERE (p.user_id = $1 OR p.is_shared = 1)"

static struct preset read_row(struct rows *rows, struct arena *arena)
{
    const int64_t version = rows_int64(rows, "version");
    char text[STR_INT64_SIZE];

    return (struct preset){
        .row_id = rows_int64(rows, "row_id"),
        .user_id = rows_int64(rows, "user_id"),
        .version = version,
        .id = rows_str(rows, "public_id", arena),
        .etag = arena_str(arena, str_print_int64(version, text)),
        .name = rows_str(rows, "name", arena),
        .owner_name = rows_str(rows, "owner_name", arena),
        .operation = rows_str(rows, "operation", arena),
        .parameters = rows_str(rows, "parameters", arena),
        .count = rows_int64(rows, "count"),
        .is_mine = rows_bool(rows, "is_mine"),
        .is_shared = rows_bool(rows, "is_shared"),
        .is_default = rows_bool(rows, "is_default"),
        .created_at_ms = rows_int64(rows, "created_at_ms"),
        .changed_at_ms = rows_int64(rows, "changed_at_ms"),
    };
}

bool preset_store_list(struct db *db, int64_t user_id, struct arena *arena, struct preset **items,
                       size_t *count, struct error *err)
{
    static const struct sql list = {
        "preset_store_list", PRESET " ORDER BY p.user_id <> $1, lower(p.name), p.id LIMIT $2",
        NULL};
    const size_t most = PRESETS_OWN_MAX + PRESETS_SHARED_MAX;
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64((int64_t)most)};
    struct preset *found = NULL;
    size_t found_count = 0;
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (found_count < most && rows_next(&rows)) {
        found = arena_more(arena, found, sizeof(*found), found_count);
        found[found_count++] = read_row(&rows, arena);
    }
    if (rows_failed(&rows))
        return false;
    *items = found;
    *count = found_count;
    return true;
}

bool preset_store_find(struct db *db, int64_t user_id, struct str id, struct arena *arena,
                       struct preset *out, struct error *err)
{
    static const struct sql find = {"preset_store_find", PRESET " AND p.public_id = $2", NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_TEXT(id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_NOT_FOUND, "no such preset");
    *out = read_row(&rows, arena);
    return true;
}

bool preset_store_count(struct db *db, int64_t user_id, int64_t *own, int64_t *shared,
                        struct error *err)
{
    static const struct sql find = {
        "preset_store_count",
        "SELECT (SELECT count(*) FROM preset WHERE user_id = $1) AS own,"
        " (SELECT count(*) FROM preset WHERE is_shared = 1) AS shared",
        NULL};
    const struct sql_value args[] = {SQL_INT64(user_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "nothing was counted");
    *own = rows_int64(&rows, "own");
    *shared = rows_int64(&rows, "shared");
    return true;
}

static bool taken(struct str name, struct error *err)
{
    if (err->code != ERROR_CONFLICT)
        return false;
    return error_field(err, ERROR_CONFLICT, "name", 0, "you have a preset named %.*s already",
                       STR_ARGS(text_clip(name, 100)));
}

bool preset_store_add(struct db *db, const struct preset *preset, int64_t *row_id,
                      struct error *err)
{
    static const struct sql add = {
        "preset_store_add",
        "INSERT INTO preset (public_id, user_id, name, operation, count, parameters, is_shared,"
        " version, created_at_ms, changed_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8)",
        NULL};
    const struct sql_value args[] = {SQL_TEXT(preset->id),        SQL_INT64(preset->user_id),
                                     SQL_TEXT(preset->name),      SQL_TEXT(preset->operation),
                                     SQL_INT64(preset->count),    SQL_TEXT(preset->parameters),
                                     SQL_BOOL(preset->is_shared), SQL_INT64(preset->created_at_ms)};

    if (!db_exec_one(db, &add, args, COUNT(args), err))
        return taken(preset->name, err);
    *row_id = db_last_id(db);
    return true;
}

bool preset_store_update(struct db *db, const struct preset *preset, struct error *err)
{
    static const struct sql update = {
        "preset_store_update",
        "UPDATE preset SET name = $2, count = $3, parameters = $4, is_shared = $5,"
        " changed_at_ms = $6, version = version + 1 WHERE id = $1",
        NULL};
    const struct sql_value args[] = {SQL_INT64(preset->row_id),   SQL_TEXT(preset->name),
                                     SQL_INT64(preset->count),    SQL_TEXT(preset->parameters),
                                     SQL_BOOL(preset->is_shared), SQL_INT64(preset->changed_at_ms)};

    return db_exec_one(db, &update, args, COUNT(args), err) || taken(preset->name, err);
}

bool preset_store_delete(struct db *db, int64_t row_id, struct error *err)
{
    static const struct sql remove = {"preset_store_delete", "DELETE FROM preset WHERE id = $1",
                                      NULL};
    const struct sql_value args[] = {SQL_INT64(row_id)};

    return db_exec_one(db, &remove, args, COUNT(args), err);
}

bool preset_store_set_default(struct db *db, int64_t user_id, int64_t row_id, struct error *err)
{
    static const struct sql set = {
        "preset_store_set_default",
        "INSERT INTO preset_default (user_id, preset_id) VALUES ($1, $2)"
        " ON CONFLICT (user_id) DO UPDATE SET preset_id = excluded.preset_id",
        NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64(row_id)};

    return db_exec_one(db, &set, args, COUNT(args), err);
}

bool preset_store_drop_default(struct db *db, int64_t user_id, int64_t row_id, struct error *err)
{
    static const struct sql drop = {
        "preset_store_drop_default",
        "DELETE FROM preset_default WHERE user_id = $1 AND preset_id = $2", NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64(row_id)};

    return db_exec(db, &drop, args, COUNT(args), NULL, err);
}
