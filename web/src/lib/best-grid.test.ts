import { describe, expect, it } from 'vitest';
import { bestGrid, gridOf } from './best-grid';

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

describe('gridOf', () => {
  it.each([
    ['fills the room where there is more than one row', 8, 300, { columns: 3, width: 325 }],
    ['is no wider than asked for in a single row', 2, 300, { columns: 2, width: 300 }],
    ['is no wider than the room', 4, 1400, { columns: 1, width: 1000 }],
  ])('%s', (_why, count, least, expected) => {
    expect(gridOf(count, 1, 1000, 12, least)).toMatchObject(expected);
  });
});
