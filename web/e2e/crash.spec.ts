import { Relay } from './relay';
import { call, expect, generate, pictures, setMock, test } from './test';

test.use({ allowed: /status of (401|50[23])|ERR_/ });

test.beforeEach(async ({ rig }) => {
  await setMock(rig, { latency_ms: 300, failure_rate: 0 });
});

test('kill -9 and a restart keep everything, and the page finds its way back by itself', async ({
  signedIn: page,
  rig,
}) => {
  await generate(page, 'made before the crash', 2);
  await expect(pictures(page)).toHaveCount(2, { timeout: 30_000 });
  await setMock(rig, { latency_ms: 6000 });
  await generate(page, 'in flight at the crash', 2);
  await expect(page.getByRole('progressbar', { name: 'Picture 1' })).toBeVisible({
    timeout: 20_000,
  });

  await rig.server.end('SIGKILL');
  await expect(page.getByText(/Not connected, retrying/)).toBeVisible({ timeout: 20_000 });
  await expect(page.getByRole('button', { name: 'Generate', exact: true })).toBeDisabled();
  await rig.server.start();
  await expect(page.getByText(/Not connected, retrying/)).toBeHidden({ timeout: 40_000 });

  // Nobody touched the page: what was in flight ends, or asks.
  const ended = async () => {
    const done = await pictures(page).count();
    const asked = await page.getByText('Was it made and paid?').count();
    expect(done + asked).toBe(2);
  };
  await expect(ended).toPass({ timeout: 40_000 });
  await page.getByRole('button', { name: 'made before the crash' }).click();
  await expect(pictures(page)).toHaveCount(2);
  await page.reload();
  await page.getByRole('button', { name: 'in flight at the crash' }).click();
  await expect(ended).toPass();
  await page.goto('/library?q=before');
  await expect(page.getByRole('gridcell')).toHaveCount(2);
});

test('what would be paid again waits while the server is out of reach', async ({
  signedIn: page,
  rig,
}) => {
  await setMock(rig, { latency_ms: 100, failure_rate: 1, failure_kind: 'refused' });
  await generate(page, 'refused before the crash', 2);
  const results = page.getByRole('region', { name: 'Results' });
  const again = results.getByRole('button', { name: /^(Retry 2|Try again)$/ });
  await expect(again).toHaveCount(3, { timeout: 40_000 });
  for (const button of await again.all()) await expect(button).toBeEnabled();
  await rig.server.end('SIGKILL');
  await expect(page.getByText(/Not connected, retrying/)).toBeVisible({ timeout: 20_000 });
  for (const button of await again.all()) await expect(button).toBeDisabled();
  await rig.server.start();
  await expect(page.getByText(/Not connected, retrying/)).toBeHidden({ timeout: 40_000 });
  for (const button of await again.all()) await expect(button).toBeEnabled();
});

const relayed = test.extend<{ relay: Relay }>({
  relay: async ({ rig }, use) => {
    const relay = new Relay(rig.server.url);
    await relay.start();
    await use(relay);
    await relay.end();
  },
  baseURL: async ({ relay }, use) => use(relay.url),
});

relayed(
  'told to start anew, the page asks for what it missed',
  async ({ signedIn: page, rig, relay }) => {
    await setMock(rig, { latency_ms: 1500 });
    await generate(page, 'seen through a gap', 2);
    await expect(page.getByRole('progressbar', { name: 'Picture 1' })).toBeVisible();
    relay.isMuted = true;
    await expect
      .poll(async () => {
        const { items } = (await call(rig, 'GET', '/runs?limit=1')) as {
          items: { state: string }[];
        };
        return items[0]?.state;
      })
      .toBe('done');
    // The server is done; the page cannot know.
    await expect(pictures(page)).toHaveCount(0);
    relay.isMuted = false;
    relay.reset();
    await expect(pictures(page)).toHaveCount(2);
    const work = page.getByRole('region', { name: 'In work' });
    await expect(work.getByText('seen through a gap')).toHaveCount(0);
  },
);

relayed('a stream that breaks goes on where it ended', async ({ signedIn: page, rig, relay }) => {
  await setMock(rig, { latency_ms: 2500 });
  await generate(page, 'seen after a break', 2);
  await expect(page.getByRole('progressbar', { name: 'Picture 1' })).toBeVisible();
  await expect.poll(() => relay.streams).toBe(1);
  relay.cut();
  await expect(pictures(page)).toHaveCount(2, { timeout: 20_000 });
  await expect.poll(() => relay.streams).toBe(1);
});
