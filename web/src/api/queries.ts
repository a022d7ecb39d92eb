import {
  infiniteQueryOptions,
  keepPreviousData,
  QueryClient,
  queryOptions,
} from '@tanstack/react-query';
import { share } from '~/lib/share';
import { api, data } from './client';
import { ApiError } from './errors';
import type { AssetFilter } from './types';

/** What more than one feature reads. Keys begin with the noun, so that live events find them. */

export type AssetSort = 'newest' | 'oldest' | 'rating';
export type RunState = 'active' | 'done' | 'failed' | 'cancelled' | 'all';

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        structuralSharing: share,
        refetchOnWindowFocus: false, // the live stream says what changed
        retry: (count, error) =>
          count < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
      },
      mutations: { retry: false },
    },
  });
}

export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: ({ signal }) => data(api.GET('/api/v1/setup', { signal })),
});

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => data(api.GET('/api/v1/me', { signal })),
  staleTime: 300_000,
});

export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: async ({ signal }) => (await data(api.GET('/api/v1/models', { signal }))).items,
});

export const operationsQuery = queryOptions({
  queryKey: ['operations'],
  queryFn: async ({ signal }) => (await data(api.GET('/api/v1/operations', { signal }))).items,
  staleTime: Number.POSITIVE_INFINITY, // they change with the binary only
});

export const queueQuery = queryOptions({
  queryKey: ['queue'],
  queryFn: ({ signal }) => data(api.GET('/api/v1/queue', { signal })),
});

/** The budgets that one's own work counts against. */
export const myBudgetsQuery = queryOptions({
  queryKey: ['budgets', 'mine'],
  queryFn: async ({ signal }) => (await data(api.GET('/api/v1/budgets/mine', { signal }))).items,
});

/** What was spent on one day, as the server counts days. */
export function spentQuery(all: boolean, day = new Date().toISOString().slice(0, 10)) {
  const query = { from: day, to: day, all, by: 'day' as const };
  return queryOptions({
    queryKey: ['usage', query],
    queryFn: ({ signal }) => data(api.GET('/api/v1/usage', { params: { query }, signal })),
  });
}

export const tagsQuery = queryOptions({
  queryKey: ['tags'],
  queryFn: async ({ signal }) => (await data(api.GET('/api/v1/tags', { signal }))).items,
});

/** Changes of many pictures that go on by themselves, the newest first. */
export const assetJobsQuery = queryOptions({
  queryKey: ['asset-jobs'],
  queryFn: async ({ signal }) => (await data(api.GET('/api/v1/asset-jobs', { signal }))).items,
});

/** What else a list of runs is asked for. */
export interface RunFilter {
  provider?: string | undefined;
  /** how long ago at most */
  sinceMs?: number | undefined;
}

export function runsQuery(state: RunState, filter: RunFilter = {}) {
  return infiniteQueryOptions({
    queryKey: ['runs', state, filter],
    queryFn: ({ signal, pageParam }) =>
      data(
        api.GET('/api/v1/runs', {
          params: {
            query: {
              state,
              limit: 30,
              ...(filter.provider ? { provider: filter.provider } : {}),
              ...(filter.sinceMs
                ? { since: new Date(Date.now() - filter.sinceMs).toISOString() }
                : {}),
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}

export function runQuery(id: string) {
  return queryOptions({
    queryKey: ['run', id],
    queryFn: ({ signal }) =>
      data(api.GET('/api/v1/runs/{id}', { params: { path: { id } }, signal })),
    enabled: id !== '',
  });
}

export function taskQuery(id: string) {
  return queryOptions({
    queryKey: ['task', id],
    queryFn: ({ signal }) =>
      data(api.GET('/api/v1/tasks/{id}', { params: { path: { id } }, signal })),
    enabled: id !== '',
  });
}

export function assetQuery(id: string) {
  return queryOptions({
    queryKey: ['asset', id],
    queryFn: ({ signal }) =>
      data(api.GET('/api/v1/assets/{id}', { params: { path: { id } }, signal })),
    enabled: id !== '',
  });
}

/** Where a page of pictures begins: behind a cursor, and inside these times where they are set. */
export interface AssetPageStart {
  cursor: string;
  from?: string;
  to?: string;
}

export function assetsQuery(filter: AssetFilter, sort: AssetSort) {
  return infiniteQueryOptions({
    queryKey: ['assets', filter, sort],
    queryFn: ({ signal, pageParam: { cursor, ...times } }) =>
      data(
        api.GET('/api/v1/assets', {
          params: {
            query: {
              ...filter,
              ...times,
              sort,
              limit: cursor ? 200 : 100,
              ...(cursor ? { cursor } : {}),
            },
          },
          signal,
        }),
      ),
    initialPageParam: { cursor: '' } as AssetPageStart,
    // A list that was begun with a day's pages goes on with all that come after that day.
    getNextPageParam: (page, _pages, { cursor: _, ...times }): AssetPageStart | undefined => {
      if (page.next_cursor) return { ...times, cursor: page.next_cursor };
      if (!times.from || !times.to) return undefined;
      return sort === 'oldest' ? { cursor: '', from: times.to } : { cursor: '', to: times.from };
    },
    placeholderData: keepPreviousData,
  });
}

/** Minutes east of UTC, as the server counts days. */
export const zoneMin = -Math.round(new Date().getTimezoneOffset() / 15) * 15;

export function assetDaysQuery(filter: AssetFilter) {
  return queryOptions({
    queryKey: ['asset-days', filter],
    queryFn: async ({ signal }) =>
      (
        await data(
          api.GET('/api/v1/assets/days', {
            params: {
              query: { ...filter, zone_min: zoneMin },
            },
            signal,
          }),
        )
      ).items,
    placeholderData: keepPreviousData,
  });
}
