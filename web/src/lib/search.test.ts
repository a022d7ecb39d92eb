import { describe, expect, it } from 'vitest';
import {
  optionalDay,
  optionalId,
  optionalText,
  readGenerateSearch,
  readLibrarySearch,
  readQueueSearch,
  readWordsSearch,
} from './search';

describe('addresses', () => {
  it('takes what fits and drops the rest', () => {
    expect(
      readLibrarySearch({
        q: 'mug',
        rating: '4',
        starred: 'true',
        kind: 'uploaded',
        run: '01J<script>',
        sort: 'sideways',
        trash: 'no',
        evil: 1,
      }),
    ).toEqual({
      q: 'mug',
      tag: undefined,
      rating: 4,
      starred: true,
      kind: 'uploaded',
      model: undefined,
      product: undefined,
      from: undefined,
      to: undefined,
      run: undefined,
      trash: undefined,
      sort: undefined,
    });
  });

  it('names a product by its id alone', () => {
    expect(readLibrarySearch({ product: '01JD' }).product).toBe('01JD');
    expect(readGenerateSearch({ product: '01JD' }).product).toBe('01JD');
    expect(readGenerateSearch({ product: '../x' }).product).toBeUndefined();
    expect(readWordsSearch({ q: 'x'.repeat(300) }).q).toHaveLength(200);
    expect(readWordsSearch({ q: '' }).q).toBeUndefined();
  });

  it('refuses ratings outside 1 to 5', () => {
    for (const rating of [0, 6, 2.5, 'x', null]) {
      expect(readLibrarySearch({ rating }).rating).toBeUndefined();
    }
  });

  it('takes calendar days only, the last not before the first', () => {
    expect(optionalDay('2028-02-29')).toBe('2028-02-29');
    for (const day of ['2026-02-29', '2026-13-01', '0026-11-22', '2026-11-22T10:00', '', null]) {
      expect(optionalDay(day)).toBeUndefined();
    }
    const read = (from: string, to: string) => {
      const search = readLibrarySearch({ from, to });
      return [search.from, search.to];
    };
    expect(read('2026-11-22', '2026-11-22')).toEqual(['2026-11-22', '2026-11-22']);
    expect(read('2026-11-22', '2026-11-21')).toEqual(['2026-11-22', undefined]);
    expect(read('', '2026-11-21')).toEqual([undefined, '2026-11-21']);
  });

  it('keeps a model with its provider, cut to what the server takes', () => {
    expect(readLibrarySearch({ model: '01JD/flux' }).model).toBe('01JD/flux');
    expect(readLibrarySearch({ model: 'x'.repeat(300) }).model).toHaveLength(200);
  });

  it('keeps numbers that people search for as text', () => {
    expect(optionalText(2026)).toBe('2026');
    expect(optionalText('')).toBeUndefined();
    expect(optionalId('01JABC')).toBe('01JABC');
    expect(optionalId('../x')).toBeUndefined();
  });

  it('reads what the queue is asked for', () => {
    expect(
      readQueueSearch({ state: 'failed', since: '7d', range: '99d', provider: '<', all: 'true' }),
    ).toEqual({
      state: 'failed',
      provider: undefined,
      since: '7d',
      range: undefined,
      by: undefined,
      model: undefined,
      all: true,
    });
  });
});
