#include "engine/view.h"

#include "core/text.h"
#include "provider/provider.h"

#include <stdlib.h>

enum { HEALTH_DAY_MS = 24 * 3600 * 1000, HEALTH_WEEK_MS = 7 * HEALTH_DAY_MS };

/* ---- shapes ---- */

#define FAILURE_COUNT(member) offsetof(struct failure_count, member)
static const struct field failure_count_fields[] = {
    {"class", FIELD_TEXT, FAILURE_COUNT(class), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "throttled, auth, server, …"},
    {"count", FIELD_INT,  FAILURE_COUNT(count), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Calls that ended so."        },
};
const struct shape failure_count_shape =
    SHAPE("FailureCount", struct failure_count, failure_count_fields);

#define WINDOW(member) offsetof(struct health_window, member)
static const struct field health_window_fields[] = {
    {"calls",        FIELD_INT,    WINDOW(calls),     FIELD_REQUIRED,                  0, 0, NULL,                 NULL,
     "Calls that ended; those that a person cancelled are not among them."                                                                                               },
    {"finished",     FIELD_INT,    WINDOW(finished),  FIELD_REQUIRED,                  0, 0, NULL,                 NULL,
     "Of these: with a result."                                                                                                                                          },
    {"cancelled",    FIELD_INT,    WINDOW(cancelled), FIELD_REQUIRED,                  0, 0, NULL,                 NULL,
     "Calls that a person cancelled."                                                                                                                                    },
    {"success_rate", FIELD_DOUBLE, WINDOW(success),   FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL,
     NULL,                                                                                                               "finished of calls, 0 to 1; null without calls."},
    {"p50_ms",       FIELD_INT,    WINDOW(p50_ms),    FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL,                 NULL,
     "Half of the newest 1,000 finished calls were as fast; null without one."                                                                                           },
    {"p95_ms",       FIELD_INT,    WINDOW(p95_ms),    FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL,                 NULL,
     "19 of 20 were as fast."                                                                                                                                            },
    {"failures",     FIELD_LIST,   WINDOW(failures),  FIELD_REQUIRED,                  0, 0, &failure_count_shape, NULL,
     "By class, the most first."                                                                                                                                         },
};
const struct shape health_window_shape =
    SHAPE("HealthWindow", struct health_window, health_window_fields);

#define HEALTH_ERROR(member) offsetof(struct health_error, member)
static const struct field health_error_fields[] = {
    {"class",       FIELD_TEXT, HEALTH_ERROR(class),       FIELD_REQUIRED, 0, 0, NULL, NULL, "Its class."    },
    {"message",     FIELD_TEXT, HEALTH_ERROR(message),     FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The provider's own words, clipped."                                                                    },
    {"model",       FIELD_TEXT, HEALTH_ERROR(model),       FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The wire id that was asked."                                                                           },
    {"http_status", FIELD_INT,  HEALTH_ERROR(http_status), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "0: there was no reply."                                                                                },
    {"at",          FIELD_TIME, HEALTH_ERROR(at_ms),       FIELD_REQUIRED, 0, 0, NULL, NULL, "When it ended."},
};
const struct shape health_error_shape =
    SHAPE("HealthError", struct health_error, health_error_fields);

/* ---- statements: each is answered by the index call_ended ---- */

const struct sql view_health_sql[] = {
    {"view_health_counts",
     "SELECT state, class, count(*) AS week, sum(ended_at_ms > $3) AS day FROM call"
     " WHERE provider_id = $1 AND ended_at_ms > $2 GROUP BY state, class",              NULL},
    {"view_health_times",
     "SELECT ended_at_ms, ended_at_ms - coalesce(sent_at_ms, intent_at_ms) AS took"
     " FROM call WHERE provider_id = $1 AND ended_at_ms > $2 AND state = 'finished'"
     " ORDER BY ended_at_ms DESC LIMIT $3",                                             NULL},
 /* Found in the index alone; the one row is read for its words. */
    {"view_health_error",
     "SELECT class, message, model, http_status, ended_at_ms FROM call WHERE id ="
     " (SELECT id FROM call WHERE provider_id = $1 AND ended_at_ms > $2"
     " AND (state = 'failed' OR state = 'unknown') ORDER BY ended_at_ms DESC LIMIT 1)", NULL},
    {NULL,                 NULL,                                                        NULL},
};
enum { SQL_COUNTS, SQL_TIMES, SQL_ERROR };

/* ---- counts ---- */

/* A class that a row left out is one nobody knows. */
static struct str class_of(struct str class)
{
    return class.size == 0 ? str_of(failure_class_name(FAILURE_UNKNOWN)) : class;
}

/* Classes are few, so that a failure is found by looking. */
static void count_failure(struct health_window *window, struct str class, int64_t count)
{
    struct failure_count *failures = window->failures.items;
    size_t i = 0;

    while (i < window->failures.count && !str_equal(failures[i].class, class))
        i++;
    if (i == FAILURE_CLASS_COUNT)
        return;
    failures[i].class = class;
    failures[i].count += count;
    if (i == window->failures.count)
        window->failures.count++;
}

static void count_calls(struct health_window *window, struct str state, struct str class,
                        int64_t count)
{
    if (count == 0)
        return;
    if (str_equal(state, STR("abandoned"))) {
        window->cancelled += count;
        return;
    }
    window->calls += count;
    if (str_equal(state, STR("finished")))
        window->finished += count;
    else
        count_failure(window, class_of(class), count);
}

static bool counts(struct db *db, int64_t provider_id, int64_t now_ms, struct arena *arena,
                   struct provider_health *out, struct error *err)
{
    const struct sql_value args[] = {SQL_INT64(provider_id), SQL_INT64(now_ms - HEALTH_WEEK_MS),
                                     SQL_INT64(now_ms - HEALTH_DAY_MS)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &view_health_sql[SQL_COUNTS], args, COUNT(args), &rows, err))
        return false;
    while (rows_next(&rows)) {
        const struct str state = rows_str(&rows, "state", arena);
        const struct str class = rows_str(&rows, "class", arena);

        count_calls(&out->week, state, class, rows_int64(&rows, "week"));
        count_calls(&out->day, state, class, rows_int64(&rows, "day"));
    }
    return !rows_failed(&rows);
}

static int by_count(const void *a, const void *b)
{
    const struct failure_count *one = a, *other = b;

    if (one->count != other->count)
        return one->count > other->count ? -1 : 1;
    return str_compare(one->class, other->class);
}

static void sum_up(struct health_window *window)
{
    window->success = window->calls == 0 ? -1 : (double)window->finished / (double)window->calls;
    if (window->failures.count > 1)
        qsort(window->failures.items, window->failures.count, sizeof(struct failure_count),
              by_count);
}

/* ---- times ---- */

static int by_time(const void *a, const void *b)
{
    const int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

    return one < other ? -1 : one > other;
}

/* By nearest rank: of four the third is the first that three quarters reach. */
static int64_t percentile(const int64_t *sorted, size_t count, size_t percent)
{
    return count == 0 ? -1 : sorted[(count * percent + 99) / 100 - 1];
}

static void measure(int64_t *took, size_t count, struct health_window *window)
{
    if (count > 1)
        qsort(took, count, sizeof(*took), by_time);
    window->p50_ms = percentile(took, count, 50);
    window->p95_ms = percentile(took, count, 95);
}

static bool times(struct db *db, int64_t provider_id, int64_t now_ms, struct arena *arena,
                  struct provider_health *out, struct error *err)
{
    const struct sql_value args[] = {SQL_INT64(provider_id), SQL_INT64(now_ms - HEALTH_WEEK_MS),
                                     SQL_INT64(VIEW_HEALTH_CALLS)};
    CLEANUP(rows_finish) struct rows rows = {0};
    int64_t *took = ARENA_ARRAY(arena, int64_t, VIEW_HEALTH_CALLS);
    size_t count = 0, of_day = 0;

    if (!db_query(db, &view_health_sql[SQL_TIMES], args, COUNT(args), &rows, err))
        return false;
    while (count < VIEW_HEALTH_CALLS && rows_next(&rows)) {
        const int64_t ms = rows_int64(&rows, "took");

        /* A wall clock that was set back makes no call faster than nothing. */
        took[count++] = ms < 0 ? 0 : ms;
        if (rows_int64(&rows, "ended_at_ms") > now_ms - HEALTH_DAY_MS)
            of_day = count;
    }
    if (rows_failed(&rows))
        return false;
    /* The newest came first, so those of the day are the first ones, in whatever order. */
    measure(took, of_day, &out->day);
    measure(took, count, &out->week);
    return true;
}

/* ---- the last error ---- */

static bool last_error(struct db *db, int64_t provider_id, int64_t now_ms, struct arena *arena,
                       struct provider_health *out, struct error *err)
{
    const struct sql_value args[] = {SQL_INT64(provider_id), SQL_INT64(now_ms - HEALTH_WEEK_MS)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &view_health_sql[SQL_ERROR], args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return !rows_failed(&rows);
    out->last_error = ARENA_NEW(arena, struct health_error);
    *out->last_error = (struct health_error){
        .class = class_of(rows_str(&rows, "class", arena)),
        .message = text_clip(rows_str(&rows, "message", arena), VIEW_HEALTH_WORDS),
        .model = rows_str(&rows, "model", arena),
        .http_status = rows_int64(&rows, "http_status"),
        .at_ms = rows_int64(&rows, "ended_at_ms"),
    };
    return true;
}

bool view_provider_health(struct db *db, int64_t provider_id, int64_t now_ms, struct arena *arena,
                          struct provider_health *out, struct error *err)
{
    struct provider_health health = {0};

    health.day.failures.items = ARENA_ARRAY(arena, struct failure_count, FAILURE_CLASS_COUNT);
    health.week.failures.items = ARENA_ARRAY(arena, struct failure_count, FAILURE_CLASS_COUNT);
    if (!counts(db, provider_id, now_ms, arena, &health, err) ||
        !times(db, provider_id, now_ms, arena, &health, err) ||
        !last_error(db, provider_id, now_ms, arena, &health, err))
        return false;
    sum_up(&health.day);
    sum_up(&health.week);
    *out = health;
    return true;
}

bool view_key_calls(struct db *db, int64_t key_id, int64_t *count, struct error *err)
{
    static const struct sql find = {
        .name = "view_key_calls",
        .text = "SELECT count(*) AS total FROM task t JOIN call c ON c.task_id = t.id"
                " WHERE (t.state = 'ready' OR t.state = 'running' OR t.state = 'waiting'"
                " OR t.state = 'held')"
                " AND c.key_id = $1"
                " AND (c.state = 'intent' OR c.state = 'sent' OR c.state = 'accepted')"};
    const struct sql_value args[] = {SQL_INT64(key_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "nothing was counted");
    *count = rows_int64(&rows, "total");
    return true;
}
