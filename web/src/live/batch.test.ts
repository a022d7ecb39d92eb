import { QueryClient } from '@tanstack/react-query';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { inBatch } from './batch';

let client: QueryClient;
beforeEach(() => {
  client = new QueryClient();
});

describe('a batch of changes', () => {
  it('reads what it wrote and tells each query once', () => {
    client.setQueryData(['run', 'a'], 0);
    const told = vi.fn();
    client.getQueryCache().subscribe(({ type }) => type === 'updated' && told());
    inBatch(client, (batch) => {
      for (let turn = 0; turn < 5; turn++) batch.change<number>(['run', 'a'], (count) => count + 1);
      expect(batch.read(['run', 'a'])).toBe(5);
      expect(client.getQueryData(['run', 'a'])).toBe(0);
    });
    expect(client.getQueryData(['run', 'a'])).toBe(5);
    expect(told).toHaveBeenCalledTimes(1);
  });

  it('changes nothing that is not there, and writes nothing that stays the same', () => {
    const list = ['x'];
    client.setQueryData(['runs', 'all'], list);
    const written = vi.spyOn(client, 'setQueryData');
    inBatch(client, (batch) => {
      batch.change<string[]>(['runs', 'none'], () => ['y']);
      batch.change<string[]>(['runs', 'all'], (same) => same);
    });
    expect(written).not.toHaveBeenCalled();
  });

  it('finds all of a noun: those there, those written in it, none that it removed', () => {
    client.setQueryData(['run', 'a'], 1);
    client.setQueryData(['run', 'b'], 2);
    client.setQueryData(['runs', 'all'], 3);
    inBatch(client, (batch) => {
      const all = () => batch.readAll<number>('run').map(([, data]) => data);
      expect(all()).toEqual([1, 2]);
      batch.write(['run', 'c'], 4);
      batch.write(['run', 'a'], 5);
      expect(all()).toEqual([5, 2, 4]);
      batch.remove(['run', 'a']);
      expect(all()).toEqual([2, 4]);
      batch.write(['run', 'a'], 6);
      batch.remove(['run', 'a']);
    });
    expect(client.getQueryData(['run', 'a'])).toBeUndefined();
    expect(client.getQueryData(['run', 'c'])).toBe(4);
  });

  it('writes what was done before it failed, and what is to come afterwards comes last', () => {
    client.setQueryData(['run', 'a'], 1);
    expect(() =>
      inBatch(client, (batch) => {
        batch.afterwards(() => void client.invalidateQueries());
        batch.write(['run', 'a'], 2);
        throw new Error('half-way');
      }),
    ).toThrow('half-way');
    expect(client.getQueryData(['run', 'a'])).toBe(2);
    expect(client.getQueryState(['run', 'a'])?.isInvalidated).toBe(true);
  });
});
