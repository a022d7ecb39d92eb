/* Ideogram: what is sent and what its replies mean: facts 6.8. */
#include "provider/provider_test.h"

#include "provider/ideogram_private.h"

#define KEY "test-key-0123456789"

static struct provider_request request_of(const char *model)
{
    return (struct provider_request){
        .model = str_of(model), .prompt = STR("a cup"), .count = 1, .compression = -1};
}

static int begin_fixture(void **state)
{
    (void)fixture_begin(state);
    ((struct fixture *)*state)->account.key.hidden = STR(KEY);
    return 0;
}
#undef TEST
#define TEST(function) cmocka_unit_test_setup_teardown(function, begin_fixture, fixture_end)

static struct exchange begin(struct fixture *fixture, const struct provider_request *request)
{
    struct exchange exchange;
    struct error err = {0};

    if (!provider_ideogram.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

static struct provider_verdict read_reply(struct fixture *fixture,
                                          const struct provider_request *request,
                                          const struct exchange *exchange,
                                          const struct exchange_reply *reply)
{
    struct provider_verdict verdict;

    provider_ideogram.read(&fixture->account, request, exchange, reply, fixture->arena, &verdict);
    return verdict;
}

static struct provider_verdict read_body(struct fixture *fixture, int status, const char *body)
{
    struct provider_request request = request_of("ideogram-v3");
    struct exchange exchange = begin(fixture, &request);
    struct exchange_reply reply = reply_of(status, body);

    return read_reply(fixture, &request, &exchange, &reply);
}

/* --- what is sent --- */

static void test_version_2_is_json_without_pictures(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("ideogram-4-5");
    struct exchange exchange = begin(fixture, &request);

    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    assert_true(exchange.is_paid);
    assert_false(exchange.is_own_origin);
    assert_text(exchange.url, "https://api.ideogram.ai/v2/image/generate/ideogram-4-5");
    assert_text(header_of(&exchange, "Api-Key"), KEY);
    assert_text(header_of(&exchange, "Content-Type"), "application/json");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"prompt\":\"a cup\",\"quality\":\"medium\",\"async\":true}");
    request.model = STR("ideogram 5/x?");
    request.has_seed = true;
    request.seed = 2147483647;
    request.count = 3;
    request.width_px = 1000;
    request.height_px = 777;
    fixture_options(fixture, "{\"async\":false,\"magic_prompt\":\"on\"}");
    fixture->account.base_url = STR("http://proxy:81/i/");
    exchange = begin(fixture, &request);
    assert_true(exchange.is_own_origin);
    assert_text(exchange.url, "http://proxy:81/i/v2/image/generate/ideogram%205%2Fx%3F");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"prompt\":\"a cup\",\"magic_prompt\":\"on\",\"size\":\"1000x777\","
                "\"seed\":2147483647,\"num_images\":3}");
}

static void test_version_1_is_a_form_in_capitals(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("ideogram-v3");
    struct exchange exchange;
    static const char *const parts[][2] = {
        {"prompt",          "a cup"    },
        {"magic_prompt",    "OFF"      },
        {"aspect_ratio",    "9x16"     },
        {"rendering_speed", "DEFAULT"  },
        {"style_type",      "REALISTIC"},
    };
    CLEANUP(buf_finish) struct buf wanted = {0};
    struct str boundary, body;

    request.width_px = 736;
    request.height_px = 1312;
    fixture_options(fixture, "{\"magic_prompt\":\"off\",\"style_type\":\"realistic\"}");
    exchange = begin(fixture, &request);
    assert_text(exchange.url, "https://api.ideogram.ai/v1/ideogram-v3/generate");
    body = body_of(&exchange, fixture->arena);
    boundary = header_of(&exchange, "Content-Type");
    assert_true(str_starts_with(boundary, STR("multipart/form-data; boundary=")));
    boundary = str_slice(boundary, 30, boundary.size);
    for (size_t i = 0; i < COUNT(parts); i++)
        buf_printf(&wanted, "--%.*s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n",
                   STR_ARGS(boundary), parts[i][0], parts[i][1]);
    buf_printf(&wanted, "--%.*s--\r\n", STR_ARGS(boundary));
    assert_true(str_equal(body, buf_str(&wanted)));
}

static void test_what_cannot_be_is_refused_with_its_field(void **state)
{
    static const struct provider_image picture = {
        .bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}
    };
    static const struct provider_image five[5] = {{.bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}},
                                                  {.bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}},
                                                  {.bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}},
                                                  {.bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}},
                                                  {.bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}}};
    static const struct {
        const char *model, *field;
        struct provider_request request;
        const char *why;
    } rows[] = {
        {"ideogram-4-5",                   "quality",         {.quality = {"very_low", 8}},                                                            "needs pictures"  },
        {"ideogram-4-5",                   "quality",         {.quality = {"TURBO", 5}},                                                               "version 1's word"},
        {"ideogram-4-5",                   "negative_prompt", {.negative_prompt = {"x", 1}},                                                           "has none"        },
        {"ideogram-4-5",                   "background",      {.background = {"transparent", 11}},                                                     "cannot"          },
        {"ideogram-4-5",                   "seed",            {.has_seed = true, .seed = 2147483648},                                                  "too large"       },
        {"ideogram-4-5",                   "format",          {.format = {"png", 3}},                                                                  "not selectable"  },
        {"ideogram-4-5",
         "mask",                                              {.references = &picture, .reference_count = 1, .mask = &picture},
         "alpha"                                                                                                                                                         },
        {"ideogram-4-5",
         "mask",                                              {.references = &picture, .reference_count = 1, .mask = &picture, .mask_is_white = true},
         "colours cannot be turned over"                                                                                                                                 },
        {"ideogram-4-5-precise-edit",      "references",      {.count = 1},                                                                            "needs a picture" },
        {"ideogram-4-5-precise-edit",
         "references",                                        {.references = five, .reference_count = 5, .mask = &picture, .mask_is_white = true},
         "three beside the picture, with a mask"                                                                                                                         },
        {"ideogram-4-5-precise-edit",
         "size",                                              {.references = &picture, .reference_count = 1, .width_px = 64, .height_px = 64},
         "keeps"                                                                                                                                                         },
        {"ideogram-v4",                    "count",           {.count = 2},                                                                            "one"             },
        {"ideogram-v4",                    "seed",            {.has_seed = true},                                                                      "has none"        },
        {"ideogram-v3",                    "size",            {.width_px = 1000, .height_px = 1000},                                                   "no aspect of it" },
        {"ideogram-v3",                    "count",           {.count = 9},                                                                            "too many"        },
        {"ideogram-v3",
         "background",                                        {.references = &picture, .reference_count = 1, .background = {"transparent", 11}},
         "new pictures only"                                                                                                                                             },
        {"ideogram-v3",
         "size",                                              {.references = &picture,
          .reference_count = 1,
          .mask = &picture,
          .mask_is_white = true,
          .width_px = 1024,
          .height_px = 1024},
         "inpainting keeps it"                                                                                                                                           },
        {"ideogram-v3-reframe",            "size",            {.references = &picture, .reference_count = 1},                                          "needed"          },
        {"ideogram-v3-replace-background", "references",      {.count = 1},                                                                            "needs a picture" },
    };
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct error err = {0};
    struct provider_request plain = request_of("ideogram-v3");

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = rows[i].request;
        request.model = str_of(rows[i].model);
        request.prompt = STR("a cup");
        request.compression = -1;
        request.count = request.count > 0 ? request.count : 1;
        if (provider_ideogram.begin(&fixture->account, &request, fixture->arena, &exchange, &err))
            fail_msg("%s: %s was taken", rows[i].model, rows[i].why);
        if (strcmp(err.field, rows[i].field) != 0)
            fail_msg("%s %s: %s: %s", rows[i].model, rows[i].why, err.field, err.message);
    }
    fixture->account.key.hidden = STR_EMPTY;
    assert_false(
        provider_ideogram.begin(&fixture->account, &plain, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "key");
    fixture->account.key.hidden = STR("a b");
    assert_false(
        provider_ideogram.begin(&fixture->account, &plain, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "key");
}

/* --- replies --- */

#define PICTURE(url, safe)                                                                         \
    "{\"url\":\"" url "\",\"prompt\":\"a blue cup\",\"resolution\":\"1024x1024\","                 \
    "\"is_image_safe\":" safe ",\"seed\":12}"

static void test_the_documented_reply_is_read(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict =
        read_body(fixture, 200,
                  "{\"generation_id\":\"g1\",\"seed\":12,\"data\":[" PICTURE(
                      "https://ideogram.ai/api/images/x.png?exp=1", "true") "]}");

    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 1);
    assert_text(verdict.pictures[0].url, "https://ideogram.ai/api/images/x.png?exp=1");
    assert_int_equal(verdict.pictures[0].header_count, 0); /* the key stays here */
    assert_text(verdict.pictures[0].revised_prompt, "a blue cup");
    assert_true(verdict.pictures[0].has_seed);
    assert_int_equal(verdict.pictures[0].seed, 12);
    assert_text(verdict.request_id, "g1");
    assert_int_equal(verdict.usage.cost_micro, 60000);
}

static void test_an_address_is_used_only_when_it_is_safe(void **state)
{
    static const struct {
        const char *base, *url;
        bool is_used;
    } rows[] = {
        {"",                      "https://a/b.png",            true },
        {"",                      "http://a/b.png",             false},
        {"",                      "ftp://a/b",                  false},
        {"",                      "https://",                   false},
        {"",                      "https://a/b c",              false},
        {"",                      "file:///etc/passwd",         false},
        {"",                      "",                           false},
        {"http://127.0.0.1:81",   "http://127.0.0.1:81/b.png",  true },
        {"http://127.0.0.1:81/",  "http://127.0.0.1:81/b.png",  true },
        {"http://127.0.0.1:81/x", "http://127.0.0.1:81/b.png",  true },
        {"http://127.0.0.1:8",    "http://127.0.0.1:81/b.png",  false},
        {"http://127.0.0.1:81",   "http://127.0.0.1:81@evil/b", false},
        {"http://127.0.0.1:81",   "http://127.0.0.2:81/b.png",  false},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str body =
            arena_printf(fixture->arena, "{\"data\":[{\"url\":\"%s\"}]}%c", rows[i].url, 0);
        fixture->account.base_url = str_of(rows[i].base);
        if ((read_body(fixture, 200, body.data).type == VERDICT_DONE) != rows[i].is_used)
            fail_msg("%s %s", rows[i].base, rows[i].url);
    }
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
        {200, "{\"data\":[" PICTURE("", "false") "]}", FAILURE_REFUSED, CHARGED_MAYBE,
         "Ideogram held the picture back: it is not safe", ""},
        {200, "{\"data\":[7,null,[]]}", FAILURE_UNKNOWN, CHARGED_MAYBE,
         "Ideogram said success but sent no picture", ""},
        {200, "{\"data\":[]}", FAILURE_UNKNOWN, CHARGED_MAYBE,
         "the provider said success but sent nothing that can be used", ""},
        {200, "{\"generation_id\":\"../x\"}", FAILURE_UNKNOWN, CHARGED_MAYBE,
         "the provider said success but sent nothing that can be used", ""},
        {200, "{\"generation_id\":7}", FAILURE_UNKNOWN, CHARGED_MAYBE,
         "the provider said success but sent nothing that can be used", ""},
        {200, "", FAILURE_UNKNOWN, CHARGED_MAYBE,
         "the provider said success but sent nothing that can be used", ""},
        {200, "<html>", FAILURE_INVALID, CHARGED_NO,
         "the server answered with a web page; is the base URL right?", ""},
        {200, "{\"data\":[{\"url\":\"https://a", FAILURE_UNKNOWN, CHARGED_MAYBE,
         "the provider said success but sent nothing that can be used", ""},
        {200, "{\"generation_id\":\"g\",\"status\":\"failed\",\"failure_reason\":\"unsafe prompt\"}",
         FAILURE_REFUSED, CHARGED_MAYBE, "unsafe prompt", ""},
        {200, "{\"status\":\"failed\"}", FAILURE_REMOTE, CHARGED_MAYBE,
         "the work failed, and Ideogram does not say why", ""},
        {400, "{\"error\":\"bad " KEY "\"}", FAILURE_INVALID, CHARGED_NO, "bad ***", ""},
        {401, "{\"error\":\"who?\"}", FAILURE_AUTH, CHARGED_NO, "who?", ""},
        {402, "{\"error\":\"x\",\"reject_reason\":\"priority_credit_required\"}", FAILURE_QUOTA,
         CHARGED_NO, "x", "priority_credit_required"},
        {429, "{\"error\":\"x\",\"reject_reason\":\"inflight_limit\",\"max_inflight_requests\":10}",
         FAILURE_THROTTLED, CHARGED_NO, "x", "inflight_limit"},
        {402, "{\"error\":\"x\",\"reject_reason\":\"inflight_limit\"}", FAILURE_THROTTLED, CHARGED_NO,
         "x", "inflight_limit"},
        {429, "{\"error\":\"x\",\"reject_reason\":\"feature_limit\"}", FAILURE_QUOTA, CHARGED_NO, "x",
         "feature_limit"},
        {402, "", FAILURE_QUOTA, CHARGED_NO, "the provider answered with status 402", ""},
        {422, "{\"error\":\"Prompt failed the safety check\"}", FAILURE_REFUSED, CHARGED_NO,
         "Prompt failed the safety check", ""},
        {500, "{\"error\":\"boom\"}", FAILURE_SERVER, CHARGED_MAYBE, "boom", ""},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_request request = request_of("ideogram-v3");
    struct exchange exchange = begin(fixture, &request);
    struct exchange_reply lost = {.outcome = EXCHANGE_LOST},
                          unsent = {.outcome = EXCHANGE_NOT_SENT};
    char deep[400];

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = read_body(fixture, rows[i].status, rows[i].body);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged)
            fail_msg("%s: %s", rows[i].body, failure_class_name(verdict.failure.class));
        assert_text(verdict.failure.message, rows[i].message);
        assert_text(verdict.failure.code, rows[i].code);
    }
    memset(deep, '[', sizeof deep);
    deep[sizeof deep - 1] = '\0';
    assert_int_equal(read_body(fixture, 200, deep).failure.class, FAILURE_UNKNOWN);
    assert_int_equal(read_body(fixture, 200, "\xff\xfe").failure.class, FAILURE_UNKNOWN);
    assert_int_equal(read_reply(fixture, &request, &exchange, &lost).failure.class,
                     FAILURE_UNKNOWN);
    assert_int_equal(read_reply(fixture, &request, &exchange, &unsent).failure.class,
                     FAILURE_NOT_SENT);
}

static void test_accepted_work_is_asked_for_in_its_version(void **state)
{
    static const struct {
        const char *model, *body, *remote_id, *url;
    } rows[] = {
        {"ideogram-4-5", "{\"generation_id\":\"aB-1_2\"}",                               "v2/aB-1_2",
         "https://api.ideogram.ai/v2/generations/aB-1_2"},
        {"ideogram-4-5", "{\"generation_id\":\"g\",\"status\":\"pending\",\"data\":[]}", "v2/g",
         "https://api.ideogram.ai/v2/generations/g"     },
        {"ideogram-4-5", "{\"generation_id\":\"g\",\"data\":[]}",                        "v2/g",
         "https://api.ideogram.ai/v2/generations/g"     },
        {"ideogram-v3",  "{\"generation_id\":\"g\"}",                                    "v1/g",
         "https://api.ideogram.ai/v1/generations/g"     },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange = begin(fixture, &request);
        struct exchange_reply reply = reply_of(200, rows[i].body);
        struct provider_verdict verdict = read_reply(fixture, &request, &exchange, &reply);
        struct error err;
        assert_int_equal(verdict.type, VERDICT_WAIT);
        assert_text(verdict.remote_id, rows[i].remote_id);
        assert_true(provider_ideogram.poll(&fixture->account, verdict.remote_id, fixture->arena,
                                           &exchange, &err));
        assert_text(exchange.url, rows[i].url);
        assert_int_equal(exchange.purpose, EXCHANGE_POLL);
        assert_false(exchange.is_paid);
    }
}

static void test_a_poll_waits_ends_or_says_nothing(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum verdict_type type;
        enum failure_class class;
    } rows[] = {
        {200, "{\"status\":\"pending\"}",                                                     VERDICT_WAIT,   FAILURE_NONE   },
        {200, "{\"status\":\"pending\",\"data\":[]}",                                         VERDICT_WAIT,   FAILURE_NONE   },
        {200, "{\"status\":\"completed\",\"data\":[{\"url\":\"https://a/b\"}]}",              VERDICT_DONE,
         FAILURE_NONE                                                                                                        },
        {200, "{\"status\":\"completed\",\"result\":{\"data\":[{\"url\":\"https://a/b\"}]}}",
         VERDICT_DONE,                                                                                        FAILURE_NONE   },
        {200, "{\"status\":\"completed\"}",                                                   VERDICT_FAILED, FAILURE_UNKNOWN},
        {200, "{\"status\":\"failed\",\"failure_reason\":\"oops\"}",                          VERDICT_FAILED,
         FAILURE_REMOTE                                                                                                      },
        {200, "{}",                                                                           VERDICT_FAILED, FAILURE_UNKNOWN},
        {404, "{\"error\":\"not found\"}",                                                    VERDICT_FAILED, FAILURE_INVALID},
        {500, "",                                                                             VERDICT_FAILED, FAILURE_SERVER },
    };
    static const char *const ids[] = {"", "g", "v3/g", "v2/", "v2/../x", "v2/a b", "v2/a/b"};
    struct fixture *fixture = *state;
    struct provider_request request = request_of("ideogram-4-5");
    struct exchange exchange;
    struct error err = {0};

    assert_true(
        provider_ideogram.poll(&fixture->account, STR("v2/g"), fixture->arena, &exchange, &err));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct provider_verdict verdict = read_reply(fixture, &request, &exchange, &reply);
        if (verdict.type != rows[i].type || verdict.failure.class != rows[i].class)
            fail_msg("%s: %s", rows[i].body, failure_class_name(verdict.failure.class));
        if (verdict.type == VERDICT_WAIT)
            assert_text(verdict.remote_id, "v2/g");
    }
    for (size_t i = 0; i < COUNT(ids); i++) {
        assert_false(provider_ideogram.poll(&fixture->account, str_of(ids[i]), fixture->arena,
                                            &exchange, &err));
        assert_string_equal(err.field, "remote_id");
    }
}

static void test_the_price_is_that_of_the_quality(void **state)
{
    static const struct {
        const char *model, *quality;
        int64_t micro;
    } rows[] = {
        {"ideogram-4-5",              "low",     30000 },
        {"ideogram-4-5",              "",        60000 },
        {"ideogram-4-5",              "high",    100000},
        {"ideogram-v4",               "QUALITY", 100000},
        {"ideogram-v3",               "FLASH",   30000 },
        {"ideogram-v3",               "",        60000 },
        {"ideogram-v3",               "QUALITY", 90000 },
        {"ideogram-4-5-precise-edit", "",        -1    },
        {"ideogram-9",                "",        -1    },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        const char *currency;
        request.quality = str_of(rows[i].quality);
        request.count = 2;
        assert_int_equal(
            provider_estimate(&provider_ideogram, &fixture->account, &request, &currency),
            rows[i].micro < 0 ? -1 : rows[i].micro * 2);
        assert_string_equal(currency, "USD");
    }
}

static void test_a_probe_costs_nothing_and_tells_a_good_key(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
    } rows[] = {
        {404, "{\"error\":\"generation not found\"}", FAILURE_NONE   },
        {200, "{\"status\":\"pending\"}",             FAILURE_NONE   },
        {401, "{\"error\":\"bad key\"}",              FAILURE_AUTH   },
        {404, "<html>",                               FAILURE_INVALID},
        {200, "[]",                                   FAILURE_INVALID},
        {500, "{}",                                   FAILURE_SERVER },
    };
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct error err;

    assert_true(provider_ideogram.probe(&fixture->account, fixture->arena, &exchange, &err));
    assert_text(exchange.method, "GET");
    assert_int_equal(exchange.purpose, EXCHANGE_PROBE);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct str *models;
        size_t count;
        struct provider_failure failure;
        provider_ideogram.read_probe(&fixture->account, &reply, fixture->arena, &models, &count,
                                     &failure);
        assert_int_equal(failure.class, rows[i].class);
        assert_int_equal(count, failure.class == FAILURE_NONE ? IDEOGRAM_MODEL_COUNT : 0);
    }
}

/* A member of a form, as its bytes are. */
#define PART(name, value) "name=\"" name "\"\r\n\r\n" value "\r\n"

static void test_what_a_call_says_besides_is_sent_or_refused(void **state)
{
    /* clang-format off */
    static const struct option_row rows[] = {
        {"ideogram-4-5", "magic_prompt=off", "\"magic_prompt\":\"off\"", NULL},
        {"ideogram-4-5", "enable_copyright_detection=true", "\"enable_copyright_detection\":true",
         NULL},
        {"ideogram-4-5", "style_type=design", NULL, "options.style_type"},
        {"ideogram-v4", "magic_prompt=off", NULL, "options.magic_prompt"},
        {"ideogram-v3", "style_type=design", PART("style_type", "DESIGN"), NULL},
        {"ideogram-v3", "style_preset=POP_ART", PART("style_preset", "POP_ART"), NULL},
        {"ideogram-v3", "style_codes=aabb0099", PART("style_codes", "AABB0099"), NULL},
        {"ideogram-v3", "style_codes=aabb009", NULL, "options.style_codes"},
        {"ideogram-v3", "style_codes=aabb009x", NULL, "options.style_codes"},
        {"ideogram-v3", "style_codes=aabb0099;style_type=design", NULL, "options.style_codes"},
        {"ideogram-v3", "color_palette=#1a5fb4 ff0000,",
         PART("color_palette", "{\"members\":[{\"color_hex\":\"#1A5FB4\"},"
                               "{\"color_hex\":\"#FF0000\"}]}"),
         NULL},
        {"ideogram-v3", "color_palette=red", NULL, "options.color_palette"},
        {"ideogram-v3", "color_palette=", NULL, "options.color_palette"},
        {"ideogram-v3",
         "color_palette=111111 222222 333333 444444 555555 666666 777777 888888 999999", NULL,
         "options.color_palette"},
        {"ideogram-v3", "magic_prompt=on", PART("magic_prompt", "ON"), NULL},
        {"ideogram-v3", "image_weight=101", NULL, "options.image_weight"},
    };
    /* clang-format on */
    const struct provider_request request = request_of("");

    assert_option_rows(*state, &provider_ideogram, &request, rows, COUNT(rows));
}

static void test_reference_pictures_are_what_they_are_said_to_be(void **state)
{
    /* clang-format off */
    static const struct {
        const char *options;
        size_t count;
        bool has_mask;
        const char *path, *name, *absent, *field;
    } rows[] = {
        {"reference_use=remix", 1, false, "/v1/ideogram-v3/remix", "\"image\"", "style_ref", NULL},
        {"reference_use=style", 3, false, "/v1/ideogram-v3/generate",
         "\"style_reference_images\"", "\"image\"", NULL},
        {"reference_use=style", 4, false, NULL, NULL, NULL, "options.reference_use"},
        {"reference_use=character", 1, false, "/v1/ideogram-v3/generate",
         "\"character_reference_images\"", "\"image\"", NULL},
        {"reference_use=character", 2, false, NULL, NULL, NULL, "options.reference_use"},
        {"reference_use=style", 1, true, NULL, NULL, NULL, "options.reference_use"},
        {"style_type=design", 2, false, NULL, NULL, NULL, "options.style_type"},
        {"style_codes=aabb0099", 1, false, NULL, NULL, NULL, "options.style_codes"},
        {"reference_use=character;style_type=fiction", 1, false, "/v1/ideogram-v3/generate",
         PART("style_type", "FICTION"), "image_weight", NULL},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    const struct provider_image picture = {
        .bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}
    };
    const struct provider_image pictures[] = {picture, picture, picture, picture};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("ideogram-v3");
        struct exchange exchange;
        struct error err = {0};
        struct str body;

        request.action = PROVIDER_EDIT;
        request.references = pictures;
        request.reference_count = rows[i].count;
        request.mask = rows[i].has_mask ? &picture : NULL;
        request.mask_is_white = true;
        set_options(fixture, &request, rows[i].options);
        if (provider_ideogram.begin(&fixture->account, &request, fixture->arena, &exchange, &err) !=
            (rows[i].field == NULL))
            fail_msg("%s: %s %s", rows[i].options, err.field, err.message);
        if (rows[i].field != NULL) {
            assert_string_equal(err.field, rows[i].field);
            continue;
        }
        body = body_of(&exchange, fixture->arena);
        assert_true(str_ends_with(exchange.url, str_of(rows[i].path)));
        assert_true(str_find(body, str_of(rows[i].name)) >= 0);
        assert_true(str_find(body, str_of(rows[i].absent)) < 0);
    }
}

static void test_a_character_is_paid_for(void **state)
{
    struct fixture *fixture = *state;
    const struct provider_image picture = {
        .bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}
    };
    struct provider_request request = request_of("ideogram-v3");
    const char *currency;

    request.references = &picture;
    request.reference_count = 1;
    set_options(fixture, &request, "reference_use=character");
    assert_int_equal(provider_ideogram.estimate(&fixture->account, &request, &currency), 150000);
    request.quality = STR("FLASH"); /* no price in the facts */
    assert_int_equal(provider_ideogram.estimate(&fixture->account, &request, &currency), -1);
    set_options(fixture, &request, "reference_use=style");
    assert_int_equal(provider_ideogram.estimate(&fixture->account, &request, &currency), 30000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_version_2_is_json_without_pictures),
        TEST(test_version_1_is_a_form_in_capitals),
        TEST(test_what_cannot_be_is_refused_with_its_field),
        TEST(test_what_a_call_says_besides_is_sent_or_refused),
        TEST(test_reference_pictures_are_what_they_are_said_to_be),
        TEST(test_a_character_is_paid_for),
        TEST(test_the_documented_reply_is_read),
        TEST(test_an_address_is_used_only_when_it_is_safe),
        TEST(test_every_failure_has_its_class),
        TEST(test_accepted_work_is_asked_for_in_its_version),
        TEST(test_a_poll_waits_ends_or_says_nothing),
        TEST(test_the_price_is_that_of_the_quality),
        TEST(test_a_probe_costs_nothing_and_tells_a_good_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
