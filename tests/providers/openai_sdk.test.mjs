// Proves the fake: the official SDK must be content with it, as it is with OpenAI.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import OpenAI, { toFile } from "openai";

import { startFake } from "./openai.mjs";
import { drawPng, pngSize } from "./png.mjs";

let fake, client;

before(async () => {
  fake = await startFake({ key: "test-key" });
  client = new OpenAI({ apiKey: "test-key", baseURL: `${fake.url}/v1`, maxRetries: 0 });
});
after(() => fake.close());

async function control(body) {
  const reply = await fetch(`${fake.url}/__control`, { method: "POST", body: JSON.stringify(body) });
  assert.equal(reply.status, 200);
}
const ledger = async () => (await fetch(`${fake.url}/__ledger`)).json();
beforeEach(() => control({ reset: true }));

const order = { model: "gpt-image-2", prompt: "a cup" };
const upload = (name, seed) => toFile(drawPng(64, 64, seed), name, { type: "image/png" });

test("a generation gives a picture of the asked size, with usage", async () => {
  const reply = await client.images.generate({ ...order, size: "1024x768", quality: "high" });
  const picture = Buffer.from(reply.data[0].b64_json, "base64");
  assert.deepEqual(pngSize(picture), { width: 1024, height: 768 });
  assert.equal(reply.quality, "high");
  assert.equal(reply.usage.output_tokens, 4160);
  assert.equal(reply.usage.total_tokens, reply.usage.input_tokens + reply.usage.output_tokens);
  assert.match(reply._request_id, /^req_/);
});

test("n pictures differ, the same order is the same pictures", async () => {
  const first = await client.images.generate({ ...order, n: 3 });
  const again = await client.images.generate({ ...order, n: 3 });
  assert.equal(new Set(first.data.map((one) => one.b64_json)).size, 3);
  assert.deepEqual(first.data, again.data);
});

test("a stream gives partial pictures, then the whole one", async () => {
  const events = [];
  for await (const event of await client.images.generate({ ...order, stream: true, partial_images: 2 }))
    events.push(event);
  assert.deepEqual(events.map((event) => event.type), ["image_generation.partial_image",
    "image_generation.partial_image", "image_generation.completed"]);
  assert.equal(events[1].partial_image_index, 1);
  assert.ok(pngSize(Buffer.from(events[2].b64_json, "base64")));
  assert.ok(events[2].usage.output_tokens > 0);
});

test("a stream in pieces of three bytes is the same stream", async () => {
  await control({ faults: [{ kind: "split" }] });
  const types = [];
  for await (const event of await client.images.generate({ ...order, stream: true, partial_images: 1 }))
    types.push(event.type);
  assert.deepEqual(types, ["image_generation.partial_image", "image_generation.completed"]);
});

test("an error inside a stream is thrown", async () => {
  await control({ faults: [{ kind: "stream_error" }] });
  await assert.rejects(async () => {
    for await (const event of await client.images.generate({ ...order, stream: true, partial_images: 1 }))
      assert.equal(event.type, "image_generation.partial_image");
  }, (error) => error instanceof OpenAI.APIError);
});

test("an edit takes one file", async () => {
  const reply = await client.images.edit({ ...order, image: await upload("a.png", "a") });
  assert.ok(reply.data[0].b64_json);
  const { entries } = await ledger();
  assert.deepEqual(entries[0].files.map(({ name, filename, type }) => [name, filename, type]),
    [["image", "a.png", "image/png"]]);
});

test("an edit takes two files and a mask", async () => {
  await client.images.edit({ ...order, image: [await upload("a.png", "a"), await upload("b.png", "b")],
    mask: await upload("m.png", "m") });
  const { entries } = await ledger();
  assert.deepEqual(entries[0].files.map((file) => file.name), ["image[]", "image[]", "mask"]);
  assert.ok(entries[0].usage.input_tokens_details.image_tokens > 0);
});

test("other pictures to edit give another picture", async () => {
  const one = await client.images.edit({ ...order, image: await upload("a.png", "a") });
  const two = await client.images.edit({ ...order, image: await upload("a.png", "b") });
  assert.notEqual(one.data[0].b64_json, two.data[0].b64_json);
});

test("an edit can be streamed", async () => {
  const types = [];
  for await (const event of await client.images.edit({ ...order, image: await upload("a.png", "a"),
    stream: true, partial_images: 1 }))
    types.push(event.type);
  assert.deepEqual(types, ["image_edit.partial_image", "image_edit.completed"]);
});

test("models are listed", async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes("gpt-image-2"));
});

const refusals = [
  ["a blocked prompt", { ...order, prompt: "[blocked]" }, OpenAI.BadRequestError, 400, "moderation_blocked"],
  ["an unknown parameter", { ...order, response_format: "b64_json" }, OpenAI.BadRequestError, 400, "unknown_parameter"],
  ["a bad size", { ...order, size: "1000x1000" }, OpenAI.BadRequestError, 400, "invalid_value"],
  ["too many", { ...order, n: 11 }, OpenAI.BadRequestError, 400, "invalid_value"],
  ["no prompt", { model: "gpt-image-2" }, OpenAI.BadRequestError, 400, "missing_required_parameter"],
  ["an unknown model", { ...order, model: "dall-e-3" }, OpenAI.NotFoundError, 404, "model_not_found"],
];
for (const [name, request, type, status, code] of refusals)
  test(`${name} is refused and not charged`, async () => {
    await assert.rejects(client.images.generate(request), (error) => {
      assert.ok(error instanceof type);
      assert.equal(error.status, status);
      assert.equal(error.code, code);
      assert.match(error.requestID, /^req_/);
      return true;
    });
    assert.equal((await ledger()).entries.length, 0);
  });

const faults = [
  [{ kind: "status", status: 401, code: "invalid_api_key" }, OpenAI.AuthenticationError],
  [{ kind: "status", status: 403 }, OpenAI.PermissionDeniedError],
  [{ kind: "status", status: 429, code: "rate_limit_exceeded", retry_after: 1 }, OpenAI.RateLimitError],
  [{ kind: "status", status: 429, code: "insufficient_quota" }, OpenAI.RateLimitError],
  [{ kind: "status", status: 500 }, OpenAI.InternalServerError],
  [{ kind: "status", status: 503, code: "server_is_overloaded" }, OpenAI.InternalServerError],
];
for (const [fault, type] of faults)
  test(`an ordered ${fault.status} ${fault.code ?? ""} is the SDK's error class, once`, async () => {
    await control({ faults: [fault] });
    await assert.rejects(client.images.generate(order), (error) => {
      assert.ok(error instanceof type);
      assert.equal(error.code, fault.code ?? null);
      if (fault.retry_after) assert.equal(error.headers.get("retry-after"), "1");
      return true;
    });
    assert.ok((await client.images.generate(order)).data[0].b64_json);
    assert.equal((await ledger()).entries.length, 1);
  });

test("a wrong key is refused", async () => {
  const stranger = client.withOptions({ apiKey: "another" });
  await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
});

test("a file of another type than declared is refused", async () => {
  const lie = await toFile(Buffer.from("hello"), "a.png", { type: "image/png" });
  await assert.rejects(client.images.edit({ ...order, image: lie }), { status: 400, code: "invalid_image" });
  const octets = await toFile(drawPng(8, 8, "x"), "a.bin", { type: "application/octet-stream" });
  await assert.rejects(client.images.edit({ ...order, image: octets }), { status: 400 });
});

for (const kind of ["reset_before_reply", "cut_mid_body"])
  test(`${kind} breaks the connection and is charged`, async () => {
    await control({ faults: [{ kind }] });
    await assert.rejects(client.images.generate(order));
    assert.equal((await ledger()).entries.length, 1);
  });

test("a hanging call is charged and never answered", async () => {
  await control({ faults: [{ kind: "hang" }] });
  await assert.rejects(client.images.generate(order, { timeout: 200 }), OpenAI.APIConnectionTimeoutError);
  assert.equal((await ledger()).entries.length, 1);
});

test("the ledger keeps key, prompt and the hash of the request", async () => {
  const headers = { "Idempotency-Key": "call-7" };
  await client.images.generate(order, { headers });
  await client.images.generate(order, { headers });
  const { entries } = await ledger();
  assert.equal(entries[0].idempotency_key, "call-7");
  assert.equal(entries[0].prompt, "a cup");
  assert.equal(entries[0].request_sha256, entries[1].request_sha256);
});

test("pictures can come as addresses, which want no key", async () => {
  await control({ url_reply: true });
  const { url } = (await client.images.generate(order)).data[0];
  assert.ok(pngSize(Buffer.from(await (await fetch(url)).arrayBuffer())));
  assert.equal((await fetch(url, { headers: { authorization: "Bearer test-key" } })).status, 400);
});
