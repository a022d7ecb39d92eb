// The replicate kind over real HTTP, against our fake, which keeps a ledger.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { noise } from "./ledger.mjs";
import { drawPng } from "./png.mjs";
import { sha256 } from "./queue.mjs";
import { VERSION_OF_PAINT, startFake } from "./replicate.mjs";
import { carry, options } from "./wire.mjs";

let fake;
before(async () => { fake = await startFake(); });
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const picture = (seed) => drawPng(64, 64, seed).toString("base64");
const uri = (seed) => `data:image/png;base64,${picture(seed)}`;
const call = (order, how) => carry({ kind: "replicate", base_url: fake.url, key: "r8_test-key", options: {},
  model: "black-forest-labs/flux-schnell", prompt: "a cup", ...order }, how);
async function fetchAll(verdict) {
  return Promise.all(verdict.pictures.map(async ({ url, headers }) => {
    assert.deepEqual(headers, []);
    return sha256(Buffer.from(await (await fetch(url)).arrayBuffer()));
  }));
}

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

test("pictures go to the field that wants them", options, async () => {
  for (const [order, fields] of [
    [{ model: "black-forest-labs/flux-kontext-pro", references: [picture("a")] }, { input_image: uri("a") }],
    [{ model: "black-forest-labs/flux-2-pro", references: [picture("a"), picture("b")], width: 1024, height: 512 },
      { input_images: [uri("a"), uri("b")], aspect_ratio: "custom", width: 1024, height: 512 }],
    [{ model: "google/nano-banana", references: [picture("a")] }, { image_input: [uri("a")] }],
    [{ model: "acme/paint", references: [picture("a")], width: 640, height: 480, negative_prompt: "dust", scale: 7 },
      { image: uri("a"), width: 640, height: 480, guidance_scale: 7, negative_prompt: "dust" }],
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
  assert.equal(entries[0].input.input_images[1], uri("c"));
  assert.equal(requests.filter(({ name }) => name === "POST /v1/files").length, 2);
});

test("a remote id is enough to go on after a restart, and pays nothing again", options, async () => {
  await fake.control({ polls: 2 });
  const first = await call({}, { polls: 0 });
  const second = await call({ remote_id: first.remote_id });
  const { entries } = await fake.ledger();
  assert.equal(first.remote_id, entries[0].id);
  assert.deepEqual(await fetchAll(second), entries[0].pictures);
  assert.equal(entries.length, 1);
});

test("work that was cancelled there is cancelled here", options, async () => {
  await fake.control({ polls: 9 });
  const first = await call({}, { polls: 0 });
  await fetch(`${fake.url}/v1/predictions/${first.remote_id}/cancel`, { method: "POST",
    headers: { authorization: "Bearer r8_test-key" } });
  assert.equal((await call({ remote_id: first.remote_id })).failure, "cancelled");
});

const outcomes = [
  ["nsfw", "refused", "maybe", /NSFW/],
  ["failed", "remote_failed", "maybe", /CUDA out of memory/],
  ["aborted", "cancelled", "maybe", /stopped at Replicate/],
  ["none", "result_lost", "yes", /without a picture/],
  ["removed", "result_lost", "yes", /removed/],
];
for (const [outcome, failure, charged, message] of outcomes)
  test(`a prediction that ends ${outcome} is ${failure}`, options, async () => {
    await fake.control({ faults: [{ kind: "run", outcome }] });
    const verdict = await call({});
    assert.equal(verdict.failure, failure);
    assert.equal(verdict.charged, charged);
    assert.match(verdict.message, message);
    if ((await fake.ledger()).entries[0].charged) assert.notEqual(verdict.charged, "no");
  });

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
const faults = [
  [{ kind: "status", status: 429, headers: { "retry-after": "2" } }, "throttled", "no", 2000],
  [{ kind: "status", status: 429, body: throttled }, "throttled", "no", 5000],
  [{ kind: "status", status: 402, body: { title: "Insufficient credit", detail: "x" } }, "quota", "no", -1],
  [{ kind: "status", status: 404 }, "invalid", "no", -1],
  [{ kind: "status", status: 500 }, "server", "maybe", -1],
  [{ kind: "html200" }, "invalid", "no", -1],
  [{ kind: "error200" }, "unknown", "maybe", -1],
  [{ kind: "garbage" }, "unknown", "maybe", -1],
  [{ kind: "echo_key" }, "auth", "no", -1],
  [{ kind: "hang" }, "unknown", "maybe", -1],
  [{ kind: "reset_before_reply" }, "unknown", "maybe", -1],
  [{ kind: "cut_mid_body" }, "unknown", "maybe", -1],
];
for (const [fault, failure, charged, retryAfter] of faults)
  test(`a submission with ${fault.kind} ${fault.status ?? ""} is ${failure}`, options, async () => {
    await fake.control({ faults: [fault] });
    const verdict = await call({}, { timeout: 300 });
    assert.equal(verdict.verdict, "failed");
    assert.equal(verdict.failure, failure);
    assert.equal(verdict.charged, charged);
    assert.equal(verdict.retry_after_ms, retryAfter);
    assert.equal(verdict.exchanges.length, 1); // nothing is ever sent again blindly
    assert.doesNotMatch(verdict.message, /r8_test/);
    if ((await fake.ledger()).entries.length > 0) assert.notEqual(verdict.charged, "no");
  });

const pollFaults = [[{ kind: "status", status: 500 }, "server"], [{ kind: "status", status: 429 }, "throttled"],
  [{ kind: "hang" }, "unknown"], [{ kind: "cut_mid_body" }, "unknown"], [{ kind: "garbage" }, "unknown"]];
for (const [fault, failure] of pollFaults)
  test(`a poll with ${fault.kind} ${fault.status ?? ""} is ${failure}, and the next one finds the work`, options,
    async () => {
      await fake.control({ poll_faults: [fault] });
      const first = await call({}, { timeout: 300 });
      assert.equal(first.failure, failure);
      const second = await call({ remote_id: first.verdicts[0].remote_id });
      assert.equal(second.verdict, "done");
      assert.equal((await fake.ledger()).entries.length, 1);
    });

test("an unknown id is invalid, which the engine waits a minute for", options, async () => {
  assert.equal((await call({ remote_id: "nobody" })).failure, "invalid");
});
