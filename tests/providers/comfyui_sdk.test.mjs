// Is our fake a ComfyUI?  Somebody else's client (facts 9.1) must find in it what it finds in the real one.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { CallWrapper, ComfyApi, PromptBuilder } from "@saintno/comfyui-sdk";

import { startFake } from "./comfyui.mjs";
import { drawPng } from "./png.mjs";

let fake, api;
before(async () => {
  fake = await startFake({ key: "test-key" });
  api = new ComfyApi(fake.url, undefined, { credentials: { type: "bearer_token", token: "test-key" } }).init();
  await api.waitForReady();
  if (!api.socket?.client || api.socket.client.readyState !== 1)
    await new Promise((resolve) => api.on("connected", resolve));
});
after(async () => {
  api.destroy();
  await fake.close();
});
const control = (body) => fetch(`${fake.url}/__control`, { method: "POST", body: JSON.stringify(body) });
const ledger = async () => (await fetch(`${fake.url}/__ledger`)).json();
beforeEach(() => control({ reset: true }));

// The graph of facts 5.
const graph = () => ({
  ckpt: { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "sd_xl_base_1.0.safetensors" } },
  pos: { class_type: "CLIPTextEncode", inputs: { text: "a lighthouse at dawn", clip: ["ckpt", 1] }, _meta: { title: "positive" } },
  neg: { class_type: "CLIPTextEncode", inputs: { text: "blurry", clip: ["ckpt", 1] }, _meta: { title: "negative" } },
  lat: { class_type: "EmptyLatentImage", inputs: { width: 1024, height: 1024, batch_size: 1 } },
  smp: { class_type: "KSampler", inputs: { model: ["ckpt", 0], positive: ["pos", 0], negative: ["neg", 0],
    latent_image: ["lat", 0], seed: 1, steps: 20, cfg: 7.0, sampler_name: "euler", scheduler: "normal", denoise: 1.0 } },
  dec: { class_type: "VAEDecode", inputs: { samples: ["smp", 0], vae: ["ckpt", 2] } },
  out: { class_type: "SaveImage", inputs: { images: ["dec", 0], filename_prefix: "job" } },
});
const builder = (workflow = graph()) => new PromptBuilder(workflow, ["prompt"], ["images"])
  .setInputNode("prompt", "pos.inputs.text").setOutputNode("images", "out");

function run(workflow, onProgress = () => {}) {
  const seen = { progress: 0 };
  return new Promise((resolve) => {
    const call = new CallWrapper(api, workflow)
      .onPending((id) => { seen.id = id; })
      .onProgress(() => { seen.progress++; onProgress(); })
      .onFinished((data) => resolve({ ...seen, data }))
      .onFailed((error) => resolve({ ...seen, error }));
    call.run().then((data) => { if (data) resolve({ ...seen, data }); });
  });
}

test("a whole run: queued, followed over /ws, fetched", async () => {
  await control({ latency_ms: 140 });
  const { data, progress, id, error } = await run(builder().input("prompt", "a cup"));
  assert.equal(error, undefined);
  assert.ok(progress >= 1);
  assert.equal(data.images.images[0].type, "output");
  assert.match(data.images.images[0].filename, /^job_\d{5}_\.png$/);
  const picture = Buffer.from(await (await api.getImage(data.images.images[0])).arrayBuffer());
  assert.equal(picture.subarray(1, 4).toString("latin1"), "PNG");
  const history = await api.getHistory(id);
  assert.equal(history.status.status_str, "success");
  assert.equal((await ledger()).entries[0].graph.pos.inputs.text, "a cup");
});

test("a sampler's steps and previews are told over /ws", async () => {
  await control({ latency_ms: 300 });
  const steps = [];
  const previews = [];
  const onProgress = ({ detail }) => steps.push([detail.node, detail.value, detail.max]);
  const onPreview = ({ detail }) => previews.push(detail);
  api.on("progress", onProgress);
  api.on("b_preview", onPreview);
  await run(builder().input("prompt", "a cup in steps"));
  api.off("progress", onProgress);
  api.off("b_preview", onPreview);
  assert.deepEqual(steps.filter(([node]) => node === "smp").map(([, value]) => value),
    Array.from({ length: 20 }, (_, index) => index + 1));
  assert.ok(steps.every(([, , max]) => max === 1 || max === 20));
  assert.equal(previews.length, 20);
  assert.equal(Buffer.from(await previews[0].arrayBuffer()).subarray(1, 4).toString("latin1"), "PNG");
});

test("the same again comes out of the cache", async () => {
  await control({ latency_ms: 140 });
  const first = await run(builder());
  const second = await run(builder());
  assert.deepEqual(second.data.images, first.data.images);
  assert.equal((await ledger()).entries[1].pictures.length, 0);
});

test("a graph that does not fit is refused with its nodes", async () => {
  const workflow = graph();
  workflow.ckpt.inputs.ckpt_name = "gone.safetensors";
  const response = await api.queuePrompt(null, workflow).catch((refusal) => refusal);
  const body = await response.json();
  assert.equal(response.status, 400);
  assert.equal(body.error.type, "prompt_outputs_failed_validation");
  assert.equal(body.node_errors.ckpt.class_type, "CheckpointLoaderSimple");
  assert.equal(body.node_errors.ckpt.errors[0].type, "value_not_in_list");
});

test("a node that raises is told over /ws", async () => {
  await control({ latency_ms: 140, faults: [{ kind: "execution_error", node: "smp" }] });
  const { error } = await run(builder());
  assert.equal(error.message, "torch.OutOfMemoryError");
  assert.equal(error.cause.node_type, "KSampler");
});

test("an interrupt is told over /ws", async () => {
  await control({ latency_ms: 1400 });
  const { error } = await run(builder(), () => api.interrupt());
  assert.match(error.message, /interrupted/);
});

test("what waits can be taken out of the queue", async () => {
  await control({ latency_ms: 60000 });
  await api.appendPrompt(graph());
  const { prompt_id } = await api.appendPrompt(graph());
  assert.equal((await api.getQueue()).queue_pending[0][1], prompt_id);
  await api.manageQueue({ delete: [prompt_id] });
  assert.equal((await api.getQueue()).queue_pending.length, 0);
});

test("uploads, node definitions, checkpoints and stats are there", async () => {
  const picture = drawPng(8, 8, "a");
  const uploaded = await api.uploadImage(picture, "a.png");
  assert.equal(uploaded.info.name, "a.png");
  assert.equal((await api.uploadImage(drawPng(8, 8, "b"), "a.png")).info.name, "a (1).png");
  assert.equal((await api.uploadImage(drawPng(8, 8, "c"), "a.png", { override: true })).info.name, "a.png");
  assert.deepEqual(await api.getCheckpoints(), ["sd_xl_base_1.0.safetensors", "flux1-dev-fp8.safetensors"]);
  assert.deepEqual(await api.getModels("checkpoints"), await api.getCheckpoints());
  assert.ok((await api.getSamplerInfo()).sampler[0].includes("euler"));
  assert.equal((await api.getSystemStats()).system.os, "posix");
});
