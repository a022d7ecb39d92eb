// The gemini kind over real HTTP: against our fake, which keeps a ledger, and against aimock.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";

import { LLMock } from "@copilotkit/aimock";

import { startFake } from "./gemini.mjs";
import { drawPng } from "./png.mjs";
import { carry, options } from "./wire.mjs";

let fake;
before(async () => { fake = await startFake({ key: "test-key" }); });
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const call = (order, how) => carry({ kind: "gemini", base_url: fake.url, key: "test-key", options: {},
  model: "gemini-nano-banana-2.1", prompt: "a cup", ...order }, how);
const base64 = (seed) => drawPng(64, 64, seed).toString("base64");
const usd = ({ promptTokenCount, candidatesTokenCount, thoughtsTokenCount }) =>
  Math.ceil(promptTokenCount * 1.5) + candidatesTokenCount * 30 + Math.ceil(thoughtsTokenCount * 7.5);

test("a generation: our picture is the one in the ledger, our cost its tokens", options, async () => {
  const verdict = await call({ width: 2752, height: 1536, idempotency_key: "call-1" });
  const { entries } = await fake.ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual(verdict.pictures.map((picture) => picture.sha256), [entries[0].picture]);
  assert.deepEqual(entries[0].config,
    { responseModalities: ["TEXT", "IMAGE"], imageConfig: { aspectRatio: "16:9", imageSize: "2K" } });
  assert.equal(verdict.cost_micro, usd(entries[0].usage));
  assert.ok(verdict.request_id.length > 0);
});

test("thinking, search and temperature are the call's own", options, async () => {
  const settings = { thinking: "high", web_search: true, temperature: 0.5, safety: "none" };
  const verdict = await call({ settings });
  const { entries: [entry] } = await fake.ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual(entry.config.thinkingConfig, { thinkingLevel: "HIGH" });
  assert.equal(entry.config.temperature, 0.5);
  assert.deepEqual(entry.tools, [{ googleSearch: {} }]);
  assert.ok(entry.safety.every(({ threshold }) => threshold === "BLOCK_NONE"));
});

test("the same call is the same bytes", options, async () => {
  await call({ references: [base64("a")] });
  await call({ references: [base64("a")] });
  const { entries } = await fake.ledger();
  assert.equal(entries[0].request_sha256, entries[1].request_sha256);
});

test("a prompt in any script arrives as it left", options, async () => {
  const prompt = "茶杯 \"quoted\" \\ \u0001 🫖\r\nline";
  await call({ prompt });
  assert.equal((await fake.ledger()).entries[0].prompt, prompt);
});

for (const count of [1, 2, 14])
  test(`an edit with ${count} picture(s) arrives whole`, options, async () => {
    const files = Array.from({ length: count }, (_, index) => drawPng(64 + index, 64, `${index}`));
    const verdict = await call({ references: files.map((file) => file.toString("base64")), mime: "image/jpeg" });
    assert.equal(verdict.verdict, "done", verdict.message);
    const { entries } = await fake.ledger();
    assert.deepEqual(entries[0].files, files.map((file) => ({ type: "image/png", size: file.length })));
    assert.equal(verdict.cost_micro, usd(entries[0].usage));
  });

for (const [model, width, height, size] of [["gemini-3.1-flash-image", 192, 1536, "512"],
  ["gemini-3.1-flash-image", 12288, 1536, "4K"], ["gemini-3-pro-image", 3584, 4800, "4K"],
  ["gemini-3.1-flash-lite-image", 1584, 672, undefined], ["gemini-2.5-flash-image", 1344, 768, undefined]])
  test(`${model} makes ${width}x${height}`, options, async () => {
    const verdict = await call({ model, width, height });
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.equal((await fake.ledger()).entries[0].config.imageConfig.imageSize, size);
  });

test("what the model cannot make is refused before anything is sent", options, async () => {
  for (const [order, field] of [[{ width: 1920, height: 1080 }, "size"], [{ count: 2 }, "count"],
    [{ mask: base64("m"), references: [base64("a")] }, "mask"], [{ negative_prompt: "dust" }, "negative_prompt"],
    [{ model: "imagen-4.0-generate-001", base_url: "" }, "model"]]) {
    const verdict = await call(order);
    assert.equal(verdict.refused?.field, field);
  }
  assert.equal((await fake.ledger()).requests.length, 0);
});

test("a draft among the thoughts is not the picture", options, async () => {
  await fake.control({ faults: [{ kind: "draft" }] });
  const verdict = await call({ model: "gemini-3-pro-image" });
  assert.deepEqual(verdict.pictures.map((picture) => picture.sha256), [(await fake.ledger()).entries[0].picture]);
});

test("a relay's snake_case is read, its cost too", options, async () => {
  await fake.control({ snake: true });
  const verdict = await call({});
  const { entries } = await fake.ledger();
  assert.equal(verdict.pictures[0].sha256, entries[0].picture);
  assert.equal(verdict.cost_micro, usd(entries[0].usage));
});

test("a declared type is not believed", options, async () => {
  await fake.control({ faults: [{ kind: "wrong_type" }] });
  assert.equal((await call({})).pictures[0].sha256, (await fake.ledger()).entries[0].picture);
});

const rpc = (status, name, more = {}) => ({ kind: "status", status, body: { error: { code: status, status: name,
  message: "as ordered", ...more } } });
for (const [fault, failure, charged, retryAfter] of [
  [{ kind: "quota", delay: "2.5s" }, "throttled", "no", 2500],
  [{ kind: "quota", id: "GenerateRequestsPerDayPerProject" }, "quota", "no", 37000],
  [{ kind: "status", status: 429, headers: { "retry-after": "3" } }, "throttled", "no", 3000],
  [rpc(500, "INTERNAL"), "server", "maybe", -1],
  [rpc(503, "UNAVAILABLE"), "server", "maybe", -1],
  [rpc(504, "DEADLINE_EXCEEDED"), "unknown", "maybe", -1],
  [rpc(403, "PERMISSION_DENIED"), "auth", "no", -1],
  [rpc(400, "FAILED_PRECONDITION"), "invalid", "no", -1],
  [{ kind: "blocked" }, "refused", "no", -1],
  [{ kind: "finish", reason: "IMAGE_SAFETY", message: "no" }, "refused", "maybe", -1],
  [{ kind: "finish", reason: "NO_IMAGE" }, "unknown", "maybe", -1],
  [{ kind: "words" }, "refused", "maybe", -1],
  [{ kind: "no_parts" }, "unknown", "yes", -1],
  [{ kind: "html200" }, "invalid", "no", -1],
  [{ kind: "error200" }, "server", "maybe", -1],
  [{ kind: "truncated_base64" }, "unknown", "yes", -1],
  [{ kind: "not_base64" }, "unknown", "yes", -1],
  [{ kind: "reset_before_reply" }, "unknown", "maybe", -1],
  [{ kind: "cut_mid_body" }, "unknown", "maybe", -1],
  [{ kind: "hang" }, "unknown", "maybe", -1],
])
  test(`${fault.kind} ${fault.status ?? fault.reason ?? fault.id ?? ""} is ${failure}`, options, async () => {
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

test("a bad key is told apart from a bad request", options, async () => {
  const verdict = await call({ key: "other" });
  assert.equal(verdict.failure, "auth");
});

test("an echoed key is masked", options, async () => {
  await fake.control({ faults: [{ kind: "echo_key" }] });
  assert.equal((await call({})).message, "Bad key: ***.");
});

test("the account's filter arrives", options, async () => {
  await call({ options: { safety: "relaxed" } });
  const { safety } = (await fake.ledger()).entries[0];
  assert.equal(safety.length, 4);
  assert.ok(safety.every((setting) => setting.threshold === "BLOCK_ONLY_HIGH"));
});

// --- text ---

const schema = JSON.stringify({ $schema: "https://json-schema.org/draft/2020-12/schema", type: "object",
  properties: { name: { type: "string", minLength: 1 }, n: { type: "integer" } }, required: ["name", "n"] });

test("a text about a picture, under an instruction", options, async () => {
  const verdict = await call({ action: "write", model: "gemini-3.8-flash", system: "Be brief.", prompt: "what is it?",
    references: [base64("a")], output_tokens_max: 200 });
  const { entries } = await fake.ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.equal(verdict.text, "About: what is it?");
  assert.equal(entries[0].system, "Be brief.");
  assert.equal(entries[0].config.maxOutputTokens, 200);
  assert.equal(verdict.cost_micro, Math.ceil(entries[0].usage.promptTokensDetails[0].tokenCount * 0.75) + 1100 * 0.75 +
    Math.ceil((entries[0].usage.candidatesTokenCount + 80) * 3.75));
});

test("a text is told how much to think, how steady to be and what to block", options, async () => {
  const verdict = await call({ action: "write", model: "gemini-3.8-flash", prompt: "a cup",
    settings: { thinking: "low", temperature: 0.4, safety: "relaxed" } });
  const [{ config, safety }] = (await fake.ledger()).entries;
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual(config, { maxOutputTokens: 4096, temperature: 0.4, thinkingConfig: { thinkingLevel: "LOW" } });
  assert.ok(safety.length === 4 && safety.every(({ threshold }) => threshold === "BLOCK_ONLY_HIGH"));
});

test("an answer that fits a schema", options, async () => {
  const verdict = await call({ action: "write", model: "gemini-3.8-flash", schema, schema_name: "thing" });
  assert.deepEqual(JSON.parse(verdict.text), { name: "a cup", n: 7 });
});

test("who knows the old schema alone is asked again, once, for nothing was made", options, async () => {
  await fake.control({ old_schema: true });
  const verdict = await call({ action: "write", model: "gemini-3.8-flash", schema });
  assert.deepEqual(JSON.parse(verdict.text), { name: "a cup", n: 7 });
  assert.equal(verdict.exchanges.length, 2);
  assert.equal((await fake.ledger()).entries.length, 1);
});

test("a blocked text is refused", options, async () => {
  const verdict = await call({ action: "write", model: "gemini-3.8-flash", prompt: "[blocked]" });
  assert.equal(verdict.failure, "refused");
  assert.equal(verdict.code, "PROHIBITED_CONTENT");
});

// --- Imagen, where it lives on ---

const cloud = (order) => call({ base_url: `${fake.url}/v1/projects/p/locations/l/publishers/google`,
  model: "imagen-4.0-generate-001", ...order });

test("Imagen is asked in its own words; who is no Google is given the key as Google is", options, async () => {
  // The fake's host is not aiplatform.googleapis.com, so the key is no bearer token here: a true refusal.
  const verdict = await cloud({ count: 2, width: 2816, height: 1536 });
  assert.equal(verdict.failure, "auth");
  assert.match(verdict.exchanges[0].url, /imagen-4\.0-generate-001:predict$/);
  const body = Buffer.from(verdict.exchanges[0].body, "base64");
  const url = verdict.exchanges[0].url;
  const reply = await fetch(url, { method: "POST", body, headers: { authorization: "Bearer test-key" } });
  assert.equal((await reply.json()).predictions.length, 2);
  assert.deepEqual((await fake.ledger()).entries[0].parameters,
    { sampleCount: 2, aspectRatio: "16:9", sampleImageSize: "2K", includeRaiReason: true });
});

// A second opinion (facts 9.3): somebody else's idea of the same API, for text and errors.
test("aimock answers texts of ours and refuses as Google does", options, async () => {
  const mock = new LLMock({ port: 0 });
  mock.onMessage("what is it", { content: "A cup." });
  mock.onMessage("as JSON", { content: "{\"name\":\"cup\"}" });
  await mock.start();
  try {
    const write = (order) => call({ action: "write", base_url: mock.url, model: "gemini-3.8-flash", ...order });
    const plain = await write({ prompt: "what is it?", system: "Be brief.", references: [base64("a")] });
    assert.equal(plain.verdict, "done", plain.message);
    assert.equal(plain.text, "A cup.");
    const object = await write({ prompt: "as JSON", schema });
    assert.deepEqual(JSON.parse(object.text), { name: "cup" });
    mock.nextRequestError(429, { message: "slow down" });
    assert.equal((await write({ prompt: "what is it?" })).failure, "throttled");
  } finally {
    await mock.stop();
  }
});
