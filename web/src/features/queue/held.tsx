import { Link } from '@tanstack/react-router';
import type { Task } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { HeldQuestion } from '~/ui/held';
import type { QueueActions } from './actions';

export function HeldCards({ tasks, actions }: { tasks: Task[]; actions: QueueActions }) {
  const t = useT();
  const format = useFormat();
  if (tasks.length === 0) return null;
  return (
    <ul aria-label={t('queue.held.list')} className="flex flex-col gap-2">
      {tasks.map((task) => (
        <li key={task.id} className="rounded-8 bg-warn-soft px-4 py-3">
          <HeldQuestion task={task} isWide onAnswer={(answer) => actions.resolve(task, answer)} />
          <p className="mt-1 truncate pl-9 text-12 text-fg-2">
            <Link to="/queue/$run" params={{ run: task.run_id }} className="underline">
              {task.prompt || task.operation}
            </Link>
            {task.estimate_micro > 0 && ` · ${format.money(task.estimate_micro, task.currency)}`}
          </p>
        </li>
      ))}
    </ul>
  );
}
