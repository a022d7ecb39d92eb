/* Pictures through Chat Completions: facts 1B.1 and 1B.8. */
#include "provider/openai_test.h"

#define CHAT "{\"profile\":\"generic\",\"images_api\":\"chat\"}"

static struct exchange begin_at_relay(struct fixture *fixture,
                                      const struct provider_request *request)
{
    fixture->account.base_url = STR("https://relay.example");
    return begin(fixture, request);
}

static void test_a_picture_is_ordered_in_a_chat(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gemini-3.1-flash-image");
    struct exchange exchange;

    fixture_options(fixture, CHAT);
    request.idempotency_key = STR("call-7");
    exchange = begin_at_relay(fixture, &request);
    assert_text(exchange.method, "POST");
    assert_text(exchange.url, "https://relay.example/v1/chat/completions");
    assert_text(header_of(&exchange, "Idempotency-Key"), "call-7");
    assert_true(exchange.is_paid);
    assert_false(exchange.is_stream);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"gemini-3.1-flash-image\",\"messages\":[{\"role\":\"user\","
                "\"content\":[{\"type\":\"text\",\"text\":\"a cup\"}]}],\"modalities\":[\"image\","
                "\"text\"]}");
    request.references = &picture;
    request.reference_count = 1;
    request.width_px = 2752;
    request.height_px = 1536;
    request.background = STR("auto");
    request.safety_id = STR("u");
    fixture_options(fixture, "{\"profile\":\"litellm\",\"images_api\":\"chat\"}");
    exchange = begin_at_relay(fixture, &request);
    assert_text(exchange.url, "https://relay.example/v1/chat/completions");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"gemini-3.1-flash-image\",\"messages\":[{\"role\":\"user\","
                "\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
                "\"data:image/png;base64," PNG_BASE64
                "\"}},{\"type\":\"text\",\"text\":\"a cup\"}]}],\"modalities\":[\"image\","
                "\"text\"],\"image_config\":{\"aspect_ratio\":\"16:9\",\"image_size\":\"2K\"},"
                "\"user\":\"u\"}");
}

static void test_what_a_chat_has_no_word_for_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request requests[9];
    static const char *const fields[] = {"count",           "mask",   "seed",
                                         "negative_prompt", "steps",  "scale",
                                         "background",      "format", "size"};

    for (size_t i = 0; i < COUNT(requests); i++)
        requests[i] = request_of("flux");
    requests[0].count = 2;
    requests[1].references = &picture;
    requests[1].reference_count = 1;
    requests[1].mask = &picture;
    requests[2].has_seed = true;
    requests[3].negative_prompt = STR("dust");
    requests[4].steps = 20;
    requests[5].scale = 4;
    requests[6].background = STR("transparent");
    requests[7].format = STR("webp");
    requests[8].width_px = 1024;
    requests[8].height_px = 200;
    fixture_options(fixture, CHAT);
    fixture->account.base_url = STR("https://relay.example");
    for (size_t i = 0; i < COUNT(requests); i++) {
        struct exchange exchange;
        struct error err = {0};
        if (provider_openai.begin(&fixture->account, &requests[i], fixture->arena, &exchange, &err))
            fail_msg("%s was taken", fields[i]);
        assert_string_equal(err.field, fields[i]);
    }
}

#define MESSAGE(message, finish)                                                                   \
    "{\"choices\":[{\"index\":0,\"finish_reason\":\"" finish "\",\"message\":{" message "}}]}"
#define IMAGES                                                                                     \
    "\"images\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,"          \
    "" PNG_BASE64 "\"}}]"

static void test_a_picture_is_read_wherever_it_is(void **state)
{
    static const char *const bodies[] = {
        MESSAGE("\"content\":\"Here it is.\"," IMAGES, "stop"),
        MESSAGE("\"content\":\"![cup](data:image/png;base64," PNG_BASE64 ")\"," IMAGES, "stop"),
        MESSAGE("\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
                "\"data:image/png;base64," PNG_BASE64 "\"}}]",
                "stop"),
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("flux");
    struct exchange exchange;

    fixture_options(fixture, CHAT);
    exchange = begin_at_relay(fixture, &request);
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct provider_verdict verdict = read_body(fixture, &request, &exchange, 200, bodies[i]);
        assert_int_equal(verdict.type, VERDICT_DONE);
        assert_int_equal(verdict.picture_count, 1); /* twice the same is one */
        assert_true(str_equal(verdict.pictures[0].bytes, STR(PNG_BYTES)));
    }
}

static void test_words_instead_of_a_picture_are_told(void **state)
{
    static const struct {
        const char *body;
        enum failure_class class;
        const char *says;
    } rows[] = {
        {MESSAGE("\"content\":\"Which cup?\"", "stop"),          FAILURE_UNKNOWN,                            "Which cup?"},
        {MESSAGE("\"content\":null,\"refusal\":\"I cannot.\"",                                    "stop"), FAILURE_REFUSED,
         "I cannot."},
        {MESSAGE("\"content\":\"\"",                          "content_filter"),                                          FAILURE_REFUSED,                                                           "nothing"},
        {"{\"choices\":7}",                     FAILURE_UNKNOWN,"nothing"},
        {"{\"error\":{\"message\":\"no\",\"type\":\"upstream_error\"}}", FAILURE_SERVER,                      "no"                                                                                             },
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("flux");
    struct exchange exchange;

    fixture_options(fixture, CHAT);
    exchange = begin_at_relay(fixture, &request);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict =
            read_body(fixture, &request, &exchange, 200, rows[i].body);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != CHARGED_MAYBE ||
            str_find(verdict.failure.message, str_of(rows[i].says)) < 0)
            fail_msg("%s: %s, charged %d, %.*s", rows[i].says,
                     failure_class_name(verdict.failure.class), (int)verdict.failure.charged,
                     STR_ARGS(verdict.failure.message));
    }
}

static void test_a_shape_is_said_as_the_service_wants_it(void **state)
{
    static const struct {
        const char *profile, *says;
    } rows[] = {
        {"generic",    "\"extra_body\":{\"google\":{\"image_config\":{\"aspect_ratio\":\"2:3\","
                    "\"image_size\":\"1K\"}}}"                           },
        {"openrouter", "],\"image_config\":{\"aspect_ratio\":\"2:3\",\"image_size\":\"1K\"}"},
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("flux");

    request.width_px = 848;
    request.height_px = 1264;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange exchange;
        fixture_options(
            fixture,
            arena_cstr(fixture->arena,
                       arena_printf(fixture->arena, "{\"profile\":\"%s\",\"images_api\":\"chat\"}",
                                    rows[i].profile)));
        exchange = begin_at_relay(fixture, &request);
        assert_true(str_find(body_of(&exchange, fixture->arena), str_of(rows[i].says)) > 0);
    }
}

static void test_a_size_that_is_not_known_is_left_out(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("flux");
    struct provider_verdict verdict;
    struct exchange exchange;

    fixture_options(fixture, CHAT);
    request.width_px = 1024;
    request.height_px = 1024;
    exchange = begin_at_relay(fixture, &request);
    verdict = read_body(fixture, &request, &exchange, 400,
                        "{\"error\":{\"message\":\"Unknown parameter: 'extra_body'.\",\"param\":"
                        "\"extra_body\",\"code\":\"unknown_parameter\"}}");
    assert_int_equal(verdict.type, VERDICT_NEXT);
    assert_text(verdict.next.url, "https://relay.example/v1/chat/completions");
    assert_true(str_find(body_of(&verdict.next, fixture->arena), STR("extra_body")) < 0);
    verdict = read_body(fixture, &request, &exchange, 400,
                        "{\"error\":{\"message\":\"Unknown parameter: 'n'.\",\"param\":\"n\","
                        "\"code\":\"unknown_parameter\"}}");
    assert_int_equal(verdict.type, VERDICT_FAILED); /* it was not sent */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_picture_is_ordered_in_a_chat),
        TEST(test_what_a_chat_has_no_word_for_is_refused),
        TEST(test_a_picture_is_read_wherever_it_is),
        TEST(test_words_instead_of_a_picture_are_told),
        TEST(test_a_shape_is_said_as_the_service_wants_it),
        TEST(test_a_size_that_is_not_known_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
