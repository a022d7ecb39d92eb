/*
 * usage/usage.h: the account book: what each task may cost, what it did cost, and what nobody can
 * tell.  Knows the database and incoming HTTP; nothing of pictures.
 *
 * The room in reading order: usage.c (rules: days, ranges, which currency a row is in; no SQL, no
 * HTTP; and the engine's hooks over them), usage_store.c (SQL), usage_http.c (the routes); beside
 * it budget.c (what may be spent, who is told), budget_store.c and budget_http.c.
 */
#pragma once

#include "core/error.h"
#include "core/str.h"
#include "db/check.h"
#include "db/db.h"
#include "engine/engine.h"
#include "http/http.h"

/*
 * The hooks of engine_hooks, called inside the engine's transactions, on the writer's thread.
 * `context` is not looked at: whatever the other hooks share may be given.
 *
 * Whether a budget forbids these tasks, all together: what is spent, reserved and in doubt in its
 * running period (UTC) with their estimates must not pass its limit; unknown estimates pass while
 * it is not full.  A budget of a model is asked of that model at that account alone.  Passing 80 %
 * and 100 % is an event "budget.reached" of this user, once in a period.  Fails: BUDGET, as
 * db_exec().
 */
MUST_CHECK bool usage_afford(void *context, struct db *db, int64_t user_id,
                             const struct task_money *tasks, size_t count, int64_t now_ms,
                             struct error *err);
/*
 * Reserves the estimate of a task (< 0: unknown).  A task that is retried goes back to reserved and
 * keeps its row: its day, and what it is known to have cost so far.  What it may have cost before
 * (it was in doubt, or is repeated while reserved) stays reserved beside the new estimate.  Work
 * without a provider (provider_id 0) costs nothing and gets no row.  Fails: as db_exec().
 */
MUST_CHECK bool usage_reserve(void *context, struct db *db, int64_t user_id, int64_t task_id,
                              int64_t provider_id, struct str model, struct str operation,
                              int64_t estimate_micro, struct str currency, int64_t now_ms,
                              struct error *err);
/*
 * Settles a task: `cost_micro` of all its calls replaces what stood there and frees the estimate.
 * < 0: a call may have been charged and nobody can tell; the estimate stays, as doubtful.  An empty
 * currency leaves the row's.  A task without a row is none of ours, and no error.  Fails: as
 * db_exec().
 */
MUST_CHECK bool usage_settle(void *context, struct db *db, int64_t task_id, int64_t cost_micro,
                             struct str currency, int64_t now_ms, struct error *err);

/*
 * The reservation of a task that nothing was charged for goes to the stand-in's account, at its
 * price; its day stays.  *is_moved is false, and nothing changed, when a budget forbids that.
 * Fails: as db_exec().
 */
MUST_CHECK bool usage_move_reserve(void *context, struct db *db, int64_t user_id, int64_t task_id,
                                   int64_t provider_id, const struct stand_in *to, int64_t now_ms,
                                   bool *is_moved, struct error *err);

/* What engine_check() is for the engine's rows: the sums that budgets are asked of are the book's.
 */
MUST_CHECK bool usage_check(struct db *db, struct arena *arena, struct check_report *out,
                            struct error *err);

/* Given by the application (src/app/), which knows the settings room too: whether an account that
 * is there has a model of this wire id, switched on or not. */
bool app_has_model(void *app, int64_t provider_id, struct str model);

/* GET /api/v1/usage.  Ended by a NULL method, as those of budgets. */
extern const struct http_route usage_routes[];
extern const struct http_route budget_routes[];
