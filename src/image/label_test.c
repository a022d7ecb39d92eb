#include "image/image.h"

#include "image/image_test_private.h"
#include "image/xmp_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const enum image_type types[] = {IMAGE_PNG, IMAGE_JPEG, IMAGE_WEBP};
static const struct image_label full = {
    .source_type = "trainedAlgorithmicMedia",
    .system = {"Seedream \"4\" & <more>",     21},
    .created_at = {"2026-11-22T10:00:00Z",        20},
    .producer_code = {"001191110102MACQD9K64010000", 27},
    .produce_id = {"01JDEXAMPLE",                 11},
};
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

static struct str write_label(struct str bytes, enum image_type type,
                              const struct image_label *label)
{
    struct str out = STR_EMPTY;
    struct error err = {0};

    if (!image_label_write(bytes, type, label, arena, &out, &err))
        fail_msg("%s", err.message);
    return out;
}

static bool read_label(struct str bytes, enum image_type type, struct image_label *out)
{
    bool found = false;
    struct error err = {0};

    if (!image_label_read(bytes, type, arena, &found, out, &err))
        fail_msg("%s", err.message);
    return found;
}

static size_t count_of(struct str bytes, struct str part)
{
    size_t count = 0;

    for (int64_t at; (at = str_find(bytes, part)) >= 0; count++)
        bytes = str_slice(bytes, (size_t)at + part.size, bytes.size);
    return count;
}

static void assert_text(struct str text, const char *expected)
{
    assert_string_equal(arena_cstr(arena, text), expected);
}

static void assert_label(const struct image_label *a, const struct image_label *b)
{
    assert_string_equal(a->source_type, b->source_type);
    assert_true(str_equal(a->system, b->system));
    assert_true(str_equal(a->created_at, b->created_at));
    assert_true(str_equal(a->producer_code, b->producer_code));
    assert_true(str_equal(a->produce_id, b->produce_id));
}

static void test_a_label_is_read_back_and_no_pixel_moves(void **state)
{
    (void)state;
    for (size_t index = 0; index < COUNT(types); index++) {
        struct str plain = test_picture(types[index], arena);
        struct str labelled = write_label(plain, types[index], &full);
        struct image_label label;
        struct image_info info;
        struct error err;

        assert_false(read_label(plain, types[index], &label));
        assert_true(read_label(labelled, types[index], &label));
        assert_label(&label, &full);
        assert_true(image_probe(labelled, NULL, &info, &err));
        assert_true(str_equal(test_pixels(plain, arena), test_pixels(labelled, arena)));
        assert_int_equal(count_of(labelled, STR("http://cv.iptc.org/newscodes/digitalsourcetype/"
                                                "trainedAlgorithmicMedia<")),
                         1);
        assert_int_equal(count_of(labelled, STR("vitrine</xmp:CreatorTool>")), 1);
    }
}

/* Every list and event has what it says: somebody's megabyte is no name of a system. */
static void test_a_long_system_is_read_in_part(void **state)
{
    char *name = arena_alloc(arena, 60000);
    struct image_label label = full;

    (void)state;
    memset(name, 'x', 60000);
    label.system = (struct str){name, 60000};
    for (size_t index = 0; index < COUNT(types); index++) {
        struct str labelled = write_label(test_picture(types[index], arena), types[index], &label);
        struct image_label read;

        assert_true(read_label(labelled, types[index], &read));
        assert_int_equal(read.system.size, IMAGE_LABEL_SYSTEM_MAX);
        assert_true(str_equal(read.produce_id, full.produce_id));
    }
}

static void test_the_aigc_record_has_its_seven_keys(void **state)
{
    static const char record[] =
        "<TC260:AIGC>{&quot;Label&quot;:&quot;1&quot;,"
        "&quot;ContentProducer&quot;:&quot;001191110102MACQD9K64010000&quot;,"
        "&quot;ProduceID&quot;:&quot;01JDEXAMPLE&quot;,&quot;ReservedCode1&quot;:&quot;&quot;,"
        "&quot;ContentPropagator&quot;:&quot;001191110102MACQD9K64010000&quot;,"
        "&quot;PropagateID&quot;:&quot;01JDEXAMPLE&quot;,&quot;ReservedCode2&quot;:&quot;&quot;}"
        "</TC260:AIGC>";
    struct image_label unregistered = full;

    (void)state;
    unregistered.producer_code = STR_EMPTY;
    for (size_t index = 0; index < COUNT(types); index++) {
        struct str plain = test_picture(types[index], arena);

        assert_int_equal(count_of(write_label(plain, types[index], &full),
                                  (struct str){record, sizeof(record) - 1}),
                         1);
        assert_int_equal(
            count_of(write_label(plain, types[index], &unregistered), STR("<TC260:AIGC>")), 0);
    }
}

static void test_a_second_label_replaces_the_first(void **state)
{
    struct image_label second = full;

    (void)state;
    second.source_type = "compositeWithTrainedAlgorithmicMedia";
    second.system = STR_EMPTY;
    second.produce_id = STR("02");
    for (size_t index = 0; index < COUNT(types); index++) {
        struct str once = write_label(test_picture(types[index], arena), types[index], &full);
        struct str again = write_label(once, types[index], &full);
        struct str twice = write_label(once, types[index], &second);
        struct image_label label;

        assert_true(str_equal(once, again));
        assert_true(read_label(twice, types[index], &label));
        assert_label(&label, &second);
        assert_int_equal(count_of(twice, STR("<Iptc4xmpExt:DigitalSourceType>")), 1);
        assert_int_equal(count_of(twice, STR("<TC260:AIGC>")), 1);
        assert_int_equal(count_of(twice, STR("<Iptc4xmpExt:AISystemUsed>")), 0);
    }
}

/* A packet as another program writes it: attributes, another prefix, its own metadata. */
#define FOREIGN                                                                                    \
    "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>"       \
    "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"                            \
    "<rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/'"                    \
    " xmlns:xmp='http://ns.adobe.com/xap/1.0/' "                                                   \
    "xmlns:i='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'"                                        \
    " xmlns:t='http://www.tc260.org.cn/ns/AIGC/1.0/' xmp:CreatorTool='Other > 1' xmp:Rating='4'"   \
    " i:DigitalSourceType='http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture'>"        \
    "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>A &amp; B</rdf:li></rdf:Alt></dc:title>"      \
    "<t:AIGC><![CDATA[{\"AIGC\":{\"Label\":\"1\",\"ContentProducer\":\"P\",\"ProduceID\":\"7\","   \
    "\"ContentPropagator\":\"Q\"}}]]></t:AIGC>"                                                    \
    "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"

static struct str with_packet(enum image_type type, struct str packet)
{
    struct str plain = test_picture(type, arena);
    CLEANUP(buf_finish) struct buf buf = {0};

    if (type == IMAGE_PNG) {
        buf_add(&buf, STR("XML:com.adobe.xmp\0\0\0\0\0"));
        buf_add(&buf, packet);
        packet = arena_str(arena, buf_str(&buf));
        buf_clear(&buf);
        test_png_part(&buf, "iTXt", packet);
        return test_insert(plain, 33, buf_str(&buf), arena);
    }
    buf_add(&buf, JPEG_XMP_HEAD);
    buf_add(&buf, packet);
    return test_insert(plain, 2, test_jpeg_segment(JPEG_APP1, buf_str(&buf), arena), arena);
}

static void test_other_metadata_stays(void **state)
{
    struct image_label ours = full;

    (void)state;
    ours.producer_code = STR_EMPTY;
    for (size_t index = 0; index < 2; index++) {
        struct str foreign = with_packet(types[index], STR(FOREIGN)), out;
        struct image_label label;

        assert_true(read_label(foreign, types[index], &label));
        assert_string_equal(label.source_type, "digitalCapture");
        assert_text(label.producer_code, "P");
        assert_text(label.produce_id, "7");

        out = write_label(foreign, types[index], &ours);
        assert_int_equal(count_of(out, STR("A &amp; B")), 1);
        assert_int_equal(count_of(out, STR("xmp:Rating='4'")), 1);
        assert_int_equal(count_of(out, STR("digitalCapture")), 0);
        assert_int_equal(count_of(out, STR("Other > 1")), 0);
        /* Another producer's record is not ours to delete (GB 45438-2025; Measures Art. 10). */
        assert_int_equal(count_of(out, STR("&quot;ContentPropagator&quot;:&quot;Q&quot;")), 1);
        assert_true(read_label(out, types[index], &label));
        assert_string_equal(label.source_type, "trainedAlgorithmicMedia");
        assert_text(label.producer_code, "P");
    }
}

static void test_a_prefix_means_what_its_scope_says(void **state)
{
    struct str foreign = with_packet(
        IMAGE_PNG, STR("<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
                       "<rdf:Description xmlns:Iptc4xmpExt='urn:other'>"
                       "<Iptc4xmpExt:DigitalSourceType>not ours</Iptc4xmpExt:DigitalSourceType>"
                       "</rdf:Description></rdf:RDF>"));
    struct image_label label;
    struct str out;

    (void)state;
    assert_false(read_label(foreign, IMAGE_PNG, &label));
    out = write_label(foreign, IMAGE_PNG, &full);
    assert_int_equal(count_of(out, STR("not ours")), 1);
    assert_true(read_label(out, IMAGE_PNG, &label));
    assert_label(&label, &full);
}

static void test_an_unreadable_packet_is_replaced_whole(void **state)
{
    static const struct {
        struct str packet;
        const char *why;
    } cases[] = {
        {{"", 0},                                                   "empty"                     },
        {{"\xFF\xFE<\0x\0", 6},                                     "UTF-16"                    },
        {{"<x:xmpmeta><rdf:RDF>", 20},                              "never ends"                },
        {{"<x:xmpmeta></rdf:RDF></x:xmpmeta></x>", 37},             "closes more than it opens" },
        {{"<!DOCTYPE a [<!ENTITY b 'c'>]><rdf:RDF></rdf:RDF>", 49}, "a document type"           },
        {{"<a b></rdf:RDF>", 15},                                   "an attribute without value"},
        {{"<a b='></rdf:RDF>", 17},                                 "an open quote"             },
        {{"<![CDATA[</rdf:RDF>", 19},                               "an open section"           },
        {{"just words", 10},                                        "no element"                },
        {{"\0\0\0\0", 4},                                           "nothing but NULs"          },
    };

    (void)state;
    for (size_t index = 0; index < COUNT(cases); index++) {
        for (size_t type = 0; type < 2; type++) {
            struct str out =
                write_label(with_packet(types[type], cases[index].packet), types[type], &full);
            struct image_label label;

            assert_true(read_label(out, types[type], &label));
            assert_label(&label, &full);
            assert_int_equal(count_of(out, STR("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">")), 1);
        }
    }
}

static void test_the_fallback_places_are_read(void **state)
{
    CLEANUP(buf_finish) struct buf text = {0};
    CLEANUP(buf_finish) struct buf c2pa = {0};
    struct str png = test_picture(IMAGE_PNG, arena), out;
    struct image_label label;

    (void)state;
    test_png_part(&text, "tEXt",
                  STR("AIGC\0{\"Label\":\"1\",\"ContentProducer\":\"P\",\"ProduceID\":\"9\"}"));
    out = test_insert(png, 33, buf_str(&text), arena);
    assert_true(read_label(out, IMAGE_PNG, &label));
    assert_string_equal(label.source_type, "");
    assert_text(label.produce_id, "9");
    /* One label per file: it moves into the packet. */
    out = write_label(out, IMAGE_PNG, &full);
    assert_int_equal(count_of(out, STR("AIGC\0{")), 0);
    assert_true(read_label(out, IMAGE_PNG, &label));
    assert_label(&label, &full);

    /* CBOR puts the next text's head right behind: 'j' is one of ten letters. */
    test_png_part(&c2pa, "caBX",
                  STR("jumb..digitalSourceTypexFhttp://cv.iptc.org/newscodes/digitalsourcetype/"
                      "trainedAlgorithmicMediajsoftware"));
    assert_true(read_label(test_insert(png, 33, buf_str(&c2pa), arena), IMAGE_PNG, &label));
    assert_string_equal(label.source_type, "trainedAlgorithmicMedia");
}

static void test_a_cut_off_file_gets_no_label(void **state)
{
    (void)state;
    for (size_t index = 0; index < COUNT(types); index++) {
        struct str whole = write_label(test_picture(types[index], arena), types[index], &full);

        for (size_t size = 0; size < whole.size; size += 1 + size / 64) {
            struct str out = STR("untouched");
            struct image_label label;
            struct error err;
            bool found;

            assert_false(image_label_write(str_slice(whole, 0, size), types[index], &full, arena,
                                           &out, &err));
            assert_int_equal(err.code, ERROR_PICTURE_BROKEN);
            assert_text(out, "untouched");
            assert_false(image_label_read(str_slice(whole, 0, size), types[index], arena, &found,
                                          &label, &err));
        }
    }
}

static void test_types_without_a_place_for_labels_are_refused(void **state)
{
    struct str out;
    struct error err;

    (void)state;
    assert_false(image_label_write(test_gif(1, arena), IMAGE_GIF, &full, arena, &out, &err));
    assert_int_equal(err.code, ERROR_PICTURE_TYPE);
    assert_false(image_label_write(test_avif, IMAGE_AVIF, &full, arena, &out, &err));
    assert_int_equal(err.code, ERROR_PICTURE_TYPE);
}

static void test_entities_are_resolved(void **state)
{
    static const char head[] = "<r:RDF xmlns:xmp='http://ns.adobe.com/xap/1.0/'><xmp:CreatorTool>";
    static const struct {
        const char *escaped;
        const char *text;
    } cases[] = {
        {"a&amp;b",              "a&b"         },
        {"&lt;&gt;&quot;&apos;", "<>\"'"       },
        {"&#65;&#x42;",          "AB"          },
        {"&#x4e2d;",             "\xE4\xB8\xAD"},
        {"&unknown;",            "&unknown;"   },
        {"&#xD800;",             "&#xD800;"    },
        {"&#0;",                 "&#0;"        },
        {"&#99999999;",          "&#99999999;" },
        {"  spaced ",            "spaced"      },
    };

    (void)state;
    for (size_t index = 0; index < COUNT(cases); index++) {
        struct xmp_label label;
        struct str packet =
            arena_printf(arena, "%s%s</xmp:CreatorTool></r:RDF>", head, cases[index].escaped);

        assert_true(xmp_read(packet, arena, &label));
        assert_text(label.tool, cases[index].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_label_is_read_back_and_no_pixel_moves, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_long_system_is_read_in_part, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_aigc_record_has_its_seven_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_second_label_replaces_the_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_metadata_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_prefix_means_what_its_scope_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_unreadable_packet_is_replaced_whole, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_the_fallback_places_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_cut_off_file_gets_no_label, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_types_without_a_place_for_labels_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_entities_are_resolved, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, test_finish);
}
