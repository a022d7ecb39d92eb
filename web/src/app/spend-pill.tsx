import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Wallet } from 'lucide-react';
import { myBudgetsQuery } from '~/api/queries';
import { useFormat, useT } from '~/lib/i18n';

/** What is spent of the budget that is nearest to its end. */
export function SpendPill() {
  const t = useT();
  const format = useFormat();
  const { data: budgets } = useQuery(myBudgetsQuery);
  const tightest = budgets?.reduce<(typeof budgets)[number] | null>(
    (best, one) => (best === null || one.share > best.share ? one : best),
    null,
  );
  if (!tightest) return null;
  const { share, currency } = tightest;
  const used = tightest.cost_micro + tightest.reserved_micro + tightest.doubtful_micro;
  return (
    <Link
      to="/settings/usage"
      aria-label={t(`common.spend.${tightest.period}`, {
        used: format.money(used, currency),
        limit: format.money(tightest.limit_micro, currency),
        share: format.number(share),
      })}
      className="flex h-7 items-center gap-1.5 rounded-full bg-surface-2 px-3 text-12 whitespace-nowrap font-medium text-fg-2 tabular-nums hover:bg-surface-3 max-md:h-9 max-md:px-2 max-md:data-[tone=calm]:hidden data-[tone=bad]:bg-bad-soft data-[tone=bad]:text-bad data-[tone=warn]:bg-warn-soft data-[tone=warn]:text-warn"
      data-tone={share >= 100 ? 'bad' : share >= 80 ? 'warn' : 'calm'}
    >
      <Wallet size={14} strokeWidth={1.75} aria-hidden />
      {`${format.number(share)} %`}
    </Link>
  );
}
