import { readFile } from 'node:fs/promises';
import { test } from './fake';
import { call, expect } from './test';

interface Account {
  id: string;
  name: string;
  kind: string;
  is_enabled: boolean;
}
const KEY = 'sk-exported-never-0123456789';

test.use({ allowed: /status of (401|422)/ }); // a newer file is refused by the server

test.afterEach(async ({ rig, signedIn: page }) => {
  await page.goto('/queue'); // accounts are deleted behind a page that does not show them
  const { items } = (await call(rig, 'GET', '/providers')) as { items: Account[] };
  for (const provider of items.filter((one) => one.kind !== 'mock')) {
    await call(rig, 'DELETE', `/providers/${provider.id}`);
  }
});

test('accounts leave as a file without secrets and come back by a preview; a wrong file changes nothing', async ({
  signedIn: page,
  rig,
  fake,
}) => {
  const account = { kind: 'openai', name: 'Studio', key: KEY, base_url: `${fake.url}/v1` };
  await call(rig, 'POST', '/providers', { ...account, is_private_allowed: true });
  await page.goto('/settings/providers');
  await expect(page.getByRole('listitem').filter({ hasText: 'Studio' })).toBeVisible();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Export' }).click(),
  ]);
  const path = await download.path();
  const text = await readFile(path, 'utf8');
  expect(text).toContain('Studio');
  expect(text).not.toContain(KEY);
  expect(text).not.toContain(KEY.slice(-4));

  const choose = async (name: string, content: string) => {
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByRole('button', { name: 'Import' }).click(),
    ]);
    await chooser.setFiles({ name, mimeType: 'application/json', buffer: Buffer.from(content) });
    return page.getByRole('dialog');
  };
  const accounts = async () =>
    ((await call(rig, 'GET', '/providers')) as { items: Account[] }).items.map((one) => one.name);
  const before = await accounts();

  const newer = JSON.parse(text) as Record<string, unknown>;
  for (const [name, content] of [
    ['newer.json', JSON.stringify({ ...newer, version: 99 })],
    ['torn.json', text.slice(0, text.length >> 1)],
    ['photo.json', '\u0089PNG'],
  ] as const) {
    const dialog = await choose(name, content);
    await expect(dialog.getByRole('alert'), name).toContainText('Nothing was changed');
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    await expect(dialog).toBeHidden();
    expect(await accounts()).toEqual(before);
  }

  const dialog = await choose('providers.json', text);
  await expect(dialog.getByText('The name “Studio” is taken here.')).toBeVisible();
  await expect(dialog.getByText(/^Its address is private/).first()).toBeVisible();
  expect(await accounts()).toEqual(before); // so far it was looked at
  await dialog.getByRole('button', { name: /^Add \d+ provider/ }).click();
  await expect(dialog.getByText('Imported')).toBeVisible();
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
  const { items } = (await call(rig, 'GET', '/providers')) as { items: Account[] };
  const again = items.filter((one) => one.kind === 'openai');
  expect(again.length).toBe(2);
  expect(again.filter((one) => one.is_enabled).map((one) => one.name)).toEqual(['Studio']);
});

test('an account tells how its calls went: the rate, how long, and the last error', async ({
  signedIn: page,
  rig,
  fake,
}) => {
  const account = (await call(rig, 'POST', '/providers', {
    kind: 'openai',
    name: 'Studio',
    key: fake.key,
    base_url: `${fake.url}/v1`,
    is_private_allowed: true,
  })) as Account;
  await page.goto('/settings/providers');
  const card = page.getByRole('listitem').filter({ hasText: 'Studio' });
  await expect(card.getByText('No calls in the last 7 days')).toBeVisible();

  await fake.control({
    faults: [{ kind: 'none' }, { kind: 'status', status: 400, message: 'the cup is too blue' }],
  });
  for (const state of ['done', 'failed']) {
    const run = (await call(rig, 'POST', '/runs', {
      nodes: [
        {
          key: 'a',
          operation: 'image.generate',
          parameters: { prompt: `a ${state} cup`, model: `${account.id}/gpt-image-2` },
        },
      ],
    })) as { id: string };
    await expect
      .poll(async () => ((await call(rig, 'GET', `/runs/${run.id}`)) as { state: string }).state)
      .toBe(state);
  }
  await page.reload();
  await expect(card.getByText(/1 of 2 calls|50.*of 2 calls/).first()).toBeVisible();
  await expect(card.getByText(/p50/).first()).toBeVisible();
  await expect(card.getByText(/p95/).first()).toBeVisible();
  await expect(card.getByText(/^Last error .*gpt-image-2/)).toBeVisible();
  await expect(card.getByText(/the cup is too blue/)).toBeVisible();
});
