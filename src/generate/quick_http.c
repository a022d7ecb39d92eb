/* One picture in one line: POST /generate and GET /task/{task_id}, as people already write against
 * them. */
#include "generate/request.h"
#include "generate/task_view.h"

#include "asset/asset.h"
#include "core/random.h"

struct quick_input {
    struct str prompt, negative_prompt, model;
    int64_t width, height, num_images, seed, steps;
    double scale;
};
enum {
    QUICK_PROMPT,
    QUICK_NEGATIVE,
    QUICK_MODEL,
    QUICK_WIDTH,
    QUICK_HEIGHT,
    QUICK_COUNT,
    QUICK_SEED,
    QUICK_STEPS,
    QUICK_SCALE
};
static const struct field quick_fields[] = {
    [QUICK_PROMPT] = {"prompt",          FIELD_TEXT,   offsetof(struct quick_input, prompt),          FIELD_REQUIRED, 1,
                      32000,                                                                                                          NULL, NULL, "What the picture shows."                              },
    [QUICK_NEGATIVE] = {"negative_prompt", FIELD_TEXT,
                      offsetof(struct quick_input,                                  negative_prompt), FIELD_NULLABLE, 0,  8000,
                      NULL,                                                                                                                 NULL, "What should not be in it."                            },
    [QUICK_MODEL] = {"model",           FIELD_TEXT,   offsetof(struct quick_input, model),           FIELD_NULLABLE, 0,
                      200,                                                                                                            NULL, NULL, "A model's name, as \"mock\"; the default when absent."},
    [QUICK_WIDTH] = {"width",           FIELD_INT,    offsetof(struct quick_input, width),           0,              0,  8192,       NULL,
                      NULL,                                                                                                                       "In pixels; the model's choice when absent."           },
    [QUICK_HEIGHT] = {"height",          FIELD_INT,    offsetof(struct quick_input, height),          0,              0,  8192,       NULL,
                      NULL,                                                                                                                       NULL                                                   },
    [QUICK_COUNT] = {"num_images",      FIELD_INT,    offsetof(struct quick_input, num_images),      0,              1,  16,
                      NULL,                                                                                                                 NULL, "1 when absent."                                       },
    [QUICK_SEED] = {"seed",            FIELD_INT,    offsetof(struct quick_input, seed),            0,              -1, 4294967295, NULL,
                      NULL,                                                                                                                       "-1 or absent: by chance."                             },
    [QUICK_STEPS] = {"steps",           FIELD_INT,    offsetof(struct quick_input, steps),           0,              0,  200,        NULL, NULL,
                      NULL                                                                                                                                                                               },
    [QUICK_SCALE] = {"scale",           FIELD_DOUBLE, offsetof(struct quick_input, scale),           0,              0,  50,         NULL,
                      NULL,                                                                                                                       NULL                                                   },
};
static const struct shape quick_shape = SHAPE("GenerateRequest", struct quick_input, quick_fields);

static const char *const statuses[] = {"pending", "processing", "completed",
                                       "failed",  "cancelled",  NULL};

struct quick_started {
    struct str task_id, status;
    int64_t created_at_ms;
};
static const struct field started_fields[] = {
    {"task_id",    FIELD_ID,   offsetof(struct quick_started, task_id),       FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Also the id of the run."                                                                                      },
    {"status",     FIELD_ENUM, offsetof(struct quick_started, status),        FIELD_REQUIRED, 0, 0, NULL,
     statuses,                                                                                                  NULL},
    {"created_at", FIELD_TIME, offsetof(struct quick_started, created_at_ms), FIELD_REQUIRED, 0, 0,
     NULL,                                                                                                NULL, NULL},
};
static const struct shape started_shape =
    SHAPE("GenerateStarted", struct quick_started, started_fields);

struct quick_image {
    struct str url, thumbnail_url;
};
static const struct field image_fields[] = {
    {"url",           FIELD_TEXT, offsetof(struct quick_image, url),           FIELD_REQUIRED, 0, 0, NULL, NULL, NULL},
    {"thumbnail_url", FIELD_TEXT, offsetof(struct quick_image, thumbnail_url), FIELD_REQUIRED, 0, 0,
     NULL,                                                                                                 NULL, NULL},
};
static const struct shape image_shape = SHAPE("GeneratedImage", struct quick_image, image_fields);

struct quick_task {
    struct str task_id, status;
    int64_t progress, created_at_ms, completed_at_ms;
    struct list images;
    struct task_error_view *error;
};
static const struct field task_fields[] = {
    {"task_id",      FIELD_ID,    offsetof(struct quick_task, task_id),         FIELD_REQUIRED,                  0, 0, NULL,              NULL,
     NULL                                                                                                                                                                          },
    {"status",       FIELD_ENUM,  offsetof(struct quick_task, status),          FIELD_REQUIRED,                  0, 0, NULL,
     statuses,                                                                                                                                  NULL                               },
    {"progress",     FIELD_INT,   offsetof(struct quick_task, progress),        FIELD_REQUIRED,                  0, 0, NULL,              NULL,
     "Percent of the pictures that are done."                                                                                                                                      },
    {"images",       FIELD_LIST,  offsetof(struct quick_task, images),          FIELD_REQUIRED,                  0, 0, &image_shape,
     NULL,                                                                                                                                      NULL                               },
    {"created_at",   FIELD_TIME,  offsetof(struct quick_task, created_at_ms),   FIELD_REQUIRED,                  0, 0,
     NULL,                                                                                                                                NULL, NULL                               },
    {"completed_at", FIELD_TIME,  offsetof(struct quick_task, completed_at_ms),
     FIELD_REQUIRED | FIELD_NULLABLE,                                                                            0, 0, NULL,              NULL, NULL                               },
    {"error",        FIELD_MAYBE, offsetof(struct quick_task, error),           FIELD_REQUIRED | FIELD_NULLABLE, 0,
     0,                                                                                                                &task_error_shape, NULL, "Of the first picture that failed."},
};
static const struct shape task_shape = SHAPE("GenerateTask", struct quick_task, task_fields);

/* ---- Handlers ---- */

static struct str parameters_of(struct request *req, const struct quick_input *input, int64_t index)
{
    CLEANUP(buf_finish) struct buf text = {0};
    struct json_writer writer;
    const bool has_seed = request_present(req, QUICK_SEED) && input->seed >= 0;

    json_writer_init(&writer, &text);
    json_begin_object(&writer);
    json_name(&writer, "prompt");
    json_add_text(&writer, input->prompt);
    json_name(&writer, "negative_prompt");
    json_add_text(&writer, input->negative_prompt);
    json_name(&writer, "model");
    json_add_text(&writer, input->model);
    json_name(&writer, "width");
    json_add_int(&writer, input->width);
    json_name(&writer, "height");
    json_add_int(&writer, input->height);
    json_name(&writer, "steps");
    json_add_int(&writer, input->steps);
    json_name(&writer, "scale");
    json_add_double(&writer, input->scale);
    json_name(&writer, "partial_images");
    json_add_int(&writer, 0);
    json_name(&writer, "seed");
    if (has_seed) /* one picture each: the same seed would give the same picture */
        json_add_int(&writer, (input->seed + index) & INT64_C(0xFFFFFFFF));
    else
        json_add_null(&writer);
    json_end_object(&writer);
    return arena_str(req->arena, buf_str(&text));
}

/* Fields of the spec are the client's own here: "nodes[0].parameters.width" is its "width". */
static bool own_field(struct error *err)
{
    static const char prefix[] = "nodes[0].parameters.";
    const size_t size = sizeof(prefix) - 1;

    if (str_starts_with(str_of(err->field), STR("nodes[0].parameters.")))
        for (size_t at = 0; at + size < sizeof(err->field); at++)
            err->field[at] = err->field[at + size];
    return false;
}

static bool submit(struct request *req, struct id *run_id, struct error *err)
{
    const struct quick_input *input = req->input;
    const struct run_context context = {.settings = app_settings(req->app),
                                        .db = req->db,
                                        .arena = req->arena,
                                        .user_id = req->user.id};
    const int64_t count = request_present(req, QUICK_COUNT) ? input->num_images : 1;
    struct node_input *nodes = ARENA_ARRAY(req->arena, struct node_input, count);
    const struct run_input run = {
        .nodes = {.items = nodes, .count = (size_t)count}
    };
    struct run_spec spec;
    bool is_repeat;

    for (int64_t index = 0; index < count; index++)
        nodes[index] = (struct node_input){
            .key = arena_printf(req->arena, "p%d", (int)index + 1),
            .operation = STR("image.generate"),
            .parameters = parameters_of(req, input, index),
        };
    if (!request_resolve(&context, &run, &spec, err) || !read_idem_key(req, &spec, err))
        return own_field(err);
    db_refresh(req->db);
    return engine_run_submit(app_engine(req->app), &spec, run_id, &is_repeat, err) ||
           own_field(err);
}

static bool start(struct request *req, struct error *err)
{
    struct quick_started reply;
    struct run_view view;
    struct id run_id;
    bool is_repeat;

    if (!find_repeat(req, &run_id, &is_repeat, err) || (!is_repeat && !submit(req, &run_id, err)))
        return false;
    db_refresh(req->db);
    if (!view_run(req->db, req->user.id, id_str(&run_id), req->arena, &view, err))
        return false;
    reply = (struct quick_started){
        .task_id = view.id, .status = STR("pending"), .created_at_ms = view.created_at_ms};
    return http_reply(req, 202, &reply, err);
}

static struct str status_of(const struct run_view *run, const struct whole_task *tasks)
{
    if (str_equal(run->state, STR("done")))
        return STR("completed");
    if (!str_equal(run->state, STR("active")))
        return run->state;
    for (int64_t index = 0; index < run->task_count; index++)
        if (tasks[index].view.started_at_ms != 0)
            return STR("processing");
    return STR("pending");
}

static bool show(struct request *req, struct error *err)
{
    struct quick_task reply;
    struct run_view view;
    struct whole_run *run;
    struct whole_task *tasks;
    struct quick_image *images;
    struct str id;
    size_t count = 0, run_count = 1;

    if (!request_path_id(req, "task_id", &id, err) ||
        !view_run(req->db, req->user.id, id, req->arena, &view, err) ||
        !whole_runs(req, &view, &run_count, &run, err))
        return false;
    tasks = run->tasks.items;
    reply = (struct quick_task){
        .task_id = view.id,
        .status = status_of(&view, tasks),
        .progress =
            view.task_count == 0 ? 100 : (view.task_count - view.left) * 100 / view.task_count,
        .created_at_ms = view.created_at_ms,
        .completed_at_ms = view.finished_at_ms,
    };
    for (size_t index = 0; index < run->tasks.count; index++)
        count += tasks[index].view.assets.count;
    images = ARENA_ARRAY(req->arena, struct quick_image, count);
    count = 0;
    for (size_t index = 0; index < run->tasks.count; index++) {
        const struct asset *assets = tasks[index].view.assets.items;

        for (size_t row = 0; row < tasks[index].view.assets.count; row++)
            images[count++] = (struct quick_image){
                .url = arena_printf(req->arena, "%.*s/api/v1/assets/%.*s/file",
                                    STR_ARGS(req->origin), STR_ARGS(assets[row].id)),
                .thumbnail_url =
                    arena_printf(req->arena, "%.*s/api/v1/assets/%.*s/file?variant=thumb",
                                 STR_ARGS(req->origin), STR_ARGS(assets[row].id)),
            };
        if (reply.error == NULL)
            reply.error = tasks[index].view.error;
    }
    reply.images = (struct list){.items = images, .count = count};
    return http_reply(req, 200, &reply, err);
}

const struct http_route quick_routes[] = {
    {.method = "POST",
     .path = "/api/v1/generate",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_GENERATE,
     .body = BODY_JSON,
     .limit = KIB(256),
     .handler = start,
     .in = &quick_shape,
     .out = &started_shape,
     .summary = "Make pictures from a prompt; ask for them with GET /api/v1/task/{task_id}",
     .tag = "generate",
     .cost = 5},
    {.method = "GET",
     .path = "/api/v1/task/{task_id}",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = show,
     .out = &task_shape,
     .summary = "How far the pictures are, and where",
     .tag = "generate"},
    {0      },
};
