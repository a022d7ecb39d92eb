#include "usage/budget_private.h"

#include "core/text.h"
#include "engine/event.h"

#include <inttypes.h>
#include <stdio.h>

const char *const budget_scopes[] = {"everyone", "user", "provider", "model", NULL};
const char *const budget_periods[] = {"day", "month", NULL};

int64_t budget_share(int64_t used_micro, int64_t limit_micro)
{
    if (used_micro <= 0)
        return 0;
    return used_micro > INT64_MAX / 100 ? used_micro / (limit_micro / 100 + 1)
                                        : used_micro * 100 / limit_micro;
}

int64_t budget_used(const struct budget *budget)
{
    return budget->cost_micro + budget->reserved_micro + budget->doubtful_micro;
}

bool budget_is_currency(struct str currency)
{
    for (size_t i = 0; i < currency.size; i++)
        if (currency.data[i] < 'A' || currency.data[i] > 'Z')
            return false;
    return currency.size == 3;
}

/* ---- telling ---- */

static bool tell(struct db *db, const struct budget *budget, int64_t user_id, int64_t used_micro,
                 int64_t mark, int64_t now_ms, struct error *err)
{
    CLEANUP(buf_finish) struct buf body = {0};
    struct json_writer writer;

    json_writer_init(&writer, &body);
    json_begin_object(&writer);
    json_name(&writer, "id");
    json_add_text(&writer, budget->id);
    json_name(&writer, "scope");
    json_add_text(&writer, budget->scope);
    json_name(&writer, "who_name");
    json_add_text(&writer, budget->who_name);
    json_name(&writer, "model");
    json_add_text(&writer, budget->model);
    json_name(&writer, "period");
    json_add_text(&writer, budget->period);
    json_name(&writer, "currency");
    json_add_text(&writer, budget->currency);
    json_name(&writer, "limit_micro");
    json_add_int(&writer, budget->limit_micro);
    json_name(&writer, "used_micro");
    json_add_int(&writer, used_micro);
    json_name(&writer, "share");
    json_add_int(&writer, mark);
    json_end_object(&writer);
    return event_append(db, user_id, "budget.reached", buf_str(&body), now_ms, err);
}

int64_t budget_mark(int64_t share)
{
    if (share >= BUDGET_FULL_SHARE)
        return BUDGET_FULL_SHARE;
    return share >= BUDGET_WARN_SHARE ? BUDGET_WARN_SHARE : 0;
}

/* Whoever passed it, and those whose money it is. */
static bool tell_all(struct db *db, const struct budget *budget, int64_t user_id,
                     int64_t used_micro, int64_t mark, int64_t now_ms, struct error *err)
{
    int64_t keepers[BUDGET_KEEPERS_MAX];
    size_t count;

    if (!tell(db, budget, user_id, used_micro, mark, now_ms, err) ||
        !budget_store_keepers(db, keepers, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (keepers[i] != user_id && !tell(db, budget, keepers[i], used_micro, mark, now_ms, err))
            return false;
    return true;
}

/*
 * A mark that is passed is told once in a period: the row remembers, and is written with the events
 * and with what passed it.  The whole of it is told once when both marks are passed at once.
 */
static bool tell_once(struct db *db, const struct budget *budget, int64_t user_id,
                      int64_t used_micro, int64_t now_ms, struct error *err)
{
    const int64_t mark = budget_mark(budget_share(used_micro, budget->limit_micro));
    const int64_t told = str_equal(budget->told_day, budget->from) ? budget->told_share : 0;

    return mark <= told || (budget_store_mark_told(db, budget->row_id, budget->from, mark, err) &&
                            tell_all(db, budget, user_id, used_micro, mark, now_ms, err));
}

static bool is_for(const struct budget *budget, int64_t provider_id, struct str model)
{
    return (budget->provider_id == 0 || budget->provider_id == provider_id) &&
           (budget->model.size == 0 || str_equal(budget->model, model));
}

bool budget_tell_settled(struct db *db, const struct usage_owner *owner, int64_t now_ms,
                         struct arena *arena, struct error *err)
{
    struct budget *budgets;
    size_t count;

    if (!budget_store_list(db, owner->user_id, now_ms, arena, &budgets, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (is_for(&budgets[i], owner->provider_id, owner->model) &&
            !tell_once(db, &budgets[i], owner->user_id, budget_used(&budgets[i]), now_ms, err))
            return false;
    return true;
}

bool budget_change_limit(struct db *db, struct str id, int64_t limit_micro, int64_t now_ms,
                         struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(KIB(64));
    struct budget budget;
    int64_t mark;

    if (!budget_store_find(db, id, now_ms, arena, &budget, err))
        return false;
    mark = budget_mark(budget_share(budget_used(&budget), limit_micro));
    return budget_store_change(db, id, limit_micro,
                               mark < budget.told_share ? mark : budget.told_share, err);
}

/* ---- the check ---- */

struct wish {
    int64_t micro;
    bool is_unknown; /* a part of it has no price that is known */
};

static struct wish wish_of(const struct budget *budget, const struct task_money *tasks,
                           size_t count)
{
    struct wish wish = {0};

    for (size_t i = 0; i < count; i++) {
        const struct task_money *task = &tasks[i];

        if (task->provider_id == 0 || !is_for(budget, task->provider_id, task->model) ||
            !(str_equal(task->currency, budget->currency) ||
              (task->estimate_micro < 0 && task->currency.size == 0)))
            continue;
        if (task->estimate_micro < 0)
            wish.is_unknown = true;
        else if (task->estimate_micro > INT64_MAX - wish.micro)
            wish.micro = INT64_MAX;
        else
            wish.micro += task->estimate_micro;
    }
    return wish;
}

/* "12.34", with more digits where they say something. */
static void money(char out[static 32], int64_t micro)
{
    const int64_t units = micro / 1000000, rest = micro % 1000000;

    if (rest % 10000 == 0)
        (void)snprintf(out, 32, "%" PRId64 ".%02" PRId64, units, rest / 10000);
    else
        (void)snprintf(out, 32, "%" PRId64 ".%06" PRId64, units, rest);
}

/* The names are cut so that the money behind them has room in a message. */
static struct str whose_of(const struct budget *budget, struct arena *arena)
{
    const struct str model = text_clip(budget->model, 40);
    const struct str name = text_clip(budget->who_name, model.size > 0 ? 24 : 40);

    if (model.size > 0)
        return arena_printf(arena, "model %.*s of %.*s", STR_ARGS(model), STR_ARGS(name));
    if (budget->user_id == 0 && budget->provider_id == 0)
        return STR("everyone");
    return arena_printf(arena, "%s %.*s", budget->user_id != 0 ? "user" : "provider",
                        STR_ARGS(name));
}

/* "Studio · gpt-image-2": words of no language, for the sentence that the page makes. */
static void set_whose(const struct budget *budget, struct arena *arena, struct error *err)
{
    const struct str name =
        budget->model.size == 0
            ? budget->who_name
            : arena_printf(arena, "%.*s · %.*s", STR_ARGS(text_clip(budget->who_name, 32)),
                           STR_ARGS(budget->model));

    (void)snprintf(err->whose, sizeof(err->whose), "%.*s",
                   STR_ARGS(text_clip(name, sizeof(err->whose) - 1)));
}

static bool refuse(const struct budget *budget, const struct wish *wish, struct arena *arena,
                   struct error *err)
{
    const struct str whose = whose_of(budget, arena);
    char field[64], limit[32], rest[32], needs[32];

    (void)snprintf(field, sizeof(field), "budget.%.*s.%.*s", STR_ARGS(budget->period),
                   STR_ARGS(budget->scope));
    money(limit, budget->limit_micro);
    money(rest, budget->left_micro);
    money(needs, wish->micro);
    error_field(err, ERROR_BUDGET, field, budget->limit_micro,
                "the budget of %.*s for this %.*s is %.*s %s; %s is left, this needs %s%s",
                STR_ARGS(whose), STR_ARGS(budget->period), STR_ARGS(budget->currency), limit, rest,
                needs, wish->is_unknown ? " or more" : "");
    set_whose(budget, arena, err);
    err->left = budget->left_micro;
    (void)snprintf(err->unit, sizeof(err->unit), "%.*s", STR_ARGS(budget->currency));
    return false;
}

bool usage_afford(void *context, struct db *db, int64_t user_id, const struct task_money *tasks,
                  size_t count, int64_t now_ms, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    struct budget *budgets;
    size_t found;

    (void)context;
    if (!budget_store_list(db, user_id, now_ms, arena, &budgets, &found, err))
        return false;
    for (size_t i = 0; i < found; i++) {
        const struct wish wish = wish_of(&budgets[i], tasks, count);

        if (wish.micro > budgets[i].left_micro || (wish.is_unknown && budgets[i].left_micro == 0))
            return refuse(&budgets[i], &wish, arena, err);
    }
    for (size_t i = 0; i < found; i++) {
        const struct wish wish = wish_of(&budgets[i], tasks, count);

        if (wish.micro > 0 && !tell_once(db, &budgets[i], user_id,
                                         budget_used(&budgets[i]) + wish.micro, now_ms, err))
            return false;
    }
    return true;
}
