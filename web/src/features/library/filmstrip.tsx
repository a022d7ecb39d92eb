import { useVirtualizer } from '@tanstack/react-virtual';
import clsx from 'clsx';
import { useEffect, useRef } from 'react';
import type { Asset } from '~/api/types';
import { useT } from '~/lib/i18n';
import { Picture } from '~/ui/picture';

const size = 56;

/** The list below the picture; the shown one stays in the middle. */
export function Filmstrip({
  assets,
  current,
  label,
  onShow,
}: {
  assets: readonly Asset[];
  current: string;
  label: string;
  onShow: (asset: Asset) => void;
}) {
  const t = useT();
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: assets.length,
    horizontal: true,
    getScrollElement: () => scroller.current,
    estimateSize: () => size + 4,
    getItemKey: (index) => assets[index]?.id ?? index,
    overscan: 6,
  });
  const at = assets.findIndex((asset) => asset.id === current);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: 'center' });
  }, [at, virtual]);
  return (
    <nav
      ref={scroller}
      aria-label={label}
      className="h-18 shrink-0 overflow-x-auto overflow-y-hidden border-line border-t bg-surface px-2 pt-2 [scrollbar-width:none]"
    >
      <div className="relative h-14" style={{ width: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const asset = assets[item.index];
          return (
            asset && (
              <button
                key={item.key}
                type="button"
                tabIndex={asset.id === current ? 0 : -1}
                aria-label={asset.name || t('library.picture')}
                aria-current={asset.id === current || undefined}
                onClick={() => onShow(asset)}
                className={clsx(
                  'absolute top-0 left-0 size-14 overflow-hidden rounded-6 focus-on-picture transition-opacity duration-100',
                  asset.id === current
                    ? 'outline-2 outline-accent -outline-offset-2 outline'
                    : 'opacity-70 hover:opacity-100',
                )}
                style={{ transform: `translateX(${item.start}px)` }}
              >
                <Picture
                  asset={asset}
                  sizes={size}
                  alt=""
                  className={clsx(asset.id === current && '-z-10')}
                />
              </button>
            )
          );
        })}
      </div>
    </nav>
  );
}
