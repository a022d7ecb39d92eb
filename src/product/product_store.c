#include "product/product_private.h"

#include "asset/asset.h"
#include "core/text.h"
#include "engine/event.h"

#include <inttypes.h>
#include <stdio.h>

struct product_work {
    int64_t user_id, version, now_ms;
    struct str id;
    uint64_t has;
    struct product_input input; /* checked */
    const struct product_key *key;
    struct arena *arena;
    bool is_repeat;
    struct str made; /* what was created, or what the key created before */
};

/* ---- rules ---- */

static bool has(uint64_t bits, enum product_part part) { return (bits >> part & 1) != 0; }

static bool check_length(struct str text, const char *field, int64_t max, struct error *err)
{
    return (int64_t)text_count(text) <= max ||
           error_field(err, ERROR_TOO_LONG, field, max,
                       "a product's %s has at most %" PRId64 " characters", field, max);
}

static bool check_line(struct str *text, const char *field, int64_t max, struct error *err)
{
    *text = str_trim(*text);
    if (text_has_control(*text) || str_find_char(*text, '\n') >= 0 ||
        str_find_char(*text, '\r') >= 0 || str_find_char(*text, '\t') >= 0)
        return error_field(err, ERROR_INVALID, field, 0, "a product's %s has no control characters",
                           field);
    return check_length(*text, field, max, err);
}

static bool check_facts(struct str *text, struct error *err)
{
    *text = str_trim(*text);
    if (text_has_control(*text))
        return error_field(err, ERROR_INVALID, "facts", 0,
                           "a product's facts have no control characters");
    return check_length(*text, "facts", PRODUCT_FACTS_MAX, err);
}

static bool photo_fault(size_t index, const char *what, struct error *err)
{
    char field[32];

    (void)snprintf(field, sizeof(field), "photos[%zu]", index);
    return error_field(err, ERROR_INVALID, field, 0, "%s", what);
}

/* Ids as they stand in rows, each once. */
static bool check_photos(struct text_list *photos, struct arena *arena, struct error *err)
{
    struct str *ids;

    if (photos->count > PRODUCT_PHOTOS_MAX)
        return error_field(err, ERROR_TOO_MANY, "photos", PRODUCT_PHOTOS_MAX,
                           "a product has at most %d photos", PRODUCT_PHOTOS_MAX);
    ids = ARENA_ARRAY(arena, struct str, photos->count);
    for (size_t i = 0; i < photos->count; i++) {
        struct id id;

        if (!id_parse(photos->items[i], &id))
            return photo_fault(i, "this is no picture's id", err);
        ids[i] = arena_str(arena, id_str(&id));
        for (size_t earlier = 0; earlier < i; earlier++)
            if (str_equal(ids[earlier], ids[i]))
                return photo_fault(i, "this picture is named twice", err);
    }
    photos->items = ids;
    return true;
}

/* What is named, trimmed and within its bounds. */
static bool check_input(struct product_input *input, uint64_t named, struct arena *arena,
                        struct error *err)
{
    if (has(named, PRODUCT_NAME) && !check_line(&input->name, "name", PRODUCT_NAME_MAX, err))
        return false;
    if (has(named, PRODUCT_NAME) && input->name.size == 0)
        return error_field(err, ERROR_REQUIRED, "name", 0, "a product needs a name");
    if (has(named, PRODUCT_SKU) && !check_line(&input->sku, "sku", PRODUCT_SKU_MAX, err))
        return false;
    if (has(named, PRODUCT_CATEGORY) &&
        !check_line(&input->category, "category", PRODUCT_CATEGORY_MAX, err))
        return false;
    if (has(named, PRODUCT_FACTS) && !check_facts(&input->facts, err))
        return false;
    return !has(named, PRODUCT_PHOTOS) || check_photos(&input->photos, arena, err);
}

/* ---- reading ---- */

/* With facts between them, or without. */
#define HEAD "SELECT p.id, p.public_id, p.name, p.sku, p.category, p.version, p.created_at_ms,"
#define TAIL                                                                                       \
    " p.changed_at_ms, (SELECT count(*) FROM asset a INDEXED BY asset_product"                     \
    " WHERE a.user_id = p.user_id AND a.product = p.public_id AND a.product <> ''"                 \
    " AND a.trashed_at_ms IS NULL) AS pictures FROM product p "

static struct product read_row(struct rows *rows, struct arena *arena)
{
    return (struct product){
        .row_id = rows_int64(rows, "id"),
        .id = rows_str(rows, "public_id", arena),
        .name = rows_str(rows, "name", arena),
        .sku = rows_str(rows, "sku", arena),
        .category = rows_str(rows, "category", arena),
        .facts = rows_str(rows, "facts", arena),
        .version = rows_int64(rows, "version"),
        .created_at_ms = rows_int64(rows, "created_at_ms"),
        .changed_at_ms = rows_int64(rows, "changed_at_ms"),
        .pictures = rows_int64(rows, "pictures"),
    };
}

bool product_find(struct db *db, int64_t user_id, struct str id, struct error *err)
{
    static const struct sql find = {"product_find",
                                    "SELECT id FROM product WHERE public_id = $1 AND user_id = $2"
                                    " AND deleted_at_ms IS NULL",
                                    NULL};
    const struct sql_value args[] = {SQL_TEXT(id), SQL_INT64(user_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    return rows_next(&rows) ||
           (!rows_failed(&rows) && error_set(err, ERROR_NOT_FOUND, "no such product"));
}

static bool find_row(struct db *db, int64_t user_id, struct str id, struct arena *arena,
                     struct product *out, struct error *err)
{
    static const struct sql find = {
        "product_find_row",
        HEAD " p.facts," TAIL
             "WHERE p.public_id = $1 AND p.user_id = $2 AND p.deleted_at_ms IS NULL",
        NULL};
    const struct sql_value args[] = {SQL_TEXT(id), SQL_INT64(user_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_NOT_FOUND, "no such product");
    *out = read_row(&rows, arena);
    return true;
}

/* Those in the trash are left out; a picture that was deleted left a gap among the positions. */
static bool read_photos(struct db *db, struct product *product, struct arena *arena,
                        struct error *err)
{
    static const struct sql list = {
        "product_photos",
        "SELECT a.public_id, a.name, a.mime, a.width_px, a.height_px, a.thumbhash"
        " FROM product_photo f CROSS JOIN asset a WHERE f.product_id = $1 AND a.id = f.asset_id"
        " AND a.trashed_at_ms IS NULL ORDER BY f.position LIMIT $2",
        NULL};
    const struct sql_value args[] = {SQL_INT64(product->row_id), SQL_INT64(PRODUCT_PHOTOS_MAX)};
    struct product_photo *photos = NULL;
    size_t count = 0;
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (count < PRODUCT_PHOTOS_MAX && rows_next(&rows)) {
        photos = arena_more(arena, photos, sizeof(*photos), count);
        photos[count++] = (struct product_photo){
            .id = rows_str(&rows, "public_id", arena),
            .name = rows_str(&rows, "name", arena),
            .mime = rows_str(&rows, "mime", arena),
            .width_px = rows_int64(&rows, "width_px"),
            .height_px = rows_int64(&rows, "height_px"),
            .thumbhash = rows_str(&rows, "thumbhash", arena),
        };
    }
    if (rows_failed(&rows))
        return false;
    product->photos = (struct list){.items = photos, .count = count};
    return true;
}

bool product_read(struct db *db, int64_t user_id, struct str id, struct arena *arena,
                  struct product *out, struct error *err)
{
    struct product product;

    if (!find_row(db, user_id, id, arena, &product, err) || !read_photos(db, &product, arena, err))
        return false;
    *out = product;
    return true;
}

/* The row behind which a page begins; a deleted one still stands in its place. */
static bool find_place(struct db *db, int64_t user_id, struct str after, int64_t *row_id,
                       struct error *err)
{
    static const struct sql find = {
        "product_place", "SELECT id FROM product WHERE public_id = $1 AND user_id = $2", NULL};
    const struct sql_value args[] = {SQL_TEXT(after), SQL_INT64(user_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    *row_id = INT64_MAX;
    if (after.size == 0)
        return true;
    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows)
                   ? false
                   : error_field(err, ERROR_INVALID, "cursor", 0, "this is no place in the list");
    *row_id = rows_int64(&rows, "id");
    return true;
}

static bool list_rows(struct db *db, int64_t user_id, struct str q, int64_t before, size_t limit,
                      struct arena *arena, struct product **out, size_t *count, struct error *err)
{
    static const struct sql list = {
        "product_list",
        HEAD " '' AS facts," TAIL
             "INDEXED BY product_of_user WHERE p.user_id = $1 AND p.deleted_at_ms IS NULL"
             " AND p.id < $2 AND ($3 = '' OR instr(lower(p.name), lower($3)) > 0"
             " OR instr(lower(p.sku), lower($3)) > 0"
             " OR instr(lower(p.category), lower($3)) > 0) ORDER BY p.id DESC LIMIT $4",
        NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_INT64(before), SQL_TEXT(q),
                                     SQL_INT64((int64_t)limit)};
    struct product *found = NULL;
    size_t found_count = 0;
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (found_count < limit && rows_next(&rows)) {
        found = arena_more(arena, found, sizeof(*found), found_count);
        found[found_count++] = read_row(&rows, arena);
    }
    if (rows_failed(&rows))
        return false;
    *out = found;
    *count = found_count;
    return true;
}

bool product_list(struct db *db, int64_t user_id, struct str q, struct str after, size_t limit,
                  struct arena *arena, struct product **out, size_t *count, struct error *err)
{
    struct product *found;
    size_t found_count;
    int64_t before;

    if (!find_place(db, user_id, after, &before, err) ||
        !list_rows(db, user_id, str_trim(q), before, limit, arena, &found, &found_count, err))
        return false;
    for (size_t i = 0; i < found_count; i++)
        if (!read_photos(db, &found[i], arena, err))
            return false;
    *out = found;
    *count = found_count;
    return true;
}

/* ---- writing ---- */

static bool tell(struct db *db, const struct product_work *work, struct str id, const char *kind,
                 struct error *err)
{
    return event_append(db, work->user_id, kind,
                        arena_printf(work->arena, "{\"id\":\"%.*s\"}", STR_ARGS(id)), work->now_ms,
                        err);
}

static bool taken(struct str sku, struct error *err)
{
    if (err->code != ERROR_CONFLICT)
        return false;
    return error_field(err, ERROR_CONFLICT, "sku", 0,
                       "you have a product with the SKU %.*s already",
                       STR_ARGS(text_clip(sku, 100)));
}

/* Whether this key made a product before, and of the same request. */
static bool find_key(struct db *db, struct product_work *work, struct error *err)
{
    static const struct sql find = {"product_of_key",
                                    "SELECT public_id, deleted_at_ms, request_hash FROM product"
                                    " WHERE user_id = $1 AND idem_key = $2",
                                    NULL};
    const struct product_key *key = work->key;
    const struct sql_value args[] = {SQL_INT64(work->user_id), SQL_TEXT(key->text)};
    const struct str hash = {.data = (const char *)key->request_hash.bytes, .size = SHA256_SIZE};
    CLEANUP(rows_finish) struct rows rows = {0};
    struct str id;
    bool is_deleted;

    if (key->text.size == 0)
        return true;
    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return !rows_failed(&rows);
    id = rows_str(&rows, "public_id", work->arena);
    is_deleted = !rows_is_null(&rows, "deleted_at_ms");
    if (!str_equal(rows_str(&rows, "request_hash", work->arena), hash))
        return error_field(err, ERROR_KEY_REUSED, "Idempotency-Key", 0,
                           "this Idempotency-Key was used for another request");
    if (is_deleted)
        return error_field(err, ERROR_GONE, "Idempotency-Key", 0,
                           "the product that this Idempotency-Key made was deleted");
    work->made = id;
    work->is_repeat = true;
    return true;
}

static bool check_room(struct db *db, const struct product_work *work, struct error *err)
{
    static const struct sql find = {"product_count",
                                    "SELECT count(*) AS count FROM product INDEXED BY"
                                    " product_of_user WHERE user_id = $1 AND deleted_at_ms IS NULL",
                                    NULL};
    const struct sql_value args[] = {SQL_INT64(work->user_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_INTERNAL, "nothing was counted");
    if (rows_int64(&rows, "count") >= PRODUCTS_MAX)
        return error_field(err, ERROR_TOO_MANY, "name", PRODUCTS_MAX,
                           "you have %d products already", PRODUCTS_MAX);
    return true;
}

static bool add_row(struct db *db, const struct product_work *work, int64_t *row_id,
                    struct error *err)
{
    static const struct sql add = {
        "product_add",
        "INSERT INTO product (public_id, user_id, name, sku, category, facts, created_at_ms,"
        " changed_at_ms, idem_key, request_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9)",
        NULL};
    const struct product_input *input = &work->input;
    const struct product_key *key = work->key;
    const struct str hash = {.data = (const char *)key->request_hash.bytes, .size = SHA256_SIZE};
    const struct sql_value args[] = {SQL_TEXT(work->id),
                                     SQL_INT64(work->user_id),
                                     SQL_TEXT(input->name),
                                     SQL_TEXT(input->sku),
                                     SQL_TEXT(input->category),
                                     SQL_TEXT(input->facts),
                                     SQL_INT64(work->now_ms),
                                     SQL_TEXT_OR_NULL(key->text),
                                     key->text.size == 0 ? SQL_NULL : SQL_BLOB(hash)};

    if (!db_exec_one(db, &add, args, COUNT(args), err))
        return taken(input->sku, err);
    *row_id = db_last_id(db);
    return true;
}

static bool drop_photos(struct db *db, int64_t row_id, struct error *err)
{
    static const struct sql drop = {"product_photos_drop",
                                    "DELETE FROM product_photo WHERE product_id = $1", NULL};
    const struct sql_value args[] = {SQL_INT64(row_id)};

    return db_exec(db, &drop, args, COUNT(args), NULL, err);
}

static bool add_photo(struct db *db, const struct product_work *work, int64_t row_id, size_t index,
                      struct error *err)
{
    static const struct sql add = {
        "product_photo_add",
        "INSERT INTO product_photo (product_id, position, asset_id) SELECT $1, $2, id FROM asset"
        " WHERE public_id = $3 AND user_id = $4 AND trashed_at_ms IS NULL",
        NULL};
    const struct sql_value args[] = {SQL_INT64(row_id), SQL_INT64((int64_t)index),
                                     SQL_TEXT(work->input.photos.items[index]),
                                     SQL_INT64(work->user_id)};

    return db_exec_one(db, &add, args, COUNT(args), err);
}

/* Those there were, also in the trash, make place for these. */
static bool set_photos(struct db *db, const struct product_work *work, int64_t row_id,
                       struct error *err)
{
    const struct text_list *photos = &work->input.photos;
    struct input_picture pictures[PRODUCT_PHOTOS_MAX];

    if (!asset_store_inputs(db, work->user_id, "photos", photos->items, photos->count, work->arena,
                            pictures, err)) {
        /* What was asked for is there: it is the request that is wrong. */
        if (err->code == ERROR_NOT_FOUND)
            err->code = ERROR_INVALID;
        return false;
    }
    if (!drop_photos(db, row_id, err))
        return false;
    for (size_t i = 0; i < photos->count; i++)
        if (!add_photo(db, work, row_id, i, err))
            return false;
    return true;
}

static bool create(struct db *db, void *context, struct error *err)
{
    struct product_work *work = context;
    int64_t row_id;

    work->made = work->id;
    work->is_repeat = false;
    if (!find_key(db, work, err))
        return false;
    return work->is_repeat ||
           (check_room(db, work, err) && add_row(db, work, &row_id, err) &&
            set_photos(db, work, row_id, err) && tell(db, work, work->id, "product.created", err));
}

/* The row as it is, when it is what the request was made from. */
static bool find_own(struct db *db, const struct product_work *work, struct product *row,
                     struct error *err)
{
    if (!find_row(db, work->user_id, work->id, work->arena, row, err))
        return false;
    if (work->version != 0 && work->version != row->version)
        return error_field(err, ERROR_PRECONDITION, "If-Match", 0,
                           "this product was changed meanwhile; it is at version %" PRId64,
                           row->version);
    return true;
}

static bool update_row(struct db *db, const struct product *row, int64_t now_ms, struct error *err)
{
    static const struct sql update = {
        "product_update",
        "UPDATE product SET name = $2, sku = $3, category = $4, facts = $5, changed_at_ms = $6,"
        " version = version + 1 WHERE id = $1",
        NULL};
    const struct sql_value args[] = {SQL_INT64(row->row_id), SQL_TEXT(row->name),
                                     SQL_TEXT(row->sku),     SQL_TEXT(row->category),
                                     SQL_TEXT(row->facts),   SQL_INT64(now_ms)};

    return db_exec_one(db, &update, args, COUNT(args), err) || taken(row->sku, err);
}

static bool change(struct db *db, void *context, struct error *err)
{
    const struct product_work *work = context;
    const struct product_input *input = &work->input;
    struct product row;

    if (!find_own(db, work, &row, err))
        return false;
    if (work->has == 0)
        return true;
    if (has(work->has, PRODUCT_NAME))
        row.name = input->name;
    if (has(work->has, PRODUCT_SKU))
        row.sku = input->sku;
    if (has(work->has, PRODUCT_CATEGORY))
        row.category = input->category;
    if (has(work->has, PRODUCT_FACTS))
        row.facts = input->facts;
    return update_row(db, &row, work->now_ms, err) &&
           (!has(work->has, PRODUCT_PHOTOS) || set_photos(db, work, row.row_id, err)) &&
           tell(db, work, row.id, "product.changed", err);
}

static bool delete (struct db *db, void *context, struct error *err)
{
    static const struct sql drop = {
        "product_delete",
        "UPDATE product SET sku = '', category = '', facts = '', version = version + 1,"
        " changed_at_ms = $2, deleted_at_ms = $2 WHERE id = $1 AND deleted_at_ms IS NULL",
        NULL};
    const struct product_work *work = context;
    struct product row;

    if (!find_own(db, work, &row, err))
        return false;

    const struct sql_value args[] = {SQL_INT64(row.row_id), SQL_INT64(work->now_ms)};

    return db_exec_one(db, &drop, args, COUNT(args), err) && drop_photos(db, row.row_id, err) &&
           tell(db, work, row.id, "product.deleted", err);
}

bool product_create(struct db_pool *pool, int64_t user_id, const struct product_input *input,
                    const struct product_key *key, int64_t now_ms, struct arena *arena,
                    struct str *id, bool *is_repeat, struct error *err)
{
    const struct id fresh = id_make(&clock_system, &random_system);
    struct product_work work = {.user_id = user_id,
                                .now_ms = now_ms,
                                .id = arena_str(arena, id_str(&fresh)),
                                .input = *input,
                                .key = key,
                                .arena = arena};

    if (!check_input(&work.input, PRODUCT_ALL, arena, err) ||
        !db_transact(pool, "product_created", create, &work, err))
        return false;
    *id = work.made;
    *is_repeat = work.is_repeat;
    return true;
}

bool product_change(struct db_pool *pool, int64_t user_id, struct str id, int64_t version,
                    uint64_t named, const struct product_input *input, int64_t now_ms,
                    struct arena *arena, struct error *err)
{
    struct product_work work = {.user_id = user_id,
                                .version = version,
                                .now_ms = now_ms,
                                .id = id,
                                .has = named,
                                .input = *input,
                                .arena = arena};

    return check_input(&work.input, named, arena, err) &&
           db_transact(pool, "product_changed", change, &work, err);
}

bool product_delete(struct db_pool *pool, int64_t user_id, struct str id, int64_t version,
                    int64_t now_ms, struct arena *arena, struct error *err)
{
    struct product_work work = {
        .user_id = user_id, .version = version, .now_ms = now_ms, .id = id, .arena = arena};

    return db_transact(pool, "product_deleted", delete, &work, err);
}
