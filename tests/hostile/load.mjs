// Good clients of several servers at once: so many connections to each, each asking for the same at its
// own pace and waiting for the answer.  One of the servers is left alone, so that whatever else the
// machine does is felt by all of them alike.  A thread of their own: what plays the abuse does not delay
// their clocks.
import { connect } from "node:net";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const PACE_MS = 200;

class Client {
  constructor({ port, request }, server, index) {
    Object.assign(this, { port, request, server, index, pending: "", times: [], failed: 0 });
  }

  open() {
    this.socket = connect({ port: this.port, host: "127.0.0.1" });
    this.socket.setNoDelay(true);
    this.socket.on("data", (piece) => this.read(piece));
    this.socket.on("error", () => {});
    this.socket.on("close", () => { this.failed++; });
    return new Promise((resolve) => this.socket.once("connect", resolve));
  }

  begin() {
    setTimeout(() => { this.timer = setInterval(() => this.ask(), PACE_MS); },
      (this.index % PACE_MS)).unref();
  }

  ask() {
    if (this.asked_at !== undefined || this.socket.destroyed) return;
    this.asked_at = performance.now();
    this.socket.write(this.request);
  }

  read(piece) {
    this.pending += piece.toString("latin1");
    const head = this.pending.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = Number(/\r\nContent-Length: (\d+)/i.exec(this.pending)?.[1] ?? 0);
    if (this.pending.length < head + 4 + length) return;
    if (!this.pending.startsWith("HTTP/1.1 200 ")) this.failed++;
    this.pending = this.pending.slice(head + 4 + length);
    this.times.push(performance.now() - this.asked_at);
    this.asked_at = undefined;
  }
}

async function run() {
  const { servers, count } = workerData;
  const clients = Array.from({ length: count * servers.length }, (_, index) =>
    new Client(servers[index % servers.length], index % servers.length, index));
  await Promise.all(clients.map((client) => client.open()));
  for (const client of clients) client.begin();
  // A connection that the kernel made for a server which had no time to accept it yet, and whose queue
  // was full, hears of that seconds later: each is waited for until it has been answered once.
  while (clients.some(({ times, failed }) => times.length === 0 && failed === 0))
    await new Promise((resolve) => setTimeout(resolve, 50));
  parentPort.on("message", () => {
    const now = performance.now();
    parentPort.postMessage(servers.map((_, server) => {
      const own = clients.filter((client) => client.server === server);
      const times = own.flatMap((client) => client.times.splice(0));
      // Who waits now has waited so long at least.
      for (const { asked_at } of own) if (asked_at !== undefined) times.push(now - asked_at);
      return { times, failed: own.reduce((sum, client) => sum + client.failed, 0) };
    }));
  });
  parentPort.postMessage("open");
}

if (!isMainThread) await run();

// `servers`: {port, request} of each; `count` clients for each.  round(ms) gives for each the times of
// what was asked within it, and how many were ever cut off or refused.
export async function openLoad(t, servers, count) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { servers, count } });
  worker.on("error", (error) => { throw error; });
  const next = () => new Promise((resolve) => worker.once("message", resolve));
  t.after(() => worker.terminate());
  await next();
  const look = () => {
    const answer = next();
    worker.postMessage("times");
    return answer;
  };
  return {
    async round(ms) {
      await look(); // what was before
      await new Promise((resolve) => setTimeout(resolve, ms));
      return look();
    },
  };
}
