// The stability kind over real HTTP, against our fake.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { drawPng } from "./png.mjs";
import { startFake } from "./stability.mjs";
import { carry, options } from "./wire.mjs";

const KEY = "sk-test-key-0123456789";
let fake;
before(async () => { fake = await startFake({ key: KEY }); });
after(() => fake.close());
const control = (body) => fetch(`${fake.url}/__control`, { method: "POST", body: JSON.stringify(body) });
const ledger = async () => (await fetch(`${fake.url}/__ledger`)).json();
beforeEach(() => control({ reset: true }));

const call = (order, how) => carry({ kind: "stability", base_url: fake.url, key: KEY, options: {}, model: "core",
  prompt: "a cup", ...order }, how);
const picture = (seed) => drawPng(64, 64, seed).toString("base64");

for (const json of [false, true])
  test(`a picture ${json ? "as base64" : "as it is"} is the ledger's, at the price of its credits`, options, async () => {
    await control({ json });
    const verdict = await call({ width: 1344, height: 768, seed: 7, negative_prompt: "dust", format: "png",
      options: { style_preset: "anime" } });
    const { entries: [entry] } = await ledger();
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.equal(verdict.pictures[0].sha256, entry.picture);
    assert.deepEqual(entry.fields, { prompt: "a cup", negative_prompt: "dust", aspect_ratio: "16:9", seed: "7",
      output_format: "png", style_preset: "anime" });
    assert.equal(verdict.cost_micro, entry.credits * 10000);
    assert.match(verdict.request_id, /^[0-9a-f]{32}$/);
  });

for (const [model, order, path, files, fields] of [
  ["core", {}, "/generate/core", [], { prompt: "a cup" }],
  ["ultra", {}, "/generate/ultra", [], { prompt: "a cup" }],
  ["ultra", { references: ["a"], options: { strength: 0.35 } }, "/generate/ultra", ["image"], { prompt: "a cup", strength: "0.35" }],
  ["sd3.5-large", { scale: 7 }, "/generate/sd3", [],
    { prompt: "a cup", model: "sd3.5-large", mode: "text-to-image", cfg_scale: "7.0" }],
  ["sd3.5-large-turbo", {}, "/generate/sd3", [], { prompt: "a cup", model: "sd3.5-large-turbo", mode: "text-to-image" }],
  ["sd3.5-medium", { references: ["a"] }, "/generate/sd3", ["image"],
    { prompt: "a cup", model: "sd3.5-medium", mode: "image-to-image", strength: "0.6" }],
  ["sd3.5-flash", { format: "jpeg" }, "/generate/sd3", [],
    { prompt: "a cup", model: "sd3.5-flash", mode: "text-to-image", output_format: "jpeg" }],
  ["inpaint", { references: ["a"], mask: true, negative_prompt: "dust" }, "/edit/inpaint", ["image", "mask"],
    { prompt: "a cup", negative_prompt: "dust" }],
  ["inpaint", { references: ["a"] }, "/edit/inpaint", ["image"], { prompt: "a cup" }],
  ["erase", { references: ["a"], mask: true, seed: 3 }, "/edit/erase", ["image", "mask"], { seed: "3" }],
  ["erase", { references: ["a"], settings: { grow_mask: 7 } }, "/edit/erase", ["image"], { grow_mask: "7" }],
  ["outpaint", { references: ["a"], settings: { left: 200, creativity: 0.5 } }, "/edit/outpaint", ["image"],
    { prompt: "a cup", left: "200", creativity: "0.5" }],
  ["search-and-replace", { references: ["a"], settings: { search_prompt: "the mug" } }, "/edit/search-and-replace", ["image"],
    { prompt: "a cup", search_prompt: "the mug" }],
  ["search-and-recolor", { references: ["a"], settings: { select_prompt: "the mug" } }, "/edit/search-and-recolor", ["image"],
    { prompt: "a cup", select_prompt: "the mug" }],
  ["remove-background", { references: ["a"], format: "webp", background: "transparent" }, "/edit/remove-background", ["image"],
    { output_format: "webp" }],
  ["replace-background-and-relight", { references: ["a", "b"] }, "/edit/replace-background-and-relight",
    ["subject_image", "background_reference"], { background_prompt: "a cup" }],
  ["sketch", { references: ["a"] }, "/control/sketch", ["image"], { prompt: "a cup", control_strength: "0.7" }],
  ["structure", { references: ["a"], options: { control_strength: 1 } }, "/control/structure", ["image"],
    { prompt: "a cup", control_strength: "1.0" }],
  ["style", { references: ["a"] }, "/control/style", ["image"], { prompt: "a cup" }],
  ["style-transfer", { references: ["a", "b"] }, "/control/style-transfer", ["init_image", "style_image"], {}],
  ["upscale-fast", { references: ["a"] }, "/upscale/fast", ["image"], {}],
  ["upscale-conservative", { references: ["a"] }, "/upscale/conservative", ["image"], { prompt: "a cup" }],
  ["upscale-creative", { references: ["a"] }, "/upscale/creative", ["image"], { prompt: "a cup" }],
])
  test(`${model} goes to ${path} with ${files.join(", ") || "no files"}`, options, async () => {
    const verdict = await call({ ...order, model, references: (order.references ?? []).map(picture),
      ...(order.mask ? { mask: picture("m") } : {}) });
    const { entries: [entry] } = await ledger();
    assert.equal(verdict.verdict, "done", verdict.message ?? JSON.stringify(verdict.refused));
    assert.equal(entry.path, path);
    assert.deepEqual(entry.files.map(({ name }) => name), files);
    assert.deepEqual(entry.fields, fields);
    assert.equal(verdict.pictures[0].sha256, entry.picture);
    assert.equal(verdict.cost_micro, entry.credits * 10000);
  });

test("a creative upscale is asked for no more often than it allows", options, async () => {
  await control({ pending: 2 });
  const verdict = await call({ model: "upscale-creative", references: [picture("a")] });
  assert.equal(verdict.verdict, "done");
  assert.deepEqual(verdict.verdicts.map((one) => [one.verdict, one.poll_after_ms]),
    [["wait", 10000], ["wait", 10000], ["wait", 10000], ["done", -1]]);
  assert.equal((await ledger()).entries.length, 1);
});

test("work is asked for after a restart of ours by its id alone", options, async () => {
  const order = { model: "upscale-creative" };
  const { remote_id } = await call({ ...order, references: [picture("a")] }, { polls: 0 });
  assert.equal((await call({ ...order, remote_id })).verdict, "done");
});

for (const [fault, failure, charged, retryAfter] of [
  [{ kind: "status", status: 400, name: "bad_request", errors: ["seed: too large"] }, "invalid", "no", -1],
  [{ kind: "status", status: 402, name: "payment_required" }, "quota", "no", -1],
  [{ kind: "status", status: 403, name: "permission_denied" }, "auth", "no", -1],
  [{ kind: "status", status: 403, name: "content_moderation" }, "refused", "no", -1],
  [{ kind: "status", status: 404, name: "not_found" }, "invalid", "no", -1],
  [{ kind: "status", status: 413, name: "payload_too_large" }, "invalid", "no", -1],
  [{ kind: "status", status: 422, name: "unprocessable_entity" }, "invalid", "no", -1],
  [{ kind: "status", status: 429, name: "rate_limit_exceeded" }, "throttled", "no", 60000],
  [{ kind: "status", status: 429, name: "rate_limit_exceeded", retry_after: 5 }, "throttled", "no", 5000],
  [{ kind: "status", status: 500, name: "internal_error" }, "server", "no", -1],
  [{ kind: "filtered" }, "refused", "no", -1],
  [{ kind: "error" }, "unknown", "no", -1],
  [{ kind: "zero_images" }, "unknown", "maybe", -1],
  [{ kind: "truncated" }, "unknown", "yes", -1],
  [{ kind: "html200" }, "invalid", "no", -1],
  [{ kind: "hang" }, "unknown", "maybe", -1],
  [{ kind: "reset_before_reply" }, "unknown", "maybe", -1],
  [{ kind: "cut_mid_body" }, "unknown", "maybe", -1],
])
  test(`${fault.kind} ${fault.status ?? ""} ${fault.name ?? ""} is ${failure}`, options, async () => {
    await control({ faults: [fault] });
    const verdict = await call({}, { timeout: 300 });
    assert.equal(verdict.verdict, "failed");
    assert.equal(verdict.failure, failure);
    assert.equal(verdict.charged, charged);
    assert.equal(verdict.retry_after_ms, retryAfter);
    assert.equal(verdict.exchanges.length, 1); // nothing is ever sent again blindly
    if ((await ledger()).entries.length > 0) assert.notEqual(verdict.charged, "no");
  });

for (const [kind, failure] of [["filtered", "refused"], ["truncated_base64", "unknown"], ["error", "unknown"]])
  test(`${kind} inside JSON is ${failure}`, options, async () => {
    await control({ json: true, faults: [{ kind }] });
    const verdict = await call({});
    assert.equal(verdict.failure, failure);
    assert.equal(verdict.pictures.length, 0);
  });

test("a result that is filtered or gone", options, async () => {
  const order = { model: "upscale-creative", references: [picture("a")] };
  await control({ faults: [{ kind: "filtered" }, { kind: "expired" }] });
  assert.equal((await call(order)).failure, "refused");
  assert.equal((await call(order)).failure, "invalid"); // the engine asks on for a minute
});

test("a picture of another type than declared is what its bytes are", options, async () => {
  await control({ faults: [{ kind: "wrong_type" }] });
  assert.equal((await call({})).verdict, "done");
});

test("a blocked prompt is refused, a wrong key masked", options, async () => {
  const refused = await call({ prompt: "[blocked] cup" });
  assert.equal(refused.failure, "refused");
  assert.equal(refused.code, "content_moderation");
  const verdict = await call({ key: "sk-wrong-key-0123456789" });
  assert.equal(verdict.failure, "auth");
  assert.equal(verdict.message, "authorization: Bearer *** is not known");
});
