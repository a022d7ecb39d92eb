import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Wallet } from 'lucide-react';
import { myBudgetsQuery, spentQuery } from '~/api/queries';
import { budgetWhose, sumOf } from '~/lib/budget';
import { useFormat, useT } from '~/lib/i18n';

const pill =
  'flex h-7 items-center gap-1.5 rounded-full bg-surface-2 px-3 text-12 whitespace-nowrap font-medium text-fg-2 tabular-nums hover:bg-surface-3 touch:h-11 max-md:px-2 max-md:data-[tone=calm]:hidden data-[tone=bad]:bg-bad-soft data-[tone=bad]:text-bad data-[tone=warn]:bg-warn-soft data-[tone=warn]:text-warn';

/** Without a budget: what I have spent today, when that is anything. */
function SpentToday() {
  const t = useT();
  const format = useFormat();
  const { data: usage } = useQuery(spentQuery(false));
  const sums = usage?.totals
    .filter((total) => sumOf(total) > 0)
    .map((total) => format.money(sumOf(total), total.currency))
    .join(' + ');
  if (!sums) return null;
  return (
    <Link
      to="/settings/usage"
      aria-label={t('common.spend.today', { used: sums })}
      className={pill}
      data-tone="calm"
    >
      <Wallet size={14} strokeWidth={1.75} aria-hidden />
      {sums}
    </Link>
  );
}

/** What is spent of the budget that is nearest to its end. */
export function SpendPill() {
  const t = useT();
  const format = useFormat();
  const { data: budgets } = useQuery(myBudgetsQuery);
  const tightest = budgets?.reduce<(typeof budgets)[number] | null>(
    (best, one) => (best === null || one.share > best.share ? one : best),
    null,
  );
  if (!budgets) return null;
  if (!tightest) return <SpentToday />;
  const { share, currency } = tightest;
  return (
    <Link
      to="/settings/usage"
      aria-label={[
        budgetWhose(tightest),
        t(`common.spend.${tightest.period}`, {
          used: format.money(sumOf(tightest), currency),
          limit: format.money(tightest.limit_micro, currency),
          share: format.number(share),
        }),
      ]
        .filter(Boolean)
        .join(' · ')}
      className={pill}
      data-tone={share >= 100 ? 'bad' : share >= 80 ? 'warn' : 'calm'}
    >
      <Wallet size={14} strokeWidth={1.75} aria-hidden />
      {`${format.number(share)} %`}
    </Link>
  );
}
