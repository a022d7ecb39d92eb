/*
 * provider/siliconflow.c: SiliconFlow (facts 1B.2, read 2026-11-22).  It speaks OpenAI's Images API
 * in its own words, which are a profile of the openai kind; what that cannot hold is here: its
 * models with sizes and prices, its bounds, its watermark.
 *
 * In doubt: of the models only Kolors stands in the service's own page; Qwen's sizes, their `cfg`
 * and the editing models' pictures are from client code [2ND].
 */
#include "provider/plain_private.h"

#define BASE_URL "https://api.siliconflow.cn/v1"
#define HOUR_MS 3600000
#define SEED_MAX 9999999999
#define STEPS_MAX 100

#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }
static const char *const marks[] = {"auto", "on", "off", NULL};
/* clang-format off */
static const struct provider_field option_watermark = OPTION_ROW(
    CHOICE, "watermark", "Watermark", "水印",
    "auto leaves it to the service.", "auto 表示由服务方决定。", .choices = marks);
static const struct provider_field *const options[] = {&option_watermark, NULL};
/* clang-format on */
#define ANY                                                                                        \
    .options = options, .has_seed = true, .has_negative = true, .has_steps = true,                 \
    .has_scale = true, .count_max = 4, .currency = "CNY", .price_as_of = "2026-11-22"
#define CALLED(wire_name, shown_name, price)                                                       \
    .is_known = true, .name = TEXT(wire_name), .label = TEXT(shown_name), .price_micro = (price)

static const char *const kolors_sizes[] = {"1024x1024", "960x1280", "768x1024",
                                           "720x1440",  "720x1280", NULL};
static const char *const qwen_sizes[] = {"1328x1328", "1664x928",  "928x1664",  "1472x1140",
                                         "1140x1472", "1584x1056", "1056x1584", NULL};
static const char *const no_sizes[] = {NULL};

static const struct provider_model models[] = {
    PLAIN_ROW(ANY, CALLED("Kwai-Kolors/Kolors", "Kolors (free)", 0), .can_generate = true,
              .sizes = kolors_sizes),
    PLAIN_ROW(ANY, CALLED("Qwen/Qwen-Image", "Qwen Image", 40000), .can_generate = true,
              .sizes = qwen_sizes),
    PLAIN_ROW(ANY, CALLED("Qwen/Qwen-Image-Edit-2509", "Qwen Image Edit 2509", 40000),
              .can_edit = true, .references_max = 3, .sizes = no_sizes),
    PLAIN_ROW(ANY, CALLED("Qwen/Qwen-Image-Edit", "Qwen Image Edit", -1), .can_edit = true,
              .references_max = 1, .sizes = no_sizes),
};
static const struct provider_model model_default = {ANY, .can_generate = true, .can_edit = true,
                                                    .references_max = 3, .price_micro = -1};

/* The prices of the site outside of China are in no fact; what is free is free there too. */
static int64_t siliconflow_estimate(const struct provider_account *account,
                                    const struct provider_request *request, const char **currency)
{
    struct provider_model model = provider_model_find(&provider_siliconflow, request->model);
    bool is_intl = text_has_nocase(provider_url_host(account->base_url), "siliconflow.com");

    *currency = is_intl ? "USD" : "CNY";
    if (model.price_micro < 0 || request->count < 1 || request->count > PICTURES_MAX)
        return -1;
    return is_intl && model.price_micro > 0 ? -1 : model.price_micro * request->count;
}

static void add_watermark(const struct provider_account *account,
                          const struct provider_request *request, struct arena *arena,
                          struct exchange *exchange)
{
    struct str wanted = call_option_text(account, request, "watermark");

    if (str_equal(wanted, STR("on")) || str_equal(wanted, STR("off")))
        exchange_add_header(exchange, arena, "X-Enable-Watermark",
                            str_equal(wanted, STR("on")) ? STR("1") : STR("0"));
}

static bool siliconflow_begin(const struct provider_account *account,
                              const struct provider_request *request, struct arena *arena,
                              struct exchange *out, struct error *err)
{
    struct provider_model model = provider_model_find(&provider_siliconflow, request->model);
    struct provider_request plain = *request;

    plain.setting_count = 0; /* they are headers here, and nothing of OpenAI's */
    if (request->action == PROVIDER_WRITE)
        return error_field(err, ERROR_INVALID, "model", 0, "%.*s makes pictures, it writes no text",
                           STR_ARGS(model.name));
    if (!model.can_generate && request->reference_count == 0)
        return error_field(err, ERROR_REQUIRED, "references", 1,
                           "%.*s edits pictures: it needs one", STR_ARGS(model.name));
    if (request->has_seed && (request->seed < 0 || request->seed > SEED_MAX))
        return error_field(err, ERROR_TOO_BIG, "seed", SEED_MAX, "a seed is 0 to %lld",
                           (long long)SEED_MAX);
    if (request->steps > STEPS_MAX)
        return error_field(err, ERROR_TOO_BIG, "steps", STEPS_MAX, "at most %d steps", STEPS_MAX);
    if (!provider_check_settings(&model, request, err) ||
        !provider_openai.begin(account, &plain, arena, out, err))
        return false;
    add_watermark(account, request, arena, out);
    return true;
}

static void siliconflow_read(const struct provider_account *account,
                             const struct provider_request *request,
                             const struct exchange *exchange, const struct exchange_reply *reply,
                             struct arena *arena, struct provider_verdict *out)
{
    provider_openai.read(account, request, exchange, reply, arena, out);
    if (out->type == VERDICT_NEXT)
        add_watermark(account, request, arena, &out->next);
}

static bool siliconflow_probe(const struct provider_account *account, struct arena *arena,
                              struct exchange *out, struct error *err)
{
    return provider_openai.probe(account, arena, out, err);
}

static void siliconflow_read_probe(const struct provider_account *account,
                                   const struct exchange_reply *reply, struct arena *arena,
                                   struct str **names, size_t *count,
                                   struct provider_failure *failure)
{
    provider_openai.read_probe(account, reply, arena, names, count, failure);
}

static const struct provider_field fields[] = {
    PLAIN_FIELD_BASE_URL("Leave empty for China; outside of it https://api.siliconflow.com.",
                         "国内留空；国际站填 https://api.siliconflow.com。"),
    PLAIN_FIELD_KEY("Keys of the two sites are not the same.", "国内站与国际站的密钥不通用。"),
    PLAIN_ROW(.name = "watermark", .type = PROVIDER_FIELD_CHOICE, .label_en = "Watermark",
              .label_zh = "水印", .help_en = "auto leaves it to the service.",
              .help_zh = "auto 表示由服务方决定。", .fallback = "auto", .choices = marks),
};

const struct provider_kind provider_siliconflow = {
    .name = "siliconflow",
    .label = "SiliconFlow",
    .about_en = "Open models, hosted: Kolors for free, Qwen Image for drawing and editing.",
    .about_zh = "硅基流动：托管的开源模型。Kolors 免费，Qwen-Image 可生成与编辑图片。",
    .default_base_url = BASE_URL,
    .key_page = "https://cloud.siliconflow.cn/account/ak",
    .fields = fields,
    .field_count = COUNT(fields),
    .models = models,
    .model_count = COUNT(models),
    .model_default = &model_default,
    .result_ttl_ms = HOUR_MS,
    .begin = siliconflow_begin,
    .read = siliconflow_read,
    .probe = siliconflow_probe,
    .read_probe = siliconflow_read_probe,
    .estimate = siliconflow_estimate,
};
