// One of those who use the house: a page with an event stream, and a hand that orders, cancels, uploads,
// edits and looks around.  What is not answered is asked again under the same key until it is; what was
// acknowledged is written down.
import assert from "node:assert/strict";

import { Feed, multipart, send } from "../scenario/house.mjs";

const PAUSE_MS = 25;
const AGAIN_MS = 100;
const KEPT_MAX = 40; // of what one remembers to choose from

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Person {
  constructor(given) {
    Object.assign(this, given, { orders: [], uploads: new Map(), events: [], refusals: [], open: [], assets: [],
      step: 0, resets: 0, isAtRest: false });
  }

  // ---- asking ----

  // Until somebody answers: the house may be dead at the moment, or too busy.
  async ask(method, path, body, headers = {}) {
    const isBytes = Buffer.isBuffer(body);
    for (;;) {
      let reply;
      try {
        reply = await send(this.house.origin, { method, path: `/api/v1${path}`,
          headers: { authorization: `Bearer ${this.token}`,
            ...(body === undefined || isBytes ? {} : { "content-type": "application/json" }), ...headers },
          body: body === undefined ? null : isBytes ? body : Buffer.from(JSON.stringify(body)) });
      } catch (error) {
        if (this.isOver()) throw error;
        await sleep(AGAIN_MS);
        continue;
      }
      if (reply.status >= 400) this.refusals.push(`${method} ${path}: ${reply.status} ${reply.bytes}`);
      if (![408, 429, 503].includes(reply.status)) return reply;
      await sleep(AGAIN_MS);
    }
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  remember(list, item) {
    list.push(item);
    if (list.length > KEPT_MAX) list.shift();
  }

  // ---- what one does ----

  node(key, account, input) {
    const prompt = `${this.name} ${this.step} ${key}`;
    const isMock = account === "mock";
    return { prompt, account: isMock ? undefined : account, body: { key,
      operation: input === undefined ? "image.generate" : "image.edit",
      inputs: input === undefined ? {} : { images: [input] },
      parameters: { prompt, model: isMock ? "mock" : this.models[account],
        ...(isMock ? { width: 64, height: 64 } : { width: 1024, height: 1024, quality: "low", partial_images: 0 }) } } };
  }

  async order() {
    const account = this.pick(["mock", "mock", "mock", "asks", "again"]);
    const input = account !== "mock" && this.assets.length > 0 && this.below(3) === 0 ? this.pick(this.assets) : undefined;
    const nodes = [this.node("a", account, input)];
    const edges = [];
    if (this.below(3) === 0) nodes.push(this.node("b", account));
    if (account !== "mock" && nodes.length === 2 && this.below(2) === 0) {
      nodes[1].body.operation = "image.edit";
      edges.push({ from: "a", to: "b" });
    }
    const reply = await this.ask("POST", "/runs", { nodes: nodes.map(({ body }) => body), edges },
      { "idempotency-key": `${this.name}-${this.step}` });
    assert.ok([200, 201].includes(reply.status), `${reply.status} ${reply.bytes}`);
    const tasks = reply.json.tasks;
    assert.equal(tasks.length, nodes.length);
    this.orders.push({ id: reply.json.id, prompts: tasks.map((task) =>
      [task.id, nodes.find(({ body }) => body.key === task.key)]) });
    this.remember(this.open, { run: reply.json.id, task: this.pick(tasks).id });
  }

  async cancel() {
    if (this.open.length === 0) return;
    const { run, task } = this.pick(this.open);
    const reply = await this.ask("POST", this.below(2) === 0 ? `/runs/${run}/cancel` : `/tasks/${task}/cancel`);
    assert.ok([200, 202, 409].includes(reply.status), `${reply.status} ${reply.bytes}`);
  }

  async upload() {
    const bytes = this.picture(`${this.name} ${this.step}`);
    const { headers, body } = await multipart([{ name: `${this.step}.png`, bytes, type: "image/png" }]);
    const reply = await this.ask("POST", "/assets", body, headers);
    assert.equal(reply.status, 200, `${reply.bytes}`);
    const [{ asset, error }] = reply.json.items;
    assert.equal(error, null);
    this.uploads.set(asset.id, asset.size);
    this.remember(this.assets, asset.id);
  }

  async change() {
    if (this.assets.length === 0) return;
    const id = this.pick(this.assets);
    const reply = this.below(2) === 0
      ? await this.ask("PATCH", `/assets/${id}`, { name: `named ${this.step}`, rating: this.below(6) })
      : await this.ask("POST", "/assets/bulk", { ids: [id], action: this.pick(["star", "unstar"]) });
    assert.equal(reply.status, 200, `${reply.bytes}`);
  }

  async look() {
    const path = this.pick(["/assets?limit=30", "/runs?limit=20", "/queue", "/usage", "/models", "/assets?q=named"]);
    assert.equal((await this.ask("GET", path)).status, 200, path);
  }

  // ---- the page ----

  // A stream that is opened again from the last event it has, for as long as the page is there.
  async listen() {
    let lastEventId;
    while (!this.isOver()) {
      const feed = new Feed({ origin: this.house.origin, token: this.token }, { lastEventId });
      feed.events = { push: (event) => {
        if (event.kind === "reset") this.resets++; // nobody is away for so long
        else if (event.id !== null && event.kind !== "hello") this.events.push(event);
      } };
      this.feed = feed;
      await feed.opened.then(() => feed.ended, () => {});
      lastEventId = feed.lastEventId ?? lastEventId;
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
      await this.pick([this.order, this.order, this.order, this.cancel, this.upload, this.change, this.look,
        this.look]).call(this);
      await sleep(PAUSE_MS + this.below(4 * PAUSE_MS));
    }
    this.feed?.close();
    await listening;
  }
}
