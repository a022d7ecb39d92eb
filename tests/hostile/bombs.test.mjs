// Pictures that are small and become large, and files that are none: refused from their heads, with the
// field and the limit, before anything is unpacked; what is within the limits costs no more than
// docs/limits.md says; whatever it is, the others are answered.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { multipart, openHouse } from "../scenario/house.mjs";
import { plain } from "../scenario/pictures.mjs";
import * as bombs from "./bombs.mjs";
import { openLoad } from "./load.mjs";
import { median, percentile, portOf, rssMib, watchRss } from "./wire.mjs";

const LIBRARY_MIB = 48; // libvips, loaded by the first picture
const INTERLACED_MIB = 700; // 100 million pixels that have to be whole in memory (docs/limits.md, Memory)
const DEEP_MIB = 1130; // and with 16 bits a colour
const FILE_MIB = 16; // three times a file of the sizes here, and its multipart
const kept = (name) => readFile(new URL(`../../fuzz/corpus/image_probe/${name}`, import.meta.url));

async function upload(house, name, bytes) {
  const { headers, body } = await multipart([{ name, bytes }]);
  const reply = await house.call("POST", "/assets", { headers, body });
  assert.equal(reply.status, 200, `${name}: ${reply.bytes}`);
  return reply.json.items[0];
}

test("a bomb is refused from its head, and the limit is named", async (t) => {
  const house = await openHouse(t);
  const [small, progressive] = await Promise.all([kept("small.jpg"), kept("progressive.jpg")]);
  const idle = await rssMib(house);
  const watch = watchRss(t, house);
  const rows = [ // file, code, field, limit
    ["wide.png", await bombs.blackPng(30000, 30000), "picture_too_large", "width", 16384],
    ["high.png", await bombs.blackPng(8, 30000), "picture_too_large", "height", 16384],
    ["many.png", await bombs.blackPng(16000, 16000), "picture_too_large", "pixels", 100000000],
    ["screen.gif", bombs.gif(30000, 30000, 1), "picture_too_large", "width", 16384],
    ["frames.gif", bombs.gif(8, 8, 65000), "picture_too_large", "frames", 200],
    ["outside.gif", bombs.gif(8, 8, 1, 65535, 65535), "picture_too_large", "width", 16384],
    ["says.png", bombs.apng(65000, 1), "picture_too_large", "frames", 200],
    ["has.png", bombs.apng(1, 65000), "picture_too_large", "frames", 200],
    ["scans.jpg", bombs.jpegWithScans(progressive, 1000), "picture_too_large", "scans", 64],
    ["wide.jpg", bombs.jpegOfSize(small, 65500, 65500), "picture_too_large", "width", 16384],
    ["many.jpg", bombs.jpegOfSize(progressive, 16000, 16000), "picture_too_large", "pixels", 100000000],
    ["many.webp", bombs.webpOfSize(16384, 16384), "picture_too_large", "pixels", 100000000],
    ["text.png", bombs.pngWith(bombs.zText("zTXt", Buffer.alloc(9 << 20))), "picture_too_large",
      "metadata", 8 << 20],
    ["texts.png", bombs.pngWith(...Array.from({ length: 1100 }, () =>
      bombs.zText("zTXt", bombs.packed(100)))), "picture_too_large", "metadata", 1000],
    ["laughs.svg", bombs.laughs(), "picture_type"],
    ["laughs.png", bombs.laughs(), "picture_type"], // another ending makes no difference
    ["nested.ico", bombs.ico(20), "picture_type"],
    ["page.png", Buffer.from("<!doctype html><script>alert(1)</script>"), "picture_type"],
    ["paper.jpg", Buffer.from("%PDF-1.7\n"), "picture_type"],
    ["two.png", Buffer.concat([plain(8, 8), Buffer.from("PK\x03\x04and an archive", "latin1")]), "picture_broken"],
    ["two.gif", Buffer.concat([bombs.gif(8, 8, 1), Buffer.from("<script>alert(1)</script>")]), "picture_broken"],
    ["script.gif", Buffer.from("GIF89a/*\0\0\0\0*/=1;alert(1)", "latin1"), /^picture_(broken|too_large)$/],
    ["nothing.png", Buffer.alloc(0), /^(picture_type|picture_broken|required|too_short)$/],
    ["zeros.png", Buffer.alloc(1 << 20), "picture_type"],
  ];
  for (const [name, bytes, code, field, limit] of rows) {
    const { asset, error } = await upload(house, name, bytes);
    assert.equal(asset, null, `${name} was taken`);
    assert.match(error.code, typeof code === "string" ? new RegExp(`^${code}$`) : code, name);
    if (field) assert.deepEqual([error.field, error.limit], [field, limit], `${name}: ${error.detail}`);
    assert.ok(error.detail.length > 10, name);
  }
  t.diagnostic(`memory: ${idle.toFixed(1)} MiB idle, ${watch.peak.toFixed(1)} at most`);
  assert.ok(watch.peak < 2 * idle + FILE_MIB, `${idle} MiB, then ${watch.peak}: something was unpacked`);
  assert.deepEqual((await house.get("/assets")).items, []);
});

test("what unpacks to a gigabyte beside the pixels is not unpacked", async (t) => {
  const house = await openHouse(t);
  const idle = await rssMib(house);
  const watch = watchRss(t, house);
  const gigabyte = await bombs.zeros(1 << 30);
  for (const [name, ...chunks] of [["text", bombs.zText("zTXt", gigabyte)], ["packet", bombs.iText(gigabyte)],
    ["profile", await bombs.iccp(900 << 20)]]) {
    const { asset, error } = await upload(house, `${name}.png`, bombs.pngWith(...chunks));
    assert.equal(error, null, name);
    assert.deepEqual([asset.mime, asset.width_px], ["image/png", 8], name);
    const bytes = await house.bytes(asset.id);
    if (name !== "profile") assert.ok(bytes.length < 200, `${name} went with the metadata`);
  }
  t.diagnostic(`memory: ${idle.toFixed(1)} MiB idle, ${watch.peak.toFixed(1)} at most`);
  assert.ok(watch.peak < 2 * idle + LIBRARY_MIB + FILE_MIB, `${idle} MiB, then ${watch.peak}`);
});

test("a file that ends early is refused wherever it ends", async (t) => {
  const house = await openHouse(t);
  for (const name of ["small.png", "small.jpg", "small.gif", "small.webp", "small.avif"]) {
    const bytes = await kept(name);
    assert.equal((await upload(house, name, bytes)).error, null, name);
    // Every byte of a head, and some of what follows.
    const sizes = [...Array.from({ length: Math.min(64, bytes.length - 1) }, (_, index) => index + 1),
      ...Array.from({ length: 30 }, (_, index) => Math.floor((bytes.length - 1) * (index + 1) / 30))]
      .filter((size) => size > 0 && size < bytes.length);
    for (let at = 0; at < sizes.length; at += 40) {
      const { headers, body } = await multipart(sizes.slice(at, at + 40)
        .map((size) => ({ name, bytes: bytes.subarray(0, size) })));
      const { items } = await house.post("/assets", body, { headers });
      for (const [index, { asset, error }] of items.entries()) {
        const size = sizes[at + index];
        assert.equal(asset, null, `${size} of ${bytes.length} bytes of ${name}`);
        assert.match(error.code, /^picture_(broken|type)$/, `${size} bytes of ${name}`);
      }
    }
  }
  assert.doesNotMatch(house.log, /level=error/);
});

test("many large pictures at once take the memory of one, and the others are answered", async (t) => {
  const [house, control] = [await openHouse(t), await openHouse(t)];
  // Half of what may be unpacked at once, each; interlaced, so that it has to be whole in memory.
  const files = await Promise.all(Array.from({ length: 4 }, (_, index) =>
    bombs.blackPng(8000 - index, 6250, { depth: 8, colour: 6, interlace: 1 })));
  const load = await openLoad(t, [house, control].map((each) => ({ port: portOf(each),
    request: `GET /api/v1/me HTTP/1.1\r\nHost: 127.0.0.1:${portOf(each)}\r\n`
      + `Authorization: Bearer ${each.token}\r\n\r\n` })), 50);
  const idle = await rssMib(house);
  const watch = watchRss(t, house);
  const ratios = [];
  let left = files.length;
  const uploads = Promise.all(files.map(async (bytes, index) => {
    const { error } = await upload(house, `${index}.png`, bytes);
    left--;
    assert.equal(error, null);
  }));
  await load.round(200);
  while (left > 0 && ratios.length < 20) {
    const p99 = (await load.round(1000)).map(({ times, failed }) => {
      assert.equal(failed, 0);
      return Math.max(percentile(times, 0.99), 5);
    });
    ratios.push(p99[0] / p99[1]);
  }
  await uploads;
  t.diagnostic(`memory: ${idle.toFixed(1)} MiB idle, ${watch.peak.toFixed(0)} at most; ratios of p99: ${
    ratios.map((ratio) => ratio.toFixed(1))}`);
  assert.ok(median(ratios) <= 2, `${ratios} times as long`);
  assert.ok(watch.peak < 2 * idle + LIBRARY_MIB + INTERLACED_MIB, `${idle} MiB, then ${watch.peak}`);
});

// Within every limit, and the dearest there is.  512 MiB, which a decoder of its own would be given, do not
// hold it: Adam7 gives no row before the last pass, so all pixels are there at once, 8 bytes each; a lower
// bound would refuse what the limit of pixels allows.  What bounds it is that limit and the turn.
for (const [what, depth, mib] of [["8 bits a colour", 8, INTERLACED_MIB], ["16 bits a colour", 16, DEEP_MIB]])
  test(`the largest picture there may be, interlaced, ${what}`, async (t) => {
    const house = await openHouse(t);
    const bytes = await bombs.blackPng(10000, 10000, { depth, colour: 6, interlace: 1 });
    const idle = await rssMib(house);
    const watch = watchRss(t, house);
    const { asset, error } = await upload(house, "largest.png", bytes);
    assert.equal(error, null, JSON.stringify(error));
    assert.deepEqual([asset.width_px, asset.height_px], [10000, 10000]);
    t.diagnostic(`memory: ${idle.toFixed(1)} MiB idle, ${watch.peak.toFixed(0)} at most`);
    assert.ok(watch.peak < 2 * idle + LIBRARY_MIB + mib, `${idle} MiB, then ${watch.peak}`);
    assert.ok((await rssMib(house)) < 2 * idle + 2 * LIBRARY_MIB, "it is given back");
  });
