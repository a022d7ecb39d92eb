import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import clsx from 'clsx';
import {
  CircleAlert,
  CircleHelp,
  CircleX,
  FastForward,
  MoreHorizontal,
  Pause,
  Play,
  RotateCw,
  TextQuote,
} from 'lucide-react';
import type { Run } from '~/api/types';
import { localDay } from '~/lib/format';
import { useFormat, useT } from '~/lib/i18n';
import { isTextRun } from '~/lib/text-tasks';
import { Button, IconButton } from '~/ui/button';
import { Menu, type MenuEntry } from '~/ui/menu';
import { Picture } from '~/ui/picture';
import { ProgressBar } from '~/ui/progress';
import { StateMark } from '~/ui/state-mark';
import { ErrorState, Skeleton } from '~/ui/states';
import type { useRunActions } from './actions';
import { type Recall, summarise } from './model';
import { recallEntries } from './slot';

type Actions = ReturnType<typeof useRunActions>;

/** The right column: what runs and waits, then what was made, by day. */
export function Activity({
  runs,
  shown,
  onShow,
  onRecall,
  actions,
}: {
  runs: Pick<
    UseInfiniteQueryResult<{ pages: { items: Run[] }[] }>,
    | 'data'
    | 'error'
    | 'isPending'
    | 'hasNextPage'
    | 'isFetchingNextPage'
    | 'fetchNextPage'
    | 'refetch'
  >;
  shown: string;
  onShow: (id: string) => void;
  onRecall: (assetId: string, what: Recall) => void;
  actions: Actions;
}) {
  const t = useT();
  const format = useFormat();
  const all = runs.data?.pages.flatMap((page) => page.items) ?? [];
  const active = all.filter((run) => run.state === 'active');
  const past = all.filter((run) => run.state !== 'active');
  const today = localDay(new Date().toISOString());
  const days = new Map<string, Run[]>();
  for (const run of past) {
    const day = localDay(run.created_at);
    const list = days.get(day);
    if (list) list.push(run);
    else days.set(day, [run]);
  }
  return (
    <div className="flex flex-col gap-1 p-3">
      {active.length > 0 && (
        <section aria-label={t('generate.activity.now')} className="mb-2">
          <h2 className="px-1 pb-1.5 text-12 font-medium text-fg-3">
            {t('generate.activity.now')}
          </h2>
          <ul className="flex flex-col gap-2">
            {active.map((run) =>
              isTextRun(run) ? (
                <TextRun key={run.id} run={run} />
              ) : (
                <ActiveRun
                  key={run.id}
                  run={run}
                  isShown={run.id === shown}
                  onShow={onShow}
                  actions={actions}
                />
              ),
            )}
          </ul>
        </section>
      )}
      {runs.isPending &&
        ['a', 'b', 'c', 'd'].map((name) => <Skeleton key={name} className="h-16 !rounded-8" />)}
      {runs.error && (
        <ErrorState error={runs.error} onRetry={() => void runs.refetch()} isCompact />
      )}
      {runs.data && all.length === 0 && (
        <p className="p-2 text-13 text-fg-3">{t('generate.activity.empty')}</p>
      )}
      {[...days].map(([day, list]) => (
        <section key={day} aria-label={format.day(day)}>
          <h2 className="px-1 pt-2 pb-1 text-12 font-medium text-fg-3">
            {day === today ? t('generate.activity.today') : format.day(day)}
          </h2>
          <ul className="flex flex-col gap-1">
            {list.map((run) =>
              isTextRun(run) ? (
                <TextRun key={run.id} run={run} />
              ) : (
                <PastRun
                  key={run.id}
                  run={run}
                  isShown={run.id === shown}
                  onShow={onShow}
                  onRecall={onRecall}
                  actions={actions}
                />
              ),
            )}
          </ul>
        </section>
      ))}
      {runs.hasNextPage && (
        <Button
          look="ghost"
          isPending={runs.isFetchingNextPage}
          onClick={() => void runs.fetchNextPage()}
        >
          {t('common.more')}
        </Button>
      )}
    </div>
  );
}

/** A text has no slots: what was asked and what was written, with its story a click away. */
function TextRun({ run }: { run: Run }) {
  const t = useT();
  const format = useFormat();
  const task = run.tasks[0];
  const isActive = run.state === 'active';
  return (
    <li className="relative rounded-8 p-1.5 hover:bg-surface-2">
      <div className="flex items-start gap-2 px-0.5">
        <TextQuote size={14} strokeWidth={1.75} aria-hidden className="mt-px shrink-0 text-fg-3" />
        <div className="min-w-0 flex-1">
          <Link
            to="/queue/$run"
            params={{ run: run.id }}
            className="line-clamp-2 text-12 break-words text-fg-2 after:absolute after:inset-0 after:rounded-8"
          >
            {task?.written?.text || task?.prompt || run.title}
          </Link>
          <p className="flex flex-wrap gap-x-1.5 text-12 text-fg-3 tabular-nums">
            <span>
              {t(
                task?.operation === 'prompt.expand'
                  ? 'generate.activity.expanded'
                  : 'generate.activity.described',
              )}
            </span>
            {task && (isActive || task.state !== 'done') ? (
              <StateMark state={task.state} className="!gap-1 !text-12 [&_svg]:size-3.5" />
            ) : (
              <span>{format.relative(run.created_at)}</span>
            )}
          </p>
        </div>
      </div>
    </li>
  );
}

function ActiveRun({
  run,
  isShown,
  onShow,
  actions,
}: {
  run: Run;
  isShown: boolean;
  onShow: (id: string) => void;
  actions: Actions;
}) {
  const t = useT();
  const sum = summarise(run.tasks);
  const isRunning = run.tasks.some((task) => task.state === 'running' || task.state === 'waiting');
  const places = run.tasks.filter((task) => task.position > 0).map((task) => task.position);
  const place = Math.min(...places);
  const prompt = run.tasks[0]?.prompt || run.title;
  return (
    <li
      className={clsx(
        'relative rounded-8 bg-surface p-2.5 outline -outline-offset-1',
        isShown ? 'outline-2 outline-accent' : 'outline-line hover:bg-surface-2',
      )}
    >
      <button
        type="button"
        aria-current={isShown || undefined}
        onClick={() => onShow(run.id)}
        className="absolute inset-0 rounded-8"
      >
        <span className="sr-only">{prompt}</span>
      </button>
      <div className="pointer-events-none flex items-start gap-2">
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
              {
                label: t('generate.stage.front'),
                icon: FastForward,
                ...(run.priority === 'front' ? { whyNot: t('generate.stage.isFront') } : {}),
                run: () => actions.toFront(run.id),
              },
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
        <ProgressBar
          share={sum.total ? (sum.total - sum.left) / sum.total : 0}
          label={t('generate.stage.progress', { done: sum.done, total: sum.total })}
        />
        <p className="flex justify-between text-12 text-fg-3 tabular-nums">
          <span>
            {sum.held > 0
              ? t('common.state.held')
              : run.is_paused
                ? t('generate.stage.paused')
                : isRunning
                  ? t('common.state.running')
                  : places.length > 0
                    ? t('generate.slot.position', { place })
                    : t('common.state.ready')}
          </span>
          <span>{t('generate.stage.progress', { done: sum.done, total: sum.total })}</span>
        </p>
      </div>
    </li>
  );
}

function PastRun({
  run,
  isShown,
  onShow,
  onRecall,
  actions,
}: {
  run: Run;
  isShown: boolean;
  onShow: (id: string) => void;
  onRecall: (assetId: string, what: Recall) => void;
  actions: Actions;
}) {
  const t = useT();
  const format = useFormat();
  const pictures = run.tasks.flatMap((task) => task.assets).filter((asset) => !asset.trashed_at);
  const first = pictures[0];
  const prompt = run.tasks[0]?.prompt || run.title;
  const sum = summarise(run.tasks);
  const entries: MenuEntry[] = [
    ...(first ? recallEntries(t, (what) => onRecall(first.id, what)) : []),
    sum.failed > 0 && first !== undefined && 'line',
    sum.failed > 0 && {
      label: t('generate.stage.retry', { count: sum.failed }),
      icon: RotateCw,
      run: () => actions.retryRun(run.id),
    },
  ];
  return (
    <li
      className={clsx(
        'group relative rounded-8 p-1.5 [contain-intrinsic-size:auto_7rem] [content-visibility:auto]',
        isShown ? 'bg-accent-soft' : 'hover:bg-surface-2',
      )}
    >
      <button
        type="button"
        aria-current={isShown || undefined}
        onClick={() => onShow(run.id)}
        className="absolute inset-0 rounded-8"
      >
        <span className="sr-only">{prompt}</span>
      </button>
      <div aria-hidden className="pointer-events-none">
        {pictures.length > 0 && (
          <div className="grid grid-cols-4 gap-1">
            {pictures.slice(0, 4).map((asset, index) => (
              <span key={asset.id} className="relative aspect-square overflow-hidden rounded-6">
                <Picture asset={asset} sizes={60} alt="" />
                {index === 3 && pictures.length > 4 && (
                  <span className="absolute inset-0 flex items-center justify-center bg-picture-scrim text-12 text-picture-fg">
                    {`+${pictures.length - 4}`}
                  </span>
                )}
              </span>
            ))}
          </div>
        )}
        <div className="mt-1 flex items-start gap-1.5 px-0.5">
          {sum.failed > 0 && (
            <CircleAlert size={14} className="mt-px shrink-0 text-bad" strokeWidth={1.75} />
          )}
          {sum.held > 0 && (
            <CircleHelp size={14} className="mt-px shrink-0 text-warn" strokeWidth={1.75} />
          )}
          <p className="line-clamp-2 min-w-0 flex-1 text-12 text-fg-2">{prompt}</p>
          <span className="w-7 shrink-0" />
        </div>
        <p className="px-0.5 text-12 text-fg-3 tabular-nums">
          {[
            format.relative(run.created_at),
            run.state === 'cancelled' && t('common.state.cancelled'),
            sum.failed > 0 && t('generate.stage.failed', { count: sum.failed }),
          ]
            .filter((part) => part !== false)
            .join(' · ')}
        </p>
      </div>
      {entries.some(Boolean) && (
        <div className="absolute right-1 bottom-4 opacity-0 transition-opacity focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100">
          <Menu
            trigger={<IconButton icon={MoreHorizontal} size="dense" label={t('common.more')} />}
            entries={entries}
          />
        </div>
      )}
    </li>
  );
}
