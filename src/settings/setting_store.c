#include "settings/settings_private.h"

/* Names of older builds may lie about; twice the table is more than enough. */
enum { SAVED_MAX = SETTING_COUNT_MAX * 2 };

bool setting_store_list(struct db *db, struct arena *arena, struct saved_setting **items,
                        size_t *count, struct error *err)
{
    static const struct sql list = {"setting_store_list",
                                    "SELECT name, value FROM setting ORDER BY name LIMIT $1", NULL};
    const struct sql_value args[] = {SQL_INT64(SAVED_MAX)};
    struct saved_setting *found = NULL;
    size_t found_count = 0;
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (found_count < SAVED_MAX && rows_next(&rows)) {
        found = arena_more(arena, found, sizeof(*found), found_count);
        found[found_count++] = (struct saved_setting){
            .name = rows_str(&rows, "name", arena),
            .value = rows_str(&rows, "value", arena),
        };
    }
    if (rows_failed(&rows))
        return false;
    *items = found;
    *count = found_count;
    return true;
}

bool setting_store_set(struct db *db, struct str name, struct str value, int64_t now_ms,
                       int64_t user_id, struct error *err)
{
    static const struct sql set = {
        "setting_store_set",
        "INSERT INTO setting (name, value, changed_at_ms, changed_by) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value,"
        " changed_at_ms = excluded.changed_at_ms, changed_by = excluded.changed_by",
        NULL};
    const struct sql_value args[] = {SQL_TEXT(name), SQL_TEXT(value), SQL_INT64(now_ms),
                                     SQL_INT64(user_id)};

    return db_exec_one(db, &set, args, COUNT(args), err);
}

bool setting_store_remove(struct db *db, struct str name, struct error *err)
{
    static const struct sql remove = {"setting_store_remove", "DELETE FROM setting WHERE name = $1",
                                      NULL};
    const struct sql_value args[] = {SQL_TEXT(name)};

    return db_exec(db, &remove, args, COUNT(args), NULL, err);
}
