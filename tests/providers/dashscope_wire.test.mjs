// The dashscope kind over real HTTP, against our fake.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { startFake } from "./dashscope.mjs";
import { sha256 } from "./plain.mjs";
import { drawPng } from "./png.mjs";
import { carry, options, perform } from "./wire.mjs";

let fake;
before(async () => { fake = await startFake(); });
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const call = (order, how) => carry({ kind: "dashscope", base_url: fake.url, key: "test-key", options: {},
  model: "qwen-image-2.0", prompt: "a cup", ...order }, { timeout: 20000, ...how });
const picture = (seed, width = 300, height = 300) => drawPng(width, height, seed).toString("base64");
const fetched = async (verdict) => Promise.all(verdict.pictures.map(async ({ url }) =>
  sha256(Buffer.from(await (await fetch(url)).arrayBuffer()))));
const paths = (verdict) => verdict.exchanges.map(({ method, url }) => `${method} ${new URL(url).pathname}`);

const drawing = [
  ["qwen-image-2.0", { count: 2 }, "sync", "1024*1024", 400000],
  ["qwen-image-2.0-pro", { width: 2048, height: 2048, negative_prompt: "dust", seed: 7 }, "sync", "2048*2048", 500000],
  ["qwen-image-3.0", {}, "sync", "1024*1024", 30000],
  ["qwen-image-max", { width: 1664, height: 928 }, "sync", "1664*928", 500000],
  ["qwen-image-plus", { negative_prompt: "dust" }, "text", "1328*1328", 200000],
  ["qwen-image", { width: 928, height: 1664, seed: 0 }, "text", "928*1664", 250000],
  ["wan2.7-image", { count: 4 }, "task", "1K", 800000],
  ["wan2.7-image-pro", { width: 4096, height: 4096 }, "task", "4096*4096", 500000],
  ["wan2.2-t2i-plus", {}, "text", "1024*1024", 200000],
  ["z-image-turbo", {}, "sync", "1024*1536", 100000],
  ["z-image-turbo", { options: { prompt_extend: true } }, "sync", "1024*1536", 200000],
];
for (const [model, order, way, size, cost] of drawing)
  test(`${model} draws ${order.count ?? 1} by ${way} for ${cost}`, options, async () => {
    await fake.control({ pending: 2 });
    const verdict = await call({ model, ...order });
    const { entries } = await fake.ledger();
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.deepEqual(await fetched(verdict), entries[0].pictures);
    assert.equal(entries.length, 1);
    assert.equal(entries[0].way, way);
    assert.equal(entries[0].size, size);
    assert.equal(entries[0].n, order.count ?? 1);
    assert.equal(entries[0].negative, order.negative_prompt ?? "");
    assert.equal(entries[0].seed, order.seed ?? null);
    assert.equal(verdict.cost_micro, cost);
    assert.equal(verdict.exchanges.length, way === "sync" ? 1 : 4); // two polls found it waiting, one done
    assert.match(verdict.request_id, /^[0-9a-f-]{36}$/);
  });

const editing = [
  ["qwen-image-2.0", 3, "sync", "1024*1024"],
  ["qwen-image-edit-plus", 1, "sync", "1024*1024"],
  ["qwen-image-edit", 2, "sync", null],
  ["wan2.7-image", 9, "task", "1K"],
  ["wan2.5-i2i-preview", 2, "image", null],
];
for (const [model, count, way, size] of editing)
  test(`${model} edits ${count} picture(s) by ${way}`, options, async () => {
    const references = Array.from({ length: count }, (_, index) => picture(`${index}`));
    const verdict = await call({ model, references });
    const { entries } = await fake.ledger();
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.equal(entries[0].way, way);
    assert.equal(entries[0].size, size);
    assert.deepEqual(entries[0].files.map((file) => file.sha256),
      references.map((text) => sha256(Buffer.from(text, "base64"))));
  });

test("what the call says besides: rewriting, a mark, thinking, a series of more than four", options, async () => {
  const drawn = await call({ model: "qwen-image-2.0", settings: { prompt_extend: true, watermark: true } });
  const series = await call({ model: "wan2.7-image", count: 6, settings: { enable_sequential: true, thinking_mode: false } });
  const { entries } = await fake.ledger();
  assert.equal(drawn.verdict, "done", drawn.message ?? JSON.stringify(drawn.refused));
  assert.equal(series.verdict, "done", series.message ?? JSON.stringify(series.refused));
  assert.equal(entries[0].extends, true);
  assert.deepEqual(entries[1].besides, { enable_sequential: true, thinking_mode: false });
  assert.equal((await call({ model: "wan2.7-image", count: 6 })).refused.field, "count");
});

test("an edit keeps the first picture's shape at a megapixel", options, async () => {
  await call({ model: "qwen-image-edit-max", references: [picture("a", 1600, 900), picture("b")] });
  const [{ size }] = (await fake.ledger()).entries;
  assert.equal(size, "1360*768");
});

test("a model that only has tasks is found out at no cost", options, async () => {
  const verdict = await call({ model: "paint-9" });
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual(paths(verdict).slice(0, 2), ["POST /api/v1/services/aigc/multimodal-generation/generation",
    "POST /api/v1/services/aigc/image-generation/generation"]);
  assert.equal((await fake.ledger()).entries.length, 1);
});

test("a model that has lost its tasks is called at once", options, async () => {
  await fake.control({ faults: [{ kind: "status", status: 403, body: { code: "AccessDenied",
    message: "current user api does not support asynchronous calls", request_id: "1" } }] });
  const verdict = await call({ model: "qwen-image" });
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.equal((await fake.ledger()).entries[0].way, "sync");
});

test("the same call is the same bytes, and any script arrives as it left", options, async () => {
  const prompt = "茶杯 \"quoted\" \\ \u0001 🫖\r\nline";
  await call({ prompt });
  await call({ prompt });
  const { entries } = await fake.ledger();
  assert.equal(entries[0].prompt, prompt);
  assert.equal(entries[0].request_sha256, entries[1].request_sha256);
});

test("a task is asked for after a restart, by its id alone", options, async () => {
  await fake.control({ pending: 50 });
  const waiting = await call({ model: "wan2.7-image" }, { polls: 0 });
  assert.equal(waiting.verdict, "wait");
  assert.equal(waiting.poll_after_ms, 3000);
  const [{ task_id, pictures }] = (await fake.ledger()).entries;
  assert.equal(waiting.remote_id, task_id);
  for (let polls = 0; polls < 50; polls++)
    await fetch(`${fake.url}/api/v1/tasks/${task_id}`, { headers: { authorization: "Bearer test-key" } });
  const verdict = await call({ model: "wan2.7-image", remote_id: waiting.remote_id });
  assert.equal(verdict.verdict, "done");
  assert.deepEqual(await fetched(verdict), pictures);
  assert.equal((await fake.ledger()).entries.length, 1);
});

test("a cancelled task ends as cancelled", options, async () => {
  await fake.control({ pending: 5 });
  const { remote_id } = await call({ model: "wan2.7-image" }, { polls: 0 });
  const reply = await perform({ method: "POST", url: `${fake.url}/api/v1/tasks/${remote_id}/cancel`,
    headers: [["Authorization", "Bearer test-key"]], body: "" });
  assert.equal(reply.status, 200);
  const verdict = await call({ model: "wan2.7-image", remote_id });
  assert.equal(verdict.failure, "cancelled");
  assert.equal(verdict.charged, "no");
});

test("one picture of several that failed is told of", options, async () => {
  await fake.control({ faults: [{ kind: "item_failed", code: "InternalError.Algo", message: "one broke" }] });
  const verdict = await call({ model: "wan2.7-image", count: 3 });
  assert.equal(verdict.verdict, "done");
  assert.equal(verdict.pictures.length, 2);
  assert.equal(verdict.missing, "one broke");
  assert.equal(verdict.cost_micro, 400000);
});

const body = (code, message = "as ordered") => ({ code, message, request_id: "r" });
const status = (code, httpStatus, headers) => ({ kind: "status", status: httpStatus, body: body(code), headers });
const faults = [
  ["qwen-image-2.0", status("Throttling.RateQuota", 429, { "retry-after": "2" }), "throttled", "no", 2000],
  ["qwen-image-2.0", status("Throttling.AllocationQuota", 429), "throttled", "no", -1],
  ["qwen-image-2.0", status("Arrearage", 400), "quota", "no", -1],
  ["qwen-image-2.0", status("Arrearage", 403), "quota", "no", -1],
  ["qwen-image-2.0", status("AccessDenied.Unpurchased", 403), "auth", "no", -1],
  ["qwen-image-2.0", status("InvalidURL", 400), "invalid", "no", -1],
  ["qwen-image-2.0", status("InternalError.Timeout", 500), "server", "no", -1],
  ["qwen-image-2.0", status("ModelServingError", 503), "server", "no", -1],
  ["qwen-image-2.0", { kind: "error200", code: "InternalError.Algo", message: "x" }, "server", "no", -1],
  ["qwen-image-2.0", { kind: "html200" }, "invalid", "no", -1],
  ["qwen-image-2.0", { kind: "garbage200" }, "unknown", "maybe", -1],
  ["qwen-image-2.0", { kind: "zero_images" }, "unknown", "maybe", -1],
  ["qwen-image-2.0", { kind: "reset_before_reply" }, "unknown", "maybe", -1],
  ["qwen-image-2.0", { kind: "cut_mid_body" }, "unknown", "maybe", -1],
  ["qwen-image-2.0", { kind: "hang" }, "unknown", "maybe", -1],
  ["wan2.7-image", { kind: "zero_images" }, "result_lost", "maybe", -1],
  ["wan2.7-image", { kind: "task_failed", code: "InternalError", message: "x" }, "remote_failed", "no", -1],
  ["wan2.7-image", { kind: "task_failed", code: "InvalidURL", message: "x" }, "remote_failed", "no", -1],
  ["wan2.7-image", { kind: "task_unknown" }, "invalid", "maybe", -1],
  ["wan2.7-image", { kind: "hang" }, "unknown", "maybe", -1],
];
for (const [model, fault, failure, charged, retryAfter] of faults)
  test(`${model}: ${fault.kind} ${fault.status ?? ""} ${fault.body?.code ?? fault.code ?? ""} is ${failure}`, options,
    async () => {
      await fake.control({ faults: [fault] });
      const verdict = await call({ model }, { timeout: fault.kind === "hang" ? 300 : 20000 });
      assert.equal(verdict.verdict, "failed");
      assert.equal(verdict.failure, failure);
      assert.equal(verdict.charged, charged);
      assert.equal(verdict.retry_after_ms, retryAfter);
      assert.equal(verdict.exchanges.filter(({ method }) => method === "POST").length, 1); // nothing is sent twice
    });

for (const [model, prompt, charged] of [["qwen-image-2.0", "[blocked]", "no"], ["wan2.7-image", "[blocked]", "no"],
  ["qwen-image-2.0", "[blocked output]", "no"], ["wan2.7-image", "[blocked output]", "no"]])
  test(`${prompt} is refused by ${model}`, options, async () => {
    const verdict = await call({ model, prompt });
    assert.equal(verdict.failure, "refused");
    assert.equal(verdict.charged, charged);
    assert.equal(verdict.code, "DataInspectionFailed");
  });

test("a wrong key, and one that is echoed", options, async () => {
  const wrong = await call({ key: "another" });
  assert.equal(wrong.failure, "auth");
  await fake.control({ faults: [{ kind: "echo_key" }] });
  const echoed = await call({});
  assert.equal(echoed.failure, "auth");
  assert.equal(echoed.message, "Invalid API-key provided: Bearer ***");
});

test("an unknown model is named by the service", options, async () => {
  const verdict = await call({ model: "qwen-image-9" });
  assert.equal(verdict.failure, "invalid");
  assert.equal(verdict.code, "ModelNotFound");
});
