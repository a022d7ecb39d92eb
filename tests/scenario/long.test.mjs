// What is as long as it may be, many times: an answer is shorter then, or a clear refusal, and the house goes on.
import assert from "node:assert/strict";
import { test } from "node:test";

import { openHouse } from "./house.mjs";

const WIDE = "𠮷"; // four bytes

/** Exports that are long, as those with many nodes are. */
function workflow(size) {
  const node = (class_type, inputs) => ({ class_type, inputs });
  return JSON.stringify({
    model: node("CheckpointLoaderSimple", { ckpt_name: "a.safetensors" }),
    text: node("CLIPTextEncode", { text: "a cup", clip: ["model", 1] }),
    none: node("CLIPTextEncode", { text: "", clip: ["model", 1] }),
    room: node("EmptyLatentImage", { width: 512, height: 512, batch_size: 1 }),
    draw: node("KSampler", {
      seed: 1, steps: 20, cfg: 7, sampler_name: "euler", scheduler: "normal", denoise: 1,
      model: ["model", 0], positive: ["text", 0], negative: ["none", 0], latent_image: ["room", 0],
    }),
    show: node("VAEDecode", { samples: ["draw", 0], vae: ["model", 2] }),
    save: node("SaveImage", { filename_prefix: "v", images: ["show", 0] }),
    note: node("Note", { text: "n".repeat(size) }),
  });
}

const account = (name, count, size) => ({
  kind: "comfyui", name, base_url: "http://127.0.0.1:9", is_private_allowed: true,
  options: { workflows: Array.from({ length: count }, (_, at) => ({ id: `w${at}`, graph: workflow(size) })) },
});

test("runs of the longest prompts are read page by page, each once", async (t) => {
  const house = await openHouse(t);
  await house.post("/queue/pause", {});
  const made = [];
  for (let i = 0; i < 40; i++) {
    const prompt = `${i} ${WIDE.repeat(31990)}`;
    made.push((await house.run({ model: "mock", width: 64, height: 64, prompt }, 6)).id);
  }
  const seen = [];
  let pages = 0;
  for (let cursor = ""; cursor !== null; pages++) {
    const page = await house.get(`/runs?limit=100${cursor && `&cursor=${cursor}`}`);
    assert.ok(page.items.length > 0, "each page has something");
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  assert.deepEqual(seen, made.reverse());
  assert.ok(pages > 1, "a page ends before it is too long");
  await house.get("/queue");
});

test("a run of five hundred asks for a workflow that is as long as it may be", async (t) => {
  const house = await openHouse(t);
  const provider = await house.post("/providers", account("own", 4, 90_000));
  await house.post("/queue/pause", {});
  const nodes = Array.from({ length: 500 }, (_, at) => ({
    key: `k${at}`, operation: "image.generate",
    parameters: { model: `${provider.id}/w0`, prompt: `a cup ${at}`, width: 512, height: 512 },
  }));
  const run = await house.post("/runs", { title: "many", nodes });
  assert.equal(run.tasks.length, 500);
});

test("a run of five hundred asks for a model of an account with two hundred prices and eight keys", async (t) => {
  const house = await openHouse(t);
  const { items: [{ id }] } = await house.get("/providers");
  const pictures = Array.from({ length: 20 }, (_, at) => (
    { quality: `quality-${at}`, pixels_max: 1000 * (at + 1), price_micro: 1000 + at }));
  const models = Array.from({ length: 200 }, (_, at) => ({
    name: `model-${at}`, is_enabled: true, is_default: false, price_micro: -1,
    price: { rule: "pictures", currency: "USD", pictures },
  }));
  for (let at = 0; at < models.length; at += 50)
    await house.patch(`/providers/${id}`, { models: models.slice(at, at + 50) });
  const openai = await house.post("/providers", { kind: "openai", name: "keys", key: `sk-0${"k".repeat(4000)}` });
  for (let at = 1; at < 8; at++)
    await house.post(`/providers/${openai.id}/keys`, { key: `sk-${at}${"k".repeat(4000)}` });
  await house.post("/queue/pause", {});
  const nodes = (model) => Array.from({ length: 500 }, (_, at) => (
    { key: `k${at}`, operation: "image.generate", parameters: { model, prompt: `a cup ${at}` } }));
  assert.equal((await house.post("/runs", { title: "priced", nodes: nodes(`${id}/model-7`) })).tasks.length, 500);
  const model = (await house.get("/models")).items.find((one) => one.provider_id === openai.id && one.can_generate);
  assert.equal((await house.post("/runs", { title: "keyed", nodes: nodes(model.id) })).tasks.length, 500);
});

test("the options of all accounts are bounded, and what is there can be carried away", async (t) => {
  const house = await openHouse(t);
  let refused;
  for (let at = 0; at < 24 && !refused; at++) {
    const answer = await house.call("POST", "/providers", { body: account(`own ${at}`, 4, 90_000) });
    if (answer.status !== 201) refused = answer;
  }
  assert.deepEqual([refused?.status, refused?.json.code, refused?.json.field, refused?.json.limit],
    [422, "too_big", "options", 8 * 1024 * 1024]);
  const { items } = await house.get("/providers");
  assert.ok(items.length > 15, `${items.length} accounts`);
  const file = await house.get("/providers/export");
  assert.equal(file.providers.length, items.length);
});
