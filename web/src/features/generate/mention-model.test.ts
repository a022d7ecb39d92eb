import { describe, expect, it } from 'vitest';
import { mentionAt, replaceMention } from './mention-model';

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
