/* SiliconFlow's calls and answers: facts 1B.2 and 8.3; what it shares with the openai kind is
 * tested there. */
#include "provider/provider_test.h"

static const struct provider_image pictures[] = {
    {{PNG_BYTES, sizeof PNG_BYTES - 1},   {"", 0}, {"", 0}},
    {{JPEG_BYTES, sizeof JPEG_BYTES - 1}, {"", 0}, {"", 0}},
};

static int siliconflow_begin(void **state)
{
    int result = fixture_begin(state);
    struct fixture *fixture = *state;

    fixture->account.kind = STR("siliconflow");
    return result;
}
#define SILICONFLOW_TEST(function)                                                                 \
    cmocka_unit_test_setup_teardown(function, siliconflow_begin, fixture_end)

static struct provider_request request_of(const char *model)
{
    return (struct provider_request){
        .model = str_of(model), .prompt = STR("a cup"), .count = 1, .compression = -1};
}

static struct exchange begin(struct fixture *fixture, const struct provider_request *request)
{
    struct exchange exchange;
    struct error err = {0};

    if (!provider_siliconflow.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

static struct provider_verdict read_body(struct fixture *fixture,
                                         const struct provider_request *request, int status,
                                         const char *body)
{
    struct exchange exchange = begin(fixture, request);
    struct exchange_reply reply = reply_of(status, body);
    struct provider_verdict verdict;

    provider_siliconflow.read(&fixture->account, request, &exchange, &reply, fixture->arena,
                              &verdict);
    return verdict;
}

static void test_a_call_is_written_byte_by_byte(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("Kwai-Kolors/Kolors");
    struct exchange exchange;

    fixture->account.key.hidden = STR("sk-1");
    request.count = 2;
    request.width_px = 720;
    request.height_px = 1440;
    request.has_seed = true;
    request.seed = 9999999999;
    request.negative_prompt = STR("dust");
    request.steps = 20;
    request.scale = 7.5;
    exchange = begin(fixture, &request);
    assert_text(exchange.url, "https://api.siliconflow.cn/v1/images/generations");
    assert_text(header_of(&exchange, "Authorization"), "Bearer sk-1");
    assert_text(header_of(&exchange, "X-Enable-Watermark"), "");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"Kwai-Kolors/Kolors\",\"prompt\":\"a cup\",\"batch_size\":2,"
                "\"image_size\":\"720x1440\",\"seed\":9999999999,\"negative_prompt\":\"dust\","
                "\"num_inference_steps\":20,\"guidance_scale\":7.5}");
    assert_true(exchange.is_paid);
    assert_false(exchange.is_own_origin);
}

static void test_an_edit_numbers_its_pictures(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("Qwen/Qwen-Image-Edit-2509");
    struct exchange exchange;

    fixture->account.base_url = STR("https://api.siliconflow.com");
    fixture_options(fixture, "{\"watermark\":\"on\"}");
    request.action = PROVIDER_EDIT;
    request.references = pictures;
    request.reference_count = 2;
    request.scale = 4;
    exchange = begin(fixture, &request);
    assert_text(exchange.url, "https://api.siliconflow.com/v1/images/generations");
    assert_text(header_of(&exchange, "X-Enable-Watermark"), "1");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"Qwen/Qwen-Image-Edit-2509\",\"prompt\":\"a cup\",\"cfg\":4.0,"
                "\"image\":\"data:image/png;base64," PNG_BASE64
                "\",\"image2\":\"data:image/jpeg;base64," JPEG_BASE64 "\"}");
}

static void five(struct provider_request *r) { r->count = 5; }
static void write_text(struct provider_request *r) { r->action = PROVIDER_WRITE; }
static void nothing(struct provider_request *r) { (void)r; }
static void big_seed(struct provider_request *r)
{
    r->has_seed = true;
    r->seed = 10000000000;
}
static void steps(struct provider_request *r) { r->steps = 101; }
static void square(struct provider_request *r) { r->width_px = r->height_px = 1000; }
static void two(struct provider_request *r)
{
    r->references = pictures;
    r->reference_count = 2;
}
static void sized_edit(struct provider_request *r)
{
    r->references = pictures;
    r->reference_count = 1;
    r->width_px = r->height_px = 1024;
}
static void quality(struct provider_request *r) { r->quality = STR("high"); }
static void mask(struct provider_request *r)
{
    r->references = pictures;
    r->reference_count = 1;
    r->mask = &pictures[0];
}

static void test_what_the_models_cannot_do_is_refused_with_the_field(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model, *field;
        int64_t limit;
        void (*change)(struct provider_request *request);
        const char *why;
    } rows[] = {
        {"", "model", 0, nothing, "no model"},
        {"Qwen/Qwen-Image", "model", 0, write_text, "no text"},
        {"Qwen/Qwen-Image", "count", 4, five, "five"},
        {"acme/paint", "count", 4, five, "five of any"},
        {"Qwen/Qwen-Image", "seed", 9999999999, big_seed, "ten digits"},
        {"Qwen/Qwen-Image", "steps", 100, steps, "a hundred"},
        {"Qwen/Qwen-Image", "size", 0, square, "one of seven"},
        {"Kwai-Kolors/Kolors", "size", 0, square, "one of five"},
        {"Qwen/Qwen-Image-Edit", "size", 0, sized_edit, "no size"},
        {"Qwen/Qwen-Image-Edit", "references", 1, nothing, "it only edits"},
        {"Qwen/Qwen-Image-Edit", "references", 1, two, "one picture"},
        {"Qwen/Qwen-Image", "model", 0, two, "it only draws"},
        {"Qwen/Qwen-Image", "quality", 0, quality, "none"},
        {"Qwen/Qwen-Image-Edit", "mask", 0, mask, "none"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange;
        struct error err = {0};
        rows[i].change(&request);
        if (provider_siliconflow.begin(&fixture->account, &request, fixture->arena, &exchange,
                                       &err))
            fail_msg("taken: %s", rows[i].why);
        if (strcmp(err.field, rows[i].field) != 0 || err.limit != rows[i].limit)
            fail_msg("%s: %s %lld: %s", rows[i].why, err.field, (long long)err.limit, err.message);
    }
}

static void test_the_documented_reply_is_read(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("Qwen/Qwen-Image");
    struct provider_verdict verdict = read_body(
        fixture, &request, 200,
        "{\"images\":[{\"url\":\"https://s3.siliconflow.cn/a.png?X-Amz-Signature=b\"}],\"data\":"
        "[{\"url\":\"https://s3.siliconflow.cn/a.png?X-Amz-Signature=b\"}],\"timings\":"
        "{\"inference\":1.2},\"seed\":123}");
    const char *currency;

    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 1); /* the same in both lists */
    assert_text(verdict.pictures[0].url, "https://s3.siliconflow.cn/a.png?X-Amz-Signature=b");
    assert_true(verdict.pictures[0].has_seed);
    assert_int_equal(verdict.pictures[0].seed, 123);
    assert_int_equal(
        provider_cost(&provider_siliconflow, &fixture->account, &request, &verdict, &currency),
        40000);
    assert_string_equal(currency, "CNY");
    request.count = 2;
    verdict = read_body(fixture, &request, 200, "{\"images\":[{\"url\":\"https://a/1\"}]}");
    assert_text(verdict.missing, "the service made 1 of 2 pictures");
    verdict = read_body(fixture, &request, 200,
                        "{\"images\":[{\"url\":\"https://a/1\"},{\"url\":\"https://a/2\"}],"
                        "\"seed\":7}");
    assert_false(verdict.pictures[0].has_seed); /* whose it is, is not said */
}

static void test_errors_of_the_facts_have_their_class(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
        enum charged charged;
    } rows[] = {
        {400, "{\"code\":20012,\"message\":\"m\",\"data\":null}", FAILURE_INVALID, CHARGED_NO},
        {401, "\"Invalid token\"", FAILURE_AUTH, CHARGED_NO},
        {403, "{\"code\":30001,\"message\":\"Sorry, your account balance is insufficient\"}",
         FAILURE_QUOTA, CHARGED_NO},
        {403, "{\"code\":30003,\"message\":\"real-name\"}", FAILURE_AUTH, CHARGED_NO},
        {429, "{\"message\":\"TPM limit reached\",\"data\":\"\"}", FAILURE_THROTTLED, CHARGED_NO},
        {451, "{\"code\":20037,\"message\":\"m\"}", FAILURE_REFUSED, CHARGED_MAYBE},
        {503, "{\"code\":50505,\"message\":\"m\"}", FAILURE_SERVER, CHARGED_MAYBE},
        {504, "", FAILURE_UNKNOWN, CHARGED_MAYBE},
        {200, "{\"images\":[]}", FAILURE_UNKNOWN, CHARGED_MAYBE},
        {200, "\"Invalid token\"", FAILURE_UNKNOWN, CHARGED_MAYBE},
        {200, "{\"images\":[{\"u", FAILURE_UNKNOWN, CHARGED_MAYBE},
        {200, "", FAILURE_UNKNOWN, CHARGED_MAYBE},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("Qwen/Qwen-Image");
        struct provider_verdict verdict =
            read_body(fixture, &request, rows[i].status, rows[i].body);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged)
            fail_msg("%d %s: %s, charged %d", rows[i].status, rows[i].body,
                     failure_class_name(verdict.failure.class), verdict.failure.charged);
        assert_true(verdict.failure.message.size > 0);
    }
}

static void test_a_call_without_a_refused_field_keeps_its_watermark(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("Qwen/Qwen-Image");
    struct provider_verdict verdict;

    fixture_options(fixture, "{\"watermark\":\"off\"}");
    request.steps = 20;
    verdict = read_body(fixture, &request, 400,
                        "{\"code\":20015,\"message\":\"num_inference_steps is not supported\"}");
    assert_int_equal(verdict.type, VERDICT_NEXT);
    assert_text(header_of(&verdict.next, "X-Enable-Watermark"), "0");
    assert_int_equal(str_find(body_of(&verdict.next, fixture->arena), STR("steps")), -1);
}

static void test_prices_are_those_of_the_site(void **state)
{
    static const struct {
        const char *base_url, *model;
        int64_t micro;
        const char *currency;
    } rows[] = {
        {"",                            "Kwai-Kolors/Kolors",   0,     "CNY"},
        {"",                            "Qwen/Qwen-Image",      80000, "CNY"},
        {"",                            "Qwen/Qwen-Image-Edit", -1,    "CNY"},
        {"",                            "acme/paint",           -1,    "CNY"},
        {"https://api.siliconflow.com", "Qwen/Qwen-Image",      -1,    "USD"},
        {"https://api.siliconflow.com", "Kwai-Kolors/Kolors",   0,     "USD"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        const char *currency = "";
        fixture->account.base_url = str_of(rows[i].base_url);
        request.count = 2;
        assert_int_equal(
            provider_estimate(&provider_siliconflow, &fixture->account, &request, &currency),
            rows[i].micro);
        assert_string_equal(currency, rows[i].currency);
    }
}

static void test_the_probe_lists_models(void **state)
{
    struct fixture *fixture = *state;
    struct exchange_reply reply = reply_of(200, "{\"data\":[{\"id\":\"Qwen/Qwen-Image\"}]}");
    struct provider_failure failure;
    struct exchange exchange;
    struct error err = {0};
    struct str *models;
    size_t count;

    assert_true(provider_siliconflow.probe(&fixture->account, fixture->arena, &exchange, &err));
    assert_text(exchange.url, "https://api.siliconflow.cn/v1/models");
    assert_false(exchange.is_paid);
    provider_siliconflow.read_probe(&fixture->account, &reply, fixture->arena, &models, &count,
                                    &failure);
    assert_int_equal(count, 1);
    assert_text(models[0], "Qwen/Qwen-Image");
}

static void test_a_call_says_whether_there_is_a_watermark(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("Kwai-Kolors/Kolors");
    struct exchange exchange;
    struct error err = {0};

    fixture->account.key.hidden = STR("sk-1");
    fixture_options(fixture, "{\"watermark\":\"on\"}");
    set_options(fixture, &request, "watermark=off");
    exchange = begin(fixture, &request);
    assert_text(header_of(&exchange, "X-Enable-Watermark"), "0");
    assert_int_equal(str_find(body_of(&exchange, fixture->arena), STR("watermark")), -1);
    set_options(fixture, &request, "watermark=auto");
    exchange = begin(fixture, &request);
    assert_text(header_of(&exchange, "X-Enable-Watermark"), "");
    set_options(fixture, &request, "moderation=low"); /* OpenAI's, not this one's */
    assert_false(
        provider_siliconflow.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "options.moderation");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SILICONFLOW_TEST(test_a_call_is_written_byte_by_byte),
        SILICONFLOW_TEST(test_an_edit_numbers_its_pictures),
        SILICONFLOW_TEST(test_what_the_models_cannot_do_is_refused_with_the_field),
        SILICONFLOW_TEST(test_the_documented_reply_is_read),
        SILICONFLOW_TEST(test_errors_of_the_facts_have_their_class),
        SILICONFLOW_TEST(test_a_call_without_a_refused_field_keeps_its_watermark),
        SILICONFLOW_TEST(test_prices_are_those_of_the_site),
        SILICONFLOW_TEST(test_the_probe_lists_models),
        SILICONFLOW_TEST(test_a_call_says_whether_there_is_a_watermark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
