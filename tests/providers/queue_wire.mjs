// What the wire tests of queues (fal, Replicate, BFL) have in common; see queue.mjs for the faults.
import assert from "node:assert/strict";
import { test } from "node:test";

import { drawPng } from "./png.mjs";
import { sha256 } from "./queue.mjs";
import { options } from "./wire.mjs";

export const picture = (seed) => drawPng(64, 64, seed).toString("base64");
export const dataUri = (seed) => `data:image/png;base64,${picture(seed)}`;

// The pictures' hashes, fetched as the operation does it: without any header but those the verdict names.
export function fetchAll(verdict) {
  return Promise.all(verdict.pictures.map(async ({ url, headers }) => {
    assert.deepEqual(headers, []);
    return sha256(Buffer.from(await (await fetch(url)).arrayBuffer()));
  }));
}

// What was charged is never called free.
async function checkCharge(fake, verdict) {
  if ((await fake().ledger()).entries.some(({ charged }) => charged)) assert.notEqual(verdict.charged, "no");
}

// How work may end badly: [outcome, class, charged, message].
export function testOutcomes(fake, call, rows) {
  for (const [outcome, failure, charged, message] of rows)
    test(`work that ends ${outcome} is ${failure}`, options, async () => {
      await fake().control({ faults: [{ kind: "run", outcome }] });
      const verdict = await call({});
      assert.equal(verdict.failure, failure);
      assert.equal(verdict.charged, charged);
      assert.match(verdict.message, message);
      await checkCharge(fake, verdict);
    });
}

const DOOR = [
  [{ kind: "status", status: 429, headers: { "retry-after": "2" } }, "throttled", "no", 2000],
  [{ kind: "status", status: 500 }, "server", "maybe", -1],
  [{ kind: "html200" }, "invalid", "no", -1],
  [{ kind: "error200" }, "unknown", "maybe", -1],
  [{ kind: "garbage" }, "unknown", "maybe", -1],
  [{ kind: "echo_key" }, "auth", "no", -1],
  [{ kind: "hang" }, "unknown", "maybe", -1],
  [{ kind: "reset_before_reply" }, "unknown", "maybe", -1],
  [{ kind: "cut_mid_body" }, "unknown", "maybe", -1],
];

// Of a submission: [fault, class, charged, retry_after_ms], beside those that all services have.
export function testDoor(fake, call, key, rows) {
  for (const [fault, failure, charged, retryAfter] of [...DOOR, ...rows])
    test(`a submission with ${fault.kind} ${fault.status ?? ""} is ${failure}`, options, async () => {
      await fake().control({ faults: [fault] });
      const verdict = await call({}, { timeout: 300 });
      assert.equal(verdict.verdict, "failed");
      assert.equal(verdict.failure, failure);
      assert.equal(verdict.charged, charged);
      assert.equal(verdict.retry_after_ms, retryAfter);
      assert.equal(verdict.exchanges.length, 1); // nothing is ever sent again blindly
      assert.ok(!verdict.message.includes(key));
      await checkCharge(fake, verdict);
    });
}

const POLLS = [
  [{ kind: "status", status: 500 }, "server"],
  [{ kind: "status", status: 429, headers: { "retry-after": "1" } }, "throttled"],
  [{ kind: "hang" }, "unknown"],
  [{ kind: "cut_mid_body" }, "unknown"],
  [{ kind: "garbage" }, "unknown"],
  [{ kind: "html200" }, "invalid"],
  [{ kind: "echo_key" }, "auth"],
];

// A poll that failed says nothing about the work; nor does a restart of ours.
export function testPolls(fake, call) {
  for (const [fault, failure] of POLLS)
    test(`a poll with ${fault.kind} ${fault.status ?? ""} is ${failure}, and the next one finds the work`, options,
      async () => {
        await fake().control({ poll_faults: [fault] });
        const first = await call({}, { timeout: 300 });
        const second = await call({ remote_id: first.verdicts[0].remote_id });
        assert.equal(first.failure, failure);
        assert.equal(second.verdict, "done");
        assert.equal((await fake().ledger()).entries.length, 1);
      });
  test("a remote id is enough to go on after a restart, and pays nothing again", options, async () => {
    await fake().control({ polls: 2 });
    const first = await call({}, { polls: 0 });
    const second = await call({ remote_id: first.remote_id });
    const { entries } = await fake().ledger();
    assert.equal(first.verdict, "wait");
    assert.deepEqual(await fetchAll(second), entries[0].pictures);
    assert.equal(entries.length, 1);
  });
  test("a prompt in any script arrives as it left", options, async () => {
    const prompt = "茶杯 \"quoted\" \\ \u0001 🫖\r\nline";
    await call({ prompt });
    assert.equal((await fake().ledger()).entries[0].input.prompt, prompt);
  });
}
