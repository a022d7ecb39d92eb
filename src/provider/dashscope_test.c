/* DashScope's replies: facts 6.5, and what no fact foresees. */
#include "provider/provider_test.h"

#include "provider/dashscope_private.h"

#define RESULT "https://dashscope-result-bj.oss-cn-beijing.aliyuncs.com/a.png?Expires=1&Signature=b"
#define DONE                                                                                       \
    "{\"output\":{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"role\":\"assistant\","   \
    "\"content\":[{\"image\":\"" RESULT "\"}]}}]},\"usage\":{\"image_count\":1,\"width\":1024,"    \
    "\"height\":1024},\"request_id\":\"r-1\"}"
#define BYTES(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }
#define TASK "0385dc79-5ff8-4d82-bcb6-1f2e7d36d5f8"

static struct provider_request request_of(const char *model)
{
    return (struct provider_request){
        .model = str_of(model), .prompt = STR("a cup"), .count = 1, .compression = -1};
}

/* Begins a call, or asks for a task when `purpose` says so, and reads `reply` to it. */
static struct provider_verdict read_reply(struct fixture *fixture, const char *model,
                                          enum exchange_purpose purpose,
                                          const struct exchange_reply *reply)
{
    struct provider_request request = request_of(model);
    struct provider_verdict verdict;
    struct exchange exchange;
    struct error err = {0};

    assert_true(
        purpose == EXCHANGE_SUBMIT
            ? provider_dashscope.begin(&fixture->account, &request, fixture->arena, &exchange, &err)
        : purpose == EXCHANGE_POLL
            ? provider_dashscope.poll(&fixture->account, STR(TASK), fixture->arena, &exchange, &err)
            : provider_dashscope.cancel(&fixture->account, STR(TASK), fixture->arena, &exchange,
                                        &err));
    provider_dashscope.read(&fixture->account, &request, &exchange, reply, fixture->arena,
                            &verdict);
    return verdict;
}

static struct provider_verdict read_body(struct fixture *fixture, const char *model, int status,
                                         const char *body)
{
    struct exchange_reply reply = reply_of(status, body);

    return read_reply(fixture, model, EXCHANGE_SUBMIT, &reply);
}

static struct provider_verdict read_poll(struct fixture *fixture, int status, const char *body)
{
    struct exchange_reply reply = reply_of(status, body);

    return read_reply(fixture, "wan2.7-image", EXCHANGE_POLL, &reply);
}

static void test_the_documented_reply_is_read(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("qwen-image-2.0");
    struct provider_verdict verdict = read_body(fixture, "qwen-image-2.0", 200, DONE);
    const char *currency;

    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 1);
    assert_text(verdict.pictures[0].url, RESULT);
    assert_int_equal(verdict.pictures[0].header_count, 0); /* no key for a signed address */
    assert_text(verdict.request_id, "r-1");
    assert_text(verdict.missing, "");
    assert_int_equal(
        provider_cost(&provider_dashscope, &fixture->account, &request, &verdict, &currency),
        200000);
    assert_string_equal(currency, "CNY");
}

static void test_what_was_made_is_priced_where_it_was_made(void **state)
{
    /* clang-format off */
    static const struct {
        const char *base_url, *model, *type;
        int64_t micro;
        const char *currency;
    } rows[] = {
        {"", "qwen-image-2.0", "qima_output_2k", 200000, "CNY"},
        {"https://dashscope-intl.aliyuncs.com", "qwen-image-2.0", "qima_output_1k", 35000, "USD"},
        {"https://dashscope-intl.aliyuncs.com", "qwen-image-max", "qima_output_1k", -1, "USD"},
        {"", "qwen-image-3.0-pro", "qima_output_1k", 40000, "USD"},
        {"", "qwen-image-3.0-pro", "qima_output_2k", 65000, "USD"},
        {"", "acme/paint", "", -1, "CNY"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct provider_verdict verdict;
        CLEANUP(buf_finish) struct buf body = {0};
        const char *currency = "";
        int64_t micro;
        fixture->account.base_url = str_of(rows[i].base_url);
        buf_printf(&body,
                   "{\"output\":{\"choices\":[{\"message\":{\"content\":[{\"image\":\"" RESULT
                   "\"}]}}]},\"usage\":{\"output_width\":1024,\"output_image_type\":\"%s\"}}%c",
                   rows[i].type, '\0');
        verdict = read_body(fixture, rows[i].model, 200, body.data);
        micro =
            provider_cost(&provider_dashscope, &fixture->account, &request, &verdict, &currency);
        if (micro != rows[i].micro || strcmp(currency, rows[i].currency) != 0)
            fail_msg("%s: %lld %s", rows[i].model, (long long)micro, currency);
    }
}

static void test_an_order_becomes_a_task(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict =
        read_body(fixture, "wan2.7-image", 200,
                  "{\"output\":{\"task_id\":\"" TASK "\",\"task_status\":\"PENDING\"},"
                  "\"request_id\":\"r-2\"}");

    assert_int_equal(verdict.type, VERDICT_WAIT);
    assert_text(verdict.remote_id, TASK);
    assert_text(verdict.request_id, "r-2");
    assert_int_equal(verdict.poll_after_ms, 3000);
    assert_true(verdict.progress < 0);
}

static void test_a_task_that_cannot_be_asked_for_is_in_doubt(void **state)
{
    static const char *const bodies[] = {
        "{\"output\":{\"task_status\":\"PENDING\"}}",
        "{\"output\":{\"task_id\":7,\"task_status\":\"PENDING\"}}",
        "{\"output\":{\"task_id\":\"../x\",\"task_status\":\"PENDING\"}}",
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct provider_verdict verdict = read_body(fixture, "wan2.7-image", 200, bodies[i]);
        assert_int_equal(verdict.type, VERDICT_FAILED);
        assert_int_equal(verdict.failure.class, FAILURE_UNKNOWN);
        assert_int_equal(verdict.failure.charged, CHARGED_MAYBE);
    }
}

/* Every state of facts 6.  A class that the engine takes for the poll's own trouble would keep a
 * failed task alive until its deadline: none of these may be one, but for "not known". */
static void test_every_state_of_a_task_has_its_verdict(void **state)
{
    /* clang-format off */
    static const struct {
        const char *output;
        enum verdict_type type;
        enum failure_class class;
        enum charged charged;
        const char *message;
    } rows[] = {
        {"\"task_status\":\"PENDING\"", VERDICT_WAIT, FAILURE_NONE, CHARGED_NO, ""},
        {"\"task_status\":\"RUNNING\"", VERDICT_WAIT, FAILURE_NONE, CHARGED_NO, ""},
        {"\"task_status\":\"SUSPENDED\"", VERDICT_WAIT, FAILURE_NONE, CHARGED_NO, ""},
        {"\"task_status\":\"SUCCEEDED\",\"results\":[{\"url\":\"" RESULT "\"}]", VERDICT_DONE,
         FAILURE_NONE, CHARGED_NO, ""},
        {"\"task_status\":\"SUCCEEDED\",\"choices\":[{\"message\":{\"content\":[{\"image\":\""
         RESULT "\",\"type\":\"image\"}]}}]", VERDICT_DONE, FAILURE_NONE, CHARGED_NO, ""},
        {"\"submit_time\":\"\"", VERDICT_FAILED, FAILURE_UNKNOWN, CHARGED_MAYBE, /* ask again */
         "the provider said success but sent nothing that can be used"},
        {"\"task_status\":\"SUCCEEDED\",\"results\":[]", VERDICT_FAILED, FAILURE_RESULT_LOST,
         CHARGED_MAYBE, "the provider said success but sent nothing that can be used"},
        {"\"task_status\":\"SUCCEEDED\",\"results\":[{\"url\":\"data:,x\"}]", VERDICT_FAILED,
         FAILURE_RESULT_LOST, CHARGED_YES, "the picture in the reply is broken or cut short"},
        {"\"task_status\":\"SUCCEEDED\",\"results\":[{\"code\":\"InternalError\",\"message"
         "\":\"m\"}]", VERDICT_FAILED, FAILURE_REMOTE, CHARGED_NO, "m"},
        {"\"task_status\":\"FAILED\",\"code\":\"InternalError.Algo\",\"message\":\"m\"",
         VERDICT_FAILED, FAILURE_REMOTE, CHARGED_NO, "m"},
        {"\"task_status\":\"FAILED\",\"code\":\"DataInspectionFailed\",\"message\":\"m\"",
         VERDICT_FAILED, FAILURE_REFUSED, CHARGED_NO, "m"},
        {"\"task_status\":\"FAILED\",\"code\":\"InvalidParameter\",\"message\":\"m\"",
         VERDICT_FAILED, FAILURE_REMOTE, CHARGED_NO, "m"},
        {"\"task_status\":\"FAILED\",\"code\":\"Throttling\",\"message\":\"m\"", VERDICT_FAILED,
         FAILURE_REMOTE, CHARGED_NO, "m"},
        {"\"task_status\":\"FAILED\"", VERDICT_FAILED, FAILURE_REMOTE, CHARGED_NO,
         "the service says that the work failed, and not why"},
        {"\"task_status\":\"CANCELED\"", VERDICT_FAILED, FAILURE_CANCELLED, CHARGED_NO,
         "the task was cancelled before it began"},
        {"\"task_status\":\"UNKNOWN\"", VERDICT_FAILED, FAILURE_INVALID, CHARGED_MAYBE,
         "the service does not know this task, or no longer"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(buf_finish) struct buf body = {0};
        struct provider_verdict verdict;
        buf_printf(&body, "{\"request_id\":\"r\",\"output\":{\"task_id\":\"" TASK "\",%s}}%c",
                   rows[i].output, '\0');
        verdict = read_poll(fixture, 200, body.data);
        if (verdict.type != rows[i].type || verdict.failure.class != rows[i].class ||
            (verdict.type == VERDICT_FAILED && verdict.failure.charged != rows[i].charged))
            fail_msg("%s: %d %s, charged %d", rows[i].output, verdict.type,
                     failure_class_name(verdict.failure.class), verdict.failure.charged);
        assert_text(verdict.failure.message, rows[i].message);
        if (verdict.type == VERDICT_WAIT)
            assert_text(verdict.remote_id, TASK);
    }
}

static void test_fewer_pictures_than_asked_for_say_why(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("wan2.7-image");
    struct exchange exchange = {.purpose = EXCHANGE_POLL, .memo = STR(TASK)};
    struct exchange_reply reply = reply_of(
        200, "{\"output\":{\"task_status\":\"SUCCEEDED\",\"results\":[{\"url\":\"" RESULT "\"},"
             "{\"code\":\"InternalError\",\"message\":\"one broke\"}]}}");
    struct provider_verdict verdict;

    request.count = 2;
    provider_dashscope.read(&fixture->account, &request, &exchange, &reply, fixture->arena,
                            &verdict);
    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 1);
    assert_text(verdict.missing, "one broke");
    reply = reply_of(200, DONE);
    provider_dashscope.read(&fixture->account, &request, &exchange, &reply, fixture->arena,
                            &verdict);
    assert_text(verdict.missing, "the service made 1 of 2 pictures");
}

static void test_the_answer_to_a_cancel_is_asked_of_the_task(void **state)
{
    struct fixture *fixture = *state;
    struct exchange_reply reply = reply_of(200, "{\"request_id\":\"r\"}");
    struct provider_verdict verdict = read_reply(fixture, "wan2.7-image", EXCHANGE_CANCEL, &reply);

    assert_int_equal(verdict.type, VERDICT_WAIT);
    assert_text(verdict.remote_id, TASK);
    reply = reply_of(400, "{\"code\":\"UnsupportedOperation\",\"message\":\"too late\"}");
    verdict = read_reply(fixture, "wan2.7-image", EXCHANGE_CANCEL, &reply);
    assert_int_equal(verdict.type, VERDICT_FAILED);
    assert_int_equal(verdict.failure.class, FAILURE_INVALID);
}

#define SAID(code) "{\"code\":\"" code "\",\"message\":\"said\",\"request_id\":\"r\"}"

static void test_errors_are_classed_by_the_services_code(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
        enum charged charged;
    } rows[] = {
        {400, SAID("InvalidParameter"), FAILURE_INVALID, CHARGED_NO},
        {400, SAID("InvalidParameter.DataInspection"), FAILURE_INVALID, CHARGED_NO},
        {400, SAID("InvalidURL"), FAILURE_INVALID, CHARGED_NO},
        {400, SAID("DataInspectionFailed"), FAILURE_REFUSED, CHARGED_NO},
        {400, SAID("data_inspection_failed"), FAILURE_REFUSED, CHARGED_NO},
        {400, SAID("Arrearage"), FAILURE_QUOTA, CHARGED_NO},
        {401, SAID("InvalidApiKey"), FAILURE_AUTH, CHARGED_NO},
        {403, SAID("AccessDenied"), FAILURE_AUTH, CHARGED_NO},
        {403, SAID("AccessDenied.Unpurchased"), FAILURE_AUTH, CHARGED_NO},
        {403, SAID("Arrearage"), FAILURE_QUOTA, CHARGED_NO},
        {404, SAID("ModelNotFound"), FAILURE_INVALID, CHARGED_NO},
        {429, SAID("Throttling"), FAILURE_THROTTLED, CHARGED_NO},
        {429, SAID("Throttling.RateQuota"), FAILURE_THROTTLED, CHARGED_NO},
        {429, SAID("Throttling.AllocationQuota"), FAILURE_THROTTLED, CHARGED_NO},
        {500, SAID("InternalError"), FAILURE_SERVER, CHARGED_NO},
        {500, SAID("InternalError.Timeout"), FAILURE_SERVER, CHARGED_NO},
        {500, SAID("InternalError.Algo"), FAILURE_SERVER, CHARGED_NO},
        {503, SAID("ModelServingError"), FAILURE_SERVER, CHARGED_NO},
        /* in-200 */
        {200, SAID("Throttling.RateQuota"), FAILURE_THROTTLED, CHARGED_NO},
        {200, SAID("DataInspectionFailed"), FAILURE_REFUSED, CHARGED_NO},
        {200, SAID("SomethingNew"), FAILURE_UNKNOWN, CHARGED_MAYBE},
        {200, "{\"output\":{\"choices\":[]},\"request_id\":\"r\"}", FAILURE_UNKNOWN, CHARGED_MAYBE},
        /* nobody's */
        {400, SAID("InvalidParameterized"), FAILURE_INVALID, CHARGED_NO},
        {502, "", FAILURE_SERVER, CHARGED_MAYBE},
        {413, "<html>", FAILURE_INVALID, CHARGED_NO},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict =
            read_body(fixture, "qwen-image-2.0", rows[i].status, rows[i].body);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged)
            fail_msg("%d %s: %s, charged %d", rows[i].status, rows[i].body,
                     failure_class_name(verdict.failure.class), verdict.failure.charged);
        assert_true(verdict.failure.message.size > 0);
    }
}

static void test_an_order_refused_before_it_was_a_task_cost_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict =
        read_body(fixture, "wan2.7-image", 400, SAID("DataInspectionFailed"));

    assert_int_equal(verdict.failure.class, FAILURE_REFUSED);
    assert_int_equal(verdict.failure.charged, CHARGED_NO);
}

static void test_a_wrong_way_is_mended_once(void **state)
{
    static const char no_sync[] =
        "{\"code\":\"AccessDenied\",\"message\":\"current user api does not "
        "support synchronous calls\",\"request_id\":\"r\"}";
    static const char no_task[] =
        "{\"code\":\"AccessDenied\",\"message\":\"current user api does not "
        "support asynchronous calls\",\"request_id\":\"r\"}";
    static const struct {
        const char *model, *body;
        int status;
        bool is_next;
        const char *why;
    } rows[] = {
        {"acme/paint-9", no_sync, 403, true,  "only tasks"          },
        {"wan2.7-image", no_task, 403, true,  "no tasks"            },
        {"acme/paint-9", no_task, 403, false, "none was asked for"  },
        {"wan2.7-image", no_sync, 403, false, "a task was asked for"},
        {"acme/paint-9", no_sync, 500, false, "may have been made"  },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct provider_verdict verdict =
            read_reply(fixture, rows[i].model, EXCHANGE_SUBMIT, &reply);
        struct exchange next = verdict.next;
        if ((verdict.type == VERDICT_NEXT) != rows[i].is_next)
            fail_msg("%s: %d", rows[i].why, verdict.type);
        if (!rows[i].is_next)
            continue;
        assert_true(next.is_paid);
        assert_int_equal(next.retry_stage, 1);
        assert_int_equal(header_of(&next, "X-DashScope-Async").size > 0, i == 0);
        reply = reply_of(403, rows[1 - i].body);
        provider_dashscope.read(&fixture->account, &request, &next, &reply, fixture->arena,
                                &verdict);
        assert_int_equal(verdict.type, VERDICT_FAILED);
        assert_int_equal(verdict.failure.class, FAILURE_INVALID); /* the key is good */
    }
}

static void test_hostile_replies_have_a_verdict(void **state)
{
    static const struct {
        struct str body;
        const char *why;
    } rows[] = {
        {{NULL, 0},                                                       "nothing"           },
        {BYTES("null"),                                                   "null"              },
        {BYTES("[]"),                                                     "a list"            },
        {BYTES("\"text\""),                                               "a text"            },
        {BYTES("{\"output\":{\"choices\":[{\"mess"),                      "cut short"         },
        {BYTES("{\"output\":[[[[[[[[[[[[]]]]]]]]]]]]}"),                  "deep"              },
        {BYTES("{\"output\":{\"task_status\":{},\"results\":7}}"),        "wrong types"       },
        {BYTES("{\"output\":{\"results\":[{\"url\":7},{\"code\":[]}]}}"), "wrong types inside"},
        {BYTES("{\"output\":{\"results\":{\"url\":1e999}}}"),             "a number too large"},
        {BYTES("{\"code\":123456789012345678901234567890}"),              "a code of numbers" },
        {BYTES("{\"code\":\"a\\u0000b\",\"message\":\"\\u0000\"}"),       "NUL"               },
        {BYTES("{\"output\":\"\xff\xfe\"}"),                              "invalid UTF-8"     },
        {BYTES("\0\0\0\0"),                                               "binary"            },
        {BYTES("<html><title>Sorry</title></html>"),                      "a page"            },
    };
    static const int statuses[] = {200, 204, 302, 400, 403, 418, 500, 999, 0, -1};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t s = 0; s < COUNT(statuses); s++)
            for (int poll = 0; poll < 2; poll++) {
                struct exchange_reply reply = {
                    .outcome = EXCHANGE_REPLIED, .status = statuses[s], .body = rows[i].body};
                struct provider_verdict verdict = read_reply(
                    fixture, "wan2.7-image", poll != 0 ? EXCHANGE_POLL : EXCHANGE_SUBMIT, &reply);
                if (verdict.type != VERDICT_FAILED || verdict.failure.class == FAILURE_NONE ||
                    verdict.failure.message.size == 0)
                    fail_msg("%s with %d", rows[i].why, statuses[s]);
            }
}

static void test_a_lost_reply_is_in_doubt_and_an_unsent_order_is_not(void **state)
{
    struct fixture *fixture = *state;
    struct exchange_reply reply = {.outcome = EXCHANGE_LOST, .status = 200, .body = STR(DONE)};
    struct provider_verdict verdict =
        read_reply(fixture, "qwen-image-2.0", EXCHANGE_SUBMIT, &reply);

    assert_int_equal(verdict.failure.class, FAILURE_UNKNOWN);
    assert_int_equal(verdict.failure.charged, CHARGED_MAYBE);
    reply.outcome = EXCHANGE_NOT_SENT;
    verdict = read_reply(fixture, "qwen-image-2.0", EXCHANGE_SUBMIT, &reply);
    assert_int_equal(verdict.failure.class, FAILURE_NOT_SENT);
    assert_int_equal(verdict.failure.charged, CHARGED_NO);
}

static void test_the_key_is_never_repeated(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict;

    fixture->account.key.hidden = STR("sk-0123456789abcdef");
    verdict = read_body(fixture, "qwen-image-2.0", 401,
                        "{\"code\":\"sk-0123456789abcdef\",\"message\":\"bad sk-0123456789abcdef\","
                        "\"request_id\":\"sk-0123456789abcdef\"}");
    assert_text(verdict.failure.message, "bad ***");
    assert_text(verdict.failure.code, "***");
    assert_text(verdict.request_id, "***");
    verdict = read_poll(fixture, 200,
                        "{\"output\":{\"task_status\":\"FAILED\",\"code\":\"sk-0123456789abcdef\","
                        "\"message\":\"bad sk-0123456789abcdef\"}}");
    assert_text(verdict.failure.message, "bad ***");
    assert_text(verdict.failure.code, "***");
}

static void test_retry_after_is_obeyed(void **state)
{
    struct fixture *fixture = *state;
    const struct exchange_header header = {STR("retry-after"), STR("3")};
    struct exchange_reply reply = reply_of(429, SAID("Throttling"));
    struct provider_verdict verdict;

    reply.headers = &header;
    reply.header_count = 1;
    verdict = read_reply(fixture, "qwen-image-2.0", EXCHANGE_SUBMIT, &reply);
    assert_int_equal(verdict.failure.retry_after_ms, 3000);
    /* What says when to come back did not run it, whatever its body calls the trouble. */
    reply.status = 503;
    reply.body = STR(SAID("ModelServingError"));
    verdict = read_reply(fixture, "qwen-image-2.0", EXCHANGE_SUBMIT, &reply);
    assert_int_equal(verdict.failure.class, FAILURE_THROTTLED);
    assert_int_equal(verdict.failure.charged, CHARGED_NO);
    assert_int_equal(verdict.failure.retry_after_ms, 3000);
}

static void test_the_probe_reads_models_or_says_what_is_wrong(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        size_t count;
        enum failure_class class;
    } rows[] = {
        {200,
         "{\"output\":{\"total\":2,\"models\":[{\"model\":\"qwen-image\"},{\"name\":\"wan\"}]}}", 2,
         FAILURE_NONE},
        {200, "{\"output\":{\"models\":[]}}", 0, FAILURE_NONE},
        {200, "{\"data\":[{\"id\":\"a\"},{\"id\":\"b\\nc\"},7,null]}", 1, FAILURE_NONE},
        {401, SAID("InvalidApiKey"), 0, FAILURE_AUTH},
        {200, SAID("InvalidApiKey"), 0, FAILURE_AUTH},
        {404, "{}", 0, FAILURE_INVALID},
        {200, "<html>", 0, FAILURE_INVALID},
        {200, "{}", 0, FAILURE_INVALID},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct provider_failure failure;
        struct str *models;
        size_t count;
        provider_dashscope.read_probe(&fixture->account, &reply, fixture->arena, &models, &count,
                                      &failure);
        if (count != rows[i].count || failure.class != rows[i].class)
            fail_msg("%s: %zu, %s", rows[i].body, count, failure_class_name(failure.class));
        assert_int_equal(failure.charged, CHARGED_NO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_documented_reply_is_read),
        TEST(test_what_was_made_is_priced_where_it_was_made),
        TEST(test_an_order_becomes_a_task),
        TEST(test_a_task_that_cannot_be_asked_for_is_in_doubt),
        TEST(test_every_state_of_a_task_has_its_verdict),
        TEST(test_fewer_pictures_than_asked_for_say_why),
        TEST(test_the_answer_to_a_cancel_is_asked_of_the_task),
        TEST(test_errors_are_classed_by_the_services_code),
        TEST(test_an_order_refused_before_it_was_a_task_cost_nothing),
        TEST(test_a_wrong_way_is_mended_once),
        TEST(test_hostile_replies_have_a_verdict),
        TEST(test_a_lost_reply_is_in_doubt_and_an_unsent_order_is_not),
        TEST(test_the_key_is_never_repeated),
        TEST(test_retry_after_is_obeyed),
        TEST(test_the_probe_reads_models_or_says_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
