#include "provider/provider_test.h"

#include "core/hash.h"

#define P PNG_BASE64
#define O OTHER_PNG_BASE64

/* Every place of facts 1B.0.1. */
static void test_pictures_are_found_in_every_place(void **state)
{
    /* clang-format off */
    static const struct {
        const char *body;
        size_t count;
        const char *why;
    } rows[] = {
        {"{\"data\":[{\"b64_json\":\"" P "\"}]}", 1, "OpenAI"},
        {"{\"data\":[{\"b64_json\":\"data:image/png;base64," P "\"}]}", 1, "a data URI inside"},
        {"{\"data\":[{\"url\":\"https://cdn/a.png\"}]}", 1, "a URL"},
        {"{\"data\":[{\"url\":\"data:image/png;base64," P "\"}]}", 1, "a data URI as URL"},
        {"{\"data\":[{\"b64_json\":null,\"url\":\"https://cdn/a.png\"}]}", 1, "null beside it"},
        {"{\"images\":[{\"url\":\"https://a/1\"}],\"data\":[{\"url\":\"https://a/1\"}]}", 1,
         "SiliconFlow sends it twice"},
        {"{\"output\":{\"results\":[{\"url\":\"https://a/1\"},{\"url\":\"https://a/2\"}]}}", 2,
         "DashScope"},
        {"{\"image\":\"" P "\"}", 1, "Stability"},
        {"{\"images\":[\"" P "\",\"" O "\"],\"parameters\":{},\"info\":\"\"}", 2, "A1111"},
        {"{\"choices\":[{\"message\":{\"content\":\"\",\"images\":[{\"type\":\"image_url\",\"imag"
         "e_" "url\":{\"url\":\"data:image/png;base64," P "\"}}]}}]}", 1, "OpenRouter's chat"},
        {"{\"choices\":[{\"message\":{\"images\":[{\"image_url\":\"https://a/1\"}]}}]}", 1,
         "image_url as text"},
        {"{\"choices\":[{\"message\":{\"images\":[{\"url\":\"https://a/1\"}]}}]}", 1, "url"},
        {"{\"choices\":[{\"message\":{\"images\":[{\"b64_json\":\"" P "\"}]}}]}", 1, "b64_json"},
        {"{\"choices\":[{\"message\":{\"image_b64_json\":\"" P "\"}}]}", 1, "image_b64_json"},
        {"{\"choices\":[{\"message\":{\"image\":\"" P "\"}}]}", 1, "LiteLLM before 1.77"},
        {"{\"choices\":[{\"message\":{\"content\":\"Here: ![cup](https://a/1.png) done\"}}]}", 1,
         "Markdown"},
        {"{\"choices\":[{\"message\":{\"content\":\"![a](https://a/1 "
         "\\\"t\\\")![b](https://a/2)\"}}]}", 2, "two, one with a title"},
        {"{\"choices\":[{\"message\":{\"content\":\"![a](data:image/png;base64," P ")\"}}]}", 1,
         "Markdown around a data URI"},
        {"{\"choices\":[{\"message\":{\"content\":\" https://a/1.png \"}}]}", 1, "a bare URL"},
        {"{\"choices\":[{\"message\":{\"content\":\"data:image/png;base64," P "\"}}]}", 1,
         "a bare data URI"},
        {"{\"choices\":[{\"message\":{\"content\":\"" P "\"}}]}", 1, "bare base64"},
        {"{\"choices\":[{\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"hi\"},{\"type\":"
         "\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64," P "\"}}]}}]}", 1,
         "vLLM-Omni's parts"},
        {"{\"choices\":[{\"message\":{\"content\":[{\"type\":\"output_image\",\"image_url\":"
         "\"https://a/1\"}]}}]}", 1, "output_image"},
        {"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hi\"},{\"inlineData\":{"
         "\"mimeType\":\"image/png\",\"data\":\"" P "\"}}]}}]}", 1, "Gemini"},
        {"{\"output\":[{\"type\":\"image_generation_call\",\"result\":\"" P "\"}]}", 1,
         "Responses"},
        {"{\"data\":[{\"b64_json\":\"" P "\"},{\"b64_json\":\"" P "\"}]}", 1,
         "the same bytes are one picture"},
        {"{\"data\":[{\"b64_json\":\"" P "\"},{\"error\":{\"code\":\"x\"}}]}", 1,
         "one of a group failed"},
        {"{\"data\":{\"images\":[{\"url\":\"https://a/1\"}]}}", 1, "a relay's extra level"},
        {"{\"data\":[]}", 0, "none"},
        {"{\"data\":[{\"url\":\"\"}]}", 0, "an empty URL (Ideogram: unsafe)"},
        {"{\"message\":\"see\",\"url\":\"https://docs/errors\"}", 0, "a link to a manual"},
        {"{\"choices\":[{\"message\":{\"content\":\"I cannot draw that, see https://a/policy\"}}]"
         "}", 0, "words"},
        {"\"" P "\"", 0, "a text alone is a message"},
        {"{\"data\":[{\"url\":\"ftp://a/1\"}]}", 0, "no web address"},
        {"{\"data\":[{\"url\":\"https://a/1\\r\\nX: y\"}]}", 0, "a line break in it"},
        {"{\"data\":[[[[[[[{\"url\":\"https://a/1\"}]]]]]]]}", 1, "lists in lists"},
        {"{\"data\":{\"data\":{\"data\":{\"data\":{\"data\":[{\"url\":\"https://a/1\"}]}}}}}", 0,
         "deeper than anybody answers"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(json_cleanup) struct json *json = NULL;
        struct picture_list list;
        struct error err;
        assert_true(json_read_liberal(str_of(rows[i].body), &json, &err));
        picture_list_init(&list, fixture->arena);
        picture_list_read(&list, json);
        if (list.count != rows[i].count)
            fail_msg("%s: %zu", rows[i].why, list.count);
    }
}

static void test_base64_quirks_are_read(void **state)
{
    struct fixture *fixture = *state;
    /* facts 1B.0.2: line breaks, no padding, the URL alphabet */
    static const char *const texts[] = {
        "/9j/4AAQSkZJRgAB\\nAQAAAQABAAD/2Q==", "/9j/4AAQSkZJRgABAQAAAQABAAD/2Q",
        "_9j_4AAQSkZJRgABAQAAAQABAAD_2Q", " /9j/4AAQSkZJRgABAQAAAQABAAD/2Q== ",
        "data:image/jpeg;base64,/9j/4AAQSkZJRgABAQAAAQABAAD/2Q=="};

    for (size_t i = 0; i < COUNT(texts); i++) {
        CLEANUP(json_cleanup) struct json *json = NULL;
        struct picture_list list;
        struct error err;
        assert_true(json_read_liberal(
            arena_printf(fixture->arena, "{\"data\":[{\"b64_json\":\"%s\"}]}", texts[i]), &json,
            &err));
        picture_list_init(&list, fixture->arena);
        picture_list_read(&list, json);
        assert_int_equal(list.count, 1);
        assert_true(str_equal(list.items[0].bytes, STR(JPEG_BYTES)));
    }
}

static void test_what_stands_beside_a_picture_is_kept(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct picture_list list;
    struct error err;

    assert_true(json_read_liberal(
        STR("{\"data\":[{\"url\":\"https://a/1\",\"revised_prompt\":\"a red cup\",\"seed\":9}]}"),
        &json, &err));
    picture_list_init(&list, fixture->arena);
    picture_list_read(&list, json);
    assert_text(list.items[0].revised_prompt, "a red cup");
    assert_true(list.items[0].has_seed);
    assert_int_equal(list.items[0].seed, 9);
    assert_int_equal(list.items[0].bytes.size, 0);
}

static void test_every_cut_picture_is_broken(void **state)
{
    struct fixture *fixture = *state;
    const struct str png = STR(PNG_BYTES);

    assert_true(picture_is_whole(png));
    for (size_t size = 0; size < png.size; size++) {
        CLEANUP(buf_finish) struct buf text = {0};
        CLEANUP(json_cleanup) struct json *json = NULL;
        struct picture_list list;
        struct error err;
        assert_false(picture_is_whole(str_slice(png, 0, size)));
        buf_add(&text, STR("{\"data\":[{\"b64_json\":\""));
        base64_add(&text, str_slice(png, 0, size));
        buf_add(&text, STR("\"}]}"));
        assert_true(json_read_liberal(buf_str(&text), &json, &err));
        picture_list_init(&list, fixture->arena);
        picture_list_read(&list, json);
        assert_int_equal(list.count, 0);
        assert_int_equal(list.broken, size == 0 ? 0 : 1);
    }
}

static void test_types_are_told_by_their_bytes(void **state)
{
    static const struct {
        struct str bytes;
        const char *mime;
    } rows[] = {
        {{PNG_BYTES, sizeof PNG_BYTES - 1},   "image/png" },
        {{JPEG_BYTES, sizeof JPEG_BYTES - 1}, "image/jpeg"},
        {{"GIF89a\1\0\1\0", 10},              "image/gif" },
        {{"RIFF\x04\0\0\0WEBP", 12},          "image/webp"},
        {{"\0\0\0\x1c"
          "ftypavif",
          12},
         "image/avif"                                     },
        {{"XXXX\x04\0\0\0WEBP", 12},          NULL        },
        {{"RIFF\x04\0\0\0WAVE", 12},          NULL        },
        {{"<html>", 6},                       NULL        },
        {{"", 0},                             NULL        },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *mime = picture_mime(rows[i].bytes);
        if (rows[i].mime == NULL)
            assert_null(mime);
        else
            assert_string_equal(mime, rows[i].mime);
    }
    assert_false(picture_is_whole((struct str){"RIFF\x05\0\0\0WEBP", 12}));
}

static void test_no_more_pictures_than_the_bound(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(buf_finish) struct buf text = {0};
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct picture_list list;
    struct error err;

    buf_add(&text, STR("{\"data\":["));
    for (int i = 0; i < 200; i++)
        buf_printf(&text, "%s{\"url\":\"https://a/%d\"}", i > 0 ? "," : "", i);
    buf_add(&text, STR("]}"));
    assert_true(json_read_liberal(buf_str(&text), &json, &err));
    picture_list_init(&list, fixture->arena);
    picture_list_read(&list, json);
    assert_int_equal(list.count, PICTURES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_pictures_are_found_in_every_place),    TEST(test_base64_quirks_are_read),
        TEST(test_what_stands_beside_a_picture_is_kept), TEST(test_every_cut_picture_is_broken),
        TEST(test_types_are_told_by_their_bytes),        TEST(test_no_more_pictures_than_the_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
