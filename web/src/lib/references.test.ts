import { expect, it } from 'vitest';
import { addWithin, referencesMax } from './references';

it('adds pictures as far as the model takes them', () => {
  expect(addWithin(['a'], ['a', 'b', 'b', 'c'], 2)).toEqual({ ids: ['a', 'b'], added: ['b', 'c'] });
  expect(addWithin(['a', 'b'], ['c'], 1)).toEqual({ ids: ['a', 'b'], added: ['c'] });
  expect(addWithin([], ['a'], 0)).toEqual({ ids: [], added: ['a'] });
});

it('adds no more than any model takes while none is known', () => {
  const many = Array.from({ length: 30 }, (_, index) => `p${index}`);
  expect(addWithin([], many).ids).toHaveLength(referencesMax);
  expect(addWithin([], many, 100).ids).toHaveLength(referencesMax);
});
