import { Link } from '@tanstack/react-router';
import type { QueueLane, Task } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { usePaidWait } from '~/live/paid';
import { HeldQuestion } from '~/ui/held';
import type { QueueActions } from './actions';

export function HeldCards({
  tasks,
  lanes,
  actions,
}: {
  tasks: Task[];
  lanes: readonly QueueLane[];
  actions: QueueActions;
}) {
  const t = useT();
  const format = useFormat();
  const whyNot = usePaidWait();
  if (tasks.length === 0) return null;
  return (
    <ul aria-label={t('queue.held.list')} className="flex flex-col gap-2">
      {tasks.map((task) => (
        <li key={task.id} className="rounded-8 bg-warn-soft px-4 py-3">
          <HeldQuestion
            task={task}
            isWide
            whyNot={whyNot}
            onAnswer={(answer) => actions.resolve(task, answer)}
          />
          <p className="mt-1 truncate pl-9 text-12 text-fg-2">
            <Link to="/queue/$run" params={{ run: task.run_id }} className="underline">
              {task.prompt || task.operation}
            </Link>
            {task.estimate_micro > 0 && ` · ${format.money(task.estimate_micro, task.currency)}`}
          </p>
          <HoldingRule task={task} lanes={lanes} className="mt-1 pl-9" />
        </li>
      ))}
    </ul>
  );
}

/** The rule that made it ask, in words, and where it is set. */
export function HoldingRule({
  task,
  lanes,
  className,
}: {
  task: Pick<Task, 'hold_reason' | 'provider_id' | 'currency'>;
  lanes: readonly QueueLane[];
  className?: string;
}) {
  const t = useT();
  const format = useFormat();
  const lane = lanes.find((one) => one.id === task.provider_id);
  if (!lane?.on_unknown || task.hold_reason !== 'unknown') return null;
  return (
    <p className={`text-12 text-fg-2 ${className ?? ''}`}>
      {t(`queue.rule.${lane.on_unknown}`, {
        name: lane.name,
        price: format.money(lane.once_below_micro, task.currency),
      })}{' '}
      <Link to="/settings/providers" className="underline">
        {t('queue.rule.change')}
      </Link>
    </p>
  );
}
