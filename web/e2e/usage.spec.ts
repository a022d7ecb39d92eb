import { expect, generate, inOwnHouse, setMock, test } from './test';

const sound = { latency_ms: 200, failure_rate: 0, honours_key: true, price_micro: 20_000 };

test('what is spent, reserved and in doubt is told apart by words, and in the task', async ({
  browser,
}) => {
  // A house of its own: nobody else's money is in its sums.
  await inOwnHouse(browser, async (page, rig) => {
    await setMock(rig, sound);
    await generate(page, 'a jar that is paid for', 1);
    const results = page.getByRole('region', { name: 'Results' });
    await expect(results.getByText('a jar that is paid for').first()).toBeVisible();
    await setMock(
      rig,
      { ...sound, failure_rate: 1, failure_kind: 'unknown', honours_key: false },
      { on_unknown: 'hold' },
    );
    await generate(page, 'a jar in doubt', 1);
    await expect(results.getByText('Was it made and paid?')).toBeVisible({ timeout: 30_000 });
    await page.goto('/queue');
    const held = page
      .getByRole('list', { name: 'Need an answer' })
      .getByRole('listitem')
      .filter({ hasText: 'a jar in doubt' });
    await held.getByRole('button', { name: 'Give up' }).click();
    await expect(held).toHaveCount(0);
    await setMock(rig, { ...sound, latency_ms: 60_000 });
    await generate(page, 'a jar to come', 1);

    await page.goto('/settings/usage');
    const chart = page.getByRole('figure');
    for (const part of ['cost', 'reserved', 'doubtful']) {
      await expect(chart.locator(`rect[data-part=${part}]`)).toHaveCount(1);
    }
    const table = chart.getByRole('table');
    for (const name of ['Spent', 'Reserved', 'In doubt']) {
      await expect(table.getByRole('columnheader', { name })).toBeAttached();
    }
    await expect(table.getByRole('row').nth(1)).toHaveText(/\$0\.02\$0\.02\$0\.02$/);

    await page.goto('/queue');
    await page.getByRole('link', { name: 'a jar in doubt' }).first().click();
    await expect(page.getByText('cost in doubt')).toBeVisible();
    await expect(page.getByText(/in doubt, may have been charged \$0\.02/)).toBeVisible();
  });
});
