import { expect, madeOf, type Rig, setMock, test } from './test';

/** Two pictures that differ by words and seed, made once. */
async function pair(rig: Rig): Promise<[string, string]> {
  return [
    await madeOf(rig, 'a crimson teapot on walnut', 7),
    await madeOf(rig, 'a cobalt teapot on walnut', 8),
  ];
}

test.beforeEach(async ({ rig }) => {
  await setMock(rig, { latency_ms: 200, jitter_ms: 0, failure_rate: 0 });
});

test('two of the selection are compared by C, and Back leads to the library', async ({
  signedIn: page,
  rig,
}) => {
  await pair(rig);
  await page.goto('/library?q=teapot');
  const tiles = page.getByRole('gridcell');
  await expect(tiles).toHaveCount(2);
  await tiles.first().getByRole('button').first().focus();
  await page.keyboard.press('Space');
  await expect(page.getByRole('button', { name: 'Compare' })).toHaveCount(0);
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('c');
  await expect(page).toHaveURL(/\/library\/\w+\/compare\/\w+/);
  await expect(page.getByRole('heading', { name: 'Compare pictures' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/library\?q=teapot$/);
});

test('the divider goes by arrows and by pointer, and says where it stands', async ({
  signedIn: page,
  rig,
}) => {
  const [a, b] = await pair(rig);
  await page.goto(`/library/${a}/compare/${b}`);
  const divider = page.getByRole('slider', { name: 'Divider: A on its left, B on its right' });
  await expect(divider).toHaveAttribute('aria-valuenow', '50');
  await expect(page.getByRole('img', { name: /^A: / })).toBeVisible();
  await divider.focus();
  await page.keyboard.press('ArrowRight');
  await expect(divider).toHaveAttribute('aria-valuenow', '51');
  await page.keyboard.press('Shift+ArrowLeft');
  await expect(divider).toHaveAttribute('aria-valuetext', '41 % A');
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowRight');
  await expect(divider).toHaveAttribute('aria-valuenow', '100');
  await page.keyboard.press('Home');
  await expect(divider).toHaveAttribute('aria-valuenow', '0');
  const box = await divider.boundingBox();
  if (!box) throw new Error('no divider');
  const stage = await page.getByRole('region', { name: 'Compare pictures' }).boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move((stage?.width ?? 0) / 4, box.y + box.height / 2, { steps: 4 });
  await page.mouse.up();
  const now = Number(await divider.getAttribute('aria-valuenow'));
  expect(now).toBeGreaterThan(15);
  expect(now).toBeLessThan(60);
});

test('M goes through the ways, X swaps, Space flips; all of it is in the address', async ({
  signedIn: page,
  rig,
}) => {
  const [a, b] = await pair(rig);
  await page.goto(`/library/${a}/compare/${b}`);
  await expect(page.getByRole('slider', { name: /^Divider/ })).toBeVisible();
  await page.keyboard.press('m');
  await expect(page).toHaveURL(/mode=side/);
  await expect(page.getByRole('img', { name: /^[AB]: / })).toHaveCount(2);
  // Both pictures are looked at with one view.
  await page.keyboard.press('1');
  await page.keyboard.press('+');
  const widths = await page
    .getByRole('img', { name: /^[AB]: / })
    .evaluateAll((images) => images.map((image) => image.getBoundingClientRect().width));
  expect(widths[0]).toBeGreaterThan(1500);
  expect(widths[1]).toBe(widths[0]);
  await page.keyboard.press('f');
  await page.keyboard.press('m');
  await expect(page).toHaveURL(/mode=flip/);
  await expect(page.getByRole('img', { name: /^A: / })).toBeVisible();
  await page.getByRole('heading', { name: 'Compare pictures' }).focus();
  await page.keyboard.press('Space');
  await expect(page.getByRole('img', { name: /^B: / })).toBeVisible();
  await expect(page.getByRole('img', { name: /^A: / })).toHaveCount(0);
  await page.keyboard.press('ArrowLeft');
  await expect(page.getByRole('img', { name: /^A: / })).toBeVisible();
  await page.keyboard.press('x');
  await expect(page).toHaveURL(new RegExp(`/library/${b}/compare/${a}`));
  await page.reload();
  await expect(page.getByRole('button', { name: 'Flip', exact: true })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
});

test('what they were made with stands beside, word by word', async ({ signedIn: page, rig }) => {
  const [a, b] = await pair(rig);
  await page.goto(`/library/${a}/compare/${b}`);
  const panel = page.getByRole('complementary', { name: 'Differences' });
  await expect(panel.getByRole('deletion')).toHaveText('crimson');
  await expect(panel.getByRole('insertion')).toHaveText('cobalt');
  await expect(panel.getByRole('row', { name: /^Seed/ })).toBeVisible();
  await expect(panel.getByRole('row', { name: /^Pixels/ })).toHaveCount(0);
});

test.describe('one that is not there', () => {
  test.use({ allowed: /status of 40[14]/ });
  test('says so, and one can leave', async ({ signedIn: page, rig }) => {
    const [a] = await pair(rig);
    await page.goto(`/library/${a}/compare/01ARZ3NDEKTSV4RRFFQ69G5FAV`);
    await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page).toHaveURL(/\/library$/);
  });
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true });
  test('the two are stacked, or flipped by a button', async ({ signedIn: page, rig }) => {
    const [a, b] = await pair(rig);
    await page.goto(`/library/${a}/compare/${b}?mode=side`);
    const one = await page.getByRole('img', { name: /^A: / }).boundingBox();
    const other = await page.getByRole('img', { name: /^B: / }).boundingBox();
    if (!one || !other) throw new Error('no pictures');
    expect(other.y).toBeGreaterThanOrEqual(one.y + one.height - 1);
    await page.getByRole('button', { name: 'Flip', exact: true }).tap();
    await page.getByRole('button', { name: 'Show B' }).tap();
    await expect(page.getByRole('img', { name: /^B: / })).toBeVisible();
    await page.getByRole('button', { name: 'Differences' }).tap();
    await expect(page.getByRole('dialog').getByRole('insertion')).toHaveText('cobalt');
  });
});
