// What the fakes of queues (fal, Replicate, BFL) share: works that take some polls, pictures behind addresses, a ledger
// of what would have been charged, and faults on demand (facts/providers.md 9.5).  node:-modules only.
//
//   POST /__control  {"polls": 2,                    so many polls find a work unfinished
//                     "cancel_polls": 1,             a work that is to stop needs so many
//                     "faults": [{"kind": …}, …],    one for each submission to come, in order
//                     "poll_faults": [{"kind": …}],  one for each poll or result to come
//                     "reset": true}                 forget everything first
//   GET  /__ledger   {"entries": [work: id, model, input, pictures (SHA-256), charged], "requests": [all that came]}
//   GET  /__file/ID.png                              a picture; refuses every request that carries a key
//
// Kinds of fault, for submissions and polls; of a submission those marked * are charged:
//   none, status {status, body?, headers?}, html200, error200 {body?}, garbage
//   hang *, reset_before_reply *, cut_mid_body *     the work is accepted, its answer is lost
//   echo_key                                         401 that repeats the key it was sent
// For a submission, what will become of the work:
//   run {outcome: …}                                 a kind's own: "failed", "nsfw", "none", "invalid", …
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";

import { drawPng } from "./png.mjs";

const BODY_MAX = 64 * 1024 * 1024;
const PIXEL_CAP = 256; // of a side: tests want real sizes' ratios, not their megabytes

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

// A refusal with its body, in the service's own form.
export class Refusal extends Error {
  constructor(status, body, headers = {}) {
    super(`refused with ${status}`);
    Object.assign(this, { status, body, headers });
  }
}

export async function readBody(req) {
  const pieces = [];
  let size = 0;
  for await (const piece of req) {
    size += piece.length;
    if (size > BODY_MAX) throw new Refusal(413, { detail: "Request too large" });
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

// The bytes of a picture that travels inside; null when it is none.
export function decodePicture(text, { bare = false } = {}) {
  const match = bare ? [text, "", text] : /^data:(image\/(?:png|jpeg|webp));base64,(.+)$/s.exec(text ?? "");
  if (!match || typeof match[2] !== "string" || !/^[A-Za-z0-9+/]+=*$/.test(match[2])) return null;
  const bytes = Buffer.from(match[2], "base64");
  const isPng = bytes.subarray(1, 4).toString("latin1") === "PNG";
  const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
  return isPng || isJpeg || bytes.subarray(8, 12).toString("latin1") === "WEBP" ? bytes : null;
}

// `route(fake, req, url)` answers {status?, body, headers?} or throws a Refusal; null: no such place.
export async function startQueue({ route, isFree = () => false, port = 0 }) {
  const state = {};
  const reset = () => Object.assign(state, { polls: 1, cancelPolls: 0, faults: [], pollFaults: [], entries: [],
    requests: [], works: new Map(), files: state.files ?? new Map() });
  reset();

  const fake = {
    state,
    url: "",
    // Charged until something frees it.
    accept(model, input, { count = 1, width = 1024, height = 1024, fault, more = {} }) {
      const id = fake.makeId?.() ?? randomUUID();
      const scale = Math.min(1, PIXEL_CAP / Math.max(width, height));
      const pictures = Array.from({ length: count }, (_, index) =>
        drawPng(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)),
          `${JSON.stringify(input)} ${index}`));
      const entry = { id, model, input, pictures: pictures.map(sha256), charged: true, ...more };
      const work = { id, model, input, entry, pictures, width, height, left: state.polls,
        outcome: fault.kind === "run" ? fault.outcome : "good", stop: null, isStopped: false };
      state.entries.push(entry);
      state.works.set(id, work);
      return work;
    },
    // One poll later: "queued", "running", "stopped", or the outcome.
    advance(work) {
      if (work.stop !== null && work.stop-- <= 0) {
        work.isStopped = true;
        work.entry.charged = false;
      }
      if (work.isStopped) return "stopped";
      if (work.left-- > 0) return work.left > 0 ? "queued" : "running";
      work.left = 0;
      if (isFree(work.outcome)) work.entry.charged = false;
      return work.outcome;
    },
    stop(work) {
      if (work.left <= 0 || work.isStopped) return false;
      work.stop = state.cancelPolls;
      return true;
    },
    addressesOf(work) {
      return work.pictures.map((bytes, index) => {
        state.files.set(`${work.id}-${index}`, bytes);
        return `${fake.url}/__file/${work.id}-${index}.png`;
      });
    },
    nextFault: () => state.faults.shift() ?? { kind: "none" },
  };

  const send = (res, { status = 200, body, headers = {} }) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    res.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text),
      ...headers });
    res.end(text);
  };

  // What is thrown at the door, before anything is accepted.
  fake.throwAtDoor = (fault, req) => {
    if (fault.kind === "status") throw new Refusal(fault.status, fault.body ?? { detail: "as ordered" }, fault.headers);
    if (fault.kind === "html200")
      throw new Refusal(200, "<!doctype html><html><title>Welcome</title></html>", { "content-type": "text/html" });
    if (fault.kind === "error200") throw new Refusal(200, fault.body ?? { detail: "upstream said no" });
    if (fault.kind === "garbage") throw new Refusal(200, '{"status": "COMPL');
    if (fault.kind === "echo_key")
      throw new Refusal(401, { detail: `No such key: ${req.headers.authorization ?? req.headers["x-key"]}` });
  };
  // True when the fault took the answer away.
  function loseAnswer(res, fault, answer) {
    if (fault.kind === "hang") return true;
    if (fault.kind === "reset_before_reply") {
      res.socket.resetAndDestroy();
      return true;
    }
    if (fault.kind !== "cut_mid_body") return false;
    const text = Buffer.from(JSON.stringify(answer.body));
    res.writeHead(answer.status ?? 200, { "content-type": "application/json", "content-length": text.length });
    res.write(text.subarray(0, text.length >> 1), () => setImmediate(() => res.socket?.resetAndDestroy()));
    return true;
  }

  async function control(req) {
    const wanted = JSON.parse((await readBody(req)).toString("utf8") || "{}");
    if (wanted.reset) reset();
    if (wanted.polls !== undefined) state.polls = wanted.polls;
    if (wanted.cancel_polls !== undefined) state.cancelPolls = wanted.cancel_polls;
    if (wanted.faults !== undefined) state.faults = [...wanted.faults];
    if (wanted.poll_faults !== undefined) state.pollFaults = [...wanted.poll_faults];
    return { body: {} };
  }

  async function handle(req, res) {
    const url = new URL(req.url, fake.url);
    const file = /^\/__file\/([\w-]+)\.png$/.exec(url.pathname)?.[1];
    if (url.pathname === "/__control") return send(res, await control(req));
    if (url.pathname === "/__ledger")
      return send(res, { body: { entries: state.entries, requests: state.requests } });
    if (file && state.files.has(file)) {
      // facts 0.6: results are fetched without the key.
      if (req.headers.authorization || req.headers["x-key"])
        return send(res, { status: 400, body: { detail: "Only one auth mechanism" } });
      res.writeHead(200, { "content-type": "image/png" });
      return res.end(state.files.get(file));
    }
    const noted = { name: `${req.method} ${url.pathname}`, status: null };
    state.requests.push(noted);
    res.on("finish", () => { noted.status = res.statusCode; });
    const fault = req.method === "GET" ? state.pollFaults.shift() ?? { kind: "none" } : { kind: "none" };
    fake.throwAtDoor(fault, req);
    const answer = await route(fake, req, url);
    if (answer === null) throw new Refusal(404, { detail: "Not found" });
    if (loseAnswer(res, answer.fault ?? fault, answer)) return undefined;
    return send(res, answer);
  }

  const server = createServer((req, res) => {
    handle(req, res).catch((error) => {
      if (res.headersSent) return res.destroy();
      return send(res, error instanceof Refusal ? error : { status: 500, body: { detail: String(error) } });
    });
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  fake.url = `http://127.0.0.1:${server.address().port}`;
  fake.close = () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  fake.control = async (body) => {
    const reply = await fetch(`${fake.url}/__control`, { method: "POST", body: JSON.stringify(body) });
    if (reply.status !== 200) throw new Error(`control: ${reply.status}`);
  };
  fake.ledger = async () => (await fetch(`${fake.url}/__ledger`)).json();
  return fake;
}
