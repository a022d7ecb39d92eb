#include "usage/usage_private.h"

#include <assert.h>

const char *const usage_by_names[] = {"day",  "provider", "model", "operation",
                                      "user", "product",  NULL};

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

/* What one row adds to the sums of its day, which budgets are asked of. */
struct standing {
    struct usage_owner owner;
    struct str day, currency;
    int64_t cost_micro, reserved_micro, doubtful_micro;
};
#define COUNTED_MAX INT64_C(1000000000000) /* one absurd cost must not overflow the sums */

static int64_t counted(int64_t micro)
{
    if (micro < 0)
        return 0;
    return micro < COUNTED_MAX ? micro : COUNTED_MAX;
}

/* out->owner.user_id is 0 when there is no such row. */
static bool find_standing(struct db *db, int64_t task_id, struct arena *arena, struct standing *out,
                          struct error *err)
{
    static const struct sql find = {
        "usage_store_standing",
        "SELECT user_id, provider_id, model, budget_day, currency,"
        " coalesce(cost_micro, 0) AS cost_micro, estimate_micro, repeat_micro, state"
        " FROM usage WHERE task_id = $1",
        NULL};
    const struct sql_value args[] = {SQL_INT64(task_id)};
    CLEANUP(rows_finish) struct rows rows = {0};
    struct str state;
    int64_t estimate;

    *out = (struct standing){0};
    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return !rows_failed(&rows);
    out->owner.user_id = rows_int64(&rows, "user_id");
    out->owner.provider_id = rows_int64(&rows, "provider_id");
    out->owner.model = rows_str(&rows, "model", arena);
    out->day = rows_str(&rows, "budget_day", arena);
    out->currency = rows_str(&rows, "currency", arena);
    out->cost_micro = counted(rows_int64(&rows, "cost_micro"));
    estimate = counted(rows_int64(&rows, "estimate_micro"));
    state = rows_str(&rows, "state", arena);
    if (str_equal(state, STR("reserved")))
        out->reserved_micro = counted(estimate + rows_int64(&rows, "repeat_micro"));
    else if (str_equal(state, STR("doubtful")))
        out->doubtful_micro = counted(estimate + rows_int64(&rows, "repeat_micro"));
    return true;
}

static bool add_to_sums(struct db *db, const struct standing *row, int64_t sign, struct error *err)
{
    static const struct sql add = {
        "usage_store_spend",
        "INSERT INTO spend (day, user_id, provider_id, model, currency, cost_micro,"
        " reserved_micro, doubtful_micro) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        " ON CONFLICT (day, user_id, provider_id, model, currency) DO UPDATE SET"
        " cost_micro = cost_micro + $6, reserved_micro = reserved_micro + $7,"
        " doubtful_micro = doubtful_micro + $8",
        NULL};
    const struct sql_value args[] = {SQL_TEXT(row->day),
                                     SQL_INT64(row->owner.user_id),
                                     SQL_INT64(row->owner.provider_id),
                                     SQL_TEXT(row->owner.model),
                                     SQL_TEXT(row->currency),
                                     SQL_INT64(sign * row->cost_micro),
                                     SQL_INT64(sign * row->reserved_micro),
                                     SQL_INT64(sign * row->doubtful_micro)};

    return (row->cost_micro == 0 && row->reserved_micro == 0 && row->doubtful_micro == 0) ||
           db_exec_one(db, &add, args, COUNT(args), err);
}

/* Takes from the sums what a row was and adds what it is: in one statement where both are one
 * day's. */
static bool move_sums(struct db *db, const struct standing *was, const struct standing *is,
                      struct error *err)
{
    struct standing change = *is;

    if (!str_equal(was->day, is->day) || !str_equal(was->currency, is->currency))
        return add_to_sums(db, was, -1, err) && add_to_sums(db, is, 1, err);
    change.cost_micro -= was->cost_micro;
    change.reserved_micro -= was->reserved_micro;
    change.doubtful_micro -= was->doubtful_micro;
    return add_to_sums(db, &change, 1, err);
}

/* A task that is in the book already: it is retried, or repeated. */
static bool reserve_again(struct db *db, const struct usage_row *row, struct error *err)
{
    static const struct sql reserve = {
        "usage_store_reserve_again",
        "UPDATE usage SET state = 'reserved', budget_day = $4,"
        " repeat_micro = CASE WHEN state = 'settled' OR currency <> $3"
        " THEN 0 ELSE min(max(estimate_micro, 0), 1000000000000) + min(repeat_micro,"
        " 1000000000000) END,"
        " estimate_micro = CASE WHEN cost_micro > 0 AND currency <> $3 THEN -1 ELSE $2 END,"
        " currency = CASE WHEN cost_micro > 0 THEN currency ELSE $3 END WHERE task_id = $1",
        NULL};
    const struct sql_value args[] = {SQL_INT64(row->task_id), SQL_INT64(row->estimate_micro),
                                     SQL_TEXT(row->currency), SQL_TEXT(usage_day_str(&row->day))};
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(4));
    struct standing was, is;

    return find_standing(db, row->task_id, arena, &was, err) &&
           db_exec_one(db, &reserve, args, COUNT(args), err) &&
           find_standing(db, row->task_id, arena, &is, err) && move_sums(db, &was, &is, err);
}

bool usage_store_lift(struct db *db, int64_t task_id, bool is_back, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(4));
    struct standing row;

    return find_standing(db, task_id, arena, &row, err) &&
           add_to_sums(db, &row, is_back ? 1 : -1, err);
}

bool usage_store_readdress(struct db *db, const struct usage_row *row, struct error *err)
{
    static const struct sql update = {
        "usage_store_readdress",
        "UPDATE usage SET provider_id = $2, model = $3, estimate_micro = $4,"
        " currency = CASE WHEN $5 = '' THEN currency ELSE $5 END"
        " WHERE task_id = $1 AND state = 'reserved' AND coalesce(cost_micro, 0) = 0",
        NULL};
    const struct sql_value args[] = {SQL_INT64(row->task_id), SQL_INT64(row->provider_id),
                                     SQL_TEXT(row->model), SQL_INT64(row->estimate_micro),
                                     SQL_TEXT(row->currency)};

    return db_exec_one(db, &update, args, COUNT(args), err) &&
           usage_store_lift(db, row->task_id, true, err);
}

bool usage_store_reserve(struct db *db, const struct usage_row *row, struct error *err)
{
    static const struct sql reserve = {
        "usage_store_reserve",
        "INSERT INTO usage (task_id, user_id, provider_id, model, operation, state,"
        " estimate_micro, currency, reserved_at_ms, day, budget_day, product)"
        " VALUES ($1, $2, $3, $4, $5, 'reserved', $6, $7, $8, $9, $9, coalesce((SELECT r.product"
        " FROM task t JOIN run r ON r.id = t.run_id WHERE t.id = $1), ''))"
        " ON CONFLICT (task_id) DO NOTHING",
        NULL};
    const struct sql_value args[] = {
        SQL_INT64(row->task_id),           SQL_INT64(row->user_id),
        SQL_INT64(row->provider_id),       SQL_TEXT(row->model),
        SQL_TEXT(row->operation),          SQL_INT64(row->estimate_micro),
        SQL_TEXT(row->currency),           SQL_INT64(row->reserved_at_ms),
        SQL_TEXT(usage_day_str(&row->day))};
    const struct standing is = {
        .owner = {.user_id = row->user_id, .provider_id = row->provider_id, .model = row->model},
        .day = usage_day_str(&row->day),
        .currency = row->currency,
        .reserved_micro = counted(row->estimate_micro)
    };
    int64_t added;

    if (!db_exec(db, &reserve, args, COUNT(args), &added, err))
        return false;
    if (added == 0)
        return reserve_again(db, row, err);
    return add_to_sums(db, &is, 1, err);
}

/*
 * A call whose process died before it could note the sending may have left all the same; one that
 * was answered did, though the mock's are never noted.
 */
#define CALLS_THAT_LEFT                                                                            \
    "(SELECT count(*) FROM call WHERE task_id = $1 AND (sent_at_ms IS NOT NULL OR state IN"        \
    " ('unknown', 'finished')))"

bool usage_store_settle(struct db *db, int64_t task_id, int64_t cost_micro, struct str currency,
                        int64_t now_ms, struct arena *arena, struct usage_owner *owner,
                        struct error *err)
{
    static const struct sql settle = {
        "usage_store_settle",
        "UPDATE usage SET state = 'settled', cost_micro = $2, repeat_micro = 0,"
        " currency = CASE WHEN $3 = '' THEN currency ELSE $3 END, settled_at_ms = $4,"
        " calls = " CALLS_THAT_LEFT " WHERE task_id = $1",
        NULL};
    const struct sql_value args[] = {SQL_INT64(task_id), SQL_INT64(cost_micro), SQL_TEXT(currency),
                                     SQL_INT64(now_ms)};
    struct standing was, is;

    if (!find_standing(db, task_id, arena, &was, err))
        return false;
    *owner = was.owner;
    if (owner->user_id == 0)
        return true;
    is = was;
    is.cost_micro = counted(cost_micro);
    is.reserved_micro = is.doubtful_micro = 0;
    if (currency.size > 0)
        is.currency = currency;
    return db_exec_one(db, &settle, args, COUNT(args), err) && move_sums(db, &was, &is, err);
}

bool usage_store_doubt(struct db *db, int64_t task_id, int64_t now_ms, struct arena *arena,
                       struct usage_owner *owner, struct error *err)
{
    /* What the other calls have cost is known all the same; each that nobody can tell of may have
     * cost what one was thought to. */
    static const struct sql doubt = {
        "usage_store_doubt",
        "UPDATE usage SET state = 'doubtful', repeat_micro = min(max(estimate_micro, 0),"
        " 1000000000) * min(max((SELECT count(*) - count(cost_micro) FROM call"
        " WHERE task_id = $1) - 1, 0), 1000), settled_at_ms = $2, calls = " CALLS_THAT_LEFT
        ", cost_micro = max(coalesce(cost_micro, 0),"
        " (SELECT coalesce(sum(cost_micro), 0) FROM call WHERE task_id = $1)),"
        " currency = coalesce((SELECT max(currency) FROM call WHERE task_id = $1"
        " AND cost_micro > 0 AND currency <> ''), currency) WHERE task_id = $1",
        NULL};
    const struct sql_value args[] = {SQL_INT64(task_id), SQL_INT64(now_ms)};
    struct standing was, is;

    if (!find_standing(db, task_id, arena, &was, err))
        return false;
    *owner = was.owner;
    return owner->user_id == 0 ||
           (db_exec_one(db, &doubt, args, COUNT(args), err) &&
            find_standing(db, task_id, arena, &is, err) && move_sums(db, &was, &is, err));
}

/* ---- whether the sums are the book's: what doctor asks ---- */

bool usage_check(struct db *db, struct arena *arena, struct check_report *out, struct error *err)
{
    static const struct sql rule = {
        .name = "check_spend",
        .text = "SELECT 'the sums of ' || x.day || ' for user ' || x.user_id || ' at provider '"
                " || x.provider_id || ' of model ' || x.model || ' in ' || x.currency"
                " || ' differ from the book by ' || x.cost || ' spent, ' || x.reserved"
                " || ' reserved, ' || x.doubtful || ' in doubt'"
                " AS what FROM (SELECT s.day, s.user_id, s.provider_id, s.model, s.currency,"
                " sum(s.cost_micro) AS cost, sum(s.reserved_micro) AS reserved,"
                " sum(s.doubtful_micro) AS doubtful FROM (SELECT day, user_id, provider_id, model,"
                " currency, cost_micro, reserved_micro, doubtful_micro FROM spend UNION ALL"
                " SELECT budget_day, user_id, provider_id, model, currency,"
                " -min(coalesce(cost_micro, 0), 1000000000000), CASE state WHEN 'reserved'"
                " THEN -min(max(estimate_micro, 0) + repeat_micro, 1000000000000) ELSE 0 END,"
                " CASE state WHEN 'doubtful' THEN -min(max(estimate_micro, 0) + repeat_micro,"
                " 1000000000000) ELSE 0 END FROM usage) s"
                " GROUP BY s.day, s.user_id, s.provider_id, s.model, s.currency) x"
                " WHERE x.cost <> 0 OR x.reserved <> 0 OR x.doubtful <> 0"
                " ORDER BY x.day, x.user_id, x.provider_id, x.model LIMIT 10"};

    return check_apply_all(db, &rule, 1, arena, out, err);
}

/* ---- what is asked ---- */

/*
 * total() where sum() would do: one absurd cost a provider reported must not make every later sum
 * overflow.  It is exact to 9 thousand million units of a currency.
 */
#define COST "CAST(total(u.cost_micro) AS INTEGER)"
#define OPEN_IN_STATE "CAST(total(CASE WHEN u.state ="
#define OPEN_SUM " THEN max(u.estimate_micro, 0) + u.repeat_micro END) AS INTEGER)"
#define DOUBTFUL OPEN_IN_STATE " 'doubtful'" OPEN_SUM
#define RESERVED OPEN_IN_STATE " 'reserved'" OPEN_SUM

#define ITEM_SUMS                                                                                  \
    ", u.currency AS currency, sum(u.calls) AS calls, " COST " AS cost_micro, " RESERVED           \
    " AS reserved_micro, " DOUBTFUL " AS doubtful_micro FROM usage u"
#define OF_ALL " WHERE u.day BETWEEN $1 AND $2"
#define OF_USER OF_ALL " AND u.user_id = $3"
/* The sums again: a bare cost_micro would be the column, of any one row. */
#define HAPPENED " HAVING sum(u.calls) > 0 OR " COST " > 0 OR " RESERVED " > 0 OR " DOUBTFUL " > 0"

/*
 * Money of two currencies cannot be compared, so the dearest of each come by turns: who takes the
 * first rows of these turns has the dearest of every currency.
 */
#define ITEM "key, label, currency, calls, cost_micro, reserved_micro, doubtful_micro"
#define IN_TURN                                                                                    \
    "SELECT " ITEM ", row_number() OVER (ORDER BY place, currency) AS turn FROM (SELECT " ITEM     \
    ", row_number() OVER (PARTITION BY currency ORDER BY cost_micro DESC, label, key) AS place"    \
    " FROM ("
#define DAYS_IN_ORDER HAPPENED ")) ORDER BY key, currency"
#define DEAREST_FIRST HAPPENED ")) ORDER BY currency, cost_micro DESC, label, key"

#define DAY_ITEM IN_TURN "SELECT u.day AS key, u.day AS label" ITEM_SUMS
#define IN_DAYS " GROUP BY u.day, u.currency" DAYS_IN_ORDER
/* Deleted providers keep their rows; one that has none any more is still money. */
#define PROVIDER_ITEM                                                                              \
    IN_TURN "SELECT coalesce(p.public_id, '') AS key, coalesce(p.name, '') AS label" ITEM_SUMS     \
            " LEFT JOIN provider p ON p.id = u.provider_id"
#define IN_PROVIDERS " GROUP BY u.provider_id, u.currency" DEAREST_FIRST
#define MODEL_ITEM IN_TURN "SELECT u.model AS key, u.model AS label" ITEM_SUMS
#define IN_MODELS " GROUP BY u.model, u.currency" DEAREST_FIRST
#define OPERATION_ITEM IN_TURN "SELECT u.operation AS key, u.operation AS label" ITEM_SUMS
#define IN_OPERATIONS " GROUP BY u.operation, u.currency" DEAREST_FIRST
#define USER_ITEM                                                                                  \
    IN_TURN "SELECT coalesce(p.public_id, '') AS key, coalesce(p.name, '') AS label" ITEM_SUMS     \
            " LEFT JOIN user p ON p.id = u.user_id"
#define IN_USERS " GROUP BY u.user_id, u.currency" DEAREST_FIRST

/* Deleted products keep their names. */
#define PRODUCT_ITEM                                                                               \
    IN_TURN "SELECT u.product AS key, coalesce(p.name, '') AS label" ITEM_SUMS                     \
            " LEFT JOIN product p ON p.public_id = u.product"
#define IN_PRODUCTS " GROUP BY u.product, u.currency" DEAREST_FIRST

static const struct sql items_of_user[] = {
    {"usage_store_days_of_user",       DAY_ITEM OF_USER IN_DAYS,             NULL},
    {"usage_store_providers_of_user",  PROVIDER_ITEM OF_USER IN_PROVIDERS,   NULL},
    {"usage_store_models_of_user",     MODEL_ITEM OF_USER IN_MODELS,         NULL},
    {"usage_store_operations_of_user", OPERATION_ITEM OF_USER IN_OPERATIONS, NULL},
    {"usage_store_users_of_user",      USER_ITEM OF_USER IN_USERS,           NULL},
    {"usage_store_products_of_user",   PRODUCT_ITEM OF_USER IN_PRODUCTS,     NULL},
};
static const struct sql items_of_all[] = {
    {"usage_store_days",       DAY_ITEM OF_ALL IN_DAYS,             NULL},
    {"usage_store_providers",  PROVIDER_ITEM OF_ALL IN_PROVIDERS,   NULL},
    {"usage_store_models",     MODEL_ITEM OF_ALL IN_MODELS,         NULL},
    {"usage_store_operations", OPERATION_ITEM OF_ALL IN_OPERATIONS, NULL},
    {"usage_store_users",      USER_ITEM OF_ALL IN_USERS,           NULL},
    {"usage_store_products",   PRODUCT_ITEM OF_ALL IN_PRODUCTS,     NULL},
};

bool usage_store_walk(struct db *db, int64_t user_id, const struct usage_range *range,
                      enum usage_by by, usage_visit visit, void *context, struct error *err)
{
    const struct sql *list = user_id == 0 ? &items_of_all[by] : &items_of_user[by];
    const struct sql_value args[] = {SQL_TEXT(usage_day_str(&range->from)),
                                     SQL_TEXT(usage_day_str(&range->to)), SQL_INT64(user_id)};
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, list, args, user_id == 0 ? COUNT(args) - 1 : COUNT(args), &rows, err))
        return false;
    while (rows_next(&rows)) {
        struct usage_item item;

        arena_reset(arena);
        item = (struct usage_item){
            .key = rows_str(&rows, "key", arena),
            .label = rows_str(&rows, "label", arena),
            .currency = rows_str(&rows, "currency", arena),
            .calls = rows_int64(&rows, "calls"),
            .cost_micro = rows_int64(&rows, "cost_micro"),
            .reserved_micro = rows_int64(&rows, "reserved_micro"),
            .doubtful_micro = rows_int64(&rows, "doubtful_micro"),
        };
        if (!visit(context, &item, rows_int64(&rows, "turn"), err))
            return false;
    }
    return !rows_failed(&rows);
}

static bool too_many_currencies(struct error *err)
{
    return error_field(err, ERROR_TOO_MANY, "from", USAGE_CURRENCIES_MAX,
                       "more than %d currencies: ask for fewer days", USAGE_CURRENCIES_MAX);
}

/* The first of a walk, and the sums of all that comes after them. */
struct gathering {
    struct arena *arena;
    struct usage_items *out;
};

/* One absurd cost is INT64_MAX already. */
static int64_t add_capped(int64_t sum, int64_t more)
{
    int64_t out;

    return __builtin_add_overflow(sum, more, &out) ? INT64_MAX : out;
}

static bool add_to_rest(struct usage_items *out, const struct usage_item *item, struct arena *arena,
                        struct error *err)
{
    struct usage_rest *rest = NULL;

    for (size_t i = out->rest_count; i > 0 && rest == NULL; i--)
        if (str_equal(out->rests[i - 1].currency, item->currency))
            rest = &out->rests[i - 1];
    if (rest == NULL) {
        if (out->rest_count == USAGE_CURRENCIES_MAX)
            return too_many_currencies(err);
        rest = &out->rests[out->rest_count++];
        *rest = (struct usage_rest){.currency = arena_str(arena, item->currency)};
    }
    rest->count++;
    rest->calls = add_capped(rest->calls, item->calls);
    rest->cost_micro = add_capped(rest->cost_micro, item->cost_micro);
    rest->reserved_micro = add_capped(rest->reserved_micro, item->reserved_micro);
    rest->doubtful_micro = add_capped(rest->doubtful_micro, item->doubtful_micro);
    return true;
}

static bool gather(void *context, const struct usage_item *item, int64_t turn, struct error *err)
{
    const struct gathering *gathering = context;
    struct usage_items *out = gathering->out;
    struct usage_item *kept;

    if (turn > USAGE_ITEMS_MAX)
        return add_to_rest(out, item, gathering->arena, err);
    assert(out->count < USAGE_ITEMS_MAX);
    kept = &out->items[out->count++];
    *kept = *item;
    kept->key = arena_str(gathering->arena, item->key);
    kept->label = arena_str(gathering->arena, item->label);
    kept->currency = arena_str(gathering->arena, item->currency);
    return true;
}

bool usage_store_items(struct db *db, int64_t user_id, const struct usage_range *range,
                       enum usage_by by, struct arena *arena, struct usage_items *out,
                       struct error *err)
{
    struct usage_items found = {
        .items = ARENA_ARRAY(arena, struct usage_item, USAGE_ITEMS_MAX),
        .rests = ARENA_ARRAY(arena, struct usage_rest, USAGE_CURRENCIES_MAX),
    };
    struct gathering gathering = {.arena = arena, .out = &found};

    if (!usage_store_walk(db, user_id, range, by, gather, &gathering, err))
        return false;
    *out = found;
    return true;
}

#define TOTALS                                                                                     \
    "SELECT u.currency AS currency, " COST " AS cost_micro, " RESERVED                             \
    " AS reserved_micro, " DOUBTFUL " AS doubtful_micro FROM usage u"
#define IN_CURRENCIES " GROUP BY u.currency ORDER BY u.currency LIMIT "

bool usage_store_totals(struct db *db, int64_t user_id, const struct usage_range *range,
                        struct arena *arena, struct usage_total **items, size_t *count,
                        struct error *err)
{
    static const struct sql of_user = {"usage_store_totals_of_user",
                                       TOTALS OF_USER IN_CURRENCIES "$4", NULL};
    static const struct sql of_all = {"usage_store_totals", TOTALS OF_ALL IN_CURRENCIES "$3", NULL};
    const struct sql_value days[] = {SQL_TEXT(usage_day_str(&range->from)),
                                     SQL_TEXT(usage_day_str(&range->to))};
    const struct sql_value limit = SQL_INT64(USAGE_CURRENCIES_MAX + 1);
    const struct sql_value args_of_user[] = {days[0], days[1], SQL_INT64(user_id), limit};
    const struct sql_value args_of_all[] = {days[0], days[1], limit};
    struct usage_total *found = ARENA_ARRAY(arena, struct usage_total, USAGE_CURRENCIES_MAX);
    size_t found_count = 0;
    CLEANUP(rows_finish) struct rows rows = {0};

    if (user_id == 0 ? !db_query(db, &of_all, args_of_all, COUNT(args_of_all), &rows, err)
                     : !db_query(db, &of_user, args_of_user, COUNT(args_of_user), &rows, err))
        return false;
    while (rows_next(&rows)) {
        if (found_count == USAGE_CURRENCIES_MAX)
            return too_many_currencies(err);
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
