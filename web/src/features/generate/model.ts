import type {
  Asset,
  AssetDetail,
  Model,
  Operation,
  Parameter,
  QueueLane,
  Run,
  RunRequest,
  Task,
} from '~/api/types';
import { hasEnded } from '~/lib/ended';
import { flatParameters, optionPrefix } from '~/lib/parameters';
import { type ReferenceRole, rolesOf } from '~/lib/reference-roles';
import { breakerOf, isResting } from '~/lib/resting';
import { elapsedMs } from '~/lib/time';
import { countFilled, fillAll, missingVariables } from '~/lib/variables';
import type { LiveProgress } from '~/live/run-store';

/** What the Generate page decides, without a screen. */

export const operationName = 'image.generate';
export const counts = [1, 2, 4, 8] as const;
/** Pictures of one start; the server takes more, but nobody looks through more at once. */
export const picturesMax = 200;
export const seedMax = 2 ** 32 - 1;

/** Characters of a prompt, as the operation says. */
export function promptLengthMax(operation: Operation | undefined): number {
  return operation?.parameters.find((one) => one.name === 'prompt')?.max || 32_000;
}

/** What is not to be seen, when the model takes such words. */
export function negativeOf(
  operation: Operation | undefined,
  model: Model | undefined,
): Parameter | undefined {
  const parameter = operation?.parameters.find((one) => one.name === 'negative_prompt');
  return parameter && model && isOffered(parameter, model) ? parameter : undefined;
}

export interface Size {
  width: number;
  height: number;
}

export interface Draft {
  prompt: string;
  negativePrompt: string;
  references: string[];
  /** what they are there for, by their ids */
  roles: Record<string, ReferenceRole>;
  /** the id of what it is made for; empty: nothing */
  product: string;
  modelId: string;
  count: number;
  size: Size | null;
  /** the other parameters by name; absent: the model's default */
  values: Record<string, string | number | boolean>;
  /** what was written for words in braces, by their names; remembered when they leave the prompt */
  variables: Record<string, string>;
}

export const emptyDraft: Draft = {
  prompt: '',
  negativePrompt: '',
  references: [],
  roles: {},
  product: '',
  modelId: '',
  count: 4,
  size: { width: 1024, height: 1024 },
  values: {},
  variables: {},
};

export const ratios = ['1:1', '4:3', '3:2', '16:9', '3:4', '2:3', '9:16'] as const;
export const pixelClasses = [512 * 512, 1024 * 1024, 1448 * 1448, 2048 * 2048] as const;

/** How many pixels are meant by a size that was rounded: from shape to shape they would become fewer. */
export function wholePixels({ width, height }: Size): number {
  const area = width * height;
  return pixelClasses.find((one) => Math.abs(Math.log(one / area)) < 0.04) ?? area;
}

export function ratioValue(ratio: string): number {
  const [width = 1, height = 1] = ratio.split(':').map(Number);
  return width / height;
}

/** The name of the nearest well-known ratio, or none when it is off by more than 2 %. */
export function ratioName(size: Size): string {
  const value = size.width / size.height;
  return ratios.find((ratio) => Math.abs(ratioValue(ratio) / value - 1) < 0.02) ?? '';
}

function parseSize(text: string): Size | null {
  const match = /^(\d{1,5})x(\d{1,5})$/.exec(text);
  if (!match) return null;
  const size = { width: Number(match[1]), height: Number(match[2]) };
  return size.width > 0 && size.height > 0 ? size : null;
}

export function sizeList(model: Model): Size[] {
  return model.sizes.map(parseSize).filter((size) => size !== null);
}

/** More sizes than this are chosen by shape first, then by how many pixels. */
export const sizesShownMax = 7;

const shapes = [
  ...ratios,
  '5:4',
  '4:5',
  '21:9',
  '9:21',
  '2:1',
  '1:2',
  '3:1',
  '1:3',
  '4:1',
  '1:4',
  '8:1',
  '1:8',
];

/** A long list by shape, wide ones last, each shape's sizes from few pixels to many. */
export function sizeShapes(list: readonly Size[]): { name: string; sizes: Size[] }[] {
  const groups = new Map<string, Size[]>();
  for (const size of list) {
    const value = size.width / size.height;
    const near = (shape: string) => Math.abs(Math.log(ratioValue(shape) / value));
    const best = shapes.reduce((one, other) => (near(other) < near(one) ? other : one));
    const name = near(best) < 0.04 ? best : `${size.width} × ${size.height}`;
    groups.set(name, [...(groups.get(name) ?? []), size]);
  }
  const ratio = (sizes: Size[]) => (sizes[0] ? sizes[0].width / sizes[0].height : 1);
  return [...groups]
    .map(([name, sizes]) => ({
      name,
      sizes: sizes.sort((one, other) => one.width * one.height - other.width * other.height),
    }))
    .sort((one, other) => ratio(one.sizes) - ratio(other.sizes));
}

/** Of one shape's sizes the one with the nearest number of pixels. */
export function nearestPixels(sizes: readonly Size[], pixels: number): Size | undefined {
  const off = (one: Size) => Math.abs(Math.log((one.width * one.height) / pixels));
  return sizes.reduce<Size | undefined>(
    (best, one) => (best && off(best) <= off(one) ? best : one),
    undefined,
  );
}

/** Whether a model leaves the size to us at all. */
export function hasSize(model: Model): boolean {
  return sizeList(model).length > 0 || model.side_px_max > 0;
}

/** A size of this shape and about this many pixels that the model takes. */
export function sizeFor(ratio: number, pixels: number, model: Model): Size {
  const step = Math.max(1, model.side_px_step);
  const least = Math.max(step, model.side_px_min || step);
  const most = model.side_px_max || 8192;
  const area = Math.min(
    model.pixels_max || Number.POSITIVE_INFINITY,
    Math.max(model.pixels_min || 0, pixels),
  );
  let width = Math.sqrt(area * ratio);
  let height = width / ratio;
  const shrink = Math.min(1, most / width, most / height);
  width *= shrink;
  height *= shrink;
  const snap = (value: number) =>
    Math.min(Math.floor(most / step) * step, Math.max(least, Math.round(value / step) * step));
  const size = { width: snap(width), height: snap(height) };
  // Rounding up both sides may pass the bound by a step.
  while (model.pixels_max && size.width * size.height > model.pixels_max) {
    if (size.width >= size.height) size.width -= step;
    else size.height -= step;
  }
  return size;
}

export function isSizeAllowed(size: Size, model: Model): boolean {
  const list = sizeList(model);
  if (list.length > 0) {
    return list.some((one) => one.width === size.width && one.height === size.height);
  }
  const { side_px_min: least, side_px_max: most, side_px_step: step } = model;
  const pixels = size.width * size.height;
  return [size.width, size.height].every(
    (side) => side >= least && (!most || side <= most) && (!step || side % step === 0),
  )
    ? pixels >= model.pixels_min && (!model.pixels_max || pixels <= model.pixels_max)
    : false;
}

/** The nearest size a model takes: the same when it can, else the same shape, else its first. */
export function fitSize(size: Size | null, model: Model): Size | null {
  if (!hasSize(model)) return null;
  const list = sizeList(model);
  if (size && isSizeAllowed(size, model)) return size;
  const wanted = size ?? { width: 1024, height: 1024 };
  const ratio = wanted.width / wanted.height;
  if (list.length > 0) {
    const distance = (one: Size) =>
      Math.abs(Math.log(one.width / one.height / ratio)) * 10 +
      Math.abs(Math.log((one.width * one.height) / (wanted.width * wanted.height)));
    return list.reduce((best, one) => (distance(one) < distance(best) ? one : best));
  }
  return sizeFor(ratio, wanted.width * wanted.height, model);
}

/** The draft as this model takes it. */
export function usedDraft(draft: Draft, model: Model | undefined): Draft {
  return model ? { ...draft, size: fitSize(draft.size, model) } : draft;
}

/** Whether a model has what a parameter needs. */
export function isOffered(parameter: Parameter, model: Model): boolean {
  switch (parameter.capability) {
    case '':
      return true;
    case 'seed':
    case 'has_seed':
      return model.has_seed;
    case 'negative':
    case 'has_negative':
    case 'negative_prompt':
      return model.has_negative;
    case 'steps':
    case 'has_steps':
      return model.has_steps;
    case 'scale':
    case 'has_scale':
      return model.has_scale;
    case 'transparency':
    case 'has_transparency':
    case 'background':
      return model.has_transparency;
    case 'quality':
    case 'qualities':
      return model.qualities.length > 0;
    case 'format':
    case 'formats':
      return model.formats.length > 0;
    case 'stream':
    case 'has_stream':
      return model.has_stream;
    case 'count':
    case 'count_max':
      return model.count_max > 1;
    case 'sizes':
    case 'size':
      return hasSize(model);
    case 'references_max':
      return model.references_max > 0;
    case 'options':
      return model.options.length > 0;
    case 'write_options':
      return model.write_options.length > 0;
    default:
      return true; // a newer server's word: let it decide
  }
}

/** What one may choose: the model's own list stands before the operation's. */
export function choicesOf(parameter: Parameter, model: Model): string[] {
  if (parameter.name === 'quality' && model.qualities.length > 0) return model.qualities;
  if (parameter.name === 'format' && model.formats.length > 0) return model.formats;
  return parameter.choices;
}

/** These have places of their own on the page, or are the page's own business. */
const placed = [
  'prompt',
  'negative_prompt',
  'model',
  'size',
  'width',
  'height',
  'n',
  'partial_images',
  'reference_roles',
];

/** A truth has three states here, for the provider's settings may say either: no fallback. */
export function optionParameter(option: Model['options'][number]): Parameter {
  const { type } = option;
  return {
    ...option,
    name: optionPrefix + option.name,
    // What accounts alone have is no option of a call.
    type: type === 'secret' || type === 'workflows' ? 'text' : type,
    fallback: null,
    capability: '',
  };
}

/** The parameters that stand folded under "More"; the model's own options in their place. */
export function moreParameters(operation: Operation, model: Model | undefined): Parameter[] {
  return operation.parameters
    .filter((parameter) => !placed.includes(parameter.name))
    .flatMap((parameter) =>
      parameter.type === 'options' ? (model?.options ?? []).map(optionParameter) : [parameter],
    );
}

type OptionRow = Model['options'][number];

const takes = ({ type, choices }: OptionRow, value: string | number | boolean) =>
  type !== 'choice' || choices.includes(String(value));

/** Of these options those that are set, as the server wants them; undefined: none. */
export function optionsOf(
  values: Draft['values'],
  rows: readonly OptionRow[],
): Record<string, string | number | boolean> | undefined {
  const out: Record<string, string | number | boolean> = {};
  for (const row of rows) {
    const value = values[optionPrefix + row.name];
    if (value !== undefined && value !== '' && takes(row, value)) out[row.name] = value;
  }
  return Object.keys(out).length > 0 ? out : undefined;
}

/** Options that are set and not sent: not these, or not this value; named as other models (`all`) do. */
export function droppedOptions(
  values: Draft['values'],
  rows: readonly OptionRow[],
  all: readonly OptionRow[],
): Parameter[] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (!key.startsWith(optionPrefix) || value === '') return [];
    const name = key.slice(optionPrefix.length);
    const row = rows.find((one) => one.name === name);
    if (row && takes(row, value)) return [];
    const known = row ?? all.find((one) => one.name === name);
    return [known ? optionParameter(known) : bareOption(name)];
  });
}

/** One that no model has any more. */
function bareOption(name: string): Parameter {
  return {
    name: optionPrefix + name,
    type: 'text',
    label_en: name,
    label_zh: name,
    help_en: '',
    help_zh: '',
    fallback: null,
    capability: '',
    is_required: false,
    min: 0,
    max: 0,
    choices: [],
  };
}

/** Width to height of what a task makes, or has made. */
export function ratioOf(task: Task, asset: Asset | undefined): number {
  return (asset?.width_px || task.width_px || 1) / (asset?.height_px || task.height_px || 1);
}

/** What is worth knowing of a model before one asks it; null: nothing, it works. */
export function laneState(
  lane: Pick<QueueLane, 'is_paused' | 'waiting' | 'models'> | undefined,
  { name, limits }: Pick<Model, 'name' | 'limits'>,
  now: number,
): { name: 'paused' | 'trouble' | 'probe' | 'rests' | 'waiting'; count: number } | null {
  const count = lane?.waiting ?? 0;
  // The queue tells of a model only what was asked of it.
  if (lane?.is_paused || limits.is_paused) return { name: 'paused', count };
  const model = lane?.models.find((one) => one.name === name);
  const breaker = model ? breakerOf(model, now) : 'closed';
  if (breaker === 'half_open') return { name: 'probe', count };
  if (breaker === 'open') return { name: 'trouble', count };
  if (model && isResting(model, now)) return { name: 'rests', count };
  return count > 0 ? { name: 'waiting', count } : null;
}

export function canUse(model: Model, references: number): boolean {
  return references > 0 ? model.can_edit || model.references_max > 0 : model.can_generate;
}

/** In the order of the pictures that are sent; empty: nothing is said of one. */
function rolesFor({ references, roles }: Draft, model: Model): string[] {
  return references.slice(0, model.references_max).map((id) => roles[id] ?? '');
}

/** What a node is given: what is set, as far as the model has it. */
function nodeParameters(draft: Draft, model: Model, operation: Operation) {
  const out: Record<string, unknown> = { model: model.id };
  for (const parameter of operation.parameters) {
    const { name, type } = parameter;
    if (name === 'width' || name === 'height') {
      if (draft.size && hasSize(model)) out[name] = draft.size[name];
      continue;
    }
    if (!isOffered(parameter, model)) continue;
    if (type === 'options') {
      const options = optionsOf(draft.values, model.options);
      if (options) out[name] = options;
      continue;
    }
    if (type === 'roles') {
      const roles = rolesFor(draft, model);
      if (roles.some((role) => role !== '')) out[name] = roles;
      continue;
    }
    if (name === 'negative_prompt') {
      if (draft.negativePrompt.trim()) out[name] = draft.negativePrompt.trim();
      continue;
    }
    const value = placed.includes(name) ? undefined : draft.values[name];
    if (value === undefined || value === '') continue;
    if (type !== 'choice' || choicesOf(parameter, model).includes(String(value))) out[name] = value;
  }
  return out;
}

/** What is set and not sent: this model does not take it, or not this value of it. */
export function droppedParameters(
  draft: Pick<Draft, 'negativePrompt' | 'values'>,
  model: Model,
  operation: Operation,
  models: readonly Model[],
): Parameter[] {
  const hasOptions = operation.parameters.some(({ type }) => type === 'options');
  const all = models.flatMap(({ options }) => options);
  const options = hasOptions ? droppedOptions(draft.values, model.options, all) : [];
  const own = operation.parameters.filter((parameter) => {
    if (parameter.name === 'negative_prompt') {
      return draft.negativePrompt.trim() !== '' && !isOffered(parameter, model);
    }
    const value = placed.includes(parameter.name) ? undefined : draft.values[parameter.name];
    if (value === undefined || value === '') return false;
    return (
      !isOffered(parameter, model) ||
      (parameter.type === 'choice' && !choicesOf(parameter, model).includes(String(value)))
    );
  });
  return [...own, ...options];
}

/** The prompts that the draft's words in braces make, with every value: at least one. */
export function promptCount(draft: Draft): number {
  return countFilled(draft.prompt, draft.variables);
}

/** Names of words in braces that have no value yet. */
export function promptGaps(draft: Draft): string[] {
  return missingVariables(draft.prompt, draft.variables);
}

/** Characters of the longest prompt that is sent. */
export function longestPrompt(draft: Draft): number {
  const prompts = fillAll(draft.prompt.trim(), draft.variables, picturesMax);
  return Math.max(0, ...prompts.map((prompt) => [...prompt].length));
}

/** How many are remembered: old names make room. */
const variablesMax = 50;

/** Keeps a value under its name, the newest last. */
export function rememberVariable(
  variables: Draft['variables'],
  name: string,
  value: string,
): Draft['variables'] {
  const entries = Object.entries(variables).filter(([one]) => one !== name);
  return Object.fromEntries([...entries, [name, value] as const].slice(-variablesMax));
}

/**
 * N pictures are N nodes side by side, so that each comes, fails and is retried by itself. They
 * differ by their seed: `seed + index`, from the draft or from `seedBase`. Prompts made of words in
 * braces have the same seeds, so that nothing but the words tells them apart.
 */
export function runRequest(
  draft: Draft,
  model: Model,
  operation: Operation,
  seedBase: number,
  priority: 'normal' | 'front',
): RunRequest {
  const parameters = nodeParameters(draft, model, operation);
  const seed = operation.parameters.find((parameter) => parameter.type === 'seed');
  const fixed = seed ? draft.values[seed.name] : undefined;
  const base = typeof fixed === 'number' ? fixed : seedBase;
  const port = operation.inputs.find((input) => input.type === 'image')?.name ?? 'references';
  const references = draft.references.slice(0, model.references_max);
  return {
    title: draft.prompt.trim().slice(0, 80),
    priority,
    ...(draft.product ? { product_id: draft.product } : {}),
    nodes: fillAll(
      draft.prompt.trim(),
      draft.variables,
      Math.floor(picturesMax / draft.count),
    ).flatMap((prompt, row) =>
      Array.from({ length: draft.count }, (_, index) => ({
        key: `p${row * draft.count + index + 1}`,
        operation: operation.name,
        parameters: {
          ...parameters,
          prompt,
          ...(seed && model.has_seed ? { [seed.name]: (base + index) % (seedMax + 1) } : {}),
        },
        ...(references.length > 0 ? { inputs: { [port]: references } } : {}),
      })),
    ),
  };
}

export type Recall = 'prompt' | 'seed' | 'size' | 'all' | 'remix';
export const recalls: readonly Recall[] = ['all', 'remix', 'prompt', 'seed', 'size'];

/** Of parameters as the server has them those that stand folded under "More". */
export function valuesOf(parameters: unknown): Draft['values'] {
  const values: Draft['values'] = {};
  for (const [name, value] of flatParameters(parameters)) {
    if (placed.includes(name)) continue;
    if (['string', 'number', 'boolean'].includes(typeof value)) {
      values[name] = value as string | number | boolean;
    }
  }
  return values;
}

function rolesById(ids: readonly string[], parameters: unknown): Draft['roles'] {
  const roles = rolesOf(parameters);
  const out: Draft['roles'] = {};
  ids.forEach((id, index) => {
    const role = roles[index];
    if (role) out[id] = role;
  });
  return out;
}

/** Takes over what a picture was made with. */
export function recallDraft(draft: Draft, asset: AssetDetail, what: Recall): Draft {
  const recipe = asset.recipe;
  const size = { width: asset.width_px, height: asset.height_px };
  if (!recipe) return what === 'size' || what === 'all' ? { ...draft, size } : draft;
  const withSeed = (values: Draft['values']) =>
    recipe.seed === null ? values : { ...values, seed: recipe.seed };
  if (what === 'prompt') return { ...draft, prompt: recipe.prompt };
  if (what === 'seed') return { ...draft, values: withSeed(draft.values) };
  if (what === 'size') return { ...draft, size };
  const { seed: _, ...values } = valuesOf(recipe.parameters);
  return {
    ...draft,
    prompt: recipe.prompt,
    negativePrompt: recipe.negative_prompt,
    references: [...recipe.references],
    roles: rolesById(recipe.references, recipe.parameters),
    // A picture that was made for nothing leaves the draft's product alone.
    product: asset.product_id ?? draft.product,
    modelId: recipe.model.startsWith(`${recipe.provider_id}/`)
      ? recipe.model
      : `${recipe.provider_id}/${recipe.model}`,
    size,
    values: what === 'all' ? withSeed(values) : values,
  };
}

/** Models of one account stand together, accounts and models in the order they came. */
export function groupByProvider(models: readonly Model[]): Model[] {
  const accounts = [...new Set(models.map((model) => model.provider_id))];
  return accounts.flatMap((id) => models.filter((model) => model.provider_id === id));
}

/** The model of the draft, or the default, or the first that is there. */
export function chooseModel(models: readonly Model[], id: string): Model | undefined {
  const enabled = models.filter((model) => model.is_enabled);
  return (
    enabled.find((model) => model.id === id) ??
    enabled.find((model) => model.is_default) ??
    enabled[0]
  );
}

/** How long a picture of this model usually takes: the middle of the latest ones; 0 unknown. */
export function usualMs(runs: readonly Run[], model: string): number {
  const took: number[] = [];
  for (const run of runs) {
    for (const task of run.tasks) {
      if (task.state !== 'done' || task.model !== model) continue;
      const ms = elapsedMs(task.started_at, task.finished_at);
      if (ms > 0) took.push(ms);
    }
    if (took.length >= 30) break;
  }
  took.sort((a, b) => a - b);
  return took[Math.floor(took.length / 2)] ?? 0;
}

export interface Summary {
  total: number;
  done: number;
  failed: number;
  held: number;
  left: number;
  cancelled: number;
}

export function summarise(tasks: readonly Pick<Task, 'state'>[]): Summary {
  const count = (...states: Task['state'][]) =>
    tasks.filter((task) => states.includes(task.state)).length;
  return {
    total: tasks.length,
    done: count('done'),
    failed: count('failed'),
    held: count('held'),
    cancelled: count('cancelled'),
    left: tasks.filter((task) => !hasEnded(task)).length,
  };
}

/**
 * Time a picture under way still needs: by the pace of its own progress once that says enough, else
 * by what is usual; 0: nobody knows, also when it is late. The pace is taken where the share last
 * changed, so that the time falls between two steps instead of growing.
 */
export function taskLeftMs(
  task: Pick<Task, 'started_at'>,
  live: Pick<LiveProgress, 'progress' | 'at'> | undefined,
  usual: number,
  now: number,
): number {
  if (!task.started_at) return 0;
  const took = elapsedMs(task.started_at, live?.at ?? null);
  const whole =
    live?.progress && live.progress >= 0.1 && took >= 1000 ? took / live.progress : usual;
  const left = Math.max(0, whole - elapsedMs(task.started_at, now));
  return Math.ceil(left / 1000) * 1000;
}

/** Time left of all, by what those under way need and how many run at once; 0: nobody knows. */
export function leftMs(
  tasks: readonly Task[],
  liveOf: (id: string) => Pick<LiveProgress, 'progress' | 'at'> | undefined,
  usual: number,
  now: number,
): number {
  const running = tasks.filter((task) => task.state === 'running' || task.state === 'waiting');
  const queued = tasks.filter((task) => task.state === 'ready' || task.state === 'blocked');
  const each = running.map((task) => taskLeftMs(task, liveOf(task.id), usual, now));
  // One that nobody knows about, or one that is late, leaves the whole unknown.
  if (each.length === 0 || each.includes(0) || (queued.length > 0 && !usual)) return 0;
  return Math.max(...each) + Math.ceil(queued.length / running.length) * usual;
}

/** Earlier prompts, each once: what stood here since the page was loaded, then those of one's runs. */
export function promptHistory(kept: readonly string[], used: readonly string[]): string[] {
  return [...new Set([...kept, ...used])];
}

/** Walks the history; -1 is what was being written. */
export function walkHistory(length: number, at: number, step: 1 | -1): number {
  return Math.min(length - 1, Math.max(-1, at + step));
}
