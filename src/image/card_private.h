/* image/card_private.h: what the files of the mock's card share: a canvas, chance, colours. */
#pragma once

#include "core/buf.h"
#include "image/vips_private.h"

/* RGBA, 8 bits, alpha not multiplied in.  Owns `pixels`: canvas_finish(). */
struct canvas {
    uint8_t *pixels;
    int width_px, height_px;
};
/* All transparent.  Fails: UNAVAILABLE. */
MUST_CHECK bool canvas_init(struct canvas *canvas, int width_px, int height_px, struct error *err);
void canvas_finish(struct canvas *canvas); /* for CLEANUP() */

struct colour {
    float red, green, blue; /* 0..1, sRGB: mixed as they look */
};
static inline float clamp01(float value) { return value < 0 ? 0 : value > 1 ? 1 : value; }
static inline float mix(float from, float to, float share) { return from + (to - from) * share; }
static inline struct colour colour_mix(struct colour from, struct colour to, float share)
{
    return (struct colour){mix(from.red, to.red, share), mix(from.green, to.green, share),
                           mix(from.blue, to.blue, share)};
}
/* 0 below `from`, 1 above `to`, smooth between. */
static inline float smooth(float from, float to, float value)
{
    float share = clamp01((value - from) / (to - from));

    return share * share * (3 - 2 * share);
}
/* Lays a colour over one pixel. */
void pixel_blend(uint8_t *pixel, struct colour colour, float opacity);

/* Chance that is the same everywhere: splitmix64. */
struct chance {
    uint64_t state;
};
uint64_t chance_next(struct chance *chance);
float chance_between(struct chance *chance, float from, float to);
int chance_below(struct chance *chance, int limit);

/* From light to deep; `deep` carries white text. */
struct palette {
    struct colour light, soft, accent, strong, deep;
};

/*
 * A place on the canvas with its own unit: the shorter side is 1, (0, 0) the middle, y down; so the
 * drawings keep their shape on any format.
 */
struct scene {
    struct canvas *canvas;
    const struct palette *palette;
    struct chance chance;
    float unit_px;            /* the shorter side */
    float middle_x, middle_y; /* px */
    float half_x, half_y;     /* the edges, in units */
};
struct scene scene_of(struct canvas *canvas, uint64_t seed);

/* Distance to a box with round corners around (0, 0), negative inside; all in px. */
float round_box(float x, float y, float half_x, float half_y, float corner);

void backdrop_draw(struct scene *scene);
/* Something to look at when there is no reference picture: a body on a plinth, lit from the left.
 */
void still_life_draw(struct scene *scene);
/* `image` (3 or 4 bands) in the middle, with round corners when it has no alpha, and its shadow. */
MUST_CHECK bool product_draw(struct scene *scene, const struct vips_calls *vips, VipsImage *image,
                             struct error *err);
/* The prompt (at most three lines) and the caption at the bottom, white on a scrim; on a plate of
 * their own where the card is transparent. */
MUST_CHECK bool card_text_draw(struct scene *scene, const struct vips_calls *vips,
                               struct str prompt, struct str caption, bool is_transparent,
                               struct arena *arena, struct error *err);
