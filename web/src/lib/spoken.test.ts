import { describe, expect, it } from 'vitest';
import { endedTasks, speak } from './spoken';

const run = (id: string, total: number, done: number, failed = 0) => ({
  id,
  total,
  done,
  failed,
  left: total - done - failed,
});

describe('what is read out', () => {
  it('is nothing at first, then how far all of it is', () => {
    const first = speak(null, [run('a', 8, 2)], 0);
    expect(first).toMatchObject({ failed: 0, done: null });
    const second = speak(first.next, [run('a', 8, 3), run('b', 2, 0)], 100);
    expect(second.done).toEqual({ done: 3, total: 10 });
  });

  it('is told at most every ten seconds, the end at once', () => {
    let state = speak(null, [run('a', 8, 0)], 0);
    state = speak(state.next, [run('a', 8, 1)], 1000);
    expect(state.done).not.toBeNull();
    state = speak(state.next, [run('a', 8, 2)], 5000);
    expect(state.done).toBeNull();
    state = speak(state.next, [run('a', 8, 2)], 10_999);
    expect(state.done).toBeNull();
    state = speak(state.next, [run('a', 8, 2)], 11_000);
    expect(state.done).toEqual({ done: 2, total: 8 });
    state = speak(state.next, [run('a', 8, 8)], 11_001);
    expect(state.done).toEqual({ done: 8, total: 8 });
  });

  it('tells failures at once, and once', () => {
    let state = speak(null, [run('a', 8, 0, 1)], 0);
    expect(state.failed).toBe(0);
    state = speak(state.next, [run('a', 8, 0, 3)], 1);
    expect(state.failed).toBe(2);
    state = speak(state.next, [run('a', 8, 0, 3)], 2);
    expect(state.failed).toBe(0);
  });

  it('counts as done only what is', () => {
    expect(endedTasks({ id: 'a', task_count: 8, left: 3, failed: 2, cancelled: 1 })).toMatchObject({
      done: 2,
      total: 8,
    });
  });
});
