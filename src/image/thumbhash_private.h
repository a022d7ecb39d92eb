/* image/thumbhash_private.h: the placeholder hash of the npm package thumbhash 0.1.1.  Pure. */
#pragma once

#include "core/str.h"

#define THUMBHASH_SIDE_PX_MAX 100
#define THUMBHASH_SIZE_MAX 25

/*
 * Of `width_px` x `height_px` pixels, RGBA, alpha not multiplied in; each side <= 100.  Returns the
 * size of the hash; *average_rgb is 0xRRGGBB.
 */
size_t thumbhash_of(const uint8_t *rgba, size_t width_px, size_t height_px,
                    uint8_t out[THUMBHASH_SIZE_MAX], uint32_t *average_rgb);
