import type { Asset, AssetFilter, AssetJob } from '~/api/types';
import { localDay } from '~/lib/format';
import { justify, type Row } from '~/lib/justify';
import type { LibrarySearch } from '~/lib/search';

/** What the address asks of the server; only what is set, since it refuses what it does not know. */
export function filterOf(search: LibrarySearch): AssetFilter {
  const filter: AssetFilter = {};
  if (search.q) filter.q = search.q;
  if (search.tag) filter.tag = search.tag;
  if (search.rating) filter.rating = search.rating;
  if (search.starred) filter.starred = true;
  if (search.kind) filter.kind = search.kind;
  if (search.run) filter.run = search.run;
  if (search.trash) filter.trash = true;
  return filter;
}

export function isFiltered(search: LibrarySearch): boolean {
  return Object.keys(filterOf(search)).some((name) => name !== 'trash');
}

export type Line =
  | { type: 'day'; key: string; day: string; height: number }
  | { type: 'row'; key: string; start: number; row: Row; height: number };

const dayHeight = 44;

/** The whole list as lines for the virtual scroller: a heading per day, then its justified rows. */
export function makeLines(
  assets: readonly Asset[],
  width: number,
  target: number,
  gap: number,
  hasDays: boolean,
): Line[] {
  const lines: Line[] = [];
  let start = 0;
  while (start < assets.length) {
    const day = hasDays ? localDay(assets[start]?.created_at ?? '') : '';
    let end = start + 1;
    while (end < assets.length && (!hasDays || localDay(assets[end]?.created_at ?? '') === day)) {
      end++;
    }
    if (hasDays) lines.push({ type: 'day', key: `day-${day}-${start}`, day, height: dayHeight });
    const ratios = assets
      .slice(start, end)
      .map((asset) => (asset.width_px || 1) / (asset.height_px || 1));
    for (const row of justify(ratios, width, target, gap).rows) {
      const first = assets[start + row.start];
      lines.push({
        type: 'row',
        key: `row-${first?.id ?? start}`,
        start: start + row.start,
        row,
        height: row.height + gap,
      });
    }
    start = end;
  }
  return lines;
}

/** The index one up or down: the picture whose middle is nearest in the next row. */
export function moveVertically(lines: readonly Line[], index: number, step: 1 | -1): number {
  const rows = lines.filter((line) => line.type === 'row');
  const at = rows.findIndex(
    (line) => index >= line.start && index < line.start + line.row.widths.length,
  );
  const here = rows[at];
  const there = rows[at + step];
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

export interface Selection {
  ids: ReadonlySet<string>;
  /** where a range begins */
  anchor: string;
  /** everything that matches the filter, loaded or not */
  isAll: boolean;
}

export const noSelection: Selection = { ids: new Set(), anchor: '', isAll: false };

export function toggle(selection: Selection, id: string): Selection {
  const ids = new Set(selection.ids);
  if (!ids.delete(id)) ids.add(id);
  return { ids, anchor: id, isAll: false };
}

/** Adds all from the anchor to `id` in the order of the list. */
export function selectRange(selection: Selection, order: readonly string[], id: string): Selection {
  const to = order.indexOf(id);
  const from = order.indexOf(selection.anchor);
  if (to < 0) return selection;
  if (from < 0) return { ids: new Set([...selection.ids, id]), anchor: id, isAll: false };
  const ids = new Set(selection.ids);
  for (let at = Math.min(from, to); at <= Math.max(from, to); at++) {
    const one = order[at];
    if (one) ids.add(one);
  }
  return { ids, anchor: selection.anchor, isAll: false };
}

/** Drops what is no longer in the list. */
export function prune(selection: Selection, order: readonly string[]): Selection {
  if (selection.ids.size === 0) return selection;
  const known = new Set(order);
  const ids = new Set([...selection.ids].filter((id) => known.has(id)));
  return ids.size === selection.ids.size ? selection : { ...selection, ids };
}

export function isLive(job: AssetJob): boolean {
  return job.state === 'running' || job.state === 'undoing';
}

export function chunk<T>(items: readonly T[], size: number): T[][] {
  const out: T[][] = [];
  for (let at = 0; at < items.length; at += size) out.push(items.slice(at, at + size));
  return out;
}
