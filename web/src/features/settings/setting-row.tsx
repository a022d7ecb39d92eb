import { useQueryClient } from '@tanstack/react-query';
import { RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { api, data } from '~/api/client';
import { errorText } from '~/api/errors';
import type { Setting } from '~/api/types';
import { choiceText, hasText, pickLanguage, type Translate, useFormat, useT } from '~/lib/i18n';
import { Button, IconButton } from '~/ui/button';
import { Field, SecretInput, TextInput } from '~/ui/field';
import { NumberInput } from '~/ui/number-input';
import { Segments } from '~/ui/segments';
import { Select } from '~/ui/select';
import { Badge } from '~/ui/states';
import { Switch } from '~/ui/switch';
import { showToast } from '~/ui/toast';
import { isMoney, variableOf } from './model';
import { settingsQuery } from './queries';
import { Anchor } from './section';

type Value = string | number | boolean | null;

/** One row of the settings table: what it is, where its value comes from, when it applies. */
export function SettingRow({ setting }: { setting: Setting }) {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const [draft, setDraft] = useState<Value | undefined>(undefined);
  const [error, setError] = useState<unknown>(null);
  const [isPending, setPending] = useState(false);
  const label = pickLanguage(setting.label_en, setting.label_zh, format.language) || setting.name;
  const help = pickLanguage(setting.help_en, setting.help_zh, format.language);
  const value = draft === undefined ? (setting.value as Value) : draft;
  const isChanged = draft !== undefined && draft !== setting.value;

  const save = async (next: Value) => {
    setPending(true);
    setError(null);
    try {
      const page = await data(
        api.PATCH('/api/v1/settings', {
          body: { changes: [{ name: setting.name, value: next }] },
        }),
      );
      client.setQueryData(settingsQuery.queryKey, page.items);
      setDraft(undefined);
      showToast(t(setting.is_live ? 'settings.saved' : 'settings.savedRestart'), { tone: 'ok' });
    } catch (problem) {
      setError(problem);
    } finally {
      setPending(false);
    }
  };
  const change = (next: Value) => {
    setError(null);
    // A switch and a choice act at once; what is typed waits for Save.
    if (setting.type === 'bool' || setting.type === 'choice') void save(next);
    else setDraft(next);
  };

  const unit = unitOf(setting, t);
  const isNumber = setting.type === 'int' || setting.type === 'double';
  const bounds =
    isNumber && setting.max > setting.min && !isMoney(setting)
      ? t(unit ? 'settings.bounds' : 'settings.boundsPlain', {
          min: format.number(setting.min),
          max: format.number(setting.max),
          unit,
        })
      : '';
  const badges = (
    <span className="mt-1 flex flex-wrap items-center gap-x-2 gap-y-1 text-11 text-fg-3">
      <Badge tone={setting.origin === 'saved' ? 'accent' : 'plain'}>
        {t(`settings.origin.${setting.origin}`)}
      </Badge>
      <span>
        {t(
          setting.is_read_only
            ? 'settings.placed'
            : setting.is_live
              ? 'settings.live'
              : 'settings.restart',
        )}
      </span>
      <span className="font-mono break-all">{variableOf(setting.name)}</span>
      {setting.origin === 'saved' && !setting.is_read_only && (
        <IconButton
          icon={RotateCcw}
          size="dense"
          label={t('settings.reset')}
          onClick={() => void save(null)}
        />
      )}
    </span>
  );
  if (setting.type === 'bool') {
    return (
      <Anchor
        at={setting.name}
        className="border-line border-b px-4 py-3 -outline-offset-2! last:border-b-0"
      >
        <Switch
          label={label}
          help={help}
          isOn={value === true}
          isDisabled={setting.is_read_only || isPending}
          onChange={change}
        />
        {badges}
        {error !== null && <p className="text-12 text-bad">{errorText(error, t)}</p>}
      </Anchor>
    );
  }
  return (
    <Anchor at={setting.name} className="border-line border-b -outline-offset-2! last:border-b-0">
      <form
        className="grid gap-x-6 gap-y-2 px-4 py-3 md:grid-cols-[1fr_18rem]"
        onSubmit={(event) => {
          event.preventDefault();
          if (isChanged) void save(value);
        }}
      >
        <div>
          <p className="text-13 font-medium">{label}</p>
          <p className="text-12 text-fg-3">
            {help}
            {bounds && <span className="block tabular-nums">{bounds}</span>}
          </p>
          {badges}
        </div>
        <div className="flex items-start gap-2">
          <Field
            label={label}
            isLabelHidden
            isCustom={setting.type === 'choice'}
            error={error !== null ? errorText(error, t) : ''}
            className="flex-1"
          >
            <SettingInput setting={setting} label={label} value={value} onChange={change} />
          </Field>
          {isChanged && (
            <Button look="ink" type="submit" isPending={isPending}>
              {t('common.save')}
            </Button>
          )}
        </div>
      </form>
    </Anchor>
  );
}

function unitOf(setting: Setting, t: Translate): string {
  const key = `settings.unit.${setting.unit}`;
  return isMoney(setting) ? '' : hasText(key) ? t(key) : setting.unit;
}

function SettingInput({
  setting,
  label,
  value,
  onChange,
}: {
  setting: Setting;
  label: string;
  value: Value;
  onChange: (value: Value) => void;
}) {
  const t = useT();
  if (setting.is_read_only) {
    return (
      <p className="flex min-h-8 items-center font-mono text-12 break-all text-fg-2">
        {setting.is_secret && setting.is_set ? (
          '••••'
        ) : value ? (
          String(value)
        ) : (
          <span className="font-sans text-13 text-fg-3">{t('settings.notSet')}</span>
        )}
      </p>
    );
  }
  if (setting.is_secret) {
    return (
      <SecretInput
        value={typeof value === 'string' ? value : ''}
        autoComplete="off"
        placeholder={setting.is_set ? t('settings.secretSet') : ''}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  }
  if (setting.type === 'choice') {
    const options = setting.choices.map((choice) => ({
      value: choice,
      label: choiceText(choice, t),
    }));
    return options.length <= 3 ? (
      <Segments label={label} value={String(value)} onChange={onChange} options={options} />
    ) : (
      <Select label={label} value={String(value)} onChange={onChange} options={options} />
    );
  }
  if (setting.type === 'int' || setting.type === 'double') {
    const scale = isMoney(setting) ? 1e6 : 1;
    return (
      <NumberInput
        value={typeof value === 'number' ? value / scale : null}
        {...(setting.max > setting.min
          ? { min: setting.min / scale, max: setting.max / scale }
          : {})}
        step={scale > 1 ? 0.01 : setting.type === 'int' ? 1 : 0.1}
        digits={scale > 1 ? 6 : setting.type === 'int' ? 0 : 3}
        unit={unitOf(setting, t)}
        isGrouped
        onChange={(next) => onChange(next === null ? null : Math.round(next * scale * 1e6) / 1e6)}
      />
    );
  }
  return (
    <TextInput
      value={typeof value === 'string' ? value : ''}
      spellCheck={false}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
