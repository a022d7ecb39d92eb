import type { QueueLane } from '~/api/types';

type Model = QueueLane['models'][number];

/** Nobody tells when a rest is over: its time does. */
export function isResting(model: Pick<Model, 'pause_until'>, now: number): boolean {
  return model.pause_until !== null && Date.parse(model.pause_until) > now;
}

/** Nor when a breaker lets one call try: its time does that too. */
export function breakerOf(
  model: Pick<Model, 'breaker' | 'breaker_until'>,
  now: number,
): Model['breaker'] {
  const isOver = model.breaker_until !== null && Date.parse(model.breaker_until) <= now;
  return model.breaker === 'open' && isOver ? 'half_open' : model.breaker;
}
