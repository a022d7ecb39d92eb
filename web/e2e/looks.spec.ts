import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { axeFaults } from './axe';
import { go, type Look, prefer, settle } from './look';
import { call, expect, inNewHouse, makeOwner, type Rig, setMock, test } from './test';

const shots = join(import.meta.dirname, '../../shots');
const sizes = { desktop: [1440, 900], tablet: [1024, 768], phone: [390, 844] } as const;
type Size = keyof typeof sizes;
const everySize: Size[] = ['desktop', 'tablet', 'phone'];

/** What is wider than the screen, or than the part of the page it stands in. */
function overflows(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wide: string[] = [];
    const root = document.documentElement;
    if (root.scrollWidth > window.innerWidth) wide.push('the document scrolls sideways');
    for (const part of document.querySelectorAll<HTMLElement>('main, main *, [role=dialog]')) {
      const { overflowX, overflowY } = getComputedStyle(part);
      const scrollsDown = overflowY === 'auto' || overflowY === 'scroll';
      // A part that scrolls down is not meant to scroll sideways too; a row of chips is.
      if (scrollsDown && overflowX !== 'visible' && part.scrollWidth > part.clientWidth + 1) {
        if (part.scrollHeight > part.clientHeight) wide.push(`${part.className.slice(0, 60)}`);
      }
    }
    return wide;
  });
}

/**
 * Photographs and audits what the page shows now.  Each language and each theme is audited once; what is in the two
 * other looks has the same names and the same colours.
 */
function camera(page: Page, { language, theme }: Look) {
  const found: string[] = [];
  const isAudited = (language === 'en') === (theme === 'light');
  const see = async (name: string, chosen: Size[] = everySize) => {
    for (const size of chosen) {
      const [width, height] = sizes[size];
      await page.setViewportSize({ width, height });
      await settle(page);
      await page.screenshot({ path: join(shots, `${name}-${language}-${theme}-${size}.png`) });
      for (const line of await overflows(page)) found.push(`${name} ${size}: ${line}`);
      if (size === 'tablet' || !isAudited) continue;
      for (const line of await axeFaults(page)) found.push(`${name} ${size}: ${line}`);
    }
    await page.setViewportSize({ width: sizes.desktop[0], height: sizes.desktop[1] });
  };
  return { found, see };
}

interface RunView {
  id: string;
  state: string;
  tasks: { state: string; assets: { id: string }[] }[];
}

async function makeRun(
  rig: Rig,
  prompt: string,
  count: number,
  state: string,
  product?: string,
): Promise<RunView> {
  const made = (await call(rig, 'POST', '/runs', {
    title: prompt,
    ...(product ? { product_id: product } : {}),
    nodes: Array.from({ length: count }, (_, index) => ({
      key: `p${index + 1}`,
      operation: 'image.generate',
      parameters: { prompt, model: 'mock' },
    })),
  })) as RunView;
  let run = made;
  await expect
    .poll(
      async () => {
        run = (await call(rig, 'GET', `/runs/${made.id}`)) as RunView;
        return run.tasks.map((task) => task.state);
      },
      { timeout: 30_000 },
    )
    .toEqual(Array(count).fill(state));
  return run;
}

/** Once per worker: a run that is done, one that failed, one that asks, and a product. */
let runs: { done: RunView; failed: RunView; held: RunView; product: { id: string } } | undefined;
async function scene(rig: Rig) {
  if (runs) return runs;
  await setMock(rig, { latency_ms: 100, failure_rate: 0 });
  const done = await makeRun(rig, 'a walnut lamp on a desk, warm evening 胡桃木台灯', 4, 'done');
  await setMock(rig, { failure_rate: 1, failure_kind: 'refused' });
  const failed = await makeRun(rig, 'a lamp that was refused', 2, 'failed');
  await setMock(rig, { failure_kind: 'unknown', honours_key: false }, { on_unknown: 'hold' });
  const held = await makeRun(rig, 'a lamp nobody knows of', 2, 'held');
  await setMock(rig, { failure_rate: 0, honours_key: true });
  const photos = done.tasks.flatMap((task) => task.assets.map(({ id }) => id));
  const product = (await call(rig, 'POST', '/products', {
    name: 'Walnut lamp 胡桃木台灯',
    sku: 'WL-001',
    category: 'Lighting',
    facts: 'Solid walnut.\nWarm light.',
    photos,
  })) as { id: string };
  await call(rig, 'POST', '/products', { name: '马克杯' });
  await makeRun(rig, 'the lamp on a shelf', 2, 'done', product.id);
  runs = { done, failed, held, product };
  return runs;
}

const words = {
  en: {
    add: 'Add a provider',
    rules: 'Limits and rules',
    newToken: 'New token',
    keep: 'Save as preset',
    product: 'Product',
  },
  'zh-CN': {
    add: '添加服务商',
    rules: '限制与规则',
    newToken: '新建令牌',
    keep: '保存为预设',
    product: '商品',
  },
};

test.describe.configure({ timeout: 180_000 });
test.use({ allowed: /status of (401|403|404)/ });

const looks: Look[] = [
  { language: 'en', theme: 'light' },
  { language: 'zh-CN', theme: 'dark' },
  { language: 'en', theme: 'dark' },
  { language: 'zh-CN', theme: 'light' },
];

for (const look of looks) {
  test(`every page is clean in ${look.language}, ${look.theme}`, async ({
    signedIn: page,
    rig,
  }) => {
    const { done, failed, product } = await scene(rig);
    await prefer(page, look);
    const { found, see } = camera(page, look);
    await go(page, `/generate?run=${done.id}`);
    await expect(page.getByText(/\$0\.08/).first()).toBeVisible();
    await see('generate');
    const shown = look.language === 'en' ? 'Results shown' : '结果显示方式';
    await page.getByRole('group', { name: shown }).getByRole('button').last().click();
    await see('generate-one', ['desktop', 'phone']);
    await go(page, '/library');
    await see('library');
    await go(page, `/library/${done.tasks[0]?.assets[0]?.id}`);
    await expect(page.getByText(/mock-\w+/)).toBeVisible();
    await see('viewer');
    await go(page, '/products');
    await see('products');
    await go(page, `/products/${product.id}`);
    await expect(page.getByRole('link', { name: /the lamp on a shelf/ })).toHaveCount(2);
    await see('product');
    await go(page, `/generate?product=${product.id}`);
    await see('generate-product', ['desktop']);
    await go(page, '/prompts');
    await expect(page.getByText('the lamp on a shelf')).toBeVisible();
    await see('prompts');
    await go(page, '/queue');
    await see('queue');
    await go(page, `/queue/${failed.id}`);
    await see('run');
    const settings = [
      'profile',
      'appearance',
      'shortcuts',
      'providers',
      'usage',
      'tokens',
      'system',
    ];
    for (const name of settings) {
      await go(page, `/settings/${name}`);
      await see(name);
    }
    await go(page, '/docs/errors');
    await see('docs-errors', ['desktop', 'phone']);
    expect(found).toEqual([]);
  });
}

// Each language and each theme once; what is in the two other looks is made of the same parts.
const both: Size[] = ['desktop', 'phone'];
for (const look of looks.slice(0, 2)) {
  const name = `${look.language}, ${look.theme}`;

  test(`what opens over a page is clean in ${name}`, async ({ signedIn: page, rig }) => {
    await scene(rig);
    await prefer(page, look);
    const { items } = (await call(rig, 'GET', '/presets')) as { items: object[] };
    if (items.length === 0) {
      const kept = { operation: 'image.generate', count: 2, is_shared: true };
      const parameters = { prompt: 'a lamp', width: 768, height: 1024 };
      await call(rig, 'POST', '/presets', { ...kept, parameters, name: 'Night 夜' });
      const gone = { model: '01JDA00000000000000000000A/painter-9' };
      await call(rig, 'POST', '/presets', { ...kept, parameters: gone, name: 'Old' });
    }
    const { found, see } = camera(page, look);
    const say = words[look.language];
    const dialog = page.getByRole('dialog');
    await go(page, '/settings/providers');
    await page.getByRole('button', { name: say.rules }).first().click();
    await expect(page.getByRole('textbox').first()).toBeVisible();
    await see('provider-rules', both);
    await page.getByRole('button', { name: say.add }).click();
    await see('provider-kinds', both);
    await dialog
      .getByRole('button', { name: /OpenAI/ })
      .first()
      .click();
    await see('provider-form', both);
    await go(page, '/settings/tokens');
    await page.getByRole('button', { name: say.newToken }).click();
    await expect(dialog).toBeVisible();
    await see('token-form', both);
    await go(page, '/settings/system');
    await page.locator('form').last().scrollIntoViewIfNeeded();
    await see('system-end', both);
    await page.keyboard.press('?');
    await expect(dialog).toBeVisible();
    await see('keys', ['desktop']);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await expect(dialog).toBeVisible();
    await see('palette', both);
    await go(page, '/generate');
    await page.getByRole('button', { name: say.keep }).click();
    await expect(dialog).toBeVisible();
    await see('preset-form', both);
    await page.keyboard.press('Escape');
    await page.keyboard.press('p');
    await expect(page.getByText('Night 夜')).toBeVisible();
    await see('presets', ['desktop']);
    await page.keyboard.press('Escape');
    await page.getByRole('combobox', { name: say.product }).click();
    await expect(page.getByRole('option', { name: /Walnut lamp/ })).toBeVisible();
    await see('product-list', ['desktop']);
    await go(page, '/products');
    await page.keyboard.press('n');
    await expect(dialog).toBeVisible();
    await see('product-form', both);
    await go(page, '/library');
    await expect(page.getByRole('gridcell').first()).toBeVisible();
    await page.keyboard.press('Control+a');
    await see('library-selected', both);
    await page.keyboard.press('t');
    await expect(dialog).toBeVisible();
    await see('tags', both);
    expect(found).toEqual([]);
  });

  test(`what failed, asks, is late, refused or gone is clean in ${name}`, async ({
    signedIn: page,
    rig,
  }) => {
    const { failed, held } = await scene(rig);
    await prefer(page, look);
    const { found, see } = camera(page, look);
    const api = /\/api\/v1\/(assets[?/]|runs\?|settings$)/;
    await go(page, `/generate?run=${failed.id}`);
    await see('generate-failed', both);
    await go(page, `/generate?run=${held.id}`);
    await see('generate-held', both);
    await go(page, '/prompts?q=zqxj');
    await see('prompts-none', both);
    await go(page, '/library?q=zqxj');
    await see('library-none', both);
    await go(page, '/library?trash=true');
    await see('trash', both);
    await page.route(api, () => undefined); // never answered
    for (const path of ['/library', '/queue', '/settings/system']) {
      await page.goto(path);
      await expect(page.locator('[data-skeleton]').first()).toBeVisible();
      await see(`${path.split('/').at(-1)}-loading`, both);
    }
    await page.unroute(api);
    await page.route(api, (route) =>
      route.fulfill({
        status: 403,
        contentType: 'application/problem+json',
        json: { code: 'forbidden', title: 'Forbidden', trace_id: '0123456789abcdef' },
      }),
    );
    for (const path of ['/library', '/queue', '/settings/system']) {
      await page.goto(path);
      await expect(page.getByRole('alert').filter({ hasText: /./ }).first()).toBeVisible();
      await see(`${path.split('/').at(-1)}-error`, both);
    }
    await page.unroute(api);
    await go(page, '/nowhere');
    await see('nowhere', ['desktop']);
    await go(page, '/docs');
    await expect(page.getByRole('link', { name: /\/runs/ }).first()).toBeVisible();
    await see('docs', both);
    await go(page, '/library/01ARZ3NDEKTSV4RRFFQ69G5FAV');
    await see('viewer-gone', ['desktop']);
    expect(found).toEqual([]);
  });

  test(`a new house is clean in ${name}`, async ({ browser }) => {
    await inNewHouse(browser, async (page, server) => {
      await prefer(page, look);
      const { found, see } = camera(page, look);
      await go(page, '/');
      await see('not-set-up', both);
      await go(page, await server.setupPath());
      await see('setup');
      const cookies = await makeOwner(server);
      await go(page, '/login');
      await see('login');
      await page.context().addCookies(cookies);
      await go(page, '/generate');
      await see('generate-empty');
      await go(page, '/library');
      await see('library-empty', both);
      await go(page, '/products');
      await see('products-empty', both);
      await go(page, '/queue');
      await see('queue-empty', both);
      await go(page, '/settings/tokens');
      await see('tokens-empty', both);
      expect(found).toEqual([]);
    });
  });
}
