#include "usage/budget_private.h"

#include "core/text.h"

#include <inttypes.h>
#include <string.h>

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

struct usage_day usage_day_of(int64_t wall_ms)
{
    struct usage_day day = {0};
    char text[CLOCK_TEXT_SIZE];

    clock_format(wall_ms, text);
    memcpy(day.text, text, sizeof(day.text) - 1);
    return day;
}

struct str usage_day_str(const struct usage_day *day)
{
    return (struct str){.data = day->text, .size = sizeof(day->text) - 1};
}

/* Days since 1970; the clock's years go far below it. */
static int64_t day_number(int64_t wall_ms)
{
    return wall_ms / DAY_MS - (wall_ms % DAY_MS < 0 ? 1 : 0);
}

bool usage_range_make(bool has_from, int64_t from_ms, bool has_to, int64_t to_ms, int64_t now_ms,
                      struct usage_range *out, struct error *err)
{
    int64_t last = day_number(has_to ? to_ms : now_ms);
    int64_t first = has_from ? day_number(from_ms) : last - (USAGE_DAYS_DEFAULT - 1);

    if (first > last)
        return error_field(err, ERROR_INVALID, has_to ? "to" : "from", 0,
                           "the days asked for end before they begin");
    if (last - first >= USAGE_DAYS_MAX)
        return error_field(err, ERROR_TOO_MANY, "from", USAGE_DAYS_MAX,
                           "more than %d days are asked for at once", USAGE_DAYS_MAX);
    *out = (struct usage_range){.from = usage_day_of(first * DAY_MS),
                                .to = usage_day_of(last * DAY_MS)};
    return true;
}

static bool is_any_of(char c, const char *set) { return c != '\0' && strchr(set, c) != NULL; }

void usage_csv_cell(struct buf *out, struct str text)
{
    const bool is_formula = text_is_formula(text);
    bool is_quoted = false;

    for (size_t i = 0; i < text.size && !is_quoted; i++)
        is_quoted = is_any_of(text.data[i], ",\"\r\n");
    if (is_quoted)
        buf_printf(out, "\"");
    if (is_formula)
        buf_printf(out, "'");
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"')
            buf_printf(out, "\"\"");
        else
            buf_add(out, (struct str){.data = &text.data[i], .size = 1});
    }
    if (is_quoted)
        buf_printf(out, "\"");
}

void usage_csv_money(struct buf *out, int64_t micro)
{
    buf_printf(out, "%" PRId64 ".%06" PRId64, micro / 1000000, micro % 1000000);
}

bool usage_reserve(void *context, struct db *db, int64_t user_id, int64_t task_id,
                   int64_t provider_id, struct str model, struct str operation,
                   int64_t estimate_micro, struct str currency, int64_t now_ms, struct error *err)
{
    const struct usage_row row = {
        .task_id = task_id,
        .user_id = user_id,
        .provider_id = provider_id,
        .model = model,
        .operation = operation,
        .currency = currency,
        .estimate_micro = estimate_micro < 0 ? -1 : estimate_micro,
        .reserved_at_ms = now_ms,
        .day = usage_day_of(now_ms),
    };

    (void)context;
    return provider_id == 0 || usage_store_reserve(db, &row, err);
}

bool usage_move_reserve(void *context, struct db *db, int64_t user_id, int64_t task_id,
                        int64_t provider_id, const struct stand_in *to, int64_t now_ms,
                        bool *is_moved, struct error *err)
{
    const struct task_money money = {.provider_id = provider_id,
                                     .model = to->model,
                                     .estimate_micro = to->estimate_micro,
                                     .currency = to->currency};
    const struct usage_row row = {
        .task_id = task_id,
        .provider_id = provider_id,
        .model = to->model,
        .currency = to->currency,
        .estimate_micro = to->estimate_micro < 0 ? -1 : to->estimate_micro,
    };

    /* What it has reserved where it is would count twice. */
    if (!usage_store_lift(db, task_id, false, err))
        return false;
    *is_moved = usage_afford(context, db, user_id, &money, 1, now_ms, err);
    if (*is_moved)
        return usage_store_readdress(db, &row, err);
    if (err->code != ERROR_BUDGET)
        return false;
    *err = (struct error){0};
    return usage_store_lift(db, task_id, true, err);
}

bool usage_settle(void *context, struct db *db, int64_t task_id, int64_t cost_micro,
                  struct str currency, int64_t now_ms, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    struct usage_owner owner;

    (void)context;
    return (cost_micro < 0 ? usage_store_doubt(db, task_id, now_ms, arena, &owner, err)
                           : usage_store_settle(db, task_id, cost_micro, currency, now_ms, arena,
                                                &owner, err)) &&
           (owner.user_id == 0 || budget_tell_settled(db, &owner, now_ms, arena, err));
}
