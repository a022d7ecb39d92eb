/* Masks: what is taken, what is not, and how long they stay. */
#include "asset/test_studio.h"

/* PNG of 2 x 2 pixels with alpha: half of it open, nothing of it, all of it. */
/* clang-format off */
static const uint8_t half_png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x08, 0x06, 0x00, 0x00,
    0x00, 0x72, 0xb6, 0x0d, 0x24, 0x00, 0x00, 0x00, 0x0f, 0x49, 0x44, 0x41, 0x54, 0x78,
    0xda, 0x63, 0x60, 0x80, 0x80, 0xff, 0x30, 0xe2, 0x3f, 0x00, 0x10, 0x02, 0x02, 0xfe,
    0x1d, 0xc4, 0x58, 0x79, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42,
    0x60, 0x82,
};
static const uint8_t empty_png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x08, 0x06, 0x00, 0x00,
    0x00, 0x72, 0xb6, 0x0d, 0x24, 0x00, 0x00, 0x00, 0x10, 0x49, 0x44, 0x41, 0x54, 0x78,
    0xda, 0x63, 0x60, 0x60, 0x60, 0xf8, 0x0f, 0xc5, 0x10, 0x06, 0x00, 0x1d, 0xf4, 0x03,
    0xfd, 0x20, 0xe0, 0x59, 0x27, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae,
    0x42, 0x60, 0x82,
};
static const uint8_t full_png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x08, 0x06, 0x00, 0x00,
    0x00, 0x72, 0xb6, 0x0d, 0x24, 0x00, 0x00, 0x00, 0x0b, 0x49, 0x44, 0x41, 0x54, 0x78,
    0xda, 0x63, 0x60, 0x40, 0x07, 0x00, 0x00, 0x12, 0x00, 0x01, 0xe4, 0x55, 0x8d, 0xe7,
    0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
};
/* clang-format on */

#define BYTES(array) ((struct str){.data = (const char *)(array), .size = sizeof(array)})

static struct answer send_masks(struct studio *studio, const char *who, const struct file *files,
                                size_t count)
{
    CLEANUP(buf_finish) struct buf body = {0};

    write_files(&body, files, count);
    return ask(studio, who, "POST /api/v1/masks",
               "Content-Type: multipart/form-data; boundary=" BOUNDARY "\r\n", buf_str(&body));
}

static struct answer send_mask(struct studio *studio, const char *who, struct str bytes)
{
    const struct file file = {.name = "mask.png", .bytes = bytes};

    return send_masks(studio, who, &file, 1);
}

static struct str mask_id(struct studio *studio, const struct answer *answer)
{
    CLEANUP(json_cleanup) struct json *json = parse(answer);

    return arena_str(studio->house.arena, json_text(json_get(json, "id")));
}

static bool find_mask(struct studio *studio, int64_t user_id, struct str id)
{
    struct house *house = &studio->house;
    struct error err = {0};
    struct mask mask;
    bool found;

    no_error(mask_store_find(house_look(house), user_id, id, house->arena, &found, &mask, &err),
             &err, "mask_store_find");
    return found;
}

static void test_a_mask_is_taken_and_is_no_picture_of_the_library(void **state)
{
    struct studio *studio = *state;
    struct answer answer = send_mask(studio, "ann", BYTES(half_png));
    struct str id = mask_id(studio, &answer);
    struct input_picture input;
    struct error err = {0};

    is_status(&answer, 200, "a mask");
    assert_true(body_has(&answer, "\"width_px\":2,\"height_px\":2"));
    assert_true(find_mask(studio, ANN, id));
    answer = get(studio, "ann", "/api/v1/assets");
    assert_true(body_has(&answer, "\"items\":[]"));
    no_error(asset_store_mask(house_look(&studio->house), ANN, "mask", id, studio->house.arena,
                              &input, &err),
             &err, "asset_store_mask");
    assert_int_equal(input.width_px, 2);
    assert_int_equal(input.asset.size, 0);
    check_text(input.mime, "image/png", "what providers take");
}

static void test_what_is_no_mask_is_refused_with_a_reason(void **state)
{
    struct studio *studio = *state;
    const struct {
        struct str bytes;
        int status;
        const char *has, *reason;
    } cases[] = {
        {BYTES(empty_png), 422,            "the mask is empty", "nothing would change"},
        {BYTES(full_png),  422,            "the mask is full",  "nothing would stay"  },
        {draw(studio,      IMAGE_JPEG,     1),                  415,                    "a mask is a PNG", "a photograph"},
        {draw(studio,  IMAGE_PNG,                1),                         422,                                     "a transparent part", "no alpha at all"},
        {STR("not a picture"),             415,       "picture_type","no picture"},
        {str_slice(BYTES(half_png), 0,50),                  422,                                                                      "picture_broken", "half of a file"},
        {STR(""),               415,                                "picture_type",                               "nothing"},
    };
    const struct file two[] = {
        {.name = "a.png", .bytes = BYTES(half_png)},
        {.name = "b.png", .bytes = BYTES(half_png)},
    };
    struct answer answer;

    for (size_t i = 0; i < COUNT(cases); i++) {
        answer = send_mask(studio, "ann", cases[i].bytes);
        is_status(&answer, cases[i].status, cases[i].reason);
        check(body_has(&answer, cases[i].has), cases[i].reason);
    }
    answer = send_masks(studio, "ann", two, 2);
    is_status(&answer, 422, "two masks");
    assert_true(body_has(&answer, "\"field\":\"file\""));
}

static void test_the_same_mask_twice_is_one_and_nobody_elses(void **state)
{
    struct studio *studio = *state;
    struct answer answer = send_mask(studio, "ann", BYTES(half_png));
    struct str first = mask_id(studio, &answer), other;
    struct input_picture input;
    struct error err = {0};

    answer = send_mask(studio, "ann", BYTES(half_png));
    assert_true(str_equal(mask_id(studio, &answer), first));
    answer = send_mask(studio, "bob", BYTES(half_png));
    other = mask_id(studio, &answer);
    assert_false(str_equal(other, first));
    assert_false(find_mask(studio, ANN, other));
    assert_false(asset_store_mask(house_look(&studio->house), ANN, "mask", other,
                                  studio->house.arena, &input, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_string_equal(err.field, "mask[0]");
}

static void test_a_mask_goes_when_nobody_used_it_for_a_month(void **state)
{
    static const struct sql references = {
        "test_references", "SELECT count(*) AS n FROM blob_ref WHERE owner LIKE 'mask:%'", NULL};
    struct studio *studio = *state;
    struct house *house = &studio->house;
    struct answer answer = send_mask(studio, "ann", BYTES(half_png));
    struct str id = mask_id(studio, &answer);
    const int64_t made_ms = house->time.wall_ms;
    struct error err = {0};
    bool more;

    house->time.wall_ms = made_ms + MASK_LIFE_MS - 1;
    (void)send_mask(studio, "ann", BYTES(half_png)); /* used again: its month begins anew */
    house->time.wall_ms = made_ms + MASK_LIFE_MS + 1;
    no_error(asset_purge_trash(house->service, 0, &more, &err), &err, "purge");
    assert_true(find_mask(studio, ANN, id));
    assert_int_equal(query_number(house, &references), 1);
    house->time.wall_ms = made_ms + 2 * MASK_LIFE_MS;
    no_error(asset_purge_trash(house->service, 0, &more, &err), &err, "purge");
    assert_false(find_mask(studio, ANN, id));
    assert_int_equal(query_number(house, &references), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_a_mask_is_taken_and_is_no_picture_of_the_library),
        TEST(test_what_is_no_mask_is_refused_with_a_reason),
        TEST(test_the_same_mask_twice_is_one_and_nobody_elses),
        TEST(test_a_mask_goes_when_nobody_used_it_for_a_month),
    };

    return cmocka_run_group_tests(tests, start_pictures, end_pictures);
}
