import { expect, it } from 'vitest';
import { elapsedMs } from './time';

it('measures between two moments and has nothing before both came', () => {
  expect(elapsedMs('2026-11-22T10:00:00Z', '2026-11-22T10:00:02Z')).toBe(2000);
  expect(elapsedMs('2026-11-22T10:00:00Z', Date.parse('2026-11-22T10:00:01Z'))).toBe(1000);
  expect(elapsedMs('2026-11-22T10:00:00Z', null)).toBe(0);
  expect(elapsedMs(null, '2026-11-22T10:00:00Z')).toBe(0);
  expect(elapsedMs('2026-11-22T10:00:05Z', '2026-11-22T10:00:00Z')).toBe(0);
});
