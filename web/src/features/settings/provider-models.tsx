import clsx from 'clsx';
import { Check, Plus, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { api, data } from '~/api/client';
import { errorText } from '~/api/errors';
import type { Model, Provider } from '~/api/types';
import { hasText, useFormat, useT } from '~/lib/i18n';
import { Button, IconButton } from '~/ui/button';
import { Field, TextInput } from '~/ui/field';
import { Popover } from '~/ui/popover';
import { Badge } from '~/ui/states';
import { Switch } from '~/ui/switch';
import { showToast } from '~/ui/toast';
import { modelChange, purposesOf, withPurpose } from './model';
import { ModelLimitsButton, useLimits } from './model-limits';
import { ModelPriceButton } from './model-price';

/** Which of the account's models are offered, at what price; unknown ones come by their wire id. */
export function ProviderModels({
  provider,
  onSaved,
}: {
  provider: Provider;
  onSaved: (next: Provider) => void;
}) {
  const t = useT();
  const [name, setName] = useState('');
  const [isAdding, setAdding] = useState(false);
  const save = async (change: ReturnType<typeof modelChange>) => {
    try {
      onSaved(
        await data(
          api.PATCH('/api/v1/providers/{id}', {
            params: { path: { id: provider.id } },
            body: { models: [change] },
          }),
        ),
      );
    } catch (error) {
      showToast(errorText(error, t), { tone: 'bad' });
    }
  };
  return (
    <div>
      <h4 className="mb-1 text-13 font-medium">{t('settings.models.title')}</h4>
      <ul className="rounded-8 outline outline-line">
        {provider.models.map((model) => (
          <ModelRow
            key={model.id}
            model={model}
            onChange={(change) => void save(modelChange(model, change))}
          />
        ))}
      </ul>
      <form
        className="mt-2 flex items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          const wire = name.trim();
          if (!wire) return;
          setAdding(true);
          void save({ name: wire, is_enabled: true, is_default: false, price_micro: -1 }).then(
            () => {
              setAdding(false);
              setName('');
            },
          );
        }}
      >
        <Field
          label={t('settings.models.add')}
          help={t('settings.models.addHelp')}
          className="flex-1"
        >
          <TextInput
            value={name}
            maxLength={200}
            spellCheck={false}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Button
          icon={Plus}
          type="submit"
          isPending={isAdding}
          whyNot={name.trim() ? '' : t('settings.models.needsName')}
          className="mb-5"
        >
          {t('settings.provider.create')}
        </Button>
      </form>
    </div>
  );
}

function ModelRow({
  model,
  onChange,
}: {
  model: Model;
  onChange: (change: Partial<ReturnType<typeof modelChange>>) => void;
}) {
  const t = useT();
  const limits = useLimits(model);
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b px-3 py-1.5 last:border-b-0">
      <div className="min-w-40 flex-1">
        <p className={clsx('flex items-center gap-2 text-13', !model.is_enabled && 'text-fg-3')}>
          <span className="truncate">{model.label || model.name}</span>
          {!model.is_known && <Badge>{t('settings.models.own')}</Badge>}
        </p>
        <p className="truncate font-mono text-11 text-fg-3">{model.name}</p>
        {limits && (
          <p
            className={clsx(
              'text-11 tabular-nums',
              model.limits.is_paused ? 'text-warn' : 'text-fg-2',
            )}
          >
            {limits}
          </p>
        )}
      </div>
      <ModelPriceButton model={model} onChange={(price) => onChange({ price })} />
      <Purposes model={model} onChange={onChange} />
      {(!model.is_known || model.has_own_price || limits) && (
        <IconButton
          icon={RotateCcw}
          size="dense"
          label={t(model.is_known ? 'settings.models.reset' : 'settings.models.remove')}
          onClick={() => onChange({ is_forgotten: true })}
        />
      )}
      <ModelLimitsButton model={model} onChange={(next) => onChange({ limits: next })} />
      <Switch
        label={t('settings.models.offered', { name: model.label || model.name })}
        isLabelHidden
        isOn={model.is_enabled}
        onChange={(isOn) => onChange({ is_enabled: isOn })}
      />
    </li>
  );
}

/** What the model is taken for when nobody names one; another takes a purpose over by being chosen. */
function Purposes({
  model,
  onChange,
}: {
  model: Model;
  onChange: (change: Partial<ReturnType<typeof modelChange>>) => void;
}) {
  const t = useT();
  const format = useFormat();
  const [isOpen, setOpen] = useState(false);
  const names = model.purposes.map((one) => {
    const key = `settings.purpose.${one}`;
    return hasText(key) ? t(key) : one;
  });
  const said =
    names.length > 0
      ? t('settings.models.default', { purposes: joinWords(names, format.language) })
      : t('settings.models.notDefault');
  return (
    <Popover
      title={t('settings.models.defaultFor')}
      isOpen={isOpen}
      onOpenChange={setOpen}
      className="w-64"
      trigger={
        <button
          type="button"
          data-purposes
          aria-label={t('settings.models.defaultForModel', {
            name: model.label || model.name,
            said,
          })}
          className="h-7 max-w-full rounded-6 px-2 text-12 hover:bg-surface-2 touch:h-11"
        >
          {names.length > 0 ? (
            <Badge tone="accent">{said}</Badge>
          ) : (
            <span className="text-fg-3">{said}</span>
          )}
        </button>
      }
    >
      <p className="mb-1 px-2 text-12 text-fg-2">
        {t(model.is_enabled ? 'settings.models.defaultHelp' : 'settings.models.off')}
      </p>
      <ul>
        {purposesOf(model).map((purpose) => {
          const isOn = model.purposes.includes(purpose);
          return (
            <li key={purpose}>
              <button
                type="button"
                aria-pressed={isOn}
                disabled={!model.is_enabled}
                onClick={() => !isOn && onChange(withPurpose(model, purpose))}
                className="flex h-8 w-full items-center gap-2 rounded-6 px-2 text-left text-13 hover:bg-surface-2 disabled:opacity-45 touch:h-11"
              >
                <Check size={14} aria-hidden className={isOn ? 'text-accent' : 'invisible'} />
                {t(`settings.purpose.${purpose}`)}
              </button>
            </li>
          );
        })}
      </ul>
    </Popover>
  );
}

function joinWords(words: string[], language: string): string {
  return new Intl.ListFormat(language, { type: 'conjunction' }).format(words);
}
