/* Stability AI: what is sent and what its replies mean: facts 6.9. */
#include "provider/provider_test.h"

#include "provider/stability_private.h"

#define KEY "sk-test-key-0123456789"
#define ID "a6dc6c6e20acda010fe14d71f180658f2896ed9b4ec25aa99a6ff06c796987c4"

static const struct provider_image picture = {
    .bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}
};

static int begin_fixture(void **state)
{
    (void)fixture_begin(state);
    ((struct fixture *)*state)->account.key.hidden = STR(KEY);
    return 0;
}
#undef TEST
#define TEST(function) cmocka_unit_test_setup_teardown(function, begin_fixture, fixture_end)

static struct provider_request request_of(const char *model)
{
    return (struct provider_request){
        .model = str_of(model), .prompt = STR("a cup"), .count = 1, .compression = -1};
}

static struct exchange begin(struct fixture *fixture, const struct provider_request *request)
{
    struct exchange exchange;
    struct error err = {0};

    if (!provider_stability.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

static struct provider_verdict read_reply(struct fixture *fixture, const char *model,
                                          const struct exchange *exchange,
                                          const struct exchange_reply *reply)
{
    struct provider_request request = request_of(model);
    struct provider_verdict verdict;

    provider_stability.read(&fixture->account, &request, exchange, reply, fixture->arena, &verdict);
    return verdict;
}

static struct provider_verdict read_body(struct fixture *fixture, int status, struct str body)
{
    struct provider_request request = request_of("core");
    struct exchange exchange = begin(fixture, &request);
    struct exchange_reply reply = {.outcome = EXCHANGE_REPLIED, .status = status, .body = body};

    return read_reply(fixture, "core", &exchange, &reply);
}

/* --- what is sent --- */

static void assert_form(struct fixture *fixture, const struct exchange *exchange,
                        const char *const (*parts)[2], size_t count)
{
    CLEANUP(buf_finish) struct buf wanted = {0};
    struct str boundary = header_of(exchange, "Content-Type");

    assert_true(str_starts_with(boundary, STR("multipart/form-data; boundary=")));
    boundary = str_slice(boundary, 30, boundary.size);
    for (size_t i = 0; i < count; i++)
        buf_printf(&wanted, "--%.*s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n",
                   STR_ARGS(boundary), parts[i][0], parts[i][1]);
    buf_printf(&wanted, "--%.*s--\r\n", STR_ARGS(boundary));
    assert_true(str_equal(body_of(exchange, fixture->arena), buf_str(&wanted)));
}

static void test_a_call_is_a_form_even_without_a_file(void **state)
{
    static const char *const parts[][2] = {
        {"prompt",        "a cup"        },
        {"model",         "sd3.5-large"  },
        {"mode",          "text-to-image"},
        {"aspect_ratio",  "9:21"         },
        {"seed",          "4294967294"   },
        {"output_format", "jpeg"         },
        {"cfg_scale",     "1.5"          },
        {"style_preset",  "anime"        },
        {"none",          ""             },
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("sd3.5-large");
    struct exchange exchange;

    request.width_px = 640;
    request.height_px = 1536;
    request.has_seed = true;
    request.seed = 4294967294;
    request.format = STR("jpeg");
    request.scale = 1.5;
    fixture_options(fixture, "{\"style_preset\":\"anime\"}");
    exchange = begin(fixture, &request);
    assert_text(exchange.url, "https://api.stability.ai/v2beta/stable-image/generate/sd3");
    assert_text(header_of(&exchange, "Authorization"), "Bearer " KEY);
    assert_text(header_of(&exchange, "Accept"), "image/*");
    assert_true(exchange.is_paid);
    assert_false(exchange.is_own_origin);
    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    assert_form(fixture, &exchange, parts, COUNT(parts));
}

static void test_an_unknown_id_is_a_model_of_sd3(void **state)
{
    static const char *const parts[][2] = {
        {"prompt", "a cup"        },
        {"model",  "sd4-huge"     },
        {"mode",   "text-to-image"},
        {"none",   ""             },
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("sd4-huge");
    struct exchange exchange;

    fixture->account.base_url = STR("http://proxy:81/s/");
    exchange = begin(fixture, &request);
    assert_text(exchange.url, "http://proxy:81/s/v2beta/stable-image/generate/sd3");
    assert_true(exchange.is_own_origin);
    assert_form(fixture, &exchange, parts, COUNT(parts));
}

static void test_pictures_and_mask_are_files_of_the_form(void **state)
{
    static const struct provider_image mask = {
        .bytes = {JPEG_BYTES, sizeof JPEG_BYTES - 1}
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("inpaint");
    struct exchange exchange;
    struct str body;

    request.references = &picture;
    request.reference_count = 1;
    request.mask = &mask;
    request.mask_is_white = true;
    exchange = begin(fixture, &request);
    body = body_of(&exchange, fixture->arena);
    assert_true(
        str_find(body, STR("name=\"image\"; filename=\"image.png\"\r\nContent-Type: image/png\r\n"
                           "\r\n\x89PNG")) > 0);
    assert_true(
        str_find(body, STR("name=\"mask\"; filename=\"mask.jpeg\"\r\nContent-Type: image/jpeg\r\n"
                           "\r\n\xff\xd8")) > 0);
    assert_true(str_find(body, STR("\"none\"")) < 0);
    assert_true(provider_stability.wants_white_mask(&fixture->account));
}

static void test_what_cannot_be_is_refused_with_its_field(void **state)
{
    static char large[MIB(6)] = "\x89PNG\r\n\x1a\n";
    static const struct provider_image two_large[2] = {
        {.bytes = {large, sizeof large}},
        {.bytes = {large, sizeof large}},
    };
    static const struct {
        const char *model, *field;
        struct provider_request request;
        const char *why;
    } rows[] = {
        {"core",              "count",      {.count = 2},                                                                            "one in a call"  },
        {"core",              "seed",       {.has_seed = true, .seed = 4294967295},                                                  "too large"      },
        {"core",              "size",       {.width_px = 1024, .height_px = 1023},                                                   "no ratio of it" },
        {"core",              "scale",      {.scale = 5},                                                                            "has none"       },
        {"core",              "quality",    {.quality = {"high", 4}},                                                                "has none"       },
        {"core",              "references", {.references = &picture, .reference_count = 1},                                          "takes none"     },
        {"core",              "background", {.background = {"transparent", 11}},                                                     "cannot"         },
        {"ultra",
         "size",                            {.references = &picture, .reference_count = 1, .width_px = 1024, .height_px = 1024},
         "the picture's own"                                                                                                                          },
        {"sd3.5-large",       "format",     {.format = {"webp", 4}},                                                                 "no webp"        },
        {"sd3.5-large",       "scale",      {.scale = 10.5},                                                                         "too large"      },
        {"sd3.5-large",       "scale",      {.scale = 0.5},                                                                          "too small"      },
        {"inpaint",           "references", {.count = 1},                                                                            "needs a picture"},
        {"inpaint",
         "mask",                            {.references = &picture, .reference_count = 1, .mask = &picture},
         "the wrong form"                                                                                                                             },
        {"erase",
         "size",                            {.references = &picture, .reference_count = 1, .width_px = 1024, .height_px = 1024},
         "the picture's own"                                                                                                                          },
        {"remove-background",
         "seed",                            {.references = &picture, .reference_count = 1, .has_seed = true},
         "has none"                                                                                                                                   },
        {"remove-background",
         "format",                          {.references = &picture, .reference_count = 1, .format = {"jpeg", 4}},
         "has no alpha"                                                                                                                               },
        {"style-transfer",
         "references",                      {.references = &picture, .reference_count = 1},
         "needs two"                                                                                                                                  },
        {"style-transfer",
         "references",                      {.references = two_large, .reference_count = 2},
         "more than 10 MiB"                                                                                                                           },
        {"upscale-fast",
         "mask",                            {.references = &picture, .reference_count = 1, .mask = &picture, .mask_is_white = true},
         "takes none"                                                                                                                                 },
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
        if (provider_stability.begin(&fixture->account, &request, fixture->arena, &exchange, &err))
            fail_msg("%s: %s was taken", rows[i].model, rows[i].why);
        if (strcmp(err.field, rows[i].field) != 0)
            fail_msg("%s %s: %s: %s", rows[i].model, rows[i].why, err.field, err.message);
    }
}

/* --- replies --- */

static void test_a_raw_picture_is_read_with_its_headers(void **state)
{
    const struct exchange_header headers[] = {
        {STR("finish-reason"), STR("SUCCESS")},
        {STR("seed"),          STR("77")     },
        {STR("x-request-id"),  STR("r1")     },
    };
    struct fixture *fixture = *state;
    struct exchange exchange = {.purpose = EXCHANGE_SUBMIT};
    struct exchange_reply reply = {.outcome = EXCHANGE_REPLIED,
                                   .status = 200,
                                   .body = STR(PNG_BYTES),
                                   .headers = headers,
                                   .header_count = COUNT(headers)};
    struct provider_verdict verdict = read_reply(fixture, "core", &exchange, &reply);

    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_true(str_equal(verdict.pictures[0].bytes, STR(PNG_BYTES)));
    assert_true(verdict.pictures[0].has_seed);
    assert_int_equal(verdict.pictures[0].seed, 77);
    assert_text(verdict.request_id, "r1");
}

static void test_the_documented_json_is_read(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict =
        read_body(fixture, 200,
                  STR("{\"image\":\"" PNG_BASE64 "\",\"seed\":1,\"finish_reason\":\"SUCCESS\"}"));

    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 1);
    assert_true(str_equal(verdict.pictures[0].bytes, STR(PNG_BYTES)));
    assert_int_equal(verdict.pictures[0].seed, 1);
}

/* The blurred picture that comes with it is none. */
static void test_a_filtered_picture_is_refused_in_both_forms(void **state)
{
    const struct exchange_header header = {STR("finish-reason"), STR("CONTENT_FILTERED")};
    struct fixture *fixture = *state;
    struct exchange exchange = {.purpose = EXCHANGE_SUBMIT};
    struct exchange_reply reply = {.outcome = EXCHANGE_REPLIED,
                                   .status = 200,
                                   .body = STR(PNG_BYTES),
                                   .headers = &header,
                                   .header_count = 1};
    struct provider_verdict verdict = read_reply(fixture, "core", &exchange, &reply);

    assert_int_equal(verdict.type, VERDICT_FAILED);
    assert_int_equal(verdict.failure.class, FAILURE_REFUSED);
    assert_int_equal(verdict.failure.charged, CHARGED_NO);
    verdict = read_body(
        fixture, 200,
        STR("{\"image\":\"" PNG_BASE64 "\",\"seed\":1,\"finish_reason\":\"CONTENT_FILTERED\"}"));
    assert_int_equal(verdict.type, VERDICT_FAILED);
    assert_int_equal(verdict.failure.class, FAILURE_REFUSED);
    assert_int_equal(verdict.picture_count, 0);
}

static void test_every_failure_has_its_class(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
        enum charged charged;
        const char *message, *code;
    } rows[] = {
        {400, "{\"id\":\"x\",\"name\":\"bad_request\",\"errors\":[\"seed: too large\",\"prompt: empty " KEY
         "\"]}", FAILURE_INVALID, CHARGED_NO, "seed: too large; prompt: empty ***", "bad_request"},
        {401, "{\"name\":\"unauthorized\",\"errors\":[\"who?\"]}", FAILURE_AUTH, CHARGED_NO, "who?",
         "unauthorized"},
        {402, "{\"name\":\"payment_required\",\"errors\":[\"no credits\"]}", FAILURE_QUOTA, CHARGED_NO,
         "no credits", "payment_required"},
        {403, "{\"name\":\"content_moderation\",\"errors\":[\"flagged\"]}", FAILURE_REFUSED, CHARGED_NO,
         "flagged", "content_moderation"},
        {403, "{\"name\":\"permission_denied\",\"errors\":[\"not yours\"]}", FAILURE_AUTH, CHARGED_NO,
         "not yours", "permission_denied"},
        {413, "<html>", FAILURE_INVALID, CHARGED_NO,
         "the server answered with a web page; is the base URL right?", ""},
        {429, "{\"name\":\"rate_limit_exceeded\",\"errors\":[\"slow\"]}", FAILURE_THROTTLED, CHARGED_NO,
         "slow", "rate_limit_exceeded"},
        {500, "{\"name\":\"internal_error\",\"errors\":[\"boom\"]}", FAILURE_SERVER, CHARGED_NO, "boom",
         "internal_error"},
        {500, "{\"name\":7,\"errors\":[7,null]}", FAILURE_SERVER, CHARGED_MAYBE,
         "the provider answered with status 500", ""},
        {200, "{\"finish_reason\":\"ERROR\"}", FAILURE_UNKNOWN, CHARGED_NO,
         "Stability began the picture and met an error", ""},
        {200, "{\"image\":\"iVBORw0KGgo\",\"finish_reason\":\"SUCCESS\"}", FAILURE_UNKNOWN, CHARGED_YES,
         "the picture in the reply is broken or cut short", ""},
        {200, "{\"image\":\"%%%\"}", FAILURE_UNKNOWN, CHARGED_YES,
         "the picture in the reply is broken or cut short", ""},
        {200, "{\"image\":7,\"finish_reason\":7}", FAILURE_UNKNOWN, CHARGED_MAYBE,
         "the provider said success but sent nothing that can be used", ""},
        {200, "\x89PNG\r\n\x1a\n", FAILURE_UNKNOWN, CHARGED_YES,
         "the picture in the reply is broken or cut short", ""},
        {200, "{\"id\":\"" ID "\"}", FAILURE_UNKNOWN, CHARGED_MAYBE, /* core is not asked for */
         "the provider said success but sent nothing that can be used", ""},
        {200, "", FAILURE_UNKNOWN, CHARGED_MAYBE,
         "the provider said success but sent nothing that can be used", ""},
        {200, "{\"image\":\"", FAILURE_UNKNOWN, CHARGED_MAYBE,
         "the provider said success but sent nothing that can be used", ""},
        {200, "<html>", FAILURE_INVALID, CHARGED_NO,
         "the server answered with a web page; is the base URL right?", ""},
        {202, "{\"id\":\"x\",\"status\":\"in-progress\"}", FAILURE_UNKNOWN, CHARGED_MAYBE,
         "the provider said success but sent nothing that can be used", ""},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct exchange exchange = {.purpose = EXCHANGE_SUBMIT};
    struct exchange_reply lost = {.outcome = EXCHANGE_LOST, .status = 200, .body = STR(PNG_BYTES)};
    char deep[400];

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = read_body(fixture, rows[i].status, str_of(rows[i].body));
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged)
            fail_msg("%s: %s", rows[i].body, failure_class_name(verdict.failure.class));
        assert_text(verdict.failure.message, rows[i].message);
        assert_text(verdict.failure.code, rows[i].code);
        assert_int_equal(verdict.failure.retry_after_ms, rows[i].status == 429 ? 60000 : -1);
    }
    memset(deep, '[', sizeof deep);
    deep[sizeof deep - 1] = '\0';
    assert_int_equal(read_body(fixture, 200, str_of(deep)).failure.class, FAILURE_UNKNOWN);
    assert_int_equal(read_body(fixture, 200, STR("\xff\0\xfe")).failure.class, FAILURE_UNKNOWN);
    assert_int_equal(read_reply(fixture, "core", &exchange, &lost).failure.class, FAILURE_UNKNOWN);
}

/* --- the two that are asked for --- */

#define BODY(text)                                                                                 \
    {                                                                                              \
        .data = (text), .size = sizeof(text) - 1                                                   \
    }

static void test_accepted_work_is_asked_for_by_its_id(void **state)
{
    static const struct {
        int status;
        struct str body;
        enum verdict_type type;
        enum failure_class class;
    } rows[] = {
        {202, BODY("{\"id\":\"" ID "\",\"status\":\"in-progress\"}"),    VERDICT_WAIT,   FAILURE_NONE   },
        {202, BODY(""),                                                  VERDICT_WAIT,   FAILURE_NONE   },
        {200, BODY(PNG_BYTES),                                           VERDICT_DONE,   FAILURE_NONE   },
        {200, BODY("{\"image\":\"" PNG_BASE64 "\"}"),                    VERDICT_DONE,   FAILURE_NONE   },
        {200, BODY("{\"finish_reason\":\"CONTENT_FILTERED\"}"),          VERDICT_FAILED, FAILURE_REFUSED},
        {404, BODY("{\"name\":\"not_found\",\"errors\":[\"expired\"]}"), VERDICT_FAILED,
         FAILURE_INVALID                                                                                },
        {500, BODY(""),                                                  VERDICT_FAILED, FAILURE_SERVER },
    };
    static const char *const ids[] = {"", "../x", "a/b", "a b", "\""};
    struct fixture *fixture = *state;
    struct provider_request request = request_of("upscale-creative");
    struct exchange exchange;
    struct exchange_reply reply = reply_of(200, "{\"id\":\"" ID "\"}");
    struct provider_verdict verdict;
    struct error err = {0};

    request.references = &picture;
    request.reference_count = 1;
    exchange = begin(fixture, &request);
    verdict = read_reply(fixture, "upscale-creative", &exchange, &reply);
    assert_int_equal(verdict.type, VERDICT_WAIT);
    assert_text(verdict.remote_id, ID);
    assert_int_equal(verdict.poll_after_ms, 10000);
    assert_true(provider_stability.poll(&fixture->account, verdict.remote_id, fixture->arena,
                                        &exchange, &err));
    assert_text(exchange.url, "https://api.stability.ai/v2beta/results/" ID);
    assert_int_equal(exchange.purpose, EXCHANGE_POLL);
    assert_text(header_of(&exchange, "Authorization"), "Bearer " KEY);
    for (size_t i = 0; i < COUNT(rows); i++) {
        reply = (struct exchange_reply){
            .outcome = EXCHANGE_REPLIED, .status = rows[i].status, .body = rows[i].body};
        verdict = read_reply(fixture, "upscale-creative", &exchange, &reply);
        if (verdict.type != rows[i].type || verdict.failure.class != rows[i].class)
            fail_msg("%d %.*s: %s", rows[i].status, STR_ARGS(rows[i].body),
                     failure_class_name(verdict.failure.class));
        if (verdict.type == VERDICT_WAIT)
            assert_text(verdict.remote_id, ID);
    }
    for (size_t i = 0; i < COUNT(ids); i++) {
        assert_false(provider_stability.poll(&fixture->account, str_of(ids[i]), fixture->arena,
                                             &exchange, &err));
        assert_string_equal(err.field, "remote_id");
    }
}

static void test_the_price_is_that_of_the_credits(void **state)
{
    static const struct {
        const char *model;
        int64_t micro;
    } rows[] = {
        {"core",                 30000 },
        {"ultra",                80000 },
        {"sd3.5-large",          65000 },
        {"sd3.5-large-turbo",    40000 },
        {"sd3.5-medium",         35000 },
        {"sd3.5-flash",          25000 },
        {"inpaint",              50000 },
        {"style-transfer",       80000 },
        {"upscale-fast",         20000 },
        {"upscale-conservative", 400000},
        {"upscale-creative",     600000},
        {"sd9",                  -1    },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        const char *currency;
        assert_int_equal(
            provider_estimate(&provider_stability, &fixture->account, &request, &currency),
            rows[i].micro);
    }
}

/* A model and its endpoint stand in two tables side by side. */
static void test_every_model_has_the_endpoint_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < STABILITY_MODEL_COUNT; i++) {
        const struct provider_model *model = &stability_models[i];
        const struct stability_route *route = stability_route_find(model->name);
        assert_int_equal(route->images_min == 0, model->can_generate);
        assert_int_equal(route->image != NULL, model->can_edit);
        assert_int_equal(model->references_max, route->second != NULL  ? 2
                                                : route->image != NULL ? 1
                                                                       : 0);
        assert_int_equal(str_find(model->name, STR("sd3")) == 0, route->is_sd3);
        for (const char *const *size = model->sizes; *size != NULL; size++) {
            struct str height = str_of(*size), width = str_cut(&height, 'x');
            int64_t w = 0, h = 0;
            assert_true(str_to_int64(width, &w) && str_to_int64(height, &h));
            assert_non_null(stability_aspect_find(w, h));
        }
    }
    assert_null(stability_aspect_find(7, 7));
}

static void test_a_probe_asks_for_the_balance(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
    } rows[] = {
        {200, "{\"credits\":12.5}",                        FAILURE_NONE   },
        {200, "{\"credits\":\"12\"}",                      FAILURE_INVALID},
        {200, "<html>",                                    FAILURE_INVALID},
        {401, "{\"name\":\"unauthorized\",\"errors\":[]}", FAILURE_AUTH   },
        {500, "",                                          FAILURE_SERVER },
    };
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct error err;

    assert_true(provider_stability.probe(&fixture->account, fixture->arena, &exchange, &err));
    assert_text(exchange.url, "https://api.stability.ai/v1/user/balance");
    assert_int_equal(exchange.purpose, EXCHANGE_PROBE);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct str *models;
        size_t count;
        struct provider_failure failure;
        provider_stability.read_probe(&fixture->account, &reply, fixture->arena, &models, &count,
                                      &failure);
        assert_int_equal(failure.class, rows[i].class);
        assert_int_equal(count, failure.class == FAILURE_NONE ? STABILITY_MODEL_COUNT : 0);
    }
}

#define PART(name, value) "name=\"" name "\"\r\n\r\n" value "\r\n"

static void test_what_a_call_says_besides_is_sent_or_refused(void **state)
{
    /* clang-format off */
    static const struct option_row rows[] = {
        {"core", "style_preset=anime", PART("style_preset", "anime"), NULL},
        {"core", "strength=0.5", NULL, "options.strength"},
        {"ultra", "strength=0.5", NULL, "options.strength"}, /* without a picture */
        {"core", "grow_mask=5", NULL, "options.grow_mask"},
    };
    static const struct option_row edits[] = {
        {"sd3.5-large", "strength=0.25", PART("strength", "0.25"), NULL},
        {"sd3.5-large", "strength=1.5", NULL, "options.strength"},
        {"inpaint", "grow_mask=100", PART("grow_mask", "100"), NULL},
        {"erase", "grow_mask=20", PART("grow_mask", "20"), NULL},
        {"erase", "grow_mask=21", NULL, "options.grow_mask"},
        {"sketch", "control_strength=0.9", PART("control_strength", "0.9"), NULL},
        {"style", "fidelity=0.5", PART("fidelity", "0.5"), NULL},
        {"upscale-conservative", "creativity=0.3", PART("creativity", "0.3"), NULL},
        {"remove-background", "creativity=0.3", NULL, "options.creativity"},
    };
    /* clang-format on */
    const struct provider_request request = request_of("");
    struct provider_request edit = request_of("");

    edit.action = PROVIDER_EDIT;
    edit.references = &picture;
    edit.reference_count = 1;
    assert_option_rows(*state, &provider_stability, &request, rows, COUNT(rows));
    assert_option_rows(*state, &provider_stability, &edit, edits, COUNT(edits));
}

static void test_a_tool_is_told_what_it_cannot_do_without(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model, *options, *part, *field;
    } rows[] = {
        {"outpaint",           "",                   NULL,                         "options.left"         },
        {"outpaint",           "creativity=0.5",     NULL,                         "options.left"         },
        {"outpaint",           "down=0",             NULL,                         "options.left"         },
        {"outpaint",           "down=200",           PART("down", "200"),          NULL                   },
        {"outpaint",           "down=2001",          NULL,                         "options.down"         },
        {"search-and-replace", "",                   NULL,                         "options.search_prompt"},
        {"search-and-replace", "search_prompt= ",    NULL,                         "options.search_prompt"},
        {"search-and-replace", "search_prompt=mug",  PART("search_prompt", "mug"), NULL                   },
        {"search-and-recolor", "search_prompt=mug",  NULL,                         "options.search_prompt"},
        {"search-and-recolor", "select_prompt=mug",  PART("select_prompt", "mug"), NULL                   },
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange;
        struct error err = {0};
        bool is_sent;

        request.action = PROVIDER_EDIT;
        request.references = &picture;
        request.reference_count = 1;
        set_options(fixture, &request, rows[i].options);
        is_sent =
            provider_stability.begin(&fixture->account, &request, fixture->arena, &exchange, &err);
        if (is_sent != (rows[i].part != NULL) ||
            (is_sent ? str_find(body_of(&exchange, fixture->arena), str_of(rows[i].part)) < 0
                     : strcmp(err.field, rows[i].field) != 0))
            fail_msg("%s %s: %s", rows[i].model, rows[i].options, err.field);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_call_is_a_form_even_without_a_file),
        TEST(test_an_unknown_id_is_a_model_of_sd3),
        TEST(test_pictures_and_mask_are_files_of_the_form),
        TEST(test_what_cannot_be_is_refused_with_its_field),
        TEST(test_a_raw_picture_is_read_with_its_headers),
        TEST(test_the_documented_json_is_read),
        TEST(test_a_filtered_picture_is_refused_in_both_forms),
        TEST(test_every_failure_has_its_class),
        TEST(test_accepted_work_is_asked_for_by_its_id),
        TEST(test_the_price_is_that_of_the_credits),
        TEST(test_every_model_has_the_endpoint_it_says),
        TEST(test_a_probe_asks_for_the_balance),
        TEST(test_what_a_call_says_besides_is_sent_or_refused),
        TEST(test_a_tool_is_told_what_it_cannot_do_without),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
