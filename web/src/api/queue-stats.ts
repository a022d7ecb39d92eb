import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { QueueSearch } from '~/lib/search';
import { api, data } from './client';

type Asked = Pick<QueueSearch, 'range' | 'by' | 'provider' | 'model' | 'all'>;

/** How calls did; the newest slot goes on, so it is asked for again each minute while it is seen. */
export function statsQuery({ range = '24h', by = 'model', provider, model, all }: Asked) {
  return queryOptions({
    queryKey: ['queue-stats', { range, by, provider, model, all }],
    queryFn: ({ signal }) =>
      data(
        api.GET('/api/v1/queue/stats', {
          params: {
            query: {
              range,
              by,
              ...(provider ? { provider } : {}),
              ...(model ? { model } : {}),
              ...(all ? { all } : {}),
            },
          },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  });
}
