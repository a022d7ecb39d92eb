// Files that are small and become large, or are two things at once; every byte of them made here.
import { createDeflate, deflateSync } from "node:zlib";

import { chunk, png } from "../providers/png.mjs";

const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

function ihdr(width, height, depth, colour, interlace = 0) {
  const bytes = Buffer.alloc(13);
  bytes.writeUInt32BE(width, 0);
  bytes.writeUInt32BE(height, 4);
  bytes.set([depth, colour, 0, 0, interlace], 8);
  return chunk("IHDR", bytes);
}

// zlib's words for so many zeros, without ever holding them.
export async function zeros(size) {
  const deflate = createDeflate({ level: 9 });
  const pieces = [];
  deflate.on("data", (piece) => pieces.push(piece));
  const ended = new Promise((resolve) => deflate.on("end", resolve));
  const piece = Buffer.alloc(1 << 20);
  for (let left = size; left > 0; left -= piece.length)
    if (!deflate.write(piece.subarray(0, Math.min(left, piece.length))))
      await new Promise((resolve) => deflate.once("drain", resolve));
  deflate.end();
  await ended;
  return Buffer.concat(pieces);
}

// All-black, each of its rows there.
export async function blackPng(width, height, { depth = 1, colour = 0, interlace = 0 } = {}) {
  const samples = { 0: 1, 2: 3, 6: 4 }[colour];
  const row = 1 + Math.ceil((width * samples * depth) / 8);
  return Buffer.concat([SIGNATURE, ihdr(width, height, depth, colour, interlace),
    chunk("IDAT", await zeros(row * height + (interlace ? row * height / 4 : 0))),
    chunk("IEND", Buffer.alloc(0))]);
}

const tiny = () => png(8, 8, 8, 6, Buffer.alloc(8 * (1 + 8 * 4)));

// The chunks before the pixels of a small PNG.
export function pngWith(...chunks) {
  const bytes = tiny();
  return Buffer.concat([bytes.subarray(0, 33), ...chunks, bytes.subarray(33)]);
}

export const zText = (name, packed) =>
  chunk(name, Buffer.concat([Buffer.from("Comment\0\0", "latin1"), packed]));
export const iText = (packed) =>
  chunk("iTXt", Buffer.concat([Buffer.from("XML:com.adobe.xmp\0\x01\0\0\0", "latin1"), packed]));

// An APNG that says `frames`, with the control chunks of `there`.
export function apng(frames, there) {
  const says = Buffer.alloc(8);
  says.writeUInt32BE(frames, 0);
  return pngWith(chunk("acTL", says), ...Array.from({ length: there }, (_, index) => {
    const control = Buffer.alloc(26);
    control.writeUInt32BE(index, 0);
    control.writeUInt32BE(8, 4);
    control.writeUInt32BE(8, 8);
    return chunk("fcTL", control);
  }));
}

export function gif(width, height, frames, frameWidth = 1, frameHeight = 1) {
  const head = Buffer.from("GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff", "latin1");
  head.writeUInt16LE(width, 6);
  head.writeUInt16LE(height, 8);
  const frame = Buffer.from(",\0\0\0\0\0\0\0\0\0\x02\x02D\x01\0", "latin1");
  frame.writeUInt16LE(frameWidth, 5);
  frame.writeUInt16LE(frameHeight, 7);
  return Buffer.concat([head, ...Array.from({ length: frames }, () => frame), Buffer.from(";")]);
}

// Behind each of its scans stand `scans` further ones, which say nothing.
export function jpegWithScans(jpeg, scans) {
  const end = jpeg.length - 2;
  const scan = Buffer.from("\xff\xda\0\x08\x01\x01\0\0\x3f\0\0", "latin1");
  return Buffer.concat([jpeg.subarray(0, end), ...Array.from({ length: scans }, () => scan),
    jpeg.subarray(end)]);
}

// The JPEG with another size in its head.
export function jpegOfSize(jpeg, width, height) {
  const bytes = Buffer.from(jpeg);
  for (let at = 2; at < bytes.length;) {
    const marker = bytes[at + 1];
    if (marker >= 0xc0 && marker <= 0xc2) {
      bytes.writeUInt16BE(height, at + 5);
      bytes.writeUInt16BE(width, at + 7);
      return bytes;
    }
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  throw new Error("no frame head");
}

export const webpOfSize = (width, height) => {
  const body = Buffer.alloc(10);
  body.writeUIntLE(width - 1, 4, 3);
  body.writeUIntLE(height - 1, 7, 3);
  const chunkHead = Buffer.from("VP8X\x0a\0\0\0", "latin1");
  const whole = Buffer.concat([Buffer.from("RIFF\0\0\0\0WEBP", "latin1"), chunkHead, body]);
  whole.writeUInt32LE(whole.length - 8, 4);
  return whole;
};

// An icon whose pictures are icons.
export function ico(depth) {
  const head = Buffer.from("\0\0\x01\0\x01\0\x10\x10\0\0\x01\0\x20\0", "latin1");
  const inner = depth === 0 ? tiny() : ico(depth - 1);
  const place = Buffer.alloc(8);
  place.writeUInt32LE(inner.length, 0);
  place.writeUInt32LE(22, 4);
  return Buffer.concat([head, place, inner]);
}

export const laughs = () => Buffer.from(`<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "ha">${
  Array.from({ length: 20 }, (_, index) => `<!ENTITY a${index} "${
    `&a${index === 0 ? "" : index - 1};`.repeat(10)}">`).join("")}]><svg xmlns="http://www.w3.org/2000/svg">
  <text>&a19;</text><image href="file:///etc/passwd"/><script>alert(1)</script></svg>`);

// A profile of zeros: a megabyte in the file at most, and as much as one likes outside.
export const iccp = async (size) =>
  chunk("iCCP", Buffer.concat([Buffer.from("icc\0\0", "latin1"), await zeros(size)]));

export const packed = (size) => deflateSync(Buffer.alloc(size), { level: 9 });
