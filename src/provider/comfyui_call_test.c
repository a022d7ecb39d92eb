/* What is asked of a ComfyUI server, and what is refused before: facts 5. */
#include "provider/comfyui_test.h"

/* --- what is sent --- */

static void test_text_to_image_is_the_graph_of_the_facts(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("txt2img");
    struct exchange exchange;

    request.negative_prompt = STR("blurry");
    request.width_px = request.height_px = 1024;
    request.has_seed = true;
    request.seed = 1;
    exchange = submit_of(fixture, &request);
    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    assert_true(exchange.is_paid && exchange.is_own_origin);
    assert_text(exchange.method, "POST");
    assert_text(exchange.url, "http://127.0.0.1:8188/prompt");
    assert_int_equal(exchange.header_count, 1); /* no Origin: 403 on loopback */
    assert_text(header_of(&exchange, "Content-Type"), "application/json");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"prompt\":{\"ckpt\":{\"class_type\":\"CheckpointLoaderSimple\",\"inputs\":{"
                "\"ckpt_name\":\"model.safetensors\"}},"
                "\"pos\":{\"class_type\":\"CLIPTextEncode\",\"inputs\":{\"text\":\"a cup\","
                "\"clip\":[\"ckpt\",1]}},"
                "\"neg\":{\"class_type\":\"CLIPTextEncode\",\"inputs\":{\"text\":\"blurry\","
                "\"clip\":[\"ckpt\",1]}},"
                "\"lat\":{\"class_type\":\"EmptyLatentImage\",\"inputs\":{\"width\":1024,"
                "\"height\":1024,\"batch_size\":1}},"
                "\"smp\":{\"class_type\":\"KSampler\",\"inputs\":{\"model\":[\"ckpt\",0],"
                "\"positive\":[\"pos\",0],\"negative\":[\"neg\",0],\"latent_image\":[\"lat\",0],"
                "\"seed\":1,\"steps\":20,\"cfg\":7.0,\"sampler_name\":\"euler\","
                "\"scheduler\":\"normal\",\"denoise\":1.0}},"
                "\"dec\":{\"class_type\":\"VAEDecode\",\"inputs\":{\"samples\":[\"smp\",0],"
                "\"vae\":[\"ckpt\",2]}},"
                "\"out\":{\"class_type\":\"SaveImage\",\"inputs\":{\"images\":[\"dec\",0],"
                "\"filename_prefix\":\"vitrine\"}}},"
                "\"client_id\":\"2b621202-f2ae-44c6-b8a9-2af24f137025\","
                "\"prompt_id\":\"7b12a264-2648-4220-baf5-f5b6bfd9e6a9\"}");
}

static void test_the_first_checkpoint_is_asked_for_in_both_forms(void **state)
{
    static const struct {
        const char *model, *body, *picked;
    } rows[] = {
        {"txt2img",
         "{\"CheckpointLoaderSimple\":{\"input\":{\"required\":{\"ckpt_name\":[[\"a.ckpt\",\"b\"],"
         "{}]}}}}",                                                                               "a.ckpt"},
        {"txt2img",
         "{\"CheckpointLoaderSimple\":{\"input\":{\"required\":{\"ckpt_name\":[\"COMBO\","
         "{\"options\":[\"a\",\"b\"]}]}}}}",                                                      "a"     },
        {"txt2img",
         "{\"CheckpointLoaderSimple\":{\"input\":{\"required\":{\"ckpt_name\":[[\"FLUX1\",\"b\"]]}"
         "}}}",                                                                                   "b"     },
        {"txt2img",
         "{\"CheckpointLoaderSimple\":{\"input\":{\"required\":{\"ckpt_name\":[[\"flux1\"]]}}}}", "flux1" },
        {"flux",
         "{\"CheckpointLoaderSimple\":{\"input\":{\"required\":{\"ckpt_name\":[[\"a\",\"FLUX1\"]]}"
         "}}}",                                                                                   "FLUX1" },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange list = begin(fixture, &request), submit;
        struct str wanted = arena_printf(fixture->arena, "\"ckpt_name\":\"%s\"", rows[i].picked);
        assert_text(list.method, "GET");
        assert_text(list.url, "http://127.0.0.1:8188/object_info/CheckpointLoaderSimple");
        assert_false(list.is_paid);
        assert_int_equal(list.purpose, EXCHANGE_SUBMIT); /* so that a cancel stops it */
        submit = next_of(fixture, &request, &list, rows[i].body);
        assert_true(submit.is_paid);
        assert_true(str_find(body_of(&submit, fixture->arena), wanted) > 0);
    }
}

/* Where %model% stands in one's own workflow, there the first file is from. */
static void test_the_node_that_loads_an_own_workflows_model_is_asked(void **state)
{
#define LOADER(class, input)                                                                       \
    OWN("}},\\\"b\\\":{\\\"class_type\\\":\\\"" class "\\\",\\\"inputs\\\":{\\\"" input            \
                                                      "\\\":\\\"%model%\\\"")
    static const struct {
        const char *options, *path, *body, *sent, *message;
    } rows[] = {
        {LOADER("UNETLoader",                  "unet_name"),             "UNETLoader",
         "{\"UNETLoader\":{\"input\":{\"required\":{\"unet_name\":[[\"flux1\",\"b\"],{}]}}}}",                       "\"unet_name\":\"flux1\"", NULL},
        {LOADER("My Loader",                   "file"),                  "My%20Loader",
         "{\"My Loader\":{\"input\":{\"optional\":{\"file\":[\"COMBO\",{\"options\":[\"x\"]}]}}}}",                  "\"file\":\"x\"",          NULL},
        {LOADER("CheckpointLoaderSimple",      "ckpt_name"),             "CheckpointLoaderSimple",
         "{\"CheckpointLoaderSimple\":{\"input\":{\"required\":{\"ckpt_name\":[[\"flux1\",\"b\"]]}}"
         "}}",                                                                                                       "\"ckpt_name\":\"b\"",     NULL},
        {OWN(",\\\"f\\\":\\\"by %model%\\\""), "CheckpointLoaderSimple",
         "{\"CheckpointLoaderSimple\":{\"input\":{\"required\":{\"ckpt_name\":[[\"a\"]]}}}}",      "\"f\":\"by a\"", NULL                     },
        {LOADER("UNETLoader",                        "unet_name"),             "UNETLoader",                     "{}",             NULL,
         "the server lists no file for unet_name of the node UNETLoader; name one in the "
         "provider's settings"    },
        {LOADER("UNETLoader",                        "unet_name"),             "UNETLoader",
         "{\"UNETLoader\":{\"input\":{\"required\":{\"unet_name\":[[],{}]}}}}",                                NULL,
         "the server lists no file for unet_name of the node UNETLoader; name one in the "
         "provider's settings"                                                                                                                },
        {LOADER("UNETLoader",                        "unet_name"),             "UNETLoader",                     "[]",             NULL,
         "the server answered, but not as ComfyUI does; is the base URL right?"    },
    };
#undef LOADER
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("custom");
        struct provider_verdict verdict;
        struct exchange list;

        fixture_options(fixture, rows[i].options);
        list = begin(fixture, &request);
        assert_text(list.url,
                    arena_cstr(fixture->arena,
                               arena_printf(fixture->arena, "http://127.0.0.1:8188/object_info/%s",
                                            rows[i].path)));
        verdict = read_body(fixture, &request, &list, 200, rows[i].body);
        if (rows[i].message != NULL) {
            assert_int_equal(verdict.type, VERDICT_FAILED);
            assert_int_equal(verdict.failure.class, FAILURE_INVALID);
            assert_int_equal(verdict.failure.charged, CHARGED_NO);
            assert_text(verdict.failure.message, rows[i].message);
            continue;
        }
        assert_int_equal(verdict.type, VERDICT_NEXT);
        assert_true(verdict.next.is_paid);
        if (str_find(body_of(&verdict.next, fixture->arena), str_of(rows[i].sent)) < 0)
            fail_msg("%s: %.*s", rows[i].path, STR_ARGS(body_of(&verdict.next, fixture->arena)));
    }
}

static void test_pictures_are_uploaded_one_by_one_before_the_prompt(void **state)
{
    const struct provider_image picture = {.bytes = STR(PNG_BYTES)},
                                mask = {.bytes = STR(JPEG_BYTES)};
    struct fixture *fixture = *state;
    struct provider_request request = request_of("inpaint");
    struct exchange upload, again;
    struct str body;

    request.action = PROVIDER_EDIT;
    request.references = &picture;
    request.reference_count = 1;
    request.mask = &mask;
    request.mask_is_white = true;
    upload = submit_of(fixture, &request);
    again = submit_of(fixture, &request);
    assert_false(upload.is_paid);
    assert_text(upload.url, "http://127.0.0.1:8188/upload/image");
    body = body_of(&upload, fixture->arena);
    assert_true(str_equal(body, body_of(&again, fixture->arena)));
    assert_true(str_find(body, STR("name=\"image\"; filename=\"vitrine-")) > 0);
    assert_true(str_find(body, STR(".png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG")) > 0);
    assert_true(str_find(body, STR("name=\"type\"\r\n\r\ninput\r\n")) > 0);
    assert_true(str_find(body, STR("name=\"overwrite\"\r\n\r\ntrue\r\n")) > 0);
    upload = next_of(fixture, &request, &upload,
                     "{\"name\":\"x (1).png\",\"subfolder\":\"\",\"type\":\"input\"}");
    assert_false(upload.is_paid);
    body = body_of(&upload, fixture->arena);
    assert_true(str_find(body, STR(".jpg\"\r\nContent-Type: image/jpeg\r\n")) > 0);
    upload = next_of(fixture, &request, &upload,
                     "{\"name\":\"m.jpg\",\"subfolder\":\"masks\",\"type\":\"input\"}");
    assert_true(upload.is_paid);
    body = body_of(&upload, fixture->arena);
    assert_true(str_find(body, STR("\"LoadImage\",\"inputs\":{\"image\":\"x (1).png\"}")) > 0);
    assert_true(
        str_find(
            body,
            STR("\"LoadImageMask\",\"inputs\":{\"image\":\"masks/m.jpg\",\"channel\":\"red\"}")) >
        0);
}

static void test_the_key_is_sent_as_the_server_wants_it(void **state)
{
    static const struct {
        const char *options, *header, *value;
    } rows[] = {
        {"{}",                       "Authorization", "Bearer user:password"      },
        {"{\"auth\":\"bearer\"}",    "Authorization", "Bearer user:password"      },
        {"{\"auth\":\"basic\"}",     "Authorization", "Basic dXNlcjpwYXNzd29yZA=="},
        {"{\"auth\":\"x-api-key\"}", "X-API-Key",     "user:password"             },
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("m.safetensors");

    fixture->account.key.hidden = STR("user:password");
    fixture->account.base_url = STR("https://gpu.example/comfy/");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange exchange;
        fixture_options(fixture, rows[i].options);
        exchange = begin(fixture, &request);
        assert_text(exchange.url, "https://gpu.example/comfy/prompt");
        assert_text(header_of(&exchange, rows[i].header), rows[i].value);
    }
}

static void test_a_call_has_its_own_ids_and_seed_for_ever(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("m.safetensors"), other = request;
    struct exchange one = begin(fixture, &request), same = begin(fixture, &request), two;
    struct str uuid = comfyui_uuid(request.idempotency_key, "prompt", fixture->arena);

    other.idempotency_key = STR("call-2");
    two = begin(fixture, &other);
    assert_true(str_equal(body_of(&one, fixture->arena), body_of(&same, fixture->arena)));
    assert_false(str_equal(uuid, comfyui_uuid(other.idempotency_key, "prompt", fixture->arena)));
    assert_false(str_equal(uuid, comfyui_uuid(request.idempotency_key, "client", fixture->arena)));
    assert_true(comfyui_seed(&request) != comfyui_seed(&other));
    assert_true(comfyui_seed(&request) >= 0 && comfyui_seed(&request) <= UINT32_MAX);
    assert_int_equal(uuid.size, 36);
    assert_true(uuid.data[14] == '4' && strchr("89ab", uuid.data[19]) != NULL);
    assert_false(str_equal(body_of(&one, fixture->arena), body_of(&two, fixture->arena)));
    other.idempotency_key = STR_EMPTY;
    two = begin(fixture, &other);
    assert_true(str_find(body_of(&two, fixture->arena), STR("prompt_id")) < 0);
}

/* --- what is refused before anything is sent --- */

static void test_what_a_workflow_cannot_do_is_refused_with_its_field(void **state)
{
    static const struct provider_image picture = {
        .bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}
    };
    static const struct {
        const char *model, *options, *field;
        struct provider_request request;
        const char *why;
    } rows[] = {
        {"",        "{}",                        "model",           {.count = 1},                                   "no model"            },
        {"txt2img", "{}",                        "model",           {.action = PROVIDER_WRITE},                     "no text"             },
        {"txt2img", "{}",                        "size",            {.width_px = 100, .height_px = 100},            "not a multiple of 8" },
        {"txt2img", "{}",                        "count",           {.count = 9},                                   "too many"            },
        {"txt2img", "{}",                        "quality",         {.quality = {"high", 4}},                       "has none"            },
        {"txt2img", "{}",                        "background",      {.background = {"transparent", 11}},            "cannot"              },
        {"txt2img", "{}",                        "references",      {.references = &picture, .reference_count = 1}, "none"                },
        {"flux",    "{}",                        "negative_prompt", {.negative_prompt = {"x", 1}},                  "FLUX has none"       },
        {"flux",    "{}",                        "size",            {.width_px = 1032, .height_px = 1024},          "not a multiple of 16"},
        {"img2img", "{}",                        "references",      {.count = 1},                                   "needs a picture"     },
        {"inpaint", "{}",                        "mask",            {.references = &picture, .reference_count = 1}, "needs a mask"        },
        {"inpaint",
         "{}",                                   "size",
         {.references = &picture,
          .reference_count = 1,
          .mask = &picture,
          .mask_is_white = true,
          .width_px = 512,
          .height_px = 512},
         "the picture's own"                                                                                                              },
        {"inpaint",
         "{}",                                   "mask",
         {.references = &picture, .reference_count = 1, .mask = &picture},
         "the wrong form"                                                                                                                 },
        {"custom",  "{}",                        "model",           {.count = 1},                                   "nothing pasted"      },
        {"custom",  GRAPH("{"),                  "workflow",        {.count = 1},                                   "not JSON"            },
        {"custom",  GRAPH("{\\\"nodes\\\":[]}"), "workflow",        {.count = 1},                                   "saved"               },
        {"custom",  OWN(""),                     "seed",            {.has_seed = true},                             "no %seed%"           },
        {"custom",  OWN(""),                     "steps",           {.steps = 1},                                   "no %steps%"          },
        {"custom",  OWN(""),                     "scale",           {.scale = 1},                                   "no %cfg%"            },
        {"custom",  OWN(""),                     "negative_prompt", {.negative_prompt = {"x", 1}},                  "no %negative%"       },
        {"custom",  OWN(""),                     "size",            {.width_px = 64, .height_px = 64},              "no %width%"          },
        {"custom",
         OWN(",\\\"w\\\":\\\"%width%\\\""),
         "size",                                                    {.width_px = 64, .height_px = 64},
         "no %height%"                                                                                                                    },
        {"custom",  OWN(""),                     "count",           {.count = 2},                                   "no %count%"          },
        {"custom",
         OWN(""),
         "references",                                              {.references = &picture, .reference_count = 1},
         "no %image%"                                                                                                                     },
        {"custom",
         OWN(",\\\"i\\\":\\\"%image2%\\\""),
         "references",                                              {.references = &picture, .reference_count = 1},
         "two are needed"                                                                                                                 },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = rows[i].request;
        struct exchange exchange;
        struct error err = {0};
        request.model = str_of(rows[i].model);
        request.prompt = STR("a cup");
        request.compression = -1;
        request.count = request.count > 0 ? request.count : 1;
        fixture_options(fixture, rows[i].options);
        if (provider_comfyui.begin(&fixture->account, &request, fixture->arena, &exchange, &err))
            fail_msg("%s %s was taken", rows[i].model, rows[i].why);
        if (strcmp(err.field, rows[i].field) != 0)
            fail_msg("%s %s: %s: %s", rows[i].model, rows[i].why, err.field, err.message);
    }
}

/* A prompt in many places, and of bytes that are written as six: refused before it is copied, and
 * before a picture is uploaded for it. */
static void test_what_is_too_long_to_be_sent_is_refused_first(void **state)
{
    static const struct provider_image picture = {
        .bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("custom");
    CLEANUP(buf_finish) struct buf options = {0}, prompt = {0};
    struct exchange exchange;
    struct error err = {0};

    buf_add(&options, STR("{\"workflows\":[{\"id\":\"custom\",\"graph\":\"{\\\"a\\\":{"
                          "\\\"class_type\\\":\\\"A\\\",\\\"inputs\\\":{"
                          "\\\"i\\\":\\\"%image%\\\",\\\"t\\\":\\\""));
    for (int i = 0; i < COMFYUI_PLACES_MAX - 1; i++)
        buf_add(&options, STR("%prompt%"));
    buf_add(&options, STR("\\\"}}}\"}]}"));
    buf_add_char(&options, '\0');
    fixture_options(fixture, options.data);
    for (int i = 0; i < 30000; i++)
        buf_add_char(&prompt, '\x7f');
    request.references = &picture;
    request.reference_count = 1;
    request.prompt = buf_str(&prompt);
    assert_false(
        provider_comfyui.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_int_equal(err.code, ERROR_TOO_LONG);
    assert_string_equal(err.field, "prompt");
    assert_in_range(err.limit, 20000, 23000);
    request.prompt = str_slice(request.prompt, 0, 20000);
    exchange = begin(fixture, &request);
    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    exchange = next_of(fixture, &request, &exchange, "{\"name\":\"a.png\"}");
    assert_true(exchange.is_paid);
    assert_in_range(body_of(&exchange, fixture->arena).size, 63 * 6 * 20000, MIB(8));
}

static void test_a_checkpoints_name_takes_the_template_that_fits(void **state)
{
    static const struct provider_image picture = {
        .bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("flux1-dev-fp8.safetensors");
    struct exchange exchange = begin(fixture, &request);

    assert_true(str_find(body_of(&exchange, fixture->arena), STR("FluxGuidance")) > 0);
    request.model = STR("sd15.safetensors");
    request.references = &picture;
    request.reference_count = 1;
    exchange = begin(fixture, &request);
    exchange = next_of(fixture, &request, &exchange, "{\"name\":\"a.png\"}");
    assert_true(str_find(body_of(&exchange, fixture->arena), STR("ImageScale")) > 0);
    assert_true(str_find(body_of(&exchange, fixture->arena), STR("\"ckpt_name\":\"sd15.")) > 0);
}

/* Each where the workflow leaves it open, and refused where it does not. */
static void test_a_call_sets_what_its_workflow_leaves_open(void **state)
{
    /* clang-format off */
    static const struct option_row rows[] = {
        {"txt2img", "sampler=dpmpp_2m",         "\"sampler_name\":\"dpmpp_2m\"",   NULL                },
        {"txt2img", "scheduler=karras",         "\"scheduler\":\"karras\"",        NULL                },
        {"txt2img", "checkpoint=b.safetensors", "\"ckpt_name\":\"b.safetensors\"", NULL                },
        {"txt2img", "denoise=0.3",              NULL,                              "options.denoise"   },
        {"flux",    "scheduler=beta",           "\"scheduler\":\"beta\"",          NULL                },
        {"flux",    "denoise=0.3",              NULL,                              "options.denoise"   },
        {"m.ckpt",  "sampler=uni_pc",           "\"sampler_name\":\"uni_pc\"",     NULL                },
        {"m.ckpt",  "checkpoint=b.safetensors", NULL,                              "options.checkpoint"},
        {"txt2img", "workflow={}",              NULL,                              "options.workflow"  },
    };
    /* clang-format on */
    /* clang-format off */
    static const struct option_row own[] = {
        {"custom", "denoise=0.25",    "\"d\":0.25", NULL             },
        {"custom", "sampler=euler_a", NULL,         "options.sampler"},
        {"custom", "denoise=1.5",     NULL,         "options.denoise"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    const struct provider_image picture = {
        .bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}
    };
    struct provider_request request = request_of("");

    fixture_options(fixture, "{\"checkpoint\":\"a.safetensors\",\"sampler\":\"heun\"}");
    assert_option_rows(fixture, &provider_comfyui, &request, rows, COUNT(rows));
    fixture_options(fixture, OWN(",\\\"d\\\":\\\"%denoise%\\\""));
    assert_option_rows(fixture, &provider_comfyui, &request, own, COUNT(own));
    request = request_of("img2img"); /* the change of a picture is one's own there */
    request.references = &picture;
    request.reference_count = 1;
    set_options(fixture, &request, "denoise=0.25");
    fixture_options(fixture, "{\"checkpoint\":\"a\"}");
    {
        struct exchange upload = begin(fixture, &request);
        struct exchange submit =
            next_of(fixture, &request, &upload,
                    "{\"name\":\"a.png\",\"subfolder\":\"\",\"type\":\"input\"}");
        assert_true(str_find(body_of(&submit, fixture->arena), STR("\"denoise\":0.25")) >= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_text_to_image_is_the_graph_of_the_facts),
        TEST(test_the_first_checkpoint_is_asked_for_in_both_forms),
        TEST(test_the_node_that_loads_an_own_workflows_model_is_asked),
        TEST(test_pictures_are_uploaded_one_by_one_before_the_prompt),
        TEST(test_the_key_is_sent_as_the_server_wants_it),
        TEST(test_a_call_has_its_own_ids_and_seed_for_ever),
        TEST(test_what_a_workflow_cannot_do_is_refused_with_its_field),
        TEST(test_what_is_too_long_to_be_sent_is_refused_first),
        TEST(test_a_checkpoints_name_takes_the_template_that_fits),
        TEST(test_a_call_sets_what_its_workflow_leaves_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
