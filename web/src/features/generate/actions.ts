import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useRef } from 'react';
import { api, data } from '~/api/client';
import { ApiError, errorText } from '~/api/errors';
import { type Answer, answerHeld } from '~/api/held';
import type { Asset, Run, RunRequest, Task } from '~/api/types';
import { type Translate, useT } from '~/lib/i18n';
import { randomId } from '~/lib/id';
import { putAsset, takeRun, takeTask } from '~/live/stale';
import { showToast } from '~/ui/toast';

function sayError(error: unknown, t: Translate) {
  showToast(errorText(error, t), { tone: 'bad' });
}

/**
 * Starts a run. One click, one key: a click that got no answer keeps its key, so that the next one
 * cannot pay twice.
 */
export function useStart() {
  const client = useQueryClient();
  const unanswered = useRef<{ wish: string; request: RunRequest; key: string } | null>(null);
  return useMutation({
    /** `wish` is the draft as text: the request itself has a fresh seed at each click. */
    mutationFn: async ({ wish, request }: { wish: string; request: RunRequest }): Promise<Run> => {
      const waiting = unanswered.current;
      const click = waiting?.wish === wish ? waiting : { wish, request, key: randomId() };
      unanswered.current = click;
      try {
        const run = await data(
          api.POST('/api/v1/runs', {
            body: click.request,
            headers: { 'Idempotency-Key': click.key },
          }),
        );
        unanswered.current = null;
        return run;
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 0) unanswered.current = null;
        throw error;
      }
    },
    onSuccess: (run) => takeRun(client, run),
  });
}

/** What is done to runs and tasks from this page; the answer is put into the cache at once. */
export function useRunActions() {
  const t = useT();
  const client = useQueryClient();
  return useMemo(() => {
    const putRun = (run: Run) => takeRun(client, run);
    const putTask = (task: Task) => takeTask(client, task);
    const run = (id: string, verb: 'cancel' | 'pause' | 'resume' | 'retry') =>
      void data(api.POST(`/api/v1/runs/{id}/${verb}`, { params: { path: { id } } })).then(
        putRun,
        (error) => sayError(error, t),
      );
    return {
      cancelRun: (id: string) => run(id, 'cancel'),
      pauseRun: (id: string) => run(id, 'pause'),
      resumeRun: (id: string) => run(id, 'resume'),
      retryRun: (id: string) => run(id, 'retry'),
      toFront: (id: string) =>
        void data(
          api.PATCH('/api/v1/runs/{id}', { params: { path: { id } }, body: { priority: 'front' } }),
        ).then(putRun, (error) => sayError(error, t)),
      cancelTask: (id: string) =>
        void data(api.POST('/api/v1/tasks/{id}/cancel', { params: { path: { id } } })).then(
          putTask,
          (error) => sayError(error, t),
        ),
      retryTask: (id: string) =>
        void data(api.POST('/api/v1/tasks/{id}/retry', { params: { path: { id } } })).then(
          putTask,
          (error) => sayError(error, t),
        ),
      resolveTask: (task: Task, answer: Answer) =>
        answerHeld(task, answer).then(putTask, (error) => sayError(error, t)),
    };
  }, [client, t]);
}

/** Star and trash, seen at once and taken back when the server refuses. */
export function useAssetActions() {
  const t = useT();
  const client = useQueryClient();
  const bulk = (asset: Asset, action: 'trash' | 'restore', next: Asset) => {
    putAsset(client, next);
    return api.POST('/api/v1/assets/bulk', { body: { ids: [asset.id], action } }).catch((error) => {
      putAsset(client, asset);
      sayError(error, t);
    });
  };
  return {
    star: (asset: Asset) => {
      const next = { ...asset, is_starred: !asset.is_starred };
      putAsset(client, next);
      void api
        .PATCH('/api/v1/assets/{id}', {
          params: { path: { id: asset.id } },
          body: { is_starred: next.is_starred },
        })
        .catch((error) => {
          putAsset(client, asset);
          sayError(error, t);
        });
    },
    trash: (asset: Asset) => {
      const next = { ...asset, trashed_at: new Date().toISOString() };
      void bulk(asset, 'trash', next);
      showToast(t('generate.trashed'), {
        undo: () => void bulk(next, 'restore', { ...asset, trashed_at: null }),
      });
    },
    /** Shown when it is done: what comes next asks for it, and what is in the trash is refused. */
    restore: (asset: Asset) =>
      void api.POST('/api/v1/assets/bulk', { body: { ids: [asset.id], action: 'restore' } }).then(
        () => putAsset(client, { ...asset, trashed_at: null }),
        (error) => sayError(error, t),
      ),
  };
}
