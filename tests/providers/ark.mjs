// A fake of Volcano Ark (facts/providers.md 4A): pictures, groups, streams and text.
//
//   POST /api/v3/images/generations, POST /api/v3/chat/completions
//
// A group (`sequential_image_generation`) has as many pictures as max_images says, or {"group_size": n} of the control.
// `[blocked]` in a prompt: refused.  Faults beyond those of volc_fake.mjs:
//   unsupported    {name}: refused when the request has that field, else nothing
//   echo_key       401 that repeats the key it was sent
//   error200       an error at the top of a 200
//   item_errors    {items: [1]}: these pictures of a group are not made
//   stream_cut *   the connection ends after the first picture of a stream
//   split          the stream in pieces of three bytes
import { randomUUID } from "node:crypto";

import { Answer, answerWithFault, draw, sendJson, sha256, spoil, startServer } from "./volc_fake.mjs";

const ONE = { tiers: ["1K", "1.5K", "2K"], least: 921600, most: 4624220, references: 10,
  fields: ["output_format", "optimize_prompt_options", "background", "layer_decomposition"] };
const GROUP = { least: 3686400, most: 16777216, references: 14,
  fields: ["sequential_image_generation", "sequential_image_generation_options", "stream", "optimize_prompt_options"] };
const MODELS = [
  [/seedream-5-0-pro/, { ...ONE, modes: ["standard", "fast"] }],
  [/seedream-5-0-flash/, ONE],
  [/seedream-5-0/, { ...GROUP, tiers: ["2K", "3K", "4K"], fields: [...GROUP.fields, "output_format", "tools"] }],
  [/seedream-4-5/, { ...GROUP, tiers: ["2K", "4K"] }],
  [/seedream-4-0/, { ...GROUP, tiers: ["1K", "2K", "4K"], least: 921600, modes: ["standard", "fast"] }],
  [/seedream-3-0/, { tiers: [], least: 262144, most: 4194304, references: 0, fields: ["seed", "guidance_scale"] }],
];
const COMMON = ["model", "prompt", "image", "size", "response_format", "watermark"];
const ALL = ["sequential_image_generation", "sequential_image_generation_options", "stream", "output_format",
  "optimize_prompt_options", "background", "layer_decomposition", "tools", "seed", "guidance_scale"];
const SIDES = { "1K": 1024, "1.5K": 1536, "2K": 2048, "3K": 3072, "4K": 4096 };

const refuse = (status, code, message, param = "") =>
  new Answer(status, { error: { code, message: `${message} Request id: ${randomUUID().replaceAll("-", "")}`, param,
    type: status === 400 ? "BadRequest" : "Error" } });
const unsupported = (name) => refuse(400, "InvalidParameter",
  `The parameter \`${name}\` specified in the request is not valid: ${name} is not supported by the current model.`, name);
const invalid = (name) => refuse(400, "InvalidParameter",
  `The parameter \`${name}\` specified in the request is not valid.`, name);

function sizeOf(fields, model) {
  const size = fields.size ?? "2K";
  const match = /^(\d+)x(\d+)$/.exec(size);
  if (!match && !(model.tiers.includes(size) || fields.size === undefined)) throw invalid("size");
  const [width, height] = match ? [Number(match[1]), Number(match[2])] : [SIDES[size], SIDES[size]];
  if (width * height < model.least || width * height > model.most || width > 16 * height || height > 16 * width)
    throw invalid("size");
  return { width, height };
}

function readImages(fields, model) {
  const images = fields.image === undefined ? [] : [fields.image].flat();
  if (images.length > model.references) throw invalid("image");
  return images.map((image) => {
    const match = /^data:image\/(jpeg|png|webp|bmp|tiff|gif|heic|heif);base64,([A-Za-z0-9+/]+=*)$/.exec(image);
    if (!match) throw refuse(400, "InvalidImageURL.InvalidFormat", "The image is not valid.", "image");
    return Buffer.from(match[2], "base64");
  });
}

function checkOrder(fields) {
  const model = MODELS.find(([pattern]) => pattern.test(fields.model ?? ""))?.[1];
  if (!fields.model) throw refuse(400, "MissingParameter", "The parameter `model` is missing.", "model");
  if (!model)
    throw refuse(404, "InvalidEndpointOrModel.NotFound", `The model ${fields.model} does not exist.`);
  for (const name of Object.keys(fields)) {
    if (COMMON.includes(name) || model.fields.includes(name)) continue;
    throw ALL.includes(name) ? unsupported(name) : invalid(name);
  }
  if (typeof fields.prompt !== "string" || fields.prompt === "")
    throw refuse(400, "MissingParameter", "The parameter `prompt` is missing.", "prompt");
  for (const [name, values] of [["response_format", ["url", "b64_json", undefined]],
    ["output_format", ["jpeg", "png", undefined]], ["watermark", [true, false, undefined]]])
    if (!values.includes(fields[name])) throw invalid(name);
  const images = readImages(fields, model);
  const isGroup = fields.sequential_image_generation === "auto";
  const most = fields.sequential_image_generation_options?.max_images ?? 15;
  if (isGroup && (!Number.isInteger(most) || most < 1 || most + images.length > 15))
    throw invalid("sequential_image_generation_options.max_images");
  const isApart = fields.layer_decomposition === true;
  if (![true, false, undefined].includes(fields.layer_decomposition) || (isApart && images.length !== 1))
    throw invalid("layer_decomposition");
  const mode = fields.optimize_prompt_options?.mode ?? "standard";
  if (!(model.modes ?? ["standard"]).includes(mode)) throw invalid("optimize_prompt_options.mode");
  if (fields.tools && JSON.stringify(fields.tools) !== '[{"type":"web_search"}]') throw invalid("tools");
  return { ...sizeOf(fields, model), images, isApart, count: isGroup ? most : isApart ? 4 : 1, stream: fields.stream === true,
    isInline: fields.response_format === "b64_json" };
}

// The pictures of an order, and what is said of each.
function makeItems(req, state, fault, fields, order) {
  const size = `${order.width}x${order.height}`;
  return Array.from({ length: order.count }, (_, index) => {
    if (fault.kind === "item_errors" && fault.items.includes(index))
      return { error: { code: "OutputImageSensitiveContentDetected",
        message: "The request failed because the output image may contain sensitive information." } };
    const picture = draw(order.width, order.height, `${fields.prompt} ${order.images.map(sha256)} ${index}`);
    const base64 = spoil(fault, picture.toString("base64"));
    const layer = order.isApart && index > 0 ? { z_index: index, name: `layer ${index}`, description: "a part",
      bounding_box: { absolute: [0, 0, 8, 8], normalized: [0, 0, 1000, 1000] } } : {};
    return { picture, said: { ...layer, ...(order.isInline ? { b64_json: base64 } : { url: state.keep(req, picture) }), size } };
  });
}

async function stream(res, fault, fields, items, usage) {
  res.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  const write = async (type, more) => {
    const bytes = Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, model: fields.model, created: 1790000000,
      ...more })}\n\n`);
    const step = fault.kind === "split" ? 3 : bytes.length;
    for (let at = 0; at < bytes.length; at += step) {
      res.write(bytes.subarray(at, at + step));
      if (at % 300 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  for (const [index, item] of items.entries()) {
    if (item.error) await write("image_generation.partial_failed", { image_index: index, error: item.error });
    else await write("image_generation.partial_succeeded", { image_index: index, ...item.said });
    if (fault.kind === "stream_cut") {
      setTimeout(() => res.socket?.resetAndDestroy(), 20);
      return;
    }
  }
  await write("image_generation.completed", { usage });
  res.end("data: [DONE]\n\n");
}

async function images(req, res, body, state) {
  let fields;
  try {
    fields = JSON.parse(body.toString("utf8"));
  } catch {
    throw refuse(400, "InvalidParameter", "The body is no JSON.");
  }
  const isProbe = fields.size === "1x1";
  const fault = isProbe ? { kind: "none" } : state.faults.shift() ?? { kind: "none" };
  Object.assign(req.noted, { fault: fault.kind, fields: Object.keys(fields), prompt: fields.prompt });
  if (fault.kind === "status") throw new Answer(fault.status, fault.body ?? {}, fault.headers);
  if (fault.kind === "echo_key")
    throw refuse(401, "AuthenticationError", `The API key in ${req.headers.authorization} is not valid.`);
  if (fault.kind === "error200") throw new Answer(200, refuse(500, "InternalServiceError", "upstream").body);
  if (fault.kind === "unsupported" && fault.name in fields) throw unsupported(fault.name);
  const order = checkOrder(fields);
  if (/\[blocked\]/.test(fields.prompt))
    throw refuse(400, "InputTextSensitiveContentDetected",
      "The request failed because the input text may contain sensitive information.");
  if (state.latency_ms > 0) await new Promise((resolve) => setTimeout(resolve, state.latency_ms));
  if (order.count > 1) order.count = Math.min(order.count, state.group_size ?? order.count);
  const items = fault.kind === "zero_images" ? [] : makeItems(req, state, fault, fields, order);
  const made = items.filter((item) => item.picture);
  const usage = { generated_images: made.length, output_tokens: made.length * Math.round(order.width * order.height / 256),
    total_tokens: made.length * Math.round(order.width * order.height / 256) };
  if (fault.kind !== "html200")
    state.entries.push({ model: fields.model, prompt: fields.prompt, size: `${order.width}x${order.height}`,
      watermark: fields.watermark ?? true, request_sha256: sha256(body), images: order.images.map(sha256),
      pictures: made.map((item) => sha256(item.picture)), usage });
  const said = { model: fields.model, created: 1790000000,
    data: items.map((item) => item.said ?? { error: item.error }), usage };
  if (answerWithFault(res, fault, said)) return;
  if (order.stream) await stream(res, fault, fields, items, usage);
  else if (made.length === 0 && items.length > 0) throw new Answer(400, { error: items[0].error });
  else sendJson(res, 200, said);
}

// Answers with how many pictures it was shown; as JSON when a schema is asked for.
async function chat(req, res, body, state) {
  const fields = JSON.parse(body.toString("utf8"));
  const fault = state.faults.shift() ?? { kind: "none" };
  if (fault.kind === "status") throw new Answer(fault.status, fault.body ?? {}, fault.headers);
  if (fault.kind === "unsupported" && fault.name in fields) throw unsupported(`${fault.name}.type`);
  const user = fields.messages.at(-1);
  const parts = typeof user.content === "string" ? [{ type: "text", text: user.content }] : user.content;
  const seen = parts.filter((part) => part.type === "image_url")
    .map((part) => Buffer.from(part.image_url.url.split(",")[1], "base64"));
  const format = fields.response_format?.type;
  const isJson = format !== undefined || /JSON/.test(fields.messages[0].role === "system" ? fields.messages[0].content : "");
  // As the schema wants it, as far as the tests look.
  const wanted = fields.response_format?.json_schema?.schema?.properties ?? {};
  const object = "keywords" in wanted ? { text: "I saw it.", keywords: ["fake"], confidence: 0.5 } : { pictures: seen.length };
  const content = isJson ? JSON.stringify(object) : `I saw ${seen.length} pictures.`;
  const usage = { prompt_tokens: 10 + 1000 * seen.length, completion_tokens: 5, total_tokens: 15 + 1000 * seen.length };
  state.entries.push({ model: fields.model, schema: fields.response_format?.json_schema?.name ?? null,
    thinking: fields.thinking?.type ?? null, images: seen.map(sha256), usage });
  const said = { id: randomUUID(), object: "chat.completion", created: 1790000000, model: fields.model,
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: format ? content
      : isJson ? `\`\`\`json\n${content}\n\`\`\`` : content } }], usage };
  if (!answerWithFault(res, fault, said)) sendJson(res, 200, said);
}

const routes = { "POST /api/v3/images/generations": images, "POST /api/v3/chat/completions": chat };

export function startFake({ key = "test-key", port = 0 } = {}) {
  return startServer((req, res, body, state) => {
    if (req.headers.authorization !== `Bearer ${key}`)
      throw refuse(401, "AuthenticationError", "The API key doesn't exist.");
    const route = routes[req.noted.name];
    if (!route) throw new Answer(404, { error: { code: "NotFound", message: "no such path" } });
    res.setHeader("x-request-id", `02${randomUUID().replaceAll("-", "")}`);
    return route(req, res, body, state);
  }, () => ({ group_size: undefined }), port);
}
