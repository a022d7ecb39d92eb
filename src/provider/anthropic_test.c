/* The Messages API: facts 3. */
#include "provider/provider_test.h"

#include "core/text.h"
#include "provider/anthropic_private.h"

#define SCHEMA                                                                                     \
    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"],"      \
    "\"additionalProperties\":false}"

static const struct provider_image pictures[] = {
    {{PNG_BYTES, sizeof PNG_BYTES - 1},   {"image/png", 9}, {"a.png", 5}},
    {{JPEG_BYTES, sizeof JPEG_BYTES - 1}, {"image/png", 9}, {"", 0}     }, /* a lie: it is a JPEG */
};

static struct provider_request request_of(const char *model)
{
    return (struct provider_request){.action = PROVIDER_WRITE,
                                     .model = str_of(model),
                                     .prompt = STR("a cup"),
                                     .count = 1,
                                     .compression = -1};
}

static struct exchange begin(struct fixture *fixture, const struct provider_request *request)
{
    struct exchange exchange;
    struct error err = {0};

    if (!provider_anthropic.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

static struct provider_verdict read_body(struct fixture *fixture,
                                         const struct provider_request *request,
                                         const struct exchange *exchange, int status,
                                         const char *body)
{
    struct provider_verdict verdict;
    struct exchange_reply reply = reply_of(status, body);

    provider_anthropic.read(&fixture->account, request, exchange, &reply, fixture->arena, &verdict);
    return verdict;
}

static void test_a_plain_message_is_written_byte_by_byte(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("claude-sonnet-5-5");
    struct exchange exchange;

    fixture->account.key.hidden = STR("sk-ant-1");
    exchange = begin(fixture, &request);
    assert_text(exchange.method, "POST");
    assert_text(exchange.url, "https://api.anthropic.com/v1/messages");
    assert_text(header_of(&exchange, "x-api-key"), "sk-ant-1");
    assert_text(header_of(&exchange, "anthropic-version"), "2023-06-01");
    assert_text(header_of(&exchange, "Content-Type"), "application/json");
    assert_text(header_of(&exchange, "Authorization"), "");
    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    assert_true(exchange.is_paid);
    assert_false(exchange.is_own_origin);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"claude-sonnet-5-5\",\"max_tokens\":4096,\"messages\":[{\"role\":"
                "\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a cup\"}]}]}");
}

static void test_pictures_a_system_text_and_a_schema_are_sent(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("claude-haiku-5-5");
    struct exchange exchange;

    request.system = STR("Be brief.");
    request.schema = STR(SCHEMA);
    request.output_tokens_max = 100;
    request.references = pictures;
    request.reference_count = 2;
    request.safety_id = STR("u-hash");
    exchange = begin(fixture, &request);
    assert_text(
        body_of(&exchange, fixture->arena),
        "{\"model\":\"claude-haiku-5-5\",\"max_tokens\":100,\"system\":\"Be brief.\",\"messages\":"
        "[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"base64\","
        "\"media_type\":\"image/png\",\"data\":\"" PNG_BASE64 "\"}},{\"type\":\"image\",\"source\":"
        "{\"type\":\"base64\",\"media_type\":\"image/jpeg\",\"data\":\"" JPEG_BASE64 "\"}},"
        "{\"type\":\"text\",\"text\":\"a cup\"}]}],\"output_config\":{\"format\":{\"type\":"
        "\"json_schema\",\"schema\":" SCHEMA "}},\"metadata\":{\"user_id\":\"u-hash\"}}");
}

static void test_a_model_nobody_knows_answers_through_a_tool(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("claude-9");
    struct exchange exchange;

    request.schema = STR(SCHEMA);
    request.schema_name = STR("cup");
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"claude-9\",\"max_tokens\":4096,\"messages\":[{\"role\":\"user\","
                "\"content\":[{\"type\":\"text\",\"text\":\"a cup\"}]}],\"tools\":[{\"name\":"
                "\"cup\",\"description\":\"Takes the answer.\",\"input_schema\":" SCHEMA "}],"
                "\"tool_choice\":{\"type\":\"tool\",\"name\":\"cup\"}}");
}

static void test_a_base_url_is_taken_as_people_paste_it(void **state)
{
    static const char *const rows[][2] = {
        {"https://host.test",             "https://host.test/v1/messages"          },
        {"https://host.test/",            "https://host.test/v1/messages"          },
        {"https://host.test/v1",          "https://host.test/v1/messages"          },
        {"https://host.test/v1/messages", "https://host.test/v1/messages"          },
        {"https://host.test/anthropic",   "https://host.test/anthropic/v1/messages"},
        {"http://127.0.0.1:11434/v1/",    "http://127.0.0.1:11434/v1/messages"     },
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("m");

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange exchange;

        fixture->account.base_url = str_of(rows[i][0]);
        exchange = begin(fixture, &request);
        assert_text(exchange.url, rows[i][1]);
        assert_true(exchange.is_own_origin);
    }
}

static void test_what_it_cannot_do_is_refused_before_anything_is_sent(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("claude-sonnet-5-5");
    struct exchange exchange;
    struct error err = {0};

    request.action = PROVIDER_GENERATE;
    assert_false(
        provider_anthropic.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "model");
    request = request_of("");
    assert_false(
        provider_anthropic.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "model");
    request = request_of("claude-sonnet-5-5");
    fixture->account.key.hidden = STR("sk ant");
    assert_false(
        provider_anthropic.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "key");
}

#define MESSAGE(reason, blocks)                                                                    \
    "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[" blocks "],"      \
    "\"stop_reason\":\"" reason "\",\"stop_sequence\":null,\"stop_details\":null,\"usage\":"       \
    "{\"input_tokens\":30,\"output_tokens\":20,\"cache_creation_input_tokens\":10,"                \
    "\"cache_read_input_tokens\":60,\"service_tier\":\"standard\"}}"
#define SAYS(text) "{\"type\":\"text\",\"text\":\"" text "\"}"

static void test_answers_are_read(void **state)
{
    /* clang-format off */
    static const struct {
        const char *body;
        bool has_schema;
        const char *text, *missing, *why;
    } rows[] = {
        {MESSAGE("end_turn", SAYS("a ") "," SAYS("cup")), false, "a cup", "", "blocks are joined"},
        {MESSAGE("end_turn", "{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"x\"},"
         SAYS("a cup")), false, "a cup", "", "thoughts are left out"},
        {MESSAGE("end_turn", SAYS("{\\\"a\\\":\\\"b\\\"}")), true, "{\"a\":\"b\"}", "", "JSON"},
        {MESSAGE("tool_use", SAYS("Here:") ",{\"type\":\"tool_use\",\"id\":\"t\",\"name\":"
         "\"answer\",\"input\":{\"a\":\"b\"}}"), true, "{\"a\":\"b\"}", "", "a tool's input"},
        {MESSAGE("max_tokens", SAYS("a cu")), false, "a cu",
         "the answer was cut at the limit of 4096 tokens", "cut, and said so"},
        {MESSAGE("model_context_window_exceeded", SAYS("a cu")), false, "a cu",
         "the answer was cut at the limit of 4096 tokens", "no room for more"},
        {MESSAGE("stop_sequence", SAYS("a cup")), false, "a cup", "", "another end"},
        {"{\"content\":[" SAYS("a cup") "]}", false, "a cup", "", "the least"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("claude-sonnet-5-5");
        struct exchange exchange;
        struct provider_verdict verdict;

        request.schema = rows[i].has_schema ? STR(SCHEMA) : STR_EMPTY;
        exchange = begin(fixture, &request);
        verdict = read_body(fixture, &request, &exchange, 200, rows[i].body);
        if (verdict.type != VERDICT_DONE || !str_equal(verdict.text, str_of(rows[i].text)) ||
            !str_equal(verdict.missing, str_of(rows[i].missing)))
            fail_msg("%s: %d %.*s %.*s", rows[i].why, (int)verdict.type, STR_ARGS(verdict.text),
                     STR_ARGS(verdict.failure.message));
    }
}

static void test_input_is_counted_whole_and_the_cached_part_is_cheaper(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("claude-sonnet-5-5");
    struct exchange exchange = begin(fixture, &request);
    struct provider_verdict verdict =
        read_body(fixture, &request, &exchange, 200, MESSAGE("end_turn", SAYS("a")));
    const char *currency;

    assert_int_equal(verdict.usage.tokens_in, 100);
    assert_int_equal(verdict.cached_tokens_in, 60);
    assert_int_equal(verdict.usage.tokens_out, 20);
    assert_int_equal(
        provider_cost(&provider_anthropic, &fixture->account, &request, &verdict, &currency),
        40 * 2 + 12 + 20 * 10);
    assert_string_equal(currency, "USD");
}

static void test_an_estimate_counts_pictures_at_their_most(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("claude-sonnet-5-5");
    const char *currency;

    request.reference_count = 2;
    assert_int_equal(provider_estimate(&provider_anthropic, &fixture->account, &request, &currency),
                     (25 + 2 * 4000) * 2 + 1024 * 10);
    request.model = STR("claude-mythos-5-2"); /* no price is known */
    assert_int_equal(provider_estimate(&provider_anthropic, &fixture->account, &request, &currency),
                     -1);
    request.model = STR("claude-haiku-4-5-20251001");
    request.reference_count = 0;
    assert_int_equal(provider_estimate(&provider_anthropic, &fixture->account, &request, &currency),
                     25 + 1024 * 5);
}

#define ERROR(type, rest)                                                                          \
    "{\"type\":\"error\",\"error\":{\"type\":\"" type "\"," rest "},\"request_id\":\"req_9\"}"

static void test_failures_are_classed_and_say_what_was_paid(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        bool has_schema;
        enum failure_class class;
        enum charged charged;
        const char *code, *why;
    } rows[] = {
        {200, "{\"content\":[],\"stop_reason\":\"refusal\",\"stop_details\":{\"type\":\"refusal\","
         "\"category\":\"cyber\",\"explanation\":\"No.\"},\"usage\":{\"input_tokens\":5,"
         "\"output_tokens\":0}}", false, FAILURE_REFUSED, CHARGED_YES, "refusal", "a refusal"},
        {200, "{\"content\":[],\"stop_reason\":\"refusal\"}", false, FAILURE_REFUSED, CHARGED_YES,
         "refusal", "a refusal without a word"},
        {200, MESSAGE("max_tokens", ""), false, FAILURE_INVALID, CHARGED_YES, "max_tokens",
         "nothing before the limit"},
        {200, MESSAGE("max_tokens", SAYS("{\\\"a\\\":")), true, FAILURE_INVALID, CHARGED_YES,
         "max_tokens", "cut inside of JSON"},
        {200, MESSAGE("end_turn", SAYS("a cup")), true, FAILURE_UNKNOWN, CHARGED_YES, "",
         "words for a schema"},
        {200, MESSAGE("end_turn", ""), false, FAILURE_UNKNOWN, CHARGED_YES, "", "no content"},
        {200, "{\"content\":[7,{\"type\":\"text\",\"text\":9}]}", false, FAILURE_UNKNOWN,
         CHARGED_YES, "", "wrong types"},
        {200, "{\"content\":\"a cup\"}", false, FAILURE_UNKNOWN, CHARGED_MAYBE, "", "no list"},
        {200, "[]", false, FAILURE_UNKNOWN, CHARGED_MAYBE, "", "a list"},
        {200, "", false, FAILURE_UNKNOWN, CHARGED_MAYBE, "", "nothing"},
        {200, "{\"content\":[", false, FAILURE_UNKNOWN, CHARGED_MAYBE, "", "cut short"},
        {200, "<html><title>Hi</title>", false, FAILURE_INVALID, CHARGED_NO, "", "a page"},
        {200, ERROR("overloaded_error", "\"message\":\"x\""), false, FAILURE_THROTTLED, CHARGED_NO,
         "overloaded_error", "an error with 200"},
        {400, ERROR("invalid_request_error", "\"message\":\"messages: bad\""), false,
         FAILURE_INVALID, CHARGED_NO, "invalid_request_error", "the request"},
        {400, ERROR("invalid_request_error", "\"message\":\"x\",\"details\":{\"error_code\":"
         "\"image_dimensions_too_large\",\"max_side_length_pixels\":8000}"), false, FAILURE_INVALID,
         CHARGED_NO, "image_dimensions_too_large", "a picture"},
        {400, ERROR("invalid_request_error", "\"message\":\"Your credit balance is too low\""),
         false, FAILURE_QUOTA, CHARGED_NO, "invalid_request_error", "no money"},
        {401, ERROR("authentication_error", "\"message\":\"x\""), false, FAILURE_AUTH, CHARGED_NO,
         "authentication_error", "the key"},
        {402, ERROR("billing_error", "\"message\":\"x\""), false, FAILURE_QUOTA, CHARGED_NO,
         "billing_error", "the bill"},
        {403, ERROR("permission_error", "\"message\":\"x\""), false, FAILURE_AUTH, CHARGED_NO,
         "permission_error", "not allowed"},
        {404, ERROR("not_found_error", "\"message\":\"x\""), false, FAILURE_INVALID, CHARGED_NO,
         "not_found_error", "no such model"},
        {413, "<html>413</html>", false, FAILURE_INVALID, CHARGED_NO, "", "too large, by the edge"},
        {429, ERROR("rate_limit_error", "\"message\":\"x\""), false, FAILURE_THROTTLED, CHARGED_NO,
         "rate_limit_error", "too fast"},
        {429, ERROR("rate_limit_error", "\"message\":\"x\",\"details\":{\"error_code\":"
         "\"contract_spend_limit_reached\"}"), false, FAILURE_QUOTA, CHARGED_NO,
         "contract_spend_limit_reached", "the contract's limit"},
        {429, ERROR("rate_limit_error", "\"message\":\"x\",\"details\":{\"error_code\":"
         "\"ramp_limit_exceeded\"}"), false, FAILURE_THROTTLED, CHARGED_NO, "ramp_limit_exceeded",
         "too fast too soon"},
        {500, ERROR("api_error", "\"message\":\"x\""), false, FAILURE_SERVER, CHARGED_MAYBE,
         "api_error", "its own fault"},
        {529, ERROR("overloaded_error", "\"message\":\"x\""), false, FAILURE_THROTTLED, CHARGED_NO,
         "overloaded_error", "overloaded"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("claude-sonnet-5-5");
        struct exchange exchange;
        struct provider_verdict verdict;

        request.schema = rows[i].has_schema ? STR(SCHEMA) : STR_EMPTY;
        exchange = begin(fixture, &request);
        verdict = read_body(fixture, &request, &exchange, rows[i].status, rows[i].body);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged || verdict.failure.message.size == 0 ||
            !str_equal(verdict.failure.code, str_of(rows[i].code)))
            fail_msg("%s: %d %s, charged %d, %.*s, %.*s", rows[i].why, (int)verdict.type,
                     failure_class_name(verdict.failure.class), (int)verdict.failure.charged,
                     STR_ARGS(verdict.failure.code), STR_ARGS(verdict.failure.message));
        if (str_find(str_of(rows[i].body), STR("req_9")) >= 0)
            assert_text(verdict.request_id, "req_9");
    }
}

/* Whatever the bytes, a verdict comes out, and no half answer is taken for one. */
static void test_hostile_replies_are_failures(void **state)
{
    static const char *const bodies[] = {
        "{\"content\":[{\"type\":\"text\",\"text\":\"a\\u0000b\"}]}", /* a NUL, which goes */
        "{\"content\":[{\"type\":\"text\",\"text\":\"\\ud83d\"}]}",   /* half a pair */
        "{\"content\":[{\"type\":\"text\",\"text\":1e999}]}",
        "{\"content\":[{\"type\":\"text\",\"text\":{\"a\":[]}}]}",
        "{\"content\":[{\"type\":\"text\",\"text\":null}]}",
        "\xef\xbb\xbf{}",
        "{\"usage\":{\"input_tokens\":99999999999999999999,\"output_tokens\":-5},\"error\":[]}",
        "\"content\"",
        "{\"content\":\"x\"}",
        "{\"content\":[null,7,[],{},\"\"]}",
        "{\"content\":{\"0\":{}}}",
    };
    static const char good[] = MESSAGE("end_turn", SAYS("a cup"));
    struct fixture *fixture = *state;
    struct provider_request request = request_of("claude-sonnet-5-5");
    struct exchange exchange = begin(fixture, &request);
    CLEANUP(buf_finish) struct buf deep = {0};
    struct provider_verdict verdict;

    for (size_t size = 0; size < sizeof good - 1; size++) {
        struct exchange_reply reply = {
            .outcome = EXCHANGE_REPLIED, .status = 200, .body = {good, size}
        };

        provider_anthropic.read(&fixture->account, &request, &exchange, &reply, fixture->arena,
                                &verdict);
        assert_int_equal(verdict.type, VERDICT_FAILED);
    }
    for (size_t i = 0; i < COUNT(bodies); i++) {
        verdict = read_body(fixture, &request, &exchange, 200, bodies[i]);
        if (i < 2) {
            assert_int_equal(verdict.type, VERDICT_DONE);
            assert_true(text_is_utf8(verdict.text) && str_find_char(verdict.text, 0) < 0);
        } else {
            assert_int_equal(verdict.type, VERDICT_FAILED);
            assert_true(verdict.usage.tokens_in >= -1 && verdict.usage.tokens_out >= -1);
        }
    }
    for (int i = 0; i < 10000; i++)
        buf_add(&deep, STR("{\"content\":["));
    buf_add_char(&deep, '\0');
    verdict = read_body(fixture, &request, &exchange, 200, deep.data);
    assert_int_equal(verdict.type, VERDICT_FAILED);
}

static void test_a_lost_reply_is_unknown(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("claude-sonnet-5-5");
    struct exchange exchange = begin(fixture, &request);
    struct exchange_reply reply = {.outcome = EXCHANGE_LOST, .status = 200};
    struct provider_verdict verdict;

    reply.body = STR("{\"content\":[" SAYS("a") "]}");
    provider_anthropic.read(&fixture->account, &request, &exchange, &reply, fixture->arena,
                            &verdict);
    assert_int_equal(verdict.failure.class, FAILURE_UNKNOWN);
    assert_int_equal(verdict.failure.charged, CHARGED_MAYBE);
}

static void test_what_was_refused_by_name_is_left_out_once(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("claude-sonnet-5-5");
    struct exchange exchange;
    struct provider_verdict verdict;
    struct str body;

    request.schema = STR(SCHEMA);
    request.safety_id = STR("u");
    exchange = begin(fixture, &request);
    verdict = read_body(fixture, &request, &exchange, 400,
                        ERROR("invalid_request_error",
                              "\"message\":\"output_config.format: Extra inputs are not "
                              "permitted\""));
    assert_int_equal(verdict.type, VERDICT_NEXT);
    body = body_of(&verdict.next, fixture->arena);
    assert_true(str_find(body, STR("output_config")) < 0 && str_find(body, STR("tool_choice")) > 0);
    exchange = verdict.next;
    verdict = read_body(
        fixture, &request, &exchange, 400,
        ERROR("invalid_request_error", "\"message\":\"metadata: Extra inputs are not permitted\""));
    assert_int_equal(verdict.type, VERDICT_NEXT);
    assert_true(str_find(body_of(&verdict.next, fixture->arena), STR("metadata")) < 0);
    exchange = verdict.next;
    /* Named again, it is not what was sent. */
    verdict = read_body(
        fixture, &request, &exchange, 400,
        ERROR("invalid_request_error", "\"message\":\"metadata: Extra inputs are not permitted\""));
    assert_int_equal(verdict.type, VERDICT_FAILED);
    assert_text(verdict.dropped, "safety_id");
    /* What cannot be left out is not. */
    exchange = begin(fixture, &request);
    verdict = read_body(fixture, &request, &exchange, 400,
                        ERROR("invalid_request_error", "\"message\":\"max_tokens: too large\""));
    assert_int_equal(verdict.type, VERDICT_FAILED);
}

static void test_the_probe_is_free_and_lists_models(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct exchange_reply reply =
        reply_of(200, "{\"data\":[{\"type\":\"model\",\"id\":\"claude-sonnet-5-5\",\"display_name\""
                      ":\"x\"}],\"has_more\":false}");
    struct provider_failure failure;
    struct error err;
    struct str *models;
    size_t count;

    assert_true(provider_anthropic.probe(&fixture->account, fixture->arena, &exchange, &err));
    assert_text(exchange.url, "https://api.anthropic.com/v1/models?limit=1000");
    assert_false(exchange.is_paid);
    assert_int_equal(exchange.purpose, EXCHANGE_PROBE);
    provider_anthropic.read_probe(&fixture->account, &reply, fixture->arena, &models, &count,
                                  &failure);
    assert_int_equal(count, 1);
    assert_text(models[0], "claude-sonnet-5-5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_plain_message_is_written_byte_by_byte),
        TEST(test_pictures_a_system_text_and_a_schema_are_sent),
        TEST(test_a_model_nobody_knows_answers_through_a_tool),
        TEST(test_a_base_url_is_taken_as_people_paste_it),
        TEST(test_what_it_cannot_do_is_refused_before_anything_is_sent),
        TEST(test_answers_are_read),
        TEST(test_input_is_counted_whole_and_the_cached_part_is_cheaper),
        TEST(test_an_estimate_counts_pictures_at_their_most),
        TEST(test_failures_are_classed_and_say_what_was_paid),
        TEST(test_hostile_replies_are_failures),
        TEST(test_a_lost_reply_is_unknown),
        TEST(test_what_was_refused_by_name_is_left_out_once),
        TEST(test_the_probe_is_free_and_lists_models),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
