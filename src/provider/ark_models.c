/*
 * provider/ark_models.c: ByteDance's Seedream and Seed models on Ark.  Rows from facts/providers.md
 * 4A and 8.3, read 2026-11-22: yuan on Volcano Ark (doubao-…), dollars on BytePlus ModelArk.  They
 * rot in weeks: an id that is not here passes through unchanged.
 *
 * In doubt: the reference was read by others (a documentation audit of revision 265) and the matrix
 * of what each model takes was measured by others; a field that a model refuses by name is left out
 * and the call sent again (ark.c).
 */
#include "provider/ark_private.h"

#include <stdio.h>

#define AS_OF "2026-11-22"
#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }

static const char *const formats[] = {"jpeg", "png", NULL};
static const char *const tiers_small[] = {"1K", "1.5K", "2K", NULL};
static const char *const tiers_lite[] = {"2K", "3K", "4K", NULL};
static const char *const tiers_45[] = {"2K", "4K", NULL};
static const char *const tiers_40[] = {"1K", "2K", "4K", NULL};

const char *const ark_tiers[] = {"auto", "1K", "1.5K", "2K", "3K", "4K", NULL};

#define ONE_PRICE(price)                                                                           \
    {                                                                                              \
        .micro = (price), .large_micro = (price)                                                   \
    }

/* Longer parts first: "seedream-5-0" alone is the lite model. */
static const struct ark_family families[] = {
    {
     .profile = "seedream-5.0-pro",
     .part = "seedream-5-0-pro",
     .tiers = tiers_small,
     .can_fast = true,
     .cny = {300000, 600000, 2360000, 20000},
     .usd = {45000, 90000, 2610000, 3000},
     },
    {
     .profile = "seedream-5.0-flash",
     .part = "seedream-5-0-flash",
     .tiers = tiers_small,
     .cny = ONE_PRICE(-1),
     .usd = ONE_PRICE(18000),
     },
    {
     .profile = "seedream-5.0-lite",
     .part = "seedream-5-0",
     .tiers = tiers_lite,
     .can_search = true,
     .cny = ONE_PRICE(220000),
     .usd = ONE_PRICE(35000),
     },
    {
     .profile = "seedream-4.5",
     .part = "seedream-4-5",
     .tiers = tiers_45,
     .cny = ONE_PRICE(250000),
     .usd = ONE_PRICE(40000),
     },
    {
     .profile = "seedream-4.0",
     .part = "seedream-4-0",
     .tiers = tiers_40,
     .can_fast = true,
     .cny = ONE_PRICE(200000),
     .usd = ONE_PRICE(30000),
     },
    {
     .profile = "seedream-3.0",
     .part = "seedream-3-0",
     .cny = ONE_PRICE(-1),
     .usd = ONE_PRICE(-1),
     },
};

const char *const ark_profiles[] = {
    "auto",         "seedream-5.0-pro", "seedream-5.0-flash", "seedream-5.0-lite",
    "seedream-4.5", "seedream-4.0",     "seedream-3.0",       NULL,
};

/* --- what a call may also say (facts 4A) --- */

static const char *const modes_fast[] = {"standard", "fast", NULL};
static const char *const modes_plain[] = {"standard", NULL};
/* clang-format off */
static const struct provider_field option_watermark = OPTION_ROW(
    BOOL, "watermark", "Visible watermark", "可见水印",
    "Ark prints \"AI generated\" into the corner.", "由方舟在图片角落添加“AI 生成”字样。", .fallback = "");
#define OPTIMIZE(modes) OPTION_ROW(                                                                \
    CHOICE, "optimize_prompt", "Prompt rewriting", "提示词优化",                                   \
    "fast is quicker and less careful.", "fast 更快但效果略差。", .choices = (modes))
static const struct provider_field option_fast = OPTIMIZE(modes_fast);
static const struct provider_field option_optimize = OPTIMIZE(modes_plain);
static const struct provider_field option_search = OPTION_ROW(
    BOOL, "web_search", "Web search", "联网搜索",
    "The model may look things up before it draws.", "允许模型在作图前联网搜索。", .fallback = "");
static const struct provider_field option_layers = OPTION_ROW(
    BOOL, "layer_decomposition", "Take apart into layers", "拆分图层",
    "One PNG or JPEG reference comes back as a base and up to 16 layers, each a picture that is paid for.",
    "将一张 PNG 或 JPEG 参考图拆成底图和最多 16 个图层，每个图层单独计费。", .fallback = "");
static const struct provider_field *const options_pro[] = {
    &option_watermark, &option_fast, &option_layers, NULL};
static const struct provider_field *const options_flash[] = {
    &option_watermark, &option_optimize, &option_layers, NULL};
static const struct provider_field *const options_lite[] = {
    &option_watermark, &option_optimize, &option_search, NULL};
static const struct provider_field *const options_45[] = {
    &option_watermark, &option_optimize, NULL};
static const struct provider_field *const options_40[] = {&option_watermark, &option_fast, NULL};
static const struct provider_field *const options_30[] = {&option_watermark, NULL};
static const struct provider_field *const options_any[] = {
    &option_watermark, &option_fast, &option_search, &option_layers, NULL};
/* clang-format on */

#define SEEDREAM                                                                                   \
    .is_known = true, .can_generate = true, .can_edit = true, .ratio_max = 16, .price_as_of = AS_OF

/* 5.0 pro and flash: one picture a call.  They refuse the fields of groups and streams by mere
 * presence. */
#define ONE(wire_name, shown_name, option_list, money, price)                                      \
    {                                                                                              \
        SEEDREAM, .name = TEXT(wire_name), .label = TEXT(shown_name), .has_transparency = true,    \
                  .options = (option_list), .references_max = 10, .count_max = 1,                  \
                  .pixels_min = 921600, .pixels_max = 4624220, .formats = formats,                 \
                  .currency = (money), .price_micro = (price)                                      \
    }
/* 5.0 lite, 4.5, 4.0: groups of related pictures; those and the references are 15 together. */
#define GROUP(wire_name, shown_name, option_list, format_list, least, money, price)                \
    {                                                                                              \
        SEEDREAM, .name = TEXT(wire_name), .label = TEXT(shown_name), .has_stream = true,          \
                  .options = (option_list), .references_max = 14, .count_max = 15,                 \
                  .pixels_min = (least), .pixels_max = 16777216, .formats = (format_list),         \
                  .currency = (money), .price_micro = (price)                                      \
    }
/* Text prices are not in the facts.  How many pictures may be looked at is not either: the number
 * is ours. */
#define WRITER(wire_name, shown_name)                                                              \
    {                                                                                              \
        .is_known = true, .name = TEXT(wire_name), .label = TEXT(shown_name), .can_write = true,   \
        .can_see = true, .has_schema = true, .references_max = 14, .count_max = 1,                 \
        .price_micro = -1, .currency = "CNY", .price_as_of = AS_OF                                 \
    }

const struct provider_model ark_models[ARK_MODEL_COUNT] = {
    ONE("doubao-seedream-5-0-pro-260628", "Seedream 5.0 Pro", options_pro, "CNY", 600000),
    ONE("doubao-seedream-5-0-flash-260915", "Seedream 5.0 Flash", options_flash, "CNY", -1),
    GROUP("doubao-seedream-5-0-260128", "Seedream 5.0 Lite", options_lite, formats, 3686400, "CNY",
          220000),
    GROUP("doubao-seedream-4-5-251128", "Seedream 4.5", options_45, NULL, 3686400, "CNY", 250000),
    GROUP("doubao-seedream-4-0-20260415", "Seedream 4.0 (2026-04-15)", options_40, NULL, 921600,
          "CNY", 200000),
    GROUP("doubao-seedream-4-0-250828", "Seedream 4.0", options_40, NULL, 921600, "CNY", 200000),
    {
                                                                                             .is_known = true,
                                                                                             .name = TEXT("doubao-seedream-3-0-t2i-250415"),
                                                                                             .label = TEXT("Seedream 3.0 (retiring)"),
                                                                                             .options = options_30,
                                                                                             .can_generate = true,
                                                                                             .has_seed = true,
                                                                                             .has_scale = true,
                                                                                             .count_max = 1,
                                                                                             .side_px_min = 512,
                                                                                             .side_px_max = 2048,
                                                                                             .price_micro = -1,
                                                                                             .currency = "CNY",
                                                                                             .price_as_of = AS_OF,
                                                                                             },
    ONE("dola-seedream-5-0-pro-260628", "Seedream 5.0 Pro (BytePlus)", options_pro, "USD", 90000),
    ONE("dola-seedream-5-0-flash-260915", "Seedream 5.0 Flash (BytePlus)", options_flash, "USD",
        18000),
    GROUP("seedream-5-0-260128", "Seedream 5.0 Lite (BytePlus)", options_lite, formats, 3686400,
          "USD", 35000),
    GROUP("seedream-4-5-251128", "Seedream 4.5 (BytePlus)", options_45, NULL, 3686400, "USD",
          40000),
    GROUP("seedream-4-0-250828", "Seedream 4.0 (BytePlus)", options_40, NULL, 921600, "USD", 30000),
    WRITER("doubao-seed-2-1-pro-260628", "Doubao Seed 2.1 Pro"),
    WRITER("doubao-seed-2-1-turbo-260628", "Doubao Seed 2.1 Turbo"),
};

/* Anything may be asked of a model we do not know; the server says what it cannot do. */
const struct provider_model ark_model_default = {
    .options = options_any,
    .can_generate = true,
    .can_edit = true,
    .has_seed = true,
    .has_scale = true,
    .has_transparency = true,
    .has_stream = true,
    .can_write = true,
    .can_see = true,
    .has_schema = true,
    .references_max = 14,
    .count_max = 15,
    .formats = formats,
    .price_micro = -1,
};

static const struct ark_family *family_of_name(struct str name)
{
    for (size_t i = 0; i < COUNT(families); i++)
        if (str_find(name, str_of(families[i].part)) >= 0)
            return &families[i];
    return NULL;
}

static const struct ark_family *family_of_profile(struct str profile)
{
    for (size_t i = 0; i < COUNT(families); i++)
        if (str_equal(profile, str_of(families[i].profile)))
            return &families[i];
    return NULL;
}

bool ark_is_international(const struct provider_account *account)
{
    return text_has_nocase(provider_url_host(account->base_url), "bytepluses.com");
}

/* The first row of the family: what it can do; its price only where the money is the same. */
static void borrow_row(struct ark_call *call)
{
    struct str name = call->model.name;

    for (size_t i = 0; i < ARK_MODEL_COUNT; i++)
        if (family_of_name(ark_models[i].name) == call->family &&
            ark_is_international(call->account) ==
                str_equal(str_of(ark_models[i].currency), STR("USD"))) {
            call->model = ark_models[i];
            call->model.name = name;
            return;
        }
}

void ark_find_model(struct ark_call *call, const struct provider_account *account,
                    const struct provider_request *request)
{
    call->account = account;
    call->request = request;
    call->model = provider_model_find(&provider_ark, request->model);
    if (call->model.is_known) {
        call->family = family_of_name(request->model);
        return;
    }
    call->family = family_of_profile(account_option_text(account, "profile"));
    if (call->family != NULL && request->action != PROVIDER_WRITE)
        borrow_row(call);
}

/* Square sides of the recommended sizes. */
int64_t ark_tier_pixels(struct str tier)
{
    static const struct {
        const char *name;
        int64_t side_px;
    } rows[] = {
        {"1K",   1024},
        {"1.5K", 1536},
        {"2K",   2048},
        {"3K",   3072},
        {"4K",   4096},
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        if (str_equal(tier, str_of(rows[i].name)))
            return rows[i].side_px * rows[i].side_px;
    return 0;
}

struct str ark_size(const struct ark_call *call, struct arena *arena)
{
    struct str tier = account_option_text(call->account, "tier");

    if (call->request->width_px > 0)
        return arena_printf(arena, "%lldx%lld", (long long)call->request->width_px,
                            (long long)call->request->height_px);
    /* Of an account with several models, one may not have the size that suits the others. */
    if (ark_tier_pixels(tier) == 0 ||
        (call->family != NULL &&
         (call->family->tiers == NULL || !text_is_listed(tier, call->family->tiers))))
        return STR_EMPTY;
    return arena_str(arena, tier);
}

static const struct ark_price *price_of(const struct ark_call *call)
{
    if (call->family == NULL || call->model.currency == NULL)
        return NULL;
    return str_equal(str_of(call->model.currency), STR("USD")) ? &call->family->usd
                                                               : &call->family->cny;
}

int64_t ark_cost(const struct ark_call *call, int64_t pixels)
{
    const struct ark_price *price = price_of(call);

    if (price == NULL)
        return -1;
    return pixels > 0 && pixels <= price->pixels_max ? price->micro : price->large_micro;
}

/* BytePlus asks half for a layer (facts 8.3, a reseller's word); of the yuan's nothing is known: a
 * picture's price. */
int64_t ark_layer_cost(const struct ark_call *call, int64_t picture_micro)
{
    const struct ark_price *price = price_of(call);

    return price != NULL && price == &call->family->usd ? (picture_micro + 1) / 2 : picture_micro;
}

int64_t ark_input_cost(const struct ark_call *call)
{
    const struct ark_price *price = price_of(call);
    int64_t inputs = (int64_t)call->request->reference_count;

    return price == NULL || inputs < 2 ? 0 : price->input_micro * (inputs - 1);
}
