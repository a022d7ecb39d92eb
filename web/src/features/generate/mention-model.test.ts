import { describe, expect, it } from 'vitest';
import { followReferences, mentionAt, replaceMention } from './mention-model';

const at = (marked: string) => {
  const caret = marked.indexOf('|');
  return mentionAt(marked.replace('|', ''), caret);
};

describe('what is called up at the caret', () => {
  it.each([
    ['@|', 'picture', 0, ''],
    ['a lamp like @mug|', 'picture', 12, 'mug'],
    ['a lamp like @m|ug on', 'picture', 12, 'm'],
    ['像@茶|', 'picture', 1, '茶'],
    ['line\n@|', 'picture', 5, ''],
    ['(@x|', 'picture', 1, 'x'],
    ['/|', 'command', 0, ''],
    ['/night st|', 'command', 0, 'night st'],
    ['  /ex|', 'command', 2, 'ex'],
    ['/ex| a lamp', 'command', 0, 'ex'],
  ])('%s', (marked, kind, start, query) => {
    const caret = marked.indexOf('|');
    expect(at(marked)).toEqual({ kind, start, end: caret, query });
  });

  it.each([
    'me@example|',
    'a.b_@x|',
    '@@|',
    '@mug |',
    'a /|',
    '16/9|',
    '/a/b|',
    '/night\n|',
    'a lamp|',
    '|@',
    `@${'x'.repeat(31)}|`,
  ])('nothing: %s', (marked) => {
    expect(at(marked)).toBeNull();
  });
});

describe('its place', () => {
  it('is taken by the words, parted from what follows', () => {
    const put = (marked: string, words: string) => {
      const found = at(marked);
      return found && replaceMention(marked.replace('|', ''), found, words);
    };
    expect(put('like @mu|', 'Reference 1')).toEqual({ text: 'like Reference 1 ', caret: 17 });
    expect(put('like @mu| there', 'Reference 1')).toEqual({
      text: 'like Reference 1 there',
      caret: 16,
    });
    expect(put('/ex| a lamp', '')).toEqual({ text: 'a lamp', caret: 0 });
    expect(put('/ex|', '')).toEqual({ text: '', caret: 0 });
  });
});

describe('words that name a picture go with it', () => {
  const en = (index: number) => `Reference ${index + 1}`;
  const zh = (index: number) => `参考图 ${index + 1}`;
  const many = Array.from({ length: 12 }, (_, index) => `p${index}`);
  it.each([
    ['moved', 'Reference 1 on Reference 2', ['a', 'b'], ['b', 'a'], 'Reference 2 on Reference 1'],
    ['as it was', 'Reference 2', ['a', 'b'], ['a', 'b'], 'Reference 2'],
    ['one more', 'Reference 1', ['a'], ['a', 'b'], 'Reference 1'],
    ['gone', 'like Reference 1 on Reference 2', ['a', 'b'], ['b'], 'like on Reference 1'],
    ['no picture', 'Reference 3, Reference 1', ['a', 'b'], ['b', 'a'], 'Reference 3, Reference 2'],
    ['another word', 'preReference 1', ['a', 'b'], ['b', 'a'], 'preReference 1'],
    ['none before', 'Reference 1', [], ['a'], 'Reference 1'],
    ['tens', 'Reference 12', many, [...many.slice(11), ...many.slice(0, 11)], 'Reference 1'],
    ['not tens', 'Reference 12', many.slice(0, 2), ['p1', 'p0'], 'Reference 12'],
  ])('%s', (_, text, before, after, expected) => {
    expect(followReferences(text, before, after, en)).toBe(expected);
  });

  it('within Chinese, which has no spaces', () => {
    expect(followReferences('像参考图 1那样', ['a', 'b'], ['b', 'a'], zh)).toBe('像参考图 2那样');
  });
});
