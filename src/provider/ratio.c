/* provider/ratio.c: pixels as a shape and a class of size, for services that are told these. */
#include "provider/provider_private.h"

#define SIDE_1K 1024

static int64_t distance(int64_t a, int64_t b) { return a > b ? a - b : b - a; }

static const struct ratio_class *class_exact(const struct ratio *ratio,
                                             const struct ratio_class *classes, int64_t width,
                                             int64_t height)
{
    for (; classes->name != NULL; classes++)
        if (width * 4 == ratio->width * classes->quarters &&
            height * 4 == ratio->height * classes->quarters)
            return classes;
    return NULL;
}

static bool find_exact(const struct ratio *ratios, const struct ratio_class *classes, int64_t width,
                       int64_t height, const struct ratio **ratio, const struct ratio_class **class)
{
    for (; ratios->name != NULL; ratios++) {
        const struct ratio_class *found = class_exact(ratios, classes, width, height);
        if (found == NULL)
            continue;
        *ratio = ratios;
        *class = found;
        return true;
    }
    return false;
}

/* How far two shapes are apart, in thousandths. */
static int64_t shape_distance(const struct ratio *ratio, int64_t width, int64_t height)
{
    return distance(width * ratio->height, height * ratio->width) * 1000 / (height * ratio->width);
}

/* The side of the square with as many pixels is within an eighth of the class's own. */
static bool is_about(const struct ratio_class *class, int64_t pixels)
{
    int64_t side = SIDE_1K * class->quarters / 4, least = side - side / 8, most = side + side / 8;

    return pixels >= least * least && pixels <= most * most;
}

static bool find_near(const struct ratio *ratios, const struct ratio_class *classes, int64_t width,
                      int64_t height, const struct ratio **ratio, const struct ratio_class **class)
{
    const struct ratio *best = ratios;

    for (; ratios->name != NULL; ratios++)
        if (shape_distance(ratios, width, height) < shape_distance(best, width, height))
            best = ratios;
    for (; classes->name != NULL && !is_about(classes, width * height); classes++)
        ;
    if (shape_distance(best, width, height) > 30 || classes->name == NULL)
        return false;
    *ratio = best;
    *class = classes;
    return true;
}

bool ratio_find(const struct ratio *ratios, const struct ratio_class *classes, int64_t width,
                int64_t height, bool is_exact, const struct ratio **ratio,
                const struct ratio_class **class)
{
    if (width <= 0 || height <= 0 || width > 65536 || height > 65536)
        return false;
    return is_exact ? find_exact(ratios, classes, width, height, ratio, class)
                    : find_near(ratios, classes, width, height, ratio, class);
}
