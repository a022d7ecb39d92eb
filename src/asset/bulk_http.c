/* Routes that act on many pictures at once: changes, archives, tags. */
#include "asset/asset_private.h"

/* clang-format off */
static const struct field bulk_fields[] = {
    {"ids", FIELD_TEXTS, offsetof(struct bulk_input, selection.ids), 0, 0, IDS_MAX, NULL, NULL,
     "Ids of pictures."},
    {"all_matching", FIELD_MAYBE, offsetof(struct bulk_input, selection.all_matching), 0, 0, 0,
     &asset_filter_shape, NULL, "Instead of ids: all that match."},
    {"except", FIELD_TEXTS, offsetof(struct bulk_input, selection.except), 0, 0, IDS_MAX, NULL,
     NULL, "With all_matching: ids of pictures that stay as they are."},
    {"action", FIELD_ENUM, offsetof(struct bulk_input, action), FIELD_REQUIRED, 0, 0, NULL,
     asset_actions, "What happens to them; delete is for good."},
    {"value", FIELD_JSON, offsetof(struct bulk_input, value), 0, 0, 1000, NULL, NULL,
     "Of rate: 0 to 5.  Of tag_add and tag_remove: the tag."},
};
/* clang-format on */
const struct shape bulk_shape = SHAPE("BulkRequest", struct bulk_input, bulk_fields);
struct bulk_result {
    int64_t changed;
};
/* clang-format off */
static const struct field bulk_result_fields[] = {
    {"changed", FIELD_INT, offsetof(struct bulk_result, changed), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "How many are not as they were."},
};
/* clang-format on */
static const struct shape bulk_result_shape =
    SHAPE("BulkResult", struct bulk_result, bulk_result_fields);

struct archive_made {
    struct str id, url;
    int64_t count;
};
/* clang-format off */
static const struct field archive_fields[] = {
    {"id", FIELD_ID, offsetof(struct archive_made, id), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The archive's id."},
    {"url", FIELD_TEXT, offsetof(struct archive_made, url), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Where its ZIP is for an hour, for whoever asked for it."},
    {"count", FIELD_INT, offsetof(struct archive_made, count), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Pictures in it."},
};
/* clang-format on */
static const struct shape archive_shape = SHAPE("Archive", struct archive_made, archive_fields);

/* clang-format off */
static const struct field tag_fields[] = {
    {"name", FIELD_TEXT, offsetof(struct tag, name), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "As it was first written."},
    {"count", FIELD_INT, offsetof(struct tag, count), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Pictures that have it and are not in the trash."},
};
/* clang-format on */
static const struct shape tag_shape = SHAPE("Tag", struct tag, tag_fields);
struct tag_page {
    struct list items;
};
/* clang-format off */
static const struct field tag_page_fields[] = {
    {"items", FIELD_LIST, offsetof(struct tag_page, items), FIELD_REQUIRED, 0, 0, &tag_shape, NULL,
     "In the order of their names."},
};
/* clang-format on */
static const struct shape tag_page_shape = SHAPE("TagPage", struct tag_page, tag_page_fields);

/* ---- bulk ---- */

/* A number or a text with one: forms have texts only. */
static bool read_rating(const struct json *value, int64_t *out, struct error *err)
{
    bool is_number =
        json_is(value, JSON_TEXT) ? str_to_int64(json_text(value), out) : json_int(value, out);

    if (!is_number || *out < 0 || *out > 5)
        return error_field(err, ERROR_INVALID, "value", 5, "a rating is 0 to 5");
    return true;
}

static bool read_tag(struct request *req, const struct json *value, struct str *out,
                     struct error *err)
{
    if (!json_is(value, JSON_TEXT))
        return error_field(err, value == NULL ? ERROR_REQUIRED : ERROR_WRONG_TYPE, "value", 0,
                           "a tag's name is needed");
    *out = arena_str(req->arena, str_trim(json_text(value)));
    return tag_check(*out, "value", err);
}

bool bulk_value_read(struct request *req, struct asset_bulk *bulk, struct error *err)
{
    const struct json *value = json_get(req->json, "value");

    switch (bulk->action) {
    case ACTION_RATE:
        return read_rating(value, &bulk->rating, err);
    case ACTION_TAG_ADD:
    case ACTION_TAG_REMOVE:
        return read_tag(req, value, &bulk->tag, err);
    case ACTION_TRASH:
    case ACTION_RESTORE:
    case ACTION_DELETE:
    case ACTION_STAR:
    case ACTION_UNSTAR:
        if (value != NULL && !json_is(value, JSON_NULL))
            return error_field(err, ERROR_INVALID, "value", 0, "this action takes no value");
        return true;
    }
    return error_set(err, ERROR_INTERNAL, "no such action");
}

static bool change_many(struct request *req, struct error *err)
{
    struct bulk_input *input = req->input;
    struct asset_bulk bulk = {.selection = &input->selection,
                              .action = asset_action_of(input->action)};
    struct bulk_result result;

    if (!asset_selection_check(&input->selection, req->arena, err) ||
        !bulk_value_read(req, &bulk, err))
        return false;
    db_refresh(req->db); /* no view is held while commits are waited for */
    return asset_change_all(app_assets(req->app), req->user.id, &bulk, &result.changed, err) &&
           http_reply(req, 200, &result, err);
}

/* ---- archives ---- */

static bool count_selection(struct request *req, const struct asset_selection *selection,
                            int64_t *out, struct error *err)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(16));
    struct asset_walk walk = asset_walk_begin(selection, req->user.id);
    bool is_end = false;

    *out = 0;
    while (!is_end) {
        struct asset *assets;
        size_t count;

        arena_reset(arena);
        if (!asset_walk_next(&walk, req->db, CHANGES_PER_COMMIT, arena, &assets, &count, &is_end,
                             err))
            return false;
        *out += (int64_t)count;
        if (*out > ARCHIVE_ITEMS_MAX)
            return error_field(err, ERROR_TOO_MANY, "ids", ARCHIVE_ITEMS_MAX,
                               "an archive has at most %d pictures", ARCHIVE_ITEMS_MAX);
    }
    return *out > 0 || error_field(err, ERROR_NOT_FOUND, "ids", 0, "there is no such picture");
}

struct archive_add_work {
    int64_t user_id, now_ms;
    struct str id, selection;
};

static bool add_archive(struct db *db, void *context, struct error *err)
{
    const struct archive_add_work *work = context;

    return archive_store_trim(db, work->now_ms - ARCHIVE_LIFE_MS, err) &&
           archive_store_add(db, work->user_id, work->id, work->selection, work->now_ms, err);
}

static bool make_archive(struct request *req, struct error *err)
{
    const struct asset_service *service = app_assets(req->app);
    struct asset_selection *selection = req->input;
    CLEANUP(buf_finish) struct buf text = {0};
    struct id id = id_make(service->config.clock, service->config.random);
    struct archive_add_work work = {
        .user_id = req->user.id, .now_ms = req->now_ms, .id = id_str(&id)};
    struct json_writer writer;
    struct archive_made made = {.id = id_str(&id)};

    if (!asset_selection_check(selection, req->arena, err) ||
        !count_selection(req, selection, &made.count, err))
        return false;
    json_writer_init(&writer, &text);
    shape_write(&asset_selection_shape, selection, &writer);
    work.selection = buf_str(&text);
    db_refresh(req->db); /* no view is held while the commit is waited for */
    if (!db_transact(req->pool, "asset_archive", add_archive, &work, err))
        return false;
    made.url = arena_printf(req->arena, "/api/v1/archives/%s", id.text);
    return http_reply(req, 201, &made, err);
}

static bool show_archive(struct request *req, struct error *err)
{
    struct asset_service *service = app_assets(req->app);
    struct archive_work *work;
    struct str id, selection;
    char day[CLOCK_TEXT_SIZE];

    if (!request_path_id(req, "id", &id, err) ||
        !archive_store_find(req->db, req->user.id, id, req->now_ms, req->arena, &selection, err))
        return false;
    work = archive_work_create(service, req->user.id, selection, err);
    if (work == NULL)
        return false;
    clock_format(req->now_ms, day);
    return http_reply_produce(req, "application/zip",
                              arena_printf(req->arena, "vitrine-%.10s.zip", day), archive_produce,
                              work, archive_work_destroy, err);
}

/* ---- tags ---- */

static bool list_tags(struct request *req, struct error *err)
{
    struct tag *items;
    size_t count;

    return tag_store_list(req->db, req->user.id, req->arena, &items, &count, err) &&
           http_reply(req, 200,
                      &(struct tag_page){
                          .items = {.items = items, .count = count}
    },
                      err);
}

const struct http_route bulk_routes[] = {
    {.method = "POST",
     .path = "/api/v1/assets/bulk",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_WRITE,
     .body = BODY_JSON,
     .limit = KIB(128),
     .handler = change_many,
     .in = &bulk_shape,
     .out = &bulk_result_shape,
     .summary = "Change, trash, restore or delete many pictures",
     .tag = "assets",
     .cost = 5},
    {.method = "POST",
     .path = "/api/v1/archives",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .body = BODY_JSON,
     .limit = KIB(128),
     .handler = make_archive,
     .in = &asset_selection_shape,
     .out = &archive_shape,
     .summary = "Ask for a ZIP of pictures",
     .tag = "assets",
     .cost = 5},
    {.method = "GET",
     .path = "/api/v1/archives/{id}",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = show_archive,
     .summary = "The ZIP, made while it is sent",
     .tag = "assets",
     .cost = 20,
     .flags = HTTP_FILE},
    {.method = "GET",
     .path = "/api/v1/tags",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = list_tags,
     .out = &tag_page_shape,
     .summary = "My tags",
     .tag = "assets"},
    {0},
};
