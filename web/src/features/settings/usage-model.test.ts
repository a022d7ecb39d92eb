import { describe, expect, it } from 'vitest';
import { barsOf, budgetProblem, levelOf, rangeOf } from './usage-model';

describe('the days of a span', () => {
  it('are months and days of UTC', () => {
    const now = new Date('2026-03-01T00:30:00Z');
    expect(rangeOf('month', now)).toEqual({ from: '2026-03-01', to: '2026-03-01' });
    expect(rangeOf('last', now)).toEqual({ from: '2026-02-01', to: '2026-02-28' });
    expect(rangeOf('days', now)).toEqual({ from: '2026-01-31', to: '2026-03-01' });
  });
  it('go back over the turn of a year', () => {
    expect(rangeOf('last', new Date('2026-01-15T12:00:00Z'))).toEqual({
      from: '2025-12-01',
      to: '2025-12-31',
    });
  });
});

it('a day without spending has a bar of its own, and other money none', () => {
  const item = {
    label: '',
    calls: 1,
    cost_micro: 5,
    reserved_micro: 3,
    doubtful_micro: 2,
    currency: 'USD',
  };
  expect(
    barsOf(
      [
        { ...item, key: '2026-03-02' },
        { ...item, key: '2026-03-01', currency: 'CNY' },
      ],
      'USD',
      { from: '2026-03-01', to: '2026-03-02' },
    ),
  ).toEqual([
    { day: '2026-03-01', cost: 0, reserved: 0, doubtful: 0 },
    { day: '2026-03-02', cost: 5, reserved: 3, doubtful: 2 },
  ]);
});

it('a budget is near its limit from 80 % and full from 100 %', () => {
  expect([0, 79, 80, 99, 100, 160].map(levelOf)).toEqual([
    'ok',
    'ok',
    'near',
    'near',
    'full',
    'full',
  ]);
});

it('a budget needs somebody, a currency and a limit', () => {
  const form = {
    scope: 'everyone',
    who: '',
    model: '',
    period: 'month',
    currency: 'USD',
    limit: 10,
  } as const;
  expect(budgetProblem(form)).toBe('');
  expect(budgetProblem({ ...form, scope: 'user' })).toBe('who');
  expect(budgetProblem({ ...form, scope: 'model' })).toBe('who');
  expect(budgetProblem({ ...form, scope: 'model', who: 'P' })).toBe('model');
  expect(budgetProblem({ ...form, scope: 'model', who: 'P', model: 'm' })).toBe('');
  expect(budgetProblem({ ...form, currency: 'usd' })).toBe('currency');
  expect(budgetProblem({ ...form, limit: null })).toBe('limit');
  expect(budgetProblem({ ...form, limit: 0 })).toBe('limit');
  expect(budgetProblem({ ...form, limit: 2_000_000_000 })).toBe('limit');
});
