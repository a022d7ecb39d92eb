import { Link } from '@tanstack/react-router';
import { CircleHelp } from 'lucide-react';
import { useState } from 'react';
import type { Task } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { Button } from '~/ui/button';
import type { QueueActions } from './actions';

/** A task that asks: was it made, was it paid? Nothing is repeated before a person said so. */
export function HeldCard({ task, actions }: { task: Task; actions: QueueActions }) {
  const t = useT();
  const format = useFormat();
  const [pending, setPending] = useState('');
  const answer = (what: 'lookup' | 'repeat' | 'give_up') => {
    setPending(what);
    void actions.resolve(task.id, what).finally(() => setPending(''));
  };
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-8 bg-warn-soft px-4 py-3">
      <CircleHelp size={18} strokeWidth={1.75} className="shrink-0 text-warn" aria-hidden />
      <div className="min-w-60 flex-1">
        <p className="text-13 font-medium text-warn">{t('queue.held.title')}</p>
        <p className="text-13 text-fg-2">{task.hold_reason || t('queue.held.text')}</p>
        <p className="mt-0.5 truncate text-12 text-fg-2">
          <Link to="/queue/$run" params={{ run: task.run_id }} className="underline">
            {task.prompt || task.operation}
          </Link>
          {task.estimate_micro > 0 && ` · ${format.money(task.estimate_micro, task.currency)}`}
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        <Button isPending={pending === 'lookup'} onClick={() => answer('lookup')}>
          {t('queue.held.lookup')}
        </Button>
        <Button isPending={pending === 'repeat'} onClick={() => answer('repeat')}>
          {t('queue.held.repeat')}
        </Button>
        <Button look="ghost" isPending={pending === 'give_up'} onClick={() => answer('give_up')}>
          {t('queue.held.giveUp')}
        </Button>
      </div>
    </li>
  );
}
