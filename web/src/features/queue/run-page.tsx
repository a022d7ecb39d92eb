import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import clsx from 'clsx';
import {
  ArrowLeft,
  ChevronRight,
  CircleX,
  Copy,
  FastForward,
  ListTodo,
  Pause,
  Play,
  Rewind,
  RotateCw,
} from 'lucide-react';
import { useState } from 'react';
import { codeText, isStatus } from '~/api/errors';
import { queueQuery, runQuery, taskQuery } from '~/api/queries';
import type { Queue, Run, Task, TaskDetail } from '~/api/types';
import { copyText } from '~/lib/clipboard';
import { hasText, useFormat, useT } from '~/lib/i18n';
import { isTextRun, isTextTask } from '~/lib/text-tasks';
import { elapsedMs } from '~/lib/time';
import { usePaidWait } from '~/live/paid';
import { Button, IconButton } from '~/ui/button';
import { LinkButton } from '~/ui/link';
import { MissingNote } from '~/ui/missing';
import { PageHead } from '~/ui/page';
import { Picture } from '~/ui/picture';
import { Quoted } from '~/ui/quoted';
import { StateMark } from '~/ui/state-mark';
import { Badge, EmptyState, ErrorState, Skeleton } from '~/ui/states';
import { showToast } from '~/ui/toast';
import { WaitLine } from '~/ui/wait-line';
import { Written } from '~/ui/written';
import { type QueueActions, useQueueActions } from './actions';
import { HeldCards, HoldingRule } from './held';
import { doneOf, isInDoubt, recoveryOf } from './model';

const route = getRouteApi('/frame/queue/$run');

/** One run: its tasks, and of each the attempts, the calls, the cost and the request id. */
export function RunPage() {
  const t = useT();
  const format = useFormat();
  const { run: id } = route.useParams();
  const { data: run, error, isPending, refetch } = useQuery(runQuery(id));
  const { data: queue } = useQuery(queueQuery);
  const actions = useQueueActions();
  const whyNot = usePaidWait();
  const [opened, setOpened] = useState<string | null>(null);
  // An address that was cut is none of a run either.
  if (!run && (isStatus(error, 404) || isStatus(error, 400))) {
    return (
      <EmptyState icon={ListTodo} title={t('queue.run.gone')} text={t('queue.run.goneText')} isPage>
        <LinkButton to="/queue" look="ink">
          {t('queue.run.all')}
        </LinkButton>
      </EmptyState>
    );
  }
  if (!run && error) {
    return (
      <>
        <h1 tabIndex={-1} className="sr-only">
          {t('common.nav.queue')}
        </h1>
        <ErrorState error={error} onRetry={() => void refetch()} />
      </>
    );
  }
  if (isPending || !run) {
    return (
      <div className="p-4">
        <Skeleton className="h-64 !rounded-8" />
      </div>
    );
  }
  const isActive = run.state === 'active';
  const held = run.tasks.filter((task) => task.state === 'held');
  // A run of one task has its story open.
  const shown = opened ?? (run.tasks.length === 1 ? run.tasks[0]?.id : '');
  return (
    <>
      <PageHead
        title={run.tasks[0]?.prompt || run.title || t('queue.run.untitled')}
        className="[&>h1]:min-w-0 [&>h1]:max-w-[60%] [&>h1]:truncate"
      >
        <LinkButton to="/queue" look="ghost" height="dense" className="order-first">
          <ArrowLeft size={16} aria-hidden />
          {t('common.nav.queue')}
        </LinkButton>
        <div className="flex-1" />
        {!isTextRun(run) && (
          <LinkButton to="/generate" search={{ run: run.id }}>
            {t('queue.run.show')}
          </LinkButton>
        )}
        {run.failed > 0 && (
          <Button icon={RotateCw} whyNot={whyNot} onClick={() => actions.retryFailed(run.id)}>
            {t('queue.run.retry', { count: run.failed })}
          </Button>
        )}
        {isActive && (
          <>
            <IconButton
              icon={run.is_paused ? Play : Pause}
              label={t(run.is_paused ? 'queue.run.resume' : 'queue.run.pause')}
              onClick={() => actions.run(run.id, run.is_paused ? 'resume' : 'pause')}
            />
            <IconButton
              icon={CircleX}
              look="danger-ghost"
              label={t('queue.run.cancel')}
              onClick={() => actions.run(run.id, 'cancel')}
            />
          </>
        )}
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-5xl flex-col gap-4 p-4 max-md:p-3">
          <p className="text-13 text-fg-2 tabular-nums">
            {[
              t('queue.run.progress', { done: doneOf(run), total: run.task_count }),
              run.failed > 0 && t('queue.run.failed', { count: run.failed }),
              run.cost_micro > 0
                ? format.money(run.cost_micro, run.currency)
                : isActive &&
                  run.estimate_micro > 0 &&
                  t('queue.run.about', { price: format.money(run.estimate_micro, run.currency) }),
              format.dateTime(run.created_at),
              run.finished_at &&
                t('queue.run.took', {
                  time: format.duration(elapsedMs(run.created_at, run.finished_at)),
                }),
            ]
              .filter(Boolean)
              .join(' · ')}
          </p>
          <HeldCards tasks={held} lanes={queue?.providers ?? []} actions={actions} />
          <ul
            aria-label={t(isTextRun(run) ? 'queue.texts' : 'queue.tasks')}
            className="overflow-hidden rounded-8 bg-surface outline outline-line"
          >
            {run.tasks.map((task, index) => (
              <TaskRow
                key={task.id}
                run={run}
                queue={queue}
                task={task}
                index={index}
                isOpen={task.id === shown}
                onToggle={() => setOpened(task.id === shown ? '' : task.id)}
                actions={actions}
              />
            ))}
          </ul>
        </div>
      </div>
    </>
  );
}

function TaskRow({
  run,
  queue,
  task,
  index,
  isOpen,
  onToggle,
  actions,
}: {
  run: Run;
  queue: Queue | undefined;
  task: Task;
  index: number;
  isOpen: boolean;
  onToggle: () => void;
  actions: QueueActions;
}) {
  const t = useT();
  const format = useFormat();
  const picture = task.assets[0];
  const whyNot = usePaidWait();
  return (
    <li className="border-line border-b last:border-b-0">
      <div className="flex items-center gap-3 px-4 py-2 max-md:px-3">
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={onToggle}
          className="flex min-h-10 min-w-0 flex-1 items-center gap-3 rounded-6 text-left"
        >
          <ChevronRight
            size={16}
            aria-hidden
            className={clsx(
              'shrink-0 text-fg-3 transition-transform duration-200',
              isOpen && 'rotate-90',
            )}
          />
          <span className="min-w-0 flex-1">
            <span className="flex items-center gap-3">
              <span className="text-13 font-medium">
                {t(isTextTask(task) ? 'queue.task.text' : 'queue.task.name', { index: index + 1 })}
              </span>
              <StateMark state={task.state} />
              {task.position > 0 && (
                <span className="text-12 text-fg-3 tabular-nums">
                  {t('queue.task.position', { place: task.position })}
                </span>
              )}
            </span>
            {task.error && (
              <span className="block text-12 text-bad">{codeText(task.error.code, t)}</span>
            )}
          </span>
          <span className="text-12 text-fg-3 tabular-nums">
            {isInDoubt(task)
              ? t('queue.task.doubt')
              : task.cost_micro !== null && task.cost_micro > 0
                ? format.money(task.cost_micro, task.currency)
                : ''}
          </span>
        </button>
        {task.state === 'ready' && (
          <>
            <IconButton
              icon={FastForward}
              label={t('queue.task.front')}
              onClick={() => actions.move(task.id, 'front')}
              className="max-md:hidden"
            />
            <IconButton
              icon={Rewind}
              label={t('queue.task.back')}
              onClick={() => actions.move(task.id, 'back')}
              className="max-md:hidden"
            />
          </>
        )}
        {(task.state === 'failed' || task.state === 'cancelled') && (
          <IconButton
            icon={RotateCw}
            label={t('common.retry')}
            whyNot={whyNot}
            onClick={() => actions.task(task.id, 'retry')}
          />
        )}
        {['blocked', 'ready', 'running', 'waiting'].includes(task.state) && (
          <IconButton
            icon={CircleX}
            look="danger-ghost"
            label={t(isTextTask(task) ? 'queue.task.cancelText' : 'queue.task.cancel')}
            onClick={() => actions.task(task.id, 'cancel')}
          />
        )}
        {picture && (
          <Link
            to="/library/$asset"
            params={{ asset: picture.id }}
            search={{ run: task.run_id }}
            aria-label={t('queue.task.open')}
            className="size-10 shrink-0 overflow-hidden rounded-6 focus-on-picture"
          >
            <Picture asset={picture} sizes={40} alt="" />
          </Link>
        )}
      </div>
      {task.written && <Written written={task.written} className="pr-4 pb-3 pl-11 max-md:px-3" />}
      <MissingNote task={task} className="pr-4 pb-2 pl-11 max-md:px-3" />
      {isOpen && <Story id={task.id} run={run} queue={queue} />}
    </li>
  );
}

/** What happened to a task, attempt by attempt, with every call that may have cost money. */
function Story({ id, run, queue }: { id: string; run: Run; queue: Queue | undefined }) {
  const t = useT();
  const format = useFormat();
  const { data: task, error, refetch } = useQuery(taskQuery(id));
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} isCompact />;
  if (!task) return <Skeleton className="m-4 h-20" />;
  const waited = elapsedMs(task.created_at, task.started_at);
  return (
    <div className="flex flex-col gap-3 bg-surface-2 px-4 py-3 pl-11 max-md:px-3">
      <WaitLine task={task} run={run} className="text-13 text-fg-2" />
      {task.started_at && (
        <p className="text-13 text-fg-2">
          {t('queue.story.waited', { time: format.duration(waited) })}
        </p>
      )}
      {task.error?.message && <Quoted text={task.error.message} />}
      <HoldingRule task={task} lanes={queue?.providers ?? []} />
      {task.attempts.length === 0 && <p className="text-13 text-fg-3">{t('queue.story.none')}</p>}
      <ol className="flex flex-col gap-3">
        {task.attempts.map((attempt, index) => (
          <Attempt
            key={attempt.n}
            attempt={attempt}
            next={task.attempts[index + 1]}
            said={task.error?.message ?? ''}
          />
        ))}
      </ol>
    </div>
  );
}

function Attempt({
  attempt,
  next,
  said,
}: {
  attempt: TaskDetail['attempts'][number];
  next: TaskDetail['attempts'][number] | undefined;
  /** what stands above already */
  said: string;
}) {
  const t = useT();
  const format = useFormat();
  const took = elapsedMs(attempt.started_at, attempt.ended_at);
  const word = `queue.outcome.${attempt.outcome}`;
  const recovery = recoveryOf(attempt, next);
  const trouble = `queue.trouble.${attempt.instead_because}`;
  return (
    <li>
      <p className="text-13 tabular-nums">
        <span className="font-medium">{t('queue.story.attempt', { n: attempt.n })}</span>{' '}
        <span className="text-fg-2">
          {[
            hasText(word) ? t(word) : attempt.outcome || t('common.state.running'),
            took > 0 && format.duration(took),
            format.dateTime(attempt.started_at),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </p>
      {attempt.taken_by && (
        <p className="text-12 text-fg-2">
          {t('queue.story.standIn', {
            by: attempt.taken_by,
            name: attempt.instead_of,
            why: hasText(trouble) ? t(trouble) : attempt.instead_because,
          })}
        </p>
      )}
      {attempt.message && attempt.message !== said && <Quoted text={attempt.message} />}
      {attempt.calls.map((call) => (
        <Call key={call.id} call={call} said={[said, attempt.message]} />
      ))}
      {recovery && <p className="mt-1.5 text-12 text-fg-2">{t(`queue.recovery.${recovery}`)}</p>}
    </li>
  );
}

function Call({
  call,
  said,
}: {
  call: TaskDetail['attempts'][number]['calls'][number];
  said: readonly string[];
}) {
  const t = useT();
  const format = useFormat();
  const word = `queue.call.${call.state}`;
  const facts: [string, string][] = [
    [t('queue.story.model'), call.model],
    [t('queue.story.call'), hasText(word) ? t(word) : call.state],
    [t('queue.story.http'), call.http_status ? String(call.http_status) : ''],
    [
      t('queue.story.estimate'),
      call.est_micro > 0 ? format.money(call.est_micro, call.currency) : '',
    ],
    [
      t('queue.story.booked'),
      call.cost_micro !== null
        ? format.money(call.cost_micro, call.currency)
        : call.ended_at !== null
          ? t('queue.story.doubt', {
              price: call.est_micro > 0 ? format.money(call.est_micro, call.currency) : '',
            })
          : '',
    ],
    ...(['intent', 'sent', 'accepted', 'ended'] as const).map((moment): [string, string] => [
      t(`queue.moment.${moment}`),
      format.time(call[`${moment}_at`]),
    ]),
  ];
  return (
    <div className="mt-1.5 rounded-6 bg-surface p-3 outline outline-line">
      <dl className="flex flex-wrap gap-x-6 gap-y-1 text-12 tabular-nums">
        {facts
          .filter(([, value]) => value !== '')
          .map(([name, value]) => (
            <div key={name} className="flex gap-1.5">
              <dt className="text-fg-3">{name}</dt>
              <dd className="break-all">{value}</dd>
            </div>
          ))}
        <Name label={t('queue.story.request')} value={call.request_id} />
        <Name label={t('queue.story.remote')} value={call.remote_id} />
      </dl>
      {call.message && !said.includes(call.message) && (
        <Quoted text={call.message} className="mt-1.5" />
      )}
      {(call.may_be_charged_twice || call.repeat_of) && (
        <p className="mt-1.5 flex gap-2">
          {call.repeat_of && <Badge>{t('queue.story.repeat')}</Badge>}
          {call.may_be_charged_twice && <Badge tone="warn">{t('queue.story.twice')}</Badge>}
        </p>
      )}
    </div>
  );
}

/** What the provider calls it; asked for by its support, so it is copied. */
function Name({ label, value }: { label: string; value: string }) {
  const t = useT();
  if (!value) return null;
  return (
    <div className="flex items-center gap-1.5">
      <dt className="text-fg-3">{label}</dt>
      <dd className="flex items-center gap-1.5 font-mono break-all">
        {value}
        <IconButton
          icon={Copy}
          size="dense"
          className="!size-6 touch:!size-11"
          label={t('queue.story.copy', { name: label })}
          onClick={() =>
            void copyText(value).then((isDone) => isDone && showToast(t('common.copied')))
          }
        />
      </dd>
    </div>
  );
}
