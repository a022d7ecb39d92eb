import { describe, expect, it } from 'vitest';
import type { Queue, QueueStats, Run, Task, TaskDetail } from '~/api/types';
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
    ['asked', attempt('owner_died', call({ state: 'accepted' })), undefined],
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
