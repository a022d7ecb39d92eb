/*
 * provider/comfyui_templates.c: the workflows that come with the kind, in ComfyUI's API format
 * (facts 5).  txt2img is the facts' own.  Of the nodes beyond those that the facts list
 * (ImageScale, RepeatLatentBatch, LoadImageMask, FluxGuidance, EmptySD3LatentImage) the inputs are
 * those of ComfyUI's nodes.py and of its published Flux example, from general knowledge: no server
 * was asked.  Should one differ, its node_errors name node and input.
 */
#include "provider/comfyui_private.h"

#define AS_OF "2026-11-22"
#define TEXT(literal)                                                                              \
    {                                                                                              \
        .data = (literal), .size = sizeof(literal) - 1                                             \
    }

/* JSON as it stands: the preprocessor quotes it. */
#define GRAPH(...) #__VA_ARGS__

/* clang-format off */
static const char txt2img[] = GRAPH({
  "ckpt": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "%model%"}},
  "pos": {"class_type": "CLIPTextEncode", "inputs": {"text": "%prompt%", "clip": ["ckpt", 1]}},
  "neg": {"class_type": "CLIPTextEncode", "inputs": {"text": "%negative%", "clip": ["ckpt", 1]}},
  "lat": {"class_type": "EmptyLatentImage", "inputs": {
    "width": "%width%", "height": "%height%", "batch_size": "%count%"}},
  "smp": {"class_type": "KSampler", "inputs": {
    "model": ["ckpt", 0], "positive": ["pos", 0], "negative": ["neg", 0],
    "latent_image": ["lat", 0], "seed": "%seed%", "steps": "%steps%", "cfg": "%cfg%",
    "sampler_name": "%sampler%", "scheduler": "%scheduler%", "denoise": 1.0}},
  "dec": {"class_type": "VAEDecode", "inputs": {"samples": ["smp", 0], "vae": ["ckpt", 2]}},
  "out": {"class_type": "SaveImage", "inputs": {
    "images": ["dec", 0], "filename_prefix": "vitrine"}}
});

/* ImageScale with 0 x 0 hands the picture on as it is. */
static const char img2img[] = GRAPH({
  "ckpt": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "%model%"}},
  "pos": {"class_type": "CLIPTextEncode", "inputs": {"text": "%prompt%", "clip": ["ckpt", 1]}},
  "neg": {"class_type": "CLIPTextEncode", "inputs": {"text": "%negative%", "clip": ["ckpt", 1]}},
  "img": {"class_type": "LoadImage", "inputs": {"image": "%image%"}},
  "fit": {"class_type": "ImageScale", "inputs": {
    "image": ["img", 0], "upscale_method": "lanczos", "width": "%width%", "height": "%height%",
    "crop": "center"}},
  "enc": {"class_type": "VAEEncode", "inputs": {"pixels": ["fit", 0], "vae": ["ckpt", 2]}},
  "lat": {"class_type": "RepeatLatentBatch", "inputs": {
    "samples": ["enc", 0], "amount": "%count%"}},
  "smp": {"class_type": "KSampler", "inputs": {
    "model": ["ckpt", 0], "positive": ["pos", 0], "negative": ["neg", 0],
    "latent_image": ["lat", 0], "seed": "%seed%", "steps": "%steps%", "cfg": "%cfg%",
    "sampler_name": "%sampler%", "scheduler": "%scheduler%", "denoise": "%denoise%"}},
  "dec": {"class_type": "VAEDecode", "inputs": {"samples": ["smp", 0], "vae": ["ckpt", 2]}},
  "out": {"class_type": "SaveImage", "inputs": {
    "images": ["dec", 0], "filename_prefix": "vitrine"}}
});

/* The mask is white where the picture changes: channel value 1 (facts 6.11). */
static const char inpaint[] = GRAPH({
  "ckpt": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "%model%"}},
  "pos": {"class_type": "CLIPTextEncode", "inputs": {"text": "%prompt%", "clip": ["ckpt", 1]}},
  "neg": {"class_type": "CLIPTextEncode", "inputs": {"text": "%negative%", "clip": ["ckpt", 1]}},
  "img": {"class_type": "LoadImage", "inputs": {"image": "%image%"}},
  "msk": {"class_type": "LoadImageMask", "inputs": {"image": "%mask%", "channel": "red"}},
  "enc": {"class_type": "VAEEncodeForInpaint", "inputs": {
    "pixels": ["img", 0], "vae": ["ckpt", 2], "mask": ["msk", 0], "grow_mask_by": 6}},
  "lat": {"class_type": "RepeatLatentBatch", "inputs": {
    "samples": ["enc", 0], "amount": "%count%"}},
  "smp": {"class_type": "KSampler", "inputs": {
    "model": ["ckpt", 0], "positive": ["pos", 0], "negative": ["neg", 0],
    "latent_image": ["lat", 0], "seed": "%seed%", "steps": "%steps%", "cfg": "%cfg%",
    "sampler_name": "%sampler%", "scheduler": "%scheduler%", "denoise": 1.0}},
  "dec": {"class_type": "VAEDecode", "inputs": {"samples": ["smp", 0], "vae": ["ckpt", 2]}},
  "out": {"class_type": "SaveImage", "inputs": {
    "images": ["dec", 0], "filename_prefix": "vitrine"}}
});

/* FLUX.1 takes its guidance as conditioning and no negative prompt: cfg stays 1. */
static const char flux[] = GRAPH({
  "ckpt": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "%model%"}},
  "pos": {"class_type": "CLIPTextEncode", "inputs": {"text": "%prompt%", "clip": ["ckpt", 1]}},
  "neg": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["ckpt", 1]}},
  "gui": {"class_type": "FluxGuidance", "inputs": {
    "conditioning": ["pos", 0], "guidance": "%cfg%"}},
  "lat": {"class_type": "EmptySD3LatentImage", "inputs": {
    "width": "%width%", "height": "%height%", "batch_size": "%count%"}},
  "smp": {"class_type": "KSampler", "inputs": {
    "model": ["ckpt", 0], "positive": ["gui", 0], "negative": ["neg", 0],
    "latent_image": ["lat", 0], "seed": "%seed%", "steps": "%steps%", "cfg": 1.0,
    "sampler_name": "%sampler%", "scheduler": "%scheduler%", "denoise": 1.0}},
  "dec": {"class_type": "VAEDecode", "inputs": {"samples": ["smp", 0], "vae": ["ckpt", 2]}},
  "out": {"class_type": "SaveImage", "inputs": {
    "images": ["dec", 0], "filename_prefix": "vitrine"}}
});
/* clang-format on */

#define SD_DEFAULTS .steps = 20, .cfg = 7, .sampler = "euler", .scheduler = "normal"
#define FLUX_DEFAULTS .steps = 20, .cfg = 3.5, .sampler = "euler", .scheduler = "simple"

const struct comfyui_template comfyui_templates[] = {
    {SD_DEFAULTS,   .name = "txt2img", .graph = txt2img, .side_px = 1024                  },
    {SD_DEFAULTS,   .name = "img2img", .graph = img2img                                   },
    {SD_DEFAULTS,   .name = "inpaint", .graph = inpaint                                   },
    {FLUX_DEFAULTS, .name = "flux",    .graph = flux,    .side_px = 1024, .family = "flux"},
};
const size_t comfyui_template_count = COUNT(comfyui_templates);

const struct comfyui_template comfyui_template_own = {SD_DEFAULTS, .name = "", .side_px = 1024};

const struct comfyui_template *comfyui_template_find(struct str name)
{
    for (size_t i = 0; i < COUNT(comfyui_templates); i++)
        if (str_equal(name, str_of(comfyui_templates[i].name)))
            return &comfyui_templates[i];
    return NULL;
}

/* As they are while the server was not asked what it has (comfyui_offer.c): it refuses by itself,
 * for nothing, what it does not know (value_not_in_list). */
const struct comfyui_option comfyui_options[COMFYUI_OPTION_COUNT] = {
    {COMFYUI_SAMPLER,
     {.name = "sampler",
      .type = PROVIDER_FIELD_TEXT,
      .label_en = "Sampler",
      .label_zh = "采样器",
      .help_en = "As the server names it, such as euler, dpmpp_2m or uni_pc. Which there are is read "
                 "when the provider is tested.",
      .help_zh = "服务器上的名称，例如 euler、dpmpp_2m、uni_pc；测试该服务商时会读取全部可选值。",
      .max = 100}                                   },
    {COMFYUI_SCHEDULER,
     {.name = "scheduler",
      .type = PROVIDER_FIELD_TEXT,
      .label_en = "Scheduler",
      .label_zh = "调度器",
      .help_en = "As the server names it, such as normal, karras or simple. Which there are is read "
                 "when the provider is tested.",
      .help_zh = "服务器上的名称，例如 normal、karras、simple；测试该服务商时会读取全部可选值。",
      .max = 100}                                 },
    {COMFYUI_DENOISE,
     {.name = "denoise",
      .type = PROVIDER_FIELD_DOUBLE,
      .label_en = "Change",
      .label_zh = "重绘幅度",
      .help_en = "0 keeps the picture as it is, 1 draws it anew.",
      .help_zh = "0 保持原图，1 完全重绘。",
      .max = 1}                                     },
    {COMFYUI_MODEL,
     {.name = "checkpoint",
      .type = PROVIDER_FIELD_TEXT,
      .label_en = "Checkpoint",
      .label_zh = "模型文件",
      .help_en = "A file name in models/checkpoints of the server. Which there are is read when the "
                 "provider is tested.",
      .help_zh = "服务器 models/checkpoints 中的文件名；测试该服务商时会读取全部可选值。",
      .max = 500}                                    },
};
#define SAMPLER &comfyui_options[0].field, &comfyui_options[1].field
static const struct provider_field *const options_drawn[] = {SAMPLER, &comfyui_options[3].field,
                                                             NULL};
static const struct provider_field *const options_changed[] = {
    SAMPLER, &comfyui_options[2].field, &comfyui_options[3].field, NULL};
/* Of a checkpoint named as the model: img2img is among its workflows. */
static const struct provider_field *const options_named[] = {SAMPLER, &comfyui_options[2].field,
                                                             NULL};

/* A server of one's own takes no money, only time. */
#define FREE                                                                                       \
    .count_max = 8, .price_micro = 0, .currency = "USD", .price_as_of = AS_OF, .has_seed = true,   \
    .has_steps = true, .has_scale = true
#define SIDES(step) .side_px_min = 64, .side_px_max = 8192, .side_px_step = (step)

/* clang-format off: version 14 dies of it */
const struct provider_model comfyui_models[COMFYUI_MODEL_COUNT] = {
    {
        FREE, SIDES(8), .is_known = true, .can_generate = true, .has_negative = true,
        .options = options_drawn, .name = TEXT("txt2img"), .label = TEXT("Text to image (SD 1.5, SDXL)"),
    },
    {
        FREE, SIDES(8), .is_known = true, .can_edit = true, .has_negative = true,
        .references_max = 1,
        .options = options_changed, .name = TEXT("img2img"), .label = TEXT("Image to image (SD 1.5, SDXL)"),
    },
    {
        FREE, .is_known = true, .can_edit = true, .can_mask = true, .has_negative = true,
        .references_max = 1,
        .options = options_drawn, .name = TEXT("inpaint"), .label = TEXT("Inpaint (SD 1.5, SDXL)"),
    },
    {
        FREE, SIDES(16), .is_known = true, .can_generate = true,
        .options = options_drawn, .name = TEXT("flux"), .label = TEXT("FLUX.1"),
    },
};
const struct provider_model comfyui_model_own = {FREE, .is_known = true, .is_own = true};
/* clang-format on */

/* Any other id is a checkpoint's file name, worked with the template that fits the request. */
const struct provider_model comfyui_model_default = {
    FREE,
    SIDES(8),
    .can_generate = true,
    .can_edit = true,
    .can_mask = true,
    .has_negative = true,
    .references_max = 1,
    .options = options_named,
};
