import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { prefer } from './look';
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

test('a model lists what a call may also say: it is set, sent, told of the picture and taken over', async ({
  browser,
}) => {
  await inOwnHouse(browser, async (page, rig) => {
    await fetch(`${origin}/__control`, { method: 'POST', body: JSON.stringify({ reset: true }) });
    await call(rig, 'POST', '/providers', {
      kind: 'comfyui',
      name: 'own',
      base_url: origin,
      is_private_allowed: true,
      options: { sampler: 'heun' },
    });
    const { items } = (await call(rig, 'GET', '/models')) as {
      items: { id: string; name: string; options: { name: string }[] }[];
    };
    const model = items.find(({ name }) => name === 'txt2img');
    expect(model?.options.map(({ name }) => name)).toEqual(['sampler', 'scheduler', 'checkpoint']);
    await page.goto('/generate');
    await page.evaluate((id) => {
      const saved = { state: { draft: { modelId: id, count: 1, values: {} } }, version: 1 };
      localStorage.setItem('vitrine.draft', JSON.stringify(saved));
    }, model?.id);
    await page.reload();
    await page.getByLabel('Prompt', { exact: true }).fill('a cup of rain');
    await page.getByRole('button', { name: 'More settings' }).click();
    await page.getByLabel('Sampler').fill('dpmpp_2m');
    await expect(page.getByLabel('Change', { exact: true })).toBeHidden(); // no picture goes in
    await page.getByRole('button', { name: /^Generate/ }).click();

    const entries = async () =>
      (
        (await (await fetch(`${origin}/__ledger`)).json()) as {
          entries: { graph: { smp: { inputs: { sampler_name: string; scheduler: string } } } }[];
        }
      ).entries;
    await expect.poll(async () => (await entries()).length, { timeout: 30_000 }).toBe(1);
    const inputs = (await entries())[0]?.graph.smp.inputs;
    expect([inputs?.sampler_name, inputs?.scheduler]).toEqual(['dpmpp_2m', 'normal']);

    // The picture tells of it by the option's own name, and gives it back to the form.
    await expect
      .poll(
        async () => ((await call(rig, 'GET', '/assets')) as { items: unknown[] }).items.length,
        {
          timeout: 30_000,
        },
      )
      .toBe(1);
    const { items: made } = (await call(rig, 'GET', '/assets')) as { items: { id: string }[] };
    await page.goto(`/library/${made[0]?.id}`);
    await expect(page.getByText('Sampler')).toBeVisible();
    await expect(page.getByText('dpmpp_2m')).toBeVisible();
    await page.evaluate(() => localStorage.removeItem('vitrine.draft'));
    await page.reload();
    await page.getByRole('button', { name: 'All', exact: true }).click();
    await page.getByRole('button', { name: 'More settings' }).click();
    await expect(page.getByLabel('Sampler')).toHaveValue('dpmpp_2m');
  });
});

test('what a server has is chosen from its list, and a model without it says that it goes unused', async ({
  browser,
}) => {
  await inOwnHouse(
    browser,
    async (page, rig) => {
      await fetch(`${origin}/__control`, { method: 'POST', body: JSON.stringify({ reset: true }) });
      const provider = (await call(rig, 'POST', '/providers', {
        kind: 'comfyui',
        name: 'own',
        base_url: origin,
        is_private_allowed: true,
        options: {},
      })) as { id: string };
      await page.goto('/generate');
      await page.evaluate((id) => {
        const draft = { modelId: id, count: 1, values: { 'options.sampler': 'gone' } };
        const saved = { state: { draft, isMoreOpen: true }, version: 1 };
        localStorage.setItem('vitrine.draft', JSON.stringify(saved));
      }, `${provider.id}/txt2img`);
      await page.reload();
      await expect(page.getByLabel('Sampler')).toHaveValue('gone'); // it was never asked
      await call(rig, 'POST', `/providers/${provider.id}/test`);
      const sampler = page.getByRole('combobox', { name: 'Sampler' });
      await expect(sampler).toBeVisible(); // the open page hears of it
      await expect(page.getByText('Not used by this model: “Sampler”.')).toBeVisible();
      await sampler.click();
      await page.getByRole('option', { name: 'dpmpp_2m' }).click();
      await expect(page.getByText(/^Not used by this model/)).toBeHidden();

      await page.getByLabel('Prompt', { exact: true }).fill('a cup from a list');
      await page.getByRole('button', { name: /^Generate/ }).click();
      const ledger = async () =>
        (await (await fetch(`${origin}/__ledger`)).json()) as {
          entries: { graph: { smp: { inputs: { sampler_name: string } } } }[];
        };
      await expect.poll(async () => (await ledger()).entries.length, { timeout: 30_000 }).toBe(1);
      expect((await ledger()).entries[0]?.graph.smp.inputs.sampler_name).toBe('dpmpp_2m');

      // Kept for this model, named at another that has no such thing.
      await page.evaluate(() => {
        const saved = JSON.parse(localStorage.getItem('vitrine.draft') ?? '{}');
        saved.state.draft.modelId = '';
        localStorage.setItem('vitrine.draft', JSON.stringify(saved));
      });
      await page.reload();
      await expect(page.getByText('Not used by this model: “Sampler”.')).toBeVisible();
      // Until the page has heard of the list it may ask what a run with the old word costs.
    },
    /status of (401|422)/,
  );
});

// As the editor exports it: nothing is marked, a picture and its mask in it.
const exported = {
  3: {
    inputs: {
      seed: 156680208700286,
      steps: 20,
      cfg: 8,
      sampler_name: 'euler',
      scheduler: 'normal',
      denoise: 1,
      model: ['4', 0],
      positive: ['6', 0],
      negative: ['7', 0],
      latent_image: ['5', 0],
    },
    class_type: 'KSampler',
    _meta: { title: 'KSampler' },
  },
  4: {
    inputs: { ckpt_name: 'sd_xl_base_1.0.safetensors' },
    class_type: 'CheckpointLoaderSimple',
    _meta: { title: 'Load Checkpoint' },
  },
  5: {
    inputs: { width: 512, height: 768, batch_size: 1 },
    class_type: 'EmptyLatentImage',
    _meta: { title: 'Empty Latent Image' },
  },
  6: {
    inputs: { text: 'a lamp on a desk', clip: ['4', 1] },
    class_type: 'CLIPTextEncode',
    _meta: { title: 'Positive' },
  },
  7: {
    inputs: { text: 'text, watermark', clip: ['4', 1] },
    class_type: 'CLIPTextEncode',
    _meta: { title: 'Negative' },
  },
  8: { inputs: { samples: ['3', 0], vae: ['4', 2] }, class_type: 'VAEDecode' },
  9: {
    inputs: { images: ['8', 0] },
    class_type: 'PreviewImage',
    _meta: { title: 'Preview Image' },
  },
};
const file = (name: string, graph: unknown) => ({
  name,
  mimeType: 'application/json',
  buffer: Buffer.from(JSON.stringify(graph)),
});

test('an exported workflow is looked at, changed, kept, and asked for as a model', async ({
  browser,
}) => {
  await inOwnHouse(
    browser,
    async (page, rig) => {
      await fetch(`${origin}/__control`, { method: 'POST', body: JSON.stringify({ reset: true }) });
      await page.goto('/settings/providers');
      await page.getByRole('button', { name: 'Add a provider' }).click();
      await page.getByRole('button', { name: /^ComfyUI/ }).click();
      const dialog = page.getByRole('dialog', { name: /^(ComfyUI|Attic)$/ });
      await dialog.getByLabel('Name', { exact: true }).fill('Attic');
      await dialog.getByLabel('Server', { exact: true }).fill(origin);
      await dialog.getByRole('switch', { name: 'Allow private addresses' }).click();

      // The editor's own file is refused, and it is said which one is wanted.
      const picker = dialog.locator('input[type=file]');
      await picker.setInputFiles(file('editor.json', { nodes: [], links: [], version: 0.4 }));
      await expect(dialog.getByText('Workflow > Export (API) and take that file')).toBeVisible();
      await dialog
        .getByPlaceholder('Or paste its text')
        .fill('{"a":{"class_type":"SaveImage","inputs":{"images":["b",0]}}}');
      await expect(
        dialog.getByText('node "a" (SaveImage), input images: it is linked'),
      ).toBeVisible();

      await picker.setInputFiles(file('Lamp on a desk.json', exported));
      await expect(
        dialog.getByRole('button', { name: /Lamp on a desk 11 parameters/ }),
      ).toBeVisible();
      const list = dialog.getByRole('list', { name: 'Parameters' });
      await expect(list.getByRole('combobox', { name: 'Prompt goes to' })).toHaveText(
        'Positive · text (6)',
      );
      await expect(list.getByRole('combobox', { name: 'Seed goes to' })).toHaveText(
        'KSampler · seed (3)',
      );
      await expect(dialog.getByText('Preview Image (9) only shows the picture')).toBeVisible();
      // What was refused stays, and nothing is saved over it.
      await dialog.getByRole('button', { name: 'Add', exact: true }).click();
      await expect(dialog.getByText(/is not in the list yet/)).toBeVisible();
      await expect(dialog.getByPlaceholder('Or paste its text')).toBeFocused();
      await dialog.getByPlaceholder('Or paste its text').fill('');
      await expect(dialog.getByText(/is not in the list yet/)).toBeHidden();
      await list.getByRole('switch', { name: 'Set Steps' }).click();
      await expect(dialog.getByRole('button', { name: /10 parameters/ })).toBeVisible();
      // What another one takes cannot be chosen; freed, it can.
      await list.getByRole('combobox', { name: 'Prompt goes to' }).click();
      await expect(page.getByRole('option', { name: /Negative · text/ })).toBeDisabled();
      await page.keyboard.press('Escape');
      await list.getByRole('switch', { name: 'Set Not in the picture' }).click();
      await list.getByRole('combobox', { name: 'Prompt goes to' }).click();
      await page.getByRole('option', { name: /Negative · text/ }).click();
      await dialog.getByRole('button', { name: 'Add', exact: true }).click();
      await expect(dialog).toBeHidden();

      const { items } = (await call(rig, 'GET', '/models')) as {
        items: { id: string; label: string; has_steps: boolean; has_negative: boolean }[];
      };
      const model = items.find(({ label }) => label === 'Lamp on a desk');
      expect(model).toMatchObject({ has_steps: false, has_negative: false });
      expect(model?.id).toMatch(/\/lamp-on-a-desk$/);
      await page.goto('/generate');
      await page.evaluate((id) => {
        const saved = { state: { draft: { modelId: id, count: 1, values: {} } }, version: 1 };
        localStorage.setItem('vitrine.draft', JSON.stringify(saved));
      }, model?.id);
      await page.reload();
      await page.getByLabel('Prompt', { exact: true }).fill('a cup');
      await page.getByRole('button', { name: /^Generate/ }).click();
      const entries = async () =>
        (
          (await (await fetch(`${origin}/__ledger`)).json()) as {
            entries: { graph: Record<string, { class_type: string; inputs: object }> }[];
          }
        ).entries;
      await expect.poll(async () => (await entries()).length, { timeout: 30_000 }).toBe(1);
      const graph = (await entries())[0]?.graph;
      expect(graph?.[7]?.inputs).toMatchObject({ text: 'a cup' });
      expect(graph?.[6]?.inputs).toMatchObject({ text: 'a lamp on a desk' });
      expect(graph?.[3]?.inputs).toMatchObject({ steps: 20, cfg: 8 });
      expect(graph?.[9]?.class_type).toBe('SaveImage');

      // Kept as it was left; without it the model is gone.
      await page.goto('/settings/providers');
      await page
        .getByRole('listitem')
        .filter({ hasText: 'Attic' })
        .getByRole('button', { name: 'Edit' })
        .click();
      await dialog.getByRole('button', { name: /Lamp on a desk 9 parameters/ }).click();
      await expect(list.getByRole('switch', { name: 'Set Steps' })).not.toBeChecked();
      await expect(list.getByRole('combobox', { name: 'Prompt goes to' })).toHaveText(
        'Negative · text (7)',
      );
      await dialog.getByRole('button', { name: 'Remove Lamp on a desk' }).click();
      await dialog.getByRole('button', { name: 'Save' }).click();
      await expect(dialog).toBeHidden();
      const left = (await call(rig, 'GET', '/models')) as { items: { id: string }[] };
      expect(left.items.map(({ id }) => id)).not.toContain(model?.id);
    },
    /status of (401|422)/,
  );
});

test('a workflow is added in Chinese on a phone', async ({ browser }) => {
  await inOwnHouse(browser, async (page, rig) => {
    await prefer(page, { language: 'zh-CN', theme: 'dark' });
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto('/settings/providers');
    await page.getByRole('button', { name: '添加服务商' }).click();
    await page.getByRole('button', { name: /^ComfyUI/ }).click();
    const dialog = page.getByRole('dialog', { name: 'ComfyUI' });
    const picker = dialog.locator('input[type=file]');
    await picker.setInputFiles(file('editor.json', { nodes: [], links: [] }));
    await expect(dialog.getByText('“工作流 > 导出 (API)”，使用导出的文件')).toBeVisible();
    await picker.setInputFiles(file('台灯.json', exported));
    await expect(dialog.getByRole('button', { name: /台灯 11 个参数/ })).toBeVisible();
    await expect(dialog.getByRole('combobox', { name: '提示词填入' })).toHaveText(
      'Positive · text (6)',
    );
    await expect(dialog.getByText(/只预览图片/)).toBeVisible();
    const box = await dialog.boundingBox();
    expect(box?.width).toBeLessThanOrEqual(360);
    await dialog.getByText(/只预览图片/).scrollIntoViewIfNeeded();
    // Dropped and pasted, each has a name and an id that nobody else has.
    const dropped = await page.evaluateHandle((text) => {
      const carried = new DataTransfer();
      carried.items.add(new File([text], '台灯.json', { type: 'application/json' }));
      return carried;
    }, JSON.stringify(exported));
    await dialog
      .getByRole('button', { name: '选择文件' })
      .dispatchEvent('drop', { dataTransfer: dropped });
    await expect(dialog.getByRole('button', { name: /台灯 2 11 个参数/ })).toBeVisible();
    // Several at once, as they come; what is none of them is named, and the others are kept.
    await picker.setInputFiles([
      file('杯子.json', exported),
      file('editor.json', { nodes: [], links: [] }),
      file('台灯.json', exported),
    ]);
    const refused = dialog.getByRole('alert').filter({ hasText: '1 个文件未添加' });
    await expect(refused.getByRole('listitem')).toHaveText(/^editor\.json.*导出 \(API\)/);
    await expect(dialog.getByRole('button', { name: /^(杯子|台灯 3) 11 个参数/ })).toHaveCount(2);
    await refused.scrollIntoViewIfNeeded();
    await page.screenshot({ path: '../shots/workflows-zh-CN-dark-small-phone.png' });
    await dialog.getByPlaceholder('或粘贴文件内容').fill(JSON.stringify(exported));
    await expect(dialog.getByRole('button', { name: /工作流 11 个参数/ })).toBeVisible();
    await expect(dialog.getByPlaceholder('或粘贴文件内容')).toHaveValue('');
    await dialog.getByRole('button', { name: '添加', exact: true }).click();
    await expect(dialog).toBeHidden();
    const { items } = (await call(rig, 'GET', '/models')) as {
      items: { name: string; label: string; kind: string }[];
    };
    const own = items.filter(({ kind, name }) => kind === 'comfyui' && name.startsWith('workflow'));
    expect(own.map(({ name, label }) => [name, label])).toEqual([
      ['workflow', '台灯'],
      ['workflow-2', '台灯 2'],
      ['workflow-3', '杯子'],
      ['workflow-4', '台灯 3'],
      ['workflow-5', '工作流'],
    ]);
  });
});
