import type { Page } from '@playwright/test';
import { expect, inOwnHouse, test } from './test';

/** From here on what is a page's own takes that long. */
async function slowDown(page: Page, ms: number) {
  await page.route('**/assets/page-*.js', async (route) => {
    await new Promise((done) => setTimeout(done, ms));
    await route.continue();
  });
}

const room = (page: Page) =>
  page.locator('main').evaluate((main) => ({
    isEmpty: main.matches(':empty'),
    head: getComputedStyle(main, '::before').content,
  }));

test('on a slow line the frame keeps room for its first page', async ({ browser }) => {
  await inOwnHouse(browser, async (page) => {
    await slowDown(page, 1500);
    await page.goto('/queue', { waitUntil: 'commit' });
    await page.getByRole('navigation').first().waitFor();
    expect(await room(page)).toEqual({ isEmpty: true, head: '""' });
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    expect(await room(page)).toEqual({ isEmpty: false, head: 'none' });
  });
});

test('on a slow line a page stands until the next one is there, and says that it is busy', async ({
  browser,
}) => {
  await inOwnHouse(browser, async (page) => {
    await page.goto('/queue');
    await expect(page.getByRole('heading', { level: 1, name: 'Queue' })).toBeVisible();
    await slowDown(page, 1500);
    await page.getByRole('link', { name: 'Library' }).first().click();
    await expect(page.locator('main')).toHaveAttribute('aria-busy', 'true');
    await expect(page.getByRole('heading', { level: 1, name: 'Queue' })).toBeVisible();
    await expect(page.getByRole('heading', { level: 1, name: 'Library' })).toBeAttached();
    await expect(page.locator('main')).not.toHaveAttribute('aria-busy');
  });
});

test('a palette that cannot come takes nothing of the page with it, and is tried again', async ({
  browser,
}) => {
  await inOwnHouse(
    browser,
    async (page) => {
      await page.route('**/assets/palette-*.js', (route) => route.abort());
      await page.goto('/generate');
      const prompt = page.getByLabel('Prompt', { exact: true });
      await prompt.fill('written before');
      await page.keyboard.press('Control+k');
      await expect(page.getByText('This part of the page failed')).toBeVisible();
      await expect(prompt).toHaveValue('written before');
      await page.unroute('**/assets/palette-*.js');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('combobox', { name: /Search|command/ }).fill('queue');
      await expect(page.getByRole('option', { name: /Queue/ }).first()).toBeVisible();
    },
    /ERR_|dynamically imported module/,
  );
});
