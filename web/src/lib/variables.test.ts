import { describe, expect, it } from 'vitest';
import {
  countFilled,
  fillAll,
  fillVariables,
  findVariables,
  missingVariables,
  splitValues,
} from './variables';

describe('words in braces', () => {
  it.each([
    ['a {colour} mug', ['colour']],
    ['{b} {a} {b}', ['b', 'a']],
    ['{颜色}的{材质}杯', ['颜色', '材质']],
    ['a {{colour}} mug', []],
    ['{ colour } {} {1} {a b} {a', []],
    ['{"json": {"a": 1}}', []],
    ['{{{a}}}', []],
    [`{${'a'.repeat(40)}} {${'b'.repeat(41)}}`, ['a'.repeat(40)]],
    ['{constructor} {__proto__}', ['constructor', '__proto__']],
  ])('are found in %s', (text, names) => {
    expect(findVariables(text)).toEqual(names);
  });

  it('are filled in; what is missing stays, doubled braces are one', () => {
    expect(fillVariables('a {colour} {thing} {{colour}}', { colour: 'red' })).toBe(
      'a red {thing} {colour}',
    );
    expect(fillVariables('{a}{b}', { a: '{b}', b: '$&' })).toBe('{b}$&');
    expect(fillVariables('{constructor}', {})).toBe('{constructor}');
  });

  it('have values between bars', () => {
    expect(splitValues(' red | blue ||red| ')).toEqual(['red', 'blue']);
    expect(splitValues(' | ')).toEqual([]);
  });

  it('are multiplied, the last one changing fastest', () => {
    expect(fillAll('{a} {b}', { a: 'x|y', b: '1 | 2' }, 4)).toEqual(['x 1', 'x 2', 'y 1', 'y 2']);
    expect(fillAll('{a} {b}', { a: 'x|y', b: '1 | 2' }, 3)).toEqual([]);
    expect(fillAll('plain', { a: 'x|y' }, 1)).toEqual(['plain']);
    expect(missingVariables('{a} {b}', { a: ' | ', b: 'x' })).toEqual(['a']);
  });

  it('hold for whatever is written', () => {
    let seed = 7;
    const chance = (below: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    const pieces = ['{a}', '{b}', '{{a}}', '{', '}', '|', '$1', ' ', '灯', '{c-1}', '😀', '\\'];
    const write = (count: number) =>
      Array.from({ length: chance(count) }, () => pieces[chance(pieces.length)]).join('');
    for (let round = 0; round < 3000; round++) {
      const text = write(12);
      const written = { a: write(8), b: write(8) };
      const most = 1 + chance(20);
      const count = countFilled(text, written);
      const all = fillAll(text, written, most);
      expect(all.length).toBe(count <= most ? count : 0);
      const missing = missingVariables(text, written);
      const names = findVariables(text);
      expect(missing.every((one) => names.includes(one))).toBe(true);
      const product = names
        .filter((one) => !missing.includes(one))
        .reduce((sum, one) => sum * splitValues(written[one as 'a' | 'b']).length, 1);
      expect(count).toBe(product);
      if (names.length === 0) expect(all).toEqual([fillVariables(text, {})]);
      expect(fillVariables(text, {}).length).toBeLessThanOrEqual(text.length);
    }
  });
});
