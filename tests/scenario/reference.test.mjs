// Pictures of one's own: uploaded, cleaned, used as references and masks, imported, refused.
import assert from "node:assert/strict";
import { test } from "node:test";

import { openFake, openHouse, until } from "./house.mjs";
import { bomb, drawPng, plain, withExif } from "./pictures.mjs";

const MAKER = "CANARY-CAMERA-4711";

async function photograph(house) {
  const run = await house.runEnds((await house.run({ prompt: "a photograph of a harbour",
    model: "mock", width: 800, height: 600, format: "jpeg", n: 1 })).id);
  assert.equal(run.state, "done");
  const bytes = await house.bytes(run.tasks[0].assets[0].id);
  assert.deepEqual([...bytes.subarray(0, 3)], [0xff, 0xd8, 0xff], "a JPEG was asked for");
  return bytes;
}

test("a photograph loses what its camera wrote, stands upright, and serves as reference", async (t) => {
  const house = await openHouse(t);
  const jpeg = withExif(await photograph(house), MAKER, 6);
  assert.ok(jpeg.includes(MAKER));
  const [item] = await house.upload([{ name: "harbour.jpg", bytes: jpeg, type: "image/jpeg" }]);
  assert.equal(item.error, null);
  assert.equal(item.is_duplicate, false);
  const { asset } = item;
  assert.deepEqual([asset.name, asset.kind, asset.mime], ["harbour", "uploaded", "image/jpeg"]);
  assert.deepEqual([asset.width_px, asset.height_px], [600, 800], "turned as the camera says");
  for (const variant of ["original", "preview", "medium", "thumb"])
    assert.ok(!(await house.bytes(asset.id, variant)).includes(MAKER), variant);

  const again = await house.upload([{ name: "other.jpg", bytes: jpeg, type: "image/jpeg" }]);
  assert.equal(again[0].is_duplicate, true);
  assert.equal(again[0].asset.id, asset.id);

  const run = await house.runEnds((await house.run({ prompt: "the same harbour at night",
    model: "mock" }, 1, { operation: "image.edit", inputs: { images: [asset.id] } })).id);
  assert.equal(run.state, "done", JSON.stringify(run.tasks[0].error));
  const detail = await house.get(`/assets/${run.tasks[0].assets[0].id}`);
  assert.deepEqual(detail.recipe.references, [asset.id]);
  assert.equal(detail.recipe.operation, "image.edit");
  assert.match(detail.label.source_type, /[aA]lgorithmicMedia/);
});

test("an edit needs its pictures, and a mask is one of them", async (t) => {
  const house = await openHouse(t);
  const [picture, mask] = (await house.upload([
    { name: "room.png", bytes: plain(512, 384) },
    { name: "mask.png", bytes: drawPng(512, 384, (x) => [0, 0, 0, x < 256 ? 0 : 255]) },
  ])).map((item) => item.asset);
  const run = await house.runEnds((await house.run({ prompt: "another wall", model: "mock" }, 1,
    { operation: "image.edit", inputs: { images: [picture.id], mask: [mask.id] } })).id);
  assert.equal(run.state, "done", JSON.stringify(run.tasks[0].error));

  const edit = (inputs) => house.call("POST", "/runs", { body: { nodes: [{ key: "a",
    operation: "image.edit", parameters: { prompt: "x", model: "mock" }, inputs }] } });
  const rows = [
    [{}, "nodes[0].inputs.images", "required", "no picture"],
    [{ images: ["01ARZ3NDEKTSV4RRFFQ69G5FAV"] }, "nodes[0].inputs.images", "invalid", "not there"],
    [{ images: [5] }, "nodes[0].inputs.images", "invalid", "no id"],
    [{ images: picture.id }, "nodes[0].inputs.images", "wrong_type", "no list"],
    [{ images: [picture.id], mask: [mask.id, mask.id] }, "nodes[0].inputs.mask", "too_many", "two"],
    [{ images: [picture.id], depth: [mask.id] }, "nodes[0].inputs.depth", "unknown_field", "no port"],
  ];
  for (const [inputs, field, code, why] of rows) {
    const reply = await edit(inputs);
    assert.equal(reply.status, 422, why);
    assert.ok(reply.json.field.startsWith(field), `${why}: ${reply.json.field}`);
    assert.equal(reply.json.code, code, why);
  }
});

test("what one step makes is the next one's reference", async (t) => {
  const house = await openHouse(t);
  const run = await house.post("/runs", { nodes: [
    { key: "cup", operation: "image.generate", parameters: { prompt: "a cup", model: "mock" } },
    { key: "table", operation: "image.edit", parameters: { prompt: "on a table", model: "mock" } },
  ], edges: [{ from: "cup", to: "table" }] });
  assert.equal(run.tasks.find((task) => task.key === "table").state, "blocked");
  const done = await house.runEnds(run.id);
  assert.equal(done.state, "done", JSON.stringify(done.tasks.map((task) => task.error)));
  const [cup, table] = ["cup", "table"].map((key) => done.tasks.find((task) => task.key === key));
  assert.ok(table.started_at >= cup.finished_at);
  const ring = await house.call("POST", "/runs", { body: { nodes: [
    { key: "a", operation: "image.edit", parameters: { prompt: "x", model: "mock" } },
    { key: "b", operation: "image.edit", parameters: { prompt: "x", model: "mock" } },
  ], edges: [{ from: "a", to: "b" }, { from: "b", to: "a" }] } });
  assert.equal(ring.status, 422);
});

test("one broken file does not hide the good ones, and what is no picture is named", async (t) => {
  const house = await openHouse(t);
  const good = plain(320, 200);
  const items = await house.upload([
    { name: "one.png", bytes: good },
    { name: "cut.png", bytes: good.subarray(0, good.length >> 1) },
    { name: "two.png", bytes: plain(320, 200, 2) },
    { name: "drawing.png", bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') },
    { name: "page.jpg", bytes: Buffer.from("<!doctype html><script>alert(1)</script>") },
    { name: "paper.png", bytes: Buffer.from("%PDF-1.7\n1 0 obj\n") },
    { name: "empty.png", bytes: Buffer.alloc(0) },
    { name: "huge.png", bytes: bomb() },
    { name: "twin.png", bytes: good },
  ]);
  const seen = items.map((item) => [item.name, item.error?.code ?? "", item.is_duplicate]);
  assert.deepEqual(seen.slice(0, 3), [["one", "", false], ["cut", "picture_broken", false],
    ["two", "", false]]);
  assert.deepEqual(seen.slice(3, 6).map(([, code]) => code), Array(3).fill("picture_type"));
  [/SVG/, /HTML|web page/i, /PDF/].forEach((word, index) =>
    assert.match(items[3 + index].error.detail, word));
  assert.ok(items[6].error, "an empty file is no picture");
  assert.equal(items[7].error.code, "picture_too_large");
  assert.equal(items[8].asset.id, items[0].asset.id);
  assert.equal(items[8].is_duplicate, true);
  assert.equal((await house.get("/assets")).total, 2);
});

test("addresses inside the house are not fetched", async (t) => {
  const house = await openHouse(t);
  const fake = await openFake(t);
  const port = new URL(fake.url).port;
  const urls = [`${fake.url}/v1/models`, `http://localhost:${port}/a.png`, "http://[::1]/a.png",
    "http://169.254.169.254/latest/meta-data", "http://10.0.0.1/a.png", "http://192.168.1.1/a.png",
    "http://[::ffff:127.0.0.1]/a.png", "http://user:pass@example.com/a.png", "http://2130706433/a.png", "http://0x7f.1/a.png"];
  for (const url of urls) {
    const reply = await house.call("POST", "/assets/import", { body: { urls: [url] } });
    if (reply.status === 202) { // a name has to be looked up first: then the task says it
      const run = await house.runEnds(reply.json.run_id);
      assert.equal(run.state, "failed", url);
      const [task] = run.tasks;
      assert.equal(task.operation, "asset.fetch");
      assert.equal(task.error.class, "invalid", url);
      assert.match(`${task.error.code} ${task.error.message}`, /address|private|public|port|user/i, url);
    } else {
      assert.equal(reply.status, 422, url);
      assert.equal(reply.json.code, "address_refused", `${url}: ${reply.json.detail}`);
    }
  }
  for (const url of ["file:///etc/passwd", "ftp://example.com/a.png", "gopher://x/", "no address",
    ""]) {
    const reply = await house.call("POST", "/assets/import", { body: { urls: [url] } });
    assert.equal(reply.status, 422, url);
  }
  assert.equal((await fake.ledger()).requests.length, 0, "nobody came");
  await until("nothing is left to do", async () => (await house.get("/queue")).running === 0);
});

test("a repeat under its key is the same run, although its reference is gone meanwhile", async (t) => {
  const house = await openHouse(t);
  const [{ asset }] = await house.upload([{ name: "cup.png", bytes: plain(64, 64) }]);
  const body = { nodes: [{ key: "a", operation: "image.edit", inputs: { images: [asset.id] },
    parameters: { prompt: "a cup", model: "mock" } }] };
  const options = { body, headers: { "idempotency-key": "edit-1" } };
  const first = await house.call("POST", "/runs", options);
  assert.equal(first.status, 201);
  await house.runEnds(first.json.id);
  await house.post("/assets/bulk", { ids: [asset.id], action: "delete" });
  const again = await house.call("POST", "/runs", options);
  assert.equal(again.status, 200, again.bytes.toString());
  assert.equal(again.json.id, first.json.id);
  const other = await house.call("POST", "/runs", { ...options, body: { ...body, title: "another" } });
  assert.equal(other.json.code, "idempotency_key_reused");
});
