/* One uploaded file becomes a mask: PNG with a part that is open and a part that is not. */
#include "asset/asset_private.h"

/* The bytes twice, and every pixel. */
#define MASK_MEMORY(size) ((size_t)(size)*4 + MIB(64))

struct keep_work {
    int64_t user_id, size, now_ms;
    struct arena *arena;
    struct mask *mask;
};

static bool keep(struct db *db, void *context, struct error *err)
{
    struct keep_work *work = context;

    return mask_store_add(db, work->user_id, work->size, work->now_ms, work->arena, work->mask,
                          err);
}

static bool check(struct str bytes, const struct image_info *info, struct arena *arena,
                  struct error *err)
{
    bool is_open, is_closed;

    if (info->type != IMAGE_PNG)
        return error_field(err, ERROR_PICTURE_TYPE, "file", 0, "a mask is a PNG");
    if (!image_mask_look(bytes, arena, &is_open, &is_closed, err))
        return false;
    if (!is_open)
        return error_field(err, ERROR_INVALID, "file", 0,
                           "the mask is empty: nothing of it is transparent");
    if (!is_closed)
        return error_field(err, ERROR_INVALID, "file", 0,
                           "the mask is full: all of it is transparent, nothing would stay");
    return true;
}

static bool take_in(struct asset_service *service, const struct http_file *file,
                    struct arena *arena, struct keep_work *work, struct error *err)
{
    const struct asset_limits limits = asset_limits_now(service);
    struct blob_store *blobs = service->config.blobs;
    struct image_info info;
    struct str raw, bytes;
    struct blob blob;

    if (file->blob.size > limits.upload_size_max)
        return error_field(err, ERROR_TOO_LARGE, "file", limits.upload_size_max,
                           "the file is larger than %lld bytes", (long long)limits.upload_size_max);
    if (!blob_get(blobs, str_of(file->blob.name), (size_t)limits.upload_size_max, arena, &raw,
                  err) ||
        !image_probe(raw, &limits.picture, &info, err) || !check(raw, &info, arena, err) ||
        !image_strip(raw, info.type, arena, &bytes, err) || !blob_put(blobs, bytes, &blob, err))
        return false;
    work->size = blob.size;
    work->mask->blob = arena_str(work->arena, str_of(blob.name));
    work->mask->width_px = info.width_px;
    work->mask->height_px = info.height_px;
    return true;
}

bool mask_upload(struct asset_service *service, int64_t user_id, const struct http_file *file,
                 struct arena *arena, struct mask *out, struct error *err)
{
    const struct asset_config *config = &service->config;
    const int64_t size_max = asset_limits_now(service).upload_size_max;
    CLEANUP(arena_cleanup) struct arena *own = arena_create(MASK_MEMORY(size_max));
    const struct id id = id_make(config->clock, config->random);
    struct mask mask = {.id = arena_str(arena, id_str(&id))};
    struct keep_work work = {
        .user_id = user_id,
        .now_ms = clock_wall_ms(config->clock),
        .arena = arena,
        .mask = &mask,
    };
    bool ok;

    asset_gate_enter(service);
    ok = take_in(service, file, own, &work, err);
    asset_gate_leave(service);
    if (!ok || !db_transact(config->pool, "mask_upload", keep, &work, err))
        return false;
    *out = mask;
    return true;
}
