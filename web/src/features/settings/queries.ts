import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, data } from '~/api/client';

export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: async ({ signal }) => (await data(api.GET('/api/v1/providers', { signal }))).items,
});

/** Calls end without a word to this page, so that it asks again while it is open. */
export const providerHealthQuery = (id: string) =>
  queryOptions({
    queryKey: ['provider-health', id],
    queryFn: ({ signal }) =>
      data(api.GET('/api/v1/providers/{id}/health', { params: { path: { id } }, signal })),
    refetchInterval: 30_000,
  });

export const providerKindsQuery = queryOptions({
  queryKey: ['provider-kinds'],
  queryFn: async ({ signal }) => (await data(api.GET('/api/v1/provider-kinds', { signal }))).items,
  staleTime: Number.POSITIVE_INFINITY, // they change with the binary only
});

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: async ({ signal }) => (await data(api.GET('/api/v1/me/sessions', { signal }))).items,
});

export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: async ({ signal }) => (await data(api.GET('/api/v1/tokens', { signal }))).items,
});

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: async ({ signal }) => (await data(api.GET('/api/v1/settings', { signal }))).items,
});

export const budgetsQuery = queryOptions({
  queryKey: ['budgets', 'all'],
  queryFn: async ({ signal }) => (await data(api.GET('/api/v1/budgets', { signal }))).items,
});

interface UsageQuestion {
  from: string;
  to: string;
  all: boolean;
  by: 'day' | 'provider' | 'model' | 'product' | 'user';
}
export const usageQuery = (query: UsageQuestion) =>
  queryOptions({
    queryKey: ['usage', query],
    queryFn: ({ signal }) => data(api.GET('/api/v1/usage', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });

export const systemQuery = queryOptions({
  queryKey: ['system'],
  queryFn: ({ signal }) => data(api.GET('/api/v1/system/info', { signal })),
});

export const storageQuery = queryOptions({
  queryKey: ['storage'],
  queryFn: ({ signal }) => data(api.GET('/api/v1/system/storage', { signal })),
});
