/* usage/budget_private.h: what may be spent in a day or a month, inside the usage room. */
#pragma once

#include "usage/usage_private.h"

enum {
    BUDGETS_MAX = 100,
    BUDGET_WARN_SHARE = 80, /* percent of the limit at which somebody is told */
    BUDGET_FULL_SHARE = 100,
    BUDGET_MODEL_CHARS_MAX = 200, /* of a model's name, as in the accounts */
};
#define BUDGET_LIMIT_MICRO_MAX (INT64_C(1000000000) * 1000000)

/* A budget with what stands against it in the running period. */
struct budget {
    int64_t row_id, user_id, provider_id; /* 0: of everybody's, of all */
    struct str model;                     /* empty: of all; else of that provider alone */
    struct str id, scope, who_id, who_name, period, currency;
    int64_t limit_micro, cost_micro, reserved_micro, doubtful_micro, left_micro;
    int64_t share;   /* percent, rounded down */
    struct str from; /* the period's first day */
    int64_t created_at_ms;
    struct str told_day;
    int64_t told_share;
};
extern const char *const budget_scopes[];  /* "everyone", "user", "provider", "model", NULL */
extern const char *const budget_periods[]; /* "day", "month", NULL */

/* ---- rules: budget.c ---- */

/* What of `limit` is used, in percent, rounded down; without overflow.  `limit` > 0. */
int64_t budget_share(int64_t used_micro, int64_t limit_micro);
int64_t budget_used(const struct budget *budget);
/* Three capital letters. */
bool budget_is_currency(struct str currency);
/* The mark that a share has passed: 0, BUDGET_WARN_SHARE or BUDGET_FULL_SHARE. */
int64_t budget_mark(int64_t share);
/* A mark that is passed under the new limit too counts as told; one that is not may be told again.
 * Fails: NOT_FOUND, as db_exec(). */
MUST_CHECK bool budget_change_limit(struct db *db, struct str id, int64_t limit_micro,
                                    int64_t now_ms, struct error *err);
/* Tells of the budgets of a task that has just been settled.  Fails: as db_exec(). */
MUST_CHECK bool budget_tell_settled(struct db *db, const struct usage_owner *owner, int64_t now_ms,
                                    struct arena *arena, struct error *err);

/* ---- SQL: budget_store.c ---- */

/* What a list is asked for: with user_id 0 all budgets, else those this user's work can touch. */
MUST_CHECK bool budget_store_list(struct db *db, int64_t user_id, int64_t now_ms,
                                  struct arena *arena, struct budget **items, size_t *count,
                                  struct error *err);
/* Fails: NOT_FOUND. */
MUST_CHECK bool budget_store_find(struct db *db, struct str id, int64_t now_ms, struct arena *arena,
                                  struct budget *out, struct error *err);
/* Of the new row: scope, the row ids, model, period, currency, limit, id and time.  Fails: CONFLICT
 * (there is one for the same), as db_exec(). */
MUST_CHECK bool budget_store_add(struct db *db, const struct budget *budget, struct error *err);
/* `told_share`: of what somebody counts as told, under the new limit.  Fails: NOT_FOUND, as
 * db_exec(). */
MUST_CHECK bool budget_store_change(struct db *db, struct str id, int64_t limit_micro,
                                    int64_t told_share, struct error *err);
MUST_CHECK bool budget_store_delete(struct db *db, struct str id, struct error *err);
MUST_CHECK bool budget_store_mark_told(struct db *db, int64_t row_id, struct str day, int64_t share,
                                       struct error *err);
/* Those whose money it is: the owner and the admins that are not disabled, the oldest first. */
enum { BUDGET_KEEPERS_MAX = 50 };
MUST_CHECK bool budget_store_keepers(struct db *db, int64_t *ids, size_t *count, struct error *err);
MUST_CHECK bool budget_store_count(struct db *db, int64_t *out, struct error *err);
/* The row of a public id; deleted providers and disabled users are none.  Fails: INVALID (who_id).
 */
MUST_CHECK bool budget_store_user(struct db *db, struct str id, int64_t *row_id, struct error *err);
MUST_CHECK bool budget_store_provider(struct db *db, struct str id, int64_t *row_id,
                                      struct error *err);
