/* Replies of the Visual API and of the gateway before it: facts 4B. */
#include "provider/provider_test.h"

#include "provider/volc_visual_private.h"

#define REMOTE "volc1:sync2async:jimeng_t2i_v40:7392"
#define SECRET "secret-0123456789"
#define BODY(code, data)                                                                           \
    "{\"code\":" code ",\"data\":" data                                                            \
    ",\"message\":\"m\",\"request_id\":\"r-1\",\"status\":" code ",\"time_elapsed\":\"1ms\"}"
#define STATE(state, more) BODY("10000", "{\"status\":\"" state "\"" more "}")
#define GATEWAY(code)                                                                              \
    "{\"ResponseMetadata\":{\"RequestId\":\"g-1\",\"Action\":\"CVProcess\",\"Version\":"           \
    "\"2022-08-31\",\"Service\":\"cv\",\"Region\":\"cn-north-1\",\"Error\":{\"Code\":\"" code      \
    "\",\"CodeN\":100010,\"Message\":\"m " SECRET "\"}}}"

static struct provider_verdict read_for(struct fixture *fixture, const char *model,
                                        const struct exchange *exchange,
                                        const struct exchange_reply *reply)
{
    struct provider_request request = {
        .model = str_of(model), .prompt = STR("a cup"), .count = 1, .compression = -1};
    struct provider_verdict verdict;

    fixture->account.key.hidden = STR(SECRET);
    provider_volc_visual.read(&fixture->account, &request, exchange, reply, fixture->arena,
                              &verdict);
    return verdict;
}

static struct provider_verdict submitted(struct fixture *fixture, int status, const char *body)
{
    const struct exchange exchange = {.purpose = EXCHANGE_SUBMIT};
    const struct exchange_reply reply = reply_of(status, body);

    return read_for(fixture, "jimeng_t2i_v40", &exchange, &reply);
}

static struct provider_verdict processed(struct fixture *fixture, int status, const char *body)
{
    const struct exchange exchange = {.purpose = EXCHANGE_SUBMIT};
    const struct exchange_reply reply = reply_of(status, body);

    return read_for(fixture, "high_aes_general_v21_L", &exchange, &reply);
}

static struct provider_verdict polled(struct fixture *fixture, int status, const char *body)
{
    const struct exchange exchange = {.purpose = EXCHANGE_POLL, .memo = STR(REMOTE)};
    const struct exchange_reply reply = reply_of(status, body);

    return read_for(fixture, "jimeng_t2i_v40", &exchange, &reply);
}

static void test_a_submitted_task_is_waited_for(void **state)
{
    static const struct {
        const char *task_id, *remote_id, *why;
    } rows[] = {
        {"\"7392\"",     REMOTE,                                    "as documented"},
        {"7392",         REMOTE,                                    "a number"     },
        {"\"a-b.c_D\"",  "volc1:sync2async:jimeng_t2i_v40:a-b.c_D", "any id"       },
        {"\"\"",         "",                                        "empty"        },
        {"null",         "",                                        "none"         },
        {"\"a:b\"",      "",                                        "a colon"      },
        {"\"a\\u0000\"", "",                                        "a NUL"        },
        {"[1]",          "",                                        "a list"       },
        {"1.5",          "",                                        "a fraction"   },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str body =
            arena_printf(fixture->arena, BODY("10000", "{\"task_id\":%s}"), rows[i].task_id);
        struct provider_verdict verdict = submitted(fixture, 200, arena_cstr(fixture->arena, body));
        assert_text(verdict.remote_id, rows[i].remote_id);
        if (rows[i].remote_id[0] != '\0') {
            assert_int_equal(verdict.type, VERDICT_WAIT);
            assert_int_equal(verdict.poll_after_ms, 2500);
            assert_text(verdict.request_id, "r-1");
        } else {
            assert_int_equal(verdict.failure.class, FAILURE_UNKNOWN);
            assert_int_equal(verdict.failure.charged, CHARGED_MAYBE);
        }
    }
}

static void test_each_state_of_a_task_is_read(void **state)
{
    /* clang-format off */
    static const struct {
        const char *body;
        enum verdict_type type;
        enum failure_class class;
        enum charged charged;
        const char *why;
    } rows[] = {
        {STATE("in_queue", ""), VERDICT_WAIT, FAILURE_NONE, CHARGED_NO, "in the queue"},
        {STATE("generating", ",\"binary_data_base64\":null,\"image_urls\":null"), VERDICT_WAIT,
         FAILURE_NONE, CHARGED_NO, "at work"},
        {STATE("done", ",\"binary_data_base64\":[\"" PNG_BASE64 "\"],\"image_urls\":null"),
         VERDICT_DONE, FAILURE_NONE, CHARGED_NO, "done"},
        {STATE("done", ",\"binary_data_base64\":[],\"image_urls\":[\"https://a/1\"]"),
         VERDICT_DONE, FAILURE_NONE, CHARGED_NO, "done, by address"},
        {STATE("not_found", ""), VERDICT_FAILED, FAILURE_INVALID, CHARGED_MAYBE,
         "not known, or not yet"},
        {STATE("expired", ""), VERDICT_FAILED, FAILURE_RESULT_LOST, CHARGED_YES, "too late"},
        {STATE("sleeping", ""), VERDICT_FAILED, FAILURE_UNKNOWN, CHARGED_MAYBE, "a new state"},
        {STATE("done", ""), VERDICT_FAILED, FAILURE_RESULT_LOST, CHARGED_MAYBE, "no picture"},
        {STATE("done", ",\"binary_data_base64\":[\"iVBORw0KGgo\"]"), VERDICT_FAILED,
         FAILURE_RESULT_LOST, CHARGED_YES, "a cut picture"},
        {STATE("done", ",\"binary_data_base64\":{\"a\":[[]]},\"image_urls\":7"), VERDICT_FAILED,
         FAILURE_RESULT_LOST, CHARGED_MAYBE, "wrong types"},
        {STATE("done", ",\"algorithm_base_resp\":{\"status_code\":50501,\"status_message\":\"a\"}"),
         VERDICT_FAILED, FAILURE_REMOTE, CHARGED_MAYBE, "done, but the model failed"},
        {BODY("50511", "{\"status\":\"done\"}"), VERDICT_FAILED, FAILURE_REFUSED, CHARGED_MAYBE,
         "done with a failing code"},
        {BODY("50500", "{\"status\":\"done\"}"), VERDICT_FAILED, FAILURE_REMOTE, CHARGED_MAYBE,
         "done with an internal error"},
        {BODY("77777", "{\"status\":\"done\"}"), VERDICT_FAILED, FAILURE_REMOTE, CHARGED_MAYBE,
         "done with a code nobody knows"},
        {BODY("50412", "null"), VERDICT_FAILED, FAILURE_REFUSED, CHARGED_NO, "the prompt"},
        {BODY("50519", "null"), VERDICT_FAILED, FAILURE_REFUSED, CHARGED_MAYBE, "copyright"},
        {BODY("50206", "null"), VERDICT_FAILED, FAILURE_REMOTE, CHARGED_NO, "an input picture"},
        {BODY("50501", "null"), VERDICT_FAILED, FAILURE_REMOTE, CHARGED_MAYBE, "the algorithm"},
        {BODY("50500", "null"), VERDICT_FAILED, FAILURE_SERVER, CHARGED_MAYBE, "asked again"},
        {BODY("50429", "null"), VERDICT_FAILED, FAILURE_THROTTLED, CHARGED_NO, "too often asked"},
        {"", VERDICT_FAILED, FAILURE_UNKNOWN, CHARGED_MAYBE, "nothing"},
        {"{\"code\":10000}", VERDICT_FAILED, FAILURE_UNKNOWN, CHARGED_MAYBE, "no data"},
        {"{\"code\":10000,\"data\":[1]}", VERDICT_FAILED, FAILURE_UNKNOWN, CHARGED_MAYBE, "a list"},
        {"{\"code\":1e300}", VERDICT_FAILED, FAILURE_UNKNOWN, CHARGED_MAYBE, "a huge number"},
        {"[[[[[[[[\xff", VERDICT_FAILED, FAILURE_UNKNOWN, CHARGED_MAYBE, "nonsense"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = polled(fixture, 200, rows[i].body);
        if (verdict.type != rows[i].type || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged)
            fail_msg("%s: %s, charged %d", rows[i].why, failure_class_name(verdict.failure.class),
                     verdict.failure.charged);
        if (verdict.type == VERDICT_WAIT)
            assert_text(verdict.remote_id, REMOTE);
        if (verdict.type == VERDICT_FAILED)
            assert_true(verdict.failure.message.size > 0);
    }
}

static void test_pictures_are_taken_once(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict =
        polled(fixture, 200,
               STATE("done", ",\"binary_data_base64\":[\"" PNG_BASE64 "\",\"" JPEG_BASE64
                             "\",\"" PNG_BASE64 "\"],\"image_urls\":[\"https://a/1\"]"));

    assert_int_equal(verdict.picture_count, 2);
    assert_true(str_equal(verdict.pictures[0].bytes, STR(PNG_BYTES)));
    assert_int_equal(verdict.usage.images, 2);
    assert_int_equal(verdict.missing.size, 0);
    verdict = polled(fixture, 200, STATE("done", ",\"image_urls\":[\"https://a/1\"]"));
    assert_text(verdict.pictures[0].url, "https://a/1");
    assert_int_equal(verdict.pictures[0].header_count, 0); /* a signed address wants no key */
    verdict = polled(fixture, 200,
                     STATE("done", ",\"binary_data_base64\":[\"" PNG_BASE64 "\",\"iVBORw0KGgo\"]"));
    assert_int_equal(verdict.picture_count, 1);
    assert_true(verdict.missing.size > 0);
}

static void test_a_synchronous_reply_is_read(void **state)
{
    /* clang-format off */
    static const struct {
        const char *body;
        enum verdict_type type;
        enum failure_class class;
        enum charged charged;
        const char *why;
    } rows[] = {
        {BODY("10000", "{\"algorithm_base_resp\":{\"status_code\":0,\"status_message\":\"Success\"}"
         ",\"binary_data_base64\":[\"" PNG_BASE64 "\"],\"image_urls\":[],\"llm_result\":\"\"}"),
         VERDICT_DONE, FAILURE_NONE, CHARGED_NO, "as documented"},
        {BODY("10000", "{\"algorithm_base_resp\":{\"status_code\":10000},\"image_urls\":"
         "[\"https://a/1\"]}"), VERDICT_DONE, FAILURE_NONE, CHARGED_NO, "the other good code"},
        {BODY("10000", "{\"algorithm_base_resp\":{\"status_code\":50511,\"status_message\":\"a\"}}"),
         VERDICT_FAILED, FAILURE_REFUSED, CHARGED_MAYBE, "refused inside a success"},
        {BODY("10000", "{\"algorithm_base_resp\":{\"status_code\":9}}"), VERDICT_FAILED,
         FAILURE_SERVER, CHARGED_MAYBE, "failed inside a success"},
        {BODY("10000", "{}"), VERDICT_FAILED, FAILURE_UNKNOWN, CHARGED_MAYBE, "no picture"},
        {BODY("10000", "{\"binary_data_base64\":[\"%%%\"]}"), VERDICT_FAILED, FAILURE_UNKNOWN,
         CHARGED_YES, "no base64"},
        {BODY("50511", "null"), VERDICT_FAILED, FAILURE_REFUSED, CHARGED_MAYBE, "made, withheld"},
        {BODY("50501", "null"), VERDICT_FAILED, FAILURE_SERVER, CHARGED_MAYBE, "the algorithm"},
        {"{\"ResponseMetadata\":{\"RequestId\":\"g-1\"},\"Result\":" BODY("10000",
         "{\"binary_data_base64\":[\"" PNG_BASE64 "\"]}") "}", VERDICT_DONE, FAILURE_NONE,
         CHARGED_NO, "wrapped by the gateway"},
        {"<html>", VERDICT_FAILED, FAILURE_INVALID, CHARGED_NO, "a page"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = processed(fixture, 200, rows[i].body);
        if (verdict.type != rows[i].type || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged)
            fail_msg("%s: %s, charged %d", rows[i].why, failure_class_name(verdict.failure.class),
                     verdict.failure.charged);
    }
}

/* Whatever the status: some send 200 with a failing code. */
static void test_each_code_has_its_class(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
        const char *code;
    } rows[] = {
        {400, BODY("50411", "null"), FAILURE_REFUSED, "50411"},
        {200, BODY("50412", "null"), FAILURE_REFUSED, "50412"},
        {400, BODY("50413", "null"), FAILURE_REFUSED, "50413"},
        {400, BODY("50512", "null"), FAILURE_REFUSED, "50512"},
        {400, BODY("50200", "null"), FAILURE_INVALID, "50200"},
        {400, BODY("50207", "null"), FAILURE_INVALID, "50207"},
        {401, BODY("50400", "null"), FAILURE_AUTH, "50400"},
        {403, BODY("50400", "null"), FAILURE_AUTH, "50400"},
        {429, BODY("50429", "null"), FAILURE_THROTTLED, "50429"},
        {200, BODY("50430", "null"), FAILURE_THROTTLED, "50430"},
        {500, BODY("50500", "null"), FAILURE_SERVER, "50500"},
        {500, BODY("\"50501\"", "null"), FAILURE_SERVER, "50501"},
        {401, GATEWAY("SignatureDoesNotMatch"), FAILURE_AUTH, "SignatureDoesNotMatch"},
        {401, GATEWAY("InvalidAccessKey"), FAILURE_AUTH, "InvalidAccessKey"},
        {400, GATEWAY("InvalidTimestamp"), FAILURE_AUTH, "InvalidTimestamp"},
        {403, GATEWAY("AccessDenied"), FAILURE_AUTH, "AccessDenied"},
        {200, GATEWAY("SignatureDoesNotMatch"), FAILURE_AUTH, "SignatureDoesNotMatch"},
        {429, GATEWAY("FlowLimitExceeded"), FAILURE_THROTTLED, "FlowLimitExceeded"},
        {404, GATEWAY("InvalidActionOrVersion"), FAILURE_INVALID, "InvalidActionOrVersion"},
        {404, "<html>", FAILURE_INVALID, ""},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = submitted(fixture, rows[i].status, rows[i].body);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != CHARGED_NO)
            fail_msg("%s: %s, charged %d", rows[i].body, failure_class_name(verdict.failure.class),
                     verdict.failure.charged);
        assert_text(verdict.failure.code, rows[i].code);
        assert_true(str_find(verdict.failure.message, STR(SECRET)) < 0);
    }
}

static void test_messages_and_delays_are_read(void **state)
{
    struct fixture *fixture = *state;
    const struct exchange_header header = {STR("retry-after"), STR("4")};
    const struct exchange exchange = {.purpose = EXCHANGE_SUBMIT};
    struct exchange_reply reply = reply_of(429, BODY("50430", "null"));
    struct provider_verdict verdict;

    reply.headers = &header;
    reply.header_count = 1;
    verdict = read_for(fixture, "jimeng_t2i_v40", &exchange, &reply);
    assert_int_equal(verdict.failure.retry_after_ms, 4000);
    assert_text(verdict.failure.message, "m");
    verdict = submitted(fixture, 401, GATEWAY("InvalidAccessKey"));
    assert_text(verdict.failure.message, "m ***");
    assert_text(verdict.request_id, "g-1");
}

static void test_a_silent_server_leaves_the_charge_in_doubt(void **state)
{
    struct fixture *fixture = *state;
    const struct exchange exchange = {.purpose = EXCHANGE_SUBMIT};
    struct exchange_reply reply = {.outcome = EXCHANGE_LOST, .status = 200};
    struct provider_verdict verdict = read_for(fixture, "jimeng_t2i_v40", &exchange, &reply);

    assert_int_equal(verdict.failure.class, FAILURE_UNKNOWN);
    assert_int_equal(verdict.failure.charged, CHARGED_MAYBE);
    reply.outcome = EXCHANGE_NOT_SENT;
    verdict = read_for(fixture, "jimeng_t2i_v40", &exchange, &reply);
    assert_int_equal(verdict.failure.class, FAILURE_NOT_SENT);
    assert_int_equal(verdict.failure.charged, CHARGED_NO);
}

/* --- the free call --- */

static void test_the_probe_asks_for_a_task_that_is_not_there(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct error err = {0};

    assert_false(provider_volc_visual.probe(&fixture->account, fixture->arena, &exchange, &err));
    fixture->account.key.hidden = STR(SECRET);
    fixture_options(fixture, "{\"access_key_id\":\"AKLTTEST\"}");
    assert_true(provider_volc_visual.probe(&fixture->account, fixture->arena, &exchange, &err));
    assert_int_equal(exchange.purpose, EXCHANGE_PROBE);
    assert_false(exchange.is_paid);
    assert_non_null(exchange.signing);
    assert_true(str_find(exchange.url, STR("CVSync2AsyncGetResult")) > 0);
}

static void test_probe_replies_tell_good_keys_from_bad_ones(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
    } rows[] = {
        {200, STATE("not_found", ""), FAILURE_NONE},
        {400, BODY("50200", "null"), FAILURE_NONE},
        {401, GATEWAY("SignatureDoesNotMatch"), FAILURE_AUTH},
        {401, BODY("50400", "null"), FAILURE_AUTH},
        {429, BODY("50429", "null"), FAILURE_THROTTLED},
        {500, BODY("50500", "null"), FAILURE_SERVER},
        {404, "{\"code\":404,\"message\":\"no such page\"}", FAILURE_INVALID},
        {200, "{\"code\":0}", FAILURE_INVALID},
        {200, "<html>", FAILURE_INVALID},
        {200, "", FAILURE_INVALID},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct provider_failure failure;
        struct str *models;
        size_t count;
        provider_volc_visual.read_probe(&fixture->account, &reply, fixture->arena, &models, &count,
                                        &failure);
        if (failure.class != rows[i].class)
            fail_msg("%s: %s", rows[i].body, failure_class_name(failure.class));
        assert_int_equal(count, failure.class == FAILURE_NONE ? VISUAL_MODEL_COUNT : 0);
        assert_int_equal(failure.charged, CHARGED_NO);
    }
}

/* Nobody published a price: nothing is invented, and the house's own price is used where set. */
static void test_prices_are_unknown(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = {.model = STR("jimeng_t2i_v40"), .count = 1};
    const char *currency;

    assert_int_equal(
        provider_estimate(&provider_volc_visual, &fixture->account, &request, &currency), -1);
    assert_string_equal(currency, "CNY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_submitted_task_is_waited_for),
        TEST(test_each_state_of_a_task_is_read),
        TEST(test_pictures_are_taken_once),
        TEST(test_a_synchronous_reply_is_read),
        TEST(test_each_code_has_its_class),
        TEST(test_messages_and_delays_are_read),
        TEST(test_a_silent_server_leaves_the_charge_in_doubt),
        TEST(test_the_probe_asks_for_a_task_that_is_not_there),
        TEST(test_probe_replies_tell_good_keys_from_bad_ones),
        TEST(test_prices_are_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
