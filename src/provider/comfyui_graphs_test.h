/* provider/comfyui_graphs_test.h: workflows as the editor exports them, one of each make: what
 * stands in them is our own. */
#pragma once

/* clang-format off */
#define JSON_TEXT_OF(...) #__VA_ARGS__

static const char graph_sd15[] = JSON_TEXT_OF({
  "3": {"inputs": {"seed": 156680208700286, "steps": 20, "cfg": 8, "sampler_name": "euler", "scheduler": "normal",
    "denoise": 1, "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]},
    "class_type": "KSampler", "_meta": {"title": "KSampler"}},
  "4": {"inputs": {"ckpt_name": "v1-5-pruned-emaonly.safetensors"}, "class_type": "CheckpointLoaderSimple",
    "_meta": {"title": "Load Checkpoint"}},
  "5": {"inputs": {"width": 512, "height": 768, "batch_size": 1}, "class_type": "EmptyLatentImage",
    "_meta": {"title": "Empty Latent Image"}},
  "6": {"inputs": {"text": "a lamp on a desk", "clip": ["4", 1]}, "class_type": "CLIPTextEncode",
    "_meta": {"title": "Positive"}},
  "7": {"inputs": {"text": "text, watermark", "clip": ["4", 1]}, "class_type": "CLIPTextEncode",
    "_meta": {"title": "Negative"}},
  "8": {"inputs": {"samples": ["3", 0], "vae": ["4", 2]}, "class_type": "VAEDecode"},
  "9": {"inputs": {"filename_prefix": "ComfyUI", "images": ["8", 0]}, "class_type": "SaveImage"}
});

/* The base stops at step 20 of 25, the refiner goes on; each has encoders of its own. */
static const char graph_sdxl[] = JSON_TEXT_OF({
  "4": {"inputs": {"ckpt_name": "sd_xl_base_1.0.safetensors"}, "class_type": "CheckpointLoaderSimple"},
  "5": {"inputs": {"width": 1024, "height": 1024, "batch_size": 1}, "class_type": "EmptyLatentImage"},
  "6": {"inputs": {"text": "a green cup", "clip": ["4", 1]}, "class_type": "CLIPTextEncode"},
  "7": {"inputs": {"text": "blurry", "clip": ["4", 1]}, "class_type": "CLIPTextEncode"},
  "10": {"inputs": {"add_noise": "enable", "noise_seed": 721897303308196, "steps": 25, "cfg": 8,
    "sampler_name": "euler", "scheduler": "normal", "start_at_step": 0, "end_at_step": 20,
    "return_with_leftover_noise": "enable", "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0],
    "latent_image": ["5", 0]}, "class_type": "KSamplerAdvanced"},
  "11": {"inputs": {"add_noise": "disable", "noise_seed": 0, "steps": 25, "cfg": 8, "sampler_name": "dpmpp_2m",
    "scheduler": "normal", "start_at_step": 20, "end_at_step": 10000, "return_with_leftover_noise": "disable",
    "model": ["12", 0], "positive": ["15", 0], "negative": ["16", 0], "latent_image": ["10", 0]},
    "class_type": "KSamplerAdvanced"},
  "12": {"inputs": {"ckpt_name": "sd_xl_refiner_1.0.safetensors"}, "class_type": "CheckpointLoaderSimple"},
  "15": {"inputs": {"text": "a green cup", "clip": ["12", 1]}, "class_type": "CLIPTextEncode"},
  "16": {"inputs": {"text": "ugly", "clip": ["12", 1]}, "class_type": "CLIPTextEncode"},
  "17": {"inputs": {"samples": ["11", 0], "vae": ["12", 2]}, "class_type": "VAEDecode"},
  "19": {"inputs": {"filename_prefix": "ComfyUI", "images": ["17", 0]}, "class_type": "SaveImage"}
});

/* All of the sampler in nodes of its own, the side in two of theirs; no negative text. */
static const char graph_flux[] = JSON_TEXT_OF({
  "6": {"inputs": {"text": "a red kettle", "clip": ["11", 0]}, "class_type": "CLIPTextEncode",
    "_meta": {"title": "CLIP Text Encode (Positive Prompt)"}},
  "8": {"inputs": {"samples": ["13", 0], "vae": ["10", 0]}, "class_type": "VAEDecode"},
  "9": {"inputs": {"filename_prefix": "ComfyUI", "images": ["8", 0]}, "class_type": "SaveImage"},
  "10": {"inputs": {"vae_name": "ae.safetensors"}, "class_type": "VAELoader"},
  "11": {"inputs": {"clip_name1": "t5xxl_fp16.safetensors", "clip_name2": "clip_l.safetensors", "type": "flux"},
    "class_type": "DualCLIPLoader"},
  "12": {"inputs": {"unet_name": "flux1-dev.safetensors", "weight_dtype": "default"}, "class_type": "UNETLoader"},
  "13": {"inputs": {"noise": ["25", 0], "guider": ["22", 0], "sampler": ["16", 0], "sigmas": ["17", 0],
    "latent_image": ["27", 0]}, "class_type": "SamplerCustomAdvanced"},
  "16": {"inputs": {"sampler_name": "euler"}, "class_type": "KSamplerSelect"},
  "17": {"inputs": {"scheduler": "simple", "steps": 20, "denoise": 1, "model": ["30", 0]},
    "class_type": "BasicScheduler"},
  "22": {"inputs": {"model": ["30", 0], "conditioning": ["26", 0]}, "class_type": "BasicGuider"},
  "25": {"inputs": {"noise_seed": 219670278747233}, "class_type": "RandomNoise"},
  "26": {"inputs": {"guidance": 3.5, "conditioning": ["6", 0]}, "class_type": "FluxGuidance"},
  "27": {"inputs": {"width": ["41", 0], "height": ["42", 0], "batch_size": 1}, "class_type": "EmptySD3LatentImage"},
  "30": {"inputs": {"max_shift": 1.15, "base_shift": 0.5, "width": 1024, "height": 1024, "model": ["12", 0]},
    "class_type": "ModelSamplingFlux"},
  "41": {"inputs": {"value": 1024}, "class_type": "PrimitiveInt"},
  "42": {"inputs": {"value": 768}, "class_type": "PrimitiveInt"}
});

/* A control net changes both texts; a preview hangs beside what is saved. */
static const char graph_img2img[] = JSON_TEXT_OF({
  "3": {"inputs": {"seed": 5, "steps": 20, "cfg": 8, "sampler_name": "euler", "scheduler": "normal",
    "denoise": 0.87, "model": ["21", 0], "positive": ["20", 0], "negative": ["20", 1], "latent_image": ["12", 0]},
    "class_type": "KSampler"},
  "6": {"inputs": {"text": "a cup of tea", "clip": ["14", 1]}, "class_type": "CLIPTextEncode"},
  "7": {"inputs": {"text": "watermark", "clip": ["14", 1]}, "class_type": "CLIPTextEncode"},
  "8": {"inputs": {"samples": ["3", 0], "vae": ["14", 2]}, "class_type": "VAEDecode"},
  "9": {"inputs": {"filename_prefix": "ComfyUI", "images": ["8", 0]}, "class_type": "SaveImage"},
  "18": {"inputs": {"image": "pose.png"}, "class_type": "LoadImage"},
  "10": {"inputs": {"image": "example.png", "upload": "image"}, "class_type": "LoadImage"},
  "12": {"inputs": {"pixels": ["10", 0], "vae": ["14", 2]}, "class_type": "VAEEncode"},
  "14": {"inputs": {"ckpt_name": "v1-5-pruned-emaonly.safetensors"}, "class_type": "CheckpointLoaderSimple"},
  "19": {"inputs": {"control_net_name": "openpose.safetensors"}, "class_type": "ControlNetLoader"},
  "20": {"inputs": {"strength": 0.8, "start_percent": 0, "end_percent": 1, "positive": ["6", 0],
    "negative": ["7", 0], "control_net": ["19", 0], "image": ["18", 0]}, "class_type": "ControlNetApplyAdvanced"},
  "21": {"inputs": {"lora_name": "tea.safetensors", "strength_model": 1, "strength_clip": 1, "model": ["14", 0],
    "clip": ["14", 1]}, "class_type": "LoraLoader"},
  "22": {"inputs": {"images": ["8", 0]}, "class_type": "PreviewImage"}
});

/* The mask is the picture's own alpha, as the editor's mask tool leaves it. */
static const char graph_inpaint[] = JSON_TEXT_OF({
  "3": {"inputs": {"seed": 5, "steps": 20, "cfg": 8, "sampler_name": "uni_pc_bh2", "scheduler": "normal",
    "denoise": 1, "model": ["29", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["26", 0]},
    "class_type": "KSampler"},
  "6": {"inputs": {"text": "a vase", "clip": ["29", 1]}, "class_type": "CLIPTextEncode"},
  "7": {"inputs": {"text": "watermark", "clip": ["29", 1]}, "class_type": "CLIPTextEncode"},
  "8": {"inputs": {"samples": ["3", 0], "vae": ["29", 2]}, "class_type": "VAEDecode"},
  "9": {"inputs": {"filename_prefix": "ComfyUI", "images": ["8", 0]}, "class_type": "SaveImage"},
  "20": {"inputs": {"image": "shelf.png"}, "class_type": "LoadImage"},
  "26": {"inputs": {"grow_mask_by": 6, "pixels": ["20", 0], "vae": ["29", 2], "mask": ["20", 1]},
    "class_type": "VAEEncodeForInpaint"},
  "29": {"inputs": {"ckpt_name": "512-inpainting-ema.safetensors"}, "class_type": "CheckpointLoaderSimple"}
});
/* clang-format on */
