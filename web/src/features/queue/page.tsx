import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { ListTodo, ListX, MoreHorizontal, Pause, Play } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { meQuery, queueQuery, runsQuery } from '~/api/queries';
import type { Run } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { keepsHouse } from '~/lib/roles';
import type { QueueSearch } from '~/lib/search';
import { useCommands } from '~/lib/use-commands';
import { useRunOrder } from '~/live/use-run-order';
import { Boundary } from '~/ui/boundary';
import { Button, IconButton } from '~/ui/button';
import { LinkButton } from '~/ui/link';
import { Menu } from '~/ui/menu';
import { PageHead } from '~/ui/page';
import { Select } from '~/ui/select';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states';
import { useQueueActions } from './actions';
import { queueCommands } from './commands';
import { HeldCards } from './held';
import { currentRun, spanMs } from './model';
import { Numbers } from './numbers';
import { RunList } from './run-list';

const route = getRouteApi('/frame/queue');
const ClearDialog = late(() => import('./clear-dialog').then((file) => file.ClearDialog));
const Recovered = late(() => import('./recovered').then((file) => file.Recovered));
// The figures may come after the work that goes on; their room is kept.
const StatsPanel = late(
  () => import('./stats-panel').then((file) => file.StatsPanel),
  () => <Skeleton className="h-28 !rounded-8" />,
);

/** Active runs in their turn first, then what has ended, newest first. */
function useRuns(search: QueueSearch) {
  const filter = { provider: search.provider, sinceMs: spanMs(search.since) };
  const active = useInfiniteQuery(runsQuery('active', filter));
  // What asks a person is a part of what is active; the server has no list of it.
  const state = search.state === 'held' ? 'active' : (search.state ?? 'all');
  const list = useInfiniteQuery(runsQuery(state, filter));
  const isActiveShown = state === 'all' || state === 'active';
  // The turn is known of all or of none: all that is active is asked for, within bounds.
  const { hasNextPage, isFetching, fetchNextPage, data } = active;
  const pages = data?.pages.length ?? 0;
  useEffect(() => {
    if (isActiveShown && hasNextPage && !isFetching && pages < 20) void fetchNextPage();
  }, [isActiveShown, hasNextPage, isFetching, pages, fetchNextPage]);
  const order = useRunOrder(data?.pages.flatMap((page) => page.items) ?? []);
  const ended = (list.data?.pages.flatMap((page) => page.items) ?? []).filter(
    (run) => run.state !== 'active' || search.state === 'failed',
  );
  const held = order.runs.filter((run) => run.tasks.some((task) => task.state === 'held'));
  const runs: Run[] =
    search.state === 'held'
      ? held
      : isActiveShown
        ? [...order.runs, ...(search.state ? [] : ended)]
        : ended;
  return { list, runs, order };
}

export function QueuePage() {
  const t = useT();
  const navigate = useNavigate();
  const search = route.useSearch();
  const actions = useQueueActions();
  const queue = useQuery(queueQuery);
  const { data: me } = useQuery(meQuery);
  const isAdmin = keepsHouse(me);
  const { list, runs, order } = useRuns(search);
  const [isClearing, setClearing] = useState(false);
  const scroll = useRef<HTMLDivElement>(null);
  const change = useCallback(
    (next: Partial<QueueSearch>) =>
      void navigate({ to: '/queue', search: (before) => ({ ...before, ...next }), replace: true }),
    [navigate],
  );
  const current = currentRun(order.runs);
  useCommands([
    {
      ...queueCommands.cancel,
      when: () => current !== undefined,
      run: () => current && actions.run(current.id, 'cancel'),
    },
  ]);
  const isFiltered = Boolean(search.state || search.provider || search.since);
  const queued = queue.data?.queued_mine ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <>
      <PageHead title={t('common.nav.queue')}>
        <div className="flex-1" />
        <Filters
          search={search}
          held={queue.data?.held ?? 0}
          lanes={queue.data?.providers ?? []}
          onChange={change}
        />
        {isAdmin && queue.data && (
          <Button
            icon={queue.data.is_paused ? Play : Pause}
            onClick={queue.data.is_paused ? actions.resumeAll : actions.pauseAll}
          >
            {t(queue.data.is_paused ? 'queue.resumeAll' : 'queue.pauseAll')}
          </Button>
        )}
        <Menu
          trigger={<IconButton icon={MoreHorizontal} label={t('queue.more')} />}
          entries={[
            {
              label: t('common.queue.clear'),
              icon: ListX,
              keys: queueCommands.clear.keys[0],
              isDanger: true,
              ...(queued === 0 ? { whyNot: t('common.queue.nothingWaits') } : {}),
              run: () => setClearing(true),
            },
          ]}
        />
      </PageHead>
      {isClearing && <ClearDialog count={queued} isOpen onClose={() => setClearing(false)} />}
      <div ref={scroll} className="relative min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-6xl flex-col gap-4 p-4 max-md:p-3">
          {queue.data?.recovered && (
            <Recovered recovered={queue.data.recovered} onSeen={actions.forgetRecovered} />
          )}
          {queue.data?.is_paused && (
            <p role="status" className="rounded-8 bg-warn-soft px-4 py-3 text-13 text-warn">
              {[t('queue.paused'), queue.data.pause_reason].filter(Boolean).join(' ')}
            </p>
          )}
          {queue.data && (
            <HeldCards
              tasks={queue.data.held_tasks}
              lanes={queue.data.providers}
              actions={actions}
            />
          )}
          {queue.data && <Numbers queue={queue.data} isAdmin={isAdmin} actions={actions} />}
          <StatsPanel search={search} isAdmin={isAdmin} onChange={change} />
          {list.isPending && <Skeleton className="h-64 !rounded-8" />}
          {list.error && !list.data && (
            <ErrorState error={list.error} onRetry={() => void list.refetch()} />
          )}
          {list.data && runs.length === 0 && (
            <EmptyState
              icon={ListTodo}
              title={t(isFiltered ? 'queue.none.title' : 'queue.empty.title')}
              text={t(isFiltered ? 'queue.none.text' : 'queue.empty.text')}
            >
              {isFiltered ? (
                <Button
                  onClick={() =>
                    change({ state: undefined, provider: undefined, since: undefined })
                  }
                >
                  {t('queue.none.clear')}
                </Button>
              ) : (
                <LinkButton to="/generate" look="ink">
                  {t('common.nav.generate')}
                </LinkButton>
              )}
            </EmptyState>
          )}
          {runs.length > 0 && (
            <Boundary>
              <RunList
                runs={runs}
                queue={queue.data}
                actions={actions}
                order={order}
                scrollRef={scroll}
                onEnd={hasNextPage ? more : undefined}
              />
            </Boundary>
          )}
          <Shown count={runs.length} />
        </div>
      </div>
    </>
  );
}

function Shown({ count }: { count: number }) {
  const t = useT();
  const format = useFormat();
  return (
    <p className="text-12 text-fg-3">
      {count > 0 && t('queue.shown', { count, value: format.number(count) })}
    </p>
  );
}

function Filters({
  search,
  held,
  lanes,
  onChange,
}: {
  search: QueueSearch;
  /** how many tasks ask a person */
  held: number;
  lanes: readonly { id: string | null; name: string }[];
  onChange: (change: Partial<QueueSearch>) => void;
}) {
  const t = useT();
  const format = useFormat();
  const providers = lanes.filter((lane) => lane.id !== null);
  return (
    <div className="flex gap-2 max-md:order-last max-md:w-full">
      <Select
        label={t('queue.filter.label')}
        className="!w-32 shrink-0 max-md:!w-full max-md:shrink"
        value={search.state ?? 'all'}
        onChange={(value) => onChange({ state: value === 'all' ? undefined : value })}
        options={(['all', 'active', 'held', 'failed', 'done', 'cancelled'] as const).map(
          (value) => ({
            value,
            label:
              value === 'held' && held > 0
                ? t('queue.filter.heldCount', { value: format.number(held) })
                : t(`queue.filter.${value}`),
          }),
        )}
      />
      {(providers.length > 1 || search.provider) && (
        <Select
          label={t('queue.filter.provider')}
          className="!w-40 shrink-0 max-md:!w-full max-md:shrink"
          value={search.provider ?? 'all'}
          onChange={(value) => onChange({ provider: value === 'all' ? undefined : value })}
          options={[
            { value: 'all', label: t('queue.filter.everyProvider') },
            ...providers.map((lane) => ({ value: lane.id ?? '', label: lane.name })),
          ]}
        />
      )}
      <Select
        label={t('queue.filter.since')}
        className="!w-36 shrink-0 max-md:!w-full max-md:shrink"
        value={search.since ?? 'ever'}
        onChange={(value) => onChange({ since: value === 'ever' ? undefined : value })}
        options={(['ever', '1h', '24h', '7d', '30d'] as const).map((value) => ({
          value,
          label: t(`queue.since.${value}`),
        }))}
      />
    </div>
  );
}
