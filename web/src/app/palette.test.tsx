import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { Star } from 'lucide-react';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { meQuery } from '~/api/queries';
import { type ActiveCommand, activateCommands, knownCommands } from '~/lib/commands';
import { loadTexts, startI18n, translate } from '~/lib/i18n';
import { loadCommands } from './all-commands';
import { places } from './commands';
import { Palette } from './palette';

const went = vi.fn();
vi.mock('@tanstack/react-router', () => ({ useNavigate: () => went }));

const leave: (() => void)[] = [];
const activate = (...commands: ActiveCommand[]) => {
  leave.push(activateCommands({ current: commands }));
};
const command = (name: string, run: () => void) =>
  ({
    id: name,
    labelKey: `common.${name}`,
    icon: Star,
    scope: 'generate',
    keys: [],
    run,
  }) as unknown as ActiveCommand;

function open(role = 'owner') {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 1e9 } } });
  client.setQueryData(meQuery.queryKey, { role } as never);
  client.setQueryData(['settings'], []);
  render(
    <QueryClientProvider client={client}>
      <Palette onClose={() => undefined} onSheet={() => went('sheet')} />
    </QueryClientProvider>,
  );
  return screen.getByRole('combobox');
}
const press = (key: string) => fireEvent.keyDown(screen.getByRole('combobox'), { key });
const type = (value: string) =>
  fireEvent.change(screen.getByRole('combobox'), { target: { value } });
const current = () => {
  const id = screen.getByRole('combobox').getAttribute('aria-activedescendant') ?? '';
  return document.getElementById(id);
};

beforeAll(async () => {
  vi.stubGlobal('fetch', () => new Promise(() => undefined)); // the server is not asked here
  Element.prototype.scrollIntoView = () => undefined;
  await startI18n('en');
  await loadCommands();
  await loadTexts('settings');
});
afterEach(() => {
  cleanup();
  went.mockClear();
  for (const one of leave.splice(0)) one();
});

describe('the palette', () => {
  it('finds what a part of the page brings later, and what was chosen stays chosen', () => {
    const ran: string[] = [];
    activate(command('old', () => ran.push('old')));
    open();
    fireEvent.pointerMove(screen.getByRole('option', { name: 'old' }));
    act(() => activate(command('late', () => ran.push('late'))));
    expect(screen.getAllByRole('option').map((one) => one.textContent)).toEqual(['late', 'old']);
    press('Enter');
    type('late');
    press('Enter');
    expect(ran).toEqual(['old', 'late']);
  });

  /** By themselves they do nothing: a finger that stays on a key, an arrow that moves what is seen. */
  const keyOnly = [
    'app.palette',
    'compare.left',
    'compare.right',
    'mask.original',
    'mask.panDown',
    'mask.panLeft',
    'mask.panRight',
    'mask.panUp',
    'viewer.panDown',
    'viewer.panUp',
  ];

  it('has every command that is known, by keyboard alone, and runs it', () => {
    const known = knownCommands();
    expect(known.length).toBeGreaterThan(90);
    expect(
      known
        .filter((one) => one.isKeyOnly)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(keyOnly);
    const ran: string[] = [];
    activate(...known.map((one) => ({ ...one, run: () => ran.push(one.id) })));
    open();
    const wanted = known.filter((one) => !one.isKeyOnly);
    for (const { id, labelKey } of wanted) {
      type(translate(labelKey));
      for (let presses = 0; current()?.dataset.command !== id && presses < 60; presses++) {
        press('ArrowDown');
      }
      expect(current()?.dataset.command, id).toBe(id);
      press('Enter');
    }
    // The sheet of keys is opened by who holds the palette.
    expect(ran).toEqual(wanted.map(({ id }) => id).filter((id) => id !== 'app.sheet'));
    expect(went).toHaveBeenCalledWith('sheet');
  }, 120_000);

  it('shows a command with its key, each group under its title, and no group twice', () => {
    const known = knownCommands().filter((one) => !one.isKeyOnly);
    activate(...known.map((one) => ({ ...one, run: () => undefined })));
    open();
    const groups = screen.getAllByRole('group');
    expect(groups.map((one) => one.getAttribute('aria-labelledby'))).toEqual(
      ['page', 'places', 'actions'].map((name) => `palette-group-${name}`),
    );
    const [, pages] = groups;
    if (!pages) throw new Error('no pages');
    expect(within(pages).getAllByRole('option')).toHaveLength(places.length);
    const toLibrary = within(pages).getByRole('option', { name: /^Go to Library/ });
    expect(toLibrary.querySelectorAll('kbd')).toHaveLength(2);
    press('PageDown');
    expect(current()?.dataset.command).toBe('app.goGenerate');
    press('PageUp');
    press('PageUp');
    expect(current()).toBe(screen.getAllByRole('option')[0]);
  });

  it('leads to single settings, of the house only for who keeps it', () => {
    open('member');
    type('theme');
    const theme = screen.getByRole('option', { name: /^Theme/ });
    fireEvent.click(theme);
    expect(went).toHaveBeenCalledWith({ to: '/settings/appearance', hash: 'theme' });
    type('AI labels');
    expect(screen.queryByRole('option', { name: /^AI labels/ })).toBeNull();
    cleanup();
    open('admin');
    type('AI labels');
    fireEvent.click(screen.getByRole('option', { name: /^AI labels/ }));
    expect(went).toHaveBeenCalledWith({ to: '/settings/system', hash: 'labels' });
  });

  it('offers the search of library and products when nothing else fits', () => {
    open();
    type('zzqx');
    expect(screen.getAllByRole('option')).toHaveLength(2);
    press('Enter');
    expect(went).toHaveBeenCalledWith({ to: '/library', search: { q: 'zzqx' } });
  });
});
