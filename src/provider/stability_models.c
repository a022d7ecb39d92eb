/*
 * provider/stability_models.c: Stability's endpoints as models: facts 6.9, from a guide that was
 * checked against the live API on 2026-07-09 [2ND]; 1 credit is $0.01.
 *
 * In doubt: which of the edits take a seed; the bounds of creativity, fidelity and of style
 * transfer's strengths, which are taken for 0 to 1 as all others are; and the pixel sizes of the
 * aspect ratios, which are those of about a megapixel, from general knowledge; what is sent is the
 * ratio, which the facts have.
 */
#include "provider/stability_private.h"

#include <stdio.h>

#define AS_OF "2026-11-22"
#define CREDITS(tenths) ((int64_t)(tenths)*1000) /* in micro-units of USD */
#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }

static const struct {
    const char *size, *aspect;
} aspects[] = {
    {"1024x1024", "1:1" },
    {"1344x768",  "16:9"},
    {"768x1344",  "9:16"},
    {"1536x640",  "21:9"},
    {"640x1536",  "9:21"},
    {"1216x832",  "3:2" },
    {"832x1216",  "2:3" },
    {"1152x896",  "5:4" },
    {"896x1152",  "4:5" },
};
static const char *const sizes[] = {"1024x1024", "1344x768", "768x1344", "1536x640", "640x1536",
                                    "1216x832",  "832x1216", "1152x896", "896x1152", NULL};
static const char *const no_sizes[] = {NULL}; /* the picture's own, or the tool's */

static const char *const formats[] = {"png", "jpeg", "webp", NULL};
static const char *const formats_sd3[] = {"png", "jpeg", NULL};
static const char *const formats_alpha[] = {"png", "webp", NULL};

/* --- what a call may also say --- */

/* clang-format off */
static const struct provider_field style_preset = OPTION_ROW(
    TEXT, "style_preset", "Style", "风格预设",
    "Such as photographic, anime or digital-art.", "例如 photographic、anime、digital-art。", .max = 40);
static const struct provider_field strength = OPTION_ROW(
    DOUBLE, "strength", "Change", "重绘幅度",
    "Of a picture that goes in: 0 keeps it, 1 draws it anew.", "对参考图：0 保持原图，1 完全重绘。", .max = 1);
static const struct provider_field control_strength = OPTION_ROW(
    DOUBLE, "control_strength", "Hold", "控制强度",
    "How closely the new picture follows the given one.", "新图遵循参考图的程度。", .max = 1);
static const struct provider_field grow_mask = OPTION_ROW(
    INT, "grow_mask", "Grow the mask", "扩大蒙版",
    "Pixels that the marked area grows by.", "标记区域向外扩大的像素数。", .max = 100);
static const struct provider_field grow_mask_little = OPTION_ROW(
    INT, "grow_mask", "Grow the mask", "扩大蒙版",
    "Pixels that the marked area grows by.", "标记区域向外扩大的像素数。", .max = 20);
static const struct provider_field creativity = OPTION_ROW(
    DOUBLE, "creativity", "Creativity", "创造性",
    "How much may be invented: 0 to 1.", "允许自由发挥的程度，0 到 1。", .max = 1);
static const struct provider_field fidelity = OPTION_ROW(
    DOUBLE, "fidelity", "Likeness of style", "风格相似度",
    "How near to the style of the picture: 0 to 1.", "与参考图风格的接近程度，0 到 1。", .max = 1);
static const struct provider_field search_prompt = OPTION_ROW(
    TEXT, "search_prompt", "What to replace", "要替换的内容",
    "The thing in the picture that the prompt takes the place of.", "图中要被提示词内容替换的物体。",
    .max = 10000, .is_required = true);
static const struct provider_field select_prompt = OPTION_ROW(
    TEXT, "select_prompt", "What to recolour", "要改色的内容",
    "The thing in the picture whose colour changes.", "图中要改变颜色的物体。", .max = 10000, .is_required = true);
static const struct provider_field style_strength = OPTION_ROW(
    DOUBLE, "style_strength", "Strength of style", "风格强度",
    "0 to 1.", "0 到 1。", .max = 1);
static const struct provider_field composition_fidelity = OPTION_ROW(
    DOUBLE, "composition_fidelity", "Keep the composition", "保持构图",
    "0 to 1.", "0 到 1。", .max = 1);
static const struct provider_field change_strength = OPTION_ROW(
    DOUBLE, "change_strength", "Change", "变化幅度",
    "0 to 1.", "0 到 1。", .max = 1);
#define SIDE(name, en, zh) OPTION_ROW(                                                             \
    INT, name, en, zh, "Pixels added at this side; one side at least.",                            \
    "在这一侧扩展的像素数，至少一侧大于 0。", .max = 2000)
static const struct provider_field left = SIDE("left", "Left", "左");
static const struct provider_field right = SIDE("right", "Right", "右");
static const struct provider_field up = SIDE("up", "Up", "上");
static const struct provider_field down = SIDE("down", "Down", "下");
#define LIST static const struct provider_field *const
LIST options_core[] = {&style_preset, NULL};
LIST options_from[] = {&style_preset, &strength, NULL}; /* written by their flags */
LIST options_control[] = {&control_strength, NULL};
LIST extras_inpaint[] = {&grow_mask, NULL};
LIST extras_erase[] = {&grow_mask_little, NULL};
LIST extras_outpaint[] = {&left, &right, &up, &down, &creativity, NULL};
LIST extras_replace[] = {&search_prompt, &grow_mask_little, NULL};
LIST extras_recolor[] = {&select_prompt, &grow_mask_little, NULL};
LIST extras_style[] = {&fidelity, NULL};
LIST extras_transfer[] = {&style_strength, &composition_fidelity, &change_strength, NULL};
LIST extras_upscale[] = {&creativity, NULL};
/* clang-format on */

/* Side by side with stability_models[]. */
#define SD3                                                                                        \
    {                                                                                              \
        .path = "/generate/sd3", .prompt = "prompt", .image = "image", .is_sd3 = true,             \
        .has_strength = true, .has_style = true                                                    \
    }
static const struct stability_route sd3 = SD3;

/* clang-format off: version 14 dies of it */
static const struct stability_route routes[STABILITY_MODEL_COUNT] = {
    {.path = "/generate/core", .prompt = "prompt", .has_style = true},
    {.path = "/generate/ultra", .prompt = "prompt", .image = "image", .has_strength = true,
     .has_style = true},
    SD3, SD3, SD3, SD3,
    {.path = "/edit/inpaint", .prompt = "prompt", .image = "image", .images_min = 1,
     .extras = extras_inpaint},
    {.path = "/edit/erase", .image = "image", .images_min = 1, .extras = extras_erase},
    {.path = "/edit/outpaint", .prompt = "prompt", .image = "image", .images_min = 1,
     .extras = extras_outpaint, .is_outpaint = true},
    {.path = "/edit/search-and-replace", .prompt = "prompt", .image = "image", .images_min = 1,
     .extras = extras_replace, .needs = "search_prompt"},
    {.path = "/edit/search-and-recolor", .prompt = "prompt", .image = "image", .images_min = 1,
     .extras = extras_recolor, .needs = "select_prompt"},
    {.path = "/edit/remove-background", .image = "image", .images_min = 1},
    {.path = "/edit/replace-background-and-relight", .prompt = "background_prompt",
     .image = "subject_image", .second = "background_reference", .images_min = 1,
     .is_async = true},
    {.path = "/control/sketch", .prompt = "prompt", .image = "image", .images_min = 1,
     .has_control_strength = true},
    {.path = "/control/structure", .prompt = "prompt", .image = "image", .images_min = 1,
     .has_control_strength = true},
    {.path = "/control/style", .prompt = "prompt", .image = "image", .images_min = 1,
     .extras = extras_style},
    {.path = "/control/style-transfer", .image = "init_image", .second = "style_image",
     .images_min = 2, .extras = extras_transfer},
    {.path = "/upscale/fast", .image = "image", .images_min = 1},
    {.path = "/upscale/conservative", .prompt = "prompt", .image = "image", .images_min = 1,
     .extras = extras_upscale},
    {.path = "/upscale/creative", .prompt = "prompt", .image = "image", .images_min = 1,
     .is_async = true, .extras = extras_upscale},
};

#define MODEL(wire, shown, tenths)                                                                 \
    .is_known = true, .name = TEXT(wire), .label = TEXT(shown), .count_max = 1,                    \
    .price_micro = CREDITS(tenths), .currency = "USD", .price_as_of = AS_OF
#define NEW(format_list)                                                                           \
    .can_generate = true, .has_seed = true, .has_negative = true, .sizes = sizes,                  \
    .formats = (format_list)
#define EDIT(format_list)                                                                          \
    .can_edit = true, .references_max = 1, .sizes = no_sizes, .formats = (format_list)

const struct provider_model stability_models[STABILITY_MODEL_COUNT] = {
    {MODEL("core", "Stable Image Core", 30), .options = options_core, NEW(formats)},
    {MODEL("ultra", "Stable Image Ultra", 80),
     .options = options_from, NEW(formats), .can_edit = true,
     .references_max = 1},
    {MODEL("sd3.5-large", "Stable Diffusion 3.5 Large", 65),
     .options = options_from, NEW(formats_sd3), .can_edit = true,
     .references_max = 1, .has_scale = true},
    {MODEL("sd3.5-large-turbo", "Stable Diffusion 3.5 Large Turbo", 40),
     .options = options_from, NEW(formats_sd3),
     .can_edit = true, .references_max = 1, .has_scale = true},
    {MODEL("sd3.5-medium", "Stable Diffusion 3.5 Medium", 35),
     .options = options_from, NEW(formats_sd3),
     .can_edit = true, .references_max = 1, .has_scale = true},
    {MODEL("sd3.5-flash", "Stable Diffusion 3.5 Flash", 25),
     .options = options_from, NEW(formats_sd3), .can_edit = true,
     .references_max = 1, .has_scale = true},
    {MODEL("inpaint", "Inpaint", 50),
     .options = extras_inpaint, EDIT(formats), .can_mask = true, .has_seed = true,
     .has_negative = true},
    {MODEL("erase", "Erase (without a prompt)", 50),
     .options = extras_erase, EDIT(formats), .can_mask = true,
     .has_seed = true},
    {MODEL("outpaint", "Outpaint: grow to its sides", 40), .options = extras_outpaint,
     EDIT(formats), .has_seed = true},
    {MODEL("search-and-replace", "Replace what is named", 50), .options = extras_replace,
     EDIT(formats), .has_seed = true, .has_negative = true},
    {MODEL("search-and-recolor", "Recolour what is named", 50), .options = extras_recolor,
     EDIT(formats), .has_seed = true, .has_negative = true},
    {MODEL("remove-background", "Remove background (without a prompt)", 50),
     EDIT(formats_alpha), .has_transparency = true},
    {MODEL("replace-background-and-relight", "Replace background and relight", 80),
     .can_edit = true, .references_max = 2, .sizes = no_sizes, .formats = formats,
     .has_seed = true},
    {MODEL("sketch", "From a sketch", 50),
     .options = options_control, EDIT(formats), .has_seed = true},
    {MODEL("structure", "Keep the structure", 50),
     .options = options_control, EDIT(formats), .has_seed = true},
    {MODEL("style", "In the style of a picture", 50),
     .options = extras_style, EDIT(formats), .has_seed = true},
    {MODEL("style-transfer", "Style transfer (two pictures, without a prompt)", 80),
     .options = extras_transfer,
     .can_edit = true, .references_max = 2, .sizes = no_sizes, .formats = formats,
     .has_seed = true},
    {MODEL("upscale-fast", "Upscale, fast (without a prompt)", 20), EDIT(formats)},
    {MODEL("upscale-conservative", "Upscale, conservative", 400),
     .options = extras_upscale, EDIT(formats),
     .has_seed = true},
    {MODEL("upscale-creative", "Upscale, creative", 600),
     .options = extras_upscale, EDIT(formats), .has_seed = true},
};
/* clang-format on */

const struct provider_model stability_model_default = {
    .options = options_from,
    .can_generate = true,
    .can_edit = true,
    .has_seed = true,
    .has_negative = true,
    .has_scale = true,
    .references_max = 1,
    .count_max = 1,
    .sizes = sizes,
    .formats = formats,
    .price_micro = -1,
};

const struct stability_route *stability_route_find(struct str model)
{
    for (size_t i = 0; i < STABILITY_MODEL_COUNT; i++)
        if (str_equal(model, stability_models[i].name))
            return &routes[i];
    return &sd3;
}

const char *stability_aspect_find(int64_t width_px, int64_t height_px)
{
    char size[48];

    (void)snprintf(size, sizeof size, "%lldx%lld", (long long)width_px, (long long)height_px);
    for (size_t i = 0; i < COUNT(aspects); i++)
        if (str_equal(str_of(aspects[i].size), str_of(size)))
            return aspects[i].aspect;
    return NULL;
}
