#include "image/image.h"

#include "core/buf.h"
#include "core/hash.h"
#include "image/card_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CARD_SIDE_PX_MAX 8192

#define RGB(hex)                                                                                   \
    {                                                                                              \
        ((hex) >> 16 & 255) / 255.0f, ((hex) >> 8 & 255) / 255.0f, ((hex)&255) / 255.0f            \
    }
static const struct palette palettes[] = {
    {RGB(0xF6ECE1), RGB(0xE6CDB5), RGB(0xCF8A67), RGB(0x96523B), RGB(0x321A13)}, /* terracotta */
    {RGB(0xF1F4EA), RGB(0xCFD9C1), RGB(0x93A887), RGB(0x587158), RGB(0x17241A)}, /* sage */
    {RGB(0xECF1F8), RGB(0xC2D0E8), RGB(0x829BCB), RGB(0x435A94), RGB(0x121B36)}, /* dusk */
    {RGB(0xFCEFEC), RGB(0xF3CFCB), RGB(0xDE949A), RGB(0xA5546B), RGB(0x341320)}, /* blush */
    {RGB(0xFFF7E2), RGB(0xF8E0A6), RGB(0xEBB65C), RGB(0xB97A2B), RGB(0x35200A)}, /* honey */
    {RGB(0xF4EFFA), RGB(0xDACDEE), RGB(0xAA95D6), RGB(0x6A55A1), RGB(0x1E1638)}, /* lavender */
    {RGB(0xE8F5F3), RGB(0xBBDFDA), RGB(0x6BB4AF), RGB(0x2C7377), RGB(0x0B2529)}, /* lagoon */
    {RGB(0xF1F2F3), RGB(0xD0D4D9), RGB(0x99A1AB), RGB(0x58616D), RGB(0x14171C)}, /* stone */
    {RGB(0xFFF0E8), RGB(0xFFCFB8), RGB(0xF2906F), RGB(0x3A5A8F), RGB(0x111B33)}, /* coral, navy */
    {RGB(0xEEF8F2), RGB(0xC9EAD9), RGB(0xEFB3B1), RGB(0xC96F80), RGB(0x28202B)}, /* mint, rose */
    {RGB(0x565C8C), RGB(0x343963), RGB(0x7B74CF), RGB(0xE09AB8), RGB(0x0B0D1C)}, /* night */
    {RGB(0x4C7361), RGB(0x2B4A3D), RGB(0x5E9F7D), RGB(0xE2C06A), RGB(0x07130E)}, /* forest */
};

bool canvas_init(struct canvas *canvas, int width_px, int height_px, struct error *err)
{
    *canvas = (struct canvas){
        .pixels = calloc((size_t)width_px * (size_t)height_px, 4),
        .width_px = width_px,
        .height_px = height_px,
    };
    return canvas->pixels != NULL ||
           error_set(err, ERROR_UNAVAILABLE, "there is no memory for this picture now");
}

void canvas_finish(struct canvas *canvas)
{
    free(canvas->pixels);
    *canvas = (struct canvas){0};
}

void pixel_blend(uint8_t *pixel, struct colour colour, float opacity)
{
    float under = (float)pixel[3] / 255 * (1 - opacity), alpha = opacity + under;

    if (alpha <= 0)
        return;
    under /= alpha;
    opacity /= alpha;
    pixel[0] = (uint8_t)((float)pixel[0] * under + clamp01(colour.red) * 255 * opacity + 0.5f);
    pixel[1] = (uint8_t)((float)pixel[1] * under + clamp01(colour.green) * 255 * opacity + 0.5f);
    pixel[2] = (uint8_t)((float)pixel[2] * under + clamp01(colour.blue) * 255 * opacity + 0.5f);
    pixel[3] = (uint8_t)(alpha * 255 + 0.5f);
}

uint64_t chance_next(struct chance *chance)
{
    uint64_t value = chance->state += UINT64_C(0x9E3779B97F4A7C15);

    value = (value ^ value >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ value >> 27) * UINT64_C(0x94D049BB133111EB);
    return value ^ value >> 31;
}

float chance_between(struct chance *chance, float from, float to)
{
    return mix(from, to, (float)(chance_next(chance) >> 40) / 16777216.0f);
}

int chance_below(struct chance *chance, int limit)
{
    assert(limit > 0);
    return (int)(chance_next(chance) % (uint64_t)limit);
}

struct scene scene_of(struct canvas *canvas, uint64_t seed)
{
    struct scene scene = {.canvas = canvas, .chance = {seed}};

    scene.palette = &palettes[chance_below(&scene.chance, (int)COUNT(palettes))];
    scene.middle_x = (float)canvas->width_px / 2;
    scene.middle_y = (float)canvas->height_px / 2;
    scene.unit_px =
        (float)(canvas->width_px < canvas->height_px ? canvas->width_px : canvas->height_px);
    scene.half_x = scene.middle_x / scene.unit_px;
    scene.half_y = scene.middle_y / scene.unit_px;
    return scene;
}

/* What belongs to drawing one card. */
struct drawing {
    const struct image_card *card;
    const struct vips_calls *vips;
    struct arena *arena;
};

static bool load(const struct drawing *drawing, struct str bytes, const char *field, int side_px,
                 VipsImage **out, struct error *err)
{
    struct image_info info;
    bool is_loaded = image_probe(bytes, NULL, &info, err) &&
                     pixels_load(drawing->vips, bytes, &info, side_px, drawing->arena, out, err);

    if (!is_loaded && err->field[0] == '\0')
        memcpy(err->field, field, strlen(field) + 1);
    return is_loaded;
}

/* The whole card, or the part of one that a mask lets through. */
static bool draw_scene(const struct drawing *drawing, struct canvas *canvas, bool has_reference,
                       struct error *err)
{
    const struct image_card *card = drawing->card;
    struct scene scene = scene_of(canvas, hash_u64(card->prompt, card->seed));

    if (!card->is_transparent)
        backdrop_draw(&scene);
    if (has_reference) {
        CLEANUP(vips_image_cleanup) VipsImage *image = NULL;
        int side_px = (int)(scene.unit_px * 0.62f);

        if (!load(drawing, card->reference, "reference", side_px > 0 ? side_px : 1, &image, err) ||
            !product_draw(&scene, drawing->vips, image, err))
            return false;
    } else {
        still_life_draw(&scene);
    }
    return card_text_draw(&scene, drawing->vips, card->prompt, card->caption, card->is_transparent,
                          drawing->arena, err);
}

/* The picture as RGBA of exactly the canvas' size, cut where its shape differs. */
static bool load_covering(const struct drawing *drawing, struct str bytes, const char *field,
                          struct canvas *canvas, struct error *err)
{
    const struct vips_calls *vips = drawing->vips;
    CLEANUP(vips_image_cleanup) VipsImage *image = NULL;
    CLEANUP(vips_image_cleanup) VipsImage *fitting = NULL;
    CLEANUP(vips_image_cleanup) VipsImage *rgba = NULL;
    size_t size = 0;
    void *pixels;
    int rc;

    if (!load(drawing, bytes, field, 0, &image, err))
        return false;
    if (vips->vips_thumbnail_image(image, &fitting, canvas->width_px, "height", canvas->height_px,
                                   "crop", VIPS_INTERESTING_CENTRE, NULL) != 0)
        return vips_fail(vips, ERROR_INTERNAL, err);
    rc = vips->vips_image_hasalpha(fitting) ? vips->vips_copy(fitting, &rgba, NULL)
                                            : vips->vips_addalpha(fitting, &rgba, NULL);
    if (rc != 0 || (pixels = vips->vips_image_write_to_memory(rgba, &size)) == NULL)
        return vips_fail(vips, ERROR_INTERNAL, err);
    assert(size == (size_t)canvas->width_px * (size_t)canvas->height_px * 4);
    memcpy(canvas->pixels, pixels, size);
    vips->g_free(pixels);
    return true;
}

struct hole {
    int left, top, right, bottom;
};

/* The box around what the mask leaves open; empty when nothing is. */
static struct hole find_hole(const struct canvas *mask)
{
    struct hole hole = {mask->width_px, mask->height_px, 0, 0};

    for (int y = 0; y < mask->height_px; y++) {
        for (int x = 0; x < mask->width_px; x++) {
            if (mask->pixels[((size_t)y * (size_t)mask->width_px + (size_t)x) * 4 + 3] == 255)
                continue;
            hole.left = x < hole.left ? x : hole.left;
            hole.right = x + 1 > hole.right ? x + 1 : hole.right;
            hole.top = y < hole.top ? y : hole.top;
            hole.bottom = y + 1;
        }
    }
    return hole;
}

/* An edit: the reference stays, and a scene of its own fills what the mask leaves open. */
static bool draw_edit(const struct drawing *drawing, struct canvas *canvas, struct error *err)
{
    CLEANUP(canvas_finish) struct canvas mask = {0};
    CLEANUP(canvas_finish) struct canvas fill = {0};
    struct hole hole;

    if (!load_covering(drawing, drawing->card->reference, "reference", canvas, err) ||
        !canvas_init(&mask, canvas->width_px, canvas->height_px, err) ||
        !load_covering(drawing, drawing->card->mask, "mask", &mask, err))
        return false; /* NOLINT(clang-analyzer-unix.Malloc): 14 does not know CLEANUP() */
    hole = find_hole(&mask);
    if (hole.right <= hole.left)
        return error_field(err, ERROR_INVALID, "mask", 0,
                           "the mask has no transparent part: nothing would change");
    if (!canvas_init(&fill, hole.right - hole.left, hole.bottom - hole.top, err) ||
        !draw_scene(drawing, &fill, false, err))
        return false;
    for (int y = 0; y < fill.height_px; y++) {
        for (int x = 0; x < fill.width_px; x++) {
            size_t at =
                ((size_t)(hole.top + y) * (size_t)canvas->width_px + (size_t)(hole.left + x)) * 4;
            const uint8_t *from = fill.pixels + ((size_t)y * (size_t)fill.width_px + (size_t)x) * 4;
            unsigned open = 255U - mask.pixels[at + 3];

            /* Mixed, not laid over: a transparent fill leaves a hole. */
            for (size_t band = 0; band < 4; band++)
                canvas->pixels[at + band] = (uint8_t)((canvas->pixels[at + band] * (255U - open) +
                                                       from[band] * open + 127) /
                                                      255);
        }
    }
    return true;
}

/* A partial picture: made small, blurred there and made large again. */
static bool soften(const struct vips_calls *vips, VipsImage *image, int softness, VipsImage **out)
{
    static const double sigma_shares[] = {0, 0.008, 0.02, 0.045};
    CLEANUP(vips_image_cleanup) VipsImage *small = NULL;
    CLEANUP(vips_image_cleanup) VipsImage *blurred = NULL;
    CLEANUP(vips_image_cleanup) VipsImage *large = NULL;
    int width_px = vips->vips_image_get_width(image),
        height_px = vips->vips_image_get_height(image);
    double shrink = sigma_shares[softness] * (width_px < height_px ? width_px : height_px) / 1.5;

    if (shrink < 1)
        shrink = 1;
    if (vips->vips_thumbnail_image(image, &small, (int)(width_px / shrink) + 1, "height",
                                   (int)(height_px / shrink) + 1, "size", VIPS_SIZE_FORCE,
                                   NULL) != 0 ||
        vips->vips_gaussblur(small, &blurred, 1.5, NULL) != 0 ||
        vips->vips_thumbnail_image(blurred, &large, width_px, "height", height_px, "size",
                                   VIPS_SIZE_FORCE, NULL) != 0)
        return false;
    *out = vips->vips_image_copy_memory(large);
    return *out != NULL;
}

static bool save(const struct drawing *drawing, const struct canvas *canvas, struct str *out,
                 struct error *err)
{
    const struct image_card *card = drawing->card;
    const struct vips_calls *vips = drawing->vips;
    CLEANUP(vips_image_cleanup) VipsImage *drawn = NULL;
    CLEANUP(vips_image_cleanup) VipsImage *image = NULL;
    CLEANUP(vips_image_cleanup) VipsImage *softened = NULL;
    CLEANUP(vips_image_cleanup) VipsImage *finished = NULL;
    struct pixels_format format = {card->type, card->quality, card->type == IMAGE_WEBP ? 2 : 1};
    size_t size = (size_t)canvas->width_px * (size_t)canvas->height_px * 4;

    drawn = vips->vips_image_new_from_memory(canvas->pixels, size, canvas->width_px,
                                             canvas->height_px, 4, VIPS_FORMAT_UCHAR);
    if (drawn == NULL ||
        vips->vips_copy(drawn, &image, "interpretation", VIPS_INTERPRETATION_sRGB, NULL) != 0)
        return vips_fail(vips, ERROR_INTERNAL, err);
    if (card->softness > 0 ? !soften(vips, image, card->softness, &softened)
                           : vips->vips_copy(image, &softened, NULL) != 0)
        return vips_fail(vips, ERROR_INTERNAL, err);
    if (card->is_transparent ? vips->vips_copy(softened, &finished, NULL) != 0
                             : vips->vips_extract_band(softened, &finished, 0, "n", 3, NULL) != 0)
        return vips_fail(vips, ERROR_INTERNAL, err);
    return pixels_save(vips, finished, format, drawing->arena, out, err);
}

bool image_card_draw(const struct image_card *card, struct arena *arena, struct str *out,
                     struct error *err)
{
    struct drawing drawing = {.card = card, .vips = vips_calls_get(err), .arena = arena};
    CLEANUP(canvas_finish) struct canvas canvas = {0};

    assert(card->softness >= 0 && card->softness <= 3);
    assert(card->type == IMAGE_PNG || card->type == IMAGE_JPEG || card->type == IMAGE_WEBP);
    assert(card->type == IMAGE_PNG || (card->quality >= 1 && card->quality <= 100));
    if (drawing.vips == NULL)
        return false;
    if (card->width_px < 1 || card->height_px < 1)
        return error_field(err, ERROR_TOO_SMALL, "size", 1, "a picture has at least one pixel");
    if (card->width_px > CARD_SIDE_PX_MAX || card->height_px > CARD_SIDE_PX_MAX)
        return error_field(err, ERROR_TOO_BIG, "size", CARD_SIDE_PX_MAX,
                           "a card's sides are at most %d px", CARD_SIDE_PX_MAX);
    if (card->mask.size > 0 && card->reference.size == 0)
        return error_field(err, ERROR_REQUIRED, "reference", 0,
                           "a mask says what to change in a reference picture: send one");
    if (!canvas_init(&canvas, (int)card->width_px, (int)card->height_px, err))
        return false;
    if (card->mask.size > 0 ? !draw_edit(&drawing, &canvas, err)
                            : !draw_scene(&drawing, &canvas, card->reference.size > 0, err))
        return false;                         /* NOLINT(clang-analyzer-unix.Malloc): as above */
    return save(&drawing, &canvas, out, err); /* NOLINT(clang-analyzer-unix.Malloc): as above */
}
