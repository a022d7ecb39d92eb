import { describe, expect, it } from 'vitest';
import { isMovable, moveIn, orderRuns, placeOf } from './run-order';

function run(id: string, ...tasks: [state: string, position: number, priority?: string][]) {
  return {
    id,
    tasks: tasks.map(([state, position, priority = 'normal']) => ({
      state,
      position,
      priority,
      provider_id: 'p',
    })),
  };
}
const ids = (runs: { id: string }[]) => runs.map((one) => one.id).join('');

describe('the order of runs', () => {
  it('is what is worked on, then the turn of each first waiting task', () => {
    const runs = [
      run('d', ['ready', 9], ['ready', 2]),
      run('c', ['ready', 1, 'low']),
      run('b', ['running', 0]),
      run('a', ['running', 0], ['ready', 3]),
    ];
    expect(ids(orderRuns(runs, []))).toBe('badc');
  });

  it('puts what has no place last, the oldest first', () => {
    expect(
      ids(
        orderRuns([run('c', ['ready', 0]), run('b', ['blocked', 0]), run('a', ['ready', 5])], []),
      ),
    ).toBe('abc');
  });

  it('shows a wish before the server has said it', () => {
    const runs = [run('a', ['ready', 1]), run('b', ['ready', 2]), run('c', ['ready', 3])];
    expect(ids(orderRuns(runs, ['c', 'a', 'b']))).toBe('cab');
    expect(ids(orderRuns([...runs, run('w', ['running', 0])], ['w', 'b', 'a']))).toMatch(
      /^w.*b.*a/,
    );
  });

  it('moves by what comes behind, and to the back', () => {
    expect(moveIn(['a', 'b', 'c'], 2, 0)).toEqual({
      order: ['c', 'a', 'b'],
      place: { to: 'before', before: 'a' },
    });
    expect(moveIn(['a', 'b', 'c'], 0, 1)).toEqual({
      order: ['b', 'a', 'c'],
      place: { to: 'before', before: 'c' },
    });
    expect(moveIn(['a', 'b', 'c'], 0, 99)).toEqual({
      order: ['b', 'c', 'a'],
      place: { to: 'back' },
    });
    expect(moveIn(['a', 'b', 'c'], 1, 1)).toBeNull();
    expect(moveIn(['a'], 0, -1)).toBeNull();
    expect(moveIn([], 0, 1)).toBeNull();
  });

  it('tells the place in the line of the provider', () => {
    const lanes = [{ id: 'p', waiting: 41 }];
    expect(placeOf(run('a', ['ready', 5], ['ready', 3]), lanes)).toEqual({ place: 3, of: 41 });
    expect(placeOf(run('a', ['ready', 3]), [])).toEqual({ place: 3, of: 3 });
    expect(placeOf(run('a', ['running', 0]), lanes)).toBeNull();
  });

  it('moves what waits and nothing else', () => {
    expect(isMovable(run('a', ['held', 0], ['blocked', 0]))).toBe(true);
    expect(isMovable(run('a', ['running', 0], ['blocked', 0]))).toBe(false);
    expect(isMovable(run('a', ['waiting', 0], ['ready', 3]))).toBe(false);
    expect(isMovable(run('a', ['running', 0], ['held', 0]))).toBe(false);
  });
});
