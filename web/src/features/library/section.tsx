import { useInfiniteQuery } from '@tanstack/react-query';
import { memo, useEffect, useLayoutEffect, useMemo } from 'react';
import { type AssetSort, assetsQuery } from '~/api/queries';
import { useFormat, useT } from '~/lib/i18n';
import { Button } from '~/ui/button';
import { Skeleton } from '~/ui/states';
import {
  dayHeight,
  isChoosing,
  isChosen,
  type Layout,
  layOut,
  type Section,
  type Selection,
} from './model';
import { Tile, type TileLabels } from './tile';

export const gap = 4;

export interface SectionProps {
  section: Section;
  sort: AssetSort;
  /** where it stands */
  top: number;
  width: number;
  target: number;
  /** what is drawn of it, from its own upper edge */
  from: number;
  to: number;
  view: number;
  isPassing: boolean;
  selection: Selection;
  /** a tap selects also while nothing is selected yet */
  isSelecting: boolean;
  tabStop: string;
  isTrash: boolean;
  labels: TileLabels;
  canWrite: boolean;
  onFocus: (id: string) => void;
  onLayout: (key: string, layout: Layout | null) => void;
}

const none: never[] = [];

/** A day: loads when it comes near, and says how high it is. */
export const DaySection = memo(function DaySection(props: SectionProps) {
  const { section, sort, width, target, from, to, view, selection, onLayout } = props;
  const t = useT();
  const format = useFormat();
  const list = useInfiniteQuery({ ...assetsQuery(section.filter, sort), gcTime: 60_000 });
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = list;
  const assets = useMemo(() => data?.pages.flatMap((page) => page.items) ?? none, [data]);
  const isWhole = data !== undefined && !hasNextPage;
  const layout = useMemo(
    () => layOut(section, assets, isWhole, width, target, gap),
    [section, assets, isWhole, width, target],
  );
  const isKnown = data !== undefined;
  useLayoutEffect(() => {
    if (isKnown) onLayout(section.key, layout);
  }, [isKnown, section.key, layout, onLayout]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: said once, when it goes
  useEffect(() => () => onLayout(section.key, null), [section.key]);
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError && layout.loaded < to + 2 * view) {
      void fetchNextPage();
    }
  }, [hasNextPage, isFetching, isError, fetchNextPage, layout.loaded, to, view]);

  const head = section.day && layout.height > 0 ? dayHeight : 0;
  const rows = layout.rows.filter((row) => row.y + row.height > from && row.y < to);
  const emptyFrom = Math.max(isKnown ? layout.loaded : head, from);
  const emptyTo = Math.min(layout.height, to);
  return (
    <div
      role="rowgroup"
      className="absolute top-0 left-0 w-full"
      style={{ transform: `translateY(${props.top}px)`, height: layout.height }}
    >
      {head > 0 && from < head && (
        <div role="row" className="absolute inset-x-0 top-0" style={{ height: dayHeight }}>
          <div role="rowheader" className="flex size-full items-end gap-2 pb-2">
            <h2 className="text-14 font-semibold">{format.day(section.day)}</h2>
            <span className="text-12 text-fg-3 tabular-nums">
              {format.number(isWhole ? assets.length : section.count)}
            </span>
          </div>
        </div>
      )}
      {rows.map((row) => (
        <div
          key={assets[row.start]?.id}
          role="row"
          className="absolute top-0 left-0 flex w-full"
          style={{ transform: `translateY(${row.y}px)`, height: row.height, gap }}
        >
          {row.widths.map((tileWidth, place) => {
            const asset = assets[row.start + place];
            return (
              asset && (
                <Tile
                  key={asset.id}
                  asset={asset}
                  width={tileWidth}
                  height={row.height}
                  isChosen={isChosen(selection, asset.id)}
                  isChoosing={props.isSelecting || isChoosing(selection)}
                  isTabStop={asset.id === props.tabStop}
                  isTrash={props.isTrash}
                  labels={props.labels}
                  canWrite={props.canWrite}
                  isPassing={props.isPassing}
                  onFocus={props.onFocus}
                />
              )
            );
          })}
        </div>
      ))}
      {isError && (
        <div
          className="absolute inset-x-0 flex items-center gap-3 text-13 text-fg-2"
          style={{ top: emptyFrom, height: target }}
        >
          {t('library.day.failed')}
          <Button
            height="dense"
            onClick={() => void (isKnown ? list.fetchNextPage() : list.refetch())}
          >
            {t('common.retry')}
          </Button>
        </div>
      )}
      {!isError && emptyTo > emptyFrom && (
        <Waiting from={emptyFrom} to={emptyTo} width={width} target={target} />
      )}
    </div>
  );
});

/** What will stand there has a place already. */
function Waiting({
  from,
  to,
  width,
  target,
}: {
  from: number;
  to: number;
  width: number;
  target: number;
}) {
  const perRow = Math.max(1, Math.round(width / (target * 1.1 + gap)));
  const size = (width - gap * (perRow - 1)) / perRow;
  const rows = Math.min(20, Math.ceil((to - from) / (target + gap)));
  return (
    <div
      aria-hidden
      className="absolute inset-x-0 overflow-hidden"
      style={{ top: from, height: to - from }}
    >
      {Array.from({ length: rows * perRow }, (_, index) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no names
          key={index}
          className="absolute"
          style={{
            top: Math.floor(index / perRow) * (target + gap),
            left: (index % perRow) * (size + gap),
            width: size,
            height: target,
          }}
        >
          <Skeleton className="size-full !rounded-4" />
        </div>
      ))}
    </div>
  );
}
