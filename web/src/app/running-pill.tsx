import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Queue } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { Popover } from '~/ui/popover';

/** How much runs, at a glance, and everybody's share of the wait. */
export function RunningPill({ queue }: { queue: Queue }) {
  const t = useT();
  const format = useFormat();
  const [isOpen, setOpen] = useState(false);
  const busy = queue.running + queue.waiting_mine;
  if (busy === 0 && queue.held === 0 && !queue.is_paused) return null;
  const rows: [string, number][] = [
    [t('common.queue.running'), queue.running],
    [t('common.queue.waitingMine'), queue.waiting_mine],
    [t('common.queue.waitingAll'), queue.waiting_all],
    [t('common.queue.held'), queue.held],
    [t('common.queue.failed'), queue.failed_24h],
  ];
  return (
    <Popover
      title={t('common.queue.title')}
      isOpen={isOpen}
      onOpenChange={setOpen}
      className="w-64"
      trigger={
        <button
          type="button"
          className="flex h-7 items-center gap-2 rounded-full bg-accent-soft px-3 text-12 whitespace-nowrap font-medium text-accent-text tabular-nums max-md:h-9 data-[tone=warn]:bg-warn-soft data-[tone=warn]:text-warn"
          data-tone={queue.is_paused || (busy === 0 && queue.held > 0) ? 'warn' : undefined}
        >
          <span className="size-1.5 rounded-full bg-current" aria-hidden />
          {queue.is_paused
            ? t('common.queue.paused')
            : busy > 0
              ? t('common.queue.pill', { count: busy, value: format.number(busy) })
              : t('common.queue.heldPill', { count: queue.held, value: format.number(queue.held) })}
        </button>
      }
    >
      <dl className="flex flex-col gap-1">
        {rows.map(([label, value]) => (
          <div key={label} className="flex justify-between gap-4 text-13">
            <dt className="text-fg-2">{label}</dt>
            <dd className="font-medium tabular-nums">{format.number(value)}</dd>
          </div>
        ))}
      </dl>
      <Link
        to="/queue"
        onClick={() => setOpen(false)}
        className="mt-3 block rounded-6 bg-surface-2 px-3 py-2 text-center text-13 font-medium hover:bg-surface-3"
      >
        {t('common.queue.open')}
      </Link>
    </Popover>
  );
}
