// A house full of people: its owner and others, by session and by token.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { noise } from "../providers/ledger.mjs";
import { BINARY, cookieOf, PASSWORD } from "../scenario/house.mjs";
import { chance } from "./chance.mjs";
import { Client, Person } from "./person.mjs";

const run = promisify(execFile);
const SCOPES = "read,write,generate";
// Who comes in how; the same name is the same person.
const CLIENTS = [["owner", "token"], ["owner", "session"], ["Ann", "session"], ["Ann", "token"], ["Bob", "token"],
  ["Cid", "session"]];

// There is no door for a second person yet: the rows are put into the database of a house that stands still.  They
// have the owner's password.
export async function moveIn(house) {
  await run("python3", ["-c", `
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for number, name in enumerate(sys.argv[2:]):
    db.execute("INSERT INTO user (public_id, name, name_key, role, password, device_key, created_at_ms)"
               " SELECT ?, ?, ?, 'member', password, ?, 1 FROM user WHERE role = 'owner'",
               ("01JDA0000000000000000000Z%d" % number, name, name.lower(), os.urandom(32)))
db.commit()`, join(house.data, "vitrine.db"), ...new Set(CLIENTS.map(([name]) => name).filter((name) => name !== "owner"))]);
}

async function logIn(house, name) {
  const reply = await house.call("POST", "/auth/login", { as: "anyone", headers: { "x-vitrine": "1" },
    body: { name, password: PASSWORD } });
  assert.equal(reply.status, 200, `${reply.bytes}`);
  return cookieOf(reply);
}

const makeToken = async (house, name) => (await run(BINARY, ["token", "create", `${name}'s`, "--user", name, "--scopes",
  SCOPES], { env: house.environment(), cwd: house.data })).stdout.trim();

// `given` is every client's: models, isOver, isResting.
export async function openClients(house, seed, given) {
  const people = new Map();
  const clients = [];
  for (const [index, [name, way]] of CLIENTS.entries()) {
    if (!people.has(name)) people.set(name, new Person(name, `mark_${name}_${seed}`.toLowerCase()));
    const person = people.get(name);
    clients.push(new Client({ ...given, house, person, name: `${name} ${way}`, key: "ab"[person.clients.length],
      below: chance(seed * 100 + index), picture: (what) => noise(`${seed} ${what}`, 48),
      ...(way === "token" ? { token: await makeToken(house, name) } : { cookie: await logIn(house, name) }) }));
  }
  for (const client of clients) client.people = [...people.values()];
  return { people: [...people.values()], clients };
}
