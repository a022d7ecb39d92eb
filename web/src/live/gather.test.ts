import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGatherer } from './gather';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('gathering', () => {
  it('hands the first on at once, what follows closely together, in its order', () => {
    const taken: number[][] = [];
    const gather = createGatherer<number>(100, (items) => taken.push([...items]));
    gather.put(1);
    expect(taken).toEqual([[1]]);
    gather.put(2);
    gather.put(3);
    vi.advanceTimersByTime(99);
    expect(taken).toEqual([[1]]);
    vi.advanceTimersByTime(1);
    expect(taken).toEqual([[1], [2, 3]]);
    vi.advanceTimersByTime(100);
    gather.put(4);
    expect(taken).toEqual([[1], [2, 3], [4]]);
  });

  it('hands on what is put while it hands on', () => {
    const taken: number[][] = [];
    const gather = createGatherer<number>(100, (items) => {
      taken.push([...items]);
      if (items.includes(1)) gather.put(2);
    });
    gather.put(1);
    vi.advanceTimersByTime(100);
    expect(taken).toEqual([[1], [2]]);
  });

  it('hands nothing on after its end', () => {
    const taken: number[][] = [];
    const gather = createGatherer<number>(100, (items) => taken.push([...items]));
    gather.put(1);
    gather.put(2);
    gather.stop();
    vi.runAllTimers();
    expect(taken).toEqual([[1]]);
  });
});
