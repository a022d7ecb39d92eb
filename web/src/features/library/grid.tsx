import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import clsx from 'clsx';
import { Check, Maximize2, RotateCcw, Star, Trash2 } from 'lucide-react';
import { type KeyboardEvent, type MouseEvent, memo, useEffect, useMemo, useRef } from 'react';
import type { Asset } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { phone, useMedia } from '~/lib/media';
import { usePreferences } from '~/lib/preferences';
import { useSize } from '~/lib/use-size';
import { IconButton } from '~/ui/button';
import { ContextMenu, type MenuEntry } from '~/ui/menu';
import { Picture } from '~/ui/picture';
import { Skeleton } from '~/ui/states';
import { type Line, makeLines, moveVertically, type Selection, selectRange, toggle } from './model';

const gap = 4;

interface GridProps {
  list: Pick<
    UseInfiniteQueryResult,
    'isPending' | 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage' | 'isPlaceholderData'
  >;
  assets: readonly Asset[];
  days: readonly { day: string; count: number }[] | undefined;
  hasDays: boolean;
  selection: Selection;
  onSelect: (selection: Selection) => void;
  focused: string;
  onFocus: (id: string) => void;
  onOpen: (asset: Asset) => void;
  onStar: (asset: Asset) => void;
  onTrash: (asset: Asset) => void;
  isTrash: boolean;
  canWrite: boolean;
  isActive: boolean;
}

/** Where a key leads from picture `at`; null for other keys. */
function targetOf(key: string, lines: readonly Line[], at: number, count: number): number | null {
  switch (key) {
    case 'ArrowLeft':
      return at - 1;
    case 'ArrowRight':
      return at + 1;
    case 'ArrowUp':
      return moveVertically(lines, at, -1);
    case 'ArrowDown':
      return moveVertically(lines, at, 1);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}

/** Justified rows in a virtual scroller: arrows move, Shift ranges, Space ticks, Enter opens. */
export function Grid(props: GridProps) {
  const { list, assets, days, hasDays, selection, onSelect, focused, onFocus, onOpen } = props;
  const t = useT();
  const format = useFormat();
  const isPhone = useMedia(phone);
  const tileSize = usePreferences((state) => state.tileSize);
  const [roomRef, room] = useSize();
  const scroller = useRef<HTMLDivElement | null>(null);
  const target = isPhone ? 120 : tileSize;
  const lines = useMemo(
    () => makeLines(assets, room.width, target, gap, hasDays),
    [assets, room.width, target, hasDays],
  );
  const order = useMemo(() => assets.map((asset) => asset.id), [assets]);
  const counts = useMemo(() => new Map(days?.map(({ day, count }) => [day, count])), [days]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => lines[index]?.height ?? target,
    getItemKey: (index) => lines[index]?.key ?? index,
    overscan: 4,
    paddingEnd: 88,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: other lines have other heights
  useEffect(() => virtual.measure(), [lines]);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= lines.length - 8) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, last, lines.length]);

  const focusAt = (index: number, isRange: boolean) => {
    const next = assets[Math.min(assets.length - 1, Math.max(0, index))];
    if (!next) return;
    onFocus(next.id);
    const at = order.indexOf(next.id);
    const line = lines.findIndex(
      (one) => one.type === 'row' && at >= one.start && at < one.start + one.row.widths.length,
    );
    virtual.scrollToIndex(line, { align: 'auto' });
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-open="${next.id}"]`)?.focus(),
    );
    if (isRange) {
      const base = selection.anchor ? selection : toggle(selection, focused || next.id);
      onSelect(selectRange(base, order, next.id));
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const at = order.indexOf(focused);
    const asset = assets[at];
    if (!asset || event.ctrlKey || event.metaKey || event.altKey) return;
    const to = targetOf(event.key, lines, at, assets.length);
    if (to !== null) focusAt(to, event.shiftKey);
    else if (event.key === ' ') onSelect(toggle(selection, asset.id));
    else return;
    event.preventDefault();
  };
  const onClick = (event: MouseEvent) => {
    const element = event.target as Element;
    const id = element.closest<HTMLElement>('[data-tile]')?.dataset.tile;
    const asset = assets.find((one) => one.id === id);
    if (!asset) return;
    onFocus(asset.id);
    if (event.shiftKey) onSelect(selectRange(selection, order, asset.id));
    else if (element.closest('[data-tick]') || event.ctrlKey || event.metaKey) {
      onSelect(toggle(selection, asset.id));
    } else if (element.closest('[data-star]')) props.onStar(asset);
    else if (element.closest('[data-trash]')) props.onTrash(asset);
    else if (element.closest('[data-open]')) {
      if (selection.ids.size > 0) onSelect(toggle(selection, asset.id));
      else onOpen(asset);
    }
  };

  const current = assets.find((asset) => asset.id === focused);
  const entries: MenuEntry[] = current
    ? [
        { label: t('library.command.open'), icon: Maximize2, run: () => onOpen(current) },
        {
          label: t('library.command.tick'),
          icon: Check,
          run: () => onSelect(toggle(selection, current.id)),
        },
        props.canWrite && {
          label: t('library.command.star'),
          icon: Star,
          run: () => props.onStar(current),
        },
        props.canWrite && 'line',
        props.canWrite && {
          label: t(props.isTrash ? 'library.restore' : 'library.command.trash'),
          icon: props.isTrash ? RotateCcw : Trash2,
          isDanger: !props.isTrash,
          run: () => props.onTrash(current),
        },
      ]
    : [];
  const tabStop = order.includes(focused) ? focused : order[0];

  return (
    <ContextMenu entries={entries}>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: keys are handled on the grid within */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: clicks are delegated from the tiles */}
      <div
        ref={(element) => {
          scroller.current = element;
          return roomRef(element);
        }}
        className={clsx(
          'min-h-0 flex-1 overflow-y-auto px-4 pt-2 transition-opacity duration-200 max-md:px-2',
          list.isPlaceholderData && 'opacity-60 delay-[400ms]',
        )}
        onClick={onClick}
        onContextMenu={(event) => {
          const id = (event.target as Element).closest<HTMLElement>('[data-tile]')?.dataset.tile;
          if (id) onFocus(id);
        }}
      >
        {list.isPending && (
          <div className="flex flex-wrap gap-1">
            {[1.5, 1, 1, 0.7, 1.5, 1, 0.7, 1.3, 1, 1.5, 1, 1].map((ratio, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no names
              <div key={index} style={{ width: target * ratio, height: target }}>
                <Skeleton className="size-full !rounded-4" />
              </div>
            ))}
          </div>
        )}
        <div
          role="grid"
          aria-label={t('library.grid')}
          aria-multiselectable
          aria-rowcount={lines.length}
          tabIndex={-1}
          onKeyDown={onKeyDown}
          className="relative w-full"
          style={{ height: virtual.getTotalSize() }}
        >
          {items.map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            return (
              <div
                key={item.key}
                role="row"
                aria-rowindex={item.index + 1}
                className="absolute top-0 left-0 flex w-full"
                style={{
                  transform: `translateY(${item.start}px)`,
                  height: line.height,
                  gap,
                }}
              >
                {line.type === 'day' ? (
                  <div role="rowheader" className="flex w-full items-end gap-2 pb-2">
                    <h2 className="text-14 font-semibold">{format.day(line.day)}</h2>
                    {counts.has(line.day) && (
                      <span className="text-12 text-fg-3 tabular-nums">
                        {format.number(counts.get(line.day) ?? 0)}
                      </span>
                    )}
                  </div>
                ) : (
                  line.row.widths.map((width, place) => {
                    const asset = assets[line.start + place];
                    return (
                      asset && (
                        <Tile
                          key={asset.id}
                          asset={asset}
                          width={width}
                          height={line.row.height}
                          isChosen={selection.ids.has(asset.id)}
                          isChoosing={selection.ids.size > 0}
                          isTabStop={asset.id === tabStop}
                          isTrash={props.isTrash}
                          canWrite={props.canWrite}
                          onFocus={onFocus}
                        />
                      )
                    );
                  })
                )}
              </div>
            );
          })}
        </div>
      </div>
    </ContextMenu>
  );
}

const Tile = memo(function Tile({
  asset,
  width,
  height,
  isChosen,
  isChoosing,
  isTabStop,
  isTrash,
  canWrite,
  onFocus,
}: {
  asset: Asset;
  width: number;
  height: number;
  isChosen: boolean;
  isChoosing: boolean;
  isTabStop: boolean;
  isTrash: boolean;
  canWrite: boolean;
  onFocus: (id: string) => void;
}) {
  const t = useT();
  const hover =
    'opacity-0 transition-opacity duration-100 group-focus-within:opacity-100 group-hover:opacity-100';
  return (
    <div
      role="gridcell"
      aria-selected={isChosen}
      data-tile={asset.id}
      className="group relative shrink-0 overflow-hidden rounded-4 [contain:strict]"
      style={{ width, height }}
    >
      <button
        type="button"
        data-open={asset.id}
        tabIndex={isTabStop ? 0 : -1}
        onFocus={() => onFocus(asset.id)}
        aria-label={asset.name || t('library.picture')}
        className={clsx(
          'absolute inset-0 transition-transform duration-100 focus-on-picture !-outline-offset-2',
          isChosen && 'scale-[0.92] overflow-hidden rounded-8',
        )}
      >
        <Picture asset={asset} sizes={width} alt="" />
      </button>
      {isChosen && (
        <span
          aria-hidden
          className="pointer-events-none absolute inset-0 rounded-4 outline-2 outline-accent -outline-offset-2 outline"
        />
      )}
      <button
        type="button"
        data-tick
        tabIndex={-1}
        aria-label={t('library.command.tick')}
        aria-pressed={isChosen}
        className={clsx(
          'absolute top-1 left-1 flex size-7 items-center justify-center rounded-full max-md:size-9',
          !isChosen && !isChoosing && hover,
        )}
      >
        <span
          className={clsx(
            'flex size-5 items-center justify-center rounded-full',
            isChosen
              ? 'bg-accent text-accent-fg'
              : 'border-2 border-picture-fg bg-picture-scrim text-picture-fg',
          )}
        >
          {isChosen && <Check size={14} strokeWidth={2.5} aria-hidden />}
        </span>
      </button>
      {canWrite && !isChoosing && (
        <div className={clsx('absolute top-1 right-1 flex gap-1 max-md:hidden', hover)}>
          {!isTrash && (
            <IconButton
              icon={Star}
              look="picture"
              size="dense"
              data-star
              tabIndex={-1}
              isFilled={asset.is_starred}
              label={t('library.command.star')}
            />
          )}
          <IconButton
            icon={isTrash ? RotateCcw : Trash2}
            look="picture"
            size="dense"
            data-trash
            tabIndex={-1}
            label={t(isTrash ? 'library.restore' : 'library.command.trash')}
          />
        </div>
      )}
      {(asset.is_starred || asset.rating > 0) && (
        <span className="pointer-events-none absolute bottom-1 left-1 flex h-5 items-center gap-0.5 rounded-full bg-picture-scrim px-1.5 text-11 text-picture-fg tabular-nums">
          {asset.is_starred && (
            <Star size={12} fill="currentColor" aria-label={t('library.filter.starred')} />
          )}
          {asset.rating > 0 && (
            <span role="img" aria-label={t('common.rating.stars', { count: asset.rating })}>
              {`${asset.rating}★`}
            </span>
          )}
        </span>
      )}
    </div>
  );
});
