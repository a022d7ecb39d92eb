import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { call, expect, generate, inOwnHouse, pictures, type Rig, setMock, test } from './test';

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
    const title = page.getByRole('heading', { name: 'Where it went' });
    const where = page.locator('section').filter({ has: title });
    for (const [by, row] of [
      ['User', 'ada'],
      ['Product', 'Without a product'],
      ['Provider', 'mock'],
      ['Model', 'mock'],
    ] as const) {
      await where.getByRole('button', { name: by, exact: true }).click();
      const line = where.getByRole('table').getByRole('row').filter({ hasText: row });
      await expect(line, by).toContainText(/\$0\.02\$0\.02\$0\.02/);
    }
    for (const [by, key, line] of [
      ['Model', 'model', /^mock,mock,\d+,(0\.020000,){3}USD$/],
      ['Day', 'day', /^(\d{4}-\d\d-\d\d),\1,\d+,(0\.020000,){3}USD$/],
    ] as const) {
      await where.getByRole('button', { name: by, exact: true }).click();
      // As many lines as the table has: the same question makes both.
      const rows = where.getByRole('table').getByRole('row');
      await expect(rows.first()).toContainText(by);
      await expect(rows.nth(1), by).toContainText(/\$0\.02\$0\.02\$0\.02/);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        where.getByRole('link', { name: 'CSV' }).click(),
      ]);
      expect(download.suggestedFilename()).toMatch(/^vitrine-usage-.*\.csv$/);
      const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
      expect(lines[0]).toBe(`\uFEFF${key},name,calls,cost,reserved,in_doubt,currency`);
      expect(lines[1]).toMatch(line);
      expect(lines, by).toHaveLength(await rows.count());
    }

    await page.goto('/queue');
    await page.getByRole('link', { name: 'a jar in doubt' }).first().click();
    await expect(page.getByText('cost in doubt')).toBeVisible();
    await expect(page.getByText(/in doubt, may have been charged \$0\.02/)).toBeVisible();
  });
});

test('what is beyond the costliest rows is one line, and where all of them are is said', async ({
  signedIn: page,
}) => {
  const sums = { calls: 7, cost_micro: 30_000, reserved_micro: 0, doubtful_micro: 10_000 };
  await page.route(/\/api\/v1\/usage\?/, async (route) => {
    const totals = [{ currency: 'USD', ...sums, cost_micro: 50_000 }];
    const items = [
      { key: 'cup', label: 'Cup', currency: 'USD', ...sums, cost_micro: 20_000, calls: 1 },
    ];
    const rests = [{ currency: 'USD', count: 1234, ...sums }];
    await route.fulfill({ json: { items, rests, totals } });
  });
  await page.goto('/settings/usage');
  const where = page.getByRole('region', { name: 'Where it went' });
  await expect(where.getByRole('row').last()).toHaveText(/1,234 more7\$0\.03\$0\.00\$0\.01$/);
  await expect(page.getByText('The CSV file has every row.')).toBeVisible();
});

test('a full budget of a model stops that model alone, and says so', async ({ browser }) => {
  const visit = async (page: Page, rig: Rig) => {
    await setMock(rig, sound);
    await page.goto('/settings/usage');
    await page.getByRole('button', { name: 'New budget' }).click();
    const dialog = page.getByRole('dialog');
    const save = dialog.getByRole('button', { name: 'Save' });
    await dialog.getByRole('button', { name: 'One model' }).click();
    await dialog.getByRole('button', { name: 'Day', exact: true }).click();
    await save.click();
    await expect(dialog.getByText('Choose for whom it is.')).toBeVisible();
    await dialog.getByRole('combobox', { name: 'Provider' }).click();
    await page.getByRole('option', { name: 'mock' }).click();
    await expect(dialog.getByText('Choose a model of this provider.')).toBeVisible();
    await dialog.getByRole('combobox', { name: 'Model' }).click();
    await page.getByRole('option', { name: 'Mock mock', exact: true }).click();
    await dialog.getByLabel('Limit').fill('0.05');
    await save.click();
    await expect(dialog).toBeHidden();
    const row = page.getByRole('listitem').filter({ hasText: 'mock · Mock · Day' });
    await expect(row).toContainText('$0.00 of $0.05');

    await generate(page, 'two jars that fit', 2);
    await expect(pictures(page)).toHaveCount(2);
    const go = page.getByRole('button', { name: 'Generate', exact: true });
    await go.click();
    const refusal =
      'This would pass the budget of mock · mock for the day, $0.05: $0.01 is left. Ask for less, or choose another model.';
    await expect(page.getByText(refusal)).toBeVisible();
    await expect(
      page.getByRole('link', { name: 'mock · mock · $0.04 of $0.05 spent today, 80 %' }),
    ).toBeVisible();

    await page.getByRole('combobox', { name: 'Model', exact: true }).click();
    await page.getByRole('option', { name: /^Mock, at once/ }).click();
    await page.getByLabel('Prompt', { exact: true }).fill('a jar of another model');
    await go.click();
    await expect(
      page.getByRole('heading', { level: 2, name: 'a jar of another model' }),
    ).toBeVisible();
    await page.goto('/settings/usage');
    await expect(row).toContainText('Nearly used up: 80 %, $0.01 left');
  };
  await inOwnHouse(browser, visit, /status of 40[12]/);
});

for (const budget of [
  { scope: 'One user', field: 'User', who: 'ada', whose: 'user ada', way: 'wait for tomorrow' },
  {
    scope: 'One provider',
    field: 'Provider',
    who: 'mock',
    whose: 'provider mock',
    way: 'choose another provider',
  },
]) {
  test(`a budget of ${budget.scope} warns at 80 %, stops at 100 %, and says whose it is`, async ({
    browser,
  }) => {
    const visit = async (page: Page, rig: Rig) => {
      await setMock(rig, { ...sound, price_micro: 10_000 });
      await call(rig, 'POST', '/providers', { kind: 'mock', name: 'Other' });
      await page.goto('/settings/usage');
      await page.getByRole('button', { name: 'New budget' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: budget.scope }).click();
      await dialog.getByRole('button', { name: 'Day', exact: true }).click();
      await dialog.getByRole('combobox', { name: budget.field }).click();
      await page.getByRole('option', { name: budget.who, exact: true }).click();
      await dialog.getByLabel('Limit').fill('0.05');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await expect(dialog).toBeHidden();
      const row = page.getByRole('listitem').filter({ hasText: `${budget.who} · Day` });
      await expect(row).toContainText('$0.00 of $0.05');

      const notices = page.getByRole('region', { name: 'Notifications' });
      await generate(page, 'four jars that come near', 4);
      await expect(notices.getByText('80 % of a budget is used')).toBeVisible();
      await expect(notices.getByText(`${budget.who} · $0.04 of $0.05 today`)).toBeVisible();
      await expect(pictures(page)).toHaveCount(4);
      await generate(page, 'the last jar that fits', 1);
      await expect(notices.getByText('A budget is used up')).toBeVisible();
      await expect(
        page.getByRole('link', { name: `${budget.who} · $0.05 of $0.05 spent today, 100 %` }),
      ).toBeVisible();
      await expect(pictures(page)).toHaveCount(1);

      const go = page.getByRole('button', { name: 'Generate', exact: true });
      const prompt = page.getByLabel('Prompt', { exact: true });
      await prompt.fill('a jar too many');
      await go.click();
      const refusal = `This would pass the budget of ${budget.whose} for the day, $0.05: $0.00 is left. Ask for less, or ${budget.way}.`;
      await expect(page.getByText(refusal)).toBeVisible();

      // Another account's work is a provider's budget's no concern; a user's budget knows no account.
      await page.getByRole('combobox', { name: 'Model', exact: true }).click();
      await page
        .getByRole('group', { name: 'Other' })
        .getByRole('option', { name: /^Mock(?!,)/ })
        .click();
      await prompt.fill('a jar of another account');
      await go.click();
      if (budget.field === 'Provider') {
        await expect(
          page.getByRole('heading', { level: 2, name: 'a jar of another account' }),
        ).toBeVisible();
      } else {
        await expect(page.getByText(refusal)).toBeVisible();
      }
      await page.goto('/settings/usage');
      await expect(row).toContainText('Used up: 100 %, $0.00 left');
      const runs = (await call(rig, 'GET', '/runs')) as { items: { title: string }[] };
      expect(runs.items).toHaveLength(budget.field === 'Provider' ? 3 : 2);
    };
    await inOwnHouse(browser, visit, /status of 40[12]/);
  });
}
