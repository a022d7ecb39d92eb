import { useQueryClient } from '@tanstack/react-query';
import { api, data } from '~/api/client';
import { errorText } from '~/api/errors';
import { type Answer, answerHeld } from '~/api/held';
import { queueQuery } from '~/api/queries';
import { forgetRecovered, retryFailed } from '~/api/queue';
import type { Queue, Run, Task } from '~/api/types';
import { useT } from '~/lib/i18n';
import { takeRun, takeTask } from '~/live/stale';
import { showToast } from '~/ui/toast';

/** What is done to runs, tasks and the whole queue; the answers go into the cache. */
export function useQueueActions() {
  const t = useT();
  const client = useQueryClient();
  const fail = (error: unknown) => showToast(errorText(error, t), { tone: 'bad' });
  const putRun = (run: Run) => takeRun(client, run);
  const putTask = (task: Task) => takeTask(client, task);
  const putQueue = (queue: Queue) => client.setQueryData(queueQuery.queryKey, queue);
  const path = (id: string) => ({ params: { path: { id } } });
  return {
    run: (id: string, verb: 'cancel' | 'pause' | 'resume' | 'retry') =>
      void data(api.POST(`/api/v1/runs/{id}/${verb}`, path(id))).then(putRun, fail),
    retryFailed: (id: string) => void retryFailed(id).then(putRun, fail),
    priority: (id: string, priority: 'front' | 'normal' | 'low') =>
      void data(api.PATCH('/api/v1/runs/{id}', { ...path(id), body: { priority } })).then(
        putRun,
        fail,
      ),
    task: (id: string, verb: 'cancel' | 'retry') =>
      void data(api.POST(`/api/v1/tasks/{id}/${verb}`, path(id))).then(putTask, fail),
    move: (id: string, to: 'front' | 'back') =>
      void data(api.POST('/api/v1/tasks/{id}/move', { ...path(id), body: { to } })).then(
        putTask,
        fail,
      ),
    resolve: (task: Task, answer: Answer) => answerHeld(task, answer).then(putTask, fail),
    lane: (id: string, verb: 'pause' | 'resume') =>
      void (
        verb === 'pause'
          ? data(api.POST('/api/v1/providers/{id}/pause', { ...path(id), body: {} }))
          : data(api.POST('/api/v1/providers/{id}/resume', path(id)))
      ).then(() => client.invalidateQueries({ queryKey: ['queue'] }), fail),
    forgetRecovered: () => void forgetRecovered().then(putQueue, fail),
    pauseAll: () => void data(api.POST('/api/v1/queue/pause', { body: {} })).then(putQueue, fail),
    resumeAll: () => void data(api.POST('/api/v1/queue/resume')).then(putQueue, fail),
  };
}

export type QueueActions = ReturnType<typeof useQueueActions>;
