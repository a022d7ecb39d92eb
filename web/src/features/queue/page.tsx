import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import clsx from 'clsx';
import {
  CircleX,
  FastForward,
  ListTodo,
  MoreHorizontal,
  Pause,
  Play,
  RotateCw,
  TextQuote,
} from 'lucide-react';
import { codeText } from '~/api/errors';
import { meQuery, queueQuery, runsQuery } from '~/api/queries';
import type { Queue, Run } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { isTextRun } from '~/lib/text-tasks';
import { Button, IconButton } from '~/ui/button';
import { LinkButton } from '~/ui/link';
import { Menu } from '~/ui/menu';
import { PageHead } from '~/ui/page';
import { Picture } from '~/ui/picture';
import { ProgressBar } from '~/ui/progress';
import { Segments } from '~/ui/segments';
import { StateMark } from '~/ui/state-mark';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states';
import { type QueueActions, useQueueActions } from './actions';
import { HeldCards } from './held';
import { causesOf, doneOf, waitingText } from './model';

const route = getRouteApi('/frame/queue');

export function QueuePage() {
  const t = useT();
  const format = useFormat();
  const navigate = useNavigate();
  const { state } = route.useSearch();
  const actions = useQueueActions();
  const queue = useQuery(queueQuery);
  const { data: me } = useQuery(meQuery);
  const isAdmin = me?.role === 'admin' || me?.role === 'owner';
  const list = useInfiniteQuery(runsQuery(state ?? 'all'));
  const runs = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <PageHead title={t('common.nav.queue')}>
        <div className="flex-1" />
        <Segments
          label={t('queue.filter.label')}
          value={state ?? 'all'}
          onChange={(value) =>
            void navigate({
              to: '/queue',
              search: value === 'all' ? {} : { state: value },
              replace: true,
            })
          }
          options={(['all', 'active', 'failed', 'done'] as const).map((value) => ({
            value,
            label: t(`queue.filter.${value}`),
          }))}
        />
        {isAdmin && queue.data && (
          <Button
            icon={queue.data.is_paused ? Play : Pause}
            onClick={queue.data.is_paused ? actions.resumeAll : actions.pauseAll}
          >
            {t(queue.data.is_paused ? 'queue.resumeAll' : 'queue.pauseAll')}
          </Button>
        )}
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-5xl flex-col gap-4 p-4 max-md:p-3">
          {queue.data && <Numbers queue={queue.data} />}
          {queue.data?.is_paused && (
            <p role="status" className="rounded-8 bg-warn-soft px-4 py-3 text-13 text-warn">
              {[t('queue.paused'), queue.data.pause_reason].filter(Boolean).join(' ')}
            </p>
          )}
          {queue.data && <HeldCards tasks={queue.data.held_tasks} actions={actions} />}
          {list.isPending && <Skeleton className="h-64 !rounded-8" />}
          {list.error && !list.data && (
            <ErrorState error={list.error} onRetry={() => void list.refetch()} />
          )}
          {list.data && runs.length === 0 && (
            <EmptyState
              icon={ListTodo}
              title={t(state ? 'queue.none.title' : 'queue.empty.title')}
              text={t(state ? 'queue.none.text' : 'queue.empty.text')}
            >
              {state ? (
                <LinkButton to="/queue">{t('queue.none.clear')}</LinkButton>
              ) : (
                <LinkButton to="/generate" look="ink">
                  {t('common.nav.generate')}
                </LinkButton>
              )}
            </EmptyState>
          )}
          {runs.length > 0 && (
            <ul
              aria-label={t('queue.runs')}
              className="overflow-hidden rounded-8 bg-surface outline outline-line"
            >
              {runs.map((run) => (
                <RunRow key={run.id} run={run} actions={actions} />
              ))}
            </ul>
          )}
          {list.hasNextPage && (
            <div className="flex justify-center">
              <Button isPending={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                {t('common.more')}
              </Button>
            </div>
          )}
          <p className="text-12 text-fg-3">
            {runs.length > 0 &&
              t('queue.shown', { count: runs.length, value: format.number(runs.length) })}
          </p>
        </div>
      </div>
    </>
  );
}

function Numbers({ queue }: { queue: Queue }) {
  const t = useT();
  const format = useFormat();
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
  const busy = queue.providers.filter(
    (provider) => provider.running + provider.waiting > 0 || provider.is_paused,
  );
  return (
    <section
      aria-label={t('common.queue.title')}
      className="rounded-8 bg-surface outline outline-line"
    >
      <dl className="grid grid-cols-4 max-md:grid-cols-2">
        {numbers.map(([label, value, tone]) => (
          <div key={label} className="px-4 py-3">
            <dt className="text-12 text-fg-3">{label}</dt>
            <dd className={clsx('text-24 font-semibold tabular-nums', tone)}>{value}</dd>
          </div>
        ))}
      </dl>
      {busy.length > 0 && (
        <ul className="flex flex-wrap gap-x-6 gap-y-1 border-line border-t px-4 py-2 text-12 text-fg-2">
          {busy.map((provider) => (
            <li key={provider.name} className="tabular-nums">
              <span className="font-medium text-fg">{provider.name}</span>{' '}
              {provider.is_paused ? (
                <Link to="/settings/providers" className="text-warn underline">
                  {t('queue.provider.paused')}
                </Link>
              ) : (
                t('queue.provider.load', {
                  running: format.number(provider.running),
                  waiting: format.number(provider.waiting),
                })
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function RunRow({ run, actions }: { run: Run; actions: QueueActions }) {
  const t = useT();
  const format = useFormat();
  const isActive = run.state === 'active';
  const title = run.tasks[0]?.prompt || run.title || t('queue.run.untitled');
  const picture = run.tasks.flatMap((task) => task.assets)[0];
  const ended = run.task_count - run.left;
  const progress = t('queue.run.progress', { done: doneOf(run), total: run.task_count });
  const causes = causesOf(run.tasks);
  const state = isActive
    ? run.tasks.some((task) => task.state === 'held')
      ? 'held'
      : run.tasks.some((task) => task.state === 'running')
        ? 'running'
        : run.tasks.some((task) => task.state === 'waiting')
          ? 'waiting'
          : 'ready'
    : run.state === 'active'
      ? 'ready'
      : run.state;
  const cost = run.cost_micro || (isActive ? run.estimate_micro : 0);
  return (
    <li className="group relative border-line border-b px-4 py-2.5 last:border-b-0 hover:bg-surface-2 max-md:px-3">
      <div className="flex items-center gap-3">
        <span aria-hidden className="size-10 shrink-0 overflow-hidden rounded-6 bg-surface-3">
          {picture ? (
            <Picture asset={picture} sizes={40} alt="" />
          ) : (
            isTextRun(run) && (
              <TextQuote size={18} strokeWidth={1.5} className="m-auto h-full text-fg-3" />
            )
          )}
        </span>
        <div className="min-w-0 flex-1">
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
            {run.failed > 0 && (
              <span className="text-bad">{t('queue.run.failed', { count: run.failed })}</span>
            )}
            {run.is_paused && <span className="text-warn">{t('queue.run.paused')}</span>}
            {run.priority === 'front' && isActive && <span>{t('queue.run.front')}</span>}
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
        <div className="relative z-1 flex shrink-0 items-center gap-1">
          {run.failed > 0 && (
            <Button height="dense" icon={RotateCw} onClick={() => actions.run(run.id, 'retry')}>
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
                  {
                    label: t('queue.run.toFront'),
                    icon: FastForward,
                    ...(run.priority === 'front' ? { whyNot: t('queue.run.front') } : {}),
                    run: () => actions.priority(run.id, 'front'),
                  },
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
          <ProgressBar share={ended / run.task_count} label={progress} />
        </div>
      )}
      {causes.map((cause) => (
        <p key={cause.code} className="mt-1.5 pl-13 text-12 text-bad">
          {t('queue.cause', { count: cause.count, text: codeText(cause.code, t) })}{' '}
          {cause.next === 'open_provider' && (
            <Link to="/settings/providers" className="relative z-1 underline">
              {t('queue.openProvider')}
            </Link>
          )}
        </p>
      ))}
    </li>
  );
}
