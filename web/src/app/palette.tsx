import { Dialog as Base } from '@base-ui/react/dialog';
import clsx from 'clsx';
import { Search } from 'lucide-react';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useT } from '~/lib/i18n';
import { Keys } from '~/ui/keys';
import { Picture } from '~/ui/picture';
import { ProductPhoto } from '~/ui/product-photo';
import { appCommands } from './commands';
import { type Entry, type Group, usePaletteEntries } from './palette-entries';

/** The lines that stand together, with their places in the whole list. */
function split(entries: readonly Entry[]): { group: Group; lines: [Entry, number][] }[] {
  const parts: { group: Group; lines: [Entry, number][] }[] = [];
  entries.forEach((entry, index) => {
    const last = parts.at(-1);
    if (last?.group === entry.group) last.lines.push([entry, index]);
    else parts.push({ group: entry.group, lines: [[entry, index]] });
  });
  return parts;
}

export function Palette({ onClose, onSheet }: { onClose: () => void; onSheet: () => void }) {
  const t = useT();
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(''); // an id: the list may grow above it
  const list = useRef<HTMLDivElement>(null);
  // Read before the field below has taken the focus.
  const [before] = useState(() => document.activeElement as HTMLElement | null);
  const { entries, isSearching, isFailed } = usePaletteEntries(query);

  const at = Math.max(
    0,
    entries.findIndex((entry) => entry.id === chosen),
  );
  const choose = (index: number) => setChosen(entries[index]?.id ?? '');
  useEffect(() => {
    // The first line comes with its title.
    if (at === 0) list.current?.scrollTo({ top: 0 });
    else list.current?.querySelector(`[data-index="${at}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    if (entry.id === appCommands.sheet.id) onSheet();
    else entry.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'ArrowDown') choose(Math.min(entries.length - 1, at + 1));
    else if (event.key === 'ArrowUp') choose(Math.max(0, at - 1));
    else if (event.key === 'PageDown') choose(nextGroup(entries, at, 1));
    else if (event.key === 'PageUp') choose(nextGroup(entries, at, -1));
    else if (event.key === 'Enter') run(entries[at]);
    else return;
    event.preventDefault();
  };

  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-50 bg-scrim" />
        <Base.Popup
          finalFocus={() => (before?.isConnected ? before : true)}
          className="fade-in fixed top-[12vh] left-1/2 z-50 flex max-h-[70vh] w-[min(36rem,calc(100vw-1rem))] -translate-x-1/2 flex-col overflow-hidden rounded-12 bg-surface shadow-3 outline-none max-md:top-2 max-md:max-h-[calc(100dvh-1rem)]"
        >
          <Base.Title className="sr-only">{t('common.command.palette')}</Base.Title>
          <div className="flex h-12 shrink-0 items-center gap-3 border-line border-b px-4">
            <Search size={16} className="shrink-0 text-fg-3" aria-hidden />
            <input
              // biome-ignore lint/a11y/noAutofocus: the palette exists to be typed into
              autoFocus
              role="combobox"
              aria-expanded
              aria-autocomplete="list"
              aria-controls="palette-list"
              aria-activedescendant={entries[at] ? `palette-${at}` : undefined}
              aria-label={t('common.palette.open')}
              placeholder={t('common.palette.open')}
              autoComplete="off"
              spellCheck={false}
              value={query}
              onChange={(event) => {
                setQuery(event.target.value);
                setChosen('');
              }}
              onKeyDown={onKeyDown}
              className="h-full min-w-0 flex-1 bg-transparent text-14 outline-none"
            />
          </div>
          <div
            ref={list}
            id="palette-list"
            role="listbox"
            aria-label={t('common.command.palette')}
            aria-busy={isSearching || undefined}
            className="min-h-0 overflow-y-auto p-1.5"
          >
            {split(entries).map(({ group, lines }) => (
              <div key={group} role="group" aria-labelledby={`palette-group-${group}`}>
                <div
                  id={`palette-group-${group}`}
                  role="presentation"
                  className="px-3 pt-2.5 pb-1 text-12 font-medium text-fg-3"
                >
                  {t(`common.palette.group.${group}`)}
                </div>
                {lines.map(([entry, index]) => (
                  <Line
                    key={entry.id}
                    entry={entry}
                    index={index}
                    isChosen={index === at}
                    onPoint={() => choose(index)}
                    onRun={() => run(entry)}
                  />
                ))}
              </div>
            ))}
          </div>
          <p
            role="status"
            className={clsx(
              'shrink-0 border-line border-t px-4 py-2 text-12',
              isFailed ? 'text-bad' : 'text-fg-3',
              !query.trim() && 'sr-only',
            )}
          >
            {isFailed
              ? t('common.palette.failed')
              : isSearching
                ? t('common.palette.searching')
                : t('common.palette.found', { count: entries.length })}
          </p>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** The first line of the group after or before, or the last or first of all. */
function nextGroup(entries: readonly Entry[], at: number, step: 1 | -1): number {
  const parts = split(entries);
  const here = parts.findIndex(({ lines }) => lines.some(([, index]) => index === at));
  const next = parts[here + step];
  return next?.lines[0]?.[1] ?? (step > 0 ? entries.length - 1 : 0);
}

function Line({
  entry,
  index,
  isChosen,
  onPoint,
  onRun,
}: {
  entry: Entry;
  index: number;
  isChosen: boolean;
  onPoint: () => void;
  onRun: () => void;
}) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
    <div
      id={`palette-${index}`}
      data-index={index}
      data-command={entry.id}
      role="option"
      aria-selected={isChosen}
      onPointerMove={onPoint}
      onClick={onRun}
      className={clsx(
        'flex min-h-9 select-none items-center gap-3 rounded-8 px-3 text-13 touch:min-h-11',
        isChosen && 'bg-surface-2',
      )}
    >
      {entry.picture ? (
        <span className="-mx-2 size-8 shrink-0 overflow-hidden rounded-6 bg-surface-2">
          <Picture asset={entry.picture} sizes={32} alt="" />
        </span>
      ) : entry.product ? (
        <span className="-mx-2 flex shrink-0">
          <ProductPhoto product={entry.product} size={32} />
        </span>
      ) : (
        entry.icon && (
          <entry.icon size={16} strokeWidth={1.75} className="shrink-0 text-fg-3" aria-hidden />
        )
      )}
      <span className="min-w-0 flex-1 truncate" lang={entry.isWritten ? '' : undefined}>
        {entry.label}
      </span>
      {entry.note && (
        <span
          className="max-w-[40%] shrink-0 truncate text-12 text-fg-3"
          lang={entry.isWritten ? '' : undefined}
        >
          {entry.note}
        </span>
      )}
      {entry.keys && <Keys keys={entry.keys} />}
    </div>
  );
}
