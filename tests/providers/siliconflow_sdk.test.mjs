// Proves the fake with OpenAI's SDK, whose address SiliconFlow answers at (facts 1B.2): what is its own goes beside.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import OpenAI from "openai";

import { pngSize } from "./png.mjs";
import { startFake } from "./siliconflow.mjs";

let fake, client;
before(async () => {
  fake = await startFake({ key: "test-key" });
  client = new OpenAI({ apiKey: "test-key", baseURL: `${fake.url}/v1`, maxRetries: 0 });
});
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const order = { model: "Kwai-Kolors/Kolors", prompt: "a cup", image_size: "1024x1024" };

test("a generation gives pictures in OpenAI's place as well as in its own", async () => {
  const reply = await client.images.generate({ ...order, batch_size: 2, seed: 7 });
  assert.equal(reply.data.length, 2);
  assert.deepEqual(reply.images, reply.data);
  assert.equal(reply.seed, 7);
  for (const { url } of reply.data) assert.ok(pngSize(Buffer.from(await (await fetch(url)).arrayBuffer())));
  const { entries } = await fake.ledger();
  assert.equal(entries.length, 1);
  assert.equal(entries[0].pictures.length, 2);
});

for (const [more, error, status] of [[{ n: 2 }, OpenAI.BadRequestError, 400], [{ size: "1024x1024" },
  OpenAI.BadRequestError, 400], [{ model: "none" }, OpenAI.BadRequestError, 400], [{ prompt: "[blocked]" },
  OpenAI.APIError, 451]])
  test(`${JSON.stringify(more)} is refused, and not paid for`, async () => {
    await assert.rejects(() => client.images.generate({ ...order, ...more }), (thrown) => {
      assert.ok(thrown instanceof error);
      assert.equal(thrown.status, status);
      return true;
    });
    assert.equal((await fake.ledger()).entries.length, 0);
  });

test("its models are listed, and a bad key is the SDK's own error", async () => {
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  assert.ok(names.includes(order.model));
  await assert.rejects(() => new OpenAI({ apiKey: "other", baseURL: `${fake.url}/v1`, maxRetries: 0 }).images
    .generate(order), OpenAI.AuthenticationError);
});
