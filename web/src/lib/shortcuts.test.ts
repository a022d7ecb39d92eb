import { Star } from 'lucide-react';
import { afterEach, describe, expect, it } from 'vitest';
import {
  activateCommands,
  activeCommands,
  type Command,
  defineCommands,
  isCharacterKey,
  knownCommands,
  matchStroke,
} from './commands';
import { usePreferences } from './preferences';
import {
  capture,
  clashOf,
  isOfBrowser,
  readShortcuts,
  strokeText,
  withKeys,
  writeShortcuts,
} from './shortcuts';

import.meta.glob('../**/commands.ts', { eager: true });

function stroke(key: string, change: Partial<KeyboardEvent> = {}) {
  const event = { key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };
  return { ...event, ...change } as KeyboardEvent;
}

const row = { labelKey: 'common.more', icon: Star } as const;

afterEach(() => usePreferences.getState().set({ shortcuts: {} }));

describe('a stroke', () => {
  it.each([
    [stroke('n'), 'N'],
    [stroke('N', { shiftKey: true }), 'Shift+N'],
    [stroke('?', { shiftKey: true }), '?'],
    [stroke('+', { ctrlKey: true }), 'Mod++'],
    [stroke(' ', { ctrlKey: true }), 'Mod+Space'],
    [stroke('Enter', { ctrlKey: true, shiftKey: true }), 'Mod+Shift+Enter'],
    [stroke('F6'), 'F6'],
    [stroke('Shift', { shiftKey: true }), ''],
    [stroke('Escape'), ''],
    [stroke('Dead'), ''],
    [stroke('n', { metaKey: true }), ''],
  ])('is named as commands name it', (event, text) => {
    expect(strokeText(event)).toBe(text);
    if (!text) return;
    const command = { ...row, id: 'x', scope: 'library' as const, keys: [text], run: () => {} };
    expect(matchStroke([command], event, '', false, true).command).toBe(command);
  });

  it('may be the first of two when it is a character', () => {
    expect(capture('', stroke('g'))).toEqual({ keys: 'G', isDone: false });
    expect(capture('G', stroke('l'))).toEqual({ keys: 'G L', isDone: true });
    expect(capture('G', stroke('k', { ctrlKey: true }))).toEqual({ keys: 'Mod+K', isDone: true });
    expect(capture('G', stroke('Control', { ctrlKey: true }))).toBeNull();
  });

  it('is a character, or is not', () => {
    expect(['A', '.', '1', 'G L', 'G ,'].every(isCharacterKey)).toBe(true);
    expect(['Mod+A', 'Space', 'Delete', 'Shift+X'].some(isCharacterKey)).toBe(false);
  });

  it('may belong to the browser', () => {
    expect(isOfBrowser('Mod+Shift+T')).toBe(true);
    expect(['Mod+K', 'Mod+Shift+L', 'T', 'F6'].some(isOfBrowser)).toBe(false);
  });
});

describe('a clash', () => {
  const command = (id: string, scope: Command['scope'], keys: string[]): Command => ({
    ...row,
    id,
    scope,
    keys,
  });
  const all = [
    command('go', 'everywhere', ['G L']),
    command('star', 'library', ['.']),
    command('zoom', 'viewer', ['Z']),
  ];
  const find = (scope: Command['scope'], keys: string) =>
    clashOf(all, command('mine', scope, []), keys)?.id;

  it('is the same key where both act', () => {
    expect(find('library', '.')).toBe('star');
    expect(find('everywhere', '.')).toBe('star');
    expect(find('viewer', '.')).toBeUndefined();
    expect(find('queue', 'Z')).toBeUndefined();
  });

  it('is a key that would take the first of a pair, and the other way round', () => {
    expect(find('queue', 'G')).toBe('go');
    expect(find('viewer', 'Z Z')).toBe('zoom');
    expect(find('queue', 'G Q')).toBeUndefined();
  });

  it('is never one with itself', () => {
    expect(clashOf(all, command('star', 'library', []), '.')).toBeUndefined();
  });
});

describe('the keys of a person', () => {
  const { one } = defineCommands('test', { one: { ...row, scope: 'queue', keys: ['J'] } });

  it('are what everybody reads of a command', () => {
    expect(one.keys).toEqual(['J']);
    const leave = activateCommands({ current: [{ ...one, run: () => {} }] });
    usePreferences.getState().set({ shortcuts: { 'test.one': ['K', 'Mod+J'] } });
    expect(one.keys).toEqual(['K', 'Mod+J']);
    expect(activeCommands()[0]?.keys).toEqual(['K', 'Mod+J']);
    expect(matchStroke(activeCommands(), stroke('j'), '', false, true).command).toBeUndefined();
    expect(matchStroke(activeCommands(), stroke('k'), '', false, true).command?.id).toBe(
      'test.one',
    );
    leave();
  });

  it('are kept only where they differ', () => {
    const known = { id: 'test.one', ownKeys: ['J'] };
    expect(withKeys({}, known, ['J'])).toEqual({});
    expect(withKeys({ 'test.one': ['K'], b: [] }, known, ['J'])).toEqual({ b: [] });
    expect(withKeys({}, known, [])).toEqual({ 'test.one': [] });
  });

  it('come back from the wire as they were', () => {
    const shortcuts = { 'library.star': ['S'], 'app.sheet': [] };
    expect(readShortcuts(writeShortcuts(shortcuts))).toEqual(shortcuts);
  });
});

describe('every command that a feature defines', () => {
  const all = knownCommands().filter((command) => !command.id.startsWith('test.'));

  it('is known, so that its keys can be changed', () => {
    expect(all.length).toBeGreaterThan(40);
    expect(new Set(all.map(({ scope }) => scope))).toContain('viewer');
  });

  it('clashes with no other by its own keys', () => {
    for (const command of all) {
      for (const keys of command.ownKeys) {
        expect(clashOf(all, command, keys)?.id, `${command.id} ${keys}`).toBeUndefined();
      }
    }
  });

  it('fits what the server keeps', () => {
    for (const { id, ownKeys } of all) {
      expect(id.length, id).toBeLessThanOrEqual(60);
      expect(ownKeys.length, id).toBeLessThanOrEqual(5);
    }
  });
});
