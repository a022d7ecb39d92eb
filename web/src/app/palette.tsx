import { Dialog as Base } from '@base-ui/react/dialog';
import { useNavigate } from '@tanstack/react-router';
import clsx from 'clsx';
import { Search } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { type ActiveCommand, onCommands, pageFirst } from '~/lib/commands';
import { useT } from '~/lib/i18n';
import { matchRank } from '~/lib/match-rank';
import { Keys } from '~/ui/keys';
import { appCommands } from './commands';

interface Entry {
  id: string;
  label: string;
  command: Pick<ActiveCommand, 'icon' | 'keys' | 'run'>;
}

export function Palette({ onClose, onSheet }: { onClose: () => void; onSheet: () => void }) {
  const t = useT();
  const navigate = useNavigate();
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(''); // an id: the list may grow above it
  const list = useRef<HTMLDivElement>(null);
  const [commands, setCommands] = useState(pageFirst);
  useEffect(() => {
    const read = () => setCommands(pageFirst());
    read(); // some may have come since it was drawn
    return onCommands(read);
  }, []);

  const entries = useMemo<Entry[]>(() => {
    const seen = new Set<string>();
    const found: Entry[] = commands
      .filter((command) => {
        if (command.isKeyOnly || seen.has(command.id) || (command.when && !command.when())) {
          return false;
        }
        seen.add(command.id);
        return true;
      })
      .map((command) => ({ id: command.id, label: t(command.labelKey), command }))
      .map((entry) => ({ entry, rank: matchRank(entry.label, query) }))
      .filter(({ rank }) => rank > 0)
      .sort((a, b) => b.rank - a.rank)
      .map(({ entry }): Entry => entry);
    const words = query.trim();
    if (words) {
      found.push({
        id: 'search',
        label: t('common.palette.library', { words }),
        command: {
          icon: Search,
          keys: [],
          run: () => void navigate({ to: '/library', search: { q: words } }),
        },
      });
    }
    return found;
  }, [commands, query, t, navigate]);

  const at = Math.max(
    0,
    entries.findIndex((entry) => entry.id === chosen),
  );
  const choose = (index: number) => setChosen(entries[index]?.id ?? '');
  useEffect(() => {
    list.current?.querySelector(`[data-index="${at}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    if (entry.id === appCommands.sheet.id) onSheet();
    else entry.command.run();
  };

  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-50 bg-scrim" />
        <Base.Popup className="fade-in fixed top-[12vh] left-1/2 z-50 flex max-h-[70vh] w-[min(36rem,calc(100vw-1rem))] -translate-x-1/2 flex-col overflow-hidden rounded-12 bg-surface shadow-3 outline-none">
          <Base.Title className="sr-only">{t('common.command.palette')}</Base.Title>
          <div className="flex h-12 items-center gap-3 border-line border-b px-4">
            <Search size={16} className="text-fg-3" aria-hidden />
            <input
              // biome-ignore lint/a11y/noAutofocus: the palette exists to be typed into
              autoFocus
              role="combobox"
              aria-expanded
              aria-controls="palette-list"
              aria-activedescendant={entries[at] ? `palette-${at}` : undefined}
              aria-label={t('common.palette.open')}
              placeholder={t('common.palette.open')}
              value={query}
              onChange={(event) => {
                setQuery(event.target.value);
                setChosen('');
              }}
              onKeyDown={(event) => {
                if (event.nativeEvent.isComposing) return;
                if (event.key === 'ArrowDown') choose(Math.min(entries.length - 1, at + 1));
                else if (event.key === 'ArrowUp') choose(Math.max(0, at - 1));
                else if (event.key === 'Enter') run(entries[at]);
                else return;
                event.preventDefault();
              }}
              className="h-full flex-1 bg-transparent text-14 outline-none"
            />
          </div>
          <div
            ref={list}
            id="palette-list"
            role="listbox"
            aria-label={t('common.command.palette')}
            className="overflow-y-auto p-1.5"
          >
            {entries.map((entry, index) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
              <div
                key={entry.id}
                id={`palette-${index}`}
                data-index={index}
                role="option"
                aria-selected={index === at}
                onPointerMove={() => choose(index)}
                onClick={() => run(entry)}
                className={clsx(
                  'flex min-h-9 items-center gap-3 rounded-8 px-3 text-13',
                  index === at && 'bg-surface-2',
                )}
              >
                <entry.command.icon
                  size={16}
                  strokeWidth={1.75}
                  className="text-fg-3"
                  aria-hidden
                />
                <span className="flex-1 truncate">{entry.label}</span>
                {entry.command.keys[0] && <Keys keys={entry.command.keys[0]} />}
              </div>
            ))}
          </div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
