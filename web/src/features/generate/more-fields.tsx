import clsx from 'clsx';
import { ChevronRight } from 'lucide-react';
import { lazy, Suspense, useId } from 'react';
import type { Model, Operation, Parameter } from '~/api/types';
import { pickLanguage, useFormat, useT } from '~/lib/i18n';
import { useDraft } from './draft';
import { type Draft, isOffered, moreParameters } from './model';

const ParameterField = lazy(() =>
  import('./parameter-field').then((file) => ({ default: file.ParameterField })),
);

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
          <Suspense>
            {shown.map((parameter) => (
              <ParameterField
                key={parameter.name}
                parameter={parameter}
                model={model}
                label={name(parameter)}
                help={pickLanguage(parameter.help_en, parameter.help_zh, format.language)}
              />
            ))}
          </Suspense>
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
