// What was said to cost so much costs so much, and the book agrees.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

import { BINARY, openFake, openHouse, until } from "./house.mjs";

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

const execute = promisify(execFile);

// Every rule of the rows and of the sums holds, whatever is under way.
async function isSound(house) {
  const { stdout } = await execute(BINARY, ["doctor"], { env: house.environment(), cwd: house.data });
  assert.match(stdout, /faults: 0\n/, stdout);
}

// What a request is refused with, whole.
async function refusal(house, path, body) {
  const reply = await house.call("POST", path, { body });
  assert.ok(reply.status >= 400, `${path} was taken`);
  return reply.json;
}

test("a model's budget is of that model alone, and exact after kills before and amid the work", async (t) => {
  const house = await openHouse(t, { mock: { latency_ms: 20, price_micro: PRICE } });
  const account = (await house.get("/providers")).items.find((one) => one.kind === "mock");
  const of = (model, units, more) => limit(units * PRICE,
    { scope: "model", who_id: account.id, model, period: "day", ...more });
  const order = { ...MOCK, prompt: "money" };
  const fast = { ...order, model: "mock-fast" };

  const wrong = await refusal(house, "/budgets", of("mock-slow", 5));
  assert.deepEqual([wrong.code, wrong.field], ["not_in_list", "model"]);
  const budgets = [await house.post("/budgets", of("mock", 5)),
    await house.post("/budgets", of("mock-fast", 100, { period: "month" }))];
  const taken = await refusal(house, "/budgets", of("mock", 7));
  assert.deepEqual([taken.code, taken.field], ["conflict", "period"]);
  const sums = async () => {
    const { items } = await house.get("/budgets");
    return budgets.map(({ id }) => items.find((one) => one.id === id))
      .map((one) => [one.cost_micro / PRICE, one.reserved_micro / PRICE, one.doubtful_micro]);
  };

  const node = (key, parameters) => ({ key, operation: "image.generate", parameters });
  await house.post("/queue/pause", {});
  const first = await house.run(order, 3);
  const refused = await refusal(house, "/runs", { nodes: ["a", "b", "c"].map((key) => node(key, order)) });
  assert.deepEqual([refused.code, refused.field, refused.whose, refused.left],
    ["budget_reached", "budget.day.model", "mock · mock", 2 * PRICE]);
  const mixed = await house.post("/runs", { nodes: [node("a", order), node("b", fast),
    node("c", order), node("d", fast)] });
  const others = await house.run(fast, 4);
  assert.equal((await refusal(house, "/runs", { nodes: [node("a", order)] })).left, 0);
  assert.deepEqual(await sums(), [[0, 5, 0], [0, 6, 0]]);

  await house.signal("SIGKILL");
  await house.start();
  assert.deepEqual(await sums(), [[0, 5, 0], [0, 6, 0]], "reserved, and nothing was lost or doubled");
  await isSound(house);
  await house.post(`/runs/${first.id}/cancel`);
  const again = await house.run(order, 3);
  assert.equal((await refusal(house, `/runs/${first.id}/retry`)).field, "budget.day.model");

  await house.mock({ latency_ms: 1500, price_micro: PRICE });
  await house.post("/queue/resume");
  await house.taskIs(again.tasks[0].id, ["running", "waiting"]);
  await house.signal("SIGKILL");
  await house.start();
  for (const { id } of [mixed, others, again]) assert.equal((await house.runEnds(id)).state, "done");
  assert.deepEqual(await sums(), [[5, 0, 0], [6, 0, 0]]);
  await house.patch(`/budgets/${budgets[0].id}`, { limit_micro: 8 * PRICE });
  await house.post(`/runs/${first.id}/retry`);
  await house.runEnds(first.id);
  assert.deepEqual(await sums(), [[8, 0, 0], [6, 0, 0]]);
  await isSound(house);
});

test("a repeat of what may have been paid is asked of the model's budget", async (t) => {
  const house = await openHouse(t);
  const fake = await openFake(t);
  const account = await house.addOpenai(fake);
  const order = { prompt: "a lamp", model: "gpt-image-2", width: 1024, height: 1024, quality: "low",
    partial_images: 0 };
  const { cost_micro: price } = await house.post("/runs/estimate", { nodes: [{ key: "a",
    operation: "image.generate", parameters: order }] });
  const budget = await house.post("/budgets", limit(price,
    { scope: "model", who_id: account.id, model: "gpt-image-2", period: "day" }));
  await fake.control({ faults: [{ kind: "reset_before_reply" }] });
  const [task] = (await house.run(order)).tasks;
  await house.taskIs(task.id, "held");
  const resolve = `/tasks/${task.id}/resolve`;
  assert.equal((await refusal(house, resolve, { answer: "repeat" })).field, "budget.day.model");
  assert.equal((await house.get(`/tasks/${task.id}`)).state, "held", "and it still asks");
  assert.equal((await fake.ledger()).entries.length, 1, "the one in doubt; nothing was asked again");
  await house.patch(`/budgets/${budget.id}`, { limit_micro: 2 * price });
  await house.post(resolve, { answer: "repeat" });
  await house.taskIs(task.id, "done");
  const [now] = (await house.get("/budgets")).items;
  assert.deepEqual([now.reserved_micro, now.doubtful_micro], [0, price]);
  await isSound(house);
});
