// The siliconflow kind over real HTTP, against our fake; and the openai kind's profile of that name.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { sha256 } from "./plain.mjs";
import { drawPng } from "./png.mjs";
import { startFake } from "./siliconflow.mjs";
import { carry, options } from "./wire.mjs";

let fake;
before(async () => { fake = await startFake(); });
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const call = (order, how) => carry({ kind: "siliconflow", base_url: fake.url, key: "test-key", options: {},
  model: "Kwai-Kolors/Kolors", prompt: "a cup", ...order }, { timeout: 20000, ...how });
const picture = (seed) => drawPng(64, 64, seed).toString("base64");

test("everything that Kolors takes", options, async () => {
  const verdict = await call({ count: 4, width: 768, height: 1024, negative_prompt: "dust", seed: 9999999999,
    steps: 100, scale: 7.5, options: { watermark: "on" }, settings: { watermark: "off" } });
  const [entry] = (await fake.ledger()).entries;
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual([entry.batch_size, entry.image_size, entry.negative_prompt, entry.seed, entry.num_inference_steps,
    entry.guidance_scale, entry.watermark], [4, "768x1024", "dust", 9999999999, 100, 7.5, "0"]);
  assert.deepEqual(await Promise.all(verdict.pictures.map(async ({ url }) =>
    sha256(Buffer.from(await (await fetch(url)).arrayBuffer())))), entry.pictures);
  assert.equal(verdict.cost_micro, 0);
});

test("Qwen is paid by the picture, and addresses are handed on with no key", options, async () => {
  const verdict = await call({ model: "Qwen/Qwen-Image", count: 3, width: 1664, height: 928 });
  const [entry] = (await fake.ledger()).entries;
  assert.deepEqual([entry.image_size, entry.batch_size, verdict.cost_micro], ["1664x928", 3, 120000]);
  assert.deepEqual(verdict.pictures.map(({ headers }) => headers), [[], [], []]);
});

test("any script arrives as it left, the same call is the same bytes", options, async () => {
  const prompt = "茶杯 \"quoted\" \\ \u0001 🫖\r\nline";
  await call({ prompt });
  await call({ prompt });
  const { entries } = await fake.ledger();
  assert.equal(entries[0].prompt, prompt);
  assert.equal(entries[0].request_sha256, entries[1].request_sha256);
});

test("the account's mark holds where the call says nothing, and auto says nothing", options, async () => {
  await call({ options: { watermark: "off" } });
  await call({ options: { watermark: "off" }, settings: { watermark: "on" } });
  await call({ options: { watermark: "auto" } });
  const { entries } = await fake.ledger();
  assert.deepEqual(entries.map(({ watermark }) => watermark), ["0", "1", null]);
});

test("what it cannot do is refused before anything is sent", options, async () => {
  for (const [order, field] of [[{ width: 1000, height: 1000 }, "size"], [{ count: 5 }, "count"],
    [{ seed: 10000000000 }, "seed"], [{ steps: 101 }, "steps"], [{ action: "write" }, "model"],
    [{ references: [picture("a")] }, "model"], [{ prompt: "" }, "prompt"],
    [{ model: "Qwen/Qwen-Image-Edit-2509", references: ["a", "b", "c", "d"].map(picture) }, "references"]])
    assert.equal((await call(order)).refused?.field, field, JSON.stringify(order));
  assert.equal((await fake.ledger()).requests.length, 0);
});

test("Qwen's scale has a name of its own, in both kinds", options, async () => {
  await call({ model: "Qwen/Qwen-Image", scale: 4 });
  await call({ kind: "openai", options: { profile: "siliconflow" }, model: "Qwen/Qwen-Image", scale: 4 });
  const { entries } = await fake.ledger();
  assert.deepEqual(entries.map(({ cfg }) => cfg), [4, 4]);
});

for (const [model, count, cost] of [["Qwen/Qwen-Image-Edit", 1, -1], ["Qwen/Qwen-Image-Edit-2509", 3, 40000]])
  test(`${model} edits ${count}`, options, async () => {
    const references = Array.from({ length: count }, (_, index) => picture(`${index}`));
    const verdict = await call({ model, references });
    const [entry] = (await fake.ledger()).entries;
    assert.deepEqual(entry.files, references.map((text) => sha256(Buffer.from(text, "base64"))));
    assert.equal(verdict.cost_micro, cost);
  });

test("fewer pictures than asked for are told of", options, async () => {
  await fake.control({ faults: [{ kind: "partly" }] });
  assert.equal((await call({ count: 3 })).missing, "the service made 2 of 3 pictures");
});

const faults = [
  [{ kind: "error", status: 400, body: { code: 20012, message: "m", data: null } }, "invalid", "no"],
  [{ kind: "error", status: 403, body: { code: 30001, message: "Sorry, your account balance is insufficient",
    data: null } }, "quota", "no"],
  [{ kind: "error", status: 403, body: { code: 30003, message: "real-name", data: null } }, "auth", "no"],
  [{ kind: "error", status: 429, body: { message: "Request was rejected due to rate limiting. TPM limit reached",
    data: "" } }, "throttled", "no"],
  [{ kind: "error", status: 503, body: { code: 50505, message: "m", data: null } }, "server", "maybe"],
  [{ kind: "error", status: 504, body: "" }, "unknown", "maybe"],
  [{ kind: "status", status: 429, headers: { "retry-after": "2" } }, "throttled", "no", 2000],
  [{ kind: "status", status: 503, headers: { "retry-after-ms": "70" } }, "throttled", "no", 70],
  [{ kind: "status", status: 500 }, "server", "maybe"],
  [{ kind: "status", status: 402 }, "quota", "no"],
  [{ kind: "html200" }, "invalid", "no"],
  [{ kind: "garbage200" }, "unknown", "maybe"],
  [{ kind: "hang" }, "unknown", "maybe"],
  [{ kind: "zero_images" }, "unknown", "maybe"],
  [{ kind: "reset_before_reply" }, "unknown", "maybe"],
  [{ kind: "cut_mid_body" }, "unknown", "maybe"],
];
for (const [fault, failure, charged, retryAfter] of faults)
  test(`${fault.kind} ${fault.status ?? ""} ${fault.body?.code ?? ""} is ${failure}`, options, async () => {
    await fake.control({ faults: [fault] });
    const verdict = await call({}, { timeout: fault.kind === "hang" ? 300 : 20000 });
    assert.deepEqual([verdict.verdict, verdict.failure, verdict.charged, verdict.exchanges.length],
      ["failed", failure, charged, 1]); // nothing is ever sent again blindly
    assert.equal(verdict.retry_after_ms, retryAfter ?? -1);
    if ((await fake.ledger()).entries.length > 0) assert.notEqual(verdict.charged, "no");
  });

test("a blocked prompt and a wrong key", options, async () => {
  assert.equal((await call({ prompt: "[blocked]" })).failure, "refused");
  const wrong = await call({ key: "another" });
  assert.deepEqual([wrong.failure, wrong.message], ["auth", "Invalid token"]);
});

test("an unknown model passes through, and the service refuses it", options, async () => {
  const verdict = await call({ model: "Tomorrow/Picture-9" });
  assert.deepEqual([verdict.failure, verdict.code, verdict.charged], ["invalid", "20012", "no"]);
});
