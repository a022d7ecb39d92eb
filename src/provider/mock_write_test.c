/* The mock's texts, and the cards that carry them. */
#include "provider/mock.h"
#include "provider/mock_private.h"

#include "core/text.h"
#include "provider/provider_test.h"

#define NOW 1800000000000
#define SCHEMA                                                                                     \
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"text\",\"keywords\","     \
    "\"confidence\"],\"properties\":{\"text\":{\"type\":\"string\"},\"keywords\":{\"type\":"       \
    "\"array\",\"items\":{\"type\":\"string\"}},\"confidence\":{\"type\":\"number\"}}}"

static const struct provider_image picture = {
    {PNG_BYTES,   sizeof PNG_BYTES - 1},
    {"image/png", 9                   },
    {"a.png",     5                   }
};

static struct provider_request request_of(const char *key)
{
    return (struct provider_request){.action = PROVIDER_WRITE,
                                     .model = STR("mock-text"),
                                     .prompt = STR("a \"red\" cup"),
                                     .count = 1,
                                     .compression = -1,
                                     .idempotency_key = str_of(key)};
}

static struct exchange begin(struct fixture *fixture, const struct provider_request *request)
{
    struct exchange exchange;
    struct error err = {0};

    if (!provider_mock.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

static struct provider_verdict carry_out(struct fixture *fixture,
                                         const struct provider_request *request,
                                         const struct exchange *exchange, int64_t now_ms)
{
    struct provider_card card;
    struct exchange_reply reply;
    struct provider_verdict verdict;
    struct error err = {0};

    if (!provider_card_read(exchange->card, fixture->arena, &card, &err))
        fail_msg("%s: %.*s", err.message, STR_ARGS(exchange->card));
    assert_int_equal(provider_card_due(&card, now_ms), 0); /* there is nothing to draw */
    provider_card_reply(&card, NULL, 0, now_ms, fixture->arena, &reply);
    provider_mock.read(&fixture->account, request, exchange, &reply, fixture->arena, &verdict);
    return verdict;
}

static void test_a_text_is_answered_at_the_mocks_price(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("k");
    struct exchange exchange;
    struct provider_verdict verdict;
    struct provider_card card;
    struct error err;
    const char *currency;

    fixture_options(fixture, "{\"price_micro\":300,\"currency\":\"CNY\",\"latency_ms\":70}");
    exchange = begin(fixture, &request);
    assert_true(exchange.is_paid);
    assert_int_equal(exchange.delay_ms, 70);
    assert_true(provider_card_read(exchange.card, fixture->arena, &card, &err));
    assert_int_equal(card.picture_count, 0);
    assert_int_equal(card.partial_count, 0);
    verdict = carry_out(fixture, &request, &exchange, NOW);
    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 0);
    assert_true(str_starts_with(verdict.text, STR("a \"red\" cup, ")));
    assert_true(str_find(verdict.text, STR("no model wrote this")) > 0); /* it does not pretend */
    assert_int_equal(
        provider_cost(&provider_mock, &fixture->account, &request, &verdict, &currency), 300);
    assert_string_equal(currency, "CNY");
    assert_int_equal(provider_estimate(&provider_mock, &fixture->account, &request, &currency),
                     300);
}

static void test_the_same_call_is_the_same_text(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("k"), chinese = request_of("k");
    int others = 0;

    chinese.prompt = STR("红色的茶杯");
    assert_true(
        str_equal(mock_write(&request, fixture->arena), mock_write(&request, fixture->arena)));
    assert_true(str_find(mock_write(&chinese, fixture->arena), STR("模拟服务")) > 0);
    for (int i = 0; i < 20; i++) {
        struct provider_request other =
            request_of(arena_cstr(fixture->arena, arena_printf(fixture->arena, "k%d", i)));

        others +=
            !str_equal(mock_write(&request, fixture->arena), mock_write(&other, fixture->arena));
    }
    assert_true(others > 5);
}

static void test_pictures_are_counted_and_not_described(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("k");
    struct exchange exchange;

    request.references = &picture;
    request.reference_count = 1;
    exchange = begin(fixture, &request);
    assert_text(carry_out(fixture, &request, &exchange, NOW).text,
                "The mock was shown 1 picture(s) and looked at none of them. It was asked: a "
                "\"red\" cup");
}

static void test_an_object_fits_its_schema(void **state)
{
    /* clang-format off */
    static const char *const rows[][3] = {
        {SCHEMA, "{\"text\":\"The mock's \\\"text\\\" about 0 picture(s) and the prompt: a \\\"red"
         "\\\" cup\",\"keywords\":[\"mock keywords 1\",\"mock keywords 2\"],\"confidence\":0.0}",
         "the one of image.describe"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{\"enum\":[\"x\",\"y\"]},\"b\":{\"const\":7},"
         "\"c\":{\"type\":[\"null\",\"boolean\"]},\"d\":{\"type\":\"null\"}}}",
         "{\"a\":\"x\",\"b\":7,\"c\":false,\"d\":null}", "choices"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\",\"minimum\":2.5},\"b\":"
         "{\"type\":\"number\",\"maximum\":-1.5},\"c\":{\"type\":\"integer\",\"minimum\":-3}}}",
         "{\"a\":3,\"b\":-1.5,\"c\":0}", "bounds of numbers"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"maxLength\":8},\"b\":"
         "{\"type\":\"array\",\"minItems\":3,\"items\":{\"type\":\"integer\"}},\"c\":{\"type\":"
         "\"array\",\"maxItems\":0,\"items\":{\"type\":\"string\"}}}}",
         "{\"a\":\"The mock\",\"b\":[0,0,0],\"c\":[]}", "bounds of length"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/b\"},\"c\":{\"anyOf\":[{"
         "\"type\":\"integer\"},{\"type\":\"null\"}]}},\"$defs\":{\"b\":{\"type\":\"object\","
         "\"properties\":{\"d\":{\"type\":\"boolean\"}}}}}", "{\"a\":{\"d\":false},\"c\":0}",
         "references and choices"},
        {"{}", "{}", "anything"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("k");
        struct provider_verdict verdict;
        struct exchange exchange;

        request.schema = str_of(rows[i][0]);
        exchange = begin(fixture, &request);
        verdict = carry_out(fixture, &request, &exchange, NOW);
        if (!str_equal(verdict.text, str_of(rows[i][1])))
            fail_msg("%s: %.*s", rows[i][2], STR_ARGS(verdict.text));
    }
}

#define LOOP(properties, a)                                                                        \
    "{\"type\":\"object\",\"properties\":{" properties "},\"$defs\":{\"a\":{" a "}}}"
#define AGAIN "{\"$ref\":\"#/$defs/a\"}"

static void test_a_schema_without_an_end_comes_to_one(void **state)
{
    static const char *const rows[] = {
        LOOP("\"a\":" AGAIN, "\"type\":\"array\",\"minItems\":9,\"items\":" AGAIN),
        LOOP("\"a\":" AGAIN,
             "\"type\":\"object\",\"properties\":{\"a\":" AGAIN ",\"b\":" AGAIN "}"),
        LOOP("\"a\":" AGAIN, "\"$ref\":\"#/$defs/a\""),
        LOOP("\"a\":{\"type\":\"string\",\"minLength\":1e12}", ""),
        LOOP("\"b\":{\"type\":\"array\",\"minItems\":1e12,\"items\":{}},\"c\":{\"$ref\":\"#/x\"}",
             ""),
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("k");
        CLEANUP(json_cleanup) struct json *json = NULL;
        struct str text;
        struct error err;

        request.schema = str_of(rows[i]);
        text = mock_write(&request, fixture->arena);
        assert_true(text.size < KIB(64));
        assert_true(json_read(text, &json, &err));
    }
}

static void test_a_text_fails_as_pictures_do(void **state)
{
    static const struct {
        const char *name;
        enum failure_class class;
    } rows[] = {
        {"not_sent",      FAILURE_NOT_SENT },
        {"throttled",     FAILURE_THROTTLED},
        {"quota",         FAILURE_QUOTA    },
        {"refused",       FAILURE_REFUSED  },
        {"server",        FAILURE_SERVER   },
        {"unknown",       FAILURE_UNKNOWN  },
        {"remote_failed", FAILURE_REMOTE   },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("k");
        struct provider_verdict verdict;
        struct exchange exchange;

        fixture_options(
            fixture,
            arena_cstr(fixture->arena,
                       arena_printf(fixture->arena, "{\"failure_rate\":1,\"failure_kind\":\"%s\"}",
                                    rows[i].name)));
        exchange = begin(fixture, &request);
        verdict = carry_out(fixture, &request, &exchange, NOW);
        assert_int_equal(verdict.type, VERDICT_FAILED);
        assert_int_equal(verdict.failure.class, rows[i].class);
        assert_int_equal(verdict.text.size, 0);
    }
}

static void test_a_text_that_comes_later_survives_in_its_id(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("k");
    struct exchange exchange, poll;
    struct provider_verdict verdict;
    struct error err;

    fixture_options(fixture, "{\"async\":true,\"latency_ms\":1000}");
    request.schema = STR(SCHEMA);
    exchange = begin(fixture, &request);
    verdict = carry_out(fixture, &request, &exchange, NOW);
    assert_int_equal(verdict.type, VERDICT_WAIT);
    assert_true(
        provider_mock.poll(&fixture->account, verdict.remote_id, fixture->arena, &poll, &err));
    assert_int_equal(carry_out(fixture, &request, &poll, NOW + 999).type, VERDICT_WAIT);
    verdict = carry_out(fixture, &request, &poll, NOW + 1000);
    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_true(str_equal(verdict.text, mock_write(&request, fixture->arena)));
    assert_true(provider_mock.cancel(&fixture->account, verdict.remote_id, fixture->arena, &poll,
                                     &err) == (verdict.remote_id.size > 0));
}

static void test_a_model_does_one_thing(void **state)
{
    static const struct {
        const char *model;
        enum provider_action action;
        bool is_good;
    } rows[] = {
        {"mock",      PROVIDER_GENERATE, true },
        {"mock",      PROVIDER_WRITE,    false},
        {"mock-fast", PROVIDER_WRITE,    false},
        {"mock-text", PROVIDER_WRITE,    true },
        {"mock-text", PROVIDER_GENERATE, false},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("k");
        struct exchange exchange;
        struct error err = {0};

        request.model = str_of(rows[i].model);
        request.action = rows[i].action;
        assert_int_equal(
            provider_mock.begin(&fixture->account, &request, fixture->arena, &exchange, &err),
            rows[i].is_good);
        assert_string_equal(err.field, rows[i].is_good ? "" : "model");
    }
}

/* What a card of this version may hold; a picture's card has no text, as before. */
static void test_a_card_holds_pictures_or_a_text(void **state)
{
#define CARD(count, rest)                                                                          \
    "{\"v\":1,\"purpose\":\"submit\",\"outcome\":\"replied\",\"status\":200,\"ready_at_ms\":0,"    \
    "\"ready_in_ms\":0,\"retry_after_ms\":-1,\"id\":\"x\",\"width\":64,\"height\":64,\"seed\":1,"  \
    "\"count\":" count ",\"prompt\":\"a\",\"caption\":\"b\",\"format\":\"png\",\"quality\":90,"    \
    "\"transparent\":false,\"partials\":0,\"price_micro\":1,\"currency\":\"USD\"" rest "}"
    static const struct {
        const char *card;
        bool is_good;
        const char *body;
    } rows[] = {
        {CARD("1", ""),                 true,  "{\"id\":\"x\",\"pictures\":0}"                },
        {CARD("0", ",\"text\":\"hi\""), true,  "{\"id\":\"x\",\"pictures\":0,\"text\":\"hi\"}"},
        {CARD("0", ",\"text\":7"),      true,  "{\"id\":\"x\",\"pictures\":0}"                },
        {CARD("1", ",\"text\":\"hi\""), false, ""                                             },
        {CARD("1", ",\"text\":\"\""),   true,  "{\"id\":\"x\",\"pictures\":0}"                },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_card card;
        struct exchange_reply reply;
        struct error err;

        assert_int_equal(provider_card_read(str_of(rows[i].card), fixture->arena, &card, &err),
                         rows[i].is_good);
        if (!rows[i].is_good)
            continue;
        provider_card_reply(&card, NULL, 0, NOW, fixture->arena, &reply);
        assert_text(reply.body, rows[i].body);
    }
}

static void test_a_reply_that_is_not_the_cards_is_no_text(void **state)
{
    static const char *const bodies[] = {
        "", "{}", "{\"text\":\"\"}", "{\"text\":7}", "[", "{\"text\":\"a\"}"};
    struct fixture *fixture = *state;
    struct provider_request request = request_of("k");
    struct exchange exchange;

    request.schema = STR(SCHEMA); /* so that "a" is none either */
    exchange = begin(fixture, &request);
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct exchange_reply reply = reply_of(200, bodies[i]);
        struct provider_verdict verdict;

        provider_mock.read(&fixture->account, &request, &exchange, &reply, fixture->arena,
                           &verdict);
        assert_int_equal(verdict.type, VERDICT_FAILED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_text_is_answered_at_the_mocks_price),
        TEST(test_the_same_call_is_the_same_text),
        TEST(test_pictures_are_counted_and_not_described),
        TEST(test_an_object_fits_its_schema),
        TEST(test_a_schema_without_an_end_comes_to_one),
        TEST(test_a_text_fails_as_pictures_do),
        TEST(test_a_text_that_comes_later_survives_in_its_id),
        TEST(test_a_model_does_one_thing),
        TEST(test_a_card_holds_pictures_or_a_text),
        TEST(test_a_reply_that_is_not_the_cards_is_no_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
