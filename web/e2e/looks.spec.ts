import { join } from 'node:path';
import type { Page } from '@playwright/test';
import axe from 'axe-core';
import { expect, generate, pictures, setMock, test } from './test';

const shots = join(import.meta.dirname, '../../shots');

const routes = [
  ['generate', '/generate'],
  ['library', '/library'],
  ['trash', '/library?trash=true'],
  ['queue', '/queue'],
  ['profile', '/settings/profile'],
  ['tokens', '/settings/tokens'],
  ['providers', '/settings/providers'],
  ['system', '/settings/system'],
] as const;
const sizes = { desktop: [1440, 900], tablet: [1024, 768], phone: [390, 844] } as const;

interface Finding {
  id: string;
  impact: string;
  nodes: { target: string[] }[];
}

async function audit(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const runner = (window as unknown as { axe: { run: (options: object) => Promise<unknown> } })
      .axe;
    return runner.run({
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
  });
  return (found as { violations: Finding[] }).violations.map(
    ({ id, impact, nodes }) =>
      `${impact} ${id}: ${nodes
        .slice(0, 3)
        .map((node) => node.target.join(' '))
        .join(' | ')}`,
  );
}

/** Pictures and type are there, and nothing moves any more. */
async function settle(page: Page) {
  await page.evaluate(async () => {
    await document.fonts.ready;
    await Promise.all([...document.images].map((image) => image.decode().catch(() => undefined)));
  });
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
  await page.waitForTimeout(250); // the longest fade
}

async function prefer(page: Page, language: string, theme: string) {
  await page.addInitScript(
    ([chosen, look]) => {
      const saved = JSON.parse(localStorage.getItem('vitrine.preferences') ?? '{}');
      saved.state = { ...saved.state, language: chosen, theme: look };
      saved.version = 1;
      localStorage.setItem('vitrine.preferences', JSON.stringify(saved));
    },
    [language, theme],
  );
}

test.describe.configure({ timeout: 180_000 });

test.beforeAll(async ({ rig, browser }) => {
  await setMock(rig, { latency_ms: 200, failure_rate: 0 });
  const context = await browser.newContext({ baseURL: rig.server.url });
  await context.addCookies(rig.cookies);
  const page = await context.newPage();
  await generate(page, 'a walnut lamp on a desk', 4);
  await expect(pictures(page)).toHaveCount(4, { timeout: 30_000 });
  await context.close();
});

for (const language of ['en', 'zh-CN'] as const) {
  for (const theme of ['light', 'dark'] as const) {
    test(`every page is clean in ${language}, ${theme}, at three widths`, async ({
      signedIn: page,
    }) => {
      const found: string[] = [];
      await prefer(page, language, theme);
      for (const [name, path] of routes) {
        for (const [size, [width, height]] of Object.entries(sizes)) {
          await page.setViewportSize({ width, height });
          await page.goto(path);
          await expect(page.getByRole('heading', { level: 1 }).first()).toBeAttached();
          await settle(page);
          await page.screenshot({ path: join(shots, `${name}-${language}-${theme}-${size}.png`) });
          if (size === 'tablet') continue;
          for (const line of await audit(page)) found.push(`${name} ${size}: ${line}`);
          const isWide = await page.evaluate(
            () => document.documentElement.scrollWidth > window.innerWidth,
          );
          if (isWide) found.push(`${name} ${size}: scrolls sideways`);
        }
      }
      expect(found).toEqual([]);
    });
  }
}

test('the viewer and the login are clean too', async ({ signedIn: page, rig }) => {
  await setMock(rig, { latency_ms: 200, failure_rate: 0 });
  await generate(page, 'a jug for the viewer', 1);
  await expect(pictures(page)).toHaveCount(1, { timeout: 30_000 });
  await pictures(page).first().click();
  await expect(page.getByRole('complementary', { name: 'Details' })).toContainText('Recipe');
  await page.screenshot({ path: join(shots, 'viewer.png') });
  expect(await audit(page)).toEqual([]);
  await page.context().clearCookies();
  await page.goto('/login');
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
  await page.screenshot({ path: join(shots, 'login.png') });
  expect(await audit(page)).toEqual([]);
});
