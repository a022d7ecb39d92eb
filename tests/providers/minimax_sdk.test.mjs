// Proves the fake with MiniMax's own JavaScript: it has no SDK for pictures, but its MCP server is written over a client,
// which is taken out of it here.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { ImageAPI } from "minimax-mcp-js/build/api/image.js";
import { MinimaxAuthError, MinimaxRequestError } from "minimax-mcp-js/build/exceptions/index.js";
import { MiniMaxAPI } from "minimax-mcp-js/build/utils/api.js";

import { startFake } from "./minimax.mjs";
import { sha256 } from "./plain.mjs";
import { pngSize } from "./png.mjs";

let fake;
before(async () => { fake = await startFake({ key: "test-key" }); });
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const api = (apiKey = "test-key") => new MiniMaxAPI({ apiKey, apiHost: fake.url, resourceMode: "url" });
const generate = (order, key) => new ImageAPI(api(key)).generateImage({ prompt: "a cup", ...order });

test("a generation gives addresses that lead to the ledger's pictures", async () => {
  const urls = await generate({ n: 3, aspectRatio: "16:9", promptOptimizer: false });
  const { entries } = await fake.ledger();
  assert.equal(entries.length, 1);
  assert.deepEqual([entries[0].model, entries[0].n, entries[0].size, entries[0].optimizer], ["image-01", 3, "16:9", false]);
  const pictures = await Promise.all(urls.map(async (url) => Buffer.from(await (await fetch(url)).arrayBuffer())));
  assert.ok(pictures.every((bytes) => pngSize(bytes)));
  assert.deepEqual(pictures.map(sha256), entries[0].pictures);
});

test("what is wrong is a 200 that the client takes for an error, and not charged", async () => {
  for (const [order, words] of [[{ aspectRatio: "7:1" }, /invalid params/], [{ n: 10 }, /invalid params/],
    [{ prompt: "[blocked]" }, /new_sensitive/]])
    await assert.rejects(generate(order), (error) => {
      assert.ok(error instanceof MinimaxRequestError);
      assert.match(error.message, words);
      return true;
    });
  assert.equal((await fake.ledger()).entries.length, 0);
});

test("a wrong key is its own error, by the code in the body", async () => {
  await assert.rejects(generate({}, "other"), MinimaxAuthError);
});

test("a limit, and a reply without pictures, are errors", async () => {
  await fake.control({ faults: [{ kind: "code", code: 1002, message: "rate limit" }, { kind: "zero_images" }] });
  await assert.rejects(generate({}), /rate limit/);
  await assert.rejects(generate({}), /Unable to get image URLs/);
  assert.equal((await fake.ledger()).entries.length, 1, "the second one was made");
});

test("a face is what the facts say, and nothing else", async () => {
  // The client sends subject_reference as a bare text, which is not what MiniMax documents (facts 6.6): refused.
  await assert.rejects(generate({ subjectReference: "data:image/png;base64,iVBORw0KGgo=" }), /subject_reference/);
});
