// What the measurements of the page share: a house with pictures in it, and a Chromium whose devtools are asked.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';

import { House } from '../../tests/scenario/house.mjs';
import { plain } from '../../tests/scenario/pictures.mjs';

const SHAPES = [
  [480, 320],
  [320, 480],
  [400, 400],
  [640, 360],
  [300, 400],
  [560, 300],
];

// Rows alike, spread over days: bytes are shared, so that the folder stays small.
const CLONE = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
count, days, now = int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
names = [row[1] for row in db.execute("PRAGMA table_info(asset)")]
seeds = db.execute("SELECT " + ", ".join(names) + " FROM asset").fetchall()
at, first = {name: i for i, name in enumerate(names)}, max(row[0] for row in seeds) + 1
def rows():
    for i in range(count - len(seeds)):
        row = list(seeds[i % len(seeds)])
        row[at["id"]] = first + i
        row[at["public_id"]] = "01" + str(i).zfill(24)
        row[at["created_at_ms"]] = now - 3600000 - (count - i) * (days * 86400000 // count)
        yield row
db.executemany("INSERT INTO asset VALUES (" + ", ".join("?" * len(names)) + ")", rows())
db.execute("DELETE FROM asset_count")
db.execute("INSERT INTO asset_count SELECT user_id, created_at_ms / 900000, count(*) FROM asset GROUP BY 1, 2")
db.commit()
`;

async function fill(house, pictures, days) {
  await house.start();
  await house.makeOwner();
  for (const [index, [width, height]] of [...SHAPES, ...SHAPES].entries()) {
    const bytes = plain(width + index, height, index);
    await house.upload([{ name: `${index}.png`, type: 'image/png', bytes }]);
  }
  await house.stop();
  const cloned = spawnSync(
    'python3',
    ['-c', CLONE, join(house.data, 'vitrine.db'), `${pictures}`, `${days}`, `${Date.now()}`],
    { stdio: 'inherit' },
  );
  if (cloned.status !== 0) throw new Error('the pictures were not multiplied');
}

/** The binary over a folder with so many pictures of so many days, and Chromium; both end with the visit. */
export async function visitHouse(pictures, days, visit) {
  const house = new House(mkdtempSync(join(tmpdir(), 'vitrine-perf-')), {});
  let browser;
  try {
    await fill(house, pictures, days);
    await house.start();
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    });
    await visit(house, browser);
  } finally {
    await browser?.close();
    // Nothing of it is kept: what still works there is not waited for.
    if (house.child) await house.signal('SIGKILL');
    rmSync(house.data, { recursive: true, force: true });
  }
}

/** A browser's window of its own with nothing kept in it, signed in, and its devtools. */
export async function signIn(browser, house) {
  const context = await browser.newContext({
    baseURL: house.origin,
    locale: 'en',
    viewport: { width: 1440, height: 900 },
  });
  await context.addCookies(
    house.cookie.split('; ').map((pair) => {
      const [name, value] = pair.split('=');
      return { name, value, domain: '127.0.0.1', path: '/' };
    }),
  );
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  // Time that the thread had a core, so that what else runs on the machine is not counted.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return { context, page, session };
}

/** The page's figures by their names: seconds so far, bytes. */
export async function metricsOf(session) {
  const { metrics } = await session.send('Performance.getMetrics');
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

/** Seconds of script, style and layout so far. */
export async function drawnSeconds(session) {
  const all = await metricsOf(session);
  return all.ScriptDuration + all.RecalcStyleDuration + all.LayoutDuration;
}

const sorted = (values) => [...values].sort((a, b) => a - b);

/** The least value that this share of them does not pass. */
export const quantile = (values, share) =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
export const median = (values) => quantile(values, 0.5);

export function printTable(what, rows) {
  process.stdout.write(`| ${what} | measured | bar |\n|---|---|---|\n`);
  for (const row of rows) process.stdout.write(`| ${row.join(' | ')} |\n`);
}
