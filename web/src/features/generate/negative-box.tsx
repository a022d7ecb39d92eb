import clsx from 'clsx';
import type { Parameter } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { Field, TextArea } from '~/ui/field';
import { useDraft } from './draft';

/** What is not to be seen, and its length. */
export function NegativeBox({ parameter }: { parameter: Parameter }) {
  const t = useT();
  const format = useFormat();
  const value = useDraft((state) => state.draft.negativePrompt);
  const change = useDraft((state) => state.change);
  const length = [...value.trim()].length;
  const isLong = parameter.max > 0 && length > parameter.max;
  return (
    <Field
      label={t('generate.negative.label')}
      error={isLong ? t('generate.prompt.long', { limit: format.number(parameter.max) }) : ''}
      aside={
        length > 0 && (
          <span className={clsx('text-12 tabular-nums', isLong ? 'text-bad' : 'text-fg-3')}>
            {format.number(length)}
          </span>
        )
      }
    >
      <TextArea
        rows={2}
        value={value}
        lang=""
        data-field="negative"
        placeholder={t('generate.negative.placeholder')}
        onChange={(event) => change({ negativePrompt: event.target.value })}
      />
    </Field>
  );
}
