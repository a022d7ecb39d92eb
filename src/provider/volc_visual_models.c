/*
 * provider/volc_visual_models.c: Jimeng and older models behind Volcengine's Visual API.  Rows from
 * facts/providers.md 4B, second-hand but consistent over many clients, read 2026-11-22; prices were
 * not found: the house sets its own.  An id that is not here passes through unchanged.
 *
 * In doubt: the numbers of high_aes_general_v21_L, which facts 4B call unverified (and 10.4): its
 * sides are held to 256 to 768 px as they stand there, and the rest is the service's to refuse.
 */
#include "provider/volc_visual_private.h"

#define AS_OF "2026-11-22"
#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }

const struct visual_actions visual_flows[VISUAL_FLOW_COUNT] = {
    [VISUAL_SYNC] = {"sync",       "CVProcess",              NULL                   },
    [VISUAL_SYNC2ASYNC] = {"sync2async", "CVSync2AsyncSubmitTask", "CVSync2AsyncGetResult"},
    [VISUAL_TASK] = {"task",       "CVSubmitTask",           "CVGetResult"          },
};
const char *const visual_flow_names[] = {"sync2async", "task", "sync", NULL};

/* clang-format off */
static const struct provider_field option_rewrite = OPTION_ROW(
    BOOL, "use_pre_llm", "Prompt rewriting", "提示词扩写",
    "A language model writes the prompt longer; good for short ones.", "由语言模型扩写提示词，适合较短的描述。", .fallback = "");
static const struct provider_field option_sharp = OPTION_ROW(
    BOOL, "use_sr", "Enlarge", "超分放大",
    "The picture is enlarged after it is drawn.", "成图后再放大。", .fallback = "");
#define RATIO(name, en, zh) OPTION_ROW(DOUBLE, name, en, zh,                                       \
    "Width to height, when the model chooses the shape.", "由模型决定画幅时的宽高比限制。",        \
    .min = 0.0625, .max = 16)
static const struct provider_field option_least = RATIO("min_ratio", "Narrowest shape", "最小宽高比");
static const struct provider_field option_most = RATIO("max_ratio", "Widest shape", "最大宽高比");
static const struct provider_field *const options_4[] = {&option_least, &option_most, NULL};
static const struct provider_field *const options_3[] = {&option_rewrite, NULL};
static const struct provider_field *const options_21[] = {&option_rewrite, &option_sharp, NULL};
/* clang-format on */

#define MODEL(wire_name, shown_name)                                                               \
    .is_known = true, .name = TEXT(wire_name), .label = TEXT(shown_name), .count_max = 1,          \
    .price_micro = -1, .currency = "CNY", .price_as_of = AS_OF
#define SIDES(least, most) .side_px_min = (least), .side_px_max = (most)
#define JIMENG_4                                                                                   \
    .options = options_4, .can_generate = true, .can_edit = true, .has_scale = true,               \
    .pixels_min = 1048576, .pixels_max = 16777216
#define JIMENG_3 .options = options_3, .can_generate = true, .has_seed = true, SIDES(512, 2048)

const struct provider_model visual_models[VISUAL_MODEL_COUNT] = {
    {MODEL("jimeng_seedream46_cvtob",       "Jimeng 4.6"),                                     JIMENG_4,                                                 .references_max = 14},
    {                                                                                                                                                                                                      MODEL("jimeng_t2i_v40",                                                                                                                                                                                                                                                                                                                                                                "Jimeng 4.0"),                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                     JIMENG_4,                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                 .references_max = 10                                                                                                        },
    {                                                                    MODEL("jimeng_t2i_v31", "Jimeng 3.1"), JIMENG_3},
    {                                                                                                                                                                                                                                                                                                                                                               MODEL("jimeng_t2i_v30",                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    "Jimeng 3.0"),                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                 JIMENG_3                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                  },
    {
     MODEL("jimeng_i2i_v30",                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                       "Jimeng 3.0, editing"),
     .can_edit = true,
     .has_seed = true,
     .has_scale = true,
     .references_max = 1,
     SIDES(512, 2016),
     },
    {
     MODEL("seededit_v3.0",                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                       "SeedEdit 3.0"),
     .options = options_3,
     .can_edit = true,
     .has_seed = true,
     .has_scale = true,
     .references_max = 1,
     },
    {
     MODEL("jimeng_image2image_dream_inpaint",                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                      "Jimeng, within a mask"),
     .can_edit = true,
     .can_mask = true,
     .has_seed = true,
     .references_max = 1,
     },
    {
     MODEL("jimeng_i2i_seed3_tilesr_cvtob",                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                            "Jimeng, enlarging to 4K or 8K"),
     .can_edit = true,
     .has_scale = true,
     .references_max = 1,
     },
    {
     MODEL("high_aes_general_v30l_zt2i",                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                       "General 3.0 (old)"),
     .options = options_3,
     .can_generate = true,
     .has_seed = true,
     .has_scale = true,
     },
    {
     MODEL("high_aes_general_v21_L","General 2.1 (old)"),
     .options = options_21,
     .can_generate = true,
     .has_seed = true,
     .has_steps = true,
     .has_scale = true,
     SIDES(256, 768),
     },
};

/* Anything may be asked of a model we do not know; the server says what it cannot do. */
const struct provider_model visual_model_default = {
    .can_generate = true,
    .can_edit = true,
    .has_seed = true,
    .has_steps = true,
    .has_scale = true,
    .references_max = 14,
    .count_max = 1,
    .price_micro = -1,
    .currency = "CNY",
};

static const struct visual_traits traits[VISUAL_MODEL_COUNT] = {
    {
     .req_key = "jimeng_seedream46_cvtob",
     .flow = VISUAL_SYNC2ASYNC,
     .scale_max = 100,
     .scale_is_int = true,
     .prompt_max = 800,
     .has_single = true,
     },
    {
     .req_key = "jimeng_t2i_v40",
     .flow = VISUAL_SYNC2ASYNC,
     .scale_max = 1,
     .has_single = true,
     },
    {
     .req_key = "jimeng_t2i_v31",
     .flow = VISUAL_SYNC2ASYNC,
     .prompt_max = 800,
     .has_pre_llm = true,
     },
    {
     .req_key = "jimeng_t2i_v30",
     .flow = VISUAL_SYNC2ASYNC,
     .prompt_max = 800,
     .has_pre_llm = true,
     },
    {
     .req_key = "jimeng_i2i_v30",
     .flow = VISUAL_SYNC2ASYNC,
     .scale_max = 1,
     .references_min = 1,
     },
    {
     .req_key = "seededit_v3.0",
     .flow = VISUAL_SYNC2ASYNC,
     .scale_max = 10,
     .has_pre_llm = true,
     .references_min = 1,
     },
    {
     .req_key = "jimeng_image2image_dream_inpaint",
     .flow = VISUAL_SYNC2ASYNC,
     .prompt_max = 120,
     .references_min = 1,
     },
    {
     .req_key = "jimeng_i2i_seed3_tilesr_cvtob",
     .flow = VISUAL_SYNC2ASYNC,
     .scale_max = 100,
     .scale_is_int = true,
     .references_min = 1,
     .is_upscale = true,
     },
    {
     .req_key = "high_aes_general_v30l_zt2i",
     .flow = VISUAL_SYNC,
     .scale_max = 10,
     .has_pre_llm = true,
     },
    {
     .req_key = "high_aes_general_v21_L",
     .flow = VISUAL_SYNC,
     .scale_max = 50,
     .has_pre_llm = true,
     },
};

void visual_call_init(struct visual_call *call, const struct provider_account *account,
                      const struct provider_request *request)
{
    struct str flow = account_option_text(account, "flow");

    *call = (struct visual_call){
        .account = account,
        .request = request,
        .model = provider_model_find(&provider_volc_visual, request->model),
        .traits = {.flow = VISUAL_SYNC2ASYNC, .scale_max = 100},
    };
    for (size_t i = 0; i < VISUAL_MODEL_COUNT; i++)
        if (str_equal(request->model, str_of(traits[i].req_key))) {
            call->traits = traits[i];
            return;
        }
    /* Nobody knows how an unknown model is asked for but the person who names it. */
    for (unsigned i = 0; i < VISUAL_FLOW_COUNT; i++)
        if (str_equal(flow, str_of(visual_flows[i].name)))
            call->traits.flow = (enum visual_flow)i;
}
