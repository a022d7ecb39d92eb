#include "generate/task_view.h"

static bool show(struct request *req, struct error *err)
{
    struct task_view view;
    struct whole_task *task;
    struct str id;

    return request_path_id(req, "id", &id, err) &&
           view_task(req->db, req->user.id, id, req->arena, &view, err) &&
           whole_tasks(req, &view, 1, &task, err) &&
           view_attempts(req->db, view.row_id, req->arena, &task->attempts, err) &&
           http_reply(req, 200, task, err);
}

static bool partial(struct request *req, struct error *err)
{
    struct str id, bytes, mime;
    int64_t index;

    if (!request_path_id(req, "id", &id, err))
        return false;
    if (!str_to_int64(request_path(req, "n"), &index))
        return error_set(err, ERROR_NOT_FOUND, "there is no such partial picture");
    if (!engine_partial(app_engine(req->app), req->user.id, id, index, req->arena, &bytes, &mime,
                        err))
        return false;
    return http_reply_text(req, 200, mime.size > 0 ? arena_cstr(req->arena, mime) : "image/png",
                           bytes, err);
}

static bool cancel(struct request *req, struct error *err)
{
    struct str id;

    return request_path_id(req, "id", &id, err) &&
           engine_task_cancel(app_engine(req->app), req->user.id, id, err) &&
           reply_task(req, 200, id, err);
}

static bool retry(struct request *req, struct error *err)
{
    struct str id;

    return request_path_id(req, "id", &id, err) &&
           engine_task_retry(app_engine(req->app), req->user.id, id, err) &&
           reply_task(req, 200, id, err);
}

struct answer {
    struct str answer;
};
static const char *const answers[] = {
    [ANSWER_REPEAT] = "repeat", [ANSWER_GIVE_UP] = "give_up", [ANSWER_LOOK_UP] = "look_up", NULL};
static const struct field answer_fields[] = {
    {"answer", FIELD_ENUM, offsetof(struct answer, answer), FIELD_REQUIRED, 0, 0, NULL, answers,
     "repeat: call again, which may cost a second time; give_up: the task has failed; look_up: ask"
     " the provider what became of it, which costs nothing."},
};
static const struct shape answer_shape = SHAPE("TaskAnswer", struct answer, answer_fields);

static bool resolve(struct request *req, struct error *err)
{
    const struct answer *wish = req->input;
    enum task_answer answer = ANSWER_REPEAT;
    struct str id;

    while (!str_equal(wish->answer, str_of(answers[answer]))) /* it is one of them */
        answer++;
    return request_path_id(req, "id", &id, err) &&
           engine_task_resolve(app_engine(req->app), req->user.id, id, answer, err) &&
           reply_task(req, 200, id, err);
}

struct move {
    struct str to, before;
};
const char *const task_place_values[] = {"front", "back", "before", NULL};

bool read_place(struct str to, struct str before, enum task_place *out, struct error *err)
{
    const bool is_before = str_equal(to, STR("before"));

    if (is_before && before.size == 0)
        return error_field(err, ERROR_REQUIRED, "before", 0, "what it goes in front of");
    *out = is_before ? PLACE_BEFORE : str_equal(to, STR("front")) ? PLACE_FRONT : PLACE_BACK;
    return true;
}

static const struct field move_fields[] = {
    {"to",     FIELD_ENUM, offsetof(struct move, to),     FIELD_REQUIRED, 0, 0, NULL, task_place_values,
     "Where among what waits."                       },
    {"before", FIELD_ID,   offsetof(struct move, before), FIELD_NULLABLE, 0, 0, NULL, NULL,
     "With \"before\": the task it goes in front of."},
};
static const struct shape move_shape = SHAPE("TaskMove", struct move, move_fields);

static bool move(struct request *req, struct error *err)
{
    const struct move *wish = req->input;
    enum task_place place;
    struct str id;

    return read_place(wish->to, wish->before, &place, err) &&
           request_path_id(req, "id", &id, err) &&
           engine_task_move(app_engine(req->app), req->user.id, id, place, wish->before, err) &&
           reply_task(req, 200, id, err);
}

#define TASK_PATH "/api/v1/tasks/{id}"
const struct http_route task_routes[] = {
    {.method = "GET",
     .path = TASK_PATH,
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = show,
     .out = &task_detail_shape,
     .summary = "A task's whole story: attempts, calls, costs",
     .tag = "tasks"},
    {.method = "GET",
     .path = TASK_PATH "/partials/{n}",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = partial,
     .query =
         (const struct http_query[]){
             {.name = "v",
              .type = FIELD_INT,
              .max = INT32_MAX,
              .help = "partial_version, so that a newer one has another address."},
             {0}},
     .summary = "A partial picture while the task runs",
     .tag = "tasks",
     .flags = HTTP_FILE},
    {.method = "POST",
     .path = TASK_PATH "/cancel",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_GENERATE,
     .handler = cancel,
     .out = &whole_task_shape,
     .summary = "Stop this task; what was paid for is kept",
     .tag = "tasks"},
    {.method = "POST",
     .path = TASK_PATH "/retry",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_GENERATE,
     .handler = retry,
     .out = &whole_task_shape,
     .summary = "Try a failed task again, with what was cancelled behind it",
     .tag = "tasks"},
    {.method = "POST",
     .path = TASK_PATH "/resolve",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_GENERATE,
     .body = BODY_JSON,
     .limit = KIB(4),
     .handler = resolve,
     .in = &answer_shape,
     .out = &whole_task_shape,
     .summary = "Answer a held task",
     .tag = "tasks"},
    {.method = "POST",
     .path = TASK_PATH "/move",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_GENERATE,
     .body = BODY_JSON,
     .limit = KIB(4),
     .handler = move,
     .in = &move_shape,
     .out = &whole_task_shape,
     .summary = "Change a waiting task's place",
     .tag = "tasks"},
    {0                                      },
};
