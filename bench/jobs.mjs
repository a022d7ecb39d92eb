#!/usr/bin/env node
/*
Measures jobs from their durable acceptance over HTTP to their end, beside BullMQ and Redis, in turns, in one run.

usage: bench/jobs.mjs SERVER [ROW...]      SERVER: build-rel/bench_jobs_server (ninja bench_jobs_server)
rows:  jobs pickup memory crash        all of them unless given; SECONDS=N of load in each turn of `jobs` (5)

Needs node, redis-server, wrk and nginx, and `npm install` in bench/peer.  Both sides call the same provider: nginx
where it only has to answer, this process where it has to count.  Prints Markdown tables; CPU is that of all threads and
processes of a side, Redis among them.  The load runs on the same machine and takes its share from both alike.
*/
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, createServer, request } from "node:http";
import { createServer as createListener } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const KEY = "correct-horse-battery-bench";
const TURNS = 3;
const SECONDS = Number(process.env.SECONDS ?? 5);
const ACCOUNTS = 16; // of 64 calls at once each: a thousand are on their way
const folder = mkdtempSync(join(tmpdir(), "vitrine-jobs-"));
const children = new Set();
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const at = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

// ---- processes ----

function freePort() {
  return new Promise((done) => {
    const listener = createListener().listen(0, "127.0.0.1", () => {
      const { port } = listener.address();
      listener.close(() => done(port));
    });
  });
}

function start(words, env = {}) {
  const child = spawn(words[0], words.slice(1), { env: { PATH: process.env.PATH, ...env }, stdio: ["ignore", "ignore", "inherit"] });
  children.add(child);
  child.on("exit", () => children.delete(child));
  return child;
}

function stop(child, signal = "SIGTERM") {
  return new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    child.on("exit", done);
    child.kill(signal);
  });
}

function treeOf(pid) {
  const below = readFileSync(`/proc/${pid}/task/${pid}/children`, "ascii").trim();
  return [pid, ...(below === "" ? [] : below.split(" ").flatMap((child) => treeOf(Number(child))))];
}

const ticks = Number(execFileSync("getconf", ["CLK_TCK"]));
function cpuUs(pids) {
  let total = 0;
  for (const pid of pids.flatMap(treeOf)) {
    const fields = readFileSync(`/proc/${pid}/stat`, "ascii").split(") ").pop().split(" ");
    total += (Number(fields[11]) + Number(fields[12])) * (1e6 / ticks);
  }
  return total;
}

function rssMib(pids) {
  return pids.flatMap(treeOf).reduce((sum, pid) =>
    sum + Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "ascii"))[1]) / 1024, 0);
}

// ---- HTTP ----

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
function ask(port, method, path, body, headers = {}) {
  return new Promise((done, fail) => {
    const req = request({ host: "127.0.0.1", port, method, path, agent, headers: {
      ...(body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }), ...headers } }, (res) => {
      let text = "";
      res.setEncoding("utf8");
      res.on("data", (piece) => { text += piece; });
      res.on("end", () => done({ status: res.statusCode, text }));
    });
    req.on("error", fail);
    req.end(body);
  });
}

async function ready(port) {
  for (let tries = 0; tries < 5000; tries++) {
    try {
      if ((await ask(port, "GET", "/healthz")).status < 500) return;
    } catch {
      // not yet
    }
    await sleep(2);
  }
  throw new Error(`nobody listens on ${port}`);
}

// ---- the two sides ----

class Vitrine {
  name = "vitrine";
  constructor(server, mockOptions = {}) {
    this.server = server;
    this.options = mockOptions;
    this.data = join(folder, `data-${Math.random()}`);
    this.headers = { authorization: `Bearer ${KEY}` };
  }

  async spawn() {
    this.child = start([this.server, "serve"], { VITRINE_DATA: this.data, VITRINE_ADMIN_KEY: KEY,
      VITRINE_LISTEN: `127.0.0.1:${this.port}`, VITRINE_RATE_PER_MINUTE: "1000000", VITRINE_LOG_LEVEL: "error",
      VITRINE_QUEUE_PER_USER_MAX: "100000", VITRINE_QUEUE_TOTAL_MAX: "1000000" });
    this.pids = [this.child.pid];
    await ready(this.port);
  }

  async api(method, path, body) {
    const reply = await ask(this.port, method, `/api/v1${path}`, body && JSON.stringify(body), this.headers);
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${reply.text}`);
    return JSON.parse(reply.text);
  }

  async start() {
    this.port = await freePort();
    await this.spawn();
    this.models = [];
    for (let account = 0; account < ACCOUNTS; account++) {
      const { id } = await this.api("POST", "/providers", { kind: "mock", name: `account ${account}`, options: this.options,
        is_private_allowed: true, concurrency: 64 });
      this.models.push(`${id}/mock`);
    }
    return this;
  }

  path = "/api/v1/runs";
  job(url, prompt, number = 0, crowd = ACCOUNTS) {
    return JSON.stringify({ nodes: [{ key: "a", operation: "bench.call",
      parameters: { prompt, url, model: this.models[number % crowd] } }] });
  }

  async left() {
    const { running, waiting_all: waiting } = await this.api("GET", "/queue");
    return running + waiting;
  }

  async ended() {
    const { held, failed_24h: failed } = await this.api("GET", "/queue");
    let done = 0;
    for (let cursor = ""; cursor !== null;) {
      const page = await this.api("GET", `/runs?state=done&limit=100${cursor && `&cursor=${cursor}`}`);
      done += page.items.length;
      cursor = page.next_cursor;
    }
    return { done, held, failed };
  }

  async restart() {
    await stop(this.child, "SIGKILL");
    await this.spawn();
  }

  stop() {
    return stop(this.child);
  }
}

class Peer {
  name = "BullMQ";
  headers = {};
  path = "/";
  constructor(env = {}) {
    this.env = env;
  }

  async start() {
    this.port = await freePort();
    this.redisPort = await freePort();
    const data = join(folder, `redis-${this.redisPort}`);
    mkdirSync(data);
    this.redis = start(["redis-server", "--port", `${this.redisPort}`, "--bind", "127.0.0.1", "--dir", data, "--appendonly", "yes",
      "--appendfsync", "always", "--save", "", "--loglevel", "warning"]);
    await sleep(300);
    await this.spawn();
    return this;
  }

  async spawn() {
    this.child = start([process.execPath, new URL("peer/front.mjs", import.meta.url).pathname], {
      PORT: `${this.port}`, REDIS_PORT: `${this.redisPort}`, CONCURRENCY: "1000", ...this.env });
    this.pids = [this.child.pid, this.redis.pid];
    await ready(this.port);
  }

  job(url, prompt) {
    return JSON.stringify({ url, prompt });
  }

  async counts() {
    return JSON.parse((await ask(this.port, "GET", "/")).text);
  }

  async left() {
    const { waiting, active } = await this.counts();
    return waiting + active;
  }

  async ended() {
    const { completed: done, failed } = await this.counts();
    return { done, held: 0, failed };
  }

  async restart() {
    await stop(this.child, "SIGKILL");
    await this.spawn();
  }

  async stop() {
    await stop(this.child, "SIGKILL");
    await stop(this.redis);
  }
}

async function drained(side, limit_ms = 120000) {
  for (const end = performance.now() + limit_ms; performance.now() < end; await sleep(20))
    if (await side.left() === 0) return;
  throw new Error(`${side.name} never came to rest`);
}

// ---- providers ----

let nginx;
function startNginx() {
  nginx ??= makeNginx();
  return nginx;
}

async function makeNginx() {
  const port = await freePort();
  const home = join(folder, "nginx");
  mkdirSync(home);
  writeFileSync(join(home, "nginx.conf"), `
daemon off; worker_processes 1; pid ${home}/pid; error_log ${home}/error.log; user root;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000; default_type application/json;
  client_body_temp_path ${home}/t1; proxy_temp_path ${home}/t2; fastcgi_temp_path ${home}/t3;
  uwsgi_temp_path ${home}/t4; scgi_temp_path ${home}/t5;
  server { listen 127.0.0.1:${port}; location / { return 200 '{}'; } }
}`);
  start(["nginx", "-p", home, "-c", join(home, "nginx.conf")]);
  await ready(port);
  return `http://127.0.0.1:${port}/`;
}

// Answers when told to; knows when each prompt was seen, and how often it was paid: a key pays once.
class Ledger {
  seen = new Map();
  charges = new Map();
  keys = new Set();
  open = new Set();
  isHeld = false;

  async start() {
    const port = await freePort();
    await new Promise((done) => createServer((req, res) => {
      let body = "";
      req.on("data", (piece) => { body += piece; });
      req.on("end", () => {
        const { prompt } = JSON.parse(body);
        const key = req.headers["idempotency-key"];
        if (!this.seen.has(prompt)) this.seen.set(prompt, []);
        this.seen.get(prompt).push(performance.now());
        if (key === undefined || !this.keys.has(key)) this.charges.set(prompt, (this.charges.get(prompt) ?? 0) + 1);
        this.keys.add(key);
        this.open.add(res);
        res.on("close", () => this.open.delete(res));
        if (!this.isHeld) res.end("{}");
      });
    }).listen(port, "127.0.0.1", done));
    this.url = `http://127.0.0.1:${port}/`;
    return this;
  }

  release() {
    this.isHeld = false;
    for (const res of this.open) res.end("{}");
  }

  paidTwice() {
    return [...this.charges.values()].filter((count) => count > 1).length;
  }
}

// ---- rows ----

function load(side, url, seconds) {
  const script = join(folder, "load.lua");
  // Every account gets its share; wrk takes the bodies in turn.
  const bodies = Array.from({ length: ACCOUNTS }, (_, number) => side.job(url, "a glass case", number));
  writeFileSync(script, `local bodies = {${bodies.map((body) => `[[${body}]]`).join(",")}}
local at = 0
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
${Object.entries(side.headers).map(([name, value]) => `wrk.headers["${name}"] = "${value}"`).join("\n")}
request = function() at = at % #bodies + 1; return wrk.format(nil, nil, nil, bodies[at]) end
`);
  return new Promise((done, fail) => {
    const wrk = spawn("wrk", ["-t1", "-c64", `-d${seconds}s`, "-s", script, `http://127.0.0.1:${side.port}${side.path}`],
      { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    wrk.stdout.on("data", (piece) => { said += piece; });
    wrk.on("exit", () => (/Non-2xx|Socket errors/.test(said) ? fail(new Error(said))
      : done(Number(/(\d+) requests in/.exec(said)[1]))));
  });
}

async function measureJobs(server) {
  const url = await startNginx();
  const turns = new Map();
  for (let turn = 0; turn < TURNS; turn++) {
    for (const make of [() => new Vitrine(server), () => new Peer()]) {
      const side = await make().start();
      await load(side, url, 1);
      await drained(side);
      const before = cpuUs(side.pids);
      const begun = performance.now();
      const count = await load(side, url, SECONDS);
      const accepted = performance.now();
      await drained(side);
      const ended = performance.now();
      const figures = turns.get(side.name) ?? turns.set(side.name, []).get(side.name);
      figures.push([count / ((accepted - begun) / 1000), count / ((ended - begun) / 1000), (cpuUs(side.pids) - before) / count]);
      await side.stop();
    }
  }
  const [[ours, oursDone, oursCpu], [peer, peerDone, peerCpu]] = ["vitrine", "BullMQ"].map((name) =>
    [0, 1, 2].map((column) => median(turns.get(name).map((figures) => figures[column]))));
  console.log(`\n| 64 connections, no-op provider | vitrine | BullMQ, Redis always | ratio |\n|---|---|---|---|
| accepted, jobs/s | ${ours.toFixed(0)} | ${peer.toFixed(0)} | ${(ours / peer).toFixed(2)} |
| submitted to done, jobs/s | ${oursDone.toFixed(0)} | ${peerDone.toFixed(0)} | ${(oursDone / peerDone).toFixed(2)} |
| CPU, µs a job | ${oursCpu.toFixed(0)} | ${peerCpu.toFixed(0)} | ${(oursCpu / peerCpu).toFixed(2)} |`);
}

async function measurePickup(server) {
  const ledger = await new Ledger().start();
  const sides = [await new Vitrine(server).start(), await new Peer().start()];
  const waits = new Map(sides.map((side) => [side.name, []]));
  for (let number = 0; number < 300; number++) {
    for (const side of sides) {
      const prompt = `${side.name} ${number}`;
      const begun = performance.now();
      await ask(side.port, "POST", side.path, side.job(ledger.url, prompt, number), side.headers);
      while (!ledger.seen.has(prompt)) await sleep(1);
      waits.get(side.name).push(ledger.seen.get(prompt)[0] - begun);
      await sleep(25 - Math.min(24, performance.now() - begun)); // 20 a second on each side
    }
  }
  const [ours, peer] = [...waits.values()].map((values) => values.slice(20));
  console.log(`\n| POST sent to provider called, 20 a second | vitrine | BullMQ, Redis always | ratio |\n|---|---|---|---|`);
  for (const share of [0.5, 0.99])
    console.log(`| p${share * 100}, ms | ${at(ours, share).toFixed(2)} | ${at(peer, share).toFixed(2)} | ${(at(ours, share) / at(peer, share)).toFixed(2)} |`);
  for (const side of sides) await side.stop();
}

// A thousand calls that the provider holds.
async function holdThousand(side, ledger) {
  ledger.isHeld = true;
  for (let number = 0; number < 1000; number += 50)
    await Promise.all(Array.from({ length: 50 }, (_, step) => ask(side.port, "POST", side.path,
      side.job(ledger.url, `${side.name} ${number + step}`, number + step), side.headers)));
  for (const end = performance.now() + 60000; ledger.open.size < 1000; await sleep(20))
    if (performance.now() > end) throw new Error(`${side.name}: ${ledger.open.size} calls are on their way`);
}

async function measureMemory(server) {
  const url = await startNginx();
  const rows = [];
  for (const make of [() => new Vitrine(server), () => new Peer()]) {
    const ledger = await new Ledger().start();
    const side = await make().start();
    await sleep(1000);
    const idle = rssMib(side.pids);
    await holdThousand(side, ledger);
    const held = rssMib(side.pids);
    ledger.release();
    await drained(side);
    const after = [];
    for (let done = 0; done < 20000; done += 10000) {
      for (let count = 0; count < 10000;) count += await load(side, url, 1);
      await drained(side);
      await sleep(2000);
      after.push(rssMib(side.pids));
    }
    rows.push([idle, held, ...after]);
    await side.stop();
  }
  console.log(`\n| memory, MiB | vitrine | BullMQ and Redis | ratio |\n|---|---|---|---|`);
  ["idle", "1,000 calls on their way", "after 10,000 jobs", "after 10,000 more"].forEach((name, row) =>
    console.log(`| ${name} | ${rows[0][row].toFixed(1)} | ${rows[1][row].toFixed(1)} | ${(rows[0][row] / rows[1][row]).toFixed(2)} |`));
}

// kill -9 with a thousand calls on their way, started again at once, killed again with them on their way again.
async function crashTwice(name, side) {
  const ledger = await new Ledger().start();
  await side.start();
  await holdThousand(side, ledger);
  const calls = () => [...ledger.seen.values()].reduce((sum, times) => sum + times.length, 0);
  const first = calls();
  const begun = performance.now();
  await side.restart();
  let resumed = null;
  // Without keys vitrine repeats nothing: it is back when its held tasks stand there.
  for (const end = performance.now() + 100000; performance.now() < end && resumed === null; await sleep(5))
    if (calls() > first || (side instanceof Vitrine && side.options.honours_key === false && await side.left() === 0))
      resumed = performance.now() - begun;
  for (const end = performance.now() + 100000; performance.now() < end && side.options?.honours_key !== false
    && calls() < first + 1000; await sleep(20));
  await side.restart();
  await sleep(200);
  ledger.release();
  await drained(side, 200000);
  await sleep(500);
  const { done, held, failed } = await side.ended();
  console.log(`| ${name} | ${resumed === null ? "never in 100 s" : (resumed / 1000).toFixed(2)} | ${1000 - done - held - failed} | ${ledger.paidTwice()} | ${failed} |`);
  await side.stop();
}

async function measureCrash(server) {
  console.log(`\n| kill -9 with 1,000 calls on their way, twice | first resumed after, s | lost | paid twice unasked | failed by the second crash |\n|---|---|---|---|---|`);
  await crashTwice("vitrine, provider honours keys", new Vitrine(server, { honours_key: true }));
  await crashTwice("vitrine, provider without keys (all held)", new Vitrine(server, { honours_key: false }));
  await crashTwice("BullMQ as it comes", new Peer({ KEPT: "1000" }));
  await crashTwice("BullMQ, a lease of 1 s, ten stalls allowed", new Peer({ KEPT: "1000", LOCK_MS: "1000", STALLED_MAX: "10" }));
}

const [server, ...chosen] = process.argv.slice(2);
const rows = { jobs: measureJobs, pickup: measurePickup, memory: measureMemory, crash: measureCrash };
if (server === undefined || chosen.some((row) => rows[row] === undefined)) {
  console.error("usage: bench/jobs.mjs SERVER [jobs|pickup|memory|crash...]");
  process.exit(2);
}
try {
  for (const row of chosen.length > 0 ? chosen : Object.keys(rows)) await rows[row](resolve(server));
} finally {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
