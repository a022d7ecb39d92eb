/*
 * engine/view.h: runs and tasks as people see them: read from the store, written into replies and
 * events. What only memory knows (place in the queue, progress) and what nouns add (assets) is
 * filled in above.
 */
#pragma once

#include "core/arena.h"
#include "core/error.h"
#include "core/shape.h"
#include "db/db.h"
#include "engine/engine.h"

struct task_error_view {
    struct str code;    /* core/error.def's wire name; the page translates it */
    struct str class;   /* engine.md 6 */
    struct str message; /* the provider's own words */
    struct str next;    /* what helps: "retry", "edit", "open_provider", "wait", "resolve" */
};
extern const struct shape task_error_shape;

struct task_view {
    int64_t row_id, run_row_id, user_id, provider_row_id; /* not shown */
    struct str product_id;                                /* not shown: the run's */
    enum task_state state_code;
    struct str id, run_id, key, operation, state, priority, model, provider_id, hold_reason;
    int64_t position, partial_count, partial_version, tries, estimate_micro, cost_micro;
    double progress; /* < 0: unknown */
    int64_t created_at_ms, started_at_ms, finished_at_ms, run_at_ms;
    bool is_cancelling, can_look_up;
    struct task_error_view *error; /* NULL: none */
    struct str currency;
    struct str parameters, inputs, output; /* JSON; empty in events */
    struct list assets;                    /* for the nouns above */
};
extern const char *const task_state_values[];
extern const char *const task_priority_values[];

/* The rows every picture of a task has; the nouns add theirs behind. */
#define TASK_VIEW_FIELDS                                                                             \
    {"id", FIELD_ID, offsetof(struct task_view, id), FIELD_REQUIRED, 0, 0, NULL, NULL, NULL},        \
        {"run_id", FIELD_ID, offsetof(struct task_view, run_id), FIELD_REQUIRED, 0, 0, NULL,         \
         NULL,     NULL},                                                                            \
        {"key", FIELD_TEXT, offsetof(struct task_view, key), FIELD_REQUIRED, 0, 0,                   \
         NULL,  NULL,       "The node's name in its graph."},                                        \
        {"operation", FIELD_TEXT, offsetof(struct task_view, operation), FIELD_REQUIRED, 0, 0, NULL, \
         NULL,        NULL},                                                                         \
        {"state",                                                                                    \
         FIELD_ENUM,                                                                                 \
         offsetof(struct task_view, state),                                                          \
         FIELD_REQUIRED,                                                                             \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         task_state_values,                                                                          \
         NULL},                                                                                      \
        {"is_cancelling",                                                                            \
         FIELD_BOOL,                                                                                 \
         offsetof(struct task_view, is_cancelling),                                                  \
         FIELD_REQUIRED,                                                                             \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         NULL,                                                                                       \
         "Cancel was asked for; the provider has not let go yet."},                                  \
        {"position",                                                                                 \
         FIELD_INT,                                                                                  \
         offsetof(struct task_view, position),                                                       \
         FIELD_REQUIRED,                                                                             \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         NULL,                                                                                       \
         "Place among the waiting of its lane; 0 when it does not wait."},                           \
        {"priority",                                                                                 \
         FIELD_ENUM,                                                                                 \
         offsetof(struct task_view, priority),                                                       \
         FIELD_REQUIRED,                                                                             \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         task_priority_values,                                                                       \
         NULL},                                                                                      \
        {"model", FIELD_TEXT, offsetof(struct task_view, model), FIELD_REQUIRED, 0, 0, NULL,         \
         NULL,    NULL},                                                                             \
        {"provider_id",                                                                              \
         FIELD_ID,                                                                                   \
         offsetof(struct task_view, provider_id),                                                    \
         FIELD_REQUIRED | FIELD_NULLABLE,                                                            \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         NULL,                                                                                       \
         NULL},                                                                                      \
        {"progress",                                                                                 \
         FIELD_DOUBLE,                                                                               \
         offsetof(struct task_view, progress),                                                       \
         FIELD_REQUIRED | FIELD_NULLABLE,                                                            \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         NULL,                                                                                       \
         "0 to 1; null when unknown."},                                                              \
        {"partial_count",                                                                            \
         FIELD_INT,                                                                                  \
         offsetof(struct task_view, partial_count),                                                  \
         FIELD_REQUIRED,                                                                             \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         NULL,                                                                                       \
         "Partial pictures that can be fetched while it runs."},                                     \
        {"partial_version",                                                                          \
         FIELD_INT,                                                                                  \
         offsetof(struct task_view, partial_version),                                                \
         FIELD_REQUIRED,                                                                             \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         NULL,                                                                                       \
         NULL},                                                                                      \
        {"created_at",   FIELD_TIME, offsetof(struct task_view, created_at_ms),                      \
         FIELD_REQUIRED, 0,          0,                                                              \
         NULL,           NULL,       NULL},                                                          \
        {"started_at",                                                                               \
         FIELD_TIME,                                                                                 \
         offsetof(struct task_view, started_at_ms),                                                  \
         FIELD_REQUIRED | FIELD_NULLABLE,                                                            \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         NULL,                                                                                       \
         NULL},                                                                                      \
        {"finished_at",                                                                              \
         FIELD_TIME,                                                                                 \
         offsetof(struct task_view, finished_at_ms),                                                 \
         FIELD_REQUIRED | FIELD_NULLABLE,                                                            \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         NULL,                                                                                       \
         NULL},                                                                                      \
        {"run_at",                                                                                   \
         FIELD_TIME,                                                                                 \
         offsetof(struct task_view, run_at_ms),                                                      \
         FIELD_REQUIRED | FIELD_NULLABLE,                                                            \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         NULL,                                                                                       \
         "When a waiting task may start: later than now after a failed try."},                       \
        {"tries", FIELD_INT, offsetof(struct task_view, tries), FIELD_REQUIRED, 0, 0, NULL,          \
         NULL,    NULL},                                                                             \
        {"error",                                                                                    \
         FIELD_MAYBE,                                                                                \
         offsetof(struct task_view, error),                                                          \
         FIELD_REQUIRED | FIELD_NULLABLE,                                                            \
         0,                                                                                          \
         0,                                                                                          \
         &task_error_shape,                                                                          \
         NULL,                                                                                       \
         NULL},                                                                                      \
        {"hold_reason",                                                                              \
         FIELD_TEXT,                                                                                 \
         offsetof(struct task_view, hold_reason),                                                    \
         FIELD_REQUIRED | FIELD_NULLABLE,                                                            \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         NULL,                                                                                       \
         "Why a held task asks: \"unknown\", \"quota\", \"auth\", \"poison\"."},                     \
        {"can_look_up",                                                                              \
         FIELD_BOOL,                                                                                 \
         offsetof(struct task_view, can_look_up),                                                    \
         FIELD_REQUIRED,                                                                             \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         NULL,                                                                                       \
         "It is held because a call's outcome is unknown, and its provider can be asked."},          \
        {"estimate_micro",                                                                           \
         FIELD_INT,                                                                                  \
         offsetof(struct task_view, estimate_micro),                                                 \
         FIELD_REQUIRED,                                                                             \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         NULL,                                                                                       \
         "Below 0 when unknown."},                                                                   \
        {"cost_micro",                                                                               \
         FIELD_INT,                                                                                  \
         offsetof(struct task_view, cost_micro),                                                     \
         FIELD_REQUIRED | FIELD_NULLABLE,                                                            \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         NULL,                                                                                       \
         "Null while unknown."},                                                                     \
    {                                                                                                \
        "currency", FIELD_TEXT, offsetof(struct task_view, currency), FIELD_REQUIRED, 0, 0, NULL,    \
            NULL, NULL                                                                               \
    }

struct run_view {
    int64_t row_id, user_id; /* not shown */
    struct str id, title, state, priority, currency, product_id;
    bool is_paused;
    int64_t created_at_ms, finished_at_ms, task_count, left, failed, cancelled, cost_micro,
        estimate_micro;
    struct list tasks; /* of struct task_view; filled when asked for */
};
extern const char *const run_state_values[];
#define RUN_VIEW_FIELDS                                                                              \
    {"id", FIELD_ID, offsetof(struct run_view, id), FIELD_REQUIRED, 0, 0, NULL, NULL, NULL},         \
        {"title", FIELD_TEXT, offsetof(struct run_view, title), FIELD_REQUIRED, 0, 0, NULL,          \
         NULL,    NULL},                                                                             \
        {"state",          FIELD_ENUM, offsetof(struct run_view, state), FIELD_REQUIRED, 0, 0, NULL, \
         run_state_values, NULL},                                                                    \
        {"priority",                                                                                 \
         FIELD_ENUM,                                                                                 \
         offsetof(struct run_view, priority),                                                        \
         FIELD_REQUIRED,                                                                             \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         task_priority_values,                                                                       \
         NULL},                                                                                      \
        {"is_paused", FIELD_BOOL, offsetof(struct run_view, is_paused), FIELD_REQUIRED, 0, 0, NULL,  \
         NULL,        NULL},                                                                         \
        {"created_at",   FIELD_TIME, offsetof(struct run_view, created_at_ms),                       \
         FIELD_REQUIRED, 0,          0,                                                              \
         NULL,           NULL,       NULL},                                                          \
        {"finished_at",                                                                              \
         FIELD_TIME,                                                                                 \
         offsetof(struct run_view, finished_at_ms),                                                  \
         FIELD_REQUIRED | FIELD_NULLABLE,                                                            \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         NULL,                                                                                       \
         NULL},                                                                                      \
        {"task_count", FIELD_INT, offsetof(struct run_view, task_count), FIELD_REQUIRED, 0, 0, NULL, \
         NULL,         NULL},                                                                        \
        {"left", FIELD_INT, offsetof(struct run_view, left), FIELD_REQUIRED, 0, 0,                   \
         NULL,   NULL,      "Tasks that have not ended."},                                           \
        {"failed", FIELD_INT, offsetof(struct run_view, failed), FIELD_REQUIRED, 0, 0, NULL,         \
         NULL,     NULL},                                                                            \
        {"cancelled", FIELD_INT, offsetof(struct run_view, cancelled), FIELD_REQUIRED, 0, 0, NULL,   \
         NULL,        NULL},                                                                         \
        {"cost_micro",                                                                               \
         FIELD_INT,                                                                                  \
         offsetof(struct run_view, cost_micro),                                                      \
         FIELD_REQUIRED,                                                                             \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         NULL,                                                                                       \
         "What its calls have cost so far, in millionths of the currency."},                         \
        {"estimate_micro",                                                                           \
         FIELD_INT,                                                                                  \
         offsetof(struct run_view, estimate_micro),                                                  \
         FIELD_REQUIRED,                                                                             \
         0,                                                                                          \
         0,                                                                                          \
         NULL,                                                                                       \
         NULL,                                                                                       \
         NULL},                                                                                      \
        {"currency", FIELD_TEXT, offsetof(struct run_view, currency), FIELD_REQUIRED, 0, 0, NULL,    \
         NULL,       NULL},                                                                          \
    {                                                                                                \
        "product_id", FIELD_ID, offsetof(struct run_view, product_id),                               \
            FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL, NULL,                                       \
            "What it is made for; null: nothing."                                                    \
    }

/* As they stand in events: without parameters, assets, and (runs) tasks. */
extern const struct shape task_event_shape; /* "TaskState" */
extern const struct shape run_event_shape;  /* "RunState" */

/* Owned by `user_id`, which every query names.  Fails: NOT_FOUND. */
MUST_CHECK bool view_run(struct db *db, int64_t user_id, struct str public_id, struct arena *arena,
                         struct run_view *out, struct error *err);
MUST_CHECK bool view_run_row(struct db *db, int64_t row_id, struct arena *arena,
                             struct run_view *out, struct error *err);
/* The run that this user made under `key`, if there is one.  Fails: KEY_REUSED when that was made
 * of another request. */
MUST_CHECK bool view_run_of_key(struct db *db, int64_t user_id, struct str key,
                                const struct sha256 *request_hash, struct arena *arena,
                                struct id *out, bool *found, struct error *err);
MUST_CHECK bool view_task(struct db *db, int64_t user_id, struct str public_id, struct arena *arena,
                          struct task_view *out, struct error *err);
MUST_CHECK bool view_task_row(struct db *db, int64_t row_id, struct arena *arena,
                              struct task_view *out, struct error *err);
/* In the order of their making. */
MUST_CHECK bool view_tasks_of_run(struct db *db, int64_t run_row_id, struct arena *arena,
                                  struct task_view **out, size_t *count, struct error *err);
struct run_filter {
    int64_t user_id;
    struct str state;    /* "active", "done", "failed", "cancelled"; empty: all */
    struct str provider; /* the public id of one that works for the run; empty: any */
    int64_t since_ms;    /* made then or later; 0: ever */
    struct str cursor;   /* before it; empty: from the newest */
    size_t limit;
};
/* Newest first. */
MUST_CHECK bool view_runs(struct db *db, const struct run_filter *filter, struct arena *arena,
                          struct run_view **out, size_t *count, struct error *err);
extern const struct sql view_runs_sql[]; /* ended by a NULL name; for a look at their plans */
/* Tasks that ask: held, newest first. */
MUST_CHECK bool view_tasks_held(struct db *db, int64_t user_id, size_t limit, struct arena *arena,
                                struct task_view **out, size_t *count, struct error *err);

/* A task's story. */
struct call_view {
    struct str id, state, provider_id, model, request_id, remote_id, class, message, currency,
        repeat_of;
    int64_t http_status, est_micro, cost_micro, intent_at_ms, sent_at_ms, accepted_at_ms,
        ended_at_ms;
    bool may_be_charged_twice;
};
struct attempt_view {
    int64_t number, started_at_ms, ended_at_ms;
    struct str outcome, class, message;
    struct str taken_by;        /* with it a stand-in took the task: its name; empty: none did */
    struct str instead_of;      /* the name of the account that it waited for */
    struct str instead_because; /* and its trouble */
    struct list calls;          /* of struct call_view */
};
extern const struct shape call_shape, attempt_shape;
MUST_CHECK bool view_attempts(struct db *db, int64_t task_row_id, struct arena *arena,
                              struct list *out, struct error *err);

/* What a start took over of this person's, because the server had stopped in the middle of it. */
struct recovered_view {
    int64_t at_ms;   /* of that start; 0: there is nothing to tell */
    int64_t waiting; /* beside it, and lost nothing */
    int64_t in_flight;
};
MUST_CHECK bool view_recovered(struct db *db, int64_t user_id, struct recovered_view *out,
                               struct error *err);
/* The tasks that were in flight, the oldest first. */
MUST_CHECK bool view_tasks_recovered(struct db *db, int64_t user_id, size_t limit,
                                     struct arena *arena, struct task_view **out, size_t *count,
                                     struct error *err);
/* In a transaction: the person has seen it. */
MUST_CHECK bool view_recovered_forget(struct db *db, int64_t user_id, struct error *err);

struct queue_counts {
    int64_t running, waiting_mine, waiting_all, held, failed_24h;
    int64_t queued_mine; /* waiting for a place, or for another task */
};
MUST_CHECK bool view_queue_counts(struct db *db, int64_t user_id, int64_t now_ms,
                                  struct queue_counts *out, struct error *err);

/* A run as its own transaction left it. */
struct run_created {
    struct id run_id;
    bool is_repeat; /* made before by the same request: then nothing of it is below */
    struct run_view run;
    struct task_view *tasks; /* in the order of their making; they have their positions */
    size_t task_count;
};
/* engine_run_submit() for who shows what came of it; in `arena`. */
MUST_CHECK bool engine_run_create(struct engine *engine, const struct run_spec *spec,
                                  struct arena *arena, struct run_created *out, struct error *err);

/* ---- How a provider did ---- */

struct failure_count {
    struct str class;
    int64_t count;
};
struct health_window {
    int64_t calls; /* that ended and were not given up by a person */
    int64_t finished, cancelled;
    double success; /* finished of calls, 0 to 1; < 0: there were none */
    /* From sent (or, when that was never marked, from the intent) to the end, of the newest
     * VIEW_HEALTH_CALLS finished calls; -1: none. */
    int64_t p50_ms, p95_ms;
    struct list failures; /* of struct failure_count, the most first */
};
struct health_error {
    struct str class, message; /* the provider's own words, VIEW_HEALTH_WORDS bytes at most */
    struct str model;
    int64_t http_status; /* 0: no reply */
    int64_t at_ms;
};
struct provider_health {
    struct health_window day, week;
    struct health_error *last_error; /* of the week; NULL: none */
};
extern const struct shape failure_count_shape, health_window_shape, health_error_shape;
enum { VIEW_HEALTH_CALLS = 1000, VIEW_HEALTH_WORDS = 300 };
/* Calls that are open under a key: sent, or accepted and asked for. */
MUST_CHECK bool view_key_calls(struct db *db, int64_t key_id, int64_t *count, struct error *err);
/* Of the 24 hours and seven days before `now_ms`; a provider without calls has a health too. */
MUST_CHECK bool view_provider_health(struct db *db, int64_t provider_id, int64_t now_ms,
                                     struct arena *arena, struct provider_health *out,
                                     struct error *err);
extern const struct sql view_health_sql[]; /* ended by a NULL name; for a look at their plans */

/* ---- How the queue did ---- */

enum stats_by { STATS_BY_PROVIDER, STATS_BY_MODEL, STATS_BY_USER };
enum stats_range { STATS_HOUR, STATS_QUARTER_DAY, STATS_DAY, STATS_WEEK, STATS_MONTH };
extern const char *const stats_by_names[], *const stats_range_names[]; /* ended by NULL */

struct stats_question {
    int64_t user_id;            /* 0: everybody's */
    struct str provider, model; /* public id and wire id; empty: all */
    enum stats_by by;
    enum stats_range range;
    int64_t now_ms;
};
struct stats_cost {
    struct str currency;
    int64_t cost_micro;
};
/* Of some calls that ended; those that a person gave up are not among them. */
struct stats_sum {
    int64_t finished, failed;
    int64_t p50_ms, p95_ms, p99_ms; /* from sent to ended, to within 2.5 %; -1: none finished */
    struct list costs;              /* of struct stats_cost, VIEW_STATS_CURRENCIES at most */
};
struct stats_slot {
    int64_t at_ms;
    struct stats_sum sum;
};
struct stats_group {
    struct str key, label; /* public id or wire id, and its name; both empty: all others */
    struct stats_sum sum;
};
struct queue_stats {
    int64_t from_ms, slot_ms;
    struct stats_sum sum;
    struct list slots;  /* of struct stats_slot: all of the range, the oldest first */
    struct list groups; /* of struct stats_group, the busiest first; VIEW_STATS_GROUPS at most */
};
extern const struct shape queue_stats_shape; /* "QueueStats" */
enum { VIEW_STATS_GROUPS = 50, VIEW_STATS_CURRENCIES = 8, VIEW_STATS_ROWS = 500000 };
/*
 * What ended in the range that ends with the slot of `now_ms`.  Reads counts by slots and no calls,
 * so that a month of a busy house costs some thousand rows.
 */
MUST_CHECK bool view_queue_stats(struct db *db, const struct stats_question *question,
                                 struct arena *arena, struct queue_stats *out, struct error *err);
extern const struct sql view_stats_sql[]; /* ended by a NULL name; for a look at their plans */
