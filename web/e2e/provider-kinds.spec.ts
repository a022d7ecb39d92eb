import type { Locator } from '@playwright/test';
import { call, expect, inOwnHouse, test } from './test';

interface Kind {
  name: string;
  label: string;
  fields: { name: string; type: string; label_en: string }[];
}

const controls =
  'input, textarea, select, [role="switch"], [role="combobox"], [role="radiogroup"], [role="group"]';

/** Everything in a form that can be set, by the field it stands in; '': in none. */
function controlsOf(form: Locator): Promise<{ field: string; text: string }[]> {
  return form.evaluate(
    (element, selector) =>
      [...element.querySelectorAll<HTMLElement>(selector)]
        // Parts of a control, and what it hides behind itself, are no controls of their own.
        .filter((one) => !one.parentElement?.closest(selector))
        .filter((one) => !one.closest('[aria-hidden="true"]'))
        .map((one) => ({
          field: one.closest<HTMLElement>('[data-field]')?.dataset.field ?? '',
          text: one.closest('label')?.textContent ?? one.getAttribute('aria-label') ?? '',
        })),
    controls,
  );
}

test('a provider is added by its kind, with the fields that kind needs and no other', async ({
  signedIn: page,
  rig,
}) => {
  test.slow(); // seventeen kinds, one after the other
  const { items: kinds } = (await call(rig, 'GET', '/provider-kinds')) as { items: Kind[] };
  expect(kinds.length).toBeGreaterThan(15);
  await page.goto('/settings/providers');
  await page.getByRole('button', { name: 'Add a provider' }).click();
  const dialog = page.getByRole('dialog');
  for (const kind of kinds) {
    await test.step(kind.name, async () => {
      await dialog.getByRole('button', { name: kind.label, exact: true }).click();
      const form = dialog.locator('form');
      const folded = form.locator('button[aria-expanded="false"][aria-controls]');
      const fold = folded.filter({ hasText: /more/i });
      if ((await fold.count()) > 0) await fold.first().click();

      // What is drawn, in the order of the form: the name, and the kind's own fields.
      const drawn = await form
        .locator('[data-field]')
        .evaluateAll((boxes) => boxes.map((box) => (box as HTMLElement).dataset.field ?? ''));
      expect([...drawn].sort()).toEqual(['name', ...kind.fields.map(({ name }) => name)].sort());
      for (const { name, label_en } of kind.fields) {
        const box = form.locator(`[data-field="${name}"]`);
        await expect(box).toBeVisible();
        await expect(box).toContainText(label_en);
      }
      // And nothing that can be set beside them, but the leave for private addresses.
      const found = await controlsOf(form);
      const hasAddress = kind.fields.some(({ type }) => type === 'url');
      expect(found.filter(({ field }) => field === '').map(({ text }) => text)).toEqual(
        hasAddress ? [expect.stringContaining('Allow private addresses')] : [],
      );
      for (const name of drawn) {
        // A workflow is a file or its text.
        const isFlow = kind.fields.some((one) => one.name === name && one.type === 'workflows');
        expect(found.filter(({ field }) => field === name).length, name).toBe(isFlow ? 2 : 1);
      }
      await dialog.getByRole('button', { name: 'Back' }).click();
    });
  }
});

test('a temporary key is kept with its session token, and neither is shown again', async ({
  browser,
}) => {
  await inOwnHouse(
    browser,
    async (page, rig) => {
      const bodies: Promise<string>[] = [];
      page.on('response', (answer) => {
        if (answer.url().includes('/api/v1/providers')) bodies.push(answer.text().catch(() => ''));
      });
      await page.goto('/settings/providers');
      await page.getByRole('button', { name: 'Add a provider' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: /Volcengine Visual/ }).click();
      await dialog.getByLabel('Name', { exact: true }).fill('Jimeng');
      await dialog.getByLabel('Access key id', { exact: true }).fill('AKTPTEST');
      await dialog.getByLabel('Secret access key').fill('sk-temporary-3f9a');
      await dialog.getByRole('button', { name: /more settings?$/ }).click();
      await dialog.getByLabel('Session token').fill('two words');
      await dialog.getByRole('button', { name: 'Add', exact: true }).click();
      await expect(dialog.getByText(/a session token has no spaces/)).toBeVisible();
      await dialog.getByLabel('Session token').fill('sts-token-77');
      await dialog.getByRole('button', { name: 'Add', exact: true }).click();
      await expect(dialog).toBeHidden();

      const card = page.getByRole('listitem').filter({
        has: page.getByRole('heading', { name: /^Jimeng/ }),
      });
      await card.getByRole('button', { name: 'Limits and rules' }).click();
      const keys = card.getByRole('region', { name: 'Keys' });
      await expect(keys.getByText('temporary', { exact: true })).toBeVisible();
      await keys.getByRole('button', { name: 'Add a key' }).click();
      await keys.getByLabel('New key').fill('sk-second-key-4b1c');
      await keys.getByLabel('Session token, of a temporary key').fill('sts-second-88');
      await keys.getByRole('button', { name: 'Save' }).click();
      await expect(keys.getByText('temporary', { exact: true })).toHaveCount(2);
      // A key without a token takes the other one's away.
      await keys.getByRole('button', { name: /^Replace key …4b1c/ }).click();
      await keys.getByLabel(/^New key in place of/).fill('sk-lasting-key-5d5d');
      await keys.getByRole('button', { name: 'Save' }).click();
      await expect(keys.getByText('•••• 5d5d')).toBeVisible();
      await expect(keys.getByText('temporary', { exact: true })).toHaveCount(1);
      const { items } = (await call(rig, 'GET', '/providers')) as {
        items: { name: string; keys: { has_session_token: boolean }[] }[];
      };
      const jimeng = items.find((one) => one.name === 'Jimeng');
      expect(jimeng?.keys.map((key) => key.has_session_token)).toEqual([true, false]);
      const said = (await Promise.all(bodies)).join('\n') + (await page.content());
      for (const secret of ['sts-token-77', 'sts-second-88', 'sk-temporary-3f9a']) {
        expect(said).not.toContain(secret);
      }
    },
    /status of (401|422)/,
  );
});
