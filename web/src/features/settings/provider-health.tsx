import { useQuery } from '@tanstack/react-query';
import { errorText } from '~/api/errors';
import { queueQuery } from '~/api/queries';
import { hasText, useFormat, useT } from '~/lib/i18n';
import { isResting } from '~/lib/resting';
import { useNow } from '~/lib/use-now';
import { Quoted } from '~/ui/quoted';
import { healthWindows, troubledModels } from './model';
import { providerHealthQuery } from './queries';

/** How an account's calls went: a line for each window, then what went wrong last. */
export function ProviderHealth({ id }: { id: string }) {
  const t = useT();
  const format = useFormat();
  const { data: health, error } = useQuery(providerHealthQuery(id));
  const { data: queue } = useQuery(queueQuery);
  const lane = queue?.providers.find((one) => one.id === id);
  // A rest ends without a word from anybody.
  const now = useNow(
    lane?.models.some((one) => isResting(one, Date.now()) || one.breaker !== 'closed') ?? false,
  );
  const troubled = troubledModels(lane, now);
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
      {health.paused_models.length > 0 && (
        <p className="break-words text-warn">
          {t('settings.health.paused', { list: health.paused_models.join(' · ') })}
        </p>
      )}
      {troubled.map((model) => (
        <p key={model.name} className="break-words text-warn">
          {t(`settings.health.${model.said}`, {
            model: model.name,
            time: format.dateTime(
              model.said === 'breaker' ? model.breaker_until : model.pause_until,
            ),
            why: what(model.said === 'resting' ? model.reason : model.failure),
            count: model.failures_in_row,
            allowed: format.number(model.allowed),
            capacity: format.number(model.capacity),
          })}
        </p>
      ))}
      {last && (
        <p className="break-words">
          {t('settings.health.last', {
            time: format.relative(last.at),
            model: last.model,
            what: what(last.class),
          })}
          {last.message && <Quoted text={last.message} />}
        </p>
      )}
    </div>
  );
}
