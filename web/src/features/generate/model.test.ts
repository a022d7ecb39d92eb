import { describe, expect, it } from 'vitest';
import type { AssetDetail, Model, Operation, Parameter, QueueLane, Run, Task } from '~/api/types';
import { moveItem } from '~/lib/move-item';
import {
  choicesOf,
  chooseModel,
  droppedParameters,
  emptyDraft,
  fitSize,
  groupByProvider,
  isOffered,
  isSizeAllowed,
  laneState,
  leftMs,
  longestPrompt,
  moreParameters,
  nearestPixels,
  negativeOf,
  picturesMax,
  pixelClasses,
  promptCount,
  promptGaps,
  promptHistory,
  ratioName,
  ratios,
  ratioValue,
  recallDraft,
  rememberVariable,
  runRequest,
  seedMax,
  sizeFor,
  sizeShapes,
  summarise,
  taskLeftMs,
  usualMs,
  valuesOf,
  walkHistory,
  wholePixels,
} from './model';
import { free, option } from './model.fixture';
import { toolRequest } from './tool-model';

const listed: Model = {
  ...free,
  id: 'P2/listed',
  sizes: ['1024x1024', '1536x1024', '1024x1536'],
  has_seed: false,
  has_negative: false,
  references_max: 0,
};

function parameter(change: Partial<Parameter>): Parameter {
  return {
    name: '',
    type: 'text',
    is_required: false,
    label_en: '',
    label_zh: '',
    help_en: '',
    help_zh: '',
    fallback: null,
    min: 0,
    max: 0,
    choices: [],
    capability: '',
    ...change,
  };
}

const operation: Operation = {
  name: 'image.generate',
  label_en: '',
  label_zh: '',
  help_en: '',
  help_zh: '',
  inputs: [{ name: 'images', type: 'image', is_list: true, is_required: false, max: 16 }],
  outputs: [],
  parameters: [
    parameter({ name: 'prompt', type: 'long_text' }),
    parameter({ name: 'negative_prompt', type: 'long_text', capability: 'negative' }),
    parameter({ name: 'width', type: 'int' }),
    parameter({ name: 'height', type: 'int' }),
    parameter({ name: 'quality', type: 'choice', capability: 'quality' }),
    parameter({ name: 'seed', type: 'seed', capability: 'seed' }),
  ],
};
const draft = { ...emptyDraft, prompt: ' a mug ', count: 3 };

const styled: Model = {
  ...free,
  options: [
    option,
    { ...option, name: 'tiling', type: 'bool', choices: [] },
    { ...option, name: 'weight', type: 'int', min: 1, max: 100, choices: [] },
  ],
};
const withOptions: Operation = {
  ...operation,
  parameters: [...operation.parameters, parameter({ name: 'options', type: 'options' })],
};

describe("a model's own options", () => {
  it('stand among the fields in place of the parameter that holds them', () => {
    expect(moreParameters(withOptions, free).map(({ name }) => name)).toEqual(['quality', 'seed']);
    expect(moreParameters(withOptions, styled).map(({ name }) => name)).toEqual([
      'quality',
      'seed',
      'options.style',
      'options.tiling',
      'options.weight',
    ]);
    // A truth that is not set is as the provider's settings say: neither true nor false.
    expect(moreParameters(withOptions, styled)[3]?.fallback).toBe(null);
  });
  it('are sent as far as the model has them, and come back from what was made', () => {
    const values = {
      'options.style': 'bold',
      'options.tiling': false,
      'options.weight': 7,
      'options.gone': 'x',
    };
    const sent = runRequest({ ...draft, values }, styled, withOptions, 1, 'normal').nodes[0]
      ?.parameters as Record<string, unknown>;
    expect(sent.options).toEqual({ style: 'bold', tiling: false, weight: 7 });
    expect(valuesOf({ ...sent, seed: undefined })).toEqual({
      'options.style': 'bold',
      'options.tiling': false,
      'options.weight': 7,
    });
    const other = { ...styled, options: [{ ...option, choices: ['auto'] }] };
    const none = runRequest({ ...draft, values }, other, withOptions, 1, 'normal').nodes[0];
    expect(none?.parameters).not.toHaveProperty('options');
    expect(
      runRequest({ ...draft, values }, free, withOptions, 1, 'normal').nodes[0]?.parameters,
    ).not.toHaveProperty('options');
  });
});

describe('what a model does not take', () => {
  const names = (change: Partial<typeof draft>, model: Model) =>
    droppedParameters({ ...draft, ...change }, model, operation, [free, listed]).map(
      ({ name }) => name,
    );

  it('is named when it is set', () => {
    const set = { negativePrompt: 'text', values: { seed: 7, quality: 'high' } };
    expect(names(set, free)).toEqual([]);
    expect(names(set, listed)).toEqual(['negative_prompt', 'seed']);
    expect(names({ values: { seed: 0 } }, listed)).toEqual(['seed']);
  });

  it('is nothing to speak of when it is not set', () => {
    expect(names({}, listed)).toEqual([]);
    expect(names({ negativePrompt: '  \n' }, listed)).toEqual([]);
    expect(names({ values: { quality: '', width: 9, elsewhere: 1 } }, listed)).toEqual([]);
  });

  it('is a choice too that only another model has', () => {
    expect(names({ values: { quality: 'ultra' } }, free)).toEqual(['quality']);
    expect(names({ values: { quality: 'low' } }, free)).toEqual([]);
  });

  it('is what a run is not given', () => {
    const full = { ...draft, negativePrompt: 'text', values: { seed: 7, quality: 'ultra' } };
    for (const model of [free, listed]) {
      const [node] = runRequest(full, model, operation, 1, 'normal').nodes;
      for (const { name } of droppedParameters(full, model, operation, [])) {
        expect(node?.parameters).not.toHaveProperty(name);
      }
    }
  });

  it('is an option of another model, and a value that another has', () => {
    const of = (values: typeof draft.values, model: Model, all: Model[]) =>
      droppedParameters({ ...draft, values }, model, withOptions, all).map((one) => [
        one.name,
        one.label_en,
      ]);
    const set = { 'options.style': 'bold', 'options.weight': 7, 'options.gone': 'x' };
    expect(of(set, styled, [styled])).toEqual([['options.gone', 'gone']]);
    expect(of(set, free, [free, styled])).toEqual([
      ['options.style', 'Style'],
      ['options.weight', 'Style'], // the rows of this test have one label
      ['options.gone', 'gone'],
    ]);
    const tame = { ...styled, options: [{ ...option, choices: ['auto'] }] };
    expect(of({ 'options.style': 'bold', 'options.tiling': false }, tame, [])).toEqual([
      ['options.style', 'Style'],
      ['options.tiling', 'tiling'],
    ]);
    expect(of({ 'options.style': '' }, free, [styled])).toEqual([]);
    // An operation without options sends none, whatever a draft was kept with.
    expect(names({ values: set }, free)).toEqual([]);
  });

  it('has no limit of words that are not sent', () => {
    expect(negativeOf(operation, free)?.name).toBe('negative_prompt');
    expect(negativeOf(operation, listed)).toBeUndefined();
    expect(negativeOf(undefined, free)).toBeUndefined();
  });
});

describe('from shape to shape', () => {
  it('the pixels stay those that were meant', () => {
    const model = { ...free, side_px_step: 8 };
    let size = { width: 1024, height: 1024 };
    for (let turn = 0; turn < 20; turn++) {
      for (const ratio of ratios) size = sizeFor(ratioValue(ratio), wholePixels(size), model);
    }
    expect(sizeFor(1, wholePixels(size), model)).toEqual({ width: 1024, height: 1024 });
    expect(wholePixels({ width: 800, height: 800 })).toBe(640_000);
  });
});

describe('sizes', () => {
  it('makes only sizes the model takes, for every ratio and every pixel class', () => {
    for (const ratio of ratios) {
      for (const pixels of pixelClasses) {
        const size = sizeFor(ratioValue(ratio), pixels, free);
        expect(isSizeAllowed(size, free), `${ratio} ${pixels}`).toBe(true);
        expect(size.width / size.height / ratioValue(ratio)).toBeGreaterThan(0.93);
        expect(size.width / size.height / ratioValue(ratio)).toBeLessThan(1.07);
      }
    }
  });

  it('keeps a size that fits, else takes the nearest shape', () => {
    expect(fitSize({ width: 1024, height: 1024 }, listed)).toEqual({ width: 1024, height: 1024 });
    expect(fitSize({ width: 1820, height: 1024 }, listed)).toEqual({ width: 1536, height: 1024 });
    expect(fitSize({ width: 900, height: 1600 }, listed)).toEqual({ width: 1024, height: 1536 });
    expect(fitSize(null, { ...free, side_px_max: 0 })).toBeNull();
  });

  it('names ratios within two per cent', () => {
    expect(ratioName({ width: 1344, height: 1008 })).toBe('4:3');
    expect(ratioName({ width: 1000, height: 700 })).toBe('');
  });
});

describe('a run from a draft', () => {
  it('says what references are for, in their order, where the model takes them', () => {
    const told = {
      ...operation,
      parameters: [
        ...operation.parameters,
        parameter({ name: 'reference_roles', type: 'roles', capability: 'references_max' }),
      ],
    };
    const of = (change: Partial<typeof draft>, model = free) =>
      runRequest({ ...draft, ...change }, model, told, 1, 'normal').nodes[0]?.parameters as {
        reference_roles?: string[];
      };
    const roles = { B: 'style', C: 'place', GONE: 'person' } as const;
    expect(of({ references: ['A', 'B', 'C'], roles }).reference_roles).toEqual(['', 'style']);
    expect(of({ references: ['A'], roles })).not.toHaveProperty('reference_roles');
    expect(of({ references: ['B'], roles }, listed)).not.toHaveProperty('reference_roles');
  });

  it('makes a node per picture with its own seed', () => {
    const request = runRequest(draft, free, operation, 100, 'normal');
    expect(request.nodes.map((node) => (node.parameters as { seed: number }).seed)).toEqual([
      100, 101, 102,
    ]);
    expect(new Set(request.nodes.map((node) => node.key)).size).toBe(3);
    expect(request.nodes[0]?.parameters).toMatchObject({
      prompt: 'a mug',
      model: 'P1/free',
      width: 1024,
      height: 1024,
    });
  });

  it('starts from the seed that was set and stays within bounds', () => {
    const fixed = { ...draft, values: { seed: seedMax } };
    const request = runRequest(fixed, free, operation, 5, 'front');
    expect(request.nodes.map((node) => (node.parameters as { seed: number }).seed)).toEqual([
      seedMax,
      0,
      1,
    ]);
    expect(request.priority).toBe('front');
  });

  it('leaves out what the model does not have', () => {
    // A choice the model does not offer stays out as well.
    const full = {
      ...draft,
      negativePrompt: 'text',
      references: ['A'],
      values: { seed: 4, quality: 'medium' },
    };
    const node = runRequest(full, listed, operation, 1, 'normal').nodes[0];
    expect(node?.parameters).toEqual({
      prompt: 'a mug',
      model: 'P2/listed',
      width: 1024,
      height: 1024,
    });
    expect(node?.inputs).toBeUndefined();
  });

  it('sends references in order, as many as the model takes', () => {
    const many = { ...draft, references: ['A', 'B', 'C'] };
    expect(runRequest(many, free, operation, 1, 'normal').nodes[0]?.inputs).toEqual({
      images: ['A', 'B'],
    });
  });
});

describe('capabilities', () => {
  it('hides what the model has not and shows what it does not know', () => {
    expect(isOffered(parameter({ capability: 'seed' }), listed)).toBe(false);
    expect(isOffered(parameter({ capability: 'seed' }), free)).toBe(true);
    expect(isOffered(parameter({ capability: 'format' }), free)).toBe(false);
    expect(isOffered(parameter({ capability: 'tomorrow' }), free)).toBe(true);
  });

  it("offers the model's own qualities", () => {
    expect(choicesOf(parameter({ name: 'quality', choices: ['x'] }), free)).toEqual([
      'low',
      'high',
    ]);
    expect(choicesOf(parameter({ name: 'background', choices: ['auto'] }), free)).toEqual(['auto']);
  });

  it('chooses the wanted model, the default, then any that is on', () => {
    const off = { ...free, id: 'off', is_enabled: false, is_default: true };
    expect(chooseModel([free, listed], 'P2/listed')?.id).toBe('P2/listed');
    expect(chooseModel([listed, { ...free, is_default: true }], 'gone')?.id).toBe('P1/free');
    expect(chooseModel([off, listed], 'off')?.id).toBe('P2/listed');
    expect(chooseModel([], '')).toBeUndefined();
  });
});

describe('recall', () => {
  const asset = {
    width_px: 1536,
    height_px: 1024,
    recipe: {
      provider_id: 'P1',
      model: 'free',
      prompt: 'a lamp',
      negative_prompt: 'text',
      parameters: {
        prompt: 'a lamp',
        model: 'P1/free',
        width: 1536,
        height: 1024,
        quality: 'high',
        reference_roles: ['style'],
        seed: 7,
      },
      references: ['R'],
      seed: 7,
    },
  } as unknown as AssetDetail;

  it('takes one thing or all, and remix is all but the seed', () => {
    expect(recallDraft(draft, asset, 'prompt')).toEqual({ ...draft, prompt: 'a lamp' });
    expect(recallDraft(draft, asset, 'seed').values).toEqual({ seed: 7 });
    expect(recallDraft(draft, asset, 'size').size).toEqual({ width: 1536, height: 1024 });
    const all = recallDraft(draft, asset, 'all');
    expect(all).toMatchObject({ prompt: 'a lamp', modelId: 'P1/free', references: ['R'] });
    expect(all.roles).toEqual({ R: 'style' });
    expect(all.values).toEqual({ quality: 'high', seed: 7 });
    expect(recallDraft(all, asset, 'remix').values).toEqual({ quality: 'high' });
  });

  it('brings back what it was made for, with the words alone it does not', () => {
    const made = { ...asset, product_id: 'TEAPOT' };
    expect(recallDraft(draft, made, 'all').product).toBe('TEAPOT');
    expect(recallDraft(draft, made, 'remix').product).toBe('TEAPOT');
    expect(recallDraft(draft, made, 'prompt').product).toBe('');
    const other = { ...draft, product: 'MUG' };
    // Made for nothing, it leaves what the next ones are made for.
    expect(recallDraft(other, { ...asset, product_id: null }, 'all').product).toBe('MUG');
    expect(recallDraft(other, { ...asset, product_id: null }, 'remix').product).toBe('MUG');
    expect(recallDraft(other, made, 'all').product).toBe('TEAPOT');
  });

  it('gives the size of a picture nobody generated, and nothing else', () => {
    const photo = { ...asset, recipe: null };
    expect(recallDraft(draft, photo, 'all')).toEqual({
      ...draft,
      size: { width: 1536, height: 1024 },
    });
    expect(recallDraft(draft, photo, 'prompt')).toEqual(draft);
  });
});

describe('what it is made for', () => {
  it('goes with the run, and with texts', () => {
    const request = runRequest({ ...draft, product: 'TEAPOT' }, free, operation, 1, 'normal');
    expect(request.product_id).toBe('TEAPOT');
    expect(runRequest(draft, free, operation, 1, 'normal')).not.toHaveProperty('product_id');
    expect(toolRequest('expand', 'a cup', [], 'en', 'a cup', 'TEAPOT').product_id).toBe('TEAPOT');
  });
});

describe('a model and its account', () => {
  const well = { is_paused: false, waiting: 0, models: [] };
  const m = { name: 'm', limits: free.limits };
  const of = (change: Partial<QueueLane['models'][number]>) => ({
    ...well,
    models: [
      { name: 'm', breaker: 'closed', breaker_until: null, pause_until: null, ...change },
    ] as QueueLane['models'],
  });
  it.each([
    [well, null],
    [
      { ...well, waiting: 3 },
      { name: 'waiting', count: 3 },
    ],
    [of({ pause_until: '2026-11-28T10:00:00Z' }), { name: 'rests', count: 0 }],
    [of({ pause_until: '2026-11-28T09:00:00Z' }), null],
    [of({ name: 'another', breaker: 'open' }), null],
    [
      { ...of({ breaker: 'half_open' }), waiting: 1 },
      { name: 'probe', count: 1 },
    ],
    [of({ breaker: 'open', breaker_until: '2026-11-28T10:00:00Z' }), { name: 'trouble', count: 0 }],
    [of({ breaker: 'open', breaker_until: '2026-11-28T09:00:00Z' }), { name: 'probe', count: 0 }],
    [
      { ...of({ breaker: 'open' }), is_paused: true },
      { name: 'paused', count: 0 },
    ],
  ])('is told by what stands most in the way', (lane, expected) => {
    expect(laneState(lane, m, Date.parse('2026-11-28T09:30:00Z'))).toEqual(expected);
  });
  it('says nothing while nobody knows', () => expect(laneState(undefined, m, 0)).toBeNull());
  it('may be paused alone, whether or not anything was asked of it', () => {
    const paused = { ...m, limits: { ...m.limits, is_paused: true } };
    for (const lane of [undefined, well, of({ breaker: 'open' })])
      expect(laneState(lane, paused, 0)).toEqual({ name: 'paused', count: 0 });
  });
});

describe('progress', () => {
  const task = (change: Partial<Task>) =>
    ({
      state: 'done',
      model: 'm',
      created_at: '2026-11-22T10:00:00Z',
      started_at: '2026-11-22T10:00:00Z',
      finished_at: '2026-11-22T10:00:08Z',
      ...change,
    }) as Task;

  it('counts states', () => {
    const tasks = [
      task({}),
      task({ state: 'failed' }),
      task({ state: 'held' }),
      task({ state: 'ready' }),
    ];
    expect(summarise(tasks)).toEqual({
      total: 4,
      done: 1,
      failed: 1,
      held: 1,
      cancelled: 0,
      left: 2,
    });
  });

  it('knows the usual duration of a model and what is left by it', () => {
    const run = { tasks: [task({}), task({}), task({ model: 'other' })] } as Run;
    expect(usualMs([run], 'm')).toBe(8000);
    expect(usualMs([run], 'nobody')).toBe(0);
    const now = Date.parse('2026-11-22T10:00:03Z');
    const tasks = [task({ state: 'running' }), task({ state: 'ready' }), task({ state: 'ready' })];
    const silent = () => undefined;
    expect(leftMs(tasks, silent, 8000, now)).toBe(5000 + 16000);
    expect(leftMs(tasks, silent, 0, now)).toBe(0);
    expect(leftMs([task({ state: 'ready' })], silent, 8000, now)).toBe(0);
    expect(leftMs(tasks, silent, 2000, now)).toBe(0);
    const half = () => ({ progress: 0.5, at: now });
    expect(leftMs(tasks, half, 0, now)).toBe(0);
    expect(leftMs(tasks.slice(0, 1), half, 0, now)).toBe(3000);
  });

  it('is told of one picture by its own pace, and falls between two steps', () => {
    const start = '2026-11-22T10:00:00Z';
    const at = Date.parse(start) + 4000;
    const one = { started_at: start };
    const live = { progress: 0.25, at };
    expect(taskLeftMs(one, live, 5000, at)).toBe(12_000);
    expect(taskLeftMs(one, live, 5000, at + 3000)).toBe(9000);
    expect(taskLeftMs(one, live, 5000, at + 20_000)).toBe(0);
    expect(taskLeftMs(one, { progress: 0.05, at }, 5000, at)).toBe(1000);
    expect(taskLeftMs(one, { progress: 0.5, at: at - 3500 }, 5000, at)).toBe(1000);
    expect(taskLeftMs(one, { progress: null, at }, 0, at)).toBe(0);
    expect(taskLeftMs(one, { progress: 1, at }, 5000, at)).toBe(0);
    expect(taskLeftMs({ started_at: null }, live, 5000, at)).toBe(0);
  });
});

describe('words in braces', () => {
  const words = { ...draft, prompt: 'a {colour} {thing}', count: 2 };

  it('make a picture of every value with every other, with the same seeds', () => {
    const variables = { colour: 'red | blue', thing: 'mug' };
    const request = runRequest({ ...words, variables }, free, operation, 7, 'normal');
    expect(request.title).toBe('a {colour} {thing}');
    expect(request.nodes.map(({ key }) => key)).toEqual(['p1', 'p2', 'p3', 'p4']);
    expect(
      request.nodes.map(({ parameters }) => {
        const { prompt, seed } = parameters as { prompt: string; seed: number };
        return [prompt, seed];
      }),
    ).toEqual([
      ['a red mug', 7],
      ['a red mug', 8],
      ['a blue mug', 7],
      ['a blue mug', 8],
    ]);
    expect(promptCount({ ...words, variables })).toBe(2);
    expect(longestPrompt({ ...words, variables })).toBe('a blue mug'.length);
  });

  it('are asked for, bounded and remembered', () => {
    expect(promptGaps({ ...words, variables: { colour: 'red' } })).toEqual(['thing']);
    const many = Array.from({ length: 101 }, (_, index) => index).join('|');
    const over = { ...words, variables: { colour: many, thing: 'mug' } };
    expect(promptCount(over) * over.count).toBeGreaterThan(picturesMax);
    expect(runRequest(over, free, operation, 0, 'normal').nodes).toEqual([]);
    let kept: Record<string, string> = {};
    for (let index = 0; index < 60; index++) kept = rememberVariable(kept, `v${index}`, 'x');
    kept = rememberVariable(kept, 'v20', 'y');
    expect(Object.keys(kept)).toHaveLength(50);
    expect(Object.keys(kept).at(-1)).toBe('v20');
    expect(kept).not.toHaveProperty('v9');
  });
});

describe('history and order', () => {
  it('is what stood here and what was sent, each once', () => {
    expect(promptHistory(['kept', 'a'], ['b', 'a', 'kept', 'c'])).toEqual(['kept', 'a', 'b', 'c']);
  });

  it('walks between what was written and the oldest', () => {
    expect(walkHistory(2, -1, 1)).toBe(0);
    expect(walkHistory(2, 1, 1)).toBe(1);
    expect(walkHistory(2, 0, -1)).toBe(-1);
    expect(walkHistory(0, -1, 1)).toBe(-1);
  });

  it('moves one and keeps the others in order', () => {
    expect(moveItem(['a', 'b', 'c'], 0, 2)).toEqual(['b', 'c', 'a']);
    expect(moveItem(['a', 'b'], 1, 5)).toEqual(['a', 'b']);
  });
});

describe('long lists', () => {
  it('of sizes are chosen by shape, then by pixels', () => {
    const list = [
      { width: 2048, height: 2048 },
      { width: 928, height: 1152 },
      { width: 1024, height: 1024 },
      { width: 1536, height: 672 },
      { width: 1000, height: 100 },
    ];
    const shapes = sizeShapes(list);
    expect(shapes.map(({ name }) => name)).toEqual(['4:5', '1:1', '21:9', '1000 × 100']);
    expect(shapes.flatMap(({ sizes }) => sizes)).toHaveLength(list.length);
    const square = shapes[1]?.sizes ?? [];
    expect(square[0]?.width).toBe(1024);
    expect(nearestPixels(square, 3_000_000)?.width).toBe(2048);
    expect(nearestPixels([], 1)).toBeUndefined();
  });

  it('of models stand by account', () => {
    const make = (id: string, provider_id: string) => ({ ...free, id, provider_id });
    const models = [make('a', '1'), make('b', '2'), make('c', '1')];
    expect(groupByProvider(models).map(({ id }) => id)).toEqual(['a', 'c', 'b']);
  });
});
