/* Calls in Gemini's words: facts 2.1, 2.2, 2.4. */
#include "provider/provider_test.h"

#include "provider/gemini_private.h"

#include <stdlib.h>

static const struct provider_image one_png[] = {
    {{PNG_BYTES, sizeof PNG_BYTES - 1}, {"", 0}, {"", 0}},
};
static const struct provider_image two_pictures[] = {
    {{PNG_BYTES, sizeof PNG_BYTES - 1},   {"", 0},          {"", 0}},
    {{JPEG_BYTES, sizeof JPEG_BYTES - 1}, {"image/png", 9}, {"", 0}},
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

    if (!provider_gemini.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

static void assert_refused(struct fixture *fixture, const struct provider_request *request,
                           enum error_code code, const char *field, const char *why)
{
    struct exchange exchange;
    struct error err = {0};

    if (provider_gemini.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("passed: %s", why);
    if (err.code != code || strcmp(err.field, field) != 0)
        fail_msg("%s: code %d, field %s", why, (int)err.code, err.field);
}

/* The example of facts 2.2, as @google/genai sends it. */
static void test_the_documented_edit_is_written(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gemini-nano-banana-2.1");
    struct exchange exchange;

    fixture->account.key.hidden = STR("AIza-key");
    request.action = PROVIDER_EDIT;
    request.prompt = STR("make the sky green");
    request.references = one_png;
    request.reference_count = 1;
    request.width_px = 2752;
    request.height_px = 1536;
    exchange = begin(fixture, &request);
    assert_text(exchange.method, "POST");
    assert_text(exchange.url, "https://generativelanguage.googleapis.com/v1beta/models/"
                              "gemini-nano-banana-2.1:generateContent");
    assert_text(header_of(&exchange, "x-goog-api-key"), "AIza-key");
    assert_text(header_of(&exchange, "Content-Type"), "application/json");
    assert_int_equal(header_of(&exchange, "Authorization").size, 0);
    assert_true(exchange.is_paid && exchange.purpose == EXCHANGE_SUBMIT);
    assert_false(exchange.is_own_origin || exchange.is_stream);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"inlineData\":{\"mimeType\":"
                "\"image/png\",\"data\":\"" PNG_BASE64 "\"}},{\"text\":\"make the sky green\"}]}],"
                "\"generationConfig\":{\"responseModalities\":[\"TEXT\",\"IMAGE\"],"
                "\"imageConfig\":{\"aspectRatio\":\"16:9\",\"imageSize\":\"2K\"}}}");
}

static void test_a_size_left_open_is_not_said(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("models/gemini-3-pro-image");
    struct exchange exchange = begin(fixture, &request);

    assert_text(body_of(&exchange, fixture->arena),
                "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"a cup\"}]}],"
                "\"generationConfig\":{\"responseModalities\":[\"TEXT\",\"IMAGE\"]}}");
    assert_true(str_ends_with(exchange.url, STR("/models/gemini-3-pro-image:generateContent")));
}

static void test_the_true_type_of_each_picture_is_said(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gemini-2.5-flash-image");
    struct exchange exchange;
    struct str body;

    request.references = two_pictures;
    request.reference_count = 2;
    exchange = begin(fixture, &request);
    body = body_of(&exchange, fixture->arena);
    assert_true(str_find(body, STR("{\"mimeType\":\"image/jpeg\",\"data\":\"" JPEG_BASE64)) > 0);
    assert_true(str_find(body, STR(JPEG_BASE64)) > str_find(body, STR(PNG_BASE64)));
}

static void test_shape_and_class_are_said_as_the_model_knows_them(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model;
        int64_t width, height;
        const char *config; /* NULL: refused */
        const char *why;
    } rows[] = {
        {"gemini-nano-banana-2.1", 1024, 1024, "{\"aspectRatio\":\"1:1\",\"imageSize\":\"1K\"}",
         "1K"},
        {"gemini-nano-banana-2.1", 1536, 12288, "{\"aspectRatio\":\"1:8\",\"imageSize\":\"4K\"}",
         "its longest"},
        {"gemini-nano-banana-2.1", 512, 512, NULL, "512 is a 400 there"},
        {"gemini-3.1-flash-image", 512, 512, "{\"aspectRatio\":\"1:1\",\"imageSize\":\"512\"}",
         "no K"},
        {"gemini-3.1-flash-image", 792, 336, "{\"aspectRatio\":\"21:9\",\"imageSize\":\"512\"}",
         "half of 21:9"},
        {"gemini-3.1-flash-lite-image", 3072, 384, "{\"aspectRatio\":\"8:1\"}", "no class"},
        {"gemini-3.1-flash-lite-image", 2048, 2048, NULL, "1K only"},
        {"gemini-3-pro-image", 4800, 3584, "{\"aspectRatio\":\"4:3\",\"imageSize\":\"4K\"}", "4K"},
        {"gemini-3-pro-image", 512, 2048, NULL, "1:4 is not for Pro"},
        {"gemini-2.5-flash-image", 1344, 768, "{\"aspectRatio\":\"16:9\"}", "its own 16:9"},
        {"gemini-2.5-flash-image", 1376, 768, NULL, "the 16:9 of 3.x"},
        {"gemini-2.5-flash-image", 2048, 2048, NULL, "1K only"},
        {"gemini-nano-banana-2.1", 1024, 1025, NULL, "a pixel off"},
        {"gemini-nano-banana-2.1-2026-10-06", 2048, 2048,
         "{\"aspectRatio\":\"1:1\",\"imageSize\":\"2K\"}", "a dated snapshot"},
        {"gemini-2.5-flash-image-2025-10-02", 1344, 768, "{\"aspectRatio\":\"16:9\"}",
         "a dated snapshot of another table"},
        {"gemini-9-image", 1000, 1000, "{\"aspectRatio\":\"1:1\"}",
         "unknown: class 1K is left out"},
        {"gemini-9-image", 3840, 2160, NULL, "unknown: far from 2K and from 4K"},
        {"gemini-9-image", 5376, 3072, "{\"aspectRatio\":\"16:9\",\"imageSize\":\"4K\"}",
         "unknown: near enough"},
        {"gemini-9-image", 1920, 1080, NULL, "unknown: between two classes"},
        {"gemini-9-image", 1024, 700, NULL, "unknown: no such shape"},
        {"gemini-9-image", 1024, 0, NULL, "half a size"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange;
        struct str body, wanted;
        struct error err = {0};
        request.width_px = rows[i].width;
        request.height_px = rows[i].height;
        if (provider_gemini.begin(&fixture->account, &request, fixture->arena, &exchange, &err) !=
            (rows[i].config != NULL))
            fail_msg("%s: %s", rows[i].why, err.message);
        if (rows[i].config == NULL) {
            assert_string_equal(err.field, "size");
            continue;
        }
        body = body_of(&exchange, fixture->arena);
        wanted = arena_printf(fixture->arena, "\"imageConfig\":%s}", rows[i].config);
        if (str_find(body, wanted) < 0)
            fail_msg("%s: %.*s", rows[i].why, STR_ARGS(body));
    }
}

/* What the form offers is what the table can say, each once, and all of it. */
static void test_every_size_of_the_catalogue_is_a_shape_and_a_class(void **state)
{
    (void)state;
    for (size_t m = 0; m < GEMINI_MODEL_COUNT; m++) {
        const struct provider_model *model = &gemini_models[m];
        const struct gemini_traits *traits;
        struct provider_model found;
        size_t sizes = 0, ratios = 0, classes = 0;
        bool is_imagen;
        if (model->sizes == NULL)
            continue;
        gemini_model_of(model->name, &found, &traits, &is_imagen);
        assert_false(is_imagen);
        assert_true(str_equal(str_of(traits->name), model->name));
        for (; model->sizes[sizes] != NULL; sizes++) {
            const struct ratio *ratio;
            const struct ratio_class *class;
            char *end;
            int64_t width = strtoll(model->sizes[sizes], &end, 10),
                    height = strtoll(end + 1, NULL, 10);
            if (!ratio_find(traits->ratios, traits->classes, width, height, true, &ratio, &class))
                fail_msg("%.*s: %s", STR_ARGS(model->name), model->sizes[sizes]);
            for (size_t other = 0; other < sizes; other++)
                assert_string_not_equal(model->sizes[other], model->sizes[sizes]);
        }
        while (traits->ratios[ratios].name != NULL)
            ratios++;
        while (traits->classes[classes].name != NULL)
            classes++;
        assert_int_equal(sizes, ratios * classes);
    }
}

static void test_what_a_picture_model_cannot_do_is_refused(void **state)
{
    static const struct provider_image gif[] = {
        {{"GIF89a..", 8}, {"", 0}, {"", 0}}
    };
    static const struct provider_image none[] = {
        {{"", 0}, {"", 0}, {"", 0}}
    };
    static const struct provider_image mask = {
        {PNG_BYTES, sizeof PNG_BYTES - 1},
        {"",        0                   },
        {"",        0                   }
    };
    static struct provider_image many[15];
    struct fixture *fixture = *state;
    const struct provider_request plain = request_of("gemini-nano-banana-2.1");
    struct provider_request request;

#define REFUSED(change, code, field)                                                               \
    do {                                                                                           \
        request = plain;                                                                           \
        change;                                                                                    \
        assert_refused(fixture, &request, code, field, #change);                                   \
    } while (0)
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = one_png[0];
    REFUSED(request.model = STR_EMPTY, ERROR_REQUIRED, "model");
    REFUSED(request.model = STR("../../v1/x"), ERROR_INVALID, "model");
    REFUSED(request.model = STR("a?key=b"), ERROR_INVALID, "model");
    REFUSED(request.model = STR("a b"), ERROR_INVALID, "model");
    REFUSED(request.model = STR("a/"), ERROR_INVALID, "model");
    REFUSED(request.model = STR("a\"b"), ERROR_INVALID, "model");
    REFUSED(request.model = STR("gemini-3.8-flash"), ERROR_INVALID, "model");
    REFUSED(request.model = STR("imagen-4.0-generate-001"), ERROR_INVALID, "model");
    REFUSED(request.prompt = STR(" \n"), ERROR_REQUIRED, "prompt");
    REFUSED(request.count = 0, ERROR_TOO_SMALL, "count");
    REFUSED(request.count = 2, ERROR_TOO_BIG, "count");
    REFUSED((request.has_seed = true, request.seed = 7), ERROR_INVALID, "seed");
    REFUSED((request.has_seed = true, request.seed = -1), ERROR_TOO_BIG, "seed");
    REFUSED(request.negative_prompt = STR("dust"), ERROR_INVALID, "negative_prompt");
    REFUSED(request.steps = 20, ERROR_INVALID, "steps");
    REFUSED(request.scale = 3, ERROR_INVALID, "scale");
    REFUSED(request.quality = STR("high"), ERROR_INVALID, "quality");
    REFUSED(request.format = STR("png"), ERROR_INVALID, "format");
    REFUSED(request.compression = 90, ERROR_INVALID, "compression");
    REFUSED(request.background = STR("transparent"), ERROR_INVALID, "background");
    REFUSED(request.mask = &mask, ERROR_INVALID, "mask");
    REFUSED(request.action = PROVIDER_EDIT, ERROR_REQUIRED, "references");
    REFUSED((request.references = many, request.reference_count = 15), ERROR_TOO_MANY,
            "references");
    REFUSED((request.references = gif, request.reference_count = 1), ERROR_PICTURE_TYPE,
            "references[0]");
    REFUSED((request.references = none, request.reference_count = 1), ERROR_REQUIRED,
            "references[0]");
    REFUSED((request.model = STR("gemini-2.5-flash-image"), request.references = many,
             request.reference_count = 4),
            ERROR_TOO_MANY, "references");
    REFUSED(fixture->account.key.hidden = STR("two words"), ERROR_INVALID, "key");
    fixture->account.key.hidden = STR_EMPTY;
    REFUSED(fixture->account.base_url = STR("ftp://x"), ERROR_INVALID, "base_url");
#undef REFUSED
}

/* 20 MB of JSON are the limit by the documentation (facts 10.3). */
static void test_pictures_too_large_for_one_call_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gemini-nano-banana-2.1");
    struct provider_image big = {
        .bytes = {arena_alloc(fixture->arena, MIB(15)), MIB(15)}
    };
    char *bytes = arena_alloc(fixture->arena, MIB(15));

    memcpy(bytes, "\377\330\377", 3);
    big.bytes.data = bytes;
    request.references = &big;
    request.reference_count = 1;
    assert_refused(fixture, &request, ERROR_TOO_LARGE, "references", "15 MiB");
}

static void test_an_opaque_background_needs_no_word(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gemini-nano-banana-2.1");
    struct exchange exchange;

    request.background = STR("opaque");
    request.partial_images = 2;
    request.idempotency_key = STR("k");
    exchange = begin(fixture, &request);
    assert_int_equal(str_find(body_of(&exchange, fixture->arena), STR("opaque")), -1);
    assert_false(exchange.is_stream);
}

static void test_an_unknown_model_is_given_a_seed(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gemini-9-image");
    struct exchange exchange;

    request.has_seed = true;
    request.seed = 7;
    exchange = begin(fixture, &request);
    assert_true(str_find(body_of(&exchange, fixture->arena), STR(",\"seed\":7}}")) > 0);
}

static void test_the_accounts_filter_is_said_for_four_categories(void **state)
{
    static const struct {
        const char *options, *threshold;
    } rows[] = {
        {"{\"safety\":\"strict\"}",   "BLOCK_LOW_AND_ABOVE"   },
        {"{\"safety\":\"standard\"}", "BLOCK_MEDIUM_AND_ABOVE"},
        {"{\"safety\":\"relaxed\"}",  "BLOCK_ONLY_HIGH"       },
        {"{\"safety\":\"none\"}",     "BLOCK_NONE"            },
        {"{\"safety\":\"off\"}",      "OFF"                   },
        {"{\"safety\":\"auto\"}",     NULL                    },
        {"{\"safety\":\"what\"}",     NULL                    },
        {"{\"safety\":7}",            NULL                    },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("gemini-nano-banana-2.1");
        struct exchange exchange;
        struct str body;
        fixture_options(fixture, rows[i].options);
        exchange = begin(fixture, &request);
        body = body_of(&exchange, fixture->arena);
        if (rows[i].threshold == NULL) {
            assert_int_equal(str_find(body, STR("safetySettings")), -1);
            continue;
        }
        assert_true(str_find(body, arena_printf(fixture->arena,
                                                "{\"category\":\"HARM_CATEGORY_DANGEROUS_CONTENT\","
                                                "\"threshold\":\"%s\"}]}",
                                                rows[i].threshold)) > 0);
    }
}

static void test_a_base_url_is_what_people_paste(void **state)
{
    /* clang-format off */
    static const struct {
        const char *base_url, *url;
        bool is_own;
    } rows[] = {
        {"", "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent", false},
        {"http://h:1/", "http://h:1/v1beta/models/m:generateContent", true},
        {"https://relay/gemini/v1beta/models",
         "https://relay/gemini/v1beta/models/m:generateContent", true},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("m");
        struct exchange exchange;
        fixture->account.base_url = str_of(rows[i].base_url);
        exchange = begin(fixture, &request);
        assert_text(exchange.url, rows[i].url);
        assert_int_equal(exchange.is_own_origin, rows[i].is_own);
    }
}

/* --- text --- */

static void test_a_text_about_pictures_is_asked_for(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gemini-3.8-flash");
    struct exchange exchange;

    request.action = PROVIDER_WRITE;
    request.prompt = STR("what is it?");
    request.system = STR("Be brief.");
    request.output_tokens_max = 300;
    request.schema_name = STR("answer");
    request.schema = STR("{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}},"
                         "\"required\":[\"name\"],\"additionalProperties\":false}");
    request.references = one_png;
    request.reference_count = 1;
    exchange = begin(fixture, &request);
    assert_true(exchange.is_paid);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"inlineData\":{\"mimeType\":"
                "\"image/png\",\"data\":\"" PNG_BASE64 "\"}},{\"text\":\"what is it?\"}]}],"
                "\"systemInstruction\":{\"parts\":[{\"text\":\"Be brief.\"}]},"
                "\"generationConfig\":{\"responseMimeType\":\"application/json\","
                "\"responseJsonSchema\":{\"type\":\"object\",\"properties\":{\"name\":{\"type\":"
                "\"string\"}},\"additionalProperties\":false,\"required\":[\"name\"]},"
                "\"maxOutputTokens\":300}}");
}

static void test_a_plain_text_is_asked_for(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gemini-3.8-flash");
    struct exchange exchange;

    request.action = PROVIDER_WRITE;
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"a cup\"}]}],"
                "\"generationConfig\":{\"maxOutputTokens\":16384}}");
}

static void test_what_a_text_model_cannot_do_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gemini-nano-banana-2.1");

    request.action = PROVIDER_WRITE;
    assert_refused(fixture, &request, ERROR_INVALID, "model", "a picture model writes nothing");
    request.model = STR("gemini-3.8-flash");
    request.prompt = STR_EMPTY;
    assert_refused(fixture, &request, ERROR_REQUIRED, "prompt", "no prompt");
    request.prompt = STR("x");
    request.schema = STR("[1]");
    assert_refused(fixture, &request, ERROR_INVALID, "schema", "a list is no schema");
    request.schema = STR("{");
    assert_refused(fixture, &request, ERROR_INVALID, "schema", "no JSON");
    request.schema = STR_EMPTY;
    request.output_tokens_max = -1;
    assert_refused(fixture, &request, ERROR_TOO_BIG, "output_tokens_max", "negative");
    request.output_tokens_max = 1000001;
    assert_refused(fixture, &request, ERROR_TOO_BIG, "output_tokens_max", "too many");
}

static void test_a_schema_keeps_the_words_that_gemini_knows(void **state)
{
    /* clang-format off */
    static const struct {
        const char *schema, *written, *old;
        const char *why;
    } rows[] = {
        {"{\"$schema\":\"x\",\"type\":\"object\",\"properties\":{\"pattern\":{\"type\":\"string\","
         "\"pattern\":\"a\",\"minLength\":1}}}",
         "{\"type\":\"object\",\"properties\":{\"pattern\":{\"type\":\"string\"}}}",
         "{\"type\":\"OBJECT\",\"properties\":{\"pattern\":{\"type\":\"STRING\"}}}",
         "a property may have a keyword's name"},
        {"{\"type\":[\"string\",\"null\"],\"enum\":[\"a\",null]}",
         "{\"type\":[\"string\",\"null\"],\"enum\":[\"a\",null]}",
         "{\"type\":\"STRING\",\"nullable\":true,\"enum\":[\"a\",null]}", "or null"},
        {"{\"const\":\"x\"}", "{\"enum\":[\"x\"]}", "{\"enum\":[\"x\"]}", "one value"},
        {"{\"items\":{\"anyOf\":[{\"type\":\"integer\",\"minimum\":0},true]}}",
         "{\"items\":{\"anyOf\":[{\"type\":\"integer\",\"minimum\":0},true]}}",
         "{\"items\":{\"anyOf\":[{\"type\":\"INTEGER\",\"minimum\":0},true]}}", "nested"},
        {"{\"$defs\":{\"a\":{\"default\":1}},\"$ref\":\"#/$defs/a\"}",
         "{\"$defs\":{\"a\":{}},\"$ref\":\"#/$defs/a\"}", "{}", "references"},
        {"{\"properties\":[1],\"anyOf\":{\"a\":1},\"type\":7}",
         "{\"type\":7,\"anyOf\":[],\"properties\":{}}",
         "{\"type\":\"STRING\",\"anyOf\":[],\"properties\":{}}", "nonsense"},
        {"{\"type\":\"averyveryverylongtype\"}", "{\"type\":\"averyveryverylongtype\"}",
         "{\"type\":\"AVERYVERYVERYLON\"}", "a type that is none"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++)
        for (int is_old = 0; is_old < 2; is_old++) {
            CLEANUP(buf_finish) struct buf buf = {0};
            struct json_writer writer;
            struct error err;
            json_writer_init(&writer, &buf);
            assert_true(gemini_schema_write(&writer, str_of(rows[i].schema), is_old != 0, &err));
            if (!str_equal(buf_str(&buf), str_of(is_old ? rows[i].old : rows[i].written)))
                fail_msg("%s: %.*s", rows[i].why, STR_ARGS(buf_str(&buf)));
        }
    (void)fixture;
}

static void test_the_deepest_schema_is_written(void **state)
{
    CLEANUP(buf_finish) struct buf schema = {0};
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gemini-3.8-flash");
    struct exchange exchange;

    for (int i = 0; i < JSON_DEPTH_MAX - 2; i++)
        buf_add(&schema, STR("{\"items\":"));
    buf_add(&schema, STR("{\"const\":[]}"));
    for (int i = 0; i < JSON_DEPTH_MAX - 2; i++)
        buf_add_char(&schema, '}');
    request.action = PROVIDER_WRITE;
    request.schema = buf_str(&schema);
    exchange = begin(fixture, &request);
    assert_true(str_find(body_of(&exchange, fixture->arena), STR("{\"enum\":[[]]}")) > 0);
}

/* --- Imagen, in Google Cloud --- */

static void test_imagen_is_spoken_to_in_its_own_words(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("imagen-4.0-generate-001");
    struct exchange exchange;

    fixture->account.key.hidden = STR("ya29.token");
    fixture->account.base_url = STR("https://us-central1-aiplatform.googleapis.com/v1/projects/p/"
                                    "locations/us-central1/publishers/google");
    request.count = 3;
    request.width_px = 2816;
    request.height_px = 1536;
    request.format = STR("jpeg");
    request.compression = 80;
    request.negative_prompt = STR("dust");
    request.has_seed = true;
    request.seed = 7;
    exchange = begin(fixture, &request);
    assert_text(exchange.url, "https://us-central1-aiplatform.googleapis.com/v1/projects/p/"
                              "locations/us-central1/publishers/google/models/"
                              "imagen-4.0-generate-001:predict");
    assert_text(header_of(&exchange, "Authorization"), "Bearer ya29.token");
    assert_int_equal(header_of(&exchange, "x-goog-api-key").size, 0);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"instances\":[{\"prompt\":\"a cup\"}],\"parameters\":{\"sampleCount\":3,"
                "\"aspectRatio\":\"16:9\",\"sampleImageSize\":\"2K\",\"outputOptions\":"
                "{\"mimeType\":\"image/jpeg\",\"compressionQuality\":80},\"negativePrompt\":"
                "\"dust\",\"seed\":7,\"addWatermark\":false,\"includeRaiReason\":true}}");
}

static void test_imagens_limits_are_held(void **state)
{
    static const struct {
        const char *model;
        int64_t count, width, height;
        const char *field; /* NULL: passes */
    } rows[] = {
        {"imagen-4.0-generate-001",       4, 1024, 1024, NULL   },
        {"imagen-4.0-generate-001",       5, 1024, 1024, "count"},
        {"imagen-4.0-ultra-generate-001", 2, 1024, 1024, "count"},
        {"imagen-4.0-fast-generate-001",  1, 2048, 2048, "size" },
        {"imagen-4.0-generate-001",       1, 1264, 848,  "size" },
        {"imagen-5.0-generate-001",       1, 1000, 1000, NULL   },
        {"imagen-5.0-generate-001",       1, 1500, 1000, "size" },
    };
    struct fixture *fixture = *state;

    fixture->account.base_url = STR("https://relay/v1beta");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange;
        struct error err = {0};
        request.count = rows[i].count;
        request.width_px = rows[i].width;
        request.height_px = rows[i].height;
        assert_int_equal(
            provider_gemini.begin(&fixture->account, &request, fixture->arena, &exchange, &err),
            rows[i].field == NULL);
        assert_string_equal(err.field, rows[i].field == NULL ? "" : rows[i].field);
    }
}

/* --- money --- */

static void test_estimates_follow_shape_class_and_references(void **state)
{
    static const struct {
        const char *model;
        int64_t width, height;
        size_t references;
        int64_t micro;
        const char *why;
    } rows[] = {
        {"gemini-nano-banana-2.1",        0,    0,    0, 14 + 1120 * 30,   "left open: 1K"      },
        {"gemini-nano-banana-2.1",        4096, 4096, 0, 14 + 3670 * 30,   "4K"                 },
        {"gemini-nano-banana-2.1",        1024, 1024, 2, 3314 + 1120 * 30, "references are read"},
        {"gemini-3-pro-image",            2048, 2048, 0, 18 + 1120 * 120,  "Pro: 2K as 1K"      },
        {"gemini-3-pro-image",            4096, 4096, 0, 18 + 2000 * 120,  "Pro: 4K"            },
        {"gemini-3.1-flash-image",        512,  512,  0, 5 + 747 * 60,     "512"                },
        {"gemini-2.5-flash-image",        0,    0,    0, 3 + 1290 * 30,    "2.5"                },
        {"imagen-4.0-ultra-generate-001", 0,    0,    0, 60000,            "by the picture"     },
        {"imagen-9",                      0,    0,    0, -1,               "not known"          },
        {"gemini-9-image",                0,    0,    0, -1,               "not known"          },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        const char *currency;
        int64_t micro;
        request.width_px = rows[i].width;
        request.height_px = rows[i].height;
        request.references = two_pictures;
        request.reference_count = rows[i].references;
        micro = provider_estimate(&provider_gemini, &fixture->account, &request, &currency);
        if (micro != rows[i].micro)
            fail_msg("%s: %lld", rows[i].why, (long long)micro);
        assert_string_equal(currency, "USD");
    }
}

static void test_a_text_is_estimated_by_its_limit(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gemini-3.5-flash-lite");
    const char *currency;

    request.action = PROVIDER_WRITE;
    request.output_tokens_max = 1000;
    /* 25 tokens in at 0.30, of which 16 frame what is not there, 1000 out at 2.50 a million */
    assert_int_equal(provider_estimate(&provider_gemini, &fixture->account, &request, &currency),
                     8 + 2500);
    request.model = STR("gemini-4-argon");
    assert_int_equal(provider_estimate(&provider_gemini, &fixture->account, &request, &currency),
                     -1);
}

static void test_what_a_call_says_besides_is_sent_or_refused(void **state)
{
    /* clang-format off */
    static const struct option_row rows[] = {
        {"gemini-nano-banana-2.1", "thinking=medium", "\"thinkingConfig\":{\"thinkingLevel\":\"MEDIUM\"}", NULL},
        {"gemini-nano-banana-2.1", "thinking=low", NULL, "options.thinking"},
        {"gemini-3.1-flash-image", "thinking=minimal", "\"thinkingLevel\":\"MINIMAL\"", NULL},
        {"gemini-3.1-flash-image", "thinking=medium", NULL, "options.thinking"},
        {"gemini-3-pro-image", "thinking=high", NULL, "options.thinking"}, /* it always thinks */
        {"gemini-9", "thinking=low", "\"thinkingLevel\":\"LOW\"", NULL},
        {"gemini-nano-banana-2.1", "web_search=true", ",\"tools\":[{\"googleSearch\":{}}]}", NULL},
        {"gemini-3-pro-image", "web_search=true", NULL, "options.web_search"},
        {"gemini-3-pro-image", "temperature=0.5", "\"temperature\":0.5", NULL},
        {"gemini-3-pro-image", "temperature=2.1", NULL, "options.temperature"},
        {"gemini-3-pro-image", "safety=none", "\"threshold\":\"BLOCK_NONE\"", NULL},
        {"gemini-3-pro-image", "topK=3", NULL, "options.topK"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_request request = request_of("");
    struct exchange exchange;

    fixture->account.key.hidden = STR("AIza-key");
    fixture_options(fixture, "{\"safety\":\"strict\"}"); /* the call is heard before it */
    assert_option_rows(fixture, &provider_gemini, &request, rows, COUNT(rows));
    request.model = STR("gemini-nano-banana-2.1");
    set_options(fixture, &request, "web_search=false");
    exchange = begin(fixture, &request);
    assert_int_equal(str_find(body_of(&exchange, fixture->arena), STR("tools")), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_documented_edit_is_written),
        TEST(test_a_size_left_open_is_not_said),
        TEST(test_the_true_type_of_each_picture_is_said),
        TEST(test_shape_and_class_are_said_as_the_model_knows_them),
        TEST(test_every_size_of_the_catalogue_is_a_shape_and_a_class),
        TEST(test_what_a_picture_model_cannot_do_is_refused),
        TEST(test_pictures_too_large_for_one_call_are_refused),
        TEST(test_an_opaque_background_needs_no_word),
        TEST(test_an_unknown_model_is_given_a_seed),
        TEST(test_the_accounts_filter_is_said_for_four_categories),
        TEST(test_a_base_url_is_what_people_paste),
        TEST(test_a_text_about_pictures_is_asked_for),
        TEST(test_a_plain_text_is_asked_for),
        TEST(test_what_a_text_model_cannot_do_is_refused),
        TEST(test_a_schema_keeps_the_words_that_gemini_knows),
        TEST(test_the_deepest_schema_is_written),
        TEST(test_imagen_is_spoken_to_in_its_own_words),
        TEST(test_imagens_limits_are_held),
        TEST(test_estimates_follow_shape_class_and_references),
        TEST(test_a_text_is_estimated_by_its_limit),
        TEST(test_what_a_call_says_besides_is_sent_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
