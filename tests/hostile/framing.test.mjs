// Heads and bodies that two readers would read in two ways: one answer at most, and nothing behind
// it is ever taken for a request (security.md S24).  The room's own test has more of them; these go
// through the whole binary, its guards in their order, and its limits.
import assert from "node:assert/strict";
import { test } from "node:test";

import { openHouse } from "../scenario/house.mjs";
import { plain } from "../scenario/pictures.mjs";
import { dial, hostOf, rssMib, say, statusesOf } from "./wire.mjs";

// Whoever sees its answer was fooled: it is the only one that knows the token.
const smuggled = (house) =>
  `GET /api/v1/me HTTP/1.1\r\n${hostOf(house)}Authorization: Bearer ${house.token}\r\n\r\n`;

function rowsOf(house) {
  const host = hostOf(house);
  const auth = `Authorization: Bearer ${house.token}\r\n`;
  const post = `POST /api/v1/runs/estimate HTTP/1.1\r\n${host}${auth}Content-Type: application/json\r\n`;
  const get = `GET /api/v1/me HTTP/1.1\r\n${host}${auth}`;
  const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n`;
  return [ // statuses it may have; 0: closed without an answer
    ["CL and TE", `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, [400]],
    ["TE and CL", `${post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`, [400]],
    ["two lengths", `${post}Content-Length: 0\r\nContent-Length: 90\r\n\r\n`, [400]],
    ["the same length twice", `${post}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`, [400]],
    ["a list of lengths", `${post}Content-Length: 2, 2\r\n\r\n{}`, [400]],
    ["a sign", `${post}Content-Length: +2\r\n\r\n{}`, [400]],
    ["a length below nothing", `${post}Content-Length: -1\r\n\r\n{}`, [0, 400]],
    ["a length beyond 64 bits", `${post}Content-Length: 18446744073709551617\r\n\r\n{}`, [0, 400, 413]],
    ["chunked twice", `${post}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`, [400]],
    ["two TE", `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`, [400]],
    ["identity", `${post}Transfer-Encoding: identity\r\n\r\n{}`, [400]],
    ["a tab before the value's end", `${post}Transfer-Encoding: chunked\x0b\r\n\r\n0\r\n\r\n`, [400]],
    ["space before the colon", `${post}Content-Length : 2\r\n\r\n{}`, [400]],
    ["obs-fold", `${get}X: a\r\n b\r\n\r\n`, [400]],
    ["obs-fold of a length", `${post}Content-Length:\r\n 2\r\n\r\n{}`, [400]],
    ["bare LF", `${get.replaceAll("\r\n", "\n")}\n`, [400]],
    ["one bare LF", `${get}X: a\n\r\n`, [400]],
    ["bare CR", `${get}X: a\rContent-Length: 90\r\n\r\n`, [400]],
    ["NUL", `${get}X: a\0b\r\n\r\n`, [400]],
    ["a field without a name", `${get}: a\r\n\r\n`, [0, 400]],
    ["a field without a colon", `${get}nothing\r\n\r\n`, [0, 400]],
    ["two hosts", `GET / HTTP/1.1\r\n${host}Host: evil.example\r\n\r\n`, [400]],
    ["no host", "GET / HTTP/1.1\r\n\r\n", [400]],
    ["another host in the URL", `GET http://evil.example/ HTTP/1.1\r\n${host}\r\n`, [400]],
    ["CONNECT", `CONNECT evil.example:443 HTTP/1.1\r\n${host}\r\n`, [400]],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [0, 400, 505]],
    ["HTTP/0.9", "GET /\r\n\r\n", [0, 400, 505]],
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", [0, 400, 505]],
    ["a chunk without a size", `${chunked}\r\n\r\n`, [0, 400]],
    ["a chunk of another size", `${chunked}1\r\n{}\r\n0\r\n\r\n`, [0, 400]],
    ["a chunk size beyond 64 bits", `${chunked}10000000000000002\r\n{}\r\n0\r\n\r\n`, [0, 400, 413]],
    ["a chunk size with a sign", `${chunked}+2\r\n{}\r\n0\r\n\r\n`, [0, 400]],
    ["a chunk size with 0x", `${chunked}0x2\r\n{}\r\n0\r\n\r\n`, [0, 400]],
    ["space behind a chunk size", `${chunked}2 \r\n{}\r\n0\r\n\r\n`, [0, 400, 422]],
    ["an extension with a line in it", `${chunked}2;\nxx\r\n{}\r\n0\r\n\r\n`, [0, 400]],
    // Taken, but nothing behind them is read.
    ["an extension", `${chunked}2;a=b\r\n{}\r\n0\r\n\r\n`, [422]],
    ["bare LF between chunks", `${chunked}2\n{}\n0\n\n`, [0, 400, 422]],
    ["a trailer", `${chunked}2\r\n{}\r\n0\r\nContent-Length: 90\r\n\r\n`, [422]],
    ["a trailer that is too long", `${chunked}2\r\n{}\r\n0\r\n${"X: y\r\n".repeat(20000)}\r\n`, [0, 431]],
    ["an extension that is too long", `${chunked}2;${"x".repeat(100000)}\r\n{}\r\n0\r\n\r\n`,
      [0, 400, 413, 431, 500]], // the library's own word for "no room"
  ];
}

test("no doubtful framing is answered twice", async (t) => {
  const house = await openHouse(t);
  for (const [name, bytes, wanted] of rowsOf(house)) {
    const text = await say(house, Buffer.from(bytes + smuggled(house), "latin1"));
    const statuses = statusesOf(text);
    assert.ok(wanted.includes(statuses[0] ?? 0), `${name}: ${statuses} ${text.slice(0, 200)}`);
    // libmicrohttpd 0.9.75 writes the head of its own refusal of a length twice, and closes.
    assert.ok(statuses.length < 2 || (statuses[0] >= 400 && new Set(statuses).size === 1),
      `${name}: answered twice: ${statuses}`);
    assert.doesNotMatch(text, /"role"/, `${name}: the second request was read`);
  }
  assert.equal((await house.call("GET", "/me")).status, 200, "after all that");
});

test("what is sent at once is answered in its order, and a close ends it", async (t) => {
  const house = await openHouse(t);
  const host = hostOf(house);
  const ask = (path, more = "") => `GET ${path} HTTP/1.1\r\n${host}${more}\r\n`;
  const many = Array.from({ length: 200 }, (_, index) => index % 2 ? "/healthz" : "/api/v1/nothing");
  const text = await say(house, many.map((path) => ask(path)).join("")
    + ask("/healthz", "Connection: close\r\n") + ask("/api/v1/nothing"));
  assert.deepEqual(statusesOf(text), [...many.map((path) => path === "/healthz" ? 200 : 404), 200]);
});

test("heads have limits, and far beyond them cost no memory", async (t) => {
  const house = await openHouse(t);
  const host = hostOf(house);
  const get = (more, path = "/healthz") => `GET ${path} HTTP/1.1\r\n${host}${more}\r\n`;
  const close = "Connection: close\r\n";
  const rows = [
    ["98 fields", get(close + "X: y\r\n".repeat(98)), [200]],
    ["101 fields", get("X: y\r\n".repeat(100)), [431]],
    ["20,000 fields", get("X: y\r\n".repeat(20000)), [0, 431]],
    ["15 KiB of one", get(`${close}X: ${"y".repeat(15 << 10)}\r\n`), [200]],
    ["17 KiB of one", get(`X: ${"y".repeat(17 << 10)}\r\n`), [431]],
    ["8 MiB of one", get(`X: ${"y".repeat(8 << 20)}\r\n`), [0, 431]],
    ["a URL of 9 KiB", get("", `/${"u".repeat(9 << 10)}`), [414]],
    ["a URL of 8 MiB", get("", `/${"u".repeat(8 << 20)}`), [0, 414]],
    ["a method of 8 MiB", `${"M".repeat(8 << 20)} / HTTP/1.1\r\n\r\n`, [0, 400, 414, 431, 501]],
    // 414 where a segment ends between the two: no room is left, and no request line begun.
    ["line ends for ever", "\r\n".repeat(4 << 20), [0, 400, 414, 431]],
    ["cookies for ever", get(`Cookie: ${"a=b; ".repeat(1 << 20)}\r\n`), [0, 431]],
  ];
  const idle = await rssMib(house);
  for (const [name, bytes, wanted] of rows) {
    const statuses = statusesOf(await say(house, bytes));
    assert.ok(statuses.length < 2 && wanted.includes(statuses[0] ?? 0), `${name}: ${statuses}`);
  }
  // All of them at once, several times.
  await Promise.all(Array.from({ length: 20 }, () => rows).flat().map(([, bytes]) => say(house, bytes)));
  assert.equal((await house.call("GET", "/me")).status, 200);
  const after = await rssMib(house);
  assert.ok(after < 2 * idle, `${idle} MiB, then ${after}`);
});

test("a thousand ranges cost no more than none", async (t) => {
  const house = await openHouse(t);
  const [{ asset }] = await house.upload([{ name: "a.png", bytes: plain(200, 200) }]);
  const path = `/assets/${asset.id}/file`;
  const whole = (await house.call("GET", path)).bytes;
  const rows = [
    ["a thousand", Array.from({ length: 1000 }, (_, index) => `${index}-${index}`).join(","), 200],
    ["overlapping", Array.from({ length: 1000 }, () => "0-").join(","), 200],
    ["none that is one", "x".repeat(4000), 200],
    ["backwards", "5-1", 200],
    ["beyond 64 bits", "99999999999999999999-", 200],
    ["behind the end", "9999999-", 416],
    ["the first byte", "0-0", 206],
    ["more than there is at its end", "-9999999", 206],
  ];
  for (const [name, ranges, status] of rows) {
    const reply = await house.call("GET", path, { headers: { range: `bytes=${ranges}` } });
    assert.equal(reply.status, status, name);
    assert.ok(reply.bytes.length <= Math.max(whole.length, 2000), name);
    if (status === 200) assert.deepEqual(reply.bytes, whole, name);
  }
  const tags = Array.from({ length: 900 }, (_, index) => `"${index}"`).join(", ");
  for (const name of ["if-none-match", "if-match", "if-range", "if-modified-since"])
    assert.equal((await house.call("GET", path, { headers: { [name]: tags } })).status, 200, name);
  assert.equal((await house.call("PATCH", `/assets/${asset.id}`,
    { headers: { "if-match": tags }, body: { rating: 1 } })).status, 412);
});

test("a stranger's body is not kept", async (t) => {
  const house = await openHouse(t);
  const idle = await rssMib(house);
  const size = 4 << 20; // what a run's document may have
  const lines = [];
  for (let index = 0; index < 100; index++) {
    const line = dial(house);
    line.socket.write(`POST /api/v1/runs HTTP/1.1\r\n${hostOf(house)}Content-Type: application/json\r\n`
      + `Content-Length: ${size}\r\n\r\n{"a": "${"x".repeat(1 << 20)}`);
    lines.push(line);
  }
  const texts = await Promise.all(lines.map((line) => line.closed));
  assert.ok(texts.every((text) => [undefined, 401].includes(statusesOf(text)[0])), texts[0]);
  assert.ok(texts.some((text) => statusesOf(text)[0] === 401));
  const after = await rssMib(house);
  assert.ok(after < 2 * idle, `${idle} MiB, then ${after}`);
});
