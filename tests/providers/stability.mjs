// A fake of Stability AI (facts/providers.md 6.9): forms in, pictures out, raw or as base64, two tools that are asked for
// by an id, and a ledger in credits.  node:-modules only.
//
//   node stability.mjs --port 0 --key test-key      prints "listening PORT"
//
// Steering (no key needed)
//   POST /__control  {"pending": 2,               a work is in progress for so many polls
//                     "json": true,               pictures come as JSON, whatever was accepted
//                     "faults": [{"kind": …}, …], one for each POST to come, in order
//                     "reset": true}              forget everything first
//   GET  /__ledger   {"entries": [what was made], "requests": [all that came]}
//
// Kinds of fault; those marked * are charged, for the picture was made:
//   none                  nothing: lets one call pass
//   status                {status, name?, errors?, retry_after?}
//   filtered, error       the finish reason; filtered comes with a blurred picture
//   zero_images *, html200, truncated *, truncated_base64 *
//   wrong_type *          JPEG is declared, PNG is sent
//   hang *, reset_before_reply *, cut_mid_body *
//   expired *             the work's result is gone
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

import { parseMultipart } from "./openai.mjs";
import { drawPng } from "./png.mjs";

const BODY_MAX = 10 * 1024 * 1024;
const ASPECTS = ["21:9", "16:9", "3:2", "5:4", "1:1", "4:5", "2:3", "9:16", "9:21"];
const UNIT = (value) => /^[01](\.\d+)?$/.test(value) && Number(value) <= 1;
const RULES = { aspect_ratio: (value) => ASPECTS.includes(value), seed: (value) => /^\d+$/.test(value) && Number(value) <= 4294967294,
  output_format: (value) => ["png", "jpeg", "webp"].includes(value), strength: UNIT, control_strength: UNIT,
  cfg_scale: (value) => Number(value) >= 1 && Number(value) <= 10, mode: (value) => ["text-to-image", "image-to-image"].includes(value),
  style_preset: (value) => /^[a-z0-9-]+$/.test(value) };
const SIDE = (value) => /^\d{1,4}$/.test(value) && Number(value) <= 2000;
Object.assign(RULES, { left: SIDE, right: SIDE, up: SIDE, down: SIDE, creativity: UNIT, fidelity: UNIT, style_strength: UNIT,
  composition_fidelity: UNIT, change_strength: UNIT, grow_mask: (value) => /^\d{1,3}$/.test(value) && Number(value) <= 100 });
const NEW = ["negative_prompt", "aspect_ratio", "seed", "output_format", "style_preset"];
const SD3_CREDITS = { "sd3.5-large": 6.5, "sd3.5-large-turbo": 4, "sd3.5-medium": 3.5, "sd3.5-flash": 2.5 };

// path: [needed fields, other fields, needed files, other files, credits, is asked for by id]
const ROUTES = {
  "/generate/core": [["prompt"], NEW, [], [], 3],
  "/generate/ultra": [["prompt"], [...NEW, "strength"], [], ["image"], 8],
  "/generate/sd3": [["prompt", "model"], [...NEW, "mode", "strength", "cfg_scale"], [], ["image"], 0],
  "/edit/inpaint": [["prompt"], ["negative_prompt", "seed", "output_format", "grow_mask"], ["image"], ["mask"], 5],
  "/edit/erase": [[], ["seed", "output_format", "grow_mask"], ["image"], ["mask"], 5],
  "/edit/outpaint": [[], ["prompt", "left", "right", "up", "down", "creativity", "seed", "output_format"], ["image"], [], 4],
  "/edit/search-and-replace": [["prompt", "search_prompt"], ["negative_prompt", "grow_mask", "seed", "output_format"], ["image"], [], 5],
  "/edit/search-and-recolor": [["prompt", "select_prompt"], ["negative_prompt", "grow_mask", "seed", "output_format"], ["image"], [], 5],
  "/edit/remove-background": [[], ["output_format"], ["image"], [], 5],
  "/edit/replace-background-and-relight": [["background_prompt"], ["seed", "output_format"], ["subject_image"],
    ["background_reference"], 8, true],
  "/control/sketch": [["prompt"], ["control_strength", "seed", "output_format"], ["image"], [], 5],
  "/control/structure": [["prompt"], ["control_strength", "seed", "output_format"], ["image"], [], 5],
  "/control/style": [["prompt"], ["fidelity", "seed", "output_format"], ["image"], [], 5],
  "/control/style-transfer": [[], ["style_strength", "composition_fidelity", "change_strength", "seed", "output_format"], ["init_image", "style_image"], [], 8],
  "/upscale/fast": [[], ["output_format"], ["image"], [], 2],
  "/upscale/conservative": [["prompt"], ["creativity", "seed", "output_format"], ["image"], [], 40],
  "/upscale/creative": [["prompt"], ["creativity", "seed", "output_format"], ["image"], [], 60, true],
};

class Refusal extends Error {
  constructor(status, name, errors, headers = {}) {
    super(name);
    Object.assign(this, { status, body: { id: randomUUID().replaceAll("-", ""), name, errors }, headers });
  }
}
const bad = (text) => new Refusal(400, "bad_request", [text]);

function readOrder(req, body, path) {
  const [needed, others, files, otherFiles] = ROUTES[path];
  if (!(req.headers["content-type"] ?? "").startsWith("multipart/form-data"))
    throw bad("content-type: must be multipart/form-data");
  if (body.length > BODY_MAX) throw new Refusal(413, "payload_too_large", ["body: at most 10 MiB"]);
  const parts = parseMultipart(body, req.headers["content-type"]);
  const order = { fields: {}, files: parts.filter((part) => part.filename !== undefined) };
  for (const part of parts)
    if (part.filename === undefined && part.name !== "none") order.fields[part.name] = part.data.toString("utf8");
  for (const [name, value] of Object.entries(order.fields)) {
    if (![...needed, ...others].includes(name)) throw bad(`${name}: unknown field`);
    if (RULES[name] && !RULES[name](value)) throw bad(`${name}: cannot be ${value}`);
  }
  for (const name of needed) if (!order.fields[name]) throw bad(`${name}: is required`);
  for (const { name } of order.files) if (![...files, ...otherFiles].includes(name)) throw bad(`${name}: unknown file`);
  for (const name of files) if (!order.files.some((file) => file.name === name)) throw bad(`${name}: is required`);
  const hasImage = order.files.length > 0;
  if (path === "/generate/sd3") {
    if (!SD3_CREDITS[order.fields.model]) throw bad(`model: cannot be ${order.fields.model}`);
    if ((order.fields.mode === "image-to-image") !== hasImage) throw bad("mode: does not go with the image");
    if (order.fields.output_format === "webp") throw bad("output_format: cannot be webp");
  }
  if (path.startsWith("/generate") && hasImage && (order.fields.aspect_ratio || !order.fields.strength))
    throw bad("an image wants a strength and no aspect_ratio");
  return order;
}

export function createFake({ key = "test-key" } = {}) {
  const state = {};
  const reset = () => Object.assign(state, { pending: 0, json: false, faults: [], entries: [], requests: [], works: new Map() });
  reset();

  const sendJson = (res, status, body, headers = {}) => {
    const text = JSON.stringify(body);
    res.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text), ...headers });
    res.end(text);
  };

  async function readBody(req) {
    const pieces = [];
    for await (const piece of req) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  function sendPicture(req, res, { bytes, seed, fault }) {
    const reason = { filtered: "CONTENT_FILTERED", error: "ERROR" }[fault.kind] ?? "SUCCESS";
    const isJson = state.json || /json/.test(req.headers.accept ?? "");
    if (fault.kind === "truncated") bytes = bytes.subarray(0, bytes.length >> 1);
    if (fault.kind === "zero_images") bytes = Buffer.alloc(0);
    if (isJson) {
      const image = bytes.toString("base64");
      return sendJson(res, 200, { image: fault.kind === "truncated_base64" ? image.slice(0, image.length >> 1) : image, seed,
        finish_reason: reason });
    }
    const type = fault.kind === "wrong_type" ? "image/jpeg" : "image/png";
    res.writeHead(200, { "content-type": type, "content-length": bytes.length, "finish-reason": reason, seed: String(seed) });
    if (fault.kind !== "cut_mid_body") return res.end(bytes);
    return res.write(bytes.subarray(0, bytes.length >> 1), () => setImmediate(() => res.socket?.resetAndDestroy()));
  }

  async function make(req, res, path) {
    const body = await readBody(req);
    const fault = state.faults.shift() ?? { kind: "none" };
    if (fault.kind === "status")
      throw new Refusal(fault.status, fault.name ?? "as_ordered", fault.errors ?? ["as ordered"],
        fault.retry_after === undefined ? {} : { "retry-after": String(fault.retry_after) });
    if (fault.kind === "html200") {
      res.writeHead(200, { "content-type": "text/html" });
      return res.end("<html><title>Welcome</title></html>");
    }
    const { fields, files } = readOrder(req, body, path);
    if (/\[blocked\]/.test(fields.prompt ?? ""))
      throw new Refusal(403, "content_moderation", ["Your request was flagged by our content moderation system"]);
    const seed = Number(fields.seed) || 4242;
    const bytes = drawPng(48, 48, `${path} ${JSON.stringify(fields)} ${files.map((file) => file.data.length)}`);
    const id = randomBytes(32).toString("hex");
    const isBilled = !["filtered", "error"].includes(fault.kind); // failures are not (facts 8)
    if (isBilled) state.entries.push({ path, fields, files: files.map(({ name, filename, type, data }) => ({ name, filename, type, size: data.length })),
      credits: SD3_CREDITS[fields.model] ?? ROUTES[path][4], picture: createHash("sha256").update(bytes).digest("hex") });
    if (fault.kind === "hang") return undefined;
    if (fault.kind === "reset_before_reply") return res.socket.resetAndDestroy();
    if (!ROUTES[path][5]) return sendPicture(req, res, { bytes, seed, fault });
    if (fault.kind !== "expired") state.works.set(id, { left: state.pending, bytes, seed, fault });
    return sendJson(res, 200, { id });
  }

  function ask(req, res, id) {
    const work = state.works.get(id);
    if (!work) throw new Refusal(404, "not_found", ["id: not found or expired"]);
    return work.left-- > 0 ? sendJson(res, 202, { id, status: "in-progress" }) : sendPicture(req, res, work);
  }

  async function handle(req, res) {
    const path = req.url.split("?")[0];
    if (path === "/__control") {
      const wanted = JSON.parse((await readBody(req)).toString("utf8"));
      if (wanted.reset) reset();
      for (const name of ["pending", "json", "faults"]) if (wanted[name] !== undefined) state[name] = wanted[name];
      return sendJson(res, 200, {});
    }
    if (path === "/__ledger") return sendJson(res, 200, { entries: state.entries, requests: state.requests });
    state.requests.push(`${req.method} ${path}`);
    res.setHeader("x-request-id", randomUUID().replaceAll("-", ""));
    if (req.headers.authorization !== `Bearer ${key}`)
      throw new Refusal(401, "unauthorized", [`authorization: ${req.headers.authorization} is not known`]);
    if (req.method === "GET" && path === "/v1/user/balance") return sendJson(res, 200, { credits: 12.5 });
    const id = /^\/v2beta\/results\/([^/]+)$/.exec(path)?.[1];
    if (req.method === "GET" && id) return ask(req, res, id);
    const route = path.replace(/^\/v2beta\/stable-image/, "");
    if (req.method === "POST" && route !== path && ROUTES[route]) return make(req, res, route);
    throw new Refusal(404, "not_found", [`no route ${path}`]);
  }

  return createServer((req, res) => {
    handle(req, res).catch((error) => {
      if (res.headersSent) return res.destroy();
      if (error instanceof Refusal) return sendJson(res, error.status, error.body, error.headers);
      return sendJson(res, 500, { id: "x", name: "internal_error", errors: [String(error)] });
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
