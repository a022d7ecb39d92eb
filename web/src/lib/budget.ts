import type { Budget } from '~/api/types';

interface Spent {
  cost_micro: number;
  reserved_micro: number;
  doubtful_micro: number;
}

/** All that may have to be paid. */
export function sumOf(spent: Spent): number {
  return spent.cost_micro + spent.reserved_micro + spent.doubtful_micro;
}

type Whose = Pick<Budget, 'who_name' | 'model'>;

/** Whose money it is, of a model with its account; empty: everyone's. */
export function budgetWhose(budget: Whose, modelLabel = budget.model): string {
  return [budget.who_name, modelLabel].filter(Boolean).join(' · ');
}

const widest: Budget['scope'][] = ['everyone', 'user', 'provider', 'model'];

/** The day's budget that says most about a house: the widest, the oldest of those. */
export function budgetOfDay(budgets: readonly Budget[]): Budget | undefined {
  const days = budgets.filter((one) => one.period === 'day');
  return widest
    .map((scope) => days.find((one) => one.scope === scope))
    .find((one) => one !== undefined);
}
