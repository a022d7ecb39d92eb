import { describe, expect, it } from 'vitest';
import { type DiffPart, wordDiff } from './word-diff';

const side = (parts: DiffPart[], without: DiffPart['type']) =>
  parts
    .filter((part) => part.type !== without)
    .map((part) => part.text)
    .join('');

describe('a difference by words', () => {
  it('tells the word that was changed and nothing else', () => {
    expect(wordDiff('a red mug on slate', 'a blue mug on slate')).toEqual([
      { type: 'same', text: 'a ' },
      { type: 'removed', text: 'red ' },
      { type: 'added', text: 'blue ' },
      { type: 'same', text: 'mug on slate' },
    ]);
  });

  it('takes Chinese by signs', () => {
    expect(wordDiff('红色杯子', '蓝色杯子')).toEqual([
      { type: 'removed', text: '红' },
      { type: 'added', text: '蓝' },
      { type: 'same', text: '色杯子' },
    ]);
  });

  it('is nothing but the same, removed or added where one side has nothing', () => {
    expect(wordDiff('', '')).toEqual([]);
    expect(wordDiff('mug', 'mug')).toEqual([{ type: 'same', text: 'mug' }]);
    expect(wordDiff('mug', '')).toEqual([{ type: 'removed', text: 'mug' }]);
    expect(wordDiff('', 'mug')).toEqual([{ type: 'added', text: 'mug' }]);
  });

  it('gives both texts back, whatever they are', () => {
    let seed = 11;
    const next = (below: number) => {
      seed = (seed * 1664525 + 1013904223) >>> 0;
      return seed % below;
    };
    const signs = ['red', 'mug', ' ', ', ', '杯', '\n', '🙂', "it's", '.', '  '];
    const text = () => Array.from({ length: next(40) }, () => signs[next(signs.length)]).join('');
    for (let round = 0; round < 500; round++) {
      const before = text();
      const after = text();
      const parts = wordDiff(before, after);
      expect(side(parts, 'added')).toBe(before);
      expect(side(parts, 'removed')).toBe(after);
      for (let at = 1; at < parts.length; at++) {
        expect(parts[at]?.type).not.toBe(parts[at - 1]?.type);
      }
    }
  });

  it('tells texts beyond all reading as a whole, at once', () => {
    const before = Array.from({ length: 5000 }, (_, index) => `a${index}`).join(' ');
    const after = Array.from({ length: 5000 }, (_, index) => `b${index}`).join(' ');
    const parts = wordDiff(before, after);
    expect(parts.map((part) => part.type)).toEqual(['removed', 'added']);
  });
});
