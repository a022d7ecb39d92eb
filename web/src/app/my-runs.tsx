import { Link } from '@tanstack/react-router';
import type { Queue, Run } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { orderRuns, placeOf } from '~/lib/run-order';
import { endedTasks } from '~/lib/spoken';
import { ProgressBar } from '~/ui/progress';

const shownRuns = 5;

/** My active runs in their turn. */
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
          <li key={run.id}>
            <Link
              to="/queue/$run"
              params={{ run: run.id }}
              onClick={onGo}
              className="block rounded-6 px-2 py-1.5 hover:bg-surface-2"
            >
              <span className="block truncate text-13">
                {run.tasks[0]?.prompt || run.title || t('common.queue.untitled')}
              </span>
              <span className="flex justify-between gap-2 py-0.5 text-12 text-fg-3 tabular-nums">
                <span>{progress}</span>
                {place && (
                  <span>
                    {t('common.order.place', {
                      place: format.number(place.place),
                      of: format.number(place.of),
                    })}
                  </span>
                )}
              </span>
              <ProgressBar share={total > 0 ? (total - run.left) / total : 0} label={progress} />
            </Link>
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
