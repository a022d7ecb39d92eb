// The openai kind over real HTTP: against our fake, which keeps a ledger, and against aimock, which
// other people wrote.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";

import { LLMock } from "@copilotkit/aimock";

import { startFake } from "./openai.mjs";
import { drawPng } from "./png.mjs";
import { carry, options } from "./wire.mjs";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

let fake;
before(async () => { fake = await startFake({ key: "test-key" }); });
after(() => fake.close());
const control = (body) =>
  fetch(`${fake.url}/__control`, { method: "POST", body: JSON.stringify(body) });
const ledger = async () => (await fetch(`${fake.url}/__ledger`)).json();
beforeEach(() => control({ reset: true }));

const call = (order, how) => carry({ kind: "openai", base_url: fake.url, key: "test-key", options: {},
  model: "gpt-image-2", prompt: "a cup", ...order }, how);

test("a generation: our picture is the one in the ledger, our cost its tokens", options, async () => {
  const verdict = await call({ width: 1024, height: 768, count: 2, idempotency_key: "call-1" });
  const { entries } = await ledger();
  assert.equal(verdict.verdict, "done");
  assert.deepEqual(verdict.pictures.map((picture) => picture.sha256), entries[0].pictures);
  assert.equal(entries[0].size, "1024x768");
  assert.equal(entries[0].quality, "medium");
  assert.equal(entries[0].idempotency_key, "call-1");
  assert.equal(verdict.cost_micro,
    entries[0].usage.input_tokens * 5 + entries[0].usage.output_tokens * 30);
  assert.match(verdict.request_id, /^req_/);
});

test("planning and moderation are the call's own", options, async () => {
  const settings = { complexity: "low", moderation: "low" };
  const verdict = await call({ model: "gpt-image-2.6-flare", settings, options: { profile: "openai", complexity: "high" } });
  const { entries: [entry] } = await ledger();
  assert.equal(verdict.verdict, "done", verdict.message ?? JSON.stringify(verdict.refused));
  assert.deepEqual([entry.complexity, entry.moderation], ["low", "low"]);
  assert.equal((await call({ settings, options: { profile: "openai" } })).refused.field, "options.complexity");
});

test("the same call is the same bytes", options, async () => {
  await call({ idempotency_key: "k" });
  await call({ idempotency_key: "k" });
  const { entries } = await ledger();
  assert.equal(entries[0].request_sha256, entries[1].request_sha256);
});

test("a prompt in any script arrives as it left, in JSON and in a form", options, async () => {
  const prompt = "茶杯 \"quoted\" \\ \u0001 🫖\r\nline --vitrine-";
  await call({ prompt });
  await call({ prompt, references: [drawPng(64, 64, "a").toString("base64")] });
  const { entries } = await ledger();
  assert.deepEqual(entries.map((entry) => entry.prompt), [prompt, prompt]);
});

for (const count of [1, 2, 16])
  test(`an edit with ${count} picture(s) and a mask arrives whole`, options, async () => {
    const files = Array.from({ length: count }, (_, index) => drawPng(64 + index, 64, `${index}`));
    const mask = drawPng(64, 64, "mask");
    const verdict = await call({ references: files.map((file) => file.toString("base64")),
      mask: mask.toString("base64") });
    const { entries } = await ledger();
    assert.equal(verdict.verdict, "done");
    assert.equal(entries[0].files.length, count + 1);
    assert.deepEqual(entries[0].files.map(({ name, size, type }) => ({ name, size, type })),
      [...files.map((file) => ({ name: count > 1 ? "image[]" : "image", size: file.length,
        type: "image/png" })), { name: "mask", size: mask.length, type: "image/png" }]);
  });

test("edits as JSON arrive too", options, async () => {
  const verdict = await call({ options: { edits: "json" },
    references: ["a", "b"].map((seed) => drawPng(64, 64, seed).toString("base64")) });
  assert.equal(verdict.verdict, "done");
  assert.equal((await ledger()).entries[0].files.length, 2);
});

for (const piece of [1, 7, 4096])
  test(`a stream read in pieces of ${piece}`, options, async () => {
    const verdict = await call({ partial_images: 2 , options: { profile: "openai" } }, { piece });
    const { entries } = await ledger();
    assert.equal(verdict.verdict, "done");
    assert.equal(verdict.partials, 2);
    assert.equal(verdict.pictures[0].sha256, entries[0].pictures[0]);
    assert.equal(verdict.cost_micro,
      entries[0].usage.input_tokens * 5 + entries[0].usage.output_tokens * 30);
  });

test("what the server does not know is left out, once for each field it names", options, async () => {
  // A model of no known name behind a plain compatible server: seed and negative prompt are tried.
  await control({ faults: [{ kind: "unknown_parameter", name: "negative_prompt" }] });
  const verdict = await call({ model: "gpt-image-1.5-mine", seed: 7, negative_prompt: "dust" });
  // negative_prompt by the ordered fault, seed by the fake itself, then: the model is not there
  assert.deepEqual(verdict.exchanges.map((exchange) =>
    Object.keys(JSON.parse(Buffer.from(exchange.body, "base64")))), [
    ["model", "prompt", "seed", "negative_prompt"], ["model", "prompt", "seed"],
    ["model", "prompt"]]);
  assert.equal(verdict.dropped, "seed, negative_prompt");
  assert.equal(verdict.failure, "invalid");
  assert.equal(verdict.code, "model_not_found");
  assert.equal((await ledger()).entries.length, 0);
});

const faults = [
  [{ kind: "status", status: 429, code: "rate_limit_exceeded", retry_after: 2 }, "throttled", "no", 2000],
  [{ kind: "status", status: 429, code: "insufficient_quota" }, "quota", "no", -1],
  [{ kind: "status", status: 500, code: "server_error" }, "server", "maybe", -1],
  [{ kind: "status", status: 503, retry_after_ms: 70 }, "throttled", "no", 70],
  [{ kind: "status", status: 500, should_retry: false }, "server", "maybe", -1],
  [{ kind: "status", status: 429, should_retry: false }, "throttled", "no", -1],
  [{ kind: "status", status: 504, should_retry: true }, "unknown", "maybe", -1],
  [{ kind: "status", status: 400, should_retry: true }, "invalid", "no", -1],
  [{ kind: "html200" }, "invalid", "no", -1],
  [{ kind: "error200" }, "server", "maybe", -1],
  [{ kind: "zero_images" }, "unknown", "maybe", -1],
  [{ kind: "truncated_base64" }, "unknown", "yes", -1],
  [{ kind: "not_base64" }, "unknown", "yes", -1],
  [{ kind: "reset_before_reply" }, "unknown", "maybe", -1],
  [{ kind: "cut_mid_body" }, "unknown", "maybe", -1],
  [{ kind: "hang" }, "unknown", "maybe", -1],
];
for (const [fault, failure, charged, retryAfter] of faults)
  test(`${fault.kind} ${fault.status ?? ""} ${fault.code ?? ""} ${fault.should_retry ?? ""} is ${failure}`, options, async () => {
    await control({ faults: [fault] });
    const verdict = await call({}, { timeout: 300 });
    assert.equal(verdict.verdict, "failed");
    assert.equal(verdict.failure, failure);
    assert.equal(verdict.charged, charged);
    assert.equal(verdict.retry_after_ms, retryAfter);
    assert.equal(verdict.is_final, fault.should_retry === false); // and true makes nothing of it
    assert.equal(verdict.exchanges.length, 1); // nothing is ever sent again blindly
    // What was charged is never called free.
    if ((await ledger()).entries.length > 0) assert.notEqual(verdict.charged, "no");
  });

for (const [kind, verdictType, failure] of [["stream_cut", "failed", "unknown"],
  ["stream_error", "failed", "server"], ["partial_after", "done", "none"], ["split", "done", "none"]])
  test(`a stream with ${kind} is ${failure}`, options, async () => {
    await control({ faults: [{ kind }] });
    const verdict = await call({ partial_images: 2, options: { profile: "openai" } });
    assert.equal(verdict.verdict, verdictType);
    assert.equal(verdict.failure, failure);
  });

test("an echoed key is masked", options, async () => {
  await control({ faults: [{ kind: "echo_key" }] });
  const verdict = await call({});
  assert.equal(verdict.failure, "auth");
  assert.equal(verdict.message, "Incorrect API key provided: Bearer ***.");
});

test("a blocked prompt is refused", options, async () => {
  const verdict = await call({ prompt: "[blocked] cup" });
  assert.equal(verdict.failure, "refused");
  assert.equal(verdict.code, "moderation_blocked");
});

test("a picture by address is handed on", options, async () => {
  await control({ url_reply: true });
  const { pictures } = await call({});
  const bytes = Buffer.from(await (await fetch(pictures[0].url)).arrayBuffer());
  assert.equal(sha256(bytes), (await ledger()).entries[0].pictures[0]);
});

// A second opinion (facts 9.3): somebody else's idea of the same API.
test("aimock takes a generation and an edit of ours", options, async () => {
  const picture = drawPng(32, 32, "aimock");
  const mock = new LLMock({ port: 0 });
  mock.onImage("cup", { images: [{ b64Json: picture.toString("base64") }] });
  await mock.start();
  try {
    const account = { base_url: mock.url };
    for (const order of [{}, { references: [drawPng(8, 8, "a").toString("base64")] },
      { references: ["a", "b"].map((seed) => drawPng(8, 8, seed).toString("base64")) }]) {
      const verdict = await call({ ...account, ...order });
      assert.equal(verdict.verdict, "done", verdict.message);
      assert.equal(verdict.pictures[0].sha256, sha256(picture));
    }
    // It answers a wish for a stream with plain JSON, as some servers do.
    const streamed = await call({ ...account, partial_images: 2 });
    assert.equal(streamed.exchanges[0].is_stream, true);
    assert.equal(streamed.verdict, "done");
    assert.equal(streamed.partials, 0);
  } finally {
    await mock.stop();
  }
});
