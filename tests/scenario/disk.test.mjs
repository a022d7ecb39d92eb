// A disk without room, files or names left, and a process that stood still: errors that say so, nothing acknowledged
// lost, nothing paid twice, and all goes on without a restart (design/verification.md 2 and 4; I1, I4, I11).
// Mounts file systems of its own in memory, so it wants root, or sudo that does not ask.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, open, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, test } from "node:test";
import { promisify } from "node:util";

import { multipart, openFake, openHouse, until } from "./house.mjs";
import { plain } from "./pictures.mjs";

const run = promisify(execFile);
const [UID, GID] = [process.getuid(), process.getgid()];
const asRoot = (...words) => (UID === 0 ? run(words[0], words.slice(1)) : run("sudo", ["-n", ...words]));
const ORDER = { model: "gpt-image-2", width: 1024, height: 1024, quality: "low", partial_images: 0 };
const MIB = 1 << 20;
const STOPPED_MS = 20000;
const BACK_MS = 120000; // storage is asked again after half a minute at most

// A small file system; `options` are tmpfs's.  Gone after the test, also when something still uses it.
async function mount(t, options) {
  const path = await mkdtemp(join(tmpdir(), "vitrine-disk-"));
  await asRoot("mount", "-t", "tmpfs", "-o", `${options},mode=700,uid=${UID},gid=${GID}`, "vitrine-test", path);
  t.after(async () => {
    await asRoot("umount", "-l", path);
    await rmdir(path);
  });
  await mkdir(join(path, "data"));
  return path;
}

// Somebody else's file takes `bytes`, or all there is.
async function fill(path, bytes = Infinity) {
  const file = await open(join(path, "foreign"), "a");
  try {
    for (let written = 0; written < bytes;) {
      const size = Math.min(bytes - written, MIB);
      written += (await file.write(Buffer.alloc(size, 1))).bytesWritten;
    }
  } catch (error) {
    assert.equal(error.code, "ENOSPC");
  } finally {
    await file.close();
  }
}

const distinct = (count, name) => ({ nodes: Array.from({ length: count }, (_, index) => ({
  key: `p${index}`, operation: "image.generate", parameters: { ...ORDER, prompt: `${name} ${index}` } })) });

async function upload(house, seed) {
  const { headers, body } = await multipart([{ name: "a.png", bytes: plain(200, 200, seed), type: "image/png" }]);
  return house.call("POST", "/assets", { body, headers });
}

function saysFull(reply, what) {
  assert.equal(reply.status, 507, `${what}: ${reply.status} ${reply.bytes.subarray(0, 300)}`);
  assert.equal(reply.json.code, "storage_full", what);
  assert.match(reply.json.detail, /disk/, what);
}

// Each task of the runs was paid once and its picture is there to the last byte.
async function allPaidOnce(house, fake, runs) {
  const ended = [];
  for (const { id } of runs) ended.push(await house.runEnds(id, BACK_MS));
  const tasks = ended.flatMap((one) => one.tasks);
  assert.deepEqual(tasks.map((task) => task.state), tasks.map(() => "done"));
  const prompts = (await fake.ledger()).entries.map((entry) => entry.prompt);
  assert.equal(prompts.length, tasks.length, `charges: ${prompts}`);
  assert.equal(new Set(prompts).size, prompts.length, `paid twice: ${prompts}`);
  const { items } = await house.get("/assets?kind=generated&limit=200");
  assert.equal(items.length, tasks.length, "a picture for each");
  for (const item of items) assert.ok((await house.bytes(item.id)).length > 0);
}

// `exhaust` takes what the server needs, `relieve` gives it back.
async function throughExhaustion(t, path, { exhaust, relieve, refuses }) {
  const house = await openHouse(t, { data: join(path, "data") });
  const fake = await openFake(t);
  await house.addOpenai(fake, { concurrency: 2 });
  const kept = (await upload(house, 1)).json.items[0].asset;
  const before = await house.bytes(kept.id);
  const feed = await house.feed();
  await fake.control({ latency_ms: 3000 });
  const begun = await house.post("/runs", distinct(4, "begun"));
  await until("two calls are at the provider", () => fake.open.size === 2);

  await exhaust();
  await until("both were answered", async () => (await fake.ledger()).entries.length >= 2 && fake.open.size === 0);
  await refuses(house);
  assert.deepEqual(await house.bytes(kept.id), before, "reading goes on");
  assert.equal((await house.get(`/runs/${begun.id}`)).tasks.length, 4, "the queue holds");
  const refused = (await house.get(`/runs/${begun.id}`)).tasks
    .filter((task) => ["failed", "held", "cancelled"].includes(task.state));
  assert.deepEqual(refused, [], "nobody pays for the disk");

  await relieve();
  await until("uploads are taken again", async () => (await upload(house, 2)).status === 200, BACK_MS);
  const later = await until("runs are taken again", async () => {
    const reply = await house.call("POST", "/runs", { body: distinct(2, "later") });
    return reply.status < 300 ? reply.json : null;
  }, BACK_MS);
  await fake.control({ latency_ms: 50 });
  await allPaidOnce(house, fake, [begun, later]);
  assert.deepEqual(await house.bytes(kept.id), before);
  await house.doctor(); // before its disk goes
  await feed.until("the last picture is told of", (event) => event.kind === "run.changed" && event.data.run.id === later.id
    && event.data.run.state === "done");
}

// Of the running server; the hard limit stays, so that the soft one can be raised again.
const limit = (house, what, soft) => run("prlimit", [`--pid=${house.child.pid}`, `--${what}=${soft}:`]);

// The one that sleeps runs beside the others.
describe("a disk at its end, and a process that stood still", { concurrency: 3 }, () => {
  test("stopped for 20 s while calls are out: their answers are taken, nothing is asked again", async (t) => {
    const house = await openHouse(t);
    const fake = await openFake(t);
    await house.addOpenai(fake, { concurrency: 3 });
    const feed = await house.feed();
    await fake.control({ latency_ms: 2000 });
    const begun = await house.post("/runs", distinct(6, "asleep"));
    await until("three calls are at the provider", () => fake.open.size === 3);
    house.child.kill("SIGSTOP");
    await sleep(STOPPED_MS);
    assert.equal((await fake.ledger()).entries.length, 3, "answered meanwhile");
    house.child.kill("SIGCONT");
    await allPaidOnce(house, fake, [begun]);
    for (const task of (await house.get(`/runs/${begun.id}`)).tasks) {
      const { attempts } = await house.get(`/tasks/${task.id}`);
      assert.equal(attempts.length, 1, "nobody took it over");
    }
    await feed.until("the stream goes on", (event) => event.kind === "run.changed" && event.data.run.id === begun.id
      && event.data.run.state === "done");
    const numbers = feed.events.filter((event) => event.id !== null).map((event) => Number(event.id.split("-").at(-1)));
    assert.deepEqual(numbers, numbers.map((_, index) => numbers[0] + index), "without a gap");
  });

  test("a disk that others filled: clear errors, and all goes on when there is room", async (t) => {
    const path = await mount(t, "size=96m");
    await throughExhaustion(t, path, {
      exhaust: () => fill(path),
      relieve: () => rm(join(path, "foreign")),
      refuses: async (house) => {
        // The reserve is given to what runs; then that is full too.
        await until("the reserve is gone, and taken", async () => {
          await fill(path);
          return (await upload(house, 9)).status === 507;
        });
        saysFull(await upload(house, 9), "an upload");
        saysFull(await house.call("POST", "/runs", { body: distinct(1, "never") }), "a run");
        assert.equal((await house.call("GET", "/readyz", { as: "anyone" })).status, 404);
      },
    });
  });

  test("a disk that uploads filled: refused in time, so that results still find room", async (t) => {
    const path = await mount(t, "size=96m");
    const house = await openHouse(t, { data: join(path, "data") });
    const fake = await openFake(t);
    await house.addOpenai(fake, { concurrency: 2 });
    await fill(path, 60 * MIB);
    let taken = 0;
    let reply;
    while ((reply = await upload(house, 100 + taken)).status === 200) taken++;
    saysFull(reply, "an upload too many");
    assert.ok(taken > 0);
    const run = await house.post("/runs", distinct(3, "still"));
    await allPaidOnce(house, fake, [run]);
    assert.equal((await house.get("/assets?limit=200")).items.length, Math.min(200, taken + 3));
  });

  test("no more names for files: the same", async (t) => {
    const path = await mount(t, "size=96m,nr_inodes=600");
    let count = 0;
    const exhaust = async () => {
      for (;;) {
        try {
          await writeFile(join(path, `foreign-${count}`), "");
          count++;
        } catch (error) {
          assert.equal(error.code, "ENOSPC");
          return;
        }
      }
    };
    await throughExhaustion(t, path, {
      exhaust,
      relieve: async () => {
        for (let index = 0; index < count; index++) await rm(join(path, `foreign-${index}`));
      },
      refuses: async (house) => saysFull(await upload(house, 9), "an upload"),
    });
  });

  test("a limit on the size of files ends no process", async (t) => {
    const house = await openHouse(t);
    await limit(house, "fsize", 1);
    const refused = await upload(house, 3);
    assert.ok(refused.status >= 500, `${refused.status}`);
    assert.match(refused.json.code, /^[a-z_]+$/, refused.bytes.toString());
    assert.equal((await house.call("GET", "/me")).status, 200, "it lives and reads");
    await limit(house, "fsize", "unlimited");
    await until("uploads are taken again", async () => (await upload(house, 4)).status === 200);
  });

  test("no more descriptors: who comes waits or is told, and nothing is lost", async (t) => {
    const house = await openHouse(t);
    const fake = await openFake(t);
    await house.addOpenai(fake, { concurrency: 2 });
    await fake.control({ latency_ms: 1000 });
    const begun = await house.post("/runs", distinct(2, "begun"));
    await until("both calls are at the provider", () => fake.open.size === 2);
    const { stdout } = await run("sh", ["-c", `ulimit -Sn; ls /proc/${house.child.pid}/fd | wc -l`]);
    const [usual, used] = stdout.trim().split("\n").map(Number);
    await limit(house, "nofile", used);
    await until("both were answered", async () => fake.open.size === 0);
    const waiting = upload(house, 5).catch((error) => error);
    await sleep(1000);
    await limit(house, "nofile", usual);
    assert.ok((await waiting).status === undefined || (await waiting).status < 600);
    await until("uploads are taken again", async () => (await upload(house, 6)).status === 200);
    await allPaidOnce(house, fake, [begun]);
  });
});
