import { describe, expect, it } from 'vitest';
import type { Asset } from '~/api/types';
import {
  chunk,
  countOf,
  exceptMax,
  filterOf,
  heirOf,
  isChoosing,
  isChosen,
  isFiltered,
  type Layout,
  layOut,
  linesOf,
  makeSections,
  mark,
  momentOf,
  moveVertically,
  noSelection,
  runAround,
  sectionAt,
  selectAll,
  selectRange,
  settled,
  stack,
  toggle,
  touchedBy,
  without,
} from './model';

function assets(count: number, perDay: number): Asset[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `A${index}`,
    width_px: index % 3 === 0 ? 1500 : 1000,
    height_px: 1000,
    created_at: new Date(2026, 10, 22 - Math.floor(index / perDay), 12).toISOString(),
  })) as Asset[];
}

const day = (name: string, count: number) => ({ key: name, day: name, count, filter: {} });

describe('the geometry of the library', () => {
  it('knows a day by the times the server counted it by', () => {
    const days = [
      { day: '2026-11-22', count: 2 },
      { day: '2026-11-20', count: 1 },
    ];
    const [first] = makeSections(days, { q: 'mug' }, 'newest', 480);
    expect(first?.filter).toEqual({
      q: 'mug',
      from: '2026-11-21T16:00:00.000Z',
      to: '2026-11-22T16:00:00.000Z',
    });
    expect(makeSections(days, {}, 'oldest', 0).map(({ key }) => key)).toEqual([
      '2026-11-20',
      '2026-11-22',
    ]);
    expect(makeSections(days, {}, 'rating', 0)).toEqual([
      { key: 'all', day: '', count: 3, filter: {} },
    ]);
    const inside = makeSections(days, { from: '2026-11-22T08:00:00Z' }, 'newest', 0);
    expect(inside[0]?.filter.from).toBe('2026-11-22T08:00:00.000Z');
  });

  it('has a place for what is not loaded, and shrinks to what there is', () => {
    const none = layOut(day('2026-11-22', 500), [], false, 1000, 200, 4);
    const some = layOut(day('2026-11-22', 500), assets(100, 100), false, 1000, 200, 4);
    const all = layOut(day('2026-11-22', 500), assets(100, 100), true, 1000, 200, 4);
    expect(none.height).toBeGreaterThan(10_000);
    expect(some.height).toBeGreaterThan(all.height);
    expect(all.height).toBe(all.loaded);
    expect(all.rows.reduce((sum, row) => sum + row.widths.length, 0)).toBe(100);
    expect(layOut(day('2026-11-22', 3), [], true, 1000, 200, 4).height).toBe(0);
  });

  it('finds the section of a place', () => {
    const tops = stack([100, 0, 50, 200]);
    expect(tops).toEqual([0, 100, 100, 150, 350]);
    expect([-5, 0, 99, 100, 149, 150, 9999].map((y) => sectionAt(tops, y))).toEqual([
      0, 0, 0, 2, 2, 3, 3,
    ]);
  });

  it('takes the loaded days around one, without a hole', () => {
    const sections = ['a', 'b', 'c', 'd', 'e'].map((key) => ({ key }));
    const loaded = new Map([
      ['a', 1],
      ['c', 3],
      ['d', 4],
    ]);
    expect(runAround(sections, loaded, 3)).toEqual([3, 4]);
    expect(runAround(sections, loaded, 1)).toEqual([]);
  });

  it('moves to the nearest picture above and below, over days, and stays at the ends', () => {
    const lines = linesOf([
      layOut(day('2026-11-22', 15), assets(15, 15), true, 1000, 200, 4),
      layOut(day('2026-11-21', 15), assets(15, 15), true, 1000, 200, 4),
    ]);
    let at = 0;
    for (let steps = 0; steps < lines.length - 1; steps++) {
      const next = moveVertically(lines, at, 1);
      expect(next).toBeGreaterThan(at);
      at = next;
    }
    expect(at).toBeGreaterThan(15);
    expect(moveVertically(lines, at, 1)).toBe(at);
    expect(moveVertically(lines, 0, -1)).toBe(0);
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
    expect(without(one, ['c'])).toBe(one);
    expect([...without(one, ['a']).ids]).toEqual(['b']);
  });

  it('picks single ones off all that match, and on again', () => {
    const all = selectAll(toggle(noSelection, 'a'));
    expect(countOf(all, 300)).toBe(300);
    const but = toggle(toggle(all, 'b'), 'c');
    expect(but.isAll).toBe(true);
    expect([...but.except]).toEqual(['b', 'c']);
    expect(countOf(but, 300)).toBe(298);
    expect(['a', 'b', 'z'].map((id) => isChosen(but, id))).toEqual([true, false, true]);
    expect([...toggle(but, 'b').except]).toEqual(['c']);
    // All once more forgets what was picked off, and what is picked anew names no exceptions.
    expect(selectAll(but).except.size).toBe(0);
    expect(toggle(noSelection, 'b').except.size).toBe(0);
  });

  it('ranges off where it began with one picked off, and on where with one picked on', () => {
    const off = selectRange(toggle(selectAll(noSelection), 'b'), order, 'd');
    expect([...off.except]).toEqual(['b', 'c', 'd']);
    const on = selectRange(toggle(off, 'd'), order, 'c');
    expect([...on.except]).toEqual(['b']);
    expect([...selectRange(selectAll(noSelection), order, 'c').except]).toEqual(['c']);
  });

  it('marks many of all that match, as a box does', () => {
    const off = mark(selectAll(noSelection), ['a', 'b'], false);
    expect([...off.except]).toEqual(['a', 'b']);
    expect([...mark(off, ['b', 'c'], true).except]).toEqual(['a']);
    expect(isChoosing(off)).toBe(true);
    expect(isChoosing(noSelection)).toBe(false);
  });

  it('lets no more be picked off than the server takes, and nothing be what is left', () => {
    const names = Array.from({ length: exceptMax + 1 }, (_, index) => `n${index}`);
    const most = mark(selectAll(noSelection), names.slice(1), false);
    expect(settled(most, 5000)).toBe(most);
    expect(settled(mark(most, names, false), 5000)).toBeNull();
    expect(settled(most, exceptMax)).toBe(noSelection);
    expect(settled(selectAll(noSelection), null)?.isAll).toBe(true);
    // What is picked one by one has no such bound.
    expect(settled(mark(noSelection, names, true), 5000)?.ids.size).toBe(exceptMax + 1);
  });

  it('counts no exception that left the list', () => {
    const but = toggle(selectAll(noSelection), 'b');
    expect(without(but, ['x'])).toBe(but);
    expect(countOf(without(but, ['b']), 299)).toBe(299);
  });
});

describe('heirOf', () => {
  const order = ['a', 'b', 'c', 'd'];
  it('is the next that stays, else the one before', () => {
    expect(heirOf(order, ['b'], 'b')).toBe('c');
    expect(heirOf(order, ['b', 'c'], 'b')).toBe('d');
    expect(heirOf(order, ['c', 'd'], 'd')).toBe('b');
  });
  it('is nobody where nothing stays, or it was not in the list', () => {
    expect(heirOf(order, order, 'b')).toBe('');
    expect(heirOf(order, ['x'], 'x')).toBe('');
  });
});

describe('filters', () => {
  it('finds the one moment of a picture, inside the times that are asked for', () => {
    const at = '2026-11-22T10:00:00.500Z';
    const moment = { from: at, to: '2026-11-22T10:00:00.501Z' };
    expect(momentOf({ q: 'mug' }, at)).toEqual({ q: 'mug', ...moment });
    expect(momentOf({ from: at, to: '2026-11-23T00:00:00.000Z' }, at)).toEqual(moment);
    expect(momentOf({ to: at }, at)).toBeNull();
    expect(momentOf({ from: moment.to }, at)).toBeNull();
  });

  it('asks only for what is set', () => {
    expect(filterOf({ q: '', rating: undefined, sort: 'oldest' }, 0)).toEqual({});
    expect(filterOf({ product: 'TEAPOT' }, 0)).toEqual({ product: 'TEAPOT' });
    expect(isFiltered({ product: 'TEAPOT' })).toBe(true);
    expect(filterOf({ q: 'mug', trash: true, starred: true }, 0)).toEqual({
      q: 'mug',
      trash: true,
      starred: true,
    });
    expect(isFiltered({ trash: true })).toBe(false);
    expect(isFiltered({ tag: 'hero' })).toBe(true);
  });

  it('asks for whole days where the person is', () => {
    const search = { model: '01JD/flux', from: '2026-11-22', to: '2026-11-23' };
    expect(filterOf(search, 480)).toEqual({
      model: '01JD/flux',
      from: '2026-11-21T16:00:00.000Z',
      to: '2026-11-23T16:00:00.000Z',
    });
    // A day of the list has the same times, so that its pictures are those it counts.
    const day = [{ day: '2026-11-22', count: 1 }];
    const one = filterOf({ from: '2026-11-22', to: '2026-11-22' }, 480);
    expect(makeSections(day, one, 'newest', 480)[0]?.filter).toEqual(one);
    expect(isFiltered({ to: '2026-11-22' })).toBe(true);
  });

  it('cuts long lists for the server', () => {
    expect(chunk([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(chunk([], 2)).toEqual([]);
  });
});

describe('touchedBy', () => {
  const row = (start: number, y: number) => ({
    start,
    end: start + 2,
    y,
    height: 100,
    widths: [100, 150],
  });
  const layout = (ids: string[]) =>
    ({
      assets: ids.map((id) => ({ id })),
      rows: [row(0, 44), row(2, 148)],
      height: 252,
      loaded: 252,
      isWhole: true,
    }) as unknown as Layout;
  const sections = [{ key: 'a' }, { key: 'b' }, { key: 'c' }];
  const layouts = new Map([
    ['a', layout(['a1', 'a2', 'a3', 'a4'])],
    ['c', layout(['c1', 'c2', 'c3', 'c4'])],
  ]);
  const tops = [0, 252, 504, 756];
  const touched = (left: number, top: number, right: number, bottom: number) =>
    touchedBy(sections, tops, layouts, { left, top, right, bottom }, 4);

  it('takes what it touches at an edge, and nothing of a heading or a gap', () => {
    expect(touched(0, 0, 300, 43)).toEqual([]);
    expect(touched(101, 50, 103, 240)).toEqual([]);
    expect(touched(0, 10, 20, 60)).toEqual(['a1']);
    expect(touched(100, 144, 104, 148)).toEqual(['a1', 'a2', 'a3', 'a4']);
  });
  it('goes over days, also one of which nothing is known', () => {
    expect(touched(200, 200, 220, 600)).toEqual(['a4', 'c2']);
    expect(touched(0, 260, 300, 480)).toEqual([]);
  });
});
