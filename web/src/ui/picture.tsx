import clsx from 'clsx';
import { ImageOff } from 'lucide-react';
import { memo, useCallback, useEffect, useState } from 'react';
import { assetUrl, type Variant, variantWidths } from '~/api/files';
import type { Asset } from '~/api/types';
import { thumbhashColor, thumbhashUrl } from '~/lib/thumbhash';

type Shown = Pick<Asset, 'id' | 'width_px' | 'height_px' | 'thumbhash' | 'average_color' | 'mime'>;

const order: Exclude<Variant, 'original'>[] = ['thumb', 'medium', 'preview'];

function sourceSet(id: string, width: number): string {
  return order
    .map((variant) => `${assetUrl(id, variant)} ${Math.min(width, variantWidths[variant])}w`)
    .join(', ');
}

/**
 * A picture of ours: colour first, then its hash, then the bytes that fit `sizes`. Colour and hash
 * stay below the picture until it has come in whole, so that the page never shows through.
 */
export const Picture = memo(function Picture({
  asset,
  sizes,
  alt,
  fit = 'cover',
  className,
}: {
  asset: Shown;
  /** css pixels it is drawn at */
  sizes: number;
  alt: string;
  fit?: 'cover' | 'contain';
  className?: string;
}) {
  const [state, setState] = useState<'loading' | 'coming' | 'shown' | 'failed'>('loading');
  const [tries, setTries] = useState(0);
  const isHere = state === 'coming' || state === 'shown';
  const hash = state === 'shown' ? null : thumbhashUrl(asset.thumbhash);
  /** One that the browser has already needs no coming in. */
  const look = useCallback((image: HTMLImageElement | null) => {
    if (image?.complete && image.naturalWidth > 0) setState('shown');
  }, []);
  const end = useCallback(() => setState((now) => (now === 'coming' ? 'shown' : now)), []);
  // Of one that is not drawn just then no end is told.
  useEffect(() => {
    if (state !== 'coming') return;
    const timer = setTimeout(end, 1000);
    return () => clearTimeout(timer);
  }, [state, end]);
  return (
    <span
      className={clsx('relative block size-full overflow-hidden', className)}
      style={
        state === 'shown'
          ? undefined
          : { backgroundColor: asset.average_color || thumbhashColor(asset.thumbhash) || undefined }
      }
    >
      {hash && (
        <img src={hash} alt="" aria-hidden className="absolute inset-0 size-full object-cover" />
      )}
      {state === 'failed' ? (
        <button
          type="button"
          aria-label={alt}
          className="absolute inset-0 flex items-center justify-center bg-surface-2 text-fg-3"
          onClick={(event) => {
            event.stopPropagation();
            setState('loading');
            setTries(tries + 1);
          }}
        >
          <ImageOff size={20} strokeWidth={1.5} aria-hidden />
        </button>
      ) : (
        <img
          key={tries}
          ref={look}
          src={assetUrl(asset.id, 'medium')}
          srcSet={sourceSet(asset.id, asset.width_px || 1600)}
          sizes={`${Math.max(1, Math.round(sizes))}px`}
          width={asset.width_px || undefined}
          height={asset.height_px || undefined}
          alt={alt}
          decoding="async"
          draggable={false}
          onLoad={() => setState((now) => (now === 'loading' ? 'coming' : now))}
          onError={() => setState('failed')}
          onTransitionEnd={end}
          onTransitionCancel={end}
          className={clsx(
            'absolute inset-0 size-full',
            state !== 'shown' && 'transition-opacity duration-200',
            fit === 'cover' ? 'object-cover' : 'object-contain',
            isHere ? 'opacity-100' : 'opacity-0',
            isHere && asset.mime !== 'image/jpeg' && 'checker',
          )}
        />
      )}
    </span>
  );
});
