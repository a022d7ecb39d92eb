import { InfiniteQueryObserver, QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Asset, Run, Task } from '~/api/types';
import { keepPrompt, useKeptPrompts } from '~/lib/kept-prompts';
import { onToast } from '~/ui/toast';
import { readProgress } from './run-store';
import { applyEvents, belongsIn, takeRun, takeTask } from './stale';

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
    product_id: null,
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
const applyEvent = (to: QueryClient, kind: string, data: unknown) =>
  applyEvents(to, [[kind, data]], (error) => {
    throw error;
  });
const listed = (key: unknown[]) =>
  client
    .getQueryData<ReturnType<typeof pages<{ id: string }>>>(key)
    ?.pages[0]?.items.map((x) => x.id);

beforeEach(() => {
  client = new QueryClient();
  vi.useFakeTimers();
});

afterEach(() => {
  vi.runAllTimers();
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

  it('asks for the numbers of the queue when a task moves, and for the places of what waits', () => {
    const asked = vi.spyOn(client, 'invalidateQueries');
    const keys = () => asked.mock.calls.map(([filter]) => filter?.queryKey);
    client.setQueryData(['runs', 'all'], pages({ ...run, tasks: [{ ...task, state: 'done' }] }));
    applyEvent(client, 'task.changed', { task: { ...task, run_id: 'R2', state: 'held' } });
    applyEvent(client, 'task.changed', { task: { ...task, run_id: 'R2', state: 'held' } });
    vi.runAllTimers();
    expect(keys()).toEqual([['queue'], ['budgets'], ['usage']]);
    client.setQueryData(['runs', 'all'], pages(run));
    applyEvent(client, 'task.changed', { task: { ...task, run_id: 'R2', state: 'running' } });
    vi.runAllTimers();
    expect(keys().slice(3)).toEqual([['queue'], ['budgets'], ['runs'], ['usage']]);
  });

  it('says once that a budget has reached its mark, and asks for the budgets', () => {
    const asked = vi.spyOn(client, 'invalidateQueries');
    const shown: string[] = [];
    const leave = onToast((_title, options) => shown.push(options.tone ?? ''));
    const budget = { scope: 'everyone', who_name: '', period: 'day', currency: 'USD' };
    applyEvent(client, 'budget.reached', { ...budget, limit_micro: 9, used_micro: 8, share: 80 });
    applyEvent(client, 'budget.reached', { ...budget, limit_micro: 9, used_micro: 9, share: 100 });
    vi.runAllTimers();
    leave();
    expect(shown).toEqual(['plain', 'bad']);
    expect(asked.mock.calls.map(([filter]) => filter?.queryKey)).toEqual([['budgets']]);
  });

  it('names the model whose budget has reached its mark', () => {
    const texts: string[] = [];
    const leave = onToast((_title, options) => texts.push(options.text ?? ''));
    const spent = { period: 'day', currency: 'USD', limit_micro: 9, used_micro: 8, share: 80 };
    const whose = { scope: 'model', who_name: 'Studio', model: 'gpt-image-2' };
    applyEvent(client, 'budget.reached', { ...whose, ...spent });
    leave();
    expect(texts[0]).toMatch(/^Studio · gpt-image-2/);
  });

  it('forgets here a prompt that was deleted elsewhere, and all when all were', () => {
    const read = vi.spyOn(client, 'invalidateQueries');
    client.setQueryData(['prompts', ''], pages({ id: 'P1', text: 'a lamp' }));
    for (const text of ['a mug', 'a lamp']) keepPrompt(text);
    applyEvent(client, 'prompts.changed', { id: 'P1' });
    expect(useKeptPrompts.getState().texts).toEqual(['a mug']);
    applyEvent(client, 'prompts.changed', {});
    expect(useKeptPrompts.getState().texts).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(read.mock.calls.map(([filter]) => filter?.queryKey)).toEqual([['prompts']]);
  });

  it('reads prompts anew for a run that is new, whoever tells of it first', () => {
    const read = vi.spyOn(client, 'invalidateQueries');
    const told = () =>
      read.mock.calls.filter(([filter]) => filter?.queryKey?.[0] === 'prompts').length;
    takeRun(client, run);
    vi.advanceTimersByTime(200);
    expect(told()).toBe(1);
    applyEvent(client, 'run.created', { run, tasks: [task] });
    vi.advanceTimersByTime(200);
    expect(told()).toBe(1);
    applyEvent(client, 'run.created', { run: { ...run, id: 'R2' }, tasks: [] });
    vi.advanceTimersByTime(200);
    expect(told()).toBe(2);
  });

  it.each(['product.created', 'product.changed', 'product.deleted'])(
    'reads products anew at %s',
    (kind) => {
      const asked = vi.spyOn(client, 'invalidateQueries');
      applyEvent(client, kind, { id: '01P' });
      vi.runAllTimers();
      expect(asked.mock.calls.map(([filter]) => filter?.queryKey)).toEqual([
        ['products'],
        ['product'],
      ]);
    },
  );

  it('puts a picture into the list of what it was made for alone, which has one more', () => {
    const asked = vi.spyOn(client, 'invalidateQueries');
    client.setQueryData(
      ['assets', { product: 'TEAPOT' }, 'newest'],
      pages(makeAsset({ id: '01A' })),
    );
    client.setQueryData(['assets', { product: 'MUG' }, 'newest'], pages(makeAsset({ id: '01A' })));
    applyEvent(client, 'asset.created', { asset: makeAsset({ id: '01C', product_id: 'TEAPOT' }) });
    expect(listed(['assets', { product: 'TEAPOT' }, 'newest'])).toEqual(['01C', '01A']);
    expect(listed(['assets', { product: 'MUG' }, 'newest'])).toEqual(['01A']);
    vi.runAllTimers();
    const keys = asked.mock.calls.map(([filter]) => filter?.queryKey?.[0]);
    expect(keys).toContain('products');
    expect(keys).toContain('product');
  });

  it('asks for the queue when somebody paused it', () => {
    const asked = vi.spyOn(client, 'invalidateQueries');
    applyEvent(client, 'queue.changed', {});
    vi.runAllTimers();
    expect(asked.mock.calls.map(([filter]) => filter?.queryKey)).toEqual([['queue']]);
  });

  it('asks for what came of texts and of several pictures, never for what an event tells whole', () => {
    const asked = vi.spyOn(client, 'fetchQuery').mockResolvedValue(run);
    const rows: [Partial<Task>, number][] = [
      [{ operation: 'prompt.expand' }, 1],
      [{ operation: 'image.describe' }, 1],
      [{ operation: 'image.generate', parameters: { n: 4 } }, 1],
      [{ operation: 'image.generate', parameters: { n: 1 } }, 0],
      [{ operation: 'asset.fetch', parameters: {} }, 0],
    ];
    for (const [change, times] of rows) {
      asked.mockClear();
      const one = { ...task, ...change };
      client.setQueryData(['runs', 'all'], pages({ ...run, tasks: [one] }));
      applyEvent(client, 'task.changed', { task: { ...one, state: 'running' } });
      applyEvent(client, 'task.changed', { task: { ...one, state: 'done' } });
      vi.runAllTimers();
      expect(asked, JSON.stringify(change)).toHaveBeenCalledTimes(times);
    }
  });

  it('leaves what an event does not tell of a task as it is known', () => {
    const known = { ...task, prompt: 'mug', assets: [makeAsset({})] } as Task;
    client.setQueryData(['run', 'R1'], { ...run, tasks: [known] });
    applyEvent(client, 'task.changed', { task: { id: 'T1', run_id: 'R1', state: 'done' } });
    const after = client.getQueryData<Run>(['run', 'R1'])?.tasks[0];
    expect(after).toMatchObject({ state: 'done', prompt: 'mug', assets: known.assets });
  });

  it('shows a run from elsewhere at once, with all its tasks', () => {
    client.setQueryData(['runs', 'all'], pages<Run>());
    applyEvent(client, 'run.created', { run: { ...run, tasks: [] }, tasks: [task] });
    const list = client.getQueryData<ReturnType<typeof pages<Run>>>(['runs', 'all']);
    expect(list?.pages[0]?.items[0]?.tasks[0]).toMatchObject({ id: 'T1', state: 'ready' });
  });

  it('puts a picture into the task that made it, once', () => {
    client.setQueryData(['run', 'R1'], { ...run, tasks: [{ ...task, assets: [] }] });
    const asset = makeAsset({ run_id: 'R1', task_id: 'T1' });
    applyEvent(client, 'asset.created', { asset });
    applyEvent(client, 'asset.created', { asset });
    expect(client.getQueryData<Run>(['run', 'R1'])?.tasks[0]?.assets).toEqual([asset]);
  });

  it('shows a trashed or starred picture so in its task, and forgets a deleted one', () => {
    const asset = makeAsset({ run_id: 'R1', task_id: 'T1' });
    client.setQueryData(['run', 'R1'], { ...run, tasks: [{ ...task, assets: [asset] }] });
    applyEvent(client, 'asset.changed', { asset: { ...asset, is_starred: true } });
    const first = () => client.getQueryData<Run>(['run', 'R1'])?.tasks[0]?.assets;
    expect(first()?.[0]?.is_starred).toBe(true);
    applyEvent(client, 'asset.removed', { id: asset.id });
    expect(first()).toEqual([]);
  });

  it('puts a job where it stands, and its pictures are asked for again', () => {
    client.setQueryData(['assets', {}, 'newest'], pages(makeAsset({ id: '01A' })));
    const job = { id: 'J1', state: 'running', seen: 200 };
    client.setQueryData(['asset-jobs'], [{ id: 'J0' }, { ...job, seen: 0 }]);
    applyEvent(client, 'asset.job', { job });
    expect(client.getQueryData(['asset-jobs'])).toEqual([job, { id: 'J0' }]);
    expect(client.getQueryState(['assets', {}, 'newest'])?.isInvalidated).toBe(false);
    vi.advanceTimersByTime(1600);
    expect(client.getQueryState(['assets', {}, 'newest'])?.isInvalidated).toBe(true);
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

  it('lets an answer arrive before it asks again, however many events come meanwhile', async () => {
    const answers: (() => void)[] = [];
    const queryFn = vi.fn(
      () => new Promise((resolve) => answers.push(() => resolve(pages<Run>().pages[0]))),
    );
    const options = { queryKey: ['runs', 'all', {}], queryFn, initialPageParam: '' };
    const leave = new InfiniteQueryObserver(client, {
      ...options,
      getNextPageParam: () => undefined,
    }).subscribe(() => undefined);
    for (let count = 0; count < 50; count++) {
      applyEvent(client, 'run.changed', { run });
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(queryFn).toHaveBeenCalledTimes(1);
    answers[0]?.();
    await vi.advanceTimersByTimeAsync(600);
    expect(queryFn).toHaveBeenCalledTimes(2);
    leave();
    client.clear();
  });

  it('keeps progress out of the cache and never lets it go back', () => {
    applyEvent(client, 'task.progress', {
      id: 'T9',
      progress: 0.6,
      step: 12,
      steps: 20,
      node: 'smp',
      partial_count: 1,
      partial_version: 1,
    });
    applyEvent(client, 'task.progress', {
      id: 'T9',
      progress: 0.4,
      step: 1,
      steps: 4,
      node: 'dec',
      partial_count: 2,
      partial_version: 2,
    });
    expect(readProgress('T9')).toEqual({
      at: expect.any(Number),
      progress: 0.6,
      step: 1,
      steps: 4,
      node: 'dec',
      partialCount: 2,
      partialVersion: 2,
    });
    expect(client.getQueryCache().getAll()).toHaveLength(0);
  });

  it('does not let a late answer wake what has ended: it asks again', () => {
    const over = { ...run, state: 'cancelled', tasks: [{ ...task, state: 'cancelled' }] } as Run;
    const asked = vi.spyOn(client, 'invalidateQueries');
    client.setQueryData(['run', 'R1'], over);
    takeRun(client, run);
    takeTask(client, { ...task, state: 'running' } as Task);
    expect(client.getQueryData(['run', 'R1'])).toEqual(over);
    expect(asked).toHaveBeenCalledWith({ queryKey: ['run', 'R1'] });
  });

  it('takes an answer that fits what is known', () => {
    client.setQueryData(['run', 'R1'], run);
    client.setQueryData(['runs', 'active'], pages(run));
    takeRun(client, { ...run, state: 'cancelled', tasks: [task] } as Run);
    expect(client.getQueryData<Run>(['run', 'R1'])?.state).toBe('cancelled');
    expect(listed(['runs', 'active'])).toEqual([]);
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
