// Proves the fake: Stability has no client of its own on npm; the one that the facts name (6.9) must be content with the
// fake as it is with Stability.  It knows one address and has no option for another: its axios is told ours.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";

import { drawPng } from "./png.mjs";
import { sha256 } from "./queue.mjs";
import { startFake } from "./stability.mjs";

const require = createRequire(import.meta.url);
const { default: StabilityAI } = require("stability-ai");
const axios = createRequire(require.resolve("stability-ai"))("axios");

let fake, image, folder, picture, mask;
const ask = async (path, body) => (await fetch(`${fake.url}${path}`,
  body ? { method: "POST", body: JSON.stringify(body) } : {})).json();
const ledger = async () => (await ask("/__ledger")).entries;
before(async () => {
  fake = await startFake({ key: "test-key" });
  axios.interceptors.request.use((config) => ({ ...config,
    url: config.url.replace("https://api.stability.ai", fake.url) }));
  image = new StabilityAI("test-key").v2beta.stableImage;
  folder = await mkdtemp(join(tmpdir(), "stability-sdk-"));
  process.env.TMPDIR = folder; // what comes back it writes there
  [picture, mask] = ["picture", "mask"].map((name) => join(folder, `${name}.png`));
  await writeFile(picture, drawPng(64, 64, "picture"));
  await writeFile(mask, drawPng(64, 64, "mask"));
});
after(async () => {
  await fake.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => ask("/__control", { reset: true }));

async function checkPicture(said, { picture: made }) {
  assert.equal(sha256(await readFile(said.filepath)), made);
  assert.deepEqual([said.contentFiltered, said.errored], [false, false]);
}

// What is asked of the client: the path and the files that must arrive for it.
const rows = [
  ["core", () => image.generate.core("a cup", { aspectRatio: "16:9", negativePrompt: "dust", seed: 7,
    outputFormat: "png" }), "/generate/core", []],
  ["ultra", () => image.generate.ultra("a cup", { seed: 7 }), "/generate/ultra", []],
  ["sd3", () => image.generate.sd3("a cup", { mode: "text-to-image", model: "sd3.5-large" }), "/generate/sd3", []],
  ["sd3 from a picture", () => image.generate.sd3("a cup", { mode: "image-to-image", model: "sd3.5-medium",
    image: picture, strength: 0.5 }), "/generate/sd3", ["image"]],
  ["erase", () => image.edit.erase(picture, { mask }), "/edit/erase", ["image", "mask"]],
  ["inpaint", () => image.edit.inpaint(picture, "a cup", { mask }), "/edit/inpaint", ["image", "mask"]],
  ["remove background", () => image.edit.removeBackground(picture), "/edit/remove-background", ["image"]],
  ["sketch", () => image.control.sketch(picture, "a cup", { controlStrength: 0.7 }), "/control/sketch", ["image"]],
  ["structure", () => image.control.structure(picture, "a cup", {}), "/control/structure", ["image"]],
  ["upscale", () => image.upscale.conservative(picture, "a cup", {}), "/upscale/conservative", ["image"]],
];
for (const [name, call, path, files] of rows)
  test(`${name} is a form that the fake takes, and a picture that the client takes`, async () => {
    const said = await call();
    const [entry, ...others] = await ledger();
    assert.deepEqual(others, []);
    assert.equal(entry.path, path);
    assert.deepEqual(entry.files.map((file) => file.name), files);
    await checkPicture(said, entry);
  });

const works = [
  ["a creative upscale", () => image.upscale.startCreative(picture, "a cup", {})],
  ["another background", () => image.edit.replaceBackgroundAndRelight(picture, { backgroundPrompt: "a beach" })],
];
for (const [name, start] of works)
  test(`${name} is asked for by its id: in progress, there, or not known`, async () => {
    await ask("/__control", { pending: 1 });
    const { id } = await start();
    assert.match(id, /^[0-9a-f]{64}$/);
    assert.deepEqual(await image.results.fetchAsyncGenerationResult(id), { id, status: "in-progress" });
    await checkPicture(await image.results.fetchAsyncGenerationResult(id), (await ledger())[0]);
    await assert.rejects(image.results.fetchAsyncGenerationResult("0".repeat(64)), { name: "StabilityAIRecordNotFoundError" });
  });

test("refusals are the client's own errors, and not charged", async () => {
  await assert.rejects(image.generate.core("[blocked]"), { name: "StabilityAIContentModerationError" });
  await assert.rejects(image.generate.core("a cup", { aspectRatio: "7:1" }), (error) => {
    assert.match(error.message, /aspect_ratio/);
    return true;
  });
  await assert.rejects(new StabilityAI("other").v2beta.stableImage.generate.core("a cup"),
    { name: "StabilityAIUnauthorizedError" });
  await ask("/__control", { faults: [{ kind: "status", status: 429, name: "rate_limit_exceeded" }] });
  await assert.rejects(image.generate.core("a cup"));
  assert.equal((await ledger()).length, 0);
});

test("a filtered picture is told as one", async () => {
  await ask("/__control", { faults: [{ kind: "filtered" }] });
  assert.equal((await image.generate.core("a cup")).contentFiltered, true);
});

test("the balance is read", async () => {
  assert.deepEqual(await new StabilityAI("test-key").v1.user.balance(), { credits: 12.5 });
});
