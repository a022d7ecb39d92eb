// Proves the fake with OpenAI's SDK, as far as Zhipu speaks as OpenAI does (facts 6.7): its own SDK has no npm package.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import OpenAI from "openai";

import { pngSize } from "./png.mjs";
import { startFake } from "./zhipu.mjs";

let fake, client;
before(async () => {
  fake = await startFake({ key: "test-key" });
  client = new OpenAI({ apiKey: "test-key", baseURL: `${fake.url}/api/paas/v4`, maxRetries: 0 });
});
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const order = { model: "cogview-4", prompt: "a cup", size: "768x1344" };

test("a generation gives an address that leads to a picture, and the ledger has what was asked", async () => {
  const reply = await client.images.generate(order);
  assert.equal(reply.data.length, 1);
  assert.ok(pngSize(Buffer.from(await (await fetch(reply.data[0].url)).arrayBuffer())));
  const { entries } = await fake.ledger();
  assert.deepEqual(entries.map(({ model, size: asked }) => [model, asked]), [["cogview-4", "768x1344"]]);
});

for (const [more, error] of [[{ size: "100x100" }, OpenAI.BadRequestError], [{ model: "cogview-9" },
  OpenAI.BadRequestError], [{ n: 2 }, OpenAI.BadRequestError], [{ prompt: "[blocked]" }, OpenAI.BadRequestError]])
  test(`${JSON.stringify(more)} is refused, and not paid for`, async () => {
    await assert.rejects(() => client.images.generate({ ...order, ...more }), error);
    assert.equal((await fake.ledger()).entries.length, 0);
  });

test("a bad key and too many requests are the SDK's own errors", async () => {
  await assert.rejects(() => new OpenAI({ apiKey: "other", baseURL: `${fake.url}/api/paas/v4`, maxRetries: 0 }).images
    .generate(order), OpenAI.AuthenticationError);
  await fake.control({ faults: [{ kind: "error", status: 429, code: "1302" }] });
  await assert.rejects(() => client.images.generate(order), (thrown) => {
    assert.ok(thrown instanceof OpenAI.RateLimitError);
    assert.equal(thrown.code, "1302");
    return true;
  });
});
