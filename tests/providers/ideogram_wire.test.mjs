// The ideogram kind over real HTTP, against our fake.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";

import { startFake } from "./ideogram.mjs";
import { drawPng, png } from "./png.mjs";
import { carry, options } from "./wire.mjs";

const KEY = "test-key-0123456789";
let fake;
before(async () => { fake = await startFake({ key: KEY }); });
after(() => fake.close());
const control = (body) => fetch(`${fake.url}/__control`, { method: "POST", body: JSON.stringify(body) });
const ledger = async () => (await fetch(`${fake.url}/__ledger`)).json();
beforeEach(() => control({ reset: true }));

const call = (order, how) => carry({ kind: "ideogram", base_url: fake.url, key: KEY, options: {}, model: "ideogram-4-5",
  prompt: "a cup", ...order }, how);
const bytesOf = async ({ url, headers }) =>
  Buffer.from(await (await fetch(url, { headers: Object.fromEntries(headers) })).arrayBuffer());
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const picture = (seed) => drawPng(64, 64, seed).toString("base64");
const mask = () => png(8, 1, 8, 0, Buffer.from([0, 255, 255, 0, 0, 0, 0, 0, 0])).toString("base64");

test("4.5: accepted, asked for until it is done, fetched without the key", options, async () => {
  await control({ pending: 2 });
  const verdict = await call({ count: 2, width: 1024, height: 1536, seed: 7, quality: "high" });
  const { entries: [entry] } = await ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual(entry.fields, { prompt: "a cup", size: "1024x1536", quality: "high", seed: 7, num_images: 2, async: true });
  assert.deepEqual(await Promise.all(verdict.pictures.map(async (one) => sha256(await bytesOf(one)))), entry.pictures);
  assert.deepEqual(verdict.pictures[0].headers, []);
  assert.equal(verdict.cost_micro, 200000);
  assert.equal(verdict.verdicts.filter((one) => one.verdict === "wait").length, 3);
});

test("4.5 at once, when that is wished", options, async () => {
  const verdict = await call({ options: { async: false, magic_prompt: "off" } });
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.equal(verdict.exchanges.length, 1);
  assert.equal(verdict.cost_micro, 60000);
  assert.equal((await ledger()).entries[0].fields.magic_prompt, "off");
});

for (const [model, order, path, files, fields] of [
  ["ideogram-4-5", { references: ["a", "b"], mask: true }, "/v2/image/generate/ideogram-4-5", ["images", "images", "mask"],
    { prompt: "a cup", quality: "medium", async: "true" }],
  ["ideogram-4-5-precise-edit", { references: ["a", "b"], mask: true }, "/v2/image/precise-edit/ideogram-4-5",
    ["image", "reference_images", "mask"], { prompt: "a cup" }],
  ["ideogram-v4", { width: 2048, height: 2048 }, "/v1/ideogram-v4/generate", [],
    { text_prompt: "a cup", resolution: "2048x2048", rendering_speed: "DEFAULT" }],
  ["ideogram-v4", { references: ["a"], quality: "TURBO" }, "/v1/ideogram-v4/remix", ["image"],
    { text_prompt: "a cup", rendering_speed: "TURBO", image_weight: "50" }],
  ["ideogram-v3", { width: 1312, height: 736, seed: 3, negative_prompt: "dust", options: { style_type: "design", magic_prompt: "on" } },
    "/v1/ideogram-v3/generate", [], { prompt: "a cup", magic_prompt: "ON", aspect_ratio: "16x9", rendering_speed: "DEFAULT",
      negative_prompt: "dust", style_type: "DESIGN", seed: "3" }],
  ["ideogram-v3", { settings: { style_preset: "POP_ART", color_palette: "#1a5fb4 #ffffff", magic_prompt: "off" } },
    "/v1/ideogram-v3/generate", [], { prompt: "a cup", magic_prompt: "OFF", rendering_speed: "DEFAULT", style_preset: "POP_ART",
      color_palette: '{"members":[{"color_hex":"#1A5FB4"},{"color_hex":"#FFFFFF"}]}' }],
  ["ideogram-v3", { settings: { style_codes: "aabb0099" }, options: { style_type: "design" } },
    "/v1/ideogram-v3/generate", [], { prompt: "a cup", rendering_speed: "DEFAULT", style_codes: "AABB0099" }],
  ["ideogram-v3", { references: ["a", "b"], settings: { reference_use: "style" } }, "/v1/ideogram-v3/generate",
    ["style_reference_images", "style_reference_images"], { prompt: "a cup", rendering_speed: "DEFAULT" }],
  ["ideogram-v3", { references: ["a"], settings: { reference_use: "character" } }, "/v1/ideogram-v3/generate",
    ["character_reference_images"], { prompt: "a cup", rendering_speed: "DEFAULT" }],
  ["ideogram-4-5", { settings: { enable_copyright_detection: true } }, "/v2/image/generate/ideogram-4-5", [],
    { prompt: "a cup", quality: "medium", async: true, enable_copyright_detection: true }],
  ["ideogram-v3", { background: "transparent", options: { style_type: "design" } }, "/v1/ideogram-v3/generate-transparent", [],
    { prompt: "a cup", rendering_speed: "DEFAULT" }],
  ["ideogram-v3", { references: ["a", "b", "c"], count: 2, options: { image_weight: 80, style_type: "design" } },
    "/v1/ideogram-v3/remix", ["image", "style_reference_images", "style_reference_images"],
    { prompt: "a cup", rendering_speed: "DEFAULT", image_weight: "80", num_images: "2" }],
  ["ideogram-v3", { references: ["a"], mask: true }, "/v1/ideogram-v3/inpaint", ["image", "mask"],
    { prompt: "a cup", rendering_speed: "DEFAULT" }],
  ["ideogram-v3-reframe", { references: ["a"], width: 1408, height: 704 }, "/v1/ideogram-v3/reframe", ["image"],
    { resolution: "1408x704", rendering_speed: "DEFAULT" }],
  ["ideogram-v3-replace-background", { references: ["a"], quality: "QUALITY" }, "/v1/ideogram-v3/replace-background", ["image"],
    { prompt: "a cup", rendering_speed: "QUALITY" }],
])
  test(`${model} goes to ${path} with ${files.join(", ") || "no files"}`, options, async () => {
    const verdict = await call({ ...order, model, references: (order.references ?? []).map(picture),
      ...(order.mask ? { mask: mask() } : {}) });
    const { entries: [entry] } = await ledger();
    assert.equal(verdict.verdict, "done", verdict.message ?? JSON.stringify(verdict.refused));
    assert.equal(entry.path, path);
    assert.deepEqual(entry.files.map(({ name }) => name), files);
    assert.deepEqual(entry.fields, fields);
    // White is what we want changed, black what Ideogram changes: the palette runs backwards.
    for (const file of entry.files) if (file.mask) assert.deepEqual(file.mask, { colour: 3, first: 255 });
  });

for (const [fault, failure, charged, retryAfter] of [
  [{ kind: "status", status: 429, reject_reason: "inflight_limit", retry_after: 3 }, "throttled", "no", 3000],
  [{ kind: "status", status: 429, reject_reason: "daily_limit" }, "quota", "no", -1],
  [{ kind: "status", status: 402, reject_reason: "insufficient_funds" }, "quota", "no", -1],
  [{ kind: "status", status: 402, reject_reason: "subscription_required" }, "quota", "no", -1],
  [{ kind: "status", status: 429 }, "throttled", "no", -1],
  [{ kind: "status", status: 400 }, "invalid", "no", -1],
  [{ kind: "status", status: 422 }, "refused", "no", -1],
  [{ kind: "status", status: 500 }, "server", "maybe", -1],
  [{ kind: "status", status: 503, retry_after: 1 }, "throttled", "no", 1000],
  [{ kind: "failed", reason: "SAFETY_CHECK_FAILED: unsafe" }, "refused", "maybe", -1],
  [{ kind: "failed", reason: "worker crashed" }, "remote_failed", "maybe", -1],
  [{ kind: "unsafe", count: 1 }, "refused", "maybe", -1],
  [{ kind: "zero_images" }, "unknown", "maybe", -1],
  [{ kind: "html200" }, "invalid", "no", -1],
  [{ kind: "not_json" }, "unknown", "maybe", -1],
  [{ kind: "plain_http" }, "unknown", "maybe", -1],
  [{ kind: "hang" }, "unknown", "maybe", -1],
  [{ kind: "reset_before_reply" }, "unknown", "maybe", -1],
  [{ kind: "cut_mid_body" }, "unknown", "maybe", -1],
])
  test(`${fault.kind} ${fault.status ?? ""} ${fault.reject_reason ?? fault.reason ?? ""} is ${failure}`, options, async () => {
    await control({ faults: [fault] });
    const verdict = await call({ options: { async: false } }, { timeout: 300 });
    const { entries, requests } = await ledger();
    assert.equal(verdict.verdict, "failed");
    assert.equal(verdict.failure, failure);
    assert.equal(verdict.charged, charged);
    assert.equal(verdict.retry_after_ms, retryAfter);
    assert.equal(requests.filter((route) => route.startsWith("POST")).length, 1); // nothing is sent again blindly
    if (entries.length > 0) assert.notEqual(verdict.charged, "no");
  });

test("a blocked prompt is refused, a wrong key masked", options, async () => {
  assert.equal((await call({ prompt: "[blocked] cup" })).failure, "refused");
  const verdict = await call({ key: "wrong-key-0123456789" });
  assert.equal(verdict.failure, "auth");
  assert.equal(verdict.message, "Invalid API key ***");
});

test("what is safe of several is kept, and why the others are missing is told", options, async () => {
  await control({ faults: [{ kind: "unsafe", count: 2 }] });
  const verdict = await call({ count: 3 });
  assert.equal(verdict.verdict, "done");
  assert.equal(verdict.pictures.length, 1);
  assert.equal(verdict.missing, "2 held back: not safe");
  assert.equal(verdict.cost_micro, 60000);
});

test("work is asked for after a restart of ours by its id alone", options, async () => {
  await control({ pending: 3 });
  const { remote_id } = await call({}, { polls: 0 });
  const verdict = await call({ remote_id });
  assert.equal(verdict.verdict, "done");
  assert.equal((await ledger()).entries.length, 1);
});
