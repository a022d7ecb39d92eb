// Many who only stand there: streams, and connections that asked once.  The others do not feel it, and
// memory stays within what docs/limits.md says.  Times are compared with those of a server beside it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { BINARY, openHouse, until } from "../scenario/house.mjs";
import { openLoad } from "./load.mjs";
import { dial, GENEROUS_MS, hostOf, median, percentile, portOf, rssMib, statusesOf, watchRss }
  from "./wire.mjs";

const ROUND_MS = 2000;
const BUSY = 200;
const CROWD = 10000;
// 2,048 connections of 36 KiB, and what each costs besides.
const CONNECTIONS_MIB = 80;
// Below this two cores that run the test as well cannot be told from the server.
const NOISE_MS = 5;
const PER_ADDRESS = 900; // of the thousand that one of this machine's addresses has

// How much longer the good clients of the first server wait than those of the second, which nobody
// plagues: of several rounds the middle one.
async function feltBy(t, load, count) {
  const rounds = [];
  for (let round = 0; round < count; round++) {
    const [ours, control] = (await load.round(ROUND_MS)).map(({ times, failed }) => {
      assert.equal(failed, 0, "every good client is answered, and none is cut off");
      assert.ok(times.length > BUSY, `${times.length} answers`);
      return percentile(times, 0.99);
    });
    rounds.push({ ours, control, ratio: Math.max(ours, NOISE_MS) / Math.max(control, NOISE_MS) });
  }
  for (const { ours, control } of rounds)
    t.diagnostic(`p99: ${ours.toFixed(1)} ms, of those left alone ${control.toFixed(1)} ms`);
  return median(rounds.map(({ ratio }) => ratio));
}

// So many connections that say `bytes` and then nothing; some at a time, so that all get in.
async function openCrowd(t, house, count, bytes) {
  const lines = [];
  t.after(() => { for (const { socket } of lines) socket.destroy(); });
  while (lines.length < count) {
    const some = Array.from({ length: Math.min(200, count - lines.length) }, (_, index) =>
      dial(house, { from: `127.0.0.${2 + Math.floor((lines.length + index) / PER_ADDRESS)}` }));
    lines.push(...some);
    await Promise.race([Promise.all(some.map(async ({ socket, opened, closed }) => {
      await Promise.race([opened, closed]);
      if (!socket.destroyed) socket.write(bytes);
    })), new Promise((resolve) => setTimeout(resolve, 1000))]);
  }
  return lines;
}

test("a person has a hundred streams, and is told so", async (t) => {
  const house = await openHouse(t);
  const ask = `GET /api/v1/events HTTP/1.1\r\n${hostOf(house)}Authorization: Bearer ${house.token}\r\n\r\n`;
  const idle = await rssMib(house);
  const lines = Array.from({ length: 100 }, () => dial(house));
  for (const { socket } of lines) socket.write(ask);
  await until("all are open", () => lines.every((line) => statusesOf(line.text())[0] === 200));
  const more = dial(house);
  more.socket.write(ask);
  await until("one too many is refused", () => /"code":"rate_limited"/.test(more.text()));
  assert.match(more.text(), /^HTTP\/1\.1 429 [^]*Retry-After: 30\r\n[^]*"limit":100/);
  more.socket.destroy();
  assert.ok(await rssMib(house) < 2 * idle);
  lines[0].socket.destroy(); // and a place that is given up is free
  await until("another one gets in", async () => {
    const line = dial(house);
    line.socket.write(ask);
    await until("an answer", () => statusesOf(line.text()).length > 0);
    if (statusesOf(line.text())[0] === 200) return true;
    line.socket.destroy();
    return false;
  });
  for (const { socket } of lines) socket.destroy();
});

test("ten thousand idle connections take no place from those who ask", async (t) => {
  const house = await openHouse(t);
  const idle = await rssMib(house);
  const control = await openHouse(t);
  const load = await openLoad(t, [house, control].map((each) => ({ port: portOf(each),
    request: `GET /api/v1/me HTTP/1.1\r\n${hostOf(each)}Authorization: Bearer ${each.token}\r\n\r\n` })), BUSY);
  const watch = watchRss(t, house);
  // Half of them have asked once: a connection that was used is the dear one.
  const crowd = [...await openCrowd(t, house, CROWD / 2, ""),
    ...await openCrowd(t, house, CROWD / 2, `GET /healthz HTTP/1.1\r\n${hostOf(house)}\r\n`)];
  const ratio = await feltBy(t, load, 7);
  assert.ok(ratio <= 2, `${ratio} times as long`);
  const fresh = await house.call("GET", "/me"); // who comes now gets in
  assert.equal(fresh.status, 200);
  t.diagnostic(`memory: ${idle.toFixed(1)} MiB idle, ${watch.peak.toFixed(1)} MiB at most`);
  assert.ok(watch.peak <= 2 * idle + CONNECTIONS_MIB, `${idle} MiB, then ${watch.peak}`);
  await until("the crowd is sent away",
    () => crowd.filter(({ socket }) => !socket.destroyed).length <= 2048, GENEROUS_MS);
  for (const { socket } of crowd) socket.destroy();
  await until("what it took is given back", async () => await rssMib(house) <= 2 * idle + 10, GENEROUS_MS);
});

// The room alone: the product gives one person a hundred streams, so ten thousand of one need this.
test("ten thousand idle streams are not felt", async (t) => {
  const program = process.env.HOSTILE_STREAMS ?? join(dirname(BINARY), "hostile_streams");
  assert.ok(existsSync(program), `${program} is not built`);
  const [house, control] = await Promise.all([1, 2].map(async () => {
    const child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
    t.after(() => child.kill("SIGKILL"));
    return { child, origin: `http://127.0.0.1:${Number(String((await once(child.stdout, "data"))[0]))}` };
  }));
  const idle = await rssMib(house);
  const load = await openLoad(t, [house, control].map((each) => ({ port: portOf(each),
    request: `GET /answer HTTP/1.1\r\n${hostOf(each)}\r\n` })), BUSY);
  await load.round(ROUND_MS);
  const busy = await rssMib(house);
  const crowd = await openCrowd(t, house, CROWD, `GET /stream HTTP/1.1\r\n${hostOf(house)}\r\n`);
  await until("all streams are open",
    () => crowd.every((line) => statusesOf(line.text())[0] === 200), GENEROUS_MS);
  const ratio = await feltBy(t, load, 9); // a heartbeat every 15 s falls into it
  assert.ok(ratio <= 2, `${ratio} times as long`);
  const after = await rssMib(house);
  t.diagnostic(`memory: ${idle.toFixed(1)} MiB idle, ${busy.toFixed(1)} busy, ${after.toFixed(1)} with streams`);
  assert.ok(after <= 2 * busy + CROWD / 1024, `${busy} MiB, then ${after}: more than 1 KiB a stream`);
  assert.ok(crowd.every(({ socket }) => !socket.destroyed), "none was sent away");
  house.child.stdin.end();
  assert.equal((await once(house.child, "exit"))[0], 0);
});
