import { Star } from 'lucide-react';
import { describe, expect, it, vi } from 'vitest';
import { appCommands } from '~/app/commands';
import { generateCommands } from '~/features/generate/commands';
import { maskCommands } from '~/features/generate/mask-commands';
import {
  compareCommands,
  libraryCommands,
  ratingCommands,
  viewerCommands,
} from '~/features/library/commands';
import { queueCommands } from '~/features/queue/commands';
import {
  type ActiveCommand,
  activateCommands,
  activeCommands,
  type Command,
  isTextField,
  keyCaps,
  matchStroke,
} from './commands';

const tables: Record<string, Command>[] = [
  appCommands,
  generateCommands,
  maskCommands,
  libraryCommands,
  viewerCommands,
  queueCommands,
  compareCommands,
];
const every: Command[] = [
  ...tables.flatMap((table) => Object.values(table)),
  ...ratingCommands('library'),
  ...ratingCommands('viewer'),
];

function stroke(key: string, change: Partial<KeyboardEvent> = {}) {
  return {
    key,
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    altKey: false,
    ...change,
  } as KeyboardEvent;
}

function active(keys: string[], run = () => {}): ActiveCommand {
  return { id: keys.join(), labelKey: 'common.more', icon: Star, scope: 'library', keys, run };
}

describe('the commands of the page', () => {
  it('have each id once', () => {
    const ids = every.map((command) => command.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('have no key twice in a scope, those everywhere included', () => {
    const taken = new Map<string, string>();
    for (const scope of ['generate', 'library', 'viewer', 'compare', 'mask', 'queue'] as const) {
      taken.clear();
      for (const command of every) {
        if (command.scope !== scope && command.scope !== 'everywhere') continue;
        for (const keys of command.keys) {
          expect(taken.get(keys), `${keys} in ${scope}: ${command.id}`).toBeUndefined();
          taken.set(keys, command.id);
        }
      }
    }
  });

  it('never use a single key that begins a pair in the same place', () => {
    const starts = new Set(
      every.flatMap(({ keys }) => keys.filter((one) => one.includes(' ')).map((one) => one[0])),
    );
    for (const command of every) {
      for (const keys of command.keys) expect(starts.has(keys), command.id).toBe(false);
    }
  });
});

describe('keys', () => {
  const list = [
    active(['Mod+Enter']),
    active(['G L']),
    active(['.']),
    active(['Shift+X']),
    active(['N']),
    active(['+']),
    active(['Space']),
  ];
  const find = (event: KeyboardEvent, pending = '', inText = false, lettersOn = true) =>
    matchStroke(list, event, pending, inText, lettersOn);

  it('find their command', () => {
    expect(find(stroke('Enter', { ctrlKey: true })).command?.keys).toEqual(['Mod+Enter']);
    expect(find(stroke('X', { shiftKey: true })).command?.keys).toEqual(['Shift+X']);
    expect(find(stroke('.')).command?.keys).toEqual(['.']);
    expect(find(stroke('+', { shiftKey: true })).command?.keys).toEqual(['+']);
    expect(find(stroke(' ')).command?.keys).toEqual(['Space']);
    expect(find(stroke('Enter')).command).toBeUndefined();
    expect(find(stroke('n', { altKey: true })).command).toBeUndefined();
  });

  it('may come one after the other', () => {
    const first = find(stroke('g'));
    expect(first).toEqual({ pending: 'G' });
    expect(find(stroke('l'), first.pending).command?.keys).toEqual(['G L']);
    expect(find(stroke('n'), first.pending)).toEqual({ pending: '' });
  });

  it('leave letters to who writes', () => {
    expect(find(stroke('n'), '', true).command).toBeUndefined();
    expect(find(stroke('.'), '', true).command).toBeUndefined();
    expect(find(stroke('Enter', { ctrlKey: true }), '', true).command).toBeDefined();
  });

  it('stay silent as single letters when switched off', () => {
    expect(find(stroke('n'), '', false, false).command).toBeUndefined();
    expect(find(stroke('g'), '', false, false).pending).toBe('');
    expect(find(stroke('X', { shiftKey: true }), '', false, false).command).toBeDefined();
  });

  it('ask whether the command applies', () => {
    const shy = { ...active(['N']), when: () => false };
    expect(matchStroke([shy], stroke('n'), '', false, true).command).toBeUndefined();
  });

  it('belong to the latest place first', () => {
    const below = vi.fn();
    const above = vi.fn();
    const leave = activateCommands({ current: [active(['N'], below)] });
    const leaveAbove = activateCommands({ current: [active(['N'], above)] });
    matchStroke(activeCommands(), stroke('n'), '', false, true).command?.run();
    leaveAbove();
    matchStroke(activeCommands(), stroke('n'), '', false, true).command?.run();
    leave();
    expect(above).toHaveBeenCalledTimes(1);
    expect(below).toHaveBeenCalledTimes(1);
    expect(activeCommands()).toEqual([]);
  });

  it('are shown as caps', () => {
    expect(keyCaps('Mod+Shift+Enter')).toEqual(['Ctrl', 'Shift', '↵']);
    expect(keyCaps('G L')).toEqual(['G', 'L']);
    expect(keyCaps('+')).toEqual(['+']);
  });

  it('know a text field', () => {
    const box = document.createElement('input');
    box.type = 'checkbox';
    expect(isTextField(box)).toBe(false);
    expect(isTextField(document.createElement('input'))).toBe(true);
    expect(isTextField(document.createElement('textarea'))).toBe(true);
    expect(isTextField(null)).toBe(false);
  });
});
