import { useQueryClient } from '@tanstack/react-query';
import { ArrowLeft, ExternalLink } from 'lucide-react';
import { useState } from 'react';
import { api, data } from '~/api/client';
import { ApiError, errorText } from '~/api/errors';
import type { Provider, ProviderField, ProviderKind } from '~/api/types';
import { choiceText, pickLanguage, useFormat, useT } from '~/lib/i18n';
import { Button } from '~/ui/button';
import { Dialog } from '~/ui/dialog';
import { Field, SecretInput, TextInput } from '~/ui/field';
import { NumberInput } from '~/ui/number-input';
import { Segments } from '~/ui/segments';
import { Select } from '~/ui/select';
import { Switch } from '~/ui/switch';
import { showToast } from '~/ui/toast';
import {
  emptyForm,
  errorField,
  formOf,
  missingField,
  type ProviderForm,
  providerBody,
} from './model';
import { providersQuery } from './queries';

/** Adds a provider (first its kind, then only its fields) or changes one. */
export function ProviderDialog({
  kinds,
  provider,
  taken,
  onClose,
}: {
  kinds: ProviderKind[];
  provider?: Provider;
  taken: string[];
  onClose: () => void;
}) {
  const t = useT();
  const format = useFormat();
  const [kind, setKind] = useState<ProviderKind | null>(provider ? (kinds[0] ?? null) : null);
  if (!kind) {
    return (
      <Dialog
        isOpen
        onClose={onClose}
        width="wide"
        title={t('settings.providers.add')}
        about={t('settings.providers.choose')}
      >
        <ul className="grid gap-2 md:grid-cols-2">
          {kinds.map((one) => (
            <li key={one.name}>
              <button
                type="button"
                onClick={() => setKind(one)}
                className="flex h-full w-full flex-col rounded-8 border border-line px-4 py-3 text-left transition-colors duration-100 hover:border-line-ctl hover:bg-surface-2"
              >
                <span className="text-14 font-medium">{one.label}</span>
                <span className="text-12 text-fg-2">
                  {pickLanguage(one.about_en, one.about_zh, format.language)}
                </span>
              </button>
            </li>
          ))}
        </ul>
      </Dialog>
    );
  }
  return (
    <KindForm
      key={kind.name}
      kind={kind}
      provider={provider}
      taken={taken}
      onBack={provider ? undefined : () => setKind(null)}
      onClose={onClose}
    />
  );
}

function KindForm({
  kind,
  provider,
  taken,
  onBack,
  onClose,
}: {
  kind: ProviderKind;
  provider: Provider | undefined;
  taken: string[];
  onBack: (() => void) | undefined;
  onClose: () => void;
}) {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const [form, setForm] = useState<ProviderForm>(() =>
    provider ? formOf(provider, kind) : emptyForm(kind, taken),
  );
  const [missing, setMissing] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isPending, setPending] = useState(false);
  const setValue = (name: string, value: string | number | boolean) =>
    setForm({ ...form, values: { ...form.values, [name]: value } });

  const submit = async () => {
    const lacking = missingField(form, kind, provider?.has_key ?? false);
    setMissing(lacking);
    setError(null);
    if (lacking) {
      document.querySelector<HTMLElement>(`[data-field="${lacking}"] input`)?.focus();
      return;
    }
    setPending(true);
    try {
      const body = providerBody(form, kind);
      const saved = provider
        ? await data(
            api.PATCH('/api/v1/providers/{id}', { params: { path: { id: provider.id } }, body }),
          )
        : await data(api.POST('/api/v1/providers', { body: { kind: kind.name, ...body } }));
      await client.invalidateQueries({ queryKey: providersQuery.queryKey });
      void client.invalidateQueries({ queryKey: ['models'] });
      showToast(t('settings.provider.saved', { name: saved.name }), { tone: 'ok' });
      onClose();
    } catch (problem) {
      setError(problem);
    } finally {
      setPending(false);
    }
  };

  const wrong = error instanceof ApiError ? errorField(error.field) : '';
  const errorOf = (name: string) =>
    missing === name ? t('errors.required') : wrong === name ? errorText(error, t) : '';
  const isPlaced = wrong === 'name' || kind.fields.some((field) => field.name === wrong);
  return (
    <Dialog
      isOpen
      onClose={onClose}
      isSticky
      title={provider ? provider.name : kind.label}
      about={pickLanguage(kind.about_en, kind.about_zh, format.language)}
    >
      <form
        noValidate
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div data-field="name">
          <Field label={t('settings.provider.name')} error={errorOf('name')}>
            <TextInput
              value={form.name}
              maxLength={60}
              onChange={(event) => setForm({ ...form, name: event.target.value })}
            />
          </Field>
        </div>
        {kind.fields.map((field) => (
          <div key={field.name} data-field={field.name}>
            <KindField
              field={field}
              kind={kind}
              provider={provider}
              value={form.values[field.name]}
              error={errorOf(field.name)}
              onChange={(value) => setValue(field.name, value)}
            />
          </div>
        ))}
        {kind.fields.some((field) => field.type === 'url') && (
          <Switch
            label={t('settings.provider.private')}
            help={t('settings.provider.privateHelp')}
            isOn={form.isPrivateAllowed}
            onChange={(isOn) => setForm({ ...form, isPrivateAllowed: isOn })}
          />
        )}
        {error !== null && !isPlaced && (
          <p role="alert" className="text-12 text-bad">
            {errorText(error, t)}
          </p>
        )}
        <div className="flex gap-2">
          {onBack && (
            <Button look="ghost" icon={ArrowLeft} onClick={onBack}>
              {t('settings.provider.back')}
            </Button>
          )}
          <div className="flex-1" />
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button look="ink" type="submit" isPending={isPending}>
            {t(provider ? 'common.save' : 'settings.provider.create')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function KindField({
  field,
  kind,
  provider,
  value,
  error,
  onChange,
}: {
  field: ProviderField;
  kind: ProviderKind;
  provider: Provider | undefined;
  value: string | number | boolean | undefined;
  error: string;
  onChange: (value: string | number | boolean) => void;
}) {
  const t = useT();
  const { language } = useFormat();
  const [isReplacing, setReplacing] = useState(false);
  const label = pickLanguage(field.label_en, field.label_zh, language) || field.name;
  const help = pickLanguage(field.help_en, field.help_zh, language);
  if (field.type === 'bool') {
    return <Switch label={label} help={help} isOn={value === true} onChange={onChange} />;
  }
  if (field.type === 'choice') {
    const options = field.choices.map((choice) => ({
      value: choice,
      label: choiceText(choice, t),
    }));
    return (
      <Field label={label} help={help} error={error} isCustom>
        {options.length <= 4 ? (
          <Segments
            label={label}
            value={String(value ?? '')}
            onChange={onChange}
            options={options}
          />
        ) : (
          <Select value={String(value ?? '')} onChange={onChange} options={options} />
        )}
      </Field>
    );
  }
  if (field.type === 'int' || field.type === 'double') {
    return (
      <Field label={label} help={help} error={error}>
        <NumberInput
          value={typeof value === 'number' ? value : null}
          {...(field.max > field.min ? { min: field.min, max: field.max } : {})}
          step={field.type === 'int' ? 1 : 0.1}
          digits={field.type === 'int' ? 0 : 3}
          onChange={(next) => onChange(next ?? '')}
        />
      </Field>
    );
  }
  if (field.type === 'secret') {
    if (provider?.has_key && !isReplacing) {
      return (
        <Field label={label} help={help} isCustom>
          <div className="flex h-8 items-center gap-3 max-md:h-11">
            <span className="font-mono text-13 text-fg-2">{`•••• ${provider.key_hint}`}</span>
            <Button height="dense" onClick={() => setReplacing(true)}>
              {t('settings.provider.replace')}
            </Button>
          </div>
        </Field>
      );
    }
    return (
      <Field
        label={label}
        error={error}
        help={help}
        aside={
          kind.key_page && (
            <a
              href={kind.key_page}
              target="_blank"
              rel="noreferrer noopener"
              className="inline-flex items-center gap-1 text-12 text-accent-text hover:underline"
            >
              {t('settings.provider.getKey')}
              <ExternalLink size={12} aria-hidden />
            </a>
          )
        }
      >
        <SecretInput
          value={String(value ?? '')}
          autoComplete="off"
          onChange={(event) => onChange(event.target.value)}
        />
      </Field>
    );
  }
  return (
    <Field label={label} help={help} error={error}>
      <TextInput
        value={String(value ?? '')}
        type={field.type === 'url' ? 'url' : 'text'}
        placeholder={field.type === 'url' ? kind.default_base_url : ''}
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  );
}
