// What the fakes of dashscope.mjs, minimax.mjs and zhipu.mjs share: JSON in, JSON out, real pictures, faults on
// demand, and a ledger of what would have been charged.  node:-modules only.
//
//   POST /__control  {"faults": [{"kind": …}, …],   one for each order to come
//                     "pending": 2,                 so many polls find a task waiting
//                     "reset": true}                forget faults, tasks and ledger first
//   GET  /__ledger   {"entries": [what was made or accepted], "requests": [all that came]}
//   GET  /__file/ID.png                             what the replies point to; with a key it is refused
//
// Faults of every fake (facts 9.5); those marked * are charged, for the picture was made:
//   none; status {status, body?, headers?}; hang *; reset_before_reply *; cut_mid_body *; html200; garbage200 *
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";

import { drawPng } from "./png.mjs";

const BODY_MAX = 96 * 1024 * 1024;

export class FakeError extends Error {
  constructor(status, body, headers = {}) {
    super(JSON.stringify(body));
    Object.assign(this, { status, body, headers });
  }
}

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

// Every name of `object` is one of `names`.
export function only(object, names, refuse) {
  if (object === null || typeof object !== "object" || Array.isArray(object)) refuse("an object is wanted");
  for (const name of Object.keys(object)) if (!names.includes(name)) refuse(`unknown parameter ${name}`);
}

// The bytes of a data URI of a picture that is what it says it is.
export function readDataUri(text, refuse) {
  const match = /^data:image\/(png|jpeg|webp);base64,([A-Za-z0-9+/]+={0,2})$/.exec(text ?? "");
  if (!match) refuse("the picture is no data URI");
  const bytes = Buffer.from(match[2], "base64");
  const isReal = { png: bytes.readUInt32BE(0) === 0x89504e47, jpeg: bytes.readUInt16BE(0) === 0xffd8,
    webp: bytes.subarray(8, 12).toString("latin1") === "WEBP" }[match[1]];
  if (!isReal) refuse("the picture is of another type than declared");
  return bytes;
}

async function readBody(req) {
  const pieces = [];
  let size = 0;
  for await (const piece of req) {
    size += piece.length;
    if (size > BODY_MAX) throw new FakeError(413, { message: "too large" });
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function send(res, status, body, headers = {}) {
  const text = body === "" || (typeof body === "string" && status === 200) ? body : JSON.stringify(body);
  res.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text), ...headers });
  res.end(text);
}

// A relay's welcome: the service never saw the order.
function answerWithPage(res, fault) {
  if (fault.kind !== "html200") return false;
  res.writeHead(200, { "content-type": "text/html" });
  res.end("<!doctype html><html><title>Welcome</title></html>");
  return true;
}

// True when the fault has answered in place of the service, or taken the connection away.
function answerWithFault(res, fault, body) {
  const text = Buffer.from(JSON.stringify(body));
  switch (fault.kind) {
    case "hang":
      return true;
    case "reset_before_reply":
      res.socket.resetAndDestroy();
      return true;
    case "cut_mid_body":
      res.writeHead(200, { "content-type": "application/json", "content-length": text.length });
      res.write(text.subarray(0, text.length >> 1), () => setImmediate(() => res.socket?.resetAndDestroy()));
      return true;
    case "garbage200":
      send(res, 200, '{"output": {"choices": [{');
      return true;
    default:
      return false;
  }
}

// `service.routes` has "POST /path": (call) => reply body; `orders` are those that faults apply to.  `service.wrongKey(req)`
// and `service.noRoute(name)` give what is thrown.  A route may throw FakeError.
export async function startPlainFake(service, { key = "test-key" } = {}) {
  const state = {};
  const reset = () => Object.assign(state,
    { faults: [], pending: 0, entries: [], requests: [], files: new Map(), tasks: new Map() });
  reset();

  // Pictures of an order, kept under addresses; of the same order the same ones.
  function draw(req, seed, count, width = 64, height = 48) {
    return Array.from({ length: count }, (_, index) => {
      const bytes = drawPng(width, height, `${seed} ${index}`);
      const id = randomUUID();
      state.files.set(id, bytes);
      return { bytes, sha256: sha256(bytes), url: `http://${req.headers.host}/__file/${id}.png` };
    });
  }

  async function answer(req, res, name, noted) {
    const body = await readBody(req);
    const find = ([pattern]) => new RegExp(`^${pattern.replaceAll("{id}", "([^/]+)")}$`).exec(name);
    const route = Object.entries(service.routes).find(find);
    if (!route) throw service.noRoute(name);
    if (key !== "" && req.headers.authorization !== `Bearer ${key}`) throw service.wrongKey(req);
    const isOrder = service.orders.some((pattern) => pattern === route[0]);
    const fault = isOrder ? state.faults.shift() ?? { kind: "none" } : { kind: "none" };
    Object.assign(noted, { fault: fault.kind });
    if (fault.kind === "status") throw new FakeError(fault.status, fault.body ?? {}, fault.headers);
    if (answerWithPage(res, fault)) return;
    let fields = null;
    if (req.method === "POST" && body.length > 0) {
      if (req.headers["content-type"] !== "application/json") throw service.refuse("JSON is wanted");
      try {
        fields = JSON.parse(body.toString("utf8"));
      } catch {
        throw service.refuse("the body is no JSON");
      }
    }
    const reply = await route[1]({ req, fields, fault, state, draw: (...order) => draw(req, ...order),
      id: find(route)[1], query: new URL(req.url, "http://fake").searchParams,
      charge: (entry) => state.entries.push({ ...entry, request_sha256: sha256(body) }) });
    if (!answerWithFault(res, fault, reply)) send(res, 200, reply);
  }

  async function handle(req, res) {
    const name = `${req.method} ${req.url.split("?")[0]}`;
    const file = /^GET \/__file\/([0-9a-f-]+)\.png$/.exec(name)?.[1];
    if (name === "GET /__ledger") return send(res, 200, { entries: state.entries, requests: state.requests });
    if (name === "POST /__control") {
      const wanted = JSON.parse((await readBody(req)).toString("utf8"));
      if (wanted.reset) reset();
      if (wanted.faults !== undefined) state.faults = [...wanted.faults];
      if (wanted.pending !== undefined) state.pending = wanted.pending;
      return send(res, 200, {});
    }
    if (file && state.files.has(file)) {
      // facts 0.6: a signed URL and a key together are refused.
      if (req.headers.authorization) return send(res, 400, { message: "Only one auth mechanism" });
      res.writeHead(200, { "content-type": "image/png" });
      return res.end(state.files.get(file));
    }
    const noted = { name, status: null };
    state.requests.push(noted);
    res.on("finish", () => { noted.status = res.statusCode; });
    return answer(req, res, name, noted);
  }

  const server = createServer((req, res) => {
    handle(req, res).catch((error) => {
      if (res.headersSent) return res.destroy();
      if (error instanceof FakeError) return send(res, error.status, error.body, error.headers);
      return send(res, 500, { code: "FakeBroke", message: String(error.stack) });
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    control: async (body) => fetch(`${url}/__control`, { method: "POST", body: JSON.stringify(body) }),
    ledger: async () => (await fetch(`${url}/__ledger`)).json(),
    close: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}
