// Carries the exchanges of the C translation over real HTTP.  WIRE is the program of wire.c; meson sets it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { request as httpRequest } from "node:http";
import { createInterface } from "node:readline";

const WIRE = process.env.WIRE;
export const options = { skip: WIRE ? false : "WIRE does not name the program" };

// One HTTP exchange, told as wire.c wants to hear it.
export function perform(exchange, timeout = 2000) {
  return new Promise((resolve) => {
    const pieces = [];
    let head = null;
    const lost = () => resolve({ outcome: "lost", status: head?.statusCode ?? 0, headers: [],
      body: Buffer.concat(pieces).toString("base64") });
    const req = httpRequest(exchange.url, { method: exchange.method, agent: false, timeout,
      headers: Object.fromEntries(exchange.headers) }, (res) => {
      head = res;
      res.on("data", (piece) => pieces.push(piece));
      res.on("error", lost);
      res.on("end", () => resolve({ outcome: "replied", status: res.statusCode,
        headers: Object.entries(res.headers).map(([name, value]) => [name, String(value)]),
        body: Buffer.concat(pieces).toString("base64") }));
    });
    req.on("timeout", () => req.destroy());
    req.on("error", lost);
    req.end(Buffer.from(exchange.body, "base64"));
  });
}

// Runs a whole call, polls included: `polls` of them at most, `pause` ms before each.  Gives the last verdict, all verdicts, and all the
// exchanges that led to it.
export async function carry(order, { piece = 4096, timeout, polls = 100, pause = 0 } = {}) {
  const child = spawn(WIRE, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const say = (line) => child.stdin.write(`${JSON.stringify(line)}\n`);
  const hear = async () => JSON.parse((await lines.next()).value);
  const exchanges = [], verdicts = [];
  let isCut = false;
  try {
    say(order);
    for (;;) {
      const exchange = await hear();
      if (exchange.refused) return { ...exchange, exchanges, verdicts };
      exchanges.push(exchange);
      say({ ...(await perform(exchange, timeout)), piece });
      const verdict = await hear();
      verdicts.push(verdict);
      isCut = verdict.verdict === "wait" && polls-- <= 0;
      if (isCut || !["next", "wait"].includes(verdict.verdict)) return { ...verdict, exchanges, verdicts };
      if (pause > 0 && verdict.verdict === "wait") await new Promise((resolve) => setTimeout(resolve, pause));
    }
  } finally {
    if (isCut) child.kill();
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.on("exit", resolve));
    assert.equal(child.exitCode, isCut ? null : 0);
  }
}
