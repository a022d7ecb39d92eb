import { useInfiniteQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { CircleAlert, CircleHelp, MoreHorizontal, RotateCw } from 'lucide-react';
import { memo } from 'react';
import { runsQuery } from '~/api/queries';
import type { Run } from '~/api/types';
import { byDay } from '~/lib/days';
import { localDay } from '~/lib/format';
import { useFormat, useT } from '~/lib/i18n';
import { isTextRun } from '~/lib/text-tasks';
import { usePaidWait } from '~/live/paid';
import { Button, IconButton } from '~/ui/button';
import { Menu, type MenuEntry } from '~/ui/menu';
import { Picture } from '~/ui/picture';
import { ErrorState, Skeleton } from '~/ui/states';
import type { useRunActions } from './actions';
import { ActiveRuns } from './active-runs';
import { type Recall, summarise } from './model';
import { recallEntries } from './slot';
import { TextRun } from './text-run';

type Actions = ReturnType<typeof useRunActions>;

/** The right column: what runs and waits, then what was made, by day. Typing does not draw it anew. */
export const Activity = memo(function Activity({
  shown,
  onShow,
  onRecall,
  actions,
}: {
  shown: string;
  onShow: (id: string) => void;
  onRecall: (assetId: string, what: Recall) => void;
  actions: Actions;
}) {
  const runs = useInfiniteQuery(runsQuery('all'));
  const t = useT();
  const format = useFormat();
  const all = runs.data?.pages.flatMap((page) => page.items) ?? [];
  const active = all.filter((run) => run.state === 'active');
  const past = all.filter((run) => run.state !== 'active');
  const today = localDay(new Date().toISOString());
  const days = byDay(past, (run) => run.created_at);
  return (
    <div className="flex flex-col gap-1 p-3">
      {active.length > 0 && (
        <ActiveRuns active={active} shown={shown} onShow={onShow} actions={actions} />
      )}
      {runs.isPending &&
        ['a', 'b', 'c', 'd'].map((name) => <Skeleton key={name} className="h-16 !rounded-8" />)}
      {runs.error && (
        <ErrorState error={runs.error} onRetry={() => void runs.refetch()} isCompact />
      )}
      {runs.data && all.length === 0 && (
        <p className="p-2 text-13 text-fg-3">{t('generate.activity.empty')}</p>
      )}
      {days.map(([day, list]) => (
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
});

/** Only what changed is drawn for an event: there may be hundreds. */
const PastRun = memo(function PastRun({
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
  const facts = [
    format.relative(run.created_at),
    run.state === 'cancelled' && t('common.state.cancelled'),
    sum.failed > 0 && t('generate.stage.failed', { count: sum.failed }),
    sum.held > 0 && t('common.state.held'),
  ].filter((part) => part !== false);
  const made = pictures.length > 0 && t('generate.stage.count', { count: pictures.length });
  const whyNot = usePaidWait();
  const entries: MenuEntry[] = [
    ...(first ? recallEntries(t, (what) => onRecall(first.id, what)) : []),
    sum.failed > 0 && first !== undefined && 'line',
    sum.failed > 0 && {
      label: t('generate.stage.retry', { count: sum.failed }),
      icon: RotateCw,
      whyNot,
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
        <span className="sr-only">
          {[prompt, made, ...facts].filter((part) => part !== false).join(' · ')}
        </span>
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
        <p className="px-0.5 text-12 text-fg-3 tabular-nums">{facts.join(' · ')}</p>
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
});
