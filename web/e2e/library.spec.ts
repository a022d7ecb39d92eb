import { expect, generate, pictures, setMock, test } from './test';

test.beforeEach(async ({ rig, signedIn: page }) => {
  await setMock(rig, { latency_ms: 200, failure_rate: 0 });
  await page.goto('/library?q=orchard');
  const tiles = page.getByRole('gridcell');
  await expect(tiles.first().or(page.getByText('Nothing matches'))).toBeVisible();
  if ((await tiles.count()) < 4) {
    await generate(page, 'an orchard at dawn 果园清晨', 4);
    await expect(pictures(page)).toHaveCount(4, { timeout: 30_000 });
  }
});

test('search finds by words of the prompt, also two Chinese characters', async ({
  signedIn: page,
}) => {
  await page.goto('/library');
  await expect(page.getByRole('gridcell').first()).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type('orchard');
  await expect(page).toHaveURL(/q=orchard/);
  await expect(page.getByRole('gridcell').first()).toBeVisible();
  const search = page.getByRole('searchbox', { name: 'Search pictures' });
  await search.fill('果园');
  await expect(page).toHaveURL(/q=%E6%9E%9C%E5%9B%AD/);
  await expect(page.getByRole('gridcell').first()).toBeVisible();
  await search.fill('nothing is called zqxj');
  await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page.getByRole('gridcell').first()).toBeVisible();
});

test('trash has an undo, and the trash gives back', async ({ signedIn: page }) => {
  await page.goto('/library?q=orchard');
  const tiles = page.getByRole('gridcell');
  await expect(tiles.first()).toBeVisible();
  const before = await tiles.count();
  await tiles.first().getByRole('button').first().focus();
  await page.keyboard.press('Delete');
  await expect(tiles).toHaveCount(before - 1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(tiles).toHaveCount(before);

  await tiles.first().getByRole('button').first().focus();
  await page.keyboard.press('Delete');
  await expect(tiles).toHaveCount(before - 1);
  await page.goto('/library?trash=true');
  await expect(tiles.first()).toBeVisible();
  await tiles.first().click({ modifiers: ['Control'] });
  await page
    .getByRole('region', { name: 'Selected pictures' })
    .getByRole('button', { name: 'Restore' })
    .click();
  await page.goto('/library?q=orchard');
  await expect(tiles).toHaveCount(before);
});

test('the keyboard alone selects a range, stars, tags and rates', async ({ signedIn: page }) => {
  await page.goto('/library?q=orchard');
  const tiles = page.getByRole('gridcell');
  await expect(tiles.first()).toBeVisible();
  await tiles.first().getByRole('button').first().focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await expect(page.getByText('3 selected')).toBeVisible();
  await page.keyboard.press('4');
  await expect(tiles.first().getByRole('img', { name: '4 stars' })).toBeVisible();
  await page.keyboard.press('.');
  await page.keyboard.press('t');
  await page.getByLabel('Add a tag').fill('hero');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Remove tag hero' })).toBeVisible();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).first().click();
  await page.goto('/library?tag=hero&starred=true&rating=4');
  await expect(tiles).toHaveCount(3);
});

test('a selection is downloaded as one ZIP', async ({ signedIn: page }) => {
  await page.goto('/library?q=orchard');
  await page
    .getByRole('gridcell')
    .first()
    .click({ modifiers: ['Control'] });
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download as ZIP' }).click();
  expect((await download).suggestedFilename()).toMatch(/\.zip$/);
});

test('the viewer walks, zooms and goes back to where it came from', async ({ signedIn: page }) => {
  await page.goto('/library?q=orchard');
  await page.getByRole('gridcell').first().getByRole('button').first().click();
  await expect(page.getByText(/^1 of \d+$/)).toBeVisible();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByText(/^2 of \d+$/)).toBeVisible();
  const zoom = page.getByRole('button', { name: /fit, 100 % or 400 %/ });
  await page.keyboard.press('!');
  await expect(zoom).toHaveText('100 %');
  await page.keyboard.press('f');
  await expect(zoom).not.toHaveText('100 %');
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/library\?q=orchard$/);
});
