import { useState } from 'react';
import { ApiError, errorText } from '~/api/errors';
import type { Model, Operation, Preset } from '~/api/types';
import { useT } from '~/lib/i18n';
import { Button } from '~/ui/button';
import { Dialog } from '~/ui/dialog';
import { Field, TextInput } from '~/ui/field';
import { Switch } from '~/ui/switch';
import { showToast } from '~/ui/toast';
import type { Draft } from './model';
import type { PresetActions } from './preset-actions';
import { presetOf } from './preset-model';

const nameMax = 80;

/** Names a new preset, or an old one anew. */
export function PresetDialog({
  preset,
  draft,
  model,
  operation,
  actions,
  onClose,
}: {
  preset: Preset | null;
  draft: Draft;
  model: Model | undefined;
  operation: Operation | undefined;
  actions: PresetActions;
  onClose: () => void;
}) {
  const t = useT();
  const [name, setName] = useState(preset?.name ?? '');
  const [hasWords, setWords] = useState(draft.prompt.trim() !== '');
  const [isShared, setShared] = useState(false);
  const [isDefault, setDefault] = useState(false);
  const [isTried, setTried] = useState(false);
  const [isPending, setPending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const problem =
    name.trim() === ''
      ? t('generate.presets.noName')
      : [...name.trim()].length > nameMax
        ? t('generate.presets.longName', { limit: nameMax })
        : '';
  const field = error instanceof ApiError ? error.field : '';
  const said =
    error instanceof ApiError && error.code === 'conflict'
      ? t('generate.presets.taken')
      : error instanceof ApiError && error.code === 'too_many'
        ? t(field === 'is_shared' ? 'generate.presets.fullShared' : 'generate.presets.full', {
            limit: error.limit ?? 0,
          })
        : error === null
          ? ''
          : errorText(error, t);
  const save = async () => {
    setTried(true);
    if (problem) return;
    setPending(true);
    try {
      if (preset) await actions.change(preset, { name: name.trim() });
      else {
        await actions.create({
          name: name.trim(),
          is_shared: isShared,
          is_default: isDefault,
          ...presetOf(draft, model, operation, hasWords),
        });
      }
      showToast(t(preset ? 'generate.presets.renamed' : 'generate.presets.saved'), { tone: 'ok' });
      onClose();
    } catch (failure) {
      setError(failure);
    } finally {
      setPending(false);
    }
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t(preset ? 'generate.presets.rename' : 'generate.presets.save')}
      about={preset ? undefined : t('generate.presets.about')}
    >
      <form
        noValidate
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field
          label={t('generate.presets.name')}
          error={field === 'name' ? said : isTried ? problem : ''}
        >
          <TextInput
            value={name}
            lang=""
            onChange={(event) => {
              setName(event.target.value);
              setError(null);
            }}
          />
        </Field>
        {!preset && (
          <div className="flex flex-col gap-2">
            <Switch
              label={t('generate.presets.withPrompt')}
              help={t('generate.presets.withPromptHelp')}
              isOn={hasWords}
              onChange={setWords}
            />
            <Switch
              label={t('generate.presets.shared')}
              help={t('generate.presets.sharedHelp')}
              isOn={isShared}
              onChange={setShared}
            />
            <Switch
              label={t('generate.presets.default')}
              help={t('generate.presets.defaultHelp')}
              isOn={isDefault}
              onChange={setDefault}
            />
          </div>
        )}
        {said !== '' && field !== 'name' && (
          <p role="alert" className="text-12 text-bad">
            {said}
          </p>
        )}
        <Button look="ink" type="submit" isPending={isPending}>
          {t('common.save')}
        </Button>
      </form>
    </Dialog>
  );
}
