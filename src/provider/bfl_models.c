/*
 * provider/bfl_models.c: the FLUX models of Black Forest Labs and what each calls its inputs: facts
 * 6.1 and 8.3, read 2026-11-22.  One credit is $0.01.  flux-3-image is [2ND] (facts 10.6: fields
 * from client code, price unknown), and so is flux-pro-1.0-expand (facts 10.11; how far a side may
 * go is not in them).  An id that is not here passes through.
 *
 * Never sent: webhook_url and webhook_secret (they need an address of ours that the world reaches),
 * and FLUX 3's version (what it may be is not in the facts).
 */
#include "provider/bfl_private.h"

#define AS_OF "2026-11-22"
#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }

static const char *const formats[] = {"png", "jpeg", NULL};
static const char *const tiers[] = {"1k", "2k", "4k", NULL};
/* Any shape from 21:9 to 9:21 (Kontext: 7:3 to 3:7, which is the same) is taken; these have names.
 */
static const char *const ratios[] = {QUEUE_RATIOS, "9:21", NULL};
static const char *const sizes[] = {QUEUE_SIZES_1K, "672x1536", NULL};
static const char *const sizes_tiers[] = {
    QUEUE_SIZES_1K, "672x1536", QUEUE_SIZES_2K, "1344x3072", QUEUE_SIZES_4K, "2688x6144", NULL};

/* --- what a call may also say --- */

/* clang-format off */
static const struct provider_field grounding = OPTION_ROW(
    BOOL, "grounding", "Look things up", "联网参考",
    "FLUX 3 may look at the web before it draws.", "允许 FLUX 3 作图前联网查找。", .fallback = "");
static const struct provider_field raw = OPTION_ROW(
    BOOL, "raw", "Less processed", "原始质感",
    "A more natural look.", "画面更自然，后期处理更少。", .fallback = "");
static const struct provider_field prompt_strength = OPTION_ROW(
    DOUBLE, "image_prompt_strength", "Weight of the picture", "参考图权重",
    "How much the reference counts beside the prompt; 0.1 by itself.", "参考图相对提示词的权重，默认 0.1。", .max = 1);
#define SIDE(name, en, zh) OPTION_ROW(                                                             \
    INT, name, en, zh, "Pixels added at this side.", "在这一侧扩展的像素数。", .max = 2048)
static const struct provider_field top = SIDE("top", "Top", "上");
static const struct provider_field bottom = SIDE("bottom", "Bottom", "下");
static const struct provider_field left = SIDE("left", "Left", "左");
static const struct provider_field right = SIDE("right", "Right", "右");
#define LIST static const struct provider_field *const
LIST with_grounding[] = {&grounding, NULL};
LIST with_raw[] = {&raw, &prompt_strength, NULL};
LIST with_sides[] = {&top, &bottom, &left, &right, NULL};
LIST options_3[] = {&grounding, &queue_option_tolerance, NULL};
LIST options_tolerance[] = {&queue_option_tolerance, NULL};
LIST options_rewriting[] = {&queue_option_rewriting, &queue_option_tolerance, NULL};
LIST options_ultra[] = {
    &raw, &prompt_strength, &queue_option_rewriting, &queue_option_tolerance, NULL};
/* clang-format on */

/* --- forms --- */

#define PAIR .size = QUEUE_SIZE_PAIR
#define RATIO .size = QUEUE_SIZE_RATIO, .size_name = "aspect_ratio", .ratios = ratios
#define OUTPUT .seed = "seed", .format = "output_format"
#define TOLERANCE(max) .tolerance = "safety_tolerance", .tolerance_max = (max)
#define NUMBERED .image = "input_image", .is_numbered = true
/* Of steps and guidance as the facts have them; of the service's other models nothing is known. */
#define STEPS(min, max) .steps = "steps", .steps_min = (min), .steps_max = (max)
#define GUIDANCE(min, max) .scale = "guidance", .scale_min = (min), .scale_max = (max)
#define UPSAMPLING .rewriter = "prompt_upsampling"

static const struct queue_form flux_3 = {.images = "images",
                                         RATIO,
                                         .tier_name = "resolution",
                                         .tiers = tiers,
                                         TOLERANCE(4),
                                         .extras = with_grounding};
static const struct queue_form flux_2 = {NUMBERED, PAIR, OUTPUT, TOLERANCE(5),
                                         .unrewriter = "disable_pup"};
static const struct queue_form flux_2_flex = {
    NUMBERED, PAIR, OUTPUT, TOLERANCE(5), STEPS(1, 50), GUIDANCE(1.5, 10), UPSAMPLING};
static const struct queue_form klein = {NUMBERED, PAIR, OUTPUT, TOLERANCE(5)};
static const struct queue_form kontext = {NUMBERED, RATIO, OUTPUT, TOLERANCE(6), UPSAMPLING};
static const struct queue_form flux_11 = {
    .image = "image_prompt", PAIR, OUTPUT, TOLERANCE(6), UPSAMPLING};
static const struct queue_form ultra = {
    .image = "image_prompt", RATIO, OUTPUT, TOLERANCE(6), UPSAMPLING, .extras = with_raw};
static const struct queue_form fill = {.image = "image",
                                       .mask = "mask",
                                       OUTPUT,
                                       TOLERANCE(6),
                                       STEPS(15, 50),
                                       GUIDANCE(1.5, 100),
                                       UPSAMPLING};

static const struct queue_form expand = {.image = "image", .extras = with_sides};

/* The commonest names, of models that are not here. */
static const struct queue_form usual = {
    NUMBERED,         .mask = "mask",      PAIR,      OUTPUT, TOLERANCE(6),
    .steps = "steps", .scale = "guidance", UPSAMPLING};
static const struct queue_form usual_mask = {.image = "image",
                                             .mask = "mask",
                                             OUTPUT,
                                             TOLERANCE(6),
                                             .steps = "steps",
                                             .scale = "guidance",
                                             UPSAMPLING};
static const struct queue_row row_usual = {
    .generate = {.form = &usual}, .edit = {.form = &usual}, .mask = {.form = &usual_mask}};

const struct queue_row *bfl_row_default(struct str model)
{
    (void)model;
    return &row_usual;
}

/* --- models: one picture a request, no negative prompt anywhere --- */

#define MODEL(wire_name, shown_name, price)                                                        \
    .is_known = true, .currency = "USD", .price_as_of = AS_OF, .price_micro = (price),             \
    .name = TEXT(wire_name), .label = TEXT(shown_name), .count_max = 1
#define BOTH .can_generate = true, .can_edit = true
#define FLUX_2                                                                                     \
    BOTH, .has_seed = true, .formats = formats, .side_px_min = 64, .side_px_step = 16,             \
          .pixels_max = 4194304

/* Laid out by hand: clang-format 14 dies of it. */
/* clang-format off */
const struct provider_model bfl_models[BFL_MODEL_COUNT] = {
    {MODEL("flux-3-image", "FLUX 3", -1),
     .options = options_3, BOTH, .references_max = 10, .sizes = sizes_tiers},
    {MODEL("flux-2-max", "FLUX.2 max", 70000),
     .options = options_rewriting, FLUX_2, .references_max = 8},
    {MODEL("flux-2-pro", "FLUX.2 pro", 30000),
     .options = options_rewriting, FLUX_2, .references_max = 8},
    {MODEL("flux-2-pro-preview", "FLUX.2 pro preview", 30000),
     .options = options_rewriting, FLUX_2, .references_max = 8},
    {MODEL("flux-2-flex", "FLUX.2 flex", 50000),
     .options = options_rewriting, FLUX_2, .has_steps = true, .has_scale = true,
     .references_max = 8},
    {MODEL("flux-2-klein-9b", "FLUX.2 klein 9B", 15000),
     .options = options_tolerance, FLUX_2, .references_max = 4},
    {MODEL("flux-2-klein-4b", "FLUX.2 klein 4B", 14000),
     .options = options_tolerance, FLUX_2, .references_max = 4},
    {MODEL("flux-kontext-pro", "FLUX.1 Kontext pro", 40000),
     .options = options_rewriting, BOTH, .has_seed = true,
     .references_max = 4, .sizes = sizes, .formats = formats},
    {MODEL("flux-kontext-max", "FLUX.1 Kontext max", 80000),
     .options = options_rewriting, BOTH, .has_seed = true,
     .references_max = 4, .sizes = sizes, .formats = formats},
    {MODEL("flux-pro-1.1", "FLUX 1.1 pro", 40000),
     .options = options_rewriting, BOTH, .has_seed = true, .references_max = 1,
     .side_px_min = 256, .side_px_max = 1440, .side_px_step = 32, .formats = formats},
    {MODEL("flux-pro-1.1-ultra", "FLUX 1.1 pro ultra", 60000),
     .options = options_ultra, BOTH, .has_seed = true,
     .references_max = 1, .sizes = sizes, .formats = formats},
    {MODEL("flux-pro-1.0-fill", "FLUX.1 Fill pro", -1),
     .options = options_rewriting, .can_edit = true, .can_mask = true,
     .has_seed = true, .has_steps = true, .has_scale = true, .references_max = 1,
     .formats = formats},
    {MODEL("flux-pro-1.0-expand", "FLUX.1 Expand pro", -1), .can_edit = true,
     .references_max = 1, .options = with_sides},
};
/* clang-format on */

const struct provider_model bfl_model_default = {
    .options = options_rewriting,
    BOTH,
    .can_mask = true,
    .has_seed = true,
    .has_steps = true,
    .has_scale = true,
    .references_max = 10,
    .count_max = 1,
    .price_micro = -1,
};

#define SAME(form) .generate = {&(form), NULL}, .edit = {&(form), NULL}
/* The first megapixel, each further one; each that goes in costs the same as that. */
#define PRICE(first, further)                                                                      \
    .first_micro = (first), .further_micro = (further), .input_micro = (further)

/* Laid out by hand: clang-format 14 dies of it. */
/* clang-format off */
const struct queue_row bfl_rows[BFL_MODEL_COUNT] = {
    {.model = "flux-3-image", SAME(flux_3)},
    {.model = "flux-2-max", SAME(flux_2), PRICE(70000, 30000)},
    {.model = "flux-2-pro", SAME(flux_2), PRICE(30000, 15000)},
    {.model = "flux-2-pro-preview", SAME(flux_2), PRICE(30000, 15000)},
    {.model = "flux-2-flex", SAME(flux_2_flex), PRICE(50000, 50000)},
    {.model = "flux-2-klein-9b", SAME(klein), PRICE(15000, 2000)},
    {.model = "flux-2-klein-4b", SAME(klein), PRICE(14000, 1000)},
    {.model = "flux-kontext-pro", SAME(kontext)},
    {.model = "flux-kontext-max", SAME(kontext)},
    {.model = "flux-pro-1.1", SAME(flux_11)},
    {.model = "flux-pro-1.1-ultra", SAME(ultra)},
    {.model = "flux-pro-1.0-fill", .mask = {&fill, NULL}},
    {.model = "flux-pro-1.0-expand", .edit = {&expand, NULL}},
};
/* clang-format on */
