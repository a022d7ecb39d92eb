import { useSyncExternalStore } from 'react';

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

export function useProgress(id: string): LiveProgress | undefined {
  return useSyncExternalStore(
    (listener) => {
      let set = listeners.get(id);
      if (!set) {
        set = new Set();
        listeners.set(id, set);
      }
      set.add(listener);
      return () => {
        set.delete(listener);
        if (set.size === 0) listeners.delete(id);
      };
    },
    () => rows.get(id),
  );
}

export function readProgress(id: string): LiveProgress | undefined {
  return rows.get(id);
}
