// A fake of xAI's Grok Imagine (facts/providers.md 6.4 and 9.5).  Steering and common faults: steer.mjs.
//
//   node xai.mjs --port 0 --key test-key      prints "listening PORT"
//
//   POST /v1/images/generations, POST /v1/images/edits (JSON alone), GET /v1/image-generation-models,
//   GET /__file/ID.jpeg   what an answer by url points to
//
// Its own faults: withheld {count} * (respect_moderation false), moderation (400), zero_images *, old_error {status,
// code, error}: {"code", "error"} with that status.
import { createHash, randomUUID } from "node:crypto";

import { drawPng, pngSize } from "./png.mjs";
import { createSteered, deliver, isFree, magicType, Refusal, refuse, runFake, sendJson, spoil, startServer }
  from "./steer.mjs";

const RATIOS = ["auto", "1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "9:19.5", "19.5:9", "9:20", "20:9", "1:2",
  "2:1"];
// Ticks of 1e-10 dollars for a picture, by quality and resolution, and for an input.
const MODELS = {
  "grok-imagine-image-2.0": { low: [4e8, 5e8, 6e8], medium: [6e8, 7e8, 8e8], input: 1e8,
    classes: ["1k", "1.5k", "2k"] },
  "grok-imagine-image": { medium: [2e8, 0, 2e8], input: 2e7, classes: ["1k", "2k"] },
  "grok-imagine-image-quality": { medium: [5e8, 0, 7e8], input: 1e8, classes: ["1k", "2k"] },
};
const KNOWN = ["model", "prompt", "n", "response_format", "aspect_ratio", "resolution", "quality", "user",
  "storage_options"];
const CLASSES = ["1k", "1.5k", "2k"];

const refused = (status, message, param = null) =>
  new Refusal(status, { error: { message, type: "invalid_request_error", param, code: null } });
const old = (status, code, error) => new Refusal(status, { code, error });

function readPictures(wanted) {
  if (("image" in wanted) === ("images" in wanted)) throw refused(400, "either image or images", "image");
  return (wanted.images ?? [wanted.image]).map((entry) => {
    const [, type, text] = /^data:(image\/[a-z]+);base64,(.+)$/s.exec(entry?.url ?? "") ?? [];
    const data = Buffer.from(text ?? "", "base64");
    if (entry?.type !== "image_url" || type === undefined || magicType(data) !== type)
      throw refused(422, "a picture is {url: data URI, type: image_url}", "image");
    return { type, data };
  });
}

function readOrder(body, contentType, isEdit) {
  if (!contentType?.startsWith("application/json")) throw refused(415, "Expected request with application/json");
  const wanted = JSON.parse(body.toString("utf8"));
  for (const name of Object.keys(wanted))
    if (!KNOWN.includes(name) && !(isEdit && ["image", "images"].includes(name)))
      throw old(400, "Client specified an invalid argument", `Argument not supported: ${name}`);
  const about = MODELS[wanted.model];
  if (!about) throw old(404, "Some requested entity was not found", `The model ${wanted.model} does not exist`);
  if (typeof wanted.prompt !== "string" || wanted.prompt === "") throw refused(422, "missing field `prompt`", "prompt");
  const { n = 1, aspect_ratio: ratio = "auto", resolution = "1k", quality = "medium" } = wanted;
  if (!Number.isInteger(n) || n < 1 || n > 10) throw refused(422, "n must be 1 to 10", "n");
  if (!RATIOS.includes(ratio)) throw refused(422, `unknown variant \`${ratio}\``, "aspect_ratio");
  if (!about.classes.includes(resolution)) throw refused(422, `unknown variant \`${resolution}\``, "resolution");
  if (!["low", "medium", "auto"].includes(quality)) throw refused(400, "quality is not supported", "quality");
  const files = isEdit ? readPictures(wanted) : [];
  if (files.length > 3) throw refused(400, "at most 3 images", "images");
  const prices = about[quality] ?? about.medium;
  return { ...wanted, n, ratio, resolution, quality, files,
    ticks: prices[CLASSES.indexOf(resolution)] * n + about.input * files.length };
}

// An eighth of the sides.
function drawFor(order, seed) {
  const shape = order.files.length === 1 ? pngSize(order.files[0].data) : null;
  const [wide, high] = shape ? [shape.width, shape.height]
    : order.ratio === "auto" ? [1, 1] : order.ratio.split(":").map(Number);
  const side = 128 * Number.parseFloat(order.resolution);
  return drawPng(Math.round(side * Math.sqrt(wide / high)), Math.round(side * Math.sqrt(high / wide)), seed);
}

async function images(req, res, body, state, isEdit) {
  const order = readOrder(body, req.headers["content-type"], isEdit);
  const fault = state.faults.shift() ?? { kind: /\[blocked\]/.test(order.prompt) ? "moderation" : "none" };
  refuse(fault, req);
  if (fault.kind === "moderation")
    throw old(400, "Client specified an invalid argument", "Generated image rejected by content moderation.");
  if (fault.kind === "old_error") throw old(fault.status, fault.code, fault.error);
  if (state.latency > 0) await new Promise((resolve) => setTimeout(resolve, state.latency));
  const request = createHash("sha256").update(body).digest("hex");
  const pictures = Array.from({ length: order.n }, (_, index) => drawFor(order, `${request} ${index}`));
  const withheld = fault.kind === "withheld" ? fault.count : 0;
  if (!isFree(fault))
    state.entries.push({ path: req.url, model: order.model, prompt: order.prompt, n: order.n, ratio: order.ratio,
      resolution: order.resolution, quality: order.quality, user: order.user ?? null, ticks: order.ticks,
      files: order.files.map(({ type, data }) => ({ type, size: data.length })), request_sha256: request,
      pictures: pictures.map((picture) => createHash("sha256").update(picture).digest("hex")) });
  const data = pictures.map((picture, index) => {
    const about = { mime_type: fault.kind === "wrong_type" ? "image/jpeg" : "image/png", revised_prompt: "",
      respect_moderation: index >= withheld };
    if (order.response_format === "b64_json") return { b64_json: spoil(fault, picture.toString("base64")), ...about };
    const id = randomUUID();
    state.files.set(id, picture);
    return { url: `http://${req.headers.host}/__file/${id}.jpeg`, ...about };
  });
  deliver(res, fault, { data: fault.kind === "zero_images" ? [] : data,
    usage: { cost_in_usd_ticks: order.ticks } });
}

export function createFake({ key = "test-key" } = {}) {
  return createSteered(async (req, res, body, state) => {
    const file = /^\/__file\/([0-9a-f-]+)\.jpeg$/.exec(req.url)?.[1];
    if (file && state.files.has(file)) {
      res.writeHead(200, { "content-type": "image/jpeg" });
      return res.end(state.files.get(file));
    }
    res.setHeader("x-request-id", randomUUID());
    if (req.headers.authorization !== `Bearer ${key}`)
      throw old(400, "Client specified an invalid argument", "Incorrect API key provided.");
    switch (`${req.method} ${req.url}`) {
      case "POST /v1/images/generations":
        return images(req, res, body, state, false);
      case "POST /v1/images/edits":
        return images(req, res, body, state, true);
      case "GET /v1/image-generation-models":
        return sendJson(res, 200, { models: Object.keys(MODELS).map((id) => ({ id, aliases: [`${id}-latest`],
          max_prompt_length: 8000 })) });
      default:
        throw old(404, "Some requested entity was not found", `No such route: ${req.method} ${req.url}`);
    }
  }, { files: new Map() });
}

export const startFake = (options = {}) => startServer(createFake(options));
await runFake(import.meta, createFake);
