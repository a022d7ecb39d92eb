/*
 * provider/stability_models.c: Stability's endpoints as models: facts 6.9, from a guide that was
 * checked against the live API on 2026-07-09 [2ND]; 1 credit is $0.01.
 *
 * Left out, for a request has no place for what they need: outpaint (how far to which side),
 * search-and-replace and search-and-recolor (a second prompt).  In doubt: which of the edits take a
 * seed, and the pixel sizes of the aspect ratios, which are those of about a megapixel, from
 * general knowledge; what is sent is the ratio, which the facts have.
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
    {.path = "/edit/inpaint", .prompt = "prompt", .image = "image", .images_min = 1},
    {.path = "/edit/erase", .image = "image", .images_min = 1},
    {.path = "/edit/remove-background", .image = "image", .images_min = 1},
    {.path = "/edit/replace-background-and-relight", .prompt = "background_prompt",
     .image = "subject_image", .second = "background_reference", .images_min = 1,
     .is_async = true},
    {.path = "/control/sketch", .prompt = "prompt", .image = "image", .images_min = 1,
     .has_control_strength = true},
    {.path = "/control/structure", .prompt = "prompt", .image = "image", .images_min = 1,
     .has_control_strength = true},
    {.path = "/control/style", .prompt = "prompt", .image = "image", .images_min = 1},
    {.path = "/control/style-transfer", .image = "init_image", .second = "style_image",
     .images_min = 2},
    {.path = "/upscale/fast", .image = "image", .images_min = 1},
    {.path = "/upscale/conservative", .prompt = "prompt", .image = "image", .images_min = 1},
    {.path = "/upscale/creative", .prompt = "prompt", .image = "image", .images_min = 1,
     .is_async = true},
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
    {MODEL("core", "Stable Image Core", 30), NEW(formats)},
    {MODEL("ultra", "Stable Image Ultra", 80), NEW(formats), .can_edit = true,
     .references_max = 1},
    {MODEL("sd3.5-large", "Stable Diffusion 3.5 Large", 65), NEW(formats_sd3), .can_edit = true,
     .references_max = 1, .has_scale = true},
    {MODEL("sd3.5-large-turbo", "Stable Diffusion 3.5 Large Turbo", 40), NEW(formats_sd3),
     .can_edit = true, .references_max = 1, .has_scale = true},
    {MODEL("sd3.5-medium", "Stable Diffusion 3.5 Medium", 35), NEW(formats_sd3),
     .can_edit = true, .references_max = 1, .has_scale = true},
    {MODEL("sd3.5-flash", "Stable Diffusion 3.5 Flash", 25), NEW(formats_sd3), .can_edit = true,
     .references_max = 1, .has_scale = true},
    {MODEL("inpaint", "Inpaint", 50), EDIT(formats), .can_mask = true, .has_seed = true,
     .has_negative = true},
    {MODEL("erase", "Erase (without a prompt)", 50), EDIT(formats), .can_mask = true,
     .has_seed = true},
    {MODEL("remove-background", "Remove background (without a prompt)", 50),
     EDIT(formats_alpha), .has_transparency = true},
    {MODEL("replace-background-and-relight", "Replace background and relight", 80),
     .can_edit = true, .references_max = 2, .sizes = no_sizes, .formats = formats,
     .has_seed = true},
    {MODEL("sketch", "From a sketch", 50), EDIT(formats), .has_seed = true},
    {MODEL("structure", "Keep the structure", 50), EDIT(formats), .has_seed = true},
    {MODEL("style", "In the style of a picture", 50), EDIT(formats), .has_seed = true},
    {MODEL("style-transfer", "Style transfer (two pictures, without a prompt)", 80),
     .can_edit = true, .references_max = 2, .sizes = no_sizes, .formats = formats,
     .has_seed = true},
    {MODEL("upscale-fast", "Upscale, fast (without a prompt)", 20), EDIT(formats)},
    {MODEL("upscale-conservative", "Upscale, conservative", 400), EDIT(formats),
     .has_seed = true},
    {MODEL("upscale-creative", "Upscale, creative", 600), EDIT(formats), .has_seed = true},
};
/* clang-format on */

const struct provider_model stability_model_default = {
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
