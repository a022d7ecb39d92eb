// The fake of Ideogram against the examples of facts 6.8.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { checkCount, formOf, send } from "./facts.mjs";
import { startFake } from "./ideogram.mjs";
import { drawPng, pngSize } from "./png.mjs";

let fake;
before(async () => { fake = await startFake({ key: "test-key" }); });
after(() => fake.close());
const control = (wanted) => fetch(`${fake.url}/__control`, { method: "POST", body: JSON.stringify(wanted) });
beforeEach(() => control({ reset: true }));

const KEY = { "api-key": "test-key" };
const file = (name) => new Blob([drawPng(64, 64, name)], { type: "image/png" });
// [[name, value or file], …] as a form.
function form(parts) {
  const body = new FormData();
  for (const [name, value] of parts) body.append(name, value, ...(value instanceof Blob ? [`${name}.png`] : []));
  return body;
}
const REPLY = { generation_id: "string", seed: "number", data: [{ url: "string", prompt: "string", resolution: "string",
  is_image_safe: "boolean", seed: "number" }] };

async function checkReply({ status, body }) {
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(formOf(body), REPLY);
  assert.ok(pngSize(Buffer.from(await (await fetch(body.data[0].url)).arrayBuffer())));
}

test("version 2 takes JSON", async () => {
  await checkReply(await send(`${fake.url}/v2/image/generate/ideogram-4-5`, { headers: { ...KEY,
    "content-type": "application/json" },
  body: '{"prompt":"a cup","magic_prompt":"auto","size":"1024x1024","quality":"low","seed":7,"num_images":1}' }));
  const [entry] = await checkCount(fake.url, 1);
  assert.deepEqual([entry.fields.size, entry.fields.quality, entry.fields.seed], ["1024x1024", "low", 7]);
});

// Every place and a form that it must take; the files arrive under their names.
const forms = [
  ["/v2/image/generate/ideogram-4-5", [["prompt", "a cup"], ["images", file("a")], ["images", file("b")],
    ["mask", file("m")], ["quality", "very_low"], ["size", "source"]]],
  ["/v2/image/precise-edit/ideogram-4-5", [["prompt", "a cup"], ["image", file("a")], ["reference_images", file("b")],
    ["mask", file("m")]]],
  ["/v1/ideogram-v4/generate", [["text_prompt", "a cup"], ["resolution", "2048x2048"], ["rendering_speed", "TURBO"]]],
  ["/v1/ideogram-v4/remix", [["text_prompt", "a cup"], ["image", file("a")], ["image_weight", "50"]]],
  ["/v1/ideogram-v3/generate", [["prompt", "a cup"], ["aspect_ratio", "16x9"], ["rendering_speed", "FLASH"],
    ["magic_prompt", "AUTO"], ["negative_prompt", "dust"], ["num_images", "1"], ["seed", "2147483647"],
    ["style_type", "FICTION"]]],
  ["/v1/ideogram-v3/generate-transparent", [["prompt", "a cup"], ["aspect_ratio", "1x1"]]],
  ["/v1/ideogram-v3/remix", [["prompt", "a cup"], ["image", file("a")], ["image_weight", "100"]]],
  ["/v1/ideogram-v3/inpaint", [["prompt", "a cup"], ["image", file("a")], ["mask", file("m")]]],
  ["/v1/ideogram-v3/reframe", [["resolution", "1024x1024"], ["image", file("a")]]],
  ["/v1/ideogram-v3/replace-background", [["prompt", "a beach"], ["image", file("a")]]],
];
for (const [path, parts] of forms)
  test(`${path} takes its form`, async () => {
    await checkReply(await send(`${fake.url}${path}`, { headers: KEY, body: form(parts) }));
    const [entry] = await checkCount(fake.url, 1);
    assert.equal(entry.path, path);
    assert.deepEqual(entry.files.map(({ name }) => name), parts.filter(([, value]) => value instanceof Blob)
      .map(([name]) => name));
  });

test("an asynchronous work is pending, then there; a failed one says why; an unknown one is a 404", async () => {
  const order = () => send(`${fake.url}/v2/image/generate/ideogram-4-5`, { headers: { ...KEY,
    "content-type": "application/json" }, body: '{"prompt":"a cup","async":true}' });
  const ask = (id) => send(`${fake.url}/v2/generations/${id}`, { method: "GET", headers: KEY });
  await control({ pending: 1 });
  const { body: { generation_id: id } } = await order();
  assert.equal((await ask(id)).body.status, "pending");
  const { status, ...done } = (await ask(id)).body;
  assert.equal(status, "completed");
  assert.deepEqual(formOf(done), REPLY);
  await control({ faults: [{ kind: "failed", reason: "GENERATION_FAILED" }] });
  const { body: failed } = await ask((await order()).body.generation_id);
  assert.deepEqual([failed.status, failed.failure_reason], ["failed", "GENERATION_FAILED"]);
  assert.equal((await ask("00000000-0000-0000-0000-000000000000")).status, 404);
  await checkCount(fake.url, 1);
});

test("what is not safe has no address", async () => {
  await control({ faults: [{ kind: "unsafe", count: 1 }] });
  const { body } = await send(`${fake.url}/v1/ideogram-v3/generate`, { headers: KEY, body: form([["prompt", "a cup"]]) });
  assert.deepEqual([body.data[0].is_image_safe, body.data[0].url], [false, ""]);
});

const v3 = "/v1/ideogram-v3/generate";
const refusals = [
  ["a ratio with a colon", v3, [["prompt", "a cup"], ["aspect_ratio", "16:9"]], 400, {}],
  ["ratio and resolution", v3, [["prompt", "a cup"], ["aspect_ratio", "1x1"], ["resolution", "1024x1024"]], 400, {}],
  ["an inpainting without its mask", "/v1/ideogram-v3/inpaint", [["prompt", "a cup"], ["image", file("a")]], 400, {}],
  ["what is not allowed", v3, [["prompt", "[blocked]"]], 422, {}],
  ["too many at once", v3, [["prompt", "a cup"]], 429, { reject_reason: "inflight_limit", max_inflight_requests: 10 }],
  ["an empty purse", v3, [["prompt", "a cup"]], 402, { reject_reason: "insufficient_funds", max_inflight_requests: 10 }],
];
for (const [name, path, parts, status, more] of refusals)
  test(`${name} is a ${status}`, async () => {
    if (more.reject_reason) await control({ faults: [{ kind: "status", status, reject_reason: more.reject_reason }] });
    const reply = await send(`${fake.url}${path}`, { headers: KEY, body: form(parts) });
    const { error, ...rest } = reply.body;
    assert.equal(reply.status, status);
    assert.equal(typeof error, "string");
    assert.deepEqual(rest, more);
    await checkCount(fake.url, 0);
  });

test("a wrong key is a 401", async () => {
  assert.equal((await send(`${fake.url}${v3}`, { headers: { "api-key": "other" },
    body: form([["prompt", "a cup"]]) })).status, 401);
});
