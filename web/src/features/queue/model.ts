import type { Queue, Run, Task } from '~/api/types';

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

/** "3 / 41": mine over everybody's, so that waiting is explained. */
export function waitingText(queue: Queue, number: (value: number) => string): string {
  return `${number(queue.waiting_mine)} / ${number(queue.waiting_all)}`;
}
