/* Masks as rows. */
#include "asset/asset_private.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static struct str owner_of(struct str id, char *out, size_t size)
{
    int length = snprintf(out, size, "mask:%.*s", STR_ARGS(id));

    assert(length > 0 && (size_t)length < size);
    return (struct str){.data = out, .size = (size_t)length};
}

static struct mask mask_of_row(struct rows *rows, struct arena *arena)
{
    return (struct mask){
        .id = rows_str(rows, "public_id", arena),
        .blob = rows_str(rows, "blob", arena),
        .width_px = rows_int64(rows, "width_px"),
        .height_px = rows_int64(rows, "height_px"),
    };
}

static bool find_by(struct db *db, const struct sql *find, int64_t user_id, struct str key,
                    struct arena *arena, bool *found, struct mask *out, struct error *err)
{
    const struct sql_value args[] = {SQL_INT64(user_id), SQL_TEXT(key)};
    CLEANUP(rows_finish) struct rows rows = {0};

    if (!db_query(db, find, args, COUNT(args), &rows, err))
        return false;
    *found = rows_next(&rows);
    if (*found)
        *out = mask_of_row(&rows, arena);
    return !rows_failed(&rows);
}

bool mask_store_find(struct db *db, int64_t user_id, struct str id, struct arena *arena,
                     bool *found, struct mask *out, struct error *err)
{
    static const struct sql find = {"mask_store_find",
                                    "SELECT public_id, blob, width_px, height_px FROM mask"
                                    " WHERE user_id = $1 AND public_id = $2",
                                    NULL};

    return find_by(db, &find, user_id, id, arena, found, out, err);
}

static bool use_again(struct db *db, struct str id, int64_t now_ms, struct error *err)
{
    static const struct sql update = {"mask_store_use",
                                      "UPDATE mask SET used_at_ms = $2 WHERE public_id = $1", NULL};
    const struct sql_value args[] = {SQL_TEXT(id), SQL_INT64(now_ms)};

    return db_exec_one(db, &update, args, COUNT(args), err);
}

bool mask_store_add(struct db *db, int64_t user_id, int64_t size, int64_t now_ms,
                    struct arena *arena, struct mask *mask, struct error *err)
{
    static const struct sql find = {"mask_store_find_blob",
                                    "SELECT public_id, blob, width_px, height_px FROM mask"
                                    " WHERE user_id = $1 AND blob = $2",
                                    NULL};
    static const struct sql insert = {
        "mask_store_add",
        "INSERT INTO mask (public_id, user_id, blob, width_px, height_px, used_at_ms)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        NULL};
    const struct sql_value args[] = {SQL_TEXT(mask->id),         SQL_INT64(user_id),
                                     SQL_TEXT(mask->blob),       SQL_INT64(mask->width_px),
                                     SQL_INT64(mask->height_px), SQL_INT64(now_ms)};
    struct blob blob = {.size = size};
    char owner[64];
    bool found;

    if (!find_by(db, &find, user_id, mask->blob, arena, &found, mask, err))
        return false;
    if (found)
        return use_again(db, mask->id, now_ms, err);
    assert(mask->blob.size == SHA256_HEX_SIZE);
    memcpy(blob.name, mask->blob.data, SHA256_HEX_SIZE);
    return db_exec_one(db, &insert, args, COUNT(args), err) &&
           blob_ref_add(db, &blob, owner_of(mask->id, owner, sizeof(owner)), now_ms, err);
}

bool mask_store_trim(struct db *db, int64_t before_ms, int64_t now_ms, struct arena *arena,
                     struct error *err)
{
    static const struct sql old = {"mask_store_old",
                                   "SELECT public_id, blob, width_px, height_px FROM mask"
                                   " WHERE used_at_ms < $1 ORDER BY used_at_ms LIMIT 500",
                                   NULL};
    static const struct sql remove = {"mask_store_remove", "DELETE FROM mask WHERE public_id = $1",
                                      NULL};
    const struct sql_value args[] = {SQL_INT64(before_ms)};
    struct mask *masks = NULL;
    size_t count = 0;

    {
        CLEANUP(rows_finish) struct rows rows = {0};

        if (!db_query(db, &old, args, COUNT(args), &rows, err))
            return false;
        while (rows_next(&rows)) {
            masks = arena_more(arena, masks, sizeof(*masks), count);
            masks[count++] = mask_of_row(&rows, arena);
        }
        if (rows_failed(&rows))
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct sql_value id[] = {SQL_TEXT(masks[i].id)};
        char owner[64];

        if (!blob_ref_drop(db, masks[i].blob, owner_of(masks[i].id, owner, sizeof(owner)), now_ms,
                           err) ||
            !db_exec_one(db, &remove, id, COUNT(id), err))
            return false;
    }
    return true;
}

bool asset_store_mask(struct db *db, int64_t user_id, const char *field, struct str id,
                      struct arena *arena, struct input_picture *out, struct error *err)
{
    struct mask mask;
    bool found;

    if (!mask_store_find(db, user_id, id, arena, &found, &mask, err))
        return false;
    if (!found)
        return asset_store_inputs(db, user_id, field, &id, 1, arena, out, err);
    *out = (struct input_picture){.blob = mask.blob,
                                  .mime = STR("image/png"),
                                  .width_px = mask.width_px,
                                  .height_px = mask.height_px};
    return true;
}
