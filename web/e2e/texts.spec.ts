import { photograph } from './photograph';
import { call, expect, generate, inOwnHouse, pictures, setMock, test } from './test';

test.beforeEach(async ({ rig }) => {
  await setMock(rig, { latency_ms: 300, jitter_ms: 0, failure_rate: 0, failure_kind: 'server' });
});

test.afterEach(async ({ rig }) => {
  await setMock(rig, { latency_ms: 300, failure_rate: 0 });
});

test('a prompt is expanded by keyboard, taken back and put in again', async ({
  signedIn: page,
}) => {
  await generate(page, 'a lamp before the texts', 1);
  await expect(pictures(page)).toHaveCount(1, { timeout: 30_000 });
  const prompt = page.getByLabel('Prompt', { exact: true });
  await prompt.fill('a small cup');
  await expect(page.getByText(/^Expand: about \$/)).toBeVisible(); // before it is started
  await page.getByRole('button', { name: 'Expand' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByText('The prompt was expanded.').first()).toBeVisible({ timeout: 20_000 });
  const expanded = await prompt.inputValue();
  expect(expanded).not.toBe('a small cup');
  await prompt.press('Control+z');
  await expect(prompt).toHaveValue('a small cup');
  await prompt.press('Control+Shift+z');
  await expect(prompt).toHaveValue(expanded);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(prompt).toHaveValue('a small cup');

  // The results stay what they were; the text is in the activity, and whole on its own page.
  await expect(pictures(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'Use it' }).click();
  await page
    .getByRole('link', { name: expanded.slice(0, 20) })
    .first()
    .click();
  const texts = page.getByRole('list', { name: 'Texts of this run' });
  await expect(texts.getByText(expanded)).toBeVisible();
  await expect(texts.getByText('Text 1')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Show the pictures' })).toHaveCount(0);
});

test('a reference is described below the prompt, keywords are offered', async ({
  signedIn: page,
}) => {
  await page.goto('/generate');
  await page.getByLabel('Upload from this computer').setInputFiles({
    name: 'cup.jpg',
    mimeType: 'image/jpeg',
    buffer: await photograph(page, 1200),
  });
  await expect(page.getByRole('button', { name: 'Reference 1' })).toBeVisible({ timeout: 30_000 });
  const prompt = page.getByLabel('Prompt', { exact: true });
  await prompt.fill('on slate');
  await page.getByRole('button', { name: 'Describe', exact: true }).click();
  await expect(page.getByText('The description is in the prompt.').first()).toBeVisible({
    timeout: 20_000,
  });
  await expect(prompt).toHaveValue(/^on slate\n./);
  const keyword = page.getByRole('list', { name: 'Keywords to add' }).getByRole('button').first();
  const word = ((await keyword.textContent()) ?? '').trim();
  await keyword.click();
  await expect(prompt).toHaveValue(new RegExp(`, ${word}$`));
});

test('a text that fails says why and is tried again, one that takes long is cancelled', async ({
  signedIn: page,
  rig,
}) => {
  await setMock(rig, { failure_rate: 1, failure_kind: 'refused' });
  await page.goto('/generate');
  const prompt = page.getByLabel('Prompt', { exact: true });
  await prompt.fill('a refused cup');
  await page.getByRole('button', { name: 'Expand' }).click();
  await expect(page.getByText(/safety rules refused/)).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText('the mock declines this prompt')).toBeVisible();
  await expect(prompt).toHaveValue('a refused cup');
  await setMock(rig, { failure_rate: 0, latency_ms: 20_000 });
  // What failed may stand among the results too.
  const form = page.getByRole('region', { name: 'Parameters' });
  await form.getByRole('button', { name: 'Try again' }).click();
  const running = page.getByRole('status').filter({ hasText: 'Expanding the prompt' });
  await expect(running).toBeVisible();
  await running.getByRole('button', { name: 'Cancel' }).click();
  await expect(running).toBeHidden({ timeout: 20_000 });
  await expect(prompt).toHaveValue('a refused cup');
});

test('who writes is chosen with what it is told', async ({ browser }) => {
  await inOwnHouse(browser, async (page, rig) => {
    await call(rig, 'POST', '/providers', { kind: 'anthropic', name: 'Words', key: 'sk-ant-none' });
    const sent: { model?: string; options?: unknown }[] = [];
    await page.route('**/api/v1/runs', async (route) => {
      if (route.request().method() === 'POST')
        sent.push(route.request().postDataJSON().nodes[0].parameters);
      await route.fallback();
    });
    await page.goto('/generate');
    await page.getByLabel('Prompt', { exact: true }).fill('a small cup');
    const writer = page.getByRole('button', { name: 'Writing model' });
    await writer.click();
    const form = page.getByRole('dialog', { name: 'Writing model' });
    await expect(form.getByRole('combobox', { name: 'Model' })).toHaveText(/Automatic: Mock, text/);
    await expect(form.getByText('Thinking')).toHaveCount(0); // the mock is told nothing
    await form.getByRole('combobox', { name: 'Model' }).click();
    await page.getByRole('option', { name: 'Claude Haiku 5.5' }).click();
    await form.getByRole('combobox', { name: 'Thinking' }).click();
    await page.getByRole('option', { name: 'High', exact: true }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Expand' }).click();
    await expect.poll(() => sent.length).toBe(1);
    expect(sent[0]?.model).toMatch(/\/claude-haiku-5-5$/);
    expect(sent[0]?.options).toEqual({ effort: 'high' });

    // Remembered; what another does not take is named and not sent.
    await page.reload();
    await writer.click();
    await expect(form.getByRole('combobox', { name: 'Thinking' })).toHaveText(/High/);
    await form.getByRole('combobox', { name: 'Model' }).click();
    await page.getByRole('option', { name: 'Mock, text', exact: true }).click();
    await expect(form.getByText('Not used by this model: “Thinking”.')).toBeVisible();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Expand' }).click();
    await expect.poll(() => sent.length).toBe(2);
    expect(sent[1]?.model).toMatch(/\/mock-text$/);
    expect(sent[1]).not.toHaveProperty('options');
  });
});
