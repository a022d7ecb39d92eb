// Fakes of the servers that speak OpenAI's pictures in their own way, one mode each, word by word after
// facts/providers.md 1B; see steer.mjs for the steering.  Strict: a field that the facts do not name is refused, in
// the words of that server.
//
//   startFake({ mode: "openrouter" | "litellm" | "vllm" | "localai" | "sd-server" | "together" | "new-api", key })
//
// How they differ is in MODES:
//   path, models, orders     where it lives; its list of models; its orders: {"POST /path": read}
//   words(status, message, more)   an error, as it says it; `more` has {type, code, param, field}
//   reply(order, made, how)  what it answers with
//   hasKey                   false: it asks for none
// Faults of its own: raw *, the picture's bytes in place of a reply; stream_cut *, stream_error.  In a prompt: [blocked] is refused by its filter, where it has one.
import { createHash, randomUUID } from "node:crypto";

import { parseMultipart } from "./openai.mjs";
import { drawPng } from "./png.mjs";
import { createSteered, deliver, isFree, magicType, refuse, Refusal, sendJson, spoil, startServer } from "./steer.mjs";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const PIXEL_CAP = 512;
const at = 1790000000;

const whole = (least, most) => (value) => Number.isInteger(value) && value >= least && value <= most;
const number = (value) => typeof value === "number" && value >= 0;
const text = (value) => typeof value === "string";
const oneOf = (...words) => (value) => words.includes(value);
const size = (value) => /^[1-9]\d*x[1-9]\d*$/.test(value);
const prompt = (value) => text(value) && value !== "";
const dataUri = (value) => /^data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}$/.test(value);
const base64 = (value) => /^[A-Za-z0-9+/]+={0,2}$/.test(value) && magicType(Buffer.from(value, "base64")) !== null;
const several = (is) => (value) => Array.isArray(value) && value.length > 0 && value.every(is);
const reference = (value) => value?.type === "image_url" && dataUri(value.image_url?.url);

const bytesOf = (value) => Buffer.from(value.replace(/^data:[^,]*,/, ""), "base64");
const files = (...values) => values.flat().filter((value) => value !== undefined).map(bytesOf);
const widthOf = (value) => (size(value ?? "") ? value.split("x").map(Number) : [512, 512]);

const usd = { openrouter: 0.04, litellm: 0.03 };

// Of a body's fields by name; of a form's files by name.
const MODES = {
  openrouter: {
    path: "/api/v1", models: "GET /api/v1/images/models", list: ["openai/gpt-image-2.5-sunburst", "recraft/recraft-v4.1-pro"],
    words: (status, message, { metadata } = {}) => ({ error: { code: status, message, metadata: metadata ?? {} } }),
    orders: { "POST /api/v1/images": {
      fields: { model: prompt, prompt, n: whole(1, 10), aspect_ratio: text, resolution: oneOf("512", "1K", "2K", "4K"),
        size: (value) => size(value) || /^[124]K$/.test(value), output_compression: whole(0, 100), seed: Number.isInteger,
        quality: oneOf("auto", "low", "medium", "high", "xhigh", "max"), background: text, user: text, session_id: text,
        output_format: oneOf("png", "jpeg", "webp", "svg"), input_references: several(reference), provider: Object,
        stream: (value) => typeof value === "boolean" },
      files: ({ input_references: given = [] }) => files(given.map((one) => one.image_url.url)) } },
    blocked: [403, { metadata: { reasons: ["sexual"], flagged_input: "[blocked]", provider_name: "OpenAI" } }],
    reply: (made) => ({ created: at, data: made.map(({ b64 }) => ({ b64_json: b64, media_type: "image/png" })),
      usage: { prompt_tokens: 10, completion_tokens: 1056, total_tokens: 1066, cost: usd.openrouter * made.length,
        cost_details: {}, is_byok: false } }),
  },
  litellm: {
    path: "/v1", models: "GET /v1/models", list: ["flux-pro", "gpt-image-2"],
    // What the provider behind it says is inside of its own words, and the code is a text.
    words: (status, message, { type = null, param = null, isOwn } = {}) => ({ error: {
      message: isOwn ? message : `litellm.${status === 400 ? "BadRequestError" : "APIError"}: OpenAIException - ${message}`,
      type, param, code: String(status) } }),
    orders: {
      "POST /v1/images/generations": { fields: { model: prompt, prompt, n: whole(1, 10), size, quality: text,
        response_format: oneOf("url", "b64_json"), style: text, user: text } },
      "POST /v1/images/edits": { isForm: true, images: ["image", "image[]"], masks: ["mask"],
        fields: { model: prompt, prompt, n: whole(1, 10), size, quality: text, response_format: oneOf("url", "b64_json"),
          user: text } } },
    blocked: [400, { isOwn: true,
      message: "litellm.ContentPolicyViolationError: OpenAIException - Your request was rejected by the safety system." }],
    headers: (made) => ({ "x-litellm-call-id": randomUUID(), "x-litellm-model-id": "m1",
      "x-litellm-response-cost": String(usd.litellm * made.length) }),
    reply: (made, { response_format: format }) => ({ created: at,
      data: made.map(({ b64, url }) => (format === "b64_json" ? { b64_json: b64 } : { url })) }),
  },
  vllm: {
    path: "/v1", models: "GET /v1/models", list: ["Qwen/Qwen-Image"], hasKey: false,
    words: (status, message, { field } = {}) => (status === 422
      ? { detail: [{ type: field ? "extra_forbidden" : "value_error", loc: ["body", field ?? "prompt"], msg: message }] }
      : { detail: message }),
    unknown: [422, () => "Extra inputs are not permitted"],
    orders: {
      "POST /v1/images/generations": { fields: { model: prompt, prompt, n: whole(1, 10), size,
        response_format: oneOf("b64_json", "file"), user: text, negative_prompt: text, num_inference_steps: whole(1, 200),
        guidance_scale: number, true_cfg_scale: number, seed: Number.isInteger } },
      "POST /v1/images/edits": { isForm: true, images: ["image"], masks: ["mask_image"], isWhite: true,
        fields: { model: prompt, prompt, n: whole(1, 10), size: (value) => value === "auto" || size(value),
          response_format: oneOf("b64_json", "file"), output_format: oneOf("png", "jpg", "jpeg", "webp"), background: text,
          user: text, negative_prompt: text, num_inference_steps: whole(1, 200), guidance_scale: number,
          true_cfg_scale: number, seed: Number.isInteger, url: text } } },
    isRaw: ({ response_format: format }) => format === "file",
    reply: (made) => ({ created: at, data: made.map(({ b64 }) => ({ b64_json: b64, url: null, revised_prompt: null })) }),
  },
  localai: {
    path: "/v1", models: "GET /v1/models", list: ["stablediffusion"], hasKey: false,
    words: (status, message) => ({ error: { code: status, message, type: "" } }),
    orders: {
      "POST /v1/images/generations": { fields: { model: prompt, prompt, n: whole(1, 10), size: text, step: whole(1, 200),
        mode: number, response_format: text, file: base64, files: several(base64), ref_images: several(base64) },
      files: ({ file, files: more = [], ref_images: others = [] }) => files(file, more, others) },
      "POST /v1/images/inpainting": { isForm: true, images: ["image"], masks: ["mask"], isWhite: true, isSquare: true,
        fields: { model: prompt, prompt, steps: whole(1, 200) } } },
    reads: ({ prompt: said }) => ({ prompt: said.split("|")[0], negative_prompt: said.split("|")[1] ?? null }),
    reply: (made, { response_format: format }) => ({ id: randomUUID(), created: at,
      data: made.map(({ b64, url }) => (format === "b64_json" ? { b64_json: b64 } : { url })),
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0, input_tokens: 0, output_tokens: 0,
        input_tokens_details: { text_tokens: 0, image_tokens: 0 } } }),
  },
  "sd-server": {
    path: "/v1", models: "GET /v1/models", list: ["sd-cpp-local"], hasKey: false,
    words: (status, message) => (status >= 500 ? { error: "server_error", message } : { error: message }),
    orders: {
      "POST /v1/images/generations": { fields: { model: text, prompt, n: whole(1, 10), size,
        output_format: oneOf("png", "jpeg", "webp"), output_compression: whole(0, 100) } },
      "POST /v1/images/edits": { isForm: true, images: ["image", "image[]"], masks: ["mask"],
        fields: { model: text, prompt, n: whole(1, 10), size, output_format: oneOf("png", "jpeg") } } },
    reads: ({ prompt: said }) => {
      const [, words, args] = /^(.*?)(?:\s*<sd_cpp_extra_args>(.*)<\/sd_cpp_extra_args>)?$/s.exec(said);
      return { prompt: words, args: args ? JSON.parse(args) : null };
    },
    reply: (made, { output_format: format }) => ({ created: at, output_format: format ?? "png",
      data: made.map(({ b64 }) => ({ b64_json: b64 })) }),
  },
  together: {
    path: "/v1", models: "GET /v1/models", list: ["black-forest-labs/FLUX.1-schnell"],
    words: (status, message, { type = status >= 500 ? "server_error" : "invalid_request_error",
      param = null, code = null } = {}) =>
      ({ error: { message, type, param, code } }),
    orders: { "POST /v1/images/generations": { fields: { model: prompt, prompt, width: whole(64, 4096),
      height: whole(64, 4096), aspect_ratio: text, n: whole(1, 4), steps: whole(1, 100), seed: Number.isInteger,
      negative_prompt: text, guidance_scale: number, image_url: dataUri, reference_images: several(dataUri),
      response_format: oneOf("url", "base64"), output_format: oneOf("jpeg", "png"), disable_safety_checker: Boolean },
    files: ({ image_url: one, reference_images: more = [] }) => files(one, more) } },
    reply: (made, { model, response_format: format }) => ({ id: randomUUID(), model, object: "list",
      data: made.map(({ b64, url }, index) => (format === "base64" ? { index, b64_json: b64, type: "b64_json" }
        : { index, url, type: "url" })) }),
  },
  // One of the relays; its channel gives addresses whatever is asked, counts nothing, and has no edits (early 2025).
  "new-api": {
    path: "/v1", models: "GET /v1/models", list: ["dall-e-3", "gemini-3.1-flash-image", "flux-1.1-pro"], isLost: true,
    words: (status, message, { type = "new_api_error", code = "bad_request_body", param = "" } = {}) =>
      ({ error: { message: `${message} (request id: ${randomUUID().slice(0, 8)})`, type, param, code } }),
    orders: {
      "POST /v1/images/generations": { fields: { model: prompt, prompt, n: whole(1, 10), size, quality: text, style: text,
        response_format: oneOf("url", "b64_json"), user: text },
      only: ({ model }) => (/gemini|flux/.test(model) ? [500, "only imagen models are supported",
        { code: "convert_request_failed" }] : null) },
      // What the server itself says of edits (facts 1B.8), whatever comes.
      "POST /v1/images/edits": { isForm: true, always: [501, "API not implemented",
        { type: "one_api_error", code: "api_not_implemented" }] } },
    absent: [503, (model) => `No available channel for model ${model} under group default`, { code: "model_not_found" }],
    reply: (made) => ({ created: at, data: made.map(({ url }) => ({ url })) }),
  },
};

// Pictures in a chat: the text is a part (a plain one is refused), the shape an object, where each has it.
const shape = (value) => value && Object.keys(value).every((name) => ["aspect_ratio", "image_size"].includes(name))
  && /^\d+:\d+$/.test(value.aspect_ratio) && ["1K", "2K", "4K"].includes(value.image_size);
const part = (one) => (one.type === "text" ? prompt(one.text) : reference(one));
const chat = (model, more) => ({ isChat: true, fields: { model: (value) => model.test(value),
  messages: (value) => value?.length === 1 && value[0].role === "user" && several(part)(value[0].content),
  modalities: (value) => `${[...value].sort()}` === "image,text", user: text, ...more },
files: ({ messages: [{ content }] }) => files(content.filter(({ type }) => type === "image_url")
  .map((one) => one.image_url.url)) });
MODES.openrouter.orders["POST /api/v1/chat/completions"] = chat(/\//, { image_config: shape });
MODES.litellm.orders["POST /v1/chat/completions"] = chat(/./, { image_config: shape });
MODES["new-api"].orders["POST /v1/chat/completions"] = chat(/gemini|flux/,
  { extra_body: (value) => Object.keys(value).join() === "google" && shape(value.google.image_config) });
MODES["new-api"].isTwice = true; // the same picture in the words as well

const asChat = (made, { model }, { isTwice }) => ({ id: `chatcmpl-${randomUUID()}`, object: "chat.completion", created: at,
  model, choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant",
    content: isTwice ? `![image](data:image/png;base64,${made[0].b64})` : "Here it is.",
    images: made.map(({ b64 }) => ({ type: "image_url", image_url: { url: `data:image/png;base64,${b64}` } })) } }] });

export const RELAYS = Object.fromEntries(Object.entries(MODES).map(([name, { path, words, list }]) =>
  [name, { path, words, model: list[0] }]));

const NUMBERS = ["n", "num_inference_steps", "guidance_scale", "true_cfg_scale", "seed", "steps"];

function readForm(route, body, type, bad) {
  const fields = {}, images = [], masks = [];
  for (const part of parseMultipart(body, type)) {
    if (part.filename === undefined) {
      if (part.name in fields) bad(400, `Duplicate parameter: '${part.name}'.`, { param: part.name });
      const value = part.data.toString("utf8");
      fields[part.name] = NUMBERS.includes(part.name) ? Number(value) : value;
      continue;
    }
    const into = route.images.includes(part.name) ? images : route.masks.includes(part.name) ? masks : null;
    if (!into) bad(400, `Unknown parameter: '${part.name}'.`, { param: part.name, field: part.name });
    if (magicType(part.data) !== part.type) bad(400, `The file of '${part.name}' is no ${part.type}.`);
    into.push({ name: part.name, data: part.data });
  }
  if (images.length === 0) bad(400, "an image is wanted");
  if (images.length > 1 && route.images.includes("image[]") && images.some(({ name }) => name === "image"))
    bad(400, "Duplicate parameter: 'image'.");
  if (masks.length > 1) bad(400, "one mask");
  return { fields, pictures: images.map(({ data }) => data), mask: masks[0]?.data ?? null };
}

function readJson(route, body, type, bad) {
  if (type !== "application/json") bad(400, "JSON is wanted");
  let fields;
  try {
    fields = JSON.parse(body.toString("utf8"));
  } catch {
    bad(400, "the body is no JSON");
  }
  return { fields, mask: null };
}

export function createFake({ mode, key = "test-key" }) {
  const relay = MODES[mode];
  const pictures = new Map();

  function bad(status, message, more) {
    throw new Refusal(status, relay.words(status, message, more));
  }

  function check(route, fields) {
    for (const name of Object.keys(fields))
      if (!(name in route.fields)) {
        const [status, say] = relay.unknown ?? [400, () => `Unknown parameter: '${name}'.`];
        bad(status, say(name), { param: name, field: name, code: "unknown_parameter" });
      }
    if (!route.isChat && !prompt(fields.prompt)) bad(400, "a prompt is wanted", { param: "prompt" });
    for (const [name, value] of Object.entries(fields))
      if (!route.fields[name](value)) bad(400, `Invalid value for '${name}'.`, { param: name });
  }

  function order(req, res, body, state, route) {
    const type = req.headers["content-type"] ?? "";
    const fault = state.faults.shift() ?? { kind: "none" };
    refuse(fault, req);
    if (route.isForm && !type.startsWith("multipart/form-data")) bad(400, "a form is wanted");
    if (route.always) bad(...route.always);
    const read = (route.isForm ? readForm : readJson)(route, body, type, bad);
    const { fields } = read;
    check(route, fields);
    if (route.isChat) fields.prompt = fields.messages[0].content.find(({ type: kind }) => kind === "text").text;
    const refused = route.only?.(fields);
    if (refused) bad(...refused);
    if (relay.absent && !relay.list.includes(fields.model))
      bad(relay.absent[0], relay.absent[1](fields.model), relay.absent[2]);
    if (relay.blocked && fields.prompt.includes("[blocked]"))
      bad(relay.blocked[0], relay.blocked[1].message ?? "Your request was flagged.", relay.blocked[1]);
    const given = (read.pictures ?? route.files?.(fields) ?? []).map(sha256);
    let [width, height] = fields.width ? [fields.width, fields.height] : widthOf(fields.size);
    if (route.isSquare) [width, height] = [512, 512];
    const scale = Math.min(1, PIXEL_CAP / Math.max(width, height));
    const made = Array.from({ length: fields.n ?? 1 }, (_, index) => {
      const bytes = drawPng(Math.round(width * scale), Math.round(height * scale), `${fields.prompt} ${given} ${index}`);
      const id = randomUUID();
      pictures.set(id, bytes);
      return { bytes, b64: spoil(fault, bytes.toString("base64")), url: `http://${req.headers.host}/__file/${id}.png` };
    });
    if (!isFree(fault) && fault.kind !== "stream_error")
      state.entries.push({ ...fields, ...relay.reads?.(fields), path: req.url, fields: Object.keys(fields), files: given,
        mask: read.mask && sha256(read.mask), size: `${width}x${height}`, pictures: made.map(({ bytes }) => sha256(bytes)) });
    for (const [name, value] of Object.entries(relay.headers?.(made) ?? {})) res.setHeader(name, value);
    if (fault.kind === "raw" || relay.isRaw?.(fields)) {
      res.writeHead(200, { "content-type": "image/png" });
      return res.end(made[0].bytes);
    }
    const reply = route.isChat ? asChat(made, fields, relay) : relay.reply(made, fields);
    return fields.stream ? stream(res, fault, reply) : deliver(res, fault, reply);
  }

  // OpenRouter's: words may come between the pictures, and the cost comes with the last.
  function stream(res, fault, { created, data: [picture], usage }) {
    const say = (type, rest) => res.write(`data: ${JSON.stringify({ type, ...rest })}\n\n`);
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.write(": OPENROUTER PROCESSING\n\n");
    say("image_generation.partial_image", { partial_image_index: 0,
      b64_json: drawPng(64, 64, "partial").toString("base64") });
    say("image_generation.text_chunk", { text: "Here it is." });
    if (fault.kind === "stream_error") say("error", { error: { code: 502, message: "Provider returned error" } });
    else if (fault.kind !== "stream_cut") say("image_generation.completed", { created, ...picture, usage });
    res.end();
  }

  async function answer(req, res, body, state) {
    const name = `${req.method} ${req.url.split("?")[0]}`;
    const file = /^GET \/__file\/([0-9a-f-]+)\.png$/.exec(name)?.[1];
    if (file && pictures.has(file)) {
      if (req.headers.authorization) return sendJson(res, 400, { message: "Only one auth mechanism" });
      res.writeHead(200, { "content-type": "image/png" });
      return res.end(pictures.get(file));
    }
    if (!relay.orders[name] && name !== relay.models) {
      if (!relay.isLost) return bad(404, "Not Found");
      res.writeHead(200, { "content-type": "text/html" }); // its page, whatever the path
      return res.end("<!doctype html><html><title>New API</title></html>");
    }
    if (relay.hasKey !== false && req.headers.authorization !== `Bearer ${key}`)
      bad(401, "Invalid token", { type: "auth_error", isOwn: true });
    if (name === relay.models)
      return sendJson(res, 200, { object: "list", data: relay.list.map((id) => ({ id, object: "model", created: at,
        owned_by: mode })) });
    return order(req, res, body, state, relay.orders[name]);
  }

  return createSteered(answer);
}

export const startFake = (options) => startServer(createFake(options), options.port);
