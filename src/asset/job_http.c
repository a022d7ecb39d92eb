/* Routes of changes that go on by themselves. */
#include "asset/asset_private.h"

struct job_page {
    struct list items;
};
/* clang-format off */
static const struct field page_fields[] = {
    {"items", FIELD_LIST, offsetof(struct job_page, items), FIELD_REQUIRED, 0, 0, &asset_job_shape,
     NULL, "The last 20, the newest first; those that ended an hour ago are gone."},
};
/* clang-format on */
static const struct shape page_shape = SHAPE("AssetJobPage", struct job_page, page_fields);

static bool start(struct request *req, struct error *err)
{
    struct bulk_input *input = req->input;
    struct asset_bulk bulk = {.selection = &input->selection,
                              .action = asset_action_of(input->action)};
    struct asset_job job;

    if (!asset_selection_check(&input->selection, req->arena, err) ||
        !bulk_value_read(req, &bulk, err))
        return false;
    db_refresh(req->db); /* no view is held while the commit is waited for */
    return asset_job_start(app_assets(req->app), req->user.id, &bulk, req->arena, &job, err) &&
           http_reply(req, 202, &job, err);
}

static bool list(struct request *req, struct error *err)
{
    struct asset_job *items;
    size_t count;

    return job_store_list(req->db, req->user.id, req->now_ms, req->arena, &items, &count, err) &&
           http_reply(req, 200,
                      &(struct job_page){
                          .items = {.items = items, .count = count}
    },
                      err);
}

static bool show(struct request *req, struct error *err)
{
    struct asset_job job;
    struct str id;

    return request_path_id(req, "id", &id, err) &&
           job_store_find(req->db, req->user.id, id, req->now_ms, req->arena, &job, err) &&
           http_reply(req, 200, &job, err);
}

static bool tell(struct request *req, enum job_event event, struct error *err)
{
    struct asset_job job;
    struct str id;

    if (!request_path_id(req, "id", &id, err))
        return false;
    db_refresh(req->db);
    return asset_job_tell(app_assets(req->app), req->user.id, id, event, req->arena, &job, err) &&
           http_reply(req, 202, &job, err);
}

static bool stop(struct request *req, struct error *err) { return tell(req, JOB_STOP, err); }

static bool undo(struct request *req, struct error *err) { return tell(req, JOB_UNDO, err); }

const struct http_route job_routes[] = {
    {.method = "POST",
     .path = "/api/v1/asset-jobs",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_WRITE,
     .body = BODY_JSON,
     .limit = KIB(128),
     .handler = start,
     .in = &bulk_shape,
     .out = &asset_job_shape,
     .summary = "Change any number of pictures, without waiting for it",
     .tag = "assets",
     .cost = 5},
    {.method = "GET",
     .path = "/api/v1/asset-jobs",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = list,
     .out = &page_shape,
     .summary = "My changes of many pictures",
     .tag = "assets"},
    {.method = "GET",
     .path = "/api/v1/asset-jobs/{id}",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = show,
     .out = &asset_job_shape,
     .summary = "How far a change of many pictures is",
     .tag = "assets"},
    {.method = "POST",
     .path = "/api/v1/asset-jobs/{id}/stop",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_WRITE,
     .handler = stop,
     .out = &asset_job_shape,
     .summary = "Change no more; what was changed stays",
     .tag = "assets"},
    {.method = "POST",
     .path = "/api/v1/asset-jobs/{id}/undo",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_WRITE,
     .handler = undo,
     .out = &asset_job_shape,
     .summary = "Make the pictures what they were before",
     .tag = "assets"},
    {0        },
};
