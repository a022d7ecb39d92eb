/*
 * provider/fal_models.c: fal's models and what each calls its inputs.  Endpoints and fields from
 * @fal-ai/client 1.10.1 (types/endpoints.d.ts), prices from facts/providers.md 8.3, both read
 * 2026-11-22.  Bounds the types do not tell (four pictures a call, eight references) are what fal's
 * pages are known for; the service has the last word.  An id that is not here passes through.
 */
#include "provider/fal_private.h"

#define AS_OF "2026-11-22"
#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }

static const char *const formats_two[] = {"png", "jpeg", NULL};
static const char *const formats_three[] = {"png", "jpeg", "webp", NULL};
static const char *const ratios_flux[] = {"21:9", "16:9", "4:3",  "3:2",  "1:1",
                                          "2:3",  "3:4",  "9:16", "9:21", NULL};
static const char *const ratios_gemini[] = {QUEUE_RATIOS, NULL};
static const char *const tiers[] = {"1K", "2K", "4K", NULL};

static const char *const sizes_flux[] = {"1024x1024", "1536x672", "1344x768", "1184x864",
                                         "1248x832",  "832x1248", "864x1184", "768x1344",
                                         "672x1536",  NULL};
static const char *const sizes_gemini[] = {QUEUE_SIZES_1K, NULL};
static const char *const sizes_gemini_tiers[] = {QUEUE_SIZES_1K, QUEUE_SIZES_2K, QUEUE_SIZES_4K,
                                                 NULL};

/* --- what a call may also say, as the types have it --- */

static const char *const accelerations[] = {"none", "regular", "high", NULL};
static const char *const thinking_levels[] = {"minimal", "high", NULL};
/* clang-format off */
static const struct provider_field acceleration = OPTION_ROW(
    CHOICE, "acceleration", "Acceleration", "加速",
    "Faster at some loss of detail.", "更快，但会损失一些细节。", .choices = accelerations);
static const struct provider_field strength = OPTION_ROW(
    DOUBLE, "strength", "Change", "重绘幅度",
    "Of a picture that goes in: near 0 keeps it, 1 draws it anew.", "对参考图：接近 0 保持原图，1 完全重绘。", .max = 1);
static const struct provider_field raw = OPTION_ROW(
    BOOL, "raw", "Less processed", "原始质感",
    "A more natural look.", "画面更自然，后期处理更少。", .fallback = "");
static const struct provider_field prompt_strength = OPTION_ROW(
    DOUBLE, "image_prompt_strength", "Weight of the picture", "参考图权重",
    "How much the reference counts beside the prompt.", "参考图相对提示词的权重。", .max = 1);
static const struct provider_field web_search = OPTION_ROW(
    BOOL, "enable_web_search", "Web search", "联网搜索",
    "The model may look things up before it draws; fal may bill it apart.", "允许模型作图前联网搜索；fal 可能另行计费。", .fallback = "");
static const struct provider_field thinking = OPTION_ROW(
    CHOICE, "thinking_level", "Thinking", "思考程度",
    "More is slower and may cost more.", "越高越慢，费用可能更高。", .choices = thinking_levels);
#define TOLERANCE_ROW &queue_option_tolerance
#define REWRITING_ROW &queue_option_rewriting
#define CHECKER_ROW &queue_option_checker
#define LIST static const struct provider_field *const
LIST with_acceleration[] = {&acceleration, NULL};
LIST with_change[] = {&acceleration, &strength, NULL};
LIST with_raw[] = {&raw, &prompt_strength, NULL};
LIST with_search[] = {&web_search, NULL};
LIST with_thinking[] = {&web_search, &thinking, NULL};

LIST options_fast[] = {&acceleration, CHECKER_ROW, NULL};
LIST options_change[] = {&acceleration, &strength, CHECKER_ROW, NULL};
LIST options_pro[] = {REWRITING_ROW, TOLERANCE_ROW, NULL};
LIST options_ultra[] = {&raw, &prompt_strength, REWRITING_ROW, TOLERANCE_ROW, NULL};
LIST options_flux_2[] = {CHECKER_ROW, TOLERANCE_ROW, NULL};
LIST options_banana[] = {TOLERANCE_ROW, NULL};
LIST options_banana_2[] = {&web_search, &thinking, TOLERANCE_ROW, NULL};
LIST options_banana_pro[] = {&web_search, TOLERANCE_ROW, NULL};
LIST options_checked[] = {CHECKER_ROW, NULL};
LIST options_hunyuan[] = {CHECKER_ROW, REWRITING_ROW, NULL};
LIST options_z_image[] = {&acceleration, &strength, CHECKER_ROW, REWRITING_ROW, NULL};
/* clang-format on */

/* --- forms --- */

#define OBJECT .size = QUEUE_SIZE_OBJECT, .size_name = "image_size"
#define RATIO(list) .size = QUEUE_SIZE_RATIO, .size_name = "aspect_ratio", .ratios = (list)
#define COMMON .count = "num_images", .seed = "seed", .format = "output_format"
#define STEPS .steps = "num_inference_steps", .scale = "guidance_scale"
#define CHECKER .checker = "enable_safety_checker"
#define TOLERANCE(max)                                                                             \
    .tolerance = "safety_tolerance", .tolerance_is_text = true, .tolerance_min = 1,                \
    .tolerance_max = (max)
#define NEGATIVE .negative = "negative_prompt"

static const struct queue_form flux = {OBJECT, COMMON, STEPS, CHECKER, .extras = with_acceleration};
static const struct queue_form flux_from = {
    .image = "image_url", COMMON, STEPS, CHECKER, .extras = with_change};
static const struct queue_form flux_pro = {OBJECT, COMMON, TOLERANCE(6),
                                           .rewriter = "enhance_prompt"};
static const struct queue_form ultra = {.image = "image_url",
                                        RATIO(ratios_flux),
                                        COMMON,
                                        TOLERANCE(6),
                                        .rewriter = "enhance_prompt",
                                        .extras = with_raw};
static const struct queue_form fill = {
    .image = "image_url", .mask = "mask_url", COMMON, TOLERANCE(6), .rewriter = "enhance_prompt"};
#define KONTEXT                                                                                    \
    RATIO(ratios_flux), COMMON, TOLERANCE(6), .scale = "guidance_scale",                           \
                                              .rewriter = "enhance_prompt"
static const struct queue_form kontext = {KONTEXT};
static const struct queue_form kontext_one = {.image = "image_url", KONTEXT};
static const struct queue_form kontext_several = {.images = "image_urls", KONTEXT};
#define FLUX_2 OBJECT, .seed = "seed", .format = "output_format", CHECKER, TOLERANCE(5)
static const struct queue_form flux_2 = {FLUX_2};
static const struct queue_form flux_2_edit = {.images = "image_urls", FLUX_2};
static const struct queue_form flux_2_flex = {FLUX_2, STEPS};
static const struct queue_form flux_2_flex_edit = {.images = "image_urls", FLUX_2, STEPS};
static const struct queue_form banana = {RATIO(ratios_gemini), COMMON, TOLERANCE(6)};
static const struct queue_form banana_edit = {
    .images = "image_urls", RATIO(ratios_gemini), COMMON, TOLERANCE(6)};
#define TIERS RATIO(ratios_gemini), .tier_name = "resolution", .tiers = tiers, COMMON, TOLERANCE(6)
static const struct queue_form banana_2 = {TIERS, .extras = with_thinking};
static const struct queue_form banana_2_edit = {
    .images = "image_urls", TIERS, .extras = with_thinking};
static const struct queue_form banana_pro = {TIERS, .extras = with_search};
static const struct queue_form banana_pro_edit = {
    .images = "image_urls", TIERS, .extras = with_search};
#define SEEDREAM OBJECT, .count = "num_images", .seed = "seed", CHECKER
static const struct queue_form seedream = {SEEDREAM};
static const struct queue_form seedream_edit = {.images = "image_urls", SEEDREAM};
#define QWEN OBJECT, COMMON, STEPS, CHECKER, NEGATIVE
static const struct queue_form hunyuan = {QWEN, .rewriter = "enable_prompt_expansion"};
static const struct queue_form qwen = {QWEN, .extras = with_acceleration};
static const struct queue_form qwen_one = {.image = "image_url", QWEN, .extras = with_acceleration};
static const struct queue_form qwen_several = {
    .images = "image_urls", QWEN, .extras = with_acceleration};
static const struct queue_form qwen_mask = {
    .image = "image_url", .mask = "mask_url", QWEN, .extras = with_change};
#define Z_IMAGE                                                                                    \
    OBJECT, COMMON, .steps = "num_inference_steps", CHECKER, .rewriter = "enable_prompt_expansion"
static const struct queue_form z_image = {Z_IMAGE, .extras = with_acceleration};
static const struct queue_form z_image_from = {
    .image = "image_url", Z_IMAGE, .extras = with_change};
static const struct queue_form z_image_mask = {
    .image = "image_url", .mask = "mask_image_url", Z_IMAGE, .extras = with_change};

/* facts 6.2, "usual fields". */
#define USUAL                                                                                      \
    OBJECT, COMMON, STEPS, NEGATIVE, CHECKER, .quality = "quality", .background = "background"
static const struct queue_form usual = {USUAL, .extras = with_acceleration};
static const struct queue_form usual_from = {
    .image = "image_url", .images = "image_urls", .mask = "mask_url", USUAL, .extras = with_change};
static const struct queue_form usual_edit = {
    .images = "image_urls", .mask = "mask_url", USUAL, .extras = with_change};

static const struct queue_row row_usual = {
    .generate = {.form = &usual}, .edit = {.form = &usual_from}, .mask = {.form = &usual_from}};
static const struct queue_row row_edit = {
    .generate = {.form = &usual}, .edit = {.form = &usual_edit}, .mask = {.form = &usual_edit}};

/* Endpoints named …/edit and …/multi take a list nearly without exception, others one picture. */
const struct queue_row *fal_row_default(struct str model)
{
    return text_has_nocase(model, "edit") || str_ends_with(model, STR("/multi")) ? &row_edit
                                                                                 : &row_usual;
}

/* --- models --- */

#define MODEL(wire_name, shown_name, price)                                                        \
    .is_known = true, .currency = "USD", .price_as_of = AS_OF, .price_micro = (price),             \
    .name = TEXT(wire_name), .label = TEXT(shown_name), .has_seed = true

/* Laid out by hand: clang-format 14 dies of it. */
/* clang-format off */
const struct provider_model fal_models[FAL_MODEL_COUNT] = {
    {MODEL("fal-ai/flux/schnell", "FLUX.1 schnell", 3000),
     .options = options_fast, .can_generate = true, .has_steps = true,
     .has_scale = true, .count_max = 4, .formats = formats_two},
    {MODEL("fal-ai/flux/dev", "FLUX.1 dev", 25000),
     .options = options_change, .can_generate = true, .can_edit = true,
     .has_steps = true, .has_scale = true, .references_max = 1, .count_max = 4,
     .formats = formats_two},
    {MODEL("fal-ai/flux-pro/v1.1", "FLUX 1.1 pro", -1),
     .options = options_pro, .can_generate = true, .count_max = 4,
     .formats = formats_two},
    {MODEL("fal-ai/flux-pro/v1.1-ultra", "FLUX 1.1 pro ultra", -1),
     .options = options_ultra, .can_generate = true,
     .can_edit = true, .references_max = 1, .count_max = 4, .sizes = sizes_flux,
     .formats = formats_two},
    {MODEL("fal-ai/flux-pro/v1/fill", "FLUX.1 Fill pro", -1),
     .options = options_pro, .can_edit = true, .can_mask = true,
     .references_max = 1, .count_max = 4, .formats = formats_two},
    {MODEL("fal-ai/flux-pro/kontext", "FLUX.1 Kontext pro", 40000),
     .options = options_pro, .can_generate = true,
     .can_edit = true, .has_scale = true, .references_max = 4, .count_max = 4, .sizes = sizes_flux,
     .formats = formats_two},
    {MODEL("fal-ai/flux-pro/kontext/max", "FLUX.1 Kontext max", -1),
     .options = options_pro, .can_generate = true,
     .can_edit = true, .has_scale = true, .references_max = 4, .count_max = 4, .sizes = sizes_flux,
     .formats = formats_two},
    {MODEL("fal-ai/flux-2-pro", "FLUX.2 pro", -1),
     .options = options_flux_2, .can_generate = true, .can_edit = true,
     .references_max = 8, .count_max = 1, .formats = formats_two},
    {MODEL("fal-ai/flux-2-max", "FLUX.2 max", -1),
     .options = options_flux_2, .can_generate = true, .can_edit = true,
     .references_max = 8, .count_max = 1, .formats = formats_two},
    {MODEL("fal-ai/flux-2-flex", "FLUX.2 flex", -1),
     .options = options_flux_2, .can_generate = true, .can_edit = true,
     .has_steps = true, .has_scale = true, .references_max = 8, .count_max = 1,
     .formats = formats_two},
    {MODEL("fal-ai/nano-banana", "Nano Banana", 39000),
     .options = options_banana, .can_generate = true, .can_edit = true,
     .references_max = 3, .count_max = 4, .sizes = sizes_gemini, .formats = formats_three},
    {MODEL("fal-ai/nano-banana-2", "Nano Banana 2", -1),
     .options = options_banana_2, .can_generate = true, .can_edit = true,
     .references_max = 14, .count_max = 4, .sizes = sizes_gemini_tiers, .formats = formats_three},
    {MODEL("fal-ai/nano-banana-pro", "Nano Banana Pro", -1),
     .options = options_banana_pro, .can_generate = true, .can_edit = true,
     .references_max = 14, .count_max = 4, .sizes = sizes_gemini_tiers, .formats = formats_three},
    {MODEL("fal-ai/bytedance/seedream/v4/text-to-image", "Seedream 4.0", 30000),
     .options = options_checked,
     .can_generate = true, .can_edit = true, .references_max = 10, .count_max = 4,
     .pixels_min = 921600, .pixels_max = 16777216},
    {MODEL("fal-ai/bytedance/seedream/v4.5/text-to-image", "Seedream 4.5", -1),
     .options = options_checked,
     .can_generate = true, .can_edit = true, .references_max = 10, .count_max = 4,
     .pixels_min = 3686400, .pixels_max = 16777216},
    {MODEL("fal-ai/qwen-image", "Qwen Image", 20000),
     .options = options_fast, .can_generate = true, .has_negative = true,
     .has_steps = true, .has_scale = true, .count_max = 4, .formats = formats_two},
    {MODEL("fal-ai/qwen-image-edit", "Qwen Image Edit", -1),
     .options = options_change, .can_edit = true, .can_mask = true,
     .has_negative = true, .has_steps = true, .has_scale = true, .references_max = 1,
     .count_max = 4, .formats = formats_two},
    {MODEL("fal-ai/qwen-image-edit-2511", "Qwen Image Edit 2511", -1),
     .options = options_fast, .can_edit = true,
     .has_negative = true, .has_steps = true, .has_scale = true, .references_max = 3,
     .count_max = 4, .formats = formats_three},
    {MODEL("fal-ai/hunyuan-image/v3/text-to-image", "Hunyuan Image 3", 100000),
     .options = options_hunyuan,
     .can_generate = true, .has_negative = true, .has_steps = true, .has_scale = true,
     .count_max = 4, .formats = formats_two},
    {MODEL("fal-ai/z-image/turbo", "Z-Image Turbo", -1),
     .options = options_z_image, .can_generate = true, .can_edit = true,
     .can_mask = true, .has_steps = true, .references_max = 1, .count_max = 4,
     .formats = formats_three},
};
/* clang-format on */

const struct provider_model fal_model_default = {
    .options = options_change,
    .can_generate = true,
    .can_edit = true,
    .can_mask = true,
    .has_seed = true,
    .has_negative = true,
    .has_steps = true,
    .has_scale = true,
    .has_transparency = true,
    .references_max = 16,
    .count_max = 10,
    .price_micro = -1,
};

/* Laid out by hand: clang-format 14 dies of it. */
/* clang-format off */
const struct queue_row fal_rows[FAL_MODEL_COUNT] = {
    {.model = "fal-ai/flux/schnell",
     .generate = {&flux, NULL},
     .first_micro = 3000,
     .further_micro = 3000},
    {.model = "fal-ai/flux/dev",
     .generate = {&flux, NULL},
     .edit = {&flux_from, "fal-ai/flux/dev/image-to-image"},
     .first_micro = 25000,
     .further_micro = 25000},
    {.model = "fal-ai/flux-pro/v1.1", .generate = {&flux_pro, NULL}},
    {.model = "fal-ai/flux-pro/v1.1-ultra", .generate = {&ultra, NULL}, .edit = {&ultra, NULL}},
    {.model = "fal-ai/flux-pro/v1/fill", .mask = {&fill, NULL}},
    {.model = "fal-ai/flux-pro/kontext",
     .generate = {&kontext, "fal-ai/flux-pro/kontext/text-to-image"},
     .edit = {&kontext_one, NULL},
     .several = {&kontext_several, "fal-ai/flux-pro/kontext/multi"}},
    {.model = "fal-ai/flux-pro/kontext/max",
     .generate = {&kontext, "fal-ai/flux-pro/kontext/max/text-to-image"},
     .edit = {&kontext_one, NULL},
     .several = {&kontext_several, "fal-ai/flux-pro/kontext/max/multi"}},
    {.model = "fal-ai/flux-2-pro",
     .generate = {&flux_2, NULL},
     .edit = {&flux_2_edit, "fal-ai/flux-2-pro/edit"}},
    {.model = "fal-ai/flux-2-max",
     .generate = {&flux_2, NULL},
     .edit = {&flux_2_edit, "fal-ai/flux-2-max/edit"}},
    {.model = "fal-ai/flux-2-flex",
     .generate = {&flux_2_flex, NULL},
     .edit = {&flux_2_flex_edit, "fal-ai/flux-2-flex/edit"}},
    {.model = "fal-ai/nano-banana",
     .generate = {&banana, NULL},
     .edit = {&banana_edit, "fal-ai/nano-banana/edit"}},
    {.model = "fal-ai/nano-banana-2",
     .generate = {&banana_2, NULL},
     .edit = {&banana_2_edit, "fal-ai/nano-banana-2/edit"}},
    {.model = "fal-ai/nano-banana-pro",
     .generate = {&banana_pro, NULL},
     .edit = {&banana_pro_edit, "fal-ai/nano-banana-pro/edit"}},
    {.model = "fal-ai/bytedance/seedream/v4/text-to-image",
     .generate = {&seedream, NULL},
     .edit = {&seedream_edit, "fal-ai/bytedance/seedream/v4/edit"}},
    {.model = "fal-ai/bytedance/seedream/v4.5/text-to-image",
     .generate = {&seedream, NULL},
     .edit = {&seedream_edit, "fal-ai/bytedance/seedream/v4.5/edit"}},
    {.model = "fal-ai/qwen-image",
     .generate = {&qwen, NULL},
     .first_micro = 20000,
     .further_micro = 20000},
    {.model = "fal-ai/qwen-image-edit",
     .edit = {&qwen_one, NULL},
     .mask = {&qwen_mask, "fal-ai/qwen-image-edit/inpaint"}},
    {.model = "fal-ai/qwen-image-edit-2511", .edit = {&qwen_several, NULL}},
    {.model = "fal-ai/hunyuan-image/v3/text-to-image",
     .generate = {&hunyuan, NULL},
     .first_micro = 100000,
     .further_micro = 100000},
    {.model = "fal-ai/z-image/turbo",
     .generate = {&z_image, NULL},
     .edit = {&z_image_from, "fal-ai/z-image/turbo/image-to-image"},
     .mask = {&z_image_mask, "fal-ai/z-image/turbo/inpaint"}},
};
/* clang-format on */
