#include "image/thumbhash_private.h"

#include "core/buf.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846
#define TERMS_MAX 32 /* at most 7 x 7 under the diagonal */

/* One channel as a constant, its varying terms between 0 and 1, and their scale. */
struct channel {
    double dc, scale;
    double ac[TERMS_MAX];
    size_t ac_count;
};

/* As Math.round(): halves go up. */
static uint32_t round_up(double value) { return (uint32_t)floor(value + 0.5); }

static struct channel encode(const double *values, size_t width, size_t height, size_t nx,
                             size_t ny)
{
    struct channel channel = {0};
    double fx[THUMBHASH_SIDE_PX_MAX];

    for (size_t cy = 0; cy < ny; cy++) {
        for (size_t cx = 0; cx * ny < nx * (ny - cy); cx++) {
            double sum = 0;

            for (size_t x = 0; x < width; x++)
                fx[x] = cos(PI / (double)width * (double)cx * ((double)x + 0.5));
            for (size_t y = 0; y < height; y++) {
                double fy = cos(PI / (double)height * (double)cy * ((double)y + 0.5));

                for (size_t x = 0; x < width; x++)
                    sum += values[x + y * width] * fx[x] * fy;
            }
            sum /= (double)(width * height);
            if (cx == 0 && cy == 0) {
                channel.dc = sum;
                continue;
            }
            assert(channel.ac_count < TERMS_MAX);
            channel.ac[channel.ac_count++] = sum;
            channel.scale = fmax(channel.scale, fabs(sum));
        }
    }
    for (size_t index = 0; channel.scale > 0 && index < channel.ac_count; index++)
        channel.ac[index] = 0.5 + 0.5 / channel.scale * channel.ac[index];
    return channel;
}

struct average {
    double red, green, blue, alpha;
};

static struct average average_of(const uint8_t *rgba, size_t count)
{
    struct average sum = {0};

    for (size_t index = 0; index < count; index++) {
        const uint8_t *pixel = rgba + index * 4;
        double alpha = pixel[3] / 255.0;

        sum.red += alpha / 255 * pixel[0];
        sum.green += alpha / 255 * pixel[1];
        sum.blue += alpha / 255 * pixel[2];
        sum.alpha += alpha;
    }
    if (sum.alpha > 0) {
        sum.red /= sum.alpha;
        sum.green /= sum.alpha;
        sum.blue /= sum.alpha;
    }
    return sum;
}

/* The varying terms, a nibble each. */
static void add_terms(const struct channel *channel, uint8_t *out, size_t *nibble)
{
    for (size_t index = 0; index < channel->ac_count; index++, (*nibble)++) {
        uint32_t term = round_up(15 * channel->ac[index]);

        out[*nibble / 2] = (uint8_t)(out[*nibble / 2] | term << (*nibble % 2 * 4));
    }
}

static size_t side_terms(double limit, size_t side, size_t longest)
{
    uint32_t terms = round_up(limit * (double)side / (double)longest);

    return terms > 1 ? terms : 1;
}

size_t thumbhash_of(const uint8_t *rgba, size_t width_px, size_t height_px,
                    uint8_t out[THUMBHASH_SIZE_MAX], uint32_t *average_rgb)
{
    CLEANUP(buf_finish) struct buf memory = {0};
    double *l, *p, *q, *a;
    size_t count = width_px * height_px, longest = width_px > height_px ? width_px : height_px;
    struct average average = average_of(rgba, count);
    bool has_alpha = average.alpha<(double)count, is_landscape = width_px> height_px;
    size_t lx, ly, nibble;
    struct channel luminance, yellow, red, alpha = {0};
    uint32_t head, tail;

    assert(width_px > 0 && height_px > 0 && longest <= THUMBHASH_SIDE_PX_MAX);
    buf_reserve(&memory, 4 * count * sizeof(double));
    l = (double *)(void *)memory.data;
    p = l + count;
    q = p + count;
    a = q + count;
    lx = side_terms(has_alpha ? 5 : 7, width_px, longest);
    ly = side_terms(has_alpha ? 5 : 7, height_px, longest);
    for (size_t index = 0; index < count; index++) {
        const uint8_t *pixel = rgba + index * 4;
        double opacity = pixel[3] / 255.0;
        double r = average.red * (1 - opacity) + opacity / 255 * pixel[0];
        double g = average.green * (1 - opacity) + opacity / 255 * pixel[1];
        double b = average.blue * (1 - opacity) + opacity / 255 * pixel[2];

        l[index] = (r + g + b) / 3;
        p[index] = (r + g) / 2 - b;
        q[index] = r - g;
        a[index] = opacity;
    }
    luminance = encode(l, width_px, height_px, lx > 3 ? lx : 3, ly > 3 ? ly : 3);
    yellow = encode(p, width_px, height_px, 3, 3);
    red = encode(q, width_px, height_px, 3, 3);
    if (has_alpha)
        alpha = encode(a, width_px, height_px, 5, 5);

    head = round_up(63 * luminance.dc) | round_up(31.5 + 31.5 * yellow.dc) << 6 |
           round_up(31.5 + 31.5 * red.dc) << 12 | round_up(31 * luminance.scale) << 18 |
           (uint32_t)has_alpha << 23;
    tail = (uint32_t)(is_landscape ? ly : lx) | round_up(63 * yellow.scale) << 3 |
           round_up(63 * red.scale) << 9 | (uint32_t)is_landscape << 15;
    memset(out, 0, THUMBHASH_SIZE_MAX);
    out[0] = (uint8_t)head;
    out[1] = (uint8_t)(head >> 8);
    out[2] = (uint8_t)(head >> 16);
    out[3] = (uint8_t)tail;
    out[4] = (uint8_t)(tail >> 8);
    if (has_alpha)
        out[5] = (uint8_t)(round_up(15 * alpha.dc) | round_up(15 * alpha.scale) << 4);
    nibble = has_alpha ? 12 : 10;
    add_terms(&luminance, out, &nibble);
    add_terms(&yellow, out, &nibble);
    add_terms(&red, out, &nibble);
    add_terms(&alpha, out, &nibble);
    *average_rgb = round_up(255 * average.red) << 16 | round_up(255 * average.green) << 8 |
                   round_up(255 * average.blue);
    return (nibble + 1) / 2;
}
