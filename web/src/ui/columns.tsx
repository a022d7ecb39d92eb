import clsx from 'clsx';
import { PanelLeftOpen, PanelRightOpen } from 'lucide-react';
import { type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react';
import {
  type Column,
  type ColumnName,
  columnBounds,
  drawnTo,
  fitColumns,
  readColumn,
} from '~/lib/columns';
import { useT } from '~/lib/i18n';
import { usePreferences } from '~/lib/preferences';
import { useSize } from '~/lib/use-size';
import { IconButton } from './button';
import { Splitter } from './splitter';

interface Side {
  name: ColumnName;
  label: string;
  content: ReactNode;
  /** A column that the page opens and closes: folded it is closed, and leaves nothing behind. */
  onClose?: () => void;
}

/** A middle with a column at its left, its right or both, as wide as a person likes and remembered. */
export function Columns({
  left,
  right,
  children,
}: {
  left?: Side | undefined;
  right?: Side | undefined;
  children: ReactNode;
}) {
  const [roomRef, room] = useSize();
  const saved = usePreferences((state) => state.columns);
  /** what is drawn now is kept when it is let go */
  const [drawn, setDrawn] = useState<{ name: ColumnName; column: Column } | null>(null);
  const stateOf = (side: Side | undefined) => {
    if (!side) return null;
    if (drawn?.name === side.name) return { ...drawn.column, name: side.name };
    const column = readColumn(saved, side.name);
    return { ...column, isFolded: column.isFolded && !side.onClose, name: side.name };
  };
  const ofLeft = stateOf(left);
  const ofRight = stateOf(right);
  const fit = fitColumns(room.width, ofLeft, ofRight);
  const shared = { onDraw: setDrawn };
  return (
    <div ref={roomRef} className="flex min-h-0 min-w-0 flex-1">
      {left && ofLeft && (
        <SideColumn {...left} {...shared} {...fit.left} side="left" isFolded={ofLeft.isFolded} />
      )}
      {children}
      {right && ofRight && (
        <SideColumn
          {...right}
          {...shared}
          {...fit.right}
          side="right"
          isFolded={ofRight.isFolded}
        />
      )}
    </div>
  );
}

function SideColumn({
  name,
  label,
  content,
  onClose,
  side,
  width,
  max,
  isFolded,
  onDraw,
}: Side & {
  side: 'left' | 'right';
  width: number;
  max: number;
  isFolded: boolean;
  onDraw: (drawn: { name: ColumnName; column: Column } | null) => void;
}) {
  const t = useT();
  const id = useId();
  const { min } = columnBounds[name];
  const setColumn = usePreferences((state) => state.setColumn);
  const edge = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const wasFolded = useRef(isFolded);
  useLayoutEffect(() => {
    if (wasFolded.current === isFolded) return;
    wasFolded.current = isFolded;
    // What had the focus has gone: it stays near.
    if (document.activeElement === document.body) (isFolded ? opener : edge).current?.focus();
  }, [isFolded]);

  const Tag = side === 'left' ? 'section' : 'aside';
  const column = (
    <Tag
      id={id}
      aria-label={label}
      style={isFolded ? undefined : { width }}
      className={clsx(
        'flex shrink-0 flex-col border-line bg-surface',
        side === 'left' ? 'border-r' : 'border-l',
        isFolded && 'w-11 items-center py-2',
      )}
    >
      {isFolded ? (
        <IconButton
          ref={opener}
          icon={side === 'left' ? PanelLeftOpen : PanelRightOpen}
          label={t('common.column.open', { name: label })}
          aria-expanded={false}
          onClick={() => setColumn(name, { isFolded: false })}
        />
      ) : (
        content
      )}
    </Tag>
  );
  const splitter = (
    <Splitter
      edgeRef={edge}
      name={label}
      controls={id}
      side={side}
      width={width}
      min={min}
      max={max}
      isFolded={isFolded}
      onDraw={(next, isOver) => {
        const column = drawnTo(next, min, max);
        // What is folded by hand comes back as wide as it was.
        if (isOver && column.isFolded && onClose) onClose();
        else if (isOver) setColumn(name, column.isFolded ? { isFolded: true } : column);
        onDraw(isOver ? null : { name, column });
      }}
      onCancel={() => onDraw(null)}
      onFold={() => (onClose ? onClose() : setColumn(name, { isFolded: !isFolded }))}
    />
  );
  return side === 'left' ? (
    <>
      {column}
      {splitter}
    </>
  ) : (
    <>
      {splitter}
      {column}
    </>
  );
}
