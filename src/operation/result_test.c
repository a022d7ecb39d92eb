#include "operation/operation.h"

#include "core/test.h"

#include <stdlib.h>

static void test_a_result_is_read_as_it_was_written(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    CLEANUP(buf_finish) struct buf text = {0};
    CLEANUP(buf_finish) struct buf again = {0};
    struct result_variant variants[] = {
        {.name = STR("thumb"),  .blob = STR("aa"), .size = 12                 },
        {.name = STR("medium"), .blob = STR("bb"), .size = INT64_C(5000000000)},
    };
    struct result_picture pictures[] = {
        {.blob = STR("cc"),
         .mime = STR("image/png"),
         .kind = STR("generated"),
         .size = 1,
         .width_px = 1024,
         .height_px = 768,
         .thumbhash = STR("aGFzaA=="),
         .color = STR("#a0b0c0"),
         .variants = {.items = variants, .count = 2},
         .has_seed = true,
         .seed = 4294967295,
         .revised_prompt = STR("a \"cup\"\nof 茶 \\"),
         .source_type = STR("trainedAlgorithmicMedia"),
         .system = STR("Studio mock-image-1"),
         .labelled_at = STR("2026-11-22T12:00:00Z"),
         .name = STR("茶.png"),
         .source_url = STR("https://example.com/a?b=c&d")},
        {.blob = STR("dd"),  .mime = STR("image/webp"),         .kind = STR("uploaded")},
    };
    const struct result in = {
        .pictures = {.items = pictures, .count = 2},
        .request_id = STR("req_1"),
        .provider_name = STR("Studio"),
        .dropped = STR("seed, quality"),
        .missing = STR("one was \"filtered\"")
    };
    const struct result_picture *got;
    struct result out;
    struct error err = {0};

    (void)state;
    result_write(&in, &text);
    assert_true(result_read(buf_str(&text), arena, &out, &err));
    result_write(&out, &again);
    assert_true(str_equal(buf_str(&text), buf_str(&again)));
    assert_int_equal(out.pictures.count, 2);
    assert_true(str_equal(out.request_id, in.request_id));
    assert_true(str_equal(out.provider_name, in.provider_name));
    assert_true(str_equal(out.dropped, in.dropped));
    assert_true(str_equal(out.missing, in.missing));
    got = out.pictures.items;
    assert_true(str_equal(got[0].revised_prompt, pictures[0].revised_prompt));
    assert_true(str_equal(got[0].name, pictures[0].name));
    assert_true(str_equal(got[0].source_url, pictures[0].source_url));
    assert_true(got[0].has_seed);
    assert_int_equal(got[0].seed, 4294967295);
    assert_int_equal(got[0].height_px, 768);
    assert_int_equal(got[0].variants.count, 2);
    assert_int_equal(((const struct result_variant *)got[0].variants.items)[1].size, 5000000000);
    assert_int_equal(got[1].variants.count, 0);
    assert_false(got[1].has_seed);
}

static void test_a_text_is_read_as_it_was_written(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    CLEANUP(buf_finish) struct buf text = {0};
    CLEANUP(buf_finish) struct buf again = {0};
    struct str keywords[] = {STR("cup"), STR("茶")};
    const struct result in = {
        .text = STR("a \"cup\"\nof 茶 \\"),
        .keywords = {.items = keywords, .count = 2},
        .confidence = 0.75
    };
    struct result out;
    struct error err = {0};

    (void)state;
    result_write(&in, &text);
    assert_true(result_read(buf_str(&text), arena, &out, &err));
    result_write(&out, &again);
    assert_true(str_equal(buf_str(&text), buf_str(&again)));
    assert_int_equal(out.pictures.count, 0);
    assert_true(str_equal(out.text, in.text));
    assert_int_equal(out.keywords.count, 2);
    assert_true(str_equal(out.keywords.items[1], keywords[1]));
    assert_true(out.confidence > 0.74 && out.confidence < 0.76);
}

/* What an older version kept, and a newer one adopts. */
static void test_a_result_without_a_text_is_one_of_pictures(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    struct result out;
    struct error err = {0};

    (void)state;
    assert_true(result_read(STR("{\"pictures\":[],\"request_id\":\"r\",\"provider_name\":\"p\","
                                "\"dropped\":\"\"}"),
                            arena, &out, &err));
    assert_int_equal(out.missing.size, 0);
    assert_int_equal(out.text.size, 0);
    assert_int_equal(out.keywords.count, 0);
    assert_true(out.confidence == 0);
}

static void test_inputs_are_read_as_they_were_written(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));
    struct input_picture images[] = {
        {.asset = STR("01JD0000000000000000000000"), .blob = STR("aa"), .mime = STR("image/png")},
        {.blob = STR("bb"),                                          .mime = STR("image/jpeg")                                          },
    };
    struct input_picture mask = {.blob = STR("cc"), .mime = STR("image/png")};

    (void)state;
    for (int with_mask = 0; with_mask < 2; with_mask++) {
        CLEANUP(buf_finish) struct buf text = {0};
        const struct task_inputs in = {
            .images = {.items = images, .count = 2},
              .mask = with_mask ? &mask : NULL
        };
        const struct input_picture *got;
        struct task_inputs out;
        struct error err = {0};

        task_inputs_write(&in, &text);
        assert_true(task_inputs_read(buf_str(&text), arena, &out, &err));
        assert_int_equal(out.images.count, 2);
        got = out.images.items;
        assert_true(str_equal(got[0].asset, images[0].asset));
        assert_int_equal(got[1].asset.size, 0);
        assert_true(str_equal(got[1].blob, STR("bb")));
        assert_true(str_equal(got[1].mime, STR("image/jpeg")));
        assert_true((out.mask != NULL) == (with_mask == 1));
        if (with_mask)
            assert_true(str_equal(out.mask->blob, STR("cc")));
    }
}

#define PICTURE                                                                                    \
    "{\"blob\":\"a\",\"mime\":\"b\",\"kind\":\"c\",\"size\":1,\"width_px\":1,\"height_px\":1"

static void test_a_hostile_result_is_refused(void **state)
{
    static const struct {
        const char *json;
        enum error_code code;
        const char *field, *reason;
    } cases[] = {
        {"",                                                              ERROR_MALFORMED,     "",                 "nothing"               },
        {"{",                                                             ERROR_MALFORMED,     "",                 "half of it"            },
        {"[]",                                                            ERROR_WRONG_TYPE,    "",                 "a list"                },
        {"{}",                                                            ERROR_REQUIRED,      "pictures",         "no pictures"           },
        {"{\"pictures\":null}",                                           ERROR_WRONG_TYPE,    "pictures",         "null pictures"         },
        {"{\"pictures\":{}}",                                             ERROR_WRONG_TYPE,    "pictures",         "an object of pictures" },
        {"{\"pictures\":[7]}",                                            ERROR_WRONG_TYPE,    "pictures[0]",      "a number for a picture"},
        {"{\"pictures\":[{}]}",                                           ERROR_REQUIRED,      "pictures[0].blob", "a picture of nothing"  },
        {"{\"pictures\":[" PICTURE ",\"path\":\"/etc\"}]}",               ERROR_UNKNOWN_FIELD, "pictures[0].path",
         "a field nobody knows"                                                                                                            },
        {"{\"pictures\":[" PICTURE ",\"variants\":[{\"size\":\"1\"}]}]}", ERROR_WRONG_TYPE,
         "pictures[0].variants[0].size",                                                                           "a text for a size"     },
        {"{\"pictures\":[" PICTURE ",\"name\":\"a\\u0000b\"}]}",          ERROR_INVALID,       "pictures[0].name",
         "a NUL in a text"                                                                                                                 },
        {"{\"pictures\":[],\"confidence\":2}",                            ERROR_TOO_BIG,       "confidence",       "surer than sure"       },
        {"{\"pictures\":[],\"keywords\":[7]}",                            ERROR_WRONG_TYPE,    "keywords[0]",
         "a number for a word"                                                                                                             },
        {"{\"pictures\":[" PICTURE "}]} x",                               ERROR_MALFORMED,     "",                 "something behind it"   },
    };
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct result out;
        struct error err = {0};

        if (result_read(str_of(cases[i].json), arena, &out, &err) || err.code != cases[i].code ||
            strcmp(err.field, cases[i].field) != 0)
            fail_msg("%s: %s at '%s'", cases[i].reason, error_wire_name(err.code), err.field);
    }
}

static void test_hostile_inputs_are_refused(void **state)
{
    static const struct {
        const char *json, *field, *reason;
    } cases[] = {
        {"[]",                              "",               "a list"                    },
        {"{\"images\":[{\"blob\":\"a\"}]}", "images[0].mime", "a picture without its type"},
        {"{\"mask\":{}}",                   "mask.blob",      "a mask without bytes"      },
        {"{\"mask\":[]}",                   "mask",           "a list for a mask"         },
        {"{\"masks\":null}",                "masks",          "a field nobody knows"      },
    };
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(1));

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct task_inputs out;
        struct error err = {0};

        if (task_inputs_read(str_of(cases[i].json), arena, &out, &err) ||
            strcmp(err.field, cases[i].field) != 0)
            fail_msg("%s: %s at '%s'", cases[i].reason, error_wire_name(err.code), err.field);
    }
}

static void test_more_pictures_than_a_list_holds_are_refused(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(16));

    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        CLEANUP(buf_finish) struct buf text = {0};
        struct result out;
        struct error err = {0};

        buf_add(&text, STR("{\"pictures\":["));
        for (int i = 0; i < FIELD_ITEMS_MAX + extra; i++)
            buf_printf(&text, "%s%s}", i == 0 ? "" : ",", PICTURE);
        buf_add(&text, STR("]}"));
        assert_true(result_read(buf_str(&text), arena, &out, &err) == (extra == 0));
        if (extra == 1) {
            assert_int_equal(err.code, ERROR_TOO_MANY);
            assert_string_equal(err.field, "pictures");
            assert_int_equal(err.limit, FIELD_ITEMS_MAX);
        }
    }
}

/* A provider's own words may be longer than what a person may type. */
static void test_a_long_revised_prompt_comes_back(void **state)
{
    CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(4));
    CLEANUP(buf_finish) struct buf text = {0};
    char *words = arena_alloc(arena, 32000);
    struct result_picture picture = {.blob = STR("a"), .mime = STR("b"), .kind = STR("c")};
    const struct result in = {
        .pictures = {.items = &picture, .count = 1}
    };
    struct result out;
    struct error err = {0};

    (void)state;
    memset(words, 'w', 32000);
    picture.revised_prompt = (struct str){words, 32000};
    result_write(&in, &text);
    assert_true(result_read(buf_str(&text), arena, &out, &err));
    assert_int_equal(((struct result_picture *)out.pictures.items)->revised_prompt.size, 32000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_result_is_read_as_it_was_written),
        cmocka_unit_test(test_a_text_is_read_as_it_was_written),
        cmocka_unit_test(test_a_result_without_a_text_is_one_of_pictures),
        cmocka_unit_test(test_inputs_are_read_as_they_were_written),
        cmocka_unit_test(test_a_hostile_result_is_refused),
        cmocka_unit_test(test_hostile_inputs_are_refused),
        cmocka_unit_test(test_more_pictures_than_a_list_holds_are_refused),
        cmocka_unit_test(test_a_long_revised_prompt_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
