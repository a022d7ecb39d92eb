// Every route of the API's own description, asked by everyone who should not: the right refusal, never
// a 500, and no secret anywhere.  A route that is added is asked too.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { openFake, openHouse, send } from "./house.mjs";
import { plain } from "./pictures.mjs";

const NOBODY = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
// Change nothing that is kept: a reader may.
const READING = ["POST /api/v1/archives", "POST /api/v1/runs/estimate"];
const isUnsafe = (method) => !["GET", "HEAD"].includes(method);

// Every operation, with its path filled in.
async function routesOf(house) {
  const { paths } = (await send(house.origin, { path: "/openapi.json" })).json;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, about]) => ({
      method: method.toUpperCase(),
      path: path.replace(/\{(\w+)\}/g, (_, name) => (name === "n" ? "1" : NOBODY)),
      name: `${method.toUpperCase()} ${path}`,
      isPublic: (about.security ?? []).length === 0,
      takesToken: (about.security ?? []).some((way) => "bearer" in way),
      bodyType: Object.keys(about.requestBody?.content ?? {})[0] ?? null,
    })));
}

function ask(house, route, { headers = {}, body, path } = {}) {
  const has = route.bodyType === "application/json" || body !== undefined;
  const bytes = has ? Buffer.from(body ?? "{}") : null;
  return send(house.origin, { method: route.method, path: path ?? route.path, body: bytes,
    headers: { ...(has ? { "content-type": "application/json" } : {}),
      ...(route.bodyType === "multipart/form-data" && !has
        ? { "content-type": "multipart/form-data; boundary=x", "content-length": "0" } : {}),
      ...headers } });
}

function isProblem(reply, name) {
  assert.match(reply.headers["content-type"], /^application\/problem\+json/, name);
  assert.equal(reply.json.status, reply.status, name);
  assert.match(reply.json.code, /^[a-z_]+$/, name);
  assert.match(reply.json.trace_id, /^[0-9a-f]{16}$/, name);
  assert.equal(reply.headers["x-trace-id"], reply.json.trace_id, name);
}

test("every route refuses those who may not", async (t) => {
  const house = await openHouse(t);
  const routes = await routesOf(house);
  assert.ok(routes.length > 55, `${routes.length} routes`);
  const reader = await house.makeToken("reader", "read");
  const cookie = { cookie: house.cookie };
  const own = { ...cookie, origin: house.origin, "sec-fetch-site": "same-origin" };
  const api = routes.filter((route) => route.path.startsWith("/api/v1/"));
  for (const route of api.filter((item) => !item.isPublic)) {
    const unsafe = isUnsafe(route.method);
    const rows = [
      ["anonymous", {}, [401]],
      ["a token that is none", { authorization: "Bearer vit_0000" }, [401]],
      ["a cookie that is none", { cookie: "sid=AAAA", "x-vitrine": "1", origin: house.origin }, [401]],
    ];
    if (unsafe) {
      if (!READING.includes(route.name))
        rows.push(["a reader", { authorization: `Bearer ${reader}` }, [403]]);
      rows.push(["the page's cookie without its header", own, [403]]);
      rows.push(["another site", { ...cookie, "x-vitrine": "1", origin: "https://evil.example",
        "sec-fetch-site": "cross-site" }, [403]]);
      rows.push(["a sister site", { ...cookie, "x-vitrine": "1", origin: house.origin,
        "sec-fetch-site": "same-site" }, [403]]);
      rows.push(["a cookie and nothing else", { ...cookie, "x-vitrine": "1" }, [403]]);
    }
    rows.push(["another host's name", { authorization: `Bearer ${house.token}`,
      host: "evil.example" }, [421]]);
    for (const [who, headers, wanted] of rows) {
      const reply = await ask(house, route, { headers });
      assert.ok(wanted.includes(reply.status), `${route.name} by ${who}: ${reply.status}`);
      isProblem(reply, `${route.name} by ${who}`);
    }
    if (!route.takesToken) {
      const reply = await ask(house, route, { headers: { authorization: `Bearer ${house.token}` } });
      assert.equal(reply.status, 403, `${route.name} is for sessions only`);
    }
  }
  for (const route of routes.filter((item) => item.isPublic)) {
    const reply = await ask(house, route, { headers: { host: "evil.example" } });
    assert.equal(reply.status, 421, `${route.name} under another name`);
  }
  assert.equal((await house.call("GET", "/me")).status, 200, "after all that");
  assert.ok(!/event=\S*(panic|internal)/.test(house.log), house.log.slice(-1000));
});

test("every route refuses what it does not understand", async (t) => {
  const house = await openHouse(t);
  const routes = await routesOf(house);
  for (const route of routes) {
    const headers = route.takesToken || route.isPublic ? { authorization: `Bearer ${house.token}` }
      : { cookie: house.cookie, "x-vitrine": "1", origin: house.origin,
        "sec-fetch-site": "same-origin" };
    // Those that end the asking session are asked with rubbish all the same: it is refused first.
    const rubbish = await ask(house, route, { headers, path: `${route.path}?no_such_thing=1` });
    assert.ok([404, 422].includes(rubbish.status), `${route.name}?no_such_thing: ${rubbish.status}`);
    if (route.bodyType !== "application/json") continue;
    const rows = [
      ["text/plain", "{}", [415]],
      ["application/x-www-form-urlencoded", "a=b", [415]],
      ["application/json", '{"no_such_member": 1}', [404, 422]],
      ["application/json", "{", [400]],
      ["application/json", "[]", [400, 422]],
      ["application/json", "null", [400, 422]],
      ["application/json", '{"a": 1, "a": 2}', [400, 422]],
      ["application/json", `${"[".repeat(2000)}`, [400, 422]],
      ["application/json", '{"name": "\\ud800"}', [400, 422]],
      ["application/json", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), [400, 422]],
    ];
    for (const [type, body, wanted] of rows) {
      const reply = await ask(house, route, { headers: { ...headers, "content-type": type }, body });
      assert.ok(wanted.includes(reply.status), `${route.name} ${type} ${body}: ${reply.status}`);
      isProblem(reply, route.name);
    }
    const beyond = /providers\/import/.test(route.path) ? 21 << 20 : 9 << 20; // a house's own file may be long
    const large = await ask(house, route, { headers, body: `{"a": "${"x".repeat(beyond)}"}` })
      .catch((error) => error);
    assert.ok(large.status === 413 || ["EPIPE", "ECONNRESET"].includes(large.code),
      `${route.name}: ${large.status ?? large.code}`);
  }
  for (const { path, name, method } of routes.filter((route) => /ARZ3NDEK/.test(route.path)))
    for (const id of ["x", "..%2f..", "%00", "1", `${NOBODY}0`, "01ARZ3NDEKTSV4RRFFQ69G5FAU'"]) {
      const reply = await send(house.origin, { method, path: path.replace(NOBODY, id),
        headers: { cookie: house.cookie, "x-vitrine": "1", origin: house.origin,
          "sec-fetch-site": "same-origin" } });
      assert.ok(reply.status >= 400 && reply.status < 500, `${name} with ${id}: ${reply.status}`);
    }
});

test("every kind of answer carries its safeguards", async (t) => {
  const house = await openHouse(t);
  const [{ asset }] = await house.upload([{ name: "a.png", bytes: plain(64, 64) }]);
  const auth = { authorization: `Bearer ${house.token}` };
  const rows = [
    ["the page", { path: "/" }],
    ["a way within the page", { path: "/library" }],
    ["JSON", { path: "/api/v1/me", headers: auth }],
    ["a picture", { path: `/api/v1/assets/${asset.id}/file`, headers: auth }],
    ["401", { path: "/api/v1/me" }],
    ["404", { path: "/api/v1/nothing" }],
    ["405", { method: "PUT", path: "/api/v1/me" }],
    ["421", { path: "/", headers: { host: "evil.example" } }],
    ["a ready sign", { path: "/readyz" }],
    ["the description", { path: "/openapi.json" }],
  ];
  for (const [name, request] of rows) {
    const { headers, status } = await send(house.origin, request);
    assert.equal(headers["x-content-type-options"], "nosniff", name);
    assert.ok(headers["content-security-policy"], name);
    assert.match(headers["content-security-policy"], /frame-ancestors 'none'|sandbox/, name);
    assert.equal(headers["referrer-policy"], "no-referrer", name);
    assert.ok(headers["cross-origin-resource-policy"], name);
    assert.ok(headers["cache-control"], name);
    assert.equal(headers.server, undefined, name);
    assert.equal(headers["access-control-allow-origin"], undefined, name);
    if (/^4/.test(name)) assert.equal(status, Number(name), name);
  }
});

test("guessing a password is slowed down", async (t) => {
  const house = await openHouse(t);
  const statuses = [];
  for (let step = 0; step < 25 && statuses.at(-1) !== 429; step++)
    statuses.push((await house.call("POST", "/auth/login", { as: "anyone", headers: { "x-vitrine": "1" },
      body: { name: "owner", password: `guess number ${step}` } })).status);
  assert.equal(statuses.at(-1), 429, `${statuses}`);
  assert.ok(statuses.slice(0, -1).every((status) => status === 401));
  assert.equal((await house.call("GET", "/me", { as: "owner" })).status, 200,
    "whoever is in is not locked out");
});

test("no secret is in a log, a database or a folder", async (t) => {
  const house = await openHouse(t, { env: { VITRINE_LOG_LEVEL: "debug" } });
  house.env.VITRINE_ADMIN_KEY = "CANARY-ADMIN-KEY-0001"; // from the next start on
  await house.signal("SIGTERM");
  await house.start();
  const fake = await openFake(t, { key: "sk-CANARY-PROVIDER-KEY-0002" });
  const provider = await house.addOpenai(fake);
  await house.post(`/providers/${provider.id}/test`);
  await house.runEnds((await house.run({ prompt: "x", model: "gpt-image-2", quality: "low",
    width: 1024, height: 1024, partial_images: 0 })).id);
  await house.call("POST", "/auth/login", { as: "anyone", headers: { "x-vitrine": "1" },
    body: { name: "owner", password: "CANARY-WRONG-PASSWORD-0003" } });
  await house.call("GET", "/me", { as: "CANARY-ADMIN-KEY-0001" });
  await house.call("GET", "/me", { as: "vit_CANARY0004" });
  await house.call("POST", "/providers", { body: { kind: "openai", name: "y", key: "CANARY-0005",
    base_url: "not an address" } });
  await house.call("GET", "/me?token=CANARY-QUERY-0006");
  const session = /sid=([^;]+)/.exec(house.cookie)[1];
  await house.signal("SIGTERM");
  const files = (await readdir(house.data, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  const places = [["the log", Buffer.from(house.log + house.welcome)],
    ...await Promise.all(files.map(async (file) => [file, await readFile(file)]))];
  assert.ok(files.some((file) => file.endsWith("vitrine.db")));
  for (const [place, bytes] of places)
    for (const secret of ["CANARY", fake.key, house.token, session, "a long quiet morning"])
      assert.ok(!bytes.includes(secret), `${secret.slice(0, 12)}… in ${place}`);
});

test("kill -9 and a restart give back no guess and no token", async (t) => {
  const house = await openHouse(t, { env: { VITRINE_RATE_PER_MINUTE: "60" } });
  const guess = () => house.call("POST", "/auth/login", { as: "anyone", headers: { "x-vitrine": "1" },
    body: { name: "owner", password: "not the right one" } });
  const spend = async () => (await house.call("GET", "/me")).headers.ratelimit;
  const left = (header) => Number(/r=(\d+)/.exec(header)[1]);

  let reply;
  for (let go = 0; go < 30 && reply?.status !== 429; go++) reply = await guess();
  assert.equal(reply.status, 429);
  let before = left(await spend());
  while (before > 20) before = left(await spend());
  const from = Date.now();
  await house.signal("SIGKILL");
  await house.start();
  const after = left(await spend());
  const regained = Math.ceil((Date.now() - from) / 1000); // sixty a minute
  assert.ok(after < 40 + regained, `${before} tokens were left, then ${after}, and ${regained} s had passed`);
  reply = await guess();
  assert.equal(reply.status, 429);
  assert.ok(Number(reply.headers["retry-after"]) >= 1);
  assert.equal(reply.json.code, "rate_limited");
});
