import { expect, owner, test } from './test';

test.use({ allowed: /status of (401|429)/ });

test('login leads to where one wanted to go, logout ends it', async ({ page }) => {
  await page.goto('/library?starred=true');
  await expect(page).toHaveURL(/\/login\?next=/);
  await page.getByLabel('Name').fill(owner.name);
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByText('Name or password is wrong. Try again.')).toBeVisible();
  await expect(page.getByLabel('Name')).toHaveValue(owner.name);

  await page.getByLabel('Password', { exact: true }).fill(owner.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/library\?starred=true/);
  await expect(page.getByRole('heading', { level: 1, name: 'Library' })).toBeVisible();

  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/login/);
  await page.goto('/generate');
  await expect(page).toHaveURL(/\/login/);
});

test('the way back after login never leaves the house', async ({ page }) => {
  await page.goto('/login?next=//evil.example/');
  await page.getByLabel('Name').fill(owner.name);
  await page.getByLabel('Password', { exact: true }).fill(owner.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/generate/);
});

test('a session that ends asks over the page and goes on', async ({ page }) => {
  await page.goto('/login');
  await page.getByLabel('Name').fill(owner.name);
  await page.getByLabel('Password', { exact: true }).fill(owner.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/generate/);
  await page.getByLabel('Prompt', { exact: true }).fill('words that must not be lost');

  // Else the price is asked for without a session, and the dialog stands before the click.
  await expect(page.getByText('about $0.08')).toBeVisible();

  await page.context().clearCookies();
  await page.getByRole('link', { name: 'Library' }).click();
  const dialog = page.getByRole('dialog', { name: 'Sign in to go on' });
  await expect(dialog).toBeVisible();
  await dialog.getByLabel('Name').fill(owner.name);
  await dialog.getByLabel('Password', { exact: true }).fill(owner.password);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('heading', { level: 1, name: 'Library' })).toBeVisible();
  await page
    .getByRole('navigation', { name: 'Main' })
    .getByRole('link', { name: 'Generate' })
    .click();
  await expect(page.getByLabel('Prompt', { exact: true })).toHaveValue(
    'words that must not be lost',
  );
});

test('a token is shown once, works, and is revoked', async ({ signedIn: page, rig }) => {
  await page.goto('/settings/tokens');
  await page.getByRole('button', { name: 'New token' }).click();
  await page.getByLabel('Name').fill('shop script');
  await page.getByRole('button', { name: 'Create' }).click();
  const token = (await page.getByTestId('token').textContent()) ?? '';
  expect(token.length).toBeGreaterThan(30);
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  await page.getByRole('button', { name: 'I stored it' }).click();
  const row = page.getByRole('listitem').filter({ hasText: 'shop script' });
  await expect(row).toBeVisible();
  await expect(page.getByText(token)).toHaveCount(0);
  const ask = async () =>
    (
      await fetch(`${rig.server.url}/api/v1/models`, {
        headers: { Authorization: `Bearer ${token}` },
      })
    ).status;
  expect(await ask()).toBe(200);
  await row.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
  await expect(row).toHaveCount(0);
  await expect.poll(ask).toBe(401);
});
