#include "usage/budget_private.h"

/*
 * The sums of a budget's running period: `day` is today, `month` the first of it.  Days that lie
 * ahead (a clock was set back) count too: rather a little too careful.
 */
#define BUDGET                                                                                     \
    "SELECT b.id AS row_id, b.public_id, b.scope, b.user_id, b.provider_id, b.model, b.period,"    \
    " b.currency, b.limit_micro, b.created_at_ms, b.told_day, b.told_share,"                       \
    " coalesce(u.public_id, p.public_id, '') AS who_id, coalesce(u.name, p.name, '') AS who_name," \
    " coalesce(sum(s.cost_micro), 0) AS cost_micro,"                                               \
    " coalesce(sum(s.reserved_micro), 0) AS reserved_micro,"                                       \
    " coalesce(sum(s.doubtful_micro), 0) AS doubtful_micro"                                        \
    " FROM budget b LEFT JOIN spend s ON s.day >= CASE b.period WHEN 'day' THEN $1 ELSE $2 END"    \
    " AND s.currency = b.currency AND (b.user_id = 0 OR s.user_id = b.user_id)"                    \
    " AND (b.provider_id = 0 OR s.provider_id = b.provider_id)"                                    \
    " AND (b.model = '' OR s.model = b.model)"                                                     \
    " LEFT JOIN user u ON u.id = b.user_id LEFT JOIN provider p ON p.id = b.provider_id"
#define BY_BUDGET " GROUP BY b.id"

struct period_days {
    struct usage_day today, first;
};

static struct period_days days_of(int64_t now_ms)
{
    struct period_days days = {.today = usage_day_of(now_ms)};

    days.first = days.today;
    days.first.text[8] = '0';
    days.first.text[9] = '1';
    return days;
}

static struct budget read_row(struct rows *rows, const struct period_days *days,
                              struct arena *arena)
{
    struct budget budget = {
        .row_id = rows_int64(rows, "row_id"),
        .user_id = rows_int64(rows, "user_id"),
        .provider_id = rows_int64(rows, "provider_id"),
        .id = rows_str(rows, "public_id", arena),
        .scope = rows_str(rows, "scope", arena),
        .who_id = rows_str(rows, "who_id", arena),
        .who_name = rows_str(rows, "who_name", arena),
        .model = rows_str(rows, "model", arena),
        .period = rows_str(rows, "period", arena),
        .currency = rows_str(rows, "currency", arena),
        .limit_micro = rows_int64(rows, "limit_micro"),
        .cost_micro = rows_int64(rows, "cost_micro"),
        .reserved_micro = rows_int64(rows, "reserved_micro"),
        .doubtful_micro = rows_int64(rows, "doubtful_micro"),
        .created_at_ms = rows_int64(rows, "created_at_ms"),
        .told_day = rows_str(rows, "told_day", arena),
        .told_share = rows_int64(rows, "told_share"),
    };
    const int64_t used = budget_used(&budget);
    const bool is_day = str_equal(budget.period, STR("day"));

    budget.left_micro = used < budget.limit_micro ? budget.limit_micro - used : 0;
    budget.share = budget_share(used, budget.limit_micro);
    budget.from = arena_str(arena, usage_day_str(is_day ? &days->today : &days->first));
    return budget;
}

bool budget_store_list(struct db *db, int64_t user_id, int64_t now_ms, struct arena *arena,
                       struct budget **items, size_t *count, struct error *err)
{
    static const struct sql list = {"budget_store_list",
                                    BUDGET
                                    " WHERE $4 = 0 OR b.user_id = 0 OR b.user_id = $4" BY_BUDGET
                                    " ORDER BY b.id LIMIT $3",
                                    NULL};
    const struct period_days days = days_of(now_ms);
    const struct sql_value args[] = {SQL_TEXT(usage_day_str(&days.today)),
                                     SQL_TEXT(usage_day_str(&days.first)), SQL_INT64(BUDGETS_MAX),
                                     SQL_INT64(user_id)};
    struct budget *found = NULL;
    size_t found_count = 0;
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (found_count < BUDGETS_MAX && rows_next(&rows)) {
        found = arena_more(arena, found, sizeof(*found), found_count);
        found[found_count++] = read_row(&rows, &days, arena);
    }
    if (rows_failed(&rows))
        return false;
    *items = found;
    *count = found_count;
    return true;
}

bool budget_store_find(struct db *db, struct str id, int64_t now_ms, struct arena *arena,
                       struct budget *out, struct error *err)
{
    static const struct sql find = {"budget_store_find", BUDGET " WHERE b.public_id = $3" BY_BUDGET,
                                    NULL};
    const struct period_days days = days_of(now_ms);
    const struct sql_value args[] = {SQL_TEXT(usage_day_str(&days.today)),
                                     SQL_TEXT(usage_day_str(&days.first)), SQL_TEXT(id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_NOT_FOUND, "no such budget");
    *out = read_row(&rows, &days, arena);
    return true;
}

bool budget_store_add(struct db *db, const struct budget *budget, struct error *err)
{
    static const struct sql add = {
        "budget_store_add",
        "INSERT INTO budget (public_id, scope, user_id, provider_id, model, period, currency,"
        " limit_micro, created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        NULL};
    const struct sql_value args[] = {SQL_TEXT(budget->id),
                                     SQL_TEXT(budget->scope),
                                     SQL_INT64(budget->user_id),
                                     SQL_INT64(budget->provider_id),
                                     SQL_TEXT(budget->model),
                                     SQL_TEXT(budget->period),
                                     SQL_TEXT(budget->currency),
                                     SQL_INT64(budget->limit_micro),
                                     SQL_INT64(budget->created_at_ms)};

    if (db_exec_one(db, &add, args, COUNT(args), err))
        return true;
    if (err->code != ERROR_CONFLICT)
        return false;
    return error_field(err, ERROR_CONFLICT, "period", 0,
                       "there is a budget for the same %.*s in %.*s already",
                       STR_ARGS(budget->period), STR_ARGS(budget->currency));
}

bool budget_store_change(struct db *db, struct str id, int64_t limit_micro, int64_t told_share,
                         struct error *err)
{
    static const struct sql change = {
        "budget_store_change",
        "UPDATE budget SET limit_micro = $2, told_share = $3 WHERE public_id = $1", NULL};
    const struct sql_value args[] = {SQL_TEXT(id), SQL_INT64(limit_micro), SQL_INT64(told_share)};
    int64_t changed;

    return db_exec(db, &change, args, COUNT(args), &changed, err) &&
           (changed > 0 || error_set(err, ERROR_NOT_FOUND, "no such budget"));
}

bool budget_store_delete(struct db *db, struct str id, struct error *err)
{
    static const struct sql delete = {"budget_store_delete",
                                      "DELETE FROM budget WHERE public_id = $1", NULL};
    const struct sql_value args[] = {SQL_TEXT(id)};
    int64_t changed;

    return db_exec(db, &delete, args, COUNT(args), &changed, err) &&
           (changed > 0 || error_set(err, ERROR_NOT_FOUND, "no such budget"));
}

bool budget_store_mark_told(struct db *db, int64_t row_id, struct str day, int64_t share,
                            struct error *err)
{
    static const struct sql mark = {"budget_store_mark_told",
                                    "UPDATE budget SET told_day = $2, told_share = $3"
                                    " WHERE id = $1",
                                    NULL};
    const struct sql_value args[] = {SQL_INT64(row_id), SQL_TEXT(day), SQL_INT64(share)};

    return db_exec_one(db, &mark, args, COUNT(args), err);
}

bool budget_store_keepers(struct db *db, int64_t *ids, size_t *count, struct error *err)
{
    static const struct sql find = {"budget_store_keepers",
                                    "SELECT id FROM user WHERE role IN ('owner', 'admin')"
                                    " AND is_disabled = 0 ORDER BY id LIMIT $1",
                                    NULL};
    const struct sql_value args[] = {SQL_INT64(BUDGET_KEEPERS_MAX)};
    CLEANUP(rows_finish) struct rows rows = {0};

    *count = 0;
    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    while (*count < BUDGET_KEEPERS_MAX && rows_next(&rows))
        ids[(*count)++] = rows_int64(&rows, "id");
    return !rows_failed(&rows);
}

bool budget_store_count(struct db *db, int64_t *out, struct error *err)
{
    static const struct sql find = {"budget_store_count", "SELECT count(*) AS count FROM budget",
                                    NULL};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, NULL, 0, &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "no count of budgets");
    *out = rows_int64(&rows, "count");
    return true;
}

static bool find_row(struct db *db, const struct sql *find, struct str id, int64_t *row_id,
                     struct error *err)
{
    const struct sql_value args[] = {SQL_TEXT(id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows)
                   ? false
                   : error_field(err, ERROR_INVALID, "who_id", 0, "who_id names nobody");
    *row_id = rows_int64(&rows, "id");
    return true;
}

bool budget_store_user(struct db *db, struct str id, int64_t *row_id, struct error *err)
{
    static const struct sql find = {
        "budget_store_user", "SELECT id FROM user WHERE public_id = $1 AND is_disabled = 0", NULL};

    return find_row(db, &find, id, row_id, err);
}

bool budget_store_provider(struct db *db, struct str id, int64_t *row_id, struct error *err)
{
    static const struct sql find = {
        "budget_store_provider",
        "SELECT id FROM provider WHERE public_id = $1 AND deleted_at_ms IS NULL", NULL};

    return find_row(db, &find, id, row_id, err);
}
