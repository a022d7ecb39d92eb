/* MiniMax's calls and answers: facts 6.6 and 8.3. */
#include "provider/provider_test.h"

#define BYTES(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static const struct provider_image pictures[] = {
    {{PNG_BYTES, sizeof PNG_BYTES - 1},   {"image/png", 9}, {"a.png", 5}},
    {{JPEG_BYTES, sizeof JPEG_BYTES - 1}, {"image/png", 9}, {"", 0}     }, /* a lie: it is a JPEG */
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

    if (!provider_minimax.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

static struct provider_verdict read_reply(struct fixture *fixture, int64_t count,
                                          const struct exchange_reply *reply)
{
    struct provider_request request = request_of("image-01");
    struct exchange exchange = {.purpose = EXCHANGE_SUBMIT, .is_paid = true};
    struct provider_verdict verdict;

    request.count = count;
    provider_minimax.read(&fixture->account, &request, &exchange, reply, fixture->arena, &verdict);
    return verdict;
}

static struct provider_verdict read_body(struct fixture *fixture, int status, const char *body)
{
    struct exchange_reply reply = reply_of(status, body);

    return read_reply(fixture, 1, &reply);
}

static void test_a_call_is_written_byte_by_byte(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("image-01");
    struct exchange exchange;

    fixture->account.key.hidden = STR("sk-1");
    fixture_options(fixture, "{\"prompt_optimizer\":true,\"watermark\":true}");
    request.width_px = 1920;
    request.height_px = 1080;
    request.count = 2;
    request.has_seed = true;
    request.seed = 7;
    exchange = begin(fixture, &request);
    assert_text(exchange.method, "POST");
    assert_text(exchange.url, "https://api.minimaxi.com/v1/image_generation");
    assert_text(header_of(&exchange, "Authorization"), "Bearer sk-1");
    assert_text(header_of(&exchange, "Content-Type"), "application/json");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"image-01\",\"prompt\":\"a cup\",\"width\":1920,\"height\":1080,"
                "\"response_format\":\"base64\",\"n\":2,\"seed\":7,\"prompt_optimizer\":true,"
                "\"aigc_watermark\":true}");
    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    assert_true(exchange.is_paid);
    assert_false(exchange.is_own_origin);
    assert_int_equal(exchange.reply_size_max, MIB(32));
}

static void test_the_live_model_is_told_a_shape_and_a_face(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("image-01-live");
    struct exchange exchange;

    request.action = PROVIDER_EDIT;
    request.width_px = 832;
    request.height_px = 1248;
    request.references = &pictures[1];
    request.reference_count = 1;
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"image-01-live\",\"prompt\":\"a cup\",\"aspect_ratio\":\"2:3\","
                "\"response_format\":\"base64\",\"n\":1,\"prompt_optimizer\":false,"
                "\"aigc_watermark\":false,\"subject_reference\":[{\"type\":\"character\","
                "\"image_file\":\"data:image/jpeg;base64," JPEG_BASE64 "\"}]}");
}

static void test_an_open_size_is_the_services_own(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("image-77");
    struct exchange exchange = begin(fixture, &request);

    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"image-77\",\"prompt\":\"a cup\",\"response_format\":\"base64\","
                "\"n\":1,\"prompt_optimizer\":false,\"aigc_watermark\":false}");
}

static void test_addresses_people_paste_are_understood(void **state)
{
    static const char *const pasted[] = {"https://api.minimax.io", "https://api.minimax.io/v1/",
                                         "https://api.minimax.io/v1/image_generation"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(pasted); i++) {
        struct provider_request request = request_of("image-01");
        struct exchange exchange;
        fixture->account.base_url = str_of(pasted[i]);
        exchange = begin(fixture, &request);
        assert_text(exchange.url, "https://api.minimax.io/v1/image_generation");
        assert_true(exchange.is_own_origin);
    }
}

static void no_model(struct provider_request *r) { r->model = STR_EMPTY; }
static void write_text(struct provider_request *r) { r->action = PROVIDER_WRITE; }
static void no_prompt(struct provider_request *r) { r->prompt = STR(" \n"); }
static void long_prompt(struct provider_request *r)
{
    static char text[1501];
    memset(text, 'a', sizeof text);
    r->prompt = (struct str){text, sizeof text};
}
static void ten(struct provider_request *r) { r->count = 10; }
static void negative(struct provider_request *r) { r->negative_prompt = STR("x"); }
static void steps(struct provider_request *r) { r->steps = 1; }
static void quality(struct provider_request *r) { r->quality = STR("hd"); }
static void format(struct provider_request *r) { r->format = STR("png"); }
static void odd(struct provider_request *r) { r->width_px = r->height_px = 1001; }
static void small(struct provider_request *r) { r->width_px = r->height_px = 504; }
static void huge(struct provider_request *r) { r->width_px = r->height_px = 2056; }
static void edit(struct provider_request *r) { r->action = PROVIDER_EDIT; }
static void two_faces(struct provider_request *r)
{
    r->references = pictures;
    r->reference_count = 2;
}
static void heavy(struct provider_request *r)
{
    static char bytes[10 * 1024 * 1024 + 1] = PNG_BYTES;
    static const struct provider_image image = {
        .bytes = {bytes, sizeof bytes}
    };
    r->references = &image;
    r->reference_count = 1;
}
static void mask(struct provider_request *r) { r->mask = &pictures[0]; }

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
        {"image-01", "model", ERROR_REQUIRED, 0, no_model, "no model"},
        {"image-01", "model", ERROR_INVALID, 0, write_text, "no text"},
        {"image-01", "prompt", ERROR_REQUIRED, 1, no_prompt, "only spaces"},
        {"image-01", "prompt", ERROR_TOO_LONG, 1500, long_prompt, "1501"},
        {"image-01", "count", ERROR_TOO_BIG, 9, ten, "ten"},
        {"image-01", "negative_prompt", ERROR_INVALID, 0, negative, "none"},
        {"image-01", "steps", ERROR_INVALID, 0, steps, "none"},
        {"image-01", "quality", ERROR_INVALID, 0, quality, "none"},
        {"image-01", "format", ERROR_INVALID, 0, format, "not chosen"},
        {"image-01", "size", ERROR_INVALID, 8, odd, "no multiple of 8"},
        {"image-01", "size", ERROR_TOO_SMALL, 512, small, "504"},
        {"image-01", "size", ERROR_TOO_BIG, 2048, huge, "2056"},
        {"image-01-live", "size", ERROR_NOT_IN_LIST, 0, odd, "one of eight"},
        {"image-01", "references", ERROR_REQUIRED, 1, edit, "nothing to look at"},
        {"image-01", "references", ERROR_TOO_MANY, 1, two_faces, "one face"},
        {"image-01", "references[0]", ERROR_TOO_LARGE, (int64_t)MIB(10), heavy, "10 MB"},
        {"image-01", "mask", ERROR_INVALID, 0, mask, "facts 6.11"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange;
        struct error err = {0};
        rows[i].change(&request);
        if (provider_minimax.begin(&fixture->account, &request, fixture->arena, &exchange, &err))
            fail_msg("taken: %s", rows[i].why);
        if (strcmp(err.field, rows[i].field) != 0 || err.code != rows[i].code ||
            err.limit != rows[i].limit)
            fail_msg("%s: %s %s %lld: %s", rows[i].why, err.field, error_wire_name(err.code),
                     (long long)err.limit, err.message);
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
        struct provider_request request = request_of("image-01");
        struct exchange exchange;
        struct error err = {0};
        fixture->account.base_url = str_of(rows[i].base_url);
        fixture->account.key.hidden = str_of(rows[i].key);
        assert_false(
            provider_minimax.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
        assert_string_equal(err.field, rows[i].field);
        assert_false(provider_minimax.probe(&fixture->account, fixture->arena, &exchange, &err));
    }
}

#define OK "\"base_resp\":{\"status_code\":0,\"status_msg\":\"success\"}"
#define COUNTS "\"metadata\":{\"success_count\":\"1\",\"failed_count\":\"0\"}"

static void test_the_documented_replies_are_read(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("image-01");
    struct provider_verdict verdict;
    const char *currency;

    verdict = read_body(fixture, 200,
                        "{\"id\":\"g-1\",\"data\":{\"image_base64\":[\"" PNG_BASE64 "\"]}," COUNTS
                        "," OK "}");
    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 1);
    assert_true(str_equal(verdict.pictures[0].bytes, STR(PNG_BYTES)));
    assert_text(verdict.request_id, "g-1");
    assert_text(verdict.missing, "");
    assert_int_equal(
        provider_cost(&provider_minimax, &fixture->account, &request, &verdict, &currency), 25000);
    assert_string_equal(currency, "CNY");
    fixture->account.base_url = STR("https://api.minimax.io/v1");
    assert_int_equal(
        provider_cost(&provider_minimax, &fixture->account, &request, &verdict, &currency), 3500);
    assert_string_equal(currency, "USD");
    verdict = read_body(fixture, 200,
                        "{\"id\":\"g-2\",\"data\":{\"image_urls\":[\"https://a/1.jpeg\"]}," COUNTS
                        "," OK "}");
    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_text(verdict.pictures[0].url, "https://a/1.jpeg");
    assert_int_equal(verdict.pictures[0].header_count, 0);
}

static void test_fewer_pictures_than_asked_for_say_why(void **state)
{
    static const struct {
        const char *body, *missing;
    } rows[] = {
        {"{\"data\":{\"image_urls\":[\"https://a/1\"]},\"metadata\":{\"success_count\":\"1\","
         "\"failed_count\":\"1\"}," OK "}",
         "the service made 1 of 2 pictures"                                          },
        {"{\"data\":{\"image_urls\":[\"https://a/1\"]},\"base_resp\":{\"status_code\":1027,"
         "\"status_msg\":\"output new_sensitive\"}}", "output new_sensitive"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_reply reply = reply_of(200, rows[i].body);
        struct provider_verdict verdict = read_reply(fixture, 2, &reply);
        assert_int_equal(verdict.type, VERDICT_DONE);
        assert_int_equal(verdict.failure.class, FAILURE_NONE);
        assert_text(verdict.missing, rows[i].missing);
    }
}

/* All of facts 6.6, in the 200 that they come in; a text for a number is read too. */
static void test_every_code_inside_of_200_has_its_class(void **state)
{
    static const struct {
        const char *code;
        enum failure_class class;
        enum charged charged;
    } rows[] = {
        {"1000",     FAILURE_SERVER,    CHARGED_MAYBE},
        {"1001",     FAILURE_UNKNOWN,   CHARGED_MAYBE},
        {"1002",     FAILURE_THROTTLED, CHARGED_NO   },
        {"1004",     FAILURE_AUTH,      CHARGED_NO   },
        {"1008",     FAILURE_QUOTA,     CHARGED_NO   },
        {"1013",     FAILURE_SERVER,    CHARGED_MAYBE},
        {"1024",     FAILURE_SERVER,    CHARGED_MAYBE},
        {"1026",     FAILURE_REFUSED,   CHARGED_NO   },
        {"1027",     FAILURE_REFUSED,   CHARGED_MAYBE},
        {"1033",     FAILURE_SERVER,    CHARGED_MAYBE},
        {"1039",     FAILURE_THROTTLED, CHARGED_NO   },
        {"2013",     FAILURE_INVALID,   CHARGED_NO   },
        {"2049",     FAILURE_AUTH,      CHARGED_NO   },
        {"\"2049\"", FAILURE_AUTH,      CHARGED_NO   },
        {"4711",     FAILURE_UNKNOWN,   CHARGED_MAYBE},
        {"-1",       FAILURE_UNKNOWN,   CHARGED_MAYBE},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++)
        for (int has_words = 0; has_words < 2; has_words++) {
            CLEANUP(buf_finish) struct buf body = {0};
            struct provider_verdict verdict;
            buf_printf(&body, "{\"id\":\"\",\"base_resp\":{\"status_code\":%s%s}}%c", rows[i].code,
                       has_words != 0 ? ",\"status_msg\":\"said\"" : "", '\0');
            verdict = read_body(fixture, 200, body.data);
            if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
                verdict.failure.charged != rows[i].charged)
                fail_msg("%s: %s, charged %d", rows[i].code,
                         failure_class_name(verdict.failure.class), verdict.failure.charged);
            assert_true(has_words != 0 ? str_equal(verdict.failure.message, STR("said"))
                                       : str_starts_with(verdict.failure.message,
                                                         STR("the service answered with code ")));
        }
}

static void test_success_without_a_picture_is_a_failure(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
        enum charged charged;
        const char *why;
    } rows[] = {
        {200, "{\"data\":{}," OK "}", FAILURE_UNKNOWN, CHARGED_MAYBE, "no list"},
        {200, "{\"data\":null," OK "}", FAILURE_UNKNOWN, CHARGED_MAYBE, "null"},
        {200, "{\"data\":{\"image_base64\":[]}," OK "}", FAILURE_UNKNOWN, CHARGED_MAYBE, "none"},
        {200, "{\"data\":{\"image_base64\":[\"iVBORw0KGgo\"]}," OK "}", FAILURE_UNKNOWN,
         CHARGED_YES, "cut short"},
        {200, "{\"data\":{\"image_base64\":[\"%%%\"]}," OK "}", FAILURE_UNKNOWN, CHARGED_YES,
         "no base64"},
        {200, "{" OK "}", FAILURE_UNKNOWN, CHARGED_MAYBE, "nothing"},
        {429, "", FAILURE_THROTTLED, CHARGED_NO, "a gateway"},
        {502, "<html>", FAILURE_SERVER, CHARGED_MAYBE, "a gateway"},
        {404, "404 page not found", FAILURE_INVALID, CHARGED_NO, "a path"},
        {500, "{\"base_resp\":{\"status_code\":1008}}", FAILURE_QUOTA, CHARGED_NO, "both"},
        {500, "{\"data\":{\"image_urls\":[\"https://a/1\"]}}", FAILURE_SERVER, CHARGED_MAYBE,
         "no 200"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = read_body(fixture, rows[i].status, rows[i].body);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged)
            fail_msg("%s: %s, charged %d", rows[i].why, failure_class_name(verdict.failure.class),
                     verdict.failure.charged);
        assert_true(verdict.failure.message.size > 0);
    }
}

static void test_hostile_replies_have_a_verdict(void **state)
{
    static const struct str bodies[] = {
        {NULL, 0},
        BYTES("null"),
        BYTES("[]"),
        BYTES("7"),
        BYTES("{\"data\":{\"image_ba"),
        BYTES("{\"data\":{\"image_base64\":{\"url\":\"https://a\"}}}"),
        BYTES("{\"data\":[[[[[[[[[[]]]]]]]]]]}"),
        BYTES("{\"base_resp\":{\"status_code\":1e999}}"),
        BYTES("{\"base_resp\":{\"status_code\":{}}}"),
        BYTES("{\"base_resp\":{\"status_code\":123456789012345678901234567890}}"),
        BYTES("{\"base_resp\":{\"status_code\":1004,\"status_msg\":\"\\u0000\"}}"),
        BYTES("{\"base_resp\":{\"status_msg\":\"\xff\"}}"),
        BYTES("\0\0\0"),
    };
    static const int statuses[] = {200, 204, 302, 400, 500, 999, 0, -1};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(bodies); i++)
        for (size_t s = 0; s < COUNT(statuses); s++) {
            struct exchange_reply reply = {
                .outcome = EXCHANGE_REPLIED, .status = statuses[s], .body = bodies[i]};
            struct provider_verdict verdict = read_reply(fixture, 1, &reply);
            if (verdict.type != VERDICT_FAILED || verdict.failure.class == FAILURE_NONE ||
                verdict.failure.message.size == 0)
                fail_msg("%.*s with %d", STR_ARGS(bodies[i]), statuses[s]);
        }
}

static void test_a_lost_reply_is_in_doubt(void **state)
{
    struct fixture *fixture = *state;
    struct exchange_reply reply = {.outcome = EXCHANGE_LOST, .status = 200};
    struct provider_verdict verdict = read_reply(fixture, 1, &reply);

    assert_int_equal(verdict.failure.class, FAILURE_UNKNOWN);
    assert_int_equal(verdict.failure.charged, CHARGED_MAYBE);
    reply.outcome = EXCHANGE_NOT_SENT;
    verdict = read_reply(fixture, 1, &reply);
    assert_int_equal(verdict.failure.class, FAILURE_NOT_SENT);
}

static void test_the_key_is_never_repeated(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict;

    fixture->account.key.hidden = STR("sk-0123456789abcdef");
    verdict = read_body(fixture, 200,
                        "{\"id\":\"sk-0123456789abcdef\",\"base_resp\":{\"status_code\":1004,"
                        "\"status_msg\":\"login fail sk-0123456789abcdef\"}}");
    assert_text(verdict.failure.message, "login fail ***");
    assert_text(verdict.request_id, "***");
}

static void test_prices_are_those_of_the_site(void **state)
{
    static const struct {
        const char *base_url, *model;
        int64_t count, micro;
        const char *currency;
    } rows[] = {
        {"",                       "image-01",      9,  225000, "CNY"},
        {"https://api.minimax.io", "image-01",      2,  7000,   "USD"},
        {"",                       "image-01-live", 1,  -1,     "CNY"},
        {"",                       "image-99",      1,  -1,     "CNY"},
        {"",                       "image-01",      65, -1,     "CNY"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        const char *currency = "";
        fixture->account.base_url = str_of(rows[i].base_url);
        request.count = rows[i].count;
        assert_int_equal(
            provider_estimate(&provider_minimax, &fixture->account, &request, &currency),
            rows[i].micro);
        assert_string_equal(currency, rows[i].currency);
    }
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
        {200, "{\"object\":\"list\",\"data\":[{\"id\":\"image-01\"}]}", 1, FAILURE_NONE},
        {200, "{\"base_resp\":{\"status_code\":1004,\"status_msg\":\"login fail\"}}", 0,
         FAILURE_AUTH},
        {401, "{\"base_resp\":{\"status_code\":2049}}", 0, FAILURE_AUTH},
        {404, "404 page not found", 0, FAILURE_INVALID},
        {200, "<html>", 0, FAILURE_INVALID},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct error err = {0};

    assert_true(provider_minimax.probe(&fixture->account, fixture->arena, &exchange, &err));
    assert_text(exchange.url, "https://api.minimaxi.com/v1/models");
    assert_text(exchange.method, "GET");
    assert_false(exchange.is_paid);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct provider_failure failure;
        struct str *models;
        size_t count;
        provider_minimax.read_probe(&fixture->account, &reply, fixture->arena, &models, &count,
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
        {"image-01", "prompt_optimizer=true", "\"prompt_optimizer\":true", NULL},
        {"image-01", "watermark=true", "\"aigc_watermark\":true", NULL},
        {"image-01", "style_type=x", NULL, "options.style_type"},
        {"image-01-live", "style_type=水彩", "\"style\":{\"style_type\":\"水彩\"}", NULL},
        {"image-01-live", "style_type=水彩;style_weight=0.8", "\"style\":{\"style_type\":\"水彩\",\"style_weight\":0.8}", NULL},
        {"image-01-live", "style_weight=0.8", NULL, "options.style_weight"},
        {"image-01-live", "style_type=水彩;style_weight=2", NULL, "options.style_weight"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    const struct provider_request request = request_of("");

    fixture->account.key.hidden = STR("sk-1");
    assert_option_rows(fixture, &provider_minimax, &request, rows, COUNT(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_call_is_written_byte_by_byte),
        TEST(test_the_live_model_is_told_a_shape_and_a_face),
        TEST(test_an_open_size_is_the_services_own),
        TEST(test_addresses_people_paste_are_understood),
        TEST(test_what_the_models_cannot_do_is_refused_with_the_field),
        TEST(test_an_account_that_cannot_work_is_refused),
        TEST(test_the_documented_replies_are_read),
        TEST(test_fewer_pictures_than_asked_for_say_why),
        TEST(test_every_code_inside_of_200_has_its_class),
        TEST(test_success_without_a_picture_is_a_failure),
        TEST(test_hostile_replies_have_a_verdict),
        TEST(test_a_lost_reply_is_in_doubt),
        TEST(test_the_key_is_never_repeated),
        TEST(test_prices_are_those_of_the_site),
        TEST(test_the_probe_reads_models_or_says_what_is_wrong),
        TEST(test_what_a_call_says_besides_is_sent_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
