// The minimax kind over real HTTP, against our fake.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { startFake } from "./minimax.mjs";
import { sha256 } from "./plain.mjs";
import { drawPng } from "./png.mjs";
import { carry, options } from "./wire.mjs";

let fake;
before(async () => { fake = await startFake(); });
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const call = (order, how) => carry({ kind: "minimax", base_url: fake.url, key: "test-key", options: {},
  model: "image-01", prompt: "a cup", ...order }, { timeout: 20000, ...how });

test("a generation: our pictures are the ones in the ledger", options, async () => {
  const verdict = await call({ count: 9, width: 2048, height: 512, seed: 7 });
  const { entries } = await fake.ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual(verdict.pictures.map((picture) => picture.sha256), entries[0].pictures);
  assert.equal(entries[0].size, "2048x512");
  assert.equal(entries[0].seed, 7);
  assert.equal(entries[0].optimizer, false);
  assert.equal(verdict.cost_micro, 9 * 25000);
  assert.match(verdict.request_id, /^[0-9a-f-]{36}$/);
});

test("a style, and rewriting, are the call's own; a style that is none costs nothing", options, async () => {
  const settings = { style_type: "水彩", style_weight: 0.8, prompt_optimizer: true };
  const verdict = await call({ model: "image-01-live", settings });
  const { entries: [entry] } = await fake.ledger();
  assert.equal(verdict.verdict, "done", verdict.message ?? JSON.stringify(verdict.refused));
  assert.deepEqual(entry.style, { style_type: "水彩", style_weight: 0.8 });
  assert.equal(entry.optimizer, true);
  const refused = await call({ model: "image-01-live", settings: { style_type: "no such" } });
  assert.deepEqual([refused.failure, refused.charged], ["invalid", "no"]);
});

test("the live model is told a shape", options, async () => {
  await call({ model: "image-01-live", width: 1280, height: 720 });
  assert.equal((await fake.ledger()).entries[0].size, "16:9");
});

test("a face arrives as it is", options, async () => {
  const face = drawPng(64, 64, "face");
  const verdict = await call({ references: [face.toString("base64")] });
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.equal((await fake.ledger()).entries[0].subject, sha256(face));
});

test("the account's options are sent", options, async () => {
  await call({ options: { prompt_optimizer: true, watermark: true } });
  const { entries } = await fake.ledger();
  assert.equal(entries[0].optimizer, true);
  assert.equal(entries[0].watermark, true);
});

test("any script arrives as it left, the same call is the same bytes", options, async () => {
  const prompt = "茶杯 \"quoted\" \\ \u0001 🫖\r\nline";
  await call({ prompt });
  await call({ prompt });
  const { entries } = await fake.ledger();
  assert.equal(entries[0].prompt, prompt);
  assert.equal(entries[0].request_sha256, entries[1].request_sha256);
});

test("addresses are handed on, with no key", options, async () => {
  await fake.control({ faults: [{ kind: "urls" }] });
  const { pictures } = await call({});
  assert.deepEqual(pictures[0].headers, []);
  const bytes = Buffer.from(await (await fetch(pictures[0].url)).arrayBuffer());
  assert.equal(sha256(bytes), (await fake.ledger()).entries[0].pictures[0]);
});

test("fewer pictures than asked for are told of", options, async () => {
  await fake.control({ faults: [{ kind: "partly" }] });
  const verdict = await call({ count: 3 });
  assert.equal(verdict.pictures.length, 2);
  assert.equal(verdict.missing, "the service made 2 of 3 pictures");
  assert.equal(verdict.cost_micro, 2 * 25000);
});

const faults = [
  ...[[1000, "server", "maybe"], [1001, "unknown", "maybe"], [1002, "throttled", "no"], [1004, "auth", "no"],
    [1008, "quota", "no"], [1013, "server", "maybe"], [1024, "server", "maybe"], [1026, "refused", "no"],
    [1027, "refused", "maybe"], [1033, "server", "maybe"], [1039, "throttled", "no"], [2013, "invalid", "no"],
    [2049, "auth", "no"], [9999, "unknown", "maybe"]].map(([code, ...rest]) => [{ kind: "code", code }, ...rest, -1]),
  [{ kind: "status", status: 429, headers: { "retry-after": "2" } }, "throttled", "no", 2000],
  [{ kind: "status", status: 502 }, "server", "maybe", -1],
  [{ kind: "html200" }, "invalid", "no", -1],
  [{ kind: "garbage200" }, "unknown", "maybe", -1],
  [{ kind: "zero_images" }, "unknown", "maybe", -1],
  [{ kind: "truncated_base64" }, "unknown", "yes", -1],
  [{ kind: "reset_before_reply" }, "unknown", "maybe", -1],
  [{ kind: "cut_mid_body" }, "unknown", "maybe", -1],
  [{ kind: "hang" }, "unknown", "maybe", -1],
];
for (const [fault, failure, charged, retryAfter] of faults)
  test(`${fault.kind} ${fault.status ?? fault.code ?? ""} is ${failure}`, options, async () => {
    await fake.control({ faults: [fault] });
    const verdict = await call({}, { timeout: fault.kind === "hang" ? 300 : 20000 });
    assert.equal(verdict.verdict, "failed");
    assert.equal(verdict.failure, failure);
    assert.equal(verdict.charged, charged);
    assert.equal(verdict.retry_after_ms, retryAfter);
    assert.equal(verdict.exchanges.length, 1); // nothing is ever sent again blindly
    if ((await fake.ledger()).entries.length > 0) assert.notEqual(verdict.charged, "no");
  });

test("what is blocked is refused: the prompt at no cost, the picture in doubt", options, async () => {
  const input = await call({ prompt: "[blocked]" });
  assert.deepEqual([input.failure, input.charged, input.message], ["refused", "no", "input new_sensitive"]);
  const output = await call({ prompt: "[blocked output]" });
  assert.deepEqual([output.failure, output.charged, output.message], ["refused", "maybe", "output new_sensitive"]);
});

test("a wrong key, and one that is echoed", options, async () => {
  assert.equal((await call({ key: "another" })).failure, "auth");
  await fake.control({ faults: [{ kind: "echo_key" }] });
  assert.equal((await call({})).message, "login fail: Bearer ***");
});

test("an unknown model passes through, and the service refuses it", options, async () => {
  const verdict = await call({ model: "image-99", width: 1000, height: 1000 });
  assert.equal(verdict.failure, "invalid");
  assert.equal(verdict.code, "2013");
});
