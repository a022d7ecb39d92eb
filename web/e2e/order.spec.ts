import type { Locator, Page } from '@playwright/test';
import { call, expect, madeOf, setMock, test } from './test';

/** Takes it by the mouse and lets go over the other, as a hand does: in steps. */
async function drag(page: Page, what: Locator, onto: Locator) {
  const [from, to] = [await what.boundingBox(), await onto.boundingBox()];
  if (!from || !to) throw new Error('nothing to drag');
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  const end = { x: to.x + to.width / 2, y: to.y + to.height / 2 };
  await page.mouse.move(from.x + from.width / 2 + 8, from.y + from.height / 2, { steps: 4 });
  await page.waitForTimeout(300); // longer than a menu needs to open
  await page.mouse.move(end.x, end.y, { steps: 12 });
  await page.mouse.move(end.x + 2, end.y, { steps: 2 });
  await page.mouse.up();
}

const names = ['one vase', 'two vases', 'three vases'];

test('photos of a product change places by the mouse', async ({ signedIn: page, rig }) => {
  await setMock(rig, { latency_ms: 50, jitter_ms: 0, failure_rate: 0 });
  const ids: string[] = [];
  for (const [at, name] of names.entries()) ids.push(await madeOf(rig, name, at + 1));
  const { id } = (await call(rig, 'POST', '/products', { name: 'Vases', photos: ids })) as {
    id: string;
  };
  const order = async () => {
    const product = (await call(rig, 'GET', `/products/${id}`)) as { photos: { id: string }[] };
    return product.photos.map((photo) => ids.indexOf(photo.id)).join('');
  };
  await page.goto(`/products/${id}`);
  const tile = (at: number) => page.locator(`[data-photo="${ids[at]}"] button`).first();
  await expect(tile(2)).toBeVisible();
  expect(await order()).toBe('012');
  await drag(page, tile(0), tile(2));
  await expect.poll(order).toBe('120');
  await expect(page.getByRole('menu')).toHaveCount(0);
  await drag(page, tile(0), tile(1));
  await expect.poll(order).toBe('012');
  // A press that is no drag is a click, and opens; by keys too.
  await tile(1).click();
  await page.getByRole('menuitem', { name: 'Make it the main one' }).click();
  await expect.poll(order).toBe('102');
  await expect(page.getByRole('menu')).toHaveCount(0); // it fades
  await tile(2).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'Open in the library' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toHaveCount(0);
  await expect(tile(2)).toBeFocused();
});

test('references change places by the mouse, and are sent so', async ({ signedIn: page, rig }) => {
  await setMock(rig, { latency_ms: 50, jitter_ms: 0, failure_rate: 0 });
  const ids: string[] = [];
  for (const [at, name] of names.entries()) ids.push(await madeOf(rig, name, at + 1));
  await page.goto(`/generate?reference=${ids.join(',')}`);
  const tile = (at: number) =>
    page.getByRole('button', { name: new RegExp(`^Reference ${at + 1}(,|$)`) });
  await expect(tile(2)).toBeVisible();
  await drag(page, tile(0), tile(2));
  await expect(page.getByRole('menu')).toHaveCount(0);
  // What one is there for, by its menu; once more takes it back.
  await tile(0).click();
  await page.getByRole('menuitem', { name: 'Use as: Product' }).click();
  const first = page.getByRole('button', { name: 'Reference 1, Product' });
  await expect(page.getByRole('menu')).toHaveCount(0);
  await first.click();
  await page.getByRole('menuitem', { name: 'Use as: Product' }).click();
  await expect(page.getByRole('menu')).toHaveCount(0);
  await tile(1).click();
  await page.getByRole('menuitem', { name: 'Use as: Style' }).click();
  await page.getByLabel('Prompt', { exact: true }).fill('vases in another order');
  await page
    .getByRole('group', { name: 'Pictures' })
    .getByRole('button', { name: '1', exact: true })
    .click();
  await page.getByRole('button', { name: 'Generate', exact: true }).click();
  const used = async () => {
    const found = (await call(rig, 'GET', `/assets?q=${encodeURIComponent('another order')}`)) as {
      items: { id: string }[];
    };
    const made = found.items[0];
    if (!made) return '';
    const asset = (await call(rig, 'GET', `/assets/${made.id}`)) as {
      recipe: { references: string[]; parameters: { reference_roles: string[] } };
    };
    return [
      ...asset.recipe.references.map((id) => ids.indexOf(id)),
      ...asset.recipe.parameters.reference_roles,
    ].join();
  };
  await expect.poll(used, { timeout: 60_000 }).toBe('1,2,0,,style,');
  const { items } = (await call(rig, 'GET', '/assets?q=another%20order')) as {
    items: { id: string }[];
  };
  // The details say it, and all of it comes back.
  await page.goto(`/library/${items[0]?.id}`);
  const panel = page.getByRole('complementary', { name: 'Details' });
  await expect(panel.getByText('Style', { exact: true })).toBeVisible();
  await page.goto(`/generate?recall=${items[0]?.id}&what=all`);
  await expect(page.getByRole('button', { name: 'Reference 2, Style' })).toBeVisible();
  // A click opens its menu, and the menu moves.
  await tile(0).click();
  await page.getByRole('menuitem').first().click();
  await tile(0).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem').first()).toBeFocused();
});
