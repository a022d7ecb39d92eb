// A fake of OpenAI's Images API (facts/providers.md 1 and 9.5): real pictures, real errors, faults on
// demand, and a ledger of what would have been charged.  node:-modules only.
//
//   node openai.mjs --port 0 --key test-key      prints "listening PORT"
//
// Images  POST /v1/images/generations, POST /v1/images/edits (multipart or JSON), GET /v1/models
// Text    POST /v1/responses, POST /v1/chat/completions (openai_text.mjs)
// Steering (no key needed)
//   POST /__control  {"latency_ms": 50,            every generation takes so long
//                     "partial_ms": 50,            so long passes after each partial picture
//                     "url_reply": true,           data[].url instead of b64_json (dall-e style)
//                     "headers": {"x-…": "…"},     of each answer to a generation; its body is as ever
//                     "faults": [{"kind": …}, …],  one for each generation to come, in order
//                     "reset": true}               forget faults, latency and ledger first
//   GET  /__ledger   {"entries": [what was made, charged or about to be], "requests": [all that came]}
//   GET  /__file/ID.png                            what url_reply points to
//
// Kinds of fault; those marked * are charged, for the picture was made:
//   none                  nothing: lets one call pass
//   status                {status, code?, type?, message?, retry_after?, retry_after_date?,
//                          retry_after_ms?, should_retry?}
//   unknown_parameter     {name}: refused when the request has that field, else nothing
//   echo_key              401 that repeats the key it was sent
//   hang *                takes the request, never answers
//   reset_before_reply *  takes the request, resets the connection
//   cut_mid_body *        half of the reply, then a reset
//   truncated_base64 *    a whole reply whose picture is cut short
//   not_base64 *          a whole reply whose picture is none
//   html200, error200, zero_images *
//   wrong_type *          JPEG is declared, PNG is sent
//   stream_cut *          partial pictures, then the end of the stream
//   stream_error          one partial picture, then an error event
//   partial_after *       the completed event before the last partial one
//   split                 the stream in pieces of three bytes, inside lines and characters
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

import { TEXT_MODELS, textRoutes } from "./openai_text.mjs";
import { drawPng } from "./png.mjs";

const BODY_MAX = 64 * 1024 * 1024;
const PIXEL_CAP = 1024; // of a side: tests want real sizes' ratios, not their megabytes
const MODELS = ["gpt-image-2", "gpt-image-2.5-flare", "gpt-image-2.5-sunburst", "gpt-image-1.5",
  "gpt-image-1-mini"];
const UNLISTED = ["gpt-image-2.6-flare"]; // answers all the same
const COMMON = ["model", "prompt", "n", "size", "quality", "background", "output_format",
  "output_compression", "moderation", "stream", "partial_images", "safety_identifier", "user",
  "complexity"];
const EDIT_ONLY = ["image", "image[]", "images", "mask", "input_fidelity", "markup"];
const OUTPUT_TOKENS = { low: 272, medium: 1056, high: 4160, xhigh: 4160, max: 4160, auto: 1056 };
const THREE_SIZES = ["1024x1024", "1536x1024", "1024x1536", "auto"];

class ApiError extends Error {
  constructor(status, { message, type = "invalid_request_error", param = null, code = null }, headers = {}) {
    super(message);
    Object.assign(this, { status, headers, body: { error: { message, type, param, code } } });
  }
}
const invalid = (message, param = null, code = null) =>
  new ApiError(400, { message, param, code });

async function readBody(req) {
  const pieces = [];
  let size = 0;
  for await (const piece of req) {
    size += piece.length;
    if (size > BODY_MAX) throw new ApiError(413, { message: "Request too large" });
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

// multipart/form-data: texts and files, in whatever order they come.
export function parseMultipart(body, contentType) {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (!boundary) throw invalid("The multipart body has no boundary.");
  const mark = Buffer.from(`--${boundary}`);
  const parts = [];
  let at = body.indexOf(mark);
  if (at !== 0) throw invalid("The multipart body does not begin with its boundary.");
  for (;;) {
    at += mark.length;
    if (body.subarray(at, at + 2).toString("latin1") === "--") return parts;
    if (body.subarray(at, at + 2).toString("latin1") !== "\r\n")
      throw invalid("The multipart body is broken after a boundary.");
    const headEnd = body.indexOf("\r\n\r\n", at);
    const end = body.indexOf(Buffer.concat([Buffer.from("\r\n"), mark]), headEnd + 2);
    if (headEnd < 0 || end < 0) throw invalid("The multipart body ends too early.");
    const head = body.subarray(at + 2, headEnd).toString("utf8");
    const disposition = /content-disposition: *form-data;(.*)/i.exec(head)?.[1] ?? "";
    const name = / name="([^"]*)"/.exec(disposition)?.[1];
    if (name === undefined) throw invalid("A multipart part has no name.");
    parts.push({
      name,
      filename: / filename="([^"]*)"/.exec(disposition)?.[1],
      type: /content-type: *([^\r\n;]+)/i.exec(head)?.[1]?.trim(),
      data: body.subarray(headEnd + 4, end),
    });
    at = end + 2;
  }
}

function readForm(body, contentType) {
  const fields = {};
  const files = [];
  for (const part of parseMultipart(body, contentType)) {
    if (part.filename !== undefined) {
      if (!["image/png", "image/jpeg", "image/webp"].includes(part.type))
        throw invalid(`Unsupported file type ${part.type ?? "(none)"} for '${part.name}'.`, part.name,
          "unsupported_file_mimetype");
      files.push(part);
    } else if (part.name in fields) {
      throw invalid(`Duplicate parameter: '${part.name}'.`, part.name);
    } else {
      fields[part.name] = part.data.toString("utf8");
    }
  }
  for (const name of ["n", "output_compression", "partial_images"])
    if (name in fields) fields[name] = Number(fields[name]);
  if ("stream" in fields) fields.stream = fields.stream === "true";
  return { fields, files };
}

function readJsonFiles(fields) {
  const files = [];
  const decode = (name, entry) => {
    const match = /^data:(image\/(?:png|jpeg|webp));base64,(.+)$/s.exec(entry?.image_url ?? "");
    if (!match) throw invalid("Each image needs a data URL.", name, "invalid_image_url");
    files.push({ name, filename: "", type: match[1], data: Buffer.from(match[2], "base64") });
  };
  for (const entry of fields.images ?? []) decode("images", entry);
  if (fields.mask) decode("mask", fields.mask);
  return files;
}

function magicType(data) {
  if (data.subarray(0, 8).equals(Buffer.from("\x89PNG\r\n\x1a\n", "latin1"))) return "image/png";
  if (data.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return "image/jpeg";
  return data.subarray(8, 12).toString("latin1") === "WEBP" ? "image/webp" : null;
}

function checkFiles(files) {
  const images = files.filter((file) => file.name !== "mask");
  const masks = files.filter((file) => file.name === "mask");
  if (images.length === 0) throw invalid("Missing required parameter: 'image'.", "image");
  if (images.length > 16) throw invalid("At most 16 images.", "image");
  if (masks.length > 1) throw invalid("Duplicate parameter: 'mask'.", "mask");
  if (images.length > 1 && images.some((file) => file.name === "image"))
    throw invalid("Duplicate parameter: 'image'. Use 'image[]' for several.", "image");
  for (const file of files)
    if (magicType(file.data) !== file.type)
      throw invalid(`The file of '${file.name}' is no ${file.type}.`, file.name, "invalid_image");
}

function checkSize(size, model) {
  if (size === "auto") return { width: 1024, height: 1024 };
  const match = /^(\d+)x(\d+)$/.exec(size);
  const fixed = /^gpt-image-1/.test(model);
  const [width, height] = match ? [Number(match[1]), Number(match[2])] : [0, 0];
  const isGood = fixed
    ? THREE_SIZES.includes(size)
    : width % 16 === 0 && height % 16 === 0 && Math.max(width, height) <= 3840 &&
      Math.max(width, height) <= 3 * Math.min(width, height) && width * height >= 655360 &&
      width * height <= 8294400;
  if (!isGood)
    throw new ApiError(400, {
      message: `Invalid value: '${size}'. The size is not supported by ${model}.`,
      param: "size", code: "invalid_value" });
  return { width, height };
}

function checkFields(fields, isEdit) {
  const known = isEdit ? [...COMMON, ...EDIT_ONLY] : COMMON;
  for (const name of Object.keys(fields))
    if (!known.includes(name))
      throw new ApiError(400, {
        message: `Unknown parameter: '${name}'.`, param: name, code: "unknown_parameter" });
  if (typeof fields.prompt !== "string" || fields.prompt === "")
    throw new ApiError(400, { message: "Missing required parameter: 'prompt'.", param: "prompt",
      code: "missing_required_parameter" });
  if (![...MODELS, ...UNLISTED].includes(fields.model))
    throw new ApiError(404, { message: `The model '${fields.model}' does not exist.`,
      code: "model_not_found" });
  const count = fields.n ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > 10)
    throw invalid("'n' must be between 1 and 10.", "n", "invalid_value");
  const quality = fields.quality ?? "auto";
  const qualities = /2\.[56]/.test(fields.model)
    ? ["low", "medium", "high", "xhigh", "max", "auto"] : ["low", "medium", "high", "auto"];
  if (!qualities.includes(quality))
    throw invalid(`Invalid value: '${quality}'.`, "quality", "invalid_value");
  if (fields.complexity !== undefined && !fields.model.startsWith("gpt-image-2.6"))
    throw new ApiError(400, { message: "Unknown parameter: 'complexity'.", param: "complexity", code: "unknown_parameter" });
  for (const [name, values] of [["complexity", ["low", "medium", "high"]], ["moderation", ["auto", "low"]]])
    if (fields[name] !== undefined && !values.includes(fields[name]))
      throw invalid(`Invalid value: '${fields[name]}'.`, name, "invalid_value");
  const partials = fields.partial_images ?? 0;
  if (!Number.isInteger(partials) || partials < 0 || partials > 3)
    throw invalid("'partial_images' must be between 0 and 3.", "partial_images", "invalid_value");
  const format = fields.output_format ?? "png";
  if (!["png", "jpeg", "webp"].includes(format))
    throw invalid(`Invalid value: '${format}'.`, "output_format", "invalid_value");
  if (fields.background === "transparent" && format === "jpeg")
    throw invalid("A transparent background needs png or webp.", "background", "invalid_value");
  return { count, quality, partials, format, background: fields.background ?? "opaque",
    ...checkSize(fields.size ?? "auto", fields.model) };
}

// Of a prompt with [slow] in it, whatever the latency of others.
const SLOW_MS = 600;

export function createFake({ key = "test-key" } = {}) {
  const state = {};
  const reset = () => Object.assign(state,
    { latency: 0, partialMs: 0, faults: [], entries: [], requests: [], urlReply: false, headers: {}, files: new Map() });
  reset();

  function sendJson(res, status, body, headers = {}) {
    const text = JSON.stringify(body);
    res.writeHead(status, { "content-type": "application/json",
      "content-length": Buffer.byteLength(text), ...headers });
    res.end(text);
  }

  function sendCut(res, body) {
    const text = Buffer.from(JSON.stringify(body));
    res.writeHead(200, { "content-type": "application/json", "content-length": text.length });
    res.write(text.subarray(0, text.length >> 1), () => setImmediate(() => res.socket?.resetAndDestroy()));
  }

  function faultStatus(fault) {
    const headers = {};
    if (fault.retry_after !== undefined) headers["retry-after"] = String(fault.retry_after);
    if (fault.should_retry !== undefined) headers["x-should-retry"] = String(fault.should_retry);
    if (fault.retry_after_ms !== undefined) headers["retry-after-ms"] = String(fault.retry_after_ms);
    if (fault.retry_after_date !== undefined)
      headers["retry-after"] = new Date(Date.now() + fault.retry_after_date * 1000).toUTCString();
    return new ApiError(fault.status, { message: fault.message ?? "as ordered", code: fault.code ?? null,
      type: fault.type ?? (fault.status >= 500 ? "server_error" : "invalid_request_error") }, headers);
  }

  function makePictures(order, files, prompt) {
    const scale = Math.min(1, PIXEL_CAP / Math.max(order.width, order.height));
    const seed = createHash("sha256").update(prompt);
    for (const file of files) seed.update(file.data);
    const base = seed.digest("hex");
    return Array.from({ length: order.count }, (_, index) =>
      drawPng(Math.max(1, Math.round(order.width * scale)),
        Math.max(1, Math.round(order.height * scale)), `${base} ${index}`));
  }

  const usageOf = (order, prompt, files) => {
    const text = Math.ceil(prompt.length / 4) + 8;
    const image = files.length * 323;
    const output = OUTPUT_TOKENS[order.quality] * order.count + order.partials * 100;
    return { input_tokens: text + image, output_tokens: output,
      total_tokens: text + image + output,
      input_tokens_details: { text_tokens: text, image_tokens: image },
      output_tokens_details: { image_tokens: output, text_tokens: 0 } };
  };

  function spoil(fault, base64) {
    if (fault.kind === "truncated_base64") return base64.slice(0, Math.floor(base64.length / 2));
    return fault.kind === "not_base64" ? "%%%" : base64;
  }

  async function stream(res, fault, isEdit, order, pictures, usage) {
    const prefix = isEdit ? "image_edit" : "image_generation";
    const about = { created_at: 1790000000, size: `${order.width}x${order.height}`,
      quality: order.quality, background: order.background, output_format: order.format };
    const write = async (event) => {
      const bytes = Buffer.from(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      if (fault.kind !== "split") {
        res.write(bytes);
        return;
      }
      for (let at = 0; at < bytes.length; at += 3) {
        res.write(bytes.subarray(at, at + 3));
        if (at % 300 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const partial = (index) => write({ type: `${prefix}.partial_image`, partial_image_index: index,
      b64_json: drawPng(64, 64, `partial ${index}`).toString("base64"), ...about });
    const completed = () => write({ type: `${prefix}.completed`,
      b64_json: spoil(fault, pictures[0].toString("base64")), ...about, usage,
      safety_identifier: null });
    res.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    for (let index = 0; index < order.partials; index++) {
      if (fault.kind === "partial_after" && index === order.partials - 1) await completed();
      await partial(index);
      if (state.partialMs > 0) await new Promise((resolve) => setTimeout(resolve, state.partialMs));
      if (fault.kind === "stream_error") break;
    }
    if (fault.kind === "stream_error")
      await write({ type: "error", error: { type: "server_error", code: "server_error", param: null,
        message: "The stream broke, as ordered." } });
    else if (fault.kind !== "stream_cut" && fault.kind !== "partial_after") await completed();
    res.end();
  }

  // True when the fault has answered, or taken the connection away.
  function answerWithFault(res, fault) {
    switch (fault.kind) {
      case "hang":
        return true;
      case "reset_before_reply":
        res.socket.resetAndDestroy();
        return true;
      case "html200":
        res.writeHead(200, { "content-type": "text/html" });
        res.end("<!doctype html><html><title>Welcome</title></html>");
        return true;
      case "error200":
        sendJson(res, 200, { error: { message: "upstream said no", type: "upstream_error",
          param: "", code: "bad_response_status_code" } });
        return true;
      case "zero_images":
        sendJson(res, 200, { created: 1790000000, data: [] });
        return true;
      default:
        return false;
    }
  }

  function answer(req, res, fault, order, pictures, usage) {
    const data = pictures.map((picture) => {
      if (!state.urlReply) return { b64_json: spoil(fault, picture.toString("base64")) };
      const id = randomUUID();
      state.files.set(id, picture);
      return { url: `http://${req.headers.host}/__file/${id}.png` };
    });
    const body = { created: 1790000000, background: order.background,
      output_format: fault.kind === "wrong_type" ? "jpeg" : order.format, quality: order.quality,
      size: `${order.width}x${order.height}`, data, usage, safety_identifier: null };
    if (fault.kind === "cut_mid_body") sendCut(res, body);
    else sendJson(res, 200, body);
  }

  async function images(req, res, isEdit) {
    const body = await readBody(req);
    const type = req.headers["content-type"] ?? "";
    const isForm = type.startsWith("multipart/form-data");
    let fields, files;
    if (isForm && !isEdit) throw invalid("Generations take JSON.");
    if (isForm) {
      ({ fields, files } = readForm(body, type));
    } else {
      try {
        fields = JSON.parse(body.toString("utf8"));
      } catch {
        throw invalid("We could not parse the JSON body of your request.");
      }
      files = isEdit ? readJsonFiles(fields) : [];
    }
    const fault = state.faults.shift() ?? { kind: "none" };
    for (const [header, value] of Object.entries(state.headers)) res.setHeader(header, value);
    Object.assign(req.noted, { fault: fault.kind, fields: Object.keys(fields), prompt: fields.prompt });
    if (fault.kind === "status") throw faultStatus(fault);
    if (fault.kind === "echo_key")
      throw new ApiError(401, { code: "invalid_api_key",
        message: `Incorrect API key provided: ${req.headers.authorization}.` });
    if (fault.kind === "unknown_parameter" && fault.name in fields)
      throw new ApiError(400, { message: `Unknown parameter: '${fault.name}'.`, param: fault.name,
        code: "unknown_parameter" });
    const order = checkFields(fields, isEdit);
    if (isEdit) checkFiles(files);
    if (/\[blocked\]/.test(fields.prompt))
      throw new ApiError(400, { type: "image_generation_user_error", code: "moderation_blocked",
        message: "Your request was rejected by the safety system." });
    const latency = /\[slow\]/.test(fields.prompt) ? SLOW_MS : state.latency;
    if (latency > 0) await new Promise((resolve) => setTimeout(resolve, latency));
    const free = ["html200", "error200", "stream_error"].includes(fault.kind);
    const pictures = makePictures(order, files, fields.prompt);
    const usage = usageOf(order, fields.prompt, files);
    if (!free)
      state.entries.push({
        at: Date.now(), path: req.url, model: fields.model, prompt: fields.prompt, n: order.count,
        size: `${order.width}x${order.height}`, quality: order.quality,
        complexity: fields.complexity ?? null, moderation: fields.moderation ?? null,
        idempotency_key: req.headers["idempotency-key"] ?? null,
        request_sha256: createHash("sha256").update(body).digest("hex"), bytes: body.length,
        files: files.map((file) => ({ name: file.name, filename: file.filename, type: file.type,
          size: file.data.length })),
        pictures: pictures.map((picture) => createHash("sha256").update(picture).digest("hex")),
        usage,
      });
    if (answerWithFault(res, fault)) return;
    if (fields.stream === true) await stream(res, fault, isEdit, order, pictures, usage);
    else answer(req, res, fault, order, pictures, usage);
  }

  async function control(req, res) {
    const wanted = JSON.parse((await readBody(req)).toString("utf8") || "{}");
    if (wanted.reset) reset();
    if (wanted.latency_ms !== undefined) state.latency = wanted.latency_ms;
    if (wanted.partial_ms !== undefined) state.partialMs = wanted.partial_ms;
    if (wanted.url_reply !== undefined) state.urlReply = wanted.url_reply;
    if (wanted.headers !== undefined) state.headers = wanted.headers;
    if (wanted.faults !== undefined) state.faults = [...wanted.faults];
    sendJson(res, 200, { faults: state.faults.length, latency_ms: state.latency });
  }

  const text = textRoutes({ state, readBody, sendJson, sendCut, faultStatus, answerWithFault, ApiError, SLOW_MS,
    drawing: { checkFields, makePictures, spoil, drawPng, OUTPUT_TOKENS } });
  const routes = {
    "POST /v1/images/generations": (req, res) => images(req, res, false),
    "POST /v1/images/edits": (req, res) => images(req, res, true),
    "GET /v1/models": (_, res) => sendJson(res, 200, { object: "list",
      data: [...MODELS, ...TEXT_MODELS].map((id) => ({ id, object: "model", created: 1790000000, owned_by: "openai" })) }),
    ...text.routes,
  };
  const steering = {
    "POST /__control": control,
    "GET /__ledger": (_, res) => sendJson(res, 200, { entries: state.entries, requests: state.requests }),
  };

  async function handle(req, res) {
    const name = `${req.method} ${req.url.split("?")[0]}`;
    const file = /^GET \/__file\/([0-9a-f-]+)\.png$/.exec(name)?.[1];
    if (steering[name]) return steering[name](req, res);
    if (file && state.files.has(file)) {
      // facts 0.6: a signed URL and a key together are refused, as S3 does.
      if (req.headers.authorization) return sendJson(res, 400, { message: "Only one auth mechanism" });
      res.writeHead(200, { "content-type": "image/png" });
      return res.end(state.files.get(file));
    }
    res.setHeader("x-request-id", `req_${randomUUID().replaceAll("-", "")}`);
    const noted = { name, status: null };
    state.requests.push(noted);
    req.noted = noted;
    res.on("finish", () => { noted.status = res.statusCode; });
    const route = routes[name] ?? text.find(name);
    if (!route)
      throw new ApiError(404, { message: `Invalid URL (${name})` });
    if (key !== "" && req.headers.authorization !== `Bearer ${key}`)
      throw new ApiError(401, { message: "Incorrect API key provided.", code: "invalid_api_key" });
    return route(req, res);
  }

  return createServer((req, res) => {
    handle(req, res).catch((error) => {
      if (res.headersSent) return res.destroy();
      if (error instanceof ApiError) return sendJson(res, error.status, error.body, error.headers);
      return sendJson(res, 500, { error: { message: String(error), type: "server_error", param: null,
        code: null } });
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
