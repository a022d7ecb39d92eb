import { execFileSync } from 'node:child_process';
import type { Page } from '@playwright/test';
import { go } from './look';
import { call, expect, inOwnHouse, type Rig, setMock, test } from './test';

/** Puts pictures on days that are long past: [id, milliseconds]. */
function dateBack(data: string, times: [string, number][]) {
  const words = `
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1] + "/vitrine.db", timeout=10)
for id, ms in json.loads(sys.argv[2]):
    db.execute("UPDATE asset SET created_at_ms = ? WHERE public_id = ?", (ms, id))
db.execute("DELETE FROM asset_count")
db.execute("INSERT INTO asset_count (user_id, quarter, count) SELECT user_id, created_at_ms / 900000, count(*)"
           " FROM asset WHERE trashed_at_ms IS NULL GROUP BY 1, 2")
db.commit()
`;
  execFileSync('python3', ['-c', words, data, JSON.stringify(times)]);
}

/** Six pictures, two in each of three months, the newest first. */
async function threeMonths(rig: Rig): Promise<string[]> {
  await setMock(rig, { latency_ms: 20, jitter_ms: 0, failure_rate: 0 });
  const days = ['2026-10-20', '2026-10-19', '2026-07-04', '2026-07-03', '2026-02-11', '2026-02-10'];
  await call(rig, 'POST', '/runs', {
    nodes: days.map((day, index) => ({
      key: `k${index}`,
      operation: 'image.generate',
      parameters: { prompt: `dated ${day}`, seed: index },
    })),
  });
  const list = async () =>
    ((await call(rig, 'GET', '/assets?limit=10')) as { items: { id: string; name: string }[] })
      .items;
  await expect.poll(async () => (await list()).length, { timeout: 40_000 }).toBe(6);
  const made = await list();
  const ids = days.map((day) => made.find(({ name }) => name.includes(day))?.id ?? '');
  dateBack(
    rig.server.data,
    ids.map((id, index) => [id, Date.parse(`${days[index]}T12:00:00Z`)]),
  );
  return ids;
}

test.slow(); // each has a house of its own

const shown = (page: Page) =>
  page
    .locator('[data-open]')
    .evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.open ?? ''));

test('the scrubber goes by days and months with the keys, and by the pointer with a date beside it', async ({
  browser,
}) => {
  await inOwnHouse(browser, async (page, rig) => {
    const ids = await threeMonths(rig);
    // So low that a day fills it: what is jumped to is on top.
    await page.setViewportSize({ width: 1440, height: 420 });
    await go(page, '/library');
    const scrubber = page.getByRole('slider', { name: 'Go to a date' });
    await expect(scrubber).toHaveAttribute('aria-valuemax', '6');
    await scrubber.focus();
    await expect(scrubber).toHaveAttribute('aria-valuetext', /Oct.* 20.*2 pictures/);
    await page.keyboard.press('PageDown');
    await expect(scrubber).toHaveAttribute('aria-valuetext', /Jul.* 4.*July.*2 pictures/);
    await expect(page.locator(`[data-open="${ids[2]}"]`)).toBeInViewport();
    await page.keyboard.press('ArrowDown');
    await expect(scrubber).toHaveAttribute('aria-valuetext', /Jul.* 3/);
    await page.keyboard.press('PageUp');
    await expect(scrubber).toHaveAttribute('aria-valuetext', /Oct.* 20/);
    await page.keyboard.press('End');
    await expect(page.locator(`[data-open="${ids[5]}"]`)).toBeInViewport();
    await page.keyboard.press('Home');
    await expect(page.locator(`[data-open="${ids[0]}"]`)).toBeInViewport();
    await expect(page.locator(`[data-open="${ids[5]}"]`)).not.toBeInViewport();

    const box = await scrubber.boundingBox();
    if (!box) throw new Error('no scrubber');
    await page.mouse.move(box.x + box.width / 2, box.y + 4);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height - 2, { steps: 8 });
    const bubble = scrubber.getByText(/February 2026: 2 pictures/);
    await expect(bubble).toHaveCSS('opacity', '1');
    await expect(page.locator(`[data-open="${ids[5]}"]`)).toBeInViewport();
    await page.mouse.up();
    await page.mouse.move(box.x - 300, box.y + 100);
  });
});

test('pictures stand in the order that is chosen, which stays in the address', async ({
  browser,
}) => {
  await inOwnHouse(browser, async (page, rig) => {
    const ids = await threeMonths(rig);
    await call(rig, 'PATCH', `/assets/${ids[3]}`, { rating: 5 });
    await call(rig, 'PATCH', `/assets/${ids[1]}`, { rating: 2 });
    await page.setViewportSize({ width: 1440, height: 1600 });
    await go(page, '/library');
    await expect.poll(() => shown(page)).toEqual(ids);
    await page.getByRole('button', { name: 'Newest first' }).click();
    await page.getByRole('menuitem', { name: 'Oldest first' }).click();
    await expect.poll(() => shown(page)).toEqual([...ids].reverse());
    await expect(page).toHaveURL(/sort=oldest/);
    await page.reload();
    await expect.poll(() => shown(page)).toEqual([...ids].reverse());
    await page.getByRole('button', { name: 'Oldest first' }).click();
    await page.getByRole('menuitem', { name: 'Best rated' }).click();
    await expect.poll(async () => (await shown(page)).slice(0, 2)).toEqual([ids[3], ids[1]]);
    await expect(page).toHaveURL(/sort=rating/);
  });
});
