#include "image/card_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TURN 6.2831853f
#define GRID_PX 8 /* smooth colours are computed this far apart and drawn straight between */

/* A smooth family says a colour anywhere; the grid in between saves nine tenths of the time. */
struct smooth_field {
    struct colour (*at)(const struct smooth_field *field, float x, float y);
    const struct scene *scene;
    float values[40];
};

static float to_x(const struct scene *scene, float px)
{
    return (px + 0.5f - scene->middle_x) / scene->unit_px;
}

static float to_y(const struct scene *scene, float px)
{
    return (px + 0.5f - scene->middle_y) / scene->unit_px;
}

/* Rounded with a pattern of thresholds, so that slow gradients show no steps. */
static uint8_t to_byte(float value, int x, int y)
{
    static const float thresholds[4][4] = {
        {0.03f, 0.53f, 0.16f, 0.66f},
        {0.78f, 0.28f, 0.91f, 0.41f},
        {0.22f, 0.72f, 0.09f, 0.59f},
        {0.97f, 0.47f, 0.84f, 0.34f},
    };

    return (uint8_t)(clamp01(value) * 254.99f + thresholds[y & 3][x & 3]);
}

static void put(uint8_t *pixel, struct colour colour, int x, int y)
{
    pixel[0] = to_byte(colour.red, x, y);
    pixel[1] = to_byte(colour.green, x, y);
    pixel[2] = to_byte(colour.blue, x, y);
    pixel[3] = 255;
}

static uint8_t *pixel_at(const struct canvas *canvas, int x, int y)
{
    return canvas->pixels + ((size_t)y * (size_t)canvas->width_px + (size_t)x) * 4;
}

static void draw_smooth(const struct smooth_field *field)
{
    const struct scene *scene = field->scene;
    const struct canvas *canvas = scene->canvas;
    size_t columns = (size_t)canvas->width_px / GRID_PX + 2;
    CLEANUP(buf_finish) struct buf memory = {0};
    struct colour *upper, *lower;

    buf_reserve(&memory, 2 * columns * sizeof(*upper));
    upper = (struct colour *)(void *)memory.data;
    lower = upper + columns;
    for (int top = 0; top < canvas->height_px; top += GRID_PX) {
        for (size_t column = 0; column < columns; column++) {
            float x = to_x(scene, (float)column * GRID_PX);

            upper[column] = top == 0 ? field->at(field, x, to_y(scene, 0)) : lower[column];
            lower[column] = field->at(field, x, to_y(scene, (float)(top + GRID_PX)));
        }
        for (int y = top; y < top + GRID_PX && y < canvas->height_px; y++) {
            float down = (float)(y - top) / GRID_PX;

            for (int x = 0; x < canvas->width_px; x++) {
                size_t column = (size_t)x / GRID_PX;
                float across = (float)(x % GRID_PX) / GRID_PX;

                put(pixel_at(canvas, x, y),
                    colour_mix(colour_mix(upper[column], lower[column], down),
                               colour_mix(upper[column + 1], lower[column + 1], down), across),
                    x, y);
            }
        }
    }
}

/* The pixels of a shape's box, clipped to the canvas. */
struct box {
    int left, top, right, bottom;
};

static struct box box_of(const struct scene *scene, float x, float y, float reach_x, float reach_y)
{
    const struct canvas *canvas = scene->canvas;
    float left = (x - reach_x) * scene->unit_px + scene->middle_x;
    float right = (x + reach_x) * scene->unit_px + scene->middle_x + 1;
    float top = (y - reach_y) * scene->unit_px + scene->middle_y;
    float bottom = (y + reach_y) * scene->unit_px + scene->middle_y + 1;

    return (struct box){
        left < 0                         ? 0
        : left > (float)canvas->width_px ? canvas->width_px
                                         : (int)left,
        top < 0                          ? 0
        : top > (float)canvas->height_px ? canvas->height_px
                                         : (int)top,
        right < 0                         ? 0
        : right > (float)canvas->width_px ? canvas->width_px
                                          : (int)right,
        bottom < 0                          ? 0
        : bottom > (float)canvas->height_px ? canvas->height_px
                                            : (int)bottom,
    };
}

/* A disc with an edge `feather` wide; its middle may be clearer than its rim. */
static void draw_disc(const struct scene *scene, float x, float y, float radius, float feather,
                      struct colour colour, float opacity, float middle_share)
{
    struct box box = box_of(scene, x, y, radius + feather, radius + feather);
    float edge = feather + 1.0f / scene->unit_px;

    for (int row = box.top; row < box.bottom; row++) {
        float dy = to_y(scene, (float)row) - y;

        for (int column = box.left; column < box.right; column++) {
            float dx = to_x(scene, (float)column) - x;
            float distance = sqrtf(dx * dx + dy * dy);
            float cover = 1 - smooth(radius - edge / 2, radius + edge / 2, distance);
            float depth = distance / radius;

            if (cover > 0)
                pixel_blend(pixel_at(scene->canvas, column, row), colour,
                            opacity * cover * mix(middle_share, 1, clamp01(depth * depth)));
        }
    }
}

/* A seamless studio: a lit wall that sweeps into the floor. */
static struct colour studio_at(const struct smooth_field *field, float x, float y)
{
    const struct palette *palette = field->scene->palette;
    float light_x = field->values[0], horizon = field->values[1];
    float dx = x - light_x, dy = y + 0.12f;
    float pool = expf(-(dx * dx * 1.6f + dy * dy * 2.6f) * 2.2f);
    float floor_x = x - light_x * 0.3f, floor_y = (y - horizon - 0.14f) * 2.4f;
    float gleam = expf(-(floor_x * floor_x + floor_y * floor_y) * 3.0f);
    struct colour wall = colour_mix(palette->soft, palette->light, pool);
    struct colour ground = colour_mix(palette->soft, palette->accent, 0.28f);

    wall = colour_mix(wall, palette->accent, 0.22f * clamp01((1 - pool) * 0.9f - 0.1f));
    ground = colour_mix(ground, palette->light, 0.55f * gleam);
    return colour_mix(wall, ground, smooth(horizon - 0.05f, horizon + 0.07f, y));
}

/* The light of a window with two by three panes, thrown slantwise on the wall. */
static struct colour window_at(const struct smooth_field *field, float x, float y)
{
    struct colour colour = studio_at(field, x, y);
    float slant_x = x + y * 0.42f - field->values[2], slant_y = y + x * 0.10f + 0.16f;
    float pane_x = fabsf(slant_x), pane_y = fabsf(slant_y);
    float frame = smooth(0.004f, 0.020f, pane_x) * (1 - smooth(0.200f, 0.232f, pane_x)) *
                  (1 - smooth(0.320f, 0.360f, pane_y));
    float bars = smooth(0.004f, 0.018f, fabsf(pane_y - 0.112f));
    float above = 1 - smooth(field->values[1] - 0.06f, field->values[1] + 0.06f, y);
    struct colour white = {1, 0.985f, 0.95f};

    return colour_mix(colour, white, 0.42f * frame * bars * (0.35f + 0.65f * above));
}

static void draw_studio(struct scene *scene)
{
    struct smooth_field field = {
        .at = chance_below(&scene->chance, 2) == 0 ? studio_at : window_at,
        .scene = scene,
        .values = {chance_between(&scene->chance, -0.25f, 0.10f),
                   chance_between(&scene->chance, 0.08f, 0.14f),
                   chance_between(&scene->chance, -0.06f, 0.16f)},
    };

    draw_smooth(&field);
}

#define MESH_POINTS 6
#define MESH_POINT_SIZE 5 /* x, y, red, green, blue */
#define MESH_SIZE 30      /* of the points; four waves follow them */

/* Colours flow into each other from a few points. */
static struct colour mesh_at(const struct smooth_field *field, float x, float y)
{
    const float *values = field->values;
    float warped_x = x + 0.10f * sinf(y * 5.1f + values[30]) + 0.04f * sinf(x * 7.3f + values[31]);
    float warped_y = y + 0.10f * sinf(x * 4.3f + values[32]) + 0.04f * sinf(y * 8.1f + values[33]);
    struct colour sum = {0, 0, 0};
    float total = 0;

    for (const float *point = values; point < values + MESH_SIZE; point += MESH_POINT_SIZE) {
        float dx = warped_x - point[0], dy = warped_y - point[1];
        float weight = 1 / (0.012f + (dx * dx + dy * dy) * (dx * dx + dy * dy));

        sum.red += point[2] * weight;
        sum.green += point[3] * weight;
        sum.blue += point[4] * weight;
        total += weight;
    }
    return (struct colour){sum.red / total, sum.green / total, sum.blue / total};
}

static void draw_mesh(struct scene *scene)
{
    const struct palette *palette = scene->palette;
    const struct colour colours[MESH_POINTS] = {
        palette->light,
        palette->accent,
        palette->soft,
        palette->strong,
        colour_mix(palette->light, palette->accent, 0.4f),
        colour_mix(palette->soft, palette->light, 0.6f),
    };
    struct smooth_field field = {.at = mesh_at, .scene = scene};
    float *point = field.values;

    for (int index = 0; index < MESH_POINTS; index++, point += MESH_POINT_SIZE) {
        int column = index % 3, row = index / 3;

        /* One point in each sixth of the picture: chance, but no corner left empty. */
        point[0] = ((float)column - 1) * scene->half_x * 0.8f +
                   chance_between(&scene->chance, -0.16f, 0.16f);
        point[1] = ((float)row * 2 - 1) * scene->half_y * 0.62f +
                   chance_between(&scene->chance, -0.16f, 0.16f);
        memcpy(point + 2, &colours[(index * 5 + 1) % MESH_POINTS], sizeof(struct colour));
    }
    for (int index = MESH_SIZE; index < MESH_SIZE + 4; index++)
        field.values[index] = chance_between(&scene->chance, 0, TURN);
    draw_smooth(&field);
}

/* Niches one in the other, each a little deeper, on a floor. */
static void draw_arches(struct scene *scene)
{
    const struct palette *palette = scene->palette;
    const struct canvas *canvas = scene->canvas;
    float ground_y = chance_between(&scene->chance, 0.17f, 0.22f);
    float radius = chance_between(&scene->chance, 0.38f, 0.43f);
    const struct colour tones[4] = {
        colour_mix(palette->light, palette->soft, 0.35f),
        palette->soft,
        colour_mix(palette->soft, palette->accent, 0.55f),
        palette->accent,
    };
    const struct colour ground = colour_mix(palette->soft, palette->light, 0.35f);
    float step = radius * 0.19f, edge = 1 / scene->unit_px;

    for (int row = 0; row < canvas->height_px; row++) {
        float y = to_y(scene, (float)row);
        float ground_share = smooth(ground_y - edge, ground_y + edge, y);
        float ground_dark = 0.16f * expf(-fabsf(y - ground_y) * 14);

        for (int column = 0; column < canvas->width_px; column++) {
            float x = to_x(scene, (float)column), dy = y + 0.02f;
            float away = dy < 0 ? sqrtf(x * x + dy * dy) : fabsf(x);
            struct colour colour =
                colour_mix(tones[0], palette->light, 0.5f * clamp01(0.5f - y - x * 0.3f));

            for (int niche = 0; niche < 3; niche++) {
                float depth = radius - step * (float)niche - away;
                float cover = smooth(-edge, edge, depth);
                struct colour tone = tones[niche + 1];

                if (cover <= 0)
                    break;
                /* The rim throws its shadow from the upper left. */
                depth = depth + (x + dy * 0.5f) * 0.10f;
                tone = colour_mix(tone, palette->deep, 0.26f * expf(-clamp01(depth) * 26));
                tone = colour_mix(tone, palette->light, 0.16f * smooth(-0.3f, 0.3f, x - y));
                colour = colour_mix(colour, tone, cover);
            }
            colour = colour_mix(colour, palette->deep, ground_dark * (1 - ground_share) * 0.8f);
            colour = colour_mix(
                colour, colour_mix(ground, palette->accent, 0.5f * smooth(0.1f, 0.8f, fabsf(x))),
                ground_share);
            colour = colour_mix(colour, palette->deep, ground_dark * ground_share);
            put(pixel_at(canvas, column, row), colour, column, row);
        }
    }
}

/* Rays behind a disc. */
static void draw_sunburst(struct scene *scene)
{
    const struct palette *palette = scene->palette;
    const struct canvas *canvas = scene->canvas;
    float rays = (float)(chance_below(&scene->chance, 6) * 2 + 16);
    float turn = chance_between(&scene->chance, 0, TURN), centre_y = 0.06f;
    const struct colour pale = colour_mix(palette->light, palette->soft, 0.25f);
    const struct colour dim = colour_mix(palette->soft, palette->accent, 0.30f);

    for (int row = 0; row < canvas->height_px; row++) {
        float y = to_y(scene, (float)row) - centre_y;

        for (int column = 0; column < canvas->width_px; column++) {
            float x = to_x(scene, (float)column), distance = sqrtf(x * x + y * y);
            float phase = (atan2f(y, x) + turn) * rays / TURN;
            float wave = fabsf(phase - floorf(phase) - 0.5f) * 2; /* 0..1..0 across two rays */
            float width = rays / (TURN * fmaxf(distance, 0.01f) * scene->unit_px);
            float ray = smooth(0.5f - width, 0.5f + width, wave);
            struct colour colour =
                colour_mix(colour_mix(palette->light, pale, smooth(0, 0.6f, distance)),
                           colour_mix(palette->soft, dim, smooth(0.1f, 0.9f, distance)), ray);

            put(pixel_at(canvas, column, row), colour, column, row);
        }
    }
    draw_disc(scene, 0, centre_y, 0.335f, 0, palette->light, 0.55f, 1);
    draw_disc(scene, 0, centre_y, 0.30f, 0, palette->accent, 0.95f, 0.80f);
    draw_disc(scene, -0.05f, centre_y - 0.06f, 0.17f, 0.30f, palette->light, 0.28f, 1);
}

#define CHIP_SIDES 6

/* A stone: the inside of six half-planes. */
static void draw_chip(struct scene *scene, float x, float y, float size, struct colour colour)
{
    float normal_x[CHIP_SIDES], normal_y[CHIP_SIDES], reach[CHIP_SIDES];
    float turn = chance_between(&scene->chance, 0, TURN);
    struct box box = box_of(scene, x, y, size * 1.6f, size * 1.6f);

    for (int side = 0; side < CHIP_SIDES; side++) {
        float angle = turn + TURN * ((float)side + chance_between(&scene->chance, -0.32f, 0.32f)) /
                                 CHIP_SIDES;

        normal_x[side] = cosf(angle);
        normal_y[side] = sinf(angle);
        reach[side] = size * chance_between(&scene->chance, 0.45f, 1.0f);
    }
    for (int row = box.top; row < box.bottom; row++) {
        float dy = to_y(scene, (float)row) - y;

        for (int column = box.left; column < box.right; column++) {
            float dx = to_x(scene, (float)column) - x, outside = -1, cover;

            for (int side = 0; side < CHIP_SIDES; side++)
                outside = fmaxf(outside, dx * normal_x[side] + dy * normal_y[side] - reach[side]);
            cover = clamp01(0.5f - outside * scene->unit_px);
            if (cover > 0)
                pixel_blend(pixel_at(scene->canvas, column, row), colour, cover);
        }
    }
}

static struct colour plaster_at(const struct smooth_field *field, float x, float y)
{
    const struct palette *palette = field->scene->palette;
    float light = smooth(-1.0f, 0.9f, -x * 0.6f - y);

    return colour_mix(colour_mix(palette->light, palette->soft, 0.45f), palette->light, light);
}

/* Cells from one side to the other, and one beyond each. */
static int cells_over(float half, float cell) { return (int)ceilf(2 * half / cell) + 2; }

static void draw_terrazzo(struct scene *scene)
{
    const struct palette *palette = scene->palette;
    const struct colour colours[] = {
        palette->soft,
        palette->accent,
        palette->strong,
        colour_mix(palette->light, palette->accent, 0.5f),
        colour_mix(palette->strong, palette->deep, 0.4f),
        colour_mix(palette->light, (struct colour){1, 1, 1}, 0.7f),
    };
    struct smooth_field field = {.at = plaster_at, .scene = scene};
    const float cell = 0.085f;

    draw_smooth(&field);
    for (int row = 0; row < cells_over(scene->half_y, cell); row++) {
        for (int column = 0; column < cells_over(scene->half_x, cell); column++) {
            float x = (float)(column - 1) * cell - scene->half_x;
            float y = (float)(row - 1) * cell - scene->half_y;
            float size = chance_between(&scene->chance, 0.2f, 1);

            /* Many small stones, few large ones; crumbs between. */
            draw_chip(scene, x + chance_between(&scene->chance, -0.03f, 0.03f),
                      y + chance_between(&scene->chance, -0.03f, 0.03f),
                      0.044f * size * size + 0.006f,
                      colours[chance_below(&scene->chance, (int)COUNT(colours))]);
            draw_chip(scene, x + chance_between(&scene->chance, 0, cell),
                      y + chance_between(&scene->chance, 0, cell), 0.006f,
                      colours[chance_below(&scene->chance, (int)COUNT(colours))]);
        }
    }
}

#define WAVE_LAYERS 6

/* Sheets of paper, cut in waves, one before the other. */
static void draw_waves(struct scene *scene)
{
    const struct palette *palette = scene->palette;
    const struct canvas *canvas = scene->canvas;
    size_t columns = (size_t)canvas->width_px;
    CLEANUP(buf_finish) struct buf memory = {0};
    struct colour tones[WAVE_LAYERS + 1];
    float *heights;

    buf_reserve(&memory, columns * WAVE_LAYERS * sizeof(float));
    heights = (float *)(void *)memory.data;
    for (int layer = 0; layer <= WAVE_LAYERS; layer++) {
        float share = (float)layer / WAVE_LAYERS;

        tones[layer] = share < 0.5f ? colour_mix(palette->light, palette->soft, share * 2)
                                    : colour_mix(palette->soft, palette->accent, share * 2 - 1);
    }
    for (int layer = 0; layer < WAVE_LAYERS; layer++) {
        float base = scene->half_y * (-0.62f + 1.35f * (float)layer / (WAVE_LAYERS - 1));
        float swing = chance_between(&scene->chance, 0.04f, 0.09f);
        float speed = chance_between(&scene->chance, 2.2f, 4.2f);
        float phase = chance_between(&scene->chance, 0, TURN);

        for (size_t column = 0; column < columns; column++) {
            float x = to_x(scene, (float)column);

            heights[column * WAVE_LAYERS + (size_t)layer] =
                base + swing * sinf(x * speed + phase) +
                swing * 0.35f * sinf(x * speed * 2.3f + phase * 1.7f);
        }
    }
    for (int row = 0; row < canvas->height_px; row++) {
        float y = to_y(scene, (float)row);

        for (size_t column = 0; column < columns; column++) {
            struct colour colour = tones[0];
            float next_gap = 1;

            for (int layer = 0; layer < WAVE_LAYERS; layer++) {
                float gap = y - heights[column * WAVE_LAYERS + (size_t)layer];
                float cover = clamp01(0.5f + gap * scene->unit_px);

                if (cover > 0)
                    colour = colour_mix(
                        colour,
                        colour_mix(tones[layer + 1], palette->light, 0.30f * expf(-gap * 9)),
                        cover);
                if (gap < 0 && -gap < next_gap)
                    next_gap = -gap;
            }
            colour = colour_mix(colour, palette->deep, 0.20f * expf(-next_gap * 32));
            put(pixel_at(canvas, (int)column, row), colour, (int)column, row);
        }
    }
}

static struct colour dusk_at(const struct smooth_field *field, float x, float y)
{
    const struct palette *palette = field->scene->palette;
    float share = smooth(-0.75f, 0.75f, y * field->values[0] + x * field->values[1]);

    return share < 0.5f ? colour_mix(palette->light, palette->soft, share * 2)
                        : colour_mix(palette->soft, palette->accent, share * 2 - 1);
}

/* Lights out of focus. */
static void draw_orbs(struct scene *scene)
{
    const struct palette *palette = scene->palette;
    const struct colour colours[] = {
        palette->light, palette->strong, palette->accent, palette->light, {1, 1, 1}
    };
    float angle = chance_between(&scene->chance, 0, TURN);
    struct smooth_field field = {
        .at = dusk_at, .scene = scene, .values = {cosf(angle), sinf(angle)}
    };

    draw_smooth(&field);
    for (int orb = 0; orb < 16; orb++) {
        float x = chance_between(&scene->chance, -scene->half_x, scene->half_x);
        float y = chance_between(&scene->chance, -scene->half_y, scene->half_y);
        float size = chance_between(&scene->chance, 0.2f, 1);

        draw_disc(scene, x, y, 0.03f + 0.17f * size * size,
                  chance_between(&scene->chance, 0.004f, 0.05f),
                  colours[chance_below(&scene->chance, (int)COUNT(colours))],
                  chance_between(&scene->chance, 0.10f, 0.30f), 0.55f);
    }
}

void backdrop_draw(struct scene *scene)
{
    static void (*const families[])(struct scene * scene) = {
        draw_studio, draw_mesh, draw_arches, draw_sunburst, draw_terrazzo, draw_waves, draw_orbs,
    };

    families[chance_below(&scene->chance, (int)COUNT(families))](scene);
}
