/* Text from Ark: facts 4A and 1.6. */
#include "provider/provider_test.h"

#include "provider/ark_private.h"

#define SEED "doubao-seed-2-1-pro-260628"
#define SCHEMA "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}}}"
#define ANSWER(reason, message)                                                                    \
    "{\"id\":\"1\",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"finish_reason\":"    \
    "\"" reason "\",\"message\":{\"role\":\"assistant\"," message                                  \
    "}}],\"usage\":{\"prompt_tokens\":"                                                            \
    "12,\"completion_tokens\":7,\"total_tokens\":19}}"

static struct provider_request request_of(const char *model)
{
    return (struct provider_request){.action = PROVIDER_WRITE,
                                     .model = str_of(model),
                                     .prompt = STR("What is it?"),
                                     .count = 1,
                                     .compression = -1};
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

static struct provider_verdict read_for(struct fixture *fixture,
                                        const struct provider_request *request, int status,
                                        const char *body)
{
    struct exchange exchange = {.purpose = EXCHANGE_SUBMIT};
    struct exchange_reply reply = reply_of(status, body);
    struct provider_verdict verdict;

    provider_ark.read(&fixture->account, request, &exchange, &reply, fixture->arena, &verdict);
    return verdict;
}

static void test_a_question_is_written_byte_by_byte(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of(SEED);
    struct exchange exchange = begin(fixture, &request);

    assert_text(exchange.url, "https://ark.cn-beijing.volces.com/api/v3/chat/completions");
    assert_text(header_of(&exchange, "Authorization"), "Bearer ark-1");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"" SEED "\",\"messages\":[{\"role\":\"user\",\"content\":"
                "\"What is it?\"}],\"max_completion_tokens\":16384}");
    assert_true(exchange.is_paid);
    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    assert_false(exchange.is_stream);
}

static void test_everything_is_sent(void **state)
{
    static const struct provider_image picture = {
        .bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of(SEED);
    struct exchange exchange;

    fixture_options(fixture, "{\"thinking\":\"disabled\"}");
    request.system = STR("Be short.");
    request.schema = STR(SCHEMA);
    request.schema_name = STR("sight");
    request.output_tokens_max = 500;
    request.references = &picture;
    request.reference_count = 1;
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"" SEED "\",\"messages\":[{\"role\":\"system\",\"content\":"
                "\"Be short.\"},{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
                "\"image_url\":{\"url\":\"data:image/png;base64," PNG_BASE64 "\"}},{\"type\":"
                "\"text\",\"text\":\"What is it?\"}]}],\"max_completion_tokens\":500,"
                "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"sight\","
                "\"schema\":" SCHEMA ",\"strict\":true}},\"thinking\":{\"type\":\"disabled\"}}");
}

static void test_a_model_without_schemas_is_told_in_words(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("ep-1");
    struct exchange exchange;
    struct exchange_reply reply = reply_of(
        400, "{\"error\":{\"code\":\"InvalidParameter\",\"message\":\"`response_format.type` "
             "`json_schema` is not supported by this model\",\"param\":\"response_format.type\"}}");
    struct provider_verdict verdict;

    request.schema = STR("{\"type\":\"object\"}");
    exchange = begin(fixture, &request);
    provider_ark.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.type, VERDICT_NEXT);
    assert_text(body_of(&verdict.next, fixture->arena),
                "{\"model\":\"ep-1\",\"messages\":[{\"role\":\"system\",\"content\":\"Answer with "
                "one JSON object and nothing else. It must fit this JSON schema: {\\\"type\\\":"
                "\\\"object\\\"}\"},{\"role\":\"user\",\"content\":\"What is it?\"}],"
                "\"max_completion_tokens\":16384}");
    exchange = verdict.next;
    reply = reply_of(200, ANSWER("stop", "\"content\":\"```json\\n{\\\"a\\\": 1}\\n```\""));
    provider_ark.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_text(verdict.text, "{\"a\":1}");
    assert_text(verdict.dropped, "response_format");
}

/* Thinking is output: a limit leaves room for it. */
static void test_an_answer_is_bounded_whatever_the_limit_is_called(void **state)
{
    static const struct {
        const char *options;
        int64_t asked, limit;
    } rows[] = {
        {"{}",                          0,   16384},
        {"{\"thinking\":\"auto\"}",     0,   16384},
        {"{\"thinking\":\"enabled\"}",  0,   16384},
        {"{\"thinking\":\"disabled\"}", 0,   4096 },
        {"{\"thinking\":\"enabled\"}",  500, 500  },
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("ep-1");
    struct provider_verdict verdict;
    struct exchange exchange;
    struct exchange_reply reply;

    for (size_t i = 0; i < COUNT(rows); i++) {
        fixture_options(fixture, rows[i].options);
        request.output_tokens_max = rows[i].asked;
        exchange = begin(fixture, &request);
        assert_true(str_find(body_of(&exchange, fixture->arena),
                             arena_printf(fixture->arena, ",\"max_completion_tokens\":%lld",
                                          (long long)rows[i].limit)) > 0);
    }
    reply = reply_of(400, "{\"error\":{\"code\":\"InvalidParameter\",\"message\":\"not supported\","
                          "\"param\":\"max_completion_tokens\"}}");
    provider_ark.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.type, VERDICT_NEXT);
    assert_true(str_find(body_of(&verdict.next, fixture->arena), STR(",\"max_tokens\":500")) > 0);
    assert_true(str_find(body_of(&verdict.next, fixture->arena), STR("max_completion")) < 0);
    exchange = verdict.next;
    reply = reply_of(200, ANSWER("stop", "\"content\":\"A cup.\""));
    provider_ark.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_text(verdict.dropped, ""); /* it was told in other words */
    reply = reply_of(400, "{\"error\":{\"code\":\"InvalidParameter\",\"message\":\"not supported\","
                          "\"param\":\"max_tokens\"}}");
    provider_ark.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.type, VERDICT_NEXT);
    assert_true(str_find(body_of(&verdict.next, fixture->arena), STR("tokens")) < 0);
    exchange = verdict.next;
    reply = reply_of(200, ANSWER("stop", "\"content\":\"A cup.\""));
    provider_ark.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_text(verdict.dropped, "max_tokens");
}

static void test_answers_are_read(void **state)
{
    /* clang-format off */
    static const struct {
        const char *schema, *body;
        enum verdict_type type;
        enum failure_class class;
        const char *text, *why;
    } rows[] = {
        {"", ANSWER("stop", "\"content\":\"A cup.\""), VERDICT_DONE, FAILURE_NONE, "A cup.",
         "plain text"},
        {"", ANSWER("stop", "\"content\":[{\"type\":\"text\",\"text\":\"A \"},{\"type\":\"text\","
         "\"text\":\"cup.\"}]"), VERDICT_DONE, FAILURE_NONE, "A cup.", "parts"},
        {"", ANSWER("length", "\"content\":\"A cu\""), VERDICT_DONE, FAILURE_NONE, "A cu",
         "plain text cut short is text"},
        {SCHEMA, ANSWER("stop", "\"content\":\" {\\\"a\\\": 1} \""), VERDICT_DONE, FAILURE_NONE,
         "{\"a\":1}", "an object"},
        {SCHEMA, ANSWER("length", "\"content\":\"{\\\"a\\\": \""), VERDICT_FAILED, FAILURE_INVALID,
         "", "an object cut short"},
        {SCHEMA, ANSWER("stop", "\"content\":\"[1]\""), VERDICT_FAILED, FAILURE_SERVER, "",
         "a list"},
        {SCHEMA, ANSWER("stop", "\"content\":\"I think so\""), VERDICT_FAILED, FAILURE_SERVER, "",
         "no JSON"},
        {"", ANSWER("content_filter", "\"content\":\"A\""), VERDICT_FAILED, FAILURE_REFUSED, "",
         "filtered"},
        {"", ANSWER("stop", "\"content\":null,\"refusal\":\"I cannot.\""), VERDICT_FAILED,
         FAILURE_REFUSED, "", "a refusal"},
        {"", ANSWER("stop", "\"content\":\" \""), VERDICT_FAILED, FAILURE_SERVER, "", "empty"},
        {"", ANSWER("length", "\"content\":\"\""), VERDICT_FAILED, FAILURE_INVALID, "",
         "all of it went into thinking"},
        {"", "{\"choices\":[]}", VERDICT_FAILED, FAILURE_UNKNOWN, "", "no choices"},
        {"", "{\"choices\":[1]}", VERDICT_FAILED, FAILURE_UNKNOWN, "", "wrong types"},
        {"", "{\"choices\":[{}]}", VERDICT_FAILED, FAILURE_SERVER, "", "no message"},
        {"", "{\"choices\":[{\"message\":{\"content\":{\"a\":1}}}]}", VERDICT_FAILED,
         FAILURE_SERVER, "", "an object for a content"},
        {"", "<html>", VERDICT_FAILED, FAILURE_INVALID, "", "a page"},
        {"", "{\"choices\":[{\"message\":", VERDICT_FAILED, FAILURE_UNKNOWN, "", "cut short"},
        {"", "{\"error\":{\"code\":\"OutputTextSensitiveContentDetected\",\"message\":\"m\"}}",
         VERDICT_FAILED, FAILURE_REFUSED, "", "an error with 200"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(SEED);
        struct provider_verdict verdict;
        request.schema = str_of(rows[i].schema);
        verdict = read_for(fixture, &request, 200, rows[i].body);
        if (verdict.type != rows[i].type || verdict.failure.class != rows[i].class)
            fail_msg("%s: %s", rows[i].why, failure_class_name(verdict.failure.class));
        assert_text(verdict.text, rows[i].text);
        if (verdict.type == VERDICT_FAILED) {
            assert_true(verdict.failure.message.size > 0);
            if (verdict.failure.class == FAILURE_SERVER || verdict.usage.tokens_out > 0)
                assert_int_equal(verdict.failure.charged, CHARGED_YES);
        }
    }
}

static void test_tokens_are_counted_but_have_no_price(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of(SEED);
    const char *currency;
    struct provider_verdict verdict =
        read_for(fixture, &request, 200, ANSWER("stop", "\"content\":\"A cup.\""));

    assert_int_equal(verdict.usage.tokens_in, 12);
    assert_int_equal(verdict.usage.tokens_out, 7);
    assert_int_equal(provider_cost(&provider_ark, &fixture->account, &request, &verdict, &currency),
                     -1);
    assert_int_equal(read_for(fixture, &request, 400,
                              "{\"error\":{\"code\":\"InputTextSensitiveContentDetected\","
                              "\"message\":\"m\"}}")
                         .failure.charged,
                     CHARGED_MAYBE); /* the input was read: whether that costs is not said */
}

static void test_what_cannot_be_written_is_refused_with_its_field(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model, *prompt, *schema;
        int64_t tokens;
        size_t references;
        const char *field;
    } rows[] = {
        {"doubao-seedream-4-5-251128", "x", "", 0, 0, "model"},
        {"", "x", "", 0, 0, "model"},
        {SEED, " ", "", 0, 0, "prompt"},
        {SEED, "x", "[1]", 0, 0, "schema"},
        {SEED, "x", "{\"a\":", 0, 0, "schema"},
        {SEED, "x", "", -1, 0, "output_tokens_max"},
        {SEED, "x", "", 0, 15, "references"},
        {SEED, "x", "", 0, 1, "references[0]"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_image images[15] = {{.bytes = STR("none")}};

    fixture->account.key.hidden = STR("ark-1");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange;
        struct error err = {0};
        request.prompt = str_of(rows[i].prompt);
        request.schema = str_of(rows[i].schema);
        request.output_tokens_max = rows[i].tokens;
        request.references = images;
        request.reference_count = rows[i].references;
        assert_false(
            provider_ark.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
        assert_string_equal(err.field, rows[i].field);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_question_is_written_byte_by_byte),
        TEST(test_everything_is_sent),
        TEST(test_a_model_without_schemas_is_told_in_words),
        TEST(test_an_answer_is_bounded_whatever_the_limit_is_called),
        TEST(test_answers_are_read),
        TEST(test_tokens_are_counted_but_have_no_price),
        TEST(test_what_cannot_be_written_is_refused_with_its_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
