#include "engine/view.h"

#include <stdlib.h>

const char *const task_state_values[] = {"blocked", "ready",  "running",   "waiting", "held",
                                         "done",    "failed", "cancelled", NULL};
const char *const task_priority_values[] = {"front", "normal", "low", NULL};
const char *const run_state_values[] = {"active", "done", "failed", "cancelled", NULL};

static const char *const next_values[] = {"retry", "edit",    "open_provider",
                                          "wait",  "resolve", NULL};
static const struct field task_error_fields[] = {
    {"code",    FIELD_TEXT, offsetof(struct task_error_view, code),    FIELD_REQUIRED, 0, 0, NULL, NULL,
     "A stable name; the page translates it."                                                                                       },
    {"class",   FIELD_TEXT, offsetof(struct task_error_view, class),   FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The engine's class, which decided about another try."                                                                         },
    {"message", FIELD_TEXT, offsetof(struct task_error_view, message), FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                               "The provider's own words."},
    {"next",    FIELD_ENUM, offsetof(struct task_error_view, next),    FIELD_REQUIRED, 0, 0, NULL,
     next_values,                                                                                        "What helps."              },
};
const struct shape task_error_shape = SHAPE("TaskError", struct task_error_view, task_error_fields);

static const struct field task_event_fields[] = {TASK_VIEW_FIELDS};
const struct shape task_event_shape = SHAPE("TaskState", struct task_view, task_event_fields);
static const struct field run_event_fields[] = {RUN_VIEW_FIELDS};
const struct shape run_event_shape = SHAPE("RunState", struct run_view, run_event_fields);

static const struct field call_fields[] = {
    {"id",                   FIELD_ID,   offsetof(struct call_view, id),                   FIELD_REQUIRED,                  0, 0, NULL, NULL,
     "Also the idempotency key it was sent with."                                                                                                                                                    },
    {"state",                FIELD_TEXT, offsetof(struct call_view, state),                FIELD_REQUIRED,                  0, 0, NULL, NULL,
     NULL                                                                                                                                                                                            },
    {"provider_id",          FIELD_ID,   offsetof(struct call_view, provider_id),
     FIELD_REQUIRED | FIELD_NULLABLE,                                                                                       0, 0, NULL, NULL, NULL                                                   },
    {"model",                FIELD_TEXT, offsetof(struct call_view, model),                FIELD_REQUIRED,                  0, 0, NULL, NULL,
     NULL                                                                                                                                                                                            },
    {"request_id",           FIELD_TEXT, offsetof(struct call_view, request_id),           FIELD_REQUIRED,                  0, 0, NULL,
     NULL,                                                                                                                                    "The provider's name for the request, for its support."},
    {"remote_id",            FIELD_TEXT, offsetof(struct call_view, remote_id),            FIELD_REQUIRED,                  0, 0, NULL,
     NULL,                                                                                                                                    NULL                                                   },
    {"http_status",          FIELD_INT,  offsetof(struct call_view, http_status),          FIELD_REQUIRED,                  0, 0, NULL,
     NULL,                                                                                                                                    NULL                                                   },
    {"class",                FIELD_TEXT, offsetof(struct call_view, class),                FIELD_REQUIRED,                  0, 0, NULL, NULL,
     NULL                                                                                                                                                                                            },
    {"message",              FIELD_TEXT, offsetof(struct call_view, message),              FIELD_REQUIRED,                  0, 0, NULL, NULL,
     NULL                                                                                                                                                                                            },
    {"est_micro",            FIELD_INT,  offsetof(struct call_view, est_micro),            FIELD_REQUIRED,                  0, 0, NULL,
     NULL,                                                                                                                                    NULL                                                   },
    {"cost_micro",           FIELD_INT,  offsetof(struct call_view, cost_micro),
     FIELD_REQUIRED | FIELD_NULLABLE,                                                                                       0, 0, NULL, NULL, "Null while unknown."                                  },
    {"currency",             FIELD_TEXT, offsetof(struct call_view, currency),             FIELD_REQUIRED,                  0, 0, NULL, NULL,
     NULL                                                                                                                                                                                            },
    {"intent_at",            FIELD_TIME, offsetof(struct call_view, intent_at_ms),         FIELD_REQUIRED,                  0, 0, NULL,
     NULL,                                                                                                                                    "Written down before the first byte left."             },
    {"sent_at",              FIELD_TIME, offsetof(struct call_view, sent_at_ms),           FIELD_REQUIRED | FIELD_NULLABLE,
     0,                                                                                                                        0, NULL, NULL, NULL                                                   },
    {"accepted_at",          FIELD_TIME, offsetof(struct call_view, accepted_at_ms),
     FIELD_REQUIRED | FIELD_NULLABLE,                                                                                       0, 0, NULL, NULL, NULL                                                   },
    {"ended_at",             FIELD_TIME, offsetof(struct call_view, ended_at_ms),
     FIELD_REQUIRED | FIELD_NULLABLE,                                                                                       0, 0, NULL, NULL, NULL                                                   },
    {"repeat_of",            FIELD_ID,   offsetof(struct call_view, repeat_of),            FIELD_REQUIRED | FIELD_NULLABLE,
     0,                                                                                                                        0, NULL, NULL, "The call with unknown outcome that this one repeats." },
    {"may_be_charged_twice", FIELD_BOOL, offsetof(struct call_view, may_be_charged_twice),
     FIELD_REQUIRED,                                                                                                        0, 0, NULL, NULL, NULL                                                   },
};
const struct shape call_shape = SHAPE("Call", struct call_view, call_fields);

static const struct field attempt_fields[] = {
    {"n",               FIELD_INT,  offsetof(struct attempt_view, number),          FIELD_REQUIRED, 0, 0, NULL,        NULL, NULL                                                                        },
    {"started_at",      FIELD_TIME, offsetof(struct attempt_view, started_at_ms),   FIELD_REQUIRED, 0, 0,
     NULL,                                                                                                             NULL, NULL                                                                        },
    {"ended_at",        FIELD_TIME, offsetof(struct attempt_view, ended_at_ms),
     FIELD_REQUIRED | FIELD_NULLABLE,                                                               0, 0, NULL,        NULL, NULL                                                                        },
    {"outcome",         FIELD_TEXT, offsetof(struct attempt_view, outcome),         FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                                   NULL                                                                        },
    {"class",           FIELD_TEXT, offsetof(struct attempt_view, class),           FIELD_REQUIRED, 0, 0, NULL,        NULL,
     NULL                                                                                                                                                                                                },
    {"message",         FIELD_TEXT, offsetof(struct attempt_view, message),         FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                                   NULL                                                                        },
    {"calls",           FIELD_LIST, offsetof(struct attempt_view, calls),           FIELD_REQUIRED, 0, 0, &call_shape,
     NULL,                                                                                                                   NULL                                                                        },
    {"taken_by",        FIELD_TEXT, offsetof(struct attempt_view, taken_by),        FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                                   "The account that took it with this attempt as a stand-in; empty: none did."},
    {"instead_of",      FIELD_TEXT, offsetof(struct attempt_view, instead_of),      FIELD_REQUIRED, 0, 0,
     NULL,                                                                                                             NULL,
     "The account that it waited for, and that was in trouble, so that another one took it; empty: "
     "none."                                                                                                                                                                                             },
    {"instead_because", FIELD_TEXT, offsetof(struct attempt_view, instead_because), FIELD_REQUIRED,
     0,                                                                                                0, NULL,        NULL, "Its trouble: a class of failure, or breaker."                              },
};
const struct shape attempt_shape = SHAPE("Attempt", struct attempt_view, attempt_fields);

/* What helps against each class of failure; the sentence itself is the page's. */
static const char *const next_of_class[FAILURE_CLASS_COUNT] = {
    [FAILURE_NONE] = "retry",         [FAILURE_NOT_SENT] = "retry",
    [FAILURE_THROTTLED] = "wait",     [FAILURE_QUOTA] = "open_provider",
    [FAILURE_AUTH] = "open_provider", [FAILURE_INVALID] = "edit",
    [FAILURE_REFUSED] = "edit",       [FAILURE_SERVER] = "retry",
    [FAILURE_UNKNOWN] = "resolve",    [FAILURE_REMOTE] = "retry",
    [FAILURE_RESULT_LOST] = "retry",  [FAILURE_LOCAL] = "retry",
    [FAILURE_DEADLINE] = "retry",     [FAILURE_CANCELLED] = "retry",
};

#define TASK_COLUMNS                                                                               \
    "t.id, t.public_id, t.run_id, r.public_id AS run_public_id, r.product, t.user_id, t.node_key," \
    " t.operation, t.state, t.priority, t.model, t.provider_id,"                                   \
    " (SELECT p.public_id FROM provider p WHERE p.id = t.provider_id) AS provider_public_id,"      \
    " CASE WHEN t.hold_reason = 'unknown' THEN (SELECT p.kind FROM provider p"                     \
    " WHERE p.id = t.provider_id) ELSE '' END AS doubtful_kind,"                                   \
    " t.created_at_ms, t.started_at_ms, t.finished_at_ms, t.run_at_ms, t.cancel_at_ms, t.tries,"   \
    " t.error_class, t.error_message, t.hold_reason, t.estimate_micro,"                            \
    " coalesce(t.cost_micro, -1) AS cost_micro, t.currency, t.parameters, t.inputs, t.output"
#define TASK_FROM " FROM task t JOIN run r ON r.id = t.run_id"

static struct task_error_view *task_error(struct rows *rows, struct arena *arena)
{
    const struct str class_name = rows_str(rows, "error_class", arena);
    struct task_error_view *view;
    enum failure_class class;

    if (class_name.size == 0)
        return NULL;
    class = failure_class_of(class_name);
    view = ARENA_NEW(arena, struct task_error_view);
    *view = (struct task_error_view){
        .code = str_of(error_wire_name(failure_error_code(class))),
        .class = class_name,
        .message = rows_str(rows, "error_message", arena),
        .next = str_of(next_of_class[class]),
    };
    return view;
}

/* Of a held task whose call's outcome is unknown. */
static bool can_look_up(struct rows *rows, struct arena *arena)
{
    const struct provider_kind *kind = provider_kind_find(rows_str(rows, "doubtful_kind", arena));

    return kind != NULL && kind->can_look_up;
}

static struct task_view task_of_row(struct rows *rows, struct arena *arena)
{
    struct task_view view = {
        .row_id = rows_int64(rows, "id"),
        .run_row_id = rows_int64(rows, "run_id"),
        .user_id = rows_int64(rows, "user_id"),
        .provider_row_id = rows_int64(rows, "provider_id"),
        .id = rows_str(rows, "public_id", arena),
        .run_id = rows_str(rows, "run_public_id", arena),
        .product_id = rows_str(rows, "product", arena),
        .key = rows_str(rows, "node_key", arena),
        .operation = rows_str(rows, "operation", arena),
        .state = rows_str(rows, "state", arena),
        .priority = str_of(task_priority_values[rows_int64(rows, "priority")]),
        .model = rows_str(rows, "model", arena),
        .provider_id = rows_str(rows, "provider_public_id", arena),
        .hold_reason = rows_str(rows, "hold_reason", arena),
        .tries = rows_int64(rows, "tries"),
        .estimate_micro = rows_int64(rows, "estimate_micro"),
        .cost_micro = rows_int64(rows, "cost_micro"),
        .progress = -1,
        .created_at_ms = rows_int64(rows, "created_at_ms"),
        .started_at_ms = rows_int64(rows, "started_at_ms"),
        .finished_at_ms = rows_int64(rows, "finished_at_ms"),
        .run_at_ms = rows_int64(rows, "run_at_ms"),
        .error = task_error(rows, arena),
        .currency = rows_str(rows, "currency", arena),
        .parameters = rows_str(rows, "parameters", arena),
        .inputs = rows_str(rows, "inputs", arena),
        .output = rows_str(rows, "output", arena),
    };

    if (!task_state_of(view.state, &view.state_code))
        view.state_code = TASK_FAILED; /* the column's CHECK excludes it */
    view.can_look_up = can_look_up(rows, arena);
    view.is_cancelling =
        rows_int64(rows, "cancel_at_ms") != 0 && !task_state_is_final(view.state_code);
    return view;
}

#define RUN_COLUMNS                                                                                \
    "r.id, r.public_id, r.user_id, r.title, r.state, r.priority, r.is_paused, r.created_at_ms,"    \
    " r.finished_at_ms, r.task_count, r.left_count, r.failed_count, r.cancelled_count,"            \
    " r.cost_micro, r.estimate_micro, r.currency, r.product"

static struct run_view run_of_row(struct rows *rows, struct arena *arena)
{
    return (struct run_view){
        .row_id = rows_int64(rows, "id"),
        .user_id = rows_int64(rows, "user_id"),
        .id = rows_str(rows, "public_id", arena),
        .title = rows_str(rows, "title", arena),
        .state = rows_str(rows, "state", arena),
        .priority = str_of(task_priority_values[rows_int64(rows, "priority")]),
        .is_paused = rows_bool(rows, "is_paused"),
        .created_at_ms = rows_int64(rows, "created_at_ms"),
        .finished_at_ms = rows_int64(rows, "finished_at_ms"),
        .task_count = rows_int64(rows, "task_count"),
        .left = rows_int64(rows, "left_count"),
        .failed = rows_int64(rows, "failed_count"),
        .cancelled = rows_int64(rows, "cancelled_count"),
        .cost_micro = rows_int64(rows, "cost_micro"),
        .estimate_micro = rows_int64(rows, "estimate_micro"),
        .currency = rows_str(rows, "currency", arena),
        .product_id = rows_str(rows, "product", arena),
    };
}

/* The one row of a query, or `missing`. */
static bool one_run(struct db *db, const struct sql *sql, const struct sql_value *args,
                    size_t count, struct arena *arena, struct run_view *out, struct error *err)
{
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, sql, args, count, &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_NOT_FOUND, "no such run");
    *out = run_of_row(&rows, arena);
    return true;
}

static bool one_task(struct db *db, const struct sql *sql, const struct sql_value *args,
                     size_t count, struct arena *arena, struct task_view *out, struct error *err)
{
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, sql, args, count, &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_NOT_FOUND, "no such task");
    *out = task_of_row(&rows, arena);
    return true;
}

bool view_run(struct db *db, int64_t user_id, struct str public_id, struct arena *arena,
              struct run_view *out, struct error *err)
{
    static const struct sql find = {
        .name = "view_run",
        .text = "SELECT " RUN_COLUMNS " FROM run r WHERE r.public_id = $1 AND r.user_id = $2"};
    const struct sql_value args[] = {SQL_TEXT(public_id), SQL_INT64(user_id)};

    return one_run(db, &find, args, COUNT(args), arena, out, err);
}

bool view_run_row(struct db *db, int64_t row_id, struct arena *arena, struct run_view *out,
                  struct error *err)
{
    static const struct sql find = {.name = "view_run_row",
                                    .text = "SELECT " RUN_COLUMNS " FROM run r WHERE r.id = $1"};
    const struct sql_value args[] = {SQL_INT64(row_id)};

    return one_run(db, &find, args, COUNT(args), arena, out, err);
}

bool view_run_of_key(struct db *db, int64_t user_id, struct str key,
                     const struct sha256 *request_hash, struct arena *arena, struct id *out,
                     bool *found, struct error *err)
{
    static const struct sql find = {
        .name = "view_run_of_key",
        .text = "SELECT public_id, request_hash FROM run WHERE user_id = $1 AND idem_key = $2"};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_TEXT(key)};
    const struct str hash = {.data = (const char *)request_hash->bytes, .size = SHA256_SIZE};
    CLEANUP(rows_finish) struct rows rows = {0};

    *found = false;
    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return !rows_failed(&rows);
    if (!str_equal(rows_str(&rows, "request_hash", arena), hash))
        return error_field(err, ERROR_KEY_REUSED, "Idempotency-Key", 0,
                           "this Idempotency-Key was used for another request");
    *found = id_parse(rows_str(&rows, "public_id", arena), out);
    return *found || error_set(err, ERROR_INTERNAL, "a run with a broken id");
}

bool view_task(struct db *db, int64_t user_id, struct str public_id, struct arena *arena,
               struct task_view *out, struct error *err)
{
    static const struct sql find = {.name = "view_task",
                                    .text = "SELECT " TASK_COLUMNS TASK_FROM
                                            " WHERE t.public_id = $1 AND t.user_id = $2"};
    const struct sql_value args[] = {SQL_TEXT(public_id), SQL_INT64(user_id)};

    return one_task(db, &find, args, COUNT(args), arena, out, err);
}

bool view_task_row(struct db *db, int64_t row_id, struct arena *arena, struct task_view *out,
                   struct error *err)
{
    static const struct sql find = {.name = "view_task_row",
                                    .text = "SELECT " TASK_COLUMNS TASK_FROM " WHERE t.id = $1"};
    const struct sql_value args[] = {SQL_INT64(row_id)};

    return one_task(db, &find, args, COUNT(args), arena, out, err);
}

static bool many_tasks(struct db *db, const struct sql *sql, const struct sql_value *args,
                       size_t arg_count, size_t limit, struct arena *arena, struct task_view **out,
                       size_t *count, struct error *err)
{
    CLEANUP(rows_finish) struct rows rows = {0};
    struct task_view *tasks = NULL;
    size_t found = 0;

    if (!db_query(db, sql, args, arg_count, &rows, err))
        return false;
    while (found < limit && rows_next(&rows)) {
        tasks = arena_more(arena, tasks, sizeof(*tasks), found);
        tasks[found++] = task_of_row(&rows, arena);
    }
    if (rows_failed(&rows))
        return false;
    *out = tasks;
    *count = found;
    return true;
}

static int by_row(const void *a, const void *b)
{
    const struct task_view *one = a, *other = b;

    return one->row_id < other->row_id ? -1 : one->row_id > other->row_id;
}

bool view_tasks_of_run(struct db *db, int64_t run_row_id, struct arena *arena,
                       struct task_view **out, size_t *count, struct error *err)
{
    static const struct sql list = {.name = "view_tasks_of_run",
                                    .text = "SELECT " TASK_COLUMNS TASK_FROM
                                            " WHERE t.run_id = $1 LIMIT 500"};
    const struct sql_value args[] = {SQL_INT64(run_row_id)};

    if (!many_tasks(db, &list, args, COUNT(args), RUN_NODES_MAX, arena, out, count, err))
        return false;
    /* Here, since SQLite would build a table of its own to sort even a single row. */
    if (*count > 1)
        qsort(*out, *count, sizeof(**out), by_row);
    return true;
}

bool view_tasks_held(struct db *db, int64_t user_id, size_t limit, struct arena *arena,
                     struct task_view **out, size_t *count, struct error *err)
{
    static const struct sql list = {
        .name = "view_tasks_held",
        .text = "SELECT " TASK_COLUMNS TASK_FROM
                " WHERE t.user_id = $1 AND t.state = 'held' ORDER BY t.id DESC LIMIT $2"};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64((int64_t)limit)};

    return many_tasks(db, &list, args, COUNT(args), limit, arena, out, count, err);
}

/*
 * A page is a walk along an index from the cursor down, and ends with the page: by the run's row,
 * by its state, or by the provider of its tasks.  Of runs in a rare state the provider is asked for
 * one by one; done ones are not rare.
 */
#define RUNS_IN_TIME                                                                               \
    " AND ($3 IS NULL OR r.id < (SELECT id FROM run WHERE public_id = $3 AND user_id = $1))"       \
    " AND ($4 IS NULL OR r.id >= (SELECT id FROM run WHERE public_id >= $4 ORDER BY public_id"     \
    " LIMIT 1))"
#define OF_PROVIDER                                                                                \
    "t.user_id = $1 AND t.provider_id = (SELECT id FROM provider WHERE public_id = $5)"
#define LATEST_RUNS " ORDER BY r.id DESC LIMIT $6"
enum { RUNS_ALL, RUNS_IN_STATE, RUNS_IN_STATE_OF_PROVIDER, RUNS_OF_PROVIDER };
const struct sql view_runs_sql[] = {
    {"view_runs",
     "SELECT " RUN_COLUMNS " FROM run r WHERE r.user_id = $1 AND ($2 IS NULL)"
     " AND ($5 IS NULL)" RUNS_IN_TIME LATEST_RUNS,
     NULL                                                                                            },
    {"view_runs_in_state",
     "SELECT " RUN_COLUMNS " FROM run r WHERE r.user_id = $1 AND r.state = $2"
     " AND ($5 IS NULL)" RUNS_IN_TIME LATEST_RUNS,
     NULL                                                                                            },
    {"view_runs_in_state_of_provider",
     "SELECT " RUN_COLUMNS " FROM run r WHERE r.user_id = $1 AND r.state = $2" RUNS_IN_TIME
     " AND EXISTS (SELECT 1 FROM task t WHERE " OF_PROVIDER " AND t.run_id = r.id)" LATEST_RUNS,
     NULL                                                                                            },
    {"view_runs_of_provider",
     "SELECT " RUN_COLUMNS " FROM task t CROSS JOIN run r ON r.id = t.run_id"
     " WHERE " OF_PROVIDER " AND ($2 IS NULL OR r.state = $2)"
     " AND ($3 IS NULL OR t.run_id < (SELECT id FROM run WHERE public_id = $3"
     " AND user_id = $1))"
     " AND ($4 IS NULL OR t.run_id >= (SELECT id FROM run WHERE public_id >= $4"
     " ORDER BY public_id LIMIT 1))"
     " GROUP BY t.run_id ORDER BY t.run_id DESC LIMIT $6",                                       NULL},
    {NULL,                             NULL,                                                     NULL},
};

bool view_runs(struct db *db, const struct run_filter *filter, struct arena *arena,
               struct run_view **out, size_t *count, struct error *err)
{
    const bool is_rare = filter->state.size > 0 && !str_equal(filter->state, STR("done"));
    const int by = filter->provider.size > 0
                       ? (is_rare ? RUNS_IN_STATE_OF_PROVIDER : RUNS_OF_PROVIDER)
                   : filter->state.size > 0 ? RUNS_IN_STATE
                                            : RUNS_ALL;
    const struct id since = id_floor(filter->since_ms);
    const struct sql_value args[] = {
        SQL_INT64(filter->user_id),
        SQL_TEXT_OR_NULL(filter->state),
        SQL_TEXT_OR_NULL(filter->cursor),
        SQL_TEXT_OR_NULL(filter->since_ms > 0 ? id_str(&since) : STR_EMPTY),
        SQL_TEXT_OR_NULL(filter->provider),
        SQL_INT64((int64_t)filter->limit)};
    CLEANUP(rows_finish) struct rows rows = {0};
    struct run_view *runs = ARENA_ARRAY(arena, struct run_view, filter->limit);
    size_t found = 0;

    if (!db_query(db, &view_runs_sql[by], args, COUNT(args), &rows, err))
        return false;
    while (found < filter->limit && rows_next(&rows))
        runs[found++] = run_of_row(&rows, arena);
    if (rows_failed(&rows))
        return false;
    *out = runs;
    *count = found;
    return true;
}

bool view_recovered(struct db *db, int64_t user_id, struct recovered_view *out, struct error *err)
{
    static const struct sql find = {
        .name = "view_recovered",
        .text = "SELECT coalesce(max(at_ms), 0) AS at_ms, coalesce(max(waiting), 0) AS waiting,"
                " count(*) AS in_flight FROM recovered WHERE user_id = $1"};
    const struct sql_value args[] = {SQL_INT64(user_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "no counts");
    *out = (struct recovered_view){
        .at_ms = rows_int64(&rows, "at_ms"),
        .waiting = rows_int64(&rows, "waiting"),
        .in_flight = rows_int64(&rows, "in_flight"),
    };
    return true;
}

bool view_tasks_recovered(struct db *db, int64_t user_id, size_t limit, struct arena *arena,
                          struct task_view **out, size_t *count, struct error *err)
{
    static const struct sql list = {
        .name = "view_tasks_recovered",
        .text = "SELECT " TASK_COLUMNS " FROM recovered c JOIN task t ON t.id = c.task_id"
                " JOIN run r ON r.id = t.run_id WHERE c.user_id = $1 ORDER BY c.task_id LIMIT $2"};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64((int64_t)limit)};

    return many_tasks(db, &list, args, COUNT(args), limit, arena, out, count, err);
}

bool view_recovered_forget(struct db *db, int64_t user_id, struct error *err)
{
    static const struct sql forget = {.name = "view_recovered_forget",
                                      .text = "DELETE FROM recovered WHERE user_id = $1"};
    const struct sql_value args[] = {SQL_INT64(user_id)};

    return db_exec(db, &forget, args, COUNT(args), NULL, err);
}

enum { ATTEMPTS_SHOWN = 100, CALLS_SHOWN = 200 };

static bool calls_of_task(struct db *db, int64_t task_row_id, struct arena *arena,
                          struct call_view *out, int64_t *attempt_of, size_t *count,
                          struct error *err)
{
    static const struct sql list = {
        .name = "view_calls",
        .text = "SELECT c.public_id, c.attempt, c.state, c.model, c.request_id,"
                " CASE WHEN c.remote_id LIKE '" REMOTE_ID_OWN "%' THEN '' ELSE c.remote_id END"
                " AS remote_id, c.http_status, c.class, c.message, c.estimate_micro,"
                " coalesce(c.cost_micro, -1) AS cost_micro, c.currency, c.intent_at_ms,"
                " c.sent_at_ms, c.accepted_at_ms, c.ended_at_ms,"
                " (SELECT p.public_id FROM provider p WHERE p.id = c.provider_id) AS provider,"
                " (SELECT o.public_id FROM call o WHERE o.id = c.repeat_of) AS repeat_of,"
                " EXISTS (SELECT 1 FROM call e WHERE e.task_id = c.task_id AND e.id < c.id"
                " AND e.cost_micro IS NULL AND e.ended_at_ms IS NOT NULL) AS is_after_doubt"
                " FROM call c WHERE c.task_id = $1 ORDER BY c.id LIMIT 200"};
    const struct sql_value args[] = {SQL_INT64(task_row_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    *count = 0;
    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (*count < CALLS_SHOWN && rows_next(&rows)) {
        const struct str repeat_of = rows_str(&rows, "repeat_of", arena);

        attempt_of[*count] = rows_int64(&rows, "attempt");
        out[(*count)++] = (struct call_view){
            .id = rows_str(&rows, "public_id", arena),
            .state = rows_str(&rows, "state", arena),
            .provider_id = rows_str(&rows, "provider", arena),
            .model = rows_str(&rows, "model", arena),
            .request_id = rows_str(&rows, "request_id", arena),
            .remote_id = rows_str(&rows, "remote_id", arena),
            .http_status = rows_int64(&rows, "http_status"),
            .class = rows_str(&rows, "class", arena),
            .message = rows_str(&rows, "message", arena),
            .est_micro = rows_int64(&rows, "estimate_micro"),
            .cost_micro = rows_int64(&rows, "cost_micro"),
            .currency = rows_str(&rows, "currency", arena),
            .intent_at_ms = rows_int64(&rows, "intent_at_ms"),
            .sent_at_ms = rows_int64(&rows, "sent_at_ms"),
            .accepted_at_ms = rows_int64(&rows, "accepted_at_ms"),
            .ended_at_ms = rows_int64(&rows, "ended_at_ms"),
            .repeat_of = repeat_of,
            .may_be_charged_twice = repeat_of.size != 0 || rows_bool(&rows, "is_after_doubt"),
        };
    }
    return !rows_failed(&rows);
}

bool view_attempts(struct db *db, int64_t task_row_id, struct arena *arena, struct list *out,
                   struct error *err)
{
    static const struct sql list = {
        .name = "view_attempts",
        .text = "SELECT a.number, a.started_at_ms, a.ended_at_ms, a.outcome, a.class, a.message,"
                " coalesce(q.name, '') AS taken_by, coalesce(p.name, '') AS instead_of, "
                "coalesce(m.reason, '') AS instead_because"
                " FROM attempt a LEFT JOIN task_move m ON m.task_id = a.task_id"
                " AND m.at_ms = a.started_at_ms"
                " LEFT JOIN provider p ON p.id = m.from_provider_id"
                " LEFT JOIN provider q ON q.id = m.to_provider_id"
                " WHERE a.task_id = $1 ORDER BY a.number LIMIT 100"};
    const struct sql_value args[] = {SQL_INT64(task_row_id)};
    CLEANUP(rows_finish) struct rows rows = {0};
    struct attempt_view *attempts = ARENA_ARRAY(arena, struct attempt_view, ATTEMPTS_SHOWN);
    struct call_view *calls = ARENA_ARRAY(arena, struct call_view, CALLS_SHOWN);
    int64_t *attempt_of = ARENA_ARRAY(arena, int64_t, CALLS_SHOWN);
    size_t call_count, found = 0;

    if (!calls_of_task(db, task_row_id, arena, calls, attempt_of, &call_count, err) ||
        !db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (found < ATTEMPTS_SHOWN && rows_next(&rows)) {
        struct attempt_view *view = &attempts[found++];
        size_t first = 0, last;

        *view = (struct attempt_view){
            .number = rows_int64(&rows, "number"),
            .started_at_ms = rows_int64(&rows, "started_at_ms"),
            .ended_at_ms = rows_int64(&rows, "ended_at_ms"),
            .outcome = rows_str(&rows, "outcome", arena),
            .class = rows_str(&rows, "class", arena),
            .message = rows_str(&rows, "message", arena),
            .taken_by = rows_str(&rows, "taken_by", arena),
            .instead_of = rows_str(&rows, "instead_of", arena),
            .instead_because = rows_str(&rows, "instead_because", arena),
        };
        /* Calls come in the order of their attempts, so those of one stand together. */
        while (first < call_count && attempt_of[first] != view->number)
            first++;
        for (last = first; last < call_count && attempt_of[last] == view->number; last++)
            ;
        view->calls = (struct list){.items = calls + first, .count = last - first};
    }
    if (rows_failed(&rows))
        return false;
    *out = (struct list){.items = attempts, .count = found};
    return true;
}

bool view_queue_counts(struct db *db, int64_t user_id, int64_t now_ms, struct queue_counts *out,
                       struct error *err)
{
    static const struct sql count = {
        .name = "view_queue_counts",
        .text = "SELECT"
                " (SELECT count(*) FROM task WHERE state = 'running')"
                " + (SELECT count(*) FROM task WHERE state = 'waiting') AS running,"
                " (SELECT count(*) FROM task WHERE state = 'ready') AS waiting_all,"
                /* Of a person's: only who waits at all is counted, and by the rows of one. */
                " (SELECT count(*) FROM task WHERE (state = 'blocked' OR state = 'ready')"
                " AND user_id = $1 AND state = 'ready') AS waiting_mine,"
                " coalesce((SELECT count FROM queued WHERE user_id = $1), 0) AS queued_mine,"
                " (SELECT count(*) FROM task WHERE state = 'held' AND user_id = $1) AS held,"
                " (SELECT count(*) FROM task WHERE state = 'failed' AND user_id = $1"
                " AND finished_at_ms > $2) AS failed"};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64(now_ms - INT64_C(86400000))};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &count, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "no counts");
    *out = (struct queue_counts){
        .running = rows_int64(&rows, "running"),
        .waiting_mine = rows_int64(&rows, "waiting_mine"),
        .waiting_all = rows_int64(&rows, "waiting_all"),
        .held = rows_int64(&rows, "held"),
        .failed_24h = rows_int64(&rows, "failed"),
        .queued_mine = rows_int64(&rows, "queued_mine"),
    };
    return true;
}
