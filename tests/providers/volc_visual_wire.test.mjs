// The volc_visual kind over real HTTP, against our fake, which verifies each signature and keeps a ledger; and our
// signatures against the official Signer's.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, beforeEach, test } from "node:test";

import { drawPng } from "./png.mjs";
import { sha256 } from "./volc_fake.mjs";
import { startFake } from "./volc_visual.mjs";
import { carry, options } from "./wire.mjs";

const { Signer } = createRequire(import.meta.url)("@volcengine/openapi");

let fake;
before(async () => { fake = await startFake(); });
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

const call = ({ options: more = {}, ...order }, how) => carry({ kind: "volc_visual", base_url: fake.url, key: "test-secret",
  options: { access_key_id: "AKLTTEST", ...more }, model: "jimeng_t2i_v40", prompt: "a cup", ...order }, how);
const base64 = (seed) => drawPng(64, 64, seed).toString("base64");

test("a task is ordered, asked for, and brings our picture", options, async () => {
  const verdict = await call({ width: 2048, height: 1152, scale: 0.5 });
  const { entries } = await fake.ledger();
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual(verdict.verdicts.map((one) => one.verdict), ["wait", "wait", "wait", "done"]);
  assert.match(verdict.verdicts[0].remote_id, /^volc1:sync2async:jimeng_t2i_v40:\d+$/);
  assert.equal(verdict.verdicts[1].remote_id, verdict.verdicts[0].remote_id);
  assert.equal(verdict.verdicts[0].poll_after_ms, 2500);
  assert.equal(entries.length, 1);
  assert.equal(entries[0].size, "2048x1152");
  assert.deepEqual(verdict.pictures.map((picture) => picture.sha256), entries[0].pictures);
  assert.equal(verdict.cost_micro, -1);
});

test("our signature is the one of the official Signer", options, async () => {
  const verdict = await call({ prompt: "茶杯 🫖 a b+c/é~*" });
  for (const exchange of verdict.exchanges) {
    const headers = Object.fromEntries(exchange.headers), url = new URL(exchange.url);
    const request = { method: "POST", region: "cn-north-1", pathname: "/", params: Object.fromEntries(url.searchParams),
      body: Buffer.from(exchange.body, "base64").toString("utf8"), headers: { Host: url.host } };
    const date = headers["X-Date"].replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
    new Signer(request, "cv").addAuthorization({ accessKeyId: "AKLTTEST", secretKey: "test-secret" }, new Date(date));
    assert.equal(headers.Authorization, request.headers.Authorization);
    assert.ok(!JSON.stringify(exchange).includes("test-secret"));
  }
});

test("a temporary key says and signs its session token, as the official Signer does, in each call", options, async () => {
  const token = "STS.test-token/+=", key = `test-secret\n${token}`;
  await fake.control({ session_token: token });
  const verdict = await call({ key, prompt: "一辆红色自行车，白墙前 🚲" });
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.ok(verdict.exchanges.length > 1);
  for (const exchange of verdict.exchanges) {
    const headers = Object.fromEntries(exchange.headers), url = new URL(exchange.url);
    const request = { method: "POST", region: "cn-north-1", pathname: "/", params: Object.fromEntries(url.searchParams),
      body: Buffer.from(exchange.body, "base64").toString("utf8"), headers: { Host: url.host } };
    const date = headers["X-Date"].replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
    new Signer(request, "cv").addAuthorization({ accessKeyId: "AKLTTEST", secretKey: "test-secret",
      sessionToken: token }, new Date(date));
    assert.equal(headers["X-Security-Token"], token);
    assert.equal(headers.Authorization, request.headers.Authorization);
  }
  // Another one is refused, and not told to anybody when it is repeated.
  for (const [given, said] of [["test-secret", "undefined"], ["test-secret\nSTS.other-token-77", "***"]]) {
    const wrong = await call({ key: given });
    assert.deepEqual([wrong.failure, wrong.code], ["auth", "InvalidSecurityToken"]);
    assert.equal(wrong.message, `The token ${said} is none of ours.`);
  }
});

test("a task outlives whoever ordered it", options, async () => {
  const cut = await call({}, { polls: 1 });
  assert.equal(cut.verdict, "wait");
  const later = await call({ remote_id: cut.remote_id });
  assert.equal(later.verdict, "done", later.message);
  assert.equal((await fake.ledger()).entries.length, 1);
});

for (const count of [1, 2, 10])
  test(`an edit with ${count} reference(s) arrives whole`, options, async () => {
    const files = Array.from({ length: count }, (_, index) => base64(`${index}`));
    const verdict = await call({ references: files });
    assert.equal(verdict.verdict, "done", verdict.message);
    assert.deepEqual((await fake.ledger()).entries[0].images, files.map((file) => sha256(Buffer.from(file, "base64"))));
  });

test("what is known of each model is accepted", options, async () => {
  for (const [model, more] of [["jimeng_seedream46_cvtob", { scale: 50 }], ["jimeng_t2i_v31", { seed: 7 }],
    ["jimeng_t2i_v30", {}], ["jimeng_i2i_v30", { references: [base64("a")] }],
    ["seededit_v3.0", { references: [base64("a")], scale: 2.5 }],
    ["jimeng_i2i_seed3_tilesr_cvtob", { references: [base64("a")] }], ["high_aes_general_v30l_zt2i", {}],
    ["high_aes_general_v21_L", { steps: 25 }], ["byteedit_v2.0", { options: { flow: "sync" },
      references: [base64("a")] }], ["someday_v9", { options: { flow: "task" } }]]) {
    const verdict = await call({ model, ...more });
    assert.equal(verdict.verdict, "done", `${model}: ${verdict.message}`);
    assert.equal(verdict.pictures[0].sha256, (await fake.ledger()).entries.at(-1).pictures[0]);
  }
});

test("a mask goes behind its picture, in the service's own form", options, async () => {
  const order = { model: "jimeng_image2image_dream_inpaint", references: [base64("a")], mask: base64("b") };
  const verdict = await call(order);
  assert.equal(verdict.verdict, "done", verdict.message);
  assert.deepEqual((await fake.ledger()).entries[0].images, ["a", "b"].map((seed) => sha256(drawPng(64, 64, seed))));
});

test("pictures come by address when the account wants it, and are labelled as it says", options, async () => {
  const verdict = await call({ options: { response_format: "url", content_producer: "us" } });
  const bytes = Buffer.from(await (await fetch(verdict.pictures[0].url)).arrayBuffer());
  assert.deepEqual(verdict.pictures[0].headers, []);
  assert.equal(sha256(bytes), (await fake.ledger()).entries[0].pictures[0]);
  const asked = JSON.parse(Buffer.from(verdict.exchanges.at(-1).body, "base64"));
  assert.deepEqual(JSON.parse(asked.req_json), { return_url: true, logo_info: { add_logo: false },
    aigc_meta: { content_producer: "us", producer_id: asked.task_id } });
});

const orders = [
  [{ kind: "code", code: 50411 }, "refused", "no"],
  [{ kind: "code", code: 50200 }, "invalid", "no"],
  [{ kind: "code", code: 50400 }, "auth", "no"],
  [{ kind: "code", code: 50430 }, "throttled", "no"],
  [{ kind: "code", code: 50429, status: 200 }, "throttled", "no"],
  [{ kind: "code", code: 50500 }, "server", "no"],
  [{ kind: "status", status: 503, body: {} }, "server", "maybe"],
  [{ kind: "html200" }, "invalid", "no"],
  [{ kind: "reset_before_reply" }, "unknown", "maybe"],
  [{ kind: "cut_mid_body" }, "unknown", "maybe"],
  [{ kind: "hang" }, "unknown", "maybe"],
];
for (const [fault, failure, charged] of orders)
  test(`an order answered with ${fault.kind} ${fault.code ?? fault.status ?? ""} is ${failure}`, options, async () => {
    await fake.control({ faults: [fault] });
    const verdict = await call({}, { timeout: 300 });
    assert.equal(verdict.failure, failure);
    assert.equal(verdict.charged, charged);
    assert.equal(verdict.exchanges.length, 1); // nothing is ever sent again blindly
    if ((await fake.ledger()).entries.length > 0) assert.notEqual(verdict.charged, "no");
  });

const endings = [
  [{ kind: "task", state: "expired" }, "result_lost", "yes"],
  [{ kind: "task", state: "not_found" }, "invalid", "maybe"],
  [{ kind: "task", code: 50511 }, "refused", "maybe"],
  [{ kind: "task", code: 50501 }, "remote_failed", "maybe"],
  [{ kind: "zero_images" }, "result_lost", "maybe"],
  [{ kind: "truncated_base64" }, "result_lost", "yes"],
  [{ kind: "not_base64" }, "result_lost", "yes"],
];
for (const [fault, failure, charged] of endings)
  test(`a task that ends with ${fault.kind} ${fault.state ?? fault.code ?? ""} is ${failure}`, options, async () => {
    await fake.control({ faults: [fault] });
    const verdict = await call({});
    assert.equal(verdict.failure, failure);
    assert.equal(verdict.charged, charged);
  });

for (const [fault, failure] of [[{ kind: "code", code: 50429 }, "throttled"], [{ kind: "reset_before_reply" }, "unknown"],
  [{ kind: "html200" }, "invalid"]])
  test(`an asking that meets ${fault.kind} says so, and can be repeated`, options, async () => {
    await fake.control({ faults: [{ ...fault, on: "poll" }] });
    const first = await call({});
    assert.equal(first.failure, failure);
    const again = await call({ remote_id: first.verdicts[0].remote_id });
    assert.equal(again.verdict, "done");
    assert.equal((await fake.ledger()).entries.length, 1);
  });

test("wrong keys are told apart from blocked prompts", options, async () => {
  const secret = await call({ key: "other-secret" });
  assert.equal(secret.failure, "auth");
  assert.equal(secret.code, "SignatureDoesNotMatch");
  const keyId = await call({ options: { access_key_id: "AKLTOTHER" } });
  assert.equal(keyId.code, "InvalidAccessKey");
  const region = await call({ options: { region: "cn-north-2" } });
  assert.equal(region.code, "SignatureDoesNotMatch");
  const blocked = await call({ prompt: "[blocked] cup" });
  assert.equal(blocked.failure, "refused");
  assert.equal(blocked.charged, "no");
  assert.equal((await fake.ledger()).entries.length, 0);
});
