// A fake of Ideogram (facts/providers.md 6.8): both versions of its API, pictures by address, work asked for by its id,
// and a ledger.  node:-modules only.
//
// No client proves it: Ideogram has none on npm (2026-11-29; `ideogram` draws chromosomes), and `@aigne/ideogram`, a
// stranger's for two of the places below, would bring three hundred packages.  It is held against the facts' own examples
// instead, in ideogram_facts.test.mjs.
//
//   node ideogram.mjs --port 0 --key test-key      prints "listening PORT"
//
// Steering (no key needed)
//   POST /__control  {"pending": 2,               an async work is pending for so many polls
//                     "faults": [{"kind": …}, …], one for each generation to come, in order
//                     "reset": true}              forget everything first
//   GET  /__ledger   {"entries": [what was made], "requests": [all that came]}
//   GET  /__file/ID.png                           what the pictures' addresses point to
//
// Kinds of fault; those marked * are charged, for the picture was made:
//   none                  nothing: lets one call pass
//   status                {status, reject_reason?, error?, retry_after?}
//   unsafe *              {count}: so many of the pictures are held back
//   zero_images *, html200, not_json *, plain_http *
//   hang *, reset_before_reply *, cut_mid_body *
//   failed                {reason}: an async work fails
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

import { parseMultipart } from "./openai.mjs";
import { drawPng } from "./png.mjs";

const ASPECTS = ["1x3", "3x1", "1x2", "2x1", "9x16", "16x9", "10x16", "16x10", "2x3", "3x2", "3x4", "4x3", "4x5", "5x4", "1x1"];
const V1_FIELDS = { prompt: "text", aspect_ratio: ASPECTS, resolution: /^\d+x\d+$/,
  rendering_speed: ["FLASH", "TURBO", "DEFAULT", "QUALITY"], magic_prompt: ["AUTO", "ON", "OFF"], negative_prompt: "text",
  num_images: /^[1-8]$/, seed: /^\d{1,10}$/, style_type: ["AUTO", "GENERAL", "REALISTIC", "DESIGN", "FICTION"],
  image_weight: /^([1-9]\d?|100)$/, style_preset: /^[A-Z0-9_]{1,60}$/, style_codes: /^[0-9A-F]{8}$/,
  color_palette: /^\{"members":\[(\{"color_hex":"#[0-9A-F]{6}"\},?){1,8}\]\}$/ };
const STYLE = ["style_type", "style_preset", "style_codes"];
const V4_FIELDS = { text_prompt: "text", resolution: /^\d+x\d+$/, rendering_speed: ["TURBO", "DEFAULT", "QUALITY"],
  image_weight: /^([1-9]\d?|100)$/ };
const V2_FIELDS = { prompt: "text", magic_prompt: ["auto", "on", "off"], size: /^(auto|source|\d+x\d+)$/,
  quality: ["very_low", "low", "medium", "high"], seed: /^\d{1,10}$/, num_images: /^[1-8]$/, async: ["true", "false"],
  enable_copyright_detection: ["true", "false"] };
const pick = (fields, ...names) => Object.fromEntries(names.map((name) => [name, fields[name]]));
const without = (fields, ...names) => Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));

// path: [fields, least and most files by name, version, takes JSON]
const ROUTES = {
  "/v1/ideogram-v4/generate": [without(V4_FIELDS, "image_weight"), {}, "v1"],
  "/v1/ideogram-v4/remix": [V4_FIELDS, { image: [1, 1] }, "v1"],
  "/v1/ideogram-v3/generate": [without(V1_FIELDS, "image_weight"), { style_reference_images: [0, 3],
    character_reference_images: [0, 1] }, "v1"],
  "/v1/ideogram-v3/generate-transparent": [without(V1_FIELDS, "image_weight", ...STYLE), {}, "v1"],
  "/v1/ideogram-v3/remix": [V1_FIELDS, { image: [1, 1], style_reference_images: [0, 3] }, "v1"],
  "/v1/ideogram-v3/inpaint": [without(V1_FIELDS, "image_weight", "aspect_ratio", "resolution"),
    { image: [1, 1], mask: [1, 1], style_reference_images: [0, 3] }, "v1"],
  "/v1/ideogram-v3/reframe": [pick(V1_FIELDS, "resolution", "rendering_speed", "num_images", "seed"), { image: [1, 1] }, "v1"],
  "/v1/ideogram-v3/replace-background": [pick(V1_FIELDS, "prompt", "magic_prompt", "rendering_speed", "num_images", "seed"),
    { image: [1, 1] }, "v1"],
  "/v2/image/generate/ideogram-4-5": [V2_FIELDS, { images: [0, 5], mask: [0, 1] }, "v2", true],
  "/v2/image/precise-edit/ideogram-4-5": [{ prompt: "text" }, { image: [1, 1], reference_images: [0, 4], mask: [0, 1] }, "v2"],
};

class Refusal extends Error {
  constructor(status, body, headers = {}) {
    super(body.error);
    Object.assign(this, { status, body, headers });
  }
}

// The palette or grey of the first pixel of a mask: what Ideogram changes is black.
function maskFacts(data) {
  const colour = data[25];
  const palette = data.indexOf("PLTE");
  return { colour, first: palette < 0 ? null : data[palette + 4] };
}

function readOrder(req, body, [known, wanted, , takesJson]) {
  const type = req.headers["content-type"] ?? "";
  const isJson = type.startsWith("application/json");
  if (isJson && !takesJson) throw new Refusal(400, { error: "multipart/form-data is needed" });
  const parts = isJson ? [] : parseMultipart(body, type);
  const files = parts.filter((part) => part.filename !== undefined);
  const fields = isJson ? JSON.parse(body.toString("utf8"))
    : Object.fromEntries(parts.filter((part) => part.filename === undefined).map((part) => [part.name, part.data.toString("utf8")]));
  for (const [name, value] of Object.entries(fields)) {
    const rule = known[name];
    const text = String(value);
    if (rule === undefined) throw new Refusal(400, { error: `unknown field ${name}` });
    if (rule !== "text" && !(Array.isArray(rule) ? rule.includes(text) : rule.test(text)))
      throw new Refusal(400, { error: `${name} cannot be ${text}` });
    if (isJson && ["seed", "num_images"].includes(name) && typeof value !== "number")
      throw new Refusal(400, { error: `${name} is a number` });
    if (isJson && ["async", "enable_copyright_detection"].includes(name) && typeof value !== "boolean")
      throw new Refusal(400, { error: `${name} is a boolean` });
  }
  for (const name of ["prompt", "text_prompt"])
    if (known[name] && !fields[name]) throw new Refusal(400, { error: `${name} is needed` });
  if (fields.aspect_ratio && fields.resolution) throw new Refusal(400, { error: "aspect_ratio or resolution, not both" });
  if (fields.style_type && files.some(({ name }) => name === "style_reference_images"))
    throw new Refusal(400, { error: "style_type does not go with references" });
  if (fields.style_codes && (fields.style_type || files.length > 0))
    throw new Refusal(400, { error: "style_codes go with neither style_type nor references" });
  for (const { name } of files) if (!wanted[name]) throw new Refusal(400, { error: `unknown file ${name}` });
  for (const [name, [least, most]] of Object.entries(wanted)) {
    const count = files.filter((file) => file.name === name).length;
    if (count < least || count > most) throw new Refusal(400, { error: `${count} files of ${name}` });
  }
  return { fields, files };
}

export function createFake({ key = "test-key" } = {}) {
  const state = {};
  const reset = () => Object.assign(state, { pending: 0, faults: [], entries: [], requests: [], works: new Map(), files: new Map() });
  reset();

  const sendJson = (res, status, body, headers = {}) => {
    const text = JSON.stringify(body);
    res.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text), ...headers });
    res.end(text);
  };
  const sendText = (res, type, text) => {
    res.writeHead(200, { "content-type": type });
    res.end(text);
  };

  async function readBody(req) {
    const pieces = [];
    for await (const piece of req) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  function make(req, path, { fields, files }, fault) {
    const count = Number(fields.num_images ?? 1);
    const seed = Number(fields.seed ?? 12345);
    const host = fault.kind === "plain_http" ? "http://elsewhere.example" : `http://${req.headers.host}`;
    const entry = { path, fields, files: files.map(({ name, filename, type, data }) => ({ name, filename, type, size: data.length,
      ...(name === "mask" ? { mask: maskFacts(data) } : {}) })), pictures: [] };
    const data = Array.from({ length: fault.kind === "zero_images" ? 0 : count }, (_, index) => {
      const isUnsafe = fault.kind === "unsafe" && index < fault.count;
      const id = randomUUID();
      const bytes = drawPng(32, 32, `${fields.prompt ?? fields.text_prompt} ${seed} ${index}`);
      if (!isUnsafe) {
        state.files.set(id, bytes);
        entry.pictures.push(createHash("sha256").update(bytes).digest("hex"));
      }
      return { url: isUnsafe ? "" : `${host}/__file/${id}.png`, prompt: `better: ${fields.prompt ?? ""}`, resolution: "1024x1024",
        is_image_safe: !isUnsafe, seed: seed + index };
    });
    state.entries.push(entry);
    return { generation_id: randomUUID(), seed, data };
  }

  async function generate(req, res, path) {
    const body = await readBody(req);
    const fault = state.faults.shift() ?? { kind: "none" };
    if (fault.kind === "status")
      throw new Refusal(fault.status, { error: fault.error ?? "as ordered", ...(fault.reject_reason
        ? { reject_reason: fault.reject_reason, max_inflight_requests: 10 } : {}) },
      fault.retry_after === undefined ? {} : { "retry-after": String(fault.retry_after) });
    if (fault.kind === "html200") return sendText(res, "text/html", "<html><title>Welcome</title></html>");
    const order = readOrder(req, body, ROUTES[path]);
    if (/\[blocked\]/.test(order.fields.prompt ?? "")) throw new Refusal(422, { error: "Prompt failed the safety check" });
    if (fault.kind === "failed") {
      const id = randomUUID();
      state.works.set(id, { left: 0, reply: { generation_id: id, status: "failed", failure_reason: fault.reason } });
      return sendJson(res, 200, { generation_id: id, status: "pending" });
    }
    const made = make(req, path, order, fault);
    if (fault.kind === "hang") return undefined;
    if (fault.kind === "reset_before_reply") return res.socket.resetAndDestroy();
    if (fault.kind === "not_json") return sendText(res, "application/json", "{\"data\":[{\"url\":");
    if (fault.kind === "cut_mid_body") {
      res.writeHead(200, { "content-type": "application/json", "content-length": 500 });
      return res.write("{\"data\":", () => setImmediate(() => res.socket?.resetAndDestroy()));
    }
    if (String(order.fields.async) !== "true") return sendJson(res, 200, made);
    state.works.set(made.generation_id, { left: state.pending, reply: { status: "completed", ...made } });
    return sendJson(res, 200, { generation_id: made.generation_id, status: "pending" });
  }

  function ask(res, id) {
    const work = state.works.get(id);
    if (!work) return sendJson(res, 404, { error: "generation not found" });
    return sendJson(res, 200, work.left-- > 0 ? { generation_id: id, status: "pending" } : work.reply);
  }

  async function handle(req, res) {
    const path = req.url.split("?")[0];
    const file = /^\/__file\/([0-9a-f-]+)\.png$/.exec(path)?.[1];
    if (path === "/__control") {
      const wanted = JSON.parse((await readBody(req)).toString("utf8"));
      if (wanted.reset) reset();
      Object.assign(state, wanted.pending === undefined ? {} : { pending: wanted.pending },
        wanted.faults === undefined ? {} : { faults: [...wanted.faults] });
      return sendJson(res, 200, {});
    }
    if (path === "/__ledger") return sendJson(res, 200, { entries: state.entries, requests: state.requests });
    if (file && state.files.has(file)) {
      if (req.headers["api-key"]) return sendJson(res, 400, { error: "a signed address takes no key" });
      res.writeHead(200, { "content-type": "image/png" });
      return res.end(state.files.get(file));
    }
    state.requests.push(`${req.method} ${path}`);
    if (req.headers["api-key"] !== key) throw new Refusal(401, { error: `Invalid API key ${req.headers["api-key"]}` });
    const id = /^\/v[12]\/generations\/([^/]+)$/.exec(path)?.[1];
    if (req.method === "GET" && id) return ask(res, id);
    if (req.method === "POST" && ROUTES[path]) return generate(req, res, path);
    throw new Refusal(404, { error: `no route ${path}` });
  }

  return createServer((req, res) => {
    handle(req, res).catch((error) => {
      if (res.headersSent) return res.destroy();
      if (error instanceof Refusal) return sendJson(res, error.status, error.body, error.headers);
      return sendJson(res, 500, { error: String(error) });
    });
  });
}

// Starts a fake for tests in the same process: { url, close() }.
export async function startFake(options = {}) {
  const server = createFake(options);
  await new Promise((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const option = (name, fallback) => {
    const at = process.argv.indexOf(`--${name}`);
    return at < 0 ? fallback : process.argv[at + 1];
  };
  const fake = await startFake({ port: Number(option("port", "0")), key: option("key", "test-key") });
  console.log(`listening ${new URL(fake.url).port}`);
}
