import { useState } from 'react';
import { api, data } from '~/api/client';
import { errorText } from '~/api/errors';
import type { Provider } from '~/api/types';
import { useT } from '~/lib/i18n';
import { Field } from '~/ui/field';
import { NumberInput } from '~/ui/number-input';
import { Select } from '~/ui/select';
import { Switch } from '~/ui/switch';
import { showToast } from '~/ui/toast';
import { ProviderModels } from './provider-models';

/** Whether it is used, how much at once, what to do in doubt, and its models. */
export function ProviderRules({
  provider,
  onSaved,
}: {
  provider: Provider;
  onSaved: (next: Provider) => void;
}) {
  const t = useT();
  const [concurrency, setConcurrency] = useState<number | null>(provider.concurrency);
  const [perMinute, setPerMinute] = useState<number | null>(provider.per_minute);
  const save = (change: {
    is_enabled?: boolean;
    concurrency?: number;
    per_minute?: number;
    on_unknown?: Provider['on_unknown'];
    once_below_micro?: number;
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
      <ProviderModels provider={provider} onSaved={onSaved} />
    </div>
  );
}
