import clsx from 'clsx';
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react';
import { assetUrl } from '~/api/files';
import type { Asset } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import {
  type Box,
  boxOf,
  type MaskStep,
  nudgeBox,
  paintMask,
  paintStretch,
  type Spot,
  spotSize,
} from '~/lib/mask';
import type { ZoomPan } from '~/lib/use-zoom-pan';
import { announce } from '~/ui/announce';
import type { MaskTool } from './mask-model';

/** What is drawn on has no more pixels than this along a side; what is sent has the picture's own. */
const sideMax = 2048;

export function MaskStage({
  asset,
  zoom,
  steps,
  feather,
  tool,
  brush,
  isHidden,
  onStep,
}: {
  asset: Asset;
  zoom: ZoomPan;
  steps: readonly MaskStep[];
  feather: number;
  tool: MaskTool;
  /** across, in screen pixels */
  brush: number;
  isHidden: boolean;
  onStep: (step: MaskStep) => void;
}) {
  const t = useT();
  const format = useFormat();
  const picture = { width: asset.width_px, height: asset.height_px };
  const scale = Math.min(1, sideMax / Math.max(picture.width, picture.height));
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawing = useRef<{ id: number; spots: Spot[] } | null>(null);
  const [lasso, setLasso] = useState<readonly Spot[]>([]);
  const [box, setBox] = useState<Box | null>(null);
  const [pointer, setPointer] = useState<{ x: number; y: number } | null>(null);
  const erases = tool === 'eraser';
  const { shown } = zoom;
  // Picture pixels on one screen pixel.
  const pixels = zoom.ratio / shown.zoom;

  const pen = () => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return null;
    const colour = getComputedStyle(element).color;
    context.fillStyle = colour;
    context.strokeStyle = colour;
    return context;
  };
  const repaint = useRef(() => {});
  repaint.current = () => {
    const context = pen();
    if (context) paintMask(context, steps, picture, scale);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list of steps is another picture
  useEffect(() => repaint.current(), [steps, scale]);

  const spotAt = (element: Element, event: { clientX: number; clientY: number }): Spot => {
    const at = zoom.fromCentre(element, event);
    return {
      x: (at.x - shown.x) * pixels + picture.width / 2,
      y: (at.y - shown.y) * pixels + picture.height / 2,
      size: brush * pixels,
    };
  };
  const stop = () => {
    drawing.current = null;
    setLasso([]);
    repaint.current();
  };

  const onPointerDown = (event: PointerEvent) => {
    zoom.handlers.onPointerDown(event);
    if (zoom.pointerCount() > 1) {
      stop(); // two fingers look closer, they do not draw
      return;
    }
    if (event.button !== 0) return;
    const spot = spotAt(event.currentTarget, event);
    spot.size = spotSize(spot.size, event.pointerType, event.pressure);
    drawing.current = { id: event.pointerId, spots: [spot] };
    if (tool === 'brush' || tool === 'eraser') {
      const context = pen();
      if (context) paintStretch(context, spot, spot, erases, scale);
    } else if (tool === 'lasso') setLasso([spot]);
    else setBox(null);
  };
  const onPointerMove = (event: PointerEvent) => {
    zoom.handlers.onPointerMove(event);
    const frame = event.currentTarget.getBoundingClientRect();
    setPointer({ x: event.clientX - frame.left, y: event.clientY - frame.top });
    const held = drawing.current;
    if (held?.id !== event.pointerId) return;
    const moves = event.nativeEvent.getCoalescedEvents?.() ?? [];
    const context = pen();
    for (const move of moves.length > 0 ? moves : [event.nativeEvent]) {
      const spot = spotAt(event.currentTarget, move);
      spot.size = spotSize(spot.size, event.pointerType, move.pressure);
      const last = held.spots.at(-1) ?? spot;
      if (Math.hypot(spot.x - last.x, spot.y - last.y) < pixels) continue;
      held.spots.push(spot);
      if (context && (tool === 'brush' || tool === 'eraser')) {
        paintStretch(context, last, spot, erases, scale);
      }
    }
    const first = held.spots[0];
    const last = held.spots.at(-1);
    if (tool === 'lasso') setLasso([...held.spots]);
    if (tool === 'rectangle' && first && last) setBox(boxOf(first, last, picture));
  };
  const onPointerUp = (event: PointerEvent) => {
    zoom.handlers.onPointerUp(event);
    const held = drawing.current;
    if (held?.id !== event.pointerId) return;
    drawing.current = null;
    setLasso([]);
    if (tool === 'rectangle') {
      if (box) onStep({ type: 'rectangle', erases: event.altKey, box });
      setBox(null);
    } else if (tool === 'lasso') {
      if (held.spots.length > 2) {
        onStep({ type: 'lasso', erases: event.altKey, spots: held.spots });
      }
    } else onStep({ type: 'stroke', erases, spots: held.spots });
  };

  const tell = (next: Box) =>
    announce(
      t('generate.mask.box', {
        left: format.number((next.x / picture.width) * 100),
        top: format.number((next.y / picture.height) * 100),
        width: format.number((next.width / picture.width) * 100),
        height: format.number((next.height / picture.height) * 100),
      }),
    );
  /** The rectangle by keys: arrows move it, with Shift they size it, Enter puts it. */
  const onKeyDown = (event: KeyboardEvent) => {
    if (tool !== 'rectangle') return;
    const current = box ?? {
      x: Math.round(picture.width / 4),
      y: Math.round(picture.height / 4),
      width: Math.max(1, Math.round(picture.width / 2)),
      height: Math.max(1, Math.round(picture.height / 2)),
    };
    const step = Math.max(1, Math.round(Math.max(picture.width, picture.height) / 50));
    const by = {
      ArrowLeft: { x: -step, y: 0 },
      ArrowRight: { x: step, y: 0 },
      ArrowUp: { x: 0, y: -step },
      ArrowDown: { x: 0, y: step },
    }[event.key];
    if (by) {
      event.preventDefault();
      const next = box ? nudgeBox(current, by, event.shiftKey, picture) : current;
      setBox(next);
      tell(next);
    } else if ((event.key === 'Enter' || event.key === 'Delete') && box) {
      event.preventDefault();
      onStep({ type: 'rectangle', erases: event.key === 'Delete', box });
      setBox(null);
      announce(t(event.key === 'Enter' ? 'generate.mask.put' : 'generate.mask.taken'));
    }
  };

  const width = zoom.picture.width * shown.zoom;
  const height = zoom.picture.height * shown.zoom;
  const outline = lasso.map((spot) => `${spot.x / pixels},${spot.y / pixels}`).join(' ');
  const hasRing = tool === 'brush' || tool === 'eraser';
  return (
    <div
      ref={zoom.stageRef}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the rectangle is drawn by keys here
      tabIndex={0}
      role="application"
      aria-label={t('generate.mask.stage')}
      aria-describedby="mask-keys"
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={(event) => {
        zoom.handlers.onPointerCancel(event);
        stop();
      }}
      onPointerLeave={() => setPointer(null)}
      className={clsx(
        'relative min-h-0 min-w-0 flex-1 touch-none max-md:short:h-[60dvh] max-md:short:flex-none overflow-hidden outline-none focus-visible:outline-2 focus-visible:outline-accent focus-visible:-outline-offset-2',
        hasRing && pointer ? 'cursor-none' : 'cursor-crosshair',
      )}
    >
      <p id="mask-keys" className="sr-only">
        {t('generate.mask.keys')}
      </p>
      {zoom.room.width > 0 && (
        <div
          className="checker absolute top-1/2 left-1/2"
          style={{
            width,
            height,
            transform: `translate(calc(-50% + ${shown.x}px), calc(-50% + ${shown.y}px))`,
          }}
        >
          <img
            src={assetUrl(asset.id, 'preview')}
            alt={asset.name || t('generate.mask.picture')}
            draggable={false}
            decoding="async"
            className="pointer-events-none absolute inset-0 size-full select-none"
          />
          <canvas
            ref={canvas}
            width={Math.max(1, Math.round(picture.width * scale))}
            height={Math.max(1, Math.round(picture.height * scale))}
            aria-hidden
            className="pointer-events-none absolute inset-0 size-full text-accent opacity-60"
            style={{
              visibility: isHidden ? 'hidden' : undefined,
              filter: feather > 0 ? `blur(${feather / 2 / pixels}px)` : undefined,
            }}
          />
          {!isHidden && (lasso.length > 1 || box) && (
            <svg
              aria-hidden="true"
              className="pointer-events-none absolute inset-0 size-full overflow-visible fill-accent/30 stroke-picture-fg"
              strokeWidth={2}
              strokeDasharray="6 4"
            >
              {lasso.length > 1 && <polygon points={outline} />}
              {box && (
                <rect
                  x={box.x / pixels}
                  y={box.y / pixels}
                  width={box.width / pixels}
                  height={box.height / pixels}
                />
              )}
            </svg>
          )}
        </div>
      )}
      {hasRing && pointer && (
        <span
          aria-hidden
          className="pointer-events-none absolute rounded-full border-2 border-picture-fg shadow-2 outline outline-line-ctl"
          style={{
            width: brush,
            height: brush,
            left: pointer.x - brush / 2,
            top: pointer.y - brush / 2,
          }}
        />
      )}
    </div>
  );
}
