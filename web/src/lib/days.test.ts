import { describe, expect, it } from 'vitest';
import { byDay } from './days';

describe('a list by day', () => {
  it('keeps the order, and each day once', () => {
    const at = (day: number, hour: number) => new Date(2026, 10, day, hour).toISOString();
    const items = [at(30, 9), at(30, 0), at(29, 23), at(2, 12)];
    expect(byDay(items, (one) => one)).toEqual([
      ['2026-11-30', items.slice(0, 2)],
      ['2026-11-29', items.slice(2, 3)],
      ['2026-11-02', items.slice(3)],
    ]);
    expect(byDay([], String)).toEqual([]);
  });
});
