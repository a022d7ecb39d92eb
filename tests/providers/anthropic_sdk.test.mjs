// Proves the fake: the official SDK must be content with it, as it is with Anthropic.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";

import { startFake } from "./anthropic.mjs";
import { drawPng } from "./png.mjs";

let fake, client;
before(async () => {
  fake = await startFake({ key: "test-key" });
  client = new Anthropic({ apiKey: "test-key", baseURL: fake.url, maxRetries: 0 });
});
after(() => fake.close());
const control = (body) => fetch(`${fake.url}/__control`, { method: "POST", body: JSON.stringify(body) });
const ledger = async () => (await fetch(`${fake.url}/__ledger`)).json();
beforeEach(() => control({ reset: true }));

const schema = { type: "object", additionalProperties: false, required: ["text"], properties: { text: { type: "string" } } };
const create = (order) => client.messages.create({ model: "claude-sonnet-5-5", max_tokens: 100,
  messages: [{ role: "user", content: "a cup" }], ...order });
const image = (data, media_type = "image/png") => ({ type: "image", source: { type: "base64", media_type, data } });

test("a message has a text, usage and a request id", async () => {
  const reply = await create({ system: "Be brief." });
  assert.equal(reply.content[0].text, "You asked for: a cup");
  assert.equal(reply.stop_reason, "end_turn");
  assert.ok(reply.usage.input_tokens > 0 && reply.usage.output_tokens > 0);
  assert.match(reply._request_id, /^req_/);
  assert.equal((await ledger()).entries[0].system, "Be brief.");
});

test("a picture is looked at", async () => {
  await create({ messages: [{ role: "user", content: [image(drawPng(64, 64, "a").toString("base64")),
    { type: "text", text: "what is it?" }] }] });
  assert.equal((await ledger()).entries[0].files[0].type, "image/png");
});

test("JSON comes by output_config and by a tool", async () => {
  const text = await create({ output_config: { format: { type: "json_schema", schema } } });
  assert.deepEqual(JSON.parse(text.content[0].text), { text: "about a cup" });
  const tool = await create({ tools: [{ name: "answer", input_schema: schema }], tool_choice: { type: "tool", name: "answer" } });
  assert.deepEqual(tool.content[0].input, { text: "about a cup" });
  assert.equal(tool.stop_reason, "tool_use");
});

test("a refusal and a limit are no HTTP errors", async () => {
  const say = (content) => create({ messages: [{ role: "user", content }] });
  const refused = await say("[refuse]");
  assert.equal(refused.stop_reason, "refusal");
  assert.equal(refused.stop_details.type, "refusal");
  assert.equal((await say("[cut]")).stop_reason, "max_tokens");
});

test("models are listed", async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes("claude-sonnet-5-5"));
});

for (const [name, order, type] of [
  ["an unknown field", { paint: true }, Anthropic.BadRequestError],
  ["a sampling parameter", { temperature: 0.5 }, Anthropic.BadRequestError],
  ["an assistant's beginning", { messages: [{ role: "user", content: "a" }, { role: "assistant", content: "{" }] },
    Anthropic.BadRequestError],
  ["a loose schema", { output_config: { format: { type: "json_schema", schema: { type: "object" } } } },
    Anthropic.BadRequestError],
  ["a picture of another type", { messages: [{ role: "user", content: [image(drawPng(8, 8, "a").toString("base64"),
    "image/jpeg")] }] }, Anthropic.BadRequestError],
  ["an unknown model", { model: "claude-1" }, Anthropic.NotFoundError],
])
  test(`${name} is refused and not charged`, async () => {
    await assert.rejects(create(order), (error) => {
      assert.ok(error instanceof type, String(error));
      assert.match(error.requestID, /^req_/);
      return true;
    });
    assert.equal((await ledger()).entries.length, 0);
  });

for (const [status, type] of [[401, Anthropic.AuthenticationError], [403, Anthropic.PermissionDeniedError],
  [429, Anthropic.RateLimitError], [500, Anthropic.InternalServerError], [529, Anthropic.InternalServerError]])
  test(`an ordered ${status} is the SDK's error class, once`, async () => {
    await control({ faults: [{ kind: "status", status, retry_after: 1 }] });
    await assert.rejects(create(), (error) => error instanceof type && error.headers.get("retry-after") === "1");
    assert.equal((await create()).type, "message");
    assert.equal((await ledger()).entries.length, 1);
  });

test("either header of the key is taken, a wrong key is not", async () => {
  const ask = (headers) => fetch(`${fake.url}/v1/models`, { headers: { "anthropic-version": "2023-06-01", ...headers } });
  assert.equal((await ask({ "x-api-key": "test-key" })).status, 200);
  assert.equal((await ask({ authorization: "Bearer test-key" })).status, 200);
  assert.equal((await ask({ "x-api-key": "another" })).status, 401);
});
