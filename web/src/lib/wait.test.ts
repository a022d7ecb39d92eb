import { describe, expect, it } from 'vitest';
import type { QueueLane } from '~/api/types';
import { waitOf } from './wait';

describe('what a task waits for', () => {
  const ready = { state: 'ready' as const, run_at: null, position: 1, model: 'm' };
  const model: QueueLane['models'][number] = {
    name: 'm',
    capacity: 4,
    allowed: 4,
    per_minute: 0,
    units_per_minute: 0,
    is_paused: false,
    breaker: 'closed',
    breaker_until: null,
    failure: '',
    failures_in_row: 0,
    running: 0,
    waiting: 1,
    pause_until: null,
    reason: '',
  };
  const lane: QueueLane = {
    id: 'p',
    name: 'P',
    capacity: 4,
    per_minute: 0,
    units_per_minute: 0,
    running: 0,
    waiting: 1,
    models: [model],
    is_paused: false,
    pause_until: null,
    reason: '',
    on_unknown: 'hold',
    once_below_micro: 0,
  };
  const now = Date.parse('2026-11-28T12:00:00Z');
  const of = (change: Partial<QueueLane['models'][number]>): QueueLane => ({
    ...lane,
    models: [{ ...model, ...change }],
  });
  const on = { is_paused: false };
  const off = { is_paused: true };

  it.each([
    ['inputs', { ...ready, state: 'blocked' as const }, on, on, lane],
    ['queuePaused', ready, off, off, lane],
    ['runPaused', ready, off, on, { ...lane, is_paused: true }],
    ['later', { ...ready, run_at: '2026-11-28T12:00:09Z' }, on, on, lane],
    ['lanePaused', ready, on, on, { ...of({ breaker: 'open' }), is_paused: true }],
    ['lanePaused', ready, on, on, { ...of({ is_paused: true }), is_paused: true }],
    ['modelPaused', ready, on, on, of({ is_paused: true, breaker: 'open' })],
    ['turn', ready, on, on, of({ name: 'another', is_paused: true })],
    ['noKey', ready, on, on, { ...lane, is_paused: true, reason: 'auth' }],
    ['noCredit', ready, on, on, { ...lane, is_paused: true, reason: 'quota' }],
    ['laneRests', ready, on, on, of({ pause_until: '2026-11-28T12:01:00Z' })],
    ['usedUp', ready, on, on, of({ pause_until: '2026-11-28T12:01:00Z', reason: 'used_up' })],
    ['turn', ready, on, on, of({ pause_until: '2026-11-28T11:59:00Z' })],
    ['turn', ready, on, on, of({ name: 'another', breaker: 'open' })],
    ['breaker', ready, on, on, of({ breaker: 'open', pause_until: '2026-11-28T12:01:00Z' })],
    ['probe', ready, on, on, of({ breaker: 'half_open', failures_in_row: 6 })],
    ['proving', ready, on, on, of({ breaker: 'half_open' })],
    [
      'probe',
      ready,
      on,
      on,
      of({ breaker: 'open', breaker_until: '2026-11-28T12:00:00Z', failures_in_row: 6 }),
    ],
    ['learned', ready, on, on, of({ allowed: 2, running: 2 })],
    ['full', ready, on, on, of({ capacity: 1, allowed: 1, running: 1 })],
    ['full', ready, on, on, { ...lane, running: 4 }],
    ['turn', { ...ready, position: 3 }, on, on, { ...lane, per_minute: 9 }],
    ['perMinute', ready, on, on, { ...lane, per_minute: 9 }],
    ['perMinute', ready, on, on, of({ per_minute: 9 })],
    ['unitsPerMinute', ready, on, on, { ...lane, units_per_minute: 9 }],
    ['unitsPerMinute', ready, on, on, of({ units_per_minute: 9 })],
    ['turn', ready, on, on, undefined],
    // Nobody has told its place yet.
    [null, { ...ready, position: 0 }, on, on, lane],
    [null, { ...ready, position: 0 }, on, on, undefined],
    [null, { ...ready, state: 'running' as const }, on, on, lane],
  ])('is %s', (expected, task, run, queue, at) => {
    expect(waitOf(task, run, queue, at, now)?.name ?? null).toBe(expected);
  });

  it('says of a breaker what failed, how often and until when', () => {
    const open = of({
      breaker: 'open',
      breaker_until: '2026-11-28T12:01:00Z',
      failure: 'server',
      failures_in_row: 6,
    });
    expect(waitOf(ready, on, on, open, now)).toEqual({
      name: 'breaker',
      of: 'P · m',
      until: '2026-11-28T12:01:00Z',
      count: 6,
      why: 'server',
    });
    const probed = of({ breaker: 'half_open', failure: 'unknown', failures_in_row: 6 });
    expect(waitOf(ready, on, on, probed, now)).toEqual({
      name: 'probe',
      of: 'P · m',
      count: 6,
      why: 'unknown',
    });
  });

  it('says whether it lies with the account or with the model', () => {
    expect(waitOf(ready, on, on, { ...lane, running: 4 }, now)).toEqual({
      name: 'full',
      of: 'P',
      count: 4,
    });
    expect(waitOf(ready, on, on, of({ allowed: 2, running: 2 }), now)).toEqual({
      name: 'learned',
      of: 'P · m',
      count: 2,
    });
  });
});
