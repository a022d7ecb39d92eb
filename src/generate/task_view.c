#include "generate/task_view.h"

#include "asset/asset.h"
#include "core/hash.h"
#include "core/json.h"
#include "operation/operation.h"

enum { IDEM_KEY_MAX = 200 };

static const struct field written_fields[] = {
    {"text",       FIELD_TEXT,   offsetof(struct written, text),       FIELD_REQUIRED, 0, 0, NULL, NULL, NULL                                                              },
    {"keywords",   FIELD_TEXTS,  offsetof(struct written, keywords),   FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Of image.describe."                                                                                                                                                  },
    {"confidence", FIELD_DOUBLE, offsetof(struct written, confidence), FIELD_REQUIRED, 0, 1, NULL,
     NULL,                                                                                               "Of image.describe: 0 to 1, by the model's own word; 0: not said."},
};
static const struct shape written_shape = SHAPE("TaskText", struct written, written_fields);

static const struct field whole_task_fields[] = {
    TASK_VIEW_FIELDS,
    {"prompt",     FIELD_TEXT,  offsetof(struct whole_task, prompt),     FIELD_REQUIRED,                  0, 0, NULL,           NULL,
      NULL                                                                                                                                                                                   },
    {"width_px",   FIELD_INT,   offsetof(struct whole_task, width_px),   FIELD_REQUIRED,                  0, 0, NULL,           NULL,
      "As asked for; 0: the model's choice."                                                                                                                                                 },
    {"height_px",  FIELD_INT,   offsetof(struct whole_task, height_px),  FIELD_REQUIRED,                  0, 0, NULL,
      NULL,                                                                                                                            NULL                                                  },
    {"assets",     FIELD_LIST,  offsetof(struct task_view,  assets),     FIELD_REQUIRED,                  0, 0, &asset_shape,
      NULL,                                                                                                                            "What it made."                                       },
    {"parameters", FIELD_JSON,  offsetof(struct task_view,  parameters), FIELD_REQUIRED,                  0, 0, NULL,
      NULL,                                                                                                                            NULL                                                  },
    {"written",    FIELD_MAYBE, offsetof(struct whole_task, written),    FIELD_REQUIRED | FIELD_NULLABLE,
      0,                                                                                                      0, &written_shape, NULL, "What it wrote, when that is what its operation does."},
    {"missing",    FIELD_TEXT,  offsetof(struct whole_task, missing),    FIELD_REQUIRED | FIELD_NULLABLE,
      0,                                                                                                      0, NULL,           NULL,
      "Why fewer pictures came than were asked for, or why a text was cut: in the provider's "
     "words."                                                                                                                                                                                },
};
const struct shape whole_task_shape = SHAPE("Task", struct whole_task, whole_task_fields);

static const struct field task_detail_fields[] = {
    TASK_VIEW_FIELDS,
    {"prompt",     FIELD_TEXT,  offsetof(struct whole_task, prompt),     FIELD_REQUIRED,                  0, 0, NULL,           NULL,
      NULL                                                                                                                                                                                            },
    {"width_px",   FIELD_INT,   offsetof(struct whole_task, width_px),   FIELD_REQUIRED,                  0, 0, NULL,           NULL,
      "As asked for; 0: the model's choice."                                                                                                                                                          },
    {"height_px",  FIELD_INT,   offsetof(struct whole_task, height_px),  FIELD_REQUIRED,                  0, 0, NULL,
      NULL,                                                                                                                            NULL                                                           },
    {"assets",     FIELD_LIST,  offsetof(struct task_view,  assets),     FIELD_REQUIRED,                  0, 0, &asset_shape,
      NULL,                                                                                                                            "What it made."                                                },
    {"parameters", FIELD_JSON,  offsetof(struct task_view,  parameters), FIELD_REQUIRED,                  0, 0, NULL,
      NULL,                                                                                                                            NULL                                                           },
    {"written",    FIELD_MAYBE, offsetof(struct whole_task, written),    FIELD_REQUIRED | FIELD_NULLABLE,
      0,                                                                                                      0, &written_shape, NULL, "What it wrote, when that is what its operation does."         },
    {"missing",    FIELD_TEXT,  offsetof(struct whole_task, missing),    FIELD_REQUIRED | FIELD_NULLABLE,
      0,                                                                                                      0, NULL,           NULL,
      "Why fewer pictures came than were asked for, or why a text was cut: in the provider's "
     "words."                                                                                                                                                                                         },
    {"attempts",   FIELD_LIST,  offsetof(struct whole_task, attempts),   FIELD_REQUIRED,                  0, 0,
      &attempt_shape,                                                                                                            NULL, "Its story: each go at it, each call that may have cost money."},
};
const struct shape task_detail_shape = SHAPE("TaskDetail", struct whole_task, task_detail_fields);

static const struct field whole_run_fields[] = {
    RUN_VIEW_FIELDS,
    {"tasks", FIELD_LIST, offsetof(struct whole_run, tasks), FIELD_REQUIRED, 0, 0,
      &whole_task_shape, NULL, NULL},
};
const struct shape whole_run_shape = SHAPE("Run", struct whole_run, whole_run_fields);

static void read_parameters(struct whole_task *task, struct arena *arena)
{
    CLEANUP(json_cleanup) struct json *parameters = NULL;
    struct error ignored;

    if (!json_read(task->view.parameters, &parameters, &ignored))
        return;
    task->prompt = arena_str(arena, json_text(json_get(parameters, "prompt")));
    task->width_px = json_int_or(json_get(parameters, "width"), 0);
    task->height_px = json_int_or(json_get(parameters, "height"), 0);
}

/* What is told beside the pictures, which are assets: the text, and what did not come. */
static void read_result(struct whole_task *task, struct arena *arena)
{
    const struct operation *operation = operation_find(task->view.operation);
    /* With all that it says of the pictures, of which nothing is told here. */
    CLEANUP(arena_cleanup) struct arena *scratch = arena_create(MIB(16));
    struct text_list *keywords;
    struct result result;
    struct error ignored;

    if (task->view.output.size == 0 || operation == NULL ||
        !result_read(task->view.output, scratch, &result, &ignored))
        return;
    task->missing = arena_str(arena, result.missing);
    if (operation->output_count == 0 || operation->outputs[0].type != PORT_TEXT)
        return;
    task->written = ARENA_NEW(arena, struct written);
    *task->written =
        (struct written){.text = arena_str(arena, result.text), .confidence = result.confidence};
    keywords = &task->written->keywords;
    keywords->items = ARENA_ARRAY(arena, struct str, result.keywords.count);
    for (; keywords->count < result.keywords.count; keywords->count++)
        keywords->items[keywords->count] = arena_str(arena, result.keywords.items[keywords->count]);
}

/* What memory knows of these tasks, and what is in their parameters. */
static struct whole_task *live_tasks(struct request *req, const struct task_view *views,
                                     size_t count)
{
    struct whole_task *tasks = ARENA_ARRAY(req->arena, struct whole_task, count);
    struct task_live *lives = ARENA_ARRAY(req->arena, struct task_live, count);
    int64_t *ids = ARENA_ARRAY(req->arena, int64_t, count);

    for (size_t index = 0; index < count; index++)
        ids[index] = views[index].row_id;
    engine_tasks_live(app_engine(req->app), ids, count, lives);
    for (size_t index = 0; index < count; index++) {
        tasks[index].view = views[index];
        if (!task_state_is_final(views[index].state_code)) {
            tasks[index].view.position = lives[index].position;
            tasks[index].view.progress = lives[index].progress;
            tasks[index].view.partial_count = lives[index].partial_count;
            tasks[index].view.partial_version = lives[index].partial_version;
        }
        read_parameters(&tasks[index], req->arena);
        read_result(&tasks[index], req->arena);
    }
    return tasks;
}

bool whole_tasks(struct request *req, const struct task_view *views, size_t count,
                 struct whole_task **out, struct error *err)
{
    struct asset **assets = ARENA_ARRAY(req->arena, struct asset *, count);
    size_t *asset_counts = ARENA_ARRAY(req->arena, size_t, count);
    int64_t *ids = ARENA_ARRAY(req->arena, int64_t, count);

    for (size_t index = 0; index < count; index++)
        ids[index] = views[index].row_id;
    if (!asset_store_of_tasks(req->db, req->user.id, ids, count, req->arena, assets, asset_counts,
                              err))
        return false;
    *out = live_tasks(req, views, count);
    for (size_t index = 0; index < count; index++)
        (*out)[index].view.assets =
            (struct list){.items = assets[index], .count = asset_counts[index]};
    return true;
}

enum { RUNS_SIZE_MAX = MIB(16) }; /* of the request's memory; a run's own comes behind */

bool whole_runs(struct request *req, const struct run_view *views, size_t *count,
                struct whole_run **out, struct error *err)
{
    struct whole_run *runs = ARENA_ARRAY(req->arena, struct whole_run, *count);

    for (size_t index = 0; index < *count; index++) {
        struct task_view *tasks;
        struct whole_task *whole;
        size_t task_count;

        if (!view_tasks_of_run(req->db, views[index].row_id, req->arena, &tasks, &task_count,
                               err) ||
            !whole_tasks(req, tasks, task_count, &whole, err))
            return false;
        runs[index] = (struct whole_run){
            .view = views[index], .tasks = {.items = whole, .count = task_count}
        };
        if (arena_used(req->arena) > RUNS_SIZE_MAX)
            *count = index + 1;
    }
    *out = runs;
    return true;
}

bool read_idem_key(struct request *req, struct run_spec *spec, struct error *err)
{
    spec->idem_key = request_header(req, "idempotency-key");
    if (spec->idem_key.size > IDEM_KEY_MAX) /* cut, two of them could become one */
        return error_field(err, ERROR_TOO_LONG, "Idempotency-Key", IDEM_KEY_MAX,
                           "at most %d characters", IDEM_KEY_MAX);
    spec->request_hash = sha256_of(req->body);
    return true;
}

bool find_repeat(struct request *req, struct id *run_id, bool *found, struct error *err)
{
    struct run_spec spec;

    *found = false;
    return read_idem_key(req, &spec, err) &&
           (spec.idem_key.size == 0 ||
            view_run_of_key(req->db, req->user.id, spec.idem_key, &spec.request_hash, req->arena,
                            run_id, found, err));
}

bool reply_run(struct request *req, int status, struct str run_id, struct error *err)
{
    struct run_view view;
    struct whole_run *run;
    size_t count = 1;

    db_refresh(req->db);
    return view_run(req->db, req->user.id, run_id, req->arena, &view, err) &&
           whole_runs(req, &view, &count, &run, err) &&
           http_reply_shape(req, status, &whole_run_shape, run, err);
}

bool reply_created(struct request *req, const struct run_created *created, struct error *err)
{
    struct whole_task *tasks = ARENA_ARRAY(req->arena, struct whole_task, created->task_count);
    const struct whole_run run = {
        .view = created->run,
        .tasks = {.items = tasks, .count = created->task_count},
    };

    for (size_t index = 0; index < created->task_count; index++) {
        tasks[index].view = created->tasks[index];
        read_parameters(&tasks[index], req->arena);
    }
    return http_reply_shape(req, 201, &whole_run_shape, &run, err);
}

bool reply_task(struct request *req, int status, struct str task_id, struct error *err)
{
    struct task_view view;
    struct whole_task *task;

    db_refresh(req->db);
    return view_task(req->db, req->user.id, task_id, req->arena, &view, err) &&
           whole_tasks(req, &view, 1, &task, err) &&
           http_reply_shape(req, status, &whole_task_shape, task, err);
}
