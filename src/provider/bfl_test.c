/* Black Forest Labs' API (facts 6.1): requests, addresses, statuses, costs, refusals. */
#include "provider/bfl_private.h"
#include "provider/queue_test.h"

#define BASE "https://api.bfl.ai/v1/"
#define ID "6f8b2c1e-1111-2222-3333-444455556666"
#define POLLING "https://api.us1.bfl.ai/v1/get_result?id=" ID
#define REMOTE "45000 " POLLING

static const struct provider_kind *const kind = &provider_bfl;

static struct exchange begin(struct fixture *fixture, const struct provider_request *request)
{
    return begin_good(fixture, kind, request);
}

static void test_a_generation_is_written_as_bfl_wants_it(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("flux-2-flex");
    struct exchange exchange;

    fixture->account.key.hidden = STR("secret");
    fixture_options(fixture, "{\"safety_tolerance\":6,\"prompt_rewriting\":\"on\"}");
    request.width_px = 1024;
    request.height_px = 768;
    request.has_seed = true;
    request.seed = 7;
    request.steps = 28;
    request.scale = 4.5;
    request.format = STR("jpeg");
    exchange = begin(fixture, &request);
    assert_text(exchange.url, BASE "flux-2-flex");
    assert_text(exchange.method, "POST");
    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    assert_true(exchange.is_paid);
    assert_text(header_of(&exchange, "x-key"), "secret");
    assert_int_equal(header_of(&exchange, "Authorization").size, 0);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"prompt\":\"a cup\",\"width\":1024,\"height\":768,\"seed\":7,\"steps\":28,"
                "\"guidance\":4.5,\"output_format\":\"jpeg\",\"safety_tolerance\":5,"
                "\"prompt_upsampling\":true}");
}

static void test_each_model_is_asked_in_its_own_words(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model;
        size_t references;
        bool has_mask;
        int64_t width, height;
        const char *input;
    } rows[] = {
        {"flux-3-image", 2, false, 4096, 4096, ",\"images\":[\"" PNG_BASE64 "\",\"" JPEG_BASE64
         "\"],\"aspect_ratio\":\"1:1\",\"resolution\":\"4k\""},
        {"flux-2-pro", 2, false, 0, 0, ",\"input_image\":\"" PNG_BASE64 "\",\"input_image_2\":\""
         JPEG_BASE64 "\""},
        {"flux-kontext-pro", 1, false, 672, 1536, ",\"input_image\":\"" PNG_BASE64
         "\",\"aspect_ratio\":\"9:21\""},
        {"flux-pro-1.1", 1, false, 1440, 256, ",\"image_prompt\":\"" PNG_BASE64
         "\",\"width\":1440,\"height\":256"},
        {"flux-pro-1.1-ultra", 0, false, 1536, 672, ",\"aspect_ratio\":\"21:9\""},
        {"flux-pro-1.0-fill", 1, true, 0, 0, ",\"image\":\"" PNG_BASE64 "\",\"mask\":\"" PNG_BASE64
         "\""},
        {"flux-9-dream", 1, false, 17, 70, ",\"input_image\":\"" PNG_BASE64
         "\",\"width\":17,\"height\":70"},
        {"flux-9-dream", 1, true, 0, 0, ",\"image\":\"" PNG_BASE64 "\",\"mask\":\"" PNG_BASE64 "\""},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = rows[i].references > 0
                                              ? edit_of(rows[i].model, rows[i].references)
                                              : request_of(rows[i].model);
        struct exchange exchange;
        char expected[4096];
        request.width_px = rows[i].width;
        request.height_px = rows[i].height;
        request.mask = rows[i].has_mask ? &picture_a : NULL;
        request.mask_is_white = true;
        exchange = begin(fixture, &request);
        (void)snprintf(expected, sizeof expected, "{\"prompt\":\"a cup\"%s}", rows[i].input);
        assert_text(body_of(&exchange, fixture->arena), expected);
    }
}

static void test_rewriting_is_switched_off_in_each_familys_words(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("flux-2-pro");
    struct exchange exchange;

    fixture_options(fixture, "{\"prompt_rewriting\":\"off\",\"safety_tolerance\":\"0\"}");
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"prompt\":\"a cup\",\"safety_tolerance\":0,\"disable_pup\":true}");
    request = request_of("flux-pro-1.1");
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"prompt\":\"a cup\",\"safety_tolerance\":0,\"prompt_upsampling\":false}");
}

static struct provider_request mask_of(int64_t steps, double scale)
{
    struct provider_request request = edit_of("flux-pro-1.0-fill", 1);

    request.mask = &picture_a;
    request.mask_is_white = true;
    request.steps = steps;
    request.scale = scale;
    return request;
}

static void test_the_outermost_steps_and_guidance_are_taken(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("flux-2-flex");
    struct exchange exchange;

    request.steps = 50;
    request.scale = 1.5;
    exchange = begin(fixture, &request);
    assert_true(str_find(body_of(&exchange, fixture->arena), STR("\"steps\":50,\"guidance\":1.5")) >
                0);
    request.steps = 1;
    request.scale = 10;
    (void)begin(fixture, &request);
    request = mask_of(15, 100);
    (void)begin(fixture, &request);
    request = request_of("flux-9-dream"); /* whose bounds nobody knows */
    request.steps = 500;
    request.scale = 500;
    (void)begin(fixture, &request);
}

static void test_what_a_model_cannot_do_is_refused_before_it_is_sent(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request;
    char *huge = arena_alloc(fixture->arena, MIB(20) + 1);
    struct provider_image large = {
        .bytes = {huge, MIB(20) + 1}
    };

    memcpy(huge, PNG_BYTES, sizeof PNG_BYTES - 1);
#define REFUSED(model_name, change, field, why)                                                    \
    request = request_of(model_name);                                                              \
    change;                                                                                        \
    begin_refused(fixture, kind, &request, field, why)
    REFUSED("flux-2-pro", request.negative_prompt = STR("x"), "negative_prompt", "nowhere");
    REFUSED("flux-9-dream", request.negative_prompt = STR("x"), "negative_prompt", "nowhere");
    REFUSED("flux-2-pro", request.count = 2, "count", "one a request");
    REFUSED("flux-9-dream", request.count = 2, "count", "one a request");
    REFUSED("flux-2-pro", request.width_px = 1000; request.height_px = 1024, "size", "no step");
    REFUSED("flux-2-pro", request.width_px = 48; request.height_px = 1024, "size", "too small");
    REFUSED("flux-2-pro", request.width_px = 2048; request.height_px = 2064, "size", "too large");
    REFUSED("flux-kontext-pro", request.width_px = request.height_px = 512, "size", "unlisted");
    REFUSED("flux-2-pro", request.steps = 20, "steps", "no word");
    REFUSED("flux-2-flex", request.steps = 51, "steps", "above 50");
    REFUSED("flux-2-flex", request.scale = 1.4, "scale", "below 1.5");
    REFUSED("flux-2-flex", request.scale = 10.1, "scale", "above 10");
    REFUSED("flux-pro-1.0-fill", request = mask_of(14, 4.5), "steps", "below 15");
    REFUSED("flux-pro-1.0-fill", request = mask_of(51, 4.5), "steps", "above 50");
    REFUSED("flux-pro-1.0-fill", request = mask_of(50, 101), "scale", "above 100");
    REFUSED("flux-2-pro", request.format = STR("webp"), "format", "not written");
    REFUSED("flux-3-image", request.has_seed = true, "seed", "no word");
    REFUSED("flux-2-pro", request = edit_of("flux-2-pro", 2); request.mask = &picture_a;
            request.mask_is_white = true, "mask", "no masks in FLUX.2");
    REFUSED("flux-pro-1.0-fill", request = edit_of("flux-pro-1.0-fill", 1), "mask", "needs one");
    REFUSED("flux-pro-1.0-fill", request = edit_of("flux-pro-1.0-fill", 1);
            request.mask = &picture_a, "mask", "not in black and white");
    REFUSED("flux-pro-1.1", request = edit_of("flux-pro-1.1", 2), "references", "takes one");
    REFUSED("flux-2-pro", request.references = &large;
            request.reference_count = 1, "references[0]", "beyond 20 MB");
    REFUSED("../credits", (void)0, "model", "upwards");
    REFUSED("flux 2", (void)0, "model", "a space");
    REFUSED("flux-2-pro", request.action = PROVIDER_WRITE, "model", "no text");
#undef REFUSED
}

static void test_an_accepted_task_is_asked_for_where_the_key_may_go(void **state)
{
    /* clang-format off */
    static const struct {
        const char *base, *body, *remote_id;
        bool is_own;
        const char *why;
    } rows[] = {
        {"", "{\"id\":\"" ID "\",\"polling_url\":\"" POLLING "\",\"cost\":4.5,\"input_mp\":1,"
         "\"output_mp\":1}", REMOTE, false, "a sibling host"},
        {"", "{\"id\":\"" ID "\",\"polling_url\":\"" POLLING "\"}", "-1 " POLLING, false,
         "no cost"},
        {"", "{\"id\":\"" ID "\",\"polling_url\":\"" POLLING "\",\"cost\":-3}", "-1 " POLLING,
         false, "a cost below nothing"},
        {"", "{\"id\":\"" ID "\",\"polling_url\":\"" POLLING "\",\"cost\":1e300}", "-1 " POLLING,
         false, "an absurd cost"},
        {"", "{\"polling_url\":\"https://API.BFL.AI/v1/x\",\"cost\":0}",
         "0 https://API.BFL.AI/v1/x", false, "no id"},
        {"", "{\"id\":\"" ID "\"}", "-1 " BASE "get_result?id=" ID, false, "no address"},
        {"", "{\"id\":\"" ID "\",\"polling_url\":\"https://evil.example/x\"}",
         "-1 " BASE "get_result?id=" ID, false, "a stranger"},
        {"", "{\"id\":\"" ID "\",\"polling_url\":\"https://evil-bfl.ai/x\"}",
         "-1 " BASE "get_result?id=" ID, false, "a neighbour's name"},
        {"", "{\"id\":\"" ID "\",\"polling_url\":\"https://bfl.ai.evil.example/x\"}",
         "-1 " BASE "get_result?id=" ID, false, "the name in front"},
        {"", "{\"id\":\"" ID "\",\"polling_url\":\"http://api.bfl.ai/v1/x\"}",
         "-1 " BASE "get_result?id=" ID, false, "in the clear"},
        {"", "{\"id\":\"" ID "\",\"polling_url\":\"https://me@api.bfl.ai/x\"}",
         "-1 " BASE "get_result?id=" ID, false, "a name before the host"},
        {"", "{\"id\":\"" ID "\",\"polling_url\":\"https://evil.example\\\\.bfl.ai/x\"}",
         "-1 " BASE "get_result?id=" ID, false, "a backslash"},
        {"", "{\"id\":\"" ID "\",\"polling_url\":\"https://evil.example#.bfl.ai/x\"}",
         "-1 " BASE "get_result?id=" ID, false, "a fragment"},
        {"", "{\"id\":\"" ID "\",\"polling_url\":\"https://api.bfl.ai:8443/x\"}",
         "-1 " BASE "get_result?id=" ID, false, "another port"},
        {"", "{\"id\":\"" ID "\",\"polling_url\":\"https://.bfl.ai\"}",
         "-1 " BASE "get_result?id=" ID, false, "no path"},
        {"http://relay:8080", "{\"id\":\"" ID "\",\"polling_url\":\"http://relay:8080/p/1\"}",
         "-1 http://relay:8080/p/1", true, "the account's own origin"},
        {"http://relay:8080", "{\"id\":\"" ID "\",\"polling_url\":\"http://relay:80801/p/1\"}",
         "-1 http://relay:8080/v1/get_result?id=" ID, true, "a port that begins alike"},
        {"http://relay:8080", "{\"id\":\"" ID "\",\"polling_url\":\"" POLLING "\"}",
         "-1 " POLLING, false, "BFL itself behind a relay"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    fixture->account.key.hidden = STR("secret");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("flux-2-pro");
        struct exchange exchange;
        struct provider_verdict verdict;
        fixture->account.base_url = str_of(rows[i].base);
        exchange = begin(fixture, &request);
        verdict = read_body(fixture, kind, &exchange, 200, rows[i].body);
        if (verdict.type != VERDICT_WAIT ||
            !str_equal(verdict.remote_id, str_of(rows[i].remote_id)))
            fail_msg("%s: %.*s", rows[i].why, STR_ARGS(verdict.remote_id));
        exchange = poll_of(fixture, kind, rows[i].remote_id);
        assert_text(exchange.url, strchr(rows[i].remote_id, ' ') + 1);
        assert_int_equal(exchange.is_own_origin, rows[i].is_own);
        assert_text(header_of(&exchange, "x-key"), "secret");
    }
}

static void test_a_strange_remote_id_is_not_asked_for(void **state)
{
    static const char *const rows[] = {
        "",
        ID,
        POLLING,
        "x " POLLING,
        "-2 " POLLING,
        "99999999999 " POLLING,
        "1 https://evil.example/x",
        "1 file:///etc/passwd",
        "1 https://api.bfl.ai/a\nb",
        "1  " POLLING,
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange exchange;
        struct error err = {0};
        if (provider_bfl.poll(&fixture->account, str_of(rows[i]), fixture->arena, &exchange, &err))
            fail_msg("%s", rows[i]);
        assert_string_equal(err.field, "remote_id");
    }
    assert_null(provider_bfl.cancel); /* there is no way (facts 6) */
}

#define STATUS(name, rest) "{\"id\":\"" ID "\",\"status\":\"" name "\"" rest "}"

static void test_a_status_is_read(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        enum verdict_type type;
        enum failure_class class;
        enum charged charged;
        const char *message;
    } rows[] = {
        {200, STATUS("Pending", ",\"result\":null"), VERDICT_WAIT, 0, 0, ""},
        {200, STATUS("Reasoning", ""), VERDICT_WAIT, 0, 0, ""},
        {200, STATUS("Generating", ",\"progress\":0.5"), VERDICT_WAIT, 0, 0, ""},
        {200, STATUS("Polishing", ",\"progress\":\"x\""), VERDICT_WAIT, 0, 0, ""},
        {200, STATUS("Ready", ",\"result\":{\"sample\":\"https://delivery.bfl.ai/a.png?sig=1\"}"),
         VERDICT_DONE, 0, 0, ""},
        {200, STATUS("Ready", ",\"result\":null"), VERDICT_FAILED, FAILURE_RESULT_LOST, CHARGED_YES,
         "the task is ready, but the reply holds no address of a picture"},
        {200, STATUS("Ready", ",\"result\":{\"sample\":\"http://10.0.0.1/a\"}"), VERDICT_FAILED,
         FAILURE_RESULT_LOST, CHARGED_YES,
         "the task is ready, but the reply holds no address of a picture"},
        {200, STATUS("Request Moderated", ",\"details\":{\"Moderation Reasons\":[\"Safety Filter\"]}"),
         VERDICT_FAILED, FAILURE_REFUSED, CHARGED_NO,
         "BFL's filter refused the request: {\"Moderation Reasons\":[\"Safety Filter\"]}"},
        {200, STATUS("Content Moderated", ""), VERDICT_FAILED, FAILURE_REFUSED, CHARGED_NO,
         "BFL's filter held the picture back"},
        {200, STATUS("Error", ",\"details\":\"boom\""), VERDICT_FAILED, FAILURE_REMOTE, CHARGED_NO,
         "the task ended with an error: boom"},
        {200, STATUS("Failed", ",\"details\":{}"), VERDICT_FAILED, FAILURE_REMOTE, CHARGED_NO,
         "the task failed"},
        {200, STATUS("Task not found", ""), VERDICT_FAILED, FAILURE_INVALID, CHARGED_NO,
         "BFL does not know this task, or not any more"},
        {404, "{\"detail\":\"Task not found\"}", VERDICT_FAILED, FAILURE_INVALID, CHARGED_NO,
         "Task not found"},
        {403, "{\"detail\":\"x\"}", VERDICT_FAILED, FAILURE_AUTH, CHARGED_NO, "x"},
        {429, "{\"detail\":\"x\"}", VERDICT_FAILED, FAILURE_THROTTLED, CHARGED_NO, "x"},
        {503, "", VERDICT_FAILED, FAILURE_SERVER, CHARGED_MAYBE,
         "the provider answered with status 503"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange exchange = poll_of(fixture, kind, REMOTE);
        struct provider_verdict verdict =
            read_body(fixture, kind, &exchange, rows[i].status, rows[i].body);
        if (verdict.type != rows[i].type)
            fail_msg("%s: %d", rows[i].body, verdict.type);
        if (verdict.type == VERDICT_WAIT)
            assert_text(verdict.remote_id, REMOTE);
        if (verdict.type != VERDICT_FAILED)
            continue;
        if (verdict.failure.class != rows[i].class || verdict.failure.charged != rows[i].charged)
            fail_msg("%s: %s", rows[i].body, failure_class_name(verdict.failure.class));
        assert_text(verdict.failure.message, rows[i].message);
    }
}

static void test_a_ready_picture_has_its_seed_prompt_and_cost(void **state)
{
    static const char body[] =
        STATUS("Ready", ",\"result\":{\"sample\":\"https://delivery-us1.bfl.ai/a?b=c\","
                        "\"prompt\":\"a red cup\",\"seed\":42,\"start_time\":1.5,\"end_time\":2.5,"
                        "\"duration\":1.0}");
    struct fixture *fixture = *state;
    struct provider_request request = request_of("flux-2-pro");
    struct exchange exchange = poll_of(fixture, kind, REMOTE);
    struct exchange_reply reply = reply_of(200, body);
    struct provider_verdict verdict = read_reply(fixture, kind, &request, &exchange, &reply);
    const char *currency;

    assert_int_equal(verdict.picture_count, 1);
    assert_text(verdict.pictures[0].url, "https://delivery-us1.bfl.ai/a?b=c");
    assert_int_equal(verdict.pictures[0].header_count, 0); /* the key stays here */
    assert_true(verdict.pictures[0].has_seed);
    assert_int_equal(verdict.pictures[0].seed, 42);
    assert_text(verdict.pictures[0].revised_prompt, "a red cup");
    assert_int_equal(provider_cost(kind, &fixture->account, &request, &verdict, &currency), 45000);
    /* Not told: the catalogue's. */
    exchange = poll_of(fixture, kind, "-1 " POLLING);
    verdict = read_reply(fixture, kind, &request, &exchange, &reply);
    assert_int_equal(provider_cost(kind, &fixture->account, &request, &verdict, &currency), 30000);
}

static void test_refusals_at_the_door_are_told_apart(void **state)
{
    /* clang-format off */
    static const struct failure_row rows[] = {
        {400, "{\"detail\":\"x\"}", FAILURE_INVALID, CHARGED_NO, -1},
        {402, "{\"detail\":\"Insufficient credits\"}", FAILURE_QUOTA, CHARGED_NO, -1},
        {403, "{\"detail\":\"Not authenticated\"}", FAILURE_AUTH, CHARGED_NO, -1},
        {404, "{\"detail\":\"Not Found\"}", FAILURE_INVALID, CHARGED_NO, -1},
        {422, "{\"detail\":[{\"loc\":[\"body\",\"width\"],\"msg\":\"x\",\"type\":\"y\"}]}",
         FAILURE_INVALID, CHARGED_NO, -1},
        {429, "{\"detail\":\"x\"}", FAILURE_THROTTLED, CHARGED_NO, -1},
        {500, "", FAILURE_SERVER, CHARGED_MAYBE, -1},
        {503, "", FAILURE_SERVER, CHARGED_MAYBE, -1},
        {200, "{\"detail\":\"x\"}", FAILURE_UNKNOWN, CHARGED_MAYBE, -1},
    };
    /* clang-format on */
    struct provider_request request = request_of("flux-2-pro");

    check_door(*state, kind, &request, rows, COUNT(rows));
}

static void test_nothing_that_is_sent_breaks_the_reader(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("flux-2-pro");
    struct exchange exchanges[] = {
        begin(fixture, &request),
        poll_of(fixture, kind, REMOTE),
        {.purpose = EXCHANGE_POLL}, /* without a memo */
    };

    for (size_t i = 0; i < COUNT(exchanges); i++)
        read_hostile(fixture, kind, &exchanges[i]);
}

static void test_the_key_is_never_repeated(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;

    fixture->account.key.hidden = STR("abcdefgh0123456789");
    exchange = poll_of(fixture, kind, REMOTE);
    assert_text(read_body(fixture, kind, &exchange, 403, "{\"detail\":\"bad abcdefgh0123456789\"}")
                    .failure.message,
                "bad ***");
    assert_text(read_body(fixture, kind, &exchange, 200,
                          STATUS("Error", ",\"details\":\"abcdefgh0123456789\""))
                    .failure.message,
                "the task ended with an error: ***");
}

static void test_estimates_are_by_megapixel_in_and_out(void **state)
{
    static const struct {
        const char *model;
        int64_t width, height;
        size_t references;
        int64_t micro;
        const char *why;
    } rows[] = {
        {"flux-2-pro",       0,    0,    0, 30000,  "a megapixel"                     },
        {"flux-2-pro",       2048, 1024, 0, 45000,  "two"                             },
        {"flux-2-pro",       2048, 2048, 1, 135000, "four, and one reference of four" },
        {"flux-2-max",       0,    0,    0, 70000,  "dearer"                          },
        {"flux-2-klein-4b",  2048, 2048, 0, 17000,  "cheap"                           },
        {"flux-kontext-max", 0,    0,    2, 80000,  "by the picture, whatever goes in"},
        {"flux-3-image",     0,    0,    0, -1,     "not known"                       },
        {"flux-9-dream",     0,    0,    0, -1,     "not known"                       },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        const char *currency;
        int64_t micro;
        request.width_px = rows[i].width;
        request.height_px = rows[i].height;
        request.references = pictures_ab;
        request.reference_count = rows[i].references;
        micro = provider_estimate(kind, &fixture->account, &request, &currency);
        if (micro != rows[i].micro)
            fail_msg("%s: %lld", rows[i].why, (long long)micro);
    }
    assert_int_equal(provider_bfl.result_ttl_ms, 600000);
}

static void test_the_probe_is_free_and_tells_keys_apart(void **state)
{
    static const struct probe_row rows[] = {
        {200, "{\"credits\":100.5}", FAILURE_NONE   },
        {200, "{\"credits\":0}",     FAILURE_NONE   },
        {200, "{}",                  FAILURE_INVALID},
        {200, "<html>",              FAILURE_INVALID},
        {403, "{\"detail\":\"x\"}",  FAILURE_AUTH   },
        {404, "{\"detail\":\"x\"}",  FAILURE_INVALID},
    };

    check_probe(*state, kind, BASE "credits", rows, COUNT(rows));
}

static void test_the_catalogue_and_its_forms_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < BFL_MODEL_COUNT; i++)
        check_row(&bfl_models[i], &bfl_rows[i]);
}

static void test_what_a_call_says_besides_is_sent_or_refused(void **state)
{
    /* clang-format off */
    static const struct option_row rows[] = {
        {"flux-3-image", "grounding=true", "\"grounding\":true", NULL},
        {"flux-3-image", "safety_tolerance=6", "\"safety_tolerance\":4", NULL}, /* its most */
        {"flux-3-image", "prompt_rewriting=off", NULL, "options.prompt_rewriting"},
        {"flux-2-pro", "prompt_rewriting=off", "\"disable_pup\":true", NULL},
        {"flux-2-pro", "grounding=true", NULL, "options.grounding"},
        {"flux-2-flex", "prompt_rewriting=on", "\"prompt_upsampling\":true", NULL},
        {"flux-2-klein-4b", "prompt_rewriting=on", NULL, "options.prompt_rewriting"},
        {"flux-pro-1.1-ultra", "raw=true", "\"raw\":true", NULL},
        {"flux-pro-1.1-ultra", "image_prompt_strength=0.4", "\"image_prompt_strength\":0.4", NULL},
        {"flux-pro-1.1", "raw=true", NULL, "options.raw"},
    };
    static const struct option_row sides[] = {
        {"flux-pro-1.0-expand", "left=256;top=64", "\"top\":64,\"left\":256}", NULL},
        {"flux-pro-1.0-expand", "left=4000", NULL, "options.left"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    const struct provider_request request = request_of(""), edit = edit_of("", 1);

    fixture->account.key.hidden = STR("bfl-key");
    fixture_options(fixture, "{\"safety_tolerance\":\"auto\"}");
    assert_option_rows(fixture, &provider_bfl, &request, rows, COUNT(rows));
    assert_option_rows(fixture, &provider_bfl, &edit, sides, COUNT(sides));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_generation_is_written_as_bfl_wants_it),
        TEST(test_each_model_is_asked_in_its_own_words),
        TEST(test_rewriting_is_switched_off_in_each_familys_words),
        TEST(test_the_outermost_steps_and_guidance_are_taken),
        TEST(test_what_a_model_cannot_do_is_refused_before_it_is_sent),
        TEST(test_an_accepted_task_is_asked_for_where_the_key_may_go),
        TEST(test_a_strange_remote_id_is_not_asked_for),
        TEST(test_a_status_is_read),
        TEST(test_a_ready_picture_has_its_seed_prompt_and_cost),
        TEST(test_refusals_at_the_door_are_told_apart),
        TEST(test_nothing_that_is_sent_breaks_the_reader),
        TEST(test_the_key_is_never_repeated),
        TEST(test_estimates_are_by_megapixel_in_and_out),
        TEST(test_the_probe_is_free_and_tells_keys_apart),
        TEST(test_the_catalogue_and_its_forms_agree),
        TEST(test_what_a_call_says_besides_is_sent_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
