import { memo, type RefObject, useMemo } from 'react';
import type { Model, Operation } from '~/api/types';
import { useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { findVariables } from '~/lib/variables';
import { Field } from '~/ui/field';
import { Segments } from '~/ui/segments';
import { Skeleton } from '~/ui/states';
import { useDraft } from './draft';
import { Dropped } from './dropped';
import { followReferences } from './mention-model';
import { counts, fitSize, negativeOf, promptLengthMax } from './model';
import { ModelPicker } from './model-picker';
import { MoreFields } from './more-fields';
import { NegativeBox } from './negative-box';
import { PresetMenu } from './preset-menu';
import { ProductPicker } from './product-picker';
import { PromptBox } from './prompt-box';
import type { PromptTools } from './prompt-tools';
import { References } from './references';
import { SizePicker } from './size-picker';
import { ToolBar } from './tool-bar';

const VariableFields = late(() => import('./variable-fields').then((file) => file.VariableFields));

/** The left column: what is wanted, drawn from the operation and the model's capabilities; not anew for an event, nor for a letter. */
export const Form = memo(function Form({
  models,
  model,
  operation,
  isKnown,
  tools,
  expanding,
  promptRef,
  onFiles,
  onPick,
}: {
  models: Model[];
  model: Model | undefined;
  operation: Operation | undefined;
  /** whether models and operations were read: what they want is drawn at once, not one below the other */
  isKnown: boolean;
  tools: PromptTools;
  expanding: Operation | undefined;
  promptRef: RefObject<HTMLTextAreaElement | null>;
  onFiles: (files: File[]) => void;
  onPick: () => void;
}) {
  const t = useT();
  const draft = () => useDraft.getState().draft; // each key would draw the form
  const change = useDraft((state) => state.change);
  const setRole = useDraft((state) => state.setRole);
  const references = useDraft((state) => state.draft.references);
  const roles = useDraft((state) => state.draft.roles);
  const count = useDraft((state) => state.draft.count);
  const wanted = useDraft((state) => state.draft.size);
  const hasVariables = useDraft((state) => findVariables(state.draft.prompt).length > 0);
  const size = useMemo(() => (model ? fitSize(wanted, model) : wanted), [wanted, model]);
  const negative = negativeOf(operation, model);
  return (
    <div className="flex flex-col gap-4">
      <PresetMenu models={models} model={model} operation={operation} />
      <PromptBox
        boxRef={promptRef}
        lengthMax={promptLengthMax(operation)}
        models={models}
        model={model}
        operation={operation}
        tools={tools}
      />
      {isKnown ? (
        <>
          <ToolBar tools={tools} expanding={expanding} references={references} />
          {hasVariables && <VariableFields />}
          <References
            ids={references}
            onChange={(next) =>
              change({
                references: next,
                prompt: followReferences(draft().prompt, draft().references, next, (index) =>
                  t('generate.references.item', { index: index + 1 }),
                ),
              })
            }
            roles={roles}
            onRole={setRole}
            model={model}
            onFiles={onFiles}
            onPick={onPick}
          />
          <ModelPicker
            models={models}
            model={model}
            hasReferences={references.length > 0}
            onChange={(modelId) => change({ modelId })}
          />
          {operation && model && <Dropped operation={operation} model={model} models={models} />}
          {model && (
            <SizePicker
              size={size}
              wanted={wanted}
              model={model}
              onChange={(next) => change({ size: next })}
            />
          )}
          <Field label={t('generate.count.label')} isCustom>
            <Segments
              label={t('generate.count.label')}
              value={String(count)}
              onChange={(next) => change({ count: Number(next) })}
              options={counts.map((count) => ({ value: String(count), label: count }))}
            />
          </Field>
          <ProductPicker model={model} />
          {negative && <NegativeBox parameter={negative} />}
          {operation && model && <MoreFields operation={operation} model={model} />}
        </>
      ) : (
        <FormRoom />
      )}
    </div>
  );
});

function FormRoom() {
  return (
    <>
      <Skeleton className="h-7 w-1/2 max-md:h-11" />
      <Skeleton className="h-22" />
      <Skeleton className="h-14" />
      <Skeleton className="h-40" />
    </>
  );
}
