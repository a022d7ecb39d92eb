import type { CDPSession, Locator, Page } from '@playwright/test';
import { expect, madeOf, pictures, setMock, test } from './test';
import { smallParts } from './walk';

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

async function middle(target: Locator) {
  await target.scrollIntoViewIfNeeded();
  const box = await target.boundingBox();
  if (!box) throw new Error('nothing to press');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** A finger that stays, then is lifted where it is. */
async function hold(page: Page, target: Locator, ms: number) {
  const point = await middle(target);
  const finger: CDPSession = await page.context().newCDPSession(page);
  await finger.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [point] });
  await page.waitForTimeout(ms);
  await finger.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}

test.beforeEach(({ rig }) => setMock(rig, { latency_ms: 50, jitter_ms: 0, failure_rate: 0 }));

test('a long press on a picture of the library opens its menu, with its verbs', async ({
  signedIn: page,
  rig,
}) => {
  const first = await madeOf(rig, 'a touched bowl', 1);
  const other = await madeOf(rig, 'a touched jug', 2);
  await page.goto('/library');
  for (const id of [first, other]) {
    await hold(page, page.locator(`[data-open="${id}"]`), 900);
    await expect(page.getByRole('menuitem', { name: 'Open', exact: true })).toBeVisible();
    await expect(page.getByRole('menuitem', { name: 'Use as reference' })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('menu')).toHaveCount(0);
  }
  // It is about the picture under the finger, not the one before.
  await hold(page, page.locator(`[data-open="${first}"]`), 900);
  await page.getByRole('menuitem', { name: 'Open', exact: true }).tap();
  await expect(page).toHaveURL(new RegExp(`/library/${first}`));
});

test('on a touch screen several are selected by a button in the head', async ({
  signedIn: page,
  rig,
}) => {
  await madeOf(rig, 'a touched bowl', 1);
  await madeOf(rig, 'a touched jug', 2);
  await page.goto('/library');
  const bar = page.getByRole('region', { name: 'Selected pictures' });
  // Each picture has one of the same name.
  await page.locator('button[aria-label="Select"]:not([data-tick])').tap();
  await expect(bar).toContainText('Tap what you want to select');
  await page.locator('[data-open]').nth(0).tap();
  await page.locator('[data-open]').nth(1).tap();
  await expect(bar).toContainText('2 selected');
  for (const name of ['Star', 'Tag', 'Download as ZIP']) {
    await expect(bar.getByRole('button', { name })).toBeVisible();
  }
  await bar.getByRole('button').last().tap();
  await expect(bar).toHaveCount(0);
  await page.locator('[data-open]').nth(0).tap();
  await expect(page).toHaveURL(/\/library\/\w+/);
});

test('a finger that is lifted over a menu it has opened chooses nothing', async ({
  signedIn: page,
  rig,
}) => {
  await madeOf(rig, 'a touched bowl', 1);
  await page.goto('/generate');
  const picture = pictures(page).first();
  await expect(picture).toBeVisible();
  for (const ms of [700, 900, 1500]) {
    await hold(page, picture, ms);
    await page.waitForTimeout(300);
    await expect(page).toHaveURL(/\/generate/);
    await expect(page.getByRole('menuitem', { name: /^Open/ }).first()).toBeVisible();
    await expect(page.getByText(/moved to the trash/)).toHaveCount(0);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('menu')).toHaveCount(0);
  }
  // What is tapped afterwards is chosen.
  await hold(page, picture, 900);
  await page.getByRole('menuitem', { name: /^Open/ }).first().tap();
  await expect(page).toHaveURL(/\/library\/\w+/);
});

test('what a finger presses is 44 high and wide', async ({ signedIn: page, rig }) => {
  await madeOf(rig, 'a touched bowl', 1);
  const found: string[] = [];
  for (const path of ['/generate', '/library', '/queue', '/products']) {
    await page.goto(path);
    await expect(page.locator('h1')).toBeAttached();
    await expect(page.locator('[aria-busy=true], [data-skeleton]')).toHaveCount(0);
    for (const one of await smallParts(page)) found.push(`${path} ${one}`);
  }
  expect(found).toEqual([]);
});

test('the last tab opens a sheet with all the other places', async ({ signedIn: page }) => {
  await page.goto('/generate');
  const tabs = page.getByRole('navigation', { name: 'Main' });
  await tabs.getByRole('button', { name: 'More' }).tap();
  const sheet = page.getByRole('dialog', { name: 'More' });
  for (const name of ['Settings', 'Usage', 'Providers', 'System', 'API']) {
    await expect(sheet.getByRole('link', { name, exact: true })).toBeVisible();
  }
  await sheet.getByRole('link', { name: 'Usage' }).tap();
  await expect(page).toHaveURL(/\/settings\/usage$/);
  await expect(sheet).toHaveCount(0);
  await expect(tabs.getByRole('button', { name: 'More' })).toHaveAttribute('aria-current', 'page');
});
