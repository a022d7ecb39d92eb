// The document that the binary prints of its tables: clean for a linter that is not ours, and what the page's types
// are made from.  The binary is $VITRINE.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
let folder;
let server;
let path;

// Gives the address that the binary says of itself once it answers.
function address(child) {
  return new Promise((resolve, reject) => {
    let said = "";
    const take = (bytes) => {
      said += bytes;
      const found = /(http:\/\/127\.0\.0\.1:\d+)\/setup\//.exec(said);
      if (found) resolve(found[1]);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", reject);
    child.on("exit", () => reject(new Error(`the binary ended:\n${said}`)));
  });
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-openapi-"));
  server = spawn(process.env.VITRINE, ["serve", "--listen", "127.0.0.1:0", "--data", join(folder, "data")]);
  const origin = await address(server);
  const reply = await fetch(`${origin}/openapi.json`);
  assert.equal(reply.status, 200);
  path = join(folder, "openapi.json");
  await writeFile(path, await reply.text());
});

after(async () => {
  server?.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

test("the OpenAPI document lints clean", async () => {
  const bin = join(root, "tests/openapi/node_modules/@redocly/cli/bin/cli.js");
  const config = join(root, "tests/openapi/redocly.yaml");
  const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
  const { stdout } = await run(process.execPath,
    [bin, "lint", path, "--config", config, "--format", "json", "--max-problems", "1000"], { env, maxBuffer: 1 << 26 })
    .catch((error) => error);
  const { problems } = JSON.parse(stdout);
  const lines = problems.map((problem) => `${problem.severity} ${problem.ruleId}: ${problem.message} at ` +
    `${problem.location.map((at) => at.pointer).join(", ")}`);
  assert.deepEqual(lines, []);
});

test("the page's types are what openapi-typescript makes of the document", async () => {
  const bin = join(root, "web/tools/node_modules/openapi-typescript/bin/cli.js");
  const made = join(folder, "schema.d.ts");
  await run(process.execPath, [bin, path, "--output", made]);
  // Lines, since the whole texts would fill the screen.
  const [kept, fresh] = await Promise.all([join(root, "web/src/api/schema.d.ts"), made]
    .map(async (file) => (await readFile(file, "utf8")).split("\n")));
  const at = fresh.findIndex((line, index) => line !== kept[index]);
  assert.ok(at < 0 && kept.length === fresh.length,
    `web/src/api/schema.d.ts is stale from line ${at + 1} on: it has "${kept[at]}", now it is "${fresh[at]}"; ` +
    "CONTRIBUTING.md says how it is made");
});
