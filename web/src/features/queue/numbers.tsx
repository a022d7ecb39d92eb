import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import clsx from 'clsx';
import { Pause, Play } from 'lucide-react';
import { myBudgetsQuery, spentQuery } from '~/api/queries';
import type { Queue, QueueLane } from '~/api/types';
import { budgetOfDay, budgetWhose, sumOf } from '~/lib/budget';
import { useFormat, useT } from '~/lib/i18n';
import { IconButton } from '~/ui/button';
import type { QueueActions } from './actions';
import { waitingText } from './model';

const pausedOf = (lane: QueueLane) =>
  lane.models.filter((one) => one.is_paused).map((one) => one.name);

/** What is going on now, what it costs today, and the line before each provider. */
export function Numbers({
  queue,
  isAdmin,
  actions,
}: {
  queue: Queue;
  isAdmin: boolean;
  actions: QueueActions;
}) {
  const t = useT();
  const format = useFormat();
  const { data: budgets } = useQuery(myBudgetsQuery);
  const today = budgetOfDay(budgets ?? []);
  const { data: usage } = useQuery({
    ...spentQuery(isAdmin),
    enabled: budgets !== undefined && !today,
  });
  const whose = today && budgetWhose(today);
  const numbers: [string, string, string][] = [
    [t('queue.number.running'), format.number(queue.running), ''],
    [t('queue.number.waiting'), waitingText(queue, format.number), ''],
    [t('queue.number.held'), format.number(queue.held), queue.held > 0 ? 'text-warn' : ''],
    [
      t('queue.number.failed'),
      format.number(queue.failed_24h),
      queue.failed_24h > 0 ? 'text-bad' : '',
    ],
  ];
  const lanes = queue.providers.filter(
    (lane) =>
      lane.id &&
      (lane.running + lane.waiting > 0 || lane.is_paused || pausedOf(lane).length > 0 || isAdmin),
  );
  return (
    <section
      aria-label={t('common.queue.title')}
      className="rounded-8 bg-surface outline outline-line"
    >
      <dl className="grid grid-cols-5 max-lg:grid-cols-3 max-md:grid-cols-2">
        {numbers.map(([label, value, tone]) => (
          <div key={label} className="px-4 py-3">
            <dt className="text-12 text-fg-3">{label}</dt>
            <dd className={clsx('text-24 font-semibold tabular-nums', tone)}>{value}</dd>
          </div>
        ))}
        <div className="px-4 py-3">
          <dt className="text-12 text-fg-3">{t('queue.number.spent')}</dt>
          <dd className="tabular-nums">
            {today ? (
              <Link to="/settings/usage" className="hover:underline">
                <span
                  className={clsx(
                    'text-24 font-semibold',
                    today.share >= 100 ? 'text-bad' : today.share >= 80 && 'text-warn',
                  )}
                >
                  {format.money(sumOf(today), today.currency)}
                </span>{' '}
                <span className="text-12 text-fg-3">
                  {t('queue.number.of', {
                    limit: format.money(today.limit_micro, today.currency),
                  })}
                </span>
                {whose && <span className="block text-12 text-fg-3 break-words">{whose}</span>}
              </Link>
            ) : (
              <Link to="/settings/usage" className="hover:underline">
                {usage && (
                  <span className="block text-24 font-semibold">
                    {usage.totals
                      .map((total) => format.money(sumOf(total), total.currency))
                      .join(' + ') || format.number(0)}
                  </span>
                )}
                <span className="block text-12 text-fg-3">{t('queue.number.noBudget')}</span>
              </Link>
            )}
          </dd>
        </div>
      </dl>
      {lanes.length > 0 && (
        <ul
          aria-label={t('queue.lanes')}
          className="flex flex-wrap items-center gap-x-4 gap-y-1 border-line border-t px-4 py-1.5 text-12 text-fg-2"
        >
          {lanes.map((lane) => (
            <li key={lane.id} className="flex items-center gap-1.5 tabular-nums">
              <span className="font-medium text-fg">{lane.name}</span>
              {lane.is_paused ? (
                <Link to="/settings/providers" className="text-warn underline">
                  {t('queue.provider.paused')}
                </Link>
              ) : (
                <span>
                  {t('queue.provider.load', {
                    running: format.number(lane.running),
                    waiting: format.number(lane.waiting),
                  })}
                </span>
              )}
              {!lane.is_paused && pausedOf(lane).length > 0 && (
                <Link to="/settings/providers" className="break-words text-warn underline">
                  {t('queue.provider.pausedModels', { list: pausedOf(lane).join(' · ') })}
                </Link>
              )}
              {isAdmin && lane.id && (
                <IconButton
                  size="dense"
                  icon={lane.is_paused ? Play : Pause}
                  label={t(lane.is_paused ? 'queue.provider.resume' : 'queue.provider.pause', {
                    name: lane.name,
                  })}
                  onClick={() => actions.lane(lane.id ?? '', lane.is_paused ? 'resume' : 'pause')}
                />
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
