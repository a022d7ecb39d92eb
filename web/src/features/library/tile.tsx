import clsx from 'clsx';
import { Check, Download, ImagePlus, MoreHorizontal, RotateCcw, Star } from 'lucide-react';
import { memo, useMemo, useState } from 'react';
import type { Asset } from '~/api/types';
import { useT } from '~/lib/i18n';
import { IconButton } from '~/ui/button';
import { Picture } from '~/ui/picture';

export interface TileLabels {
  picture: string;
  tick: string;
  star: string;
  starred: string;
  restore: string;
  reference: string;
  download: string;
  more: string;
  rated: (count: number) => string;
}

/** Words for all tiles at once: hundreds pass by in a second. */
export function useTileLabels(): TileLabels {
  const t = useT();
  return useMemo(
    () => ({
      picture: t('library.picture'),
      tick: t('library.command.tick'),
      star: t('library.command.star'),
      starred: t('library.filter.starred'),
      restore: t('library.restore'),
      reference: t('library.viewer.reference'),
      download: t('library.viewer.download'),
      more: t('common.more'),
      rated: (count: number) => t('common.rating.stars', { count }),
    }),
    [t],
  );
}

/** One picture of the grid; clicks are delegated to the grid by what they fall on. */
export const Tile = memo(function Tile({
  asset,
  width,
  height,
  isChosen,
  isChoosing,
  isTabStop,
  isTrash,
  labels,
  canWrite,
  isPassing,
  onFocus,
}: {
  asset: Asset;
  width: number;
  height: number;
  isChosen: boolean;
  isChoosing: boolean;
  isTabStop: boolean;
  isTrash: boolean;
  labels: TileLabels;
  canWrite: boolean;
  /** it goes by too fast to be looked at: its colour is enough */
  isPassing: boolean;
  onFocus: (id: string) => void;
}) {
  // What only a pointer or the focus shows is not there before: thousands of tiles pass by.
  const [isHot, setHot] = useState(false);
  const room = Math.floor((width - 36) / 32); // beside the tick
  const rail = [
    canWrite && !isTrash && { icon: Star, name: 'star', label: labels.star },
    canWrite && !isTrash && { icon: ImagePlus, name: 'reference', label: labels.reference },
    canWrite && isTrash && { icon: RotateCcw, name: 'restore', label: labels.restore },
    { icon: Download, name: 'download', label: labels.download },
    { icon: MoreHorizontal, name: 'more', label: labels.more },
  ]
    .filter((verb) => verb !== false)
    .filter((_, place, all) => place === all.length - 1 || place < room - 1);
  return (
    <div
      role="gridcell"
      aria-selected={isChosen}
      data-tile={asset.id}
      className="relative shrink-0 overflow-hidden rounded-4 [contain:strict]"
      onPointerEnter={() => setHot(true)}
      onPointerLeave={() => setHot(false)}
      onFocus={() => setHot(true)}
      onBlur={() => setHot(false)}
      style={{ width, height }}
    >
      <button
        type="button"
        data-open={asset.id}
        tabIndex={isTabStop ? 0 : -1}
        onFocus={() => onFocus(asset.id)}
        aria-label={asset.name || labels.picture}
        className={clsx(
          'absolute inset-0 transition-transform duration-100 focus-on-picture !-outline-offset-2',
          isChosen && 'scale-[0.92] overflow-hidden rounded-8',
        )}
      >
        {isPassing ? (
          <span
            className="block size-full bg-surface-3"
            style={{ backgroundColor: asset.average_color || undefined }}
          />
        ) : (
          <Picture asset={asset} sizes={width} alt="" />
        )}
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
        aria-label={labels.tick}
        aria-pressed={isChosen}
        className={clsx(
          'absolute top-1 left-1 flex size-7 items-center justify-center rounded-full',
          // A finger has nothing to point at it with, and would select where it means to open.
          isChosen || isChoosing ? 'touch:size-11' : 'pointer-coarse:hidden',
          !isChosen && !isChoosing && !isHot && 'opacity-0',
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
      {isHot && !isChoosing && (
        // Of a small tile only what fits; its menu has them all.
        <div className="fade-in absolute top-1 right-1 flex gap-1 touch:hidden">
          {rail.map(({ icon, name, label }) => (
            <IconButton
              key={name}
              icon={icon}
              look="picture"
              size="dense"
              data-verb={name}
              tabIndex={-1}
              isFilled={name === 'star' && asset.is_starred}
              label={label}
            />
          ))}
        </div>
      )}
      {(asset.is_starred || asset.rating > 0) && (
        <span className="pointer-events-none absolute bottom-1 left-1 flex h-5 items-center gap-0.5 rounded-full bg-picture-scrim px-1.5 text-11 text-picture-fg tabular-nums">
          {asset.is_starred && <Star size={12} fill="currentColor" aria-label={labels.starred} />}
          {asset.rating > 0 && (
            <span role="img" aria-label={labels.rated(asset.rating)}>
              {`${asset.rating}★`}
            </span>
          )}
        </span>
      )}
    </div>
  );
});
