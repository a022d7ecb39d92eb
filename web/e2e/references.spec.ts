import type { Page } from '@playwright/test';
import { go, type Look, prefer, settle } from './look';
import { expect, inNewHouse, makeOwner, test } from './test';

/*
 * Pages that look the same in every house, against pictures of them in references/: what nobody meant to change.
 * A change that was meant: `npm run e2e -- references.spec.ts --update-snapshots`, and look at what comes out.
 */
const looks: Look[] = [
  { language: 'en', theme: 'light' },
  { language: 'en', theme: 'dark' },
];

async function compare(page: Page, name: string) {
  await page.setViewportSize({ width: 1000, height: 700 });
  await settle(page);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await expect(page).toHaveScreenshot(`${name}.png`, {
    animations: 'disabled',
    caret: 'hide',
    // Another machine draws letters a shade apart; a chip more, or a part that moved, is more than that.
    threshold: 0.1,
    maxDiffPixels: 600,
  });
}

for (const look of looks) {
  test(`pages look as they did, ${look.theme}`, async ({ browser }) => {
    await inNewHouse(browser, async (page, server) => {
      await prefer(page, look);
      const cookies = await makeOwner(server);
      await go(page, '/login');
      await compare(page, `login-${look.theme}`);
      await page.context().addCookies(cookies);
      await go(page, '/generate');
      await compare(page, `generate-${look.theme}`);
      await go(page, '/library');
      await compare(page, `library-${look.theme}`);
      await go(page, '/settings/appearance');
      await compare(page, `appearance-${look.theme}`);
    });
  });
}
