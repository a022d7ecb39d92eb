import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { ListTodo } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { runQuery, runsQuery } from '~/api/queries';
import type { Queue, Run } from '~/api/types';
import { queueCommands } from '~/features/queue/commands';
import { useFormat, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { endedTasks, type Spoken, speak } from '~/lib/spoken';
import { useCommands } from '~/lib/use-commands';
import { useEarly } from '~/lib/use-early';
import { announce } from '~/ui/announce';
import { IconButton } from '~/ui/button';
import { Popover } from '~/ui/popover';
import { showToast } from '~/ui/toast';

// What is only seen when it is asked for is loaded then.
const ClearDialog = late(() =>
  import('~/features/queue/clear-dialog').then((file) => file.ClearDialog),
);
const MyRuns = late(() => import('./my-runs').then((file) => file.MyRuns));

/**
 * "3 of 8 done" over all that I have started, at most every ten seconds; failures, ends and questions
 * at once.  What has left the list of active runs is asked for once, so that its end is told too.
 */
function useSpokenQueue(active: readonly Run[] | undefined) {
  const t = useT();
  const client = useQueryClient();
  const spoken = useRef<Spoken | null>(null);
  const known = useRef<Run[]>([]);
  useEffect(() => {
    if (!active) return;
    const left = known.current.filter((run) => !active.some((one) => one.id === run.id));
    known.current = [...active];
    const tell = (ended: readonly Run[]) => {
      const said = speak(spoken.current, [...active, ...ended].map(endedTasks), Date.now());
      spoken.current = active.length > 0 ? said.next : null;
      if (said.failed > 0) announce(t('common.spoken.failed', { count: said.failed }), true);
      const words = [
        said.ended && t('common.spoken.ended', { ...said.ended, name: said.ended.title }),
        said.done && t('common.spoken.done', said.done),
        said.held > 0 && t('common.spoken.held', { count: said.held }),
      ].filter(Boolean);
      if (words.length > 0) announce(words.join(' · '));
    };
    if (left.length === 0) {
      tell([]);
      return;
    }
    void Promise.all(left.map((run) => client.fetchQuery(runQuery(run.id)))).then(tell, () => {});
  }, [active, client, t]);
}

/** How much runs, at a glance: my runs, and everybody's share of the wait. */
export function RunningPill({ queue }: { queue: Queue }) {
  const t = useT();
  const format = useFormat();
  const [isOpen, setOpen] = useState(false);
  const [isClearing, setClearing] = useState(false);
  useEarly(MyRuns.load);
  const busy = queue.running + queue.waiting_mine;
  const isBusy = busy > 0 || queue.queued_mine > 0;
  // Where work begins it is known before the queue tells of it, however quick it is.
  const isStart = useLocation().pathname === '/generate';
  const isWatched = isBusy || queue.held > 0 || isOpen || isStart;
  const active = useInfiniteQuery({ ...runsQuery('active'), enabled: isWatched });
  const mine = useMemo(() => active.data?.pages.flatMap((page) => page.items), [active.data]);
  useSpokenQueue(mine);
  useCommands([
    {
      ...queueCommands.clear,
      run: () => {
        if (queue.queued_mine > 0) setClearing(true);
        else showToast(t('common.queue.nothingWaits'));
      },
    },
  ]);
  const dialog = isClearing && (
    <ClearDialog count={queue.queued_mine} isOpen onClose={() => setClearing(false)} />
  );
  const isQuiet = !isBusy && queue.held === 0 && !queue.is_paused;
  const rows: [string, number][] = [
    [t('common.queue.running'), queue.running],
    [t('common.queue.waitingMine'), queue.waiting_mine],
    [t('common.queue.waitingAll'), queue.waiting_all],
    [t('common.queue.held'), queue.held],
    [t('common.queue.failed'), queue.failed_24h],
  ];
  const close = () => setOpen(false);
  return (
    <>
      {dialog}
      <Popover
        title={t('common.queue.title')}
        isOpen={isOpen}
        onOpenChange={setOpen}
        className="w-80"
        trigger={
          isQuiet ? (
            <IconButton icon={ListTodo} label={t('common.queue.title')} />
          ) : (
            <button
              type="button"
              className="flex h-7 min-w-0 items-center gap-2 rounded-full bg-accent-soft px-3 text-12 font-medium text-accent-text tabular-nums max-md:gap-1.5 max-md:px-2.5 touch:h-11 data-[tone=warn]:bg-warn-soft data-[tone=warn]:text-warn"
              data-tone={queue.is_paused || (!isBusy && queue.held > 0) ? 'warn' : undefined}
            >
              <span className="size-1.5 shrink-0 rounded-full bg-current" aria-hidden />
              <span className="min-w-0 truncate">
                {queue.is_paused
                  ? t('common.queue.paused')
                  : isBusy
                    ? t('common.queue.pill', { count: busy, value: format.number(busy) })
                    : t('common.queue.heldPill', {
                        count: queue.held,
                        value: format.number(queue.held),
                      })}
              </span>
            </button>
          )
        }
      >
        <MyRuns runs={mine ?? []} queue={queue} onGo={close} />
        <dl className="flex flex-col gap-1">
          {rows.map(([label, value]) => (
            <div key={label} className="flex justify-between gap-4 text-13">
              <dt className="text-fg-2">{label}</dt>
              <dd className="font-medium tabular-nums">{format.number(value)}</dd>
            </div>
          ))}
        </dl>
        <Link
          to="/queue"
          onClick={close}
          className="mt-3 block rounded-6 bg-surface-2 px-3 py-2 text-center text-13 font-medium hover:bg-surface-3"
        >
          {t('common.queue.open')}
        </Link>
      </Popover>
    </>
  );
}
