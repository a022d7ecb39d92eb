import { localDay } from './format';

/** In their order, by the reader's calendar day: "2026-11-22" and what is of it. */
export function byDay<T>(items: readonly T[], timeOf: (item: T) => string): [string, T[]][] {
  const days = new Map<string, T[]>();
  for (const item of items) {
    const day = localDay(timeOf(item));
    const list = days.get(day);
    if (list) list.push(item);
    else days.set(day, [item]);
  }
  return [...days];
}
