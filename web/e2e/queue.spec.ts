import { call, expect, generate, pictures, setMock, tabTo, test } from './test';

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

test('what asks names the rule that made it ask, and leads to where that is changed', async ({
  signedIn: page,
  rig,
}) => {
  const rules = [
    [
      { on_unknown: 'hold' },
      /The rule of “[^”]+”: when nobody knows whether a call was paid, ask\./,
    ],
    [
      { on_unknown: 'once_below', once_below_micro: 1 },
      /The rule of “[^”]+”: repeat once by itself below \$0\.00\d*, else ask\./,
    ],
  ] as const;
  for (const [rule, text] of rules) {
    await setMock(rig, silent, rule);
    const run = (await call(rig, 'POST', '/runs', {
      nodes: [{ key: 'a', operation: 'image.generate', parameters: { prompt: 'a ruled lamp' } }],
    })) as { id: string };
    await page.goto(`/queue/${run.id}`);
    const asks = page.getByRole('list', { name: 'Need an answer' }).getByRole('listitem');
    await expect(asks).toContainText(text, { timeout: 30_000 });
    await asks.getByRole('link', { name: 'Change the rule' }).click();
    await expect(page).toHaveURL(/\/settings\/providers/);
    await call(rig, 'POST', `/runs/${run.id}/cancel`);
  }
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
  await page.getByRole('menuitem', { name: 'To the front' }).click();
  await expect(row).toContainText('in front');
  await page.getByRole('button', { name: 'Resume', exact: true }).click();
  await expect(row).toContainText('Done');
  await expect(page.getByRole('listitem').filter({ hasText: 'a lamp that waits' })).toContainText(
    'Done',
  );
});

const runNames = (page: import('@playwright/test').Page) =>
  page
    .getByRole('list', { name: 'Runs', exact: true })
    .getByRole('link', { name: /^a vase/ })
    .allInnerTexts();

/** The queue stands still, with these in it. */
async function stand(
  page: import('@playwright/test').Page,
  rig: import('./test').Rig,
  names: string[],
) {
  await setMock(rig, sound);
  const isIdle = async () => {
    const queue = (await call(rig, 'GET', '/queue')) as { running: number; waiting_all: number };
    return queue.running + queue.waiting_all === 0;
  };
  await expect.poll(isIdle, { timeout: 30_000 }).toBe(true); // another test's work may go on
  await call(rig, 'POST', '/queue/pause', {});
  for (const name of names) await generate(page, name, 1);
}

test('runs change places by drag, keys and menu, in both sessions', async ({
  signedIn: page,
  rig,
}) => {
  await stand(page, rig, ['a vase, one', 'a vase, two', 'a vase, three']);
  const other = await page.context().newPage();
  await page.goto('/queue?state=active');
  await other.goto('/queue?state=active');
  await expect.poll(() => runNames(page)).toEqual(['a vase, one', 'a vase, two', 'a vase, three']);
  const row = (name: string) => page.getByRole('listitem').filter({ hasText: name });
  await expect(row('a vase, three')).toContainText('3 of 3');

  const grip = row('a vase, three').getByRole('button', { name: 'Change the place in the queue' });
  await row('a vase, one').scrollIntoViewIfNeeded();
  await grip.scrollIntoViewIfNeeded(); // others may have left held jobs above
  const from = await grip.boundingBox();
  const to = await row('a vase, one').boundingBox();
  if (!from || !to) throw new Error('nothing to drag');
  await page.mouse.move(from.x + 8, from.y + 8);
  await page.mouse.down();
  await page.mouse.move(to.x + 40, to.y + 4, { steps: 5 });
  await page.mouse.up();
  const dragged = ['a vase, three', 'a vase, one', 'a vase, two'];
  await expect.poll(() => runNames(page)).toEqual(dragged);
  await expect(row('a vase, three')).toContainText('1 of 3');
  await expect.poll(() => runNames(other)).toEqual(dragged);

  // Without a mouse: to the grip by Tab, then Alt and arrows; and by the menu.
  const last = row('a vase, two').getByRole('button', { name: 'Change the place in the queue' });
  await tabTo(page, last, 90);
  await page.keyboard.press('Alt+ArrowUp');
  await expect.poll(() => runNames(page)).toEqual(['a vase, three', 'a vase, two', 'a vase, one']);
  await row('a vase, three').getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'To the end' }).click();
  const end = ['a vase, two', 'a vase, one', 'a vase, three'];
  await expect.poll(() => runNames(other)).toEqual(end);
  await page.reload();
  await expect.poll(() => runNames(page)).toEqual(end);

  // All of it is cancelled by one key and one answer, which names the number.
  await expect(page.getByText('3 / 3')).toBeVisible();
  await expect(page.getByRole('banner').getByText('Queue paused')).toBeVisible(); // the key's home
  await page.keyboard.press('Control+Shift+X');
  const dialog = page.getByRole('alertdialog', { name: 'Cancel 3 waiting jobs?' });
  await dialog.getByRole('button', { name: 'Cancel 3' }).click();
  await expect(page.getByText('3 jobs cancelled')).toBeVisible();
  await expect.poll(() => runNames(page)).toEqual([]);
  await call(rig, 'POST', '/queue/resume');
  await other.close();
});

test.describe('refused', () => {
  test.use({ allowed: /status of (401|409)/ });

  test('a move that the server refuses goes back', async ({ signedIn: page, rig }) => {
    await stand(page, rig, ['a vase, left', 'a vase, right']);
    await page.goto('/queue?state=active');
    await expect.poll(() => runNames(page)).toEqual(['a vase, left', 'a vase, right']);
    await page.route('**/move', (route) =>
      route.fulfill({
        status: 409,
        contentType: 'application/problem+json',
        body: JSON.stringify({ code: 'conflict', status: 409, detail: 'it has started' }),
      }),
    );
    await page
      .getByRole('listitem')
      .filter({ hasText: 'a vase, right' })
      .getByRole('button', { name: 'Change the place in the queue' })
      .press('ArrowUp');
    await expect.poll(() => runNames(page)).toEqual(['a vase, left', 'a vase, right']);
    await call(rig, 'POST', '/queue/clear');
    await call(rig, 'POST', '/queue/resume');
  });
});

test('a provider that is down: its cause, its story, and what failed alone again', async ({
  signedIn: page,
  rig,
}) => {
  await setMock(rig, { latency_ms: 100, failure_rate: 1, failure_kind: 'refused' });
  await generate(page, 'a vase that nobody makes', 2);
  await page.goto('/queue?state=failed');
  const row = page.getByRole('listitem').filter({ hasText: 'a vase that nobody makes' }).first();
  await expect(row.getByRole('list', { name: 'Why it failed' })).toContainText('2 ×');
  await expect(row.getByRole('link', { name: 'Change and try again' })).toBeVisible();
  await row.getByRole('link', { name: 'a vase that nobody makes' }).click();
  await page.getByRole('button', { name: /^Picture 1/ }).click();
  await expect(page.getByText('Attempt 1', { exact: true })).toBeVisible();
  await expect(page.getByText(/^Waited .* before its first start/)).toBeVisible();
  await expect(page.getByText('Ended', { exact: true })).toBeVisible();
  await setMock(rig, sound);
  await page.getByRole('button', { name: 'Retry 2 failed' }).click();
  await expect(page.getByText('Done', { exact: true })).toHaveCount(2, { timeout: 30_000 });

  // The figures know of both ways, as a chart and as the table it is drawn from.
  await page.goto('/queue?range=1h');
  const figures = page.getByRole('region', { name: 'How calls did' });
  await figures.getByRole('button', { name: 'Chart and groups' }).click();
  await figures.getByRole('button', { name: 'As a table' }).click();
  await expect(figures.getByRole('table').first()).toContainText('p99');
  await figures.getByRole('button', { name: 'mock', exact: true }).click();
  await expect(page).toHaveURL(/model=mock/);
});

test.describe('after a crash', () => {
  // The stream and what is asked meanwhile break with the server.
  test.use({ allowed: /status of 401|ERR_|Failed to load|EventSource/ });

  test('the page says once what was in flight', async ({ signedIn: page, rig }) => {
    await setMock(rig, { ...sound, latency_ms: 60_000 }, { concurrency: 1 });
    await generate(page, 'a vase in flight', 2);
    await page.goto('/queue?state=active');
    const row = page.getByRole('listitem').filter({ hasText: 'a vase in flight' });
    await expect(row).toContainText('Running');
    await rig.server.end('SIGKILL');
    await rig.server.start();
    await page.goto('/queue?state=active');
    const note = page.getByRole('region', { name: 'After the server stopped' });
    await expect(note).toContainText('Waiting at that moment: 1, in flight: 1.');
    await note.getByRole('button', { name: 'Review' }).click();
    await expect(note.getByRole('listitem')).toHaveText(/a vase in flight/);
    await page.reload();
    await expect(note).toBeVisible();
    await note.getByRole('button', { name: 'Seen' }).click();
    await expect(note).toBeHidden();
    await page.reload();
    await expect(row).toBeVisible();
    await expect(note).toBeHidden();
    await page.keyboard.press('Shift+X');
    await expect(row).toBeHidden({ timeout: 30_000 });
    await setMock(rig, sound, { concurrency: 4 });
  });
});
