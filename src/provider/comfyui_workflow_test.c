/* Workflows: what is refused, what they leave open, and that values keep their types. */
#include "provider/provider_test.h"

#include "provider/comfyui_private.h"

#define NODE(inputs) "{\"a\":{\"class_type\":\"A\",\"inputs\":{" inputs "}}}"
#define WITH_PROMPT(inputs) NODE("\"text\":\"%prompt%\"," inputs)

static void test_what_is_no_workflow_is_refused_in_words(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"{",                                                    "not valid JSON"      },
        {"",                                                     "not valid JSON"      },
        {"{\"a\":1}}",                                           "not valid JSON"      },
        {"[]",                                                   "JSON object of nodes"},
        {"{}",                                                   "JSON object of nodes"},
        {"7",                                                    "JSON object of nodes"},
        {"null",                                                 "JSON object of nodes"},
        {"{\"nodes\":[],\"links\":[]}",                          "Workflow > Export"   },
        {"{\"a\":1}",                                            "\"a\" has no class"  },
        {"{\"a\":{}}",                                           "\"a\" has no class"  },
        {"{\"a\":{\"class_type\":\"A\"}}",                       "has no inputs"       },
        {"{\"a\":{\"class_type\":\"A\",\"inputs\":[]}}",         "has no inputs"       },
        {NODE("\"text\":\"a cup\""),                             "add Save Image"      },
        {NODE("\"text\":\"%prompt\""),                           "add Save Image"      },
        {NODE("\"%prompt%\":\"a name is no place\""),            "add Save Image"      },
        {"{\"a\":{\"class_type\":\"A\",\"inputs\":{}},"
         "\"a\":{\"class_type\":\"A\",\"inputs\":{}}}", "not valid JSON"      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct comfyui_workflow workflow;
        struct error err = {0};
        if (comfyui_workflow_read(str_of(rows[i].text), NULL, &workflow, &err))
            fail_msg("%s was taken", rows[i].text);
        assert_string_equal(err.field, "workflow");
        if (strstr(err.message, rows[i].says) == NULL)
            fail_msg("%s: %s", rows[i].text, err.message);
    }
}

static void test_what_a_workflow_leaves_open_is_found(void **state)
{
    static const struct {
        const char *text;
        enum comfyui_parameter parameter;
        size_t images;
    } rows[] = {
        {WITH_PROMPT("\"x\":\"%negative%\""),         COMFYUI_NEGATIVE,  0},
        {WITH_PROMPT("\"x\":\"%negative_prompt%\""),  COMFYUI_NEGATIVE,  0},
        {WITH_PROMPT("\"x\":[[{\"y\":\"%seed%\"}]]"), COMFYUI_SEED,      0},
        {WITH_PROMPT("\"x\":\"100%%width%\""),        COMFYUI_WIDTH,     0},
        {WITH_PROMPT("\"x\":\"%y%height%\""),         COMFYUI_HEIGHT,    0},
        {WITH_PROMPT("\"x\":\"%batch_size%\""),       COMFYUI_COUNT,     0},
        {WITH_PROMPT("\"x\":\"%scale%\""),            COMFYUI_CFG,       0},
        {WITH_PROMPT("\"x\":\"%checkpoint%\""),       COMFYUI_MODEL,     0},
        {WITH_PROMPT("\"x\":\"%image%\""),            COMFYUI_IMAGE,     1},
        {WITH_PROMPT("\"x\":\"%image1%\""),           COMFYUI_IMAGE,     1},
        {WITH_PROMPT("\"x\":\"%image8%%image2%\""),   COMFYUI_IMAGE,     8},
        {WITH_PROMPT("\"x\":\"%scheduler%\""),        COMFYUI_SCHEDULER, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(comfyui_workflow_finish) struct comfyui_workflow workflow = {0};
        struct error err = {0};
        assert_true(comfyui_workflow_read(str_of(rows[i].text), NULL, &workflow, &err));
        if (workflow.places != (1u << COMFYUI_PROMPT | 1u << rows[i].parameter) ||
            workflow.image_count != rows[i].images)
            fail_msg("%s: %x, %zu", rows[i].text, workflow.places, workflow.image_count);
    }
}

/* A graph whose text has `count` placeholders of `place` behind the prompt's. */
static void make_places(struct buf *out, const char *place, int count)
{
    buf_add(out, STR("{\"a\":{\"class_type\":\"A\",\"inputs\":{\"text\":\"%prompt%\",\"x\":\""));
    for (int i = 0; i < count; i++)
        buf_add(out, str_of(place));
    buf_add(out, STR("\"}}}"));
}

/* Whichever they are, and whether or not they count: each is filled with what a call says. */
static void test_placeholders_are_bounded(void **state)
{
    static const char *const places[] = {"%prompt%", "%seed%", "%image%"};

    (void)state;
    for (size_t i = 0; i < COUNT(places); i++)
        for (int more = 0; more < 2; more++) {
            CLEANUP(comfyui_workflow_finish) struct comfyui_workflow workflow = {0};
            CLEANUP(json_cleanup) struct json *declared = NULL;
            CLEANUP(buf_finish) struct buf text = {0};
            struct error err = {0};

            make_places(&text, places[i], COMFYUI_PLACES_MAX - 1 + more);
            assert_true(json_read(STR("[]"), &declared, &err));
            assert_int_equal(comfyui_workflow_parse(buf_str(&text), &workflow, &err), more == 0);
            comfyui_workflow_finish(&workflow);
            assert_int_equal(comfyui_workflow_read(buf_str(&text), NULL, &workflow, &err),
                             more == 0);
            if (more == 0)
                continue;
            assert_false(comfyui_workflow_read(buf_str(&text), declared, &workflow, &err));
            assert_int_equal(err.code, ERROR_TOO_MANY);
            assert_int_equal(err.limit, COMFYUI_PLACES_MAX);
            assert_string_equal(err.field, "workflow");
        }
}

static void test_percent_signs_of_other_meaning_are_none_of_ours(void **state)
{
    static const char text[] = WITH_PROMPT(
        "\"x\":\"%date:yyyy% %image0% %image9% %image-1% %image+1% %image 1% %KSampler.seed% 50 % "
        "%% %seed\"");
    CLEANUP(comfyui_workflow_finish) struct comfyui_workflow workflow = {0};
    struct error err = {0};

    (void)state;
    assert_true(comfyui_workflow_read(STR(text), NULL, &workflow, &err));
    assert_int_equal(workflow.places, 1u << COMFYUI_PROMPT);
}

static struct comfyui_values some_values(struct str prompt)
{
    struct comfyui_values values = {
        .images = {STR("a.png"), STR("b.png")}
    };

    values.items[COMFYUI_PROMPT] = (struct comfyui_value){.type = VALUE_TEXT, .text = prompt};
    values.items[COMFYUI_SEED] = (struct comfyui_value){.type = VALUE_INT, .number = 7};
    values.items[COMFYUI_CFG] = (struct comfyui_value){.type = VALUE_DOUBLE, .fraction = 4.5};
    return values;
}

static void write_with(const char *text, struct str prompt, struct buf *out)
{
    CLEANUP(comfyui_workflow_finish) struct comfyui_workflow workflow = {0};
    struct comfyui_values values = some_values(prompt);
    struct json_writer writer;
    struct error err = {0};

    if (!comfyui_workflow_read(str_of(text), NULL, &workflow, &err))
        fail_msg("%s: %s", text, err.message);
    json_writer_init(&writer, out);
    comfyui_workflow_write(&workflow, &values, &writer);
}

static void test_values_keep_their_types(void **state)
{
    static const struct {
        const char *text, *written;
    } rows[] = {
        {WITH_PROMPT("\"x\":\"%seed%\""),                                      NODE("\"text\":\"cup\",\"x\":7")             },
        {WITH_PROMPT("\"x\":\"%cfg%\""),                                       NODE("\"text\":\"cup\",\"x\":4.5")           },
        {WITH_PROMPT("\"x\":\"n %seed% %cfg%\""),                              NODE("\"text\":\"cup\",\"x\":\"n 7 4.5\"")   },
        {WITH_PROMPT("\"x\":\" %seed%\""),                                     NODE("\"text\":\"cup\",\"x\":\" 7\"")        },
        {WITH_PROMPT("\"x\":\"%image2%%image%\""),                             NODE("\"text\":\"cup\",\"x\":\"b.pnga.png\"")},
        {WITH_PROMPT("\"x\":[\"%seed%\",[]]"),                                 NODE("\"text\":\"cup\",\"x\":[7,[]]")        },
        {WITH_PROMPT("\"x\":[null,true,{}]"),                                  NODE("\"text\":\"cup\",\"x\":[null,true,{}]")},
        {WITH_PROMPT("\"x\":[\"4\",0]"),                                       NODE("\"text\":\"cup\",\"x\":[\"4\",0]")     },
        {WITH_PROMPT("\"x\":7.0"),                                             NODE("\"text\":\"cup\",\"x\":7.0")           },
        {WITH_PROMPT("\"x\":-3"),                                              NODE("\"text\":\"cup\",\"x\":-3")            },
        {WITH_PROMPT("\"x\":9223372036854775807"),
         NODE("\"text\":\"cup\",\"x\":9223372036854775807")                                                                 },
        {WITH_PROMPT("\"x\":9223372036854775808"),
         NODE("\"text\":\"cup\",\"x\":9223372036854775808")                                                                 },
        {WITH_PROMPT("\"x\":[18446744073709551615,9223372036854775809]"),
         NODE("\"text\":\"cup\",\"x\":[18446744073709551615,9223372036854775809]")                                          },
        {WITH_PROMPT("\"x\":[-9223372036854775809,18446744073709552000,0.5]"),
         NODE("\"text\":\"cup\",\"x\":[-9223372036854775809,18446744073709552000,0.5]")                                     },
        {WITH_PROMPT("\"x\":\"\""),                                            NODE("\"text\":\"cup\",\"x\":\"\"")          },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(buf_finish) struct buf out = {0};
        write_with(rows[i].text, STR("cup"), &out);
        assert_text(buf_str(&out), rows[i].written);
    }
}

/* Whatever a prompt says, it stays one text, and its percent signs are the person's. */
static void test_a_prompt_cannot_change_the_workflow(void **state)
{
    static const char *const prompts[] = {
        "\"}},\"b\":{\"class_type\":\"B\",\"inputs\":{}}",
        "%seed%",
        "%prompt%",
        "%%prompt%%",
        "line\nline\t\\",
        "茶杯 🫖",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(prompts); i++) {
        CLEANUP(buf_finish) struct buf out = {0}, wanted = {0};
        CLEANUP(json_cleanup) struct json *json = NULL;
        struct error err;
        write_with(NODE("\"text\":\"%prompt%\",\"y\":\"<%prompt%>\""), str_of(prompts[i]), &out);
        assert_true(json_read(buf_str(&out), &json, &err));
        assert_int_equal(json_count(json), 1);
        assert_int_equal(json_count(json_path(json, "a.inputs")), 2);
        assert_text(json_text(json_path(json, "a.inputs.text")), prompts[i]);
        buf_printf(&wanted, "<%s>", prompts[i]);
        buf_add_char(&wanted, '\0');
        assert_text(json_text(json_path(json, "a.inputs.y")), wanted.data);
    }
}

/* The form offers what the workflow behind it takes. */
static void test_every_template_is_whole_and_as_its_model_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < comfyui_template_count; i++) {
        const struct comfyui_template *template = &comfyui_templates[i];
        struct provider_model model =
            provider_model_find(&provider_comfyui, str_of(template->name));
        CLEANUP(comfyui_workflow_finish) struct comfyui_workflow workflow = {0};
        struct error err = {0};
        assert_true(model.is_known);
        assert_ptr_equal(comfyui_template_find(model.name), template);
        if (template->graph == NULL)
            continue;
        if (!comfyui_workflow_read(str_of(template->graph), NULL, &workflow, &err))
            fail_msg("%s: %s", template->name, err.message);
        assert_int_equal(model.has_seed, comfyui_workflow_uses(&workflow, COMFYUI_SEED));
        assert_int_equal(model.has_negative, comfyui_workflow_uses(&workflow, COMFYUI_NEGATIVE));
        assert_int_equal(model.has_steps, comfyui_workflow_uses(&workflow, COMFYUI_STEPS));
        assert_int_equal(model.has_scale, comfyui_workflow_uses(&workflow, COMFYUI_CFG));
        assert_int_equal(model.can_mask, comfyui_workflow_uses(&workflow, COMFYUI_MASK));
        assert_int_equal(model.side_px_max > 0, comfyui_workflow_uses(&workflow, COMFYUI_WIDTH));
        assert_int_equal(model.references_max, workflow.image_count);
        assert_int_equal(model.can_edit, workflow.image_count > 0);
        assert_int_equal(model.can_generate, workflow.image_count == 0);
        assert_true(comfyui_workflow_uses(&workflow, COMFYUI_COUNT));
        assert_true(comfyui_workflow_uses(&workflow, COMFYUI_MODEL));
    }
}

static void test_a_workflow_as_deep_as_json_may_be_is_written_again(void **state)
{
    CLEANUP(buf_finish) struct buf deep = {0}, out = {0};

    (void)state;
    buf_add(&deep, STR("{\"a\":{\"class_type\":\"A\",\"inputs\":{\"text\":\"%prompt%\",\"x\":"));
    for (int i = 0; i < JSON_DEPTH_MAX - 3; i++)
        buf_add_char(&deep, '[');
    for (int i = 0; i < JSON_DEPTH_MAX - 3; i++)
        buf_add_char(&deep, ']');
    buf_add(&deep, STR("}}}"));
    buf_add_char(&deep, '\0');
    write_with(deep.data, STR("%prompt%"), &out);
    assert_text(buf_str(&out), deep.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_no_workflow_is_refused_in_words),
        cmocka_unit_test(test_what_a_workflow_leaves_open_is_found),
        cmocka_unit_test(test_placeholders_are_bounded),
        cmocka_unit_test(test_percent_signs_of_other_meaning_are_none_of_ours),
        cmocka_unit_test(test_values_keep_their_types),
        cmocka_unit_test(test_a_prompt_cannot_change_the_workflow),
        cmocka_unit_test(test_every_template_is_whole_and_as_its_model_says),
        cmocka_unit_test(test_a_workflow_as_deep_as_json_may_be_is_written_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
