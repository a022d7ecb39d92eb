// PNG for tests, every byte of it known: the container, and for the fakes a picture of stripes in two tones.
import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";

const crcTable = new Uint32Array(256).map((_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

export function chunk(type, data) {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, "latin1");
  data.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

// `colour` is PNG's colour type; `pixels` are the rows, each behind its filter byte.
export function png(width, height, depth, colour, pixels, { palette, level } = {}) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    ...(palette ? [chunk("PLTE", palette)] : []),
    chunk("IDAT", deflateSync(pixels, { level })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

// The colour comes from `seed`, so that different orders are different pictures.
export function drawPng(width, height, seed) {
  const hash = createHash("sha256").update(seed).digest();
  const row = Buffer.alloc(width + 1);
  const band = 8 + (hash[6] % 56);
  for (let x = 0; x < width; x++) row[x + 1] = Math.floor(x / band) % 2;
  const other = Buffer.from(row.map((value, x) => (x === 0 ? 0 : 1 - value)));
  const rows = [];
  for (let y = 0; y < height; y++) rows.push(Math.floor(y / band) % 2 ? other : row);
  return png(width, height, 8, 3, Buffer.concat(rows),
    { palette: Buffer.from(hash.subarray(0, 6)), level: 1 });
}

// Width and height of a PNG; null when it is none.
export function pngSize(bytes) {
  if (bytes.length < 33 || bytes.readUInt32BE(0) !== 0x89504e47) return null;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}
