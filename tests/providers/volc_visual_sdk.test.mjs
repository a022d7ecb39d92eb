// Proves the fake of the Visual API: the official Signer must pass its check, and whatever is changed afterwards must
// not.  And the other way round: the vectors of facts 4C pass the fake's own arithmetic.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, beforeEach, test } from "node:test";

import { sha256 } from "./volc_fake.mjs";
import { expectedSignature, startFake } from "./volc_visual.mjs";

const { Signer } = createRequire(import.meta.url)("@volcengine/openapi");
const KEYS = { accessKeyId: "AKLTTEST", secretKey: "test-secret" };

let fake;
before(async () => { fake = await startFake(); });
after(() => fake.close());
beforeEach(() => fake.control({ reset: true }));

function sign(action, fields, { keys = KEYS, date, region = "cn-north-1" } = {}) {
  const body = JSON.stringify(fields);
  const request = { method: "POST", region, pathname: "/", params: { Action: action, Version: "2022-08-31" }, body,
    headers: { Host: new URL(fake.url).host, "Content-Type": "application/json" } };
  new Signer(request, "cv").addAuthorization(keys, date);
  return { url: `${fake.url}/?Action=${action}&Version=2022-08-31`, method: "POST", headers: request.headers, body };
}
const send = async ({ url, ...request }) => {
  const reply = await fetch(url, request);
  return { status: reply.status, body: await reply.json() };
};
const order = { req_key: "jimeng_t2i_v40", prompt: "一只猫 a b+c/é~*" };

test("the official Signer's requests are accepted, to the end", async () => {
  const { body } = await send(sign("CVSync2AsyncSubmitTask", order));
  assert.equal(body.code, 10000);
  const states = [];
  for (let asked = 0; asked < 3; asked++) {
    const reply = await send(sign("CVSync2AsyncGetResult", { req_key: order.req_key, task_id: body.data.task_id,
      req_json: "{\"return_url\":true}" }));
    states.push(reply.body.data.status);
    if (reply.body.data.image_urls)
      assert.equal(sha256(Buffer.from(await (await fetch(reply.body.data.image_urls[0])).arrayBuffer())),
        (await fake.ledger()).entries[0].pictures[0]);
  }
  assert.deepEqual(states, ["in_queue", "generating", "done"]);
});

const spoilt = [
  ["another secret", (request) => sign("CVProcess", order, { keys: { ...KEYS, secretKey: "other" } }),
    "SignatureDoesNotMatch"],
  ["another key id", () => sign("CVProcess", order, { keys: { ...KEYS, accessKeyId: "AKLTOTHER" } }), "InvalidAccessKey"],
  ["another region", () => sign("CVProcess", order, { region: "cn-north-2" }), "SignatureDoesNotMatch"],
  ["another body", (request) => ({ ...request, body: `${request.body} ` }), "SignatureDoesNotMatch"],
  ["another body and its hash", (request) => ({ ...request, body: `${request.body} `,
    headers: { ...request.headers, "X-Content-Sha256": sha256(`${request.body} `) } }), "SignatureDoesNotMatch"],
  ["another action", (request) => ({ ...request, url: request.url.replace("CVProcess", "CVSubmitTask") }),
    "SignatureDoesNotMatch"],
  ["a later date", (request) => ({ ...request, headers: { ...request.headers,
    "X-Date": request.headers["X-Date"].replace(/\d\dZ$/, "00Z").replace(/T\d\d/, "T00") } }), null],
  ["a signature of an hour ago", () => sign("CVProcess", order, { date: new Date(Date.now() - 3600000) }),
    "InvalidTimestamp"],
  ["no signature", (request) => ({ ...request, headers: { "Content-Type": "application/json" } }),
    "MissingAuthenticationToken"],
];
for (const [name, spoil, code] of spoilt)
  test(`${name} is refused`, async () => {
    const reply = await send(spoil(sign("CVProcess", order)));
    assert.equal(reply.status, 401);
    if (code) assert.equal(reply.body.ResponseMetadata.Error.Code, code);
    assert.equal((await fake.ledger()).entries.length, 0);
  });

test("vectors A and B of facts 4C pass the fake's own arithmetic", () => {
  const secret = "EXAMPLESECRETKEY0123456789abcdefABCDEF==";
  const body = "{\"req_key\":\"jimeng_t2i_v40\",\"prompt\":\"a red bicycle against a white wall\",\"width\":1024,"
    + "\"height\":1024}";
  const check = (names, expected) => assert.equal(expectedSignature({ method: "POST",
    url: "/?Action=CVSync2AsyncSubmitTask&Version=2022-08-31", body, secret, headers: {
      host: "visual.volcengineapi.com", "x-date": "20261122T080000Z", "x-content-sha256": sha256(body),
      "content-type": "application/json", authorization: "HMAC-SHA256 Credential=AKLTEXAMPLEACCESSKEYID/20261122/"
        + `cn-north-1/cv/request, SignedHeaders=${names}, Signature=x` } }).hex, expected);
  check("host;x-content-sha256;x-date", "2c8d044b958b5ac37ef0756b79e0b3d9776f175dce970426f048b6a2a499a35b");
  check("content-type;host;x-content-sha256;x-date", "344731db23c1e9ef5edaa903952a131387921ce75e6336aba3019b58d5ac63f0");
});
