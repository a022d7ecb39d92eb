// A second opinion (facts 9.3) on the kinds and profiles that order pictures where OpenAI does: aimock, which other people
// wrote, knows that place behind any path.  Kinds it knows by name have theirs in their own wire tests: openai, ark,
// anthropic, gemini, fal, xai.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { LLMock } from "@copilotkit/aimock";

import { sha256 } from "./plain.mjs";
import { drawPng } from "./png.mjs";
import { carry, options } from "./wire.mjs";

const picture = drawPng(32, 32, "aimock");
let mock;
before(async () => {
  mock = new LLMock({ port: 0 });
  mock.onImage("a cup", { images: [{ b64Json: picture.toString("base64") }] });
  mock.onImage("a jug", { images: [{ url: "https://pictures.example/jug.png" }] });
  mock.onMessage("describe", { content: "A cup." });
  await mock.start();
});
after(() => mock.stop());

const rows = [
  ["zhipu", "/api/paas/v4", "cogview-4", {}],
  ["siliconflow", "/v1", "Kwai-Kolors/Kolors", {}],
  ["openai", "/v1", "flux-pro", { profile: "litellm" }],
  ["openai", "/v1", "Qwen/Qwen-Image", { profile: "vllm" }],
  ["openai", "/v1", "black-forest-labs/FLUX.1-schnell", { profile: "together" }],
  ["openai", "/v1", "dall-e-3", { profile: "generic" }],
];
for (const [kind, path, model, more] of rows)
  test(`aimock takes a picture's order of ${more.profile ?? kind}`, options, async () => {
    const call = (prompt) => carry({ kind, base_url: `${mock.url}${path}`, key: "test-key", options: more, model, prompt });
    const inline = await call("a cup");
    assert.equal(inline.verdict, "done", inline.message);
    assert.equal(inline.pictures[0].sha256, sha256(picture));
    const addressed = await call("a jug");
    assert.equal(addressed.verdict, "done", addressed.message);
    assert.equal(addressed.pictures[0].url, "https://pictures.example/jug.png");
  });

test("aimock answers a chat of OpenRouter's", options, async () => {
  const verdict = await carry({ kind: "openai", base_url: `${mock.url}/api/v1`, key: "test-key",
    options: { profile: "openrouter" }, action: "write", model: "openai/gpt-6-sol", prompt: "describe it" });
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.equal(verdict.text, "A cup.");
});
