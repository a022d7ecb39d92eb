/* Routes of lists, one picture, and files. */
#include "asset/asset_private.h"

#include <string.h>

struct asset_page {
    struct list items;
    struct str next_cursor;
    int64_t total; /* -1: unknown */
};
/* clang-format off */
static const struct field page_fields[] = {
    {"items", FIELD_LIST, offsetof(struct asset_page, items), FIELD_REQUIRED, 0, 0, &asset_shape,
     NULL, "In the order that was asked for."},
    {"next_cursor", FIELD_TEXT, offsetof(struct asset_page, next_cursor),
     FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL, NULL, "For the next page; null at the end."},
    {"total", FIELD_INT, offsetof(struct asset_page, total), FIELD_REQUIRED | FIELD_NULLABLE, 0, 0,
     NULL, NULL, "On the first page; null when counting would take long."},
};
/* clang-format on */
static const struct shape page_shape = SHAPE("AssetPage", struct asset_page, page_fields);

/* clang-format off */
static const struct field day_fields[] = {
    {"day", FIELD_TEXT, offsetof(struct asset_day, day), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "\"2026-11-22\"."},
    {"count", FIELD_INT, offsetof(struct asset_day, count), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Pictures of that day."},
};
/* clang-format on */
static const struct shape day_shape = SHAPE("Day", struct asset_day, day_fields);
struct day_page {
    struct list items;
};
/* clang-format off */
static const struct field day_page_fields[] = {
    {"items", FIELD_LIST, offsetof(struct day_page, items), FIELD_REQUIRED, 0, 0, &day_shape, NULL,
     "Days with pictures, the newest first."},
};
/* clang-format on */
static const struct shape day_page_shape = SHAPE("DayPage", struct day_page, day_page_fields);

struct patch_input {
    struct str name;
    int64_t rating;
    bool is_starred;
    struct text_list tags;
};
enum { PATCH_NAME, PATCH_RATING, PATCH_STARRED, PATCH_TAGS };
/* clang-format off */
static const struct field patch_fields[] = {
    [PATCH_NAME] = {"name", FIELD_TEXT, offsetof(struct patch_input, name), 0, 0,
                    ASSET_NAME_MAX_CHARS, NULL, NULL, "What it is called."},
    [PATCH_RATING] = {"rating", FIELD_INT, offsetof(struct patch_input, rating), 0, 0, 5, NULL,
                      NULL, "Stars; 0: none."},
    [PATCH_STARRED] = {"is_starred", FIELD_BOOL, offsetof(struct patch_input, is_starred), 0, 0, 0,
                       NULL, NULL, "A favourite."},
    [PATCH_TAGS] = {"tags", FIELD_TEXTS, offsetof(struct patch_input, tags), 0, 0,
                    TAGS_PER_ASSET_MAX, NULL, NULL, "All of its tags."},
};
/* clang-format on */
static const struct shape patch_shape = SHAPE("AssetPatch", struct patch_input, patch_fields);

/* ---- lists ---- */

#define FILTER_QUERY                                                                               \
    {.name = "q",                                                                                  \
     .type = FIELD_TEXT,                                                                           \
     .max = QUERY_MAX_CHARS,                                                                       \
     .help = "Words of name, prompt, tags and model; the last may be a beginning."},               \
        {.name = "tag", .type = FIELD_TEXT, .max = TAG_MAX_CHARS, .help = "A tag's name."},        \
        {.name = "rating", .type = FIELD_INT, .max = 5, .help = "At least so many stars."},        \
        {.name = "starred", .type = FIELD_BOOL, .help = "Only starred ones."},                     \
        {.name = "kind",                                                                           \
         .type = FIELD_ENUM,                                                                       \
         .values = asset_kinds,                                                                    \
         .help = "Where they came from."},                                                         \
        {.name = "model",                                                                          \
         .type = FIELD_TEXT,                                                                       \
         .max = 200,                                                                               \
         .help = "A model's wire id, or its id with the provider's."},                             \
        {.name = "run", .type = FIELD_ID, .help = "The run that made them."},                      \
        {.name = "product", .type = FIELD_ID, .help = "What they were made for."},                 \
        {.name = "from", .type = FIELD_TIME, .help = "Created then or later."},                    \
        {.name = "to", .type = FIELD_TIME, .help = "Created before."},                             \
    {                                                                                              \
        .name = "trash", .type = FIELD_BOOL, .help = "Those in the trash instead."                 \
    }
static const struct http_query list_query[] = {
    {.name = "cursor",  .type = FIELD_TEXT, .max = 80, .help = "next_cursor of the page before."},
    {.name = "limit",
     .type = FIELD_INT,
     .min = 1,
     .max = LIST_LIMIT_MAX,
     .help = "50 unless said."},
    {.name = "sort",
     .type = FIELD_ENUM,
     .values = asset_sorts,
     .help = "newest unless said; a search by rating sorts all it finds."},
    FILTER_QUERY,
    {0},
};
static const struct http_query days_query[] = {
    FILTER_QUERY,
    {.name = "zone_min",
      .type = FIELD_INT,
      .min = (int64_t)-14 * 60,
      .max = (int64_t)14 * 60,
      .help = "Minutes east of UTC, in quarters of an hour: whose days are counted."},
    {0},
};

static struct asset_filter filter_of(struct request *req)
{
    struct asset_filter filter = {
        .q = request_query(req, "q"),
        .tag = str_trim(request_query(req, "tag")),
        .kind = request_query(req, "kind"),
        .model = request_query(req, "model"),
        .rating = request_query_int(req, "rating", 0),
        .starred = request_query_bool(req, "starred", false),
        .from_ms = request_query_time(req, "from", 0),
        .to_ms = request_query_time(req, "to", 0),
        .trash = request_query_bool(req, "trash", false),
    };
    struct id run, product;

    if (id_parse(request_query(req, "run"), &run))
        filter.run = arena_str(req->arena, id_str(&run));
    if (id_parse(request_query(req, "product"), &product))
        filter.product = arena_str(req->arena, id_str(&product));
    return filter;
}

/* Counted with the first page only: the others would count the same again. */
static bool count(struct request *req, const struct asset_filter *filter, int64_t *out,
                  struct error *err)
{
    return request_has_query(req, "cursor") ||
           asset_store_count(req->db, req->user.id, filter, req->arena, out, err);
}

static bool list(struct request *req, struct error *err)
{
    struct asset_filter filter = filter_of(req);
    enum asset_sort sort = asset_sort_of(request_query(req, "sort"));
    struct asset_place after = asset_place_first(sort);
    struct str cursor = request_query(req, "cursor");
    size_t limit = (size_t)request_query_int(req, "limit", LIST_LIMIT);
    struct asset_page page = {.total = -1};
    struct asset *items;
    size_t found;

    /* One more than is shown says whether there is a next page. */
    if ((cursor.size > 0 && !asset_place_read(cursor, &after, err)) ||
        !asset_store_list(req->db, req->user.id, &filter, sort, &after, limit + 1, req->arena,
                          &items, &found, err) ||
        !count(req, &filter, &page.total, err))
        return false;
    page.items = (struct list){.items = items, .count = found > limit ? limit : found};
    if (found > limit) {
        const struct asset_place place = {.rating = items[limit - 1].rating,
                                          .at_ms = items[limit - 1].created_at_ms,
                                          .id = items[limit - 1].row_id};

        page.next_cursor = asset_place_print(&place, req->arena);
    }
    return http_reply(req, 200, &page, err);
}

static bool list_days(struct request *req, struct error *err)
{
    struct asset_filter filter = filter_of(req);
    int64_t zone_min = request_query_int(req, "zone_min", 0);
    struct asset_day *items;
    size_t found;

    if (zone_min % 15 != 0)
        return error_field(err, ERROR_INVALID, "zone_min", 15,
                           "zone_min is a multiple of 15 minutes");
    if (!asset_store_days(req->db, req->user.id, &filter, zone_min * 60 * 1000, req->arena, &items,
                          &found, err))
        return false;
    return http_reply(req, 200,
                      &(struct day_page){
                          .items = {.items = items, .count = found}
    },
                      err);
}

/* ---- one ---- */

static bool find(struct request *req, struct asset *out, struct error *err)
{
    struct str id;

    return request_path_id(req, "id", &id, err) &&
           asset_store_find(req->db, req->user.id, id, req->arena, out, err);
}

static bool reply_detail(struct request *req, const struct asset_detail *detail, struct error *err)
{
    http_reply_header(req, "ETag",
                      arena_printf(req->arena, "\"%.*s\"", STR_ARGS(detail->asset.etag)));
    return http_reply(req, 200, detail, err);
}

static bool show(struct request *req, struct error *err)
{
    struct asset_detail detail = {0};

    return find(req, &detail.asset, err) &&
           recipe_store_find(req->db, detail.asset.row_id, req->arena, &detail.recipe, err) &&
           reply_detail(req, &detail, err);
}

static bool patch(struct request *req, struct error *err)
{
    const struct patch_input *input = req->input;
    struct asset_patch change = {
        .has_name = request_present(req, PATCH_NAME),
        .has_rating = request_present(req, PATCH_RATING),
        .has_star = request_present(req, PATCH_STARRED),
        .has_tags = request_present(req, PATCH_TAGS),
        .name = str_trim(input->name),
        .rating = input->rating,
        .is_starred = input->is_starred,
    };
    struct asset_detail detail;
    struct str id;

    if (!request_path_id(req, "id", &id, err) || !request_match(req, &change.version, err) ||
        (change.has_name && !asset_name_check(change.name, err)) ||
        (change.has_tags && !tags_check(&input->tags, req->arena, &change.tags, err)))
        return false;
    db_refresh(req->db); /* no view is held while the commit is waited for */
    return asset_change(app_assets(req->app), req->user.id, id, &change, req->arena, &detail,
                        err) &&
           reply_detail(req, &detail, err);
}

/* ---- files ---- */

static const char *const variant_names[] = {"thumb", "medium", "preview", "original", NULL};
static const struct http_query file_query[] = {
    {.name = "variant",
     .type = FIELD_ENUM,
     .values = variant_names,
     .help = "The longest side: thumb 320, medium 640, preview 1600 pixels; original unless said."},
    {.name = "download", .type = FIELD_BOOL, .help = "As a file with a name, not to be shown."},
    {0                      },
};

/* The blob of a variant; the original's for "original" and whatever is no variant. */
static bool open_variant(struct request *req, const struct asset *asset, struct str name, int *fd,
                         int64_t *size, struct str *blob, struct error *err)
{
    struct asset_service *service = app_assets(req->app);
    struct blob_store *blobs = service->config.blobs;
    enum image_variant variant = IMAGE_THUMB;

    while (variant < IMAGE_VARIANT_COUNT && !str_equal(name, str_of(image_variant_name(variant))))
        variant++;
    if (variant == IMAGE_VARIANT_COUNT) {
        *blob = asset->blob;
        return blob_open(blobs, *blob, fd, size, err);
    }
    *blob = asset->variants[variant];
    if (blob->size > 0 && blob_open(blobs, *blob, fd, size, err))
        return true;
    if (blob->size > 0 && err->code != ERROR_NOT_FOUND)
        return false;
    db_refresh(req->db);
    return asset_make_variant(service, asset, variant, req->arena, blob, err) &&
           blob_open(blobs, *blob, fd, size, err);
}

static bool show_file(struct request *req, struct error *err)
{
    struct str name = request_query(req, "variant");
    bool is_original = name.size == 0 || str_equal(name, STR("original"));
    struct http_file_reply file = {.is_immutable = true};
    struct asset asset;

    if (!find(req, &asset, err) ||
        !open_variant(req, &asset, name, &file.fd, &file.size, &file.etag, err))
        return false;
    file.mime = is_original ? arena_cstr(req->arena, asset.mime) : image_mime(IMAGE_WEBP);
    if (request_query_bool(req, "download", false))
        file.download_name = asset_file_name(
            &asset, image_extension(is_original ? asset_type_of_mime(asset.mime) : IMAGE_WEBP),
            req->arena);
    return http_reply_file(req, &file, err);
}

const struct http_route asset_routes[] = {
    {.method = "GET",
     .path = "/api/v1/assets",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = list,
     .flags = HTTP_QUICK,
     .out = &page_shape,
     .query = list_query,
     .summary = "My pictures",
     .tag = "assets"},
    {.method = "GET",
     .path = "/api/v1/assets/days",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = list_days,
     .out = &day_page_shape,
     .query = days_query,
     .summary = "How many pictures I have of each day",
     .tag = "assets"},
    {.method = "GET",
     .path = "/api/v1/assets/{id}",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = show,
     .flags = HTTP_QUICK,
     .out = &asset_detail_shape,
     .summary = "One picture and how it was made",
     .tag = "assets"},
    {.method = "PATCH",
     .path = "/api/v1/assets/{id}",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_WRITE,
     .body = BODY_JSON,
     .limit = KIB(32),
     .handler = patch,
     .in = &patch_shape,
     .out = &asset_detail_shape,
     .summary = "Name, rate, star or tag a picture",
     .tag = "assets"},
    {.method = "GET",
     .path = "/api/v1/assets/{id}/file",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = show_file,
     .query = file_query,
     .summary = "The picture's bytes",
     .tag = "assets",
     .flags = HTTP_FILE},
    {0                       },
};
