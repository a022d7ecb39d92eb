/** How wide the columns beside a page's middle are: what a person chose, as far as there is room. */

export const columnBounds = {
  form: { usual: 320, min: 280, max: 560 },
  activity: { usual: 280, min: 220, max: 480 },
  details: { usual: 320, min: 260, max: 560 },
} as const;
export type ColumnName = keyof typeof columnBounds;

export interface Column {
  width: number;
  isFolded: boolean;
}
export type Columns = Partial<Record<ColumnName, Column>>;

/** What stays of a folded column. */
export const railWidth = 44;
/** The middle is never less than this. */
export const middleMin = 360;

const clamp = (value: number, least: number, most: number) =>
  Math.max(least, Math.min(most, value));

/** One column out of a record that may be old, or anybody's. */
export function readColumn(saved: unknown, name: ColumnName): Column {
  const { usual, min, max } = columnBounds[name];
  const all = typeof saved === 'object' && saved !== null ? saved : {};
  const one: unknown = Object.hasOwn(all, name) ? (all as Record<string, unknown>)[name] : null;
  if (typeof one !== 'object' || one === null) return { width: usual, isFolded: false };
  const { width, isFolded } = one as { width?: unknown; isFolded?: unknown };
  return {
    width:
      typeof width === 'number' && Number.isFinite(width)
        ? clamp(Math.round(width), min, max)
        : usual,
    isFolded: isFolded === true,
  };
}

export function changeColumn(saved: unknown, name: ColumnName, change: Partial<Column>): Columns {
  const columns: Columns = {};
  for (const one of Object.keys(columnBounds) as ColumnName[]) {
    columns[one] = readColumn(saved, one);
  }
  const next = { ...readColumn(saved, name), ...change };
  return { ...columns, [name]: readColumn({ [name]: next }, name) };
}

interface Side extends Column {
  name: ColumnName;
}
interface Fitted {
  width: number;
  /** the widest it may become while the other stays as it is */
  max: number;
}

/**
 * Both sides in a room of this width; 0: not measured yet.  Where it is too narrow for all, the right
 * one gives way first, then the left one, none below its least.
 */
export function fitColumns(
  room: number,
  left: Side | null,
  right: Side | null,
): { left: Fitted; right: Fitted } {
  const least = (side: Side | null) => (side ? columnBounds[side.name].min : 0);
  const most = (side: Side | null) => (side ? columnBounds[side.name].max : 0);
  const taken = (side: Side | null, width: number) =>
    !side ? 0 : side.isFolded ? railWidth : width;
  const free = room > 0 ? room - middleMin : Number.POSITIVE_INFINITY;
  const bound = (side: Side | null, other: number) => clamp(free - other, least(side), most(side));
  const ofRight = Math.min(right?.width ?? 0, bound(right, taken(left, left?.width ?? 0)));
  const ofLeft = Math.min(left?.width ?? 0, bound(left, taken(right, ofRight)));
  return {
    left: { width: ofLeft, max: bound(left, taken(right, ofRight)) },
    right: { width: ofRight, max: bound(right, taken(left, ofLeft)) },
  };
}

/** Where a column stands whose edge was drawn to here: within its bounds, or folded below half of the least. */
export function drawnTo(width: number, min: number, max: number): Column {
  return { width: clamp(Math.round(width), min, max), isFolded: width < min / 2 };
}
