#include "image/image.h"

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
    arena = arena_create(MIB(256));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static struct str strip(struct str bytes, enum image_type type)
{
    struct str out = STR_EMPTY;
    struct image_info info;
    struct error err = {0};

    if (!image_strip(bytes, type, arena, &out, &err) || !image_probe(out, NULL, &info, &err))
        fail_msg("%s", err.message);
    return out;
}

static bool has(struct str bytes, const char *word) { return str_find(bytes, str_of(word)) >= 0; }

/* EXIF with the orientation and a secret behind it. */
static struct str exif_of(int orientation, struct str head)
{
    CLEANUP(buf_finish) struct buf buf = {0};

    buf_add(&buf, head);
    exif_add_orientation(&buf, orientation);
    buf_add(&buf, STR("SECRET gps"));
    return arena_str(arena, buf_str(&buf));
}

static struct str png_with_everything(struct str profile)
{
    static const struct {
        const char *type;
        struct str body;
    } parts[] = {
        {"tEXt", {"parameters\0SECRET prompt", 24}               },
        {"zTXt", {"a\0\0SECRET", 9}                              },
        {"iTXt", {"XML:com.adobe.xmp\0\0\0\0\0<x>SECRET</x>", 35}},
        {"tIME", {"SECRET!", 7}                                  },
        {"caBX", {"SECRET", 6}                                   },
        {"vpAg", {"SECRET", 6}                                   },
        {"pHYs", {"\0\0\x0B\x13\0\0\x0B\x13\1", 9}               },
    };
    CLEANUP(buf_finish) struct buf buf = {0};

    test_png_part(&buf, "iCCP", profile);
    for (size_t index = 0; index < COUNT(parts); index++)
        test_png_part(&buf, parts[index].type, parts[index].body);
    test_png_part(&buf, "eXIf", exif_of(6, STR_EMPTY));
    return test_insert(test_picture(IMAGE_PNG, arena), 33, buf_str(&buf), arena);
}

static void test_png_keeps_pixels_profile_and_orientation_only(void **state)
{
    struct str out = strip(png_with_everything(STR("name\0\0PROFILE")), IMAGE_PNG);
    struct image_info info;
    struct error err;

    (void)state;
    assert_false(has(out, "SECRET"));
    assert_true(has(out, "PROFILE"));
    assert_true(has(out, "pHYs"));
    assert_true(image_probe(out, NULL, &info, &err));
    assert_int_equal(info.orientation, 6);
    /* An upright picture needs no EXIF, and stripping twice changes nothing. */
    assert_true(str_equal(strip(out, IMAGE_PNG), out));
    assert_false(has(strip(test_picture(IMAGE_PNG, arena), IMAGE_PNG), "eXIf"));
}

static void test_a_profile_above_1_mib_goes(void **state)
{
    CLEANUP(buf_finish) struct buf profile = {0};

    (void)state;
    buf_add(&profile, STR("name\0\0"));
    for (size_t index = 0; index < MIB(1) / 16; index++)
        buf_add(&profile, STR("PROFILE PROFILE "));
    assert_false(has(strip(png_with_everything(buf_str(&profile)), IMAGE_PNG), "PROFILE"));
}

static void test_jpeg_keeps_pixels_profile_and_orientation_only(void **state)
{
    const struct {
        uint8_t marker;
        struct str body;
    } parts[] = {
        {JPEG_APP1, {"http://ns.adobe.com/xap/1.0/\0<x>SECRET</x>", 43}},
        {JPEG_APP1, exif_of(8,                                           JPEG_EXIF_HEAD)},
        {JPEG_APP13,         {"Photoshop 3.0\0SECRET", 20}                                                  },
        {JPEG_APP2,         {"ICC_PROFILE\0\1\1PROFILE", 21} },
        {JPEG_APP2,         {"MPF\0SECRET", 10}                                                  },
        {JPEG_APP11,         {"JP SECRET", 9}},
        {JPEG_COM,         {"SECRET", 6}                                                    },
        {JPEG_APP15,         {"SECRET", 6}},
    };
    struct str plain = test_picture(IMAGE_JPEG, arena), jpeg = plain, out;
    struct image_info info;
    struct error err;

    (void)state;
    for (size_t index = 0; index < COUNT(parts); index++)
        jpeg = test_insert(jpeg, 2,
                           test_jpeg_segment(parts[index].marker, parts[index].body, arena), arena);
    jpeg = test_insert(jpeg, jpeg.size, STR("SECRET film"), arena);
    out = strip(jpeg, IMAGE_JPEG);
    assert_false(has(out, "SECRET"));
    assert_true(has(out, "PROFILE"));
    assert_true(image_probe(out, NULL, &info, &err));
    assert_int_equal(info.orientation, 8);
    /* The scans are the same bytes. */
    assert_true(str_ends_with(out, str_slice(plain, plain.size - 300, 300)));
    assert_true(str_equal(strip(out, IMAGE_JPEG), out));
}

static void test_webp_keeps_pixels_profile_and_orientation_only(void **state)
{
    struct str plain = test_picture(IMAGE_WEBP, arena);
    struct sink sink;
    struct str out;
    struct image_info info;
    struct error err;
    struct walk walk = {.bytes = plain};
    struct part part;

    (void)state;
    assert_true(sink_init(&sink, plain.size + 4096, arena, &err));
    sink_add(&sink, str_slice(plain, 0, WEBP_HEAD_SIZE));
    sink_add_webp_head(&sink, WEBP_ICC | WEBP_EXIF | WEBP_XMP, 48, 32);
    sink_add_webp(&sink, "ICCP", STR("PROFILE"));
    while (webp_next(&walk, &part) == WALK_PART)
        if (!part_is(&part, "VP8X"))
            sink_add(&sink, part.whole);
    sink_add_webp(&sink, "EXIF", exif_of(5, STR_EMPTY));
    sink_add_webp(&sink, "XMP ", STR("<x>SECRET</x>"));
    sink_add_webp(&sink, "C2PA", STR("SECRET"));
    sink_end_webp(&sink);

    out = strip((struct str){sink.data, sink.size}, IMAGE_WEBP);
    assert_false(has(out, "SECRET"));
    assert_true(has(out, "PROFILE"));
    assert_true(image_probe(out, NULL, &info, &err));
    assert_int_equal(info.orientation, 5);
    assert_int_equal((uint8_t)out.data[20], WEBP_ICC | WEBP_EXIF);
    assert_true(str_equal(strip(out, IMAGE_WEBP), out));
}

static void test_gif_loses_comments_and_keeps_its_loop(void **state)
{
    struct str out, gif = test_gif(2, arena);

    (void)state;
    gif = test_insert(gif, 19, STR("\x21\xFE\x06SECRET\0"), arena);
    gif = test_insert(gif, 19, STR("\x21\xFF\x0BNETSCAPE2.0\3\1\0\0\0"), arena);
    gif = test_insert(gif, 19, STR("\x21\xFF\x0BUNKNOWN1.0\0\6SECRET\0"), arena);
    out = strip(gif, IMAGE_GIF);
    assert_false(has(out, "SECRET"));
    assert_true(has(out, "NETSCAPE2.0"));
}

static void test_avif_metadata_is_blanked_in_place(void **state)
{
    struct str out = strip(test_avif, IMAGE_AVIF);

    (void)state;
    assert_int_equal(out.size, test_avif.size);
    /* In the EXIF item: its head. */
    assert_true(has(str_slice(test_avif, 360, 561), "II*"));
    assert_false(has(str_slice(out, 360, 561), "II*"));
    assert_true(str_equal(test_pixels(out, arena), test_pixels(test_avif, arena)));
}

/* An AVIF of boxes alone: where its EXIF item lies (method 1: counted from the idat box), and how
 * large it is said to be. */
#define IDAT_AVIF(method, place, size)                                                             \
    "\0\0\0\x14"                                                                                   \
    "ftypavif\0\0\0\0avif\0\0\0\xd8meta\0\0\0\0\0\0\0\x0epitm\0\0\0\0\0\1\0\0\0"                   \
    "8iprp\0\0\0\x1cipco\0\0\0\x14ispe\0\0\0\0\0\0\0\x10\0\0\0\x10\0\0\0\x14ipma\0\0\0\0\0\0\0"    \
    "\1\0\1\1\x81\0\0\0"                                                                           \
    "8iinf\0\0\0\0\0\2\0\0\0\x15infe\2\0\0\0\0\1\0\0av01\0\0\0\0\x15infe\2\0\0\0\0\2\0\0Exif\0"    \
    "\0\0\0\x1eidatPIXELS\0\0\0\0II*\0SECRET!!\0\0\0"                                              \
    "0iloc\1\0\0\0D\0\0\2\0\1\0\1\0\0\0\1\0\0\0\0\0\0\0\6\0\2\0" method "\0\0\0\1\0\0\0" place     \
    "\0\0\0" size

static void test_avif_metadata_within_the_boxes_goes_too(void **state)
{
    struct str avif = STR(IDAT_AVIF("\1", "\6", "\x10"));
    struct str out = strip(avif, IMAGE_AVIF);

    (void)state;
    assert_int_equal(out.size, avif.size);
    assert_true(has(avif, "SECRET") && has(out, "PIXELS"));
    assert_false(has(out, "SECRET"));
}

static void test_avif_metadata_over_the_boxes_is_refused(void **state)
{
    static const struct {
        struct str avif;
        const char *why;
    } rows[] = {
        {{IDAT_AVIF("\0", "\6", "\x10"), 236},   "counted from the start it lies over the head"},
        {{IDAT_AVIF("\1", "\x0e", "\x10"), 236}, "it reaches out of the idat box"              },
        {{IDAT_AVIF("\2", "\6", "\x10"), 236},   "it lies within another item"                 },
        {{IDAT_AVIF("\1", "\6", "\0"), 236},     "it is all that follows"                      },
    };

    (void)state;
    for (size_t index = 0; index < COUNT(rows); index++) {
        struct error err = {0};
        struct str out;

        if (image_strip(rows[index].avif, IMAGE_AVIF, arena, &out, &err) ||
            err.code != ERROR_PICTURE_BROKEN)
            fail_msg("%s", rows[index].why);
    }
}

static void test_an_ai_label_is_never_deleted(void **state)
{
    static const struct image_label label = {
        .source_type = "trainedAlgorithmicMedia",
        .system = {"Model",                5 },
        .created_at = {"2026-11-22T10:00:00Z", 20},
        .producer_code = {"CODE",                 4 },
        .produce_id = {"17",                   2 },
    };
    static const enum image_type types[] = {IMAGE_PNG, IMAGE_JPEG, IMAGE_WEBP};

    (void)state;
    for (size_t index = 0; index < COUNT(types); index++) {
        struct str labelled, out;
        struct image_label kept;
        struct error err;
        bool found;

        assert_true(image_label_write(test_picture(types[index], arena), types[index], &label,
                                      arena, &labelled, &err));
        out = strip(labelled, types[index]);
        assert_true(image_label_read(out, types[index], arena, &found, &kept, &err));
        assert_true(found);
        assert_string_equal(kept.source_type, label.source_type);
        assert_true(str_equal(kept.producer_code, label.producer_code));
        assert_true(str_equal(kept.system, label.system));
        assert_true(str_equal(strip(out, types[index]), out));
    }
}

/* As of a JPEG, which cannot hold it: bytes of somebody's would be kept as a label, and read by
 * nobody. */
static void test_a_label_longer_than_any_is_refused(void **state)
{
    char *name = arena_alloc(arena, 100000);
    struct image_label label = {
        .source_type = "trainedAlgorithmicMedia", .system = {name, 100000}
    };
    static const enum image_type types[] = {IMAGE_PNG, IMAGE_WEBP};

    (void)state;
    memset(name, 'x', 100000);
    for (size_t index = 0; index < COUNT(types); index++) {
        struct str labelled, out;
        struct error err = {0};

        assert_true(image_label_write(test_picture(types[index], arena), types[index], &label,
                                      arena, &labelled, &err));
        assert_false(image_strip(labelled, types[index], arena, &out, &err));
        assert_int_equal(err.code, ERROR_PICTURE_BROKEN);
    }
}

static void test_a_gif_keeps_its_label_alone(void **state)
{
    CLEANUP(buf_finish) struct buf buf = {0};
    struct str gif = test_gif(1, arena), out;

    (void)state;
    buf_add(&buf, STR("\x21\xFF\x0BXMP DataXMP<rdf:RDF xmlns:i='http://iptc.org/std/Iptc4xmpExt/"
                      "2008-02-29/' i:DigitalSourceType='http://cv.iptc.org/newscodes/"
                      "digitalsourcetype/trainedAlgorithmicMedia'>SECRET</rdf:RDF>\x01"));
    for (int value = 0xFF; value >= 0; value--)
        buf_add_char(&buf, (char)value);
    buf_add_char(&buf, '\0');
    out = strip(test_insert(gif, 19, buf_str(&buf), arena), IMAGE_GIF);
    assert_false(has(out, "SECRET"));
    assert_true(has(out, "digitalsourcetype/trainedAlgorithmicMedia<"));
    assert_true(str_equal(strip(out, IMAGE_GIF), out));
}

static void test_broken_files_are_not_stripped(void **state)
{
    static const enum image_type types[] = {IMAGE_PNG, IMAGE_JPEG, IMAGE_WEBP, IMAGE_GIF,
                                            IMAGE_AVIF};

    (void)state;
    for (size_t index = 0; index < COUNT(types); index++) {
        struct str whole = types[index] == IMAGE_GIF    ? test_gif(2, arena)
                           : types[index] == IMAGE_AVIF ? test_avif
                                                        : test_picture(types[index], arena);

        for (size_t size = 0; size < whole.size; size++) {
            struct str out = STR_EMPTY;
            struct error err;

            assert_false(image_strip(str_slice(whole, 0, size), types[index], arena, &out, &err));
            assert_int_equal(err.code, ERROR_PICTURE_BROKEN);
            assert_null(out.data);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_png_keeps_pixels_profile_and_orientation_only, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_profile_above_1_mib_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_jpeg_keeps_pixels_profile_and_orientation_only, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_webp_keeps_pixels_profile_and_orientation_only, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_gif_loses_comments_and_keeps_its_loop, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_avif_metadata_is_blanked_in_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_avif_metadata_within_the_boxes_goes_too, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_avif_metadata_over_the_boxes_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_an_ai_label_is_never_deleted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_label_longer_than_any_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_gif_keeps_its_label_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_broken_files_are_not_stripped, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, test_finish);
}
