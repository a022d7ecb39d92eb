import { call, expect, generate, inOwnHouse, madeOf, pictures, setMock, test } from './test';

/* What the form of Generate says of itself: what goes unused, why it does not start, why it waits. */

test.beforeEach(async ({ rig }) => {
  await setMock(rig, { latency_ms: 200, jitter_ms: 0, failure_rate: 0 });
});

test('asked to start against a reason, it says the reason and goes to the field', async ({
  signedIn: page,
}) => {
  await page.goto('/generate');
  const prompt = page.getByLabel('Prompt', { exact: true });
  const alert = page.getByRole('alert').filter({ hasText: /./ });
  await expect(prompt).toBeVisible();
  await page.getByRole('radio', { name: /^1:1,/ }).focus();
  await page.keyboard.press('Control+Enter');
  await expect(alert).toHaveText('Write a prompt first');
  await expect(prompt).toBeFocused();
  await page.keyboard.type('a {colour} mug');
  await expect(alert).toHaveCount(0);
  await page.keyboard.press('Control+Enter');
  await expect(alert).toHaveText('Fill in colour');
  await expect(page.getByLabel('colour', { exact: true })).toBeFocused();
  // What stands no longer against it is not told, also when it comes back by itself.
  await page.keyboard.type('red');
  await expect(alert).toHaveCount(0);
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  await expect(page.getByRole('button', { name: 'Generate', exact: true })).toHaveAttribute(
    'aria-disabled',
    'true',
  );
  await expect(alert).toHaveCount(0);
  // A press on the button says it too: a finger sees no tip.
  await page.getByRole('button', { name: 'Generate', exact: true }).click({ force: true });
  await expect(alert).toHaveText('Fill in colour');
});

test('what is not to be seen has a length and a limit', async ({ signedIn: page, rig }) => {
  const { items } = (await call(rig, 'GET', '/operations')) as {
    items: { name: string; parameters: { name: string; max: number }[] }[];
  };
  const most =
    items
      .find((one) => one.name === 'image.generate')
      ?.parameters.find((one) => one.name === 'negative_prompt')?.max ?? 0;
  expect(most).toBeGreaterThan(100);
  await page.goto('/generate');
  await page.getByLabel('Prompt', { exact: true }).fill('a mug');
  const box = page.getByLabel('Not in the picture', { exact: true });
  const start = page.getByRole('button', { name: 'Generate', exact: true });
  await box.fill('x'.repeat(most));
  await expect(start).not.toHaveAttribute('aria-disabled');
  await box.fill('x'.repeat(most + 1));
  await expect(page.getByText((most + 1).toLocaleString('en'), { exact: true })).toBeVisible();
  await expect(start).toHaveAttribute('aria-disabled', 'true');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('alert').filter({ hasText: 'Not in the picture' })).toHaveText(
    `“Not in the picture” is too long: at most ${most.toLocaleString('en')} characters.`,
  );
  await expect(box).toBeFocused();
  await box.fill('text');
  await expect(start).not.toHaveAttribute('aria-disabled');
});

test('what the model does not take is named, and one price is told', async ({ browser }) => {
  await inOwnHouse(browser, async (page, rig) => {
    await call(rig, 'POST', '/providers', { kind: 'openai', name: 'Studio', key: 'sk-nobody' });
    await page.goto('/generate');
    await page.getByLabel('Prompt', { exact: true }).fill('a mug');
    await page.getByLabel('Not in the picture', { exact: true }).fill('text');
    await page.getByRole('button', { name: 'More settings' }).click();
    await page.getByRole('textbox', { name: 'Seed' }).fill('7');
    await page.getByRole('button', { name: 'More settings' }).click();
    const form = page.getByRole('region', { name: 'Parameters' });
    await expect(form.getByText(/^Not used by this model/)).toHaveCount(0);

    const choose = async (name: string) => {
      await page.getByRole('combobox', { name: 'Model', exact: true }).click();
      await page.getByRole('combobox', { name: 'Search models' }).fill(name);
      await page.getByRole('option').first().click();
    };
    await choose('gpt image 2');
    await expect(form.getByText(/^Not used by this model/)).toHaveText(
      'Not used by this model: “Not in the picture” and “Seed”.',
    );
    await page
      .getByRole('group', { name: 'Pictures' })
      .getByRole('button', { name: '1', exact: true })
      .click();
    const each = form.getByText(/^Studio · \$[\d.]+ a picture/);
    await expect(each).toBeVisible();
    const price = /\$[\d.]+/.exec((await each.textContent()) ?? '')?.[0] ?? '';
    await expect(form.getByText(`about ${price}`, { exact: true })).toBeVisible();

    await choose('mock');
    await expect(form.getByText(/^Not used by this model/)).toHaveCount(0);
    await expect(page.getByLabel('Not in the picture', { exact: true })).toHaveValue('text');
  });
});

test('size is chosen by the arrows, in one stop', async ({ signedIn: page }) => {
  await page.goto('/generate');
  const sizes = page.getByRole('radiogroup', { name: 'Size' });
  const square = sizes.getByRole('radio', { name: /^1:1,/ });
  await square.click();
  await page.keyboard.press('ArrowRight');
  const next = sizes.getByRole('radio', { name: /^4:3,/ });
  await expect(next).toBeFocused();
  await expect(next).toBeChecked();
  await page.keyboard.press('End');
  await expect(sizes.getByRole('radio', { name: /^9:16,/ })).toBeChecked();
  await page.keyboard.press('ArrowRight');
  await expect(square).toBeFocused();
  await expect(square).toBeChecked();
  await expect(square).toHaveAccessibleName('1:1, 1024 × 1024');
  await page.keyboard.press('Tab');
  await expect(sizes.getByRole('radio').and(page.locator(':focus'))).toHaveCount(0);
});

test('in a low window the model is seen, and more settings come into view', async ({
  signedIn: page,
}) => {
  await page.setViewportSize({ width: 1440, height: 700 });
  await page.goto('/generate');
  await expect(page.getByRole('combobox', { name: 'Model', exact: true })).toBeInViewport({
    ratio: 1,
  });
  await page.setViewportSize({ width: 1440, height: 900 });
  const more = page.getByRole('button', { name: 'More settings' });
  await more.click();
  await expect(page.getByRole('textbox', { name: 'Seed' })).toBeInViewport({ ratio: 1 });
  await expect(more).toBeInViewport({ ratio: 1 });
  await more.click();
});

test('a place on the stage says why it waits', async ({ browser }) => {
  await inOwnHouse(browser, async (page, rig) => {
    const calm = { latency_ms: 200, jitter_ms: 0 };
    await setMock(rig, { ...calm, failure_rate: 1, failure_kind: 'throttled' });
    await generate(page, 'a lamp asked for too soon');
    const results = page.getByRole('region', { name: 'Results' });
    await expect(results.getByText(/It tries again at|asked for rest until/)).toBeVisible({
      timeout: 30_000,
    });
    await page.getByRole('button', { name: 'Cancel this run' }).first().click();
    await expect(results.getByText('Cancelled')).toBeVisible();
    await setMock(rig, { ...calm, failure_rate: 1, failure_kind: 'quota' }, { concurrency: 1 });
    await generate(page, 'a lamp without credit', 2);
    await expect(results.getByText(/It waits: “mock” has no credit left/).first()).toBeVisible({
      timeout: 30_000,
    });
  });
});

test('runs are told of on the start page: their ends, their questions, and in their names', async ({
  browser,
}) => {
  await inOwnHouse(browser, async (page, rig) => {
    await page.addInitScript(() => {
      const heard: string[] = [];
      (window as { heard?: string[] }).heard = heard;
      addEventListener('DOMContentLoaded', () =>
        new MutationObserver(() => {
          for (const region of document.querySelectorAll('.sr-only > [aria-live]')) {
            const text = region.textContent ?? '';
            if (text && heard.at(-1) !== text) heard.push(text);
          }
        }).observe(document.body, { subtree: true, childList: true, characterData: true }),
      );
    });
    const heard = () => page.evaluate(() => (window as { heard?: string[] }).heard ?? []);
    await setMock(rig, { latency_ms: 1500, jitter_ms: 0, failure_rate: 0 });
    await generate(page, 'the first vase');
    await page.getByLabel('Prompt', { exact: true }).fill('the second vase');
    await page
      .getByRole('group', { name: 'Pictures' })
      .getByRole('button', { name: '4', exact: true })
      .click();
    await page.getByRole('button', { name: 'Generate', exact: true }).click();
    await expect(page.getByRole('heading', { level: 2, name: 'the second vase' })).toBeVisible();
    await expect
      .poll(heard, { timeout: 30_000 })
      .toContainEqual(expect.stringMatching(/1 of 1|5 of 5/));
    await expect(pictures(page)).toHaveCount(4, { timeout: 30_000 });
    await expect
      .poll(heard)
      .toContainEqual(expect.stringMatching(/\d of 5 done|“the second vase”/));
    const past = page.getByRole('complementary', { name: 'Queue and history' });
    await expect(
      past.getByRole('button', { name: /^the second vase · 4 pictures · / }),
    ).toBeVisible();

    await setMock(rig, {
      latency_ms: 200,
      failure_rate: 1,
      failure_kind: 'unknown',
      honours_key: false,
    });
    await generate(page, 'a vase in doubt');
    await expect.poll(heard, { timeout: 30_000 }).toContainEqual('1 job needs your answer');
    await expect(
      past.getByRole('button', { name: /^a vase in doubt · Needs an answer · 0 of 1/ }),
    ).toBeVisible();
  });
});

test('recall leaves what the pictures are made for, when the picture was made for nothing', async ({
  signedIn: page,
  rig,
}) => {
  const id = await madeOf(rig, 'a plain cup for nobody', 11);
  const product = (await call(rig, 'POST', '/products', { name: 'Teapot' })) as { id: string };
  await page.goto(`/generate?product=${product.id}`);
  const field = page.getByRole('combobox', { name: 'Product' });
  await expect(field).toHaveText('Teapot');
  await page.goto(`/generate?recall=${id}&what=all`);
  await expect(page.getByLabel('Prompt', { exact: true })).toHaveValue('a plain cup for nobody');
  await expect(field).toHaveText('Teapot');
});
