/* What an unmarked workflow leaves open: found in graphs as people have them, and refused in words
 * where nothing could be. */
#include "provider/comfyui_test.h"

#include "provider/comfyui_graphs_test.h"

/* "prompt 6.text, seed 3.seed | texts 7": targets, then notes. */
static struct str found_in(const char *text, struct arena *arena)
{
    CLEANUP(comfyui_workflow_finish) struct comfyui_workflow workflow = {0};
    CLEANUP(buf_finish) struct buf out = {0};
    struct comfyui_found found;
    struct error err = {0};

    if (!comfyui_workflow_parse(str_of(text), &workflow, &err) ||
        !comfyui_workflow_find(workflow.graph, &found, &err))
        return arena_printf(arena, "! %s", err.message);
    for (size_t i = 0; i < found.target_count; i++)
        buf_printf(&out, "%s%s %.*s.%.*s", i == 0 ? "" : ", ",
                   comfyui_parameter_name(found.targets[i].parameter),
                   STR_ARGS(found.targets[i].node), STR_ARGS(found.targets[i].input));
    for (size_t i = 0; i < found.note_count; i++)
        buf_printf(&out, "%s%s %.*s", i == 0 ? " | " : ", ",
                   provider_workflow_notes[found.notes[i].note], STR_ARGS(found.notes[i].node));
    return arena_str(arena, buf_str(&out));
}

struct row {
    const char *text, *found;
};

static void assert_rows(struct fixture *fixture, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct str found = found_in(rows[i].text, fixture->arena);

        if (!str_equal(found, str_of(rows[i].found)))
            fail_msg("%.60s…\nis   %.*s\nnot  %s", rows[i].text, STR_ARGS(found), rows[i].found);
    }
}

static void test_the_parameters_of_real_workflows_are_found(void **state)
{
    static const struct row rows[] = {
        {graph_sd15,
         "prompt 6.text, negative 7.text, cfg 3.cfg, seed 3.seed, width 5.width, height 5.height, "
         "count 5.batch_size, steps 3.steps, sampler 3.sampler_name, scheduler 3.scheduler, "
         "model 4.ckpt_name"},
        {graph_sdxl,
         "prompt 6.text, prompt 15.text, negative 7.text, cfg 10.cfg, cfg 11.cfg, "
         "seed 10.noise_seed, width 5.width, height 5.height, count 5.batch_size, "
         "sampler 10.sampler_name, scheduler 10.scheduler, scheduler 11.scheduler, "
         "model 4.ckpt_name | differs 16, steps 10, differs 11"},
        {graph_flux,
         "prompt 6.text, cfg 26.guidance, seed 25.noise_seed, width 41.value, height 42.value, "
         "count 27.batch_size, steps 17.steps, sampler 16.sampler_name, scheduler 17.scheduler, "
         "model 12.unet_name"},
        {graph_img2img,
         "prompt 6.text, negative 7.text, cfg 3.cfg, seed 3.seed, denoise 3.denoise, "
         "steps 3.steps, sampler 3.sampler_name, scheduler 3.scheduler, model 14.ckpt_name, "
         "image 10.image, image 18.image"},
        {graph_inpaint,
         "prompt 6.text, negative 7.text, cfg 3.cfg, seed 3.seed, denoise 3.denoise, "
         "steps 3.steps, sampler 3.sampler_name, scheduler 3.scheduler, model 29.ckpt_name, "
         "image 20.image, mask 20.image"},
    };

    assert_rows(*state, rows, COUNT(rows));
}

#define SAMPLER(id, positive, negative, latent)                                                    \
    "\"" id "\":{\"class_type\":\"KSampler\",\"inputs\":{\"seed\":1,\"cfg\":7,\"positive\":["      \
    "\"" positive "\",0],\"negative\":[\"" negative "\",0],\"latent_image\":[\"" latent            \
    "\",0]}},"
#define TEXT(id, text)                                                                             \
    "\"" id "\":{\"class_type\":\"CLIPTextEncode\",\"inputs\":{\"text\":" text "}},"
#define EMPTY(id)                                                                                  \
    "\"" id "\":{\"class_type\":\"EmptyLatentImage\",\"inputs\":{\"width\":64,\"height\":64}},"
#define JOIN(id, class, a, b)                                                                      \
    "\"" id "\":{\"class_type\":\"" class "\",\"inputs\":{\"conditioning_1\":[\"" a                \
    "\",0],\"conditioning_2\":[\"" b "\",0]}},"
#define SAVE(from)                                                                                 \
    "\"out\":{\"class_type\":\"SaveImage\",\"inputs\":{\"images\":[\"" from "\",0]}}}"

static void test_where_there_are_several_the_rules_decide_and_it_is_told(void **state)
{
    static const struct row rows[] = {
        /* The negative text is the prompt itself. */
        {"{" SAMPLER("s", "p", "p", "l") TEXT("p", "\"cup\"") EMPTY("l") SAVE("s"),
         "prompt p.text, cfg s.cfg, seed s.seed, width l.width, height l.height | shared p"},
        /* Two texts that are joined: the first. */
        {"{" SAMPLER("s", "j", "n", "l") JOIN("j", "ConditioningCombine", "p", "q")
             TEXT("p", "\"cup\"") TEXT("q", "\"soft light\"") TEXT("n", "\"\"") EMPTY("l")
                 SAVE("s"),
         "prompt p.text, negative n.text, cfg s.cfg, seed s.seed, width l.width, height l.height "
         "| texts q"},
        /* Two samplers beside each other: the one nearer to what is saved. */
        {"{" SAMPLER("a", "p", "n", "l") SAMPLER("b", "q", "n", "l") TEXT("p", "\"cup\"")
             TEXT("q", "\"pot\"") TEXT("n", "\"\"") EMPTY("l")
                 "\"mix\":{\"class_type\":\"ImageBlend\",\"inputs\":{\"image1\":[\"a\",0],"
                 "\"image2\":[\"b\",0]}}," SAVE("mix"),
         "prompt p.text, negative n.text, cfg a.cfg, seed a.seed, width l.width, height l.height "
         "| samplers a"},
        /* A sampler that leads to nothing is none. */
        {"{" SAMPLER("a", "p", "n", "l") SAMPLER("b", "q", "n", "l") TEXT("p", "\"cup\"")
             TEXT("q", "\"pot\"") TEXT("n", "\"\"") EMPTY("l") SAVE("b"),
         "prompt q.text, negative n.text, cfg b.cfg, seed b.seed, width l.width, height l.height"},
        /* A text from a node that holds it, one from a node that makes it, one that is none. */
        {"{" SAMPLER("s", "p", "n", "l") TEXT("p", "[\"v\",0]") TEXT("n", "[\"m\",0]") EMPTY("l")
             "\"v\":{\"class_type\":\"PrimitiveString\",\"inputs\":{\"value\":\"cup\"}},"
             "\"m\":{\"class_type\":\"Wildcards\",\"inputs\":{\"x\":1}}," SAVE("s"),
         "prompt v.value, cfg s.cfg, seed s.seed, width l.width, height l.height | linked "
         "n"},
        {"{" SAMPLER("s", "p", "n", "l") TEXT("p", "7") TEXT("n", "\"\"") EMPTY("l") SAVE("s"),
         "negative n.text, cfg s.cfg, seed s.seed, width l.width, height l.height | no_prompt "},
        /* One side for both is none of ours to set. */
        {"{" SAMPLER("s", "p", "n", "l") TEXT("p", "\"cup\"") TEXT("n", "\"\"")
             "\"l\":{\"class_type\":\"EmptyLatentImage\",\"inputs\":{\"width\":[\"v\",0],"
             "\"height\":[\"v\",0]}},\"v\":{\"class_type\":\"INT\",\"inputs\":{\"int\":64}}," SAVE(
                 "s"),
         "prompt p.text, negative n.text, cfg s.cfg, seed s.seed | linked l"},
        /* Only a preview: it is sent as one that saves. */
        {"{" SAMPLER("s", "p", "n", "l") TEXT("p", "\"cup\"") TEXT("n", "\"\"") EMPTY(
             "l") "\"o\":{\"class_type\":\"PreviewImage\",\"inputs\":{\"images\":[\"s\",0]}}}",
         "prompt p.text, negative n.text, cfg s.cfg, seed s.seed, width l.width, height l.height "
         "| preview o"},
        /* A second pass that has its own strength, and the same texts. */
        {"{" SAMPLER("a", "p", "n", "l") TEXT("p", "\"cup\"") TEXT("n", "\"\"") EMPTY("l")
             "\"u\":{\"class_type\":\"LatentUpscale\",\"inputs\":{\"samples\":[\"a\",0],"
             "\"width\":128,\"height\":128}}," SAMPLER("b", "p", "n", "u") SAVE("b"),
         "prompt p.text, negative n.text, cfg a.cfg, cfg b.cfg, seed a.seed, width l.width, "
         "height l.height"},
        /* An encoder that looks at the picture, and nothing that is negative. */
        {"{" SAMPLER("s", "q", "z", "e")
             "\"q\":{\"class_type\":\"TextEncodeQwenImageEdit\",\"inputs\":{\"prompt\":\"red\","
             "\"clip\":[\"c\",0],\"image\":[\"i\",0]}},"
             "\"z\":{\"class_type\":\"ConditioningZeroOut\",\"inputs\":{\"conditioning\":[\"q\","
             "0]}},\"c\":{\"class_type\":\"CLIPLoader\",\"inputs\":{\"clip_name\":\"c\"}},"
             "\"i\":{\"class_type\":\"LoadImage\",\"inputs\":{\"image\":\"a.png\"}},"
             "\"e\":{\"class_type\":\"VAEEncode\",\"inputs\":{\"pixels\":[\"i\",0]}}," SAVE("s"),
         "prompt q.prompt, cfg s.cfg, seed s.seed, image i.image"},
        /* Of an encoder with several texts those that say something. */
        {"{" SAMPLER("s", "x", "n", "l") TEXT("n", "\"\"") EMPTY("l")
             "\"x\":{\"class_type\":\"CLIPTextEncodeSDXL\",\"inputs\":{\"text_g\":\"cup\","
             "\"text_l\":\"cup\",\"width\":4096}},"
             "\"y\":{\"class_type\":\"CLIPTextEncodeFlux\",\"inputs\":{\"clip_l\":\"\"}}," SAVE("s"),
         "prompt x.text_g, prompt x.text_l, negative n.text, cfg s.cfg, seed s.seed, width "
         "l.width, height l.height"},
        /* A node that draws by itself. */
        {"{\"d\":{\"class_type\":\"SomeApiNode\",\"inputs\":{\"prompt\":\"cup\",\"seed\":3}},"
         SAVE("d"),
         "prompt d.prompt, seed d.seed"},
    };

    assert_rows(*state, rows, COUNT(rows));
}

static void test_what_no_server_would_work_is_refused_naming_node_and_input(void **state)
{
    static const struct row rows[] = {
        {"{" SAMPLER("s", "p", "gone", "l") TEXT("p", "\"\"") EMPTY("l") SAVE("s"),
         "! node \"s\" (KSampler), input negative: it is linked to a node that is not there: "
         "gone"},
        {"{" SAMPLER("s", "p", "p", "t") TEXT("p", "\"\"")
             "\"t\":{\"class_type\":\"LatentUpscale\",\"inputs\":{\"samples\":[\"s\",0]}}," SAVE(
                 "s"),
         "! node \"s\" (KSampler), input latent_image: the links lead round in a circle, back to "
         "node s"},
        {"{\"a\":{\"class_type\":\"A\",\"inputs\":{\"x\":[\"a\",0]}}," SAVE("a"),
         "! node \"a\" (A), input x: the links lead round in a circle, back to node a"},
        {"{" TEXT("p", "\"\"") "\"l\":{\"class_type\":\"A\",\"inputs\":{}}}",
         "! no node of the workflow saves a picture: add Save Image"},
        {"{" TEXT("p", "\"\"") "\"w\":{\"class_type\":\"SaveImageWebsocket\",\"inputs\":{"
                               "\"images\":[\"p\",0]}}}",
         "! node \"w\" (SaveImageWebsocket) keeps no picture; use Save Image in its place"},
    };

    assert_rows(*state, rows, COUNT(rows));
}

/* Neither the stack nor the time grows with what somebody sends. */
static void test_large_workflows_are_bounded(void **state)
{
    const struct fixture *fixture = *state;
    CLEANUP(buf_finish) struct buf chain = {0}, many = {0};

    buf_add(&chain, STR("{" SAMPLER("s", "0", "n", "l") TEXT("n", "\"\"") EMPTY("l")));
    for (int i = 0; i < 900; i++) /* each hands the text on */
        buf_printf(&chain, "\"%d\":{\"class_type\":\"R\",\"inputs\":{\"\":[\"%d\",0]}},", i, i + 1);
    buf_add(&chain, STR(TEXT("900", "\"cup\"") SAVE("s")));
    buf_add_char(&chain, '\0');
    assert_true(str_starts_with(found_in(chain.data, fixture->arena), STR("prompt 900.text")));
    buf_add(&many, STR("{"));
    for (int i = 0; i < 1500; i++)
        buf_printf(&many, "\"%d\":{\"class_type\":\"A\",\"inputs\":{}},", i);
    buf_add(&many, STR(SAVE("0")));
    buf_add_char(&many, '\0');
    assert_text(found_in(many.data, fixture->arena),
                "! a workflow has at most 1000 nodes; this one has 1501");
    buf_finish(&many);
    buf_printf(&many, "{\"a\":{\"class_type\":\"%0201d\",\"inputs\":{}}," SAVE("a"), 0);
    buf_add_char(&many, '\0');
    assert_text(found_in(many.data, fixture->arena),
                "! node \"a\": its class has at most 200 bytes");
    buf_finish(&many);
    buf_add(&many, STR("{"));
    for (int i = 0; i < 10000; i++)
        buf_printf(&many, "\"%d\":{\"class_type\":\"A\",\"inputs\":{}},", i);
    buf_add(&many, STR(SAVE("0")));
    buf_add_char(&many, '\0');
    assert_text(found_in(many.data, fixture->arena), "! a workflow has at most 100000 bytes");
}

/* Each begins where the one behind it ended; the one that begins them all is not seen. */
static void test_more_samplers_than_are_looked_at_are_told_of(void **state)
{
    const struct fixture *fixture = *state;

    for (int count = 16; count <= 17; count++) {
        CLEANUP(buf_finish) struct buf text = {0};
        struct str found;

        buf_add(&text, STR("{" TEXT("p", "\"cup\"") TEXT("n", "\"\"") EMPTY("s0")));
        for (int i = 1; i <= count; i++)
            buf_printf(&text, SAMPLER("s%d", "p", "n", "s%d"), i, i - 1);
        buf_printf(&text, SAVE("s%d"), count);
        buf_add_char(&text, '\0');
        found = found_in(text.data, fixture->arena);
        if ((str_find(found, STR("crowd")) >= 0) != (count == 17))
            fail_msg("%d: %.*s", count, STR_ARGS(found));
        assert_true(str_find(found, count == 17 ? STR(" | crowd s2") : STR("cfg s1.cfg")) > 0);
    }
}

/* --- what is sent --- */

static struct str written(struct fixture *fixture, const char *text, const char *parameters,
                          struct comfyui_values *values)
{
    CLEANUP(comfyui_workflow_finish) struct comfyui_workflow workflow = {0};
    CLEANUP(json_cleanup) struct json *declared = NULL;
    CLEANUP(buf_finish) struct buf out = {0};
    struct json_writer writer;
    struct error err = {0};

    if ((parameters != NULL && !json_read(str_of(parameters), &declared, &err)) ||
        !comfyui_workflow_read(str_of(text), declared, &workflow, &err))
        fail_msg("%s: %s", err.field, err.message);
    json_writer_init(&writer, &out);
    comfyui_workflow_write(&workflow, values, &writer);
    return arena_str(fixture->arena, buf_str(&out));
}

static void assert_has(struct str text, const char *part)
{
    if (str_find(text, str_of(part)) < 0)
        fail_msg("no %s in %.*s", part, STR_ARGS(text));
}

static struct comfyui_values values_of(uint32_t asked)
{
    struct comfyui_values values = {
        .asked = asked, .images = {STR("up-1.png"), STR("up-2.png")}};

    values.items[COMFYUI_PROMPT] =
        (struct comfyui_value){.type = VALUE_TEXT, .text = STR("%seed%")};
    values.items[COMFYUI_SEED] = (struct comfyui_value){.type = VALUE_INT, .number = 7};
    values.items[COMFYUI_STEPS] = (struct comfyui_value){.type = VALUE_INT, .number = 33};
    values.items[COMFYUI_CFG] = (struct comfyui_value){.type = VALUE_DOUBLE, .fraction = 2.5};
    values.items[COMFYUI_MASK] =
        (struct comfyui_value){.type = VALUE_TEXT, .text = STR("mask.png")};
    return values;
}
#define ASKED (1U << COMFYUI_PROMPT | 1U << COMFYUI_SEED | 1U << COMFYUI_IMAGE | 1U << COMFYUI_MASK)

/* What a call is silent about stays as the workflow has it. */
static void test_what_a_call_says_takes_the_place_of_what_stands_there(void **state)
{
    struct comfyui_values values = values_of(ASKED);
    struct str sent = written(*state, graph_sd15, NULL, &values);

    assert_has(sent, "\"text\":\"%seed%\"");
    assert_has(sent, "\"seed\":7,\"steps\":20,\"cfg\":8,");
    assert_has(sent, "\"text\":\"text, watermark\"");
    assert_has(sent, "\"width\":512,\"height\":768");
    assert_has(sent, "\"ckpt_name\":\"v1-5-pruned-emaonly.safetensors\"");
    values.asked |= 1U << COMFYUI_STEPS | 1U << COMFYUI_CFG;
    sent = written(*state, graph_flux, NULL, &values);
    assert_has(sent, "\"steps\":33");
    assert_has(sent, "\"guidance\":2.5");
    assert_has(sent, "\"noise_seed\":7");
    /* What the sampler begins with is the first picture, whatever the file's order. */
    sent = written(*state, graph_img2img, NULL, &values);
    assert_has(sent, "\"18\":{\"inputs\":{\"image\":\"up-2.png\"}");
    assert_has(sent, "\"10\":{\"inputs\":{\"image\":\"up-1.png\"");
}

static void test_only_what_was_declared_is_changed(void **state)
{
    struct comfyui_values values = values_of(ASKED);
    const struct str sent = written(*state, graph_sd15,
                                    "[{\"name\":\"prompt\",\"node\":\"7\",\"input\":\"text\"}]",
                                    &values);

    assert_has(sent, "\"text\":\"a lamp on a desk\"");
    assert_has(sent, "\"7\":{\"inputs\":{\"text\":\"%seed%\"");
    assert_has(sent, "\"seed\":156680208700286");
}

static void test_a_mask_in_a_pictures_alpha_comes_from_a_file_of_its_own(void **state)
{
    struct comfyui_values values = values_of(ASKED);
    struct str sent = written(*state, graph_inpaint, NULL, &values);

    assert_has(sent, "\"image\":\"up-1.png\"");
    assert_has(sent, "\"pixels\":[\"20\",0]");
    assert_has(sent, "\"mask\":[\"vitrine-mask\",0]");
    assert_has(sent, "\"vitrine-mask\":{\"class_type\":\"LoadImageMask\",\"inputs\":{\"image\":"
                     "\"mask.png\",\"channel\":\"red\"}}");
    sent = written(*state,
                   "{" SAMPLER("s", "p", "p", "l") TEXT("p", "\"\"")
                       "\"l\":{\"class_type\":\"SetLatentNoiseMask\",\"inputs\":{\"mask\":[\"m\","
                       "0]}},\"m\":{\"class_type\":\"LoadImageMask\",\"inputs\":{\"image\":"
                       "\"a.png\",\"channel\":\"alpha\"}}," SAVE("s"),
                   NULL, &values);
    /* What is sent has no alpha. */
    assert_has(sent, "\"inputs\":{\"image\":\"mask.png\",\"channel\":\"red\"}");
}

static void test_a_preview_is_sent_as_one_that_saves(void **state)
{
    struct comfyui_values values = values_of(ASKED);
    const struct str sent = written(
        *state,
        "{" SAMPLER("s", "p", "p", "l") TEXT("p", "\"\"") EMPTY(
            "l") "\"o\":{\"class_type\":\"PreviewImage\",\"inputs\":{\"images\":[\"s\",0]}}}",
        NULL, &values);

    assert_has(sent, "\"o\":{\"class_type\":\"SaveImage\",\"inputs\":{\"images\":[\"s\",0],"
                     "\"filename_prefix\":\"vitrine\"}}");
}

static void test_a_declaration_that_fits_nothing_is_refused_with_its_place(void **state)
{
#define ROW(name, node, input)                                                                     \
    "{\"name\":\"" name "\",\"node\":\"" node "\",\"input\":\"" input "\"}"
    static const struct {
        const char *parameters, *field, *why;
    } rows[] = {
        {"[]",                                                           "workflow",            "no prompt"      },
        {"7",                                                            "parameters",          "no list"        },
        {"[7]",                                                          "parameters[0].name",  "no row"         },
        {"[" ROW("prompt", "6", "text") "," ROW("loud", "3", "seed") "]",  "parameters[1].name",  "no parameter"   },
        {"[" ROW("prompt", "66", "text") "]",                              "parameters[0].node",  "no node"        },
        {"[" ROW("prompt", "6", "clip") "]",                               "parameters[0].input", "a link"         },
        {"[" ROW("prompt", "3", "steps") "]",                              "parameters[0].input", "a number"       },
        {"[" ROW("seed", "6", "text") "]",                                 "parameters[0].input", "a text"         },
        {"[" ROW("image", "6", "text") "]",                                "parameters[0].node",  "loads no picture"},
        {"[" ROW("prompt", "6", "text") "," ROW("negative", "6", "text") "]", "parameters[1].input", "twice"      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(json_cleanup) struct json *declared = NULL;
        struct comfyui_workflow workflow;
        struct error err = {0};

        assert_true(json_read(str_of(rows[i].parameters), &declared, &err));
        if (comfyui_workflow_read(STR(graph_sd15), declared, &workflow, &err))
            fail_msg("%s was taken", rows[i].why);
        if (strcmp(err.field, rows[i].field) != 0)
            fail_msg("%s: %s: %s", rows[i].why, err.field, err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_parameters_of_real_workflows_are_found),
        TEST(test_where_there_are_several_the_rules_decide_and_it_is_told),
        TEST(test_what_no_server_would_work_is_refused_naming_node_and_input),
        TEST(test_large_workflows_are_bounded),
        TEST(test_more_samplers_than_are_looked_at_are_told_of),
        TEST(test_what_a_call_says_takes_the_place_of_what_stands_there),
        TEST(test_only_what_was_declared_is_changed),
        TEST(test_a_mask_in_a_pictures_alpha_comes_from_a_file_of_its_own),
        TEST(test_a_preview_is_sent_as_one_that_saves),
        TEST(test_a_declaration_that_fits_nothing_is_refused_with_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
