// A fake of Google's Gemini API (facts/providers.md 2 and 9.5): generateContent for pictures and text, the list of
// models, and Imagen's predict as Google Cloud still has it.  Steering and common faults: steer.mjs.
//
//   node gemini.mjs --port 0 --key test-key      prints "listening PORT"
//
//   POST /v1beta/models/MODEL:generateContent, GET /v1beta/models            x-goog-api-key
//   POST /v1/projects/P/locations/L/publishers/google/models/MODEL:predict   Authorization: Bearer
//
// Its own knobs: "snake": true answers in snake_case; "old_schema": true knows responseSchema alone; "cloud_keys": true:
// what stands before the cloud takes the key as Google's own API does, for our kind knows the cloud by its name.
// Its own faults: blocked, finish {reason, message}, words, draft (an interim picture as a thought) *, no_parts *,
// quota {delay, id}, filtered {count} (Imagen).
import { createHash } from "node:crypto";

import { drawPng } from "./png.mjs";
import { createSteered, deliver, isFree, magicType, Refusal, refuse, runFake, sendJson, spoil, startServer }
  from "./steer.mjs";

const TEN = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"];
const FOURTEEN = [...TEN, "1:4", "4:1", "1:8", "8:1"];
const PICTURE_MODELS = {
  "gemini-nano-banana-2.1": { ratios: FOURTEEN, sizes: ["1K", "2K", "4K"], references: 14,
    tokens: { "1K": 1120, "2K": 1680, "4K": 2520 } },
  "gemini-3.1-flash-image": { ratios: FOURTEEN, sizes: ["512", "1K", "2K", "4K"], references: 14,
    tokens: { 512: 747, "1K": 1120, "2K": 1680, "4K": 2520 } },
  "gemini-3.1-flash-lite-image": { ratios: FOURTEEN, sizes: [], references: 14, tokens: { "1K": 1120 } },
  "gemini-3-pro-image": { ratios: TEN, sizes: ["1K", "2K", "4K"], references: 14,
    tokens: { "1K": 1120, "2K": 1120, "4K": 2000 } },
  "gemini-2.5-flash-image": { ratios: TEN, sizes: [], references: 3, tokens: { "1K": 1290 } },
};
const TEXT_MODELS = ["gemini-3.8-flash", "gemini-3.1-pro-preview"];
const IMAGEN = { "imagen-4.0-generate-001": 4, "imagen-4.0-ultra-generate-001": 1 };
const TOP = ["contents", "systemInstruction", "generationConfig", "safetySettings", "tools"];
const LEVELS = { "gemini-nano-banana-2.1": ["MINIMAL", "MEDIUM", "HIGH"], "gemini-3.1-flash-image": ["MINIMAL", "HIGH"] };
const CONFIG = ["temperature", "topP", "topK", "candidateCount", "maxOutputTokens", "stopSequences", "seed",
  "responseMimeType", "responseSchema", "responseJsonSchema", "responseModalities", "thinkingConfig", "imageConfig"];
const KEYWORDS = ["$id", "$defs", "$ref", "$anchor", "type", "format", "title", "description", "enum", "items",
  "prefixItems", "minItems", "maxItems", "minimum", "maximum", "anyOf", "oneOf", "properties", "additionalProperties",
  "required", "propertyOrdering"];
const THRESHOLDS = ["BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"];

const error = (code, status, message, details = [], headers = {}) =>
  new Refusal(code, { error: { code, message, status, details } }, headers);
const invalid = (message) => error(400, "INVALID_ARGUMENT", message);

function checkNames(object, known, where) {
  for (const name of Object.keys(object ?? {}))
    if (!known.includes(name))
      throw invalid(`Invalid JSON payload received. Unknown name "${name}" at '${where}': Cannot find field.`);
}

function readParts(contents) {
  if (!Array.isArray(contents) || contents.length === 0) throw invalid("contents is not specified");
  const texts = [], files = [];
  for (const part of contents.at(-1).parts ?? []) {
    if (typeof part.text === "string") texts.push(part.text);
    const inline = part.inlineData ?? part.inline_data;
    if (!inline) continue;
    const data = Buffer.from(inline.data, "base64");
    if (magicType(data) !== (inline.mimeType ?? inline.mime_type)) throw invalid("Unable to process input image.");
    files.push({ type: magicType(data), size: data.length, data });
  }
  if (texts.join("").trim() === "") throw invalid("Unable to submit request because it has no text.");
  return { prompt: texts.join("\n"), files };
}

// Sides of the class, as a picture of it has them; the fake draws an eighth of them.
function drawFor(ratio, size, seed) {
  const [wide, high] = ratio.split(":").map(Number);
  const side = (size === "512" ? 512 : Number.parseInt(size, 10) * 1024) / 8;
  return drawPng(Math.round(side * Math.sqrt(wide / high)), Math.round(side * Math.sqrt(high / wide)), seed);
}

const usageOf = (prompt, files, made, thoughts) => {
  const text = Math.ceil(prompt.length / 4) + 1;
  return { promptTokenCount: text + files.length * 1100,
    promptTokensDetails: [{ modality: "TEXT", tokenCount: text },
      ...(files.length > 0 ? [{ modality: "IMAGE", tokenCount: files.length * 1100 }] : [])],
    ...made, thoughtsTokenCount: thoughts,
    totalTokenCount: text + files.length * 1100 + made.candidatesTokenCount + thoughts };
};

function checkSchema(schema, isOld) {
  checkNames(schema, isOld ? [...KEYWORDS, "nullable"] : KEYWORDS, "generation_config.response_schema");
  if (isOld && schema.type !== undefined && schema.type !== schema.type.toUpperCase())
    throw invalid("Invalid value at 'generation_config.response_schema.type'");
}

// An object that fits, as far as the tests look.
function fill(schema) {
  const type = String([schema.type].flat()[0] ?? "object").toLowerCase();
  if (schema.enum) return schema.enum[0];
  if (type === "object")
    return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, fill(inner)]));
  return { array: [], string: "a cup", integer: 7, number: 0.5, boolean: true }[type] ?? null;
}

function writeText(config, prompt) {
  const schema = config.responseJsonSchema ?? config.responseSchema;
  if (!schema) return `About: ${prompt}`;
  if (config.responseMimeType !== "application/json") throw invalid("response_mime_type must be application/json");
  return JSON.stringify(fill(schema));
}

function checkImage(config, model) {
  const about = PICTURE_MODELS[model];
  const { aspectRatio = "1:1", imageSize, ...others } = config.imageConfig ?? {};
  checkNames(others, [], "generation_config.image_config");
  if (!about.ratios.includes(aspectRatio)) throw invalid(`Invalid aspect ratio: ${aspectRatio}`);
  if (imageSize !== undefined && !about.sizes.includes(imageSize))
    throw invalid(`Image size ${imageSize} is not supported`);
  for (const name of ["responseSchema", "responseJsonSchema"])
    if (name in config) throw invalid("JSON mode is not enabled for this model");
  if (!config.responseModalities?.includes("IMAGE")) throw invalid("The model needs IMAGE among its modalities");
  return { ratio: aspectRatio, size: imageSize ?? "1K", tokens: about.tokens[imageSize ?? "1K"] };
}

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const toSnake = (value) => Array.isArray(value) ? value.map(toSnake)
  : value && typeof value === "object"
    ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [snake(name), toSnake(inner)])) : value;

// What stands instead of an answer, without a picture; null when the fault is another.
function answerOfFault(fault, about) {
  switch (fault.kind) {
    case "blocked":
      return { promptFeedback: { blockReason: "PROHIBITED_CONTENT", safetyRatings: [] }, ...about };
    case "finish":
      return { candidates: [{ index: 0, finishReason: fault.reason, finishMessage: fault.message }], ...about };
    case "words":
      return { candidates: [{ index: 0, finishReason: "STOP",
        content: { role: "model", parts: [{ text: "Which cup do you mean?" }] } }], ...about };
    default:
      return null;
  }
}

async function generate(req, res, body, state, model) {
  const wanted = JSON.parse(body.toString("utf8"));
  const config = wanted.generationConfig ?? {};
  const isPicture = model in PICTURE_MODELS;
  if (!isPicture && !TEXT_MODELS.includes(model))
    throw error(404, "NOT_FOUND", `models/${model} is not found for API version v1beta, or is not supported.`);
  checkNames(wanted, TOP, "");
  checkNames(config, state.old_schema ? CONFIG.filter((name) => name !== "responseJsonSchema") : CONFIG,
    "generation_config");
  for (const setting of wanted.safetySettings ?? [])
    if (!THRESHOLDS.includes(setting.threshold)) throw invalid("Invalid threshold");
  if (config.thinkingConfig && isPicture && (Object.keys(config.thinkingConfig).join() !== "thinkingLevel"
    || !LEVELS[model]?.includes(config.thinkingConfig.thinkingLevel))) throw invalid("Invalid thinking level");
  if (config.temperature !== undefined && !(config.temperature >= 0 && config.temperature <= 2))
    throw invalid("temperature must be in [0, 2]");
  if (wanted.tools && (model !== "gemini-nano-banana-2.1" || JSON.stringify(wanted.tools) !== '[{"googleSearch":{}}]'))
    throw invalid("Search Grounding is not supported.");
  const { prompt, files } = readParts(wanted.contents);
  const order = isPicture ? checkImage(config, model) : null;
  if (config.responseJsonSchema) checkSchema(config.responseJsonSchema, false);
  if (config.responseSchema) checkSchema(config.responseSchema, true);
  if (isPicture && files.length > PICTURE_MODELS[model].references) throw invalid("Too many images");
  const fault = state.faults.shift() ?? { kind: /\[blocked\]/.test(prompt) ? "blocked" : "none" };
  refuse(fault, req);
  if (fault.kind === "quota")
    throw error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan.", [
      { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [{ quotaId: fault.id ?? "PerMinute" }] },
      { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: fault.delay ?? "37s" }]);
  if (state.latency > 0) await new Promise((resolve) => setTimeout(resolve, state.latency));
  const about = { modelVersion: model, responseId: createHash("sha256").update(body).digest("hex").slice(0, 16) };
  const early = answerOfFault(fault, about);
  if (early !== null) return sendJson(res, 200, early);
  const answer = { ...about };
  let parts;
  if (isPicture) {
    const picture = drawFor(order.ratio, order.size, createHash("sha256").update(body).digest("hex"));
    const part = (bytes, type) => ({ inlineData: { mimeType: type, data: spoil(fault, bytes.toString("base64")) } });
    parts = [{ text: "Here you go." },
      ...(fault.kind === "draft" ? [{ thought: true, ...part(drawPng(16, 16, "draft"), "image/png") }] : []),
      { ...part(picture, fault.kind === "wrong_type" ? "image/jpeg" : "image/png"), thoughtSignature: "c2lnbmVk" }];
    answer.usageMetadata = usageOf(prompt, files, { candidatesTokenCount: order.tokens,
      candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: order.tokens }] }, 180);
    answer.picture = createHash("sha256").update(picture).digest("hex");
  } else {
    const text = writeText(config, prompt);
    parts = [{ thought: true, text: "Let me look." }, { text }];
    answer.usageMetadata = usageOf(prompt, files, { candidatesTokenCount: Math.ceil(text.length / 4) }, 80);
  }
  if (fault.kind === "no_parts") parts = [];
  const { picture, ...shown } = answer;
  if (!isFree(fault))
    state.entries.push({ model, prompt, config, system: wanted.systemInstruction?.parts?.[0]?.text ?? null, picture,
      safety: wanted.safetySettings ?? [], tools: wanted.tools ?? [], usage: answer.usageMetadata,
      files: files.map(({ type, size }) => ({ type, size })),
      request_sha256: createHash("sha256").update(body).digest("hex") });
  const reply = { candidates: [{ index: 0, finishReason: "STOP", content: { role: "model", parts } }], ...shown };
  deliver(res, fault, state.snake ? toSnake(reply) : reply);
}

function predict(req, res, body, state, model) {
  const { instances, parameters } = JSON.parse(body.toString("utf8"));
  if (!(model in IMAGEN)) throw error(404, "NOT_FOUND", `Publisher Model ${model} was not found.`);
  checkNames(parameters, ["sampleCount", "aspectRatio", "personGeneration", "sampleImageSize", "outputOptions",
    "negativePrompt", "seed", "addWatermark", "safetySetting", "language", "guidanceScale", "enhancePrompt",
    "includeRaiReason", "storageUri"], "parameters");
  if (parameters.sampleCount > IMAGEN[model]) throw invalid("sampleCount is too large");
  if (!["1:1", "3:4", "4:3", "9:16", "16:9"].includes(parameters.aspectRatio ?? "1:1")) throw invalid("aspectRatio");
  const fault = state.faults.shift() ?? { kind: "none" };
  refuse(fault, req);
  const filtered = fault.kind === "filtered" ? fault.count : 0;
  const pictures = Array.from({ length: parameters.sampleCount - filtered }, (_, index) =>
    drawFor(parameters.aspectRatio ?? "1:1", parameters.sampleImageSize ?? "1K", `${instances[0].prompt} ${index}`));
  state.entries.push({ model, prompt: instances[0].prompt, parameters,
    pictures: pictures.map((picture) => createHash("sha256").update(picture).digest("hex")) });
  deliver(res, fault, { predictions: [
    ...Array.from({ length: parameters.includeRaiReason ? filtered : 0 },
      () => ({ raiFilteredReason: "Filtered: 29310472" })),
    ...pictures.map((picture) => ({ mimeType: "image/png",
      bytesBase64Encoded: spoil(fault, picture.toString("base64")) }))] });
}

export function createFake({ key = "test-key" } = {}) {
  return createSteered(async (req, res, body, state) => {
    const [, base, model, method] =
      /^(\/v1beta|\/v1\/projects\/p\/locations\/l\/publishers\/google)\/models(?:\/([^:?/]+):(\w+))?(?:\?.*)?$/
        .exec(req.url) ?? [];
    const isCloud = base !== "/v1beta";
    if (base === undefined) throw error(404, "NOT_FOUND", "Not found.");
    const isBearer = isCloud && !state.cloud_keys;
    if (isBearer && req.headers.authorization !== `Bearer ${key}`)
      throw error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");
    if (!isBearer && !req.headers["x-goog-api-key"])
      throw error(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers.");
    if (!isBearer && req.headers["x-goog-api-key"] !== key)
      throw error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
        [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }]);
    if (req.method === "GET" && model === undefined)
      return sendJson(res, 200, { models: [...Object.keys(PICTURE_MODELS), ...TEXT_MODELS].map((name) => ({
        name: `models/${name}`, displayName: name, supportedGenerationMethods: ["generateContent", "countTokens"] }))
        .concat({ name: "models/gemini-embedding-001", supportedGenerationMethods: ["embedContent"] }) });
    if (req.method === "POST" && method === "generateContent") return generate(req, res, body, state, model);
    if (req.method === "POST" && method === "predict" && isCloud) return predict(req, res, body, state, model);
    throw error(404, "NOT_FOUND", `models/${model} is not found, or is not supported for ${method}.`);
  }, { snake: false, old_schema: false, cloud_keys: false });
}

export const startFake = (options = {}) => startServer(createFake(options));
await runFake(import.meta, createFake);
