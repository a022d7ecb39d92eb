// The first hour: the owner is made, logs in, makes four pictures and looks at them.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { PASSWORD, cookieOf, openHouse, until } from "./house.mjs";

const own = { "x-vitrine": "1" };

test("the set-up link makes one owner, once", async (t) => {
  const house = await openHouse(t, { hasOwner: false });
  const token = house.setupToken();
  assert.ok(token?.length >= 40, "the link carries a long token");
  assert.deepEqual(await house.get("/setup", { as: "anyone" }), { is_needed: true });

  const order = { token, name: "owner", password: PASSWORD };
  const post = (body) => house.call("POST", "/setup", { as: "anyone", headers: own, body });
  const wrong = await post({ ...order, token: `${token.slice(0, -2)}xx` });
  assert.ok([401, 403, 404, 410, 422].includes(wrong.status), `${wrong.status}`);
  assert.equal(wrong.headers["set-cookie"], undefined);
  const weak = await post({ ...order, password: "short" });
  assert.equal(weak.status, 422);
  assert.equal(weak.json.field, "password");

  const made = await post(order);
  assert.equal(made.status, 200);
  assert.equal(made.json.role, "owner");
  assert.match(made.headers["set-cookie"].join(), /HttpOnly; SameSite=Lax/);
  house.cookie = cookieOf(made);
  assert.equal((await house.get("/me", { as: "owner" })).name, "owner");

  const again = await post({ ...order, name: "second" });
  assert.ok(again.status >= 400 && again.status < 500, `${again.status}`);
  assert.deepEqual(await house.get("/setup", { as: "anyone" }), { is_needed: false });
  assert.ok(!house.log.includes(token), "the link's token is not in the log");
  assert.ok(!house.log.includes(PASSWORD));
});

test("a lost link is replaced by the next start, and the old one opens nothing", async (t) => {
  const house = await openHouse(t, { hasOwner: false });
  const old = house.setupToken();
  await house.signal("SIGTERM");
  await house.start();
  assert.notEqual(house.setupToken(), old);
  const reply = await house.call("POST", "/setup", { as: "anyone", headers: own,
    body: { token: old, name: "owner", password: PASSWORD } });
  assert.ok(reply.status >= 400 && reply.status < 500);
  await house.makeOwner();
});

test("login and logout open and close", async (t) => {
  const house = await openHouse(t);
  const login = (body) => house.call("POST", "/auth/login", { as: "anyone", headers: own, body });
  const wrong = await login({ name: "owner", password: `${PASSWORD}!` });
  assert.equal(wrong.status, 401);
  assert.equal(wrong.json.code, "wrong_login");
  const nobody = await login({ name: "nobody", password: PASSWORD });
  assert.equal(nobody.status, 401);
  assert.equal(nobody.json.detail, wrong.json.detail, "a name that is not there looks the same");

  const first = house.cookie;
  const reply = await login({ name: "owner", password: PASSWORD });
  assert.equal(reply.status, 200);
  house.cookie = cookieOf(reply);
  assert.equal((await house.get("/me/sessions", { as: "owner" })).items.length, 2);
  const out = await house.call("POST", "/auth/logout", { as: "owner" });
  assert.equal(out.status, 204);
  assert.equal((await house.call("GET", "/me", { as: "owner" })).status, 401);
  house.cookie = first;
  assert.equal((await house.call("GET", "/me", { as: "owner" })).status, 200);
  await house.signal("SIGTERM");
  await house.start();
  assert.equal((await house.call("GET", "/me", { as: "owner" })).status, 200, "survives a restart");
});

test("four pictures side by side arrive live, in order, labelled and whole", async (t) => {
  const house = await openHouse(t);
  const feed = await house.feed();
  await feed.until("hello", (event) => event.kind === "hello");
  const run = await house.run({ prompt: "a red cup on linen", model: "mock", seed: 7, width: 640,
    height: 480, partial_images: 2 }, 4);
  assert.equal(run.tasks.length, 4);
  assert.equal(run.state, "active");
  await feed.until("the run is done", (event) => event.kind === "run.changed" &&
    event.data.run.id === run.id && event.data.run.state === "done");

  // Every task is seen ready before running before done, and its pictures come no later than that.
  for (const { id } of run.tasks) {
    const states = feed.of("task.changed").filter((event) => event.data.task.id === id)
      .map((event) => event.data.task.state);
    const order = ["ready", "running", "done"];
    assert.deepEqual(states.map((state) => order.indexOf(state)),
      states.map((state) => order.indexOf(state)).sort(), `${states}`);
    assert.equal(states.at(-1), "done");
  }
  assert.equal(feed.of("asset.created").length, 4);
  const ids = feed.events.filter((event) => event.id !== null).map((event) => event.id.split("-"));
  assert.equal(new Set(ids.map(([epoch]) => epoch)).size, 1);
  ids.forEach(([, seq], index) => assert.equal(Number(seq), Number(ids[0][1]) + index, "gapless"));

  // A client that reconnects anywhere sees the rest, each event once.
  const half = feed.events.findIndex((event) => event.kind === "asset.created");
  const second = await house.feed({ lastEventId: feed.events[half].id });
  const logged = (events) => events.filter((event) => event.id !== null && event.kind !== "hello")
    .map((event) => `${event.id} ${event.kind}`);
  const rest = logged(feed.events.slice(half + 1));
  await until("the rest again", () => logged(second.events).length >= rest.length);
  assert.deepEqual(logged(second.events), rest);
  const foreign = await house.feed({ lastEventId: "0123456789abcdef-1" });
  await foreign.until("reset for an epoch nobody knows", (event) => event.kind === "reset");

  const done = await house.get(`/runs/${run.id}`);
  const seeds = new Set();
  for (const task of done.tasks) {
    assert.equal(task.assets.length, 1);
    const [asset] = task.assets;
    const detail = await house.get(`/assets/${asset.id}`);
    assert.deepEqual([detail.width_px, detail.height_px, detail.mime], [640, 480, "image/png"]);
    assert.equal(detail.label.source_type, "trainedAlgorithmicMedia");
    assert.equal(detail.recipe.prompt, "a red cup on linen");
    assert.equal(detail.recipe.operation, "image.generate");
    assert.equal(detail.recipe.model, "mock");
    assert.equal(detail.recipe.cost_micro, task.cost_micro);
    assert.ok(detail.recipe.took_ms > 0);
    assert.equal(detail.recipe.parameters.width, 640);
    seeds.add(detail.recipe.seed);
    const original = await house.bytes(asset.id);
    assert.equal(original.length, asset.size);
    assert.ok(original.includes("trainedAlgorithmicMedia"), "the label is in the bytes");
  }
  assert.deepEqual([...seeds].sort((a, b) => a - b), [7, 8, 9, 10]);
});

test("a picture is given in four sizes, by parts, and not again when it is known", async (t) => {
  const house = await openHouse(t);
  const run = await house.runEnds((await house.run({ prompt: "a blue door", model: "mock",
    width: 1024, height: 768 })).id);
  const { id } = run.tasks[0].assets[0];
  const sizes = {};
  for (const variant of ["thumb", "medium", "preview", "original"]) {
    const reply = await house.call("GET", `/assets/${id}/file?variant=${variant}`);
    assert.equal(reply.status, 200, variant);
    assert.match(reply.headers["content-type"], /^image\/(png|jpeg|webp)$/);
    assert.equal(reply.headers["x-content-type-options"], "nosniff");
    assert.match(reply.headers["content-security-policy"], /sandbox|default-src 'none'/);
    sizes[variant] = reply.bytes.length;
    const known = await house.call("GET", `/assets/${id}/file?variant=${variant}`,
      { headers: { "if-none-match": reply.headers.etag } });
    assert.equal(known.status, 304, variant);
    assert.equal(known.bytes.length, 0);
  }
  assert.ok(sizes.thumb < sizes.original, JSON.stringify(sizes));
  const whole = await house.bytes(id);
  const part = await house.call("GET", `/assets/${id}/file?variant=original`,
    { headers: { range: "bytes=10-109" } });
  assert.equal(part.status, 206);
  assert.equal(part.headers["content-range"], `bytes 10-109/${whole.length}`);
  assert.deepEqual(part.bytes, whole.subarray(10, 110));
  const beyond = await house.call("GET", `/assets/${id}/file?variant=original`,
    { headers: { range: `bytes=${whole.length}-` } });
  assert.equal(beyond.status, 416);
  const down = await house.call("GET", `/assets/${id}/file?variant=original&download=1`);
  assert.match(down.headers["content-disposition"], /^attachment; /);
  assert.equal((await house.call("GET", `/assets/${id}/file?variant=huge`)).status, 422);
  assert.equal((await house.call("GET", `/assets/${id}/file`, { as: "anyone" })).status, 401);
});

async function quickStart(house, token) {
  const as = { as: token };
  const started = await house.call("POST", "/generate",
    { ...as, body: { prompt: "a paper boat", model: "mock", num_images: 2, width: 512, height: 512 } });
  assert.equal(started.status, 202, started.bytes.toString());
  assert.equal(started.json.status, "pending");
  const task = await until("the quick task", async () => {
    const got = await house.get(`/task/${started.json.task_id}`, as);
    return ["pending", "processing"].includes(got.status) ? null : got;
  });
  assert.equal(task.status, "completed");
  assert.equal(task.progress, 100);
  assert.equal(task.error, null);
  assert.equal(task.images.length, 2);
  for (const image of task.images)
    for (const url of [image.url, image.thumbnail_url]) {
      assert.ok(url.startsWith(house.origin), url);
      const reply = await house.call("GET", url.slice(house.origin.length), as);
      assert.equal(reply.status, 200);
      assert.match(reply.headers["content-type"], /^image\//);
    }
}

test("the quick start: a token from the command line, one POST, one GET", async (t) => {
  const house = await openHouse(t, { hasOwner: false });
  const early = await house.makeToken("before anybody was here"); // makes an owner without a password
  assert.equal((await house.get("/me", { as: early })).role, "owner");
  await house.makeOwner(); // the link gives the owner a name and a password
  assert.equal((await house.get("/me", { as: early })).name, "owner");
  assert.equal((await house.get("/tokens", { as: "owner" })).items.length, 2, "of one person");
  await house.mock({ latency_ms: 20 });
  const running = await house.makeToken("beside the server");
  assert.match(running, /^vit_\w+$/);
  await quickStart(house, running);
  const scopes = (await house.get("/me", { as: running })).scopes;
  assert.deepEqual(scopes.sort(), ["generate", "read", "write"]);

  await house.signal("SIGTERM");
  const stopped = await house.makeToken("without a server");
  await house.start();
  await quickStart(house, stopped);
  const listed = (await house.get("/tokens", { as: "owner" })).items.map((item) => item.name);
  assert.ok(listed.includes("beside the server") && listed.includes("without a server"));
  const database = await readFile(join(house.data, "vitrine.db"));
  assert.ok(!database.includes(running) && !database.includes(stopped), "only hashes are kept");
});

test("a request that asks for what is not there is told where it is wrong", async (t) => {
  const house = await openHouse(t);
  const rows = [
    [{ prompt: "" }, "prompt", "an empty prompt"],
    [{ prompt: "x", model: "no-such-model" }, "model", "an unknown model"],
    [{ prompt: "x", num_images: 17 }, "num_images", "too many"],
    [{ prompt: "x", width: 8193 }, "width", "too wide"],
    [{ prompt: "x", colour: "red" }, "colour", "an unknown member"],
    [{ prompt: 5 }, "prompt", "a wrong type"],
    [{}, "prompt", "nothing"],
  ];
  for (const [body, field, why] of rows) {
    const reply = await house.call("POST", "/generate", { body });
    assert.equal(reply.status, 422, why);
    assert.match(reply.headers["content-type"], /application\/problem\+json/);
    assert.equal(reply.json.field, field, `${why}: ${JSON.stringify(reply.json)}`);
    assert.match(reply.json.trace_id, /^[0-9a-f]{16}$/);
  }
});
