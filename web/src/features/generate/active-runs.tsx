import { useQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { CircleX, MoreHorizontal, Pause, Play } from 'lucide-react';
import { queueQuery } from '~/api/queries';
import type { Queue, Run } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { placeOf } from '~/lib/run-order';
import { isTextRun } from '~/lib/text-tasks';
import { RunBar } from '~/live/run-bar';
import { type RunOrder, useRunOrder } from '~/live/use-run-order';
import { IconButton } from '~/ui/button';
import { Menu } from '~/ui/menu';
import { OrderHandle, OrderLine, type Reorder, useOrderEntries, useReorder } from '~/ui/reorder';
import type { useRunActions } from './actions';
import { summarise } from './model';
import { TextRun } from './text-run';

type Actions = ReturnType<typeof useRunActions>;

/** What runs and waits, in its turn, which can be changed.  Loaded when there is something of it. */
export function ActiveRuns({
  active,
  shown,
  onShow,
  actions,
}: {
  active: readonly Run[];
  shown: string;
  onShow: (id: string) => void;
  actions: Actions;
}) {
  const t = useT();
  const order = useRunOrder(active);
  const reorder = useReorder(order);
  const { data: queue } = useQuery(queueQuery);
  return (
    <section aria-label={t('generate.activity.now')} className="mb-2">
      <h2 className="px-1 pb-1.5 text-12 font-medium text-fg-3">{t('generate.activity.now')}</h2>
      <ul className="flex flex-col gap-2">
        {order.runs.map((run) =>
          isTextRun(run) ? (
            <TextRun key={run.id} run={run} />
          ) : (
            <ActiveRun
              key={run.id}
              run={run}
              isShown={run.id === shown}
              onShow={onShow}
              actions={actions}
              queue={queue}
              order={order}
              reorder={reorder}
            />
          ),
        )}
      </ul>
    </section>
  );
}

function ActiveRun({
  run,
  isShown,
  onShow,
  actions,
  queue,
  order,
  reorder,
}: {
  run: Run;
  isShown: boolean;
  onShow: (id: string) => void;
  actions: Actions;
  queue: Queue | undefined;
  order: RunOrder;
  reorder: Reorder;
}) {
  const t = useT();
  const format = useFormat();
  const orderEntries = useOrderEntries();
  const isMovable = order.movable.includes(run.id);
  const sum = summarise(run.tasks);
  const isRunning = run.tasks.some((task) => task.state === 'running' || task.state === 'waiting');
  const place = placeOf(run, queue?.providers ?? []);
  const prompt = run.tasks[0]?.prompt || run.title;
  const state =
    sum.held > 0
      ? t('common.state.held')
      : run.is_paused
        ? t('generate.stage.paused')
        : isRunning
          ? t('common.state.running')
          : place
            ? t('common.order.place', {
                place: format.number(place.place),
                of: format.number(place.of),
              })
            : t('common.state.ready');
  const progress = t('generate.stage.progress', { done: sum.done, total: sum.total });
  return (
    <li
      {...(isMovable ? reorder.row(run.id) : {})}
      className={clsx(
        'relative rounded-8 bg-surface p-2.5 outline -outline-offset-1',
        isShown ? 'outline-2 outline-accent' : 'outline-line hover:bg-surface-2',
        reorder.drag?.id === run.id && 'opacity-50',
      )}
    >
      <OrderLine id={run.id} drag={reorder.drag} />
      <button
        type="button"
        aria-current={isShown || undefined}
        onClick={() => onShow(run.id)}
        className="absolute inset-0 rounded-8"
      >
        <span className="sr-only">{[prompt, state, progress].join(' · ')}</span>
      </button>
      <div className="pointer-events-none flex items-start gap-2">
        {isMovable && (
          <span className="pointer-events-auto relative -mt-1 -mr-1 -ml-1.5">
            <OrderHandle id={run.id} reorder={reorder} />
          </span>
        )}
        <p aria-hidden className="line-clamp-2 min-w-0 flex-1 text-13">
          {prompt}
        </p>
        <div className="pointer-events-auto relative -mt-1 -mr-1 flex">
          <IconButton
            icon={run.is_paused ? Play : Pause}
            size="dense"
            label={t(run.is_paused ? 'generate.stage.resume' : 'generate.stage.pause')}
            onClick={() => (run.is_paused ? actions.resumeRun : actions.pauseRun)(run.id)}
          />
          <Menu
            trigger={<IconButton icon={MoreHorizontal} size="dense" label={t('common.more')} />}
            entries={[
              ...orderEntries(run.id, order),
              {
                label: t('generate.command.cancel'),
                icon: CircleX,
                isDanger: true,
                run: () => actions.cancelRun(run.id),
              },
            ]}
          />
        </div>
      </div>
      <div className="pointer-events-none mt-2 flex flex-col gap-1.5">
        <RunBar run={run} label={progress} />
        <p aria-hidden className="flex justify-between text-12 text-fg-3 tabular-nums">
          <span>{state}</span>
          <span>{progress}</span>
        </p>
      </div>
    </li>
  );
}
