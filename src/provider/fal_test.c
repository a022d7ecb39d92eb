/* fal's queue (facts 6.2): requests, replies, remote ids, refusals. */
#include "provider/fal_private.h"
#include "provider/queue_test.h"

#define ID "764cabcf-b745-4b3e-ae38-1200304cf45b"
#define REMOTE "fal-ai/flux/requests/" ID
#define BASE "https://queue.fal.run/"

static const struct provider_kind *const kind = &provider_fal;

static struct exchange begin(struct fixture *fixture, const struct provider_request *request)
{
    return begin_good(fixture, kind, request);
}

static void test_a_generation_is_written_as_fal_wants_it(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("fal-ai/flux/schnell");
    struct exchange exchange;

    fixture->account.key.hidden = STR("id:secret");
    request.width_px = 1024;
    request.height_px = 768;
    request.count = 2;
    request.has_seed = true;
    request.seed = 7;
    request.steps = 4;
    request.scale = 3.5;
    request.format = STR("jpeg");
    request.partial_images = 2; /* a courtesy that fal has not */
    request.background = STR("auto");
    exchange = begin(fixture, &request);
    assert_text(exchange.url, BASE "fal-ai/flux/schnell");
    assert_text(exchange.method, "POST");
    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    assert_true(exchange.is_paid);
    assert_false(exchange.is_own_origin);
    assert_text(header_of(&exchange, "Authorization"), "Key id:secret");
    assert_text(header_of(&exchange, "Content-Type"), "application/json");
    assert_text(header_of(&exchange, "x-app-fal-disable-fallback"), "1");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"prompt\":\"a cup\",\"image_size\":{\"width\":1024,\"height\":768},"
                "\"num_images\":2,\"seed\":7,\"num_inference_steps\":4,\"guidance_scale\":3.5,"
                "\"output_format\":\"jpeg\"}");
}

static void test_each_model_is_asked_in_its_own_words(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model;
        size_t references;
        bool has_mask;
        int64_t width, height;
        const char *endpoint, *input;
    } rows[] = {
        {"fal-ai/flux/dev", 0, false, 0, 0, "fal-ai/flux/dev", ""},
        {"fal-ai/flux/dev", 1, false, 0, 0, "fal-ai/flux/dev/image-to-image",
         ",\"image_url\":\"" URI_A "\""},
        {"fal-ai/flux-pro/kontext", 0, false, 1536, 672, "fal-ai/flux-pro/kontext/text-to-image",
         ",\"aspect_ratio\":\"21:9\""},
        {"fal-ai/flux-pro/kontext", 1, false, 864, 1184, "fal-ai/flux-pro/kontext",
         ",\"image_url\":\"" URI_A "\",\"aspect_ratio\":\"3:4\""},
        {"fal-ai/flux-pro/kontext", 2, false, 0, 0, "fal-ai/flux-pro/kontext/multi",
         ",\"image_urls\":[\"" URI_A "\",\"" URI_B "\"]"},
        {"fal-ai/flux-pro/v1/fill", 1, true, 0, 0, "fal-ai/flux-pro/v1/fill",
         ",\"image_url\":\"" URI_A "\",\"mask_url\":\"" URI_A "\""},
        {"fal-ai/z-image/turbo", 1, true, 512, 640, "fal-ai/z-image/turbo/inpaint",
         ",\"image_url\":\"" URI_A "\",\"mask_image_url\":\"" URI_A
         "\",\"image_size\":{\"width\":512,\"height\":640}"},
        {"fal-ai/nano-banana-pro", 1, false, 4096, 4096, "fal-ai/nano-banana-pro/edit",
         ",\"image_urls\":[\"" URI_A "\"],\"aspect_ratio\":\"1:1\",\"resolution\":\"4K\""},
        {"fal-ai/nano-banana/edit", 1, false, 0, 0, "fal-ai/nano-banana/edit",
         ",\"image_urls\":[\"" URI_A "\"]"},
        {"acme/paint", 1, false, 17, 70, "acme/paint",
         ",\"image_url\":\"" URI_A "\",\"image_size\":{\"width\":17,\"height\":70}"},
        {"acme/paint", 2, false, 0, 0, "acme/paint",
         ",\"image_urls\":[\"" URI_A "\",\"" URI_B "\"]"},
        {"acme/paint/edit", 1, false, 0, 0, "acme/paint/edit", ",\"image_urls\":[\"" URI_A "\"]"},
        {"acme/paint", 1, true, 0, 0, "acme/paint",
         ",\"image_url\":\"" URI_A "\",\"mask_url\":\"" URI_A "\""},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = rows[i].references > 0
                                              ? edit_of(rows[i].model, rows[i].references)
                                              : request_of(rows[i].model);
        struct exchange exchange;
        char expected[4096], url[300];
        request.width_px = rows[i].width;
        request.height_px = rows[i].height;
        request.mask = rows[i].has_mask ? &picture_a : NULL;
        request.mask_is_white = true;
        exchange = begin(fixture, &request);
        (void)snprintf(url, sizeof url, BASE "%s", rows[i].endpoint);
        (void)snprintf(expected, sizeof expected, "{\"prompt\":\"a cup\"%s}", rows[i].input);
        assert_text(exchange.url, url);
        assert_text(body_of(&exchange, fixture->arena), expected);
    }
}

static void test_the_accounts_options_are_said_where_the_model_has_a_word(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("fal-ai/flux-pro/v1.1");
    struct exchange exchange;

    fixture_options(fixture, "{\"safety_tolerance\":\"0\",\"prompt_rewriting\":\"off\","
                             "\"priority\":\"low\",\"keep_hours\":2,\"fallback\":true,"
                             "\"safety_checker\":false}");
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"prompt\":\"a cup\",\"safety_tolerance\":\"1\",\"enhance_prompt\":false}");
    assert_text(header_of(&exchange, "x-fal-queue-priority"), "low");
    assert_text(header_of(&exchange, "x-fal-object-lifecycle-preference"),
                "{\"expiration_duration_seconds\":7200}");
    assert_int_equal(header_of(&exchange, "x-app-fal-disable-fallback").size, 0);
    request = request_of("fal-ai/flux-2-pro");
    fixture_options(fixture, "{\"safety_tolerance\":6,\"safety_checker\":false}");
    exchange = begin(fixture, &request);
    assert_text(
        body_of(&exchange, fixture->arena),
        "{\"prompt\":\"a cup\",\"enable_safety_checker\":false,\"safety_tolerance\":\"5\"}");
}

static void test_only_what_was_chosen_is_sent_to_an_unknown_model(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("acme/paint");
    struct exchange exchange;

    request.background = STR("auto"); /* as the page sends it */
    request.partial_images = 2;
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena), "{\"prompt\":\"a cup\"}");
    request.background = STR("transparent");
    request.quality = STR("high");
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"prompt\":\"a cup\",\"quality\":\"high\",\"background\":\"transparent\"}");
}

static void test_what_a_model_cannot_do_is_refused_before_it_is_sent(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request;
    struct provider_image broken = {.bytes = STR("no picture")}, empty = {0};

#define REFUSED(model_name, change, field, why)                                                    \
    request = request_of(model_name);                                                              \
    change;                                                                                        \
    begin_refused(fixture, kind, &request, field, why)
    REFUSED("fal-ai/flux/dev", request.prompt = STR(" \n"), "prompt", "only spaces");
    REFUSED("fal-ai/flux/dev", request.count = 0, "count", "none");
    REFUSED("fal-ai/flux/dev", request.count = 5, "count", "too many");
    REFUSED("fal-ai/flux-2-pro", request.count = 2, "count", "one a call");
    REFUSED("fal-ai/flux/dev", request.negative_prompt = STR("x"), "negative_prompt", "no word");
    REFUSED("fal-ai/flux-pro/v1.1", request.steps = 9, "steps", "no word");
    REFUSED("fal-ai/nano-banana", request.scale = 9, "scale", "no word");
    REFUSED("fal-ai/flux/dev", request.quality = STR("high"), "quality", "no word");
    REFUSED("fal-ai/flux/dev", request.compression = 90, "compression", "no word");
    REFUSED("fal-ai/flux/dev", request.format = STR("webp"), "format", "not written");
    REFUSED("fal-ai/flux/dev", request.background = STR("transparent"), "background", "opaque");
    REFUSED("fal-ai/flux/dev", request.width_px = 64, "size", "half a size");
    REFUSED("fal-ai/nano-banana", request.width_px = request.height_px = 1000, "size", "unlisted");
    REFUSED("fal-ai/flux/schnell", request = edit_of("fal-ai/flux/schnell", 1), "references",
            "takes none");
    REFUSED("fal-ai/flux/dev", request = edit_of("fal-ai/flux/dev", 2), "references", "takes one");
    REFUSED("fal-ai/qwen-image-edit-2511", (void)0, "references", "needs one");
    REFUSED("fal-ai/flux-pro/v1/fill", request = edit_of("fal-ai/flux-pro/v1/fill", 1), "mask",
            "needs a mask");
    REFUSED("fal-ai/flux/dev", request.action = PROVIDER_EDIT, "references", "an edit of nothing");
    REFUSED("fal-ai/flux/dev", request.mask = &picture_a, "references", "a mask of nothing");
    REFUSED("fal-ai/flux/dev", request = edit_of("fal-ai/flux/dev", 1);
            request.mask = &picture_a, "mask", "takes no mask");
    REFUSED("acme/paint", request = edit_of("acme/paint", 1);
            request.mask = &picture_a, "mask", "not in black and white");
    REFUSED("fal-ai/ideogram/v3/edit", request = edit_of("fal-ai/ideogram/v3/edit", 1);
            request.mask = &picture_a; request.mask_is_white = true, "mask", "the other polarity");
    REFUSED("fal-ai/nano-banana/edit", (void)0, "references", "the endpoint of edits");
    REFUSED("fal-ai/z-image/turbo/inpaint", request = edit_of("fal-ai/z-image/turbo/inpaint", 1),
            "mask", "the endpoint of masks");
    REFUSED("acme/paint", request.references = &broken;
            request.reference_count = 1, "references[0]", "no picture");
    REFUSED("acme/paint", request.references = &empty;
            request.reference_count = 1, "references[0]", "empty");
    REFUSED("", (void)0, "model", "no model");
    REFUSED("paint", (void)0, "model", "one segment");
    REFUSED("acme/../paint", (void)0, "model", "upwards");
    REFUSED("acme//paint", (void)0, "model", "an empty segment");
    REFUSED("acme/paint?x=1", (void)0, "model", "a query");
    REFUSED("acme/paint/", (void)0, "model", "a slash too much");
    REFUSED("fal-ai/flux/dev", request.action = PROVIDER_WRITE, "model", "no text");
#undef REFUSED
    fixture->account.key.hidden = STR("a b");
    request = request_of("acme/paint");
    begin_refused(fixture, kind, &request, "key", "a space in the key");
}

static void test_an_accepted_request_is_waited_for_by_its_first_two_segments(void **state)
{
    /* clang-format off */
    static const struct {
        const char *base, *model, *body, *remote_id;
    } rows[] = {
        {"", "fal-ai/flux/schnell", "{\"status\":\"IN_QUEUE\",\"request_id\":\"" ID "\","
         "\"response_url\":\"" BASE REMOTE "\",\"status_url\":\"" BASE REMOTE "/status\","
         "\"cancel_url\":\"" BASE REMOTE "/cancel\",\"queue_position\":0}", REMOTE},
        {"", "fal-ai/flux/schnell", "{\"request_id\":\"" ID "\"}", REMOTE},
        {"", "workflows/me/cups/x", "{\"request_id\":\"" ID "\"}", "workflows/me/cups/requests/" ID},
        {"", "fal-ai/flux/dev", "{\"request_id\":\"" ID "\",\"response_url\":"
         "\"https://evil.example/a/b/requests/" ID "\"}", REMOTE},
        {"", "fal-ai/flux/dev", "{\"request_id\":\"" ID "\",\"response_url\":\"" BASE
         "a/../requests/" ID "\"}", REMOTE},
        {"", "fal-ai/flux/dev", "{\"request_id\":\"" ID "\",\"response_url\":\"" BASE
         "a/b/requests/other\"}", REMOTE},
        {"", "fal-ai/flux/dev", "{\"request_id\":\"" ID "\",\"response_url\":\"" BASE
         "fal-ai/flux/dev/requests/" ID "\"}", "fal-ai/flux/dev/requests/" ID},
        {"http://relay:8080/fal/", "fal-ai/flux/dev", "{\"request_id\":\"" ID "\",\"response_url\":"
         "\"http://relay:8080/fal/x/y/requests/" ID "\"}", "x/y/requests/" ID},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange;
        struct provider_verdict verdict;
        fixture->account.base_url = str_of(rows[i].base);
        exchange = begin(fixture, &request);
        verdict = read_body(fixture, kind, &exchange, 200, rows[i].body);
        assert_int_equal(verdict.type, VERDICT_WAIT);
        assert_text(verdict.remote_id, rows[i].remote_id);
        assert_text(verdict.request_id, ID);
    }
}

static void test_a_remote_id_is_enough_to_ask_and_to_stop(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange = {0};
    struct error err = {0};

    fixture->account.key.hidden = STR("id:secret");
    exchange = poll_of(fixture, kind, REMOTE);
    assert_text(exchange.method, "GET");
    assert_text(exchange.url, BASE REMOTE "/status");
    assert_text(header_of(&exchange, "Authorization"), "Key id:secret");
    assert_true(exchange.total_ms > 0 && exchange.total_ms <= 30000);
    assert_true(
        provider_fal.cancel(&fixture->account, STR(REMOTE), fixture->arena, &exchange, &err));
    assert_int_equal(exchange.purpose, EXCHANGE_CANCEL);
    assert_text(exchange.method, "PUT");
    assert_text(exchange.url, BASE REMOTE "/cancel");
    fixture->account.base_url = STR("http://127.0.0.1:9/fal");
    exchange = poll_of(fixture, kind, REMOTE);
    assert_text(exchange.url, "http://127.0.0.1:9/fal/" REMOTE "/status");
    assert_true(exchange.is_own_origin);
}

static void test_a_strange_remote_id_is_not_asked_for(void **state)
{
    static const char *const rows[] = {
        "",
        ID,
        "requests/" ID,
        "fal-ai/requests/" ID,
        "fal-ai/flux/requests/",
        "fal-ai/../requests/" ID,
        "fal-ai/flux/requests/../x",
        "https://evil/a/b/requests/x",
        "fal-ai/flux/requests/x?y",
        "fal-ai/flux/requests/x\ny",
        "/fal-ai/flux/requests/x",
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange exchange;
        struct error err = {0};
        if (provider_fal.poll(&fixture->account, str_of(rows[i]), fixture->arena, &exchange,
                              &err) ||
            provider_fal.cancel(&fixture->account, str_of(rows[i]), fixture->arena, &exchange,
                                &err))
            fail_msg("%s", rows[i]);
        assert_string_equal(err.field, "remote_id");
    }
}

static void test_a_status_is_read(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        enum verdict_type type;
        enum failure_class class;
        int64_t poll_after_ms;
    } rows[] = {
        {202, "{\"status\":\"IN_QUEUE\",\"queue_position\":3}", VERDICT_WAIT, FAILURE_UNKNOWN, -1},
        {202, "{\"status\":\"IN_PROGRESS\",\"logs\":[]}", VERDICT_WAIT, FAILURE_UNKNOWN, 1000},
        {200, "{\"status\":\"COMPLETED\",\"metrics\":{\"inference_time\":1.5}}", VERDICT_NEXT,
         FAILURE_UNKNOWN, -1},
        {200, "{\"status\":\"COMPLETED\",\"error\":\"x\",\"error_type\":\"y\"}", VERDICT_NEXT,
         FAILURE_UNKNOWN, -1},
        {200, "{\"status\":\"COMPLETED\",\"error\":\"Request was cancelled\"}", VERDICT_FAILED,
         FAILURE_CANCELLED, -1},
        {200, "{\"status\":\"CANCELLED\"}", VERDICT_FAILED, FAILURE_CANCELLED, -1},
        {200, "{\"status\":\"DREAMING\"}", VERDICT_FAILED, FAILURE_UNKNOWN, -1},
        {404, "{\"detail\":\"Request not found\"}", VERDICT_FAILED, FAILURE_INVALID, -1},
        {401, "{\"detail\":\"no\"}", VERDICT_FAILED, FAILURE_AUTH, -1},
        {500, "{\"detail\":\"x\"}", VERDICT_FAILED, FAILURE_SERVER, -1},
        {502, "<html>", VERDICT_FAILED, FAILURE_SERVER, -1},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange exchange = poll_of(fixture, kind, REMOTE);
        struct provider_verdict verdict =
            read_body(fixture, kind, &exchange, rows[i].status, rows[i].body);
        if (verdict.type != rows[i].type || verdict.failure.class != rows[i].class ||
            verdict.poll_after_ms != rows[i].poll_after_ms)
            fail_msg("%s: %d %s", rows[i].body, verdict.type,
                     failure_class_name(verdict.failure.class));
        if (verdict.type == VERDICT_WAIT)
            assert_text(verdict.remote_id, REMOTE);
        if (verdict.type == VERDICT_NEXT) {
            assert_text(verdict.next.url, BASE REMOTE);
            assert_text(verdict.next.method, "GET");
            assert_false(verdict.next.is_paid);
            assert_int_equal(verdict.next.purpose, EXCHANGE_POLL);
        }
    }
}

/* The exchange that brings the result, after a status of that body. */
static struct exchange result_of(struct fixture *fixture, const char *status)
{
    struct exchange exchange = poll_of(fixture, kind, REMOTE);
    struct provider_verdict verdict = read_body(fixture, kind, &exchange, 200, status);

    assert_int_equal(verdict.type, VERDICT_NEXT);
    return verdict.next;
}
#define COMPLETED "{\"status\":\"COMPLETED\"}"
#define IMAGE(name, width, height)                                                                 \
    "{\"url\":\"https://v3.fal.media/" name "\",\"width\":" width ",\"height\":" height            \
    ",\"content_type\":\"image/png\",\"file_name\":\"x\",\"file_size\":9}"

static void test_the_documented_result_is_read(void **state)
{
    static const char body[] = "{\"images\":[" IMAGE("a", "1024", "768") "," IMAGE(
        "b", "2048", "1024") "],\"seed\":5,\"has_nsfw_concepts\":[false,false],\"timings\":{},"
                             "\"prompt\":\"a red cup\"}";
    struct fixture *fixture = *state;
    struct provider_request request = request_of("fal-ai/flux/schnell");
    struct exchange exchange = result_of(fixture, COMPLETED);
    struct exchange_reply reply = reply_of(200, body);
    struct provider_verdict verdict;
    const char *currency;

    request.count = 2;
    verdict = read_reply(fixture, kind, &request, &exchange, &reply);
    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 2);
    assert_text(verdict.pictures[0].url, "https://v3.fal.media/a");
    assert_int_equal(verdict.pictures[0].header_count, 0); /* the key stays here */
    assert_text(verdict.pictures[1].revised_prompt, "a red cup");
    assert_false(verdict.pictures[0].has_seed); /* which of the two was it? */
    assert_int_equal(verdict.missing.size, 0);
    assert_int_equal(provider_cost(kind, &fixture->account, &request, &verdict, &currency),
                     3000 + 6000);
    assert_string_equal(currency, "USD");
    request.count = 3;
    verdict = read_reply(fixture, kind, &request, &exchange, &reply);
    assert_text(verdict.missing, "2 of 3 pictures came");
}

static void test_other_shapes_of_results_are_read_too(void **state)
{
    static const struct {
        const char *body;
        size_t count;
        bool has_seed;
        const char *why;
    } rows[] = {
        {"{\"image\":" IMAGE("a",                  "8", "8") ",\"seed\":3}", 1,             true, "one picture"       },
        {"{\"images\":[{\"url\":\"" URI_A "\"}]}", 1,   false,               "a data URI" },
        {"{\"images\":[" IMAGE("a",    "8",      "8") "],\"has_nsfw_concepts\":null}",               1,                                                                        false,
         "no flags"},
        {"{\"images\":[" IMAGE("a",               "\"x\"",                 "-1") "],\"seed\":\"x\"}",               1, false,                                                                            "wrong types"                                                                       },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange exchange = result_of(fixture, COMPLETED);
        struct provider_verdict verdict = read_body(fixture, kind, &exchange, 200, rows[i].body);
        if (verdict.type != VERDICT_DONE || verdict.picture_count != rows[i].count ||
            verdict.pictures[0].has_seed != rows[i].has_seed)
            fail_msg("%s", rows[i].why);
    }
}

static void test_a_black_picture_is_no_picture(void **state)
{
    static const char all[] = "{\"images\":[" IMAGE("a", "8", "8") "," IMAGE(
        "b", "8", "8") "],\"has_nsfw_concepts\":[true,true]}";
    static const char one[] = "{\"images\":[" IMAGE("a", "8", "8") "," IMAGE(
        "b", "8", "8") "],\"has_nsfw_concepts\":[true,false]}";
    static const char single[] = "{\"image\":" IMAGE("a", "8", "8") ",\"has_nsfw_concepts\":true}";
    struct fixture *fixture = *state;
    struct exchange exchange = result_of(fixture, COMPLETED);
    struct provider_verdict verdict = read_body(fixture, kind, &exchange, 200, all);

    assert_int_equal(verdict.failure.class, FAILURE_REFUSED);
    assert_int_equal(verdict.failure.charged, CHARGED_YES);
    verdict = read_body(fixture, kind, &exchange, 200, single);
    assert_int_equal(verdict.failure.class, FAILURE_REFUSED);
    verdict = read_body(fixture, kind, &exchange, 200, one);
    assert_int_equal(verdict.picture_count, 1);
    assert_text(verdict.pictures[0].url, "https://v3.fal.media/b");
    assert_text(verdict.missing, "1 of 2 pictures were blacked out by fal's safety checker");
    /* Whoever switched the checker off gets what is there. */
    fixture_options(fixture, "{\"safety_checker\":false}");
    assert_int_equal(read_body(fixture, kind, &exchange, 200, all).picture_count, 2);
}

static void test_a_run_that_failed_says_why_and_what_it_cost(void **state)
{
    /* clang-format off */
    static const struct {
        const char *status;
        int code;
        const char *body;
        enum failure_class class;
        enum charged charged;
        const char *message;
    } rows[] = {
        {COMPLETED, 422, "{\"detail\":[{\"loc\":[\"body\",\"prompt\"],\"msg\":\"flagged\",\"type\":"
         "\"content_policy_violation\",\"ctx\":{}}]}", FAILURE_REFUSED, CHARGED_MAYBE,
         "prompt: flagged"},
        {COMPLETED, 422, "{\"detail\":[{\"loc\":[\"body\",\"image_url\"],\"msg\":\"too large\","
         "\"type\":\"image_too_large\"}]}", FAILURE_REFUSED, CHARGED_MAYBE, "image_url: too large"},
        {COMPLETED, 422, "{\"detail\":\"a train that was cancelled\"}", FAILURE_REFUSED,
         CHARGED_MAYBE, "a train that was cancelled"},
        {COMPLETED, 422, "{\"detail\":\"bad size\"}", FAILURE_REFUSED, CHARGED_MAYBE, "bad size"},
        {COMPLETED, 400, "{\"detail\":\"x\",\"error_type\":\"bad_request\"}", FAILURE_REFUSED,
         CHARGED_MAYBE, "x"},
        {COMPLETED, 500, "{\"detail\":\"boom\"}", FAILURE_REMOTE, CHARGED_NO, "boom"},
        {COMPLETED, 503, "{\"detail\":\"x\",\"error_type\":\"runner_disconnected\"}",
         FAILURE_REMOTE, CHARGED_NO, "x"},
        {COMPLETED, 504, "{\"detail\":\"x\",\"error_type\":\"request_timeout\"}", FAILURE_REMOTE,
         CHARGED_NO, "x"},
        {COMPLETED, 499, "{\"detail\":\"x\",\"error_type\":\"client_cancelled\"}",
         FAILURE_CANCELLED, CHARGED_MAYBE, "x"},
        {COMPLETED, 503, "{\"detail\":\"x\"}", FAILURE_SERVER, CHARGED_MAYBE, "x"},
        {COMPLETED, 502, "", FAILURE_SERVER, CHARGED_MAYBE,
         "the provider answered with status 502"},
        {COMPLETED, 404, "{\"detail\":\"gone\"}", FAILURE_INVALID, CHARGED_NO, "gone"},
        {COMPLETED, 401, "{\"detail\":\"no\"}", FAILURE_AUTH, CHARGED_NO, "no"},
        {COMPLETED, 499, "{\"detail\":\"x\"}", FAILURE_CANCELLED, CHARGED_MAYBE, "x"},
        {COMPLETED, 200, "{\"images\":[]}", FAILURE_RESULT_LOST, CHARGED_MAYBE,
         "the run ended without a picture"},
        {COMPLETED, 200, "{\"images\":[{\"ur", FAILURE_UNKNOWN, CHARGED_MAYBE,
         "the provider said success but sent nothing that can be used"},
        {COMPLETED, 200, "{\"images\":[{\"url\":\"data:image/png;base64,iVBO\"}]}",
         FAILURE_RESULT_LOST, CHARGED_YES, "the picture in the reply is broken or cut short"},
        {"{\"status\":\"COMPLETED\",\"error\":\"out of memory\"}", 502, "", FAILURE_REMOTE,
         CHARGED_NO, "out of memory"},
        {"{\"status\":\"COMPLETED\",\"error_type\":\"runner_lost\"}", 200, "{}", FAILURE_REMOTE,
         CHARGED_MAYBE, "runner_lost"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange exchange = result_of(fixture, rows[i].status);
        struct provider_verdict verdict =
            read_body(fixture, kind, &exchange, rows[i].code, rows[i].body);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged)
            fail_msg("%s: %s, charged %d", rows[i].body, failure_class_name(verdict.failure.class),
                     verdict.failure.charged);
        assert_text(verdict.failure.message, rows[i].message);
    }
}

static void test_a_result_asked_for_too_early_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange = result_of(fixture, COMPLETED);
    struct provider_verdict verdict =
        read_body(fixture, kind, &exchange, 202, "{\"status\":\"IN_PROGRESS\"}");

    assert_int_equal(verdict.type, VERDICT_WAIT);
    assert_text(verdict.remote_id, REMOTE);
}

static void test_a_refusal_at_the_door_costs_nothing(void **state)
{
    /* clang-format off */
    static const struct failure_row rows[] = {
        {422, "{\"detail\":[{\"type\":\"content_policy_violation\",\"msg\":\"x\"}]}",
         FAILURE_REFUSED, CHARGED_NO, -1},
        {422, "{\"detail\":[{\"type\":\"missing\",\"msg\":\"x\"}]}", FAILURE_INVALID, CHARGED_NO, -1},
        {401, "{\"detail\":\"x\"}", FAILURE_AUTH, CHARGED_NO, -1},
        {403, "{\"detail\":\"User is locked. Reason: Exhausted balance. Top up\"}", FAILURE_QUOTA,
         CHARGED_NO, -1},
        {402, "{\"detail\":\"x\"}", FAILURE_QUOTA, CHARGED_NO, -1},
        {429, "{\"detail\":\"x\"}", FAILURE_THROTTLED, CHARGED_NO, -1},
        {500, "{\"detail\":\"x\"}", FAILURE_SERVER, CHARGED_MAYBE, -1},
        {200, "{}", FAILURE_UNKNOWN, CHARGED_MAYBE, -1},
    };
    /* clang-format on */
    struct provider_request request = request_of("fal-ai/flux/dev");

    check_door(*state, kind, &request, rows, COUNT(rows));
}

static void test_a_cancel_is_followed_by_its_outcome(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum verdict_type type;
    } rows[] = {
        {202, "{\"status\":\"CANCELLATION_REQUESTED\"}", VERDICT_WAIT  },
        {400, "{\"status\":\"ALREADY_COMPLETED\"}",      VERDICT_WAIT  },
        {404, "{\"status\":\"NOT_FOUND\"}",              VERDICT_FAILED},
        {400, "{\"detail\":\"x\"}",                      VERDICT_FAILED},
        {500, "",                                        VERDICT_FAILED},
    };
    struct fixture *fixture = *state;
    struct exchange exchange = {0};
    struct error err = {0};

    assert_true(
        provider_fal.cancel(&fixture->account, STR(REMOTE), fixture->arena, &exchange, &err));
    for (size_t i = 0; i < COUNT(rows); i++)
        if (read_body(fixture, kind, &exchange, rows[i].status, rows[i].body).type != rows[i].type)
            fail_msg("%s", rows[i].body);
}

static void test_nothing_that_is_sent_breaks_the_reader(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("fal-ai/flux/dev");
    struct exchange exchanges[] = {
        begin(fixture, &request),
        poll_of(fixture, kind, REMOTE),
        result_of(fixture, COMPLETED),
        {.purpose = EXCHANGE_POLL}, /* without a memo */
    };

    for (size_t i = 0; i < COUNT(exchanges); i++)
        read_hostile(fixture, kind, &exchanges[i]);
}

static void test_the_key_is_never_repeated(void **state)
{
    static const char echo[] = "{\"detail\":\"bad key abcdefgh:0123456789\",\"status\":"
                               "\"COMPLETED\",\"error\":\"abcdefgh:0123456789 is bad\"}";
    struct fixture *fixture = *state;
    struct provider_request request = request_of("fal-ai/flux/dev");
    struct exchange exchange;

    fixture->account.key.hidden = STR("abcdefgh:0123456789");
    exchange = begin(fixture, &request);
    assert_text(read_body(fixture, kind, &exchange, 401, echo).failure.message, "bad key ***");
    exchange = result_of(fixture, echo);
    assert_text(read_body(fixture, kind, &exchange, 502, "").failure.message, "*** is bad");
}

static void test_billed_units_are_taken_when_they_are_told(void **state)
{
    static const struct {
        const char *units;
        int64_t cost;
    } rows[] = {
        {"2",     6000},
        {"0.5",   1500},
        {"-1",    3000},
        {"nan",   3000},
        {"1e300", 3000},
        {"",      3000}
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("fal-ai/flux/schnell");
    struct exchange exchange = result_of(fixture, COMPLETED);
    struct exchange_reply reply = reply_of(200, "{\"images\":[" IMAGE("a", "512", "512") "]}");

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_header header = {STR("x-fal-billable-units"), str_of(rows[i].units)};
        reply.headers = &header;
        reply.header_count = 1;
        assert_int_equal(read_reply(fixture, kind, &request, &exchange, &reply).usage.cost_micro,
                         rows[i].cost);
    }
}

static void test_estimates_grow_with_the_size(void **state)
{
    static const struct {
        const char *model;
        int64_t width, height, count, micro;
    } rows[] = {
        {"fal-ai/flux/dev",         0,     0,    1, 25000 },
        {"fal-ai/flux/dev",         1024,  1024, 1, 25000 },
        {"fal-ai/flux/dev",         1024,  1025, 2, 100000},
        {"fal-ai/flux/dev",         99999, 9,    1, 25000 },
        {"fal-ai/flux-pro/kontext", 0,     0,    3, 120000},
        {"fal-ai/flux-2-pro",       0,     0,    1, -1    },
        {"acme/paint",              0,     0,    1, -1    },
        {"fal-ai/flux/dev",         0,     0,    0, -1    },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        const char *currency;
        request.width_px = rows[i].width;
        request.height_px = rows[i].height;
        request.count = rows[i].count;
        assert_int_equal(provider_estimate(kind, &fixture->account, &request, &currency),
                         rows[i].micro);
        assert_string_equal(currency, "USD");
    }
}

static void test_the_probe_is_free_and_tells_keys_apart(void **state)
{
    static const struct probe_row rows[] = {
        {404, "{\"detail\":\"Request not found\"}", FAILURE_NONE   },
        {200, "{\"status\":\"COMPLETED\"}",         FAILURE_NONE   },
        {422, "{\"detail\":\"x\"}",                 FAILURE_NONE   },
        {401, "{\"detail\":\"x\"}",                 FAILURE_AUTH   },
        {403, "{\"detail\":\"Exhausted balance\"}", FAILURE_QUOTA  },
        {404, "<html><title>nginx</title>",         FAILURE_INVALID},
        {200, "hello",                              FAILURE_INVALID},
        {500, "{}",                                 FAILURE_SERVER },
    };

    check_probe(*state, kind,
                BASE "fal-ai/flux/requests/00000000-0000-0000-0000-000000000000/status", rows,
                COUNT(rows));
}

static void test_the_catalogue_and_its_forms_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < FAL_MODEL_COUNT; i++)
        check_row(&fal_models[i], &fal_rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_generation_is_written_as_fal_wants_it),
        TEST(test_each_model_is_asked_in_its_own_words),
        TEST(test_the_accounts_options_are_said_where_the_model_has_a_word),
        TEST(test_only_what_was_chosen_is_sent_to_an_unknown_model),
        TEST(test_what_a_model_cannot_do_is_refused_before_it_is_sent),
        TEST(test_an_accepted_request_is_waited_for_by_its_first_two_segments),
        TEST(test_a_remote_id_is_enough_to_ask_and_to_stop),
        TEST(test_a_strange_remote_id_is_not_asked_for),
        TEST(test_a_status_is_read),
        TEST(test_the_documented_result_is_read),
        TEST(test_other_shapes_of_results_are_read_too),
        TEST(test_a_black_picture_is_no_picture),
        TEST(test_a_run_that_failed_says_why_and_what_it_cost),
        TEST(test_a_result_asked_for_too_early_is_waited_for),
        TEST(test_a_refusal_at_the_door_costs_nothing),
        TEST(test_a_cancel_is_followed_by_its_outcome),
        TEST(test_nothing_that_is_sent_breaks_the_reader),
        TEST(test_the_key_is_never_repeated),
        TEST(test_billed_units_are_taken_when_they_are_told),
        TEST(test_estimates_grow_with_the_size),
        TEST(test_the_probe_is_free_and_tells_keys_apart),
        TEST(test_the_catalogue_and_its_forms_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
