// The bfl kind over real HTTP, against our fake, which keeps a ledger.  bfl_sdk.test.mjs proves the fake.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";

import { startFake } from "./bfl.mjs";
import { sha256 } from "./queue.mjs";
import { fetchAll, picture, testDoor, testOutcomes, testPolls } from "./queue_wire.mjs";
import { carry, options } from "./wire.mjs";

let fake;
before(async () => { fake = await startFake(); });
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const call = (order, how) => carry({ kind: "bfl", base_url: fake.url, key: "bfl-test-key", options: {},
  model: "flux-2-pro", prompt: "a cup", ...order }, how);

test("a generation: asked for where the reply said, its cost as the reply said", options, async () => {
  await fake.control({ polls: 2 });
  const verdict = await call({ width: 2048, height: 1024, seed: 7, format: "png" });
  const { entries, requests } = await fake.ledger();
  assert.deepEqual(verdict.verdicts.map((one) => one.verdict), ["wait", "wait", "wait", "done"]);
  assert.deepEqual(entries[0].input, { prompt: "a cup", width: 2048, height: 1024, seed: 7, output_format: "png" });
  assert.deepEqual(await fetchAll(verdict), entries[0].pictures);
  assert.equal(requests.at(-1).name, `GET /v1/poll/${entries[0].id}`);
  assert.equal(verdict.cost_micro, entries[0].cost * 10000);
  assert.equal(verdict.verdicts[2].progress, 0.5);
  assert.equal(verdict.verdicts[0].request_id, entries[0].id);
});

test("pictures go to the fields that want them, bare and byte for byte", options, async () => {
  const [a, b, c] = ["a", "b", "c"].map(picture);
  for (const [order, fields] of [
    [{ references: [a, b, c] }, { input_image: a, input_image_2: b, input_image_3: c }],
    [{ model: "flux-3-image", references: [a], width: 2688, height: 1536 },
      { images: [a], aspect_ratio: "16:9", resolution: "2k" }],
    [{ model: "flux-kontext-pro", references: [a], width: 832, height: 1248 },
      { input_image: a, aspect_ratio: "2:3" }],
    [{ model: "flux-pro-1.1", references: [a], width: 1440, height: 256 },
      { image_prompt: a, width: 1440, height: 256 }],
    [{ model: "flux-2-flex", steps: 20, scale: 4.5, options: { prompt_rewriting: "off", safety_tolerance: "5" } },
      { steps: 20, guidance: 4.5, safety_tolerance: 5, prompt_upsampling: false }],
    [{ model: "flux-3-image", settings: { grounding: true, safety_tolerance: "1" } }, { grounding: true, safety_tolerance: 1 }],
    [{ model: "flux-pro-1.0-expand", references: [a], settings: { left: 256, top: 64 } }, { image: a, top: 64, left: 256 }],
    [{ model: "flux-9-dream", references: [a, b], width: 640, height: 480, seed: 1 },
      { input_image: a, input_image_2: b, width: 640, height: 480, seed: 1 }],
  ]) {
    const verdict = await call(order);
    const entry = (await fake.ledger()).entries.at(-1);
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.deepEqual(entry.input, { prompt: "a cup", ...fields });
    assert.deepEqual(entry.files, (order.references ?? []).map((text) => sha256(Buffer.from(text, "base64"))));
  }
});

test("the remote id remembers the cost", options, async () => {
  const first = await call({ references: [picture("a")] }, { polls: 0 });
  assert.equal((await call({ remote_id: first.remote_id })).cost_micro, 45000);
});

test("a strange polling address never sees the key; the id is asked for at home", options, async () => {
  const seen = [];
  const stranger = createServer((req, res) => {
    seen.push(req.headers);
    res.end("{}");
  });
  await new Promise((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  try {
    await fake.control({ faults: [{ kind: "polling", url: `http://127.0.0.1:${stranger.address().port}/x` }] });
    const verdict = await call();
    assert.equal(verdict.verdict, "done");
    assert.deepEqual(seen, []);
    assert.equal((await fake.ledger()).requests.at(-1).name, "GET /v1/get_result");
  } finally {
    await new Promise((resolve) => stranger.close(resolve));
  }
});

testOutcomes(() => fake, call, [
  ["request_moderated", "refused", "no", /refused the request: .*Safety Filter/],
  ["content_moderated", "refused", "no", /held the picture back/],
  ["failed", "remote_failed", "no", /failed/],
  ["error", "remote_failed", "no", /error/],
  ["lost", "invalid", "no", /does not know this task/],
  ["none", "result_lost", "yes", /no address of a picture/],
]);

testDoor(() => fake, call, "bfl-test-key", [
  [{ kind: "status", status: 402, body: { detail: "Insufficient credits" } }, "quota", "no", -1],
  [{ kind: "status", status: 403 }, "auth", "no", -1],
  [{ kind: "status", status: 422, body: { detail: [{ loc: ["body", "width"], msg: "x", type: "t" }] } }, "invalid",
    "no", -1],
]);

testPolls(() => fake, call);
