import type { Budget, UsageItem } from '~/api/types';

export type Span = 'month' | 'last' | 'days';

const iso = (day: Date) => day.toISOString().slice(0, 10);

/** The days of a span, UTC as the server counts them; both belong to it. */
export function rangeOf(span: Span, now: Date): { from: string; to: string } {
  const year = now.getUTCFullYear();
  const month = now.getUTCMonth();
  if (span === 'month') return { from: iso(new Date(Date.UTC(year, month, 1))), to: iso(now) };
  if (span === 'last') {
    return {
      from: iso(new Date(Date.UTC(year, month - 1, 1))),
      to: iso(new Date(Date.UTC(year, month, 0))),
    };
  }
  return { from: iso(new Date(now.getTime() - 29 * 86_400_000)), to: iso(now) };
}

export interface Bar {
  day: string;
  cost: number;
  reserved: number;
  doubtful: number;
}

/** A bar for every day of the range, also for those on which nothing was spent. */
export function barsOf(
  items: UsageItem[],
  currency: string,
  range: { from: string; to: string },
): Bar[] {
  const bars: Bar[] = [];
  const end = Date.parse(range.to);
  for (let at = Date.parse(range.from); at <= end && bars.length < 400; at += 86_400_000) {
    const day = iso(new Date(at));
    const item = items.find((one) => one.key === day && one.currency === currency);
    bars.push({
      day,
      cost: item?.cost_micro ?? 0,
      reserved: item?.reserved_micro ?? 0,
      doubtful: item?.doubtful_micro ?? 0,
    });
  }
  return bars;
}

export type Level = 'ok' | 'near' | 'full';
export function levelOf(share: number): Level {
  if (share >= 100) return 'full';
  return share >= 80 ? 'near' : 'ok';
}

export interface BudgetForm {
  scope: Budget['scope'];
  /** a user's id, or a provider's */
  who: string;
  /** a wire id of that provider's, where the scope is a model */
  model: string;
  period: Budget['period'];
  currency: string;
  /** in whole units */
  limit: number | null;
}

export const LIMIT_MAX = 1_000_000_000;

/** What is wrong with a form, by field; empty: nothing. */
export function budgetProblem(form: BudgetForm): '' | 'who' | 'model' | 'currency' | 'limit' {
  if (form.scope !== 'everyone' && form.who === '') return 'who';
  if (form.scope === 'model' && form.model === '') return 'model';
  if (!/^[A-Z]{3}$/.test(form.currency)) return 'currency';
  if (form.limit === null || form.limit < 0.01 || form.limit > LIMIT_MAX) return 'limit';
  return '';
}
