import { describe, expect, it } from 'vitest';
import { bestGrid } from './best-grid';

describe('bestGrid', () => {
  const rows: [string, number, number, [number, number], number][] = [
    ['one square fills the shorter side', 1, 1, [1000, 600], 1],
    ['four squares in a square room stand two by two', 4, 1, [800, 800], 2],
    ['four tall pictures in a wide room stand in a row', 4, 0.5, [1200, 500], 4],
    ['two wide pictures in a tall room stand in a column', 2, 2, [500, 800], 1],
  ];
  it.each(rows)('%s', (_why, count, ratio, [width, height], columns) => {
    const grid = bestGrid(count, ratio, { width, height }, 8, 120);
    expect(grid.columns).toBe(columns);
    const lines = Math.ceil(count / grid.columns);
    expect(grid.columns * grid.width + 8 * (grid.columns - 1)).toBeLessThanOrEqual(width);
    expect(lines * grid.height + 8 * (lines - 1)).toBeLessThanOrEqual(height + lines);
  });

  it('scrolls rather than making tiles too small', () => {
    const grid = bestGrid(60, 1, { width: 640, height: 300 }, 8, 200);
    expect(grid.columns).toBe(3);
    expect(grid.width).toBeGreaterThanOrEqual(200);
  });

  it('gives nothing in no room', () => {
    expect(bestGrid(4, 1, { width: 0, height: 0 }, 8, 100).width).toBe(0);
  });
});
