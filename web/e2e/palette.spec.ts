import type { Page } from '@playwright/test';
import { axeFaults } from './axe';
import { go } from './look';
import { call, expect, inOwnHouse, madeOf, setMock, tabTo, test } from './test';

test.beforeEach(({ rig }) => setMock(rig, { latency_ms: 50, jitter_ms: 0, failure_rate: 0 }));

const palette = (page: Page) => page.getByRole('dialog', { name: 'Command palette' });

async function open(page: Page) {
  await page.keyboard.press('Control+k');
  await expect(palette(page).getByRole('combobox')).toBeFocused();
}

/** The commands that the palette has here, by their ids. */
async function listed(page: Page): Promise<string[]> {
  await open(page);
  const ids = await palette(page)
    .getByRole('option')
    .evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.command ?? ''));
  await page.keyboard.press('Escape');
  await expect(palette(page)).toHaveCount(0);
  return ids;
}

async function product(rig: Parameters<typeof call>[0], name: string, sku: string) {
  return (await call(rig, 'POST', '/products', {
    name,
    sku,
    category: '',
    facts: '',
    photos: [],
  })) as {
    id: string;
  };
}

test('every command that there is stands in the palette of the page it belongs to', async ({
  signedIn: page,
  rig,
}) => {
  test.slow(); // a dozen pages
  const one = await madeOf(rig, 'a listed bowl', 1);
  const two = await madeOf(rig, 'a listed jug', 2);
  const { id } = await product(rig, 'A listed lamp', 'LST-1');
  await go(page, '/settings/shortcuts');
  const known = await page
    .locator('li[data-command]')
    .evaluateAll((all) => all.map((item) => (item as HTMLElement).dataset.command ?? ''));
  expect(known.length).toBeGreaterThan(90);

  const found = new Set<string>();
  const note = async () => {
    for (const command of await listed(page)) found.add(command);
  };
  const run = (await call(rig, 'GET', '/runs?state=all')) as { items: { id: string }[] };
  await setMock(rig, { latency_ms: 60_000 });
  const slow = (await call(rig, 'POST', '/runs', {
    nodes: [{ key: 'a', operation: 'image.generate', parameters: { prompt: 'slow', seed: 9 } }],
  })) as { id: string };

  await go(page, `/generate?run=${run.items[0]?.id}`);
  await page.getByLabel('Prompt', { exact: true }).fill('something to expand');
  await note();
  await go(page, `/generate?run=${slow.id}`);
  await expect(page.getByRole('heading', { level: 2, name: 'slow' })).toBeVisible();
  await note();
  await go(page, `/queue/${slow.id}`);
  await note();
  await go(page, '/queue');
  await note();
  await call(rig, 'POST', `/runs/${slow.id}/cancel`);
  await setMock(rig, { latency_ms: 50 });

  // Of the library: with the focus on one, and with two of them selected.
  await go(page, '/library?q=listed');
  await expect(page.locator('[data-open]')).toHaveCount(2);
  const tile = page.locator(`[data-open="${two}"]`);
  await tile.focus();
  await note();
  await expect(tile).toBeFocused(); // closed, it gives back where one was
  await page.keyboard.press('Space');
  await page.keyboard.press('Shift+ArrowRight');
  await expect(page.getByRole('region', { name: 'Selected pictures' })).toContainText('2 selected');
  await note();
  await go(page, `/library/${one}`);
  await note();
  await go(page, `/library/${two}`);
  await note();
  await go(page, `/library/${one}/compare/${two}`);
  await note();
  await go(page, `/library/${one}/compare/${two}?mode=flip`);
  await note();
  await go(page, `/library/${one}/edit`);
  const stage = page.getByRole('application', { name: 'Picture and mask' });
  await expect(stage.getByRole('img')).toBeVisible();
  await page.keyboard.press('i');
  await page.keyboard.press('i');
  await page.keyboard.press('Control+z');
  await note();
  await go(page, '/prompts');
  await note();
  await go(page, '/products');
  await note();
  await go(page, `/products/${id}`);
  await note();

  const byKeyAlone =
    /^(app\.palette|mask\.(original|pan\w+)|viewer\.pan\w+|compare\.(left|right))$/;
  expect(known.filter((command) => !found.has(command) && !byKeyAlone.test(command))).toEqual([]);
});

test('a product is found by its name and by its SKU, and opened by keyboard alone', async ({
  signedIn: page,
  rig,
}) => {
  const { id } = await product(rig, 'Walnut desk lamp', 'WDL-77');
  await go(page, '/queue');
  for (const words of ['walnut desk', 'wdl-77']) {
    await open(page);
    await page.keyboard.type(words);
    const group = palette(page).getByRole('group', { name: 'Products' });
    const option = group.getByRole('option', { name: /Walnut desk lamp/ });
    await expect(option).toContainText('WDL-77');
    await expect(palette(page).getByRole('status')).toHaveText(/^\d+ results?$/);
    for (let presses = 0; presses < 20; presses++) {
      if ((await option.getAttribute('aria-selected')) === 'true') break;
      await page.keyboard.press('ArrowDown');
    }
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(new RegExp(`/products/${id}$`));
    await expect(palette(page)).toHaveCount(0);
    await go(page, '/queue');
  }
  await open(page);
  await page.keyboard.type('walnut');
  await palette(page).getByRole('option', { name: 'Search products for “walnut”' }).click();
  await expect(page).toHaveURL(/\/products\?q=walnut/);
});

test('a picture is found with a small one of it, and opens in the viewer among what was found', async ({
  signedIn: page,
  rig,
}) => {
  const first = await madeOf(rig, 'an indigo teapot', 3);
  const second = await madeOf(rig, 'another indigo teapot', 4);
  await go(page, '/settings/appearance');
  await open(page);
  await page.keyboard.type('indigo');
  const group = palette(page).getByRole('group', { name: 'Pictures' });
  await expect(group.getByRole('option')).toHaveCount(2);
  const image = group.getByRole('option').first().locator('img').last();
  await expect
    .poll(() => image.evaluate((one: HTMLImageElement) => one.naturalWidth))
    .toBeGreaterThan(0);
  // The thumb, never an original.
  expect(await image.evaluate((one: HTMLImageElement) => one.currentSrc)).toMatch(/thumb|medium/);
  expect(await axeFaults(page)).toEqual([]);
  for (let presses = 0; presses < 20; presses++) {
    if ((await group.getByRole('option', { selected: true }).count()) > 0) break;
    await page.keyboard.press('ArrowDown');
  }
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/library/(${first}|${second})\\?q=indigo`));
  await expect(page.getByText(/of 2$/)).toBeVisible();
});

test('settings, the documents and the way out are in the palette', async ({ signedIn: page }) => {
  await go(page, '/queue');
  await open(page);
  await page.keyboard.type('theme');
  await palette(page)
    .getByRole('group', { name: 'Settings' })
    .getByRole('option', { name: /^Theme/ })
    .click();
  await expect(page).toHaveURL(/\/settings\/appearance#theme$/);
  await expect(
    page.getByRole('group', { name: 'Theme' }).getByRole('button', { name: 'Light' }),
  ).toBeFocused();
  await open(page);
  await page.keyboard.type('trash');
  await palette(page)
    .getByRole('group', { name: 'Settings' })
    .getByRole('option', { name: /System › Storage/ })
    .first()
    .click();
  await expect(page).toHaveURL(/\/settings\/system#trash/);
  await expect(
    page.locator('form').filter({ hasText: 'VITRINE_TRASH_DAYS' }).getByRole('textbox'),
  ).toBeFocused();
  await open(page);
  await page.keyboard.type('api documentation');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/docs$/);
});

test('who is no admin has no house in the palette; signing out is there', async ({ browser }) => {
  await inOwnHouse(browser, async (page) => {
    await page.route('**/api/v1/me', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), role: 'member' } });
    });
    await go(page, '/queue');
    const ids = await listed(page);
    expect(ids).toContain('app.goProfile');
    expect(ids).not.toContain('app.goProviders');
    expect(ids).not.toContain('app.goSystem');
    await open(page);
    await page.keyboard.type('sign out');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/\/login/);
    await page.unrouteAll({ behavior: 'wait' }); // one that is still answered
  });
});

test('the palette is reached by Tab and its button too', async ({ signedIn: page }) => {
  await go(page, '/queue');
  await tabTo(page, page.getByRole('button', { name: /^Search or run a command/ }));
  await page.keyboard.press('Enter');
  await expect(palette(page).getByRole('combobox')).toBeFocused();
});
