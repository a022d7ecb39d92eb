import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ChartColumn, Download } from 'lucide-react';
import { useState } from 'react';
import { meQuery } from '~/api/queries';
import type { Usage, UsageItem, UsageTotal } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { keepsHouse } from '~/lib/roles';
import { buttonClass } from '~/ui/button';
import { useTitle } from '~/ui/page';
import { Segments } from '~/ui/segments';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states';
import { Budgets } from './budgets';
import { usageQuery } from './queries';
import { Card, Section } from './section';
import { UsageChart } from './usage-chart';
import { barsOf, rangeOf, type Span } from './usage-model';

type By = 'day' | 'provider' | 'model' | 'product' | 'user';

export function UsagePage() {
  const t = useT();
  const { data: me } = useQuery(meQuery);
  const isAdmin = keepsHouse(me);
  const [span, setSpan] = useState<Span>('month');
  const [by, setBy] = useState<By>('provider');
  useTitle(t('settings.nav.usage'));
  const range = rangeOf(span, new Date());
  const days = useQuery({ ...usageQuery({ ...range, all: isAdmin, by: 'day' }), enabled: !!me });
  const groups = useQuery({ ...usageQuery({ ...range, all: isAdmin, by }), enabled: !!me });
  const csv = new URLSearchParams({ ...range, by, ...(isAdmin ? { all: 'true' } : {}) });
  const kinds: By[] = isAdmin
    ? ['day', 'provider', 'model', 'product', 'user']
    : ['day', 'provider', 'model', 'product'];
  return (
    <>
      <Section
        at="usage"
        title={t('settings.nav.usage')}
        text={t(isAdmin ? 'settings.usage.textAll' : 'settings.usage.text')}
        aside={
          <Segments
            label={t('settings.usage.range')}
            value={span}
            onChange={setSpan}
            options={(['month', 'last', 'days'] as const).map((value) => ({
              value,
              label: t(`settings.usage.span.${value}`),
            }))}
          />
        }
      >
        {days.isPending && <Skeleton className="h-64 !rounded-8" />}
        {days.error && <ErrorState error={days.error} onRetry={() => void days.refetch()} />}
        {days.data?.totals.length === 0 && (
          <EmptyState
            icon={ChartColumn}
            title={t('settings.usage.empty')}
            text={t('settings.usage.emptyText')}
          />
        )}
        <div className="flex flex-col gap-4">
          {days.data?.totals.map((total) => (
            <Card key={total.currency} className="flex flex-col gap-4">
              <Total total={total} />
              <UsageChart
                bars={barsOf(days.data.items, total.currency, range)}
                currency={total.currency}
              />
            </Card>
          ))}
        </div>
      </Section>
      {days.data && days.data.totals.length > 0 && (
        <Section
          title={t('settings.usage.where')}
          aside={
            <div className="flex flex-wrap gap-2">
              <Segments
                label={t('settings.usage.by')}
                value={by}
                onChange={setBy}
                options={kinds.map((value) => ({ value, label: t(`settings.usage.of.${value}`) }))}
              />
              <a href={`/api/v1/usage.csv?${csv}`} download className={buttonClass('outline')}>
                <Download size={16} strokeWidth={1.75} aria-hidden />
                {t('settings.usage.download')}
              </a>
            </div>
          }
        >
          {groups.isPending && <Skeleton className="h-28 !rounded-8" />}
          {groups.error && (
            <ErrorState error={groups.error} onRetry={() => void groups.refetch()} isCompact />
          )}
          {groups.data && <Groups groups={groups.data} by={by} />}
        </Section>
      )}
      <Budgets isAdmin={isAdmin} />
    </>
  );
}

function Total({ total }: { total: UsageTotal }) {
  const t = useT();
  const format = useFormat();
  const numbers: [string, number, string][] = [
    [t('settings.usage.spent'), total.cost_micro, ''],
    [t('settings.usage.reserved'), total.reserved_micro, t('settings.usage.reservedHelp')],
    [t('settings.usage.doubtful'), total.doubtful_micro, t('settings.usage.doubtfulHelp')],
  ];
  return (
    <dl className="grid grid-cols-3 gap-4 max-md:grid-cols-1">
      {numbers.map(([label, value, help]) => (
        <div key={label}>
          <dt className="text-12 text-fg-3">{label}</dt>
          <dd className="text-20 font-semibold tabular-nums">
            {format.money(value, total.currency)}
          </dd>
          {help && <dd className="text-12 text-fg-3">{help}</dd>}
        </div>
      ))}
    </dl>
  );
}

function GroupName({ item, by }: { item: UsageItem; by: By }) {
  const t = useT();
  const format = useFormat();
  if (by === 'day') return format.day(item.key);
  if (by !== 'product') return item.label || t('settings.usage.gone');
  if (item.key === '') return t('settings.usage.none');
  return (
    <Link
      to="/products/$product"
      params={{ product: item.key }}
      lang=""
      className="text-accent-text hover:underline"
    >
      {item.label || t('settings.usage.gone')}
    </Link>
  );
}

function Groups({ groups, by }: { groups: Usage; by: By }) {
  const t = useT();
  const format = useFormat();
  const number = 'px-4 py-2 text-right whitespace-nowrap tabular-nums';
  return (
    <Card className="!p-0">
      {/* On a phone the table is wider than its card. */}
      <section
        aria-label={t('settings.usage.where')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys too
        tabIndex={0}
        className="overflow-x-auto rounded-8"
      >
        <table className="w-full text-13">
          <thead>
            <tr className="border-line border-b text-12 text-fg-3">
              <th scope="col" className="px-4 py-2 text-left font-medium">
                {t(`settings.usage.of.${by}`)}
              </th>
              <th scope="col" className={`${number} font-medium`}>
                {t('settings.usage.calls')}
              </th>
              <th scope="col" className={`${number} font-medium`}>
                {t('settings.usage.spent')}
              </th>
              <th scope="col" className={`${number} font-medium`}>
                {t('settings.usage.reserved')}
              </th>
              <th scope="col" className={`${number} font-medium`}>
                {t('settings.usage.doubtful')}
              </th>
            </tr>
          </thead>
          <tbody>
            {groups.items.map((item) => (
              <tr
                key={`${item.key} ${item.label} ${item.currency}`}
                className="border-line border-b last:border-b-0"
              >
                <th
                  scope="row"
                  className="min-w-36 px-4 py-2 text-left font-normal [overflow-wrap:anywhere]"
                >
                  <GroupName item={item} by={by} />
                </th>
                <td className={number}>{format.number(item.calls)}</td>
                <td className={number}>{format.money(item.cost_micro, item.currency)}</td>
                <td className={number}>{format.money(item.reserved_micro, item.currency)}</td>
                <td className={number}>{format.money(item.doubtful_micro, item.currency)}</td>
              </tr>
            ))}
            {groups.rests.map((rest) => (
              <tr key={rest.currency} className="border-line border-b text-fg-2 last:border-b-0">
                <th scope="row" className="min-w-36 px-4 py-2 text-left font-normal">
                  {t('settings.usage.more', {
                    count: rest.count,
                    value: format.number(rest.count),
                  })}
                </th>
                <td className={number}>{format.number(rest.calls)}</td>
                <td className={number}>{format.money(rest.cost_micro, rest.currency)}</td>
                <td className={number}>{format.money(rest.reserved_micro, rest.currency)}</td>
                <td className={number}>{format.money(rest.doubtful_micro, rest.currency)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {groups.rests.length > 0 && (
        <p className="border-line border-t px-4 py-2 text-12 text-fg-3">
          {t('settings.usage.moreHelp')}
        </p>
      )}
    </Card>
  );
}
