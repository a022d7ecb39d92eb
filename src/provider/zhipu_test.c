/* Zhipu's calls and answers: facts 6.7 and 8.3. */
#include "provider/provider_test.h"

#define BYTES(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }
#define TASK "8868902201637896192"

static const struct provider_image picture = {
    {PNG_BYTES, sizeof PNG_BYTES - 1},
    {"",        0                   },
    {"",        0                   }
};

static struct provider_request request_of(const char *model)
{
    return (struct provider_request){
        .model = str_of(model), .prompt = STR("a cup"), .count = 1, .compression = -1};
}

static struct exchange begin(struct fixture *fixture, const struct provider_request *request)
{
    struct exchange exchange;
    struct error err = {0};

    if (!provider_zhipu.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

static struct provider_verdict read_reply(struct fixture *fixture, enum exchange_purpose purpose,
                                          const struct exchange_reply *reply)
{
    struct provider_request request = request_of("glm-image");
    struct exchange exchange = {.purpose = purpose,
                                .memo = purpose == EXCHANGE_POLL ? STR(TASK) : STR_EMPTY};
    struct provider_verdict verdict;

    provider_zhipu.read(&fixture->account, &request, &exchange, reply, fixture->arena, &verdict);
    return verdict;
}

static struct provider_verdict read_body(struct fixture *fixture, enum exchange_purpose purpose,
                                         int status, const char *body)
{
    struct exchange_reply reply = reply_of(status, body);

    return read_reply(fixture, purpose, &reply);
}

static void test_a_call_is_written_byte_by_byte(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("glm-image");
    struct exchange exchange;

    fixture->account.key.hidden = STR("k.1");
    fixture_options(fixture, "{\"watermark\":false}");
    request.width_px = 1728;
    request.height_px = 960;
    request.quality = STR("hd");
    request.safety_id = STR("u-1");
    exchange = begin(fixture, &request);
    assert_text(exchange.method, "POST");
    assert_text(exchange.url, "https://open.bigmodel.cn/api/paas/v4/images/generations");
    assert_text(header_of(&exchange, "Authorization"), "Bearer k.1");
    assert_text(header_of(&exchange, "Content-Type"), "application/json");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"glm-image\",\"prompt\":\"a cup\",\"size\":\"1728x960\","
                "\"quality\":\"hd\",\"watermark_enabled\":false,\"user_id\":\"u-1\"}");
    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    assert_true(exchange.is_paid);
    assert_false(exchange.is_own_origin);
}

static void test_what_is_left_open_is_not_sent(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("cogview-9");
    struct exchange exchange;

    fixture_options(fixture, "{\"async\":true}");
    exchange = begin(fixture, &request);
    assert_text(exchange.url, "https://open.bigmodel.cn/api/paas/v4/async/images/generations");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"cogview-9\",\"prompt\":\"a cup\"}");
}

static void test_addresses_people_paste_are_understood(void **state)
{
    static const char *const pasted[] = {"https://api.z.ai", "https://api.z.ai/api/paas/v4/",
                                         "https://api.z.ai/api/paas/v4/images/generations",
                                         "https://api.z.ai/api/paas/v4/async/images/generations"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(pasted); i++) {
        struct provider_request request = request_of("glm-image");
        struct exchange exchange;
        fixture->account.base_url = str_of(pasted[i]);
        exchange = begin(fixture, &request);
        assert_text(exchange.url, "https://api.z.ai/api/paas/v4/images/generations");
        assert_true(exchange.is_own_origin);
    }
}

static void no_model(struct provider_request *r) { r->model = STR_EMPTY; }
static void write_text(struct provider_request *r) { r->action = PROVIDER_WRITE; }
static void no_prompt(struct provider_request *r) { r->prompt = STR(" \n"); }
static void two(struct provider_request *r) { r->count = 2; }
static void seed(struct provider_request *r) { r->has_seed = true; }
static void negative(struct provider_request *r) { r->negative_prompt = STR("x"); }
static void steps(struct provider_request *r) { r->steps = 1; }
static void quality(struct provider_request *r) { r->quality = STR("high"); }
static void format(struct provider_request *r) { r->format = STR("png"); }
static void edit(struct provider_request *r) { r->action = PROVIDER_EDIT; }
static void reference(struct provider_request *r)
{
    r->references = &picture;
    r->reference_count = 1;
}
static void mask(struct provider_request *r) { r->mask = &picture; }
static void low(struct provider_request *r)
{
    r->width_px = 1024;
    r->height_px = 960;
}
static void lower(struct provider_request *r) { r->width_px = r->height_px = 928; }
static void odd(struct provider_request *r) { r->width_px = r->height_px = 1040; }
static void huge(struct provider_request *r) { r->width_px = r->height_px = 2080; }
static void wide(struct provider_request *r)
{
    r->width_px = 2048;
    r->height_px = 1040;
}

static void test_what_the_models_cannot_do_is_refused_with_the_field(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model, *field;
        enum error_code code;
        int64_t limit;
        void (*change)(struct provider_request *request);
        const char *why;
    } rows[] = {
        {"glm-image", "model", ERROR_REQUIRED, 0, no_model, "no model"},
        {"glm-image", "model", ERROR_INVALID, 0, write_text, "no text"},
        {"glm-image", "prompt", ERROR_REQUIRED, 1, no_prompt, "only spaces"},
        {"glm-image", "count", ERROR_TOO_BIG, 1, two, "one picture"},
        {"glm-image", "seed", ERROR_INVALID, 0, seed, "no seed"},
        {"cogview-9", "seed", ERROR_INVALID, 0, seed, "not under any name"},
        {"glm-image", "negative_prompt", ERROR_INVALID, 0, negative, "none"},
        {"glm-image", "steps", ERROR_INVALID, 0, steps, "none"},
        {"glm-image", "quality", ERROR_NOT_IN_LIST, 0, quality, "OpenAI's"},
        {"glm-image", "format", ERROR_INVALID, 0, format, "not chosen"},
        {"glm-image", "references", ERROR_REQUIRED, 1, edit, "nothing to edit"},
        {"glm-image", "references", ERROR_TOO_MANY, 0, reference, "no references"},
        {"glm-image", "mask", ERROR_INVALID, 0, mask, "facts 6.11"},
        {"glm-image", "size", ERROR_TOO_SMALL, 1024, low, "960 with another side"},
        {"glm-image", "size", ERROR_TOO_SMALL, 960, lower, "928"},
        {"glm-image", "size", ERROR_INVALID, 32, odd, "no multiple of 32"},
        {"glm-image", "size", ERROR_TOO_BIG, 2048, huge, "2080"},
        {"cogview-4", "size", ERROR_TOO_BIG, 2097152, wide, "over 2 to the 21st"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange;
        struct error err = {0};
        rows[i].change(&request);
        if (provider_zhipu.begin(&fixture->account, &request, fixture->arena, &exchange, &err))
            fail_msg("taken: %s", rows[i].why);
        if (strcmp(err.field, rows[i].field) != 0 || err.code != rows[i].code ||
            err.limit != rows[i].limit)
            fail_msg("%s: %s %s %lld: %s", rows[i].why, err.field, error_wire_name(err.code),
                     (long long)err.limit, err.message);
    }
}

static void test_every_size_of_the_lists_is_taken(void **state)
{
    static const struct {
        const char *model;
        int64_t width, height;
    } rows[] = {
        {"glm-image", 1280, 1280},
        {"glm-image", 1568, 1056},
        {"glm-image", 1056, 1568},
        {"glm-image", 1472, 1088},
        {"glm-image", 1088, 1472},
        {"glm-image", 1728, 960 },
        {"glm-image", 960,  1728},
        {"glm-image", 2048, 2048},
        {"cogview-4", 1024, 1024},
        {"cogview-4", 768,  1344},
        {"cogview-4", 864,  1152},
        {"cogview-4", 1344, 768 },
        {"cogview-4", 1152, 864 },
        {"cogview-4", 1440, 720 },
        {"cogview-4", 720,  1440},
        {"cogview-4", 2048, 1024},
        {"cogview-9", 100,  100 },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        request.width_px = rows[i].width;
        request.height_px = rows[i].height;
        begin(fixture, &request);
    }
}

static void test_a_task_is_asked_for_by_its_id(void **state)
{
    static const char *const bad[] = {"", "../models", "a b", "a?b"};
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct error err = {0};

    fixture->account.key.hidden = STR("k.1");
    assert_true(provider_zhipu.poll(&fixture->account, STR(TASK), fixture->arena, &exchange, &err));
    assert_text(exchange.method, "GET");
    assert_text(exchange.url, "https://open.bigmodel.cn/api/paas/v4/async-result/" TASK);
    assert_text(header_of(&exchange, "Authorization"), "Bearer k.1");
    assert_int_equal(exchange.purpose, EXCHANGE_POLL);
    assert_false(exchange.is_paid);
    assert_null(provider_zhipu.cancel); /* facts 6: none */
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(provider_zhipu.poll(&fixture->account, str_of(bad[i]), fixture->arena,
                                         &exchange, &err));
        assert_string_equal(err.field, "remote_id");
    }
}

static void test_an_account_that_cannot_work_is_refused(void **state)
{
    static const struct {
        const char *base_url, *key, *field;
    } rows[] = {
        {"nonsense", "",          "base_url"},
        {"",         "two words", "key"     },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("glm-image");
        struct exchange exchange;
        struct error err = {0};
        fixture->account.base_url = str_of(rows[i].base_url);
        fixture->account.key.hidden = str_of(rows[i].key);
        assert_false(
            provider_zhipu.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
        assert_string_equal(err.field, rows[i].field);
        assert_false(
            provider_zhipu.poll(&fixture->account, STR(TASK), fixture->arena, &exchange, &err));
        assert_false(provider_zhipu.probe(&fixture->account, fixture->arena, &exchange, &err));
    }
}

static void test_the_documented_reply_is_read(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("glm-image");
    struct provider_verdict verdict =
        read_body(fixture, EXCHANGE_SUBMIT, 200,
                  "{\"created\":1790000000,\"request_id\":\"r-1\",\"data\":[{\"url\":"
                  "\"https://aigc-files.bigmodel.cn/a.png\"}],\"content_filter\":[{\"role\":"
                  "\"assistant\",\"level\":3}]}");
    const char *currency;

    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 1);
    assert_text(verdict.pictures[0].url, "https://aigc-files.bigmodel.cn/a.png");
    assert_int_equal(verdict.pictures[0].header_count, 0);
    assert_text(verdict.request_id, "r-1");
    assert_int_equal(
        provider_cost(&provider_zhipu, &fixture->account, &request, &verdict, &currency), 100000);
    assert_string_equal(currency, "CNY");
}

static void test_an_order_by_task_waits(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict =
        read_body(fixture, EXCHANGE_SUBMIT, 200,
                  "{\"id\":\"" TASK "\",\"task_status\":\"PROCESSING\",\"model\":\"glm-image\"}");

    assert_int_equal(verdict.type, VERDICT_WAIT);
    assert_text(verdict.remote_id, TASK);
    assert_int_equal(verdict.poll_after_ms, 3000);
    verdict = read_body(fixture, EXCHANGE_SUBMIT, 200, "{\"task_status\":\"PROCESSING\"}");
    assert_int_equal(verdict.failure.class, FAILURE_UNKNOWN);
    assert_int_equal(verdict.failure.charged, CHARGED_MAYBE);
}

/* A failed task must not have a class that the engine takes for the poll's own trouble. */
static void test_every_state_of_a_task_has_its_verdict(void **state)
{
    /* clang-format off */
    static const struct {
        const char *body;
        enum verdict_type type;
        enum failure_class class;
        enum charged charged;
    } rows[] = {
        {"{\"task_status\":\"PROCESSING\"}", VERDICT_WAIT, FAILURE_NONE, CHARGED_NO},
        {"{\"task_status\":\"QUEUED\"}", VERDICT_WAIT, FAILURE_NONE, CHARGED_NO},
        {"{\"task_status\":\"SUCCESS\",\"image_result\":[{\"url\":\"https://a/1.png\"}]}",
         VERDICT_DONE, FAILURE_NONE, CHARGED_NO},
        {"{\"id\":\"" TASK "\"}", VERDICT_FAILED, FAILURE_UNKNOWN, CHARGED_MAYBE}, /* ask again */
        {"{\"task_status\":\"SUCCESS\",\"image_result\":[]}", VERDICT_FAILED, FAILURE_RESULT_LOST,
         CHARGED_MAYBE},
        {"{\"task_status\":\"SUCCESS\",\"image_result\":[{\"url\":\"data:,x\"}]}", VERDICT_FAILED,
         FAILURE_RESULT_LOST, CHARGED_YES},
        {"{\"task_status\":\"FAIL\"}", VERDICT_FAILED, FAILURE_REMOTE, CHARGED_MAYBE},
        {"{\"task_status\":\"FAIL\",\"error\":{\"code\":\"1301\",\"message\":\"m\"}}",
         VERDICT_FAILED, FAILURE_REFUSED, CHARGED_MAYBE},
        {"{\"task_status\":\"FAIL\",\"error\":{\"code\":\"1302\",\"message\":\"m\"}}",
         VERDICT_FAILED, FAILURE_REMOTE, CHARGED_NO},
        {"{\"task_status\":\"FAIL\",\"error\":{\"code\":\"1234\",\"message\":\"m\"}}",
         VERDICT_FAILED, FAILURE_REMOTE, CHARGED_MAYBE},
        {"{\"task_status\":\"FAIL\",\"content_filter\":[{\"role\":\"user\",\"level\":0}]}",
         VERDICT_FAILED, FAILURE_REFUSED, CHARGED_MAYBE},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = read_body(fixture, EXCHANGE_POLL, 200, rows[i].body);
        if (verdict.type != rows[i].type || verdict.failure.class != rows[i].class ||
            (verdict.type == VERDICT_FAILED &&
             (verdict.failure.charged != rows[i].charged || verdict.failure.message.size == 0)))
            fail_msg("%s: %d %s, charged %d", rows[i].body, verdict.type,
                     failure_class_name(verdict.failure.class), verdict.failure.charged);
        if (verdict.type == VERDICT_WAIT)
            assert_text(verdict.remote_id, TASK);
    }
}

#define SAID(code) "{\"error\":{\"code\":\"" code "\",\"message\":\"said\"}}"

static void test_errors_are_classed_by_the_services_code(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
        enum charged charged;
    } rows[] = {
        {401, SAID("1000"), FAILURE_AUTH, CHARGED_NO},
        {401, SAID("1004"), FAILURE_AUTH, CHARGED_NO},
        {429, SAID("1113"), FAILURE_QUOTA, CHARGED_NO},
        {400, SAID("1210"), FAILURE_INVALID, CHARGED_NO},
        {400, SAID("1214"), FAILURE_INVALID, CHARGED_NO},
        {400, SAID("1301"), FAILURE_REFUSED, CHARGED_MAYBE},
        {429, SAID("1302"), FAILURE_THROTTLED, CHARGED_NO},
        {429, SAID("1303"), FAILURE_THROTTLED, CHARGED_NO},
        {429, SAID("1305"), FAILURE_THROTTLED, CHARGED_NO},
        {500, SAID("1234"), FAILURE_SERVER, CHARGED_MAYBE},
        {200, SAID("1301"), FAILURE_REFUSED, CHARGED_MAYBE},
        {200, "{\"error\":{\"code\":1302,\"message\":\"a number\"}}", FAILURE_THROTTLED,
         CHARGED_NO},
        {200, SAID("7"), FAILURE_UNKNOWN, CHARGED_MAYBE},
        {200, "{\"data\":[]}", FAILURE_UNKNOWN, CHARGED_MAYBE},
        {200, "{\"data\":[{\"url\":\"%%%\"}]}", FAILURE_UNKNOWN, CHARGED_YES},
        {200, "{\"data\":[],\"content_filter\":[{\"role\":\"assistant\",\"level\":1}]}",
         FAILURE_REFUSED, CHARGED_MAYBE},
        {200, "{\"data\":[],\"content_filter\":[{\"role\":\"assistant\",\"level\":2},{}]}",
         FAILURE_UNKNOWN, CHARGED_MAYBE},
        {404, "{\"status\":404,\"error\":\"Not Found\",\"path\":\"/v4\"}", FAILURE_INVALID,
         CHARGED_NO},
        {502, "<html>", FAILURE_SERVER, CHARGED_MAYBE},
        {200, "<html>", FAILURE_INVALID, CHARGED_NO},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict =
            read_body(fixture, EXCHANGE_SUBMIT, rows[i].status, rows[i].body);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged)
            fail_msg("%d %s: %s, charged %d", rows[i].status, rows[i].body,
                     failure_class_name(verdict.failure.class), verdict.failure.charged);
        assert_true(verdict.failure.message.size > 0);
    }
}

static void test_hostile_replies_have_a_verdict(void **state)
{
    static const struct str bodies[] = {
        {NULL, 0},
        BYTES("null"),
        BYTES("[]"),
        BYTES("{\"data\":[{\"url\":\"htt"),
        BYTES("{\"data\":{\"url\":7}}"),
        BYTES("{\"data\":[[[[[[[[[[]]]]]]]]]]}"),
        BYTES("{\"task_status\":7,\"image_result\":{}}"),
        BYTES("{\"task_status\":\"FAIL\",\"error\":[]}"),
        BYTES("{\"content_filter\":{\"level\":0}}"),
        BYTES("{\"error\":{\"code\":123456789012345678901234567890}}"),
        BYTES("{\"error\":{\"code\":\"13\\u000001\",\"message\":\"\\u0000\"}}"),
        BYTES("{\"data\":\"\xff\"}"),
        BYTES("\0\0\0"),
    };
    static const int statuses[] = {200, 204, 302, 400, 500, 999, 0, -1};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(bodies); i++)
        for (size_t s = 0; s < COUNT(statuses); s++)
            for (int poll = 0; poll < 2; poll++) {
                struct exchange_reply reply = {
                    .outcome = EXCHANGE_REPLIED, .status = statuses[s], .body = bodies[i]};
                struct provider_verdict verdict =
                    read_reply(fixture, poll != 0 ? EXCHANGE_POLL : EXCHANGE_SUBMIT, &reply);
                if (verdict.type != VERDICT_FAILED || verdict.failure.class == FAILURE_NONE ||
                    verdict.failure.message.size == 0)
                    fail_msg("%.*s with %d", STR_ARGS(bodies[i]), statuses[s]);
            }
}

static void test_a_lost_reply_is_in_doubt(void **state)
{
    struct fixture *fixture = *state;
    struct exchange_reply reply = {.outcome = EXCHANGE_LOST, .status = 200};
    struct provider_verdict verdict = read_reply(fixture, EXCHANGE_SUBMIT, &reply);

    assert_int_equal(verdict.failure.class, FAILURE_UNKNOWN);
    assert_int_equal(verdict.failure.charged, CHARGED_MAYBE);
    reply.outcome = EXCHANGE_NOT_SENT;
    verdict = read_reply(fixture, EXCHANGE_SUBMIT, &reply);
    assert_int_equal(verdict.failure.class, FAILURE_NOT_SENT);
}

static void test_the_key_is_never_repeated(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict;

    fixture->account.key.hidden = STR("0123456789abcdef.xyz");
    verdict = read_body(fixture, EXCHANGE_SUBMIT, 401,
                        "{\"request_id\":\"0123456789abcdef.xyz\",\"error\":{\"code\":"
                        "\"0123456789abcdef.xyz\",\"message\":\"bad 0123456789abcdef.xyz\"}}");
    assert_text(verdict.failure.message, "bad ***");
    assert_text(verdict.failure.code, "***");
    assert_text(verdict.request_id, "***");
}

static void test_prices_are_those_of_the_site(void **state)
{
    static const struct {
        const char *base_url, *model;
        int64_t micro;
        const char *currency;
    } rows[] = {
        {"",                 "glm-image",        100000, "CNY"},
        {"",                 "cogview-4-250304", 60000,  "CNY"},
        {"",                 "cogview-3-flash",  0,      "CNY"},
        {"",                 "cogview-9",        -1,     "CNY"},
        {"https://api.z.ai", "glm-image",        -1,     "USD"},
        {"https://api.z.ai", "cogview-3-flash",  0,      "USD"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        const char *currency = "";
        fixture->account.base_url = str_of(rows[i].base_url);
        assert_int_equal(provider_estimate(&provider_zhipu, &fixture->account, &request, &currency),
                         rows[i].micro);
        assert_string_equal(currency, rows[i].currency);
    }
}

static void test_the_probe_reads_models_or_says_what_is_wrong(void **state)
{
    static const struct {
        int status;
        const char *body;
        size_t count;
        enum failure_class class;
    } rows[] = {
        {200, "{\"object\":\"list\",\"data\":[{\"id\":\"glm-image\"}]}", 1, FAILURE_NONE   },
        {401, SAID("1000"),                                              0, FAILURE_AUTH   },
        {200, SAID("1113"),                                              0, FAILURE_QUOTA  },
        {404, "",                                                        0, FAILURE_INVALID},
        {200, "<html>",                                                  0, FAILURE_INVALID},
    };
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct error err = {0};

    assert_true(provider_zhipu.probe(&fixture->account, fixture->arena, &exchange, &err));
    assert_text(exchange.url, "https://open.bigmodel.cn/api/paas/v4/models");
    assert_false(exchange.is_paid);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct provider_failure failure;
        struct str *models;
        size_t count;
        provider_zhipu.read_probe(&fixture->account, &reply, fixture->arena, &models, &count,
                                  &failure);
        if (count != rows[i].count || failure.class != rows[i].class)
            fail_msg("%s: %zu, %s", rows[i].body, count, failure_class_name(failure.class));
        assert_int_equal(failure.charged, CHARGED_NO);
    }
}

static void test_what_a_call_says_besides_is_sent_or_refused(void **state)
{
    /* clang-format off */
    static const struct option_row rows[] = {
        {"cogview-4", "watermark=false", "\"watermark_enabled\":false", NULL},
        {"cogview-4", "seed=1", NULL, "options.seed"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_request request = request_of("");
    struct exchange exchange;
    struct error err = {0};

    fixture->account.key.hidden = STR("k.1");
    assert_option_rows(fixture, &provider_zhipu, &request, rows, COUNT(rows));
    fixture_options(fixture, "{\"watermark\":false}");
    request.model = STR("cogview-4");
    set_options(fixture, &request, "watermark=true"); /* the service's own: nothing is said */
    assert_true(provider_zhipu.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_int_equal(str_find(body_of(&exchange, fixture->arena), STR("watermark_enabled")), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_call_is_written_byte_by_byte),
        TEST(test_what_is_left_open_is_not_sent),
        TEST(test_addresses_people_paste_are_understood),
        TEST(test_what_the_models_cannot_do_is_refused_with_the_field),
        TEST(test_every_size_of_the_lists_is_taken),
        TEST(test_a_task_is_asked_for_by_its_id),
        TEST(test_an_account_that_cannot_work_is_refused),
        TEST(test_the_documented_reply_is_read),
        TEST(test_an_order_by_task_waits),
        TEST(test_every_state_of_a_task_has_its_verdict),
        TEST(test_errors_are_classed_by_the_services_code),
        TEST(test_hostile_replies_have_a_verdict),
        TEST(test_a_lost_reply_is_in_doubt),
        TEST(test_the_key_is_never_repeated),
        TEST(test_prices_are_those_of_the_site),
        TEST(test_the_probe_reads_models_or_says_what_is_wrong),
        TEST(test_what_a_call_says_besides_is_sent_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
