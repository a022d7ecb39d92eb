// Every kind of provider, as the proof in kinds.test.mjs needs it.  A row:
//   name, kind, fake        what is proven, and who plays the other end
//   path                    behind the fake's address: the account's base URL
//   model, parameters       what is ordered; `operation` when it is no picture
//   options                 the account's
//   purposeOf               which request orders (is paid), asks, fetches; by default POST, GET, GET /__file/
//   cost                    what a good order costs by the kind's own words, or of the ledger's entry; null: nobody says
//   price                   the house's own, of the model: nobody else says one
//   isAdded                 the model is none of the catalogue's: it is added to the account
//   limited, broken, inside the service's words with 429, 500, and within a 200
//   unavailable, overloaded its words with a 503 that says when to come back, and with a 529, where it has some
//   fates                   {lost, failed}: how the fake makes a task unknown, or fail
//   ends                    where the kind's rules differ from the columns': {column: {state, class, …}}
//   long                    columns that take a minute here
//   findsCalls              it can be asked what became of a call: nobody is asked instead
//   leaves                  {column: why it makes no sense here}
import { createFake as openai } from "../providers/openai.mjs";
import { startFake as anthropic } from "../providers/anthropic.mjs";
import { startFake as ark } from "../providers/ark.mjs";
import { startFake as bfl } from "../providers/bfl.mjs";
import { startFake as comfyui } from "../providers/comfyui.mjs";
import { startFake as dashscope } from "../providers/dashscope.mjs";
import { startFake as fal } from "../providers/fal.mjs";
import { startFake as gemini } from "../providers/gemini.mjs";
import { startFake as ideogram } from "../providers/ideogram.mjs";
import { startFake as minimax } from "../providers/minimax.mjs";
import { RELAYS, startFake as relay } from "../providers/relay.mjs";
import { startFake as replicate } from "../providers/replicate.mjs";
import { startFake as siliconflow } from "../providers/siliconflow.mjs";
import { startFake as stability } from "../providers/stability.mjs";
import { startFake as volcVisual } from "../providers/volc_visual.mjs";
import { startFake as xai } from "../providers/xai.mjs";
import { startFake as zhipu } from "../providers/zhipu.mjs";

const AT_ONCE = { lost: "it answers at once", failed: "it answers at once" };
const noDownload = (why) => ({ expired: why, gone: why, "cut download": why, "busy download": why });
const INLINE = noDownload("its pictures come in the reply");
const WORDS = noDownload("it writes, there is no picture");

// An error within a success is no proof that nothing was ordered: these kinds ask a person.
const IN_DOUBT = { inside: { state: "held", class: "unknown", classes: ["unknown"], orders: 1, charges: 0 } };
// The fake charges when it accepts, and no word of the service says that a failure is free: the cost is not known.
const PAID_TWICE = { failed: { charges: 2 } };

const SHUT = { least_ms: 59000, why: "the service shuts the door for a minute, and the kind waits as long" };
const FOUND = { state: "done", class: undefined, classes: [""], why: "it is asked whether it has the work" };
// Of tokens, by what a million of each cost in USD (facts 8.1 and 8.4); each part is rounded up.
export const sum = (...parts) => parts.reduce((total, [tokens, rate]) => total + Math.ceil((tokens ?? 0) * rate), 0);
export const ofPicture = ({ input_tokens_details: read, output_tokens }) =>
  sum([read.text_tokens, 5], [read.image_tokens, 8], [output_tokens, 30]);
export const ofTool = ({ usage, tool_usage }) =>
  sum([usage.input_tokens, 2], [usage.output_tokens, 10]) + ofPicture(tool_usage.image_gen);

const startOpenai = async (options) => {
  const server = openai(options);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  }) };
};
const openaiWords = (message, type, code) => ({ error: { message, type, param: null, code } });
const OPENAI = {
  kind: "openai", fake: startOpenai, path: "/v1", options: { profile: "openai" },
  limited: openaiWords("Rate limit reached for images per minute.", "requests", "rate_limit_exceeded"),
  broken: openaiWords("The server had an error while processing your request.", "server_error", null),
  unavailable: openaiWords("The engine is currently overloaded.", "server_error", "server_is_overloaded"),
  inside: openaiWords("upstream said no", "upstream_error", "bad_response_status_code"),
};
const TOOL = { ...OPENAI, options: { profile: "openai", images_api: "responses" }, model: "gpt-image-2", cost: ofTool,
  parameters: { width: 1024, height: 1024, quality: "low", partial_images: 0 } };
const google = (code, status, message) => ({ error: { code, message, status, details: [] } });
const anthropicWords = (type, message) => ({ type: "error", error: { type, message } });
// A server that speaks OpenAI's pictures in its own way, by its profile.
const of = (mode, profile, row) => {
  const { path, words, model } = RELAYS[mode];
  return { name: `openai: ${mode}`, kind: "openai", fake: ({ key }) => relay({ mode, key }), path, model,
    options: { profile }, limited: words(429, "Rate limited."), broken: words(500, "It broke."),
    inside: words(500, "It broke."), leaves: { ...AT_ONCE, ...INLINE }, cost: null, isAdded: true, ...row };
};
const arkWords = (code, message) => ({ error: { code, message, param: "", type: "Error" } });
const volcWords = (code, message) => ({ code, data: null, message, request_id: "r1", status: code,
  time_elapsed: "1ms" });
const dashscopeWords = (code, message) => ({ code, message, request_id: "r1" });
const zhipuWords = (code, message) => ({ error: { code, message } });

export const KINDS = [
  { ...OPENAI, name: "openai", model: "gpt-image-2", cost: ({ usage }) => ofPicture(usage),
    parameters: { width: 1024, height: 1024, quality: "low", partial_images: 0 }, leaves: { ...AT_ONCE, ...INLINE } },
  { ...OPENAI, name: "openai by address", model: "gpt-image-2", control: { url_reply: true },
    cost: ({ usage }) => ofPicture(usage),
    parameters: { width: 1024, height: 1024, quality: "low", partial_images: 0 }, leaves: AT_ONCE },
  { ...OPENAI, name: "openai words", model: "gpt-5.4-mini",
    cost: ({ usage }) => sum([usage.input_tokens, 0.75], [usage.output_tokens, 4.5]),
    operation: "prompt.expand", leaves: { ...AT_ONCE, ...WORDS } },
  { ...TOOL, name: "openai tool at once", leaves: { ...AT_ONCE, ...INLINE } },
  { ...TOOL, name: "openai in background", options: { ...TOOL.options, responses_background: true },
    purposeOf: (req) => (/^POST .*\/responses$/.test(`${req.method} ${req.url}`) ? "order"
      : req.method === "GET" && /\/responses\//.test(req.url) ? "poll" : "other"),
    fates: { lost: [{ kind: "forgotten" }], failed: [{ kind: "failed", code: "server_error" }] }, leaves: INLINE },
  of("openrouter", "openrouter", { cost: 40000 }),
  of("litellm", "litellm", { cost: 30000 }),
  of("vllm", "vllm", { ends: IN_DOUBT }),
  of("localai", "localai", {}),
  of("sd-server", "sd-server", {}),
  of("together", "together", {}),
  of("new-api", "generic", { cost: 50000, leaves: AT_ONCE, ends: IN_DOUBT,
    price: { rule: "pictures", currency: "USD", pictures: [{ price_micro: 50000 }] } }),
  of("new-api", "generic", { name: "openai: new-api in a chat", model: "gemini-3.1-flash-image", cost: 60000,
    options: { profile: "generic", images_api: "chat" }, ends: IN_DOUBT,
    price: { rule: "pictures", currency: "USD", pictures: [{ price_micro: 60000 }] } }),
  { name: "gemini", kind: "gemini", fake: gemini, path: "/v1beta", model: "gemini-3.1-flash-image",
    cost: ({ usage }) => sum([usage.promptTokenCount, 0.5], [usage.candidatesTokenCount, 60],
      [usage.thoughtsTokenCount, 3]),
    limited: google(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted."),
    broken: google(500, "INTERNAL", "An internal error has occurred."),
    unavailable: google(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    inside: google(500, "INTERNAL", "upstream said no"), leaves: { ...AT_ONCE, ...INLINE } },
  { name: "anthropic words", kind: "anthropic", fake: anthropic, path: "", model: "claude-haiku-5-5",
    cost: ({ usage }) => sum([usage.input_tokens, 0.1], [usage.output_tokens, 0.5]),
    operation: "prompt.expand", limited: anthropicWords("rate_limit_error", "slow down"),
    broken: anthropicWords("api_error", "Internal server error"),
    overloaded: anthropicWords("overloaded_error", "Overloaded"),
    inside: anthropicWords("api_error", "upstream said no"), leaves: { ...AT_ONCE, ...WORDS } },
  { name: "ark", kind: "ark", fake: ark, path: "/api/v3", model: "doubao-seedream-4-5-251128", cost: 250000,
    limited: arkWords("RateLimitExceeded.EndpointRPMExceeded", "too many requests"),
    broken: arkWords("InternalServiceError", "The service encountered an unexpected internal error."),
    inside: arkWords("InternalServiceError", "upstream"), leaves: { ...AT_ONCE, ...INLINE } },
  { name: "ark by address", kind: "ark", fake: ark, path: "/api/v3", model: "doubao-seedream-4-5-251128", cost: 250000,
    options: { response_format: "url" }, limited: arkWords("RateLimitExceeded.EndpointRPMExceeded", "too many requests"),
    broken: arkWords("InternalServiceError", "The service encountered an unexpected internal error."),
    inside: arkWords("InternalServiceError", "upstream"), leaves: AT_ONCE },
  { name: "volc_visual", kind: "volc_visual", fake: (options) => volcVisual({ secret: options.key }), path: "",
    model: "jimeng_t2i_v40", cost: 220000, options: { access_key_id: "AKLTTEST" },
    price: { rule: "pictures", currency: "CNY", pictures: [{ price_micro: 220000 }] },
    control: { polls: 0 }, purposeOf: (req) => (/GetResult/.test(req.url) ? "poll"
      : /\/__file\//.test(req.url) ? "fetch" : "order"),
    limited: volcWords(50430, "Request Has Reached API Concurrent Limit, Please Try Later"),
    broken: volcWords(50500, "Internal Error"), inside: volcWords(50500, "Internal Error"),
    fates: { lost: [{ kind: "task", state: "not_found" }], failed: [{ kind: "task", code: 50500 }] },
    leaves: INLINE, ends: PAID_TWICE },
  { name: "comfyui", kind: "comfyui", fake: comfyui, path: "", model: "txt2img", cost: 0,
    purposeOf: (req) => (/^POST (\/api)?\/prompt/.test(`${req.method} ${req.url}`) ? "order"
      : /\/upload\//.test(req.url) ? "upload" : /\/view\?/.test(req.url) ? "fetch"
        : /\/history\//.test(req.url) ? "poll" : "other"),
    limited: { error: "too many" }, broken: { error: "broken" }, inside: { error: { type: "odd", message: "no" } },
    findsCalls: true, long: ["bad gateway", "inside"],
    fates: { lost: [{ kind: "restart" }], failed: [{ kind: "execution_error" }] }, ends: { ...PAID_TWICE,
      inside: { ...IN_DOUBT.inside, isAskedOften: true, least_ms: 59000, why: "it is looked up for a minute" },
      "bad gateway": { ...IN_DOUBT.inside, isAskedOften: true, least_ms: 59000, why: "a proxy's word: it is looked up" },
      lost: { classes: ["unknown", "unknown"], why: "it is looked up, and not there" },
      reset: FOUND,
      cut: FOUND, "waited in vain": FOUND } },
  { name: "ideogram", kind: "ideogram", fake: ideogram, path: "", model: "ideogram-4-5", cost: 60000,
    limited: { error: "Rate limit exceeded" }, broken: { error: "Internal error" }, inside: { error: "Internal error" },
    fates: { lost: { poll: { status: 404, body: { error: "generation not found" } } },
      failed: [{ kind: "failed", reason: "GENERATION_FAILED" }] }, ends: IN_DOUBT },
  { name: "stability", kind: "stability", fake: stability, path: "", model: "core", cost: 30000,
    limited: { id: "r1", name: "rate_limit_exceeded", errors: ["too many"] },
    broken: { id: "r1", name: "internal_error", errors: ["broken"] },
    inside: { id: "r1", name: "internal_error", errors: ["broken"] },
    leaves: { ...AT_ONCE, ...INLINE }, long: ["limited", "overloaded"],
    ends: { ...IN_DOUBT, limited: SHUT, overloaded: SHUT } },
  { name: "fal", kind: "fal", fake: fal, path: "", model: "fal-ai/flux/schnell", cost: 3000,
    limited: { detail: "Too many requests" }, broken: { detail: "Internal Server Error" },
    inside: { detail: "Internal Server Error" },
    fates: { lost: { poll: { status: 404, body: { detail: "Request not found" } } },
      failed: [{ kind: "run", outcome: "failed" }] }, ends: IN_DOUBT },
  { name: "replicate", kind: "replicate", fake: replicate, path: "/v1", model: "black-forest-labs/flux-schnell",
    cost: 3000,
    limited: { title: "Too many", detail: "Request was throttled.", status: 429 },
    broken: { title: "Internal Server Error", detail: "broken", status: 500 },
    inside: { title: "Internal Server Error", detail: "broken", status: 500 },
    fates: { lost: { poll: { status: 404, body: { title: "Not found", detail: "not found", status: 404 } } },
      failed: [{ kind: "run", outcome: "failed" }] }, ends: IN_DOUBT },
  { name: "bfl", kind: "bfl", fake: bfl, path: "/v1", model: "flux-2-pro", cost: 30000,
    limited: { detail: "Too many active tasks" }, broken: { detail: "Internal Server Error" },
    inside: { detail: "Internal Server Error" },
    fates: { lost: [{ kind: "run", outcome: "lost" }], failed: [{ kind: "run", outcome: "failed" }] },
    ends: { ...IN_DOUBT, lost: { charges: 0, why: "what BFL lost it does not charge" } } },
  { name: "dashscope", kind: "dashscope", fake: dashscope, path: "/api/v1", model: "qwen-image-2.0", cost: 200000,
    limited: dashscopeWords("Throttling.RateQuota", "Requests rate limit exceeded"),
    broken: dashscopeWords("InternalError", "An internal error has occured"),
    unavailable: dashscopeWords("ModelServingError", "Too many requests. Your requests are being throttled."),
    inside: dashscopeWords("InternalError", "An internal error has occured"), leaves: AT_ONCE },
  { name: "dashscope by task", kind: "dashscope", fake: dashscope, path: "/api/v1", model: "wan2.7-image", cost: 200000,
    limited: dashscopeWords("Throttling.RateQuota", "Requests rate limit exceeded"),
    broken: dashscopeWords("InternalError", "An internal error has occured"),
    unavailable: dashscopeWords("ModelServingError", "Too many requests. Your requests are being throttled."),
    inside: dashscopeWords("InternalError", "An internal error has occured"),
    fates: { lost: [{ kind: "task_unknown" }],
      failed: [{ kind: "task_failed", code: "InternalError.Algo", message: "inference failed" }] }, ends: PAID_TWICE },
  { name: "minimax", kind: "minimax", fake: minimax, path: "/v1", model: "image-01", cost: 25000,
    limited: { base_resp: { status_code: 1002, status_msg: "rate limit" } },
    broken: { base_resp: { status_code: 1000, status_msg: "unknown error" } },
    inside: { base_resp: { status_code: 1000, status_msg: "unknown error" } }, leaves: { ...AT_ONCE, ...INLINE } },
  { name: "zhipu", kind: "zhipu", fake: zhipu, path: "/api/paas/v4", model: "cogview-4", cost: 60000,
    limited: zhipuWords("1302", "您的账户已达到速率限制"), broken: zhipuWords("500", "内部错误"),
    inside: zhipuWords("500", "内部错误"), leaves: AT_ONCE },
  { name: "zhipu by task", kind: "zhipu", fake: zhipu, path: "/api/paas/v4", model: "cogview-4", cost: 60000,
    options: { async: true },
    limited: zhipuWords("1302", "您的账户已达到速率限制"), broken: zhipuWords("500", "内部错误"),
    inside: zhipuWords("500", "内部错误"),
    fates: { lost: [{ kind: "task_unknown" }], failed: [{ kind: "task_failed" }] }, ends: PAID_TWICE },
  { name: "siliconflow", kind: "siliconflow", fake: siliconflow, path: "/v1", model: "Qwen/Qwen-Image", cost: 40000,
    limited: { message: "Request was rejected due to rate limiting. TPM limit reached", data: "" },
    broken: { code: 50000, message: "broken", data: null },
    unavailable: { code: 50505, message: "Model service overloaded. Please try again later.", data: null },
    inside: { code: 50000, message: "broken", data: null }, leaves: AT_ONCE, ends: IN_DOUBT },
  { name: "xai", kind: "xai", fake: xai, path: "/v1", model: "grok-imagine-image", cost: 20000,
    limited: { code: "Some resource has been exhausted", error: "Too many requests" },
    broken: { code: "Internal error", error: "Internal error" },
    inside: { error: { message: "upstream said no", type: "upstream_error", code: "bad_response" } },
    leaves: { ...AT_ONCE, ...INLINE } },
];
