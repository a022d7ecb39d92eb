// The ark kind over real HTTP: against our fake, which keeps a ledger, and against aimock, which other people wrote.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { LLMock } from "@copilotkit/aimock";

import { startFake } from "./ark.mjs";
import { drawPng } from "./png.mjs";
import { sha256 } from "./volc_fake.mjs";
import { carry, options } from "./wire.mjs";

const PRO = "doubao-seedream-5-0-pro-260628";
const LITE = "doubao-seedream-5-0-260128";

let fake;
before(async () => { fake = await startFake({ key: "test-key" }); });
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const call = (order, how) => carry({ kind: "ark", base_url: fake.url, key: "test-key", options: {}, model: PRO,
  prompt: "a cup", ...order }, how);
const base64 = (seed) => drawPng(64, 64, seed).toString("base64");

test("a generation: our picture is the one in the ledger, without a watermark", options, async () => {
  const verdict = await call({ width: 1024, height: 1024 });
  const { entries } = await fake.ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual(verdict.pictures.map((picture) => picture.sha256), entries[0].pictures);
  assert.equal(entries[0].size, "1024x1024");
  assert.equal(entries[0].watermark, false);
  assert.equal(verdict.cost_micro, 300000);
  assert.match(verdict.request_id, /^02/);
});

for (const model of [PRO, "doubao-seedream-5-0-flash-260915", LITE, "doubao-seedream-4-5-251128",
  "doubao-seedream-4-0-250828", "doubao-seedream-3-0-t2i-250415"])
  test(`${model} is sent nothing that it refuses`, options, async () => {
    const verdict = await call({ model, partial_images: 2, background: "auto",
      options: { tier: "4K", optimize_prompt: "default", web_search: true } });
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.equal(verdict.exchanges.length, 1);
  });

test("a picture is taken apart: its layers come as addresses, each at a picture's price", options, async () => {
  const verdict = await call({ references: [base64("whole")], width: 1024, height: 1024,
    settings: { layer_decomposition: true, optimize_prompt: "fast", watermark: true } });
  const { entries: [entry] } = await fake.ledger();
  assert.equal(verdict.verdict, "done", verdict.message ?? JSON.stringify(verdict.refused));
  assert.equal(verdict.pictures.length, 4);
  assert.ok(verdict.pictures.every(({ url, headers }) => url && headers.length === 0));
  assert.equal(entry.watermark, true);
  assert.equal(verdict.cost_micro, 4 * 300000);
});

test("web search is asked for by the call", options, async () => {
  assert.equal((await call({ model: LITE, settings: { web_search: true } })).verdict, "done");
  assert.equal((await call({ settings: { web_search: true } })).refused.field, "options.web_search");
});

for (const count of [1, 2, 10])
  test(`an edit with ${count} reference(s) arrives whole`, options, async () => {
    const files = Array.from({ length: count }, (_, index) => base64(`${index}`));
    const verdict = await call({ references: files });
    const { entries } = await fake.ledger();
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.deepEqual(entries[0].images, files.map((file) => sha256(Buffer.from(file, "base64"))));
    assert.equal(verdict.cost_micro, 600000 + 20000 * (count - 1));
  });

test("a prompt in any script arrives as it left", options, async () => {
  const prompt = "茶杯 \"quoted\" \\ \u0001 🫖\r\nline";
  await call({ prompt });
  assert.equal((await fake.ledger()).entries[0].prompt, prompt);
});

test("a large group comes as addresses, fetched without the key", options, async () => {
  const verdict = await call({ model: LITE, count: 12, options: { tier: "4K" } });
  assert.equal(verdict.pictures.length, 12);
  assert.equal(verdict.missing, "");
  assert.equal(verdict.cost_micro, 12 * 220000);
  const { entries } = await fake.ledger();
  for (const [index, picture] of verdict.pictures.entries()) {
    assert.deepEqual(picture.headers, []);
    assert.equal(sha256(Buffer.from(await (await fetch(picture.url)).arrayBuffer())), entries[0].pictures[index]);
  }
});

test("a group may be smaller, and may lose pictures: both are told", options, async () => {
  await fake.control({ group_size: 2 });
  const smaller = await call({ model: LITE, count: 4 });
  assert.equal(smaller.pictures.length, 2);
  assert.equal(smaller.missing, "the model chose to make 2 of 4 pictures");
  await fake.control({ reset: true, faults: [{ kind: "item_errors", items: [1] }] });
  const refused = await call({ model: LITE, count: 3 });
  assert.equal(refused.pictures.length, 2);
  assert.match(refused.missing, /sensitive/);
  assert.equal(refused.cost_micro, 2 * 220000);
  await fake.control({ reset: true, faults: [{ kind: "item_errors", items: [0, 1] }] });
  const none = await call({ model: LITE, count: 2 });
  assert.equal(none.failure, "refused");
  assert.equal(none.charged, "no");
});

for (const piece of [1, 7, 4096])
  test(`a streamed group read in pieces of ${piece}`, options, async () => {
    const verdict = await call({ model: LITE, count: 3, partial_images: 2 }, { piece });
    const { entries } = await fake.ledger();
    assert.equal(verdict.exchanges[0].is_stream, true);
    assert.equal(verdict.verdict, "done");
    assert.equal(verdict.partials, 3);
    assert.deepEqual(verdict.pictures.map((picture) => picture.sha256), entries[0].pictures);
    assert.equal(verdict.cost_micro, 3 * 220000);
  });

test("a stream that breaks keeps what came", options, async () => {
  await fake.control({ faults: [{ kind: "stream_cut" }] });
  const verdict = await call({ model: LITE, count: 3, partial_images: 2 });
  assert.equal(verdict.verdict, "done");
  assert.equal(verdict.pictures.length, 1);
  assert.equal(verdict.missing, "the connection broke before the last picture came");
});

test("a stream cut into pieces of three bytes is the same stream", options, async () => {
  await fake.control({ faults: [{ kind: "split" }] });
  assert.equal((await call({ model: LITE, count: 2, partial_images: 2 })).pictures.length, 2);
});

test("what the model does not take is left out, once for each field it names", options, async () => {
  await fake.control({ faults: [{ kind: "unsupported", name: "output_format" }] });
  const verdict = await call({ model: LITE, format: "png" });
  assert.deepEqual(verdict.exchanges.map((exchange) =>
    "output_format" in JSON.parse(Buffer.from(exchange.body, "base64"))), [true, false]);
  assert.equal(verdict.verdict, "done");
  assert.equal(verdict.dropped, "output_format");
  assert.equal((await fake.ledger()).entries.length, 1);
});

const error = (code) => ({ error: { code, message: "as ordered", param: "", type: "x" } });
const faults = [
  [{ kind: "status", status: 429, body: error("RateLimitExceeded.x"), headers: { "retry-after": "2" } }, "throttled", "no",
    2000],
  [{ kind: "status", status: 429, body: error("SetLimitExceeded") }, "quota", "no", -1],
  [{ kind: "status", status: 403, body: error("AccountOverdueError") }, "quota", "no", -1],
  [{ kind: "status", status: 404, body: error("ModelNotOpen") }, "invalid", "no", -1],
  [{ kind: "status", status: 500, body: error("InternalServiceError") }, "server", "no", -1],
  [{ kind: "status", status: 529, body: {} }, "throttled", "no", -1],
  [{ kind: "html200" }, "invalid", "no", -1],
  [{ kind: "error200" }, "server", "no", -1],
  [{ kind: "zero_images" }, "unknown", "maybe", -1],
  [{ kind: "truncated_base64" }, "unknown", "yes", -1],
  [{ kind: "not_base64" }, "unknown", "yes", -1],
  [{ kind: "reset_before_reply" }, "unknown", "maybe", -1],
  [{ kind: "cut_mid_body" }, "unknown", "maybe", -1],
  [{ kind: "hang" }, "unknown", "maybe", -1],
];
for (const [fault, failure, charged, retryAfter] of faults)
  test(`${fault.kind} ${fault.status ?? ""} ${fault.body?.error?.code ?? ""} is ${failure}`, options, async () => {
    await fake.control({ faults: [fault] });
    const verdict = await call({}, { timeout: 300 });
    assert.equal(verdict.verdict, "failed");
    assert.equal(verdict.failure, failure);
    assert.equal(verdict.charged, charged);
    assert.equal(verdict.retry_after_ms, retryAfter);
    assert.equal(verdict.exchanges.length, 1); // nothing is ever sent again blindly
    // What was charged is never called free.
    if ((await fake.ledger()).entries.some((entry) => entry.usage.generated_images > 0))
      assert.notEqual(verdict.charged, "no");
  });

test("an echoed key is masked, a blocked prompt refused, a bad key told", options, async () => {
  await fake.control({ faults: [{ kind: "echo_key" }] });
  const echoed = await call({});
  assert.equal(echoed.failure, "auth");
  assert.match(echoed.message, /Bearer \*\*\* is not valid/);
  const blocked = await call({ prompt: "[blocked] cup" });
  assert.equal(blocked.failure, "refused");
  assert.equal(blocked.charged, "no");
  assert.equal((await call({ key: "other-key" })).failure, "auth");
  assert.equal((await fake.ledger()).entries.length, 0);
});

test("text: pictures are seen, a schema is kept to", options, async () => {
  const ask = { action: "write", model: "doubao-seed-2-1-pro-260628", references: [base64("a"), base64("b")] };
  const plain = await call({ ...ask, options: { thinking: "disabled" } });
  assert.equal(plain.text, "I saw 2 pictures.");
  const schema = { ...ask, schema: "{\"type\":\"object\"}", schema_name: "sight" };
  assert.deepEqual(JSON.parse((await call(schema)).text), { pictures: 2 });
  await fake.control({ faults: [{ kind: "unsupported", name: "response_format" }] });
  const told = await call(schema);
  assert.deepEqual(JSON.parse(told.text), { pictures: 2 });
  assert.equal(told.dropped, "response_format");
  const { entries } = await fake.ledger();
  assert.deepEqual(entries.map((entry) => entry.schema), [null, "sight", null]);
  assert.equal(entries[0].thinking, "disabled");
  assert.deepEqual(entries[0].images, ["a", "b"].map((seed) => sha256(drawPng(64, 64, seed))));
});

// A second opinion (facts 9.3): somebody else's idea of the same API.
test("aimock takes a generation, an edit and a question of ours", options, async () => {
  const picture = drawPng(32, 32, "aimock");
  const mock = new LLMock({ port: 0 });
  mock.onImage("cup", { images: [{ b64Json: picture.toString("base64") }] });
  mock.onMessage("cup", { content: "A cup." });
  await mock.start();
  try {
    for (const order of [{}, { references: [base64("a")] }, { model: LITE, count: 2, partial_images: 2 }]) {
      const verdict = await call({ base_url: `${mock.url}/api/v3`, ...order });
      assert.equal(verdict.verdict, "done", verdict.message);
      assert.equal(verdict.pictures[0].sha256, sha256(picture));
    }
    const text = await call({ base_url: `${mock.url}/api/v3`, action: "write", model: "doubao-seed-2-1-pro-260628" });
    assert.equal(text.text, "A cup.", text.message);
  } finally {
    await mock.stop();
  }
});
