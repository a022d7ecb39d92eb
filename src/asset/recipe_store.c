/* How pictures were made. */
#include "asset/asset_private.h"

bool recipe_store_add(struct db *db, const struct asset_new *fresh, struct arena *arena,
                      struct error *err)
{
    static const struct sql insert = {
        "recipe_store_add",
        "INSERT INTO recipe (asset_id, operation, provider_name, prompt, revised_prompt,"
        " negative_prompt, parameters, refs, seed, cost_micro, currency, request_id,"
        " started_at_ms, finished_at_ms, dropped)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        NULL};
    const struct recipe *recipe = fresh->recipe;
    const struct sql_value args[] = {
        SQL_INT64(fresh->asset.row_id),
        SQL_TEXT(recipe->operation),
        SQL_TEXT(recipe->provider_name),
        SQL_TEXT(recipe->prompt),
        SQL_TEXT(recipe->revised_prompt),
        SQL_TEXT(recipe->negative_prompt),
        SQL_TEXT(recipe->parameters),
        SQL_TEXT(tags_join(&recipe->references, arena)),
        recipe->seed >= 0 ? SQL_INT64(recipe->seed) : SQL_NULL,
        recipe->cost_micro >= 0 ? SQL_INT64(recipe->cost_micro) : SQL_NULL,
        SQL_TEXT(recipe->currency),
        SQL_TEXT(recipe->request_id),
        SQL_INT64(recipe->started_at_ms),
        SQL_INT64(recipe->finished_at_ms),
        SQL_TEXT(recipe->dropped),
    };

    return db_exec_one(db, &insert, args, COUNT(args), err);
}

static int64_t number_of(struct rows *rows, const char *column)
{
    return rows_is_null(rows, column) ? -1 : rows_int64(rows, column);
}

bool recipe_store_find(struct db *db, int64_t asset_row_id, struct arena *arena,
                       struct recipe **out, struct error *err)
{
    static const struct sql find = {
        "recipe_store_find",
        "SELECT r.operation, a.provider, r.provider_name, a.model, r.prompt, r.revised_prompt,"
        " r.negative_prompt, r.parameters, r.refs, r.seed, r.cost_micro, r.currency, r.request_id,"
        " r.started_at_ms, r.finished_at_ms, r.dropped"
        " FROM recipe r JOIN asset a ON a.id = r.asset_id WHERE r.asset_id = $1",
        NULL};
    const struct sql_value args[] = {SQL_INT64(asset_row_id)};
    CLEANUP(rows_finish) struct rows rows = {0};
    struct recipe *recipe;

    *out = NULL;
    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return !rows_failed(&rows);
    recipe = ARENA_NEW(arena, struct recipe);
    *recipe = (struct recipe){
        .operation = rows_str(&rows, "operation", arena),
        .provider_id = rows_str(&rows, "provider", arena),
        .provider_name = rows_str(&rows, "provider_name", arena),
        .model = rows_str(&rows, "model", arena),
        .prompt = rows_str(&rows, "prompt", arena),
        .revised_prompt = rows_str(&rows, "revised_prompt", arena),
        .negative_prompt = rows_str(&rows, "negative_prompt", arena),
        .parameters = rows_str(&rows, "parameters", arena),
        .references = tags_split(rows_str(&rows, "refs", arena), arena),
        .seed = number_of(&rows, "seed"),
        .cost_micro = number_of(&rows, "cost_micro"),
        .currency = rows_str(&rows, "currency", arena),
        .request_id = rows_str(&rows, "request_id", arena),
        .dropped = rows_str(&rows, "dropped", arena),
        .started_at_ms = rows_int64(&rows, "started_at_ms"),
        .finished_at_ms = rows_int64(&rows, "finished_at_ms"),
    };
    if (recipe->started_at_ms > 0 && recipe->finished_at_ms > recipe->started_at_ms)
        recipe->took_ms = recipe->finished_at_ms - recipe->started_at_ms;
    *out = recipe;
    return true;
}

bool recipe_store_provider(struct db *db, int64_t provider_row_id, struct arena *arena,
                           struct str *out, struct error *err)
{
    static const struct sql find = {"recipe_store_provider",
                                    "SELECT public_id FROM provider WHERE id = $1", NULL};
    const struct sql_value args[] = {SQL_INT64(provider_row_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    *out = STR_EMPTY;
    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (rows_next(&rows))
        *out = rows_str(&rows, "public_id", arena);
    return !rows_failed(&rows);
}
