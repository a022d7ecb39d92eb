// What stands in front of a fake: it passes everything on, byte for byte, and lets the troubles of a line happen where
// a row of kinds.mjs says.  The fake behind it keeps the ledger and knows nothing of it.
//
// `steps[purpose]` is taken one by one by the requests of that purpose (order, poll, fetch, other).
//   {}                      passed on
//   {status, headers, body} answered here: the service never saw it
//   {delay_ms}              passed on, the first byte of the reply comes so late
//   {cut: true}             passed on, half of the reply, then a reset
//   {hold: true}            passed on, the reply is never given
//   {swallow: true}         neither passed on nor answered
// `rests[purpose]` is the step of every request when its list is empty.
import { createServer, request } from "node:http";

async function readAll(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

function passOn(req, body, target) {
  return new Promise((resolve, reject) => {
    const on = request(`${target}${req.url}`, { method: req.method, headers: req.headers, agent: false });
    on.on("error", reject);
    on.on("response", (res) => readAll(res).then((whole) =>
      resolve({ status: res.statusCode, headers: res.headers, body: whole }), reject));
    on.end(body);
  });
}

function give(res, { status, headers, body }) {
  const own = { ...headers, "content-length": body.length };
  delete own["transfer-encoding"];
  res.writeHead(status, own);
  return own;
}

export async function openFront(t, purposeOf) {
  const front = { target: "", steps: {}, rests: {}, seen: [], held: 0 };

  async function handle(req, res) {
    const body = await readAll(req);
    const purpose = req.url.startsWith("/__control") || req.url.startsWith("/__ledger") ? "steering"
      : purposeOf(req, body.toString("latin1"));
    const step = front.steps[purpose]?.shift() ?? front.rests[purpose] ?? {};
    if (purpose !== "steering") front.seen.push({ purpose, name: `${req.method} ${req.url.split("?")[0]}` });
    if (step.status) {
      const text = Buffer.from(typeof step.body === "string" ? step.body : JSON.stringify(step.body ?? {}));
      give(res, { status: step.status, headers: { "content-type": "application/json", ...step.headers }, body: text });
      return res.end(text);
    }
    if (step.swallow) {
      front.held++;
      return undefined;
    }
    const reply = await passOn(req, body, front.target);
    if (step.hold) {
      front.held++;
      return undefined;
    }
    if (step.delay_ms) await new Promise((resolve) => setTimeout(resolve, step.delay_ms));
    give(res, reply);
    if (!step.cut) return res.end(reply.body);
    return res.write(reply.body.subarray(0, reply.body.length >> 1), () =>
      setImmediate(() => res.socket?.resetAndDestroy()));
  }

  const server = createServer((req, res) => {
    handle(req, res).catch(() => res.destroy());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  front.url = `http://127.0.0.1:${server.address().port}`;
  front.count = (purpose) => front.seen.filter((one) => one.purpose === purpose).length;
  front.reset = () => Object.assign(front, { steps: {}, rests: {}, seen: [], held: 0 });
  t.after(() => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  }));
  return front;
}
