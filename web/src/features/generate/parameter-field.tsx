import { Dices } from 'lucide-react';
import { useEffect } from 'react';
import type { Model, Parameter } from '~/api/types';
import { choiceText, pickLanguage, useFormat, useT } from '~/lib/i18n';
import { IconButton } from '~/ui/button';
import { Field, TextInput } from '~/ui/field';
import { NumberInput } from '~/ui/number-input';
import { Segments } from '~/ui/segments';
import { Select } from '~/ui/select';
import { Switch } from '~/ui/switch';
import { useDraft } from './draft';
import { choicesOf, seedMax } from './model';

/** The model's own choice; it is not sent. */
const auto = 'auto';

type Value = string | number | boolean | undefined;

interface FieldProps {
  parameter: Parameter;
  model: Model;
  label: string;
  help: string;
}

/** One of the draft's own. */
function ParameterField(props: FieldProps) {
  const value = useDraft((state) => state.draft.values[props.parameter.name]);
  const setValue = useDraft((state) => state.setValue);
  return (
    <ParameterInput {...props} value={value} put={(next) => setValue(props.parameter.name, next)} />
  );
}

/** `onArrival`: once, when they are there; they come as they are first opened. */
export function ParameterFields({
  parameters,
  model,
  nameOf,
  onArrival,
}: {
  parameters: readonly Parameter[];
  model: Model;
  nameOf: (parameter: Parameter) => string;
  onArrival: () => void;
}) {
  const { language } = useFormat();
  // biome-ignore lint/correctness/useExhaustiveDependencies: it arrives once, whatever its teller becomes
  useEffect(onArrival, []);
  return parameters.map((parameter) => (
    <ParameterField
      key={parameter.name}
      parameter={parameter}
      model={model}
      label={nameOf(parameter)}
      help={pickLanguage(parameter.help_en, parameter.help_zh, language)}
    />
  ));
}

/** One parameter of an operation, drawn by its type. */
export function ParameterInput({
  parameter,
  model,
  label,
  help,
  value,
  put,
}: FieldProps & { value: Value; put: (next: Value) => void }) {
  const t = useT();
  if (parameter.type === 'bool' && parameter.fallback === null) {
    return (
      <Field label={label} help={help} isCustom>
        <Segments
          label={label}
          value={value === undefined ? auto : String(value === true)}
          onChange={(next) => put(next === auto ? undefined : next === 'true')}
          options={[
            { value: auto, label: t('generate.more.auto') },
            { value: 'true', label: t('generate.more.on') },
            { value: 'false', label: t('generate.more.off') },
          ]}
        />
      </Field>
    );
  }
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
        .map((choice) => ({ value: choice, label: choiceText(choice, t) })),
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
