// What is sold: added once whatever the network repeats, changed by one at a time, with its photos in their
// order; what was answered is there after kill -9; nobody else's.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { BINARY, openHouse } from "./house.mjs";
import { plain } from "./pictures.mjs";

const run = promisify(execFile);
const MUG = { name: "Stoneware mug", sku: "MUG-1", category: "Kitchen",
  facts: "Stoneware, 350 ml.\nDishwasher safe.\n一个红色的茶杯" };
const ids = (page) => page.items.map((item) => item.id);
const photosOf = (product) => product.photos.map((photo) => photo.id);

async function upload(house, count) {
  const items = await house.upload(Array.from({ length: count }, (_, index) => ({
    name: `photo ${index}.png`, bytes: plain(40 + index, 30, index) })));
  return items.map((item) => item.asset.id);
}

async function crash(house) {
  await house.signal("SIGKILL");
  await house.start();
}

const refused = async (reply, status, code, field) => {
  const { json, ...got } = await reply;
  assert.equal(got.status, status, JSON.stringify(json));
  assert.deepEqual([json.code, json.field ?? ""], [code, field]);
  return json;
};

test("a product is added, found, changed by one at a time, and deleted", async (t) => {
  const house = await openHouse(t);
  const feed = await house.feed();
  const [a, b, c] = await upload(house, 3);
  const made = await house.call("POST", "/products", { body: { ...MUG, photos: [b, a] } });
  assert.equal(made.status, 201, made.bytes.toString());
  assert.equal(made.headers.etag, '"1"');
  const { id } = made.json;
  assert.deepEqual({ ...made.json, photos: photosOf(made.json) }, { id, ...MUG, photos: [b, a],
    pictures: 0, version: 1, created_at: made.json.created_at, changed_at: made.json.created_at });
  assert.deepEqual([made.json.photos[0].mime, made.json.photos[0].width_px,
    made.json.photos[0].height_px, made.json.photos[0].thumbhash.length > 10],
  ["image/png", 41, 30, true]);
  const other = await house.post("/products", { name: "茶壶", category: "厨房" });
  for (const [query, wanted, why] of [
    ["", [other.id, id], "the newest first"],
    ["?q=MUG", [id], "a part of the name"],
    ["?q=ug-1", [id], "a part of the SKU"],
    ["?q=kitCHEN", [id], "of the category"],
    [`?q=${encodeURIComponent("厨")}`, [other.id], "one Chinese character"],
    ["?q=%25", [], "no pattern leaks in"],
    ["?q=dishwasher", [], "facts are not searched"],
  ])
    assert.deepEqual(ids(await house.get(`/products${query}`)), wanted, why);
  const first = await house.get("/products?limit=1");
  assert.deepEqual(ids(first), [other.id]);
  const last = await house.get(`/products?limit=1&cursor=${first.next_cursor}`);
  assert.deepEqual([ids(last), last.next_cursor], [[id], null]);

  const change = (body, etag) => house.call("PATCH", `/products/${id}`,
    { body, headers: etag === undefined ? {} : { "if-match": etag } });
  const changed = await change({ name: "Blue mug", photos: [c, b, a] }, '"1"');
  assert.deepEqual([changed.status, changed.headers.etag, changed.json.facts,
    photosOf(changed.json)], [200, '"2"', MUG.facts, [c, b, a]]);
  await refused(change({ name: "Red mug" }, '"1"'), 412, "precondition_failed", "If-Match");
  await refused(change({ sku: "x", photos: [a, c, a] }, '"2"'), 422, "invalid", "photos[2]");
  assert.equal((await change({ sku: "" })).json.version, 3, "without If-Match: whichever");

  assert.equal((await house.call("DELETE", `/products/${id}`)).status, 204);
  assert.equal((await house.call("GET", `/products/${id}`)).status, 404);
  assert.equal((await house.call("DELETE", `/products/${id}`)).status, 404);
  assert.deepEqual(ids(await house.get("/products")), [other.id]);
  assert.equal((await house.get(`/assets/${a}`)).id, a, "its photos stay pictures");
  await feed.until("all was told", (event) => event.kind === "product.deleted");
  assert.deepEqual(feed.events.filter((event) => event.kind.startsWith("product."))
    .map((event) => [event.kind, event.data.id]),
  [["product.created", id], ["product.created", other.id], ["product.changed", id],
    ["product.changed", id], ["product.deleted", id]]);
});

test("a request that is repeated under its key makes one product, also over kill -9", async (t) => {
  const house = await openHouse(t);
  const post = (body, key) => house.call("POST", "/products",
    { body, headers: { "idempotency-key": key } });
  // Several at once, as a client that lost its patience sends them.
  const replies = await Promise.all(Array.from({ length: 6 }, () => post(MUG, "mug")));
  assert.equal(new Set(replies.map((reply) => reply.json.id)).size, 1);
  assert.deepEqual(replies.map((reply) => reply.status).sort(), [200, 200, 200, 200, 200, 201]);
  await crash(house);
  const again = await post(MUG, "mug");
  assert.deepEqual([again.status, again.json.id], [200, replies[0].json.id]);
  await refused(post({ ...MUG, sku: "MUG-2" }, "mug"), 422, "idempotency_key_reused",
    "Idempotency-Key");
  await refused(post(MUG, "another"), 409, "conflict", "sku");
  await refused(post(MUG, "k".repeat(201)), 422, "too_long", "Idempotency-Key");
  const listed = await house.get("/products");
  assert.deepEqual([listed.items.length, Object.hasOwn(listed.items[0], "facts")], [1, false]);
  await house.call("DELETE", `/products/${again.json.id}`);
  await refused(post(MUG, "mug"), 410, "gone", "Idempotency-Key");
  assert.equal((await post(MUG, "mug anew")).status, 201, "a deleted one's SKU is free");
});

test("of many at once one wins, and the others are told", async (t) => {
  const house = await openHouse(t);
  const { id } = await house.post("/products", MUG);
  const statuses = async (ask) =>
    (await Promise.all(Array.from({ length: 8 }, (_, index) => ask(index))))
      .map((reply) => reply.status).sort();
  assert.deepEqual(await statuses((index) => house.call("PATCH", `/products/${id}`,
    { body: { name: `Mug ${index}` }, headers: { "if-match": '"1"' } })),
  [200, ...Array(7).fill(412)]);
  assert.equal((await house.get(`/products/${id}`)).version, 2);
  assert.deepEqual(await statuses((index) => house.call("POST", "/products",
    { body: { name: `Pot ${index}`, sku: index % 2 ? "pot" : "POT" } })),
  [201, ...Array(7).fill(409)]);
  assert.deepEqual(await statuses(() => house.call("DELETE", `/products/${id}`)),
    [204, ...Array(7).fill(404)]);
});

test("kill -9 in the middle of writes: what was answered is there, and whole", async (t) => {
  const house = await openHouse(t);
  const photos = await upload(house, 3);
  const known = new Map(); // id: what its last answer said
  const unanswered = new Map(); // id: what was asked and not answered
  for (let round = 0; round < 3; round++) {
    let isDead = false;
    const work = Array.from({ length: 4 }, async (_, worker) => {
      for (let step = 0; !isDead; step++) {
        const name = `r${round} w${worker} s${step}`;
        try {
          const made = await house.post("/products", { name, sku: name, photos });
          known.set(made.id, made);
          unanswered.set(made.id, name);
          const changed = await house.patch(`/products/${made.id}`,
            { name: `${name} changed`, photos: [...photos].reverse() });
          known.set(made.id, changed);
          unanswered.delete(made.id);
        } catch (error) {
          if (!isDead) throw error;
        }
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    isDead = true;
    await house.signal("SIGKILL");
    await Promise.all(work);
    await house.start();
  }
  assert.ok(known.size > 12, `${known.size} products`);
  let seen = 0;
  for (let cursor = ""; cursor !== null;) {
    const page = await house.get(`/products?limit=100${cursor && `&cursor=${cursor}`}`);
    for (const product of page.items) {
      const told = known.get(product.id);
      seen += told ? 1 : 0;
      // A change is there whole or not at all, whether or not its answer came.
      assert.deepEqual(photosOf(product),
        product.version === 1 ? photos : [...photos].reverse(), product.name);
      assert.equal(product.name.endsWith(" changed"), product.version === 2, product.name);
      if (told && !unanswered.has(product.id)) assert.deepEqual({ ...product, facts: "" }, told);
    }
    cursor = page.next_cursor;
  }
  assert.equal(seen, known.size, "all that was answered is there");
});

test("photos follow their pictures into the trash, back, and away", async (t) => {
  const house = await openHouse(t);
  const [a, b, c] = await upload(house, 3);
  const { id } = await house.post("/products", { ...MUG, photos: [a, b, c] });
  const bulk = (action, ...which) => house.post("/assets/bulk", { ids: which, action });
  const shown = async () => photosOf(await house.get(`/products/${id}`));
  await bulk("trash", a);
  assert.deepEqual(await shown(), [b, c]);
  await refused(house.call("PATCH", `/products/${id}`, { body: { photos: [b, a] } }), 422,
    "invalid", "photos[1]");
  await bulk("restore", a);
  assert.deepEqual(await shown(), [a, b, c], "in its place");
  await bulk("delete", b);
  assert.deepEqual(await shown(), [a, c]);
  await crash(house);
  assert.deepEqual(await shown(), [a, c]);
  await house.stop();
  const { stdout } = await run("python3", ["-c", `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print(db.execute("SELECT count(*) FROM product_photo").fetchone()[0],
      len(db.execute("PRAGMA foreign_key_check").fetchall()))`, join(house.data, "vitrine.db")]);
  assert.equal(stdout.trim(), "2 0", "photos' rows, and those that point at nothing");
});

test("what was made for a product is counted, and keeps its name in the book", async (t) => {
  const house = await openHouse(t);
  const { id } = await house.post("/products", MUG);
  const order = { model: "mock", width: 64, height: 64, prompt: "a mug on a table" };
  const ended = await house.runEnds((await house.run(order, 2, { product_id: id })).id);
  assert.equal(ended.state, "done", JSON.stringify(ended.tasks.map((task) => task.error)));
  const [first] = ended.tasks.flatMap((task) => task.assets);
  const pictures = async () => (await house.get(`/products/${id}`)).pictures;
  assert.equal(await pictures(), 2);
  await house.post("/assets/bulk", { ids: [first.id], action: "trash" });
  assert.equal(await pictures(), 1);
  await house.call("DELETE", `/products/${id}`);
  await refused(house.call("POST", "/runs", { body: { product_id: id,
    nodes: [{ key: "a", operation: "image.generate", parameters: order }] } }), 422, "invalid",
  "product_id");
  await crash(house);
  assert.equal((await house.get(`/assets?product=${id}`)).items.length, 1, "its pictures stay");
  const row = (await house.get("/usage?by=product")).items.find((item) => item.key === id);
  assert.deepEqual([row?.label, row?.calls], [MUG.name, 2]);
});

// There is no door for a second person yet: the row is put into the database.
async function second(house) {
  await run("python3", ["-c", `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("INSERT INTO user (id, public_id, name, name_key, role, device_key, created_at_ms) VALUES"
           " (1000, '01JDA00000000000000000000Z', 'Ann', 'ann', 'member', zeroblob(32), 1)")
db.commit()`, join(house.data, "vitrine.db")]);
  return (await run(BINARY, ["token", "create", "second", "--user", "Ann"],
    { env: house.environment(), cwd: house.data })).stdout.trim();
}

test("one person's products are nobody else's, and SKUs are told apart by person", async (t) => {
  const house = await openHouse(t);
  const [photo] = await upload(house, 1);
  const { id } = await house.post("/products", { ...MUG, photos: [photo] });
  await house.stop();
  const as = await second(house);
  await house.start();
  for (const [method, body] of [["GET"], ["PATCH", { name: "Mine" }], ["DELETE"]])
    assert.equal((await house.call(method, `/products/${id}`, { as, body })).status, 404, method);
  assert.deepEqual((await house.get("/products", { as })).items, []);
  await refused(house.call("GET", `/products?cursor=${id}`, { as }), 422, "invalid", "cursor");
  await refused(house.call("POST", "/products", { as, body: { ...MUG, photos: [photo] } }), 422,
    "invalid", "photos[0]");
  assert.equal((await house.post("/products", MUG, { as })).sku, MUG.sku);
  assert.equal((await house.get(`/products/${id}`)).name, MUG.name);
});
