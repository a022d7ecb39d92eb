// Raw bytes to a house, and what the kernel says of its process.
import { readFile } from "node:fs/promises";
import { connect } from "node:net";

// A promise that holds: how long at most a test waits for something that has a deadline of its own.
export const GENEROUS_MS = 60000 * Number(process.env.SLOWNESS ?? 1);

export const portOf = (house) => Number(new URL(house.origin).port);
export const hostOf = (house) => `Host: 127.0.0.1:${portOf(house)}\r\n`;

// A connection whose bytes are kept; `closed` gives them all, as text of bytes.
export function dial(house, { from = "127.0.0.1", reads = true } = {}) {
  const socket = connect({ port: portOf(house), host: "127.0.0.1", localAddress: from });
  const pieces = [];
  const line = { socket, opened: new Promise((resolve) => socket.once("connect", resolve)) };
  line.text = () => Buffer.concat(pieces).toString("latin1");
  if (reads) socket.on("data", (piece) => pieces.push(piece));
  socket.on("error", () => {}); // a reset is an answer, too
  line.closed = new Promise((resolve) => socket.on("close", () => resolve(line.text())));
  return line;
}

// Sends the bytes and nothing more, and returns all that came until the server closed.
export async function say(house, bytes, { ends = true, ms = GENEROUS_MS } = {}) {
  const line = dial(house);
  line.socket.write(bytes);
  if (ends) line.socket.end();
  const late = setTimeout(() => line.socket.destroy(new Error("late")), ms);
  const text = await line.closed;
  clearTimeout(late);
  return text;
}

export const statusesOf = (text) =>
  [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map((match) => Number(match[1]))
    .filter((status) => status !== 100);

export async function rssMib(house) {
  const status = await readFile(`/proc/${house.child.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) / 1024;
}

// Looks at the process now and then; `peak` is the most that was seen.
export function watchRss(t, house) {
  const watch = { peak: 0 };
  const timer = setInterval(async () => {
    watch.peak = Math.max(watch.peak, await rssMib(house).catch(() => 0));
  }, 50);
  t.after(() => clearInterval(timer));
  return watch;
}

export const percentile = (values, share) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
export const median = (values) => percentile(values, 0.5);
