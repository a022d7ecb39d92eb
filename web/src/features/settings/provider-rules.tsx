import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '~/api/client';
import { errorText } from '~/api/errors';
import type { Provider } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { Field } from '~/ui/field';
import { LinkButton } from '~/ui/link';
import { NumberInput } from '~/ui/number-input';
import { Select } from '~/ui/select';
import { Switch } from '~/ui/switch';
import { showToast } from '~/ui/toast';
import { ProviderKeys } from './provider-keys';
import { ProviderModels } from './provider-models';
import { ProviderStandIns } from './provider-stand-ins';
import { budgetsQuery } from './queries';

/** Whether it is used, how much at once, what to do in doubt, and its models. */
export function ProviderRules({
  provider,
  hasKeys,
  hasTokens,
  onSaved,
}: {
  provider: Provider;
  /** its kind is asked with a key */
  hasKeys: boolean;
  /** its keys may be temporary ones */
  hasTokens: boolean;
  onSaved: (next: Provider) => void;
}) {
  const t = useT();
  const [concurrency, setConcurrency] = useState<number | null>(provider.concurrency);
  const [perMinute, setPerMinute] = useState<number | null>(provider.per_minute);
  const [units, setUnits] = useState<number | null>(provider.units_per_minute);
  const save = (change: {
    is_enabled?: boolean;
    concurrency?: number;
    per_minute?: number;
    units_per_minute?: number;
    on_unknown?: Provider['on_unknown'];
    once_below_micro?: number;
    stand_ins?: string[];
  }) =>
    void data(
      api.PATCH('/api/v1/providers/{id}', {
        params: { path: { id: provider.id } },
        body: change,
      }),
    ).then(onSaved, (error) => showToast(errorText(error, t), { tone: 'bad' }));
  const rules = ['hold', 'once_below', 'retry'] as const;
  return (
    <div className="flex flex-col gap-4 px-4 pb-4">
      <Switch
        label={t('settings.provider.enabled')}
        help={t('settings.provider.enabledHelp')}
        isOn={provider.is_enabled}
        onChange={(isOn) => save({ is_enabled: isOn })}
      />
      <div className="grid gap-4 md:grid-cols-2">
        <Field
          label={t('settings.provider.concurrency')}
          help={t('settings.provider.concurrencyHelp')}
        >
          <NumberInput
            value={concurrency}
            min={1}
            max={64}
            onChange={(value) => {
              setConcurrency(value);
              if (value && value !== provider.concurrency) save({ concurrency: value });
            }}
          />
        </Field>
        <Field label={t('settings.provider.perMinute')} help={t('settings.provider.perMinuteHelp')}>
          <NumberInput
            value={perMinute}
            min={0}
            max={10000}
            onChange={(value) => {
              setPerMinute(value);
              if (value !== null && value !== provider.per_minute) save({ per_minute: value });
            }}
          />
        </Field>
        <Field label={t('settings.provider.units')} help={t('settings.provider.unitsHelp')}>
          <NumberInput
            value={units}
            min={0}
            max={10000}
            onChange={(value) => {
              setUnits(value);
              if (value !== null && value !== provider.units_per_minute)
                save({ units_per_minute: value });
            }}
          />
        </Field>
        <Field
          label={t('settings.provider.unknown')}
          help={t('settings.provider.unknownHelp')}
          isCustom
        >
          <Select
            value={provider.on_unknown}
            onChange={(on_unknown) => save({ on_unknown })}
            options={rules.map((rule) => ({
              value: rule,
              label: t(`settings.unknown.${rule}`),
              detail: t(`settings.unknown.${rule}Help`),
            }))}
          />
        </Field>
        {provider.on_unknown === 'once_below' && (
          <Field label={t('settings.provider.below')} help={t('settings.provider.belowHelp')}>
            <NumberInput
              value={provider.once_below_micro / 1e6}
              min={0}
              step={0.01}
              digits={4}
              onChange={(value) =>
                value !== null && save({ once_below_micro: Math.round(value * 1e6) })
              }
            />
          </Field>
        )}
      </div>
      {(hasKeys || provider.has_key) && (
        <ProviderKeys provider={provider} hasTokens={hasTokens} onSaved={onSaved} />
      )}
      <ProviderStandIns provider={provider} onChange={(stand_ins) => save({ stand_ins })} />
      <ProviderCaps provider={provider} />
      <ProviderModels provider={provider} onSaved={onSaved} />
    </div>
  );
}

/** What it may spend in a day or a month is kept where all budgets are. */
function ProviderCaps({ provider }: { provider: Provider }) {
  const t = useT();
  const format = useFormat();
  const { data: budgets } = useQuery(budgetsQuery);
  const caps = (budgets ?? []).filter((one) => one.scope !== 'user' && one.who_id === provider.id);
  const labelOf = (name: string) => provider.models.find((one) => one.name === name)?.label || name;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <div className="min-w-48 flex-1 text-13">
        <p className="font-medium">{t('settings.provider.caps')}</p>
        {budgets && caps.length === 0 && (
          <p className="text-12 text-fg-3">{t('settings.provider.capsNone')}</p>
        )}
        {caps.map((cap) => (
          <p key={cap.id} className="text-12 text-fg-2 tabular-nums">
            {[
              labelOf(cap.model),
              t(`settings.budgets.period.${cap.period}`),
              t('settings.budgets.used', {
                used: format.money(
                  cap.cost_micro + cap.reserved_micro + cap.doubtful_micro,
                  cap.currency,
                ),
                limit: format.money(cap.limit_micro, cap.currency),
              }),
            ]
              .filter(Boolean)
              .join(' · ')}
          </p>
        ))}
      </div>
      <LinkButton to="/settings/usage">{t('settings.provider.capsOpen')}</LinkButton>
    </div>
  );
}
