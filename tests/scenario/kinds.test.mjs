// Every kind of provider through the whole engine: the release binary, a fake with its ledger, and each trouble that
// the line or the service can make (kinds.mjs has the rows, front.mjs the line).  After each: the task is where the
// rules put it, the ledger holds what was ordered and no more, and what was paid and lost is told.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { openFront } from "./front.mjs";
import { openHouse, until } from "./house.mjs";
import { KINDS } from "./kinds.mjs";

const SLOWNESS = Number(process.env.SLOWNESS ?? 1);
const OVER_MS = 150000 * SLOWNESS; // a lost task is asked for during a minute before it is given up
const OVER = ["done", "failed", "held"];
const byDefault = (req) => (req.method === "POST" ? "order" : /\/__file\//.test(req.url) ? "fetch" : "poll");

// What happens to the orders, polls and fetches to come, and how it must end.
//   state, class, classes   of the task; the class of its error; the classes of its attempts
//   orders, charges         how often was ordered, what the ledger then holds
//   least_ms                before that it must not be over
// `isLong`: on an account of its own, beside the others.
const COLUMNS = [
  { name: "success", state: "done", classes: [""], orders: 1, charges: 1 },
  { name: "limited_until",
    steps: (row) => ({ order: [{ status: 429, headers: { "retry-after": "1" }, body: row.limited }] }),
    state: "done", classes: ["throttled", ""], orders: 2, charges: 1, least_ms: 950 },
  { name: "limited", steps: (row) => ({ order: [{ status: 429, body: row.limited }] }),
    state: "done", classes: ["throttled", ""], orders: 2, charges: 1, least_ms: 950 },
  { name: "broken", steps: (row) => ({ order: [{ status: 500, body: row.broken }] }),
    state: "done", classes: ["server", ""], orders: 2, charges: 1 },
  { name: "slow", steps: () => ({ order: [{ delay_ms: 1500 }] }), state: "done", classes: [""], orders: 1, charges: 1,
    least_ms: 1400 },
  { name: "cut", steps: () => ({ order: [{ cut: true }] }), state: "held", class: "unknown", classes: ["unknown"],
    orders: 1, charges: 1 },
  { name: "inside", steps: (row) => ({ order: [{ status: 200, body: row.inside }] }),
    state: "done", classes: ["server", ""], orders: 2, charges: 1 },
  { name: "failed", fate: "failed", state: "done", classes: ["remote_failed", ""], orders: 2, charges: 1 },
  { name: "lost", fate: "lost", isLong: true, state: "held", class: "unknown", classes: ["unknown"], orders: 1,
    charges: 1, least_ms: 59000 },
  { name: "expired", rests: { fetch: { status: 403, body: { message: "Request has expired" } } }, isLong: true,
    state: "failed", class: "result_lost", classes: ["result_lost"], orders: 1, charges: 1 },
];

// An account of one row: its fake, what stands in front of it, and its provider in the house.
async function open(t, house, row, name = row.name) {
  const key = `key-of-${name.replaceAll(" ", "-")}-0123456789`;
  const fake = await row.fake({ key });
  t.after(() => fake.close());
  const front = await openFront(t, row.purposeOf ?? byDefault);
  front.target = fake.url;
  fake.url = front.url; // the queues name their own addresses
  const provider = await house.post("/providers", { kind: row.kind, name, key, base_url: `${front.url}${row.path}`,
    is_private_allowed: true, options: row.options ?? {} });
  const ask = async (path, body) => (await fetch(`${front.target}${path}`,
    body ? { method: "POST", body: JSON.stringify(body) } : {})).json();
  return { row, name, key, front, provider, tasks: [], control: (wanted) => ask("/__control", wanted),
    charges: async () => (await ask("/__ledger")).entries.filter((entry) => entry.charged !== false).length };
}

async function order(house, place, prompt) {
  const { row, provider } = place;
  const run = await house.run({ prompt, model: `${provider.id}/${row.model}`, ...row.parameters }, 1,
    { operation: row.operation ?? "image.generate" });
  place.tasks.push(run.tasks[0].id);
  return run.tasks[0].id;
}

const over = (house, id) => house.taskIs(id, OVER, OVER_MS);

// What is over has given what it said: a picture or words, or a person is told what to do.
async function checkTold(house, task, what) {
  const calls = task.attempts.flatMap((attempt) => attempt.calls);
  assert.ok(calls.every((call) => !["intent", "sent", "accepted"].includes(call.state)), `${what}: no call is open`);
  if (task.state === "done") {
    assert.ok(task.assets.length > 0 || task.written.text.length > 0, `${what}: it has what it was for`);
    for (const asset of task.assets) assert.equal((await house.bytes(asset.id)).length, asset.size);
    assert.equal(calls.filter((call) => call.state === "finished").length, 1, what);
  } else {
    assert.ok(task.error.message.length > 0, what);
    assert.equal(task.hold_reason ?? "", task.state === "held" ? "unknown" : "", what);
    if (task.state === "held") assert.equal(task.error.next, "resolve", what);
  }
  // Known sums add up; one unknown part makes the whole unknown, and nothing is made up.
  const costs = calls.map((call) => call.cost_micro);
  assert.equal(task.cost_micro, costs.includes(null) ? null : costs.reduce((sum, cost) => sum + cost, 0), what);
}

async function play(house, place, column) {
  const { row, front } = place;
  const wanted = { ...column, ...row.ends?.[column.name] };
  const what = `${place.name}, ${column.name}`;
  const fate = row.fates?.[column.fate];
  front.reset();
  await place.control({ reset: true, ...row.control, ...(Array.isArray(fate) ? { faults: fate } : {}) });
  Object.assign(front, { steps: column.steps?.(row) ?? {},
    rests: column.rests ?? (Array.isArray(fate) ? {} : fate ?? {}) });
  const started = performance.now();
  const task = await over(house, await order(house, place, `${column.name}: a cup`));
  const classes = task.attempts.map((attempt) => attempt.class);
  const ended = { state: task.state, class: task.error?.class,
    classes: wanted.isAskedOften ? [...new Set(classes)] : classes,
    orders: front.count("order"), charges: await place.charges() };
  assert.deepEqual(ended, { state: wanted.state, class: wanted.class, classes: wanted.classes, orders: wanted.orders,
    charges: wanted.charges }, `${what}: ${task.error?.message ?? ""}`);
  if (wanted.least_ms) assert.ok(performance.now() - started >= wanted.least_ms, `${what}: not too soon`);
  await checkTold(house, task, what);
  if (column.name === "success" && row.cost !== undefined) assert.equal(task.cost_micro, row.cost, what);
  if (column.name === "expired") {
    assert.equal(front.count("fetch"), 4, `${what}: fetched again, not made again`);
    assert.ok(task.cost_micro > 0 || row.cost === 0, `${what}: it was paid, and that is told`);
  }
  if (task.state !== "held") return;
  await house.post(`/tasks/${task.id}/resolve`, { answer: "give_up" });
  assert.equal((await over(house, task.id)).state, "failed", what);
  assert.equal(front.count("order"), wanted.orders, `${what}: giving up orders nothing`);
}

// The book of each provider is the sum of its calls: what is known, and beside it what nobody knows.
async function checkBook(house, places) {
  const { items, totals } = await house.get("/usage?by=provider");
  for (const { provider, tasks, name } of places) {
    const calls = (await Promise.all(tasks.map((id) => house.get(`/tasks/${id}`))))
      .flatMap((task) => task.attempts.flatMap((attempt) => attempt.calls));
    const rows = items.filter((item) => item.key === provider.id);
    const sum = (field) => rows.reduce((total, item) => total + (item[field] ?? 0), 0);
    assert.equal(sum("cost_micro"), calls.reduce((total, call) => total + (call.cost_micro ?? 0), 0), name);
    assert.equal(sum("calls"), calls.length, name);
    if (!calls.some((call) => call.cost_micro === null)) assert.equal(sum("doubtful_micro"), 0, name);
  }
  assert.ok(totals.every((total) => (total.reserved_micro ?? 0) === 0), "nothing is over and still reserved");
}

// In nothing that leaves the house, and sealed within it.
async function checkKeys(house, places) {
  const said = [house.log, house.welcome];
  for (const path of ["/providers", "/models", "/queue", "/usage?by=provider", "/runs?state=all"])
    said.push((await house.call("GET", path)).bytes.toString("utf8"));
  for (const id of places.flatMap((place) => place.tasks))
    said.push((await house.call("GET", `/tasks/${id}`)).bytes.toString("utf8"));
  await house.signal("SIGTERM");
  for (const name of ["vitrine.db", "vitrine.db-wal"])
    said.push((await readFile(join(house.data, name)).catch(() => Buffer.alloc(0))).toString("latin1"));
  said.push(house.log);
  for (const { key, name } of places)
    assert.ok(!said.some((text) => text.includes(key)), `the key of ${name} is shown`);
}

test("each trouble of a line and of a service ends as the rules say", { concurrency: true }, async (t) => {
  const house = await openHouse(t);
  const known = (await house.get("/provider-kinds")).items.map((kind) => kind.name);
  const proven = new Set(["mock", ...KINDS.map((row) => row.kind)]);
  assert.deepEqual(known.filter((kind) => !proven.has(kind)), [], "each kind has its row");
  const places = [];
  const go = async (row, name, columns) => {
    const place = await open(t, house, row, name);
    places.push(place);
    for (const column of columns) await play(house, place, column);
  };
  await Promise.all(KINDS.flatMap((row) => {
    const columns = COLUMNS.filter((column) => !row.leaves?.[column.name]);
    const groups = [columns.filter((column) => !column.isLong),
      ...columns.filter((column) => column.isLong).map((column) => [column])];
    return groups.map((group, index) => {
      const name = index === 0 ? row.name : `${row.name} ${group[0].name}`;
      return t.test(name, () => go(row, name, group));
    });
  }));
  await checkBook(house, places);
  await checkKeys(house, places);
});

async function crash(house) {
  await house.signal("SIGKILL");
  await house.start();
}

const held = (place) => until(`${place.name} is held at the line`, () => place.front.held > 0);

test("kill -9 with an order out: it may be paid, so it is held until a person says what to do", async (t) => {
  const house = await openHouse(t);
  const places = await Promise.all(KINDS.map((row) => open(t, house, row)));
  for (const place of places) {
    await place.control({ reset: true, ...place.row.control });
    place.front.steps = { order: [{ hold: true }] };
    await order(house, place, "a cup, and the power goes");
  }
  await Promise.all(places.map(held));
  await crash(house);
  await Promise.all(places.map(async (place) => {
    const { front, name } = place;
    const task = await over(house, place.tasks[0]);
    assert.equal(task.state, place.row.findsCalls ? "done" : "held", `${name}: ${task.error?.message}`);
    assert.equal(await place.charges(), 1, name);
    assert.equal(task.tries, 0, `${name}: a crash is no try`);
    await checkTold(house, task, name);
    assert.equal(front.count("order"), 1, `${name}: not asked again unasked`);
    if (task.state === "done") return;
    await house.post(`/tasks/${task.id}/resolve`, { answer: "repeat" });
    const again = await over(house, task.id);
    assert.equal(again.state, "done", `${name}: ${again.error?.message}`);
    assert.equal(again.attempts.at(-1).calls.at(-1).may_be_charged_twice, true, name);
    assert.equal(await place.charges(), 2, `${name}: once more, for a person said so`);
  }));
  await checkBook(house, places);
  await checkKeys(house, places);
});

// Who can be asked what became of a call is asked, and a person only where the answer is no proof.
test("kill -9 with an order out: looked up, found, or asked about", { concurrency: true }, async (t) => {
  const house = await openHouse(t);
  const rows = KINDS.filter((row) => row.findsCalls);
  assert.ok(rows.length > 0);
  const places = (await Promise.all(rows.map((row) => Promise.all([
    open(t, house, row, `${row.name} arrived`), open(t, house, { ...row, control: { ...row.control, old: true } },
      `${row.name} arrived at an old one`), open(t, house, row, `${row.name} lost on the way`)])))).flat();
  for (const place of places) {
    const isLost = place.name.endsWith("way");
    await place.control({ reset: true, ...place.row.control });
    place.front.steps = { order: [isLost ? { swallow: true } : { hold: true }] };
    await order(house, place, "a cup, and the power goes");
  }
  await Promise.all(places.map(held));
  await crash(house);
  await crash(house); // looked up once more, ordered once
  await Promise.all(places.map(async (place) => {
    const { front, name } = place;
    let task = await over(house, place.tasks[0]);
    await checkTold(house, task, name);
    assert.equal(front.count("order"), 1, `${name}: not ordered again unasked`);
    assert.equal(task.tries, 0, `${name}: neither a crash nor a question is a try`);
    if (!name.endsWith("way")) {
      assert.equal(task.state, "done", `${name}: ${task.error?.message}`);
      assert.equal(task.can_look_up, false, name);
      assert.equal(await place.charges(), 1, name);
      return;
    }
    for (let round = 0; round < 2; round++) { // that it is not there proves nothing, however often
      assert.equal(task.state, "held", `${name}: ${task.error?.message}`);
      assert.equal(task.can_look_up, true, name);
      assert.match(task.error.message, /does not know this work/);
      if (round > 0) break;
      await house.post(`/tasks/${task.id}/resolve`, { answer: "look_up" });
      task = await over(house, task.id);
    }
    assert.deepEqual([front.count("order"), await place.charges()], [1, 0], name);
    await house.post(`/tasks/${task.id}/resolve`, { answer: "repeat" });
    assert.equal((await over(house, task.id)).state, "done", name);
    assert.deepEqual([front.count("order"), await place.charges()], [2, 1], name);
  }));
  await checkBook(house, places);
  await checkKeys(house, places);
});

// purpose: where the reply is held when the power goes.  After it the id of the work is stored, or is not there at all.
for (const purpose of ["poll", "fetch"])
  test(`kill -9 during a ${purpose}: work that has an id is brought home, and made once`, async (t) => {
    const house = await openHouse(t);
    const rows = KINDS.filter((row) => (purpose === "poll" ? row.fates : !row.leaves?.expired));
    const places = await Promise.all(rows.map((row) => open(t, house, row)));
    for (const place of places) {
      await place.control({ reset: true, ...place.row.control });
      place.front.rests = { [purpose]: { hold: true } };
      await order(house, place, "a cup, and the power goes");
    }
    await Promise.all(places.map(held));
    for (const place of places) place.front.rests = {};
    await crash(house);
    await Promise.all(places.map(async (place) => {
      const { row, front, name } = place;
      const task = await over(house, place.tasks[0]);
      assert.equal(task.state, row.fates ? "done" : "held", `${name}: ${task.error?.message}`);
      assert.deepEqual([front.count("order"), await place.charges()], [1, 1], name);
      await checkTold(house, task, name);
      if (task.state === "held") await house.post(`/tasks/${task.id}/resolve`, { answer: "give_up" });
      await over(house, task.id);
    }));
    await checkBook(house, places);
    await checkKeys(house, places);
  });
