import { useQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { ChevronDown, Search, Star, Trash2, X } from 'lucide-react';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { modelsQuery, tagsQuery } from '~/api/queries';
import { useFormat, useT } from '~/lib/i18n';
import { usePreferences } from '~/lib/preferences';
import type { LibrarySearch } from '~/lib/search';
import { useRested } from '~/lib/use-now';
import { IconButton } from '~/ui/button';
import { Menu } from '~/ui/menu';
import { Popover } from '~/ui/popover';
import { DaysForm } from './days-form';

export function SearchBox({
  inputRef,
  value,
  onChange,
}: {
  inputRef: RefObject<HTMLInputElement | null>;
  value: string;
  onChange: (value: string) => void;
}) {
  const t = useT();
  const [words, setWords] = useState(value);
  const rested = useRested(words, 250);
  useEffect(() => setWords(value), [value]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what was typed goes out
  useEffect(() => {
    if (rested.trim() !== value && rested === words) onChange(rested.trim());
  }, [rested]);
  return (
    <div className="relative w-72 max-w-full max-md:order-last max-md:w-full">
      <Search
        size={16}
        strokeWidth={1.75}
        aria-hidden
        className="pointer-events-none absolute top-1/2 left-2.5 -translate-y-1/2 text-fg-3"
      />
      <input
        ref={inputRef}
        type="search"
        aria-label={t('library.search.label')}
        placeholder={t('library.search.label')}
        value={words}
        onChange={(event) => setWords(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
        className="h-8 w-full rounded-8 border border-line-ctl bg-surface pr-8 pl-8 text-14 focus-visible:outline-offset-0 max-md:h-11"
      />
      {words && (
        <IconButton
          icon={X}
          label={t('library.search.clear')}
          size="dense"
          className="absolute top-0.5 right-0.5 max-md:top-0 max-md:right-0"
          onClick={() => {
            setWords('');
            onChange('');
          }}
        />
      )}
    </div>
  );
}

const chip =
  'inline-flex h-7 shrink-0 items-center gap-1.5 rounded-full border px-3 text-12 font-medium transition-colors duration-100 max-md:h-9';
const off = 'border-line-ctl/60 bg-surface text-fg-2 hover:bg-surface-2 hover:text-fg';
const on = 'border-accent bg-accent-soft text-accent-text';

/** One row of chips: what is chosen shows itself, one click takes it away. */
export function Filters({
  search,
  onChange,
}: {
  search: LibrarySearch;
  onChange: (change: Partial<LibrarySearch>) => void;
}) {
  const t = useT();
  const format = useFormat();
  const { data: tags } = useQuery(tagsQuery);
  const { data: models } = useQuery(modelsQuery);
  const { tileSize, set } = usePreferences();
  const [isDaysOpen, setDaysOpen] = useState(false);
  const row = useRef<HTMLDivElement>(null);
  // The chip that was used is another element now: whoever works by keys stays at it.
  const used = useRef('');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the new address is what draws the other chip; nothing of it is read
  useEffect(() => {
    const name = used.current;
    used.current = '';
    if (name) row.current?.querySelector<HTMLElement>(`[data-chip="${name}"]`)?.focus();
  }, [search]);
  const change = (name: string, to: Partial<LibrarySearch>) => {
    used.current = name;
    onChange(to);
  };
  const choice = <T extends string | number>(
    name: 'kind' | 'tag' | 'rating' | 'model',
    none: string,
    label: string,
    value: T | undefined,
    options: { value: T; label: string; detail?: string }[],
  ) => {
    const pick = (to: T | undefined) => change(name, { [name]: to });
    const current = options.find((option) => option.value === value);
    if (value !== undefined) {
      return (
        <button
          type="button"
          data-chip={name}
          className={clsx(chip, on)}
          onClick={() => pick(undefined)}
        >
          <span className="max-w-48 truncate">{current?.label ?? String(value)}</span>
          <X size={14} aria-label={t('library.filter.remove')} />
        </button>
      );
    }
    return (
      <Menu
        align="start"
        trigger={
          <button type="button" data-chip={name} className={clsx(chip, off)}>
            {label}
            <ChevronDown size={14} aria-hidden />
          </button>
        }
        entries={
          options.length > 0
            ? options.map((option) => ({
                label: option.detail ? `${option.label} · ${option.detail}` : option.label,
                run: () => pick(option.value),
              }))
            : [{ label: none, whyNot: ' ', run: () => undefined }]
        }
      />
    );
  };
  const { from, to } = search;
  const days =
    from && to
      ? format.span(from, to)
      : from
        ? t('library.filter.since', { day: format.span(from, from) })
        : to
          ? t('library.filter.until', { day: format.span(to, to) })
          : '';
  const modelOptions = (models ?? [])
    .filter(
      (model) =>
        (model.is_enabled && (model.can_generate || model.can_edit)) || model.id === search.model,
    )
    .map((model) => ({ value: model.id, label: model.label, detail: model.provider_name }));
  const sorts = ['newest', 'oldest', 'rating'] as const;
  const sort = search.sort ?? 'newest';
  return (
    <div
      ref={row}
      className="flex shrink-0 items-center gap-2 overflow-x-auto border-line border-b bg-surface px-4 py-1.5 max-md:px-3"
    >
      {choice(
        'kind',
        '',
        t('library.filter.kind'),
        search.kind,
        (['generated', 'uploaded', 'derived'] as const).map((kind) => ({
          value: kind,
          label: t(`library.kind.${kind}`),
        })),
      )}
      {choice(
        'tag',
        t('library.filter.noTags'),
        t('library.filter.tag'),
        search.tag,
        (tags ?? []).map((tag) => ({
          value: tag.name,
          label: tag.name,
          detail: format.number(tag.count),
        })),
      )}
      {choice(
        'rating',
        '',
        t('library.filter.rating'),
        search.rating,
        [5, 4, 3, 2, 1].map((stars) => ({
          value: stars,
          label: t('library.filter.stars', { count: stars }),
        })),
      )}
      {choice(
        'model',
        t('library.filter.noModels'),
        t('library.filter.model'),
        search.model,
        modelOptions,
      )}
      {days ? (
        <button
          type="button"
          data-chip="days"
          className={clsx(chip, on)}
          onClick={() => change('days', { from: undefined, to: undefined })}
        >
          {days}
          <X size={14} aria-label={t('library.filter.remove')} />
        </button>
      ) : (
        <Popover
          title={t('library.filter.days')}
          align="start"
          className="w-56"
          isOpen={isDaysOpen}
          onOpenChange={setDaysOpen}
          trigger={
            <button type="button" data-chip="days" className={clsx(chip, off)}>
              {t('library.filter.days')}
              <ChevronDown size={14} aria-hidden />
            </button>
          }
        >
          <DaysForm
            onApply={(span) => {
              setDaysOpen(false);
              if (span.from || span.to) change('days', span);
            }}
          />
        </Popover>
      )}
      <button
        type="button"
        aria-pressed={Boolean(search.starred)}
        className={clsx(chip, search.starred ? on : off)}
        onClick={() => onChange({ starred: search.starred ? undefined : true })}
      >
        <Star size={14} aria-hidden fill={search.starred ? 'currentColor' : 'none'} />
        {t('library.filter.starred')}
      </button>
      <button
        type="button"
        aria-pressed={Boolean(search.trash)}
        className={clsx(chip, search.trash ? on : off)}
        onClick={() => onChange({ trash: search.trash ? undefined : true })}
      >
        <Trash2 size={14} aria-hidden />
        {t('library.filter.trash')}
      </button>
      {search.run && (
        <button
          type="button"
          className={clsx(chip, on)}
          onClick={() => onChange({ run: undefined })}
        >
          {t('library.filter.run')}
          <X size={14} aria-label={t('library.filter.remove')} />
        </button>
      )}
      <div className="flex-1" />
      <Menu
        trigger={
          <button type="button" className={clsx(chip, '!border-transparent', off)}>
            {t(`library.sort.${sort}`)}
            <ChevronDown size={14} aria-hidden />
          </button>
        }
        entries={sorts.map((value) => ({
          label: t(`library.sort.${value}`),
          isChosen: value === sort,
          run: () => onChange({ sort: value === 'newest' ? undefined : value }),
        }))}
      />
      <input
        type="range"
        min={100}
        max={340}
        step={20}
        value={tileSize}
        aria-label={t('library.tileSize')}
        onChange={(event) => set({ tileSize: Number(event.target.value) })}
        className="slider w-24 shrink-0 max-md:hidden"
      />
    </div>
  );
}
