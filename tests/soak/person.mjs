// Those who use the house.  A person has a name in it and things of their own; a client is one of the ways they come in,
// by a session's cookie or by a token: a page with an event stream, and a hand that orders, cancels, retries, answers,
// uploads, edits, looks around, and tries doors that are not theirs.  What is not answered is asked again under the same
// key until it is; what was acknowledged is written down, and so is whatever was told.
import assert from "node:assert/strict";

import { multipart, send } from "../scenario/house.mjs";
import { Stream } from "./stream.mjs";

const PAUSE_MS = 25;
const AGAIN_MS = 100;
const KEPT_MAX = 40; // of what one remembers to choose from
const ID = /\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b/g;
const MARK = /mark_\w+/g;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Person {
  constructor(name, mark) {
    // mark: in every word of theirs.  told: where each id was told first.  foreign: what was told and is not theirs.
    // wishes: how often they may have had a task tried again.
    Object.assign(this, { name, mark, clients: [], assets: [], open: [], told: new Map(), foreign: [], wishes: new Map() });
  }

  get orders() {
    return this.clients.flatMap(({ orders }) => orders);
  }

  get uploads() {
    return this.clients.flatMap(({ uploads }) => [...uploads]);
  }

  remember(list, item) {
    list.push(item);
    if (list.length > KEPT_MAX) list.shift();
  }

  // Whatever the house tells them: others' words are heard at once, others' ids when all are known.
  hear(where, text, isTrespass = false) {
    for (const [word] of text.matchAll(MARK))
      if (word !== this.mark) this.foreign.push(`${where}: ${word}`);
    if (isTrespass) return; // it may repeat what it was asked for
    for (const [id] of text.matchAll(ID)) if (!this.told.has(id)) this.told.set(id, where);
  }

  wish(tasks) {
    for (const id of tasks) this.wishes.set(id, this.wishesFor(id) + 1);
  }

  wishesFor(task) {
    return this.wishes.get(task) ?? 0;
  }
}

export class Client {
  constructor(given) {
    Object.assign(this, given, { orders: [], uploads: new Map(), events: [], refusals: [], step: 0, resets: 0,
      isAtRest: false });
    this.person.clients.push(this);
  }

  // ---- asking ----

  headers() {
    return this.token !== undefined ? { authorization: `Bearer ${this.token}` }
      : { cookie: this.cookie, "x-vitrine": "1", origin: this.house.origin, "sec-fetch-site": "same-origin" };
  }

  // Until somebody answers: the house may be dead at the moment, or too busy.
  async ask(method, path, body, { headers = {}, wishes = [], isTrespass = false } = {}) {
    const isBytes = Buffer.isBuffer(body);
    for (;;) {
      let reply;
      try {
        reply = await send(this.house.origin, { method, path: `/api/v1${path}`,
          headers: { ...this.headers(),
            ...(body === undefined || isBytes ? {} : { "content-type": "application/json" }), ...headers },
          body: body === undefined ? null : isBytes ? body : Buffer.from(JSON.stringify(body)) });
      } catch (error) {
        if (this.isOver()) throw error;
        this.person.wish(wishes); // nobody says what became of it
        await sleep(AGAIN_MS);
        continue;
      }
      if (/json|text/.test(reply.headers["content-type"] ?? ""))
        this.person.hear(`${method} ${path}`, reply.bytes.toString("utf8"), isTrespass);
      if (reply.status < 300) this.person.wish(wishes);
      if (reply.status >= 400) this.refusals.push(`${method} ${path}: ${reply.status} ${reply.bytes}`);
      if (![408, 429, 503].includes(reply.status)) return reply;
      await sleep(AGAIN_MS);
    }
  }

  async get(path) {
    const reply = await this.ask("GET", path);
    assert.equal(reply.status, 200, `GET ${path}: ${reply.status} ${reply.bytes}`);
    return reply.json;
  }

  // All pages of a list.
  async list(path) {
    const items = [];
    for (let cursor = ""; cursor !== null;) {
      const page = await this.get(`${path}${path.includes("?") ? "&" : "?"}limit=100${
        cursor === "" ? "" : `&cursor=${cursor}`}`);
      items.push(...page.items);
      cursor = page.next_cursor;
    }
    return items;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  // ---- what one does ----

  node(key, account, input) {
    const prompt = `${this.person.mark} ${this.key} ${this.step} ${key}`;
    const parameters = { mock: { width: 64, height: 64 }, far: {},
      openai: { width: 1024, height: 1024, quality: "low", partial_images: 0 } };
    return { prompt, account: account === "mock" ? undefined : account, body: { key,
      operation: input === undefined ? "image.generate" : "image.edit",
      inputs: input === undefined ? {} : { images: [input] },
      parameters: { prompt, model: account === "mock" ? "mock" : this.models[account],
        ...(parameters[account] ?? parameters.openai) } } };
  }

  async order() {
    const account = this.pick(["mock", "mock", "asks", "again", "far", "far"]);
    const edits = account === "asks" || account === "again";
    const input = edits && this.person.assets.length > 0 && this.below(3) === 0 ? this.pick(this.person.assets) : undefined;
    const nodes = [this.node("a", account, input)];
    const edges = [];
    if (this.below(3) === 0) nodes.push(this.node("b", account));
    if (edits && nodes.length === 2 && this.below(2) === 0) {
      nodes[1].body.operation = "image.edit";
      edges.push({ from: "a", to: "b" });
    }
    // Others have the same key for theirs.
    const reply = await this.ask("POST", "/runs", { nodes: nodes.map(({ body }) => body), edges },
      { headers: { "idempotency-key": `${this.key}-${this.step}` } });
    assert.ok([200, 201].includes(reply.status), `${reply.status} ${reply.bytes}`);
    const tasks = reply.json.tasks;
    assert.equal(tasks.length, nodes.length);
    this.orders.push({ id: reply.json.id, prompts: tasks.map((task) =>
      [task.id, nodes.find(({ body }) => body.key === task.key)]) });
    this.person.remember(this.person.open, { run: reply.json.id, tasks: tasks.map(({ id }) => id) });
  }

  async cancel() {
    if (this.person.open.length === 0) return;
    const { run, tasks } = this.pick(this.person.open);
    const reply = await this.ask("POST", this.below(2) === 0 ? `/runs/${run}/cancel` : `/tasks/${this.pick(tasks)}/cancel`);
    assert.ok([200, 202, 409].includes(reply.status), `${reply.status} ${reply.bytes}`);
  }

  // What failed or was cancelled, with what was cancelled behind it.
  async retry() {
    if (this.person.open.length === 0) return;
    const { run } = this.pick(this.person.open);
    const lost = (await this.get(`/runs/${run}`)).tasks.filter(({ state }) => ["failed", "cancelled"].includes(state))
      .map(({ id }) => id);
    if (lost.length === 0) return;
    const reply = await this.ask("POST", this.below(2) === 0 ? `/runs/${run}/retry` : `/tasks/${this.pick(lost)}/retry`,
      undefined, { wishes: lost });
    assert.ok([200, 409].includes(reply.status), `${reply.status} ${reply.bytes}`);
  }

  async answer() {
    const { held_tasks: held } = await this.get("/queue");
    if (held.length > 0) await this.resolve(this.pick(held));
  }

  async resolve(task) {
    const answer = this.pick(["repeat", "give_up"]);
    const reply = task.hold_reason !== "unknown"
      ? await this.ask("POST", `/tasks/${task.id}/retry`, undefined, { wishes: [task.id] })
      : await this.ask("POST", `/tasks/${task.id}/resolve`, { answer }, { wishes: answer === "repeat" ? [task.id] : [] });
    assert.ok([200, 409].includes(reply.status), `${reply.status} ${reply.bytes}`);
  }

  async upload() {
    const bytes = this.picture(`${this.person.name} ${this.key} ${this.step}`);
    const { headers, body } = await multipart([{ name: `${this.person.mark} ${this.step}.png`, bytes, type: "image/png" }]);
    const reply = await this.ask("POST", "/assets", body, { headers });
    assert.equal(reply.status, 200, `${reply.bytes}`);
    const [{ asset, error }] = reply.json.items;
    assert.equal(error, null);
    this.uploads.set(asset.id, asset.size);
    this.person.remember(this.person.assets, asset.id);
  }

  async change() {
    if (this.person.assets.length === 0) return;
    const id = this.pick(this.person.assets);
    const reply = await this.pick([
      () => this.ask("PATCH", `/assets/${id}`, { name: `${this.person.mark} named ${this.step}`, rating: this.below(6) }),
      () => this.ask("POST", "/assets/bulk", { ids: [id], action: this.pick(["star", "unstar"]) }),
      () => this.ask("POST", "/assets/bulk", { ids: [id], action: "tag_add", value: `${this.person.mark} ${this.below(5)}` }),
    ])();
    assert.equal(reply.status, 200, `${reply.bytes}`);
  }

  async look() {
    await this.get(this.pick(["/assets?limit=30", "/runs?limit=20", "/queue", "/usage?by=model", "/models", "/assets?q=named",
      "/prompts?limit=20", "/tags", "/assets/days", "/budgets/mine", "/products", "/me"]));
  }

  // Another's things: none is there, however it is asked for.
  async trespass() {
    const other = this.pick(this.people.filter((person) => person !== this.person));
    const asks = [["GET", `/assets?q=${other.mark}`], ["GET", `/prompts?q=${other.mark}`]];
    if (other.open.length > 0) {
      const { run, tasks } = this.pick(other.open);
      asks.push(["GET", `/runs/${run}`], ["POST", `/runs/${run}/cancel`], ["POST", `/runs/${run}/retry`],
        ["POST", `/runs/${run}/pause`], ["GET", `/tasks/${tasks[0]}`], ["POST", `/tasks/${tasks[0]}/cancel`],
        ["POST", `/tasks/${tasks[0]}/resolve`, { answer: "repeat" }], ["GET", `/assets?run=${run}`],
        ["GET", `/task/${run}`]);
    }
    if (other.assets.length > 0) {
      const id = this.pick(other.assets);
      asks.push(["GET", `/assets/${id}`], ["GET", `/assets/${id}/file?variant=original`],
        ["PATCH", `/assets/${id}`, { name: "mine now" }], ["POST", "/assets/bulk", { ids: [id], action: "delete" }],
        ["POST", "/runs", { nodes: [this.node("a", "asks", id).body], edges: [] }]);
    }
    const [method, path, body] = this.pick(asks);
    const reply = await this.ask(method, path, body, { isTrespass: true });
    const isNothing = reply.status === 200 && (reply.json?.items?.length === 0 || reply.json?.changed === 0);
    if (!isNothing && ![404, 422].includes(reply.status))
      this.person.foreign.push(`${method} ${path}, ${other.name}'s: ${reply.status}`);
  }

  // ---- the page ----

  // A stream that is opened again from the last event it has, for as long as the page is there.
  async listen() {
    let lastEventId;
    while (!this.isOver()) {
      this.stream = new Stream(this.house.origin, { headers: this.headers(), lastEventId, heard: (event) => {
        this.person.hear(`event ${event.kind}`, JSON.stringify(event.data));
        if (event.kind === "reset") this.resets++; // nobody is away for so long
        else if (event.id !== null && event.kind !== "hello") this.events.push(event);
      } });
      await this.stream.ended;
      lastEventId = this.stream.lastEventId ?? lastEventId;
      await sleep(AGAIN_MS);
    }
  }

  async live() {
    const listening = this.listen();

    while (!this.isOver()) {
      if (this.isResting()) {
        this.isAtRest = true;
        await sleep(AGAIN_MS);
        continue;
      }
      this.isAtRest = false;
      this.step++;
      await this.pick([this.order, this.order, this.order, this.cancel, this.retry, this.answer, this.upload, this.change,
        this.look, this.look, this.trespass]).call(this);
      await sleep(PAUSE_MS + this.below(4 * PAUSE_MS));
    }
    this.stream?.close();
    await listening;
  }
}
