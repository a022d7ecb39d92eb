// The fal kind over real HTTP: against our fake, which keeps a ledger, and against aimock, which other people wrote.
import assert from "node:assert/strict";
import { createServer, request as httpRequest } from "node:http";
import { after, before, beforeEach, test } from "node:test";

import { LLMock } from "@copilotkit/aimock";

import { startFake } from "./fal.mjs";
import { dataUri, fetchAll, picture, testDoor, testOutcomes, testPolls } from "./queue_wire.mjs";
import { carry, options } from "./wire.mjs";

let fake;
before(async () => { fake = await startFake(); });
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const call = (order, how) => carry({ kind: "fal", base_url: fake.url, key: "id:secret", options: {},
  model: "fal-ai/flux/schnell", prompt: "a cup", ...order }, how);

test("a generation: the pictures are those of the ledger, the price is by megapixel", options, async () => {
  await fake.control({ polls: 2 });
  const verdict = await call({ width: 2048, height: 1024, count: 2, seed: 7, format: "png" });
  const { entries } = await fake.ledger();
  assert.deepEqual(verdict.verdicts.map((one) => one.verdict), ["wait", "wait", "wait", "next", "done"]);
  assert.deepEqual(entries[0].input, { prompt: "a cup", image_size: { width: 2048, height: 1024 }, num_images: 2,
    seed: 7, output_format: "png" });
  assert.deepEqual(await fetchAll(verdict), entries[0].pictures);
  assert.equal(verdict.cost_micro, 2 * 2 * 3000);
  assert.equal(verdict.request_id, entries[0].id);
  assert.equal(entries[0].headers["x-app-fal-disable-fallback"], "1");
  assert.equal(entries[0].headers["x-fal-no-retry"], "1");
});

test("pictures find the endpoint and the field that wants them, byte for byte", options, async () => {
  for (const [order, endpoint, fields] of [
    [{ model: "fal-ai/flux/dev", references: [picture("a")] }, "fal-ai/flux/dev/image-to-image",
      { image_url: dataUri("a") }],
    [{ model: "fal-ai/flux-pro/kontext", references: [picture("a")] }, "fal-ai/flux-pro/kontext",
      { image_url: dataUri("a") }],
    [{ model: "fal-ai/flux-pro/kontext", references: [picture("a"), picture("b")] }, "fal-ai/flux-pro/kontext/multi",
      { image_urls: [dataUri("a"), dataUri("b")] }],
    [{ model: "fal-ai/flux-pro/kontext", width: 1344, height: 768 }, "fal-ai/flux-pro/kontext/text-to-image",
      { aspect_ratio: "16:9" }],
    [{ model: "fal-ai/nano-banana", references: [picture("a")], width: 832, height: 1248 }, "fal-ai/nano-banana/edit",
      { image_urls: [dataUri("a")], aspect_ratio: "2:3" }],
    [{ model: "fal-ai/nano-banana-pro", width: 2688, height: 1536 }, "fal-ai/nano-banana-pro",
      { aspect_ratio: "16:9", resolution: "2K" }],
    [{ model: "fal-ai/nano-banana-pro", settings: { enable_web_search: true } }, "fal-ai/nano-banana-pro",
      { enable_web_search: true }],
    [{ model: "fal-ai/flux/dev", references: [picture("a")], settings: { strength: 0.4, acceleration: "none" } },
      "fal-ai/flux/dev/image-to-image", { image_url: dataUri("a"), strength: 0.4, acceleration: "none" }],
    [{ model: "fal-ai/qwen-image", negative_prompt: "dust", steps: 20, scale: 2.5 }, "fal-ai/qwen-image",
      { num_inference_steps: 20, guidance_scale: 2.5, negative_prompt: "dust" }],
    [{ model: "acme/paint", references: [picture("a"), picture("b")], width: 640, height: 480, seed: 1 }, "acme/paint",
      { image_urls: [dataUri("a"), dataUri("b")], image_size: { width: 640, height: 480 }, seed: 1 }],
  ]) {
    const verdict = await call(order);
    const entry = (await fake.ledger()).entries.at(-1);
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.equal(entry.model, endpoint);
    assert.deepEqual(entry.input, { prompt: "a cup", ...fields });
  }
});

test("a remote id has the first two segments of the endpoint", options, async () => {
  const verdict = await call({ model: "fal-ai/flux-pro/kontext", references: [picture("a")] });
  assert.match(verdict.verdicts[0].remote_id, /^fal-ai\/flux-pro\/requests\/[0-9a-f-]+$/);
  assert.equal(verdict.verdict, "done");
});

test("work that was cancelled there is cancelled here", options, async () => {
  await fake.control({ polls: 9 });
  const first = await call({}, { polls: 0 });
  const reply = await fetch(`${fake.url}/${first.remote_id}/cancel`, { method: "PUT",
    headers: { authorization: "Key id:secret" } });
  assert.equal(reply.status, 202);
  const second = await call({ remote_id: first.remote_id });
  assert.equal(second.failure, "cancelled");
});

testOutcomes(() => fake, call, [
  ["nsfw", "refused", "yes", /safety checker/],
  ["none", "result_lost", "maybe", /without a picture/],
  ["policy", "refused", "maybe", /flagged by a content checker/],
  ["failed", "remote_failed", "no", /Internal Server Error/],
  ["disconnected", "remote_failed", "no", /Runner disconnected/],
  ["broken_input", "refused", "maybe", /Image too large/],
]);

test("a black picture among others is left out, and said", options, async () => {
  await fake.control({ faults: [{ kind: "run", outcome: "nsfw_first" }] });
  const verdict = await call({ count: 3 });
  const { entries } = await fake.ledger();
  assert.equal(verdict.verdict, "done");
  assert.deepEqual(await fetchAll(verdict), entries[0].pictures.slice(1));
  assert.match(verdict.missing, /^1 of 3 pictures were blacked out/);
  assert.equal(verdict.cost_micro, 3 * 3000);
});

testDoor(() => fake, call, "secret", [
  [{ kind: "status", status: 403, body: { detail: "User is locked. Reason: Exhausted balance." } }, "quota", "no", -1],
  [{ kind: "status", status: 403, body: { detail: "Access denied" } }, "auth", "no", -1],
  [{ kind: "status", status: 404, body: { detail: "Application not found" } }, "invalid", "no", -1],
  [{ kind: "status", status: 504, headers: { "x-fal-request-timeout-type": "user" } }, "deadline", "no", -1],
  [{ kind: "status", status: 504 }, "unknown", "maybe", -1],
  [{ kind: "status", status: 503, headers: { "retry-after": "1" } }, "throttled", "no", 1000],
]);

testPolls(() => fake, call);

test("an unknown id is invalid, which the engine waits a minute for", options, async () => {
  const verdict = await call({ remote_id: "fal-ai/flux/requests/00000000-0000-0000-0000-000000000000" });
  assert.equal(verdict.failure, "invalid");
});

// A second opinion (facts 9.3).  aimock wants the host it plays in a header, and its paths behind /fal; its URLs name
// fal's own host, which must not be asked.
async function startDoor(target) {
  const door = createServer((req, res) => {
    const inner = httpRequest(`${target}/fal${req.url}`, { method: req.method,
      headers: { ...req.headers, "x-fal-target-host": "queue.fal.run" } }, (reply) => {
      res.writeHead(reply.statusCode, reply.headers);
      reply.pipe(res);
    });
    req.pipe(inner);
  });
  await new Promise((resolve) => door.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${door.address().port}`, close: () => new Promise((resolve) => door.close(resolve)) };
}

test("aimock takes our requests to the end, and stops them", options, async () => {
  const mock = new LLMock({ port: 0, falQueue: { pollsBeforeInProgress: 1, pollsBeforeCompleted: 2 } });
  const urls = ["https://v3.fal.media/files/a.png", "https://v3.fal.media/files/b.png"];
  mock.onFalImage(/./, { images: urls.map((url) => ({ url })) });
  await mock.start();
  const door = await startDoor(mock.url);
  try {
    const account = { base_url: door.url };
    for (const model of ["fal-ai/flux/dev", "fal-ai/nano-banana", "acme/paint"]) {
      const verdict = await call({ ...account, model, count: 2 });
      assert.equal(verdict.verdict, "done", verdict.message);
      assert.deepEqual(verdict.pictures.map(({ url }) => url), urls);
      for (const exchange of verdict.exchanges) assert.ok(exchange.url.startsWith(door.url));
    }
    const waiting = await call(account, { polls: 0 });
    await fetch(`${door.url}/${waiting.remote_id}/cancel`, { method: "PUT" });
    assert.equal((await call({ ...account, remote_id: waiting.remote_id })).failure, "cancelled");
  } finally {
    await door.close();
    await mock.stop();
  }
});
