#include "image/image.h"

#include "image/exif_private.h"
#include "image/image_test_private.h"
#include "image/thumbhash_private.h"
#include "image/vips_private.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <time.h>

#include <cmocka.h>

#define ALL ((1U << IMAGE_VARIANT_COUNT) - 1)

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

static struct image_info probe(struct str bytes)
{
    struct image_info info = {0};
    struct error err = {0};

    if (!image_probe(bytes, NULL, &info, &err))
        fail_msg("%s", err.message);
    return info;
}

static struct image_shown show(struct str bytes, unsigned which)
{
    struct image_info info = probe(bytes);
    struct image_shown shown = {0};
    struct error err = {0};

    if (!image_show(bytes, &info, which, arena, &shown, &err))
        fail_msg("%s: %s", err.message, err.detail);
    return shown;
}

static void test_variants_are_webp_and_never_larger_than_the_picture(void **state)
{
    static const struct {
        int width_px, height_px;
        int sides[IMAGE_VARIANT_COUNT]; /* the longest of each */
    } cases[] = {
        {700, 400,  {320, 640, 700, 700}  },
        {100, 2400, {320, 640, 1600, 2048}},
        {1,   1,    {1, 1, 1, 1}          },
    };

    (void)state;
    for (size_t index = 0; index < COUNT(cases); index++) {
        struct image_shown shown = show(
            test_picture_sized(IMAGE_JPEG, cases[index].width_px, cases[index].height_px, arena),
            ALL);

        assert_in_range(shown.thumbhash.size, 6, THUMBHASH_SIZE_MAX);
        for (int variant = 0; variant < IMAGE_VARIANT_COUNT; variant++) {
            struct image_info info = probe(shown.variants[variant]);
            int64_t side = info.width_px > info.height_px ? info.width_px : info.height_px;

            assert_int_equal(info.type, IMAGE_WEBP);
            assert_int_equal(side, cases[index].sides[variant]);
            assert_true(str_find(shown.variants[variant], STR("EXIF")) < 0);
            assert_true(str_find(shown.variants[variant], STR("ICCP")) < 0);
        }
    }
}

static void test_only_what_is_asked_for_is_made(void **state)
{
    struct str picture = test_picture_sized(IMAGE_PNG, 700, 400, arena);
    struct image_shown shown = show(picture, 1U << IMAGE_MEDIUM), all = show(picture, ALL);

    (void)state;
    for (int variant = 0; variant < IMAGE_VARIANT_COUNT; variant++)
        assert_int_equal(shown.variants[variant].size > 0, variant == IMAGE_MEDIUM);
    assert_true(shown.thumbhash.size > 0);
    assert_true(show(picture, 0).thumbhash.size > 0);
    assert_int_equal(all.average_rgb >> 20, shown.average_rgb >> 20);
}

static void test_every_type_is_decoded(void **state)
{
    const struct {
        struct str bytes;
        uint32_t average_rgb; /* 0: whatever */
    } cases[] = {
        {test_picture(IMAGE_PNG, arena), 0},
        {test_picture(IMAGE_JPEG,                      arena),      0},
        {test_picture(IMAGE_WEBP,                     arena),                      0},
        {test_gif(3,arena),0xFF0000},
        {test_avif,             0x7E0181                 },
    };

    (void)state;
    for (size_t index = 0; index < COUNT(cases); index++) {
        uint32_t average = show(cases[index].bytes, 1).average_rgb;

        if (cases[index].average_rgb != 0)
            assert_int_equal(average, cases[index].average_rgb);
    }
}

/* Eight ways to hold a camera: the corner that is red in the file must come out where EXIF says. */
static void test_pictures_come_out_upright(void **state)
{
    /* 2 x 1 px: red, then blue.  The place of red in the upright picture: */
    static const struct {
        int red_x, red_y, width_px, height_px;
    } places[] = {
        {0, 0, 2, 1},
        {1, 0, 2, 1},
        {1, 0, 2, 1},
        {0, 0, 2, 1},
        {0, 0, 1, 2},
        {0, 0, 1, 2},
        {0, 1, 1, 2},
        {0, 1, 1, 2},
    };
    /* 1 bit a pixel, palette red and blue, one row of 01 */
    CLEANUP(buf_finish) struct buf png = {0};
    struct error err = {0};
    const struct vips_calls *vips = vips_calls_get(&err);

    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++) {
        CLEANUP(buf_finish) struct buf exif = {0};
        CLEANUP(vips_image_cleanup) VipsImage *image = NULL;
        struct image_info info;
        uint8_t *pixels;
        size_t size;
        int red;

        buf_clear(&png);
        exif_add_orientation(&exif, orientation);
        buf_add(&png, (struct str){PNG_SIGNATURE, PNG_SIGNATURE_SIZE});
        test_png_part(&png, "IHDR", STR("\0\0\0\2\0\0\0\1\1\3\0\0\0"));
        test_png_part(&png, "PLTE", STR("\xFF\0\0\0\0\xFF"));
        test_png_part(&png, "eXIf", buf_str(&exif));
        /* zlib, one stored block: filter 0, bits 01 */
        test_png_part(&png, "IDAT", STR("\x78\x01\x01\2\0\xFD\xFF\0\x40\0\x42\0\x41"));
        test_png_part(&png, "IEND", STR_EMPTY);
        info = probe(buf_str(&png));
        assert_int_equal(info.width_px, places[orientation - 1].width_px);
        assert_int_equal(info.height_px, places[orientation - 1].height_px);
        assert_true(pixels_load(vips, buf_str(&png), &info, 0, arena, &image, &err));
        pixels = vips->vips_image_write_to_memory(image, &size);
        assert_int_equal(size, 6);
        red = places[orientation - 1].red_x + places[orientation - 1].red_y;
        for (int at = 0; at < 2; at++) {
            assert_int_equal(pixels[at * 3], at == red ? 255 : 0);
            assert_int_equal(pixels[at * 3 + 2], at == red ? 0 : 255);
        }
        vips->g_free(pixels);
    }
}

static void test_a_cut_off_picture_is_broken(void **state)
{
    struct str whole[] = {test_picture_sized(IMAGE_PNG, 200, 200, arena),
                          test_picture_sized(IMAGE_JPEG, 200, 200, arena),
                          test_picture_sized(IMAGE_WEBP, 200, 200, arena)};

    (void)state;
    for (size_t index = 0; index < COUNT(whole); index++) {
        struct image_info info = probe(whole[index]);
        struct image_shown shown = {.average_rgb = 7};
        struct str out = STR_EMPTY;
        struct error err;

        for (size_t part = 1; part < 8; part++) {
            struct str cut = str_slice(whole[index], 0, whole[index].size * part / 8);

            assert_false(image_show(cut, &info, ALL, arena, &shown, &err));
            assert_int_equal(err.code, ERROR_PICTURE_BROKEN);
            assert_int_equal(shown.average_rgb, 7);
            assert_false(image_convert(cut, &info, IMAGE_PNG, 0, 90, arena, &out, &err));
            assert_int_equal(err.code, ERROR_PICTURE_BROKEN);
            assert_null(out.data);
        }
    }
}

static void test_a_nonsense_profile_does_not_hide_the_picture(void **state)
{
    struct str jpeg = test_picture(IMAGE_JPEG, arena);

    (void)state;
    jpeg = test_insert(
        jpeg, 2, test_jpeg_segment(JPEG_APP2, STR("ICC_PROFILE\0\1\1nonsense profile"), arena),
        arena);
    assert_int_equal(show(jpeg, 1).average_rgb >> 20,
                     show(test_picture(IMAGE_JPEG, arena), 1).average_rgb >> 20);
}

static void test_packed_texts_are_not_unpacked(void **state)
{
    CLEANUP(buf_finish) struct buf texts = {0};
    struct str png = test_picture(IMAGE_PNG, arena);

    (void)state;
    /* 900 of them, each broken as zlib data: libpng would see each. */
    for (int index = 0; index < 900; index++)
        test_png_part(&texts, "zTXt", STR("Comment\0\0not zlib at all"));
    show(test_insert(png, 33, buf_str(&texts), arena), 1);
}

static void test_conversion_fits_and_flattens(void **state)
{
    struct image_card card = {
        .width_px = 90, .height_px = 60, .is_transparent = true, .type = IMAGE_PNG};
    struct str png, out;
    struct error err = {0};
    struct image_info info;

    (void)state;
    assert_true(image_card_draw(&card, arena, &png, &err));
    info = probe(png);
    assert_true(info.has_alpha);
    assert_true(image_convert(png, &info, IMAGE_JPEG, 45, 90, arena, &out, &err));
    assert_int_equal(probe(out).type, IMAGE_JPEG);
    assert_int_equal(probe(out).width_px, 45);
    assert_int_equal(probe(out).height_px, 30);
    assert_true(image_convert(png, &info, IMAGE_WEBP, 0, 200, arena, &out, &err));
    assert_true(probe(out).has_alpha);
    assert_int_equal(probe(out).width_px, 90);
}

static void *show_on_thread(void *context)
{
    struct arena *own = arena_create(MIB(64));
    struct str *picture = context;
    struct image_info info;
    struct image_shown shown;
    struct error err;
    bool is_shown = image_probe(*picture, NULL, &info, &err) &&
                    image_show(*picture, &info, ALL, own, &shown, &err);

    image_thread_end();
    arena_destroy(own);
    return is_shown ? picture : NULL;
}

static void test_threads_show_side_by_side(void **state)
{
    struct str picture = test_picture_sized(IMAGE_JPEG, 600, 400, arena);
    pthread_t threads[4];

    (void)state;
    for (size_t index = 0; index < COUNT(threads); index++)
        assert_int_equal(pthread_create(&threads[index], NULL, show_on_thread, &picture), 0);
    for (size_t index = 0; index < COUNT(threads); index++) {
        void *result;

        assert_int_equal(pthread_join(threads[index], &result), 0);
        assert_ptr_equal(result, &picture);
    }
}

/* In the place of libvips' loader: counts how many are in it, and takes no picture. */
static _Atomic int loading, loading_max;

static int count_loaders(void *bytes, size_t size, VipsImage **out, ...)
{
    struct timespec a_while = {.tv_nsec = 2000000};
    int now = atomic_fetch_add(&loading, 1) + 1;
    int most = atomic_load(&loading_max);

    (void)bytes, (void)size, (void)out;
    while (now > most && !atomic_compare_exchange_weak(&loading_max, &most, now))
        continue;
    nanosleep(&a_while, NULL); /* long enough for the others to come, were they let in */
    atomic_fetch_sub(&loading, 1);
    return -1;
}

static void *load_on_thread(void *context)
{
    const int64_t *side_px = context;
    const struct image_info info = {.type = IMAGE_PNG,
                                    .width_px = *side_px,
                                    .height_px = *side_px,
                                    .orientation = 1,
                                    .frames = 1};
    struct error err = {0};
    struct vips_calls calls = *vips_calls_get(&err);
    struct arena *own = arena_create(MIB(1));
    VipsImage *image = NULL;

    calls.vips_pngload_buffer = count_loaders;
    for (int i = 0; i < 5; i++)
        if (pixels_load(&calls, STR("x"), &info, 0, own, &image, &err))
            return NULL;
    image_thread_end();
    arena_destroy(own);
    return context;
}

static void test_no_more_is_unpacked_at_once_than_one_picture_may_have(void **state)
{
    static const struct {
        int64_t side_px;
        int most;
        const char *why;
    } rows[] = {
        {10000, 1, "a whole picture's worth each"            },
        {7000,  2, "half of it each"                         },
        {20000, 1, "more than that, where an owner allows it"},
        {100,   8, "small ones"                              },
    };
    pthread_t threads[8];

    (void)state;
    for (size_t row = 0; row < COUNT(rows); row++) {
        int64_t side_px = rows[row].side_px;

        atomic_store(&loading_max, 0);
        for (size_t index = 0; index < COUNT(threads); index++)
            assert_int_equal(pthread_create(&threads[index], NULL, load_on_thread, &side_px), 0);
        for (size_t index = 0; index < COUNT(threads); index++) {
            void *result;

            assert_int_equal(pthread_join(threads[index], &result), 0);
            assert_ptr_equal(result, &side_px);
        }
        if (atomic_load(&loading_max) > rows[row].most || atomic_load(&loading_max) < 1)
            fail_msg("%s: %d at once", rows[row].why, atomic_load(&loading_max));
    }
}

static void test_memory_that_runs_short_is_an_error(void **state)
{
    struct str picture = test_picture_sized(IMAGE_JPEG, 600, 400, arena);
    struct arena *tiny = arena_create(KIB(1));
    struct image_info info = probe(picture);
    struct image_shown shown;
    struct error err;

    (void)state;
    assert_false(image_show(picture, &info, ALL, tiny, &shown, &err));
    assert_int_equal(err.code, ERROR_UNAVAILABLE);
    arena_destroy(tiny);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_variants_are_webp_and_never_larger_than_the_picture,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_only_what_is_asked_for_is_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_type_is_decoded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pictures_come_out_upright, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_cut_off_picture_is_broken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_nonsense_profile_does_not_hide_the_picture, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_packed_texts_are_not_unpacked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_conversion_fits_and_flattens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_threads_show_side_by_side, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_more_is_unpacked_at_once_than_one_picture_may_have,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_that_runs_short_is_an_error, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, test_finish);
}
