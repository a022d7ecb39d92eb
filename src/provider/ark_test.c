/* Replies of Ark: facts 4A. */
#include "provider/provider_test.h"

#include "provider/ark_private.h"

#define LITE "doubao-seedream-5-0-260128"
#define PRO "doubao-seedream-5-0-pro-260628"
#define GOOD_ITEM                                                                                  \
    "{\"b64_json\":\"" PNG_BASE64 "\",\"size\":\"2048x2048\",\"output_format\":\"png\"}"
#define OTHER_ITEM "{\"url\":\"https://tos/2.jpeg?sig=1\",\"size\":\"1024x1024\"}"
#define BAD_ITEM                                                                                   \
    "{\"error\":{\"code\":\"OutputImageSensitiveContentDetected\",\"message\":\"The image may "    \
    "contain sensitive information.\"}}"
#define REPLY(items, made)                                                                         \
    "{\"model\":\"" LITE "\",\"created\":1790000000,\"data\":[" items                              \
    "],\"usage\":{\"generated_images\":" made ",\"output_tokens\":16384,\"total_tokens\":16384}}"

static struct provider_request request_of(const char *model, int64_t count)
{
    return (struct provider_request){
        .model = str_of(model), .prompt = STR("a cup"), .count = count, .compression = -1};
}

static struct provider_verdict read_for(struct fixture *fixture,
                                        const struct provider_request *request, int status,
                                        const char *body)
{
    struct exchange exchange = {.purpose = EXCHANGE_SUBMIT, .is_paid = true};
    struct exchange_reply reply = reply_of(status, body);
    struct provider_verdict verdict;

    if (fixture->account.key.hidden.size == 0)
        fixture->account.key.hidden = STR("ark-0123456789abcdef");
    provider_ark.read(&fixture->account, request, &exchange, &reply, fixture->arena, &verdict);
    return verdict;
}

static struct provider_verdict read_body(struct fixture *fixture, int status, const char *body)
{
    struct provider_request request = request_of(LITE, 1);

    return read_for(fixture, &request, status, body);
}

static int64_t cost_of(struct fixture *fixture, const struct provider_request *request,
                       const struct provider_verdict *verdict)
{
    const char *currency;

    return provider_cost(&provider_ark, &fixture->account, request, verdict, &currency);
}

static void test_the_documented_reply_is_read(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of(LITE, 1);
    struct provider_verdict verdict = read_for(fixture, &request, 200, REPLY(GOOD_ITEM, "1"));

    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 1);
    assert_true(str_equal(verdict.pictures[0].bytes, STR(PNG_BYTES)));
    assert_int_equal(verdict.usage.images, 1);
    assert_int_equal(cost_of(fixture, &request, &verdict), 220000);
    assert_string_equal(verdict.usage.currency, "CNY");
    assert_int_equal(verdict.missing.size, 0);
}

/* A group's pictures fail one by one; the good ones are kept and nothing else is paid. */
static void test_a_group_with_errors_keeps_its_good_pictures(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of(LITE, 3);
    struct provider_verdict verdict =
        read_for(fixture, &request, 200, REPLY(GOOD_ITEM "," BAD_ITEM "," OTHER_ITEM, "2"));

    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 2);
    assert_text(verdict.pictures[1].url, "https://tos/2.jpeg?sig=1");
    assert_int_equal(verdict.pictures[1].header_count, 0);
    assert_text(verdict.missing, "The image may contain sensitive information.");
    assert_int_equal(cost_of(fixture, &request, &verdict), 440000);
}

static void test_fewer_pictures_than_asked_for_say_why(void **state)
{
    /* clang-format off */
    static const struct {
        const char *body, *missing;
    } rows[] = {
        {REPLY(GOOD_ITEM, "1"), "the model chose to make 1 of 3 pictures"},
        {REPLY(GOOD_ITEM ",{\"b64_json\":\"iVBORw0KGgo\"}", "2"),
         "a picture in the reply is broken or cut short"},
        {REPLY(GOOD_ITEM ",{\"error\":{\"code\":\"InternalServiceError\"}}", "1"),
         "InternalServiceError"},
        {REPLY(GOOD_ITEM ",{\"error\":{\"code\":\"x\",\"message\":\"key ark-0123456789abcdef\"}}",
         "1"), "key ***"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_request request = request_of(LITE, 3);

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = read_for(fixture, &request, 200, rows[i].body);
        assert_int_equal(verdict.type, VERDICT_DONE);
        assert_text(verdict.missing, rows[i].missing);
    }
}

/* The size that was made decides, not the one that was asked for. */
static void test_the_price_is_that_of_the_pictures_made(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model, *body;
        size_t references;
        int64_t micro;
        const char *why;
    } rows[] = {
        {PRO, REPLY(GOOD_ITEM, "1"), 0, 600000, "2K"},
        {PRO, REPLY(OTHER_ITEM, "1"), 0, 300000, "1K"},
        {PRO, REPLY(OTHER_ITEM, "1"), 3, 340000, "inputs from the second on"},
        {"dola-seedream-5-0-pro-260628", REPLY(OTHER_ITEM, "1"), 2, 48000, "dollars"},
        {PRO, REPLY("{\"url\":\"https://a/1\",\"size\":\"99999999x3\"}", "1"), 0, 600000, "a lie"},
        {PRO, REPLY("{\"url\":\"https://a/1\"}", "1"), 0, 600000, "not said"},
        {PRO, REPLY("{\"url\":\"https://a/1\"}", "-7"), 0, 600000, "a negative count"},
        {LITE, REPLY("{\"url\":\"https://a/1\"}", "2"), 0, 440000, "one made but not there"},
        {LITE, "{\"data\":[{\"url\":\"https://a/1\"}]}", 0, 220000, "no usage"},
        {"ep-1", REPLY(GOOD_ITEM, "1"), 0, -1, "nothing known"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model, 1);
        struct provider_verdict verdict;
        request.reference_count = rows[i].references;
        verdict = read_for(fixture, &request, 200, rows[i].body);
        if (cost_of(fixture, &request, &verdict) != rows[i].micro)
            fail_msg("%s: %lld", rows[i].why, (long long)cost_of(fixture, &request, &verdict));
    }
}

static void test_success_without_a_picture_is_a_failure(void **state)
{
    /* clang-format off */
    static const struct {
        const char *body;
        enum failure_class class;
        enum charged charged;
        const char *why;
    } rows[] = {
        {REPLY(BAD_ITEM "," BAD_ITEM, "0"), FAILURE_REFUSED, CHARGED_NO, "every picture refused"},
        {REPLY("{\"error\":{\"code\":\"InternalServiceError\",\"message\":\"x\"}}", "0"),
         FAILURE_SERVER, CHARGED_NO, "stopped by a fault"},
        {REPLY("{\"error\":{}}", "0"), FAILURE_SERVER, CHARGED_NO, "an error without words"},
        {"{\"error\":{\"code\":\"OutputImageSensitiveContentDetected.DeepFake\",\"message\":\"x\"}"
         "}", FAILURE_REFUSED, CHARGED_NO, "an error at the top"},
        {"{\"error\":{\"code\":\"SomethingNew\",\"message\":\"x\"}}", FAILURE_SERVER, CHARGED_NO,
         "a code nobody knows"},
        {REPLY("", "0"), FAILURE_UNKNOWN, CHARGED_MAYBE, "zero pictures"},
        {REPLY("{\"b64_json\":\"iVBORw0KGgo\"}", "1"), FAILURE_UNKNOWN, CHARGED_YES, "cut short"},
        {REPLY("{\"b64_json\":\"%%%\"}", "1"), FAILURE_UNKNOWN, CHARGED_YES, "no base64"},
        {REPLY("{\"url\":\"javascript:x\"}", "1"), FAILURE_UNKNOWN, CHARGED_YES, "no address"},
        {"<html><title>Hi</title>", FAILURE_INVALID, CHARGED_NO, "a page"},
        {"", FAILURE_UNKNOWN, CHARGED_MAYBE, "nothing"},
        {"{\"data\":{\"error\":[1]}}", FAILURE_UNKNOWN, CHARGED_MAYBE, "wrong types"},
        {"{\"data\":[[[[[[{\"error\":{}}]]]]]]}", FAILURE_UNKNOWN, CHARGED_MAYBE, "nested"},
        {"{\"data\":[{\"b64_json\":", FAILURE_UNKNOWN, CHARGED_MAYBE, "cut JSON"},
        {"\xff\xfe{}", FAILURE_UNKNOWN, CHARGED_MAYBE, "invalid UTF-8"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = read_body(fixture, 200, rows[i].body);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged)
            fail_msg("%s: %s, charged %d", rows[i].why, failure_class_name(verdict.failure.class),
                     verdict.failure.charged);
        assert_true(verdict.failure.message.size > 0);
    }
}

#define ERROR_BODY(code) "{\"error\":{\"code\":\"" code "\",\"message\":\"m\",\"type\":\"t\"}}"

static void test_each_error_has_its_class(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
        enum charged charged;
    } rows[] = {
        {400, ERROR_BODY("InvalidParameter"), FAILURE_INVALID, CHARGED_NO},
        {400, ERROR_BODY("MissingParameter"), FAILURE_INVALID, CHARGED_NO},
        {400, ERROR_BODY("InvalidImageURL.InvalidFormat"), FAILURE_INVALID, CHARGED_NO},
        {400, ERROR_BODY("OutofContextError"), FAILURE_INVALID, CHARGED_NO},
        {400, ERROR_BODY("InputTextSensitiveContentDetected"), FAILURE_REFUSED, CHARGED_NO},
        {400, ERROR_BODY("InputImageSensitiveContentDetected.PrivacyInformation"), FAILURE_REFUSED,
         CHARGED_NO},
        {400, ERROR_BODY("OutputImageSensitiveContentDetected"), FAILURE_REFUSED, CHARGED_NO},
        {400, ERROR_BODY("InputTextRiskDetection"), FAILURE_REFUSED, CHARGED_NO},
        {401, ERROR_BODY("AuthenticationError"), FAILURE_AUTH, CHARGED_NO},
        {403, ERROR_BODY("AccessDenied"), FAILURE_AUTH, CHARGED_NO},
        {403, ERROR_BODY("AccountOverdueError"), FAILURE_QUOTA, CHARGED_NO},
        {403, ERROR_BODY("ServiceOverdue"), FAILURE_QUOTA, CHARGED_NO},
        {404, ERROR_BODY("ModelNotOpen"), FAILURE_INVALID, CHARGED_NO},
        {404, ERROR_BODY("InvalidEndpointOrModel.NotFound"), FAILURE_INVALID, CHARGED_NO},
        {404, ERROR_BODY("UnsupportedModel"), FAILURE_INVALID, CHARGED_NO},
        {429, ERROR_BODY("ModelAccountIpmRateLimitExceeded"), FAILURE_THROTTLED, CHARGED_NO},
        {429, ERROR_BODY("RateLimitExceeded.EndpointRPMExceeded"), FAILURE_THROTTLED, CHARGED_NO},
        {429, ERROR_BODY("RequestBurstTooFast"), FAILURE_THROTTLED, CHARGED_NO},
        {429, ERROR_BODY("ServerOverloaded"), FAILURE_THROTTLED, CHARGED_NO},
        {429, ERROR_BODY("QuotaExceeded"), FAILURE_QUOTA, CHARGED_NO},
        {429, ERROR_BODY("SetLimitExceeded"), FAILURE_QUOTA, CHARGED_NO},
        {500, ERROR_BODY("InternalServiceError"), FAILURE_SERVER, CHARGED_NO},
        {500, "<html>", FAILURE_SERVER, CHARGED_MAYBE},
        {504, "", FAILURE_UNKNOWN, CHARGED_MAYBE},
        {302, "", FAILURE_INVALID, CHARGED_NO},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = read_body(fixture, rows[i].status, rows[i].body);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged)
            fail_msg("%s: %s, charged %d", rows[i].body, failure_class_name(verdict.failure.class),
                     verdict.failure.charged);
    }
}

static void test_a_silent_server_leaves_the_charge_in_doubt(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of(LITE, 1);
    struct exchange exchange = {0};
    struct exchange_reply reply = {.outcome = EXCHANGE_LOST, .err = {.message = "reset"}};
    struct provider_verdict verdict;

    provider_ark.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.failure.class, FAILURE_UNKNOWN);
    assert_int_equal(verdict.failure.charged, CHARGED_MAYBE);
    reply.outcome = EXCHANGE_NOT_SENT;
    provider_ark.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.failure.class, FAILURE_NOT_SENT);
    assert_int_equal(verdict.failure.charged, CHARGED_NO);
}

static void test_retry_after_and_request_ids_are_read(void **state)
{
    struct fixture *fixture = *state;
    const struct exchange_header headers[] = {
        {STR("retry-after"),  STR("3")     },
        {STR("x-request-id"), STR("0217-h")}
    };
    struct provider_request request = request_of(LITE, 1);
    struct exchange exchange = {0};
    struct exchange_reply reply =
        reply_of(429, "{\"error\":{\"code\":\"ServerOverloaded\",\"message\":\"busy. Request id: "
                      "0217abc.\"}}");
    struct provider_verdict verdict;

    reply.headers = headers;
    reply.header_count = 1;
    provider_ark.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.failure.retry_after_ms, 3000);
    assert_text(verdict.request_id, "0217abc");
    reply.header_count = 2;
    provider_ark.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_text(verdict.request_id, "0217-h");
}

static void test_the_key_is_never_repeated(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict;

    verdict = read_body(fixture, 401,
                        "{\"error\":{\"code\":\"AuthenticationError\",\"message\":\"no key "
                        "ark-0123456789abcdef. Request id: ark-0123456789abcdef\"}}");
    assert_text(verdict.failure.message, "no key ***. Request id: ***");
    assert_text(verdict.request_id, "***");
}

/* --- the next try without a field --- */

#define REFUSED(field)                                                                             \
    "{\"error\":{\"code\":\"InvalidParameter\",\"message\":\"The parameter `" field                \
    "` specified in the request is not valid: " field                                              \
    " is not supported by the current model. Request id: 02\",\"param\":\"" field                  \
    "\",\"type\":\"BadRequest\"}}"

static struct exchange begin(struct fixture *fixture, const struct provider_request *request)
{
    struct exchange exchange;
    struct error err = {0};

    fixture->account.key.hidden = STR("ark-1");
    if (!provider_ark.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

static void test_a_field_the_model_refuses_is_left_out(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("ep-1", 2);
    struct exchange exchange;
    struct provider_verdict verdict = {0};
    static const char *const fields[] = {"seed", "stream", "sequential_image_generation_options",
                                         "output_format"};

    request.has_seed = true;
    request.format = STR("png");
    request.partial_images = 2;
    exchange = begin(fixture, &request);
    assert_true(exchange.is_stream);
    for (size_t i = 0; i < COUNT(fields); i++) {
        struct exchange_reply reply =
            reply_of(400, arena_cstr(fixture->arena,
                                     arena_printf(fixture->arena,
                                                  "{\"error\":{\"code\":\"InvalidParameter\","
                                                  "\"message\":\"%s is not supported by the "
                                                  "current model\",\"param\":\"%s\"}}",
                                                  fields[i], fields[i])));
        provider_ark.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
        assert_int_equal(verdict.type, VERDICT_NEXT);
        assert_true(verdict.next.is_paid);
        exchange = verdict.next;
        assert_int_equal(exchange.retry_stage, i + 1);
    }
    assert_false(exchange.is_stream);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"ep-1\",\"prompt\":\"a cup\",\"response_format\":\"b64_json\","
                "\"watermark\":false}");
    /* Enough: and the picture that comes says what it went without, and why it is alone. */
    {
        struct exchange_reply reply = reply_of(200, REPLY(GOOD_ITEM, "1"));
        provider_ark.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    }
    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_text(verdict.dropped, "stream, sequential_image_generation, output_format, seed");
    assert_text(verdict.missing, "the model makes one picture a call");
}

/* Without "param" the message must name the field in quotes: "seed" stands in "seedream" too. */
static void test_a_message_names_a_field_in_quotes(void **state)
{
    static const struct {
        const char *message;
        bool is_named;
    } rows[] = {
        {"`seed` is not supported by the current model", true },
        {"the parameter 'seed' is not supported",        true },
        {"doubao-seedream is not supported",             false},
        {"seed is not supported",                        false},
        {"size is not supported by \\\"seedream\\\"",    false},
        {"the seed' is not supported",                   false},
        {"not supported: \\\"seed\\\"",                  true },
        {"",                                             false},
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("ep-1", 1);
    struct exchange exchange;

    request.has_seed = true;
    exchange = begin(fixture, &request);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str body = arena_printf(
            fixture->arena, "{\"error\":{\"code\":\"InvalidParameter\",\"message\":\"%s\"}}",
            rows[i].message);
        struct exchange_reply reply = {.status = 400, .body = body};
        struct provider_verdict verdict;
        provider_ark.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
        if ((verdict.type == VERDICT_NEXT) != rows[i].is_named)
            fail_msg("%s", rows[i].message);
    }
}

static void test_what_was_not_sent_or_must_stay_is_not_left_out(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *why;
    } rows[] = {
        {REFUSED("seed"),                400, "was not sent"          },
        {REFUSED("size"),                400, "may not be left out"   },
        {REFUSED("background"),          400, "transparency was asked"},
        {REFUSED("output_format"),       404, "not a 400"             },
        {REFUSED("output_formatter"),    400, "another field"         },
        {REFUSED("out"),                 400, "a part of its name"    },
        {"{\"error\":{\"code\":\"InvalidParameter\",\"message\":\"bad value\",\"param\":"
         "\"output_format\"}}", 400, "a value"               },
        {"{\"error\":{\"code\":\"Other\",\"message\":\"x is not supported\",\"param\":"
         "\"output_format\"}}", 400, "another code"          },
    };
    static const struct provider_image picture = {
        .bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of(PRO, 1);
    struct exchange exchange;

    request.references = &picture;
    request.reference_count = 1;
    request.background = STR("transparent");
    exchange = begin(fixture, &request);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct provider_verdict verdict;
        provider_ark.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != FAILURE_INVALID)
            fail_msg("%s", rows[i].why);
    }
    exchange.retry_stage = ARK_RETRIES_MAX;
    {
        struct exchange_reply reply = reply_of(400, REFUSED("output_format"));
        struct provider_verdict verdict;
        provider_ark.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
        assert_int_equal(verdict.type, VERDICT_FAILED);
    }
}

/* --- the free call --- */

static void test_the_probe_can_cost_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct error err = {0};

    assert_false(provider_ark.probe(&fixture->account, fixture->arena, &exchange, &err));
    fixture->account.key.hidden = STR("ark-1");
    assert_true(provider_ark.probe(&fixture->account, fixture->arena, &exchange, &err));
    assert_false(exchange.is_paid);
    assert_int_equal(exchange.purpose, EXCHANGE_PROBE);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"" LITE "\",\"prompt\":\"1\",\"size\":\"1x1\",\"response_format\":"
                "\"url\",\"watermark\":false}");
}

static void test_probe_replies_tell_good_keys_from_bad_ones(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body, *base;
        enum failure_class class;
        size_t count;
        const char *first;
    } rows[] = {
        {400, REFUSED("size"), "", FAILURE_NONE, 9, PRO},
        {404, ERROR_BODY("ModelNotOpen"), "", FAILURE_NONE, 9, PRO},
        {400, REFUSED("size"), "https://ark.ap-southeast.bytepluses.com/api/v3", FAILURE_NONE, 5,
         "dola-seedream-5-0-pro-260628"},
        {401, ERROR_BODY("AuthenticationError"), "", FAILURE_AUTH, 0, ""},
        {403, ERROR_BODY("AccountOverdueError"), "", FAILURE_QUOTA, 0, ""},
        {429, ERROR_BODY("RateLimitExceeded.x"), "", FAILURE_THROTTLED, 0, ""},
        {404, "{\"detail\":\"Not Found\"}", "", FAILURE_INVALID, 0, ""},
        {404, "<html>", "", FAILURE_INVALID, 0, ""},
        {200, "{}", "", FAILURE_INVALID, 0, ""},
        {500, "", "", FAILURE_SERVER, 0, ""},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct provider_failure failure;
        struct str *models;
        size_t count;
        fixture->account.base_url = str_of(rows[i].base);
        provider_ark.read_probe(&fixture->account, &reply, fixture->arena, &models, &count,
                                &failure);
        if (failure.class != rows[i].class || count != rows[i].count)
            fail_msg("%s: %s, %zu models", rows[i].body, failure_class_name(failure.class), count);
        if (count > 0)
            assert_text(models[0], rows[i].first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_documented_reply_is_read),
        TEST(test_a_group_with_errors_keeps_its_good_pictures),
        TEST(test_fewer_pictures_than_asked_for_say_why),
        TEST(test_the_price_is_that_of_the_pictures_made),
        TEST(test_success_without_a_picture_is_a_failure),
        TEST(test_each_error_has_its_class),
        TEST(test_a_silent_server_leaves_the_charge_in_doubt),
        TEST(test_retry_after_and_request_ids_are_read),
        TEST(test_the_key_is_never_repeated),
        TEST(test_a_field_the_model_refuses_is_left_out),
        TEST(test_a_message_names_a_field_in_quotes),
        TEST(test_what_was_not_sent_or_must_stay_is_not_left_out),
        TEST(test_the_probe_can_cost_nothing),
        TEST(test_probe_replies_tell_good_keys_from_bad_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
