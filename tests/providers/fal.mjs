// A fake of fal's queue (facts/providers.md 6.2), steered as queue.mjs says.
//
//   POST /{endpoint}                               accepts: fields are held against what the endpoint knows
//   GET  /{owner}/{alias}/requests/{id}/status     202 while it works, 200 when it is over
//   GET  /{owner}/{alias}/requests/{id}            the result; a failed run's error
//   PUT  /{owner}/{alias}/requests/{id}/cancel     202, or 400 ALREADY_COMPLETED
//
// Outcomes of a run: good, nsfw (all pictures black), nsfw_first, none, policy and broken_input (422), failed (500),
// disconnected (503 with a type).  Only the 5xx are free; a 422 is when it never ran, as bad fields do not.
import { Refusal, decodePicture, readBody, startQueue } from "./queue.mjs";

const SIZES = { square_hd: [1024, 1024], square: [512, 512], portrait_4_3: [768, 1024], landscape_4_3: [1024, 768],
  portrait_16_9: [576, 1024], landscape_16_9: [1024, 576] };
const COMMON = ["prompt", "num_images", "seed", "output_format", "sync_mode"];
const FLUX = [...COMMON, "num_inference_steps", "guidance_scale", "enable_safety_checker", "acceleration"];
const PRO = [...COMMON, "safety_tolerance", "enhance_prompt"];
// From the client's own types: what an endpoint takes, what it must have.
const ENDPOINTS = {
  "fal-ai/flux/schnell": [[...FLUX, "image_size"], []],
  "fal-ai/flux/dev": [[...FLUX, "image_size"], []],
  "fal-ai/flux/dev/image-to-image": [[...FLUX, "image_url", "strength"], ["image_url"]],
  "fal-ai/flux-pro/kontext": [[...PRO, "aspect_ratio", "guidance_scale", "image_url"], ["image_url"]],
  "fal-ai/flux-pro/kontext/multi": [[...PRO, "aspect_ratio", "guidance_scale", "image_urls"], ["image_urls"]],
  "fal-ai/flux-pro/kontext/text-to-image": [[...PRO, "aspect_ratio", "guidance_scale"], []],
  "fal-ai/flux-pro/v1/fill": [[...PRO, "image_url", "mask_url"], ["image_url", "mask_url"]],
  "fal-ai/nano-banana": [[...COMMON, "aspect_ratio", "safety_tolerance"], []],
  "fal-ai/nano-banana/edit": [[...COMMON, "aspect_ratio", "safety_tolerance", "image_urls"], ["image_urls"]],
  "fal-ai/nano-banana-pro": [[...COMMON, "aspect_ratio", "safety_tolerance", "resolution", "enable_web_search"], []],
  "fal-ai/qwen-image": [[...FLUX, "image_size", "negative_prompt"], []],
  "acme/paint": [[...FLUX, "image_size", "negative_prompt", "image_url", "image_urls"], []],
};

const invalid = (field, msg, type = "value_error") =>
  ({ detail: [{ loc: ["body", field], msg, type, ctx: {} }] });

// What the runner finds when it looks at the input; null: all is well.
function findFault(endpoint, input) {
  const [known, required] = ENDPOINTS[endpoint];
  for (const name of Object.keys(input))
    if (!known.includes(name)) return invalid(name, "Extra inputs are not permitted", "extra_forbidden");
  for (const name of ["prompt", ...required])
    if (input[name] === undefined) return invalid(name, "Field required", "missing");
  for (const name of ["image_url", "mask_url", "image_urls"])
    for (const text of [input[name] ?? []].flat())
      if (decodePicture(text) === null) return invalid(name, "Failed to download the file.", "file_download_error");
  if (input.safety_tolerance !== undefined && !/^[1-6]$/.test(input.safety_tolerance))
    return invalid("safety_tolerance", "Input should be '1', '2', '3', '4', '5' or '6'", "literal_error");
  if (input.acceleration !== undefined && !["none", "regular", "high"].includes(input.acceleration))
    return invalid("acceleration", "Input should be 'none', 'regular' or 'high'", "literal_error");
  if (input.strength !== undefined && !(input.strength >= 0 && input.strength <= 1))
    return invalid("strength", "Input should be between 0 and 1", "less_than_equal");
  for (const name of ["enable_web_search", "enable_safety_checker", "enhance_prompt"])
    if (![true, false, undefined].includes(input[name])) return invalid(name, "Input should be a valid boolean", "bool_type");
  return null;
}

function sizeOf(input) {
  if (input.image_size?.width) return [input.image_size.width, input.image_size.height];
  return SIZES[input.image_size] ?? [1024, 768];
}

function resultOf(fake, work, outcome) {
  const urls = fake.addressesOf(work);
  return { images: outcome === "none" ? [] : urls.map((url) => ({ url, width: work.width, height: work.height,
    content_type: "image/png", file_name: "out.png", file_size: 1 })),
  timings: { inference: 0.5 }, seed: work.input.seed ?? 42, prompt: work.input.prompt,
  has_nsfw_concepts: urls.map((_, index) => outcome === "nsfw" || (outcome === "nsfw_first" && index === 0)) };
}

async function submit(fake, req, endpoint) {
  const fault = fake.nextFault();
  fake.throwAtDoor(fault, req);
  let input;
  try {
    input = JSON.parse((await readBody(req)).toString("utf8"));
  } catch {
    throw new Refusal(400, { detail: "Invalid JSON" });
  }
  if (!ENDPOINTS[endpoint]) throw new Refusal(404, { detail: `Application '${endpoint}' not found` });
  const [width, height] = sizeOf(input);
  const work = fake.accept(endpoint, input, { count: input.num_images ?? 1, width, height, fault,
    more: { headers: Object.fromEntries(Object.entries(req.headers).filter(([name]) => name.startsWith("x-"))) } });
  work.app = endpoint.split("/").slice(0, 2).join("/");
  work.fault = findFault(endpoint, input);
  if (work.fault) work.outcome = "invalid";
  const base = `${fake.url}/${work.app}/requests/${work.id}`;
  return { fault, headers: { "x-fal-request-id": work.id }, body: { status: "IN_QUEUE", request_id: work.id,
    response_url: base, status_url: `${base}/status`, cancel_url: `${base}/cancel`, queue_position: 0 } };
}

const ERRORS = {
  policy: [422, invalid("prompt", "The content could not be processed because it was flagged by a content checker.",
    "content_policy_violation")],
  failed: [500, { detail: "Internal Server Error", error_type: "runner_server_error" }],
  disconnected: [503, { detail: "Runner disconnected", error_type: "runner_disconnected" },
    { "x-fal-error-type": "runner_disconnected" }],
  broken_input: [422, invalid("image_url", "Image too large", "image_too_large")],
};

function status(fake, work) {
  const outcome = fake.advance(work);
  if (outcome === "queued") return { status: 202, body: { status: "IN_QUEUE", queue_position: 3 } };
  if (outcome === "running") return { status: 202, body: { status: "IN_PROGRESS", logs: [] } };
  const body = { status: "COMPLETED", request_id: work.id, logs: [], metrics: { inference_time: 0.5 } };
  if (outcome === "stopped") Object.assign(body, { error: "Request was cancelled", error_type: "client_cancelled" });
  if (ERRORS[outcome]) Object.assign(body, { error: "The run failed", error_type: ERRORS[outcome][1].error_type });
  return { body };
}

function result(fake, work) {
  if (work.left > 0) return { status: 202, body: { status: "IN_PROGRESS" } };
  const outcome = fake.advance(work);
  if (outcome === "invalid" && work.fault) throw new Refusal(422, work.fault);
  if (ERRORS[outcome]) throw new Refusal(...ERRORS[outcome]);
  return { headers: { "x-fal-request-id": work.id }, body: resultOf(fake, work, outcome) };
}

function cancel(fake, work) {
  if (!fake.stop(work)) throw new Refusal(400, { status: "ALREADY_COMPLETED" });
  return { status: 202, body: { status: "CANCELLATION_REQUESTED" } };
}

export const startFake = ({ key = "id:secret", port } = {}) => startQueue({
  port,
  isFree: (outcome) => ["invalid", "failed", "disconnected"].includes(outcome),
  route: (fake, req, url) => {
    const path = url.pathname.slice(1);
    const asked = /^([^/]+\/[^/]+)\/requests\/([^/]+)(\/status|\/cancel)?$/.exec(path);
    if (req.headers.authorization !== `Key ${key}`)
      throw new Refusal(401, { detail: "Authentication is required to access this application." });
    if (!asked) return req.method === "POST" ? submit(fake, req, path) : null;
    const work = fake.state.works.get(asked[2]);
    // Only the first two segments of the endpoint lead there.
    if (!work || work.app !== asked[1]) throw new Refusal(404, { detail: "Request not found" });
    if (asked[3] === "/cancel") return req.method === "PUT" ? cancel(fake, work) : null;
    return asked[3] === "/status" ? status(fake, work) : result(fake, work);
  },
});
