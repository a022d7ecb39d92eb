#include "provider/provider_test.h"

static void test_every_kind_is_found_and_whole(void **state)
{
    size_t count;
    const struct provider_kind *const *kinds = provider_kinds(&count);

    (void)state;
    assert_true(count >= 2);
    for (size_t i = 0; i < count; i++) {
        const struct provider_kind *kind = kinds[i];
        assert_ptr_equal(provider_kind_find(str_of(kind->name)), kind);
        assert_true(str_of(kind->label).size > 0);
        assert_true(str_of(kind->about_en).size > 0 && str_of(kind->about_zh).size > 0);
        assert_non_null(kind->model_default);
        assert_true(kind->begin != NULL && kind->read != NULL && kind->probe != NULL &&
                    kind->read_probe != NULL);
        assert_int_equal(kind->stream_begin != NULL, kind->stream_end != NULL);
        assert_int_equal(kind->can_look_up, kind->look_up != NULL);
        assert_int_equal(kind->watch != NULL, kind->read_news != NULL);
        assert_true(!kind->can_look_up || kind->poll != NULL); /* what is found is asked for */
        for (size_t f = 0; f < kind->field_count; f++) {
            const struct provider_field *field = &kind->fields[f];
            assert_true(str_of(field->label_en).size > 0 && str_of(field->label_zh).size > 0);
            assert_true(str_of(field->help_en).size > 0 && str_of(field->help_zh).size > 0);
            assert_non_null(field->fallback);
            if (field->type == PROVIDER_FIELD_CHOICE)
                assert_true(text_is_listed(str_of(field->fallback), field->choices));
        }
    }
    assert_null(provider_kind_find(STR("nobody")));
}

/* What a model says of itself must hold together, or the form offers what begin() refuses. */
static void test_every_model_is_consistent(void **state)
{
    size_t count;
    const struct provider_kind *const *kinds = provider_kinds(&count);

    (void)state;
    for (size_t i = 0; i < count; i++)
        for (size_t m = 0; m < kinds[i]->model_count; m++) {
            const struct provider_model *model = &kinds[i]->models[m];
            assert_true(model->is_known && model->name.size > 0 && model->label.size > 0);
            assert_true(model->can_generate || model->can_edit || model->can_write);
            assert_true(model->can_write || (!model->can_see && !model->has_schema));
            assert_true(model->count_max >= 1);
            assert_non_null(model->currency);
            assert_non_null(model->price_as_of);
            if (model->quality_default != NULL)
                assert_true(text_is_listed(str_of(model->quality_default), model->qualities));
            /* every quality can be estimated, where pictures are billed by tokens */
            for (const char *const *name = model->qualities;
                 model->tokens != NULL && name != NULL && *name != NULL; name++) {
                const struct provider_tokens *row = model->tokens;
                if (row == NULL) {
                    assert_non_null(kinds[i]->estimate);
                    continue;
                }
                while (row->quality != NULL && !str_equal(str_of(row->quality), str_of(*name)))
                    row++;
                assert_non_null(row->quality);
            }
        }
}

static void test_an_unknown_model_passes_through_under_its_name(void **state)
{
    struct provider_model model = provider_model_find(&provider_openai, STR("acme/paint-9"));

    (void)state;
    assert_false(model.is_known);
    assert_text(model.name, "acme/paint-9");
    assert_true(model.can_generate && model.has_seed);
    assert_int_equal(model.price_micro, -1);
}

static void test_a_dated_snapshot_is_its_family(void **state)
{
    static const struct {
        const char *name;
        bool is_known;
    } rows[] = {
        {"gpt-image-2",            true },
        {"gpt-image-2-2026-04-21", true },
        {"gpt-image-2-2026-04-2",  false},
        {"gpt-image-2-x026-04-21", false},
        {"gpt-image-2-20260421",   true },
        {"gpt-image-2-2026042",    false},
        {"-20260421",              false},
        {"-2026-04-21",            false},
        {"gpt-image",              false},
        {"",                       false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_model model = provider_model_find(&provider_openai, str_of(rows[i].name));
        assert_int_equal(model.is_known, rows[i].is_known);
        assert_text(model.name, rows[i].name);
    }
}

static void test_sizes_are_held_to_the_model(void **state)
{
    static const struct {
        const char *model;
        int64_t width, height;
        bool is_good;
        const char *why;
    } rows[] = {
        {"gpt-image-2",   0,     0,    true,  "left open"           },
        {"gpt-image-2",   1024,  1024, true,  "a square"            },
        {"gpt-image-2",   3840,  2160, true,  "the largest"         },
        {"gpt-image-2",   3856,  1600, false, "a side too long"     },
        {"gpt-image-2",   1000,  1024, false, "no multiple of 16"   },
        {"gpt-image-2",   3200,  1024, false, "longer than 3:1"     },
        {"gpt-image-2",   512,   512,  false, "too few pixels"      },
        {"gpt-image-2",   3840,  3840, false, "too many pixels"     },
        {"gpt-image-2",   1024,  0,    false, "half a size"         },
        {"gpt-image-2",   -16,   1024, false, "negative"            },
        {"gpt-image-1.5", 1536,  1024, true,  "one of three"        },
        {"gpt-image-1.5", 1024,  1025, false, "none of three"       },
        {"unknown",       17,    70,   true,  "nothing is known"    },
        {"unknown",       70000, 70,   false, "but there are limits"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_model model = provider_model_find(&provider_openai, str_of(rows[i].model));
        const struct provider_request request = {.width_px = rows[i].width,
                                                 .height_px = rows[i].height};
        struct error err = {0};
        if (provider_check_size(&model, &request, &err) != rows[i].is_good)
            fail_msg("%s: %s", rows[i].why, err.message);
        assert_string_equal(err.field, rows[i].is_good ? "" : "size");
    }
}

static void test_references_are_held_to_number_size_and_kind(void **state)
{
    static const struct {
        size_t count;
        const char *first;
        size_t each_max, all_max;
        enum error_code code;
        const char *field;
    } rows[] = {
        {2, PNG_BYTES, 100, 200, ERROR_NONE,         ""             },
        {3, PNG_BYTES, 100, 200, ERROR_TOO_MANY,     "references"   },
        {2, "",        100, 200, ERROR_REQUIRED,     "references[0]"},
        {2, "hello",   100, 200, ERROR_PICTURE_TYPE, "references[0]"},
        {2, PNG_BYTES, 30,  200, ERROR_TOO_LARGE,    "references[0]"},
        {2, PNG_BYTES, 100, 90,  ERROR_TOO_LARGE,    "references"   },
        {0, "",        0,   0,   ERROR_NONE,         ""             },
    };
    const struct provider_model model = {.name = STR("m"), .references_max = 2};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        /* the PNG has NULs in it */
        struct str first =
            rows[i].first[0] == PNG_BYTES[0] ? STR(PNG_BYTES) : str_of(rows[i].first);
        const struct provider_image images[] = {
            {.bytes = first}, {.bytes = STR(JPEG_BYTES)}, {.bytes = first}};
        const struct provider_request request = {.references = images,
                                                 .reference_count = rows[i].count};
        struct error err = {0};
        bool ok = provider_check_references(&model, &request, NULL, rows[i].each_max,
                                            rows[i].all_max, &err);
        assert_int_equal(ok, rows[i].code == ERROR_NONE);
        assert_int_equal(err.code, rows[i].code);
        assert_string_equal(err.field, rows[i].field);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_is_found_and_whole),
        cmocka_unit_test(test_every_model_is_consistent),
        cmocka_unit_test(test_an_unknown_model_passes_through_under_its_name),
        cmocka_unit_test(test_a_dated_snapshot_is_its_family),
        cmocka_unit_test(test_sizes_are_held_to_the_model),
        cmocka_unit_test(test_references_are_held_to_number_size_and_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
