import { readFileSync } from 'node:fs';
import type { Locator } from '@playwright/test';
import { call, expect, generate, pictures, setMock, test } from './test';

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

test('filters of the row go into the address, and out of it', async ({ signedIn: page }) => {
  await page.goto('/library?q=orchard');
  const tiles = page.getByRole('gridcell');
  await expect(tiles.first()).toBeVisible();
  await page.getByRole('button', { name: 'Kind' }).click();
  await page.getByRole('menuitem', { name: 'Uploaded' }).click();
  await expect(page).toHaveURL(/kind=uploaded/);
  await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible();
  await page.getByRole('button', { name: /^Uploaded/ }).click();
  await expect(page).not.toHaveURL(/kind=/);
  await expect(tiles.first()).toBeVisible();
  await tiles.first().getByRole('button').first().focus();
  await page.keyboard.press('5');
  await expect(tiles.first().getByRole('img', { name: '5 stars' })).toBeVisible();
  await page.getByRole('button', { name: 'Rating' }).click();
  await page.getByRole('menuitem', { name: '5 stars and more' }).click();
  await expect(page).toHaveURL(/rating=5/);
  await expect(tiles).toHaveCount(1);
  await tiles.first().getByRole('button').first().focus();
  await page.keyboard.press('0');
  await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible();
});

test('a model and a span of days are chosen by keys alone, and stay in Back', async ({
  signedIn: page,
}) => {
  await page.goto('/library?q=orchard');
  const tiles = page.getByRole('gridcell');
  await expect(tiles.first()).toBeVisible();
  const before = await tiles.count();
  const today = await page.evaluate(() => new Date().toLocaleDateString('sv'));
  const [year = '', month = '', day = ''] = today.split('-');

  // What closes gives the focus back a moment later.
  const stays = async (chip: Locator) => {
    await expect(chip).toBeFocused();
    await page.waitForTimeout(300);
    await expect(chip).toBeFocused();
  };

  const model = page.getByRole('button', { name: 'Model', exact: true });
  await model.focus();
  await page.keyboard.press('Enter');
  const entry = page.getByRole('menuitem').first();
  await expect(entry).toBeFocused();
  const name = ((await entry.textContent()) ?? '').split(' · ')[0] ?? '';
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/model=[^&]+/);
  const modelChip = page.getByRole('button', { name: `${name} Remove filter` });
  await stays(modelChip);
  await page.keyboard.press('Enter');
  await expect(page).not.toHaveURL(/model=/);
  await stays(model);
  await expect(tiles).toHaveCount(before);

  const days = page.getByRole('button', { name: 'Days', exact: true });
  await days.focus();
  await page.keyboard.press('Enter');
  const from = page.getByLabel('From', { exact: true });
  const to = page.getByLabel('To', { exact: true });
  await expect(from).toBeFocused();
  await from.fill(today);
  await to.fill('2020-01-01');
  await page.keyboard.press('Enter');
  await expect(page.getByText('The last day must not be before the first.')).toBeVisible();
  await expect(to).toBeFocused();
  await page.keyboard.type(`${month}${day}${year}`);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`from=${today}&to=${today}`));
  const daysChip = page.getByRole('button', { name: new RegExp(`${year} Remove filter`) });
  await stays(daysChip);
  await expect(daysChip).not.toHaveAttribute('aria-haspopup');
  await expect(tiles).toHaveCount(before);

  // The picture that is opened keeps the list it came from.
  await tiles.first().getByRole('button').first().click();
  await expect(page.getByText(`1 of ${before}`)).toBeVisible();
  await page.goBack();
  await expect(daysChip).toBeVisible();
  await expect(tiles).toHaveCount(before);
  await daysChip.focus();
  await page.keyboard.press('Enter');
  await expect(page).not.toHaveURL(/from=|to=/);
  await stays(days);

  await page.goto('/library?q=orchard&to=2020-01-01&model=nobody/none');
  await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible();
  await page.getByRole('button', { name: 'nobody/none Remove filter' }).click();
  await page.getByRole('button', { name: 'Until Jan 1, 2020 Remove filter' }).click();
  await expect(tiles).toHaveCount(before);
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

test('all that match go to the trash as one job, and come back', async ({ signedIn: page }) => {
  await page.goto('/library?q=orchard');
  const tiles = page.getByRole('gridcell');
  await expect(tiles.first()).toBeVisible();
  const before = await tiles.count();
  await tiles.first().click({ modifiers: ['Control'] });
  await page.getByRole('button', { name: `Select all ${before} that match` }).click();
  await expect(page.getByText(`${before} selected`)).toBeVisible();
  await page
    .getByRole('region', { name: 'Selected pictures' })
    .getByRole('button', { name: 'Move to trash' })
    .click();
  const question = page.getByRole('dialog').or(page.getByRole('alertdialog'));
  await question.getByRole('button', { name: 'Move to trash' }).click();
  await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible();
  // Of the word that says it is done, or of the job's own line, whichever is there.
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await expect(tiles).toHaveCount(before);
});

test('all but a few are starred, downloaded and trashed; the few stay as they are', async ({
  rig,
  signedIn: page,
}) => {
  await page.goto('/library?q=orchard');
  const tiles = page.getByRole('gridcell');
  await expect(tiles.nth(3)).toBeVisible();
  const before = await tiles.count();
  const bar = page.getByRole('region', { name: 'Selected pictures' });
  const starOf = (at: number) => tiles.nth(at).getByRole('img', { name: 'Starred' });
  for (let at = 0; at < before; at++) await expect(starOf(at)).toHaveCount(0);
  const ids = await tiles.evaluateAll((all) => all.map((one) => one.getAttribute('data-tile')));
  const [first, second] = ids;

  await tiles.first().getByRole('button').first().focus();
  await page.keyboard.press('Control+a');
  await expect(bar).toContainText(`${before} selected`);
  // A click picks one off, Space another; Shift and an arrow one more, and one comes back.
  await tiles.first().click();
  await expect(bar).toContainText(`${before - 1} selected, 1 left out`);
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await expect(bar).toContainText(`${before - 3} selected, 3 left out`);
  await page.keyboard.press('Space');
  await expect(bar).toContainText(`${before - 2} selected, 2 left out`);
  await expect(page.getByRole('gridcell', { selected: false })).toHaveCount(2);

  await bar.getByRole('button', { name: 'Star' }).click();
  await expect(starOf(2)).toBeVisible();
  await expect(starOf(0)).toHaveCount(0);
  await expect(starOf(1)).toHaveCount(0);
  await expect(bar).toContainText('2 left out');

  const coming = page.waitForEvent('download');
  await bar.getByRole('button', { name: 'Download as ZIP' }).click();
  const bytes = readFileSync(await (await coming).path());
  expect(bytes.readUInt16LE(bytes.lastIndexOf('PK\x05\x06', undefined, 'latin1') + 10)).toBe(
    before - 2 + 1,
  );

  await bar.getByRole('button', { name: 'Move to trash' }).click();
  const question = page.getByRole('alertdialog');
  await expect(question).toContainText(`Move ${before - 2} pictures to the trash?`);
  await expect(question).toContainText('except what you left out');
  await question.getByRole('button', { name: 'Move to trash' }).click();
  await expect(tiles).toHaveCount(2);
  expect(await tiles.evaluateAll((all) => all.map((one) => one.getAttribute('data-tile')))).toEqual(
    [first, second],
  );
  await page
    .getByRole('dialog', { name: /moved to the trash/ })
    .getByRole('button', { name: 'Undo' })
    .click();
  await expect(tiles).toHaveCount(before);

  // All again, then all picked off: nothing is selected.
  await tiles.first().click({ modifiers: ['Control'] });
  await bar.getByRole('button', { name: `Select all ${before} that match` }).click();
  await tiles.first().click();
  await bar.getByRole('button', { name: `Select all ${before} that match` }).click();
  await expect(bar).not.toContainText('left out');
  for (let at = 0; at < before; at++) await tiles.nth(at).click();
  await expect(bar).toHaveCount(0);
  await call(rig, 'POST', '/assets/bulk', { ids, action: 'unstar' });
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
  const tiles = page.getByRole('gridcell');
  await tiles.first().click({ modifiers: ['Control'] });
  await tiles.nth(2).click({ modifiers: ['Shift'] });
  await expect(page.getByText('3 selected')).toBeVisible();
  const coming = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download as ZIP' }).click();
  const download = await coming;
  expect(download.suggestedFilename()).toMatch(/\.zip$/);
  const bytes = readFileSync(await download.path());
  // The end of the central directory counts the files: three pictures, and what made them.
  expect(bytes.readUInt16LE(bytes.lastIndexOf('PK\x05\x06', undefined, 'latin1') + 10)).toBe(4);
  expect(bytes.includes('manifest.csv')).toBe(true);
});

test('the viewer walks, zooms and goes back to where it came from', async ({ signedIn: page }) => {
  await page.goto('/library?q=orchard');
  await page.getByRole('gridcell').first().getByRole('button').first().click();
  await expect(page.getByText(/^1 of \d+$/)).toBeVisible();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByText(/^2 of \d+$/)).toBeVisible();
  // Nothing under the viewer can be reached.
  const reached = page.locator(':not([inert] *)');
  await expect(page.getByRole('heading', { level: 1 }).and(reached)).toHaveCount(1);
  await expect(page.getByRole('link', { name: 'Queue' }).and(reached)).toHaveCount(0);
  const zoom = page.getByRole('button', { name: /fit, 100 % or 400 %/ });
  await page.keyboard.press('!');
  await expect(zoom).toHaveText('100 %');
  await page.keyboard.press('f');
  await expect(zoom).not.toHaveText('100 %');
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/library\?q=orchard$/);
  // One goes on where one was: at the picture that was open last.
  await expect(page.getByRole('gridcell').nth(1).getByRole('button').first()).toBeFocused();
});

test('a quick key is the viewer’s, though a tile has the focus for a frame yet', async ({
  signedIn: page,
}) => {
  await page.goto('/library?q=orchard');
  await expect(page.getByRole('gridcell').first()).toBeVisible();
  await page.evaluate(() => {
    const tile = document.querySelector<HTMLElement>('[role=gridcell] button');
    if (!tile) throw new Error('no tile');
    const key = { key: 'ArrowRight', bubbles: true, cancelable: true };
    // Between the change of the page and its next frame.
    new MutationObserver((_, observer) => {
      if (!tile.closest('[inert]')) return;
      observer.disconnect();
      tile.dispatchEvent(new KeyboardEvent('keydown', key));
    }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ['inert'] });
    tile.focus();
    tile.click();
  });
  await expect(page.getByText(/^2 of \d+$/)).toBeVisible();
});

test('the viewer shows the recipe, gives the original and recalls', async ({ signedIn: page }) => {
  await page.goto('/library?q=orchard');
  await page.getByRole('gridcell').first().getByRole('button').first().click();
  const panel = page.getByRole('complementary', { name: 'Details' });
  await expect(panel).toContainText('an orchard at dawn 果园清晨');
  await expect(panel).toContainText(/Seed\s*\d+/);
  await expect(panel).toContainText('Cost');
  await expect(panel).not.toContainText('Steps');
  await page.keyboard.press('i');
  await expect(panel).toBeHidden();
  await page.keyboard.press('i');

  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download the original' }).click();
  const download = await coming;
  expect(download.suggestedFilename()).toMatch(/orchard.*\.png$/);
  expect(
    readFileSync(await download.path())
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');

  const place = page.getByText(/^1 of \d+$/);
  const before = await place.textContent();
  await page.keyboard.press('Delete');
  await expect(place).not.toHaveText(before ?? '');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText(new RegExp(` of ${before?.split(' ').at(-1)}$`))).toBeVisible();
  await page.keyboard.press('p');
  await expect(page).toHaveURL(/\/generate/);
  await expect(page.getByLabel('Prompt', { exact: true })).toHaveValue(
    'an orchard at dawn 果园清晨',
  );
});

test('details beside the grid follow the focus, stay open, and tell of several', async ({
  signedIn: page,
}) => {
  await page.goto('/library?q=orchard');
  const tiles = page.getByRole('gridcell');
  await expect(tiles.first()).toBeVisible();
  const panel = page.getByRole('complementary', { name: 'Details' });
  await page.keyboard.press('i');
  await expect(panel).toContainText('Go to a picture');
  const opener = (at: number) => tiles.nth(at).getByRole('button').first();
  await opener(0).focus();
  await expect(panel).toContainText('an orchard at dawn');
  const seed = panel.locator('dt', { hasText: 'Seed' }).locator('+ dd');
  const first = await seed.textContent();
  const top = () =>
    page.locator('[data-library-scroller]').evaluate((element) => element.scrollTop);
  const before = await top();
  await page.keyboard.press('ArrowRight');
  await expect(opener(1)).toBeFocused();
  await expect(seed).not.toHaveText(first ?? '');
  expect(await top()).toBe(before);

  await page.reload();
  await expect(panel).toBeVisible();
  await opener(0).focus();
  await expect(seed).toHaveText(first ?? '');
  await panel.getByRole('radio', { name: '3 stars' }).click();
  await expect(tiles.first().getByRole('img', { name: '3 stars' })).toBeVisible();
  await opener(0).focus();
  await page.keyboard.press('0');
  await expect(tiles.first().getByRole('img', { name: '3 stars' })).toHaveCount(0);

  await page.keyboard.press('Shift+ArrowRight');
  await expect(panel.getByRole('heading', { name: '2 selected' })).toBeVisible();
  await expect(panel).toContainText(/Total size: \d/);
  await expect(panel.getByRole('button', { name: 'Compare' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(panel.getByRole('heading', { name: '2 selected' })).toHaveCount(0);
  await expect(seed).toBeVisible();

  // Without room it is a sheet, which does not open by itself.
  await page.setViewportSize({ width: 1000, height: 800 });
  const sheet = page.getByRole('dialog', { name: 'Details' });
  await expect(panel).toHaveCount(0);
  await expect(sheet).toHaveCount(0);
  await page.getByRole('button', { name: 'Details', exact: true }).click();
  await expect(sheet).toContainText('an orchard at dawn');
  await page.keyboard.press('Escape');
  await expect(sheet).toHaveCount(0);
  await page.setViewportSize({ width: 1440, height: 900 });
  await expect(panel).toBeVisible(); // there is room again, and it was open
  await page.keyboard.press('i');
  await expect(panel).toHaveCount(0);
});

test('details let a picture go that leaves the list, and keep one that stays', async ({
  signedIn: page,
}) => {
  await page.goto('/library?q=orchard');
  const tiles = page.getByRole('gridcell');
  const opener = (at: number) => tiles.nth(at).getByRole('button').first();
  const panel = page.getByRole('complementary', { name: 'Details' });
  const choose = async (now: string | RegExp, next: string) => {
    await page.getByRole('button', { name: now }).click();
    await page.getByRole('menuitem', { name: next }).click();
  };
  await expect(tiles.first()).toBeVisible();
  for (const [at, stars] of [2, 5, 5].entries()) {
    await opener(at).focus();
    await page.keyboard.press(String(stars));
    await expect(tiles.nth(at).getByRole('img', { name: `${stars} stars` })).toBeVisible();
  }
  const idOf = (at: number) => tiles.nth(at).getAttribute('data-tile');
  const [left, stays, heir] = await Promise.all([idOf(0), idOf(1), idOf(2)]);
  await opener(1).focus();
  await page.keyboard.press('i');
  await expect(panel).toContainText('an orchard at dawn');

  await choose('Rating', '5 stars and more');
  await expect(tiles).toHaveCount(2);
  await expect(panel).toContainText('an orchard at dawn');
  // One that leaves by what is done to it hands the focus to the next.
  await opener(0).focus();
  expect(await idOf(0)).toBe(stays);
  await page.keyboard.press('0');
  await expect(tiles).toHaveCount(1);
  await expect(page.locator(`[data-open="${heir}"]`)).toBeFocused();
  await expect(panel).toContainText('an orchard at dawn');

  await page.getByRole('button', { name: /^5 stars/ }).click();
  await expect(page).toHaveURL(/\/library\?q=orchard$/);
  await expect(tiles.nth(2)).toBeVisible();
  await page.locator(`[data-open="${left}"]`).focus();
  await expect(panel).toContainText('an orchard at dawn');
  await choose('Rating', '5 stars and more');
  await expect(tiles).toHaveCount(1);
  await expect(panel).toContainText('Go to a picture');
  await expect(panel).not.toContainText('an orchard at dawn');
  await expect(page).toHaveURL(/\/library\?q=orchard&rating=5$/);
  await opener(0).focus();
  await page.keyboard.press('0');
  await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible();
  await page.getByRole('button', { name: /^5 stars/ }).click();
  await opener(0).focus();
  await page.keyboard.press('i');
  await page.locator(`[data-open="${left}"]`).focus();
  await page.keyboard.press('0');
});

test('the menu of a picture has all that can be done with it, and of several with all of them', async ({
  signedIn: page,
}) => {
  await page.goto('/library?q=orchard');
  const tiles = page.getByRole('gridcell');
  await tiles.first().click({ button: 'right' });
  const entry = (name: string | RegExp) => page.getByRole('menuitem', { name });
  for (const name of [
    'Open',
    'Select',
    'Details',
    'Use all in Generate',
    'Remix',
    'Star',
    'Move to trash',
  ])
    await expect(entry(new RegExp(`^${name}`)).first()).toBeVisible();
  const saved = page.waitForEvent('download');
  await entry('Download the original').click();
  expect((await saved).suggestedFilename()).toMatch(/\.(png|jpe?g|webp)$/);

  // By keys alone, and what it means is the picture with the focus.
  await tiles.nth(1).getByRole('button').first().focus();
  await page.keyboard.press('Shift+F10');
  await expect(entry('Use as reference')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(entry('Use as reference')).toHaveCount(0);
  await page.keyboard.press('p');
  await expect(page).toHaveURL(/\/generate/);
  await expect(page.getByLabel('Prompt', { exact: true })).toHaveValue(/an orchard at dawn/);
  await page.goBack();

  await page.getByRole('button', { name: 'Select', exact: true }).nth(0).click();
  await page.getByRole('button', { name: 'Select', exact: true }).nth(1).click();
  await tiles.nth(1).click({ button: 'right' });
  await expect(entry('Open')).toHaveCount(0);
  await entry('Use as references').click();
  await expect(page.getByRole('button', { name: 'Reference 2', exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Reference 3', exact: true })).toHaveCount(0);
});

test('a box drawn from the background selects, Shift adds, Escape takes it back', async ({
  signedIn: page,
}) => {
  await page.goto('/library?q=orchard');
  const tiles = page.getByRole('gridcell');
  await expect(tiles.nth(3)).toBeVisible();
  const chosen = page.getByRole('gridcell', { selected: true });
  const scroller = await page.locator('[data-library-scroller]').boundingBox();
  const middle = async (at: number) => {
    const box = await tiles.nth(at).boundingBox();
    return { x: (box?.x ?? 0) + (box?.width ?? 0) / 2, y: (box?.y ?? 0) + (box?.height ?? 0) / 2 };
  };
  const begin = { x: (scroller?.x ?? 0) + 6, y: (scroller?.y ?? 0) + 30 };
  const drawTo = async (at: number) => {
    await page.mouse.move(begin.x, begin.y);
    await page.mouse.down();
    const to = await middle(at);
    await page.mouse.move(to.x, to.y, { steps: 4 });
  };

  await drawTo(1);
  await expect(page.locator('[data-drag-box]')).toBeVisible();
  await expect(chosen).toHaveCount(2);
  await page.mouse.up();
  await expect(page.locator('[data-drag-box]')).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Selected pictures' })).toContainText('2 selected');

  // Another one begins anew; Escape brings back what was.
  await drawTo(0);
  await expect(chosen).toHaveCount(1);
  await page.keyboard.press('Escape');
  await expect(chosen).toHaveCount(2);
  await page.mouse.up();
  await expect(chosen).toHaveCount(2);

  await page.keyboard.press('Escape');
  await expect(chosen).toHaveCount(0);
  await tiles.nth(3).getByRole('button', { name: 'Select' }).click();
  await page.keyboard.down('Shift');
  await drawTo(1);
  await page.mouse.up();
  await page.keyboard.up('Shift');
  await expect(chosen).toHaveCount(3);

  // One that begins on a picture is none.
  await page.keyboard.press('Escape');
  const from = await middle(0);
  const to = await middle(2);
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y, { steps: 3 });
  await expect(page.locator('[data-drag-box]')).toHaveCount(0);
  await page.mouse.up();
  await expect(chosen).toHaveCount(0);

  // At the edge the grid scrolls, and what it passed stays.
  await page.setViewportSize({ width: 800, height: 360 });
  const small = await page.locator('[data-library-scroller]').boundingBox();
  await page.mouse.move((small?.x ?? 0) + 6, (small?.y ?? 0) + 30);
  await page.mouse.down();
  await page.mouse.move((small?.x ?? 0) + (small?.width ?? 0) - 60, 352, { steps: 4 });
  await expect(page.getByRole('region', { name: 'Selected pictures' })).toContainText('4 selected');
  const top = page.locator('[data-library-scroller]');
  expect(await top.evaluate((element) => element.scrollTop)).toBeGreaterThan(0);
  await page.mouse.up();
});
