// The release binary for a while under everything at once: orders, edits, cancels, uploads, lists and
// event streams of several clients, providers in trouble, and kill -9 every few seconds; then the same
// without kills, for what grows slowly.  At its end the house's own checker with every file read, the
// providers' ledger, and what the clients wrote down themselves (verification.md 1 and 5).
//
//   ./test soak              SOAK_S seconds of load (60), two thirds of them with kills
//   SOAK_SEED=7 ./test soak  what clients, providers and kills choose is chosen so again; when a reply
//                            comes, and so what there is to choose from, is the machine's
import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { noise } from "../providers/ledger.mjs";
import { openFake, openHouse, PASSWORD, until } from "../scenario/house.mjs";
import { chance } from "./chance.mjs";
import { Person } from "./person.mjs";

const SECONDS = Number(process.env.SOAK_S ?? 60);
const SEED = Number(process.env.SOAK_SEED ?? 4);
const PEOPLE = 5;
const KILL_EVERY_MS = [2500, 6000];
const QUIET_MS = 300000; // a provider that was in trouble is left alone for up to a few minutes
const PROVIDER_KEY = "sk-canary-7f3a91c2e5d84b60"; // none of these is ever told to anybody
const WAL_MIB = 64 + 8; // the log is cut above 64 MiB, by a commit
const RSS_GROWTH = 1.1;
const RSS_SLACK_MIB = 4;
const FDS_SLACK = 16; // readers of the database and kept connections come when they are needed
const OVER = ["done", "held", "failed", "cancelled"];

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Two accounts at one fake: of the first a person is asked what is unknown, the second calls again.
async function furnish(house, fake) {
  await house.addOpenai(fake, { name: "asks", concurrency: 4 });
  await house.addOpenai(fake, { name: "again", concurrency: 4, on_unknown: "retry" });
  const { items } = await house.get("/providers");
  const modelOf = (name) => `${items.find((item) => item.name === name).id}/gpt-image-2`;
  await house.mock({ latency_ms: 60 });
  return { asks: modelOf("asks"), again: modelOf("again") };
}

// Trouble at the providers, a little of each kind; none of it lasts.
async function trouble(fake, below, isOver, isResting) {
  const kinds = [...Array.from({ length: 8 }, () => ({ kind: "none" })), { kind: "status", status: 429, retry_after: 1 },
    { kind: "status", status: 500 }, { kind: "status", status: 503 }, { kind: "reset_before_reply" },
    { kind: "cut_mid_body" }, { kind: "html200" }];
  while (!isOver()) {
    await fake.control(isResting() ? { latency_ms: 10, faults: [] } : { latency_ms: 20 + below(400),
      faults: Array.from({ length: 4 }, () => kinds[below(kinds.length)]) });
    await sleep(700);
  }
  await fake.control({ latency_ms: 10, faults: [] });
}

// What the kernel says of the process while it lives.
async function watch(house, isOver) {
  const seen = { wal_mib: 0 };
  while (!isOver()) {
    const { size } = await stat(join(house.data, "vitrine.db-wal")).catch(() => ({ size: 0 }));
    seen.wal_mib = Math.max(seen.wal_mib, size / 2 ** 20);
    await sleep(100);
  }
  return seen;
}

async function measure(house) {
  const status = await readFile(`/proc/${house.child.pid}/status`, "utf8");
  return { rss_mib: Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) / 1024,
    fds: (await readdir(`/proc/${house.child.pid}/fd`)).length };
}

async function allRuns(house) {
  const runs = [];
  for (let cursor = ""; cursor !== null;) {
    const page = await house.get(`/runs?state=all&limit=100${cursor === "" ? "" : `&cursor=${cursor}`}`);
    runs.push(...page.items);
    cursor = page.next_cursor;
  }
  return runs;
}

// Everything is over, held, or behind one that is held; I16 with trouble ended.
function settled(house) {
  let open = [];
  return until("nothing is on its way any more", async () => {
    open = (await allRuns(house)).flatMap(({ tasks }) => tasks)
      .filter(({ state }) => !OVER.includes(state) && state !== "blocked");
    return open.length === 0;
  }, QUIET_MS).catch((error) => {
    throw new Error(`${error.message}: ${open.map(({ id, state }) => `${id} ${state}`)}`);
  });
}

// A person answers what is held; how often "repeat", by the task's prompt.
async function answerHeld(house, below, repeats) {
  for (let round = 0; round < 10; round++) {
    await settled(house);
    const held = (await allRuns(house)).flatMap(({ tasks }) => tasks).filter(({ state }) => state === "held");
    if (held.length === 0) return;
    for (const task of held) {
      const answer = task.hold_reason !== "unknown" ? null : below(2) === 0 ? "repeat" : "give_up";
      if (answer === null) await house.post(`/tasks/${task.id}/retry`);
      else {
        await house.post(`/tasks/${task.id}/resolve`, { answer });
        if (answer === "repeat") repeats.set(task.id, (repeats.get(task.id) ?? 0) + 1);
      }
    }
  }
  assert.fail("something is held again and again");
}

// I1: each order that was acknowledged is there once, and no other.
function checkOrders(runs, people) {
  const orders = people.flatMap(({ orders: own }) => own);
  assert.deepEqual(runs.map(({ id }) => id).sort(), orders.map(({ id }) => id).sort(), "each order once");
  assert.equal(new Set(orders.map(({ id }) => id)).size, orders.length);
}

// I4, I5: what was charged is what a call, an allowed repeat or a person's answer stands for; and what is
// done was charged.
async function checkLedger(t, house, fake, runs, people, repeats) {
  const charged = new Map();
  for (const { prompt } of (await fake.ledger()).entries) charged.set(prompt, (charged.get(prompt) ?? 0) + 1);
  const prompts = new Map(people.flatMap(({ orders }) => orders).flatMap(({ prompts: own }) => own));
  let twice = 0;
  for (const { tasks } of runs)
    for (const task of tasks) {
      const { prompt, account } = prompts.get(task.id) ?? {};
      if (account === undefined) continue; // the mock's
      const count = charged.get(prompt) ?? 0;
      charged.delete(prompt);
      let allowed = 1 + (repeats.get(task.id) ?? 0);
      if (account === "again" || count > allowed) {
        const whole = await house.get(`/tasks/${task.id}`);
        const calls = whole.attempts.flatMap((attempt) => attempt.calls);
        assert.ok(calls.length >= count, `${prompt}: ${count} charges, ${calls.length} calls`);
        // Its rule allows another call behind each whose outcome is unknown.
        if (account === "again") allowed += calls.filter(({ state }) => state === "unknown").length;
      }
      assert.ok(count <= allowed, `${prompt} (${account}) was charged ${count} times, ${allowed} allowed`);
      if (task.state === "done") assert.ok(count >= 1, `${prompt} is done and was never charged`);
      twice += count > 1 ? 1 : 0;
    }
  assert.deepEqual([...charged.keys()], [], "charges of orders that nobody made");
  t.diagnostic(`charged more than once, by rule or answer: ${twice}`);
}

// I10: every event once and in its order, over all connections of each client.
function checkEvents(people) {
  for (const { name, events } of people) {
    const numbers = events.map(({ id }) => Number(id.split("-").at(-1)));
    for (const [at, number] of numbers.entries())
      assert.equal(number, numbers[0] + at, `the events of ${name} behind ${numbers[at - 1]}`);
    const ends = new Map();
    for (const { kind, data } of events)
      if (kind === "task.changed" && ["done", "cancelled"].includes(data.task.state))
        ends.set(data.task.id, (ends.get(data.task.id) ?? 0) + 1);
    for (const [id, count] of ends) assert.equal(count, 1, `how often ${id} ended`);
  }
}

// Every picture that was acknowledged is whole.
async function checkUploads(house, people) {
  for (const { uploads, name } of people)
    for (const [id, size] of uploads)
      assert.equal((await house.bytes(id)).length, size, `${id} of ${name}`);
}

// I17: no secret is in anything that is told, logged or stored as it is.
async function checkSecrets(house, people, canaries) {
  const haystacks = [["the log", Buffer.from(house.log)], ["the welcome", Buffer.from(house.welcomes.join(""))],
    ...people.map(({ name, events }) => [`events of ${name}`, Buffer.from(JSON.stringify(events))]),
    ...people.map(({ name, refusals }) => [`refusals to ${name}`, Buffer.from(refusals.join("\n"))])];
  for (const file of ["vitrine.db", "vitrine.db-wal"])
    haystacks.push([file, await readFile(join(house.data, file)).catch(() => Buffer.alloc(0))]);
  for (const [where, bytes] of haystacks)
    for (const [what, canary] of canaries)
      assert.ok(!bytes.includes(canary), `${what} is in ${where}`);
}

test(`a soak of ${SECONDS} s, SOAK_SEED=${SEED}`, { timeout: (SECONDS + 900) * 1000 }, async (t) => {
  t.diagnostic(`SOAK_SEED=${SEED}`);
  const house = await openHouse(t);
  const fake = await openFake(t, { key: PROVIDER_KEY });
  const models = await furnish(house, fake);
  house.welcomes = [];
  const port = new URL(house.origin).port; // the next process has the same: people's pages stay
  house.env = { ...house.env, VITRINE_LISTEN: `127.0.0.1:${port}` };
  let phase = "storm";
  t.after(() => { phase = "over"; });
  const tokens = [];
  for (let index = 0; index < PEOPLE; index++)
    tokens.push(await house.makeToken(`person ${index}`, "read,write,generate"));
  const people = tokens.map((token, index) => new Person({ house, token, models, name: `person ${index}`,
    below: chance(SEED * 100 + index), picture: (name) => noise(`${SEED} ${name}`, 48),
    isOver: () => phase === "over", isResting: () => phase === "rest" }));
  const works = people.map((person) => person.live());
  const below = chance(SEED * 100 + 99);
  let isTroubled = true;
  const troubles = trouble(fake, chance(SEED * 100 + 98), () => !isTroubled, () => phase === "rest");
  let isWatched = true;
  const watching = watch(house, () => !isWatched);

  // ---- kills ----
  const stormEnds = performance.now() + SECONDS * 2000 / 3;
  let kills = 0;
  while (performance.now() < stormEnds) {
    await sleep(KILL_EVERY_MS[0] + below(KILL_EVERY_MS[1] - KILL_EVERY_MS[0]));
    house.welcomes.push(house.welcome);
    await house.signal("SIGKILL");
    await house.start();
    kills++;
  }
  t.diagnostic(`${kills} kills, ${people.reduce((sum, { orders }) => sum + orders.length, 0)} orders`);
  assert.ok(kills >= Math.floor(SECONDS * 2 / 3 / 8), `${kills} kills`);

  // ---- what grows ----
  const rest = async () => {
    phase = "rest";
    await until("people pause", () => people.every(({ isAtRest }) => isAtRest), QUIET_MS);
    await settled(house);
    await sleep(1500); // connections that were kept for the next call
    return measure(house);
  };
  phase = "calm";
  await sleep(SECONDS * 1000 / 6);
  const warm = await rest();
  phase = "calm";
  await sleep(SECONDS * 1000 / 6);
  isTroubled = false;
  await troubles;
  const after = await rest();
  t.diagnostic(`RSS ${warm.rss_mib.toFixed(1)} MiB, then ${after.rss_mib.toFixed(1)}; descriptors ${
    warm.fds}, then ${after.fds}`);

  // ---- the end ----
  const repeats = new Map();
  await answerHeld(house, below, repeats);
  const runs = await allRuns(house);
  assert.ok(people.every(({ resets }) => resets === 0), "nobody is away so long that a stream begins anew");
  await until("an event for everybody", () => people.every(({ events }) => events.length > 0));
  const head = () => Math.max(...people.map(({ events }) => Number(events.at(-1).id.split("-").at(-1))));
  await until("all have heard the same", () => people.every(({ events }) =>
    Number(events.at(-1).id.split("-").at(-1)) === head()));
  phase = "over";
  await Promise.all(works);
  isWatched = false;
  const { wal_mib } = await watching;
  const states = new Map();
  for (const { state } of runs.flatMap(({ tasks }) => tasks)) states.set(state, (states.get(state) ?? 0) + 1);
  t.diagnostic(`tasks: ${[...states].map(([state, count]) => `${count} ${state}`)}; log ${
    wal_mib.toFixed(1)} MiB at most`);
  checkOrders(runs, people);
  await checkLedger(t, house, fake, runs, people, repeats);
  checkEvents(people);
  await checkUploads(house, people);
  await house.doctor();
  assert.ok(wal_mib <= WAL_MIB, `the log grew to ${wal_mib} MiB`);
  assert.ok(after.rss_mib <= warm.rss_mib * RSS_GROWTH + RSS_SLACK_MIB, `${warm.rss_mib} MiB, then ${after.rss_mib}`);
  assert.ok(Math.abs(after.fds - warm.fds) <= FDS_SLACK, `${warm.fds} descriptors, then ${after.fds}`);
  await checkSecrets(house, people, [["the provider's key", PROVIDER_KEY], ["the owner's password", PASSWORD],
    ["the owner's token", house.token], ...tokens.map((token, index) => [`the token of person ${index}`, token])]);
  assert.equal((await house.signal("SIGTERM")).code, 0, house.log.slice(-2000));
  await house.doctor();
});
