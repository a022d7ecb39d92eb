import type { Asset, AssetFilter, AssetJob } from '~/api/types';
import { justify, type Row } from '~/lib/justify';
import type { LibrarySearch } from '~/lib/search';

const dayMs = 86_400_000;

/** When a calendar day begins `zone` minutes east of UTC, as the server counts days. */
function beginOf(day: string, zone: number): number {
  return Date.parse(`${day}T00:00:00Z`) - zone * 60_000;
}

/** What the address asks of the server; only what is set, since it refuses what it does not know. */
export function filterOf(search: LibrarySearch, zone: number): AssetFilter {
  const filter: AssetFilter = {};
  if (search.q) filter.q = search.q;
  if (search.tag) filter.tag = search.tag;
  if (search.rating) filter.rating = search.rating;
  if (search.starred) filter.starred = true;
  if (search.kind) filter.kind = search.kind;
  if (search.model) filter.model = search.model;
  if (search.product) filter.product = search.product;
  if (search.from) filter.from = new Date(beginOf(search.from, zone)).toISOString();
  if (search.to) filter.to = new Date(beginOf(search.to, zone) + dayMs).toISOString();
  if (search.run) filter.run = search.run;
  if (search.trash) filter.trash = true;
  return filter;
}

export function isFiltered(search: LibrarySearch): boolean {
  return Object.keys(filterOf(search, 0)).some((name) => name !== 'trash');
}

/** A day of the library, or all of it where it is not sorted by time. */
export interface Section {
  key: string;
  /** "2026-11-22"; empty: no heading */
  day: string;
  count: number;
  filter: AssetFilter;
}

/** The days as the list shows them; their times are what the server counted them by. */
export function makeSections(
  days: readonly { day: string; count: number }[],
  filter: AssetFilter,
  sort: 'newest' | 'oldest' | 'rating',
  zone: number,
): Section[] {
  if (sort === 'rating') {
    const count = days.reduce((sum, day) => sum + day.count, 0);
    return count > 0 ? [{ key: 'all', day: '', count, filter }] : [];
  }
  const sections = days.map(({ day, count }) => {
    const from = beginOf(day, zone);
    const times = {
      from: Math.max(from, Date.parse(filter.from ?? '') || from),
      to: Math.min(from + dayMs, Date.parse(filter.to ?? '') || Number.POSITIVE_INFINITY),
    };
    return {
      key: day,
      day,
      count,
      filter: {
        ...filter,
        from: new Date(times.from).toISOString(),
        to: new Date(times.to).toISOString(),
      },
    };
  });
  return sort === 'oldest' ? sections.reverse() : sections;
}

export const dayHeight = 44;

/** What a section shows: the rows of what is loaded, and the height of all of it. */
export interface Layout {
  assets: readonly Asset[];
  rows: Row[];
  /** with heading; of pictures that are not loaded an estimate */
  height: number;
  /** where the loaded rows end */
  loaded: number;
  isWhole: boolean;
}

/** Pictures are about as high as wide until they are known. */
export function estimateHeight(count: number, width: number, target: number, gap: number): number {
  if (width <= 0) return 0;
  const perRow = Math.max(1, Math.round(width / (target * 1.1 + gap)));
  return Math.ceil(count / perRow) * (target + gap);
}

export function layOut(
  section: Section,
  assets: readonly Asset[],
  isWhole: boolean,
  width: number,
  target: number,
  gap: number,
): Layout {
  const head = section.day && !(isWhole && assets.length === 0) ? dayHeight : 0;
  const ratios = assets.map((asset) => (asset.width_px || 1) / (asset.height_px || 1));
  const { rows, height } = justify(ratios, width, target, gap);
  const loaded = head + height + (rows.length > 0 ? gap : 0);
  const left = isWhole ? 0 : Math.max(0, section.count - assets.length);
  return {
    assets,
    rows: rows.map((row) => ({ ...row, y: row.y + head })),
    height: loaded + estimateHeight(left, width, target, gap),
    loaded,
    isWhole,
  };
}

/** Where each section begins; one more for where all of them end. */
export function stack(heights: readonly number[]): number[] {
  const tops = [0];
  for (const height of heights) tops.push((tops.at(-1) ?? 0) + height);
  return tops;
}

/** The section that stands at `y`. */
export function sectionAt(tops: readonly number[], y: number): number {
  let low = 0;
  let high = Math.max(0, tops.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tops[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

export interface Line {
  start: number;
  row: Row;
}

/** The rows of sections that follow each other, over all of their pictures. */
export function linesOf(layouts: readonly Layout[]): Line[] {
  let start = 0;
  return layouts.flatMap((layout) => {
    const first = start;
    start += layout.assets.length;
    return layout.rows.map((row) => ({ start: first + row.start, row }));
  });
}

/** The loaded sections around one of them, without a hole. */
export function runAround<T>(
  sections: readonly { key: string }[],
  loaded: ReadonlyMap<string, T>,
  at: number,
): T[] {
  if (!loaded.has(sections[at]?.key ?? '')) return [];
  let from = at;
  while (from > 0 && loaded.has(sections[from - 1]?.key ?? '')) from--;
  const run: T[] = [];
  for (let index = from; index < sections.length; index++) {
    const one = loaded.get(sections[index]?.key ?? '');
    if (!one) break;
    run.push(one);
  }
  return run;
}

/** The index one up or down: the picture whose middle is nearest in the next row. */
export function moveVertically(lines: readonly Line[], index: number, step: 1 | -1): number {
  const at = lines.findIndex(
    (line) => index >= line.start && index < line.start + line.row.widths.length,
  );
  const here = lines[at];
  const there = lines[at + step];
  if (!here || !there) return index;
  const middleOf = (widths: readonly number[], place: number) =>
    widths.slice(0, place).reduce((sum, width) => sum + width, 0) + (widths[place] ?? 0) / 2;
  const wanted = middleOf(here.row.widths, index - here.start);
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  there.row.widths.forEach((_, place) => {
    const distance = Math.abs(middleOf(there.row.widths, place) - wanted);
    if (distance < least) {
      least = distance;
      best = place;
    }
  });
  return there.start + best;
}

export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** The pictures that a box over the grid touches, in the order of the list, drawn or not. */
export function touchedBy(
  sections: readonly { key: string }[],
  tops: readonly number[],
  layouts: ReadonlyMap<string, Layout>,
  box: Box,
  gap: number,
): string[] {
  const ids: string[] = [];
  for (let at = sectionAt(tops, box.top); at <= sectionAt(tops, box.bottom); at++) {
    const layout = layouts.get(sections[at]?.key ?? '');
    const top = tops[at] ?? 0;
    for (const row of layout?.rows ?? []) {
      if (top + row.y > box.bottom || top + row.y + row.height < box.top) continue;
      let left = 0;
      row.widths.forEach((width, place) => {
        const id = layout?.assets[row.start + place]?.id;
        if (id && left <= box.right && left + width >= box.left) ids.push(id);
        left += width + gap;
      });
    }
  }
  return ids;
}

export interface Selection {
  /** picked one by one; of everything they are but examples */
  ids: ReadonlySet<string>;
  /** where a range begins */
  anchor: string;
  /** everything that matches the filter, loaded or not */
  isAll: boolean;
  /** of everything, what was picked off again */
  except: ReadonlySet<string>;
}

/** as many can be picked off: the server takes them by name */
export const exceptMax = 1000;

export const noSelection: Selection = {
  ids: new Set(),
  anchor: '',
  isAll: false,
  except: new Set(),
};

export function selectAll(selection: Selection): Selection {
  return { ids: selection.ids, anchor: '', isAll: true, except: noSelection.except };
}

export function isChosen(selection: Selection, id: string): boolean {
  return selection.isAll ? !selection.except.has(id) : selection.ids.has(id);
}

export function isChoosing(selection: Selection): boolean {
  return selection.isAll || selection.ids.size > 0;
}

/** How many there are of `total` that match. */
export function countOf({ isAll, ids, except }: Selection, total: number | null): number {
  return isAll && total !== null ? Math.max(0, total - except.size) : ids.size;
}

/** These are picked, or picked off. */
export function mark(selection: Selection, ids: readonly string[], isOn: boolean): Selection {
  const name = selection.isAll ? 'except' : 'ids';
  const next = new Set(selection[name]);
  for (const id of ids) {
    if (isOn === selection.isAll) next.delete(id);
    else next.add(id);
  }
  return { ...selection, [name]: next };
}

export function toggle(selection: Selection, id: string): Selection {
  return { ...mark(selection, [id], !isChosen(selection, id)), anchor: id };
}

/** What is wanted where it can be: all picked off again is nothing; null: more are picked off than can be. */
export function settled(wanted: Selection, total: number | null): Selection | null {
  if (wanted.except.size > exceptMax) return null;
  return wanted.isAll && countOf(wanted, total) === 0 && total !== null ? noSelection : wanted;
}

/** All from the anchor to `id` in the order of the list become what the anchor is. */
export function selectRange(selection: Selection, order: readonly string[], id: string): Selection {
  const to = order.indexOf(id);
  const from = order.indexOf(selection.anchor);
  if (to < 0) return selection;
  if (from < 0) return { ...mark(selection, [id], !selection.isAll), anchor: id };
  const range = order.slice(Math.min(from, to), Math.max(from, to) + 1);
  return mark(selection, range, !selection.isAll || isChosen(selection, selection.anchor));
}

/** Without what left the list. */
export function without(selection: Selection, gone: readonly string[]): Selection {
  const { ids, except } = selection;
  if (!gone.some((id) => ids.has(id) || except.has(id))) return selection;
  const isGone = new Set(gone);
  const left = (of: ReadonlySet<string>) => new Set([...of].filter((id) => !isGone.has(id)));
  return { ...selection, ids: left(ids), except: left(except) };
}

/** Who has the focus after one that left the list: the next that stays, else the one before. */
export function heirOf(order: readonly string[], gone: readonly string[], id: string): string {
  const at = order.indexOf(id);
  const isGone = new Set(gone);
  const stays = (one: string) => !isGone.has(one);
  return at < 0 ? '' : (order.slice(at).find(stays) ?? order.slice(0, at).findLast(stays) ?? '');
}

/** What the list has of the millisecond in which a picture came; null: it ends before or begins after. */
export function momentOf(filter: AssetFilter, createdAt: string): AssetFilter | null {
  const at = Date.parse(createdAt);
  if (at < Date.parse(filter.from ?? '') || at >= Date.parse(filter.to ?? '')) return null;
  return {
    ...filter,
    from: new Date(at).toISOString(),
    to: new Date(at + 1).toISOString(),
  };
}

export function isLive(job: AssetJob): boolean {
  return job.state === 'running' || job.state === 'undoing';
}

export function chunk<T>(items: readonly T[], size: number): T[][] {
  const out: T[][] = [];
  for (let at = 0; at < items.length; at += size) out.push(items.slice(at, at + size));
  return out;
}
