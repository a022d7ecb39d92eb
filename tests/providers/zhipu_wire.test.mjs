// The zhipu kind over real HTTP, against our fake.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { sha256 } from "./plain.mjs";
import { carry, options } from "./wire.mjs";
import { startFake } from "./zhipu.mjs";

let fake;
before(async () => { fake = await startFake(); });
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const call = (order, how) => carry({ kind: "zhipu", base_url: fake.url, key: "test-key", options: {},
  model: "cogview-4", prompt: "a cup", ...order }, { timeout: 20000, ...how });
const byTask = { options: { async: true } };
const fetched = async (verdict) => Promise.all(verdict.pictures.map(async ({ url, headers }) => {
  assert.deepEqual(headers, []);
  return sha256(Buffer.from(await (await fetch(url)).arrayBuffer()));
}));

for (const [model, order, size, cost] of [
  ["glm-image", {}, "1280x1280", 100000], ["glm-image", { width: 1728, height: 960, quality: "hd" }, "1728x960", 100000],
  ["cogview-4", { width: 512, height: 2048, quality: "standard" }, "512x2048", 60000],
  ["cogview-4-250304", { width: 1440, height: 720, safety_id: "u-0123456789" }, "1440x720", 60000],
  ["cogview-3-flash", { width: 1024, height: 1024 }, "1024x1024", 0]])
  for (const how of [{}, byTask])
    test(`${model} draws ${size} ${how === byTask ? "by task" : "at once"} for ${cost}`, options, async () => {
      await fake.control({ pending: 2 });
      const verdict = await call({ model, ...order, ...how });
      const { entries } = await fake.ledger();
      assert.equal(verdict.verdict, "done", verdict.message);
      assert.deepEqual(await fetched(verdict), entries[0].pictures);
      assert.equal(entries.length, 1);
      assert.equal(entries[0].size, size);
      assert.equal(entries[0].quality, order.quality ?? null);
      assert.equal(entries[0].user_id, order.safety_id ?? null);
      assert.equal(verdict.cost_micro, cost);
      assert.equal(verdict.exchanges.length, how === byTask ? 4 : 1);
    });

test("any script arrives as it left, the same call is the same bytes", options, async () => {
  const prompt = "茶杯 \"quoted\" \\ \u0001 🫖\r\nline";
  await call({ prompt });
  await call({ prompt });
  const { entries } = await fake.ledger();
  assert.equal(entries[0].prompt, prompt);
  assert.equal(entries[0].request_sha256, entries[1].request_sha256);
});

test("a task is asked for after a restart, by its id alone", options, async () => {
  await fake.control({ pending: 2 });
  const waiting = await call(byTask, { polls: 0 });
  assert.equal(waiting.verdict, "wait");
  assert.equal(waiting.poll_after_ms, 3000);
  const verdict = await call({ remote_id: waiting.remote_id });
  const { entries } = await fake.ledger();
  assert.equal(waiting.remote_id, entries[0].task_id);
  assert.deepEqual(await fetched(verdict), entries[0].pictures);
  assert.equal(entries.length, 1);
});

test("a watermark is waived on paper first", options, async () => {
  const verdict = await call({ options: { watermark: false } });
  assert.equal(verdict.failure, "invalid");
  assert.equal(verdict.code, "1214");
});

const error = (code, status) => ({ kind: "error", code, status });
const faults = [
  ...["1000", "1001", "1002", "1003", "1004"].map((code) => [{}, error(code, 401), "auth", "no", -1]),
  ...["1210", "1211", "1212", "1213", "1214"].map((code) => [{}, error(code, 400), "invalid", "no", -1]),
  ...["1302", "1303", "1305"].map((code) => [{}, error(code, 429), "throttled", "no", -1]),
  [{}, error("1113", 429), "quota", "no", -1],
  [{}, error("1301", 400), "refused", "maybe", -1],
  [{}, error("1234", 500), "server", "maybe", -1],
  [{}, error("1302", 200), "throttled", "no", -1],
  [{}, { kind: "status", status: 429, headers: { "retry-after": "2" } }, "throttled", "no", 2000],
  [{}, { kind: "html200" }, "invalid", "no", -1],
  [{}, { kind: "garbage200" }, "unknown", "maybe", -1],
  [{}, { kind: "zero_images" }, "unknown", "maybe", -1],
  [{}, { kind: "filtered" }, "refused", "maybe", -1],
  [{}, { kind: "reset_before_reply" }, "unknown", "maybe", -1],
  [{}, { kind: "cut_mid_body" }, "unknown", "maybe", -1],
  [{}, { kind: "hang" }, "unknown", "maybe", -1],
  [byTask, { kind: "hang" }, "unknown", "maybe", -1],
  [byTask, { kind: "zero_images" }, "result_lost", "maybe", -1],
  [byTask, { kind: "filtered" }, "refused", "maybe", -1],
  [byTask, { kind: "task_failed" }, "remote_failed", "maybe", -1],
  [byTask, { kind: "task_failed", code: "1301", message: "x" }, "refused", "maybe", -1],
  [byTask, { kind: "task_failed", code: "1214", message: "x" }, "remote_failed", "no", -1],
  [byTask, { kind: "task_unknown" }, "invalid", "no", -1],
];
for (const [how, fault, failure, charged, retryAfter] of faults)
  test(`${how === byTask ? "by task, " : ""}${fault.kind} ${fault.status ?? ""} ${fault.code ?? ""} is ${failure}`, options,
    async () => {
      await fake.control({ faults: [fault] });
      const verdict = await call(how, { timeout: fault.kind === "hang" ? 300 : 20000 });
      assert.equal(verdict.verdict, "failed");
      assert.equal(verdict.failure, failure);
      assert.equal(verdict.charged, charged);
      assert.equal(verdict.retry_after_ms, retryAfter);
      assert.equal(verdict.exchanges.filter(({ method }) => method === "POST").length, 1); // nothing is sent twice
    });

test("a wrong key, and one that is echoed", options, async () => {
  assert.equal((await call({ key: "another" })).failure, "auth");
  await fake.control({ faults: [{ kind: "echo_key" }] });
  assert.equal((await call({})).message, "身份验证失败: Bearer ***");
});

test("an unknown model passes through, and the service refuses it", options, async () => {
  const verdict = await call({ model: "cogview-9", width: 300, height: 300 });
  assert.deepEqual([verdict.failure, verdict.code], ["invalid", "1211"]);
});
