import { call, expect, madeOf, quiet, setMock, test } from './test';

// What is broken here is broken on purpose, and React says so.
test.use({ allowed: /status of (401|404|400)|Minified React error #31/ });

test.beforeEach(({ rig }) => setMock(rig, { latency_ms: 50, jitter_ms: 0, failure_rate: 0 }));

const broken = { not: 'a text' };

test('a run that cannot be shown takes its column, and nothing else of Generate', async ({
  signedIn: page,
  rig,
}) => {
  await madeOf(rig, 'a broken jar', 1);
  await page.route(/\/api\/v1\/runs\?/, async (route) => {
    const answer = await route.fetch();
    const json = await answer.json();
    for (const run of json.items) for (const task of run.tasks) task.prompt = broken;
    await route.fulfill({ response: answer, json });
  });
  await page.goto('/generate');
  await expect(page.getByRole('alert').filter({ hasText: /./ }).first()).toBeVisible();
  const prompt = page.getByLabel('Prompt', { exact: true });
  await prompt.fill('goes on being written');
  await expect(prompt).toHaveValue('goes on being written');
  await expect(page.getByRole('button', { name: 'Generate', exact: true })).toBeEnabled();
  // The queue has the others of its rows still, and its numbers.
  await page.goto('/queue');
  await expect(page.getByText('Spent today')).toBeVisible();
  await expect(page.getByRole('list', { name: 'Runs', exact: true })).toBeVisible();
  await expect(page.getByRole('alert').filter({ hasText: /./ }).first()).toBeVisible();
});

test('details that cannot be shown leave the grid, and the viewer its picture', async ({
  signedIn: page,
  rig,
}) => {
  const id = await madeOf(rig, 'a broken jar', 1);
  await page.route(new RegExp(`/api/v1/assets/${id}$`), async (route) => {
    const answer = await route.fetch();
    const json = await answer.json();
    if (json.recipe) json.recipe.prompt = broken;
    await route.fulfill({ response: answer, json });
  });
  await page.goto('/library');
  await page.locator(`[data-open="${id}"]`).focus();
  await page.keyboard.press('i');
  await expect(page.getByRole('alert').filter({ hasText: /./ }).first()).toBeVisible();
  await expect(page.locator(`[data-open="${id}"]`)).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(id));
  await expect(page.getByRole('button', { name: 'Close', exact: true })).toBeVisible();
  await expect(page.getByRole('alert').filter({ hasText: /./ }).first()).toBeVisible();
});

test('what is gone or was never there says so, once, with a way back', async ({
  signedIn: page,
}) => {
  for (const path of ['/queue/01ARZ3NDEKTSV4RRFFQ69G5FAV', '/queue/cut-off']) {
    await page.goto(path);
    await expect(
      page.getByRole('heading', { level: 1, name: 'This run is not here' }),
    ).toBeVisible();
    await expect(page.locator('main')).toHaveCount(1);
  }
  await page.getByRole('link', { name: 'All runs' }).click();
  await expect(page).toHaveURL(/\/queue$/);
  for (const path of ['/settings/nowhere', '/nowhere']) {
    await page.goto(path);
    await expect(page.getByText('Nothing here')).toBeVisible();
    await expect(page.locator('main')).toHaveCount(1);
    await expect(page.locator('h1')).toHaveCount(1);
  }
});

test('what is spent today is seen without a budget', async ({ signedIn: page, rig }) => {
  await madeOf(rig, 'a jar that costs', 1);
  await page.goto('/queue');
  await expect(page.getByText('No daily budget')).toBeVisible();
  const cell = page.getByRole('link', { name: /No daily budget/ });
  await expect(cell).toHaveText(/\$\d+\.\d\d/); // what others of this server spent, too
  await expect(page.getByRole('link', { name: /^\$\d+\.\d\d spent today$/ })).toBeVisible();
  await call(rig, 'GET', '/usage?by=day');
});

test('the pill is there when nothing runs, and holds up and gives up what does', async ({
  signedIn: page,
  rig,
}) => {
  await quiet(rig);
  await page.goto('/library');
  await page.getByRole('button', { name: 'Queue', exact: true }).click();
  const box = page.getByRole('dialog', { name: 'Queue' });
  await expect(box.getByRole('link', { name: 'Open the queue' })).toBeVisible();
  await page.keyboard.press('Escape');
  await setMock(rig, { latency_ms: 60_000 });
  const run = (await call(rig, 'POST', '/runs', {
    nodes: [
      { key: 'a', operation: 'image.generate', parameters: { prompt: 'a slow jar', seed: 7 } },
    ],
  })) as { id: string };
  await page.getByRole('button', { name: /in work/ }).click();
  await box.getByRole('button', { name: 'Pause' }).click();
  const state = async () => {
    const now = (await call(rig, 'GET', `/runs/${run.id}`)) as {
      is_paused: boolean;
      state: string;
    };
    return `${now.state} ${now.is_paused}`;
  };
  await expect.poll(state).toBe('active true');
  await box.getByRole('button', { name: 'Resume' }).click();
  await expect.poll(state).toBe('active false');
  await box.getByRole('button', { name: 'Cancel' }).click();
  await expect.poll(state).toMatch(/^cancelled/);
});
