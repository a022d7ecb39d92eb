import { describe, expect, it } from 'vitest';
import type { Queue, QueueLane, QueueStats, Run, Task, TaskDetail } from '~/api/types';
import {
  causesOf,
  costIn,
  currenciesOf,
  currentRun,
  doneOf,
  isInDoubt,
  linePath,
  recoveryOf,
  spanMs,
  waitingText,
  waitOf,
} from './model';

function task(state: Task['state'], code?: string): Task {
  return {
    state,
    error: code ? { code, class: 'x', message: `${code} said`, next: 'retry' } : null,
  } as Task;
}

describe('queue', () => {
  it('groups failures by cause, the most frequent first', () => {
    const causes = causesOf([
      task('failed', 'provider_auth'),
      task('failed', 'provider_refused'),
      task('failed', 'provider_refused'),
      task('done', 'provider_auth'),
      task('failed'),
    ]);
    expect(causes.map((cause) => [cause.code, cause.count])).toEqual([
      ['provider_refused', 2],
      ['provider_auth', 1],
    ]);
  });

  it('counts as done only what is', () => {
    const run = { task_count: 8, left: 3, failed: 2, cancelled: 1 } as Run;
    expect(doneOf(run)).toBe(2);
  });

  it('says mine over everybody', () => {
    expect(waitingText({ waiting_mine: 3, waiting_all: 41 } as Queue, String)).toBe('3 / 41');
  });
});

describe('what a task waits for', () => {
  const ready = { state: 'ready' as const, run_at: null, position: 1 };
  const lane: QueueLane = {
    id: 'p',
    name: 'P',
    capacity: 4,
    allowed: 4,
    per_minute: 0,
    units_per_minute: 0,
    breaker: 'closed',
    running: 0,
    waiting: 1,
    is_paused: false,
    pause_until: null,
    reason: '',
    on_unknown: 'hold',
    once_below_micro: 0,
  };
  const now = Date.parse('2026-11-28T12:00:00Z');
  const on = { is_paused: false };
  const off = { is_paused: true };

  it.each([
    ['inputs', { ...ready, state: 'blocked' as const }, on, on, lane],
    ['queuePaused', ready, off, off, lane],
    ['runPaused', ready, off, on, { ...lane, is_paused: true }],
    ['later', { ...ready, run_at: '2026-11-28T12:00:09Z' }, on, on, lane],
    ['lanePaused', ready, on, on, { ...lane, is_paused: true, breaker: 'open' as const }],
    ['laneRests', ready, on, on, { ...lane, pause_until: '2026-11-28T12:01:00Z' }],
    ['breaker', ready, on, on, { ...lane, breaker: 'open' as const }],
    ['probe', ready, on, on, { ...lane, breaker: 'half_open' as const }],
    ['learned', ready, on, on, { ...lane, allowed: 2, running: 2 }],
    ['full', ready, on, on, { ...lane, running: 4 }],
    ['turn', { ...ready, position: 3 }, on, on, { ...lane, per_minute: 9 }],
    ['perMinute', ready, on, on, { ...lane, per_minute: 9 }],
    ['turn', ready, on, on, undefined],
    [null, { ...ready, state: 'running' as const }, on, on, lane],
  ])('is %s', (expected, task, run, queue, at) => {
    expect(waitOf(task, run, queue, at, now)).toBe(expected);
  });
});

describe('what a start made of an attempt', () => {
  type Attempt = TaskDetail['attempts'][number];
  const call = (change: object) => ({
    id: 'c',
    state: 'sent',
    remote_id: '',
    sent_at: 'x',
    ...change,
  });
  const attempt = (outcome: string, ...calls: object[]) =>
    ({ outcome, calls }) as unknown as Attempt;

  it.each([
    [null, attempt('done', call({})), undefined],
    ['notSent', attempt('owner_died'), undefined],
    ['notSent', attempt('owner_died', call({ state: 'intent' })), undefined],
    ['notSent', attempt('owner_died', call({ state: 'abandoned', sent_at: null })), undefined],
    ['adopted', attempt('owner_died', call({ state: 'finished' })), undefined],
    ['unknown', attempt('owner_died', call({ state: 'unknown' })), undefined],
    ['asked', attempt('owner_died', call({ state: 'accepted', remote_id: 'r' })), undefined],
    ['sameKey', attempt('owner_died', call({})), attempt('done', call({ id: 'd' }))],
    [
      'unknown',
      attempt('owner_died', call({})),
      attempt('done', call({ id: 'd', repeat_of: 'c' })),
    ],
  ])('is %s', (expected, one, next) => {
    expect(recoveryOf(one, next)).toBe(expected);
  });
});

describe('figures', () => {
  it('are lines with gaps, and points where a slot stands alone', () => {
    expect(linePath([10, 20, null, 20], 20)).toBe('M12.50 21.00L37.50 2.00M87.50 2.00h.01');
    expect(linePath([null, null], 5)).toBe('');
    expect(linePath([], 5)).toBe('');
  });

  it('never add money of different currencies', () => {
    const costs = [
      { currency: 'USD', cost_micro: 5 },
      { currency: 'CNY', cost_micro: 9 },
    ];
    expect(currenciesOf({ costs } as QueueStats)).toEqual(['CNY', 'USD']);
    expect(costIn(costs, 'USD')).toBe(5);
    expect(costIn(costs, 'EUR')).toBe(0);
  });

  it('know the spans of the filter', () => {
    expect(spanMs('24h')).toBe(86_400_000);
    expect(spanMs(undefined)).toBeUndefined();
  });
});

it('takes what is worked on for the current run, else what comes next', () => {
  const run = (id: string, state: string) => ({ id, tasks: [{ state }] }) as Run;
  expect(currentRun([run('a', 'ready'), run('b', 'running')])?.id).toBe('b');
  expect(currentRun([run('a', 'ready'), run('b', 'ready')])?.id).toBe('a');
  expect(currentRun([])).toBeUndefined();
});

it('only what has ended without a known cost is in doubt', () => {
  const ended = { state: 'failed', cost_micro: null } as Task;
  expect(isInDoubt(ended)).toBe(true);
  expect(isInDoubt({ ...ended, cost_micro: 0 })).toBe(false);
  expect(isInDoubt({ ...ended, state: 'running' })).toBe(false);
});
