// Proves the fake with OpenAI's SDK, as far as xAI speaks as OpenAI does (facts 6.4): generations and errors do, the
// multipart edit does not.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import OpenAI, { toFile } from "openai";

import { drawPng, pngSize } from "./png.mjs";
import { startFake } from "./xai.mjs";

let fake, client;
before(async () => {
  fake = await startFake({ key: "test-key" });
  client = new OpenAI({ apiKey: "test-key", baseURL: `${fake.url}/v1`, maxRetries: 0 });
});
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const order = { model: "grok-imagine-image-2.0", prompt: "a cup" };

test("a generation gives pictures of the asked shape, and its cost", async () => {
  const reply = await client.images.generate({ ...order, n: 2, response_format: "b64_json", aspect_ratio: "16:9",
    resolution: "1.5k", quality: "low" });
  const { width, height } = pngSize(Buffer.from(reply.data[0].b64_json, "base64"));
  assert.ok(Math.abs(width / height - 16 / 9) < 0.03);
  assert.equal(reply.data.length, 2);
  assert.equal(reply.data[0].respect_moderation, true);
  assert.equal(reply.usage.cost_in_usd_ticks, 1000000000);
  assert.ok(reply._request_id);
});

test("an address is the default, and leads to the picture", async () => {
  const reply = await client.images.generate(order);
  const bytes = Buffer.from(await (await fetch(reply.data[0].url)).arrayBuffer());
  assert.ok(pngSize(bytes));
});

test("size is an argument that is not supported", async () => {
  await assert.rejects(() => client.images.generate({ ...order, size: "1024x1024" }), (thrown) => {
    assert.ok(thrown instanceof OpenAI.BadRequestError);
    assert.match(thrown.message, /Argument not supported: size/);
    return true;
  });
});

for (const [more, error] of [[{ quality: "high" }, OpenAI.BadRequestError],
  [{ aspect_ratio: "5:4" }, OpenAI.UnprocessableEntityError],
  [{ model: "grok-imagine-image", resolution: "1.5k" }, OpenAI.UnprocessableEntityError],
  [{ model: "grok-9" }, OpenAI.NotFoundError], [{ prompt: "[blocked]" }, OpenAI.BadRequestError]])
  test(`${JSON.stringify(more)} is refused, and not paid for`, async () => {
    await assert.rejects(() => client.images.generate({ ...order, ...more }), error);
    assert.equal((await fake.ledger()).entries.length, 0);
  });

test("the SDK's multipart edit fails, a JSON one is taken", async () => {
  await assert.rejects(async () => client.images.edit({ ...order,
    image: await toFile(drawPng(8, 8, "a"), "a.png", { type: "image/png" }) }), OpenAI.APIError);
  const url = `data:image/png;base64,${drawPng(30, 20, "a").toString("base64")}`;
  const reply = await client.post("/images/edits", { body: { ...order, response_format: "b64_json",
    image: { url, type: "image_url" } } });
  const { width, height } = pngSize(Buffer.from(reply.data[0].b64_json, "base64"));
  assert.ok(Math.abs(width / height - 1.5) < 0.03);
});

test("a bad key is a 400", async () => {
  await assert.rejects(() => new OpenAI({ apiKey: "other", baseURL: `${fake.url}/v1`, maxRetries: 0 }).images
    .generate(order), OpenAI.BadRequestError);
});
