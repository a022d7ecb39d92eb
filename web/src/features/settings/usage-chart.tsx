import { useFormat, useT } from '~/lib/i18n';
import type { Bar } from './usage-model';

/** Days as bars, what is in doubt on top of what is known; the same as a table for readers. */
export function UsageChart({ bars, currency }: { bars: Bar[]; currency: string }) {
  const t = useT();
  const format = useFormat();
  const most = Math.max(1, ...bars.map((bar) => bar.cost + bar.doubtful));
  const width = 100 / Math.max(1, bars.length);
  const name = t('settings.usage.byDay', { currency });
  return (
    <figure>
      <figcaption className="flex justify-between text-12 text-fg-3 tabular-nums">
        <span>{name}</span>
        <span>{t('settings.usage.most', { value: format.money(most, currency) })}</span>
      </figcaption>
      <svg
        viewBox="0 0 100 40"
        preserveAspectRatio="none"
        className="mt-2 h-32 w-full border-line-ctl border-b"
        aria-hidden
      >
        {bars.map((bar, index) => {
          const cost = (bar.cost / most) * 40;
          const doubtful = (bar.doubtful / most) * 40;
          const x = index * width + width * 0.1;
          return (
            <g key={bar.day}>
              <rect x={x} y={40 - cost} width={width * 0.8} height={cost} className="fill-accent" />
              <rect
                x={x}
                y={40 - cost - doubtful}
                width={width * 0.8}
                height={doubtful}
                className="fill-warn-solid"
              />
            </g>
          );
        })}
      </svg>
      <div className="mt-1 flex justify-between text-12 text-fg-3 tabular-nums" aria-hidden>
        <span>{bars[0]?.day}</span>
        <span>{bars.at(-1)?.day}</span>
      </div>
      <table className="sr-only">
        <caption>{name}</caption>
        <thead>
          <tr>
            <th scope="col">{t('settings.usage.day')}</th>
            <th scope="col">{t('settings.usage.spent')}</th>
            <th scope="col">{t('settings.usage.doubtful')}</th>
          </tr>
        </thead>
        <tbody>
          {bars
            .filter((bar) => bar.cost + bar.doubtful > 0)
            .map((bar) => (
              <tr key={bar.day}>
                <th scope="row">{format.day(bar.day)}</th>
                <td>{format.money(bar.cost, currency)}</td>
                <td>{format.money(bar.doubtful, currency)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </figure>
  );
}
