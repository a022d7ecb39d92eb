import { api, data } from './client';
import type { Queue, Run } from './types';

export type Place = { to: 'front' | 'back' } | { to: 'before'; before: string };

/** Changes the place of all that waits of a run. */
export function moveRun(id: string, place: Place): Promise<Run> {
  return data(api.POST('/api/v1/runs/{id}/move', { params: { path: { id } }, body: place }));
}

/** Cancels all that waits of mine; the answer is how many tasks that were. */
export async function clearQueue(): Promise<number> {
  return (await data(api.POST('/api/v1/queue/clear'))).cancelled;
}

/** What the last start took over has been seen. */
export function forgetRecovered(): Promise<Queue> {
  return data(api.DELETE('/api/v1/queue/recovered'));
}

export function retryFailed(id: string): Promise<Run> {
  return data(
    api.POST('/api/v1/runs/{id}/retry', { params: { path: { id }, query: { only: 'failed' } } }),
  );
}
