import { expect, inNewHouse, makeOwner, owner, tabTo, test } from './test';

test('a shortcut is changed by keyboard alone, acts, follows to another browser, and goes back', async ({
  browser,
}) => {
  await inNewHouse(browser, async (page, server) => {
    await page.context().addCookies(await makeOwner(server));
    await page.goto('/settings/shortcuts');
    const row = page.getByRole('listitem').filter({ hasText: 'Go to Library' });
    await page.getByRole('searchbox', { name: 'Search commands or keys' }).fill('go to lib');
    await expect(row).toBeVisible();
    await tabTo(page, page.getByRole('button', { name: 'Add a shortcut for Go to Library' }));
    await page.keyboard.press('Enter');
    await expect(page.getByRole('button', { name: /^Press the keys/ })).toBeFocused();
    await page.keyboard.press('Control+Shift+L');
    await expect(row.getByRole('button', { name: 'Remove Ctrl Shift L from' })).toBeVisible();

    // A key that another command has is refused with that command's name.
    await page.getByRole('button', { name: 'Add a shortcut for Go to Library' }).click();
    await page.keyboard.press('Control+k');
    await expect(row.getByRole('alert')).toHaveText(/Ctrl K is taken by “Command palette”/);
    await page.getByRole('button', { name: 'Add a shortcut for Go to Library' }).click();
    await page.keyboard.press('g');
    await page.keyboard.press('q');
    await expect(row.getByRole('alert')).toHaveText(/G Q is taken by “Go to Queue”/);
    await page.getByRole('button', { name: 'Add a shortcut for Go to Library' }).click();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('button', { name: /^Press the keys/ })).toHaveCount(0);
    await row.getByRole('button', { name: 'Remove G L from Go to Library' }).click();
    await expect(row.getByRole('button', { name: /^Remove G L/ })).toHaveCount(0);

    await page.goto('/queue');
    await expect(page.getByRole('heading', { level: 1, name: 'Queue' })).toBeVisible();
    await page.keyboard.press('g');
    await page.keyboard.press('l');
    await expect(page).toHaveURL(/\/queue/);
    await page.keyboard.press('Control+Shift+L');
    await expect(page).toHaveURL(/\/library/);

    const elsewhere = await browser.newContext({ baseURL: server.url });
    const there = await elsewhere.newPage();
    await there.goto('/login');
    await there.getByLabel('Name').fill(owner.name);
    await there.getByLabel('Password', { exact: true }).fill(owner.password);
    await there.getByRole('button', { name: 'Sign in' }).click();
    await expect(there).toHaveURL(/\/generate/);
    await there.getByRole('heading', { level: 1 }).focus();
    await there.keyboard.press('Control+Shift+L');
    await expect(there).toHaveURL(/\/library/);
    await elsewhere.close();

    await page.goto('/settings/shortcuts');
    await page.getByRole('button', { name: 'Reset all' }).click();
    await expect(page.getByText('1 command has its default keys again')).toBeVisible();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(row.getByRole('button', { name: /^Remove Ctrl Shift L/ })).toBeVisible();
    await row.getByRole('button', { name: 'Back to the default: Go to Library' }).click();
    await expect(row.getByRole('button', { name: 'Remove G L from Go to Library' })).toBeVisible();
    await page.reload();
    await expect(page.getByRole('button', { name: 'Reset all' })).toHaveCount(0);
  });
});

test('the sheet shows what acts here, finds, and changes keys too', async ({ signedIn: page }) => {
  await page.goto('/library');
  await expect(page.getByRole('heading', { level: 1, name: 'Library' })).toBeVisible();
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(sheet.getByRole('list', { name: 'Library' })).toBeVisible();
  await expect(sheet.getByRole('list', { name: 'Viewer' })).toHaveCount(0);
  await sheet.getByRole('searchbox').fill('star');
  const row = sheet.getByRole('listitem').filter({ hasText: /^Star/ });
  const add = row.getByRole('button', { name: /^Add a shortcut/ });
  await add.click();
  // Esc ends the question, not the sheet.
  await page.keyboard.press('Escape');
  await expect(sheet).toBeVisible();
  await add.click();
  await page.keyboard.press('b');
  await expect(row.getByRole('button', { name: /^Remove B from/ })).toBeVisible();
  await row.getByRole('button', { name: /^Remove B from/ }).click();
  await sheet.getByRole('link', { name: 'All shortcuts' }).click();
  await expect(page).toHaveURL(/\/settings\/shortcuts/);
  await expect(page.getByRole('list', { name: 'Viewer' })).toBeVisible();
});

test('shortcuts of one character are switched off and on', async ({ signedIn: page }) => {
  await page.goto('/settings/shortcuts');
  const letters = page.getByRole('switch', { name: 'Shortcuts of one character' });
  await letters.click();
  await page.getByRole('heading', { level: 1 }).focus();
  await page.keyboard.press('?');
  await page.keyboard.press('g');
  await page.keyboard.press('q');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.reload();
  await expect(letters).not.toBeChecked();
  await letters.click();
  await page.getByRole('heading', { level: 1 }).focus();
  await page.keyboard.press('g');
  await page.keyboard.press('q');
  await expect(page).toHaveURL(/\/queue/);
});

test('the page begins where the person wants', async ({ browser }) => {
  await inNewHouse(browser, async (page, server) => {
    await page.context().addCookies(await makeOwner(server));
    await page.goto('/');
    await expect(page).toHaveURL(/\/generate/);
    await page.goto('/settings/appearance');
    await page
      .getByRole('group', { name: 'Start page' })
      .getByRole('button', { name: 'Library' })
      .click();
    await page.getByRole('link', { name: 'vitrine, start page' }).click();
    await expect(page).toHaveURL(/\/library/);
    await page.goto('/');
    await expect(page).toHaveURL(/\/library/);
  });
});
