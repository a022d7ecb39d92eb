import { expect, generate, pictures, setMock, test } from './test';

test.use({ allowed: /status of (401|50[23])|ERR_/ });

test('kill -9 and a restart keep everything, and the page finds its way back', async ({
  signedIn: page,
  rig,
}) => {
  await setMock(rig, { latency_ms: 300, failure_rate: 0 });
  await generate(page, 'made before the crash', 2);
  await expect(pictures(page)).toHaveCount(2, { timeout: 30_000 });
  await setMock(rig, { latency_ms: 6000 });
  await generate(page, 'in flight at the crash', 2);
  await expect(page.getByRole('progressbar', { name: 'Picture 1' })).toBeVisible({
    timeout: 20_000,
  });

  await rig.server.end('SIGKILL');
  await expect(page.getByText(/Not connected, retrying/)).toBeVisible({ timeout: 20_000 });
  await rig.server.start();
  const now = page.getByRole('button', { name: 'Retry now' });
  if (await now.isVisible()) await now.click();
  await expect(page.getByText(/Not connected, retrying/)).toBeHidden({ timeout: 40_000 });

  // What was acknowledged is there; what was in flight ends, or asks.
  await page.reload();
  await expect(page.getByRole('button', { name: 'made before the crash' })).toBeVisible();
  await page.getByRole('button', { name: 'in flight at the crash' }).click();
  await expect(async () => {
    const done = await pictures(page).count();
    const asked = await page.getByText('Was it made and paid?').count();
    expect(done + asked).toBe(2);
  }).toPass({ timeout: 40_000 });
  await page.getByRole('button', { name: 'made before the crash' }).click();
  await expect(pictures(page)).toHaveCount(2);
});
