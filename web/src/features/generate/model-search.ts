import type { Model } from '~/api/types';
import { matchRank } from '~/lib/match-rank';

/** More models than this have a field to search them. */
export const modelsShownMax = 8;

/** The models that the words fit, the best first: by what people call them, their wire id, their house. */
export function searchModels(models: readonly Model[], words: string): readonly Model[] {
  if (!words.trim()) return models;
  return models
    .map((model) => ({
      model,
      rank: Math.max(
        ...[model.label, model.name, model.provider_name].map((text) => matchRank(text, words)),
      ),
    }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank)
    .map(({ model }) => model);
}

/** Of fewer calls the middle is what happened once, not what is usual. */
const callsMin = 3;

/**
 * How long a call of the model usually takes; 0: nobody knows. The server counts by the wire id: where two
 * accounts offer the same one, it is of neither.
 */
export function usualOf(
  model: Pick<Model, 'id' | 'name'>,
  models: readonly Pick<Model, 'id' | 'name'>[],
  groups: readonly { key: string; finished: number; p50_ms: number | null }[],
): number {
  if (models.some(({ id, name }) => name === model.name && id !== model.id)) return 0;
  const group = groups.find(({ key }) => key === model.name);
  return group && group.finished >= callsMin ? (group.p50_ms ?? 0) : 0;
}
