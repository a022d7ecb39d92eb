// kill -9 at any moment: nothing acknowledged is lost, nothing is paid twice unasked
// (design/engine.md P1, P2, P4-P7; design/verification.md I1, I4, I16).
import assert from "node:assert/strict";
import { test } from "node:test";

import { openFake, openHouse, until } from "./house.mjs";
import { plain } from "./pictures.mjs";

const ORDER = { model: "gpt-image-2", width: 1024, height: 1024, quality: "low", partial_images: 0 };
const RESTART_MS = 2000;

// Every charge with its prompt, which is its task's own.
async function chargesByPrompt(fake) {
  const out = new Map();
  for (const { prompt } of (await fake.ledger()).entries) out.set(prompt, (out.get(prompt) ?? 0) + 1);
  return out;
}

function distinct(count, name) {
  return { nodes: Array.from({ length: count }, (_, index) => ({ key: `p${index}`,
    operation: "image.generate", parameters: { ...ORDER, prompt: `${name} ${index}` } })) };
}

// No task is in a state that nobody will end.
async function quiet(house, runId) {
  return until("every task is over or held", async () => {
    const run = await house.get(`/runs/${runId}`);
    const open = run.tasks.filter((task) => !["done", "held", "failed", "cancelled"]
      .includes(task.state));
    return open.length === 0 ? run : null;
  });
}

async function crash(house) {
  await house.signal("SIGKILL");
  const took = await house.start();
  assert.ok(took < RESTART_MS, `ready again after ${Math.round(took)} ms`);
}

test("calls in flight at a provider without keys: held, never repeated unasked", async (t) => {
  const house = await openHouse(t);
  const fake = await openFake(t);
  await house.addOpenai(fake, { concurrency: 4 });
  await fake.control({ latency_ms: 700 });
  const run = await house.post("/runs", distinct(8, "harbour"));
  await until("the first four are at the provider", () => fake.open.size === 4);
  await crash(house);
  const ended = await quiet(house, run.id);
  assert.equal(ended.tasks.length, 8, "nothing is lost");
  const held = ended.tasks.filter((task) => task.state === "held");
  assert.equal(held.length, 4);
  assert.ok(held.every((task) => task.hold_reason === "unknown" && task.error.next === "resolve"));
  assert.equal(ended.tasks.filter((task) => task.state === "done").length, 4);
  await until("the ledger is complete", async () => (await chargesByPrompt(fake)).size === 8);
  for (const [prompt, count] of await chargesByPrompt(fake)) assert.equal(count, 1, prompt);
  for (const { id } of held) {
    const { calls } = (await house.get(`/tasks/${id}`)).attempts.at(-1);
    assert.deepEqual(calls.map((call) => call.state), ["unknown"]);
  }

  await fake.control({ latency_ms: 0 });
  for (const [index, { id }] of held.entries())
    await house.post(`/tasks/${id}/resolve`, { answer: index % 2 ? "repeat" : "give_up" });
  const final = await house.runEnds(run.id);
  assert.equal(final.tasks.filter((task) => task.state === "done").length, 6);
  assert.equal(final.failed, 2);
  assert.deepEqual([...(await chargesByPrompt(fake)).values()].sort(), [1, 1, 1, 1, 1, 1, 2, 2]);
});

test("calls in flight where keys are honoured: all done, each settled once", async (t) => {
  const house = await openHouse(t, { mock: { latency_ms: 500 } });
  const run = await house.run({ prompt: "a lighthouse", model: "mock", seed: 1, width: 256,
    height: 256 }, 6);
  await until("some run", async () => (await house.get("/queue")).running >= 2);
  await crash(house);
  await until("some run again", async () => (await house.get("/queue")).running >= 2);
  await crash(house); // the second crash fails nothing either
  const ended = await house.runEnds(run.id);
  assert.equal(ended.state, "done", JSON.stringify(ended.tasks.map((task) => task.error)));
  assert.ok(ended.tasks.every((task) => task.tries === 0), "a crash is no try");
  assert.ok(ended.tasks.every((task) => task.assets.length === 1));
  assert.equal(ended.cost_micro, 6 * 20000);
  const usage = await house.get("/usage?by=model");
  assert.equal(usage.totals[0].cost_micro, 6 * 20000);
  assert.equal(usage.totals[0].reserved_micro ?? 0, 0);
  assert.equal((await house.get("/assets")).total, 6);
});

test("a crash while uploads and runs pour in: what was acknowledged is there", async (t) => {
  const house = await openHouse(t, { mock: { latency_ms: 5 } });
  const uploads = new Map();
  const runs = [];
  let isOver = false;
  const client = async (number) => {
    for (let step = 0; !isOver; step++) {
      try {
        const bytes = plain(64 + number, 48 + step, number);
        const [item] = await house.upload([{ name: `${number}-${step}.png`, bytes }]);
        uploads.set(item.asset.id, item.asset.size);
        const run = await house.run({ prompt: `storm ${number} ${step}`, model: "mock", width: 64,
          height: 64 });
        runs.push(run.id);
      } catch (error) {
        if (error.code === "ERR_ASSERTION") throw error;
      }
    }
  };
  const clients = Array.from({ length: 6 }, (_, number) => client(number));
  await until("a storm", () => uploads.size >= 20 && runs.length >= 20);
  await house.signal("SIGKILL");
  isOver = true;
  await Promise.all(clients);
  assert.ok((await house.start()) < RESTART_MS);
  for (const [id, size] of uploads) assert.equal((await house.bytes(id)).length, size);
  for (const id of runs) {
    const run = await house.runEnds(id);
    assert.equal(run.state, "done", JSON.stringify(run.tasks[0].error));
    for (const asset of run.tasks[0].assets)
      assert.equal((await house.bytes(asset.id)).length, asset.size);
  }
});

test("a key makes the client's own repeat after a crash the same run", async (t) => {
  const house = await openHouse(t);
  const body = { nodes: [{ key: "a", operation: "image.generate",
    parameters: { prompt: "once", model: "mock" } }] };
  const options = { headers: { "idempotency-key": "after-the-crash" } };
  const first = await house.post("/runs", body, options);
  await crash(house);
  const again = await house.post("/runs", body, options);
  assert.equal(again.id, first.id);
  assert.equal((await house.runEnds(first.id)).state, "done");
  assert.equal((await house.get("/runs?state=all")).items.length, 1);
});

test("SIGTERM lets what is in flight end and gives back what waits", async (t) => {
  const house = await openHouse(t);
  const fake = await openFake(t);
  await house.addOpenai(fake, { concurrency: 2 });
  await fake.control({ latency_ms: 800 });
  const feed = await house.feed();
  const run = await house.post("/runs", distinct(5, "ferry"));
  await until("two are at the provider", () => fake.open.size === 2);
  const stopping = house.signal("SIGTERM");
  const refusal = await until("refused while it stops", async () => {
    const reply = await house.call("POST", "/runs", { body: distinct(1, "late") })
      .catch((error) => ({ status: 0, error }));
    return reply.status === 201 ? null : reply;
  });
  assert.ok([0, 503].includes(refusal.status), `${refusal.status}`);
  const { code } = await stopping;
  assert.equal(code, 0);
  await feed.ended;
  assert.deepEqual([...(await chargesByPrompt(fake)).values()], [1, 1]);
  assert.equal(fake.aborted, 0, "nobody hung up on a paid call");
  await fake.control({ latency_ms: 0 });
  assert.ok((await house.start()) < RESTART_MS);
  const ended = await house.runEnds(run.id);
  assert.equal(ended.state, "done");
  assert.ok(ended.tasks.every((task) => task.tries === 0));
  const charges = await chargesByPrompt(fake);
  for (let index = 0; index < 5; index++) assert.equal(charges.get(`ferry ${index}`), 1);
});

test("a folder is served by one process", async (t) => {
  const house = await openHouse(t);
  const log = house.log;
  const origin = house.origin;
  const { child } = house;
  await assert.rejects(house.start(), /already serves/);
  Object.assign(house, { child, origin, log, code: undefined });
  assert.equal((await house.call("GET", "/me")).status, 200, "the first one is not disturbed");
  const exited = new Promise((resolve) => child.on("exit", resolve));
  child.kill("SIGTERM");
  assert.equal(await exited, 0);
  house.code = 0;
});
