import type { Page } from '@playwright/test';
import { call, expect, madeOf, pictures, setMock, test } from './test';

test.beforeEach(async ({ rig }) => {
  await setMock(rig, { latency_ms: 200, jitter_ms: 0, failure_rate: 0 });
});

async function open(page: Page, id: string) {
  await page.goto(`/library/${id}/edit`);
  const stage = page.getByRole('application', { name: 'Picture and mask' });
  await expect(stage.getByRole('img')).toBeVisible();
  const box = await stage.boundingBox();
  if (!box) throw new Error('no stage');
  return { stage, x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** How much of the mask's canvas is painted, 0 to 1. */
function painted(page: Page): Promise<number> {
  return page.locator('canvas').evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? {
      data: [],
    };
    let count = 0;
    for (let at = 3; at < data.length; at += 4) if ((data[at] ?? 0) > 127) count++;
    return count / (data.length / 4);
  });
}

test('what is brushed is changed, the rest is not, and C compares with the source', async ({
  signedIn: page,
  rig,
}) => {
  const id = await madeOf(rig, 'a lantern to be edited', 11);
  const uploaded = await call(rig, 'GET', '/assets?kind=uploaded');
  await page.goto(`/library/${id}`);
  await page.getByRole('button', { name: 'Edit with a mask' }).click();
  await expect(page).toHaveURL(new RegExp(`/library/${id}/edit`));
  const { x, y } = await open(page, id);
  const change = page.getByRole('button', { name: 'Change the picture' });
  await expect(change).toHaveAttribute('aria-disabled', 'true');
  await page.mouse.move(x - 100, y);
  await page.mouse.down();
  await page.mouse.move(x + 100, y, { steps: 8 });
  await page.mouse.up();
  expect(await painted(page)).toBeGreaterThan(0.005);
  await page.getByLabel('What becomes of the marked part').fill('a paper moon');
  await change.click();
  await expect(page).toHaveURL(/\/generate\?run=/);
  await expect(pictures(page)).toHaveCount(1, { timeout: 30_000 });

  // The mask is no picture of the library.
  expect(await call(rig, 'GET', '/assets?kind=uploaded')).toEqual(uploaded);

  await page.keyboard.press('c');
  await expect(page).toHaveURL(new RegExp(`/library/${id}/compare/\\w+`));
  await expect(page.getByRole('complementary', { name: 'Differences' })).toContainText('moon');
  const edited = /compare\/(\w+)/.exec(page.url())?.[1] ?? '';
  const detail = (await call(rig, 'GET', `/assets/${edited}`)) as {
    width_px: number;
    recipe: { operation: string; references: string[] };
  };
  expect(detail.recipe.operation).toBe('image.edit');
  expect(detail.recipe.references).toEqual([id]);

  // Outside of the stroke every pixel is the source's.
  const differs = await page.evaluate(
    async ([one, other]) => {
      const read = async (asset: string) => {
        const image = new Image();
        image.src = `/api/v1/assets/${asset}/file?variant=original`;
        await image.decode();
        const canvas = document.createElement('canvas');
        canvas.width = image.naturalWidth;
        canvas.height = image.naturalHeight;
        const pen = canvas.getContext('2d');
        pen?.drawImage(image, 0, 0);
        return (
          pen?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [], width: 0, height: 0 }
        );
      };
      const a = await read(one);
      const b = await read(other);
      const at = (x: number, y: number) => {
        const index = (Math.round(y * a.height) * a.width + Math.round(x * a.width)) * 4;
        return [0, 1, 2].some(
          (part) => Math.abs((a.data[index + part] ?? 0) - (b.data[index + part] ?? 0)) > 2,
        );
      };
      return { corner: at(0.1, 0.1), middle: at(0.5, 0.5), foot: at(0.5, 0.95) };
    },
    [id, edited] as const,
  );
  expect(differs).toEqual({ corner: false, middle: true, foot: false });
});

test('by keys alone: a rectangle, undo and redo, invert, tools and sizes', async ({
  signedIn: page,
  rig,
}) => {
  const id = await madeOf(rig, 'a lantern to be edited', 11);
  const { stage } = await open(page, id);
  await page.keyboard.press('r');
  await expect(page.getByRole('button', { name: 'Rectangle', exact: true })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  await stage.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect.poll(() => painted(page)).toBeCloseTo(0.25, 1);
  await page.keyboard.press('i');
  await expect.poll(() => painted(page)).toBeCloseTo(0.75, 1);
  await page.keyboard.press('Control+z');
  await expect.poll(() => painted(page)).toBeCloseTo(0.25, 1);
  await page.keyboard.press('Control+z');
  await expect.poll(() => painted(page)).toBe(0);
  await page.keyboard.press('Control+Shift+z');
  await expect.poll(() => painted(page)).toBeCloseTo(0.25, 1);
  await page.keyboard.press('b');
  const size = page.getByRole('slider', { name: 'Size', exact: true });
  const before = Number(await size.inputValue());
  await page.keyboard.press(']');
  expect(Number(await size.inputValue())).toBeGreaterThan(before);
  await page.keyboard.press('[');
  expect(Number(await size.inputValue())).toBe(before);
  await page.keyboard.press('e');
  await expect(page.getByRole('button', { name: 'Eraser' })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  await page.keyboard.down('z');
  await expect(page.locator('canvas')).toBeHidden();
  await page.keyboard.up('z');
  await expect(page.locator('canvas')).toBeVisible();
  // Ctrl+Z in the prompt is the prompt's.
  await page.getByLabel('What becomes of the marked part').fill('a moon');
  await page.keyboard.press('Control+z');
  expect(await painted(page)).toBeCloseTo(0.25, 1);
});

test('on a low screen the picture keeps half of the height, and the form is scrolled to', async ({
  signedIn: page,
  rig,
}) => {
  const id = await madeOf(rig, 'a jug on a low screen', 41);
  for (const [width, height] of [
    [320, 512],
    [720, 450],
  ] as const) {
    await page.setViewportSize({ width, height });
    const { stage } = await open(page, id);
    const box = await stage.boundingBox();
    expect(box?.height).toBeGreaterThanOrEqual(height / 2);
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(height);
    const submit = page.getByRole('complementary').getByRole('button').last();
    await submit.scrollIntoViewIfNeeded();
    await expect(submit).toBeInViewport({ ratio: 1 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  }
});

test('the eraser and the lasso take away and add', async ({ signedIn: page, rig }) => {
  const id = await madeOf(rig, 'a lantern to be edited', 11);
  const { x, y } = await open(page, id);
  await page.keyboard.press('l');
  await page.mouse.move(x - 120, y - 120);
  await page.mouse.down();
  await page.mouse.move(x + 120, y - 120, { steps: 6 });
  await page.mouse.move(x + 120, y + 120, { steps: 6 });
  await page.mouse.move(x - 120, y + 120, { steps: 6 });
  await page.mouse.up();
  const whole = await painted(page);
  expect(whole).toBeGreaterThan(0.05);
  await page.keyboard.press('e');
  await page.mouse.move(x - 80, y);
  await page.mouse.down();
  await page.mouse.move(x + 80, y, { steps: 6 });
  await page.mouse.up();
  expect(await painted(page)).toBeLessThan(whole);
});

test('an empty and a full mask are refused before anything is paid', async ({
  signedIn: page,
  rig,
}) => {
  const id = await madeOf(rig, 'a lantern to be edited', 11);
  await open(page, id);
  await page.getByLabel('What becomes of the marked part').fill('a moon');
  const change = page.getByRole('button', { name: 'Change the picture' });
  await page.getByRole('button', { name: 'Invert' }).click();
  await change.click();
  await expect(page.getByRole('alert').filter({ hasText: 'Everything is marked' })).toBeVisible();
  await page.getByRole('button', { name: 'Clear the mask' }).click();
  await change.click();
  await expect(page.getByRole('alert').filter({ hasText: 'Mark first' })).toBeVisible();
  await expect(page).toHaveURL(/\/edit/);
});

test('a picture in the trash is not edited but can be restored', async ({
  signedIn: page,
  rig,
}) => {
  const id = await madeOf(rig, 'a lantern for the trash', 12);
  await call(rig, 'POST', '/assets/bulk', { ids: [id], action: 'trash' });
  await page.goto(`/library/${id}/edit`);
  await expect(page.getByRole('heading', { name: 'This picture is in the trash' })).toBeVisible();
  await page.getByRole('button', { name: 'Restore' }).click();
  await expect(page.getByRole('application', { name: 'Picture and mask' })).toBeVisible();
});
