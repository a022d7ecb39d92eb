// An account in trouble, and another one that takes what waits for it: nothing is paid twice, and the story says so.
import assert from "node:assert/strict";
import { test } from "node:test";

import { openFake, openHouse, until } from "./house.mjs";

const ORDER = { prompt: "a green lamp", width: 1024, height: 1024, quality: "low", partial_images: 0 };

async function charges(fake) {
  return (await fake.ledger()).entries.length;
}

// Two accounts of one kind; what waits at home may go to the other.
async function open(t, more) {
  const house = await openHouse(t);
  const [homeFake, otherFake] = [await openFake(t), await openFake(t)];
  const other = await house.addOpenai(otherFake, { name: "other", concurrency: 1 });
  const home = await house.addOpenai(homeFake, { name: "home", stand_ins: [other.id], ...more });
  return { house, homeFake, otherFake, home, other, order: { ...ORDER, model: `${home.id}/gpt-image-2` } };
}

test("what a rejected key leaves waiting is done by the stand-in, and paid there", async (t) => {
  const { house, homeFake, otherFake, home, other, order } = await open(t, { key: "sk-wrong-key-9999" });
  const run = await house.run(order, 3);
  const done = await house.runEnds(run.id);
  assert.equal(done.state, "done", JSON.stringify(done.tasks.map((task) => task.error)));
  assert.deepEqual([await charges(homeFake), await charges(otherFake)], [0, 3]);
  for (const { id } of run.tasks) {
    const task = await house.get(`/tasks/${id}`);
    const last = task.attempts.at(-1);
    assert.equal(task.provider_id, other.id);
    assert.deepEqual([last.taken_by, last.instead_of, last.instead_because], ["other", "home", "auth"]);
    assert.equal(last.calls.length, 1);
  }
  const usage = await house.get("/usage?by=provider");
  const spent = new Map(usage.items.map((row) => [row.key, row.cost_micro]));
  assert.ok(spent.get(other.id) > 0, JSON.stringify(usage.items));
  assert.ok(!spent.get(home.id), "nothing is booked where nothing was made");

  // With its key it does its own work again.
  await house.patch(`/providers/${home.id}`, { key: homeFake.key });
  await house.runEnds((await house.run(order)).id);
  assert.deepEqual([await charges(homeFake), await charges(otherFake)], [1, 3]);
});

test("what may have been paid for stays where it was, whatever the trouble", async (t) => {
  const { house, homeFake, otherFake, home, order } = await open(t);
  await homeFake.control({ faults: [{ kind: "reset_before_reply" }] });
  const [task] = (await house.run(order)).tasks;
  const held = await house.taskIs(task.id, ["held"]);
  assert.equal(held.hold_reason, "unknown");
  await house.patch(`/providers/${home.id}`, { key: "sk-wrong-key-9999" });
  const next = await house.run(order);
  assert.equal((await house.runEnds(next.id)).state, "done");
  assert.equal(await charges(otherFake), 1, "the one that had asked for nothing yet");
  await house.post(`/tasks/${task.id}/resolve`, { answer: "repeat" });
  await until("it waits for its own account", async () => {
    const got = await house.get(`/tasks/${task.id}`);
    return ["ready", "held"].includes(got.state) && got.provider_id === home.id && got.attempts.length > 1;
  });
  assert.equal(await charges(otherFake), 1);
});

test("killed in the middle, all of it is done all the same", async (t) => {
  const { house, homeFake, otherFake, order } = await open(t, { key: "sk-wrong-key-9999" });
  await otherFake.control({ latency_ms: 400 });
  const run = await house.run(order, 6);
  const count = async (state) => (await house.get(`/runs/${run.id}`)).tasks
    .filter((task) => task.state === state).length;
  for (const least of [1, 3]) {
    await until(`${least} done`, async () => (await count("done")) >= least);
    await house.signal("SIGKILL");
    await house.start();
  }
  await until("all done", async () => {
    const { tasks } = await house.get(`/runs/${run.id}`);
    for (const task of tasks)
      if (task.state === "held" && task.hold_reason === "unknown")
        await house.post(`/tasks/${task.id}/resolve`, { answer: "repeat" });
    return tasks.every((task) => task.state === "done");
  }, 60000);
  assert.equal(await charges(homeFake), 0);
  const repeats = (await Promise.all(run.tasks.map(({ id }) => house.get(`/tasks/${id}`))))
    .flatMap((task) => task.attempts.flatMap((attempt) => attempt.calls)).filter((call) => call.repeat_of !== null);
  assert.ok(await charges(otherFake) <= 6 + repeats.length, "no charge that nobody allowed");
});
