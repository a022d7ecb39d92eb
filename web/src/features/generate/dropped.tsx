import { CircleAlert } from 'lucide-react';
import type { Model, Operation } from '~/api/types';
import { pickLanguage, useFormat, useT } from '~/lib/i18n';
import { useDraft } from './draft';
import { droppedParameters } from './model';

/** What is set and goes unused, so that nobody waits for its effect; it is kept for another model. */
export function Dropped({
  operation,
  model,
  models,
}: {
  operation: Operation;
  model: Model;
  models: readonly Model[];
}) {
  const t = useT();
  const { language } = useFormat();
  const names = useDraft(({ draft }) =>
    new Intl.ListFormat(language).format(
      droppedParameters(draft, model, operation, models).map((one) =>
        one.name === 'negative_prompt'
          ? `“${t('generate.negative.label')}”`
          : `“${pickLanguage(one.label_en, one.label_zh, language) || one.name}”`,
      ),
    ),
  );
  return (
    <p role="status" className="flex items-start gap-1.5 text-12 text-warn empty:hidden">
      {names !== '' && (
        <>
          <CircleAlert size={14} className="mt-px shrink-0" aria-hidden />
          {t('generate.more.dropped', { names })}
        </>
      )}
    </p>
  );
}
