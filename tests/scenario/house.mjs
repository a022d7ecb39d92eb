// A house for scenarios: the real binary on a free port over a folder of its own, spoken to over real
// HTTP.  node:-modules only.  The binary is $VITRINE or $VITRINE_BIN, or the one that
// a build folder here has.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { access, mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { createFake } from "../providers/openai.mjs";

const named = process.env.VITRINE ?? process.env.VITRINE_BIN;
export const BINARY = named ? resolve(named) : ["build-rel", "build/release", "build"]
  .map((folder) => fileURLToPath(new URL(`../../${folder}/vitrine`, import.meta.url)))
  .find((path) => existsSync(path)) ?? "vitrine";
export const PASSWORD = "a long quiet morning";
// SLOWNESS: how many times slower the binary is than a plain one; ./test says it of TSan's.
const WAIT_MS = 20000 * Number(process.env.SLOWNESS ?? 1);

// Asks until `probe` gives something true, and returns it; no fixed sleeps in scenarios.
export async function until(what, probe, wait_ms = WAIT_MS) {
  const end = performance.now() + wait_ms;
  for (;;) {
    const got = await probe();
    if (got) return got;
    if (performance.now() > end) throw new Error(`not within ${wait_ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// One request on a connection of its own: headers are sent as they are given, even false ones.
export function send(origin, { method = "GET", path = "/", headers = {}, body = null }) {
  return new Promise((resolve, reject) => {
    const req = request(`${origin}${path}`, { method, agent: false,
      headers: { ...(body === null ? {} : { "content-length": body.length }), ...headers } });
    req.on("error", reject);
    req.on("response", (res) => {
      const pieces = [];
      res.on("data", (piece) => pieces.push(piece));
      res.on("error", reject);
      res.on("end", () => {
        const bytes = Buffer.concat(pieces);
        const isJson = /json/.test(res.headers["content-type"] ?? "") && bytes.length > 0;
        resolve({ status: res.statusCode, headers: res.headers, bytes,
          json: isJson ? JSON.parse(bytes.toString("utf8")) : null });
      });
    });
    req.end(body);
  });
}

export async function multipart(files, fields = {}) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  for (const { name, bytes, type = "application/octet-stream" } of files)
    form.append("file", new Blob([bytes], { type }), name);
  const whole = new Response(form);
  return { headers: { "content-type": whole.headers.get("content-type") },
    body: Buffer.from(await whole.arrayBuffer()) };
}

// GET /events: every event in its order; `until` waits for one, also among those that came before.
export class Feed {
  constructor(house, { lastEventId, headers = {} } = {}) {
    this.events = [];
    this.lastEventId = lastEventId;
    this.ended = new Promise((resolve) => { this.markEnded = resolve; });
    this.opened = new Promise((resolve, reject) => {
      this.req = request(`${house.origin}/api/v1/events`, { agent: false,
        headers: { authorization: `Bearer ${house.token}`, accept: "text/event-stream",
          ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }), ...headers } });
      this.req.on("error", (error) => { this.markEnded(error); reject(error); });
      this.req.on("response", (res) => {
        this.status = res.statusCode;
        this.headers = res.headers;
        res.setEncoding("utf8");
        res.on("data", (text) => this.read(text));
        res.on("error", this.markEnded);
        res.on("end", this.markEnded);
        resolve(this);
      });
      this.req.end();
    });
  }

  rest = "";
  read(text) {
    const frames = (this.rest + text).split("\n\n");
    this.rest = frames.pop();
    for (const frame of frames) {
      const event = { id: null, kind: "message", data: "" };
      for (const line of frame.split("\n")) {
        const [, name, value] = /^([^:]*): ?(.*)$/s.exec(line) ?? [];
        if (name === "id") event.id = value;
        else if (name === "event") event.kind = value;
        else if (name === "data") event.data += value;
        else if (name === "retry") event.retry = Number(value);
      }
      if (event.data === "") continue;
      event.data = JSON.parse(event.data);
      if (event.id !== null) this.lastEventId = event.id;
      this.events.push(event);
    }
  }

  of(kind) {
    return this.events.filter((event) => event.kind === kind);
  }

  until(what, probe, wait_ms) {
    return until(`event: ${what}`, () => this.events.find(probe), wait_ms);
  }

  close() {
    this.req.destroy();
  }
}

// What every client of the API has: a credential and words for it.
export class House {
  constructor(data, env) {
    Object.assign(this, { data, env, log: "", welcome: "", token: null, feeds: [] });
  }

  environment() {
    const own = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith("VITRINE_")));
    return { ...own, VITRINE_LISTEN: "127.0.0.1:0", VITRINE_DATA: this.data,
      VITRINE_RATE_PER_MINUTE: "1000000", ...this.env };
  }

  // Returns the milliseconds from the start of the process to its first good answer.
  async start() {
    const started = performance.now();
    this.welcome = "";
    this.child = spawn(BINARY, ["serve"], { env: this.environment(), cwd: this.data,
      stdio: ["ignore", "pipe", "pipe"] });
    this.exited = new Promise((resolve) => {
      this.child.on("exit", (code, signal) => { this.code = code;
        if (signal !== null && signal !== "SIGKILL") this.died = signal;
        resolve({ code, signal }); });
      this.child.on("error", (error) => resolve({ code: -1, error }));
    });
    this.code = undefined;
    this.child.stdout.on("data", (piece) => { this.welcome += piece; });
    this.child.stderr.on("data", (piece) => { this.log += piece; });
    await until("the welcome line", () => {
      if (this.code !== undefined) throw new Error(`vitrine ended with ${this.code}: ${this.log}`);
      return /http:\/\/[^\s]+\n/.test(this.welcome);
    });
    this.link = /(http:\/\/[^\s/]+)(\/\S*)?/.exec(this.welcome);
    this.origin = this.link[1];
    await until("ready", async () => (await send(this.origin, { path: "/readyz" })).status === 200);
    return performance.now() - started;
  }

  signal(name) {
    this.child.kill(name);
    return this.exited;
  }

  async stop() {
    for (const feed of this.feeds) feed.close();
    if (this.child && this.code === undefined) await this.signal("SIGTERM");
  }

  setupToken() {
    return /\/setup\/(\S+)/.exec(this.welcome)?.[1] ?? null;
  }

  async makeOwner() {
    const reply = await this.call("POST", "/setup", { as: "anyone", headers: { "x-vitrine": "1" },
      body: { token: this.setupToken(), name: "owner", password: PASSWORD } });
    assert.equal(reply.status, 200, reply.bytes.toString());
    this.cookie = cookieOf(reply);
    this.token = await this.makeToken("scenario", "read,write,generate,admin");
  }

  // vitrine token create, as people do it; works beside a running server and without one.
  makeToken(name, scopes) {
    return new Promise((resolve, reject) => {
      execFile(BINARY, ["token", "create", name, ...(scopes ? ["--scopes", scopes] : [])],
        { env: this.environment(), cwd: this.data }, (error, stdout, stderr) =>
          error ? reject(Object.assign(error, { stderr })) : resolve(stdout.trim()));
    });
  }

  // Everything the house can say is wrong with itself, every file read; whether or not it runs.
  doctor() {
    return new Promise((resolve, reject) => {
      execFile(BINARY, ["doctor", "--whole"], { env: this.environment(), cwd: this.data },
        (error, stdout, stderr) => error === null ? resolve(stdout)
          : reject(new Error(`doctor: ${stdout}${stderr}`)));
    });
  }

  // as: "token" (default), "owner" (what the page sends), "anyone", or a token's text.
  headersOf(as = "token") {
    if (as === "anyone") return {};
    if (as === "owner")
      return { cookie: this.cookie, "x-vitrine": "1", origin: this.origin,
        "sec-fetch-site": "same-origin" };
    return { authorization: `Bearer ${as === "token" ? this.token : as}` };
  }

  async call(method, path, { as, headers = {}, body } = {}) {
    const isJson = body !== undefined && !Buffer.isBuffer(body);
    return send(this.origin, { method,
      path: path.startsWith("/api/") || !path.startsWith("/") ? path : `/api/v1${path}`,
      headers: { ...this.headersOf(as), ...(isJson ? { "content-type": "application/json" } : {}),
        ...headers },
      body: body === undefined ? null : isJson ? Buffer.from(JSON.stringify(body)) : body });
  }

  async get(path, options) {
    const reply = await this.call("GET", path, options);
    assert.ok(reply.status < 300, `GET ${path}: ${reply.status} ${reply.bytes.subarray(0, 400)}`);
    return reply.json;
  }

  async post(path, body, options) {
    const reply = await this.call("POST", path, { body, ...options });
    assert.ok(reply.status < 300, `POST ${path}: ${reply.status} ${reply.bytes.subarray(0, 400)}`);
    return reply.json;
  }

  async patch(path, body) {
    const reply = await this.call("PATCH", path, { body });
    assert.ok(reply.status < 300, `PATCH ${path}: ${reply.status} ${reply.bytes.subarray(0, 400)}`);
    return reply.json;
  }

  async upload(files) {
    const { headers, body } = await multipart(files);
    return (await this.post("/assets", body, { headers })).items;
  }

  async feed(options) {
    const feed = await new Feed(this, options).opened;
    this.feeds.push(feed);
    // What comes after this greeting is told; before it, the stream has no place in the log yet.
    if (feed.status === 200) await feed.until("hello", (event) => event.kind === "hello");
    return feed;
  }

  // A run of `count` nodes side by side, as the page makes it.
  run(parameters, count = 1, { operation = "image.generate", inputs, ...rest } = {}, options) {
    return this.post("/runs", { ...rest, nodes: Array.from({ length: count }, (_, index) => ({
      key: `p${index + 1}`, operation, ...(inputs ? { inputs } : {}),
      parameters: { ...parameters,
        ...(parameters.seed === undefined ? {} : { seed: parameters.seed + index }) } })) }, options);
  }

  runEnds(id, wait_ms) {
    return until(`run ${id} ends`, async () => {
      const run = await this.get(`/runs/${id}`);
      return run.state === "active" ? null : run;
    }, wait_ms);
  }

  taskIs(id, state, wait_ms) {
    const states = [].concat(state);
    let last;
    return until(`task ${id} is ${states}`, async () => {
      last = await this.get(`/tasks/${id}`);
      return states.includes(last.state) ? last : null;
    }, wait_ms).catch((error) => {
      throw new Error(`${error.message}; it is ${last?.state} ${JSON.stringify(last?.error)}`);
    });
  }

  async bytes(id, variant = "original") {
    const reply = await this.call("GET", `/assets/${id}/file?variant=${variant}`);
    assert.equal(reply.status, 200);
    return reply.bytes;
  }

  async mock(options) {
    const provider = (await this.get("/providers")).items.find((item) => item.kind === "mock");
    return this.patch(`/providers/${provider.id}`, { options });
  }

  addOpenai(fake, more = {}) {
    return this.post("/providers", { kind: "openai", name: "fake", base_url: `${fake.url}/v1`,
      key: fake.key, is_private_allowed: true, ...more });
  }
}

export function cookieOf(reply) {
  return (reply.headers["set-cookie"] ?? []).map((line) => line.split(";")[0]).join("; ");
}

export async function openHouse(t, { env = {}, hasOwner = true, mock = { latency_ms: 20 }, data } = {}) {
  const house = new House(data ?? await mkdtemp(join(tmpdir(), "vitrine-scenario-")), env);
  t.after(async () => {
    await house.stop();
    // Who took the folder away meanwhile has asked before.
    const isThere = await access(house.data).then(() => true, () => false);
    const found = isThere ? await house.doctor().catch((error) => error) : null;
    await rm(house.data, { recursive: true, force: true });
    // Only a scenario kills; asserts and sanitizers speak on the standard error.
    assert.equal(house.died, undefined, house.log.slice(-2000));
    assert.ok([0, null].includes(house.code), `ended with ${house.code}: ${house.log.slice(-2000)}`);
    assert.doesNotMatch(house.log, /Sanitizer|runtime error:|Assertion/);
    if (house.hasServed) assert.ifError(found instanceof Error ? found : null);
  });
  await house.start();
  house.hasServed = true;
  if (hasOwner) {
    await house.makeOwner();
    await house.mock(mock);
  }
  return house;
}

// The fake provider with a view on its connections: `open` holds requests it has not answered yet,
// `aborted` counts those whose client went away first.
export async function openFake(t, { key = "sk-scenario-key-0123456789" } = {}) {
  const server = createFake({ key });
  const fake = { key, open: new Set(), aborted: 0 };
  server.on("request", (req, res) => {
    fake.open.add(res);
    res.on("close", () => {
      fake.open.delete(res);
      fake.aborted += res.writableFinished ? 0 : 1;
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  fake.url = `http://127.0.0.1:${server.address().port}`;
  fake.control = async (wanted) => (await send(fake.url, { method: "POST", path: "/__control",
    body: Buffer.from(JSON.stringify(wanted)) })).json;
  fake.ledger = async () => (await send(fake.url, { path: "/__ledger" })).json;
  fake.close = () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  t.after(() => fake.close());
  return fake;
}
