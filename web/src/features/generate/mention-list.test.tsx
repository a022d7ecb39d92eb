import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import { useRef } from 'react';
import { beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { Asset, Model } from '~/api/types';
import { loadTexts, startI18n } from '~/lib/i18n';
import { useDraft } from './draft';
import { PromptBox } from './prompt-box';
import type { PromptTools } from './prompt-tools';

beforeAll(async () => {
  await startI18n('en');
  await loadTexts('generate');
});

const asset = (id: string, name: string) => ({ id, name, variants: [] }) as unknown as Asset;
const all = [asset('A3', 'a blue cup'), asset('A2', 'a lamp of brass'), asset('A1', 'a chair')];
/** what was looked for; an answer to words stays away until it is let go */
let asked: string[] = [];
let letGo: () => void = () => {};

beforeEach(() => {
  asked = [];
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  useDraft.getState().change({ prompt: '', references: [] });
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    const q = searchParams.get('q') ?? '';
    if (pathname !== '/api/v1/assets') return Response.json({ items: [], next_cursor: '' });
    asked.push(q);
    if (q) await held;
    return Response.json({ items: q ? all.slice(2) : all, next_cursor: '' });
  });
});

const tools = { canExpand: true, canDescribe: false } as PromptTools;
function Box({ model }: { model: Model }) {
  const boxRef = useRef<HTMLTextAreaElement>(null);
  return (
    <PromptBox
      boxRef={boxRef}
      lengthMax={1000}
      models={[model]}
      model={model}
      operation={undefined}
      tools={tools}
    />
  );
}

function show(referencesMax = 4) {
  const model = { label: 'Mock', references_max: referencesMax } as Model;
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Box model={model} />
    </QueryClientProvider>,
  );
  return screen.getByRole('textbox', { name: 'Prompt' });
}

const type = (box: HTMLElement, value: string) =>
  fireEvent.change(box, { target: { value, selectionStart: value.length } });
/** false: the key was taken, and the browser does nothing of its own with it */
const press = (box: HTMLElement, key: string) => fireEvent.keyDown(box, { key });
const labels = () => screen.queryAllByRole('option').map((one) => one.textContent);

it('takes the picture of the name that was typed, before the server answers', async () => {
  const box = show();
  type(box, '@');
  await waitFor(() => expect(labels()).toHaveLength(3));
  type(box, '@lamp');
  expect(labels()).toEqual([expect.stringContaining('a lamp of brass')]);
  expect(asked).toEqual(['']);
  // Asked for and not yet there it is the same.
  await waitFor(() => expect(asked).toEqual(['', 'lamp']));
  expect(labels()).toEqual([expect.stringContaining('a lamp of brass')]);
  expect(press(box, 'Enter')).toBe(false);
  expect(useDraft.getState().draft).toMatchObject({
    prompt: 'Reference 1 ',
    references: ['A2'],
  });
});

it('shows all that the server found, whatever their names', async () => {
  const box = show();
  type(box, '@');
  await waitFor(() => expect(labels()).toHaveLength(3));
  type(box, '@seat');
  expect(labels()).toEqual([]);
  expect(press(box, 'Enter')).toBe(true);
  letGo();
  await waitFor(() => expect(labels()).toEqual([expect.stringContaining('a chair')]));
});

it('keeps no key that chooses nothing', async () => {
  const box = show(0); // a model that takes no picture
  type(box, '@');
  await waitFor(() => expect(labels()).toHaveLength(3));
  expect(screen.getByRole('option', { selected: true }).getAttribute('aria-disabled')).toBe('true');
  expect(press(box, 'Tab')).toBe(true);
  expect(press(box, 'Enter')).toBe(true);
  expect(press(box, 'ArrowDown')).toBe(false);
  expect(useDraft.getState().draft).toMatchObject({ prompt: '@', references: [] });
});
