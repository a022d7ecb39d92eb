// What the fakes of Volcengine's two services share: a ledger, steering, and the troubles of the line.  node:-modules
// only.
//
// Steering (no key needed)
//   POST /__control  {"latency_ms": 50, "faults": [{"kind": …}, …], "reset": true, and what a fake adds}
//   GET  /__ledger   {"entries": [what was made and charged], "requests": [all that came]}
//   GET  /__file/ID  what a reply's addresses point to
//
// Troubles of the line; those marked * are charged, for the picture was made:
//   none                      nothing: lets one call pass
//   status                    {status, body, headers?}
//   hang *, reset_before_reply *, cut_mid_body *
//   html200, zero_images *, truncated_base64 *, not_base64 *
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";

import { drawPng } from "./png.mjs";

const BODY_MAX = 64 * 1024 * 1024;
const PIXEL_CAP = 512; // of a side: tests want real sizes' ratios, not their megabytes

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

// What a handler throws to answer with a status and a body.
export class Answer extends Error {
  constructor(status, body, headers = {}) {
    super(`answer ${status}`);
    Object.assign(this, { status, body, headers });
  }
}

async function readBody(req) {
  const pieces = [];
  let size = 0;
  for await (const piece of req) {
    size += piece.length;
    if (size > BODY_MAX) throw new Answer(413, { message: "too large" });
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

export function sendJson(res, status, body, headers = {}) {
  const text = JSON.stringify(body);
  res.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text), ...headers });
  res.end(text);
}

// Other orders are other pictures, the same order is the same one.
export function draw(width, height, seed) {
  const scale = Math.min(1, PIXEL_CAP / Math.max(width, height));
  return drawPng(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)), seed);
}

export function spoil(fault, base64) {
  if (fault.kind === "truncated_base64") return base64.slice(0, Math.floor(base64.length / 2));
  return fault.kind === "not_base64" ? "%%%" : base64;
}

// Answers by a fault of the line; true when it did.
export function answerWithFault(res, fault, body) {
  if (fault.kind === "hang") return true;
  if (fault.kind === "reset_before_reply") {
    res.socket.resetAndDestroy();
    return true;
  }
  if (fault.kind === "html200") {
    res.writeHead(200, { "content-type": "text/html" });
    res.end("<!doctype html><html><title>Welcome</title></html>");
    return true;
  }
  if (fault.kind !== "cut_mid_body") return false;
  const text = Buffer.from(JSON.stringify(body));
  res.writeHead(200, { "content-type": "application/json", "content-length": text.length });
  res.write(text.subarray(0, text.length >> 1), () => setImmediate(() => res.socket?.resetAndDestroy()));
  return true;
}

// `handle(req, res, body, state)` answers; `begin()` gives the state a fake keeps beyond faults and ledger.
export async function startServer(handle, begin, port = 0) {
  const state = {};
  const reset = () =>
    Object.assign(state, { latency_ms: 0, faults: [], entries: [], requests: [], files: new Map() }, begin());
  reset();
  state.keep = (req, bytes) => {
    const id = randomUUID();
    state.files.set(id, bytes);
    return `http://${req.headers.host}/__file/${id}`;
  };
  async function answer(req, res) {
    const body = await readBody(req);
    const path = req.url.split("?")[0];
    if (path === "/__ledger") return sendJson(res, 200, { entries: state.entries, requests: state.requests });
    if (path === "/__control") {
      const { reset: isReset, ...wanted } = JSON.parse(body.toString("utf8") || "{}");
      if (isReset) reset();
      Object.assign(state, wanted);
      return sendJson(res, 200, {});
    }
    if (path.startsWith("/__file/")) {
      // facts 0.6: a signed address and a key together are refused.
      const file = state.files.get(path.slice(8));
      if (!file || req.headers.authorization) return sendJson(res, 400, { message: "Only one auth mechanism" });
      res.writeHead(200, { "content-type": "image/png" });
      return res.end(file);
    }
    req.noted = { name: `${req.method} ${path}`, status: null };
    state.requests.push(req.noted);
    res.on("finish", () => { req.noted.status = res.statusCode; });
    return handle(req, res, body, state);
  }
  const server = createServer((req, res) => {
    answer(req, res).catch((error) => {
      if (res.headersSent) res.destroy();
      else if (error instanceof Answer) sendJson(res, error.status, error.body, error.headers);
      else sendJson(res, 500, { error: { code: "InternalServiceError", message: String(error) } });
    });
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    control: (wanted) => fetch(`${url}/__control`, { method: "POST", body: JSON.stringify(wanted) }),
    ledger: async () => (await fetch(`${url}/__ledger`)).json(),
    close: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}
