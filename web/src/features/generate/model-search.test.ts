import { describe, expect, it } from 'vitest';
import type { Model } from '~/api/types';
import { searchModels, usualOf } from './model-search';

const model = (name: string, label: string, provider = 'Studio') =>
  ({ id: `${provider}/${name}`, name, label, provider_name: provider }) as Model;
const models = [
  model('gpt-image-2', 'GPT Image 2', 'OpenAI'),
  model('qwen-image', 'Qwen Image', 'Relay'),
  model('gemini-3-pro-image', 'Nano Banana Pro', 'Google'),
];
const names = (words: string) => searchModels(models, words).map(({ name }) => name);

describe('searchModels', () => {
  it('leaves all in their order without words', () => {
    expect(names('  ')).toEqual(['gpt-image-2', 'qwen-image', 'gemini-3-pro-image']);
  });
  it('finds by label, by wire id and by house', () => {
    expect(names('banana')).toEqual(['gemini-3-pro-image']);
    expect(names('gemini-3')).toEqual(['gemini-3-pro-image']);
    expect(names('relay')[0]).toBe('qwen-image');
  });
  it('puts what begins so before what only has the letters', () => {
    expect(names('g')[0]).toBe('gpt-image-2');
    expect(names('qwen')).toEqual(['qwen-image']);
    expect(names('zzz')).toEqual([]);
  });
});

describe('usualOf', () => {
  const groups = [
    { key: 'gpt-image-2', finished: 12, p50_ms: 12_400 },
    { key: 'qwen-image', finished: 2, p50_ms: 3000 },
    { key: 'gemini-3-pro-image', finished: 5, p50_ms: null },
  ];
  it('is the middle of the calls of the model', () => {
    expect(usualOf(model('gpt-image-2', '', 'OpenAI'), models, groups)).toBe(12_400);
  });
  it('is not told of two calls, without a time and of a stranger', () => {
    for (const name of ['qwen-image', 'gemini-3-pro-image', 'other']) {
      expect(usualOf(model(name, ''), [], groups)).toBe(0);
    }
  });
  it('is of neither of two accounts with the same model', () => {
    const twice = [...models, model('gpt-image-2', 'GPT Image 2', 'Relay')];
    expect(usualOf(twice[0] as Model, twice, groups)).toBe(0);
  });
});
