import clsx from 'clsx';
import { Maximize, Minus, Plus } from 'lucide-react';
import {
  type PointerEvent,
  type Ref,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
} from 'react';
import { assetUrl, variantWidths } from '~/api/files';
import type { Asset } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { thumbhashUrl } from '~/lib/thumbhash';
import { useSize } from '~/lib/use-size';
import { clampView, fitZoom, type View, zoomAt } from '~/lib/zoom-pan';
import { IconButton } from '~/ui/button';

export interface ZoomHandle {
  fit: () => void;
  to: (zoom: number) => void;
  by: (factor: number) => void;
  pan: (x: number, y: number) => void;
  isZoomed: () => boolean;
}

/** The picture, fitted; wheel, pinch, double click and keys zoom, dragging moves it. */
export function ZoomStage({ asset, handle }: { asset: Asset; handle: Ref<ZoomHandle> }) {
  const t = useT();
  const format = useFormat();
  const [roomRef, room] = useSize();
  const stage = useRef<HTMLDivElement | null>(null);
  const [view, setView] = useState<View | null>(null);
  const [isLoaded, setLoaded] = useState(false);
  const pointers = useRef(new Map<number, { x: number; y: number }>());
  const [isDragging, setDragging] = useState(false);

  const ratio = window.devicePixelRatio || 1;
  // "100 %" is one picture pixel on one screen pixel.
  const picture = {
    width: (asset.width_px || 1024) / ratio,
    height: (asset.height_px || 1024) / ratio,
  };
  const least = fitZoom(picture, room);
  const shown = view ? clampView(view, picture, room) : { zoom: least, x: 0, y: 0 };
  const isZoomed = view !== null && shown.zoom > least * 1.001;

  const zoomTo = (zoom: number, at = { x: 0, y: 0 }) => {
    const next = zoomAt(shown, zoom, at, picture, room);
    setView(next.zoom <= least * 1.001 ? null : next);
  };
  useImperativeHandle(handle, () => ({
    fit: () => setView(null),
    to: (zoom) => zoomTo(zoom),
    by: (factor) => zoomTo(shown.zoom * factor),
    pan: (x, y) => setView(clampView({ ...shown, x: shown.x + x, y: shown.y + y }, picture, room)),
    isZoomed: () => isZoomed,
  }));

  const fromCentre = (event: { clientX: number; clientY: number }) => {
    const box = stage.current?.getBoundingClientRect();
    return box
      ? { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 }
      : { x: 0, y: 0 };
  };

  // A wheel listener must be able to keep the page from zooming itself.
  const onWheel = useRef<(event: WheelEvent) => void>(() => {});
  onWheel.current = (event) => {
    event.preventDefault();
    zoomTo(
      shown.zoom * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)),
      fromCentre(event),
    );
  };
  useEffect(() => {
    const element = stage.current;
    const listen = (event: WheelEvent) => onWheel.current(event);
    element?.addEventListener('wheel', listen, { passive: false });
    return () => element?.removeEventListener('wheel', listen);
  }, []);

  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    event.currentTarget.setPointerCapture(event.pointerId);
    setDragging(true);
  };
  const onPointerMove = (event: PointerEvent) => {
    const before = pointers.current.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1];
    pointers.current.set(event.pointerId, now);
    if (other) {
      const was = Math.hypot(before.x - other.x, before.y - other.y);
      const is = Math.hypot(now.x - other.x, now.y - other.y);
      if (was > 0) {
        zoomTo(
          shown.zoom * (is / was),
          fromCentre({ clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 }),
        );
      }
    } else if (isZoomed) {
      setView(
        clampView(
          { ...shown, x: shown.x + now.x - before.x, y: shown.y + now.y - before.y },
          picture,
          room,
        ),
      );
    }
  };
  const onPointerEnd = (event: PointerEvent) => {
    pointers.current.delete(event.pointerId);
    setDragging(pointers.current.size > 0);
  };

  const width = picture.width * shown.zoom;
  const height = picture.height * shown.zoom;
  const needsOriginal = isZoomed && width * ratio > variantWidths.preview;
  const hash = isLoaded ? null : thumbhashUrl(asset.thumbhash);
  const layer = 'absolute inset-0 size-full select-none';
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys and buttons do the same
    <div
      ref={(element) => {
        stage.current = element;
        return roomRef(element);
      }}
      className={clsx(
        'relative min-h-0 flex-1 touch-none overflow-hidden p-4 max-md:p-0',
        isZoomed ? (isDragging ? 'cursor-grabbing' : 'cursor-grab') : 'cursor-zoom-in',
      )}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerEnd}
      onPointerCancel={onPointerEnd}
      onDoubleClick={(event) => (isZoomed ? setView(null) : zoomTo(1, fromCentre(event)))}
    >
      {room.width > 0 && (
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
            alt={asset.name || t('library.picture')}
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
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keeps clicks on the buttons from the stage */}
      <div
        className="absolute right-3 bottom-3 flex items-center gap-0.5 rounded-8 bg-surface p-0.5 shadow-2 outline outline-line max-md:hidden"
        onPointerDown={(event) => event.stopPropagation()}
        onDoubleClick={(event) => event.stopPropagation()}
      >
        <IconButton
          icon={Minus}
          size="dense"
          label={t('library.command.zoomOut')}
          keys="-"
          onClick={() => zoomTo(shown.zoom / 1.5)}
        />
        <button
          type="button"
          onClick={() =>
            Math.abs(shown.zoom - 1) < 0.01
              ? zoomTo(4)
              : shown.zoom > 1.01
                ? setView(null)
                : zoomTo(1)
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
          onClick={() => zoomTo(shown.zoom * 1.5)}
        />
        <IconButton
          icon={Maximize}
          size="dense"
          label={t('library.command.fit')}
          keys="F"
          onClick={() => setView(null)}
        />
      </div>
    </div>
  );
}
