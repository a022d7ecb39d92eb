// A fake of Volcengine's Visual API (facts/providers.md 4B) that verifies signatures (4C) with node's own crypto.
//
//   POST /?Action=…&Version=2022-08-31    CVProcess, CVSync2AsyncSubmitTask/GetResult, CVSubmitTask/GetResult
//
// A task is in_queue once, generating {"polls": 1} times, then done.  `[blocked]` in a prompt: refused.
// Faults beyond those of volc_fake.mjs; one for each call that orders something:
//   code        {code, status?}: this code instead of what was asked for
//   task        {state} or {code}: the task is accepted and ends so
// With {"session_token": "…"} in the steering the key is a temporary one: that token is wanted, and signed.
// A fault with "on": "poll" is for the next asking instead.
import { createHmac, randomInt, randomUUID } from "node:crypto";

import { Answer, answerWithFault, draw, sendJson, sha256, spoil, startServer } from "./volc_fake.mjs";

const SKEW_MS = 15 * 60 * 1000;
const SYNC = ["high_aes_general_v21_L", "jimeng_high_aes_general_v21_L", "high_aes_general_v30l_zt2i", "byteedit_v2.0"];
const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) =>
  `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

// The signature this request should have, from what arrived alone.
export function expectedSignature({ method, url, headers, body, secret }) {
  const match = /^HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/request, SignedHeaders=([a-z0-9;-]+), /.exec(
    headers.authorization ?? "");
  if (!match) return null;
  const [, keyId, date, region, service, signedHeaders] = match;
  const [path, query = ""] = url.split("?");
  const canonicalQuery = [...new URLSearchParams(query)].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort()
    .join("&");
  const canonical = [method, path, canonicalQuery,
    ...signedHeaders.split(";").map((name) => `${name}:${String(headers[name]).trim().replace(/\s+/g, " ")}`), "",
    signedHeaders, sha256(body)].join("\n");
  const toSign = ["HMAC-SHA256", headers["x-date"], `${date}/${region}/${service}/request`, sha256(canonical)].join("\n");
  const key = [date, region, service, "request"].reduce((step, part) =>
    createHmac("sha256", step).update(part).digest(), secret);
  return { keyId, date, region, service, signedHeaders: signedHeaders.split(";"),
    hex: createHmac("sha256", key).update(toSign).digest("hex") };
}

const gateway = (action, status, code, message) => new Answer(status, { ResponseMetadata: {
  RequestId: randomUUID(), Action: action, Version: "2022-08-31", Service: "cv", Region: "cn-north-1",
  Error: { Code: code, CodeN: 100000, Message: message } } });
const reply = (code, data, message) => ({ code, data, message, request_id: randomUUID(), status: code,
  time_elapsed: "1.0ms" });
const STATUS = { 10000: 200, 50400: 403, 50429: 429, 50430: 429, 50500: 500, 50501: 500 };
const refuse = (code, message, status = STATUS[code] ?? 400) => new Answer(status, reply(code, null, message));

function verify(req, body, { keyId, secret, token }) {
  const action = new URLSearchParams(req.url.split("?")[1]).get("Action");
  const date = req.headers["x-date"] ?? "";
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  const expected = expectedSignature({ method: req.method, url: req.url, headers: req.headers, body, secret });
  if (!expected || !["host", "x-date", "x-content-sha256"].every((name) => expected.signedHeaders.includes(name)))
    throw gateway(action, 401, "MissingAuthenticationToken", "The request is not signed.");
  if (expected.keyId !== keyId) throw gateway(action, 401, "InvalidAccessKey", `No access key ${expected.keyId}.`);
  if (token !== "" && (req.headers["x-security-token"] !== token || !expected.signedHeaders.includes("x-security-token")))
    throw gateway(action, 401, "InvalidSecurityToken", `The token ${req.headers["x-security-token"]} is none of ours.`);
  if (!(Math.abs(Date.now() - at) <= SKEW_MS) || expected.date !== date.slice(0, 8))
    throw gateway(action, 401, "InvalidTimestamp", "The signature has expired or is not yet valid.");
  if (req.headers["x-content-sha256"] !== sha256(body))
    throw gateway(action, 401, "SignatureDoesNotMatch", "The body is not the one that was signed.");
  if (expected.service !== "cv" || expected.region !== "cn-north-1" ||
    !req.headers.authorization.endsWith(`Signature=${expected.hex}`))
    throw gateway(action, 401, "SignatureDoesNotMatch", "The signature does not match.");
}

function readOrder(fields, isSync) {
  if (typeof fields.req_key !== "string") throw refuse(50200, "req_key is missing");
  if (SYNC.includes(fields.req_key) !== isSync) throw refuse(50200, `req_key ${fields.req_key} is not for this action`);
  const images = (fields.binary_data_base64 ?? []).map((text) => Buffer.from(text, "base64"));
  if (images.some((image) => image.length < 12)) throw refuse(50205, "an input picture cannot be read");
  if (fields.req_key === "jimeng_image2image_dream_inpaint" && images.length !== 2)
    throw refuse(50205, "two pictures are needed: the source and its mask");
  if (fields.req_key === "jimeng_i2i_v30" && images.length !== 1) throw refuse(50205, "one picture is needed");
  if (/\[blocked\]/.test(fields.prompt ?? "")) throw refuse(50412, "Text Risk Not Pass");
  if (("width" in fields) !== ("height" in fields)) throw refuse(50200, "width and height go together");
  return { images, width: fields.width ?? 1328, height: fields.height ?? 1328 };
}

function make(state, fault, fields, order, body) {
  const picture = draw(order.width, order.height, `${fields.prompt} ${fields.seed} ${order.images.map(sha256)}`);
  if (!["html200"].includes(fault.kind))
    state.entries.push({ req_key: fields.req_key, prompt: fields.prompt, fields: Object.keys(fields),
      size: `${order.width}x${order.height}`, images: order.images.map(sha256), pictures: [sha256(picture)],
      request_sha256: sha256(body) });
  return picture;
}

const deliver = (req, state, fault, picture, wanted) => (fault.kind === "zero_images"
  ? { binary_data_base64: null, image_urls: null }
  : wanted.return_url ? { binary_data_base64: null, image_urls: [state.keep(req, picture)] }
    : { binary_data_base64: [spoil(fault, picture.toString("base64"))], image_urls: null });

function submit(req, res, fields, state, body, isSync) {
  const fault = state.faults[0]?.on === "poll" ? { kind: "none" } : state.faults.shift() ?? { kind: "none" };
  req.noted.fault = fault.kind;
  if (fault.kind === "status") throw new Answer(fault.status, fault.body ?? {}, fault.headers);
  if (fault.kind === "code") throw refuse(fault.code, "as ordered", fault.status);
  const order = readOrder(fields, isSync);
  const picture = make(state, fault, fields, order, body);
  if (isSync) {
    const said = reply(10000, { algorithm_base_resp: { status_code: 0, status_message: "Success" }, llm_result: "",
      ...deliver(req, state, fault, picture, fields) }, "Success");
    if (!answerWithFault(res, fault, said)) sendJson(res, 200, said);
    return;
  }
  const id = `${randomInt(1e9, 9e9)}${randomInt(1e8, 9e8)}`;
  state.tasks.set(id, { req_key: fields.req_key, picture, asked: 0, fault });
  const said = reply(10000, { task_id: id }, "Success");
  if (!answerWithFault(res, fault, said)) sendJson(res, 200, said);
}

function poll(req, res, fields, state) {
  const fault = state.faults[0]?.on === "poll" ? state.faults.shift() : { kind: "none" };
  const task = state.tasks.get(fields.task_id);
  if (fault.kind === "code") throw refuse(fault.code, "as ordered", fault.status);
  if (typeof fields.req_json !== "string") throw refuse(50200, "req_json is a text");
  const wanted = JSON.parse(fields.req_json);
  state.wanted.push(wanted);
  const say = (code, data) => {
    const said = reply(code, data, code === 10000 ? "Success" : "as ordered");
    if (!answerWithFault(res, fault, said)) sendJson(res, 200, said);
  };
  if (!task || task.req_key !== fields.req_key) return say(10000, { status: "not_found" });
  task.asked++;
  if (task.asked === 1) return say(10000, { status: "in_queue" });
  if (task.asked <= 1 + state.polls) return say(10000, { status: "generating" });
  if (task.fault.kind === "task" && task.fault.state) return say(10000, { status: task.fault.state });
  if (task.fault.kind === "task") return say(task.fault.code, { status: "done" });
  return say(10000, { status: "done", ...deliver(req, state, task.fault, task.picture, wanted) });
}

const ACTIONS = {
  CVProcess: (req, res, fields, state, body) => submit(req, res, fields, state, body, true),
  CVSync2AsyncSubmitTask: (req, res, fields, state, body) => submit(req, res, fields, state, body, false),
  CVSync2AsyncGetResult: poll,
  CVSubmitTask: (req, res, fields, state, body) => submit(req, res, fields, state, body, false),
  CVGetResult: poll,
};

export function startFake({ keyId = "AKLTTEST", secret = "test-secret", port = 0 } = {}) {
  return startServer((req, res, body, state) => {
    const query = new URLSearchParams(req.url.split("?")[1]);
    verify(req, body, { keyId, secret, token: state.session_token });
    const action = ACTIONS[query.get("Action")];
    req.noted.name = query.get("Action");
    if (!action || req.method !== "POST" || query.get("Version") !== "2022-08-31")
      throw gateway(query.get("Action"), 404, "InvalidActionOrVersion", "No such action.");
    let fields;
    try {
      fields = JSON.parse(body.toString("utf8"));
    } catch {
      throw refuse(50200, "the body is no JSON");
    }
    return action(req, res, fields, state, body);
  }, () => ({ polls: 1, session_token: "", tasks: new Map(), wanted: [] }), port);
}
