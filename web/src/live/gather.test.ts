import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGatherer, createPace } from './gather';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const every = (ms: number) => (since: number) => ms - since;

describe('gathering', () => {
  it('hands the first on at once, what follows closely together, in its order', () => {
    const taken: number[][] = [];
    const gather = createGatherer<number>(every(100), (items) => taken.push([...items]));
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
    const gather = createGatherer<number>(every(100), (items) => {
      taken.push([...items]);
      if (items.includes(1)) gather.put(2);
    });
    gather.put(1);
    vi.advanceTimersByTime(100);
    expect(taken).toEqual([[1], [2]]);
  });

  it('hands nothing on after its end', () => {
    const taken: number[][] = [];
    const gather = createGatherer<number>(every(100), (items) => taken.push([...items]));
    gather.put(1);
    gather.put(2);
    gather.stop();
    vi.runAllTimers();
    expect(taken).toEqual([[1]]);
  });

  it('waits longer when it is told so at the end of its wait', () => {
    const taken: number[] = [];
    const pace = createPace();
    const gather = createGatherer<number>(pace.waitMs, (items) => taken.push(items.length));
    gather.put(1);
    gather.put(2);
    vi.advanceTimersByTime(190);
    pace.typed();
    vi.advanceTimersByTime(149);
    expect(taken).toEqual([1]);
    vi.advanceTimersByTime(1);
    expect(taken).toEqual([1, 1]);
  });
});

describe('the pace of drawing', () => {
  it('is five times a second, less where drawing is dear, never less than once', () => {
    const { waitMs, drew } = createPace();
    expect(waitMs(Number.POSITIVE_INFINITY)).toBe(0);
    expect(waitMs(50)).toBe(150);
    drew(45);
    expect(waitMs(50)).toBe(400);
    drew(3000);
    expect(waitMs(50)).toBe(950);
    expect(waitMs(1000)).toBe(0);
  });

  it('lets who writes finish the word, but not for more than a second', () => {
    const { waitMs, typed } = createPace();
    typed();
    expect(waitMs(300)).toBe(150);
    vi.advanceTimersByTime(100);
    expect(waitMs(400)).toBe(50);
    typed();
    expect(waitMs(1000)).toBe(0);
  });
});
