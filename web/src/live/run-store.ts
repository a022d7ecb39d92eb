import { useCallback, useSyncExternalStore } from 'react';
import type { Run } from '~/api/types';
import { hasEnded } from '~/lib/ended';

export interface Progress {
  progress: number | null;
  /** of the node that works; 0 steps: it does not say */
  step: number;
  steps: number;
  node: string;
  partialCount: number;
  partialVersion: number;
}

/** With the moment the share last changed: from it the time left is told. */
export type LiveProgress = Progress & { at: number };

/**
 * Progress of running tasks, beside the query cache: many events a second, one subscription per id,
 * flushed once per frame. Shares and counts never go back; steps do, when the next node begins.
 */
const rows = new Map<string, LiveProgress>();
const listeners = new Map<string, Set<() => void>>();
const dirty = new Set<string>();
let isScheduled = false;
const shareSteps = 200; // a bar is some two hundred pixels wide

function flush() {
  isScheduled = false;
  const ids = [...dirty];
  dirty.clear();
  for (const id of ids) for (const listener of listeners.get(id) ?? []) listener();
}

function touch(id: string) {
  dirty.add(id);
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(flush);
}

export function putProgress(id: string, next: Progress) {
  const before = rows.get(id);
  const merged: Progress = before
    ? {
        progress:
          before.progress !== null && next.progress !== null
            ? Math.max(before.progress, next.progress)
            : (next.progress ?? before.progress),
        step: next.step,
        steps: next.steps,
        node: next.node,
        partialCount: Math.max(before.partialCount, next.partialCount),
        partialVersion: Math.max(before.partialVersion, next.partialVersion),
      }
    : next;
  const at = before && before.progress === merged.progress ? before.at : Date.now();
  rows.set(id, { ...merged, at });
  touch(id);
}

export function dropProgress(id: string) {
  if (rows.delete(id)) touch(id);
}

function follow(ids: readonly string[], listener: () => void): () => void {
  for (const id of ids) {
    const set = listeners.get(id) ?? new Set();
    listeners.set(id, set.add(listener));
  }
  return () => {
    for (const id of ids) {
      const set = listeners.get(id);
      set?.delete(listener);
      if (set?.size === 0) listeners.delete(id);
    }
  };
}

export function useProgress(id: string): LiveProgress | undefined {
  return useSyncExternalStore(
    (listener) => follow([id], listener),
    () => rows.get(id),
  );
}

/**
 * How far a run is, 0 to 1, with what its tasks under way have behind them; in steps that can be
 * seen.  A task's own state comes before the run's numbers: the bar would go back between them.
 */
export function shareOf(run: Pick<Run, 'task_count' | 'left' | 'tasks'>): number {
  let ended = 0;
  let behind = 0;
  for (const task of run.tasks) {
    if (hasEnded(task)) ended++;
    else behind += rows.get(task.id)?.progress ?? 0;
  }
  const whole = Math.max(run.task_count - run.left, ended) + behind;
  return Math.round((whole / Math.max(1, run.task_count)) * shareSteps) / shareSteps;
}

export function useShare(run: Pick<Run, 'task_count' | 'left' | 'tasks'>): number {
  const names = run.tasks
    .filter((task) => !hasEnded(task))
    .map(({ id }) => id)
    .join(' ');
  const subscribe = useCallback(
    (listener: () => void) => follow(names ? names.split(' ') : [], listener),
    [names],
  );
  return useSyncExternalStore(subscribe, () => shareOf(run));
}

export function readProgress(id: string): LiveProgress | undefined {
  return rows.get(id);
}
