import { describe, expect, it } from 'vitest';
import { endedTasks, speak } from './spoken';

const run = (id: string, total: number, done: number, failed = 0, held = 0) => ({
  id,
  title: `a ${id}`,
  total,
  done,
  failed,
  held,
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

  it('tells the end of one run at once and by its name, while others go on', () => {
    let state = speak(null, [run('a', 2, 0), run('b', 8, 0)], 0);
    state = speak(state.next, [run('a', 2, 1), run('b', 8, 0)], 1000);
    expect(state.done).toEqual({ done: 1, total: 10 });
    state = speak(state.next, [run('a', 2, 2), run('b', 8, 0)], 2000);
    expect(state.ended).toMatchObject({ title: 'a a', done: 2, total: 2 });
    expect(state.done).toBeNull();
    // It is told once, and the pause begins anew.
    state = speak(state.next, [run('b', 8, 1)], 3000);
    expect(state).toMatchObject({ ended: null, done: null });
    state = speak(state.next, [run('b', 8, 8)], 4000);
    expect(state).toMatchObject({ ended: null, done: { done: 10, total: 10 } });
  });

  it('tells of all where several end together, or one has no name', () => {
    let state = speak(null, [run('a', 1, 0), run('b', 1, 0), run('c', 1, 0)], 0);
    state = speak(state.next, [run('a', 1, 1), run('b', 1, 1)], 1);
    expect(state).toMatchObject({ ended: null, done: { done: 2, total: 3 } });
    state = speak(null, [{ ...run('a', 1, 0), title: '' }, run('b', 1, 0)], 0);
    state = speak(state.next, [{ ...run('a', 1, 1), title: '' }], 1);
    expect(state).toMatchObject({ ended: null, done: { done: 1, total: 2 } });
  });

  it('tells that something asks a person, once for each', () => {
    let state = speak(null, [run('a', 8, 0, 0, 1)], 0);
    expect(state.held).toBe(0);
    state = speak(state.next, [run('a', 8, 0, 0, 3)], 1);
    expect(state.held).toBe(2);
    state = speak(state.next, [run('a', 8, 0, 0, 3)], 2);
    expect(state.held).toBe(0);
    state = speak(state.next, [run('a', 8, 0, 0, 0)], 3);
    state = speak(state.next, [run('a', 8, 0, 0, 1)], 4);
    expect(state.held).toBe(1);
  });

  it('counts as done only what is', () => {
    const tasks = [{ state: 'held' }, { state: 'ready' }, { state: 'done' }];
    expect(
      endedTasks({ id: 'a', title: 't', task_count: 8, left: 3, failed: 2, cancelled: 1, tasks }),
    ).toMatchObject({ title: 't', done: 2, total: 8, held: 1 });
  });
});
