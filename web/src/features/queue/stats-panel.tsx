import { useQuery } from '@tanstack/react-query';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { statsQuery } from '~/api/queue-stats';
import type { QueueStats } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { usePreferences } from '~/lib/preferences';
import type { QueueSearch } from '~/lib/search';
import { Button } from '~/ui/button';
import { Segments } from '~/ui/segments';
import { ErrorState, Skeleton } from '~/ui/states';
import { currenciesOf } from './model';
import { StatsChart } from './stats-chart';

const ranges = ['1h', '6h', '24h', '7d', '30d'] as const;

/** How long calls take, how many end and what they cost, over a time and by who makes them. */
export function StatsPanel({
  search,
  isAdmin,
  onChange,
}: {
  search: QueueSearch;
  isAdmin: boolean;
  onChange: (change: Partial<QueueSearch>) => void;
}) {
  const t = useT();
  const format = useFormat();
  const { data: stats, error, refetch, isPlaceholderData } = useQuery(statsQuery(search));
  const isOpen = usePreferences((state) => state.areStatsOpen);
  const set = usePreferences((state) => state.set);
  const by = search.by ?? 'model';
  const currencies = stats ? currenciesOf(stats) : [];
  const time = (ms: number | null) => (ms === null ? '–' : format.duration(ms));
  const hours = stats ? Math.max(1, stats.slots.length * stats.slot_ms) / 3_600_000 : 1;
  const perHour = stats ? stats.finished / hours : 0;
  const total = (stats?.finished ?? 0) + (stats?.failed ?? 0);
  const figures: [string, string][] = stats
    ? [
        ['p50', time(stats.p50_ms)],
        ['p95', time(stats.p95_ms)],
        ['p99', time(stats.p99_ms)],
        [t('queue.stats.finished'), format.number(stats.finished)],
        [t('queue.stats.perHour'), format.number(perHour, perHour < 10 ? 1 : 0)],
        [
          t('queue.stats.failed'),
          total > 0
            ? `${format.number(stats.failed)} · ${format.percent(stats.failed / total)}`
            : '0',
        ],
        [t('queue.stats.cost'), costText(stats.costs, format.money) || '–'],
      ]
    : [];
  const groupings = isAdmin
    ? (['model', 'provider', 'user'] as const)
    : (['model', 'provider'] as const);
  return (
    <section
      aria-label={t('queue.stats.title')}
      className="flex flex-col gap-3 rounded-8 bg-surface p-4 outline outline-line max-md:p-3"
    >
      <div className="flex flex-wrap items-center gap-2">
        <h2 className="text-13 font-semibold">{t('queue.stats.title')}</h2>
        {search.model && (
          <Button height="dense" look="ghost" onClick={() => onChange({ model: undefined })}>
            {t('queue.stats.onlyModel', { model: search.model })}
          </Button>
        )}
        <div className="flex-1" />
        {isAdmin && (
          <Segments
            label={t('queue.stats.whose')}
            value={search.all ? 'all' : 'mine'}
            onChange={(value) => onChange({ all: value === 'all' ? true : undefined })}
            options={(['mine', 'all'] as const).map((value) => ({
              value,
              label: t(`queue.stats.${value}`),
            }))}
          />
        )}
        <Segments
          label={t('queue.stats.range')}
          value={search.range ?? '24h'}
          onChange={(value) => onChange({ range: value === '24h' ? undefined : value })}
          options={ranges.map((value) => ({ value, label: t(`queue.range.${value}`) }))}
        />
      </div>
      {error && !stats && <ErrorState error={error} onRetry={() => void refetch()} isCompact />}
      {!error && !stats && <Skeleton className={isOpen ? 'h-40' : 'h-10'} />}
      {stats && (
        <div className={isPlaceholderData ? 'opacity-60 transition-opacity' : undefined}>
          <div className="flex flex-wrap items-end gap-x-6 gap-y-2">
            <dl className="flex flex-1 flex-wrap gap-x-6 gap-y-2">
              {figures.map(([label, value]) => (
                <div key={label}>
                  <dt className="text-12 text-fg-3">{label}</dt>
                  <dd className="text-16 font-semibold tabular-nums">{value}</dd>
                </div>
              ))}
            </dl>
            {total > 0 && (
              <Button
                height="dense"
                look="ghost"
                icon={isOpen ? ChevronDown : ChevronRight}
                aria-expanded={isOpen}
                onClick={() => set({ areStatsOpen: !isOpen })}
              >
                {t('queue.stats.more')}
              </Button>
            )}
          </div>
          {total === 0 ? (
            <p className="mt-3 text-13 text-fg-3">{t('queue.stats.none')}</p>
          ) : (
            isOpen && (
              <div className="mt-3 flex gap-6 max-lg:flex-col">
                <StatsChart stats={stats} currency={currencies[0] ?? ''} />
                <div className="min-w-0 lg:w-96">
                  <Segments
                    label={t('queue.stats.by')}
                    value={by}
                    onChange={(value) => onChange({ by: value === 'model' ? undefined : value })}
                    options={groupings.map((value) => ({ value, label: t(`queue.by.${value}`) }))}
                  />
                  <Groups
                    stats={stats}
                    by={by}
                    onPick={(key) => onChange(by === 'model' ? { model: key } : { provider: key })}
                  />
                </div>
              </div>
            )
          )}
        </div>
      )}
    </section>
  );
}

function costText(costs: QueueStats['costs'], money: (micro: number, currency: string) => string) {
  return costs.map((one) => money(one.cost_micro, one.currency)).join(' + ');
}

function Groups({
  stats,
  by,
  onPick,
}: {
  stats: QueueStats;
  by: 'model' | 'provider' | 'user';
  onPick: (key: string) => void;
}) {
  const t = useT();
  const format = useFormat();
  const time = (ms: number | null) => (ms === null ? '–' : format.duration(ms));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section aria-label={t('queue.stats.by')} tabIndex={0} className="mt-2 max-h-44 overflow-auto">
      <table className="w-full text-12 tabular-nums [&_td]:px-2 [&_td]:py-1 [&_td]:text-right [&_td]:whitespace-nowrap [&_th]:px-2 [&_th]:py-1 [&_th]:text-right [&_th:first-child]:pl-0 [&_th:first-child]:text-left">
        <thead className="sticky top-0 bg-surface text-fg-3">
          <tr>
            <th scope="col">{t(`queue.by.${by}`)}</th>
            <th scope="col">{'p50'}</th>
            <th scope="col">{'p95'}</th>
            <th scope="col">{t('queue.stats.calls')}</th>
            <th scope="col">{t('queue.stats.cost')}</th>
          </tr>
        </thead>
        <tbody>
          {stats.groups.map((group, index) => (
            <tr key={group.key || `rest-${index}`} className="border-line border-t">
              <th scope="row" className="max-w-40 truncate font-normal">
                {by !== 'user' && group.key ? (
                  <button
                    type="button"
                    title={group.label}
                    onClick={() => onPick(group.key)}
                    className="max-w-full truncate rounded-6 text-left text-accent-text hover:underline touch:min-h-11"
                  >
                    {group.label}
                  </button>
                ) : (
                  <span className="text-fg-2">{group.label || t('queue.stats.others')}</span>
                )}
              </th>
              <td>{time(group.p50_ms)}</td>
              <td>{time(group.p95_ms)}</td>
              <td>
                {format.number(group.finished)}
                {group.failed > 0 && (
                  <span className="text-bad">{` + ${format.number(group.failed)}`}</span>
                )}
              </td>
              <td>{costText(group.costs, format.money) || '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
