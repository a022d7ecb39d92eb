import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { api, data } from '~/api/client';
import type { Model, Operation } from '~/api/types';
import { useUploads } from '~/api/uploads';
import { useT } from '~/lib/i18n';
import { useRested } from '~/lib/use-now';
import { useConnection } from '~/live/connection';
import { useStart } from './actions';
import { useDraft } from './draft';
import {
  canUse,
  type Draft,
  longestPrompt,
  picturesMax,
  promptCount,
  promptGaps,
  promptLengthMax,
  runRequest,
  seedMax,
} from './model';

/** The price before, the reason why not, and the click itself. */
export function useSubmit(
  draft: Draft,
  model: Model | undefined,
  operation: Operation | undefined,
  onStarted: (runId: string) => void,
) {
  const t = useT();
  const start = useStart();
  const [error, setError] = useState<unknown>(null);
  const isLost = useConnection((state) => state.state === 'lost');
  const isUploading = useUploads(({ items }) =>
    items.some((item) => item.state === 'waiting' || item.state === 'sending'),
  );

  const used = model && model.references_max > 0 ? draft.references.length : 0;
  const prompts = promptCount(draft);
  const count = prompts * draft.count;
  const isTooMany = count > picturesMax;
  const gap = promptGaps(draft)[0];
  const priced = useMemo(
    () =>
      model && operation && !isTooMany
        ? runRequest(
            { ...draft, prompt: draft.prompt.trim() || '…' },
            model,
            operation,
            0,
            'normal',
          )
        : null,
    [draft, model, operation, isTooMany],
  );
  const rested = useRested(priced, 400);
  const estimate = useQuery({
    queryKey: ['estimate', rested],
    queryFn: ({ signal }) =>
      data(api.POST('/api/v1/runs/estimate', { body: rested ?? { nodes: [] }, signal })),
    enabled: rested !== null,
    staleTime: 60_000,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    retry: false,
  });

  const whyNot = (() => {
    if (!model || !operation) return t('generate.submit.loading');
    if (isLost) return t('common.offline.paid');
    if (draft.prompt.trim() === '') return t('generate.submit.noPrompt');
    if (gap) return t('generate.variables.missing', { name: gap });
    if (isTooMany) return t('generate.variables.tooMany', { count, limit: picturesMax });
    if (longestPrompt(draft) > promptLengthMax(operation)) return t('generate.submit.longPrompt');
    if (isUploading) return t('generate.submit.uploading');
    if (used > model.references_max) {
      return t('generate.submit.references', { count: model.references_max });
    }
    if (!canUse(model, used)) return t('generate.submit.noGenerate');
    return '';
  })();

  return {
    whyNot,
    isPending: start.isPending,
    error,
    dismiss: () => setError(null),
    estimate: isTooMany ? undefined : estimate.data,
    isEstimating: estimate.isFetching || rested !== priced,
    count,
    prompts,
    perPrompt: draft.count,
    start: (priority: 'normal' | 'front') => {
      if (whyNot || !model || !operation || start.isPending) return;
      setError(null);
      const seedBase = Math.floor(Math.random() * (seedMax - draft.count));
      const wish = JSON.stringify([draft, model.id, priority]);
      start.mutate(
        { wish, request: runRequest(draft, model, operation, seedBase, priority) },
        {
          onSuccess: (run) => {
            useDraft.getState().keepPrompt();
            onStarted(run.id);
          },
          onError: setError,
        },
      );
    },
  };
}

export type Submit = ReturnType<typeof useSubmit>;
