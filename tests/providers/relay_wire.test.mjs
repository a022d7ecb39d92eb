// The openai kind's profiles over real HTTP, each against the server it is for (relay.mjs).
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { sha256 } from "./plain.mjs";
import { drawPng } from "./png.mjs";
import { RELAYS, startFake } from "./relay.mjs";
import { carry, options } from "./wire.mjs";

const fakes = {};
before(async () => {
  for (const mode of Object.keys(RELAYS)) fakes[mode] = await startFake({ mode });
});
after(() => Promise.all(Object.values(fakes).map((fake) => fake.close())));
beforeEach(() => Promise.all(Object.values(fakes).map((fake) => fake.control({ reset: true }))));

const profileOf = (mode) => (mode === "new-api" ? "generic" : mode);
const call = (mode, order = {}, how = {}) => carry({ kind: "openai", base_url: `${fakes[mode].url}${RELAYS[mode].path}`,
  key: "test-key", options: { profile: profileOf(mode) }, model: RELAYS[mode].model, prompt: "a cup", ...order },
{ timeout: 20000, ...how });
const picture = (seed) => drawPng(64, 64, seed);
const base64 = (seed) => picture(seed).toString("base64");
const last = async (mode) => (await fakes[mode].ledger()).entries.at(-1);
const bytesOf = async ({ url, sha256: sum }) => (url
  ? sha256(Buffer.from(await (await fetch(url)).arrayBuffer())) : sum);

async function isMade(mode, verdict) {
  assert.equal(verdict.verdict, "done", `${mode}: ${verdict.message}`);
  const entry = await last(mode);
  assert.deepEqual(await Promise.all(verdict.pictures.map(bytesOf)), entry.pictures);
  return entry;
}

// mode, what is ordered, what the server must have read, the cost by its own words (-1: nobody says), what was left out
const orders = [
  ["openrouter", { count: 2, width: 1024, height: 768, quality: "low", format: "webp", compression: 80, seed: 7 },
    { n: 2, size: "1024x768", quality: "low", output_format: "webp", output_compression: 80, seed: 7 }, 80000],
  ["litellm", { count: 2, width: 1024, height: 768 }, { n: 2, size: "1024x768", response_format: "b64_json" }, 60000],
  ["litellm", { width: 1024, height: 768, seed: 7, steps: 20, background: "auto" }, { fields: ["model", "prompt", "size", "response_format"] },
    30000, "seed, num_inference_steps"],
  ["litellm", { model: "gpt-image-2", quality: "low" }, { fields: ["model", "prompt", "quality"] }, 30000],
  ["vllm", { count: 3, width: 768, height: 1024, negative_prompt: "dust", seed: 7, steps: 30, scale: 4.5, safety_id: "u" },
    { n: 3, size: "768x1024", negative_prompt: "dust", seed: 7, num_inference_steps: 30, guidance_scale: 4.5, user: "u",
      response_format: "b64_json" }, -1],
  ["localai", { count: 2, width: 640, height: 512, negative_prompt: "dust", steps: 12 },
    { n: 2, size: "640x512", step: 12, prompt: "a cup", negative_prompt: "dust", response_format: "b64_json" }, -1],
  ["localai", { prompt: "a cup|a saucer" }, { prompt: "a cup/a saucer", negative_prompt: null }, -1],
  ["sd-server", { count: 2, width: 512, height: 768, format: "jpeg", compression: 70, seed: 7, steps: 28, scale: 7,
    negative_prompt: "dust" }, { n: 2, size: "512x768", output_format: "jpeg", output_compression: 70, prompt: "a cup",
    args: { seed: 7, negative_prompt: "dust", sample_params: { sample_steps: 28, guidance: { txt_cfg: 7 } } } }, -1],
  ["sd-server", {}, { prompt: "a cup", args: null }, -1],
  ["together", { count: 4, width: 1024, height: 768, negative_prompt: "dust", seed: 7, steps: 4, scale: 3.5,
    format: "jpeg" }, { n: 4, width: 1024, height: 768, negative_prompt: "dust", seed: 7, steps: 4, guidance_scale: 3.5,
    output_format: "jpeg", response_format: "base64" }, -1],
  ["new-api", { count: 2, width: 1024, height: 1024, quality: "hd" },
    { n: 2, size: "1024x1024", quality: "hd", response_format: "b64_json" }, -1],
  ["new-api", { seed: 7 }, { fields: ["model", "prompt", "response_format"] }, -1, "seed"],
];
for (const [mode, order, read, cost, dropped = ""] of orders)
  test(`${mode} draws ${JSON.stringify(order)}`, options, async () => {
    const verdict = await call(mode, order);
    const entry = await isMade(mode, verdict);
    for (const [name, value] of Object.entries(read)) assert.deepEqual(entry[name], value, name);
    assert.equal(verdict.cost_micro, cost);
    assert.equal(verdict.dropped, dropped);
    assert.equal((await fakes[mode].ledger()).entries.length, 1);
  });

// mode, how many pictures, the path it went to
for (const [mode, count, path] of [["openrouter", 3, "/api/v1/images"], ["litellm", 1, "/v1/images/edits"],
  ["litellm", 2, "/v1/images/edits"], ["vllm", 3, "/v1/images/edits"], ["localai", 1, "/v1/images/generations"],
  ["localai", 3, "/v1/images/generations"], ["sd-server", 1, "/v1/images/edits"], ["sd-server", 2, "/v1/images/edits"],
  ["together", 1, "/v1/images/generations"], ["together", 2, "/v1/images/generations"]])
  test(`${mode} edits ${count}`, options, async () => {
    const seeds = Array.from({ length: count }, (_, index) => `${index}`);
    const entry = await isMade(mode, await call(mode, { references: seeds.map(base64) }));
    assert.deepEqual(entry.files, seeds.map((seed) => sha256(picture(seed))));
    assert.equal(entry.path, path);
  });

for (const [mode, path] of [["litellm", "/v1/images/edits"], ["vllm", "/v1/images/edits"],
  ["localai", "/v1/images/inpainting"], ["sd-server", "/v1/images/edits"]])
  test(`${mode} takes a mask`, options, async () => {
    const entry = await isMade(mode, await call(mode, { references: [base64("a")], mask: base64("mask") }));
    assert.equal(entry.mask, sha256(picture("mask")));
    assert.deepEqual(entry.files, [sha256(picture("a"))]);
    assert.equal(entry.path, path);
    if (mode === "localai") assert.equal(entry.size, "512x512");
  });

for (const mode of ["openrouter", "together"])
  test(`${mode} takes no mask, and that is said before`, options, async () => {
    const verdict = await call(mode, { references: [base64("a")], mask: base64("mask") });
    assert.equal(verdict.refused.field, "mask");
    assert.equal((await fakes[mode].ledger()).requests.length, 0);
  });

// Only models of the catalogue are asked for a stream; OpenRouter's own names ("openai/…") are not in it.
const STREAMED = { model: "gpt-image-2.5-sunburst" };
test("openrouter's stream has a partial picture, words, and the cost at its end", options, async () => {
  const verdict = await call("openrouter", { ...STREAMED, partial_images: 2 }, { piece: 7 });
  const entry = await isMade("openrouter", verdict);
  assert.equal(entry.stream, true);
  assert.deepEqual([verdict.partials, verdict.cost_micro], [1, 40000]);
});

for (const [kind, failure] of [["stream_cut", "unknown"], ["stream_error", "server"]])
  test(`openrouter's stream with ${kind} is ${failure}`, options, async () => {
    await fakes.openrouter.control({ faults: [{ kind }] });
    const verdict = await call("openrouter", { ...STREAMED, partial_images: 1 });
    assert.deepEqual([verdict.verdict, verdict.failure, verdict.charged], ["failed", failure, "maybe"]);
  });

// mode, the shape as it wants it
for (const [mode, read] of [["openrouter", ({ image_config: shape }) => shape],
  ["litellm", ({ image_config: shape }) => shape], ["new-api", ({ extra_body: body }) => body.google.image_config]])
  test(`${mode} draws in a chat, with pictures to look at`, options, async () => {
    const order = { model: mode === "openrouter" ? "google/gemini-nano-banana-2.1" : "gemini-3.1-flash-image",
      options: { profile: profileOf(mode), images_api: "chat" } };
    assert.equal((await isMade(mode, await call(mode, order))).path, `${RELAYS[mode].path}/chat/completions`);
    const entry = await isMade(mode, await call(mode, { ...order, width: 2752, height: 1536,
      references: ["a", "b"].map(base64) }));
    assert.deepEqual(read(entry), { aspect_ratio: "16:9", image_size: "2K" });
    assert.deepEqual(entry.files, ["a", "b"].map((seed) => sha256(picture(seed))));
    assert.equal((await call(mode, { ...order, seed: 7 })).refused.field, "seed");
  });

// What a proxy before it may make of it: the body is the picture.
test("vllm's body may be the picture itself", options, async () => {
  await fakes.vllm.control({ faults: [{ kind: "raw" }] });
  await isMade("vllm", await call("vllm"));
});

// Each says no in its own words: mode, fault or order, class, charged, part of the message
const words = (mode, status, message, more) => ({ kind: "status", status, body: RELAYS[mode].words(status, message, more) });
const refusals = [
  ["openrouter", words("openrouter", 402, "Insufficient credits"), "quota", "no", "Insufficient"],
  ["openrouter", words("openrouter", 429, "Rate limited"), "throttled", "no", "Rate"],
  ["openrouter", words("openrouter", 502, "Provider returned error"), "server", "maybe", "Provider"],
  ["openrouter", words("openrouter", 529, "Provider overloaded"), "throttled", "no", "overloaded"],
  ["openrouter", { prompt: "[blocked]" }, "refused", "maybe", "flagged"],
  ["openrouter", { key: "another" }, "auth", "no", "Invalid token"],
  ["litellm", words("litellm", 429, "litellm.RateLimitError: slow", { type: "throttling_error", isOwn: true }),
    "throttled", "no", "slow"],
  ["litellm", words("litellm", 400, "Budget has been exceeded!", { type: "budget_exceeded", isOwn: true }), "quota",
    "no", "Budget"],
  ["litellm", words("litellm", 500, "broken"), "server", "maybe", "broken"],
  ["litellm", { prompt: "[blocked]" }, "refused", "maybe", "safety system"],
  ["litellm", { key: "another" }, "auth", "no", "Invalid token"],
  ["vllm", words("vllm", 503, "Engine is not ready"), "server", "maybe", "not ready"],
  ["vllm", words("vllm", 422, "Field required"), "invalid", "no", "Field required"],
  ["vllm", words("vllm", 400, "size is too large"), "invalid", "no", "too large"],
  ["localai", words("localai", 500, "could not load model"), "server", "maybe", "load model"],
  ["sd-server", words("sd-server", 400, "prompt required"), "invalid", "no", "prompt required"],
  ["sd-server", words("sd-server", 500, "generation failed"), "server", "maybe", "generation failed"],
  ["together", words("together", 429, "slow", { code: "rate_limit" }), "throttled", "no", "slow"],
  ["together", { key: "another" }, "auth", "no", "Invalid token"],
  ["new-api", words("new-api", 403, "user quota is not enough", { code: "insufficient_user_quota" }), "quota", "no",
    "quota"],
  ["new-api", { model: "sdxl" }, "invalid", "no", "No available channel"],
  ["new-api", { model: "gemini-3.1-flash-image" }, "server", "maybe", "only imagen models"],
  ["new-api", { references: [base64("a")] }, "invalid", "no", "API not implemented"],
  ["new-api", { base_url: "/wrong" }, "invalid", "no", "New API"],
  ["new-api", { key: "another" }, "auth", "no", "Invalid token"],
];
for (const [mode, fault, failure, charged, says] of refusals)
  test(`${mode}: ${fault.kind ? JSON.stringify(fault.body) : Object.keys(fault)} is ${failure}`, options, async () => {
    if (fault.kind) await fakes[mode].control({ faults: [fault] });
    const order = fault.kind ? {} : fault.base_url ? { base_url: `${fakes[mode].url}${fault.base_url}` } : fault;
    const verdict = await call(mode, order);
    assert.deepEqual([verdict.verdict, verdict.failure, verdict.charged], ["failed", failure, charged], verdict.message);
    assert.ok(verdict.message.includes(says), verdict.message);
    assert.equal(verdict.exchanges.length, 1);
    assert.equal((await fakes[mode].ledger()).entries.length, 0);
  });

for (const mode of Object.keys(RELAYS))
  for (const [kind, failure] of [["truncated_base64", "unknown"], ["reset_before_reply", "unknown"],
    ["cut_mid_body", "unknown"], ["html200", "invalid"], ["error200", "server"], ["hang", "unknown"]])
    if (kind !== "truncated_base64" || mode !== "new-api") // it sends addresses
      test(`${mode}: ${kind} is ${failure}`, options, async () => {
        await fakes[mode].control({ faults: [{ kind }] });
        const verdict = await call(mode, {}, kind === "hang" ? { timeout: 300 } : {});
        assert.deepEqual([verdict.verdict, verdict.failure, verdict.exchanges.length], ["failed", failure, 1]);
        if ((await fakes[mode].ledger()).entries.length > 0) assert.notEqual(verdict.charged, "no");
      });
