/* Calls of the Visual API, and what is refused before they leave: facts 4B. */
#include "provider/provider_test.h"

#include "provider/volc_visual_private.h"

static const struct provider_image pictures[] = {
    {.bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}},
    {.bytes = {JPEG_BYTES, sizeof JPEG_BYTES - 1}},
};
#define KEYS "\"access_key_id\":\"AKLTTEST\""
#define LONG_ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct provider_request request_of(const char *model)
{
    return (struct provider_request){
        .model = str_of(model), .prompt = STR("a cup"), .count = 1, .compression = -1};
}

static struct exchange begin(struct fixture *fixture, const struct provider_request *request)
{
    struct exchange exchange;
    struct error err = {0};

    fixture->account.key.hidden = STR(" secret-0123456789\n");
    if (fixture->options == NULL)
        fixture_options(fixture, "{" KEYS "}");
    if (!provider_volc_visual.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

static void test_a_plain_call_is_written_byte_by_byte(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("jimeng_t2i_v31");
    struct exchange exchange = begin(fixture, &request);

    assert_text(exchange.method, "POST");
    assert_text(exchange.url, "https://visual.volcengineapi.com/?Action=CVSync2AsyncSubmitTask&"
                              "Version=2022-08-31");
    assert_text(header_of(&exchange, "Content-Type"), "application/json");
    assert_text(header_of(&exchange, "Authorization"), ""); /* signed when it leaves */
    assert_text(body_of(&exchange, fixture->arena),
                "{\"req_key\":\"jimeng_t2i_v31\",\"prompt\":\"a cup\",\"use_pre_llm\":true}");
    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    assert_true(exchange.is_paid);
    assert_false(exchange.is_own_origin);
    assert_non_null(exchange.signing);
    assert_text(exchange.signing->key_id, "AKLTTEST");
    assert_text(exchange.signing->region, "cn-north-1");
    assert_text(exchange.signing->service, "cv");
    assert_text(secret_expose(exchange.signing->key), "secret-0123456789");
    assert_text(secret_expose(exchange.signing->session_token), "");
}

static void test_a_temporary_key_is_cut_from_its_session_token(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("jimeng_t2i_v31");
    struct exchange exchange;
    struct error err = {0};

    fixture_options(fixture, "{" KEYS "}");
    fixture->account.key.hidden = STR("secret-0123456789\nsts-token");
    assert_true(
        provider_volc_visual.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_text(secret_expose(exchange.signing->key), "secret-0123456789");
    assert_text(secret_expose(exchange.signing->session_token), "sts-token");
    fixture->account.key.hidden = STR("\nsts-token"); /* a token alone signs nothing */
    assert_false(
        provider_volc_visual.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "key");
}

static void test_each_model_has_its_words(void **state)
{
    /* clang-format off */
    static const struct {
        const char *options;
        struct provider_request wish;
        const char *action, *body; /* the body behind the req_key */
    } rows[] = {
        {"", {.model = {"jimeng_seedream46_cvtob", 23}, .scale = 49.6, .width_px = 2048,
         .height_px = 1152, .reference_count = 2}, "CVSync2AsyncSubmitTask",
         "\"prompt\":\"x\",\"binary_data_base64\":[\"" PNG_BASE64 "\",\"" JPEG_BASE64 "\"],"
         "\"width\":2048,\"height\":1152,\"scale\":50,\"force_single\":true}"},
        {"", {.model = {"jimeng_t2i_v40", 14}, .scale = 0.25}, "CVSync2AsyncSubmitTask",
         "\"prompt\":\"x\",\"scale\":0.25,\"force_single\":true}"},
        {",\"use_pre_llm\":false", {.model = {"jimeng_t2i_v30", 14}, .has_seed = true, .seed = 7,
         .width_px = 512, .height_px = 2048, .background = {"auto", 4}}, "CVSync2AsyncSubmitTask",
         "\"prompt\":\"x\",\"width\":512,\"height\":2048,\"seed\":7,\"use_pre_llm\":false}"},
        {"", {.model = {"jimeng_i2i_v30", 14}, .reference_count = 1, .action = PROVIDER_EDIT},
         "CVSync2AsyncSubmitTask", "\"prompt\":\"x\",\"binary_data_base64\":[\"" PNG_BASE64
         "\"]}"},
        {"", {.model = {"jimeng_image2image_dream_inpaint", 32}, .reference_count = 1,
         .mask = &pictures[1], .mask_is_white = true, .has_seed = true, .seed = 101},
         "CVSync2AsyncSubmitTask", "\"prompt\":\"x\",\"binary_data_base64\":[\"" PNG_BASE64 "\",\""
         JPEG_BASE64 "\"],\"seed\":101}"},
        {"", {.model = {"jimeng_i2i_seed3_tilesr_cvtob", 29}, .reference_count = 1,
         .width_px = 7680, .height_px = 4320}, "CVSync2AsyncSubmitTask",
         "\"binary_data_base64\":[\"" PNG_BASE64 "\"],\"resolution\":\"8k\"}"},
        {"", {.model = {"jimeng_i2i_seed3_tilesr_cvtob", 29}, .reference_count = 1,
         .width_px = 4096, .height_px = 4096}, "CVSync2AsyncSubmitTask",
         "\"binary_data_base64\":[\"" PNG_BASE64 "\"]}"},
        {"", {.model = {"high_aes_general_v21_L", 22}, .scale = 3.5, .steps = 25}, "CVProcess",
         "\"prompt\":\"x\",\"scale\":3.5,\"ddim_steps\":25,\"use_pre_llm\":true,"
         "\"return_url\":false,\"logo_info\":{\"add_logo\":false}}"},
        {",\"response_format\":\"url\",\"watermark\":true,\"watermark_text\":\"AI\","
         "\"content_producer\":\"us\",\"content_propagator\":\"them\"",
         {.model = {"high_aes_general_v30l_zt2i", 26}, .idempotency_key = {"call-1", 6}},
         "CVProcess", "\"prompt\":\"x\",\"use_pre_llm\":true,\"return_url\":true,\"logo_info\":{"
         "\"add_logo\":true,\"logo_text_content\":\"AI\"},\"aigc_meta\":{\"content_producer\":"
         "\"us\",\"producer_id\":\"call-1\",\"content_propagator\":\"them\",\"propagate_id\":"
         "\"call-1\"}}"},
        {"", {.model = {"new_model", 9}, .has_seed = true, .seed = -1, .scale = 2},
         "CVSync2AsyncSubmitTask", "\"prompt\":\"x\",\"seed\":-1,\"scale\":2.0}"},
        {",\"flow\":\"task\"", {.model = {"new_model", 9}}, "CVSubmitTask", "\"prompt\":\"x\"}"},
        {",\"flow\":\"sync\"", {.model = {"byteedit_v2.0", 13}, .reference_count = 1}, "CVProcess",
         "\"prompt\":\"x\",\"binary_data_base64\":[\"" PNG_BASE64 "\"],\"return_url\":false,"
         "\"logo_info\":{\"add_logo\":false}}"},
        {",\"flow\":\"sync\"", {.model = {"jimeng_t2i_v40", 14}}, "CVSync2AsyncSubmitTask",
         "\"prompt\":\"x\",\"force_single\":true}"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = rows[i].wish;
        struct exchange exchange;
        request.prompt = STR("x");
        request.count = 1;
        request.compression = -1;
        request.references = pictures;
        fixture_options(fixture,
                        arena_cstr(fixture->arena,
                                   arena_printf(fixture->arena, "{" KEYS "%s}", rows[i].options)));
        exchange = begin(fixture, &request);
        assert_text(
            body_of(&exchange, fixture->arena),
            arena_cstr(fixture->arena, arena_printf(fixture->arena, "{\"req_key\":\"%.*s\",%s",
                                                    STR_ARGS(request.model), rows[i].body)));
        assert_text(exchange.url,
                    arena_cstr(fixture->arena,
                               arena_printf(fixture->arena,
                                            "https://visual.volcengineapi.com/?Action=%s&Version="
                                            "2022-08-31",
                                            rows[i].action)));
    }
}

/* All it takes stands in the id, so that a restart can go on. */
static void test_a_task_is_asked_for_by_its_id_alone(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct error err = {0};

    fixture->account.key.hidden = STR("secret");
    fixture->account.base_url = STR("http://127.0.0.1:9");
    fixture_options(fixture, "{" KEYS ",\"region\":\"cn-beijing\",\"content_producer\":\"us\"}");
    assert_true(provider_volc_visual.poll(&fixture->account,
                                          STR("volc1:sync2async:jimeng_t2i_v40:7392"),
                                          fixture->arena, &exchange, &err));
    assert_text(exchange.url,
                "http://127.0.0.1:9/?Action=CVSync2AsyncGetResult&Version=2022-08-31");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"req_key\":\"jimeng_t2i_v40\",\"task_id\":\"7392\",\"req_json\":\"{\\\"return_"
                "url\\\":false,\\\"logo_info\\\":{\\\"add_logo\\\":false},\\\"aigc_meta\\\":{"
                "\\\"content_producer\\\":\\\"us\\\",\\\"producer_id\\\":\\\"7392\\\"}}\"}");
    assert_int_equal(exchange.purpose, EXCHANGE_POLL);
    assert_false(exchange.is_paid);
    assert_true(exchange.is_own_origin);
    assert_text(exchange.signing->region, "cn-beijing");
    assert_true(provider_volc_visual.poll(&fixture->account, STR("volc1:task:seed3l_multi_ip:a-1"),
                                          fixture->arena, &exchange, &err));
    assert_text(exchange.url, "http://127.0.0.1:9/?Action=CVGetResult&Version=2022-08-31");
}

static void test_ids_that_are_none_are_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "7392",
        "volc1:",
        "volc1:sync2async:jimeng_t2i_v40",
        "volc1:sync2async:jimeng_t2i_v40:",
        "volc1:sync2async::7392",
        "volc1:sync:jimeng_t2i_v40:7392",
        "volc1:other:jimeng_t2i_v40:7392",
        "volc2:sync2async:jimeng_t2i_v40:7392",
        "volc1:sync2async:jimeng_t2i_v40:73:92",
        "volc1:sync2async:jimeng t2i:7392",
        "volc1:sync2async:jimeng_t2i_v40:\"7392\"",
        ("volc1:sync2async:jimeng_t2i_v40:" LONG_ID),
    };
    struct fixture *fixture = *state;

    fixture->account.key.hidden = STR("secret");
    fixture_options(fixture, "{" KEYS "}");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange exchange;
        struct error err = {0};
        if (provider_volc_visual.poll(&fixture->account, str_of(rows[i]), fixture->arena, &exchange,
                                      &err))
            fail_msg("let through: %s", rows[i]);
        assert_string_equal(err.field, "remote_id");
    }
}

static void test_what_a_model_cannot_do_is_refused_with_its_field(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model;
        struct provider_request wish;
        size_t references;
        enum error_code code;
        const char *field, *why;
    } rows[] = {
        {"jimeng_t2i_v40", {.count = 1, .action = PROVIDER_WRITE}, 0, ERROR_INVALID, "model",
         "no text"},
        {"", {.count = 1}, 0, ERROR_INVALID, "model", "no model"},
        {"a model", {.count = 1}, 0, ERROR_INVALID, "model", "no req_key"},
        {"a:b", {.count = 1}, 0, ERROR_INVALID, "model", "it would break remote ids"},
        {"jimeng_t2i_v40", {.count = 0}, 0, ERROR_TOO_SMALL, "count", "none"},
        {"jimeng_t2i_v40", {.count = 2}, 0, ERROR_TOO_BIG, "count", "one a call"},
        {"jimeng_t2i_v40", {.count = 1}, 11, ERROR_TOO_MANY, "references", "ten at most"},
        {"jimeng_t2i_v31", {.count = 1}, 1, ERROR_TOO_MANY, "references", "takes none"},
        {"jimeng_i2i_v30", {.count = 1}, 0, ERROR_REQUIRED, "references", "changes a picture"},
        {"jimeng_t2i_v40", {.count = 1, .action = PROVIDER_EDIT}, 0, ERROR_REQUIRED, "references",
         "an edit"},
        {"jimeng_t2i_v40", {.count = 1, .width_px = 512, .height_px = 512}, 0, ERROR_TOO_SMALL,
         "size", "below 1024 squared"},
        {"jimeng_t2i_v31", {.count = 1, .width_px = 4096, .height_px = 512}, 0, ERROR_TOO_BIG,
         "size", "a side above 2048"},
        {"jimeng_t2i_v40", {.count = 1, .scale = 1.5}, 0, ERROR_TOO_BIG, "scale", "0 to 1"},
        {"jimeng_t2i_v31", {.count = 1, .scale = 1}, 0, ERROR_INVALID, "scale", "has none"},
        {"jimeng_t2i_v40", {.count = 1, .has_seed = true}, 0, ERROR_INVALID, "seed", "has none"},
        {"jimeng_t2i_v40", {.count = 1, .steps = 20}, 0, ERROR_INVALID, "steps", "has none"},
        {"jimeng_t2i_v40", {.count = 1, .format = {"png", 3}}, 0, ERROR_INVALID, "format", "none"},
        {"jimeng_t2i_v40", {.count = 1, .quality = {"high", 4}}, 0, ERROR_INVALID, "quality",
         "none"},
        {"jimeng_t2i_v40", {.count = 1, .negative_prompt = {"a", 1}}, 0, ERROR_INVALID,
         "negative_prompt", "none"},
        {"jimeng_t2i_v40", {.count = 1, .background = {"transparent", 11}}, 0, ERROR_INVALID,
         "background", "opaque"},
        {"jimeng_t2i_v40", {.count = 1, .mask = pictures, .mask_is_white = true}, 1, ERROR_INVALID,
         "mask", "takes none"},
        {"jimeng_image2image_dream_inpaint", {.count = 1}, 1, ERROR_REQUIRED, "mask",
         "paints within a mask"},
        {"jimeng_image2image_dream_inpaint", {.count = 1, .mask = pictures}, 1, ERROR_INVALID,
         "mask", "a mask of the other form"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_image many[12];

    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = pictures[0];
    fixture->account.key.hidden = STR("secret");
    fixture_options(fixture, "{" KEYS "}");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = rows[i].wish;
        struct exchange exchange;
        struct error err = {0};
        request.model = str_of(rows[i].model);
        request.prompt = STR("x");
        request.compression = -1;
        request.references = many;
        request.reference_count = rows[i].references;
        if (provider_volc_visual.begin(&fixture->account, &request, fixture->arena, &exchange,
                                       &err))
            fail_msg("%s: let through", rows[i].why);
        if (err.code != rows[i].code || strcmp(err.field, rows[i].field) != 0)
            fail_msg("%s: %s %s", rows[i].why, err.field, err.message);
    }
}

static void test_long_prompts_and_broken_pictures_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct provider_image broken = {.bytes = STR("hello")};
    struct provider_request request = request_of("jimeng_seedream46_cvtob");
    CLEANUP(buf_finish) struct buf prompt = {0};
    struct exchange exchange;
    struct error err = {0};

    for (int i = 0; i < 800; i++)
        buf_add(&prompt, STR("茶")); /* characters, not bytes */
    request.prompt = buf_str(&prompt);
    (void)begin(fixture, &request);
    buf_add(&prompt, STR("茶"));
    request.prompt = buf_str(&prompt);
    assert_false(
        provider_volc_visual.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "prompt");
    request.prompt = STR(" ");
    assert_false(
        provider_volc_visual.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_int_equal(err.code, ERROR_REQUIRED);
    request.prompt = STR("x");
    request.references = &broken;
    request.reference_count = 1;
    assert_false(
        provider_volc_visual.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "references[0]");
}

static void test_keys_that_cannot_sign_are_refused(void **state)
{
    static const struct {
        const char *key, *options, *base, *field;
    } rows[] = {
        {"",       "{" KEYS "}",                         "",                    "key"          },
        {" ",      "{" KEYS "}",                         "",                    "key"          },
        {"secret", "{}",                                 "",                    "access_key_id"},
        {"secret", "{\"access_key_id\":\"a b\"}",        "",                    "access_key_id"},
        {"secret", "{\"access_key_id\":\"a/b\"}",        "",                    "access_key_id"},
        {"secret", "{\"access_key_id\":\"a\\nb\"}",      "",                    "access_key_id"},
        {"secret", "{" KEYS ",\"region\":\"cn/north\"}", "",                    "region"       },
        {"secret", "{" KEYS "}",                         "ftp://host",          "base_url"     },
        {"secret", "{" KEYS "}",                         "https://host?Action", "base_url"     },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("jimeng_t2i_v40");
        struct exchange exchange;
        struct error err = {0};
        fixture->account.key.hidden = str_of(rows[i].key);
        fixture->account.base_url = str_of(rows[i].base);
        fixture_options(fixture, rows[i].options);
        assert_false(provider_volc_visual.begin(&fixture->account, &request, fixture->arena,
                                                &exchange, &err));
        assert_string_equal(err.field, rows[i].field);
    }
}

static void test_what_a_call_says_besides_is_sent_or_refused(void **state)
{
    /* clang-format off */
    static const struct option_row rows[] = {
        {"jimeng_t2i_v31", "use_pre_llm=false", "\"use_pre_llm\":false", NULL},
        {"jimeng_t2i_v40", "use_pre_llm=false", NULL, "options.use_pre_llm"},
        {"jimeng_t2i_v40", "min_ratio=0.5;max_ratio=2", "\"min_ratio\":0.5,\"max_ratio\":2.0", NULL},
        {"jimeng_t2i_v40", "max_ratio=17", NULL, "options.max_ratio"},
        {"jimeng_t2i_v31", "max_ratio=2", NULL, "options.max_ratio"},
        {"high_aes_general_v21_L", "use_sr=true", "\"use_sr\":true", NULL},
        {"high_aes_general_v30l_zt2i", "use_sr=true", NULL, "options.use_sr"},
        {"jimeng_t2i_v40", "watermark=true", NULL, "options.watermark"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_request request = request_of("");
    struct exchange exchange;
    struct error err = {0};

    fixture->account.key.hidden = STR("secret");
    fixture_options(fixture, "{\"access_key_id\":\"AKLT\"}");
    assert_option_rows(fixture, &provider_volc_visual, &request, rows, COUNT(rows));
    request.model = STR("jimeng_t2i_v40");
    request.width_px = request.height_px = 1024;
    set_options(fixture, &request, "max_ratio=2");
    assert_false(
        provider_volc_visual.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "options.min_ratio");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_plain_call_is_written_byte_by_byte),
        TEST(test_a_temporary_key_is_cut_from_its_session_token),
        TEST(test_each_model_has_its_words),
        TEST(test_a_task_is_asked_for_by_its_id_alone),
        TEST(test_ids_that_are_none_are_refused),
        TEST(test_what_a_model_cannot_do_is_refused_with_its_field),
        TEST(test_long_prompts_and_broken_pictures_are_refused),
        TEST(test_keys_that_cannot_sign_are_refused),
        TEST(test_what_a_call_says_besides_is_sent_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
