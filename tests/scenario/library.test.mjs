// The library: found, sorted, changed one by one and many at once, taken home; and who may do what.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { openHouse, send } from "./house.mjs";
import { plain } from "./pictures.mjs";

const MOCK = { model: "mock", width: 64, height: 64 };
const ids = (page) => page.items.map((item) => item.id);
const find = (house, query) => house.get(`/assets?${new URLSearchParams(query)}`);

async function upload(house, count, from = 0) {
  const items = await house.upload(Array.from({ length: count }, (_, index) => ({
    name: `picture ${from + index}.png`, bytes: plain(40 + from + index, 30, index) })));
  return items.map((item) => item.asset);
}

test("filters and words find what they should and nothing else", async (t) => {
  const house = await openHouse(t);
  const [a, b] = await upload(house, 3);
  const run = await house.runEnds((await house.run({ ...MOCK, prompt: "一只红色的茶杯放在桌上" })).id);
  const cup = run.tasks[0].assets[0];
  await house.patch(`/assets/${a.id}`, { rating: 4, is_starred: true, tags: ["Harbour", "夜景"] });
  await house.patch(`/assets/${b.id}`, { rating: 2, name: "Blue ferry at dawn" });
  const rows = [
    [{ q: "茶杯" }, [cup.id], "two Chinese characters"],
    [{ q: "红色 桌上" }, [cup.id], "two words of two"],
    [{ q: "杯子" }, [], "two characters that do not stand together"],
    [{ q: "ferry" }, [b.id], "a word of the name"],
    [{ q: "FERRY dawn" }, [b.id], "without regard to case"],
    [{ q: 'fer" OR "x' }, [], "no query language leaks in"],
    [{ tag: "harbour" }, [a.id], "a tag without regard to case"],
    [{ q: "夜景" }, [a.id], "words of tags are found"],
    [{ rating: 3 }, [a.id], "at least so many stars"],
    [{ rating: 2, sort: "rating" }, [a.id, b.id], "by rating"],
    [{ starred: true }, [a.id], "starred"],
    [{ kind: "generated" }, [cup.id], "what was made here"],
    [{ run: run.id }, [cup.id], "of a run"],
    [{ model: "mock" }, [cup.id], "of a model"],
    [{ from: "2100-01-01T00:00:00Z" }, [], "not yet"],
    [{ kind: "uploaded", q: "ferry", rating: 5 }, [], "all of them at once"],
  ];
  for (const [query, wanted, why] of rows) {
    const page = await find(house, query);
    assert.deepEqual(ids(page), wanted, why);
  }
  assert.deepEqual((await house.get("/tags")).items.map((tag) => [tag.name, tag.count]).sort(),
    [["Harbour", 1], ["夜景", 1]]);
  const days = (await house.get("/assets/days")).items;
  assert.equal(days.reduce((sum, day) => sum + day.count, 0), 4);
  for (const query of ["rating=9", "limit=0", "limit=201", "sort=size", "kind=video", "cursor=x",
    "from=yesterday", "colour=red", "starred=perhaps"])
    assert.equal((await house.call("GET", `/assets?${query}`)).status, 422, query);
});

test("pages stay whole while pictures arrive and go", async (t) => {
  const house = await openHouse(t);
  const first = await upload(house, 12);
  const seen = [];
  let page = await find(house, { limit: 5 });
  assert.equal(page.total, 12);
  for (let step = 0; ; step++) {
    seen.push(...ids(page));
    if (page.next_cursor === null) break;
    await upload(house, 2, 100 + step * 2);
    page = await find(house, { limit: 5, cursor: page.next_cursor });
  }
  assert.deepEqual(seen, first.map((asset) => asset.id).reverse(), "each once, none twice");
  const oldest = await find(house, { sort: "oldest", limit: 200 });
  const newest = await find(house, { sort: "newest", limit: 200 });
  assert.deepEqual(ids(oldest), ids(newest).reverse());
});

test("the trash gives back, a deletion does not", async (t) => {
  const house = await openHouse(t);
  const [a, b, c] = (await upload(house, 3)).map((asset) => asset.id);
  const bulk = (body) => house.post("/assets/bulk", body);
  assert.deepEqual(await bulk({ ids: [a, b], action: "trash" }), { changed: 2 });
  assert.deepEqual(ids(await find(house, {})), [c]);
  assert.deepEqual(ids(await find(house, { trash: true })).sort(), [a, b].sort());
  assert.notEqual((await house.get(`/assets/${a}`)).trashed_at, null);
  await bulk({ ids: [a], action: "restore" });
  assert.equal((await find(house, {})).total, 2);
  await bulk({ ids: [b], action: "delete" });
  assert.equal((await house.call("GET", `/assets/${b}`)).status, 404);
  assert.equal((await house.call("GET", `/assets/${b}/file`)).status, 404);
  const feed = await house.feed();
  await bulk({ ids: [a], action: "trash" });
  await feed.until("the picture left", (event) => ["asset.removed", "asset.changed"]
    .includes(event.kind) && (event.data.id ?? event.data.asset?.id) === a);
});

test("many at once: stars, ratings, tags, by what they match", async (t) => {
  const house = await openHouse(t);
  await upload(house, 30);
  const bulk = (body) => house.post("/assets/bulk", body);
  assert.equal((await bulk({ all_matching: { kind: "uploaded" }, action: "tag_add", value: "batch" }))
    .changed, 30);
  assert.equal((await find(house, { tag: "batch" })).total, 30);
  const five = ids(await find(house, { limit: 5 }));
  await bulk({ ids: five, action: "rate", value: 5 });
  await bulk({ all_matching: { rating: 5 }, action: "star" });
  assert.deepEqual(ids(await find(house, { starred: true })).sort(), [...five].sort());
  assert.equal((await bulk({ all_matching: { tag: "batch", rating: 5 }, action: "trash" })).changed, 5);
  assert.equal((await find(house, { tag: "batch" })).total, 25);
  const rows = [
    [{ action: "trash" }, "neither ids nor a filter"],
    [{ ids: five, all_matching: {}, action: "trash" }, "both"],
    [{ ids: five, action: "rate", value: 6 }, "no such rating"],
    [{ ids: five, action: "tag_add" }, "no tag"],
    [{ ids: five, action: "burn" }, "no such action"],
    [{ ids: Array(1001).fill(five[0]), action: "star" }, "too many"],
    [{ ids: ["x"], action: "star" }, "no id"],
  ];
  for (const [body, why] of rows)
    assert.equal((await house.call("POST", "/assets/bulk", { body })).status, 422, why);
});

test("two change one picture: the later one is told", async (t) => {
  const house = await openHouse(t);
  const [asset] = await upload(house, 1);
  const first = await house.call("PATCH", `/assets/${asset.id}`,
    { body: { rating: 3 }, headers: { "if-match": `"${asset.etag}"` } });
  assert.equal(first.status, 200);
  const late = await house.call("PATCH", `/assets/${asset.id}`,
    { body: { rating: 1 }, headers: { "if-match": `"${asset.etag}"` } });
  assert.equal(late.status, 412);
  assert.equal((await house.get(`/assets/${asset.id}`)).rating, 3);
});

test("an archive is a ZIP that others can read, for who asked for it", async (t) => {
  const house = await openHouse(t);
  const assets = await upload(house, 5);
  await house.patch(`/assets/${assets[0].id}`, { name: "../../etc/茶杯: a*b" });
  await house.patch(`/assets/${assets[1].id}`, { name: "same" });
  await house.patch(`/assets/${assets[2].id}`, { name: "same" });
  const made = await house.post("/archives", { ids: assets.map((asset) => asset.id) });
  assert.equal(made.count, 5);
  const path = made.url.startsWith("http") ? new URL(made.url).pathname : made.url;
  assert.equal((await send(house.origin, { path })).status, 401);
  const reply = await house.call("GET", path);
  assert.equal(reply.status, 200);
  assert.match(reply.headers["content-type"], /^application\/zip/);
  const file = join(house.data, "pictures.zip");
  await writeFile(file, reply.bytes);
  const check = `import sys,zipfile,hashlib,json
z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None
print(json.dumps([[i.filename,i.file_size] for i in z.infolist()]))`;
  const { stdout } = await promisify(execFile)("python3", ["-c", check, file]);
  const whole = JSON.parse(stdout);
  assert.equal(whole.at(-1)[0], "manifest.csv", "what made each stands at the end");
  const entries = whole.slice(0, -1);
  assert.equal(entries.length, 5);
  assert.equal(new Set(entries.map(([name]) => name)).size, 5, "no two of one name");
  for (const [name] of entries) {
    assert.ok(!/[/\\:*?"<>|]/.test(name) && !name.startsWith("."), `${name} is a plain name`);
    assert.match(name, /\.png$/);
  }
  assert.ok(entries.some(([name]) => name.includes("茶杯")), "names keep their characters");
  assert.deepEqual(entries.map(([, size]) => size).sort(), assets.map((asset) => asset.size).sort());
});

test("a token does what its scopes say and no more", async (t) => {
  const house = await openHouse(t);
  const [asset] = await upload(house, 1);
  const tokens = Object.fromEntries(await Promise.all(
    [["read", "read"], ["write", "read,write"], ["generate", "read,generate"]]
      .map(async ([name, scopes]) => [name, await house.makeToken(name, scopes)])));
  const deeds = {
    look: ["GET", `/assets/${asset.id}`],
    change: ["PATCH", `/assets/${asset.id}`, { rating: 1 }],
    make: ["POST", "/generate", { prompt: "x", model: "mock" }],
    settings: ["PATCH", "/settings", { changes: [] }],
    provider: ["POST", "/providers", { kind: "mock", name: "second" }],
    tokens: ["POST", "/tokens", { name: "more", scopes: ["admin"] }],
  };
  const allowed = { read: ["look"], write: ["look", "change"], generate: ["look", "make"] };
  for (const [name, token] of Object.entries(tokens))
    for (const [deed, [method, path, body]] of Object.entries(deeds)) {
      const reply = await house.call(method, path, { as: token, body });
      if (allowed[name].includes(deed)) assert.ok(reply.status < 300, `${name} ${deed}: ${reply.status}`);
      else assert.equal(reply.status, 403, `${name} ${deed}: ${reply.status}`);
    }
  const listed = (await house.get("/tokens", { as: "owner" })).items.find((item) => item.name === "read");
  const gone = await house.call("DELETE", `/tokens/${listed.id}`, { as: "owner" });
  assert.equal(gone.status, 204);
  assert.equal((await house.call("GET", "/assets", { as: tokens.read })).status, 401, "at once");
});
