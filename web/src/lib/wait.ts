import type { Queue, QueueLane, Run, Task } from '~/api/types';
import { breakerOf, isResting } from './resting';

/** Why what waits does not start now, the nearest reason first. */
type WaitName =
  | 'queuePaused'
  | 'runPaused'
  | 'inputs'
  | 'later'
  | 'lanePaused'
  | 'modelPaused'
  | 'noKey'
  | 'noCredit'
  | 'breaker'
  | 'probe'
  | 'proving'
  | 'laneRests'
  | 'usedUp'
  | 'learned'
  | 'full'
  | 'turn'
  | 'perMinute'
  | 'unitsPerMinute';

/** A reason with its figures; `of` is the account it lies with, or a model there. */
export interface Wait {
  name: WaitName;
  of?: string;
  until?: string | null;
  count?: number;
  /** the class of the failure that led to it */
  why?: string;
}

/** What keeps a model back, or the account for all its models. */
function waitAt(lane: QueueLane, task: Pick<Task, 'model' | 'position'>, now: number): Wait {
  const model = lane.models.find((one) => one.name === task.model);
  const of = `${lane.name} · ${task.model}`;
  const turn: Wait = { name: 'turn', count: model?.waiting ?? 0 };
  if (lane.is_paused && lane.reason === 'auth') return { name: 'noKey', of: lane.name };
  if (lane.is_paused && lane.reason === 'quota') return { name: 'noCredit', of: lane.name };
  if (lane.is_paused) return { name: 'lanePaused', of: lane.name };
  if (model?.is_paused) return { name: 'modelPaused', of };
  const breaker = model ? breakerOf(model, now) : 'closed';
  if (model && breaker !== 'closed') {
    const { failure: why, failures_in_row: count, breaker_until: until } = model;
    if (breaker === 'open') return { name: 'breaker', of, until, count, why };
    return count > 0 ? { name: 'probe', of, count, why } : { name: 'proving', of };
  }
  if (model && isResting(model, now)) {
    const name = model.reason === 'used_up' ? 'usedUp' : 'laneRests';
    return { name, of, until: model.pause_until };
  }
  if (model && model.running >= model.allowed)
    return { name: model.allowed < model.capacity ? 'learned' : 'full', of, count: model.allowed };
  if (lane.running >= lane.capacity) return { name: 'full', of: lane.name, count: lane.capacity };
  if (task.position > 1) return turn;
  if (model && model.per_minute > 0) return { name: 'perMinute', of, count: model.per_minute };
  if (model && model.units_per_minute > 0)
    return { name: 'unitsPerMinute', of, count: model.units_per_minute };
  if (lane.per_minute > 0) return { name: 'perMinute', of: lane.name, count: lane.per_minute };
  return lane.units_per_minute > 0
    ? { name: 'unitsPerMinute', of: lane.name, count: lane.units_per_minute }
    : turn;
}

export function waitOf(
  task: Pick<Task, 'state' | 'run_at' | 'position' | 'model'>,
  run: Pick<Run, 'is_paused'>,
  queue: Pick<Queue, 'is_paused'>,
  lane: QueueLane | undefined,
  now: number,
): Wait | null {
  if (task.state === 'blocked') return { name: 'inputs' };
  if (task.state !== 'ready') return null;
  if (queue.is_paused) return { name: 'queuePaused' };
  if (run.is_paused) return { name: 'runPaused' };
  if (task.run_at && Date.parse(task.run_at) > now + 1000)
    return { name: 'later', until: task.run_at };
  const wait: Wait = lane ? waitAt(lane, task, now) : { name: 'turn' };
  // Its place is told a moment after it has begun to wait; until then there is none to name.
  return wait.name === 'turn' && task.position < 1 ? null : wait;
}
