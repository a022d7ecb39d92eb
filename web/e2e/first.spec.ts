import { clicker, expect, inNewHouse, owner, pictures, tabTo, test } from './test';

test('from the one-time link to the first picture in six clicks and a minute', async ({
  browser,
}) => {
  await inNewHouse(browser, async (page, server) => {
    const { click, count } = clicker();
    await page.goto('/');
    await expect(page.getByRole('heading', { name: 'Not set up yet' })).toBeVisible();

    const link = await server.setupPath();
    const started = Date.now();
    await page.goto(link);
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
    expect(Date.now() - started).toBeLessThan(60_000);

    // The link works once.
    await page.context().clearCookies();
    await page.goto(link);
    await expect(page.getByRole('heading', { name: 'Already set up' })).toBeVisible();
  });
});

test('the same by the keyboard alone', async ({ browser }) => {
  await inNewHouse(browser, async (page, server) => {
    await page.goto(await server.setupPath());
    await tabTo(page, page.getByLabel('Name'));
    await page.keyboard.type(owner.name);
    await tabTo(page, page.getByLabel('Password', { exact: true }));
    await page.keyboard.type(owner.password);
    await page.keyboard.press('Enter');

    await expect(page.getByRole('heading', { name: 'Your first picture' })).toBeVisible();
    await tabTo(page, page.getByLabel('Prompt', { exact: true }));
    await page.keyboard.type('a blue jug on a shelf');
    await tabTo(page, page.getByRole('group', { name: 'Pictures' }).getByRole('button').first());
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByRole('button', { name: 'Generate', exact: true }));
    await page.keyboard.press('Enter');
    await expect(pictures(page)).toHaveCount(1, { timeout: 30_000 });
    await tabTo(page, pictures(page).first());
    await page.keyboard.press('Enter');
    await expect(page.getByRole('complementary', { name: 'Details' })).toContainText('Recipe');
    await page.keyboard.press('Escape');
    await expect(pictures(page)).toHaveCount(1);
  });
});
