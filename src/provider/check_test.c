/* What a model cannot do is refused with its field. */
#include "provider/provider_test.h"

static const struct provider_limits limits = {
    .prompt_max = 10, .seed_max = 100, .picture_size_max = KIB(1), .mask_is_white = true};

static const char *const qualities[] = {"low", "high", NULL};
static const char *const formats[] = {"png", NULL};

static struct provider_model any_model(void)
{
    return (struct provider_model){
        .name = STR("m"),
        .can_generate = true,
        .can_edit = true,
        .can_mask = true,
        .has_seed = true,
        .has_negative = true,
        .has_steps = true,
        .has_scale = true,
        .references_max = 2,
        .count_max = 4,
        .qualities = qualities,
        .formats = formats,
    };
}

static struct provider_request any_request(void)
{
    return (struct provider_request){
        .model = STR("m"), .prompt = STR("a cup"), .count = 1, .compression = -1};
}

static void assert_refused(const struct provider_model *model,
                           const struct provider_request *request, const char *field,
                           enum error_code code)
{
    struct error err = {0};

    if (provider_check_request(model, request, &limits, &err) != (code == ERROR_NONE) ||
        err.code != code)
        fail_msg("%s: %s %s", field, error_wire_name(err.code), err.message);
    assert_string_equal(err.field, field);
}

static void test_a_plain_request_passes(void **state)
{
    struct provider_model model = any_model();
    struct provider_request request = any_request();

    (void)state;
    assert_refused(&model, &request, "", ERROR_NONE);
    request.has_seed = true;
    request.seed = 100;
    request.negative_prompt = STR("dust");
    request.steps = 3;
    request.scale = 2;
    request.quality = STR("low");
    request.format = STR("png");
    request.background = STR("auto");
    request.count = 4;
    assert_refused(&model, &request, "", ERROR_NONE);
}

static void test_what_is_out_of_bounds_is_refused(void **state)
{
    static const struct {
        struct provider_request request;
        const char *field;
        enum error_code code;
    } rows[] = {
        {{.action = PROVIDER_WRITE},               "model",           ERROR_INVALID    },
        {{.prompt = {" ", 1}},                     "prompt",          ERROR_REQUIRED   },
        {{.prompt = {"12345678901", 11}},          "prompt",          ERROR_TOO_LONG   },
        {{.negative_prompt = {"12345678901", 11}}, "negative_prompt", ERROR_TOO_LONG   },
        {{.count = -1},                            "count",           ERROR_TOO_SMALL  },
        {{.count = 5},                             "count",           ERROR_TOO_BIG    },
        {{.has_seed = true, .seed = 101},          "seed",            ERROR_TOO_BIG    },
        {{.has_seed = true, .seed = -1},           "seed",            ERROR_TOO_SMALL  },
        {{.compression = 50},                      "compression",     ERROR_INVALID    },
        {{.background = {"transparent", 11}},      "background",      ERROR_INVALID    },
        {{.quality = {"max", 3}},                  "quality",         ERROR_NOT_IN_LIST},
        {{.format = {"gif", 3}},                   "format",          ERROR_NOT_IN_LIST},
        {{.width_px = 5},                          "size",            ERROR_INVALID    },
        {{.action = PROVIDER_EDIT},                "references",      ERROR_REQUIRED   },
    };
    struct provider_model model = any_model();

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = rows[i].request;
        request.model = STR("m");
        request.prompt = request.prompt.size > 0 ? request.prompt : STR("a cup");
        request.count = request.count == 0 ? 1 : request.count;
        request.compression = request.compression == 0 ? -1 : request.compression;
        assert_refused(&model, &request, rows[i].field, rows[i].code);
    }
}

static void test_what_a_model_has_not_is_refused(void **state)
{
    struct provider_model model = {.name = STR("m"), .can_generate = true, .count_max = 1};
    struct provider_request request = any_request();

    (void)state;
    assert_refused(&model, &request, "", ERROR_NONE);
    request.has_seed = true;
    assert_refused(&model, &request, "seed", ERROR_INVALID);
    request = any_request();
    request.negative_prompt = STR("dust");
    assert_refused(&model, &request, "negative_prompt", ERROR_INVALID);
    request = any_request();
    request.steps = 1;
    assert_refused(&model, &request, "steps", ERROR_INVALID);
    request = any_request();
    request.scale = 1;
    assert_refused(&model, &request, "scale", ERROR_INVALID);
    request = any_request();
    request.quality = STR("low");
    assert_refused(&model, &request, "quality", ERROR_INVALID);
    request = any_request();
    request.format = STR("png");
    assert_refused(&model, &request, "format", ERROR_INVALID);
    model.name = STR_EMPTY;
    request = any_request();
    assert_refused(&model, &request, "model", ERROR_REQUIRED);
}

static void test_a_prompt_may_be_left_out_where_there_is_none(void **state)
{
    struct provider_limits own = limits;
    struct provider_model model = any_model();
    struct provider_request request = any_request();
    struct error err = {0};

    (void)state;
    own.prompt_is_optional = true;
    request.prompt = STR_EMPTY;
    assert_true(provider_check_request(&model, &request, &own, &err));
}

static void test_pictures_are_held_to_number_type_and_size(void **state)
{
    static char large[2048] = "\x89PNG\r\n\x1a\n";
    const struct provider_image good =
                                    {
                                        .bytes = STR(PNG_BYTES)
    },
                                other = {.bytes = STR("GIF89a")},
                                big = {.bytes = {large, sizeof large}}, empty = {0};
    struct provider_image images[3] = {good, good, good};
    struct provider_model model = any_model();
    struct provider_request request = any_request();

    (void)state;
    request.action = PROVIDER_EDIT;
    request.references = images;
    request.reference_count = 3;
    assert_refused(&model, &request, "references", ERROR_TOO_MANY);
    request.reference_count = 2;
    assert_refused(&model, &request, "", ERROR_NONE);
    images[1] = other;
    assert_refused(&model, &request, "references[1]", ERROR_PICTURE_TYPE);
    images[1] = big;
    assert_refused(&model, &request, "references[1]", ERROR_TOO_LARGE);
    images[1] = empty;
    assert_refused(&model, &request, "references[1]", ERROR_REQUIRED);
    model.can_edit = false;
    assert_refused(&model, &request, "references", ERROR_TOO_MANY);
    model.can_generate = false;
    request = any_request();
    assert_refused(&model, &request, "references", ERROR_REQUIRED);
}

static void test_a_mask_needs_its_picture_and_its_form(void **state)
{
    const struct provider_image image = {.bytes = STR(PNG_BYTES)};
    struct provider_model model = any_model();
    struct provider_request request = any_request();

    (void)state;
    request.mask = &image;
    request.mask_is_white = true;
    assert_refused(&model, &request, "references", ERROR_REQUIRED);
    request.references = &image;
    request.reference_count = 1;
    assert_refused(&model, &request, "", ERROR_NONE);
    request.mask_is_white = false;
    assert_refused(&model, &request, "mask", ERROR_INVALID);
    model.can_mask = false;
    assert_refused(&model, &request, "mask", ERROR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plain_request_passes),
        cmocka_unit_test(test_what_is_out_of_bounds_is_refused),
        cmocka_unit_test(test_what_a_model_has_not_is_refused),
        cmocka_unit_test(test_a_prompt_may_be_left_out_where_there_is_none),
        cmocka_unit_test(test_pictures_are_held_to_number_type_and_size),
        cmocka_unit_test(test_a_mask_needs_its_picture_and_its_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
