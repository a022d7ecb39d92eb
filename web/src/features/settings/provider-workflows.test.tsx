import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { Provider, ProviderField, ProviderKind } from '~/api/types';
import { loadTexts, startI18n } from '~/lib/i18n';
import { TipProvider } from '~/ui/tip';
import { onToast } from '~/ui/toast';
import { ProviderDialog } from './provider-dialog';
import type { OwnWorkflow } from './workflow-model';

// The whole dialog is drawn; beside other work that may take a machine its time.
vi.setConfig({ testTimeout: 30_000 });

beforeAll(async () => {
  await startI18n('en');
  await loadTexts('settings');
});

const seen = { is_marked: true, node_count: 1, parameters: [], inputs: [], notes: [] };
/** lets the server's answers about workflows go, one by one in the order of asking */
let waiting: (() => void)[] = [];
let saved: { options: { workflows: OwnWorkflow[] } }[] = [];
let toasts: string[] = [];

beforeEach(() => {
  waiting = [];
  saved = [];
  toasts = [];
  onToast((title) => toasts.push(title));
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith('/provider-kinds/workflow')) {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return Response.json(seen);
    }
    if (request.method === 'PATCH') {
      saved.push(await request.json());
      return Response.json({ name: 'Attic' });
    }
    return Response.json({ role: 'owner', items: [] });
  });
});

const kind = {
  name: 'comfyui',
  label: 'ComfyUI',
  about_en: '',
  about_zh: '',
  fields: [
    {
      name: 'workflows',
      type: 'workflows',
      label_en: 'Workflows',
      help_en: '',
      label_zh: '',
      help_zh: '',
      choices: [],
    } as unknown as ProviderField,
  ],
} as unknown as ProviderKind;

const graph = '{"1":{"class_type":"A","inputs":{}}}';
const own = (id: string): OwnWorkflow => ({ id, name: id, graph });

function show(workflows: OwnWorkflow[]) {
  const provider = {
    id: 'P1',
    kind: 'comfyui',
    name: 'Attic',
    options: { workflows },
    keys: [],
  } as unknown as Provider;
  render(
    <QueryClientProvider client={new QueryClient()}>
      <TipProvider>
        <ProviderDialog kinds={[kind]} provider={provider} taken={[]} onClose={() => {}} />
      </TipProvider>
    </QueryClientProvider>,
  );
}

const file = (name: string) => new File([graph], name, { type: 'application/json' });
const drop = (...files: File[]) =>
  fireEvent.drop(screen.getByRole('button', { name: 'Choose files' }), {
    dataTransfer: { files },
  });
const box = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Or paste its text' });
const type = (value: string) => fireEvent.change(box(), { target: { value } });
const asked = (count: number) => waitFor(() => expect(waiting).toHaveLength(count));
const answer = () => act(async () => waiting.shift()?.());
const names = () =>
  within(screen.getByRole('list', { name: 'Workflows' }))
    .getAllByRole('button', { name: /^Remove / })
    .map((one) => one.getAttribute('aria-label')?.slice('Remove '.length));
const save = () => fireEvent.click(screen.getByRole('button', { name: 'Save' }));
const held = () => screen.queryByText(/is not in the list yet/);

it('adds to the list as it is by then: what was renamed and removed meanwhile stays so', async () => {
  show([own('desk'), own('lamp')]);
  fireEvent.click(screen.getByRole('button', { name: /^desk/ }));
  await asked(1); // the row's own question
  await answer();
  drop(file('table.json'));
  await asked(1);
  fireEvent.change(screen.getByPlaceholderText('desk'), { target: { value: 'Table' } });
  fireEvent.click(screen.getByRole('button', { name: 'Remove lamp' }));
  await answer();
  await waitFor(() => expect(names()).toEqual(['Table', 'table 2']));
  expect(screen.getByRole('button', { name: /^table 2/ }).getAttribute('aria-expanded')).toBe(
    'true',
  );
  save();
  await waitFor(() => expect(saved).toHaveLength(1));
  expect(saved[0]?.options.workflows.map(({ id, name }) => [id, name])).toEqual([
    ['desk', 'Table'],
    ['table-2', 'table 2'],
  ]);
});

it('takes no files while it reads others, and says so', async () => {
  show([own('desk')]);
  drop(file('flux.json'));
  drop(file('other.json'));
  expect(toasts).toEqual([expect.stringContaining('still being read')]);
  expect(box().readOnly).toBe(true);
  save();
  expect(held()).not.toBeNull();
  await asked(1);
  await answer();
  await waitFor(() => expect(names()).toEqual(['desk', 'flux']));
  expect(held()).toBeNull();
  expect(box().readOnly).toBe(false);
  save();
  await waitFor(() => expect(saved).toHaveLength(1));
  expect(saved[0]?.options.workflows.map(({ id }) => id)).toEqual(['desk', 'flux-2']);
});

it('takes several at once in their order, and names those that it cannot read', async () => {
  show([own('desk')]);
  drop(
    file('desk.json'),
    new File(['{"nodes":[]}'], 'editor.json'),
    file('same.json'),
    new File(['x'.repeat(100_001)], 'film.json'),
    file('same.json'),
    new File(['no'], 'notes.json'),
  );
  for (let one = 0; one < 3; one++) {
    await asked(1); // one after the other
    save();
    expect(held()).not.toBeNull();
    await answer();
  }
  await waitFor(() => expect(names()).toEqual(['desk', 'desk 2', 'same', 'same 2']));
  const refused = screen.getByText('3 files were not added').parentElement as HTMLElement;
  expect(
    within(refused)
      .getAllByRole('listitem')
      .map((one) => one.textContent),
  ).toEqual([
    expect.stringMatching(/^editor\.json.*Export \(API\)/),
    'film.jsonToo large: a workflow has at most 100,000 bytes.',
    expect.stringMatching(/^notes\.json.*no.*JSON/),
  ]);
  // All are folded, so that one sees what came.
  expect(screen.getAllByRole('button', { expanded: false }).length).toBeGreaterThanOrEqual(4);
  expect(screen.queryByRole('list', { name: 'Parameters' })).toBeNull();
  drop(file('late.json'));
  await asked(1);
  await answer();
  await waitFor(() => expect(names()).toHaveLength(5));
  expect(screen.queryByText('3 files were not added')).toBeNull();
  save();
  await waitFor(() => expect(saved).toHaveLength(1));
  const kept = saved[0]?.options.workflows.map(({ id }) => id);
  expect(kept).toEqual(['desk', 'desk-2', 'same', 'same-2', 'late']);
});

it('keeps to the number and to the bytes of all, and says of which files it was too many', async () => {
  show(Array.from({ length: 10 }, (_, index) => own(`w${index}`)));
  drop(file('a.json'), file('b.json'), file('c.json'));
  await asked(1);
  await answer();
  await asked(1);
  await answer();
  // The place where files are given is gone with the last; what did not fit is still told.
  const alert = await screen.findByText('One file was not added');
  expect(alert.parentElement?.textContent).toContain('c.jsonThe list is full');
  expect(names()).toHaveLength(12);
  expect(screen.queryByRole('button', { name: 'Choose files' })).toBeNull();
});

it('saves nothing over a text that was refused, and a file leaves it there', async () => {
  show([own('desk')]);
  type('{"nodes":[]}');
  await screen.findByText(/Export \(API\) and take that file/);
  expect(box().readOnly).toBe(false);
  save();
  expect(held()).not.toBeNull();
  drop(file('lamp.json'));
  await asked(1);
  await answer();
  await waitFor(() => expect(names()).toEqual(['desk', 'lamp']));
  expect(box().value).toBe('{"nodes":[]}');
  expect(held()).not.toBeNull();
  expect(saved).toEqual([]);
  type('');
  expect(held()).toBeNull();
  save();
  await waitFor(() => expect(saved).toHaveLength(1));
});
