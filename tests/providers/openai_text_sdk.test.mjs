// Proves the text half of the fake: the official SDK must be content with it, as it is with OpenAI.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import OpenAI from "openai";

import { startFake } from "./openai.mjs";
import { drawPng, pngSize } from "./png.mjs";

let fake, client;
before(async () => {
  fake = await startFake({ key: "test-key" });
  client = new OpenAI({ apiKey: "test-key", baseURL: `${fake.url}/v1`, maxRetries: 0 });
});
after(() => fake.close());
const control = (body) => fetch(`${fake.url}/__control`, { method: "POST", body: JSON.stringify(body) });
const ledger = async () => (await fetch(`${fake.url}/__ledger`)).json();
beforeEach(() => control({ reset: true }));

const schema = { type: "object", additionalProperties: false, required: ["text", "keywords", "confidence"],
  properties: { text: { type: "string" }, keywords: { type: "array", items: { type: "string" } },
    confidence: { type: "number" } } };
const picture = `data:image/png;base64,${drawPng(64, 64, "a").toString("base64")}`;

test("a response has a text, which the SDK gathers, and usage", async () => {
  const reply = await client.responses.create({ model: "gpt-6-sol", instructions: "Be brief.", input: "a cup" });
  assert.equal(reply.output_text, "You asked for: a cup");
  assert.equal(reply.status, "completed");
  assert.equal(reply.usage.total_tokens, reply.usage.input_tokens + reply.usage.output_tokens);
  assert.match(reply._request_id, /^req_/);
});

test("a response fits its schema and looks at a picture", async () => {
  const reply = await client.responses.parse({ model: "gpt-6-sol",
    input: [{ role: "user", content: [{ type: "input_image", image_url: picture, detail: "high" },
      { type: "input_text", text: "a cup" }] }],
    text: { format: { type: "json_schema", name: "cup", schema, strict: true } } });
  assert.deepEqual(JSON.parse(reply.output_text), { text: "about a cup", keywords: ["about a cup"], confidence: 0.5 });
  const { entries } = await ledger();
  assert.equal(entries[0].files[0].type, "image/png");
  assert.ok(entries[0].usage.input_tokens > 4);
});

test("a chat has a choice, usage, and takes parts", async () => {
  const reply = await client.chat.completions.create({ model: "gpt-6-sol", messages: [
    { role: "system", content: "Be brief." },
    { role: "user", content: [{ type: "image_url", image_url: { url: picture } }, { type: "text", text: "a cup" }] }] });
  assert.equal(reply.choices[0].message.content, "You asked for: a cup");
  assert.equal(reply.choices[0].finish_reason, "stop");
  assert.ok(reply.usage.prompt_tokens > 4);
});

test("a chat fits its schema", async () => {
  const reply = await client.chat.completions.create({ model: "gpt-6-sol", messages: [{ role: "user", content: "cup" }],
    response_format: { type: "json_schema", json_schema: { name: "cup", schema, strict: true } } });
  assert.equal(JSON.parse(reply.choices[0].message.content).confidence, 0.5);
});

test("a refusal, a filter and a limit are no HTTP errors", async () => {
  const response = (input) => client.responses.create({ model: "gpt-6-sol", input });
  assert.equal((await response("[refuse]")).output[1].content[0].type, "refusal");
  assert.equal((await response("[cut]")).incomplete_details.reason, "max_output_tokens");
  assert.equal((await response("[filtered]")).incomplete_details.reason, "content_filter");
  const chat = (content) => client.chat.completions.create({ model: "gpt-6-sol", messages: [{ role: "user", content }] });
  assert.ok((await chat("[refuse]")).choices[0].message.refusal);
  assert.equal((await chat("[cut]")).choices[0].finish_reason, "length");
  assert.equal((await chat("[filtered]")).choices[0].finish_reason, "content_filter");
});

const create = (body) => client.responses.create({ model: "gpt-6-sol", input: "a cup", ...body });
const chat = (body) => client.chat.completions.create({ model: "gpt-6-sol",
  messages: [{ role: "user", content: "a cup" }], ...body });
for (const [name, call, code] of [
  ["an unknown field", () => create({ paint: true }), "unknown_parameter"],
  ["too low a limit", () => create({ max_output_tokens: 5 }), "integer_below_min_value"],
  ["effort for a model that does not think", () => create({ model: "gpt-4o", reasoning: { effort: "low" } }),
    "unsupported_parameter"],
  ["a loose schema", () => create({ text: { format: { type: "json_schema", name: "a", strict: true,
    schema: { type: "object", properties: { a: { type: "string" } } } } } }), "invalid_json_schema"],
  ["JSON mode without the word", () => create({ text: { format: { type: "json_object" } } }), null],
  ["a picture that is none", () => create({ input: [{ role: "user", content: [{ type: "input_image", detail: "auto",
    image_url: "data:image/png;base64,aGVsbG8=" }] }] }), "invalid_image_format"],
  ["an address of no kind", () => create({ input: [{ role: "user", content: [{ type: "input_image", detail: "auto",
    image_url: "cup.png" }] }] }), "invalid_image_url"],
  ["max_tokens for a model that thinks", () => chat({ max_tokens: 9 }), "unsupported_parameter"],
])
  test(`${name} is refused and not charged`, async () => {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.equal(error.code, code);
      return true;
    });
    assert.equal((await ledger()).entries.length, 0);
  });

test("a model nobody knows is not found", async () => {
  await assert.rejects(create({ model: "gpt-3" }), OpenAI.NotFoundError);
});

for (const [fault, type] of [[{ kind: "status", status: 429, code: "rate_limit_exceeded" }, OpenAI.RateLimitError],
  [{ kind: "status", status: 500 }, OpenAI.InternalServerError]])
  test(`an ordered ${fault.status} is the SDK's error class, once`, async () => {
    await control({ faults: [fault] });
    await assert.rejects(create({}), type);
    assert.equal((await create({})).status, "completed");
    assert.equal((await ledger()).entries.length, 1);
  });

// Pictures by the tool.
const tool = (rest) => ({ model: "gpt-6-sol", input: "a cup", tools: [{ type: "image_generation", model: "gpt-image-2",
  quality: "low", size: "1024x768", ...rest }], tool_choice: { type: "image_generation" } });

test("the tool draws a picture, whose tokens stand beside the usage", async () => {
  const reply = await client.responses.create(tool());
  const [item] = reply.output;
  assert.equal(item.type, "image_generation_call");
  assert.deepEqual(pngSize(Buffer.from(item.result, "base64")), { width: 1024, height: 768 });
  assert.equal(reply.tool_usage.image_gen.output_tokens, 272);
  assert.equal((await ledger()).entries[0].pictures.length, 1);
});

test("the tool streams partial pictures, its item and the response", async () => {
  const types = [];
  for await (const event of await client.responses.create({ ...tool({ partial_images: 2 }), stream: true }))
    types.push(event.type.replace("response.", ""));
  assert.deepEqual(types, ["created", "output_item.added", "image_generation_call.generating",
    "image_generation_call.partial_image", "image_generation_call.partial_image", "output_item.done", "completed"]);
});

test("a background response is asked for until it is done, or cancelled", async () => {
  const reply = await client.responses.create({ ...tool(), background: true });
  assert.equal(reply.status, "queued");
  assert.equal((await client.responses.retrieve(reply.id)).status, "in_progress");
  assert.equal((await client.responses.retrieve(reply.id)).status, "completed");
  const other = await client.responses.create({ ...tool(), background: true });
  assert.equal((await client.responses.cancel(other.id)).status, "cancelled");
  await assert.rejects(client.responses.retrieve("resp_none"), OpenAI.NotFoundError);
});

test("a background response fails by itself, and is not charged", async () => {
  await control({ faults: [{ kind: "failed", code: "server_error" }] });
  const reply = await client.responses.create({ ...tool(), background: true });
  assert.deepEqual([reply.status, reply.error], ["queued", null]);
  assert.equal((await client.responses.retrieve(reply.id)).status, "in_progress");
  const over = await client.responses.retrieve(reply.id);
  assert.deepEqual([over.status, over.error.code, over.output], ["failed", "server_error", []]);
  assert.equal((await ledger()).entries.length, 0);
});

test("a background response is forgotten, and was charged", async () => {
  await control({ faults: [{ kind: "forgotten" }] });
  const reply = await client.responses.create({ ...tool(), background: true });
  assert.equal(reply.status, "queued");
  for (const ask of ["retrieve", "cancel"])
    await assert.rejects(client.responses[ask](reply.id), OpenAI.NotFoundError);
  assert.equal((await ledger()).entries.length, 1);
});

test("an unknown field of the tool is refused", async () => {
  await assert.rejects(client.responses.create(tool({ seed: 7 })), { status: 400, param: "tools[0].seed" });
});
