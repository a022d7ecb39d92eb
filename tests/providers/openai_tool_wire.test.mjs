// Pictures by the openai kind through the Responses API, over real HTTP against our fake.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { startFake } from "./openai.mjs";
import { drawPng } from "./png.mjs";
import { carry, options } from "./wire.mjs";

let fake;
before(async () => { fake = await startFake({ key: "test-key" }); });
after(() => fake.close());
const control = (body) => fetch(`${fake.url}/__control`, { method: "POST", body: JSON.stringify(body) });
const ledger = async () => (await fetch(`${fake.url}/__ledger`)).json();
beforeEach(() => control({ reset: true }));

const call = ({ options: more, ...order } = {}, how) => carry({ kind: "openai", base_url: fake.url, key: "test-key",
  options: { profile: "openai", images_api: "responses", ...more }, model: "gpt-image-2", prompt: "a cup", ...order }, how);
const cost = ({ usage, tool_usage: { image_gen } }) => usage.input_tokens * 2 + usage.output_tokens * 10
  + image_gen.input_tokens_details.text_tokens * 5 + image_gen.input_tokens_details.image_tokens * 8
  + image_gen.output_tokens * 30;

test("a picture at once, at the cost of both models", options, async () => {
  const verdict = await call({ width: 1024, height: 768, quality: "low", idempotency_key: "call-1" });
  const [entry] = (await ledger()).entries;
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual(verdict.pictures.map((picture) => picture.sha256), entry.pictures);
  assert.equal(entry.size, "1024x768");
  assert.equal(entry.quality, "low");
  assert.equal(entry.action, "generate");
  assert.equal(entry.main, "gpt-6-sol");
  assert.equal(entry.idempotency_key, "call-1");
  assert.equal(verdict.cost_micro, cost(entry));
});

test("an edit with pictures and a mask arrives whole", options, async () => {
  const files = ["a", "b"].map((seed) => drawPng(64, 64, seed));
  const mask = drawPng(64, 64, "mask");
  const verdict = await call({ references: files.map((one) => one.toString("base64")), mask: mask.toString("base64"),
    options: { responses_model: "gpt-6-luna" } });
  const [entry] = (await ledger()).entries;
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.equal(entry.action, "edit");
  assert.equal(entry.main, "gpt-6-luna");
  assert.deepEqual(entry.files.map((file) => file.size), files.map((file) => file.length));
  assert.equal(entry.mask.size, mask.length);
});

for (const piece of [1, 7, 4096])
  test(`a stream read in pieces of ${piece}`, options, async () => {
    const verdict = await call({ partial_images: 2 }, { piece });
    const [entry] = (await ledger()).entries;
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.equal(verdict.partials, 2);
    assert.equal(verdict.pictures.length, 1);
    assert.equal(verdict.pictures[0].sha256, entry.pictures[0]);
    assert.equal(verdict.cost_micro, cost(entry));
  });

test("background work is asked for until it is done, and outlives a restart", options, async () => {
  await control({ faults: [{ kind: "polls", count: 3 }] });
  const first = await call({ options: { responses_background: true }, partial_images: 2 }, { polls: 0 });
  assert.equal(first.verdict, "wait");
  assert.match(first.remote_id, /^resp_/);
  assert.equal(first.exchanges.length, 1);
  const verdict = await call({ options: { responses_background: true }, remote_id: first.remote_id });
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.equal(verdict.exchanges.length, 4);
  const { entries } = await ledger();
  assert.equal(entries.length, 1); // asking costs nothing
  assert.equal(verdict.pictures[0].sha256, entries[0].pictures[0]);
  assert.equal(verdict.cost_micro, cost(entries[0]));
});

for (const [fault, failure, charged, times] of [
  [{ kind: "failed", code: "server_error" }, "remote_failed", "maybe", 0],
  [{ kind: "failed", code: "moderation_blocked" }, "refused", "maybe", 0],
  [{ kind: "tool_failed", code: "server_error", type: "server_error" }, "remote_failed", "yes", 0],
  [{ kind: "no_tool" }, "result_lost", "yes", 0],
  [{ kind: "not_base64" }, "result_lost", "yes", 1],
  [{ kind: "forgotten" }, "invalid", "no", 1],
])
  test(`in the background ${fault.kind} ${fault.code ?? ""} is ${failure}`, options, async () => {
    await control({ faults: [fault] });
    const verdict = await call({ options: { responses_background: true } });
    assert.deepEqual([verdict.verdict, verdict.failure, verdict.charged], ["failed", failure, charged]);
    assert.deepEqual(verdict.exchanges.map(({ method }) => method),
      fault.kind === "forgotten" ? ["POST", "GET"] : ["POST", "GET", "GET"]);
    assert.equal((await ledger()).entries.length, times);
  });

test("a response that nobody knows any more is invalid", options, async () => {
  assert.equal((await call({ remote_id: "resp_none" })).failure, "invalid");
});

test("what the tool does not know is left out", options, async () => {
  await control({ faults: [{ kind: "unknown_parameter", name: "safety_identifier" }] });
  const verdict = await call({ quality: "low", safety_id: "u" });
  const [entry] = (await ledger()).entries;
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.equal(verdict.dropped, "safety_identifier");
  assert.deepEqual(verdict.exchanges.map(({ body }) =>
    "safety_identifier" in JSON.parse(Buffer.from(body, "base64"))), [true, false]);
  assert.equal(entry.quality, "low");
});

test("a refusal that names nothing leaves nothing out", options, async () => {
  await control({ faults: [{ kind: "status", status: 400, code: "unknown_parameter" }] });
  const verdict = await call({ quality: "low" });
  assert.equal(verdict.failure, "invalid"); // it named nothing
  assert.equal(verdict.exchanges.length, 1);
});

for (const [fault, failure, charged] of [
  [{ kind: "tool_failed", code: "moderation_blocked" }, "refused", "yes"],
  [{ kind: "tool_failed", code: "server_error", type: "server_error" }, "server", "yes"],
  [{ kind: "no_tool" }, "unknown", "yes"],
  [{ kind: "truncated_base64" }, "unknown", "yes"],
  [{ kind: "not_base64" }, "unknown", "yes"],
  [{ kind: "status", status: 429, code: "rate_limit_exceeded" }, "throttled", "no"],
  [{ kind: "status", status: 500, code: "server_error" }, "server", "maybe"],
  [{ kind: "html200" }, "invalid", "no"],
  [{ kind: "error200" }, "server", "maybe"],
  [{ kind: "reset_before_reply" }, "unknown", "maybe"],
  [{ kind: "cut_mid_body" }, "unknown", "maybe"],
])
  test(`${fault.kind} ${fault.code ?? ""} is ${failure}`, options, async () => {
    await control({ faults: [fault] });
    const verdict = await call({}, { timeout: 300 });
    assert.equal(verdict.verdict, "failed");
    assert.equal(verdict.failure, failure);
    assert.equal(verdict.charged, charged);
    assert.equal(verdict.exchanges.length, 1); // nothing is ever sent again blindly
    if ((await ledger()).entries.length > 0) assert.notEqual(verdict.charged, "no");
  });

for (const [kind, type, failure] of [["stream_cut", "failed", "unknown"], ["stream_error", "failed", "server"],
  ["split", "done", "none"]])
  test(`a stream with ${kind} is ${failure}`, options, async () => {
    await control({ faults: [{ kind }] });
    const verdict = await call({ partial_images: 2 });
    assert.equal(verdict.verdict, type);
    assert.equal(verdict.failure, failure);
  });

test("several pictures in one call are refused", options, async () => {
  assert.equal((await call({ count: 2 })).refused.field, "count");
});
