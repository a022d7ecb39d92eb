/* Pictures in the database: rows, references to their bytes, events. */
#include "asset/asset_private.h"

#include "engine/event.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- reading ---- */

struct asset asset_of_row(struct rows *rows, struct arena *arena)
{
    struct asset asset = {
        .row_id = rows_int64(rows, "id"),
        .id = rows_str(rows, "public_id", arena),
        .user_id = rows_int64(rows, "user_id"),
        .kind = rows_str(rows, "kind", arena),
        .name = rows_str(rows, "name", arena),
        .blob = rows_str(rows, "blob", arena),
        .mime = rows_str(rows, "mime", arena),
        .size = rows_int64(rows, "size"),
        .width_px = rows_int64(rows, "width_px"),
        .height_px = rows_int64(rows, "height_px"),
        .thumbhash = rows_str(rows, "thumbhash", arena),
        .color = rows_str(rows, "color", arena),
        .rating = rows_int64(rows, "rating"),
        .is_starred = rows_bool(rows, "is_starred"),
        .tags = tags_split(rows_str(rows, "tags", arena), arena),
        .run_id = rows_str(rows, "run", arena),
        .task_id = rows_str(rows, "task", arena),
        .product_id = rows_str(rows, "product", arena),
        .created_at_ms = rows_int64(rows, "created_at_ms"),
        .trashed_at_ms = rows_int64(rows, "trashed_at_ms"),
        .version = rows_int64(rows, "version"),
    };
    struct str source = rows_str(rows, "label_source", arena);
    char version[STR_INT64_SIZE];

    for (int which = 0; which < IMAGE_VARIANT_COUNT; which++)
        asset.variants[which] =
            rows_str(rows, image_variant_name((enum image_variant)which), arena);
    if (source.size > 0) {
        asset.label = ARENA_NEW(arena, struct asset_label);
        *asset.label = (struct asset_label){
            .source_type = source,
            .system = rows_str(rows, "label_system", arena),
            .created_at_ms = rows_int64(rows, "label_at_ms"),
        };
    }
    asset.etag = arena_str(arena, str_print_int64(asset.version, version));
    return asset;
}

bool asset_store_find(struct db *db, int64_t user_id, struct str id, struct arena *arena,
                      struct asset *out, struct error *err)
{
    static const struct sql find = {"asset_store_find",
                                    "SELECT " ASSET_COLUMNS " FROM asset a"
                                    " WHERE a.public_id = $1 AND a.user_id = $2",
                                    NULL};
    const struct sql_value args[] = {SQL_TEXT(id), SQL_INT64(user_id)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    if (!rows_next(&rows))
        return rows_failed(&rows) ? false : error_set(err, ERROR_NOT_FOUND, "no such picture");
    *out = asset_of_row(&rows, arena);
    return true;
}

bool asset_store_find_blob(struct db *db, int64_t user_id, struct str blob, struct arena *arena,
                           bool *found, struct asset *out, struct error *err)
{
    static const struct sql find = {"asset_store_find_blob",
                                    "SELECT " ASSET_COLUMNS " FROM asset a INDEXED BY asset_blob"
                                    " WHERE a.user_id = $1 AND a.blob = $2 ORDER BY a.id LIMIT 1",
                                    NULL};
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_TEXT(blob)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    *found = rows_next(&rows);
    if (*found)
        *out = asset_of_row(&rows, arena);
    return !rows_failed(&rows);
}

bool asset_store_has_result(struct db *db, int64_t task_row_id, int64_t index, struct str blob,
                            bool *has, struct error *err)
{
    static const struct sql find = {
        "asset_store_has_result",
        "SELECT id FROM asset WHERE task_id = $1 AND result_index = $2 AND blob = $3", NULL};
    const struct sql_value args[] = {SQL_INT64(task_row_id), SQL_INT64(index), SQL_TEXT(blob)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, &find, args, COUNT(args), &rows, err))
        return false;
    *has = rows_next(&rows);
    return !rows_failed(&rows);
}

bool asset_store_inputs(struct db *db, int64_t user_id, const char *field, const struct str *ids,
                        size_t count, struct arena *arena, struct input_picture *out,
                        struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct asset asset;
        struct id id;

        bool found = id_parse(ids[i], &id);

        if (found && !asset_store_find(db, user_id, id_str(&id), arena, &asset, err)) {
            if (err->code != ERROR_NOT_FOUND)
                return false;
            found = false;
        }
        if (!found || asset.trashed_at_ms != 0)
            return error_field(err, ERROR_NOT_FOUND,
                               arena_printf(arena, "%s[%zu]%c", field, i, '\0').data, 0,
                               found ? "this picture is in the trash" : "there is no such picture");
        out[i] = (struct input_picture){.asset = asset.id,
                                        .blob = asset.blob,
                                        .mime = asset.mime,
                                        .width_px = asset.width_px,
                                        .height_px = asset.height_px};
    }
    return true;
}

/* More than any operation makes at once. */
enum { TASK_ASSETS_MAX = 100 };

bool asset_store_of_tasks(struct db *db, int64_t user_id, const int64_t *task_row_ids, size_t count,
                          struct arena *arena, struct asset **out, size_t *counts,
                          struct error *err)
{
    static const struct sql list = {"asset_store_of_task",
                                    "SELECT " ASSET_COLUMNS " FROM asset a WHERE a.task_id = $1"
                                    " AND a.user_id = $2 AND a.trashed_at_ms IS NULL"
                                    " ORDER BY a.result_index, a.id LIMIT $3",
                                    NULL};

    for (size_t i = 0; i < count; i++) {
        const struct sql_value args[] = {SQL_INT64(task_row_ids[i]), SQL_INT64(user_id),
                                         SQL_INT64(TASK_ASSETS_MAX)};
        CLEANUP(rows_finish) struct rows rows = {0};

        out[i] = NULL;
        counts[i] = 0;
        if (!db_query(db, &list, args, COUNT(args), &rows, err))
            return false;
        while (rows_next(&rows)) {
            out[i] = arena_more(arena, out[i], sizeof(*out[i]), counts[i]);
            out[i][counts[i]++] = asset_of_row(&rows, arena);
        }
        if (rows_failed(&rows))
            return false;
    }
    return true;
}

bool asset_store_trashed(struct db *db, int64_t before_ms, size_t limit, struct arena *arena,
                         struct asset **out, size_t *count, struct error *err)
{
    static const struct sql list = {"asset_store_trashed",
                                    "SELECT " ASSET_COLUMNS
                                    " FROM asset a INDEXED BY asset_trashed_at"
                                    " WHERE a.trashed_at_ms < $1 ORDER BY a.trashed_at_ms LIMIT $2",
                                    NULL};
    const struct sql_value args[] = {SQL_INT64(before_ms), SQL_INT64((int64_t)limit)};
    struct asset *found = ARENA_ARRAY(arena, struct asset, limit);
    CLEANUP(rows_finish) struct rows rows = {0};

    *count = 0;
    if (!db_query(db, &list, args, COUNT(args), &rows, err))
        return false;
    while (*count < limit && rows_next(&rows))
        found[(*count)++] = asset_of_row(&rows, arena);
    *out = found;
    return !rows_failed(&rows);
}

/* ---- events ---- */

static bool tell(struct db *db, const struct asset *asset, const char *kind, int64_t now_ms,
                 struct error *err)
{
    CLEANUP(buf_finish) struct buf body = {0};
    struct json_writer writer;

    json_writer_init(&writer, &body);
    json_begin_object(&writer);
    json_name(&writer, "asset");
    shape_write(&asset_shape, asset, &writer);
    json_end_object(&writer);
    return event_append(db, asset->user_id, kind, buf_str(&body), now_ms, err);
}

bool asset_tell_created(struct db *db, const struct asset *asset, int64_t now_ms, struct error *err)
{
    return tell(db, asset, "asset.created", now_ms, err);
}

bool asset_tell_changed(struct db *db, const struct asset *asset, int64_t now_ms, struct error *err)
{
    return tell(db, asset, "asset.changed", now_ms, err);
}

bool asset_tell_removed(struct db *db, const struct asset *asset, int64_t now_ms, struct error *err)
{
    CLEANUP(buf_finish) struct buf body = {0};
    struct json_writer writer;

    json_writer_init(&writer, &body);
    json_begin_object(&writer);
    json_name(&writer, "id");
    json_add_text(&writer, asset->id);
    json_end_object(&writer);
    return event_append(db, asset->user_id, "asset.removed", buf_str(&body), now_ms, err);
}

/* ---- writing ---- */

/* Who holds a blob: the original and the smaller copies apart, since one may be the other. */
static struct str owner_of(const struct asset *asset, bool is_variant, char *out, size_t size)
{
    int length =
        snprintf(out, size, "%s:%.*s", is_variant ? "variant" : "asset", STR_ARGS(asset->id));

    assert(length > 0 && (size_t)length < size);
    return (struct str){.data = out, .size = (size_t)length};
}

static bool hold(struct db *db, const struct asset *asset, bool is_variant, struct str name,
                 int64_t size, int64_t now_ms, struct error *err)
{
    struct blob blob = {.size = size};
    char owner[64];

    if (name.size != SHA256_HEX_SIZE)
        return error_set(err, ERROR_INVALID, "a picture's bytes have no name");
    memcpy(blob.name, name.data, SHA256_HEX_SIZE);
    return blob_ref_add(db, &blob, owner_of(asset, is_variant, owner, sizeof(owner)), now_ms, err);
}

static bool insert_row(struct db *db, struct asset_new *fresh, struct arena *arena,
                       struct error *err)
{
    static const struct sql insert = {
        "asset_store_insert",
        "INSERT INTO asset (public_id, user_id, kind, name, blob, mime, size, width_px, height_px,"
        " thumbhash, color, thumb, medium, preview, working, tags, run_id, run, task_id, task,"
        " result_index, provider, model, label_source, label_system, label_at_ms, created_at_ms,"
        " product)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
        " $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)",
        NULL};
    struct asset *asset = &fresh->asset;
    const struct asset_label *label = asset->label;
    const struct recipe *recipe = fresh->recipe;
    bool is_of_task = fresh->task_row_id != 0;
    const struct sql_value args[] = {
        SQL_TEXT(asset->id),
        SQL_INT64(asset->user_id),
        SQL_TEXT(asset->kind),
        SQL_TEXT(asset->name),
        SQL_TEXT(asset->blob),
        SQL_TEXT(asset->mime),
        SQL_INT64(asset->size),
        SQL_INT64(asset->width_px),
        SQL_INT64(asset->height_px),
        SQL_TEXT(asset->thumbhash),
        SQL_TEXT(asset->color),
        SQL_TEXT_OR_NULL(asset->variants[IMAGE_THUMB]),
        SQL_TEXT_OR_NULL(asset->variants[IMAGE_MEDIUM]),
        SQL_TEXT_OR_NULL(asset->variants[IMAGE_PREVIEW]),
        SQL_TEXT_OR_NULL(asset->variants[IMAGE_WORKING]),
        SQL_TEXT(tags_join(&asset->tags, arena)),
        SQL_INT64_OR_NULL(fresh->run_row_id),
        SQL_TEXT_OR_NULL(asset->run_id),
        SQL_INT64_OR_NULL(fresh->task_row_id),
        SQL_TEXT_OR_NULL(asset->task_id),
        is_of_task ? SQL_INT64(fresh->result_index) : SQL_NULL,
        SQL_TEXT(recipe == NULL ? STR_EMPTY : recipe->provider_id),
        SQL_TEXT(recipe == NULL ? STR_EMPTY : recipe->model),
        SQL_TEXT(label == NULL ? STR_EMPTY : label->source_type),
        SQL_TEXT(label == NULL ? STR_EMPTY : label->system),
        SQL_INT64(label == NULL ? 0 : label->created_at_ms),
        SQL_INT64(asset->created_at_ms),
        SQL_TEXT(asset->product_id),
    };

    if (!db_exec_one(db, &insert, args, COUNT(args), err))
        return false;
    asset->row_id = db_last_id(db);
    asset->version = 1;
    asset->etag = STR("1");
    return true;
}

bool asset_store_add(struct db *db, struct asset_new *fresh, struct arena *arena, struct error *err)
{
    struct asset *asset = &fresh->asset;
    const struct recipe *recipe = fresh->recipe;

    if (!insert_row(db, fresh, arena, err) ||
        !hold(db, asset, false, asset->blob, asset->size, asset->created_at_ms, err))
        return false;
    for (int which = 0; which < IMAGE_VARIANT_COUNT; which++)
        if (asset->variants[which].size > 0 &&
            !hold(db, asset, true, asset->variants[which], fresh->variant_sizes[which],
                  asset->created_at_ms, err))
            return false;
    if (recipe != NULL && !recipe_store_add(db, fresh, arena, err))
        return false;
    return asset_store_count_day(db, asset->user_id, asset->created_at_ms, 1, err) &&
           words_store_add(db, asset, recipe == NULL ? STR_EMPTY : recipe->prompt,
                           recipe == NULL ? STR_EMPTY : recipe->model, arena, err) &&
           asset_tell_created(db, asset, asset->created_at_ms, err);
}

bool asset_store_update(struct db *db, struct asset *asset, struct arena *arena, struct error *err)
{
    static const struct sql update = {
        "asset_store_update",
        "UPDATE asset SET name = $3, rating = $4, is_starred = $5, tags = $6, version = version + 1"
        " WHERE id = $1 AND version = $2",
        NULL};
    const struct sql_value args[] = {
        SQL_INT64(asset->row_id),    SQL_INT64(asset->version),
        SQL_TEXT(asset->name),       SQL_INT64(asset->rating),
        SQL_BOOL(asset->is_starred), SQL_TEXT(tags_join(&asset->tags, arena)),
    };

    if (!db_exec_one(db, &update, args, COUNT(args), err))
        return false;
    asset->version++;
    asset->etag = arena_printf(arena, "%" PRId64, asset->version);
    return true;
}

bool asset_store_set_trashed(struct db *db, struct asset *asset, int64_t trashed_at_ms,
                             struct arena *arena, struct error *err)
{
    static const struct sql update = {
        "asset_store_set_trashed",
        "UPDATE asset SET trashed_at_ms = $3, version = version + 1"
        " WHERE id = $1 AND version = $2 AND (trashed_at_ms IS NULL) <> ($3 IS NULL)",
        NULL};
    const struct sql_value args[] = {SQL_INT64(asset->row_id), SQL_INT64(asset->version),
                                     SQL_INT64_OR_NULL(trashed_at_ms)};
    int64_t more = trashed_at_ms == 0 ? 1 : -1;

    if (!db_exec_one(db, &update, args, COUNT(args), err))
        return false;
    asset->trashed_at_ms = trashed_at_ms;
    asset->version++;
    asset->etag = arena_printf(arena, "%" PRId64, asset->version);
    return asset_store_count_day(db, asset->user_id, asset->created_at_ms, more, err) &&
           tag_store_count(db, asset, more, err);
}

static bool let_go(struct db *db, const struct asset *asset, int64_t now_ms, struct error *err)
{
    char owner[64];

    if (!blob_ref_drop(db, asset->blob, owner_of(asset, false, owner, sizeof(owner)), now_ms, err))
        return false;
    for (int which = 0; which < IMAGE_VARIANT_COUNT; which++)
        if (asset->variants[which].size > 0 &&
            !blob_ref_drop(db, asset->variants[which], owner_of(asset, true, owner, sizeof(owner)),
                           now_ms, err))
            return false;
    return true;
}

bool asset_store_remove(struct db *db, const struct asset *asset, int64_t now_ms, struct error *err)
{
    static const struct sql remove = {"asset_store_remove", "DELETE FROM asset WHERE id = $1",
                                      NULL};
    const struct sql_value args[] = {SQL_INT64(asset->row_id)};

    if (asset->trashed_at_ms == 0 &&
        (!asset_store_count_day(db, asset->user_id, asset->created_at_ms, -1, err) ||
         !tag_store_count(db, asset, -1, err)))
        return false;
    return let_go(db, asset, now_ms, err) && tag_store_drop(db, asset, err) &&
           words_store_drop(db, asset, err) && db_exec_one(db, &remove, args, COUNT(args), err) &&
           asset_tell_removed(db, asset, now_ms, err);
}

/* One statement a column: names of columns are no values. */
static const struct sql set_variant[IMAGE_VARIANT_COUNT] = {
    {"asset_set_thumb",   "UPDATE asset SET thumb = $2 WHERE id = $1",   NULL},
    {"asset_set_medium",  "UPDATE asset SET medium = $2 WHERE id = $1",  NULL},
    {"asset_set_preview", "UPDATE asset SET preview = $2 WHERE id = $1", NULL},
    {"asset_set_working", "UPDATE asset SET working = $2 WHERE id = $1", NULL},
};

bool asset_store_set_variant(struct db *db, const struct asset *asset, enum image_variant variant,
                             const struct blob *blob, int64_t now_ms, struct error *err)
{
    const struct sql_value args[] = {SQL_INT64(asset->row_id), SQL_CSTR(blob->name)};
    struct str before = asset->variants[variant];
    bool is_needed = before.size == 0 || str_equal(before, str_of(blob->name));
    char owner[64];

    /* One reference stands for all copies that are the same bytes. */
    for (int which = 0; which < IMAGE_VARIANT_COUNT; which++)
        is_needed =
            is_needed || (which != (int)variant && str_equal(before, asset->variants[which]));
    return db_exec_one(db, &set_variant[variant], args, COUNT(args), err) &&
           (is_needed ||
            blob_ref_drop(db, before, owner_of(asset, true, owner, sizeof(owner)), now_ms, err)) &&
           hold(db, asset, true, str_of(blob->name), blob->size, now_ms, err);
}
