// The comfyui kind over real HTTP, against our fake, which an SDK knows as a ComfyUI (comfyui_sdk.test.mjs).
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";

import { startFake } from "./comfyui.mjs";
import { drawPng } from "./png.mjs";
import { carry, options } from "./wire.mjs";

const KEY = "test-key-0123456789";
let fake;
before(async () => { fake = await startFake({ key: KEY }); });
after(() => fake.close());
const control = (body) => fetch(`${fake.url}/__control`, { method: "POST", body: JSON.stringify(body) });
const ledger = async () => (await fetch(`${fake.url}/__ledger`)).json();
beforeEach(() => control({ reset: true }));

let calls = 0;
const call = (order, how) => carry({ kind: "comfyui", base_url: fake.url, key: KEY, options: {}, model: "txt2img",
  prompt: "a cup", idempotency_key: `call-${++calls}`, ...order }, how);
const bytesOf = async ({ url, headers }) =>
  Buffer.from(await (await fetch(url, { headers: Object.fromEntries(headers) })).arrayBuffer());
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const picture = (seed, side = 64) => drawPng(side, side, seed).toString("base64");
const pathsOf = ({ exchanges }) => exchanges.map(({ method, url }) => `${method} ${url.slice(fake.url.length)}`);

test("text to image: the first checkpoint is asked for, the picture is the ledger's", options, async () => {
  const verdict = await call({ width: 512, height: 768, seed: 7, negative_prompt: "dust", steps: 9, scale: 5.5 });
  const { entries: [entry] } = await ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.equal(verdict.cost_micro, 0);
  assert.deepEqual(pathsOf(verdict).slice(0, 2), ["GET /object_info/CheckpointLoaderSimple", "POST /prompt"]);
  assert.deepEqual([sha256(await bytesOf(verdict.pictures[0]))], entry.pictures);
  assert.equal(entry.graph.ckpt.inputs.ckpt_name, "sd_xl_base_1.0.safetensors");
  assert.equal(entry.graph.neg.inputs.text, "dust");
  assert.deepEqual(entry.graph.lat.inputs, { width: 512, height: 768, batch_size: 1 });
  const { seed, steps, cfg, sampler_name, scheduler, denoise } = entry.graph.smp.inputs;
  assert.deepEqual({ seed, steps, cfg, sampler_name, scheduler, denoise },
    { seed: 7, steps: 9, cfg: 5.5, sampler_name: "euler", scheduler: "normal", denoise: 1 });
  assert.equal(entry.prompt_id, verdict.verdicts.find(({ verdict: type }) => type === "wait").remote_id);
});

test("a call sets the sampler; a name that the server does not know costs nothing", options, async () => {
  const settings = { sampler: "dpmpp_2m", scheduler: "karras" };
  const verdict = await call({ settings, options: { sampler: "euler" } });
  const { entries: [entry] } = await ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual([entry.graph.smp.inputs.sampler_name, entry.graph.smp.inputs.scheduler], ["dpmpp_2m", "karras"]);
  const refused = await call({ settings: { sampler: "no_such" } });
  assert.deepEqual([refused.verdict, refused.failure, refused.charged], ["failed", "invalid", "no"]);
  assert.match(refused.message, /no_such/);
  assert.equal((await ledger()).entries.length, 1);
});

test("a picture is not to be had without the key that goes with its address", options, async () => {
  const { pictures: [{ url, headers }] } = await call({});
  assert.equal((await fetch(url)).status, 401);
  assert.deepEqual(headers, [["Authorization", `Bearer ${KEY}`]]);
});

for (const auth of ["bearer", "basic", "x-api-key"])
  test(`a key as ${auth} is taken`, options, async () => {
    assert.equal((await call({ options: { auth } })).verdict, "done");
  });

test("a prompt with quotes, placeholders and every script changes nothing else", options, async () => {
  const prompt = "茶杯 \"},\"x\":{\" %seed% %prompt% \\ \u0001 🫖\nline";
  const verdict = await call({ prompt });
  const { entries: [{ graph }] } = await ledger();
  assert.equal(verdict.verdict, "done");
  assert.equal(graph.pos.inputs.text, prompt);
  assert.equal(Object.keys(graph).length, 7);
});

test("a wait is told by its place in the queue, then as running, then done", options, async () => {
  await control({ latency_ms: 150 });
  const [first, second] = await Promise.all([call({}, { pause: 30 }), call({}, { pause: 30 })]);
  const progress = [...first.verdicts, ...second.verdicts].filter(({ verdict }) => verdict === "wait")
    .map((verdict) => verdict.progress);
  assert.ok(progress.includes(0.25) && progress.includes(0.5));
  assert.deepEqual([first.verdict, second.verdict], ["done", "done"]);
});

for (const side of [0, 128])
  test(`image to image, ${side || "its own"} px: uploaded under the name of its bytes`, options, async () => {
    const reference = picture("reference");
    const verdict = await call({ model: "img2img", references: [reference], count: 2, width: side, height: side,
      options: { checkpoint: "sd_xl_base_1.0.safetensors", denoise: 0.35 } });
    const { entries: [entry], uploads } = await ledger();
    const name = `vitrine-${sha256(Buffer.from(reference, "base64")).slice(0, 32)}.png`;
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.equal(verdict.pictures.length, 2);
    assert.deepEqual(uploads, [name]);
    assert.equal(entry.graph.img.inputs.image, name);
    assert.equal(entry.graph.smp.inputs.denoise, 0.35);
    assert.deepEqual(pathsOf(verdict).slice(0, 2), ["POST /upload/image", "POST /prompt"]);
    assert.equal((await bytesOf(verdict.pictures[0])).readUInt32BE(16), side || 64);
  });

test("a picture and a mask are uploaded under the names the server gives", options, async () => {
  await control({ rename_uploads: true });
  const verdict = await call({ model: "inpaint", references: [picture("a")], mask: picture("m") });
  const { entries: [{ graph }] } = await ledger();
  assert.equal(verdict.verdict, "done", verdict.message ?? JSON.stringify(verdict.refused));
  assert.match(graph.img.inputs.image, /^renamed vitrine-/);
  assert.match(graph.msk.inputs.image, /^renamed vitrine-/);
  assert.notEqual(graph.img.inputs.image, graph.msk.inputs.image);
});

test("flux takes the checkpoint that has flux in its name, and newer lists are read", options, async () => {
  await control({ new_combos: true });
  const verdict = await call({ model: "flux", scale: 4 });
  const { entries: [{ graph }] } = await ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.equal(graph.ckpt.inputs.ckpt_name, "flux1-dev-fp8.safetensors");
  assert.equal(graph.gui.inputs.guidance, 4);
  assert.equal(graph.smp.inputs.cfg, 1);
});

test("a checkpoint's name is a model", options, async () => {
  const verdict = await call({ model: "sd_xl_base_1.0.safetensors" });
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual(pathsOf(verdict).slice(0, 1), ["POST /prompt"]);
});

// As the editor exports them: no placeholders, values that somebody tried them with.
const exported = (graph, parameters) => ({ workflows: [{ id: "mine", graph: JSON.stringify(graph), parameters }] });
const SD = {
  3: { inputs: { seed: 156680208700286, steps: 20, cfg: 8, sampler_name: "euler", scheduler: "normal", denoise: 1,
    model: ["4", 0], positive: ["6", 0], negative: ["7", 0], latent_image: ["5", 0] }, class_type: "KSampler" },
  4: { inputs: { ckpt_name: "sd_xl_base_1.0.safetensors" }, class_type: "CheckpointLoaderSimple" },
  5: { inputs: { width: 512, height: 512, batch_size: 1 }, class_type: "EmptyLatentImage", _meta: { title: "Size" } },
  6: { inputs: { text: "a lamp", clip: ["4", 1] }, class_type: "CLIPTextEncode" },
  7: { inputs: { text: "watermark", clip: ["4", 1] }, class_type: "CLIPTextEncode" },
  8: { inputs: { samples: ["3", 0], vae: ["4", 2] }, class_type: "VAEDecode" },
  9: { inputs: { filename_prefix: "ComfyUI", images: ["8", 0] }, class_type: "SaveImage" },
};

test("an exported workflow as it is: the call's values in their places, the rest its own", options, async () => {
  const verdict = await call({ model: "mine", options: exported(SD), prompt: "a cup", seed: 7, count: 2, width: 640,
    height: 512 });
  const { entries: [{ graph, pictures }] } = await ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.equal(pictures.length, 2);
  assert.deepEqual(pathsOf(verdict)[0], "POST /prompt", "no list of files is asked for: it names its own");
  assert.deepEqual(graph[5].inputs, { width: 640, height: 512, batch_size: 2 });
  assert.deepEqual([graph[6].inputs.text, graph[7].inputs.text], ["a cup", "watermark"]);
  assert.deepEqual([graph[3].inputs.seed, graph[3].inputs.steps, graph[3].inputs.cfg], [7, 20, 8]);
  assert.equal(graph[9].inputs.filename_prefix, "ComfyUI");
});

test("only what was declared is changed, and what was not is refused", options, async () => {
  const mine = exported(SD, [{ name: "prompt", node: "6", input: "text" }]);
  const verdict = await call({ model: "mine", options: mine });
  const { entries: [{ graph }] } = await ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.equal(graph[3].inputs.seed, 156680208700286);
  const refused = await call({ model: "mine", options: mine, seed: 7 });
  assert.equal(refused.refused.field, "seed");
});

test("a sampler in parts, with the sides in nodes of their own", options, async () => {
  const flux = {
    6: { inputs: { text: "a kettle", clip: ["11", 0] }, class_type: "CLIPTextEncode" },
    8: { inputs: { samples: ["13", 0], vae: ["10", 0] }, class_type: "VAEDecode" },
    9: { inputs: { filename_prefix: "ComfyUI", images: ["8", 0] }, class_type: "SaveImage" },
    10: { inputs: { vae_name: "ae.safetensors" }, class_type: "VAELoader" },
    11: { inputs: { clip_name1: "t5xxl.safetensors", clip_name2: "clip_l.safetensors", type: "flux" }, class_type: "DualCLIPLoader" },
    12: { inputs: { unet_name: "flux1-dev.safetensors", weight_dtype: "default" }, class_type: "UNETLoader" },
    13: { inputs: { noise: ["25", 0], guider: ["22", 0], sampler: ["16", 0], sigmas: ["17", 0], latent_image: ["27", 0] },
      class_type: "SamplerCustomAdvanced" },
    16: { inputs: { sampler_name: "euler" }, class_type: "KSamplerSelect" },
    17: { inputs: { scheduler: "simple", steps: 20, denoise: 1, model: ["12", 0] }, class_type: "BasicScheduler" },
    22: { inputs: { model: ["12", 0], conditioning: ["26", 0] }, class_type: "BasicGuider" },
    25: { inputs: { noise_seed: 1 }, class_type: "RandomNoise" },
    26: { inputs: { guidance: 3.5, conditioning: ["6", 0] }, class_type: "FluxGuidance" },
    27: { inputs: { width: ["41", 0], height: ["42", 0], batch_size: 1 }, class_type: "EmptySD3LatentImage" },
    41: { inputs: { value: 1024 }, class_type: "PrimitiveInt" },
    42: { inputs: { value: 1024 }, class_type: "PrimitiveInt" },
  };
  const verdict = await call({ model: "mine", options: exported(flux), width: 768, height: 512, seed: 9, scale: 2.5,
    steps: 4, settings: { checkpoint: "flux1-schnell.safetensors", sampler: "ddim" } });
  const { entries: [{ graph }] } = await ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual([graph[41].inputs.value, graph[42].inputs.value, graph[25].inputs.noise_seed], [768, 512, 9]);
  assert.deepEqual([graph[26].inputs.guidance, graph[17].inputs.steps, graph[16].inputs.sampler_name], [2.5, 4, "ddim"]);
  assert.equal(graph[12].inputs.unet_name, "flux1-schnell.safetensors");
});

test("a mask in a picture's alpha is sent as a file of its own; a preview is saved", options, async () => {
  const graph = { ...SD,
    5: { inputs: { pixels: ["20", 0], vae: ["4", 2], mask: ["20", 1], grow_mask_by: 6 }, class_type: "VAEEncodeForInpaint" },
    9: { inputs: { images: ["8", 0] }, class_type: "PreviewImage" },
    20: { inputs: { image: "shelf.png" }, class_type: "LoadImage" } };
  const verdict = await call({ model: "mine", options: exported(graph), action: "edit", references: [picture("a")],
    mask: picture("mask"), mask_is_white: true });
  const { entries: [{ graph: sent }], uploads } = await ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual([sent[20].inputs.image, sent["vitrine-mask"].inputs.image], uploads);
  assert.deepEqual(sent[5].inputs.mask, ["vitrine-mask", 0]);
  assert.equal(sent[9].class_type, "SaveImage");
  assert.equal(verdict.pictures.length, 1);
});

test("a workflow of one's own, with numbers as numbers", options, async () => {
  const workflow = JSON.stringify({
    4: { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "%model%" } },
    6: { class_type: "CLIPTextEncode", inputs: { text: "masterpiece, %prompt%, 8k", clip: ["4", 1] } },
    10: { class_type: "LoadImage", inputs: { image: "%image%" } },
    11: { class_type: "LoadImage", inputs: { image: "%image2%" } },
    5: { class_type: "VAEEncode", inputs: { pixels: ["10", 0], vae: ["4", 2] } },
    3: { class_type: "KSampler", inputs: { model: ["4", 0], positive: ["6", 0], negative: ["6", 0],
      latent_image: ["5", 0], seed: "%seed%", steps: "%steps%", cfg: "%cfg%", sampler_name: "%sampler%",
      scheduler: "karras", denoise: "%denoise%" } },
    8: { class_type: "VAEDecode", inputs: { samples: ["3", 0], vae: ["4", 2] } },
    9: { class_type: "SaveImage", inputs: { images: ["8", 0], filename_prefix: "mine-%seed%" } },
    12: { class_type: "PreviewImage", inputs: { images: ["11", 0] } },
  });
  const verdict = await call({ model: "custom", seed: 5, references: [picture("a"), picture("b")],
    options: { workflows: [{ id: "custom", graph: workflow }], sampler: "ddim" } });
  const { entries: [{ graph }], uploads } = await ledger();
  assert.equal(verdict.verdict, "done", verdict.message ?? JSON.stringify(verdict.refused));
  assert.equal(verdict.pictures.length, 1); // not the preview
  assert.equal(uploads.length, 2);
  assert.equal(graph[6].inputs.text, "masterpiece, a cup, 8k");
  assert.equal(graph[9].inputs.filename_prefix, "mine-5");
  assert.deepEqual([graph[10].inputs.image, graph[11].inputs.image], uploads);
});

test("what a node does not take is told with node and class", options, async () => {
  const verdict = await call({ options: { checkpoint: "gone.safetensors" } });
  assert.equal(verdict.failure, "invalid");
  assert.equal(verdict.charged, "no");
  assert.equal(verdict.message, "node ckpt (CheckpointLoaderSimple): Value not in list, ckpt_name: 'gone.safetensors' " +
    "not in [sd_xl_base_1.0.safetensors, flux1-dev-fp8.safetensors]");
});

test("a server without a checkpoint says so before anything runs", options, async () => {
  await control({ checkpoints: [] });
  const verdict = await call({});
  assert.equal(verdict.failure, "invalid");
  assert.match(verdict.message, /no checkpoint/);
  assert.equal((await ledger()).entries.length, 0);
});

test("a wrong key is told, and not repeated", options, async () => {
  const verdict = await call({ key: "wrong-key-0123456789" });
  assert.equal(verdict.failure, "auth");
  assert.doesNotMatch(verdict.message, /wrong-key/);
});

// The prompt went out and nothing whole came back: it is found by its id, and not sent again.
for (const kind of ["hang", "reset_before_reply", "cut_mid_body", "bad_gateway"])
  test(`after ${kind} the work is found again and runs once`, options, async () => {
    await control({ faults: [{ kind }] });
    const verdict = await call({}, { timeout: 300 });
    const { entries } = await ledger();
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.equal(entries.length, 1);
    assert.deepEqual([sha256(await bytesOf(verdict.pictures[0]))], entries[0].pictures);
    assert.equal(pathsOf(verdict).filter((path) => path === "POST /prompt").length, 1);
  });

for (const [fault, failure, charged, message] of [
  [{ kind: "execution_error", node: "smp" }, "remote_failed", "no",
    /^node smp \(KSampler\): torch.OutOfMemoryError: Allocation on device$/],
  [{ kind: "interrupted" }, "cancelled", "no", /interrupted/],
  [{ kind: "temp_only" }, "result_lost", "no", /SaveImage/],
  [{ kind: "restart" }, "invalid", "maybe", /restarted/], // the engine asks on for a minute
  [{ kind: "status", status: 500 }, "server", "maybe", /as ordered/],
  [{ kind: "status", status: 413 }, "invalid", "no", /as ordered/],
  [{ kind: "html200" }, "invalid", "no", /web page/],
  [{ kind: "no_prompt_id" }, "unknown", "maybe", /nothing that can be used/],
])
  test(`${fault.kind} ${fault.status ?? ""} is ${failure}`, options, async () => {
    await control({ faults: [fault] });
    const verdict = await call({});
    assert.equal(verdict.verdict, "failed");
    assert.equal(verdict.failure, failure);
    assert.equal(verdict.charged, charged);
    assert.match(verdict.message, message);
  });

test("fewer pictures than asked for: why is told", options, async () => {
  await control({ faults: [{ kind: "half" }] });
  const verdict = await call({ count: 2 });
  assert.equal(verdict.verdict, "done");
  assert.equal(verdict.missing, "the workflow saved 1 of 2 pictures");
});

test("work is asked for after a restart of ours by its id alone", options, async () => {
  await control({ latency_ms: 100 });
  const { remote_id } = await call({ idempotency_key: "k" }, { polls: 0 });
  const verdict = await call({ idempotency_key: "k", remote_id }, { pause: 30 });
  assert.equal(verdict.verdict, "done");
  assert.equal((await ledger()).entries.length, 1);
});

test("a cancel takes what waits out of the queue and interrupts what runs, its own alone", options, async () => {
  await control({ latency_ms: 60000 });
  const running = await call({ idempotency_key: "r" }, { polls: 0 });
  const waiting = await call({ idempotency_key: "w" }, { polls: 0 });
  for (const [{ remote_id }, expected] of [[waiting, "deleted"], [running, "execution_interrupted"]]) {
    const verdict = await call({ remote_id, cancel: true });
    const { entries } = await ledger();
    assert.equal(verdict.failure, "cancelled", verdict.message);
    assert.equal(verdict.charged, "no");
    assert.equal(entries.find((entry) => entry.prompt_id === remote_id).status, expected);
  }
  const { requests } = await ledger();
  assert.equal(requests.filter((route) => route === "POST /interrupt").length, 1); // the waiting one needed none
});

test("the same call is the same bytes for ever, another call another seed", options, async () => {
  const again = [await call({ idempotency_key: "a" }), await call({ idempotency_key: "a" }), await call({ idempotency_key: "b" })]
    .map(({ exchanges }) => exchanges[1].body);
  assert.equal(again[0], again[1]);
  assert.notEqual(again[0], again[2]);
});
