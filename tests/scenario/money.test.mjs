// What was said to cost so much costs so much, and the book agrees.
import assert from "node:assert/strict";
import { test } from "node:test";

import { openFake, openHouse, until } from "./house.mjs";

const MOCK = { model: "mock", width: 64, height: 64 };
const PRICE = 30000;

async function totals(house) {
  return (await house.get("/usage?by=model")).totals;
}

test("estimated, reserved and settled are one number", async (t) => {
  const house = await openHouse(t, { mock: { latency_ms: 20, price_micro: PRICE } });
  const nodes = Array.from({ length: 3 }, (_, index) => ({ key: `p${index}`,
    operation: "image.generate", parameters: { ...MOCK, prompt: "money", n: index + 1 } }));
  const estimate = await house.post("/runs/estimate", { nodes });
  assert.deepEqual(estimate, { cost_micro: 6 * PRICE, currency: "USD", is_known: true, tasks: 3 });
  assert.deepEqual((await house.get("/runs?state=all")).items, [], "an estimate makes nothing");

  await house.post("/queue/pause", {});
  const run = await house.post("/runs", { nodes });
  assert.equal(run.estimate_micro, 6 * PRICE);
  const [reserved] = await totals(house);
  assert.deepEqual([reserved.reserved_micro, reserved.cost_micro ?? 0, reserved.currency],
    [6 * PRICE, 0, "USD"]);
  await house.post("/queue/resume");
  const done = await house.runEnds(run.id);
  assert.equal(done.cost_micro, 6 * PRICE);
  assert.deepEqual(done.tasks.map((task) => task.cost_micro), [1, 2, 3].map((n) => n * PRICE));
  const [settled] = await totals(house);
  assert.deepEqual([settled.reserved_micro, settled.cost_micro], [0, 6 * PRICE]);
  for (const by of ["day", "provider", "model", "operation"]) {
    const { items } = await house.get(`/usage?by=${by}`);
    assert.equal(items.reduce((sum, item) => sum + item.cost_micro, 0), 6 * PRICE, by);
    assert.equal(items.reduce((sum, item) => sum + item.calls, 0), 3, by);
  }
});

test("what failed or was cancelled before it was sent costs nothing", async (t) => {
  const house = await openHouse(t, { mock: { latency_ms: 20, failure_rate: 1,
    failure_kind: "refused", price_micro: PRICE } });
  const failed = await house.runEnds((await house.run({ ...MOCK, prompt: "no" }, 2)).id);
  assert.equal(failed.state, "failed");
  await house.mock({ latency_ms: 20, price_micro: PRICE });
  await house.post("/queue/pause", {});
  const waiting = await house.run({ ...MOCK, prompt: "never" }, 2);
  assert.equal((await totals(house))[0].reserved_micro, 2 * PRICE);
  await house.post(`/runs/${waiting.id}/cancel`);
  await house.post("/queue/resume");
  const book = await until("nothing is reserved", async () => {
    const [now] = await totals(house);
    return (now?.reserved_micro ?? 0) === 0 ? now ?? {} : null;
  });
  assert.equal(book.cost_micro ?? 0, 0);
});

test("a call that nobody knows the end of stays reserved until a person decides", async (t) => {
  const house = await openHouse(t);
  const fake = await openFake(t);
  await house.addOpenai(fake);
  const order = { prompt: "a lamp", model: "gpt-image-2", width: 1024, height: 1024, quality: "low",
    partial_images: 0 };
  const { cost_micro: price } = await house.post("/runs/estimate", { nodes: [{ key: "a",
    operation: "image.generate", parameters: order }] });
  assert.ok(price > 0);
  await fake.control({ faults: [{ kind: "reset_before_reply" }] });
  const run = await house.run(order);
  await house.taskIs(run.tasks[0].id, "held");
  const doubtful = (await totals(house)).find((total) => total.currency === "USD");
  assert.equal(doubtful.reserved_micro, price, "it may have been paid");
  await house.post(`/tasks/${run.tasks[0].id}/resolve`, { answer: "repeat" });
  const done = await house.taskIs(run.tasks[0].id, "done");
  assert.equal(done.cost_micro, null, "a sum with an unknown part is not known");
  const [unknown, paid] = done.attempts.map((attempt) => attempt.calls[0]);
  assert.equal(unknown.cost_micro, null);
  assert.ok(paid.cost_micro > 0, "the provider said what it used");
  const after = (await totals(house)).find((total) => total.currency === "USD");
  assert.equal(after.reserved_micro, 0);
  assert.equal(after.doubtful_micro, price, "nobody will ever know, and the book says so");
  assert.equal(after.cost_micro, paid.cost_micro, "what is known stands beside it");
});

const limit = (limit_micro, more = {}) =>
  ({ scope: "everyone", period: "month", currency: "USD", limit_micro, ...more });

test("a budget lets through what fits, all of a run or none of it, and survives a kill", async (t) => {
  const house = await openHouse(t, { mock: { latency_ms: 20, price_micro: PRICE } });
  const budget = await house.post("/budgets", limit(5 * PRICE));
  await house.post("/queue/pause", {});
  const order = { ...MOCK, prompt: "money" };
  const first = await house.run(order, 3);
  await assert.rejects(house.run(order, 3), (error) => {
    assert.match(String(error.message), /402/);
    assert.match(String(error.message), /budget_reached/);
    assert.match(String(error.message), /"left":60000,"unit":"USD"/);
    return true;
  });
  const now = async () => (await house.get("/budgets")).items.find((one) => one.id === budget.id);
  assert.deepEqual([(await now()).reserved_micro, (await now()).share], [3 * PRICE, 60]);
  await house.signal("SIGKILL");
  await house.start();
  assert.equal((await now()).reserved_micro, 3 * PRICE);
  await house.post(`/runs/${first.id}/cancel`);
  assert.equal((await now()).left_micro, 5 * PRICE);

  // A person's retry is asked like a new one.
  const second = await house.run(order, 3);
  await assert.rejects(house.post(`/runs/${first.id}/retry`), /budget_reached/);
  await house.post("/queue/resume");
  await house.runEnds(second.id);
  assert.deepEqual([(await now()).cost_micro, (await now()).reserved_micro], [3 * PRICE, 0]);
  await house.patch(`/budgets/${budget.id}`, { limit_micro: 6 * PRICE });
  await house.post(`/runs/${first.id}/retry`);
  await house.runEnds(first.id);
  assert.equal((await now()).share, 100);
});

test("twenty at once get what a budget has for five", async (t) => {
  const house = await openHouse(t, { mock: { latency_ms: 20, price_micro: PRICE } });
  await house.post("/budgets", limit(5 * PRICE, { period: "day" }));
  await house.post("/queue/pause", {});
  const all = await Promise.allSettled(Array.from({ length: 20 }, () =>
    house.run({ ...MOCK, prompt: "at once" })));
  assert.equal(all.filter((one) => one.status === "fulfilled").length, 5);
  assert.equal((await totals(house))[0].reserved_micro, 5 * PRICE);
});
