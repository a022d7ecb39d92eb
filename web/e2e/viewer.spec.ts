import { axeFaults } from './axe';
import { call, expect, madeOf, type Rig, setMock, test } from './test';

test.beforeEach(async ({ rig }) => {
  await setMock(rig, { latency_ms: 200, jitter_ms: 0, failure_rate: 0 });
});

/** The older and the newer of two kettles. */
async function kettles(rig: Rig): Promise<[string, string]> {
  return [
    await madeOf(rig, 'an enamel kettle in the morning', 21),
    await madeOf(rig, 'an enamel kettle in the evening', 22),
  ];
}

test('each key of the viewer does what it says', async ({ signedIn: page, rig }) => {
  const [older, newer] = await kettles(rig);
  await page.goto(`/library/${newer}?q=kettle`);
  const picture = page
    .getByRole('region')
    .getByRole('img', { name: /kettle/ })
    .first();
  await expect(picture).toBeVisible();
  const shown = () => picture.evaluate((image) => image.getBoundingClientRect().width);
  const fitted = await shown();
  await page.keyboard.press('$');
  await expect.poll(shown).toBeGreaterThan(4000);
  await page.keyboard.press('!');
  await expect.poll(shown).toBeCloseTo(1024, 0);
  await page.keyboard.press('-');
  await expect.poll(shown).toBeLessThan(1024);
  await page.keyboard.press('+');
  await page.keyboard.press('f');
  await expect.poll(shown).toBeCloseTo(fitted, 0);

  await page.keyboard.press('.');
  await expect
    .poll(
      async () =>
        ((await call(rig, 'GET', `/assets/${newer}`)) as { is_starred: boolean }).is_starred,
    )
    .toBe(true);
  await page.keyboard.press('4');
  await expect
    .poll(async () => ((await call(rig, 'GET', `/assets/${newer}`)) as { rating: number }).rating)
    .toBe(4);
  const panel = page.getByRole('complementary', { name: 'Details' });
  await expect(panel).toBeVisible();
  await page.keyboard.press('i');
  await expect(panel).toBeHidden();
  await page.keyboard.press('i');
  await page.keyboard.press('ArrowRight');
  await expect(page).toHaveURL(new RegExp(older));
  await page.keyboard.press('ArrowLeft');
  await expect(page).toHaveURL(new RegExp(newer));
  await page.keyboard.press('c');
  await expect(page).toHaveURL(new RegExp(`/library/${older}/compare/${newer}`));
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(new RegExp(`/library/${newer}`));
  await page.keyboard.press('e');
  await expect(page).toHaveURL(new RegExp(`/library/${newer}/edit`));
  await page.keyboard.press('Escape');
  await expect(panel).toBeVisible();
  for (const [key, said] of [
    ['p', 'Prompt taken over'],
    ['s', 'Seed taken over'],
    ['d', 'Size taken over'],
    ['a', 'Everything taken over'],
    ['r', 'Everything but the seed taken over'],
  ] as const) {
    await page.goto(`/library/${newer}?q=kettle`);
    await expect(panel.getByText('mock').first()).toBeVisible();
    await page.keyboard.press(key);
    await expect(page).toHaveURL(/\/generate/);
    await expect(page.getByText(said).first()).toBeVisible();
  }
  await page.goto(`/library/${newer}?q=kettle`);
  await expect(picture).toBeVisible();
  await page.keyboard.press('Delete');
  await expect(page).toHaveURL(new RegExp(older));
  await page.getByRole('button', { name: 'Undo' }).click();
});

test('the new views are clean for axe', async ({ signedIn: page, rig }) => {
  const [older, newer] = await kettles(rig);
  for (const path of [
    `/library/${older}/compare/${newer}`,
    `/library/${older}/compare/${newer}?mode=side`,
    `/library/${older}/compare/${newer}?mode=flip`,
    `/library/${newer}/edit`,
  ]) {
    await page.goto(path);
    await expect(page.locator('h1:not([inert] *)')).toBeVisible();
    await expect(page.getByRole('img').first()).toBeVisible();
    expect(await axeFaults(page), path).toEqual([]);
  }
});
