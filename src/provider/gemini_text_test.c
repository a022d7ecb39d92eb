/* Texts of Gemini and pictures of Imagen: facts 2.2 and 2.4. */
#include "provider/provider_test.h"

static struct provider_request request_of(const char *model)
{
    return (struct provider_request){
        .model = str_of(model), .prompt = STR("a cup"), .count = 1, .compression = -1};
}

static struct provider_verdict read_words(struct fixture *fixture, const char *schema,
                                          const char *body)
{
    struct provider_request request = request_of("gemini-3.8-flash");

    request.action = PROVIDER_WRITE;
    request.schema = str_of(schema);
    return verdict_of(&provider_gemini, fixture, &request, 200, str_of(body));
}

static int64_t cost_of(struct fixture *fixture, const char *model,
                       const struct provider_verdict *verdict)
{
    struct provider_request request = request_of(model);
    const char *currency;

    return provider_cost(&provider_gemini, &fixture->account, &request, verdict, &currency);
}

#define SAID(reason, text)                                                                         \
    "{\"candidates\":[{\"finishReason\":\"" reason "\",\"content\":{\"parts\":[{\"thought\":true," \
    "\"text\":\"hm\"}," text "]}}],\"usageMetadata\":{\"promptTokenCount\":1100,"                  \
    "\"candidatesTokenCount\":20,\"thoughtsTokenCount\":80}}"

static void test_a_text_is_read_without_its_thoughts(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict =
        read_words(fixture, "", SAID("STOP", "{\"text\":\"A \"},{\"text\":\"cup \xe8\x8c\xb6.\"}"));

    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_text(verdict.text, "A cup \xe8\x8c\xb6.");
    assert_int_equal(verdict.picture_count, 0);
    /* 1100 at 0.75, 100 at 3.75 a million */
    assert_int_equal(cost_of(fixture, "gemini-3.8-flash", &verdict), 825 + 375);
}

static void test_an_answer_to_a_schema_is_one_object(void **state)
{
    /* clang-format off */
    static const struct {
        const char *body, *text; /* NULL: fails */
        enum failure_class class;
        enum charged charged;
    } rows[] = {
        {SAID("STOP", "{\"text\":\"{\\\"a\\\":1}\"}"), "{\"a\":1}", FAILURE_NONE, CHARGED_NO},
        {SAID("STOP", "{\"text\":\"```json\\n{\\\"a\\\":1}\\n```\"}"), "{\"a\":1}", FAILURE_NONE,
         CHARGED_NO},
        {SAID("STOP", "{\"text\":\"[1]\"}"), NULL, FAILURE_UNKNOWN, CHARGED_YES},
        {SAID("STOP", "{\"text\":\"sure!\"}"), NULL, FAILURE_UNKNOWN, CHARGED_YES},
        {SAID("STOP", "{\"text\":\"```\"}"), NULL, FAILURE_UNKNOWN, CHARGED_YES},
        {SAID("MAX_TOKENS", "{\"text\":\"{\\\"a\\\"\"}"), NULL, FAILURE_INVALID, CHARGED_YES},
        {SAID("SAFETY", "{\"text\":\"{\\\"a\\\":1}\"}"), NULL, FAILURE_REFUSED, CHARGED_YES},
        {SAID("STOP", "{\"text\":\"  \"}"), NULL, FAILURE_UNKNOWN, CHARGED_YES},
        {"{\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}", NULL, FAILURE_REFUSED, CHARGED_NO},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict =
            read_words(fixture, "{\"type\":\"object\"}", rows[i].body);
        if (rows[i].text != NULL) {
            assert_int_equal(verdict.type, VERDICT_DONE);
            assert_text(verdict.text, rows[i].text);
            continue;
        }
        assert_int_equal(verdict.type, VERDICT_FAILED);
        assert_int_equal(verdict.failure.class, rows[i].class);
        assert_int_equal(verdict.failure.charged, rows[i].charged);
        assert_true(verdict.failure.message.size > 0);
    }
}

static void test_a_text_cut_at_its_limit_says_so(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict =
        read_words(fixture, "", SAID("MAX_TOKENS", "{\"text\":\"A cup of\"}"));

    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_text(verdict.text, "A cup of");
    assert_text(verdict.missing, "the answer was cut off at the limit of tokens");
}

static void test_a_text_that_would_go_on_is_kept_as_far_as_it_came(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict =
        read_words(fixture, "", SAID("CONTINUATION", "{\"text\":\"A cup of\"}"));

    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_text(verdict.text, "A cup of");
    assert_true(str_find(verdict.missing, STR("second paid call")) > 0);
    verdict = read_words(fixture, "{\"type\":\"object\"}",
                         SAID("CONTINUATION", "{\"text\":\"{\\\"a\\\"\"}"));
    assert_int_equal(verdict.type, VERDICT_FAILED);
    assert_int_equal(verdict.failure.class, FAILURE_INVALID);
    assert_int_equal(verdict.failure.charged, CHARGED_YES);
}

/* Thoughts are paid as output and cut into the limit, which is what is reserved. */
static void test_who_thinks_more_has_room_for_it(void **state)
{
    static const struct {
        const char *model, *options;
        int64_t limit;
        bool is_priced; /* 8 micro-dollars in, and 2.50 a million out */
    } rows[] = {
        {"gemini-3.5-flash-lite",        "",                 16384, true },
        {"models/gemini-3.5-flash-lite", "",                 16384, false},
        {"gemini-3.5-flash-lite",        "thinking=minimal", 4096,  true },
        {"gemini-3.5-flash-lite",        "thinking=low",     4096,  true },
        {"gemini-3.5-flash-lite",        "thinking=medium",  8192,  true },
        {"gemini-3.5-flash-lite",        "thinking=high",    16384, true },
        {"gemini-9",                     "",                 8192,  false},
        {"gemini-9",                     "thinking=high",    16384, false},
    };
    struct fixture *fixture = *state;
    const char *currency;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_account own = fixture->account;
        struct provider_request request = request_of(rows[i].model);
        const struct provider_own_price price = {
            .model = request.model, .price = {.rule = STR("tokens"), .out_micro = 4000000}
        };
        struct exchange exchange;
        struct error err;
        struct str wanted =
            arena_printf(fixture->arena, "\"maxOutputTokens\":%lld", (long long)rows[i].limit);

        own.prices = &price;
        own.price_count = 1;
        request.action = PROVIDER_WRITE;
        set_options(fixture, &request, rows[i].options);
        assert_true(
            provider_gemini.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
        if (str_find(body_of(&exchange, fixture->arena), wanted) < 0)
            fail_msg("%s %s: %.*s", rows[i].model, rows[i].options,
                     STR_ARGS(body_of(&exchange, fixture->arena)));
        /* All that may be written is reserved, thoughts too: no bill is above it. */
        assert_int_equal(
            provider_estimate(&provider_gemini, &fixture->account, &request, &currency),
            rows[i].is_priced ? 8 + rows[i].limit * 5 / 2 : -1);
        assert_int_equal(provider_estimate(&provider_gemini, &own, &request, &currency),
                         rows[i].limit * 4);
        request.output_tokens_max = 1000;
        assert_true(
            provider_gemini.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
        assert_true(str_find(body_of(&exchange, fixture->arena), STR("\"maxOutputTokens\":1000")) >
                    0);
    }
}

/* The dearest answer that keeps the limit, nearly all of it thoughts, costs no more than that. */
static void test_no_answer_within_its_limit_costs_more_than_was_reserved(void **state)
{
    static const char *const options[] = {"", "thinking=minimal", "thinking=medium",
                                          "thinking=high"};
    struct fixture *fixture = *state;
    const char *currency;

    for (size_t i = 0; i < COUNT(options); i++) {
        struct provider_request request = request_of("gemini-3.1-pro-preview");
        struct exchange_reply reply = {.outcome = EXCHANGE_REPLIED, .status = 200};
        struct provider_verdict verdict;
        struct exchange exchange;
        int64_t limit, reserved, cost;
        struct error err;

        request.action = PROVIDER_WRITE;
        set_options(fixture, &request, options[i]);
        limit = provider_gemini.write_tokens_max(&request);
        reserved = provider_estimate(&provider_gemini, &fixture->account, &request, &currency);
        reply.body =
            arena_printf(fixture->arena,
                         "{\"candidates\":[{\"finishReason\":\"STOP\",\"content\":"
                         "{\"parts\":[{\"text\":\"a\"}]}}],\"usageMetadata\":"
                         "{\"promptTokenCount\":%lld,\"candidatesTokenCount\":1,"
                         "\"thoughtsTokenCount\":%lld}}",
                         (long long)provider_count_tokens(request.prompt), (long long)limit - 1);
        assert_true(
            provider_gemini.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
        provider_gemini.read(&fixture->account, &request, &exchange, &reply, fixture->arena,
                             &verdict);
        cost = provider_cost(&provider_gemini, &fixture->account, &request, &verdict, &currency);
        assert_int_equal(verdict.type, VERDICT_DONE);
        assert_true(cost > 0);
        assert_true(cost <= reserved);
    }
}

#define INVALID(message)                                                                           \
    "{\"error\":{\"code\":400,\"message\":\"" message "\",\"status\":\"INVALID_ARGUMENT\"}}"
#define UNKNOWN_NAME                                                                               \
    INVALID("Invalid JSON payload received. Unknown name \\\"responseJsonSchema\\\" at "           \
            "'generation_config': Cannot find field.")

static void test_who_knows_the_old_schema_alone_is_told_it(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gemini-3.8-flash");
    struct exchange_reply reply = reply_of(400, UNKNOWN_NAME);
    struct exchange exchange;
    struct provider_verdict verdict;
    struct error err;

    request.action = PROVIDER_WRITE;
    request.schema = STR("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}}}");
    assert_true(
        provider_gemini.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    provider_gemini.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.type, VERDICT_NEXT);
    assert_int_equal(verdict.next.retry_stage, 1);
    assert_true(verdict.next.is_paid);
    assert_true(str_find(body_of(&verdict.next, fixture->arena),
                         STR("\"responseSchema\":{\"type\":\"OBJECT\",\"properties\":{\"a\":{"
                             "\"type\":\"INTEGER\"}}}")) > 0);
    /* and not again */
    exchange = verdict.next;
    provider_gemini.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.type, VERDICT_FAILED);
}

static void test_there_is_no_next_try_without_a_reason(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body, *schema;
        const char *why;
    } rows[] = {
        {400, INVALID("bad"), "{}", "names nothing"},
        {400, INVALID("responseJsonSchema is too deep"), "{}",
         "another complaint"},
        {500, UNKNOWN_NAME, "{}", "it may have run"},
        {400, UNKNOWN_NAME, "{\"$ref\":\"#\"}", "the old form cannot say it"},
        {400, UNKNOWN_NAME, "", "there is no schema"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("gemini-3.8-flash");
        request.action = PROVIDER_WRITE;
        request.schema = str_of(rows[i].schema);
        if (verdict_of(&provider_gemini, fixture, &request, rows[i].status, str_of(rows[i].body))
                .type != VERDICT_FAILED)
            fail_msg("%s", rows[i].why);
    }
}

/* --- Imagen --- */

static struct provider_verdict read_imagen(struct fixture *fixture, const char *body)
{
    struct provider_request request = request_of("imagen-4.0-generate-001");

    request.count = 2;
    return verdict_of(&provider_gemini, fixture, &request, 200, str_of(body));
}

static void test_imagens_pictures_are_read_and_the_filtered_told(void **state)
{
#define PREDICTION(base64) "{\"mimeType\":\"image/png\",\"bytesBase64Encoded\":\"" base64 "\"}"
    struct fixture *fixture = *state;
    struct provider_verdict verdict = read_imagen(
        fixture, "{\"predictions\":[" PREDICTION(PNG_BASE64) "," PREDICTION(OTHER_PNG_BASE64) "]}");

    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 2);
    assert_int_equal(verdict.missing.size, 0);
    assert_int_equal(cost_of(fixture, "imagen-4.0-generate-001", &verdict), 80000);
    verdict = read_imagen(
        fixture,
        "{\"predictions\":[{\"raiFilteredReason\":\"people\"}," PREDICTION(PNG_BASE64) "]}");
    assert_int_equal(verdict.picture_count, 1);
    assert_text(verdict.missing, "some pictures were filtered: people");
    assert_int_equal(cost_of(fixture, "imagen-4.0-generate-001", &verdict), 40000);
}

static void test_imagen_without_pictures_is_a_failure(void **state)
{
    static const struct {
        const char *body;
        enum failure_class class;
        enum charged charged;
    } rows[] = {
        {"{\"predictions\":[{\"raiFilteredReason\":\"people\"}]}", FAILURE_REFUSED, CHARGED_NO   },
        {"{}",                                                     FAILURE_REFUSED, CHARGED_NO   },
        {"{\"predictions\":[" PREDICTION("iVBORw0KGgo") "]}",      FAILURE_UNKNOWN, CHARGED_YES  },
        {"{\"predictions\":[" PREDICTION("%") "]}",                FAILURE_UNKNOWN, CHARGED_YES  },
        {"[]",                                                     FAILURE_UNKNOWN, CHARGED_MAYBE},
        {"{\"error\":{\"status\":\"INTERNAL\"}}",                  FAILURE_SERVER,  CHARGED_MAYBE},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = read_imagen(fixture, rows[i].body);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged)
            fail_msg("%s: %s", rows[i].body, failure_class_name(verdict.failure.class));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_text_is_read_without_its_thoughts),
        TEST(test_an_answer_to_a_schema_is_one_object),
        TEST(test_a_text_cut_at_its_limit_says_so),
        TEST(test_a_text_that_would_go_on_is_kept_as_far_as_it_came),
        TEST(test_who_thinks_more_has_room_for_it),
        TEST(test_no_answer_within_its_limit_costs_more_than_was_reserved),
        TEST(test_who_knows_the_old_schema_alone_is_told_it),
        TEST(test_there_is_no_next_try_without_a_reason),
        TEST(test_imagens_pictures_are_read_and_the_filtered_told),
        TEST(test_imagen_without_pictures_is_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
