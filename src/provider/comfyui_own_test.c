/* Workflows of an account's own: what may be kept, what models they are, and how they are shown
 * before they are kept. */
#include "provider/comfyui_test.h"

#include "core/text.h"
#include "provider/comfyui_graphs_test.h"

/* One of them as an account's options have it; `more` begins with a comma or is empty. */
static struct str own_of(struct fixture *fixture, const char *id, const char *graph,
                         const char *more)
{
    CLEANUP(buf_finish) struct buf out = {0};
    struct json_writer writer;

    json_writer_init(&writer, &out);
    json_begin_object(&writer);
    json_name(&writer, "id");
    json_add_text(&writer, str_of(id));
    json_name(&writer, "graph");
    json_add_text(&writer, str_of(graph));
    json_end_object(&writer);
    return arena_printf(fixture->arena, "%.*s%s}", (int)out.size - 1, out.data, more);
}

static const char *list_of(struct fixture *fixture, const struct str *items, size_t count)
{
    CLEANUP(buf_finish) struct buf out = {0};

    buf_add(&out, STR("{\"workflows\":["));
    for (size_t i = 0; i < count; i++)
        buf_printf(&out, "%s%.*s", i == 0 ? "" : ",", STR_ARGS(items[i]));
    buf_add(&out, STR("]}"));
    return arena_cstr(fixture->arena, buf_str(&out));
}

static bool check(const char *options, struct error *err)
{
    CLEANUP(json_cleanup) struct json *json = NULL;

    *err = (struct error){0};
    assert_true(json_read(str_of(options), &json, err));
    return comfyui_own_check(json_get(json, "workflows"), NULL, err);
}

static bool check_again(const char *options, const char *kept, struct error *err)
{
    CLEANUP(json_cleanup) struct json *json = NULL, *before = NULL;

    *err = (struct error){0};
    assert_true(json_read(str_of(options), &json, err) && json_read(str_of(kept), &before, err));
    return comfyui_own_check(json_get(json, "workflows"), json_get(before, "workflows"), err);
}

static void test_each_is_a_model_with_what_it_leaves_open(void **state)
{
    struct fixture *fixture = *state;
    const struct str items[] = {
        own_of(fixture, "lamp", graph_sd15, ",\"name\":\"Lamp on a desk\""),
        own_of(fixture, "kettle", graph_flux, ""), own_of(fixture, "vase", graph_inpaint, ""),
        own_of(fixture, "fixed", graph_sd15,
               ",\"parameters\":[{\"name\":\"prompt\",\"node\":\"6\",\"input\":\"text\"}]"),
        own_of(fixture, "broken", "{", "")};
    struct provider_model *models;
    size_t count;

    fixture_options(fixture, list_of(fixture, items, COUNT(items)));
    count = provider_comfyui.own_models(&fixture->account, fixture->arena, &models);
    assert_int_equal(count, 4); /* the broken one is none */
    assert_text(models[0].name, "lamp");
    assert_text(models[0].label, "Lamp on a desk");
    assert_true(models[0].is_own && models[0].is_known && models[0].can_generate);
    assert_true(models[0].has_seed && models[0].has_negative && models[0].has_steps &&
                models[0].has_scale);
    assert_int_equal(models[0].count_max, 8);
    assert_int_equal(models[0].side_px_step, 8);
    assert_string_equal(models[0].options[0]->name, "sampler");
    assert_string_equal(models[0].options[2]->name, "checkpoint");
    assert_null(models[0].options[3]);
    assert_false(models[1].has_negative);
    assert_true(models[2].can_edit && models[2].can_mask && !models[2].can_generate);
    assert_int_equal(models[2].references_max, 1);
    assert_int_equal(models[2].side_px_max, 0);
    assert_false(models[3].has_seed || models[3].has_steps);
    assert_int_equal(models[3].count_max, 1);
    assert_null(models[3].options[0]);
    assert_int_equal(models[0].price_micro, 0);
}

static void test_what_may_be_kept_is_bounded_and_named(void **state)
{
    struct fixture *fixture = *state;
    const struct str good = own_of(fixture, "lamp", graph_sd15, "");
    const char *const long_id = "a123456789b123456789c123456789d123456789e123456789f1234567890";
    const struct {
        struct str items[2];
        const char *field;
        enum error_code code;
    } rows[] = {
        {{own_of(fixture, "", graph_sd15, "")},                                                         "options.workflows[0].id",    ERROR_REQUIRED     },
        {{own_of(fixture, long_id, graph_sd15, "")},                                                    "options.workflows[0].id",    ERROR_TOO_LONG     },
        {{own_of(fixture, "a b", graph_sd15, "")},                                                      "options.workflows[0].id",    ERROR_INVALID      },
        {{own_of(fixture, "a/b", graph_sd15, "")},                                                      "options.workflows[0].id",    ERROR_INVALID      },
        {{own_of(fixture, "Flux", graph_sd15, "")},                                                     "options.workflows[0].id",    ERROR_CONFLICT     },
        {{good, own_of(fixture, "Lamp", graph_sd15, "")},
         "options.workflows[1].id",                                                                                                   ERROR_CONFLICT     },
        {{good, own_of(fixture, "b", "{\"nodes\":[]}", "")},
         "options.workflows[1].graph",                                                                                                ERROR_INVALID      },
        {{good, own_of(fixture, "b", "{", "")},                                                         "options.workflows[1].graph", ERROR_MALFORMED    },
        {{own_of(fixture, "b", graph_sd15, ",\"parameters\":[{\"name\":\"x\"}]")},
         "options.workflows[0].parameters[0].name",                                                                                   ERROR_INVALID      },
        {{own_of(fixture, "b", graph_sd15,
                 ",\"parameters\":[{\"name\":\"prompt\",\"node\":\"6\",\"input\":\"text\"},"
                 "{\"name\":\"seed\",\"node\":\"3\",\"input\":\"seed\",\"note\":\"mine\"}]")},
         "options.workflows[0].parameters[1]",                                                                                        ERROR_UNKNOWN_FIELD},
        {{own_of(fixture, "b",
                 "{\"\":{\"class_type\":\"A\",\"inputs\":{\"t\":\"x\"}},"
                 "\"s\":{\"class_type\":\"SaveImage\",\"inputs\":{\"images\":[\"\",0]}}}",
                 ",\"parameters\":[{\"name\":\"prompt\",\"node\":[1,2,3],\"input\":\"t\"}]")},
         "options.workflows[0].parameters[0]",                                                                                        ERROR_WRONG_TYPE   },
        {{own_of(fixture, "b", graph_sd15, ",\"parameters\":{}")},
         "options.workflows[0].parameters",                                                                                           ERROR_WRONG_TYPE   },
        {{own_of(fixture, "b", graph_sd15, ",\"name\":7")},
         "options.workflows[0].name",                                                                                                 ERROR_WRONG_TYPE   },
        {{own_of(fixture, "b", graph_sd15, ",\"name\":\"a\\nb\"")},
         "options.workflows[0].name",                                                                                                 ERROR_INVALID      },
        {{own_of(fixture, "b", graph_sd15, ",\"loud\":7")},
         "options.workflows[0].",                                                                                                     ERROR_UNKNOWN_FIELD},
        {{own_of(fixture, "b", graph_sd15, ",\"name\":\"X\""),
          own_of(fixture, "c", graph_sd15, ",\"name\":\" x\"")},
         "options.workflows[1].name",                                                                                                 ERROR_CONFLICT     },
    };
    struct str many[COMFYUI_OWN_MAX + 1];
    struct error err;

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (check(list_of(fixture, rows[i].items, rows[i].items[1].size > 0 ? 2 : 1), &err))
            fail_msg("%zu was taken", i);
        if (err.code != rows[i].code || strcmp(err.field, rows[i].field) != 0)
            fail_msg("%zu: %s: %s", i, err.field, err.message);
    }
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] =
            own_of(fixture, arena_cstr(fixture->arena, arena_printf(fixture->arena, "w%zu", i)),
                   graph_sd15, "");
    assert_true(check(list_of(fixture, many, COMFYUI_OWN_MAX), &err));
    assert_false(check(list_of(fixture, many, COUNT(many)), &err));
    assert_int_equal(err.code, ERROR_TOO_MANY);
    assert_int_equal(err.limit, COMFYUI_OWN_MAX);
    assert_false(check("{\"workflows\":{}}", &err));
    assert_string_equal(err.field, "options.workflows");
}

/* Files of before there were several say the one in an option of its own. */
/* A later build may read less than the one that kept it. */
static void test_what_was_kept_and_reads_no_more_is_in_nobodys_way(void **state)
{
    struct fixture *fixture = *state;
    const struct str lamp = own_of(fixture, "lamp", graph_sd15, "");
    const struct str kept[] = {lamp, own_of(fixture, "old", "{", "")};
    const struct str renamed[] = {lamp, own_of(fixture, "old", "{", ",\"name\":\"Of before\"")};
    const struct str changed[] = {lamp, own_of(fixture, "old", "{ ", "")};
    const struct str declared[] = {lamp, own_of(fixture, "old", "{", ",\"parameters\":[]")};
    const char *const before = list_of(fixture, kept, 2);
    struct error err;

    assert_false(check(before, &err));
    assert_string_equal(err.field, "options.workflows[1].graph");
    assert_true(check_again(before, before, &err));
    assert_true(check_again(list_of(fixture, renamed, 2), before, &err));
    assert_true(check_again(list_of(fixture, kept, 1), before, &err));
    assert_false(check_again(list_of(fixture, changed, 2), before, &err));
    assert_false(check_again(list_of(fixture, declared, 2), before, &err));
    assert_false(check_again(before, list_of(fixture, kept, 1), &err));
}

/* Nor may a later build's rules of names and sizes. */
static void test_what_was_kept_under_other_rules_may_stay(void **state)
{
    struct fixture *fixture = *state;
    const struct str flux = own_of(fixture, "Flux", graph_sd15, "");
    const struct str exact = own_of(fixture, "flux", graph_sd15, "");
    const char *const before = list_of(fixture, &flux, 1);
    struct str items[6];
    struct error err;

    assert_false(check(before, &err));
    assert_true(check_again(before, before, &err));
    assert_false(check_again(list_of(fixture, &exact, 1), list_of(fixture, &exact, 1), &err));
    for (size_t i = 0; i < COUNT(items); i++)
        items[i] = own_of(
            fixture, (const char *[]){"a", "b", "c", "d", "e", "f"}[i],
            arena_cstr(fixture->arena, arena_printf(fixture->arena, "{%*s", 80000, "x")), "");
    assert_true(check_again(list_of(fixture, items, 6), list_of(fixture, items, 6), &err));
    assert_true(check_again(list_of(fixture, items, 5), list_of(fixture, items, 6), &err));
    assert_false(check_again(list_of(fixture, items, 6), list_of(fixture, items, 5), &err));
}

static void test_of_too_much_in_all_the_longest_is_named(void **state)
{
    struct fixture *fixture = *state;
    struct str items[5];
    struct error err;

    for (size_t i = 0; i < COUNT(items); i++)
        items[i] = own_of(
            fixture, (const char *[]){"a", "b", "c", "d", "e"}[i],
            arena_cstr(fixture->arena, arena_printf(fixture->arena,
                                                    "{\"1\":{\"class_type\":\"A\",\"inputs\":"
                                                    "{\"t\":\"%%prompt%%%*s\"}}}",
                                                    i == 3 ? 90000 : 80000, "x")),
            "");
    assert_true(check(list_of(fixture, items, 3), &err));
    assert_false(check(list_of(fixture, items, 5), &err));
    assert_int_equal(err.code, ERROR_TOO_BIG);
    assert_int_equal(err.limit, COMFYUI_OWN_SIZE_MAX);
    assert_string_equal(err.field, "options.workflows[3].graph");
    assert_non_null(strstr(err.message, "\"d\""));
}

static void test_the_one_of_before_is_carried_over(void **state)
{
    static const struct {
        const char *before, *after; /* NULL: nothing to do */
    } rows[] = {
        {"{\"sampler\":\"heun\"}",                                              NULL                    },
        {"{\"workflow\":\"\",\"sampler\":\"heun\"}",                            "{\"sampler\":\"heun\"}"},
        {"{\"workflow\":\"{}\",\"denoise\":0.5}",
         "{\"denoise\":0.5,\"workflows\":[{\"id\":\"custom\",\"graph\":\"{}\"}]}"                       },
        {"{\"workflow\":\"{}\",\"workflows\":[{\"id\":\"a\",\"graph\":\"\"}]}",
         "{\"workflows\":[{\"id\":\"a\",\"graph\":\"\"},{\"id\":\"custom\",\"graph\":\"{}\"}]}"         },
        {"{\"workflow\":\"{}\",\"workflows\":{}}",                              NULL                    },
        {"{\"workflow\":7}",                                                    NULL                    }, /* the check says what is wrong with it */
    };
    const struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(json_cleanup) struct json *json = NULL;
        struct error err;
        struct str after;

        assert_true(json_read(str_of(rows[i].before), &json, &err));
        assert_int_equal(comfyui_own_carry_over(json, fixture->arena, &after),
                         rows[i].after != NULL);
        if (rows[i].after != NULL)
            assert_text(after, rows[i].after);
    }
}

static struct provider_workflow view_of(struct fixture *fixture, const char *graph,
                                        const char *parameters)
{
    CLEANUP(json_cleanup) struct json *declared = NULL;
    struct provider_workflow view = {0};
    struct error err = {0};

    if ((parameters != NULL && !json_read(str_of(parameters), &declared, &err)) ||
        !provider_comfyui.read_workflow(str_of(graph), declared, fixture->arena, &view, &err))
        fail_msg("%s", err.message);
    return view;
}

static void test_it_is_shown_with_what_else_could_be_chosen(void **state)
{
    struct fixture *fixture = *state;
    struct provider_workflow view = view_of(fixture, graph_sd15, NULL);
    const struct provider_workflow_input *parameters = view.parameters.items,
                                         *inputs = view.inputs.items;
    size_t texts = 0;

    assert_false(view.is_marked);
    assert_int_equal(view.node_count, 7);
    assert_text(parameters[0].parameter, "prompt");
    assert_text(parameters[0].title, "Positive");
    assert_text(parameters[0].class, "CLIPTextEncode");
    assert_text(parameters[0].value, "a lamp on a desk");
    assert_text(parameters[0].type, "text");
    for (size_t i = 0; i < view.inputs.count; i++)
        texts += str_equal(inputs[i].type, STR("text"));
    assert_int_equal(texts, 6); /* two texts, sampler, scheduler, checkpoint, file name */
    view =
        view_of(fixture, graph_sd15, "[{\"name\":\"prompt\",\"node\":\"7\",\"input\":\"text\"}]");
    parameters = view.parameters.items;
    assert_int_equal(view.parameters.count, 1);
    assert_text(parameters[0].title, "Negative");
    view = view_of(fixture, graph_sdxl, NULL);
    assert_int_equal(view.notes.count, 3);
    assert_text(((struct provider_workflow_note *)view.notes.items)[1].code, "steps");
    assert_text(((struct provider_workflow_note *)view.notes.items)[1].title, "KSamplerAdvanced");
    view = view_of(fixture, "{\"a\":{\"class_type\":\"A\",\"inputs\":{\"t\":\"%prompt%\"}}}", NULL);
    assert_true(view.is_marked);
    view = view_of(fixture,
                   "{\"a\":{\"class_type\":\"SaveImage\",\"inputs\":{"
                   "\"images\":[\"b\",0],\"seed\":18446744073709551615}},"
                   "\"b\":{\"class_type\":\"B\",\"inputs\":{}}}",
                   NULL);
    inputs = view.inputs.items;
    assert_text(inputs[0].value, "18446744073709551615");
}

static void test_the_names_of_parameters_are_in_their_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < COMFYUI_PARAMETER_COUNT; i++)
        assert_string_equal(provider_workflow_parameters[i],
                            comfyui_parameter_name((enum comfyui_parameter)i));
    assert_null(provider_workflow_parameters[COMFYUI_PARAMETER_COUNT]);
    for (size_t i = 0; i < COMFYUI_NOTE_COUNT; i++)
        assert_non_null(provider_workflow_notes[i]);
    assert_null(provider_workflow_notes[COMFYUI_NOTE_COUNT]);
}

/* From an account's options to the prompt that a server gets. */
static void test_a_call_of_one_is_its_graph_with_the_calls_values(void **state)
{
    struct fixture *fixture = *state;
    const struct str items[] = {own_of(fixture, "lamp", graph_sd15, "")};
    struct provider_request request = request_of("lamp");
    struct exchange submit;
    struct error err = {0};

    fixture_options(
        fixture, arena_cstr(fixture->arena, arena_printf(fixture->arena, "{\"sampler\":\"heun\",%s",
                                                         list_of(fixture, items, 1) + 1)));
    request.width_px = 640;
    request.height_px = 512;
    submit = begin(fixture, &request);
    assert_true(submit.is_paid); /* no list of files is asked for: it names its own */
    {
        const struct str body = body_of(&submit, fixture->arena);

        assert_true(str_find(body, STR("\"text\":\"a cup\"")) > 0);
        assert_true(str_find(body, STR("\"width\":640,\"height\":512")) > 0);
        assert_true(str_find(body, STR("\"steps\":20,\"cfg\":8,")) > 0);
        assert_true(str_find(body, STR("\"text\":\"text, watermark\"")) > 0);
        /* The account's sampler is for workflows that name none. */
        assert_true(str_find(body, STR("\"sampler_name\":\"euler\"")) > 0);
    }
    set_options(fixture, &request, "sampler=uni_pc");
    submit = begin(fixture, &request);
    assert_true(str_find(body_of(&submit, fixture->arena), STR("\"uni_pc\"")) > 0);
    request = request_of("gone"); /* taken away while a task waited */
    assert_false(
        provider_comfyui.begin(&fixture->account, &request, fixture->arena, &submit, &err));
    assert_string_equal(err.field, "model");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_is_a_model_with_what_it_leaves_open),
        TEST(test_what_may_be_kept_is_bounded_and_named),
        TEST(test_what_was_kept_and_reads_no_more_is_in_nobodys_way),
        TEST(test_what_was_kept_under_other_rules_may_stay),
        TEST(test_of_too_much_in_all_the_longest_is_named),
        TEST(test_the_one_of_before_is_carried_over),
        TEST(test_it_is_shown_with_what_else_could_be_chosen),
        TEST(test_the_names_of_parameters_are_in_their_order),
        TEST(test_a_call_of_one_is_its_graph_with_the_calls_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
