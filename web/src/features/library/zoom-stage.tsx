import clsx from 'clsx';
import { Maximize, Minus, Plus } from 'lucide-react';
import { type Ref, useImperativeHandle, useState } from 'react';
import { assetUrl, variantWidths } from '~/api/files';
import type { Asset } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { thumbhashUrl } from '~/lib/thumbhash';
import { useZoomPan, type ZoomPan } from '~/lib/use-zoom-pan';
import { IconButton } from '~/ui/button';

export interface ZoomHandle {
  fit: () => void;
  to: (zoom: number) => void;
  by: (factor: number) => void;
  pan: (x: number, y: number) => void;
  isZoomed: () => boolean;
}

/** The picture, fitted; wheel, pinch, double click and keys zoom, dragging moves it. */
export function ZoomStage({
  asset,
  handle,
  onSwipe,
}: {
  asset: Asset;
  handle: Ref<ZoomHandle>;
  onSwipe?: (step: 1 | -1) => void;
}) {
  const zoom = useZoomPan(
    { width: asset.width_px || 1024, height: asset.height_px || 1024 },
    onSwipe ? { onSwipe } : {},
  );
  const { room, isZoomed, isDragging } = zoom;
  useImperativeHandle(handle, () => ({
    fit: zoom.fit,
    to: (value) => zoom.zoomTo(value),
    by: zoom.zoomBy,
    pan: zoom.pan,
    isZoomed: () => isZoomed,
  }));
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys and buttons do the same
    <div
      ref={zoom.stageRef}
      className={clsx(
        'relative min-h-0 flex-1 touch-none overflow-hidden p-4 max-md:p-0',
        isZoomed ? (isDragging ? 'cursor-grabbing' : 'cursor-grab') : 'cursor-zoom-in',
      )}
      {...zoom.handlers}
      onDoubleClick={(event) =>
        isZoomed ? zoom.fit() : zoom.zoomTo(1, zoom.fromCentre(event.currentTarget, event))
      }
    >
      {room.width > 0 && <ZoomPicture asset={asset} zoom={zoom} />}
      <ZoomBar zoom={zoom} className="absolute right-3 bottom-3 max-md:hidden" />
    </div>
  );
}

/** A picture where the view has it; the original when the copies have fewer pixels than are seen. */
export function ZoomPicture({
  asset,
  zoom,
  alt,
}: {
  asset: Asset;
  zoom: Pick<ZoomPan, 'picture' | 'shown' | 'least' | 'ratio' | 'isZoomed'>;
  alt?: string;
}) {
  const t = useT();
  const [isLoaded, setLoaded] = useState(false);
  const { picture, shown, least, ratio } = zoom;
  const width = picture.width * shown.zoom;
  const height = picture.height * shown.zoom;
  const needsOriginal = zoom.isZoomed && width * ratio > variantWidths.preview;
  const hash = isLoaded ? null : thumbhashUrl(asset.thumbhash);
  const layer = 'absolute inset-0 size-full select-none object-contain';
  return (
    <div
      className="checker absolute top-1/2 left-1/2"
      style={{
        width,
        height,
        transform: `translate(calc(-50% + ${shown.x}px), calc(-50% + ${shown.y}px))`,
        backgroundColor: isLoaded ? undefined : asset.average_color || undefined,
      }}
    >
      {hash && <img src={hash} alt="" aria-hidden className={layer} />}
      <img
        src={assetUrl(asset.id, 'preview')}
        srcSet={`${assetUrl(asset.id, 'medium')} 640w, ${assetUrl(asset.id, 'preview')} 1600w`}
        sizes={`${Math.max(1, Math.round(picture.width * least))}px`}
        alt={alt ?? (asset.name || t('library.picture'))}
        decoding="async"
        draggable={false}
        onLoad={() => setLoaded(true)}
        className={layer}
      />
      {needsOriginal && (
        <img
          src={assetUrl(asset.id, 'original')}
          alt=""
          aria-hidden
          decoding="async"
          draggable={false}
          className={clsx(layer, shown.zoom >= 4 && '[image-rendering:pixelated]')}
        />
      )}
    </div>
  );
}

export function ZoomBar({ zoom, className }: { zoom: ZoomPan; className?: string }) {
  const t = useT();
  const format = useFormat();
  const { shown } = zoom;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keeps clicks on the buttons from the stage
    <div
      className={clsx(
        'flex items-center gap-0.5 rounded-8 bg-surface p-0.5 shadow-2 outline outline-line',
        className,
      )}
      onPointerDown={(event) => event.stopPropagation()}
      onDoubleClick={(event) => event.stopPropagation()}
    >
      <IconButton
        icon={Minus}
        size="dense"
        label={t('library.command.zoomOut')}
        keys="-"
        onClick={() => zoom.zoomBy(1 / 1.5)}
      />
      <button
        type="button"
        onClick={() =>
          Math.abs(shown.zoom - 1) < 0.01
            ? zoom.zoomTo(4)
            : shown.zoom > 1.01
              ? zoom.fit()
              : zoom.zoomTo(1)
        }
        aria-label={t('library.viewer.zoom', { value: format.number(shown.zoom * 100) })}
        className="h-7 min-w-14 rounded-6 text-12 tabular-nums hover:bg-surface-2"
      >
        {`${format.number(shown.zoom * 100)} %`}
      </button>
      <IconButton
        icon={Plus}
        size="dense"
        label={t('library.command.zoomIn')}
        keys="+"
        onClick={() => zoom.zoomBy(1.5)}
      />
      <IconButton
        icon={Maximize}
        size="dense"
        label={t('library.command.fit')}
        keys="F"
        onClick={zoom.fit}
      />
    </div>
  );
}
