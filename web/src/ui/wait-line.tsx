import { useQuery } from '@tanstack/react-query';
import { queueQuery } from '~/api/queries';
import type { Run, Task } from '~/api/types';
import { hasText, useFormat, useT } from '~/lib/i18n';
import { useNow } from '~/lib/use-now';
import { waitOf } from '~/lib/wait';

/** What stands between a waiting task and its start, as the gate before its account knows it. */
export function WaitLine({
  task,
  run,
  className,
}: {
  task: Pick<Task, 'state' | 'run_at' | 'position' | 'model' | 'provider_id'>;
  run: Pick<Run, 'is_paused'>;
  className?: string;
}) {
  const t = useT();
  const format = useFormat();
  const { data: queue } = useQuery(queueQuery);
  const lane = queue?.providers.find((one) => one.id === task.provider_id);
  // A rest and a time to come end without a word from anybody.
  const isTimed = Boolean(task.run_at) || lane?.models.some((one) => one.pause_until) === true;
  const now = useNow(isTimed);
  const wait = queue && waitOf(task, run, queue, lane, now);
  if (!wait) return null;
  const why = `common.failure.${wait.why}`;
  return (
    <p className={className}>
      {t(`common.wait.${wait.name}`, {
        name: wait.of ?? '',
        time: format.dateTime(wait.until ?? null),
        count: wait.count ?? 0,
        why: hasText(why) ? t(why) : (wait.why ?? ''),
        place: format.number(task.position),
        of: format.number(Math.max(wait.count ?? 0, task.position)),
      })}
    </p>
  );
}
