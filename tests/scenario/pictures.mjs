// Pictures for scenarios, made here so that every byte of them is known.
import { png } from "../providers/png.mjs";

// RGBA; `at(x, y)` gives [red, green, blue, alpha].
export function drawPng(width, height, at) {
  const pixels = Buffer.alloc(height * (1 + width * 4));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      pixels.set(at(x, y), y * (1 + width * 4) + 1 + x * 4);
  return png(width, height, 8, 6, pixels);
}

export const plain = (width, height, seed = 0) =>
  drawPng(width, height, (x, y) => [(x * 3 + seed * 40) & 255, (y * 5) & 255, (seed * 91) & 255, 255]);

// Says that it is 30,000 pixels wide and high; unpacked it would be 3.6 GB.
export const bomb = () => png(30000, 30000, 1, 0, Buffer.alloc(1000));

// The JPEG with what a camera writes into it: its maker, a place, and that it was held upright.
export function withExif(jpeg, maker, orientation) {
  const text = Buffer.from(`${maker}\0`, "latin1");
  const tiff = Buffer.alloc(8 + 2 + 2 * 12 + 4);
  tiff.write("II*\0", 0, "latin1");
  tiff.writeUInt32LE(8, 4);
  tiff.writeUInt16LE(2, 8);
  tiff.writeUInt16LE(0x010f, 10); // Make
  tiff.writeUInt16LE(2, 12);
  tiff.writeUInt32LE(text.length, 14);
  tiff.writeUInt32LE(tiff.length, 18);
  tiff.writeUInt16LE(0x0112, 22); // Orientation
  tiff.writeUInt16LE(3, 24);
  tiff.writeUInt32LE(1, 26);
  tiff.writeUInt16LE(orientation, 30);
  const body = Buffer.concat([Buffer.from("Exif\0\0", "latin1"), tiff, text]);
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)]);
}
