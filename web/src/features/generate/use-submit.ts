import { useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { Model, Operation } from '~/api/types';
import { useUploads } from '~/api/uploads';
import { useFormat, useT } from '~/lib/i18n';
import { forgetPrompts, keepPrompt } from '~/lib/kept-prompts';
import { findVariables } from '~/lib/variables';
import { useConnection } from '~/live/connection';
import { useStart } from './actions';
import {
  canUse,
  type Draft,
  longestPrompt,
  negativeOf,
  picturesMax,
  promptCount,
  promptGaps,
  promptLengthMax,
  runRequest,
  seedMax,
} from './model';
import type { UnitPrice } from './unit-price';
import { useEstimate } from './use-estimate';

/** One function for good, which does what the newest would. */
function useLatest<T extends unknown[]>(work: (...given: T) => void) {
  const latest = useRef(work);
  useLayoutEffect(() => {
    latest.current = work;
  });
  return useCallback((...given: T) => latest.current(...given), []);
}

/** Of one picture, while the price asked for last is of this model. */
function useUnit(
  estimate:
    | { is_known: boolean; cost_micro: number; currency: string; model: unknown; nodes: number }
    | undefined,
  model: Model | undefined,
): UnitPrice | null {
  const isFit = estimate?.is_known && estimate.model === model?.id && estimate.nodes > 0;
  const micro = isFit ? Math.round(estimate.cost_micro / estimate.nodes) : -1;
  const currency = isFit ? estimate.currency : '';
  return useMemo(
    () => (model && micro >= 0 ? { model: model.id, micro, currency } : null),
    [model, micro, currency],
  );
}

/** The price before, the reason why not, and the click itself. */
export function useSubmit(
  draft: Draft,
  model: Model | undefined,
  operation: Operation | undefined,
  onStarted: (runId: string) => void,
  onRefused: (field: string) => void,
) {
  const t = useT();
  const format = useFormat();
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
  const isPromptLong = longestPrompt(draft) > promptLengthMax(operation);
  const negative = negativeOf(operation, model);
  const negativeMax = negative?.max || Number.POSITIVE_INFINITY;
  const isNegativeLong = negative && [...draft.negativePrompt.trim()].length > negativeMax;
  // What the server would refuse has no price.
  const hasPrice = !isTooMany && !isPromptLong && !isNegativeLong;
  const priced = useMemo(
    () =>
      model && operation && hasPrice
        ? runRequest(
            // The price is the same whatever it is for, also for what was deleted since.
            { ...draft, prompt: draft.prompt.trim() || '…', product: '' },
            model,
            operation,
            0,
            'normal',
          )
        : null,
    [draft, model, operation, hasPrice],
  );
  const { rested, estimate } = useEstimate(priced);

  /** why it cannot start, and the field to mend it in */
  const [whyNot, field] = ((): [string, string?] => {
    if (!model || !operation) return [t('generate.submit.loading')];
    if (isLost) return [t('common.offline.paid')];
    if (draft.prompt.trim() === '') return [t('generate.submit.noPrompt'), 'prompt'];
    if (gap) return [t('generate.variables.missing', { name: gap }), `variable ${gap}`];
    if (isTooMany)
      return [t('generate.variables.tooMany', { count, limit: picturesMax }), 'prompt'];
    if (isPromptLong) return [t('generate.submit.longPrompt'), 'prompt'];
    if (isNegativeLong) {
      return [t('generate.submit.longNegative', { limit: format.number(negativeMax) }), 'negative'];
    }
    if (isUploading) return [t('generate.submit.uploading')];
    if (used > model.references_max) {
      return [t('generate.submit.references', { count: model.references_max })];
    }
    if (!canUse(model, used)) return [t('generate.submit.noGenerate')];
    return [''];
  })();

  // Asked for in spite of a reason: it is told where it can be read, as long as it stands.
  const [told, setTold] = useState({ text: '', times: 0 });
  if (told.text !== '' && told.text !== whyNot) setTold({ ...told, text: '' });
  const refuse = useLatest(() => {
    setTold(({ times }) => ({ text: whyNot, times: times + 1 }));
    if (field) onRefused(field);
  });
  const begin = useLatest((priority: 'normal' | 'front') => {
    if (whyNot) refuse();
    if (whyNot || !model || !operation || start.isPending) return;
    setError(null);
    const seedBase = Math.floor(Math.random() * (seedMax - draft.count));
    const wish = JSON.stringify([draft, model.id, priority]);
    start.mutate(
      { wish, request: runRequest(draft, model, operation, seedBase, priority) },
      {
        onSuccess: (run) => {
          // The server has what was sent; words in braces were filled in before.
          if (prompts > 1 || findVariables(draft.prompt).length > 0) keepPrompt(draft.prompt);
          else forgetPrompts([draft.prompt]);
          onStarted(run.id);
        },
        onError: setError,
      },
    );
  });
  return {
    whyNot,
    refusal: told.text === whyNot ? whyNot : '',
    refusals: told.times,
    isPending: start.isPending,
    error,
    unit: useUnit(estimate.data, model),
    estimate: isTooMany ? undefined : estimate.data,
    isEstimating: estimate.isFetching || rested !== priced,
    count,
    prompts,
    perPrompt: draft.count,
    start: begin,
  };
}

export type Submit = ReturnType<typeof useSubmit>;
