// Proves the fake: Replicate's own client must be content with it, as it is with Replicate.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import Replicate from "replicate";

import { drawPng } from "./png.mjs";
import { sha256 } from "./queue.mjs";
import { VERSION_OF_PAINT, startFake } from "./replicate.mjs";

let fake, client;
before(async () => {
  fake = await startFake();
  client = new Replicate({ auth: "r8_test-key", baseUrl: `${fake.url}/v1`, useFileOutput: false });
});
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

test("a run is polled to its pictures", async () => {
  const states = [];
  const output = await client.run("black-forest-labs/flux-schnell", { input: { prompt: "a cup", num_outputs: 2 },
    wait: { mode: "poll", interval: 5 } }, (prediction) => states.push(prediction.status));
  const { entries } = await fake.ledger();
  assert.deepEqual([...new Set(states)], ["starting", "processing", "succeeded"]);
  const bytes = await Promise.all(output.map(async (url) =>
    sha256(Buffer.from(await (await fetch(url)).arrayBuffer()))));
  assert.deepEqual(bytes, entries[0].pictures);
});

test("a single output is no list, and a version has a path of its own", async () => {
  const output = await client.run(`acme/paint:${VERSION_OF_PAINT}`, { input: { prompt: "a cup" },
    wait: { mode: "poll", interval: 5 } });
  assert.match(output, /^http/);
  assert.ok((await fake.ledger()).requests.some(({ name }) => name === "POST /v1/predictions"));
});

test("the client's upload is taken, and its address is an input", async () => {
  const bytes = drawPng(64, 64, "a");
  const file = await client.files.create(new Blob([bytes], { type: "image/png" }));
  await client.predictions.create({ model: "black-forest-labs/flux-kontext-pro",
    input: { prompt: "a cup", input_image: file.urls.get } });
  assert.deepEqual((await fake.ledger()).entries[0].uploads, [sha256(bytes)]);
});

test("a failed run is thrown with its words, and is free", async () => {
  await fake.control({ faults: [{ kind: "run", outcome: "nsfw" }] });
  await assert.rejects(client.run("black-forest-labs/flux-schnell", { input: { prompt: "a cup" },
    wait: { mode: "poll", interval: 5 } }), /NSFW/);
  assert.equal((await fake.ledger()).entries[0].charged, false);
});

test("a prediction can be cancelled", async () => {
  await fake.control({ polls: 9 });
  const { id } = await client.predictions.create({ model: "black-forest-labs/flux-schnell",
    input: { prompt: "a cup" } });
  assert.equal((await client.predictions.cancel(id)).status, "canceled");
  assert.equal((await client.predictions.get(id)).status, "canceled");
  assert.equal((await fake.ledger()).entries[0].charged, false);
});

test("bad input, unknown models and unknown keys are refused in the client's own error", async () => {
  const create = (who, order) => who.predictions.create(order);
  const stranger = new Replicate({ auth: "r8_other", baseUrl: `${fake.url}/v1` });
  const order = { model: "black-forest-labs/flux-schnell", input: { prompt: "a cup" } };
  const is = (status) => (error) => error.response.status === status;
  await assert.rejects(create(client, { ...order, input: { prompt: "x", seed: "y" } }), is(422));
  await assert.rejects(create(client, { ...order, model: "no/body" }), is(404));
  await assert.rejects(create(stranger, order), is(401));
  assert.equal((await client.accounts.current()).username, "me");
});
