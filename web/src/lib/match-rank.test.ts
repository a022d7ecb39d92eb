import { describe, expect, it } from 'vitest';
import { matchRank } from './match-rank';

describe('matchRank', () => {
  it('puts beginnings before middles before scattered letters', () => {
    const ranks = ['Go to Library', 'Library', 'My library card', 'Lend a ibis a berry'].map(
      (label) => matchRank(label, 'lib'),
    );
    expect(ranks).toEqual([3, 4, 3, 1]);
    expect(matchRank('Collibri', 'lib')).toBe(2);
    expect(matchRank('Queue', 'lib')).toBe(0);
  });

  it('finds Chinese words and lists all for nothing', () => {
    expect(matchRank('前往图库', '图库')).toBe(2);
    expect(matchRank('Queue', ' ')).toBe(1);
  });
});
