// A fake of Zhipu's picture service, word by word after facts/providers.md 6.7; see plain.mjs for the steering.
// Strict: what the facts do not know is a 400 with code 1210.
//
// Faults beside the common ones: error {status, code, message}; zero_images *; filtered *: no picture, and a content
// filter of level 0; task_failed {code?, message?}; task_unknown; echo_key.
import { randomUUID } from "node:crypto";

import { FakeError, only, startPlainFake } from "./plain.mjs";

const fail = (status, code, message) => new FakeError(status, { error: { code, message } });
const refuse = (message) => { throw fail(400, "1210", `API 调用参数有误: ${message}`); };

const custom = (least, step, pixels) => (width, height) => Math.min(width, height) >= least &&
  Math.max(width, height) <= 2048 && width % step === 0 && height % step === 0 && width * height <= pixels;
const GLM = ["1280x1280", "1568x1056", "1056x1568", "1472x1088", "1088x1472", "1728x960", "960x1728"];
const COGVIEW = ["1024x1024", "768x1344", "864x1152", "1344x768", "1152x864", "1440x720", "720x1440"];
const cogview4 = { sizes: COGVIEW, custom: custom(512, 16, 2 ** 21) };
const MODELS = { "glm-image": { sizes: GLM, custom: custom(1024, 32, Infinity) }, "cogview-4-250304": cogview4,
  "cogview-4": cogview4, "cogview-3-flash": { sizes: COGVIEW, custom: () => false } };

function readOrder(fields) {
  only(fields, ["model", "prompt", "size", "quality", "watermark_enabled", "user_id"], refuse);
  const model = MODELS[fields.model];
  if (!model) throw fail(400, "1211", "模型不存在，请检查模型代码。");
  if (typeof fields.prompt !== "string" || fields.prompt === "") refuse("prompt");
  const size = fields.size ?? model.sizes[0];
  const [, width, height] = /^(\d+)x(\d+)$/.exec(size) ?? refuse("size");
  if (!model.sizes.includes(size) && !model.custom(Number(width), Number(height))) refuse("size");
  if (!["standard", "hd", undefined].includes(fields.quality)) refuse("quality");
  if (fields.watermark_enabled === false) throw fail(400, "1214", "请先签署去水印协议");
  if (fields.prompt.includes("[blocked]"))
    throw fail(400, "1301", "系统检测到输入或生成内容可能包含不安全或敏感内容");
  return { model: fields.model, prompt: fields.prompt, size, quality: fields.quality ?? null,
    user_id: fields.user_id ?? null };
}

function check({ req, fault }) {
  if (fault.kind === "echo_key") throw fail(401, "1000", `身份验证失败: ${req.headers.authorization}`);
  if (fault.kind === "error") throw fail(fault.status, fault.code, fault.message ?? "as ordered");
}

const filter = (level) => [{ role: "assistant", level }];

function generate(call) {
  check(call);
  const order = readOrder(call.fields);
  const pictures = call.draw(order.prompt, 1);
  call.charge({ ...order, pictures: pictures.map((picture) => picture.sha256) });
  const isEmpty = ["zero_images", "filtered"].includes(call.fault.kind);
  return { created: 1790000000, id: randomUUID(), request_id: randomUUID(),
    data: isEmpty ? [] : pictures.map(({ url }) => ({ url })),
    content_filter: filter(call.fault.kind === "filtered" ? 0 : 3) };
}

function accept(call) {
  check(call);
  const order = readOrder(call.fields);
  const pictures = call.draw(order.prompt, 1);
  const id = randomUUID().replaceAll("-", "");
  call.charge({ ...order, task_id: id, pictures: pictures.map((picture) => picture.sha256) });
  call.state.tasks.set(id, { order, pictures, polls: call.state.pending, fault: call.fault });
  return { model: order.model, id, request_id: randomUUID(), task_status: "PROCESSING" };
}

function ask({ state, id }) {
  const task = state.tasks.get(id);
  if (!task || task.fault.kind === "task_unknown") throw fail(404, "1214", "任务不存在");
  const saying = (task_status, more) => ({ model: task.order.model, id, request_id: randomUUID(), task_status, ...more });
  if (task.polls-- > 0) return saying("PROCESSING");
  if (task.fault.kind === "task_failed")
    return saying("FAIL", task.fault.code ? { error: { code: task.fault.code, message: task.fault.message } } : {});
  if (task.fault.kind === "filtered") return saying("FAIL", { content_filter: filter(0) });
  return saying("SUCCESS", { image_result: task.fault.kind === "zero_images" ? [] : task.pictures.map(({ url }) => ({ url })) });
}

const service = {
  refuse: (message) => fail(400, "1210", `API 调用参数有误: ${message}`),
  wrongKey: () => fail(401, "1000", "身份验证失败。"),
  noRoute: (name) => new FakeError(404, { timestamp: "2026-11-22", status: 404, error: "Not Found", path: name }),
  orders: ["POST /api/paas/v4/images/generations", "POST /api/paas/v4/async/images/generations"],
  routes: {
    "POST /api/paas/v4/images/generations": generate,
    "POST /api/paas/v4/async/images/generations": accept,
    "GET /api/paas/v4/async-result/{id}": ask,
    "GET /api/paas/v4/models": () => ({ object: "list", data: Object.keys(MODELS).map((id) => ({ id, object: "model" })) }),
  },
};

export const startFake = (options) => startPlainFake(service, options);
