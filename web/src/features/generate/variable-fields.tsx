import { useT } from '~/lib/i18n';
import { findVariables } from '~/lib/variables';
import { Field, TextInput } from '~/ui/field';
import { useDraft } from './draft';
import { picturesMax, promptCount, rememberVariable } from './model';

/** A field for each word in braces of the prompt, with what was written for it last. */
export function VariableFields() {
  const t = useT();
  const { draft, change } = useDraft();
  const names = findVariables(draft.prompt);
  const count = promptCount(draft) * draft.count;
  return (
    <fieldset className="flex flex-col gap-2 rounded-8 bg-surface-2 p-3">
      <legend className="sr-only">{t('generate.variables.title')}</legend>
      {names.map((name) => (
        <Field key={name} label={name}>
          <TextInput
            lang=""
            data-field={`variable ${name}`}
            value={Object.hasOwn(draft.variables, name) ? draft.variables[name] : ''}
            placeholder={t('generate.variables.example')}
            onChange={(event) =>
              change({ variables: rememberVariable(draft.variables, name, event.target.value) })
            }
          />
        </Field>
      ))}
      {count > picturesMax ? (
        <p role="alert" className="text-12 text-bad">
          {t('generate.variables.tooMany', { count, limit: picturesMax })}
        </p>
      ) : (
        <p className="text-12 text-fg-3">{t('generate.variables.help')}</p>
      )}
    </fieldset>
  );
}
