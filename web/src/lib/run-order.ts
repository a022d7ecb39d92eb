/** The order in which runs are worked off, and the place of one among them. */

interface WaitingTask {
  state: string;
  position: number;
  priority: string;
  provider_id: string | null;
}
interface WaitingRun {
  id: string;
  tasks: readonly WaitingTask[];
}

function isWorkedOn(run: WaitingRun): boolean {
  return run.tasks.some((task) => task.state === 'running' || task.state === 'waiting');
}

/** What has begun stands above what waits, and has no place among it. */
export function isMovable(run: WaitingRun): boolean {
  return !isWorkedOn(run) && firstOf(run) !== undefined;
}

/** Its task that has its turn first; one without a place (paused, waiting for others) comes last. */
function firstOf(run: WaitingRun): WaitingTask | undefined {
  let first: WaitingTask | undefined;
  for (const task of run.tasks) {
    if (task.state !== 'ready' && task.state !== 'blocked') continue;
    if (!first || (task.position > 0 && (first.position === 0 || task.position < first.position)))
      first = task;
  }
  return first;
}

/** "3 of 41": its place in the line before its provider. */
export function placeOf(
  run: WaitingRun,
  lanes: readonly { id: string | null; waiting: number }[],
): { place: number; of: number } | null {
  const first = firstOf(run);
  if (!first || first.position === 0) return null;
  const lane = lanes.find((one) => one.id === first.provider_id);
  return { place: first.position, of: Math.max(lane?.waiting ?? 0, first.position) };
}

const priorities: Record<string, number> = { front: 0, normal: 1, low: 2 };

/**
 * What is worked on first, then what waits, in its turn. `wish` is an order of waiting runs that the
 * server has not said yet; runs it does not name keep their place after those.
 */
export function orderRuns<T extends WaitingRun>(runs: readonly T[], wish: readonly string[]): T[] {
  const keys = new Map(
    runs.map((run) => {
      const first = firstOf(run);
      return [
        run.id,
        [
          first && !isWorkedOn(run) ? 1 : 0,
          first ? (priorities[first.priority] ?? 1) : 0,
          first?.position || Number.MAX_SAFE_INTEGER,
        ],
      ];
    }),
  );
  const wished = new Map(wish.map((id, index) => [id, index]));
  return [...runs].sort((a, b) => {
    const one = keys.get(a.id) ?? [];
    const other = keys.get(b.id) ?? [];
    if (one[0] !== other[0]) return (one[0] ?? 0) - (other[0] ?? 0);
    const [i, j] = [wished.get(a.id), wished.get(b.id)];
    if (i !== undefined && j !== undefined) return i - j;
    for (let at = 1; at < one.length; at++) {
      if (one[at] !== other[at]) return (one[at] ?? 0) - (other[at] ?? 0);
    }
    return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  });
}

/** The order after one has gone from `from` to `to`, and how the server is told; null: no change. */
export function moveIn(
  order: readonly string[],
  from: number,
  to: number,
): {
  order: string[];
  place: { to: 'back' } | { to: 'before'; before: string };
} | null {
  const id = order[from];
  const target = Math.min(Math.max(0, to), order.length - 1);
  if (id === undefined || target === from) return null;
  const next = order.filter((_, index) => index !== from);
  next.splice(target, 0, id);
  const before = next[target + 1];
  return { order: next, place: before === undefined ? { to: 'back' } : { to: 'before', before } };
}
