import type { Model, Operation, Preset, PresetInput } from '~/api/types';
import {
  canUse,
  counts,
  type Draft,
  droppedOptions,
  emptyDraft,
  isOffered,
  moreParameters,
  operationName,
  optionsOf,
  valuesOf,
} from './model';

/** What of a draft is kept under a name: all but the pictures, the words when they are wanted. */
export function presetOf(
  draft: Draft,
  model: Model | undefined,
  operation: Operation | undefined,
  hasWords: boolean,
): Pick<PresetInput, 'operation' | 'count' | 'parameters'> {
  const parameters: Record<string, unknown> = {};
  if (hasWords && draft.prompt.trim()) parameters.prompt = draft.prompt.trim();
  if (hasWords && draft.negativePrompt.trim()) {
    parameters.negative_prompt = draft.negativePrompt.trim();
  }
  if (model) parameters.model = model.id;
  if (draft.size) Object.assign(parameters, draft.size);
  for (const { name } of operation ? moreParameters(operation, undefined) : []) {
    const value = draft.values[name];
    if (value !== undefined && value !== '') parameters[name] = value;
  }
  const options = model && optionsOf(draft.values, model.options);
  if (options) parameters.options = options;
  return { operation: operationName, count: draft.count, parameters };
}

function partsOf(preset: Preset): Record<string, unknown> {
  return preset.parameters && typeof preset.parameters === 'object'
    ? (preset.parameters as Record<string, unknown>)
    : {};
}

export interface Applied {
  draft: Draft;
  /** the model of the draft afterwards */
  model: Model | undefined;
  /** the preset names one that is gone or switched off */
  lostModel: string;
  /** parameters by name that the preset sets and the model does not take */
  dropped: string[];
}

/** The pictures stay, and the words where the preset has none; `models` are the usable ones. */
export function applyPreset(
  draft: Draft,
  preset: Preset,
  models: readonly Model[],
  current: Model | undefined,
  operation: Operation | undefined,
): Applied {
  const parts = partsOf(preset);
  const text = (name: string) => (typeof parts[name] === 'string' ? (parts[name] as string) : '');
  const wanted = text('model');
  const found = models.find((one) => one.id === wanted && one.is_enabled);
  const model = wanted ? (found ?? current) : current;
  const { width, height } = parts;
  const isSized = typeof width === 'number' && typeof height === 'number' && width * height > 0;
  const next: Draft = {
    prompt: text('prompt') || draft.prompt,
    negativePrompt: text('negative_prompt') || draft.negativePrompt,
    references: draft.references,
    roles: draft.roles,
    product: draft.product,
    modelId: found?.id ?? draft.modelId,
    count: counts.reduce((best, one) =>
      Math.abs(one - preset.count) < Math.abs(best - preset.count) ? one : best,
    ),
    size: isSized ? { width, height } : draft.size,
    values: valuesOf(parts),
    variables: draft.variables,
  };
  const isTaken = (name: string) => {
    const parameter = operation?.parameters.find((one) => one.name === name);
    return parameter !== undefined && (!model || isOffered(parameter, model));
  };
  return {
    draft: next,
    model,
    lostModel: wanted && !found ? wanted.slice(wanted.indexOf('/') + 1) : '',
    dropped: [
      ...Object.keys(parts).filter(
        (name) =>
          !['model', 'prompt', 'width', 'height', 'options'].includes(name) && !isTaken(name),
      ),
      ...(model ? droppedOptions(next.values, model.options, []).map(({ name }) => name) : []),
      ...(isSized && model && !isTaken('width') ? ['size'] : []),
      ...(draft.references.length > 0 && model && !canUse(model, 1) ? ['references'] : []),
    ],
  };
}

/** Nothing was written or chosen: a page that the default preset may fill. */
export function isUntouched(draft: Draft): boolean {
  const { prompt, negativePrompt, references } = draft;
  return prompt.trim() === '' && negativePrompt.trim() === '' && references.length === 0;
}

/** Whether the form still says what the preset says, words aside where it has none. */
export function isApplied(draft: Draft, preset: Preset, model: Model | undefined): boolean {
  const applied = applyPreset(emptyDraft, preset, model ? [model] : [], model, undefined);
  const want = partsOf(preset);
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  const sorted = (values: Draft['values']) =>
    Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1));
  return (
    applied.lostModel === '' &&
    applied.draft.count === draft.count &&
    (want.width === undefined || same(applied.draft.size, draft.size)) &&
    (want.prompt === undefined || want.prompt === draft.prompt.trim()) &&
    (want.negative_prompt === undefined || want.negative_prompt === draft.negativePrompt.trim()) &&
    same(sorted(applied.draft.values), sorted(draft.values))
  );
}
