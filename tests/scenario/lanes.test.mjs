// One account, several models: what holds one of them back, its bounds or its service, holds back no other.
import assert from "node:assert/strict";
import { test } from "node:test";

import { openFake, openHouse, until } from "./house.mjs";

const ORDER = { prompt: "a blue cup", width: 1024, height: 1024, quality: "low", partial_images: 0 };
const [BOUNDED, FREE] = ["gpt-image-1-mini", "gpt-image-2"];

async function open(t, fake, limits) {
  const house = await openHouse(t);
  const account = await house.addOpenai(fake, { concurrency: 4 });
  if (limits)
    await house.patch(`/providers/${account.id}`, { models: [{ ...AS_IT_IS, limits }] });
  const order = (model) => ({ ...ORDER, model: `${account.id}/${model}` });
  const lane = async () => (await house.get("/queue")).providers.find((one) => one.id === account.id);
  const model = async (name) => (await lane()).models.find((one) => one.name === name);
  return { house, account, order, lane, model };
}

const AS_IT_IS = { name: BOUNDED, is_enabled: true, is_default: false, price_micro: -1 };

// When each of them was with its provider.
async function spans(house, tasks) {
  const found = await Promise.all(tasks.map((task) => house.get(`/tasks/${task.id}`)));
  return found.flatMap((task) => task.attempts.flatMap((attempt) => attempt.calls)
    .filter((call) => call.state === "finished")
    .map((call) => ({ from: Date.parse(call.sent_at), to: Date.parse(call.ended_at) })))
    .sort((a, b) => a.from - b.from);
}

test("a model's bound holds, also after kill -9, and the account's other model goes on", async (t) => {
  const fake = await openFake(t);
  const { house, order, model } = await open(t, fake, { concurrency: 1, per_minute: 0, units_per_minute: 0 });
  await fake.control({ latency_ms: 700 });
  const bounded = await house.run(order(BOUNDED), 4);
  const free = await house.run(order(FREE), 3);
  assert.equal((await house.runEnds(free.id)).state, "done");
  assert.ok(!(await house.get(`/runs/${bounded.id}`)).finished_at, "the bounded ones take longer");
  const told = await model(BOUNDED);
  assert.deepEqual([told.capacity, told.allowed], [1, 1]);
  await house.signal("SIGKILL");
  await house.start();
  await until("all done", async () => {
    const { tasks } = await house.get(`/runs/${bounded.id}`);
    for (const task of tasks)
      if (task.state === "held" && task.hold_reason === "unknown")
        await house.post(`/tasks/${task.id}/resolve`, { answer: "repeat" });
    return tasks.every((task) => task.state === "done");
  });
  const [one, other] = [await spans(house, bounded.tasks), await spans(house, free.tasks)];
  assert.deepEqual([one.length, other.length], [4, 3]);
  for (let index = 1; index < one.length; index++)
    assert.ok(one[index].from >= one[index - 1].to, `${index} waits for the one before`);
  assert.ok(other[1].from < other[0].to, "the free ones run beside each other");
  assert.ok(other[0].from < one[1].from, "and beside the first bounded one");
});

test("a 429 of one model rests that model alone, and says until when", async (t) => {
  const fake = await openFake(t);
  const { house, order, lane, model } = await open(t, fake);
  await fake.control({ faults: [{ kind: "status", status: 429, retry_after: 30, code: "rate_limit_exceeded" }] });
  const [task] = (await house.run(order(BOUNDED))).tasks;
  await until("it rests", async () => (await model(BOUNDED))?.pause_until);
  const rested = await model(BOUNDED);
  assert.equal(rested.reason, "throttled");
  assert.ok(rested.allowed < rested.capacity, "and has learned");
  assert.ok(Date.parse(rested.pause_until) > Date.now() + 20000, rested.pause_until);
  const free = await house.run(order(FREE), 2);
  assert.equal((await house.runEnds(free.id)).state, "done");
  assert.equal((await house.get(`/tasks/${task.id}`)).state, "ready");
  assert.equal((await lane()).pause_until, null, "not all of it rests");
});

const usedUp = (reset) => ({ headers: { "x-ratelimit-limit-requests": "5", "x-ratelimit-remaining-requests": "0",
  "x-ratelimit-reset-requests": reset } });

test("what is used up is not asked for until its service says there is some again", async (t) => {
  const fake = await openFake(t);
  const { house, order, model } = await open(t, fake);
  await fake.control(usedUp("2s"));
  assert.equal((await house.runEnds((await house.run(order(BOUNDED))).id)).state, "done");
  await fake.control({ headers: {} }); // from here on it would answer
  const { state, tasks } = await house.runEnds((await house.run(order(BOUNDED), 2)).id);
  assert.equal(state, "done");
  for (const task of await Promise.all(tasks.map((one) => house.get(`/tasks/${one.id}`))))
    assert.equal(task.attempts.length, 1, "nothing was tried in vain");
  const [first, ...later] = (await fake.ledger()).entries;
  assert.equal(later.length, 2);
  for (const one of later)
    assert.ok(one.at >= first.at + 2000, `asked ${one.at - first.at} ms after it had nothing left`);
  assert.equal((await model(BOUNDED))?.pause_until ?? null, null);
});

test("a model that is used up says so, rests alone, and is asked again when its owner looked", async (t) => {
  const fake = await openFake(t);
  const { house, account, order, lane, model } = await open(t, fake);
  await fake.control(usedUp("1m0s"));
  const started = Date.now();
  assert.equal((await house.runEnds((await house.run(order(BOUNDED))).id)).state, "done");
  const rested = await model(BOUNDED);
  assert.equal(rested.reason, "used_up");
  assert.deepEqual([rested.allowed, rested.breaker], [rested.capacity, "closed"], "and has learned nothing");
  assert.ok(Date.parse(rested.pause_until) >= started + 60000, rested.pause_until);
  assert.ok(Date.parse(rested.pause_until) <= Date.now() + 66000, rested.pause_until);
  await fake.control({ headers: {} });
  const waits = await house.run(order(BOUNDED), 2);
  assert.equal((await house.runEnds((await house.run(order(FREE), 2)).id)).state, "done");
  assert.equal((await lane()).pause_until, null, "not all of it rests");
  for (const task of waits.tasks) assert.equal((await house.get(`/tasks/${task.id}`)).state, "ready");
  await house.patch(`/providers/${account.id}`, { concurrency: 3 });
  assert.equal((await house.runEnds(waits.id)).state, "done");
});

test("what rests when its account is deleted fails at once and says why, also after kill -9", async (t) => {
  const fake = await openFake(t);
  const { house, account, order, model } = await open(t, fake);
  await fake.control({ faults: [{ kind: "status", status: 429, retry_after: 300, code: "rate_limit_exceeded" }] });
  const throttled = await house.run(order(BOUNDED));
  await until("it rests", async () => (await model(BOUNDED))?.pause_until);
  const behind = await house.run(order(BOUNDED));
  await house.post("/queue/pause", {}); // so that they still wait when it dies
  await house.call("DELETE", `/providers/${account.id}`);
  await house.signal("SIGKILL");
  await house.start();
  await house.post("/queue/resume");
  for (const run of [throttled, behind]) {
    const { state, tasks } = await house.runEnds(run.id);
    assert.equal(state, "failed");
    assert.match(tasks[0].error.message, /was deleted/);
    assert.equal(tasks[0].cost_micro, 0);
  }
});

test("a model whose service breaks down is left alone, says so, and is tried by one for all", async (t) => {
  const fake = await openFake(t);
  const { house, account, order, lane, model } = await open(t, fake);
  const told = async () => (await house.get(`/providers/${account.id}/health`)).breakers;
  // What is answered well takes longer than the five faults together.
  await fake.control({ latency_ms: 700, faults: Array.from({ length: 5 }, () => ({ kind: "status", status: 500 })) });
  const run = await house.run(order(BOUNDED), 5); // five in trouble within half a minute
  await until("it is left alone", async () => (await model(BOUNDED))?.breaker === "open");
  const opened = await model(BOUNDED);
  await fake.control({ latency_ms: 0 });
  assert.equal(opened.reason, "breaker");
  const until_ms = Date.parse(opened.pause_until);
  assert.ok(until_ms > Date.now() && until_ms < Date.now() + 13000, opened.pause_until);
  assert.deepEqual([opened.failure, opened.failures_in_row, opened.breaker_until],
    ["server", 5, opened.pause_until]);
  assert.deepEqual(await told(), [{ model: BOUNDED, breaker: "open", failure: "server", failures_in_row: 5,
    until: opened.breaker_until }]);
  const asked = (await fake.ledger()).requests.length;
  const free = await house.run(order(FREE), 2);
  assert.equal((await house.runEnds(free.id)).state, "done");
  assert.ok(Date.now() < until_ms, "the account's other model did not wait for it");
  assert.equal((await lane()).pause_until, null);
  assert.equal((await fake.ledger()).requests.length - asked, 2, "nobody asked for the one in trouble");
  await fake.control({ latency_ms: 700 }); // so that the first one is seen
  await until("one tries for all", async () => (await model(BOUNDED)).breaker === "half_open", 30000);
  assert.deepEqual(await told(), [{ model: BOUNDED, breaker: "half_open", failure: "server", failures_in_row: 5,
    until: null }]);
  assert.equal((await model(BOUNDED)).capacity, 4);
  assert.equal((await house.runEnds(run.id, 60000)).state, "done");
  await fake.control({ latency_ms: 1000 });
  const after = await house.run(order(BOUNDED), 2);
  await until("both are asked for at once", async () => (await model(BOUNDED))?.running === 2);
  assert.deepEqual([(await model(BOUNDED)).breaker, (await model(BOUNDED)).pause_until], ["closed", null]);
  assert.deepEqual([(await model(BOUNDED)).failure, await told()], ["", []]);
  assert.equal((await house.runEnds(after.id)).state, "done");
});

test("a bound that is lifted while they wait lets them go at once", async (t) => {
  const fake = await openFake(t);
  const { house, account, order } = await open(t, fake, { concurrency: 0, per_minute: 1, units_per_minute: 0 });
  const run = await house.run(order(BOUNDED), 2);
  const free = await house.run(order(FREE));
  assert.equal((await house.runEnds(free.id)).state, "done");
  const { tasks } = await house.get(`/runs/${run.id}`);
  assert.ok(tasks.every((task) => task.state === "ready"), "the minute begins empty");
  const limits = { concurrency: 0, per_minute: 0, units_per_minute: 0 };
  await house.patch(`/providers/${account.id}`, { models: [{ ...AS_IT_IS, limits }] });
  assert.equal((await house.runEnds(run.id)).state, "done");
});

const paused = (is_paused) => ({ models: [{ ...AS_IT_IS, limits: { concurrency: 0, per_minute: 0, units_per_minute: 0,
  is_paused } }] });

test("a paused model keeps what waits for it, also after kill -9, and lets it go when it may", async (t) => {
  const fake = await openFake(t);
  const { house, account, order, lane, model } = await open(t, fake);
  const other = await house.addOpenai(fake, { name: "stand-in" });
  await house.patch(`/providers/${account.id}`, { stand_ins: [other.id] });
  await fake.control({ latency_ms: 1500 });
  const underWay = await house.run(order(BOUNDED));
  await until("it is asked for", async () => (await fake.ledger()).requests.length === 1);
  await house.patch(`/providers/${account.id}`, paused(true));
  const waits = await house.run(order(BOUNDED), 2);
  assert.equal((await house.runEnds(underWay.id)).state, "done", "what is under way goes on");
  await fake.control({ latency_ms: 0 });
  const stillWaits = async () => {
    assert.equal((await house.runEnds((await house.run(order(FREE), 2)).id)).state, "done");
    const { tasks } = await house.get(`/runs/${waits.id}`);
    assert.ok(tasks.every((task) => task.state === "ready" && task.provider_id === account.id), JSON.stringify(tasks));
    assert.deepEqual([(await model(BOUNDED)).is_paused, (await model(BOUNDED)).waiting], [true, 2]);
    assert.equal((await lane()).is_paused, false);
    const health = await house.get(`/providers/${account.id}/health`);
    assert.deepEqual([health.lane, health.paused_models], ["open", [BOUNDED]]);
  };
  await stillWaits();
  await house.signal("SIGKILL");
  await house.start();
  await stillWaits();
  // Who changes other bounds and never heard of pauses lets nothing go.
  await house.patch(`/providers/${account.id}`, { models: [{ ...AS_IT_IS,
    limits: { concurrency: 1, per_minute: 0, units_per_minute: 0 } }] });
  await stillWaits();
  await house.patch(`/providers/${account.id}`, paused(false));
  const { state, tasks } = await house.runEnds(waits.id);
  assert.equal(state, "done");
  for (const task of await Promise.all(tasks.map((one) => house.get(`/tasks/${one.id}`))))
    assert.equal(task.attempts.length, 1, "nothing was tried in vain");
  assert.equal((await fake.ledger()).entries.length, 1 + 2 + 3 * 2, "nothing was lost and nothing paid for twice");
});

test("what waits for a paused model of a deleted account fails at once and says why", async (t) => {
  const fake = await openFake(t);
  const { house, account, order } = await open(t, fake);
  await house.patch(`/providers/${account.id}`, paused(true));
  const run = await house.run(order(BOUNDED));
  await house.call("DELETE", `/providers/${account.id}`);
  const { state, tasks } = await house.runEnds(run.id);
  assert.equal(state, "failed");
  assert.match(tasks[0].error.message, /was deleted/);
});
