// What must be so at the end, by what the clients and the providers wrote down themselves.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export const allRuns = (person) => person.clients[0].list("/runs?state=all");
export const numberOf = ({ id }) => Number(id.split("-").at(-1));

// I1: each order that was acknowledged is there once, and no other.
export function checkOrders(runs, person) {
  const own = person.orders.map(({ id }) => id);
  assert.deepEqual(runs.map(({ id }) => id).sort(), own.toSorted(), `each order of ${person.name} once`);
  assert.equal(new Set(own).size, own.length);
}

// Everybody has what they uploaded and what was made for them, whole, and nothing else.
export async function checkPictures(runs, person) {
  const [client] = person.clients;
  const made = runs.flatMap(({ tasks }) => tasks).flatMap(({ assets }) => assets).map(({ id }) => id);
  const there = await client.list("/assets");
  assert.deepEqual(there.map(({ id }) => id).sort(), [...made, ...person.uploads.map(([id]) => id)].sort(),
    `the pictures of ${person.name}`);
  for (const [id, size] of person.uploads) {
    const reply = await client.ask("GET", `/assets/${id}/file?variant=original`);
    assert.deepEqual([reply.status, reply.bytes.length], [200, size], `${id} of ${person.name}`);
  }
}

// Nobody was told a word or an id of another's, and what was tried at another's doors came to nothing.
export function checkStrangers(people, runsOf) {
  const owners = new Map();
  for (const person of people)
    for (const id of [...person.uploads.map(([asset]) => asset), ...runsOf.get(person).flatMap(({ id: run, tasks }) =>
      [run, ...tasks.flatMap((task) => [task.id, ...task.assets.map((asset) => asset.id)])])])
      owners.set(id, person);
  for (const person of people) {
    assert.deepEqual(person.foreign, [], `what ${person.name} was told of others`);
    for (const [id, where] of person.told)
      assert.ok([person, undefined].includes(owners.get(id)), `${where} told ${person.name} of ${owners.get(id)?.name}'s ${id}`);
    assert.ok(runsOf.get(person).every(({ id }) => person.told.has(id)), "what is told is noticed");
  }
}

// ---- money ----

const isDoubtful = ({ state, cost_micro }) => cost_micro === null || ["unknown", "abandoned"].includes(state);

/*
 * I4, I5, of one task.  `entries` are what its provider wrote down of its prompt.  Each is a call's: of a kind that works by
 * remote ids the one that holds its id, else any that ended well or may have been charged.  One sending is allowed, one
 * for each wish of a person, one for each call of unknown outcome where the account's rule says so; and where a remote
 * id is known nothing was ordered twice.
 */
function checkTask(task, calls, entries, { rule, wishes, what }) {
  const charged = entries.filter((entry) => entry.charged !== false);
  const finished = calls.filter(({ state }) => state === "finished");
  const doubtful = calls.filter(isDoubtful);
  const allowed = 1 + wishes + (rule === "retry" ? calls.filter(({ state }) => state === "unknown").length : 0);
  const story = `${what}: ${JSON.stringify(calls.map((call) => [call.state, call.class, call.message, call.http_status, call.remote_id, call.cost_micro]))}, ${
    JSON.stringify(entries.map(({ id, charged: is }) => [id, is]))}`;

  assert.ok(calls.every(({ state }) => !["intent", "sent", "accepted"].includes(state)), `no call is open: ${story}`);
  assert.ok(charged.length <= allowed, `${charged.length} charges, ${allowed} allowed: ${story}`);
  assert.ok(charged.length >= finished.length, `more was made than was charged: ${story}`);
  assert.ok(charged.length <= finished.length + doubtful.filter((call) => !finished.includes(call)).length,
    `a charge that no call stands for: ${story}`);
  if (task.state === "done") assert.ok(finished.length >= 1, `done, and no call ended well: ${story}`);
}

// Each work there is one call's, by the id it was given or else by the doubt of a call that was given none.
function checkRemoteIds(calls, entries, what) {
  const known = calls.filter((call) => call.remote_id !== "");
  const named = entries.filter(({ id }) => known.some((call) => call.remote_id.includes(id)));
  const nameless = calls.filter((call) => call.remote_id === "" && isDoubtful(call));

  for (const call of known)
    assert.equal(entries.filter(({ id }) => call.remote_id.includes(id)).length, 1, `${what}: ${call.remote_id}`);
  assert.equal(named.length, known.length, `${what}: two calls have one work`);
  assert.ok(entries.length - named.length <= nameless.length, `${what}: ${entries.length} works, ${named.length} known by ${
    ""}their ids, ${nameless.length} calls in doubt`);
  for (const call of known.filter(({ state }) => state === "finished"))
    assert.ok(entries.find(({ id }) => call.remote_id.includes(id)).charged, `${what}: made and never charged`);
}

// `accounts`: name to {id, rule, isRemote, price_micro, entries by prompt}.  Returns what was charged more than once.
export async function checkLedger(house, people, runsOf, accounts) {
  const spent = new Map();
  let twice = 0;
  for (const person of people) {
    const prompts = new Map(person.orders.flatMap(({ prompts: own }) => own));
    for (const task of runsOf.get(person).flatMap(({ tasks }) => tasks)) {
      const { prompt, account: name } = prompts.get(task.id);
      if (name === undefined) continue; // the mock's
      const account = accounts.get(name);
      const entries = account.entries.get(prompt) ?? [];
      const calls = (await person.clients[0].get(`/tasks/${task.id}`)).attempts.flatMap((attempt) => attempt.calls);
      const what = `${prompt} (${name}, ${task.state})`;
      account.entries.delete(prompt);
      checkTask(task, calls, entries, { rule: account.rule, wishes: person.wishesFor(task.id), what });
      if (account.isRemote) checkRemoteIds(calls, entries, what);
      for (const call of calls) {
        assert.equal(call.provider_id, account.id, what);
        const sum = spent.get(account) ?? { cost: 0, finished: 0 };
        spent.set(account, { cost: sum.cost + (call.cost_micro ?? 0), finished: sum.finished + (call.state === "finished") });
      }
      twice += entries.filter((entry) => entry.charged !== false).length > 1 ? 1 : 0;
    }
  }
  const book = await house.get("/usage?by=provider&all=true");
  for (const [name, account] of accounts) {
    const { cost, finished } = spent.get(account) ?? { cost: 0, finished: 0 };
    const items = book.items.filter(({ key }) => key === account.id);
    assert.deepEqual([...account.entries.keys()], [], `charges by ${name} of orders that nobody made`);
    assert.equal(items.reduce((sum, item) => sum + item.cost_micro, 0), cost, `what ${name} cost, in the book and by call`);
    assert.equal(items.reduce((sum, item) => sum + item.reserved_micro, 0), 0, `what is reserved of ${name}`);
    if (account.price_micro) assert.equal(cost, finished * account.price_micro, `what ${finished} pictures of ${name} cost`);
  }
  return twice;
}

// ---- events and secrets ----

// I10: every event once and in its order, over all connections of each client.
export function checkEvents({ name, events, person }) {
  const numbers = events.map(numberOf);
  for (const [at, number] of numbers.entries())
    assert.equal(number, numbers[0] + at, `the events of ${name} behind ${numbers[at - 1]}`);
  const ends = new Map();
  for (const { kind, data } of events)
    if (kind === "task.changed" && ["done", "cancelled"].includes(data.task.state)) {
      const key = `${data.task.id} ${data.task.state}`;
      ends.set(key, (ends.get(key) ?? 0) + 1);
    }
  for (const [key, count] of ends) {
    const [id, state] = key.split(" ");
    const most = 1 + (state === "cancelled" ? person.wishesFor(id) : 0);
    assert.ok(count <= most, `${id} was ${state} ${count} times, told to ${name}`);
  }
}

// I17: no secret is in anything that is told, logged or stored as it is.
export async function checkSecrets(house, clients, canaries) {
  const haystacks = [["the log", Buffer.from(house.log)], ["the welcome", Buffer.from(house.welcomes.join(""))],
    ...clients.map(({ name, events }) => [`events of ${name}`, Buffer.from(JSON.stringify(events))]),
    ...clients.map(({ name, refusals }) => [`refusals to ${name}`, Buffer.from(refusals.join("\n"))])];
  for (const file of ["vitrine.db", "vitrine.db-wal"])
    haystacks.push([file, await readFile(join(house.data, file)).catch(() => Buffer.alloc(0))]);
  for (const [where, bytes] of haystacks)
    for (const [what, canary] of canaries)
      assert.ok(!bytes.includes(canary), `${what} is in ${where}`);
}
