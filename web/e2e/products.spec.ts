import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { call, expect, madeOf, pictures, type Rig, setMock, tabTo, test } from './test';

interface Product {
  id: string;
  name: string;
  facts: string;
  photos: { id: string; name: string }[];
  version: number;
}

/** All of each: the list itself has no facts. */
async function listed(rig: Rig): Promise<Product[]> {
  const page = (await call(rig, 'GET', '/products')) as { items: { id: string }[] };
  const whole = page.items.map(({ id }) => call(rig, 'GET', `/products/${id}`));
  return (await Promise.all(whole)) as Product[];
}

test.beforeEach(async ({ rig }) => {
  await setMock(rig, { latency_ms: 100, jitter_ms: 0, failure_rate: 0 });
  for (let left = await listed(rig); left.length > 0; left = await listed(rig)) {
    for (const { id } of left) await call(rig, 'DELETE', `/products/${id}`);
  }
});

/** A picture of noise that no other test has; the server knows equal ones again. */
function png(): Buffer {
  const crcs = Array.from({ length: 256 }, (_, n) => {
    let value = n;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value >>> 0;
  });
  const chunk = (kind: string, body: Buffer) => {
    const part = Buffer.concat([Buffer.from(kind), body]);
    let crc = 0xffffffff;
    for (const byte of part) crc = ((crcs[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8)) >>> 0;
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(body.length, 0);
    ends.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 4);
    return Buffer.concat([ends.subarray(0, 4), part, ends.subarray(4)]);
  };
  const side = 32;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Array.from({ length: side }, () =>
    Buffer.concat([Buffer.from([0]), randomBytes(side * 3)]),
  );
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const photo = (name: string) => ({ name, mimeType: 'image/png', buffer: png() });
const photos = (page: Page) => page.getByRole('button', { name: /^Photo \d/ });

test.describe('from the first photo to what it cost', () => {
  // What is deleted is asked for once more by pages that name it.
  test.use({ allowed: /status of (401|404)/ });

  test('a product is added, changed, has pictures made for it, is counted and deleted', async ({
    signedIn: page,
    rig,
  }) => {
    await page.goto('/products');
    await expect(page.getByRole('heading', { name: 'No products yet' })).toBeVisible();
    await page.getByRole('button', { name: 'Add a product' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add a product' });
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(dialog.getByText('Give it a name')).toBeVisible();
    await dialog.getByLabel('Name').fill('Teapot 茶壶');
    await dialog.getByLabel('SKU').fill('TP-1');
    await dialog.getByLabel('Category').fill('Kitchen');
    await dialog.getByLabel('Facts').fill('Stoneware.\nHolds 1.2 litres.');
    await dialog.locator('input[type=file]').setInputFiles([photo('front.png'), photo('side.png')]);
    await expect(photos(page)).toHaveCount(2);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(page).toHaveURL(/\/products\/\w+$/);
    await expect(page.getByRole('heading', { level: 1, name: 'Teapot 茶壶' })).toBeVisible();
    const [made] = await listed(rig);
    expect(made).toMatchObject({ name: 'Teapot 茶壶', facts: 'Stoneware.\nHolds 1.2 litres.' });
    expect(made?.photos.map((one) => one.name).sort()).toEqual(['front', 'side']);

    // Its words in place, and another main photo by the menu.
    const save = page.getByRole('button', { name: 'Save', exact: true });
    await expect(save).toHaveAttribute('aria-disabled', 'true');
    await page.getByLabel('Category').fill('Tea');
    await save.click();
    await expect(page.getByText('Product saved')).toBeVisible();
    const second = made?.photos[1]?.name ?? '';
    await page.getByRole('button', { name: `Photo 2: ${second}` }).click();
    await page.getByRole('menuitem', { name: 'Make it the main one' }).click();
    await expect(
      page.getByRole('button', { name: `Photo 1, the main one: ${second}` }),
    ).toBeFocused();
    await expect
      .poll(async () => (await listed(rig))[0])
      .toMatchObject({ category: 'Tea', photos: [{ name: second }, {}] });

    // Pictures for it, with its photos as references.
    await page.getByRole('link', { name: 'Make pictures' }).click();
    const picker = page.getByRole('combobox', { name: 'Product' });
    await expect(picker).toHaveText('Teapot 茶壶');
    await expect(page).toHaveURL(/\/generate$/);
    await page.getByRole('button', { name: 'Use its photos as references' }).click();
    await expect(page.getByRole('button', { name: 'Reference 2', exact: true })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Use its photos as references' })).toBeHidden();
    await page.getByLabel('Prompt', { exact: true }).fill('a teapot at dusk');
    await page
      .getByRole('group', { name: 'Pictures' })
      .getByRole('button', { name: '1', exact: true })
      .click();
    await page.getByRole('button', { name: 'Generate', exact: true }).click();
    await expect(pictures(page)).toHaveCount(1);

    // One more for nothing, which belongs nowhere.
    await page.getByRole('button', { name: 'Make it for no product' }).click();
    await expect(picker).toHaveText('None');
    await page.getByLabel('Prompt', { exact: true }).fill('a plain wall');
    await page.getByRole('button', { name: 'Generate', exact: true }).click();
    await expect(page.getByRole('heading', { level: 2, name: 'a plain wall' })).toBeVisible();
    await expect(pictures(page)).toHaveCount(1);

    // The library by its product, and a picture's details with its name.
    await page.goto('/library');
    await expect(page.getByRole('gridcell', { name: /a plain wall/ })).toBeVisible();
    await page.getByRole('button', { name: 'Product', exact: true }).click();
    await page.getByRole('combobox', { name: 'Search by name, SKU or category' }).fill('tp-');
    await page.getByRole('option', { name: /Teapot/ }).click();
    await expect(page).toHaveURL(new RegExp(`product=${made?.id}`));
    await expect(page.getByRole('gridcell')).toHaveCount(1);
    await expect(page.getByRole('gridcell', { name: /a teapot at dusk/ })).toBeVisible();
    await page
      .getByRole('gridcell', { name: /a teapot at dusk/ })
      .getByRole('button')
      .first()
      .click();
    await page.getByRole('link', { name: 'Teapot 茶壶' }).click();
    await expect(page).toHaveURL(new RegExp(`/products/${made?.id}$`));
    await expect(page.getByRole('link', { name: /^Open picture: a teapot/ })).toBeVisible();
    await expect(page.getByRole('link', { name: '1 in the library' })).toHaveAttribute(
      'href',
      `/library?product=${made?.id}`,
    );

    // What it cost, beside what was made for none.
    await page.goto('/settings/usage');
    await page
      .getByRole('group', { name: 'Grouped by' })
      .getByRole('button', { name: 'Product' })
      .click();
    const table = page.getByRole('table').last();
    await expect(table.getByRole('rowheader', { name: 'Teapot 茶壶' })).toBeVisible();
    await expect(table.getByRole('rowheader', { name: 'Without a product' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'CSV' })).toHaveAttribute('href', /by=product/);

    await table.getByRole('link', { name: 'Teapot 茶壶' }).click();
    await page.getByRole('button', { name: 'Delete product' }).click();
    const question = page.getByRole('alertdialog');
    await expect(question.getByText(/the pictures made for it.* stay/)).toBeVisible();
    await question.getByRole('button', { name: 'Delete product' }).click();
    await expect(page).toHaveURL(/\/products$/);
    await expect(page.getByRole('heading', { name: 'No products yet' })).toBeVisible();
    await page.goto(`/library?product=${made?.id}`);
    await expect(page.getByRole('button', { name: /^Deleted product/ })).toBeVisible();
    await expect(page.getByRole('gridcell')).toHaveCount(1);
    await page.goto(`/products/${made?.id}`);
    await expect(page.getByRole('heading', { name: 'This product is not here' })).toBeVisible();
  });

  test('what is made again is for the same product, while that is there', async ({
    signedIn: page,
    rig,
  }) => {
    const cup = (await call(rig, 'POST', '/products', { name: 'Cup' })) as Product;
    const run = (await call(rig, 'POST', '/runs', {
      product_id: cup.id,
      nodes: [{ key: 'a', operation: 'image.generate', parameters: { prompt: 'a cup again' } }],
    })) as { id: string };
    const picture = async () =>
      ((await call(rig, 'GET', `/assets?run=${run.id}`)) as { items: { id: string }[] }).items[0]
        ?.id ?? '';
    await expect.poll(picture, { timeout: 15_000 }).not.toBe('');
    const id = await picture();
    const picker = page.getByRole('combobox', { name: 'Product' });
    await page.goto(`/generate?recall=${id}&what=all`);
    await expect(page.getByLabel('Prompt', { exact: true })).toHaveValue('a cup again');
    await expect(picker).toHaveText('Cup');
    await page.reload();
    await expect(picker).toHaveText('Cup');

    await call(rig, 'DELETE', `/products/${cup.id}`);
    await page.goto(`/generate?recall=${id}&what=all`);
    await expect(picker).toHaveText('None');
  });
});

test.describe('what does not fit', () => {
  test.use({ allowed: /status of (401|409|412)|ERR_FAILED/ });

  test('an SKU that is taken is told at its field', async ({ signedIn: page, rig }) => {
    await call(rig, 'POST', '/products', { name: 'Mug', sku: 'M-1' });
    await page.goto('/products');
    await page.getByRole('button', { name: 'Add a product' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add a product' });
    await dialog.getByLabel('Name').fill('Another mug');
    await dialog.getByLabel('SKU').fill('m-1');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(dialog.getByText('Another of your products has this SKU.')).toBeVisible();
    await expect(dialog.getByLabel('Name')).toHaveValue('Another mug');
    await dialog.getByLabel('SKU').fill('m-2');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Another mug' })).toBeVisible();
  });

  test('what another wrote meanwhile is not written over unseen', async ({
    signedIn: page,
    rig,
  }) => {
    const mug = (await call(rig, 'POST', '/products', { name: 'Mug', facts: 'clay' })) as Product;
    await page.goto(`/products/${mug.id}`);
    const facts = page.getByRole('textbox', { name: 'Facts' });
    const save = page.getByRole('button', { name: 'Save', exact: true });
    await expect(facts).toHaveValue('clay');
    // The other's change is not heard of, as while the stream is cut.
    await page.route('**/api/v1/products/*', (route) =>
      route.request().method() === 'GET' ? route.abort() : route.continue(),
    );
    await call(rig, 'PATCH', `/products/${mug.id}`, { facts: 'porcelain' });
    await facts.fill('bone china');
    await save.click();
    await expect(page.getByText(/^It was changed elsewhere meanwhile. Look through/)).toBeVisible();
    await expect(facts).toHaveValue('bone china');
    expect((await listed(rig))[0]).toMatchObject({ facts: 'porcelain' });
    await page.unroute('**/api/v1/products/*');
    await save.click();
    await expect(page.getByText(/^Elsewhere it says:/)).toBeVisible();
    await expect(facts).toHaveValue('bone china');
    await save.click();
    await expect.poll(async () => (await listed(rig))[0]).toMatchObject({ facts: 'bone china' });
  });

  test('what another wrote stands beside what was typed, and is saved over or taken', async ({
    signedIn: page,
    rig,
  }) => {
    const mug = (await call(rig, 'POST', '/products', { name: 'Mug', facts: 'clay' })) as Product;
    await page.goto(`/products/${mug.id}`);
    const facts = page.getByRole('textbox', { name: 'Facts' });
    const save = page.getByRole('button', { name: 'Save', exact: true });
    await facts.fill('bone china');
    await call(rig, 'PATCH', `/products/${mug.id}`, { facts: 'porcelain', category: 'Tea' });
    await expect(page.getByText(/^Elsewhere it says:/)).toBeVisible();
    await expect(page.getByText('porcelain')).toBeVisible();
    await expect(facts).toHaveValue('bone china');
    await expect(page.getByLabel('Category')).toHaveValue('Tea');
    await save.click();
    await expect(page.getByText('Product saved')).toBeVisible();
    await expect
      .poll(async () => (await listed(rig))[0])
      .toMatchObject({ facts: 'bone china', category: 'Tea' });

    await facts.fill('glass');
    await call(rig, 'PATCH', `/products/${mug.id}`, { facts: 'tin' });
    await page.getByRole('button', { name: 'Take this' }).click();
    await expect(facts).toHaveValue('tin');
    await expect(save).toHaveAttribute('aria-disabled', 'true');
  });
});

test('photos are dropped beside the box, pasted, and chosen from the library', async ({
  signedIn: page,
  rig,
}) => {
  await madeOf(rig, 'a vase for the shelf', 3);
  await page.goto('/products');
  await page.getByRole('button', { name: 'Add a product' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a product' });
  await dialog.getByLabel('Name').fill('Vase');
  const give = (kind: 'drop' | 'paste', bytes: Buffer) =>
    dialog.getByRole('heading').evaluate(
      (element, [name, list]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(list)], `${name}.png`, { type: 'image/png' }));
        const options = { bubbles: true, cancelable: true };
        element.dispatchEvent(
          name === 'drop'
            ? new DragEvent('drop', { ...options, dataTransfer: data })
            : new ClipboardEvent('paste', { ...options, clipboardData: data }),
        );
      },
      [kind, [...bytes]] as const,
    );
  await give('drop', png());
  await expect(photos(page)).toHaveCount(1);
  await give('paste', png());
  await expect(photos(page)).toHaveCount(2);
  await expect(page).toHaveURL(/\/products$/);
  await dialog.getByRole('button', { name: 'Add photos' }).click();
  await page.getByRole('menuitem', { name: 'Choose from the library' }).click();
  const library = page.getByRole('dialog', { name: 'Choose photos' });
  await expect(library.getByRole('button', { pressed: true })).toHaveCount(2);
  await library
    .getByRole('button', { name: /a vase for the shelf/ })
    .first()
    .click();
  await library.getByRole('button', { name: 'Use these' }).click();
  await expect(photos(page)).toHaveCount(3);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Vase' })).toBeVisible();
  expect((await listed(rig))[0]?.photos.map((one) => one.name)).toEqual([
    'drop',
    'paste',
    expect.stringContaining('a vase'),
  ]);
});

test('many are searched and loaded by pieces', async ({ signedIn: page, rig }) => {
  for (let index = 1; index <= 55; index++) {
    await call(rig, 'POST', '/products', { name: `Plate ${index}`, sku: `P-${index}` });
  }
  await page.goto('/products');
  const rows = page.getByRole('list', { name: 'Products' }).getByRole('listitem');
  await expect(rows).toHaveCount(50);
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await expect(rows).toHaveCount(55);
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox', { name: 'Search products' })).toBeFocused();
  await page.keyboard.type('p-55');
  await expect(rows).toHaveCount(1);
  await expect(page).toHaveURL(/q=p-55/);
  await page.getByRole('searchbox').fill('zebra');
  await expect(page.getByRole('heading', { name: 'No product found' })).toBeVisible();
  await page.getByRole('button', { name: 'Clear the search' }).last().click();
  await expect(rows).toHaveCount(55); // as far as one was
});

test('by keyboard alone: there, a new one, its photos in another order, and pictures for it', async ({
  signedIn: page,
  rig,
}) => {
  await page.goto('/library');
  await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
  await expect(async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('p');
    await expect(page).toHaveURL(/\/products$/, { timeout: 1000 });
  }).toPass();
  await expect(page.getByRole('heading', { name: 'No products yet' })).toBeVisible();
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog', { name: 'Add a product' });
  await expect(dialog.getByLabel('Name')).toBeFocused();
  await page.keyboard.type('Jug');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Jug' })).toBeVisible();

  await page.locator('input[type=file]').setInputFiles([photo('one.png'), photo('two.png')]);
  await expect(photos(page)).toHaveCount(2);
  await expect.poll(async () => (await listed(rig))[0]?.photos.length).toBe(2);
  const names = (await listed(rig))[0]?.photos.map((one) => one.name) ?? [];
  await tabTo(page, photos(page).first());
  await page.keyboard.press('Alt+ArrowRight');
  await expect(page.getByRole('button', { name: `Photo 2: ${names[0]}` })).toBeFocused();
  await expect
    .poll(async () => (await listed(rig))[0]?.photos.map((one) => one.name))
    .toEqual([names[1], names[0]]);
  await page.keyboard.press('Delete');
  await expect.poll(async () => (await listed(rig))[0]?.photos.length).toBe(1);
  await expect(photos(page).first()).toBeFocused();

  await tabTo(page, page.getByRole('link', { name: /Make pictures/ }));
  await page.keyboard.press('Enter');
  const picker = page.getByRole('combobox', { name: 'Product' });
  await expect(picker).toHaveText('Jug');
  await tabTo(page, picker);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(picker).toHaveText('None');
  await expect(picker).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('option', { name: /Jug/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(picker).toHaveText('Jug');
});
