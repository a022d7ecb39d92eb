import { Gauge } from 'lucide-react';
import { useState } from 'react';
import type { Model, ModelLimits } from '~/api/types';
import { useT } from '~/lib/i18n';
import { Button, IconButton } from '~/ui/button';
import { Field } from '~/ui/field';
import { NumberInput } from '~/ui/number-input';
import { Popover } from '~/ui/popover';
import { Switch } from '~/ui/switch';
import { draftLimits, type LimitsDraft, limitsDraft, limitsSet } from './model';

/** What of the model's own bounds holds; empty when its account's are all. */
export function useLimits({ limits }: Model): string {
  const t = useT();
  return [
    limits.is_paused && t('settings.limits.paused'),
    ...limitsSet(limits).map((name) => t(`settings.limits.${name}`, { count: limits[name] })),
  ]
    .filter(Boolean)
    .join(' · ');
}

/** Bounds of one model, for a service that gives it less than the whole account. */
export function ModelLimitsButton({
  model,
  onChange,
}: {
  model: Model;
  onChange: (limits: ModelLimits) => void;
}) {
  const t = useT();
  const [isOpen, setOpen] = useState(false);
  const title = t('settings.limits.of', { name: model.label || model.name });
  const said = useLimits(model) || t('settings.limits.asAccount');
  return (
    <Popover
      title={title}
      isOpen={isOpen}
      onOpenChange={setOpen}
      className="w-72"
      trigger={
        <IconButton
          icon={Gauge}
          size="dense"
          label={t('settings.models.defaultForModel', { name: title, said })}
        />
      }
    >
      <LimitsForm
        limits={model.limits}
        onSave={(limits) => {
          setOpen(false);
          onChange(limits);
        }}
      />
    </Popover>
  );
}

function LimitsForm({
  limits,
  onSave,
}: {
  limits: ModelLimits;
  onSave: (limits: ModelLimits) => void;
}) {
  const t = useT();
  const [draft, setDraft] = useState(() => limitsDraft(limits));
  const change = (part: Partial<LimitsDraft>) => setDraft({ ...draft, ...part });
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        onSave(draftLimits(draft));
      }}
    >
      <p className="text-12 text-fg-2">{t('settings.limits.help')}</p>
      <Field label={t('settings.provider.concurrency')}>
        <NumberInput
          value={draft.concurrency}
          onChange={(concurrency) => change({ concurrency })}
          min={0}
          max={64}
          placeholder={t('settings.limits.asAccount')}
        />
      </Field>
      <Field label={t('settings.provider.perMinute')}>
        <NumberInput
          value={draft.per_minute}
          onChange={(per_minute) => change({ per_minute })}
          min={0}
          max={10000}
          placeholder={t('settings.limits.none')}
        />
      </Field>
      <Field label={t('settings.provider.units')}>
        <NumberInput
          value={draft.units_per_minute}
          onChange={(units_per_minute) => change({ units_per_minute })}
          min={0}
          max={10000}
          placeholder={t('settings.limits.none')}
        />
      </Field>
      <Switch
        label={t('settings.limits.pause')}
        help={t('settings.limits.pauseHelp')}
        isOn={draft.is_paused}
        onChange={(is_paused) => change({ is_paused })}
      />
      <Button look="ink" type="submit">
        {t('common.save')}
      </Button>
    </form>
  );
}
