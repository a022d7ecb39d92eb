/* Pictures through the Responses API's image_generation tool: facts 1.5. */
#include "provider/openai_test.h"

#define TOOL "{\"images_api\":\"responses\"}"
#define TOOL_OF(model) "{\"images_api\":\"responses\",\"responses_model\":\"" model "\"}"
#define BACKGROUND "{\"images_api\":\"responses\",\"responses_background\":true}"
#define TOLD                                                                                       \
    "\"instructions\":\"Make exactly one picture with the image_generation tool. Hand the user's " \
    "prompt on word for word and add nothing to it.\""

/* ---- Requests ---- */

static void test_a_picture_is_ordered_of_the_tool(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2");
    struct exchange exchange;

    fixture_options(fixture, TOOL);
    request.idempotency_key = STR("call-7");
    exchange = begin(fixture, &request);
    assert_text(exchange.method, "POST");
    assert_text(exchange.url, "https://api.openai.com/v1/responses");
    assert_text(header_of(&exchange, "Idempotency-Key"), "call-7");
    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    assert_true(exchange.is_paid);
    assert_false(exchange.is_stream);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"gpt-6-sol\"," TOLD ",\"input\":[{\"role\":\"user\",\"content\":[{"
                "\"type\":\"input_text\",\"text\":\"a cup\"}]}],\"tools\":[{\"type\":"
                "\"image_generation\",\"model\":\"gpt-image-2\",\"action\":\"generate\","
                "\"quality\":\"medium\"}],\"tool_choice\":{\"type\":\"image_generation\"},"
                "\"store\":false}");
}

static void test_every_field_of_the_tool_is_sent(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2.6-flare");
    struct exchange exchange;

    fixture_options(fixture, "{\"images_api\":\"responses\",\"responses_model\":\"gpt-6.1-sol\","
                             "\"moderation\":\"low\",\"complexity\":\"medium\"}");
    request.width_px = 1536;
    request.height_px = 1024;
    request.quality = STR("xhigh");
    request.background = STR("transparent");
    request.format = STR("webp");
    request.compression = 80;
    request.partial_images = 2;
    request.references = &picture;
    request.reference_count = 1;
    request.mask = &picture;
    request.safety_id = STR("u-hash");
    exchange = begin(fixture, &request);
    assert_true(exchange.is_stream);
    assert_true(exchange.idle_ms >= 300000);
    assert_text(
        body_of(&exchange, fixture->arena),
        "{\"model\":\"gpt-6.1-sol\"," TOLD ",\"input\":[{\"role\":\"user\",\"content\":[{"
        "\"type\":\"input_image\",\"image_url\":\"data:image/png;base64," PNG_BASE64 "\"},{"
        "\"type\":\"input_text\",\"text\":\"a cup\"}]}],\"tools\":[{\"type\":\"image_generation\","
        "\"model\":\"gpt-image-2.6-flare\",\"action\":\"edit\",\"size\":\"1536x1024\",\"quality\":"
        "\"xhigh\",\"background\":\"transparent\",\"output_format\":\"webp\","
        "\"output_compression\":80,\"moderation\":\"low\",\"complexity\":\"medium\",\"partial_"
        "images\":2,"
        "\"input_image_mask\":{\"image_url\":\"data:image/png;base64," PNG_BASE64 "\"}}],"
        "\"tool_choice\":{\"type\":\"image_generation\"},\"store\":false,\"stream\":true,"
        "\"safety_identifier\":\"u-hash\"}");
}

/* Other models refuse it, and auto is what the model does anyway. */
static void test_complexity_is_for_those_that_plan(void **state)
{
    static const struct {
        const char *options, *model;
        bool is_sent;
    } rows[] = {
        {"{\"complexity\":\"high\"}", "gpt-image-2.6-sunburst", true },
        {"{\"complexity\":\"auto\"}", "gpt-image-2.6-sunburst", false},
        {"{}",                        "gpt-image-2.6-sunburst", false},
        {"{\"complexity\":\"high\"}", "gpt-image-2.5-sunburst", false},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange;

        fixture_options(fixture, rows[i].options);
        exchange = begin(fixture, &request);
        assert_int_equal(
            str_find(body_of(&exchange, fixture->arena), STR("\"complexity\":\"high\"")) >= 0,
            rows[i].is_sent);
    }
}

/* Background work needs to be stored, and shows nothing before it is done. */
static void test_background_work_is_stored_and_not_streamed(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2");
    struct exchange exchange;
    struct str body;

    fixture_options(fixture, BACKGROUND);
    request.partial_images = 2;
    exchange = begin(fixture, &request);
    body = body_of(&exchange, fixture->arena);
    assert_false(exchange.is_stream);
    assert_true(str_find(body, STR("\"background\":true")) > 0);
    assert_true(str_find(body, STR("store")) < 0 && str_find(body, STR("partial_images")) < 0 &&
                str_find(body, STR("stream")) < 0);
}

static void test_the_tool_makes_one_picture_and_takes_what_images_take(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2");
    struct exchange exchange;
    struct error err = {0};

    fixture_options(fixture, TOOL);
    request.count = 2;
    assert_false(
        provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "count");
    request = request_of("gpt-image-2");
    request.width_px = request.height_px = 100;
    assert_false(
        provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "size");
    request = request_of("gpt-6-sol"); /* the text model is no picture model */
    assert_false(
        provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "model");
}

static void test_a_response_is_asked_for_and_given_up_by_its_id(void **state)
{
    static const char *const bad[] = {"",       "resp/1",     "resp_1?x", "resp_1/../models",
                                      "resp 1", "r\xc3\xa9sp"};
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct error err = {0};
    char longest[130] = {0};

    fixture->account.key.hidden = STR("sk-1");
    fixture->account.base_url = STR("https://host.test/v1");
    assert_true(
        provider_openai.poll(&fixture->account, STR("resp_1-A"), fixture->arena, &exchange, &err));
    assert_text(exchange.method, "GET");
    assert_text(exchange.url, "https://host.test/v1/responses/resp_1-A");
    assert_text(header_of(&exchange, "Authorization"), "Bearer sk-1");
    assert_int_equal(exchange.purpose, EXCHANGE_POLL);
    assert_false(exchange.is_paid);
    assert_true(exchange.is_own_origin);
    assert_true(provider_openai.cancel(&fixture->account, STR("resp_1-A"), fixture->arena,
                                       &exchange, &err));
    assert_text(exchange.method, "POST");
    assert_text(exchange.url, "https://host.test/v1/responses/resp_1-A/cancel");
    assert_int_equal(exchange.purpose, EXCHANGE_CANCEL);
    assert_false(exchange.is_paid);
    memset(longest, 'a', 129);
    for (size_t i = 0; i <= COUNT(bad); i++) {
        struct str id = str_of(i < COUNT(bad) ? bad[i] : longest);

        assert_false(provider_openai.poll(&fixture->account, id, fixture->arena, &exchange, &err));
        assert_string_equal(err.field, "remote_id");
        assert_false(
            provider_openai.cancel(&fixture->account, id, fixture->arena, &exchange, &err));
    }
}

/* ---- Replies ---- */

#define USED                                                                                       \
    ",\"usage\":{\"input_tokens\":50,\"input_tokens_details\":{\"cached_tokens\":0},"              \
    "\"output_tokens\":10},\"tool_usage\":{\"image_gen\":{\"input_tokens\":18,\"output_tokens\":"  \
    "1056,\"input_tokens_details\":{\"text_tokens\":18,\"image_tokens\":0}}}"
#define COST (50 * 2 + 10 * 10 + 18 * 5 + 1056 * 30)
#define RESPONSE(status, items, rest)                                                              \
    "{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"" status "\",\"error\":null,"         \
    "\"output\":[" items "]" rest "}"
#define DRAWN                                                                                      \
    "{\"type\":\"image_generation_call\",\"id\":\"ig_1\",\"status\":\"completed\",\"result\":"     \
    "\"" PNG_BASE64 "\",\"revised_prompt\":\"a blue cup\"}"
#define FAILED(code)                                                                               \
    "{\"id\":\"resp_1\",\"status\":\"failed\",\"error\":{\"code\":\"" code                         \
    "\",\"message\":\"no\"},\"output\":[]}"
#define SAID(part) "{\"type\":\"message\",\"content\":[" part "]}"

static void test_a_picture_is_read_with_its_words_and_both_costs(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2");
    struct provider_verdict verdict;
    struct exchange exchange;
    const char *currency;

    fixture_options(fixture, TOOL);
    exchange = begin(fixture, &request);
    verdict = read_body(fixture, &request, &exchange, 200,
                        RESPONSE("completed",
                                 "{\"type\":\"reasoning\"}," DRAWN
                                 "," SAID("{\"type\":\"output_text\",\"text\":\"Here it is.\"}"),
                                 USED));
    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 1);
    assert_true(str_equal(verdict.pictures[0].bytes, STR(PNG_BYTES)));
    assert_text(verdict.pictures[0].revised_prompt, "a blue cup");
    assert_int_equal(
        provider_cost(&provider_openai, &fixture->account, &request, &verdict, &currency), COST);
    assert_string_equal(currency, "USD");
    /* Where one of them is not known, the picture's tokens, or its price, are what is left. */
    verdict = read_body(fixture, &request, &exchange, 200,
                        RESPONSE("completed", DRAWN, ",\"usage\":null,\"tool_usage\":null"));
    assert_int_equal(verdict.usage.cost_micro, -1);
    assert_int_equal(
        provider_cost(&provider_openai, &fixture->account, &request, &verdict, &currency), 53000);
}

/* What is reserved has the text model in it, whose tokens are settled too. */
static void test_an_estimate_has_both_models_in_it(void **state)
{
    /* A quarter of their bytes, and 8 for each of three texts: prompt, instructions, no schema.
     * Written are 4096 at most beside the prompt. */
    enum { TOLD_TOKENS = 119 / 4 + 8, PICTURE = 1767 * 30 + 9 * 5 };
    enum { READ = 9 + TOLD_TOKENS + 8, WRITTEN = 9 + 4096 };
    static const struct provider_own_price prices[] = {
        {.model = {"gpt-6.1-sol", 11},    .price = {.rule = {"percent", 7}, .percent = 50}},
        { .model = {"gpt-6.1-terra", 13},
         .price = {.rule = {"tokens", 6},
                   .text_in_micro = 1000000,
                   .image_in_micro = 1000000,
                   .out_micro = 1000000},
         .currency = "EUR"},
    };
    static const struct {
        const char *options;
        size_t references;
        int64_t micro;
        const char *why;
    } rows[] = {
        {"{}",                     0, PICTURE,                                                       "no text model"         },
        {TOOL,                     0, PICTURE + READ * 2 + WRITTEN * 10,                             "its own"               },
        {TOOL,                     2, PICTURE + 2 * 6983 * 8 + (READ + 4 * 2940) * 2 + WRITTEN * 10, "which sees"            },
        {TOOL_OF("gpt-6-astra"),   0, PICTURE + READ * 10 + WRITTEN * 50,                            "a dear one"            },
        {TOOL_OF("gpt-6.1-sol"),   0, PICTURE + (READ * 2 + WRITTEN * 10 + 1) / 2,
         "the house's price"                                                                                                 },
        {TOOL_OF("gpt-6.1-terra"), 0, PICTURE,                                                       "two monies have no sum"},
        {TOOL_OF("brand-new"),     0, PICTURE,                                                       "of no known price"     },
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2");
    const char *currency;

    request.width_px = request.height_px = 1024;
    fixture->account.prices = prices;
    fixture->account.price_count = COUNT(prices);
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t micro;

        fixture_options(fixture, rows[i].options);
        request.reference_count = rows[i].references;
        micro = provider_estimate(&provider_openai, &fixture->account, &request, &currency);
        if (micro != rows[i].micro)
            fail_msg("%s: %lld, not %lld", rows[i].why, (long long)micro, (long long)rows[i].micro);
        assert_string_equal(currency, "USD");
    }
}

static void test_background_work_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2");
    struct provider_verdict verdict;
    struct exchange exchange, poll;
    struct error err;

    fixture_options(fixture, BACKGROUND);
    exchange = begin(fixture, &request);
    verdict = read_body(fixture, &request, &exchange, 200, RESPONSE("queued", "", ""));
    assert_int_equal(verdict.type, VERDICT_WAIT);
    assert_text(verdict.remote_id, "resp_1");
    assert_int_equal(verdict.poll_after_ms, -1);
    /* Another process, and an account that was changed since: the id is enough. */
    fixture_options(fixture, "{}");
    assert_true(
        provider_openai.poll(&fixture->account, verdict.remote_id, fixture->arena, &poll, &err));
    verdict = read_body(fixture, &request, &poll, 200, RESPONSE("in_progress", "", ""));
    assert_int_equal(verdict.type, VERDICT_WAIT);
    verdict = read_body(fixture, &request, &poll, 200, RESPONSE("completed", DRAWN, USED));
    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.usage.cost_micro, COST);
    assert_true(
        provider_openai.cancel(&fixture->account, STR("resp_1"), fixture->arena, &exchange, &err));
    verdict = read_body(fixture, &request, &exchange, 200, RESPONSE("cancelled", "", ""));
    assert_int_equal(verdict.failure.class, FAILURE_CANCELLED);
    verdict = read_body(fixture, &request, &exchange, 200, RESPONSE("completed", DRAWN, USED));
    assert_int_equal(verdict.type, VERDICT_DONE); /* it was too late: what was made is kept */
}

static void test_what_is_no_picture_is_a_failure_that_says_what_was_paid(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
        enum charged charged;
        const char *says, *why;
    } rows[] = {
        {200, RESPONSE("completed", "{\"type\":\"image_generation_call\",\"status\":\"failed\","
         "\"result\":null,\"error\":{\"type\":\"image_generation_user_error\",\"code\":"
         "\"moderation_blocked\",\"message\":\"no\",\"moderation_details\":{\"categories\":[]}}}",
         USED), FAILURE_REFUSED, CHARGED_YES, "no", "blocked"},
        {200, RESPONSE("completed", SAID("{\"type\":\"refusal\",\"refusal\":\"I cannot.\"}"), USED),
         FAILURE_REFUSED, CHARGED_YES, "I cannot.", "refused in words"},
        {200, RESPONSE("completed", SAID("{\"type\":\"output_text\",\"text\":\"Which cup?\"}"),
         USED), FAILURE_UNKNOWN, CHARGED_YES, "Which cup?", "words instead"},
        {200, RESPONSE("completed", "", ""), FAILURE_UNKNOWN, CHARGED_MAYBE, "", "nothing"},
        {200, RESPONSE("completed", "{\"type\":\"image_generation_call\",\"result\":\"%%%\"}", ""),
         FAILURE_UNKNOWN, CHARGED_YES, "broken", "no base64"},
        {200, RESPONSE("completed", "{\"type\":\"image_generation_call\",\"result\":\"iVBORw0KGgo"
         "\"}", ""), FAILURE_UNKNOWN, CHARGED_YES, "broken", "base64 cut short"},
        {200, RESPONSE("incomplete", "", ",\"incomplete_details\":{\"reason\":\"content_filter\"}"),
         FAILURE_REFUSED, CHARGED_MAYBE, "", "filtered"},
        {200, RESPONSE("queued", "", ""), FAILURE_UNKNOWN, CHARGED_MAYBE, "",
         "queued, which nobody asked for"},
        {200, "{\"id\":\"resp_1\",\"status\":\"failed\",\"error\":{\"code\":\"rate_limit_exceeded"
         "\",\"message\":\"slow\"},\"output\":[]}", FAILURE_THROTTLED, CHARGED_NO, "slow",
         "failed for the rate"},
        {200, "{\"output\":7,\"tool_usage\":[]}", FAILURE_UNKNOWN, CHARGED_MAYBE, "", "wrong types"},
        {200, "{\"output\":[", FAILURE_UNKNOWN, CHARGED_MAYBE, "", "cut short"},
        {200, "<html><title>Hi</title>", FAILURE_INVALID, CHARGED_NO, "Hi", "a page"},
        {429, "{\"error\":{\"message\":\"x\",\"code\":\"insufficient_quota\"}}", FAILURE_QUOTA,
         CHARGED_NO, "x", "no money"},
        {404, "{\"error\":{\"message\":\"no such response\"}}", FAILURE_INVALID, CHARGED_NO,
         "no such response", "forgotten there"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2");
    struct exchange exchange;

    fixture_options(fixture, TOOL);
    exchange = begin(fixture, &request);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict =
            read_body(fixture, &request, &exchange, rows[i].status, rows[i].body);

        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged || verdict.failure.message.size == 0 ||
            str_find(verdict.failure.message, str_of(rows[i].says)) < 0)
            fail_msg("%s: %d %s, charged %d, %.*s", rows[i].why, (int)verdict.type,
                     failure_class_name(verdict.failure.class), (int)verdict.failure.charged,
                     STR_ARGS(verdict.failure.message));
    }
}

/* By the class the engine knows that asking again is no use; trouble of the question is none of
 * the work. */
static void test_background_work_that_is_over_is_not_asked_for_again(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
        enum charged charged;
        const char *why;
    } rows[] = {
        {200, FAILED("server_error"), FAILURE_REMOTE, CHARGED_MAYBE, "its own trouble"},
        {200, FAILED("rate_limit_exceeded"), FAILURE_REMOTE, CHARGED_NO, "the rate"},
        {200, FAILED("invalid_prompt"), FAILURE_REMOTE, CHARGED_NO, "invalid"},
        {200, FAILED("moderation_blocked"), FAILURE_REFUSED, CHARGED_MAYBE, "refused"},
        {200, RESPONSE("failed", "", ""), FAILURE_REMOTE, CHARGED_MAYBE, "nobody says why"},
        {200, RESPONSE("completed", "{\"type\":\"image_generation_call\",\"status\":\"failed\","
         "\"error\":{\"code\":\"server_error\",\"message\":\"no\"}}", USED), FAILURE_REMOTE,
         CHARGED_YES, "the tool failed"},
        {200, RESPONSE("completed", "", USED), FAILURE_RESULT_LOST, CHARGED_YES, "no picture"},
        {200, RESPONSE("incomplete", "", ",\"incomplete_details\":{\"reason\":\"content_filter\"}"),
         FAILURE_REFUSED, CHARGED_MAYBE, "filtered"},
        {200, RESPONSE("incomplete", "", ""), FAILURE_RESULT_LOST, CHARGED_MAYBE, "incomplete"},
        {200, RESPONSE("cancelled", "", ""), FAILURE_CANCELLED, CHARGED_MAYBE, "cancelled"},
        {200, "{\"error\":{\"code\":\"server_error\",\"message\":\"no\"}}", FAILURE_SERVER,
         CHARGED_MAYBE, "an error within a success"},
        {500, FAILED("server_error"), FAILURE_SERVER, CHARGED_MAYBE, "no answer"},
        {404, "{\"error\":{\"message\":\"no such response\"}}", FAILURE_INVALID, CHARGED_NO,
         "not known there"},
        {400, "{\"error\":{\"message\":\"Unknown parameter: 'tools[0].size'.\",\"param\":"
         "\"tools[0].size\",\"code\":\"unknown_parameter\"}}", FAILURE_INVALID, CHARGED_NO,
         "a question is not made an order"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2");
    struct exchange poll;
    struct error err;

    fixture_options(fixture, BACKGROUND);
    request.width_px = 1024;
    request.height_px = 1024;
    assert_true(
        provider_openai.poll(&fixture->account, STR("resp_1"), fixture->arena, &poll, &err));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict =
            read_body(fixture, &request, &poll, rows[i].status, rows[i].body);

        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged || verdict.failure.message.size == 0)
            fail_msg("%s: %d %s, charged %d, %.*s", rows[i].why, (int)verdict.type,
                     failure_class_name(verdict.failure.class), (int)verdict.failure.charged,
                     STR_ARGS(verdict.failure.message));
    }
}

static void test_a_field_of_the_tool_that_is_refused_is_left_out(void **state)
{
    static const struct {
        const char *param, *name; /* name NULL: no next call */
    } rows[] = {
        {"tools[0].output_compression", "output_compression"},
        {"tools[0].moderation",         "moderation"        },
        {"tools[0].complexity",         NULL                },
        {"safety_identifier",           "safety_identifier" },
        {"tools[0].prompt",             NULL                },
        {"tools[1].moderation",         NULL                },
        {"tool_choice",                 NULL                },
    };
    struct fixture *fixture = *state;

    fixture_options(fixture, "{\"images_api\":\"responses\",\"moderation\":\"low\"}");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("gpt-image-2");
        struct exchange exchange;
        struct provider_verdict verdict;
        struct str body;

        request.format = STR("webp");
        request.compression = 80;
        request.safety_id = STR("u");
        exchange = begin(fixture, &request);
        body = arena_printf(fixture->arena,
                            "{\"error\":{\"message\":\"Unknown parameter: '%s'.\",\"param\":\"%s\","
                            "\"code\":\"unknown_parameter\"}}",
                            rows[i].param, rows[i].param);
        verdict = read_body(fixture, &request, &exchange, 400, arena_cstr(fixture->arena, body));
        assert_int_equal(verdict.type, rows[i].name != NULL ? VERDICT_NEXT : VERDICT_FAILED);
        if (rows[i].name == NULL)
            continue;
        assert_text(verdict.next.url, "https://api.openai.com/v1/responses");
        assert_true(str_find(body_of(&verdict.next, fixture->arena), str_of(rows[i].name)) < 0);
        exchange = verdict.next;
        verdict = read_body(fixture, &request, &exchange, 200, RESPONSE("completed", DRAWN, USED));
        assert_int_equal(verdict.type, VERDICT_DONE);
        assert_text(verdict.dropped, rows[i].name);
    }
}

/* ---- Streams ---- */

#define EVENT(type, rest) "event: " type "\ndata: {\"type\":\"" type "\"" rest "}\n\n"
#define STARTED EVENT("response.created", ",\"response\":{\"id\":\"resp_1\"}")
#define PARTIAL                                                                                    \
    EVENT("response.image_generation_call.partial_image",                                          \
          ",\"partial_image_index\":0,\"partial_image_b64\":\"" PNG_BASE64 "\"")
#define ITEM EVENT("response.output_item.done", ",\"item\":" DRAWN)
#define BROKE EVENT("error", ",\"code\":\"server_error\",\"message\":\"broke\"")

static void count_partial(void *context, const struct provider_partial *partial)
{
    int *count = context;

    assert_true(str_equal(partial->bytes, STR(PNG_BYTES)));
    (*count)++;
}

static void test_a_stream_is_read_to_its_end_or_to_its_picture(void **state)
{
    /* clang-format off */
    static const struct {
        const char *stream;
        enum exchange_outcome outcome;
        enum verdict_type type;
        enum failure_class class;
        int64_t cost;
        const char *why;
    } rows[] = {
        {STARTED PARTIAL ITEM EVENT("response.completed", ",\"response\":" RESPONSE("completed",
         DRAWN, USED)), EXCHANGE_REPLIED, VERDICT_DONE, FAILURE_NONE, COST, "whole"},
        {STARTED PARTIAL EVENT("response.completed", ",\"response\":" RESPONSE("completed", DRAWN,
         USED)), EXCHANGE_REPLIED, VERDICT_DONE, FAILURE_NONE, COST, "the picture in its end"},
        {STARTED PARTIAL ITEM, EXCHANGE_REPLIED, VERDICT_DONE, FAILURE_NONE, -1, "no end"},
        {STARTED PARTIAL ITEM, EXCHANGE_LOST, VERDICT_DONE, FAILURE_NONE, -1, "lost afterwards"},
        {STARTED PARTIAL ITEM BROKE, EXCHANGE_REPLIED, VERDICT_DONE, FAILURE_NONE, -1,
         "broken afterwards"},
        {STARTED PARTIAL, EXCHANGE_REPLIED, VERDICT_FAILED, FAILURE_UNKNOWN, -1, "no picture"},
        {STARTED PARTIAL, EXCHANGE_LOST, VERDICT_FAILED, FAILURE_UNKNOWN, -1, "lost before"},
        {STARTED PARTIAL BROKE, EXCHANGE_REPLIED, VERDICT_FAILED, FAILURE_SERVER, -1, "broken"},
        {STARTED PARTIAL EVENT("response.failed", ",\"response\":{\"id\":\"resp_1\",\"status\":"
         "\"failed\",\"error\":{\"code\":\"moderation_blocked\",\"message\":\"no\"}}"),
         EXCHANGE_REPLIED, VERDICT_FAILED, FAILURE_REFUSED, -1, "failed"},
        {STARTED PARTIAL EVENT("response.completed", ",\"response\":7"), EXCHANGE_REPLIED,
         VERDICT_FAILED, FAILURE_UNKNOWN, -1, "an end of no kind"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2");
    struct exchange exchange;
    const char *currency;

    fixture_options(fixture, TOOL);
    request.partial_images = 1;
    exchange = begin(fixture, &request);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_stream *stream = provider_openai.stream_begin(fixture->arena);
        struct exchange_reply reply = {.outcome = rows[i].outcome, .status = 200};
        struct str rest = str_of(rows[i].stream);
        struct provider_verdict verdict;
        int partials = 0;

        for (; rest.size > 0; rest = str_slice(rest, 5, rest.size))
            provider_openai.stream_feed(stream, str_slice(rest, 0, 5), count_partial, &partials);
        reply.body = provider_openai.stream_end(stream);
        provider_openai.read(&fixture->account, &request, &exchange, &reply, fixture->arena,
                             &verdict);
        assert_int_equal(partials, 1);
        if (verdict.type != rows[i].type || verdict.failure.class != rows[i].class ||
            verdict.usage.cost_micro != rows[i].cost)
            fail_msg("%s: %d %s %lld, %.*s", rows[i].why, (int)verdict.type,
                     failure_class_name(verdict.failure.class), (long long)verdict.usage.cost_micro,
                     STR_ARGS(reply.body));
        if (verdict.type == VERDICT_DONE)
            assert_int_equal(verdict.picture_count, 1); /* the same one twice is one */
        assert_int_equal(verdict.is_cut, verdict.type == VERDICT_DONE && rows[i].cost < 0);
        if (verdict.is_cut) /* the text model's tokens were to come: no estimate stands for them */
            assert_int_equal(
                provider_cost(&provider_openai, &fixture->account, &request, &verdict, &currency),
                -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_picture_is_ordered_of_the_tool),
        TEST(test_complexity_is_for_those_that_plan),
        TEST(test_every_field_of_the_tool_is_sent),
        TEST(test_background_work_is_stored_and_not_streamed),
        TEST(test_the_tool_makes_one_picture_and_takes_what_images_take),
        TEST(test_a_response_is_asked_for_and_given_up_by_its_id),
        TEST(test_a_picture_is_read_with_its_words_and_both_costs),
        TEST(test_an_estimate_has_both_models_in_it),
        TEST(test_background_work_is_waited_for),
        TEST(test_what_is_no_picture_is_a_failure_that_says_what_was_paid),
        TEST(test_background_work_that_is_over_is_not_asked_for_again),
        TEST(test_a_field_of_the_tool_that_is_refused_is_left_out),
        TEST(test_a_stream_is_read_to_its_end_or_to_its_picture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
