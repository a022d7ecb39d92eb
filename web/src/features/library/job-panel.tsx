import { useQuery } from '@tanstack/react-query';
import { Square, Undo2 } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { assetJobsQuery } from '~/api/queries';
import type { AssetJob } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { IconButton } from '~/ui/button';
import { ProgressBar } from '~/ui/progress';
import { showToast } from '~/ui/toast';
import { useLibraryActions } from './actions';
import { isLive } from './model';

/** Changes of many pictures on their way: how far, stop, undo; the end is said with a way back. */
export function JobPanel({ canWrite }: { canWrite: boolean }) {
  const t = useT();
  const format = useFormat();
  const actions = useLibraryActions();
  const { data: jobs } = useQuery(assetJobsQuery);
  const seenLive = useRef(new Set<string>());
  const undo = useRef(actions.undoJob);
  undo.current = actions.undoJob;

  useEffect(() => {
    for (const job of jobs ?? []) {
      if (isLive(job)) seenLive.current.add(job.id);
      else if (seenLive.current.delete(job.id)) {
        const count = job.state === 'undone' ? job.undone : job.changed;
        const values = { count, value: format.number(count) };
        showToast(
          job.state === 'failed'
            ? t('library.job.failed', values)
            : t(`library.job.ended.${job.state === 'undone' ? 'undone' : job.action}`, values),
          {
            ...(job.state === 'failed' ? { tone: 'bad' as const } : {}),
            ...(job.can_undo ? { undo: () => undo.current(job.id) } : {}),
          },
        );
      }
    }
  }, [jobs, t, format]);

  const live = (jobs ?? []).filter(isLive);
  if (live.length === 0) return null;
  const words = (job: AssetJob) =>
    t(`library.job.running.${job.state === 'undoing' ? 'undo' : job.action}`);
  return (
    <section
      aria-label={t('library.job.title')}
      className="fade-in absolute bottom-4 left-4 z-20 flex max-h-60 w-80 max-w-[calc(100%-2rem)] flex-col gap-3 overflow-y-auto rounded-12 bg-surface p-3 shadow-3 outline outline-line max-md:bottom-20"
    >
      {live.map((job) => {
        const done = job.state === 'undoing' ? job.undone : job.seen;
        const all = job.state === 'undoing' ? job.changed : job.total;
        return (
          <div key={job.id} className="flex items-center gap-1">
            <div className="min-w-0 flex-1 text-13">
              <p className="mb-1.5 flex justify-between gap-2">
                <span className="truncate font-medium">{words(job)}</span>
                <span className="shrink-0 text-fg-3 tabular-nums">
                  {t('library.job.place', { done: format.number(done), all: format.number(all) })}
                </span>
              </p>
              <ProgressBar share={all > 0 ? done / all : 1} label={words(job)} />
            </div>
            {canWrite && job.state === 'running' && (
              <>
                {job.action !== 'delete' && (
                  <IconButton
                    icon={Undo2}
                    size="dense"
                    label={t('common.undo')}
                    onClick={() => actions.undoJob(job.id)}
                  />
                )}
                <IconButton
                  icon={Square}
                  size="dense"
                  label={t('library.job.stop')}
                  onClick={() => actions.stopJob(job.id)}
                />
              </>
            )}
          </div>
        );
      })}
    </section>
  );
}
