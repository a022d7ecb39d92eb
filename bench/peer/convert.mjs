// The peer of bench/picture_convert.c: sharp, asked for the same.
import { readFileSync } from "node:fs";
import sharp from "sharp";

const [file, atOnce, rounds] = process.argv.slice(2);
const bytes = readFileSync(file);
const convert = () => sharp(bytes).rotate().resize(512, 512, { fit: "inside" }).webp({ quality: 82, effort: 4 }).toBuffer();
await convert(); // libraries are loaded at the first picture
const begun = performance.now();
const before = process.cpuUsage();
await Promise.all(Array.from({ length: Number(atOnce) }, async () => {
  for (let round = 0; round < Number(rounds); round++) await convert();
}));
const { user, system } = process.cpuUsage(before);
const count = Number(atOnce) * Number(rounds);
console.log(`${((user + system) / 1000 / count).toFixed(1)} ${((performance.now() - begun) / count).toFixed(1)}`
  + ` ${(process.resourceUsage().maxRSS / 1024).toFixed(1)}`);
