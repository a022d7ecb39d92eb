import type { LucideIcon } from 'lucide-react';
import type { Key } from './i18n';
import { usePreferences } from './preferences';

export type Scope =
  | 'everywhere'
  | 'generate'
  | 'library'
  | 'viewer'
  | 'compare'
  | 'mask'
  | 'products'
  | 'prompts'
  | 'queue';

/** What can be done, once: button, menu, palette and shortcut sheet share it. */
export interface Command {
  id: string;
  labelKey: Key;
  icon: LucideIcon;
  scope: Scope;
  /** "Mod+Shift+Enter", "G L" (one after the other), "."; the first one is shown. A person's own. */
  readonly keys: readonly string[];
  /** Not listed in the palette: it has no sense without what is focused. */
  isKeyOnly?: boolean;
}

export interface ActiveCommand extends Command {
  when?: () => boolean;
  run: () => void;
}

interface KnownCommand extends Command {
  /** what it has when nobody changed it */
  ownKeys: readonly string[];
}
const known = new Map<string, KnownCommand>();

/** All commands whose files were loaded, in the order in which they were defined. */
export function knownCommands(): KnownCommand[] {
  return [...known.values()];
}

function keysOf(id: string, otherwise: readonly string[]): readonly string[] {
  return usePreferences.getState().shortcuts[id] ?? known.get(id)?.ownKeys ?? otherwise;
}

/** Makes one command known; whoever reads its keys gets those that the person chose. */
export function defineCommand<T extends Command>(row: T): T & KnownCommand {
  const { keys: ownKeys } = row;
  const command = Object.defineProperty({ ...row, ownKeys }, 'keys', {
    enumerable: true,
    get: () => keysOf(row.id, ownKeys),
  });
  known.set(row.id, command);
  return command;
}

/** Gives a feature's commands their type and makes them known. */
export function defineCommands<T extends Record<string, Omit<Command, 'id'>>>(
  feature: string,
  table: T,
): { [K in keyof T]: Command } {
  const out = {} as { [K in keyof T]: Command };
  for (const name of Object.keys(table) as (keyof T & string)[]) {
    const row = table[name];
    if (row) out[name] = defineCommand({ ...row, id: `${feature}.${name}` });
  }
  return out;
}

const active = new Set<{ current: ActiveCommand[] }>();
const listeners = new Set<() => void>();

function tellChange() {
  for (const listener of listeners) listener();
}

export function activateCommands(slot: { current: ActiveCommand[] }): () => void {
  active.add(slot);
  tellChange();
  return () => {
    active.delete(slot);
    tellChange();
  };
}

/** For who shows the list while parts of a page are still on their way. */
export function onCommands(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function activeCommands(): ActiveCommand[] {
  // The latest registered comes first: a viewer over a page has its keys.
  return [...active]
    .reverse()
    .flatMap((slot) => slot.current)
    .map((command) => ({ ...command, keys: keysOf(command.id, command.keys) }));
}

/** The same for lists that people read: what this page can do stands before what all can. */
export function pageFirst(): ActiveCommand[] {
  const commands = activeCommands();
  const isPage = (command: ActiveCommand) => command.scope !== 'everywhere';
  return [...commands.filter(isPage), ...commands.filter((command) => !isPage(command))];
}

export const isApple =
  typeof navigator !== 'undefined' && /mac|iphone|ipad/i.test(navigator.userAgent);

type Stroke = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>;

function strokeMatches(stroke: Stroke, text: string): boolean {
  const parts = text === '+' ? ['+'] : text.split('+').map((part) => part || '+');
  const name = parts.at(-1) ?? '';
  const wants = (modifier: string) => parts.slice(0, -1).includes(modifier);
  const mod = isApple ? stroke.metaKey : stroke.ctrlKey;
  const other = isApple ? stroke.ctrlKey : stroke.metaKey;
  if (wants('Mod') !== mod || other || wants('Alt') !== stroke.altKey) return false;
  // A sign typed with Shift ("?", "+") carries its Shift within.
  const isSign = name.length === 1 && !/[a-z0-9]/i.test(name);
  if (!isSign && wants('Shift') !== stroke.shiftKey) return false;
  const key = stroke.key === ' ' ? 'Space' : stroke.key;
  return key.length === 1 ? key.toLowerCase() === name.toLowerCase() : key === name;
}

/** A letter, digit or sign alone, or a pair that begins with one: what typing can touch by mistake. */
export function isCharacterKey(keys: string): boolean {
  return keys.split(' ')[0]?.length === 1;
}

/** Whether a key acts while someone writes: only those with Ctrl or Cmd, and Escape. */
function worksInText(keys: string): boolean {
  return keys.includes('Mod+');
}

export function isTextField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLTextAreaElement) return true;
  return (
    target instanceof HTMLInputElement &&
    !['checkbox', 'radio', 'range', 'button', 'submit', 'file'].includes(target.type)
  );
}

/** Finds the command of a stroke; `pending` is the first key of a pair ("g" of "G L"). */
export function matchStroke(
  commands: readonly ActiveCommand[],
  stroke: Stroke,
  pending: string,
  inText: boolean,
  areLettersOn: boolean,
): { command?: ActiveCommand; pending: string } {
  let begins = false;
  for (const command of commands) {
    for (const keys of command.keys) {
      if (inText && !worksInText(keys)) continue;
      if (!areLettersOn && isCharacterKey(keys)) continue;
      const [first = '', second] = keys.split(' ');
      if (second) {
        if (pending === first && strokeMatches(stroke, second)) {
          if (!command.when || command.when()) return { command, pending: '' };
        } else if (!pending && strokeMatches(stroke, first)) begins = true;
        continue;
      }
      if (pending) continue;
      if (strokeMatches(stroke, first) && (!command.when || command.when())) {
        return { command, pending: '' };
      }
    }
  }
  return { pending: begins && stroke.key.length === 1 ? stroke.key.toUpperCase() : '' };
}

const signs: Record<string, string> = {
  Enter: '↵',
  Escape: 'Esc',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Delete: 'Del',
};

/** The caps to show for "Mod+Shift+Enter": Ctrl, Shift, ↵; ⌘ ⇧ ↵ on Apple's machines. */
export function keyCaps(keys: string): string[] {
  return keys.split(' ').flatMap((stroke) =>
    (stroke === '+' ? ['+'] : stroke.split('+').map((part) => part || '+')).map((part) => {
      if (part === 'Mod') return isApple ? '⌘' : 'Ctrl';
      if (part === 'Shift') return isApple ? '⇧' : 'Shift';
      if (part === 'Alt') return isApple ? '⌥' : 'Alt';
      return signs[part] ?? part;
    }),
  );
}
