import { describe, expect, it } from 'vitest';
import { justify } from './justify';

function random(seed: number) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

describe('justify', () => {
  it('places every item once, in order, and fills each full row exactly', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const next = random(seed);
      const ratios = Array.from({ length: Math.floor(next() * 80) }, () => 0.1 + next() * 4);
      const width = 200 + next() * 1800;
      const target = 100 + next() * 240;
      const { rows, height } = justify(ratios, width, target, 4);
      let expected = 0;
      let bottom = 0;
      rows.forEach((row, index) => {
        expect(row.start).toBe(expected);
        expect(row.end).toBeGreaterThan(row.start);
        expect(row.y).toBeCloseTo(index === 0 ? 0 : bottom + 4);
        expected = row.end;
        bottom = row.y + row.height;
        const used = row.widths.reduce((sum, one) => sum + one, 0) + 4 * (row.widths.length - 1);
        expect(used).toBeLessThanOrEqual(width + 0.01);
        if (index < rows.length - 1) expect(used).toBeCloseTo(width, 1);
      });
      expect(expected).toBe(ratios.length);
      expect(height).toBeCloseTo(bottom);
    }
  });

  it('keeps a short last row at the wanted height', () => {
    const { rows } = justify([1], 1000, 200, 4);
    expect(rows).toEqual([{ start: 0, end: 1, y: 0, height: 200, widths: [200] }]);
  });

  it('gives no rows for no room and survives broken ratios', () => {
    expect(justify([1, 2], 0, 200, 4).rows).toEqual([]);
    const { rows } = justify([Number.NaN, 0, Infinity, -3], 800, 200, 4);
    expect(rows.at(-1)?.end).toBe(4);
    for (const row of rows) for (const one of row.widths) expect(one).toBeGreaterThan(0);
  });
});
