// Every kind of provider, in each of its ways to order, through the whole engine: the release binary, a fake with its
// ledger, and each trouble that the line or the service can make (kinds.mjs and ways.mjs have the rows, front.mjs the
// line).  After each: the task is where the rules put it, the ledger holds what was ordered and no more, and what was paid
// and lost is told.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";

import { noise } from "../providers/ledger.mjs";
import { openFront } from "./front.mjs";
import { openHouse, send, until } from "./house.mjs";
import { KINDS } from "./kinds.mjs";
import { drawPng, plain } from "./pictures.mjs";
import { WAYS } from "./ways.mjs";

const ROWS = [...KINDS, ...WAYS];

// A lost task is asked for during a minute before it is given up; and a machine may be busy.
const OVER_MS = 300000 * Number(process.env.SLOWNESS ?? 1);
const ACCOUNTS_MAX = 90;
const AT_ONCE_MAX = 48; // of the rows that keep a machine busy; those that wait are not counted
const OVER = ["done", "failed", "held"];
const MASK = drawPng(512, 512, (x) => [0, 0, 0, x < 256 ? 0 : 255]);
const byDefault = (req) => (req.method === "POST" ? "order" : /\/__file\//.test(req.url) ? "fetch" : "poll");

// What happens to the orders, polls and fetches to come, and how it must end.
//   state, class, classes   of the task; the class of its error; the classes of its attempts
//   orders, charges         how often was ordered, what the ledger then holds
//   least_ms                before that it must not be over
//   needs                   only of rows of which this is true
// `isLong`: on an account of its own, beside the others.
const later = (seconds) => new Date(Date.now() + seconds * 1000).toUTCString();
const limited = (headers) => (row) => ({ order: [{ status: 429, headers, body: row.limited }] });
const cutAt = (name) => ({ cuts }) => ({ order: [{ cut: cuts[name] }] });
const PAGE = { headers: { "content-type": "text/html" }, body: "<html><title>Not now</title></html>" };
const THROTTLED = { state: "done", classes: ["throttled", ""], orders: 2, charges: 1, least_ms: 950 };
const TRIED_AGAIN = { state: "done", classes: ["server", ""], orders: 2, charges: 1 };
const IN_DOUBT = { state: "held", class: "unknown", classes: ["unknown"], orders: 1, charges: 1 };
const KEPT = { state: "done", classes: [""], orders: 1, charges: 1 };
const COLUMNS = [
  { name: "success", ...KEPT },
  { name: "limited_until", steps: limited({ "retry-after": "1" }), ...THROTTLED },
  { name: "limited", steps: limited({}), ...THROTTLED },
  // To the second: it may be that the date is but one away.
  { name: "limited_date", steps: (row) => limited({ "retry-after": later(2) })(row), ...THROTTLED },
  // Milliseconds go before seconds, which would be too long to end here.
  { name: "limited_ms", steps: limited({ "retry-after-ms": "1100", "retry-after": "3000" }), ...THROTTLED },
  { name: "broken", steps: (row) => ({ order: [{ status: 500, body: row.broken }] }), ...TRIED_AGAIN },
  { name: "bad gateway", steps: () => ({ order: [{ status: 502, ...PAGE }] }), ...TRIED_AGAIN },
  { name: "overloaded", steps: ({ overloaded }) => ({ order: [{ status: 529,
    ...(overloaded ? { body: overloaded } : PAGE) }] }), ...THROTTLED },
  { name: "unavailable", steps: () => ({ order: [{ status: 503, ...PAGE }] }), ...TRIED_AGAIN },
  { name: "unavailable_until", steps: (row) => ({ order: [{ status: 503, body: row.unavailable ?? PAGE.body,
    headers: { "retry-after": "1", ...(row.unavailable ? {} : PAGE.headers) } }] }), ...THROTTLED },
  { name: "slow", steps: () => ({ order: [{ delay_ms: 1500 }] }), ...KEPT, least_ms: 1400 },
  { name: "cut", steps: () => ({ order: [{ cut: true }] }), ...IN_DOUBT },
  { name: "reset", steps: () => ({ order: [{ reset: true }] }), ...IN_DOUBT },
  // Of a stream: before anything came, before the picture did, behind it, and when all was said.
  { name: "cut early", needs: ({ cuts }) => cuts?.early, steps: cutAt("early"), ...IN_DOUBT },
  { name: "cut late", needs: ({ cuts }) => cuts?.late, steps: cutAt("late"), ...IN_DOUBT },
  { name: "cut between", needs: ({ cuts }) => cuts?.between, steps: cutAt("between"), ...KEPT },
  { name: "cut after all", needs: ({ cuts }) => cuts, steps: () => ({ order: [{ cut: -1 }] }), ...KEPT },
  { name: "cut upload", needs: ({ uploads }) => uploads, steps: () => ({ upload: [{ cut: true }] }),
    state: "done", classes: ["server", ""], orders: 1, charges: 1 },
  { name: "waited in vain", steps: () => ({ order: [{ status: 504, after: true, body: "<html>" }] }), ...IN_DOUBT },
  { name: "inside", steps: (row) => ({ order: [{ status: 200, body: row.inside }] }), ...TRIED_AGAIN },
  { name: "failed", fate: "failed", state: "done", classes: ["remote_failed", ""], orders: 2, charges: 1 },
  { name: "lost", fate: "lost", isLong: true, ...IN_DOUBT, least_ms: 59000 },
  { name: "expired", rests: { fetch: { status: 403, body: { message: "Request has expired" } } }, isLong: true,
    state: "failed", class: "result_lost", classes: ["result_lost"], orders: 1, charges: 1, fetches: 4 },
  { name: "gone", rests: { fetch: { status: 404, body: "" } }, isLong: true,
    state: "failed", class: "result_lost", classes: ["result_lost"], orders: 1, charges: 1, fetches: 4 },
  { name: "cut download", steps: () => ({ fetch: [{ cut: true }] }), ...KEPT, fetches: 2 },
  // Longer than the tries that are made at once: it is asked for again as long as it is kept there.
  { name: "busy download", steps: () => ({ fetch: Array(5).fill({ status: 503, body: "" }) }), isLong: true,
    ...KEPT, fetches: 6, least_ms: 55000 },
];
const isPlayed = (row, column) => !row.leaves?.[column.name] && (!column.needs || column.needs(row)) &&
  (row.columns ?? [column.name]).includes(column.name);

// What a row edits or looks at, in the library.
async function upload(house, inputs) {
  if (!inputs) return undefined;
  const files = Array.from({ length: inputs.images }, (_, index) => ({ name: `${index}.png`,
    bytes: inputs.isLarge ? noise("large", 400) : plain(512, 512, index) }));
  const items = await house.upload([...files, ...(inputs.mask ? [{ name: "mask.png", bytes: MASK }] : [])]);
  const ids = items.map(({ asset }) => asset.id);
  return { images: ids.slice(0, inputs.images), ...(inputs.mask ? { mask: ids.slice(inputs.images) } : {}) };
}

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
  if (row.price || row.isAdded)
    await house.patch(`/providers/${provider.id}`, { models: [{ name: row.model, is_enabled: true, is_default: false,
      price_micro: -1, ...(row.price ? { price: row.price } : {}) }] });
  // On a connection of its own: a kept one may have been closed while the machine was busy.
  const ask = async (path, body) => (await send(front.target, { path, ...(body ? { method: "POST",
    body: Buffer.from(JSON.stringify(body)) } : {}) })).json;
  const entries = async () => (await ask("/__ledger")).entries.filter((entry) => entry.charged !== false);
  const given = await upload(house, row.inputs);
  return { row, name, key, front, provider, given, tasks: [], control: (wanted) => ask("/__control", wanted), entries,
    charges: async () => (await entries()).length };
}

async function order(house, place, prompt) {
  const { row, provider } = place;
  const run = await house.run({ [row.says ?? "prompt"]: prompt, model: `${provider.id}/${row.model}`,
    ...row.parameters }, 1, { operation: row.operation ?? "image.generate", inputs: place.given });
  place.tasks.push(run.tasks[0].id);
  return run.tasks[0].id;
}

// Tells `house.hears` of tasks that are over: hundreds wait side by side, and would keep both ends busy if each asked.
async function listen(house) {
  const waiting = new Map();
  const feed = await house.feed();
  feed.events = { push: ({ kind, data }) => {
    if (kind === "task.changed" && OVER.includes(data.task.state)) waiting.get(data.task.id)?.();
  } };
  house.hears = (id) => new Promise((resolve) => {
    const timer = setTimeout(resolve, 5000).unref(); // should the stream have broken
    waiting.set(id, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function over(house, id) {
  const end = performance.now() + OVER_MS;
  for (;;) {
    const heard = house.hears(id);
    const task = await house.get(`/tasks/${id}`);
    if (OVER.includes(task.state)) return task;
    if (performance.now() > end) throw new Error(`task ${id} is still ${task.state}: ${JSON.stringify(task.error)}`);
    await heard;
  }
}

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

// What the kind says is what the ledger's entry is worth; and what was not taken costs nothing.
function costOf(charged, cost, what) {
  assert.notEqual(cost, undefined, `${what}: its row says what it costs`);
  const wanted = typeof cost === "function" ? cost(charged.at(-1)) : cost;
  assert.ok(cost === null || Number.isSafeInteger(wanted), `${what}: ${wanted} is money`);
  return wanted;
}

function checkCost(charged, task, { cost, classes }, what) {
  const wanted = costOf(charged, cost, what);
  const calls = task.attempts.flatMap((attempt) => attempt.calls);
  assert.equal(calls.find((call) => call.state === "finished").cost_micro, wanted, what);
  if (["", "throttled"].includes(classes[0])) assert.equal(task.cost_micro, wanted, what);
}

// All that was to be edited arrived, and nothing else.
function checkGiven(row, charged, what) {
  if (!row.inputs) return;
  assert.deepEqual(row.given(charged[0]), [row.inputs.images, row.inputs.mask === true], what);
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
  const charged = await place.entries();
  const ended = { state: task.state, class: task.error?.class,
    classes: wanted.isAskedOften ? [...new Set(classes)] : classes,
    orders: front.count("order"), charges: charged.length };
  assert.deepEqual(ended, { state: wanted.state, class: wanted.class, classes: wanted.classes, orders: wanted.orders,
    charges: wanted.charges }, `${what}: ${task.error?.message ?? ""}`);
  if (wanted.least_ms) assert.ok(performance.now() - started >= wanted.least_ms, `${what}: not too soon`);
  await checkTold(house, task, what);
  if (task.state === "done") checkCost(charged, task, { cost: row.cost, ...wanted }, what);
  if (column.name === "success") {
    checkGiven(row, charged, what);
    if (row.cuts) assert.match(front.seen.find(({ purpose }) => purpose === "order").type, /event-stream/, what);
  }
  if (column.fetches) assert.equal(front.count("fetch"), column.fetches, `${what}: fetched again, not made again`);
  // What was paid and lost costs what it would have cost; where only its picture says how much, nobody knows.
  if (task.state === "failed") {
    const paid = costOf(charged, row.cost, what);
    if (paid === null) assert.ok(task.cost_micro === null || task.cost_micro > 0, what);
    else assert.equal(task.cost_micro, paid, `${what}: it was paid, and that is told`);
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

// A house has a hundred accounts at most.
function shareOut(rows, accountsOf = () => 1) {
  const shares = [];
  let left = 0;
  for (const row of rows) {
    const needed = accountsOf(row);
    if (left < needed) {
      shares.push([]);
      left = ACCOUNTS_MAX;
    }
    shares.at(-1).push(row);
    left -= needed;
  }
  return shares;
}

// Gives each its turn, `count` at a time.
function turns(count) {
  const waiting = [];
  let free = count;
  return async (work) => {
    if (free > 0) free--;
    else await new Promise((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}

// The columns of a row by the accounts that they are played on, one after the other.
function groupsOf(row) {
  const columns = COLUMNS.filter((column) => isPlayed(row, column));
  const isLong = (column) => column.isLong || (row.long?.includes(column.name) ?? false);
  return [columns.filter((column) => !isLong(column)), ...columns.filter(isLong).map((column) => [column])];
}

async function crash(house) {
  await house.signal("SIGKILL");
  await house.start();
  await listen(house);
}

const held = (place) => until(`${place.name} is held at the line`, () => place.front.held > 0, OVER_MS);

// An account of each row, in as many houses as they need, side by side.
const inHouses = (t, rows, work) => Promise.all(shareOut(rows).map(async (share) => {
  const house = await openHouse(t);
  await listen(house);
  await work(house, await Promise.all(share.map((row) => open(t, house, row))));
}));

// Both wait for a minute: side by side.
describe("what takes its time", { concurrency: true }, () => {
  test("each trouble of a line and of a service ends as the rules say", { concurrency: true }, async (t) => {
    const inTurn = turns(AT_ONCE_MAX), opening = turns(8);
    await Promise.all(shareOut(ROWS, (row) => groupsOf(row).length).map(async (rows, number) => {
      const house = await openHouse(t);
      await listen(house);
      const places = [];
      const go = async (row, name, columns) => {
        const place = await opening(() => open(t, house, row, name));
        places.push(place);
        for (const column of columns) await play(house, place, column);
      };
      if (number === 0) {
        const known = (await house.get("/provider-kinds")).items.map((kind) => kind.name);
        const proven = new Set(["mock", ...ROWS.map((row) => row.kind)]);
        assert.deepEqual(known.filter((kind) => !proven.has(kind)), [], "each kind has its row");
      }
      await Promise.all(rows.flatMap((row) => groupsOf(row).map((columns, index) => {
        const name = index === 0 ? row.name : `${row.name} ${columns[0].name}`;
        return t.test(name, () => (index === 0 ? inTurn(() => go(row, name, columns)) : go(row, name, columns)));
      })));
      await checkBook(house, places);
      await checkKeys(house, places);
    }));
  });

  // Who can be asked what became of a call is asked, and a person only where the answer is no proof.
  test("kill -9 with an order out: looked up, found, or asked about", { concurrency: true }, async (t) => {
    const house = await openHouse(t);
    await listen(house);
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
});

test("kill -9 with an order out: it may be paid, so it is held until a person says what to do", (t) =>
  inHouses(t, ROWS, async (house, places) => {
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
  }));

// purpose: where the reply is held when the power goes.  Before it the id of the work is stored, or the address that
// stands for one.
for (const purpose of ["poll", "fetch"])
  test(`kill -9 during a ${purpose}: it is brought home, and made once`, (t) => {
    const rows = ROWS.filter((row) => (purpose === "poll" ? row.fates : !row.leaves?.expired));
    return inHouses(t, rows, async (house, places) => {
      for (const place of places) {
        await place.control({ reset: true, ...place.row.control });
        place.front.rests = { [purpose]: { hold: true } };
        await order(house, place, "a cup, and the power goes");
      }
      await Promise.all(places.map(held));
      for (const place of places) place.front.rests = {};
      await crash(house);
      await Promise.all(places.map(async (place) => {
        const { front, name } = place;
        const task = await over(house, place.tasks[0]);
        assert.equal(task.state, "done", `${name}: ${task.error?.message}`);
        assert.deepEqual([front.count("order"), await place.charges()], [1, 1], name);
        await checkTold(house, task, name);
      }));
      await checkBook(house, places);
      await checkKeys(house, places);
    });
  });
