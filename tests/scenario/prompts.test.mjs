// What pictures were asked for with: kept once by the submission itself, found and forgotten by its person alone;
// what was answered is so after kill -9, and no run or picture is ever touched.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { BINARY, openHouse } from "./house.mjs";

const run = promisify(execFile);
const SMALL = { model: "mock", width: 64, height: 64 };
const texts = (page) => page.items.map((item) => item.text);

async function crash(house) {
  await house.signal("SIGKILL");
  await house.start();
}

async function all(house, query = "") {
  const items = [];
  for (let cursor = ""; cursor !== null;) {
    const page = await house.get(`/prompts?limit=2${query}${cursor && `&cursor=${cursor}`}`);
    items.push(...page.items);
    cursor = page.next_cursor;
  }
  return items;
}

test("prompts are found by page and word, with how often, when, and a picture of each", async (t) => {
  const house = await openHouse(t);
  const first = await house.run({ ...SMALL, prompt: "a brass Lamp" }, 2);
  await house.runEnds(first.id);
  for (const prompt of ["a jug", "一个红色的茶杯", "a lamp of oak"])
    await house.runEnds((await house.run({ ...SMALL, prompt })).id);
  const last = await house.run({ ...SMALL, prompt: " a brass Lamp\n" }, 3);
  const ended = await house.runEnds(last.id);
  const items = await all(house);
  assert.deepEqual(items.map((item) => [item.text, item.use_count]),
    [["a brass Lamp", 2], ["a lamp of oak", 1], ["一个红色的茶杯", 1], ["a jug", 1]]);
  assert.deepEqual([items[0].run_id, items[0].created_at, items[0].used_at],
    [last.id, first.created_at, last.created_at]);
  const made = ended.tasks.flatMap((task) => task.assets.map((asset) => asset.id));
  assert.ok(made.includes(items[0].picture.id), "a picture of its last run");
  assert.deepEqual([items[0].picture.width_px, items[0].picture.thumbhash.length > 10], [64, true]);
  for (const [q, wanted, why] of [
    ["LAMP", ["a brass Lamp", "a lamp of oak"], "whatever the case"],
    ["oak lamp", ["a lamp of oak"], "all words"],
    ["茶", ["一个红色的茶杯"], "one Chinese character"],
    ["%", [], "no pattern"],
  ])
    assert.deepEqual((await all(house, `&q=${encodeURIComponent(q)}`)).map((item) => item.text), wanted, why);
  await house.post("/assets/bulk", { ids: made, action: "trash" });
  assert.equal((await house.get(`/prompts/${items[0].id}`)).picture, null, "none outside the trash");
  // Once more under the same key is the same run, and no other use.
  const options = { headers: { "idempotency-key": "morning" } };
  for (let i = 0; i < 2; i++) await house.run({ ...SMALL, prompt: "a vase" }, 1, {}, options);
  assert.equal((await house.get("/prompts?limit=1")).items[0].use_count, 1);
});

test("what is forgotten is hidden, comes back, and begins anew when it is used again", async (t) => {
  const house = await openHouse(t);
  const feed = await house.feed();
  for (let i = 0; i < 2; i++) await house.runEnds((await house.run({ ...SMALL, prompt: "a lamp" })).id);
  await house.runEnds((await house.run({ ...SMALL, prompt: "a jug" })).id);
  const id = (await house.get("/prompts?q=lamp")).items[0].id;
  const forget = () => house.call("DELETE", `/prompts/${id}`);
  assert.deepEqual([(await forget()).status, (await forget()).status], [204, 204], "again: the same");
  assert.deepEqual(texts(await house.get("/prompts")), ["a jug"]);
  assert.deepEqual(texts(await house.get("/prompts?q=lamp")), []);
  assert.equal((await house.call("GET", `/prompts/${id}`)).status, 404);
  await crash(house);
  assert.deepEqual(texts(await house.get("/prompts")), ["a jug"], "after a crash too");
  assert.equal((await house.post(`/prompts/${id}/restore`)).use_count, 2, "as it was");
  assert.equal((await house.post(`/prompts/${id}/restore`)).use_count, 2);
  await forget();
  await house.runEnds((await house.run({ ...SMALL, prompt: "a lamp" })).id);
  assert.equal((await house.get("/prompts?q=lamp")).items[0].use_count, 1, "anew");
  for (let i = 0; i < 2; i++) assert.equal((await house.call("DELETE", "/prompts")).status, 204);
  await crash(house);
  assert.deepEqual((await house.get("/prompts")).items, []);
  assert.equal((await house.get("/runs")).items.length, 4, "runs stay");
  assert.equal((await house.get("/assets")).items.length, 4, "and pictures");
  assert.deepEqual(feed.of("prompts.changed").map((event) => event.data), [{ id }], "told once");
});

test("kill -9 in the middle: a run that was answered has its prompt, and a forgotten one stays so", async (t) => {
  const house = await openHouse(t);
  const kept = new Set();
  const forgotten = new Set();
  const unsure = new Set(); // asked for and not answered
  for (let round = 0; round < 3; round++) {
    let isDead = false;
    const work = Array.from({ length: 4 }, async (_, worker) => {
      for (let step = 0; !isDead; step++) {
        const prompt = `round ${round} worker ${worker} step ${step}`;
        try {
          await house.run({ ...SMALL, prompt });
          kept.add(prompt);
          if (step % 2) continue;
          const { items } = await house.get(`/prompts?limit=5&q=${encodeURIComponent(prompt)}`);
          const { id } = items.find((item) => item.text === prompt);
          kept.delete(prompt);
          unsure.add(prompt);
          assert.equal((await house.call("DELETE", `/prompts/${id}`)).status, 204);
          unsure.delete(prompt);
          forgotten.add(prompt);
        } catch (error) {
          if (!isDead) throw error;
        }
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    isDead = true;
    await house.signal("SIGKILL");
    await Promise.all(work);
    await house.start();
  }
  const there = new Set((await all(house)).map((item) => item.text));
  const runs = new Set();
  for (let cursor = ""; cursor !== null;) {
    const page = await house.get(`/runs?limit=100${cursor && `&cursor=${cursor}`}`);
    for (const one of page.items) runs.add(one.tasks[0].prompt);
    cursor = page.next_cursor;
  }
  assert.ok(kept.size > 3 && forgotten.size > 3, `${kept.size} kept, ${forgotten.size} forgotten`);
  for (const prompt of kept) assert.ok(there.has(prompt), `kept: ${prompt}`);
  for (const prompt of forgotten) assert.ok(!there.has(prompt), `forgotten: ${prompt}`);
  // A run and its prompt come and go together, whether or not the answer came.
  for (const prompt of runs)
    assert.ok(there.has(prompt) || forgotten.has(prompt) || unsure.has(prompt), `of a run: ${prompt}`);
  for (const prompt of there) assert.ok(runs.has(prompt), `of no run: ${prompt}`);
});

// There is no door for a second person yet: the row is put into the database.
async function second(house) {
  await run("python3", ["-c", `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("INSERT INTO user (id, public_id, name, name_key, role, device_key, created_at_ms) VALUES"
           " (1000, '01JDA00000000000000000000Z', 'Ann', 'ann', 'member', zeroblob(32), 1)")
db.commit()`, join(house.data, "vitrine.db")]);
  return (await run(BINARY, ["token", "create", "second", "--user", "Ann"],
    { env: house.environment(), cwd: house.data })).stdout.trim();
}

test("one person's prompts are nobody else's, and clearing is one's own", async (t) => {
  const house = await openHouse(t);
  await house.runEnds((await house.run({ ...SMALL, prompt: "a secret lamp" })).id);
  const { id } = (await house.get("/prompts")).items[0];
  await house.stop();
  const as = await second(house);
  await house.start();
  for (const [method, path] of [["GET", ""], ["DELETE", ""], ["POST", "/restore"]])
    assert.equal((await house.call(method, `/prompts/${id}${path}`, { as })).status, 404, method);
  assert.deepEqual((await house.get("/prompts", { as })).items, []);
  assert.deepEqual((await house.get("/prompts?q=secret", { as })).items, []);
  await house.run({ ...SMALL, prompt: "a secret lamp" }, 1, {}, { as });
  assert.equal((await house.get("/prompts", { as })).items[0].use_count, 1, "their own");
  assert.equal((await house.call("DELETE", "/prompts", { as })).status, 204);
  assert.deepEqual(texts(await house.get("/prompts")), ["a secret lamp"]);
});

test("two hundred thousand runs cost a page nothing", async (t) => {
  const house = await openHouse(t);
  await house.runEnds((await house.run({ ...SMALL, prompt: "the first of all" })).id);
  await house.stop();
  await run("python3", ["-c", `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
user = db.execute("SELECT id FROM user").fetchone()[0]
db.execute("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)"
           " INSERT INTO prompt (public_id, user_id, text, use_count, run_id, made_at_ms, used_at_ms)"
           " SELECT printf('01JDPR0MPT%016d', i), ?, 'a lamp beside a window, number ' || i, 1, i, i, i FROM n", (user,))
db.commit()`, join(house.data, "vitrine.db")]);
  await house.start();
  const page = await house.get("/prompts?limit=50");
  assert.deepEqual([page.items.length, page.items[0].text], [50, "the first of all"]);
  const next = await house.get(`/prompts?limit=50&cursor=${page.next_cursor}`);
  assert.equal(next.items[0].text, "a lamp beside a window, number 199951");
  assert.deepEqual(texts(await house.get("/prompts?q=number%20123456")), ["a lamp beside a window, number 123456"]);
  assert.equal((await house.call("DELETE", "/prompts")).status, 204);
  assert.deepEqual((await house.get("/prompts")).items, []);
});
