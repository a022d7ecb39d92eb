import type { InfiniteData, QueryClient, QueryKey } from '@tanstack/react-query';
import { type AssetSort, type RunFilter, type RunState, runQuery } from '~/api/queries';
import type {
  Asset,
  AssetDetail,
  AssetFilter,
  AssetJob,
  Prompt,
  Run,
  Task,
  TaskDetail,
} from '~/api/types';
import { budgetWhose } from '~/lib/budget';
import { formatMoney } from '~/lib/format';
import { currentLanguage, translate } from '~/lib/i18n';
import { forgetAllPrompts, forgetPrompts } from '~/lib/kept-prompts';
import { isTextTask } from '~/lib/text-tasks';
import { showToast } from '~/ui/toast';
import { type Batch, inBatch } from './batch';
import { dropProgress, putProgress } from './run-store';

/** One table: what an event of the server changes in, or makes stale of, the query cache. */

type RunPages = InfiniteData<{ items: Run[]; next_cursor: string | null }>;
type PromptPages = InfiniteData<{ items: Prompt[] }>;
type AssetPages = InfiniteData<{
  items: Asset[];
  next_cursor: string | null;
  total: number | null;
}>;

/** Asks for a key again, but not more than once per `everyMs`, the last change included. */
const waits = new Map<string, ReturnType<typeof setTimeout>>();
function refetchSoon(
  client: QueryClient,
  key: QueryKey,
  everyMs: number,
  then: () => void = () => undefined,
) {
  const name = JSON.stringify(key);
  if (waits.has(name)) return;
  const ask = () => {
    // What is on its way comes first: asked anew at each of many events, it would never arrive.
    if (client.isFetching({ queryKey: key }) > 0) {
      waits.set(name, setTimeout(ask, everyMs));
      return;
    }
    waits.delete(name);
    void client.invalidateQueries({ queryKey: key }).then(then);
  };
  waits.set(name, setTimeout(ask, everyMs));
}

/** An answer on its way may be older than the event: it is asked for again after it came. */
function againIfFetching(client: QueryClient, key: QueryKey) {
  if (client.isFetching({ queryKey: key }) > 0) refetchSoon(client, key, 500);
}

export function belongsIn(run: Pick<Run, 'state' | 'failed'>, state: RunState): boolean {
  if (state === 'all') return true;
  if (state === 'failed') return run.state === 'failed' || run.failed > 0;
  return run.state === state;
}

/** What an event does not tell of a task that was not known yet. */
const untold = {
  prompt: '',
  width_px: 0,
  height_px: 0,
  assets: [],
  parameters: {},
  written: null,
  missing: null,
};

function mergeTask(run: Run, task: Task): Run {
  const index = run.tasks.findIndex((one) => one.id === task.id);
  const tasks = [...run.tasks];
  // An event tells of the state alone: pictures, prompt and parameters stay as they are known.
  if (index < 0) tasks.push({ ...untold, ...task });
  else tasks[index] = { ...untold, ...tasks[index], ...task };
  return { ...run, tasks };
}

function patchRuns(batch: Batch, id: string, change: (run: Run) => Run) {
  batch.change<Run>(['run', id], change);
  for (const [key] of batch.readAll<RunPages>('runs')) {
    batch.change<RunPages>(key, (pages) => {
      if (!pages.pages.some((page) => page.items.some((run) => run.id === id))) return pages;
      return {
        ...pages,
        pages: pages.pages.map((page) => ({
          ...page,
          items: page.items.map((run) => (run.id === id ? change(run) : run)),
        })),
      };
    });
  }
}

function runChanged(batch: Batch, { run }: { run: Run }) {
  const known = findRun(batch, run.id);
  // The event carries no tasks; those we have stay.
  const next: Run = { ...run, tasks: run.tasks?.length ? run.tasks : (known?.tasks ?? []) };
  patchRuns(batch, run.id, () => next);
  for (const [key, pages] of batch.readAll<RunPages>('runs')) {
    const state = key[1] as RunState;
    const { provider } = (key[2] ?? {}) as RunFilter;
    const isIn = pages.pages.some((page) => page.items.some((one) => one.id === run.id));
    const first = pages.pages[0];
    // Whose work it is stands in its tasks, which may not be known yet.
    if (provider && !isIn && !next.tasks.some((task) => task.provider_id === provider)) {
      if (next.tasks.length < next.task_count) refetchSoon(batch.client, key, 1000);
      continue;
    }
    if (belongsIn(next, state) && !isIn && first) {
      batch.write(key, {
        ...pages,
        pages: [{ ...first, items: [next, ...first.items] }, ...pages.pages.slice(1)],
      });
    } else if (!belongsIn(next, state) && isIn) {
      batch.write(key, {
        ...pages,
        pages: pages.pages.map((page) => ({
          ...page,
          items: page.items.filter((one) => one.id !== run.id),
        })),
      });
    }
  }
  againIfFetching(batch.client, ['runs']);
  againIfFetching(batch.client, ['run', run.id]);
  if (next.tasks.length < next.task_count) refetchSoon(batch.client, ['run', run.id], 200);
  queueMoved(batch);
}

function findRun(batch: Batch, id: string): Run | undefined {
  const alone = batch.read<Run>(['run', id]);
  if (alone) return alone;
  for (const [, pages] of batch.readAll<RunPages>('runs')) {
    for (const page of pages.pages) {
      const found = page.items.find((run) => run.id === id);
      if (found) return found;
    }
  }
  return undefined;
}

const isOver = (state: Run['state'] | Task['state']) =>
  state === 'done' || state === 'failed' || state === 'cancelled';

/**
 * The answer to an action may come after the event of what followed from it: one that would wake
 * what has ended is not believed, the run is asked for again.
 */
function runTaken(batch: Batch, run: Run) {
  const known = findRun(batch, run.id);
  if (known && isOver(known.state) && !isOver(run.state)) {
    void batch.client.invalidateQueries({ queryKey: ['run', run.id] });
    void batch.client.invalidateQueries({ queryKey: ['runs'] });
    return;
  }
  batch.write(['run', run.id], run);
  runChanged(batch, { run });
  if (!known) refetchSoon(batch.client, ['prompts'], 200);
}

/** The same for the answer to an action on one task. */
function taskTaken(batch: Batch, task: Task) {
  const known = findRun(batch, task.run_id)?.tasks.find((one) => one.id === task.id);
  if (known && isOver(known.state) && !isOver(task.state)) {
    void batch.client.invalidateQueries({ queryKey: ['run', task.run_id] });
    void batch.client.invalidateQueries({ queryKey: ['runs'] });
    return;
  }
  taskChanged(batch, { task });
}

/** Whatever moves a task moves the numbers of the queue, and the places of all that wait. */
function queueMoved(batch: Batch) {
  refetchSoon(batch.client, ['queue'], 500);
  refetchSoon(batch.client, ['budgets'], 2000);
  refetchSoon(batch.client, ['usage'], 5000);
  const waits = batch
    .readAll<RunPages>('runs')
    .some(([, pages]) =>
      pages.pages.some((page) =>
        page.items.some((run) => run.tasks.some((task) => task.state === 'ready')),
      ),
    );
  if (waits) refetchSoon(batch.client, ['runs'], 2000);
}

/**
 * What came of a task that makes no pictures, or was asked for several at once, is told by the run
 * alone: a text, and why not all of it came.
 */
function hasMoreToTell(batch: Batch, task: Task): boolean {
  const known = findRun(batch, task.run_id)?.tasks.find((one) => one.id === task.id);
  if (task.state !== 'done' || !known) return false;
  if (isTextTask(task)) return true;
  const parameters = known.parameters as { n?: unknown } | null | undefined;
  return typeof parameters?.n === 'number' && parameters.n > 1;
}

function askForRun(client: QueryClient, id: string) {
  const name = `run ${id}`;
  if (waits.has(name)) return;
  waits.set(
    name,
    setTimeout(() => {
      waits.delete(name);
      client.fetchQuery({ ...runQuery(id), staleTime: 0 }).then(
        (run) => inBatch(client, (batch) => patchRuns(batch, id, () => run)),
        () => {}, // whoever looks at it asks again, and is told why
      );
    }, 100),
  );
}

function taskChanged(batch: Batch, { task }: { task: Task }) {
  if (hasMoreToTell(batch, task)) askForRun(batch.client, task.run_id);
  patchRuns(batch, task.run_id, (run) => mergeTask(run, task));
  batch.change<TaskDetail>(['task', task.id], (detail) => ({ ...detail, ...task }));
  if (batch.read(['task', task.id])) refetchSoon(batch.client, ['task', task.id], 500);
  againIfFetching(batch.client, ['run', task.run_id]);
  queueMoved(batch);
  if (['done', 'failed', 'cancelled', 'ready'].includes(task.state)) dropProgress(task.id);
}

function plainMatch(asset: Asset, filter: AssetFilter): boolean | 'unknown' {
  if (Boolean(filter.trash) !== Boolean(asset.trashed_at)) return false;
  if (filter.kind && filter.kind !== asset.kind) return false;
  if (filter.run && filter.run !== asset.run_id) return false;
  if (filter.product && filter.product !== asset.product_id) return false;
  if (filter.starred && !asset.is_starred) return false;
  if (filter.rating && asset.rating < filter.rating) return false;
  if (filter.tag && !asset.tags.includes(filter.tag)) return false;
  const at = Date.parse(asset.created_at);
  if (filter.from && at < Date.parse(filter.from)) return false;
  if (filter.to && at >= Date.parse(filter.to)) return false;
  return filter.q || filter.model ? 'unknown' : true;
}

function eachAssetList(
  batch: Batch,
  change: (pages: AssetPages, filter: AssetFilter, sort: AssetSort, key: QueryKey) => AssetPages,
) {
  for (const [key, pages] of batch.readAll<AssetPages>('assets')) {
    const next = change(pages, (key[1] ?? {}) as AssetFilter, key[2] as AssetSort, key);
    if (next !== pages) batch.write(key, next);
  }
}

function mapAssets(
  pages: AssetPages,
  change: (items: Asset[]) => Asset[],
  add: number,
): AssetPages {
  return {
    ...pages,
    pages: pages.pages.map((page) => ({
      ...page,
      items: change(page.items),
      total: page.total === null ? null : Math.max(0, page.total + add),
    })),
  };
}

/** Pictures stand in the tasks that made them, too. */
function patchRunAssets(batch: Batch, id: string, change: (assets: Asset[]) => Asset[]) {
  const holds = (run: Run) =>
    run.tasks.some((task) => task.assets?.some((asset) => asset.id === id));
  const patch = (run: Run): Run => ({
    ...run,
    tasks: run.tasks.map((task) =>
      task.assets.some((asset) => asset.id === id)
        ? { ...task, assets: change(task.assets) }
        : task,
    ),
  });
  const found = new Set<string>();
  for (const [, run] of batch.readAll<Run>('run')) {
    if (holds(run)) found.add(run.id);
  }
  for (const [, pages] of batch.readAll<RunPages>('runs')) {
    for (const page of pages.pages) {
      for (const run of page.items) if (holds(run)) found.add(run.id);
    }
  }
  for (const runId of found) patchRuns(batch, runId, patch);
}

/** Puts an asset where it belongs in every list that is loaded; used by events and our own edits. */
function assetPut(batch: Batch, asset: Asset) {
  batch.change<AssetDetail>(['asset', asset.id], (detail) => ({
    ...detail,
    ...asset,
    recipe: detail.recipe,
  }));
  patchRunAssets(batch, asset.id, (assets) =>
    assets.map((one) => (one.id === asset.id ? asset : one)),
  );
  eachAssetList(batch, (pages, filter, sort, key) => {
    const isIn = pages.pages.some((page) => page.items.some((one) => one.id === asset.id));
    const match = plainMatch(asset, filter);
    if (isIn) {
      return match === false
        ? mapAssets(pages, (items) => items.filter((one) => one.id !== asset.id), -1)
        : mapAssets(pages, (items) => items.map((one) => (one.id === asset.id ? asset : one)), 0);
    }
    const first = pages.pages[0];
    const newest = first?.items[0];
    // Ids sort by time: only a newer one may stand before all others.
    if (match === true && sort === 'newest' && first && (!newest || asset.id > newest.id)) {
      const grown = mapAssets(pages, (items) => items, 1);
      const head = grown.pages[0];
      if (head) grown.pages[0] = { ...head, items: [asset, ...head.items] };
      return grown;
    }
    if (match !== false) refetchSoon(batch.client, key, 1500);
    return pages;
  });
}

function assetGone(batch: Batch, id: string) {
  eachAssetList(batch, (pages) =>
    pages.pages.some((page) => page.items.some((one) => one.id === id))
      ? mapAssets(pages, (items) => items.filter((one) => one.id !== id), -1)
      : pages,
  );
  patchRunAssets(batch, id, (assets) => assets.filter((one) => one.id !== id));
  batch.remove(['asset', id]);
}

/** The server tells of a new run once, with all its tasks; what they were asked for is asked for. */
function runCreated(batch: Batch, { run, tasks }: { run: Run; tasks: Task[] }) {
  const known = findRun(batch, run.id);
  runChanged(batch, { run: { ...run, tasks: known?.tasks ?? [] } });
  patchRuns(batch, run.id, (one) => tasks.reduce(mergeTask, one));
  if (known) return;
  refetchSoon(batch.client, ['runs'], 200);
  refetchSoon(batch.client, ['prompts'], 200);
}

/** One was forgotten or brought back; without an id all are gone, also those that only stood here. */
function promptsChanged(batch: Batch, { id }: { id?: string }) {
  if (id) {
    const known = batch
      .readAll<PromptPages>('prompts')
      .flatMap(([, { pages }]) => pages.flatMap(({ items }) => items));
    forgetPrompts(known.filter((one) => one.id === id).map(({ text }) => text));
  } else forgetAllPrompts();
  refetchSoon(batch.client, ['prompts'], 100);
}

/** A picture that was just made stands in its task before anybody asks for the run again. */
function addToTask(batch: Batch, asset: Asset) {
  const { run_id: runId, task_id: taskId } = asset;
  if (!runId || !taskId) return;
  patchRuns(batch, runId, (run) => ({
    ...run,
    tasks: run.tasks.map((task) =>
      task.id === taskId && !task.assets?.some((one) => one.id === asset.id)
        ? { ...task, assets: [...(task.assets ?? []), asset] }
        : task,
    ),
  }));
}

function assetCreated(batch: Batch, { asset }: { asset: Asset }) {
  addToTask(batch, asset);
  assetEvent(batch, { asset });
}

function assetEvent(batch: Batch, { asset }: { asset: Asset }) {
  assetPut(batch, asset);
  againIfFetching(batch.client, ['assets']);
  refetchSoon(batch.client, ['asset-days'], 2000);
  refetchSoon(batch.client, ['tags'], 2000);
  if (asset.product_id) productsMoved(batch.client, 2000); // they tell how many pictures they have
}

function productsMoved(client: QueryClient, everyMs: number) {
  refetchSoon(client, ['products'], everyMs);
  refetchSoon(client, ['product'], everyMs);
}

/** One event stands for all pictures of a commit: whatever shows pictures is asked for again. */
function jobMoved(batch: Batch, { job }: { job: AssetJob }) {
  const jobs = batch.read<AssetJob[]>(['asset-jobs']) ?? [];
  batch.write(['asset-jobs'], [job, ...jobs.filter((one) => one.id !== job.id)]);
  againIfFetching(batch.client, ['asset-jobs']);
  for (const key of [
    'assets',
    'asset',
    'asset-days',
    'tags',
    'runs',
    'run',
    'products',
    'product',
  ]) {
    refetchSoon(batch.client, [key], 1500);
  }
}

interface BudgetEvent {
  scope: 'everyone' | 'user' | 'provider' | 'model';
  who_name: string;
  model: string;
  period: 'day' | 'month';
  currency: string;
  limit_micro: number;
  used_micro: number;
  share: number;
}

/** The server says it once in a period. */
function budgetReached(batch: Batch, data: BudgetEvent) {
  const money = (micro: number) => formatMoney(micro, data.currency, currentLanguage());
  showToast(
    translate(data.share >= 100 ? 'common.budget.full' : 'common.budget.near', {
      share: data.share,
    }),
    {
      tone: data.share >= 100 ? 'bad' : 'plain',
      text: [
        budgetWhose(data),
        translate(`common.budget.${data.period}`, {
          used: money(data.used_micro),
          limit: money(data.limit_micro),
        }),
      ]
        .filter(Boolean)
        .join(' · '),
    },
  );
  refetchSoon(batch.client, ['budgets'], 100);
}

interface ProgressEvent {
  id: string;
  progress: number | null;
  step: number;
  steps: number;
  node: string;
  partial_count: number;
  partial_version: number;
}

type Handler = (batch: Batch, data: never) => void;

const stale: Record<string, Handler> = {
  // What came before it in its batch is written first: a write would make its query fresh again.
  reset: ({ client, afterwards }) => afterwards(() => void client.invalidateQueries()),
  'run.created': runCreated,
  'run.changed': runChanged,
  'task.changed': taskChanged,
  'task.progress': (_batch, data: ProgressEvent) =>
    putProgress(data.id, {
      progress: data.progress,
      step: data.step,
      steps: data.steps,
      node: data.node,
      partialCount: data.partial_count,
      partialVersion: data.partial_version,
    }),
  'asset.created': assetCreated,
  'asset.changed': assetEvent,
  'asset.removed': (batch, { id }: { id: string }) => {
    assetGone(batch, id);
    refetchSoon(batch.client, ['asset-days'], 2000);
  },
  'asset.job': jobMoved,
  'provider.changed': ({ client }) => {
    // What was deleted leaves the page with the list, and is asked for no more.
    refetchSoon(client, ['providers'], 100, () => refetchSoon(client, ['provider-health'], 300));
    refetchSoon(client, ['models'], 100);
    refetchSoon(client, ['queue'], 300);
  },
  'budget.reached': budgetReached,
  'queue.changed': ({ client }) => refetchSoon(client, ['queue'], 100),
  'prompts.changed': promptsChanged,
  'presets.changed': ({ client }) => refetchSoon(client, ['presets'], 100),
  'product.created': ({ client }) => productsMoved(client, 100),
  'product.changed': ({ client }) => productsMoved(client, 100),
  'product.deleted': ({ client }) => productsMoved(client, 100),
  'settings.changed': ({ client }) => refetchSoon(client, ['settings'], 100),
};

/** Unknown kinds are of a newer server: nothing to do.  What one event does wrong keeps no other from being applied. */
export function applyEvents(
  client: QueryClient,
  events: readonly (readonly [kind: string, data: unknown])[],
  report: (error: unknown) => void,
) {
  inBatch(client, (batch) => {
    for (const [kind, data] of events) {
      try {
        stale[kind]?.(batch, data as never);
      } catch (error) {
        report(error);
      }
    }
  });
}

const alone =
  <T>(change: (batch: Batch, what: T) => void) =>
  (client: QueryClient, what: T) =>
    inBatch(client, (batch) => change(batch, what));

/** The same by our own hand: answers to actions, and what is shown before its answer. */
export const takeRun = alone(runTaken);
export const takeTask = alone(taskTaken);
export const putAsset = alone(assetPut);
export const removeAsset = alone(assetGone);
export const jobChanged = alone(jobMoved);
