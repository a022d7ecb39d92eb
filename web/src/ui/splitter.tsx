import clsx from 'clsx';
import { type KeyboardEvent, type PointerEvent, type Ref, useRef, useState } from 'react';
import { railWidth } from '~/lib/columns';
import { useT } from '~/lib/i18n';
import { Tip } from './tip';

const step = 16;
const largeStep = 64;

/** The edge between a column and the middle: by pointer and by keys, a line only when it is meant. */
export function Splitter({
  name,
  controls,
  side,
  width,
  min,
  max,
  isFolded = false,
  onDraw,
  onCancel,
  onFold,
  edgeRef,
}: {
  /** of the column */
  name: string;
  /** the id of the column */
  controls: string;
  /** where the column stands, seen from the middle */
  side: 'left' | 'right';
  width: number;
  min: number;
  max: number;
  isFolded?: boolean;
  /** the edge was drawn to here, also where it cannot be; `isOver`: and let go */
  onDraw: (width: number, isOver: boolean) => void;
  onCancel: () => void;
  onFold: () => void;
  edgeRef?: Ref<HTMLDivElement>;
}) {
  const t = useT();
  const start = useRef({ x: 0, width: 0, hasMoved: false });
  const [isDrawn, setDrawn] = useState(false);
  const grows = side === 'left' ? 1 : -1;
  const drawnTo = (event: PointerEvent) =>
    start.current.width + (event.clientX - start.current.x) * grows;

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = (event.shiftKey ? largeStep : step) * grows;
    if (event.key === 'ArrowRight') onDraw(width + by, true);
    else if (event.key === 'ArrowLeft') onDraw(width - by, true);
    else if (event.key === 'Home') onDraw(min, true);
    else if (event.key === 'End') onDraw(max, true);
    else if (event.key === 'Enter') onFold();
    else return;
    event.preventDefault();
  };

  return (
    <Tip text={t('common.column.help')}>
      <div
        ref={edgeRef}
        role="separator"
        tabIndex={0}
        aria-orientation="vertical"
        aria-label={t('common.column.edge', { name })}
        aria-controls={controls}
        aria-valuemin={isFolded ? 0 : min}
        aria-valuemax={max}
        aria-valuenow={isFolded ? 0 : width}
        aria-valuetext={isFolded ? t('common.column.folded') : `${width} px`}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          start.current = {
            x: event.clientX,
            width: isFolded ? railWidth : width,
            hasMoved: false,
          };
          setDrawn(true);
        }}
        onPointerMove={(event) => {
          if (!isDrawn) return;
          // A double click is none that trembles.
          if (!start.current.hasMoved && Math.abs(event.clientX - start.current.x) < 3) return;
          start.current.hasMoved = true;
          onDraw(drawnTo(event), false);
        }}
        onPointerUp={(event) => {
          if (isDrawn && start.current.hasMoved) onDraw(drawnTo(event), true);
          setDrawn(false);
        }}
        onLostPointerCapture={() => {
          setDrawn(false);
          onCancel();
        }}
        onDoubleClick={onFold}
        className="group relative z-10 -mr-2 w-2 shrink-0 cursor-col-resize touch-none select-none !outline-none"
      >
        <span
          aria-hidden
          className={clsx(
            'absolute inset-y-0 -left-px w-0.5 outline-accent transition-colors duration-100 group-hover:bg-accent group-focus-visible:bg-accent group-focus-visible:outline-2 group-focus-visible:outline',
            isDrawn && 'bg-accent',
          )}
        />
      </div>
    </Tip>
  );
}
