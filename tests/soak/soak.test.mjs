// The release binary for a while under everything at once: several people by session and by token, their orders, edits,
// cancels, retries, answers, uploads, lists and event streams, providers in trouble that answer at once or by a remote id,
// and kill -9 every few seconds; then the same without kills, for what grows slowly.  At its end the house's own checker
// with every file read, the providers' ledgers, and what the clients wrote down themselves; and nobody was told anything
// of another's (verification.md 1 and 5).
//
//   ./test soak              SOAK_S seconds of load (60), two thirds of them with kills
//   SOAK_SEED=7 ./test soak  what clients, providers and kills choose is chosen so again; when a reply
//                            comes, and so what there is to choose from, is the machine's
import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { startFake as startFal } from "../providers/fal.mjs";
import { openFake, openHouse, PASSWORD, until } from "../scenario/house.mjs";
import { chance } from "./chance.mjs";
import { allRuns, checkEvents, checkLedger, checkOrders, checkPictures, checkSecrets, checkStrangers,
  numberOf } from "./checks.mjs";
import { moveIn, openClients } from "./people.mjs";

const SECONDS = Number(process.env.SOAK_S ?? 60);
const SEED = Number(process.env.SOAK_SEED ?? 4);
const KILL_EVERY_MS = [2500, 6000];
const QUIET_MS = 300000; // a provider that was in trouble is left alone for up to a few minutes
const PROVIDER_KEY = "sk-canary-7f3a91c2e5d84b60"; // none of these is ever told to anybody
const FAR_KEY = "canary-5d1e:9b07c4a2f8e6";
const FAR_MODEL = "fal-ai/flux/schnell";
const FAR_PRICE_MICRO = 3000;
const WAL_MIB = 64 + 8; // the log is cut above 64 MiB, by a commit
const RSS_GROWTH = 1.1;
const RSS_SLACK_MIB = 4;
const FDS_SLACK = 40; // readers of the database and kept connections come when they are needed; orders are hundreds
const OVER = ["done", "held", "failed", "cancelled"];

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Two accounts at one fake: of the first a person is asked what is unknown, the second calls again.  A third works by
// remote ids.
async function furnish(house, fake, far) {
  const add = async (name, model, account) => [name, { ...account, model: `${account.id}/${model}` }];
  const accounts = new Map(await Promise.all([
    house.addOpenai(fake, { name: "asks", concurrency: 4 }).then((made) =>
      add("asks", "gpt-image-2", { id: made.id, rule: "hold" })),
    house.addOpenai(fake, { name: "again", concurrency: 4, on_unknown: "retry" }).then((made) =>
      add("again", "gpt-image-2", { id: made.id, rule: "retry" })),
    house.post("/providers", { kind: "fal", name: "far", base_url: far.url, key: FAR_KEY, is_private_allowed: true,
      concurrency: 4 }).then((made) =>
      add("far", FAR_MODEL, { id: made.id, rule: "hold", isRemote: true, price_micro: FAR_PRICE_MICRO })),
  ]));
  await house.mock({ latency_ms: 60 });
  return accounts;
}

// Trouble at the providers, a little of each kind; none of it lasts.
async function trouble(fake, far, below, isOver, isResting) {
  const none = (count) => Array.from({ length: count }, () => ({ kind: "none" }));
  const draw = (kinds) => Array.from({ length: 4 }, () => kinds[below(kinds.length)]);
  const broken = [{ kind: "status", status: 500 }, { kind: "status", status: 503 }, { kind: "reset_before_reply" },
    { kind: "cut_mid_body" }, { kind: "html200" }];
  const kinds = [...none(8), { kind: "status", status: 429, retry_after: 1 }, ...broken];
  // A 500 in place of a result would be fal's word for a run that failed.
  const farKinds = [...none(9), { kind: "status", status: 429, headers: { "retry-after": "1" } }, ...broken,
    { kind: "run", outcome: "failed" }];
  const quiet = { latency_ms: 10, polls: 1, faults: [], poll_faults: [] };
  while (!isOver()) {
    await fake.control(isResting() ? quiet : { latency_ms: 20 + below(400), faults: draw(kinds) });
    await far.control(isResting() ? quiet : { polls: below(4), cancel_polls: below(2), faults: draw(farKinds),
      poll_faults: draw([...none(8), ...broken.slice(1)]) });
    await sleep(700);
  }
  await fake.control(quiet);
  await far.control(quiet);
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

const allTasks = async (people) => (await Promise.all(people.map(allRuns))).flat().flatMap(({ tasks }) => tasks);

// Everything is over, held, or behind one that is held; I16 with trouble ended.
function settled(people) {
  let open = [];
  return until("nothing is on its way any more", async () => {
    open = (await allTasks(people)).filter(({ state }) => !OVER.includes(state) && state !== "blocked");
    return open.length === 0;
  }, QUIET_MS).catch((error) => {
    throw new Error(`${error.message}: ${open.map(({ id, state }) => `${id} ${state}`)}`);
  });
}

// People answer what is held.
async function answerHeld(people) {
  for (let round = 0; round < 10; round++) {
    let count = 0;
    await settled(people);
    for (const person of people)
      for (const task of (await allTasks([person])).filter(({ state }) => state === "held")) {
        await person.clients[0].resolve(task);
        count++;
      }
    if (count === 0) return;
  }
  assert.fail("something is held again and again");
}

// Orders, kills, rest, orders, rest; returns how memory and descriptors were after either.
async function storm(t, house, people, clients, below, pass) {
  const ends = performance.now() + SECONDS * 2000 / 3;
  let kills = 0;
  while (performance.now() < ends) {
    await sleep(KILL_EVERY_MS[0] + below(KILL_EVERY_MS[1] - KILL_EVERY_MS[0]));
    house.welcomes.push(house.welcome);
    await house.signal("SIGKILL");
    await house.start();
    kills++;
  }
  t.diagnostic(`${kills} kills, ${people.reduce((sum, { orders }) => sum + orders.length, 0)} orders`);
  assert.ok(kills >= Math.floor(SECONDS * 2 / 3 / 8), `${kills} kills`);
  const rest = async () => {
    pass("rest");
    await until("people pause", () => clients.every(({ isAtRest }) => isAtRest), QUIET_MS);
    await settled(people);
    await sleep(1500); // connections that were kept for the next call
    return measure(house);
  };
  pass("calm");
  await sleep(SECONDS * 1000 / 6);
  const warm = await rest();
  pass("calm");
  await sleep(SECONDS * 1000 / 6);
  const after = await rest();
  t.diagnostic(`RSS ${warm.rss_mib.toFixed(1)} MiB, then ${after.rss_mib.toFixed(1)}; descriptors ${
    warm.fds}, then ${after.fds}`);
  return { warm, after };
}

// All clients of a person have heard the same.
const heardAll = (people) => until("all have heard the same", () => people.every(({ clients }) =>
  clients.every(({ events }) => events.length > 0) &&
  new Set(clients.map(({ events }) => numberOf(events.at(-1)))).size === 1));

function tellStates(t, runsOf) {
  const states = new Map();
  for (const { state } of [...runsOf.values()].flat().flatMap(({ tasks }) => tasks))
    states.set(state, (states.get(state) ?? 0) + 1);
  t.diagnostic(`tasks: ${[...states].map(([state, count]) => `${count} ${state}`)}`);
}

// What each fake wrote down, by prompt; of the openai accounts the model's prompt tells whose it is.
async function readLedgers(fake, far, accounts, people) {
  const accountOf = new Map(people.flatMap(({ orders }) => orders).flatMap(({ prompts }) => prompts)
    .map(([, { prompt, account }]) => [prompt, account]));
  for (const account of accounts.values()) account.entries = new Map();
  const note = (name, prompt, entry) => {
    const { entries } = accounts.get(name);
    entries.set(prompt, [...(entries.get(prompt) ?? []), entry]);
  };
  for (const entry of (await fake.ledger()).entries) note(accountOf.get(entry.prompt) ?? "asks", entry.prompt, entry);
  for (const entry of (await far.ledger()).entries) note("far", entry.input.prompt, entry);
}

async function soak(t) {
  const house = await openHouse(t);
  const fake = await openFake(t, { key: PROVIDER_KEY });
  const far = await startFal({ key: FAR_KEY });
  t.after(() => far.close());
  house.welcomes = [house.welcome];
  const port = new URL(house.origin).port; // the next process has the same: people's pages stay
  house.env = { ...house.env, VITRINE_LISTEN: `127.0.0.1:${port}` };
  await house.signal("SIGTERM");
  await moveIn(house);
  await house.start();
  const accounts = await furnish(house, fake, far);
  let phase = "storm";
  t.after(() => { phase = "over"; });
  const { people, clients } = await openClients(house, SEED, { models: Object.fromEntries([...accounts].map(
    ([name, { model }]) => [name, model])), isOver: () => phase === "over", isResting: () => phase === "rest" });
  let isWatched = true;
  const works = Promise.all([...clients.map((client) => client.live()),
    trouble(fake, far, chance(SEED * 100 + 98), () => !isWatched, () => phase === "rest")]);
  const watching = watch(house, () => !isWatched);

  const play = async () => {
    const grown = await storm(t, house, people, clients, chance(SEED * 100 + 99), (name) => { phase = name; });
    await answerHeld(people);
    assert.ok(clients.every(({ resets }) => resets === 0), "nobody is away so long that a stream begins anew");
    await heardAll(people);
    return grown;
  };
  // One whose work breaks is not waited for.
  const { warm, after } = await Promise.race([play(), works.then(() => Promise.reject(new Error("all went away")))]);

  // ---- the end ----
  const runsOf = new Map();
  for (const person of people) runsOf.set(person, await allRuns(person));
  tellStates(t, runsOf);
  for (const person of people) checkOrders(runsOf.get(person), person);
  for (const person of people) await checkPictures(runsOf.get(person), person);
  await readLedgers(fake, far, accounts, people);
  t.diagnostic(`charged more than once, by rule, wish or answer: ${await checkLedger(house, people, runsOf, accounts)}`);
  phase = "over";
  isWatched = false;
  await works;
  const { wal_mib } = await watching;
  checkStrangers(people, runsOf);
  for (const client of clients) checkEvents(client);
  await house.doctor();
  t.diagnostic(`log ${wal_mib.toFixed(1)} MiB at most`);
  assert.ok(wal_mib <= WAL_MIB, `the log grew to ${wal_mib} MiB`);
  assert.ok(after.rss_mib <= warm.rss_mib * RSS_GROWTH + RSS_SLACK_MIB, `${warm.rss_mib} MiB, then ${after.rss_mib}`);
  assert.ok(after.fds - warm.fds <= FDS_SLACK, `${warm.fds} descriptors, then ${after.fds}`);
  await checkSecrets(house, clients, [["the provider's key", PROVIDER_KEY], ["the far provider's key", FAR_KEY],
    ["the owner's password", PASSWORD], ["the scenario's token", house.token], ...clients.map(({ name, token, cookie }) =>
      [`what lets ${name} in`, token ?? cookie.split("=")[1]])]);
  assert.equal((await house.signal("SIGTERM")).code, 0, house.log.slice(-2000));
  await house.doctor();
}

test(`a soak of ${SECONDS} s, SOAK_SEED=${SEED}`, { timeout: (SECONDS + 900) * 1000 }, async (t) => {
  const again = `again: SOAK_S=${SECONDS} SOAK_SEED=${SEED} ./test soak`;
  t.diagnostic(again);
  await soak(t).catch((error) => {
    error.message += `\n${again}`;
    throw error;
  });
});
