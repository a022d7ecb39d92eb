// A fake of Anthropic's Messages API (facts/providers.md 3 and 9.5): strict about what it is sent, faults on
// demand, and a ledger of what would have been charged.
//
//   node anthropic.mjs --port 0 --key test-key      prints "listening PORT"
//
// Messages  POST /v1/messages, GET /v1/models; either header of the key, either version
// Steering  POST /__control {latency_ms, faults: [{kind, …}], reset}, GET /__ledger, as in openai.mjs
//
// In a prompt: [refuse] is declined, [cut] ends at the limit, [cached] had half of its input read from the cache.
// Kinds of fault; those marked * are charged, for the answer was made:
//   none, hang *, reset_before_reply *, cut_mid_body *, html200, echo_key
//   status       {status, type?, message?, error_code?, retry_after?, should_retry?}
//   error200     {type}: an error's body with 200
//   unknown_field {name}: refused when the request has that field, else nothing
//   empty *, not_json *, thinking *: no content; words where JSON was asked for; thoughts before the answer
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

import { pngSize } from "./png.mjs";

const MODELS = ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-4-5-20251001"];
const FIELDS = ["model", "max_tokens", "messages", "system", "stop_sequences", "stream", "metadata", "thinking",
  "output_config", "tools", "tool_choice", "service_tier", "cache_control"];
const BODY_MAX = 32 * 1024 * 1024;
const TYPES = { 400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
  404: "not_found_error", 409: "conflict_error", 413: "request_too_large", 429: "rate_limit_error", 500: "api_error",
  504: "timeout_error", 529: "overloaded_error" };

class ApiError extends Error {
  constructor(status, message, { type = TYPES[status] ?? "api_error", details, headers = {} } = {}) {
    super(message);
    Object.assign(this, { status, headers,
      body: { type: "error", error: { type, message, ...(details ? { details } : {}) } } });
  }
}
const invalid = (message) => new ApiError(400, message);

async function readBody(req) {
  const pieces = [];
  let size = 0;
  for await (const piece of req) {
    size += piece.length;
    if (size > BODY_MAX) throw new ApiError(413, "Request exceeds the maximum size");
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function readImage(source, where) {
  if (source?.type !== "base64") throw invalid(`${where}.source: only base64 here`);
  const data = Buffer.from(source.data ?? "", "base64");
  if (data.length === 0 || data.toString("base64") !== source.data)
    throw invalid(`${where}.source.base64: invalid base64 data`);
  const isRight = { "image/png": pngSize(data) !== null, "image/jpeg": data[0] === 0xff && data[1] === 0xd8 };
  if (!isRight[source.media_type])
    throw invalid(`${where}.source.base64.media_type: the image was specified using another type`);
  return { type: source.media_type, size: data.length, sha256: createHash("sha256").update(data).digest("hex"),
    pixels: pngSize(data) ?? { width: 512, height: 512 } };
}

function checkSchema(schema, where) {
  if (schema?.type === "object" && schema.additionalProperties !== false)
    throw invalid(`${where}: For 'object' type, 'additionalProperties' must be explicitly set to false`);
  for (const word of ["minimum", "maximum", "minLength", "maxLength"])
    if (schema && word in schema) throw invalid(`${where}: property '${word}' is not supported`);
  for (const one of Object.values(schema?.properties ?? {})) checkSchema(one, where);
  if (schema?.items) checkSchema(schema.items, where);
}

function readOrder(body) {
  for (const name of Object.keys(body))
    if (!FIELDS.includes(name)) throw invalid(`${name}: Extra inputs are not permitted`);
  if (!MODELS.includes(body.model)) throw new ApiError(404, `model: ${body.model}`);
  if (!Number.isInteger(body.max_tokens) || body.max_tokens < 1) throw invalid("max_tokens: Field required");
  if (!Array.isArray(body.messages) || body.messages.length === 0) throw invalid("messages: at least one message is required");
  if (body.messages.at(-1).role !== "user")
    throw invalid("This model does not support assistant message prefill. The conversation must end with a user message.");
  const texts = [], files = [];
  body.messages.forEach((message, row) => {
    const blocks = typeof message.content === "string" ? [{ type: "text", text: message.content }] : message.content;
    blocks.forEach((block, column) => {
      const where = `messages.${row}.content.${column}`;
      if (block.type === "text" && !block.text) throw invalid(`${where}: text content blocks must be non-empty`);
      if (block.type === "text") texts.push(block.text);
      else if (block.type === "image") files.push(readImage(block.source, `${where}.image`));
      else throw invalid(`${where}.type: Input tag '${block.type}' found`);
    });
  });
  const { format, effort } = body.output_config ?? {};
  if (effort !== undefined && !["low", "medium", "high", "xhigh", "max"].includes(effort))
    throw invalid("output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'");
  if (format !== undefined && format.type !== "json_schema") throw invalid("output_config.format.type: unexpected value");
  if (format !== undefined) checkSchema(format.schema, "output_config.format.schema");
  const tool = body.tools?.find(({ name }) => name === body.tool_choice?.name);
  if (body.tool_choice?.type === "tool" && !tool) throw invalid("tool_choice: the tool is not in tools");
  if (tool && tool.input_schema?.type !== "object") throw invalid("tools.0.custom.input_schema.type: Field required");
  return { prompt: texts.join("\n"), system: body.system ?? "", files, limit: body.max_tokens, effort: effort ?? null,
    schema: format?.schema ?? tool?.input_schema ?? null, tool: tool?.name ?? null, user: body.metadata?.user_id ?? null };
}

// Something that fits.
function fit(schema, prompt) {
  if (schema.type === "object")
    return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, one]) => [name, fit(one, prompt)]));
  if (schema.type === "array") return [fit(schema.items, prompt)];
  return schema.type === "number" ? 0.5 : `about ${prompt}`;
}

function makeReply(model, order, fault) {
  const isJson = order.schema && fault.kind !== "not_json";
  const isCut = /\[cut\]/.test(order.prompt), isRefused = /\[refuse\]/.test(order.prompt);
  const input = isJson ? fit(order.schema, order.prompt) : null;
  let text = isJson ? JSON.stringify(input) : `You asked for: ${order.prompt}`;
  if (isCut) text = text.slice(0, text.length >> 1);
  const content = order.tool && isJson && !isCut
    ? [{ type: "tool_use", id: "toolu_1", name: order.tool, input }] : [{ type: "text", text }];
  if (fault.kind === "thinking") content.unshift({ type: "thinking", thinking: "Hm.", signature: "c2ln" });
  const read = Math.ceil((order.prompt.length + order.system.length) / 4) + 8 + order.files.reduce((sum, file) =>
    sum + Math.ceil(file.pixels.width * file.pixels.height / 725), 0);
  const cached = /\[cached\]/.test(order.prompt) ? read >> 1 : 0;
  return { id: `msg_${randomUUID().replaceAll("-", "")}`, type: "message", role: "assistant", model,
    content: fault.kind === "empty" || isRefused ? [] : content,
    stop_reason: isRefused ? "refusal" : isCut ? "max_tokens" : order.tool && isJson ? "tool_use" : "end_turn",
    stop_sequence: null,
    stop_details: isRefused ? { type: "refusal", category: "cyber", explanation: "This is against the usage policy." } : null,
    usage: { input_tokens: read - cached, output_tokens: Math.ceil(text.length / 4), cache_creation_input_tokens: 0,
      cache_read_input_tokens: cached, cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
      service_tier: "standard" } };
}

export function createFake({ key = "test-key" } = {}) {
  const state = {};
  const reset = () => Object.assign(state, { latency: 0, faults: [], entries: [], requests: [] });
  reset();

  function sendJson(res, status, body, headers = {}) {
    const text = JSON.stringify(body);
    res.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text), ...headers });
    res.end(text);
  }

  // True when the fault has answered, or taken the connection away.
  function answerWithFault(res, fault, reply) {
    switch (fault.kind) {
      case "hang":
        return true;
      case "reset_before_reply":
        res.socket.resetAndDestroy();
        return true;
      case "cut_mid_body": {
        const text = Buffer.from(JSON.stringify(reply));
        res.writeHead(200, { "content-type": "application/json", "content-length": text.length });
        res.write(text.subarray(0, text.length >> 1), () => setImmediate(() => res.socket?.resetAndDestroy()));
        return true;
      }
      case "html200":
        res.writeHead(200, { "content-type": "text/html" });
        res.end("<!doctype html><html><title>Welcome</title></html>");
        return true;
      case "error200":
        sendJson(res, 200, { type: "error", error: { type: fault.type, message: "as ordered" } });
        return true;
      default:
        return false;
    }
  }

  async function messages(req, res) {
    const bytes = await readBody(req);
    let body;
    try {
      body = JSON.parse(bytes.toString("utf8"));
    } catch {
      throw invalid("The request body is not valid JSON");
    }
    const fault = state.faults.shift() ?? { kind: "none" };
    Object.assign(req.noted, { fault: fault.kind, fields: Object.keys(body) });
    if (fault.kind === "status")
      throw new ApiError(fault.status, fault.message ?? "as ordered", {
        ...(fault.type ? { type: fault.type } : {}),
        details: fault.error_code ? { error_code: fault.error_code } : undefined,
        headers: { ...(fault.retry_after === undefined ? {} : { "retry-after": String(fault.retry_after) }),
          ...(fault.should_retry === undefined ? {} : { "x-should-retry": String(fault.should_retry) }) } });
    if (fault.kind === "echo_key") throw new ApiError(401, `invalid x-api-key: ${req.headers["x-api-key"]}`);
    if (fault.kind === "unknown_field" && fault.name in body)
      throw invalid(`${fault.name}: Extra inputs are not permitted`);
    const order = readOrder(body);
    if (state.latency > 0) await new Promise((resolve) => setTimeout(resolve, state.latency));
    const reply = makeReply(body.model, order, fault);
    if (!["html200", "error200"].includes(fault.kind))
      state.entries.push({ at: Date.now(), model: body.model, ...order, bytes: bytes.length,
        request_sha256: createHash("sha256").update(bytes).digest("hex"), usage: reply.usage });
    if (!answerWithFault(res, fault, reply)) sendJson(res, 200, reply);
  }

  async function control(req, res) {
    const wanted = JSON.parse((await readBody(req)).toString("utf8") || "{}");
    if (wanted.reset) reset();
    if (wanted.latency_ms !== undefined) state.latency = wanted.latency_ms;
    if (wanted.faults !== undefined) state.faults = [...wanted.faults];
    sendJson(res, 200, { faults: state.faults.length });
  }

  const routes = {
    "POST /v1/messages": messages,
    "GET /v1/models": (_, res) => sendJson(res, 200, { data: MODELS.map((id) => ({ type: "model", id, display_name: id,
      created_at: "2026-01-01T00:00:00Z" })), has_more: false, first_id: MODELS[0], last_id: MODELS.at(-1) }),
  };

  async function handle(req, res) {
    const name = `${req.method} ${req.url.split("?")[0]}`;
    if (name === "POST /__control") return control(req, res);
    if (name === "GET /__ledger") return sendJson(res, 200, { entries: state.entries, requests: state.requests });
    res.setHeader("request-id", `req_${randomUUID().replaceAll("-", "")}`);
    req.noted = { name, version: req.headers["anthropic-version"] ?? null };
    state.requests.push(req.noted);
    if (!routes[name]) throw new ApiError(404, `Not Found (${name})`);
    const given = req.headers["x-api-key"] ?? /^Bearer (.*)$/.exec(req.headers.authorization ?? "")?.[1];
    if (key !== "" && given !== key) throw new ApiError(401, "invalid x-api-key");
    if (!["2023-06-01", "2026-10-21"].includes(req.noted.version))
      throw invalid("anthropic-version: header is required");
    return routes[name](req, res);
  }

  return createServer((req, res) => {
    handle(req, res).catch((error) => {
      if (res.headersSent) return res.destroy();
      const known = error instanceof ApiError ? error : new ApiError(500, String(error));
      return sendJson(res, known.status, { ...known.body, request_id: res.getHeader("request-id") }, known.headers);
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
