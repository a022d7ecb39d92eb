// Proves the fake: fal's own client must be content with it, as it is with fal.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { createFalClient } from "@fal-ai/client";

import { startFake } from "./fal.mjs";
import { drawPng } from "./png.mjs";
import { sha256 } from "./queue.mjs";

let fake, client;
const dataUri = (seed) => `data:image/png;base64,${drawPng(32, 32, seed).toString("base64")}`;

before(async () => {
  fake = await startFake();
  client = createFalClient({ credentials: "id:secret", retry: { maxRetries: 0 },
    requestMiddleware: async (request) => ({ ...request,
      url: request.url.replace(/^https:\/\/(queue\.)?fal\.run/, fake.url) }) });
});
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

test("a subscription is told of the queue and ends with the pictures of the ledger", async () => {
  const states = [];
  await fake.control({ polls: 2 });
  const { data, requestId } = await client.subscribe("fal-ai/flux/schnell", { pollInterval: 5,
    input: { prompt: "a cup", num_images: 2, image_size: { width: 512, height: 256 }, seed: 7 },
    onQueueUpdate: (update) => states.push(update.status) });
  const { entries } = await fake.ledger();
  assert.deepEqual(states, ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]);
  assert.equal(requestId, entries[0].id);
  assert.equal(data.seed, 7);
  const bytes = await Promise.all(data.images.map(async ({ url }) =>
    sha256(Buffer.from(await (await fetch(url)).arrayBuffer()))));
  assert.deepEqual(bytes, entries[0].pictures);
});

test("an endpoint of three segments is asked for by its first two", async () => {
  const { request_id: requestId } = await client.queue.submit("fal-ai/flux-pro/kontext/multi", {
    input: { prompt: "a cup", image_urls: [dataUri("a"), dataUri("b")] } });
  await client.queue.status("fal-ai/flux-pro/kontext/multi", { requestId });
  const { requests } = await fake.ledger();
  assert.equal(requests.at(-1).name, `GET /fal-ai/flux-pro/requests/${requestId}/status`);
  assert.equal(requests.at(-1).status, 202);
});

test("what the input lacks is told with the result, in the client's own error", async () => {
  await assert.rejects(client.subscribe("fal-ai/nano-banana/edit", { pollInterval: 5, input: { prompt: "x" } }),
    (error) => error.status === 422 && error.getFieldErrors("image_urls")[0].type === "missing");
  assert.equal((await fake.ledger()).entries[0].charged, false);
});

test("a cancelled request is free, a finished one cannot be cancelled", async () => {
  await fake.control({ polls: 5 });
  const first = await client.queue.submit("fal-ai/flux/dev", { input: { prompt: "a cup" } });
  await client.queue.cancel("fal-ai/flux/dev", { requestId: first.request_id });
  await client.queue.status("fal-ai/flux/dev", { requestId: first.request_id });
  assert.equal((await fake.ledger()).entries[0].charged, false);
  await fake.control({ polls: 0 });
  const second = await client.queue.submit("fal-ai/flux/dev", { input: { prompt: "a cup" } });
  await client.queue.status("fal-ai/flux/dev", { requestId: second.request_id });
  await assert.rejects(client.queue.cancel("fal-ai/flux/dev", { requestId: second.request_id }),
    (error) => error.status === 400 && error.body.status === "ALREADY_COMPLETED");
});

test("a wrong key is 401, an unknown application 404", async () => {
  const stranger = createFalClient({ credentials: "no:key", requestMiddleware: async (request) => ({ ...request,
    url: request.url.replace(/^https:\/\/(queue\.)?fal\.run/, fake.url) }) });
  await assert.rejects(stranger.queue.submit("fal-ai/flux/dev", { input: { prompt: "x" } }),
    (error) => error.status === 401);
  await assert.rejects(client.queue.submit("fal-ai/nothing", { input: { prompt: "x" } }),
    (error) => error.status === 404);
});
