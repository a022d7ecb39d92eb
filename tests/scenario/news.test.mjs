// What a service tells of its work while it goes on reaches the event stream, and is news alone: a socket that lies, is
// silent or is lost changes nothing of the work.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";

import { startFake } from "../providers/comfyui.mjs";
import { openHouse, until } from "./house.mjs";

const KEY = "key-of-comfyui-0123456789";

async function open(t, { way = (fake) => fake.url } = {}) {
  const house = await openHouse(t);
  const fake = await startFake({ key: KEY });
  t.after(() => fake.close());
  const provider = await house.post("/providers", { kind: "comfyui", name: "own", key: KEY,
    base_url: await way(fake), is_private_allowed: true, options: {} });
  const ask = async (path, body) => (await fetch(`${fake.url}${path}`,
    body ? { method: "POST", body: JSON.stringify(body) } : {})).json();
  return { house, fake, control: (wanted) => ask("/__control", wanted), ledger: () => ask("/__ledger"),
    order: async () => (await house.run({ prompt: "a cup", model: `${provider.id}/txt2img`, steps: 20 }, 1)).tasks[0] };
}

const stepsOf = (feed, task) => feed.events.filter((event) => event.kind === "task.progress" &&
  event.data.id === task.id && event.data.steps > 1).map(({ data }) => data);

test("steps and previews come as they are made, also after kill -9, and one prompt is taken", async (t) => {
  const { house, control, ledger, order } = await open(t);
  await control({ latency_ms: 12000 });
  let feed = await house.feed();
  const task = await order();
  await until("some steps are told", () => stepsOf(feed, task).length >= 2);
  const before = stepsOf(feed, task);
  assert.ok(before.every((news) => news.steps === 20 && news.step >= 1 && news.step <= 20 && news.node.length > 0));
  assert.ok(before.every((news) => news.progress > 0.5 && news.progress <= 1));
  await until("a preview is there", async () =>
    (await house.call("GET", `/tasks/${task.id}/partials/0`)).bytes.subarray(1, 4).toString("latin1") === "PNG");
  assert.equal((await ledger()).listeners.length, 1);
  await house.signal("SIGKILL");
  await house.start();
  feed = await house.feed();
  await until("steps are told again", () => stepsOf(feed, task).length >= 2);
  assert.ok(stepsOf(feed, task)[0].step > before.at(-1).step, "the work went on meanwhile");
  const done = await house.taskIs(task.id, "done");
  assert.equal(done.tries, 0);
  assert.equal((await ledger()).entries.length, 1, "one prompt");
  await until("the socket is given up", async () => (await ledger()).listeners.length === 0);
  assert.ok(!house.log.includes(KEY));
});

// What stands at /ws: everything else is passed on.
function liar(t, answer) {
  return async (fake) => {
    const target = new URL(fake.url);
    const sockets = new Set();
    const server = createServer((req, res) => {
      const pieces = [];
      req.on("data", (piece) => pieces.push(piece));
      req.on("end", async () => {
        const body = Buffer.concat(pieces);
        const reply = await fetch(`${fake.url}${req.url}`, { method: req.method, headers: {
          authorization: req.headers.authorization, "content-type": req.headers["content-type"] ?? "" },
        ...(body.length > 0 ? { body } : {}) });
        res.writeHead(reply.status, { "content-type": reply.headers.get("content-type") ?? "" });
        res.end(Buffer.from(await reply.arrayBuffer()));
      });
    });
    server.on("upgrade", (req, socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      answer(socket, () => {
        const on = connect(Number(target.port), target.hostname);
        on.on("error", () => socket.destroy());
        on.write(`${req.method} ${req.url} HTTP/1.1\r\n${req.rawHeaders.reduce((text, word, index) =>
          text + word + (index % 2 ? "\r\n" : ": "), "")}\r\n`);
        return on;
      });
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(resolve);
      server.closeAllConnections();
    }));
    return `http://127.0.0.1:${server.address().port}`;
  };
}

const LIES = {
  "is silent": () => {},
  "hangs up": (socket) => socket.destroy(),
  "is a page": (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"),
  "is noise": (socket, pass) => { const on = pass(); on.once("data", (head) => { socket.write(head);
    socket.end(Buffer.alloc(100000, 0xff)); on.destroy(); }); },
};
for (const [what, answer] of Object.entries(LIES))
  test(`a socket that ${what} harms nothing`, async (t) => {
    const { house, control, ledger, order } = await open(t, { way: liar(t, answer) });
    await control({ latency_ms: 1500 });
    const done = await house.taskIs((await order()).id, ["done", "failed", "held"]);
    assert.equal(done.state, "done", done.error?.message);
    assert.equal(done.tries, 0);
    assert.equal((await ledger()).entries.length, 1);
  });
