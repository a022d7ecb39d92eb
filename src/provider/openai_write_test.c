/* Text by the Responses API and by chats: facts 1.5, 1.6 and 1B. */
#include "provider/provider_test.h"

#include "core/text.h"
#include "provider/openai_private.h"

#define SCHEMA                                                                                     \
    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"],"      \
    "\"additionalProperties\":false}"
#define TOLD                                                                                       \
    "Answer with one JSON object and nothing else. It must fit this JSON schema:\\n"               \
    "{\\\"type\\\":\\\"object\\\",\\\"properties\\\":{\\\"a\\\":{\\\"type\\\":\\\"string\\\"}},"   \
    "\\\"required\\\":[\\\"a\\\"],\\\"additionalProperties\\\":false}"

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

    if (!provider_openai.begin(&fixture->account, request, fixture->arena, &exchange, &err))
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

    provider_openai.read(&fixture->account, request, exchange, &reply, fixture->arena, &verdict);
    return verdict;
}

/* ---- Requests ---- */

static void test_the_official_service_is_asked_for_a_response(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-6-sol");
    struct exchange exchange;

    fixture->account.key.hidden = STR("sk-1");
    request.idempotency_key = STR("call-7");
    exchange = begin(fixture, &request);
    assert_text(exchange.method, "POST");
    assert_text(exchange.url, "https://api.openai.com/v1/responses");
    assert_text(header_of(&exchange, "Authorization"), "Bearer sk-1");
    assert_text(header_of(&exchange, "Content-Type"), "application/json");
    assert_text(header_of(&exchange, "Idempotency-Key"), "call-7");
    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    assert_true(exchange.is_paid);
    assert_false(exchange.is_stream);
    assert_false(exchange.is_own_origin);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"gpt-6-sol\",\"input\":[{\"role\":\"user\",\"content\":[{\"type\":"
                "\"input_text\",\"text\":\"a cup\"}]}],\"max_output_tokens\":4096,\"reasoning\":"
                "{\"effort\":\"low\"},\"store\":false}");
}

static void test_a_response_takes_pictures_a_system_text_and_a_schema(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-9-unheard-of");
    struct exchange exchange;

    request.system = STR("Be brief.");
    request.schema = STR(SCHEMA);
    request.schema_name = STR("cup");
    request.safety_id = STR("u-hash");
    request.output_tokens_max = 5;
    request.references = pictures;
    request.reference_count = 2;
    exchange = begin(fixture, &request);
    assert_text(
        body_of(&exchange, fixture->arena),
        "{\"model\":\"gpt-9-unheard-of\",\"instructions\":\"Be brief.\",\"input\":[{\"role\":"
        "\"user\",\"content\":[{\"type\":\"input_image\",\"image_url\":\"data:image/"
        "png;base64," PNG_BASE64 "\",\"detail\":\"high\"},{\"type\":\"input_image\",\"image_url\":"
        "\"data:image/jpeg;base64," JPEG_BASE64 "\",\"detail\":\"high\"},{\"type\":\"input_text\","
        "\"text\":\"a cup\"}]}],\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"cup\","
        "\"schema\":" SCHEMA ",\"strict\":true}},\"max_output_tokens\":16,\"store\":false,"
        "\"safety_identifier\":\"u-hash\"}");
}

/* Each server's own words for a chat. */
static void test_each_profile_writes_its_own_chat(void **state)
{
    /* clang-format off */
    static const struct {
        const char *options, *base_url, *url, *body;
    } rows[] = {
        {"{\"text_api\":\"chat\"}", "", "https://api.openai.com/v1/chat/completions",
         "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a cup\"}],"
         "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\","
         "\"schema\":" SCHEMA ",\"strict\":true}},\"max_completion_tokens\":4096,"
         "\"safety_identifier\":\"u\"}"},
        {"{}", "https://relay.test", "https://relay.test/v1/chat/completions",
         "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"" TOLD "\"},"
         "{\"role\":\"user\",\"content\":\"a cup\"}],\"response_format\":{\"type\":"
         "\"json_object\"},\"max_tokens\":4096}"},
        {"{\"text_api\":\"responses\"}", "https://relay.test", "https://relay.test/v1/responses",
         "{\"model\":\"m\",\"instructions\":\"" TOLD "\",\"input\":[{\"role\":\"user\","
         "\"content\":[{\"type\":\"input_text\",\"text\":\"a cup\"}]}],\"text\":{\"format\":"
         "{\"type\":\"json_object\"}},\"max_output_tokens\":4096,\"store\":false}"},
        {"{\"profile\":\"ollama\"}", "http://host:11434", "http://host:11434/v1/chat/completions",
         "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a cup\"}],"
         "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\","
         "\"schema\":" SCHEMA ",\"strict\":true}},\"max_tokens\":4096}"},
        {"{\"profile\":\"vllm\"}", "http://host:8000", "http://host:8000/v1/chat/completions",
         "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a cup\"}],"
         "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\","
         "\"schema\":" SCHEMA ",\"strict\":true}},\"max_tokens\":4096,\"user\":\"u\"}"},
        {"{}", "https://openrouter.ai", "https://openrouter.ai/api/v1/chat/completions",
         "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a cup\"}],"
         "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\","
         "\"schema\":" SCHEMA ",\"strict\":true}},\"max_tokens\":4096,\"user\":\"u\"}"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("m");
        struct exchange exchange;

        request.schema = STR(SCHEMA);
        request.safety_id = STR("u");
        fixture_options(fixture, rows[i].options);
        fixture->account.base_url = str_of(rows[i].base_url);
        exchange = begin(fixture, &request);
        assert_text(exchange.url, rows[i].url);
        assert_text(body_of(&exchange, fixture->arena), rows[i].body);
        assert_int_equal(exchange.is_own_origin, rows[i].base_url[0] != '\0');
    }
}

static void test_a_chat_takes_pictures_as_data_uris(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("llava");
    struct exchange exchange;

    fixture->account.base_url = STR("http://host:11434");
    request.references = pictures;
    request.reference_count = 1;
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"llava\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
                "\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64," PNG_BASE64 "\"}},"
                "{\"type\":\"text\",\"text\":\"a cup\"}]}],\"max_tokens\":4096}");
}

static void test_the_wrong_model_or_service_is_refused_before_anything_is_sent(void **state)
{
    static const struct {
        const char *options, *base_url, *model;
        enum provider_action action;
        const char *why;
    } rows[] = {
        {"{}",                          "",                  "gpt-image-2", PROVIDER_WRITE,    "an image model writes nothing"},
        {"{}",                          "",                  "gpt-6-sol",   PROVIDER_GENERATE, "a text model draws nothing"   },
        {"{}",                          "",                  "",            PROVIDER_WRITE,    "no model"                     },
        {"{\"profile\":\"sd-server\"}", "http://host:1234",  "m",           PROVIDER_WRITE,
         "a service of pictures alone"                                                                                        },
        {"{\"profile\":\"ollama\"}",    "http://host:11434", "m",           PROVIDER_GENERATE,
         "a service of text alone"                                                                                            },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange;
        struct error err = {0};

        request.action = rows[i].action;
        fixture_options(fixture, rows[i].options);
        fixture->account.base_url = str_of(rows[i].base_url);
        if (provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err) ||
            strcmp(err.field, "model") != 0)
            fail_msg("%s: %s (%s)", rows[i].why, err.message, err.field);
    }
}

/* ---- Replies ---- */

#define RESPONSE(status, rest)                                                                     \
    "{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"" status "\",\"error\":null," rest    \
    ",\"usage\":{\"input_tokens\":100,\"input_tokens_details\":{\"cached_tokens\":60,"             \
    "\"cache_write_tokens\":0},\"output_tokens\":20,\"output_tokens_details\":"                    \
    "{\"reasoning_tokens\":5},\"total_tokens\":120}}"
#define MESSAGE(parts)                                                                             \
    "\"output\":[{\"type\":\"reasoning\"},{\"type\":\"message\",\"role\":\"assistant\","           \
    "\"content\":[" parts "]}]"
#define CHAT(reason, message)                                                                      \
    "{\"id\":\"c\",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"finish_reason\":"    \
    "\"" reason "\",\"message\":{\"role\":\"assistant\"," message "}}],\"usage\":"                 \
    "{\"prompt_tokens\":100,\"completion_tokens\":20,\"total_tokens\":120,"                        \
    "\"prompt_tokens_details\":{\"cached_tokens\":60}}}"

static void test_answers_are_read_in_either_apis_words(void **state)
{
    /* clang-format off */
    static const struct {
        const char *body;
        bool has_schema;
        const char *text, *missing, *why;
    } rows[] = {
        {RESPONSE("completed", MESSAGE("{\"type\":\"output_text\",\"text\":\"a \"},{\"type\":"
         "\"output_text\",\"text\":\"cup\"}")), false, "a cup", "", "parts are joined"},
        {RESPONSE("completed", MESSAGE("{\"type\":\"output_text\",\"text\":\"{\\\"a\\\":"
         "\\\"b\\\"}\"}")), true, "{\"a\":\"b\"}", "", "JSON"},
        {RESPONSE("incomplete", "\"incomplete_details\":{\"reason\":\"max_output_tokens\"},"
         MESSAGE("{\"type\":\"output_text\",\"text\":\"a cu\"}")), false, "a cu",
         "the answer was cut at the limit of 4096 tokens", "cut, and said so"},
        {CHAT("stop", "\"content\":\"a cup\",\"refusal\":null"), false, "a cup", "", "a chat"},
        {CHAT("stop", "\"content\":[{\"type\":\"text\",\"text\":\"a cup\"}]"), false, "a cup", "",
         "a chat in parts"},
        {CHAT("length", "\"content\":\"a cu\""), false, "a cu",
         "the answer was cut at the limit of 4096 tokens", "a chat that was cut"},
        {CHAT("stop", "\"content\":\"```json\\n{\\\"a\\\":1}\\n```\""), true, "{\"a\":1}", "",
         "fenced"},
        {CHAT("tool_calls", "\"content\":\"a cup\",\"tool_calls\":[]"), false, "a cup", "",
         "another end"},
        {"{\"choices\":[{\"message\":{\"content\":\"a cup\"}}]}", false, "a cup", "",
         "the least of a chat"},
        {"{\"output\":[{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":"
         "\"a cup\"}]}]}", false, "a cup", "", "the least of a response"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("gpt-6-sol");
        struct exchange exchange;
        struct provider_verdict verdict;

        request.schema = rows[i].has_schema ? STR(SCHEMA) : STR_EMPTY;
        exchange = begin(fixture, &request);
        verdict = read_body(fixture, &request, &exchange, 200, rows[i].body);
        if (verdict.type != VERDICT_DONE || !str_equal(verdict.text, str_of(rows[i].text)) ||
            !str_equal(verdict.missing, str_of(rows[i].missing)))
            fail_msg("%s: %d %.*s %.*s", rows[i].why, (int)verdict.type, STR_ARGS(verdict.text),
                     STR_ARGS(verdict.failure.message));
        assert_int_equal(verdict.picture_count, 0);
    }
}

static void test_the_cost_counts_what_was_cached_at_its_own_rate(void **state)
{
    static const char *const bodies[] = {
        RESPONSE("completed", MESSAGE("{\"type\":\"output_text\",\"text\":\"a\"}")),
        CHAT("stop", "\"content\":\"a\"")};
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-6-sol");
    struct exchange exchange = begin(fixture, &request);

    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct provider_verdict verdict = read_body(fixture, &request, &exchange, 200, bodies[i]);
        const char *currency;

        assert_int_equal(verdict.usage.tokens_in, 100);
        assert_int_equal(verdict.cached_tokens_in, 60);
        assert_int_equal(verdict.usage.tokens_out, 20);
        /* 2 and 10 dollars a million, 0.20 cached */
        assert_int_equal(
            provider_cost(&provider_openai, &fixture->account, &request, &verdict, &currency),
            40 * 2 + 12 + 20 * 10);
        assert_string_equal(currency, "USD");
    }
}

static void test_what_is_no_answer_is_a_failure_that_says_what_was_paid(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        bool has_schema;
        enum failure_class class;
        enum charged charged;
        const char *why;
    } rows[] = {
        {200, RESPONSE("completed", MESSAGE("{\"type\":\"refusal\",\"refusal\":\"I cannot.\"}")),
         false, FAILURE_REFUSED, CHARGED_YES, "a refusal"},
        {200, CHAT("stop", "\"content\":null,\"refusal\":\"I cannot.\""), false, FAILURE_REFUSED,
         CHARGED_YES, "a chat's refusal"},
        {200, CHAT("content_filter", "\"content\":\"a c\""), false, FAILURE_REFUSED, CHARGED_YES,
         "filtered half way"},
        {200, RESPONSE("incomplete", "\"incomplete_details\":{\"reason\":\"content_filter\"},"
         "\"output\":[]"), false, FAILURE_REFUSED, CHARGED_YES, "a filtered response"},
        {200, RESPONSE("incomplete", "\"incomplete_details\":{\"reason\":\"max_output_tokens\"},"
         "\"output\":[{\"type\":\"reasoning\"}]"), false, FAILURE_INVALID, CHARGED_YES,
         "all thought, nothing said"},
        {200, CHAT("length", "\"content\":\"{\\\"a\\\":\""), true, FAILURE_INVALID, CHARGED_YES,
         "cut inside of JSON"},
        {200, CHAT("stop", "\"content\":\"a cup\""), true, FAILURE_UNKNOWN, CHARGED_YES,
         "words for a schema"},
        {200, CHAT("stop", "\"content\":\"\""), false, FAILURE_UNKNOWN, CHARGED_YES, "empty"},
        {200, "{\"choices\":[]}", false, FAILURE_UNKNOWN, CHARGED_MAYBE, "no choice"},
        {200, "{\"choices\":[7]}", false, FAILURE_UNKNOWN, CHARGED_MAYBE, "a number"},
        {200, "{\"output\":{\"a\":1}}", false, FAILURE_UNKNOWN, CHARGED_MAYBE, "no list"},
        {200, RESPONSE("in_progress", "\"output\":[]"), false, FAILURE_UNKNOWN, CHARGED_YES,
         "not done"},
        {200, "{\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"x\"},"
         "\"output\":[]}", false, FAILURE_SERVER, CHARGED_MAYBE, "failed by itself"},
        {200, "{\"status\":\"failed\",\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":"
         "\"x\"},\"output\":[]}", false, FAILURE_THROTTLED, CHARGED_NO, "failed for the rate"},
        {200, "{\"status\":\"failed\",\"error\":{\"code\":\"invalid_image_format\",\"message\":"
         "\"x\"},\"output\":[]}", false, FAILURE_INVALID, CHARGED_NO, "failed for the picture"},
        {200, "{\"status\":\"failed\",\"error\":{\"code\":\"image_content_policy_violation\","
         "\"message\":\"x\"},\"output\":[]}", false, FAILURE_REFUSED, CHARGED_MAYBE,
         "failed for the content"},
        {200, "<html><title>Hi</title>", false, FAILURE_INVALID, CHARGED_NO, "a page"},
        {200, "{\"error\":{\"message\":\"x\",\"code\":\"insufficient_user_quota\"}}", false,
         FAILURE_QUOTA, CHARGED_NO, "a relay's error with 200"},
        {200, "", false, FAILURE_UNKNOWN, CHARGED_MAYBE, "nothing"},
        {200, "[[[[[[", false, FAILURE_UNKNOWN, CHARGED_MAYBE, "broken"},
        {200, "{\"choices\":[{\"message\":{\"content\":\"a\"}}", false, FAILURE_UNKNOWN,
         CHARGED_MAYBE, "cut short"},
        {401, "{\"error\":{\"message\":\"x\",\"code\":\"invalid_api_key\"}}", false, FAILURE_AUTH,
         CHARGED_NO, "the key"},
        {404, "{\"error\":{\"message\":\"x\",\"code\":\"model_not_found\"}}", false,
         FAILURE_INVALID, CHARGED_NO, "no such model"},
        {429, "{\"error\":{\"message\":\"x\",\"code\":\"rate_limit_exceeded\"}}", false,
         FAILURE_THROTTLED, CHARGED_NO, "too fast"},
        {429, "{\"error\":{\"message\":\"x\",\"code\":\"insufficient_quota\"}}", false,
         FAILURE_QUOTA, CHARGED_NO, "no money"},
        {500, "{\"error\":{\"message\":\"x\",\"code\":\"server_error\"}}", false, FAILURE_SERVER,
         CHARGED_NO, "its own fault, and free"},
        {502, "", false, FAILURE_SERVER, CHARGED_MAYBE, "a gateway's"},
        {400, "{\"error\":{\"message\":\"bad\",\"param\":\"input\",\"code\":null}}", false,
         FAILURE_INVALID, CHARGED_NO, "a field that is not optional"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("gpt-6-sol");
        struct exchange exchange;
        struct provider_verdict verdict;

        request.schema = rows[i].has_schema ? STR(SCHEMA) : STR_EMPTY;
        exchange = begin(fixture, &request);
        verdict = read_body(fixture, &request, &exchange, rows[i].status, rows[i].body);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged || verdict.failure.message.size == 0)
            fail_msg("%s: %d %s, charged %d, %.*s", rows[i].why, (int)verdict.type,
                     failure_class_name(verdict.failure.class), (int)verdict.failure.charged,
                     STR_ARGS(verdict.failure.message));
    }
}

/* Whatever the bytes, a verdict comes out, and no half answer is taken for one. */
static void test_hostile_replies_are_failures(void **state)
{
    static const char *const bodies[] = {
        "{\"choices\":[{\"message\":{\"content\":\"a\\u0000b\"}}]}", /* a NUL, which goes */
        "{\"choices\":[{\"message\":{\"content\":\"\\ud83d\"}}]}",   /* half a pair */
        "{\"choices\":[{\"message\":{\"content\":1e999}}]}",
        "{\"choices\":[{\"message\":{\"content\":{\"a\":[]}}}]}",
        "{\"choices\":[{\"message\":{\"content\":null}}]}",
        "\xef\xbb\xbf{}",
        "{\"usage\":{\"prompt_tokens\":99999999999999999999,\"completion_tokens\":-5}}",
        "\"choices\"",
        "{\"choices\":\"x\"}",
        "{\"choices\":[null,7,[],{},\"\"]}",
        "{\"choices\":{\"0\":{}}}",
    };
    static const char good[] = CHAT("stop", "\"content\":\"a cup\"");
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-6-sol");
    struct exchange exchange = begin(fixture, &request);
    CLEANUP(buf_finish) struct buf deep = {0};
    struct provider_verdict verdict;

    for (size_t size = 0; size < sizeof good - 1; size++) {
        struct exchange_reply reply = {
            .outcome = EXCHANGE_REPLIED, .status = 200, .body = {good, size}
        };

        provider_openai.read(&fixture->account, &request, &exchange, &reply, fixture->arena,
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
        buf_add(&deep, STR("{\"choices\":["));
    buf_add_char(&deep, '\0');
    verdict = read_body(fixture, &request, &exchange, 200, deep.data);
    assert_int_equal(verdict.type, VERDICT_FAILED);
}

static void test_a_lost_reply_is_unknown_and_never_sent_again(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-6-sol");
    struct exchange exchange = begin(fixture, &request);
    struct exchange_reply reply = {.outcome = EXCHANGE_LOST, .status = 200};
    struct provider_verdict verdict;

    reply.body = STR(CHAT("stop", "\"content\":\"a\""));
    provider_openai.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.type, VERDICT_FAILED);
    assert_int_equal(verdict.failure.class, FAILURE_UNKNOWN);
    assert_int_equal(verdict.failure.charged, CHARGED_MAYBE);
}

static void test_the_key_stays_out_of_a_refusal(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-6-sol");
    struct exchange exchange;
    struct provider_verdict verdict;

    fixture->account.key.hidden = STR("sk-very-secret-key");
    exchange = begin(fixture, &request);
    verdict =
        read_body(fixture, &request, &exchange, 200,
                  CHAT("stop", "\"content\":null,\"refusal\":\"not with sk-very-secret-key\""));
    assert_text(verdict.failure.message, "not with ***");
    verdict = read_body(fixture, &request, &exchange, 401,
                        "{\"error\":{\"message\":\"bad key sk-very-secret-key\"}}");
    assert_text(verdict.failure.message, "bad key ***");
}

/* ---- Fall-backs ---- */

#define NAMED(message, param)                                                                      \
    "{\"error\":{\"message\":\"" message "\",\"type\":\"invalid_request_error\",\"param\":" param  \
    ",\"code\":null}}"

static void test_what_a_server_named_is_left_out_and_nothing_else(void **state)
{
    /* clang-format off */
    static const struct {
        const char *options;
        int status;
        const char *body;
        const char *gone, *has; /* of the next body; gone NULL: no next */
        const char *dropped, *why;
    } rows[] = {
        {"{\"profile\":\"generic\"}", 400, NAMED("Unsupported parameter: 'max_tokens' is not "
         "supported with this model. Use 'max_completion_tokens' instead.", "\"max_tokens\""),
         "\"max_tokens\"", "\"max_completion_tokens\":4096", "", "the limit's other name"},
        {"{\"profile\":\"siliconflow\"}", 400, NAMED("unknown field 'max_tokens'", "null"),
         "max_tokens", "messages", "output_tokens_max", "no other name"},
        {"{\"profile\":\"vllm\"}", 400, NAMED("Invalid parameter: 'response_format' of type "
         "'json_schema' is not supported with this model.", "\"response_format\""),
         "json_schema\"", "{\"type\":\"json_object\"}", "schema", "the schema"},
        {"{\"profile\":\"generic\"}", 422, NAMED("This response_format type is unavailable now",
         "null"), "response_format", "JSON schema:", "json_object", "JSON at all"},
        {"{\"profile\":\"openai\"}", 400, NAMED("Invalid schema for response_format 'answer'.",
         "\"text.format.schema\""), "json_schema\"", "{\"format\":{\"type\":\"json_object\"}}",
         "schema", "the Responses API's own"},
        {"{\"profile\":\"openai\"}", 400, NAMED("Invalid schema in text.format", "null"),
         "json_schema\"", "{\"format\":{\"type\":\"json_object\"}}", "schema", "in words alone"},
        {"{\"profile\":\"openai\"}", 400, NAMED("Invalid value: 'text'", "null"), NULL, NULL, "",
         "a plain word that means something else"},
        {"{\"profile\":\"openai\"}", 400, NAMED("Unsupported parameter: 'reasoning.effort' is not "
         "supported with this model.", "\"reasoning.effort\""), "reasoning", "\"store\":false",
         "reasoning", "the effort"},
        {"{\"profile\":\"openai\"}", 400, NAMED("Unknown parameter: 'store'.", "\"store\""),
         "\"store\"", "reasoning", "store", "the store"},
        {"{\"profile\":\"openai\"}", 400, NAMED("Unknown parameter: 'safety_identifier'.",
         "\"safety_identifier\""), "safety_identifier", "reasoning", "safety_id", "the user"},
        {"{\"profile\":\"openai\"}", 500, NAMED("Unknown parameter: 'store'.", "\"store\""), NULL,
         NULL, "", "a server's fault"},
        {"{\"profile\":\"openai\"}", 400, NAMED("Unknown parameter: 'input'.", "\"input\""), NULL,
         NULL, "", "what is not optional"},
        {"{\"profile\":\"generic\"}", 400, NAMED("max_tokens is too large: 4096.", "\"max_tokens\""),
         NULL, NULL, "", "known, but too large"},
        {"{\"profile\":\"openai\"}", 400, NAMED("Unknown parameter: 'max_tokens'.",
         "\"max_tokens\""), NULL, NULL, "", "what was not sent"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("gpt-6-sol");
        struct exchange exchange;
        struct provider_verdict verdict;
        struct str body;

        request.schema = STR(SCHEMA);
        request.safety_id = STR("u");
        request.idempotency_key = STR("k");
        fixture_options(fixture, rows[i].options);
        fixture->account.base_url = STR("https://host.test/v1");
        exchange = begin(fixture, &request);
        verdict = read_body(fixture, &request, &exchange, rows[i].status, rows[i].body);
        if ((verdict.type == VERDICT_NEXT) != (rows[i].gone != NULL))
            fail_msg("%s: %d %.*s", rows[i].why, (int)verdict.type,
                     STR_ARGS(verdict.failure.message));
        if (verdict.type != VERDICT_NEXT)
            continue;
        body = body_of(&verdict.next, fixture->arena);
        if (str_find(body, str_of(rows[i].gone)) >= 0 || str_find(body, str_of(rows[i].has)) < 0)
            fail_msg("%s: %.*s", rows[i].why, STR_ARGS(body));
        assert_true(verdict.next.is_paid);
        assert_false(str_equal(header_of(&verdict.next, "Idempotency-Key"), STR("k")));
        verdict =
            read_body(fixture, &request, &verdict.next, 200, CHAT("stop", "\"content\":\"{}\""));
        assert_int_equal(verdict.type, VERDICT_DONE);
        assert_text(verdict.dropped, rows[i].dropped);
    }
}

/* A server that refuses everything it is sent is asked a bounded number of times. */
static void test_a_server_that_refuses_all_comes_to_an_end(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("m");
    struct provider_verdict verdict = {.type = VERDICT_NEXT};
    int tries = 0;

    fixture_options(fixture, "{\"profile\":\"vllm\"}");
    fixture->account.base_url = STR("https://host.test/v1");
    request.schema = STR(SCHEMA);
    request.safety_id = STR("u");
    verdict.next = begin(fixture, &request);
    while (verdict.type == VERDICT_NEXT && tries < 100) {
        struct exchange exchange = verdict.next;

        tries++;
        verdict = read_body(fixture, &request, &exchange, 400,
                            NAMED("unknown field: max_tokens, max_completion_tokens, "
                                  "response_format, 'user'",
                                  "null"));
    }
    assert_int_equal(tries, 6);
    assert_int_equal(verdict.failure.class, FAILURE_INVALID);
    assert_text(verdict.dropped, "output_tokens_max, schema, json_object, safety_id");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_official_service_is_asked_for_a_response),
        TEST(test_a_response_takes_pictures_a_system_text_and_a_schema),
        TEST(test_each_profile_writes_its_own_chat),
        TEST(test_a_chat_takes_pictures_as_data_uris),
        TEST(test_the_wrong_model_or_service_is_refused_before_anything_is_sent),
        TEST(test_answers_are_read_in_either_apis_words),
        TEST(test_the_cost_counts_what_was_cached_at_its_own_rate),
        TEST(test_what_is_no_answer_is_a_failure_that_says_what_was_paid),
        TEST(test_hostile_replies_are_failures),
        TEST(test_a_lost_reply_is_unknown_and_never_sent_again),
        TEST(test_the_key_stays_out_of_a_refusal),
        TEST(test_what_a_server_named_is_left_out_and_nothing_else),
        TEST(test_a_server_that_refuses_all_comes_to_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
