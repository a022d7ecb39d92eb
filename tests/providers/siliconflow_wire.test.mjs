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
    steps: 100, scale: 7.5, options: { watermark: "off" } });
  const [entry] = (await fake.ledger()).entries;
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual([entry.batch_size, entry.image_size, entry.negative_prompt, entry.seed, entry.num_inference_steps,
    entry.guidance_scale, entry.watermark], [4, "768x1024", "dust", 9999999999, 100, 7.5, "0"]);
  assert.deepEqual(await Promise.all(verdict.pictures.map(async ({ url }) =>
    sha256(Buffer.from(await (await fetch(url)).arrayBuffer())))), entry.pictures);
  assert.equal(verdict.cost_micro, 0);
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
  [{ kind: "error", status: 504, body: "" }, "server", "maybe"],
  [{ kind: "html200" }, "invalid", "no"],
  [{ kind: "zero_images" }, "unknown", "maybe"],
  [{ kind: "reset_before_reply" }, "unknown", "maybe"],
  [{ kind: "cut_mid_body" }, "unknown", "maybe"],
];
for (const [fault, failure, charged] of faults)
  test(`${fault.kind} ${fault.status ?? ""} ${fault.body?.code ?? ""} is ${failure}`, options, async () => {
    await fake.control({ faults: [fault] });
    const verdict = await call({}, { timeout: fault.kind === "hang" ? 300 : 20000 });
    assert.deepEqual([verdict.verdict, verdict.failure, verdict.charged, verdict.exchanges.length],
      ["failed", failure, charged, 1]);
  });

test("a blocked prompt and a wrong key", options, async () => {
  assert.equal((await call({ prompt: "[blocked]" })).failure, "refused");
  const wrong = await call({ key: "another" });
  assert.deepEqual([wrong.failure, wrong.message], ["auth", "Invalid token"]);
});
