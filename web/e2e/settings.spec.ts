import { photograph } from './photograph';
import {
  call,
  expect,
  generate,
  inNewHouse,
  inOwnHouse,
  makeOwner,
  owner,
  pictures,
  type Rig,
  setMock,
  test,
} from './test';

test('a provider is added with its fields alone, tested, paused and deleted', async ({
  signedIn: page,
}) => {
  await page.goto('/settings/providers');
  await page.getByRole('button', { name: 'Add a provider' }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /OpenAI/ })
    .first()
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill('Nowhere');
  await dialog.getByLabel(/API key/).fill('sk-test-not-a-real-key-3f9a');
  await dialog.getByLabel(/URL/).first().fill('http://127.0.0.1:9/v1');
  await dialog.getByText('Allow private addresses').click();
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(dialog).toBeHidden();

  const card = page.getByRole('listitem').filter({ hasText: 'Nowhere' });
  await expect(card).toContainText('key …3f9a');
  await expect(page.getByText('sk-test-not-a-real-key')).toHaveCount(0);
  await card.getByRole('button', { name: 'Test' }).click();
  await expect(card.getByText(/^Nothing answers at this address/)).toBeVisible({
    timeout: 30_000,
  });

  await card.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Pause' }).click();
  await expect(card.getByText('Paused')).toBeVisible();

  await card.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  const sure = page.getByRole('alertdialog');
  await sure.getByLabel(/Type “Nowhere”/).fill('Nowhere');
  await sure.getByRole('button', { name: 'Delete' }).click();
  await expect(card).toHaveCount(0);
});

test('the mock passes its test', async ({ signedIn: page }) => {
  await page.goto('/settings/providers');
  const card = page.getByRole('listitem').filter({ hasText: 'mock' }).first();
  await card.getByRole('button', { name: 'Test' }).click();
  await expect(card.getByText(/^Works, answered in/).first()).toBeVisible();
});

test('language and theme change at once and stay', async ({ signedIn: page }) => {
  await page.goto('/settings/appearance');
  await page.getByRole('button', { name: '简体中文' }).click();
  await expect(page.getByRole('heading', { level: 1, name: '设置' })).toBeVisible();
  await page.getByRole('button', { name: '深色', exact: true }).click();
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: '设置' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.getByRole('button', { name: 'English' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
});

test('a setting is changed, says so, and goes back to its default', async ({ signedIn: page }) => {
  await page.goto('/settings/system');
  const row = page.locator('form').filter({ hasText: 'Tries' });
  const field = row.getByRole('textbox');
  const before = await field.inputValue();
  await field.fill(String(Number(before) + 1));
  await row.getByRole('button', { name: 'Save' }).click();
  await expect(row.getByText('changed here')).toBeVisible();
  await page.reload();
  await expect(field).toHaveValue(String(Number(before) + 1));
  await row.getByRole('button', { name: 'Back to the default' }).click();
  await expect(field).toHaveValue(before);
  await expect(row.getByText('changed here')).toBeHidden();
});

test('settings are found in either language, by name and by what they are about', async ({
  signedIn: page,
}) => {
  await page.goto('/settings/system');
  await expect(page.getByRole('heading', { level: 2, name: 'AI labels' })).toBeVisible();
  await expect(page.getByText('Free on the disk')).toBeVisible();
  const search = page.getByRole('searchbox', { name: 'Search settings' });
  await search.fill('回收站');
  await expect(page.locator('form')).toHaveCount(1);
  await expect(page.locator('form')).toContainText('VITRINE_TRASH_DAYS');
  await expect(page.locator('form')).toContainText('applies at once');
  await search.fill('no such thing');
  await expect(page.getByText('No setting fits “no such thing”.')).toBeVisible();
  await page.getByRole('button', { name: 'Clear the search' }).click();
  await expect(search).toHaveValue('');
  await page.goto('/settings/system?q=threads');
  await expect(page.locator('form')).toHaveCount(3);
  await expect(page.locator('form').first()).toContainText('after restart');
  await page.goto('/settings/system?q=listen');
  await expect(page.getByText('from the environment')).toBeVisible();
  await expect(page.getByText('file or environment only').first()).toBeVisible();
});

test('a session of elsewhere is seen, ended, and asked to sign in again', async ({
  page,
  browser,
  rig,
}) => {
  await page.context().addCookies(rig.cookies);
  const other = await browser.newContext({ baseURL: rig.server.url });
  const there = await other.newPage();
  await there.goto('/login');
  await there.getByLabel('Name').fill(owner.name);
  await there.getByLabel('Password', { exact: true }).fill(owner.password);
  await there.getByRole('button', { name: 'Sign in' }).click();
  await expect(there).toHaveURL(/\/generate/);

  await page.goto('/settings/profile');
  const sessions = page.getByRole('listitem').filter({ hasText: 'Chrome' });
  await expect(sessions.first()).toBeVisible();
  await page.getByRole('button', { name: 'End all others' }).click();
  // Its own session was not made by a browser.
  await expect(sessions).toHaveCount(0);
  await expect(page.getByText('This one')).toBeVisible();

  await there.getByRole('link', { name: 'Library' }).click();
  await expect(there.getByRole('dialog', { name: 'Sign in to go on' })).toBeVisible();
  await other.close();
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
});

test('the password is changed, and only with the present one', async ({ browser }) => {
  await inNewHouse(browser, async (page, server) => {
    await page.context().addCookies(await makeOwner(server));
    await page.goto('/settings/profile');
    await page.getByLabel('Current password').fill('not it at all');
    await page.getByLabel('New password').fill('nine slow rivers');
    await page.getByRole('button', { name: 'Change the password' }).click();
    await expect(page.getByText('This is not the current password.')).toBeVisible();
    await page.getByLabel('Current password').fill(owner.password);
    await page.getByRole('button', { name: 'Change the password' }).click();
    await expect(page.getByText('Password changed')).toBeVisible();
    await page.context().clearCookies();
    await page.goto('/login');
    await page.getByLabel('Name').fill(owner.name);
    await page.getByLabel('Password', { exact: true }).fill('nine slow rivers');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page).toHaveURL(/\/generate/);
  });
});

test('a budget is made, changed and deleted', async ({ signedIn: page }) => {
  await page.goto('/settings/usage');
  await page.getByRole('button', { name: 'New budget' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByText('Between 0.01 and 1,000,000,000.')).toBeVisible();
  await dialog.getByLabel('Limit').fill('12.5');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  const row = page.getByRole('listitem').filter({ hasText: 'Everyone · Month' });
  await expect(row).toContainText('of $12.50');
  await expect(row.getByRole('progressbar')).toBeVisible();

  await row.getByRole('button', { name: /^Change/ }).click();
  await dialog.getByLabel('Limit').fill('20');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(row).toContainText('of $20.00');
  await row.getByRole('button', { name: /^Delete/ }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await expect(row).toHaveCount(0);
});

test('the search covers every page of settings, and jumps to what is found', async ({
  signedIn: page,
}) => {
  await page.goto('/settings/profile');
  const search = page.getByRole('searchbox', { name: 'Search settings' });
  const places = page.getByRole('navigation', { name: 'Places that fit' });
  const cases: [string, string, RegExp][] = [
    ['theme', 'Theme Appearance', /\/settings\/appearance#theme$/],
    ['start page', 'Start page Appearance', /appearance#start-page$/],
    ['password', 'Password Profile', /profile#password$/],
    ['account', 'Where you are signed in Profile', /profile#sessions$/],
    ['one character', 'Shortcuts of one character Keyboard shortcuts', /shortcuts#letter-keys$/],
    ['scopes', 'API tokens', /tokens#tokens$/],
    ['presets', 'Presets', /presets#presets$/],
    ['budgets', 'Budgets Usage', /usage#budgets$/],
    ['stand-ins', 'Providers', /providers#providers$/],
    ['limits', 'Limits System', /system#limits$/],
    ['storage', 'Storage System', /system#storage$/],
    ['labels', 'AI labels System', /system#labels$/],
  ];
  for (const [words, name, address] of cases) {
    await search.fill(words);
    await places.getByRole('link', { name, exact: true }).click();
    await expect(page).toHaveURL(address);
    await expect(search).toHaveValue('');
    const at = address.source.replace(/.*#|\$/g, '');
    await expect
      .poll(
        () =>
          page.evaluate((id) => document.getElementById(id)?.contains(document.activeElement), at),
        {
          message: words,
        },
      )
      .toBe(true);
    await expect(page.locator(`[id="${at}"]`)).toBeInViewport();
  }
  // A row of the table is found from any page, and changed where it is found.
  await search.fill('trash');
  await expect(page.locator('form')).toContainText(['VITRINE_TRASH_DAYS']);
});

test('presets have their page: default, share, rename, delete and back again', async ({
  browser,
}) => {
  await inOwnHouse(browser, async (page, rig) => {
    await page.goto('/settings/presets');
    await expect(page.getByText(/^No presets yet/)).toBeVisible();
    for (const name of ['Night', 'Day']) {
      await call(rig, 'POST', '/presets', {
        name,
        operation: 'image.generate',
        count: 2,
        parameters: { prompt: 'a lamp', width: 1024, height: 768 },
      });
    }
    const mine = page.getByRole('list', { name: 'Mine' });
    const row = mine.getByRole('listitem').filter({ hasText: /Night|Dusk/ });
    await expect(row).toContainText('1024 × 768 · 2 pictures'); // another tab made them
    const choose = async (name: string | RegExp) => {
      await row.getByRole('button').focus();
      await page.keyboard.press('Enter');
      await page.getByRole('menuitem', { name }).focus();
      await page.keyboard.press('Enter');
    };
    await choose('Make it my default');
    await expect(row.getByText('default', { exact: true })).toBeVisible();
    await choose(/^Share/);
    await expect(row.getByText('shared', { exact: true })).toBeVisible();
    await choose('Rename');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Dusk');
    await page.keyboard.press('Enter');
    await expect(dialog).toHaveCount(0);
    await expect(row).toContainText('Dusk');
    await choose(/^Delete/);
    await expect(row).toHaveCount(0);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(row).toContainText('Dusk');
    await expect(row.getByText('default', { exact: true })).toBeVisible();
    await page.getByRole('link', { name: 'Make one on Generate' }).click();
    await expect(page).toHaveURL(/\/generate/);
  });
});

/** Who made what was asked for last. */
async function lastTask(rig: Rig) {
  type Task = { provider_id: string; model: string };
  const { items } = (await call(rig, 'GET', '/runs?limit=1')) as { items: { id: string }[] };
  const { tasks } = (await call(rig, 'GET', `/runs/${items[0]?.id}`)) as { tasks: Task[] };
  const accounts = (await call(rig, 'GET', '/providers')) as {
    items: { id: string; name: string }[];
  };
  return {
    provider: accounts.items.find((one) => one.id === tasks[0]?.provider_id)?.name,
    model: tasks[0]?.model,
  };
}

test('each purpose has a default model that is set on the page, and runs take it', async ({
  browser,
}) => {
  await inOwnHouse(browser, async (page, rig) => {
    await setMock(rig, { latency_ms: 50, jitter_ms: 0, failure_rate: 0 });
    for (const name of ['Second', 'Third']) {
      await call(rig, 'POST', '/providers', { kind: 'mock', name, options: { latency_ms: 50 } });
    }
    // Four purposes, no two of them at the same model of the same account.
    const chosen = [
      ['Second', 'Mock, at once', 'pictures'],
      ['Third', 'Mock', 'edits'],
      ['Second', 'Mock, text', 'text'],
      ['Third', 'Mock, text', 'looking at pictures'],
    ] as const;
    await page.goto('/settings/providers');
    for (const [account, model, purpose] of chosen) {
      const card = page.getByRole('listitem').filter({
        has: page.getByRole('heading', { name: new RegExp(`^${account}`) }),
      });
      const rules = card.getByRole('button', { name: 'Limits and rules' });
      if ((await rules.getAttribute('aria-expanded')) !== 'true') await rules.click();
      const defaults = card.getByRole('button', { name: new RegExp(`^${model}: Default`) });
      await defaults.click();
      const form = page.getByRole('dialog', { name: 'Default for' });
      await form.getByRole('button', { name: purpose, exact: true }).click();
      await expect(defaults).toHaveAccessibleName(new RegExp(`^${model}: Default: .*${purpose}`));
      await page.keyboard.press('Escape');
      await expect(form).toBeHidden();
    }
    await page.reload();
    await expect(page.getByRole('button', { name: 'Limits and rules' })).toHaveCount(3);
    const models = (await call(rig, 'GET', '/models')) as {
      items: { provider_name: string; label: string; purposes: string[] }[];
    };
    expect(
      ['image', 'edit', 'text', 'vision'].map((purpose) =>
        models.items
          .filter((one) => one.purposes.includes(purpose))
          .map((one) => [one.provider_name, one.label]),
      ),
    ).toEqual(chosen.map(([account, model]) => [[account, model]]));

    await generate(page, 'a jar of the default', 1);
    await expect(pictures(page)).toHaveCount(1);
    expect(await lastTask(rig)).toMatchObject({ provider: 'Second', model: 'mock-fast' });
    await page.getByRole('button', { name: 'Expand' }).click();
    await expect(page.getByText('The prompt was expanded.').first()).toBeVisible();
    expect(await lastTask(rig)).toMatchObject({ provider: 'Second', model: 'mock-text' });
    await page.getByLabel('Upload from this computer').setInputFiles({
      name: 'cup.jpg',
      mimeType: 'image/jpeg',
      buffer: await photograph(page, 600),
    });
    await expect(page.getByRole('button', { name: 'Reference 1' })).toBeVisible();
    await page.getByRole('button', { name: 'Describe', exact: true }).click();
    await expect(page.getByText('The description is in the prompt.').first()).toBeVisible();
    expect(await lastTask(rig)).toMatchObject({ provider: 'Third', model: 'mock-text' });

    const { items } = (await call(rig, 'GET', '/assets?kind=generated')) as {
      items: { id: string }[];
    };
    await page.goto(`/library/${items[0]?.id}/edit`);
    const stage = page.getByRole('application', { name: 'Picture and mask' });
    await expect(stage.getByRole('img')).toBeVisible();
    await stage.click();
    await page.getByLabel('What becomes of the marked part').fill('a paper moon');
    await page.getByRole('button', { name: 'Change the picture' }).click();
    await expect(page).toHaveURL(/\/generate\?run=/);
    await expect(pictures(page)).toHaveCount(1);
    expect(await lastTask(rig)).toMatchObject({ provider: 'Third', model: 'mock' });
  });
});
