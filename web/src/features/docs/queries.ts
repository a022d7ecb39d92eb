import { queryOptions } from '@tanstack/react-query';
import type { Document } from './model';

async function load(): Promise<Document> {
  const response = await fetch('/openapi.json');
  if (!response.ok) throw new Error(`openapi.json: ${response.status}`);
  return response.json();
}

/** It changes with the binary only. */
export const documentQuery = queryOptions({
  queryKey: ['openapi'],
  queryFn: load,
  staleTime: Number.POSITIVE_INFINITY,
});
