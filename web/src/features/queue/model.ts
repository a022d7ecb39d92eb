import type { Queue, QueueStats, Run, Task, TaskDetail } from '~/api/types';
import { hasEnded } from '~/lib/ended';

export interface Cause {
  code: string;
  next: string;
  message: string;
  count: number;
}

/** Failures by cause, most frequent first: one next step serves many tasks. */
export function causesOf(tasks: readonly Task[]): Cause[] {
  const causes = new Map<string, Cause>();
  for (const task of tasks) {
    if (task.state !== 'failed' || !task.error) continue;
    const known = causes.get(task.error.code);
    if (known) known.count++;
    else {
      causes.set(task.error.code, {
        code: task.error.code,
        next: task.error.next,
        message: task.error.message,
        count: 1,
      });
    }
  }
  return [...causes.values()].sort((a, b) => b.count - a.count);
}

/** What a run has to show for itself; failed and cancelled tasks are over, not done. */
export function doneOf(run: Run): number {
  return run.task_count - run.left - run.failed - run.cancelled;
}

/** What a key for "the current one" means: what is worked on, else what comes next. */
export function currentRun(inTurn: readonly Run[]): Run | undefined {
  const isWorkedOn = (run: Run) =>
    run.tasks.some((task) => task.state === 'running' || task.state === 'waiting');
  return inTurn.find(isWorkedOn) ?? inTurn[0];
}

/** It has ended, and a call of it may have been charged: nobody can tell. */
export function isInDoubt(task: Task): boolean {
  return hasEnded(task) && task.cost_micro === null;
}

/** "3 / 41": mine over everybody's, so that waiting is explained. */
export function waitingText(queue: Queue, number: (value: number) => string): string {
  return `${number(queue.waiting_mine)} / ${number(queue.waiting_all)}`;
}

const spans = { '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000, '30d': 2_592_000_000 };

export function spanMs(since: keyof typeof spans | undefined): number | undefined {
  return since && spans[since];
}

/**
 * A line over slots that may have no value, 100 wide and 40 high: a gap ends one stroke and begins
 * the next, and a lone value is a stroke of next to no length.
 */
export function linePath(values: readonly (number | null)[], most: number): string {
  const step = 100 / Math.max(1, values.length);
  let path = '';
  let isDrawing = false;
  values.forEach((value, index) => {
    if (value === null) {
      isDrawing = false;
      return;
    }
    const x = (index + 0.5) * step;
    const y = 40 - (value / Math.max(1, most)) * 38;
    const isAlone = !isDrawing && (values[index + 1] ?? null) === null;
    path += `${isDrawing ? 'L' : 'M'}${x.toFixed(2)} ${y.toFixed(2)}${isAlone ? 'h.01' : ''}`;
    isDrawing = true;
  });
  return path;
}

/** The currencies of all that is shown, the one with the most first. */
export function currenciesOf(stats: QueueStats): string[] {
  return [...stats.costs].sort((a, b) => b.cost_micro - a.cost_micro).map((one) => one.currency);
}

export function costIn(costs: QueueStats['costs'], currency: string): number {
  return costs.find((one) => one.currency === currency)?.cost_micro ?? 0;
}

type Attempt = TaskDetail['attempts'][number];

/** What the start after a crash made of an attempt that died with its server. */
export type Recovery = 'notSent' | 'adopted' | 'asked' | 'sameKey' | 'unknown';

export function recoveryOf(attempt: Attempt, next: Attempt | undefined): Recovery | null {
  if (attempt.outcome !== 'owner_died') return null;
  const call = attempt.calls.at(-1);
  if (!call || call.state === 'intent') return 'notSent';
  if (call.state === 'finished') return 'adopted';
  if (call.state === 'unknown') return 'unknown';
  // Addresses that stand for a remote id are not shown.
  if (call.remote_id || call.state === 'accepted') return 'asked';
  if (call.state === 'abandoned' && !call.sent_at) return 'notSent';
  return next?.calls.some((one) => one.repeat_of === call.id) ? 'unknown' : 'sameKey';
}
