import { type Command, isApple, isCharacterKey } from './commands';
import type { Shortcuts } from './preferences';

type Stroke = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>;

/** As many as the server keeps of one command. */
export const keysMax = 5;

const modifiers = ['Control', 'Shift', 'Alt', 'Meta', 'AltGraph', 'CapsLock', 'Fn'];
const noKeys = ['Dead', 'Process', 'Unidentified', 'Tab', 'Escape'];

/** The name of a stroke, as commands have it; empty for what cannot be a shortcut. */
export function strokeText(stroke: Stroke): string {
  const { key } = stroke;
  if (modifiers.includes(key) || noKeys.includes(key)) return '';
  const mod = isApple ? stroke.metaKey : stroke.ctrlKey;
  if (isApple ? stroke.ctrlKey : stroke.metaKey) return '';
  // A sign typed with Shift carries its Shift within.
  const isSign = key.length === 1 && key !== ' ' && !/[a-z0-9]/i.test(key);
  return [
    mod && 'Mod',
    stroke.altKey && 'Alt',
    stroke.shiftKey && !isSign && 'Shift',
    key === ' ' ? 'Space' : key.length === 1 ? key.toUpperCase() : key,
  ]
    .filter(Boolean)
    .join('+');
}

/** Browsers close, open and reload by these, most of them before a page hears of it. */
const browsers = /^(Mod\+(Shift\+)?[TNWR]|Mod\+[QL]|F(5|11|12))$/;

export function isOfBrowser(keys: string): boolean {
  return browsers.test(keys);
}

function meetInScope(a: Command, b: Command): boolean {
  return a.scope === b.scope || a.scope === 'everywhere' || b.scope === 'everywhere';
}

/** The same key, or one that would never wait for the second of the other's pair. */
function meetInKeys(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b} `) || b.startsWith(`${a} `);
}

/** The command that has these keys already where this one acts. */
export function clashOf<T extends Command>(
  commands: readonly T[],
  command: Command,
  keys: string,
): T | undefined {
  return commands.find(
    (other) =>
      other.id !== command.id &&
      meetInScope(other, command) &&
      other.keys.some((one) => meetInKeys(one, keys)),
  );
}

/** The shortcuts with these keys for a command; its own keys are no change. */
export function withKeys(
  shortcuts: Shortcuts,
  command: { id: string; ownKeys: readonly string[] },
  keys: readonly string[],
): Shortcuts {
  const { [command.id]: _, ...others } = shortcuts;
  const isOwn =
    keys.length === command.ownKeys.length && keys.every((one, at) => one === command.ownKeys[at]);
  return isOwn ? others : { ...others, [command.id]: keys };
}

interface Capture {
  /** what was pressed so far */
  keys: string;
  /** nothing more can follow */
  isDone: boolean;
}

/** A key after what was pressed before: a character may be the first of a pair. */
export function capture(before: string, stroke: Stroke): Capture | null {
  const text = strokeText(stroke);
  if (!text) return null;
  if (before && isCharacterKey(text)) return { keys: `${before} ${text}`, isDone: true };
  return { keys: text, isDone: !isCharacterKey(text) };
}

/** The wire's list and the page's record. */
export function readShortcuts(items: readonly { command: string; keys: string[] }[]): Shortcuts {
  return Object.fromEntries(items.map(({ command, keys }) => [command, keys]));
}

export function writeShortcuts(shortcuts: Shortcuts) {
  return Object.entries(shortcuts).map(([command, keys]) => ({ command, keys: [...keys] }));
}
