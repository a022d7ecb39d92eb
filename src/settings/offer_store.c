#include "settings/settings_private.h"

bool offer_store_share(struct db *db, struct provider_row *rows, size_t count, struct arena *arena,
                       struct error *err)
{
    static const struct sql list = {"offer_store_share",
                                    "SELECT provider_id, offers FROM provider_offer"
                                    " ORDER BY provider_id LIMIT $1",
                                    NULL};
    const struct sql_value args[] = {SQL_INT64(PROVIDERS_MAX)};
    CLEANUP(rows_finish) struct rows found = {0};
    size_t at = 0;

    if (!db_query(db, &list, args, COUNT(args), &found, err))
        return false;
    while (rows_next(&found)) {
        const int64_t provider_id = rows_int64(&found, "provider_id");

        while (at < count && rows[at].id < provider_id)
            at++;
        if (at < count && rows[at].id == provider_id)
            rows[at].offers = rows_str(&found, "offers", arena);
    }
    return !rows_failed(&found);
}

bool offer_store_find(struct db *db, int64_t provider_id, struct arena *arena, struct str *out,
                      struct error *err)
{
    static const struct sql find = {
        "offer_store_find", "SELECT offers FROM provider_offer WHERE provider_id = $1", NULL};
    const struct sql_value args[] = {SQL_INT64(provider_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    *out = STR_EMPTY;
    if (rows_next(&rows))
        *out = rows_str(&rows, "offers", arena);
    return !rows_failed(&rows);
}

bool offer_store_set(struct db *db, int64_t provider_id, struct str offers, int64_t now_ms,
                     struct error *err)
{
    static const struct sql set = {
        "offer_store_set",
        "INSERT INTO provider_offer (provider_id, offers, read_at_ms) VALUES ($1, $2, $3)"
        " ON CONFLICT (provider_id) DO UPDATE SET offers = $2, read_at_ms = $3",
        NULL};
    const struct sql_value args[] = {SQL_INT64(provider_id), SQL_TEXT(offers), SQL_INT64(now_ms)};

    return db_exec_one(db, &set, args, COUNT(args), err);
}

bool offer_store_remove(struct db *db, int64_t provider_id, struct error *err)
{
    static const struct sql remove = {"offer_store_remove",
                                      "DELETE FROM provider_offer WHERE provider_id = $1", NULL};
    const struct sql_value args[] = {SQL_INT64(provider_id)};

    return db_exec(db, &remove, args, COUNT(args), NULL, err);
}
