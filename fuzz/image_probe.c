/* Any bytes: probing and stripping end, and what was stripped is still the same picture. */
#include "fuzz.h"
#include "image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = {.data = (const char *)data, .size = size};
    struct arena *arena = arena_create(MIB(64));
    struct image_info info = {0}, again = {0};
    struct str stripped, twice;
    struct error err = {0};

    if (image_probe(bytes, NULL, &info, &err)) {
        MUST(info.type > IMAGE_UNKNOWN && info.type <= IMAGE_AVIF);
        MUST(info.width_px >= 1 && info.width_px <= 16384);
        MUST(info.height_px >= 1 && info.height_px <= 16384);
        MUST(info.width_px * info.height_px <= 100000000);
        MUST(info.frames >= 1 && info.frames <= 200);
        MUST(info.orientation >= 1 && info.orientation <= 8);
        if (image_strip(bytes, info.type, arena, &stripped, &err)) {
            MUST(image_probe(stripped, NULL, &again, &err));
            MUST(again.type == info.type && again.frames == info.frames);
            MUST(again.width_px == info.width_px && again.height_px == info.height_px);
            MUST(again.orientation == info.orientation && again.has_alpha == info.has_alpha);
            MUST(image_strip(stripped, info.type, arena, &twice, &err));
            MUST(str_equal(stripped, twice));
        } else {
            MUST(err.code == ERROR_PICTURE_BROKEN);
        }
    } else {
        MUST(err.code == ERROR_PICTURE_BROKEN || err.code == ERROR_PICTURE_TYPE ||
             err.code == ERROR_PICTURE_TOO_LARGE);
    }
    /* Stripping takes any bytes under any name as well. */
    for (int type = IMAGE_UNKNOWN; type <= IMAGE_AVIF; type++)
        if (!image_strip(bytes, (enum image_type)type, arena, &stripped, &err))
            MUST(err.code == ERROR_PICTURE_BROKEN || err.code == ERROR_PICTURE_TYPE);
    arena_destroy(arena);
    return 0;
}
