// The anthropic kind over real HTTP: against our fake, which keeps a ledger, and against aimock.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { LLMock } from "@copilotkit/aimock";

import { startFake } from "./anthropic.mjs";
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
const call = (order, how) => carry({ kind: "anthropic", base_url: fake.url, key: "test-key", action: "write",
  model: "claude-sonnet-5-5", prompt: "a cup", ...order }, how);

test("a text arrives, at the cost of its tokens", options, async () => {
  const verdict = await call({ system: "Be brief.", safety_id: "u-hash" });
  const { entries: [entry], requests } = await ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.equal(verdict.text, "You asked for: a cup");
  assert.equal(entry.system, "Be brief.");
  assert.equal(entry.user, "u-hash");
  assert.equal(entry.limit, 4096);
  assert.equal(requests[0].version, "2023-06-01");
  assert.equal(verdict.cost_micro, entry.usage.input_tokens * 2 + entry.usage.output_tokens * 10);
  assert.match(verdict.request_id, /^req_/);
});

for (const end of ["", "/", "/v1", "/v1/messages"])
  test(`a base URL may end in "${end}"`, options, async () => {
    assert.equal((await call({ base_url: `${fake.url}${end}` })).verdict, "done");
  });

test("what a call says besides arrives, also beside the form of the answer", options, async () => {
  assert.equal((await call({ settings: { effort: "max" }, schema })).verdict, "done");
  assert.equal((await call({ settings: { effort: "low" } })).verdict, "done");
  const { entries } = await ledger();
  assert.deepEqual(entries.map(({ effort, limit }) => [effort, limit]), [["max", 32768], ["low", 4096]]);
  assert.ok(entries[0].schema);
});

test("what was cached is cheaper", options, async () => {
  const verdict = await call({ prompt: `[cached] ${"cup ".repeat(100)}` });
  const { usage } = (await ledger()).entries[0];
  assert.ok(usage.cache_read_input_tokens > 0);
  assert.equal(verdict.cost_micro, usage.input_tokens * 2 + Math.ceil(usage.cache_read_input_tokens * 0.2)
    + usage.output_tokens * 10);
});

test("pictures are looked at, and the answer fits its schema", options, async () => {
  const pictures = ["a", "b"].map((seed) => drawPng(64, 64, seed));
  const verdict = await call({ schema, references: pictures.map((one) => one.toString("base64")) });
  const [entry] = (await ledger()).entries;
  assert.deepEqual(JSON.parse(verdict.text), { text: "about a cup" });
  assert.equal(entry.tool, null);
  assert.deepEqual(entry.files.map(({ type, size }) => ({ type, size })),
    pictures.map((one) => ({ type: "image/png", size: one.length })));
});

test("a prompt in any script arrives as it left", options, async () => {
  const prompt = "茶杯 \"quoted\" \\ \u0001 🫖\r\nline";
  await call({ prompt });
  assert.equal((await ledger()).entries[0].prompt, prompt);
});

test("where output_config is not known, a tool takes the answer", options, async () => {
  await control({ faults: [{ kind: "unknown_field", name: "output_config" }] });
  const verdict = await call({ schema });
  const { entries } = await ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.equal(verdict.exchanges.length, 2);
  assert.deepEqual(JSON.parse(verdict.text), { text: "about a cup" });
  assert.equal(entries.length, 1);
  assert.equal(entries[0].tool, "answer");
});

test("a loose schema goes by a tool too; thoughts are no part of the answer", options, async () => {
  await control({ faults: [{ kind: "none" }, { kind: "thinking" }] });
  const verdict = await call({ schema: JSON.stringify({ type: "object", properties: { text: { type: "string" } } }) });
  assert.equal(verdict.exchanges.length, 2);
  assert.deepEqual(JSON.parse(verdict.text), { text: "about a cup" });
});

test("a refusal is refused, and paid for what it read", options, async () => {
  const verdict = await call({ prompt: "[refuse] a cup" });
  assert.equal(verdict.failure, "refused");
  assert.equal(verdict.charged, "yes");
  assert.equal(verdict.message, "This is against the usage policy.");
  assert.ok(verdict.cost_micro > 0);
});

test("a text that was cut says so; JSON that was cut is none", options, async () => {
  const text = await call({ prompt: "[cut] a cup" });
  assert.equal(text.verdict, "done");
  assert.match(text.missing, /cut at the limit/);
  assert.equal((await call({ prompt: "[cut] a cup", schema })).failure, "invalid");
});

for (const [fault, failure, charged, retryAfter] of [
  [{ kind: "status", status: 400 }, "invalid", "no", -1],
  [{ kind: "status", status: 400, message: "Your credit balance is too low to access the API." }, "quota", "no", -1],
  [{ kind: "status", status: 401 }, "auth", "no", -1],
  [{ kind: "status", status: 402 }, "quota", "no", -1],
  [{ kind: "status", status: 403 }, "auth", "no", -1],
  [{ kind: "status", status: 404 }, "invalid", "no", -1],
  [{ kind: "status", status: 409 }, "server", "no", -1],
  [{ kind: "status", status: 413 }, "invalid", "no", -1],
  [{ kind: "status", status: 429, retry_after: 3 }, "throttled", "no", 3000],
  [{ kind: "status", status: 429, error_code: "enforced_spend_limit_reached" }, "quota", "no", -1],
  [{ kind: "status", status: 429, error_code: "ramp_limit_exceeded", retry_after: 1 }, "throttled", "no", 1000],
  [{ kind: "status", status: 500 }, "server", "maybe", -1],
  [{ kind: "status", status: 504 }, "unknown", "maybe", -1],
  [{ kind: "status", status: 529 }, "throttled", "no", -1],
  [{ kind: "status", status: 500, should_retry: false }, "server", "maybe", -1],
  [{ kind: "status", status: 429, should_retry: false }, "throttled", "no", -1],
  [{ kind: "status", status: 504, should_retry: true }, "unknown", "maybe", -1],
  [{ kind: "status", status: 400, should_retry: true }, "invalid", "no", -1],
  [{ kind: "error200", type: "overloaded_error" }, "throttled", "no", -1],
  [{ kind: "error200", type: "api_error" }, "server", "maybe", -1],
  [{ kind: "echo_key" }, "auth", "no", -1],
  [{ kind: "html200" }, "invalid", "no", -1],
  [{ kind: "empty" }, "unknown", "yes", -1],
  [{ kind: "reset_before_reply" }, "unknown", "maybe", -1],
  [{ kind: "cut_mid_body" }, "unknown", "maybe", -1],
  [{ kind: "hang" }, "unknown", "maybe", -1],
])
  test(`${fault.kind} ${fault.status ?? fault.type ?? ""} ${fault.error_code ?? ""} ${fault.should_retry ?? ""} is ${failure}`, options, async () => {
    await control({ faults: [fault] });
    const verdict = await call({}, { timeout: 300 });
    assert.equal(verdict.verdict, "failed");
    assert.equal(verdict.failure, failure);
    assert.equal(verdict.charged, charged);
    assert.equal(verdict.retry_after_ms, retryAfter);
    assert.equal(verdict.is_final, fault.should_retry === false); // and true makes nothing of it
    assert.equal(verdict.exchanges.length, 1); // nothing is ever sent again blindly
    assert.ok(!verdict.message.includes("test-key"));
    if ((await ledger()).entries.length > 0) assert.notEqual(verdict.charged, "no");
  });

test("words where JSON was asked for are no answer, and paid", options, async () => {
  await control({ faults: [{ kind: "not_json" }] });
  const verdict = await call({ schema });
  assert.equal(verdict.failure, "unknown");
  assert.equal(verdict.charged, "yes");
});

test("it makes no pictures", options, async () => {
  assert.equal((await call({ action: "generate" })).refused.field, "model");
  assert.equal((await ledger()).requests.length, 0);
});

// A second opinion (facts 9.3): somebody else's idea of the same API.
test("aimock answers a message of ours", options, async () => {
  const mock = new LLMock({ port: 0 });
  mock.onMessage("cup", { content: "a blue cup" });
  await mock.start();
  try {
    const verdict = await call({ base_url: mock.url, system: "Be brief.",
      references: [drawPng(8, 8, "a").toString("base64")] });
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.equal(verdict.text, "a blue cup");
    mock.nextRequestError(529, { message: "Overloaded", type: "overloaded_error" });
    assert.equal((await call({ base_url: mock.url })).failure, "throttled");
  } finally {
    await mock.stop();
  }
});
