import { describe, expect, it } from 'vitest';
import { optionalId, optionalText, readLibrarySearch, readQueueSearch } from './search';

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
      run: undefined,
      trash: undefined,
      sort: undefined,
    });
  });

  it('refuses ratings outside 1 to 5', () => {
    for (const rating of [0, 6, 2.5, 'x', null]) {
      expect(readLibrarySearch({ rating }).rating).toBeUndefined();
    }
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
