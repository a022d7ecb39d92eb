import { Link } from '@tanstack/react-router';
import clsx from 'clsx';
import { CircleX, MoreHorizontal, Pause, Play, RotateCw, TextQuote } from 'lucide-react';
import { codeText } from '~/api/errors';
import type { Queue, Run, Task } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { placeOf } from '~/lib/run-order';
import { isTextRun } from '~/lib/text-tasks';
import { usePaidWait } from '~/live/paid';
import { RunBar } from '~/live/run-bar';
import type { RunOrder } from '~/live/use-run-order';
import { Button, IconButton } from '~/ui/button';
import { Menu } from '~/ui/menu';
import { Picture } from '~/ui/picture';
import { OrderHandle, OrderLine, type Reorder, useOrderEntries } from '~/ui/reorder';
import { StateMark } from '~/ui/state-mark';
import type { QueueActions } from './actions';
import { type Cause, causesOf, doneOf } from './model';

/** One run: its progress, what it waits for, what failed and why; by handle, menu or keys it moves. */
export function RunRow({
  run,
  queue,
  actions,
  order,
  reorder,
}: {
  run: Run;
  queue: Queue | undefined;
  actions: QueueActions;
  order: RunOrder;
  reorder: Reorder;
}) {
  const t = useT();
  const orderEntries = useOrderEntries();
  const format = useFormat();
  const isActive = run.state === 'active';
  const whyNot = usePaidWait();
  const title = run.tasks[0]?.prompt || run.title || t('queue.run.untitled');
  const picture = run.tasks.flatMap((task) => task.assets)[0];
  const progress = t('queue.run.progress', { done: doneOf(run), total: run.task_count });
  const causes = causesOf(run.tasks);
  const isAny = (state: Task['state']) => run.tasks.some((task) => task.state === state);
  const state =
    run.state === 'active'
      ? ((['held', 'running', 'waiting'] as const).find(isAny) ?? 'ready')
      : run.state;
  const cost = run.cost_micro || (isActive ? run.estimate_micro : 0);
  const isMovable = order.movable.includes(run.id);
  const place = isActive ? placeOf(run, queue?.providers ?? []) : null;
  return (
    <div
      {...(isMovable ? reorder.row(run.id) : {})}
      className={clsx(
        'group relative border-line border-b px-4 py-2.5 hover:bg-surface-2 max-md:px-3',
        reorder.drag?.id === run.id && 'opacity-50',
      )}
    >
      <OrderLine id={run.id} drag={reorder.drag} />
      {/* What is pressed goes below where it would leave the name no room. */}
      <div className="flex items-center gap-3 max-md:flex-wrap max-md:gap-x-2 max-md:gap-y-1">
        {order.movable.length > 0 && (
          <span className="relative z-1 -ml-2 w-7 shrink-0 max-md:-mr-2 max-md:w-11">
            {isMovable && <OrderHandle id={run.id} reorder={reorder} />}
          </span>
        )}
        <span aria-hidden className="size-10 shrink-0 overflow-hidden rounded-6 bg-surface-3">
          {picture ? (
            <Picture asset={picture} sizes={40} alt="" />
          ) : (
            isTextRun(run) && (
              <TextQuote size={18} strokeWidth={1.5} className="m-auto h-full text-fg-3" />
            )
          )}
        </span>
        <div className="min-w-0 flex-1 max-md:basis-36">
          <Link
            to="/queue/$run"
            params={{ run: run.id }}
            className="block truncate text-14 font-medium after:absolute after:inset-0"
          >
            {title}
          </Link>
          <p className="flex flex-wrap items-center gap-x-2 text-12 text-fg-3 tabular-nums">
            <StateMark state={state} className="!gap-1 !text-12 [&_svg]:size-3.5" />
            <span>{progress}</span>
            {place && (
              <span>
                {t('common.order.place', {
                  place: format.number(place.place),
                  of: format.number(place.of),
                })}
              </span>
            )}
            {run.failed > 0 && (
              <span className="text-bad">{t('queue.run.failed', { count: run.failed })}</span>
            )}
            {run.is_paused && <span className="text-warn">{t('queue.run.paused')}</span>}
            {run.priority !== 'normal' && isActive && <span>{t(`queue.run.${run.priority}`)}</span>}
            {cost > 0 && (
              <span>
                {run.cost_micro
                  ? format.money(cost, run.currency)
                  : t('queue.run.about', { price: format.money(cost, run.currency) })}
              </span>
            )}
            <time dateTime={run.created_at ?? ''} title={format.dateTime(run.created_at)}>
              {format.relative(run.created_at)}
            </time>
          </p>
        </div>
        <div className="relative z-1 flex shrink-0 items-center gap-1 max-md:ml-auto">
          {run.failed > 0 && (
            <Button
              height="dense"
              icon={RotateCw}
              whyNot={whyNot}
              onClick={() => actions.retryFailed(run.id)}
            >
              {t('queue.run.retry', { count: run.failed })}
            </Button>
          )}
          {isActive && (
            <>
              <IconButton
                icon={run.is_paused ? Play : Pause}
                label={t(run.is_paused ? 'queue.run.resume' : 'queue.run.pause')}
                onClick={() => actions.run(run.id, run.is_paused ? 'resume' : 'pause')}
                className="max-md:hidden"
              />
              <Menu
                trigger={<IconButton icon={MoreHorizontal} label={t('common.more')} />}
                entries={[
                  ...orderEntries(run.id, order),
                  ...(['front', 'normal', 'low'] as const).map((priority) => ({
                    label: t(`queue.priority.${priority}`),
                    isChosen: run.priority === priority,
                    run: () => actions.priority(run.id, priority),
                  })),
                  'line',
                  {
                    label: t(run.is_paused ? 'queue.run.resume' : 'queue.run.pause'),
                    icon: run.is_paused ? Play : Pause,
                    run: () => actions.run(run.id, run.is_paused ? 'resume' : 'pause'),
                  },
                  {
                    label: t('queue.run.cancel'),
                    icon: CircleX,
                    isDanger: true,
                    run: () => actions.run(run.id, 'cancel'),
                  },
                ]}
              />
            </>
          )}
        </div>
      </div>
      {isActive && run.task_count > 0 && (
        <div className="mt-2">
          <RunBar run={run} label={progress} />
        </div>
      )}
      <Causes causes={causes} run={run} actions={actions} whyNot={whyNot} />
    </div>
  );
}

/** Failures by cause, each with what helps. */
function Causes({
  causes,
  run,
  actions,
  whyNot,
}: {
  causes: readonly Cause[];
  run: Run;
  actions: QueueActions;
  whyNot: string;
}) {
  const t = useT();
  if (causes.length === 0) return null;
  return (
    <ul aria-label={t('queue.causes')} className="mt-1 pl-13 text-12 text-bad max-md:pl-0">
      {causes.map((cause) => (
        <li key={cause.code} className="flex flex-wrap items-center gap-x-2">
          {t('queue.cause', { count: cause.count, text: codeText(cause.code, t) })}
          <span className="relative z-1 text-fg-2 touch:[&>*]:inline-flex touch:[&>*]:min-h-11 touch:[&>*]:min-w-11 touch:[&>*]:items-center">
            {cause.next === 'open_provider' ? (
              <Link to="/settings/providers" className="underline">
                {t('queue.openProvider')}
              </Link>
            ) : cause.next === 'edit' ? (
              <Link to="/generate" search={{ run: run.id }} className="underline">
                {t('queue.next.edit')}
              </Link>
            ) : cause.next === 'wait' ? (
              t('queue.next.wait')
            ) : (
              <button
                type="button"
                className="underline disabled:opacity-45"
                disabled={whyNot !== ''}
                title={whyNot || undefined}
                onClick={() => actions.retryFailed(run.id)}
              >
                {t('common.retry')}
              </button>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
