import { expect, generate, pictures, setMock, test } from './test';

/** The request went out, and no answer came: nobody knows whether it was made and paid. */
const silent = { latency_ms: 200, failure_rate: 1, failure_kind: 'unknown', honours_key: false };
const sound = { latency_ms: 200, failure_rate: 0, honours_key: true };

test.afterEach(async ({ rig }) => setMock(rig, sound));

test('a task of unknown outcome asks, and both answers work', async ({ signedIn: page, rig }) => {
  await setMock(rig, silent, { on_unknown: 'hold' });
  await generate(page, 'a lamp in doubt', 2);
  const results = page.getByRole('region', { name: 'Results' });
  await expect(results.getByText('Was it made and paid?')).toHaveCount(2, { timeout: 30_000 });
  await page.getByRole('button', { name: /need an answer$/ }).click();
  await page.getByRole('link', { name: 'Open the queue' }).click();

  await setMock(rig, sound);
  const held = page
    .getByRole('list', { name: 'Need an answer' })
    .getByRole('listitem')
    .filter({ hasText: 'a lamp in doubt' });
  await expect(held).toHaveCount(2);
  await held.first().getByRole('button', { name: 'Repeat' }).click();
  await expect(held).toHaveCount(1);
  await held.first().getByRole('button', { name: 'Give up' }).click();
  await expect(held).toHaveCount(0);

  await page.getByRole('link', { name: 'a lamp in doubt' }).first().click();
  const tasks = page.getByRole('list', { name: 'Pictures of this run' });
  await expect(tasks.getByText('Done', { exact: true })).toHaveCount(1);
  await expect(tasks.getByText('Failed', { exact: true })).toHaveCount(1);
  await page.getByRole('link', { name: 'Show the pictures' }).click();
  await expect(pictures(page)).toHaveCount(1);
});

test('a rejected key holds the work and leads to the provider', async ({ signedIn: page, rig }) => {
  await setMock(rig, { latency_ms: 200, failure_rate: 1, failure_kind: 'auth' });
  await generate(page, 'a lamp without a key', 1);
  const results = page.getByRole('region', { name: 'Results' });
  await expect(results.getByText('The key was rejected')).toBeVisible({ timeout: 30_000 });
  await results.getByRole('link', { name: 'Open providers' }).click();
  const card = page.getByRole('listitem').filter({ hasText: 'Mock' });
  await expect(card.getByText('Paused')).toBeVisible();
  await expect(card.getByText(/rejected the key/)).toBeVisible();

  // A changed account frees what waited for it.
  await setMock(rig, sound);
  await expect(card.getByText('Paused')).toBeHidden();
  await page.goBack();
  await expect(pictures(page)).toHaveCount(1, { timeout: 30_000 });
});

test('the queue is paused, moved and gone on with', async ({ signedIn: page, rig }) => {
  await setMock(rig, sound);
  await page.goto('/queue');
  await page.getByRole('button', { name: 'Pause all' }).click();
  await expect(page.getByText(/The queue is paused/)).toBeVisible();
  await generate(page, 'a lamp that waits', 1);
  await generate(page, 'a lamp that hurries', 1);
  await page.goto('/queue');
  const row = page.getByRole('listitem').filter({ hasText: 'a lamp that hurries' });
  await expect(row).toContainText('Queued');
  await row.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'To the front of the queue' }).click();
  await expect(row).toContainText('in front');
  await page.getByRole('button', { name: 'Resume', exact: true }).click();
  await expect(row).toContainText('Done');
  await expect(page.getByRole('listitem').filter({ hasText: 'a lamp that waits' })).toContainText(
    'Done',
  );
});
