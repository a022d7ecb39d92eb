import clsx from 'clsx';
import { ChevronRight } from 'lucide-react';
import { useId, useRef } from 'react';
import type { Model, Operation, Parameter } from '~/api/types';
import { pickLanguage, useFormat, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { useDraft } from './draft';
import { isOffered, moreParameters } from './model';

const ParameterFields = late(() =>
  import('./parameter-field').then((file) => file.ParameterFields),
);

/** The rest, folded: drawn from the operation's table, shown as far as the model has it. */
export function MoreFields({ operation, model }: { operation: Operation; model: Model }) {
  const t = useT();
  const format = useFormat();
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  /** opened by hand, not as it was left */
  const isAsked = useRef(false);
  const isOpen = useDraft((state) => state.isMoreOpen);
  const values = useDraft((state) => state.draft.values);
  const toggle = useDraft((state) => state.toggleMore);
  const shown = moreParameters(operation, model).filter((one) => isOffered(one, model));
  const missing = operation.parameters.filter(
    ({ type, ...rest }) => type !== 'options' && !isOffered({ type, ...rest }, model),
  );
  const set = shown.filter((parameter) => values[parameter.name] !== undefined).length;
  const name = (parameter: Parameter) =>
    pickLanguage(parameter.label_en, parameter.label_zh, format.language) || parameter.name;
  return (
    <div ref={box} className="scroll-mb-4 border-line border-t pt-2">
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => {
          isAsked.current = !isOpen;
          toggle();
        }}
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
          <ParameterFields
            parameters={shown}
            model={model}
            nameOf={name}
            onArrival={() => {
              if (isAsked.current) box.current?.scrollIntoView({ block: 'nearest' });
            }}
          />
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
