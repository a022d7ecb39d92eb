/* The bytes of DashScope's calls, and what is refused before one is made: facts 6.5 and 8.3. */
#include "provider/provider_test.h"

#include "provider/dashscope_private.h"

#define SERVICES "https://dashscope.aliyuncs.com/api/v1/services/aigc/"

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

    if (!provider_dashscope.begin(&fixture->account, request, fixture->arena, &exchange, &err))
        fail_msg("%s: %s", err.field, err.message);
    return exchange;
}

static void test_the_documented_call_is_written_byte_by_byte(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("qwen-image-2.0");
    struct exchange exchange;

    fixture->account.key.hidden = STR("sk-1");
    fixture_options(fixture, "{\"prompt_extend\":true}");
    request.width_px = request.height_px = 1024;
    request.negative_prompt = STR("dust");
    request.has_seed = true;
    request.seed = 1;
    exchange = begin(fixture, &request);
    assert_text(exchange.method, "POST");
    assert_text(exchange.url, SERVICES "multimodal-generation/generation");
    assert_text(header_of(&exchange, "Authorization"), "Bearer sk-1");
    assert_text(header_of(&exchange, "Accept"), "application/json");
    assert_text(header_of(&exchange, "Content-Type"), "application/json");
    assert_text(header_of(&exchange, "X-DashScope-Async"), "");
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"qwen-image-2.0\",\"input\":{\"messages\":[{\"role\":\"user\","
                "\"content\":[{\"text\":\"a cup\"}]}]},\"parameters\":{\"n\":1,"
                "\"size\":\"1024*1024\",\"negative_prompt\":\"dust\",\"seed\":1,"
                "\"watermark\":false,\"prompt_extend\":true}}");
    assert_int_equal(exchange.purpose, EXCHANGE_SUBMIT);
    assert_true(exchange.is_paid);
    assert_false(exchange.is_own_origin); /* official: public addresses only */
    assert_false(exchange.is_stream);
    assert_true(exchange.first_byte_ms >= 300000);
}

static void test_an_edit_holds_the_pictures_before_the_words(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("qwen-image-edit");
    struct exchange exchange;

    request.action = PROVIDER_EDIT;
    request.references = pictures;
    request.reference_count = 2;
    fixture_options(fixture, "{\"watermark\":true,\"prompt_extend\":true}"); /* takes no latter */
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"qwen-image-edit\",\"input\":{\"messages\":[{\"role\":\"user\","
                "\"content\":[{\"image\":\"data:image/png;base64," PNG_BASE64
                "\"},{\"image\":\"data:image/jpeg;base64," JPEG_BASE64
                "\"},{\"text\":\"a cup\"}]}]},\"parameters\":{\"n\":1,\"watermark\":true}}");
}

static void test_each_family_is_called_its_own_way(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model, *url;
        size_t references;
        bool is_task;
        const char *body;
    } rows[] = {
        {"wan2.7-image", SERVICES "image-generation/generation", 0, true,
         "{\"model\":\"wan2.7-image\",\"input\":{\"messages\":[{\"role\":\"user\",\"content\":["
         "{\"text\":\"a cup\"}]}]},\"parameters\":{\"n\":1,\"size\":\"1K\",\"watermark\":false}}"},
        {"qwen-image-plus", SERVICES "text2image/image-synthesis", 0, true,
         "{\"model\":\"qwen-image-plus\",\"input\":{\"prompt\":\"a cup\"},\"parameters\":{\"n\":1,"
         "\"size\":\"1328*1328\",\"watermark\":false,\"prompt_extend\":false}}"},
        {"qwen-image-plus-2026-01-09", SERVICES "text2image/image-synthesis", 0, true,
         "{\"model\":\"qwen-image-plus-2026-01-09\",\"input\":{\"prompt\":\"a cup\"},"
         "\"parameters\":{\"n\":1,\"size\":\"1328*1328\",\"watermark\":false,"
         "\"prompt_extend\":false}}"},
        {"qwen-image-max", SERVICES "multimodal-generation/generation", 0, false,
         "{\"model\":\"qwen-image-max\",\"input\":{\"messages\":[{\"role\":\"user\",\"content\":["
         "{\"text\":\"a cup\"}]}]},\"parameters\":{\"n\":1,\"size\":\"1328*1328\","
         "\"watermark\":false,\"prompt_extend\":false}}"},
        {"wan2.5-i2i-preview", SERVICES "image2image/image-synthesis", 1, true,
         "{\"model\":\"wan2.5-i2i-preview\",\"input\":{\"prompt\":\"a cup\",\"images\":[\"data:ima"
         "ge/jpeg;base64," JPEG_BASE64 "\"]},\"parameters\":{\"n\":1,\"watermark\":false,"
         "\"prompt_extend\":false}}"},
        {"acme/paint-9", SERVICES "multimodal-generation/generation", 0, false,
         "{\"model\":\"acme/paint-9\",\"input\":{\"messages\":[{\"role\":\"user\",\"content\":["
         "{\"text\":\"a cup\"}]}]},\"parameters\":{\"n\":1,\"watermark\":false}}"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange;
        request.references = &pictures[1];
        request.reference_count = rows[i].references;
        exchange = begin(fixture, &request);
        assert_text(exchange.url, rows[i].url);
        assert_text(header_of(&exchange, "X-DashScope-Async"), rows[i].is_task ? "enable" : "");
        assert_text(body_of(&exchange, fixture->arena), rows[i].body);
    }
}

static void test_the_older_form_has_its_negative_prompt_beside_the_prompt(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("wan2.2-t2i-plus");
    struct exchange exchange;

    request.negative_prompt = STR("dust");
    exchange = begin(fixture, &request);
    assert_text(body_of(&exchange, fixture->arena),
                "{\"model\":\"wan2.2-t2i-plus\",\"input\":{\"prompt\":\"a cup\","
                "\"negative_prompt\":\"dust\"},\"parameters\":{\"n\":1,\"size\":\"1024*1024\","
                "\"watermark\":false,\"prompt_extend\":false}}");
}

static void test_addresses_people_paste_are_understood(void **state)
{
    /* clang-format off */
    static const struct {
        const char *pasted, *base;
    } rows[] = {
        {"https://dashscope-intl.aliyuncs.com", "https://dashscope-intl.aliyuncs.com/api/v1"},
        {"https://dashscope-intl.aliyuncs.com/api/v1/",
         "https://dashscope-intl.aliyuncs.com/api/v1"},
        {"https://dashscope.aliyuncs.com/compatible-mode/v1",
         "https://dashscope.aliyuncs.com/api/v1"},
        {"https://w1.cn-beijing.maas.aliyuncs.com/api/v1",
         "https://w1.cn-beijing.maas.aliyuncs.com/api/v1"},
        {"https://h/api/v1/services/aigc/image-generation/generation", "https://h/api/v1"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("qwen-image-2.0");
        struct exchange exchange;
        CLEANUP(buf_finish) struct buf url = {0};
        fixture->account.base_url = str_of(rows[i].pasted);
        exchange = begin(fixture, &request);
        buf_printf(&url, "%s/services/aigc/multimodal-generation/generation", rows[i].base);
        assert_true(str_equal(exchange.url, buf_str(&url)));
        assert_true(exchange.is_own_origin);
    }
}

/* Heads of pictures: enough to know their size by. */
#define PNG_1600x900 "\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\006\100\0\0\003\204\010\2\0\0\0"
#define JPEG_600x800                                                                               \
    "\377\330\377\340\0\020JFIF\0\1\1\0\0\1\0\1\0\0\377\300\0\021\010\003\040\002\130\3\1\021\0"
#define WEBP_VP8X "RIFF\1\0\0\0WEBPVP8X\012\0\0\0\0\0\0\0\037\003\0\127\002\0"
#define WEBP_VP8L "RIFF\1\0\0\0WEBPVP8L\012\0\0\0\057\037\303\225\0\0\0\0\0\0"
#define WEBP_VP8 "RIFF\1\0\0\0WEBPVP8 \012\0\0\0\0\0\0\235\1\052\040\003\130\002"
#define BYTES(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static void test_a_pictures_size_is_read_from_its_head(void **state)
{
    static const struct {
        struct str bytes;
        int64_t width, height;
        const char *why;
    } rows[] = {
        {BYTES(PNG_1600x900),                         1600, 900, "png"                },
        {BYTES(JPEG_600x800),                         600,  800, "jpeg"               },
        {BYTES(WEBP_VP8X),                            800,  600, "webp, extended"     },
        {BYTES(WEBP_VP8L),                            800,  600, "webp, lossless"     },
        {BYTES(WEBP_VP8),                             800,  600, "webp, lossy"        },
        {{PNG_1600x900, 20},                          0,    0,   "png, cut"           },
        {BYTES(JPEG_BYTES),                           0,    0,   "jpeg without frame" },
        {{JPEG_600x800, 22},                          0,    0,   "jpeg, cut"          },
        {BYTES("\377\330\377\340\0\0\0\0\0\0\0\0"),   0,    0,   "a length of nothing"},
        {BYTES("\377\330\377\340\377\377JFIF\0\1\1"), 0,    0,   "a length too long"  },
        {{WEBP_VP8X, 29},                             0,    0,   "webp, cut"          },
        {BYTES("GIF89a\1\0\1\0"),                     0,    0,   "none of them"       },
        {{NULL, 0},                                   0,    0,   "nothing"            },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t width, height;
        bool is_read = dashscope_picture_size(rows[i].bytes, &width, &height);
        if (is_read != (rows[i].width > 0) ||
            (is_read && (width != rows[i].width || height != rows[i].height)))
            fail_msg("%s: %lld x %lld", rows[i].why, (long long)width, (long long)height);
    }
}

static void test_an_open_size_is_a_megapixel_of_the_first_pictures_shape(void **state)
{
    static const struct {
        const char *model;
        struct str bytes;
        const char *size;
    } rows[] = {
        {"qwen-image-2.0",      {NULL, 0},           "\"size\":\"1024*1024\""},
        {"qwen-image-2.0",      BYTES(PNG_1600x900), "\"size\":\"1360*768\"" },
        {"qwen-image-edit-max", BYTES(JPEG_600x800), "\"size\":\"880*1168\"" },
        {"qwen-image-edit-max", BYTES(JPEG_BYTES),   "\"size\":\"1024*1024\""},
        {"wan2.7-image-pro",    BYTES(PNG_1600x900), "\"size\":\"1K\""       },
        {"z-image-turbo",       {NULL, 0},           "\"size\":\"1024*1536\""},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        const struct provider_image image = {.bytes = rows[i].bytes};
        struct exchange exchange;
        request.references = &image;
        request.reference_count = rows[i].bytes.size > 0 ? 1 : 0;
        exchange = begin(fixture, &request);
        if (str_find(body_of(&exchange, fixture->arena), str_of(rows[i].size)) < 0)
            fail_msg("%s: no %s", rows[i].model, rows[i].size);
    }
}

/* Changes one thing of a good request; begin() must refuse it under that name. */
static void no_model(struct provider_request *r) { r->model = STR_EMPTY; }
static void write_text(struct provider_request *r) { r->action = PROVIDER_WRITE; }
static void no_prompt(struct provider_request *r) { r->prompt = STR(" \n"); }
static void no_count(struct provider_request *r) { r->count = 0; }
static void two(struct provider_request *r) { r->count = 2; }
static void five(struct provider_request *r) { r->count = 5; }
static void seven(struct provider_request *r) { r->count = 7; }
static void negative(struct provider_request *r) { r->negative_prompt = STR("x"); }
static void long_negative(struct provider_request *r)
{
    static char text[501];
    memset(text, 'a', sizeof text);
    r->negative_prompt = (struct str){text, sizeof text};
}
static void big_seed(struct provider_request *r)
{
    r->has_seed = true;
    r->seed = 2147483648;
}
static void bad_seed(struct provider_request *r)
{
    r->has_seed = true;
    r->seed = -1;
}
static void steps(struct provider_request *r) { r->steps = 1; }
static void scale(struct provider_request *r) { r->scale = 1; }
static void quality(struct provider_request *r) { r->quality = STR("hd"); }
static void format(struct provider_request *r) { r->format = STR("png"); }
static void clear(struct provider_request *r) { r->background = STR("transparent"); }
static void square(struct provider_request *r) { r->width_px = r->height_px = 1024; }
static void small(struct provider_request *r) { r->width_px = r->height_px = 500; }
static void huge(struct provider_request *r) { r->width_px = r->height_px = 2064; }
static void edit(struct provider_request *r) { r->action = PROVIDER_EDIT; }
static void one_picture(struct provider_request *r)
{
    r->references = pictures;
    r->reference_count = 1;
}
static void four_pictures(struct provider_request *r)
{
    static struct provider_image many[4];
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = pictures[0];
    r->references = many;
    r->reference_count = COUNT(many);
}
static void four_k_edit(struct provider_request *r)
{
    static const struct provider_image image = {.bytes = BYTES(PNG_1600x900)};
    r->references = &image;
    r->reference_count = 1;
    r->width_px = r->height_px = 4096;
}
static void gif(struct provider_request *r)
{
    static const struct provider_image image = {.bytes = BYTES("GIF89a\1\0\1\0")};
    r->references = &image;
    r->reference_count = 1;
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
static void mask(struct provider_request *r)
{
    one_picture(r);
    r->mask = &pictures[0];
}

static void test_what_a_model_cannot_do_is_refused_with_the_field(void **state)
{
    /* clang-format off */
    static const struct {
        const char *model, *field;
        enum error_code code;
        int64_t limit;
        void (*change)(struct provider_request *request);
        const char *why;
    } rows[] = {
        {"qwen-image-2.0", "model", ERROR_REQUIRED, 0, no_model, "no model"},
        {"qwen-image-2.0", "model", ERROR_INVALID, 0, write_text, "no text"},
        {"qwen-image-2.0", "prompt", ERROR_REQUIRED, 1, no_prompt, "only spaces"},
        {"qwen-image-2.0", "count", ERROR_TOO_SMALL, 1, no_count, "none"},
        {"qwen-image-2.0", "count", ERROR_TOO_BIG, 6, seven, "seven"},
        {"qwen-image", "count", ERROR_TOO_BIG, 1, two, "one at a time"},
        {"wan2.7-image", "count", ERROR_TOO_BIG, 4, five, "five"},
        {"wan2.7-image", "negative_prompt", ERROR_INVALID, 0, negative, "wan has none"},
        {"qwen-image-2.0", "negative_prompt", ERROR_TOO_LONG, 500, long_negative, "501"},
        {"qwen-image-2.0", "seed", ERROR_TOO_BIG, 2147483647, big_seed, "2 to the 31st"},
        {"qwen-image-2.0", "seed", ERROR_TOO_BIG, 2147483647, bad_seed, "below zero"},
        {"qwen-image-2.0", "steps", ERROR_INVALID, 0, steps, "none"},
        {"qwen-image-2.0", "scale", ERROR_INVALID, 0, scale, "none"},
        {"qwen-image-2.0", "quality", ERROR_INVALID, 0, quality, "none"},
        {"qwen-image-2.0", "format", ERROR_INVALID, 0, format, "always png"},
        {"qwen-image-2.0", "background", ERROR_INVALID, 0, clear, "none"},
        {"qwen-image-2.0", "size", ERROR_TOO_SMALL, 262144, small, "below 512x512"},
        {"qwen-image-2.0", "size", ERROR_TOO_BIG, 4194304, huge, "above 2048x2048"},
        {"qwen-image", "size", ERROR_NOT_IN_LIST, 0, square, "not one of its five"},
        {"wan2.7-image-pro", "size", ERROR_TOO_BIG, 4194304, four_k_edit, "4K is for text alone"},
        {"qwen-image-2.0", "references", ERROR_REQUIRED, 1, edit, "nothing to edit"},
        {"qwen-image-edit", "references", ERROR_REQUIRED, 1, negative, "it only edits"},
        {"wan2.5-i2i-preview", "references", ERROR_REQUIRED, 1, negative, "it only edits"},
        {"qwen-image", "references", ERROR_TOO_MANY, 0, one_picture, "it only draws"},
        {"wan2.5-t2i-preview", "references", ERROR_TOO_MANY, 0, one_picture, "it only draws"},
        {"qwen-image-2.0", "references", ERROR_TOO_MANY, 3, four_pictures, "four"},
        {"qwen-image-2.0", "references[0]", ERROR_PICTURE_TYPE, 0, gif, "a GIF"},
        {"qwen-image-2.0", "references[0]", ERROR_TOO_LARGE, (int64_t)MIB(10), heavy, "10 MB"},
        {"wan2.7-image", "references[0]", ERROR_TOO_SMALL, 240, one_picture, "one pixel"},
        {"qwen-image-2.0", "mask", ERROR_INVALID, 0, mask, "facts 6.11"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        struct exchange exchange;
        struct error err = {0};
        rows[i].change(&request);
        if (provider_dashscope.begin(&fixture->account, &request, fixture->arena, &exchange, &err))
            fail_msg("taken: %s", rows[i].why);
        if (strcmp(err.field, rows[i].field) != 0 || err.code != rows[i].code ||
            err.limit != rows[i].limit)
            fail_msg("%s: %s %s %lld: %s", rows[i].why, err.field, error_wire_name(err.code),
                     (long long)err.limit, err.message);
    }
}

static void test_a_size_that_a_model_takes_none_of_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("qwen-image-edit");
    struct exchange exchange;
    struct error err = {0};

    one_picture(&request);
    square(&request);
    assert_false(
        provider_dashscope.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "size");
}

static void test_a_task_is_asked_for_and_cancelled_by_its_id(void **state)
{
    struct fixture *fixture = *state;
    struct str id = STR("0385dc79-5ff8-4d82-bcb6-1f2e7d36d5f8");
    struct exchange exchange;
    struct error err = {0};

    fixture->account.key.hidden = STR("sk-1");
    assert_true(provider_dashscope.poll(&fixture->account, id, fixture->arena, &exchange, &err));
    assert_text(exchange.method, "GET");
    assert_text(exchange.url, "https://dashscope.aliyuncs.com/api/v1/tasks/"
                              "0385dc79-5ff8-4d82-bcb6-1f2e7d36d5f8");
    assert_text(header_of(&exchange, "Authorization"), "Bearer sk-1");
    assert_text(header_of(&exchange, "X-DashScope-Async"), ""); /* refused on a question */
    assert_int_equal(exchange.purpose, EXCHANGE_POLL);
    assert_false(exchange.is_paid);
    assert_true(provider_dashscope.cancel(&fixture->account, id, fixture->arena, &exchange, &err));
    assert_text(exchange.method, "POST");
    assert_text(exchange.url, "https://dashscope.aliyuncs.com/api/v1/tasks/"
                              "0385dc79-5ff8-4d82-bcb6-1f2e7d36d5f8/cancel");
    assert_int_equal(exchange.purpose, EXCHANGE_CANCEL);
    assert_false(exchange.is_paid);
}

static void test_a_remote_id_that_is_none_is_refused(void **state)
{
    static const char *const ids[] = {
        "",
        "../models",
        "a/b",
        "a?b",
        "a b",
        "a\nb",
        "\xc3\xa9",
        "0123456789012345678901234567890123456789012345678901234567890"
        "1234567890123456789012345678901234567890123456789012345678901"
        "2345678"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(ids); i++) {
        struct exchange exchange;
        struct error err = {0};
        assert_false(provider_dashscope.poll(&fixture->account, str_of(ids[i]), fixture->arena,
                                             &exchange, &err));
        assert_string_equal(err.field, "remote_id");
        assert_false(provider_dashscope.cancel(&fixture->account, str_of(ids[i]), fixture->arena,
                                               &exchange, &err));
    }
}

static void test_the_probe_lists_models_for_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct error err = {0};

    assert_true(provider_dashscope.probe(&fixture->account, fixture->arena, &exchange, &err));
    assert_text(exchange.method, "GET");
    assert_text(exchange.url,
                "https://dashscope.aliyuncs.com/api/v1/models?page_no=1&page_size=100");
    assert_int_equal(exchange.purpose, EXCHANGE_PROBE);
    assert_false(exchange.is_paid);
    assert_int_equal(exchange.body_count, 0);
}

static void test_an_account_that_cannot_work_is_refused(void **state)
{
    static const struct {
        const char *base_url, *key, *field;
    } rows[] = {
        {"nonsense", "",          "base_url"},
        {"",         "two words", "key"     },
        {"",         "a\nb",      "key"     },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of("qwen-image-2.0");
        struct exchange exchange;
        struct error err = {0};
        fixture->account.base_url = str_of(rows[i].base_url);
        fixture->account.key.hidden = str_of(rows[i].key);
        assert_false(
            provider_dashscope.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
        assert_string_equal(err.field, rows[i].field);
        assert_false(
            provider_dashscope.poll(&fixture->account, STR("a"), fixture->arena, &exchange, &err));
        assert_string_equal(err.field, rows[i].field);
        assert_false(provider_dashscope.probe(&fixture->account, fixture->arena, &exchange, &err));
    }
}

static void test_prices_are_those_of_the_accounts_region(void **state)
{
    /* clang-format off */
    static const struct {
        const char *base_url, *options, *model;
        int64_t side, count, micro;
        const char *currency;
    } rows[] = {
        {"", "{}", "qwen-image-2.0", 0, 2, 400000, "CNY"},
        {"", "{}", "qwen-image-edit", 0, 1, 300000, "CNY"},
        {"", "{}", "wan2.7-image-pro", 4096, 1, 500000, "CNY"},
        {"", "{}", "z-image-turbo", 0, 1, 100000, "CNY"},
        {"", "{\"prompt_extend\":true}", "z-image-turbo", 0, 1, 200000, "CNY"},
        {"", "{\"prompt_extend\":true}", "qwen-image-2.0", 0, 1, 200000, "CNY"},
        {"", "{}", "qwen-image-3.0", 1024, 1, 30000, "USD"},
        {"", "{}", "qwen-image-3.0", 2048, 1, 50000, "USD"},
        {"", "{}", "acme/paint", 0, 1, -1, "CNY"},
        {"https://dashscope-intl.aliyuncs.com", "{}", "qwen-image-2.0", 0, 1, 35000, "USD"},
        {"https://dashscope-intl.aliyuncs.com", "{}", "qwen-image", 0, 1, -1, "USD"},
        {"https://w.ap-southeast-1.maas.aliyuncs.com/api/v1", "{\"prompt_extend\":true}",
         "z-image-turbo", 0, 1, 30000, "USD"},
        {"", "{}", "qwen-image-2.0", 0, 65, -1, "CNY"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_request request = request_of(rows[i].model);
        const char *currency = "";
        int64_t micro;
        fixture->account.base_url = str_of(rows[i].base_url);
        fixture_options(fixture, rows[i].options);
        request.width_px = request.height_px = rows[i].side;
        request.count = rows[i].count;
        micro = provider_estimate(&provider_dashscope, &fixture->account, &request, &currency);
        if (micro != rows[i].micro || strcmp(currency, rows[i].currency) != 0)
            fail_msg("%s at %s: %lld %s", rows[i].model, rows[i].base_url, (long long)micro,
                     currency);
    }
}

static void test_what_a_call_says_besides_is_sent_or_refused(void **state)
{
    /* clang-format off */
    static const struct option_row rows[] = {
        {"qwen-image-2.0", "prompt_extend=true", "\"prompt_extend\":true", NULL},
        {"qwen-image-2.0", "watermark=true", "\"watermark\":true", NULL},
        {"qwen-image-2.0", "thinking_mode=true", NULL, "options.thinking_mode"},
        {"qwen-image-2.0", "enable_sequential=true", NULL, "options.enable_sequential"},
        {"wan2.7-image", "thinking_mode=true", "\"thinking_mode\":true", NULL},
        {"wan2.7-image", "thinking_mode=false", "\"thinking_mode\":false", NULL},
        {"wan2.7-image", "enable_sequential=true", "\"enable_sequential\":true", NULL},
        {"wan2.7-image", "prompt_extend=true", NULL, "options.prompt_extend"},
        {"z-image-turbo", "prompt_extend=true", "\"prompt_extend\":true", NULL},
        {"brand-new", "watermark=true", "\"watermark\":true", NULL},
        {"brand-new", "bbox_list=[]", NULL, "options.bbox_list"},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_request request = request_of("");
    const char *currency;

    fixture->account.key.hidden = STR("sk-1");
    assert_option_rows(fixture, &provider_dashscope, &request, rows, COUNT(rows));
    request.model = STR("z-image-turbo"); /* rewriting doubles its price */
    assert_int_equal(dashscope_estimate(&fixture->account, &request, &currency), 100000);
    set_options(fixture, &request, "prompt_extend=true");
    assert_int_equal(dashscope_estimate(&fixture->account, &request, &currency), 200000);
}

static void test_a_series_may_have_twelve_pictures(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("wan2.7-image");
    struct exchange exchange;
    struct error err = {0};

    fixture->account.key.hidden = STR("sk-1");
    request.count = 12;
    assert_false(
        provider_dashscope.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    assert_string_equal(err.field, "count");
    set_options(fixture, &request, "enable_sequential=true");
    assert_true(
        provider_dashscope.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
    request.count = 13;
    assert_false(
        provider_dashscope.begin(&fixture->account, &request, fixture->arena, &exchange, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_documented_call_is_written_byte_by_byte),
        TEST(test_an_edit_holds_the_pictures_before_the_words),
        TEST(test_each_family_is_called_its_own_way),
        TEST(test_the_older_form_has_its_negative_prompt_beside_the_prompt),
        TEST(test_addresses_people_paste_are_understood),
        TEST(test_a_pictures_size_is_read_from_its_head),
        TEST(test_an_open_size_is_a_megapixel_of_the_first_pictures_shape),
        TEST(test_what_a_model_cannot_do_is_refused_with_the_field),
        TEST(test_a_size_that_a_model_takes_none_of_is_refused),
        TEST(test_a_task_is_asked_for_and_cancelled_by_its_id),
        TEST(test_a_remote_id_that_is_none_is_refused),
        TEST(test_the_probe_lists_models_for_nothing),
        TEST(test_an_account_that_cannot_work_is_refused),
        TEST(test_prices_are_those_of_the_accounts_region),
        TEST(test_what_a_call_says_besides_is_sent_or_refused),
        TEST(test_a_series_may_have_twelve_pictures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
