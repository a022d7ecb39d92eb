// Text by the openai kind over real HTTP: against our fake, which keeps a ledger, and against aimock.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { LLMock } from "@copilotkit/aimock";

import { startFake } from "./openai.mjs";
import { drawPng } from "./png.mjs";
import { carry, options } from "./wire.mjs";

let fake;
before(async () => { fake = await startFake({ key: "test-key" }); });
after(() => fake.close());
const control = (body) => fetch(`${fake.url}/__control`, { method: "POST", body: JSON.stringify(body) });
const ledger = async () => (await fetch(`${fake.url}/__ledger`)).json();
beforeEach(() => control({ reset: true }));

const schema = JSON.stringify({ type: "object", additionalProperties: false, required: ["text"],
  properties: { text: { type: "string" } } });
const call = (order, how) => carry({ kind: "openai", base_url: fake.url, key: "test-key",
  options: { profile: "openai" }, action: "write", model: "gpt-6-sol", prompt: "a cup", ...order }, how);
const apis = [["responses", { profile: "openai" }], ["chat", { profile: "openai", text_api: "chat" }]];

for (const [name, wanted] of apis) {
  test(`${name}: a text arrives, at the cost of its tokens`, options, async () => {
    const verdict = await call({ options: wanted, system: "Be brief.", idempotency_key: "call-1", safety_id: "u" });
    const [entry] = (await ledger()).entries;
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.equal(verdict.text, "You asked for: a cup");
    assert.equal(entry.system, "Be brief.");
    assert.equal(entry.idempotency_key, "call-1");
    assert.equal(entry.limit, 4096);
    const read = entry.usage.input_tokens ?? entry.usage.prompt_tokens;
    const written = entry.usage.output_tokens ?? entry.usage.completion_tokens;
    assert.equal(verdict.cost_micro, read * 2 + written * 10);
    assert.match(verdict.request_id, /^req_/);
    assert.equal(verdict.dropped, "");
  });

  test(`${name}: what was cached is cheaper`, options, async () => {
    const verdict = await call({ options: wanted, prompt: `[cached] ${"cup ".repeat(100)}` });
    const { usage } = (await ledger()).entries[0];
    const details = usage.input_tokens_details ?? usage.prompt_tokens_details;
    const read = usage.input_tokens ?? usage.prompt_tokens;
    const written = usage.output_tokens ?? usage.completion_tokens;
    assert.ok(details.cached_tokens > 0);
    assert.equal(verdict.cost_micro, (read - details.cached_tokens) * 2 + Math.ceil(details.cached_tokens * 0.2)
      + written * 10);
  });

  test(`${name}: pictures are looked at, and the answer fits its schema`, options, async () => {
    const pictures = ["a", "b"].map((seed) => drawPng(64, 64, seed));
    const verdict = await call({ options: wanted, schema, references: pictures.map((one) => one.toString("base64")) });
    const [entry] = (await ledger()).entries;
    assert.deepEqual(JSON.parse(verdict.text), { text: "about a cup" });
    assert.deepEqual(entry.files.map(({ type, size }) => ({ type, size })),
      pictures.map((one) => ({ type: "image/png", size: one.length })));
  });

  test(`${name}: a prompt in any script arrives as it left`, options, async () => {
    const prompt = "茶杯 \"quoted\" \\ \u0001 🫖\r\nline";
    await call({ options: wanted, prompt });
    assert.equal((await ledger()).entries[0].prompt, prompt);
  });

  test(`${name}: a schema that is refused becomes JSON mode, once`, options, async () => {
    const loose = JSON.stringify({ type: "object", properties: { text: { type: "string" } } });
    const verdict = await call({ options: wanted, schema: loose });
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.equal(verdict.exchanges.length, 2);
    assert.equal(verdict.dropped, "schema");
    assert.equal(JSON.parse(verdict.text).text, "about a cup");
    assert.equal((await ledger()).entries.length, 1);
  });

  test(`${name}: what a call says besides arrives`, options, async () => {
    const settings = { effort: "high", ...(name === "responses" ? { verbosity: "low" } : {}) };
    const verdict = await call({ options: wanted, settings, schema });
    const [entry] = (await ledger()).entries;
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.deepEqual(entry.wishes, settings);
    assert.equal(entry.limit, 16384, "thinking counts");
    assert.equal(verdict.dropped, "");
    const steady = await call({ options: wanted, model: "gpt-4o", settings: { temperature: 0.2 } });
    assert.equal(steady.verdict, "done", steady.message);
    assert.deepEqual((await ledger()).entries[1].wishes, { temperature: 0.2 });
    assert.equal((await ledger()).entries.length, 2);
  });

  for (const [prompt, failure, charged] of [["[refuse]", "refused", "yes"], ["[filtered]", "refused", "yes"]])
    test(`${name}: ${prompt} is ${failure}`, options, async () => {
      const verdict = await call({ options: wanted, prompt });
      assert.equal(verdict.failure, failure);
      assert.equal(verdict.charged, charged);
      assert.ok(verdict.cost_micro > 0);
    });

  test(`${name}: a text that was cut says so; JSON that was cut is none`, options, async () => {
    const text = await call({ options: wanted, prompt: "[cut] a cup" });
    assert.equal(text.verdict, "done");
    assert.match(text.missing, /cut at the limit/);
    const json = await call({ options: wanted, prompt: "[cut] a cup", schema });
    assert.equal(json.failure, "invalid");
    assert.equal(json.charged, "yes");
  });

  for (const [fault, failure, charged, retryAfter] of [
    [{ kind: "status", status: 429, code: "rate_limit_exceeded", retry_after: 2 }, "throttled", "no", 2000],
    [{ kind: "status", status: 429, code: "insufficient_quota" }, "quota", "no", -1],
    [{ kind: "status", status: 503, retry_after_ms: 70 }, "throttled", "no", 70],
    [{ kind: "echo_key" }, "auth", "no", -1],
    [{ kind: "html200" }, "invalid", "no", -1],
    [{ kind: "error200" }, "server", "maybe", -1],
    [{ kind: "empty" }, "unknown", "yes", -1],
    [{ kind: "reset_before_reply" }, "unknown", "maybe", -1],
    [{ kind: "cut_mid_body" }, "unknown", "maybe", -1],
    [{ kind: "hang" }, "unknown", "maybe", -1],
  ])
    test(`${name}: ${fault.kind} ${fault.status ?? ""} ${fault.code ?? ""} is ${failure}`, options, async () => {
      await control({ faults: [fault] });
      const verdict = await call({ options: wanted }, { timeout: 300 });
      assert.equal(verdict.verdict, "failed");
      assert.equal(verdict.failure, failure);
      assert.equal(verdict.charged, charged);
      assert.equal(verdict.retry_after_ms, retryAfter);
      assert.equal(verdict.exchanges.length, 1); // nothing is ever sent again blindly
      assert.ok(!verdict.message.includes("test-key"));
      if ((await ledger()).entries.length > 0) assert.notEqual(verdict.charged, "no");
    });
}

test("words where JSON was asked for are no answer, and paid", options, async () => {
  await control({ faults: [{ kind: "not_json" }] });
  const verdict = await call({ schema });
  assert.equal(verdict.failure, "unknown");
  assert.equal(verdict.charged, "yes");
});

for (const [code, failure] of [["server_error", "server"], ["rate_limit_exceeded", "throttled"],
  ["image_content_policy_violation", "refused"], ["image_too_large", "invalid"]])
  test(`a response that failed with ${code} is ${failure}`, options, async () => {
    await control({ faults: [{ kind: "failed", code }] });
    assert.equal((await call({})).failure, failure);
  });

test("max_tokens becomes max_completion_tokens where the server says so", options, async () => {
  const verdict = await call({ options: { profile: "generic" } });
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual(verdict.exchanges.map(({ body }) => Object.keys(JSON.parse(Buffer.from(body, "base64")))),
    [["model", "messages", "max_tokens"], ["model", "messages", "max_completion_tokens"]]);
  assert.equal((await ledger()).entries[0].limit, 4096);
});

test("a model for pictures writes nothing, and the other way round", options, async () => {
  assert.equal((await call({ model: "gpt-image-2" })).refused.field, "model");
  assert.equal((await call({ action: "generate" })).refused.field, "model");
  assert.equal((await ledger()).requests.length, 0);
});

// A second opinion (facts 9.3): somebody else's idea of the same APIs.
test("aimock answers a response and a chat of ours", options, async () => {
  const mock = new LLMock({ port: 0 });
  mock.onMessage("cup", { content: "a blue cup" });
  await mock.start();
  try {
    for (const wanted of [{ profile: "openai" }, { profile: "openai", text_api: "chat" }, { profile: "generic" },
      { profile: "ollama" }]) {
      const verdict = await call({ base_url: mock.url, options: wanted, system: "Be brief.",
        references: [drawPng(8, 8, "a").toString("base64")] });
      assert.equal(verdict.verdict, "done", verdict.message);
      assert.equal(verdict.text, "a blue cup");
    }
    mock.nextRequestError(429, { message: "slow down", type: "rate_limit_error" });
    assert.equal((await call({ base_url: mock.url })).failure, "throttled");
  } finally {
    await mock.stop();
  }
});
