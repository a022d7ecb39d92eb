// Proves the fakes of relay.mjs: the official SDK of OpenAI speaks to those servers, as their own pages say.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import OpenAI, { toFile } from "openai";

import { sha256 } from "./plain.mjs";
import { drawPng, pngSize } from "./png.mjs";
import { RELAYS, startFake } from "./relay.mjs";

const fakes = {}, clients = {};
before(async () => {
  for (const mode of Object.keys(RELAYS)) {
    fakes[mode] = await startFake({ mode });
    clients[mode] = new OpenAI({ apiKey: "test-key", baseURL: `${fakes[mode].url}${RELAYS[mode].path}`, maxRetries: 0 });
  }
});
after(() => Promise.all(Object.values(fakes).map((fake) => fake.close())));
beforeEach(() => Promise.all(Object.values(fakes).map((fake) => fake.control({ reset: true }))));

const draw = (mode, body) => clients[mode].images.generate({ model: RELAYS[mode].model, prompt: "a cup", ...body });
const entriesOf = async (mode) => (await fakes[mode].ledger()).entries;
const file = (seed) => toFile(drawPng(64, 64, seed), `${seed}.png`, { type: "image/png" });

// OpenRouter's pictures are not where the SDK looks for them: it posts there by hand.
const DRAWING = Object.keys(RELAYS).filter((mode) => mode !== "openrouter");

for (const mode of DRAWING)
  test(`${mode} draws, and says it as it does`, async () => {
    const sizes = mode === "together" ? { width: 320, height: 256, response_format: "base64" }
      : { size: "320x256", ...(["sd-server"].includes(mode) ? {} : { response_format: "b64_json" }) };
    const reply = await draw(mode, { n: 2, ...sizes });
    const [entry] = await entriesOf(mode);
    assert.equal(reply.data.length, 2);
    const pictures = await Promise.all(reply.data.map(async ({ b64_json: text, url }) => (text
      ? Buffer.from(text, "base64") : Buffer.from(await (await fetch(url)).arrayBuffer()))));
    assert.deepEqual(pictures.map((bytes) => sha256(bytes)), entry.pictures);
    assert.deepEqual(pngSize(pictures[0]), { width: 320, height: 256 });
    assert.equal(reply.data[0].url !== undefined && reply.data[0].url !== null, mode === "new-api");
    assert.equal(reply.usage !== undefined, mode === "localai");
    if (mode === "localai") assert.equal(reply.usage.total_tokens, 0);
  });

for (const mode of ["litellm", "localai", "together"])
  test(`${mode} gives an address unless base64 is asked for`, async () => {
    const { data: [one] } = await draw(mode);
    assert.match(one.url, /^http/);
    assert.equal(one.b64_json, undefined);
  });

test("openrouter draws at /images, tells the cost, and streams", async () => {
  const client = clients.openrouter;
  const reply = await client.post("/images", { body: { model: RELAYS.openrouter.model, prompt: "a cup", n: 2 } });
  assert.deepEqual([reply.data.length, reply.data[0].media_type, reply.usage.cost], [2, "image/png", 0.08]);
  const types = [];
  for await (const event of await client.post("/images", { stream: true,
    body: { model: RELAYS.openrouter.model, prompt: "a cup", stream: true } })) types.push(event.type);
  assert.deepEqual(types, ["image_generation.partial_image", "image_generation.text_chunk",
    "image_generation.completed"]);
});

for (const mode of ["openrouter", "litellm", "new-api"])
  test(`${mode} draws in a chat, whose text is a part`, async () => {
    const model = mode === "openrouter" ? "google/gemini-nano-banana-2.1" : "gemini-3.1-flash-image";
    const say = (content) => clients[mode].chat.completions.create({ model, modalities: ["image", "text"],
      messages: [{ role: "user", content }] });
    const { choices: [{ message }] } = await say([{ type: "text", text: "a cup" }]);
    assert.match(message.images[0].image_url.url, /^data:image\/png;base64,/);
    assert.equal(/^!\[/.test(message.content), mode === "new-api");
    await assert.rejects(say("a cup"), OpenAI.BadRequestError);
    assert.equal((await entriesOf(mode)).length, 1);
  });

test("litellm tells the cost in a header", async () => {
  const { response } = await clients.litellm.images.generate({ model: "flux-pro", prompt: "a cup" }).withResponse();
  assert.equal(response.headers.get("x-litellm-response-cost"), "0.03");
  assert.ok(response.headers.get("x-litellm-call-id"));
});

test("vllm gives the bytes themselves when a file is asked for", async () => {
  const reply = await clients.vllm.post("/images/generations", { __binaryResponse: true,
    body: { prompt: "a cup", response_format: "file" } });
  assert.equal(sha256(Buffer.from(await reply.arrayBuffer())), (await entriesOf("vllm"))[0].pictures[0]);
});

for (const [mode, more] of [["litellm", { mask: "mask" }], ["sd-server", { mask: "mask" }], ["vllm", {}]])
  test(`${mode} edits a form`, async () => {
    const reply = await clients[mode].images.edit({ model: RELAYS[mode].model, prompt: "a cup", image: await file("a"),
      ...(more.mask ? { mask: await file("mask") } : {}) });
    const [entry] = await entriesOf(mode);
    assert.equal(reply.data.length, 1);
    assert.deepEqual(entry.files, [sha256(drawPng(64, 64, "a"))]);
    assert.equal(entry.mask, more.mask ? sha256(drawPng(64, 64, "mask")) : null);
  });

test("the lists of models", async () => {
  for (const mode of DRAWING)
    assert.equal((await clients[mode].models.list()).data[0].id, RELAYS[mode].model, mode);
});

const errors = [
  ["litellm", () => draw("litellm", { seed: 7 }), OpenAI.BadRequestError, "400", /litellm\.BadRequestError.*'seed'/],
  ["localai", () => draw("localai", { seed: 7 }), OpenAI.BadRequestError, 400, /'seed'/],
  ["together", () => draw("together", { quality: "low" }), OpenAI.BadRequestError, "unknown_parameter", /'quality'/],
  ["new-api", () => draw("new-api", { model: "none" }), OpenAI.InternalServerError, "model_not_found", /No available/],
  ["new-api", () => draw("new-api", { model: "gemini-3.1-flash-image" }), OpenAI.InternalServerError,
    "convert_request_failed", /only imagen/],
  ["vllm", () => draw("vllm", { quality: "low" }), OpenAI.UnprocessableEntityError, undefined, /422/],
  ["sd-server", () => draw("sd-server", { seed: 7 }), OpenAI.BadRequestError, undefined, /'seed'/],
];
for (const [mode, order, type, code, says] of errors)
  test(`${mode} refuses in its own words: ${says}`, async () => {
    await assert.rejects(order, (error) => {
      assert.ok(error instanceof type, `${error}`);
      assert.equal(error.code, code);
      assert.match(error.message, says);
      return true;
    });
    assert.equal((await entriesOf(mode)).length, 0);
  });

test("new-api has no edits, and its page wherever nothing is", async () => {
  const image = await file("a");
  await assert.rejects(clients["new-api"].images.edit({ model: "dall-e-3", prompt: "a cup", image }),
    { status: 501, code: "api_not_implemented", type: "one_api_error" });
  const reply = await fetch(`${fakes["new-api"].url}/wrong`);
  assert.deepEqual([reply.status, reply.headers.get("content-type")], [200, "text/html"]);
});

test("a key is wanted where there is one", async () => {
  for (const mode of Object.keys(RELAYS)) {
    const client = new OpenAI({ apiKey: "another", baseURL: `${fakes[mode].url}${RELAYS[mode].path}`, maxRetries: 0 });
    const order = client.post(mode === "openrouter" ? "/images" : "/images/generations",
      { body: { model: RELAYS[mode].model, prompt: "a cup" } });
    if (["vllm", "localai", "sd-server"].includes(mode)) await order;
    else await assert.rejects(order, OpenAI.AuthenticationError, mode);
  }
});
