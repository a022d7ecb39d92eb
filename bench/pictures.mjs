#!/usr/bin/env node
/*
Measures a photograph becoming a 512 px WebP beside sharp, in turns, in one run.

usage: bench/pictures.mjs PROGRAM PHOTOGRAPH    PROGRAM: build-rel/bench_picture_convert (ninja bench_picture_convert)

Needs node and `npm install` in bench/peer.  Prints a Markdown table: CPU of all threads, and the most memory that the
process ever had; medians of five turns.
*/
import { execFileSync } from "node:child_process";

const TURNS = 5;
const [program, photograph] = process.argv.slice(2);
if (photograph === undefined) {
  console.error("usage: bench/pictures.mjs PROGRAM PHOTOGRAPH");
  process.exit(2);
}
const peer = [process.execPath, new URL("peer/convert.mjs", import.meta.url).pathname];
const measure = (words, atOnce) => execFileSync(words[0], [...words.slice(1), photograph, `${atOnce}`, "5"], { encoding: "utf8" })
  .trim().split(" ").map(Number);
const median = (rows, column) => rows.map((row) => row[column]).sort((a, b) => a - b)[rows.length >> 1];

console.log("| a photograph to 512 px WebP | vitrine | sharp | ratio |\n|---|---|---|---|");
for (const atOnce of [1, 4]) {
  const ours = [], theirs = [];
  for (let turn = 0; turn < TURNS; turn++) {
    ours.push(measure([program], atOnce));
    theirs.push(measure(peer, atOnce));
  }
  for (const [column, name] of [[0, "CPU, ms"], [1, "time, ms"], [2, "memory at most, MiB"]])
    console.log(`| ${atOnce === 1 ? "one" : "four at once"}: ${name} | ${median(ours, column).toFixed(1)} | ${median(theirs, column).toFixed(1)}`
      + ` | ${(median(ours, column) / median(theirs, column)).toFixed(2)} |`);
}
