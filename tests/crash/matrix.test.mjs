// The crash matrix on the real binary, built with -Dfaults, over HTTP on both sides: each point of
// src/core/fault.h x kind of provider x what happens there x a second crash (verification.md 2).
// CRASH=all plays every cell; without it each point is played once.  CRASH_ONLY=keep. plays those
// whose title has that in it, for whoever mends something; CRASH_SEED=1000 begins the cells of chance
// there.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { openStage, playCell, pointsOfBinary, titleOf } from "./load.mjs";
import { cellsOf, POINTS } from "./points.mjs";

const CELL_MS = 300000;
const only = process.env.CRASH_ONLY ?? "";
const cleanups = [];
let stage;

before(async () => {
  stage = await openStage({ after: (work) => cleanups.push(work) });
});

after(async () => {
  for (const work of cleanups.reverse()) await work();
});

test("the matrix knows each point of the binary, and no other", async () => {
  assert.deepEqual([...POINTS.keys()].sort(), (await pointsOfBinary()).sort());
});

// More of them than processors: most of a cell is waiting.
describe("a fault", { concurrency: 3 }, () => {
  for (const cell of cellsOf(process.env.CRASH === "all", Number(process.env.CRASH_SEED ?? 1)))
    if (titleOf(cell).includes(only))
      test(titleOf(cell), { timeout: CELL_MS }, () => playCell(stage, cell));
});

if (only === "")
  test("every point was reached", async () => {
    const missed = (await pointsOfBinary()).filter((point) => !stage.reached.has(point));
    assert.deepEqual(missed, []);
  });
