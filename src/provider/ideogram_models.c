/*
 * provider/ideogram_models.c: Ideogram's models as data: facts 6.8 and 8.3, read 2026-11-22.
 *
 * In doubt: the facts give prices of "4.x" by speed (TURBO, DEFAULT, QUALITY) and not by 4.5's
 * qualities; low, medium and high are taken for them.  They give none for precise edits.  The pixel
 * sizes of version 3 are those its documentation lists for each aspect ratio, from general
 * knowledge; what is sent is the ratio, which the facts have.  Presets have no list in the facts:
 * the service says which it does not know.
 */
#include "provider/ideogram_private.h"

#include <stdio.h>

#define AS_OF "2026-11-22"
#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }

static const struct {
    const char *size, *aspect;
} aspects[] = {
    {"1024x1024", "1x1"  },
    {"1312x736",  "16x9" },
    {"736x1312",  "9x16" },
    {"1152x864",  "4x3"  },
    {"864x1152",  "3x4"  },
    {"1248x832",  "3x2"  },
    {"832x1248",  "2x3"  },
    {"1280x800",  "16x10"},
    {"800x1280",  "10x16"},
    {"1120x896",  "5x4"  },
    {"896x1120",  "4x5"  },
    {"1408x704",  "2x1"  },
    {"704x1408",  "1x2"  },
    {"1536x512",  "3x1"  },
    {"512x1536",  "1x3"  },
};
static const char *const sizes_v3[] = {
    "1024x1024", "1312x736", "736x1312", "1152x864", "864x1152", "1248x832", "832x1248", "1280x800",
    "800x1280",  "1120x896", "896x1120", "1408x704", "704x1408", "1536x512", "512x1536", NULL};

static const char *const qualities_v2[] = {"very_low", "low", "medium", "high", NULL};
static const char *const qualities_v4[] = {"TURBO", "DEFAULT", "QUALITY", NULL};
static const char *const qualities_v3[] = {"FLASH", "TURBO", "DEFAULT", "QUALITY", NULL};

static const struct ideogram_price prices_v2[] = {
    {"very_low", 30000 }, /* not dearer than low */
    {"low",      30000 },
    {"medium",   60000 },
    {"high",     100000},
    {NULL,       -1    },
};
static const struct ideogram_price prices_v4[] = {
    {"TURBO",   30000 },
    {"DEFAULT", 60000 },
    {"QUALITY", 100000},
    {NULL,      -1    },
};
static const struct ideogram_price prices_v3[] = {
    {"FLASH",   30000},
    {"TURBO",   30000},
    {"DEFAULT", 60000},
    {"QUALITY", 90000},
    {NULL,      -1   },
};

/* A picture with a character's picture beside it; FLASH is not in the facts. */
static const struct ideogram_price prices_character[] = {
    {"TURBO",   100000},
    {"DEFAULT", 150000},
    {"QUALITY", 200000},
    {NULL,      -1    },
};

/* --- what a call may also say (facts 6.8) --- */

static const char *const magic_prompts[] = {"auto", "on", "off", NULL};
static const char *const style_types[] = {"auto",   "general", "realistic",
                                          "design", "fiction", NULL};
static const char *const reference_uses[] = {"remix", "style", "character", NULL};

/* clang-format off: version 14 dies of it */
static const struct provider_field option_magic =
    OPTION_ROW(CHOICE, "magic_prompt", "Prompt rewriting", "提示词改写",
               "Whether Ideogram writes the prompt anew before it draws.",
               "绘图前是否由 Ideogram 改写提示词。", .choices = magic_prompts);
static const struct provider_field option_copyright =
    OPTION_ROW(BOOL, "enable_copyright_detection", "Copyright check", "版权检测",
               "Ideogram looks for protected works in what it made.",
               "由 Ideogram 检测成图中是否含受版权保护的内容。", .fallback = "");
static const struct provider_field option_weight =
    OPTION_ROW(INT, "image_weight", "Weight of the picture", "原图权重",
               "Of a remix: 1 keeps little of the picture, 100 nearly everything.",
               "重绘时：1 几乎不保留原图，100 几乎全部保留。", .min = 1, .max = 100);
static const struct provider_field option_style = OPTION_ROW(
    CHOICE, "style_type", "Style", "风格", "Not together with style codes or style references.",
    "不能与风格代码或风格参考图同时使用。", .choices = style_types);
static const struct provider_field option_preset =
    OPTION_ROW(TEXT, "style_preset", "Style preset", "风格预设",
               "A preset's name as Ideogram has it.", "Ideogram 的预设名称。", .max = 60);
static const struct provider_field option_codes =
    OPTION_ROW(TEXT, "style_codes", "Style code", "风格代码",
               "Eight hexadecimal digits; not together with a style or references.",
               "8 位十六进制；不能与风格或参考图同时使用。", .max = 8);
static const struct provider_field option_palette =
    OPTION_ROW(TEXT, "color_palette", "Colours", "配色",
               "Up to 8 colours such as #1a5fb4, with spaces between.",
               "最多 8 种颜色，如 #1a5fb4，以空格分隔。", .max = 100);
static const struct provider_field option_use =
    OPTION_ROW(CHOICE, "reference_use", "Use of reference pictures", "参考图用途",
               "Remix: the first is changed. Style: all give the look. Character: one shows who is "
               "drawn, at a higher price.",
               "重绘：修改第一张；风格：全部用作风格参考；人物：一张作为人物参考，价格更高。",
               .choices = reference_uses);

static const struct provider_field *const options_v2[] = {&option_magic, &option_copyright, NULL};
static const struct provider_field *const options_v4[] = {&option_weight, NULL};
static const struct provider_field *const options_v3[] = {
    &option_magic,   &option_style, &option_preset, &option_codes,
    &option_palette, &option_use,   &option_weight, NULL};
static const struct provider_field *const options_background[] = {&option_magic, NULL};
/* clang-format on */

/* Side by side with ideogram_models[]. */
static const struct ideogram_route routes[IDEOGRAM_MODEL_COUNT] = {
    {IDEOGRAM_V2,         prices_v2},
    {IDEOGRAM_PRECISE,    NULL     },
    {IDEOGRAM_V4,         prices_v4},
    {IDEOGRAM_V3,         prices_v3},
    {IDEOGRAM_REFRAME,    prices_v3},
    {IDEOGRAM_BACKGROUND, prices_v3},
};
static const struct ideogram_route route_default = {IDEOGRAM_V2, NULL};

#define IN_USD .is_known = true, .currency = "USD", .price_as_of = AS_OF
#define QUALITIES_V3 .qualities = qualities_v3, .quality_default = "DEFAULT", .price_micro = 60000

/* clang-format off: version 14 dies of it */
const struct provider_model ideogram_models[IDEOGRAM_MODEL_COUNT] = {
    {
     IN_USD,                .name = TEXT("ideogram-4-5"),
     .options = options_v2,
     .label = TEXT("Ideogram 4.5"),
     .can_generate = true,
     .can_edit = true,
     .can_mask = true,
     .has_seed = true,
     .references_max = 5,
     .count_max = 8,
     .qualities = qualities_v2,
     .quality_default = "medium",
     .price_micro = 60000,
     },
    {
     IN_USD,        .name = TEXT("ideogram-4-5-precise-edit"),
     .label = TEXT("Ideogram 4.5, precise edit"),
     .can_edit = true,
     .can_mask = true,
     .references_max = 5,
     .count_max = 1,
     .price_micro = -1,
     },
    {
     IN_USD,      .name = TEXT("ideogram-v4"),
     .options = options_v4,
     .label = TEXT("Ideogram 4"),
     .can_generate = true,
     .can_edit = true,
     .references_max = 1,
     .count_max = 1,
     .qualities = qualities_v4,
     .quality_default = "DEFAULT",
     .price_micro = 60000,
     },
    {
     IN_USD, QUALITIES_V3,
     .options = options_v3,
     .name = TEXT("ideogram-v3"),
     .label = TEXT("Ideogram 3"),
     .can_generate = true,
     .can_edit = true,
     .can_mask = true,
     .has_seed = true,
     .has_negative = true,
     .has_transparency = true,
     .references_max = 4,
     .count_max = 8,
     .sizes = sizes_v3,
     },
    {
     IN_USD,                     QUALITIES_V3,
     .name = TEXT("ideogram-v3-reframe"),
     .label = TEXT("Ideogram 3, reframe (to a size, without a prompt)"),
     .can_edit = true,
     .has_seed = true,
     .references_max = 1,
     .count_max = 8,
     .sizes = sizes_v3,
     },
    {
     IN_USD,      QUALITIES_V3,
     .options = options_background,
     .name = TEXT("ideogram-v3-replace-background"),
     .label = TEXT("Ideogram 3, replace background"),
     .can_edit = true,
     .has_seed = true,
     .references_max = 1,
     .count_max = 8,
     },
};
/* clang-format on */

/* Anything may be asked of a model we do not know; the server says what it cannot do. */
const struct provider_model ideogram_model_default = {
    .can_generate = true,
    .can_edit = true,
    .can_mask = true,
    .has_seed = true,
    .references_max = 5,
    .count_max = 8,
    .qualities = qualities_v2,
    .price_micro = -1,
    .options = options_v2,
};

const struct ideogram_route *ideogram_route_find(struct str model)
{
    for (size_t i = 0; i < IDEOGRAM_MODEL_COUNT; i++)
        if (str_equal(model, ideogram_models[i].name))
            return &routes[i];
    return &route_default;
}

const char *ideogram_aspect_find(int64_t width_px, int64_t height_px)
{
    char size[48];

    (void)snprintf(size, sizeof size, "%lldx%lld", (long long)width_px, (long long)height_px);
    for (size_t i = 0; i < COUNT(aspects); i++)
        if (str_equal(str_of(aspects[i].size), str_of(size)))
            return aspects[i].aspect;
    return NULL;
}

enum ideogram_use ideogram_use_of(const struct provider_request *request)
{
    const struct provider_setting *setting = request_setting(request, "reference_use");

    if (setting == NULL || request->reference_count == 0)
        return IDEOGRAM_REMIX;
    return str_equal(setting->text, STR("style"))       ? IDEOGRAM_STYLE
           : str_equal(setting->text, STR("character")) ? IDEOGRAM_CHARACTER
                                                        : IDEOGRAM_REMIX;
}

int64_t ideogram_price_of(const struct provider_request *request)
{
    const struct ideogram_price *price = ideogram_route_find(request->model)->prices;
    struct provider_model model = provider_model_find(&provider_ideogram, request->model);
    struct str quality =
        request->quality.size > 0 ? request->quality : str_of(model.quality_default);

    if (price != NULL && ideogram_use_of(request) == IDEOGRAM_CHARACTER)
        price = prices_character;
    for (; price != NULL && price->quality != NULL; price++)
        if (str_equal(quality, str_of(price->quality)))
            return price->micro;
    return -1;
}
