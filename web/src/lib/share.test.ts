import { describe, expect, it } from 'vitest';
import { share } from './share';

const run = (id: string, done = 0) => ({ id, done, tasks: [{ id: `${id}-1`, state: 'ready' }] });

describe('sharing', () => {
  it('gives back what was there when all is equal', () => {
    const before = { pages: [{ items: [run('a'), run('b')], next: null }], params: [''] };
    expect(share(before, structuredClone(before))).toBe(before);
  });

  it('leaves the others what they were when one comes, goes or moves', () => {
    const [a, b, c] = [run('a'), run('b'), run('c')];
    const grown = share([a, b], structuredClone([c, a, b]));
    expect(grown).toEqual([c, a, b]);
    expect(grown[1]).toBe(a);
    expect(grown[2]).toBe(b);
    const fewer = share([a, b, c], structuredClone([c, a]));
    expect(fewer).toHaveLength(2);
    expect(fewer[0]).toBe(c);
    expect(fewer[1]).toBe(a);
  });

  it('gives a new thing where one changed, and keeps its unchanged parts', () => {
    const before = [run('a'), run('b')];
    const after = share(before, structuredClone([run('a'), run('b', 1)]));
    expect(after).not.toBe(before);
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toEqual(run('b', 1));
    expect(after[1]?.tasks).toBe(before[1]?.tasks);
  });

  it('tells apart what only looks alike', () => {
    const field = { a: undefined } as Record<string, unknown>;
    expect(share(field, { b: undefined })).toEqual({ b: undefined });
    expect(Object.keys(share(field, { b: undefined }) as object)).toEqual(['b']);
    expect(share([1, 2], [1, 2, 3])).toEqual([1, 2, 3]);
    expect(share([1, 2, 3], [1, 2])).toEqual([1, 2]);
    expect(share(null, { a: 1 })).toEqual({ a: 1 });
    expect(share({ a: 1 }, null)).toBeNull();
    expect(share([], {})).toEqual({});
    const made = new Date(0);
    expect(share(new Date(0), made)).toBe(made);
  });

  it('never changes what it was given', () => {
    const before = Object.freeze([Object.freeze(run('a'))]);
    const next = Object.freeze([Object.freeze(run('b')), Object.freeze(run('a'))]);
    expect(share(before, next)).toEqual([run('b'), run('a')]);
  });
});
