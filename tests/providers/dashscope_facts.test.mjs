// The fake of DashScope against the examples of facts 6.5, bodies byte for byte.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { startFake } from "./dashscope.mjs";
import { checkCount, formOf, send } from "./facts.mjs";
import { drawPng, pngSize } from "./png.mjs";

let fake, base;
before(async () => {
  fake = await startFake({ key: "test-key" });
  base = `${fake.url}/api/v1`;
});
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const picture = `data:image/png;base64,${drawPng(64, 64, "a").toString("base64")}`;
const json = { authorization: "Bearer test-key", "content-type": "application/json" };
const later = { ...json, "x-dashscope-async": "enable" };
const SYNC = "/services/aigc/multimodal-generation/generation";
const TASK = "/services/aigc/image-generation/generation";
const messages = (content) => `{"messages":[{"role":"user","content":[${content}]}]}`;
const edit = `{"model":"qwen-image-2.0","input":${messages(`{"image":"${picture}"},{"text":"a cup"}`)},"parameters":`
  + `{"n":1,"size":"1024*1024","negative_prompt":"dust","seed":1,"watermark":false,"prompt_extend":true}}`;
const RESULTS = { output: { choices: [{ finish_reason: "stop", message: { role: "assistant",
  content: [{ image: "string" }] } }] }, request_id: "string" };

test("a synchronous order is answered with the picture's address", async () => {
  const { status, body } = await send(`${base}${SYNC}`, { headers: json, body: edit });
  assert.equal(status, 200);
  const { usage, ...rest } = formOf(body, ["finish_reason", "role"]);
  assert.deepEqual(rest, RESULTS);
  assert.equal(usage.image_count, "number");
  const address = body.output.choices[0].message.content[0].image;
  assert.ok(pngSize(Buffer.from(await (await fetch(address)).arrayBuffer())));
  const [entry] = await checkCount(fake.url, 1);
  assert.deepEqual([entry.n, entry.size, entry.seed, entry.negative, entry.extends, entry.files.length],
    [1, "1024*1024", 1, "dust", true, 1]);
});

// Where it goes, what is sent, and where the pictures are in the end.
const orders = [
  ["wan2.7-image", TASK, messages("{\"text\":\"a cup\"}"), "choices"],
  ["wan2.2-t2i-plus", "/services/aigc/text2image/image-synthesis", "{\"prompt\":\"a cup\"}", "results"],
  ["wan2.5-i2i-preview", "/services/aigc/image2image/image-synthesis",
    `{"prompt":"a cup","images":["${picture}"]}`, "results"],
];
for (const [model, path, input, place] of orders)
  test(`${model} is a task: pending, then its results under ${place}`, async () => {
    await fake.control({ pending: 2 });
    const order = { headers: later, body: `{"model":"${model}","input":${input},"parameters":{"n":1}}` };
    const accepted = await send(`${base}${path}`, order);
    assert.deepEqual(formOf(accepted.body, ["task_status"]),
      { output: { task_id: "string", task_status: "PENDING" }, request_id: "string" });
    const ask = () => send(`${base}/tasks/${accepted.body.output.task_id}`, { method: "GET", headers: json });
    const told = [await ask(), await ask(), await ask()].map(({ body }) => body.output);
    assert.deepEqual(told.map((output) => output.task_status), ["PENDING", "RUNNING", "SUCCEEDED"]);
    const address = place === "results" ? told[2].results[0].url : told[2].choices[0].message.content[0].image;
    assert.ok(pngSize(Buffer.from(await (await fetch(address)).arrayBuffer())));
    await checkCount(fake.url, 1);
  });

test("a failed task is a 200 with a code and a message, an unknown one has no state", async () => {
  await fake.control({ faults: [{ kind: "task_failed", code: "InternalError.Algo", message: "inference failed" }] });
  const { body } = await send(`${base}${TASK}`, { headers: later,
    body: `{"model":"wan2.7-image","input":${messages("{\"text\":\"a cup\"}")},"parameters":{"n":1}}` });
  const failed = await send(`${base}/tasks/${body.output.task_id}`, { method: "GET", headers: json });
  assert.equal(failed.status, 200);
  assert.deepEqual([failed.body.output.task_status, failed.body.output.code, failed.body.output.message],
    ["FAILED", "InternalError.Algo", "inference failed"]);
  const lost = await send(`${base}/tasks/00000000-0000-0000-0000-000000000000`, { method: "GET", headers: json });
  assert.deepEqual([lost.status, lost.body.output.task_status], [200, "UNKNOWN"]);
});

// Errors stand at the top; none is charged.
const refusals = [
  ["a task's model without the header", TASK, json, edit.replace("qwen-image-2.0", "wan2.7-image"), 403, "AccessDenied",
    /does not support synchronous calls/],
  ["an x in the size", SYNC, json, edit.replace("1024*1024", "1024x1024"), 400, "InvalidParameter", /size/],
  ["two messages", SYNC, json, edit.replace("{\"role\"", "{\"role\":\"user\",\"content\":[{\"text\":\"x\"}]},{\"role\""),
    400, "InvalidParameter", /exactly one message/],
  ["a wrong key", SYNC, { ...json, authorization: "Bearer other" }, edit, 401, "InvalidApiKey", /API-key/],
  ["an unknown model", SYNC, json, edit.replace("qwen-image-2.0", "qwen-image-99"), 404, "ModelNotFound", /not exist/],
  ["what is not allowed", SYNC, json, edit.replace("a cup", "[blocked]"), 400, "DataInspectionFailed", /inappropriate/],
];
for (const [name, path, headers, body, status, code, words] of refusals)
  test(`${name} is refused with ${code}`, async () => {
    const reply = await send(`${base}${path}`, { headers, body });
    assert.deepEqual([reply.status, reply.body.code, Object.keys(reply.body).sort()],
      [status, code, ["code", "message", "request_id"]]);
    assert.match(reply.body.message, words);
    await checkCount(fake.url, 0);
  });
