import type { Model } from '~/api/types';
import { pickLanguage, useFormat, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { Field } from '~/ui/field';
import { Select } from '~/ui/select';
import { useDraft } from './draft';
import { droppedOptions, optionParameter } from './model';
import { writerOf } from './tool-model';

const ParameterInput = late(() => import('./parameter-field').then((file) => file.ParameterInput));

const nameOf = (model: Model) => model.label || model.name;

/** What opens below the tools: a model, and what it is told besides. */
export function WriterForm({ models }: { models: readonly Model[] }) {
  const t = useT();
  const { language } = useFormat();
  const writer = useDraft((state) => state.writer);
  const change = useDraft((state) => state.changeWriter);
  const usable = models.filter((one) => one.is_enabled && one.can_write);
  const automatic = writerOf(models, { ...writer, modelId: '' }, 'expand');
  const model = writerOf(models, writer, 'expand');
  const seeing = writerOf(models, writer, 'describe');
  if (!model || !automatic) return null;
  const all = models.flatMap((one) => one.write_options);
  const dropped = (one: Model) =>
    new Intl.ListFormat(language).format(
      droppedOptions(writer.values, one.write_options, all).map(
        (row) => `“${pickLanguage(row.label_en, row.label_zh, language)}”`,
      ),
    );
  const notes = [
    dropped(model) && t('generate.more.dropped', { names: dropped(model) }),
    seeing &&
      seeing.id !== model.id &&
      t('generate.tool.writer.sees', { model: nameOf(seeing) }) +
        (dropped(seeing) ? ` ${t('generate.more.dropped', { names: dropped(seeing) })}` : ''),
  ].filter(Boolean);
  return (
    <div className="flex flex-col gap-3">
      <Field label={t('generate.tool.writer.model')} isCustom>
        <Select
          label={t('generate.tool.writer.model')}
          value={usable.some((one) => one.id === writer.modelId) ? writer.modelId : ''}
          onChange={(modelId) => change({ modelId })}
          options={[
            { value: '', label: t('generate.tool.writer.auto', { model: nameOf(automatic) }) },
            ...usable.map((one) => ({
              value: one.id,
              label: nameOf(one),
              group: one.provider_name,
            })),
          ]}
        />
      </Field>
      {model.write_options.map(optionParameter).map((parameter) => (
        <ParameterInput
          key={parameter.name}
          parameter={parameter}
          model={model}
          label={pickLanguage(parameter.label_en, parameter.label_zh, language)}
          help={pickLanguage(parameter.help_en, parameter.help_zh, language)}
          value={writer.values[parameter.name]}
          put={(next) => {
            const values = { ...writer.values };
            if (next === undefined) delete values[parameter.name];
            else values[parameter.name] = next;
            change({ values });
          }}
        />
      ))}
      {notes.map((note) => (
        <p key={String(note)} className="text-12 text-fg-3">
          {note}
        </p>
      ))}
    </div>
  );
}
