import { ArrowDown, ArrowDownToLine, ArrowUp, ArrowUpToLine, GripVertical } from 'lucide-react';
import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react';
import { useT } from '~/lib/i18n';
import { IconButton } from './button';
import type { MenuEntry } from './menu';

interface Order {
  movable: readonly string[];
  moveTo: (id: string, index: number) => void;
  toFront: (id: string) => void;
  toBack: (id: string) => void;
}

/** Where the dragged one would come to stand: a line above (or, for the last, below) that row. */
export interface Drag {
  id: string;
  over: string;
  isBelow: boolean;
}

/**
 * Rows that change places: by a handle with mouse, pen and finger, by Alt and arrows anywhere in
 * the row, by menu. A row is the nearest element with `data-order` around the pointer.
 */
export function useReorder(order: Order) {
  const [drag, setDrag] = useState<Drag | null>(null);
  const latest = useRef<Drag | null>(null);
  const put = (next: Drag | null) => {
    latest.current = next;
    setDrag(next);
  };
  const find = (id: string, x: number, y: number): Drag | null => {
    for (const element of document.elementsFromPoint(x, y)) {
      const row = element.closest<HTMLElement>('[data-order]');
      const over = row?.dataset.order;
      if (!row || !over || !order.movable.includes(over)) continue;
      const { top, height } = row.getBoundingClientRect();
      return { id, over, isBelow: y > top + height / 2 };
    }
    return null;
  };
  const drop = ({ id, over, isBelow }: Drag) => {
    const from = order.movable.indexOf(id);
    const to = order.movable.indexOf(over) + (isBelow ? 1 : 0);
    order.moveTo(id, to > from ? to - 1 : to);
  };
  const step = (id: string, key: string): boolean => {
    const at = order.movable.indexOf(id);
    if (at < 0) return false;
    if (key === 'ArrowUp') order.moveTo(id, at - 1);
    else if (key === 'ArrowDown') order.moveTo(id, at + 1);
    else if (key === 'Home') order.moveTo(id, 0);
    else if (key === 'End') order.moveTo(id, order.movable.length - 1);
    else return false;
    return true;
  };
  return {
    drag,
    /** on the row */
    row: (id: string) => ({
      'data-order': id,
      onKeyDown: (event: KeyboardEvent) => {
        if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
        if (step(id, event.key)) event.preventDefault();
      },
    }),
    /** on its handle */
    handle: (id: string) => ({
      onPointerDown: (event: PointerEvent<HTMLElement>) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        put({ id, over: id, isBelow: false });
      },
      onPointerMove: (event: PointerEvent) => {
        if (latest.current?.id !== id) return;
        const next = find(id, event.clientX, event.clientY);
        if (next) put(next);
      },
      onPointerUp: () => {
        const done = latest.current;
        put(null);
        if (done?.id === id && done.over !== id) drop(done);
      },
      onPointerCancel: () => put(null),
      onKeyDown: (event: KeyboardEvent) => {
        if (event.key === 'Escape' && latest.current) put(null);
        else if (!event.altKey && /^Arrow(Up|Down)$/.test(event.key) && step(id, event.key))
          event.preventDefault();
      },
    }),
  };
}

export type Reorder = ReturnType<typeof useReorder>;

export function OrderHandle({ id, reorder }: { id: string; reorder: Reorder }) {
  const t = useT();
  return (
    <IconButton
      icon={GripVertical}
      size="dense"
      label={t('common.order.handle')}
      keys="Alt+ArrowUp"
      className="touch-none cursor-grab active:cursor-grabbing"
      {...reorder.handle(id)}
    />
  );
}

/** The line at which the dragged row would come to stand. */
export function OrderLine({ id, drag }: { id: string; drag: Drag | null }) {
  if (!drag || drag.over !== id || drag.id === id) return null;
  return (
    <span
      aria-hidden
      className={`pointer-events-none absolute inset-x-0 z-1 h-0.5 bg-accent ${drag.isBelow ? '-bottom-px' : '-top-px'}`}
    />
  );
}

/** The same without a pointer. */
export function useOrderEntries() {
  const t = useT();
  return (id: string, order: Order): MenuEntry[] => {
    const at = order.movable.indexOf(id);
    if (at < 0) return [];
    const isFirst = at === 0 ? { whyNot: t('common.order.isFirst') } : {};
    const isLast = at === order.movable.length - 1 ? { whyNot: t('common.order.isLast') } : {};
    return [
      {
        label: t('common.order.up'),
        icon: ArrowUp,
        keys: 'Alt+ArrowUp',
        ...isFirst,
        run: () => order.moveTo(id, at - 1),
      },
      {
        label: t('common.order.down'),
        icon: ArrowDown,
        keys: 'Alt+ArrowDown',
        ...isLast,
        run: () => order.moveTo(id, at + 1),
      },
      { label: t('common.order.front'), icon: ArrowUpToLine, run: () => order.toFront(id) },
      {
        label: t('common.order.back'),
        icon: ArrowDownToLine,
        ...isLast,
        run: () => order.toBack(id),
      },
      'line',
    ];
  };
}
