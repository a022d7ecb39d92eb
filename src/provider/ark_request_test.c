/* The bytes of calls for pictures, and what is refused before they leave: facts 4A. */
#include "provider/provider_test.h"

#include "provider/ark_private.h"

#define LITE "doubao-seedream-5-0-260128"
#define PRO "doubao-seedream-5-0-pro-260628"
#define TWO_IMAGES                                                                                 \
    "\"image\":[\"data:image/png;base64," PNG_BASE64 "\",\"data:image/jpeg;base64," JPEG_BASE64    \
    "\"],"

static const struct provider_image pictures[] = {
    {{PNG_BYTES, sizeof PNG_BYTES - 1},   {"image/png", 9}, {"a.png", 5}},
    {{JPEG_BYTES, sizeof JPEG_BYTES - 1}, {"image/png", 9}, {"", 0}     }, /* a lie: it is a JPEG */
};

static struct provider_request request_of(const char *model)
{
    return (struct provider_request){
        .model = str_of(model), .prompt = STR("a cup"), .count = 1, .compression = -1};
}

static struct exchange begin(struct fixture *fixture, const struct provider_request *request)
{
    struct exchange exchange;
    struct error err = {0};

    fixture->account.key.hidden = STR("ark-1");
    if (!provider_ark.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

static void test_a_plain_call_is_written_byte_by_byte(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of(PRO);
    struct exchange exchange = begin(fixture, &request);

    assert_text(exchange.method, "POST");
    assert_text(exchange.url, "https://ark.cn-beijing.volces.com/api/v3/images/generations");
    assert_text(header_of(&exchange, "Authorization"), "Bearer ark-1");
    assert_text(header_of(&exchange, "Content-Type"), "application/json");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"" PRO "\",\"prompt\":\"a cup\",\"response_format\":\"b64_json\","
                "\"watermark\":false}");
    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    assert_true(exchange.is_paid);
    assert_false(exchange.is_own_origin || exchange.is_stream);
    assert_null(exchange.signing);
    assert_true(exchange.first_byte_ms >= 300000);
}

/* One row for each thing that can be asked for: what is added, to whom, and to whom not. */
static void test_each_wish_has_its_words(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model, *options;
        struct provider_request wish;
        const char *body; /* behind the prompt */
    } rows[] = {
        {LITE, "{}", {.count = 4},
         ",\"response_format\":\"b64_json\",\"watermark\":false,"
         "\"sequential_image_generation\":\"auto\","
         "\"sequential_image_generation_options\":{\"max_images\":4}}"},
        {LITE, "{}", {.count = 4, .partial_images = 2},
         ",\"response_format\":\"b64_json\",\"watermark\":false,"
         "\"sequential_image_generation\":\"auto\","
         "\"sequential_image_generation_options\":{\"max_images\":4},\"stream\":true}"},
        {LITE, "{}", {.count = 1, .partial_images = 2},
         ",\"response_format\":\"b64_json\",\"watermark\":false}"},
        {PRO, "{}", {.count = 1, .partial_images = 2},
         ",\"response_format\":\"b64_json\",\"watermark\":false}"},
        {LITE, "{\"tier\":\"4K\"}", {.count = 1, .format = {"png", 3}},
         ",\"size\":\"4K\",\"response_format\":\"b64_json\",\"watermark\":false,"
         "\"output_format\":\"png\"}"},
        {LITE, "{\"tier\":\"4K\"}", {.count = 4},
         ",\"size\":\"4K\",\"response_format\":\"url\",\"watermark\":false,"
         "\"sequential_image_generation\":\"auto\","
         "\"sequential_image_generation_options\":{\"max_images\":4}}"},
        {PRO, "{\"tier\":\"4K\"}", {.count = 1},
         ",\"response_format\":\"b64_json\",\"watermark\":false}"},
        {LITE, "{\"tier\":\"4K\"}", {.count = 1, .width_px = 2848, .height_px = 1600},
         ",\"size\":\"2848x1600\",\"response_format\":\"b64_json\",\"watermark\":false}"},
        {"doubao-seedream-4-5-251128", "{\"watermark\":true}", {.count = 1, .format = {"jpeg", 4}},
         ",\"response_format\":\"b64_json\",\"watermark\":true}"},
        {PRO, "{\"response_format\":\"url\",\"optimize_prompt\":\"fast\",\"web_search\":true}",
         {.count = 1},
         ",\"response_format\":\"url\",\"watermark\":false,"
         "\"optimize_prompt_options\":{\"mode\":\"fast\"}}"},
        {LITE, "{\"optimize_prompt\":\"fast\",\"web_search\":true}", {.count = 1},
         ",\"response_format\":\"b64_json\",\"watermark\":false,"
         "\"tools\":[{\"type\":\"web_search\"}]}"},
        {LITE, "{\"optimize_prompt\":\"standard\"}", {.count = 1, .background = {"auto", 4}},
         ",\"response_format\":\"b64_json\",\"watermark\":false,"
         "\"optimize_prompt_options\":{\"mode\":\"standard\"}}"},
        {PRO, "{}", {.count = 1, .background = {"opaque", 6}},
         ",\"response_format\":\"b64_json\",\"watermark\":false,\"background\":\"opaque\"}"},
        {"doubao-seedream-3-0-t2i-250415", "{}", {.count = 1, .has_seed = true, .seed = 7,
         .scale = 2.5, .width_px = 512, .height_px = 2048},
         ",\"size\":\"512x2048\",\"response_format\":\"b64_json\",\"watermark\":false,\"seed\":7,"
         "\"guidance_scale\":2.5}"},
        {"ep-20260101-abc", "{}", {.count = 1, .has_seed = true, .seed = 7, .format = {"png", 3}},
         ",\"response_format\":\"b64_json\",\"watermark\":false,\"output_format\":\"png\","
         "\"seed\":7}"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = rows[i].wish;
        struct exchange exchange;
        struct str head;
        request.model = str_of(rows[i].model);
        request.prompt = STR("x");
        request.compression = -1;
        fixture_options(fixture, rows[i].options);
        exchange = begin(fixture, &request);
        head = arena_printf(fixture->arena, "{\"model\":\"%s\",\"prompt\":\"x\"%s", rows[i].model,
                            rows[i].body);
        assert_text(body_of(&exchange, fixture->arena), arena_cstr(fixture->arena, head));
        assert_int_equal(exchange.is_stream, str_find(head, STR("\"stream\"")) >= 0);
    }
}

static void test_references_are_data_uris_of_their_true_type(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of(PRO);
    struct exchange exchange;

    request.action = PROVIDER_EDIT;
    request.references = pictures;
    request.reference_count = 2;
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"" PRO "\",\"prompt\":\"a cup\"," TWO_IMAGES
                "\"response_format\":\"b64_json\",\"watermark\":false}");
    request.reference_count = 1;
    request.background = STR("transparent"); /* and so png */
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"" PRO
                "\",\"prompt\":\"a cup\",\"image\":\"data:image/png;base64," PNG_BASE64
                "\",\"response_format\":\"b64_json\",\"watermark\":false,"
                "\"output_format\":\"png\",\"background\":\"transparent\"}");
}

/* An endpoint's id says nothing: the account says what is behind it. */
static void test_an_endpoint_is_what_the_account_says(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("ep-20260101-abc");
    struct exchange exchange;
    struct error err = {0};
    const char *currency;

    request.count = 2;
    exchange = begin(fixture, &request);
    assert_int_equal(provider_estimate(&provider_ark, &fixture->account, &request, &currency), -1);
    fixture_options(fixture, "{\"profile\":\"seedream-5.0-pro\"}");
    assert_false(provider_ark.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "count");
    fixture_options(fixture, "{\"profile\":\"seedream-4.0\",\"optimize_prompt\":\"fast\"}");
    exchange = begin(fixture, &request);
    assert_true(str_find(body_of(&exchange, fixture->arena), STR("\"mode\":\"fast\"")) > 0);
    assert_true(str_find(body_of(&exchange, fixture->arena), STR("\"model\":\"ep-2")) > 0);
    assert_int_equal(provider_estimate(&provider_ark, &fixture->account, &request, &currency),
                     400000);
    assert_string_equal(currency, "CNY");
    fixture->account.base_url = STR("https://ark.ap-southeast.bytepluses.com/api/v3");
    assert_int_equal(provider_estimate(&provider_ark, &fixture->account, &request, &currency),
                     60000);
    assert_string_equal(currency, "USD");
}

static void test_base_urls_are_made_whole(void **state)
{
    static const struct {
        const char *base, *url;
    } rows[] = {
        {"https://ark.ap-southeast.bytepluses.com",
         "https://ark.ap-southeast.bytepluses.com/api/v3"                             },
        {"https://ark.cn-beijing.volces.com/api/plan/v3/",
         "https://ark.cn-beijing.volces.com/api/plan/v3"                              },
        {"http://127.0.0.1:9/api/v3/images/generations",   "http://127.0.0.1:9/api/v3"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(PRO);
        struct exchange exchange;
        fixture->account.base_url = str_of(rows[i].base);
        exchange = begin(fixture, &request);
        assert_true(exchange.is_own_origin);
        assert_true(str_starts_with(exchange.url, str_of(rows[i].url)));
        assert_int_equal(exchange.url.size, strlen(rows[i].url) + strlen("/images/generations"));
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
        {"", {.count = 1}, 0, ERROR_REQUIRED, "model", "no model"},
        {"doubao-seed-2-1-pro-260628", {.count = 1}, 0, ERROR_INVALID, "model", "a text model"},
        {PRO, {.count = 0}, 0, ERROR_TOO_SMALL, "count", "none"},
        {PRO, {.count = 2}, 0, ERROR_TOO_BIG, "count", "pro makes no groups"},
        {LITE, {.count = 16}, 0, ERROR_TOO_BIG, "count", "15 at most"},
        {LITE, {.count = 14}, 2, ERROR_TOO_BIG, "count", "with references 15 at most"},
        {LITE, {.count = 1, .action = PROVIDER_EDIT}, 0, ERROR_REQUIRED, "references", "an edit"},
        {PRO, {.count = 1}, 11, ERROR_TOO_MANY, "references", "ten at most"},
        {"doubao-seedream-3-0-t2i-250415", {.count = 1}, 1, ERROR_TOO_MANY, "references", "none"},
        {LITE, {.count = 1, .width_px = 1024, .height_px = 1024}, 0, ERROR_TOO_SMALL, "size",
         "too small for lite"},
        {PRO, {.count = 1, .width_px = 3072, .height_px = 3072}, 0, ERROR_TOO_BIG, "size",
         "too large for pro"},
        {LITE, {.count = 1, .width_px = 16400, .height_px = 1000}, 0, ERROR_INVALID, "size",
         "longer than 16:1"},
        {LITE, {.count = 1, .has_seed = true}, 0, ERROR_INVALID, "seed", "no seed"},
        {"ep-1", {.count = 1, .has_seed = true, .seed = 2147483648}, 0, ERROR_TOO_BIG, "seed",
         "a seed beyond 31 bits"},
        {LITE, {.count = 1, .scale = 3}, 0, ERROR_INVALID, "scale", "no guidance"},
        {"ep-1", {.count = 1, .scale = 10.5}, 0, ERROR_TOO_BIG, "scale", "guidance is 1 to 10"},
        {LITE, {.count = 1, .steps = 20}, 0, ERROR_INVALID, "steps", "no steps"},
        {LITE, {.count = 1, .negative_prompt = {"a", 1}}, 0, ERROR_INVALID, "negative_prompt",
         "no negative prompt"},
        {LITE, {.count = 1, .quality = {"high", 4}}, 0, ERROR_INVALID, "quality", "no quality"},
        {LITE, {.count = 1, .mask = pictures}, 1, ERROR_INVALID, "mask", "no mask"},
        {LITE, {.count = 1, .format = {"webp", 4}}, 0, ERROR_NOT_IN_LIST, "format", "no webp"},
        {"doubao-seedream-4-0-250828", {.count = 1, .format = {"png", 3}}, 0, ERROR_NOT_IN_LIST,
         "format", "4.0 writes jpeg"},
        {LITE, {.count = 1, .background = {"transparent", 11}}, 1, ERROR_INVALID, "background",
         "lite is opaque"},
        {PRO, {.count = 1, .background = {"transparent", 11}}, 0, ERROR_INVALID, "background",
         "needs a picture"},
        {PRO, {.count = 1, .background = {"transparent", 11}, .format = {"jpeg", 4}}, 1,
         ERROR_INVALID, "format", "jpeg is opaque"},
        {PRO, {.count = 1, .background = {"pink", 4}}, 0, ERROR_NOT_IN_LIST, "background", "pink"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_image many[12];

    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = pictures[0];
    fixture->account.key.hidden = STR("ark-1");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = rows[i].wish;
        struct exchange exchange;
        struct error err = {0};
        request.model = str_of(rows[i].model);
        request.prompt = STR("x");
        request.compression = -1;
        request.references = many;
        request.reference_count = rows[i].references;
        if (provider_ark.begin(&fixture->account, &request, fixture->arena, &exchange, &err))
            fail_msg("%s: let through", rows[i].why);
        if (err.code != rows[i].code || strcmp(err.field, rows[i].field) != 0)
            fail_msg("%s: %s %s", rows[i].why, err.field, err.message);
    }
}

static void test_pictures_and_prompts_that_are_none_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct provider_image broken = {.bytes = STR("hello")};
    struct provider_request request = request_of(PRO);
    struct exchange exchange;
    struct error err = {0};

    assert_false(provider_ark.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "key");
    fixture->account.key.hidden = STR("a key");
    assert_false(provider_ark.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "key");
    fixture->account.key.hidden = STR("ark-1");
    request.references = &broken;
    request.reference_count = 1;
    assert_false(provider_ark.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "references[0]");
    assert_int_equal(err.code, ERROR_PICTURE_TYPE);
    broken.bytes = STR_EMPTY;
    assert_false(provider_ark.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_int_equal(err.code, ERROR_REQUIRED);
    request.reference_count = 0;
    request.prompt = STR(" \n");
    assert_false(provider_ark.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "prompt");
    request.prompt = STR("a cup");
    fixture->account.base_url = STR("ftp://x");
    assert_false(provider_ark.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "base_url");
}

static void test_estimates_follow_size_and_inputs(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model, *options;
        struct provider_request wish;
        int64_t micro;
        const char *why;
    } rows[] = {
        {PRO, "{}", {.count = 1}, 600000, "2K by default"},
        {PRO, "{}", {.count = 1, .width_px = 1024, .height_px = 1024}, 300000, "up to 2.36 MP"},
        {PRO, "{}", {.count = 1, .width_px = 1536, .height_px = 1536}, 300000, "2.359 MP"},
        {PRO, "{\"tier\":\"1K\"}", {.count = 1}, 300000, "the account's size"},
        {PRO, "{}", {.count = 1, .reference_count = 3}, 640000, "two further inputs"},
        {"dola-seedream-5-0-pro-260628", "{}", {.count = 1, .reference_count = 2}, 93000, "$"},
        {"doubao-seedream-5-0-flash-260915", "{}", {.count = 1}, -1, "not in the facts"},
        {LITE, "{}", {.count = 4, .reference_count = 3}, 880000, "a group"},
        {LITE, "{}", {.count = 0}, -1, "none"},
        {LITE, "{}", {.count = 1, .width_px = INT64_MAX, .height_px = 2}, -1, "absurd"},
        {"doubao-seed-2-1-pro-260628", "{}", {.count = 1, .action = PROVIDER_WRITE}, -1, "text"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = rows[i].wish;
        const char *currency;
        int64_t micro;
        request.model = str_of(rows[i].model);
        fixture_options(fixture, rows[i].options);
        micro = provider_estimate(&provider_ark, &fixture->account, &request, &currency);
        if (micro != rows[i].micro)
            fail_msg("%s: %lld", rows[i].why, (long long)micro);
    }
}

/* The catalogue's price is the one of the size that is made by default. */
static void test_catalogue_prices_are_the_default_estimate(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < provider_ark.model_count; i++) {
        struct provider_request request = {.model = provider_ark.models[i].name, .count = 1};
        const char *currency;
        assert_int_equal(provider_estimate(&provider_ark, &fixture->account, &request, &currency),
                         provider_ark.models[i].price_micro);
        assert_string_equal(currency, provider_ark.models[i].currency);
    }
}

static void test_what_a_call_says_besides_is_sent_or_refused(void **state)
{
    /* clang-format off */
    static const struct option_row rows[] = {
        {PRO, "watermark=true", "\"watermark\":true", NULL},
        {PRO, "optimize_prompt=fast", "\"optimize_prompt_options\":{\"mode\":\"fast\"}", NULL},
        {LITE, "optimize_prompt=standard", "\"optimize_prompt_options\":{\"mode\":\"standard\"}", NULL},
        {LITE, "optimize_prompt=fast", NULL, "options.optimize_prompt"},
        {LITE, "web_search=true", "\"tools\":[{\"type\":\"web_search\"}]", NULL},
        {"ep-20260101", "web_search=true", "\"tools\":[{\"type\":\"web_search\"}]", NULL},
        {PRO, "web_search=true", NULL, "options.web_search"},
        {PRO, "layer_decomposition=true", NULL, "options.layer_decomposition"}, /* no picture */
        {LITE, "layer_decomposition=true", NULL, "options.layer_decomposition"},
        {PRO, "tier=4K", NULL, "options.tier"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    const struct provider_request request = request_of("");

    fixture->account.key.hidden = STR("ark-1");
    assert_option_rows(fixture, &provider_ark, &request, rows, COUNT(rows));
}

static void test_a_picture_is_taken_apart(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of(PRO);
    struct exchange exchange;
    struct error err = {0};
    const char *currency;

    request.action = PROVIDER_EDIT;
    request.references = pictures;
    request.reference_count = 1;
    set_options(fixture, &request, "layer_decomposition=true");
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"" PRO
                "\",\"prompt\":\"a cup\",\"image\":\"data:image/png;base64," PNG_BASE64
                "\",\"response_format\":\"url\",\"watermark\":false,\"layer_decomposition\":true}");
    /* How many layers come is not known: the picture and all sixteen, at a picture's price. */
    assert_int_equal(provider_ark.estimate(&fixture->account, &request, &currency), 17 * 600000);
    request.model = STR("dola-seedream-5-0-pro-260628");
    assert_int_equal(provider_ark.estimate(&fixture->account, &request, &currency), 9 * 90000);
    request.reference_count = 2;
    assert_false(provider_ark.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "options.layer_decomposition");
    set_options(fixture, &request, "layer_decomposition=false");
    assert_true(provider_ark.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_plain_call_is_written_byte_by_byte),
        TEST(test_each_wish_has_its_words),
        TEST(test_references_are_data_uris_of_their_true_type),
        TEST(test_an_endpoint_is_what_the_account_says),
        TEST(test_base_urls_are_made_whole),
        TEST(test_what_a_model_cannot_do_is_refused_with_its_field),
        TEST(test_pictures_and_prompts_that_are_none_are_refused),
        TEST(test_estimates_follow_size_and_inputs),
        TEST(test_catalogue_prices_are_the_default_estimate),
        TEST(test_what_a_call_says_besides_is_sent_or_refused),
        TEST(test_a_picture_is_taken_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
