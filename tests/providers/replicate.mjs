// A fake of Replicate's API (facts/providers.md 6.3), steered as queue.mjs says.
//
//   POST /v1/models/{owner}/{name}/predictions, POST /v1/predictions   accept: the input is held against a schema
//   GET  /v1/predictions/{id}, POST /v1/predictions/{id}/cancel
//   POST /v1/files (multipart)                                         free; inputs may name what urls.get says
//   GET  /v1/account
//
// Outcomes of a run: good, failed, nsfw, aborted, none (no output), removed (an hour later), object (output in an
// object).  Free are failed, nsfw and aborted.  A picture inside must be smaller than 256 KB.
import { randomBytes, randomUUID } from "node:crypto";

import { parseMultipart } from "./openai.mjs";
import { Refusal, decodePicture, readBody, sha256, startQueue } from "./queue.mjs";

const DATA_URI_MAX = 256 * 1024;
const FLUX = { prompt: "string", aspect_ratio: "string", num_outputs: "integer", seed: "integer",
  output_format: "string", output_quality: "integer", num_inference_steps: "integer",
  disable_safety_checker: "boolean" };
const PRO = { prompt: "string", aspect_ratio: "string", width: "integer", height: "integer", seed: "integer",
  output_format: "string", output_quality: "integer", safety_tolerance: "integer", prompt_upsampling: "boolean" };
const MODELS = {
  "black-forest-labs/flux-schnell": { ...FLUX, go_fast: "boolean" },
  "black-forest-labs/flux-dev": { ...FLUX, guidance: "number", image: "uri", prompt_strength: "number",
    go_fast: "boolean" },
  "black-forest-labs/flux-1.1-pro": { ...PRO, image_prompt: "uri" },
  "black-forest-labs/flux-kontext-pro": { ...PRO, input_image: "uri" },
  "black-forest-labs/flux-fill-pro": { ...PRO, image: "uri", mask: "uri", steps: "integer", guidance: "number" },
  "black-forest-labs/flux-2-pro": { ...PRO, input_images: "uris" },
  "google/nano-banana": { prompt: "string", image_input: "uris", aspect_ratio: "string", output_format: "string" },
  "acme/paint": { ...FLUX, width: "integer", height: "integer", negative_prompt: "string", guidance_scale: "number",
    image: "uri", image_input: "uris" },
};
const VERSION = "5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa";

function isPicture(fake, text) {
  if (typeof text !== "string") return false;
  if (text.startsWith("data:")) return text.length < DATA_URI_MAX && decodePicture(text) !== null;
  return fake.uploads.has(text);
}

const fits = (fake, value, type) => ({ string: typeof value === "string", boolean: typeof value === "boolean",
  integer: Number.isInteger(value), number: typeof value === "number", uri: isPicture(fake, value),
  uris: Array.isArray(value) && value.every((one) => isPicture(fake, one)) })[type];

function check(fake, input, schema) {
  const wrong = Object.entries(input ?? {}).filter(([name, value]) =>
    !schema[name] || !fits(fake, value, schema[name]));
  if (typeof input?.prompt !== "string") wrong.push(["prompt"]);
  if (wrong.length === 0) return;
  throw new Refusal(422, { title: "Input validation failed", status: 422,
    detail: wrong.map(([name]) => `- input.${name}: Invalid type or additional property\n`).join(""),
    invalid_fields: wrong.map(([name]) =>
      ({ type: "invalid_type", field: `input.${name}`, description: "Invalid" })) });
}

const STATUS = { queued: "starting", running: "processing", stopped: "canceled", failed: "failed", nsfw: "failed",
  aborted: "aborted" };

function tell(fake, work, outcome) {
  const base = `${fake.url}/v1/predictions/${work.id}`;
  const urls = fake.addressesOf(work);
  const outputs = { none: null, removed: null, object: { image: urls[0] } };
  const errors = { failed: "CUDA out of memory", nsfw: "NSFW content detected. Try running it again." };
  const logs = outcome === "running" ? "Using seed: 1\n  0%|          | 0/4\n 75%|#######5  | 3/4" : "";
  let output = outcome in outputs ? outputs[outcome] : urls.length === 1 ? urls[0] : urls;
  if (STATUS[outcome]) output = null;
  return { id: work.id, model: work.model, version: "hidden", input: work.input, logs, output,
    status: STATUS[outcome] ?? "succeeded", error: errors[outcome] ?? null,
    data_removed: outcome === "removed", metrics: { predict_time: 0.5, total_time: 0.7 },
    created_at: "2026-11-22T00:00:00.000Z", started_at: null, completed_at: null,
    urls: { get: base, cancel: `${base}/cancel`, web: `https://replicate.com/p/${work.id}` } };
}

async function submit(fake, req, model) {
  const fault = fake.nextFault();
  fake.throwAtDoor(fault, req);
  const order = JSON.parse((await readBody(req)).toString("utf8"));
  const schema = model ? MODELS[model] : order.version === VERSION ? MODELS["acme/paint"] : undefined;
  if (!schema)
    throw new Refusal(model ? 404 : 422, { title: "Not found", detail: "The requested resource could not be found.",
      status: model ? 404 : 422 });
  check(fake, order.input, schema);
  const { input } = order;
  const work = fake.accept(model ?? order.version, input, { count: input.num_outputs ?? 1, width: input.width,
    height: input.height, fault, more: { uploads: [...fake.uploads].filter(([url]) =>
      JSON.stringify(input).includes(JSON.stringify(url))).map(([, hash]) => hash) } });
  return { status: 201, fault, body: tell(fake, work, "queued") };
}

async function upload(fake, req) {
  const parts = parseMultipart(await readBody(req), req.headers["content-type"]);
  const content = parts.find((part) => part.name === "content");
  if (!content?.filename) throw new Refusal(400, { detail: "Missing content" });
  const id = randomUUID();
  const get = `${fake.url}/v1/files/${id}`;
  fake.uploads.set(get, sha256(content.data));
  return { status: 201, body: { id, name: content.filename, content_type: content.type, size: content.data.length,
    metadata: {}, urls: { get } } };
}

export const VERSION_OF_PAINT = VERSION;
export async function startFake({ key = "r8_test-key", port } = {}) {
  const fake = await startQueue({
    port,
    isFree: (outcome) => ["failed", "nsfw", "aborted"].includes(outcome),
    route: (self, req, url) => {
      const path = url.pathname.replace(/^\/v1\//, "");
      const name = `${req.method} ${path}`;
      const model = /^POST models\/([^/]+\/[^/]+)\/predictions$/.exec(name)?.[1];
      const [, id, stop] = /^predictions\/([^/]+)(\/cancel)?$/.exec(path) ?? [];
      if (req.headers.authorization !== `Bearer ${key}`)
        throw new Refusal(401, { title: "Unauthenticated", detail: "You did not pass a valid authentication token",
          status: 401 });
      if (name === "GET account") return { body: { type: "user", username: "me", name: "Me", github_url: "" } };
      if (name === "POST files") return upload(self, req);
      if (model || name === "POST predictions") return submit(self, req, model);
      const work = self.state.works.get(id);
      if (!work) return null;
      if (req.method === "POST" && stop) {
        self.stop(work);
        return { body: tell(self, work, self.advance(work)) };
      }
      return { body: tell(self, work, self.advance(work)) };
    },
  });
  fake.uploads = new Map();
  fake.makeId = () => randomBytes(13).toString("hex");
  return fake;
}
