// A fake ComfyUI server (facts/providers.md 5): it checks graphs as ComfyUI does, works through a queue one prompt at
// a time, keeps a history, tells it all over /ws, and keeps a ledger of every prompt it took.  Beside node:-modules
// only `ws`.  Every route is there with /api before it, too.
//
//   node comfyui.mjs --port 0 --key ""          prints "listening PORT"
//
// Steering (no key needed)
//   POST /__control  {"latency_ms": 50,           a prompt takes so long (0: at once)
//                     "rename_uploads": true,     every upload gets another name than it asked for
//                     "new_combos": true,         lists in /object_info as ["COMBO",{"options":[…]}]
//                     "checkpoints": [names],
//                     "old": true,              ids of prompts are the server's own
//                     "faults": [{"kind": …}, …], one for each POST /prompt to come, in order
//                     "reset": true}              forget everything first
//   GET  /__ledger   {"entries": [each prompt taken], "requests": [all that came], "uploads": [names],
//                     "listeners": [client ids at /ws]}
//
// Kinds of fault; those marked * have taken the prompt, and work it:
//   none                  nothing: lets one prompt pass
//   status                {status, message?}: refused
//   html200, no_prompt_id
//   hang *, reset_before_reply *, cut_mid_body *, bad_gateway *
//   execution_error *     {node, message?}: that node raises
//   interrupted *         somebody presses the button when it begins
//   temp_only *           the pictures are previews
//   half *                the first picture alone is saved
//   restart *             the server is restarted: queue and history are gone
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

import { WebSocketServer } from "ws";

import { parseMultipart } from "./openai.mjs";
import { drawPng } from "./png.mjs";

const BODY_MAX = 100 * 1024 * 1024;
const PIXEL_CAP = 256; // of a side: tests want real sizes' ratios, not their megabytes
const INT = (min, max) => ["INT", { min, max }];
const FLOAT = (min, max) => ["FLOAT", { min, max }];
const SIDE = INT(16, 16384);
const SEED = ["INT", { min: 0, max: 18446744073709551615n }];
const SAMPLERS = ["euler", "euler_ancestral", "dpmpp_2m", "ddim"];
const SCHEDULERS = ["normal", "karras", "simple"];

// class: [inputs, outputs, is it an output node]; a list is a choice, "files" are those uploaded.
const nodesOf = (state) => ({
  CheckpointLoaderSimple: [{ ckpt_name: [state.checkpoints] }, ["MODEL", "CLIP", "VAE"]],
  CLIPTextEncode: [{ text: ["STRING", { multiline: true }], clip: ["CLIP"] }, ["CONDITIONING"]],
  FluxGuidance: [{ conditioning: ["CONDITIONING"], guidance: FLOAT(0, 100) }, ["CONDITIONING"]],
  EmptyLatentImage: [{ width: SIDE, height: SIDE, batch_size: INT(1, 4096) }, ["LATENT"]],
  EmptySD3LatentImage: [{ width: SIDE, height: SIDE, batch_size: INT(1, 4096) }, ["LATENT"]],
  KSampler: [{ model: ["MODEL"], seed: SEED, steps: INT(1, 10000), cfg: FLOAT(0, 100),
    sampler_name: [SAMPLERS], scheduler: [SCHEDULERS], positive: ["CONDITIONING"], negative: ["CONDITIONING"],
    latent_image: ["LATENT"], denoise: FLOAT(0, 1) }, ["LATENT"]],
  KSamplerAdvanced: [{ model: ["MODEL"], add_noise: [["enable", "disable"]], noise_seed: SEED, steps: INT(1, 10000),
    cfg: FLOAT(0, 100), sampler_name: [SAMPLERS], scheduler: [SCHEDULERS], positive: ["CONDITIONING"],
    negative: ["CONDITIONING"], latent_image: ["LATENT"], start_at_step: INT(0, 10000), end_at_step: INT(0, 10000),
    return_with_leftover_noise: [["disable", "enable"]] }, ["LATENT"]],
  // The sampler in parts, as exports of Flux have it.
  UNETLoader: [{ unet_name: [state.unets], weight_dtype: [["default", "fp8_e4m3fn"]] }, ["MODEL"]],
  DualCLIPLoader: [{ clip_name1: ["STRING", {}], clip_name2: ["STRING", {}], type: [["sdxl", "flux"]] }, ["CLIP"]],
  VAELoader: [{ vae_name: ["STRING", {}] }, ["VAE"]],
  RandomNoise: [{ noise_seed: SEED }, ["NOISE"]],
  BasicGuider: [{ model: ["MODEL"], conditioning: ["CONDITIONING"] }, ["GUIDER"]],
  KSamplerSelect: [{ sampler_name: [SAMPLERS] }, ["SAMPLER"]],
  BasicScheduler: [{ model: ["MODEL"], scheduler: [SCHEDULERS], steps: INT(1, 10000), denoise: FLOAT(0, 1) }, ["SIGMAS"]],
  SamplerCustomAdvanced: [{ noise: ["NOISE"], guider: ["GUIDER"], sampler: ["SAMPLER"], sigmas: ["SIGMAS"],
    latent_image: ["LATENT"] }, ["LATENT", "LATENT"]],
  PrimitiveInt: [{ value: INT(0, 2 ** 53 - 1) }, ["INT"]],
  VAEDecode: [{ samples: ["LATENT"], vae: ["VAE"] }, ["IMAGE"]],
  VAEEncode: [{ pixels: ["IMAGE"], vae: ["VAE"] }, ["LATENT"]],
  VAEEncodeForInpaint: [{ pixels: ["IMAGE"], vae: ["VAE"], mask: ["MASK"], grow_mask_by: INT(0, 64) }, ["LATENT"]],
  LoadImage: [{ image: [[...state.files.keys()], { image_upload: true }] }, ["IMAGE", "MASK"]],
  LoadImageMask: [{ image: [[...state.files.keys()], { image_upload: true }],
    channel: [["alpha", "red", "green", "blue"]] }, ["MASK"]],
  ImageScale: [{ image: ["IMAGE"], upscale_method: [["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]],
    width: INT(0, 16384), height: INT(0, 16384), crop: [["disabled", "center"]] }, ["IMAGE"]],
  RepeatLatentBatch: [{ samples: ["LATENT"], amount: INT(1, 64) }, ["LATENT"]],
  SaveImage: [{ images: ["IMAGE"], filename_prefix: ["STRING", {}] }, [], true],
  PreviewImage: [{ images: ["IMAGE"] }, [], true],
});

const isLink = (value) => Array.isArray(value) && value.length === 2;
const problem = (type, message, details, extra_info = {}) => ({ type, message, details, extra_info });

function checkInput(graph, nodes, name, [type, limits], value) {
  if (value === undefined) return problem("required_input_missing", "Required input is missing", name);
  if (isLink(value)) {
    const [source, index] = value;
    const given = nodes[graph[source]?.class_type]?.[1][index];
    if (given === undefined) return problem("bad_linked_input", "Bad linked input, must be a length-2 list", name);
    return given === type ? null : problem("return_type_mismatch", "Return type mismatch between linked nodes",
      `${name}, received_type(${given}) mismatch input_type(${type})`);
  }
  if (Array.isArray(type))
    return type.includes(value) ? null
      : problem("value_not_in_list", "Value not in list", `${name}: '${value}' not in [${type.join(", ")}]`);
  if (type === "STRING")
    return typeof value === "string" ? null : problem("invalid_input_type", "Failed to convert", name);
  // Stricter than ComfyUI, which converts "7": our numbers are to be numbers.
  if (typeof value !== "number" || (type === "INT" && !Number.isInteger(value)))
    return problem("invalid_input_type", `Failed to convert an input value to a ${type} value`, `${name}, ${value}`);
  if (value < limits.min) return problem("value_smaller_than_min", `Value ${value} smaller than min of ${limits.min}`, name);
  if (value > limits.max) return problem("value_bigger_than_max", `Value ${value} bigger than max of ${limits.max}`, name);
  return null;
}

function checkGraph(graph, nodes) {
  const refuse = (error, node_errors = {}) => ({ error, node_errors });
  if (graph === null || typeof graph !== "object") return refuse(problem("no_prompt", "No prompt provided", ""));
  const node_errors = {};
  for (const [id, node] of Object.entries(graph)) {
    if (!nodes[node?.class_type])
      return refuse(problem("invalid_prompt", `Cannot execute because node ${node?.class_type} does not exist.`,
        `Node ID '#${id}'`));
    const errors = Object.entries(nodes[node.class_type][0])
      .map(([name, spec]) => checkInput(graph, nodes, name, spec, node.inputs?.[name])).filter(Boolean);
    if (errors.length > 0) node_errors[id] = { errors, dependent_outputs: ["out"], class_type: node.class_type };
  }
  if (!Object.values(graph).some((node) => nodes[node.class_type][2]))
    return refuse(problem("prompt_no_outputs", "Prompt has no outputs", ""));
  return Object.keys(node_errors).length === 0 ? null
    : refuse(problem("prompt_outputs_failed_validation", "Prompt outputs failed validation", ""), node_errors);
}

// What comes out of a node: a digest of all that led to it, and the size of the pictures.
function evaluate(graph, files, id, done = new Map()) {
  if (done.has(id)) return done.get(id);
  const { class_type, inputs } = graph[id];
  const hash = createHash("sha256").update(class_type);
  let out = { width: 0, height: 0, batch: 1 };
  for (const [name, value] of Object.entries(inputs)) {
    const source = isLink(value) ? evaluate(graph, files, value[0], done) : null;
    hash.update(`${name}=${source ? `${source.hash}:${value[1]}` : JSON.stringify(value)};`);
    if (source && source.width > 0 && out.width === 0) out = { ...source };
  }
  if (class_type.startsWith("Empty")) {
    const [width, height] = [inputs.width, inputs.height].map((side) =>
      (isLink(side) ? graph[side[0]].inputs.value : side));
    out = { width, height, batch: inputs.batch_size };
  }
  if (class_type.startsWith("LoadImage")) {
    const bytes = files.get(inputs.image);
    hash.update(bytes);
    out = { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20), batch: 1 };
  }
  if (class_type === "ImageScale" && inputs.width > 0) Object.assign(out, { width: inputs.width, height: inputs.height });
  if (class_type === "RepeatLatentBatch") out.batch *= inputs.amount;
  done.set(id, { ...out, hash: hash.digest("hex") });
  return done.get(id);
}

function draw({ width, height, batch, hash }) {
  const scale = Math.min(1, PIXEL_CAP / Math.max(width, height));
  return Array.from({ length: batch }, (_, index) => drawPng(Math.max(1, Math.round(width * scale)),
    Math.max(1, Math.round(height * scale)), `${hash} ${index}`));
}

export function createFake({ key = "" } = {}) {
  const state = { sockets: new Set() };
  const reset = () => {
    clearTimeout(state.timer);
    Object.assign(state, { latency: 0, faults: [], entries: [], requests: [], files: new Map(), pending: [],
      running: null, history: new Map(), outputs: new Map(), cache: new Map(), number: 0, saved: 0,
      renames: false, newCombos: false, old: false, checkpoints: ["sd_xl_base_1.0.safetensors", "flux1-dev-fp8.safetensors"],
      unets: ["flux1-dev.safetensors", "flux1-schnell.safetensors"] });
  };
  reset();

  const send = (client, type, data) => {
    for (const socket of state.sockets)
      if (client === null || socket.clientId === client) socket.send(JSON.stringify({ type, data }));
  };
  const remaining = () => state.pending.length + (state.running ? 1 : 0);
  const sendStatus = () => send(null, "status", { status: { exec_info: { queue_remaining: remaining() } } });

  function end(item, status_str, messages, outputs) {
    clearTimeout(state.timer);
    state.running = null;
    state.history.set(item.id, {
      prompt: [item.number, item.id, item.graph, item.extra, item.targets], outputs,
      status: { status_str, completed: status_str === "success",
        messages: [["execution_start", { prompt_id: item.id, timestamp: Date.now() }], ...messages] }, meta: {} });
    item.entry.status = messages.at(-1)[0];
    for (const [type, data] of messages) send(item.client, type, data);
    send(item.client, "executing", { node: null, prompt_id: item.id });
    sendStatus();
    setImmediate(next);
  }

  function interrupt() {
    const item = state.running;
    if (!item) return;
    end(item, "error", [["execution_interrupted", { prompt_id: item.id, node_id: item.targets[0],
      node_type: item.graph[item.targets[0]].class_type, executed: [] }]], {});
  }

  function save(item, node, pictures) {
    const isTemp = item.fault.kind === "temp_only" || item.graph[node].class_type === "PreviewImage";
    const type = isTemp ? "temp" : "output";
    return { images: pictures.map((bytes) => {
      const filename = `${item.graph[node].inputs.filename_prefix ?? "ComfyUI_temp"}_${String(++state.saved).padStart(5, "0")}_.png`;
      state.outputs.set(`${type}//${filename}`, bytes);
      return { filename, subfolder: "", type };
    }) };
  }

  function finish(item) {
    const outputs = {};
    const messages = [];
    for (const node of item.targets) {
      const value = evaluate(item.graph, state.files, node);
      const isCached = state.cache.has(value.hash);
      if (!isCached) {
        const pictures = draw(value).slice(0, item.fault.kind === "half" ? 1 : undefined);
        item.entry.pictures.push(...pictures.map((picture) => createHash("sha256").update(picture).digest("hex")));
        state.cache.set(value.hash, save(item, node, pictures));
      }
      outputs[node] = state.cache.get(value.hash);
      if (isCached) messages.push(["execution_cached", { nodes: Object.keys(item.graph), prompt_id: item.id }]);
      else send(item.client, "executed", { node, display_node: node, output: outputs[node], prompt_id: item.id });
    }
    end(item, "success", [...messages, ["execution_success", { prompt_id: item.id, timestamp: Date.now() }]], outputs);
  }

  function raise(item) {
    const node = item.fault.node ?? Object.keys(item.graph).find((id) => item.graph[id].class_type === "KSampler");
    end(item, "error", [["execution_error", { prompt_id: item.id, node_id: node,
      node_type: item.graph[node].class_type, executed: [], exception_type: "torch.OutOfMemoryError",
      exception_message: item.fault.message ?? "Allocation on device", traceback: ["  File \"execution.py\"\n"],
      current_inputs: {}, current_outputs: [] }]], {});
  }

  function next() {
    if (state.running || state.pending.length === 0) return;
    state.pending.sort((a, b) => a.number - b.number);
    const item = state.running = state.pending.shift();
    send(item.client, "execution_start", { prompt_id: item.id, timestamp: Date.now() });
    if (item.fault.kind === "interrupted") interrupt();
    else if (state.latency === 0) setImmediate(() => { if (state.running === item) finishOrRaise(item); });
    else step(item, 0);
  }

  const finishOrRaise = (item) => (item.fault.kind === "execution_error" ? raise(item) : finish(item));

  // One node after the other, each with its share of the time.
  function step(item, index) {
    const nodes = Object.keys(item.graph);
    if (index === nodes.length) { finishOrRaise(item); return; }
    const node = nodes[index];
    send(item.client, "executing", { node, display_node: node, prompt_id: item.id });
    const steps = item.graph[node].class_type === "KSampler" ? item.graph[node].inputs.steps : 1;
    work(item, index, 1, steps, state.latency / nodes.length / steps);
  }

  // One step of a node: told as numbers, and a sampler's as a picture too.
  function work(item, index, at, steps, each) {
    const node = Object.keys(item.graph)[index];
    send(item.client, "progress_state", { prompt_id: item.id, nodes: { [node]: { value: at, max: steps, state: "running",
      node_id: node, display_node_id: node, parent_node_id: null, real_node_id: node, prompt_id: item.id } } });
    send(item.client, "progress", { value: at, max: steps, prompt_id: item.id, node });
    if (steps > 1) sendPreview(item.client, drawPng(8, 8, `${item.id} ${at}`));
    state.timer = setTimeout(() => (at < steps ? work(item, index, at + 1, steps, each) : step(item, index + 1)), each);
  }

  // Type 1, format 2: PNG.
  function sendPreview(client, picture) {
    const head = Buffer.from([0, 0, 0, 1, 0, 0, 0, 2]);
    for (const socket of state.sockets)
      if (socket.clientId === client) socket.send(Buffer.concat([head, picture]));
  }

  const sendJson = (res, status, body) => {
    const text = body === undefined ? "" : JSON.stringify(body, (_, value) => typeof value === "bigint" ? Number(value) : value);
    res.writeHead(status, { "content-type": "application/json; charset=utf-8", "content-length": Buffer.byteLength(text) });
    res.end(text);
  };
  const sendHtml = (res, status, title) => {
    res.writeHead(status, { "content-type": "text/html" });
    res.end(`<!doctype html><html><title>${title}</title></html>`);
  };

  async function readBody(req) {
    const pieces = [];
    let size = 0;
    for await (const piece of req) {
      size += piece.length;
      if (size <= BODY_MAX) pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }
  const readJson = async (req) => JSON.parse((await readBody(req)).toString("utf8") || "{}");

  function take(order, fault) {
    const nodes = nodesOf(state);
    const item = { id: String((state.old ? null : order.prompt_id) ?? randomUUID()), client: order.client_id, graph: order.prompt,
      number: order.number ?? (order.front ? -++state.number : ++state.number), extra: { ...order.extra_data, ...(order.client_id ? { client_id: order.client_id } : {}) }, fault,
      targets: Object.keys(order.prompt).filter((id) => nodes[order.prompt[id].class_type][2]),
      entry: { prompt_id: order.prompt_id ?? null, client_id: order.client_id ?? null, graph: order.prompt,
        status: "queued", pictures: [] } };
    state.entries.push(item.entry);
    state.pending.push(item);
    sendStatus();
    setImmediate(next);
    return { prompt_id: item.id, number: item.number, node_errors: {} };
  }

  async function prompt(req, res) {
    const order = await readJson(req);
    const fault = state.faults.shift() ?? { kind: "none" };
    if (fault.kind === "status") return sendJson(res, fault.status, { error: fault.message ?? "as ordered" });
    if (fault.kind === "html200") return sendHtml(res, 200, "Welcome");
    if (fault.kind === "no_prompt_id") return sendJson(res, 200, { number: 1 });
    const refusal = checkGraph(order.prompt, nodesOf(state));
    if (refusal) return sendJson(res, 400, refusal);
    const accepted = take(order, fault);
    if (fault.kind === "restart")
      Object.assign(state, { pending: [], running: null, history: new Map() });
    if (fault.kind === "hang") return undefined;
    if (fault.kind === "bad_gateway") return sendHtml(res, 502, "502 Bad Gateway");
    if (fault.kind === "reset_before_reply") return res.socket.resetAndDestroy();
    if (fault.kind === "cut_mid_body") {
      res.writeHead(200, { "content-type": "application/json", "content-length": 500 });
      return res.write("{\"prompt_id\": \"", () => setImmediate(() => res.socket?.resetAndDestroy()));
    }
    return sendJson(res, 200, accepted);
  }

  const itemOf = (item) => [item.number, item.id, item.graph, item.extra, item.targets];

  async function changeQueue(req, res) {
    const { clear, delete: gone = [] } = await readJson(req);
    state.pending = state.pending.filter((item) => {
      const stays = !clear && !gone.includes(item.id);
      if (!stays) item.entry.status = "deleted";
      return stays;
    });
    sendStatus();
    sendJson(res, 200);
  }

  async function stop(req, res) {
    const { prompt_id } = await readJson(req);
    if (prompt_id === undefined || prompt_id === state.running?.id) interrupt();
    sendJson(res, 200);
  }

  async function upload(req, res) {
    const parts = parseMultipart(await readBody(req), req.headers["content-type"] ?? "");
    const file = parts.find((part) => part.name === "image" && part.filename);
    const text = (name) => parts.find((part) => part.name === name)?.data.toString("utf8") ?? "";
    if (!file) return sendJson(res, 400);
    const subfolder = text("subfolder");
    const at = (name) => (subfolder ? `${subfolder}/${name}` : name);
    let name = file.filename;
    if (state.renames) name = `renamed ${name}`;
    else if (!["true", "1"].includes(text("overwrite")))
      for (let i = 1; state.files.has(at(name)) && !state.files.get(at(name)).equals(file.data); i++)
        name = file.filename.replace(/(\.\w+)$/, ` (${i})$1`);
    state.files.set(at(name), file.data);
    return sendJson(res, 200, { name, subfolder, type: text("type") || "input" });
  }

  function view(url, res) {
    const [name, folder, type] = ["filename", "subfolder", "type"].map((part) => url.searchParams.get(part) ?? "");
    if (name.includes("..") || name.startsWith("/")) return sendJson(res, 400);
    const bytes = state.outputs.get(`${type || "output"}/${folder}/${name}`) ?? (type === "input" ? state.files.get(name) : null);
    if (!bytes) return sendJson(res, 404);
    res.writeHead(200, { "content-type": "image/png", "content-length": bytes.length });
    return res.end(bytes);
  }

  function info(name) {
    const nodes = nodesOf(state);
    const combo = (spec) => (state.newCombos && Array.isArray(spec[0]) ? ["COMBO", { options: spec[0], ...spec[1] }] : spec);
    const one = (node) => ({ input: { required: Object.fromEntries(Object.entries(nodes[node][0])
      .map(([input, spec]) => [input, combo(spec)])) }, input_order: { required: Object.keys(nodes[node][0]) },
    output: nodes[node][1], output_is_list: nodes[node][1].map(() => false), output_name: nodes[node][1], name: node,
    display_name: node, description: "", category: "", output_node: nodes[node][2] === true });
    return Object.fromEntries(Object.keys(nodes).filter((node) => name === undefined || node === name)
      .map((node) => [node, one(node)]));
  }

  const stats = () => ({ system: { os: "posix", comfyui_version: "0.3.64", python_version: "3.12", pytorch_version: "2.8",
    ram_total: 1, ram_free: 1, argv: ["main.py"] }, devices: [{ name: "cpu", type: "cpu", index: null, vram_total: 1,
    vram_free: 1, torch_vram_total: 1, torch_vram_free: 1 }] });

  async function control(req, res) {
    const wanted = await readJson(req);
    if (wanted.reset) reset();
    if (wanted.latency_ms !== undefined) state.latency = wanted.latency_ms;
    if (wanted.rename_uploads !== undefined) state.renames = wanted.rename_uploads;
    if (wanted.old !== undefined) state.old = wanted.old;
    if (wanted.new_combos !== undefined) state.newCombos = wanted.new_combos;
    if (wanted.checkpoints !== undefined) state.checkpoints = wanted.checkpoints;
    if (wanted.faults !== undefined) state.faults = [...wanted.faults];
    sendJson(res, 200, {});
  }

  const isAllowed = (req) => key === "" || req.headers.authorization === `Bearer ${key}` ||
    req.headers.authorization === `Basic ${Buffer.from(key).toString("base64")}` || req.headers["x-api-key"] === key;

  async function handle(req, res) {
    const url = new URL(req.url, "http://fake");
    const path = url.pathname.replace(/^\/api(?=\/)/, "");
    const route = `${req.method} ${path}`;
    if (route === "POST /__control") return control(req, res);
    if (route === "GET /__ledger")
      return sendJson(res, 200, { entries: state.entries, requests: state.requests, uploads: [...state.files.keys()],
        listeners: [...state.sockets].map((socket) => socket.clientId) });
    state.requests.push(route);
    if (req.headers.origin && new URL(req.headers.origin).host !== req.headers.host) return sendJson(res, 403);
    if (!isAllowed(req)) return sendHtml(res, 401, "401 Authorization Required");
    const [, room, name] = path.split("/").map(decodeURIComponent);
    switch (route) {
      case "POST /prompt": return prompt(req, res);
      case "GET /prompt": return sendJson(res, 200, { exec_info: { queue_remaining: remaining() } });
      case "GET /queue":
        return sendJson(res, 200, { queue_running: state.running ? [itemOf(state.running)] : [],
          queue_pending: state.pending.map(itemOf) });
      case "POST /queue": return changeQueue(req, res);
      case "POST /interrupt": return stop(req, res);
      case "POST /upload/image": return upload(req, res);
      case "GET /system_stats": return sendJson(res, 200, stats());
      case "GET /view": return view(url, res);
      case "GET /models/checkpoints": return sendJson(res, 200, state.checkpoints);
      default:
    }
    if (req.method === "GET" && room === "object_info") return sendJson(res, 200, info(name));
    if (req.method === "GET" && room === "history") {
      const most = Number(url.searchParams.get("max_items") ?? Infinity);
      const entries = name === undefined ? [...state.history].slice(-most) : [...state.history].filter(([id]) => id === name);
      return sendJson(res, 200, Object.fromEntries(entries));
    }
    return sendJson(res, 404);
  }

  const server = createServer((req, res) => {
    handle(req, res).catch((error) => (res.headersSent ? res.destroy() : sendJson(res, 500, { error: String(error) })));
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (req, socket, head) => {
    const url = new URL(req.url, "http://fake");
    if (!/^(\/api)?\/ws$/.test(url.pathname) || !isAllowed(req)) { socket.destroy(); return; }
    sockets.handleUpgrade(req, socket, head, (client) => {
      client.clientId = url.searchParams.get("clientId") || randomUUID().replaceAll("-", "");
      state.sockets.add(client);
      client.on("close", () => state.sockets.delete(client));
      client.send(JSON.stringify({ type: "status",
        data: { status: { exec_info: { queue_remaining: remaining() } }, sid: client.clientId } }));
    });
  });
  server.stop = () => {
    reset();
    for (const client of state.sockets) client.terminate();
  };
  return server;
}

// Starts a fake for tests in the same process: { url, close() }.
export async function startFake(options = {}) {
  const server = createFake(options);
  await new Promise((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => {
      server.stop();
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const option = (name, fallback) => {
    const at = process.argv.indexOf(`--${name}`);
    return at < 0 ? fallback : process.argv[at + 1];
  };
  const fake = await startFake({ port: Number(option("port", "0")), key: option("key", "") });
  console.log(`listening ${new URL(fake.url).port}`);
}
