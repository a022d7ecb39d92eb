import { randomBytes } from 'node:crypto';
import {
  type Browser,
  test as base,
  type Cookie,
  expect,
  type Locator,
  type Page,
} from '@playwright/test';
import { Server } from './server';

export const owner = { name: 'ada', password: 'seven quiet lanterns' };

export interface Rig {
  server: Server;
  cookies: Cookie[];
}

/** Calls the API as the owner; for arranging a scene, never for what a test is about. */
export async function call(
  rig: Rig,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const cookie = rig.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const answer = await fetch(`${rig.server.url}/api/v1${path}`, {
    method,
    headers: {
      'X-Vitrine': '1',
      Origin: rig.server.url,
      'Sec-Fetch-Site': 'same-origin',
      Cookie: cookie,
      'Idempotency-Key': randomBytes(16).toString('hex'),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

/** The id of a picture made of these words, which is made when there is none yet. */
export async function madeOf(rig: Rig, prompt: string, seed: number): Promise<string> {
  const find = async () => {
    const query = `/assets?kind=generated&q=${encodeURIComponent(prompt)}&limit=1`;
    return ((await call(rig, 'GET', query)) as { items: { id: string }[] }).items[0]?.id;
  };
  if (!(await find())) {
    await call(rig, 'POST', '/runs', {
      nodes: [{ key: 'a', operation: 'image.generate', parameters: { prompt, seed } }],
    });
  }
  for (let tries = 0; tries < 200; tries++) {
    const id = await find();
    if (id) return id;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no picture of: ${prompt}`);
}

/** Cancels what an earlier test on the same server left in work or with a question. */
export async function quiet(rig: Rig): Promise<void> {
  const left = (await call(rig, 'GET', '/runs?state=active')) as { items: { id: string }[] };
  for (const { id } of left.items) await call(rig, 'POST', `/runs/${id}/cancel`);
}

export async function makeOwner(server: Server): Promise<Cookie[]> {
  const token = (await server.setupPath()).split('/').at(-1);
  const answer = await fetch(`${server.url}/api/v1/setup`, {
    method: 'POST',
    headers: {
      'X-Vitrine': '1',
      Origin: server.url,
      'Sec-Fetch-Site': 'same-origin',
      'Content-Type': 'application/json',
    },
    body: JSON.stringify({ token, ...owner, language: 'en' }),
  });
  if (!answer.ok) throw new Error(`set-up failed: ${answer.status} ${await answer.text()}`);
  return answer.headers.getSetCookie().map((line) => {
    const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
    return {
      name,
      value,
      domain: '127.0.0.1',
      path: '/',
      expires: -1,
      httpOnly: true,
      secure: false,
      sameSite: 'Lax' as const,
    };
  });
}

/** Sets the options of the first provider of the kind `mock`. */
export async function setMock(
  rig: Rig,
  options: Record<string, unknown>,
  change: Record<string, unknown> = {},
): Promise<void> {
  const page = (await call(rig, 'GET', '/providers')) as {
    items: { id: string; kind: string; options: object }[];
  };
  const mock = page.items.find((provider) => provider.kind === 'mock');
  if (!mock) throw new Error('no mock provider');
  await call(rig, 'PATCH', `/providers/${mock.id}`, {
    ...change,
    options: { ...mock.options, ...options },
  });
}

const bareKey =
  /(^|\s)(auth|common|errors|generate|library|picker|products|queue|settings)\.[a-z]\w*(\.\w+)*(\s|$)/;

/** Notes a console error, a broken policy, a foreign request or a bare key on screen. */
async function watch(page: Page, origin: string, allowed: RegExp) {
  const found: string[] = [];
  await page.addInitScript(() => {
    const reports: string[] = [];
    (window as { policyReports?: string[] }).policyReports = reports;
    document.addEventListener('securitypolicyviolation', (event) =>
      reports.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
    );
  });
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() !== 'error' || allowed.test(text)) return;
    // A preview may be asked for when its task has just ended; there is none any more.
    if (/\/partial/.test(message.location().url) && /status of 404/.test(text)) return;
    found.push(`console: ${text} ${message.location().url}`);
  });
  page.on('pageerror', (error) => found.push(`page: ${error.message}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) found.push(`foreign: ${url}`);
  });
  return async () => {
    if (!page.isClosed()) {
      const texts = await page
        .locator('body')
        .allInnerTexts()
        .catch(() => []);
      const key = texts
        .join('\n')
        .split('\n')
        .find((line) => bareKey.test(line));
      if (key) found.push(`bare key: ${key}`);
      const policy = await page
        .evaluate(() => (window as { policyReports?: string[] }).policyReports ?? [])
        .catch(() => []);
      for (const report of policy) found.push(`policy: ${report}`);
    }
    expect(found).toEqual([]);
  };
}

interface Fixtures {
  /** console errors that belong to what the test does */
  allowed: RegExp;
  /** signed in as the owner, on a server with one mock provider */
  signedIn: Page;
}

/** A request without a session is how the page learns that nobody is signed in. */
const signedOut = /status of 401/;

/** A house of its own, with nothing in it yet, for as long as the test takes; watched like all. */
export async function inNewHouse(
  browser: Browser,
  visit: (page: Page, server: Server) => Promise<void>,
  allowed = signedOut,
) {
  const server = new Server();
  await server.start();
  const context = await browser.newContext({ baseURL: server.url });
  try {
    const page = await context.newPage();
    const check = await watch(page, server.url, allowed);
    await visit(page, server);
    await check();
  } finally {
    await context.close();
    await server.remove();
  }
}

/** The same, with its owner, who is signed in. */
export function inOwnHouse(
  browser: Browser,
  visit: (page: Page, rig: Rig) => Promise<void>,
  allowed = signedOut,
): Promise<void> {
  return inNewHouse(
    browser,
    async (page, server) => {
      const rig = { server, cookies: await makeOwner(server) };
      await page.context().addCookies(rig.cookies);
      await visit(page, rig);
    },
    allowed,
  );
}

export const test = base.extend<Fixtures, { rig: Rig }>({
  rig: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names from the pattern
    async ({}, use) => {
      const server = new Server();
      await server.start();
      const rig = { server, cookies: await makeOwner(server) };
      await use(rig);
      await server.remove();
    },
    { scope: 'worker' },
  ],
  allowed: [signedOut, { option: true }],
  page: async ({ page, baseURL, allowed }, use) => {
    const check = await watch(page, baseURL ?? '', allowed);
    await use(page);
    await check();
  },
  signedIn: async ({ page, rig }, use) => {
    await page.context().addCookies(rig.cookies);
    await use(page);
  },
  baseURL: async ({ rig }, use) => use(rig.server.url),
});

/** Goes on by Tab until it is there, as people without a mouse do. */
export async function tabTo(page: Page, target: Locator, most = 60, key = 'Tab') {
  for (let presses = 0; presses < most; presses++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`not reached by ${most} presses of ${key}: ${target}`);
}

/** Clicks like a person who is counted. */
export function clicker() {
  let count = 0;
  return {
    click: async (target: Locator) => {
      count++;
      await target.click();
    },
    count: () => count,
  };
}

/** Writes a prompt and starts `count` pictures. */
export async function generate(page: Page, prompt: string, count: 1 | 2 | 4 | 8 = 1) {
  await page.goto('/generate');
  await page.getByLabel('Prompt', { exact: true }).fill(prompt);
  await page
    .getByRole('group', { name: 'Pictures' })
    .getByRole('button', { name: String(count), exact: true })
    .click();
  await page.getByRole('button', { name: 'Generate', exact: true }).click();
  await expect(page.getByRole('heading', { level: 2, name: prompt })).toBeVisible();
}

export function pictures(page: Page): Locator {
  return page.getByRole('link', { name: /^Open picture \d+:/ });
}

export { expect };
