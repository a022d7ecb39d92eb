// Every kind of provider, as the proof in kinds.test.mjs needs it.  A row:
//   name, kind, fake        what is proven, and who plays the other end
//   path                    behind the fake's address: the account's base URL
//   model, parameters       what is ordered; `operation` when it is no picture
//   options                 the account's
//   purposeOf               which request orders (is paid), asks, fetches; by default POST, GET, GET /__file/
//   cost                    what a good order costs by the kind's own words; null: nobody says
//   limited, broken, inside the service's words with 429, 500, and within a 200
//   fates                   {lost, failed}: how the fake makes a task unknown, or fail
//   ends                    where the kind's rules differ from the columns': {column: {state, class, …}}
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
import { startFake as replicate } from "../providers/replicate.mjs";
import { startFake as siliconflow } from "../providers/siliconflow.mjs";
import { startFake as stability } from "../providers/stability.mjs";
import { startFake as volcVisual } from "../providers/volc_visual.mjs";
import { startFake as xai } from "../providers/xai.mjs";
import { startFake as zhipu } from "../providers/zhipu.mjs";

const AT_ONCE = { lost: "it answers at once", failed: "it answers at once" };
const INLINE = { expired: "its pictures come in the reply" };
const WORDS = { expired: "it writes, there is no picture" };

// An error within a success is no proof that nothing was ordered: these kinds ask a person.
const IN_DOUBT = { inside: { state: "held", class: "unknown", classes: ["unknown"], orders: 1, charges: 0 } };
// The fake charges when it accepts, and no word of the service says that a failure is free: the cost is not known.
const PAID_TWICE = { failed: { charges: 2 } };

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
  inside: openaiWords("upstream said no", "upstream_error", "bad_response_status_code"),
};
const google = (code, status, message) => ({ error: { code, message, status, details: [] } });
const anthropicWords = (type, message) => ({ type: "error", error: { type, message } });
const arkWords = (code, message) => ({ error: { code, message, param: "", type: "Error" } });
const volcWords = (code, message) => ({ code, data: null, message, request_id: "r1", status: code,
  time_elapsed: "1ms" });
const dashscopeWords = (code, message) => ({ code, message, request_id: "r1" });
const zhipuWords = (code, message) => ({ error: { code, message } });

export const KINDS = [
  { ...OPENAI, name: "openai", model: "gpt-image-2",
    parameters: { width: 1024, height: 1024, quality: "low", partial_images: 0 }, leaves: { ...AT_ONCE, ...INLINE } },
  { ...OPENAI, name: "openai by address", model: "gpt-image-2", control: { url_reply: true },
    parameters: { width: 1024, height: 1024, quality: "low", partial_images: 0 }, leaves: AT_ONCE },
  { ...OPENAI, name: "openai words", model: "gpt-5.4-mini",
    operation: "prompt.expand", leaves: { ...AT_ONCE, ...WORDS } },
  { name: "gemini", kind: "gemini", fake: gemini, path: "/v1beta", model: "gemini-3.1-flash-image",
    limited: google(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted."),
    broken: google(500, "INTERNAL", "An internal error has occurred."),
    inside: google(500, "INTERNAL", "upstream said no"), leaves: { ...AT_ONCE, ...INLINE } },
  { name: "anthropic words", kind: "anthropic", fake: anthropic, path: "", model: "claude-haiku-5-5",
    operation: "prompt.expand", limited: anthropicWords("rate_limit_error", "slow down"),
    broken: anthropicWords("api_error", "Internal server error"),
    inside: anthropicWords("api_error", "upstream said no"), leaves: { ...AT_ONCE, ...WORDS } },
  { name: "ark", kind: "ark", fake: ark, path: "/api/v3", model: "doubao-seedream-4-5-251128", cost: 250000,
    limited: arkWords("RateLimitExceeded.EndpointRPMExceeded", "too many requests"),
    broken: arkWords("InternalServiceError", "The service encountered an unexpected internal error."),
    inside: arkWords("InternalServiceError", "upstream"), leaves: { ...AT_ONCE, ...INLINE } },
  { name: "volc_visual", kind: "volc_visual", fake: (options) => volcVisual({ secret: options.key }), path: "",
    model: "jimeng_t2i_v40", cost: null, options: { access_key_id: "AKLTTEST" },
    control: { polls: 0 }, purposeOf: (req) => (/GetResult/.test(req.url) ? "poll" : "order"),
    limited: volcWords(50430, "Request Has Reached API Concurrent Limit, Please Try Later"),
    broken: volcWords(50500, "Internal Error"), inside: volcWords(50500, "Internal Error"),
    fates: { lost: [{ kind: "task", state: "not_found" }], failed: [{ kind: "task", code: 50500 }] },
    leaves: INLINE, ends: PAID_TWICE },
  { name: "comfyui", kind: "comfyui", fake: comfyui, path: "", model: "txt2img", cost: 0,
    purposeOf: (req) => (/^POST (\/api)?\/prompt/.test(`${req.method} ${req.url}`) ? "order"
      : /\/view\?/.test(req.url) ? "fetch" : /\/history\//.test(req.url) ? "poll" : "other"),
    limited: { error: "too many" }, broken: { error: "broken" }, inside: { error: { type: "odd", message: "no" } },
    findsCalls: true,
    fates: { lost: [{ kind: "restart" }], failed: [{ kind: "execution_error" }] }, ends: { ...PAID_TWICE,
      inside: { ...IN_DOUBT.inside, isAskedOften: true, least_ms: 59000, why: "it is looked up for a minute" },
      lost: { classes: ["unknown", "unknown"], why: "it is looked up, and not there" },
      cut: { state: "done", class: undefined, classes: [""], why: "it is asked whether it has the work" } } },
  { name: "ideogram", kind: "ideogram", fake: ideogram, path: "", model: "ideogram-4-5", cost: 60000,
    limited: { error: "Rate limit exceeded" }, broken: { error: "Internal error" }, inside: { error: "Internal error" },
    fates: { lost: { poll: { status: 404, body: { error: "generation not found" } } },
      failed: [{ kind: "failed", reason: "GENERATION_FAILED" }] }, ends: IN_DOUBT },
  { name: "stability", kind: "stability", fake: stability, path: "", model: "core", cost: 30000,
    limited: { id: "r1", name: "rate_limit_exceeded", errors: ["too many"] },
    broken: { id: "r1", name: "internal_error", errors: ["broken"] },
    inside: { id: "r1", name: "internal_error", errors: ["broken"] },
    leaves: { ...AT_ONCE, ...INLINE, limited: "the service shuts the door for a minute, and the kind waits as long" },
    ends: IN_DOUBT },
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
    inside: dashscopeWords("InternalError", "An internal error has occured"), leaves: AT_ONCE },
  { name: "dashscope by task", kind: "dashscope", fake: dashscope, path: "/api/v1", model: "wan2.7-image", cost: 200000,
    limited: dashscopeWords("Throttling.RateQuota", "Requests rate limit exceeded"),
    broken: dashscopeWords("InternalError", "An internal error has occured"),
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
  { name: "siliconflow", kind: "siliconflow", fake: siliconflow, path: "/v1", model: "Kwai-Kolors/Kolors", cost: 0,
    limited: { message: "Request was rejected due to rate limiting." },
    broken: { code: 50000, message: "broken", data: null }, inside: { code: 50000, message: "broken", data: null },
    leaves: AT_ONCE, ends: IN_DOUBT },
  { name: "xai", kind: "xai", fake: xai, path: "/v1", model: "grok-imagine-image", cost: 20000,
    limited: { code: "Some resource has been exhausted", error: "Too many requests" },
    broken: { code: "Internal error", error: "Internal error" },
    inside: { error: { message: "upstream said no", type: "upstream_error", code: "bad_response" } },
    leaves: { ...AT_ONCE, ...INLINE } },
];
