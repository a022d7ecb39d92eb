/* usage/budget_test.h: for the tests of budgets: submissions, and what stands against a budget. */
#pragma once

#include "engine/event.h"
#include "usage/budget_private.h"
#include "usage/test_private.h"

static inline int set_up(void **state)
{
    static struct book book;

    book_open(&book);
    *state = &book;
    return 0;
}

static inline int tear_down(void **state) { return book_close(*state); }

/* ---- doing ---- */

static inline bool work_add(struct db *db, void *context, struct error *err)
{
    return budget_store_add(db, context, err);
}

/* A budget in USD; whose: 0 everyone's, > 0 a user's, < 0 a provider's. */
static inline void add_budget(struct book *book, const char *id, const char *period, int64_t whose,
                              int64_t limit_micro)
{
    struct budget budget = {.id = str_of(id),
                            .scope = whose == 0  ? STR("everyone")
                                     : whose > 0 ? STR("user")
                                                 : STR("provider"),
                            .user_id = whose > 0 ? whose : 0,
                            .provider_id = whose < 0 ? -whose : 0,
                            .period = str_of(period),
                            .currency = STR("USD"),
                            .limit_micro = limit_micro,
                            .created_at_ms = NOON};

    book_do(book, work_add, &budget);
}

/* One of a model of an account, in USD. */
static inline void add_model_budget(struct book *book, const char *id, const char *period,
                                    int64_t provider_id, const char *model, int64_t limit_micro)
{
    struct budget budget = {.id = str_of(id),
                            .scope = STR("model"),
                            .provider_id = provider_id,
                            .model = str_of(model),
                            .period = str_of(period),
                            .currency = STR("USD"),
                            .limit_micro = limit_micro,
                            .created_at_ms = NOON};

    book_do(book, work_add, &budget);
}

/*
 * A submission of `count` tasks, alike but for `odd_model`, the model of every second one: asked
 * for, then reserved, in one transaction.
 */
struct order {
    int64_t user_id, first_task, provider_id, micro, at_ms;
    size_t count;
    const char *model, *odd_model, *currency;
    struct book *book;
    struct error err;
    bool is_taken;
};

static inline struct str model_of(const struct order *order, size_t index)
{
    return str_of(index % 2 == 1 && order->odd_model != NULL ? order->odd_model : order->model);
}

static inline bool work_submit(struct db *db, void *context, struct error *err)
{
    const struct order *order = context;
    struct task_money tasks[8];

    for (size_t i = 0; i < order->count; i++)
        tasks[i] = (struct task_money){.provider_id = order->provider_id,
                                       .model = model_of(order, i),
                                       .estimate_micro = order->micro,
                                       .currency = str_of(order->currency)};
    if (!usage_afford(NULL, db, order->user_id, tasks, order->count, order->at_ms, err))
        return false;
    for (size_t i = 0; i < order->count; i++)
        if (!usage_reserve(NULL, db, order->user_id, order->first_task + (int64_t)i,
                           order->provider_id, model_of(order, i), STR("o"), order->micro,
                           str_of(order->currency), order->at_ms, err))
            return false;
    return true;
}

static inline bool submit(struct book *book, struct order *order)
{
    order->user_id = order->user_id == 0 ? ANN : order->user_id;
    order->provider_id = order->provider_id == 0 ? 1 : order->provider_id;
    order->count = order->count == 0 ? 1 : order->count;
    order->model = order->model == NULL ? "m" : order->model;
    order->at_ms = order->at_ms == 0 ? NOON : order->at_ms;
    order->currency = order->currency == NULL ? "USD" : order->currency;
    order->err = (struct error){0};
    return db_transact(book->pool, "test", work_submit, order, &order->err);
}
#define SUBMIT(...) submit(book, &(struct order){__VA_ARGS__})

static inline struct budget found(struct book *book, const char *id, int64_t now_ms)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct budget budget = {0};
    struct error err = {0};

    if (!db_borrow(book->pool, &db, &err) ||
        !budget_store_find(db, str_of(id), now_ms, book->arena, &budget, &err))
        fail_msg("%s %s", err.message, err.detail);
    return budget;
}

static inline void expect_at(struct book *book, const char *id, int64_t now_ms, int64_t cost,
                             int64_t reserved, int64_t doubtful, int line)
{
    const struct budget budget = found(book, id, now_ms);

    if (budget.cost_micro != cost || budget.reserved_micro != reserved ||
        budget.doubtful_micro != doubtful)
        fail_msg("line %d: %lld+%lld+%lld", line, (long long)budget.cost_micro,
                 (long long)budget.reserved_micro, (long long)budget.doubtful_micro);
}
#define EXPECT(id, now_ms, ...) expect_at(book, id, now_ms, __VA_ARGS__, __LINE__)

/* The marks a user was told of, as "80 100 ". */
static inline void expect_told_at(struct book *book, int64_t user_id, const char *expected,
                                  int line)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct error err = {0};
    struct event_row *events;
    struct str text = STR_EMPTY;
    size_t count = 0;

    if (!db_borrow(book->pool, &db, &err) ||
        !event_list(db, user_id, 0, 100, book->arena, &events, &count, &err))
        fail_msg("%s %s", err.message, err.detail);
    for (size_t i = 0; i < count; i++) {
        assert_true(str_equal(events[i].kind, STR("budget.reached")));
        text = arena_printf(book->arena, "%.*s%s ", STR_ARGS(text),
                            str_find(events[i].body, STR("\"share\":100")) >= 0 ? "100" : "80");
    }
    if (!str_equal(text, str_of(expected)))
        fail_msg("line %d: told \"%.*s\"", line, STR_ARGS(text));
}
#define EXPECT_TOLD(user_id, expected) expect_told_at(book, user_id, expected, __LINE__)

static inline void reopen(struct book *book)
{
    const struct db_config config = {.path = book->path,
                                     .readers = 2,
                                     .migrations = db_migrations,
                                     .migration_count = db_migration_count,
                                     .clock = &clock_system};
    struct error err = {0};

    db_pool_close(book->pool);
    if (!db_pool_open(&config, &book->pool, &err))
        fail_msg("%s %s", err.message, err.detail);
}

static inline void expect_sound_at(struct book *book, int line)
{
    struct check_report *report = ARENA_NEW(book->arena, struct check_report);
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;
    struct error err = {0};

    if (!db_borrow(book->pool, &db, &err) || !usage_check(db, book->arena, report, &err))
        fail_msg("line %d: %s %s", line, err.message, err.detail);
    if (report->fault_count != 0)
        fail_msg("line %d: %.*s", line, STR_ARGS(report->faults[0].what));
}
/* The sums are the book's. */
#define EXPECT_SOUND() expect_sound_at(book, __LINE__)

static inline bool work_sql(struct db *db, void *context, struct error *err)
{
    const struct sql sql = {"test_sql", context, NULL};

    return db_exec(db, &sql, NULL, 0, NULL, err);
}

/* ---- a stand-in, which has the model by the same name ---- */

struct removal {
    int64_t task_id, provider_id, micro;
    bool is_moved;
};

static inline bool work_move(struct db *db, void *context, struct error *err)
{
    struct removal *removal = context;
    const struct stand_in to = {
        .can = true, .model = STR("m"), .estimate_micro = removal->micro, .currency = STR("USD")};

    return usage_move_reserve(NULL, db, ANN, removal->task_id, removal->provider_id, &to, NOON,
                              &removal->is_moved, err);
}

static inline bool moves(struct book *book, int64_t task_id, int64_t provider_id, int64_t micro)
{
    struct removal removal = {.task_id = task_id, .provider_id = provider_id, .micro = micro};

    book_do(book, work_move, &removal);
    return removal.is_moved;
}
