import type { Page } from '@playwright/test';
import { type Fake, test } from './fake';
import { photograph } from './photograph';
import { call, expect, pictures } from './test';

test.afterEach(async ({ rig, signedIn: page }) => {
  await page.goto('/queue'); // accounts are deleted behind a page that does not show them
  const { items } = (await call(rig, 'GET', '/providers')) as {
    items: { id: string; kind: string }[];
  };
  for (const provider of items.filter((one) => one.kind !== 'mock')) {
    await call(rig, 'DELETE', `/providers/${provider.id}`);
  }
});

async function add(page: Page, fake: Fake, key: string) {
  await page.goto('/settings/providers');
  await page.getByRole('button', { name: 'Add a provider' }).click();
  const dialog = page.getByRole('dialog');
  await dialog
    .getByRole('button', { name: /OpenAI/ })
    .first()
    .click();
  await dialog.getByLabel('Name', { exact: true }).fill('Studio');
  await dialog.getByLabel(/API key/).fill(key);
  await dialog.getByLabel(/URL/).first().fill(`${fake.url}/v1`);
  await dialog.getByText('Allow private addresses').click();
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(dialog).toBeHidden();
  return page.getByRole('listitem').filter({ hasText: 'Studio' });
}

test('a key is tested, said in plain words when it is wrong, and never shown again', async ({
  signedIn: page,
  fake,
}) => {
  const bodies: Promise<string>[] = [];
  page.on('response', (answer) => {
    if (answer.url().includes('/api/') && !answer.url().endsWith('/events')) {
      bodies.push(answer.text().catch(() => ''));
    }
  });
  const card = await add(page, fake, 'sk-wrong-key-9999');
  await expect(card).toContainText('key …9999');
  await card.getByRole('button', { name: 'Test' }).click();
  await expect(card.getByText(/^The service rejected the key/)).toBeVisible();
  await expect(card.getByText(/Incorrect API key/)).toBeVisible();

  await card.getByRole('button', { name: 'Edit' }).first().click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('•••• 9999')).toBeVisible();
  await dialog.getByRole('button', { name: 'Replace' }).click();
  await dialog.getByLabel(/API key/).fill(fake.key);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  await expect(card).toContainText('key …3f9a');
  await card.getByRole('button', { name: 'Test' }).click();
  await expect(card.getByText(/^Works, answered in/).first()).toBeVisible();
  await expect(card.getByText(/gpt-image-2/).first()).toBeVisible();
  await page.reload();
  await expect(card).toContainText('key …3f9a');
  const said = (await Promise.all(bodies)).join('\n') + (await page.content());
  expect(said).toContain('Studio');
  expect(said).not.toContain(fake.key);
  expect(said).not.toContain('sk-wrong-key-9999');
});

test('pictures of an OpenAI-compatible server arrive live, with a photograph as reference', async ({
  signedIn: page,
  fake,
}) => {
  await fake.control({ latency_ms: 500, partial_ms: 2500 });
  await add(page, fake, fake.key);
  await page.getByRole('link', { name: 'Generate' }).first().click();
  await page.getByRole('combobox', { name: 'Model', exact: true }).click();
  await page.getByRole('option', { name: /^GPT Image 2\b(?!\.)/i }).click();
  await page.getByLabel('Upload from this computer').setInputFiles({
    name: 'shelf.jpg',
    mimeType: 'image/jpeg',
    buffer: await photograph(page, 1200),
  });
  await expect(page.getByRole('button', { name: 'Reference 1' })).toBeVisible({ timeout: 30_000 });
  await page.getByLabel('Prompt', { exact: true }).fill('a jug on this shelf');
  await page.getByRole('button', { name: 'Generate', exact: true }).click();
  const results = page.getByRole('region', { name: 'Results' });
  await expect(results.getByRole('img', { name: 'Preview, not finished' }).first()).toBeVisible({
    timeout: 30_000,
  });
  await expect(pictures(page)).toHaveCount(4, { timeout: 40_000 });

  const { entries } = await fake.ledger();
  expect(entries.map(({ path, prompt }) => [path, prompt])).toEqual(
    Array(4).fill(['/v1/images/edits', 'a jug on this shelf']),
  );
  expect(entries[0]?.files).toHaveLength(1);
  await pictures(page).first().click();
  const panel = page.getByRole('complementary', { name: 'Details' });
  await expect(panel).toContainText('Studio');
  await expect(panel).toContainText(/req_\w+/);
  await expect(panel.getByRole('link', { name: 'shelf' })).toBeVisible();
});

test('a key that is refused in the middle holds the work, and going on asks again', async ({
  signedIn: page,
  fake,
}) => {
  await fake.control({ faults: [{ kind: 'echo_key' }] });
  const card = await add(page, fake, fake.key);
  await page.getByRole('link', { name: 'Generate' }).first().click();
  await page.getByRole('combobox', { name: 'Model', exact: true }).click();
  await page.getByRole('option', { name: /^GPT Image 2\b(?!\.)/i }).click();
  await page
    .getByRole('group', { name: 'Pictures' })
    .getByRole('button', { name: '1', exact: true })
    .click();
  await page.getByLabel('Prompt', { exact: true }).fill('a jug behind a door');
  await page.getByRole('button', { name: 'Generate', exact: true }).click();
  const results = page.getByRole('region', { name: 'Results' });
  await expect(results.getByText('The key was rejected')).toBeVisible({ timeout: 30_000 });
  await results.getByRole('link', { name: 'Open providers' }).click();
  await expect(card.getByText('Paused')).toBeVisible();
  await page.goBack();
  await results.getByRole('button', { name: 'Go on' }).click();
  await expect(pictures(page)).toHaveCount(1, { timeout: 30_000 });
  expect((await fake.ledger()).entries).toHaveLength(1);
});

test('a price of the house is given by quality and size, told as ours, and taken back', async ({
  signedIn: page,
  fake,
}) => {
  const card = await add(page, fake, fake.key);
  await card.getByRole('button', { name: 'Limits and rules' }).click();
  const price = page.getByRole('button', { name: /^Price of GPT Image 2:/ });
  await expect(price).toContainText('$0.053');
  await price.click();
  await expect(page.getByText(/^List price, read/)).toBeVisible();
  await page.getByRole('combobox', { name: 'Price by' }).click();
  await page.getByRole('option', { name: 'Quality and size' }).click();
  const currency = page.getByLabel('Currency', { exact: true });
  await currency.fill('cn');
  await expect(page.getByText('The currency is three letters, such as USD or CNY.')).toBeVisible();
  await currency.fill('cny');
  await page.getByLabel('Each').fill('0.3');
  await page.getByRole('button', { name: 'Add a row' }).click();
  await expect(page.getByText('Each row needs a price.')).toBeVisible();
  await page.getByLabel('Each').nth(1).fill('0.9');
  await page.getByRole('combobox', { name: 'Quality' }).nth(1).click();
  await page.getByRole('option', { name: 'high' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(price).toContainText('¥0.30');
  await expect(price).toContainText('our price');

  await page.goto('/generate');
  await page.getByRole('combobox', { name: 'Model', exact: true }).click();
  await page.getByRole('option', { name: /^GPT Image 2 / }).click();
  await page.getByRole('textbox', { name: 'Prompt' }).fill('a tin box');
  await expect(page.getByText(/about ¥/i).first()).toBeVisible();

  await page.goto('/settings/providers');
  await card.getByRole('button', { name: 'Limits and rules' }).click();
  await price.click();
  await expect(page.getByText(/^This price was set here/)).toBeVisible();
  await page.getByRole('combobox', { name: 'Price by' }).click();
  await page.getByRole('option', { name: 'List price', exact: true }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(price).toContainText('$0.053');
  await expect(price).not.toContainText('our price');
});

test.describe('one model', () => {
  test.use({ allowed: /status of (401|422)/ });

  test('is bounded beside its account, keeps it, and goes back to the account', async ({
    signedIn: page,
    rig,
    fake,
  }) => {
    const card = await add(page, fake, fake.key);
    await card.getByRole('button', { name: 'Limits and rules' }).click();
    const offered = page.getByRole('switch', { name: 'Offer GPT Image 2', exact: true });
    const row = card.getByRole('listitem').filter({ has: offered });
    const limits = row.getByRole('button', { name: /^Limits of GPT Image 2:/ });
    await expect(limits).toHaveAccessibleName('Limits of GPT Image 2: as the account');
    await limits.press('Enter');
    const form = page.getByRole('dialog', { name: 'Limits of GPT Image 2' });
    await expect(form.getByLabel('At once')).toHaveAttribute('placeholder', 'as the account');
    await expect(form.getByLabel('Requests a minute')).toHaveAttribute('placeholder', 'no limit');
    // More than the most there can be is the most there can be.
    await form.getByLabel('At once').fill('99');
    await form.getByLabel('Pictures a minute').fill('60');
    await form.getByLabel('Pictures a minute').press('Enter');
    await expect(form).toBeHidden();
    await expect(row.getByText('64 at once · 60 pictures a minute')).toBeVisible();

    // Another change of the model leaves them, and a page that is opened anew has them.
    await offered.click();
    await expect(offered).not.toBeChecked();
    await page.reload();
    await card.getByRole('button', { name: 'Limits and rules' }).click();
    await expect(limits).toHaveAccessibleName(/: 64 at once · 60 pictures a minute$/);
    await limits.click();
    await expect(form.getByLabel('At once')).toHaveValue('64');
    await form.getByLabel('At once').fill('0');
    await form.getByLabel('Pictures a minute').fill('');
    await form.getByRole('button', { name: 'Save' }).click();
    await expect(limits).toHaveAccessibleName(/: as the account$/);
    await expect(row.getByText('at once')).toBeHidden();

    // Refused by the house: it is said, and what held before holds.
    await page.route('**/api/v1/providers/*', async (route) => {
      if (route.request().method() !== 'PATCH') return route.fallback();
      await route.fulfill({
        status: 422,
        contentType: 'application/problem+json',
        json: { status: 422, code: 'too_big', field: 'models[0].limits.concurrency', limit: 64 },
      });
    });
    await limits.click();
    await form.getByLabel('At once').fill('8');
    await form.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText(/at most 64/).first()).toBeVisible();
    await expect(limits).toHaveAccessibleName(/: as the account$/);
    await page.unroute('**/api/v1/providers/*');
    const { items } = (await call(rig, 'GET', '/models')) as {
      items: { name: string; limits: object }[];
    };
    expect(items.find((one) => one.name === 'gpt-image-2')?.limits).toEqual({
      concurrency: 0,
      per_minute: 0,
      units_per_minute: 0,
      is_paused: false,
    });
  });
});

test('requests a minute are kept, and an address where nothing answers is said', async ({
  signedIn: page,
  fake,
}) => {
  const card = await add(page, fake, fake.key);
  await card.getByRole('button', { name: 'Limits and rules' }).click();
  const field = card.getByLabel('Requests a minute');
  const kept = page.waitForResponse((answer) => answer.request().method() === 'PATCH');
  await field.fill('30');
  await field.blur();
  expect((await kept).ok()).toBe(true);
  await page.reload();
  await card.getByRole('button', { name: 'Limits and rules' }).click();
  await expect(field).toHaveValue('30');
  fake.end();
  await card.getByRole('button', { name: 'Test' }).click();
  await expect(card.getByText(/^Nothing answers at this address/)).toBeVisible();
});

test.describe('several keys', () => {
  test.use({ allowed: /status of (401|409)/ });

  test('a second key takes its turn, and rests with its reason when it is rejected', async ({
    signedIn: page,
    fake,
  }) => {
    const card = await add(page, fake, fake.key);
    await card.getByRole('button', { name: 'Limits and rules' }).click();
    const keys = card.getByRole('region', { name: 'Keys' });
    await keys.getByRole('button', { name: 'Add a key' }).click();
    await keys.getByLabel('New key').fill('sk-wrong-key-9999');
    await keys.getByRole('button', { name: 'Save' }).click();
    await expect(keys.getByText('50% of new calls')).toHaveCount(2);
    await expect(card.getByText('2 keys')).toBeVisible();
    // A weight is sent when it is left, not digit by digit.
    let sent = 0;
    page.on('request', (request) => {
      if (request.method() === 'PATCH') sent++;
    });
    const weight = keys.getByLabel('Weight of key …9999');
    await weight.click();
    await weight.press('ControlOrMeta+a');
    await weight.pressSequentially('30');
    await weight.press('Tab');
    await expect(keys.getByText('97% of new calls')).toBeVisible();
    expect(sent).toBe(1);
    await weight.fill('1');
    await weight.press('Tab');
    await expect(keys.getByText('50% of new calls')).toHaveCount(2);
    // A test tries each of them.
    await card.getByRole('button', { name: 'Test', exact: true }).click();
    await expect(card.getByText('Key …9999: The service rejected the key.')).toBeVisible();
    await expect(page.getByText('sk-wrong-key-9999')).toHaveCount(0);
    await keys.getByRole('button', { name: 'Add a key' }).click();
    await keys.getByLabel('New key').fill('sk-wrong-key-9999');
    await keys.getByRole('button', { name: 'Save' }).click();
    await expect(keys.getByText('The account has this key already.')).toBeVisible();
    await keys.getByRole('button', { name: 'Cancel' }).click();

    await page.getByRole('link', { name: 'Generate' }).first().click();
    await page.getByRole('combobox', { name: 'Model', exact: true }).click();
    await page.getByRole('option', { name: /^GPT Image 2\b(?!\.)/i }).click();
    await page.getByLabel('Prompt', { exact: true }).fill('a jug with two keys');
    await page.getByRole('button', { name: 'Generate', exact: true }).click();
    // An earlier run may stand on the stage, so it is the ledger that is waited for.
    await expect
      .poll(async () => (await fake.ledger()).entries.length, { timeout: 40_000 })
      .toBe(4);
    await expect(pictures(page)).toHaveCount(4);

    await page.goto('/settings/providers');
    await card.getByRole('button', { name: 'Limits and rules' }).click();
    await expect(keys.getByText('Rests: key rejected')).toBeVisible();
    await expect(keys.getByText('100% of new calls')).toBeVisible();
    await keys.getByRole('button', { name: 'Remove key …9999' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await expect(keys.getByText('•••• 9999')).toHaveCount(0);
  });
});

test('what a rejected key leaves waiting is done by a stand-in, and its story says so', async ({
  signedIn: page,
  rig,
  fake,
}) => {
  const spare = (await call(rig, 'POST', '/providers', {
    kind: 'openai',
    name: 'Spare',
    base_url: `${fake.url}/v1`,
    key: fake.key,
    is_private_allowed: true,
  })) as { id: string };
  const empty = (await call(rig, 'POST', '/providers', {
    kind: 'ideogram',
    name: 'Other service',
    key: 'sk-not-asked-at-all',
  })) as { id: string };
  const card = await add(page, fake, 'sk-wrong-key-9999');
  await card.getByRole('button', { name: 'Limits and rules' }).click();
  const standIns = card.getByRole('region', { name: 'Stand-ins' });
  for (const name of ['Other service', 'Spare']) {
    await standIns.getByRole('button', { name: 'Add a stand-in' }).click();
    await page.getByRole('menuitem', { name, exact: true }).click();
    await expect(standIns.getByRole('listitem').filter({ hasText: name })).toBeVisible();
  }
  await expect(standIns.getByText('takes nothing')).toBeVisible();
  await standIns.getByRole('button', { name: 'Move Spare up' }).press('Enter');
  await expect(standIns.getByRole('listitem').first()).toContainText('Spare');
  await expect(standIns.getByRole('button', { name: 'Move Spare up' })).toBeDisabled();
  const studio = async () =>
    (
      (await call(rig, 'GET', '/providers')) as { items: { name: string; stand_ins: string[] }[] }
    ).items.find((one) => one.name === 'Studio');
  await expect.poll(async () => (await studio())?.stand_ins).toEqual([spare.id, empty.id]);
  await standIns.getByRole('button', { name: 'Remove Other service from the stand-ins' }).click();
  await expect.poll(async () => (await studio())?.stand_ins).toEqual([spare.id]);

  await page.getByRole('link', { name: 'Generate' }).first().click();
  await page.getByRole('combobox', { name: 'Model', exact: true }).click();
  await page
    .getByRole('group', { name: 'Studio' })
    .getByRole('option', { name: /^GPT Image 2\b(?!\.)/i })
    .click();
  await page
    .getByRole('group', { name: 'Pictures' })
    .getByRole('button', { name: '1', exact: true })
    .click();
  await page.getByLabel('Prompt', { exact: true }).fill('a jug that goes elsewhere');
  await page.getByRole('button', { name: 'Generate', exact: true }).click();
  await expect(pictures(page)).toHaveCount(1, { timeout: 30_000 });
  expect((await fake.ledger()).entries).toHaveLength(1);

  const { items } = (await call(rig, 'GET', '/runs?limit=1')) as { items: { id: string }[] };
  await page.goto(`/queue/${items[0]?.id}`);
  await expect(
    page.getByText('“Spare” took it as a stand-in: “Studio” was in trouble (key rejected).'),
  ).toBeVisible();
});

test('a model that is asked to slow down rests alone, and its account and its task say so', async ({
  signedIn: page,
  rig,
  fake,
}) => {
  const card = await add(page, fake, fake.key);
  const { items } = (await call(rig, 'GET', '/models')) as {
    items: { id: string; name: string; provider_id: string; kind: string }[];
  };
  const idOf = (name: string) =>
    items.find((one) => one.kind === 'openai' && one.name === name)?.id ?? '';
  const order = (name: string) =>
    call(rig, 'POST', '/runs', {
      title: 'a jug that waits',
      nodes: [
        {
          key: 'a',
          operation: 'image.generate',
          parameters: {
            model: idOf(name),
            prompt: 'a jug that waits',
            quality: 'low',
            width: 1024,
            height: 1024,
          },
        },
      ],
    }) as Promise<{ id: string; tasks: { id: string }[] }>;
  await fake.control({
    faults: [{ kind: 'status', status: 429, retry_after: 50, code: 'rate_limit_exceeded' }],
  });
  await order('gpt-image-1-mini');
  await expect(card.getByText(/gpt-image-1-mini rests until .+: asked to slow down/)).toBeVisible({
    timeout: 15_000,
  });
  const next = await order('gpt-image-1-mini');
  await page.goto(`/queue/${next.id}`);
  await expect(page.getByText(/· gpt-image-1-mini” asked for rest until/)).toBeVisible();
  await page.getByRole('link', { name: 'Generate' }).first().click();
  await page.getByRole('combobox', { name: 'Model', exact: true }).click();
  await expect(page.getByRole('option', { name: /GPT Image 1 Mini/i })).toContainText(
    /asked to rest/,
  );
  await expect(page.getByRole('option', { name: /^GPT Image 2\b(?!\.)/i })).not.toContainText(
    /asked to rest/,
  );
  await page.keyboard.press('Escape');
  const other = await order('gpt-image-2');
  await expect
    .poll(async () => ((await call(rig, 'GET', `/runs/${other.id}`)) as { state: string }).state)
    .toBe('done');
});

test('a model that keeps failing says what failed and until when, is tried by one call, and goes on', async ({
  signedIn: page,
  rig,
  fake,
}) => {
  test.setTimeout(120_000);
  const card = await add(page, fake, fake.key);
  const { items } = (await call(rig, 'GET', '/models')) as {
    items: { id: string; name: string; kind: string }[];
  };
  const model = items.find((one) => one.kind === 'openai' && one.name === 'gpt-image-1-mini')?.id;
  // What is answered well takes longer than the five faults together.
  await fake.control({
    latency_ms: 3000,
    faults: Array.from({ length: 5 }, () => ({ kind: 'status', status: 500 })),
  });
  const run = (await call(rig, 'POST', '/runs', {
    title: 'jugs of a broken kiln',
    nodes: Array.from({ length: 12 }, (_, index) => ({
      key: `jug${index}`,
      operation: 'image.generate',
      parameters: { model, prompt: 'a jug', quality: 'low', width: 1024, height: 1024 },
    })),
  })) as { id: string };
  const why = 'Failures in a row: 5, the last: fault of the provider.';
  await expect(
    card.getByText(/^gpt-image-1-mini is left alone until .+, then one call tries it\. /),
  ).toContainText(why, { timeout: 30_000 });
  await page.goto(`/queue/${run.id}`);
  await page.getByRole('button', { name: /^Picture 12/ }).click();
  await expect(
    page.getByText(/“Studio · gpt-image-1-mini” is left alone until/).first(),
  ).toContainText(why);
  await expect(
    page.getByText('It waits: one call tries “Studio · gpt-image-1-mini”.').first(),
  ).toContainText(why, { timeout: 30_000 });
  await page.goto('/settings/providers');
  await expect(
    card.getByText(/^gpt-image-1-mini(: one call| answers again; one call)/),
  ).toBeVisible();
  await expect
    .poll(async () => ((await call(rig, 'GET', `/runs/${run.id}`)) as { state: string }).state, {
      timeout: 60_000,
    })
    .toBe('done');
  await expect(card.getByText(/one call/)).toBeHidden();
});
