import clsx from 'clsx';
import { ChevronRight, Dices } from 'lucide-react';
import { useId } from 'react';
import type { Model, Operation, Parameter } from '~/api/types';
import { pickLanguage, useFormat, useT } from '~/lib/i18n';
import { IconButton } from '~/ui/button';
import { Field, NumberInput, TextInput } from '~/ui/field';
import { Segments } from '~/ui/segments';
import { Select } from '~/ui/select';
import { Switch } from '~/ui/switch';
import { useDraft } from './draft';
import { choicesOf, type Draft, isOffered, moreParameters, seedMax } from './model';

/** The model's own choice; it is not sent. */
const auto = 'auto';

/** The rest, folded: drawn from the operation's table, shown as far as the model has it. */
export function MoreFields({
  operation,
  model,
  draft,
}: {
  operation: Operation;
  model: Model;
  draft: Draft;
}) {
  const t = useT();
  const format = useFormat();
  const id = useId();
  const isOpen = useDraft((state) => state.isMoreOpen);
  const toggle = useDraft((state) => state.toggleMore);
  const all = moreParameters(operation);
  const shown = all.filter((parameter) => isOffered(parameter, model));
  const missing = operation.parameters.filter((parameter) => !isOffered(parameter, model));
  const set = shown.filter((parameter) => draft.values[parameter.name] !== undefined).length;
  const name = (parameter: Parameter) =>
    pickLanguage(parameter.label_en, parameter.label_zh, format.language) || parameter.name;
  return (
    <div className="border-line border-t pt-2">
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={toggle}
        className="-mx-2 flex h-8 w-[calc(100%+1rem)] items-center gap-1.5 rounded-8 px-2 text-13 font-medium text-fg-2 hover:bg-surface-2 hover:text-fg max-md:h-11"
      >
        <ChevronRight
          size={16}
          aria-hidden
          className={clsx('transition-transform duration-200', isOpen && 'rotate-90')}
        />
        {t('generate.more.label')}
        {set > 0 && (
          <span className="ml-auto rounded-full bg-surface-3 px-1.5 text-11 text-fg tabular-nums">
            {set}
          </span>
        )}
      </button>
      {isOpen && (
        <div id={id} className="mt-2 flex flex-col gap-3">
          {shown.map((parameter) => (
            <ParameterField
              key={parameter.name}
              parameter={parameter}
              model={model}
              label={name(parameter)}
              help={pickLanguage(parameter.help_en, parameter.help_zh, format.language)}
            />
          ))}
          {missing.length > 0 && (
            <p className="text-12 text-fg-3">
              {t('generate.more.missing', {
                model: model.label || model.name,
                names: new Intl.ListFormat(format.language).format(missing.map(name)),
              })}
            </p>
          )}
        </div>
      )}
    </div>
  );
}

function ParameterField({
  parameter,
  model,
  label,
  help,
}: {
  parameter: Parameter;
  model: Model;
  label: string;
  help: string;
}) {
  const t = useT();
  const value = useDraft((state) => state.draft.values[parameter.name]);
  const setValue = useDraft((state) => state.setValue);
  const put = (next: string | number | boolean | undefined) => setValue(parameter.name, next);
  if (parameter.type === 'bool') {
    return (
      <Switch
        label={label}
        help={help}
        isOn={value === undefined ? parameter.fallback === true : value === true}
        onChange={put}
      />
    );
  }
  if (parameter.type === 'seed') {
    return (
      <Field
        label={label}
        help={value === undefined ? t('generate.seed.random') : t('generate.seed.fixed')}
        aside={
          <IconButton
            icon={Dices}
            size="dense"
            label={t('generate.seed.dice')}
            onClick={() => put(Math.floor(Math.random() * seedMax))}
          />
        }
      >
        <NumberInput
          value={typeof value === 'number' ? value : null}
          min={0}
          max={parameter.max || seedMax}
          placeholder={t('generate.seed.placeholder')}
          onChange={(next) => put(next ?? undefined)}
        />
      </Field>
    );
  }
  if (parameter.type === 'int' || parameter.type === 'double') {
    const isDouble = parameter.type === 'double';
    return (
      <Field label={label} help={help}>
        <NumberInput
          value={typeof value === 'number' ? value : null}
          {...(parameter.max > parameter.min ? { min: parameter.min, max: parameter.max } : {})}
          step={isDouble ? 0.5 : 1}
          digits={isDouble ? 2 : 0}
          placeholder={t('generate.more.default')}
          onChange={(next) => put(next ?? undefined)}
        />
      </Field>
    );
  }
  if (parameter.type === 'choice') {
    const choices = choicesOf(parameter, model);
    const options = [
      { value: auto, label: t('generate.more.auto') },
      ...choices
        .filter((choice) => choice !== '' && choice !== 'auto')
        .map((choice) => ({ value: choice, label: choice })),
    ];
    const current = typeof value === 'string' && choices.includes(value) ? value : auto;
    const choose = (next: string) => put(next === auto ? undefined : next);
    return (
      <Field label={label} help={help} isCustom>
        {options.length <= 4 ? (
          <Segments label={label} value={current} onChange={choose} options={options} />
        ) : (
          <Select value={current} onChange={choose} options={options} />
        )}
      </Field>
    );
  }
  return (
    <Field label={label} help={help}>
      <TextInput
        value={typeof value === 'string' ? value : ''}
        onChange={(event) => put(event.target.value || undefined)}
      />
    </Field>
  );
}
