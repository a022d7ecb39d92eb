import { useQueryClient } from '@tanstack/react-query';
import { Plus, RotateCcw, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { errorText } from '~/api/errors';
import { savePerson } from '~/api/person';
import { keyCaps, knownCommands, type Scope } from '~/lib/commands';
import { useT } from '~/lib/i18n';
import { matchRank } from '~/lib/match-rank';
import { type Shortcuts, usePreferences } from '~/lib/preferences';
import { capture, clashOf, isOfBrowser, keysMax, withKeys, writeShortcuts } from '~/lib/shortcuts';
import { announce } from '~/ui/announce';
import { IconButton } from '~/ui/button';
import { Keys } from '~/ui/keys';
import { showToast } from '~/ui/toast';

type Known = ReturnType<typeof knownCommands>[number];

/** Keys at once here and then with the person; what was before can be had again. */
export function useSaveShortcuts() {
  const t = useT();
  const client = useQueryClient();
  return (shortcuts: Shortcuts) => {
    usePreferences.getState().set({ shortcuts });
    return savePerson(client, { shortcuts: writeShortcuts(shortcuts) }).catch((error) =>
      showToast(errorText(error, t), { tone: 'bad' }),
    );
  };
}

/** The commands that fit the words, by place; each with its keys and the ways to change them. */
export function ShortcutList({
  commands,
  words,
}: {
  commands: readonly { id: string }[];
  words: string;
}) {
  const t = useT();
  const known = new Map(knownCommands().map((command) => [command.id, command]));
  const groups = new Map<Scope, Known[]>();
  for (const id of new Set(commands.map((command) => command.id))) {
    const command = known.get(id);
    if (!command) continue;
    const fits =
      matchRank(t(command.labelKey), words) > 0 ||
      command.keys.some((keys) => spokenKeys(keys).toLowerCase() === words.trim().toLowerCase());
    if (fits) groups.set(command.scope, [...(groups.get(command.scope) ?? []), command]);
  }
  if (groups.size === 0) {
    return <p className="py-6 text-center text-13 text-fg-3">{t('settings.shortcuts.none')}</p>;
  }
  return [...groups].map(([scope, group]) => (
    <section key={scope} className="mb-5 last:mb-0">
      <h3 className="mb-1 text-12 font-medium text-fg-3">{t(`common.scope.${scope}`)}</h3>
      <ul aria-label={t(`common.scope.${scope}`)}>
        {group.map((command) => (
          <Row key={command.id} command={command} />
        ))}
      </ul>
    </section>
  ));
}

/** "Ctrl Shift ↵": as the caps say it. */
function spokenKeys(keys: string): string {
  return keyCaps(keys).join(' ');
}

function Row({ command }: { command: Known }) {
  const t = useT();
  const save = useSaveShortcuts();
  const { shortcuts } = usePreferences();
  const [isAsking, setAsking] = useState(false);
  const [problem, setProblem] = useState('');
  const keys = shortcuts[command.id] ?? command.ownKeys;
  const label = t(command.labelKey);
  const isChanged = command.id in shortcuts;

  const put = (next: readonly string[]) => {
    setProblem('');
    const before = usePreferences.getState().shortcuts;
    void save(withKeys(before, command, next));
  };
  const take = (wanted: string) => {
    setAsking(false);
    if (!wanted || keys.includes(wanted)) return;
    const clash = clashOf(knownCommands(), command, wanted);
    const shown = spokenKeys(wanted);
    if (clash) {
      setProblem(
        t('settings.shortcuts.clash', {
          keys: shown,
          name: t(clash.labelKey),
          place: t(`common.scope.${clash.scope}`),
        }),
      );
    } else if (isOfBrowser(wanted)) setProblem(t('settings.shortcuts.browser', { keys: shown }));
    else {
      put([...keys, wanted]);
      announce(t('settings.shortcuts.added', { keys: shown, name: label }));
    }
  };
  return (
    <li data-command={command.id} className="border-line border-b py-1 text-13 last:border-b-0">
      <div className="flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1">
        <span className="min-w-28 flex-1">{label}</span>
        <span className="flex flex-wrap items-center justify-end gap-1.5">
          {keys.map((one) => (
            <button
              key={one}
              type="button"
              aria-label={t('settings.shortcuts.remove', { keys: spokenKeys(one), name: label })}
              onClick={() => put(keys.filter((other) => other !== one))}
              className="group inline-flex h-7 items-center gap-1 rounded-6 px-1.5 text-fg-3 outline outline-line transition-colors duration-100 hover:bg-surface-2 hover:text-fg touch:h-11 max-md:px-2.5"
            >
              <Keys keys={one} />
              <X size={12} strokeWidth={2} aria-hidden />
            </button>
          ))}
          {isAsking ? (
            <Capture name={label} onEnd={take} />
          ) : (
            <IconButton
              icon={Plus}
              size="dense"
              label={t('settings.shortcuts.add', { name: label })}
              whyNot={keys.length < keysMax ? '' : t('settings.shortcuts.full', { count: keysMax })}
              onClick={() => {
                setProblem('');
                setAsking(true);
              }}
            />
          )}
          {isChanged && (
            <IconButton
              icon={RotateCcw}
              size="dense"
              label={t('settings.shortcuts.reset', { name: label })}
              onClick={() => put(command.ownKeys)}
            />
          )}
        </span>
      </div>
      {problem && (
        <p role="alert" className="pb-1 text-12 text-bad">
          {problem}
        </p>
      )}
    </li>
  );
}

const pairMs = 1200;

/** Takes the next key, or the next two; Esc and leaving it take none. */
function Capture({ name, onEnd }: { name: string; onEnd: (keys: string) => void }) {
  const t = useT();
  const [pressed, setPressed] = useState('');
  const box = useRef<HTMLButtonElement>(null);
  const end = useRef(onEnd);
  useEffect(() => {
    end.current = onEnd;
  });
  useEffect(() => box.current?.focus(), []);
  useEffect(() => {
    if (!pressed) return;
    const timer = setTimeout(() => end.current(pressed), pairMs);
    return () => clearTimeout(timer);
  }, [pressed]);
  // A dialog around it hears of Esc at the document: it is taken before.
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.target !== box.current || event.key === 'Tab') return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (event.key === 'Escape') end.current('');
      if (event.isComposing) return;
      const next = capture(pressed, event);
      if (next?.isDone) end.current(next.keys);
      else if (next) setPressed(next.keys);
    };
    window.addEventListener('keydown', onKey, true);
    return () => window.removeEventListener('keydown', onKey, true);
  }, [pressed]);
  return (
    <button
      ref={box}
      type="button"
      aria-label={t('settings.shortcuts.pressFor', { name })}
      onBlur={() => onEnd('')}
      className="inline-flex h-7 items-center gap-1.5 rounded-6 bg-accent-soft px-2 text-12 text-accent-text touch:h-11"
    >
      {pressed ? <Keys keys={pressed} /> : t('settings.shortcuts.press')}
      {pressed && <span aria-hidden>{'…'}</span>}
    </button>
  );
}
