// One cell of the matrix: the real binary under a scripted load, a fault in it, and what must hold
// afterwards.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { noise, PRICE_MICRO, startLedger } from "../providers/ledger.mjs";
import { BINARY, multipart, openFake, until } from "../scenario/house.mjs";
import { Client, isNew, LEFTOVERS, OLD_EVENTS } from "./client.mjs";

const run = promisify(execFile);
const TRIES_MAX = 8;
const DAYS_MAX = 8;
const CROWD = ["p", "q", "r", "s", "t"];
const NODES = ["a", "b", "d [slow]", "e [slow]", "f", "g", ...CROWD]; // of the load, as prompts end
const OVER = ["done", "held", "failed", "cancelled"];
const NAMES = { n: "no keys", r: "no keys, called again", k: "keys honoured", a: "for later",
  u: "no keys, by address", l: "no keys, but can be asked" };
const SECONDS = { none: "", same: ", then there twice more", recovery: ", then in recovery" };
export function titleOf({ point, hit, action, kind, second, orders, seed }) {
  if (orders !== undefined) return `seed ${seed}: ${orders.join(", then ")}, ${NAMES[kind]}`;
  return `${point}:${hit}:${action}, ${NAMES[kind]}${SECONDS[second]}`;
}

export async function pointsOfBinary() {
  const { stdout } = await run(BINARY, ["--fault-points"]);
  return stdout.trim().split("\n").map((line) => line.split(" ")[0]);
}

// The providers, and for each kind a data folder with its owner and its account, to be copied.
export async function openStage(t) {
  const ledger = await startLedger();
  const fake = await openFake(t);
  const entries = async (name, list) =>
    (await fake.ledger())[list].filter((entry) => entry.prompt === name).length;
  const openai = { model: "gpt-image-2", seen: (prompt) => entries(prompt, "requests"),
    charges: (prompt) => entries(prompt, "entries") };
  const account = { kind: "openai", base_url: `${fake.url}/v1`, key: fake.key };
  const stage = {
    folder: await mkdtemp(join(tmpdir(), "vitrine-crash-")),
    providers: {
      n: { ...openai, account },
      r: { ...openai, account: { ...account, on_unknown: "retry" } },
      k: { ...ledger, model: "ledger-1",
        account: { kind: "ledger", base_url: ledger.url, options: { honours_key: true } } },
      a: { ...ledger, model: "ledger-1",
        account: { kind: "ledger", base_url: ledger.url, options: { async: true } } },
      u: { ...ledger, model: "ledger-1", account: { kind: "ledger", base_url: ledger.url } },
      l: { ...ledger, model: "ledger-1",
        account: { kind: "ledger_asked", base_url: ledger.url } },
    },
    templates: {},
    reached: new Set(),
  };
  t.after(async () => {
    await ledger.close();
    await rm(stage.folder, { recursive: true, force: true });
  });
  for (const kind of Object.keys(stage.providers)) {
    const data = join(stage.folder, `template-${kind}`);
    const house = await new Player(stage, { kind }, data).open();
    await house.settleIn();
    assert.equal((await house.signal("SIGTERM")).code, 0, house.log);
    stage.templates[kind] = house;
  }
  return stage;
}

class Player extends Client {
  // ---- the load ----

  prompt(node) {
    return `${this.tag} ${node}`;
  }

  node(key, { inputs, isSlow } = {}) {
    return { key, operation: inputs === undefined ? "image.generate" : "image.edit", inputs: inputs ?? {},
      parameters: { prompt: this.prompt(isSlow ? `${key} [slow]` : key), model: this.provider.model,
        ...("nr".includes(this.cell.kind) ? { width: 1024, height: 1024, quality: "low",
          partial_images: key === "b" ? 1 : 0 } : {}) } };
  }

  async submit(key, nodes, edges = []) {
    const options = { headers: { "idempotency-key": `${this.tag}-${key}` } };
    const made = await this.post("/runs", { nodes, edges }, options);
    this.runs.set(key, { id: made.id, repeat: async () => this.post("/runs", { nodes, edges }, options) });
    return made;
  }

  async settled() {
    let open;
    return until("nothing is on its way any more", async () => {
      const runs = (await this.get("/runs?state=all")).items;
      const tasks = runs.flatMap((each) => each.tasks);
      // Behind one that is held, others are blocked: that is a person's turn.
      open = tasks.filter((task) => !OVER.includes(task.state) && task.state !== "blocked");
      return open.length === 0 ? tasks : null;
    }).catch((error) => {
      throw new Error(`${error.message}: ${open.map((task) => `${task.key} ${task.state}`)}\n` +
        this.log.slice(-3000));
    });
  }

  async task(run, key) {
    return (await this.get(`/runs/${run}`)).tasks.find((task) => task.key === key);
  }

  // Until the provider has it, or it went another way.
  atProvider(run, key) {
    return until(`${key} is at the provider`, async () =>
      await this.provider.seen(this.prompt(`${key} [slow]`)) > 0 ||
      ["held", "failed", "done"].includes((await this.task(run, key)).state));
  }

  // 409: it went another way meanwhile, or this is a repeat of what was heard but not answered.
  async tell(path, body) {
    const reply = await this.call("POST", path, { body });
    assert.ok([200, 202, 409].includes(reply.status), `${path}: ${reply.status} ${reply.bytes}`);
  }

  async uploadOne(name) {
    const bytes = noise(`${this.tag} ${name}`, 120);
    const { headers, body } = await multipart([{ name: "u.png", bytes, type: "image/png" }]);
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const [item] = (await this.post("/assets", body, { headers })).items;
      if (item.asset) return item.asset;
      assert.ok(item.error.code && item.error.detail.length > 10, JSON.stringify(item));
      this.refusals.push(`upload: ${item.error.code}`);
    }
    return assert.fail(`the upload is refused for ever: ${this.refusals}`);
  }

  // The call at hand is cancelled while the process stands at the point.
  async race() {
    const made = await this.submit("race", [this.node("a")]);
    await until("it stands there", async () => (await this.reached()).includes(this.cell.point));
    await this.tell(`/tasks/${made.tasks[0].id}/cancel`);
    await this.settled();
  }

  // Three calls at once, and more than that wait.
  async crowd() {
    const { items } = await this.get("/providers");
    await this.patch(`/providers/${items.find(({ name }) => name === "crash").id}`, { concurrency: 3 });
    await this.submit("crowd", CROWD.map((key) => this.node(key)));
  }

  async play() {
    this.isPlaying = true;
    this.runs = new Map();
    this.watches = [];
    await this.watch();
    if (this.cell.moment === "race") await this.race();
    if (this.cell.moment === "crowd") await this.crowd();
    const { id } = await this.submit("graph", [this.node("a"), this.node("b")], [{ from: "a", to: "b" }]);
    await this.settled();
    this.atRest = await this.get(`/runs/${id}`);
    this.chargedAtRest = await this.chargesOf("a", "b");
    this.asset = (await this.uploadOne("kept")).id;
    await this.patch(`/assets/${this.asset}`, { name: "renamed" });
    if (this.cell.moment === "sweep") {
      await this.sweepAway();
    } else {
      await this.meddle();
      await this.changeByJobs();
    }
    await this.submit("edit", [this.node("g", { inputs: { images: [this.asset] } })]);
    await this.settled();
  }

  // What people do while calls are in flight; and the end of the process in their middle.
  async meddle() {
    const slow = await this.submit("slow", [this.node("d", { isSlow: true })]);
    await this.atProvider(slow.id, "d");
    if (this.cell.moment === "term")
      for (let stop = 0; stop < (this.cell.second === "same" ? 3 : 1); stop++) await this.stopInBetween();
    if (this.cell.moment === "killed") {
      await this.signal("SIGKILL");
      this.stops++;
      await this.rise();
    }
    await this.tell(`/tasks/${slow.tasks[0].id}/cancel`);
    const pair = await this.submit("pair", [this.node("e", { isSlow: true }), this.node("f")],
      [{ from: "e", to: "f" }]);
    await this.atProvider(pair.id, "e");
    await this.tell(`/runs/${pair.id}/cancel`);
    await this.post("/assets/bulk", { ids: [this.asset], action: "star" });
    await this.post("/queue/pause", { reason: "a look" });
    await this.post("/queue/resume");
  }

  // One job's change stays, another's is taken back.  What is asked for again may be asked for twice.
  async changeByJobs() {
    await this.post("/asset-jobs", { ids: [this.asset], action: "rate", value: 4 });
    await this.post("/asset-jobs", { ids: [this.asset], action: "tag_add", value: "taken back" });
    for (const job of await this.jobsEnded())
      if (job.action === "tag_add" && job.changed > 0) await this.tell(`/asset-jobs/${job.id}/undo`);
    await this.jobsEnded();
  }

  async jobsEnded() {
    const { items } = await until("the jobs have ended", async () => {
      const page = await this.get("/asset-jobs");
      return page.items.every(({ ended_at }) => ended_at !== null) && page;
    });
    for (const { state, action, error } of items)
      assert.ok(["done", "undone"].includes(state), `${action} is ${state}: ${error}`);
    return items;
  }

  // A picture is thrown away, another never got its row; days pass, a start each.
  async sweepAway() {
    await this.strayToTrash();
    const trashed = await this.uploadOne("trashed");
    await this.post("/assets/bulk", { ids: [trashed.id], action: "trash" });
    const orphan = noise("orphan", 64);
    const name = createHash("sha256").update(orphan).digest("hex");
    const folder = join(this.data, "blobs", name.slice(0, 2), name.slice(2, 4));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, name), orphan);
    this.isAgeing = true;
    for (let day = 0; day < DAYS_MAX; day++) {
      if (this.code === undefined) await this.stopInBetween();
      else await this.risen(new Error("it died"));
      if (this.left === "") return this.eventsGo();
      await until("a stage of its going", async () => this.code !== undefined ||
        (await run("python3", ["-c", LEFTOVERS, this.data])).stdout !== this.left);
    }
    assert.fail(`something stays: ${this.left}`);
  }


  // As after a sweep that died behind a move, whose row was wanted again: it is carried back.
  async strayToTrash() {
    const { headers } = await this.call("GET", `/assets/${this.asset}/file?variant=original`);
    const name = /[0-9a-f]{64}/.exec(headers.etag)[0];
    const place = join(this.data, "blobs", name.slice(0, 2), name.slice(2, 4), name);
    await rename(place, join(this.data, "blobs/trash", name));
    await until("it is back", () => this.code !== undefined || existsSync(place));
    if (this.code !== undefined) await this.risen(new Error("it died"));
  }

  // What is old and not among the newest ten is forgotten, and nothing else is.
  async eventsGo() {
    await until("old events are gone", async () => (await run("python3", ["-c", OLD_EVENTS, this.data])).stdout
      .trim() === "0");
  }

  async stopInBetween() {
    const { signal } = await this.signal("SIGTERM");
    if (signal === "SIGKILL") {
      this.kills++;
    } else {
      assert.equal(this.code, 0, this.log.slice(-2000));
      this.stops++;
    }
    await this.rise();
  }

  async chargesOf(...nodes) {
    return Object.fromEntries(await Promise.all(nodes.map(async (node) =>
      [node, await this.provider.charges(this.prompt(node))])));
  }

  // A person answers what is held: once more, which may cost once more.
  async answerHeld() {
    for (let round = 0; round < 3; round++) {
      const held = (await this.settled()).filter((task) => task.state === "held");
      if (held.length === 0) return;
      for (const task of held) {
        assert.equal(task.hold_reason, "unknown", `${task.key} ${JSON.stringify(task)}`);
        this.repeats.set(task.key, (this.repeats.get(task.key) ?? 0) + 1);
        await this.tell(`/tasks/${task.id}/resolve`, { answer: "repeat" });
      }
    }
    await this.settled();
  }

  // ---- what must hold ----

  async reached() {
    return (await readFile(this.logFile, "utf8").catch(() => "")).split("\n").filter(Boolean);
  }

  async picturesAreThere(count) {
    const { items, total } = await this.get("/assets?limit=100");
    assert.equal(total, count, items.map((item) => `${item.kind} ${item.name}`).join("\n"));
    for (const item of items) {
      for (const variant of ["original", "thumb"]) {
        const reply = await this.call("GET", `/assets/${item.id}/file?variant=${variant}`);
        assert.equal(reply.status, 200, `${variant} of ${item.name}: ${reply.status}`);
        assert.equal(createHash("sha256").update(reply.bytes).digest("hex"),
          /[0-9a-f]{64}/.exec(reply.headers.etag)?.[0], `${variant} of ${item.name}`);
      }
    }
  }

  // The call at hand, before a person answered anything.
  checkCallAtHand() {
    const { row, kind, action, hit, second } = this.cell;
    if (row?.call === undefined || hit !== 1 || second !== "none" || action !== "kill9") return;
    const [states, ...charges] = row.call[kind];
    const task = this.atRest.tasks.find((each) => each.key === row.node);
    assert.ok(states.split("|").includes(task.state),
      `${row.node} is ${task.state} ${JSON.stringify(task.error)}, not ${states}`);
    assert.ok(charges.includes(this.chargedAtRest[row.node]),
      `${row.node} was charged ${this.chargedAtRest[row.node]} times, not ${charges}`);
    assert.equal(task.tries, 0, "a crash is no try");
  }

  async checkCharges() {
    const byRule = this.cell.kind !== "r" ? 0 : this.cell.second === "none" ? 1 : 3;
    for (const node of NODES) {
      const allowed = 1 + byRule + (this.repeats.get(node[0]) ?? 0) +
        (node === "a" && this.cell.moment === "race" ? 1 : 0);
      const charges = await this.provider.charges(this.prompt(node));
      assert.ok(charges <= allowed, `${node} was charged ${charges} times, ${allowed} allowed`);
    }
  }

  async checkRuns() {
    const runs = (await this.get("/runs?state=all")).items;
    assert.equal(runs.length, this.runs.size, "each run once");
    for (const [key, { id, repeat }] of this.runs)
      assert.equal((await repeat()).id, id, `the key of ${key} still means the same run`);
    assert.equal((await this.get("/runs?state=all")).items.length, this.runs.size);
    let pictures = 1; // the upload
    for (const each of runs)
      for (const task of each.tasks) {
        const isWanted = ["graph", "edit", "crowd"].some((key) => this.runs.get(key)?.id === each.id);
        assert.ok(task.state === "done" || (!isWanted && task.state === "cancelled"),
          `${task.key} is ${task.state} ${JSON.stringify(task.error)}`);
        if (task.state === "done") assert.equal(task.assets.length, 1, `pictures of ${task.key}`);
        pictures += task.assets.length;
      }
    return pictures;
  }

  // Every event once and in its order over all connections; of each task one that it is over (I10).
  async checkEvents() {
    const tasks = (await this.get("/runs?state=all")).items.flatMap((each) => each.tasks);
    const events = () => this.watches.flatMap((feed) => feed.events).filter(({ id, kind }) =>
      id !== null && kind !== "hello");
    const ends = (task) => events().filter(({ kind, data }) => kind === "task.changed" &&
      data.task.id === task.id && data.task.state === task.state).length;

    await until("each task's end is told", () => tasks.every((task) => ends(task) > 0));
    for (const task of tasks) assert.equal(ends(task), 1, `how often ${task.key} ended`);
    const numbers = events().map(({ id }) => Number(id.split("-").at(-1)));
    for (const [at, number] of numbers.entries())
      assert.equal(number, numbers[0] + at, `the events are ${numbers}`);
  }

  // What we say was paid, and what may have been, against what was charged.
  async checkMoney() {
    const { totals } = await this.get("/usage?by=model");
    const [{ cost_micro, reserved_micro, doubtful_micro }] = totals;
    assert.equal(reserved_micro, 0, "nothing is reserved when all is over");
    if ("nr".includes(this.cell.kind)) return; // billed by token
    const charged = (await Promise.all(NODES.map((node) =>
      this.provider.charges(this.prompt(node))))).reduce((sum, count) => sum + count * PRICE_MICRO, 0);
    assert.ok(cost_micro <= charged && charged <= cost_micro + doubtful_micro,
      `${charged} were charged; ${cost_micro} are known, ${doubtful_micro} in doubt`);
  }

  // The copy from before a migration is whole, and no half of one stays.
  async checkCopies() {
    if (this.cell.moment !== "old") return;
    assert.deepEqual(await readdir(join(this.data, "backup")), ["schema-0001.db"]);
    const { stdout } = await run("python3", ["-c", "import sqlite3, sys\n" +
      "db = sqlite3.connect(sys.argv[1])\n" +
      "print(*db.execute('PRAGMA integrity_check').fetchone(), *db.execute('SELECT number FROM schema_migration'))",
    join(this.data, "backup", "schema-0001.db")]);
    assert.equal(stdout.trim(), "ok (1,)");
  }

  // What a dead process left behind does not add up: a clean stop leaves what one of a fresh folder does.
  async checkLitter() {
    const within = async (name) => (await readdir(join(this.data, name))).sort();
    assert.deepEqual((await within(".")).filter((name) => name !== "backup"),
      ["blobs", "boot", "limits", "lock", "master.key", "vitrine.db"]);
    assert.deepEqual(await within("boot"), []);
    assert.ok((await within("blobs/tmp")).length <= 1, `${await within("blobs/tmp")}`);
  }

  async checkAll() {
    this.checkCallAtHand();
    await this.answerHeld();
    await this.picturesAreThere(await this.checkRuns());
    await this.checkCharges();
    await this.checkMoney();
    await this.checkEvents();
    const kept = await this.get(`/assets/${this.asset}`);
    assert.equal(kept.name, "renamed");
    if (this.cell.moment !== "sweep") {
      assert.equal(kept.rating, 4);
      assert.deepEqual(kept.tags, []);
    }
    await this.doctor();
    assert.equal((await this.signal("SIGTERM")).code, 0, this.log.slice(-2000));
    await this.doctor();
    await this.checkCopies();
    await this.checkLitter();
    assert.doesNotMatch(this.log, /Sanitizer|runtime error:|Assertion/);
    this.checkFault(await this.reached());
  }

  // The fault came, and nothing else ended a process.
  checkFault(reached) {
    const { point, action, second, orders } = this.cell;
    for (const name of reached) this.stage.reached.add(name);
    assert.equal(this.starts, 1 + this.stops + this.kills, "each start has its reason");
    if (orders !== undefined) return;
    assert.ok(reached.includes(point), `${point} was not reached`);
    const least = action === "kill9" ? 1 + (second === "recovery" ? 1 : 0) : 0;
    assert.ok(this.kills >= least && this.kills <= (second === "none" ? least : 3),
      `killed ${this.kills} times`);
  }
}

let cells = 0;
export async function playCell(stage, cell) {
  const data = join(stage.folder, `cell-${cells++}`);
  const player = new Player(stage, cell, data);
  try {
    await player.open();
    if (isNew(cell)) await player.settleIn();
    await player.play();
    await player.checkAll();
  } catch (error) {
    error.message += `\n${player.log.slice(-4000)}`;
    throw error;
  } finally {
    for (const feed of player.watches ?? []) feed.close();
    if (player.child && player.code === undefined) await player.signal("SIGKILL");
    await rm(data, { recursive: true, force: true });
  }
}
