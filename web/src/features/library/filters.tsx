import { useQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { ChevronDown, Star, Trash2, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { modelsQuery, tagsQuery } from '~/api/queries';
import { useFormat, useT } from '~/lib/i18n';
import { usePreferences } from '~/lib/preferences';
import type { LibrarySearch } from '~/lib/search';
import { Menu } from '~/ui/menu';
import { Popover } from '~/ui/popover';
import { DaysForm } from './days-form';
import { ProductChip } from './product-chip';

const chip =
  'inline-flex h-7 shrink-0 items-center gap-1.5 rounded-full border px-3 text-12 font-medium transition-colors duration-100 touch:h-11';
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
      <ProductChip
        chip={chip}
        look={search.product ? on : off}
        value={search.product ?? ''}
        onChange={(product) => change('product', { product })}
      />
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
        className="slider w-24 min-w-14 shrink max-sm:hidden"
      />
    </div>
  );
}
