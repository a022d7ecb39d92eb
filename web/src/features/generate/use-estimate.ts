import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, data } from '~/api/client';
import type { RunRequest } from '~/api/types';
import { useRested } from '~/lib/use-now';

/** What a run would cost, once nobody types any more; null: there is nothing to ask for. */
export function useEstimate(request: RunRequest | null) {
  const rested = useRested(request, 400);
  const estimate = useQuery({
    queryKey: ['estimate', rested],
    queryFn: async ({ signal }) => ({
      ...(await data(api.POST('/api/v1/runs/estimate', { body: rested ?? { nodes: [] }, signal }))),
      // of what it is: another request may be on its way already
      model: (rested?.nodes[0]?.parameters as { model?: unknown } | undefined)?.model,
      nodes: rested?.nodes.length ?? 0,
    }),
    enabled: rested !== null,
    staleTime: 60_000,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    retry: false,
  });
  return { rested, estimate };
}
