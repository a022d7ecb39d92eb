/*
 * One uploaded file becomes a picture.  The bytes as they came are only read: what is kept, shown
 * and shared has no metadata (security.md S43), so the raw upload has no reference and is swept.
 */
#include "asset/asset_private.h"

#include "core/log.h"

#include <string.h>

/* The bytes three times over, and pictures on their way to smaller ones. */
#define UPLOAD_MEMORY(size) ((size_t)(size)*4 + MIB(64))

/* A file on its way. */
struct upload {
    struct asset_service *service;
    int64_t user_id;
    const struct http_file *file;
    struct arena *arena;  /* of this file: given back when it is done */
    struct arena *answer; /* of the request */
    struct image_info info;
    struct blob blob; /* of the bytes that are kept */
    struct asset_new fresh;
    struct asset asset; /* what there is in the end, in `answer` */
    bool is_duplicate;
};

static void label_take(struct upload *upload, const struct image_label *label)
{
    struct asset_label *kept = ARENA_NEW(upload->arena, struct asset_label);

    *kept =
        (struct asset_label){.source_type = str_of(label->source_type), .system = label->system};
    if (!clock_parse(label->created_at, &kept->created_at_ms))
        kept->created_at_ms = 0;
    upload->fresh.asset.label = kept;
}

/* Without what may tell of a person; a label that says an AI made it must stay. */
static bool clean(struct upload *upload, struct str raw, struct str *out, struct error *err)
{
    enum image_type type = upload->info.type;
    bool may_have_label = type == IMAGE_PNG || type == IMAGE_JPEG || type == IMAGE_WEBP;
    struct image_label label;
    bool has_label = false;

    if (may_have_label && !image_label_read(raw, type, upload->arena, &has_label, &label, err))
        return false;
    if (!image_strip(raw, type, upload->arena, out, err))
        return false;
    if (!has_label || label.source_type[0] == '\0')
        return true;
    label_take(upload, &label);
    return image_label_write(*out, type, &label, upload->arena, out, err);
}

static bool find_same(struct upload *upload, struct db *db, bool *found, struct error *err)
{
    return asset_store_find_blob(db, upload->user_id, str_of(upload->blob.name), upload->answer,
                                 found, &upload->asset, err);
}

/* Before the costly part: has the user these bytes already? */
static bool is_there(struct upload *upload, bool *found, struct error *err)
{
    CLEANUP(db_give_back_cleanup) struct db *db = NULL;

    return db_borrow(upload->service->config.pool, &db, err) && find_same(upload, db, found, err);
}

static bool show(struct upload *upload, struct str bytes, struct error *err)
{
    CLEANUP(buf_finish) struct buf hash = {0};
    struct asset *asset = &upload->fresh.asset;
    struct image_shown shown;

    if (!image_show(bytes, &upload->info, (1U << IMAGE_VARIANT_COUNT) - 1, upload->arena, &shown,
                    err))
        return false;
    base64_add(&hash, shown.thumbhash);
    asset->thumbhash = arena_str(upload->arena, buf_str(&hash));
    asset->color = arena_printf(upload->arena, "#%06x", shown.average_rgb & 0xffffffU);
    for (int which = 0; which < IMAGE_VARIANT_COUNT; which++) {
        struct blob blob;

        if (shown.variants[which].size == 0)
            continue;
        if (!blob_put(upload->service->config.blobs, shown.variants[which], &blob, err))
            return false;
        asset->variants[which] = arena_str(upload->arena, str_of(blob.name));
        upload->fresh.variant_sizes[which] = blob.size;
    }
    return true;
}

/* In the end the database says whether it is there: two may upload the same at once. */
static bool keep(struct db *db, void *context, struct error *err)
{
    struct upload *upload = context;
    int64_t now_ms = upload->fresh.asset.created_at_ms;

    if (!find_same(upload, db, &upload->is_duplicate, err))
        return false;
    if (!upload->is_duplicate) {
        if (upload->fresh.asset.thumbhash.size == 0)
            return error_set(err, ERROR_CONFLICT,
                             "the picture this one is the same as was deleted just now");
        return asset_store_add(db, &upload->fresh, upload->arena, err);
    }
    return upload->asset.trashed_at_ms == 0 ||
           (asset_store_set_trashed(db, &upload->asset, 0, upload->answer, err) &&
            asset_tell_changed(db, &upload->asset, now_ms, err));
}

/* The new row as it is answered: texts out of the file's arena. */
static void answer(struct upload *upload)
{
    const struct asset *from = &upload->fresh.asset;
    struct asset *to = &upload->asset;
    struct arena *arena = upload->answer;

    if (upload->is_duplicate)
        return;
    *to = *from;
    to->id = arena_str(arena, from->id);
    to->name = arena_str(arena, from->name);
    to->blob = arena_str(arena, from->blob);
    to->thumbhash = arena_str(arena, from->thumbhash);
    to->color = arena_str(arena, from->color);
    for (int which = 0; which < IMAGE_VARIANT_COUNT; which++)
        to->variants[which] = arena_str(arena, from->variants[which]);
    if (from->label != NULL) {
        to->label = ARENA_NEW(arena, struct asset_label);
        *to->label = (struct asset_label){
            .source_type = arena_str(arena, from->label->source_type),
            .system = arena_str(arena, from->label->system),
            .created_at_ms = from->label->created_at_ms,
        };
    }
}

static void describe(struct upload *upload, const struct id *id)
{
    struct asset *asset = &upload->fresh.asset;

    asset->id = arena_str(upload->arena, id_str(id));
    asset->user_id = upload->user_id;
    asset->kind = STR("uploaded");
    asset->name = asset_name_of_file(upload->file->name, upload->arena);
    asset->blob = arena_str(upload->arena, str_of(upload->blob.name));
    asset->mime = str_of(image_mime(upload->info.type));
    asset->size = upload->blob.size;
    asset->width_px = upload->info.width_px;
    asset->height_px = upload->info.height_px;
    asset->created_at_ms = clock_wall_ms(upload->service->config.clock);
}

static bool take_in(struct upload *upload, const struct asset_limits *limits, struct error *err)
{
    const struct asset_config *config = &upload->service->config;
    struct id id = id_make(config->clock, config->random);
    struct str raw, bytes;
    bool found;

    if (upload->file->blob.size > limits->upload_size_max)
        return error_field(err, ERROR_TOO_LARGE, "file", limits->upload_size_max,
                           "the file is larger than %lld bytes",
                           (long long)limits->upload_size_max);
    if (!blob_get(config->blobs, str_of(upload->file->blob.name), (size_t)limits->upload_size_max,
                  upload->arena, &raw, err) ||
        !image_probe(raw, &limits->picture, &upload->info, err) ||
        !clean(upload, raw, &bytes, err) || !blob_put(config->blobs, bytes, &upload->blob, err) ||
        !is_there(upload, &found, err))
        return false;
    describe(upload, &id);
    if (!found && !show(upload, bytes, err))
        return false;
    if (!db_transact(config->pool, "asset_upload", keep, upload, err))
        return false;
    answer(upload);
    asset_wake(upload->service, upload->user_id);
    return true;
}

void asset_upload(struct asset_service *service, int64_t user_id, const struct http_file *file,
                  struct arena *arena, struct upload_item *out)
{
    const struct asset_limits limits = asset_limits_now(service);
    CLEANUP(arena_cleanup)
    struct arena *own = arena_create(UPLOAD_MEMORY(limits.upload_size_max));
    struct upload upload = {
        .service = service, .user_id = user_id, .file = file, .arena = own, .answer = arena};
    struct error err = {0};
    bool ok;

    asset_gate_enter(service);
    ok = take_in(&upload, &limits, &err);
    asset_gate_leave(service);
    *out = (struct upload_item){.name = asset_name_of_file(file->name, arena)};
    if (ok) {
        out->is_duplicate = upload.is_duplicate;
        out->asset = ARENA_NEW(arena, struct asset);
        *out->asset = upload.asset;
        return;
    }
    if (error_http_status(err.code) >= 500)
        log_error("upload_failed", &err, LOG_INT("user", user_id));
    out->error = ARENA_NEW(arena, struct upload_error);
    *out->error = (struct upload_error){
        .code = str_of(error_wire_name(err.code)),
        .field = arena_str(arena, str_of(err.field)),
        .limit = err.limit,
        .detail = arena_str(arena, str_of(err.message)),
    };
}
