/*
 * provider/dashscope_models.c: DashScope's picture models and what they cost.  Rows from
 * facts/providers.md 6.5 and 8.3, read 2026-11-22; what is marked 2ND there rots first.  An id that
 * is not here passes through unchanged.
 */
#include "provider/dashscope_private.h"

#define AS_OF "2026-11-22"
#define MEGAPIXEL 1048576
#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }
#define CALLED(wire_name, shown_name, price, money)                                                \
    .is_known = true, .name = TEXT(wire_name), .label = TEXT(shown_name), .has_seed = true,        \
    .price_micro = (price), .currency = (money), .price_as_of = AS_OF

/* Sources differ: 1472x1104 (and 1104x1472) in one, 1472x1140 in another; both are let through, and
 * the service refuses at no cost the one that it has not. */
static const char *const sizes_qwen[] = {"1328x1328", "1664x928",  "928x1664",  "1472x1104",
                                         "1104x1472", "1472x1140", "1140x1472", NULL};
static const char *const sizes_none[] = {NULL};

/* --- what a call may also say --- */

/* clang-format off */
static const struct provider_field option_watermark = OPTION_ROW(
    BOOL, "watermark", "Visible watermark", "可见水印",
    "The service prints its mark into the corner.", "由服务商在图片角落添加标识。", .fallback = "");
static const struct provider_field option_extend = OPTION_ROW(
    BOOL, "prompt_extend", "Prompt rewriting", "智能改写提示词",
    "The service writes the prompt anew; Z-Image then costs twice.", "由服务商改写提示词；Z-Image 开启后价格翻倍。", .fallback = "");
static const struct provider_field option_sequential = OPTION_ROW(
    BOOL, "enable_sequential", "A series", "组图",
    "The pictures of one call belong together; up to 12 of them.", "一次调用生成内容连贯的一组图，最多 12 张。", .fallback = "");
static const struct provider_field option_thinking = OPTION_ROW(
    BOOL, "thinking_mode", "Thinking", "思考模式",
    "The model thinks before it draws; slower.", "作图前先思考，速度较慢。", .fallback = "");
#define LIST static const struct provider_field *const
LIST options_plain[] = {&option_watermark, NULL};
LIST options_extend[] = {&option_extend, &option_watermark, NULL};
LIST options_wan27[] = {&option_sequential, &option_thinking, &option_watermark, NULL};
/* clang-format on */

/* One model for drawing and for editing. */
#define QWEN_BOTH                                                                                  \
    .options = options_extend, .can_generate = true, .can_edit = true, .has_negative = true,       \
    .references_max = 3, .count_max = 6, .pixels_min = 262144, .pixels_max = 4194304
#define QWEN_EDIT .can_edit = true, .has_negative = true, .references_max = 3
#define QWEN_EDIT_MANY                                                                             \
    QWEN_EDIT, .options = options_extend, .count_max = 6, .side_px_min = 512, .side_px_max = 2048
#define QWEN_DRAW                                                                                  \
    .options = options_extend, .can_generate = true, .has_negative = true, .count_max = 1,         \
    .sizes = sizes_qwen
#define WAN_DRAW                                                                                   \
    .options = options_extend, .can_generate = true, .has_negative = true, .count_max = 4
#define WAN_BOTH                                                                                   \
    .options = options_wan27, .can_generate = true, .can_edit = true, .references_max = 9,         \
    .count_max = 4

const struct provider_model dashscope_models[DASHSCOPE_MODEL_COUNT] = {
    /* Of 3.0 only a reseller's dollars are known (facts 10.5). */
    PLAIN_ROW(CALLED("qwen-image-3.0-pro", "Qwen Image 3.0 Pro", 40000, "USD"), QWEN_BOTH),
    PLAIN_ROW(CALLED("qwen-image-3.0", "Qwen Image 3.0", 30000, "USD"), QWEN_BOTH),
    PLAIN_ROW(CALLED("qwen-image-2.0-pro", "Qwen Image 2.0 Pro", 500000, "CNY"), QWEN_BOTH),
    PLAIN_ROW(CALLED("qwen-image-2.0", "Qwen Image 2.0", 200000, "CNY"), QWEN_BOTH),
    PLAIN_ROW(CALLED("qwen-image-max", "Qwen Image Max", 500000, "CNY"), QWEN_DRAW),
    PLAIN_ROW(CALLED("qwen-image-plus", "Qwen Image Plus", 200000, "CNY"), QWEN_DRAW),
    PLAIN_ROW(CALLED("qwen-image", "Qwen Image", 250000, "CNY"), QWEN_DRAW),
    PLAIN_ROW(CALLED("qwen-image-edit-max", "Qwen Image Edit Max", 500000, "CNY"), QWEN_EDIT_MANY),
    PLAIN_ROW(CALLED("qwen-image-edit-plus", "Qwen Image Edit Plus", 200000, "CNY"),
              QWEN_EDIT_MANY),
    PLAIN_ROW(CALLED("qwen-image-edit", "Qwen Image Edit", 300000, "CNY"), QWEN_EDIT,
              .options = options_plain, .count_max = 1, .sizes = sizes_none),
    PLAIN_ROW(CALLED("wan2.7-image-pro", "Wan 2.7 Image Pro", 500000, "CNY"), WAN_BOTH,
              .pixels_max = 16777216),
    PLAIN_ROW(CALLED("wan2.7-image", "Wan 2.7 Image", 200000, "CNY"), WAN_BOTH,
              .pixels_max = 4194304),
    /* Of the older ones facts 8.3 have the price alone; the service holds them to their sizes. */
    PLAIN_ROW(CALLED("wan2.6-t2i", "Wan 2.6", 200000, "CNY"), WAN_DRAW),
    PLAIN_ROW(CALLED("wan2.2-t2i-plus", "Wan 2.2 Plus", 200000, "CNY"), WAN_DRAW),
    PLAIN_ROW(CALLED("wan2.2-t2i-flash", "Wan 2.2 Flash", 140000, "CNY"), WAN_DRAW),
    PLAIN_ROW(CALLED("z-image-turbo", "Z-Image Turbo", 100000, "CNY"), .options = options_extend,
              .can_generate = true, .count_max = 1, .pixels_min = 262144, .pixels_max = 4194304),
};

/* Anything but a mask may be asked of a model we do not know: the service says what it cannot. */
const struct provider_model dashscope_model_default = {
    .options = options_plain,
    .can_generate = true,
    .can_edit = true,
    .has_seed = true,
    .has_negative = true,
    .references_max = 9,
    .count_max = 6,
    .price_micro = -1,
    .currency = "CNY",
};

#define QWEN_REFERENCES .reference_size_max = (int64_t)MIB(10)
#define WAN_REFERENCES                                                                             \
    .reference_size_max = (int64_t)MIB(20), .reference_side_min = 240, .reference_side_max = 8000

/*
 * The first that fits.  Where a model can be asked both ways, the task is taken: it is known by its
 * id within a moment, and not lost with a connection (design/engine.md 4).  Of qwen-image only
 * that and -plus have tasks (Alibaba's reference of 2026; facts 6.5 say it of all three).
 */
#define LIKE .size_kind = DASHSCOPE_SIZE_LIKE
#define SIZE(text) .size_kind = DASHSCOPE_SIZE_NAME, .size = (text)
#define EXTENDS .can_extend = true
#define USD(micro) .intl_micro = (micro)

static const struct dashscope_family families[] = {
    PLAIN_ROW(.name = "qwen-image-3.0-pro", LIKE, EXTENDS, QWEN_REFERENCES, USD(40000),
              .large_micro = 65000),
    PLAIN_ROW(.name = "qwen-image-3.0", LIKE, EXTENDS, QWEN_REFERENCES, USD(30000),
              .large_micro = 50000),
    PLAIN_ROW(.name = "qwen-image-2.0-pro", LIKE, EXTENDS, QWEN_REFERENCES, USD(75000)),
    PLAIN_ROW(.name = "qwen-image-2.0", LIKE, EXTENDS, QWEN_REFERENCES, USD(35000)),
    PLAIN_ROW(.name = "qwen-image-max", SIZE("1328*1328"), EXTENDS, USD(-1)),
    PLAIN_ROW(.name = "qwen-image-plus", .route = DASHSCOPE_TEXT, SIZE("1328*1328"), EXTENDS,
              USD(-1)),
    PLAIN_ROW(.name = "qwen-image", .is_whole = true, .route = DASHSCOPE_TEXT, SIZE("1328*1328"),
              EXTENDS, USD(-1)),
    PLAIN_ROW(.name = "qwen-image-edit-max", LIKE, EXTENDS, QWEN_REFERENCES, USD(-1)),
    PLAIN_ROW(.name = "qwen-image-edit-plus", LIKE, EXTENDS, QWEN_REFERENCES, USD(-1)),
    PLAIN_ROW(.name = "qwen-image-edit", QWEN_REFERENCES, USD(-1)),
    /* "1K" keeps the shape of the picture that is edited. */
    PLAIN_ROW(.name = "wan2.7-image-pro", .route = DASHSCOPE_TASK, SIZE("1K"), WAN_REFERENCES,
              USD(75000)),
    PLAIN_ROW(.name = "wan2.7", .route = DASHSCOPE_TASK, SIZE("1K"), WAN_REFERENCES, USD(30000)),
    PLAIN_ROW(.name = "wan2.6-t2i", .route = DASHSCOPE_TASK, SIZE("1280*1280"), EXTENDS, USD(-1)),
    PLAIN_ROW(.name = "wan2.6", .route = DASHSCOPE_TASK, LIKE, EXTENDS, WAN_REFERENCES, USD(-1)),
    PLAIN_ROW(.name = "wan2.5-t2i", .route = DASHSCOPE_TEXT, SIZE("1280*1280"), EXTENDS, USD(-1)),
    PLAIN_ROW(.name = "wan2.5-i2i", .route = DASHSCOPE_IMAGE, EXTENDS, WAN_REFERENCES, USD(-1)),
    PLAIN_ROW(.name = "wan2.", .route = DASHSCOPE_TEXT, SIZE("1024*1024"), EXTENDS, USD(-1)),
    PLAIN_ROW(.name = "wanx", .route = DASHSCOPE_TEXT, SIZE("1024*1024"), USD(-1)),
    PLAIN_ROW(.name = "z-image-turbo", SIZE("1024*1536"), EXTENDS, .extending_doubles = true,
              USD(15000)),
    PLAIN_ROW(.name = "", USD(-1)),
};

const struct dashscope_family *dashscope_family_of(struct str model)
{
    size_t i = 0;

    for (; i + 1 < COUNT(families); i++) {
        struct str name = str_of(families[i].name);
        if (families[i].is_whole ? str_equal(model, name) : str_starts_with(model, name))
            break;
    }
    return &families[i];
}

bool dashscope_extends(const struct provider_account *account,
                       const struct provider_request *request,
                       const struct dashscope_family *family)
{
    return family->can_extend && call_option_bool(account, request, "prompt_extend", false);
}

bool dashscope_is_intl(const struct provider_account *account)
{
    struct str host = provider_url_host(account->base_url);

    return text_has_nocase(host, "dashscope-intl.") || text_has_nocase(host, ".ap-southeast-1.");
}

int64_t dashscope_estimate(const struct provider_account *account,
                           const struct provider_request *request, const char **currency)
{
    struct provider_model model = provider_model_find(&provider_dashscope, request->model);
    const struct dashscope_family *family = dashscope_family_of(request->model);
    int64_t price = dashscope_is_intl(account) ? family->intl_micro : model.price_micro;
    bool is_large = request->width_px > 0 && request->height_px > 0 && request->width_px <= 65536 &&
                    request->height_px <= 65536 &&
                    request->width_px * request->height_px > MEGAPIXEL;

    *currency = dashscope_is_intl(account) ? "USD" : model.currency;
    if (price < 0 || request->count < 1 || request->count > PICTURES_MAX)
        return -1;
    if (family->large_micro > 0 && is_large)
        price = family->large_micro;
    if (family->extending_doubles && dashscope_extends(account, request, family))
        price *= 2;
    return price * request->count;
}
