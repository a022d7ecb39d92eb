// A fake of MiniMax's picture service, word by word after facts/providers.md 6.6; see plain.mjs for the steering.
// Strict: what the facts do not know is status_code 2013 in a 200, as the service itself has it.
//
// Faults beside the common ones: code {code, message}: an answer of that code; partly: one picture fewer (charged);
// zero_images *; truncated_base64 *; urls *: addresses although base64 was asked for; echo_key.
import { randomUUID } from "node:crypto";

import { FakeError, only, readDataUri, sha256, startPlainFake } from "./plain.mjs";

const answer = (status_code, status_msg) => ({ base_resp: { status_code, status_msg } });
const fail = (code, message) => new FakeError(200, { id: randomUUID(), ...answer(code, message) });
const refuse = (message) => { throw fail(2013, `invalid params, ${message}`); };

const RATIOS = ["1:1", "16:9", "4:3", "3:2", "2:3", "3:4", "9:16", "21:9"];
const FIELDS = ["model", "prompt", "aspect_ratio", "response_format", "n", "seed", "prompt_optimizer", "aigc_watermark",
  "subject_reference"];

function readSize(fields) {
  const { width, height, aspect_ratio } = fields;
  if (width === undefined && height === undefined) {
    if (aspect_ratio !== undefined && !RATIOS.includes(aspect_ratio)) refuse("aspect_ratio");
    return aspect_ratio ?? "1:1";
  }
  for (const side of [width, height])
    if (!Number.isInteger(side) || side < 512 || side > 2048 || side % 8 !== 0) refuse("width and height");
  return `${width}x${height}`;
}

function readSubject(references) {
  if (references === undefined) return null;
  if (!Array.isArray(references) || references.length !== 1) refuse("subject_reference takes one");
  only(references[0], ["type", "image_file"], refuse);
  if (references[0].type !== "character") refuse("subject_reference.type");
  const bytes = readDataUri(references[0].image_file, refuse);
  if (bytes.length > 10 << 20) refuse("image_file is too large");
  return sha256(bytes);
}

function generate({ req, fields, fault, draw, charge }) {
  if (fault.kind === "echo_key") throw fail(1004, `login fail: ${req.headers.authorization}`);
  if (fault.kind === "code") throw fail(fault.code, fault.message ?? "as ordered");
  if (!["image-01", "image-01-live"].includes(fields.model)) refuse("model");
  const isLive = fields.model === "image-01-live";
  only(fields, [...FIELDS, ...(isLive ? ["style"] : ["width", "height"])], refuse);
  if (typeof fields.prompt !== "string" || fields.prompt === "" || [...fields.prompt].length > 1500) refuse("prompt");
  if (!["url", "base64"].includes(fields.response_format ?? "url")) refuse("response_format");
  const n = fields.n ?? 1;
  if (!Number.isInteger(n) || n < 1 || n > 9) refuse("n");
  if (fields.seed !== undefined && !Number.isInteger(fields.seed)) refuse("seed");
  if (fields.style !== undefined) {
    only(fields.style, ["style_type", "style_weight"], refuse);
    if (!["漫画", "元气", "中世纪", "水彩"].includes(fields.style.style_type)) refuse("style_type");
    const weight = fields.style.style_weight;
    if (weight !== undefined && !(weight > 0 && weight <= 1)) refuse("style_weight");
  }
  for (const name of ["prompt_optimizer", "aigc_watermark"])
    if (name in fields && typeof fields[name] !== "boolean") refuse(name);
  const size = readSize(fields);
  const subject = readSubject(fields.subject_reference);
  if (fields.prompt.includes("[blocked]")) throw fail(1026, "input new_sensitive");
  const pictures = draw(`${fields.prompt} ${subject}`, fault.kind === "partly" ? n - 1 : n);
  charge({ model: fields.model, prompt: fields.prompt, n, size, subject, seed: fields.seed ?? null,
    optimizer: fields.prompt_optimizer, style: fields.style ?? null, watermark: fields.aigc_watermark,
    pictures: pictures.map((picture) => picture.sha256) });
  if (fields.prompt.includes("[blocked output]")) throw fail(1027, "output new_sensitive");
  const base64 = pictures.map(({ bytes }) => bytes.toString("base64"))
    .map((text) => fault.kind === "truncated_base64" ? text.slice(0, text.length >> 1) : text);
  const isUrl = fault.kind === "urls" || (fields.response_format ?? "url") === "url";
  const data = isUrl ? { image_urls: pictures.map(({ url }) => url) } : { image_base64: base64 };
  const made = fault.kind === "zero_images" ? 0 : pictures.length;
  return { id: randomUUID(), data: made === 0 ? {} : data,
    metadata: { success_count: String(made), failed_count: String(n - made) }, ...answer(0, "success") };
}

const service = {
  refuse: (message) => fail(2013, `invalid params, ${message}`),
  wrongKey: () => fail(1004, "login fail: Please carry the API secret key in the 'Authorization' field of the request header"),
  noRoute: (name) => new FakeError(404, `404 page not found: ${name}`),
  orders: ["POST /v1/image_generation"],
  routes: {
    "POST /v1/image_generation": generate,
    "GET /v1/models": () => ({ object: "list", data: [{ id: "image-01", object: "model" }] }),
  },
};

export const startFake = (options) => startPlainFake(service, options);
