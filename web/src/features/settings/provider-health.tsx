import { useQuery } from '@tanstack/react-query';
import { errorText } from '~/api/errors';
import { hasText, useFormat, useT } from '~/lib/i18n';
import { healthWindows } from './model';
import { providerHealthQuery } from './queries';

/** How an account's calls went: a line for each window, then what went wrong last. */
export function ProviderHealth({ id }: { id: string }) {
  const t = useT();
  const format = useFormat();
  const { data: health, error } = useQuery(providerHealthQuery(id));
  if (error) return <p className="mx-4 mb-4 text-12 text-fg-3">{errorText(error, t)}</p>;
  // Its place is kept, so that the cards below do not jump.
  if (!health) return <p className="mx-4 mb-4 h-4" />;
  const what = (name: string) => {
    const key = `settings.failure.${name}`;
    return hasText(key) ? t(key) : name;
  };
  const windows = healthWindows(health);
  const last = health.last_error;
  return (
    <div className="mx-4 mb-4 flex flex-col gap-1 text-12 text-fg-2">
      {windows.length === 0 && <p className="text-fg-3">{t('settings.health.none')}</p>}
      {windows.map(({ name, window }) => (
        <p key={name} className="tabular-nums">
          {[
            window.success_rate !== null &&
              t(`settings.health.${name}`, {
                count: window.calls,
                total: format.number(window.calls),
                rate: format.percent(window.success_rate),
              }),
            window.p50_ms !== null &&
              t('settings.health.p50', { time: format.duration(window.p50_ms) }),
            window.p95_ms !== null &&
              t('settings.health.p95', { time: format.duration(window.p95_ms) }),
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
      ))}
      {health.last_7d.failures.length > 0 && (
        <p className="tabular-nums">
          {t('settings.health.failures', {
            list: health.last_7d.failures
              .map((one) => `${format.number(one.count)} × ${what(one.class)}`)
              .join(' · '),
          })}
        </p>
      )}
      {health.lane === 'resting' && (
        <p className="text-warn">
          {t('settings.health.resting', {
            time: format.dateTime(health.lane_until),
            why: what(health.lane_reason),
          })}
        </p>
      )}
      {last && (
        <p className="line-clamp-3 break-words">
          {t('settings.health.last', {
            time: format.relative(last.at),
            model: last.model,
            what: what(last.class),
          })}
          {last.message && <span className="text-fg-3"> {last.message}</span>}
        </p>
      )}
    </div>
  );
}
