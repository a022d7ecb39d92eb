import type { Locator } from '@playwright/test';
import { photograph } from './photograph';
import { call, expect, inNewHouse, inOwnHouse, owner, setMock, test } from './test';
import { startWalk, type Walk, type Way } from './walk';

/** Each language, each theme and the phone; what is left of all of them is the other specs' own way. */
const ways: Way[] = [
  { language: 'zh-CN', theme: 'dark', hands: 'keys', size: { width: 1440, height: 900 } },
  { language: 'zh-CN', theme: 'light', hands: 'finger', size: { width: 360, height: 780 } },
  { language: 'en', theme: 'dark', hands: 'finger', size: { width: 360, height: 780 } },
];

const quick = { latency_ms: 200, jitter_ms: 0, failure_rate: 0, honours_key: true };
const silent = { ...quick, failure_rate: 1, failure_kind: 'unknown', honours_key: false };

const pictures = ({ page, like }: Walk) =>
  page.getByRole('link', { name: like('generate.slot.openNamed') });
const row = ({ page }: Walk, text: string | RegExp) =>
  page.getByRole('listitem').filter({ hasText: text });

/** By the bar of a phone or the column beside; what is not in the bar is in its last sheet. */
async function visit(walk: Walk, place: 'generate' | 'library' | 'queue' | 'settings') {
  const { page, press, say, isPhone } = walk;
  const nav = page.getByRole('navigation', { name: say('common.nav.label'), exact: true });
  const name = say(`common.nav.${place}`);
  if (isPhone && place === 'settings') {
    await press(nav.getByRole('button', { name: say('common.more') }));
    const sheet = page.getByRole('dialog', { name: say('common.more') });
    await press(sheet.getByRole('link', { name, exact: true }));
    await expect(sheet).toHaveCount(0);
  } else {
    await press(nav.getByRole('link', { name, exact: true }));
  }
  await expect(page.getByRole('heading', { level: 1, name })).toBeAttached();
}

async function choose({ page, press }: Walk, opener: Locator, entry: string | RegExp) {
  await press(opener);
  await press(page.getByRole('menuitem', { name: entry, exact: true }));
}

/** What one writes into; on a phone it is a sheet that is opened first. */
async function openForm({ page, press, say, isPhone }: Walk) {
  const sheet = page.getByRole('dialog', { name: say('generate.form.title'), exact: true });
  if (isPhone && !(await sheet.isVisible())) {
    // It has what is written so far as its name.
    await press(page.locator('main button:has(svg.lucide-sliders-horizontal)'));
  }
  const prompt = page.getByLabel(say('generate.prompt.label'), { exact: true });
  await expect(prompt).toBeVisible();
  return prompt;
}

async function start(walk: Walk) {
  const { page, press, say } = walk;
  const sheet = page.getByRole('dialog', { name: say('generate.form.title'), exact: true });
  const within = (await sheet.isVisible()) ? sheet : page;
  await press(within.getByRole('button', { name: say('generate.submit.action'), exact: true }));
  await expect(sheet).toHaveCount(0);
}

async function pressCount({ page, press, say }: Walk, count: number) {
  const pieces = page.getByRole('group', { name: say('generate.count.label'), exact: true });
  await press(pieces.getByRole('button', { name: String(count), exact: true }));
}

async function generate(walk: Walk, prompt: string, count: number) {
  const { page, write } = walk;
  await write(await openForm(walk), prompt);
  await pressCount(walk, count);
  await start(walk);
  await expect(page.getByRole('heading', { level: 2, name: prompt })).toBeVisible();
}

/** The recipe of the picture that is open. */
async function openDetails({ page, press, say, isPhone }: Walk) {
  const name = say('library.panel.label');
  if (isPhone) {
    // The list beneath has one of the same name.
    const viewer = page.locator('section:not([inert] *)').filter({
      has: page.getByRole('link', { name: say('library.viewer.download') }),
    });
    await press(viewer.getByRole('button', { name: say('library.command.info') }));
  }
  const panel = page.getByRole(isPhone ? 'dialog' : 'complementary', { name });
  await expect(panel).toContainText(say('library.panel.recipe'));
  return panel;
}

/** From the one-time link to a picture, and its words back into the form. */
async function arrive(walk: Walk, link: string) {
  const { page, press, write, say, like, look, isPhone } = walk;
  await page.goto('/');
  await expect(page.getByRole('heading', { name: say('auth.setupNeeded.title') })).toBeVisible();
  await look('not-set-up');
  await page.goto(link);
  const name = page.getByLabel(say('auth.name.label'), { exact: true });
  const password = page.getByLabel(say('auth.password.label'), { exact: true });
  await write(name, owner.name);
  await write(password, 'short');
  await press(page.getByRole('button', { name: say('auth.setup.action') }));
  await expect(page.getByText(like('auth.password.short'))).toBeVisible();
  await look('set-up');
  await write(password, owner.password);
  await press(page.getByRole('button', { name: say('auth.setup.action') }));
  await expect(page.getByRole('heading', { name: say('generate.empty.title') })).toBeVisible();
  await look('first');

  // Out and in again, as on the next day.
  await choose(
    walk,
    page.getByRole('button', { name: say('common.account.label') }),
    say('common.account.signOut'),
  );
  await expect(page.getByRole('heading', { name: say('auth.login.title') })).toBeVisible();
  await look('login');
  await write(name, owner.name);
  await write(password, owner.password);
  await press(page.getByRole('button', { name: say('auth.login.action') }));
  await expect(page).toHaveURL(/\/generate/);

  walk.rig.cookies = await page.context().cookies();
  await setMock(walk.rig, quick);
  await addProvider(walk);

  await visit(walk, 'generate');
  await press(page.getByRole('button', { name: say('generate.sample.mug') }));
  await expect(await openForm(walk)).toHaveValue(say('generate.sample.mug'));
  await expect(page.getByText(like('generate.price.about')).first()).toBeVisible();
  await pressCount(walk, 1);
  await look('sample');
  await start(walk);
  await expect(pictures(walk)).toHaveCount(1, { timeout: 30_000 });
  await look('pictures');
  await press(pictures(walk).first());
  const panel = await openDetails(walk);
  await look('viewer');
  await write(await recall(walk, panel), walk.tell({ en: 'nothing yet', zh: '还没有' }));
  if (isPhone) await page.keyboard.press('Escape');
}

/** What is told for a moment leaves what is pressed next in reach. */
async function expectApart(one: Locator, other: Locator) {
  const [a, b] = await Promise.all([one.boundingBox(), other.boundingBox()]);
  if (!a || !b) throw new Error('nothing to compare');
  const over =
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
  expect(over, JSON.stringify([a, b])).toBe(false);
}

async function recall({ page, press, say, ...walk }: Walk, panel: Locator) {
  await press(panel.getByRole('button', { name: say('library.verb.all'), exact: true }));
  await expect(page).toHaveURL(/\/generate/);
  const said = page.getByRole('dialog', { name: say('generate.recalled.all') });
  await expect(said).toBeVisible();
  await expectApart(said, page.getByRole('button', { name: say('generate.submit.more') }));
  const prompt = await openForm({ page, press, say, ...walk });
  await expect(prompt).toHaveValue(say('generate.sample.mug'));
  return prompt;
}

async function addProvider(walk: Walk) {
  const { page, press, write, say, like, look, tell } = walk;
  await visit(walk, 'settings');
  const places = page.getByRole('navigation', { name: say('settings.nav.label'), exact: true });
  await press(places.getByRole('link', { name: say('settings.nav.providers') }));
  await press(page.getByRole('button', { name: say('settings.providers.add') }));
  const dialog = page.getByRole('dialog');
  await write(dialog.getByLabel(say('settings.providers.search')), 'mock');
  await look('kinds');
  await press(dialog.getByRole('listitem').getByRole('button').first());
  const name = tell({ en: 'Trial', zh: '试用' });
  await write(dialog.getByLabel(say('settings.provider.name'), { exact: true }), name);
  await look('provider');
  await press(dialog.getByRole('button', { name: say('settings.provider.create'), exact: true }));
  await expect(dialog).toHaveCount(0);
  const card = row(walk, name);
  await press(card.getByRole('button', { name: say('settings.provider.test') }));
  await expect(card.getByText(like('settings.test.ok')).first()).toBeVisible();
  await look('providers');
}

/** References, size and count; what runs is cancelled, and what failed made again. */
async function work(walk: Walk) {
  const { page, press, say, look, tell, rig } = walk;
  await page.goto('/generate');
  await setMock(rig, { ...quick, latency_ms: 120_000 }); // it waits for whoever is slow
  await openForm(walk);
  const chooser = page.waitForEvent('filechooser');
  await choose(
    walk,
    page.getByRole('button', { name: say('generate.references.drop') }),
    say('generate.references.upload'),
  );
  await (await chooser).setFiles({
    name: tell({ en: 'desk.jpg', zh: '书桌.jpg' }),
    mimeType: 'image/jpeg',
    buffer: await photograph(page, 600),
  });
  const reference = say('generate.references.item', { index: 1 });
  await expect(page.getByRole('button', { name: reference })).toBeVisible({ timeout: 30_000 });
  await press(page.getByRole('radio', { name: /^2:3,/ }));
  await look('form');
  const prompt = tell({ en: 'the same desk in blue', zh: '同一张书桌，换成蓝色' });
  await generate(walk, prompt, 2);
  const slots = page
    .getByRole('region', { name: say('generate.stage.label') })
    .getByRole('listitem');
  await expect(slots).toHaveCount(2);
  await look('running');
  const cancelled = slots.filter({ hasText: say('common.state.cancelled') });
  for (const count of [1, 2]) {
    await press(slots.getByRole('button', { name: say('generate.slot.cancel') }).first());
    await expect(cancelled).toHaveCount(count);
  }
  await look('cancelled');
  await setMock(rig, quick);
  await press(cancelled.first().getByRole('button', { name: say('common.retry') }));
  await expect(pictures(walk)).toHaveCount(1, { timeout: 30_000 });

  await setMock(rig, { ...quick, failure_rate: 1, failure_kind: 'refused' });
  await generate(walk, tell({ en: 'a refused lamp', zh: '被拒绝的台灯' }), 1);
  const retry = page.getByRole('button', { name: say('generate.stage.retry', { count: 1 }) });
  await expect(retry).toBeVisible({ timeout: 30_000 });
  await look('failed');
  await setMock(rig, quick);
  await press(retry);
  await expect(pictures(walk)).toHaveCount(1, { timeout: 30_000 });
  await expect(retry).toHaveCount(0);
}

/** The form as it stands is kept under a name, used again, and found by its words. */
async function keep(walk: Walk) {
  const { page, press, write, say, look, tell } = walk;
  const words = tell({ en: 'a lamp at night', zh: '夜里的台灯' });
  const name = tell({ en: 'Night', zh: '夜景' });
  const prompt = await openForm(walk);
  await write(prompt, words);
  await press(page.getByRole('button', { name: say('generate.presets.save') }));
  const dialog = page.getByRole('dialog', { name: say('generate.presets.save') });
  await write(dialog.getByLabel(say('generate.presets.name'), { exact: true }), name);
  await look('keep');
  await press(dialog.getByRole('button', { name: say('common.save'), exact: true }));
  await expect(dialog).toHaveCount(0);
  await write(prompt, tell({ en: 'a mug', zh: '一个杯子' }));
  await press(page.getByRole('button', { name: say('generate.presets.title'), exact: true }));
  const mine = page.getByRole('region', { name: say('generate.presets.mine') });
  await expect(mine).toBeVisible();
  await look('presets');
  await press(mine.getByRole('button').first());
  await expect(prompt).toHaveValue(words);

  await page.goto('/prompts');
  await expect(row(walk, tell({ en: 'a refused lamp', zh: '被拒绝的台灯' }))).toBeVisible();
  await look('prompts');
  const desk = tell({ en: 'the same desk in blue', zh: '同一张书桌，换成蓝色' });
  await write(page.getByRole('searchbox', { name: say('generate.prompts.search') }), desk);
  await expect(page.getByRole('main').getByRole('listitem')).toHaveCount(1);
  await press(page.getByRole('button', { name: new RegExp(`^${say('generate.prompts.use')}`) }));
  await expect(await openForm(walk)).toHaveValue(desk);
}

/** What asks is answered; what waits changes places and is cancelled. */
async function queue(walk: Walk) {
  const { page, press, say, like, look, tell, rig } = walk;
  await setMock(rig, silent, { on_unknown: 'hold' });
  await page.goto('/generate');
  const doubt = tell({ en: 'a lamp in doubt', zh: '结果不明的台灯' });
  await generate(walk, doubt, 2);
  await expect(page.getByText(say('common.held.unknown.title'))).toHaveCount(2, {
    timeout: 30_000,
  });
  await look('asks');
  await setMock(rig, quick);
  await visit(walk, 'queue');
  const held = page
    .getByRole('list', { name: say('queue.held.list') })
    .getByRole('listitem')
    .filter({ hasText: doubt });
  await expect(held).toHaveCount(2);
  await look('queue-asks');
  await press(held.first().getByRole('button', { name: say('common.held.repeat') }));
  await expect(held).toHaveCount(1);
  await press(held.first().getByRole('button', { name: say('common.held.giveUp') }));
  await expect(held).toHaveCount(0);

  await press(page.getByRole('button', { name: say('queue.pauseAll') }));
  await expect(page.getByText(say('queue.paused')).first()).toBeVisible();
  const waits = tell({ en: 'a vase that waits', zh: '排队的花瓶' });
  const hurries = tell({ en: 'a vase that hurries', zh: '着急的花瓶' });
  const last = tell({ en: 'a jug at the end', zh: '最后的水壶' });
  for (const words of [waits, hurries, last]) {
    await call(rig, 'POST', '/runs', {
      title: words,
      nodes: [
        {
          key: 'a',
          operation: 'image.generate',
          parameters: { prompt: words, width: 256, height: 256 },
        },
      ],
    });
  }
  const runs = page.getByRole('list', { name: say('queue.runs'), exact: true });
  const of = (words: string) => runs.getByRole('listitem').filter({ hasText: words });
  const place = (at: number) => say('common.order.place', { place: at, of: 3 });
  const more = say('common.more');
  await expect(of(hurries)).toContainText(place(2));
  await choose(
    walk,
    of(hurries).getByRole('button', { name: more }),
    new RegExp(`^${say('common.order.front')}`),
  );
  await expect(of(hurries)).toContainText(place(1));
  await look('queue-waits');
  await choose(
    walk,
    of(waits).getByRole('button', { name: more }),
    new RegExp(`^${say('queue.run.cancel')}`),
  );
  await expect(of(waits)).toContainText(say('common.state.cancelled'));
  await press(page.getByRole('button', { name: say('queue.resumeAll'), exact: true }));
  for (const words of [hurries, last]) {
    await expect(of(words)).toContainText(say('common.state.done'), { timeout: 30_000 });
  }
  // Its name has room beside what can be done about it.
  const cut = (element: HTMLElement) => element.scrollWidth - element.clientWidth;
  await expect(of(doubt).getByRole('button', { name: like('queue.run.retry') })).toBeVisible();
  expect(await of(doubt).getByRole('link', { name: doubt }).evaluate(cut)).toBeLessThanOrEqual(0);
  await look('queue-done');
}

/** Several at once are starred, tagged, thrown away and brought back; words find what is left. */
async function sort(walk: Walk) {
  const { page, press, write, say, like, look, tell, way } = walk;
  await visit(walk, 'library');
  const tiles = page.getByRole('gridcell');
  await expect(tiles.nth(2)).toBeVisible();
  const before = await tiles.count();
  await look('library');
  const bar = page.getByRole('region', { name: say('library.bulk.label') });
  if (way.hands === 'finger') {
    // Each picture has one of the same name.
    await press(page.locator(`button[aria-label="${say('library.select')}"]:not([data-tick])`));
    await expect(bar).toContainText(say('library.bulk.none'));
    await press(tiles.nth(0).locator('[data-open]'));
    await press(tiles.nth(1).locator('[data-open]'));
  } else if (way.hands === 'keys') {
    await tiles.first().locator('[data-open]').focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Shift+ArrowRight');
  } else {
    const tick = { name: say('library.command.tick'), exact: true };
    await press(tiles.nth(0).getByRole('button', tick));
    await press(tiles.nth(1).getByRole('button', tick));
  }
  await expect(bar).toContainText(say('library.bulk.selected', { count: 2, value: 2 }));
  await look('selected');
  await press(bar.getByRole('button', { name: say('library.command.star'), exact: true }));
  const star = say('library.filter.starred');
  for (const at of [0, 1]) {
    await expect(tiles.nth(at).getByRole('img', { name: star })).toBeVisible();
  }
  await press(bar.getByRole('button', { name: say('library.command.tag'), exact: true }));
  const dialog = page.getByRole('dialog', { name: say('library.tags.title') });
  const tag = tell({ en: 'hero', zh: '主图' });
  await write(dialog.getByLabel(say('library.tags.add')), tag);
  await page.keyboard.press('Enter');
  await expect(
    dialog.getByRole('button', { name: say('library.tags.remove', { name: tag }) }),
  ).toBeVisible();
  await look('tags');
  await press(dialog.getByRole('button', { name: say('common.close'), exact: true }).first());
  await expect(dialog).toHaveCount(0);
  await press(bar.getByRole('button', { name: say('library.command.trash'), exact: true }));
  await expect(tiles).toHaveCount(before - 2);
  await expect(
    page.getByText(say('library.trashed', { count: 2, value: 2 })).first(),
  ).toBeVisible();
  await look('trashed');
  await press(page.getByRole('button', { name: say('common.undo'), exact: true }).first());
  await expect(tiles).toHaveCount(before);

  const search = page.getByRole('searchbox', { name: say('library.search.label') });
  await write(search, tell({ en: 'nothing is called zqxj', zh: '没有这样的图' }));
  await expect(page.getByRole('heading', { name: say('library.none.title') })).toBeVisible();
  await look('nothing');
  await press(page.getByRole('button', { name: say('library.none.clear') }));
  await expect(tiles).toHaveCount(before);
  await write(search, tell({ en: 'vase', zh: '花瓶' }));
  await expect(tiles).toHaveCount(1);
  await expect(page.getByText(like('library.none.title'))).toHaveCount(0);
}

/** The other language and the other theme, at once and for the next visit; and back. */
async function change(walk: Walk) {
  const { page, press, say, look, way } = walk;
  await visit(walk, 'settings');
  const places = page.getByRole('navigation', { name: say('settings.nav.label'), exact: true });
  await press(places.getByRole('link', { name: say('settings.nav.appearance') }));
  await look('appearance');
  const other = {
    ...way,
    language: way.language === 'en' ? ('zh-CN' as const) : ('en' as const),
    theme: way.theme === 'dark' ? ('light' as const) : ('dark' as const),
  };
  const there = startWalk(page, walk.rig, other);
  const button = (name: string) =>
    page.getByRole('main').getByRole('button', { name, exact: true });
  await press(button(say(`common.language.${other.language}`)));
  await expect(
    page.getByRole('heading', { level: 1, name: there.say('common.nav.settings') }),
  ).toBeVisible();
  await press(button(there.say(`common.theme.${other.theme}`)));
  await expect(page.locator('html')).toHaveAttribute('data-theme', other.theme);
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', other.theme);
  await there.look(`from-${way.language}-appearance`);
  await press(button(say(`common.language.${way.language}`)));
  await press(button(say(`common.theme.${way.theme}`)));
  await expect(page.locator('html')).toHaveAttribute('data-theme', way.theme);
  await look('appearance-again');
}

for (const way of ways) {
  const { language, theme, hands, size } = way;
  const isPhone = size.width < 768;

  test.describe(`${language}, ${theme}, ${isPhone ? 'a phone' : 'a desk'}, by ${hands}`, () => {
    test.describe.configure({ timeout: 180_000 });
    test.use({
      viewport: size,
      hasTouch: isPhone,
      isMobile: isPhone,
      locale: language,
      colorScheme: theme,
    });

    test('a new person comes as far as a picture', async ({ browser }) => {
      await inNewHouse(browser, async (page, server) => {
        const walk = startWalk(page, { server, cookies: [] }, way);
        await arrive(walk, await server.setupPath());
      });
    });

    const walks = {
      'pictures are made, cancelled and tried again, and the form is kept': [work, keep],
      'the queue is answered, pictures are sorted, and the look is changed': [queue, sort, change],
    };
    for (const [name, steps] of Object.entries(walks)) {
      test(name, async ({ browser }) => {
        await inOwnHouse(browser, async (page, rig) => {
          await call(rig, 'PATCH', '/me', { language });
          const walk = startWalk(page, rig, way);
          for (const step of steps) await test.step(step.name, () => step(walk));
        });
      });
    }
  });
}
