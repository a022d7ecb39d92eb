/** What is read out about work that goes on: seldom how far it is, at once what failed. */

export interface Ended {
  id: string;
  title: string;
  total: number;
  done: number;
  failed: number;
  left: number;
  /** that ask a person */
  held: number;
}

export function endedTasks(run: {
  id: string;
  title: string;
  task_count: number;
  left: number;
  failed: number;
  cancelled: number;
  tasks: readonly { state: string }[];
}): Ended {
  return {
    id: run.id,
    title: run.title,
    total: run.task_count,
    done: run.task_count - run.left - run.failed - run.cancelled,
    failed: run.failed,
    left: run.left,
    held: run.tasks.filter((task) => task.state === 'held').length,
  };
}

export interface Spoken {
  runs: ReadonlyMap<string, Ended>;
  done: number;
  atMs: number;
}

const pauseMs = 10_000;

export interface Said {
  failed: number;
  held: number;
  /** of all of it */
  done: { done: number; total: number } | null;
  /** one that is over while others go on */
  ended: Ended | null;
}

/** Runs that were there before are told of; those that come new are only known from now on. */
export function speak(
  before: Spoken | null,
  runs: readonly Ended[],
  nowMs: number,
): Said & { next: Spoken } {
  const known = new Map([...(before?.runs ?? []), ...runs.map((run) => [run.id, run] as const)]);
  const over: Ended[] = [];
  let failed = 0;
  let held = 0;
  let done = 0;
  let total = 0;
  let left = 0;
  for (const run of known.values()) {
    const old = before?.runs.get(run.id);
    if (old && run.failed > old.failed) failed += run.failed - old.failed;
    if (old && run.held > old.held) held += run.held - old.held;
    if (old && old.left > 0 && run.left === 0 && run.done > 0) over.push(run);
    done += run.done;
    total += run.total;
    left += run.left;
  }
  const isNews = before !== null && done > before.done;
  const isTold = isNews && (left === 0 || over.length > 0 || nowMs - before.atMs >= pauseMs);
  const [one] = over;
  const ended = isTold && left > 0 && over.length === 1 && one?.title ? one : null;
  return {
    next: {
      runs: known,
      done: isTold || before === null ? done : before.done,
      atMs: isTold ? nowMs : (before?.atMs ?? nowMs - pauseMs),
    },
    failed,
    held,
    done: isTold && !ended ? { done, total } : null,
    ended,
  };
}
