/* Replicate's predictions (facts 6.3): requests, uploads, replies, remote ids, refusals. */
#include "provider/queue_test.h"
#include "provider/replicate_private.h"

#define BASE "https://api.replicate.com/v1/"
#define VERSION "5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa"

static const struct provider_kind *const kind = &provider_replicate;

static struct exchange begin(struct fixture *fixture, const struct provider_request *request)
{
    return begin_good(fixture, kind, request);
}

static void test_a_generation_is_written_as_replicate_wants_it(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("black-forest-labs/flux-dev");
    struct exchange exchange;

    fixture->account.key.hidden = STR("r8_secret");
    request.width_px = 1344;
    request.height_px = 768;
    request.count = 2;
    request.has_seed = true;
    request.seed = 7;
    request.steps = 28;
    request.scale = 3.5;
    request.format = STR("jpeg");
    request.compression = 90;
    exchange = begin(fixture, &request);
    assert_text(exchange.url, BASE "models/black-forest-labs/flux-dev/predictions");
    assert_text(exchange.method, "POST");
    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    assert_true(exchange.is_paid);
    assert_false(exchange.is_own_origin);
    assert_text(header_of(&exchange, "Authorization"), "Bearer r8_secret");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"input\":{\"prompt\":\"a cup\",\"aspect_ratio\":\"16:9\",\"num_outputs\":2,"
                "\"seed\":7,\"num_inference_steps\":28,\"guidance\":3.5,\"output_format\":\"jpg\","
                "\"output_quality\":90}}");
}

static void test_each_model_is_asked_in_its_own_words(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model;
        size_t references;
        bool has_mask;
        int64_t width, height;
        const char *path, *body;
    } rows[] = {
        {"black-forest-labs/flux-kontext-pro", 1, false, 1536, 672,
         "models/black-forest-labs/flux-kontext-pro/predictions",
         "{\"input\":{\"prompt\":\"a cup\",\"input_image\":\"" URI_A "\",\"aspect_ratio\":\"21:9\"}}"},
        {"black-forest-labs/flux-2-pro", 2, false, 1024, 512,
         "models/black-forest-labs/flux-2-pro/predictions",
         "{\"input\":{\"prompt\":\"a cup\",\"input_images\":[\"" URI_A "\",\"" URI_B
         "\"],\"aspect_ratio\":\"custom\",\"width\":1024,\"height\":512}}"},
        {"black-forest-labs/flux-fill-pro", 1, true, 0, 0,
         "models/black-forest-labs/flux-fill-pro/predictions",
         "{\"input\":{\"prompt\":\"a cup\",\"image\":\"" URI_A "\",\"mask\":\"" URI_A "\"}}"},
        {"google/nano-banana", 1, false, 0, 0, "models/google/nano-banana/predictions",
         "{\"input\":{\"prompt\":\"a cup\",\"image_input\":[\"" URI_A "\"]}}"},
        {"bytedance/seedream-4", 0, false, 2048, 1024, "models/bytedance/seedream-4/predictions",
         "{\"input\":{\"prompt\":\"a cup\",\"size\":\"custom\",\"width\":2048,\"height\":1024}}"},
        {"acme/paint", 1, false, 17, 70, "models/acme/paint/predictions",
         "{\"input\":{\"prompt\":\"a cup\",\"image\":\"" URI_A "\",\"width\":17,\"height\":70}}"},
        {"acme/paint", 2, false, 0, 0, "models/acme/paint/predictions",
         "{\"input\":{\"prompt\":\"a cup\",\"image_input\":[\"" URI_A "\",\"" URI_B "\"]}}"},
        {"acme/paint:" VERSION, 0, false, 0, 0, "predictions",
         "{\"version\":\"" VERSION "\",\"input\":{\"prompt\":\"a cup\"}}"},
        {VERSION, 0, false, 0, 0, "predictions",
         "{\"version\":\"" VERSION "\",\"input\":{\"prompt\":\"a cup\"}}"},
        {"google/nano-banana:" VERSION, 1, false, 0, 0, "predictions",
         "{\"version\":\"" VERSION "\",\"input\":{\"prompt\":\"a cup\",\"image_input\":[\"" URI_A
         "\"]}}"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = rows[i].references > 0
                                              ? edit_of(rows[i].model, rows[i].references)
                                              : request_of(rows[i].model);
        struct exchange exchange;
        char url[300];
        request.width_px = rows[i].width;
        request.height_px = rows[i].height;
        request.mask = rows[i].has_mask ? &picture_a : NULL;
        request.mask_is_white = true;
        exchange = begin(fixture, &request);
        (void)snprintf(url, sizeof url, BASE "%s", rows[i].path);
        assert_text(exchange.url, url);
        assert_text(body_of(&exchange, fixture->arena), rows[i].body);
    }
}

static void test_the_accounts_options_are_said_where_the_model_has_a_word(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("black-forest-labs/flux-1.1-pro");
    struct exchange exchange;

    fixture_options(fixture, "{\"safety_tolerance\":\"0\",\"prompt_rewriting\":\"on\","
                             "\"safety_checker\":false}");
    exchange = begin(fixture, &request);
    assert_text(
        body_of(&exchange, fixture->arena),
        "{\"input\":{\"prompt\":\"a cup\",\"safety_tolerance\":1,\"prompt_upsampling\":true}}");
    request = request_of("black-forest-labs/flux-schnell");
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"input\":{\"prompt\":\"a cup\",\"disable_safety_checker\":true}}");
}

static void test_what_a_model_cannot_do_is_refused_before_it_is_sent(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request;

#define REFUSED(model_name, change, field, why)                                                    \
    request = request_of(model_name);                                                              \
    change;                                                                                        \
    begin_refused(fixture, kind, &request, field, why)
    REFUSED("google/nano-banana", request.has_seed = true, "seed", "no word");
    REFUSED("black-forest-labs/flux-1.1-pro", request.count = 2, "count", "one a call");
    REFUSED("black-forest-labs/flux-1.1-pro", request.width_px = request.height_px = 1456, "size",
            "too large");
    REFUSED("black-forest-labs/flux-schnell", request.scale = 3, "scale", "no word");
    REFUSED("black-forest-labs/flux-fill-pro",
            request = edit_of("black-forest-labs/flux-fill-pro", 1), "mask", "needs one");
    REFUSED("google/nano-banana:" VERSION, request.has_seed = true, "seed", "a version of it");
    REFUSED("acme/paint", request = edit_of("acme/paint", 1);
            request.mask = &picture_a, "mask", "not in black and white");
    REFUSED("ideogram-ai/ideogram-v3", request = edit_of("ideogram-ai/ideogram-v3", 1);
            request.mask = &picture_a; request.mask_is_white = true, "mask", "the other polarity");
    REFUSED("paint", (void)0, "model", "one segment");
    REFUSED("a/b/c", (void)0, "model", "three segments");
    REFUSED("a/..", (void)0, "model", "upwards");
    REFUSED("a/b:", (void)0, "model", "an empty version");
    REFUSED("a/b:c/d", (void)0, "model", "a path in the version");
    REFUSED("a/b?c", (void)0, "model", "a query");
    REFUSED("a/b", request.action = PROVIDER_WRITE, "model", "no text");
#undef REFUSED
}

/* --- uploads --- */

/* A PNG by its first bytes, too large to travel inside. */
static struct provider_image large_picture(struct fixture *fixture)
{
    char *bytes = arena_alloc(fixture->arena, KIB(300));

    memcpy(bytes, PNG_BYTES, sizeof PNG_BYTES - 1);
    return (struct provider_image){
        .bytes = {bytes, KIB(300)},
          .name = STR("cup.png")
    };
}

static void test_large_pictures_are_uploaded_before_the_paid_call(void **state)
{
    struct fixture *fixture = *state;
    struct provider_image pictures[] = {large_picture(fixture), picture_a, large_picture(fixture)};
    struct provider_request request = edit_of("black-forest-labs/flux-2-pro", 3);
    struct exchange exchange;
    struct exchange_reply reply =
        reply_of(201, "{\"id\":\"1\",\"urls\":{\"get\":\"" BASE "files/1\"}}");
    struct provider_verdict verdict;

    request.references = pictures;
    fixture->account.key.hidden = STR("r8_secret");
    exchange = begin(fixture, &request);
    assert_text(exchange.url, BASE "files");
    assert_false(exchange.is_paid);
    assert_text(header_of(&exchange, "Authorization"), "Bearer r8_secret");
    assert_true(str_starts_with(header_of(&exchange, "Content-Type"), STR("multipart/form-data")));
    assert_true(str_find(body_of(&exchange, fixture->arena),
                         STR("name=\"content\"; filename=\"cup.png\"")) > 0);
    verdict = read_reply(fixture, kind, &request, &exchange, &reply);
    assert_int_equal(verdict.type, VERDICT_NEXT);
    assert_false(verdict.next.is_paid);
    assert_text(verdict.next.url, BASE "files");
    exchange = verdict.next;
    reply = reply_of(201, "{\"id\":\"2\",\"urls\":{\"get\":\"" BASE "files/2\"}}");
    verdict = read_reply(fixture, kind, &request, &exchange, &reply);
    assert_int_equal(verdict.type, VERDICT_NEXT);
    assert_true(verdict.next.is_paid);
    assert_text(body_of(&verdict.next, fixture->arena),
                "{\"input\":{\"prompt\":\"a cup\",\"input_images\":[\"" BASE "files/1\",\"" URI_A
                "\",\"" BASE "files/2\"]}}");
}

static void test_an_upload_that_failed_cost_nothing(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
    } rows[] = {
        {201, "{\"id\":\"1\"}",                            FAILURE_SERVER   },
        {201, "{\"urls\":{\"get\":\"http://evil/x\"}}",    FAILURE_SERVER   },
        {201, "{\"urls\":{\"get\":\"https://evil/\\n\"}}", FAILURE_SERVER   },
        {201, "nonsense",                                  FAILURE_SERVER   },
        {401, "{\"detail\":\"x\"}",                        FAILURE_AUTH     },
        {413, "{\"detail\":\"x\"}",                        FAILURE_INVALID  },
        {429, "{\"detail\":\"x\"}",                        FAILURE_THROTTLED},
        {500, "{\"detail\":\"x\"}",                        FAILURE_SERVER   },
    };
    struct fixture *fixture = *state;
    struct provider_image picture = large_picture(fixture);
    struct provider_request request = edit_of("acme/paint", 1);
    struct exchange exchange;
    struct exchange_reply lost = {.outcome = EXCHANGE_LOST, .err = {.message = "reset"}};

    request.references = &picture;
    exchange = begin(fixture, &request);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct provider_verdict verdict = read_reply(fixture, kind, &request, &exchange, &reply);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != CHARGED_NO)
            fail_msg("%s: %s", rows[i].body, failure_class_name(verdict.failure.class));
    }
    assert_int_equal(read_reply(fixture, kind, &request, &exchange, &lost).failure.class,
                     FAILURE_SERVER);
}

/* --- predictions --- */

#define PREDICTION(status, rest)                                                                   \
    "{\"id\":\"gm3qorzdhgbfurvjtvhg6dckhu\",\"model\":\"black-forest-labs/flux-schnell\","         \
    "\"version\":\"hidden\",\"input\":{\"prompt\":\"a cup\",\"image\":\"https://in/x.png\"},"      \
    "\"status\":\"" status "\"," rest "\"data_removed\":false,\"urls\":{\"get\":\"" BASE           \
    "predictions/gm3\",\"cancel\":\"" BASE "predictions/gm3/cancel\",\"web\":\"https://w\"}}"

static void test_a_prediction_is_read_whoever_asked(void **state)
{
    /* clang-format off */
    static const struct {
        const char *body;
        enum verdict_type type;
        enum failure_class class;
        enum charged charged;
        size_t pictures;
        const char *message;
    } rows[] = {
        {PREDICTION("starting", "\"output\":null,\"error\":null,"), VERDICT_WAIT, 0, 0, 0, ""},
        {PREDICTION("processing", "\"logs\":\"50%|\","), VERDICT_WAIT, 0, 0, 0, ""},
        {PREDICTION("succeeded", "\"output\":\"https://replicate.delivery/a.png\","), VERDICT_DONE,
         0, 0, 1, ""},
        {PREDICTION("succeeded", "\"output\":[\"https://r/a.png\",\"https://r/b.png\"],"),
         VERDICT_DONE, 0, 0, 2, ""},
        {PREDICTION("succeeded", "\"output\":\"" URI_A "\","), VERDICT_DONE, 0, 0, 1, ""},
        {PREDICTION("succeeded", "\"output\":{\"image\":\"https://r/a.png\"},"), VERDICT_DONE, 0, 0,
         1, ""},
        {PREDICTION("succeeded", "\"output\":null,"), VERDICT_FAILED, FAILURE_RESULT_LOST,
         CHARGED_YES, 0, "the prediction succeeded without a picture"},
        {PREDICTION("succeeded", "\"output\":\"a poem\","), VERDICT_FAILED, FAILURE_RESULT_LOST,
         CHARGED_YES, 0, "the prediction succeeded without a picture"},
        {"{\"id\":\"a\",\"status\":\"succeeded\",\"output\":null,\"data_removed\":true}",
         VERDICT_FAILED, FAILURE_RESULT_LOST, CHARGED_YES, 0,
         "Replicate has removed the pictures, an hour after they were made"},
        {PREDICTION("failed", "\"error\":\"NSFW content detected\","), VERDICT_FAILED,
         FAILURE_REFUSED, CHARGED_MAYBE, 0, "NSFW content detected"},
        {PREDICTION("failed", "\"error\":\"The input was flagged as sensitive. (E005)\","),
         VERDICT_FAILED, FAILURE_REFUSED, CHARGED_MAYBE, 0,
         "The input was flagged as sensitive. (E005)"},
        {PREDICTION("failed", "\"error\":\"CUDA out of memory\","), VERDICT_FAILED, FAILURE_REMOTE,
         CHARGED_MAYBE, 0, "CUDA out of memory"},
        {PREDICTION("failed", "\"error\":null,"), VERDICT_FAILED, FAILURE_REMOTE, CHARGED_MAYBE, 0,
         "the prediction failed"},
        {PREDICTION("failed", "\"error\":{\"code\":7},"), VERDICT_FAILED, FAILURE_REMOTE,
         CHARGED_MAYBE, 0, "{\"code\":7}"},
        {PREDICTION("canceled", "\"error\":null,"), VERDICT_FAILED, FAILURE_CANCELLED,
         CHARGED_MAYBE, 0, "the prediction was stopped at Replicate"},
        {PREDICTION("aborted", ""), VERDICT_FAILED, FAILURE_CANCELLED, CHARGED_MAYBE, 0,
         "the prediction was stopped at Replicate"},
        {PREDICTION("dreaming", ""), VERDICT_FAILED, FAILURE_UNKNOWN, CHARGED_MAYBE, 0,
         "the provider said success but sent nothing that can be used"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_request request = request_of("black-forest-labs/flux-schnell");
    struct exchange exchanges[3] = {begin(fixture, &request), poll_of(fixture, kind, "gm3")};
    struct error err = {0};

    assert_true(provider_replicate.cancel(&fixture->account, STR("gm3"), fixture->arena,
                                          &exchanges[2], &err));
    for (size_t e = 0; e < COUNT(exchanges); e++)
        for (size_t i = 0; i < COUNT(rows); i++) {
            struct provider_verdict verdict =
                read_body(fixture, kind, &exchanges[e], 201, rows[i].body);
            if (verdict.type != rows[i].type || verdict.picture_count != rows[i].pictures)
                fail_msg("%s: %d", rows[i].body, verdict.type);
            if (verdict.type == VERDICT_WAIT)
                assert_text(verdict.remote_id, "gm3qorzdhgbfurvjtvhg6dckhu");
            if (verdict.type != VERDICT_FAILED)
                continue;
            assert_text(verdict.failure.message, rows[i].message);
            if (verdict.failure.class != rows[i].class ||
                verdict.failure.charged != rows[i].charged)
                fail_msg("%s: %s", rows[i].body, failure_class_name(verdict.failure.class));
        }
}

static void test_progress_is_read_from_the_logs(void **state)
{
    static const struct {
        const char *logs;
        double progress;
    } rows[] = {
        {" 25%|##  | 1/4\\n 75%|### | 3/4", 0.75},
        {"",                                -1  },
        {"%|",                              -1  },
        {"900%|",                           -1  },
        {"99999999999999999999%|",          -1  },
        {"100%| 100%",                      1   },
    };
    struct fixture *fixture = *state;
    struct exchange exchange = poll_of(fixture, kind, "a");

    for (size_t i = 0; i < COUNT(rows); i++) {
        char body[300];
        (void)snprintf(body, sizeof body,
                       "{\"id\":\"a\",\"status\":\"processing\",\"logs\":\"%s\"}", rows[i].logs);
        assert_true(read_body(fixture, kind, &exchange, 200, body).progress == rows[i].progress);
    }
}

static void test_a_remote_id_is_enough_to_ask_and_to_stop(void **state)
{
    static const char *const strange[] = {"", "..", "a/b", "a?b", "a\nb", "a b"};
    struct fixture *fixture = *state;
    struct exchange exchange = {0};
    struct error err = {0};

    fixture->account.base_url = STR("http://127.0.0.1:9");
    exchange = poll_of(fixture, kind, "gm3");
    assert_text(exchange.url, "http://127.0.0.1:9/v1/predictions/gm3");
    assert_true(exchange.is_own_origin);
    assert_true(
        provider_replicate.cancel(&fixture->account, STR("gm3"), fixture->arena, &exchange, &err));
    assert_text(exchange.url, "http://127.0.0.1:9/v1/predictions/gm3/cancel");
    assert_text(exchange.method, "POST");
    assert_int_equal(exchange.purpose, EXCHANGE_CANCEL);
    for (size_t i = 0; i < COUNT(strange); i++)
        assert_false(provider_replicate.poll(&fixture->account, str_of(strange[i]), fixture->arena,
                                             &exchange, &err));
    assert_string_equal(err.field, "remote_id");
}

static void test_refusals_at_the_door_are_told_apart(void **state)
{
    /* clang-format off */
    static const struct failure_row rows[] = {
        {401, "{\"title\":\"Unauthenticated\",\"detail\":\"x\",\"status\":401}", FAILURE_AUTH,
         CHARGED_NO, -1},
        {402, "{\"title\":\"Insufficient credit\",\"detail\":\"x\",\"status\":402}", FAILURE_QUOTA,
         CHARGED_NO, -1},
        {404, "{\"detail\":\"x\"}", FAILURE_INVALID, CHARGED_NO, -1},
        {422, "{\"title\":\"Input validation failed\",\"detail\":\"- input.seed: x\\n\",\"status\":"
         "422,\"invalid_fields\":[{\"type\":\"t\",\"field\":\"input.seed\",\"description\":\"x\"}]}",
         FAILURE_INVALID, CHARGED_NO, -1},
        {422, "{\"detail\":\"blocked by our safety system\"}", FAILURE_REFUSED, CHARGED_NO, -1},
        {429, "{\"detail\":\"Request was throttled. Your rate limit resets in ~5s.\"}",
         FAILURE_THROTTLED, CHARGED_NO, 5000},
        {429, "{\"detail\":\"Expected available in 12 seconds.\"}", FAILURE_THROTTLED, CHARGED_NO,
         12000},
        {429, "{\"detail\":\"in a moment, in 99999 seconds, in 7 hours\"}", FAILURE_THROTTLED,
         CHARGED_NO, -1},
        {500, "{\"detail\":\"x\"}", FAILURE_SERVER, CHARGED_MAYBE, -1},
        {200, "{}", FAILURE_UNKNOWN, CHARGED_MAYBE, -1},
    };
    /* clang-format on */
    struct provider_request request = request_of("acme/paint");

    check_door(*state, kind, &request, rows, COUNT(rows));
}

/* Only official models are run by their name (facts 6.3). */
static void test_an_unknown_name_is_told_to_need_a_version(void **state)
{
    static const char body[] = "{\"detail\":\"The requested resource could not be found.\"}";
    struct fixture *fixture = *state;
    struct provider_request request = request_of("acme/paint");
    struct exchange exchange = begin(fixture, &request);

    assert_text(read_body(fixture, kind, &exchange, 404, body).failure.message,
                "The requested resource could not be found. (if it exists, it needs its version: "
                "owner/name:version)");
    exchange = poll_of(fixture, kind, "a");
    assert_text(read_body(fixture, kind, &exchange, 404, body).failure.message,
                "The requested resource could not be found.");
}

static void test_nothing_that_is_sent_breaks_the_reader(void **state)
{
    struct fixture *fixture = *state;
    struct provider_image picture = large_picture(fixture);
    struct provider_request request = request_of("acme/paint"), edit = edit_of("acme/paint", 1);
    struct exchange exchanges[3] = {begin(fixture, &request), poll_of(fixture, kind, "a")};

    edit.references = &picture;
    exchanges[2] = begin(fixture, &edit);
    for (size_t i = 0; i < COUNT(exchanges); i++)
        read_hostile(fixture, kind, &exchanges[i]);
}

static void test_the_key_is_never_repeated(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;

    fixture->account.key.hidden = STR("r8_0123456789");
    exchange = poll_of(fixture, kind, "a");
    assert_text(read_body(fixture, kind, &exchange, 401, "{\"detail\":\"bad r8_0123456789\"}")
                    .failure.message,
                "bad ***");
    assert_text(read_body(fixture, kind, &exchange, 200,
                          "{\"id\":\"a\",\"status\":\"failed\",\"error\":\"r8_0123456789\"}")
                    .failure.message,
                "***");
}

static void test_prices_are_the_catalogues(void **state)
{
    static const struct {
        const char *model;
        int64_t count, micro;
    } rows[] = {
        {"black-forest-labs/flux-schnell",      2, 6000 },
        {"black-forest-labs/flux-dev:" VERSION, 1, 25000},
        {"black-forest-labs/flux-1.1-pro",      1, 40000},
        {"black-forest-labs/flux-2-pro",        1, -1   },
        {"acme/paint",                          1, -1   },
    };
    struct fixture *fixture = *state;
    struct exchange exchange = poll_of(fixture, kind, "a");
    struct exchange_reply reply =
        reply_of(200, PREDICTION("succeeded", "\"output\":\"https://r/a.png\","));

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct provider_verdict verdict;
        const char *currency;
        request.count = rows[i].count;
        assert_int_equal(provider_estimate(kind, &fixture->account, &request, &currency),
                         rows[i].micro);
        verdict = read_reply(fixture, kind, &request, &exchange, &reply);
        assert_int_equal(provider_cost(kind, &fixture->account, &request, &verdict, &currency),
                         rows[i].micro < 0 ? -1 : rows[i].micro / rows[i].count);
    }
    assert_int_equal(provider_replicate.result_ttl_ms, 3600000);
}

static void test_the_probe_is_free_and_tells_keys_apart(void **state)
{
    static const struct probe_row rows[] = {
        {200, "{\"type\":\"user\",\"username\":\"me\",\"name\":\"Me\"}", FAILURE_NONE   },
        {200, "{}",                                                      FAILURE_INVALID},
        {200, "<html>",                                                  FAILURE_INVALID},
        {401, "{\"detail\":\"x\"}",                                      FAILURE_AUTH   },
        {404, "{\"detail\":\"x\"}",                                      FAILURE_INVALID},
    };

    check_probe(*state, kind, BASE "account", rows, COUNT(rows));
}

static void test_the_catalogue_and_its_forms_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < REPLICATE_MODEL_COUNT; i++)
        check_row(&replicate_models[i], &replicate_rows[i]);
}

static void test_what_a_call_says_besides_is_sent_or_refused(void **state)
{
    /* clang-format off */
    static const struct option_row rows[] = {
        {"black-forest-labs/flux-schnell", "go_fast=false", "\"go_fast\":false", NULL},
        {"black-forest-labs/flux-schnell", "safety_checker=false", "\"disable_safety_checker\":true", NULL},
        {"black-forest-labs/flux-dev", "prompt_strength=0.5", NULL, "options.prompt_strength"}, /* without a picture */
        {"black-forest-labs/flux-1.1-pro", "prompt_rewriting=on", "\"prompt_upsampling\":true", NULL},
        {"black-forest-labs/flux-1.1-pro", "safety_tolerance=5", "\"safety_tolerance\":5", NULL},
        {"black-forest-labs/flux-1.1-pro-ultra", "raw=true", "\"raw\":true", NULL},
        {"google/nano-banana", "raw=true", NULL, "options.raw"},
        {"acme/paint", "go_fast=true", NULL, "options.go_fast"},
    };
    static const struct option_row edits[] = {
        {"black-forest-labs/flux-dev", "prompt_strength=0.5", "\"prompt_strength\":0.5", NULL},
        {"stability-ai/stable-diffusion-3.5-large", "prompt_strength=2", NULL, "options.prompt_strength"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    const struct provider_request request = request_of(""), edit = edit_of("", 1);

    fixture->account.key.hidden = STR("r8_key");
    assert_option_rows(fixture, &provider_replicate, &request, rows, COUNT(rows));
    assert_option_rows(fixture, &provider_replicate, &edit, edits, COUNT(edits));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_generation_is_written_as_replicate_wants_it),
        TEST(test_each_model_is_asked_in_its_own_words),
        TEST(test_the_accounts_options_are_said_where_the_model_has_a_word),
        TEST(test_what_a_model_cannot_do_is_refused_before_it_is_sent),
        TEST(test_large_pictures_are_uploaded_before_the_paid_call),
        TEST(test_an_upload_that_failed_cost_nothing),
        TEST(test_a_prediction_is_read_whoever_asked),
        TEST(test_progress_is_read_from_the_logs),
        TEST(test_a_remote_id_is_enough_to_ask_and_to_stop),
        TEST(test_refusals_at_the_door_are_told_apart),
        TEST(test_an_unknown_name_is_told_to_need_a_version),
        TEST(test_nothing_that_is_sent_breaks_the_reader),
        TEST(test_the_key_is_never_repeated),
        TEST(test_prices_are_the_catalogues),
        TEST(test_the_probe_is_free_and_tells_keys_apart),
        TEST(test_the_catalogue_and_its_forms_agree),
        TEST(test_what_a_call_says_besides_is_sent_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
