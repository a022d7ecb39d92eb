/* xAI's Grok Imagine: facts 6.4 and 8.3. */
#include "provider/provider_test.h"

#include <stdlib.h>

static const struct provider_image pictures[] = {
    {{PNG_BYTES, sizeof PNG_BYTES - 1},   {"", 0}, {"", 0}},
    {{JPEG_BYTES, sizeof JPEG_BYTES - 1}, {"", 0}, {"", 0}},
    {{PNG_BYTES, sizeof PNG_BYTES - 1},   {"", 0}, {"", 0}},
    {{PNG_BYTES, sizeof PNG_BYTES - 1},   {"", 0}, {"", 0}},
};

static struct provider_request request_of(const char *model)
{
    return (struct provider_request){
        .model = str_of(model), .prompt = STR("a cup"), .count = 1, .compression = -1};
}

static struct exchange begin(struct fixture *fixture, const struct provider_request *request)
{
    struct exchange exchange = {0};
    struct error err = {0};

    if (!provider_xai.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

static struct provider_verdict read_body(struct fixture *fixture, int status, const char *body)
{
    struct provider_request request = request_of("grok-imagine-image-2.0");

    return verdict_of(&provider_xai, fixture, &request, status, str_of(body));
}

static int64_t cost_of(struct fixture *fixture, const struct provider_verdict *verdict)
{
    struct provider_request request = request_of("grok-imagine-image-2.0");
    const char *currency;

    return provider_cost(&provider_xai, &fixture->account, &request, verdict, &currency);
}

/* --- requests --- */

static void test_a_generation_is_written(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("grok-imagine-image-2.0");
    struct exchange exchange;

    fixture->account.key.hidden = STR("xai-key");
    request.count = 4;
    request.width_px = 2016;
    request.height_px = 1134;
    request.quality = STR("low");
    request.safety_id = STR("u1");
    exchange = begin(fixture, &request);
    assert_text(exchange.method, "POST");
    assert_text(exchange.url, "https://api.x.ai/v1/images/generations");
    assert_text(header_of(&exchange, "Authorization"), "Bearer xai-key");
    assert_text(header_of(&exchange, "Content-Type"), "application/json");
    assert_true(exchange.is_paid && exchange.purpose == EXCHANGE_SUBMIT);
    assert_false(exchange.is_own_origin || exchange.is_stream);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"grok-imagine-image-2.0\",\"prompt\":\"a cup\",\"n\":4,"
                "\"aspect_ratio\":\"16:9\",\"resolution\":\"1.5k\",\"quality\":\"low\","
                "\"response_format\":\"b64_json\",\"user\":\"u1\"}");
}

static void test_what_is_left_open_is_not_said_but_for_quality(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model, *body;
    } rows[] = {
        {"grok-imagine-image-2.0", "{\"model\":\"grok-imagine-image-2.0\",\"prompt\":\"a cup\","
                                   "\"quality\":\"medium\",\"response_format\":\"b64_json\"}"},
        {"grok-imagine-image", "{\"model\":\"grok-imagine-image\",\"prompt\":\"a cup\","
                               "\"response_format\":\"b64_json\"}"},
        {"grok-9", "{\"model\":\"grok-9\",\"prompt\":\"a cup\","
                   "\"response_format\":\"b64_json\"}"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange = begin(fixture, &request);
        assert_text(body_of(&exchange, fixture->arena), rows[i].body);
    }
}

static void test_edits_are_json_with_one_picture_or_a_list(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("grok-imagine-image");
    struct exchange exchange;

    request.action = PROVIDER_EDIT;
    request.references = pictures;
    request.reference_count = 1;
    exchange = begin(fixture, &request);
    assert_text(exchange.url, "https://api.x.ai/v1/images/edits");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"grok-imagine-image\",\"prompt\":\"a cup\",\"response_format\":"
                "\"b64_json\",\"image\":{\"url\":\"data:image/png;base64," PNG_BASE64
                "\",\"type\":\"image_url\"}}");
    request.reference_count = 2;
    request.width_px = 1664;
    request.height_px = 2496;
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"grok-imagine-image\",\"prompt\":\"a cup\",\"aspect_ratio\":\"2:3\","
                "\"resolution\":\"2k\",\"response_format\":\"b64_json\",\"images\":[{\"url\":"
                "\"data:image/png;base64," PNG_BASE64 "\",\"type\":\"image_url\"},{\"url\":"
                "\"data:image/jpeg;base64," JPEG_BASE64 "\",\"type\":\"image_url\"}]}");
}

/* A JPEG's head: start, a segment to pass over, the frame with its sides. */
#define JPEG_OF(sides)                                                                             \
    "\377\330\377\340\000\004\001\002\377\300\000\013\010" sides "\001\001\021\000\377\331"

static void test_a_picture_edited_alone_keeps_its_shape(void **state)
{
    /* clang-format off */
    static const struct {
        struct str bytes;
        int64_t width, height;
        const char *said; /* NULL: refused */
        const char *why;
    } rows[] = {
        {{PNG_BYTES, sizeof PNG_BYTES - 1}, 2048, 2048, "\"resolution\":\"2k\"", "a square"},
        {{PNG_BYTES, sizeof PNG_BYTES - 1}, 1344, 756, NULL, "a square is not 16:9"},
        {{JPEG_OF("\004\000\005\125"), 23}, 1152, 864, "\"resolution\":\"1k\"", "1365x1024: 4:3"},
        {{JPEG_OF("\005\125\004\000"), 23}, 1152, 864, NULL, "1024x1365"},
        {{JPEG_OF("\000\000\004\000"), 23}, 1024, 1024, NULL, "no height"},
        {{JPEG_BYTES, sizeof JPEG_BYTES - 1}, 1024, 1024, NULL, "a JPEG without a frame"},
        {{"RIFF\004\000\000\000WEBP", 12}, 1024, 1024, NULL, "a type whose size is not read"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct provider_image picture = {.bytes = rows[i].bytes};
        struct provider_request request = request_of("grok-imagine-image");
        struct exchange exchange;
        struct str body;
        struct error err = {0};
        request.references = &picture;
        request.reference_count = 1;
        request.width_px = rows[i].width;
        request.height_px = rows[i].height;
        if (provider_xai.begin(&fixture->account, &request, fixture->arena, &exchange, &err) !=
            (rows[i].said != NULL))
            fail_msg("%s: %s", rows[i].why, err.message);
        if (rows[i].said == NULL) {
            assert_string_equal(err.field, "size");
            continue;
        }
        body = body_of(&exchange, fixture->arena);
        assert_true(str_find(body, str_of(rows[i].said)) > 0);
        assert_int_equal(str_find(body, STR("aspect_ratio")), -1);
    }
}

static void test_a_cut_jpeg_has_no_size(void **state)
{
    static const struct str whole = {JPEG_OF("\004\000\005\125"), 23};
    int64_t width = 0, height = 0;

    (void)state;
    assert_true(picture_size(whole, &width, &height));
    assert_int_equal(width, 1365);
    assert_int_equal(height, 1024);
    for (size_t size = 0; size < 18; size++) {
        char *copy = malloc(size + 1); /* on the heap, where reading too far is seen */
        memcpy(copy, whole.data, size);
        assert_false(picture_size((struct str){copy, size}, &width, &height));
        free(copy);
    }
}

static void test_sizes_are_shapes_and_classes_of_each_model(void **state)
{
    static const struct {
        const char *model;
        int64_t width, height;
        const char *said; /* NULL: refused */
    } rows[] = {
        {"grok-imagine-image-2.0",        1024, 1024, "\"1:1\",\"resolution\":\"1k\""     },
        {"grok-imagine-image-2.0",        864,  1872, "\"9:19.5\",\"resolution\":\"1.5k\""},
        {"grok-imagine-image",            1536, 1536, NULL                                },
        {"grok-imagine-image",            2560, 1152, "\"20:9\",\"resolution\":\"2k\""    },
        {"grok-imagine-image-2026-03-02", 2560, 1152, "\"20:9\",\"resolution\":\"2k\""    },
        {"grok-imagine-image",            1024, 1025, NULL                                },
        {"grok-9",                        1280, 720,  "\"16:9\",\"resolution\":\"1k\""    },
        {"grok-9",                        1000, 800,  NULL                                },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange;
        struct error err = {0};
        request.width_px = rows[i].width;
        request.height_px = rows[i].height;
        assert_int_equal(
            provider_xai.begin(&fixture->account, &request, fixture->arena, &exchange, &err),
            rows[i].said != NULL);
        if (rows[i].said == NULL)
            assert_string_equal(err.field, "size");
        else
            assert_true(str_find(body_of(&exchange, fixture->arena), str_of(rows[i].said)) > 0);
    }
}

static void test_every_size_of_the_catalogue_can_be_asked_for(void **state)
{
    struct fixture *fixture = *state;

    for (size_t m = 0; m < provider_xai.model_count; m++) {
        const struct provider_model *model = &provider_xai.models[m];
        size_t count = 0;
        for (; model->sizes[count] != NULL; count++) {
            struct provider_request request = {
                .model = model->name, .prompt = STR("x"), .count = 1, .compression = -1};
            char *end;
            request.width_px = strtoll(model->sizes[count], &end, 10);
            request.height_px = strtoll(end + 1, NULL, 10);
            (void)begin(fixture, &request);
            for (size_t other = 0; other < count; other++)
                assert_string_not_equal(model->sizes[other], model->sizes[count]);
        }
        assert_int_equal(count, m == 0 ? 39 : 26); /* 13 shapes in 3 classes, or 2 */
    }
}

static void test_what_it_cannot_do_is_refused(void **state)
{
    static const struct provider_image mask = {
        {PNG_BYTES, sizeof PNG_BYTES - 1},
        {"",        0                   },
        {"",        0                   }
    };
    struct fixture *fixture = *state;
    const struct provider_request plain = request_of("grok-imagine-image-2.0");
    struct provider_request request;
    struct exchange exchange;
    struct error err;

#define REFUSED(change, wanted_code, wanted_field)                                                 \
    do {                                                                                           \
        request = plain;                                                                           \
        change;                                                                                    \
        assert_false(                                                                              \
            provider_xai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));     \
        assert_int_equal(err.code, wanted_code);                                                   \
        assert_string_equal(err.field, wanted_field);                                              \
    } while (0)
    REFUSED(request.model = STR_EMPTY, ERROR_REQUIRED, "model");
    REFUSED(request.action = PROVIDER_WRITE, ERROR_INVALID, "model");
    REFUSED(request.prompt = STR_EMPTY, ERROR_REQUIRED, "prompt");
    REFUSED(request.count = 11, ERROR_TOO_BIG, "count");
    REFUSED(request.quality = STR("high"), ERROR_NOT_IN_LIST, "quality");
    REFUSED((request.model = STR("grok-imagine-image"), request.quality = STR("low")),
            ERROR_INVALID, "quality");
    REFUSED(request.has_seed = true, ERROR_INVALID, "seed");
    REFUSED(request.negative_prompt = STR("x"), ERROR_INVALID, "negative_prompt");
    REFUSED(request.steps = 3, ERROR_INVALID, "steps");
    REFUSED(request.scale = 3, ERROR_INVALID, "scale");
    REFUSED(request.format = STR("png"), ERROR_INVALID, "format");
    REFUSED(request.compression = 50, ERROR_INVALID, "compression");
    REFUSED(request.background = STR("transparent"), ERROR_INVALID, "background");
    REFUSED(request.mask = &mask, ERROR_INVALID, "mask");
    REFUSED(request.width_px = 1024, ERROR_INVALID, "size");
    REFUSED((request.references = pictures, request.reference_count = 4), ERROR_TOO_MANY,
            "references");
    REFUSED(request.action = PROVIDER_EDIT, ERROR_REQUIRED, "references");
    REFUSED(fixture->account.key.hidden = STR("a\nb"), ERROR_INVALID, "key");
    REFUSED(fixture->account.base_url = STR("x"), ERROR_INVALID, "base_url");
#undef REFUSED
}

static void test_estimates_follow_quality_class_and_references(void **state)
{
    static const struct {
        const char *model, *quality;
        int64_t count, width, height;
        size_t references;
        int64_t micro;
    } rows[] = {
        {"grok-imagine-image-2.0",        "",     1, 0,    0,    0, 60000 },
        {"grok-imagine-image-2.0",        "auto", 1, 0,    0,    0, 60000 },
        {"grok-imagine-image-2.0",        "low",  1, 1536, 1536, 0, 50000 },
        {"grok-imagine-image-2.0",        "",     3, 2048, 2048, 2, 260000},
        {"grok-imagine-image-quality",    "",     1, 2048, 2048, 1, 80000 },
        {"grok-imagine-image",            "",     2, 2048, 2048, 1, 42000 },
        {"grok-imagine-image-2026-03-02", "",     1, 0,    0,    0, 20000 },
        {"grok-9",                        "",     1, 0,    0,    0, -1    },
        {"grok-imagine-image",            "",     0, 0,    0,    0, -1    },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        const char *currency;
        request.quality = str_of(rows[i].quality);
        request.count = rows[i].count;
        request.width_px = rows[i].width;
        request.height_px = rows[i].height;
        request.reference_count = rows[i].references;
        assert_int_equal(provider_estimate(&provider_xai, &fixture->account, &request, &currency),
                         rows[i].micro);
        assert_string_equal(currency, "USD");
    }
}

/* --- replies --- */

#define ITEM(base64, more) "{\"b64_json\":\"" base64 "\",\"mime_type\":\"image/jpeg\"" more "}"
#define REPLY(items, ticks) "{\"data\":[" items "],\"usage\":{\"cost_in_usd_ticks\":" ticks "}}"
#define GOOD                                                                                       \
    REPLY(ITEM(PNG_BASE64, ",\"revised_prompt\":\"a red cup\",\"respect_moderation\":true"),       \
          "400000000")

static void test_the_documented_reply_is_read_with_its_cost(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict = read_body(fixture, 200, GOOD);

    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 1);
    assert_true(str_equal(verdict.pictures[0].bytes, STR(PNG_BYTES)));
    assert_text(verdict.pictures[0].revised_prompt, "a red cup");
    assert_int_equal(cost_of(fixture, &verdict), 40000); /* $0.04 */
    assert_int_equal(verdict.missing.size, 0);
}

static void test_costs_are_ticks(void **state)
{
    static const struct {
        const char *ticks;
        int64_t micro;
        const char *why;
    } rows[] = {
        {"0",                 0,     "free"                           },
        {"1",                 1,     "rounded up"                     },
        {"200000000.0",       20000, "a whole double"                 },
        {"-1",                60000, "negative: the catalogue's price"},
        {"1e300",             60000, "absurd"                         },
        {"\"400000000\"",     60000, "a text"                         },
        {"null",              60000, "null"                           },
        {"99999999999999999", 60000, "more than a million dollars"    },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("grok-imagine-image-2.0");
        struct provider_verdict verdict = verdict_of(
            &provider_xai, fixture, &request, 200,
            arena_printf(fixture->arena, "{\"data\":[%s],\"usage\":{\"cost_in_usd_ticks\":%s}}",
                         ITEM(PNG_BASE64, ""), rows[i].ticks));
        assert_int_equal(verdict.type, VERDICT_DONE);
        if (cost_of(fixture, &verdict) != rows[i].micro)
            fail_msg("%s: %lld", rows[i].why, (long long)cost_of(fixture, &verdict));
    }
}

static void test_an_address_is_handed_on_without_the_key(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict =
        read_body(fixture, 200, "{\"data\":[{\"url\":\"https://imgen.x.ai/a.jpeg\"}]}");

    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_text(verdict.pictures[0].url, "https://imgen.x.ai/a.jpeg");
    assert_int_equal(verdict.pictures[0].header_count, 0);
}

static void test_what_moderation_withholds_is_no_picture(void **state)
{
#define WITHHELD ITEM(OTHER_PNG_BASE64, ",\"respect_moderation\":false")
    /* clang-format off */
    static const struct {
        const char *body;
        size_t count;
        enum charged charged;
        const char *why;
    } rows[] = {
        {REPLY(ITEM(PNG_BASE64, "") "," WITHHELD, "1"), 1, CHARGED_NO, "one of two"},
        {REPLY(WITHHELD, "400000000"), 0, CHARGED_YES, "all, and billed"},
        {REPLY(WITHHELD, "0"), 0, CHARGED_NO, "all, and free"},
        {"{\"data\":[" WITHHELD "]}", 0, CHARGED_MAYBE, "all, and who knows"},
        {"{\"data\":[{\"url\":\"\",\"respect_moderation\":false}]}", 0, CHARGED_MAYBE, "nothing"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("grok-imagine-image-2.0");
        struct provider_verdict verdict;
        request.count = 2;
        verdict = verdict_of(&provider_xai, fixture, &request, 200, str_of(rows[i].body));
        if (verdict.picture_count != rows[i].count)
            fail_msg("%s: %zu", rows[i].why, verdict.picture_count);
        if (rows[i].count > 0) {
            assert_text(verdict.missing, "xAI's moderation withheld 1 of 2 pictures");
            continue;
        }
        assert_int_equal(verdict.failure.class, FAILURE_REFUSED);
        assert_int_equal(verdict.failure.charged, rows[i].charged);
        assert_text(verdict.failure.message, "xAI's moderation withheld the picture");
    }
}

static void test_fewer_pictures_than_asked_for_are_told(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("grok-imagine-image-2.0");
    struct provider_verdict verdict;

    request.count = 2;
    verdict = verdict_of(&provider_xai, fixture, &request, 200,
                         STR(REPLY(ITEM(PNG_BASE64, "") "," ITEM("iVBORw0KGgo", ""), "1")));
    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_text(verdict.missing, "xAI sent 1 of 2 pictures whole");
}

static void test_success_without_a_picture_is_a_failure(void **state)
{
    /* clang-format off */
    static const struct {
        const char *body;
        enum failure_class class;
        enum charged charged;
    } rows[] = {
        {REPLY("", "400000000"), FAILURE_UNKNOWN, CHARGED_YES},
        {REPLY("", "0"), FAILURE_UNKNOWN, CHARGED_NO},
        {"{\"data\":[]}", FAILURE_UNKNOWN, CHARGED_MAYBE},
        {"{\"data\":{\"a\":1}}", FAILURE_UNKNOWN, CHARGED_MAYBE},
        {"{\"data\":[7,null,\"x\",[]]}", FAILURE_UNKNOWN, CHARGED_MAYBE},
        {"{\"data\":[" ITEM("iVBORw0KGgo", "") "]}", FAILURE_UNKNOWN, CHARGED_YES},
        {"{\"data\":[" ITEM("%%%", "") "]}", FAILURE_UNKNOWN, CHARGED_YES},
        {"{\"error\":{\"message\":\"x\",\"type\":\"server_error\"}}", FAILURE_SERVER,
         CHARGED_MAYBE},
        {"<html>", FAILURE_INVALID, CHARGED_NO},
        {"", FAILURE_UNKNOWN, CHARGED_MAYBE},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = read_body(fixture, 200, rows[i].body);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged)
            fail_msg("%s: %s, charged %d", rows[i].body, failure_class_name(verdict.failure.class),
                     verdict.failure.charged);
        assert_true(verdict.failure.message.size > 0);
    }
}

static void test_errors_come_in_two_shapes(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
        enum charged charged;
        const char *message;
    } rows[] = {
        {422,
         "{\"error\":{\"message\":\"unknown variant `high`\",\"type\":\"invalid_request_error\","
              "\"param\":\"quality\",\"code\":null}}",
         FAILURE_INVALID, CHARGED_NO, "unknown variant `high`"},
        {400, "{\"code\":\"Client specified an invalid argument\",\"error\":\"Argument not "
              "supported: size\"}",
         FAILURE_INVALID, CHARGED_NO, "Argument not supported: size"},
        {400, "{\"code\":\"x\",\"error\":\"Generated image rejected by content moderation.\"}",
         FAILURE_REFUSED, CHARGED_MAYBE, "Generated image rejected by content moderation."},
        {400, "{\"code\":\"x\",\"error\":\"Incorrect API key provided\"}", FAILURE_AUTH, CHARGED_NO,
         "Incorrect API key provided"},
        {403, "{\"code\":\"x\",\"error\":\"Your team has no credits\"}", FAILURE_QUOTA, CHARGED_NO,
         "Your team has no credits"},
        {403, "{\"code\":\"x\",\"error\":\"not permitted\"}", FAILURE_AUTH, CHARGED_NO,
         "not permitted"},
        {401, "{\"error\":{\"message\":\"no key\"}}", FAILURE_AUTH, CHARGED_NO, "no key"},
        {404, "{\"error\":\"no such model\"}", FAILURE_INVALID, CHARGED_NO, "no such model"},
        {429, "{\"code\":\"x\",\"error\":\"Too many requests\"}", FAILURE_THROTTLED, CHARGED_NO,
         "Too many requests"},
        {500, "", FAILURE_SERVER, CHARGED_MAYBE, "the provider answered with status 500"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = read_body(fixture, rows[i].status, rows[i].body);
        if (verdict.failure.class != rows[i].class || verdict.failure.charged != rows[i].charged)
            fail_msg("%s: %s", rows[i].message, failure_class_name(verdict.failure.class));
        assert_text(verdict.failure.message, rows[i].message);
    }
}

static void test_headers_tell_the_wait_and_the_request(void **state)
{
    static const struct exchange_header headers[] = {
        {{"retry-after", 11},  {"7", 1}    },
        {{"x-request-id", 12}, {"req-1", 5}}
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("grok-imagine-image");
    struct exchange exchange = {.purpose = EXCHANGE_SUBMIT, .is_paid = true};
    struct exchange_reply reply = reply_of(429, "{}");
    struct provider_verdict verdict;

    reply.headers = headers;
    reply.header_count = COUNT(headers);
    provider_xai.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.failure.retry_after_ms, 7000);
    assert_text(verdict.request_id, "req-1");
    reply = (struct exchange_reply){.outcome = EXCHANGE_LOST, .status = 200, .body = STR(GOOD)};
    provider_xai.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.failure.class, FAILURE_UNKNOWN);
    reply.outcome = EXCHANGE_NOT_SENT;
    provider_xai.read(&fixture->account, &request, &exchange, &reply, fixture->arena, &verdict);
    assert_int_equal(verdict.failure.class, FAILURE_NOT_SENT);
}

static void test_the_key_is_never_told(void **state)
{
    struct fixture *fixture = *state;
    struct provider_verdict verdict;

    fixture->account.key.hidden = STR("xai-0123456789abcdef");
    verdict = read_body(fixture, 400,
                        "{\"code\":\"xai-0123456789abcdef\",\"error\":\"Incorrect API "
                        "key provided: xai-0123456789abcdef\"}");
    assert_text(verdict.failure.message, "Incorrect API key provided: ***");
    assert_text(verdict.failure.code, "***");
}

/* --- hostile replies --- */

static void test_each_prefix_and_each_changed_byte_gives_a_verdict(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("grok-imagine-image-2.0");
    char body[] = GOOD;

    for (size_t size = 0; size < sizeof body - 1; size++) {
        assert_int_equal(
            verdict_of(&provider_xai, fixture, &request, 200, (struct str){body, size}).type,
            VERDICT_FAILED);
        arena_reset(fixture->arena);
    }
    for (size_t at = 0; at < sizeof body - 1; at++)
        for (int bit = 0; bit < 8; bit++) {
            struct provider_verdict verdict;
            body[at] = (char)(body[at] ^ 1 << bit);
            verdict = verdict_of(&provider_xai, fixture, &request, 200,
                                 (struct str){body, sizeof body - 1});
            assert_true(verdict.type == VERDICT_DONE || verdict.type == VERDICT_FAILED);
            body[at] = (char)(body[at] ^ 1 << bit);
            arena_reset(fixture->arena);
        }
}

static void test_deep_nesting_is_no_trouble(void **state)
{
    static const char *const opens[] = {"[", "{\"data\":[", "{\"error\":", "{\"usage\":"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(opens); i++) {
        CLEANUP(buf_finish) struct buf body = {0};
        struct provider_request request = request_of("m");
        for (int depth = 0; depth < 10000; depth++)
            buf_add(&body, str_of(opens[i]));
        assert_int_equal(verdict_of(&provider_xai, fixture, &request, 200, buf_str(&body)).type,
                         VERDICT_FAILED);
    }
}

/* --- the probe --- */

static void test_the_probe_lists_models_and_their_other_names(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        size_t count;
        enum failure_class class;
    } rows[] = {
        {200, "{\"models\":[{\"id\":\"grok-imagine-image\",\"aliases\":[\"grok-imagine-image-2026-"
              "03-02\",\"grok-imagine-image\",7,\"\"],\"max_prompt_length\":8000},{\"id\":7},null]}",
         2, FAILURE_NONE},
        {200, "{\"data\":[{\"id\":\"a\"},{\"id\":\"b\\nc\"}]}", 1, FAILURE_NONE},
        {200, "{\"models\":[]}", 0, FAILURE_NONE},
        {200, "{\"models\":{}}", 0, FAILURE_INVALID},
        {200, "<html>", 0, FAILURE_INVALID},
        {400, "{\"code\":\"x\",\"error\":\"Incorrect API key provided\"}", 0, FAILURE_AUTH},
        {503, "", 0, FAILURE_SERVER},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct error err;

    assert_true(provider_xai.probe(&fixture->account, fixture->arena, &exchange, &err));
    assert_text(exchange.url, "https://api.x.ai/v1/image-generation-models");
    assert_text(exchange.method, "GET");
    assert_false(exchange.is_paid);
    assert_int_equal(exchange.purpose, EXCHANGE_PROBE);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct provider_failure failure;
        struct str *models;
        size_t count;
        provider_xai.read_probe(&fixture->account, &reply, fixture->arena, &models, &count,
                                &failure);
        assert_int_equal(count, rows[i].count);
        assert_int_equal(failure.class, rows[i].class);
        assert_int_equal(failure.charged, CHARGED_NO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_generation_is_written),
        TEST(test_what_is_left_open_is_not_said_but_for_quality),
        TEST(test_edits_are_json_with_one_picture_or_a_list),
        TEST(test_a_picture_edited_alone_keeps_its_shape),
        TEST(test_a_cut_jpeg_has_no_size),
        TEST(test_sizes_are_shapes_and_classes_of_each_model),
        TEST(test_every_size_of_the_catalogue_can_be_asked_for),
        TEST(test_what_it_cannot_do_is_refused),
        TEST(test_estimates_follow_quality_class_and_references),
        TEST(test_the_documented_reply_is_read_with_its_cost),
        TEST(test_costs_are_ticks),
        TEST(test_an_address_is_handed_on_without_the_key),
        TEST(test_what_moderation_withholds_is_no_picture),
        TEST(test_fewer_pictures_than_asked_for_are_told),
        TEST(test_success_without_a_picture_is_a_failure),
        TEST(test_errors_come_in_two_shapes),
        TEST(test_headers_tell_the_wait_and_the_request),
        TEST(test_the_key_is_never_told),
        TEST(test_each_prefix_and_each_changed_byte_gives_a_verdict),
        TEST(test_deep_nesting_is_no_trouble),
        TEST(test_the_probe_lists_models_and_their_other_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
