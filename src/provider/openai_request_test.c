/* The bytes of every profile's calls, facts 1.2, 1.3 and 1B. */
#include "provider/provider_test.h"

#include "provider/openai_private.h"

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

    if (!provider_openai.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

static void test_a_plain_call_is_written_byte_by_byte(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2");
    struct exchange exchange;

    fixture->account.key.hidden = STR("sk-1");
    request.idempotency_key = STR("call-7");
    exchange = begin(fixture, &request);
    assert_text(exchange.method, "POST");
    assert_text(exchange.url, "https://api.openai.com/v1/images/generations");
    assert_text(header_of(&exchange, "Authorization"), "Bearer sk-1");
    assert_text(header_of(&exchange, "Accept"), "application/json");
    assert_text(header_of(&exchange, "Content-Type"), "application/json");
    assert_text(header_of(&exchange, "Idempotency-Key"), "call-7");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"gpt-image-2\",\"prompt\":\"a cup\",\"quality\":\"medium\"}");
    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    assert_true(exchange.is_paid);
    assert_false(exchange.is_own_origin); /* official: public addresses only */
    assert_false(exchange.is_stream);
    assert_int_equal(exchange.card.size, 0);
}

static void test_everything_openai_takes_is_sent(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2.6-flare");
    struct exchange exchange;

    fixture_options(fixture,
                    "{\"moderation\":\"low\",\"complexity\":\"low\",\"organisation\":\"org-1\","
                    "\"project\":\"proj_2\"}");
    request.count = 3;
    request.width_px = 1536;
    request.height_px = 1024;
    request.quality = STR("xhigh");
    request.background = STR("transparent");
    request.format = STR("webp");
    request.compression = 80;
    request.safety_id = STR("u-hash");
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"gpt-image-2.6-flare\",\"prompt\":\"a cup\",\"n\":3,"
                "\"size\":\"1536x1024\",\"quality\":\"xhigh\",\"background\":\"transparent\","
                "\"output_format\":\"webp\",\"output_compression\":80,\"moderation\":\"low\","
                "\"complexity\":\"low\","
                "\"safety_identifier\":\"u-hash\"}");
    assert_text(header_of(&exchange, "OpenAI-Organization"), "org-1");
    assert_text(header_of(&exchange, "OpenAI-Project"), "proj_2");
    assert_text(header_of(&exchange, "Authorization"), ""); /* no key, no header */
}

static void test_partial_pictures_make_a_stream(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2");
    struct exchange exchange;

    request.partial_images = 2;
    exchange = begin(fixture, &request);
    assert_true(exchange.is_stream);
    assert_true(exchange.idle_ms >= 300000);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"gpt-image-2\",\"prompt\":\"a cup\",\"quality\":\"medium\","
                "\"stream\":true,\"partial_images\":2}");
    request.count = 2; /* the events do not say which picture they belong to */
    exchange = begin(fixture, &request);
    assert_false(exchange.is_stream);
}

/* Each server's own words; what its profile has no word for is refused, not lost. */
static void test_each_profile_speaks_its_own_words(void **state)
{
    /* clang-format off */
    static const struct {
        const char *options, *base_url, *model, *url, *body;
    } rows[] = {
        {"{}", "https://api.siliconflow.cn/v1", "Kwai-Kolors/Kolors",
         "https://api.siliconflow.cn/v1/images/generations",
         "{\"model\":\"Kwai-Kolors/Kolors\",\"prompt\":\"a cup\",\"batch_size\":2,"
         "\"image_size\":\"1024x768\",\"seed\":7,\"negative_prompt\":\"dust\","
         "\"num_inference_steps\":20,\"guidance_scale\":7.5}"},
        {"{\"profile\":\"siliconflow\"}", "", "Qwen/Qwen-Image",
         "https://api.siliconflow.cn/v1/images/generations",
         "{\"model\":\"Qwen/Qwen-Image\",\"prompt\":\"a cup\",\"batch_size\":2,"
         "\"image_size\":\"1024x768\",\"seed\":7,\"negative_prompt\":\"dust\","
         "\"num_inference_steps\":20,\"cfg\":7.5}"}, /* Qwen's own word */
        {"{}", "https://api.together.xyz", "black-forest-labs/FLUX.1-schnell",
         "https://api.together.xyz/v1/images/generations",
         "{\"model\":\"black-forest-labs/FLUX.1-schnell\",\"prompt\":\"a cup\",\"n\":2,"
         "\"width\":1024,\"height\":768,\"response_format\":\"base64\",\"seed\":7,"
         "\"negative_prompt\":\"dust\",\"steps\":20,\"guidance_scale\":7.5}"},
        {"{\"profile\":\"vllm\"}", "http://host:8000", "",
         "http://host:8000/v1/images/generations", "{\"prompt\":\"a cup\",\"n\":2,\"size\":\"1024"
         "x768\",\"response_format\":\"b64_json\"," "\"seed\":7,\"negative_prompt\":\"dust\",\"nu"
         "m_inference_steps\":20," "\"guidance_scale\":7.5}"},
        {"{\"profile\":\"sd-server\"}", "http://host:1234", "",
         "http://host:1234/v1/images/generations", "{\"prompt\":\"a cup <sd_cpp_extra_args>{\\\"s"
         "eed\\\":7,\\\"negative_prompt\\\":" "\\\"dust\\\",\\\"sample_params\\\":{\\\"sample_ste"
         "ps\\\":20,\\\"guidance\\\":" "{\\\"txt_cfg\\\":7.5}}}</sd_cpp_extra_args>\",\"n\":2,\"s"
         "ize\":\"1024x768\"}"},
        {"{\"profile\":\"litellm\"}", "http://host:4000", "vertex/imagen",
         "http://host:4000/v1/images/generations", "{\"model\":\"vertex/imagen\",\"prompt\":\"a c"
         "up\",\"n\":2,\"size\":\"1024x768\"," "\"response_format\":\"b64_json\",\"seed\":7,\"neg"
         "ative_prompt\":\"dust\"," "\"num_inference_steps\":20,\"guidance_scale\":7.5}"},
        {"{}", "https://relay.example", "flux", "https://relay.example/v1/images/generations",
         "{\"model\":\"flux\",\"prompt\":\"a cup\",\"n\":2,\"size\":\"1024x768\","
         "\"response_format\":\"b64_json\",\"seed\":7,\"negative_prompt\":\"dust\",\"steps\":20,"
         "\"guidance_scale\":7.5}"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange;
        fixture_options(fixture, rows[i].options);
        fixture->account.base_url = str_of(rows[i].base_url);
        request.count = 2;
        request.width_px = 1024;
        request.height_px = 768;
        request.has_seed = true;
        request.seed = 7;
        request.negative_prompt = STR("dust");
        request.steps = 20;
        request.scale = 7.5;
        exchange = begin(fixture, &request);
        assert_text(exchange.url, rows[i].url);
        assert_text(body_of(&exchange, fixture->arena), rows[i].body);
        assert_int_equal(exchange.is_own_origin, rows[i].base_url[0] != '\0');
    }
}

static void test_openrouter_has_a_place_of_its_own(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("openai/gpt-image-2.5-sunburst");
    struct exchange exchange;

    fixture->account.base_url = STR("https://openrouter.ai");
    request.has_seed = true;
    request.seed = 7;
    request.references = pictures;
    request.reference_count = 1;
    exchange = begin(fixture, &request);
    assert_text(exchange.url, "https://openrouter.ai/api/v1/images");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"openai/gpt-image-2.5-sunburst\",\"prompt\":\"a cup\",\"seed\":7,"
                "\"input_references\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
                "\"data:image/png;base64," PNG_BASE64 "\"}}]}");
}

static void test_localai_takes_its_negative_prompt_behind_a_bar(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("flux");
    struct exchange exchange;

    fixture->account.base_url = STR("http://host:8080");
    fixture_options(fixture, "{\"profile\":\"localai\"}");
    request.prompt = STR("a|b");
    request.negative_prompt = STR("dust");
    request.steps = 9;
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"flux\",\"prompt\":\"a/b|dust\",\"response_format\":\"b64_json\","
                "\"step\":9}");
}

/* The picture parts of an edit, and the names they go by. */
static void test_references_travel_as_each_server_wants_them(void **state)
{
    /* clang-format off */
    static const struct {
        const char *options, *base_url;
        size_t count;
        const char *url, *has, *has_not, *why;
    } rows[] = {
        {"{}", "", 1, "https://api.openai.com/v1/images/edits",
         "name=\"image\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n", "image[]", "one"},
        {"{}", "", 2, "https://api.openai.com/v1/images/edits",
         "name=\"image[]\"; filename=\"image-2.jpg\"\r\nContent-Type: image/jpeg\r\n",
         "name=\"image\"", "several; the true type"},
        {"{\"profile\":\"vllm\"}", "http://h", 2, "http://h/v1/images/edits",
         "name=\"image\"; filename=\"image-2.jpg\"", "image[]", "repeated"},
        {"{\"edits\":\"repeated\"}", "http://h", 2, "http://h/v1/images/edits",
         "name=\"image\"; filename=\"image-2.jpg\"", "image[]", "repeated by option"},
        {"{\"edits\":\"json\"}", "http://h", 2, "http://h/v1/images/edits",
         "\"images\":[{\"image_url\":\"data:image/png;base64," PNG_BASE64
         "\"},{\"image_url\":\"data:image/jpeg;base64," JPEG_BASE64 "\"}]", "form-data",
         "JSON by option"},
        {"{\"profile\":\"siliconflow\"}", "", 2, "https://api.siliconflow.cn/v1/images/generation"
         "s", "\"image\":\"data:image/png;base64," PNG_BASE64
         "\",\"image2\":\"data:image/jpeg;base64," JPEG_BASE64 "\"", "image3", "numbered"},
        {"{\"profile\":\"together\"}", "", 1, "https://api.together.ai/v1/images/generations",
         "\"image_url\":\"data:image/png;base64,", "reference_images", "one URL"},
        {"{\"profile\":\"together\"}", "", 2, "https://api.together.ai/v1/images/generations",
         "\"reference_images\":[\"data:image/png;base64,", "\"image_url\"", "several URLs"},
        {"{\"profile\":\"localai\"}", "http://h", 1, "http://h/v1/images/generations",
         "\"file\":\"" PNG_BASE64 "\"", "ref_images", "bare base64"},
        {"{\"profile\":\"localai\"}", "http://h", 2, "http://h/v1/images/generations",
         "\"ref_images\":[\"" PNG_BASE64 "\",\"" JPEG_BASE64 "\"]", "\"file\"", "several"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("m");
        struct exchange exchange;
        struct str body;
        fixture_options(fixture, rows[i].options);
        fixture->account.base_url = str_of(rows[i].base_url);
        request.references = pictures;
        request.reference_count = rows[i].count;
        exchange = begin(fixture, &request);
        body = body_of(&exchange, fixture->arena);
        assert_text(exchange.url, rows[i].url);
        if (str_find(body, str_of(rows[i].has)) < 0 || str_find(body, str_of(rows[i].has_not)) >= 0)
            fail_msg("%s: %.*s", rows[i].why, STR_ARGS(body));
    }
}

static void test_an_edit_with_a_mask_is_written_byte_by_byte(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2");
    struct exchange exchange;
    CLEANUP(buf_finish) struct buf wanted = {0};
    struct str type, b;

    request.action = PROVIDER_EDIT;
    request.references = pictures;
    request.reference_count = 1;
    request.mask = &pictures[0];
    exchange = begin(fixture, &request);
    type = header_of(&exchange, "Content-Type");
    b = str_slice(type, sizeof "multipart/form-data; boundary=" - 1, type.size);
    buf_printf(&wanted,
               "--%.*s\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\ngpt-image-2\r\n"
               "--%.*s\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\na cup\r\n"
               "--%.*s\r\nContent-Disposition: form-data; name=\"quality\"\r\n\r\nmedium\r\n"
               "--%.*s\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n"
               "Content-Type: image/png\r\n\r\n",
               STR_ARGS(b), STR_ARGS(b), STR_ARGS(b), STR_ARGS(b));
    buf_add(&wanted, pictures[0].bytes);
    buf_printf(&wanted,
               "\r\n--%.*s\r\nContent-Disposition: form-data; name=\"mask\"; "
               "filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n",
               STR_ARGS(b));
    buf_add(&wanted, pictures[0].bytes);
    buf_printf(&wanted, "\r\n--%.*s--\r\n", STR_ARGS(b));
    assert_true(str_equal(body_of(&exchange, fixture->arena), buf_str(&wanted)));
}

static void test_masks_are_taken_in_the_services_own_polarity(void **state)
{
    /* clang-format off */
    static const struct {
        const char *options;
        bool is_white, is_good;
        const char *url, *name;
    } rows[] = {
        {"{}", false, true, "http://h/v1/images/edits", "name=\"mask\""},
        {"{}", true, false, "", ""},
        {"{\"profile\":\"vllm\"}", true, true, "http://h/v1/images/edits", "name=\"mask_image\""},
        {"{\"profile\":\"vllm\"}", false, false, "", ""},
        {"{\"profile\":\"localai\"}", true, true, "http://h/v1/images/inpainting", "name=\"mask\""},
        {"{\"profile\":\"siliconflow\"}", false, false, "", ""},
        {"{\"profile\":\"openrouter\"}", false, false, "", ""},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("m");
        struct exchange exchange;
        struct error err = {0};
        bool is_good;
        fixture_options(fixture, rows[i].options);
        fixture->account.base_url = STR("http://h");
        request.references = pictures;
        request.reference_count = 1;
        request.mask = &pictures[0];
        request.mask_is_white = rows[i].is_white;
        is_good =
            provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err);
        assert_int_equal(is_good, rows[i].is_good);
        if (!is_good) {
            assert_string_equal(err.field, "mask");
            continue;
        }
        assert_int_equal(provider_openai.wants_white_mask(&fixture->account), rows[i].is_white);
        assert_text(exchange.url, rows[i].url);
        assert_true(str_find(body_of(&exchange, fixture->arena), str_of(rows[i].name)) >= 0);
    }
}

/* facts 1B.5: model, prompt, steps, picture and mask; one picture, always 512x512. */
static void test_localais_inpainting_has_words_of_its_own(void **state)
{
    static const char *const has[] = {
        "name=\"model\"\r\n\r\nflux\r\n", "name=\"prompt\"\r\n\r\na cup\r\n",
        "name=\"steps\"\r\n\r\n9\r\n", "name=\"image\"; filename", "name=\"mask\"; filename"};
    static const char *const has_not[] = {"name=\"step\"", "response_format", "name=\"n\"",
                                          "name=\"size\""};
    struct fixture *fixture = *state;
    struct provider_request request = request_of("flux");
    struct exchange exchange;
    struct error err = {0};

    fixture->account.base_url = STR("http://h");
    fixture_options(fixture, "{\"profile\":\"localai\"}");
    request.references = pictures;
    request.reference_count = 1;
    request.mask = &pictures[0];
    request.mask_is_white = true;
    request.steps = 9;
    exchange = begin(fixture, &request);
    for (size_t i = 0; i < COUNT(has); i++)
        assert_true(str_find(body_of(&exchange, fixture->arena), str_of(has[i])) >= 0);
    for (size_t i = 0; i < COUNT(has_not); i++)
        assert_int_equal(str_find(body_of(&exchange, fixture->arena), str_of(has_not[i])), -1);
    request.count = 2;
    assert_false(
        provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "count");
    request.count = 1;
    request.reference_count = 2;
    assert_false(
        provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "references");
    request.reference_count = 1;
    request.width_px = request.height_px = 1024;
    assert_false(
        provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "size");
}

/* What a service knows of edits alone, or of drawing alone: facts 1B.4 and 1B.7. */
static void test_fields_of_the_other_sort_of_call_are_refused(void **state)
{
    static const struct {
        const char *options, *format;
        size_t references;
        int64_t compression;
        const char *field; /* "": taken */
    } rows[] = {
        {"{\"profile\":\"vllm\"}",      "webp", 0, -1, "format"     },
        {"{\"profile\":\"vllm\"}",      "webp", 1, -1, ""           },
        {"{\"profile\":\"sd-server\"}", "webp", 0, 80, ""           },
        {"{\"profile\":\"sd-server\"}", "jpeg", 1, -1, ""           },
        {"{\"profile\":\"sd-server\"}", "jpeg", 1, 80, "compression"},
        {"{\"profile\":\"litellm\"}",   "jpeg", 1, 80, ""           },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("m");
        struct exchange exchange;
        struct error err = {0};
        fixture->account.base_url = STR("http://h");
        fixture_options(fixture, rows[i].options);
        request.format = str_of(rows[i].format);
        request.compression = rows[i].compression;
        request.references = pictures;
        request.reference_count = rows[i].references;
        assert_int_equal(
            provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err),
            rows[i].field[0] == '\0');
        assert_string_equal(err.field, rows[i].field);
    }
}

static void test_a_service_may_make_fewer_pictures_than_a_model(void **state)
{
    static const struct {
        const char *options;
        int64_t count_max;
    } rows[] = {
        {"{\"profile\":\"siliconflow\"}", 4 },
        {"{\"profile\":\"together\"}",    4 },
        {"{\"profile\":\"openrouter\"}",  10},
        {"{\"profile\":\"vllm\"}",        10},
    };
    struct fixture *fixture = *state;

    fixture->account.base_url = STR("http://h");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("m");
        struct exchange exchange;
        struct error err = {0};
        fixture_options(fixture, rows[i].options);
        request.count = rows[i].count_max;
        begin(fixture, &request);
        request.count++;
        assert_false(
            provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
        assert_string_equal(err.field, "count");
        assert_int_equal(err.limit, rows[i].count_max);
    }
}

static void test_the_same_call_has_the_same_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2");
    struct exchange one, two;

    request.references = pictures;
    request.reference_count = 2;
    one = begin(fixture, &request);
    two = begin(fixture, &request);
    assert_true(str_equal(body_of(&one, fixture->arena), body_of(&two, fixture->arena)));
    assert_true(str_equal(header_of(&one, "Content-Type"), header_of(&two, "Content-Type")));
}

static void test_gpt_image_is_never_sent_a_response_format(void **state)
{
    static const char *const models[] = {"gpt-image-1", "gpt-image-9", "chatgpt-image-latest",
                                         "openai/gpt-image-2"};
    struct fixture *fixture = *state;

    fixture_options(fixture, "{\"profile\":\"litellm\",\"response_format\":\"url\"}");
    fixture->account.base_url = STR("http://h");
    for (size_t i = 0; i < COUNT(models); i++) {
        struct provider_request request = request_of(models[i]);
        struct exchange exchange = begin(fixture, &request);
        assert_int_equal(str_find(body_of(&exchange, fixture->arena), STR("response_format")), -1);
    }
}

/* Changes one thing of a good request; begin() must refuse it under that name. */
struct refusal {
    const char *model, *field;
    enum error_code code;
    int64_t limit;
    void (*change)(struct provider_request *request);
    const char *why;
};

static void no_model(struct provider_request *r) { r->model = STR_EMPTY; }
static void no_prompt(struct provider_request *r) { r->prompt = STR(" \n"); }
static void long_prompt(struct provider_request *r)
{
    static char text[32001];
    memset(text, 'a', sizeof text);
    r->prompt = (struct str){text, sizeof text};
}
static void no_count(struct provider_request *r) { r->count = 0; }
static void big_count(struct provider_request *r) { r->count = 11; }
static void odd_size(struct provider_request *r) { r->width_px = r->height_px = 1000; }
static void seed(struct provider_request *r) { r->has_seed = true; }
static void negative(struct provider_request *r) { r->negative_prompt = STR("x"); }
static void steps(struct provider_request *r) { r->steps = 1; }
static void scale(struct provider_request *r) { r->scale = 1; }
static void quality(struct provider_request *r) { r->quality = STR("hd"); }
static void background(struct provider_request *r) { r->background = STR("pink"); }
static void format(struct provider_request *r) { r->format = STR("bmp"); }
static void clear_jpeg(struct provider_request *r)
{
    r->background = STR("transparent");
    r->format = STR("jpeg");
}
static void png_compression(struct provider_request *r) { r->compression = 50; }
static void big_compression(struct provider_request *r)
{
    r->format = STR("webp");
    r->compression = 101;
}
static void partials(struct provider_request *r) { r->partial_images = 4; }
static void no_reference(struct provider_request *r) { r->action = PROVIDER_EDIT; }
static void many_references(struct provider_request *r)
{
    static struct provider_image many[17];
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = pictures[0];
    r->references = many;
    r->reference_count = COUNT(many);
}
static void gif_reference(struct provider_request *r)
{
    static const struct provider_image two[] = {
        {{PNG_BYTES, sizeof PNG_BYTES - 1}, {"", 0},          {"", 0}},
        {{"GIF89a\1\0\1\0", 10},            {"image/png", 9}, {"", 0}},
    };
    r->references = two;
    r->reference_count = 2;
}
static void empty_reference(struct provider_request *r)
{
    static const struct provider_image none = {0};
    r->references = &none;
    r->reference_count = 1;
}
static void lone_mask(struct provider_request *r) { r->mask = &pictures[0]; }
static void big_mask(struct provider_request *r)
{
    static char bytes[4 * 1024 * 1024 + 1] = PNG_BYTES;
    static struct provider_image mask;
    mask.bytes = (struct str){bytes, sizeof bytes};
    r->references = pictures;
    r->reference_count = 1;
    r->mask = &mask;
}

static void test_what_a_model_cannot_do_is_refused_with_the_field(void **state)
{
    /* clang-format off */
    static const struct refusal rows[] = {
        {"gpt-image-2", "model", ERROR_REQUIRED, 0, no_model, "no model"},
        {"gpt-image-2", "prompt", ERROR_REQUIRED, 1, no_prompt, "only spaces"},
        {"gpt-image-2", "prompt", ERROR_TOO_LONG, 32000, long_prompt, "facts 1.2"},
        {"gpt-image-2", "count", ERROR_TOO_SMALL, 1, no_count, "none"},
        {"gpt-image-2", "count", ERROR_TOO_BIG, 10, big_count, "eleven"},
        {"gpt-image-2", "size", ERROR_INVALID, 16, odd_size, "no multiple of 16"},
        {"gpt-image-1.5", "size", ERROR_NOT_IN_LIST, 0, odd_size, "one of three"},
        {"gpt-image-2", "seed", ERROR_INVALID, 0, seed, "OpenAI has no seed"},
        {"gpt-image-9", "seed", ERROR_INVALID, 0, seed, "not under any name"},
        {"gpt-image-2", "negative_prompt", ERROR_INVALID, 0, negative, "nor that"},
        {"gpt-image-2", "steps", ERROR_INVALID, 0, steps, "nor that"},
        {"gpt-image-2", "scale", ERROR_INVALID, 0, scale, "nor that"},
        {"gpt-image-2", "quality", ERROR_NOT_IN_LIST, 0, quality, "dall-e's"},
        {"gpt-image-2", "background", ERROR_NOT_IN_LIST, 0, background, "no such"},
        {"gpt-image-2", "format", ERROR_NOT_IN_LIST, 0, format, "no such"},
        {"gpt-image-2", "format", ERROR_INVALID, 0, clear_jpeg, "jpeg has no alpha"},
        {"gpt-image-2", "compression", ERROR_INVALID, 0, png_compression, "png has none"},
        {"gpt-image-2", "compression", ERROR_TOO_BIG, 100, big_compression, "over 100"},
        {"gpt-image-2", "partial_images", ERROR_TOO_BIG, 3, partials, "at most 3"},
        {"gpt-image-2", "references", ERROR_REQUIRED, 1, no_reference, "nothing to edit"},
        {"gpt-image-2", "references", ERROR_TOO_MANY, 16, many_references, "17"},
        {"gpt-image-2", "references[1]", ERROR_PICTURE_TYPE, 0, gif_reference, "a GIF"},
        {"gpt-image-2", "references[0]", ERROR_REQUIRED, 0, empty_reference, "no bytes"},
        {"gpt-image-2", "references", ERROR_REQUIRED, 1, lone_mask, "a mask of nothing"},
        {"gpt-image-2", "mask", ERROR_TOO_LARGE,(int64_t) MIB(4), big_mask, "over 4 MiB"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange;
        struct error err = {0};
        rows[i].change(&request);
        if (provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err))
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
        const char *options, *base_url, *key, *field;
    } rows[] = {
        {"{\"profile\":\"vllm\"}",       "",         "",          "base_url"    },
        {"{}",                           "nonsense", "",          "base_url"    },
        {"{}",                           "",         "two words", "key"         },
        {"{\"organisation\":\"a\\nb\"}", "",         "",          "organisation"},
        {"{\"project\":\"a\\u0001b\"}",  "",         "",          "project"     },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("m");
        struct exchange exchange;
        struct error err = {0};
        fixture_options(fixture, rows[i].options);
        fixture->account.base_url = str_of(rows[i].base_url);
        fixture->account.key.hidden = str_of(rows[i].key);
        assert_false(
            provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
        assert_string_equal(err.field, rows[i].field);
        assert_false(provider_openai.probe(&fixture->account, fixture->arena, &exchange, &err));
        assert_string_equal(err.field, rows[i].field);
    }
}

static void test_references_in_json_have_a_smaller_sum(void **state)
{
    static char bytes[40 * 1024 * 1024] = PNG_BYTES;
    static const struct provider_image two[] = {
        {{bytes, sizeof bytes}, {"", 0}, {"", 0}},
        {{bytes, sizeof bytes}, {"", 0}, {"", 0}},
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("gpt-image-2");
    struct exchange exchange;
    struct error err = {0};

    request.references = two;
    request.reference_count = 2;
    begin(fixture, &request); /* 80 MiB in a form, not copied */
    fixture_options(fixture, "{\"edits\":\"json\"}");
    assert_false(
        provider_openai.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "references");
    assert_int_equal(err.code, ERROR_TOO_LARGE);
    assert_int_equal(err.limit, MIB(64));
}

static void test_auto_tells_the_service_by_its_host(void **state)
{
    static const struct {
        const char *base_url, *name;
    } rows[] = {
        {"",                                       "openai"     },
        {"https://api.openai.com/v1",              "openai"     },
        {"https://API.OpenAI.com",                 "openai"     },
        {"https://api.siliconflow.cn/v1",          "siliconflow"},
        {"https://api.siliconflow.com/v1",         "siliconflow"},
        {"https://api.together.xyz/v1",            "together"   },
        {"https://api.together.ai/v1",             "together"   },
        {"https://openrouter.ai/api/v1",           "openrouter" },
        {"https://api.openai.com.evil.example/v1", "generic"    },
        {"https://example/api.openai.com",         "generic"    },
        {"http://127.0.0.1:4000",                  "generic"    },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        fixture->account.base_url = str_of(rows[i].base_url);
        fixture_options(fixture, "{\"profile\":\"auto\"}");
        assert_string_equal(openai_profile_of(&fixture->account)->name, rows[i].name);
        fixture_options(fixture, "{\"profile\":\"vllm\"}"); /* a chosen one wins */
        assert_string_equal(openai_profile_of(&fixture->account)->name, "vllm");
    }
    for (const char *const *name = openai_profile_names + 1; *name != NULL; name++) {
        CLEANUP(buf_finish) struct buf options = {0};
        buf_printf(&options, "{\"profile\":\"%s\"}", *name);
        buf_add_char(&options, '\0');
        fixture_options(fixture, options.data);
        assert_string_equal(openai_profile_of(&fixture->account)->name, *name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_plain_call_is_written_byte_by_byte),
        TEST(test_everything_openai_takes_is_sent),
        TEST(test_partial_pictures_make_a_stream),
        TEST(test_each_profile_speaks_its_own_words),
        TEST(test_openrouter_has_a_place_of_its_own),
        TEST(test_localai_takes_its_negative_prompt_behind_a_bar),
        TEST(test_references_travel_as_each_server_wants_them),
        TEST(test_an_edit_with_a_mask_is_written_byte_by_byte),
        TEST(test_masks_are_taken_in_the_services_own_polarity),
        TEST(test_localais_inpainting_has_words_of_its_own),
        TEST(test_fields_of_the_other_sort_of_call_are_refused),
        TEST(test_a_service_may_make_fewer_pictures_than_a_model),
        TEST(test_the_same_call_has_the_same_bytes),
        TEST(test_gpt_image_is_never_sent_a_response_format),
        TEST(test_what_a_model_cannot_do_is_refused_with_the_field),
        TEST(test_an_account_that_cannot_work_is_refused),
        TEST(test_references_in_json_have_a_smaller_sum),
        TEST(test_auto_tells_the_service_by_its_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
