#include "engine/event.h"
#include "generate/request.h"
#include "generate/task_view.h"

#include <inttypes.h>
#include <stdio.h>

/* One model of an account, while something is to be told of it. */
struct lane_model {
    struct str name, breaker, reason, failure;
    int64_t capacity, allowed, per_minute, units_per_minute, running, waiting, pause_until_ms;
    int64_t failures_in_row, breaker_until_ms;
    bool is_paused;
};
static const char *const breakers[] = {"closed", "open", "half_open", NULL};
static const struct field lane_model_fields[] = {
    {"name",             FIELD_TEXT, offsetof(struct lane_model, name),             FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The wire id."                                                                                                                                                                           },
    {"capacity",         FIELD_INT,  offsetof(struct lane_model, capacity),         FIELD_REQUIRED, 0, 0, NULL, NULL,
     "At once, by its own bound or its account's."                                                                                                                                            },
    {"allowed",          FIELD_INT,  offsetof(struct lane_model, allowed),          FIELD_REQUIRED, 0, 0, NULL, NULL,
     "At once now: less than its capacity after a 429 or in trouble."                                                                                                                         },
    {"per_minute",       FIELD_INT,  offsetof(struct lane_model, per_minute),       FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                            "Requests a minute; 0: no bound of its own."                            },
    {"units_per_minute", FIELD_INT,  offsetof(struct lane_model, units_per_minute), FIELD_REQUIRED,
     0,                                                                                                0, NULL, NULL, "Pictures a minute; 0: no bound of its own."                            },
    {"is_paused",        FIELD_BOOL, offsetof(struct lane_model, is_paused),        FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                                            "By a person: what waits for it waits until they let it go on."         },
    {"breaker",          FIELD_ENUM, offsetof(struct lane_model, breaker),          FIELD_REQUIRED, 0, 0, NULL,
     breakers,                                                                                                        "open: in trouble and left alone; half_open: one request tries for all."},
    {"breaker_until",    FIELD_TIME, offsetof(struct lane_model, breaker_until_ms),
     FIELD_REQUIRED | FIELD_NULLABLE,                                                               0, 0, NULL, NULL,
     "open: nothing is sent until then; null: closed, or one request tries it."                                                                                                               },
    {"failure",          FIELD_TEXT, offsetof(struct lane_model, failure),          FIELD_REQUIRED, 0, 0, NULL, NULL,
     "While the breaker is not closed: the class of the last failure that it counted; else empty."                                                                                            },
    {"failures_in_row",  FIELD_INT,  offsetof(struct lane_model, failures_in_row),  FIELD_REQUIRED, 0,
     0,                                                                                                   NULL, NULL,
     "While it is not closed: how many came since the provider last answered; 0: it answered "
     "since."                                                                                                                                                                                 },
    {"running",          FIELD_INT,  offsetof(struct lane_model, running),          FIELD_REQUIRED, 0, 0, NULL, NULL,
     NULL                                                                                                                                                                                     },
    {"waiting",          FIELD_INT,  offsetof(struct lane_model, waiting),          FIELD_REQUIRED, 0, 0, NULL, NULL,
     NULL                                                                                                                                                                                     },
    {"pause_until",      FIELD_TIME, offsetof(struct lane_model, pause_until_ms),
     FIELD_REQUIRED | FIELD_NULLABLE,                                                               0, 0, NULL, NULL,
     "The provider asked for rest until then, has nothing left until then, or is left alone."                                                                                                 },
    {"reason",           FIELD_TEXT, offsetof(struct lane_model, reason),           FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Of the rest: a class of failure; breaker; used_up: the provider said that nothing is left of "
     "a limit until then."                                                                                                                                                                    },
};
static const struct shape lane_model_shape =
    SHAPE("QueueModel", struct lane_model, lane_model_fields);

struct lane {
    struct str id, name, reason, on_unknown;
    int64_t capacity, per_minute, units_per_minute, running, waiting, pause_until_ms,
        once_below_micro;
    bool is_paused;
    struct list models;
};
static const char *const rules[] = {[ON_UNKNOWN_HOLD] = "hold",
                                    [ON_UNKNOWN_ONCE_BELOW] = "once_below",
                                    [ON_UNKNOWN_RETRY] = "retry",
                                    NULL};
static const struct field lane_fields[] = {
    {"id",               FIELD_ID,   offsetof(struct lane, id),               FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL,              NULL,
     "The provider; null: work done here."                                                                                                                                                                                  },
    {"name",             FIELD_TEXT, offsetof(struct lane, name),             FIELD_REQUIRED,                  0, 0, NULL,              NULL,  NULL                                                                         },
    {"capacity",         FIELD_INT,  offsetof(struct lane, capacity),         FIELD_REQUIRED,                  0, 0, NULL,              NULL,
     NULL                                                                                                                                                                                                                   },
    {"per_minute",       FIELD_INT,  offsetof(struct lane, per_minute),       FIELD_REQUIRED,                  0, 0, NULL,              NULL,
     "Requests a minute; 0: no bound."                                                                                                                                                                                      },
    {"units_per_minute", FIELD_INT,  offsetof(struct lane, units_per_minute), FIELD_REQUIRED,                  0, 0,
     NULL,                                                                                                                              NULL,  "Pictures a minute; 0: no bound."                                            },
    {"running",          FIELD_INT,  offsetof(struct lane, running),          FIELD_REQUIRED,                  0, 0, NULL,              NULL,  NULL                                                                         },
    {"waiting",          FIELD_INT,  offsetof(struct lane, waiting),          FIELD_REQUIRED,                  0, 0, NULL,              NULL,  NULL                                                                         },
    {"is_paused",        FIELD_BOOL, offsetof(struct lane, is_paused),        FIELD_REQUIRED,                  0, 0, NULL,              NULL,
     NULL                                                                                                                                                                                                                   },
    {"pause_until",      FIELD_TIME, offsetof(struct lane, pause_until_ms),
     FIELD_REQUIRED | FIELD_NULLABLE,                                                                          0, 0, NULL,              NULL,
     "All that was asked of it rests; this is when the first goes on."                                                                                                                                                      },
    {"reason",           FIELD_TEXT, offsetof(struct lane, reason),           FIELD_REQUIRED,                  0, 0, NULL,              NULL,  NULL                                                                         },
    {"on_unknown",       FIELD_ENUM, offsetof(struct lane, on_unknown),       FIELD_REQUIRED | FIELD_NULLABLE,
     0,                                                                                                           0, NULL,              rules,
     "The owner's rule for calls whose outcome is unknown; null: work done here."                                                                                                                                           },
    {"once_below_micro", FIELD_INT,  offsetof(struct lane, once_below_micro), FIELD_REQUIRED,                  0, 0,
     NULL,                                                                                                                              NULL,  "Of the rule once_below: repeated once when it is cheaper."                  },
    {"models",           FIELD_LIST, offsetof(struct lane, models),           FIELD_REQUIRED,                  0, 0, &lane_model_shape,
     NULL,                                                                                                                                     "Those of which something is to be told: work, bounds of their own, trouble."},
};
static const struct shape lane_shape = SHAPE("QueueLane", struct lane, lane_fields);

/* What a start found in flight. */
struct recovered {
    int64_t at_ms, waiting, in_flight;
    struct list tasks;
};
static const struct field recovered_fields[] = {
    {"at",        FIELD_TIME, offsetof(struct recovered, at_ms),     FIELD_REQUIRED, 0, 0,  NULL, NULL,
     "When the server started again and went on by itself."                                                                                                    },
    {"waiting",   FIELD_INT,  offsetof(struct recovered, waiting),   FIELD_REQUIRED, 0, 0,  NULL, NULL,
     "Mine that waited, and lost nothing."                                                                                                                     },
    {"in_flight", FIELD_INT,  offsetof(struct recovered, in_flight), FIELD_REQUIRED, 0, 0,  NULL,
     NULL,                                                                                              "Mine that the server had left in the middle."         },
    {"tasks",     FIELD_LIST, offsetof(struct recovered, tasks),     FIELD_REQUIRED, 0, 50,
     &whole_task_shape,                                                                           NULL, "Those, the oldest first, as they are now; 50 at most."},
};
static const struct shape recovered_shape =
    SHAPE("QueueRecovered", struct recovered, recovered_fields);

struct queue {
    int64_t running, waiting_mine, queued_mine, waiting_all, held, failed_24h;
    bool is_paused, is_draining;
    struct str pause_reason;
    struct list providers, held_tasks;
    struct recovered *recovered; /* NULL: nothing to tell */
    struct str last_event_id;
};
static const struct field queue_fields[] = {
    {"running",       FIELD_INT,   offsetof(struct queue, running),       FIELD_REQUIRED,                  0, 0, NULL,             NULL,
     "Everybody's."                                                                                                                                                                                   },
    {"waiting_mine",  FIELD_INT,   offsetof(struct queue, waiting_mine),  FIELD_REQUIRED,                  0, 0, NULL,
     NULL,                                                                                                                               NULL                                                         },
    {"queued_mine",   FIELD_INT,   offsetof(struct queue, queued_mine),   FIELD_REQUIRED,                  0, 0, NULL,
     NULL,                                                                                                                               "Mine that wait for a place or for another task."            },
    {"waiting_all",   FIELD_INT,   offsetof(struct queue, waiting_all),   FIELD_REQUIRED,                  0, 0, NULL,
     NULL,                                                                                                                               NULL                                                         },
    {"held",          FIELD_INT,   offsetof(struct queue, held),          FIELD_REQUIRED,                  0, 0, NULL,             NULL,
     "Mine that ask."                                                                                                                                                                                 },
    {"failed_24h",    FIELD_INT,   offsetof(struct queue, failed_24h),    FIELD_REQUIRED,                  0, 0, NULL,             NULL,
     "Mine."                                                                                                                                                                                          },
    {"is_paused",     FIELD_BOOL,  offsetof(struct queue, is_paused),     FIELD_REQUIRED,                  0, 0, NULL,             NULL,
     NULL                                                                                                                                                                                             },
    {"is_draining",   FIELD_BOOL,  offsetof(struct queue, is_draining),   FIELD_REQUIRED,                  0, 0, NULL,
     NULL,                                                                                                                               "The server is stopping."                                    },
    {"pause_reason",  FIELD_TEXT,  offsetof(struct queue, pause_reason),  FIELD_REQUIRED,                  0, 0, NULL,
     NULL,                                                                                                                               NULL                                                         },
    {"providers",     FIELD_LIST,  offsetof(struct queue, providers),     FIELD_REQUIRED,                  0, 0, &lane_shape,
     NULL,                                                                                                                               NULL                                                         },
    {"held_tasks",    FIELD_LIST,  offsetof(struct queue, held_tasks),    FIELD_REQUIRED,                  0, 0,
     &whole_task_shape,                                                                                                            NULL, "Mine that ask, newest first; 50 at most."                   },
    {"recovered",     FIELD_MAYBE, offsetof(struct queue, recovered),     FIELD_REQUIRED | FIELD_NULLABLE,
     0,                                                                                                       0, &recovered_shape, NULL, "After a crash, until I have seen it; null: nothing to tell."},
    {"last_event_id", FIELD_TEXT,  offsetof(struct queue, last_event_id), FIELD_REQUIRED,                  0, 0, NULL,
     NULL,                                                                                                                               "The event that this is as of, as GET /events counts them: who asks for this first, then for "
     "what they show, then for the events behind it, misses none."                                                                                                                          },
};
static const struct shape queue_shape = SHAPE("Queue", struct queue, queue_fields);

static struct list models_of(struct arena *arena, const struct engine_view *view,
                             int64_t provider_id)
{
    struct lane_model *models = ARENA_ARRAY(arena, struct lane_model, view->model_count);
    size_t count = 0;

    for (size_t index = 0; index < view->model_count; index++) {
        const struct lane_model_view *model = &view->models[index];

        if (model->provider_id == provider_id && provider_id != 0) /* work done here has none */
            models[count++] = (struct lane_model){
                .name = model->name,
                .breaker = str_of(breaker_state_name(model->breaker)),
                .reason = arena_str(arena, str_of(model->reason)),
                .failure = arena_str(arena, str_of(model->failure)),
                .failures_in_row = model->failures_in_row,
                .breaker_until_ms = model->breaker_until_ms,
                .capacity = model->capacity,
                .allowed = model->allowed,
                .per_minute = model->per_minute,
                .units_per_minute = model->units_per_minute,
                .is_paused = model->is_paused,
                .running = model->running,
                .waiting = model->ready,
                .pause_until_ms = model->pause_until_ms,
            };
    }
    return (struct list){.items = models, .count = count};
}

static bool fill_lanes(struct request *req, const struct engine_view *view, struct list *out,
                       struct error *err)
{
    struct lane *lanes = ARENA_ARRAY(req->arena, struct lane, view->lane_count);

    for (size_t index = 0; index < view->lane_count; index++) {
        const struct lane_view *lane = &view->lanes[index];
        struct provider_binding provider;

        lanes[index] = (struct lane){
            .capacity = lane->capacity,
            .per_minute = lane->per_minute,
            .units_per_minute = lane->units_per_minute,
            .running = lane->running,
            .waiting = lane->ready,
            .is_paused = lane->is_paused,
            .pause_until_ms = lane->pause_until_ms > req->now_ms ? lane->pause_until_ms : 0,
            .models = models_of(req->arena, view, lane->provider_id),
        };
        if (lanes[index].is_paused || lanes[index].pause_until_ms != 0)
            lanes[index].reason = arena_str(req->arena, str_of(lane->reason));
        if (lane->provider_id == 0)
            continue;
        if (settings_provider_load(app_settings(req->app), req->db, lane->provider_id, req->arena,
                                   &provider, err)) {
            lanes[index].id = provider.public_id;
            lanes[index].name = provider.name;
            lanes[index].on_unknown = str_of(rules[provider.on_unknown]);
            lanes[index].once_below_micro = provider.once_below_micro;
        } else if (err->code != ERROR_NOT_FOUND) {
            return false;
        }
    }
    *err = (struct error){0};
    *out = (struct list){.items = lanes, .count = view->lane_count};
    return true;
}

enum { TASKS_SHOWN = 50 };

static bool fill_recovered(struct request *req, struct recovered **out, struct error *err)
{
    struct recovered_view view;
    struct task_view *tasks;
    struct whole_task *whole;
    size_t count;

    *out = NULL;
    if (!view_recovered(req->db, req->user.id, &view, err))
        return false;
    if (view.in_flight == 0)
        return true;
    if (!view_tasks_recovered(req->db, req->user.id, TASKS_SHOWN, req->arena, &tasks, &count,
                              err) ||
        !whole_tasks(req, tasks, count, &whole, err))
        return false;
    *out = ARENA_NEW(req->arena, struct recovered);
    **out = (struct recovered){
        .at_ms = view.at_ms,
        .waiting = view.waiting,
        .in_flight = view.in_flight,
        .tasks = {.items = whole, .count = count},
    };
    return true;
}

/* As a stream gives it out and takes it back. */
static bool last_event_id(struct request *req, struct str *out, struct error *err)
{
    struct str epoch;
    int64_t first, last;

    if (!event_epoch(req->db, req->user.id, req->arena, &epoch, err) ||
        !event_range(req->db, req->user.id, &first, &last, err))
        return false;
    *out = arena_printf(req->arena, "%.*s-%" PRId64, STR_ARGS(epoch), last);
    return true;
}

static bool reply_queue(struct request *req, struct error *err)
{
    struct queue_counts counts;
    struct engine_view *view = ARENA_NEW(req->arena, struct engine_view);
    struct task_view *held;
    struct whole_task *whole;
    struct queue queue;
    size_t held_count;

    engine_view(app_engine(req->app), view);
    if (!view_queue_counts(req->db, req->user.id, req->now_ms, &counts, err) ||
        !view_tasks_held(req->db, req->user.id, TASKS_SHOWN, req->arena, &held, &held_count, err) ||
        !whole_tasks(req, held, held_count, &whole, err))
        return false;
    queue = (struct queue){
        .running = counts.running,
        .waiting_mine = counts.waiting_mine,
        .queued_mine = counts.queued_mine,
        .waiting_all = counts.waiting_all,
        .held = counts.held,
        .failed_24h = counts.failed_24h,
        .is_paused = view->is_paused,
        .is_draining = view->is_draining,
        .pause_reason = str_of(view->pause_reason),
        .held_tasks = {.items = whole, .count = held_count},
    };
    return fill_lanes(req, view, &queue.providers, err) &&
           fill_recovered(req, &queue.recovered, err) &&
           last_event_id(req, &queue.last_event_id, err) &&
           http_reply_shape(req, 200, &queue_shape, &queue, err);
}

struct pause {
    struct str reason;
};
static const struct field pause_fields[] = {
    {"reason", FIELD_TEXT, offsetof(struct pause, reason), 0, 0, 90, NULL, NULL,
     "For the others to read."},
};
static const struct shape pause_shape = SHAPE("QueuePause", struct pause, pause_fields);

struct cleared {
    int64_t cancelled;
};
static const struct field cleared_fields[] = {
    {"cancelled", FIELD_INT, offsetof(struct cleared, cancelled), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "How many tasks."},
};
static const struct shape cleared_shape = SHAPE("QueueCleared", struct cleared, cleared_fields);

struct announce {
    int64_t now_ms;
};

static bool announce_work(struct db *db, void *context, struct error *err)
{
    const struct announce *announce = context;

    return feed_announce(db, "queue.changed", STR("{}"), announce->now_ms, err);
}

static bool set_pause(struct request *req, bool is_paused, struct str reason, struct error *err)
{
    struct announce announce = {.now_ms = req->now_ms};

    if (!engine_pause(app_engine(req->app), is_paused, reason, err) ||
        !db_transact(req->pool, "queue_announce", announce_work, &announce, err))
        return false;
    feed_wake_all(app_feed(req->app));
    db_refresh(req->db);
    return reply_queue(req, err);
}

static bool pause_queue(struct request *req, struct error *err)
{
    const struct pause *wish = req->input;

    return set_pause(req, true, wish->reason, err);
}

static bool resume_queue(struct request *req, struct error *err)
{
    return set_pause(req, false, STR_EMPTY, err);
}

static bool clear(struct request *req, struct error *err)
{
    struct cleared cleared;

    db_refresh(req->db); /* commits are waited for: no view is held meanwhile */
    return engine_queue_clear(app_engine(req->app), req->user.id, &cleared.cancelled, err) &&
           http_reply(req, 200, &cleared, err);
}

struct forget {
    int64_t user_id, now_ms;
};

static bool forget_work(struct db *db, void *context, struct error *err)
{
    const struct forget *forget = context;

    return view_recovered_forget(db, forget->user_id, err) &&
           feed_announce(db, "queue.changed", STR("{}"), forget->now_ms, err);
}

static bool forget_recovered(struct request *req, struct error *err)
{
    struct forget forget = {.user_id = req->user.id, .now_ms = req->now_ms};

    if (!db_transact(req->pool, "queue_recovered", forget_work, &forget, err))
        return false;
    feed_wake_all(app_feed(req->app));
    db_refresh(req->db);
    return reply_queue(req, err);
}

/* ---- how it did ---- */

/* Other people's calls are an admin's to see; their token must be one for administration. */
static bool may_see_all(const struct http_user *user)
{
    return user->role >= ROLE_ADMIN && (user->session_id != 0 || (user->scopes & SCOPE_ADMIN) != 0);
}

/* The query let in nothing but the names; `fallback` when it was left out. */
static int name_index(struct str name, const char *const *names, int fallback)
{
    for (int i = 0; names[i] != NULL; i++)
        if (str_equal(name, str_of(names[i])))
            return i;
    return fallback;
}

static bool stats(struct request *req, struct error *err)
{
    const bool is_all = request_query_bool(req, "all", false);
    const struct stats_question question = {
        .user_id = is_all ? 0 : req->user.id,
        .provider = request_query(req, "provider"),
        .model = request_query(req, "model"),
        .by = (enum stats_by)name_index(request_query(req, "by"), stats_by_names, STATS_BY_MODEL),
        .range =
            (enum stats_range)name_index(request_query(req, "range"), stats_range_names, STATS_DAY),
        .now_ms = req->now_ms,
    };
    struct queue_stats told;

    if (is_all && !may_see_all(&req->user))
        return error_field(err, ERROR_FORBIDDEN, "all", 0, "only admins see what others did");
    return view_queue_stats(req->db, &question, req->arena, &told, err) &&
           http_reply(req, 200, &told, err);
}

static const struct http_query stats_query[] = {
    {"range",            FIELD_ENUM, 0, 0, stats_range_names, "How long until now; 24h when left out."},
    {"by",                 FIELD_ENUM, 0, 0, stats_by_names, "What a group stands for; left out: model."},
    {"provider", FIELD_ID, 0, 0, NULL, "Calls of this provider alone."},
    {"model",                  FIELD_TEXT, 1, 200, NULL, "Calls of this model alone: its wire id."},
    {"all",FIELD_BOOL, 0, 0, NULL, "True: everybody's, for admins; left out: one's own."},
    {0                },
};

const struct http_route queue_routes[] = {
    {.method = "GET",
     .path = "/api/v1/queue",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = reply_queue,
     .out = &queue_shape,
     .summary = "What runs, waits and asks",
     .tag = "queue"},
    {.method = "GET",
     .path = "/api/v1/queue/stats",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = stats,
     .out = &queue_stats_shape,
     .query = stats_query,
     .summary = "How long calls took, how many ended and what they cost, over time and by group",
     .tag = "queue",
     .cost = 5},
    {.method = "POST",
     .path = "/api/v1/queue/pause",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .body = BODY_JSON,
     .limit = KIB(4),
     .handler = pause_queue,
     .in = &pause_shape,
     .out = &queue_shape,
     .summary = "Start nothing more, for everybody; survives a restart",
     .tag = "queue"},
    {.method = "POST",
     .path = "/api/v1/queue/resume",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .handler = resume_queue,
     .out = &queue_shape,
     .summary = "Go on",
     .tag = "queue"},
    {.method = "POST",
     .path = "/api/v1/queue/clear",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_GENERATE,
     .handler = clear,
     .out = &cleared_shape,
     .summary = "Cancel all that waits of mine, and nothing that runs",
     .tag = "queue"},
    {.method = "DELETE",
     .path = "/api/v1/queue/recovered",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_GENERATE,
     .handler = forget_recovered,
     .out = &queue_shape,
     .summary = "What a start took over after a crash was seen",
     .tag = "queue"},
    {0                   },
};
