import type { Page } from '@playwright/test';
import { call, expect, inOwnHouse, quiet, type Rig, test } from './test';

/** Paths of the API in the order in which they are asked, and what was asked early for nobody. */
async function watchAsked(page: Page) {
  await page.addInitScript(() => {
    let early: Map<string, unknown> | undefined;
    Object.defineProperty(window, 'early', {
      get: () => early,
      set: (next: typeof early) => {
        if (early && !next) (window as { left?: string[] }).left = [...early.keys()];
        early = next;
      },
    });
  });
  const paths: string[] = [];
  page.on('request', (request) => {
    const { pathname, search } = new URL(request.url());
    paths.push(pathname + search);
  });
  return {
    paths,
    api: () => paths.filter((path) => path.startsWith('/api/')),
    left: () => page.evaluate(() => (window as { left?: string[] }).left),
  };
}

/** Requests of these wait until they are let in. */
async function holdBack(page: Page, pattern: string) {
  let letIn = () => {};
  const isIn = new Promise<void>((resolve) => {
    letIn = resolve;
  });
  await page.route(pattern, async (route) => {
    await isIn;
    await route.continue();
  });
  return letIn;
}

for (const [name, head, first] of [
  ['generate', 'Generate', 5],
  ['queue', 'Queue', 4],
  ['library', 'Library', 2],
  ['products', 'Products', 2],
  ['settings', 'Settings', 2],
] as const) {
  test(`${name}: what it needs is asked for once, before its code is there`, async ({
    signedIn: page,
  }) => {
    const asked = await watchAsked(page);
    // The code is held back: what is asked meanwhile is asked without it.
    const letIn = await holdBack(page, '**/assets/index-*.js');
    await page.goto(`/${name}`, { waitUntil: 'commit' });
    await expect.poll(asked.api).toHaveLength(first);
    const early = asked.api();
    expect(early.slice(0, 2)).toEqual(['/api/v1/me', '/api/v1/queue']);
    letIn();
    await expect(page.getByRole('heading', { level: 1, name: head })).toBeAttached();
    await expect.poll(asked.left).toEqual([]);
    await expect(page.getByText('Connected')).toBeAttached();
    for (const path of [...early, ...asked.paths.filter((one) => one.startsWith('/assets/'))])
      expect(asked.paths.filter((one) => one === path)).toEqual([path]);
  });
}

test('who is signed out is asked for once and asked to sign in', async ({ page }) => {
  const asked = await watchAsked(page);
  await page.goto('/generate');
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible();
  expect(asked.api().filter((path) => path !== '/api/v1/setup')).toEqual(['/api/v1/me']);
});

const runOf = (rig: Rig, prompt: string) =>
  call(rig, 'POST', '/runs', {
    nodes: [{ key: 'a', operation: 'image.generate', parameters: { prompt } }],
  }) as Promise<{ id: string }>;

async function ended(rig: Rig, id: string) {
  await expect
    .poll(async () => ((await call(rig, 'GET', `/runs/${id}`)) as { state: string }).state)
    .toBe('done');
}

/** What the tab says to the stream that all tabs share waits until `release`. */
async function holdWords(page: Page) {
  await page.addInitScript(() => {
    const held: (() => void)[] = [];
    let isHeld = true;
    const post = MessagePort.prototype.postMessage;
    MessagePort.prototype.postMessage = function (...words: unknown[]) {
      const say = () => Reflect.apply(post, this, words);
      if (isHeld && (words[0] as { word?: string } | null)?.word) held.push(say);
      else say();
    };
    Object.assign(window, {
      release: () => {
        isHeld = false;
        for (const say of held) say();
      },
      heldCount: () => held.length,
    });
  });
  return {
    isHeld: () => page.evaluate(() => (window as never as { heldCount(): number }).heldCount() > 0),
    release: () => page.evaluate(() => (window as never as { release(): void }).release()),
  };
}

for (const others of [0, 1]) {
  test(`what happens before the stream is joined is told, with ${others} other tabs`, async ({
    browser,
  }) => {
    await inOwnHouse(browser, async (page, rig) => {
      await quiet(rig);
      if (others > 0) {
        const other = await page.context().newPage();
        await other.goto('/queue');
        await expect(other.getByText('Connected')).toBeAttached();
      }
      const words = await holdWords(page);
      const list = page.waitForResponse('**/api/v1/runs?state=all*');
      await page.goto('/queue');
      await (await list).finished();
      await expect(page.getByRole('heading', { level: 1, name: 'Queue' })).toBeVisible();
      await expect.poll(words.isHeld).toBe(true);
      const { id } = await runOf(rig, 'a lamp that nobody saw begin');
      await ended(rig, id);
      await expect(page.getByText('a lamp that nobody saw begin')).toHaveCount(0);
      await words.release();
      await expect(page.getByText('a lamp that nobody saw begin').first()).toBeVisible();
    });
  });
}

test('and in a browser that shares no stream', async ({ browser }) => {
  await inOwnHouse(browser, async (page, rig) => {
    await page.addInitScript(() => Reflect.deleteProperty(window, 'SharedWorker'));
    const letIn = await holdBack(page, '**/api/v1/events');
    const list = page.waitForResponse('**/api/v1/runs?state=all*');
    await page.goto('/queue');
    await (await list).finished();
    await expect(page.getByRole('heading', { level: 1, name: 'Queue' })).toBeVisible();
    const { id } = await runOf(rig, 'a lamp that nobody saw begin');
    await ended(rig, id);
    letIn();
    await expect(page.getByText('a lamp that nobody saw begin').first()).toBeVisible();
  });
});
