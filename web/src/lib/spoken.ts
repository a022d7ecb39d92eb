/** What is read out about work that goes on: seldom how far it is, at once what failed. */

export interface Ended {
  id: string;
  total: number;
  done: number;
  failed: number;
  left: number;
}

export function endedTasks(run: {
  id: string;
  task_count: number;
  left: number;
  failed: number;
  cancelled: number;
}): Ended {
  return {
    id: run.id,
    total: run.task_count,
    done: run.task_count - run.left - run.failed - run.cancelled,
    failed: run.failed,
    left: run.left,
  };
}

export interface Spoken {
  runs: ReadonlyMap<string, Ended>;
  done: number;
  atMs: number;
}

const pauseMs = 10_000;

/** Runs that were there before are told of; those that come new are only known from now on. */
export function speak(
  before: Spoken | null,
  runs: readonly Ended[],
  nowMs: number,
): { next: Spoken; failed: number; done: { done: number; total: number } | null } {
  const known = new Map([...(before?.runs ?? []), ...runs.map((run) => [run.id, run] as const)]);
  let failed = 0;
  let done = 0;
  let total = 0;
  let left = 0;
  for (const run of known.values()) {
    const old = before?.runs.get(run.id);
    if (old && run.failed > old.failed) failed += run.failed - old.failed;
    done += run.done;
    total += run.total;
    left += run.left;
  }
  const isNews = before !== null && done > before.done;
  const isTold = isNews && (left === 0 || nowMs - before.atMs >= pauseMs);
  return {
    next: {
      runs: known,
      done: isTold || before === null ? done : before.done,
      atMs: isTold ? nowMs : (before?.atMs ?? nowMs - pauseMs),
    },
    failed,
    done: isTold ? { done, total } : null,
  };
}
