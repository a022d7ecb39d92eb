#include "engine/view.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *const stats_by_names[] = {"provider", "model", "user", NULL};
const char *const stats_range_names[] = {"1h", "6h", "24h", "7d", "30d", NULL};

#define MINUTES(n) ((n)*INT64_C(60000))
#define HOURS(n) ((n)*INT64_C(3600000))

/* What is counted in steps is told in slots of whole steps; call_slot keeps each step long enough.
 */
static const struct range {
    int64_t step_ms, slot_ms;
    size_t slot_count;
} ranges[] = {
    [STATS_HOUR] = {MINUTES(5), MINUTES(5),  12},
    [STATS_QUARTER_DAY] = {MINUTES(5), MINUTES(15), 24},
    [STATS_DAY] = {HOURS(1),   HOURS(1),    24},
    [STATS_WEEK] = {HOURS(6),   HOURS(6),    28},
    [STATS_MONTH] = {HOURS(6),   HOURS(24),   30},
};

/* ---- shapes ---- */

static const struct field cost_fields[] = {
    {"currency",   FIELD_TEXT, offsetof(struct stats_cost, currency),   FIELD_REQUIRED, 0, 0, NULL,
     NULL, NULL                            },
    {"cost_micro", FIELD_INT,  offsetof(struct stats_cost, cost_micro), FIELD_REQUIRED, 0, 0, NULL,
     NULL, "In millionths of the currency."},
};
static const struct shape cost_shape = SHAPE("QueueCost", struct stats_cost, cost_fields);

#define SUM_FIELDS(type)                                                                           \
    {"finished", FIELD_INT, offsetof(struct type, sum.finished), FIELD_REQUIRED, 0, 0,             \
     NULL,       NULL,      "Calls that ended with a result."},                                    \
        {"failed",                                                                                 \
         FIELD_INT,                                                                                \
         offsetof(struct type, sum.failed),                                                        \
         FIELD_REQUIRED,                                                                           \
         0,                                                                                        \
         0,                                                                                        \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "Calls that ended without; those that a person gave up are not"                           \
         " counted."},                                                                             \
        {"p50_ms",                                                                                 \
         FIELD_INT,                                                                                \
         offsetof(struct type, sum.p50_ms),                                                        \
         FIELD_REQUIRED | FIELD_NULLABLE,                                                          \
         0,                                                                                        \
         0,                                                                                        \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "Half of the finished calls were as fast, to within 2.5 %; null without one."},           \
        {"p95_ms",                                                                                 \
         FIELD_INT,                                                                                \
         offsetof(struct type, sum.p95_ms),                                                        \
         FIELD_REQUIRED | FIELD_NULLABLE,                                                          \
         0,                                                                                        \
         0,                                                                                        \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "19 of 20 were as fast."},                                                                \
        {"p99_ms",                                                                                 \
         FIELD_INT,                                                                                \
         offsetof(struct type, sum.p99_ms),                                                        \
         FIELD_REQUIRED | FIELD_NULLABLE,                                                          \
         0,                                                                                        \
         0,                                                                                        \
         NULL,                                                                                     \
         NULL,                                                                                     \
         "99 of 100 were as fast."},                                                               \
    {                                                                                              \
        "costs", FIELD_LIST, offsetof(struct type, sum.costs), FIELD_REQUIRED, 0,                  \
            VIEW_STATS_CURRENCIES, &cost_shape, NULL, "What is known to have been charged."        \
    }

static const struct field slot_fields[] = {
    {"at", FIELD_TIME, offsetof(struct stats_slot, at_ms), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Its begin."},
    SUM_FIELDS(stats_slot),
};
static const struct shape slot_shape = SHAPE("QueueSlot", struct stats_slot, slot_fields);

static const struct field group_fields[] = {
    {"key",   FIELD_TEXT, offsetof(struct stats_group, key),   FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The provider's id, the model, or the user's id; empty: all others, or one that is gone."},
    {"label", FIELD_TEXT, offsetof(struct stats_group, label), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Its name."                                                                              },
    SUM_FIELDS(stats_group),
};
static const struct shape group_shape = SHAPE("QueueGroup", struct stats_group, group_fields);

static const struct field stats_fields[] = {
    {"from",    FIELD_TIME, offsetof(struct queue_stats, from_ms), FIELD_REQUIRED, 0, 0, NULL,         NULL,
     "The begin of the first slot; slots begin at whole UTC times."                                                                                                                 },
    {"slot_ms", FIELD_INT,  offsetof(struct queue_stats, slot_ms), FIELD_REQUIRED, 0, 0, NULL,         NULL,
     "How long a slot is."                                                                                                                                                          },
    SUM_FIELDS(queue_stats),
    {"slots",   FIELD_LIST, offsetof(struct queue_stats, slots),   FIELD_REQUIRED, 0, 0, &slot_shape,
     NULL,                                                                                                   "All slots of the range, the oldest first; the last one still goes on."},
    {"groups",  FIELD_LIST, offsetof(struct queue_stats, groups),  FIELD_REQUIRED, 0,
     VIEW_STATS_GROUPS,                                                                  &group_shape, NULL, "The busiest first."                                                   },
};
const struct shape queue_stats_shape = SHAPE("QueueStats", struct queue_stats, stats_fields);

/* ---- statements: the first is a walk along the primary key ---- */

#define COUNTS_FROM                                                                                \
    " FROM call_count WHERE step_ms = $1 AND at_ms >= $2 AND ($3 = 0 OR user_id = $3)"             \
    " AND ($4 IS NULL OR provider_id = (SELECT id FROM provider WHERE public_id = $4))"            \
    " AND ($5 IS NULL OR model = $5) ORDER BY at_ms, took_ms LIMIT $6"
const struct sql view_stats_sql[] = {
    {"view_stats_by_provider",
     "SELECT at_ms, took_ms, provider_id AS key, '' AS name, currency, calls, "
     "cost_micro" COUNTS_FROM,
     NULL                                                                                              },
    {"view_stats_by_model",
     "SELECT at_ms, took_ms, 0 AS key, model AS name, currency, calls, cost_micro" COUNTS_FROM,
     NULL                                                                                              },
    {"view_stats_by_user",
     "SELECT at_ms, took_ms, user_id AS key, '' AS name, currency, calls, cost_micro" COUNTS_FROM,
     NULL                                                                                              },
    {NULL,                     NULL,                                                               NULL},
};

/* ---- sums ---- */

/* Times and how many calls took them, the fastest first. */
enum { TIMES_MAX = 512 }; /* more than the roundings of call_rounding let stand */
struct times {
    int64_t ms[TIMES_MAX], count[TIMES_MAX];
    size_t size;
};

static void times_add(struct times *times, int64_t ms, int64_t count)
{
    size_t low = 0, high = times->size;

    while (low < high) {
        const size_t middle = (low + high) / 2;

        if (times->ms[middle] < ms)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == TIMES_MAX || (times->size == TIMES_MAX && times->ms[low] != ms)) {
        times->count[low == TIMES_MAX ? low - 1 : low] += count;
        return;
    }
    if (low == times->size || times->ms[low] != ms) {
        memmove(times->ms + low + 1, times->ms + low, (times->size - low) * sizeof(*times->ms));
        memmove(times->count + low + 1, times->count + low,
                (times->size - low) * sizeof(*times->count));
        times->ms[low] = ms;
        times->count[low] = 0;
        times->size++;
    }
    times->count[low] += count;
}

/* By nearest rank: of four the third is the first that three quarters reach. */
static int64_t times_percentile(const struct times *times, int64_t total, int64_t percent)
{
    const int64_t rank = (total * percent + 99) / 100;
    int64_t before = 0;

    for (size_t i = 0; i < times->size; i++) {
        before += times->count[i];
        if (before >= rank)
            return times->ms[i];
    }
    return -1;
}

/* One sum while it grows. */
struct growing {
    struct stats_sum *sum;
    struct times *times;
};

struct row {
    int64_t took_ms, calls, cost_micro;
    struct str currency;
};

/* Currencies are few; what a house of more of them pays in the others is told by its usage. */
static void cost_add(struct list *costs, const struct row *row, struct arena *arena)
{
    struct stats_cost *items = costs->items;
    size_t i = 0;

    if (row->cost_micro == 0)
        return;
    while (i < costs->count && !str_equal(items[i].currency, row->currency))
        i++;
    if (i == VIEW_STATS_CURRENCIES)
        return;
    if (i == costs->count)
        items[costs->count++] = (struct stats_cost){.currency = arena_str(arena, row->currency)};
    items[i].cost_micro += row->cost_micro;
}

static void grow(const struct growing *growing, const struct row *row, struct arena *arena)
{
    if (row->took_ms < 0) {
        growing->sum->failed += row->calls;
    } else {
        growing->sum->finished += row->calls;
        times_add(growing->times, row->took_ms, row->calls);
    }
    cost_add(&growing->sum->costs, row, arena);
}

static void ripen(const struct growing *growing)
{
    const int64_t total = growing->sum->finished;

    growing->sum->p50_ms = total == 0 ? -1 : times_percentile(growing->times, total, 50);
    growing->sum->p95_ms = total == 0 ? -1 : times_percentile(growing->times, total, 95);
    growing->sum->p99_ms = total == 0 ? -1 : times_percentile(growing->times, total, 99);
    growing->times->size = 0;
}

static void sum_init(struct stats_sum *sum, struct arena *arena)
{
    *sum = (struct stats_sum){
        .p50_ms = -1,
        .p95_ms = -1,
        .p99_ms = -1,
        .costs = {.items = ARENA_ARRAY(arena, struct stats_cost, VIEW_STATS_CURRENCIES)},
    };
}

/* ---- groups ---- */

struct group {
    struct stats_group told; /* first: what is left of it in the end */
    int64_t row_id;
    struct str name;
    struct times *times;
};

struct groups {
    struct group *items; /* VIEW_STATS_GROUPS; the last one is of all others when there are more */
    size_t count, last;  /* rows of one group often follow each other */
};

static struct group *group_of(struct groups *groups, int64_t row_id, struct str name,
                              struct arena *arena)
{
    size_t i = groups->last;

    if (i < groups->count && groups->items[i].row_id == row_id &&
        str_equal(groups->items[i].name, name))
        return &groups->items[i];
    for (i = 0; i < groups->count; i++)
        if (groups->items[i].row_id == row_id && str_equal(groups->items[i].name, name))
            break;
    if (i == VIEW_STATS_GROUPS)
        i--;
    if (i == groups->count) {
        const bool is_rest = i == VIEW_STATS_GROUPS - 1;

        groups->items[i] = (struct group){.row_id = is_rest ? -1 : row_id,
                                          .name = is_rest ? STR_EMPTY : arena_str(arena, name),
                                          .times = ARENA_NEW(arena, struct times)};
        sum_init(&groups->items[i].told.sum, arena);
        groups->count++;
    }
    groups->last = i;
    return &groups->items[i];
}

static int by_calls(const void *a, const void *b)
{
    const struct stats_sum *one = &((const struct group *)a)->told.sum;
    const struct stats_sum *other = &((const struct group *)b)->told.sum;
    const int64_t calls = one->finished + one->failed, others = other->finished + other->failed;

    return calls == others ? 0 : calls > others ? -1 : 1;
}

/* Deleted providers keep their calls: then there is no name. */
static bool name_group(struct db *db, enum stats_by by, struct group *group, struct arena *arena,
                       struct error *err)
{
    static const struct sql provider = {"view_stats_provider",
                                        "SELECT public_id, name FROM provider WHERE id = $1", NULL};
    static const struct sql user = {"view_stats_user",
                                    "SELECT public_id, name FROM user WHERE id = $1", NULL};
    const struct sql_value args[] = {SQL_INT64(group->row_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (by == STATS_BY_MODEL) {
        group->told.key = group->told.label = group->name;
        return true;
    }
    if (!db_query(db, by == STATS_BY_USER ? &user : &provider, args, COUNT(args), &rows, err))
        return false;
    if (rows_next(&rows)) {
        group->told.key = rows_str(&rows, "public_id", arena);
        group->told.label = rows_str(&rows, "name", arena);
    }
    return !rows_failed(&rows);
}

static bool tell_groups(struct db *db, enum stats_by by, struct groups *groups, struct arena *arena,
                        struct list *out, struct error *err)
{
    struct stats_group *told = ARENA_ARRAY(arena, struct stats_group, groups->count);

    if (groups->count > 1)
        qsort(groups->items, groups->count, sizeof(*groups->items), by_calls);
    for (size_t i = 0; i < groups->count; i++) {
        struct group *group = &groups->items[i];

        ripen(&(struct growing){&group->told.sum, group->times});
        if (!name_group(db, by, group, arena, err))
            return false;
        told[i] = group->told;
    }
    *out = (struct list){.items = told, .count = groups->count};
    return true;
}

/* ---- the walk ---- */

static struct stats_slot *slots_make(const struct range *range, int64_t from_ms,
                                     struct arena *arena)
{
    struct stats_slot *slots = ARENA_ARRAY(arena, struct stats_slot, range->slot_count);

    for (size_t i = 0; i < range->slot_count; i++) {
        slots[i].at_ms = from_ms + (int64_t)i * range->slot_ms;
        sum_init(&slots[i].sum, arena);
    }
    return slots;
}

bool view_queue_stats(struct db *db, const struct stats_question *question, struct arena *arena,
                      struct queue_stats *out, struct error *err)
{
    const struct range *range = &ranges[question->range];
    const int64_t from_ms = question->now_ms / range->slot_ms * range->slot_ms -
                            (int64_t)(range->slot_count - 1) * range->slot_ms;
    const struct sql_value args[] = {
        SQL_INT64(range->step_ms),         SQL_INT64(from_ms),
        SQL_INT64(question->user_id),      SQL_TEXT_OR_NULL(question->provider),
        SQL_TEXT_OR_NULL(question->model), SQL_INT64(VIEW_STATS_ROWS)};
    struct queue_stats stats = {.from_ms = from_ms, .slot_ms = range->slot_ms};
    struct stats_slot *slots = slots_make(range, from_ms, arena);
    struct groups groups = {.items = ARENA_ARRAY(arena, struct group, VIEW_STATS_GROUPS)};
    struct growing all = {&stats.sum, ARENA_NEW(arena, struct times)};
    struct growing slot = {&slots[0].sum, ARENA_NEW(arena, struct times)};
    /* Thousands of rows name the same few models and currencies: each row's are dropped. */
    CLEANUP(arena_cleanup) struct arena *row_arena = arena_create(MIB(1));
    CLEANUP(rows_finish) struct rows rows = {0};

    sum_init(&stats.sum, arena);
    if (!db_query(db, &view_stats_sql[question->by], args, COUNT(args), &rows, err))
        return false;
    while (rows_next(&rows)) {
        size_t at = (size_t)((rows_int64(&rows, "at_ms") - from_ms) / range->slot_ms);
        struct group *group;
        struct row row;

        if (at >= range->slot_count) /* a wall clock that was set back: the newest slot has it */
            at = range->slot_count - 1;
        arena_reset(row_arena);
        row = (struct row){
            .took_ms = rows_int64(&rows, "took_ms"),
            .calls = rows_int64(&rows, "calls"),
            .cost_micro = rows_int64(&rows, "cost_micro"),
            .currency = rows_str(&rows, "currency", row_arena),
        };
        if (slot.sum != &slots[at].sum) { /* they come in their order */
            ripen(&slot);
            slot.sum = &slots[at].sum;
        }
        grow(&slot, &row, arena);
        grow(&all, &row, arena);
        group =
            group_of(&groups, rows_int64(&rows, "key"), rows_str(&rows, "name", row_arena), arena);
        grow(&(struct growing){&group->told.sum, group->times}, &row, arena);
    }
    if (rows_failed(&rows))
        return false;
    ripen(&slot);
    ripen(&all);
    if (!tell_groups(db, question->by, &groups, arena, &stats.groups, err))
        return false;
    stats.slots = (struct list){.items = slots, .count = range->slot_count};
    *out = stats;
    return true;
}
