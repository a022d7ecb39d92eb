import { expect, inNewHouse, makeOwner, owner, test } from './test';

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
