import { CircleX, Clock3, FastForward, ImagePlus, Pause, Play, RotateCw } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Run } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { useNow } from '~/lib/use-now';
import { useSize } from '~/lib/use-size';
import { usePaidWait } from '~/live/paid';
import { readProgress } from '~/live/run-store';
import { Button, IconButton } from '~/ui/button';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states';
import type { useRunActions } from './actions';
import { leftMs, type Recall, summarise } from './model';
import { Results, ResultsView } from './results';

const MissingNote = late(() => import('~/ui/missing').then((file) => file.MissingNote));

type Actions = ReturnType<typeof useRunActions>;

export function Stage({
  run,
  isLoading,
  error,
  onRetry,
  usual,
  actions,
  onEdit,
  onRecall,
  onCompare,
  onSample,
  aside,
}: {
  run: Run | undefined;
  isLoading: boolean;
  error: unknown;
  onRetry: () => void;
  /** milliseconds that its like took, 0 when nothing is known */
  usual: number;
  actions: Actions;
  onEdit: () => void;
  onRecall: (assetId: string, what: Recall) => void;
  onCompare: (assetId: string) => void;
  onSample: (prompt: string) => void;
  aside: ReactNode;
}) {
  const t = useT();
  const [roomRef, room] = useSize();

  return (
    <section
      aria-label={t('generate.stage.label')}
      className="flex min-h-0 min-w-0 flex-1 flex-col bg-canvas"
    >
      {run ? (
        <StageHead run={run} usual={usual} actions={actions} aside={aside} />
      ) : (
        aside && <div className="flex justify-end px-3 py-2">{aside}</div>
      )}
      <div
        ref={roomRef}
        className="flex min-h-0 flex-1 flex-col overflow-y-auto p-6 max-lg:p-4 max-md:p-3"
      >
        {error && !run ? (
          <ErrorState error={error} onRetry={onRetry} />
        ) : isLoading ? (
          <div className="m-auto grid w-full max-w-xl grid-cols-2 gap-3">
            {['a', 'b', 'c', 'd'].map((name) => (
              <Skeleton key={name} className="aspect-square !rounded-8" />
            ))}
          </div>
        ) : !run ? (
          <Welcome onSample={onSample} />
        ) : (
          <Results
            run={run}
            room={room}
            usual={usual}
            actions={actions}
            onEdit={onEdit}
            onRecall={onRecall}
            onCompare={onCompare}
          />
        )}
      </div>
    </section>
  );
}

/** What the clock alone renews of the head. */
function Facts({ run, usual }: { run: Run; usual: number }) {
  const t = useT();
  const format = useFormat();
  const isActive = run.state === 'active';
  const now = useNow(isActive);
  const sum = summarise(run.tasks);
  const left = run.is_paused ? 0 : leftMs(run.tasks, readProgress, usual, now);
  const cost = isActive ? 0 : run.cost_micro;
  const facts = [
    isActive
      ? t('generate.stage.progress', { done: sum.done, total: sum.total })
      : t('generate.stage.count', { count: sum.done }),
    left > 0 && t('generate.stage.left', { time: format.duration(left) }),
    run.is_paused && t('generate.stage.paused'),
    sum.failed > 0 && t('generate.stage.failed', { count: sum.failed }),
    cost > 0 && format.money(cost, run.currency),
    !isActive && format.relative(run.created_at),
  ].filter((fact) => fact !== false);
  return <p className="truncate text-12 text-fg-3 tabular-nums">{facts.join(' · ')}</p>;
}

function StageHead({
  run,
  usual,
  actions,
  aside,
}: {
  run: Run;
  usual: number;
  actions: Actions;
  aside: ReactNode;
}) {
  const t = useT();
  const isActive = run.state === 'active';
  const sum = summarise(run.tasks);
  const whyNot = usePaidWait();
  const prompt = run.tasks[0]?.prompt || run.title;
  return (
    <div className="flex min-h-12 shrink-0 flex-wrap items-center gap-x-2 gap-y-1 border-line border-b bg-surface px-4 py-1.5 max-md:px-3">
      <div className="min-w-40 flex-1">
        <h2 className="truncate text-13 font-medium" title={prompt}>
          {prompt}
        </h2>
        <Facts run={run} usual={usual} />
        {run.tasks
          .filter((task) => task.missing && !task.written)
          .slice(0, 3)
          .map((task) => (
            <MissingNote key={task.id} task={task} />
          ))}
      </div>
      <div className="ml-auto flex flex-wrap items-center justify-end gap-2">
        {sum.failed > 0 && (
          <Button
            height="dense"
            icon={RotateCw}
            whyNot={whyNot}
            onClick={() => actions.retryRun(run.id)}
          >
            {t('generate.stage.retry', { count: sum.failed })}
          </Button>
        )}
        {isActive && (
          <>
            {sum.left > 0 && run.priority !== 'front' && (
              <IconButton
                icon={FastForward}
                label={t('generate.stage.front')}
                onClick={() => actions.toFront(run.id)}
              />
            )}
            <IconButton
              icon={run.is_paused ? Play : Pause}
              label={t(run.is_paused ? 'generate.stage.resume' : 'generate.stage.pause')}
              onClick={() => (run.is_paused ? actions.resumeRun : actions.pauseRun)(run.id)}
            />
            <IconButton
              icon={CircleX}
              label={t('generate.command.cancel')}
              keys="Shift+X"
              look="danger-ghost"
              onClick={() => actions.cancelRun(run.id)}
            />
          </>
        )}
        <ResultsView run={run} />
        {!isActive && sum.left > 0 && <Clock3 size={16} aria-hidden className="text-fg-3" />}
        {aside}
      </div>
    </div>
  );
}

const samples = ['generate.sample.mug', 'generate.sample.lamp', 'generate.sample.bottle'] as const;

function Welcome({ onSample }: { onSample: (prompt: string) => void }) {
  const t = useT();
  return (
    <EmptyState icon={ImagePlus} title={t('generate.empty.title')} text={t('generate.empty.text')}>
      <div className="flex max-w-md flex-col gap-2">
        {samples.map((key) => (
          <button
            key={key}
            type="button"
            onClick={() => onSample(t(key))}
            className="rounded-8 bg-surface px-4 py-2.5 text-left text-13 text-fg-2 shadow-1 outline outline-line transition-colors duration-100 hover:bg-surface-2 hover:text-fg"
          >
            {t(key)}
          </button>
        ))}
      </div>
    </EmptyState>
  );
}
