import { Link } from '@tanstack/react-router';
import { CircleX, Pause, Play } from 'lucide-react';
import type { Queue, Run } from '~/api/types';
import { useQueueActions } from '~/features/queue/actions';
import { useFormat, useT } from '~/lib/i18n';
import { orderRuns, placeOf } from '~/lib/run-order';
import { endedTasks } from '~/lib/spoken';
import { RunBar } from '~/live/run-bar';
import { IconButton } from '~/ui/button';

const shownRuns = 5;

/** My active runs in their turn; each can be held up and given up where it is seen. */
export function MyRuns({
  runs,
  queue,
  onGo,
}: {
  runs: readonly Run[];
  queue: Queue;
  onGo: () => void;
}) {
  const t = useT();
  const format = useFormat();
  const actions = useQueueActions();
  if (runs.length === 0) return null;
  const inTurn = orderRuns(runs, []);
  return (
    <ul
      aria-label={t('common.queue.mine')}
      className="mb-3 flex flex-col gap-0.5 border-line border-b pb-3"
    >
      {inTurn.slice(0, shownRuns).map((run) => {
        const { done, total } = endedTasks(run);
        const place = placeOf(run, queue.providers);
        const progress = t('common.spoken.done', { done, total });
        return (
          <li key={run.id} className="flex items-center">
            <Link
              to="/queue/$run"
              params={{ run: run.id }}
              onClick={onGo}
              className="block min-w-0 flex-1 rounded-6 px-2 py-1.5 hover:bg-surface-2"
            >
              <span className="block truncate text-13">
                {run.tasks[0]?.prompt || run.title || t('common.queue.untitled')}
              </span>
              <span className="flex justify-between gap-2 py-0.5 text-12 text-fg-3 tabular-nums">
                <span>{run.is_paused ? t('common.queue.runPaused') : progress}</span>
                {place && (
                  <span>
                    {t('common.order.place', {
                      place: format.number(place.place),
                      of: format.number(place.of),
                    })}
                  </span>
                )}
              </span>
              <RunBar run={run} label={progress} />
            </Link>
            <IconButton
              size="dense"
              icon={run.is_paused ? Play : Pause}
              label={t(run.is_paused ? 'common.queue.resumeRun' : 'common.queue.pauseRun')}
              onClick={() => actions.run(run.id, run.is_paused ? 'resume' : 'pause')}
            />
            <IconButton
              size="dense"
              icon={CircleX}
              look="danger-ghost"
              label={t('common.queue.cancelRun')}
              onClick={() => actions.run(run.id, 'cancel')}
            />
          </li>
        );
      })}
      {inTurn.length > shownRuns && (
        <li className="px-2 text-12 text-fg-3">
          {t('common.queue.more', {
            count: inTurn.length - shownRuns,
            value: format.number(inTurn.length - shownRuns),
          })}
        </li>
      )}
    </ul>
  );
}
