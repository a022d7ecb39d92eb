import { useId } from 'react';
import { useFormat, useT } from '~/lib/i18n';
import { useSize } from '~/lib/use-size';
import type { Bar } from './usage-model';

type Part = 'cost' | 'reserved' | 'doubtful';
const parts: Part[] = ['cost', 'reserved', 'doubtful'];
const names = {
  cost: 'settings.usage.spent',
  reserved: 'settings.usage.reserved',
  doubtful: 'settings.usage.doubtful',
} as const;

/** Full, hatched, dotted: told apart without their colours. */
function Fills({ id }: { id: string }) {
  return (
    <defs>
      <pattern id={`${id}-cost`} width="4" height="4" patternUnits="userSpaceOnUse">
        <rect width="4" height="4" className="fill-accent" />
      </pattern>
      <pattern
        id={`${id}-reserved`}
        width="6"
        height="6"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <rect width="6" height="6" className="fill-surface" />
        <rect width="3" height="6" className="fill-accent" />
      </pattern>
      <pattern id={`${id}-doubtful`} width="6" height="6" patternUnits="userSpaceOnUse">
        <rect width="6" height="6" className="fill-surface" />
        <circle cx="3" cy="3" r="2" className="fill-warn-solid" />
      </pattern>
    </defs>
  );
}

const edge: Record<Part, string> = {
  cost: 'stroke-accent',
  reserved: 'stroke-accent',
  doubtful: 'stroke-warn-solid',
};

const high = 128;

/** Days as bars: what was spent, on it what is reserved and what is in doubt; the same as a table for readers. */
export function UsageChart({ bars, currency }: { bars: Bar[]; currency: string }) {
  const t = useT();
  const format = useFormat();
  const [frame, { width }] = useSize();
  const id = useId();
  const sum = (bar: Bar) => bar.cost + bar.reserved + bar.doubtful;
  const most = Math.max(1, ...bars.map(sum));
  const step = width / Math.max(1, bars.length);
  const name = t('settings.usage.byDay', { currency });
  return (
    <figure>
      <figcaption className="flex flex-wrap justify-between gap-x-4 gap-y-1 text-12 text-fg-3 tabular-nums">
        <span>{name}</span>
        <span className="flex flex-wrap gap-x-4" aria-hidden>
          {parts.map((part) => (
            <span key={part} className="flex items-center gap-1.5">
              <svg width="12" height="12" aria-hidden>
                <rect
                  x="0.5"
                  y="0.5"
                  width="11"
                  height="11"
                  fill={`url(#${id}-${part})`}
                  className={edge[part]}
                />
              </svg>
              {t(names[part])}
            </span>
          ))}
        </span>
        <span>{t('settings.usage.most', { value: format.money(most, currency) })}</span>
      </figcaption>
      <div ref={frame} className="mt-2 border-line-ctl border-b">
        <svg className="block h-32 w-full" aria-hidden>
          <Fills id={id} />
          {bars.map((bar, index) => {
            let top = high;
            return (
              <g key={bar.day}>
                {parts.map((part) => {
                  const height = (bar[part] / most) * high;
                  if (height === 0) return null;
                  top -= height;
                  return (
                    <rect
                      key={part}
                      data-part={part}
                      x={index * step + step * 0.1}
                      y={top}
                      width={step * 0.8}
                      height={height}
                      fill={`url(#${id}-${part})`}
                      className={edge[part]}
                    />
                  );
                })}
              </g>
            );
          })}
        </svg>
      </div>
      <div className="mt-1 flex justify-between text-12 text-fg-3 tabular-nums" aria-hidden>
        {bars.length > 1 && <span>{format.day(bars[0]?.day ?? '')}</span>}
        <span>{format.day(bars.at(-1)?.day ?? '')}</span>
      </div>
      <table className="sr-only">
        <caption>{name}</caption>
        <thead>
          <tr>
            <th scope="col">{t('settings.usage.day')}</th>
            {parts.map((part) => (
              <th key={part} scope="col">
                {t(names[part])}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {bars
            .filter((bar) => sum(bar) > 0)
            .map((bar) => (
              <tr key={bar.day}>
                <th scope="row">{format.day(bar.day)}</th>
                {parts.map((part) => (
                  <td key={part}>{format.money(bar[part], currency)}</td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
    </figure>
  );
}
