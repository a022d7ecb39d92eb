// Order, pause, cancel, retry, and asking for the same twice.
import assert from "node:assert/strict";
import { test } from "node:test";

import { openFake, openHouse, until } from "./house.mjs";

const MOCK = { model: "mock", width: 64, height: 64 };

// One at a time, so that order can be seen.
async function openNarrow(t, env) {
  const house = await openHouse(t, { env });
  const provider = (await house.get("/providers")).items.find((item) => item.kind === "mock");
  await house.patch(`/providers/${provider.id}`, { concurrency: 1 });
  return { house, provider };
}

async function orderOf(house, ids) {
  const tasks = await Promise.all(ids.map((id) => house.taskIs(id, "done")));
  return tasks.map((task, index) => ({ index, at: Date.parse(task.started_at) }))
    .sort((a, b) => a.at - b.at).map((task) => task.index);
}

test("what goes to the front starts first, what is moved starts where it was put", async (t) => {
  const { house } = await openNarrow(t);
  await house.post("/queue/pause", { reason: "a look at the order" });
  const queue = await house.get("/queue");
  assert.deepEqual([queue.is_paused, queue.pause_reason], [true, "a look at the order"]);
  const normal = await house.run({ ...MOCK, prompt: "normal" }, 3);
  const low = await house.run({ ...MOCK, prompt: "low" }, 1, { priority: "low" });
  const front = await house.run({ ...MOCK, prompt: "front" }, 1, { priority: "front" });
  const [a, b, c] = normal.tasks.map((task) => task.id);
  await house.post(`/tasks/${c}/move`, { to: "before", before: b });
  await house.post(`/tasks/${a}/move`, { to: "back" });
  assert.equal((await house.get("/queue")).running, 0);
  assert.equal((await house.get("/queue")).waiting_mine, 5);
  await house.post("/queue/resume");
  const order = await orderOf(house, [front.tasks[0].id, c, b, a, low.tasks[0].id]);
  assert.deepEqual(order.slice(0, 3), [0, 1, 2], "front, then c before b");
  assert.deepEqual(order.slice(3).sort(), [3, 4], "a at the back, and the low one");
  const late = await house.call("POST", `/tasks/${a}/move`, { body: { to: "front" } });
  assert.equal(late.status, 409, "what is done does not wait");
});

test("a run is paused and resumed, its priority changed", async (t) => {
  const { house } = await openNarrow(t);
  await house.post("/queue/pause", {});
  const run = await house.run({ ...MOCK, prompt: "later" }, 2);
  assert.equal((await house.post(`/runs/${run.id}/pause`)).is_paused, true);
  assert.equal((await house.patch(`/runs/${run.id}`, { priority: "front" })).priority, "front");
  const other = await house.run({ ...MOCK, prompt: "meanwhile" });
  await house.post("/queue/resume");
  await house.runEnds(other.id);
  const paused = await house.get(`/runs/${run.id}`);
  assert.ok(paused.tasks.every((task) => task.state === "ready"), "the paused run has not moved");
  await house.signal("SIGKILL");
  await house.start();
  assert.equal((await house.get(`/runs/${run.id}`)).is_paused, true, "a pause survives a crash");
  assert.equal((await house.post(`/runs/${run.id}/resume`)).is_paused, false);
  assert.equal((await house.runEnds(run.id)).state, "done");
});

test("what waits is cancelled at once; what runs, at the provider too", async (t) => {
  const house = await openHouse(t);
  const fake = await openFake(t);
  await house.addOpenai(fake, { concurrency: 1 });
  await fake.control({ faults: [{ kind: "hang" }] });
  const run = await house.run({ model: "gpt-image-2", prompt: "a long one", quality: "low",
    width: 1024, height: 1024, partial_images: 0 }, 2);
  const running = await until("one runs", async () => (await house.get(`/runs/${run.id}`)).tasks
    .find((task) => task.state === "running"));
  await until("it is at the provider", () => fake.open.size === 1);
  const waiting = run.tasks.find((task) => task.id !== running.id);
  assert.equal((await house.post(`/tasks/${waiting.id}/cancel`)).state, "cancelled");
  await house.post(`/tasks/${running.id}/cancel`);
  const ended = await house.taskIs(running.id, "cancelled");
  await until("the connection is closed", () => fake.aborted === 1);
  assert.equal(ended.attempts[0].calls[0].state, "abandoned", "what it cost is not known");
  const over = await house.runEnds(run.id);
  assert.equal(over.state, "cancelled");
  assert.equal((await fake.ledger()).requests.length, 1, "the waiting one was never sent");
  const again = await house.call("POST", `/tasks/${running.id}/cancel`);
  assert.ok([200, 409].includes(again.status));
});

test("cancelling a run ends all of it, successors too", async (t) => {
  const { house } = await openNarrow(t);
  await house.post("/queue/pause", {});
  const run = await house.post("/runs", { nodes: [
    { key: "a", operation: "image.generate", parameters: { ...MOCK, prompt: "a" } },
    { key: "b", operation: "image.edit", parameters: { ...MOCK, prompt: "b" } },
  ], edges: [{ from: "a", to: "b" }] });
  const cancelled = await house.post(`/runs/${run.id}/cancel`);
  assert.equal(cancelled.state, "cancelled");
  assert.ok(cancelled.tasks.every((task) => task.state === "cancelled"));
  await house.post("/queue/resume");
  const usage = await house.get("/usage?by=model");
  assert.deepEqual(usage.items.filter((item) => item.cost_micro > 0), []);
});

test("a retry repeats what failed and nothing else", async (t) => {
  const house = await openHouse(t);
  const fake = await openFake(t);
  await house.addOpenai(fake, { concurrency: 1 });
  await fake.control({ faults: [{ kind: "none" },
    { kind: "status", status: 400, code: "invalid_value", message: "not this time" }] });
  const run = await house.run({ model: "gpt-image-2", prompt: "three", quality: "low", width: 1024,
    height: 1024, partial_images: 0 }, 3);
  const first = await house.runEnds(run.id);
  assert.equal(first.state, "failed");
  assert.equal(first.failed, 1);
  const kept = first.tasks.filter((task) => task.state === "done")
    .map((task) => task.assets[0].id).sort();
  assert.equal(kept.length, 2);
  await house.post(`/runs/${run.id}/retry`);
  const second = await house.runEnds(run.id);
  assert.equal(second.state, "done");
  assert.equal(second.failed, 0);
  const now = second.tasks.map((task) => task.assets[0].id);
  assert.ok(kept.every((id) => now.includes(id)), "the good ones are the same ones");
  assert.equal((await fake.ledger()).entries.length, 3);
  const idle = await house.call("POST", `/runs/${run.id}/retry`);
  assert.ok([200, 409].includes(idle.status));
  assert.equal((await fake.ledger()).entries.length, 3, "nothing failed, nothing is repeated");
});

test("one key is one run: again, at the same moment, and never for another body", async (t) => {
  const house = await openHouse(t);
  const body = (prompt) => ({ nodes: [{ key: "a", operation: "image.generate",
    parameters: { ...MOCK, prompt } }] });
  const post = (prompt, key, path = "/runs") => house.call("POST", path,
    { body: path === "/runs" ? body(prompt) : { prompt, model: "mock" },
      headers: { "idempotency-key": key } });
  const twins = await Promise.all(Array.from({ length: 10 }, () => post("twins", "k-twins")));
  assert.ok(twins.every((reply) => [200, 201].includes(reply.status)),
    `${twins.map((reply) => reply.status)}`);
  assert.equal(new Set(twins.map((reply) => reply.json.id)).size, 1);
  assert.equal((await house.get("/runs?state=all")).items.length, 1);
  const later = await post("twins", "k-twins");
  assert.equal(later.json.id, twins[0].json.id);
  const other = await post("another body", "k-twins");
  assert.equal(other.status, 422);
  assert.equal(other.json.code, "idempotency_key_reused");
  const quick = await Promise.all([post("q", "k-quick", "/generate"), post("q", "k-quick", "/generate")]);
  assert.equal(quick[0].json.task_id, quick[1].json.task_id);
  const long = await post("x", "k".repeat(201));
  assert.equal(long.status, 422);
});

test("a full queue refuses early and says when to come again; what it has goes on", async (t) => {
  const { house } = await openNarrow(t, { VITRINE_QUEUE_PER_USER_MAX: "5" });
  await house.post("/queue/pause", {});
  const run = await house.run({ ...MOCK, prompt: "full" }, 5);
  const quota = (await house.get("/system/info")).quota;
  assert.deepEqual(quota, { used: 5, limit: 5 });
  const refused = await house.call("POST", "/generate", { body: { prompt: "more", model: "mock" } });
  assert.equal(refused.status, 429);
  assert.equal(refused.json.code, "queue_full");
  assert.ok(Number(refused.headers["retry-after"]) >= 1, "Retry-After");
  await house.post("/queue/resume");
  assert.equal((await house.runEnds(run.id)).state, "done");
  assert.equal((await house.call("POST", "/generate",
    { body: { prompt: "more", model: "mock" } })).status, 202);
});

test("a paused provider waits, the others go on", async (t) => {
  const { house, provider } = await openNarrow(t);
  const fake = await openFake(t);
  await house.addOpenai(fake);
  const paused = await house.post(`/providers/${provider.id}/pause`, { reason: "holiday" });
  assert.deepEqual([paused.is_paused, paused.pause_reason], [true, "holiday"]);
  const waits = await house.run({ ...MOCK, prompt: "waits" });
  const goes = await house.run({ model: "gpt-image-2", prompt: "goes", quality: "low", width: 1024,
    height: 1024, partial_images: 0 });
  assert.equal((await house.runEnds(goes.id)).state, "done");
  assert.equal((await house.get(`/runs/${waits.id}`)).tasks[0].state, "ready");
  await house.post(`/providers/${provider.id}/resume`);
  assert.equal((await house.runEnds(waits.id)).state, "done");
});

test("an account that refused its key goes on when a person asks again", async (t) => {
  const { house } = await openNarrow(t);
  const fake = await openFake(t);
  await house.addOpenai(fake, { concurrency: 1 });
  const wanted = { model: "gpt-image-2", quality: "low", width: 1024, height: 1024,
    partial_images: 0 };
  await fake.control({ faults: [{ kind: "status", status: 401 }] });
  const first = await house.run({ ...wanted, prompt: "refused" });
  const held = await house.taskIs(first.tasks[0].id, "held");
  assert.equal(held.hold_reason, "auth");
  const second = await house.run({ ...wanted, prompt: "waits behind it" });
  const lane = await until("the lane stands", async () =>
    (await house.get("/queue")).providers.find((one) => one.is_paused && one.waiting === 1));
  assert.equal(lane.reason, "auth");
  await house.post(`/tasks/${held.id}/resolve`, { answer: "repeat" });
  assert.equal((await house.runEnds(first.id)).state, "done");
  assert.equal((await house.runEnds(second.id)).state, "done");
  assert.equal((await fake.ledger()).entries.length, 2);
});

test("the queue says from which event on a stream has to tell, and nothing between is missed", async (t) => {
  const house = await openHouse(t);
  const { last_event_id: begin } = await house.get("/queue");
  const run = await house.run({ ...MOCK, prompt: "made while nobody listened" }, 2);
  for (const { id } of run.tasks) await house.taskIs(id, "done");
  const late = await house.feed({ lastEventId: begin });
  const states = (id) => late.of("task.changed").filter(({ data }) => data.task.id === id).map(({ data }) => data.task.state);
  await late.until("the run is done", ({ kind, data }) => kind === "run.changed" && data.run.state === "done");
  for (const { id } of run.tasks) assert.equal(states(id).at(-1), "done");
  assert.equal(late.events.filter(({ kind }) => kind === "reset").length, 0);
  assert.equal((await house.get("/queue")).last_event_id, late.lastEventId, "the end of it is the new position");
  const next = await house.feed({ lastEventId: late.lastEventId });
  await next.until("it is greeted", ({ kind }) => kind === "hello");
  assert.deepEqual(next.events.map(({ kind }) => kind), ["hello"]);
});
