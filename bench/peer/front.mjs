// The peer of bench/jobs: BullMQ behind the smallest HTTP front that accepts durably and calls a provider.
import { Queue, Worker } from "bullmq";
import { Agent, createServer, request } from "node:http";

const { PORT, REDIS_PORT, CONCURRENCY, LOCK_MS, STALLED_MAX, KEPT = "0" } = process.env;
const connection = { host: "127.0.0.1", port: Number(REDIS_PORT), maxRetriesPerRequest: null };
const agent = new Agent({ keepAlive: true });
const queue = new Queue("jobs", { connection });

function call({ url, prompt }) {
  return new Promise((resolve, reject) => {
    const req = request(url, { method: "POST", agent, headers: { "content-type": "application/json" } }, (res) => {
      res.resume();
      res.on("end", () => (res.statusCode === 200 ? resolve("{}") : reject(new Error(`status ${res.statusCode}`))));
    });
    req.on("error", reject);
    req.end(JSON.stringify({ prompt }));
  });
}
// LOCK_MS unset: BullMQ's own lease of 30 s and limit of one stall.  KEPT: finished jobs, for who counts them.
const worker = new Worker("jobs", (job) => call(job.data), { connection, concurrency: Number(CONCURRENCY), removeOnComplete: { count: Number(KEPT) },
  ...(LOCK_MS ? { lockDuration: Number(LOCK_MS), stalledInterval: Number(LOCK_MS) } : {}),
  ...(STALLED_MAX ? { maxStalledCount: Number(STALLED_MAX) } : {}) });
worker.on("error", () => undefined); // a lease that was lost, told for each job

createServer((req, res) => {
  if (req.method === "GET") {
    queue.getJobCounts("waiting", "active", "failed", "completed").then((counts) => res.end(JSON.stringify(counts)));
    return;
  }
  let body = "";
  req.on("data", (piece) => { body += piece; });
  req.on("end", () => queue.add("job", JSON.parse(body)).then((job) => {
    res.writeHead(201, { "content-type": "application/json" });
    res.end(JSON.stringify({ id: job.id }));
  }));
}).listen(Number(PORT), "127.0.0.1");
