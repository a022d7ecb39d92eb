/* usage/usage_private.h: what the usage room shares with itself. */
#pragma once

#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "usage/usage.h"

enum {
    USAGE_DAYS_MAX = 400,    /* of one question */
    USAGE_DAYS_DEFAULT = 30, /* with today */
    USAGE_ITEMS_MAX = 2000,  /* groups told one by one in an answer; the rest as sums */
    USAGE_CURRENCIES_MAX = 200,
};

/* ---- rules: usage.c ---- */

/* A date of UTC as "2026-11-22", with a NUL. */
struct usage_day {
    char text[11];
};
struct usage_day usage_day_of(int64_t wall_ms);
struct str usage_day_str(const struct usage_day *day);

/* Both days belong to it. */
struct usage_range {
    struct usage_day from, to;
};
/*
 * The range asked for.  Without `to` it ends today; without `from` it has 30 days.  Only the dates
 * (UTC) of the times count.  Fails: INVALID (it ends before it begins), TOO_MANY (> 400 days).
 */
MUST_CHECK bool usage_range_make(bool has_from, int64_t from_ms, bool has_to, int64_t to_ms,
                                 int64_t now_ms, struct usage_range *out, struct error *err);

/*
 * A cell of CSV (RFC 4180), quoted where it must be.  One that a spreadsheet would take for a
 * formula (it begins with = + - @, a tab or a carriage return) gets an apostrophe in front.
 */
void usage_csv_cell(struct buf *out, struct str text);
/* "12.340000" of 12340000 micro-units; not below 0. */
void usage_csv_money(struct buf *out, int64_t micro);

/* ---- SQL: usage_store.c ---- */

struct usage_row {
    int64_t task_id, user_id, provider_id;
    struct str model, operation, currency;
    int64_t estimate_micro; /* -1: unknown */
    int64_t reserved_at_ms;
    struct usage_day day;
};

/*
 * Adds a row, or takes the task's row back to reserved with the new estimate.  A row has one
 * currency, and money that was spent is a fact where an estimate is a guess: a row with a cost in
 * another currency keeps it, and its estimate becomes unknown.  Fails: as db_exec().
 */
MUST_CHECK bool usage_store_reserve(struct db *db, const struct usage_row *row, struct error *err);
/* Takes what a task has reserved out of the sums, or puts it back; in between nobody looks. */
MUST_CHECK bool usage_store_lift(struct db *db, int64_t task_id, bool is_back, struct error *err);
/* A lifted reservation, without a cost, under another account's name and price; back in the sums.
 */
MUST_CHECK bool usage_store_readdress(struct db *db, const struct usage_row *row,
                                      struct error *err);
/* Whose work a row is, where; the model in the arena that was given. */
struct usage_owner {
    int64_t user_id, provider_id; /* user_id 0: the task is not in the book */
    struct str model;
};
/* Both count the calls that left for the provider from the engine's own rows.  No row: no error. */
MUST_CHECK bool usage_store_settle(struct db *db, int64_t task_id, int64_t cost_micro,
                                   struct str currency, int64_t now_ms, struct arena *arena,
                                   struct usage_owner *owner, struct error *err);
MUST_CHECK bool usage_store_doubt(struct db *db, int64_t task_id, int64_t now_ms,
                                  struct arena *arena, struct usage_owner *owner,
                                  struct error *err);

enum usage_by {
    USAGE_BY_DAY,
    USAGE_BY_PROVIDER,
    USAGE_BY_MODEL,
    USAGE_BY_OPERATION,
    USAGE_BY_USER,
    USAGE_BY_PRODUCT
};
MUST_CHECK bool usage_by_read(struct str name, enum usage_by *out);
extern const char *const usage_by_names[]; /* in the order of the enum, ended by NULL */

struct usage_item {
    struct str key, label, currency;
    int64_t calls, cost_micro, reserved_micro, doubtful_micro;
};
struct usage_total {
    struct str currency;
    int64_t cost_micro, reserved_micro, doubtful_micro;
};
/*
 * Groups of one user's rows, or with user_id 0 of everybody's, each in one currency, handed to
 * `visit` one after the other.  Days come in their order, the others by what they cost, the dearest
 * first within each currency.  What neither left for a provider nor cost anything nor is about to
 * is not among them.  `turn` counts them from 1 in another order: the dearest of each currency by
 * turns.  The item is borrowed.  Ends when `visit` is false.  Fails: as `visit`, as db_query().
 */
typedef bool (*usage_visit)(void *context, const struct usage_item *item, int64_t turn,
                            struct error *err);
MUST_CHECK bool usage_store_walk(struct db *db, int64_t user_id, const struct usage_range *range,
                                 enum usage_by by, usage_visit visit, void *context,
                                 struct error *err);

/* What is beyond the items of an answer, in one currency. */
struct usage_rest {
    struct str currency;
    int64_t count; /* groups; not 0 */
    int64_t calls, cost_micro, reserved_micro, doubtful_micro;
};
struct usage_items {
    struct usage_item *items;
    size_t count; /* USAGE_ITEMS_MAX at most */
    struct usage_rest *rests;
    size_t rest_count; /* USAGE_CURRENCIES_MAX at most */
};
/*
 * The first USAGE_ITEMS_MAX of these groups by their turns, in the order of the walk, and one rest
 * a currency; all in `arena`.  Fails: TOO_MANY (> USAGE_CURRENCIES_MAX), as db_query().
 */
MUST_CHECK bool usage_store_items(struct db *db, int64_t user_id, const struct usage_range *range,
                                  enum usage_by by, struct arena *arena, struct usage_items *out,
                                  struct error *err);
/* One per currency.  Fails: TOO_MANY (> USAGE_CURRENCIES_MAX), as db_query(). */
MUST_CHECK bool usage_store_totals(struct db *db, int64_t user_id, const struct usage_range *range,
                                   struct arena *arena, struct usage_total **items, size_t *count,
                                   struct error *err);
