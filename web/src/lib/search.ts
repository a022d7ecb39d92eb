/** What stands in addresses, read with care: people edit them. */

export function optionalText(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value.slice(0, 500) : undefined;
}

export function optionalId(value: unknown): string | undefined {
  const text = optionalText(value);
  return text && /^[0-9A-Za-z_-]{1,64}$/.test(text) ? text : undefined;
}

/** A calendar day of this millennium; "2026-02-30" is none. */
export function optionalDay(value: unknown): string | undefined {
  const text = optionalText(value);
  if (!text || !/^2\d{3}-\d\d-\d\d$/.test(text)) return undefined;
  const time = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text) ? text : undefined;
}

const kinds = ['uploaded', 'generated', 'derived'] as const;
const sorts = ['newest', 'oldest', 'rating'] as const;

function oneOf<T extends string>(value: unknown, list: readonly T[]): T | undefined {
  return list.find((item) => item === value);
}

export interface LibrarySearch {
  q?: string | undefined;
  tag?: string | undefined;
  rating?: number | undefined;
  starred?: true | undefined;
  kind?: (typeof kinds)[number] | undefined;
  /** PROVIDERID/wire-id, or the wire id of any provider */
  model?: string | undefined;
  product?: string | undefined;
  /** the first and the last day, "2026-11-22" */
  from?: string | undefined;
  to?: string | undefined;
  run?: string | undefined;
  trash?: true | undefined;
  sort?: (typeof sorts)[number] | undefined;
}

export function readLibrarySearch(search: Record<string, unknown>): LibrarySearch {
  const rating = Number(search.rating);
  const sort = oneOf(search.sort, sorts);
  const from = optionalDay(search.from);
  const to = optionalDay(search.to);
  return {
    q: optionalText(search.q),
    tag: optionalText(search.tag),
    rating: Number.isInteger(rating) && rating >= 1 && rating <= 5 ? rating : undefined,
    starred: search.starred === true || search.starred === 'true' ? true : undefined,
    kind: oneOf(search.kind, kinds),
    model: optionalText(search.model)?.slice(0, 200),
    product: optionalId(search.product),
    from,
    to: from && to && to < from ? undefined : to,
    run: optionalId(search.run),
    trash: search.trash === true || search.trash === 'true' ? true : undefined,
    sort: sort === 'newest' ? undefined : sort,
  };
}

export interface GenerateSearch {
  run?: string | undefined;
  /** Orders from other pages; the page obeys and drops them from the address. */
  recall?: string | undefined;
  what?: string | undefined;
  reference?: string | undefined;
  product?: string | undefined;
}

export function readGenerateSearch(search: Record<string, unknown>): GenerateSearch {
  return {
    run: optionalId(search.run),
    recall: optionalId(search.recall),
    what: optionalText(search.what),
    reference: optionalText(search.reference),
    product: optionalId(search.product),
  };
}

export const compareModes = ['slider', 'side', 'flip'] as const;
export type CompareMode = (typeof compareModes)[number];

export function readCompareSearch(search: Record<string, unknown>): {
  mode?: CompareMode | undefined;
} {
  const mode = oneOf(search.mode, compareModes);
  return { mode: mode === 'slider' ? undefined : mode };
}

const runStates = ['active', 'held', 'failed', 'done', 'cancelled'] as const;
const sinces = ['1h', '24h', '7d', '30d'] as const;
const ranges = ['1h', '6h', '24h', '7d', '30d'] as const;
const groupings = ['model', 'provider', 'user'] as const;

export interface QueueSearch {
  state?: (typeof runStates)[number] | undefined;
  provider?: string | undefined;
  since?: (typeof sinces)[number] | undefined;
  /** of the figures above the list */
  range?: (typeof ranges)[number] | undefined;
  by?: (typeof groupings)[number] | undefined;
  model?: string | undefined;
  all?: true | undefined;
}

export function readQueueSearch(search: Record<string, unknown>): QueueSearch {
  return {
    state: oneOf(search.state, runStates),
    provider: optionalId(search.provider),
    since: oneOf(search.since, sinces),
    range: oneOf(search.range, ranges),
    by: oneOf(search.by, groupings),
    model: optionalText(search.model)?.slice(0, 200),
    all: search.all === true || search.all === 'true' ? true : undefined,
  };
}

export function readWordsSearch(search: Record<string, unknown>): { q?: string | undefined } {
  return { q: optionalText(search.q)?.slice(0, 200) };
}

export function readLoginSearch(search: Record<string, unknown>): { next?: string | undefined } {
  return { next: optionalText(search.next) };
}

export function readSettingsSearch(search: Record<string, unknown>): { q?: string | undefined } {
  return { q: optionalText(search.q) };
}
