/* Routes that bring pictures in. */
#include "asset/asset_private.h"

#include "core/text.h"
#include "net/net.h"

/* clang-format off */
static const struct field error_fields[] = {
    {"code", FIELD_TEXT, offsetof(struct upload_error, code), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "As in a problem: \"picture_type\"."},
    {"field", FIELD_TEXT, offsetof(struct upload_error, field), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "What was at fault; may be empty."},
    {"limit", FIELD_INT, offsetof(struct upload_error, limit), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The limit that was passed; 0: none."},
    {"detail", FIELD_TEXT, offsetof(struct upload_error, detail), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "In English."},
};
/* clang-format on */
static const struct shape error_shape = SHAPE("UploadError", struct upload_error, error_fields);
/* clang-format off */
static const struct field item_fields[] = {
    {"asset", FIELD_MAYBE, offsetof(struct upload_item, asset), FIELD_REQUIRED | FIELD_NULLABLE, 0,
     0, &asset_shape, NULL, "The picture; null when it was refused."},
    {"is_duplicate", FIELD_BOOL, offsetof(struct upload_item, is_duplicate), FIELD_REQUIRED, 0, 0,
     NULL, NULL, "You had this picture already: here it is again."},
    {"name", FIELD_TEXT, offsetof(struct upload_item, name), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "What the file was called."},
    {"error", FIELD_MAYBE, offsetof(struct upload_item, error), FIELD_REQUIRED | FIELD_NULLABLE, 0,
     0, &error_shape, NULL, "Why it was refused."},
};
/* clang-format on */
static const struct shape item_shape = SHAPE("UploadItem", struct upload_item, item_fields);
struct upload_result {
    struct list items;
};
/* clang-format off */
static const struct field result_fields[] = {
    {"items", FIELD_LIST, offsetof(struct upload_result, items), FIELD_REQUIRED, 0, 0, &item_shape,
     NULL, "One for each file, in their order."},
};
/* clang-format on */
static const struct shape result_shape = SHAPE("UploadResult", struct upload_result, result_fields);

struct import_input {
    struct text_list urls;
};
/* clang-format off */
static const struct field import_fields[] = {
    {"urls", FIELD_TEXTS, offsetof(struct import_input, urls), FIELD_REQUIRED, 1, FILES_MAX, NULL,
     NULL, "Addresses of pictures on the public internet."},
};
/* clang-format on */
static const struct shape import_shape = SHAPE("Import", struct import_input, import_fields);
struct import_started {
    struct str run_id;
    int64_t tasks;
};
/* clang-format off */
static const struct field started_fields[] = {
    {"run_id", FIELD_ID, offsetof(struct import_started, run_id), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The run that fetches them, one task each."},
    {"tasks", FIELD_INT, offsetof(struct import_started, tasks), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "How many."},
};
/* clang-format on */
static const struct shape started_shape =
    SHAPE("ImportStarted", struct import_started, started_fields);

/* clang-format off */
static const struct field mask_fields[] = {
    {"id", FIELD_ID, offsetof(struct mask, id), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "For the input \"mask\" of an edit."},
    {"width_px", FIELD_INT, offsetof(struct mask, width_px), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The picture it is for has the same."},
    {"height_px", FIELD_INT, offsetof(struct mask, height_px), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The picture it is for has the same."},
};
/* clang-format on */
static const struct shape mask_shape = SHAPE("Mask", struct mask, mask_fields);

/* ---- upload ---- */

static bool check_parts(const struct request *req, size_t files_max, struct error *err)
{
    if (req->text_count > 0)
        return error_field(err, ERROR_UNKNOWN_FIELD,
                           arena_cstr(req->arena, text_clip(req->texts[0].field, 70)), 0,
                           "only files named \"file\" are taken here");
    for (size_t i = 0; i < req->file_count; i++)
        if (!str_equal(req->files[i].field, STR("file")))
            return error_field(err, ERROR_UNKNOWN_FIELD,
                               arena_cstr(req->arena, text_clip(req->files[i].field, 70)), 0,
                               "only files named \"file\" are taken here");
    if (req->file_count == 0)
        return error_field(err, ERROR_REQUIRED, "file", 0, "there is no file in the form");
    if (req->file_count > files_max)
        return error_field(err, ERROR_TOO_MANY, "file", (int64_t)files_max,
                           "at most %zu files go into one upload", files_max);
    return true;
}

static bool upload(struct request *req, struct error *err)
{
    struct asset_service *service = app_assets(req->app);
    struct upload_item *items;

    if (!check_parts(req, FILES_MAX, err) || !blob_room_for_upload(service->config.blobs, err))
        return false;
    db_refresh(req->db); /* no view is held while pictures are worked on */
    items = ARENA_ARRAY(req->arena, struct upload_item, req->file_count);
    for (size_t i = 0; i < req->file_count; i++)
        asset_upload(service, req->user.id, &req->files[i], req->arena, &items[i]);
    return http_reply(req, 200,
                      &(struct upload_result){
                          .items = {.items = items, .count = req->file_count}
    },
                      err);
}

static bool upload_mask(struct request *req, struct error *err)
{
    struct asset_service *service = app_assets(req->app);
    struct mask mask;

    if (!check_parts(req, 1, err) || !blob_room_for_upload(service->config.blobs, err))
        return false;
    db_refresh(req->db);
    return mask_upload(service, req->user.id, &req->files[0], req->arena, &mask, err) &&
           http_reply(req, 200, &mask, err);
}

/* ---- import ---- */

/* An error of one address, named by its place in the list. */
static bool fail_url(struct request *req, size_t index, struct error *err)
{
    struct error said = *err;

    return error_field(err, said.code, arena_printf(req->arena, "urls[%zu]%c", index, '\0').data,
                       said.limit, "%s", said.message);
}

/* The form of the address now, so that a wrong one is told at once; where it leads is looked at
 * when it is fetched (security.md S33).  The operation's own table makes the node's parameters. */
static bool make_node(struct request *req, const struct operation *operation, size_t index,
                      struct str url, struct run_node *out, struct error *err)
{
    CLEANUP(buf_finish) struct buf text = {0};
    CLEANUP(json_cleanup) struct json *parameters = NULL;
    struct json_writer writer;

    json_writer_init(&writer, &text);
    json_begin_object(&writer);
    json_name(&writer, "url");
    json_add_text(&writer, url);
    json_end_object(&writer);
    *out = (struct run_node){
        .key = arena_printf(req->arena, "fetch-%zu", index + 1),
        .operation = str_of(operation->engine.name),
        .inputs = STR("{}"),
    };
    return (net_url_check(url, NET_PUBLIC, err) && json_read(buf_str(&text), &parameters, err) &&
            operation_check(operation, parameters, "", req->arena, &out->parameters, err)) ||
           fail_url(req, index, err);
}

static bool import(struct request *req, struct error *err)
{
    const struct asset_service *service = app_assets(req->app);
    const struct import_input *input = req->input;
    const struct operation *operation = operation_find(STR("asset.fetch"));
    struct run_node *nodes = ARENA_ARRAY(req->arena, struct run_node, input->urls.count);
    struct run_spec spec = {
        .user_id = req->user.id,
        .title = STR("Import"),
        .priority = PRIORITY_NORMAL,
        .nodes = nodes,
        .node_count = input->urls.count,
        .idem_key = request_header(req, "Idempotency-Key"),
        .request_hash = sha256_of(req->body),
    };
    struct id run_id;
    bool is_repeat;

    if (service->config.engine == NULL || operation == NULL)
        return error_set(err, ERROR_UNAVAILABLE, "this server imports nothing");
    for (size_t i = 0; i < input->urls.count; i++)
        if (!make_node(req, operation, i, str_trim(input->urls.items[i]), &nodes[i], err))
            return false;
    db_refresh(req->db); /* no view is held while the commit is waited for */
    if (!engine_run_submit(service->config.engine, &spec, &run_id, &is_repeat, err))
        return false;
    return http_reply(
        req, 202,
        &(struct import_started){.run_id = id_str(&run_id), .tasks = (int64_t)input->urls.count},
        err);
}

const struct http_route upload_routes[] = {
    {.method = "POST",
     .path = "/api/v1/assets",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_WRITE,
     .body = BODY_MULTIPART,
     .limit = MIB(1024),
     .handler = upload,
     .out = &result_shape,
     .summary = "Upload pictures: parts named \"file\", up to 50",
     .tag = "assets",
     .cost = 5},
    {.method = "POST",
     .path = "/api/v1/masks",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_WRITE,
     .body = BODY_MULTIPART,
     .limit = MIB(1024),
     .handler = upload_mask,
     .out = &mask_shape,
     .summary = "Upload a mask: a part named \"file\", PNG, transparent where a picture is changed",
     .tag = "assets",
     .cost = 5},
    {.method = "POST",
     .path = "/api/v1/assets/import",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_WRITE,
     .body = BODY_JSON,
     .limit = KIB(256),
     .handler = import,
     .in = &import_shape,
     .out = &started_shape,
     .summary = "Fetch pictures from public addresses",
     .tag = "assets",
     .cost = 5},
    {0      },
};
