// Proves the fake of Ark: the openai SDK, which Ark says it is compatible with, must be content with it.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import OpenAI from "openai";

import { startFake } from "./ark.mjs";
import { drawPng, pngSize } from "./png.mjs";

let fake, client;
before(async () => {
  fake = await startFake({ key: "test-key" });
  client = new OpenAI({ apiKey: "test-key", baseURL: `${fake.url}/api/v3`, maxRetries: 0 });
});
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const order = { model: "doubao-seedream-4-5-251128", prompt: "a cup" };

test("a picture comes as base64 or as an address, with its price in usage", async () => {
  const inline = await client.images.generate({ ...order, size: "2304x1728", response_format: "b64_json",
    watermark: false });
  assert.ok(pngSize(Buffer.from(inline.data[0].b64_json, "base64")));
  assert.equal(inline.data[0].size, "2304x1728");
  assert.equal(inline.usage.generated_images, 1);
  const outside = await client.images.generate(order);
  const bytes = Buffer.from(await (await fetch(outside.data[0].url)).arrayBuffer());
  assert.ok(pngSize(bytes));
  const { entries } = await fake.ledger();
  assert.deepEqual(entries.map((entry) => entry.watermark), [false, true]);
});

test("a group streams its pictures", async () => {
  const events = [];
  for await (const event of await client.images.generate({ ...order, stream: true, response_format: "b64_json",
    sequential_image_generation: "auto", sequential_image_generation_options: { max_images: 3 } }))
    events.push(event.type);
  assert.deepEqual(events, [...Array(3).fill("image_generation.partial_succeeded"), "image_generation.completed"]);
});

test("errors carry code and param", async () => {
  await assert.rejects(client.images.generate({ ...order, model: "doubao-seedream-5-0-pro-260628", stream: true }),
    (error) => error.status === 400 && error.code === "InvalidParameter" && error.param === "stream");
  await assert.rejects(client.images.generate({ ...order, size: "1x1" }),
    (error) => error.status === 400 && error.code === "InvalidParameter" && error.param === "size");
  await assert.rejects(client.images.generate({ ...order, model: "nothing" }), (error) => error.status === 404);
  await assert.rejects(new OpenAI({ apiKey: "bad", baseURL: `${fake.url}/api/v3`, maxRetries: 0 }).images
    .generate(order), (error) => error.status === 401 && error.code === "AuthenticationError");
  assert.equal((await fake.ledger()).entries.length, 0);
});

test("text is answered, with pictures and a schema", async () => {
  const reply = await client.chat.completions.create({ model: "doubao-seed-2-1-pro-260628",
    response_format: { type: "json_schema", json_schema: { name: "sight", schema: { type: "object" } } },
    messages: [{ role: "user", content: [{ type: "text", text: "What?" }, { type: "image_url",
      image_url: { url: `data:image/png;base64,${drawPng(8, 8, "a").toString("base64")}` } }] }] });
  assert.deepEqual(JSON.parse(reply.choices[0].message.content), { pictures: 1 });
  assert.equal(reply.usage.prompt_tokens, 1010);
});
