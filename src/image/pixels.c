#include "image/vips_private.h"

#include "image/container_private.h"

#include <pthread.h>
#include <string.h>

#define WEBP_SIDE_PX_MAX 16383
#define PROFILE_MAX ((size_t)1 << 20)
/* No limit: libvips' own VIPS_MAX_COORD, which is a call into the library from 8.16 on. */
#define SIDE_ANY_PX 10000000

void vips_image_cleanup(VipsImage **image)
{
    struct error ignored;

    if (*image != NULL)
        vips_calls_get(&ignored)->g_object_unref(*image);
    *image = NULL;
}

bool vips_fail(const struct vips_calls *vips, enum error_code code, struct error *err)
{
    char *text = vips->vips_error_buffer_copy();

    if (str_find(str_of(text), STR("out of memory")) >= 0)
        error_set(err, ERROR_UNAVAILABLE, "there is no memory for this picture now");
    else if (code == ERROR_PICTURE_BROKEN)
        error_set(err, code, "the picture is broken: it cannot be decoded whole");
    else
        error_set(err, code, "the picture cannot be made");
    error_detail(err, "%.300s", text);
    vips->g_free(text);
    return false;
}

/* JPEG shrinks for nothing while it is decoded: 2, 4 or 8 times, never below what is wanted. */
static int jpeg_shrink(const struct image_info *info, int side_px_max)
{
    int64_t side = info->width_px > info->height_px ? info->width_px : info->height_px;
    int shrink = 1;

    while (side_px_max > 0 && shrink < 8 && side / 2 / shrink >= side_px_max)
        shrink *= 2;
    return shrink;
}

/* The loader of the type we found ourselves: never the library's guess (DESIGN 11). */
static bool load(const struct vips_calls *vips, struct str bytes, const struct image_info *info,
                 int side_px_max, VipsImage **out, struct error *err)
{
    /* libvips takes the bytes as not const and leaves them alone.
     * NOLINTNEXTLINE(performance-no-int-to-ptr): there is no other way past -Wcast-qual */
    void *data = (void *)(uintptr_t)bytes.data;
    int rc = -1;

    switch (info->type) {
    case IMAGE_PNG:
        rc = vips->vips_pngload_buffer(data, bytes.size, out, "access", VIPS_ACCESS_SEQUENTIAL,
                                       "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
        break;
    case IMAGE_JPEG:
        rc = vips->vips_jpegload_buffer(data, bytes.size, out, "access", VIPS_ACCESS_SEQUENTIAL,
                                        "fail_on", VIPS_FAIL_ON_TRUNCATED, "shrink",
                                        jpeg_shrink(info, side_px_max), NULL);
        break;
    case IMAGE_WEBP:
        rc = vips->vips_webpload_buffer(data, bytes.size, out, "access", VIPS_ACCESS_SEQUENTIAL,
                                        "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
        break;
    case IMAGE_GIF:
        rc = vips->vips_gifload_buffer(data, bytes.size, out, "access", VIPS_ACCESS_SEQUENTIAL,
                                       "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
        break;
    case IMAGE_AVIF:
        if (vips->vips_type_find("VipsOperation", "heifload_buffer") == 0)
            return error_set(err, ERROR_PICTURE_TYPE,
                             "this server cannot read AVIF; save the picture as PNG, JPEG or WebP");
        rc = vips->vips_heifload_buffer(data, bytes.size, out, "access", VIPS_ACCESS_SEQUENTIAL,
                                        "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
        break;
    case IMAGE_UNKNOWN:
        return error_set(err, ERROR_PICTURE_TYPE, "this is no picture that we know");
    }
    return rc == 0 || vips_fail(vips, ERROR_PICTURE_BROKEN, err);
}

/*
 * Takes everything but the pixels off.  The profile has done its work (and is 7 KB a thumbnail),
 * and libvips 8.14 reads freed memory when it saves an EXIF block that it loaded.
 */
static void drop_metadata(const struct vips_calls *vips, VipsImage *image)
{
    char **fields = vips->vips_image_get_fields(image);

    for (size_t index = 0; fields[index] != NULL; index++)
        vips->vips_image_remove(image, fields[index]); /* the head's own fields stay */
    vips->g_strfreev(fields);
}

/* Down to the size and into sRGB with the picture's own profile; without it when it is nonsense. */
static bool to_srgb(const struct vips_calls *vips, VipsImage *image, int side_px_max,
                    bool has_profile, VipsImage **out)
{
    CLEANUP(vips_image_cleanup) VipsImage *plain = NULL;
    CLEANUP(vips_image_cleanup) VipsImage *small = NULL;
    CLEANUP(vips_image_cleanup) VipsImage *srgb = NULL;
    CLEANUP(vips_image_cleanup) VipsImage *bytes = NULL;
    int side_px = side_px_max > 0 ? side_px_max : SIDE_ANY_PX;
    int rc;

    if (vips->vips_copy(image, &plain, NULL) != 0)
        return false;
    if (!has_profile)
        vips->vips_image_remove(plain, VIPS_META_ICC_NAME);
    /* Naming a profile to export sends the pixels through lcms (200 ms for 3 million): only from
     * another profile. */
    rc = has_profile ? vips->vips_thumbnail_image(plain, &small, side_px, "height", side_px, "size",
                                                  VIPS_SIZE_DOWN, "no_rotate", TRUE,
                                                  "export_profile", "srgb", NULL)
                     : vips->vips_thumbnail_image(plain, &small, side_px, "height", side_px, "size",
                                                  VIPS_SIZE_DOWN, "no_rotate", TRUE, NULL);
    if (rc != 0 || vips->vips_colourspace(small, &srgb, VIPS_INTERPRETATION_sRGB, NULL) != 0 ||
        vips->vips_cast(srgb, &bytes, VIPS_FORMAT_UCHAR, NULL) != 0)
        return false;
    *out = vips->vips_image_copy_memory(bytes);
    if (*out != NULL)
        drop_metadata(vips, *out);
    return *out != NULL;
}

/* EXIF's eight ways: a mirror first, then a turn. */
static bool make_upright(const struct vips_calls *vips, VipsImage *image, int orientation,
                         VipsImage **out)
{
    static const struct {
        bool is_mirrored;
        VipsAngle angle;
    } ways[] = {
        [1] = {false, VIPS_ANGLE_D0  },
          [2] = {true,  VIPS_ANGLE_D0  },
        [3] = {false, VIPS_ANGLE_D180},
          [4] = {true,  VIPS_ANGLE_D180},
        [5] = {true,  VIPS_ANGLE_D270},
          [6] = {false, VIPS_ANGLE_D90 },
        [7] = {true,  VIPS_ANGLE_D90 },
          [8] = {false, VIPS_ANGLE_D270},
    };
    CLEANUP(vips_image_cleanup) VipsImage *mirrored = NULL;
    CLEANUP(vips_image_cleanup) VipsImage *turned = NULL;
    int rc;

    assert(orientation >= 1 && orientation <= 8);
    rc = ways[orientation].is_mirrored
             ? vips->vips_flip(image, &mirrored, VIPS_DIRECTION_HORIZONTAL, NULL)
             : vips->vips_copy(image, &mirrored, NULL);
    if (rc != 0 || vips->vips_rot(mirrored, &turned, ways[orientation].angle, NULL) != 0)
        return false;
    *out = vips->vips_image_copy_memory(turned);
    return *out != NULL;
}

/*
 * libpng unpacks every compressed text it meets, up to 8 MB each: those go first.  Nothing else is
 * copied.
 */
static bool drop_packed_texts(struct str *bytes, const struct image_info *info, struct arena *arena,
                              struct error *err)
{
    struct walk walk = {.bytes = *bytes};
    struct part part;

    if (info->type != IMAGE_PNG)
        return true;
    while (png_next(&walk, &part) == WALK_PART)
        if (part_is(&part, "zTXt") || part_is(&part, "iTXt"))
            return image_strip(*bytes, IMAGE_PNG, arena, bytes, err);
    return true;
}

/*
 * No more pixels are unpacked at once than the largest picture has: memory is that of one such
 * picture, however many threads have one.  Those that wait keep their order, so that a large one is
 * not passed for ever.
 */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    int64_t pixels;                /* being unpacked; guarded by lock, like all below */
    uint64_t next_ticket, serving; /* those between wait */
} turn = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static int64_t turn_begin(const struct image_info *info)
{
    int64_t pixels = info->width_px * info->height_px;
    uint64_t ticket;

    pthread_mutex_lock(&turn.lock);
    ticket = turn.next_ticket++;
    while (ticket != turn.serving || (turn.pixels > 0 && turn.pixels + pixels > IMAGE_PIXELS_MAX))
        pthread_cond_wait(&turn.moved, &turn.lock);
    turn.serving++;
    turn.pixels += pixels;
    pthread_cond_broadcast(&turn.moved);
    pthread_mutex_unlock(&turn.lock);
    return pixels;
}

static void turn_end(const int64_t *pixels)
{
    pthread_mutex_lock(&turn.lock);
    turn.pixels -= *pixels;
    pthread_cond_broadcast(&turn.moved);
    pthread_mutex_unlock(&turn.lock);
}

bool pixels_load(const struct vips_calls *vips, struct str bytes, const struct image_info *info,
                 int side_px_max, struct arena *arena, VipsImage **out, struct error *err)
{
    /* Ended last, when all but the result is gone. */
    CLEANUP(turn_end) const int64_t pixels = turn_begin(info);
    CLEANUP(vips_image_cleanup) VipsImage *image = NULL;
    CLEANUP(vips_image_cleanup) VipsImage *srgb = NULL;
    const void *profile;
    size_t profile_size = 0;
    bool has_profile;

    (void)pixels;
    if (!drop_packed_texts(&bytes, info, arena, err) ||
        !load(vips, bytes, info, side_px_max, &image, err))
        return false;
    has_profile =
        vips->vips_image_get_typeof(image, VIPS_META_ICC_NAME) != 0 &&
        vips->vips_image_get_blob(image, VIPS_META_ICC_NAME, &profile, &profile_size) == 0 &&
        profile_size <= PROFILE_MAX;
    if (!to_srgb(vips, image, side_px_max, has_profile, &srgb)) {
        CLEANUP(vips_image_cleanup) VipsImage *again = NULL;

        if (!has_profile)
            return vips_fail(vips, ERROR_PICTURE_BROKEN, err);
        /* The profile or the pixels?  Without the one it shows; a sequential picture starts anew.
         */
        vips->g_free(vips->vips_error_buffer_copy());
        if (!load(vips, bytes, info, side_px_max, &again, err))
            return false;
        if (!to_srgb(vips, again, side_px_max, false, &srgb))
            return vips_fail(vips, ERROR_PICTURE_BROKEN, err);
    }
    if (info->orientation == 1) {
        *out = srgb;
        srgb = NULL;
        return true;
    }
    return make_upright(vips, srgb, info->orientation, out) ||
           vips_fail(vips, ERROR_PICTURE_BROKEN, err);
}

/* JPEG has no alpha: what shows through is white, as on a page. */
static bool flatten(const struct vips_calls *vips, VipsImage *image, VipsImage **out)
{
    VipsArrayDouble *white;
    int rc;

    if (!vips->vips_image_hasalpha(image))
        return vips->vips_copy(image, out, NULL) == 0;
    white = vips->vips_array_double_newv(3, 255.0, 255.0, 255.0);
    rc = vips->vips_flatten(image, out, "background", white, NULL);
    vips->vips_area_unref((VipsArea *)white);
    return rc == 0;
}

bool pixels_save(const struct vips_calls *vips, VipsImage *image, struct pixels_format format,
                 struct arena *arena, struct str *out, struct error *err)
{
    CLEANUP(vips_image_cleanup) VipsImage *flat = NULL;
    CLEANUP(vips_image_cleanup) VipsImage *fitting = NULL;
    void *data = NULL;
    size_t size = 0;
    int rc = -1;
    bool is_kept;

    switch (format.type) {
    case IMAGE_PNG:
        rc = vips->vips_pngsave_buffer(image, &data, &size, "compression", format.effort, "strip",
                                       TRUE, NULL);
        break;
    case IMAGE_JPEG:
        if (flatten(vips, image, &flat))
            rc = vips->vips_jpegsave_buffer(flat, &data, &size, "Q", format.quality, "strip", TRUE,
                                            "optimize_coding", TRUE, NULL);
        break;
    case IMAGE_WEBP:
        /* The format ends at 16,383 px. */
        if (vips->vips_thumbnail_image(image, &fitting, WEBP_SIDE_PX_MAX, "height",
                                       WEBP_SIDE_PX_MAX, "size", VIPS_SIZE_DOWN, NULL) == 0)
            rc = vips->vips_webpsave_buffer(fitting, &data, &size, "Q", format.quality, "effort",
                                            format.effort, "strip", TRUE, NULL);
        break;
    case IMAGE_GIF:
    case IMAGE_AVIF:
    case IMAGE_UNKNOWN:
        return error_set(err, ERROR_PICTURE_TYPE, "pictures are written as PNG, JPEG and WebP");
    }
    if (rc != 0)
        return vips_fail(vips, ERROR_INTERNAL, err);
    /* libvips 8.14 leaves an EXIF block in WebP whatever one asks for. */
    is_kept = image_strip((struct str){data, size}, format.type, arena, out, err);
    vips->g_free(data);
    return is_kept;
}
