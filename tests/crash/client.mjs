// A server that dies as it was ordered, and its client, who does what a careful client does: what was
// not answered is asked again, under the same key.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Feed, House } from "../scenario/house.mjs";

const run = promisify(execFile);
const TRIES_MAX = 8;
const DEATH_MS = 30000; // no promise: an fsync may take long

// Node 20 has no SQLite; Python 3 is there, for meson needs it.
const AGE = `
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1] + "/vitrine.db")
days = 40 * 86400000
db.execute("UPDATE asset SET trashed_at_ms = trashed_at_ms - ?", (days,))
db.execute("UPDATE event SET at_ms = at_ms - ?", (days,))
db.execute("UPDATE blob SET unreferenced_at_ms = unreferenced_at_ms - ?1, state_at_ms = state_at_ms - ?1", (days,))
db.commit()
for folder, _, names in os.walk(sys.argv[1] + "/blobs"):
    for name in names:
        if len(name) == 64:
            os.utime(folder + "/" + name, (10 ** 9, 10 ** 9))
`;
// What is on its way out, rows and files, a line each.
export const LEFTOVERS = `
import os, sqlite3, sys
db = sqlite3.connect("file:" + sys.argv[1] + "/vitrine.db?mode=ro", uri=True)
rows = {row[0] for row in db.execute("SELECT sha256 FROM blob")}
for row in db.execute("SELECT 'asset', id FROM asset WHERE trashed_at_ms IS NOT NULL"
        " UNION ALL SELECT state, sha256 FROM blob WHERE state <> 'live' OR unreferenced_at_ms IS NOT NULL"):
    print(*row)
for folder, _, names in os.walk(sys.argv[1] + "/blobs"):
    for name in names:
        if len(name) == 64 and (name not in rows or folder.endswith("/trash")):
            print(folder, name)
`;

// How many events should have been forgotten.
export const OLD_EVENTS = `
import sqlite3, sys, time
db = sqlite3.connect("file:" + sys.argv[1] + "/vitrine.db?mode=ro", uri=True)
print(*db.execute("SELECT count(*) FROM event e JOIN event_head h ON h.user_id = e.user_id"
    " WHERE e.seq <= h.seq - 10 AND e.at_ms < ?", ((time.time() - 7 * 86400) * 1000,)).fetchone())
`;

// A database of the oldest schema.
const OLD = `
import hashlib, sqlite3, sys
text = open(sys.argv[2]).read()
db = sqlite3.connect(sys.argv[1] + "/vitrine.db")
db.executescript(text)
db.execute("CREATE TABLE schema_migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL,"
    " applied_at_ms INTEGER NOT NULL, version TEXT NOT NULL) STRICT")
db.execute("INSERT INTO schema_migration VALUES (1, '0001_start', ?, 1, '0.0.1')",
    (hashlib.sha256(text.encode()).hexdigest(),))
db.execute("PRAGMA application_id = 1986622578")
db.execute("CREATE TABLE filler (bytes BLOB)") # more than is copied in one go
db.execute("INSERT INTO filler VALUES (zeroblob(3000000))")
db.commit()
`;
const MIGRATION = fileURLToPath(new URL("../../migrations/0001_start.sql", import.meta.url));

export const isNew = ({ moment }) => ["fresh", "old"].includes(moment);

export class Client extends House {
  constructor(stage, cell, data) {
    super(data, {});
    const provider = stage.providers[cell.kind];
    Object.assign(this, { stage, cell, provider, kills: 0, starts: 0, stops: 0, refusals: [], repeats: new Map(),
      logFile: `${data}.points`, tag: data.split("/").at(-1) });
  }

  async open() {
    const template = isNew(this.cell) ? undefined : this.stage.templates[this.cell.kind];
    if (template === undefined) await mkdir(this.data);
    else await cp(template.data, this.data, { recursive: true });
    if (this.cell.moment === "old") await run("python3", ["-c", OLD, this.data, MIGRATION]);
    this.token = template?.token;
    await this.rise();
    return this;
  }

  // The owner and the account; one call at a time, so that the call at hand is one.
  async settleIn() {
    await this.makeOwner();
    await this.post("/providers", { name: "crash", is_private_allowed: true, concurrency: 1,
      ...this.provider.account });
  }

  // ---- the process ----

  // What the next process is ordered to do.
  order() {
    const { point, row, hit, action, second } = this.cell;
    const first = row?.start ?? 0;
    if (this.cell.orders !== undefined) return this.cell.orders[this.starts] ?? "";
    if (action === undefined) return "";
    if (this.starts === first) return `${point}:${hit}:${action}`;
    if (this.starts > first && this.starts <= first + 2 && second === "same")
      return `${point}:1:${action}`;
    if (this.starts === first + 1 && second === "recovery") return "recover.in_commit:1:kill9";
    return "";
  }

  // Starts until it stays; each death on the way is one that was ordered.
  async rise() {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const order = this.order();
      if (this.isAgeing) this.left = (await run("python3", ["-c", AGE + LEFTOVERS, this.data])).stdout;
      this.env = { VITRINE_FAULT: order, VITRINE_FAULT_LOG: this.logFile };
      this.starts++;
      try {
        await this.start();
        if (this.isPlaying) await this.watch();
        return;
      } catch (error) {
        const { code, signal } = await this.death(error);
        if (signal === "SIGKILL") this.kills++;
        // What cannot read its own database says so and starts no server.
        else if (code === 1 && /recover/.test(order)) {
          assert.match(this.log, /vitrine: \S.*\n$/);
          this.stops++;
        } else throw error;
      } finally {
        this.env = {};
      }
    }
    assert.fail("it does not stay up");
  }

  // Everybody's page does the same: again from the last event it has.
  async watch() {
    const feed = new Feed(this, { lastEventId: this.watches.at(-1)?.lastEventId });
    this.watches.push(feed);
    await feed.opened;
  }

  // How the process ended; when it does not, what made us ask is the failure.
  death(why) {
    return Promise.race([this.exited, new Promise((_, reject) => setTimeout(() =>
      reject(new Error(`${why.message}, and it lives`, { cause: why })), DEATH_MS).unref())]);
  }

  // The process has died, or is about to: the next one rises.
  async risen(why) {
    const { signal } = await this.death(why);
    assert.equal(signal, "SIGKILL", this.log.slice(-2000));
    this.kills++;
    await this.rise();
  }

  // A request of a careful client: again when the connection breaks, or when a fault was told of.
  async call(method, path, options) {
    if (!this.isPlaying) return super.call(method, path, options);
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      let reply;
      try {
        reply = await super.call(method, path, options);
      } catch (error) {
        await this.risen(error);
        continue;
      }
      if (reply.status < 500) return reply;
      assert.ok(reply.json?.code && reply.json.detail.length > 10,
        `a clear error: ${reply.status} ${reply.bytes}`);
      this.refusals.push(`${method} ${path}: ${reply.json.code}`);
    }
    return assert.fail(`${method} ${path} is refused for ever: ${this.refusals}`);
  }
}
