#include "image/card_private.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Seen from a little above: a circle's depth as a share of its width. */
#define TILT 0.17f
#define PROFILE_POINTS_MAX 10

/* A turned body: radius over height, from the foot up; height and radius in units. */
struct profile {
    struct {
        float height, radius;
    } points[PROFILE_POINTS_MAX];
    int count;
    float cap_from; /* above this height it is the cap, in another colour; 9: none */
    float gloss;
};

static const struct profile bodies[] = {
  /* a round vase */
    {{{0.000f, 0.060f},
      {0.012f, 0.075f},
      {0.060f, 0.112f},
      {0.115f, 0.128f},
      {0.170f, 0.112f},
      {0.215f, 0.066f},
      {0.245f, 0.044f},
      {0.285f, 0.042f},
      {0.305f, 0.054f},
      {0.312f, 0.056f}},
     10, 9,
     0.75f},
 /* a flask with a cap */
    {{{0.000f, 0.086f},
      {0.010f, 0.093f},
      {0.200f, 0.093f},
      {0.222f, 0.086f},
      {0.237f, 0.055f},
      {0.243f, 0.051f},
      {0.248f, 0.051f},
      {0.254f, 0.052f},
      {0.318f, 0.052f},
      {0.322f, 0.049f}},
     10, 0.247f,
     1.0f },
 /* a jar with a lid */
    {{{0.000f, 0.124f},
      {0.012f, 0.134f},
      {0.118f, 0.134f},
      {0.128f, 0.126f},
      {0.133f, 0.118f},
      {0.138f, 0.134f},
      {0.142f, 0.137f},
      {0.192f, 0.137f},
      {0.200f, 0.131f},
      {0.201f, 0.130f}},
     10, 0.135f,
     0.9f },
 /* a slender bottle */
    {{{0.000f, 0.064f},
      {0.010f, 0.071f},
      {0.185f, 0.071f},
      {0.220f, 0.060f},
      {0.258f, 0.030f},
      {0.310f, 0.027f},
      {0.315f, 0.034f},
      {0.316f, 0.034f},
      {0.358f, 0.034f},
      {0.361f, 0.032f}},
     10, 0.312f,
     1.0f },
 /* a cup */
    {{{0.000f, 0.066f},
      {0.010f, 0.074f},
      {0.060f, 0.092f},
      {0.120f, 0.108f},
      {0.180f, 0.117f},
      {0.200f, 0.119f},
      {0.204f, 0.119f},
      {0.206f, 0.118f},
      {0.207f, 0.118f},
      {0.208f, 0.117f}},
     10, 9,
     0.45f},
};
static const struct profile plinth = {
    {{0.000f, 0.262f}, {0.006f, 0.266f}, {0.090f, 0.266f}},
    3, 9, 0.10f
};

static float profile_top(const struct profile *profile)
{
    return profile->points[profile->count - 1].height;
}

/* The slope at a point: none where the outline turns, so that no bulge appears between points. */
static float slope_at(const struct profile *profile, int index)
{
    float before, after, below, above;

    if (index == 0 || index == profile->count - 1)
        return 0;
    below = profile->points[index].height - profile->points[index - 1].height;
    above = profile->points[index + 1].height - profile->points[index].height;
    before = (profile->points[index].radius - profile->points[index - 1].radius) / below;
    after = (profile->points[index + 1].radius - profile->points[index].radius) / above;
    return before * after <= 0 ? 0 : 2 * before * after / (before + after);
}

/* Through the points on a monotone cubic (Fritsch and Butland 1984). */
static float radius_at(const struct profile *profile, float height)
{
    int index = 1;
    float size, t, from, to;

    while (index < profile->count - 1 && profile->points[index].height < height)
        index++;
    size = profile->points[index].height - profile->points[index - 1].height;
    t = clamp01((height - profile->points[index - 1].height) / size);
    from = profile->points[index - 1].radius;
    to = profile->points[index].radius;
    return mix(from, to, t * t * (3 - 2 * t)) +
           size * t * (1 - t) *
               ((1 - t) * slope_at(profile, index - 1) - t * slope_at(profile, index));
}

static uint8_t *scene_pixel(const struct scene *scene, int x, int y)
{
    return scene->canvas->pixels + ((size_t)y * (size_t)scene->canvas->width_px + (size_t)x) * 4;
}

static int clamp_px(float value, int limit)
{
    return value < 0 ? 0 : value > (float)limit ? limit : (int)value;
}

/* Rows or columns between two places in units. */
struct span {
    int from, to;
};

static struct span rows(const struct scene *scene, float from, float to)
{
    return (struct span){
        clamp_px(from * scene->unit_px + scene->middle_y, scene->canvas->height_px),
        clamp_px(to * scene->unit_px + scene->middle_y + 1, scene->canvas->height_px)};
}

static struct span columns(const struct scene *scene, float from, float to)
{
    return (struct span){
        clamp_px(from * scene->unit_px + scene->middle_x, scene->canvas->width_px),
        clamp_px(to * scene->unit_px + scene->middle_x + 1, scene->canvas->width_px)};
}

/* A soft dark ellipse on the ground. */
static void draw_shadow(const struct scene *scene, float x, float y, float radius_x, float radius_y,
                        float opacity)
{
    struct span down = rows(scene, y - radius_y * 2, y + radius_y * 2);
    struct span across = columns(scene, x - radius_x * 2, x + radius_x * 2);

    for (int row = down.from; row < down.to; row++) {
        float dy = (((float)row + 0.5f - scene->middle_y) / scene->unit_px - y) / radius_y;

        for (int column = across.from; column < across.to; column++) {
            float dx = (((float)column + 0.5f - scene->middle_x) / scene->unit_px - x) / radius_x;
            float far = sqrtf(dx * dx + dy * dy);

            if (far < 1.8f)
                pixel_blend(scene_pixel(scene, column, row), scene->palette->deep,
                            opacity * (1 - smooth(0.25f, 1.8f, far)));
        }
    }
}

/* Light from the upper left, its two soft boxes mirrored in what is glossy. */
static struct colour lit(struct colour base, const struct scene *scene, float normal_x,
                         float normal_up, float gloss)
{
    const struct colour white = {1, 0.99f, 0.97f};
    float light = 0.52f - 0.62f * normal_x + 0.30f * normal_up;
    float box = smooth(0.13f, 0.05f, fabsf(normal_x + 0.56f)) * 0.50f +
                smooth(0.05f, 0.015f, fabsf(normal_x - 0.74f)) * 0.22f;
    float rim = smooth(0.80f, 1.0f, fabsf(normal_x));
    float dark = clamp01((0.62f - light) / 0.9f), bright = clamp01((light - 0.42f) / 0.9f);
    struct colour colour =
        colour_mix(base, scene->palette->deep, 0.95f * dark * (0.4f + 0.6f * dark));

    colour = colour_mix(colour, white, 0.55f * bright * bright);
    colour = colour_mix(colour, scene->palette->soft, 0.18f * rim);
    return colour_mix(colour, white, gloss * box);
}

/* How many px one unit of distance to a tilted circle's rim really is, as a share: its edge is
 * smoothed along what is seen. */
static float steepness(float dx, float lid_y)
{
    float far = sqrtf(dx * dx + lid_y * lid_y);
    float along = sqrtf(dx * dx + lid_y * lid_y / (TILT * TILT));

    return along > 0 ? far / along : 1;
}

/* A turned body whose foot stands at (x, ground). */
static void draw_body(const struct scene *scene, const struct profile *profile, float x,
                      float ground, struct colour base, struct colour cap)
{
    float top = profile_top(profile), widest = 0, rim = radius_at(profile, top);
    struct span down, across;

    for (int index = 0; index < profile->count; index++)
        widest = fmaxf(widest, profile->points[index].radius);
    down = rows(scene, ground - top - widest * TILT, ground + widest * TILT);
    across = columns(scene, x - widest, x + widest);
    for (int row = down.from; row < down.to; row++) {
        float y = ((float)row + 0.5f - scene->middle_y) / scene->unit_px;

        for (int column = across.from; column < across.to; column++) {
            float dx = ((float)column + 0.5f - scene->middle_x) / scene->unit_px - x;
            float lid_y = (y - (ground - top)) / TILT;
            float lid = rim - sqrtf(dx * dx + lid_y * lid_y);
            float lid_px = lid * scene->unit_px * steepness(dx, lid_y);
            float height = ground - y, radius = widest, inside, slope, cover;
            struct colour colour;

            if (lid_px > -0.5f) { /* the top face */
                struct colour tone = profile->cap_from < 9 ? cap : base;
                bool is_open = profile->gloss < 0.8f && profile->gloss > 0.4f;
                float mouth = is_open ? smooth(rim * 0.10f, rim * 0.16f, lid) : 0;

                colour = colour_mix(tone, (struct colour){1, 0.99f, 0.97f},
                                    0.34f - 0.5f * dx + 0.3f * lid_y);
                colour = colour_mix(
                    colour, colour_mix(tone, scene->palette->deep, 0.55f - 1.1f * dx / rim * 0.3f),
                    mouth);
                pixel_blend(scene_pixel(scene, column, row), colour, clamp01(lid_px + 0.5f));
                if (lid_px > 0.5f)
                    continue;
            }
            /* Which height on the near side is seen here: its ring hangs below its middle. */
            for (int pass = 0; pass < 4; pass++) {
                inside = radius * radius - dx * dx;
                height = ground - y + TILT * sqrtf(fmaxf(inside, 0));
                radius = radius_at(profile, height < 0 ? 0 : height > top ? top : height);
            }
            cover = clamp01((radius - fabsf(dx)) * scene->unit_px + 0.5f) *
                    clamp01(height * scene->unit_px + 0.5f) *
                    clamp01((top - height) * scene->unit_px + 0.5f);
            if (cover <= 0)
                continue;
            slope = (radius_at(profile, fminf(height + 0.006f, top)) -
                     radius_at(profile, fmaxf(height - 0.006f, 0))) /
                    0.012f;
            colour = lit(height >= profile->cap_from ? cap : base, scene,
                         fmaxf(-1, fminf(1, dx / fmaxf(radius, 0.001f))),
                         -slope / sqrtf(1 + slope * slope), profile->gloss);
            /* Less light reaches the foot. */
            colour = colour_mix(colour, scene->palette->deep, 0.35f * expf(-height * 30));
            pixel_blend(scene_pixel(scene, column, row), colour, cover);
        }
    }
}

void still_life_draw(struct scene *scene)
{
    const struct palette *palette = scene->palette;
    const struct profile *body = &bodies[chance_below(&scene->chance, (int)COUNT(bodies))];
    const struct colour cream = colour_mix(palette->light, (struct colour){1, 1, 1}, 0.35f);
    const struct colour colours[] = {palette->strong, palette->accent, cream,
                                     colour_mix(palette->strong, palette->deep, 0.45f)};
    int tone = chance_below(&scene->chance, (int)COUNT(colours));
    float ground = 0.175f, stand = ground - profile_top(&plinth);

    draw_shadow(scene, 0.07f, ground + 0.012f, 0.34f, 0.062f, 0.34f);
    draw_shadow(scene, 0.01f, ground + 0.010f, 0.27f, 0.046f, 0.45f);
    draw_body(scene, &plinth, 0, ground, colour_mix(palette->light, palette->soft, 0.55f), cream);
    draw_shadow(scene, 0.045f, stand + 0.004f, body->points[1].radius * 1.35f,
                body->points[1].radius * 0.24f, 0.40f);
    draw_shadow(scene, 0.004f, stand + 0.006f, body->points[1].radius * 1.05f,
                body->points[1].radius * 0.20f, 0.45f);
    draw_body(scene, body, 0, stand, colours[tone], tone == 2 ? palette->accent : cream);
}

float round_box(float x, float y, float half_x, float half_y, float corner)
{
    float out_x = fabsf(x) - half_x + corner, out_y = fabsf(y) - half_y + corner;
    float far_x = fmaxf(out_x, 0), far_y = fmaxf(out_y, 0);

    return sqrtf(far_x * far_x + far_y * far_y) + fminf(fmaxf(out_x, out_y), 0) - corner;
}

/* A picture's place on the canvas. */
struct place {
    const uint8_t *pixels;
    int bands, width_px, height_px, left, top;
};

/* Two shadows as a lamp makes them: a wide faint one below, a narrow one around. */
static void draw_panel(const struct scene *scene, const struct place *place)
{
    const struct canvas *canvas = scene->canvas;
    float half_x = (float)place->width_px / 2, half_y = (float)place->height_px / 2;
    float corner = fminf(scene->unit_px * 0.028f, fminf(half_x, half_y));
    float wide = scene->unit_px * 0.060f, narrow = scene->unit_px * 0.014f;
    float drop = scene->unit_px * 0.026f;
    int margin = (int)(wide + drop) + 2;

    for (int y = place->top - margin; y < place->top + place->height_px + margin; y++) {
        float dy = (float)(y - place->top) + 0.5f - half_y;

        for (int x = place->left - margin; x < place->left + place->width_px + margin; x++) {
            float dx = (float)(x - place->left) + 0.5f - half_x, cover, shade;
            uint8_t *pixel;

            if (x < 0 || y < 0 || x >= canvas->width_px || y >= canvas->height_px)
                continue;
            pixel = scene_pixel(scene, x, y);
            cover = clamp01(0.5f - round_box(dx, dy, half_x, half_y, corner));
            if (cover < 1) {
                shade =
                    0.42f * smooth(wide, -wide, round_box(dx, dy - drop, half_x, half_y, corner)) +
                    0.22f * smooth(narrow, -narrow,
                                   round_box(dx, dy - drop / 6, half_x, half_y, corner));
                pixel_blend(pixel, scene->palette->deep, shade);
            }
            if (cover > 0) {
                const uint8_t *from =
                    place->pixels + ((size_t)(y - place->top) * (size_t)place->width_px +
                                     (size_t)(x - place->left)) *
                                        (size_t)place->bands;

                pixel_blend(pixel,
                            (struct colour){(float)from[0] / 255, (float)from[1] / 255,
                                            (float)from[2] / 255},
                            cover);
            }
        }
    }
}

/* The blurred outline of what is not transparent, one byte a pixel, with `margin` all around. */
static bool blur_outline(const struct scene *scene, const struct vips_calls *vips, VipsImage *image,
                         VipsImage **out)
{
    CLEANUP(vips_image_cleanup) VipsImage *alpha = NULL;
    CLEANUP(vips_image_cleanup) VipsImage *small = NULL;
    CLEANUP(vips_image_cleanup) VipsImage *framed = NULL;
    CLEANUP(vips_image_cleanup) VipsImage *blurred = NULL;
    int width_px = vips->vips_image_get_width(image) / 4 + 1;
    int height_px = vips->vips_image_get_height(image) / 4 + 1;
    int margin = (int)(scene->unit_px * 0.02f) + 1;

    if (vips->vips_extract_band(image, &alpha, 3, NULL) != 0 ||
        vips->vips_resize(alpha, &small, 0.25, NULL) != 0 ||
        vips->vips_embed(small, &framed, margin, margin, width_px + 2 * margin,
                         height_px + 2 * margin, NULL) != 0 ||
        vips->vips_gaussblur(framed, &blurred, scene->unit_px * 0.006, NULL) != 0)
        return false;
    *out = vips->vips_image_copy_memory(blurred);
    return *out != NULL;
}

static bool draw_cutout(const struct scene *scene, const struct vips_calls *vips, VipsImage *image,
                        const struct place *place, struct error *err)
{
    const struct canvas *canvas = scene->canvas;
    CLEANUP(vips_image_cleanup) VipsImage *outline = NULL;
    int margin = (int)(scene->unit_px * 0.02f) + 1, drop = (int)(scene->unit_px * 0.03f);
    int width, height;
    size_t size = 0;
    uint8_t *shadow;

    if (!blur_outline(scene, vips, image, &outline) ||
        (shadow = vips->vips_image_write_to_memory(outline, &size)) == NULL)
        return vips_fail(vips, ERROR_INTERNAL, err);
    width = vips->vips_image_get_width(outline);
    height = vips->vips_image_get_height(outline);
    assert(size == (size_t)width * (size_t)height);
    for (int y = 0; y < canvas->height_px; y++) {
        for (int x = 0; x < canvas->width_px; x++) {
            int from_x = x - place->left, from_y = y - place->top;
            float at_x = (float)from_x / 4 + (float)margin;
            float at_y = (float)(from_y - drop) / 4 + (float)margin;
            int column = (int)at_x, row = (int)at_y;
            uint8_t *pixel = scene_pixel(scene, x, y);

            if (at_x >= 0 && at_y >= 0 && column + 1 < width && row + 1 < height) {
                const uint8_t *from = shadow + (size_t)row * (size_t)width + (size_t)column;
                float across = at_x - (float)column, down = at_y - (float)row;

                pixel_blend(pixel, scene->palette->deep,
                            0.45f / 255 *
                                mix(mix(from[0], from[1], across),
                                    mix(from[width], from[width + 1], across), down));
            }
            if (from_x >= 0 && from_y >= 0 && from_x < place->width_px &&
                from_y < place->height_px) {
                const uint8_t *from =
                    place->pixels + ((size_t)from_y * (size_t)place->width_px + (size_t)from_x) * 4;

                pixel_blend(pixel,
                            (struct colour){(float)from[0] / 255, (float)from[1] / 255,
                                            (float)from[2] / 255},
                            (float)from[3] / 255);
            }
        }
    }
    vips->g_free(shadow);
    return true;
}

bool product_draw(struct scene *scene, const struct vips_calls *vips, VipsImage *image,
                  struct error *err)
{
    struct place place = {
        .bands = vips->vips_image_get_bands(image),
        .width_px = vips->vips_image_get_width(image),
        .height_px = vips->vips_image_get_height(image),
    };
    size_t size = 0;
    uint8_t *pixels = vips->vips_image_write_to_memory(image, &size);
    bool is_drawn = true;

    if (pixels == NULL)
        return vips_fail(vips, ERROR_INTERNAL, err);
    assert(size == (size_t)place.width_px * (size_t)place.height_px * (size_t)place.bands);
    place.pixels = pixels;
    place.left = (scene->canvas->width_px - place.width_px) / 2;
    /* A little above the middle: the words stand below. */
    place.top =
        (int)((float)(scene->canvas->height_px - place.height_px) / 2 - scene->unit_px * 0.055f);
    if (place.bands == 4)
        is_drawn = draw_cutout(scene, vips, image, &place, err);
    else
        draw_panel(scene, &place);
    vips->g_free(pixels);
    return is_drawn;
}
