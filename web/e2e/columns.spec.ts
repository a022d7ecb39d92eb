import type { Locator, Page } from '@playwright/test';
import { axeFaults } from './axe';
import { go } from './look';
import { expect, madeOf, setMock, tabTo, test } from './test';

const edge = (page: Page, name: string) =>
  page
    .locator('[role=separator]:not([inert] *)')
    .and(page.getByRole('separator', { name: `Width of “${name}”` }));
const form = (page: Page) => page.getByRole('region', { name: 'Parameters' });
const activity = (page: Page) => page.getByRole('complementary', { name: 'Queue and history' });
const widthOf = async (part: Locator) => Math.round((await part.boundingBox())?.width ?? 0);

async function faults(page: Page) {
  await page.locator('h1:not([inert] *)').focus(); // no tip over the page
  await expect(page.locator('.popup')).toHaveCount(0);
  return axeFaults(page);
}

async function draw(page: Page, name: string, by: number) {
  const box = await edge(page, name).boundingBox();
  if (!box) throw new Error(`no edge of ${name}`);
  const [x, y] = [box.x + 3, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + by / 2, y, { steps: 3 });
  await page.mouse.move(x + by, y + 40, { steps: 3 });
  await page.mouse.up();
}

test('columns are made wider, fold and are remembered, by keys alone', async ({
  signedIn: page,
}) => {
  await go(page, '/generate');
  expect(await widthOf(form(page))).toBe(320);
  expect(await widthOf(activity(page))).toBe(280);
  await tabTo(page, edge(page, 'Parameters'));
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  expect(await widthOf(form(page))).toBe(400);
  await tabTo(page, edge(page, 'Queue and history'));
  await page.keyboard.press('ArrowLeft');
  expect(await widthOf(activity(page))).toBe(296);
  await page.reload();
  await expect.poll(() => widthOf(form(page))).toBe(400);
  expect(await widthOf(activity(page))).toBe(296);

  // Folded it leaves a narrow one with the way back, also after a reload.
  await tabTo(page, edge(page, 'Parameters'));
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Prompt', { exact: true })).toHaveCount(0);
  expect(await widthOf(form(page))).toBe(44);
  expect(await faults(page)).toEqual([]);
  await page.reload();
  const back = page.getByRole('button', { name: 'Show “Parameters”' });
  await expect(back).toBeVisible();
  await tabTo(page, back);
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Prompt', { exact: true })).toBeVisible();
  expect(await widthOf(form(page))).toBe(400);
  await expect(edge(page, 'Parameters')).toBeFocused();
  await expect(page.getByText('Drag or use the arrow keys')).toBeVisible();
  expect(await faults(page)).toEqual([]);
});

test('a key, the palette and whatever needs the form bring it back', async ({ signedIn: page }) => {
  await go(page, '/generate');
  await page.getByRole('heading', { level: 1 }).focus();
  await page.keyboard.press('[');
  await expect(page.getByRole('button', { name: 'Show “Parameters”' })).toBeVisible();
  await page.keyboard.press('[');
  await expect(page.getByLabel('Prompt', { exact: true })).toBeVisible();
  await page.keyboard.press(']');
  await expect(page.getByRole('button', { name: 'Show “Queue and history”' })).toBeVisible();

  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').getByRole('combobox').fill('fold or show queue');
  await page.getByRole('option', { name: /Fold or show queue and history/ }).click();
  await expect(page.getByRole('button', { name: 'Show “Queue and history”' })).toHaveCount(0);
  expect(await widthOf(activity(page))).toBe(280);

  await page.getByRole('heading', { level: 1 }).focus();
  await page.keyboard.press('[');
  await page.keyboard.press('n');
  await expect(page.getByLabel('Prompt', { exact: true })).toBeFocused();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  await edge(page, 'Parameters').dblclick();
  await expect(page.getByLabel('Prompt', { exact: true })).toHaveCount(0);
  await page.keyboard.press('Control+Enter');
  await expect(page.getByLabel('Prompt', { exact: true })).toBeFocused();
});

test('the edge is drawn by the pointer, and the middle keeps its least', async ({
  signedIn: page,
}) => {
  await go(page, '/generate');
  await draw(page, 'Parameters', 90);
  expect(await widthOf(form(page))).toBe(410);
  await draw(page, 'Queue and history', -60);
  expect(await widthOf(activity(page))).toBe(340);
  await draw(page, 'Parameters', 900);
  await draw(page, 'Queue and history', -900);
  const stage = page.getByRole('region', { name: 'Results' });
  expect(await widthOf(form(page))).toBe(540); // 1240 for three, less 340 and the middle
  expect(await widthOf(activity(page))).toBe(340);
  expect(await widthOf(stage)).toBe(360);

  // A narrower window: the right one gives way, and what was chosen comes back with the room.
  await page.setViewportSize({ width: 1280, height: 800 });
  await expect.poll(() => widthOf(activity(page))).toBeLessThan(340);
  expect(await widthOf(stage)).toBeGreaterThanOrEqual(360);
  await page.setViewportSize({ width: 1440, height: 900 });
  await expect.poll(() => widthOf(activity(page))).toBe(340);

  // Drawn far in it folds, drawn out it is there again.
  await draw(page, 'Parameters', -500);
  await expect(page.getByRole('button', { name: 'Show “Parameters”' })).toBeVisible();
  await draw(page, 'Parameters', 300);
  await expect(page.getByLabel('Prompt', { exact: true })).toBeVisible();
  await page.reload();
  await expect.poll(() => widthOf(form(page))).toBeGreaterThan(300);
  await edge(page, 'Queue and history').dblclick();
  await expect(page.getByRole('button', { name: 'Show “Queue and history”' })).toBeVisible();
  await edge(page, 'Queue and history').dblclick();
  expect(await widthOf(activity(page))).toBe(340);
});

test('widths that somebody broke do no harm, and a phone has no edges', async ({
  signedIn: page,
}) => {
  await page.addInitScript(() => {
    if (sessionStorage.getItem('broken')) return;
    sessionStorage.setItem('broken', 'yes');
    const state = { columns: { form: { width: 1e12, isFolded: 'no' }, activity: [] } };
    localStorage.setItem('vitrine.preferences', JSON.stringify({ state, version: 1 }));
  });
  await go(page, '/generate');
  expect(await widthOf(form(page))).toBe(560);
  expect(await widthOf(activity(page))).toBe(280);
  await edge(page, 'Parameters').focus();
  await page.keyboard.press('Home');
  expect(await widthOf(form(page))).toBe(280);
  await page.keyboard.press('Enter');

  await page.setViewportSize({ width: 390, height: 780 });
  await expect(page.getByRole('separator', { name: /^Width of/ })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Generate', exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Describe the picture you want' }).click();
  const prompt = page.getByRole('dialog').getByLabel('Prompt', { exact: true });
  await expect(prompt).toBeVisible();
  await prompt.fill('');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await expect(prompt).toHaveCount(0);
  // Pressed against a reason, the form comes with the reason, and its field has the focus.
  await page.getByRole('button', { name: 'Generate', exact: true }).click({ force: true });
  await expect(prompt).toBeFocused();
  await expect(page.getByRole('dialog').getByRole('alert')).toHaveText('Write a prompt first');
});

test('details of the library are as wide as one likes, in the grid, the viewer and after a reload', async ({
  signedIn: page,
  rig,
}) => {
  await setMock(rig, { latency_ms: 50, jitter_ms: 0, failure_rate: 0 });
  const id = await madeOf(rig, 'a wide vase', 21);
  await go(page, '/library');
  await page.getByRole('button', { name: 'Details', exact: true }).click();
  const details = page.getByRole('complementary', { name: 'Details' });
  expect(await widthOf(details)).toBe(320);
  const grid = page.locator('[data-library-scroller]');
  const before = await widthOf(grid);
  await draw(page, 'Details', -100);
  expect(await widthOf(details)).toBe(420);
  expect(await widthOf(grid)).toBe(before - 100);
  await tabTo(page, edge(page, 'Details'));
  await page.keyboard.press('ArrowRight');
  expect(await widthOf(details)).toBe(404);
  await page.keyboard.press('End');
  expect(await widthOf(details)).toBe(560);
  await page.keyboard.press('Home');
  expect(await widthOf(details)).toBe(260);
  await page.keyboard.press('Shift+ArrowLeft');
  expect(await widthOf(details)).toBe(324);
  expect(await faults(page)).toEqual([]);
  await page.reload();
  await expect.poll(() => widthOf(details)).toBe(324);

  // The viewer's panel is the same column.
  await go(page, `/library/${id}`);
  const panel = page.locator('section').getByRole('complementary', { name: 'Details' });
  await expect.poll(() => widthOf(panel)).toBe(324);
  await draw(page, 'Details', -60);
  expect(await widthOf(panel)).toBe(384);
  expect(await faults(page)).toEqual([]);

  // Folded it is closed, and the button that opens it has the focus.
  await edge(page, 'Details').focus();
  await page.keyboard.press('Enter');
  await expect(panel).toHaveCount(0);
  const button = page.locator('section').getByRole('button', { name: 'Details', exact: true });
  await expect(button).toBeFocused();
  await page.keyboard.press('Enter');
  await expect.poll(() => widthOf(panel)).toBe(384);
  await page.keyboard.press('Escape');
  await expect.poll(() => widthOf(details)).toBe(384);
  await draw(page, 'Details', 330);
  await expect(details).toHaveCount(0);
});
