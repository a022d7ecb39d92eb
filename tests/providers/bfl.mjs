// A fake of Black Forest Labs' API (facts/providers.md 6.1), steered as queue.mjs says.
//
//   POST /v1/{model}                 {id, polling_url, cost, input_mp, output_mp}
//   GET  /v1/get_result?id=…         the address asked at is /v1/poll/{id}, as on a sibling host; this one works too
//   GET  /v1/credits
//
// Outcomes of a run: good, request_moderated, content_moderated, failed, error, lost (not found), none (no sample).
// Only good and none are charged.  A submission's fault {"kind": "polling", "url": …} names another address.
import { Refusal, decodePicture, readBody, sha256, startQueue } from "./queue.mjs";

const COMMON = { prompt: "string", seed: "integer", safety_tolerance: "integer", output_format: "format" };
const PAIR = { width: "side", height: "side" };
const NUMBERED = Object.fromEntries(["", "_2", "_3", "_4", "_5", "_6", "_7", "_8"].map((tail) =>
  [`input_image${tail}`, "picture"]));
const MODELS = {
  "flux-3-image": { prompt: "string", images: "pictures", aspect_ratio: "ratio", resolution: "tier",
    safety_tolerance: "integer", grounding: "boolean" },
  "flux-pro-1.0-expand": { prompt: "string", image: "picture", top: "integer", bottom: "integer", left: "integer",
    right: "integer" },
  "flux-2-pro": { ...COMMON, ...PAIR, ...NUMBERED, disable_pup: "boolean" },
  "flux-2-flex": { ...COMMON, ...PAIR, ...NUMBERED, steps: "integer", guidance: "number",
    prompt_upsampling: "boolean" },
  "flux-kontext-pro": { ...COMMON, ...NUMBERED, aspect_ratio: "ratio", prompt_upsampling: "boolean" },
  "flux-pro-1.1": { ...COMMON, ...PAIR, image_prompt: "picture", prompt_upsampling: "boolean" },
  "flux-pro-1.0-fill": { ...COMMON, image: "picture", mask: "picture", steps: "integer", guidance: "number" },
  "flux-9-dream": { ...COMMON, ...PAIR, ...NUMBERED, steps: "integer", guidance: "number" },
};
const CREDITS = { "flux-2-pro": [3, 1.5], "flux-2-flex": [5, 5], "flux-kontext-pro": [4, 0] };

const isPicture = (value) => typeof value === "string" && decodePicture(value, { bare: true }) !== null;
const TYPES = { string: (value) => typeof value === "string", boolean: (value) => typeof value === "boolean",
  integer: Number.isInteger, number: (value) => typeof value === "number", picture: isPicture,
  pictures: (value) => Array.isArray(value) && value.length <= 10 && value.every(isPicture),
  side: (value) => Number.isInteger(value) && value >= 64 && value % 16 === 0,
  format: (value) => ["png", "jpeg"].includes(value), tier: (value) => ["1k", "2k", "4k"].includes(value),
  ratio: (value) => /^\d+:\d+$/.test(value) };

function check(input, schema) {
  const wrong = Object.keys(input).filter((name) => !schema[name] || !TYPES[schema[name]](input[name]));
  if (typeof input.prompt !== "string") wrong.push("prompt");
  if (wrong.length > 0)
    throw new Refusal(422, { detail: wrong.map((name) => ({ loc: ["body", name], msg: "Input is not valid",
      type: "value_error" })) });
}

async function submit(fake, req, model) {
  const fault = fake.nextFault();
  fake.throwAtDoor(fault, req);
  if (!MODELS[model]) throw new Refusal(404, { detail: "Not Found" });
  const input = JSON.parse((await readBody(req)).toString("utf8"));
  check(input, MODELS[model]);
  const pictures = Object.values(input).flat().filter(isPicture);
  const [width, height] = [input.width ?? 1024, input.height ?? 1024];
  const megapixels = Math.ceil((width * height) / 1048576);
  const [first, further] = CREDITS[model] ?? [4, 0];
  const cost = first + further * (megapixels - 1 + pictures.length);
  const work = fake.accept(model, input, { width, height, fault, more: { cost,
    files: pictures.map((text) => sha256(Buffer.from(text, "base64"))) } });
  return { fault, body: { id: work.id, polling_url: fault.kind === "polling" ? fault.url
    : `${fake.url}/v1/poll/${work.id}`, cost, input_mp: pictures.length, output_mp: megapixels } };
}

const STATUS = { queued: "Pending", running: "Generating", request_moderated: "Request Moderated",
  content_moderated: "Content Moderated", failed: "Failed", error: "Error", lost: "Task not found" };

function tell(fake, id) {
  const work = fake.state.works.get(id);
  if (!work) throw new Refusal(404, { detail: "Task not found" });
  const outcome = fake.advance(work);
  const status = STATUS[outcome] ?? "Ready";
  const [sample] = outcome === "none" ? [undefined] : fake.addressesOf(work);
  return { body: { id, status, result: status === "Ready" ? { sample, prompt: work.input.prompt,
    seed: work.input.seed ?? 42, start_time: 1, end_time: 2, duration: 1 } : null,
  progress: outcome === "running" ? 0.5 : null,
  details: outcome.endsWith("moderated") ? { "Moderation Reasons": ["Safety Filter"] } : null } };
}

export const startFake = ({ key = "bfl-test-key", port } = {}) => startQueue({
  port,
  isFree: (outcome) => !["good", "none"].includes(outcome),
  route: (fake, req, url) => {
    const path = url.pathname.replace(/^\/v1\//, "");
    if (req.headers["x-key"] !== key) throw new Refusal(403, { detail: "Not authenticated" });
    if (req.method === "POST") return submit(fake, req, path);
    if (path === "credits") return { body: { credits: 100.5 } };
    if (path === "get_result") return tell(fake, url.searchParams.get("id"));
    return path.startsWith("poll/") ? tell(fake, path.slice(5)) : null;
  },
});
