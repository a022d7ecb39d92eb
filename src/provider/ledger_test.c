#include "provider/provider_test.h"

static struct provider_request request_of(struct str key)
{
    return (struct provider_request){.model = STR("ledger-1"),
                                     .prompt = STR("a \"cup\""),
                                     .count = 1,
                                     .compression = -1,
                                     .idempotency_key = key};
}

static void open(struct fixture *fixture, const char *options)
{
    fixture->account.kind = STR("ledger");
    fixture->account.base_url = STR("http://127.0.0.1:7/");
    fixture_options(fixture, options);
}

static struct provider_verdict read_reply(struct fixture *fixture, enum exchange_purpose purpose,
                                          const struct exchange_reply *reply)
{
    const struct provider_request request = request_of(STR("k"));
    const struct exchange exchange = {.purpose = purpose, .is_paid = purpose == EXCHANGE_SUBMIT};
    struct provider_verdict verdict;

    provider_ledger.read(&fixture->account, &request, &exchange, reply, fixture->arena, &verdict);
    return verdict;
}

static struct provider_verdict read_body(struct fixture *fixture, enum exchange_purpose purpose,
                                         int status, const char *body)
{
    const struct exchange_reply reply = reply_of(status, body);

    return read_reply(fixture, purpose, &reply);
}

static void test_a_call_is_these_bytes(void **state)
{
    struct fixture *fixture = *state;
    const struct provider_image image = {
        .bytes = STR("\001\002\003"), .mime = STR("image/png"), .name = STR("reference-1.png")};
    struct provider_request request = request_of(STR("call-7"));
    struct exchange exchange;
    struct error err;

    open(fixture, "{\"async\":true}");
    request.references = &image;
    request.reference_count = 1;
    assert_true(
        provider_ledger.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    assert_true(exchange.is_paid && exchange.is_own_origin);
    assert_text(exchange.method, "POST");
    assert_text(exchange.url, "http://127.0.0.1:7/pictures");
    assert_int_equal(exchange.header_count, 2);
    assert_text(exchange.headers[1].name, "Idempotency-Key");
    assert_text(exchange.headers[1].value, "call-7");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"ledger-1\",\"prompt\":\"a \\\"cup\\\"\",\"async\":true,"
                "\"honours_key\":false,\"references\":[\"AQID\"]}");
}

static void test_remote_work_is_asked_for_and_given_up_under_its_id(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct error err;

    open(fixture, "{}");
    assert_true(
        provider_ledger.poll(&fixture->account, STR("p-1"), fixture->arena, &exchange, &err));
    assert_text(exchange.method, "GET");
    assert_text(exchange.url, "http://127.0.0.1:7/pictures/p-1");
    assert_false(exchange.is_paid);
    assert_true(
        provider_ledger.cancel(&fixture->account, STR("p-1"), fixture->arena, &exchange, &err));
    assert_int_equal(exchange.purpose, EXCHANGE_CANCEL);
    assert_text(exchange.method, "DELETE");
    assert_text(exchange.url, "http://127.0.0.1:7/pictures/p-1");
}

static void test_a_call_is_asked_for_by_its_key_where_the_kind_can(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict;
    struct exchange exchange;
    struct error err;

    open(fixture, "{}");
    assert_false(provider_ledger.can_look_up);
    assert_null(provider_ledger.look_up);
    assert_true(provider_ledger_asked.can_look_up);
    assert_true(provider_ledger_asked.look_up(&fixture->account, STR("01ABC-7"), fixture->arena,
                                              &exchange, &err));
    assert_int_equal(exchange.purpose, EXCHANGE_LOOK_UP);
    assert_text(exchange.method, "GET");
    assert_text(exchange.url, "http://127.0.0.1:7/calls/01ABC-7");
    assert_false(exchange.is_paid);
    assert_false(provider_ledger_asked.look_up(&fixture->account, STR_EMPTY, fixture->arena,
                                               &exchange, &err));
    verdict = read_body(fixture, EXCHANGE_LOOK_UP, 200, "{\"id\":\"p-3\",\"state\":\"running\"}");
    assert_int_equal(verdict.type, VERDICT_WAIT);
    assert_text(verdict.remote_id, "p-3");
    verdict = read_body(fixture, EXCHANGE_LOOK_UP, 200, "{\"state\":\"running\"}");
    assert_int_equal(verdict.type, VERDICT_FAILED);
    verdict = read_body(fixture, EXCHANGE_LOOK_UP, 404, "{}");
    assert_int_equal(verdict.failure.class, FAILURE_INVALID); /* it does not know it */
}

static void test_a_picture_and_its_price_are_read(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict =
        read_body(fixture, EXCHANGE_SUBMIT, 200,
                  "{\"data\":[{\"url\":\"http://127.0.0.1:7/files/1\"}],\"cost_micro\":10000}");

    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 1);
    assert_text(verdict.pictures[0].url, "http://127.0.0.1:7/files/1");
    assert_int_equal(verdict.usage.cost_micro, 10000);
    assert_string_equal(verdict.usage.currency, "USD");
}

static void test_what_was_accepted_waits_under_its_id(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict = read_body(fixture, EXCHANGE_SUBMIT, 202, "{\"id\":\"p-17\"}");

    assert_int_equal(verdict.type, VERDICT_WAIT);
    assert_text(verdict.remote_id, "p-17");
    verdict = read_body(fixture, EXCHANGE_POLL, 200, "{\"state\":\"running\"}");
    assert_int_equal(verdict.type, VERDICT_WAIT);
    assert_int_equal(verdict.poll_after_ms, 30);
}

static void test_what_was_stopped_is_cancelled_and_was_paid(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict =
        read_body(fixture, EXCHANGE_CANCEL, 200, "{\"state\":\"stopped\"}");

    assert_int_equal(verdict.type, VERDICT_FAILED);
    assert_int_equal(verdict.failure.class, FAILURE_CANCELLED);
    assert_int_equal(verdict.failure.charged, CHARGED_YES);
}

static void test_anything_else_leaves_the_outcome_unknown(void **state)
{
    static const struct {
        int status;
        const char *body, *why;
    } rows[] = {
        {200, "{}",                  "no picture"                },
        {200, "",                    "no JSON"                   },
        {202, "{}",                  "accepted without an id"    },
        {202, "{\"id\":\"../x\"}",   "an id that is no path part"},
        {202, "{\"id\":\"\"}",       "an empty one"              },
        {200, "{\"state\":\"odd\"}", "no state of ours"          },
    };
    struct fixture *fixture = *state;

    for (size_t row = 0; row < COUNT(rows); row++) {
        struct provider_verdict verdict =
            read_body(fixture, EXCHANGE_SUBMIT, rows[row].status, rows[row].body);

        if (verdict.type != VERDICT_FAILED || verdict.failure.class != FAILURE_UNKNOWN ||
            verdict.failure.charged != CHARGED_MAYBE)
            fail_msg("%s", rows[row].why);
    }
}

static void test_failures_are_classed_as_everybody_s(void **state)
{
    struct fixture *fixture = *state;
    struct exchange_reply lost = {.outcome = EXCHANGE_LOST};
    struct exchange_reply unsent = {.outcome = EXCHANGE_NOT_SENT};

    assert_int_equal(read_reply(fixture, EXCHANGE_SUBMIT, &lost).failure.class, FAILURE_UNKNOWN);
    assert_int_equal(read_reply(fixture, EXCHANGE_SUBMIT, &unsent).failure.class, FAILURE_NOT_SENT);
    assert_int_equal(read_body(fixture, EXCHANGE_SUBMIT, 429, "{}").failure.class,
                     FAILURE_THROTTLED);
    assert_int_equal(read_body(fixture, EXCHANGE_POLL, 404, "{}").failure.class, FAILURE_INVALID);
}

static void test_a_key_is_honoured_when_the_account_says_so(void **state)
{
    struct fixture *fixture = *state;

    open(fixture, "{\"honours_key\":true}");
    assert_true(provider_honours_key(&provider_ledger, &fixture->account));
    open(fixture, "{}");
    assert_false(provider_honours_key(&provider_ledger, &fixture->account));
}

static void test_the_free_call_lists_the_one_model(void **state)
{
    struct fixture *fixture = *state;
    const struct exchange_reply reply = reply_of(200, "{\"data\":[{\"id\":\"ledger-1\"}]}");
    struct provider_failure failure;
    struct exchange exchange;
    struct error err;
    struct str *models;
    size_t count;

    open(fixture, "{}");
    assert_true(provider_ledger.probe(&fixture->account, fixture->arena, &exchange, &err));
    assert_text(exchange.url, "http://127.0.0.1:7/models");
    provider_ledger.read_probe(&fixture->account, &reply, fixture->arena, &models, &count,
                               &failure);
    assert_int_equal(count, 1);
    assert_text(models[0], "ledger-1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_call_is_these_bytes),
        TEST(test_remote_work_is_asked_for_and_given_up_under_its_id),
        TEST(test_a_call_is_asked_for_by_its_key_where_the_kind_can),
        TEST(test_a_picture_and_its_price_are_read),
        TEST(test_what_was_accepted_waits_under_its_id),
        TEST(test_what_was_stopped_is_cancelled_and_was_paid),
        TEST(test_anything_else_leaves_the_outcome_unknown),
        TEST(test_failures_are_classed_as_everybody_s),
        TEST(test_a_key_is_honoured_when_the_account_says_so),
        TEST(test_the_free_call_lists_the_one_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
