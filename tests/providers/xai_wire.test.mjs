// The xai kind over real HTTP: against our fake, which keeps a ledger, and against aimock, which takes a generation
// for OpenAI's.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";

import { LLMock } from "@copilotkit/aimock";

import { drawPng } from "./png.mjs";
import { carry, options } from "./wire.mjs";
import { startFake } from "./xai.mjs";

let fake;
before(async () => { fake = await startFake({ key: "test-key" }); });
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const call = (order, how) => carry({ kind: "xai", base_url: fake.url, key: "test-key", options: {},
  model: "grok-imagine-image-2.0", prompt: "a cup", ...order }, how);
const base64 = (seed, width = 64) => drawPng(width, 64, seed).toString("base64");

test("a generation: our pictures are those in the ledger, our cost its ticks", options, async () => {
  const verdict = await call({ count: 3, width: 2016, height: 1134, quality: "low", safety_id: "u1" });
  const { entries } = await fake.ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual(verdict.pictures.map((picture) => picture.sha256), entries[0].pictures);
  assert.deepEqual([entries[0].ratio, entries[0].resolution, entries[0].quality, entries[0].user],
    ["16:9", "1.5k", "low", "u1"]);
  assert.equal(entries[0].ticks, 1.5e9);
  assert.equal(verdict.cost_micro, 150000);
  assert.ok(verdict.request_id.length > 0);
});

test("the same call is the same bytes, a prompt in any script arrives as it left", options, async () => {
  const prompt = "茶杯 \"quoted\" \\ \u0001 🫖\r\nline";
  await call({ prompt });
  await call({ prompt });
  const { entries } = await fake.ledger();
  assert.equal(entries[0].request_sha256, entries[1].request_sha256);
  assert.equal(entries[0].prompt, prompt);
});

for (const count of [1, 2, 3])
  test(`an edit with ${count} picture(s) arrives whole`, options, async () => {
    const files = Array.from({ length: count }, (_, index) => drawPng(64 + index, 64, `${index}`));
    const verdict = await call({ references: files.map((file) => file.toString("base64")), mime: "image/jpeg" });
    const { entries } = await fake.ledger();
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.equal(entries[0].path, "/v1/images/edits");
    assert.deepEqual(entries[0].files, files.map((file) => ({ type: "image/png", size: file.length })));
    assert.equal(verdict.cost_micro, 60000 + 10000 * count);
  });

test("a picture edited alone is asked for in its own shape, larger", options, async () => {
  assert.equal((await call({ references: [base64("a", 96)], width: 2496, height: 1664 })).verdict, "done");
  const { entries } = await fake.ledger();
  assert.deepEqual([entries[0].ratio, entries[0].resolution], ["auto", "2k"]);
  assert.equal((await call({ references: [base64("a", 96)], width: 1024, height: 1024 })).refused.field, "size");
});

test("what it cannot do is refused before anything is sent", options, async () => {
  for (const [order, field] of [[{ width: 1000, height: 1000 }, "size"], [{ count: 11 }, "count"],
    [{ quality: "high" }, "quality"], [{ seed: 7 }, "seed"], [{ action: "write" }, "model"],
    [{ references: ["a", "b", "c", "d"].map((seed) => base64(seed)) }, "references"]])
    assert.equal((await call(order)).refused?.field, field);
  assert.equal((await fake.ledger()).requests.length, 0);
});

test("what moderation withholds is left out and told", options, async () => {
  await fake.control({ faults: [{ kind: "withheld", count: 2 }] });
  const verdict = await call({ count: 3 });
  assert.equal(verdict.verdict, "done");
  assert.deepEqual(verdict.pictures.map((picture) => picture.sha256),
    (await fake.ledger()).entries[0].pictures.slice(2));
  assert.equal(verdict.missing, "xAI's moderation withheld 2 of 3 pictures");
});

for (const [fault, failure, charged, retryAfter] of [
  [{ kind: "withheld", count: 1 }, "refused", "yes", -1],
  [{ kind: "moderation" }, "refused", "maybe", -1],
  [{ kind: "zero_images" }, "unknown", "yes", -1],
  [{ kind: "status", status: 429, headers: { "retry-after": "2" } }, "throttled", "no", 2000],
  [{ kind: "status", status: 429, headers: { "retry-after-ms": "70" } }, "throttled", "no", 70],
  [{ kind: "status", status: 500 }, "server", "maybe", -1],
  [{ kind: "status", status: 503 }, "server", "maybe", -1],
  [{ kind: "status", status: 402 }, "quota", "no", -1],
  [{ kind: "old_error", status: 403, code: "x", error: "no credits" }, "quota", "no", -1],
  [{ kind: "old_error", status: 422, code: "x", error: "unknown variant" }, "invalid", "no", -1],
  [{ kind: "html200" }, "invalid", "no", -1],
  [{ kind: "error200" }, "server", "maybe", -1],
  [{ kind: "truncated_base64" }, "unknown", "yes", -1],
  [{ kind: "not_base64" }, "unknown", "yes", -1],
  [{ kind: "reset_before_reply" }, "unknown", "maybe", -1],
  [{ kind: "cut_mid_body" }, "unknown", "maybe", -1],
  [{ kind: "hang" }, "unknown", "maybe", -1],
])
  test(`${fault.kind} ${fault.status ?? ""} ${fault.error ?? ""} is ${failure}`, options, async () => {
    await fake.control({ faults: [fault] });
    const verdict = await call({}, { timeout: 300 });
    assert.equal(verdict.verdict, "failed");
    assert.equal(verdict.failure, failure);
    assert.equal(verdict.charged, charged);
    assert.equal(verdict.retry_after_ms, retryAfter);
    assert.equal(verdict.exchanges.length, 1); // nothing is ever sent again blindly
    // What was charged is never called free.
    if ((await fake.ledger()).entries.length > 0) assert.notEqual(verdict.charged, "no");
  });

test("a bad key is one, though it comes as a 400; an echoed key is masked", options, async () => {
  assert.equal((await call({ key: "other" })).failure, "auth");
  await fake.control({ faults: [{ kind: "echo_key" }] });
  assert.equal((await call({})).message, "Bad key: Bearer ***.");
});

test("a declared type is not believed", options, async () => {
  await fake.control({ faults: [{ kind: "wrong_type" }] });
  assert.equal((await call({})).pictures[0].sha256, (await fake.ledger()).entries[0].pictures[0]);
});

// A second opinion (facts 9.3) on what xAI has in common with OpenAI.
test("aimock takes a generation of ours", options, async () => {
  const picture = drawPng(32, 32, "aimock");
  const mock = new LLMock({ port: 0 });
  mock.onImage("cup", { images: [{ b64Json: picture.toString("base64") }] });
  await mock.start();
  try {
    const verdict = await call({ base_url: mock.url, width: 1344, height: 756 });
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.equal(verdict.pictures[0].sha256, createHash("sha256").update(picture).digest("hex"));
  } finally {
    await mock.stop();
  }
});
