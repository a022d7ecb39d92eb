import { readFileSync } from 'node:fs';
import { camera, drop, photograph } from './photograph';
import { call, expect, generate, inOwnHouse, pictures, setMock, tabTo, test } from './test';

test.beforeEach(async ({ rig }) => {
  await setMock(rig, { latency_ms: 300, jitter_ms: 0, failure_rate: 0 });
});

test('slots stand in their final shape before the first byte', async ({ signedIn: page, rig }) => {
  await setMock(rig, { latency_ms: 4000 });
  await page.goto('/generate');
  await page.getByLabel('Prompt', { exact: true }).fill('a tall vase');
  await page.getByRole('radio', { name: /^2:3,/ }).click();
  await page.getByRole('button', { name: 'Generate', exact: true }).click();
  const slots = page.getByRole('region', { name: 'Results' }).getByRole('listitem');
  await expect(slots).toHaveCount(4);
  const before = await slots.first().boundingBox();
  expect(before && before.width / before.height).toBeCloseTo(2 / 3, 1);
  await expect(pictures(page)).toHaveCount(4, { timeout: 40_000 });
  expect(await slots.first().boundingBox()).toEqual(before);
});

test('a photograph falls in, four candidates come live, labelled', async ({
  signedIn: page,
  rig,
}) => {
  await setMock(rig, { latency_ms: 2500 });
  await page.goto('/generate');
  const bytes = await photograph(page);
  expect(bytes.length).toBeGreaterThan(1_000_000);
  await drop(page, 'Drop, paste or choose pictures', 'harbour.jpg', bytes);
  await expect(page.getByRole('button', { name: 'Reference 1' })).toBeVisible({ timeout: 30_000 });
  await page.getByLabel('Prompt', { exact: true }).fill('the same harbour at night');
  await page.getByRole('button', { name: 'Generate', exact: true }).click();

  const slots = page.getByRole('region', { name: 'Results' }).getByRole('listitem');
  await expect(slots).toHaveCount(4);
  const partial = slots.first().getByRole('img', { name: 'Preview, not finished' });
  await expect(partial).toBeVisible();
  await expect
    .poll(() => partial.evaluate((image) => (image as HTMLImageElement).naturalWidth))
    .toBeGreaterThan(0);
  await expect(pictures(page)).toHaveCount(4, { timeout: 40_000 });

  await page.getByRole('link', { name: 'Library' }).click();
  const made = page.getByRole('gridcell', { name: /the same harbour at night/ });
  await expect(made).toHaveCount(4);
  await made.first().getByRole('button').first().click();
  const panel = page.getByRole('complementary', { name: 'Details' });
  await expect(panel).toContainText('Made by AI, labelled in the file');
  await panel.getByRole('link', { name: 'harbour' }).click();

  // It stands upright, is a picture of one's own, and says nothing of the camera.
  await expect(panel).toContainText('3000 × 4000');
  await expect(panel).toContainText('Uploaded');
  await expect(panel).not.toContainText('Made by AI');
  const file = await page.request.get(
    `/api/v1/assets/${page.url().split('/').at(-1)?.split('?')[0]}/file?variant=original`,
  );
  expect(file.ok()).toBe(true);
  expect((await file.body()).includes(camera)).toBe(false);
});

test('a reference by the chooser of files goes in, and the recipe keeps it', async ({
  signedIn: page,
}) => {
  await page.goto('/generate');
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Drop, paste or choose pictures' }).click();
  await page.getByRole('menuitem', { name: 'Upload from this computer' }).click();
  await (await chooser).setFiles({
    name: 'desk.jpg',
    mimeType: 'image/jpeg',
    buffer: await photograph(page, 1600),
  });
  await expect(page.getByRole('button', { name: 'Reference 1' })).toBeVisible({ timeout: 30_000 });
  await page.getByLabel('Prompt', { exact: true }).fill('the same in blue');
  await page
    .getByRole('group', { name: 'Pictures' })
    .getByRole('button', { name: '1', exact: true })
    .click();
  await page.keyboard.press('Control+Enter');
  await expect(pictures(page)).toHaveCount(1, { timeout: 30_000 });
  await pictures(page).first().click();
  const panel = page.getByRole('complementary', { name: 'Details' });
  await expect(panel).toContainText('Reference pictures');
  await expect(panel.getByRole('link', { name: 'desk' })).toBeVisible();
});

test('a file that is no picture is refused with a reason', async ({ signedIn: page }) => {
  await page.goto('/generate');
  await page.getByLabel('Upload from this computer').setInputFiles({
    name: 'notes.png',
    mimeType: 'image/png',
    buffer: readFileSync('package.json'),
  });
  await expect(page.getByRole('alert').filter({ hasText: /no picture|damaged/ })).toBeVisible();
});

test('one picture is cancelled, the others are made', async ({ signedIn: page, rig }) => {
  await setMock(rig, { latency_ms: 4000 });
  await generate(page, 'a lamp too many', 2);
  const slots = page.getByRole('region', { name: 'Results' }).getByRole('listitem');
  await slots.first().getByRole('button', { name: 'Cancel this picture' }).click();
  await expect(slots.first().getByText('Cancelled')).toBeVisible();
  await expect(pictures(page)).toHaveCount(1, { timeout: 30_000 });
});

test('cancel stops what runs and what waits', async ({ signedIn: page, rig }) => {
  await setMock(rig, { latency_ms: 4000 }, { concurrency: 1 });
  await generate(page, 'a slow lamp', 4);
  const results = page.getByRole('region', { name: 'Results' });
  await expect(results.getByRole('progressbar', { name: 'Picture 1' })).toBeVisible();
  await page.getByRole('button', { name: 'Cancel this run' }).first().click();
  await expect(results.getByText('Cancelled')).toHaveCount(4);
  const work = page.getByRole('region', { name: 'In work' });
  await expect(work.getByText('a slow lamp')).toHaveCount(0, { timeout: 20_000 });
  await setMock(rig, { latency_ms: 300 }, { concurrency: 4 });
});

test('what is left is told once it is known how long a picture takes', async ({ browser }) => {
  await inOwnHouse(browser, async (page, rig) => {
    await setMock(rig, { latency_ms: 6000 });
    await generate(page, 'a first cup');
    const results = page.getByRole('region', { name: 'Results' });
    await expect(page.getByRole('progressbar', { name: 'Picture 1' })).toBeVisible();
    await expect(results.getByText(/left$/)).toHaveCount(0);
    await expect(pictures(page)).toHaveCount(1, { timeout: 30_000 });

    await generate(page, 'a second cup', 2);
    // In the head, and in each slot.
    await expect(results.getByText(/about \d+s left$/)).toHaveCount(3);
    await expect(pictures(page)).toHaveCount(2, { timeout: 30_000 });
    await expect(results.getByText(/left$/)).toHaveCount(0);
  });
});

test('results are seen all or one at a time, as large as one likes, by keys alone', async ({
  browser,
}) => {
  await inOwnHouse(browser, async (page, rig) => {
    await setMock(rig, { latency_ms: 300 });
    await generate(page, 'a row of cups', 4);
    await expect(pictures(page)).toHaveCount(4);
    const widthOf = async () => (await pictures(page).first().boundingBox())?.width ?? 0;
    const fitting = await widthOf();
    const size = page.getByRole('slider', { name: 'Size of results' });
    await expect(size).toHaveAttribute('aria-valuetext', 'So that all fit');
    await tabTo(page, size);
    await page.keyboard.press('End');
    await expect(size).toHaveAttribute('aria-valuetext', '720 px');
    await expect.poll(widthOf).toBeGreaterThan(fitting);
    await page.reload();
    await expect(pictures(page)).toHaveCount(4);
    await expect.poll(widthOf).toBeGreaterThan(fitting);

    const views = page.getByRole('group', { name: 'Results shown' });
    await tabTo(page, views.getByRole('button', { name: 'All' }));
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await expect(pictures(page)).toHaveCount(1);
    await expect(page.getByRole('link', { name: /^Open picture 1:/ })).toBeVisible();
    const strip = page.getByRole('navigation', { name: 'Results of this run' });
    await tabTo(page, strip.getByRole('button', { name: 'Picture 1' }));
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await expect(page.getByRole('link', { name: /^Open picture 3:/ })).toBeVisible();
    await expect(strip.getByRole('button', { name: 'Picture 3' })).toBeFocused();
    await page.keyboard.press('ArrowLeft');
    await expect(strip.getByRole('button', { name: 'Picture 2' })).toBeFocused();
    await page.reload();
    await expect(pictures(page)).toHaveCount(1);
  });
});

test('the choice of a model says when its account is paused', async ({ browser }) => {
  await inOwnHouse(browser, async (page, rig) => {
    const { items } = (await call(rig, 'GET', '/providers')) as { items: { id: string }[] };
    await call(rig, 'POST', `/providers/${items[0]?.id}/pause`, {});
    await page.goto('/generate');
    await expect(page.getByText('mock · $0.02 a picture · paused, so it waits')).toBeVisible();
    await page.getByRole('combobox', { name: 'Model' }).click();
    await expect(page.getByRole('option', { name: /paused, so it waits/ }).first()).toBeVisible();
    await page.keyboard.press('Escape');
    await call(rig, 'POST', `/providers/${items[0]?.id}/resume`);
    await expect(page.getByText(/paused, so it waits/)).toHaveCount(0);
  });
});

test('among many models one is found by its name, by keys alone', async ({ browser }) => {
  await inOwnHouse(browser, async (page, rig) => {
    await setMock(rig, { latency_ms: 200, jitter_ms: 0, failure_rate: 0 });
    await page.goto('/generate');
    const field = page.getByRole('combobox', { name: 'Model', exact: true });
    await expect(field).toHaveText('Mock');
    // A few need no search: a letter goes to the next that begins so.
    await field.press('Enter');
    await expect(page.getByRole('listbox', { name: 'Model' })).toBeFocused();
    await expect(page.getByRole('combobox', { name: 'Search models' })).toHaveCount(0);
    await page.keyboard.press('m');
    await page.keyboard.press('Enter');
    await expect(field).toHaveText('Mock, at once');
    await expect(field).toBeFocused();
    await field.press('Enter');
    await page.keyboard.press('Home');
    await page.keyboard.press('Escape');
    await expect(field).toBeFocused();
    await expect(field).toHaveText('Mock, at once');

    for (const kind of ['openai', 'gemini']) {
      await call(rig, 'POST', '/providers', { kind, name: `Studio ${kind}`, key: 'sk-nobody' });
    }
    await generate(page, 'a kettle to be timed', 4);
    await expect(pictures(page)).toHaveCount(4, { timeout: 30_000 });
    await page.goto('/generate');
    await field.press('ArrowDown');
    const search = page.getByRole('combobox', { name: 'Search models' });
    await expect(search).toBeFocused();
    const options = page.getByRole('option');
    await expect(page.getByRole('group', { name: 'Studio gemini' })).toBeVisible();
    await expect(page.getByRole('option', { selected: true })).toContainText(/usually \d/);
    const all = await options.count();
    expect(all).toBeGreaterThan(8);

    await page.keyboard.type('flash');
    await expect(options.first()).toContainText('Nano Banana');
    expect(await options.count()).toBeLessThan(all);
    await page.keyboard.press('ArrowDown');
    const second = options.nth(1);
    await expect(search).toHaveAttribute(
      'aria-activedescendant',
      (await second.getAttribute('id')) ?? '',
    );
    await search.fill('zqxj');
    await expect(page.getByText('No model fits these words')).toBeVisible();
    await page.keyboard.press('Enter');
    await search.fill('gpt image');
    const name = (await options.first().locator('span.block').first().textContent()) ?? '';
    await page.keyboard.press('Enter');
    await expect(search).toHaveCount(0);
    await expect(field).toBeFocused();
    await expect(field).toHaveText(name);

    // A press on the field closes what it opened.
    await field.click();
    await expect(search).toBeVisible();
    await field.click();
    await expect(search).toHaveCount(0);
  });
});

test('only what failed is tried again', async ({ signedIn: page, rig }) => {
  await setMock(rig, { failure_rate: 1, failure_kind: 'refused' });
  await generate(page, 'a refused lamp', 2);
  const retry = page.getByRole('button', { name: 'Retry 2' });
  await expect(retry).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText(/safety rules refused/).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Change the prompt' }).first()).toBeVisible();
  await setMock(rig, { failure_rate: 0 });
  await retry.click();
  await expect(pictures(page)).toHaveCount(2, { timeout: 30_000 });
  await expect(retry).toBeHidden();
});

test('reload keeps the draft, the run and the pictures', async ({ signedIn: page }) => {
  await generate(page, 'a lamp that stays', 2);
  await expect(pictures(page)).toHaveCount(2, { timeout: 30_000 });
  await page.getByLabel('Prompt', { exact: true }).fill('half a thought');
  await page.reload();
  await expect(page.getByLabel('Prompt', { exact: true })).toHaveValue('half a thought');
  await expect(pictures(page)).toHaveCount(2);
  await page.keyboard.press('Escape');
  await page.getByLabel('Prompt', { exact: true }).press('Alt+ArrowUp');
  await expect(page.getByLabel('Prompt', { exact: true })).toHaveValue('a lamp that stays');
});

test('the price stands before the click', async ({ signedIn: page, rig }) => {
  await setMock(rig, { price_micro: 20_000, currency: 'USD' });
  await page.goto('/generate');
  await page.getByLabel('Prompt', { exact: true }).fill('a lamp');
  const pieces = page.getByRole('group', { name: 'Pictures' });
  await pieces.getByRole('button', { name: '1', exact: true }).click();
  await expect(page.getByText('about $0.02', { exact: true })).toBeVisible();
  await pieces.getByRole('button', { name: '8', exact: true }).click();
  await expect(page.getByText('about $0.16', { exact: true })).toBeVisible();
});

test('recall takes over the prompt, the size and the seed', async ({ signedIn: page }) => {
  await page.goto('/generate');
  await page.getByRole('radio', { name: /^16:9,/ }).click();
  await generate(page, 'a wide sofa', 1);
  await expect(pictures(page)).toHaveCount(1, { timeout: 30_000 });
  await page.getByLabel('Prompt', { exact: true }).fill('something else');
  await page.getByRole('radio', { name: /^1:1,/ }).click();
  await pictures(page).first().click();
  await expect(page.getByRole('complementary', { name: 'Details' })).toContainText('Recipe');
  await page.keyboard.press('a');
  await expect(page).toHaveURL(/\/generate/);
  await expect(page.getByLabel('Prompt', { exact: true })).toHaveValue('a wide sofa');
  await expect(page.getByRole('radio', { name: /^16:9,/ })).toBeChecked();
});

test('works in another tab are seen here', async ({ signedIn: page, rig }) => {
  await page.goto('/generate');
  await expect(page.getByLabel('Prompt', { exact: true })).toBeVisible();
  const models = (await call(rig, 'GET', '/models')) as { items: { id: string }[] };
  await call(rig, 'POST', '/runs', {
    title: 'from elsewhere',
    nodes: [
      {
        key: 'p1',
        operation: 'image.generate',
        parameters: { prompt: 'from elsewhere', model: models.items[0]?.id },
      },
    ],
  });
  await expect(page.getByRole('button', { name: 'from elsewhere' })).toBeVisible();
});

test('words in braces are asked for and multiplied, told before the start', async ({
  signedIn: page,
  rig,
}) => {
  await page.goto('/generate');
  await page.getByLabel('Prompt', { exact: true }).fill('a {colour} {thing}');
  await page
    .getByRole('group', { name: 'Pictures' })
    .getByRole('button', { name: '2', exact: true })
    .click();
  const start = page.getByRole('button', { name: 'Generate', exact: true });
  await start.hover();
  await expect(page.getByText('Fill in colour')).toBeVisible();
  const words = page.getByRole('group', { name: 'Words in braces' });
  await words.getByLabel('colour').fill('red | blue');
  await words.getByLabel('thing').fill(Array.from({ length: 60 }, (_, index) => index).join('|'));
  await expect(words.getByRole('alert')).toHaveText(
    '240 pictures at once are too many: at most 200',
  );
  await page.keyboard.press('Control+Enter');
  await expect(page).toHaveURL(/\/generate$/);
  await words.getByLabel('thing').fill('mug');
  await expect(page.getByText('2 × 2 = 4 pictures')).toBeVisible();
  await page.keyboard.press('Control+Enter');
  await expect(page).toHaveURL(/run=/);
  const made = new URL(page.url()).searchParams.get('run');
  const run = (await call(rig, 'GET', `/runs/${made}`)) as {
    title: string;
    tasks: { prompt: string }[];
  };
  expect(run.title).toBe('a {colour} {thing}');
  expect(run.tasks.map(({ prompt }) => prompt)).toEqual([
    'a red mug',
    'a red mug',
    'a blue mug',
    'a blue mug',
  ]);

  // The words are remembered for the next prompt that has them.
  await page.getByLabel('Prompt', { exact: true }).fill('one {thing}');
  await expect(words.getByLabel('thing')).toHaveValue('mug');
});

test('earlier prompts are walked with Alt and the arrows, in another browser too', async ({
  signedIn: page,
  rig,
}) => {
  for (const prompt of ['the first lamp', 'the second lamp']) {
    await call(rig, 'POST', '/runs', {
      title: prompt,
      nodes: [{ key: 'p1', operation: 'image.generate', parameters: { prompt, model: 'mock' } }],
    });
  }
  await page.goto('/generate'); // nothing is in this browser's storage
  const prompt = page.getByLabel('Prompt', { exact: true });
  await expect(page.getByRole('button', { name: 'Earlier prompts' })).toBeVisible();
  await prompt.fill('half a thought');
  await prompt.press('Alt+ArrowUp');
  await expect(prompt).toHaveValue('the second lamp');
  await prompt.press('Alt+ArrowUp');
  await expect(prompt).toHaveValue('the first lamp');
  await prompt.press('Alt+ArrowDown');
  await prompt.press('Alt+ArrowDown');
  await expect(prompt).toHaveValue('half a thought');
  await page.getByRole('button', { name: 'Earlier prompts' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'the first lamp' }).click();
  await expect(prompt).toHaveValue('the first lamp');
});

test('a size is given by its pixels, within what the model takes, and is made so', async ({
  signedIn: page,
  rig,
}) => {
  await setMock(rig, { latency_ms: 50, jitter_ms: 0, failure_rate: 0 });
  await page.goto('/generate');
  await page.getByLabel('Prompt', { exact: true }).fill('a bowl of its own size');
  await page.getByRole('combobox', { name: 'Pixels' }).click();
  await page.getByRole('option', { name: 'Own width and height' }).click();
  const width = page.getByRole('textbox', { name: 'Width' });
  const height = page.getByRole('textbox', { name: 'Height' });
  await width.fill('5');
  await width.press('Tab');
  await expect(width).toHaveValue('64'); // the least that it takes
  await width.fill('512');
  await height.fill('768');
  await height.press('Tab');
  await expect(page.getByText('512 × 768').first()).toBeVisible();
  await page.getByRole('button', { name: 'Generate', exact: true }).click();
  await expect(pictures(page).first()).toBeVisible({ timeout: 30_000 });
  await pictures(page).first().click();
  await expect(page.getByText('512 × 768').first()).toBeVisible();
});

test('Ctrl Shift Enter starts before what waits', async ({ browser }) => {
  await inOwnHouse(browser, async (page, rig) => {
    await setMock(rig, { latency_ms: 60_000, jitter_ms: 0 }, { concurrency: 1 });
    const prompt = page.getByLabel('Prompt', { exact: true });
    await page.goto('/generate');
    for (const [words, keys] of [
      ['the running jar', 'Control+Enter'],
      ['the patient jar', 'Control+Enter'],
      ['the hasty jar', 'Control+Shift+Enter'],
    ] as const) {
      await prompt.fill(words);
      await page.keyboard.press(keys);
      await expect(page.getByRole('heading', { level: 2, name: words })).toBeVisible();
    }
    const place = async (title: string) => {
      const { items } = (await call(rig, 'GET', '/runs?state=active')) as {
        items: { id: string; title: string }[];
      };
      const id = items.find((run) => run.title === title)?.id;
      const run = (await call(rig, 'GET', `/runs/${id}`)) as {
        tasks: { position?: number | null; state: string }[];
      };
      return run.tasks[0]?.position ?? 0;
    };
    const hasty = await place('the hasty jar');
    expect(hasty).toBeGreaterThan(0);
    expect(await place('the patient jar')).toBeGreaterThan(hasty);
  });
});

test('over a picture stand four verbs: star, reference, download and more', async ({
  signedIn: page,
  rig,
}) => {
  await setMock(rig, { latency_ms: 50, jitter_ms: 0, failure_rate: 0 });
  await generate(page, 'a jar with a rail', 1);
  const slot = page.locator('[data-asset]').first();
  await expect(pictures(page)).toHaveCount(1, { timeout: 30_000 });
  await page.mouse.move(2, 2);
  const star = slot.getByRole('button', { name: 'Star', exact: true });
  const rail = slot.getByRole('link', { name: 'Download' }).locator('..');
  await expect(rail).toHaveCSS('opacity', '0');
  await slot.hover();
  await expect(rail).toHaveCSS('opacity', '1');
  await expect(rail.locator('> *')).toHaveCount(4);

  await star.click();
  await expect(slot.getByRole('button', { name: 'Remove star' })).toBeVisible();
  await expect(slot.getByLabel('Starred')).toBeVisible();
  await slot.getByRole('button', { name: 'Use as reference' }).click();
  await expect(page.getByRole('button', { name: 'Reference 1' })).toBeVisible();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    slot.getByRole('link', { name: 'Download' }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/\.(png|jpe?g|webp)$/);
  await slot.hover();
  await slot.getByRole('button', { name: 'More' }).click();
  for (const name of ['Open', 'Remove star', 'Compare']) {
    await expect(page.getByRole('menuitem', { name, exact: true })).toBeVisible();
  }
  await page.keyboard.press('Escape');
  // By keys it is there as soon as the picture has the focus.
  await page.mouse.move(2, 2);
  await pictures(page).first().focus();
  await expect(rail).toHaveCSS('opacity', '1');
});
