/* Replies of Gemini's API: facts 2.2, 2.4 and 2.6. */
#include "provider/provider_test.h"

#include "provider/gemini_private.h"

/* The example of facts 2.2. */
#define USAGE                                                                                      \
    "\"usageMetadata\":{\"promptTokenCount\":265,\"candidatesTokenCount\":1120,"                   \
    "\"thoughtsTokenCount\":180,\"totalTokenCount\":1565,\"promptTokensDetails\":[{\"modality\":"  \
    "\"TEXT\",\"tokenCount\":7},{\"modality\":\"IMAGE\",\"tokenCount\":258}],"                     \
    "\"candidatesTokensDetails\":[{\"modality\":\"IMAGE\",\"tokenCount\":1120}]},"                 \
    "\"modelVersion\":\"gemini-nano-banana-2.1\",\"responseId\":\"r-7\""
#define PART(base64)                                                                               \
    "{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"" base64 "\"},"                        \
    "\"thoughtSignature\":\"abc\"}"
#define ANSWER(reason, parts)                                                                      \
    "{\"candidates\":[{\"index\":0,\"finishReason\":\"" reason                                     \
    "\",\"content\":{\"role\":\"model\",\"parts\":[" parts "]}}]," USAGE "}"
#define GOOD ANSWER("STOP", "{\"text\":\"Here you go.\"}," PART(PNG_BASE64))

static struct provider_request request_of(const char *model)
{
    return (struct provider_request){
        .model = str_of(model), .prompt = STR("a cup"), .count = 1, .compression = -1};
}

static struct provider_verdict read_body(struct fixture *fixture, int status, const char *body)
{
    struct provider_request request = request_of("gemini-nano-banana-2.1");

    return verdict_of(&provider_gemini, fixture, &request, status, str_of(body));
}

static int64_t cost_of(struct fixture *fixture, const char *model,
                       const struct provider_verdict *verdict)
{
    struct provider_request request = request_of(model);
    const char *currency;

    return provider_cost(&provider_gemini, &fixture->account, &request, verdict, &currency);
}

static void test_the_documented_reply_is_read_and_priced(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict = read_body(fixture, 200, GOOD);

    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 1);
    assert_true(str_equal(verdict.pictures[0].bytes, STR(PNG_BYTES)));
    assert_int_equal(verdict.usage.tokens_in, 265);
    assert_int_equal(verdict.usage.text_tokens_in, 7);
    assert_int_equal(verdict.usage.image_tokens_in, 258);
    assert_int_equal(verdict.usage.tokens_out, 1300);
    assert_text(verdict.request_id, "r-7");
    /* 265 at 1.50, 1120 at 30, 180 thoughts at 7.50 a million */
    assert_int_equal(cost_of(fixture, "gemini-nano-banana-2.1", &verdict), 398 + 33600 + 1350);
}

static void test_costs_are_told_by_what_was_counted(void **state)
{
    /* clang-format off */
    static const struct {
        const char *usage;
        int64_t micro;
        const char *why;
    } rows[] = {
        {"{\"promptTokenCount\":100,\"candidatesTokenCount\":1120}", 150 + 33600,
         "no details: all of it is a picture"},
        {"{\"promptTokenCount\":100,\"candidatesTokenCount\":1160,\"candidatesTokensDetails\":"
         "[{\"modality\":\"IMAGE\",\"tokenCount\":1120},{\"modality\":\"TEXT\",\"tokenCount\":40}]"
         "}", 150 + 33600 + 300, "words beside the picture"},
        {"{\"prompt_token_count\":100,\"candidates_token_count\":1120}", 150 + 33600, "snake_case"},
        /* Without tokens: as it was estimated. */
        {"{}", 33614, "nothing counted"},
        {"null", 33614, "null"},
        {"[1]", 33614, "a list"},
        {"{\"promptTokenCount\":-5,\"candidatesTokenCount\":\"x\"}", 33614, "nonsense"},
        {"{\"promptTokenCount\":1,\"candidatesTokenCount\":1e300}", 33614, "absurd"},
        {"{\"promptTokenCount\":10,\"candidatesTokenCount\":5,\"candidatesTokensDetails\":"
         "[{\"modality\":\"IMAGE\",\"tokenCount\":900000000},{\"modality\":\"IMAGE\","
         "\"tokenCount\":"
         "900000000}]}", 15 + 150, "details that cannot be"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str body =
            arena_printf(fixture->arena,
                         "{\"candidates\":[{\"content\":{\"parts\":[%s]}}],\"usageMetadata\":%s}",
                         PART(PNG_BASE64), rows[i].usage);
        struct provider_request request = request_of("gemini-nano-banana-2.1");
        struct provider_verdict verdict =
            verdict_of(&provider_gemini, fixture, &request, 200, body);
        assert_int_equal(verdict.type, VERDICT_DONE);
        if (cost_of(fixture, "gemini-nano-banana-2.1", &verdict) != rows[i].micro)
            fail_msg("%s: %lld", rows[i].why,
                     (long long)cost_of(fixture, "gemini-nano-banana-2.1", &verdict));
    }
}

static void test_pictures_are_found_in_all_parts_but_thoughts(void **state)
{
    /* clang-format off */
    static const struct {
        const char *body;
        size_t count;
        const char *why;
    } rows[] = {
        {ANSWER("STOP", "{\"thought\":true,\"inlineData\":{\"data\":\"" OTHER_PNG_BASE64
                        "\"}}," PART(PNG_BASE64)),
         1, "a draft among the thoughts"},
        {ANSWER("STOP", PART(PNG_BASE64) "," PART(OTHER_PNG_BASE64)), 2, "two"},
        {ANSWER("STOP", PART(PNG_BASE64) "," PART(PNG_BASE64)), 1, "the same twice"},
        {ANSWER("STOP",
         "{\"inline_data\":{\"mime_type\":\"image/png\",\"data\":\"" JPEG_BASE64 "\"}}"),
         1, "a relay's snake_case, a wrong type"},
        {ANSWER("STOP", "null,7,\"x\",{},{\"inlineData\":7},{\"inlineData\":{\"data\":7}}," PART(
                            PNG_BASE64)),
         1, "among nonsense"},
        {"[" GOOD "]", 1, "in a list"},
        {ANSWER("IMAGE_SAFETY", PART(PNG_BASE64)), 1, "in spite of the reason"},
        {ANSWER("STOP", PART("%%%") "," PART(PNG_BASE64)), 1, "beside a broken one"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = read_body(fixture, 200, rows[i].body);
        if (verdict.type != VERDICT_DONE || verdict.picture_count != rows[i].count)
            fail_msg("%s: %zu", rows[i].why, verdict.picture_count);
    }
}

/* facts 0.3: 200 is not success. */
static void test_every_failure_inside_a_200_is_one(void **state)
{
    /* clang-format off */
    static const struct {
        const char *body;
        enum failure_class class;
        enum charged charged;
        const char *code;
    } rows[] = {
        {"{\"promptFeedback\":{\"blockReason\":\"SAFETY\",\"safetyRatings\":[]}}", FAILURE_REFUSED,
         CHARGED_NO, "SAFETY"},
        {"{\"promptFeedback\":{\"blockReason\":\"IMAGE_SAFETY\"}," USAGE "}", FAILURE_REFUSED,
         CHARGED_NO, "IMAGE_SAFETY"},
        {"{\"prompt_feedback\":{\"block_reason\":\"OTHER\"}}", FAILURE_REFUSED, CHARGED_NO,
         "OTHER"},
#define FINISHED(reason) "{\"candidates\":[{\"finishReason\":\"" reason "\"}]}"
        {FINISHED("SAFETY"), FAILURE_REFUSED, CHARGED_MAYBE, "SAFETY"},
        {FINISHED("IMAGE_SAFETY"), FAILURE_REFUSED, CHARGED_MAYBE, "IMAGE_SAFETY"},
        {FINISHED("PROHIBITED_CONTENT"), FAILURE_REFUSED, CHARGED_MAYBE, "PROHIBITED_CONTENT"},
        {FINISHED("IMAGE_PROHIBITED_CONTENT"), FAILURE_REFUSED, CHARGED_MAYBE,
         "IMAGE_PROHIBITED_CONTENT"},
        {FINISHED("RECITATION"), FAILURE_REFUSED, CHARGED_MAYBE, "RECITATION"},
        {FINISHED("IMAGE_RECITATION"), FAILURE_REFUSED, CHARGED_MAYBE, "IMAGE_RECITATION"},
        {FINISHED("BLOCKLIST"), FAILURE_REFUSED, CHARGED_MAYBE, "BLOCKLIST"},
        {FINISHED("SPII"), FAILURE_REFUSED, CHARGED_MAYBE, "SPII"},
        {FINISHED("LANGUAGE"), FAILURE_INVALID, CHARGED_MAYBE, "LANGUAGE"},
        {FINISHED("MAX_TOKENS"), FAILURE_INVALID, CHARGED_MAYBE, "MAX_TOKENS"},
        {FINISHED("NO_IMAGE"), FAILURE_UNKNOWN, CHARGED_MAYBE, "NO_IMAGE"},
        {FINISHED("IMAGE_OTHER"), FAILURE_UNKNOWN, CHARGED_MAYBE, "IMAGE_OTHER"},
        {FINISHED("OTHER"), FAILURE_UNKNOWN, CHARGED_MAYBE, "OTHER"},
        {FINISHED("MALFORMED_RESPONSE"), FAILURE_UNKNOWN, CHARGED_MAYBE, "MALFORMED_RESPONSE"},
        {FINISHED("UNEXPECTED_TOOL_CALL"), FAILURE_UNKNOWN, CHARGED_MAYBE, "UNEXPECTED_TOOL_CALL"},
        {FINISHED("CONTINUATION"), FAILURE_INVALID, CHARGED_MAYBE, "CONTINUATION"},
        {ANSWER("CONTINUATION", ""), FAILURE_INVALID, CHARGED_YES, "CONTINUATION"},
        {FINISHED("A_NEW_REASON"), FAILURE_UNKNOWN, CHARGED_MAYBE, "A_NEW_REASON"},
        {FINISHED("STOP"), FAILURE_UNKNOWN, CHARGED_MAYBE, ""},
        {ANSWER("NO_IMAGE", ""), FAILURE_UNKNOWN, CHARGED_YES, "NO_IMAGE"},
        {ANSWER("STOP", ""), FAILURE_UNKNOWN, CHARGED_YES, ""},
        {ANSWER("STOP", PART("iVBORw0KGgo")), FAILURE_UNKNOWN, CHARGED_YES, ""},
        {ANSWER("STOP", PART("%%%")), FAILURE_UNKNOWN, CHARGED_YES, ""},
        {ANSWER("STOP", PART("aGVsbG8=")), FAILURE_UNKNOWN, CHARGED_YES, ""},
        {ANSWER("STOP", "{\"thought\":true,\"inlineData\":{\"data\":\"" PNG_BASE64 "\"}}"),
         FAILURE_UNKNOWN, CHARGED_YES, ""},
        {"{\"candidates\":[]}", FAILURE_UNKNOWN, CHARGED_MAYBE, ""},
        {"{\"candidates\":7,\"promptFeedback\":7}", FAILURE_UNKNOWN, CHARGED_MAYBE, ""},
        {"{}", FAILURE_UNKNOWN, CHARGED_MAYBE, ""},
        {"[]", FAILURE_UNKNOWN, CHARGED_MAYBE, ""},
        {"null", FAILURE_UNKNOWN, CHARGED_MAYBE, ""},
        {"", FAILURE_UNKNOWN, CHARGED_MAYBE, ""},
        {"<html><title>Hi</title>", FAILURE_INVALID, CHARGED_NO, ""},
        {"{\"error\":{\"code\":503,\"message\":\"x\",\"status\":\"INTERNAL\"}}", FAILURE_SERVER,
         CHARGED_MAYBE, "INTERNAL"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = read_body(fixture, 200, rows[i].body);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged)
            fail_msg("row %zu, %s: %s, charged %d", i, rows[i].body,
                     failure_class_name(verdict.failure.class), verdict.failure.charged);
        assert_text(verdict.failure.code, rows[i].code);
        assert_true(verdict.failure.message.size > 0);
    }
}

/* Going on would be a second paid call: none is made, and what came is kept. */
static void test_a_model_that_would_go_on_is_not_asked_to(void **state)
{
    static const char meaning[] = "the model stopped half way and would go on in a second paid "
                                  "call, which is not made; ask for less at once";
    struct fixture *fixture = *state;
    struct provider_verdict verdict =
        read_body(fixture, 200,
                  "{\"candidates\":[{\"finishReason\":\"CONTINUATION\",\"continuationToken\":"
                  "\"abc\"}]," USAGE "}");

    assert_int_equal(verdict.type, VERDICT_FAILED); /* and not VERDICT_NEXT */
    assert_text(verdict.failure.message, meaning);
    verdict = read_body(fixture, 200, ANSWER("CONTINUATION", PART(PNG_BASE64)));
    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 1);
    assert_text(verdict.missing, meaning);
    verdict = read_body(fixture, 200, ANSWER("IMAGE_SAFETY", PART(PNG_BASE64)));
    assert_text(verdict.missing, "");
}

static void test_why_there_is_no_picture_is_told_in_its_words(void **state)
{
    struct fixture *fixture = *state;

    assert_text(read_body(fixture, 200,
                          "{\"candidates\":[{\"finishReason\":\"IMAGE_SAFETY\",\"finishMessage\":"
                          "\"Unable to show the image.\"}]}")
                    .failure.message,
                "the picture was blocked by the safety filter: Unable to show the image.");
    assert_text(
        read_body(fixture, 200, "{\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\"}}")
            .failure.message,
        "the prompt was blocked: PROHIBITED_CONTENT");
}

static void test_an_answer_in_words_is_a_refusal_that_tells_them(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict =
        read_body(fixture, 200,
                  "{\"candidates\":[{\"finishReason\":\"STOP\",\"content\":{\"parts\":[{\"text\":"
                  "\"I cannot draw \"},{\"text\":\"this.\"}]}}]}");

    assert_int_equal(verdict.type, VERDICT_FAILED);
    assert_int_equal(verdict.failure.class, FAILURE_REFUSED);
    assert_text(verdict.failure.message, "the model answered in words: I cannot draw this.");
}

/* --- errors --- */

#define ERROR(code, status, message, details)                                                      \
    "{\"error\":{\"code\":" #code ",\"message\":\"" message "\",\"status\":\"" status              \
    "\",\"details\":[" details "]}}"
#define DELAY(text)                                                                                \
    "{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":" text "}"
#define QUOTA(id)                                                                                  \
    "{\"@type\":\"type.googleapis.com/google.rpc.QuotaFailure\",\"violations\":[{\"quotaId\":"     \
    "\"" id "\"}]}"
#define EXCEEDED "You exceeded your current quota, please check your plan and billing details."

static void test_errors_are_classed_by_googles_status(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
        enum charged charged;
        int64_t retry_after_ms;
        const char *code;
    } rows[] = {
        {429, ERROR(429, "RESOURCE_EXHAUSTED", EXCEEDED, DELAY("\"37s\"")), FAILURE_THROTTLED,
         CHARGED_NO, 37000, "RESOURCE_EXHAUSTED"},
        {429, ERROR(429, "RESOURCE_EXHAUSTED", "x", DELAY("\"0.5s\"")), FAILURE_THROTTLED,
         CHARGED_NO, 500, "RESOURCE_EXHAUSTED"},
        {429, ERROR(429, "RESOURCE_EXHAUSTED", "x", DELAY("\"37.0641s\"")), FAILURE_THROTTLED,
         CHARGED_NO, 37065, "RESOURCE_EXHAUSTED"},
        {429, ERROR(429, "RESOURCE_EXHAUSTED", "x", DELAY("\"-1s\"")), FAILURE_THROTTLED,
         CHARGED_NO, -1, "RESOURCE_EXHAUSTED"},
        {429, ERROR(429, "RESOURCE_EXHAUSTED", "x", DELAY("\"86400s\"")), FAILURE_THROTTLED,
         CHARGED_NO, -1, "RESOURCE_EXHAUSTED"},
        {429, ERROR(429, "RESOURCE_EXHAUSTED", "x", DELAY("{\"seconds\":3}")), FAILURE_THROTTLED,
         CHARGED_NO, -1, "RESOURCE_EXHAUSTED"},
        {429, ERROR(429, "RESOURCE_EXHAUSTED", "x", DELAY("\"nans\"")), FAILURE_THROTTLED,
         CHARGED_NO, -1, "RESOURCE_EXHAUSTED"},
        {429, "[" ERROR(429, "RESOURCE_EXHAUSTED", "x", DELAY("\"2s\"")) "]", FAILURE_THROTTLED,
         CHARGED_NO, 2000, "RESOURCE_EXHAUSTED"},
        {429,
         ERROR(429, "RESOURCE_EXHAUSTED", "x",
         QUOTA("GenerateRequestsPerMinutePerProjectPerModel")),
         FAILURE_THROTTLED, CHARGED_NO, -1, "RESOURCE_EXHAUSTED"},
        {429,
         ERROR(429, "RESOURCE_EXHAUSTED", EXCEEDED,
         QUOTA("GenerateRequestsPerDayPerProjectPerModel-FreeTier") "," DELAY("\"9s\"")),
         FAILURE_QUOTA, CHARGED_NO, 9000, "RESOURCE_EXHAUSTED"},
        {429, ERROR(429, "RESOURCE_EXHAUSTED", "free_tier_requests, limit: 0, model: x", ""),
         FAILURE_QUOTA, CHARGED_NO, -1, "RESOURCE_EXHAUSTED"},
        {429, ERROR(429, "RESOURCE_EXHAUSTED", "requests, limit: 0.5", ""), FAILURE_THROTTLED,
         CHARGED_NO, -1, "RESOURCE_EXHAUSTED"},
        {400, ERROR(400, "INVALID_ARGUMENT", "bad", ""), FAILURE_INVALID, CHARGED_NO, -1,
         "INVALID_ARGUMENT"},
        {400,
         ERROR(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
         "{\"reason\":\"API_KEY_INVALID\"}"),
         FAILURE_AUTH, CHARGED_NO, -1, "INVALID_ARGUMENT"},
        {400, ERROR(400, "FAILED_PRECONDITION", "location", ""), FAILURE_INVALID, CHARGED_NO, -1,
         "FAILED_PRECONDITION"},
        {400, ERROR(400, "INVALID_ARGUMENT", "violates our content policy", ""), FAILURE_REFUSED,
         CHARGED_MAYBE, -1, "INVALID_ARGUMENT"},
        {401, ERROR(401, "UNAUTHENTICATED", "x", ""), FAILURE_AUTH, CHARGED_NO, -1,
         "UNAUTHENTICATED"},
        {403, ERROR(403, "PERMISSION_DENIED", "x", ""), FAILURE_AUTH, CHARGED_NO, -1,
         "PERMISSION_DENIED"},
        {404, ERROR(404, "NOT_FOUND", "x", ""), FAILURE_INVALID, CHARGED_NO, -1, "NOT_FOUND"},
        {409, ERROR(409, "ABORTED", "x", ""), FAILURE_SERVER, CHARGED_NO, -1, "ABORTED"},
        {409, ERROR(409, "ALREADY_EXISTS", "x", ""), FAILURE_INVALID, CHARGED_NO, -1,
         "ALREADY_EXISTS"},
        {499, ERROR(499, "CANCELLED", "x", ""), FAILURE_UNKNOWN, CHARGED_MAYBE, -1, "CANCELLED"},
        {500, ERROR(500, "INTERNAL", "x", ""), FAILURE_SERVER, CHARGED_MAYBE, -1, "INTERNAL"},
        {500, ERROR(500, "UNKNOWN", "x", ""), FAILURE_SERVER, CHARGED_MAYBE, -1, "UNKNOWN"},
        {501, ERROR(501, "UNIMPLEMENTED", "x", ""), FAILURE_INVALID, CHARGED_NO, -1,
         "UNIMPLEMENTED"},
        {503, ERROR(503, "UNAVAILABLE", "overloaded", ""), FAILURE_SERVER, CHARGED_MAYBE, -1,
         "UNAVAILABLE"},
        {503, ERROR(503, "UNAVAILABLE", "x", DELAY("\"5s\"")), FAILURE_THROTTLED, CHARGED_NO, 5000,
         "UNAVAILABLE"},
        {504, ERROR(504, "DEADLINE_EXCEEDED", "x", ""), FAILURE_UNKNOWN, CHARGED_MAYBE, -1,
         "DEADLINE_EXCEEDED"},
        {429, "", FAILURE_THROTTLED, CHARGED_NO, -1, ""},
        {502, "<html><title>Bad Gateway</title>", FAILURE_SERVER, CHARGED_MAYBE, -1, ""},
        {400, "{\"error\":7,\"details\":{}}", FAILURE_INVALID, CHARGED_NO, -1, ""},
        {429, "{\"error\":{\"details\":{\"a\":1},\"status\":7}}", FAILURE_THROTTLED, CHARGED_NO, -1,
         ""},
        {429, "{\"error\":{\"details\":[1,null,{\"violations\":{\"a\":1}},{\"violations\":[7]}]}}",
         FAILURE_THROTTLED, CHARGED_NO, -1, ""},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = read_body(fixture, rows[i].status, rows[i].body);
        const struct provider_failure *failure = &verdict.failure;
        if (verdict.type != VERDICT_FAILED || failure->class != rows[i].class ||
            failure->charged != rows[i].charged ||
            failure->retry_after_ms != rows[i].retry_after_ms)
            fail_msg("%d %s: %s, charged %d, retry after %lld", rows[i].status, rows[i].body,
                     failure_class_name(failure->class), failure->charged,
                     (long long)failure->retry_after_ms);
        assert_text(failure->code, rows[i].code);
        assert_true(failure->message.size > 0);
    }
}

static void test_an_error_in_a_list_is_told_too(void **state)
{
    struct fixture *fixture = *state;

    assert_text(read_body(fixture, 400, "[" ERROR(400, "INVALID_ARGUMENT", "no such shape", "") "]")
                    .failure.message,
                "no such shape");
}

static void test_what_was_not_sent_or_was_lost_stays_so(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gemini-nano-banana-2.1");
    struct exchange exchange = {.purpose = EXCHANGE_SUBMIT, .is_paid = true};
    struct exchange_reply reply = {.outcome = EXCHANGE_NOT_SENT};
    struct provider_verdict verdict;

    provider_gemini.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.failure.class, FAILURE_NOT_SENT);
    assert_int_equal(verdict.failure.charged, CHARGED_NO);
    reply = (struct exchange_reply){.outcome = EXCHANGE_LOST, .status = 200, .body = STR(GOOD)};
    provider_gemini.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.type, VERDICT_FAILED);
    assert_int_equal(verdict.failure.class, FAILURE_UNKNOWN);
    assert_int_equal(verdict.failure.charged, CHARGED_MAYBE);
}

static void test_the_key_is_never_told(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
    } rows[] = {
        {400, ERROR(400, "AIzaSyA0123456789", "API key AIzaSyA0123456789 not valid", "")},
        {200, "{\"candidates\":[{\"finishReason\":\"AIzaSyA0123456789\",\"finishMessage\":"
              "\"AIzaSyA0123456789\"}],\"responseId\":\"AIzaSyA0123456789\"}"},
        {200, "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"AIzaSyA0123456789\"}]}}]}"},
        {200, "{\"promptFeedback\":{\"blockReason\":\"AIzaSyA0123456789\"}}"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    fixture->account.key.hidden = STR("AIzaSyA0123456789");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = read_body(fixture, rows[i].status, rows[i].body);
        assert_int_equal(str_find(verdict.failure.message, STR("AIzaSyA0")), -1);
        assert_int_equal(str_find(verdict.failure.code, STR("AIzaSyA0")), -1);
        assert_int_equal(str_find(verdict.request_id, STR("AIzaSyA0")), -1);
        assert_true(str_find(verdict.failure.message, STR("***")) >= 0);
    }
}

/* --- hostile replies --- */

static void test_each_prefix_of_a_good_reply_gives_a_verdict(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gemini-nano-banana-2.1");
    const struct str good = STR(GOOD);

    for (size_t size = 0; size < good.size; size++) {
        struct provider_verdict verdict =
            verdict_of(&provider_gemini, fixture, &request, 200, str_slice(good, 0, size));
        assert_int_equal(verdict.type, VERDICT_FAILED);
        assert_int_equal(verdict.failure.class, FAILURE_UNKNOWN);
        arena_reset(fixture->arena);
    }
}

static void test_each_changed_byte_gives_a_verdict(void **state)
{
    static const char *const bodies[] = {
        GOOD, ERROR(429, "RESOURCE_EXHAUSTED", "x", DELAY("\"37s\"") "," QUOTA("PerDay"))};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(bodies); i++) {
        char body[4096];
        size_t size = strlen(bodies[i]);
        assert_true(size < sizeof body);
        memcpy(body, bodies[i], size);
        for (size_t at = 0; at < size; at++)
            for (int bit = 0; bit < 8; bit++) {
                struct provider_request request = request_of("gemini-nano-banana-2.1");
                struct provider_verdict verdict;
                body[at] = (char)(body[at] ^ 1 << bit);
                verdict = verdict_of(&provider_gemini, fixture, &request, i == 0 ? 200 : 429,
                                     (struct str){body, size});
                assert_true(verdict.type == VERDICT_DONE || verdict.type == VERDICT_FAILED);
                body[at] = (char)(body[at] ^ 1 << bit);
                arena_reset(fixture->arena);
            }
    }
}

static void test_deep_nesting_is_no_trouble(void **state)
{
    static const char *const opens[] = {"[", "{\"candidates\":[", "{\"error\":", "{\"content\":"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(opens); i++) {
        CLEANUP(buf_finish) struct buf body = {0};
        struct provider_request request = request_of("m");
        for (int depth = 0; depth < 10000; depth++)
            buf_add(&body, str_of(opens[i]));
        assert_int_equal(verdict_of(&provider_gemini, fixture, &request, 200, buf_str(&body)).type,
                         VERDICT_FAILED);
    }
}

static void test_no_reply_takes_more_memory_than_it_may(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(buf_finish) struct buf body = {0};
    struct provider_request request = request_of("gemini-nano-banana-2.1");

    /* In a list, so that nothing is copied for being unwrapped; broken, so that all is looked at.
     */
    buf_add(&body, STR("[{\"error\":{\"message\":\""));
    for (int i = 0; i < 2000000; i++)
        buf_add(&body, STR("words "));
    buf_add(&body,
            STR("\"},\"candidates\":[{\"content\":{\"parts\":[{\"inlineData\":{\"data\":\""));
    for (int i = 0; i < 4000000; i++)
        buf_add(&body, STR("AAAA"));
    buf_add(&body, STR("\"}}]}}]}]"));
    (void)verdict_of(&provider_gemini, fixture, &request, 200, buf_str(&body));
    assert_true(arena_used(fixture->arena) < body.size + MIB(4));
}

/* --- the probe --- */

static struct provider_failure probe(struct fixture *fixture, int status, const char *body,
                                     struct str **models, size_t *count)
{
    struct exchange_reply reply = reply_of(status, body);
    struct provider_failure failure;

    provider_gemini.read_probe(&fixture->account, &reply, fixture->arena, models, count, &failure);
    return failure;
}

static void test_models_are_listed_that_can_answer(void **state)
{
    struct fixture *fixture = *state;
    struct str *models;
    size_t count;
    struct provider_failure failure = probe(
        fixture, 200,
        "{\"models\":[{\"name\":\"models/gemini-a\",\"supportedGenerationMethods\":"
        "[\"generateContent\",\"countTokens\"]},{\"name\":\"models/embed\","
        "\"supportedGenerationMethods\":[\"embedContent\"]},{\"name\":\"b\"},{\"name\":\"\"},7,"
        "{\"name\":\"c\\nd\"},{\"name\":\"models/imagen-x\",\"supportedGenerationMethods\":"
        "[\"predict\"]}],\"nextPageToken\":\"t\"}",
        &models, &count);

    assert_int_equal(failure.class, FAILURE_NONE);
    assert_int_equal(count, 3);
    assert_text(models[0], "gemini-a");
    assert_text(models[1], "b");
    assert_text(models[2], "imagen-x");
}

static void test_a_failing_probe_says_why_and_is_free(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
    } rows[] = {
        {400, ERROR(400, "INVALID_ARGUMENT", "API key not valid.", ""), FAILURE_AUTH},
        {403, ERROR(403, "PERMISSION_DENIED", "x", ""), FAILURE_AUTH},
        {200, "<html>", FAILURE_INVALID},
        {200, "{\"data\":[]}", FAILURE_INVALID},
        {200, "{\"models\":{}}", FAILURE_INVALID},
        {503, "", FAILURE_SERVER},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str *models;
        size_t count;
        struct provider_failure failure =
            probe(fixture, rows[i].status, rows[i].body, &models, &count);
        assert_int_equal(count, 0);
        assert_int_equal(failure.class, rows[i].class);
        assert_int_equal(failure.charged, CHARGED_NO);
        assert_true(failure.message.size > 0);
    }
}

static void test_the_probe_asks_for_models(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct error err;

    fixture->account.key.hidden = STR("k");
    assert_true(provider_gemini.probe(&fixture->account, fixture->arena, &exchange, &err));
    assert_text(exchange.method, "GET");
    assert_text(exchange.url,
                "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000");
    assert_text(header_of(&exchange, "x-goog-api-key"), "k");
    assert_false(exchange.is_paid);
    assert_int_equal(exchange.purpose, EXCHANGE_PROBE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_documented_reply_is_read_and_priced),
        TEST(test_costs_are_told_by_what_was_counted),
        TEST(test_pictures_are_found_in_all_parts_but_thoughts),
        TEST(test_every_failure_inside_a_200_is_one),
        TEST(test_a_model_that_would_go_on_is_not_asked_to),
        TEST(test_why_there_is_no_picture_is_told_in_its_words),
        TEST(test_an_answer_in_words_is_a_refusal_that_tells_them),
        TEST(test_errors_are_classed_by_googles_status),
        TEST(test_an_error_in_a_list_is_told_too),
        TEST(test_what_was_not_sent_or_was_lost_stays_so),
        TEST(test_the_key_is_never_told),
        TEST(test_each_prefix_of_a_good_reply_gives_a_verdict),
        TEST(test_each_changed_byte_gives_a_verdict),
        TEST(test_deep_nesting_is_no_trouble),
        TEST(test_no_reply_takes_more_memory_than_it_may),
        TEST(test_models_are_listed_that_can_answer),
        TEST(test_a_failing_probe_says_why_and_is_free),
        TEST(test_the_probe_asks_for_models),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
