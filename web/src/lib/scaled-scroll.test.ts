import { describe, expect, it } from 'vitest';
import { follow, heightMax, topOf } from './scaled-scroll';

const view = 900;

describe('scaled scroll', () => {
  it('is the element itself where that is high enough', () => {
    expect(follow({ top: 0, virtual: 0 }, 1234, heightMax, view)).toEqual({
      top: 1234,
      virtual: 1234,
    });
    expect(topOf(1234, heightMax, view)).toBe(1234);
  });

  it('reaches both ends, jumps by share, and keeps the length of small steps', () => {
    const total = 4 * heightMax;
    const start = { top: 0, virtual: 0 };
    expect(follow(start, heightMax - view, total, view).virtual).toBe(total - view);
    const middle = follow(start, (heightMax - view) / 2, total, view);
    expect(middle.virtual).toBeCloseTo((total - view) / 2);
    expect(follow(middle, middle.top + 100, total, view).virtual).toBe(middle.virtual + 100);
    expect(follow(middle, 0, total, view).virtual).toBe(0);
  });

  it('finds the element’s place of any place, and back', () => {
    const total = 7 * heightMax;
    for (const virtual of [0, 5, 1e6, total / 3, total - view]) {
      const top = topOf(virtual, total, view);
      expect(top).toBeLessThanOrEqual(heightMax - view);
      expect(follow({ top: -1e9, virtual: 0 }, top, total, view).virtual).toBeCloseTo(virtual, 3);
    }
  });
});
