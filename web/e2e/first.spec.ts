import { Server } from './server';
import { clicker, expect, owner, pictures, test } from './test';

test('from the one-time link to the first picture in six clicks at most', async ({ browser }) => {
  const server = new Server();
  await server.start();
  const page = await browser.newPage();
  const { click, count } = clicker();
  try {
    await page.goto(`${server.url}/`);
    await expect(page.getByRole('heading', { name: 'Not set up yet' })).toBeVisible();

    const link = await server.setupPath();
    await page.goto(server.url + link);
    await page.getByLabel('Name').fill(owner.name);
    await page.getByLabel('Password', { exact: true }).fill('short');
    await click(page.getByRole('button', { name: 'Create and start' }));
    await expect(page.getByText(/Too short: at least/)).toBeVisible();
    await page.getByLabel('Password', { exact: true }).fill(owner.password);
    await click(page.getByRole('button', { name: 'Create and start' }));

    await expect(page.getByRole('heading', { name: 'Your first picture' })).toBeVisible();
    await click(page.getByRole('button', { name: /ceramic mug/ }));
    await click(page.getByRole('button', { name: 'Generate', exact: true }));
    await expect(pictures(page)).toHaveCount(4, { timeout: 30_000 });
    await click(pictures(page).first());
    await expect(page.getByRole('complementary', { name: 'Details' })).toContainText('Recipe');
    expect(count()).toBeLessThanOrEqual(6);

    // The link works once.
    const stranger = await browser.newPage();
    await stranger.goto(server.url + link);
    await expect(stranger.getByRole('heading', { name: 'Already set up' })).toBeVisible();
  } finally {
    await page.close();
    await server.remove();
  }
});
