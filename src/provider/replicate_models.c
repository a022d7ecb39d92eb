/*
 * provider/replicate_models.c: Replicate's official picture models and what each calls its inputs.
 * Prices from facts/providers.md 8.3, read 2026-11-22.  The inputs of FLUX dev, 1.1 pro, 2 pro and
 * 2 flex are those of their pages on replicate.com; the others' are what these models are known
 * for, [2ND].  A wrong one is refused with a 422 that names it and costs nothing.  An id that is
 * not here passes through.
 */
#include "provider/replicate_private.h"

#define AS_OF "2026-11-22"
#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }

static const char *const formats_two[] = {"png", "jpeg", NULL};
static const char *const formats_three[] = {"png", "jpeg", "webp", NULL};
static const char *const ratios_flux[] = {QUEUE_RATIOS, "9:21", NULL};
static const char *const ratios_gemini[] = {QUEUE_RATIOS, NULL};
static const char *const ratios_qwen[] = {"1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", NULL};
static const char *const sizes_flux[] = {QUEUE_SIZES_1K, "672x1536", NULL};
static const char *const sizes_gemini[] = {QUEUE_SIZES_1K, NULL};
static const char *const sizes_qwen[] = {"1024x1024", "1344x768", "768x1344", "1184x864",
                                         "864x1184",  "1248x832", "832x1248", NULL};

/* --- what a call may also say --- */

/* clang-format off */
static const struct provider_field go_fast = OPTION_ROW(
    BOOL, "go_fast", "Faster", "加速",
    "A quicker, less exact way to run the model.", "以更快但略不精确的方式运行。", .fallback = "");
static const struct provider_field prompt_strength = OPTION_ROW(
    DOUBLE, "prompt_strength", "Change", "重绘幅度",
    "Of a picture that goes in: near 0 keeps it, 1 draws it anew.", "对参考图：接近 0 保持原图，1 完全重绘。", .max = 1);
static const struct provider_field raw = OPTION_ROW(
    BOOL, "raw", "Less processed", "原始质感",
    "A more natural look.", "画面更自然，后期处理更少。", .fallback = "");
static const struct provider_field image_prompt_strength = OPTION_ROW(
    DOUBLE, "image_prompt_strength", "Weight of the picture", "参考图权重",
    "How much the reference counts beside the prompt; 0.1 by itself.", "参考图相对提示词的权重，默认 0.1。", .max = 1);
#define LIST static const struct provider_field *const
LIST with_fast[] = {&go_fast, NULL};
LIST with_fast_change[] = {&go_fast, &prompt_strength, NULL};
LIST with_raw[] = {&raw, &image_prompt_strength, NULL};
LIST with_change[] = {&prompt_strength, NULL};
LIST options_schnell[] = {&go_fast, &queue_option_checker, NULL};
LIST options_dev[] = {&go_fast, &prompt_strength, &queue_option_checker, NULL};
LIST options_pro[] = {&queue_option_rewriting, &queue_option_tolerance, NULL};
LIST options_ultra[] = {&raw, &image_prompt_strength, &queue_option_tolerance, NULL};
LIST options_tolerance[] = {&queue_option_tolerance, NULL};
LIST options_checked[] = {&queue_option_checker, NULL};
/* clang-format on */

/* --- forms --- */

#define RATIO(list) .size = QUEUE_SIZE_RATIO, .size_name = "aspect_ratio", .ratios = (list)
#define PAIR(custom_name) .size = QUEUE_SIZE_PAIR, .size_name = (custom_name)
#define OUTPUT .format = "output_format", .jpeg = "jpg"
#define QUALITY .compression = "output_quality"
#define TOLERANCE(max) .tolerance = "safety_tolerance", .tolerance_min = 1, .tolerance_max = (max)
#define REWRITER .rewriter = "prompt_upsampling"
#define STEPS .steps = "num_inference_steps", .scale = "guidance"

#define FLUX                                                                                       \
    RATIO(ratios_flux), OUTPUT, QUALITY, .count = "num_outputs", .seed = "seed",                   \
                                         .unchecker = "disable_safety_checker"
static const struct queue_form schnell = {FLUX, .steps = "num_inference_steps",
                                          .extras = with_fast};
static const struct queue_form dev = {FLUX, STEPS, .extras = with_fast};
static const struct queue_form dev_from = {
    .image = "image", FLUX, STEPS, .extras = with_fast_change};
static const struct queue_form flux_11 = {.image = "image_prompt",
                                          PAIR("aspect_ratio"),
                                          OUTPUT,
                                          QUALITY,
                                          .seed = "seed",
                                          TOLERANCE(6),
                                          REWRITER};
static const struct queue_form ultra = {.image = "image_prompt",
                                        RATIO(ratios_flux),
                                        OUTPUT,
                                        .seed = "seed",
                                        TOLERANCE(6),
                                        .extras = with_raw};
static const struct queue_form kontext = {
    .image = "input_image", RATIO(ratios_flux), OUTPUT, .seed = "seed", TOLERANCE(6), REWRITER};
static const struct queue_form fill = {.image = "image",
                                       .mask = "mask",
                                       OUTPUT,
                                       .seed = "seed",
                                       .steps = "steps",
                                       .scale = "guidance",
                                       TOLERANCE(6),
                                       REWRITER};
static const struct queue_form flux_2 = {
    .images = "input_images", PAIR("aspect_ratio"), OUTPUT, QUALITY, .seed = "seed", TOLERANCE(5)};
static const struct queue_form flux_2_flex = {.images = "input_images",
                                              PAIR("aspect_ratio"),
                                              OUTPUT,
                                              QUALITY,
                                              .seed = "seed",
                                              TOLERANCE(5),
                                              REWRITER,
                                              .steps = "steps",
                                              .scale = "guidance"};
static const struct queue_form banana = {.images = "image_input", RATIO(ratios_gemini), OUTPUT};
static const struct queue_form seedream = {.images = "image_input", PAIR("size")};
static const struct queue_form qwen = {.image = "image",
                                       RATIO(ratios_qwen),
                                       OUTPUT,
                                       QUALITY,
                                       STEPS,
                                       .seed = "seed",
                                       .negative = "negative_prompt",
                                       .unchecker = "disable_safety_checker"};
static const struct queue_form sd35 = {.image = "image",
                                       RATIO(ratios_flux),
                                       OUTPUT,
                                       QUALITY,
                                       .seed = "seed",
                                       .steps = "steps",
                                       .scale = "cfg",
                                       .negative = "negative_prompt",
                                       .extras = with_change};

/* The commonest names, of models that are not here. */
static const struct queue_form usual = {.image = "image",
                                        .images = "image_input",
                                        .mask = "mask",
                                        .size = QUEUE_SIZE_PAIR,
                                        OUTPUT,
                                        QUALITY,
                                        .count = "num_outputs",
                                        .seed = "seed",
                                        .steps = "num_inference_steps",
                                        .scale = "guidance_scale",
                                        .negative = "negative_prompt",
                                        .quality = "quality",
                                        .background = "background",
                                        .unchecker = "disable_safety_checker"};
static const struct queue_row row_usual = {
    .generate = {.form = &usual}, .edit = {.form = &usual}, .mask = {.form = &usual}};

const struct queue_row *replicate_row_default(struct str model)
{
    (void)model;
    return &row_usual;
}

/* --- models --- */

#define MODEL(wire_name, shown_name, price)                                                        \
    .is_known = true, .currency = "USD", .price_as_of = AS_OF, .price_micro = (price),             \
    .name = TEXT(wire_name), .label = TEXT(shown_name)
#define BOTH .can_generate = true, .can_edit = true

/* Laid out by hand: clang-format 14 dies of it. */
/* clang-format off */
const struct provider_model replicate_models[REPLICATE_MODEL_COUNT] = {
    {MODEL("black-forest-labs/flux-schnell", "FLUX.1 schnell", 3000),
     .options = options_schnell, .can_generate = true,
     .has_seed = true, .has_steps = true, .count_max = 4, .sizes = sizes_flux,
     .formats = formats_three},
    {MODEL("black-forest-labs/flux-dev", "FLUX.1 dev", 25000),
     .options = options_dev, BOTH, .has_seed = true,
     .has_steps = true, .has_scale = true, .references_max = 1, .count_max = 4, .sizes = sizes_flux,
     .formats = formats_three},
    {MODEL("black-forest-labs/flux-1.1-pro", "FLUX 1.1 pro", 40000),
     .options = options_pro, BOTH, .has_seed = true,
     .references_max = 1, .count_max = 1, .side_px_min = 256, .side_px_max = 1440,
     .side_px_step = 32, .formats = formats_three},
    {MODEL("black-forest-labs/flux-1.1-pro-ultra", "FLUX 1.1 pro ultra", -1),
     .options = options_ultra, BOTH,
     .has_seed = true, .references_max = 1, .count_max = 1, .sizes = sizes_flux,
     .formats = formats_two},
    {MODEL("black-forest-labs/flux-kontext-pro", "FLUX.1 Kontext pro", -1),
     .options = options_pro, BOTH, .has_seed = true,
     .references_max = 1, .count_max = 1, .sizes = sizes_flux, .formats = formats_two},
    {MODEL("black-forest-labs/flux-fill-pro", "FLUX.1 Fill pro", -1),
     .options = options_pro, .can_edit = true,
     .can_mask = true, .has_seed = true, .has_steps = true, .has_scale = true, .references_max = 1,
     .count_max = 1, .formats = formats_two},
    {MODEL("black-forest-labs/flux-2-pro", "FLUX.2 pro", -1),
     .options = options_tolerance, BOTH, .has_seed = true,
     .references_max = 8, .count_max = 1, .side_px_min = 256, .side_px_max = 2048,
     .side_px_step = 16, .formats = formats_three},
    {MODEL("black-forest-labs/flux-2-flex", "FLUX.2 flex", -1),
     .options = options_pro, BOTH, .has_seed = true,
     .has_steps = true, .has_scale = true, .references_max = 10, .count_max = 1, .side_px_min = 256,
     .side_px_max = 2048, .side_px_step = 32, .formats = formats_three},
    {MODEL("google/nano-banana", "Nano Banana", -1), BOTH, .references_max = 3, .count_max = 1,
     .sizes = sizes_gemini, .formats = formats_two},
    {MODEL("bytedance/seedream-4", "Seedream 4.0", -1), BOTH, .references_max = 10, .count_max = 1,
     .side_px_min = 1024, .side_px_max = 4096},
    {MODEL("qwen/qwen-image", "Qwen Image", -1),
     .options = options_checked, BOTH, .has_seed = true, .has_steps = true,
     .has_scale = true, .has_negative = true, .references_max = 1, .count_max = 1,
     .sizes = sizes_qwen, .formats = formats_three},
    {MODEL("stability-ai/stable-diffusion-3.5-large", "Stable Diffusion 3.5 large", -1),
     .options = with_change, BOTH,
     .has_seed = true, .has_steps = true, .has_scale = true, .has_negative = true,
     .references_max = 1, .count_max = 1, .sizes = sizes_flux, .formats = formats_three},
};
/* clang-format on */

const struct provider_model replicate_model_default = {
    .options = options_checked,
    BOTH,
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

#define SAME(form) .generate = {&(form), NULL}, .edit = {&(form), NULL}

/* Laid out by hand: clang-format 14 dies of it. */
/* clang-format off */
const struct queue_row replicate_rows[REPLICATE_MODEL_COUNT] = {
    {.model = "black-forest-labs/flux-schnell", .generate = {&schnell, NULL}},
    {.model = "black-forest-labs/flux-dev", .generate = {&dev, NULL}, .edit = {&dev_from, NULL}},
    {.model = "black-forest-labs/flux-1.1-pro", SAME(flux_11)},
    {.model = "black-forest-labs/flux-1.1-pro-ultra", SAME(ultra)},
    {.model = "black-forest-labs/flux-kontext-pro", SAME(kontext)},
    {.model = "black-forest-labs/flux-fill-pro", .mask = {&fill, NULL}},
    {.model = "black-forest-labs/flux-2-pro", SAME(flux_2)},
    {.model = "black-forest-labs/flux-2-flex", SAME(flux_2_flex)},
    {.model = "google/nano-banana", SAME(banana)},
    {.model = "bytedance/seedream-4", SAME(seedream)},
    {.model = "qwen/qwen-image", SAME(qwen)},
    {.model = "stability-ai/stable-diffusion-3.5-large", SAME(sd35)},
};
/* clang-format on */
