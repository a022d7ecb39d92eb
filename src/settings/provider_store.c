#include "settings/settings_private.h"

#include <stdio.h>

#define PROVIDER_COLUMNS                                                                           \
    "id, public_id, kind, name, base_url, options, is_enabled,"                                    \
    " is_private_allowed, concurrency, per_minute, units_per_minute, on_unknown, "                 \
    "once_below_micro, stand_ins, is_paused, "                                                     \
    "pause_until_ms,"                                                                              \
    " pause_reason, created_at_ms, EXISTS (SELECT 1 FROM provider_model m"                         \
    " WHERE m.provider_id = provider.id AND (m.price <> '' OR m.price_micro IS NOT NULL))"         \
    " AS has_prices"

static struct provider_row read_provider(struct rows *rows, struct arena *arena)
{
    return (struct provider_row){
        .id = rows_int64(rows, "id"),
        .public_id = rows_str(rows, "public_id", arena),
        .kind = rows_str(rows, "kind", arena),
        .name = rows_str(rows, "name", arena),
        .base_url = rows_str(rows, "base_url", arena),
        .options = rows_str(rows, "options", arena),
        .is_enabled = rows_bool(rows, "is_enabled"),
        .is_private_allowed = rows_bool(rows, "is_private_allowed"),
        .is_paused = rows_bool(rows, "is_paused"),
        .concurrency = rows_int64(rows, "concurrency"),
        .per_minute = rows_int64(rows, "per_minute"),
        .units_per_minute = rows_int64(rows, "units_per_minute"),
        .on_unknown = rows_str(rows, "on_unknown", arena),
        .once_below_micro = rows_int64(rows, "once_below_micro"),
        .stand_ins = rows_str(rows, "stand_ins", arena),
        .pause_until_ms = rows_int64(rows, "pause_until_ms"),
        .pause_reason = rows_str(rows, "pause_reason", arena),
        .created_at_ms = rows_int64(rows, "created_at_ms"),
        .has_prices = rows_bool(rows, "has_prices"),
    };
}

/* All keys, each to its provider: both are in the order of provider ids. */
static bool share_keys(struct db *db, struct provider_row *rows, size_t count, struct arena *arena,
                       struct error *err)
{
    struct key_row *keys;
    size_t key_count, at = 0;

    if (!key_store_list(db, arena, &keys, &key_count, err))
        return false;
    for (size_t index = 0; index < count; index++) {
        while (at < key_count && keys[at].provider_id < rows[index].id)
            at++;
        rows[index].keys = key_count == 0 ? NULL : keys + at;
        while (at < key_count && keys[at].provider_id == rows[index].id) {
            at++;
            rows[index].key_count++;
        }
    }
    return true;
}

bool provider_store_list(struct db *db, struct arena *arena, struct provider_row **items,
                         size_t *count, struct error *err)
{
    static const struct sql list = {"provider_store_list",
                                    "SELECT " PROVIDER_COLUMNS " FROM provider"
                                    " WHERE deleted_at_ms IS NULL ORDER BY id LIMIT $1",
                                    NULL};
    const struct sql_value args[] = {SQL_INT64(PROVIDERS_MAX)};
    struct provider_row *found = NULL;
    size_t found_count = 0;
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (found_count < PROVIDERS_MAX && rows_next(&rows)) {
        found = arena_more(arena, found, sizeof(*found), found_count);
        found[found_count++] = read_provider(&rows, arena);
    }
    if (rows_failed(&rows))
        return false;
    rows_finish(&rows);
    if (!share_keys(db, found, found_count, arena, err) ||
        !offer_store_share(db, found, found_count, arena, err))
        return false;
    *items = found;
    *count = found_count;
    return true;
}

static bool find_one(struct db *db, const struct sql *sql, struct sql_value key,
                     struct arena *arena, struct provider_row *out, struct error *err)
{
    CLEANUP(rows_finish) struct rows rows = {0};
    struct key_row *keys;

    if (!db_query(db, sql, &key, 1, &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_NOT_FOUND, "no such provider");
    *out = read_provider(&rows, arena);
    rows_finish(&rows);
    if (!key_store_list_of(db, out->id, arena, &keys, &out->key_count, err))
        return false;
    out->keys = keys;
    return true;
}

bool provider_store_find(struct db *db, struct str public_id, struct arena *arena,
                         struct provider_row *out, struct error *err)
{
    static const struct sql find = {"provider_store_find",
                                    "SELECT " PROVIDER_COLUMNS " FROM provider"
                                    " WHERE public_id = $1 AND deleted_at_ms IS NULL",
                                    NULL};

    return find_one(db, &find, SQL_TEXT(public_id), arena, out, err);
}

bool provider_store_find_id(struct db *db, int64_t provider_id, struct arena *arena,
                            struct provider_row *out, struct error *err)
{
    static const struct sql find = {"provider_store_find_id",
                                    "SELECT " PROVIDER_COLUMNS " FROM provider"
                                    " WHERE id = $1 AND deleted_at_ms IS NULL",
                                    NULL};

    return find_one(db, &find, SQL_INT64(provider_id), arena, out, err);
}

bool provider_store_had_any(struct db *db, bool *had_any, struct error *err)
{
    static const struct sql find = {"provider_store_had_any",
                                    "SELECT EXISTS (SELECT 1 FROM provider) AS had_any", NULL};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, NULL, 0, &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "nothing was counted");
    *had_any = rows_bool(&rows, "had_any");
    return true;
}

/* The one rule of the table that two people at once can break. */
static bool taken(struct str name, struct error *err)
{
    if (err->code != ERROR_CONFLICT)
        return false;
    return error_field(err, ERROR_CONFLICT, "name", 0, "there is a provider named %.*s already",
                       STR_ARGS(name));
}

bool provider_store_add(struct db *db, const struct provider_row *row, int64_t *provider_id,
                        struct error *err)
{
    static const struct sql add = {
        "provider_store_add",
        "INSERT INTO provider (public_id, kind, name, base_url, options,"
        " is_enabled, is_private_allowed, concurrency, on_unknown, once_below_micro,"
        " created_at_ms, per_minute, units_per_minute, stand_ins)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        NULL};
    const struct sql_value args[] = {SQL_TEXT(row->public_id),
                                     SQL_TEXT(row->kind),
                                     SQL_TEXT(row->name),
                                     SQL_TEXT(row->base_url),
                                     SQL_TEXT(row->options),
                                     SQL_BOOL(row->is_enabled),
                                     SQL_BOOL(row->is_private_allowed),
                                     SQL_INT64(row->concurrency),
                                     SQL_TEXT(row->on_unknown),
                                     SQL_INT64(row->once_below_micro),
                                     SQL_INT64(row->created_at_ms),
                                     SQL_INT64(row->per_minute),
                                     SQL_INT64(row->units_per_minute),
                                     SQL_TEXT(row->stand_ins)};

    if (!db_exec_one(db, &add, args, COUNT(args), err))
        return taken(row->name, err);
    *provider_id = db_last_id(db);
    return true;
}

bool provider_store_update(struct db *db, const struct provider_row *row, struct error *err)
{
    static const struct sql update = {
        "provider_store_update",
        "UPDATE provider SET name = $2, base_url = $3, options = $4, is_enabled = $5,"
        " is_private_allowed = $6, concurrency = $7, on_unknown = $8, once_below_micro = $9,"
        " per_minute = $10, units_per_minute = $11, stand_ins = $12"
        " WHERE id = $1 AND deleted_at_ms IS NULL",
        NULL};
    const struct sql_value args[] = {SQL_INT64(row->id),
                                     SQL_TEXT(row->name),
                                     SQL_TEXT(row->base_url),
                                     SQL_TEXT(row->options),
                                     SQL_BOOL(row->is_enabled),
                                     SQL_BOOL(row->is_private_allowed),
                                     SQL_INT64(row->concurrency),
                                     SQL_TEXT(row->on_unknown),
                                     SQL_INT64(row->once_below_micro),
                                     SQL_INT64(row->per_minute),
                                     SQL_INT64(row->units_per_minute),
                                     SQL_TEXT(row->stand_ins)};

    return db_exec_one(db, &update, args, COUNT(args), err) || taken(row->name, err);
}

bool provider_store_pause(struct db *db, int64_t provider_id, bool is_paused, int64_t until_ms,
                          struct str reason, struct error *err)
{
    static const struct sql pause = {
        "provider_store_pause",
        "UPDATE provider SET is_paused = $2, pause_until_ms = $3, pause_reason = $4"
        " WHERE id = $1 AND deleted_at_ms IS NULL",
        NULL};
    const struct sql_value args[] = {SQL_INT64(provider_id), SQL_BOOL(is_paused),
                                     SQL_INT64_OR_NULL(until_ms), SQL_TEXT(reason)};
    int64_t changed;

    if (!db_exec(db, &pause, args, COUNT(args), &changed, err))
        return false;
    return changed == 1 || error_set(err, ERROR_NOT_FOUND, "no such provider");
}

bool provider_store_delete(struct db *db, int64_t provider_id, int64_t now_ms, struct error *err)
{
    static const struct sql remove = {
        "provider_store_delete",
        "UPDATE provider SET deleted_at_ms = $2, is_enabled = 0, options = '{}'"
        " WHERE id = $1 AND deleted_at_ms IS NULL",
        NULL};
    static const struct sql remove_models = {
        "provider_store_delete_models", "DELETE FROM provider_model WHERE provider_id = $1", NULL};
    const struct sql_value args[] = {SQL_INT64(provider_id), SQL_INT64(now_ms)};

    return key_store_remove_all(db, provider_id, err) && offer_store_remove(db, provider_id, err) &&
           db_exec(db, &remove_models, args, 1, NULL, err) &&
           db_exec_one(db, &remove, args, COUNT(args), err);
}

#define LIMIT_COLUMNS "concurrency, per_minute, units_per_minute, is_paused"
#define OVERRIDE_COLUMNS                                                                           \
    "provider_id, name, is_enabled, purposes, price_micro, price, " LIMIT_COLUMNS

static struct model_limits read_limits(struct rows *rows)
{
    return (struct model_limits){
        .concurrency = rows_int64(rows, "concurrency"),
        .per_minute = rows_int64(rows, "per_minute"),
        .units_per_minute = rows_int64(rows, "units_per_minute"),
        .is_paused = rows_bool(rows, "is_paused"),
    };
}

static bool read_overrides(struct db *db, const struct sql *sql, const struct sql_value *args,
                           size_t arg_count, size_t most, struct arena *arena,
                           struct model_override **items, size_t *count, struct error *err)
{
    size_t found_count = 0;
    struct model_override *found = NULL;
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, sql, args, arg_count, &rows, err))
        return false;
    while (found_count < most && rows_next(&rows)) {
        found = arena_more(arena, found, sizeof(*found), found_count);
        found[found_count++] = (struct model_override){
            .provider_id = rows_int64(&rows, "provider_id"),
            .name = rows_str(&rows, "name", arena),
            .is_enabled = rows_bool(&rows, "is_enabled"),
            .purposes = (unsigned)rows_int64(&rows, "purposes"),
            .price_micro =
                rows_is_null(&rows, "price_micro") ? -1 : rows_int64(&rows, "price_micro"),
            .price = rows_str(&rows, "price", arena),
            .limits = read_limits(&rows),
        };
    }
    if (rows_failed(&rows))
        return false;
    *items = found;
    *count = found_count;
    return true;
}

bool model_store_list(struct db *db, struct arena *arena, struct model_override **items,
                      size_t *count, struct error *err)
{
    static const struct sql list = {"model_store_list",
                                    "SELECT " OVERRIDE_COLUMNS " FROM provider_model"
                                    " ORDER BY provider_id, name LIMIT $1",
                                    NULL};
    const size_t most = PROVIDERS_MAX * (size_t)PROVIDER_MODELS_MAX;
    const struct sql_value args[] = {SQL_INT64((int64_t)most)};

    return read_overrides(db, &list, args, COUNT(args), most, arena, items, count, err);
}

bool model_store_list_of(struct db *db, int64_t provider_id, struct arena *arena,
                         struct model_override **items, size_t *count, struct error *err)
{
    static const struct sql list = {"model_store_list_of",
                                    "SELECT " OVERRIDE_COLUMNS " FROM provider_model"
                                    " WHERE provider_id = $1 ORDER BY name LIMIT $2",
                                    NULL};
    const struct sql_value args[] = {SQL_INT64(provider_id), SQL_INT64(PROVIDER_MODELS_MAX)};

    return read_overrides(db, &list, args, COUNT(args), PROVIDER_MODELS_MAX, arena, items, count,
                          err);
}

bool model_store_count(struct db *db, int64_t provider_id, int64_t *count, struct error *err)
{
    static const struct sql find = {
        "model_store_count", "SELECT count(*) AS total FROM provider_model WHERE provider_id = $1",
        NULL};
    const struct sql_value args[] = {SQL_INT64(provider_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "nothing was counted");
    *count = rows_int64(&rows, "total");
    return true;
}

bool model_store_set(struct db *db, const struct model_override *row, struct error *err)
{
    static const struct sql clear = {
        "model_store_clear_purposes",
        "UPDATE provider_model SET purposes = purposes & ~$1 WHERE purposes & $1 <> 0", NULL};
    static const struct sql set = {
        "model_store_set",
        "INSERT INTO provider_model (provider_id, name, is_enabled, purposes, price_micro,"
        " price, " LIMIT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        " ON CONFLICT (provider_id, name) DO UPDATE SET"
        " is_enabled = excluded.is_enabled, purposes = excluded.purposes,"
        " price_micro = excluded.price_micro, price = excluded.price,"
        " concurrency = excluded.concurrency, per_minute = excluded.per_minute,"
        " units_per_minute = excluded.units_per_minute, is_paused = excluded.is_paused",
        NULL};
    const struct sql_value args[] = {SQL_INT64(row->provider_id),
                                     SQL_TEXT(row->name),
                                     SQL_BOOL(row->is_enabled),
                                     SQL_INT64(row->purposes),
                                     row->price_micro < 0 ? SQL_NULL : SQL_INT64(row->price_micro),
                                     SQL_TEXT(row->price),
                                     SQL_INT64(row->limits.concurrency),
                                     SQL_INT64(row->limits.per_minute),
                                     SQL_INT64(row->limits.units_per_minute),
                                     SQL_BOOL(row->limits.is_paused)};

    const struct sql_value taken[] = {SQL_INT64(row->purposes)};

    if (row->purposes != 0 && !db_exec(db, &clear, taken, COUNT(taken), NULL, err))
        return false;
    return db_exec_one(db, &set, args, COUNT(args), err);
}

bool model_store_remove(struct db *db, int64_t provider_id, struct str name, struct error *err)
{
    static const struct sql remove = {
        "model_store_remove", "DELETE FROM provider_model WHERE provider_id = $1 AND name = $2",
        NULL};
    const struct sql_value args[] = {SQL_INT64(provider_id), SQL_TEXT(name)};

    return db_exec(db, &remove, args, COUNT(args), NULL, err);
}
