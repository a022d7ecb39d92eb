import { describe, expect, it } from 'vitest';
import type { Model, Operation, Preset } from '~/api/types';
import { emptyDraft } from './model';
import { applyPreset, isApplied, isUntouched, presetOf } from './preset-model';

const model = {
  id: 'P/one',
  name: 'one',
  is_enabled: true,
  can_generate: true,
  can_edit: true,
  references_max: 2,
  has_seed: true,
  has_steps: true,
  options: [] as Model['options'],
  has_negative: false,
  sizes: [] as string[],
  side_px_max: 2048,
} as Model;
const poor = { ...model, id: 'P/poor', name: 'poor', has_steps: false, side_px_max: 0 } as Model;
const blind = { ...model, id: 'P/blind', can_edit: false, references_max: 0 } as Model;
const operation = {
  name: 'image.generate',
  parameters: [
    { name: 'prompt', capability: '' },
    { name: 'negative_prompt', capability: 'has_negative' },
    { name: 'width', capability: 'sizes' },
    { name: 'height', capability: 'sizes' },
    { name: 'steps', capability: 'has_steps' },
    { name: 'seed', capability: 'has_seed' },
  ],
} as Operation;
const preset = (parameters: object, count = 2) =>
  ({ id: '1', name: 'Night', count, parameters }) as Preset;
const draft = {
  ...emptyDraft,
  prompt: ' a lamp ',
  negativePrompt: 'text',
  references: ['A'],
  count: 8,
  size: { width: 512, height: 768 },
  values: { steps: 20, seed: 7, format: '' },
};

describe('what is kept of a form', () => {
  it('is everything but the pictures, with the words or without', () => {
    expect(presetOf(draft, model, operation, true)).toEqual({
      operation: 'image.generate',
      count: 8,
      parameters: {
        prompt: 'a lamp',
        negative_prompt: 'text',
        model: 'P/one',
        width: 512,
        height: 768,
        steps: 20,
        seed: 7,
      },
    });
    expect(presetOf(draft, model, operation, false).parameters).not.toHaveProperty('prompt');
    expect(JSON.stringify(presetOf(draft, model, operation, true))).not.toContain('"A"');
  });

  it('is what the operation has a row for', () => {
    const odd = { ...draft, values: { steps: 1, key: 'sk-1', mask: 'A' } };
    expect(presetOf(odd, model, operation, true).parameters).not.toHaveProperty('key');
    expect(presetOf(odd, model, operation, true).parameters).not.toHaveProperty('mask');
  });

  it('comes back as it was', () => {
    const kept = { ...preset({}), ...presetOf(draft, model, operation, true) } as Preset;
    const applied = applyPreset(emptyDraft, kept, [model], undefined, operation);
    expect(applied.draft).toEqual({
      ...draft,
      prompt: 'a lamp',
      references: [],
      modelId: 'P/one',
      values: { steps: 20, seed: 7 },
    });
    expect(isApplied(applied.draft, kept, model)).toBe(true);
    expect(isApplied({ ...applied.draft, count: 4 }, kept, model)).toBe(false);
    expect(isApplied({ ...applied.draft, values: { steps: 21, seed: 7 } }, kept, model)).toBe(
      false,
    );
  });
});

describe('a preset put into the form', () => {
  it('leaves the pictures, and the words when it has none', () => {
    const applied = applyPreset(draft, preset({ steps: 3 }), [model], model, operation);
    expect(applied.draft).toMatchObject({
      prompt: ' a lamp ',
      negativePrompt: 'text',
      references: ['A'],
      count: 2,
      size: { width: 512, height: 768 },
      values: { steps: 3 },
    });
    expect(applied.dropped).toEqual([]);
  });

  it('keeps the model of the form when its own is gone or switched off, and says so', () => {
    const gone = preset({ model: 'P/gone/v2' });
    expect(applyPreset(draft, gone, [model], model, operation)).toMatchObject({
      lostModel: 'gone/v2',
      model,
      draft: { modelId: '' },
    });
    const off = { ...poor, is_enabled: false };
    const named = preset({ model: 'P/poor' });
    expect(applyPreset(draft, named, [off], model, operation).lostModel).toBe('poor');
    expect(applyPreset(draft, named, [poor], model, operation).lostModel).toBe('');
  });

  it('says what the model does not take', () => {
    const rich = preset({
      model: 'P/poor',
      steps: 3,
      seed: 1,
      negative_prompt: 'x',
      width: 512,
      height: 512,
      older: 1,
    });
    expect(applyPreset(emptyDraft, rich, [poor], undefined, operation).dropped).toEqual([
      'steps',
      'negative_prompt',
      'older',
      'size',
    ]);
    const style = { name: 'style', type: 'choice', choices: ['bold'] } as Model['options'][number];
    const styled = { ...model, options: [style] };
    const options = { style: 'bold', weight: 7 };
    const own = preset({ options });
    expect(applyPreset(emptyDraft, own, [styled], styled, operation).dropped).toEqual([
      'options.weight',
    ]);
    expect(applyPreset(emptyDraft, own, [poor], poor, operation)).toMatchObject({
      dropped: ['options.style', 'options.weight'],
      draft: { values: { 'options.style': 'bold', 'options.weight': 7 } }, // kept for another
    });
    const gone = preset({ options: { style: 'loud' } });
    expect(applyPreset(emptyDraft, gone, [styled], styled, operation).dropped).toEqual([
      'options.style',
    ]);
    const pictures = preset({ model: 'P/blind' });
    expect(applyPreset(draft, pictures, [blind], model, operation).dropped).toEqual(['references']);
  });

  it('takes the nearest count the page offers, and no broken size', () => {
    const of = (count: number) =>
      applyPreset(emptyDraft, preset({}, count), [], undefined, operation).draft.count;
    expect([1, 2, 3, 5, 7, 64].map(of)).toEqual([1, 2, 2, 4, 8, 8]);
    const broken = preset({ width: 0, height: '9', steps: [1] });
    expect(applyPreset(draft, broken, [model], model, operation).draft).toMatchObject({
      size: draft.size,
      values: {},
    });
  });
});

it('is for a page on which nothing was written', () => {
  expect(isUntouched({ ...emptyDraft, prompt: '  ', count: 1 })).toBe(true);
  expect(isUntouched({ ...emptyDraft, negativePrompt: 'x' })).toBe(false);
  expect(isUntouched({ ...emptyDraft, references: ['A'] })).toBe(false);
});
