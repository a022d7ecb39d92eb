import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { call, expect, inOwnHouse, test } from './test';

const script = fileURLToPath(new URL('../../tests/providers/comfyui.mjs', import.meta.url));
let fake: ChildProcess;
let origin = '';

test.beforeAll(async () => {
  fake = spawn('node', [script, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  origin = await new Promise((resolve) =>
    fake.stdout?.on('data', (text: Buffer) =>
      resolve(`http://127.0.0.1:${String(text).match(/listening (\d+)/)?.[1]}`),
    ),
  );
});
test.afterAll(() => {
  fake.kill();
});

test('a server of ones own tells its steps while it works', async ({ browser }) => {
  // In a house of its own: the work goes on when the test has seen enough.
  await inOwnHouse(browser, async (page, rig) => {
    await fetch(`${origin}/__control`, {
      method: 'POST',
      body: JSON.stringify({ latency_ms: 45000 }),
    });
    const provider = (await call(rig, 'POST', '/providers', {
      kind: 'comfyui',
      name: 'own',
      base_url: origin,
      is_private_allowed: true,
      options: {},
    })) as { id: string };
    await call(rig, 'POST', '/runs', {
      nodes: [
        {
          key: 'p1',
          operation: 'image.generate',
          parameters: { prompt: 'a cup in steps', model: `${provider.id}/txt2img`, steps: 20 },
        },
      ],
    });
    await page.goto('/generate');
    const results = page.getByRole('region', { name: 'Results' });
    await expect(results.getByText(/^Step \d+ of 20$/)).toBeVisible({ timeout: 40_000 });
    await expect(results.getByAltText('Preview, not finished')).toBeVisible();
  });
});
