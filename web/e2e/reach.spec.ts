import type { Page } from '@playwright/test';
import { axeFaults } from './axe';
import { go, settle } from './look';
import { call, expect, inOwnHouse, madeOf, pictures, quiet, setMock, test } from './test';

test.beforeEach(({ rig }) => setMock(rig, { latency_ms: 50, jitter_ms: 0, failure_rate: 0 }));

async function faults(page: Page, isOver = false): Promise<string[]> {
  await settle(page);
  return axeFaults(page, { isOver });
}

/** How long anything on the page moves, at most, and what; in milliseconds. */
function longest(page: Page) {
  return page.evaluate(() =>
    Math.max(
      0,
      ...document.getAnimations().map((one) => {
        const timing = one.effect?.getComputedTiming();
        return Number(timing?.endTime ?? 0);
      }),
    ),
  );
}

test.describe('who wants less movement', () => {
  for (const motion of ['reduce', 'no-preference'] as const) {
    test(`with ${motion} the page ${motion === 'reduce' ? 'is still' : 'moves'}`, async ({
      browser,
    }) => {
      await inOwnHouse(browser, async (page, rig) => {
        await page.emulateMedia({ reducedMotion: motion });
        await setMock(rig, { latency_ms: 60_000 });
        await call(rig, 'POST', '/runs', {
          nodes: [
            {
              key: 'a',
              operation: 'image.generate',
              parameters: { prompt: 'a still jar', seed: 1 },
            },
          ],
        });
        await go(page, '/generate');
        await expect(page.getByRole('progressbar').first()).toBeVisible();
        // What waits pulses or turns; a menu comes in.
        await page.getByRole('button', { name: 'Theme' }).click();
        await expect(page.getByRole('menu')).toBeVisible();
        const times = await page.evaluate(() => {
          const menu = document.querySelector('[role=menu]');
          const popup = menu?.closest('.popup') ?? menu;
          return popup ? getComputedStyle(popup).transitionDuration : '';
        });
        const most = Math.max(...times.split(',').map((one) => Number.parseFloat(one) * 1000));
        if (motion === 'reduce') {
          expect(most).toBeLessThanOrEqual(100);
          expect(await longest(page)).toBeLessThanOrEqual(100);
        } else expect(most).toBeGreaterThan(100);
      });
    });
  }
});

/** Buttons, links, fields and heads of the page, by their names. */
const named = (page: Page) =>
  page.evaluate(() =>
    [
      ...document.querySelectorAll<HTMLElement>(
        'main button, main a, main input, main textarea, main h1',
      ),
    ]
      .filter((one) => one.checkVisibility({ opacityProperty: false, visibilityProperty: true }))
      .map((one) => one.ariaLabel || one.textContent?.trim() || '')
      .filter(Boolean),
  );

test('at 200 % a window of 1280 loses neither content nor function, and scrolls one way only', async ({
  browser,
}) => {
  test.slow();
  await inOwnHouse(browser, async (page, rig) => {
    await setMock(rig, { latency_ms: 50 });
    const id = await madeOf(rig, 'an enlarged jar', 5);
    const { id: product } = (await call(rig, 'POST', '/products', {
      name: 'An enlarged lamp',
      sku: '',
      category: '',
      facts: '',
      photos: [],
    })) as { id: string };
    const run = ((await call(rig, 'GET', '/runs?state=all')) as { items: { id: string }[] })
      .items[0];
    const paths = [
      '/library',
      '/products',
      `/products/${product}`,
      '/prompts',
      '/queue',
      `/queue/${run?.id}`,
      '/settings/profile',
      '/settings/appearance',
      '/settings/presets',
      '/settings/usage',
      '/settings/providers',
      '/settings/system',
    ];
    const lost: string[] = [];
    for (const path of paths) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await go(page, path);
      const wide = new Set(await named(page));
      // CSS pixels at 200 %: half of them each way.
      await page.setViewportSize({ width: 640, height: 400 });
      await go(page, path);
      const near = new Set(await named(page));
      for (const one of wide) if (!near.has(one)) lost.push(`${path}: ${one}`);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wider > 0) lost.push(`${path}: scrolls sideways by ${wider}`);
    }
    expect(lost).toEqual([]);

    // Of the viewer: all its verbs and its details are there, by two buttons.
    await go(page, `/library/${id}`);
    const viewer = page.locator('section').first();
    await viewer.getByRole('button', { name: 'More' }).click();
    for (const name of ['Edit with a mask', 'Use as reference', 'Move to trash']) {
      await expect(page.getByRole('menuitem', { name })).toBeVisible();
    }
    await page.keyboard.press('Escape');
    await viewer.getByRole('button', { name: 'Details', exact: true }).click();
    await expect(page.getByRole('dialog', { name: 'Details' })).toContainText('an enlarged jar');
    await page.keyboard.press('Escape');

    // And a picture is made from the prompt to the result.
    await go(page, '/generate');
    await page.getByRole('button', { name: 'Describe the picture you want' }).click();
    const sheet = page.getByRole('dialog');
    await sheet.getByLabel('Prompt', { exact: true }).fill('a jar at 200 %');
    await expect(sheet.getByRole('combobox', { name: 'Model' })).toBeVisible();
    await sheet.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Generate', exact: true }).click();
    await expect(pictures(page).first()).toBeVisible({ timeout: 60_000 });
    expect(await faults(page)).toEqual([]);
  });
});

test.describe('by touch', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test('sheets come from below, hold what belongs there, and close by a tap beside them', async ({
    signedIn: page,
    rig,
  }) => {
    const id = await madeOf(rig, 'a jar under a sheet', 6);
    const fromBelow = async (name: string | RegExp) => {
      const sheet = page.getByRole('dialog', { name });
      await expect(sheet).toBeVisible();
      await settle(page);
      const box = await sheet.boundingBox();
      if (!box) throw new Error('no sheet');
      expect(Math.round(box.x)).toBe(0);
      expect(Math.round(box.width)).toBe(360);
      expect(Math.round(box.y + box.height)).toBe(740);
      expect(box.y).toBeGreaterThan(0);
      expect(await faults(page)).toEqual([]);
      await page.touchscreen.tap(180, Math.max(4, box.y / 2));
      await expect(sheet).toHaveCount(0);
    };
    await go(page, '/generate');
    await page.getByRole('button', { name: 'Describe the picture you want' }).tap();
    await expect(page.getByRole('dialog').getByLabel('Prompt', { exact: true })).toBeVisible();
    await fromBelow('Parameters');
    await page.getByRole('button', { name: 'Queue and history' }).tap();
    await fromBelow('Queue and history');
    await go(page, `/library/${id}`);
    await page.locator('section').getByRole('button', { name: 'Details', exact: true }).tap();
    await expect(page.getByRole('dialog')).toContainText('a jar under a sheet');
    await fromBelow('Details');
    await go(page, '/queue');
    await page
      .getByRole('navigation', { name: 'Main' })
      .getByRole('button', { name: 'More' })
      .tap();
    await fromBelow('More');
  });
});

test('what is open over a page has no fault: menus, popovers, lists, the palette', async ({
  signedIn: page,
  rig,
}) => {
  test.slow(); // it is looked at a dozen times
  await quiet(rig);
  await madeOf(rig, 'an open jar', 7);
  const found: string[] = [];
  const see = async (name: string) => {
    for (const fault of await faults(page, true)) found.push(`${name}: ${fault}`);
  };
  await go(page, '/generate');
  for (const name of ['Theme', 'Language', 'Account']) {
    await page.getByRole('button', { name, exact: true }).click();
    await expect(page.getByRole('menu')).toBeVisible();
    await see(name);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('menu')).toHaveCount(0);
  }
  await page.getByRole('button', { name: 'Queue', exact: true }).click();
  await expect(page.getByRole('dialog', { name: 'Queue' })).toBeVisible();
  await see('queue pill');
  await page.keyboard.press('Escape');
  await page.getByRole('combobox', { name: 'Pixels' }).click();
  await expect(page.getByRole('option').first()).toBeVisible();
  await see('pixels');
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { level: 1 }).focus();
  await page.keyboard.press('p');
  await expect(page.getByRole('dialog', { name: 'Presets' })).toBeVisible();
  await see('presets');
  await page.keyboard.press('Escape');

  await go(page, '/library');
  await page.locator('[data-open]').first().click({ button: 'right' });
  await expect(page.getByRole('menuitem', { name: 'Open', exact: true })).toBeVisible();
  await see('picture');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toHaveCount(0);
  for (const name of ['Kind', 'Rating', 'Days', 'Newest first']) {
    await page.getByRole('button', { name, exact: true }).click();
    await expect(page.locator('.popup').first()).toBeVisible();
    await see(name);
    await page.keyboard.press('Escape');
    await expect(page.locator('.popup')).toHaveCount(0);
  }
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').getByRole('combobox').fill('jar');
  await expect(page.getByRole('group', { name: 'Pictures' }).getByRole('option')).not.toHaveCount(
    0,
  );
  await see('palette');
  await page.keyboard.press('Escape');
  expect(found).toEqual([]);
});

test('usage and budgets have no fault: nothing spent, much spent, near the limit, full', async ({
  browser,
}) => {
  await inOwnHouse(browser, async (page, rig) => {
    const found: string[] = [];
    const see = async (name: string) => {
      for (const fault of await faults(page)) found.push(`${name}: ${fault}`);
    };
    await go(page, '/settings/usage');
    await expect(page.getByText('Nothing spent')).toBeVisible();
    await see('nothing spent');
    await setMock(rig, { latency_ms: 20, jitter_ms: 0, failure_rate: 0 });
    for (let seed = 1; seed < 4; seed++) await madeOf(rig, `a paid jar ${seed}`, seed);
    const day = new Date().toISOString().slice(0, 10);
    const { items } = (await call(rig, 'GET', `/usage?by=day&from=${day}&to=${day}`)) as {
      items: { currency: string; cost_micro: number }[];
    };
    const [spent] = items;
    if (!spent || spent.cost_micro <= 0) throw new Error('nothing was paid');
    const budget = (await call(rig, 'POST', '/budgets', {
      scope: 'everyone',
      period: 'day',
      currency: spent.currency,
      limit_micro: Math.ceil(spent.cost_micro * 1.1),
    })) as { id: string };
    await page.reload();
    await expect(page.getByRole('progressbar').first()).toBeVisible();
    await expect(page.getByText(/^Nearly/)).toBeVisible();
    await see('near the limit');
    await call(rig, 'PATCH', `/budgets/${budget.id}`, { limit_micro: spent.cost_micro });
    await page.reload();
    await expect(page.getByText(/^Used up/)).toBeVisible();
    await see('used up');
    await page.getByRole('button', { name: /^Change/ }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await see('its form');
    expect(found).toEqual([]);
  });
});
