import { Link } from '@tanstack/react-router';
import { LifeBuoy } from 'lucide-react';
import { useState } from 'react';
import type { Queue } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { Button } from '~/ui/button';
import { StateMark } from '~/ui/state-mark';

/** After a crash: what was lost sight of, and that it goes on by itself; until it was seen. */
export function Recovered({
  recovered,
  onSeen,
}: {
  recovered: NonNullable<Queue['recovered']>;
  onSeen: () => void;
}) {
  const t = useT();
  const format = useFormat();
  const [isOpen, setOpen] = useState(false);
  const asks = recovered.tasks.filter((task) => task.state === 'held').length;
  return (
    <section
      aria-label={t('queue.recovered.title')}
      className="rounded-8 bg-accent-soft px-4 py-3 text-13"
    >
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <LifeBuoy size={20} strokeWidth={1.75} aria-hidden className="shrink-0 text-accent-text" />
        <div className="min-w-60 flex-1">
          <p className="font-medium">
            {t('queue.recovered.head', { time: format.dateTime(recovered.at) })}
          </p>
          <p className="text-fg-2">
            {t(asks > 0 ? 'queue.recovered.asks' : 'queue.recovered.resumed', {
              waiting: format.number(recovered.waiting),
              inFlight: format.number(recovered.in_flight),
              asks: format.number(asks),
            })}
          </p>
        </div>
        <div className="flex gap-1.5">
          <Button height="dense" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {t('queue.recovered.review')}
          </Button>
          <Button height="dense" look="ghost" onClick={onSeen}>
            {t('queue.recovered.seen')}
          </Button>
        </div>
      </div>
      {isOpen && (
        <ul aria-label={t('queue.recovered.list')} className="mt-2 flex flex-col pl-9 max-md:pl-0">
          {recovered.tasks.map((task) => (
            <li key={task.id} className="flex min-h-8 items-center gap-3 touch:min-h-11">
              <StateMark state={task.state} className="shrink-0" />
              <Link
                to="/queue/$run"
                params={{ run: task.run_id }}
                className="min-w-0 truncate underline"
              >
                {task.prompt || task.operation}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
