// What stands in front of a fake: it passes everything on, byte for byte, and lets the troubles of a line happen where
// a row of kinds.mjs says.  The fake behind it keeps the ledger and knows nothing of it.
//
// `steps[purpose]` is taken one by one by the requests of that purpose (order, poll, fetch, other).
//   {}                      passed on
//   {status, headers, body} answered here: the service never saw it
//   {after: true, status…}  passed on, and answered here all the same: as by a gateway that waited in vain
//   {delay_ms}              passed on, the first byte of the reply comes so late
//   {cut: true}             passed on, half of the reply, then a reset
//   {cut: 0.25}             passed on, that part of the reply, then the line is closed; -1: all but one byte
//   {reset: true}           passed on, a reset in place of the reply
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
    const seen = { purpose, name: `${req.method} ${req.url.split("?")[0]}` };
    if (purpose !== "steering") front.seen.push(seen);
    const answerHere = () => {
      const text = Buffer.from(typeof step.body === "string" ? step.body : JSON.stringify(step.body ?? {}));
      give(res, { status: step.status, headers: { "content-type": "application/json", ...step.headers }, body: text });
      return res.end(text);
    };
    if (step.status && !step.after) return answerHere();
    if (step.swallow) {
      front.held++;
      return undefined;
    }
    const reply = await passOn(req, body, front.target);
    seen.type = reply.headers["content-type"];
    if (step.hold) {
      front.held++;
      return undefined;
    }
    if (step.after) return answerHere();
    if (step.reset) return res.socket.resetAndDestroy();
    if (step.delay_ms) await new Promise((resolve) => setTimeout(resolve, step.delay_ms));
    give(res, reply);
    if (!step.cut) return res.end(reply.body);
    // Closed in peace, so that all of the part arrives: what was made of it can be told beforehand.
    if (step.cut !== true) {
      const size = step.cut < 0 ? reply.body.length + step.cut : Math.ceil(reply.body.length * step.cut);
      return res.write(reply.body.subarray(0, size), () => res.socket?.end());
    }
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
