// A fake of Alibaba DashScope's picture services, word by word after facts/providers.md 6.5; see plain.mjs for the
// steering.  Strict: what the facts do not know is a 400 in the service's own form.
//
// No client proves it: Alibaba's own SDK is for Python and Java, and of what npm has (2026-11-29) `dashscope` and
// `dashscope-node` are strangers' and know texts alone, `@ai-sdk/alibaba` texts and videos.  It is held against the
// facts' own examples instead, in dashscope_facts.test.mjs.
//
// Faults beside the common ones: task_failed {code, message} *in doubt*; item_failed {code, message}: the last picture
// of several; task_unknown: the task is forgotten; zero_images *; error200 {code, message}; echo_key.
// A prompt with [blocked] is refused at once, one with [blocked output] when it is drawn.
import { randomUUID } from "node:crypto";

import { FakeError, only, readDataUri, sha256, startPlainFake } from "./plain.mjs";

const request_id = () => randomUUID();
const fail = (status, code, message) => new FakeError(status, { code, message, request_id: request_id() });
const refuse = (message) => { throw fail(400, "InvalidParameter", message); };

const QWEN_SIZES = ["1664*928", "1472*1104", "1328*1328", "1104*1472", "928*1664"];
const between = (least, most) => (size) => {
  const [width, height] = size.split("*").map(Number);
  return width * height >= least * least && width * height <= most * most;
};
const sides = (least, most) => (size) => size.split("*").every((side) => side >= least && side <= most);
const listed = (...sizes) => (size) => sizes.includes(size);
const both = { ways: ["sync"], n: 6, refs: [0, 3], size: between(512, 2048), negative: true, extend: true, megabytes: 10 };
const edits = { ...both, refs: [1, 3], size: sides(512, 2048) };
const draws = { ways: ["sync", "text"], n: 1, refs: [0, 0], size: listed(...QWEN_SIZES), negative: true, extend: true };
const wan = { ways: ["task"], n: 4, refs: [0, 9], megabytes: 20 };
const MODELS = {
  "qwen-image-3.0": both, "qwen-image-3.0-pro": both, "qwen-image-2.0": both, "qwen-image-2.0-pro": both,
  "qwen-image-edit-max": edits, "qwen-image-edit-plus": edits,
  "qwen-image-edit": { ...edits, n: 1, size: null, extend: false },
  "qwen-image": draws, "qwen-image-plus": draws, "qwen-image-max": { ...draws, ways: ["sync"] },
  "wan2.7-image": { ...wan, size: (size) => ["1K", "2K"].includes(size) || between(240, 2048)(size) },
  "wan2.7-image-pro": { ...wan, size: (size, refs) => ["1K", "2K"].includes(size) ||
    (refs === 0 && size === "4K") || between(240, refs === 0 ? 4096 : 2048)(size) },
  "wan2.2-t2i-plus": { ways: ["text"], n: 4, refs: [0, 0], size: sides(512, 1440), negative: true, extend: true },
  "wan2.5-i2i-preview": { ways: ["image"], n: 4, refs: [1, 3], size: null, negative: true, extend: true },
  "z-image-turbo": { ways: ["sync"], n: 1, refs: [0, 0], size: between(512, 2048), extend: true },
  // Nothing in our catalogue: only tasks, so that the way has to be found out.
  "paint-9": { ...wan, size: () => true },
};

function readMessages(input) {
  only(input, ["messages"], refuse);
  if (!Array.isArray(input.messages) || input.messages.length !== 1) refuse("messages must hold exactly one message");
  const [message] = input.messages;
  only(message, ["role", "content"], refuse);
  if (message.role !== "user" || !Array.isArray(message.content)) refuse("the message must be the user's");
  const images = [], texts = [];
  for (const part of message.content) {
    only(part, ["image", "text"], refuse);
    if (part.image !== undefined) images.push(part.image);
    if (part.text !== undefined) texts.push(part.text);
  }
  if (texts.length !== 1 || message.content.length !== images.length + 1) refuse("exactly one text is wanted");
  return { prompt: texts[0], images };
}

function readPrompt(input, way) {
  only(input, way === "image" ? ["prompt", "negative_prompt", "images"] : ["prompt", "negative_prompt"], refuse);
  return { prompt: input.prompt, images: input.images ?? [], negative: input.negative_prompt };
}

// The order, checked against the model's row; or the service's own refusal.
function readOrder(fields, way) {
  only(fields, ["model", "input", "parameters"], refuse);
  const model = MODELS[fields.model];
  if (!model) throw fail(404, "ModelNotFound", `Model not exist: ${fields.model}.`);
  const isAsync = way !== "sync";
  const hasWay = model.ways.includes(way);
  if (!hasWay && !isAsync && !model.ways.includes("sync"))
    throw fail(403, "AccessDenied", "current user api does not support synchronous calls");
  if (!hasWay && isAsync && model.ways.every((other) => other === "sync"))
    throw fail(403, "AccessDenied", "current user api does not support asynchronous calls");
  if (!hasWay) throw fail(400, "InvalidParameter", "url error, please check url!");
  const isMessage = way === "sync" || way === "task";
  const { prompt, images, negative } = isMessage ? readMessages(fields.input) : readPrompt(fields.input, way);
  const parameters = fields.parameters ?? {};
  only(parameters, ["n", "size", "seed", "watermark", ...(isMessage && model.negative ? ["negative_prompt"] : []),
    ...(model.extend ? ["prompt_extend"] : []),
    ...(fields.model.startsWith("wan2.7") ? ["enable_sequential", "thinking_mode"] : [])], refuse);
  if (typeof prompt !== "string" || prompt === "") refuse("a prompt is wanted");
  if (images.length < model.refs[0] || images.length > model.refs[1]) refuse("so many pictures are not taken");
  const files = images.map((image) => readDataUri(image, refuse));
  for (const file of files) if (file.length > (model.megabytes ?? 10) << 20) refuse("the picture is too large");
  const n = parameters.n ?? (fields.model.startsWith("wan2.7") ? 4 : 1);
  if (!Number.isInteger(n) || n < 1 || n > (parameters.enable_sequential ? 12 : model.n)) refuse("n is out of range");
  const size = parameters.size;
  if (size !== undefined && (model.size === null || !/^(\d+\*\d+|[124]K)$/.test(size) || !model.size(size, images.length)))
    refuse(`the size ${size} is not supported`);
  const negativeText = negative ?? parameters.negative_prompt ?? "";
  if ([...negativeText].length > 500) refuse("negative_prompt is too long");
  const seed = parameters.seed;
  if (seed !== undefined && (!Number.isInteger(seed) || seed < 0 || seed > 2147483647)) refuse("seed is out of range");
  for (const name of ["watermark", "prompt_extend", "enable_sequential", "thinking_mode"])
    if (name in parameters && typeof parameters[name] !== "boolean") refuse(`${name} must be true or false`);
  if (prompt.includes("[blocked]"))
    throw fail(400, "DataInspectionFailed", "Input data may contain inappropriate content.");
  return { model: fields.model, way, prompt, n, size: size ?? null, seed: seed ?? null, negative: negativeText,
    extends: parameters.prompt_extend ?? null, besides: Object.fromEntries(["enable_sequential", "thinking_mode"]
      .filter((name) => name in parameters).map((name) => [name, parameters[name]])), files: files.map((file) => ({ size: file.length, sha256: sha256(file) })) };
}

const contentOf = (pictures) => pictures.map(({ url }) =>
  ({ finish_reason: "stop", message: { role: "assistant", content: [{ image: url }] } }));

function sync({ req, fields, fault, draw, charge }) {
  if (req.headers["x-dashscope-async"])
    throw fail(403, "AccessDenied", "current user api does not support asynchronous calls");
  if (fault.kind === "echo_key")
    throw fail(401, "InvalidApiKey", `Invalid API-key provided: ${req.headers.authorization}`);
  if (fault.kind === "error200") return { code: fault.code, message: fault.message, request_id: request_id() };
  const order = readOrder(fields, "sync");
  if (order.prompt.includes("[blocked output]"))
    throw fail(400, "DataInspectionFailed", "Output data may contain inappropriate content.");
  const pictures = draw(order.prompt, order.n);
  charge({ ...order, pictures: pictures.map((picture) => picture.sha256) });
  return { output: { choices: fault.kind === "zero_images" ? [] : contentOf(pictures) },
    usage: { image_count: order.n, width: 1024, height: 1024, output_image_type: "qima_output_1k" },
    request_id: request_id() };
}

const order = (way) => ({ req, fields, fault, state, draw, charge }) => {
  if (req.headers["x-dashscope-async"] !== "enable")
    throw fail(403, "AccessDenied", "current user api does not support synchronous calls");
  const wanted = readOrder(fields, way);
  const pictures = draw(wanted.prompt, wanted.n);
  const task_id = randomUUID();
  const isBlocked = wanted.prompt.includes("[blocked output]");
  charge({ ...wanted, task_id, pictures: pictures.map((picture) => picture.sha256) });
  state.tasks.set(task_id, { way, pictures, polls: state.pending, isCancelled: false,
    fault: isBlocked ? { kind: "task_failed", code: "DataInspectionFailed",
      message: "Output data may contain inappropriate content." } : fault });
  return { output: { task_id, task_status: "PENDING" }, request_id: request_id() };
};

const saying = (task_id, task_status, more = {}) =>
  ({ request_id: request_id(), output: { task_id, task_status, ...more } });

function ask({ state, id }) {
  const task = state.tasks.get(id);
  if (!task || task.fault.kind === "task_unknown") return saying(id, "UNKNOWN");
  if (task.isCancelled) return saying(id, "CANCELED");
  if (task.polls > 0) return saying(id, --task.polls === 0 ? "RUNNING" : "PENDING");
  if (task.fault.kind === "task_failed")
    return saying(id, "FAILED", { code: task.fault.code, message: task.fault.message });
  const results = task.fault.kind === "zero_images" ? [] : task.pictures.map(({ url }) => ({ url }));
  if (task.fault.kind === "item_failed")
    results[results.length - 1] = { code: task.fault.code, message: task.fault.message };
  const output = ["text", "image"].includes(task.way) || task.fault.kind === "item_failed"
    ? { results, task_metrics: { TOTAL: task.pictures.length, SUCCEEDED: results.filter(({ url }) => url).length } }
    : { choices: task.fault.kind === "zero_images" ? [] : contentOf(task.pictures), finished: true };
  return { ...saying(id, "SUCCEEDED", output), usage: { image_count: task.pictures.length, size: "1024*1024" } };
}

function cancel({ state, id }) {
  const task = state.tasks.get(id);
  if (!task || task.polls === 0 || task.isCancelled)
    throw fail(400, "UnsupportedOperation", "Failed to cancel the task, please confirm if the task is in PENDING status.");
  task.isCancelled = true;
  return { request_id: request_id() };
}

const service = {
  refuse: (message) => fail(400, "InvalidParameter", message),
  wrongKey: () => fail(401, "InvalidApiKey", "Invalid API-key provided."),
  noRoute: (name) => fail(404, "NotFound", `no such place: ${name}`),
  orders: ["sync", "task", "text", "image"].map((way) => `POST ${{
    sync: "/api/v1/services/aigc/multimodal-generation/generation",
    task: "/api/v1/services/aigc/image-generation/generation",
    text: "/api/v1/services/aigc/text2image/image-synthesis",
    image: "/api/v1/services/aigc/image2image/image-synthesis" }[way]}`),
};
service.routes = {
  [service.orders[0]]: sync,
  [service.orders[1]]: order("task"),
  [service.orders[2]]: order("text"),
  [service.orders[3]]: order("image"),
  "GET /api/v1/tasks/{id}": ask,
  "POST /api/v1/tasks/{id}/cancel": cancel,
  "GET /api/v1/models": ({ query }) => ({ request_id: request_id(), output: { total: Object.keys(MODELS).length,
    page_no: Number(query.get("page_no")), models: Object.keys(MODELS).map((model) => ({ model, name: model })) } }),
};

export const startFake = (options) => startPlainFake(service, options);
