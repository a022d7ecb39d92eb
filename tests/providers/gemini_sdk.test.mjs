// Proves the fake: Google's own SDK must be content with it, as it is with Google.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { ApiError, GoogleGenAI, HarmBlockThreshold, HarmCategory } from "@google/genai";

import { startFake } from "./gemini.mjs";
import { drawPng, pngSize } from "./png.mjs";

let fake, client;
before(async () => {
  fake = await startFake({ key: "test-key" });
  client = new GoogleGenAI({ apiKey: "test-key", httpOptions: { baseUrl: fake.url } });
});
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const draw = (config = {}, contents = "a cup", model = "gemini-nano-banana-2.1") =>
  client.models.generateContent({ model, contents, config: { responseModalities: ["TEXT", "IMAGE"], ...config } });
const inline = (seed) => ({ inlineData: { mimeType: "image/png", data: drawPng(16, 16, seed).toString("base64") } });

test("a generation gives a picture of the asked shape, with usage", async () => {
  const reply = await draw({ imageConfig: { aspectRatio: "16:9", imageSize: "2K" } });
  const part = reply.candidates[0].content.parts.find((one) => one.inlineData);
  const { width, height } = pngSize(Buffer.from(part.inlineData.data, "base64"));
  assert.ok(Math.abs(width / height - 16 / 9) < 0.02);
  assert.equal(reply.text, "Here you go.");
  assert.equal(reply.usageMetadata.candidatesTokenCount, 1680);
  assert.equal(reply.usageMetadata.thoughtsTokenCount, 180);
  assert.equal(reply.modelVersion, "gemini-nano-banana-2.1");
});

test("references come as inline data", async () => {
  await draw({}, [{ role: "user", parts: [inline("a"), inline("b"), { text: "make the sky green" }] }]);
  const { entries } = await fake.ledger();
  assert.deepEqual(entries[0].files.map((file) => file.type), ["image/png", "image/png"]);
  assert.equal(entries[0].prompt, "make the sky green");
});

test("a text that fits a schema, from an instruction and a picture", async () => {
  const reply = await client.models.generateContent({ model: "gemini-3.8-flash",
    contents: [{ role: "user", parts: [inline("a"), { text: "what is it?" }] }],
    config: { systemInstruction: "Be brief.", maxOutputTokens: 300, responseMimeType: "application/json",
      responseJsonSchema: { type: "object", properties: { name: { type: "string" } }, required: ["name"] } } });
  assert.deepEqual(JSON.parse(reply.text), { name: "a cup" });
  const { entries } = await fake.ledger();
  assert.equal(entries[0].system, "Be brief.");
  assert.deepEqual(entries[0].config.responseJsonSchema.required, ["name"]);
});

test("the old form of a schema has its types in capitals", async () => {
  const reply = await client.models.generateContent({ model: "gemini-3.8-flash", contents: "x",
    config: { responseMimeType: "application/json",
      responseSchema: { type: "OBJECT", properties: { n: { type: "INTEGER" } } } } });
  assert.deepEqual(JSON.parse(reply.text), { n: 7 });
});

test("a safety setting is four categories with a threshold", async () => {
  await draw({ safetySettings: [{ category: HarmCategory.HARM_CATEGORY_HARASSMENT,
    threshold: HarmBlockThreshold.BLOCK_ONLY_HIGH }] });
  assert.deepEqual((await fake.ledger()).entries[0].safety,
    [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_ONLY_HIGH" }]);
});

test("a blocked prompt is a 200 without candidates", async () => {
  const reply = await draw({}, "[blocked] cup");
  assert.equal(reply.candidates, undefined);
  assert.equal(reply.promptFeedback.blockReason, "PROHIBITED_CONTENT");
});

// This SDK drops finishMessage, which facts 2.2 name.
test("a finish reason comes without a picture", async () => {
  await fake.control({ faults: [{ kind: "finish", reason: "IMAGE_SAFETY", message: "Unable to show it." }] });
  const reply = await draw();
  assert.equal(reply.candidates[0].finishReason, "IMAGE_SAFETY");
  assert.equal(reply.candidates[0].content, undefined);
});

for (const [why, call, status, message] of [
  ["a bad key", () => new GoogleGenAI({ apiKey: "other", httpOptions: { baseUrl: fake.url } }).models
    .generateContent({ model: "gemini-3.8-flash", contents: "x" }), 400, /API_KEY_INVALID/],
  ["a model that is not there", () => draw({}, "x", "gemini-9"), 404, /NOT_FOUND/],
  ["a size the model lacks", () => draw({ imageConfig: { imageSize: "512" } }), 400, /INVALID_ARGUMENT/],
  ["a member the model lacks", () => draw({ imageConfig: { imageSize: "1K" } }, "x", "gemini-2.5-flash-image"), 400,
    /INVALID_ARGUMENT/],
  ["JSON of a picture model", () => draw({ responseMimeType: "application/json", responseJsonSchema: {} }), 400,
    /JSON mode/],
])
  test(`${why} is an ApiError with its status`, async () => {
    await assert.rejects(call, (thrown) => {
      assert.ok(thrown instanceof ApiError, String(thrown));
      assert.equal(thrown.status, status);
      assert.match(thrown.message, message);
      return true;
    });
    assert.equal((await fake.ledger()).entries.length, 0);
  });

test("a quota error tells the delay in its body", async () => {
  await fake.control({ faults: [{ kind: "quota", delay: "37.5s" }] });
  await assert.rejects(() => draw(), (thrown) => {
    assert.equal(thrown.status, 429);
    assert.equal(JSON.parse(thrown.message).error.details[1].retryDelay, "37.5s");
    return true;
  });
});

test("models are listed", async () => {
  const names = [];
  for await (const model of await client.models.list({ config: { pageSize: 1000 } })) names.push(model.name);
  assert.ok(names.includes("models/gemini-nano-banana-2.1"));
});

test("the SDK refuses Imagen for a key, and the fake has it in the cloud alone", async () => {
  await assert.rejects(() => client.models.generateImages({ model: "imagen-4.0-generate-001", prompt: "x" }));
  const reply = await fetch(`${fake.url}/v1beta/models/imagen-4.0-generate-001:predict`, { method: "POST", body: "{}",
    headers: { "x-goog-api-key": "test-key" } });
  assert.equal(reply.status, 404);
});
