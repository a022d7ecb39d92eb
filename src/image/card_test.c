#include "image/image.h"

#include "image/image_test_private.h"
#include "image/vips_private.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_create(MIB(256));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static struct str draw(const struct image_card *card)
{
    struct str out = STR_EMPTY;
    struct error err = {0};

    if (!image_card_draw(card, arena, &out, &err))
        fail_msg("%s %s: %s", err.field, err.message, err.detail);
    return out;
}

/* Decoded pixels; freed with the arena. */
struct pixels {
    const uint8_t *data;
    int width_px, height_px, bands;
};

static struct pixels decode(struct str bytes)
{
    struct error err = {0};
    const struct vips_calls *vips = vips_calls_get(&err);
    CLEANUP(vips_image_cleanup) VipsImage *image = NULL;
    struct image_info info;
    struct pixels pixels;
    size_t size;
    void *data;

    assert_true(image_probe(bytes, NULL, &info, &err));
    assert_true(pixels_load(vips, bytes, &info, 0, arena, &image, &err));
    data = vips->vips_image_write_to_memory(image, &size);
    pixels = (struct pixels){
        .data = (const uint8_t *)arena_str(arena, (struct str){data, size}).data,
        .width_px = vips->vips_image_get_width(image),
        .height_px = vips->vips_image_get_height(image),
        .bands = vips->vips_image_get_bands(image),
    };
    vips->g_free(data);
    return pixels;
}

static const uint8_t *at(struct pixels pixels, int x, int y)
{
    return pixels.data + (y * pixels.width_px + x) * pixels.bands;
}

static void test_a_card_is_the_same_for_the_same_seed(void **state)
{
    struct image_card card = {.width_px = 200, .height_px = 150, .seed = 7,
                              .prompt = STR("a cup"), .type = IMAGE_PNG};
    struct str first = draw(&card);

    (void)state;
    assert_true(str_equal(first, draw(&card)));
    card.seed = 8;
    assert_false(str_equal(first, draw(&card)));
    card.seed = 7;
    card.prompt = STR("a cap");
    assert_false(str_equal(first, draw(&card)));
}

static void test_a_card_has_the_asked_size_and_type(void **state)
{
    static const struct {
        int width_px, height_px;
        enum image_type type;
    } cases[] = {
        {1, 1, IMAGE_PNG},      {64, 64, IMAGE_WEBP},   {8192, 1, IMAGE_PNG}, {1, 500, IMAGE_JPEG},
        {320, 180, IMAGE_JPEG}, {180, 320, IMAGE_WEBP}, {121, 119, IMAGE_PNG},
    };

    (void)state;
    for (size_t index = 0; index < COUNT(cases); index++) {
        struct image_card card = {
            .width_px = cases[index].width_px, .height_px = cases[index].height_px, .seed = index,
            .prompt = STR("any size"), .caption = STR("mock"), .type = cases[index].type,
            .quality = 80};
        struct image_info info;
        struct error err;

        assert_true(image_probe(draw(&card), NULL, &info, &err));
        assert_int_equal(info.type, cases[index].type);
        assert_int_equal(info.width_px, cases[index].width_px);
        assert_int_equal(info.height_px, cases[index].height_px);
        assert_false(info.has_alpha);
    }
}

static void test_any_text_can_be_set(void **state)
{
    static const struct str prompts[] = {
        {"<b>&amp;</b> \"'", 16},
        {"\xFF\xFE broken \xC3", 12},
        {"line\nfeed\ttab\x01\x7F", 16},
        {"\xE6\xB8\x85\xE6\x99\xA8", 6},
        {"\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D", 8},
        {"\xF0\x9F\x8E\x89\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7", 15},
        {"   ", 3},
        {"", 0},
        {"\0\0", 2},
        {"\xE2\x80\x8B\xE2\x80\x8B", 6},
    };
    CLEANUP(buf_finish) struct buf endless = {0};
    struct image_card card = {.width_px = 160, .height_px = 130, .type = IMAGE_PNG};

    (void)state;
    for (size_t index = 0; index < COUNT(prompts); index++) {
        card.prompt = card.caption = prompts[index];
        draw(&card);
    }
    for (int index = 0; index < 4000; index++)
        buf_add(&endless, STR("Donaudampfschiff"));
    card.prompt = card.caption = buf_str(&endless);
    draw(&card);
}

static float linear(uint8_t value)
{
    float share = (float)value / 255;

    return share <= 0.04045f ? share / 12.92f : powf((share + 0.055f) / 1.055f, 2.4f);
}

static float luminance(const uint8_t *pixel)
{
    return 0.2126f * linear(pixel[0]) + 0.7152f * linear(pixel[1]) + 0.0722f * linear(pixel[2]);
}

static void test_the_words_have_contrast_on_every_backdrop(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 24; seed++) {
        struct image_card card = {.width_px = 240, .height_px = 240, .seed = seed,
                                  .prompt = STR("\xC3\x89y"), .caption = STR("\xC3\x89y"),
                                  .type = IMAGE_PNG};
        struct pixels pixels = decode(draw(&card));

        /* Under the words, right of them: white on each pixel of it. */
        for (int y = pixels.height_px - 36; y < pixels.height_px; y++)
            for (int x = 40; x < pixels.width_px; x++)
                if (1.05f / (luminance(at(pixels, x, y)) + 0.05f) < 4.5f)
                    fail_msg("seed %d: contrast at %d, %d", (int)seed, x, y);
    }
}

static void test_the_prompt_is_visible_and_takes_three_lines_at_most(void **state)
{
    CLEANUP(buf_finish) struct buf words = {0};
    struct image_card card = {.width_px = 300, .height_px = 300, .seed = 5, .type = IMAGE_PNG};
    int tops[2];

    (void)state;
    for (int length = 0; length < 2; length++) {
        struct pixels pixels;

        for (int index = 0; index < (length == 0 ? 1 : 200); index++)
            buf_add(&words, STR("many words "));
        card.prompt = buf_str(&words);
        card.is_transparent = true;
        pixels = decode(draw(&card));
        tops[length] = pixels.height_px;
        for (int y = pixels.height_px - 1; y >= 0; y--)
            for (int x = 0; x < 60; x++)
                if (at(pixels, x, y)[3] > 150 && at(pixels, x, y)[0] > 200)
                    tops[length] = y;
    }
    assert_in_range(tops[0], 250, 290);  /* one line of white */
    assert_in_range(tops[1], 215, 250);  /* three, and not 40 */
}

static void test_a_transparent_card_has_no_background(void **state)
{
    struct image_card card = {.width_px = 200, .height_px = 200, .seed = 2,
                              .is_transparent = true, .type = IMAGE_PNG};
    struct pixels pixels = decode(draw(&card));

    (void)state;
    assert_int_equal(pixels.bands, 4);
    assert_int_equal(at(pixels, 2, 2)[3], 0);
    assert_int_equal(at(pixels, 100, 120)[3], 255);
}

static struct str reference_of(bool is_transparent)
{
    struct image_card card = {.width_px = 90, .height_px = 60, .seed = 1,
                              .is_transparent = is_transparent, .type = IMAGE_PNG};

    return draw(&card);
}

static void test_the_reference_is_placed_on_the_card(void **state)
{
    struct image_card card = {.width_px = 200, .height_px = 200, .seed = 9, .type = IMAGE_PNG};
    struct str without = draw(&card), panel, cutout;

    (void)state;
    card.reference = reference_of(false);
    panel = draw(&card);
    card.reference = reference_of(true);
    cutout = draw(&card);
    assert_false(str_equal(panel, without));
    assert_false(str_equal(panel, cutout));
    /* The backdrop is the same in both: one seed, one scene. */
    assert_memory_equal(at(decode(panel), 3, 3), at(decode(cutout), 3, 3), 3);
}

/* A mask of 40 x 40 px as the edit wants it: open in the middle. */
static struct str mask_of(bool is_open)
{
    static uint8_t rgba[40 * 40 * 4];
    struct error err = {0};
    const struct vips_calls *vips = vips_calls_get(&err);
    CLEANUP(vips_image_cleanup) VipsImage *raw = NULL;
    CLEANUP(vips_image_cleanup) VipsImage *image = NULL;
    struct str out;

    for (int y = 0; y < 40; y++)
        for (int x = 0; x < 40; x++)
            rgba[(y * 40 + x) * 4 + 3] =
                is_open && x >= 10 && x < 30 && y >= 10 && y < 30 ? 0 : 255;
    raw = vips->vips_image_new_from_memory(rgba, sizeof(rgba), 40, 40, 4, VIPS_FORMAT_UCHAR);
    assert_int_equal(
        vips->vips_copy(raw, &image, "interpretation", VIPS_INTERPRETATION_sRGB, NULL), 0);
    assert_true(
        pixels_save(vips, image, (struct pixels_format){IMAGE_PNG, 90, 1}, arena, &out, &err));
    return out;
}

static void test_an_edit_repaints_the_open_part_only(void **state)
{
    struct image_card card = {.width_px = 160, .height_px = 160, .seed = 4,
                              .prompt = STR("another vase"), .type = IMAGE_PNG};
    struct pixels before, after;
    int changed = 0;

    (void)state;
    card.reference = draw(&card);
    card.seed = 77;
    card.mask = mask_of(true);
    before = decode(card.reference);
    after = decode(draw(&card));
    for (int y = 0; y < 160; y++) {
        for (int x = 0; x < 160; x++) {
            bool is_far = x < 34 || x > 126 || y < 34 || y > 126; /* 40..120, and the soft edge */
            bool is_same = memcmp(at(before, x, y), at(after, x, y), 3) == 0;

            if (is_far && !is_same)
                fail_msg("changed outside the mask at %d, %d", x, y);
            changed += !is_same;
        }
    }
    assert_in_range(changed, 80 * 80 / 2, 92 * 92);
}

static void test_wrong_edits_are_refused(void **state)
{
    const struct {
        struct str reference, mask;
        enum error_code code;
        const char *field;
    } cases[] = {
        {STR_EMPTY, mask_of(true), ERROR_REQUIRED, "reference"},
        {reference_of(false), mask_of(false), ERROR_INVALID, "mask"},
        {reference_of(false), test_picture(IMAGE_JPEG, arena), ERROR_INVALID, "mask"},
        {reference_of(false), STR("no picture"), ERROR_PICTURE_TYPE, "mask"},
        {STR("%PDF-1.4"), STR_EMPTY, ERROR_PICTURE_TYPE, "reference"},
        {str_slice(reference_of(false), 0, 900), STR_EMPTY, ERROR_PICTURE_BROKEN, "reference"},
    };

    (void)state;
    for (size_t index = 0; index < COUNT(cases); index++) {
        struct image_card card = {.width_px = 60, .height_px = 60, .type = IMAGE_PNG,
                                  .reference = cases[index].reference, .mask = cases[index].mask};
        struct str out = STR_EMPTY;
        struct error err;

        assert_false(image_card_draw(&card, arena, &out, &err));
        assert_int_equal(err.code, cases[index].code);
        assert_string_equal(err.field, cases[index].field);
        assert_null(out.data);
    }
}

static void test_impossible_sizes_are_refused(void **state)
{
    static const int64_t sides[] = {0, -1, 8193, INT64_MAX, INT64_MIN};

    (void)state;
    for (size_t index = 0; index < COUNT(sides); index++) {
        struct image_card card = {.width_px = sides[index], .height_px = 10, .type = IMAGE_PNG};
        struct str out;
        struct error err;

        assert_false(image_card_draw(&card, arena, &out, &err));
        assert_true(err.code == ERROR_TOO_SMALL || err.code == ERROR_TOO_BIG);
    }
}

/* How much neighbours differ: less and less as a partial picture gets blurrier. */
static double roughness(struct pixels pixels)
{
    double sum = 0;

    for (int y = 0; y < pixels.height_px; y++)
        for (int x = 1; x < pixels.width_px; x++)
            sum += abs(at(pixels, x, y)[1] - at(pixels, x - 1, y)[1]);
    return sum;
}

static void test_a_softer_card_is_blurrier(void **state)
{
    struct image_card card = {.width_px = 200, .height_px = 200, .seed = 5,
                              .prompt = STR("partial"), .type = IMAGE_PNG};
    double last = roughness(decode(draw(&card)));

    (void)state;
    for (card.softness = 1; card.softness <= 3; card.softness++) {
        struct pixels pixels = decode(draw(&card));
        double now = roughness(pixels);

        assert_int_equal(pixels.width_px, 200);
        assert_int_equal(pixels.bands, 3);
        assert_true(now < last);
        last = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_card_is_the_same_for_the_same_seed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_card_has_the_asked_size_and_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_any_text_can_be_set, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_words_have_contrast_on_every_backdrop, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_the_prompt_is_visible_and_takes_three_lines_at_most,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_transparent_card_has_no_background, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_the_reference_is_placed_on_the_card, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_edit_repaints_the_open_part_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_edits_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_impossible_sizes_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_softer_card_is_blurrier, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, test_finish);
}
