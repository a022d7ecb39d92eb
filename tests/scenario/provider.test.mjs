// A provider that is not ours: added, tried, obeyed, and its every trouble met by the rules of
// design/engine.md 6.  The fake keeps the ledger of what was charged.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { startFake as startArk } from "../providers/ark.mjs";
import { startFake as startComfyui } from "../providers/comfyui.mjs";
import { openFake, openHouse, until } from "./house.mjs";
import { plain } from "./pictures.mjs";

const ORDER = { prompt: "a green lamp", model: "gpt-image-2", width: 1024, height: 1024,
  quality: "low", partial_images: 0 };

async function open(t, more) {
  const house = await openHouse(t);
  const fake = await openFake(t);
  const provider = await house.addOpenai(fake, more);
  return { house, fake, provider };
}

async function charges(fake) {
  return (await fake.ledger()).entries.length;
}

async function one(house, more = {}) {
  return (await house.run({ ...ORDER, ...more })).tasks[0];
}

test("a provider is added, tried, and its key never comes back", async (t) => {
  const house = await openHouse(t);
  const fake = await openFake(t);
  const order = { kind: "openai", name: "studio", base_url: `${fake.url}/v1`, key: fake.key };
  for (const flag of [{}, { is_private_allowed: false }]) {
    const refused = await house.call("POST", "/providers", { body: { ...order, ...flag } });
    assert.equal(refused.status, 422, "an address of this machine needs the owner's word");
    assert.equal(refused.json.field, "base_url");
  }
  const made = await house.call("POST", "/providers", { body: { ...order, is_private_allowed: true } });
  assert.equal(made.status, 201);
  const provider = made.json;
  assert.equal(provider.has_key, true);
  assert.equal(provider.key_hint, fake.key.slice(-4));
  for (const path of ["/providers", `/providers/${provider.id}`, "/models", "/settings"])
    assert.ok(!(await house.call("GET", path)).bytes.includes(fake.key), path);
  assert.ok(!made.bytes.includes(fake.key));

  const good = await house.post(`/providers/${provider.id}/test`);
  assert.equal(good.ok, true, JSON.stringify(good));
  assert.ok(good.models.includes("gpt-image-2"));
  await house.patch(`/providers/${provider.id}`, { key: "sk-wrong-key-9999" });
  const bad = await house.post(`/providers/${provider.id}/test`);
  assert.deepEqual([bad.ok, bad.failure_class], [false, "auth"]);
  assert.ok(!JSON.stringify(bad).includes("sk-wrong-key-9999"));

  const moved = await house.call("PATCH", `/providers/${provider.id}`,
    { body: { base_url: "https://elsewhere.example/v1" } });
  assert.equal(moved.status, 422, "another address does not get the old address's key");
  assert.equal(await charges(fake), 0, "trying costs nothing");
  await house.signal("SIGTERM");
  for (const name of ["vitrine.db", "vitrine.db-wal"]) {
    const bytes = await readFile(join(house.data, name)).catch(() => Buffer.alloc(0));
    assert.ok(!bytes.includes(fake.key), `${name} keeps it sealed`);
  }
  assert.ok(!house.log.includes(fake.key));
});

test("a picture comes with partial ones before it, and is asked for as the house orders", async (t) => {
  const { house, fake } = await open(t);
  await fake.control({ latency_ms: 300 });
  const feed = await house.feed();
  const task = await one(house, { partial_images: 2 });
  const done = await house.taskIs(task.id, ["done", "failed", "held"]);
  assert.equal(done.state, "done", JSON.stringify(done.error));
  const partial = await feed.until("a partial picture", (event) => event.kind === "task.progress" &&
    event.data.id === task.id && event.data.partial_count > 0);
  assert.equal(partial.id, null, "progress is not logged");
  assert.equal(done.assets.length, 1);
  assert.equal(done.assets[0].kind, "generated");
  const { entries, requests } = await fake.ledger();
  assert.equal(entries.length, 1);
  assert.deepEqual([entries[0].model, entries[0].prompt, entries[0].size, entries[0].quality],
    ["gpt-image-2", ORDER.prompt, "1024x1024", "low"]);
  assert.equal(requests.at(-1).status, 200);
  const { calls } = done.attempts[0];
  assert.equal(calls.length, 1);
  assert.equal(calls[0].state, "finished");
  assert.match(calls[0].request_id, /^req_/);
  const recipe = (await house.get(`/assets/${done.assets[0].id}`)).recipe;
  assert.equal(recipe.request_id, calls[0].request_id);
  assert.ok((await house.bytes(done.assets[0].id)).includes("trainedAlgorithmicMedia"));
});

test("an edit sends its references in order", async (t) => {
  const { house, fake } = await open(t);
  const pictures = (await house.upload([{ name: "a.png", bytes: plain(256, 256, 1) },
    { name: "b.png", bytes: plain(256, 192, 2) }])).map((item) => item.asset.id);
  const run = await house.runEnds((await house.run(ORDER, 1, { operation: "image.edit",
    inputs: { images: pictures } })).id);
  assert.equal(run.state, "done", JSON.stringify(run.tasks[0].error));
  const [entry] = (await fake.ledger()).entries;
  assert.equal(entry.path, "/v1/images/edits");
  assert.deepEqual(entry.files.map((file) => file.name), ["image[]", "image[]"]);
  assert.deepEqual((await house.get(`/assets/${run.tasks[0].assets[0].id}`)).recipe.references,
    pictures);
});

test("what a later try may mend is tried again", async (t) => {
  const { house, fake } = await open(t);
  const rows = [
    { faults: [{ kind: "status", status: 429, retry_after: 1, code: "rate_limit_exceeded" }],
      classes: ["throttled", ""], tries: 0, why: "throttled: no try is counted" },
    { faults: [{ kind: "status", status: 500 }], classes: ["server", ""], tries: 1,
      why: "a broken server: one try is counted" },
    { faults: [{ kind: "unknown_parameter", name: "output_format" }], classes: null, tries: 0,
      order: { format: "png" }, dropped: "output_format",
      why: "a parameter the provider does not know is left out, and its recipe says so" },
  ];
  for (const { faults, classes, tries, order, dropped, why } of rows) {
    await fake.control({ reset: true, faults });
    const task = await one(house, order);
    const started = Date.now();
    const done = await house.taskIs(task.id, ["done", "failed", "held"]);
    assert.equal(done.state, "done", `${why}: ${JSON.stringify(done.error)}`);
    assert.equal(done.tries, tries, why);
    const { recipe } = await house.get(`/assets/${done.assets[0].id}`);
    assert.equal(recipe.dropped, dropped ?? "", why);
    if (classes)
      assert.deepEqual(done.attempts.map((attempt) => attempt.class), classes, why);
    if (classes?.[0] === "throttled") assert.ok(Date.now() - started >= 950, "Retry-After is a floor");
    assert.equal(await charges(fake), 1, why);
    const { requests } = await fake.ledger();
    assert.equal(requests.filter((request) => request.status !== null).length, 2, why);
  }
});

test("what no later try would mend fails at once, and says so", async (t) => {
  const { house, fake } = await open(t);
  const rows = [
    { order: { prompt: "[blocked] a lamp" }, faults: [], class: "refused", next: "edit" },
    { faults: [{ kind: "status", status: 400, code: "invalid_value", message: "no such thing" }],
      class: "invalid", next: "edit" },
    { faults: [{ kind: "status", status: 500, should_retry: false }], class: "server", next: "retry" },
    { faults: [{ kind: "status", status: 429, should_retry: false }], class: "throttled", next: "wait" },
  ];
  for (const row of rows) {
    await fake.control({ reset: true, faults: row.faults });
    const task = await one(house, row.order);
    const done = await house.taskIs(task.id, ["done", "failed", "held"]);
    assert.equal(done.state, "failed");
    assert.deepEqual([done.error.class, done.error.next], [row.class, row.next]);
    assert.ok(done.error.message.length > 0);
    assert.equal((await fake.ledger()).requests.length, 1, "asked once");
    assert.equal(await charges(fake), 0);
  }
});

test("a page instead of a picture is no success and no blind repeat", async (t) => {
  const { house, fake } = await open(t);
  for (const kind of ["html200", "error200", "zero_images"]) {
    await fake.control({ reset: true, faults: [{ kind }] });
    const task = await one(house);
    const end = await house.taskIs(task.id, ["done", "failed", "held"]);
    const { requests } = await fake.ledger();
    if (end.state === "done") assert.equal(requests.length, 2, `${kind}: a free failure was retried`);
    else assert.equal(requests.length, 1, `${kind}: asked once`);
    assert.notEqual(end.attempts[0].class, "", kind);
    if (end.state === "held") await house.post(`/tasks/${task.id}/resolve`, { answer: "give_up" });
    assert.ok((await charges(fake)) <= 1, kind);
  }
});

test("a wrong key holds the work until the key is right", async (t) => {
  const { house, fake, provider } = await open(t, { key: "sk-wrong-key-9999" });
  const run = await house.run(ORDER, 2);
  for (const { id } of run.tasks) {
    const task = await until("held, or waiting behind the held one", async () => {
      const got = await house.get(`/tasks/${id}`);
      return got.state === "held" || (got.state === "ready" && got.position > 0) ? got : null;
    });
    if (task.state === "held") assert.equal(task.hold_reason, "auth");
  }
  const held = await until("one is held", async () => (await house.get(`/runs/${run.id}`)).tasks
    .find((task) => task.state === "held"));
  assert.equal(held.error.class, "auth");
  assert.equal(held.error.next, "open_provider");
  assert.ok(!JSON.stringify(held).includes("sk-wrong-key-9999"));
  const lane = (await house.get("/queue")).providers.find((item) => item.id === provider.id);
  assert.equal(lane.is_paused, true, "the others wait instead of failing one by one");
  assert.equal(lane.reason, "auth");
  assert.equal(await charges(fake), 0);

  await house.patch(`/providers/${provider.id}`, { key: fake.key });
  const done = await house.runEnds(run.id);
  assert.equal(done.state, "done", JSON.stringify(done.tasks.map((task) => task.error)));
  assert.equal(await charges(fake), 2);
});

test("a provider that repeats the key in its error does not carry it into ours", async (t) => {
  const { house, fake } = await open(t);
  await fake.control({ faults: [{ kind: "echo_key" }] });
  const task = await house.taskIs((await one(house)).id, "held");
  assert.ok(!JSON.stringify(task).includes(fake.key));
  await house.signal("SIGTERM");
  assert.ok(!house.log.includes(fake.key));
  const bytes = await readFile(join(house.data, "vitrine.db"));
  assert.ok(!bytes.includes(fake.key));
});

test("nobody knows whether it was paid: it is held, and a person decides", async (t) => {
  const { house, fake } = await open(t);
  for (const kind of ["cut_mid_body", "reset_before_reply"]) {
    await fake.control({ reset: true, faults: [{ kind }] });
    const task = await house.taskIs((await one(house)).id, ["held", "done", "failed"]);
    assert.deepEqual([task.state, task.hold_reason], ["held", "unknown"], kind);
    assert.equal(task.error.next, "resolve");
    assert.equal(await charges(fake), 1);
    const first = task.attempts.at(-1).calls.at(-1);
    assert.equal(first.state, "unknown");

    await house.post(`/tasks/${task.id}/resolve`, { answer: "repeat" });
    const done = await house.taskIs(task.id, ["done", "failed", "held"]);
    assert.equal(done.state, "done", kind);
    const last = done.attempts.at(-1).calls.at(-1);
    assert.equal(last.repeat_of, first.id);
    assert.equal(last.may_be_charged_twice, true);
    assert.equal(await charges(fake), 2, "once more, since a person said so");
  }
  await fake.control({ reset: true, faults: [{ kind: "reset_before_reply" }] });
  const task = await house.taskIs((await one(house)).id, "held");
  const wrong = await house.call("POST", `/tasks/${task.id}/resolve`, { body: { answer: "maybe" } });
  assert.equal(wrong.status, 422);
  await house.post(`/tasks/${task.id}/resolve`, { answer: "give_up" });
  assert.equal((await house.taskIs(task.id, "failed")).state, "failed");
  assert.equal(await charges(fake), 1);
  const late = await house.call("POST", `/tasks/${task.id}/resolve`, { body: { answer: "repeat" } });
  assert.equal(late.status, 409, "what is over cannot be resolved");
});

test("a rule of the owner repeats once below a price, never twice", async (t) => {
  const { house, fake } = await open(t, { on_unknown: "once_below", once_below_micro: 1000000000 });
  await fake.control({ faults: [{ kind: "reset_before_reply" }] });
  const task = await house.taskIs((await one(house)).id, ["done", "held", "failed"]);
  assert.equal(task.state, "done");
  assert.equal(await charges(fake), 2);
  await fake.control({ reset: true, faults: [{ kind: "reset_before_reply" },
    { kind: "reset_before_reply" }] });
  const again = await house.taskIs((await one(house)).id, ["done", "held", "failed"]);
  assert.equal(again.state, "held");
  assert.equal(await charges(fake), 2);
});

test("pictures behind an address are brought home", async (t) => {
  const { house, fake } = await open(t);
  await fake.control({ url_reply: true });
  const done = await house.taskIs((await one(house)).id, ["done", "held", "failed"]);
  assert.equal(done.state, "done", JSON.stringify(done.error));
  assert.equal(await charges(fake), 1);
  assert.equal((await house.bytes(done.assets[0].id)).length, done.assets[0].size);
});

test("how a provider does is counted from its calls, and outlives kill -9", async (t) => {
  const { house, fake, provider } = await open(t);
  const path = `/providers/${provider.id}/health`;
  const before = await house.get(path);
  assert.deepEqual([before.last_24h.calls, before.last_24h.success_rate, before.last_24h.p50_ms,
    before.last_error, before.lane], [0, null, null, null, "open"]);
  await fake.control({ latency_ms: 200 });
  for (let i = 0; i < 2; i++) await house.taskIs((await one(house)).id, "done");
  await fake.control({ reset: true, faults: [{ kind: "status", status: 400, code: "invalid_value",
    message: "no such thing" }] });
  await house.taskIs((await one(house)).id, "failed");
  const health = await house.get(path);
  for (const window of [health.last_24h, health.last_7d]) {
    assert.deepEqual([window.calls, window.finished, window.cancelled], [3, 2, 0]);
    assert.ok(Math.abs(window.success_rate - 2 / 3) < 0.001);
    assert.ok(window.p50_ms >= 200 && window.p95_ms >= window.p50_ms, JSON.stringify(window));
    assert.deepEqual(window.failures, [{ class: "invalid", count: 1 }]);
  }
  assert.equal(health.last_error.class, "invalid");
  assert.match(health.last_error.message, /no such thing/);
  assert.equal(health.last_error.model, "gpt-image-2");
  await house.signal("SIGKILL");
  await house.start();
  assert.deepEqual(await house.get(path), health, "what was counted is on disk");

  await fake.control({ reset: true });
  await house.patch(`/providers/${provider.id}`, { key: "sk-wrong-key-9999" });
  await house.taskIs((await one(house)).id, "held");
  const stopped = await house.get(path);
  assert.deepEqual([stopped.lane, stopped.lane_reason, stopped.last_error.class],
    ["stopped", "auth", "auth"]);
  await house.patch(`/providers/${provider.id}`, { key: fake.key });
  assert.equal((await house.get(path)).lane, "open");
  await house.post(`/providers/${provider.id}/pause`, { reason: "the invoice" });
  const paused = await house.get(path);
  assert.deepEqual([paused.lane, paused.lane_reason], ["paused", "the invoice"]);
});

test("providers go to another house as a file without secrets", async (t) => {
  const { house, fake, provider } = await open(t);
  const limits = { concurrency: 2, per_minute: 30, units_per_minute: 60, is_paused: true };
  await house.patch(`/providers/${provider.id}`, { models: [{ name: ORDER.model, is_enabled: true,
    is_default: false, price_micro: -1, limits }] });
  const exported = await house.call("GET", "/providers/export");
  assert.equal(exported.status, 200);
  assert.match(exported.headers["content-disposition"],
    /^attachment; filename="vitrine-providers-\d{4}-\d\d-\d\d\.json"$/);
  assert.ok(!exported.bytes.includes(fake.key) && !exported.bytes.includes(fake.key.slice(-4)));
  const file = exported.json;
  assert.deepEqual([file.format, file.version], ["vitrine-providers", 1]);

  const other = await openHouse(t);
  const preview = await other.post("/providers/import/preview", file);
  assert.deepEqual(preview.items.map((item) => item.as_name), ["mock (2)", provider.name]);
  assert.equal((await other.get("/providers")).items.length, 1, "a preview changes nothing");
  const made = await other.call("POST", "/providers/import", { body: file });
  assert.equal(made.status, 201);
  await other.signal("SIGKILL");
  await other.start();
  const found = (await other.get("/providers")).items.find((one) => one.name === provider.name);
  assert.deepEqual([found.id, found.has_key, found.is_enabled, found.is_private_allowed],
    [made.json.items[1].id, false, false, false], "this machine's address is nobody's gift");
  assert.deepEqual(found.models.find((one) => one.name === ORDER.model).limits, limits);
  const closed = await other.call("PATCH", `/providers/${found.id}`, { body: { is_enabled: true } });
  assert.deepEqual([closed.status, closed.json.field], [422, "base_url"]);
  await other.patch(`/providers/${found.id}`,
    { is_enabled: true, is_private_allowed: true, key: fake.key });
  const waits = await other.run(ORDER); // its pause came along too
  await until("it waits for the pause", async () =>
    (await other.get("/queue")).providers.find((one) => one.id === found.id)?.models[0]?.is_paused);
  assert.equal((await other.get(`/tasks/${waits.tasks[0].id}`)).state, "ready");
  await other.patch(`/providers/${found.id}`, { models: [{ name: ORDER.model, is_enabled: true, is_default: false,
    price_micro: -1, limits: { ...limits, is_paused: false } }] });
  assert.equal((await other.runEnds(waits.id)).state, "done");

  const wrong = structuredClone(file);
  wrong.providers[1].base_url = "ftp://elsewhere.example";
  const refused = await other.call("POST", "/providers/import", { body: wrong });
  assert.deepEqual([refused.status, refused.json.field], [422, "providers[1].base_url"]);
  const newer = await other.call("POST", "/providers/import", { body: { ...file, version: 2 } });
  assert.deepEqual([newer.json.field, newer.json.limit], ["version", 1]);
  assert.equal((await other.get("/providers")).items.length, 3);
});

test("each purpose has a model of its own, and falls back when its provider is gone", async (t) => {
  const { house, fake, provider } = await open(t);
  const taken = async (operation, inputs) => {
    const run = await house.run({ prompt: "a lamp" }, 1,
      { operation, ...(inputs ? { inputs } : {}) });
    await house.runEnds(run.id);
    return (await house.get(`/tasks/${run.tasks[0].id}`)).provider_id;
  };
  const mock = (await house.get("/providers")).items.find((one) => one.kind === "mock");
  const pictures = (await house.upload([{ name: "a.png", bytes: plain(256, 256, 1) }]))
    .map((item) => item.asset.id);
  await house.patch(`/providers/${provider.id}`, { models: [{ name: "gpt-image-2", is_enabled: true,
    is_default: false, purposes: ["edit"], price_micro: -1 }] });
  assert.equal(await taken("image.generate"), mock.id, "pictures stay where they were");
  assert.equal(await taken("image.edit", { images: pictures }), provider.id, "edits go to theirs");
  assert.equal(await charges(fake), 1);
  const wrong = await house.call("PATCH", `/providers/${provider.id}`, { body: { models: [{
    name: "gpt-image-2", is_enabled: true, is_default: false, purposes: ["text"], price_micro: -1 }] } });
  assert.deepEqual([wrong.status, wrong.json.field], [422, "models[0].purposes"]);
  await house.signal("SIGKILL");
  await house.start();
  assert.equal(await taken("image.edit", { images: pictures }), provider.id, "on disk");
  await house.call("DELETE", `/providers/${provider.id}`);
  assert.equal(await taken("image.edit", { images: pictures }), mock.id, "the first that can");
});

test("what a server has is asked in its test, offered, held to, and forgotten with its address", async (t) => {
  const house = await openHouse(t);
  const [fake, other] = [await startComfyui(), await startComfyui()];
  t.after(() => Promise.all([fake.close(), other.close()]));
  const provider = await house.post("/providers", { kind: "comfyui", name: "own", base_url: fake.url,
    is_private_allowed: true, options: {} });
  const optionsOf = async (name) => Object.fromEntries((await house.get("/models")).items
    .find((model) => model.id === `${provider.id}/${name}`).options.map((row) => [row.name, row]));
  const order = (options) => house.call("POST", "/runs", { body: { nodes: [{ key: "a", operation: "image.generate",
    parameters: { prompt: "a cup", model: `${provider.id}/txt2img`, options } }] } });
  const end = async ({ json }) => until("the end", async () => {
    const { state, tasks } = await house.get(`/runs/${json.id}`);
    return state === "done" || state === "failed" ? tasks[0] : null;
  });

  assert.equal((await optionsOf("txt2img")).sampler.type, "text", "never asked");
  const judged = await end(await order({ sampler: "no_such" }));
  assert.equal(judged.state, "failed", "the server judges");
  assert.match(judged.error.message, /Value not in list/);

  assert.equal((await house.post(`/providers/${provider.id}/test`)).ok, true);
  const { sampler, scheduler, checkpoint } = await optionsOf("txt2img");
  assert.deepEqual([sampler.type, scheduler.type, checkpoint.type], ["choice", "choice", "choice"]);
  assert.ok(sampler.choices.includes("dpmpp_2m") && scheduler.choices.includes("karras"));
  assert.equal((await end(await order({ sampler: "dpmpp_2m", scheduler: "karras" }))).state, "done");
  await house.signal("SIGKILL");
  await house.start();
  const refused = await order({ sampler: "no_such" });
  assert.equal(refused.status, 422);
  assert.equal(refused.json.code, "not_in_list");
  assert.equal(refused.json.field, "nodes[0].parameters.options.sampler");
  assert.match(refused.json.detail, /^the server has, as it was tested last: euler, /);

  await house.call("PATCH", `/providers/${provider.id}`, { body: { base_url: other.url } });
  assert.equal((await optionsOf("txt2img")).sampler.type, "text");
});

test("workflows of one's own: each a model, carried by a file, gone when it is taken away", async (t) => {
  const house = await openHouse(t);
  const fake = await startComfyui();
  t.after(() => fake.close());
  const graph = JSON.stringify({
    3: { class_type: "KSampler", inputs: { seed: 5, steps: 20, cfg: 6, sampler_name: "euler", scheduler: "karras",
      denoise: 1, model: ["4", 0], positive: ["6", 0], negative: ["7", 0], latent_image: ["5", 0] } },
    4: { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "sd_xl_base_1.0.safetensors" } },
    5: { class_type: "EmptyLatentImage", inputs: { width: 512, height: 512, batch_size: 1 } },
    6: { class_type: "CLIPTextEncode", inputs: { text: "a lamp", clip: ["4", 1] } },
    7: { class_type: "CLIPTextEncode", inputs: { text: "watermark", clip: ["4", 1] } },
    8: { class_type: "VAEDecode", inputs: { samples: ["3", 0], vae: ["4", 2] } },
    9: { class_type: "SaveImage", inputs: { images: ["8", 0], filename_prefix: "own" } },
  });
  const { parameters, notes } = await house.post("/provider-kinds/workflow", { kind: "comfyui", graph });
  assert.deepEqual(parameters.map(({ parameter }) => parameter), ["prompt", "negative", "cfg", "seed", "width", "height",
    "count", "steps", "sampler", "scheduler", "model"]);
  assert.deepEqual(notes, []);
  const fixed = parameters.filter(({ parameter }) => parameter === "prompt")
    .map(({ parameter: name, node, input }) => ({ name, node, input }));
  const provider = await house.post("/providers", { kind: "comfyui", name: "own", base_url: fake.url,
    is_private_allowed: true, options: { workflows: [{ id: "open", name: "All of it", graph },
      { id: "fixed", graph, parameters: fixed }] } });
  const modelOf = async (name) => (await house.get("/models")).items.find(({ id }) => id === `${provider.id}/${name}`);
  assert.equal((await modelOf("open")).label, "All of it");
  assert.equal((await modelOf("open")).has_seed, true);
  assert.equal((await modelOf("fixed")).has_seed, false);

  const order = { prompt: "a cup", model: `${provider.id}/open`, width: 640, height: 512 };
  assert.equal((await house.run(order, 1)).tasks[0].state !== "failed", true);
  await until("it is drawn", async () => (await house.get("/assets")).items.length === 1);
  const { entries: [entry] } = await (await fetch(`${fake.url}/__ledger`)).json();
  assert.deepEqual([entry.graph[6].inputs.text, entry.graph[5].inputs.width, entry.graph[3].inputs.steps],
    ["a cup", 640, 20]);

  const file = await house.get("/providers/export");
  assert.equal(file.providers.find(({ name }) => name === "own").options.workflows.length, 2);
  await house.call("PATCH", `/providers/${provider.id}`, { body: { options: { workflows: [{ id: "fixed", graph }] } } });
  assert.equal(await modelOf("open"), undefined);
  assert.equal((await modelOf("fixed")).has_seed, true, "found, for nothing is declared any more");
  const gone = await house.call("POST", "/runs", { body: { nodes: [{ key: "a", operation: "image.generate",
    parameters: order }] } });
  assert.deepEqual([gone.status, gone.json.code, gone.json.field], [422, "not_in_list", "nodes[0].parameters.model"]);
});

test("a call asks for as many pictures as its model makes at once, and for no more", async (t) => {
  const house = await openHouse(t);
  const key = "key-of-a-long-series-0123456789";
  const fake = await startArk({ key });
  t.after(() => fake.close());
  const { id } = await house.post("/providers", { kind: "ark", name: "series", key, base_url: `${fake.url}/api/v3`,
    is_private_allowed: true });
  const { items } = await house.get("/models");
  const model = items.find((item) => item.provider_id === id && item.name === "doubao-seedream-4-5-251128");
  assert.equal(model.count_max, 15);
  const { tasks } = await house.run({ prompt: "a series", model: model.id, n: 15, partial_images: 0 });
  const task = await house.taskIs(tasks[0].id, "done", 120000);
  assert.equal(task.assets.length, 15);
  assert.equal(task.cost_micro, 15 * 250000);
  const node = (parameters) => ({ nodes: [{ key: "a", operation: "image.generate",
    parameters: { prompt: "a series", ...parameters } }] });
  for (const [parameters, limit] of [[{ model: model.id, n: 16 }, 15], [{ model: "mock", n: 11 }, 10]]) {
    const refused = await house.call("POST", "/runs", { body: node(parameters) });
    assert.equal(refused.status, 422);
    assert.equal(refused.json.field, "nodes[0].parameters.n");
    assert.equal(refused.json.limit, limit);
  }
});
