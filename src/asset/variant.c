/* A smaller copy that is missing is made when somebody asks for it. */
#include "asset/asset_private.h"

#include "core/log.h"

#define VARIANT_SOURCE_MAX MIB(256)
#define VARIANT_MEMORY_MAX MIB(512)

struct variant_work {
    const struct asset *asset;
    enum image_variant variant;
    struct blob blob;
    int64_t now_ms;
};

static bool keep(struct db *db, void *context, struct error *err)
{
    struct variant_work *work = context;

    return asset_store_set_variant(db, work->asset, work->variant, &work->blob, work->now_ms, err);
}

static bool draw(struct asset_service *service, struct variant_work *work, struct error *err)
{
    /* What is kept was within the limits of its day, which may have been wider. */
    static const struct image_limits any = {
        .side_px_max = 65500, .pixels_max = 1000000000, .frames_max = 1000};
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(VARIANT_MEMORY_MAX);
    struct image_info info;
    struct image_shown shown;
    struct str bytes;

    return blob_get(service->config.blobs, work->asset->blob, VARIANT_SOURCE_MAX, arena, &bytes,
                    err) &&
           image_probe(bytes, &any, &info, err) &&
           image_show(bytes, &info, 1U << work->variant, arena, &shown, err) &&
           blob_put(service->config.blobs, shown.variants[work->variant], &work->blob, err);
}

bool asset_make_variant(struct asset_service *service, const struct asset *asset,
                        enum image_variant variant, struct arena *arena, struct str *blob,
                        struct error *err)
{
    struct variant_work work = {
        .asset = asset, .variant = variant, .now_ms = clock_wall_ms(service->config.clock)};
    bool ok;

    asset_gate_enter(service);
    ok = draw(service, &work, err);
    asset_gate_leave(service);
    if (!ok || !db_transact(service->config.pool, "asset_variant", keep, &work, err))
        return false;
    log_info("asset_variant_made", LOG_STR("asset", asset->id),
             LOG_CSTR("variant", image_variant_name(variant)));
    *blob = arena_str(arena, str_of(work.blob.name));
    return true;
}
