// The replicate kind over real HTTP, against our fake, which keeps a ledger.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { noise } from "./ledger.mjs";
import { sha256 } from "./queue.mjs";
import { dataUri, fetchAll, picture, testDoor, testOutcomes, testPolls } from "./queue_wire.mjs";
import { VERSION_OF_PAINT, startFake } from "./replicate.mjs";
import { carry, options } from "./wire.mjs";

let fake;
before(async () => { fake = await startFake(); });
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const call = (order, how) => carry({ kind: "replicate", base_url: fake.url, key: "r8_test-key", options: {},
  model: "black-forest-labs/flux-schnell", prompt: "a cup", ...order }, how);

test("a generation: the pictures are those of the ledger, the price the catalogue's", options, async () => {
  await fake.control({ polls: 2 });
  const verdict = await call({ width: 1344, height: 768, count: 2, seed: 7, format: "jpeg", steps: 4 });
  const { entries } = await fake.ledger();
  assert.deepEqual(verdict.verdicts.map((one) => one.verdict), ["wait", "wait", "wait", "done"]);
  assert.deepEqual(entries[0].input, { prompt: "a cup", aspect_ratio: "16:9", num_outputs: 2, seed: 7,
    num_inference_steps: 4, output_format: "jpg" });
  assert.deepEqual(await fetchAll(verdict), entries[0].pictures);
  assert.equal(verdict.cost_micro, 6000);
  assert.equal(verdict.request_id, entries[0].id);
  assert.equal(verdict.verdicts[2].progress, 0.75);
});

test("what the call says besides goes into the input", options, async () => {
  const settings = { go_fast: false, prompt_strength: 0.5, safety_checker: false };
  const verdict = await call({ model: "black-forest-labs/flux-dev", references: [picture("a")], settings });
  const { entries: [{ input: { go_fast, prompt_strength, disable_safety_checker } }] } = await fake.ledger();
  assert.equal(verdict.verdict, "done", verdict.message ?? JSON.stringify(verdict.refused));
  assert.deepEqual([go_fast, prompt_strength, disable_safety_checker], [false, 0.5, true]);
});

test("pictures go to the field that wants them", options, async () => {
  for (const [order, fields] of [
    [{ model: "black-forest-labs/flux-kontext-pro", references: [picture("a")] }, { input_image: dataUri("a") }],
    [{ model: "black-forest-labs/flux-2-pro", references: [picture("a"), picture("b")], width: 1024, height: 512 },
      { input_images: [dataUri("a"), dataUri("b")], aspect_ratio: "custom", width: 1024, height: 512 }],
    [{ model: "google/nano-banana", references: [picture("a")] }, { image_input: [dataUri("a")] }],
    [{ model: "acme/paint", references: [picture("a")], width: 640, height: 480, negative_prompt: "dust", scale: 7 },
      { image: dataUri("a"), width: 640, height: 480, guidance_scale: 7, negative_prompt: "dust" }],
    [{ model: `acme/paint:${VERSION_OF_PAINT}`, seed: 1 }, { seed: 1 }],
  ]) {
    const verdict = await call(order);
    const entry = (await fake.ledger()).entries.at(-1);
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.deepEqual(entry.input, { prompt: "a cup", ...fields });
    assert.equal(verdict.exchanges.filter(({ method }) => method === "POST").length, 1);
  }
});

test("large pictures are uploaded first, small ones travel inside", options, async () => {
  const big = [noise("a", 320), noise("b", 320)];
  const verdict = await call({ model: "black-forest-labs/flux-2-pro",
    references: [big[0].toString("base64"), picture("c"), big[1].toString("base64")] });
  const { entries, requests } = await fake.ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual(verdict.verdicts.slice(0, 3).map((one) => one.verdict), ["next", "next", "wait"]);
  assert.deepEqual(entries[0].uploads, big.map(sha256));
  assert.equal(entries[0].input.input_images[1], dataUri("c"));
  assert.equal(requests.filter(({ name }) => name === "POST /v1/files").length, 2);
});

test("work that was cancelled there is cancelled here", options, async () => {
  await fake.control({ polls: 9 });
  const first = await call({}, { polls: 0 });
  await fetch(`${fake.url}/v1/predictions/${first.remote_id}/cancel`, { method: "POST",
    headers: { authorization: "Bearer r8_test-key" } });
  assert.equal((await call({ remote_id: first.remote_id })).failure, "cancelled");
});

testOutcomes(() => fake, call, [
  ["nsfw", "refused", "maybe", /NSFW/],
  ["failed", "remote_failed", "maybe", /CUDA out of memory/],
  ["aborted", "cancelled", "maybe", /stopped at Replicate/],
  ["none", "result_lost", "yes", /without a picture/],
  ["removed", "result_lost", "yes", /removed/],
]);

test("an output in an object is found", options, async () => {
  await fake.control({ faults: [{ kind: "run", outcome: "object" }] });
  const verdict = await call({});
  assert.deepEqual(await fetchAll(verdict), (await fake.ledger()).entries[0].pictures);
});

test("what the schema does not know is refused by name, and is free", options, async () => {
  const verdict = await call({ model: "acme/paint", quality: "high" });
  assert.equal(verdict.failure, "invalid");
  assert.equal(verdict.charged, "no");
  assert.match(verdict.message, /input\.quality/);
  assert.equal((await fake.ledger()).entries.length, 0);
});

const throttled = { detail: "Request was throttled. Your rate limit resets in ~5s.", status: 429 };
testDoor(() => fake, call, "r8_test-key", [
  [{ kind: "status", status: 429, body: throttled }, "throttled", "no", 5000],
  [{ kind: "status", status: 402, body: { title: "Insufficient credit", detail: "x" } }, "quota", "no", -1],
  [{ kind: "status", status: 404 }, "invalid", "no", -1],
]);

testPolls(() => fake, call);

test("an unknown id is invalid, which the engine waits a minute for", options, async () => {
  assert.equal((await call({ remote_id: "nobody" })).failure, "invalid");
});
