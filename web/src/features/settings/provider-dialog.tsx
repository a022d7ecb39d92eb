import { useQuery, useQueryClient } from '@tanstack/react-query';
import clsx from 'clsx';
import { ArrowLeft, ChevronRight, ExternalLink } from 'lucide-react';
import { useCallback, useId, useRef, useState } from 'react';
import { api, data } from '~/api/client';
import { ApiError, errorDetail, errorText } from '~/api/errors';
import { meQuery } from '~/api/queries';
import type { Provider, ProviderField, ProviderKind } from '~/api/types';
import { choiceText, pickLanguage, type Translate, useFormat, useT } from '~/lib/i18n';
import { Button } from '~/ui/button';
import { Dialog } from '~/ui/dialog';
import { Field, SecretInput, TextArea, TextInput } from '~/ui/field';
import { NumberInput } from '~/ui/number-input';
import { Segments } from '~/ui/segments';
import { Select } from '~/ui/select';
import { Switch } from '~/ui/switch';
import { showToast } from '~/ui/toast';
import { KindPicker } from './kind-picker';
import {
  emptyForm,
  errorField,
  type FieldValue,
  foldFields,
  formOf,
  missingField,
  type ProviderForm,
  providerBody,
} from './model';
import { ProviderWorkflows } from './provider-workflows';
import { providersQuery } from './queries';
import { type OwnWorkflow, workflowAt } from './workflow-model';

type ChangeWorkflows = (now: OwnWorkflow[]) => OwnWorkflow[];

const workflowsOf = (value: FieldValue | undefined) => (Array.isArray(value) ? value : []);

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
  const [kind, setKind] = useState<ProviderKind | null>(provider ? (kinds[0] ?? null) : null);
  if (!kind) return <KindPicker kinds={kinds} onChoose={setKind} onClose={onClose} />;
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

/** Our sentence for the error; the server's beside it where it says what exactly is wrong. */
function saidOf(error: unknown, t: Translate): string {
  const detail =
    error instanceof ApiError && ['invalid', 'malformed', 'not_in_list'].includes(error.code)
      ? errorDetail(error)
      : '';
  return [errorText(error, t), detail].filter(Boolean).join(' ');
}

/** Which of several an error speaks of, by its name. */
function wrongWorkflow(value: FieldValue | undefined, error: unknown): string {
  const at = error instanceof ApiError ? workflowAt(error.field) : -1;
  const one = Array.isArray(value) ? value[at] : undefined;
  return one ? one.name || one.id : '';
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
  const isOwner = useQuery(meQuery).data?.role === 'owner';
  const [form, setForm] = useState<ProviderForm>(() =>
    provider ? formOf(provider, kind) : emptyForm(kind, taken),
  );
  const [missing, setMissing] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isPending, setPending] = useState(false);
  const { first, more } = foldFields(kind);
  const [isMoreOpen, setMoreOpen] = useState(false);
  const moreId = useId();
  const formRef = useRef<HTMLFormElement>(null);
  /** Goes to the field at fault; a folded one is unfolded first. */
  const goTo = (name: string, control = ':is(input, textarea, button)') => {
    if (more.some((field) => field.name === name)) setMoreOpen(true);
    requestAnimationFrame(() =>
      formRef.current
        ?.querySelector<HTMLElement>(`[data-field="${CSS.escape(name)}"] ${control}`)
        ?.focus(),
    );
  };
  // Of a workflow that is being read the file comes later than the next key.
  const setValue = (name: string, value: FieldValue | ChangeWorkflows) =>
    setForm((now) => ({
      ...now,
      values: {
        ...now.values,
        [name]: typeof value === 'function' ? value(workflowsOf(now.values[name])) : value,
      },
    }));
  /** Given and not in the list: it would be lost with the form. And whether that was said. */
  const [isHeld, setHeld] = useState(false);
  const [isHeldBack, setHeldBack] = useState(false);
  const hold = useCallback((isNow: boolean) => {
    setHeld(isNow);
    setHeldBack(false);
  }, []);

  const submit = async () => {
    const lacking = missingField(form, kind, provider?.has_key ?? false);
    setMissing(lacking);
    setError(null);
    setHeldBack(isHeld);
    if (lacking) {
      goTo(lacking);
      return;
    }
    if (isHeld) {
      goTo(kind.fields.find((field) => field.type === 'workflows')?.name ?? '', 'textarea');
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
      if (problem instanceof ApiError) goTo(errorField(problem.field));
    } finally {
      setPending(false);
    }
  };

  const wrong = error instanceof ApiError ? errorField(error.field) : '';
  const errorOf = (name: string) =>
    missing === name
      ? t('errors.required')
      : wrong === name
        ? [wrongWorkflow(form.values[name], error), saidOf(error, t)].filter(Boolean).join(': ')
        : '';
  const draw = (field: ProviderField) => (
    <div key={field.name} data-field={field.name}>
      <KindField
        field={field}
        kind={kind}
        provider={provider}
        value={form.values[field.name]}
        error={
          field.type === 'workflows' && isHeldBack
            ? t('settings.workflow.held')
            : errorOf(field.name)
        }
        onChange={(value) => setValue(field.name, value)}
        isHeld={isHeld}
        onHold={hold}
      />
    </div>
  );
  const isPlaced = wrong === 'name' || kind.fields.some((field) => field.name === wrong);
  return (
    <Dialog
      isOpen
      onClose={onClose}
      isSticky
      // An input of a workflow is named by its node, its title and its own name.
      {...(kind.fields.some((field) => field.type === 'workflows') ? { width: 'wide' } : {})}
      title={provider ? provider.name : kind.label}
      about={pickLanguage(kind.about_en, kind.about_zh, format.language)}
    >
      <form
        noValidate
        ref={formRef}
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
        {first.map(draw)}
        {kind.fields.some((field) => field.type === 'url') && (
          <Switch
            label={t('settings.provider.private')}
            help={t(isOwner ? 'settings.provider.privateHelp' : 'settings.provider.privateOwner')}
            isDisabled={!isOwner}
            isOn={form.isPrivateAllowed}
            onChange={(isOn) => setForm({ ...form, isPrivateAllowed: isOn })}
          />
        )}
        {more.length > 0 && (
          <div className="border-line border-t pt-2">
            <button
              type="button"
              aria-expanded={isMoreOpen}
              aria-controls={moreId}
              onClick={() => setMoreOpen(!isMoreOpen)}
              className="-mx-2 flex h-8 w-[calc(100%+1rem)] items-center gap-1.5 rounded-8 px-2 text-13 font-medium text-fg-2 hover:bg-surface-2 hover:text-fg touch:h-11"
            >
              <ChevronRight
                size={16}
                aria-hidden
                className={clsx('transition-transform duration-200', isMoreOpen && 'rotate-90')}
              />
              {t('settings.provider.more', { count: more.length })}
            </button>
            <div id={moreId} className={clsx('mt-2 flex flex-col gap-4', !isMoreOpen && 'hidden')}>
              {more.map(draw)}
            </div>
          </div>
        )}
        {error !== null && !isPlaced && (
          <p role="alert" className="text-12 break-words text-bad">
            {saidOf(error, t)}
          </p>
        )}
        <div className="flex flex-wrap gap-2">
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
  isHeld,
  onHold,
}: {
  field: ProviderField;
  kind: ProviderKind;
  provider: Provider | undefined;
  value: FieldValue | undefined;
  error: string;
  onChange: (value: FieldValue | ChangeWorkflows) => void;
  isHeld: boolean;
  onHold: (isHeld: boolean) => void;
}) {
  const t = useT();
  const format = useFormat();
  const { language } = format;
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
  if (field.name === 'session_token') {
    const isThere = provider?.keys[0]?.has_session_token ?? false;
    return (
      <Field
        label={label}
        error={error}
        help={isThere ? t('settings.provider.tokenKept', { help }) : help}
      >
        <SecretInput
          value={String(value ?? '')}
          autoComplete="off"
          onChange={(event) => onChange(event.target.value)}
        />
      </Field>
    );
  }
  if (field.type === 'secret') {
    if (provider?.has_key && !isReplacing) {
      return (
        <Field label={label} help={help} error={error} isCustom>
          <div className="flex h-8 items-center gap-3 touch:h-11">
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
  if (field.type === 'workflows') {
    return (
      <ProviderWorkflows
        kind={kind.name}
        label={label}
        help={help}
        error={error}
        workflows={workflowsOf(value)}
        onChange={onChange}
        isHeld={isHeld}
        onHold={onHold}
      />
    );
  }
  if (field.type === 'long_text') {
    const text = String(value ?? '');
    const length = [...text].length;
    const isTooLong = field.max > 0 && length > field.max;
    return (
      <Field
        label={label}
        help={help}
        error={error}
        aside={
          <span className={clsx('text-12 tabular-nums', isTooLong ? 'text-bad' : 'text-fg-3')}>
            {field.max > 0
              ? `${format.number(length)} / ${format.number(field.max)}`
              : length > 0 && format.number(length)}
          </span>
        }
      >
        <TextArea
          rows={6}
          value={text}
          spellCheck={false}
          lang=""
          className="max-h-80 resize-y! font-mono text-12! break-all"
          onChange={(event) => onChange(event.target.value)}
        />
      </Field>
    );
  }
  return (
    <Field label={label} help={help} error={error}>
      <TextInput
        value={String(value ?? '')}
        {...(field.max > 0 ? { maxLength: field.max } : {})}
        type={field.type === 'url' ? 'url' : 'text'}
        placeholder={field.type === 'url' ? kind.default_base_url : ''}
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  );
}
