// The library with 100,000 pictures in Chromium, measured through the devtools protocol.
//
// usage: VITRINE_BIN=... node perf/library.mjs [PICTURES]      from web/; PICTURES (100000)
//
// Prints a Markdown table: frames a second and script, style and layout a frame while it scrolls at 1,500 and 6,000
// pixels a second, from a jump until pictures are there, and from a click to the next paint.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';

import { plain } from '../../tests/scenario/pictures.mjs';

const binary = process.env.VITRINE_BIN;
const pictures = Number(process.argv[2] ?? 100_000);
const SHAPES = [
  [480, 320],
  [320, 480],
  [400, 400],
  [640, 360],
  [300, 400],
  [560, 300],
];
const DAYS = 400;

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

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function serve(data, port) {
  const child = spawn(binary, ['serve'], {
    env: {
      ...process.env,
      VITRINE_DATA: data,
      VITRINE_LISTEN: `127.0.0.1:${port}`,
      VITRINE_RATE_PER_MINUTE: '100000',
    },
  });
  let output = '';
  child.stdout.on('data', (bytes) => (output += bytes));
  child.stderr.on('data', (bytes) => (output += bytes));
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
    if (answer?.ok) return { child, token: /\/setup\/([\w-]+)/.exec(output)?.[1] };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the server did not start:\n${output}`);
}

function end({ child }) {
  return new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill('SIGTERM');
  });
}

async function fill(data, port) {
  const server = await serve(data, port);
  const origin = `http://127.0.0.1:${port}`;
  const headers = { 'X-Vitrine': '1', Origin: origin, 'Sec-Fetch-Site': 'same-origin' };
  const setup = await fetch(`${origin}/api/v1/setup`, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      token: server.token,
      name: 'ada',
      password: 'seven quiet lanterns',
      language: 'en',
    }),
  });
  const cookies = setup.headers.getSetCookie().map((line) => line.split(';')[0]);
  for (const [index, [width, height]] of [...SHAPES, ...SHAPES].entries()) {
    const form = new FormData();
    form.append(
      'file',
      new Blob([plain(width + index, height, index)], { type: 'image/png' }),
      `${index}.png`,
    );
    const answer = await fetch(`${origin}/api/v1/assets`, {
      method: 'POST',
      headers: { ...headers, Cookie: cookies.join('; '), 'Idempotency-Key': `picture-${index}` },
      body: form,
    });
    if (!answer.ok) throw new Error(`upload: ${answer.status} ${await answer.text()}`);
  }
  await end(server);
  const cloned = spawnSync(
    'python3',
    ['-c', CLONE, join(data, 'vitrine.db'), String(pictures), String(DAYS), String(Date.now())],
    { stdio: 'inherit' },
  );
  if (cloned.status !== 0) throw new Error('the pictures were not multiplied');
  return cookies;
}

/** Seconds of script, style and layout so far. */
async function spent(session) {
  const { metrics } = await session.send('Performance.getMetrics');
  const of = (name) => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return of('ScriptDuration') + of('RecalcStyleDuration') + of('LayoutDuration');
}

async function scroll(page, session, speed) {
  const before = await spent(session);
  const frames = await page.evaluate(async (pixels) => {
    const element = document.querySelector('[data-library-scroller]');
    const begun = performance.now();
    let last = begun;
    let count = 0;
    while (last - begun < 4000) {
      const now = await new Promise(requestAnimationFrame);
      element.scrollTop += (pixels * (now - last)) / 1000;
      last = now;
      count++;
    }
    return count;
  }, speed);
  return { fps: frames / 4, ms: (((await spent(session)) - before) * 1000) / frames };
}

/** From a jump of the scrubber until the first picture in view has its bytes. */
function jump(page, share) {
  return page.evaluate(async (where) => {
    const element = document.querySelector('[data-library-scroller]');
    const box = element.getBoundingClientRect();
    const begun = performance.now();
    element.scrollTop = where * (element.scrollHeight - element.clientHeight);
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    while (performance.now() - begun < 10_000) {
      const tiles = [...element.querySelectorAll('[data-tile]')].filter((tile) => {
        const at = tile.getBoundingClientRect();
        return at.top >= box.top && at.bottom <= box.bottom;
      });
      const isThere = (tile) => {
        const image = tile.querySelector('img[srcset]');
        return image?.complete && image.naturalWidth > 0;
      };
      if (tiles.length > 0 && tiles.every(isThere)) break;
      await new Promise(requestAnimationFrame);
    }
    return performance.now() - begun;
  }, share);
}

/** From ticking a picture until that is painted. */
function tick(page) {
  return page.evaluate(async () => {
    const box = document.querySelector('[data-library-scroller]').getBoundingClientRect();
    const tile = [...document.querySelectorAll('[data-tile]')].find(
      (one) => one.getBoundingClientRect().top > box.top,
    );
    const begun = performance.now();
    tile.querySelector('[data-tick]').click();
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.now() - begun;
  });
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

async function measure(page, session) {
  const rows = [];
  for (const speed of [1500, 6000]) {
    const { fps, ms } = await scroll(page, session, speed);
    rows.push([`scroll ${speed.toLocaleString('en')} px/s`, `${fps.toFixed(1)} fps`, '48 fps']);
    rows.push(['script, style and layout a frame', `${ms.toFixed(2)} ms`, '4 ms']);
  }
  const jumps = [];
  for (const share of [0.91, 0.13, 0.57, 0.34, 0.76, 0.05, 0.48])
    jumps.push(await jump(page, share));
  rows.push(['jump until pictures, median of 7', `${median(jumps).toFixed(0)} ms`, '300 ms']);
  const ticks = [];
  for (let turn = 0; turn < 8; turn++) ticks.push(await tick(page));
  rows.push(['tick to paint, median of 8', `${median(ticks).toFixed(0)} ms`, '100 ms']);
  return rows;
}

async function main() {
  if (!binary) throw new Error('set VITRINE_BIN to the binary to be measured');
  const data = mkdtempSync(join(tmpdir(), 'vitrine-perf-'));
  const port = await freePort();
  let server;
  let browser;
  try {
    const cookies = await fill(data, port);
    server = await serve(data, port);
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    });
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    await context.addCookies(
      cookies.map((line) => {
        const [name, value] = line.split('=');
        return { name, value, domain: '127.0.0.1', path: '/' };
      }),
    );
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Performance.enable');
    await page.goto(`http://127.0.0.1:${port}/library`);
    await page.locator('[data-tile]').first().waitFor();
    const rows = await measure(page, session);
    process.stdout.write(
      `| library of ${pictures.toLocaleString('en')} | measured | at most |\n|---|---|---|\n`,
    );
    for (const row of rows) process.stdout.write(`| ${row.join(' | ')} |\n`);
  } finally {
    await browser?.close();
    if (server) await end(server);
    rmSync(data, { recursive: true, force: true });
  }
}

await main();
