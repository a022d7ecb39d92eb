// A fake of SiliconFlow's picture service, word by word after facts/providers.md 1B.2; see plain.mjs for the steering.
// Strict: what the facts do not know is a 400 with code 20012.
//
// Faults beside the common ones: error {status, body}; partly: one picture fewer (charged); zero_images *.
import { randomUUID } from "node:crypto";

import { FakeError, only, readDataUri, sha256, startPlainFake } from "./plain.mjs";

const fail = (status, code, message) => new FakeError(status, { code, message, data: null });
const refuse = (message) => { throw fail(400, 20012, message); };

const MODELS = {
  "Kwai-Kolors/Kolors": { sizes: ["1024x1024", "960x1280", "768x1024", "720x1440", "720x1280"], refs: [0, 0] },
  "Qwen/Qwen-Image": { refs: [0, 0], cfg: true,
    sizes: ["1328x1328", "1664x928", "928x1664", "1472x1140", "1140x1472", "1584x1056", "1056x1584"] },
  "Qwen/Qwen-Image-Edit": { sizes: [], refs: [1, 1], cfg: true },
  "Qwen/Qwen-Image-Edit-2509": { sizes: [], refs: [1, 3], cfg: true },
};
const inRange = (value, least, most, isWhole = true) => value === undefined ||
  (typeof value === "number" && (!isWhole || Number.isInteger(value)) && value >= least && value <= most);

function generate({ req, fields, fault, draw, charge }) {
  if (fault.kind === "error") throw new FakeError(fault.status, fault.body);
  const model = MODELS[fields.model] ?? refuse("Model does not exist. Please check it carefully.");
  only(fields, ["model", "prompt", "negative_prompt", "image_size", "batch_size", "seed", "num_inference_steps",
    model.cfg ? "cfg" : "guidance_scale", "image", "image2", "image3"], refuse);
  if (typeof fields.prompt !== "string" || fields.prompt === "") refuse("prompt");
  if (fields.image_size !== undefined && !model.sizes.includes(fields.image_size)) refuse("image_size");
  if (!inRange(fields.batch_size, 1, 4) || !inRange(fields.seed, 0, 9999999999) ||
    !inRange(fields.num_inference_steps, 1, 100) || !inRange(fields.guidance_scale, 0, 20, false))
    refuse("a number is out of range");
  const images = [fields.image, fields.image2, fields.image3].filter((image) => image !== undefined);
  if (images.length < model.refs[0] || images.length > model.refs[1]) refuse("image");
  const files = images.map((image) => sha256(readDataUri(image, refuse)));
  if (fields.prompt.includes("[blocked]")) throw fail(451, 50451, "the content was refused");
  const count = fields.batch_size ?? 1;
  const pictures = draw(`${fields.prompt} ${files}`, fault.kind === "partly" ? count - 1 : count);
  charge({ ...fields, files, watermark: req.headers["x-enable-watermark"] ?? null,
    pictures: pictures.map((picture) => picture.sha256) });
  const urls = fault.kind === "zero_images" ? [] : pictures.map(({ url }) => ({ url }));
  return { images: urls, data: urls, timings: { inference: 1.2 }, seed: fields.seed ?? 123 };
}

const service = {
  refuse: (message) => fail(400, 20012, message),
  wrongKey: () => new FakeError(401, "Invalid token"),
  noRoute: () => new FakeError(404, "404 page not found"),
  orders: ["POST /v1/images/generations"],
  routes: {
    "POST /v1/images/generations": generate,
    "GET /v1/models": () => ({ object: "list", data: Object.keys(MODELS).map((id) => ({ id, object: "model",
      created: 0, owned_by: "" })), trace: randomUUID() }),
  },
};

export const startFake = (options) => startPlainFake(service, options);
