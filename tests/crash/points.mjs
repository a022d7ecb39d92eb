// What the matrix knows of each point of src/core/fault.h: with which kinds of provider it is
// reached, at which moment of the load (load.mjs), and what a kill there must leave of the call at
// hand (verification.md 2).
//
// Kinds: n: no keys (OpenAI's API), and a person is asked; r: the same, and its owner's rule is to
// call again; k: keys are honoured; a: accepted for later, no keys; u: no keys, and the answer gives
// the picture's address, as k's does; l: the same, and it can be asked what became of a call.

// What becomes of the call at hand: its task's states before a person answers, and its charges.
const DONE = ["done", 1];
const UNSENT = { n: DONE, r: DONE, k: DONE, a: DONE, u: DONE, l: DONE }; // nothing had left
const INTENDED = { n: ["held", 0], r: DONE, k: DONE, a: ["held", 0], u: ["held", 0],
  l: ["held", 0] }; // asked, and it does not know
const SENT = { n: ["held", 1], r: ["done", 2], k: DONE, a: ["held", 1], u: ["held", 1], l: DONE };
// Its id, or the addresses that stand for one, bring it home.
const UNKEPT = { n: ["held", 1], r: ["done", 2], k: DONE, a: DONE, u: DONE, l: DONE };
const KEPT = { n: DONE, r: DONE, k: DONE, a: DONE, u: DONE, l: DONE };
// The mark rides along with a later group, so that what else a kill takes with it is open.
const MARKED = { n: ["held|done", 1], r: ["done", 1, 2], k: DONE, a: ["held|done", 1], u: ["held|done", 1],
  l: DONE };

const phases = (name, row, after = row.call) => [
  [`${name}.before_commit`, row],
  [`${name}.in_commit`, { ...row, fails: true }],
  [`${name}.after_commit`, { ...row, call: after }],
];

// kinds: the most telling one first, which the bounded run takes; also: others that it takes.  node:
// whose call is at hand; a makes a picture, b changes that.  moment: what comes between, "load" by
// default.  start: which start of the cell has the order, 0 by default.  isOnce: the load reaches it
// once.  fails: eio and enospc as well.
export const POINTS = new Map([
  ...phases("enq", { kinds: "nkarul", node: "a", call: UNSENT }),
  ["fanout.mid", { kinds: "nkarul", node: "a", call: UNSENT }],
  ...phases("claim", { kinds: "nkarul", node: "a", call: UNSENT }),
  ...phases("call.intent", { kinds: "nkarul", also: "l", node: "a", call: UNSENT }, INTENDED),
  ["call.sent.partial", { kinds: "nkarul", also: "l", node: "b", call: INTENDED, fails: true }],
  ["call.sent.full", { kinds: "nkarul", also: "l", node: "a", call: SENT }],
  ...phases("call.sent", { kinds: "nkarul", node: "a", call: MARKED }),
  ["call.head_received", { kinds: "nkarul", node: "a", call: SENT }],
  ["call.stream_mid", { kinds: "nr", node: "b", call: SENT, isOnce: true }],
  ["call.replied", { kinds: "knarul", also: "l", node: "a", call: SENT }],
  ...phases("call.remote_id", { kinds: "aukl", also: "l", node: "a", call: SENT }, KEPT),
  ...phases("poll.resume", { kinds: "aukl", node: "a", call: KEPT }),
  ["poll.sent", { kinds: "a", node: "a", call: KEPT }],
  ["poll.replied", { kinds: "a", node: "a", call: KEPT }],
  ["look_up.sent", { kinds: "l", moment: "killed", start: 1 }],
  ["look_up.replied", { kinds: "l", moment: "killed", start: 1 }],
  ["give_up.sent", { kinds: "a" }],
  ["give_up.replied", { kinds: "a" }],
  ["download.sent", { kinds: "uakl", node: "a", call: UNKEPT }],
  ["download.mid", { kinds: "ukal", also: "l", node: "a", call: UNKEPT, fails: true }],
  ["download.done", { kinds: "uakl", node: "a", call: UNKEPT }],
  ["blob.write", { kinds: "nkarul", node: "a", call: UNKEPT, fails: true, isShort: true }],
  ["blob.tmp_written", { kinds: "knarul", node: "a", call: UNKEPT }],
  ["blob.fsynced", { kinds: "ankrul", node: "a", call: UNKEPT, fails: true }],
  ["blob.linked", { kinds: "knarul", node: "a", call: UNKEPT, fails: true }],
  ["blob.dir_fsynced", { kinds: "nkarul", node: "a", call: UNKEPT, fails: true }],
  ["blob.row", { kinds: "nkarul", node: "a", call: UNKEPT }],
  ...phases("keep", { kinds: "nkarul", node: "a", call: UNKEPT }, KEPT),
  ...phases("finish", { kinds: "nkarul", node: "a", call: KEPT }),
  ["edge.flip", { kinds: "nkarul", node: "a", call: KEPT, isOnce: true }],
  ...phases("cancel.task", { kinds: "ank" }),
  ...phases("cancel.run", { kinds: "ank" }),
  ...phases("pause", { kinds: "n" }),
  ...phases("upload", { kinds: "n" }),
  ...phases("change", { kinds: "n" }),
  ...phases("bulk", { kinds: "n" }),
  ...phases("job.start", { kinds: "n" }),
  // A step that storage refuses comes again in a minute: the cells would wait for that.
  ...phases("job", { kinds: "n" }).map(([point, row]) => [point, { ...row, fails: false }]),
  ...phases("job.undo", { kinds: "n" }).map(([point, row]) => [point, { ...row, fails: false }]),
  ["checkpoint.mid", { kinds: "nka", fails: true }],
  ["checkpoint.moved", { kinds: "nka" }],
  ...phases("retention", { kinds: "n", moment: "sweep", start: 1 }),
  ["retention.mid", { kinds: "n", moment: "sweep", start: 1 }],
  ...phases("purge", { kinds: "n", moment: "sweep", start: 1 }),
  ...phases("sweep.mark", { kinds: "n", moment: "sweep", start: 2 }),
  ["sweep.moved", { kinds: "n", moment: "sweep", start: 2 }],
  ...phases("sweep.trash", { kinds: "n", moment: "sweep", start: 2 }),
  ["sweep.temps", { kinds: "n", moment: "killed", start: 1 }],
  ["sweep.restored", { kinds: "n", moment: "sweep" }],
  ["sweep.orphan", { kinds: "n", moment: "sweep", start: 1 }],
  ...phases("sweep.remove", { kinds: "n", moment: "sweep", start: 3 }),
  ["drain.begun", { kinds: "nka", moment: "term" }],
  ["drain.ended", { kinds: "nka", moment: "term" }],
  ["drain.closed", { kinds: "nka", moment: "term" }],
  ["backup.mid", { kinds: "n", moment: "old" }],
  ["backup.copied", { kinds: "n", moment: "old" }],
  ["migrate.mid", { kinds: "n", moment: "old" }],
  ["migrate.next", { kinds: "n", moment: "fresh" }],
  ...phases("recover", { kinds: "nka", moment: "killed", start: 1 }),
  ["recover.take_over", { kinds: "nk", moment: "killed", start: 1 }],
]);

// Somebody cancels the call at hand while the process stands at that point.
export const RACES = ["claim.after_commit", "call.intent.after_commit", "call.sent.full",
  "call.replied", "call.remote_id.after_commit", "poll.replied", "download.done", "blob.linked",
  "keep.before_commit", "keep.after_commit", "finish.before_commit", "finish.in_commit",
  "finish.after_commit"];

const KILL = "kill9";
const CHANCES = 60; // of the whole run

// Any small generator that gives the same for the same seed (mulberry32).
function chance(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296 * below);
  };
}

// Several faults in each of three processes in a row, with several calls in flight.
function chanceCell(seed) {
  const below = chance(seed);
  const points = [...POINTS].filter(([, row]) => row.moment === undefined || row.moment === "killed");
  const one = () => {
    const [point, row] = points[below(points.length)];
    const actions = [KILL, KILL, "delay=40", ...(row.fails ? ["eio", "enospc"] : []),
      ...(row.isShort ? ["short"] : [])];
    return `${point}:${1 + below(6)}:${actions[below(actions.length)]}`;
  };
  const orders = Array.from({ length: 3 }, () => Array.from({ length: 1 + below(3) }, one).join(","));
  return { kind: "nrkaul"[below(6)], moment: "crowd", orders, seed };
}

// Every cell, or in the bounded run each point once, with what it can fail with.
export function cellsOf(isWhole, from = 1, chances = CHANCES) {
  const cells = [];
  const add = (point, row, kind, action, more = {}) =>
    cells.push({ point, row, kind, action, hit: 1, moment: row.moment ?? "load", second: "none", ...more });

  for (const [point, row] of POINTS) {
    const kinds = isWhole ? [...row.kinds] : [row.kinds[0], ...(row.also ?? "")];
    for (const kind of kinds) {
      add(point, row, kind, KILL);
      if (isWhole) {
        add(point, row, kind, KILL, { second: "same" });
        add(point, row, kind, KILL, { second: "recovery" });
        if (row.call !== undefined && !row.isOnce) add(point, row, kind, KILL, { hit: 2 });
      }
      if (row.fails && (isWhole || row.moment === undefined)) {
        add(point, row, kind, isWhole || kind === "n" ? "eio" : "enospc");
        if (isWhole) add(point, row, kind, "enospc");
      }
      if (row.isShort) add(point, row, kind, "short");
    }
  }
  for (const point of RACES) {
    const row = POINTS.get(point);
    for (const kind of isWhole ? row.kinds : [row.kinds.includes("a") ? "a" : row.kinds[0]])
      add(point, row, kind, "delay=250", { moment: "race" });
  }
  for (let seed = from; isWhole && seed < from + chances; seed++) cells.push(chanceCell(seed));
  return cells;
}
