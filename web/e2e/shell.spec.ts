import { execFileSync } from 'node:child_process';
import { axeFaults } from './axe';
import { go, prefer } from './look';
import { photograph } from './photograph';
import { Relay } from './relay';
import {
  call,
  expect,
  generate,
  inNewHouse,
  inOwnHouse,
  makeOwner,
  owner,
  setMock,
  tabTo,
  test,
} from './test';

test('a shortcut is changed by keyboard alone, acts, follows to another browser, and goes back', async ({
  browser,
}) => {
  await inOwnHouse(browser, async (page, { server }) => {
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
    await expect(there.getByText(/^Connected · \d/)).toBeVisible(); // the page is there, not its door
    await there.getByRole('heading', { level: 1 }).focus();
    await there.keyboard.press('Control+Shift+L');
    await expect(there).toHaveURL(/\/library/);
    await elsewhere.close();

    await page.goto('/settings/shortcuts');
    await page.getByRole('button', { name: 'Reset all' }).click();
    await expect(page.getByText('1 command has its default keys again')).toBeVisible();
    await page.getByRole('button', { name: 'Undo', exact: true }).click();
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
  await inOwnHouse(browser, async (page, { server }) => {
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

    await page.getByRole('button', { name: 'Theme' }).click();
    await page.getByRole('menuitem', { name: 'Dark' }).click();
    const elsewhere = await browser.newContext({ baseURL: server.url });
    await elsewhere.addCookies(await page.context().cookies());
    const there = await elsewhere.newPage();
    await there.goto('/');
    await expect(there).toHaveURL(/\/library/);
    await expect(there.locator('html')).toHaveAttribute('data-theme', 'dark');
    await elsewhere.close();
  });
});

test('the palette finds and runs every command by keyboard, and searches the library', async ({
  signedIn: page,
}) => {
  await page.goto('/queue');
  await expect(page.getByRole('heading', { level: 1, name: 'Queue' })).toBeVisible();
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Command palette' });
  await expect(palette.getByRole('combobox')).toBeFocused();
  await page.keyboard.type('settings');
  await expect(palette.getByRole('option', { selected: true })).toHaveText(/Go to Settings/);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/settings/);
  await page.keyboard.press('Control+k');
  await expect(palette.getByRole('combobox')).toBeFocused();
  await page.keyboard.type('zzqx');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/library\?q=zzqx/);
  await page.keyboard.press('Control+k');
  await expect(palette.getByRole('combobox')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(palette).toHaveCount(0);
});

const relayed = test.extend<{ relay: Relay }>({
  relay: async ({ rig }, use) => {
    const relay = new Relay(rig.server.url);
    await relay.start();
    await use(relay);
    await relay.end();
  },
  baseURL: async ({ relay }, use) => use(relay.url),
});

relayed(
  'all tabs share one stream, and each of them is told',
  async ({ signedIn: page, rig, relay }) => {
    await setMock(rig, { latency_ms: 200, failure_rate: 0 });
    await page.goto('/queue');
    await expect(page.getByText(/^Connected · \d/)).toBeVisible();
    await expect.poll(() => relay.streams).toBe(1);
    const tabs = await Promise.all([1, 2].map(() => page.context().newPage()));
    for (const tab of tabs) {
      await tab.goto('/queue');
      await expect(tab.getByText(/^Connected · \d/)).toBeVisible();
    }
    await expect.poll(() => relay.streams).toBe(1);
    await generate(page, 'seen in every tab');
    for (const tab of tabs) {
      await expect(tab.getByText('seen in every tab').first()).toBeVisible({ timeout: 20_000 });
    }
    // Who opened it leaves; the others keep it.
    await page.close();
    await call(rig, 'POST', '/runs', {
      nodes: [
        {
          key: 'p1',
          operation: 'image.generate',
          parameters: { prompt: 'after one left', model: 'mock' },
        },
      ],
    });
    for (const tab of tabs) {
      await expect(tab.getByText('after one left').first()).toBeVisible({ timeout: 20_000 });
    }
    await expect.poll(() => relay.streams).toBe(1);
  },
);

relayed(
  'another version is told in every tab, and never loaded by itself',
  async ({ signedIn: page, relay }) => {
    await page.goto('/generate');
    await page.getByLabel('Prompt', { exact: true }).fill('half a sentence');
    await expect(page.getByText(/^Connected · \d/)).toBeVisible();
    const second = await page.context().newPage();
    await second.goto('/queue');
    await expect(second.getByText(/^Connected · \d/)).toBeVisible();
    relay.tell('hello', { build: '99.0.0' });
    for (const tab of [page, second]) {
      await expect(tab.getByText('A new version was put in place')).toBeVisible();
    }
    await expect(page.getByLabel('Prompt', { exact: true })).toHaveValue('half a sentence');
  },
);

test('a picture dropped or pasted on any page goes to the library, another file nowhere', async ({
  signedIn: page,
}) => {
  const bytes = [...(await photograph(page, 400))];
  await page.goto('/queue');
  await expect(page.getByRole('heading', { level: 1, name: 'Queue' })).toBeVisible();
  const give = (kind: 'drop' | 'paste', type: string, name: string) =>
    page.evaluate(
      ([event, mime, fileName, data]) => {
        const transfer = new DataTransfer();
        transfer.items.add(
          new File([Uint8Array.from(data as number[])], fileName as string, {
            type: mime as string,
          }),
        );
        const options = { bubbles: true, cancelable: true };
        const made =
          event === 'drop'
            ? new DragEvent('drop', { ...options, dataTransfer: transfer })
            : new ClipboardEvent('paste', { ...options, clipboardData: transfer });
        document.body.dispatchEvent(made);
        return made.defaultPrevented;
      },
      [kind, type, name, bytes] as const,
    );
  expect(await give('drop', 'application/pdf', 'bill.pdf')).toBe(true);
  await expect(page.getByText('Only pictures can be dropped here').first()).toBeVisible();
  await expect(page).toHaveURL(/\/queue/);
  expect(await give('drop', 'image/jpeg', 'dropped anywhere.jpg')).toBe(true);
  await expect(page).toHaveURL(/\/library/);
  await expect(page.getByText('1 picture goes to the library').first()).toBeVisible();
  await expect(page.getByRole('gridcell').first()).toBeVisible({ timeout: 20_000 });
  await page.goto('/settings/profile');
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  await give('paste', 'image/jpeg', 'pasted anywhere.jpg');
  await expect(page).toHaveURL(/\/library/);
});

test('a word with Undo waits while somebody is at it', async ({ signedIn: page, rig }) => {
  await call(rig, 'PATCH', '/me', { shortcuts: [{ command: 'app.theme', keys: ['Mod+Y'] }] });
  await page.goto('/settings/shortcuts');
  await page.getByRole('button', { name: 'Reset all' }).click();
  const word = page.getByText('1 command has its default keys again');
  await expect(word).toBeVisible();
  await word.hover();
  await page.waitForTimeout(11_000);
  await expect(word).toBeVisible();
  await page.keyboard.press('F6');
  await page.keyboard.press('Tab');
  await tabTo(page, page.getByRole('button', { name: 'Undo', exact: true }), 5);
  await page.mouse.move(5, 5);
  await page.waitForTimeout(11_000);
  await expect(word).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(word).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Remove Ctrl Y from Switch theme' })).toBeVisible();
  await call(rig, 'PATCH', '/me', { shortcuts: [] });
});

test('the page says so after five seconds, keeps what is read, and is glad when it is back', async ({
  browser,
}) => {
  await inNewHouse(
    browser,
    async (page, server) => {
      await page.context().addCookies(await makeOwner(server));
      await page.goto('/generate');
      await page.getByLabel('Prompt', { exact: true }).fill('written before');
      await expect(page.getByText(/^Connected/)).toBeVisible();
      await server.end('SIGKILL');
      await expect(page.getByText(/^Not connected · /)).toBeVisible();
      const bar = page.getByText(/Not connected, retrying in \d+ second/);
      await expect(bar).toBeVisible({ timeout: 15_000 });
      await expect(page.getByRole('button', { name: 'Generate', exact: true })).toBeDisabled();
      // A page that was never open cannot come; nothing is loaded anew, what was written stays.
      await page.getByRole('link', { name: 'Queue' }).click();
      await expect(page.getByText(/^The server cannot be reached/)).toBeVisible();
      await page.getByRole('link', { name: 'Generate' }).click();
      await expect(page.getByLabel('Prompt', { exact: true })).toHaveValue('written before');
      // Asked to hurry it is still lost, and nothing that costs money is let through.
      await page.getByRole('button', { name: 'Retry now' }).click();
      await expect(bar).toBeVisible();
      await expect(page.getByRole('button', { name: 'Generate', exact: true })).toBeDisabled();
      await server.start();
      const back = page.getByText('Up to date');
      await expect(back).toBeVisible();
      await expect(back).toBeHidden({ timeout: 4_000 });
      await expect(page.getByText(/^Connected/)).toBeVisible();
    },
    /status of (401|50[23])|ERR_|dynamically imported module/,
  );
});

/** Nobody but the owner can be made yet: the owner becomes one of them. */
function become(role: 'member' | 'viewer', data: string) {
  const words =
    'import sqlite3, sys\n' +
    'db = sqlite3.connect(sys.argv[1] + "/vitrine.db")\n' +
    'db.execute("UPDATE user SET role = ?", (sys.argv[2],))\n' +
    'db.commit()\n';
  execFileSync('python3', ['-c', words, data, role]);
}

test('who is no admin is told so by a page for admins, in words, with a way back', async ({
  browser,
}) => {
  await inOwnHouse(browser, async (page, { server }) => {
    become('member', server.data);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    const main = page.getByRole('main');
    const title = page.getByRole('heading', { name: 'This page is for admins' });
    for (const path of ['/settings/providers', '/settings/system']) {
      await go(page, path);
      await expect(title).toBeVisible();
      await expect(main).toContainText('signed in as ada with the role Member');
      await expect(page).toHaveURL(new RegExp(`${path}$`));
      await expect(page.getByRole('link', { name: 'Providers', exact: true })).toHaveCount(0);
    }
    expect(asked.filter((path) => /^\/api\/v1\/(providers|settings|system)/.test(path))).toEqual(
      [],
    );
    expect(await axeFaults(page)).toEqual([]);

    await tabTo(page, main.getByRole('link', { name: 'Back to Generate' }));
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/\/generate$/);
    await page.goBack();
    await expect(title).toBeVisible();
    await main.getByRole('link', { name: 'Your profile' }).click();
    await expect(page).toHaveURL(/\/settings\/profile$/);
    await expect(title).toHaveCount(0);

    become('viewer', server.data);
    await page.setViewportSize({ width: 360, height: 740 });
    await prefer(page, { language: 'zh-CN', theme: 'dark' });
    await go(page, '/settings/system');
    await expect(page.getByRole('heading', { name: '此页面仅供管理员使用' })).toBeVisible();
    await expect(main).toContainText('角色为访客');
    await expect(page.getByRole('link', { name: '返回生成' })).toBeInViewport();
  });
});

test.describe('an error', () => {
  test.use({ allowed: /status of (401|422)/ });

  test('an error leads to what is known of its code, in the language of the page', async ({
    signedIn: page,
  }) => {
    await page.route(/\/api\/v1\/settings$/, (route) =>
      route.fulfill({
        status: 422,
        contentType: 'application/problem+json',
        json: { code: 'invalid', detail: 'the value is off', trace_id: '0123456789abcdef' },
      }),
    );
    await page.goto('/settings/system');
    const problem = page.getByRole('alert').filter({ hasText: 'This value does not fit' });
    await expect(problem.getByText('the value is off')).toBeVisible();
    await expect(problem.getByRole('button', { name: 'Copy trace id' })).toBeVisible();
    const about = problem.getByRole('link', { name: 'About this error' });
    await expect(about).toHaveAttribute('href', '/docs/errors#invalid');
    await page.goto((await about.getAttribute('href')) ?? '');
    const code = page.getByRole('region', { name: /^invalid / });
    await expect(code).toBeInViewport();
    await expect(code).toContainText('422');
    await expect(code).toContainText('The type is right and the value is not');
    await page.getByRole('searchbox').fill('429');
    await expect(page.getByRole('heading', { level: 2 })).toHaveCount(3);
  });
});

test("with the system's own colours what is chosen and what is a button have an edge", async ({
  signedIn: page,
}) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await page.goto('/generate');
  const edge = (target: import('@playwright/test').Locator) =>
    target.evaluate((element) => {
      const { outlineStyle, outlineWidth, borderTopStyle } = getComputedStyle(element);
      return { outline: outlineStyle === 'solid' && outlineWidth, border: borderTopStyle };
    });
  const tabs = page.getByRole('navigation', { name: 'Main' });
  expect((await edge(tabs.getByRole('link', { name: 'Generate' }))).outline).toBe('2px');
  expect((await edge(tabs.getByRole('link', { name: 'Queue' }))).outline).toBe(false);
  const counts = page.getByRole('group', { name: 'Pictures' });
  const chosen = counts.locator('[aria-pressed=true]');
  expect((await edge(chosen)).outline).toBe('2px');
  expect((await edge(counts.locator('[aria-pressed=false]').first())).outline).toBe(false);
  const start = page.getByRole('button', { name: 'Generate', exact: true });
  expect((await edge(start)).border).toBe('solid');
});
