import type { Page } from '@playwright/test';
import { go, prefer } from './look';
import { call, expect, type Rig, setMock, test } from './test';

interface Listed {
  items: { id: string; text: string; use_count: number; picture: { id: string } | null }[];
}
const listed = async (rig: Rig) => ((await call(rig, 'GET', '/prompts?limit=50')) as Listed).items;

/** Pictures of these, one after the other, each there when this returns. */
async function made(rig: Rig, ...prompts: string[]) {
  for (const prompt of prompts) {
    const run = (await call(rig, 'POST', '/runs', {
      nodes: [{ key: 'a', operation: 'image.generate', parameters: { prompt, model: 'mock' } }],
    })) as { id: string };
    await expect
      .poll(async () => ((await call(rig, 'GET', `/runs/${run.id}`)) as { state: string }).state)
      .toBe('done');
  }
}

const rows = (page: Page) => page.getByRole('main').getByRole('listitem');
const more = (page: Page, text: string) => page.getByRole('button', { name: `More for: ${text}` });
async function choose(page: Page, text: string, entry: string) {
  await more(page, text).click();
  await page.getByRole('menuitem', { name: entry }).click();
}

test.beforeEach(async ({ rig }) => {
  await setMock(rig, { latency_ms: 50, jitter_ms: 0, failure_rate: 0 });
  await call(rig, 'DELETE', '/prompts');
});

test('prompts are found, used again, kept as a preset, and lead to what they made', async ({
  signedIn: page,
  rig,
}) => {
  await page.goto('/prompts');
  await expect(page.getByRole('heading', { name: 'No prompts yet' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Clear all' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Write a prompt' }).click();
  await expect(page).toHaveURL(/\/generate/);

  // The page hears of what is made meanwhile.
  await page.goto('/prompts');
  await expect(page.getByRole('heading', { name: 'No prompts yet' })).toBeVisible();
  await made(rig, 'a brass lamp', 'a mug 茶杯', 'a brass lamp');
  await expect(rows(page)).toHaveCount(2);
  await expect(rows(page).first()).toContainText('a brass lamp');
  await expect(rows(page).first()).toContainText('used 2 times');
  await expect(rows(page).last()).toContainText('used once');
  await expect(page.getByRole('heading', { level: 2 })).toHaveText('Today');

  await page.getByRole('heading', { level: 1 }).focus();
  await page.keyboard.press('/');
  await page.keyboard.type('茶');
  await expect(rows(page)).toHaveCount(1);
  await expect(page).toHaveURL(/q=/);
  await page.keyboard.type('zz');
  await expect(page.getByText('No prompt has “茶zz” in it.')).toBeVisible();
  await page.getByRole('main').getByRole('button', { name: 'Clear the search' }).last().click();
  await expect(rows(page)).toHaveCount(2);

  // Into the form, what stood there is kept and can be had back.
  await page.goto('/generate');
  const prompt = page.getByLabel('Prompt', { exact: true });
  await prompt.fill('half a thought');
  await page.getByRole('button', { name: 'Earlier prompts' }).click();
  await page.getByRole('link', { name: 'All prompts…' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Prompts' })).toBeVisible();
  await page.getByRole('button', { name: 'Use in Generate: a mug 茶杯' }).click();
  await expect(prompt).toHaveValue('a mug 茶杯');
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await expect(prompt).toHaveValue('half a thought');

  await page.goto('/prompts');
  await choose(page, 'a mug 茶杯', 'Save as preset');
  const dialog = page.getByRole('dialog', { name: 'Save as preset' });
  await dialog.getByLabel('Name').fill('Mug');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Preset saved')).toBeVisible();
  const presets = (await call(rig, 'GET', '/presets')) as {
    items: { id: string; name: string; parameters: { prompt: string; model: string } }[];
  };
  const preset = presets.items.find(({ name }) => name === 'Mug');
  expect(preset?.parameters.prompt).toBe('a mug 茶杯');
  expect(preset?.parameters.model).toBeTruthy();
  await call(rig, 'DELETE', `/presets/${preset?.id}`);

  await choose(page, 'a brass lamp', 'Use with all its settings');
  await expect(page.getByText('Everything taken over').first()).toBeVisible();
  await expect(prompt).toHaveValue('a brass lamp');
  await page.goto('/prompts');
  await choose(page, 'a brass lamp', 'Show its last run');
  await expect(page).toHaveURL(/\/queue\/\w+/);
  await page.goBack();
  await page.getByRole('link', { name: 'Open picture of: a brass lamp' }).click();
  await expect(page).toHaveURL(/\/library\/\w+/);
});

test('a deleted prompt is gone in the form too, comes back by Undo, and all go when they are cleared', async ({
  signedIn: page,
  rig,
}) => {
  await made(rig, 'a lamp', 'a jug', 'a vase');
  const other = await page.context().newPage();
  await other.goto('/generate');
  const prompt = other.getByLabel('Prompt', { exact: true });
  const walkUp = async () => {
    await prompt.press('Alt+ArrowUp');
    return prompt.inputValue();
  };
  await expect(other.getByRole('button', { name: 'Earlier prompts' })).toBeVisible();
  expect([await walkUp(), await walkUp()]).toEqual(['a vase', 'a jug']);
  await prompt.fill('');

  await page.goto('/prompts');
  await page.bringToFront(); // the focus is in the tab that one looks at
  await choose(page, 'a jug', 'Delete');
  await expect(page.getByText('Prompt deleted').first()).toBeVisible();
  await expect(rows(page)).toHaveCount(2);
  await expect(more(page, 'a lamp')).toBeFocused(); // the next one, in its place
  await other.getByRole('button', { name: 'Earlier prompts' }).click();
  const menu = other.getByRole('dialog', { name: 'Earlier prompts' });
  await expect(menu.getByRole('listitem')).toHaveText(['a vase', 'a lamp']);
  await other.keyboard.press('Escape');
  expect([await walkUp(), await walkUp()]).toEqual(['a vase', 'a lamp']);
  await prompt.fill('');

  await page.getByRole('button', { name: 'Undo' }).first().click();
  await expect(rows(page)).toHaveCount(3);
  await expect(rows(page).nth(1)).toContainText('a jug');

  await page.getByRole('button', { name: 'Clear all' }).click();
  const dialog = page.getByRole('alertdialog');
  await expect(dialog).toContainText('Runs and pictures stay');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(rows(page)).toHaveCount(3);
  await page.getByRole('button', { name: 'Clear all' }).click();
  await dialog.getByRole('button', { name: 'Clear all' }).click();
  await expect(page.getByRole('heading', { name: 'No prompts yet' })).toBeVisible();
  await expect(other.getByRole('button', { name: 'Earlier prompts' })).toHaveCount(0);
  const runs = (await call(rig, 'GET', '/runs?limit=3')) as { items: { title: string }[] };
  expect(runs.items.map(({ title }) => title)).toEqual(['a vase', 'a jug', 'a lamp']);
  await other.close();
});

test('many are read page by page, and a long one is folded', async ({ signedIn: page, rig }) => {
  const long = Array.from({ length: 60 }, (_, at) => `a lamp of brass ${at}`).join(', ');
  await call(rig, 'POST', '/runs', {
    nodes: Array.from({ length: 32 }, (_, at) => ({
      key: `p${at}`,
      operation: 'image.generate',
      parameters: {
        prompt: at === 31 ? long : `prompt ${at}`,
        model: 'mock',
        width: 64,
        height: 64,
      },
    })),
  });
  await page.goto('/prompts');
  await expect(rows(page)).toHaveCount(30);
  const first = rows(page).first();
  const folded = (await first.boundingBox())?.height ?? 0;
  const whole = first.getByRole('button', { name: 'Show all of it' });
  await expect(whole).toHaveAttribute('aria-expanded', 'false');
  await whole.click();
  await expect.poll(async () => (await first.boundingBox())?.height ?? 0).toBeGreaterThan(folded);
  await first.getByRole('button', { name: 'Show less' }).click();
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await expect(rows(page)).toHaveCount(32);
  expect(await listed(rig)).toHaveLength(32);
});

test('by keyboard alone, from the palette to the form', async ({ signedIn: page, rig }) => {
  await made(rig, 'a lamp', 'a jug');
  await page.goto('/generate');
  const palette = page.getByRole('dialog').getByRole('combobox');
  // The keys are loaded after the page, and a slow machine may hear the first press too early.
  await expect(async () => {
    if (!(await palette.isVisible())) await page.keyboard.press('Control+k');
    await expect(palette).toBeFocused({ timeout: 3000 });
  }).toPass();
  await page.keyboard.type('Go to Prompts');
  await expect(page.getByRole('option', { selected: true })).toHaveText('Go to Prompts');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Prompts' })).toBeVisible();
  await expect(rows(page)).toHaveCount(2);
  await more(page, 'a lamp').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem').first()).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Prompt', { exact: true })).toHaveValue('a lamp');
});

test.describe('when the server does not do it', () => {
  test.use({ allowed: /status of 50\d/ });

  test('what went wrong is said, and the prompt stays', async ({ signedIn: page, rig }) => {
    await made(rig, 'a lamp');
    await page.goto('/prompts');
    await page.route(/\/api\/v1\/prompts/, (route) =>
      route.request().method() === 'DELETE'
        ? route.fulfill({
            status: 503,
            contentType: 'application/json',
            body: JSON.stringify({ code: 'unavailable', message: 'no' }),
          })
        : route.continue(),
    );
    await choose(page, 'a lamp', 'Delete');
    const said = page.getByText('The server is not ready.');
    await expect(said.first()).toBeVisible();
    await expect(said).toHaveCount(0);
    await page.getByRole('button', { name: 'Clear all' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Clear all' }).click();
    await expect(said.first()).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(rows(page)).toHaveCount(1);
    expect((await listed(rig)).map(({ text }) => text)).toEqual(['a lamp']);
  });
});

test('it fits a small phone in Chinese and in the dark', async ({ signedIn: page, rig }) => {
  await made(
    rig,
    '一盏胡桃木台灯，放在窗边的书桌上，傍晚的暖光，浅景深',
    `a_word_${'x'.repeat(90)}`,
  );
  await prefer(page, { language: 'zh-CN', theme: 'dark' });
  await page.setViewportSize({ width: 360, height: 740 });
  await go(page, '/prompts');
  await expect(rows(page)).toHaveCount(2);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wider).toBeLessThanOrEqual(0);
  await expect(
    rows(page)
      .first()
      .getByRole('button', { name: /^用于生成/ }),
  ).toBeVisible();
  await page.screenshot({ path: '../shots/prompts-zh-CN-dark-small-phone.png' });
  await rows(page)
    .first()
    .getByRole('button', { name: /^更多操作/ })
    .click();
  await page.getByRole('menuitem', { name: '用于生成' }).click();
  await expect(page).toHaveURL(/\/generate/);
});
