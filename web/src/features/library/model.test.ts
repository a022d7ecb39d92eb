import { describe, expect, it } from 'vitest';
import type { Asset } from '~/api/types';
import {
  chunk,
  filterOf,
  isFiltered,
  makeLines,
  moveVertically,
  noSelection,
  prune,
  selectRange,
  toggle,
} from './model';

function assets(count: number, perDay: number): Asset[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `A${index}`,
    width_px: index % 3 === 0 ? 1500 : 1000,
    height_px: 1000,
    created_at: new Date(2026, 10, 22 - Math.floor(index / perDay), 12).toISOString(),
  })) as Asset[];
}

describe('the lines of the library', () => {
  it('has a heading per day and every picture once, in order', () => {
    const lines = makeLines(assets(50, 12), 1000, 200, 4, true);
    expect(lines.filter((line) => line.type === 'day')).toHaveLength(5);
    let next = 0;
    for (const line of lines) {
      if (line.type === 'day') continue;
      expect(line.start).toBe(next);
      next += line.row.widths.length;
    }
    expect(next).toBe(50);
    expect(new Set(lines.map((line) => line.key)).size).toBe(lines.length);
  });

  it('has no headings when sorted by rating', () => {
    const lines = makeLines(assets(9, 3), 1000, 200, 4, false);
    expect(lines.every((line) => line.type === 'row')).toBe(true);
  });

  it('moves to the nearest picture above and below, and stays at the ends', () => {
    const lines = makeLines(assets(30, 30), 1000, 200, 4, true);
    const down = moveVertically(lines, 0, 1);
    expect(down).toBeGreaterThan(1);
    expect(moveVertically(lines, down, -1)).toBe(0);
    expect(moveVertically(lines, 0, -1)).toBe(0);
    expect(moveVertically(lines, 29, 1)).toBe(29);
  });
});

describe('selection', () => {
  const order = ['a', 'b', 'c', 'd', 'e'];

  it('toggles one and ranges from the last one, both ways', () => {
    const one = toggle(noSelection, 'd');
    expect([...selectRange(one, order, 'b').ids].sort()).toEqual(['b', 'c', 'd']);
    expect([...selectRange(one, order, 'e').ids].sort()).toEqual(['d', 'e']);
    expect(toggle(one, 'd').ids.size).toBe(0);
  });

  it('begins a range where there is no anchor', () => {
    expect([...selectRange(noSelection, order, 'c').ids]).toEqual(['c']);
    expect(selectRange(noSelection, order, 'gone')).toBe(noSelection);
  });

  it('forgets what left the list and keeps its identity otherwise', () => {
    const one = toggle(toggle(noSelection, 'a'), 'b');
    expect(prune(one, order)).toBe(one);
    expect([...prune(one, ['b']).ids]).toEqual(['b']);
  });
});

describe('filters', () => {
  it('asks only for what is set', () => {
    expect(filterOf({ q: '', rating: undefined, sort: 'oldest' })).toEqual({});
    expect(filterOf({ q: 'mug', trash: true, starred: true })).toEqual({
      q: 'mug',
      trash: true,
      starred: true,
    });
    expect(isFiltered({ trash: true })).toBe(false);
    expect(isFiltered({ tag: 'hero' })).toBe(true);
  });

  it('cuts long lists for the server', () => {
    expect(chunk([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(chunk([], 2)).toEqual([]);
  });
});
