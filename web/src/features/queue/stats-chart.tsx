import { useState } from 'react';
import type { QueueStats } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { Segments } from '~/ui/segments';
import { costIn, linePath } from './model';

type View = 'time' | 'count' | 'cost';

/** Slots over time: how long, how many, how much; as a picture or as the table it is drawn from. */
export function StatsChart({ stats, currency }: { stats: QueueStats; currency: string }) {
  const t = useT();
  const [view, setView] = useState<View>('time');
  const [isTable, setTable] = useState(false);
  return (
    <div className="min-w-0 flex-1">
      <div className="flex flex-wrap items-center gap-2">
        <Segments
          label={t('queue.chart.what')}
          value={view}
          onChange={setView}
          options={(['time', 'count', 'cost'] as const).map((value) => ({
            value,
            label: t(`queue.chart.${value}`),
          }))}
        />
        <div className="flex-1" />
        <button
          type="button"
          aria-pressed={isTable}
          onClick={() => setTable(!isTable)}
          className="min-h-8 rounded-6 px-2 text-12 text-fg-2 hover:bg-surface-2 aria-pressed:bg-accent-soft aria-pressed:text-accent-text touch:min-h-11"
        >
          {t('queue.chart.table')}
        </button>
      </div>
      {isTable ? (
        <SlotTable stats={stats} currency={currency} />
      ) : (
        <Picture stats={stats} currency={currency} view={view} />
      )}
    </div>
  );
}

const percentiles = [
  { key: 'p50_ms', name: 'p50', stroke: 'stroke-chart-3', dash: undefined },
  { key: 'p95_ms', name: 'p95', stroke: 'stroke-chart-1', dash: undefined },
  { key: 'p99_ms', name: 'p99', stroke: 'stroke-chart-2', dash: '4 3' },
] as const;

function useSlotTime(stats: QueueStats) {
  const format = useFormat();
  return (at: string | null) =>
    stats.slot_ms >= 86_400_000 && at ? format.day(at.slice(0, 10)) : format.dateTime(at);
}

function Picture({ stats, currency, view }: { stats: QueueStats; currency: string; view: View }) {
  const t = useT();
  const format = useFormat();
  const slotTime = useSlotTime(stats);
  const [hidden, setHidden] = useState<readonly string[]>([]);
  const { slots } = stats;
  const shown = percentiles.filter((one) => !hidden.includes(one.key));
  const most = Math.max(
    1,
    ...slots.map((slot) =>
      view === 'time'
        ? Math.max(0, ...shown.map((one) => slot[one.key] ?? 0))
        : view === 'count'
          ? slot.finished + slot.failed
          : costIn(slot.costs, currency),
    ),
  );
  const mostText =
    view === 'time'
      ? format.duration(most)
      : view === 'count'
        ? format.number(most)
        : format.money(most, currency);
  const width = 100 / Math.max(1, slots.length);
  const bar = (from: number, value: number) => ({
    y: 40 - ((from + value) / most) * 38,
    height: (value / most) * 38,
  });
  return (
    <figure className="mt-2">
      <figcaption className="flex justify-between text-12 text-fg-3 tabular-nums">
        <span>{t(`queue.chart.${view}`)}</span>
        <span>{t('queue.chart.most', { value: mostText })}</span>
      </figcaption>
      <svg
        viewBox="0 0 100 40"
        preserveAspectRatio="none"
        className="mt-1 h-28 w-full border-line-ctl border-b"
        aria-hidden
      >
        {view === 'time'
          ? shown.map((one) => (
              <path
                key={one.key}
                d={linePath(
                  slots.map((slot) => slot[one.key]),
                  most,
                )}
                fill="none"
                strokeWidth="2"
                strokeLinecap="round"
                strokeLinejoin="round"
                strokeDasharray={one.dash}
                vectorEffect="non-scaling-stroke"
                className={one.stroke}
              />
            ))
          : slots.map((slot, index) => {
              const x = index * width + width * 0.1;
              const first = view === 'count' ? slot.finished : costIn(slot.costs, currency);
              return (
                <g key={slot.at}>
                  <rect x={x} width={width * 0.8} {...bar(0, first)} className="fill-chart-1" />
                  {view === 'count' && (
                    <rect
                      x={x}
                      width={width * 0.8}
                      {...bar(first, slot.failed)}
                      className="fill-bad-solid"
                    />
                  )}
                </g>
              );
            })}
      </svg>
      <div className="mt-1 flex justify-between gap-4 text-12 text-fg-3 tabular-nums" aria-hidden>
        <span>{slotTime(slots[0]?.at ?? null)}</span>
        <span>{slotTime(slots.at(-1)?.at ?? null)}</span>
      </div>
      {view === 'time' && (
        <ul aria-label={t('queue.chart.legend')} className="mt-1 flex flex-wrap gap-1">
          {percentiles.map((one) => (
            <li key={one.key}>
              <button
                type="button"
                aria-pressed={!hidden.includes(one.key)}
                onClick={() =>
                  setHidden(
                    hidden.includes(one.key)
                      ? hidden.filter((key) => key !== one.key)
                      : [...hidden, one.key],
                  )
                }
                className="flex min-h-7 items-center gap-1.5 rounded-6 px-2 text-12 text-fg-2 hover:bg-surface-2 aria-[pressed=false]:line-through touch:min-h-11"
              >
                <svg width="16" height="4" aria-hidden>
                  <path
                    d="M0 2h16"
                    strokeWidth="2"
                    strokeDasharray={one.dash}
                    className={one.stroke}
                  />
                </svg>
                {one.name}
              </button>
            </li>
          ))}
        </ul>
      )}
    </figure>
  );
}

function SlotTable({ stats, currency }: { stats: QueueStats; currency: string }) {
  const t = useT();
  const format = useFormat();
  const slotTime = useSlotTime(stats);
  const time = (ms: number | null) => (ms === null ? '–' : format.duration(ms));
  const busy = stats.slots.filter((slot) => slot.finished + slot.failed > 0);
  return (
    <section
      aria-label={t('queue.chart.table')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
      tabIndex={0}
      className="mt-2 max-h-56 overflow-auto"
    >
      <table className="w-full text-12 tabular-nums [&_td]:px-2 [&_td]:py-1 [&_td]:text-right [&_th]:px-2 [&_th]:py-1 [&_th]:text-right [&_th:first-child]:pl-0 [&_th:first-child]:text-left">
        <thead className="sticky top-0 bg-surface text-fg-3">
          <tr>
            <th scope="col">{t('queue.stats.at')}</th>
            {percentiles.map((one) => (
              <th key={one.key} scope="col">
                {one.name}
              </th>
            ))}
            <th scope="col">{t('queue.stats.finished')}</th>
            <th scope="col">{t('queue.stats.failed')}</th>
            <th scope="col">{t('queue.stats.cost')}</th>
          </tr>
        </thead>
        <tbody>
          {busy.map((slot) => (
            <tr key={slot.at} className="border-line border-t">
              <th scope="row" className="font-normal text-fg-2">
                {slotTime(slot.at)}
              </th>
              {percentiles.map((one) => (
                <td key={one.key}>{time(slot[one.key])}</td>
              ))}
              <td>{format.number(slot.finished)}</td>
              <td>{format.number(slot.failed)}</td>
              <td>{currency ? format.money(costIn(slot.costs, currency), currency) : '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
