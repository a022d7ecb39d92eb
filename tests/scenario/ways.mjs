// The further ways to order at each kind, as rows like those of kinds.mjs: its other endpoints, edits with pictures
// and masks, words, streams, addresses.  Each has what differs from the row it is taken from; beside kinds.mjs':
//   inputs                  {images: how many, isLarge, mask}: what is edited or looked at
//   given                   of the ledger's entry: [pictures, is there a mask], as they arrived
//   says                    the parameter that has the words
//   uploads                 its pictures go there before the order, unpaid
//   cuts                    {early, late, between}: parts of its stream: nothing came, no picture yet, a picture and not the end
//   columns                 those that it is put through
import { KINDS, sum } from "./kinds.mjs";
import { VERSION_OF_PAINT } from "../providers/replicate.mjs";

// What another endpoint may read in its own way; all the rest is the kind's, and proven with its first row.
const ORDERED = ["success", "limited_until", "broken", "unavailable_until", "cut", "reset", "inside"];
const BY_TASK = ["failed", "lost"];
const FETCHED = ["expired", "gone", "cut download"]; // and "busy download": that of the kind's row is enough
const COLUMNS = [...ORDERED, ...BY_TASK, ...FETCHED, "cut upload"];
const STREAMED = ["success", "limited_until", "broken", "unavailable_until", "reset", "inside", "cut early", "cut late",
  "cut between", "cut after all"];

const noDownload = { expired: "it is in the reply", gone: "it is in the reply", "cut download": "it is in the reply" };
const atOnce = { lost: "it answers at once", failed: "it answers at once" };

const rowOf = (name) => KINDS.find((row) => row.name === name);
const way = (from, name, more) => ({ columns: COLUMNS, ...rowOf(from), name, ...more });
const housePrice = (currency, price_micro) => ({ cost: price_micro,
  price: { rule: "pictures", currency, pictures: [{ price_micro }] } });
const count = (list) => list?.length ?? 0;
const named = (files) => [files.filter(({ name }) => name !== "mask").length, files.some(({ name }) => name === "mask")];
const edits = (images, mask = false, more = {}) => ({ operation: "image.edit", inputs: { images, mask, ...more } });
const SEEN = { operation: "image.describe", says: "facts", inputs: { images: 1 } };
const WRITES = { operation: "prompt.expand", leaves: { ...atOnce, ...noDownload } };

const small = { width: 1024, height: 1024, quality: "low", partial_images: 0 };
const streamed = { ...small, partial_images: 2 };
const OPENAI = { given: ({ files }) => named(files), parameters: small };
const TOOL = { parameters: small, given: ({ files, mask }) => [files.length, mask !== null] };
const RELAY = { given: ({ files, mask }) => [files.length, mask !== null] };

// Its models are its own, and what they cost is the house's to say.
const OLLAMA = { options: { profile: "ollama" }, model: "gpt-4o", isAdded: true,
  price: { rule: "tokens", currency: "USD", text_in_micro: 1000000, image_in_micro: 1000000, out_micro: 2000000 },
  cost: ({ usage }) => sum([usage.prompt_tokens, 1], [usage.completion_tokens, 2]) };

const openai = [
  way("openai", "openai edit", { ...OPENAI, ...edits(2, true) }),
  way("openai", "openai edit in JSON", { ...OPENAI, ...edits(2), options: { profile: "openai", edits: "json" } }),
  way("openai", "openai stream", { parameters: streamed, columns: STREAMED,
    cuts: { early: 0.001, late: 0.5 } }),
  way("openai", "openai edit stream", { ...OPENAI, ...edits(1), parameters: streamed,
    columns: STREAMED, cuts: { early: 0.001, late: 0.5 } }),
  way("openai tool at once", "openai tool edit", { ...TOOL, ...edits(1, true) }),
  way("openai in background", "openai edit in background", { ...TOOL, ...edits(2) }),
  way("openai tool at once", "openai tool stream", { parameters: streamed, columns: STREAMED,
    cuts: { early: 0.001, late: 0.25, between: 0.75 },
    ends: { "cut between": { cost: null, why: "the tokens come with the end" } } }),
  way("openai words", "openai looks", { ...SEEN, given: ({ files }) => [files.length, false] }),
  way("openai words", "openai chat writes", { options: { profile: "openai", text_api: "chat" },
    cost: ({ usage }) => sum([usage.prompt_tokens, 0.75], [usage.completion_tokens, 4.5]) }),
  way("openai words", "openai chat looks", { ...SEEN, options: { profile: "openai", text_api: "chat" },
    given: ({ files }) => [files.length, false],
    cost: ({ usage }) => sum([usage.prompt_tokens, 0.75], [usage.completion_tokens, 4.5]) }),
  way("openai: openrouter", "openai: openrouter edit", { ...RELAY, ...edits(2) }),
  way("openai: openrouter", "openai: openrouter stream", { model: "gpt-image-2.5-sunburst",
    parameters: { partial_images: 2 }, columns: STREAMED, cuts: { early: 0.001, late: 0.5 } }),
  way("openai: openrouter", "openai: openrouter in a chat", { cost: null,
    options: { profile: "openrouter", images_api: "chat" } }),
  way("openai: litellm", "openai: litellm edit", { ...RELAY, ...edits(2, true) }),
  way("openai: litellm", "openai: litellm in a chat", { options: { profile: "litellm", images_api: "chat" } }),
  way("openai: litellm", "openai: litellm edit in a chat", { ...RELAY, ...edits(1),
    options: { profile: "litellm", images_api: "chat" } }),
  way("openai: litellm", "openai: flux through litellm", { model: "flux-pro" }),
  way("openai: vllm", "openai: vllm edit", { ...RELAY, ...edits(2, true) }),
  way("openai: localai", "openai: localai edit", { ...RELAY, ...edits(1) }),
  way("openai: localai", "openai: localai within a mask", { ...RELAY, ...edits(1, true), leaves: atOnce }),
  way("openai: sd-server", "openai: sd-server edit", { ...RELAY, ...edits(2, true) }),
  way("openai: together", "openai: together edit", { ...RELAY, ...edits(2) }),
  way("openai: new-api in a chat", "openai: new-api edit in a chat", { ...RELAY, ...edits(1) }),
  way("openai: new-api in a chat", "openai: flux in a chat", { model: "flux-1.1-pro" }),
  way("openai words", "openai: ollama writes", OLLAMA),
  way("openai words", "openai: ollama looks", { ...OLLAMA, ...SEEN, given: ({ files }) => [files.length, false] }),
];

const gemini = [
  way("gemini", "gemini edit", { ...edits(2), given: ({ files }) => [files.length, false] }),
  way("gemini", "gemini writes", { ...WRITES, model: "gemini-3.8-flash",
    cost: ({ usage }) => sum([usage.promptTokenCount, 0.75], [usage.candidatesTokenCount + usage.thoughtsTokenCount,
      3.75]) }),
  way("gemini", "gemini looks", { ...WRITES, ...SEEN, model: "gemini-3.8-flash",
    given: ({ files }) => [files.length, false],
    cost: ({ usage }) => sum([usage.promptTokenCount, 0.75], [usage.candidatesTokenCount + usage.thoughtsTokenCount,
      3.75]) }),
  way("gemini", "gemini: imagen", { path: "/v1/projects/p/locations/l/publishers/google", control: { cloud_keys: true },
    model: "imagen-4.0-generate-001", isAdded: true, cost: 40000 }),
];

const anthropic = [way("anthropic words", "anthropic looks", { ...SEEN, given: ({ files }) => [files.length, false] })];

const ARK_TEXT = { ...WRITES, model: "doubao-seed-2-1-pro-260628", isAdded: true,
  price: { rule: "tokens", currency: "CNY", text_in_micro: 3000000, image_in_micro: 3000000, out_micro: 9000000 },
  cost: ({ usage }) => sum([usage.prompt_tokens, 3], [usage.completion_tokens, 9]) };
const ark = [
  way("ark", "ark edit", { ...edits(2), given: ({ images }) => [images.length, false] }),
  way("ark by address", "ark edit by address", { ...edits(1), given: ({ images }) => [images.length, false] }),
  way("ark", "ark group", { parameters: { n: 3, partial_images: 0 }, cost: 750000 }),
  way("ark", "ark stream", { parameters: { n: 3, partial_images: 2 }, cost: 750000, columns: STREAMED,
    cuts: { early: 0.001, between: 0.5 },
    ends: { "cut between": { cost: null, why: "one came, and three were made: nobody says so" } } }),
  way("ark", "ark writes", ARK_TEXT),
  way("ark", "ark looks", { ...ARK_TEXT, ...SEEN, given: ({ images }) => [images.length, false] }),
];

const VOLC = { given: ({ images }) => [images.length, false] };
const volcVisual = [
  way("volc_visual", "volc_visual by address", { options: { access_key_id: "AKLTTEST", response_format: "url" },
    leaves: {} }),
  way("volc_visual", "volc_visual at once", { model: "high_aes_general_v30l_zt2i", leaves: { ...atOnce, ...noDownload },
    fates: undefined }),
  way("volc_visual", "volc_visual at once by address", { model: "high_aes_general_v30l_zt2i", leaves: atOnce,
    options: { access_key_id: "AKLTTEST", response_format: "url" }, fates: undefined }),
  way("volc_visual", "volc_visual by task", { model: "someday_v9",
    options: { access_key_id: "AKLTTEST", flow: "task" }, isAdded: true }),
  way("volc_visual", "volc_visual edit", { ...VOLC, ...edits(2) }),
  way("volc_visual", "volc_visual within a mask", { ...edits(1, true), model: "jimeng_image2image_dream_inpaint",
    given: ({ images }) => [images.length - 1, images.length === 2] }),
  way("volc_visual", "volc_visual enlarges", { ...VOLC, ...edits(1), model: "jimeng_i2i_seed3_tilesr_cvtob" }),
];

const loaded = ({ graph }, ...names) => Object.values(graph).filter((node) => names.includes(node.class_type)).length;
const COMFYUI = { given: (entry) => [loaded(entry, "LoadImage"), loaded(entry, "LoadImageMask") > 0] };
// Workflows that people paste: their nodes have names of their own, and some values are fixed in them.
const OWN = {
  4: { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "%model%" } },
  5: { class_type: "EmptyLatentImage", inputs: { width: 512, height: 512, batch_size: 1 } },
  6: { class_type: "CLIPTextEncode", inputs: { text: "photo of %prompt%, sharp", clip: ["4", 1] } },
  7: { class_type: "CLIPTextEncode", inputs: { text: "%negative%", clip: ["4", 1] } },
  3: { class_type: "KSampler", inputs: { model: ["4", 0], positive: ["6", 0], negative: ["7", 0], latent_image: ["5", 0],
    seed: "%seed%", steps: "%steps%", cfg: 6, sampler_name: "%sampler%", scheduler: "karras", denoise: 1 } },
  8: { class_type: "VAEDecode", inputs: { samples: ["3", 0], vae: ["4", 2] } },
  9: { class_type: "SaveImage", inputs: { images: ["8", 0], filename_prefix: "own" } },
};
const OWN_MASKED = { ...OWN,
  10: { class_type: "LoadImage", inputs: { image: "%image%" } },
  11: { class_type: "LoadImage", inputs: { image: "%image2%" } },
  12: { class_type: "LoadImageMask", inputs: { image: "%mask%", channel: "red" } },
  5: { class_type: "VAEEncodeForInpaint", inputs: { pixels: ["10", 0], vae: ["4", 2], mask: ["12", 0], grow_mask_by: 6 } },
  13: { class_type: "PreviewImage", inputs: { images: ["11", 0] } },
};
// The same as the editor exports it: no placeholders.  The mask is the picture's own alpha.
const EXPORTED = { ...OWN,
  4: { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "sd_xl_base_1.0.safetensors" } },
  6: { class_type: "CLIPTextEncode", inputs: { text: "a lamp", clip: ["4", 1] } },
  7: { class_type: "CLIPTextEncode", inputs: { text: "watermark", clip: ["4", 1] } },
  3: { class_type: "KSampler", inputs: { ...OWN[3].inputs, seed: 156680208700286, steps: 20, sampler_name: "euler" } },
};
const EXPORTED_MASKED = { ...EXPORTED,
  10: { class_type: "LoadImage", inputs: { image: "shelf.png" } },
  5: { class_type: "VAEEncodeForInpaint", inputs: { pixels: ["10", 0], vae: ["4", 2], mask: ["10", 1], grow_mask_by: 6 } },
};
const workflows = (graph) => ({ workflows: [{ id: "mine", name: "My own", graph: JSON.stringify(graph) }] });
const comfyui = [
  way("comfyui", "comfyui edit", { ...COMFYUI, ...edits(1), model: "img2img", uploads: true }),
  way("comfyui", "comfyui within a mask", { ...COMFYUI, ...edits(1, true), model: "inpaint", uploads: true }),
  way("comfyui", "comfyui flux", { model: "flux" }),
  way("comfyui", "comfyui by checkpoint", { model: "sd_xl_base_1.0.safetensors", isAdded: true }),
  way("comfyui", "comfyui own workflow", { model: "custom", options: { workflow: JSON.stringify(OWN) } }),
  way("comfyui", "comfyui own workflow within a mask", { ...COMFYUI, ...edits(2, true), model: "custom", uploads: true,
    options: { workflow: JSON.stringify(OWN_MASKED) } }),
  way("comfyui", "comfyui exported workflow", { model: "mine", options: workflows(EXPORTED) }),
  way("comfyui", "comfyui exported workflow within a mask", { ...COMFYUI, ...edits(1, true), model: "mine", uploads: true,
    options: workflows(EXPORTED_MASKED) }),
];

const IDEOGRAM = { given: ({ files }) => named(files) };
const IDEOGRAM_AT_ONCE = { ...IDEOGRAM, leaves: atOnce, fates: undefined };
const ideogram = [
  way("ideogram", "ideogram edit", { ...IDEOGRAM, ...edits(2, true) }),
  way("ideogram", "ideogram at once", { ...IDEOGRAM_AT_ONCE, options: { async: false } }),
  way("ideogram", "ideogram precise edit", { ...IDEOGRAM_AT_ONCE, ...edits(2, true), ...housePrice("USD", 90000),
    model: "ideogram-4-5-precise-edit" }),
  way("ideogram", "ideogram 4", { ...IDEOGRAM_AT_ONCE, model: "ideogram-v4" }),
  way("ideogram", "ideogram 4 remix", { ...IDEOGRAM_AT_ONCE, ...edits(1), model: "ideogram-v4" }),
  way("ideogram", "ideogram 3", { ...IDEOGRAM_AT_ONCE, model: "ideogram-v3" }),
  way("ideogram", "ideogram 3 transparent", { ...IDEOGRAM_AT_ONCE, model: "ideogram-v3",
    parameters: { background: "transparent" } }),
  way("ideogram", "ideogram 3 remix", { ...IDEOGRAM_AT_ONCE, ...edits(3), model: "ideogram-v3" }),
  way("ideogram", "ideogram 3 inpaint", { ...IDEOGRAM_AT_ONCE, ...edits(1, true), model: "ideogram-v3" }),
  way("ideogram", "ideogram 3 reframe", { ...IDEOGRAM_AT_ONCE, ...edits(1), model: "ideogram-v3-reframe",
    parameters: { width: 1024, height: 1024 } }),
  way("ideogram", "ideogram 3 background", { ...IDEOGRAM_AT_ONCE, ...edits(1),
    model: "ideogram-v3-replace-background" }),
];

// A credit is a cent (facts 6.9).
const STABILITY = { cost: ({ credits }) => credits * 10000, given: ({ files }) => named(files) };
const stabilityEdit = (model, images = 1, mask = false) =>
  way("stability", `stability ${model}`, { ...STABILITY, ...edits(images, mask), model });
const stabilityTask = (model, images = 1) => ({ ...stabilityEdit(model, images),
  columns: ["success", "cut", "reset", "inside", "lost", "failed"],
  fates: { lost: [{ kind: "expired" }], failed: [{ kind: "error" }] } });
const stability = [
  way("stability", "stability ultra", { ...STABILITY, model: "ultra" }),
  way("stability", "stability sd3", { ...STABILITY, model: "sd3.5-flash" }),
  { ...stabilityEdit("sd3.5-medium"), name: "stability sd3 edit" },
  { ...stabilityEdit("ultra"), name: "stability ultra edit" },
  stabilityEdit("inpaint", 1, true), stabilityEdit("erase", 1, true), stabilityEdit("remove-background"),
  stabilityEdit("sketch"), stabilityEdit("structure"), stabilityEdit("style"), stabilityEdit("style-transfer", 2),
  stabilityEdit("upscale-fast"), stabilityEdit("upscale-conservative"),
  stabilityTask("upscale-creative"), stabilityTask("replace-background-and-relight", 2),
];

const FAL = { given: ({ input }) => [count(input.image_urls) || Number("image_url" in input), "mask_url" in input] };
const REPLICATE = { given: ({ input }) => [count(input.image_input) || Number("image" in input || "input_image" in input),
  "mask" in input] };
const BFL = { given: ({ input, files }) => [files.length - Number("mask" in input), "mask" in input],
  cost: ({ cost }) => cost * 10000 };
const queues = [
  way("fal", "fal edit", { ...FAL, ...edits(1), model: "fal-ai/flux-pro/kontext", cost: 40000 }),
  way("fal", "fal edit of several", { ...FAL, ...edits(2), model: "fal-ai/flux-pro/kontext", cost: 40000 }),
  way("fal", "fal from a picture", { ...FAL, ...edits(1), model: "fal-ai/flux/dev", cost: 25000 }),
  way("fal", "fal within a mask", { ...FAL, ...edits(1, true), model: "fal-ai/flux-pro/v1/fill",
    ...housePrice("USD", 50000) }),
  way("replicate", "replicate edit", { ...REPLICATE, ...edits(1), model: "black-forest-labs/flux-kontext-pro",
    ...housePrice("USD", 40000) }),
  way("replicate", "replicate within a mask", { ...REPLICATE, ...edits(1, true),
    model: "black-forest-labs/flux-fill-pro", ...housePrice("USD", 50000) }),
  way("replicate", "replicate by version", { model: `acme/paint:${VERSION_OF_PAINT}`, isAdded: true,
    ...housePrice("USD", 9000) }),
  way("replicate", "replicate with uploads", { ...REPLICATE, ...edits(1, false, { isLarge: true }), uploads: true,
    model: "black-forest-labs/flux-kontext-pro", ...housePrice("USD", 40000),
    purposeOf: (req) => (/\/predictions$/.test(req.url) ? "order" : /\/files$/.test(req.url) ? "upload"
      : /\/__file\//.test(req.url) ? "fetch" : "poll") }),
  way("bfl", "bfl edit", { ...BFL, ...edits(2) }),
  way("bfl", "bfl within a mask", { ...BFL, ...edits(1, true), model: "flux-pro-1.0-fill" }),
];

const DASHSCOPE = { given: ({ files }) => [files.length, false] };
const plain = [
  way("dashscope", "dashscope edit", { ...DASHSCOPE, ...edits(2) }),
  way("dashscope by task", "dashscope edit by task", { ...DASHSCOPE, ...edits(2) }),
  way("dashscope by task", "dashscope text2image", { model: "wan2.2-t2i-plus" }),
  way("dashscope by task", "dashscope image2image", { ...DASHSCOPE, ...edits(2), model: "wan2.5-i2i-preview",
    isAdded: true, ...housePrice("CNY", 200000) }),
  way("minimax", "minimax edit", { ...edits(1), given: ({ subject }) => [Number(subject !== null), false] }),
  way("minimax", "minimax by address", { control: { faults: Array(4).fill({ kind: "urls" }) }, leaves: atOnce }),
  way("siliconflow", "siliconflow edit", { ...edits(2), model: "Qwen/Qwen-Image-Edit-2509", ...housePrice("CNY", 300000),
    given: ({ files }) => [files.length, false] }),
  way("xai", "xai edit", { ...edits(2), given: ({ files }) => [files.length, false],
    cost: ({ ticks }) => Math.ceil(ticks / 10000) }),
];

export const WAYS = [...openai, ...gemini, ...anthropic, ...ark, ...volcVisual, ...comfyui, ...ideogram, ...stability,
  ...queues, ...plain];
