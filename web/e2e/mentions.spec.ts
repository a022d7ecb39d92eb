import type { Page } from '@playwright/test';
import { axeFaults } from './axe';
import { go, prefer } from './look';
import { call, expect, madeOf, setMock, test } from './test';

const prompt = (page: Page) => page.locator('[data-field=prompt]');
const list = (page: Page) => page.getByRole('listbox');
const chosen = (page: Page) => list(page).getByRole('option', { selected: true });

/** What assistive technology is told is in focus: the option that the prompt names. */
async function follows(page: Page) {
  // Both at once: the list changes when the last pictures come.
  const ids = async () => [
    await prompt(page).getAttribute('aria-activedescendant'),
    await chosen(page).getAttribute('id'),
  ];
  await expect(async () => {
    const [named, selected] = await ids();
    expect(named).toBeTruthy();
    expect(selected).toBe(named);
  }).toPass({ timeout: 15_000 });
  await expect(list(page)).toHaveId((await prompt(page).getAttribute('aria-controls')) ?? '');
}

test.beforeEach(({ rig }) => setMock(rig, { latency_ms: 50, jitter_ms: 0, failure_rate: 0 }));

test('@ calls up pictures, by keyboard alone, and takes one as a reference', async ({
  signedIn: page,
  rig,
}) => {
  await madeOf(rig, 'a mentioned ewer', 41);
  await madeOf(rig, 'a mentioned tureen', 42);
  await go(page, '/generate');
  await prompt(page).focus();
  await page.keyboard.type('write to me@example.org');
  await expect(list(page)).toHaveCount(0);
  await prompt(page).fill('');
  await page.keyboard.type('like @');
  await expect(list(page)).toBeVisible();
  await expect(chosen(page)).toHaveText(/a mentioned tureen/); // the last one has come
  await follows(page);
  const first = await chosen(page).getAttribute('id');
  await page.keyboard.press('ArrowUp'); // from the first to the last
  await expect(chosen(page)).not.toHaveId(first ?? '');
  await follows(page);
  await page.keyboard.press('ArrowDown');
  await expect(chosen(page)).toHaveId(first ?? '');

  // Esc closes it and leaves what was typed; the next sign opens it again.
  await page.keyboard.press('Escape');
  await expect(list(page)).toHaveCount(0);
  await expect(prompt(page)).toHaveValue('like @');
  await page.keyboard.type('ewer');
  await expect(list(page).getByRole('option')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(prompt(page)).toHaveValue('like Reference 1 ');
  await expect(prompt(page)).toBeFocused();
  await expect(list(page)).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Reference 1', exact: true })).toBeVisible();

  // It is the first among those offered now, and is named again without being added.
  await page.keyboard.type('on @');
  await expect(chosen(page)).toHaveText('Reference 1');
  await page.keyboard.press('Tab');
  await expect(prompt(page)).toHaveValue('like Reference 1 on Reference 1 ');
  await page.keyboard.type('and @tureen');
  await expect(list(page).getByRole('option')).toHaveCount(1);
  await list(page).getByRole('option').click();
  await expect(prompt(page)).toHaveValue('like Reference 1 on Reference 1 and Reference 2 ');
  await expect(page.getByRole('button', { name: /^Reference \d/ })).toHaveCount(2);
  // The words go with their picture, into another place and away.
  await page.getByRole('button', { name: 'Reference 2', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Move earlier' }).click();
  await expect(prompt(page)).toHaveValue('like Reference 2 on Reference 2 and Reference 1 ');
  await page.getByRole('button', { name: 'Reference 1', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await expect(prompt(page)).toHaveValue('like Reference 1 on Reference 1 and ');
  await prompt(page).focus();
  await page.keyboard.press('Control+Enter'); // and no list is in the way of it
  await expect(page).toHaveURL(/run=/);
});

test('/ calls up tools and presets at the start of the prompt alone', async ({
  signedIn: page,
  rig,
}) => {
  const preset = (await call(rig, 'POST', '/presets', {
    name: 'Gloaming style',
    operation: 'image.generate',
    count: 2,
    parameters: { prompt: 'a lamp at night' },
  })) as { id: string };
  await go(page, '/generate');
  await prompt(page).focus();
  await page.keyboard.type('a ratio of 16/9');
  await expect(list(page)).toHaveCount(0);
  await prompt(page).fill('');
  await page.keyboard.type('/');
  await expect(list(page)).toHaveAccessibleName('Tools and presets');
  await follows(page);
  const expand = list(page).getByRole('option', { name: /^Expand/ });
  await expect(expand).toHaveAttribute('aria-disabled', 'true'); // of nothing
  await page.keyboard.press('Enter'); // it cannot be chosen, so that the key is the prompt's
  await expect(prompt(page)).toHaveValue('/\n');
  await page.keyboard.press('Backspace');
  await expect(list(page)).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(prompt(page)).not.toBeFocused();
  await prompt(page).fill('');
  await prompt(page).focus();
  await page.keyboard.type('/gloam');
  await expect(list(page).getByRole('option')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(prompt(page)).toHaveValue('a lamp at night');
  await call(rig, 'DELETE', `/presets/${preset.id}`);

  await page.keyboard.press('Control+Home');
  await page.keyboard.type('/exp');
  await expect(chosen(page)).toContainText('Expand');
  await page.keyboard.press('Enter');
  await expect
    .poll(async () => {
      const { items } = (await call(rig, 'GET', '/runs?limit=1')) as {
        items: { tasks: { operation: string; prompt: string }[] }[];
      };
      return items[0]?.tasks[0];
    })
    .toMatchObject({ operation: 'prompt.expand', prompt: 'a lamp at night' });
});

test('the list is clean, in Chinese and the dark, on a small phone', async ({
  signedIn: page,
  rig,
}) => {
  await madeOf(rig, 'a mentioned ewer', 41);
  await prefer(page, { language: 'zh-CN', theme: 'dark' });
  await page.setViewportSize({ width: 360, height: 740 });
  await go(page, '/generate');
  await page.getByRole('button', { name: '描述您想要的画面' }).click();
  await prompt(page).fill('');
  await prompt(page).pressSequentially('像@');
  await expect(list(page)).toBeVisible();
  expect(await axeFaults(page, { within: '[role=dialog]' })).toEqual([]);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wider).toBeLessThanOrEqual(0);
  await page.screenshot({ path: '../shots/mentions-zh-CN-dark-phone.png' });
  await list(page).getByRole('option').first().click();
  await expect(prompt(page)).toHaveValue('像参考图 1 ');
  await page.keyboard.press('Escape'); // the sheet's own again
});
