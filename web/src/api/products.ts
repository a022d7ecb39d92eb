import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, data } from './client';

/** What is sold, of the one who asks; the newest first. */
export function productsQuery(q: string) {
  return infiniteQueryOptions({
    queryKey: ['products', q],
    queryFn: ({ signal, pageParam }) =>
      data(
        api.GET('/api/v1/products', {
          params: { query: { ...(q ? { q } : {}), ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor || undefined,
    placeholderData: keepPreviousData,
  });
}

export function productQuery(id: string) {
  return queryOptions({
    queryKey: ['product', id],
    queryFn: ({ signal }) =>
      data(api.GET('/api/v1/products/{product}', { params: { path: { product: id } }, signal })),
    enabled: id !== '',
  });
}
