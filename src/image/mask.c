#include "image/vips_private.h"

#include <stdlib.h>

/* The mask's pixels, four bytes each, *size bytes: given back with g_free(). */
static bool load_pixels(const struct vips_calls *vips, struct str bytes, struct arena *arena,
                        struct image_info *info, uint8_t **pixels, size_t *size, struct error *err)
{
    CLEANUP(vips_image_cleanup) VipsImage *mask = NULL;

    if (!image_probe(bytes, NULL, info, err))
        return false;
    if (!info->has_alpha)
        return error_field(err, ERROR_INVALID, "mask", 0,
                           "a mask needs a transparent part: that is what is changed");
    if (!pixels_load(vips, bytes, info, 0, arena, &mask, err))
        return false;
    if (vips->vips_image_get_bands(mask) != 4)
        return error_field(err, ERROR_INVALID, "mask", 0, "a mask needs a transparent part");
    info->width_px = vips->vips_image_get_width(mask);
    info->height_px = vips->vips_image_get_height(mask);
    *pixels = vips->vips_image_write_to_memory(mask, size);
    return *pixels != NULL || vips_fail(vips, ERROR_PICTURE_BROKEN, err);
}

bool image_mask_to_white(struct str bytes, struct arena *arena, struct str *out, struct error *err)
{
    CLEANUP(vips_image_cleanup) VipsImage *white = NULL;
    const struct pixels_format format = {.type = IMAGE_PNG, .effort = 6};
    const struct vips_calls *vips = vips_calls_get(err);
    struct image_info info;
    uint8_t *pixels;
    uint8_t *open;
    size_t size;

    if (vips == NULL || !load_pixels(vips, bytes, arena, &info, &pixels, &size, err))
        return false;
    open = arena_try_alloc(arena, size / 4 + 1);
    if (open == NULL) {
        vips->g_free(pixels);
        return error_set(err, ERROR_UNAVAILABLE, "there is no memory for this mask now");
    }
    for (size_t index = 0; index < size / 4; index++)
        open[index] = (uint8_t)(255 - pixels[index * 4 + 3]);
    vips->g_free(pixels);
    white = vips->vips_image_new_from_memory(open, size / 4, (int)info.width_px,
                                             (int)info.height_px, 1, VIPS_FORMAT_UCHAR);
    return white != NULL ? pixels_save(vips, white, format, arena, out, err)
                         : vips_fail(vips, ERROR_PICTURE_BROKEN, err);
}

bool image_mask_look(struct str bytes, struct arena *arena, bool *is_open, bool *is_closed,
                     struct error *err)
{
    const struct vips_calls *vips = vips_calls_get(err);
    struct image_info info;
    uint8_t *pixels;
    size_t size;

    if (vips == NULL || !load_pixels(vips, bytes, arena, &info, &pixels, &size, err))
        return false;
    *is_open = false;
    *is_closed = false;
    for (size_t index = 3; index < size && !(*is_open && *is_closed); index += 4) {
        *is_open = *is_open || pixels[index] < 255;
        *is_closed = *is_closed || pixels[index] > 0;
    }
    vips->g_free(pixels);
    return true;
}
