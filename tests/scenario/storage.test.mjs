// What takes how much room: everyone's pictures, the trash, the smaller copies; for admins alone.
import assert from "node:assert/strict";
import { test } from "node:test";

import { openHouse } from "./house.mjs";
import { plain } from "./pictures.mjs";

test("originals, trash and smaller copies are told apart", async (t) => {
  const house = await openHouse(t);
  const empty = await house.get("/system/storage");
  assert.deepEqual([empty.pictures, empty.pictures_bytes, empty.trash, empty.trash_bytes], [0, 0, 0, 0]);
  assert.ok(empty.free_bytes > 0 && empty.database_bytes > 0);
  const files = [plain(400, 300, 1), plain(800, 300, 2)];
  const items = await house.upload(files.map((bytes, at) => ({ name: `${at}.png`, bytes })));
  const [a, b] = items.map((item) => item.asset);
  const full = await house.get("/system/storage");
  assert.equal(full.pictures, 2);
  assert.equal(full.pictures_bytes, a.size + b.size);
  assert.ok(full.other_bytes > 0, "thumbnails take room");

  await house.post("/assets/bulk", { ids: [b.id], action: "trash" });
  const trashed = await house.get("/system/storage");
  assert.deepEqual([trashed.pictures, trashed.trash], [1, 1]);
  assert.deepEqual([trashed.pictures_bytes, trashed.trash_bytes], [a.size, b.size]);
  assert.equal(trashed.other_bytes, full.other_bytes, "its smaller copies are where they were");
});

test("who is no admin does not see it", async (t) => {
  const house = await openHouse(t);
  const { token } = await house.post("/tokens", { name: "reader", scopes: ["read", "write"] }, { as: "owner" });
  assert.equal((await house.call("GET", "/system/storage", { as: token })).status, 403);
});
