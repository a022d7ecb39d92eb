// Proves the fake: BFL has no client of its own on npm; Vercel's, from which the facts have the wire (6.1), must be
// content with the fake as it is with BFL.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { createBlackForestLabs } from "@ai-sdk/black-forest-labs";

import { startFake } from "./bfl.mjs";
import { drawPng } from "./png.mjs";
import { sha256 } from "./queue.mjs";

let fake, provider;
before(async () => {
  fake = await startFake();
  // It shows its key to the picture's address as well, where Azure looks past it and our fake, for facts 0.6, does not.
  const keyless = (url, { headers, ...init }) => fetch(url, { ...init,
    headers: /__file/.test(url) ? {} : headers });
  provider = createBlackForestLabs({ apiKey: "bfl-test-key", baseURL: `${fake.url}/v1`, fetch: keyless });
});
after(() => fake.close());
beforeEach(() => fake.control({ reset: true, polls: 0 }));

const ask = (model, { options, ...order } = {}) => provider.image(model).doGenerate({ prompt: "a cup", n: 1, files: [],
  providerOptions: { blackForestLabs: { pollIntervalMillis: 5, ...options } }, ...order });

test("a run is polled where the reply says, to its picture, cost and seed", async () => {
  const { images, providerMetadata } = await ask("flux-2-pro", { seed: 7,
    options: { width: 1024, height: 512, outputFormat: "png" } });
  const { entries, requests } = await fake.ledger();
  assert.deepEqual(entries[0].input, { prompt: "a cup", width: 1024, height: 512, seed: 7, output_format: "png" });
  assert.deepEqual(images.map((bytes) => sha256(Buffer.from(bytes))), entries[0].pictures);
  assert.equal(requests.at(-1).name, `GET /v1/poll/${entries[0].id}`);
  const [said] = providerMetadata.blackForestLabs.images;
  assert.equal(said.cost, entries[0].cost);
  assert.equal(said.seed, 7);
});

test("a shape, and pictures and a mask to work on, arrive under their names", async () => {
  const file = (seed) => ({ type: "file", mediaType: "image/png", data: new Uint8Array(drawPng(64, 64, seed)) });
  await ask("flux-kontext-pro", { aspectRatio: "16:9", files: [file("a"), file("b")] });
  await ask("flux-9-dream", { files: [file("a")] });
  const [kontext, dream] = (await fake.ledger()).entries;
  assert.equal(kontext.input.aspect_ratio, "16:9");
  assert.deepEqual(Object.keys(kontext.input).filter((name) => /image/.test(name)), ["input_image", "input_image_2"]);
  assert.deepEqual(kontext.files, ["a", "b"].map((seed) => sha256(drawPng(64, 64, seed))));
  assert.deepEqual(dream.files, [sha256(drawPng(64, 64, "a"))]);
});

for (const [name, order, words] of [["an unknown field", { aspectRatio: "1:1" }, /aspect_ratio/],
  ["a side that is no multiple of 16", { options: { width: 1000, height: 1000 } }, /width/]])
  test(`${name} is refused in BFL's own form, and not charged`, async () => {
    await assert.rejects(ask("flux-2-pro", order), (error) => {
      assert.equal(error.statusCode, 422);
      assert.match(error.message, words);
      return true;
    });
    assert.equal((await fake.ledger()).entries.length, 0);
  });

test("what fails, and what comes too often, are the SDK's own errors", async () => {
  for (const outcome of ["failed", "error"]) {
    await fake.control({ faults: [{ kind: "run", outcome }] });
    await assert.rejects(ask("flux-2-pro"), /generation failed/);
  }
  await fake.control({ faults: [{ kind: "status", status: 429, body: { detail: "Too many active tasks" } }] });
  await assert.rejects(ask("flux-2-pro"), { statusCode: 429, message: "Too many active tasks" });
  assert.equal((await fake.ledger()).entries.filter(({ charged }) => charged).length, 0);
});

test("a wrong key is refused", async () => {
  const stranger = createBlackForestLabs({ apiKey: "other", baseURL: `${fake.url}/v1` });
  await assert.rejects(stranger.image("flux-2-pro").doGenerate({ prompt: "a cup", n: 1, files: [],
    providerOptions: {} }), { statusCode: 403, message: "Not authenticated" });
});
