// The text half of the fake OpenAI (facts/providers.md 1.5 and 1.6): POST /v1/responses and
// POST /v1/chat/completions, strict as the service is, with the same ledger and the same faults.
//
// In a prompt: [refuse] is declined, [cut] ends at the limit, [filtered] is stopped by the filter,
// [cached] had half of its input read from the cache.
// A response with the image_generation tool draws one picture, at once, as a stream, or with "background"
// when it was asked for (GET /v1/responses/ID; POST …/cancel).  More faults of these: tool_failed {code, type?},
// polls {count} (asked so often before it is done), no_tool (words instead of a picture), and the images' own
// truncated_base64 *, not_base64 *, stream_cut *, stream_error, split.
//
// A background response that is given a fault `failed` is queued, and fails; one of `forgotten` * is not known when it
// is asked for.
//
// More kinds of fault: empty *, not_json * (words where a schema was sent), failed {code} (a response that
// failed by itself).
import { createHash, randomUUID } from "node:crypto";

import { pngSize } from "./png.mjs";

export const TEXT_MODELS = ["gpt-6-sol", "gpt-6-luna", "gpt-6.1-terra", "gpt-5.4-mini", "gpt-4o"];
const RESPONSES_FIELDS = ["model", "input", "instructions", "max_output_tokens", "reasoning", "text", "tools",
  "tool_choice", "store", "previous_response_id", "background", "stream", "temperature", "top_p", "metadata",
  "service_tier", "safety_identifier", "prompt_cache_key", "truncation", "user"];
const CHAT_FIELDS = ["model", "messages", "response_format", "max_completion_tokens", "max_tokens", "temperature",
  "top_p", "n", "stop", "seed", "tools", "tool_choice", "stream", "stream_options", "reasoning_effort", "user",
  "safety_identifier", "store", "metadata"];
const VERBOSITIES = ["low", "medium", "high"];
const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
const thinks = (model) => !/^gpt-4/.test(model);

function makeChecks(ApiError) {
  const refuse = (message, param, code = null, status = 400) => {
    throw new ApiError(status, { message, param, code });
  };
  const checks = {
    refuse,
    fields(body, known) {
      for (const name of Object.keys(body))
        if (!known.includes(name)) refuse(`Unknown parameter: '${name}'.`, name, "unknown_parameter");
      if (!TEXT_MODELS.includes(body.model))
        refuse(`The model '${body.model}' does not exist.`, null, "model_not_found", 404);
    },
    // A data URI whose bytes are what it says.
    picture(url, param) {
      const match = /^data:(image\/(?:png|jpeg|webp|gif));base64,([A-Za-z0-9+/]+={0,2})$/.exec(url ?? "");
      if (!match) refuse("Invalid 'image_url'. Expected a valid URL.", param, "invalid_image_url");
      const data = Buffer.from(match[2], "base64");
      const isPng = pngSize(data) !== null;
      const isJpeg = data[0] === 0xff && data[1] === 0xd8;
      if ((match[1] === "image/png") !== isPng || (match[1] === "image/jpeg") !== isJpeg)
        refuse("The image data you provided does not represent a valid image.", param, "invalid_image_format");
      return { type: match[1], size: data.length, sha256: createHash("sha256").update(data).digest("hex"),
        pixels: pngSize(data) ?? { width: 512, height: 512 } };
    },
    // The strict subset of facts 1.5.
    strict(schema, param, name) {
      const bad = (why) => refuse(`Invalid schema for response_format '${name}': In context=(), ${why}.`, param,
        "invalid_json_schema");
      const visit = (node) => {
        for (const word of ["allOf", "not", "if"]) if (word in node) bad(`'${word}' is not permitted`);
        if (node.type === "object") {
          if (node.additionalProperties !== false) bad("'additionalProperties' is required to be supplied and to be false");
          const names = Object.keys(node.properties ?? {});
          if (names.some((one) => !(node.required ?? []).includes(one)))
            bad("'required' is required to be supplied and to be an array including every key in properties");
          for (const one of names) visit(node.properties[one]);
        }
        if (node.type === "array") visit(node.items);
      };
      if (schema?.type !== "object") bad("schema must have type 'object'");
      visit(schema);
    },
    format(format, words, param) {
      if (format === undefined || format.type === "text") return null;
      if (format.type === "json_object") {
        if (!/json/i.test(words))
          refuse("'messages' must contain the word 'json' in some form, to use this format.", param);
        return { type: "object", properties: {} };
      }
      if (format.type !== "json_schema") refuse(`Invalid value: '${format.type}'.`, `${param}.type`, "invalid_value");
      if (!/^[A-Za-z0-9_-]{1,64}$/.test(format.name ?? "")) refuse("Missing required parameter.", `${param}.name`);
      if (format.strict) checks.strict(format.schema, `${param}.schema`, format.name);
      return format.schema;
    },
  };
  return checks;
}

// Something that fits.
function fit(schema, prompt) {
  switch (schema.type) {
    case "object":
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, one]) => [name, fit(one, prompt)]));
    case "array":
      return [fit(schema.items, prompt)];
    case "number":
      return 0.5;
    case "integer":
      return 1;
    case "boolean":
      return true;
    default:
      return `about ${prompt}`;
  }
}

export function textRoutes({ state, readBody, sendJson, sendCut, faultStatus, answerWithFault, ApiError, SLOW_MS,
  drawing }) {
  const checks = makeChecks(ApiError);
  const waiting = new Map(); // background responses by id: { polls, reply }

  function readResponses(body) {
    checks.fields(body, RESPONSES_FIELDS);
    if (body.input === undefined) checks.refuse("Missing required parameter: 'input'.", "input");
    if (body.max_output_tokens !== undefined && !(body.max_output_tokens >= 16))
      checks.refuse("Invalid 'max_output_tokens': integer below minimum value.", "max_output_tokens",
        "integer_below_min_value");
    if (body.reasoning !== undefined && !thinks(body.model))
      checks.refuse("Unsupported parameter: 'reasoning.effort' is not supported with this model.", "reasoning.effort",
        "unsupported_parameter");
    if (body.reasoning !== undefined && !EFFORTS.includes(body.reasoning.effort))
      checks.refuse(`Invalid value: '${body.reasoning.effort}'.`, "reasoning.effort", "invalid_value");
    if (body.text?.verbosity !== undefined && !VERBOSITIES.includes(body.text.verbosity))
      checks.refuse(`Invalid value: '${body.text.verbosity}'.`, "text.verbosity", "invalid_value");
    checkTemperature(body);
    const messages = typeof body.input === "string" ? [{ role: "user", content: body.input }] : body.input;
    const texts = [], files = [];
    for (const message of messages)
      for (const part of typeof message.content === "string" ? [{ type: "input_text", text: message.content }]
        : message.content) {
        if (part.type === "input_text") texts.push(part.text);
        else if (part.type === "input_image") files.push(checks.picture(part.image_url, "input"));
        else checks.refuse(`Invalid value: '${part.type}'.`, "input", "invalid_value");
      }
    const prompt = texts.join("\n"), system = body.instructions ?? "";
    return { prompt, system, files, limit: body.max_output_tokens ?? Infinity,
      wishes: { effort: body.reasoning?.effort, verbosity: body.text?.verbosity, temperature: body.temperature },
      schema: checks.format(body.text?.format, `${system} ${prompt}`, "text.format") };
  }

  // Models that think take their own alone (facts 1.5).
  function checkTemperature({ model, temperature }) {
    if (temperature === undefined) return;
    if (thinks(model) && temperature !== 1)
      checks.refuse("Unsupported value: 'temperature' does not support it with this model.", "temperature",
        "unsupported_value");
    if (!(temperature >= 0 && temperature <= 2))
      checks.refuse("Invalid 'temperature': decimal out of range.", "temperature", "decimal_above_max_value");
  }

  function readChat(body) {
    checks.fields(body, CHAT_FIELDS);
    if (!Array.isArray(body.messages)) checks.refuse("Missing required parameter: 'messages'.", "messages");
    if (body.max_tokens !== undefined && thinks(body.model))
      checks.refuse("Unsupported parameter: 'max_tokens' is not supported with this model. Use "
        + "'max_completion_tokens' instead.", "max_tokens", "unsupported_parameter");
    if (body.reasoning_effort !== undefined && !EFFORTS.includes(body.reasoning_effort))
      checks.refuse(`Invalid value: '${body.reasoning_effort}'.`, "reasoning_effort", "invalid_value");
    checkTemperature(body);
    const texts = [], systems = [], files = [];
    for (const message of body.messages) {
      const into = ["system", "developer"].includes(message.role) ? systems : texts;
      for (const part of typeof message.content === "string" ? [{ type: "text", text: message.content }]
        : message.content) {
        if (part.type === "text") into.push(part.text);
        else if (part.type === "image_url") files.push(checks.picture(part.image_url?.url, "messages"));
        else checks.refuse(`Invalid value: '${part.type}'.`, "messages", "invalid_value");
      }
    }
    const prompt = texts.join("\n"), system = systems.join("\n");
    const format = body.response_format?.type === "json_schema"
      ? { type: "json_schema", ...body.response_format.json_schema } : body.response_format;
    return { prompt, system, files, limit: body.max_completion_tokens ?? body.max_tokens ?? Infinity,
      wishes: { effort: body.reasoning_effort, temperature: body.temperature },
      schema: checks.format(format, `${system} ${prompt}`, "response_format") };
  }

  const TOOL_FIELDS = ["type", "model", "action", "size", "quality", "background", "output_format",
    "output_compression", "moderation", "partial_images", "input_fidelity", "input_image_mask", "complexity"];

  // The picture that a tool's call orders; null: none is.
  function readTool(body, order) {
    const tool = body.tools?.find(({ type }) => type === "image_generation");
    if (!tool) return null;
    for (const name of Object.keys(tool))
      if (!TOOL_FIELDS.includes(name))
        checks.refuse(`Unknown parameter: 'tools[0].${name}'.`, `tools[0].${name}`, "unknown_parameter");
    if (body.background && body.store === false)
      checks.refuse("Background mode requires store=true.", "background", "invalid_value");
    const { type, action, input_image_mask: mask, ...fields } = tool;
    if (action === "edit" && order.files.length === 0) checks.refuse("An edit needs an image.", "tools[0].action");
    const picture = drawing.checkFields({ model: "gpt-image-2", ...fields, prompt: order.prompt }, false);
    return { ...picture, model: tool.model ?? "gpt-image-2", action: action ?? "auto",
      mask: mask ? checks.picture(mask.image_url, "tools[0].input_image_mask") : null };
  }

  function drawn(body, order, picture, fault) {
    const [bytes] = drawing.makePictures({ ...picture, count: 1 }, [], order.prompt);
    const said = think({ ...order, schema: null }, fault);
    const isFailed = fault.kind === "tool_failed", hasTool = fault.kind !== "no_tool";
    if (fault.kind === "failed")
      return { reply: { ...asResponse(body.model, said, fault), tool_usage: null }, sha256: null, isPaid: false };
    const read = Math.ceil(order.prompt.length / 4) + 8 + order.files.length * 323;
    const written = drawing.OUTPUT_TOKENS[picture.quality] + picture.partials * 100;
    const base64 = drawing.spoil(fault, bytes.toString("base64"));
    const item = { type: "image_generation_call", id: "ig_1", status: isFailed ? "failed" : "completed",
      result: isFailed ? null : base64, revised_prompt: order.prompt,
      size: `${picture.width}x${picture.height}`, quality: picture.quality, background: picture.background,
      output_format: picture.format, ...(isFailed ? { error: { type: fault.type ?? "image_generation_user_error",
        code: fault.code, message: "as ordered", param: null } } : {}) };
    const reply = { ...asResponse(body.model, said, { kind: "none" }),
      output: hasTool ? [item] : [{ type: "message", id: "msg_1", role: "assistant", status: "completed",
        content: [{ type: "output_text", text: "I would rather talk about it.", annotations: [] }] }],
      tool_usage: { image_gen: hasTool && !isFailed ? { input_tokens: read, output_tokens: written,
        total_tokens: read + written, input_tokens_details: { text_tokens: read - order.files.length * 323,
          image_tokens: order.files.length * 323 } } : { input_tokens: 0, output_tokens: 0, total_tokens: 0 } } };
    return { reply, sha256: createHash("sha256").update(bytes).digest("hex"), isPaid: hasTool && !isFailed };
  }

  async function streamTool(res, reply, picture, fault) {
    const write = async (type, rest) => {
      const bytes = Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`);
      const step = fault.kind === "split" ? 3 : bytes.length;
      for (let at = 0; at < bytes.length; at += step) {
        res.write(bytes.subarray(at, at + step));
        if (step === 3 && at % 300 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    res.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    await write("response.created", { response: { id: reply.id, status: "in_progress", output: [] } });
    await write("response.output_item.added", { output_index: 0, item: { type: "image_generation_call", id: "ig_1",
      status: "in_progress", result: null } });
    await write("response.image_generation_call.generating", { output_index: 0, item_id: "ig_1" });
    for (let index = 0; index < picture.partials; index++)
      await write("response.image_generation_call.partial_image", { output_index: 0, item_id: "ig_1",
        partial_image_index: index, partial_image_b64: drawing.drawPng(64, 64, `partial ${index}`).toString("base64") });
    if (fault.kind === "stream_error") {
      await write("error", { code: "server_error", message: "The stream broke, as ordered.", param: null });
    } else if (fault.kind !== "stream_cut") {
      for (const item of reply.output) await write("response.output_item.done", { output_index: 0, item });
      await write("response.completed", { response: reply });
    }
    res.end();
  }

  // What it says, and what that is worth.
  function think(order, fault) {
    let text = order.schema && fault.kind !== "not_json" ? JSON.stringify(fit(order.schema, order.prompt))
      : `You asked for: ${order.prompt}`;
    if (order.schema && Object.keys(order.schema.properties ?? {}).length === 0 && fault.kind !== "not_json")
      text = JSON.stringify({ text: `about ${order.prompt}`, keywords: ["fake"], confidence: 0.5 });
    if (fault.kind === "empty") text = "";
    const isCut = /\[cut\]/.test(order.prompt);
    if (isCut) text = text.slice(0, text.length >> 1);
    const pixels = order.files.map(({ pixels: { width, height } }) =>
      Math.ceil(Math.ceil(width / 32) * Math.ceil(height / 32) * 1.2));
    const read = Math.ceil((order.prompt.length + order.system.length) / 4) + 8
      + pixels.reduce((sum, one) => sum + one, 0);
    return { text, isCut, isRefused: /\[refuse\]/.test(order.prompt), isFiltered: /\[filtered\]/.test(order.prompt),
      read, cached: /\[cached\]/.test(order.prompt) ? read >> 1 : 0, written: Math.ceil(text.length / 4) + 4 };
  }

  const asResponse = (model, said, fault) => {
    const isWhole = !said.isCut && !said.isFiltered;
    const part = said.isRefused ? { type: "refusal", refusal: "I'm sorry, I cannot help with that." }
      : { type: "output_text", text: said.text, annotations: [] };
    const isFailed = fault.kind === "failed";
    return { id: `resp_${randomUUID().replaceAll("-", "")}`, object: "response", created_at: 1790000000, model,
      status: isFailed ? "failed" : isWhole ? "completed" : "incomplete",
      error: isFailed ? { code: fault.code, message: "as ordered" } : null,
      incomplete_details: isWhole ? null : { reason: said.isFiltered ? "content_filter" : "max_output_tokens" },
      output: isFailed ? [] : [{ type: "reasoning", id: "rs_1", summary: [] },
        { type: "message", id: "msg_1", role: "assistant", status: isWhole ? "completed" : "incomplete", content: [part] }],
      usage: isFailed ? null : { input_tokens: said.read,
        input_tokens_details: { cached_tokens: said.cached, cache_write_tokens: 0 },
        output_tokens: said.written, output_tokens_details: { reasoning_tokens: 4 },
        total_tokens: said.read + said.written } };
  };
  const asChat = (model, said) => ({ id: `chatcmpl-${randomUUID()}`, object: "chat.completion", created: 1790000000,
    model, choices: [{ index: 0, logprobs: null,
      finish_reason: said.isFiltered ? "content_filter" : said.isCut ? "length" : "stop",
      message: { role: "assistant", content: said.isRefused ? null : said.text,
        refusal: said.isRefused ? "I'm sorry, I cannot help with that." : null, annotations: [] } }],
    usage: { prompt_tokens: said.read, completion_tokens: said.written, total_tokens: said.read + said.written,
      prompt_tokens_details: { cached_tokens: said.cached, cache_write_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 4 } } });

  async function write(req, res, read, make) {
    const bytes = await readBody(req);
    let body;
    try {
      body = JSON.parse(bytes.toString("utf8"));
    } catch {
      checks.refuse("We could not parse the JSON body of your request.", null);
    }
    const fault = state.faults.shift() ?? { kind: "none" };
    Object.assign(req.noted, { fault: fault.kind, fields: Object.keys(body) });
    if (fault.kind === "status") throw faultStatus(fault);
    if (fault.kind === "echo_key")
      throw new ApiError(401, { code: "invalid_api_key",
        message: `Incorrect API key provided: ${req.headers.authorization}.` });
    if (fault.kind === "unknown_parameter" && fault.name in body)
      checks.refuse(`Unknown parameter: '${fault.name}'.`, fault.name, "unknown_parameter");
    const order = read(body);
    req.noted.prompt = order.prompt;
    const latency = /\[slow\]/.test(order.prompt) ? SLOW_MS : state.latency;
    if (latency > 0) await new Promise((resolve) => setTimeout(resolve, latency));
    const picture = readTool(body, order);
    if (picture) return draw(req, res, { body, bytes, order, picture, fault });
    const said = think(order, fault);
    const reply = make(body.model, said, fault);
    if (!["html200", "error200", "failed"].includes(fault.kind))
      state.entries.push({ at: Date.now(), path: req.url, model: body.model, prompt: order.prompt,
        system: order.system, limit: order.limit, wishes: order.wishes, schema: order.schema, files: order.files,
        text: said.text,
        idempotency_key: req.headers["idempotency-key"] ?? null, bytes: bytes.length,
        request_sha256: createHash("sha256").update(bytes).digest("hex"), usage: reply.usage });
    if (answerWithFault(res, fault)) return;
    if (fault.kind === "cut_mid_body") sendCut(res, reply);
    else sendJson(res, 200, reply);
  }

  async function draw(req, res, { body, bytes, order, picture, fault }) {
    const { reply, sha256, isPaid } = drawn(body, order, picture, fault);
    if (isPaid && !["html200", "error200", "stream_error"].includes(fault.kind))
      state.entries.push({ at: Date.now(), path: req.url, model: picture.model, main: body.model, prompt: order.prompt,
        action: picture.action, size: `${picture.width}x${picture.height}`, quality: picture.quality,
        files: order.files, mask: picture.mask, pictures: [sha256], usage: reply.usage, tool_usage: reply.tool_usage,
        idempotency_key: req.headers["idempotency-key"] ?? null, bytes: bytes.length });
    if (answerWithFault(res, fault)) return;
    if (body.background) {
      if (fault.kind !== "forgotten")
        waiting.set(reply.id, { polls: fault.kind === "polls" ? fault.count : 1, reply });
      sendJson(res, 200, { ...reply, status: "queued", error: null, output: [], usage: null, tool_usage: null });
    } else if (body.stream) {
      await streamTool(res, reply, picture, fault);
    } else if (fault.kind === "cut_mid_body") {
      sendCut(res, reply);
    } else {
      sendJson(res, 200, reply);
    }
  }

  // GET /v1/responses/ID and POST /v1/responses/ID/cancel.
  function find(name) {
    const [, method, id, end] = /^(GET|POST) \/v1\/responses\/([\w-]+)(\/cancel)?$/.exec(name) ?? [];
    if (!id || (method === "POST") !== (end !== undefined)) return undefined;
    return (_, res) => {
      const work = waiting.get(id);
      if (!work) throw new ApiError(404, { message: `Response with id '${id}' not found.` });
      if (end && work.polls > 0) {
        work.reply = { ...work.reply, status: "cancelled", error: null, output: [], usage: null, tool_usage: null };
        work.polls = 0;
      }
      const isDone = work.polls-- <= 0;
      sendJson(res, 200, isDone ? work.reply
        : { ...work.reply, status: "in_progress", error: null, output: [], usage: null, tool_usage: null });
    };
  }

  const routes = {
    "POST /v1/responses": (req, res) => write(req, res, readResponses, asResponse),
    "POST /v1/chat/completions": (req, res) => write(req, res, readChat, asChat),
  };
  return { routes, find };
}
