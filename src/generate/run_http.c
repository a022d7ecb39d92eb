#include "generate/request.h"
#include "generate/task_view.h"

enum { RUNS_PER_PAGE = 20, RUNS_PER_PAGE_MAX = 100 };

struct run_page {
    struct list items;
    struct str next_cursor;
};
static const struct field run_page_fields[] = {
    {"items",       FIELD_LIST, offsetof(struct run_page, items),       FIELD_REQUIRED, 0, 0, &whole_run_shape,
     NULL,                                                                                                            "Newest first."                      },
    {"next_cursor", FIELD_ID,   offsetof(struct run_page, next_cursor),
     FIELD_REQUIRED | FIELD_NULLABLE,                                                   0, 0, NULL,             NULL, "Ask again with it; null at the end."},
};
static const struct shape run_page_shape = SHAPE("RunList", struct run_page, run_page_fields);

struct estimate {
    int64_t cost_micro, tasks;
    struct str currency;
    bool is_known;
};
static const struct field estimate_fields[] = {
    {"cost_micro", FIELD_INT,  offsetof(struct estimate, cost_micro), FIELD_REQUIRED, 0, 0, NULL,
     NULL,                                                                                              "Of what is known, in millionths of the currency."},
    {"currency",   FIELD_TEXT, offsetof(struct estimate, currency),   FIELD_REQUIRED, 0, 0, NULL, NULL,
     NULL                                                                                                                                                 },
    {"is_known",   FIELD_BOOL, offsetof(struct estimate, is_known),   FIELD_REQUIRED, 0, 0, NULL, NULL,
     "False: some model's price is not known."                                                                                                            },
    {"tasks",      FIELD_INT,  offsetof(struct estimate, tasks),      FIELD_REQUIRED, 0, 0, NULL, NULL, NULL                                              },
};
static const struct shape estimate_shape = SHAPE("RunEstimate", struct estimate, estimate_fields);

struct run_change {
    struct str priority;
};
static const struct field run_change_fields[] = {
    {"priority", FIELD_ENUM, offsetof(struct run_change, priority), FIELD_REQUIRED, 0, 0, NULL,
     task_priority_values, "For what has not started."},
};
static const struct shape run_change_shape =
    SHAPE("RunChange", struct run_change, run_change_fields);

static struct run_context context_of(struct request *req)
{
    return (struct run_context){.settings = app_settings(req->app),
                                .db = req->db,
                                .arena = req->arena,
                                .user_id = req->user.id};
}

static bool submit(struct request *req, struct error *err)
{
    const struct run_context context = context_of(req);
    struct run_created created;
    struct run_spec spec;
    struct id run_id;
    bool is_repeat;

    if (!find_repeat(req, &run_id, &is_repeat, err))
        return false;
    if (is_repeat)
        return reply_run(req, 200, id_str(&run_id), err);
    if (!request_resolve(&context, req->input, &spec, err) || !read_idem_key(req, &spec, err))
        return false;
    db_refresh(req->db); /* the submission waits for a commit: no view is held meanwhile */
    if (!engine_run_create(app_engine(req->app), &spec, req->arena, &created, err))
        return false;
    return created.is_repeat ? reply_run(req, 200, id_str(&created.run_id), err)
                             : reply_created(req, &created, err);
}

static bool estimate(struct request *req, struct error *err)
{
    const struct run_context context = context_of(req);
    struct estimate reply;
    struct run_spec spec;

    if (!request_resolve(&context, req->input, &spec, err))
        return false;
    reply = (struct estimate){.currency = spec.currency, .tasks = (int64_t)spec.node_count};
    reply.cost_micro = request_estimate(&spec, &reply.is_known);
    return http_reply(req, 200, &reply, err);
}

static bool list(struct request *req, struct error *err)
{
    const struct str state = request_query(req, "state");
    const struct run_filter filter = {
        .user_id = req->user.id,
        .state = str_equal(state, STR("all")) ? STR_EMPTY : state,
        .provider = request_query(req, "provider"),
        .since_ms = request_query_time(req, "since", 0),
        .cursor = request_query(req, "cursor"),
        .limit = (size_t)request_query_int(req, "limit", RUNS_PER_PAGE),
    };
    struct run_page page = {0};
    struct run_view *views;
    struct whole_run *runs;
    size_t found, count;

    if (!view_runs(req->db, &filter, req->arena, &views, &found, err))
        return false;
    count = found;
    if (!whole_runs(req, views, &count, &runs, err))
        return false;
    page.items = (struct list){.items = runs, .count = count};
    if (count < found || found == filter.limit)
        page.next_cursor = views[count - 1].id;
    return http_reply(req, 200, &page, err);
}

static bool show(struct request *req, struct error *err)
{
    struct str id;

    return request_path_id(req, "id", &id, err) && reply_run(req, 200, id, err);
}

static bool cancel(struct request *req, struct error *err)
{
    struct str id;

    return request_path_id(req, "id", &id, err) &&
           engine_run_cancel(app_engine(req->app), req->user.id, id, err) &&
           reply_run(req, 200, id, err);
}

static bool pause_or_resume(struct request *req, bool is_paused, struct error *err)
{
    struct str id;

    return request_path_id(req, "id", &id, err) &&
           engine_run_pause(app_engine(req->app), req->user.id, id, is_paused, err) &&
           reply_run(req, 200, id, err);
}

static bool pause_run(struct request *req, struct error *err)
{
    return pause_or_resume(req, true, err);
}

static bool resume_run(struct request *req, struct error *err)
{
    return pause_or_resume(req, false, err);
}

static bool retry(struct request *req, struct error *err)
{
    const bool is_failed_only = str_equal(request_query(req, "only"), STR("failed"));
    struct str id;

    return request_path_id(req, "id", &id, err) &&
           engine_run_retry(app_engine(req->app), req->user.id, id, is_failed_only, err) &&
           reply_run(req, 200, id, err);
}

static bool change(struct request *req, struct error *err)
{
    const struct run_change *wish = req->input;
    enum task_priority priority = PRIORITY_FRONT;
    struct str id;

    while (!str_equal(wish->priority, str_of(task_priority_values[priority])))
        priority++; /* the shape let in nothing else */
    return request_path_id(req, "id", &id, err) &&
           engine_run_prioritise(app_engine(req->app), req->user.id, id, priority, err) &&
           reply_run(req, 200, id, err);
}

struct run_move {
    struct str to, before;
};
static const struct field run_move_fields[] = {
    {"to",     FIELD_ENUM, offsetof(struct run_move, to),     FIELD_REQUIRED, 0, 0, NULL, task_place_values,
     "Where among what waits of mine."              },
    {"before", FIELD_ID,   offsetof(struct run_move, before), FIELD_NULLABLE, 0, 0, NULL, NULL,
     "With \"before\": the run it goes in front of."},
};
static const struct shape run_move_shape = SHAPE("RunMove", struct run_move, run_move_fields);

static bool move(struct request *req, struct error *err)
{
    const struct run_move *wish = req->input;
    enum task_place place;
    struct str id;

    return read_place(wish->to, wish->before, &place, err) &&
           request_path_id(req, "id", &id, err) &&
           engine_run_move(app_engine(req->app), req->user.id, id, place, wish->before, err) &&
           reply_run(req, 200, id, err);
}

static const char *const states[] = {"active", "done", "failed", "cancelled", "all", NULL};
static const struct http_query list_query[] = {
    {.name = "cursor",                           .type = FIELD_ID, .help = "next_cursor of the page before."},
    {.name = "limit",
     .type = FIELD_INT,
     .min = 1,
     .max = RUNS_PER_PAGE_MAX,
     .help = "20 when absent."},
    {.name = "provider",                            .type = FIELD_ID, .help = "Runs that this provider works for."},
    {.name = "since",                                   .type = FIELD_TIME, .help = "Made then or later."},
    {.name = "state",                  .type = FIELD_ENUM, .values = states, .help = "All when absent."},
    {0                        },
};

static const char *const retries[] = {"failed", NULL};
static const struct http_query retry_query[] = {
    {.name = "only",
     .type = FIELD_ENUM,
     .values = retries,
     .help = "failed: what a person cancelled stays cancelled, unless it hangs on what failed."},
    {0},
};

#define RUN_ACTION(verb, run, text)                                                                \
    {                                                                                              \
        .method = "POST", .path = "/api/v1/runs/{id}/" verb, .access = ACCESS_MEMBER,              \
        .scope = SCOPE_GENERATE, .body = BODY_NONE, .handler = (run), .out = &whole_run_shape,     \
        .summary = (text), .tag = "runs"                                                           \
    }

const struct http_route run_routes[] = {
    {.method = "POST",
     .path = "/api/v1/runs",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_GENERATE,
     .body = BODY_JSON,
     .limit = MIB(4),
     .handler = submit,
     .in = &run_input_shape,
     .out = &whole_run_shape,
     .summary = "Start a run: a graph of operations. Idempotency-Key makes a repeat harmless",
     .tag = "runs",
     .cost = 5},
    {.method = "POST",
     .path = "/api/v1/runs/estimate",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_READ,
     .body = BODY_JSON,
     .limit = MIB(4),
     .handler = estimate,
     .in = &run_input_shape,
     .out = &estimate_shape,
     .summary = "What a run would cost, without starting it",
     .tag = "runs"},
    {.method = "GET",
     .path = "/api/v1/runs",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = list,
     .out = &run_page_shape,
     .query = list_query,
     .summary = "My runs with their tasks, newest first",
     .tag = "runs"},
    {.method = "GET",
     .path = "/api/v1/runs/{id}",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = show,
     .out = &whole_run_shape,
     .summary = "One run with its tasks",
     .tag = "runs"},
    {.method = "PATCH",
     .path = "/api/v1/runs/{id}",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_GENERATE,
     .body = BODY_JSON,
     .limit = KIB(4),
     .handler = change,
     .in = &run_change_shape,
     .out = &whole_run_shape,
     .summary = "Move a run before or behind others",
     .tag = "runs"},
    RUN_ACTION("cancel", cancel, "Stop what runs and drop what waits; what was paid for is kept"),
    RUN_ACTION("pause", pause_run, "Start nothing more of this run"),
    RUN_ACTION("resume", resume_run, "Go on with a paused run"),
    {.method = "POST",
     .path = "/api/v1/runs/{id}/retry",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_GENERATE,
     .handler = retry,
     .out = &whole_run_shape,
     .query = retry_query,
     .summary = "Try again what failed or was cancelled, and nothing else",
     .tag = "runs"},
    {.method = "POST",
     .path = "/api/v1/runs/{id}/move",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_GENERATE,
     .body = BODY_JSON,
     .limit = KIB(4),
     .handler = move,
     .in = &run_move_shape,
     .out = &whole_run_shape,
     .summary = "Change the place of all that waits of a run",
     .tag = "runs"},
    {0},
};
