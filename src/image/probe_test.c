#include "image/image.h"

#include "image/container_private.h"
#include "image/exif_private.h"
#include "image/image_test_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_create(MIB(512));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static void expect(struct str bytes, enum error_code code, const char *word)
{
    struct image_info info = {.frames = -7};
    struct error err = {0};

    assert_false(image_probe(bytes, NULL, &info, &err));
    assert_string_equal(error_wire_name(err.code), error_wire_name(code));
    if (strstr(err.message, word) == NULL)
        fail_msg("no \"%s\" in: %s", word, err.message);
    assert_int_equal(info.frames, -7); /* untouched */
}

static struct image_info probe(struct str bytes)
{
    struct image_info info = {0};
    struct error err = {0};

    if (!image_probe(bytes, NULL, &info, &err))
        fail_msg("%s", err.message);
    return info;
}

/* A PNG of these numbers whose pixels nobody ever looks at. */
static struct str png_of(uint32_t width_px, uint32_t height_px, uint8_t depth, uint8_t colour,
                         struct str more)
{
    CLEANUP(buf_finish) struct buf head = {0};
    CLEANUP(buf_finish) struct buf buf = {0};

    buf_add_u32be(&head, width_px);
    buf_add_u32be(&head, height_px);
    buf_add_char(&head, (char)depth);
    buf_add_char(&head, (char)colour);
    buf_add(&head, STR("\0\0\0"));
    buf_add(&buf, (struct str){PNG_SIGNATURE, PNG_SIGNATURE_SIZE});
    test_png_part(&buf, "IHDR", buf_str(&head));
    buf_add(&buf, more);
    test_png_part(&buf, "IDAT", STR("x"));
    test_png_part(&buf, "IEND", STR_EMPTY);
    return arena_str(arena, buf_str(&buf));
}

static void test_every_type_tells_its_size(void **state)
{
    const struct {
        struct str bytes;
        enum image_type type;
        int64_t width_px, height_px, frames;
        bool has_alpha;
    } cases[] = {
        {test_picture(IMAGE_PNG, arena), IMAGE_PNG, 48, 32, 1, false},
        {test_picture(IMAGE_JPEG, arena), IMAGE_JPEG, 48, 32, 1, false},
        {test_picture(IMAGE_WEBP, arena), IMAGE_WEBP, 48, 32, 1, false},
        {test_gif(3, arena), IMAGE_GIF, 1, 1, 3, false},
        {test_avif, IMAGE_AVIF, 24, 16, 1, false},
        {png_of(70, 9, 16, 6, STR_EMPTY), IMAGE_PNG, 70, 9, 1, true},
    };

    (void)state;
    for (size_t index = 0; index < COUNT(cases); index++) {
        struct image_info info = probe(cases[index].bytes);

        assert_int_equal(info.type, cases[index].type);
        assert_int_equal(info.width_px, cases[index].width_px);
        assert_int_equal(info.height_px, cases[index].height_px);
        assert_int_equal(info.frames, cases[index].frames);
        assert_int_equal(info.has_alpha, cases[index].has_alpha);
        assert_int_equal(info.orientation, 1);
    }
}

static void test_a_stranger_is_named(void **state)
{
    static const struct {
        struct str bytes;
        const char *word;
    } cases[] = {
        {{"%PDF-1.7\n", 9}, "PDF"},
        {{"<svg xmlns='http://www.w3.org/2000/svg'/>", 41}, "SVG"},
        {{"<?xml version='1.0'?>\n<!-- x --><svg/>", 38}, "SVG"},
        {{"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><svg>&b;</svg>", 65}, "SVG"},
        {{"  <!doctype html><title>x</title>", 33}, "web page"},
        {{"\0\0\0\x18" "ftypheic\0\0\0\0mif1heic", 24}, "HEIC"},
        {{"II*\0\x08\0\0\0", 8}, "TIFF"},
        {{"MM\0*\0\0\0\x08", 8}, "TIFF"},
        {{"BM\x46\0\0\0", 6}, "BMP"},
        {{"\0\0\1\0\1\0", 6}, "ICO"},
        {{"\0\0\0\x18" "ftypmp42\0\0\0\0isommp42", 24}, "video"},
        {{"PK\3\4\x14\0", 6}, "ZIP"},
        {{"8BPS\0\1", 6}, "Photoshop"},
        {{"MZ\x90\0", 4}, "program"},
        {{"hello", 5}, "no picture"},
        {{"", 0}, "empty"},
        {{NULL, 0}, "empty"},
    };

    (void)state;
    for (size_t index = 0; index < COUNT(cases); index++)
        expect(cases[index].bytes, ERROR_PICTURE_TYPE, cases[index].word);
}

static void test_every_beginning_of_a_picture_is_refused(void **state)
{
    const struct str pictures[] = {
        test_picture(IMAGE_PNG, arena), test_picture(IMAGE_JPEG, arena),
        test_picture(IMAGE_WEBP, arena), test_gif(2, arena), test_avif,
    };

    (void)state;
    for (size_t index = 0; index < COUNT(pictures); index++) {
        for (size_t size = 0; size < pictures[index].size; size++) {
            /* On memory of exactly this size, so that ASan sees a step too far. */
            struct buf copy = {0};
            struct image_info info;
            struct error err;

            buf_reserve(&copy, size + 1);
            memcpy(copy.data, pictures[index].data, size);
            assert_false(image_probe((struct str){copy.data, size}, NULL, &info, &err));
            assert_true(err.code == ERROR_PICTURE_BROKEN || err.code == ERROR_PICTURE_TYPE);
            buf_finish(&copy);
        }
    }
}

static void test_limits_hold_before_any_decode(void **state)
{
    static const struct image_limits small = {40, 1000, 2}, narrow = {16, 0, 0};
    const struct {
        struct str bytes;
        const struct image_limits *limits;
        const char *field;
        int64_t limit;
    } cases[] = {
        {png_of(30000, 30000, 1, 0, STR_EMPTY), NULL, "width", 16384},
        {png_of(16, 16385, 1, 0, STR_EMPTY), NULL, "height", 16384},
        {png_of(16384, 16384, 1, 0, STR_EMPTY), NULL, "pixels", 100000000},
        {png_of(0x7FFFFFFF, 0x7FFFFFFF, 8, 2, STR_EMPTY), NULL, "width", 16384},
        {png_of(41, 10, 8, 2, STR_EMPTY), &small, "width", 40},
        {png_of(40, 40, 8, 2, STR_EMPTY), &small, "pixels", 1000},
        {test_gif(3, arena), &small, "frames", 2},
        {test_gif(201, arena), NULL, "frames", 200},
        {test_gif(65535, arena), NULL, "frames", 200},
        {test_avif, &narrow, "width", 16},
    };

    (void)state;
    for (size_t index = 0; index < COUNT(cases); index++) {
        struct image_info info;
        struct error err;

        assert_false(image_probe(cases[index].bytes, cases[index].limits, &info, &err));
        assert_int_equal(err.code, ERROR_PICTURE_TOO_LARGE);
        assert_string_equal(err.field, cases[index].field);
        assert_int_equal(err.limit, cases[index].limit);
    }
    assert_int_equal(probe(test_gif(200, arena)).frames, 200);
    assert_int_equal(probe(png_of(16384, 6000, 1, 0, STR_EMPTY)).height_px, 6000);
}

static void test_apng_frames_are_counted_as_said_and_as_seen(void **state)
{
    CLEANUP(buf_finish) struct buf said = {0};
    CLEANUP(buf_finish) struct buf seen = {0};

    (void)state;
    test_png_part(&said, "acTL", STR("\0\0\xFF\xFF\0\0\0\0"));
    for (int index = 0; index < 201; index++)
        test_png_part(&seen, "fcTL", STR("12345678901234567890123456"));
    expect(png_of(9, 9, 8, 2, buf_str(&said)), ERROR_PICTURE_TOO_LARGE, "frames");
    expect(png_of(9, 9, 8, 2, buf_str(&seen)), ERROR_PICTURE_TOO_LARGE, "frames");
    buf_clear(&said);
    test_png_part(&said, "acTL", STR("\0\0\0\5\0\0\0\0"));
    assert_int_equal(probe(png_of(9, 9, 8, 2, buf_str(&said))).frames, 5);
}

static void test_metadata_is_counted_and_weighed(void **state)
{
    CLEANUP(buf_finish) struct buf many = {0};
    CLEANUP(buf_finish) struct buf heavy = {0};
    CLEANUP(buf_finish) struct buf body = {0};

    (void)state;
    for (int index = 0; index < 1001; index++)
        test_png_part(&many, "zTXt", STR("a\0\0x"));
    expect(png_of(9, 9, 8, 2, buf_str(&many)), ERROR_PICTURE_TOO_LARGE, "metadata");
    buf_reserve(&body, MIB(8) + 1);
    memset(body.data, 'x', MIB(8) + 1);
    test_png_part(&heavy, "iCCP", (struct str){body.data, MIB(8) + 1});
    expect(png_of(9, 9, 8, 2, buf_str(&heavy)), ERROR_PICTURE_TOO_LARGE, "metadata");
}

static void test_a_jpeg_has_at_most_64_scans(void **state)
{
    struct str jpeg = test_picture(IMAGE_JPEG, arena);
    struct str scan = STR("\xFF\xDA\0\x08\1\1\0\0\x3F\0\x12\x34\xFF\0\x56\xFF\xD0\x78");
    size_t scans[] = {1000, 64, 63};

    (void)state;
    for (size_t index = 0; index < COUNT(scans); index++) {
        CLEANUP(buf_finish) struct buf buf = {0};

        buf_add(&buf, str_slice(jpeg, 0, jpeg.size - 2));
        for (size_t count = 0; count < scans[index]; count++)
            buf_add(&buf, scan);
        buf_add(&buf, STR("\xFF\xD9"));
        if (scans[index] > 63) /* and the one that was there */
            expect(buf_str(&buf), ERROR_PICTURE_TOO_LARGE, "scans");
        else
            assert_int_equal(probe(buf_str(&buf)).width_px, 48);
    }
}

static void test_two_things_at_once_are_refused(void **state)
{
    static const struct str tails[] = {
        {"PK\3\4archive", 11}, {"<script>alert(1)</script>", 25}, {"\0\0%PDF-1.7", 10}};
    const struct str pictures[] = {
        test_picture(IMAGE_PNG, arena), test_picture(IMAGE_WEBP, arena), test_gif(1, arena)};
    struct str jpeg = test_picture(IMAGE_JPEG, arena);

    (void)state;
    for (size_t index = 0; index < COUNT(pictures); index++) {
        struct str picture = pictures[index];

        for (size_t tail = 0; tail < COUNT(tails); tail++)
            expect(test_insert(picture, picture.size, tails[tail], arena), ERROR_PICTURE_BROKEN,
                   "follows its end");
        assert_int_not_equal(
            probe(test_insert(picture, picture.size, STR("\0\0\n"), arena)).width_px, 0);
    }
    /* Cameras put films behind a JPEG. */
    assert_int_equal(probe(test_insert(jpeg, jpeg.size, tails[0], arena)).width_px, 48);
    /* A GIF whose head is also a script is no GIF further on. */
    expect(STR("GIF89a/*.......*/=1;alert(1)//aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
           ERROR_PICTURE_TOO_LARGE, "pixels");
}

static void test_orientation_turns_the_size(void **state)
{
    struct str jpeg = test_picture(IMAGE_JPEG, arena);

    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++) {
        CLEANUP(buf_finish) struct buf exif = {0};
        CLEANUP(buf_finish) struct buf chunk = {0};
        struct image_info info;

        buf_add(&exif, JPEG_EXIF_HEAD);
        exif_add_orientation(&exif, orientation);
        info = probe(test_insert(jpeg, 2, test_jpeg_segment(JPEG_APP1, buf_str(&exif), arena),
                                 arena));
        assert_int_equal(info.orientation, orientation);
        assert_int_equal(info.width_px, orientation >= 5 ? 32 : 48);
        test_png_part(&chunk, "eXIf", str_slice(buf_str(&exif), 6, exif.size));
        info = probe(png_of(48, 32, 8, 2, buf_str(&chunk)));
        assert_int_equal(info.orientation, orientation);
        assert_int_equal(info.height_px, orientation >= 5 ? 48 : 32);
    }
}

static void test_broken_exif_says_upright(void **state)
{
    static const struct str cases[] = {
        {"", 0},
        {"II*\0", 4},
        {"II*\0\xFF\xFF\xFF\xFF\0\0", 10},
        {"II*\0\x08\0\0\0\xFF\xFF", 10},
        {"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x09\0\0\0", 22},
        {"II*\0\x08\0\0\0\x01\0\x12\x01\x04\0\x01\0\0\0\x06\0\0\0", 22},
    };

    (void)state;
    for (size_t index = 0; index < COUNT(cases); index++)
        assert_int_equal(exif_orientation(cases[index]), 1);
    assert_int_equal(
        exif_orientation(STR("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0")), 6);
}

static void test_impossible_heads_are_broken(void **state)
{
    struct str webp = test_picture(IMAGE_WEBP, arena);
    struct str jpeg = test_picture(IMAGE_JPEG, arena);

    (void)state;
    expect(png_of(0, 5, 8, 2, STR_EMPTY), ERROR_PICTURE_BROKEN, "no size");
    expect(png_of(5, 5, 3, 2, STR_EMPTY), ERROR_PICTURE_BROKEN, "depth");
    expect(png_of(5, 5, 16, 3, STR_EMPTY), ERROR_PICTURE_BROKEN, "depth");
    expect(png_of(5, 5, 8, 7, STR_EMPTY), ERROR_PICTURE_BROKEN, "depth");
    expect(test_insert(jpeg, jpeg.size - 2, str_slice(jpeg, 2, jpeg.size - 4), arena),
           ERROR_PICTURE_BROKEN, "two heads");
    /* The RIFF head promises more than there is. */
    webp = arena_str(arena, webp);
    ((char *)(uintptr_t)webp.data)[7] = 1;
    expect(webp, ERROR_PICTURE_BROKEN, "ends early");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_type_tells_its_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_stranger_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_beginning_of_a_picture_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_limits_hold_before_any_decode, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_apng_frames_are_counted_as_said_and_as_seen, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_metadata_is_counted_and_weighed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_jpeg_has_at_most_64_scans, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_things_at_once_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_orientation_turns_the_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_broken_exif_says_upright, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_impossible_heads_are_broken, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, test_finish);
}
