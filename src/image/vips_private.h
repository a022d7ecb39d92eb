/*
 * image/vips_private.h: libvips, loaded when the first picture comes.
 *
 * Debian's libvips pulls in a hundred libraries: linked, an idle server would start with 21 MiB and
 * 45 ms of CPU for them (measured; the whole process is allowed 20 MiB and 50 ms, DESIGN 12).  So
 * the room opens the library itself, at first use, and calls it through this table; the types and
 * prototypes are vips.h's own.
 */
#pragma once

#include "core/error.h"
#include "image/image.h"

#include <vips/vips.h>

/* clang-format off */
#define VIPS_CALLS(X) \
    X(g_free) X(g_log_set_default_handler) X(g_object_unref) X(g_strfreev) X(vips_addalpha) \
    X(vips_area_unref) X(vips_array_double_newv) X(vips_block_untrusted_set) \
    X(vips_cache_set_max) X(vips_cast) X(vips_colourspace) X(vips_concurrency_set) X(vips_copy) \
    X(vips_embed) X(vips_error_buffer_copy) X(vips_extract_band) X(vips_flatten) X(vips_flip) \
    X(vips_gaussblur) X(vips_gifload_buffer) X(vips_heifload_buffer) X(vips_image_copy_memory) \
    X(vips_image_get_bands) X(vips_image_get_blob) X(vips_image_get_fields) \
    X(vips_image_get_height) X(vips_image_get_typeof) X(vips_image_get_width) \
    X(vips_image_hasalpha) X(vips_image_new_from_memory) X(vips_image_remove) \
    X(vips_image_write_to_memory) X(vips_init) X(vips_jpegload_buffer) X(vips_jpegsave_buffer) \
    X(vips_pngload_buffer) X(vips_pngsave_buffer) X(vips_resize) X(vips_rot) X(vips_shutdown) \
    X(vips_text) X(vips_thread_shutdown) X(vips_thumbnail_image) X(vips_type_find) \
    X(vips_webpload_buffer) X(vips_webpsave_buffer)
/* clang-format on */

struct vips_calls {
#define VIPS_CALL(name) __typeof__(name) *(name);
    VIPS_CALLS(VIPS_CALL)
#undef VIPS_CALL
};

/* The table, loaded and started at the first call.  NULL: UNAVAILABLE in `err`.  Any thread. */
const struct vips_calls *vips_calls_get(struct error *err);

/* Ends what it points to; for CLEANUP(). */
void vips_image_cleanup(VipsImage **image);

/*
 * Sets `err` from libvips' error text, which goes to the log, and returns false.  `code` unless
 * memory was short: then UNAVAILABLE.
 */
bool vips_fail(const struct vips_calls *vips, enum error_code code, struct error *err);

/* Pictures in memory that vips made or reads.  Each owned: vips_image_cleanup(). */

/*
 * The first frame upright in sRGB, 8 bits, 3 bands or 4, in memory, its longest side at most
 * `side_px_max` (0: as is).  Fails: PICTURE_TYPE, PICTURE_BROKEN, UNAVAILABLE.
 */
MUST_CHECK bool pixels_load(const struct vips_calls *vips, struct str bytes,
                            const struct image_info *info, int side_px_max, struct arena *arena,
                            VipsImage **out, struct error *err);
/* Without metadata; `effort` 0..6 for WebP and 0..9 for PNG.  JPEG: alpha goes onto white. */
struct pixels_format {
    enum image_type type;
    int quality;
    int effort;
};
MUST_CHECK bool pixels_save(const struct vips_calls *vips, VipsImage *image,
                            struct pixels_format format, struct arena *arena, struct str *out,
                            struct error *err);
