// The other end of src/provider/ledger.c, for tests/crash: it writes down every charge, outlives a
// killed server, and does what each call says of its account.  `[slow]` in a prompt: not at once.
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";

import { png } from "./png.mjs";

export const PRICE_MICRO = 10000;
const SIDE_PX = 160;

// Noise of a seed: it does not shrink, so that it travels in several pieces.
export function noise(seed, side = SIDE_PX) {
  const row = 1 + side * 3;
  const pixels = Buffer.alloc(side * row);
  let block = createHash("sha256").update(seed).digest();
  for (let at = 0; at < pixels.length; at += block.length) {
    block.copy(pixels, at);
    block = createHash("sha256").update(block).digest();
  }
  for (let y = 0; y < side; y++) pixels[y * row] = 0;
  return png(side, side, 8, 2, pixels, { level: 1 });
}

async function readBody(req) {
  const pieces = [];
  for await (const piece of req) pieces.push(piece);
  return Buffer.concat(pieces);
}

// seen(prompt): how often a whole call of it came; charges(prompt): how often it was paid.
export async function startLedger({ slow_ms = 600 } = {}) {
  const calls = [];
  const charged = [];
  const byKey = new Map();
  const works = new Map();
  const files = new Map();

  const reply = (res, status, body) => {
    const text = JSON.stringify(body);
    res.writeHead(status, { "content-type": "application/json",
      "content-length": Buffer.byteLength(text) });
    res.end(text);
  };
  const resultOf = (req, work) => ({ data: [{ url: `http://${req.headers.host}/files/${work.id}` }],
    cost_micro: PRICE_MICRO });
  const wait = (work) => new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, work.readyAt - performance.now()));
  });

  function accept(order) {
    const work = { id: randomUUID(), readyAt: performance.now() +
      (order.prompt.includes("[slow]") ? slow_ms : 5), isStopped: false };
    works.set(work.id, work);
    files.set(work.id, noise(order.prompt));
    charged.push(order.prompt);
    return work;
  }

  async function submit(req, res) {
    let body;
    try {
      body = await readBody(req);
    } catch {
      return; // half a call is no call
    }
    const order = JSON.parse(body.toString("utf8"));
    const key = req.headers["idempotency-key"];
    calls.push(order.prompt);
    const known = order.honours_key ? byKey.get(key) : undefined;
    const work = known ?? accept(order);
    byKey.set(key, work);
    if (order.async) return reply(res, 202, { id: work.id });
    await wait(work);
    return reply(res, 200, resultOf(req, work));
  }

  function ask(req, res, work) {
    if (work.isStopped) return reply(res, 200, { state: "stopped" });
    if (performance.now() < work.readyAt) return reply(res, 200, { state: "running" });
    return reply(res, 200, resultOf(req, work));
  }

  const server = createServer((req, res) => {
    const [, where, id] = req.url.split("/");
    if (where === "pictures" && req.method === "POST") return submit(req, res);
    if (where === "calls") {
      const known = byKey.get(id);
      return known === undefined ? reply(res, 404, { error: { message: "no such call" } })
        : reply(res, 200, { id: known.id, state: "running" });
    }
    if (where === "models") return reply(res, 200, { data: [{ id: "ledger-1" }] });
    if (where === "files" && files.has(id)) {
      res.writeHead(200, { "content-type": "image/png" });
      return res.end(files.get(id));
    }
    const work = where === "pictures" ? works.get(id) : undefined;
    if (work === undefined) return reply(res, 404, { error: { message: "no such work" } });
    if (req.method === "DELETE" && performance.now() < work.readyAt) work.isStopped = true;
    return ask(req, res, work);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    seen: async (prompt) => calls.filter((other) => other === prompt).length,
    charges: async (prompt) => charged.filter((other) => other === prompt).length,
    close: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}
