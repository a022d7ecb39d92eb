/* What a server lists for the options of its workflows, as it is asked and as it is put into the
 * models' rows. */
#include "provider/comfyui_test.h"

#define LOADER                                                                                     \
    "{\"CheckpointLoaderSimple\":{\"input\":{\"required\":{\"ckpt_name\":[[\"a.safetensors\","     \
    "\"xl\\\\b.safetensors\"],{}]}}}}"
#define SAMPLER(samplers)                                                                          \
    "{\"KSampler\":{\"input\":{\"required\":{\"seed\":[\"INT\",{}],\"sampler_name\":[[" samplers   \
    "],{}],\"scheduler\":[\"COMBO\",{\"options\":[\"normal\",\"karras\"]}]}}}}"

static struct str ask(struct fixture *fixture, size_t number)
{
    struct exchange exchange;

    if (!provider_comfyui.ask_offer(&fixture->account, number, fixture->arena, &exchange))
        return STR_EMPTY;
    assert_int_equal(exchange.purpose, EXCHANGE_PROBE);
    assert_false(exchange.is_paid);
    assert_text(exchange.method, "GET");
    return str_slice(exchange.url, str_of("http://127.0.0.1:8188").size, exchange.url.size);
}

static bool told(struct fixture *fixture, size_t number, const char *body,
                 struct provider_offers *offers)
{
    const struct exchange_reply reply = reply_of(200, body);

    return provider_comfyui.read_offer(&fixture->account, number, &reply, fixture->arena, offers);
}

/* "a, b"; "-": no such offer, "": whatever is written. */
static const char *list_of(struct fixture *fixture, const struct provider_offers *offers,
                           const char *model, const char *option)
{
    const struct provider_offer *offer = provider_offer_find(offers, str_of(model), str_of(option));
    CLEANUP(buf_finish) struct buf text = {0};

    if (offer == NULL)
        return "-";
    for (size_t i = 0; i < offer->choices.count; i++)
        buf_printf(&text, "%s%.*s", i == 0 ? "" : ", ", STR_ARGS(offer->choices.items[i]));
    return arena_cstr(fixture->arena, buf_str(&text));
}

static void test_the_nodes_of_our_workflows_are_asked_for(void **state)
{
    struct fixture *fixture = *state;
    struct provider_offers offers = {0};

    assert_text(ask(fixture, 0), COMFYUI_CHECKPOINTS); /* the probe itself */
    assert_text(ask(fixture, 1), "/object_info/KSampler");
    assert_text(ask(fixture, 2), "");
    assert_true(told(fixture, 0, LOADER, &offers));
    assert_true(told(fixture, 1, SAMPLER("\"euler\",\"dpmpp_2m\""), &offers));
    assert_string_equal(list_of(fixture, &offers, "", "sampler"), "euler, dpmpp_2m");
    assert_string_equal(list_of(fixture, &offers, "", "scheduler"), "normal, karras");
    assert_string_equal(list_of(fixture, &offers, "", "checkpoint"),
                        "a.safetensors, xl\\b.safetensors");
    assert_string_equal(list_of(fixture, &offers, "", "denoise"), "-");
    assert_string_equal(list_of(fixture, &offers, "custom", "sampler"), "-");
}

/* Those that are asked are the nodes of the first one. */
static void test_all_of_our_workflows_have_their_options_in_the_same_nodes(void **state)
{
    struct comfyui_input first[16], other[16];
    size_t first_count = 0, compared = 0;

    (void)state;
    for (size_t i = 0; i < comfyui_template_count; i++) {
        CLEANUP(comfyui_workflow_finish) struct comfyui_workflow workflow = {0};
        struct error err;
        size_t count;

        if (comfyui_templates[i].graph == NULL)
            continue;
        assert_true(
            comfyui_workflow_read(str_of(comfyui_templates[i].graph), NULL, &workflow, &err));
        count = comfyui_workflow_inputs(&workflow, other, COUNT(other));
        for (size_t n = 0; n < count; n++) {
            bool is_known = i == 0;

            for (size_t f = 0; f < first_count; f++)
                is_known = is_known || (first[f].parameter == other[n].parameter &&
                                        str_equal(first[f].class, other[n].class) &&
                                        str_equal(first[f].name, other[n].name));
            if (!is_known && other[n].parameter != COMFYUI_DENOISE)
                fail_msg("%s: %.*s", comfyui_templates[i].name, STR_ARGS(other[n].name));
            compared++;
        }
        if (i > 0)
            continue;
        first_count = count;
        for (size_t n = 0; n < count; n++) { /* the document ends here */
            const struct fixture *fixture = *state;

            first[n] = other[n];
            first[n].class = arena_str(fixture->arena, other[n].class);
            first[n].name = arena_str(fixture->arena, other[n].name);
        }
    }
    assert_int_equal(first_count, 3);
    assert_true(compared > 10);
}

static void test_an_own_workflow_is_offered_what_its_nodes_take(void **state)
{
    static const char *const workflow =
        OWN(",\\\"s\\\":\\\"%sampler%\\\",\\\"c\\\":\\\"a %scheduler%\\\"}},"
            "\\\"b\\\":{\\\"class_type\\\":\\\"B C\\\",\\\"inputs\\\":{\\\"q\\\":\\\"%sampler%"
            "\\\",\\\"m\\\":\\\"%model%\\\"");
    struct fixture *fixture = *state;
    struct provider_offers offers = {0};

    fixture_options(fixture, workflow);
    assert_text(ask(fixture, 2), "/object_info/A");
    assert_text(ask(fixture, 3), "/object_info/B%20C");
    assert_text(ask(fixture, 4), "");
    assert_true(told(fixture, 0, LOADER, &offers));
    assert_true(told(fixture, 1, SAMPLER("\"euler\""), &offers));
    assert_true(
        told(fixture, 2,
             "{\"A\":{\"input\":{\"required\":{},\"optional\":{\"s\":[[\"x\",\"y\",\"z\"]]}}}}",
             &offers));
    assert_string_equal(list_of(fixture, &offers, "custom", "sampler"), "x, y, z");
    assert_true(told(fixture, 3,
                     "{\"B C\":{\"input\":{\"required\":{\"q\":[[\"z\",\"y\",\"w\"]],"
                     "\"m\":[\"STRING\",{}]}}}}",
                     &offers));
    assert_string_equal(list_of(fixture, &offers, "custom", "sampler"),
                        "y, z");                                                /* what both take */
    assert_string_equal(list_of(fixture, &offers, "custom", "scheduler"), "-"); /* within a text */
    assert_string_equal(list_of(fixture, &offers, "custom", "checkpoint"), "-"); /* no list */
    assert_string_equal(list_of(fixture, &offers, "", "sampler"), "euler");
    provider_offers_forget_own(&offers);
    assert_string_equal(list_of(fixture, &offers, "custom", "sampler"), "");
    assert_string_equal(list_of(fixture, &offers, "", "sampler"), "euler");
}

/* Of a server that lists one name five hundred times, for each input, the name is kept. */
static void test_what_is_listed_again_takes_no_memory(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(arena_cleanup) struct arena *small = arena_create(KIB(64));
    CLEANUP(buf_finish) struct buf names = {0}, body = {0};
    struct provider_offers offers = {0};
    struct exchange_reply reply = reply_of(200, LOADER);

    for (int i = 0; i < PROVIDER_CHOICES_MAX; i++)
        buf_printf(&names, "%s\"%0490d\"", i == 0 ? "" : ",", 7);
    buf_printf(&body,
               "{\"KSampler\":{\"input\":{\"required\":{\"sampler_name\":[[%.*s],{}],"
               "\"scheduler\":[[%.*s],{}]}}}}",
               STR_ARGS(buf_str(&names)), STR_ARGS(buf_str(&names)));
    assert_true(provider_comfyui.read_offer(&fixture->account, 0, &reply, small, &offers));
    reply.body = buf_str(&body);
    assert_true(provider_comfyui.read_offer(&fixture->account, 1, &reply, small, &offers));
    for (const char *const *option = (const char *const[]){"sampler", "scheduler", NULL};
         *option != NULL; option++) {
        const struct provider_offer *offer =
            provider_offer_find(&offers, STR_EMPTY, str_of(*option));

        assert_non_null(offer);
        assert_int_equal(offer->choices.count, 1);
        assert_int_equal(offer->choices.items[0].size, 490);
    }
}

/* Also not by what a third one lists, though two that share nothing leave none. */
static void test_nodes_that_share_nothing_offer_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct provider_offers offers = {0};

    fixture_options(fixture, OWN(",\\\"s\\\":\\\"%sampler%\\\",\\\"q\\\":\\\"%sampler%\\\","
                                 "\\\"r\\\":\\\"%sampler%\\\""));
    assert_true(told(fixture, 0, LOADER, &offers));
    assert_true(told(fixture, 2,
                     "{\"A\":{\"input\":{\"required\":{\"s\":[[\"x\"]],\"q\":[[\"y\"]],"
                     "\"r\":[[\"z\"]]}}}}",
                     &offers));
    assert_string_equal(list_of(fixture, &offers, "custom", "sampler"), "");
}

static void test_what_is_no_list_is_none(void **state)
{
    static const struct {
        const char *samplers, *list, *reason;
    } rows[] = {
        {"",                                          "-",     "empty"                  },
        {"7,null,{},\"\",\" a\",\"b\\nc\",\"euler\"", "euler", "what is no name"        },
        {"\"euler\",\"euler\"",                       "euler", "one that is there twice"},
    };
    struct fixture *fixture = *state;
    struct provider_offers offers;
    CLEANUP(buf_finish) struct buf many = {0};

    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *body =
            arena_cstr(fixture->arena,
                       arena_printf(fixture->arena,
                                    "{\"KSampler\":{\"input\":{\"required\":{\"sampler_name\":[[%s"
                                    "]]}}}}",
                                    rows[i].samplers));

        offers = (struct provider_offers){0};
        assert_true(told(fixture, 0, LOADER, &offers));
        assert_true(told(fixture, 1, body, &offers));
        if (strcmp(list_of(fixture, &offers, "", "sampler"), rows[i].list) != 0)
            fail_msg("%s: %s", rows[i].reason, list_of(fixture, &offers, "", "sampler"));
    }
    buf_add(&many, STR("{\"KSampler\":{\"input\":{\"required\":{\"sampler_name\":[[\"a\""));
    for (int i = 0; i < PROVIDER_CHOICES_MAX; i++)
        buf_printf(&many, ",\"%d\"", i);
    buf_add(&many, STR("]]}}}}"));
    offers = (struct provider_offers){0};
    assert_true(told(fixture, 0, LOADER, &offers));
    assert_true(told(fixture, 1, arena_cstr(fixture->arena, buf_str(&many)), &offers));
    assert_string_equal(list_of(fixture, &offers, "", "sampler"), "-"); /* not the first 500 */
}

static void test_an_answer_that_is_none_offers_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct provider_offers offers = {0};
    const struct exchange_reply replies[] = {reply_of(200, "<html>"),
                                             reply_of(200, "[]"),
                                             reply_of(404, SAMPLER("")),
                                             reply_of(500, "{}"),
                                             {.outcome = EXCHANGE_LOST}};

    for (size_t i = 0; i < COUNT(replies); i++)
        assert_false(provider_comfyui.read_offer(&fixture->account, 1, &replies[i], fixture->arena,
                                                 &offers));
    assert_false(told(fixture, 9, LOADER, &offers));
}

/* From the server's words to the row that a form is drawn from. */
static void test_what_is_offered_is_chosen_from(void **state)
{
    struct fixture *fixture = *state;
    struct provider_offers offers = {0}, again;
    struct provider_model model = provider_model_find(&provider_comfyui, STR("img2img")),
                          other = provider_model_find(&provider_comfyui, STR("img2img"));
    const struct provider_field *const *catalogue = model.options;
    struct provider_setting setting = {STR("sampler"), STR("dpmpp_2m")};
    const struct provider_request request = {.settings = &setting, .setting_count = 1};
    struct str text;
    struct error err = {0};

    other.name = STR("custom");
    other.is_own = true;
    assert_true(told(fixture, 0, LOADER, &offers));
    assert_true(told(fixture, 1, SAMPLER("\"euler\",\"dpmpp_2m\""), &offers));
    text = provider_offers_write(&offers, fixture->arena);
    assert_true(provider_offers_read(text, fixture->arena, &again, &err));
    provider_model_offer(&model, &again, fixture->arena);
    provider_model_offer(&other, &again, fixture->arena);
    assert_int_equal(model.options[0]->type, PROVIDER_FIELD_CHOICE);
    assert_string_equal(model.options[0]->choices[1], "dpmpp_2m");
    assert_string_equal(model.options[0]->label_en, "Sampler");
    assert_int_equal(model.options[2]->type, PROVIDER_FIELD_DOUBLE);
    assert_int_equal(catalogue[0]->type, PROVIDER_FIELD_TEXT); /* the catalogue's is as it was */
    assert_int_equal(other.options[0]->type, PROVIDER_FIELD_TEXT);
    assert_true(provider_check_settings(&model, &request, &err));
    setting.text = STR("dpmpp_3m");
    assert_false(provider_check_settings(&model, &request, &err));
    assert_int_equal(err.code, ERROR_NOT_IN_LIST);
    assert_string_equal(err.field, "options.sampler");
    assert_string_equal(err.message, "the server has, as it was tested last: euler, dpmpp_2m");
    assert_true(provider_check_settings(&other, &request, &err)); /* the server judges */
    assert_true(provider_offers_read(STR_EMPTY, fixture->arena, &again, &err));
    assert_int_equal(again.items.count, 0);
    assert_false(provider_offers_read(STR("{\"items\":7}"), fixture->arena, &again, &err));
}

/* Added models of one server have one list between them. */
static void test_models_share_what_they_are_offered(void **state)
{
    struct fixture *fixture = *state;
    struct provider_offers offers = {0};
    struct provider_model one = provider_model_find(&provider_comfyui, STR("a.safetensors")),
                          other = provider_model_find(&provider_comfyui, STR("b.safetensors"));

    assert_true(told(fixture, 0, LOADER, &offers));
    assert_true(told(fixture, 1, SAMPLER("\"euler\",\"dpmpp_2m\""), &offers));
    provider_model_offer(&one, &offers, fixture->arena);
    provider_model_offer(&other, &offers, fixture->arena);
    assert_true(one.options[0]->is_offered);
    assert_ptr_equal(one.options[0], other.options[0]);
    assert_int_equal(one.options[0]->offered.count, 2);
}

static struct provider_offer offer_of(size_t count, const char *name, struct arena *arena)
{
    struct provider_offer offer = {
        .option = STR("sampler"),
        .choices = {.items = ARENA_ARRAY(arena, struct str, count), .count = count}
    };

    for (size_t i = 0; i < count; i++)
        offer.choices.items[i] = arena_printf(arena, "%s%zu", name, i);
    return offer;
}

static void test_lists_are_bounded_together_and_hold_no_key(void **state)
{
    const struct fixture *fixture = *state;
    struct provider_offer items[] = {offer_of(300, "short", fixture->arena),
                                     offer_of(500,
                                              "a name of quite some length, for a file of a"
                                              " model that somebody made",
                                              fixture->arena),
                                     offer_of(3, "sk-canary-key-", fixture->arena),
                                     offer_of(500, "s", fixture->arena),
                                     offer_of(300, "t", fixture->arena)};
    struct provider_offers offers = {
        .items = {.items = items, .count = COUNT(items)}
    };

    items[2].choices.items[1] = STR("euler");
    provider_offers_bound(&offers, STR("canary-key"));
    assert_int_equal(items[0].choices.count, 300);
    assert_int_equal(items[1].choices.count, 0); /* no room: whatever is written */
    assert_int_equal(items[2].choices.count, 1);
    assert_true(str_equal(items[2].choices.items[0], STR("euler")));
    assert_int_equal(items[3].choices.count, 500);
    assert_int_equal(items[4].choices.count, 0); /* more than a thousand names */
    provider_offers_bound(&offers, STR("hort")); /* so short that it may be part of anything */
    assert_int_equal(items[0].choices.count, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_nodes_of_our_workflows_are_asked_for),
        TEST(test_all_of_our_workflows_have_their_options_in_the_same_nodes),
        TEST(test_an_own_workflow_is_offered_what_its_nodes_take),
        TEST(test_what_is_listed_again_takes_no_memory),
        TEST(test_nodes_that_share_nothing_offer_nothing),
        TEST(test_what_is_no_list_is_none),
        TEST(test_an_answer_that_is_none_offers_nothing),
        TEST(test_what_is_offered_is_chosen_from),
        TEST(test_models_share_what_they_are_offered),
        TEST(test_lists_are_bounded_together_and_hold_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
