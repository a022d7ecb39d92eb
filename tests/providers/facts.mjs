// What the tests that hold a fake against the facts' examples have in common.
import assert from "node:assert/strict";

// A value by its form: texts and numbers that change from reply to reply are told by their type alone.
export function formOf(value, kept = []) {
  if (Array.isArray(value)) return value.map((one) => formOf(one, kept));
  if (value === null || typeof value !== "object") return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) =>
    [name, kept.includes(name) ? one : formOf(one, kept)]));
}

export async function send(url, { method = "POST", headers = {}, body } = {}) {
  const reply = await fetch(url, { method, headers, body });
  return { status: reply.status, body: await reply.json() };
}

// The order is in the ledger as often as it was taken, and no more.
export async function checkCount(url, count) {
  const { entries } = await (await fetch(`${url}/__ledger`)).json();
  assert.equal(entries.length, count);
  return entries;
}
