// Clients that take their time: a byte a second in heads and bodies, answers that nobody reads,
// connections on which nothing comes.  Each has a deadline (docs/limits.md), each is counted, and the
// good clients beside them are not kept waiting.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";

import { png } from "../providers/png.mjs";
import { openHouse, send, until } from "../scenario/house.mjs";
import { openLoad } from "./load.mjs";
import { dial, GENEROUS_MS, hostOf, median, percentile, portOf, rssMib, statusesOf, watchRss } from "./wire.mjs";

const EACH = 40;
const BUSY = 100;
const NOISE_MS = 5; // as in crowd.test.mjs

async function refusals(house) {
  const text = (await send(house.origin, { path: "/metrics" })).bytes.toString();
  return Object.fromEntries([...text.matchAll(/http_refused_total\{reason="(\w+)"\} (\d+)/g)]
    .map(([, reason, count]) => [reason, Number(count)]));
}

// Sends `start`, then one byte of `rest` a second, until the server has had enough.
function drip(t, house, start, rest) {
  const line = dial(house);
  let at = 0;
  line.socket.write(start);
  const timer = setInterval(() => {
    if (!line.socket.destroyed) line.socket.write(rest[at++ % rest.length]);
  }, 1000);
  line.closed.then(() => clearInterval(timer));
  t.after(() => { clearInterval(timer); line.socket.destroy(); });
  return line;
}

test("whoever is slow has a deadline, and the others do not wait", async (t) => {
  const house = await openHouse(t);
  const control = await openHouse(t);
  const host = hostOf(house);
  const auth = `Authorization: Bearer ${house.token}\r\n`;
  // Larger than what the kernel takes for a reader that does not read.
  const pixels = randomBytes(2000 * (1 + 2000 * 4));
  for (let row = 0; row < 2000; row++) pixels[row * (1 + 2000 * 4)] = 0;
  const [{ asset }] = await house.upload([{ name: "noise.png",
    bytes: png(2000, 2000, 8, 6, pixels, { level: 0 }) }]);
  assert.ok((await house.bytes(asset.id)).length > 8 << 20);
  const idle = await rssMib(house);
  const watch = watchRss(t, house);
  const before = await refusals(house);

  const many = (make) => Array.from({ length: EACH }, make);
  const heads = many(() => drip(t, house, `GET /healthz HTTP/1.1\r\n${host}X: `, "slow"));
  const starts = many(() => drip(t, house, "G", "ET /healthz"));
  const bodies = many(() => drip(t, house, `POST /api/v1/auth/login HTTP/1.1\r\n${host}`
    + "Content-Type: application/json\r\nX-Vitrine: 1\r\nContent-Length: 4000\r\n\r\n", " "));
  const chunks = many(() => drip(t, house, `POST /api/v1/auth/login HTTP/1.1\r\n${host}`
    + "Content-Type: application/json\r\nX-Vitrine: 1\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n", " "));
  const uploads = many(() => drip(t, house, `POST /api/v1/assets HTTP/1.1\r\n${host}${auth}`
    + "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n"
    + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n"
    + "x".repeat(100000), "x"));
  const silent = many(() => dial(house));
  const deaf = many(() => {
    const line = dial(house, { reads: false });
    line.socket.pause();
    line.socket.write(`GET /api/v1/assets/${asset.id}/file HTTP/1.1\r\n${host}${auth}\r\n`);
    return line;
  });
  t.after(() => { for (const { socket } of [...silent, ...deaf]) socket.destroy(); });

  const load = await openLoad(t, [house, control].map((each) => ({ port: portOf(each),
    request: `GET /api/v1/me HTTP/1.1\r\n${hostOf(each)}Authorization: Bearer ${each.token}\r\n\r\n` })), BUSY);
  const rounds = [];
  for (let round = 0; round < 5; round++) {
    const p99 = (await load.round(2000)).map(({ times, failed }) => {
      assert.equal(failed, 0);
      return Math.max(percentile(times, 0.99), NOISE_MS);
    });
    rounds.push(p99[0] / p99[1]);
  }
  assert.ok(median(rounds) <= 2, `${rounds} times as long`);

  const told = async (lines, what) => {
    for (const text of await Promise.all(lines.map((line) => Promise.race([line.closed,
      new Promise((resolve) => setTimeout(resolve, GENEROUS_MS, "still open"))]))))
      assert.deepEqual(statusesOf(text), [408], `${what}: ${text.slice(0, 100)}`);
  };
  await Promise.all([told(heads, "a head"), told(starts, "a request line"), told(bodies, "a body"),
    told(chunks, "a chunk"), told(uploads, "an upload")]);
  await until("connections on which nothing came are closed",
    () => silent.every(({ socket }) => socket.destroyed || socket.readyState !== "open"), 2 * GENEROUS_MS);
  const after = await until("answers that nobody reads are given up", async () => {
    const now = await refusals(house);
    return now.write_slow - before.write_slow >= EACH ? now : null;
  }, 2 * GENEROUS_MS);
  assert.ok(after.head_slow - before.head_slow >= 2 * EACH, JSON.stringify(after));
  assert.ok(after.body_slow - before.body_slow >= 3 * EACH, JSON.stringify(after));
  t.diagnostic(`memory: ${idle.toFixed(1)} MiB before, ${watch.peak.toFixed(1)} at most`);
  assert.ok(watch.peak < 2 * idle + 16, `${idle} MiB, then ${watch.peak}`);
  assert.equal((await house.call("GET", "/me")).status, 200);
});
