// What the fakes of gemini and xai share: a server that is steered, faults in order, a ledger of what would have
// been charged.  node:-modules only.
//
//   POST /__control  {"latency_ms": 50, "faults": [{"kind": …}, …], "reset": true}, and what the fake itself knows
//   GET  /__ledger   {"entries": [what was made], "requests": [all that came]}
//
// Kinds of fault; those marked * are charged, for the work was done:
//   none                 lets one call pass
//   status               {status, body, headers}: that answer
//   echo_key             401 that repeats the key it was sent
//   hang *, reset_before_reply *, cut_mid_body *
//   truncated_base64 *, not_base64 *, wrong_type *   JPEG is declared, PNG is sent
//   html200, error200
// and those that each fake names for itself.
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const BODY_MAX = 128 * 1024 * 1024;

// Thrown by a route: an answer that is an error.
export class Refusal extends Error {
  constructor(status, body, headers = {}) {
    super(JSON.stringify(body));
    Object.assign(this, { status, body, headers });
  }
}

async function readBody(req) {
  const pieces = [];
  let size = 0;
  for await (const piece of req) {
    size += piece.length;
    if (size > BODY_MAX) throw new Refusal(413, { error: { message: "Request too large" } });
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

export function sendJson(res, status, body, headers = {}) {
  const text = JSON.stringify(body);
  res.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text), ...headers });
  res.end(text);
}

export function magicType(data) {
  if (data.subarray(0, 8).equals(Buffer.from("\x89PNG\r\n\x1a\n", "latin1"))) return "image/png";
  if (data.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return "image/jpeg";
  return data.subarray(8, 12).toString("latin1") === "WEBP" ? "image/webp" : null;
}

export function spoil(fault, base64) {
  if (fault.kind === "truncated_base64") return base64.slice(0, Math.floor(base64.length / 2));
  return fault.kind === "not_base64" ? "%%%" : base64;
}

// Before any work: what is refused or never done.
export function refuse(fault, req) {
  if (fault.kind === "status") throw new Refusal(fault.status, fault.body ?? {}, fault.headers);
  const key = req.headers["x-goog-api-key"] ?? req.headers.authorization;
  if (fault.kind === "echo_key") throw new Refusal(401, { error: { message: `Bad key: ${key}.` } });
}

// The whole answer, or what the fault makes of it.
export function deliver(res, fault, body) {
  const text = Buffer.from(JSON.stringify(body));
  switch (fault.kind) {
    case "hang":
      return;
    case "reset_before_reply":
      res.socket.resetAndDestroy();
      return;
    case "html200":
      res.writeHead(200, { "content-type": "text/html" });
      res.end("<!doctype html><html><title>Welcome</title></html>");
      return;
    case "error200":
      sendJson(res, 200, { error: { message: "upstream said no", type: "upstream_error", code: "bad_response" } });
      return;
    case "cut_mid_body":
      res.writeHead(200, { "content-type": "application/json", "content-length": text.length });
      res.write(text.subarray(0, text.length >> 1), () => setImmediate(() => res.socket?.resetAndDestroy()));
      return;
    default:
      sendJson(res, 200, body);
  }
}
export const isFree = (fault) => ["html200", "error200"].includes(fault.kind);

// `answer(req, res, body, state)` handles all but the steering; `knobs` are the fake's own, with their rest values.
export function createSteered(answer, knobs = {}) {
  const state = {};
  const reset = () => Object.assign(state, { latency: 0, faults: [], entries: [], requests: [], ...knobs });
  reset();

  async function handle(req, res) {
    const body = await readBody(req);
    if (req.url === "/__ledger")
      return sendJson(res, 200, { entries: state.entries, requests: state.requests });
    if (req.url === "/__control") {
      const wanted = JSON.parse(body.toString("utf8") || "{}");
      if (wanted.reset) reset();
      if (wanted.latency_ms !== undefined) state.latency = wanted.latency_ms;
      if (wanted.faults !== undefined) state.faults = [...wanted.faults];
      for (const name of Object.keys(knobs)) if (wanted[name] !== undefined) state[name] = wanted[name];
      return sendJson(res, 200, { faults: state.faults.length });
    }
    const noted = { name: `${req.method} ${req.url}`, status: null };
    state.requests.push(noted);
    res.on("finish", () => { noted.status = res.statusCode; });
    return answer(req, res, body, state);
  }

  return createServer((req, res) => {
    handle(req, res).catch((error) => {
      if (res.headersSent) return res.destroy();
      if (error instanceof Refusal) return sendJson(res, error.status, error.body, error.headers);
      return sendJson(res, 500, { error: { message: String(error.stack) } });
    });
  });
}

// For tests in the same process: { url, control(body), ledger(), close() }.
export async function startServer(server, port = 0) {
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    control: (body) => fetch(`${url}/__control`, { method: "POST", body: JSON.stringify(body) }),
    ledger: async () => (await fetch(`${url}/__ledger`)).json(),
    close: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}

// node FAKE.mjs --port 0 --key test-key      prints "listening PORT"
export async function runFake(meta, create) {
  if (!process.argv[1] || meta.url !== pathToFileURL(process.argv[1]).href) return;
  const option = (name, fallback) => {
    const at = process.argv.indexOf(`--${name}`);
    return at < 0 ? fallback : process.argv[at + 1];
  };
  const fake = await startServer(create({ key: option("key", "test-key") }), Number(option("port", "0")));
  console.log(`listening ${new URL(fake.url).port}`);
}
