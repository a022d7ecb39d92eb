import { useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Queue, Run } from '~/api/types';
import { useT } from '~/lib/i18n';
import type { RunOrder } from '~/live/use-run-order';
import { Boundary } from '~/ui/boundary';
import { useReorder } from '~/ui/reorder';
import type { QueueActions } from './actions';
import { RunRow } from './run-row';

/** Runs under each other, only those near the view in the page; the end asks for more. */
export function RunList({
  runs,
  queue,
  actions,
  order,
  scrollRef,
  onEnd,
}: {
  runs: readonly Run[];
  queue: Queue | undefined;
  actions: QueueActions;
  order: RunOrder;
  scrollRef: RefObject<HTMLDivElement | null>;
  onEnd: (() => void) | undefined;
}) {
  const t = useT();
  const list = useRef<HTMLUListElement>(null);
  const [margin, setMargin] = useState(0);
  const reorder = useReorder(order);
  // What stands above the list grows and shrinks.
  useLayoutEffect(() => {
    const next = list.current?.offsetTop ?? 0;
    if (next !== margin) setMargin(next);
  });
  const virtual = useVirtualizer({
    count: runs.length,
    getScrollElement: () => scrollRef.current,
    estimateSize: () => 68,
    getItemKey: (index) => runs[index]?.id ?? index,
    overscan: 8,
    scrollMargin: margin,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (onEnd && last >= runs.length - 5) onEnd();
  }, [last, onEnd, runs.length]);
  return (
    <ul
      ref={list}
      aria-label={t('queue.runs')}
      className="relative overflow-hidden rounded-8 bg-surface outline outline-line"
      style={{ height: virtual.getTotalSize() }}
    >
      {items.map((item) => {
        const run = runs[item.index];
        return (
          run && (
            <li
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              aria-setsize={runs.length}
              aria-posinset={item.index + 1}
              className="absolute inset-x-0 top-0"
              style={{ transform: `translateY(${item.start - margin}px)` }}
            >
              <Boundary of={run.id}>
                <RunRow run={run} queue={queue} actions={actions} order={order} reorder={reorder} />
              </Boundary>
            </li>
          )
        );
      })}
    </ul>
  );
}
