#include "provider/provider_test.h"

#include <string.h>

static void test_class_names_read_back(void **state)
{
    (void)state;
    for (int i = FAILURE_NONE + 1; i < FAILURE_CLASS_COUNT; i++) {
        enum failure_class class = (enum failure_class)i;
        assert_int_equal(failure_class_of(str_of(failure_class_name(class))), class);
        assert_int_not_equal(failure_error_code(class), ERROR_NONE);
    }
    assert_int_equal(failure_class_of(STR("none")), FAILURE_NONE);
    assert_int_equal(failure_class_of(STR("sunny")), FAILURE_NONE);
}

/* Every shape of facts 1B.0.5. */
static void test_every_shape_of_error_body_is_read(void **state)
{
    /* clang-format off */
    static const struct {
        const char *body, *message, *code, *param, *why;
    } rows[] = {
        {"{\"error\":{\"message\":\"m\",\"type\":\"t\",\"param\":\"p\",\"code\":\"c\"}}", "m", "c",
         "p", "OpenAI"},
        {"{\"error\":{\"message\":\"m\",\"type\":\"t\",\"param\":null,\"code\":null}}", "m", "",
         "", "nulls"},
        {"{\"error\":{\"code\":429,\"message\":\"m\",\"metadata\":{}}}", "m", "429", "",
         "OpenRouter"},
        {"{\"error\":\"text\"}", "text", "", "", "Ollama, sd-server"},
        {"{\"error\":\"server_error\",\"message\":\"m\"}", "m", "server_error", "", "sd-server"},
        {"{\"code\":\"c\",\"error\":\"m\"}", "m", "c", "", "xAI"},
        {"{\"message\":\"m\"}", "m", "", "", "message alone"},
        {"{\"msg\":\"m\",\"code\":7}", "m", "7", "", "msg and code"},
        {"{\"code\":20012,\"message\":\"m\",\"data\":null}", "m", "20012", "", "SiliconFlow"},
        {"{\"detail\":\"m\"}", "m", "", "", "FastAPI"},
        {"{\"detail\":[{\"loc\":[\"body\",\"size\"],\"msg\":\"bad\",\"type\":\"t\"}]}",
         "size: bad", "", "size", "FastAPI 422"},
        {"{\"detail\":[{\"loc\":[\"body\",0],\"msg\":\"a\"},{\"msg\":\"b\"}]}", "0: a; b", "", "0",
         "two"},
        {"{\"detail\":{\"message\":\"m\",\"code\":\"c\"}}", "m", "c", "", "detail as object"},
        {"{\"errors\":[\"a\",\"b\"]}", "a; b", "", "", "Stability"},
        {"{\"error\":{\"detail\":[{\"msg\":\"m\"}]}}", "m", "", "", "a relay around FastAPI"},
        {"\"Invalid token\"", "Invalid token", "", "", "a text alone"},
        {"upstream timed out", "upstream timed out", "", "", "no JSON"},
        {"{\"error\":{\"mess", "", "", "", "cut JSON"},
        {"{}", "", "", "", "an empty object"},
        {"[]", "", "", "", "an empty list"},
        {"{\"error\":null}", "", "", "", "no error"},
        {"null", "", "", "", "null"},
        {"", "", "", "", "empty"},
        {"\x01\x02\x03", "", "", "", "binary"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_said said;
        provider_said_read(str_of(rows[i].body), fixture->arena, &said);
        print_message("%s\n", rows[i].why);
        assert_text(said.message, rows[i].message);
        assert_text(said.code, rows[i].code);
        assert_text(said.param, rows[i].param);
        assert_int_equal(said.has_error, rows[i].message[0] != '\0');
    }
}

static void test_a_web_page_says_so(void **state)
{
    struct fixture *fixture = *state;
    struct provider_said said;

    provider_said_read(STR("<!doctype html><title> Welcome </title>"), fixture->arena, &said);
    assert_true(said.is_page);
    assert_text(said.message,
                "the server answered with a web page (Welcome); is the base URL right?");
    provider_said_read(STR("<html>"), fixture->arena, &said);
    assert_text(said.message, "the server answered with a web page; is the base URL right?");
}

static void test_a_good_code_beside_a_message_is_no_error(void **state)
{
    struct fixture *fixture = *state;
    struct provider_said said;

    provider_said_read(STR("{\"code\":0,\"message\":\"ok\"}"), fixture->arena, &said);
    assert_false(said.has_error);
    provider_said_read(STR("{\"code\":10,\"message\":\"no\"}"), fixture->arena, &said);
    assert_true(said.has_error);
}

#define ERROR_BODY(code, type, message)                                                            \
    "{\"error\":{\"message\":\"" message "\",\"type\":\"" type "\",\"param\":null,\"code\":" code  \
    "}}"

static void test_failures_are_sorted_by_status_and_words(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
        enum charged charged;
        const char *why;
    } rows[] = {
        {400, ERROR_BODY("null", "invalid_request_error", "bad"), FAILURE_INVALID, CHARGED_NO,
         "facts 1.7: 400"},
        {400, ERROR_BODY("\"moderation_blocked\"", "image_generation_user_error", "blocked"),
         FAILURE_REFUSED, CHARGED_MAYBE, "moderation"},
        {400, ERROR_BODY("\"content_policy_violation\"", "invalid_request_error", "no"),
         FAILURE_REFUSED, CHARGED_MAYBE, "the old code"},
        {400, ERROR_BODY("\"400\"", "null", "litellm.ContentPolicyViolationError: no"),
         FAILURE_REFUSED, CHARGED_MAYBE, "LiteLLM wraps it"},
        {400, ERROR_BODY("null", "x", "rejected by our safety system"), FAILURE_REFUSED,
         CHARGED_MAYBE, "by words"},
        {400, ERROR_BODY("\"billing_hard_limit_reached\"", "x", "limit"), FAILURE_QUOTA,
         CHARGED_NO, "a limit sent as 400"},
        {401, ERROR_BODY("\"invalid_api_key\"", "invalid_request_error", "Incorrect"),
         FAILURE_AUTH, CHARGED_NO, "401"},
        {401, "\"Invalid token\"", FAILURE_AUTH, CHARGED_NO, "SiliconFlow's text"},
        {402, "{\"error\":{\"code\":402,\"message\":\"Insufficient credits\"}}", FAILURE_QUOTA,
         CHARGED_NO, "OpenRouter's credits"},
        {403, ERROR_BODY("null", "permission_error", "must be verified"), FAILURE_AUTH, CHARGED_NO,
         "403"},
        {403, "{\"error\":{\"code\":403,\"message\":\"x\",\"metadata\":{\"reasons\":[\"violence\""
         "]}}}", FAILURE_REFUSED, CHARGED_MAYBE, "OpenRouter's moderation"},
        {403, "{\"code\":30001,\"message\":\"Sorry, your account balance is "
         "insufficient\",\"data\":null}", FAILURE_QUOTA, CHARGED_NO, "SiliconFlow's balance"},
        {404, ERROR_BODY("\"model_not_found\"", "invalid_request_error", "no model"),
         FAILURE_INVALID, CHARGED_NO, "404"},
        {404, "", FAILURE_INVALID, CHARGED_NO, "the retired variations: an empty 404"},
        {408, "", FAILURE_UNKNOWN, CHARGED_MAYBE, "it waited in vain, and we cannot know for what"},
        {409, "{}", FAILURE_SERVER, CHARGED_NO, "a conflict is tried again"},
        {413, "", FAILURE_INVALID, CHARGED_NO, "413"},
        {422, "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"x\"}]}", FAILURE_INVALID, CHARGED_NO,
         "422"},
        {429, ERROR_BODY("\"rate_limit_exceeded\"", "requests", "slow"), FAILURE_THROTTLED,
         CHARGED_NO, "429"},
        {429, "", FAILURE_THROTTLED, CHARGED_NO, "429 without words"},
        {429, ERROR_BODY("\"slow_down\"", "x", "ramp"), FAILURE_THROTTLED, CHARGED_NO, "a ramp"},
        {429, ERROR_BODY("\"insufficient_quota\"", "insufficient_quota", "You exceeded"),
         FAILURE_QUOTA, CHARGED_NO, "a quota sent as 429"},
        {429, ERROR_BODY("\"credit_balance_exhausted\"", "x", "x"), FAILURE_QUOTA, CHARGED_NO,
         "another"},
        {429, ERROR_BODY("null", "insufficient_quota", "x"), FAILURE_QUOTA, CHARGED_NO,
         "by its type"},
        {429, ERROR_BODY("\"429\"", "budget_exceeded", "x"), FAILURE_QUOTA, CHARGED_NO,
         "LiteLLM's budget"},
        {451, "{\"message\":\"x\"}", FAILURE_REFUSED, CHARGED_MAYBE, "SiliconFlow's content"},
        {500, ERROR_BODY("null", "server_error", "oops"), FAILURE_SERVER, CHARGED_MAYBE, "500"},
        {500, ERROR_BODY("\"500\"", "x", "litellm.APIError: content policy"), FAILURE_REFUSED,
         CHARGED_MAYBE, "a refusal wrapped in a 500"},
        {501, ERROR_BODY("\"api_not_implemented\"", "one_api_error", "API not implemented"),
         FAILURE_INVALID, CHARGED_NO, "one-api"},
        {502, "<html>", FAILURE_SERVER, CHARGED_MAYBE, "a proxy's page"},
        {504, "<html>", FAILURE_UNKNOWN, CHARGED_MAYBE, "a proxy that waited in vain"},
        {504, ERROR_BODY("null", "server_error", "oops"), FAILURE_UNKNOWN, CHARGED_MAYBE,
         "whatever it says"},
        {524, "<html>", FAILURE_UNKNOWN, CHARGED_MAYBE, "an edge that waited in vain"},
        {520, "<html>", FAILURE_UNKNOWN, CHARGED_MAYBE, "a service that broke off under its edge"},
        {521, "<html>", FAILURE_SERVER, CHARGED_MAYBE, "one that is down"},
        {200, ERROR_BODY("524", "x", "Provider returned error"), FAILURE_UNKNOWN, CHARGED_MAYBE,
         "the same within a success"},
        {503, "", FAILURE_SERVER, CHARGED_MAYBE, "503 without words"},
        {503, ERROR_BODY("\"server_is_overloaded\"", "x", "x"), FAILURE_THROTTLED, CHARGED_NO,
         "overloaded"},
        {503, ERROR_BODY("\"model_not_found\"", "new_api_error", "no available channel"),
         FAILURE_INVALID, CHARGED_NO, "new-api"},
        {529, "", FAILURE_THROTTLED, CHARGED_NO, "overloaded"},
        {301, "", FAILURE_INVALID, CHARGED_NO, "a redirect"},
        {200, "<html>", FAILURE_INVALID, CHARGED_NO, "a page with 200"},
        {200, ERROR_BODY("\"insufficient_user_quota\"", "new_api_error", "x"), FAILURE_QUOTA,
         CHARGED_NO, "an error with 200"},
        {200, "{\"error\":{\"code\":429,\"message\":\"x\"}}", FAILURE_THROTTLED, CHARGED_NO,
         "a status inside a 200"},
        {200, ERROR_BODY("null", "invalid_request_error", "x"), FAILURE_INVALID, CHARGED_NO,
         "a type inside a 200"},
        {200, ERROR_BODY("null", "upstream_error", "x"), FAILURE_SERVER, CHARGED_MAYBE,
         "a relay's trouble"},
        {200, "{\"data\":[]}", FAILURE_UNKNOWN, CHARGED_MAYBE, "success with nothing"},
        {200, "", FAILURE_UNKNOWN, CHARGED_MAYBE, "success with no byte"},
        {0, "", FAILURE_UNKNOWN, CHARGED_MAYBE, "no status at all"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct provider_failure failure;
        exchange_classify(&reply, fixture->arena, &failure);
        if (failure.class != rows[i].class || failure.charged != rows[i].charged)
            fail_msg("%s: %s, charged %d", rows[i].why, failure_class_name(failure.class),
                     failure.charged);
        assert_true(failure.message.size > 0); /* a person always gets a sentence */
    }
}

static void test_a_503_that_says_when_was_not_run(void **state)
{
    struct fixture *fixture = *state;
    const struct exchange_header header = {STR("retry-after"), STR("3")};
    struct exchange_reply reply = reply_of(503, "");
    struct provider_failure failure;

    reply.headers = &header;
    reply.header_count = 1;
    exchange_classify(&reply, fixture->arena, &failure);
    assert_int_equal(failure.class, FAILURE_THROTTLED);
    assert_int_equal(failure.charged, CHARGED_NO);
    assert_int_equal(failure.retry_after_ms, 3000);
}

/* The word is read of any answer and changes neither its class nor what it cost. */
static void test_a_service_may_call_its_answer_final_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        int status;
        const char *value, *body;
        enum failure_class class;
        bool is_final;
    } rows[] = {
        {500,    "false",     "",                                  FAILURE_SERVER,    true },
        {500,    " False ",   "",                                  FAILURE_SERVER,    true },
        {500,    "true",      "",                                  FAILURE_SERVER,    false},
        {500,    "",          "",                                  FAILURE_SERVER,    false},
        {500,    "0",         "",                                  FAILURE_SERVER,    false},
        {500,    "falsehood", "",                                  FAILURE_SERVER,    false},
        {429,    "false",     "",                                  FAILURE_THROTTLED, true },
        {529,    "false",     "",                                  FAILURE_THROTTLED, true },
        {504,    "false",     "",                                  FAILURE_UNKNOWN,   true },
        {504,    "true",      "",                                  FAILURE_UNKNOWN,   false},
        {400,    "true",      "",                                  FAILURE_INVALID,   false},
        {401,    "true",      "",                                  FAILURE_AUTH,      false},
        {400,    "true",      ERROR_BODY("\"moderation_blocked\"", "x",               "no"), FAILURE_REFUSED, false},
        {200, "true",            "",                                             FAILURE_UNKNOWN,                                                        false                                               },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct exchange_header header = {STR("x-should-retry"), str_of(rows[i].value)};
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct provider_failure with, without;

        exchange_classify(&reply, fixture->arena, &without);
        reply.headers = &header;
        reply.header_count = 1;
        exchange_classify(&reply, fixture->arena, &with);
        if (with.class != rows[i].class || with.is_final != rows[i].is_final || without.is_final ||
            with.class != without.class || with.charged != without.charged)
            fail_msg("%d, \"%s\": %s, %d", rows[i].status, rows[i].value,
                     failure_class_name(with.class), with.is_final);
    }
}

static void test_a_429_without_a_time_takes_that_of_the_limit_that_is_used_up(void **state)
{
    struct fixture *fixture = *state;
    const struct exchange_header headers[] = {
        {STR("x-ratelimit-remaining-requests"), STR("0") },
        {STR("x-ratelimit-reset-requests"),     STR("9s")},
        {STR("retry-after"),                    STR("3") },
    };
    static const struct {
        int status;
        size_t header_count;
        enum failure_class class;
        int64_t ms;
    } rows[] = {
        {429, 0, FAILURE_THROTTLED, -1  },
        {429, 1, FAILURE_THROTTLED, -1  },
        {429, 2, FAILURE_THROTTLED, 9000},
        {429, 3, FAILURE_THROTTLED, 3000}, /* its own word goes first */
        {503, 2, FAILURE_SERVER,    -1  }, /* and no limit makes a trouble a refusal */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_reply reply = reply_of(rows[i].status, "");
        struct provider_failure failure;

        reply.headers = headers;
        reply.header_count = rows[i].header_count;
        exchange_classify(&reply, fixture->arena, &failure);
        assert_int_equal(failure.class, rows[i].class);
        assert_int_equal(failure.retry_after_ms, rows[i].ms);
    }
}

static void test_what_was_not_sent_is_free_and_what_was_lost_is_in_doubt(void **state)
{
    struct fixture *fixture = *state;
    struct exchange_reply reply = {.outcome = EXCHANGE_NOT_SENT};
    struct provider_failure failure;

    error_set(&reply.err, ERROR_UNREACHABLE, "no route");
    exchange_classify(&reply, fixture->arena, &failure);
    assert_int_equal(failure.class, FAILURE_NOT_SENT);
    assert_int_equal(failure.charged, CHARGED_NO);
    assert_text(failure.message, "no route");
    reply.outcome = EXCHANGE_LOST;
    exchange_classify(&reply, fixture->arena, &failure);
    assert_int_equal(failure.class, FAILURE_UNKNOWN);
    assert_int_equal(failure.charged, CHARGED_MAYBE);
}

static void test_the_key_never_stands_in_a_message(void **state)
{
    /* clang-format off */
    static const struct {
        const char *text, *clean, *why;
    } rows[] = {
        {"bad key sk-secret-0123456789.", "bad key ***.", "whole"},
        {"sk-secret-0123456789sk-secret-0123456789", "******", "twice"},
        {"cut: sk-secret-01234", "cut: ***", "a beginning of it"},
        {"cut: sk-secret... then", "cut: ***... then", "a beginning, then more"},
        {"sk-sec is short", "sk-sec is short", "too little to matter"},
        {"line\none\ttwo\x7f", "line one two ", "one line"},
        {"\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd", "broken UTF-8"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("%s\n", rows[i].why);
        assert_text(provider_text_clean(STR("sk-secret-0123456789"), str_of(rows[i].text), 500,
                                        fixture->arena),
                    rows[i].clean);
    }
}

static void test_a_key_across_the_cut_is_masked_before_it(void **state)
{
    struct fixture *fixture = *state;
    const struct str key = STR("sk-secret-0123456789");

    for (int pad = 470; pad < 520; pad++) {
        struct str text = arena_printf(fixture->arena, "%0*d%.*s", pad, 0, STR_ARGS(key));
        struct str clean = provider_text_clean(key, text, 500, fixture->arena);
        assert_true(clean.size <= 500);
        assert_int_equal(str_find(clean, STR("sk-")), -1);
    }
}

static void test_a_session_token_stands_in_a_message_no_more_than_its_key(void **state)
{
    struct fixture *fixture = *state;
    const struct str secret = STR("sk-secret-0123456789\nsts-token-9876543210");

    assert_text(
        provider_text_clean(secret,
                            STR("no sts-token-9876543210, and sk-secret-0123456789 neither, "
                                "nor sts-token-98 alone"),
                            500, fixture->arena),
        "no ***, and *** neither, nor *** alone");
    assert_text(
        provider_text_clean(STR("sk-secret-0123456789\n"), STR("a token"), 500, fixture->arena),
        "a token");
}

static void test_a_message_is_cut_between_characters(void **state)
{
    struct fixture *fixture = *state;
    struct str clean = provider_text_clean(STR_EMPTY, STR("图图图图图图"), 10, fixture->arena);

    assert_text(clean, "图图图");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_class_names_read_back),
        TEST(test_every_shape_of_error_body_is_read),
        TEST(test_a_web_page_says_so),
        TEST(test_a_good_code_beside_a_message_is_no_error),
        TEST(test_failures_are_sorted_by_status_and_words),
        TEST(test_a_503_that_says_when_was_not_run),
        TEST(test_a_service_may_call_its_answer_final_and_nothing_else),
        TEST(test_a_429_without_a_time_takes_that_of_the_limit_that_is_used_up),
        TEST(test_what_was_not_sent_is_free_and_what_was_lost_is_in_doubt),
        TEST(test_the_key_never_stands_in_a_message),
        TEST(test_a_key_across_the_cut_is_masked_before_it),
        TEST(test_a_session_token_stands_in_a_message_no_more_than_its_key),
        TEST(test_a_message_is_cut_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
