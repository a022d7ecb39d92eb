#include "product/product_private.h"

#include <inttypes.h>

/* ---- shapes ---- */

/* clang-format off */
#define PHOTO(member) offsetof(struct product_photo, member)
static const struct field photo_fields[] = {
    {"id", FIELD_ID, PHOTO(id), FIELD_REQUIRED, 0, 0, NULL, NULL, "The picture's id."},
    {"name", FIELD_TEXT, PHOTO(name), FIELD_REQUIRED, 0, 0, NULL, NULL, "The picture's name."},
    {"mime", FIELD_TEXT, PHOTO(mime), FIELD_REQUIRED, 0, 0, NULL, NULL, "Of the original."},
    {"width_px", FIELD_INT, PHOTO(width_px), FIELD_REQUIRED, 0, 0, NULL, NULL, "Upright."},
    {"height_px", FIELD_INT, PHOTO(height_px), FIELD_REQUIRED, 0, 0, NULL, NULL, "Upright."},
    {"thumbhash", FIELD_TEXT, PHOTO(thumbhash), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "A tiny picture of it (npm: thumbhash), in base64."},
};
static const struct shape photo_shape =
    SHAPE("ProductPhoto", struct product_photo, photo_fields);

/* A list does without facts: a hundred of them may be 3 MB. */
#define MEMBER(member) offsetof(struct product, member)
#define HEAD_FIELDS \
    {"id", FIELD_ID, MEMBER(id), FIELD_REQUIRED, 0, 0, NULL, NULL, "The product's id."}, \
    {"name", FIELD_TEXT, MEMBER(name), FIELD_REQUIRED, 0, 0, NULL, NULL, "What it is called."}, \
    {"sku", FIELD_TEXT, MEMBER(sku), FIELD_REQUIRED, 0, 0, NULL, NULL, \
     "One of a kind among mine, whatever its case; empty: none."}, \
    {"category", FIELD_TEXT, MEMBER(category), FIELD_REQUIRED, 0, 0, NULL, NULL, \
     "What kind of thing it is; may be empty."}
#define TAIL_FIELDS \
    {"photos", FIELD_LIST, MEMBER(photos), FIELD_REQUIRED, 0, PRODUCT_PHOTOS_MAX, &photo_shape, \
     NULL, "In order, the first is the main one; without those that are in the trash."}, \
    {"pictures", FIELD_INT, MEMBER(pictures), FIELD_REQUIRED, 0, 0, NULL, NULL, \
     "How many pictures were made for it, those in the trash left out."}, \
    {"version", FIELD_INT, MEMBER(version), FIELD_REQUIRED, 0, 0, NULL, NULL, \
     "Grows with each edit; in quotes it is the ETag, for If-Match."}, \
    {"created_at", FIELD_TIME, MEMBER(created_at_ms), FIELD_REQUIRED, 0, 0, NULL, NULL, \
     "When it was made."}, \
    {"changed_at", FIELD_TIME, MEMBER(changed_at_ms), FIELD_REQUIRED, 0, 0, NULL, NULL, \
     "When it was changed last."}
static const struct field product_fields[] = {
    HEAD_FIELDS,
    {"facts", FIELD_TEXT, MEMBER(facts), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "What is true of it, in plain text: material, size, what is in the box."},
    TAIL_FIELDS};
static const struct shape product_shape = SHAPE("Product", struct product, product_fields);
static const struct field summary_fields[] = {HEAD_FIELDS, TAIL_FIELDS};
static const struct shape summary_shape =
    SHAPE("ProductSummary", struct product, summary_fields);

struct product_page {
    struct list items;
    struct str next_cursor;
};
static const struct field page_fields[] = {
    {"items", FIELD_LIST, offsetof(struct product_page, items), FIELD_REQUIRED, 0, PRODUCT_PAGE_MAX,
     &summary_shape, NULL, "The newest first."},
    {"next_cursor", FIELD_ID, offsetof(struct product_page, next_cursor),
     FIELD_REQUIRED | FIELD_NULLABLE, 0, 0, NULL, NULL, "For the next page; null at the end."},
};
static const struct shape page_shape = SHAPE("ProductPage", struct product_page, page_fields);

/* Create and change differ in whether the name must be there. */
#define INPUT(member) offsetof(struct product_input, member)
#define INPUT_FIELDS(name_flags) \
    [PRODUCT_NAME] = {"name", FIELD_TEXT, INPUT(name), name_flags, 0, PRODUCT_NAME_MAX, NULL, \
                      NULL, "What it is called, in one line."}, \
    [PRODUCT_SKU] = {"sku", FIELD_TEXT, INPUT(sku), 0, 0, PRODUCT_SKU_MAX, NULL, NULL, \
                     "One of a kind among mine, whatever its case; empty: none."}, \
    [PRODUCT_CATEGORY] = {"category", FIELD_TEXT, INPUT(category), 0, 0, PRODUCT_CATEGORY_MAX, \
                          NULL, NULL, "What kind of thing it is, in one line."}, \
    [PRODUCT_FACTS] = {"facts", FIELD_TEXT, INPUT(facts), 0, 0, PRODUCT_FACTS_MAX, NULL, NULL, \
                       "What is true of it, in plain text of any lines."}, \
    [PRODUCT_PHOTOS] = {"photos", FIELD_TEXTS, INPUT(photos), 0, 0, PRODUCT_PHOTOS_MAX, NULL, \
                        NULL, "Ids of pictures of mine that are not in the trash, each once: all" \
                        " of its photos in their order."}
static const struct field create_fields[] = {INPUT_FIELDS(FIELD_REQUIRED)};
static const struct field change_fields[] = {INPUT_FIELDS(0)};
/* clang-format on */
_Static_assert(COUNT(change_fields) == PRODUCT_PART_COUNT, "a row for each part");
static const struct shape create_shape = SHAPE("ProductInput", struct product_input, create_fields);
static const struct shape change_shape =
    SHAPE("ProductChange", struct product_input, change_fields);

/* ---- handlers ---- */

static const struct http_query list_query[] = {
    {.name = "q",
     .type = FIELD_TEXT,
     .max = PRODUCT_QUERY_MAX,
     .help = "A part of name, SKU or category, whatever the case of its Latin letters."},
    {.name = "cursor", .type = FIELD_ID, .help = "next_cursor of the page before."},
    {.name = "limit",
     .type = FIELD_INT,
     .min = 1,
     .max = PRODUCT_PAGE_MAX,
     .help = "50 unless said."},
    {0       },
};

static bool list(struct request *req, struct error *err)
{
    const size_t limit = (size_t)request_query_int(req, "limit", PRODUCT_PAGE);
    struct str cursor = request_query(req, "cursor");
    struct product_page page = {0};
    struct product *items;
    size_t found;
    struct id after;

    if (id_parse(cursor, &after))
        cursor = id_str(&after);
    /* One more than is shown says whether there is a next page. */
    if (!product_list(req->db, req->user.id, request_query(req, "q"), cursor, limit + 1, req->arena,
                      &items, &found, err))
        return false;
    page.items = (struct list){.items = items, .count = found > limit ? limit : found};
    if (found > limit)
        page.next_cursor = items[limit - 1].id;
    return http_reply(req, 200, &page, err);
}

static bool reply_one(struct request *req, int status, struct str id, struct error *err)
{
    struct product product;

    db_refresh(req->db);
    if (!product_read(req->db, req->user.id, id, req->arena, &product, err))
        return false;
    http_reply_header(req, "ETag", arena_printf(req->arena, "\"%" PRId64 "\"", product.version));
    return http_reply(req, status, &product, err);
}

static bool show(struct request *req, struct error *err)
{
    struct str id;

    return request_path_id(req, "product", &id, err) && reply_one(req, 200, id, err);
}

static bool create(struct request *req, struct error *err)
{
    const struct product_key key = {.text = request_header(req, "Idempotency-Key"),
                                    .request_hash = sha256_of(req->body)};
    bool is_repeat;
    struct str id;

    if (key.text.size > PRODUCT_KEY_MAX) /* cut, two of them could become one */
        return error_field(err, ERROR_TOO_LONG, "Idempotency-Key", PRODUCT_KEY_MAX,
                           "at most %d characters", PRODUCT_KEY_MAX);
    db_refresh(req->db); /* no view is held while the commit is waited for */
    if (!product_create(req->pool, req->user.id, req->input, &key, req->now_ms, req->arena, &id,
                        &is_repeat, err))
        return false;
    app_wake(req->app, req->user.id);
    return reply_one(req, is_repeat ? 200 : 201, id, err);
}

static bool patch(struct request *req, struct error *err)
{
    struct str id;
    int64_t version;

    if (!request_path_id(req, "product", &id, err) || !request_match(req, &version, err))
        return false;
    db_refresh(req->db);
    if (!product_change(req->pool, req->user.id, id, version, req->present, req->input, req->now_ms,
                        req->arena, err))
        return false;
    app_wake(req->app, req->user.id);
    return reply_one(req, 200, id, err);
}

static bool delete (struct request *req, struct error *err)
{
    struct str id;
    int64_t version;

    if (!request_path_id(req, "product", &id, err) || !request_match(req, &version, err))
        return false;
    db_refresh(req->db);
    if (!product_delete(req->pool, req->user.id, id, version, req->now_ms, req->arena, err))
        return false;
    app_wake(req->app, req->user.id);
    return http_reply_empty(req, 204, err);
}

const struct http_route product_routes[] = {
    {.method = "GET",
     .path = "/api/v1/products",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = list,
     .out = &page_shape,
     .query = list_query,
     .summary = "My products",
     .tag = "products",
     .cost = 2},
    {.method = "POST",
     .path = "/api/v1/products",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_WRITE,
     .body = BODY_JSON,
     .limit = KIB(128),
     .handler = create,
     .in = &create_shape,
     .out = &product_shape,
     .summary = "Add a product. Idempotency-Key makes a repeat harmless",
     .tag = "products"},
    {.method = "GET",
     .path = "/api/v1/products/{product}",
     .access = ACCESS_VIEWER,
     .scope = SCOPE_READ,
     .handler = show,
     .out = &product_shape,
     .summary = "One product",
     .tag = "products"},
    {.method = "PATCH",
     .path = "/api/v1/products/{product}",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_WRITE,
     .body = BODY_JSON,
     .limit = KIB(128),
     .handler = patch,
     .in = &change_shape,
     .out = &product_shape,
     .summary = "Change a product: what is absent stays, photos replace those there were",
     .tag = "products"},
    {.method = "DELETE",
     .path = "/api/v1/products/{product}",
     .access = ACCESS_MEMBER,
     .scope = SCOPE_WRITE,
     .handler = delete,
     .summary = "Delete a product; its pictures, runs and what it cost stay",
     .tag = "products"},
    {0                      },
};
