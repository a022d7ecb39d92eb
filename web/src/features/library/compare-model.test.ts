import { describe, expect, it } from 'vitest';
import type { AssetDetail } from '~/api/types';
import { readCompareSearch } from '~/lib/search';
import { clampDivider, differences, nextMode } from './compare-model';

function made(change: object = {}, picture: object = {}): AssetDetail {
  return {
    width_px: 1024,
    height_px: 1024,
    ...picture,
    recipe: {
      model: 'mock',
      provider_name: 'House',
      seed: 7,
      parameters: { prompt: 'a', quality: 'high', n: 1 },
      ...change,
    },
  } as unknown as AssetDetail;
}

describe('two pictures', () => {
  it('of one recipe differ in nothing', () => {
    expect(differences(made(), made())).toEqual([]);
  });

  it('differ in what was chosen, and the prompt is not told twice', () => {
    const other = made(
      { seed: 8, parameters: { prompt: 'b', quality: 'low', background: 'transparent' } },
      { width_px: 512 },
    );
    expect(differences(made(), other)).toEqual([
      { name: 'seed', isParameter: false, a: 7, b: 8 },
      { name: 'pixels', isParameter: false, a: '1024 × 1024', b: '512 × 1024' },
      { name: 'quality', isParameter: true, a: 'high', b: 'low' },
      { name: 'background', isParameter: true, a: null, b: 'transparent' },
    ]);
  });

  it('may have no recipe', () => {
    const uploaded = { width_px: 1024, height_px: 1024, recipe: null } as unknown as AssetDetail;
    expect(differences(uploaded, made()).map((row) => row.name)).toEqual([
      'model',
      'provider',
      'seed',
      'quality',
    ]);
  });

  it('are seen in one mode after the other', () => {
    expect(nextMode('slider')).toBe('side');
    expect(nextMode('side')).toBe('flip');
    expect(nextMode('flip')).toBe('slider');
    expect(readCompareSearch({ mode: 'flip' })).toEqual({ mode: 'flip' });
    expect(readCompareSearch({ mode: 'slider' })).toEqual({ mode: undefined });
    expect(readCompareSearch({ mode: '<b>' })).toEqual({ mode: undefined });
  });

  it('keep their divider on the stage', () => {
    expect([-3, 0, 41, 100, 400, Number.NaN].map(clampDivider)).toEqual([0, 0, 41, 100, 100, 50]);
  });
});
