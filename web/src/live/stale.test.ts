import { QueryClient } from '@tanstack/react-query';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Asset, Run, Task } from '~/api/types';
import { readProgress } from './run-store';
import { applyEvent, belongsIn } from './stale';

function makeAsset(change: Partial<Asset>): Asset {
  return {
    id: '01B',
    name: 'mug',
    kind: 'generated',
    mime: 'image/png',
    width_px: 100,
    height_px: 100,
    size: 1,
    thumbhash: '',
    average_color: '#808080',
    rating: 0,
    is_starred: false,
    tags: [],
    created_at: '2026-11-22T10:00:00Z',
    trashed_at: null,
    run_id: null,
    task_id: null,
    etag: 'x',
    label: null,
    ...change,
  };
}

const task = { id: 'T1', run_id: 'R1', key: 'a', state: 'ready' } as Task;
const run = {
  id: 'R1',
  state: 'active',
  failed: 0,
  task_count: 1,
  left: 1,
  tasks: [task],
} as Run;

let client: QueryClient;
const pages = <T>(...items: T[]) => ({
  pages: [{ items, next_cursor: null, total: items.length }],
  pageParams: [''],
});
const listed = (key: unknown[]) =>
  client
    .getQueryData<ReturnType<typeof pages<{ id: string }>>>(key)
    ?.pages[0]?.items.map((x) => x.id);

beforeEach(() => {
  client = new QueryClient();
  vi.useFakeTimers();
});

describe('stale table', () => {
  it('patches a task in its run and in every list', () => {
    client.setQueryData(['run', 'R1'], run);
    client.setQueryData(['runs', 'all'], pages(run));
    applyEvent(client, 'task.changed', { task: { ...task, state: 'done' } });
    expect(client.getQueryData<Run>(['run', 'R1'])?.tasks[0]?.state).toBe('done');
    const list = client.getQueryData<ReturnType<typeof pages<Run>>>(['runs', 'all']);
    expect(list?.pages[0]?.items[0]?.tasks[0]?.state).toBe('done');
  });

  it('keeps the tasks it knows when a run event brings none, and moves runs between lists', () => {
    client.setQueryData(['runs', 'active'], pages(run));
    client.setQueryData(['runs', 'done'], pages<Run>());
    client.setQueryData(['runs', 'all'], pages(run));
    applyEvent(client, 'run.changed', { run: { ...run, state: 'done', left: 0, tasks: [] } });
    expect(listed(['runs', 'active'])).toEqual([]);
    expect(listed(['runs', 'done'])).toEqual(['R1']);
    const all = client.getQueryData<ReturnType<typeof pages<Run>>>(['runs', 'all']);
    expect(all?.pages[0]?.items[0]?.tasks).toEqual([task]);
  });

  it('puts a new picture first in the lists it belongs in', () => {
    const old = makeAsset({ id: '01A' });
    client.setQueryData(['assets', {}, 'newest'], pages(old));
    client.setQueryData(['assets', { trash: true }, 'newest'], pages<Asset>());
    client.setQueryData(['assets', { starred: true }, 'newest'], pages<Asset>());
    applyEvent(client, 'asset.created', { asset: makeAsset({ id: '01B' }) });
    expect(listed(['assets', {}, 'newest'])).toEqual(['01B', '01A']);
    expect(listed(['assets', { trash: true }, 'newest'])).toEqual([]);
    expect(listed(['assets', { starred: true }, 'newest'])).toEqual([]);
  });

  it('moves a trashed picture out of sight and counts it off', () => {
    client.setQueryData(['assets', {}, 'newest'], pages(makeAsset({ id: '01A' })));
    client.setQueryData(['assets', { trash: true }, 'newest'], pages<Asset>());
    applyEvent(client, 'asset.changed', {
      asset: makeAsset({ id: '01A', trashed_at: '2026-11-22T11:00:00Z' }),
    });
    expect(listed(['assets', {}, 'newest'])).toEqual([]);
    const list = client.getQueryData<ReturnType<typeof pages<Asset>>>(['assets', {}, 'newest']);
    expect(list?.pages[0]?.total).toBe(0);
    expect(listed(['assets', { trash: true }, 'newest'])).toEqual(['01A']);
  });

  it('does not guess about searches: it asks again', () => {
    const asked = vi.spyOn(client, 'invalidateQueries');
    client.setQueryData(['assets', { q: 'mug' }, 'newest'], pages<Asset>());
    applyEvent(client, 'asset.created', { asset: makeAsset({}) });
    vi.advanceTimersByTime(1600);
    expect(asked).toHaveBeenCalledWith({ queryKey: ['assets', { q: 'mug' }, 'newest'] });
  });

  it('keeps progress out of the cache and never lets it go back', () => {
    applyEvent(client, 'task.progress', {
      id: 'T9',
      progress: 0.6,
      partial_count: 1,
      partial_version: 1,
    });
    applyEvent(client, 'task.progress', {
      id: 'T9',
      progress: 0.4,
      partial_count: 2,
      partial_version: 2,
    });
    expect(readProgress('T9')).toEqual({ progress: 0.6, partialCount: 2, partialVersion: 2 });
    expect(client.getQueryCache().getAll()).toHaveLength(0);
  });

  it('ignores kinds it does not know', () => {
    expect(() => applyEvent(client, 'product.changed', {})).not.toThrow();
  });

  it('knows which list a run belongs in', () => {
    expect(belongsIn({ state: 'done', failed: 2 }, 'failed')).toBe(true);
    expect(belongsIn({ state: 'cancelled', failed: 0 }, 'active')).toBe(false);
    expect(belongsIn({ state: 'cancelled', failed: 0 }, 'all')).toBe(true);
  });
});
