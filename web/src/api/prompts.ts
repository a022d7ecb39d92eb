import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query';
import { api, data } from './client';

/** What one asked pictures of, each prompt once, those used last first. */
export function promptsQuery(q: string) {
  return infiniteQueryOptions({
    queryKey: ['prompts', q],
    queryFn: ({ signal, pageParam }) =>
      data(
        api.GET('/api/v1/prompts', {
          params: { query: { ...(q ? { q } : {}), ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor || undefined,
    placeholderData: keepPreviousData,
  });
}
