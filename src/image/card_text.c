#include "image/card_private.h"

#include "core/text.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define LINES_MAX 3
#define PROMPT_CHARACTERS_MAX 400 /* three lines never hold more */
#define SCRIM_OPACITY 0.76f
#define UNIT_PX_MIN 120 /* on less nothing can be read */
/* Named so that Chinese is never set in a Japanese font, and no box is ever drawn where Debian's
 * fonts-noto-cjk is installed. */
#define FONT "Noto Sans CJK SC, Noto Sans, DejaVu Sans"

struct words {
    uint8_t *pixels; /* RGBA; g_free() */
    int width_px, height_px;
};

/* Pango markup of the text in one colour; control characters and line ends become spaces. */
static struct str markup_of(struct str text, bool is_cut, const char *colour, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    uint32_t code;

    buf_printf(&buf, "<span foreground=\"%s\">", colour);
    while (text_next(&text, &code)) {
        if (code == '&')
            buf_add(&buf, STR("&amp;"));
        else if (code == '<')
            buf_add(&buf, STR("&lt;"));
        else if (code == '>')
            buf_add(&buf, STR("&gt;"));
        else if (code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029)
            buf_add_char(&buf, ' ');
        else
            text_add_code_point(&buf, code);
    }
    if (is_cut)
        text_add_code_point(&buf, 0x2026);
    buf_add(&buf, STR("</span>"));
    return arena_str(arena, buf_str(&buf));
}

/* The first `count` characters. */
static struct str first_characters(struct str text, size_t count)
{
    struct str rest = text;
    uint32_t code;

    while (count-- > 0 && text_next(&rest, &code))
        ;
    return str_trim(str_slice(text, 0, text.size - rest.size));
}

/* *out stays NULL when there is nothing to see in the text (spaces, joiners). */
static bool set_words(const struct vips_calls *vips, struct str markup, float size_px, int width_px,
                      struct arena *arena, VipsImage **out)
{
    /* 72 dots to the inch: a point is a pixel. */
    struct str font = arena_printf(arena, FONT " %d", (int)(size_px + 0.5f));

    char *problem;
    bool is_blank;

    if (vips->vips_text(out, arena_cstr(arena, markup), "font", arena_cstr(arena, font), "width",
                        width_px, "dpi", 72, "rgba", TRUE, "wrap", VIPS_TEXT_WRAP_WORD_CHAR,
                        NULL) == 0)
        return true;
    problem = vips->vips_error_buffer_copy();
    is_blank = str_find(str_of(problem), STR("no text to render")) >= 0;
    vips->g_free(problem);
    return is_blank;
}

/*
 * The longest beginning of the text that fits into the height, with an ellipsis when it is cut:
 * halving, from a guess by proportion.
 */
static bool fit_words(const struct vips_calls *vips, struct str text, float size_px, int width_px,
                      int lines, struct arena *arena, VipsImage **out)
{
    int height_max = (int)(size_px * (1.50f * (float)lines + 0.15f));
    size_t good = 0, count, bad;
    bool is_cut = text_count(text) > PROMPT_CHARACTERS_MAX;

    text = first_characters(text, PROMPT_CHARACTERS_MAX);
    count = text_count(text);
    if (!set_words(vips, markup_of(text, is_cut, "white", arena), size_px, width_px, arena, out))
        return false;
    if (*out == NULL || vips->vips_image_get_height(*out) <= height_max)
        return true;
    bad = count;
    count = count * (size_t)height_max / (size_t)vips->vips_image_get_height(*out);
    vips_image_cleanup(out);
    while (bad - good > 1) {
        VipsImage *tried = NULL;

        if (count <= good || count >= bad)
            count = good + (bad - good) / 2;
        if (!set_words(vips, markup_of(first_characters(text, count), true, "white", arena),
                       size_px, width_px, arena, &tried))
            return false;
        if (tried == NULL || vips->vips_image_get_height(tried) <= height_max) {
            vips_image_cleanup(out);
            *out = tried;
            good = count;
            count += 2; /* the guess is near: step, then halve */
            if (bad - good <= 4)
                break; /* a word more or less */
        } else {
            vips_image_cleanup(&tried);
            bad = count;
            count = good + (bad - good) * 3 / 4;
        }
    }
    return true;
}

/* True when the first letter is written from right to left. */
static bool is_right_to_left(struct str text)
{
    uint32_t code;

    while (text_next(&text, &code)) {
        if ((code >= 0x0590 && code <= 0x08FF) || (code >= 0xFB1D && code <= 0xFDFF) ||
            (code >= 0xFE70 && code <= 0xFEFC) || (code >= 0x10800 && code <= 0x10FFF))
            return true;
        if ((code >= 'A' && code <= 'Z') || (code >= 'a' && code <= 'z') ||
            (code >= 0xC0 && code < 0x2000) || (code >= 0x2E80 && code < 0xD800))
            return false;
    }
    return false;
}

static bool take_words(const struct vips_calls *vips, VipsImage *image, struct words *out)
{
    size_t size = 0;

    if (image == NULL)
        return true;
    assert(vips->vips_image_get_bands(image) == 4);
    out->pixels = vips->vips_image_write_to_memory(image, &size);
    out->width_px = vips->vips_image_get_width(image);
    out->height_px = vips->vips_image_get_height(image);
    return out->pixels != NULL;
}

static void draw_words(const struct scene *scene, const struct words *words, int left, int top,
                       float opacity)
{
    const struct canvas *canvas = scene->canvas;

    for (int y = 0; y < words->height_px && top + y < canvas->height_px; y++) {
        for (int x = 0; x < words->width_px && left + x < canvas->width_px; x++) {
            const uint8_t *from =
                words->pixels + ((size_t)y * (size_t)words->width_px + (size_t)x) * 4;

            if (from[3] > 0 && top + y >= 0 && left + x >= 0)
                pixel_blend(
                    canvas->pixels +
                        ((size_t)(top + y) * (size_t)canvas->width_px + (size_t)(left + x)) * 4,
                    (struct colour){(float)from[0] / 255, (float)from[1] / 255,
                                    (float)from[2] / 255},
                    opacity * (float)from[3] / 255);
        }
    }
}

/*
 * Dark under the words, fading out above.  0.76 of a palette's deep tone over pure white leaves
 * white text 6:1 and more (WCAG 1.4.3 asks 4.5:1).
 */
static void draw_scrim(const struct scene *scene, int top)
{
    const struct canvas *canvas = scene->canvas;
    int from = top - (int)(scene->unit_px * 0.11f);

    for (int y = from < 0 ? 0 : from; y < canvas->height_px; y++) {
        float opacity = SCRIM_OPACITY * smooth((float)from, (float)top, (float)y);

        for (int x = 0; x < canvas->width_px; x++)
            pixel_blend(canvas->pixels + ((size_t)y * (size_t)canvas->width_px + (size_t)x) * 4,
                        scene->palette->deep, opacity);
    }
}

/* The same darkness as a plate with round corners, for a card without background. */
static void draw_plate(const struct scene *scene, int left, int top, int right, int bottom)
{
    const struct canvas *canvas = scene->canvas;
    float half_x = (float)(right - left) / 2, half_y = (float)(bottom - top) / 2;
    float corner = fminf(scene->unit_px * 0.02f, half_y);

    for (int y = top < 0 ? 0 : top; y < bottom && y < canvas->height_px; y++) {
        for (int x = left < 0 ? 0 : left; x < right && x < canvas->width_px; x++) {
            float outside = round_box((float)(x - left) + 0.5f - half_x,
                                      (float)(y - top) + 0.5f - half_y, half_x, half_y, corner);

            pixel_blend(canvas->pixels + ((size_t)y * (size_t)canvas->width_px + (size_t)x) * 4,
                        scene->palette->deep, SCRIM_OPACITY * clamp01(0.5f - outside));
        }
    }
}

/* Sets both texts where they belong, on what makes them legible. */
static void lay_words(const struct scene *scene, const struct words *words,
                      const struct words *small, int margin, bool is_mirrored, bool is_transparent)
{
    const struct canvas *canvas = scene->canvas;
    int bottom = canvas->height_px - margin;
    int top = bottom - small->height_px - words->height_px;
    int widest = words->width_px > small->width_px ? words->width_px : small->width_px;
    int left = margin, small_left = margin, padding = margin / 2;

    if (words->height_px > 0 && small->height_px > 0)
        top -= (int)(scene->unit_px * 0.018f);
    if (is_mirrored) {
        left = canvas->width_px - margin - words->width_px;
        small_left = canvas->width_px - margin - small->width_px;
    }
    if (is_transparent)
        draw_plate(scene, (left < small_left ? left : small_left) - padding, top - padding,
                   (left < small_left ? left : small_left) + widest + padding, bottom + padding);
    else
        draw_scrim(scene, top - padding);
    draw_words(scene, words, left, top, 1);
    draw_words(scene, small, small_left, bottom - small->height_px, 0.82f);
}

bool card_text_draw(struct scene *scene, const struct vips_calls *vips, struct str prompt,
                    struct str caption, bool is_transparent, struct arena *arena, struct error *err)
{
    const struct canvas *canvas = scene->canvas;
    float size_px = fmaxf(scene->unit_px * 0.034f, 11);
    float small_px = fmaxf(scene->unit_px * 0.020f, 9);
    int margin = (int)(scene->unit_px * 0.05f);
    int width_px = canvas->width_px - 2 * margin;
    struct words words = {0}, small = {0};
    bool is_set = true;

    prompt = str_trim(prompt);
    caption = str_trim(caption);
    if (scene->unit_px < UNIT_PX_MIN || prompt.size + caption.size == 0)
        return true;
    if (width_px > (int)(size_px * 46))
        width_px = (int)(size_px * 46); /* a longer line is hard to read */
    if (prompt.size > 0) {
        CLEANUP(vips_image_cleanup) VipsImage *image = NULL;

        is_set = fit_words(vips, prompt, size_px, width_px, scene->unit_px < 256 ? 2 : LINES_MAX,
                           arena, &image) &&
                 take_words(vips, image, &words);
    }
    if (is_set && caption.size > 0) {
        CLEANUP(vips_image_cleanup) VipsImage *image = NULL;

        is_set = fit_words(vips, caption, small_px, width_px, 1, arena, &image) &&
                 take_words(vips, image, &small);
    }
    if (is_set && words.height_px + small.height_px > 0)
        lay_words(scene, &words, &small, margin, is_right_to_left(prompt), is_transparent);
    vips->g_free(words.pixels);
    vips->g_free(small.pixels);
    return is_set || vips_fail(vips, ERROR_INTERNAL, err);
}
