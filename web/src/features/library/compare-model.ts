import type { AssetDetail } from '~/api/types';
import { flatParameters } from '~/lib/parameters';
import { type CompareMode, compareModes } from '~/lib/search';

export function nextMode(mode: CompareMode): CompareMode {
  return compareModes[(compareModes.indexOf(mode) + 1) % compareModes.length] ?? 'slider';
}

/** Where the divider stands: percent of the stage, never out of reach. */
export function clampDivider(percent: number): number {
  return Math.min(100, Math.max(0, Number.isFinite(percent) ? percent : 50));
}

export interface Difference {
  /** a name of the page's own, or of an operation's parameter */
  name: string;
  isParameter: boolean;
  a: string | number | boolean | null;
  b: string | number | boolean | null;
}

const own = ['model', 'provider', 'seed', 'pixels'] as const;
const told = [
  'prompt',
  'negative_prompt',
  'model',
  'seed',
  'width',
  'height',
  'n',
  'partial_images',
];

function facts(asset: AssetDetail): Map<string, Difference['a']> {
  const { recipe } = asset;
  const out = new Map<string, Difference['a']>([
    ['model', recipe?.model || null],
    ['provider', recipe?.provider_name || null],
    ['seed', recipe?.seed ?? null],
    ['pixels', `${asset.width_px} × ${asset.height_px}`],
  ]);
  for (const [name, value] of flatParameters(recipe?.parameters)) {
    if (told.includes(name)) continue;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      out.set(name, value);
    }
  }
  return out;
}

/** What the two were made with, where it is not the same; the prompts are told by words beside it. */
export function differences(a: AssetDetail, b: AssetDetail): Difference[] {
  const one = facts(a);
  const other = facts(b);
  return [...new Set([...one.keys(), ...other.keys()])]
    .map((name) => ({
      name,
      isParameter: !own.some((known) => known === name),
      a: one.get(name) ?? null,
      b: other.get(name) ?? null,
    }))
    .filter((row) => row.a !== row.b);
}
