/* Replies of OpenAI's Images API and of those who imitate it: facts 1.2 to 1.7 and 1B. */
#include "provider/provider_test.h"

#include "core/hash.h"
#include "provider/openai_private.h"

/* The example of facts 1.2. */
#define GOOD                                                                                       \
    "{\"created\":1790000000,\"background\":\"opaque\",\"output_format\":\"png\","                 \
    "\"quality\":\"medium\",\"size\":\"1024x1024\",\"data\":[{\"b64_json\":\"" PNG_BASE64          \
    "\"}],\"usage\":{\"input_tokens\":18,\"output_tokens\":1056,\"total_tokens\":1074,"            \
    "\"input_tokens_details\":{\"text_tokens\":18,\"image_tokens\":0},"                            \
    "\"output_tokens_details\":{\"image_tokens\":1056,\"text_tokens\":0}},"                        \
    "\"safety_identifier\":null}"

static struct provider_request request_of(const char *model)
{
    return (struct provider_request){
        .model = str_of(model), .prompt = STR("a cup"), .count = 1, .compression = -1};
}

static struct provider_verdict read_reply(struct fixture *fixture,
                                          const struct provider_request *request,
                                          const struct exchange *exchange,
                                          const struct exchange_reply *reply)
{
    struct provider_verdict verdict;

    provider_openai.read(&fixture->account, request, exchange, reply, fixture->arena, &verdict);
    return verdict;
}

static struct provider_verdict read_body(struct fixture *fixture, int status, const char *body)
{
    struct provider_request request = request_of("gpt-image-2");
    struct exchange exchange = {.purpose = EXCHANGE_SUBMIT, .is_paid = true};
    struct exchange_reply reply = reply_of(status, body);

    return read_reply(fixture, &request, &exchange, &reply);
}

static void test_the_documented_reply_is_read(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2");
    struct exchange exchange = {.purpose = EXCHANGE_SUBMIT};
    const struct exchange_header header = {STR("x-request-id"), STR("req_7")};
    struct exchange_reply reply = reply_of(200, GOOD);
    struct provider_verdict verdict;
    const char *currency;

    reply.headers = &header;
    reply.header_count = 1;
    verdict = read_reply(fixture, &request, &exchange, &reply);
    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 1);
    assert_true(str_equal(verdict.pictures[0].bytes, STR(PNG_BYTES)));
    assert_int_equal(verdict.usage.text_tokens_in, 18);
    assert_int_equal(verdict.usage.image_tokens_in, 0);
    assert_int_equal(verdict.usage.tokens_out, 1056);
    assert_int_equal(verdict.usage.images, 1);
    assert_text(verdict.request_id, "req_7");
    assert_int_equal(
        provider_cost(&provider_openai, &fixture->account, &request, &verdict, &currency),
        18 * 5 + 1056 * 30);
}

static void test_reported_costs_are_read(void **state)
{
    /* clang-format off */
    static const struct {
        const char *body, *header;
        int64_t micro, tokens_in;
        const char *why;
    } rows[] = {
        {"{\"data\":[{\"url\":\"https://a/" "1\"}],\"usage\":{\"prompt_tokens\":5,\"completion_to"
         "kens\":9,\"cost\":0.0421}}", "", 42100, 5, "OpenRouter"},
        {"{\"data\":[{\"url\":\"https://a/1\"}]}", "0.0075", 7500, -1, "LiteLLM's header"},
        {"{\"data\":[{\"url\":\"https://a/1\"}]}", "nan", -1, -1, "nonsense"},
        {"{\"data\":[{\"url\":\"https://a/1\"}],\"usage\":{\"cost\":-1}}", "", -1, -1, "negative"},
        {"{\"data\":[{\"url\":\"https://a/1\"}],\"usage\":{\"cost\":1e300}}", "", -1, -1, "absurd"},
        {"{\"data\":[{\"url\":\"https://a/" "1\"}],\"usage\":{\"input_tokens\":0,\"output_tokens"
         "\":0,\"prompt_tokens\":0}}", "", -1, -1, "LocalAI's zeros"},
        {"{\"data\":[{\"url\":\"https://a/1\"}],\"usage\":null}", "", -1, -1, "null"},
        {"{\"data\":[{\"url\":\"https://a/1\"}],\"usage\":\"x\"}", "", -1, -1, "a text"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("m");
        struct exchange exchange = {0};
        struct exchange_header header = {STR("x-litellm-response-cost"), str_of(rows[i].header)};
        struct exchange_reply reply = reply_of(200, rows[i].body);
        struct provider_verdict verdict;
        reply.headers = &header;
        reply.header_count = 1;
        verdict = read_reply(fixture, &request, &exchange, &reply);
        assert_int_equal(verdict.type, VERDICT_DONE);
        if (verdict.usage.cost_micro != rows[i].micro ||
            verdict.usage.tokens_in != rows[i].tokens_in)
            fail_msg("%s: %lld %lld", rows[i].why, (long long)verdict.usage.cost_micro,
                     (long long)verdict.usage.tokens_in);
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
        {"{\"data\":[]}", FAILURE_UNKNOWN, CHARGED_MAYBE, "zero pictures"},
        {"{\"data\":[],\"usage\":{\"output_tokens\":9}}", FAILURE_UNKNOWN, CHARGED_YES,
         "zero pictures, billed"},
        {"{\"data\":[{\"b64_json\":\"iVBORw0KGgo\"}]}", FAILURE_UNKNOWN, CHARGED_YES,
         "base64 cut short"},
        {"{\"data\":[{\"b64_json\":\"%%%%\"}]}", FAILURE_UNKNOWN, CHARGED_YES, "no base64"},
        {"{\"data\":[{\"b64_json\":\"aGVsbG8=\"}]}", FAILURE_UNKNOWN, CHARGED_YES, "no picture"},
        {"<html><title>Hi</title>", FAILURE_INVALID, CHARGED_NO, "a page"},
        {"{\"error\":{\"message\":\"x\",\"code\":\"insufficient_user_quota\"}}", FAILURE_QUOTA,
         CHARGED_NO, "an error with 200"},
        {"{\"error\":{\"message\":\"x\",\"type\":\"upstream_error\"}}", FAILURE_SERVER,
         CHARGED_MAYBE, "a relay's error with 200"},
        {"", FAILURE_UNKNOWN, CHARGED_MAYBE, "nothing"},
        {"null", FAILURE_UNKNOWN, CHARGED_MAYBE, "null"},
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

/* facts 8: OpenAI bills the input of what it blocks; a relay may or may not. */
static void test_a_refusal_is_charged_where_the_service_charges_it(void **state)
{
    static const char body[] =
        "{\"error\":{\"message\":\"Your request was rejected by the safety system.\","
        "\"type\":\"image_generation_user_error\",\"param\":null,\"code\":\"moderation_blocked\","
        "\"moderation_details\":{\"categories\":[\"violence\"],\"moderation_stage\":\"input\"}}}";
    struct fixture *fixture = *state;
    struct provider_verdict verdict = read_body(fixture, 400, body);

    assert_int_equal(verdict.type, VERDICT_FAILED);
    assert_int_equal(verdict.failure.class, FAILURE_REFUSED);
    assert_int_equal(verdict.failure.charged, CHARGED_YES);
    assert_text(verdict.failure.code, "moderation_blocked");
    assert_text(verdict.failure.message, "Your request was rejected by the safety system.");
    fixture->account.base_url = STR("https://relay");
    assert_int_equal(read_body(fixture, 400, body).failure.charged, CHARGED_MAYBE);
}

static void test_openais_own_500_is_free_but_a_gateways_is_in_doubt(void **state)
{
    static const char body[] = "{\"error\":{\"message\":\"x\",\"type\":\"server_error\"}}";
    struct fixture *fixture = *state;

    assert_int_equal(read_body(fixture, 500, body).failure.charged, CHARGED_NO);
    assert_int_equal(read_body(fixture, 500, "<html>").failure.charged, CHARGED_MAYBE);
    assert_int_equal(read_body(fixture, 504, "").failure.charged, CHARGED_MAYBE);
    fixture->account.base_url = STR("https://relay");
    assert_int_equal(read_body(fixture, 500, body).failure.charged, CHARGED_MAYBE);
}

static void test_a_server_that_echoes_the_key_is_masked(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict;

    fixture->account.key.hidden = STR("sk-proj-0123456789abcdef");
    verdict = read_body(fixture, 401,
                        "{\"error\":{\"message\":\"Bad key sk-proj-0123456789abcdef in Bearer "
                        "sk-proj-0123456789abcdef\",\"code\":\"sk-proj-0123456789abcdef\"}}");
    assert_text(verdict.failure.message, "Bad key *** in Bearer ***");
    assert_text(verdict.failure.code, "***");
    assert_int_equal(verdict.failure.class, FAILURE_AUTH);
}

/* --- fall-backs --- */

#define UNKNOWN(name)                                                                              \
    "{\"error\":{\"message\":\"Unknown parameter: '" name "'.\",\"type\":"                         \
    "\"invalid_request_error\",\"param\":\"" name "\",\"code\":\"unknown_parameter\"}}"

static struct provider_request full_request(void)
{
    struct provider_request request = request_of("flux");

    request.count = 2;
    request.width_px = request.height_px = 1024;
    request.quality = STR("high");
    request.background = STR("opaque");
    request.format = STR("webp");
    request.compression = 80;
    request.has_seed = true;
    request.seed = 7;
    request.negative_prompt = STR("dust");
    request.idempotency_key = STR("key");
    return request;
}

static void test_a_named_optional_field_is_left_out(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body, *gone;
        const char *why;
    } rows[] = {
        {400, UNKNOWN("seed"), "\"seed\"", "OpenAI's words"},
        {400, UNKNOWN("response_format"), "\"response_format\"", "the usual one"},
        {400, UNKNOWN("n"), "\"n\"", "a short name"},
        {400, "{\"error\":{\"message\":\"Unknown parameter: quality\"}}", "\"quality\"",
         "no param, no quotes"},
        {400, "{\"error\":\"unrecognized argument: background\"}", "\"background\"", "an argument"},
        {400, "{\"error\":{\"message\":\"litellm.UnsupportedParamsError: x does not support param"
         "eters: " "['quality'], for model=y\"}}", "\"quality\"", "LiteLLM"},
        {400, "{\"message\":\"output_compression is not supported\"}", "\"output_compression\"",
         "an unquoted long name"},
        {422, "{\"detail\":[{\"loc\":[\"body\",\"negative_prompt\"],\"msg\":\"Extra inputs are no"
         "t " "permitted\",\"type\":\"extra_forbidden\"}]}", "\"negative_prompt\"", "pydantic"},
        {400, "{\"error\":{\"message\":\"Unsupported value: 'b64_json' for "
         "response_format\",\"param\":\"response_format\"}}", "\"response_format\"",
         "our own value"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    fixture->account.base_url = STR("https://relay");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = full_request();
        struct exchange exchange;
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct provider_verdict verdict;
        struct str body;
        struct error err;
        assert_true(
            provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
        assert_true(str_find(body_of(&exchange, fixture->arena), str_of(rows[i].gone)) >= 0);
        verdict = read_reply(fixture, &request, &exchange, &reply);
        if (verdict.type != VERDICT_NEXT)
            fail_msg("%s: no next try", rows[i].why);
        body = body_of(&verdict.next, fixture->arena);
        assert_int_equal(str_find(body, str_of(rows[i].gone)), -1);
        assert_true(str_find(body, STR("\"prompt\":\"a cup\"")) >= 0);
        assert_int_equal(verdict.next.retry_stage, 1);
        assert_true(verdict.next.is_paid);
        /* other bytes, so another key; the same for ever again */
        assert_true(str_starts_with(header_of(&verdict.next, "Idempotency-Key"), STR("key-")));
    }
}

static void test_what_must_not_be_dropped_is_not(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body, *why;
    } rows[] = {
        {400, UNKNOWN("model"), "the model"},
        {400, UNKNOWN("prompt"), "the prompt"},
        {400, UNKNOWN("image"), "a picture"},
        {400, UNKNOWN("moderation"), "not sent at all"},
        {400, "{\"error\":{\"message\":\"Unsupported value: 'high'.\",\"param\":\"quality\"}}",
         "a value the person chose"},
        {400, "{\"error\":{\"message\":\"Unknown parameter.\"}}", "no name"},
        {400, "{\"error\":{\"message\":\"this size is unexpected and not supported here\"}}",
         "a word in a sentence"},
        {400, "{\"error\":{\"message\":\"seed is too large\",\"param\":\"seed\"}}",
         "another complaint"},
        {500, UNKNOWN("seed"), "a 500 may have made something"},
        {429, UNKNOWN("seed"), "a 429 is no such answer"},
        {200, UNKNOWN("seed"), "a 200 neither"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    fixture->account.base_url = STR("https://relay");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = full_request();
        struct exchange exchange;
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct error err;
        assert_true(
            provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
        if (read_reply(fixture, &request, &exchange, &reply).type != VERDICT_FAILED)
            fail_msg("dropped: %s", rows[i].why);
    }
}

static void test_a_transparent_background_is_never_dropped(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = full_request();
    struct exchange exchange;
    struct exchange_reply reply = reply_of(400, UNKNOWN("background"));
    struct provider_verdict verdict;
    struct error err;

    fixture->account.base_url = STR("https://relay");
    request.background = STR("transparent");
    assert_true(
        provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    verdict = read_reply(fixture, &request, &exchange, &reply);
    assert_int_equal(verdict.type, VERDICT_FAILED);
    assert_int_equal(verdict.failure.class, FAILURE_INVALID);
}

static void test_fall_backs_end_whatever_the_server_says(void **state)
{
    static const char *const names[] = {
        "n",          "size", "quality",         "output_format",  "output_compression",
        "background", "seed", "negative_prompt", "response_format"};
    struct fixture *fixture = *state;
    struct provider_request request = full_request();
    struct provider_verdict verdict = {.type = VERDICT_NEXT};
    struct error err;
    int tries = 0;

    fixture->account.base_url = STR("https://relay");
    assert_true(
        provider_openai.begin(&fixture->account, &request, fixture->arena, &verdict.next, &err));
    while (verdict.type == VERDICT_NEXT && tries < 100) {
        struct exchange exchange = verdict.next;
        struct exchange_reply reply = {.outcome = EXCHANGE_REPLIED, .status = 400};
        reply.body = arena_printf(fixture->arena, "{\"error\":\"Unknown parameter: '%s'\"}",
                                  names[tries % (int)COUNT(names)]);
        verdict = read_reply(fixture, &request, &exchange, &reply);
        tries++;
    }
    assert_int_equal(verdict.type, VERDICT_FAILED);
    assert_int_equal(tries, OPENAI_RETRIES_MAX + 1);
    assert_text(verdict.dropped,
                "n, size, quality, background, output_format, output_compression, seed, "
                "negative_prompt");
}

static void test_the_same_field_is_not_dropped_twice(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = full_request();
    struct exchange exchange;
    struct exchange_reply reply = reply_of(400, UNKNOWN("seed"));
    struct provider_verdict verdict;
    struct error err;

    fixture->account.base_url = STR("https://relay");
    assert_true(
        provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    exchange = read_reply(fixture, &request, &exchange, &reply).next;
    verdict = read_reply(fixture, &request, &exchange, &reply);
    assert_int_equal(verdict.type, VERDICT_FAILED);
    assert_text(verdict.dropped, "seed");
}

static void test_image_list_becomes_image_when_the_server_says_so(void **state)
{
    static const struct provider_image pictures[] = {
        {{PNG_BYTES, sizeof PNG_BYTES - 1},   {"", 0}, {"", 0}},
        {{JPEG_BYTES, sizeof JPEG_BYTES - 1}, {"", 0}, {"", 0}},
    };
    static const char *const bodies[] = {
        UNKNOWN("image[]"),
        "{\"detail\":[{\"loc\":[\"body\",\"image\"],\"msg\":\"Field "
        "required\",\"type\":\"missing\"}]}",
    };
    struct fixture *fixture = *state;

    fixture->account.base_url = STR("https://relay");
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct provider_request request = request_of("m");
        struct exchange exchange;
        struct exchange_reply reply = reply_of(422, bodies[i]);
        struct provider_verdict verdict;
        struct str body;
        struct error err;
        request.references = pictures;
        request.reference_count = 2;
        assert_true(
            provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
        verdict = read_reply(fixture, &request, &exchange, &reply);
        assert_int_equal(verdict.type, VERDICT_NEXT);
        body = body_of(&verdict.next, fixture->arena);
        assert_int_equal(str_find(body, STR("image[]")), -1);
        assert_true(str_find(body, STR("name=\"image\"; filename=\"image-2.jpg\"")) >= 0);
    }
}

/* --- hostile replies --- */

static void test_each_prefix_of_a_good_reply_gives_a_verdict(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2");
    struct exchange exchange = {.purpose = EXCHANGE_SUBMIT};
    const struct str good = STR(GOOD);

    for (size_t size = 0; size < good.size; size++) {
        struct exchange_reply reply = {
            .outcome = EXCHANGE_REPLIED, .status = 200, .body = str_slice(good, 0, size)};
        struct provider_verdict verdict = read_reply(fixture, &request, &exchange, &reply);
        assert_int_equal(verdict.type, VERDICT_FAILED);
        assert_int_equal(verdict.failure.class, FAILURE_UNKNOWN);
        arena_reset(fixture->arena);
    }
}

static void test_each_changed_byte_of_a_good_reply_gives_a_verdict(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2");
    struct exchange exchange = {.purpose = EXCHANGE_SUBMIT};
    char body[] = GOOD;

    for (size_t at = 0; at < sizeof body - 1; at++)
        for (int bit = 0; bit < 8; bit++) {
            struct exchange_reply reply;
            struct provider_verdict verdict;
            body[at] = (char)(body[at] ^ 1 << bit);
            reply = reply_of(200, "");
            reply.body = (struct str){body, sizeof body - 1};
            verdict = read_reply(fixture, &request, &exchange, &reply);
            assert_true(verdict.type == VERDICT_DONE || verdict.type == VERDICT_FAILED);
            body[at] = (char)(body[at] ^ 1 << bit);
            arena_reset(fixture->arena);
        }
}

static void test_deep_nesting_is_no_trouble(void **state)
{
    struct fixture *fixture = *state;
    static const char *const opens[] = {"[", "{\"data\":", "{\"error\":", "{\"detail\":["};

    for (size_t i = 0; i < COUNT(opens); i++) {
        CLEANUP(buf_finish) struct buf body = {0};
        struct exchange exchange = {0};
        struct provider_request request = request_of("m");
        struct exchange_reply reply = reply_of(200, "");
        for (int depth = 0; depth < 10000; depth++)
            buf_add(&body, str_of(opens[i]));
        reply.body = buf_str(&body);
        assert_int_equal(read_reply(fixture, &request, &exchange, &reply).type, VERDICT_FAILED);
    }
}

/* --- the probe --- */

static void test_models_are_listed_in_every_shape(void **state)
{
    static const struct {
        const char *body;
        size_t count;
        const char *first;
    } rows[] = {
        {"{\"object\":\"list\",\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}]}",                  2, "a"},
        {"{\"models\":[{\"name\":\"a\"}]}",                                                 1, "a"},
        {"{\"models\":[{\"name\":\"x\",\"model\":\"a\"}]}",                                 1, "a"},
        {"[{\"id\":\"a\"},\"b\"]",                                                          2, "a"},
        {"[\"a\"]",                                                                         1, "a"},
        {"{\"data\":[{\"id\":\"\"},{\"id\":7},{},null,{\"id\":\"a\\nb\"},{\"id\":\"c\"}]}", 1, "c"},
        {"{\"data\":[]}",                                                                   0, "" },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_reply reply = reply_of(200, rows[i].body);
        struct provider_failure failure;
        struct str *models;
        size_t count;
        provider_openai.read_probe(&fixture->account, &reply, fixture->arena, &models, &count,
                                   &failure);
        assert_int_equal(failure.class, FAILURE_NONE);
        assert_int_equal(count, rows[i].count);
        if (count > 0)
            assert_text(models[0], rows[i].first);
    }
}

static void test_a_failing_probe_says_why(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
    } rows[] = {
        {401, "{\"error\":{\"message\":\"x\",\"code\":\"invalid_api_key\"}}", FAILURE_AUTH   },
        {200, "<html>",                                                       FAILURE_INVALID},
        {200, "{\"hello\":\"world\"}",                                        FAILURE_INVALID},
        {200, "{\"data\":{\"a\":1}}",                                         FAILURE_INVALID},
        {200, "{\"data\":[{\"id\":\"a\"}",                                    FAILURE_INVALID},
        {404, "",                                                             FAILURE_INVALID},
        {503, "",                                                             FAILURE_SERVER },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct provider_failure failure;
        struct str *models;
        size_t count;
        provider_openai.read_probe(&fixture->account, &reply, fixture->arena, &models, &count,
                                   &failure);
        assert_int_equal(count, 0);
        assert_int_equal(failure.class, rows[i].class);
        assert_int_equal(failure.charged, CHARGED_NO);
        assert_true(failure.message.size > 0);
    }
}

static void test_the_probe_is_free_and_asks_for_models(void **state)
{
    static const struct {
        const char *base_url, *url;
    } rows[] = {
        {"",                             "https://api.openai.com/v1/models"          },
        {"http://h:1/",                  "http://h:1/v1/models"                      },
        {"https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1/images/models"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange exchange;
        struct error err;
        fixture->account.base_url = str_of(rows[i].base_url);
        assert_true(provider_openai.probe(&fixture->account, fixture->arena, &exchange, &err));
        assert_text(exchange.method, "GET");
        assert_text(exchange.url, rows[i].url);
        assert_false(exchange.is_paid);
        assert_int_equal(exchange.purpose, EXCHANGE_PROBE);
        assert_int_equal(exchange.body_count, 0);
    }
}

/* A form sends "auto" when nobody chose; a service without the field does that anyway. */
static void test_a_background_that_any_picture_has_needs_no_field(void **state)
{
    static const struct {
        const char *profile, *background;
        bool is_taken;
    } rows[] = {
        {"{\"profile\":\"siliconflow\"}", "auto",        true },
        {"{\"profile\":\"siliconflow\"}", "opaque",      true },
        {"{\"profile\":\"siliconflow\"}", "transparent", false},
        {"{\"profile\":\"together\"}",    "auto",        true },
        {"{\"profile\":\"sd-server\"}",   "auto",        true },
    };
    struct fixture *fixture = *state;

    fixture->account.base_url = STR("http://host/v1");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = {
            .model = STR("m"), .prompt = STR("a cup"), .count = 1, .compression = -1};
        struct exchange exchange;
        struct error err = {0};
        bool is_taken;
        fixture_options(fixture, rows[i].profile);
        request.background = str_of(rows[i].background);
        is_taken =
            provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err);
        assert_int_equal(is_taken, rows[i].is_taken);
        if (is_taken)
            assert_true(str_find(body_of(&exchange, fixture->arena), STR("background")) < 0);
        else
            assert_string_equal(err.field, "background");
    }
}

static void test_a_background_that_is_left_to_the_model_is_told_to_gpt_image_alone(void **state)
{
    static const struct {
        const char *model, *background;
        bool is_sent;
    } rows[] = {
        {"flux-pro",           "auto",        false},
        {"flux-pro",           "opaque",      true },
        {"flux-pro",           "transparent", true },
        {"gpt-image-2",        "auto",        true },
        {"openai/gpt-image-2", "auto",        true },
    };
    struct fixture *fixture = *state;

    fixture_options(fixture, "{\"profile\":\"litellm\"}");
    fixture->account.base_url = STR("http://proxy.example");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange;
        struct error err = {0};
        struct str body, wanted;

        request.background = str_of(rows[i].background);
        if (!provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err))
            fail_msg("%s: %s", err.field, err.message);
        body = body_of(&exchange, fixture->arena);
        wanted = arena_printf(fixture->arena, "\"background\":\"%s\"", rows[i].background);
        assert_int_equal(str_find(body, wanted) >= 0, rows[i].is_sent);
        assert_int_equal(str_find(body, STR("background")) >= 0, rows[i].is_sent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_documented_reply_is_read),
        TEST(test_a_background_that_is_left_to_the_model_is_told_to_gpt_image_alone),
        TEST(test_reported_costs_are_read),
        TEST(test_success_without_a_picture_is_a_failure),
        TEST(test_a_refusal_is_charged_where_the_service_charges_it),
        TEST(test_openais_own_500_is_free_but_a_gateways_is_in_doubt),
        TEST(test_a_server_that_echoes_the_key_is_masked),
        TEST(test_a_named_optional_field_is_left_out),
        TEST(test_what_must_not_be_dropped_is_not),
        TEST(test_a_transparent_background_is_never_dropped),
        TEST(test_fall_backs_end_whatever_the_server_says),
        TEST(test_the_same_field_is_not_dropped_twice),
        TEST(test_image_list_becomes_image_when_the_server_says_so),
        TEST(test_each_prefix_of_a_good_reply_gives_a_verdict),
        TEST(test_each_changed_byte_of_a_good_reply_gives_a_verdict),
        TEST(test_deep_nesting_is_no_trouble),
        TEST(test_models_are_listed_in_every_shape),
        TEST(test_a_failing_probe_says_why),
        TEST(test_the_probe_is_free_and_asks_for_models),
        TEST(test_a_background_that_any_picture_has_needs_no_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
