#include "usage/usage_private.h"

const char *const usage_by_names[] = {"day", "provider", "model", "operation", "user", NULL};

bool usage_by_read(struct str name, enum usage_by *out)
{
    for (size_t i = 0; usage_by_names[i] != NULL; i++)
        if (str_equal(name, str_of(usage_by_names[i]))) {
            *out = (enum usage_by)i;
            return true;
        }
    return false;
}

/* ---- the engine's side ---- */

bool usage_store_reserve(struct db *db, const struct usage_row *row, struct error *err)
{
    static const struct sql reserve = {
        "usage_store_reserve",
        "INSERT INTO usage (task_id, user_id, provider_id, model, operation, state,"
        " estimate_micro, currency, reserved_at_ms, day, budget_day)"
        " VALUES ($1, $2, $3, $4, $5, 'reserved', $6, $7, $8, $9, $9)"
        " ON CONFLICT (task_id) DO UPDATE SET state = 'reserved',"
        " budget_day = excluded.budget_day,"
        " repeat_micro = CASE WHEN usage.state = 'settled' OR usage.currency <> excluded.currency"
        " THEN 0 ELSE min(max(usage.estimate_micro, 0), 1000000000000) + min(usage.repeat_micro,"
        " 1000000000000) END,"
        " estimate_micro = CASE WHEN usage.cost_micro > 0 AND usage.currency <> excluded.currency"
        " THEN -1 ELSE excluded.estimate_micro END,"
        " currency = CASE WHEN usage.cost_micro > 0 THEN usage.currency"
        " ELSE excluded.currency END",
        NULL};
    const struct sql_value args[] = {
        SQL_INT64(row->task_id),           SQL_INT64(row->user_id),
        SQL_INT64(row->provider_id),       SQL_TEXT(row->model),
        SQL_TEXT(row->operation),          SQL_INT64(row->estimate_micro),
        SQL_TEXT(row->currency),           SQL_INT64(row->reserved_at_ms),
        SQL_TEXT(usage_day_str(&row->day))};

    return db_exec_one(db, &reserve, args, COUNT(args), err);
}

/*
 * A call whose process died before it could note the sending may have left all the same; one that
 * was answered did, though the mock's are never noted.
 */
#define CALLS_THAT_LEFT                                                                            \
    "(SELECT count(*) FROM call WHERE task_id = $1 AND (sent_at_ms IS NOT NULL OR state IN"        \
    " ('unknown', 'finished')))"

bool usage_store_settle(struct db *db, int64_t task_id, int64_t cost_micro, struct str currency,
                        int64_t now_ms, struct error *err)
{
    static const struct sql settle = {
        "usage_store_settle",
        "UPDATE usage SET state = 'settled', cost_micro = $2, repeat_micro = 0,"
        " currency = CASE WHEN $3 = '' THEN currency ELSE $3 END, settled_at_ms = $4,"
        " calls = " CALLS_THAT_LEFT " WHERE task_id = $1",
        NULL};
    const struct sql_value args[] = {SQL_INT64(task_id), SQL_INT64(cost_micro), SQL_TEXT(currency),
                                     SQL_INT64(now_ms)};

    return db_exec(db, &settle, args, COUNT(args), NULL, err);
}

bool usage_store_doubt(struct db *db, int64_t task_id, int64_t now_ms, struct error *err)
{
    /* What the other calls have cost is known all the same. */
    static const struct sql doubt = {
        "usage_store_doubt",
        "UPDATE usage SET state = 'doubtful', repeat_micro = 0, settled_at_ms = $2, calls "
        "= " CALLS_THAT_LEFT ", cost_micro = max(coalesce(cost_micro, 0),"
        " (SELECT coalesce(sum(cost_micro), 0) FROM call WHERE task_id = $1)),"
        " currency = coalesce((SELECT max(currency) FROM call WHERE task_id = $1"
        " AND cost_micro > 0 AND currency <> ''), currency) WHERE task_id = $1",
        NULL};
    const struct sql_value args[] = {SQL_INT64(task_id), SQL_INT64(now_ms)};

    return db_exec(db, &doubt, args, COUNT(args), NULL, err);
}

/* ---- what is asked ---- */

/*
 * total() where sum() would do: one absurd cost a provider reported must not make every later sum
 * overflow.  It is exact to 9 thousand million units of a currency.
 */
#define COST "CAST(total(u.cost_micro) AS INTEGER)"
#define OPEN_IN_STATE "CAST(total(CASE WHEN u.estimate_micro > 0 AND u.state ="
#define DOUBTFUL OPEN_IN_STATE " 'doubtful' THEN u.estimate_micro END) AS INTEGER)"
#define RESERVED                                                                                   \
    "CAST(total(CASE WHEN u.state = 'reserved' THEN max(u.estimate_micro, 0) + u.repeat_micro"     \
    " END) AS INTEGER)"

#define ITEM_SUMS                                                                                  \
    ", u.currency AS currency, sum(u.calls) AS calls, " COST " AS cost_micro, " DOUBTFUL           \
    " AS doubtful_micro FROM usage u"
#define OF_USER " WHERE u.user_id = $4 AND u.day BETWEEN $1 AND $2"
#define OF_ALL " WHERE u.day BETWEEN $1 AND $2"
/* The sums again: a bare cost_micro would be the column, of any one row. */
#define HAPPENED " HAVING sum(u.calls) > 0 OR " COST " > 0 OR " DOUBTFUL " > 0"
#define IN_DAYS " GROUP BY u.day, u.currency" HAPPENED " ORDER BY u.day, u.currency LIMIT $3"
#define DEAREST_FIRST " ORDER BY u.currency, " COST " DESC, label, key LIMIT $3"

#define DAY_ITEM "SELECT u.day AS key, u.day AS label" ITEM_SUMS
/* Deleted providers keep their rows; one that has none any more is still money. */
#define PROVIDER_ITEM                                                                              \
    "SELECT coalesce(p.public_id, '') AS key, coalesce(p.name, '') AS label" ITEM_SUMS             \
    " LEFT JOIN provider p ON p.id = u.provider_id"
#define IN_PROVIDERS " GROUP BY u.provider_id, u.currency" HAPPENED DEAREST_FIRST
#define MODEL_ITEM "SELECT u.model AS key, u.model AS label" ITEM_SUMS
#define IN_MODELS " GROUP BY u.model, u.currency" HAPPENED DEAREST_FIRST
#define OPERATION_ITEM "SELECT u.operation AS key, u.operation AS label" ITEM_SUMS
#define IN_OPERATIONS " GROUP BY u.operation, u.currency" HAPPENED DEAREST_FIRST
#define USER_ITEM                                                                                  \
    "SELECT coalesce(p.public_id, '') AS key, coalesce(p.name, '') AS label" ITEM_SUMS             \
    " LEFT JOIN user p ON p.id = u.user_id"
#define IN_USERS " GROUP BY u.user_id, u.currency" HAPPENED DEAREST_FIRST

static const struct sql items_of_user[] = {
    {"usage_store_days_of_user",       DAY_ITEM OF_USER IN_DAYS,             NULL},
    {"usage_store_providers_of_user",  PROVIDER_ITEM OF_USER IN_PROVIDERS,   NULL},
    {"usage_store_models_of_user",     MODEL_ITEM OF_USER IN_MODELS,         NULL},
    {"usage_store_operations_of_user", OPERATION_ITEM OF_USER IN_OPERATIONS, NULL},
    {"usage_store_users_of_user",      USER_ITEM OF_USER IN_USERS,           NULL},
};
static const struct sql items_of_all[] = {
    {"usage_store_days",       DAY_ITEM OF_ALL IN_DAYS,             NULL},
    {"usage_store_providers",  PROVIDER_ITEM OF_ALL IN_PROVIDERS,   NULL},
    {"usage_store_models",     MODEL_ITEM OF_ALL IN_MODELS,         NULL},
    {"usage_store_operations", OPERATION_ITEM OF_ALL IN_OPERATIONS, NULL},
    {"usage_store_users",      USER_ITEM OF_ALL IN_USERS,           NULL},
};

bool usage_store_items(struct db *db, int64_t user_id, const struct usage_range *range,
                       enum usage_by by, struct arena *arena, struct usage_item **items,
                       size_t *count, struct error *err)
{
    const struct sql *list = user_id == 0 ? &items_of_all[by] : &items_of_user[by];
    const struct sql_value args[] = {SQL_TEXT(usage_day_str(&range->from)),
                                     SQL_TEXT(usage_day_str(&range->to)),
                                     SQL_INT64(USAGE_ITEMS_MAX + 1), SQL_INT64(user_id)};
    struct usage_item *found = ARENA_ARRAY(arena, struct usage_item, USAGE_ITEMS_MAX);
    size_t found_count = 0;
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, list, args, user_id == 0 ? COUNT(args) - 1 : COUNT(args), &rows, err))
        return false;
    while (rows_next(&rows)) {
        if (found_count == USAGE_ITEMS_MAX)
            return error_field(err, ERROR_TOO_MANY, "from", USAGE_ITEMS_MAX,
                               "more than %d rows: ask for fewer days", USAGE_ITEMS_MAX);
        found[found_count++] = (struct usage_item){
            .key = rows_str(&rows, "key", arena),
            .label = rows_str(&rows, "label", arena),
            .currency = rows_str(&rows, "currency", arena),
            .calls = rows_int64(&rows, "calls"),
            .cost_micro = rows_int64(&rows, "cost_micro"),
            .doubtful_micro = rows_int64(&rows, "doubtful_micro"),
        };
    }
    if (rows_failed(&rows))
        return false;
    *items = found;
    *count = found_count;
    return true;
}

#define TOTALS                                                                                     \
    "SELECT u.currency AS currency, " COST " AS cost_micro, " RESERVED                             \
    " AS reserved_micro, " DOUBTFUL " AS doubtful_micro FROM usage u"
#define IN_CURRENCIES " GROUP BY u.currency ORDER BY u.currency LIMIT $3"

bool usage_store_totals(struct db *db, int64_t user_id, const struct usage_range *range,
                        struct arena *arena, struct usage_total **items, size_t *count,
                        struct error *err)
{
    static const struct sql of_user = {"usage_store_totals_of_user", TOTALS OF_USER IN_CURRENCIES,
                                       NULL};
    static const struct sql of_all = {"usage_store_totals", TOTALS OF_ALL IN_CURRENCIES, NULL};
    const struct sql_value args[] = {SQL_TEXT(usage_day_str(&range->from)),
                                     SQL_TEXT(usage_day_str(&range->to)),
                                     SQL_INT64(USAGE_CURRENCIES_MAX + 1), SQL_INT64(user_id)};
    struct usage_total *found = ARENA_ARRAY(arena, struct usage_total, USAGE_CURRENCIES_MAX);
    size_t found_count = 0;
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, user_id == 0 ? &of_all : &of_user, args,
                  user_id == 0 ? COUNT(args) - 1 : COUNT(args), &rows, err))
        return false;
    while (rows_next(&rows)) {
        if (found_count == USAGE_CURRENCIES_MAX)
            return error_field(err, ERROR_TOO_MANY, "from", USAGE_CURRENCIES_MAX,
                               "more than %d currencies: ask for fewer days", USAGE_CURRENCIES_MAX);
        found[found_count++] = (struct usage_total){
            .currency = rows_str(&rows, "currency", arena),
            .cost_micro = rows_int64(&rows, "cost_micro"),
            .reserved_micro = rows_int64(&rows, "reserved_micro"),
            .doubtful_micro = rows_int64(&rows, "doubtful_micro"),
        };
    }
    if (rows_failed(&rows))
        return false;
    *items = found;
    *count = found_count;
    return true;
}
